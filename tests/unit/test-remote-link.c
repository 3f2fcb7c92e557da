/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The link to a peer, whose other end is in our hands: calls past the limit, and their end. */

#include <sys/socket.h>
#include <unistd.h>

#include "drivers/remote/link.h"
#include "tests/unit/fiber-story.h"

typedef struct Test {
        unsigned cap;
        RemoteLink *link; /* the one reference that is not a call's */
        int other;
} Test;

static void on_lost(const GError *reason, void *data)
{
        Test *test = data;

        tell("lost: %s", reason->message);
        test->link = remote_link_unref(test->link);
}

static const RemoteLinkEvents link_events = { .lost = on_lost };

static void setup(Test *test, const void *unused)
{
        Way way = { 0 };
        int pair[2];

        (void)unused;
        fiber_test_setup(&test->cap, NULL);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
        way.link = wire_link_new_socket(pair[0]);
        test->link = remote_link_new(&way, &link_events, test);
        test->other = pair[1];
}

static void teardown(Test *test, const void *unused)
{
        close(test->other);
        remote_link_unref(test->link);
        fiber_test_teardown(&test->cap, unused);
}

/* As many as may be in flight, all of which are waited for. */
static void call_many(void *data)
{
        g_autofree RemoteCall *calls = g_new0(RemoteCall, LINK_CALLS_MAX);
        const Test *test = data;
        unsigned n_failed = 0;

        for (unsigned i = 0; i < LINK_CALLS_MAX; i++)
                g_assert_cmpint(remote_call_send(&calls[i], test->link, WIRE_CONNECT_GET_HOSTNAME,
                                        NULL, NULL, 0, NULL, FIBER_FOREVER, NULL),
                        ==, 0);
        for (unsigned i = 0; i < LINK_CALLS_MAX; i++) {
                n_failed += remote_call_finish(&calls[i], NULL) < 0;
                remote_call_clear(&calls[i]);
        }
        tell("many: %u failed", n_failed);
}

static void call_one(void *data)
{
        g_auto(RemoteCall) call = { 0 };
        g_autoptr(GError) error = NULL;
        const Test *test = data;
        int r;

        r = remote_call(&call, test->link, WIRE_CONNECT_GET_HOSTNAME, NULL, &error);
        tell("one: %s",
                r < 0 ? error->message : ((WireConnectGetHostnameRet *)call.ret.bytes)->hostname);
}

#define CLOSED "the peer has closed the connection"

static void test_lost_in_line(Test *test, const void *unused)
{
        (void)unused;
        start("many", call_many, test);
        start("one", call_one, test);
        settle();
        assert_story("");
        shutdown(test->other, SHUT_WR);
        spin();
        g_assert_null(test->link);
        assert_story("lost: " CLOSED " many: 256 failed one: " CLOSED);
}

/* The answer to the call of that number. */
static void answer(const Test *test, uint32_t serial)
{
        const WireHeader header = {
                .program = WIRE_PROGRAM_REMOTE,
                .version = WIRE_VERSION,
                .procedure = WIRE_CONNECT_GET_HOSTNAME,
                .type = WIRE_REPLY,
                .serial = serial,
        };
        g_autoptr(GByteArray) frame = g_byte_array_new();
        WireConnectGetHostnameRet ret = { .hostname = (char *)"web" };

        g_byte_array_set_size(frame, WIRE_FRAME_LEAST);
        g_assert_cmpint(
                wire_encode(wire_procedure(header.program, header.procedure)->ret, &ret, frame), ==,
                0);
        wire_frame_write(frame->data, frame->len, &header);
        g_assert_cmpint(write(test->other, frame->data, frame->len), ==, frame->len);
        settle();
}

static void test_turn(Test *test, const void *unused)
{
        (void)unused;
        start("many", call_many, test);
        start("one", call_one, test);
        settle();
        /* One that was answered makes room for the next, whose number is that of its turn. */
        answer(test, 0);
        answer(test, LINK_CALLS_MAX);
        assert_story("one: web");
        shutdown(test->other, SHUT_WR);
        spin();
        assert_story("lost: " CLOSED " many: 255 failed");
}

/* For the peer, who has read all that there is. */
static bool is_open(const Test *test)
{
        char bytes[256];
        ssize_t n;

        while ((n = recv(test->other, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
                continue;
        return n < 0;
}

/* Callers hear of the end at once, the peer when it has answered. */
static void test_closed_behind_answers(Test *test, const void *unused)
{
        (void)unused;
        start("one", call_one, test);
        start("other", call_one, test);
        settle();
        remote_link_close(test->link, "closed");
        test->link = remote_link_unref(test->link);
        settle();
        assert_story("one: closed one: closed");
        g_assert_true(is_open(test));
        answer(test, 0);
        g_assert_true(is_open(test));
        answer(test, 1);
        g_assert_false(is_open(test));
        assert_story("");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add("/remote/link/lost-in-line", Test, NULL, setup, test_lost_in_line, teardown);
        g_test_add("/remote/link/turn", Test, NULL, setup, test_turn, teardown);
        g_test_add("/remote/link/closed-behind-answers", Test, NULL, setup,
                test_closed_behind_answers, teardown);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Peers that have said thousands of things at once: each in its order, and nobody waits for all of
 * them. */

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/wire/peer.h"
#include "drivers/wire/procedures.h"
#include "service/base/cleanup.h"

/* As many as one read can hold. */
#define FRAMES 3000
#define AT_ONCE (FRAMES / 4)

typedef struct Test Test;

/* One peer, and the other end of its link. */
typedef struct Side {
        Test *test;
        WirePeer *peer;
        int other;
        unsigned n_frames;
        unsigned pause_at, free_at; /* after so many frames; 0: never */
        bool closed;
} Side;

struct Test {
        sd_event *event;
        Side sides[2];
        const Side *last;      /* who had a frame last */
        unsigned run, longest; /* frames of one side without one of anybody else */
};

static void on_frame(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds, void *data)
{
        Side *side = data;
        Test *test = side->test;

        (void)payload, (void)n, (void)fds, (void)n_fds;
        g_assert_cmpuint(header->serial, ==, side->n_frames);
        side->n_frames++;
        test->run = test->last == side ? test->run + 1 : 1;
        test->last = side;
        test->longest = MAX(test->longest, test->run);
        if (side->n_frames == side->pause_at)
                wire_peer_pause(peer);
        if (side->n_frames == side->free_at)
                side->peer = wire_peer_free(peer);
}

static void on_closed(WirePeer *peer, WireCloseReason reason, const GError *error, void *data)
{
        Side *side = data;

        (void)peer, (void)error;
        g_assert_cmpint(reason, ==, WIRE_CLOSE_EOF);
        side->closed = true;
}

static const WirePeerEvents events = { .frame = on_frame, .closed = on_closed };

static void test_begin(Test *test)
{
        *test = (Test){ 0 };
        g_assert_cmpint(sd_event_new(&test->event), >=, 0);
        for (unsigned i = 0; i < G_N_ELEMENTS(test->sides); i++) {
                Side *side = &test->sides[i];
                int fds[2];

                g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
                side->test = test;
                side->other = fds[1];
                side->peer =
                        wire_peer_new(test->event, wire_link_new_socket(fds[0]), &events, side);
        }
}

static void test_end(Test *test)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(test->sides); i++) {
                wire_peer_free(test->sides[i].peer);
                fd_close(test->sides[i].other);
        }
        sd_event_unref(test->event);
}

/* Until there is nothing to do. */
static void run(Test *test)
{
        while (sd_event_run(test->event, 0) > 0)
                ;
}

/* All of them in one write. */
static void give(Side *side, unsigned n)
{
        g_autofree uint8_t *bytes = g_malloc(n * WIRE_FRAME_LEAST);
        size_t size = n * WIRE_FRAME_LEAST;

        for (unsigned i = 0; i < n; i++)
                wire_frame_write(bytes + i * WIRE_FRAME_LEAST, WIRE_FRAME_LEAST,
                        &(const WireHeader){
                                .program = WIRE_PROGRAM_REMOTE,
                                .version = WIRE_VERSION,
                                .procedure = WIRE_DOMAIN_GET_STATE,
                                .type = WIRE_CALL,
                                .serial = i,
                        });
        g_assert_cmpint(send(side->other, bytes, size, MSG_NOSIGNAL), ==, size);
}

/* What comes while a peer is far behind, from another one or from anything else, is not kept
 * waiting for all of it. */
static int on_other(sd_event_source *source, int fd, uint32_t ready, void *data)
{
        Test *test = data;
        char byte;

        (void)ready;
        g_assert_cmpint(read(fd, &byte, 1), ==, 1);
        g_assert_cmpuint(test->sides[0].n_frames, <, AT_ONCE);
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static void test_others(void)
{
        sd_event_source *source;
        int fds[2], enabled;
        Test test;

        test_begin(&test);
        give(&test.sides[0], FRAMES);
        /* The first turn has been had when the others come. */
        while (test.sides[0].n_frames == 0)
                g_assert_cmpint(sd_event_run(test.event, 0), >, 0);
        g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
        g_assert_cmpint(
                sd_event_add_io(test.event, &source, fds[0], EPOLLIN, on_other, &test), >=, 0);
        g_assert_cmpint(write(fds[1], "x", 1), ==, 1);
        give(&test.sides[1], 1);
        while (test.sides[1].n_frames == 0)
                g_assert_cmpint(sd_event_run(test.event, 0), >, 0);
        g_assert_cmpuint(test.sides[0].n_frames, <, AT_ONCE);
        run(&test);
        g_assert_cmpuint(test.sides[0].n_frames, ==, FRAMES);
        g_assert_cmpint(sd_event_source_get_enabled(source, &enabled), >=, 0);
        g_assert_cmpint(enabled, ==, SD_EVENT_OFF);
        sd_event_source_disable_unref(source);
        fd_close(fds[0]);
        fd_close(fds[1]);
        test_end(&test);
}

/* Two that are far behind take turns. */
static void test_fair(void)
{
        Test test;

        test_begin(&test);
        give(&test.sides[0], FRAMES);
        give(&test.sides[1], FRAMES);
        while (test.sides[0].n_frames < FRAMES && test.sides[1].n_frames < FRAMES)
                g_assert_cmpint(sd_event_run(test.event, 0), >, 0);
        g_assert_cmpuint(test.longest, <, AT_ONCE);
        run(&test);
        g_assert_cmpuint(test.sides[0].n_frames + test.sides[1].n_frames, ==, 2 * FRAMES);
        test_end(&test);
}

/* Whoever is behind can be paused, and goes on where it was. */
static void test_paused(void)
{
        Test test;

        test_begin(&test);
        for (unsigned at = 1; at < FRAMES; at += 101) {
                Side *side = &test.sides[0];

                side->n_frames = 0;
                side->pause_at = at;
                give(side, FRAMES);
                run(&test);
                g_assert_cmpuint(side->n_frames, ==, at);
                wire_peer_resume(side->peer);
                run(&test);
                g_assert_cmpuint(side->n_frames, ==, FRAMES);
        }
        test_end(&test);
}

/* What was said before the end is heard before it. */
static void test_end_behind(void)
{
        Test test;

        test_begin(&test);
        give(&test.sides[0], FRAMES);
        test.sides[0].other = fd_close(test.sides[0].other);
        run(&test);
        g_assert_cmpuint(test.sides[0].n_frames, ==, FRAMES);
        g_assert_true(test.sides[0].closed);

        test.sides[1].free_at = AT_ONCE;
        give(&test.sides[1], FRAMES);
        run(&test);
        g_assert_cmpuint(test.sides[1].n_frames, ==, AT_ONCE);
        g_assert_null(test.sides[1].peer);
        test_end(&test);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/wire-turns/others", test_others);
        g_test_add_func("/wire-turns/fair", test_fair);
        g_test_add_func("/wire-turns/paused", test_paused);
        g_test_add_func("/wire-turns/end-behind", test_end_behind);
        return g_test_run();
}

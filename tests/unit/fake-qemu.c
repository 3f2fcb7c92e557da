/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-qemu.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "service/base/cleanup.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

#define GREETING                                                                           \
        "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, " \
        "\"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n"

struct FakeQemu {
        const FakeStep *steps;
        int fd;
        int passed; /* the descriptor that came last */
        GString *received;
        GArray *ids;
        Wait ended;
        bool done;
};

static void say(FakeQemu *fake, const char *text, size_t size)
{
        while (size > 0) {
                ssize_t n = send(fake->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno == EAGAIN) {
                        if (fiber_wait_fd(fake->fd, EPOLLOUT, "room", FIBER_FOREVER) < 0)
                                return;
                        continue;
                }
                if (n < 0)
                        return; /* it was hung up on, as some scripts want */
                text += n;
                size -= n;
        }
}

/* Reads a command, as far as the peer has sent one. */
static json_t *hear(FakeQemu *fake)
{
        char *end;

        while (!(end = strchr(fake->received->str, '\n'))) {
                char bytes[4096], control[CMSG_SPACE(sizeof(int))];
                struct iovec iov = { bytes, sizeof(bytes) };
                struct msghdr message = { .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof(control) };
                struct cmsghdr *header;
                ssize_t n = recvmsg(fake->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

                if (n < 0 && errno == EAGAIN) {
                        g_assert_cmpint(
                                fiber_wait_fd(fake->fd, EPOLLIN, "a command", FIBER_FOREVER), >, 0);
                        continue;
                }
                g_assert_cmpint(n, >, 0);
                header = CMSG_FIRSTHDR(&message);
                if (header && header->cmsg_type == SCM_RIGHTS) {
                        fake->passed = fd_close(fake->passed);
                        memcpy(&fake->passed, CMSG_DATA(header), sizeof(int));
                }
                g_string_append_len(fake->received, bytes, n);
        }
        {
                size_t size = end - fake->received->str;
                json_t *message = json_loadb(fake->received->str, size, 0, NULL);

                g_assert_nonnull(message);
                g_string_erase(fake->received, 0, size + 1);
                return message;
        }
}

static void expect(FakeQemu *fake, const char *text, bool with_fd)
{
        json_t *message = hear(fake);
        int64_t id = json_integer_value(json_object_get(message, "id"));
        const char *space = strchr(text, ' ');
        g_autofree char *name = space ? g_strndup(text, space - text) : g_strdup(text);

        g_assert_cmpstr(json_string_value(json_object_get(message, "execute")), ==, name);
        g_array_append_val(fake->ids, id);
        json_decref(message);

        if (with_fd) {
                char content[64] = "";

                g_assert_cmpint(fake->passed, >=, 0);
                g_assert_cmpint(pread(fake->passed, content, sizeof(content) - 1, 0), >=, 0);
                g_assert_cmpstr(content, ==, space + 1);
                fake->passed = fd_close(fake->passed);
        }
}

static void reply(FakeQemu *fake, const FakeStep *step)
{
        guint index = step->kind == FAKE_REPLY_LAST ? fake->ids->len - 1 : 0;
        json_t *value = step->kind == FAKE_REFUSE ?
                json_pack("{s:s,s:s}", "class", "GenericError", "desc", step->text) :
                json_loads(step->text, JSON_DECODE_ANY, NULL);
        json_t *message;
        char *text;

        g_assert_nonnull(value);
        g_assert_cmpuint(fake->ids->len, >, 0);
        message = json_pack("{s:o,s:I}", step->kind == FAKE_REFUSE ? "error" : "return", value,
                "id", (json_int_t)g_array_index(fake->ids, int64_t, index));
        g_array_remove_index(fake->ids, index);
        text = json_dumps(message, 0);
        say(fake, text, strlen(text));
        say(fake, "\r\n", 2);
        free(text);
        json_decref(message);
}

static void play_step(FakeQemu *fake, const FakeStep *step)
{
        switch (step->kind) {
        case FAKE_END:
                break;
        case FAKE_GREET:
                say(fake, GREETING, strlen(GREETING));
                break;
        case FAKE_EXPECT:
        case FAKE_EXPECT_FD:
                expect(fake, step->text, step->kind == FAKE_EXPECT_FD);
                break;
        case FAKE_REPLY:
        case FAKE_REPLY_LAST:
        case FAKE_REFUSE:
                reply(fake, step);
                break;
        case FAKE_SAY:
                say(fake, step->text, strlen(step->text));
                break;
        case FAKE_DRIBBLE:
                for (const char *c = step->text; *c; c++) {
                        say(fake, c, 1);
                        fiber_yield();
                }
                break;
        case FAKE_FLOOD: {
                g_autoptr(GString) block = g_string_new(NULL);

                while (block->len < 65536)
                        g_string_append(block, step->text);
                for (size_t left = step->number; left > 0; left -= MIN(left, block->len))
                        say(fake, block->str, MIN(left, block->len));
                break;
        }
        case FAKE_SLEEP:
                fiber_sleep(step->number * 1000);
                break;
        case FAKE_CLOSE:
                fake->fd = fd_close(fake->fd);
                break;
        }
}

static void play(void *data)
{
        FakeQemu *fake = data;

        for (const FakeStep *step = fake->steps; step->kind != FAKE_END; step++)
                play_step(fake, step);
        fake->done = true;
        if (fake->ended.fiber)
                wait_done(&fake->ended, 0);
}

FakeQemu *fake_qemu_new(const FakeStep *steps, int *ret_fd)
{
        FakeQemu *fake = g_new0(FakeQemu, 1);
        int pair[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
        fake->steps = steps;
        fake->fd = pair[1];
        fake->passed = -1;
        fake->received = g_string_new(NULL);
        fake->ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
        *ret_fd = pair[0];
        g_assert_cmpint(fiber_start("fake QEMU", play, fake, NULL), ==, 0);
        return fake;
}

void fake_qemu_finish(FakeQemu *fake)
{
        fake->ended = WAIT_INIT;
        if (!fake->done)
                g_assert_cmpint(
                        wait_for(&fake->ended, "fake QEMU", fiber_deadline(120 * 1000000)), ==, 0);
        fd_close(fake->fd);
        fd_close(fake->passed);
        g_string_free(fake->received, TRUE);
        g_array_free(fake->ids, TRUE);
        g_free(fake);
}

typedef struct Running {
        const FiberTest *test;
        sd_event *event;
} Running;

static void on_fiber(void *data)
{
        Running *running = data;

        running->test->run(running->test->data);
        /* What it set off beside it comes to its end. */
        for (int i = 0; i < 10000 && fibers_live() > 1; i++)
                fiber_sleep(1000);
        sd_event_exit(running->event, 0);
}

static void run_fiber_test(const void *data)
{
        g_autoptr(sd_event) event = NULL;
        Running running = { .test = data };

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        running.event = event;
        g_assert_cmpint(fibers_init(event, 64), ==, 0);
        g_assert_cmpint(fiber_start("test", on_fiber, &running, NULL), ==, 0);
        if (fibers_live() > 0)
                g_assert_cmpint(sd_event_loop(event), ==, 0);
        fibers_finish();
        offload_finish();
}

void fiber_tests_add(const char *group, const FiberTest *tests, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                g_autofree char *path = g_strdup_printf("%s/%s", group, tests[i].name);

                g_test_add_data_func(path, &tests[i], run_fiber_test);
        }
}

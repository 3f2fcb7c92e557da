/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/qemu/qmp.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes from an emulator: each call ends, with an answer or a reason, and the peer is hung up
 * on at most once. Five commands wait before the first byte arrives, their ids are 1 to 5. The
 * first byte also says in which two parts the bytes come.
 *
 * Seeds: tests/data/qmp */

static unsigned n_events, n_closed;

static void on_event(Qmp *qmp, const char *name, json_t *data, uint64_t timestamp, void *userdata)
{
        (void)qmp, (void)data, (void)timestamp, (void)userdata;
        g_assert_true(g_utf8_validate(name, -1, NULL));
        n_events++;
}

static void on_closed(Qmp *qmp, const GError *reason, void *userdata)
{
        (void)userdata;
        g_assert_false(qmp_is_open(qmp));
        g_assert_nonnull(reason);
        g_assert_cmpuint(n_closed++, ==, 0);
}

static void run_negotiate(void *qmp)
{
        g_autoptr(GError) error = NULL;

        g_assert_true((qmp_negotiate(qmp, FIBER_FOREVER, &error) < 0) == (error != NULL));
}

static void run_several(void *qmp)
{
        QmpCommand commands[] = { { .name = "query-status" }, { .name = "query-block" },
                { .name = "stop" } };
        g_autoptr(GError) error = NULL;
        int r;

        r = qmp_call_all(qmp, commands, G_N_ELEMENTS(commands), FIBER_FOREVER, &error);
        g_assert_true((r < 0) == (error != NULL));
        for (size_t i = 0; i < G_N_ELEMENTS(commands) && r >= 0; i++)
                g_assert_true((commands[i].ret != NULL) != (commands[i].error != NULL));
        qmp_commands_clear(commands, G_N_ELEMENTS(commands));
}

static void run_human(void *qmp)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        int r = qmp_call_human(qmp, "info version", &text, FIBER_FOREVER, &error);

        g_assert_true((r < 0) == (error != NULL));
        g_assert_true((r < 0) == (text == NULL));
}

/* More than a socket takes at once would block here. */
static void say(int fd, const uint8_t *data, size_t size)
{
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        g_assert_true(n == (ssize_t)size || errno == EPIPE || errno == ECONNRESET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static void (*const runs[])(void *) = { run_negotiate, run_several, run_human };
        size_t first = size > 0 ? data[0] % size : 0;
        g_autoptr(sd_event) event = NULL;
        _cleanup_fd_ int peer = -1;
        Qmp *qmp = NULL;
        int pair[2];

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 8), ==, 0);
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
        peer = pair[1];
        g_assert_cmpint(qmp_new(event, pair[0], "guest 'fuzz'", &qmp), ==, 0);
        n_events = n_closed = 0;
        qmp_watch(qmp, on_event, on_closed, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(runs); i++)
                g_assert_cmpint(fiber_start("call", runs[i], qmp, NULL), ==, 0);

        say(peer, data, first);
        while (sd_event_run(event, 0) > 0)
                ;
        say(peer, data + first, size - first);
        peer = fd_close(peer);
        while (fibers_live() > 0 || qmp_is_open(qmp))
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);

        g_assert_cmpuint(n_closed, ==, 1);
        qmp_unref(qmp);
        fibers_finish();
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/wire/peer.h"
#include "service/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes in any pieces, some with a descriptor, and each frame that is found answered, or
 * followed by a pause, a finish or the end of the peer, as its serial says: nothing is left over,
 * and the end is told once. Each piece has before it its length and what goes with it.
 *
 * Seeds: tests/fuzz/wire-frames.py */

enum {
        ANSWER = 1,
        PAUSE = 2,
        FINISH = 4,
        FREE = 8,
        PING = 16,
};

static WirePeer *the_peer;
static unsigned n_closed;
static bool paused;

static void on_frame(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds, void *data)
{
        WireHeader answer = *header;

        (void)data;
        g_assert_true(peer == the_peer && !paused);
        g_assert_cmpuint(n, <=, WIRE_PAYLOAD_MAX);
        g_assert_cmpuint(n_fds, <=, WIRE_FDS_MAX);
        for (unsigned i = 0; i < n_fds; i++)
                g_assert_cmpint(fcntl(fds[i], F_GETFD), ==, FD_CLOEXEC);
        answer.type = n_fds ? WIRE_REPLY_WITH_FDS : WIRE_REPLY;
        if (header->serial & ANSWER)
                g_assert_cmpint(wire_peer_send(peer, &answer, payload, n, fds, n_fds), ==, 0);
        if (header->serial & PAUSE) {
                wire_peer_pause(peer);
                paused = true;
        }
        if (header->serial & FINISH)
                wire_peer_finish(peer);
        if (header->serial & PING)
                wire_peer_keepalive(peer, 1, header->serial & 3);
        if (header->serial & FREE)
                the_peer = wire_peer_free(peer);
}

static void on_closed(WirePeer *peer, WireCloseReason reason, const GError *error, void *data)
{
        (void)data;
        g_assert_true(peer == the_peer);
        g_assert_true((reason == WIRE_CLOSE_CLIENT) == (error == NULL));
        g_assert_cmpuint(n_closed++, ==, 0);
        the_peer = wire_peer_free(peer);
}

static const WirePeerEvents events = { .frame = on_frame, .closed = on_closed };

static void give(int socket, const void *bytes, size_t n, int fd)
{
        union {
                struct cmsghdr header;
                uint8_t space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof fd),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS } };
        struct iovec iov = { .iov_base = (void *)bytes, .iov_len = n };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        if (fd >= 0) {
                message.msg_control = &control;
                message.msg_controllen = sizeof control.space;
        }
        /* The peer may be gone, or its answers may fill the sockets. */
        (void)!sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void run(sd_event *event)
{
        while (sd_event_run(event, 0) > 0)
                ;
        if (paused && the_peer) {
                paused = false;
                wire_peer_resume(the_peer);
                run(event);
        }
}

static int lowest_fd(void)
{
        int fd = dup(0);

        close(fd);
        return fd;
}

/* With the descriptors that the loop makes when it first needs them. */
static sd_event *warm_loop(void)
{
        static sd_event *event;
        int fds[2];

        if (!event) {
                g_assert_cmpint(sd_event_new(&event), >=, 0);
                g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
                the_peer = wire_peer_new(event, wire_link_new_socket(fds[0]), &events, NULL);
                wire_peer_keepalive(the_peer, 1, 0);
                run(event);
                the_peer = wire_peer_free(the_peer);
                close(fds[1]);
        }
        return event;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        sd_event *event = warm_loop();
        int before = lowest_fd(), fds[2];
        uint8_t rest[4096];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
        the_peer = wire_peer_new(event, wire_link_new_socket(fds[0]), &events, NULL);
        n_closed = 0;
        paused = false;
        while (size >= 2) {
                size_t n = MIN(data[0], size - 2);

                if (n > 0)
                        give(fds[1], data + 2, n, data[1] & 1 ? fds[1] : -1);
                if (data[1] & 2)
                        run(event);
                data += 2 + n;
                size -= 2 + n;
                while (recv(fds[1], rest, sizeof rest, MSG_DONTWAIT) > 0)
                        ;
        }
        run(event);
        close(fds[1]);
        run(event);
        the_peer = wire_peer_free(the_peer);

        g_assert_cmpint(lowest_fd(), ==, before);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A peer over a pair of sockets: one end is the peer, the other is written and read by hand, as
 * badly as anybody may. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/wire/peer.h"
#include "drivers/wire/procedures.h"
#include "service/base/cleanup.h"

#define PROGRAM WIRE_PROGRAM_REMOTE

typedef struct Test {
        sd_event *event;
        WirePeer *peer;
        int other;
        GString *log; /* what the callbacks were told: "1:5 2:0 closed" is frames and their sizes */
        int fds[WIRE_FDS_MAX]; /* taken from the last frame */
        unsigned n_fds;
        bool free_on_frame, pause_on_frame, reply, drained;
        char *problem;
        int reason;
} Test;

static void on_frame(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds, void *data)
{
        Test *test = data;

        for (size_t i = 1; i < n; i++)
                g_assert_cmpint(((const uint8_t *)payload)[i], ==, ((const uint8_t *)payload)[0]);
        g_string_append_printf(test->log, "%u:%zu ", header->serial, n);
        g_assert_cmpuint(header->program, ==, PROGRAM);
        if (n_fds > 0) {
                g_string_append_printf(test->log, "fds:%u ", n_fds);
                for (unsigned i = 0; i < n_fds; i++)
                        test->fds[test->n_fds++] = fd_steal(&fds[i]);
        }
        if (test->pause_on_frame)
                wire_peer_pause(peer);
        if (test->reply) {
                WireHeader answer = *header;

                answer.type = WIRE_REPLY;
                g_assert_cmpint(wire_peer_send(peer, &answer, payload, n, NULL, 0), ==, 0);
        }
        if (test->free_on_frame)
                test->peer = wire_peer_free(peer);
}

static void on_closed(WirePeer *peer, WireCloseReason reason, const GError *error, void *data)
{
        Test *test = data;

        g_assert_null(wire_peer_link(peer));
        g_string_append(test->log, "closed ");
        test->reason = reason;
        test->problem = g_strdup(error ? error->message : "");
        test->peer = wire_peer_free(peer);
}

static void on_drained(WirePeer *peer, void *data)
{
        Test *test = data;

        (void)peer;
        test->drained = true;
}

static const WirePeerEvents test_events = {
        .frame = on_frame,
        .closed = on_closed,
        .drained = on_drained,
};

static void test_begin(Test *test, int family)
{
        int fds[2], listener;
        struct sockaddr_storage address = { .ss_family = family };
        socklen_t n = sizeof address;

        *test = (Test){ .log = g_string_new(NULL), .reason = -1 };
        g_assert_cmpint(sd_event_new(&test->event), >=, 0);
        if (family == AF_UNIX) {
                g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
        } else {
                listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                g_assert_cmpint(bind(listener, (struct sockaddr *)&address, 16), ==, 0);
                g_assert_cmpint(listen(listener, 1), ==, 0);
                g_assert_cmpint(getsockname(listener, (struct sockaddr *)&address, &n), ==, 0);
                fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                g_assert_cmpint(connect(fds[1], (struct sockaddr *)&address, n), ==, 0);
                fds[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                close(listener);
        }
        test->peer = wire_peer_new(test->event, wire_link_new_socket(fds[0]), &test_events, test);
        test->other = fds[1];
        fcntl(test->other, F_SETFL, O_NONBLOCK);
}

static void test_end(Test *test)
{
        for (unsigned i = 0; i < test->n_fds; i++)
                fd_close(test->fds[i]);
        wire_peer_free(test->peer);
        fd_close(test->other);
        g_string_free(test->log, TRUE);
        g_free(test->problem);
        g_assert_cmpint(sd_event_get_state(test->event), ==, SD_EVENT_INITIAL);
        sd_event_unref(test->event);
}

/* Until there is nothing to do. */
static void run(Test *test)
{
        while (sd_event_run(test->event, 0) > 0)
                ;
}

static void expect(Test *test, const char *log)
{
        run(test);
        g_assert_cmpstr(test->log->str, ==, log);
        g_string_truncate(test->log, 0);
}

static void give(Test *test, const void *bytes, size_t n)
{
        g_assert_cmpint(send(test->other, bytes, n, MSG_NOSIGNAL), ==, n);
}

/* A frame of n equal bytes. length: what it says of itself, 0: the truth. */
static GByteArray *frame(uint32_t serial, int32_t type, size_t n, uint32_t length)
{
        GByteArray *bytes = g_byte_array_new();
        const WireHeader header = { .program = PROGRAM,
                .version = WIRE_VERSION,
                .procedure = WIRE_DOMAIN_GET_STATE,
                .type = type,
                .serial = serial };

        g_byte_array_set_size(bytes, WIRE_FRAME_LEAST + n);
        memset(bytes->data + WIRE_FRAME_LEAST, (int)serial, n);
        wire_frame_write(bytes->data, length ? length : WIRE_FRAME_LEAST + n, &header);
        return bytes;
}

static void give_frame(Test *test, uint32_t serial, size_t n)
{
        g_autoptr(GByteArray) bytes = frame(serial, WIRE_CALL, n, 0);

        give(test, bytes->data, bytes->len);
}

static void test_torn(void)
{
        g_autoptr(GByteArray) bytes = frame(1, WIRE_CALL, 12, 0),
                              second = frame(2, WIRE_CALL, 0, 0);
        Test test;

        g_byte_array_append(bytes, second->data, second->len);
        for (unsigned piece = 1; piece <= bytes->len; piece += piece < 8 ? 1 : 5) {
                test_begin(&test, AF_UNIX);
                for (unsigned at = 0; at < bytes->len; at += piece) {
                        give(&test, bytes->data + at, MIN(piece, bytes->len - at));
                        run(&test);
                }
                expect(&test, "1:12 2:0 ");
                test_end(&test);
        }
}

static void test_many(void)
{
        g_autoptr(GString) wanted = g_string_new(NULL);
        Test test;

        test_begin(&test, AF_UNIX);
        for (unsigned i = 0; i < 100; i++) {
                give_frame(&test, i, i);
                g_string_append_printf(wanted, "%u:%u ", i, i);
        }
        expect(&test, wanted->str);

        /* Those that were read already wait while it is paused, and come one by one after. */
        test.pause_on_frame = true;
        for (unsigned i = 0; i < 3; i++)
                give_frame(&test, i, 1);
        expect(&test, "0:1 ");
        wire_peer_resume(test.peer);
        expect(&test, "1:1 ");
        /* Pauses nest. */
        wire_peer_pause(test.peer);
        wire_peer_resume(test.peer);
        expect(&test, "");
        test.pause_on_frame = false;
        give_frame(&test, 3, 1);
        wire_peer_resume(test.peer);
        expect(&test, "2:1 3:1 ");
        test_end(&test);
}

/* A paused peer whose other end has gone waits in peace, and hears of it after. */
static void test_hangup_while_paused(void)
{
        Test test;

        test_begin(&test, AF_UNIX);
        wire_peer_pause(test.peer);
        test.other = fd_close(test.other);
        expect(&test, "");
        wire_peer_resume(test.peer);
        expect(&test, "closed ");
        g_assert_cmpint(test.reason, ==, WIRE_CLOSE_EOF);
        g_assert_cmpstr(test.problem, ==, "End of file while reading data: Input/output error");
        test_end(&test);
}

static void test_lengths(void)
{
        static const uint32_t wrong[] = { 1, 4, 27, WIRE_FRAME_MAX + 1, UINT32_MAX };
        Test test;

        for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(GByteArray) bytes = frame(1, WIRE_CALL, 4, wrong[i]);

                test_begin(&test, AF_UNIX);
                give_frame(&test, 7, 0);
                /* The length alone says it. */
                give(&test, bytes->data, 4);
                expect(&test, "7:0 closed ");
                g_assert_cmpint(test.reason, ==, WIRE_CLOSE_ERROR);
                g_assert_nonnull(strstr(test.problem, "33554436 are allowed"));
                test_end(&test);
        }
}

/* Puts as many bytes through as the sockets take, until all went. */
static void give_all(Test *test, const uint8_t *bytes, size_t n)
{
        while (n > 0) {
                ssize_t r = send(test->other, bytes, n, MSG_NOSIGNAL);

                if (r > 0) {
                        bytes += r;
                        n -= r;
                } else {
                        g_assert_cmpint(errno, ==, EAGAIN);
                }
                run(test);
        }
}

/* Reads until there are n bytes. */
static GByteArray *take(Test *test, size_t n)
{
        GByteArray *bytes = g_byte_array_new();
        uint8_t piece[65536];

        while (bytes->len < n) {
                ssize_t r;

                run(test);
                r = recv(test->other, piece, MIN(sizeof piece, n - bytes->len), 0);
                g_assert_cmpint(r, >, 0);
                g_byte_array_append(bytes, piece, r);
        }
        return bytes;
}

static void test_largest(void)
{
        g_autoptr(GByteArray) bytes = frame(5, WIRE_CALL, WIRE_PAYLOAD_MAX, 0), back = NULL;
        WireHeader header = { .program = PROGRAM, .version = 1, .type = WIRE_REPLY };
        Test test;

        test_begin(&test, AF_UNIX);
        test.reply = true;
        g_assert_cmpuint(bytes->len, ==, WIRE_FRAME_MAX);
        give_all(&test, bytes->data, bytes->len);
        expect(&test, "5:33554408 ");
        g_assert_cmpuint(wire_peer_queued(test.peer), >, WIRE_QUEUE_HIGH);
        back = take(&test, WIRE_FRAME_MAX);
        g_assert_cmpmem(back->data + WIRE_FRAME_LEAST, WIRE_PAYLOAD_MAX,
                bytes->data + WIRE_FRAME_LEAST, WIRE_PAYLOAD_MAX);
        run(&test);
        g_assert_true(test.drained);
        g_assert_cmpuint(wire_peer_queued(test.peer), ==, 0);
        g_assert_cmpint(
                wire_peer_send(test.peer, &header, bytes->data, WIRE_PAYLOAD_MAX + 1, NULL, 0), ==,
                -EMSGSIZE);
        header.type = WIRE_REPLY_WITH_FDS;
        g_assert_cmpint(wire_peer_send(test.peer, &header, bytes->data, WIRE_PAYLOAD_MAX, NULL, 0),
                ==, -EMSGSIZE);
        g_assert_cmpuint(wire_peer_queued(test.peer), ==, 0);
        test_end(&test);
}

/* One that does not read is dropped before it costs too much. */
static void test_slow_reader(void)
{
        const WireHeader header = { .program = PROGRAM, .version = 1, .type = WIRE_MESSAGE };
        g_autofree uint8_t *payload = g_malloc0(8 * 1024 * 1024);
        Test test;
        int r = 0;

        test_begin(&test, AF_UNIX);
        for (unsigned i = 0; i < 20 && r == 0; i++) {
                r = wire_peer_send(test.peer, &header, payload, 8 * 1024 * 1024, NULL, 0);
                g_assert_cmpstr(test.log->str, ==, "");
        }
        g_assert_cmpint(r, ==, -ENOBUFS);
        g_assert_cmpint(wire_peer_send(test.peer, &header, NULL, 0, NULL, 0), ==, -ENOTCONN);
        expect(&test, "closed ");
        g_assert_nonnull(strstr(test.problem, "too slowly"));
        test_end(&test);
}

/* The answers to calls that came together go out together, before anything else runs. */
static void test_batch(void)
{
        g_autoptr(GByteArray) back = NULL;
        Test test;

        test_begin(&test, AF_UNIX);
        test.reply = true;
        for (unsigned i = 0; i < 3; i++)
                give_frame(&test, i, i);
        g_assert_cmpint(sd_event_run(test.event, 0), >, 0);
        g_assert_cmpuint(wire_peer_queued(test.peer), ==, 0);
        back = take(&test, 3 * WIRE_FRAME_LEAST + 3);
        g_assert_cmpuint(wire_frame_header(back->data).serial, ==, 0);
        g_assert_cmpuint(wire_frame_header(back->data + WIRE_FRAME_LEAST).serial, ==, 1);
        g_assert_cmpint(wire_frame_header(back->data).type, ==, WIRE_REPLY);
        test_end(&test);
}

static void test_values(void)
{
        WireHeader header = { .program = PROGRAM,
                .version = 1,
                .procedure = WIRE_DOMAIN_GET_STATE,
                .type = WIRE_REPLY,
                .serial = 9 };
        WireDomainGetStateRet ret = { .state = 1, .reason = 2 }, got;
        WireAuthListRet types = { .types = { .n = 21 } };
        g_autoptr(GByteArray) back = NULL;
        Test test;

        test_begin(&test, AF_UNIX);
        types.types.items = g_new0(int32_t, 21);
        g_assert_cmpint(
                wire_peer_send_value(test.peer, &header, "a20i", &types, NULL, 0), ==, -EMSGSIZE);
        g_assert_cmpuint(wire_peer_queued(test.peer), ==, 0);
        g_assert_cmpint(wire_peer_send_value(test.peer, &header, "ii", &ret, NULL, 0), ==, 0);
        back = take(&test, WIRE_FRAME_LEAST + 8);
        g_assert_cmpuint(wire_frame_length(back->data), ==, back->len);
        header = wire_frame_header(back->data);
        g_assert_cmpuint(header.serial, ==, 9);
        g_assert_cmpint(header.procedure, ==, WIRE_DOMAIN_GET_STATE);
        g_assert_cmpint(wire_decode("ii", back->data + WIRE_FRAME_LEAST, 8, &got), ==, 8);
        g_assert_cmpint(got.reason, ==, 2);
        g_free(types.types.items);
        test_end(&test);
}

static void test_finish(void)
{
        const WireHeader header = { .program = PROGRAM, .version = 1, .type = WIRE_REPLY };
        g_autoptr(GByteArray) back = NULL;
        char byte;
        Test test;

        test_begin(&test, AF_UNIX);
        give_frame(&test, 1, 0);
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abc", 3, NULL, 0), ==, 0);
        wire_peer_finish(test.peer);
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abc", 3, NULL, 0), ==, -ENOTCONN);
        expect(&test, "closed ");
        g_assert_cmpint(test.reason, ==, WIRE_CLOSE_CLIENT);
        back = take(&test, WIRE_FRAME_LEAST + 3);
        /* It went with a call unread: the end of file is a reset. */
        g_assert_cmpint(recv(test.other, &byte, 1, 0), <=, 0);
        test_end(&test);
}

/* From within its callback, too. */
static void test_free_within(void)
{
        Test test;

        test_begin(&test, AF_UNIX);
        test.free_on_frame = true;
        give_frame(&test, 1, 0);
        give_frame(&test, 2, 0);
        expect(&test, "1:0 ");
        g_assert_null(test.peer);
        test_end(&test);
}

/* Descriptors. */

static void give_fd(Test *test, int fd, unsigned n_fds)
{
        union {
                struct cmsghdr header;
                uint8_t space[CMSG_SPACE(4 * sizeof(int))];
        } control = { .header = { .cmsg_len = CMSG_LEN(n_fds * sizeof fd),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS } };
        struct iovec iov = { .iov_base = (char[1]){ 0 }, .iov_len = 1 };
        const struct msghdr message = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = CMSG_SPACE(n_fds * sizeof fd) };

        for (unsigned i = 0; i < n_fds; i++)
                memcpy(CMSG_DATA(&control.header) + i * sizeof fd, &fd, sizeof fd);
        g_assert_cmpint(sendmsg(test->other, &message, MSG_NOSIGNAL), ==, 1);
}

static void give_fd_frame(Test *test, uint32_t serial, uint32_t count)
{
        g_autoptr(GByteArray) bytes = frame(serial, WIRE_CALL_WITH_FDS, 4 + 8, 0);

        count = GUINT32_TO_BE(count);
        memcpy(bytes->data + WIRE_FRAME_LEAST, &count, 4);
        give(test, bytes->data, bytes->len);
}

static unsigned open_fds(void)
{
        unsigned n = 0;

        for (int fd = 0; fd < 256; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static void test_fds_in(void)
{
        static const unsigned counts[] = { 0, 1, 2, 32 };
        unsigned before = open_fds();
        struct stat wanted, got;
        Test test;

        g_assert_cmpint(stat("/dev/null", &wanted), ==, 0);
        for (unsigned c = 0; c < G_N_ELEMENTS(counts); c++) {
                g_autofree char *log = counts[c] ? g_strdup_printf("1:8 fds:%u 2:0 ", counts[c]) :
                                                   g_strdup("1:8 2:0 ");
                _cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

                test_begin(&test, AF_UNIX);
                give_fd_frame(&test, 1, counts[c]);
                for (unsigned i = 0; i < counts[c]; i++) {
                        expect(&test, "");
                        give_fd(&test, fd, 1);
                }
                give_frame(&test, 2, 0);
                expect(&test, log);
                g_assert_cmpuint(test.n_fds, ==, counts[c]);
                for (unsigned i = 0; i < counts[c]; i++) {
                        g_assert_cmpint(fstat(test.fds[i], &got), ==, 0);
                        g_assert_cmpuint(got.st_rdev, ==, wanted.st_rdev);
                        g_assert_cmpint(fcntl(test.fds[i], F_GETFD), ==, FD_CLOEXEC);
                }
                test_end(&test);
        }
        g_assert_cmpuint(open_fds(), ==, before);
}

static void test_fds_refused(void)
{
        _cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        unsigned before = open_fds();
        g_autoptr(GByteArray) bare = frame(1, WIRE_CALL_WITH_FDS, 0, 0);
        Test test;

        /* Too many; */
        test_begin(&test, AF_UNIX);
        give_fd_frame(&test, 1, 33);
        expect(&test, "closed ");
        test_end(&test);
        /* no room for the count; */
        test_begin(&test, AF_UNIX);
        give(&test, bare->data, bare->len);
        expect(&test, "closed ");
        test_end(&test);
        /* a byte with none, behind one that has; */
        test_begin(&test, AF_UNIX);
        give_fd_frame(&test, 1, 2);
        give_fd(&test, fd, 1);
        give(&test, "", 1);
        expect(&test, "closed ");
        test_end(&test);
        /* two with one byte; */
        test_begin(&test, AF_UNIX);
        give_fd_frame(&test, 1, 1);
        give_fd(&test, fd, 2);
        expect(&test, "closed ");
        test_end(&test);
        /* and where the link passes none. No descriptors at all are fine there. */
        test_begin(&test, AF_INET);
        give_fd_frame(&test, 1, 0);
        expect(&test, "1:8 ");
        give_fd_frame(&test, 1, 1);
        expect(&test, "closed ");
        test_end(&test);
        g_assert_cmpuint(open_fds(), ==, before);
}

/* Those that nobody asked for are closed, and do not pile up. */
static void test_fds_stray(void)
{
        _cleanup_fd_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        unsigned before;
        g_autoptr(GByteArray) bytes = frame(0, WIRE_CALL, 100, 0);
        Test test;

        test_begin(&test, AF_UNIX);
        before = open_fds();
        give(&test, bytes->data, WIRE_FRAME_LEAST);
        for (unsigned i = 0; i < 50; i++) {
                give_fd(&test, fd, 1);
                expect(&test, "");
                g_assert_cmpuint(open_fds(), ==, before);
        }
        give(&test, bytes->data + WIRE_FRAME_LEAST, 50);
        expect(&test, "0:100 ");
        test_end(&test);
}

static void test_fds_out(void)
{
        WireHeader header = { .program = PROGRAM, .version = 1, .type = WIRE_REPLY_WITH_FDS };
        int fds[WIRE_FDS_MAX + 1];
        g_autoptr(GByteArray) back = NULL;
        unsigned before;
        Test test;

        test_begin(&test, AF_UNIX);
        before = open_fds();
        for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
                fds[i] = 0;
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abcd", 4, fds, 33), ==, -E2BIG);
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abcd", 4, fds, 32), ==, 0);
        fds[1] = -1;
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abcd", 4, fds, 2), ==, -EBADF);
        header.type = WIRE_REPLY;
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abcd", 4, fds, 1), ==, -EOPNOTSUPP);
        g_assert_cmpint(wire_peer_send(test.peer, &header, "wxyz", 4, NULL, 0), ==, 0);
        back = take(&test, WIRE_FRAME_LEAST + 8);
        g_assert_cmpuint(wire_frame_length(back->data), ==, back->len);
        g_assert_cmpmem(back->data + WIRE_FRAME_LEAST, 8, "\0\0\0 abcd", 8);
        for (unsigned i = 0; i < 32; i++) {
                union {
                        struct cmsghdr header;
                        uint8_t space[CMSG_SPACE(4 * sizeof(int))];
                } control;
                char bytes[64];
                struct iovec iov = { .iov_base = bytes, .iov_len = 1 };
                struct msghdr message = { .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = sizeof control };
                int fd;

                run(&test);
                g_assert_cmpint(recvmsg(test.other, &message, MSG_CMSG_CLOEXEC), ==, 1);
                g_assert_cmpint(bytes[0], ==, 0);
                g_assert_nonnull(CMSG_FIRSTHDR(&message));
                g_assert_cmpuint(CMSG_FIRSTHDR(&message)->cmsg_len, ==, CMSG_LEN(sizeof fd));
                memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
                close(fd);
        }
        g_byte_array_unref(back);
        back = take(&test, WIRE_FRAME_LEAST + 4);
        g_assert_cmpmem(back->data + WIRE_FRAME_LEAST, 4, "wxyz", 4);
        g_assert_cmpuint(open_fds(), ==, before);
        /* Queued, and never sent. */
        header.type = WIRE_REPLY_WITH_FDS;
        g_assert_cmpint(wire_peer_send(test.peer, &header, "abcd", 4, fds, 1), ==, 0);
        test.peer = wire_peer_free(test.peer);
        g_assert_cmpuint(open_fds(), <, before);
        test_end(&test);
}

/* Keepalive. */

static void give_keepalive(Test *test, int32_t procedure, int32_t type)
{
        uint8_t bytes[WIRE_FRAME_LEAST];

        wire_frame_write(bytes, sizeof bytes,
                &(WireHeader){ .program = WIRE_PROGRAM_KEEPALIVE,
                        .version = 1,
                        .procedure = procedure,
                        .type = type });
        give(test, bytes, sizeof bytes);
}

static void test_ping(void)
{
        g_autoptr(GByteArray) back = NULL;
        WireHeader header;
        Test test;

        test_begin(&test, AF_UNIX);
        give_keepalive(&test, WIRE_PING, WIRE_MESSAGE);
        give_keepalive(&test, WIRE_PONG, WIRE_MESSAGE);
        give_keepalive(&test, 3, WIRE_MESSAGE);
        expect(&test, "");
        back = take(&test, WIRE_FRAME_LEAST);
        header = wire_frame_header(back->data);
        g_assert_cmpuint(header.program, ==, WIRE_PROGRAM_KEEPALIVE);
        g_assert_cmpint(header.procedure, ==, WIRE_PONG);
        g_assert_cmpint(header.type, ==, WIRE_MESSAGE);
        g_assert_cmpuint(header.serial, ==, 0);
        test_end(&test);
}

/* Runs the loop until there is something in the log, or a ping came. */
static bool run_until_ping(Test *test)
{
        uint8_t bytes[WIRE_FRAME_LEAST];

        while (test->log->len == 0) {
                if (recv(test->other, bytes, sizeof bytes, 0) == sizeof bytes) {
                        WireHeader header = wire_frame_header(bytes);

                        g_assert_cmpuint(header.program, ==, WIRE_PROGRAM_KEEPALIVE);
                        g_assert_cmpint(header.procedure, ==, WIRE_PING);
                        return true;
                }
                g_assert_cmpint(sd_event_run(test->event, UINT64_MAX), >, 0);
        }
        return false;
}

static void test_keepalive(void)
{
        unsigned n = 0;
        Test test;

        test_begin(&test, AF_UNIX);
        /* Long enough that an answer is there before the next ping, however busy the machine is. */
        wire_peer_keepalive(test.peer, 50000, 3);
        /* Answered: for ever. */
        for (unsigned i = 0; i < 8; i++) {
                g_assert_true(run_until_ping(&test));
                give_keepalive(&test, WIRE_PONG, WIRE_MESSAGE);
                run(&test);
        }
        while (run_until_ping(&test))
                n++;
        g_assert_cmpuint(n, ==, 3);
        g_assert_cmpstr(test.log->str, ==, "closed ");
        g_assert_cmpint(test.reason, ==, WIRE_CLOSE_KEEPALIVE);
        test_end(&test);

        /* Count 0: one silent interval is enough. */
        test_begin(&test, AF_UNIX);
        wire_peer_keepalive(test.peer, 1000, 0);
        g_assert_false(run_until_ping(&test));
        g_assert_cmpint(test.reason, ==, WIRE_CLOSE_KEEPALIVE);
        test_end(&test);
}

/* The other end is not held to answer while nobody listens. */
static void test_keepalive_paused(void)
{
        Test test;

        test_begin(&test, AF_UNIX);
        wire_peer_keepalive(test.peer, 1000, 0);
        wire_peer_pause(test.peer);
        for (unsigned i = 0; i < 5; i++)
                g_assert_cmpint(sd_event_run(test.event, UINT64_MAX), >, 0);
        g_assert_cmpstr(test.log->str, ==, "");
        wire_peer_keepalive(test.peer, 0, 0);
        wire_peer_resume(test.peer);
        expect(&test, "");
        test_end(&test);
}

/* A layer over the link: here one that turns each bit around. */

typedef struct Turned {
        WireLink link;
        WireLink *inner;
        GByteArray *unread;
        unsigned *n_freed;
} Turned;

static ssize_t turned_read(WireLink *link, void *bytes, size_t n, int *ret_fd)
{
        Turned *turned = (Turned *)link;
        ssize_t r = MIN(n, turned->unread->len);

        if (r > 0) {
                memcpy(bytes, turned->unread->data, r);
                g_byte_array_remove_range(turned->unread, 0, r);
        } else {
                r = wire_link_read(turned->inner, bytes, n, ret_fd);
        }
        for (ssize_t i = 0; i < r; i++)
                ((uint8_t *)bytes)[i] ^= 0xff;
        return r;
}

static ssize_t turned_write(WireLink *link, const void *bytes, size_t n, int fd)
{
        uint8_t byte = *(const uint8_t *)bytes ^ 0xff;

        (void)n, (void)fd;
        return wire_link_write(((Turned *)link)->inner, &byte, 1, -1);
}

static bool turned_pending(const WireLink *link)
{
        return ((const Turned *)link)->unread->len > 0;
}

static void turned_free(WireLink *link)
{
        Turned *turned = (Turned *)link;

        ++*turned->n_freed;
        g_byte_array_unref(turned->unread);
        wire_link_free(turned->inner);
        g_free(turned);
}

static const WireLinkKind turned_kind = {
        .name = "turned",
        .read = turned_read,
        .write = turned_write,
        .pending = turned_pending,
        .free = turned_free,
};

static WireLink *turn(WireLink *inner, const void *unread, size_t n, void *data, GError **error)
{
        Turned *turned;

        if (!data) {
                error_set(error, ERROR_AUTH_FAILED, "no layer");
                return NULL;
        }
        turned = g_new0(Turned, 1);
        *turned = (Turned){ .link = { .kind = &turned_kind, .fd = inner->fd },
                .inner = inner,
                .unread = g_byte_array_new(),
                .n_freed = data };
        g_byte_array_append(turned->unread, unread, n);
        return &turned->link;
}

static void test_wrap(void)
{
        const WireHeader header = { .program = PROGRAM, .version = 1, .serial = 6 };
        g_autoptr(GByteArray) bytes = frame(1, WIRE_CALL, 0, 0), turned = frame(2, WIRE_CALL, 3, 0);
        g_autoptr(GByteArray) clear = NULL, wrapped = NULL;
        unsigned n_freed = 0;
        Test test;

        for (unsigned i = 0; i < turned->len; i++)
                turned->data[i] ^= 0xff;
        g_byte_array_append(bytes, turned->data, turned->len);
        test_begin(&test, AF_UNIX);
        test.pause_on_frame = true;
        give(&test, bytes->data, bytes->len);
        expect(&test, "1:0 ");
        /* What was queued before goes in the clear, what comes after does not; and what was read
         * with the last clear frame is the layer's. */
        wire_peer_send(test.peer, &header, NULL, 0, NULL, 0);
        wire_peer_wrap(test.peer, turn, &n_freed);
        wire_peer_send(test.peer, &header, NULL, 0, NULL, 0);
        wire_peer_resume(test.peer);
        expect(&test, "2:3 ");
        clear = take(&test, WIRE_FRAME_LEAST);
        wrapped = take(&test, WIRE_FRAME_LEAST);
        for (unsigned i = 0; i < clear->len; i++)
                g_assert_cmpint(clear->data[i] ^ 0xff, ==, wrapped->data[i]);
        test_end(&test);
        g_assert_cmpuint(n_freed, ==, 1);

        test_begin(&test, AF_UNIX);
        wire_peer_wrap(test.peer, turn, NULL);
        expect(&test, "closed ");
        g_assert_cmpstr(test.problem, ==, "authentication failed: no layer");
        test_end(&test);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/peer/torn", test_torn);
        g_test_add_func("/peer/many", test_many);
        g_test_add_func("/peer/hangup-while-paused", test_hangup_while_paused);
        g_test_add_func("/peer/lengths", test_lengths);
        g_test_add_func("/peer/largest", test_largest);
        g_test_add_func("/peer/slow-reader", test_slow_reader);
        g_test_add_func("/peer/batch", test_batch);
        g_test_add_func("/peer/values", test_values);
        g_test_add_func("/peer/finish", test_finish);
        g_test_add_func("/peer/free-within", test_free_within);
        g_test_add_func("/peer/fds-in", test_fds_in);
        g_test_add_func("/peer/fds-refused", test_fds_refused);
        g_test_add_func("/peer/fds-stray", test_fds_stray);
        g_test_add_func("/peer/fds-out", test_fds_out);
        g_test_add_func("/peer/ping", test_ping);
        g_test_add_func("/peer/keepalive", test_keepalive);
        g_test_add_func("/peer/keepalive-paused", test_keepalive_paused);
        g_test_add_func("/peer/wrap", test_wrap);
        return g_test_run();
}

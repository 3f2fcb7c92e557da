/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/uri.h"
#include "service/audience.h"
#include "service/base/cleanup.h"
#include "service/connections.h"
#include "service/manager.h"
#include "service/publish.h"
#include "service/wire/client.h"
#include "service/wire/door.h"
#include "tests/fuzz/fuzz.h"

/* Any calls, and any packets of streams, from a client that has a test host of its own open: each
 * call is answered once, and when client and host are gone nothing is left. Before the payload of
 * each frame are two bytes that choose the procedure, one for the kind of frame, one that says how
 * many calls ago a packet's stream was opened, and the length of the payload.
 *
 * Seeds: tests/fuzz/wire-calls.py */

enum {
        HEAD = 6,
        FRAMES_MAX = 64,
        SOCKET_BYTES = 1024 * 1024,
};

/* Of the byte for the kind. */
enum {
        KIND_PACKET = 1,   /* of a stream, else a call */
        KIND_HOLE = 2,     /* a packet without bytes; a call: with a descriptor */
        KIND_FINISH = 4,   /* a packet: status ok */
        KIND_ABORT = 8,    /* a packet: status error */
        KIND_RUN = 16,     /* let the service work on what it has before the next */
        KIND_PROGRAM = 32, /* of QEMU, or of LXC with the next bit */
        KIND_LXC = 64,
};

static sd_event *event;

/* A client, from the other end. */
typedef struct Session {
        int fd;
        Connection *host;
        WireHeader calls[FRAMES_MAX];
        unsigned n_calls, n_replies[FRAMES_MAX];
        GByteArray *in;
        bool ended; /* by the service */
} Session;

/* The bus, of which only the service's end matters. */

static int drop_message(sd_bus_message *message, void *data, sd_bus_error *error)
{
        (void)message, (void)data, (void)error;
        return 1;
}

static sd_bus *connect_bus(void)
{
        static sd_bus *other;
        sd_bus *bus;
        int pair[2];

        g_assert_cmpint(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        g_assert_cmpint(sd_bus_new(&other), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(other, pair[0], pair[0]), >=, 0);
        g_assert_cmpint(sd_bus_set_server(other, 1, SD_ID128_NULL), >=, 0);
        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(bus, pair[1], pair[1]), >=, 0);
        g_assert_cmpint(sd_bus_start(other), >=, 0);
        g_assert_cmpint(sd_bus_start(bus), >=, 0);
        g_assert_cmpint(sd_bus_add_filter(other, NULL, drop_message, NULL), >=, 0);
        g_assert_cmpint(sd_bus_attach_event(other, event, 0), >=, 0);
        g_assert_cmpint(sd_bus_attach_event(bus, event, 0), >=, 0);
        return bus;
}

static void run_loop(void)
{
        while (sd_event_run(event, 0) > 0)
                ;
}

/* Until the fibers are done; one that never is makes the input time out. */
static void run_fibers(void)
{
        run_loop();
        while (fibers_live() > 0)
                sd_event_run(event, 10 * 1000);
        run_loop();
}

static void on_fiber(void (*run)(void *data), void *data)
{
        g_assert_cmpint(fiber_start("fuzz", run, data, NULL), >=, 0);
        run_fibers();
}

/* The service, without main.c, and with no driver but that of the host. */

static const char *const *no_defaults(Instance instance)
{
        static const char *const none[] = { NULL };

        (void)instance;
        return none;
}

static int probe_nothing(DriverObject *self, Instance instance, GError **error)
{
        (void)self, (void)instance, (void)error;
        return 0;
}

const Driver qemu_driver = { .name = "qemu", .defaults = no_defaults, .probe = probe_nothing };
const Driver xen_driver = { .name = "xen", .defaults = no_defaults, .probe = probe_nothing };
const Driver remote_driver = { .name = "remote", .defaults = no_defaults, .probe = probe_nothing };

static void start_registry(void *data)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(connections_start(data, INSTANCE_SESSION, &error), >=, 0);
        manager_start();
}

static void start_service(void)
{
        sd_bus *bus;

        faces_init();
        g_assert_cmpint(sd_event_default(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 256), >=, 0);
        bus = connect_bus();
        g_assert_cmpint(audience_init(bus, INSTANCE_SESSION), >=, 0);
        g_assert_cmpint(publish_init(bus), >=, 0);
        g_assert_cmpint(callers_init(bus, INSTANCE_SESSION), >=, 0);
        g_assert_cmpint(authorize_init(bus), >=, 0);
        operate_init();
        on_fiber(start_registry, bus);
        wire_events_init();
}

/* A client and its host. */

static void open_host(void *data)
{
        Session *session = data;
        g_autoptr(GError) error = NULL;
        g_autoptr(Uri) uri = NULL;

        g_assert_cmpint(uri_parse("test:///default", &uri, &error), >=, 0);
        g_assert_cmpint(
                test_driver.open(uri, INSTANCE_SESSION, false, "fuzz", &session->host, &error), >=,
                0);
        session->host->owner = NO_OWNER;
        object_publish(session->host);
        test_driver.start(session->host);
}

static void close_host(void *data)
{
        Session *session = data;

        test_driver.stop(session->host);
        object_withdraw(session->host);
        connection_unref(session->host);
}

static void give_host(WireClient *client, void *data)
{
        client->connection = (Connection *)object_ref(data);
}

static void begin(Session *session)
{
        Caller *caller = caller_new_remote();
        int pair[2];

        on_fiber(open_host, session);
        g_assert_cmpint(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &(int){ SOCKET_BYTES }, sizeof(int));
        session->fd = pair[0];
        session->in = g_byte_array_sized_new(4096);
        caller_logged_in(caller, "fuzz");
        wire_client_new(event, wire_link_new_socket(pair[1]), caller, WIRE_LOGIN_NONE, false);
        wire_door_each(give_host, session->host);
}

static void end(Session *session)
{
        close(session->fd);
        run_loop();
        g_assert_false(wire_door_in_use());
        run_fibers();
        on_fiber(close_host, session);
        g_byte_array_unref(session->in);
}

/* What comes. */

static void take_frame(Session *session, const uint8_t *bytes)
{
        const WireHeader header = wire_frame_header(bytes);

        g_assert_cmpint(header.version, ==, WIRE_VERSION);
        if (header.type != WIRE_REPLY && header.type != WIRE_REPLY_WITH_FDS)
                return;
        g_assert_cmpuint(header.serial, <, session->n_calls);
        g_assert_cmpint(header.procedure, ==, session->calls[header.serial].procedure);
        g_assert_cmpuint(session->n_replies[header.serial]++, ==, 0);
}

/* The bytes of the frame with those that carry descriptors; 0: it is not all there. */
static size_t frame_size(const uint8_t *bytes, size_t n)
{
        uint32_t length, count = 0;

        if (n < WIRE_FRAME_LEAST)
                return 0;
        length = wire_frame_length(bytes);
        g_assert_cmpuint(length, >=, WIRE_FRAME_LEAST);
        g_assert_cmpuint(length, <=, WIRE_FRAME_MAX);
        if (n < length)
                return 0;
        if (wire_frame_header(bytes).type == WIRE_REPLY_WITH_FDS)
                memcpy(&count, bytes + WIRE_FRAME_LEAST, sizeof count);
        count = GUINT32_FROM_BE(count);
        return n < length + count ? 0 : length + count;
}

/* Descriptors are closed by the kernel, as there is no room for them. */
static void take(Session *session)
{
        static uint8_t bytes[256 * 1024];
        size_t at = 0, size;
        ssize_t n;

        while ((n = recv(session->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
                g_byte_array_append(session->in, bytes, n);
        session->ended |= n == 0 || (errno != EAGAIN && errno != EINTR);
        while ((size = frame_size(session->in->data + at, session->in->len - at)) > 0) {
                take_frame(session, session->in->data + at);
                at += size;
        }
        g_byte_array_remove_range(session->in, 0, at);
}

/* What goes. */

/* Those that read or write files of the one who asked. */
static bool is_left_out(int32_t procedure)
{
        switch (procedure) {
        case WIRE_DOMAIN_SAVE:
        case WIRE_DOMAIN_SAVE_FLAGS:
        case WIRE_DOMAIN_SAVE_PARAMS:
        case WIRE_DOMAIN_RESTORE:
        case WIRE_DOMAIN_RESTORE_FLAGS:
        case WIRE_DOMAIN_RESTORE_PARAMS:
        case WIRE_DOMAIN_CORE_DUMP:
        case WIRE_DOMAIN_CORE_DUMP_WITH_FORMAT:
        case WIRE_DOMAIN_SAVE_IMAGE_GET_XML_DESC:
        case WIRE_DOMAIN_SAVE_IMAGE_DEFINE_XML:
                return true;
        default:
                return false;
        }
}

static WireHeader call_header(Session *session, uint16_t procedure, uint8_t kind)
{
        return (WireHeader){
                .program = !(kind & KIND_PROGRAM) ? WIRE_PROGRAM_REMOTE :
                        kind & KIND_LXC           ? WIRE_PROGRAM_LXC :
                                                    WIRE_PROGRAM_QEMU,
                .version = WIRE_VERSION,
                .procedure = procedure % 512,
                .type = kind & KIND_HOLE ? WIRE_CALL_WITH_FDS : WIRE_CALL,
                .serial = session->n_calls,
        };
}

static WireHeader packet_header(const Session *session, uint8_t back, uint8_t kind)
{
        WireHeader header = session->calls[session->n_calls - 1 - back % session->n_calls];

        header.type = kind & KIND_HOLE ? WIRE_STREAM_HOLE : WIRE_STREAM;
        header.status = kind & KIND_ABORT ? WIRE_ERROR :
                kind & KIND_FINISH        ? WIRE_OK :
                                            WIRE_CONTINUE;
        return header;
}

static void write_all(Session *session, const uint8_t *bytes, size_t n)
{
        while (n > 0 && !session->ended) {
                ssize_t r = send(session->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (r > 0) {
                        bytes += r;
                        n -= r;
                        continue;
                }
                run_fibers();
                take(session);
        }
}

static void give_fd(Session *session)
{
        union {
                struct cmsghdr header;
                uint8_t space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS } };
        struct iovec iov = { .iov_base = "", .iov_len = 1 };
        struct msghdr message = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control.space };

        memcpy(CMSG_DATA(&control.header), &session->fd, sizeof(int));
        if (sendmsg(session->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                session->ended = true; /* there is nothing to go on with */
}

static void give(Session *session, const WireHeader *header, const uint8_t *payload, size_t n)
{
        bool with_fd = header->type == WIRE_CALL_WITH_FDS;
        g_autofree uint8_t *bytes = g_malloc(WIRE_FRAME_LEAST + sizeof(uint32_t) + n);
        uint32_t count = GUINT32_TO_BE(1);
        size_t at = WIRE_FRAME_LEAST;

        if (with_fd) {
                memcpy(bytes + at, &count, sizeof count);
                at += sizeof count;
        }
        memcpy(bytes + at, payload, n);
        wire_frame_write(bytes, at + n, header);
        write_all(session, bytes, at + n);
        if (with_fd)
                give_fd(session);
}

static void one(Session *session, const uint8_t *head, const uint8_t *payload, size_t n)
{
        uint8_t kind = head[2];
        WireHeader header;

        if (!(kind & KIND_PACKET)) {
                header = call_header(session, head[0] | head[1] << 8, kind);
                if (is_left_out(header.procedure))
                        return;
                session->calls[session->n_calls++] = header;
        } else if (session->n_calls > 0)
                header = packet_header(session, head[3], kind);
        else
                return;
        give(session, &header, payload, n);
        if (kind & KIND_RUN) {
                run_loop();
                take(session);
        }
}

static int lowest_fd(void)
{
        int fd = dup(0);

        close(fd);
        return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Session session = { 0 };
        int before;

        if (!event)
                start_service();
        before = lowest_fd();
        begin(&session);
        while (size >= HEAD && session.n_calls < FRAMES_MAX && !session.ended) {
                size_t n = MIN((size_t)(data[4] | data[5] << 8), size - HEAD);

                one(&session, data, data + HEAD, n);
                data += HEAD + n;
                size -= HEAD + n;
        }
        do {
                run_fibers();
                take(&session);
        } while (wire_door_in_use() && sd_event_run(event, 0) > 0);
        for (unsigned i = 0; i < session.n_calls && !session.ended; i++)
                g_assert_cmpuint(session.n_replies[i], ==, 1);
        end(&session);
        g_assert_cmpint(lowest_fd(), ==, before);
        return 0;
}

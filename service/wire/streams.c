/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Streams: a descriptor that a method gave, carried over the wire. The descriptor can be polled (a
 * socket, a pipe), or is a file in memory that is always ready. Over a socket that only takes, the
 * other end says at last whether it took all: it closes without a word, or with one that says why
 * not.
 *
 * One way, what the descriptor gives becomes packets, as long as the client takes them. The other
 * way packets wait in line until the descriptor took them, and count as work of the client's, so
 * that it is not read from while too many wait. The end is the client's to declare: end of file is
 * told, and the stream stays open until the client finishes or aborts it. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/base/cleanup.h"
#include "service/wire/client.h"

#define ZEROES (64 * 1024)
/* Of what waits in line, written before others have their turn: a hole may be as long as one says.
 */
#define TURN ((size_t)1 << 20)

/* A packet of the client's. */
typedef struct Packet {
        uint8_t *bytes; /* NULL: zeroes, a hole */
        uint64_t n, done;
} Packet;

typedef struct WireStream {
        struct WireStream *next;
        WireClient *client;
        WireHeader header; /* of the call that opened it, which names it */
        int fd;
        sd_event_source *source;
        bool always_ready; /* there is nothing to poll */
        bool reads, writes, sparse;
        bool answers;   /* its other end says whether it took all */
        bool at_end;    /* nothing more is to be read */
        bool finishing; /* the client has finished; what waits is written yet */
        GQueue packets;
} WireStream;

static void send_packet(const WireStream *stream, WireStatus status, const void *payload, size_t n)
{
        WireHeader header = stream->header;

        header.type = WIRE_STREAM;
        header.status = status;
        if (stream->client->peer)
                wire_peer_send(stream->client->peer, &header, payload, n, NULL, 0);
}

static void packet_drop(WireStream *stream)
{
        Packet *packet = g_queue_pop_head(&stream->packets);

        g_free(packet->bytes);
        g_free(packet);
        wire_client_end(stream->client);
}

static void stream_free(WireStream *stream)
{
        WireStream **place = &stream->client->streams;

        while (*place != stream)
                place = &(*place)->next;
        *place = stream->next;
        while (stream->packets.length > 0)
                packet_drop(stream);
        sd_event_source_disable_unref(stream->source);
        fd_close(stream->fd);
        g_free(stream);
}

/* Tells of the failure; the stream is gone then. */
static void stream_refuse(WireStream *stream, const GError *error)
{
        g_autoptr(GByteArray) payload = g_byte_array_new();

        wire_error_encode(payload, error, WIRE_FROM_STREAMS, NULL);
        send_packet(stream, WIRE_ERROR, payload->data, payload->len);
        stream_free(stream);
}

static void stream_fail(WireStream *stream, int errnum, const char *what)
{
        g_autoptr(GError) error = NULL;

        error_set_errno(&error, errnum, "cannot %s the stream", what);
        stream_refuse(stream, error);
}

static void stream_done(WireStream *stream)
{
        send_packet(stream, WIRE_OK, NULL, 0);
        stream_free(stream);
}

/* Whether the client takes more. */
static bool may_send(const WireStream *stream)
{
        return stream->client->peer && wire_peer_queued(stream->client->peer) < WIRE_QUEUE_HIGH;
}

static void stream_settle(WireStream *stream)
{
        bool reads = !stream->at_end && (stream->answers || (stream->reads && may_send(stream)));
        uint32_t events = (reads ? EPOLLIN : 0) | (stream->packets.length > 0 ? EPOLLOUT : 0);

        if (!stream->always_ready)
                sd_event_source_set_io_events(stream->source, events);
        sd_event_source_set_enabled(stream->source, events ? SD_EVENT_ON : SD_EVENT_OFF);
}

/* Reading. 0, or -1 where the stream is gone. */
static int stream_read(WireStream *stream)
{
        g_autofree uint8_t *bytes = g_malloc(WIRE_STREAM_MAX);
        ssize_t n = read(stream->fd, bytes, WIRE_STREAM_MAX);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        /* The other end of a socket or terminal has gone. One that only gives has not given all. */
        if (n < 0 && stream->writes && (errno == ECONNRESET || errno == EIO))
                n = 0;
        if (n < 0) {
                stream_fail(stream, errno, "read from");
                return -1;
        }
        stream->at_end = n == 0;
        send_packet(stream, WIRE_CONTINUE, bytes, n);
        return 0;
}

/* The last word of one that only takes: none is good. 0, or -1 where the stream is gone. */
static int stream_hear(WireStream *stream)
{
        char text[512];
        ssize_t n = read(stream->fd, text, sizeof text - 1);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        /* It has gone with what it had not read. */
        if (n < 0) {
                stream_fail(stream, errno, "write to");
                return -1;
        }
        if (n > 0) {
                g_autoptr(GError) error = NULL;

                text[n] = '\0';
                error_set_literal(&error, ERROR_OPERATION_FAILED, text);
                stream_refuse(stream, error);
                return -1;
        }
        stream->at_end = true;
        if (!stream->finishing || stream->packets.length > 0)
                return 0;
        stream_done(stream);
        return -1;
}

/* Writing. */

static ssize_t packet_write(const WireStream *stream, const Packet *packet)
{
        static const uint8_t zeroes[ZEROES];

        if (packet->bytes)
                return write(stream->fd, packet->bytes + packet->done, packet->n - packet->done);
        return write(stream->fd, zeroes, MIN(packet->n - packet->done, sizeof zeroes));
}

/* 0, or -1 where the stream is gone. */
static int stream_write(WireStream *stream)
{
        size_t written = 0;
        Packet *packet;

        while ((packet = g_queue_peek_head(&stream->packets))) {
                ssize_t n = written < TURN ? packet_write(stream, packet) : 0;

                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        return 0;
                if (n < 0) {
                        int errnum = errno;

                        /* It may have said why. */
                        if (stream->answers && stream_hear(stream) < 0)
                                return -1;
                        stream_fail(stream, errnum, "write to");
                        return -1;
                }
                if (n == 0)
                        return 0;
                written += n;
                packet->done += n;
                if (packet->done == packet->n)
                        packet_drop(stream);
        }
        if (!stream->finishing)
                return 0;
        if (stream->answers && !stream->at_end) {
                shutdown(stream->fd, SHUT_WR);
                return 0;
        }
        stream_done(stream);
        return -1;
}

static int stream_ready(WireStream *stream, uint32_t events)
{
        if ((events & (EPOLLOUT | EPOLLERR)) && stream->packets.length > 0 &&
                stream_write(stream) < 0)
                return 0;
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !stream->at_end) {
                if (stream->answers && stream_hear(stream) < 0)
                        return 0;
                if (stream->reads && may_send(stream) && stream_read(stream) < 0)
                        return 0;
        }
        stream_settle(stream);
        return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
        (void)source, (void)fd;
        return stream_ready(data, events);
}

static int on_turn(sd_event_source *source, void *data)
{
        (void)source;
        return stream_ready(data, EPOLLIN | EPOLLOUT);
}

static bool is_socket(int fd)
{
        struct stat status;

        return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

void wire_stream_open(WireCall *call, int fd)
{
        sd_event *event = fibers_event();
        WireStream *stream;
        int r;

        if (!call->client->peer) {
                fd_close(fd);
                return;
        }
        stream = g_new0(WireStream, 1);
        stream->client = call->client;
        stream->header = call->header;
        stream->fd = fd;
        stream->reads = call->procedure->flags & WIRE_STREAM_IN;
        stream->writes = call->procedure->flags & WIRE_STREAM_OUT;
        stream->sparse = (call->procedure->flags & WIRE_STREAM_SPARSE) &&
                (*(uint32_t *)((char *)call->base.arguments + call->base.method->flags_offset) & 1);
        stream->answers = stream->writes && !stream->reads && is_socket(fd);
        g_queue_init(&stream->packets);
        stream->next = call->client->streams;
        call->client->streams = stream;

        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        r = sd_event_add_io(event, &stream->source, fd, EPOLLIN, on_io, stream);
        if (r == -EPERM) {
                stream->always_ready = true;
                r = sd_event_add_defer(event, &stream->source, on_turn, stream);
        }
        if (r < 0) {
                stream_fail(stream, r, "serve");
                return;
        }
        sd_event_source_set_description(stream->source, "a stream of the wire");
        stream_settle(stream);
}

/* Packets of the client. */

static WireStream *find_stream(const WireClient *client, const WireHeader *header)
{
        for (WireStream *stream = client->streams; stream; stream = stream->next)
                if (stream->header.program == header->program &&
                        stream->header.procedure == header->procedure &&
                        stream->header.serial == header->serial)
                        return stream;
        return NULL;
}

static void add_packet(WireStream *stream, const void *bytes, uint64_t n)
{
        Packet *packet;

        if (!stream->writes || stream->finishing)
                return;
        packet = g_new(Packet, 1);
        *packet = (Packet){ .bytes = bytes ? g_memdup2(bytes, n) : NULL, .n = n };
        g_queue_push_tail(&stream->packets, packet);
        wire_client_begin(stream->client);
        if (stream_write(stream) == 0)
                stream_settle(stream);
}

static void finish(WireStream *stream)
{
        stream->finishing = true;
        if (!stream->answers)
                stream->at_end = true;
        if (stream_write(stream) == 0)
                stream_settle(stream);
}

/* A hole where none was asked for ends the connection, as everywhere. */
static void add_hole(WireStream *stream, const void *payload, size_t n)
{
        WireHole hole;

        if (!stream->sparse || wire_decode(WIRE_HOLE, payload, n, &hole) < 0 || hole.length <= 0)
                wire_client_drop(stream->client);
        else
                add_packet(stream, NULL, hole.length);
}

void wire_streams_frame(WireClient *client, const WireHeader *header, const void *payload, size_t n)
{
        WireStream *stream = find_stream(client, header);

        if (!stream)
                return;
        if (header->type == WIRE_STREAM_HOLE)
                add_hole(stream, payload, n);
        else if (header->status == WIRE_CONTINUE) {
                if (n > 0)
                        add_packet(stream, payload, n);
        } else if (header->status == WIRE_OK)
                finish(stream);
        else {
                /* Given up; that is heard, too. */
                send_packet(stream, WIRE_OK, NULL, 0);
                stream_free(stream);
        }
}

void wire_streams_drained(WireClient *client)
{
        for (WireStream *stream = client->streams; stream; stream = stream->next)
                stream_settle(stream);
}

void wire_streams_drop(WireClient *client)
{
        while (client->streams)
                stream_free(client->streams);
}

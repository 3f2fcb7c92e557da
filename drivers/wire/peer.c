/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/peer.h"

#include <fcntl.h>
#include <string.h>

#include "drivers/wire/codec.h"
#include "service/base/cleanup.h"

/* One read. It is everybody's: what is left of it when the read was worked off is copied to its
 * peer, so that a silent one keeps no buffer. */
#define READ_SIZE (128 * 1024)
static uint8_t read_buffer[READ_SIZE];

/* Frames that a peer may give in one turn of the loop. One read can hold thousands of them, for
 * which nobody else is to wait. */
#define FRAMES_PER_TURN 64

/* Buffers past this size are given back when they are empty. */
#define BUFFER_KEEP (64 * 1024)

/* How long one that is finished may take to read what was sent last. */
#define FINISH_USEC (10 * G_USEC_PER_SEC)

/* A descriptor, and the place of its byte in the stream of bytes that came or that go. */
typedef struct Attached {
        uint64_t position;
        int fd;
} Attached;

struct WirePeer {
        sd_event *event;
        WireLink *link; /* NULL: closed */
        const WirePeerEvents *events;
        void *data;
        sd_event_source *io, *later, *timer;

        GByteArray *in; /* what came and was not worked off, from in_at on */
        size_t in_at;
        uint64_t received; /* bytes in all, up to the end of in */
        GQueue in_fds;     /* Attached */

        GByteArray *out; /* what waits to go out, from out_at on */
        size_t out_at;
        size_t out_left; /* of the frame that is going out, where frames go out apart */
        uint64_t queued; /* bytes in all, up to the end of out */
        GQueue out_fds;  /* Attached */
        bool above;      /* the queue had reached WIRE_QUEUE_HIGH, and is not below LOW yet */

        WireLinkWrap wrap; /* when all up to wrap_at went out; NULL: none is to come */
        void *wrap_data;
        uint64_t wrap_at;

        uint64_t interval, heard; /* of keepalive: CLOCK_MONOTONIC */
        unsigned count, unanswered;

        unsigned paused;
        unsigned turn; /* frames that are left of it */
        bool behind;   /* whole frames wait in `in` for the next turn; until then nothing is read */
        bool reading;  /* what is sent goes out at the end of this read */
        bool finishing;
        bool overrun;  /* the queue was full */
        bool freed;    /* while a callback runs; else it is gone at once */
        unsigned busy; /* callbacks */
};

static void attached_free(void *data)
{
        Attached *attached = data;

        fd_close(attached->fd);
        g_free(attached);
}

static void attach(GQueue *queue, uint64_t position, int fd)
{
        Attached *attached = g_new(Attached, 1);

        *attached = (Attached){ .position = position, .fd = fd };
        g_queue_push_tail(queue, attached);
}

static void buffer_reset(GByteArray **buffer, size_t *at)
{
        *at = 0;
        if ((*buffer)->len <= BUFFER_KEEP) {
                g_byte_array_set_size(*buffer, 0);
                return;
        }
        g_byte_array_unref(*buffer);
        *buffer = g_byte_array_new();
}

/* The end. */

static void peer_disconnect(WirePeer *peer)
{
        peer->io = sd_event_source_disable_unref(peer->io);
        peer->later = sd_event_source_disable_unref(peer->later);
        peer->timer = sd_event_source_disable_unref(peer->timer);
        peer->link = wire_link_free(peer->link);
        g_queue_clear_full(&peer->in_fds, attached_free);
        g_queue_clear_full(&peer->out_fds, attached_free);
        g_byte_array_set_size(peer->in, 0);
        g_byte_array_set_size(peer->out, 0);
        peer->in_at = peer->out_at = 0;
        peer->behind = false;
}

static void peer_destroy(WirePeer *peer)
{
        g_byte_array_unref(peer->in);
        g_byte_array_unref(peer->out);
        sd_event_unref(peer->event);
        g_free(peer);
}

static void peer_enter(WirePeer *peer)
{
        peer->busy++;
}

static void peer_leave(WirePeer *peer)
{
        if (--peer->busy == 0 && peer->freed)
                peer_destroy(peer);
}

WirePeer *wire_peer_free(WirePeer *peer)
{
        if (peer && !peer->freed) {
                peer->freed = true;
                peer_disconnect(peer);
                if (peer->busy == 0)
                        peer_destroy(peer);
        }
        return NULL;
}

void wire_peer_close(WirePeer *peer)
{
        peer_disconnect(peer);
}

static void peer_close(WirePeer *peer, WireCloseReason reason, const GError *error)
{
        peer_disconnect(peer);
        peer->events->closed(peer, reason, error, peer->data);
}

static void G_GNUC_PRINTF(2, 3) peer_refuse(WirePeer *peer, const char *format, ...)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        error_set(&error, ERROR_RPC, "%s", text);
        peer_close(peer, WIRE_CLOSE_ERROR, error);
}

/* A read or write went wrong; r is its result. */
static void peer_fail(WirePeer *peer, ssize_t r, const char *what)
{
        g_autoptr(GError) error = NULL;

        if (peer->link->problem)
                error_set(&error, ERROR_SYSTEM_ERROR, "%s: %s", what, peer->link->problem);
        else
                error_set_errno(&error, (int)r, "%s", what);
        peer_close(peer, WIRE_CLOSE_ERROR, error);
}

/* What the loop waits for. */

static size_t unsent(const WirePeer *peer)
{
        return peer->out->len - peer->out_at;
}

static bool may_read(const WirePeer *peer)
{
        return peer->link && peer->paused == 0 && !peer->finishing && !peer->wrap;
}

static void peer_watch(WirePeer *peer)
{
        uint32_t events;

        if (!peer->link)
                return;
        events = wire_link_events(peer->link, may_read(peer) && !peer->behind, unsent(peer) > 0);
        /* Off rather than nothing: epoll tells of a hang-up all the same, and would do so without
         * end. */
        if (events)
                sd_event_source_set_io_events(peer->io, events);
        sd_event_source_set_enabled(peer->io, events ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_later(sd_event_source *source, void *data);

static void peer_go_on_later(WirePeer *peer)
{
        sd_event_source_set_enabled(peer->later, SD_EVENT_ONESHOT);
}

/* Another turn, when those who wait already have had theirs. For that the source is made anew:
 * sd-event takes the one that is pending for longest, and a defer source counts from its making. */
static void peer_line_up(WirePeer *peer)
{
        sd_event_source *later;

        if (sd_event_add_defer(peer->event, &later, on_later, peer) < 0) {
                peer_go_on_later(peer);
                return;
        }
        sd_event_source_disable_unref(peer->later);
        peer->later = later;
}

/* Out. */

static void peer_rewrap(WirePeer *peer)
{
        WireLinkWrap wrap = peer->wrap;
        g_autoptr(GError) error = NULL;
        WireLink *inner = peer->link;

        WireLink *outer = wrap(inner, peer->in->data + peer->in_at, peer->in->len - peer->in_at,
                peer->wrap_data, &error);

        peer->wrap = NULL;
        if (!outer) {
                peer_close(peer, WIRE_CLOSE_ERROR, error);
                return;
        }
        peer->link = outer;
        peer->behind = false;
        buffer_reset(&peer->in, &peer->in_at);
        /* What the layer was given is nothing that epoll tells of. */
        peer_go_on_later(peer);
}

/* The size of the frame that is the next to go out: its first word. */
static size_t frame_to_go(const WirePeer *peer)
{
        uint32_t length;

        memcpy(&length, peer->out->data + peer->out_at, sizeof length);
        return GUINT32_FROM_BE(length);
}

/* The bytes that may go with the next write, and the descriptor that goes with the first. */
static size_t next_piece(const WirePeer *peer, int *ret_fd)
{
        const Attached *attached = g_queue_peek_head((GQueue *)&peer->out_fds);
        uint64_t position = peer->queued - unsent(peer);
        size_t n = unsent(peer);

        *ret_fd = -1;
        if (peer->wrap)
                n = MIN(n, peer->wrap_at - position);
        if (peer->link->apart)
                n = MIN(n, peer->out_left);
        if (!attached)
                return n;
        if (attached->position > position)
                return MIN(n, attached->position - position);
        *ret_fd = attached->fd;
        return 1;
}

static void peer_flush(WirePeer *peer)
{
        while (peer->link) {
                int fd;
                size_t n;
                ssize_t r = 0;

                if (peer->link->apart && peer->out_left == 0 && unsent(peer) > 0)
                        peer->out_left = frame_to_go(peer);
                n = next_piece(peer, &fd);
                if (n > 0) {
                        r = wire_link_write(peer->link, peer->out->data + peer->out_at, n, fd);
                        if (r == -EAGAIN)
                                break;
                        if (r < 0) {
                                peer_fail(peer, r, "Cannot write data");
                                return;
                        }
                        if (fd >= 0)
                                attached_free(g_queue_pop_head(&peer->out_fds));
                        peer->out_at += r;
                        peer->out_left -= MIN(peer->out_left, (size_t)r);
                }
                if (unsent(peer) == 0)
                        buffer_reset(&peer->out, &peer->out_at);
                if (peer->wrap && peer->queued - unsent(peer) == peer->wrap_at)
                        peer_rewrap(peer);
                else if (n == 0)
                        break;
        }
        if (!peer->link)
                return;
        /* Moved to the front now and then, so that each byte moves at most once on average. */
        if (peer->out_at > BUFFER_KEEP && peer->out_at > peer->out->len / 2) {
                g_byte_array_remove_range(peer->out, 0, peer->out_at);
                peer->out_at = 0;
        }
        if (unsent(peer) == 0 && peer->finishing) {
                peer_close(peer, WIRE_CLOSE_CLIENT, NULL);
                return;
        }
        if (peer->above && unsent(peer) < WIRE_QUEUE_LOW) {
                peer->above = false;
                if (peer->events->drained)
                        peer->events->drained(peer, peer->data);
        }
}

static bool carries_fds(int32_t type)
{
        return type == WIRE_CALL_WITH_FDS || type == WIRE_REPLY_WITH_FDS;
}

/* Whether it can be sent at all. */
static int check_send(WirePeer *peer, const WireHeader *header, unsigned n_fds)
{
        if (!peer->link || peer->finishing || peer->overrun)
                return -ENOTCONN;
        if (n_fds > WIRE_FDS_MAX)
                return -E2BIG;
        if (n_fds > 0 && (!carries_fds(header->type) || !peer->link->kind->passes_fds))
                return -EOPNOTSUPP;
        if (unsent(peer) > WIRE_QUEUE_MAX) {
                peer->overrun = true;
                peer_go_on_later(peer);
                return -ENOBUFS;
        }
        return 0;
}

/* Adds one byte with each descriptor behind what is queued. */
static int queue_fds(WirePeer *peer, size_t begin, const int *fds, unsigned n_fds)
{
        int copies[WIRE_FDS_MAX];

        for (unsigned i = 0; i < n_fds; i++) {
                copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
                if (copies[i] < 0) {
                        int r = -errno;

                        while (i > 0)
                                fd_close(copies[--i]);
                        return r;
                }
        }
        for (unsigned i = 0; i < n_fds; i++) {
                attach(&peer->out_fds, peer->queued + (peer->out->len - begin), copies[i]);
                g_byte_array_append(peer->out, (const uint8_t[1]){ 0 }, 1);
        }
        return 0;
}

/* Puts the head before what was queued since begin, and lets it go. */
static int queue_frame(
        WirePeer *peer, const WireHeader *header, size_t begin, const int *fds, unsigned n_fds)
{
        size_t length = peer->out->len - begin;
        int r = length > WIRE_FRAME_MAX ? -EMSGSIZE : 0;

        if (r == 0)
                r = queue_fds(peer, begin, fds, n_fds);
        if (r < 0) {
                g_byte_array_set_size(peer->out, begin);
                return r;
        }
        wire_frame_write(peer->out->data + begin, (uint32_t)length, header);
        if (carries_fds(header->type)) {
                uint32_t count = GUINT32_TO_BE(n_fds);

                memcpy(peer->out->data + begin + WIRE_FRAME_LEAST, &count, sizeof count);
        }
        peer->queued += peer->out->len - begin;
        if (unsent(peer) >= WIRE_QUEUE_HIGH)
                peer->above = true;
        if (!peer->reading)
                peer_go_on_later(peer);
        return 0;
}

/* Room for the head, and for the count of descriptors. */
static size_t begin_frame(WirePeer *peer, const WireHeader *header)
{
        size_t begin = peer->out->len;

        g_byte_array_set_size(peer->out,
                begin + WIRE_FRAME_LEAST + (carries_fds(header->type) ? sizeof(uint32_t) : 0));
        return begin;
}

int wire_peer_send(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        const int *fds, unsigned n_fds)
{
        int r = n > WIRE_PAYLOAD_MAX ? -EMSGSIZE : check_send(peer, header, n_fds);
        size_t begin;

        if (r < 0)
                return r;
        begin = begin_frame(peer, header);
        g_byte_array_append(peer->out, payload, n);
        return queue_frame(peer, header, begin, fds, n_fds);
}

int wire_peer_send_value(WirePeer *peer, const WireHeader *header, const char *layout,
        const void *data, const int *fds, unsigned n_fds)
{
        int r = check_send(peer, header, n_fds);
        size_t begin;

        if (r < 0)
                return r;
        begin = begin_frame(peer, header);
        r = wire_encode(layout, data, peer->out);
        if (r < 0) {
                g_byte_array_set_size(peer->out, begin);
                return r;
        }
        return queue_frame(peer, header, begin, fds, n_fds);
}

size_t wire_peer_queued(const WirePeer *peer)
{
        return unsent(peer);
}

/* In. */

static void send_keepalive(WirePeer *peer, WireKeepalive procedure)
{
        const WireHeader header = {
                .program = WIRE_PROGRAM_KEEPALIVE,
                .version = WIRE_VERSION,
                .procedure = procedure,
                .type = WIRE_MESSAGE,
                .serial = WIRE_KEEPALIVE_SERIAL,
                .status = WIRE_OK,
        };

        /* Where it does not go, the connection is over soon. */
        (void)wire_peer_send(peer, &header, NULL, 0, NULL, 0);
}

/* Bytes of a peer, and the place of the first in the stream. */
typedef struct Chunk {
        const uint8_t *bytes;
        size_t n;
        uint64_t position;
} Chunk;

typedef struct Frame {
        WireHeader header;
        const uint8_t *payload;
        size_t n, whole; /* whole: with head and the bytes of the descriptors */
        unsigned n_fds;
} Frame;

/* 1: there it is; 0: more has to come; -1: the peer was refused. */
static int next_frame(WirePeer *peer, const Chunk *chunk, Frame *ret)
{
        uint32_t length, count = 0;
        size_t skip = 0;

        if (chunk->n < WIRE_LENGTH_SIZE)
                return 0;
        length = wire_frame_length(chunk->bytes);
        if (length < WIRE_FRAME_LEAST || length > WIRE_FRAME_MAX) {
                peer_refuse(peer, "a frame of %u bytes came, between %u and %u are allowed", length,
                        WIRE_FRAME_LEAST, WIRE_FRAME_MAX);
                return -1;
        }
        if (chunk->n < length)
                return 0;
        ret->header = wire_frame_header(chunk->bytes);
        if (carries_fds(ret->header.type)) {
                skip = sizeof count;
                if (length >= WIRE_FRAME_LEAST + skip) {
                        memcpy(&count, chunk->bytes + WIRE_FRAME_LEAST, sizeof count);
                        count = GUINT32_FROM_BE(count);
                }
                if (length < WIRE_FRAME_LEAST + skip || count > WIRE_FDS_MAX ||
                        (count > 0 && !peer->link->kind->passes_fds)) {
                        peer_refuse(peer, "a frame came with %u descriptors over %s", count,
                                peer->link->kind->name);
                        return -1;
                }
        }
        ret->payload = chunk->bytes + WIRE_FRAME_LEAST + skip;
        ret->n = length - WIRE_FRAME_LEAST - skip;
        ret->n_fds = count;
        ret->whole = length + count;
        return chunk->n >= ret->whole;
}

/* Closes those that came with bytes before this place, where none belongs. */
static void close_strays(WirePeer *peer, uint64_t position)
{
        Attached *head;

        while ((head = g_queue_peek_head(&peer->in_fds)) && head->position < position)
                attached_free(g_queue_pop_head(&peer->in_fds));
}

/* Those of the bytes from this place on. 0; -1: one is missing, and the peer was refused. */
static int claim_fds(WirePeer *peer, uint64_t position, int *fds, unsigned n_fds)
{
        close_strays(peer, position);
        for (unsigned i = 0; i < n_fds; i++) {
                Attached *head = g_queue_peek_head(&peer->in_fds);

                if (!head || head->position != position + i) {
                        while (i > 0)
                                fd_close(fds[--i]);
                        peer_refuse(peer, "a byte came without its descriptor");
                        return -1;
                }
                fds[i] = fd_steal(&head->fd);
                attached_free(g_queue_pop_head(&peer->in_fds));
        }
        return 0;
}

static void deliver(WirePeer *peer, const Frame *frame, uint64_t position)
{
        int fds[WIRE_FDS_MAX];

        if (frame->header.program == WIRE_PROGRAM_KEEPALIVE && frame->header.type == WIRE_MESSAGE) {
                /* One that does not read hears more than an answer already, once it does. */
                if (frame->header.procedure == WIRE_PING && !peer->above)
                        send_keepalive(peer, WIRE_PONG);
                return;
        }
        if (claim_fds(peer, position + frame->whole - frame->n_fds, fds, frame->n_fds) < 0)
                return;
        peer->events->frame(
                peer, &frame->header, frame->payload, frame->n, fds, frame->n_fds, peer->data);
        for (unsigned i = 0; i < frame->n_fds; i++)
                fd_close(fds[i]);
}

/* Gives the frames of the chunk while there are any, somebody takes them and it is this peer's
 * turn; returns how many bytes were. */
static size_t deliver_frames(WirePeer *peer, Chunk chunk)
{
        uint64_t begin = chunk.position;
        Frame frame;

        peer->behind = false;
        while (may_read(peer) && next_frame(peer, &chunk, &frame) > 0) {
                uint64_t position = chunk.position;

                if (peer->turn == 0) {
                        peer->behind = true;
                        break;
                }
                peer->turn--;
                chunk.bytes += frame.whole;
                chunk.n -= frame.whole;
                chunk.position += frame.whole;
                deliver(peer, &frame, position);
        }
        /* A frame that is not whole has no descriptors within it: not to be piled up. */
        if (may_read(peer))
                close_strays(peer,
                        chunk.position +
                                (chunk.n < WIRE_LENGTH_SIZE ? chunk.n :
                                                              wire_frame_length(chunk.bytes)));
        return chunk.position - begin;
}

/* Works off what was read before. */
static void deliver_old(WirePeer *peer)
{
        size_t n = peer->in->len - peer->in_at;

        peer->in_at += deliver_frames(peer,
                (Chunk){ .bytes = peer->in->data + peer->in_at,
                        .n = n,
                        .position = peer->received - n });
        if (!peer->link)
                return;
        if (peer->in_at == peer->in->len) {
                buffer_reset(&peer->in, &peer->in_at);
        } else if (peer->in_at > peer->in->len / 2) {
                g_byte_array_remove_range(peer->in, 0, peer->in_at);
                peer->in_at = 0;
        }
}

static void deliver_new(WirePeer *peer, const uint8_t *bytes, size_t n)
{
        size_t taken = 0;

        peer->received += n;
        if (peer->in->len == 0)
                taken = deliver_frames(
                        peer, (Chunk){ .bytes = bytes, .n = n, .position = peer->received - n });
        if (!peer->link)
                return;
        g_byte_array_append(peer->in, bytes + taken, n - taken);
        if (taken == 0)
                deliver_old(peer);
}

static void peer_read(WirePeer *peer)
{
        g_autoptr(GError) error = NULL;
        int fd;
        ssize_t n = wire_link_read(peer->link, read_buffer, sizeof read_buffer, &fd);

        if (n == -EAGAIN)
                return;
        if (n < 0) {
                peer_fail(peer, n, "Cannot read data");
                return;
        }
        if (n == 0) {
                error_set_errno(&error, EIO, "End of file while reading data");
                peer_close(peer, WIRE_CLOSE_EOF, error);
                return;
        }
        if (fd >= 0)
                attach(&peer->in_fds, peer->received + n - 1, fd);
        sd_event_now(peer->event, CLOCK_MONOTONIC, &peer->heard);
        peer->unanswered = 0;
        deliver_new(peer, read_buffer, n);
}

/* One turn: reads once if that is wanted, and whatever else can be done. */
static void peer_run(WirePeer *peer, bool readable)
{
        peer_enter(peer);
        peer->reading = true;
        peer->turn = FRAMES_PER_TURN;
        if (peer->overrun)
                peer_refuse(peer, "the peer reads too slowly: %zu bytes wait", unsent(peer));
        if (may_read(peer) && peer->in->len > peer->in_at)
                deliver_old(peer);
        if (may_read(peer) && !peer->behind && (readable || wire_link_pending(peer->link)))
                peer_read(peer);
        peer->reading = false;
        if (peer->link)
                peer_flush(peer);
        if (may_read(peer) && (peer->behind || wire_link_pending(peer->link)))
                peer_line_up(peer);
        peer_watch(peer);
        peer_leave(peer);
}

static int on_later(sd_event_source *source, void *data)
{
        (void)source;
        peer_run(data, false);
        return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t ready, void *data)
{
        (void)source, (void)fd, (void)ready;
        peer_run(data, true);
        return 0;
}

void wire_peer_pause(WirePeer *peer)
{
        peer->paused++;
        peer_watch(peer);
}

void wire_peer_resume(WirePeer *peer)
{
        g_assert(peer->paused > 0);
        if (--peer->paused > 0 || !peer->link)
                return;
        /* Whoever held us is not the one that was silent. */
        sd_event_now(peer->event, CLOCK_MONOTONIC, &peer->heard);
        if (peer->in->len > peer->in_at)
                peer_go_on_later(peer);
        peer_watch(peer);
}

/* Time. */

static void timer_at(WirePeer *peer, uint64_t usec)
{
        sd_event_source_set_time(peer->timer, usec);
        sd_event_source_set_enabled(peer->timer, SD_EVENT_ONESHOT);
}

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
        g_autoptr(GError) error = NULL;
        WirePeer *peer = data;
        uint64_t now;

        (void)source, (void)usec;
        peer_enter(peer);
        sd_event_now(peer->event, CLOCK_MONOTONIC, &now);
        if (peer->finishing) {
                peer_refuse(peer, "the peer did not read the last %zu bytes", unsent(peer));
        } else if (peer->paused == 0 && !peer->behind && now >= peer->heard + peer->interval) {
                if (peer->unanswered == peer->count) {
                        error_set(&error, ERROR_INTERNAL_ERROR,
                                "connection closed due to keepalive timeout");
                        peer_close(peer, WIRE_CLOSE_KEEPALIVE, error);
                } else {
                        peer->unanswered++;
                        send_keepalive(peer, WIRE_PING);
                        timer_at(peer, now + peer->interval);
                }
        } else {
                timer_at(peer, MAX(now, peer->heard) + peer->interval);
        }
        peer_leave(peer);
        return 0;
}

void wire_peer_keepalive(WirePeer *peer, uint64_t interval, unsigned count)
{
        if (!peer->link || peer->finishing)
                return;
        peer->interval = interval;
        peer->count = count;
        peer->unanswered = 0;
        sd_event_now(peer->event, CLOCK_MONOTONIC, &peer->heard);
        if (interval > 0)
                timer_at(peer, peer->heard + interval);
        else
                sd_event_source_set_enabled(peer->timer, SD_EVENT_OFF);
}

/* Beginning, finishing. */

WirePeer *wire_peer_new(sd_event *event, WireLink *link, const WirePeerEvents *events, void *data)
{
        WirePeer *peer = g_new(WirePeer, 1);
        int r;

        *peer = (WirePeer){
                .event = sd_event_ref(event),
                .link = link,
                .events = events,
                .data = data,
                .in = g_byte_array_new(),
                .out = g_byte_array_new(),
        };
        r = sd_event_add_io(
                event, &peer->io, link->fd, wire_link_events(link, true, false), on_io, peer);
        if (r >= 0)
                r = sd_event_add_defer(event, &peer->later, on_later, peer);
        if (r >= 0)
                r = sd_event_add_time(event, &peer->timer, CLOCK_MONOTONIC, 0, 0, on_time, peer);
        /* They fail without memory, or for what is no descriptor of a stream. */
        if (r < 0)
                g_error("cannot watch a connection: %s", g_strerror(-r));
        sd_event_source_set_enabled(peer->timer, SD_EVENT_OFF);
        if (!wire_link_pending(link))
                sd_event_source_set_enabled(peer->later, SD_EVENT_OFF);
        return peer;
}

void wire_peer_finish(WirePeer *peer)
{
        uint64_t now;

        if (!peer->link || peer->finishing)
                return;
        peer->finishing = true;
        sd_event_now(peer->event, CLOCK_MONOTONIC, &now);
        timer_at(peer, now + FINISH_USEC);
        peer_go_on_later(peer);
        peer_watch(peer);
}

WireLink *wire_peer_link(WirePeer *peer)
{
        return peer->link;
}

void wire_peer_wrap(WirePeer *peer, WireLinkWrap wrap, void *data)
{
        if (!peer->link)
                return;
        peer->wrap = wrap;
        peer->wrap_data = data;
        peer->wrap_at = peer->queued;
        if (!peer->reading)
                peer_go_on_later(peer);
        peer_watch(peer);
}

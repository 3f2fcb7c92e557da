/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/wire/errors.h"
#include "service/base/cleanup.h"
#include "service/base/delivery.h"

/* What may wait for the descriptor here. Past the first a link that has nothing else to do stands
 * still, past the second a stream that shares its link is given up: nobody reads. */
#define PENDING_PAUSE (256 * 1024)
#define PENDING_MAX (4 * 1024 * 1024)
/* How long the peer may take to confirm the end. */
#define END_DEADLINE (60 * G_USEC_PER_SEC)

struct Stream {
        RemoteStream remote;
        RemoteLink *link;
        bool bulk;
        unsigned directions;
        bool begun;
        int fd; /* our end; -1: closed */
        sd_event_source *source, *timer;
        GByteArray *pending; /* for the descriptor */
        bool paused;         /* the link */
        bool choked;         /* what comes from the descriptor has to wait */
        bool peer_ended;     /* all that it sent has come */
        bool ending;         /* the peer was told */
        GError *problem;
        Job *job; /* NULL: it is none */
        uint64_t carried, total;
        void (*done)(const GError *error, int fd, void *data);
        void *data;
};

/* The end. */

Stream *stream_free(Stream *stream)
{
        if (!stream)
                return NULL;
        remote_stream_forget(stream->link, &stream->remote);
        if (stream->bulk)
                remote_link_close(stream->link, "the stream has ended");
        sd_event_source_disable_unref(stream->source);
        sd_event_source_disable_unref(stream->timer);
        fd_close(stream->fd);
        g_byte_array_unref(stream->pending);
        g_clear_error(&stream->problem);
        remote_link_unref(stream->link);
        g_free(stream);
        return NULL;
}

/* Who writes finds the message before the end, if they look. */
static void say_why(Stream *stream)
{
        if (stream->directions == STREAM_TO_PEER && stream->fd >= 0)
                delivery_refuse(stream->fd, stream->problem->message);
        stream->fd = fd_close(stream->fd);
}

/* The peer has sent all. */
static void close_complete(Stream *stream)
{
        if (stream->directions == STREAM_FROM_PEER && stream->fd >= 0)
                delivery_complete(stream->fd);
        stream->fd = fd_close(stream->fd);
}

/* After this there is no stream. */
static void stream_end(Stream *stream)
{
        if (stream->problem)
                say_why(stream);
        job_end(stream->job, stream->problem);
        if (stream->done)
                stream->done(stream->problem, fd_steal(&stream->fd), stream->data);
        stream_free(stream);
}

static int on_timer(sd_event_source *source, uint64_t now, void *data)
{
        Stream *stream = data;

        (void)source, (void)now;
        if (!stream->problem)
                error_set(&stream->problem, ERROR_OPERATION_TIMEOUT,
                        "the peer has not confirmed the end of a stream in time");
        stream_end(stream);
        return 0;
}

/* Who only writes hears the end when all is known to be there. */
static void close_here(Stream *stream)
{
        stream->source = sd_event_source_disable_unref(stream->source);
        if (stream->problem)
                say_why(stream);
        else if (stream->directions != STREAM_TO_PEER)
                close_complete(stream);
}

/* Tells the peer that the stream is complete (OK) or to be given up (ERROR). It confirms. */
static void stream_finish(Stream *stream, int32_t status)
{
        if (stream->ending)
                return;
        stream->ending = true;
        job_allow_cancel(stream->job, false);
        close_here(stream);
        if (stream->paused) {
                stream->paused = false;
                wire_peer_resume(remote_link_peer(stream->link));
        }
        if (remote_stream_send(stream->link, &stream->remote, WIRE_STREAM, status, NULL, 0) < 0 ||
                sd_event_add_time_relative(fibers_event(), &stream->timer, CLOCK_MONOTONIC,
                        END_DEADLINE, 0, on_timer, stream) < 0) {
                if (!stream->problem)
                        error_set(&stream->problem, ERROR_RPC, "the link to the peer is lost");
                stream_end(stream);
        }
}

/* Whoever has the other end takes no more. */
static void stream_left(Stream *stream)
{
        if (!stream->problem)
                error_set(&stream->problem, ERROR_OPERATION_ABORTED,
                        "nobody reads any more what the stream brings");
        stream_finish(stream, WIRE_ERROR);
}

static void on_cancel(void *data)
{
        Stream *stream = data;

        error_set(&stream->problem, ERROR_OPERATION_ABORTED, "it was cancelled");
        stream_finish(stream, WIRE_ERROR);
}

static void carried(Stream *stream, size_t n)
{
        stream->carried += n;
        job_progress(stream->job, stream->carried, stream->total);
}

/* From the peer to the descriptor. */

static void watch(Stream *stream)
{
        bool reads = (stream->directions & STREAM_TO_PEER) && !stream->choked;
        bool writes = stream->pending->len > 0;

        sd_event_source_set_io_events(
                stream->source, (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0));
        /* Who has written all and closed its end would be told of here, before that is read. */
        sd_event_source_set_enabled(
                stream->source, stream->choked && !writes ? SD_EVENT_OFF : SD_EVENT_ON);
}

/* Writes what waits. 0, or -errno where nobody will read it. */
static int flush(Stream *stream)
{
        while (stream->pending->len > 0) {
                ssize_t n = write(stream->fd, stream->pending->data, stream->pending->len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;
                g_byte_array_remove_range(stream->pending, 0, n);
        }
        return 0;
}

/* The link of a bulk stream carries nothing but it. */
static void regulate(Stream *stream)
{
        bool full = stream->pending->len > PENDING_PAUSE;

        if (!stream->bulk || full == stream->paused)
                return;
        stream->paused = full;
        if (full)
                wire_peer_pause(remote_link_peer(stream->link));
        else
                wire_peer_resume(remote_link_peer(stream->link));
}

static void hand_on(Stream *stream)
{
        if (flush(stream) < 0) {
                stream_left(stream);
                return;
        }
        if (stream->peer_ended && stream->pending->len == 0) {
                stream_finish(stream, WIRE_OK);
                return;
        }
        watch(stream);
        regulate(stream);
}

static void on_data(Stream *stream, const void *payload, size_t n)
{
        /* What comes without having been asked for is not for who writes. */
        if (stream->ending || !(stream->directions & STREAM_FROM_PEER))
                return;
        if (n == 0)
                stream->peer_ended = true;
        else
                g_byte_array_append(stream->pending, payload, n);
        carried(stream, n);
        if (!stream->begun && stream->pending->len > PENDING_MAX) {
                remote_link_drop(stream->link, "the peer sends a stream that it has not opened");
        } else if (!stream->bulk && stream->pending->len > PENDING_MAX) {
                error_set(&stream->problem, ERROR_OPERATION_ABORTED,
                        "nobody reads what the stream brings");
                stream_finish(stream, WIRE_ERROR);
        } else if (stream->begun) {
                hand_on(stream);
        }
}

static void on_packet(
        RemoteStream *remote, int32_t type, int32_t status, const void *payload, size_t n)
{
        Stream *stream = (Stream *)remote;

        /* Holes are not asked for. */
        if (type != WIRE_STREAM)
                return;
        if (status == WIRE_CONTINUE) {
                on_data(stream, payload, n);
                return;
        }
        if (status == WIRE_ERROR && n > 0 && !stream->problem)
                wire_error_set(&stream->problem, payload, n);
        else if (status == WIRE_ERROR && !stream->ending)
                error_set(&stream->problem, ERROR_RPC, "the peer has given up the stream");
        else if (stream->directions == STREAM_TO_PEER && !stream->ending && !stream->problem)
                error_set(&stream->problem, ERROR_RPC, "the peer has ended the stream early");
        /* Before it has begun whoever opens it hears of the error by its call. */
        if (stream->begun) {
                if (stream->fd >= 0)
                        flush(stream);
                stream_end(stream);
        } else {
                stream->ending = true;
        }
}

/* From the descriptor to the peer. */

static void take_from(Stream *stream)
{
        g_autofree uint8_t *buffer = g_malloc(WIRE_STREAM_MAX);
        ssize_t n = read(stream->fd, buffer, WIRE_STREAM_MAX);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                /* A console that its user has left is given back, whatever it had to say. */
                stream_finish(stream, n == 0 ? WIRE_OK : WIRE_ERROR);
                return;
        }
        if (remote_stream_send(
                    stream->link, &stream->remote, WIRE_STREAM, WIRE_CONTINUE, buffer, n) < 0) {
                error_set(&stream->problem, ERROR_RPC, "the link to the peer is lost");
                stream_end(stream);
                return;
        }
        carried(stream, n);
        stream->choked = wire_peer_queued(remote_link_peer(stream->link)) > WIRE_QUEUE_HIGH;
        watch(stream);
}

static int on_descriptor(sd_event_source *source, int fd, uint32_t events, void *data)
{
        Stream *stream = data;

        (void)source, (void)fd;
        if (events & EPOLLIN) {
                take_from(stream);
                return 0;
        }
        if (events & EPOLLOUT) {
                hand_on(stream);
                return 0;
        }
        /* Nobody has the other end any more. */
        if (stream->directions == STREAM_TO_PEER)
                stream_finish(stream, WIRE_OK);
        else
                stream_left(stream);
        return 0;
}

static void on_drained(RemoteStream *remote)
{
        Stream *stream = (Stream *)remote;

        if (!stream->choked || !stream->source)
                return;
        stream->choked = false;
        watch(stream);
}

static void on_lost(RemoteStream *remote, const GError *reason)
{
        Stream *stream = (Stream *)remote;

        g_clear_error(&stream->problem);
        stream->problem = g_error_copy(reason);
        if (stream->begun)
                stream_end(stream);
}

/* The beginning. */

/* Ours comes first. */
static int make_ends(unsigned directions, int ends[2])
{
        if (directions == STREAM_FROM_PEER)
                return delivery_new(ends);
        return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

Stream *stream_new(RemoteLink *link, unsigned directions, bool bulk, int *ret_fd, GError **error)
{
        Stream *stream;
        int ends[2], r;

        r = make_ends(directions, ends);
        if (r < 0) {
                error_set_errno(error, r, "cannot make a descriptor for a stream");
                return NULL;
        }
        stream = g_new(Stream, 1);
        *stream = (Stream){
                .remote = { .packet = on_packet, .lost = on_lost, .drained = on_drained },
                .link = remote_link_ref(link),
                .bulk = bulk,
                .directions = directions,
                .fd = ends[0],
                .pending = g_byte_array_new(),
        };
        *ret_fd = ends[1];
        r = fcntl(stream->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
        if (r == 0)
                r = sd_event_add_io(
                        fibers_event(), &stream->source, stream->fd, 0, on_descriptor, stream);
        if (r < 0) {
                error_set_errno(error, r, "cannot set up a descriptor for a stream");
                *ret_fd = fd_close(*ret_fd);
                return stream_free(stream);
        }
        sd_event_source_set_enabled(stream->source, SD_EVENT_OFF);
        return stream;
}

RemoteStream *stream_of(Stream *stream)
{
        return &stream->remote;
}

void stream_be_job(Stream *stream, Object *object, const char *operation, uint64_t total)
{
        stream->job = job_begin_apart(object, operation, on_cancel, stream);
        stream->total = total;
        job_progress(stream->job, 0, total);
}

void stream_begin(Stream *stream, void (*done)(const GError *error, int fd, void *data), void *data)
{
        stream->done = done;
        stream->data = data;
        stream->begun = true;
        if (stream->problem || stream->ending) {
                stream_end(stream);
                return;
        }
        hand_on(stream);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One end of a connection that speaks libvirt's wire, on the event loop: frames in, frames out,
 * keepalive. It knows no procedure and serves both ends.
 *
 * Nothing here waits. Callbacks are made on the loop's stack, one at a time; each function here may
 * be called from within them and from fibers, also those that end the peer. What is sent goes out
 * in as few writes as there can be: at the end of the read that caused it, else when the loop turns
 * next.
 *
 * Descriptors: behind a frame of a type _WITH_FDS come as many bytes as its first word says, each
 * with one descriptor. The peer takes word and descriptors off and gives or takes them apart. */

#include <systemd/sd-event.h>

#include "drivers/wire/frame.h"
#include "drivers/wire/link.h"
#include "service/base/error.h"

typedef struct WirePeer WirePeer;

/* As libvirt numbers the reasons that an application is told. */
typedef enum WireCloseReason {
        WIRE_CLOSE_ERROR,
        WIRE_CLOSE_EOF,
        WIRE_CLOSE_KEEPALIVE,
        WIRE_CLOSE_CLIENT,
} WireCloseReason;

typedef struct WirePeerEvents {
        /* A frame came. The payload is the peer's and valid during the call; of descriptors, those
         * that are taken (set to -1 in fds) are the callee's, the others are closed. Keepalive is
         * not told. */
        void (*frame)(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
                int *fds, unsigned n_fds, void *data);
        /* The connection is over, by the other end, a failure or wire_peer_finish(): the last call.
         * What was not sent is lost. Not called after wire_peer_free(). */
        void (*closed)(WirePeer *peer, WireCloseReason reason, const GError *error, void *data);
        /* The queue, which had reached WIRE_QUEUE_HIGH, is below WIRE_QUEUE_LOW. May be NULL. */
        void (*drained)(WirePeer *peer, void *data);
} WirePeerEvents;

/* Bytes that wait to go out: from the first on a sender of streams or a reader of calls ought to
 * pause; past the last a peer that does not read is dropped. */
#define WIRE_QUEUE_LOW (64 * 1024)
#define WIRE_QUEUE_HIGH (1024 * 1024)
#define WIRE_QUEUE_MAX (2 * WIRE_FRAME_MAX)

/* Owns the link from now on. Reads at once. events must outlive it. */
WirePeer *wire_peer_new(sd_event *event, WireLink *link, const WirePeerEvents *events, void *data);

/* Drops the connection with all that is queued. Takes NULL; returns NULL. */
WirePeer *wire_peer_free(WirePeer *peer);

/* The same, but the peer stays, and is one that was closed. `closed` is not called. */
void wire_peer_close(WirePeer *peer);

/* Closes when all that is queued has gone out, and reads no more; `closed` tells then, with reason
 * CLIENT and no error. */
void wire_peer_finish(WirePeer *peer);

/* NULL: it is not connected any more. */
WireLink *wire_peer_link(WirePeer *peer);

/* Queues a frame. 0; -EMSGSIZE where the payload is too long; -ENOTCONN after it was closed;
 * -ENOBUFS where the queue is full, and then the peer is dropped (`closed` is called later);
 * -EOPNOTSUPP for descriptors where the link passes none, -E2BIG for more than WIRE_FDS_MAX. The
 * descriptors are duplicated. The type of a frame with descriptors is one of the _WITH_FDS, whose
 * count is put before the payload, and which may have none. */
int wire_peer_send(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        const int *fds, unsigned n_fds);

/* The same with a payload that is encoded into the queue (codec.h). Also -EMSGSIZE where data is
 * over the limits of its layout. */
int wire_peer_send_value(WirePeer *peer, const WireHeader *header, const char *layout,
        const void *data, const int *fds, unsigned n_fds);

/* Bytes that wait to go out. */
size_t wire_peer_queued(const WirePeer *peer);

/* Stops reading, so that no more frames come: not even those that were read already. Nests. While
 * it is paused, keepalive does not hold silence against the other end. */
void wire_peer_pause(WirePeer *peer);
void wire_peer_resume(WirePeer *peer);

/* From now on pings after each silent interval (microseconds), and closes after `count` of them in
 * a row and one more interval without a sign of life. Interval 0 ends that. Pings of the other end
 * are answered always. */
void wire_peer_keepalive(WirePeer *peer, uint64_t interval, unsigned count);

/* Puts a layer around the link when all that is queued now has gone out; until then nothing is
 * read. What was read and is no frame yet is the layer's: it is given as `unread`. The
 * outer link owns the inner one and has its descriptor; NULL with the error, which closes the peer,
 * leaves it as it was. */
typedef WireLink *(*WireLinkWrap)(
        WireLink *inner, const void *unread, size_t n_unread, void *data, GError **error);
void wire_peer_wrap(WirePeer *peer, WireLinkWrap wrap, void *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WirePeer, wire_peer_free)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The link to a peer, from the first frame to the last: calls and their replies, packets of
 * streams, events. It knows what a frame is, not what a procedure means.
 *
 * A link is counted, since whoever waits for a reply holds it. It is lost once and for all: then
 * every call in flight fails at once with the reason, and so does each later one. */

#include "drivers/remote/transport.h"
#include "drivers/wire/peer.h"
#include "drivers/wire/procedures.h"

typedef struct RemoteLink RemoteLink;
typedef struct RemoteStream RemoteStream;

/* Calls that may be in flight at once; the others wait for their turn. */
#define LINK_CALLS_MAX 256
/* How long a question may take, and work that the peer does on a guest, which a lost peer ends
 * sooner. */
#define LINK_QUERY_DEADLINE (60 * G_USEC_PER_SEC)
#define LINK_WORK_DEADLINE (UINT64_C(6) * 3600 * G_USEC_PER_SEC)
/* Either may be NULL. */
typedef struct RemoteLinkEvents {
        /* An event of the program REMOTE; ret is its struct, allocated, and the callee's. On the
         * loop's stack. */
        void (*event)(int32_t procedure, void *ret, void *data);
        /* On the loop's stack, once. */
        void (*lost)(const GError *reason, void *data);
} RemoteLinkEvents;

/* Takes what is in the way. */
RemoteLink *remote_link_new(Way *way, const RemoteLinkEvents *events, void *data);
RemoteLink *remote_link_ref(RemoteLink *link);
/* Takes NULL; returns NULL. */
RemoteLink *remote_link_unref(RemoteLink *link);

/* Ends it: the reason is what calls in flight are told, at once. `lost` is not called. The peer
 * finds its client gone when it has answered those calls, or does not for a moment. */
void remote_link_close(RemoteLink *link, const char *reason);

/* Ends it for a reason that calls in flight and `lost` are told. */
void remote_link_drop(RemoteLink *link, const char *reason);

/* From now on a peer that is silent for so long (seconds), and for so many questions more, is lost.
 */
void remote_link_keep_alive(RemoteLink *link, unsigned interval, unsigned count);

/* Why it is lost; NULL while it is not. */
const GError *remote_link_problem(const RemoteLink *link);

WirePeer *remote_link_peer(RemoteLink *link);

/* One call. It lives where the fiber that sent it wants, in zeroed memory, until
 * remote_call_clear(). */
typedef struct RemoteCall {
        RemoteLink *link;
        const WireProcedure *procedure;
        int32_t number;
        uint32_t serial;
        uint64_t deadline;
        Wait wait;
        bool in_flight;
        GError *error;
        int *fds; /* that came with the reply; taken ones are -1 */
        unsigned n_fds;
        union {
                uint64_t align;
                char bytes[WIRE_DATA_MAX];
        } ret; /* the reply's struct, for wire_clear() of the procedure's layout */
} RemoteCall;

/* Suspends while too many are in flight. Sends a call; args stay the caller's, and so do the
 * descriptors. stream, if given, gets the packets from then on. */
int remote_call_send_to(RemoteCall *call, RemoteLink *link, uint32_t program, int32_t procedure,
        const void *args, const int *fds, unsigned n_fds, RemoteStream *stream, uint64_t deadline,
        GError **error);

/* The same to the program REMOTE. */
static inline int remote_call_send(RemoteCall *call, RemoteLink *link, int32_t procedure,
        const void *args, const int *fds, unsigned n_fds, RemoteStream *stream, uint64_t deadline,
        GError **error)
{
        return remote_call_send_to(call, link, WIRE_PROGRAM_REMOTE, procedure, args, fds, n_fds,
                stream, deadline, error);
}

/* Suspends. Until the reply is in call->ret; -1 with the peer's error, or with that of the link or
 * the deadline. A reply that comes later goes nowhere. */
int remote_call_finish(RemoteCall *call, GError **error);

/* Suspends. The same up to another deadline, without the reply: -ETIMEDOUT, or -ECANCELED, leaves
 * the call as it is. */
int remote_call_wait(RemoteCall *call, uint64_t deadline);

/* Frees what it holds, and gives it up if it is in flight. */
void remote_call_clear(RemoteCall *call);

/* Suspends. Both in one, for a question. */
int remote_call(
        RemoteCall *call, RemoteLink *link, int32_t procedure, const void *args, GError **error);

/* A stream, as the link sees it: the head of its owner's struct. */
struct RemoteStream {
        uint32_t serial;
        int32_t procedure;
        /* A packet: data (CONTINUE), its end (CONTINUE and empty), the confirmation that it is
         * finished or aborted (OK), an error of the peer's (ERROR). */
        void (*packet)(
                RemoteStream *stream, int32_t type, int32_t status, const void *payload, size_t n);
        /* The link is lost, and forgets the stream. */
        void (*lost)(RemoteStream *stream, const GError *reason);
        /* What was queued has gone out. */
        void (*drained)(RemoteStream *stream);
};

/* A packet to the peer: 0, or -errno as wire_peer_send(). */
int remote_stream_send(RemoteLink *link, const RemoteStream *stream, int32_t type, int32_t status,
        const void *payload, size_t n);
/* No more packets are wanted. Harmless where the link has forgotten it already. */
void remote_stream_forget(RemoteLink *link, RemoteStream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RemoteLink, remote_link_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RemoteCall, remote_call_clear)

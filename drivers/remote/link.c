/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/link.h"

#include <errno.h>

#include "drivers/wire/errors.h"
#include "service/base/cleanup.h"

/* How long the end of a link waits for the answers that are under way. */
#define LINGER_DEADLINE G_USEC_PER_SEC

struct RemoteLink {
        unsigned n_ref;
        WirePeer *peer;
        Way way;                        /* but its link, which is the peer's */
        const RemoteLinkEvents *events; /* NULL after it was closed */
        void *data;
        uint32_t serial;     /* of the next call */
        GHashTable *calls;   /* serial to RemoteCall, or NULL for one that was given up */
        GHashTable *streams; /* serial to RemoteStream */
        FiberQueue queue;    /* of those who wait until fewer calls are in flight */
        GError *problem;
        bool complained;   /* of an event */
        unsigned patience; /* seconds of silence */
};

/* The end. */

/* Those who wait are told; that the peer works on their calls stays known. */
static void fail_calls(RemoteLink *link)
{
        GHashTableIter iter;
        void *data;

        g_hash_table_iter_init(&iter, link->calls);
        while (g_hash_table_iter_next(&iter, NULL, &data)) {
                RemoteCall *call = data;

                g_hash_table_iter_replace(&iter, NULL);
                if (!call)
                        continue;
                call->in_flight = false;
                call->error = g_error_copy(link->problem);
                wait_done(&call->wait, -1);
        }
        fiber_queue_wake_all(&link->queue, 0);
}

static void fail_streams(RemoteLink *link)
{
        g_autoptr(GList) streams = g_hash_table_get_values(link->streams);

        g_hash_table_remove_all(link->streams);
        for (GList *each = streams; each; each = each->next) {
                RemoteStream *stream = each->data;

                stream->lost(stream, link->problem);
        }
}

/* Takes the problem. */
static void link_fail(RemoteLink *link, GError *problem)
{
        const RemoteLinkEvents *events = link->events;

        if (link->problem) {
                g_error_free(problem);
                return;
        }
        link->problem = problem;
        link->events = NULL;
        remote_link_ref(link);
        fail_calls(link);
        fail_streams(link);
        if (events && events->lost)
                events->lost(link->problem, link->data);
        remote_link_unref(link);
}

static void way_close(RemoteLink *link)
{
        if (link->way.through)
                link->way.through = link->way.free(link->way.through);
}

/* Nothing comes any more. */
static void link_disconnect(RemoteLink *link)
{
        wire_peer_close(link->peer);
        g_hash_table_remove_all(link->calls);
        fiber_queue_wake_all(&link->queue, 0);
        way_close(link);
}

static void on_closed(WirePeer *peer, WireCloseReason reason, const GError *error, void *data)
{
        RemoteLink *link = data;
        g_autofree char *complaint =
                link->way.through ? link->way.complaint(link->way.through) : NULL;
        GError *problem = NULL;

        (void)peer;
        if (reason == WIRE_CLOSE_KEEPALIVE)
                error_set(
                        &problem, ERROR_RPC, "the peer has not answered for %u s", link->patience);
        else if (reason == WIRE_CLOSE_EOF || !error)
                error_set(&problem, ERROR_RPC, "the peer has closed the connection%s%s",
                        complaint ? ": " : "", complaint ?: "");
        else
                error_set(&problem, ERROR_RPC, "the connection has failed: %s%s%s", error->message,
                        complaint ? ": " : "", complaint ?: "");
        remote_link_ref(link);
        link_fail(link, problem);
        g_hash_table_remove_all(link->calls);
        fiber_queue_wake_all(&link->queue, 0);
        remote_link_unref(link);
}

/* What comes in. */

static void take_fds(RemoteCall *call, int *fds, unsigned n_fds)
{
        call->fds = g_memdup2(fds, n_fds * sizeof *fds);
        call->n_fds = n_fds;
        for (unsigned i = 0; i < n_fds; i++)
                fds[i] = -1;
}

static int read_reply(RemoteCall *call, const WireHeader *header, const void *payload, size_t n)
{
        const WireProcedure *procedure = call->procedure;
        int r;

        if (header->procedure != call->number)
                return error_set(&call->error, ERROR_RPC,
                        "the peer answered %s with a reply of procedure %d", procedure->name,
                        header->procedure);
        if (header->status == WIRE_ERROR)
                return wire_error_set(&call->error, payload, n);
        if (header->status != WIRE_OK)
                return error_set(&call->error, ERROR_RPC, "the peer answered %s with the status %d",
                        procedure->name, header->status);
        r = wire_decode(procedure->ret, payload, n, call->ret.bytes);
        if (r < 0)
                return error_set(&call->error, ERROR_RPC, "the peer's reply to %s cannot be read",
                        procedure->name);
        wire_make_utf8(procedure->ret, call->ret.bytes);
        return 0;
}

static void on_reply(RemoteLink *link, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds)
{
        const void *key = GUINT_TO_POINTER(header->serial);
        RemoteCall *call;
        void *found;

        /* Nobody asked. */
        if (!g_hash_table_lookup_extended(link->calls, key, NULL, &found))
                return;
        call = found;
        g_hash_table_remove(link->calls, key);
        fiber_queue_wake(&link->queue, 0);
        /* Who asked gave up meanwhile. */
        if (!call)
                return;
        call->in_flight = false;
        if (n_fds > 0)
                take_fds(call, fds, n_fds);
        wait_done(&call->wait, read_reply(call, header, payload, n) < 0 ? -1 : 0);
}

static void on_event(RemoteLink *link, const WireHeader *header, const void *payload, size_t n)
{
        const WireProcedure *procedure = wire_procedure(header->program, header->procedure);
        void *ret;

        /* A peer may know of more than we do. */
        if (!link->events || !link->events->event || header->program != WIRE_PROGRAM_REMOTE ||
                !procedure || !(procedure->flags & WIRE_EVENT))
                return;
        ret = g_malloc0(procedure->ret_size);
        if (wire_decode(procedure->ret, payload, n, ret) < 0) {
                /* A peer that has nothing else to say does not fill the journal. */
                if (!link->complained)
                        g_warning("a peer's event %s cannot be read", procedure->name);
                link->complained = true;
                g_free(ret);
                return;
        }
        wire_make_utf8(procedure->ret, ret);
        link->events->event(header->procedure, ret, link->data);
}

static void on_packet(RemoteLink *link, const WireHeader *header, const void *payload, size_t n)
{
        RemoteStream *stream = g_hash_table_lookup(link->streams, GUINT_TO_POINTER(header->serial));

        if (stream && stream->procedure == header->procedure)
                stream->packet(stream, header->type, header->status, payload, n);
}

static void on_frame(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds, void *data)
{
        RemoteLink *link = data;

        (void)peer;
        switch (header->type) {
        case WIRE_REPLY:
        case WIRE_REPLY_WITH_FDS:
                on_reply(link, header, payload, n, fds, n_fds);
                break;
        case WIRE_MESSAGE:
                on_event(link, header, payload, n);
                break;
        case WIRE_STREAM:
        case WIRE_STREAM_HOLE:
                on_packet(link, header, payload, n);
                break;
        default:
                remote_link_drop(link, "the peer sent a frame that only clients send");
                break;
        }
}

static void on_drained(WirePeer *peer, void *data)
{
        RemoteLink *link = data;
        g_autoptr(GList) streams = g_hash_table_get_values(link->streams);

        (void)peer;
        remote_link_ref(link);
        for (GList *each = streams; each; each = each->next) {
                RemoteStream *stream = each->data;

                /* An earlier one may have ended this one. */
                if (g_hash_table_lookup(link->streams, GUINT_TO_POINTER(stream->serial)) == stream)
                        stream->drained(stream);
        }
        remote_link_unref(link);
}

static const WirePeerEvents peer_events = {
        .frame = on_frame,
        .closed = on_closed,
        .drained = on_drained,
};

/* The link itself. */

RemoteLink *remote_link_new(Way *way, const RemoteLinkEvents *events, void *data)
{
        RemoteLink *link = g_new(RemoteLink, 1);

        *link = (RemoteLink){
                .n_ref = 1,
                .way = *way,
                .events = events,
                .data = data,
                .calls = g_hash_table_new(NULL, NULL),
                .streams = g_hash_table_new(NULL, NULL),
        };
        link->peer = wire_peer_new(fibers_event(), way->link, &peer_events, link);
        *way = (Way){ 0 };
        return link;
}

RemoteLink *remote_link_ref(RemoteLink *link)
{
        link->n_ref++;
        return link;
}

RemoteLink *remote_link_unref(RemoteLink *link)
{
        if (!link || --link->n_ref > 0)
                return NULL;
        wire_peer_free(link->peer);
        way_close(link);
        g_hash_table_unref(link->calls);
        g_hash_table_unref(link->streams);
        g_clear_error(&link->problem);
        g_free(link);
        return NULL;
}

void remote_link_drop(RemoteLink *link, const char *reason)
{
        GError *problem = NULL;

        /* Who hears that it is lost may give it back, and it may be the last who has it. */
        remote_link_ref(link);
        error_set(&problem, ERROR_RPC, "%s", reason);
        link_fail(link, problem);
        link_disconnect(link);
        remote_link_unref(link);
}

/* Suspends. Has a reference. */
static void linger(void *data)
{
        RemoteLink *link = data;
        uint64_t deadline = fiber_deadline(LINGER_DEADLINE);

        fiber_shield();
        while (g_hash_table_size(link->calls) > 0)
                if (fiber_queue_wait(&link->queue, "answers that nobody wants", deadline) < 0)
                        break;
        fiber_unshield();
        link_disconnect(link);
        remote_link_unref(link);
}

/* A client that is gone while libvirtd 9.0 works on its calls may take it along: two threads clear
 * up after it at once. */
void remote_link_close(RemoteLink *link, const char *reason)
{
        GError *problem = NULL;

        link->events = NULL;
        remote_link_ref(link);
        if (link->problem || g_hash_table_size(link->calls) == 0 ||
                fiber_start("the end of a link", linger, link, NULL) < 0) {
                remote_link_drop(link, reason);
                remote_link_unref(link);
                return;
        }
        error_set(&problem, ERROR_RPC, "%s", reason);
        link_fail(link, problem);
}

void remote_link_keep_alive(RemoteLink *link, unsigned interval, unsigned count)
{
        link->patience = interval * (count + 1);
        wire_peer_keepalive(link->peer, interval * G_USEC_PER_SEC, count);
}

const GError *remote_link_problem(const RemoteLink *link)
{
        return link->problem;
}

WirePeer *remote_link_peer(RemoteLink *link)
{
        return link->peer;
}

/* Calls. */

/* Always returns -1. */
static int problem_of(const RemoteLink *link, GError **error)
{
        g_propagate_error(error, g_error_copy(link->problem));
        return -1;
}

static int wait_error(const char *what, int r, GError **error)
{
        if (r == -ETIMEDOUT)
                return error_set(error, ERROR_OPERATION_TIMEOUT,
                        "the peer has not answered %s in time", what);
        return error_set(error, ERROR_OPERATION_ABORTED, "%s was given up", what);
}

static int send_error(const char *what, int r, GError **error)
{
        if (r == -EMSGSIZE)
                return error_set(
                        error, ERROR_RPC, "the arguments of %s are too long for the wire", what);
        if (r == -EOPNOTSUPP)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "%s: descriptors cannot be passed over this link", what);
        return error_set(error, ERROR_RPC, "%s cannot be sent: %s", what, g_strerror(-r));
}

static uint32_t next_serial(RemoteLink *link)
{
        /* After four thousand million calls an old one may still be in flight. */
        while (g_hash_table_contains(link->calls, GUINT_TO_POINTER(link->serial)) ||
                g_hash_table_contains(link->streams, GUINT_TO_POINTER(link->serial)))
                link->serial++;
        return link->serial++;
}

int remote_call_send_to(RemoteCall *call, RemoteLink *link, uint32_t program, int32_t number,
        const void *args, const int *fds, unsigned n_fds, RemoteStream *stream, uint64_t deadline,
        GError **error)
{
        const WireProcedure *procedure = wire_procedure(program, number);
        WireHeader header = {
                .program = program,
                .version = WIRE_VERSION,
                .procedure = number,
                .type = n_fds > 0 ? WIRE_CALL_WITH_FDS : WIRE_CALL,
        };
        g_autoptr(RemoteLink) held = remote_link_ref(link);
        void *key;
        int r;

        /* Whoever has it may give it back while we wait. */
        while (!link->problem && g_hash_table_size(link->calls) >= LINK_CALLS_MAX) {
                r = fiber_queue_wait(&link->queue, "earlier calls of the peer", deadline);
                if (r < 0)
                        return wait_error(procedure->name, r, error);
        }
        if (link->problem)
                return problem_of(link, error);

        header.serial = next_serial(link);
        key = GUINT_TO_POINTER(header.serial);
        /* Packets may overtake the reply. */
        if (stream) {
                stream->serial = header.serial;
                stream->procedure = number;
                g_hash_table_insert(link->streams, key, stream);
        }
        r = wire_peer_send_value(link->peer, &header, procedure->args, args, fds, n_fds);
        if (r < 0) {
                g_hash_table_remove(link->streams, key);
                return link->problem ? problem_of(link, error) :
                                       send_error(procedure->name, r, error);
        }
        *call = (RemoteCall){
                .link = g_steal_pointer(&held),
                .procedure = procedure,
                .number = number,
                .serial = header.serial,
                .deadline = deadline,
                .wait = WAIT_INIT,
                .in_flight = true,
        };
        g_hash_table_insert(link->calls, key, call);
        return 0;
}

int remote_call_wait(RemoteCall *call, uint64_t deadline)
{
        return wait_for(&call->wait, call->procedure->name, MIN(call->deadline, deadline));
}

int remote_call_finish(RemoteCall *call, GError **error)
{
        int r = wait_for(&call->wait, call->procedure->name, call->deadline);

        if (r >= 0)
                return 0;
        if (call->error) {
                g_propagate_error(error, g_steal_pointer(&call->error));
                return -1;
        }
        return wait_error(call->procedure->name, r, error);
}

void remote_call_clear(RemoteCall *call)
{
        if (!call->link)
                return;
        /* The reply will come, and count as in flight until then. */
        if (call->in_flight)
                g_hash_table_insert(call->link->calls, GUINT_TO_POINTER(call->serial), NULL);
        else
                wire_clear(call->procedure->ret, call->ret.bytes);
        for (unsigned i = 0; i < call->n_fds; i++)
                fd_close(call->fds[i]);
        g_free(call->fds);
        g_clear_error(&call->error);
        remote_link_unref(call->link);
        *call = (RemoteCall){ 0 };
}

int remote_call(
        RemoteCall *call, RemoteLink *link, int32_t procedure, const void *args, GError **error)
{
        if (remote_call_send(call, link, procedure, args, NULL, 0, NULL,
                    fiber_deadline(LINK_QUERY_DEADLINE), error) < 0)
                return -1;
        return remote_call_finish(call, error);
}

/* Streams. */

int remote_stream_send(RemoteLink *link, const RemoteStream *stream, int32_t type, int32_t status,
        const void *payload, size_t n)
{
        const WireHeader header = {
                .program = WIRE_PROGRAM_REMOTE,
                .version = WIRE_VERSION,
                .procedure = stream->procedure,
                .type = type,
                .serial = stream->serial,
                .status = status,
        };

        if (link->problem)
                return -ENOTCONN;
        return wire_peer_send(link->peer, &header, payload, n, NULL, 0);
}

void remote_stream_forget(RemoteLink *link, RemoteStream *stream)
{
        void *key = GUINT_TO_POINTER(stream->serial);

        if (g_hash_table_lookup(link->streams, key) == stream)
                g_hash_table_remove(link->streams, key);
}

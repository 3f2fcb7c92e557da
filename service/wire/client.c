/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/client.h"

#include <errno.h>
#include <string.h>

#include "service/base/cleanup.h"
#include "service/connections.h"
#include "service/manager.h"
#include "service/publish.h"
#include "service/wire/objects.h"

static const WireRow *const row_tables[] = { wire_login_rows, wire_open_rows, wire_list_rows,
        wire_getter_rows, wire_define_rows, wire_event_rows };

/* Clients. */

WireClient *wire_client_ref(WireClient *client)
{
        client->n_ref++;
        return client;
}

WireClient *wire_client_unref(WireClient *client)
{
        if (!client || --client->n_ref > 0)
                return NULL;
        wire_sasl_drop(client);
        connection_unref(client->connection);
        caller_unref(client->caller);
        g_free(client);
        return NULL;
}

/* Its link is gone: what it had is given back. */
static void client_gone(WireClient *client)
{
        if (!client->peer)
                return;
        client->peer = wire_peer_free(client->peer);
        wire_door_remove(client);
        wire_events_drop(client);
        wire_streams_drop(client);
        caller_leave(caller_ref(client->caller));
        wire_client_unref(client);
}

void wire_client_drop(WireClient *client)
{
        client_gone(client);
}

/* Past the limit no more is read: the socket fills up, and the client has to wait. That is also so
 * for one that asks and does not read the replies. */
static void client_settle(WireClient *client)
{
        bool full;

        if (!client->peer)
                return;
        full = client->n_in_work >= (unsigned)settings()->max_client_requests ||
                wire_peer_queued(client->peer) >= WIRE_QUEUE_HIGH;
        if (full == client->paused)
                return;
        client->paused = full;
        (full ? wire_peer_pause : wire_peer_resume)(client->peer);
}

void wire_client_begin(WireClient *client)
{
        client->n_in_work++;
        client_settle(client);
}

void wire_client_end(WireClient *client)
{
        client->n_in_work--;
        client_settle(client);
}

/* Replies. */

static void send_error(
        WireClient *client, const WireHeader *call, const GError *error, int from, const char *api)
{
        g_autoptr(GByteArray) payload = g_byte_array_new();
        WireHeader header = *call;

        if (!client->peer)
                return;
        header.type = WIRE_REPLY;
        header.status = WIRE_ERROR;
        publish_flush();
        wire_error_encode(payload, error, from, api);
        wire_peer_send(client->peer, &header, payload->data, payload->len, NULL, 0);
}

/* For a frame that is no call of ours. */
static void refuse_frame(WireClient *client, const WireHeader *header, int code, const char *format,
        ...) G_GNUC_PRINTF(4, 5);

static void refuse_frame(
        WireClient *client, const WireHeader *header, int code, const char *format, ...)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        error_set(&error, code, "%s", text);
        send_error(client, header, error, WIRE_FROM_RPC, NULL);
        client_settle(client);
}

static int send_reply(
        WireCall *call, const void *ret, const int *fds, unsigned n_fds, GError **error)
{
        WireHeader header = call->header;
        int r;

        header.type = n_fds > 0 ? WIRE_REPLY_WITH_FDS : WIRE_REPLY;
        header.status = WIRE_OK;
        call->answered = true;
        /* Changes are told before the reply, so that who has the reply knows them. */
        publish_flush();
        if (!call->client->peer)
                return 0;
        r = wire_peer_send_value(
                call->client->peer, &header, call->procedure->ret, ret, fds, n_fds);
        /* It has left, or is about to: nobody is to be told. */
        if (r >= 0 || r == -ENOTCONN || r == -ENOBUFS)
                return 0;
        call->answered = false;
        if (r == -EMSGSIZE)
                return wire_call_fail(call, error, ERROR_RPC,
                        "the reply to %s is too large for the wire", call->procedure->name);
        if (r == -EOPNOTSUPP)
                return wire_call_fail(call, error, ERROR_OPERATION_UNSUPPORTED,
                        "%s: descriptors cannot be passed over this link", call->procedure->name);
        call->from = WIRE_FROM_RPC;
        return error_set_errno(error, r, "cannot send the reply to %s", call->procedure->name);
}

int wire_call_reply(WireCall *call, const void *ret, GError **error)
{
        return send_reply(call, ret, NULL, 0, error);
}

int wire_call_fail(WireCall *call, GError **error, int code, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        call->from = WIRE_FROM_RPC;
        return error_set(error, code, "%s", text);
}

/* Members, by the map. */

static int find(char kind, const void *name, Object **ret, void *data, GError **error)
{
        const WireCall *call = data;

        return wire_object_find(call->client->connection, kind, name, ret, error);
}

/* The descriptors among the results: of those that stay with the service's end of a stream there
 * is one at most. */
static unsigned take_fds(const char *signature, void *out, int *fds, unsigned max)
{
        unsigned n = 0;
        size_t offset = 0;

        while (*signature) {
                const LayoutType type = layout_type(signature);

                offset = layout_align(offset, &type);
                if (type.code == 'h' && n < max) {
                        int *place = (int *)((char *)out + offset);

                        if (*place >= 0)
                                fds[n++] = *place;
                        *place = -1;
                }
                offset += type.size;
                signature = type.end;
        }
        return n;
}

static int reply_mapped(WireCall *call, void *out, GError **error)
{
        const WireMapContext context = { .find = find, .data = call };
        bool streams = call->procedure->flags & (WIRE_STREAM_IN | WIRE_STREAM_OUT);
        union {
                char bytes[WIRE_DATA_MAX];
                uint64_t align;
        } ret;
        int fds[WIRE_FDS_MAX];
        unsigned n_fds;
        int r;

        r = wire_map_ret(call->map, &context, call->args, call->base.object, out, ret.bytes, error);
        if (r < 0)
                return r;
        n_fds = take_fds(wire_map_out_signature(call->map), out, fds, G_N_ELEMENTS(fds));
        r = send_reply(call, ret.bytes, fds, streams ? 0 : n_fds, error);
        wire_clear(call->procedure->ret, ret.bytes);
        if (r >= 0 && streams && n_fds > 0) {
                wire_stream_open(call, fds[0]);
                fds[0] = -1;
        }
        for (unsigned i = 0; i < n_fds; i++)
                fd_close(fds[i]);
        return r;
}

static int answer_method(WireCall *call, GError **error)
{
        const char *signature = call->base.method->out;
        Results out;
        int r;

        layout_init(signature, out.bytes);
        r = call_perform(&call->base, &out, error);
        if (r >= 0)
                r = reply_mapped(call, out.bytes, error);
        layout_clear(signature, out.bytes);
        return r;
}

/* The value is the object's own, and wire_map_ret() moves what it gets. */
static int answer_get(WireCall *call, GError **error)
{
        const PropertyInfo *property = call->base.property;
        Results out;
        int r;

        r = call_get(&call->base, error);
        if (r < 0)
                return r;
        layout_copy(property->signature, object_value(call->base.object, property), out.bytes);
        r = reply_mapped(call, out.bytes, error);
        layout_clear(property->signature, out.bytes);
        return r;
}

static int answer_set(WireCall *call, GError **error)
{
        int r;

        /* By the name that its clients know. */
        if (connections_refuse_write(
                    call->base.caller, call->base.object, call->procedure->api, error) < 0)
                return -1;
        r = call_set(&call->base, error);
        return r < 0 ? r : wire_call_reply(call, NULL, error);
}

static int answer_mapped(WireCall *call, GError **error)
{
        static int (*const answers[])(WireCall * call, GError * *error) = {
                [WIRE_MAP_METHOD] = answer_method,
                [WIRE_MAP_GET] = answer_get,
                [WIRE_MAP_SET] = answer_set,
        };

        return answers[call->map->kind](call, error);
}

/* From args to the object and its arguments. */
static int enter_mapped(WireCall *call, GError **error)
{
        const WireMap *map = call->map;
        const WireMapContext context = {
                .find = find, .data = call, .fds = call->fds, .n_fds = call->n_fds
        };
        g_autoptr(Object) object = NULL;

        call->base.method = map->kind == WIRE_MAP_METHOD ? &map->class->methods[map->member] : NULL;
        call->base.property =
                map->kind == WIRE_MAP_METHOD ? NULL : &map->class->properties[map->member];
        call->base.member = call->base.method ? call->base.method->name : call->base.property->name;
        call->base.suspends = map->kind == WIRE_MAP_SET;
        if (wire_map_in(map, &context, call->args, &object, call->base.arguments, error) < 0)
                return -1;
        call->base.object =
                object ? g_steal_pointer(&object) : object_ref(call->client->connection);
        return call->base.method ? call_check_flags(&call->base, error) : 0;
}

/* Rows. */

int wire_call_perform(WireCall *call, const void *in, Results *out, GError **error)
{
        call->base.arguments = (void *)in;
        layout_init(call->base.method->out, out->bytes);
        return call_perform(&call->base, out, error);
}

static int answer_row(WireCall *call, GError **error)
{
        union {
                char bytes[WIRE_DATA_MAX];
                uint64_t align;
        } ret;
        int r;

        memset(ret.bytes, 0, call->procedure->ret_size);
        r = call->row->answer(call, call->args, ret.bytes, error);
        if (r >= 0 && !call->answered)
                r = wire_call_reply(call, ret.bytes, error);
        wire_clear(call->procedure->ret, ret.bytes);
        call->base.arguments = NULL;
        return r;
}

/* The object that the arguments of a row begin with. Node devices are there by name alone. */
static int enter_named(WireCall *call, GError **error)
{
        char kind = call->procedure->args[0];

        return wire_object_find(call->client->connection, kind == 's' ? 'E' : kind, call->args,
                &call->base.object, error);
}

static int enter_row(WireCall *call, GError **error)
{
        const WireRow *row = call->row;

        call->base.member = call->procedure->name;
        if (row->member >= 0) {
                call->base.method = &row->class->methods[row->member];
                call->base.member = call->base.method->name;
        }
        call->base.suspends = row->suspends;
        switch ((WireScope)row->scope) {
        case WIRE_ON_LINK:
                call->base.object = object_ref(manager_object());
                return 0;
        case WIRE_ON_CONNECTION:
                call->base.object = object_ref(call->client->connection);
                return 0;
        case WIRE_ON_OBJECT:
                return enter_named(call, error);
        }
        g_assert_not_reached();
}

/* What the wire has and we do not. */

static int not_supported(WireCall *call, void *args, void *ret, GError **error)
{
        const char *api = call->procedure->api;

        (void)args, (void)ret;
        if ((call->procedure->flags & WIRE_WRITES) &&
                connections_refuse_write(call->base.caller, call->base.object, api, error) < 0)
                return -1;
        return error_set(error, ERROR_NO_SUPPORT, "%s", api);
}

static const WireRow not_supported_row = {
        .scope = WIRE_ON_CONNECTION, .answer = not_supported, .member = -1
};

/* The door's side of a call. */

static int wire_answer(Call *base, GError **error)
{
        WireCall *call = (WireCall *)base;

        return call->map ? answer_mapped(call, error) : answer_row(call, error);
}

/* The part of libvirt that such an error about the call would come from there. */
static int call_from(const WireCall *call, const GError *error)
{
        const Object *object = call->base.object;
        const Connection *connection = call->client->connection;

        if (call->from >= 0)
                return call->from;
        return wire_error_domain(
                error, object ? object->class : NULL, connection ? connection->driver->name : NULL);
}

static void wire_refuse(Call *base, const GError *error)
{
        WireCall *call = (WireCall *)base;
        g_autoptr(GError) named = NULL;

        if (call->answered)
                return;
        /* By the name of what was called, which may stand on another member. */
        if (error_is(error, ERROR_NO_SUPPORT) && base->method &&
                g_str_has_suffix(error->message, base->method->api)) {
                error_set(&named, ERROR_NO_SUPPORT, "%s", call->procedure->api);
                error = named;
        }
        send_error(call->client, &call->header, error, call_from(call, error),
                base->method ? base->method->api : NULL);
}

static void wire_free(Call *base)
{
        WireCall *call = (WireCall *)base;
        g_autoptr(WireClient) client = call->client;

        object_unref(base->object);
        if (call->map)
                layout_clear(wire_map_in_signature(call->map), base->arguments);
        wire_clear(call->procedure->args, call->args);
        for (unsigned i = 0; i < call->n_fds; i++)
                fd_close(call->fds[i]);
        g_free(call);
        wire_client_end(client);
}

static const Door wire_door = { .answer = wire_answer, .refuse = wire_refuse, .free = wire_free };

/* From a frame to a call. */

static const WireRow *find_row(int32_t procedure)
{
        static const WireRow *rows[512];
        static bool filled;

        for (unsigned i = 0; !filled && i < G_N_ELEMENTS(row_tables); i++)
                for (const WireRow *row = row_tables[i]; row->answer; row++) {
                        g_assert(row->procedure < (int)G_N_ELEMENTS(rows));
                        rows[row->procedure] = row;
                }
        filled = true;
        return procedure < (int)G_N_ELEMENTS(rows) ? rows[procedure] : NULL;
}

/* One block: the call, its descriptors, the arguments of the wire, those of the member. */
static WireCall *call_new(WireClient *client, const WireHeader *header,
        const WireProcedure *procedure, const int *fds, unsigned n_fds)
{
        bool remote = header->program == WIRE_PROGRAM_REMOTE;
        const WireRow *row = remote ? find_row(header->procedure) : NULL;
        const WireMap *map = !row ? wire_map(header->program, header->procedure) : NULL;
        size_t head = sizeof(WireCall) + (n_fds + 1) / 2 * 2 * sizeof(int);
        size_t args = (procedure->args_size + 7u) / 8 * 8;
        size_t in = map ? layout_size(wire_map_in_signature(map)) : 0;
        WireCall *call;

        if (!row && !map)
                row = &not_supported_row;
        call = g_malloc0(head + args + in);
        call->base.door = &wire_door;
        call->base.caller = client->caller;
        call->base.unordered = true;
        call->base.interactive = client->caller->kind == CALLER_PROCESS;
        call->base.arguments = map ? (char *)call + head + args : NULL;
        call->client = wire_client_ref(client);
        call->header = *header;
        call->procedure = procedure;
        call->row = row;
        call->map = map;
        call->args = (char *)call + head;
        call->from = -1;
        call->n_fds = n_fds;
        memcpy(call->fds, fds, n_fds * sizeof *fds);
        if (map)
                layout_init(wire_map_in_signature(map), call->base.arguments);
        return call;
}

/* Whether the client may make the call now. */
static int check_state(WireCall *call, GError **error)
{
        const WireClient *client = call->client;

        if (client->login != WIRE_LOGIN_NONE && !(call->procedure->flags & WIRE_NOAUTH))
                return wire_call_fail(call, error, ERROR_RPC, "authentication required");
        if (client->connection || (call->row && call->row->scope == WIRE_ON_LINK))
                return 0;
        return wire_call_fail(call, error, ERROR_INTERNAL_ERROR, "hypervisor connection not open");
}

static int call_enter(WireCall *call, GError **error)
{
        if (check_state(call, error) < 0)
                return -1;
        return call->map ? enter_mapped(call, error) : enter_row(call, error);
}

static void on_call(WireClient *client, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds)
{
        const WireProcedure *procedure = wire_procedure(header->program, header->procedure);
        g_autoptr(GError) error = NULL;
        WireCall *call = NULL;
        int r;

        if (header->status != WIRE_OK) {
                refuse_frame(
                        client, header, ERROR_RPC, "Unexpected message status %d", header->status);
                return;
        }
        if (procedure && !(procedure->flags & WIRE_EVENT))
                call = call_new(client, header, procedure, fds, n_fds);
        /* Clients know that text: they go on with an older procedure. */
        if (!call) {
                refuse_frame(client, header, ERROR_RPC, "unknown procedure: %d", header->procedure);
                return;
        }
        for (unsigned i = 0; i < n_fds; i++)
                fds[i] = -1;
        wire_client_begin(client);
        r = wire_decode(procedure->args, payload, n, call->args);
        if (r < 0) {
                memset(call->args, 0, procedure->args_size);
                wire_call_fail(call, &error, ERROR_RPC, "Unable to decode message payload");
        } else
                r = call_enter(call, &error);
        if (r >= 0)
                call_begin(&call->base);
        else {
                wire_refuse(&call->base, error);
                wire_free(&call->base);
        }
}

static void on_frame(WirePeer *peer, const WireHeader *header, const void *payload, size_t n,
        int *fds, unsigned n_fds, void *data)
{
        g_autoptr(WireClient) client = wire_client_ref(data);

        (void)peer;
        switch (header->type) {
        case WIRE_CALL:
        case WIRE_CALL_WITH_FDS:
                if (header->version != WIRE_VERSION ||
                        (header->program != WIRE_PROGRAM_REMOTE &&
                                header->program != WIRE_PROGRAM_QEMU &&
                                header->program != WIRE_PROGRAM_LXC))
                        refuse_frame(client, header, ERROR_RPC, "Cannot find program %u version %u",
                                header->program, header->version);
                else
                        on_call(client, header, payload, n, fds, n_fds);
                break;
        case WIRE_STREAM:
        case WIRE_STREAM_HOLE:
                wire_streams_frame(client, header, payload, n);
                break;
        default:
                break; /* nobody waits for it */
        }
}

static void on_closed(WirePeer *peer, WireCloseReason reason, const GError *error, void *data)
{
        WireClient *client = data;

        (void)peer, (void)reason;
        if (error)
                g_debug("%s: %s", client->caller->name, error->message);
        client_gone(client);
}

static void on_drained(WirePeer *peer, void *data)
{
        (void)peer;
        client_settle(data);
        wire_streams_drained(data);
}

static const WirePeerEvents peer_events = {
        .frame = on_frame,
        .closed = on_closed,
        .drained = on_drained,
};

void wire_client_new(
        sd_event *event, WireLink *link, Caller *caller, WireLogin login, bool read_only)
{
        WireClient *client = g_new0(WireClient, 1);

        client->n_ref = 1;
        client->caller = caller;
        client->login = login;
        client->read_only = read_only;
        wire_door_add(client);
        client->peer = wire_peer_new(event, link, &peer_events, client);
}

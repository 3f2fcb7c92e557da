/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Events: signals of objects that clients of the wire have asked for.
 *
 * A client asks by kind of object and number of event, for all objects or for one. Who may not read
 * an object hears nothing about it. Where that is not known yet, the event waits in line, and those
 * that come after it behind it, until the authority has answered. */

#include <string.h>

#include "service/wire/client.h"
#include "service/wire/objects.h"

#define WATCHES_MAX 16384 /* of one client */
#define IN_LINE_MAX 4096  /* events in line for one client; past that, they are lost to it */

/* A kind of objects that has events, and what its errors call it. */
typedef struct EventKind {
        char kind; /* as drivers/wire/codec.h has it */
        int n_events;
        const char *missing, *unsupported;
} EventKind;

static const EventKind event_kinds[] = {
        { 'D', 27, "domain event callback", "event ID" },
        { 'N', 1, "network event callback", "network event ID" },
        { 'L', 2, "storage pool event callback", "storage pool event ID" },
        { 'E', 2, "node device event callback", "node device event ID" },
        { 'K', 2, "secret event callback", "secret event ID" },
};

/* Which signal is which event. The arguments of a signal lie in memory as those of the event do,
 * so that one layout says what of them goes out. */
typedef struct EventRow {
        const ClassInfo *class;
        uint16_t signal;
        char kind;
        int16_t event;
        int16_t procedure, legacy; /* with the id of the callback; without, or 0 */
        bool reason_first; /* the argument comes before the object, and not at all without an id */
        const char *layout;
} EventRow;

#define DOMAIN_ROW(signal, event, procedure, legacy, layout)                                      \
        {                                                                                         \
                &domain_class, DOMAIN_SIGNAL_##signal, 'D', event, WIRE_DOMAIN_EVENT_##procedure, \
                        legacy, false, layout                                                     \
        }
#define PM_ROW(signal, event, procedure)                                                       \
        {                                                                                      \
                &domain_class, DOMAIN_SIGNAL_##signal, 'D', event,                             \
                        WIRE_DOMAIN_EVENT_CALLBACK_##procedure, WIRE_DOMAIN_EVENT_##procedure, \
                        true, "i"                                                              \
        }
/* Signals of the connection, whose first argument is the object. */
#define LIFE_ROW(signal, kind, procedure, legacy)                                                 \
        {                                                                                         \
                &connection_class, CONNECTION_SIGNAL_##signal, kind, 0, procedure, legacy, false, \
                        "ii"                                                                      \
        }

static const EventRow event_rows[] = {
        LIFE_ROW(DOMAIN_EVENT, 'D', WIRE_DOMAIN_EVENT_CALLBACK_LIFECYCLE,
                WIRE_DOMAIN_EVENT_LIFECYCLE),
        LIFE_ROW(NETWORK_EVENT, 'N', WIRE_NETWORK_EVENT_LIFECYCLE, 0),
        LIFE_ROW(STORAGE_POOL_EVENT, 'L', WIRE_STORAGE_POOL_EVENT_LIFECYCLE, 0),
        LIFE_ROW(NODE_DEVICE_EVENT, 'E', WIRE_NODE_DEVICE_EVENT_LIFECYCLE, 0),
        LIFE_ROW(SECRET_EVENT, 'K', WIRE_SECRET_EVENT_LIFECYCLE, 0),
        { &storage_pool_class, STORAGE_POOL_SIGNAL_REFRESH, 'L', 1, WIRE_STORAGE_POOL_EVENT_REFRESH,
                0, false, "" },
        DOMAIN_ROW(REBOOT, 1, CALLBACK_REBOOT, WIRE_DOMAIN_EVENT_REBOOT, ""),
        DOMAIN_ROW(RTC_CHANGE, 2, CALLBACK_RTC_CHANGE, WIRE_DOMAIN_EVENT_RTC_CHANGE, "h"),
        DOMAIN_ROW(WATCHDOG, 3, CALLBACK_WATCHDOG, WIRE_DOMAIN_EVENT_WATCHDOG, "i"),
        DOMAIN_ROW(IO_ERROR, 4, CALLBACK_IO_ERROR, WIRE_DOMAIN_EVENT_IO_ERROR, "ssi"),
        DOMAIN_ROW(
                GRAPHICS, 5, CALLBACK_GRAPHICS, WIRE_DOMAIN_EVENT_GRAPHICS, "i(iss)(iss)sa20(ss)"),
        DOMAIN_ROW(
                IO_ERROR, 6, CALLBACK_IO_ERROR_REASON, WIRE_DOMAIN_EVENT_IO_ERROR_REASON, "ssis"),
        DOMAIN_ROW(CONTROL_ERROR, 7, CALLBACK_CONTROL_ERROR, WIRE_DOMAIN_EVENT_CONTROL_ERROR, ""),
        DOMAIN_ROW(BLOCK_JOB, 8, CALLBACK_BLOCK_JOB, WIRE_DOMAIN_EVENT_BLOCK_JOB, "sii"),
        DOMAIN_ROW(DISK_CHANGE, 9, CALLBACK_DISK_CHANGE, WIRE_DOMAIN_EVENT_DISK_CHANGE, "SSsi"),
        DOMAIN_ROW(TRAY_CHANGE, 10, CALLBACK_TRAY_CHANGE, WIRE_DOMAIN_EVENT_TRAY_CHANGE, "si"),
        PM_ROW(PM_WAKEUP, 11, PMWAKEUP),
        PM_ROW(PM_SUSPEND, 12, PMSUSPEND),
        DOMAIN_ROW(
                BALLOON_CHANGE, 13, CALLBACK_BALLOON_CHANGE, WIRE_DOMAIN_EVENT_BALLOON_CHANGE, "H"),
        PM_ROW(PM_SUSPEND_DISK, 14, PMSUSPEND_DISK),
        DOMAIN_ROW(
                DEVICE_REMOVED, 15, CALLBACK_DEVICE_REMOVED, WIRE_DOMAIN_EVENT_DEVICE_REMOVED, "s"),
        DOMAIN_ROW(BLOCK_JOB, 16, BLOCK_JOB_2, 0, "sii"),
        DOMAIN_ROW(TUNABLE, 17, CALLBACK_TUNABLE, 0, "P2048"),
        DOMAIN_ROW(AGENT_EVENT, 18, CALLBACK_AGENT_LIFECYCLE, 0, "ii"),
        DOMAIN_ROW(DEVICE_ADDED, 19, CALLBACK_DEVICE_ADDED, 0, "s"),
        DOMAIN_ROW(MIGRATION_ITERATION, 20, CALLBACK_MIGRATION_ITERATION, 0, "i"),
        DOMAIN_ROW(JOB_COMPLETED, 21, CALLBACK_JOB_COMPLETED, 0, "P64"),
        DOMAIN_ROW(DEVICE_REMOVAL_FAILED, 22, CALLBACK_DEVICE_REMOVAL_FAILED, 0, "s"),
        DOMAIN_ROW(METADATA_CHANGE, 23, CALLBACK_METADATA_CHANGE, 0, "iS"),
        DOMAIN_ROW(BLOCK_THRESHOLD, 24, BLOCK_THRESHOLD, 0, "sSHH"),
};

/* What a client has asked for. */
typedef struct Watch {
        int32_t id; /* of the callback; no two of all clients have the same */
        char kind;
        bool legacy;
        int16_t event;
        Object *object; /* referenced; NULL: all */
} Watch;

/* An event that waits for the authority. */
typedef struct Item {
        Object *about; /* referenced */
        int32_t procedure;
        GByteArray *payload;
} Item;

typedef struct WireEvents {
        GArray *watches; /* of Watch */
        GQueue line;     /* of Item; a fiber works on it while there is something in it */
} WireEvents;

static int32_t n_callbacks;

/* Telling. */

static void send_event(WireClient *client, int32_t procedure, const GByteArray *payload)
{
        const WireHeader header = {
                .program = WIRE_PROGRAM_REMOTE,
                .version = WIRE_VERSION,
                .procedure = procedure,
                .type = WIRE_MESSAGE,
                .serial = WIRE_EVENT_SERIAL,
                .status = WIRE_OK,
        };

        if (client->peer)
                wire_peer_send(client->peer, &header, payload->data, payload->len, NULL, 0);
}

static Question question_of(const WireClient *client, Object *about)
{
        return (Question){ .caller = client->caller,
                .action = about->class->properties[0].action,
                .member = "Signals",
                .object = about };
}

static void item_free(void *data)
{
        Item *item = data;

        object_unref(item->about);
        g_byte_array_unref(item->payload);
        g_free(item);
}

static void line_run(void *data)
{
        g_autoptr(WireClient) client = data;

        while (client->events && client->events->line.length > 0) {
                Item *item = g_queue_peek_head(&client->events->line);
                g_autoptr(Object) about = object_ref(item->about);
                const Question question = question_of(client, about);
                bool may = authorize(&question, NULL) == 0;

                /* It may have left meanwhile, with all that was in line. */
                if (!client->events)
                        break;
                item = g_queue_pop_head(&client->events->line);
                if (may)
                        send_event(client, item->procedure, item->payload);
                item_free(item);
        }
}

static void line_add(WireClient *client, Object *about, int32_t procedure, GByteArray *payload)
{
        WireEvents *events = client->events;
        Item *item;

        if (events->line.length >= IN_LINE_MAX)
                return;
        item = g_new(Item, 1);
        *item = (Item){ .about = object_ref(about),
                .procedure = procedure,
                .payload = g_byte_array_ref(payload) };
        g_queue_push_tail(&events->line, item);
        if (events->line.length > 1)
                return;
        if (fiber_start("telling a client", line_run, wire_client_ref(client), NULL) < 0) {
                g_queue_clear_full(&events->line, item_free);
                wire_client_unref(client);
        }
}

static void tell(WireClient *client, Object *about, int32_t procedure, GByteArray *payload)
{
        const Question question = question_of(client, about);
        Answer answer = authorize_known(&question);

        if (answer == ANSWER_UNKNOWN || client->events->line.length > 0)
                line_add(client, about, procedure, payload);
        else if (answer == ANSWER_YES)
                send_event(client, procedure, payload);
}

/* Texts that may be missing are empty ones here. */
static void drop_empty(const char *layout, void *data)
{
        size_t offset = 0;

        while (*layout) {
                const WireType type = wire_type(layout);
                char **text;

                offset = wire_align(offset, &type);
                text = (char **)((char *)data + offset);
                if (type.code == 'S' && *text && !**text)
                        *text = NULL;
                offset += type.size;
                layout = type.end;
        }
}

typedef struct Telling {
        const EventRow *row;
        Object *about;
        const Connection *connection;
        char arguments[128]; /* a copy that owns nothing */
} Telling;

/* 0, or -EMSGSIZE for what does not fit the wire. */
static int encode(const Telling *telling, const Watch *watch, GByteArray *payload)
{
        const EventRow *row = telling->row;
        const char layout[] = { row->kind, '\0' };
        union {
                char bytes[WIRE_DATA_MAX];
                uint64_t align;
        } name;
        int r = 0;

        if (!watch->legacy)
                r = wire_encode("i", &watch->id, payload);
        if (r >= 0 && !watch->legacy && row->reason_first)
                r = wire_encode(row->layout, telling->arguments, payload);
        if (r >= 0) {
                wire_name(row->kind, telling->about, name.bytes);
                r = wire_encode(layout, name.bytes, payload);
                wire_clear(layout, name.bytes);
        }
        if (r >= 0 && !row->reason_first)
                r = wire_encode(row->layout, telling->arguments, payload);
        return r;
}

static void tell_client(WireClient *client, void *data)
{
        const Telling *telling = data;
        const EventRow *row = telling->row;

        if (!client->events || client->connection != telling->connection)
                return;
        for (unsigned i = 0; client->events && i < client->events->watches->len; i++) {
                const Watch *watch = &g_array_index(client->events->watches, Watch, i);
                g_autoptr(GByteArray) payload = NULL;

                if (watch->kind != row->kind || watch->event != row->event ||
                        (watch->object && watch->object != telling->about) ||
                        (watch->legacy && row->legacy == 0))
                        continue;
                payload = g_byte_array_new();
                if (encode(telling, watch, payload) < 0)
                        continue;
                tell(client, telling->about, watch->legacy ? row->legacy : row->procedure, payload);
        }
}

/* Without what the compiler pads the struct with. */
static size_t members_size(const char *signature)
{
        size_t offset = 0;

        while (*signature) {
                const LayoutType type = layout_type(signature);

                offset = layout_align(offset, &type) + type.size;
                signature = type.end;
        }
        return offset;
}

static void on_signal(Object *object, const SignalInfo *signal, const void *arguments)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(event_rows); i++) {
                const EventRow *row = &event_rows[i];
                Telling telling = { .row = row, .about = object };
                size_t size, skip = 0;

                if (row->class != object->class || &row->class->signals[row->signal] != signal)
                        continue;
                if (object->class == &connection_class) {
                        telling.about = *(Object *const *)arguments;
                        skip = sizeof(Object *);
                }
                size = members_size(signal->signature);
                g_assert(size <= sizeof telling.arguments);
                if (size > skip)
                        memcpy(telling.arguments, (const char *)arguments + skip, size - skip);
                drop_empty(row->layout, telling.arguments);
                telling.connection = object_connection(object);
                wire_door_each(tell_client, &telling);
        }
}

/* The connection behind a client is lost, or closed for good. */

static void tell_closed(WireClient *client, void *data)
{
        const WireConnectEventConnectionClosedRet event = { .reason = WIRE_CLOSE_EOF };
        g_autoptr(GByteArray) payload = NULL;

        if (!client->wants_close || (Object *)client->connection != data)
                return;
        client->wants_close = false;
        payload = g_byte_array_new();
        wire_encode("i", &event, payload);
        send_event(client, WIRE_CONNECT_EVENT_CONNECTION_CLOSED, payload);
}

static void on_removed(Object *object)
{
        if (object->class == &connection_class)
                wire_door_each(tell_closed, object);
}

static void on_changed(Object *object)
{
        if (object->class == &connection_class && !((Connection *)object)->properties.alive)
                wire_door_each(tell_closed, object);
}

static const ObjectSink sink = {
        .removed = on_removed,
        .changed = on_changed,
        .signal = on_signal,
};

void wire_events_init(void)
{
        object_add_sink(&sink);
}

void wire_events_finish(void)
{
        object_remove_sink(&sink);
}

static void watch_clear(void *data)
{
        object_unref(((Watch *)data)->object);
}

void wire_events_drop(WireClient *client)
{
        WireEvents *events = client->events;

        if (!events)
                return;
        client->events = NULL;
        g_array_unref(events->watches);
        g_queue_clear_full(&events->line, item_free);
        g_free(events);
}

/* Asking. */

static const EventKind *kind_of(char letter)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(event_kinds); i++)
                if (event_kinds[i].kind == letter)
                        return &event_kinds[i];
        g_assert_not_reached();
}

static WireEvents *events_of(WireClient *client)
{
        if (!client->events) {
                client->events = g_new0(WireEvents, 1);
                client->events->watches = g_array_new(FALSE, FALSE, sizeof(Watch));
                g_array_set_clear_func(client->events->watches, watch_clear);
                g_queue_init(&client->events->line);
        }
        return client->events;
}

/* Gives the id of the callback. name: of the one object, or NULL. */
static int watch_add(WireCall *call, char letter, int32_t event, const void *name, bool legacy,
        int32_t *ret, GError **error)
{
        const EventKind *kind = kind_of(letter);
        WireClient *client = call->client;
        GArray *watches = events_of(client)->watches;
        g_autoptr(Object) object = NULL;
        Watch watch;

        /* The older form has no more than those. */
        if (event < 0 || event >= (legacy ? 16 : kind->n_events))
                return wire_call_fail(call, error, ERROR_INTERNAL_ERROR, "unsupported %s %d",
                        kind->unsupported, event);
        if (name && wire_object_find(client->connection, letter, name, &object, error) < 0)
                return -1;
        for (unsigned i = 0; i < watches->len; i++) {
                const Watch *other = &g_array_index(watches, Watch, i);

                if (other->kind != letter || other->event != event || other->object != object)
                        continue;
                call->from = WIRE_FROM_NONE;
                return error_set(error, ERROR_INVALID_ARG, "event callback already tracked");
        }
        if (watches->len >= WATCHES_MAX)
                return wire_call_fail(call, error, ERROR_RESOURCE_BUSY,
                        "this client waits for %u events already", watches->len);
        watch = (Watch){ .id = n_callbacks++,
                .kind = letter,
                .legacy = legacy,
                .event = event,
                .object = g_steal_pointer(&object) };
        g_array_append_val(watches, watch);
        if (ret)
                *ret = watch.id;
        return 0;
}

static bool watch_remove(WireClient *client, char letter, int32_t id, int32_t event)
{
        GArray *watches = events_of(client)->watches;

        for (unsigned i = 0; i < watches->len; i++) {
                const Watch *watch = &g_array_index(watches, Watch, i);

                if (watch->kind == letter && (watch->id == id || watch->event == event)) {
                        g_array_remove_index(watches, i);
                        return true;
                }
        }
        return false;
}

#define NOBODY (-1) /* no id and no event */

/* All kinds look alike on the wire but for the object. The row's option is the kind. */
static int register_any(WireCall *call, void *data, void *result, GError **error)
{
        const struct {
                int32_t event;
                const void *name;
        } *args = data;
        WireConnectDomainEventCallbackRegisterAnyRet *ret = result;

        return watch_add(
                call, call->row->option, args->event, args->name, false, &ret->callback_id, error);
}

static int deregister_any(WireCall *call, void *data, void *ret, GError **error)
{
        const WireConnectDomainEventCallbackDeregisterAnyArgs *args = data;

        (void)ret;
        if (args->callback_id >= 0 &&
                watch_remove(call->client, call->row->option, args->callback_id, NOBODY))
                return 0;
        return wire_call_fail(call, error, ERROR_INTERNAL_ERROR, "%s %d not registered",
                kind_of(call->row->option)->missing, args->callback_id);
}

/* Older forms: for all domains, by the number of the event; the oldest knows the lifecycle alone.
 */

static int unregister(WireCall *call, int32_t event, GError **error)
{
        if (event >= 0 && watch_remove(call->client, 'D', NOBODY, event))
                return 0;
        return wire_call_fail(
                call, error, ERROR_INTERNAL_ERROR, "domain event %d not registered", event);
}

static int register_legacy(WireCall *call, void *data, void *ret, GError **error)
{
        const WireConnectDomainEventRegisterAnyArgs *args = data;

        (void)ret;
        return watch_add(call, 'D', args->event_id, NULL, true, NULL, error);
}

static int deregister_legacy(WireCall *call, void *data, void *ret, GError **error)
{
        const WireConnectDomainEventDeregisterAnyArgs *args = data;

        (void)ret;
        return unregister(call, args->event_id, error);
}

static int register_lifecycle(WireCall *call, void *args, void *ret, GError **error)
{
        (void)args, (void)ret;
        return watch_add(call, 'D', 0, NULL, true, NULL, error);
}

static int deregister_lifecycle(WireCall *call, void *args, void *ret, GError **error)
{
        (void)args, (void)ret;
        return unregister(call, 0, error);
}

#define ROW(procedure, answer, kind)                                                        \
        {                                                                                   \
                WIRE_CONNECT_##procedure, WIRE_ON_CONNECTION, false, answer, NULL, -1, kind \
        }

const WireRow wire_event_rows[] = {
        ROW(DOMAIN_EVENT_REGISTER, register_lifecycle, 'D'),
        ROW(DOMAIN_EVENT_DEREGISTER, deregister_lifecycle, 'D'),
        ROW(DOMAIN_EVENT_REGISTER_ANY, register_legacy, 'D'),
        ROW(DOMAIN_EVENT_DEREGISTER_ANY, deregister_legacy, 'D'),
        ROW(DOMAIN_EVENT_CALLBACK_REGISTER_ANY, register_any, 'D'),
        ROW(DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, deregister_any, 'D'),
        ROW(NETWORK_EVENT_REGISTER_ANY, register_any, 'N'),
        ROW(NETWORK_EVENT_DEREGISTER_ANY, deregister_any, 'N'),
        ROW(STORAGE_POOL_EVENT_REGISTER_ANY, register_any, 'L'),
        ROW(STORAGE_POOL_EVENT_DEREGISTER_ANY, deregister_any, 'L'),
        ROW(NODE_DEVICE_EVENT_REGISTER_ANY, register_any, 'E'),
        ROW(NODE_DEVICE_EVENT_DEREGISTER_ANY, deregister_any, 'E'),
        ROW(SECRET_EVENT_REGISTER_ANY, register_any, 'K'),
        ROW(SECRET_EVENT_DEREGISTER_ANY, deregister_any, 'K'),
        { 0 },
};

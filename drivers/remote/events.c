/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Events of the peer: they keep the mirror true, and are told here as the peer tells them. An event
 * that comes with a change of properties is told after the change. They are worked on in the order
 * they came, by one fiber; what they make necessary to ask is asked for many at once. */

#include <stddef.h>
#include <string.h>

#include "drivers/remote/remote.h"
#include "drivers/wire/map.h"

/* Events that are worked on at once. */
#define EVENTS_AHEAD 16
/* Events that may wait. Past it the mirror is made anew, which tells the same in short. */
#define EVENTS_MAX 4096

/* Events of networks and pools. */
enum {
        LIFE_DEFINED,
        LIFE_UNDEFINED,
        LIFE_STARTED,
        LIFE_STOPPED,
};

/* Of devices. */
enum {
        DEVICE_CREATED,
        DEVICE_DELETED,
};

struct MirrorEvent {
        const EventRow *row;
        void *ret;
        MirrorFill *fill; /* while it is worked on */
        MirrorObject *object;
};

/* Telling. */

static void emit_life(RemoteConnection *self, MirrorObject *object, int event)
{
        Object *it = &object->object;

        switch (mirror_kind_id(mirror_kind(it->class))) {
        case MIRROR_NETWORK:
                object_emit(self, CONNECTION_SIGNAL_NETWORK_EVENT,
                        &(ConnectionNetworkEventSignal){ it, event });
                break;
        case MIRROR_POOL:
                object_emit(self, CONNECTION_SIGNAL_STORAGE_POOL_EVENT,
                        &(ConnectionStoragePoolEventSignal){ it, event, 0 });
                break;
        case MIRROR_NODE_DEVICE:
                object_emit(self, CONNECTION_SIGNAL_NODE_DEVICE_EVENT,
                        &(ConnectionNodeDeviceEventSignal){ it, event, 0 });
                break;
        case MIRROR_SECRET:
                object_emit(self, CONNECTION_SIGNAL_SECRET_EVENT,
                        &(ConnectionSecretEventSignal){ it, event, 0 });
                break;
        default:
                break;
        }
}

/* What is remembered as told of an object: the state of a domain, whether the others are active. */
static int state_of(const MirrorObject *object)
{
        switch (mirror_kind_id(mirror_kind(object->object.class))) {
        case MIRROR_DOMAIN:
                return domain_state(&object->domain);
        case MIRROR_NETWORK:
                return object->network.properties.active;
        case MIRROR_POOL:
                return object->pool.properties.active;
        default:
                return 0;
        }
}

static bool is_persistent(const MirrorObject *object)
{
        switch (mirror_kind_id(mirror_kind(object->object.class))) {
        case MIRROR_DOMAIN:
                return object->domain.properties.persistent;
        case MIRROR_NETWORK:
                return object->network.properties.persistent;
        case MIRROR_POOL:
                return object->pool.properties.persistent;
        default:
                return true;
        }
}

static void tell_domain_life(
        RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state)
{
        const WireDomainEventCallbackLifecycleRet *event = ret;
        /* Indexed by the details of EVENT_STOPPED. */
        static const int reasons[] = {
                [STOPPED_SHUTDOWN] = SHUTOFF_SHUTDOWN,
                [STOPPED_DESTROYED] = SHUTOFF_DESTROYED,
                [STOPPED_CRASHED] = SHUTOFF_CRASHED,
                [STOPPED_MIGRATED] = SHUTOFF_MIGRATED,
                [STOPPED_SAVED] = SHUTOFF_SAVED,
                [STOPPED_FAILED] = SHUTOFF_FAILED,
                [STOPPED_FROM_SNAPSHOT] = SHUTOFF_FROM_SNAPSHOT,
        };
        unsigned detail = event->msg.detail;

        /* It cannot be asked any more. */
        if (state == MIRROR_GONE && domain_is_active(&object->domain)) {
                domain_set_state(&object->domain, DOMAIN_SHUTOFF,
                        detail < G_N_ELEMENTS(reasons) ? reasons[detail] : SHUTOFF_UNKNOWN, 0);
                object_set(object, DOMAIN_PROPERTY_ADDRESSES, &(const Array){ 0 });
        }
        if (state == MIRROR_GONE)
                object_set_bool(object, DOMAIN_PROPERTY_PERSISTENT, false);
        domain_emit(&object->domain, event->msg.event, event->msg.detail);
        object->told = state_of(object);
        if (state == MIRROR_GONE)
                mirror_remove(self, object);
}

static void tell_life(RemoteConnection *self, MirrorObject *object, int event, MirrorState state)
{
        /* It cannot be asked any more. */
        if (state == MIRROR_GONE && object->object.class == &network_class) {
                object_set_bool(object, NETWORK_PROPERTY_ACTIVE, false);
                object_set_bool(object, NETWORK_PROPERTY_PERSISTENT, false);
        }
        if (state == MIRROR_GONE && object->object.class == &storage_pool_class) {
                object_set_bool(object, STORAGE_POOL_PROPERTY_ACTIVE, false);
                object_set_bool(object, STORAGE_POOL_PROPERTY_PERSISTENT, false);
                object_set_int32(object, STORAGE_POOL_PROPERTY_STATE, 0);
        }
        emit_life(self, object, event);
        object->told = state_of(object);
        if (state == MIRROR_GONE)
                mirror_remove(self, object);
}

static void tell_network_life(
        RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state)
{
        tell_life(self, object, ((const WireNetworkEventLifecycleRet *)ret)->event, state);
}

/* Volumes come and go with their pool. */
static void look_into(RemoteConnection *self, MirrorObject *pool)
{
        g_autoptr(GError) problem = NULL;

        if (!pool->object.gone && mirror_list_volumes(self, pool, &problem) < 0)
                g_info("%s: cannot list the volumes of %s: %s", self->target->uri->text,
                        pool->pool.properties.name, problem->message);
}

static void tell_pool_life(
        RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state)
{
        bool active = object->told;

        tell_life(self, object, ((const WireStoragePoolEventLifecycleRet *)ret)->event, state);
        if (active != object->pool.properties.active)
                look_into(self, object);
}

static void tell_pool_refresh(
        RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state)
{
        (void)ret;
        if (state != MIRROR_TRUE)
                return;
        look_into(self, object);
        object_emit(object, STORAGE_POOL_SIGNAL_REFRESH, NULL);
}

static void tell_device_life(
        RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state)
{
        tell_life(self, object, ((const WireNodeDeviceEventLifecycleRet *)ret)->event, state);
}

static void tell_secret_life(
        RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state)
{
        tell_life(self, object, ((const WireSecretEventLifecycleRet *)ret)->event, state);
}

void events_known(MirrorObject *object)
{
        object->told = state_of(object);
}

void events_tell_added(RemoteConnection *self, MirrorObject *object)
{
        if (object->object.class == &domain_class) {
                if (is_persistent(object))
                        domain_emit(&object->domain, EVENT_DEFINED, DEFINED_ADDED);
                if (domain_is_active(&object->domain))
                        domain_emit(&object->domain, EVENT_STARTED, STARTED_BOOTED);
                return;
        }
        if (is_persistent(object))
                emit_life(self, object, LIFE_DEFINED);
        if (state_of(object))
                emit_life(self, object, LIFE_STARTED);
}

void events_tell_removed(RemoteConnection *self, MirrorObject *object)
{
        bool persistent = is_persistent(object);

        if (object->object.class == &domain_class) {
                if (domain_is_active(&object->domain)) {
                        domain_set_state(&object->domain, DOMAIN_SHUTOFF, SHUTOFF_UNKNOWN, 0);
                        domain_emit(&object->domain, EVENT_STOPPED, STOPPED_SHUTDOWN);
                }
                if (persistent)
                        domain_emit(&object->domain, EVENT_UNDEFINED, UNDEFINED_REMOVED);
                return;
        }
        if (state_of(object))
                tell_life(self, object, LIFE_STOPPED, MIRROR_TRUE);
        if (persistent)
                emit_life(self, object, LIFE_UNDEFINED);
}

void events_tell_state(RemoteConnection *self, MirrorObject *object)
{
        int before = object->told, now = state_of(object);
        bool ran = before == DOMAIN_RUNNING || before == DOMAIN_PAUSED;

        object->told = now;
        if (before == now || !object->object.published)
                return;
        if (object->object.class != &domain_class)
                emit_life(self, object, now ? LIFE_STARTED : LIFE_STOPPED);
        else if (now == DOMAIN_SHUTOFF)
                domain_emit(&object->domain, EVENT_STOPPED, STOPPED_SHUTDOWN);
        else if (!ran)
                domain_emit(&object->domain, EVENT_STARTED, STARTED_BOOTED);
        else if (now == DOMAIN_PAUSED)
                domain_emit(&object->domain, EVENT_SUSPENDED, SUSPENDED_PAUSED);
        else if (now == DOMAIN_RUNNING)
                domain_emit(&object->domain, EVENT_RESUMED, RESUMED_UNPAUSED);
}

/* The table. What follows the name of a domain in the wire's struct is laid out as the signal's
 * struct is, so that it is handed on as it is; a unit test compares the layouts. */

#define LIFE(NAME, Tag, id, name_, tell_)                                                      \
        {                                                                                      \
                .procedure = WIRE_##NAME, .kind = id, .name = offsetof(Wire##Tag##Ret, name_), \
                .signal = -1, .tell = tell_,                                                   \
        }
#define SIGNAL(NAME, Tag, name_, signal_, first)                                            \
        {                                                                                   \
                .procedure = WIRE_##NAME, .kind = MIRROR_DOMAIN,                            \
                .name = offsetof(Wire##Tag##Ret, name_), .signal = DOMAIN_SIGNAL_##signal_, \
                .arguments = offsetof(Wire##Tag##Ret, first),                               \
        }

const EventRow event_rows[] = {
        LIFE(DOMAIN_EVENT_CALLBACK_LIFECYCLE, DomainEventCallbackLifecycle, MIRROR_DOMAIN, msg.dom,
                tell_domain_life),
        LIFE(NETWORK_EVENT_LIFECYCLE, NetworkEventLifecycle, MIRROR_NETWORK, net,
                tell_network_life),
        LIFE(STORAGE_POOL_EVENT_LIFECYCLE, StoragePoolEventLifecycle, MIRROR_POOL, pool,
                tell_pool_life),
        LIFE(STORAGE_POOL_EVENT_REFRESH, StoragePoolEventRefresh, MIRROR_POOL, pool,
                tell_pool_refresh),
        LIFE(NODE_DEVICE_EVENT_LIFECYCLE, NodeDeviceEventLifecycle, MIRROR_NODE_DEVICE, dev,
                tell_device_life),
        LIFE(NODE_DEVICE_EVENT_UPDATE, NodeDeviceEventUpdate, MIRROR_NODE_DEVICE, dev, NULL),
        LIFE(SECRET_EVENT_LIFECYCLE, SecretEventLifecycle, MIRROR_SECRET, secret, tell_secret_life),
        SIGNAL(DOMAIN_EVENT_CALLBACK_REBOOT, DomainEventCallbackReboot, msg.dom, REBOOT, msg),
        SIGNAL(DOMAIN_EVENT_CALLBACK_RTC_CHANGE, DomainEventCallbackRtcChange, msg.dom, RTC_CHANGE,
                msg.offset),
        SIGNAL(DOMAIN_EVENT_CALLBACK_WATCHDOG, DomainEventCallbackWatchdog, msg.dom, WATCHDOG,
                msg.action),
        SIGNAL(DOMAIN_EVENT_CALLBACK_GRAPHICS, DomainEventCallbackGraphics, msg.dom, GRAPHICS,
                msg.phase),
        SIGNAL(DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON, DomainEventCallbackIoErrorReason, msg.dom,
                IO_ERROR, msg.src_path),
        SIGNAL(DOMAIN_EVENT_CALLBACK_CONTROL_ERROR, DomainEventCallbackControlError, msg.dom,
                CONTROL_ERROR, msg),
        SIGNAL(DOMAIN_EVENT_CALLBACK_DISK_CHANGE, DomainEventCallbackDiskChange, msg.dom,
                DISK_CHANGE, msg.old_src_path),
        SIGNAL(DOMAIN_EVENT_CALLBACK_TRAY_CHANGE, DomainEventCallbackTrayChange, msg.dom,
                TRAY_CHANGE, msg.dev_alias),
        SIGNAL(DOMAIN_EVENT_CALLBACK_PMWAKEUP, DomainEventCallbackPmwakeup, msg.dom, PM_WAKEUP,
                reason),
        SIGNAL(DOMAIN_EVENT_CALLBACK_PMSUSPEND, DomainEventCallbackPmsuspend, msg.dom, PM_SUSPEND,
                reason),
        SIGNAL(DOMAIN_EVENT_CALLBACK_PMSUSPEND_DISK, DomainEventCallbackPmsuspendDisk, msg.dom,
                PM_SUSPEND_DISK, reason),
        SIGNAL(DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE, DomainEventCallbackBalloonChange, msg.dom,
                BALLOON_CHANGE, msg.actual),
        SIGNAL(DOMAIN_EVENT_CALLBACK_DEVICE_REMOVED, DomainEventCallbackDeviceRemoved, msg.dom,
                DEVICE_REMOVED, msg.dev_alias),
        SIGNAL(DOMAIN_EVENT_BLOCK_JOB_2, DomainEventBlockJob2, dom, BLOCK_JOB, dst),
        SIGNAL(DOMAIN_EVENT_CALLBACK_TUNABLE, DomainEventCallbackTunable, dom, TUNABLE, params),
        SIGNAL(DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE, DomainEventCallbackAgentLifecycle, dom,
                AGENT_EVENT, state),
        SIGNAL(DOMAIN_EVENT_CALLBACK_DEVICE_ADDED, DomainEventCallbackDeviceAdded, dom,
                DEVICE_ADDED, dev_alias),
        SIGNAL(DOMAIN_EVENT_CALLBACK_MIGRATION_ITERATION, DomainEventCallbackMigrationIteration,
                dom, MIGRATION_ITERATION, iteration),
        SIGNAL(DOMAIN_EVENT_CALLBACK_JOB_COMPLETED, DomainEventCallbackJobCompleted, dom,
                JOB_COMPLETED, params),
        SIGNAL(DOMAIN_EVENT_CALLBACK_DEVICE_REMOVAL_FAILED, DomainEventCallbackDeviceRemovalFailed,
                dom, DEVICE_REMOVAL_FAILED, dev_alias),
        SIGNAL(DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, DomainEventCallbackMetadataChange, dom,
                METADATA_CHANGE, type),
        SIGNAL(DOMAIN_EVENT_BLOCK_THRESHOLD, DomainEventBlockThreshold, dom, BLOCK_THRESHOLD, dev),
};
const unsigned n_event_rows = G_N_ELEMENTS(event_rows);

/* Events that come with a change of properties. */
static bool changes(const EventRow *row)
{
        return row->signal < 0 || row->procedure == WIRE_DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE ||
                row->procedure == WIRE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE;
}

/* The queue. */

static MirrorEvent *event_free(MirrorEvent *event)
{
        if (!event)
                return NULL;
        wire_clear(wire_procedure(WIRE_PROGRAM_REMOTE, event->row->procedure)->ret, event->ret);
        g_free(event->ret);
        g_free(event->fill);
        object_unref(event->object);
        g_free(event);
        return NULL;
}

static void event_free_notify(void *event)
{
        event_free(event);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MirrorEvent, event_free)

void events_drop(RemoteConnection *self)
{
        self->n_told += g_queue_get_length(&self->events);
        g_queue_clear_full(&self->events, event_free_notify);
}

static const EventRow *row_of(int32_t procedure)
{
        for (unsigned i = 0; i < n_event_rows; i++)
                if (event_rows[i].procedure == procedure)
                        return &event_rows[i];
        return NULL;
}

void events_take(RemoteConnection *self, int32_t procedure, void *ret)
{
        const EventRow *row = row_of(procedure);
        MirrorEvent *event;

        if (procedure == WIRE_CONNECT_EVENT_CONNECTION_CLOSED && self->link)
                remote_link_drop(self->link, "the peer has lost its own hypervisor");
        if (!row || self->missed || self->stopping) {
                wire_clear(wire_procedure(WIRE_PROGRAM_REMOTE, procedure)->ret, ret);
                g_free(ret);
                return;
        }
        event = g_new(MirrorEvent, 1);
        *event = (MirrorEvent){ .row = row, .ret = ret };
        g_queue_push_tail(&self->events, event);
        self->n_arrived++;
        if (g_queue_get_length(&self->events) > EVENTS_MAX) {
                self->missed = true;
                events_drop(self);
        }
        fiber_queue_wake_all(&self->arrived, 0);
}

/* Work. */

static void tell(RemoteConnection *self, const MirrorEvent *event, MirrorState state)
{
        const EventRow *row = event->row;

        if (state == MIRROR_FAILED || event->object->object.gone)
                return;
        if (row->tell)
                row->tell(self, event->object, event->ret, state);
        else if (row->signal >= 0 && state == MIRROR_TRUE)
                object_emit(event->object, row->signal, (char *)event->ret + row->arguments);
}

/* One about an object that is not here: new, or gone again. */
static void work_on_stranger(RemoteConnection *self, MirrorEvent *event)
{
        const EventRow *row = event->row;
        Object *object;

        if (row->signal >= 0 ||
                mirror_ensure(self, &mirror_kinds[row->kind], (char *)event->ret + row->name,
                        &object, NULL) < 0)
                return;
        event->object = (MirrorObject *)object;
}

/* Suspends. As many as can be asked about at once. */
static void work(RemoteConnection *self)
{
        g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func(event_free_notify);
        MirrorEvent *event;

        while (batch->len < EVENTS_AHEAD && (event = g_queue_peek_head(&self->events))) {
                const EventRow *row = event->row;
                MirrorObject *object =
                        mirror_kinds[row->kind].find(self, NULL, (char *)event->ret + row->name);

                if (!object && batch->len > 0)
                        break;
                g_queue_pop_head(&self->events);
                g_ptr_array_add(batch, event);
                if (!object) {
                        work_on_stranger(self, event);
                        break;
                }
                event->object = (MirrorObject *)object_ref(object);
                if (changes(row)) {
                        event->fill = g_new(MirrorFill, 1);
                        mirror_fill_begin(self, event->fill, object);
                }
        }
        for (unsigned i = 0; i < batch->len; i++) {
                event = batch->pdata[i];
                if (event->fill)
                        tell(self, event, mirror_fill_end(self, event->fill, NULL));
                else if (event->object)
                        tell(self, event, MIRROR_TRUE);
        }
        self->n_told += batch->len;
}

void events_run(RemoteConnection *self)
{
        while (!fiber_cancelled()) {
                g_autoptr(GError) problem = NULL;

                if (!self->ready || (!self->missed && g_queue_is_empty(&self->events))) {
                        fiber_queue_wait(&self->arrived, "events of a peer", FIBER_FOREVER);
                        continue;
                }
                if (mirror_lock(self, NULL) < 0)
                        continue;
                if (self->missed) {
                        self->missed = false;
                        if (mirror_list_all(self, false, &problem) < 0)
                                g_info("%s: %s", self->target->uri->text, problem->message);
                } else {
                        work(self);
                }
                mirror_unlock(self);
                fiber_queue_wake_all(&self->told, 0);
        }
}

/* Subscriptions. */

/* Suspends. Whether the peer has the event; an older one may not know it. */
static int subscribed(RemoteConnection *self, RemoteCall *call, GError **error)
{
        g_autoptr(GError) problem = NULL;

        if (remote_call_finish(call, &problem) >= 0)
                return 1;
        if (self->link && !error_is(problem, ERROR_OPERATION_TIMEOUT) &&
                !error_is(problem, ERROR_OPERATION_ABORTED))
                return 0;
        g_propagate_error(error, g_steal_pointer(&problem));
        return -1;
}

static int subscribe_all(
        RemoteConnection *self, RemoteLink *link, RemoteCall *calls, GError **error)
{
        for (unsigned i = 0; i < n_event_rows; i++) {
                const WireProcedure *event =
                        wire_procedure(WIRE_PROGRAM_REMOTE, event_rows[i].procedure);
                /* The object that it is about, which follows, stays absent: all. */
                const struct {
                        int32_t number;
                        void *object;
                } args = { .number = event->event };

                if (remote_call_send(&calls[i], link, mirror_kinds[event_rows[i].kind].subscribe,
                            &args, NULL, 0, NULL, fiber_deadline(LINK_QUERY_DEADLINE), error) < 0)
                        return -1;
        }
        for (unsigned i = 0; i < n_event_rows; i++) {
                int r = subscribed(self, &calls[i], error);

                if (r < 0)
                        return -1;
                if (r > 0 && event_rows[i].tell)
                        self->tells[event_rows[i].kind] = true;
        }
        return 0;
}

int events_subscribe(RemoteConnection *self, GError **error)
{
        g_autoptr(RemoteLink) link = remote_link_ref(self->link);
        g_autofree RemoteCall *calls = g_new0(RemoteCall, n_event_rows);
        g_auto(RemoteCall) call = { 0 };
        int r = 0;

        memset(self->tells, 0, sizeof self->tells);
        if (self->features.event_callbacks)
                r = subscribe_all(self, link, calls, error);
        for (unsigned i = 0; i < n_event_rows; i++)
                remote_call_clear(&calls[i]);
        if (r < 0 || !self->features.close_callback)
                return r;
        return remote_call(&call, link, WIRE_CONNECT_REGISTER_CLOSE_CALLBACK, NULL, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Opening a remote URI, and keeping it open: a link that is lost is brought back, again and again
 * and ever more slowly; the objects stay meanwhile, and are compared with the peer's afterwards. */

#include <string.h>

#include "drivers/remote/remote.h"

/* Between two attempts to bring a link back. Each is shortened by chance, so that the clients of a
 * host that comes back do not all come at once. */
#define RETRY_FIRST (500 * G_TIME_SPAN_MILLISECOND)
#define RETRY_LAST (60 * G_USEC_PER_SEC)
/* How long an opening waits for the version of the hypervisor. */
#define VERSION_PATIENCE G_USEC_PER_SEC

static const char *const *remote_defaults(Instance instance)
{
        static const char *const none[] = { NULL };

        (void)instance;
        return none;
}

static int remote_probe(DriverObject *self, Instance instance, GError **error)
{
        (void)self, (void)instance, (void)error;
        return 0;
}

static int remote_identify(const Uri *uri, Instance instance, bool read_only, char **ret_label,
        const char **ret_action, GError **error)
{
        g_autoptr(Target) target = target_new(uri, instance, read_only, error);

        if (!target || !transport_of(target, error))
                return -1;
        *ret_label = target_label(target);
        /* The system service goes there with its own credentials, whoever asks. */
        *ret_action = instance == INSTANCE_SYSTEM ? "org.virtbus1.connection.open-remote" :
                                                    "org.virtbus1.connection.open";
        return 0;
}

/* The link. */

static void on_event(int32_t procedure, void *ret, void *data)
{
        events_take(data, procedure, ret);
}

static void on_lost(const GError *reason, void *data)
{
        RemoteConnection *self = data;

        self->link = remote_link_unref(self->link);
        self->ready = false;
        object_set_string(self, CONNECTION_PROPERTY_LINK_ERROR, reason->message);
        object_set_bool(self, CONNECTION_PROPERTY_ALIVE, false);
        events_drop(self);
        fiber_queue_wake_all(&self->told, 0);
        fiber_queue_wake_all(&self->lost, 0);
}

static const RemoteLinkEvents link_events = { .event = on_event, .lost = on_lost };

/* Suspends. One text or number about the host, which a peer may not tell. */
static const void *ask_host(
        RemoteConnection *self, RemoteCall *call, int32_t procedure, uint64_t patience)
{
        const uint64_t none[WIRE_DATA_MAX / sizeof(uint64_t)] = { 0 };
        g_autoptr(RemoteLink) link = self->link ? remote_link_ref(self->link) : NULL;

        if (link &&
                remote_call_send(call, link, procedure, none, NULL, 0, NULL,
                        fiber_deadline(patience), NULL) >= 0 &&
                remote_call_finish(call, NULL) >= 0)
                return call->ret.bytes;
        return NULL;
}

/* Suspends. libvirt looks at all of its emulators before it tells a version, the first time: that
 * may take a minute, for which nobody has to wait who opens the connection. */
static void ask_version(RemoteConnection *self, uint64_t patience)
{
        g_auto(RemoteCall) call = { 0 };
        const WireConnectGetVersionRet *version =
                ask_host(self, &call, WIRE_CONNECT_GET_VERSION, patience);

        object_set_uint64(self, CONNECTION_PROPERTY_VERSION, version ? version->hv_ver : 0);
}

static void describe_host(RemoteConnection *self)
{
        g_auto(RemoteCall) hostname = { 0 }, library = { 0 }, node = { 0 };
        const WireConnectGetHostnameRet *name =
                ask_host(self, &hostname, WIRE_CONNECT_GET_HOSTNAME, LINK_QUERY_DEADLINE);
        const WireConnectGetLibVersionRet *lib =
                ask_host(self, &library, WIRE_CONNECT_GET_LIB_VERSION, LINK_QUERY_DEADLINE);
        /* Without the maps, only how long they are. */
        const WireNodeGetCpuMapRet *cpus =
                ask_host(self, &node, WIRE_NODE_GET_CPU_MAP, LINK_QUERY_DEADLINE);

        object_set_string(self, CONNECTION_PROPERTY_HOSTNAME, name ? name->hostname : "");
        object_set_uint64(self, CONNECTION_PROPERTY_LIB_VERSION, lib ? lib->lib_ver : 0);
        self->cpus = cpus ? cpus->ret : 0;
        ask_version(self, VERSION_PATIENCE);
}

/* Suspends. From nothing to a mirror that is true. After an error there is no link. */
static int link_up(RemoteConnection *self, GError **error)
{
        RemoteLink *link = session_open(
                self->target, self->transport, &link_events, self, &self->features, error);
        int r;

        if (!link)
                return -1;
        if (self->stopping || remote_link_problem(link)) {
                remote_link_close(link, "the connection is being closed");
                remote_link_unref(link);
                return error_set(error, ERROR_OPERATION_ABORTED, "the link was lost again");
        }
        self->link = link;
        r = events_subscribe(self, error);
        if (r == 0)
                describe_host(self);
        if (r == 0)
                r = mirror_lock(self, error);
        if (r == 0) {
                r = mirror_list_all(self, false, error);
                mirror_unlock(self);
        }
        if (r == 0 && self->link == link) {
                self->ready = true;
                return 0;
        }
        if (r == 0)
                error_set(error, ERROR_RPC, "the link was lost again");
        if (self->link) {
                remote_link_close(self->link, "the connection could not be opened");
                self->link = remote_link_unref(self->link);
        }
        return -1;
}

/* The keeper. */

static void bring_back(RemoteConnection *self)
{
        uint64_t delay = RETRY_FIRST;

        while (!self->ready && !fiber_cancelled()) {
                g_autoptr(GError) problem = NULL;

                if (fiber_sleep(delay / 2 + g_random_double() * delay / 2) < 0)
                        return;
                if (link_up(self, &problem) < 0) {
                        if (!self->stopping)
                                object_set_string(
                                        self, CONNECTION_PROPERTY_LINK_ERROR, problem->message);
                        delay = MIN(2 * delay, RETRY_LAST);
                        continue;
                }
                object_set_string(self, CONNECTION_PROPERTY_LINK_ERROR, "");
                object_set_bool(self, CONNECTION_PROPERTY_ALIVE, true);
                fiber_queue_wake_all(&self->arrived, 0);
        }
}

/* What no event tells of. */
static void look_around(RemoteConnection *self)
{
        g_autoptr(GError) problem = NULL;

        if (mirror_lock(self, NULL) < 0)
                return;
        if (mirror_list_all(self, true, &problem) < 0)
                g_info("%s: %s", self->target->uri->text, problem->message);
        mirror_unlock(self);
}

static void keep(void *data)
{
        RemoteConnection *self = data;
        bool asked = false;

        while (!fiber_cancelled()) {
                if (!self->ready)
                        bring_back(self);
                else if (self->connection.properties.version == 0 && !asked) {
                        asked = true;
                        ask_version(self, 5 * LINK_QUERY_DEADLINE);
                } else if (fiber_queue_wait(&self->lost, "the loss of a link",
                                   fiber_deadline(MIRROR_PERIOD)) == -ETIMEDOUT &&
                        self->ready)
                        look_around(self);
        }
        object_unref(self);
}

static void tell(void *data)
{
        events_run(data);
        object_unref(data);
}

/* Opening and closing. */

static void remote_connection_free(Object *object)
{
        RemoteConnection *self = (RemoteConnection *)object;

        events_drop(self);
        target_free(self->target);
        connection_finish(&self->connection);
        g_free(self);
}

/* After this nothing comes from the peer any more, and nothing is left of it. */
static void shut(RemoteConnection *self)
{
        self->stopping = true;
        self->ready = false;
        if (self->link) {
                remote_link_close(self->link, "the connection was closed");
                self->link = remote_link_unref(self->link);
        }
        mirror_clear(self);
}

static int remote_open(const Uri *uri, Instance instance, bool read_only, const char *label,
        Connection **ret, GError **error)
{
        g_autoptr(Target) target = target_new(uri, instance, read_only, error);
        const Transport *transport = target ? transport_of(target, error) : NULL;
        RemoteConnection *self;

        if (!transport)
                return -1;
        self = g_new0(RemoteConnection, 1);
        self->target = g_steal_pointer(&target);
        self->transport = transport;
        g_queue_init(&self->events);
        connection_init(&self->connection, &remote_driver, label, uri, remote_connection_free);
        object_set_bool(self, CONNECTION_PROPERTY_ENCRYPTED, transport->encrypted);
        object_set_bool(self, CONNECTION_PROPERTY_SECURE, transport->secure);
        if (link_up(self, error) < 0) {
                shut(self);
                object_unref(self);
                /* A question to the user names it, too. */
                return strstr((*error)->message, uri->text) ? -1 :
                                                              error_prefix(error, "%s", uri->text);
        }
        *ret = &self->connection;
        return 0;
}

static void start_fiber(RemoteConnection *self, const char *name, void (*run)(void *), Fiber **ret)
{
        object_ref(self);
        if (fiber_start(name, run, self, ret) >= 0)
                return;
        object_unref(self);
        g_warning("%s: there is no room for a fiber: %s", self->target->uri->text, name);
}

static void remote_start(Connection *connection)
{
        RemoteConnection *self = (RemoteConnection *)connection;

        mirror_publish(self);
        start_fiber(self, "events of a peer", tell, &self->teller);
        start_fiber(self, "the link to a peer", keep, &self->keeper);
}

static void end_fiber(Fiber **fiber)
{
        if (!*fiber)
                return;
        fiber_cancel(*fiber);
        *fiber = fiber_unref(*fiber);
}

static void remote_stop(Connection *connection)
{
        RemoteConnection *self = (RemoteConnection *)connection;

        self->stopping = true;
        end_fiber(&self->teller);
        end_fiber(&self->keeper);
        shut(self);
}

/* What waits for the peer is told so; the rest is for stop(). */
static void remote_leave(Connection *connection)
{
        RemoteConnection *self = (RemoteConnection *)connection;

        self->stopping = true;
        self->ready = false;
        if (self->link)
                remote_link_close(self->link, "the service ends");
}

const Driver remote_driver = {
        .name = "remote",
        .defaults = remote_defaults,
        .probe = remote_probe,
        .identify = remote_identify,
        .open = remote_open,
        .start = remote_start,
        .stop = remote_stop,
        .leave = remote_leave,
        .perform = remote_perform,
        .set = remote_set,
        .refresh = remote_refresh,
};

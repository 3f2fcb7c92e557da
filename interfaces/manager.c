/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.virtbus1.Manager and org.virtbus1.Driver. */

#include "service/manager.h"

#include <string.h>

#include "config.h"
#include "handlers.h"
#include "interfaces/lookup.h"
#include "service/agent.h"
#include "service/connections.h"
#include "service/operate.h"
#include "service/settings.h"

static ManagerObject *manager;

static void manager_free(Object *object)
{
        g_free(object);
}

void manager_start(void)
{
        GPtrArray *drivers = connections_drivers();

        manager = g_new0(ManagerObject, 1);
        object_init(
                &manager->object, &manager_class, NULL, &manager->properties, NULL, manager_free);
        object_set_string(manager, MANAGER_PROPERTY_VERSION, VIRTBUS_VERSION);
        manager_settled();
        object_set(manager, MANAGER_PROPERTY_DRIVERS,
                &(Array){ .items = drivers->pdata, .n = drivers->len });
        object_publish(manager);
}

/* Sorted, so that loading the same again is no change. */
static void set_aliases(void)
{
        g_autoptr(GList) names = g_hash_table_get_keys(settings()->aliases);
        g_autoptr(GArray) aliases = g_array_new(FALSE, FALSE, sizeof(ManagerAliasesValue));

        names = g_list_sort(names, (GCompareFunc)strcmp);
        for (GList *link = names; link; link = link->next) {
                ManagerAliasesValue alias = { .name = link->data,
                        .uri = (char *)settings_alias(link->data) };

                g_array_append_val(aliases, alias);
        }
        object_set(manager, MANAGER_PROPERTY_ALIASES,
                &(Array){ .items = aliases->data, .n = aliases->len });
}

void manager_settled(void)
{
        GPtrArray *wrong = settings()->wrong;

        object_set_string(manager, MANAGER_PROPERTY_DEFAULT_URI, connections_default_uri());
        set_aliases();
        object_set(manager, MANAGER_PROPERTY_PROBLEMS,
                &(Array){ .items = wrong->pdata, .n = wrong->len });
}

void manager_stop(void)
{
        if (!manager)
                return;
        object_withdraw(manager);
        manager = object_unref(manager);
}

Object *manager_object(void)
{
        return manager ? &manager->object : NULL;
}

int manager_handle_open(Call *call, const ManagerOpenIn *in, ManagerOpenOut *out, GError **error)
{
        g_auto(Opening) opening = { 0 };
        Connection *connection;
        Question question;

        if (opening_parse(in->uri, in->flags, call->caller, &opening, error) < 0)
                return -1;
        question = call_question(call, opening.action, NULL);
        question.uri = opening.name ?: opening.uri->text;
        if (authorize(&question, error) < 0)
                return -1;
        if (connections_open(call->caller, &opening, &connection, error) < 0)
                return -1;
        out->connection = &connection->object;
        return 0;
}

int manager_handle_close(Call *call, const ManagerCloseIn *in, ManagerCloseOut *out, GError **error)
{
        (void)out;
        if (in->connection->class != &connection_class)
                return error_set(
                        error, ERROR_INVALID_CONN, "Close: the object is not a connection");
        return connections_close(call->caller, (Connection *)in->connection, error);
}

int manager_handle_register_agent(
        Call *call, const ManagerRegisterAgentIn *in, ManagerRegisterAgentOut *out, GError **error)
{
        (void)out;
        return agent_register(call->caller, in->agent ?: "", error);
}

int manager_handle_unregister_agent(Call *call, const ManagerUnregisterAgentIn *in,
        ManagerUnregisterAgentOut *out, GError **error)
{
        (void)in, (void)out, (void)error;
        agent_unregister(call->caller);
        return 0;
}

int manager_handle_list_connections(Call *call, const ManagerListConnectionsIn *in,
        ManagerListConnectionsOut *out, GError **error)
{
        GPtrArray *list = connections_list();
        int r = call_filter(call, &list);

        (void)in, (void)error;
        if (r < 0) {
                g_ptr_array_unref(list);
                return r;
        }
        lookup_take(list, &out->connections);
        return 0;
}

static void add_fiber(const FiberInfo *info, void *data)
{
        ManagerListFibersFibers entry = {
                .name = g_strdup(info->name),
                .waiting = g_strdup(info->waiting ?: ""),
                .age = fiber_now() - info->started,
                .waited = info->waiting ? fiber_now() - info->since : 0,
        };

        g_array_append_val((GArray *)data, entry);
}

int manager_handle_list_fibers(
        Call *call, const ManagerListFibersIn *in, ManagerListFibersOut *out, GError **error)
{
        GArray *list = g_array_new(FALSE, FALSE, sizeof(ManagerListFibersFibers));

        (void)call, (void)in, (void)error;
        fibers_list(add_fiber, list);
        out->fibers.n = list->len;
        out->fibers.items = (ManagerListFibersFibers *)g_array_free(list, FALSE);
        return 0;
}

int driver_handle_probe(Call *call, const DriverProbeIn *in, DriverProbeOut *out, GError **error)
{
        DriverObject *self = (DriverObject *)call->object;

        (void)in, (void)out;
        return self->driver->probe(self, connections_instance(), error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/driver.h"

#include <string.h>
#include <sys/utsname.h>

/* What libvirt's interfaces are taken to be: the release whose facts the tables are made of. */
#define LIB_VERSION 9000000

typedef struct ClientLeave {
        void (*callback)(void *object);
        Object *object;
} ClientLeave;

void client_on_leave(Client *client, void (*callback)(void *object), void *object)
{
        ClientLeave *leave = g_new(ClientLeave, 1);

        *leave = (ClientLeave){ .callback = callback, .object = object_ref(object) };
        client->leave = g_slist_append(client->leave, leave);
}

int client_ask(const ClientQuestion *question, char **ret, GError **error)
{
        Client *client = client_current();

        if (!client || !client->ask)
                return error_set(error, ERROR_AUTH_UNAVAILABLE,
                        "%s wants a %s, and there is nobody to be asked for it (Manager.RegisterAgent)",
                        question->uri, question->what);
        return client->ask(client, question, ret, error);
}

void client_forget(Client *client, void (*callback)(void *object), void *object)
{
        for (GSList *link = client->leave; link; link = link->next) {
                ClientLeave *leave = link->data;

                if (leave->callback != callback || leave->object != object)
                        continue;
                client->leave = g_slist_delete_link(client->leave, link);
                object_unref(leave->object);
                g_free(leave);
                return;
        }
}

void client_left(Client *client)
{
        while (client->leave) {
                ClientLeave *leave = client->leave->data;

                client->leave = g_slist_delete_link(client->leave, client->leave);
                leave->callback(leave->object);
                object_unref(leave->object);
                g_free(leave);
        }
}

const void *driver_operations(const Driver *driver, const ClassInfo *class)
{
        const struct {
                const ClassInfo *class;
                const void *operations;
        } tables[] = {
                { &connection_class, driver->connection_operations },
                { &domain_class, driver->domain_operations },
                { &domain_snapshot_class, driver->domain_snapshot_operations },
                { &domain_checkpoint_class, driver->domain_checkpoint_operations },
                { &network_class, driver->network_operations },
                { &storage_pool_class, driver->storage_pool_operations },
                { &storage_vol_class, driver->storage_vol_operations },
                { &node_device_class, driver->node_device_operations },
                { &secret_class, driver->secret_operations },
                { &nw_filter_class, driver->nw_filter_operations },
                { &interface_class, driver->interface_operations },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++)
                if (tables[i].class == class)
                        return tables[i].operations;
        return NULL;
}

bool driver_has(const Driver *driver, const ClassInfo *class)
{
        return driver->perform || driver_operations(driver, class);
}

void child_init(Object *object, const ClassInfo *class, void *properties, Object *parent,
        void (*free_)(Object *))
{
        const Object *connection = parent->class == &connection_class ? parent : parent->parent;

        object_init(object, class,
                driver_operations(((const Connection *)connection)->driver, class), properties,
                parent, free_);
}

/* Both classes have their name in the same place: it is the property that is looked up. */
static const char *child_name(const Object *object)
{
        return object->class == &domain_snapshot_class ?
                ((const DomainSnapshot *)object)->properties.name :
                ((const DomainCheckpoint *)object)->properties.name;
}

Object *domain_find_child(GPtrArray *children, const char *name)
{
        for (unsigned i = 0; children && i < children->len; i++)
                if (strcmp(child_name(children->pdata[i]), name) == 0)
                        return children->pdata[i];
        return NULL;
}

void domain_add_child(GPtrArray **children, void *object)
{
        if (!*children)
                *children = g_ptr_array_new_with_free_func(object_unref_notify);
        g_ptr_array_add(*children, object_ref(object));
}

void domain_remove_child(GPtrArray **children, void *object)
{
        object_withdraw(object);
        g_ptr_array_remove(*children, object);
        if ((*children)->len == 0)
                g_clear_pointer(children, g_ptr_array_unref);
}

void connection_init(Connection *connection, const Driver *driver, const char *label,
        const Uri *uri, void (*free_)(Object *))
{
        struct utsname host;

        object_init(&connection->object, &connection_class, driver->connection_operations,
                &connection->properties, NULL, free_);
        connection->driver = driver;
        connection->label = g_strdup(label);
        connection->owner = NO_OWNER;
        registry_init(&connection->registry);
        uname(&host);
        object_set_string(connection, CONNECTION_PROPERTY_HOSTNAME, host.nodename);
        object_set_uint64(connection, CONNECTION_PROPERTY_LIB_VERSION, LIB_VERSION);
        object_set_bool(connection, CONNECTION_PROPERTY_ALIVE, true);
        object_set_bool(connection, CONNECTION_PROPERTY_SECURE, true);
        object_set_string(connection, CONNECTION_PROPERTY_URI, uri->text);
}

void connection_finish(Connection *connection)
{
        registry_finish(&connection->registry);
        g_free(connection->label);
}

const Connection *object_connection(const Object *object)
{
        for (; object; object = object->parent)
                if (object->class == &connection_class)
                        return (const Connection *)object;
        return NULL;
}

Domain *object_domain(Object *object)
{
        for (; object; object = object->parent)
                if (object->class == &domain_class)
                        return (Domain *)object;
        return NULL;
}

void domain_init(Domain *domain, Connection *connection, const char *name, const char *uuid,
        void (*free_)(Object *))
{
        child_init(&domain->object, &domain_class, &domain->properties, &connection->object, free_);
        object_set_string(domain, DOMAIN_PROPERTY_NAME, name);
        object_set_string(domain, DOMAIN_PROPERTY_UUID, uuid);
        domain_set_state(domain, DOMAIN_SHUTOFF, SHUTOFF_UNKNOWN, 0);
}

void domain_set_state(Domain *domain, DomainState state, int reason, unsigned id)
{
        const DomainStateValue value = { .state = state, .reason = reason };
        bool active = state != DOMAIN_SHUTOFF && id > 0;

        object_set(domain, DOMAIN_PROPERTY_STATE, &value);
        object_set_bool(domain, DOMAIN_PROPERTY_ACTIVE, active);
        object_set_uint32(domain, DOMAIN_PROPERTY_ID, active ? id : 0);
}

void domain_emit(Domain *domain, DomainEvent event, int detail)
{
        const ConnectionDomainEventSignal arguments = {
                .domain = &domain->object,
                .event = event,
                .detail = detail,
        };

        object_emit(domain_connection(domain), CONNECTION_SIGNAL_DOMAIN_EVENT, &arguments);
}

int domain_begin_job(Domain *domain, const char *member, GError **error)
{
        g_autofree char *other = g_strdup(domain->job ? domain->job->properties.operation : NULL);
        int r = fiber_lock(
                &domain->jobs, "another job on the domain", fiber_deadline(JOB_DEADLINE));

        if (r == -ETIMEDOUT)
                return error_set(error, ERROR_OPERATION_TIMEOUT,
                        "cannot acquire state change lock of domain '%s' (held by %s)",
                        domain->properties.name, other ?: "another job");
        if (r < 0)
                return error_set(error, ERROR_OPERATION_ABORTED, "%s of domain '%s' was given up",
                        member, domain->properties.name);
        domain->job = job_begin(&domain->object, member);
        return 0;
}

void domain_end_job(Domain *domain, const GError *problem)
{
        job_end(g_steal_pointer(&domain->job), problem);
        fiber_unlock(&domain->jobs);
}

int domain_require_active(Domain *domain, GError **error)
{
        if (domain_is_active(domain))
                return 0;
        return error_set(error, ERROR_OPERATION_INVALID, "domain is not running");
}

int domain_require_here(Domain *domain, GError **error)
{
        if (!domain->object.gone)
                return 0;
        return error_set(error, ERROR_NO_DOMAIN, "no domain with matching uuid '%s' (%s)",
                domain->properties.uuid, domain->properties.name);
}

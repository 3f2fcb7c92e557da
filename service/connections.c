/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/connections.h"

#include <stdlib.h>
#include <string.h>

#include "service/base/cleanup.h"
#include "service/bridge.h"
#include "service/face.h"
#include "service/settings.h"

static const Driver *const all_drivers[] = { &qemu_driver, &xen_driver, &test_driver,
        &remote_driver };

/* A connection that is open, being opened or being closed. Under the lock it is one or the other.
 */
typedef struct Entry {
        unsigned n_ref;
        char *label;
        FiberLock lock;
        Connection *connection; /* NULL: not open */
        Fiber *opener;          /* that waits for another host; NULL: none */
        unsigned n_holders;     /* opens that callers have not given back */
        bool permanent;
} Entry;

/* How one caller has a connection open. */
typedef struct Hold {
        unsigned n_writable, n_read_only;
} Hold;

static struct {
        Instance instance;
        bool leaving, stopped;
        GHashTable *entries; /* label to Entry */
        GPtrArray *drivers;  /* of DriverObject */
} registry;

static Entry *entry_unref(Entry *entry)
{
        if (!entry || --entry->n_ref > 0)
                return NULL;
        g_free(entry->label);
        g_free(entry);
        return NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_unref)

static void entry_unref_notify(void *entry)
{
        entry_unref(entry);
}

static Entry *entry_ref(const char *label)
{
        Entry *entry = g_hash_table_lookup(registry.entries, label);

        if (!entry) {
                entry = g_new0(Entry, 1);
                entry->n_ref = 1;
                entry->label = g_strdup(label);
                g_hash_table_insert(registry.entries, entry->label, entry);
        }
        entry->n_ref++;
        return entry;
}

/* Under the entry's lock. */
static int entry_open(Entry *entry, const Opening *opening, GError **error)
{
        int r;

        if (entry->connection)
                return 0;
        if (registry.stopped)
                return error_set(error, ERROR_OPERATION_ABORTED, "the service ends");
        if (opening->driver->leave) {
                if (registry.leaving)
                        return error_set(error, ERROR_OPERATION_ABORTED, "the service ends");
                entry->opener = fiber_self();
        }
        r = opening->driver->open(opening->uri, registry.instance, opening->read_only, entry->label,
                &entry->connection, error);
        entry->opener = NULL;
        if (r < 0)
                return -1;
        entry->connection->owner = opening->owner;
        if (opening->name)
                object_set_string(entry->connection, CONNECTION_PROPERTY_URI, opening->name);
        for (unsigned i = 0; i < registry.drivers->len; i++) {
                DriverObject *driver = registry.drivers->pdata[i];

                if (driver->driver == opening->driver)
                        object_set(entry->connection, CONNECTION_PROPERTY_DRIVER, &driver);
        }
        object_publish(entry->connection);
        opening->driver->start(entry->connection);
        return 0;
}

/* Under the entry's lock. */
static void entry_close(Entry *entry)
{
        if (!entry->connection)
                return;
        entry->connection->driver->stop(entry->connection);
        object_withdraw(entry->connection);
        entry->connection = connection_unref(entry->connection);
}

/* Suspends. Gives back n opens; the last one out closes the door. */
static void entry_release(Entry *entry, unsigned n)
{
        /* Whoever asked is gone perhaps; this has to be done all the same. */
        fiber_shield();
        fiber_lock(&entry->lock, "a connection", FIBER_FOREVER);
        entry->n_holders -= n;
        /* The entry is still the registry's: only its last holder takes it out. */
        if (entry->n_holders == 0 && !entry->permanent) {
                entry_close(entry);
                g_hash_table_remove(registry.entries, entry->label);
        }
        fiber_unlock(&entry->lock);
        fiber_unshield();
}

Instance connections_instance(void)
{
        return registry.instance;
}

const char *connections_default_uri(void)
{
        const char *chosen = getenv("LIBVIRT_DEFAULT_URI");

        if (chosen && chosen[0])
                return chosen;
        if (settings()->uri_default && settings()->uri_default[0])
                return settings()->uri_default;
        for (unsigned i = 0; i < registry.drivers->len; i++) {
                const DriverObject *driver = registry.drivers->pdata[i];

                if (driver->driver != &test_driver && driver->properties.available &&
                        driver->properties.uris.n > 0)
                        return driver->properties.uris.items[0];
        }
        /* Its error says best what is missing. */
        return registry.instance == INSTANCE_SYSTEM ? "qemu:///system" : "qemu:///session";
}

void opening_clear(Opening *opening)
{
        g_clear_pointer(&opening->uri, uri_free);
        g_clear_pointer(&opening->name, g_free);
        g_clear_pointer(&opening->label, g_free);
}

/* A word that is no alias may be one whose entry was wrong. */
static int no_alias(const char *text, GError **error)
{
        const GPtrArray *wrong = settings()->wrong;

        if (wrong->len > 0)
                return error_set(error, ERROR_INVALID_ARG, "'%s' is no URI, and no alias (%s)",
                        text, (const char *)wrong->pdata[0]);
        return error_set(error, ERROR_INVALID_ARG,
                "malformed URI '%s': no driver in front, as in qemu:///system, and no alias has that name",
                text);
}

/* The driver, and what it says of the URI. */
static int opening_identify(Opening *opening, GError **error)
{
        /* Where there is a way to go, the driver is that of the other end. */
        if (opening->uri->transport || opening->uri->host)
                opening->driver = &remote_driver;
        for (unsigned i = 0; !opening->driver && i < G_N_ELEMENTS(all_drivers); i++)
                if (strcmp(all_drivers[i]->name, opening->uri->driver) == 0)
                        opening->driver = all_drivers[i];
        if (!opening->driver)
                return error_set(error, ERROR_NO_CONNECT,
                        "%s: there is no driver '%s', only qemu, xen and test", opening->uri->text,
                        opening->uri->driver);
        return opening->driver->identify(opening->uri, registry.instance, opening->read_only,
                &opening->label, &opening->action, error);
}

/* Where another service of this host has it, the way there takes the URI's place. The permission is
 * that of a connection on this host: who goes there is judged there, or goes to what is their own.
 */
static int opening_cross(Opening *opening, Caller *caller, GError **error)
{
        Bridge bridge;

        if (bridge_find(opening->uri, registry.instance, caller, opening->read_only, &bridge,
                    error) < 0)
                return -1;
        if (!bridge.uri)
                return opening_identify(opening, error);
        opening->name = g_strdup_printf("%s://%s", opening->uri->driver, opening->uri->path);
        uri_free(opening->uri);
        opening->uri = bridge.uri;
        opening->driver = &remote_driver;
        opening->label = bridge.label;
        opening->owner = bridge.owner;
        opening->action = "org.virtbus1.connection.open";
        return 0;
}

int opening_parse(const char *text, unsigned flags, Caller *caller, Opening *ret, GError **error)
{
        g_auto(Opening) opening = { .read_only = flags & OPEN_READ_ONLY, .owner = NO_OWNER };

        if (!text[0])
                text = connections_default_uri();
        if (!(flags & OPEN_NO_ALIASES) && settings_is_alias(text)) {
                const char *target = settings_alias(text);

                if (!target)
                        return no_alias(text, error);
                text = target;
        }
        if (uri_parse(text, &opening.uri, error) < 0)
                return -1;
        if (opening_cross(&opening, caller, error) < 0)
                return -1;
        *ret = opening;
        opening = (Opening){ 0 };
        return 0;
}

static Hold *caller_hold(Caller *caller, const char *label)
{
        Hold *hold;

        if (!caller->opened)
                caller->opened = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        hold = g_hash_table_lookup(caller->opened, label);
        if (!hold) {
                hold = g_new0(Hold, 1);
                g_hash_table_insert(caller->opened, g_strdup(label), hold);
        }
        return hold;
}

/* Suspends. The entry of that label, locked. */
static Entry *entry_lock(const Opening *opening, GError **error)
{
        for (;;) {
                g_autoptr(Entry) entry = entry_ref(opening->label);

                if (fiber_lock(&entry->lock, "a connection", fiber_deadline(JOB_DEADLINE)) < 0) {
                        error_set(error, ERROR_OPERATION_TIMEOUT,
                                "'%s' is being opened by somebody else", opening->uri->text);
                        return NULL;
                }
                if (g_hash_table_lookup(registry.entries, entry->label) == entry)
                        return g_steal_pointer(&entry);
                /* The last holder left while we waited, and took it out of the registry. */
                fiber_unlock(&entry->lock);
        }
}

int connections_open(Caller *caller, const Opening *opening, Connection **ret, GError **error)
{
        g_autoptr(Entry) entry = entry_lock(opening, error);
        Hold *hold;
        int r;

        if (!entry)
                return -1;
        r = entry_open(entry, opening, error);
        if (r < 0 && entry->n_holders == 0 && !entry->permanent)
                g_hash_table_remove(registry.entries, entry->label);
        if (r >= 0) {
                entry->n_holders++;
                *ret = connection_ref(entry->connection);
        }
        fiber_unlock(&entry->lock);
        if (r < 0)
                return -1;
        if (caller->gone) {
                *ret = connection_unref(*ret);
                entry_release(entry, 1);
                return error_set(error, ERROR_OPERATION_ABORTED, "the caller has left");
        }
        hold = caller_hold(caller, opening->label);
        *(opening->read_only ? &hold->n_read_only : &hold->n_writable) += 1;
        return 0;
}

int connections_close(Caller *caller, Connection *connection, GError **error)
{
        Hold *hold = caller->opened ? g_hash_table_lookup(caller->opened, connection->label) : NULL;
        g_autoptr(Entry) entry = NULL;

        if (!hold)
                return error_set(error, ERROR_INVALID_CONN,
                        "Close: this caller has not opened '%s'", connection->properties.uri);
        if (hold->n_read_only > 0)
                hold->n_read_only--;
        else
                hold->n_writable--;
        if (hold->n_read_only + hold->n_writable == 0)
                g_hash_table_remove(caller->opened, connection->label);
        entry = entry_ref(connection->label);
        entry_release(entry, 1);
        return 0;
}

/* A caller has left: its opens are given back by a fiber of their own. */

typedef struct Release {
        Entry *entry;
        unsigned n;
} Release;

static void release_run(void *data)
{
        Release *release = data;

        entry_release(release->entry, release->n);
        entry_unref(release->entry);
        g_free(release);
}

static void on_caller_left(Caller *caller)
{
        GHashTableIter iter;
        void *label, *hold;

        if (!caller->opened)
                return;
        g_hash_table_iter_init(&iter, caller->opened);
        while (g_hash_table_iter_next(&iter, &label, &hold)) {
                Release *release = g_new(Release, 1);

                *release = (Release){ .entry = entry_ref(label),
                        .n = ((Hold *)hold)->n_read_only + ((Hold *)hold)->n_writable };
                fiber_owe("closing what a caller had open", release_run, release);
        }
        g_hash_table_remove_all(caller->opened);
}

GPtrArray *connections_list(void)
{
        GPtrArray *list = g_ptr_array_new_with_free_func(object_unref_notify);
        GHashTableIter iter;
        void *entry;

        g_hash_table_iter_init(&iter, registry.entries);
        while (g_hash_table_iter_next(&iter, NULL, &entry)) {
                Connection *connection = ((Entry *)entry)->connection;

                if (connection && connection->object.published)
                        g_ptr_array_add(list, connection_ref(connection));
        }
        return list;
}

GPtrArray *connections_drivers(void)
{
        return registry.drivers;
}

int connections_refuse_write(Caller *caller, const Object *object, const char *api, GError **error)
{
        const Connection *connection = object_connection(object);
        const Hold *hold;

        if (!connection || !caller->opened)
                return 0;
        hold = g_hash_table_lookup(caller->opened, connection->label);
        if (!hold || hold->n_writable > 0 || hold->n_read_only == 0)
                return 0;
        return error_set(error, ERROR_OPERATION_DENIED, "read only access prevents %s", api);
}

const Driver *connections_peer(const Object *object)
{
        const Connection *connection = object_connection(object);

        if (!connection || object->class == &job_class)
                return NULL;
        return connection->driver->perform ? connection->driver : NULL;
}

bool connections_in_use(void)
{
        GHashTableIter iter;
        void *data;

        g_hash_table_iter_init(&iter, registry.entries);
        while (g_hash_table_iter_next(&iter, NULL, &data)) {
                const Entry *entry = data;
                GHashTableIter domains;
                void *domain;

                if (entry->n_holders > 0)
                        return true;
                if (!entry->connection || !entry->connection->driver->outlives)
                        continue;
                g_hash_table_iter_init(
                        &domains, registry_all(&entry->connection->registry, DOMAIN_BY_UUID));
                while (g_hash_table_iter_next(&domains, NULL, &domain))
                        if (domain_is_active(domain))
                                return true;
        }
        return false;
}

/* The beginning and the end. */

static void driver_object_free(Object *object)
{
        g_free(object);
}

/* Which members of a table of operations are there, as the driver's property says. Without a table
 * it is those that a peer can be asked for. */
static void operations_list(const ClassInfo *class, const void *operations, GPtrArray *names)
{
        for (unsigned i = 0; i < class->n_methods; i++) {
                const MethodInfo *method = &class->methods[i];

                if (method->operation < 0 ||
                        (operations ? *(void *const *)((const char *)operations +
                                              method->operation) != NULL :
                                      method->procedure >= 0))
                        g_ptr_array_add(names, g_strdup_printf("%s.%s", class->name, method->name));
        }
}

static DriverObject *driver_object_new(const Driver *driver)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        DriverObject *self = g_new0(DriverObject, 1);

        object_init(
                &self->object, &driver_class, NULL, &self->properties, NULL, driver_object_free);
        self->driver = driver;
        for (unsigned i = 0; i < n_class_faces; i++) {
                const ClassInfo *class = class_faces[i].class;

                if (driver_has(driver, class))
                        operations_list(class, driver_operations(driver, class), names);
        }
        object_set_string(self, DRIVER_PROPERTY_NAME, driver->name);
        object_set(self, DRIVER_PROPERTY_OPERATIONS,
                &(Array){ .items = names->pdata, .n = names->len });
        return self;
}

static int open_default(const char *text, GError **error)
{
        g_autoptr(Entry) entry = NULL;
        g_auto(Opening) opening = { 0 };
        int r;

        if (opening_parse(text, OPEN_NO_ALIASES, NULL, &opening, error) < 0)
                return -1;
        entry = entry_ref(opening.label);
        entry->permanent = true;
        fiber_lock(&entry->lock, "a connection", FIBER_FOREVER);
        r = entry_open(entry, &opening, error);
        fiber_unlock(&entry->lock);
        return r;
}

int connections_start(sd_bus *bus, Instance instance, GError **error)
{
        registry.instance = instance;
        registry.entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_unref_notify);
        registry.drivers = g_ptr_array_new_with_free_func(object_unref_notify);
        callers_on_leave(on_caller_left);
        for (unsigned i = 0; i < G_N_ELEMENTS(all_drivers); i++) {
                DriverObject *self = driver_object_new(all_drivers[i]);

                g_ptr_array_add(registry.drivers, self);
                if (all_drivers[i]->attach)
                        all_drivers[i]->attach(bus);
                if (all_drivers[i]->probe(self, instance, error) < 0)
                        return -1;
                object_publish(self);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(all_drivers); i++) {
                const char *const *uris = all_drivers[i]->defaults(instance);

                for (; *uris; uris++) {
                        g_autoptr(GError) problem = NULL;

                        /* One that cannot be had must not take the others with it. */
                        if (open_default(*uris, &problem) < 0)
                                g_warning("%s cannot be opened: %s", *uris, problem->message);
                }
        }
        return 0;
}

void connections_leave(void)
{
        GHashTableIter iter;
        void *data;

        registry.leaving = true;
        if (!registry.entries)
                return;
        g_hash_table_iter_init(&iter, registry.entries);
        while (g_hash_table_iter_next(&iter, NULL, &data)) {
                const Entry *entry = data;

                if (entry->opener)
                        fiber_cancel(entry->opener);
                else if (entry->connection && entry->connection->driver->leave)
                        entry->connection->driver->leave(entry->connection);
        }
}

/* Callers give back what they had open meanwhile and afterwards, so that the entries stay. */
void connections_stop(void)
{
        g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_unref_notify);
        GHashTableIter iter;
        void *label;

        registry.stopped = true;
        if (!registry.entries)
                return;
        g_hash_table_iter_init(&iter, registry.entries);
        while (g_hash_table_iter_next(&iter, &label, NULL))
                g_ptr_array_add(entries, entry_ref(label));
        for (unsigned i = 0; i < entries->len; i++) {
                Entry *entry = entries->pdata[i];

                fiber_lock(&entry->lock, "a connection", FIBER_FOREVER);
                entry_close(entry);
                fiber_unlock(&entry->lock);
        }
        for (unsigned i = 0; i < registry.drivers->len; i++)
                object_withdraw(registry.drivers->pdata[i]);
}

void connections_finish(void)
{
        /* What a service that fails as it begins has open ends with it. */
        if (!registry.stopped)
                return;
        g_clear_pointer(&registry.entries, g_hash_table_unref);
        g_clear_pointer(&registry.drivers, g_ptr_array_unref);
}

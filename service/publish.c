/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/publish.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "service/audience.h"
#include "service/base/cleanup.h"
#include "service/codec.h"
#include "service/journal.h"

Namespace namespaces[_NAMESPACE_MAX] = {
        [NAMESPACE_VIRTBUS] = {
                .id = NAMESPACE_VIRTBUS,
                .bus_name = "org.virtbus1",
                .root = "/org/virtbus1",
        },
        [NAMESPACE_LIBVIRT] = {
                .id = NAMESPACE_LIBVIRT,
                .bus_name = "org.libvirt",
                .root = "/org/libvirt",
                .error_name = "org.libvirt.Error",
                .compatible_only = true,
                .doubled = true,
        },
};

/* What the publisher hangs on an object: the paths are in it, so that a list of a thousand finds
 * them side by side. */
typedef struct Face {
        const ClassFace *class;
        uint64_t serial;
        const char *paths[_NAMESPACE_MAX];
        char text[];
} Face;

static struct {
        sd_bus *bus;
        sd_event_source *flush_source;
        GPtrArray *dirty; /* of Object, referenced */
        uint64_t n_serials;
        bool announces;
} publisher;

Object *publish_lookup(const Namespace *space, const char *path)
{
        return g_hash_table_lookup(space->objects, path);
}

const char *publish_path(const Object *object, const Namespace *space)
{
        const Face *face = object->face;

        return face ? face->paths[space->id] : NULL;
}

void publish_prefetch(const Object *object)
{
        const char *face = object ? object->face : NULL;

        /* The longest of a domain's reaches into the third line. */
        for (unsigned i = 0; face && i < 3; i++)
                __builtin_prefetch(face + i * 64);
}

const ClassFace *publish_face(const Object *object)
{
        const Face *face = object->face;

        return face->class;
}

uint64_t publish_serial(const Object *object)
{
        const Face *face = object->face;

        return face ? face->serial : 0;
}

/* Paths. */

static char *connection_path(const Namespace *space, const Object *object)
{
        /* Those that the other implementation has, by its names. */
        static const struct {
                const char *label, *name;
        } known[] = {
                { "qemu_system", "QEMU" },
                { "qemu_session", "QEMU" },
                { "test_default", "Test" },
                { "xen_system", "Xen" },
        };
        const Connection *connection = (const Connection *)object;

        if (!space->compatible_only)
                return g_strdup_printf("%s/connection/%s", space->root, connection->label);
        for (unsigned i = 0; i < G_N_ELEMENTS(known); i++)
                if (strcmp(known[i].label, connection->label) == 0)
                        return g_strdup_printf("%s/%s", space->root, known[i].name);
        return NULL;
}

static char *driver_path(const Namespace *space, const Object *object)
{
        const DriverObject *driver = (const DriverObject *)object;

        return space->compatible_only ?
                NULL :
                g_strdup_printf("%s/driver/%s", space->root, driver->driver->name);
}

/* Objects below a connection: "domain/_UUID" with underscores for dashes, or a key that is escaped.
 */
static const struct {
        const ClassInfo *class;
        const char *folder;
        unsigned property;
        bool is_uuid;
        int other; /* property that names it where the first is empty, or an earlier object's too;
                      0: none */
} below_connection[] = {
        { &domain_class, "domain", DOMAIN_PROPERTY_UUID, true, 0 },
        { &network_class, "network", NETWORK_PROPERTY_UUID, true, 0 },
        { &storage_pool_class, "storagepool", STORAGE_POOL_PROPERTY_UUID, true, 0 },
        { &storage_vol_class, "storagevol", STORAGE_VOL_PROPERTY_KEY, false, 0 },
        { &node_device_class, "nodedev", NODE_DEVICE_PROPERTY_NAME, false, 0 },
        { &secret_class, "secret", SECRET_PROPERTY_UUID, true, 0 },
        { &nw_filter_class, "nwfilter", NW_FILTER_PROPERTY_UUID, true, 0 },
        { &interface_class, "interface", INTERFACE_PROPERTY_MAC, false, INTERFACE_PROPERTY_NAME },
};

/* The key that is the value of a property, escaped; NULL where that is empty. */
static char *escaped_path(const char *folder, const Object *object, unsigned property)
{
        const char *key = *(char **)object_value(object, &object->class->properties[property]);
        char *path = NULL;

        return key && key[0] && sd_bus_path_encode(folder, key, &path) >= 0 ? path : NULL;
}

static char *below_connection_path(const Namespace *space, const Object *object, unsigned row)
{
        const char *parent = publish_path(object->parent, space), *key;
        g_autofree char *folder = NULL;
        char *path = NULL;

        if (!parent)
                return NULL;
        key = *(char **)object_value(
                object, &object->class->properties[below_connection[row].property]);
        folder = g_strdup_printf("%s/%s", parent, below_connection[row].folder);
        if (!below_connection[row].is_uuid) {
                path = escaped_path(folder, object, below_connection[row].property);
                if (!below_connection[row].other || (path && !publish_lookup(space, path)))
                        return path;
                g_free(path);
                return escaped_path(folder, object, below_connection[row].other);
        }
        path = g_strdup_printf("%s/_%s", folder, key);
        for (char *c = path + strlen(folder); *c; c++)
                if (*c == '-')
                        *c = '_';
        return path;
}

static char *manager_path(const Namespace *space, const Object *object)
{
        (void)object;
        return space->compatible_only ? NULL : g_strdup(space->root);
}

/* Snapshots and checkpoints: below the connection, "domainsnapshot/_UUID_NAME" with the name
 * escaped. */
static char *below_domain_path(
        const Namespace *space, const Object *object, const char *folder, const char *name)
{
        const Domain *domain = (const Domain *)object->parent;
        const char *connection = publish_path(domain->object.parent, space);
        g_autofree char *uuid = NULL, *escaped = NULL;

        if (!connection || sd_bus_path_encode("/x", name, &escaped) < 0)
                return NULL;
        uuid = g_strdelimit(g_strdup(domain->properties.uuid), "-", '_');
        return g_strdup_printf("%s/%s/_%s_%s", connection, folder, uuid, escaped + strlen("/x/"));
}

static char *job_path(const Namespace *space, const Object *object)
{
        const char *parent = publish_path(object->parent, space);

        return parent ? g_strdup_printf("%s/job/%u", parent, ((const Job *)object)->number) : NULL;
}

/* For what its parent has one of: by the name of its class. */
static char *below_parent_path(const Namespace *space, const Object *object)
{
        const char *parent = object->parent ? publish_path(object->parent, space) : space->root;
        g_autofree char *name = g_ascii_strdown(object->class->name, -1);

        return parent ? g_strdup_printf("%s/%s", parent, name) : NULL;
}

static char *path_make(const Namespace *space, const Object *object)
{
        if (object->class == &manager_class)
                return manager_path(space, object);
        if (object->class == &driver_class)
                return driver_path(space, object);
        if (object->class == &connection_class)
                return connection_path(space, object);
        if (object->class == &domain_snapshot_class)
                return below_domain_path(space, object, "domainsnapshot",
                        ((const DomainSnapshot *)object)->properties.name);
        if (object->class == &domain_checkpoint_class)
                return below_domain_path(space, object, "domaincheckpoint",
                        ((const DomainCheckpoint *)object)->properties.name);
        if (object->class == &job_class)
                return job_path(space, object);
        for (unsigned row = 0; row < G_N_ELEMENTS(below_connection); row++)
                if (below_connection[row].class == object->class)
                        return below_connection_path(space, object, row);
        return below_parent_path(space, object);
}

/* Properties. */

/* A second variant around the value is what the other implementation's replies have, not signals,
 * which it never sent. */
static int append_property(sd_bus_message *message, const Object *object,
        const PropertyInfo *property, const Namespace *space, bool doubled)
{
        int r;

        r = sd_bus_message_open_container(message, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', property->name);
        if (r >= 0 && doubled)
                r = sd_bus_message_open_container(message, 'v', "v");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', property->signature);
        if (r >= 0)
                r = codec_append(
                        message, property->signature, object_value(object, property), space);
        if (r >= 0 && doubled)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

uint64_t publish_readable(const ClassInfo *class, const char *action)
{
        uint64_t readable = 0;

        for (unsigned i = 0; i < class->n_properties; i++) {
                const char *needed = class->properties[i].action;

                if (!needed || g_strcmp0(needed, action) == 0)
                        readable |= UINT64_C(1) << i;
        }
        return readable;
}

int publish_append_properties(sd_bus_message *message, const Object *object, const Namespace *space,
        bool doubled, uint64_t properties)
{
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        for (unsigned i = 0; r >= 0 && i < object->class->n_properties; i++) {
                const PropertyInfo *property = &object->class->properties[i];

                if (properties & UINT64_C(1) << i && face_shows(property, space))
                        r = append_property(message, object, property, space, doubled);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

/* Signals. */

/* With a number, where it is of our own interfaces and below a connection. The size is that of the
 * values in it. */
static int tell(Object *about, const char *action, const Namespace *space, sd_bus_message *message,
        size_t size)
{
        const Topic topic = { about, action };
        int r = audience_tell(topic, space, message);
        Object *root = about;

        while (root->parent)
                root = root->parent;
        if (space->id == NAMESPACE_VIRTBUS && root->class == &connection_class)
                journal_add((Connection *)root, topic, message, size);
        return r;
}

static size_t properties_size(const Object *object, uint64_t properties)
{
        size_t size = 0;

        for (unsigned i = 0; i < object->class->n_properties; i++) {
                const PropertyInfo *property = &object->class->properties[i];

                if (properties & UINT64_C(1) << i)
                        size += layout_weight(property->signature, object_value(object, property));
        }
        return size;
}

static void signal_failed(const char *what, int r)
{
        g_warning("cannot send %s: %s", what, g_strerror(-r));
}

/* The changed ones are all shown there, and need the same permission to be read. */
static int send_changed(
        Object *object, const Namespace *space, const char *action, uint64_t changed)
{
        const Face *face = object->face;
        g_autoptr(sd_bus_message) message = NULL;
        int r;

        r = sd_bus_message_new_signal(publisher.bus, &message, face->paths[space->id],
                "org.freedesktop.DBus.Properties", "PropertiesChanged");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', face->class->interfaces[space->id]);
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'a', "{sv}");
        for (unsigned i = 0; r >= 0 && i < object->class->n_properties; i++)
                if (changed & UINT64_C(1) << i)
                        r = append_property(
                                message, object, &object->class->properties[i], space, false);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_message_append(message, "as", 0);
        return r < 0 ? r : tell(object, action, space, message, properties_size(object, changed));
}

/* Those of the changed that the namespace shows and that need the same permission as the first,
 * which is *ret. */
static uint64_t changed_alike(
        const Object *object, const Namespace *space, uint64_t changed, const char **ret)
{
        uint64_t alike = 0;

        for (unsigned i = 0; i < object->class->n_properties; i++) {
                const PropertyInfo *property = &object->class->properties[i];

                if (!(changed & UINT64_C(1) << i) || !face_shows(property, space))
                        continue;
                if (alike && g_strcmp0(property->action, *ret) != 0)
                        continue;
                *ret = property->action;
                alike |= UINT64_C(1) << i;
        }
        return alike;
}

static void flush_object(Object *object)
{
        uint64_t changed = object->changed, told;
        const char *action = NULL;

        object->changed = 0;
        for (unsigned i = 0; object->published && i < _NAMESPACE_MAX; i++) {
                const Namespace *space = &namespaces[i];

                if (!publish_path(object, space))
                        continue;
                for (uint64_t left = changed; (told = changed_alike(object, space, left, &action));
                        left &= ~told) {
                        int r = send_changed(object, space, action, told);

                        if (r < 0)
                                signal_failed("PropertiesChanged", r);
                }
        }
}

void publish_flush(void)
{
        for (unsigned i = 0; i < publisher.dirty->len; i++)
                flush_object(publisher.dirty->pdata[i]);
        g_ptr_array_set_size(publisher.dirty, 0);
}

static int on_flush(sd_event_source *source, void *data)
{
        (void)source, (void)data;
        publish_flush();
        return 0;
}

/* InterfacesAdded and InterfacesRemoved, which the compatible namespace never had but harm nobody
 * there. */
static int send_interfaces(Object *object, const Namespace *space, bool added)
{
        const char *action = class_read_action(object->class);
        const Face *face = object->face;
        uint64_t shown = added ? publish_readable(object->class, action) : 0;
        g_autoptr(sd_bus_message) message = NULL;
        int r;

        if (!publisher.announces)
                return 0;
        r = sd_bus_message_new_signal(publisher.bus, &message, space->root,
                "org.freedesktop.DBus.ObjectManager",
                added ? "InterfacesAdded" : "InterfacesRemoved");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 'o', face->paths[space->id]);
        if (r >= 0 && !added)
                r = sd_bus_message_append(message, "as", 1, face->class->interfaces[space->id]);
        if (r >= 0 && added) {
                r = sd_bus_message_open_container(message, 'a', "{sa{sv}}");
                if (r >= 0)
                        r = sd_bus_message_open_container(message, 'e', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append_basic(
                                message, 's', face->class->interfaces[space->id]);
                if (r >= 0)
                        r = publish_append_properties(message, object, space, false, shown);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
                if (r >= 0)
                        r = sd_bus_message_close_container(message);
        }
        return r < 0 ? r : tell(object, action, space, message, properties_size(object, shown));
}

static int send_signal(
        Object *object, const Namespace *space, const SignalInfo *info, const void *arguments)
{
        const Face *face = object->face;
        Object *about = info->signature[0] == 'o' ? *(Object *const *)arguments : object;
        g_autoptr(sd_bus_message) message = NULL;
        int r;

        r = sd_bus_message_new_signal(publisher.bus, &message, face->paths[space->id],
                face->class->interfaces[space->id], info->name);
        if (r >= 0)
                r = codec_append(message, info->signature, arguments, space);
        return r < 0 ? r :
                       tell(about, class_read_action(about->class), space, message,
                               layout_weight(info->signature, arguments));
}

/* The sink. */

static Face *face_new(const Object *object)
{
        const ClassFace *class = face_of(object->class);
        char *paths[_NAMESPACE_MAX] = { 0 }, *end;
        size_t size = 0;
        Face *face;

        for (unsigned i = 0; i < _NAMESPACE_MAX; i++) {
                if (class->interfaces[i])
                        paths[i] = path_make(&namespaces[i], object);
                /* Of two objects with one path the first has it: a user's own QEMU and the host's
                 * have the same name where there is one for both. */
                if (paths[i] && publish_lookup(&namespaces[i], paths[i]))
                        g_clear_pointer(&paths[i], g_free);
                size += paths[i] ? strlen(paths[i]) + 1 : 0;
        }
        face = g_malloc0(sizeof *face + size);
        face->class = class;
        face->serial = ++publisher.n_serials;
        end = face->text;
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++) {
                if (!paths[i])
                        continue;
                face->paths[i] = end;
                end = g_stpcpy(end, paths[i]) + 1;
                g_free(paths[i]);
        }
        return face;
}

static void on_added(Object *object)
{
        Face *face = face_new(object);

        object->face = face;
        if (object->class == &connection_class)
                journal_open((Connection *)object);
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++) {
                Namespace *space = &namespaces[i];
                int r;

                if (!face->paths[i])
                        continue;
                g_hash_table_insert(space->objects, (char *)face->paths[i], object);
                r = send_interfaces(object, space, true);
                if (r < 0)
                        signal_failed("InterfacesAdded", r);
        }
}

static void on_removed(Object *object)
{
        Face *face = object->face;

        for (unsigned i = 0; i < _NAMESPACE_MAX; i++) {
                int r;

                if (!face->paths[i])
                        continue;
                r = send_interfaces(object, &namespaces[i], false);
                if (r < 0)
                        signal_failed("InterfacesRemoved", r);
                g_hash_table_remove(namespaces[i].objects, face->paths[i]);
        }
        if (object->class == &connection_class)
                journal_close((Connection *)object);
}

static void on_changed(Object *object)
{
        g_ptr_array_add(publisher.dirty, object_ref(object));
        sd_event_source_set_enabled(publisher.flush_source, SD_EVENT_ONESHOT);
}

static void on_signal(Object *object, const SignalInfo *info, const void *arguments)
{
        /* Who hears of an event may ask at once: the properties tell the same by then. */
        publish_flush();
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++) {
                int r;

                if (!publish_path(object, &namespaces[i]))
                        continue;
                if (namespaces[i].compatible_only && !info->compatible)
                        continue;
                r = send_signal(object, &namespaces[i], info, arguments);
                if (r < 0)
                        signal_failed(info->name, r);
        }
}

static void on_freed(Object *object)
{
        g_free(object->face);
        object->face = NULL;
}

static const ObjectSink sink = {
        .added = on_added,
        .removed = on_removed,
        .freed = on_freed,
        .changed = on_changed,
        .signal = on_signal,
};

void publish_announce(bool announce)
{
        publisher.announces = announce;
}

int publish_init(sd_bus *bus)
{
        int r;

        r = sd_event_add_defer(sd_bus_get_event(bus), &publisher.flush_source, on_flush, NULL);
        if (r < 0)
                return r;
        sd_event_source_set_description(publisher.flush_source, "changed properties");
        sd_event_source_set_enabled(publisher.flush_source, SD_EVENT_OFF);
        /* After what else is ready in this turn, so that changes are told together. */
        sd_event_source_set_priority(publisher.flush_source, SD_EVENT_PRIORITY_NORMAL + 10);
        publisher.bus = sd_bus_ref(bus);
        publisher.dirty = g_ptr_array_new_with_free_func(object_unref_notify);
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++)
                namespaces[i].objects = g_hash_table_new(g_str_hash, g_str_equal);
        object_add_sink(&sink);
        return 0;
}

void publish_finish(void)
{
        object_remove_sink(&sink);
        g_clear_pointer(&publisher.dirty, g_ptr_array_unref);
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++)
                g_clear_pointer(&namespaces[i].objects, g_hash_table_unref);
        publisher.flush_source = sd_event_source_disable_unref(publisher.flush_source);
        publisher.bus = sd_bus_unref(publisher.bus);
}

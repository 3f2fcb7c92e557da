/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/objects.h"

#include <string.h>

#include "drivers/wire/map.h"

/* Those that have a name and a UUID, as WireDomain, WireNetwork, ... begin. */
static const struct UuidKind {
        char kind;
        RegistryKey key, by_name;
        int missing;
        const char *what;
} uuid_kinds[] = {
        { 'D', DOMAIN_BY_UUID, DOMAIN_BY_NAME, ERROR_NO_DOMAIN, "domain" },
        { 'N', NETWORK_BY_UUID, NETWORK_BY_NAME, ERROR_NO_NETWORK, "network" },
        { 'L', STORAGE_POOL_BY_UUID, STORAGE_POOL_BY_NAME, ERROR_NO_STORAGE_POOL, "storage pool" },
        { 'F', NW_FILTER_BY_UUID, NW_FILTER_BY_NAME, ERROR_NO_NWFILTER, "nwfilter" },
};

/* Those that are known by their name, as WireIface and WireNodedev begin. */
static const struct NameKind {
        char kind;
        RegistryKey key;
        int missing;
        const char *what;
} name_kinds[] = {
        { 'I', INTERFACE_BY_NAME, ERROR_NO_INTERFACE, "interface" },
        { 'E', NODE_DEVICE_BY_NAME, ERROR_NO_NODE_DEVICE, "node device" },
};

static int found(Object *object, Object **ret)
{
        if (!object || !object->published)
                return -1;
        *ret = object_ref(object);
        return 0;
}

static int find_uuid(const Connection *connection, const struct UuidKind *kind,
        const WireNetwork *name, Object **ret, GError **error)
{
        static const uint8_t none[16];
        char uuid[WIRE_UUID_TEXT];

        /* Results that our members tell by name alone. */
        if (memcmp(name->uuid, none, sizeof none) == 0) {
                if (found(registry_find(&connection->registry, kind->by_name, name->name), ret) ==
                        0)
                        return 0;
                return error_set(error, kind->missing, "no %s with matching name '%s'", kind->what,
                        name->name);
        }
        wire_uuid_format(name->uuid, uuid);
        if (found(registry_find(&connection->registry, kind->key, uuid), ret) == 0)
                return 0;
        return error_set(error, kind->missing, "no %s with matching uuid '%s' (%s)", kind->what,
                uuid, name->name);
}

static int find_name(const Connection *connection, const struct NameKind *kind, const char *name,
        Object **ret, GError **error)
{
        if (found(registry_find(&connection->registry, kind->key, name), ret) == 0)
                return 0;
        return error_set(error, kind->missing, "no %s with matching name '%s'", kind->what, name);
}

static int find_secret(
        const Connection *connection, const WireSecret *name, Object **ret, GError **error)
{
        char uuid[WIRE_UUID_TEXT];

        wire_uuid_format(name->uuid, uuid);
        if (found(registry_find(&connection->registry, SECRET_BY_UUID, uuid), ret) == 0)
                return 0;
        return error_set(error, ERROR_NO_SECRET, "no secret with matching uuid '%s'", uuid);
}

static bool is_volume(const StorageVol *volume, const WireVol *name)
{
        const StoragePool *pool = (const StoragePool *)volume->properties.pool;

        return volume->object.published && g_strcmp0(volume->properties.name, name->name) == 0 &&
                pool && g_strcmp0(pool->properties.name, name->pool) == 0;
}

/* The key is quicker, and mostly right. */
static int find_volume(
        const Connection *connection, const WireVol *name, Object **ret, GError **error)
{
        StorageVol *volume =
                registry_find(&connection->registry, STORAGE_VOL_BY_KEY, name->key ?: "");
        GHashTableIter iter;
        void *other;

        /* A member that takes a key takes a name on the wire; the map has the key alone then. */
        if (volume && (!name->name || is_volume(volume, name)) && found(&volume->object, ret) == 0)
                return 0;
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, STORAGE_VOL_BY_KEY));
        while (g_hash_table_iter_next(&iter, NULL, &other))
                if (is_volume(other, name))
                        return found(other, ret);
        if (name->pool && !registry_find(&connection->registry, STORAGE_POOL_BY_NAME, name->pool))
                return error_set(error, ERROR_NO_STORAGE_POOL,
                        "no storage pool with matching name '%s'", name->pool);
        return error_set(error, ERROR_NO_STORAGE_VOL, "no storage vol with matching %s '%s'",
                name->name ? "name" : "key", name->name ?: name->key);
}

/* WireSnapshot and WireCheckpoint are the same. */
static int find_child(const Connection *connection, char kind, const WireSnapshot *name,
        Object **ret, GError **error)
{
        g_autoptr(Object) domain = NULL;
        Object *child;
        bool is_snapshot = kind == 'A';

        if (wire_object_find(connection, 'D', &name->dom, &domain, error) < 0)
                return -1;
        child = domain_find_child(
                is_snapshot ? ((Domain *)domain)->snapshots : ((Domain *)domain)->checkpoints,
                name->name);
        if (found(child, ret) == 0)
                return 0;
        return error_set(error, is_snapshot ? ERROR_NO_DOMAIN_SNAPSHOT : ERROR_NO_DOMAIN_CHECKPOINT,
                "no domain %s with matching name '%s'", is_snapshot ? "snapshot" : "checkpoint",
                name->name);
}

int wire_object_find(
        const Connection *connection, char kind, const void *name, Object **ret, GError **error)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(uuid_kinds); i++)
                if (uuid_kinds[i].kind == kind)
                        return find_uuid(connection, &uuid_kinds[i], name, ret, error);
        for (unsigned i = 0; i < G_N_ELEMENTS(name_kinds); i++)
                if (name_kinds[i].kind == kind)
                        return find_name(
                                connection, &name_kinds[i], *(char *const *)name, ret, error);
        switch (kind) {
        case 'K':
                return find_secret(connection, name, ret, error);
        case 'V':
                return find_volume(connection, name, ret, error);
        case 'A':
        case 'C':
                return find_child(connection, kind, name, ret, error);
        default:
                /* Ports of networks and bindings of filters, which no driver has. */
                return error_set(error, ERROR_NO_SUPPORT, "objects of the kind '%c'", kind);
        }
}

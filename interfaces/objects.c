/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Finding the other objects of a connection: networks, storage, devices, secrets, filters,
 * interfaces. */

#include <string.h>

#include "handlers.h"
#include "interfaces/lookup.h"

/* A lookup by a key: in begins with the value, out is the object. */
#define LOOKUP(function, Tag, kind, key, by, field, result)                              \
        int function(Call *call, const Tag##In *in, Tag##Out *out, GError **error)       \
        {                                                                                \
                return lookup_key(call, &kind, key, by, in->field, &out->result, error); \
        }

#define LOOKUP_UUID(function, Tag, kind, key, result)                                \
        int function(Call *call, const Tag##In *in, Tag##Out *out, GError **error)   \
        {                                                                            \
                return lookup_uuid(call, &kind, key, in->uuid, &out->result, error); \
        }

LOOKUP(connection_handle_network_lookup_by_name, ConnectionNetworkLookupByName, lookup_network,
        NETWORK_BY_NAME, "name", name, network)
LOOKUP_UUID(connection_handle_network_lookup_by_uuid, ConnectionNetworkLookupByUUID, lookup_network,
        NETWORK_BY_UUID, network)
LOOKUP(connection_handle_storage_pool_lookup_by_name, ConnectionStoragePoolLookupByName,
        lookup_storage_pool, STORAGE_POOL_BY_NAME, "name", name, storage_pool)
LOOKUP_UUID(connection_handle_storage_pool_lookup_by_uuid, ConnectionStoragePoolLookupByUUID,
        lookup_storage_pool, STORAGE_POOL_BY_UUID, storage_pool)
LOOKUP(connection_handle_storage_vol_lookup_by_key, ConnectionStorageVolLookupByKey,
        lookup_storage_vol, STORAGE_VOL_BY_KEY, "key", key, storage_vol)
LOOKUP(connection_handle_storage_vol_lookup_by_path, ConnectionStorageVolLookupByPath,
        lookup_storage_vol, STORAGE_VOL_BY_PATH, "path", path, storage_vol)
LOOKUP(connection_handle_node_device_lookup_by_name, ConnectionNodeDeviceLookupByName,
        lookup_node_device, NODE_DEVICE_BY_NAME, "name", name, dev)
LOOKUP_UUID(connection_handle_secret_lookup_by_uuid, ConnectionSecretLookupByUUID, lookup_secret,
        SECRET_BY_UUID, secret)
LOOKUP(connection_handle_nw_filter_lookup_by_name, ConnectionNWFilterLookupByName, lookup_nw_filter,
        NW_FILTER_BY_NAME, "name", name, nwfilter)
LOOKUP_UUID(connection_handle_nw_filter_lookup_by_uuid, ConnectionNWFilterLookupByUUID,
        lookup_nw_filter, NW_FILTER_BY_UUID, nwfilter)
LOOKUP(connection_handle_interface_lookup_by_name, ConnectionInterfaceLookupByName,
        lookup_interface, INTERFACE_BY_NAME, "name", name, interface)

static GHashTable *all_of(const Call *call, RegistryKey first)
{
        return registry_all(&((const Connection *)call->object)->registry, first);
}

int connection_handle_interface_lookup_by_mac(Call *call,
        const ConnectionInterfaceLookupByMACIn *in, ConnectionInterfaceLookupByMACOut *out,
        GError **error)
{
        void *object, *match = NULL;
        GHashTableIter iter;

        g_hash_table_iter_init(&iter, all_of(call, INTERFACE_BY_NAME));
        while (g_hash_table_iter_next(&iter, NULL, &object)) {
                if (g_ascii_strcasecmp(((Interface *)object)->properties.mac ?: "", in->mac) != 0)
                        continue;
                if (match)
                        return error_set(error, ERROR_MULTIPLE_INTERFACES, "mac '%s'", in->mac);
                match = object;
        }
        return lookup_found(call, &lookup_interface, match, "mac", in->mac, &out->interface, error);
}

int connection_handle_secret_lookup_by_usage(Call *call, const ConnectionSecretLookupByUsageIn *in,
        ConnectionSecretLookupByUsageOut *out, GError **error)
{
        void *object, *match = NULL;
        GHashTableIter iter;

        g_hash_table_iter_init(&iter, all_of(call, SECRET_BY_UUID));
        while (!match && g_hash_table_iter_next(&iter, NULL, &object))
                if (((Secret *)object)->properties.usage_type == in->usage_type &&
                        g_strcmp0(((Secret *)object)->properties.usage_id, in->usage_id) == 0)
                        match = object;
        return lookup_found(
                call, &lookup_secret, match, "usage", in->usage_id, &out->secret, error);
}

int connection_handle_node_device_lookup_scsi_host_by_wwn(Call *call,
        const ConnectionNodeDeviceLookupSCSIHostByWWNIn *in,
        ConnectionNodeDeviceLookupSCSIHostByWWNOut *out, GError **error)
{
        g_autofree char *wwn = g_strdup_printf("%s,%s", in->wwnn, in->wwpn);
        void *object, *match = NULL;
        GHashTableIter iter;

        g_hash_table_iter_init(&iter, all_of(call, NODE_DEVICE_BY_NAME));
        while (!match && g_hash_table_iter_next(&iter, NULL, &object))
                if (g_strcmp0(((NodeDevice *)object)->wwnn, in->wwnn) == 0 &&
                        g_strcmp0(((NodeDevice *)object)->wwpn, in->wwpn) == 0)
                        match = object;
        return lookup_found(call, &lookup_node_device, match, "wwnn,wwpn", wwn, &out->dev, error);
}

/* Lists. Networks and pools share their flags. */

enum {
        LIST_INACTIVE = 1 << 0,
        LIST_ACTIVE = 1 << 1,
        LIST_PERSISTENT = 1 << 2,
        LIST_TRANSIENT = 1 << 3,
        LIST_AUTOSTART = 1 << 4,
        LIST_NO_AUTOSTART = 1 << 5,
        LIST_POOL_TYPE = 1 << 6, /* and the next ones, in the order of pool_types */
};

static unsigned state_bits(bool active, bool persistent, bool autostart)
{
        return (active ? LIST_ACTIVE : LIST_INACTIVE) |
                (persistent ? LIST_PERSISTENT : LIST_TRANSIENT) |
                (autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART);
}

static const unsigned state_groups[] = {
        LIST_ACTIVE | LIST_INACTIVE,
        LIST_PERSISTENT | LIST_TRANSIENT,
        LIST_AUTOSTART | LIST_NO_AUTOSTART,
};

static bool network_accepts(const Object *object, unsigned flags)
{
        const NetworkProperties *properties = &((const Network *)object)->properties;

        return lookup_fits(state_groups, G_N_ELEMENTS(state_groups), flags,
                state_bits(properties->active, properties->persistent, properties->autostart));
}

static bool storage_pool_accepts(const Object *object, unsigned flags)
{
        static const char *const pool_types[] = { "dir", "fs", "netfs", "logical", "disk", "iscsi",
                "scsi", "mpath", "rbd", "sheepdog", "gluster", "zfs", "vstorage", "iscsi-direct" };
        static const unsigned type_group = ((1u << G_N_ELEMENTS(pool_types)) - 1) * LIST_POOL_TYPE;
        const StoragePoolProperties *properties = &((const StoragePool *)object)->properties;
        unsigned bits =
                state_bits(properties->active, properties->persistent, properties->autostart);

        for (unsigned i = 0; i < G_N_ELEMENTS(pool_types); i++)
                if (g_strcmp0(properties->type, pool_types[i]) == 0)
                        bits |= (unsigned)LIST_POOL_TYPE << i;
        return lookup_fits(state_groups, G_N_ELEMENTS(state_groups), flags, bits) &&
                lookup_fits(&type_group, 1, flags, bits);
}

static bool interface_accepts(const Object *object, unsigned flags)
{
        return lookup_fits(state_groups, 1, flags,
                ((const Interface *)object)->properties.active ? LIST_ACTIVE : LIST_INACTIVE);
}

static bool secret_accepts(const Object *object, unsigned flags)
{
        enum {
                EPHEMERAL = 1 << 0,
                NO_EPHEMERAL = 1 << 1,
                PRIVATE = 1 << 2,
                NO_PRIVATE = 1 << 3,
        };
        static const unsigned groups[] = { EPHEMERAL | NO_EPHEMERAL, PRIVATE | NO_PRIVATE };
        const SecretProperties *properties = &((const Secret *)object)->properties;

        return lookup_fits(groups, G_N_ELEMENTS(groups), flags,
                (properties->ephemeral ? EPHEMERAL : NO_EPHEMERAL) |
                        (properties->private ? PRIVATE : NO_PRIVATE));
}

/* Bit i asks for devices with the i-th capability. */
static bool node_device_accepts(const Object *object, unsigned flags)
{
        static const char *const capabilities[] = { "system", "pci", "usb_device", "usb", "net",
                "scsi_host", "scsi_target", "scsi", "storage", "fc_host", "vports", "scsi_generic",
                "drm", "mdev_types", "mdev", "ccw", "css", "vdpa", "ap_card", "ap_queue",
                "ap_matrix", "vpd" };
        static const unsigned group = (1u << G_N_ELEMENTS(capabilities)) - 1;
        const NodeDeviceProperties *properties = &((const NodeDevice *)object)->properties;
        unsigned bits = 0;

        for (unsigned i = 0; i < G_N_ELEMENTS(capabilities); i++)
                for (size_t j = 0; j < properties->capabilities.n; j++)
                        if (strcmp(properties->capabilities.items[j], capabilities[i]) == 0)
                                bits |= 1u << i;
        return lookup_fits(&group, 1, flags, bits);
}

static bool any_accepts(const Object *object, unsigned flags)
{
        (void)object, (void)flags;
        return true;
}

#define LIST(function, Tag, kind, accepts, result)                                        \
        int function(Call *call, const Tag##In *in, Tag##Out *out, GError **error)        \
        {                                                                                 \
                return lookup_list(call, &kind, accepts, in->flags, &out->result, error); \
        }

LIST(connection_handle_list_networks, ConnectionListNetworks, lookup_network, network_accepts,
        networks)
LIST(connection_handle_list_storage_pools, ConnectionListStoragePools, lookup_storage_pool,
        storage_pool_accepts, storage_pools)
LIST(connection_handle_list_interfaces, ConnectionListInterfaces, lookup_interface,
        interface_accepts, interfaces)
LIST(connection_handle_list_node_devices, ConnectionListNodeDevices, lookup_node_device,
        node_device_accepts, devs)
LIST(connection_handle_list_secrets, ConnectionListSecrets, lookup_secret, secret_accepts, secrets)
LIST(connection_handle_list_nw_filters, ConnectionListNWFilters, lookup_nw_filter, any_accepts,
        nwfilters)

/* Volumes of a pool. */

static bool in_pool(const Object *object, const Object *pool)
{
        return object->published && ((const StorageVol *)object)->properties.pool == pool;
}

static int require_active(const Object *pool, GError **error)
{
        const StoragePoolProperties *properties = &((const StoragePool *)pool)->properties;

        return properties->active ? 0 :
                                    error_set(error, ERROR_OPERATION_INVALID,
                                            "storage pool '%s' is not active", properties->name);
}

int storage_pool_handle_list_storage_volumes(Call *call, const StoragePoolListStorageVolumesIn *in,
        StoragePoolListStorageVolumesOut *out, GError **error)
{
        const Connection *connection = (const Connection *)call->object->parent;
        GPtrArray *list;
        GHashTableIter iter;
        void *object;
        int r;

        (void)in;
        if (!((const StoragePool *)call->object)->properties.active)
                return error_set(error, ERROR_OPERATION_INVALID, "storage pool is not active");
        list = g_ptr_array_new_with_free_func(object_unref_notify);
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, STORAGE_VOL_BY_KEY));
        while (g_hash_table_iter_next(&iter, NULL, &object))
                if (in_pool(object, call->object))
                        g_ptr_array_add(list, object_ref(object));
        r = call_filter(call, &list);
        if (r < 0) {
                g_ptr_array_unref(list);
                return r;
        }
        lookup_take(list, &out->storage_vols);
        return 0;
}

int storage_pool_handle_storage_vol_lookup_by_name(Call *call,
        const StoragePoolStorageVolLookupByNameIn *in, StoragePoolStorageVolLookupByNameOut *out,
        GError **error)
{
        const Connection *connection = (const Connection *)call->object->parent;
        GHashTableIter iter;
        void *object, *match = NULL;

        if (require_active(call->object, error) < 0)
                return -1;
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, STORAGE_VOL_BY_KEY));
        while (!match && g_hash_table_iter_next(&iter, NULL, &object))
                if (in_pool(object, call->object) &&
                        g_strcmp0(((StorageVol *)object)->properties.name, in->name) == 0)
                        match = object;
        return lookup_found(
                call, &lookup_storage_vol, match, "name", in->name, &out->storage_vol, error);
}

int storage_pool_handle_get_info(
        Call *call, const StoragePoolGetInfoIn *in, StoragePoolGetInfoOut *out, GError **error)
{
        const StoragePoolProperties *properties = &((StoragePool *)call->object)->properties;

        (void)in, (void)error;
        out->info.state = properties->state;
        out->info.capacity = properties->capacity;
        out->info.allocation = properties->allocation;
        out->info.available = properties->available;
        return 0;
}

int node_device_handle_list_caps(
        Call *call, const NodeDeviceListCapsIn *in, NodeDeviceListCapsOut *out, GError **error)
{
        const NodeDeviceProperties *properties = &((NodeDevice *)call->object)->properties;

        (void)in, (void)error;
        layout_copy("as", &properties->capabilities, &out->names);
        return 0;
}

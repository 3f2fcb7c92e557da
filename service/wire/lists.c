/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The older lists: how many there are of a kind, and their names. Each is a list of objects that a
 * member gives, with the flags that make it the one that is asked for. */

#include <string.h>

#include "service/wire/client.h"

/* Flags of the members. */
enum {
        DOMAINS_ACTIVE = 1 << 0,
        DOMAINS_INACTIVE = 1 << 1,
        OTHERS_INACTIVE = 1 << 0,
        OTHERS_ACTIVE = 1 << 1,
};

/* What names an object in a list of names. */
static const struct {
        const ClassInfo *class;
        unsigned property; /* a string */
} names[] = {
        { &domain_class, DOMAIN_PROPERTY_NAME },
        { &domain_snapshot_class, DOMAIN_SNAPSHOT_PROPERTY_NAME },
        { &network_class, NETWORK_PROPERTY_NAME },
        { &storage_pool_class, STORAGE_POOL_PROPERTY_NAME },
        { &storage_vol_class, STORAGE_VOL_PROPERTY_NAME },
        { &node_device_class, NODE_DEVICE_PROPERTY_NAME },
        { &secret_class, SECRET_PROPERTY_UUID },
        { &nw_filter_class, NW_FILTER_PROPERTY_NAME },
        { &interface_class, INTERFACE_PROPERTY_NAME },
};

static const char *name_of(const Object *object)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
                if (names[i].class == object->class)
                        return *(char **)object_value(
                                object, &object->class->properties[names[i].property]);
        g_assert_not_reached();
}

/* All these members take flags, or nothing, and give an array of objects. */
typedef struct Objects {
        Object **items;
        size_t n;
} Objects;

typedef struct Strings {
        char **items;
        size_t n;
} Strings;

static int list(WireCall *call, uint32_t flags, Results *out, GError **error)
{
        g_assert(strcmp(call->base.method->out, "ao") == 0);
        return wire_call_perform(call, &flags, out, error);
}

static void list_clear(Results *out)
{
        layout_clear("ao", out->bytes);
}

static int count(WireCall *call, uint32_t flags, int32_t *ret, GError **error)
{
        Results out;
        int r = list(call, flags, &out, error);

        if (r >= 0)
                *ret = ((Objects *)out.bytes)->n;
        list_clear(&out);
        return r;
}

/* The procedure's layout knows how many there may be. */
static int check_max(WireCall *call, const char *what, int32_t max, GError **error)
{
        uint32_t most = wire_type(call->procedure->ret).max;

        if (max < 0)
                return wire_call_fail(call, error, ERROR_RPC, "%s must be non-negative", what);
        if ((uint32_t)max > most)
                return wire_call_fail(call, error, ERROR_RPC, "%s > %u", what, most);
        return 0;
}

static int list_names(WireCall *call, uint32_t flags, int32_t max, Strings *ret, GError **error)
{
        const Objects *objects;
        Results out;
        int r;

        if (check_max(call, "maxnames", max, error) < 0)
                return -1;
        r = list(call, flags, &out, error);
        objects = (Objects *)out.bytes;
        if (r >= 0) {
                ret->n = MIN((size_t)max, objects->n);
                ret->items = g_new0(char *, ret->n);
        }
        for (size_t i = 0; i < ret->n; i++)
                ret->items[i] = g_strdup(name_of(objects->items[i]));
        list_clear(&out);
        return r;
}

/* The answers. Counts and lists of names all look alike on the wire. */

static int answer_count(WireCall *call, void *args, void *data, GError **error)
{
        WireConnectNumOfDomainsRet *ret = data;

        (void)args;
        return count(call, call->row->option, &ret->num, error);
}

static int answer_names(WireCall *call, void *data, void *ret, GError **error)
{
        const WireConnectListDefinedDomainsArgs *args = data;

        return list_names(call, call->row->option, args->maxnames, ret, error);
}

static int answer_ids(WireCall *call, void *data, void *result, GError **error)
{
        const WireConnectListDomainsArgs *args = data;
        WireConnectListDomainsRet *ret = result;
        const Objects *objects;
        Results out;
        int r;

        if (check_max(call, "maxids", args->maxids, error) < 0)
                return -1;
        r = list(call, call->row->option, &out, error);
        objects = (Objects *)out.bytes;
        if (r >= 0) {
                ret->ids.n = MIN((size_t)args->maxids, objects->n);
                ret->ids.items = g_new0(int32_t, ret->ids.n);
        }
        for (size_t i = 0; i < ret->ids.n; i++)
                ret->ids.items[i] = ((Domain *)objects->items[i])->properties.id;
        list_clear(&out);
        return r;
}

static int answer_volumes(WireCall *call, void *data, void *ret, GError **error)
{
        const WireStoragePoolListVolumesArgs *args = data;

        return list_names(call, 0, args->maxnames, ret, error);
}

static int answer_snapshot_count(WireCall *call, void *data, void *result, GError **error)
{
        const WireDomainSnapshotNumArgs *args = data;
        WireDomainSnapshotNumRet *ret = result;

        return count(call, args->flags, &ret->num, error);
}

static int answer_snapshots(WireCall *call, void *data, void *ret, GError **error)
{
        const WireDomainSnapshotListNamesArgs *args = data;

        return list_names(call, args->flags, args->maxnames, ret, error);
}

static int answer_children_count(WireCall *call, void *data, void *result, GError **error)
{
        const WireDomainSnapshotNumChildrenArgs *args = data;
        WireDomainSnapshotNumChildrenRet *ret = result;

        return count(call, args->flags, &ret->num, error);
}

static int answer_children(WireCall *call, void *data, void *ret, GError **error)
{
        const WireDomainSnapshotListChildrenNamesArgs *args = data;

        return list_names(call, args->flags, args->maxnames, ret, error);
}

/* The flag of ListNodeDevices that stands for a capability; none: every device. */
static int capability_flag(WireCall *call, const char *capability, uint32_t *ret, GError **error)
{
        static const char *const capabilities[] = { "system", "pci", "usb_device", "usb", "net",
                "scsi_host", "scsi_target", "scsi", "storage", "fc_host", "vports", "scsi_generic",
                "drm", "mdev_types", "mdev", "ccw", "css", "vdpa", "ap_card", "ap_queue",
                "ap_matrix", "vpd" };

        *ret = 0;
        for (unsigned i = 0; capability && i < G_N_ELEMENTS(capabilities); i++)
                if (strcmp(capabilities[i], capability) == 0)
                        *ret = 1u << i;
        if (capability && *ret == 0)
                return wire_call_fail(call, error, ERROR_INVALID_ARG,
                        "there is no capability '%s' of node devices", capability);
        return 0;
}

static int answer_device_count(WireCall *call, void *data, void *result, GError **error)
{
        const WireNodeNumOfDevicesArgs *args = data;
        WireNodeNumOfDevicesRet *ret = result;
        uint32_t flags;

        if (capability_flag(call, args->cap, &flags, error) < 0)
                return -1;
        return count(call, flags, &ret->num, error);
}

static int answer_devices(WireCall *call, void *data, void *ret, GError **error)
{
        const WireNodeListDevicesArgs *args = data;
        uint32_t flags;

        if (capability_flag(call, args->cap, &flags, error) < 0)
                return -1;
        return list_names(call, flags, args->maxnames, ret, error);
}

static int answer_device_caps_count(WireCall *call, void *args, void *data, GError **error)
{
        WireNodeDeviceNumOfCapsRet *ret = data;
        Results out;
        int r = wire_call_perform(call, NULL, &out, error);

        (void)args;
        if (r >= 0)
                ret->num = ((NodeDeviceListCapsOut *)out.bytes)->names.n;
        layout_clear(call->base.method->out, out.bytes);
        return r;
}

#define ON_CONNECTION(procedure, answer, member, option)                                \
        {                                                                               \
                WIRE_##procedure, WIRE_ON_CONNECTION, false, answer, &connection_class, \
                        CONNECTION_METHOD_##member, option                              \
        }
#define ON_OBJECT(procedure, answer, name, member)                                        \
        {                                                                                 \
                WIRE_##procedure, WIRE_ON_OBJECT, false, answer, &name##_class, member, 0 \
        }

const WireRow wire_list_rows[] = {
        ON_CONNECTION(CONNECT_NUM_OF_DOMAINS, answer_count, LIST_DOMAINS, DOMAINS_ACTIVE),
        ON_CONNECTION(CONNECT_LIST_DOMAINS, answer_ids, LIST_DOMAINS, DOMAINS_ACTIVE),
        ON_CONNECTION(CONNECT_NUM_OF_DEFINED_DOMAINS, answer_count, LIST_DOMAINS, DOMAINS_INACTIVE),
        ON_CONNECTION(CONNECT_LIST_DEFINED_DOMAINS, answer_names, LIST_DOMAINS, DOMAINS_INACTIVE),
        ON_CONNECTION(CONNECT_NUM_OF_NETWORKS, answer_count, LIST_NETWORKS, OTHERS_ACTIVE),
        ON_CONNECTION(CONNECT_LIST_NETWORKS, answer_names, LIST_NETWORKS, OTHERS_ACTIVE),
        ON_CONNECTION(
                CONNECT_NUM_OF_DEFINED_NETWORKS, answer_count, LIST_NETWORKS, OTHERS_INACTIVE),
        ON_CONNECTION(CONNECT_LIST_DEFINED_NETWORKS, answer_names, LIST_NETWORKS, OTHERS_INACTIVE),
        ON_CONNECTION(
                CONNECT_NUM_OF_STORAGE_POOLS, answer_count, LIST_STORAGE_POOLS, OTHERS_ACTIVE),
        ON_CONNECTION(CONNECT_LIST_STORAGE_POOLS, answer_names, LIST_STORAGE_POOLS, OTHERS_ACTIVE),
        ON_CONNECTION(CONNECT_NUM_OF_DEFINED_STORAGE_POOLS, answer_count, LIST_STORAGE_POOLS,
                OTHERS_INACTIVE),
        ON_CONNECTION(CONNECT_LIST_DEFINED_STORAGE_POOLS, answer_names, LIST_STORAGE_POOLS,
                OTHERS_INACTIVE),
        ON_CONNECTION(CONNECT_NUM_OF_INTERFACES, answer_count, LIST_INTERFACES, OTHERS_ACTIVE),
        ON_CONNECTION(CONNECT_LIST_INTERFACES, answer_names, LIST_INTERFACES, OTHERS_ACTIVE),
        ON_CONNECTION(
                CONNECT_NUM_OF_DEFINED_INTERFACES, answer_count, LIST_INTERFACES, OTHERS_INACTIVE),
        ON_CONNECTION(
                CONNECT_LIST_DEFINED_INTERFACES, answer_names, LIST_INTERFACES, OTHERS_INACTIVE),
        ON_CONNECTION(CONNECT_NUM_OF_SECRETS, answer_count, LIST_SECRETS, 0),
        ON_CONNECTION(CONNECT_LIST_SECRETS, answer_names, LIST_SECRETS, 0),
        ON_CONNECTION(CONNECT_NUM_OF_NWFILTERS, answer_count, LIST_NW_FILTERS, 0),
        ON_CONNECTION(CONNECT_LIST_NWFILTERS, answer_names, LIST_NW_FILTERS, 0),
        ON_CONNECTION(NODE_NUM_OF_DEVICES, answer_device_count, LIST_NODE_DEVICES, 0),
        ON_CONNECTION(NODE_LIST_DEVICES, answer_devices, LIST_NODE_DEVICES, 0),
        ON_OBJECT(NODE_DEVICE_NUM_OF_CAPS, answer_device_caps_count, node_device,
                NODE_DEVICE_METHOD_LIST_CAPS),
        ON_OBJECT(STORAGE_POOL_NUM_OF_VOLUMES, answer_count, storage_pool,
                STORAGE_POOL_METHOD_LIST_STORAGE_VOLUMES),
        ON_OBJECT(STORAGE_POOL_LIST_VOLUMES, answer_volumes, storage_pool,
                STORAGE_POOL_METHOD_LIST_STORAGE_VOLUMES),
        ON_OBJECT(DOMAIN_SNAPSHOT_NUM, answer_snapshot_count, domain,
                DOMAIN_METHOD_LIST_DOMAIN_SNAPSHOTS),
        ON_OBJECT(DOMAIN_SNAPSHOT_LIST_NAMES, answer_snapshots, domain,
                DOMAIN_METHOD_LIST_DOMAIN_SNAPSHOTS),
        ON_OBJECT(DOMAIN_SNAPSHOT_NUM_CHILDREN, answer_children_count, domain_snapshot,
                DOMAIN_SNAPSHOT_METHOD_LIST_CHILDREN),
        ON_OBJECT(DOMAIN_SNAPSHOT_LIST_CHILDREN_NAMES, answer_children, domain_snapshot,
                DOMAIN_SNAPSHOT_METHOD_LIST_CHILDREN),
        { 0 },
};

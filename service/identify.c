/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/identify.h"

#include "drivers/model/checkpoint.h"
#include "drivers/model/domain.h"
#include "drivers/model/host-interface.h"
#include "drivers/model/network.h"
#include "drivers/model/node-device.h"
#include "drivers/model/nwfilter.h"
#include "drivers/model/secret.h"
#include "drivers/model/snapshot.h"
#include "drivers/model/storage-pool.h"
#include "drivers/model/storage-volume.h"

static int identify_secret(const char *xml, Identity *ret, GError **error)
{
        SecretUsageType type;

        return secret_config_identify(xml, &ret->uuid, &type, &ret->usage, error);
}

/* The name of a new device is the host's to give, whatever the document says. */
static int identify_node_device(const char *xml, Identity *ret, GError **error)
{
        g_autofree char *name = NULL;

        return node_device_config_identify(xml, &name, &ret->parent, error);
}

#define NO_KEY _REGISTRY_KEY_MAX

/* One of the three functions is there. Without keys a document never replaces an object. */
static const struct {
        const ClassInfo *class;
        RegistryKey by_uuid, by_name;
        int (*name_and_uuid)(const char *xml, char **ret_name, char **ret_uuid, GError **error);
        int (*name)(const char *xml, char **ret_name, GError **error);
        int (*other)(const char *xml, Identity *ret, GError **error);
} kinds[] = {
        { &domain_class, DOMAIN_BY_UUID, DOMAIN_BY_NAME, .name_and_uuid = domain_config_identify },
        { &network_class, NETWORK_BY_UUID, NETWORK_BY_NAME,
                .name_and_uuid = network_config_identify },
        { &storage_pool_class, STORAGE_POOL_BY_UUID, STORAGE_POOL_BY_NAME,
                .name_and_uuid = storage_pool_config_identify },
        { &nw_filter_class, NW_FILTER_BY_UUID, NW_FILTER_BY_NAME,
                .name_and_uuid = nwfilter_config_identify },
        { &interface_class, NO_KEY, INTERFACE_BY_NAME, .name = host_interface_config_identify },
        { &storage_vol_class, NO_KEY, NO_KEY, .name = storage_volume_config_identify },
        { &domain_snapshot_class, NO_KEY, NO_KEY, .name = snapshot_config_identify },
        { &domain_checkpoint_class, NO_KEY, NO_KEY, .name = checkpoint_config_identify },
        { &secret_class, SECRET_BY_UUID, NO_KEY, .other = identify_secret },
        { &node_device_class, NO_KEY, NO_KEY, .other = identify_node_device },
};

static Object *find(const Object *within, RegistryKey key, const char *value)
{
        const Object *object = key == NO_KEY || !value ?
                NULL :
                registry_find(&((const Connection *)within)->registry, key, value);

        return object && object->published ? (Object *)object : NULL;
}

static unsigned kind_of(const ClassInfo *class)
{
        unsigned i = 0;

        while (kinds[i].class != class)
                g_assert(++i < G_N_ELEMENTS(kinds));
        return i;
}

int identify(const ClassInfo *class, const Object *within, const char *xml, Identity *ret,
        GError **error)
{
        unsigned i = kind_of(class);
        int r;

        r = kinds[i].name_and_uuid ? kinds[i].name_and_uuid(xml, &ret->name, &ret->uuid, error) :
                kinds[i].name      ? kinds[i].name(xml, &ret->name, error) :
                                     kinds[i].other(xml, ret, error);
        if (r < 0)
                return -1;
        ret->class = class;
        identity_changed(ret, within);
        return 0;
}

bool identity_changed(Identity *identity, const Object *within)
{
        unsigned i = kind_of(identity->class);
        Object *object = find(within, kinds[i].by_uuid, identity->uuid) ?:
                find(within, kinds[i].by_name, identity->name);

        if (object == identity->object)
                return false;
        object_unref(identity->object);
        identity->object = object ? object_ref(object) : NULL;
        return true;
}

void identity_clear(Identity *identity)
{
        g_free(identity->name);
        g_free(identity->uuid);
        g_free(identity->usage);
        g_free(identity->parent);
        object_unref(identity->object);
}

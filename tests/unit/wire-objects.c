/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/wire-objects.h"

#include <string.h>

#include "interfaces.h"

typedef struct Named {
        Object object;
        uint64_t properties[64];
} Named;

static GPtrArray *all;

static void named_free(Object *object)
{
        g_free(object);
}

static void *named_new(const ClassInfo *class, Object *parent)
{
        Named *named = g_new0(Named, 1);

        if (!all)
                all = g_ptr_array_new_with_free_func(object_unref_notify);
        g_assert_cmpuint(class->properties_size, <=, sizeof named->properties);
        object_init(&named->object, class, NULL, named->properties, parent, named_free);
        g_ptr_array_add(all, named);
        return named->properties;
}

static char *uuid_text(const uint8_t uuid[16])
{
        char *text = g_malloc(WIRE_UUID_TEXT);

        wire_uuid_format(uuid, text);
        return text;
}

static Object *last(void)
{
        return g_ptr_array_index(all, all->len - 1);
}

static void new_domain(const WireDomain *name)
{
        DomainProperties *domain = named_new(&domain_class, NULL);

        domain->name = g_strdup(name->name);
        domain->uuid = uuid_text(name->uuid);
        domain->active = name->id >= 0;
        domain->id = name->id >= 0 ? name->id : 0;
}

static void new_volume(const WireVol *name)
{
        StoragePoolProperties *pool = named_new(&storage_pool_class, NULL);
        StorageVolProperties *volume;
        Object *object = last();

        pool->name = g_strdup(name->pool);
        volume = named_new(&storage_vol_class, NULL);
        volume->name = g_strdup(name->name);
        volume->key = g_strdup(name->key);
        volume->pool = object_ref(object);
}

static Object *known(char kind, const void *name)
{
        for (unsigned i = 0; all && i < all->len; i++) {
                Object *object = g_ptr_array_index(all, i);
                const StorageVolProperties *volume = object->properties;
                const DomainProperties *domain = object->properties;

                if (wire_kind(object->class) != kind)
                        continue;
                if (kind == 'V' && g_strcmp0(volume->key, ((const WireVol *)name)->key) == 0)
                        return object;
                if (kind == 'D' && g_strcmp0(domain->name, ((const WireDomain *)name)->name) == 0)
                        return object;
        }
        return NULL;
}

int wire_objects_find(char kind, const void *name, Object **ret, void *data, GError **error)
{
        const WireNetwork *network = name;
        const WireIface *interface = name;
        const WireSnapshot *child = name;
        const WireSecret *secret = name;
        Object *parent = NULL;

        if (data)
                return error_set(error, ERROR_NO_DOMAIN, "none is here");
        if ((kind == 'V' && !((const WireVol *)name)->name) || kind == 'D')
                *ret = known(kind, name);
        if (*ret) {
                object_ref(*ret);
                return 0;
        }
        if (strchr("AC", kind)) {
                g_assert_cmpint(wire_objects_find('D', &child->dom, &parent, NULL, error), ==, 0);
        }
        switch (kind) {
        case 'D':
                new_domain(name);
                break;
        case 'N': {
                NetworkProperties *properties = named_new(&network_class, NULL);

                properties->name = g_strdup(network->name);
                properties->uuid = uuid_text(network->uuid);
                break;
        }
        case 'L': {
                StoragePoolProperties *properties = named_new(&storage_pool_class, NULL);

                properties->name = g_strdup(network->name);
                properties->uuid = uuid_text(network->uuid);
                break;
        }
        case 'F': {
                NWFilterProperties *properties = named_new(&nw_filter_class, NULL);

                properties->name = g_strdup(network->name);
                properties->uuid = uuid_text(network->uuid);
                break;
        }
        case 'V':
                new_volume(name);
                break;
        case 'I': {
                InterfaceProperties *properties = named_new(&interface_class, NULL);

                properties->name = g_strdup(interface->name);
                properties->mac = g_strdup(interface->mac);
                break;
        }
        case 'E': {
                NodeDeviceProperties *properties = named_new(&node_device_class, NULL);

                properties->name = g_strdup(((const WireNodedev *)name)->name);
                break;
        }
        case 'K': {
                SecretProperties *properties = named_new(&secret_class, NULL);

                properties->uuid = uuid_text(secret->uuid);
                properties->usage_type = secret->usage_type;
                properties->usage_id = g_strdup(secret->usage_id);
                break;
        }
        case 'A': {
                DomainSnapshotProperties *properties = named_new(&domain_snapshot_class, parent);

                properties->name = g_strdup(child->name);
                break;
        }
        case 'C': {
                DomainCheckpointProperties *properties =
                        named_new(&domain_checkpoint_class, parent);

                properties->name = g_strdup(child->name);
                break;
        }
        default:
                g_assert_not_reached();
        }
        object_unref(parent);
        *ret = object_ref(last());
        return 0;
}

void wire_objects_forget(void)
{
        g_clear_pointer(&all, g_ptr_array_unref);
}

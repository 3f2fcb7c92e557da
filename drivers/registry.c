/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/registry.h"

#include <assert.h>

static const struct {
        const ClassInfo *class;
        unsigned property; /* a string */
} keys[] = {
        [DOMAIN_BY_UUID] = { &domain_class, DOMAIN_PROPERTY_UUID },
        [DOMAIN_BY_NAME] = { &domain_class, DOMAIN_PROPERTY_NAME },
        [NETWORK_BY_UUID] = { &network_class, NETWORK_PROPERTY_UUID },
        [NETWORK_BY_NAME] = { &network_class, NETWORK_PROPERTY_NAME },
        [STORAGE_POOL_BY_UUID] = { &storage_pool_class, STORAGE_POOL_PROPERTY_UUID },
        [STORAGE_POOL_BY_NAME] = { &storage_pool_class, STORAGE_POOL_PROPERTY_NAME },
        [STORAGE_VOL_BY_KEY] = { &storage_vol_class, STORAGE_VOL_PROPERTY_KEY },
        [STORAGE_VOL_BY_PATH] = { &storage_vol_class, STORAGE_VOL_PROPERTY_PATH },
        [NODE_DEVICE_BY_NAME] = { &node_device_class, NODE_DEVICE_PROPERTY_NAME },
        [SECRET_BY_UUID] = { &secret_class, SECRET_PROPERTY_UUID },
        [NW_FILTER_BY_UUID] = { &nw_filter_class, NW_FILTER_PROPERTY_UUID },
        [NW_FILTER_BY_NAME] = { &nw_filter_class, NW_FILTER_PROPERTY_NAME },
        [INTERFACE_BY_NAME] = { &interface_class, INTERFACE_PROPERTY_NAME },
};
static_assert(G_N_ELEMENTS(keys) == _REGISTRY_KEY_MAX, "a key without a property");

static char *value_of(const Object *object, RegistryKey key)
{
        return *(char **)object_value(object, &object->class->properties[keys[key].property]);
}

void registry_init(Registry *registry)
{
        for (unsigned key = 0; key < _REGISTRY_KEY_MAX; key++)
                registry->tables[key] = g_hash_table_new(g_str_hash, g_str_equal);
}

void registry_finish(Registry *registry)
{
        for (unsigned key = 0; key < _REGISTRY_KEY_MAX; key++) {
                g_assert(g_hash_table_size(registry->tables[key]) == 0);
                g_hash_table_unref(registry->tables[key]);
        }
}

void *registry_find(const Registry *registry, RegistryKey key, const char *value)
{
        return g_hash_table_lookup(registry->tables[key], value);
}

void registry_add(Registry *registry, void *object)
{
        Object *self = object_ref(object);

        for (unsigned key = 0; key < _REGISTRY_KEY_MAX; key++) {
                if (keys[key].class != self->class)
                        continue;
                g_assert(!registry_find(registry, key, value_of(self, key)));
                g_hash_table_insert(registry->tables[key], value_of(self, key), self);
        }
}

void registry_remove(Registry *registry, void *object)
{
        Object *self = object;
        bool was_there = false;

        for (unsigned key = 0; key < _REGISTRY_KEY_MAX; key++) {
                if (keys[key].class != self->class ||
                        registry_find(registry, key, value_of(self, key)) != self)
                        continue;
                g_hash_table_remove(registry->tables[key], value_of(self, key));
                was_there = true;
        }
        if (!was_there)
                return;
        object_withdraw(self);
        object_unref(self);
}

void registry_reserve(Registry *registry, void *object, RegistryKey key, const char *value)
{
        g_assert(!registry_find(registry, key, value));
        g_hash_table_insert(registry->tables[key], (char *)value, object);
}

void registry_release(Registry *registry, RegistryKey key, const char *value)
{
        g_hash_table_remove(registry->tables[key], value);
}

void registry_rename(Registry *registry, void *object, RegistryKey key, const char *value)
{
        Object *self = object;

        g_hash_table_remove(registry->tables[key], value_of(self, key));
        g_hash_table_remove(registry->tables[key], value);
        object_set_string(self, keys[key].property, value);
        g_hash_table_insert(registry->tables[key], value_of(self, key), self);
}

void *registry_rival(const Registry *registry, const void *object)
{
        const Object *self = object;

        for (unsigned key = 0; key < _REGISTRY_KEY_MAX; key++) {
                Object *other = keys[key].class == self->class ?
                        registry_find(registry, key, value_of(self, key)) :
                        NULL;

                if (other && other != self)
                        return other;
        }
        return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The objects that a connection has, found by the properties that identify them. */

#include "interfaces.h"

/* Each is one property of one class; the first of a class lists all its objects. */
typedef enum RegistryKey {
        DOMAIN_BY_UUID,
        DOMAIN_BY_NAME,
        NETWORK_BY_UUID,
        NETWORK_BY_NAME,
        STORAGE_POOL_BY_UUID,
        STORAGE_POOL_BY_NAME,
        STORAGE_VOL_BY_KEY,
        STORAGE_VOL_BY_PATH,
        NODE_DEVICE_BY_NAME,
        SECRET_BY_UUID,
        NW_FILTER_BY_UUID,
        NW_FILTER_BY_NAME,
        INTERFACE_BY_NAME,
        _REGISTRY_KEY_MAX,
} RegistryKey;

typedef struct Registry {
        GHashTable *tables[_REGISTRY_KEY_MAX]; /* value of the property to the object */
} Registry;

void registry_init(Registry *registry);
/* It must be empty. */
void registry_finish(Registry *registry);

/* Also those that are not published yet. Borrowed; NULL: none. */
void *registry_find(const Registry *registry, RegistryKey key, const char *value);

/* Another object that has one of the identifying values of this one. Borrowed; NULL: none. */
void *registry_rival(const Registry *registry, const void *object);

/* Takes the identifying values, which must be free, and a reference. */
void registry_add(Registry *registry, void *object);
/* Gives both back, and withdraws the object. Harmless where it was removed already. */
void registry_remove(Registry *registry, void *object);
/* Takes one more value for an object, so that nobody else can have it while something is made of
 * it. The value is borrowed until it is released, or until registry_rename() makes it the object's.
 */
void registry_reserve(Registry *registry, void *object, RegistryKey key, const char *value);
void registry_release(Registry *registry, RegistryKey key, const char *value);
/* Changes an identifying property. */
void registry_rename(Registry *registry, void *object, RegistryKey key, const char *value);

/* All objects of a class: the table of its first key. Not to be changed while it is walked. */
static inline GHashTable *registry_all(const Registry *registry, RegistryKey first)
{
        return registry->tables[first];
}

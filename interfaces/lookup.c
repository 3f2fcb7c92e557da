/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interfaces/lookup.h"

#include <errno.h>

#include "drivers/model/bind.h"

const LookupKind lookup_domain = { &domain_class, DOMAIN_BY_UUID, ERROR_NO_DOMAIN, "domain",
        "Invalid UUID" };
const LookupKind lookup_network = { &network_class, NETWORK_BY_UUID, ERROR_NO_NETWORK, "network",
        NULL };
const LookupKind lookup_storage_pool = { &storage_pool_class, STORAGE_POOL_BY_UUID,
        ERROR_NO_STORAGE_POOL, "storage pool", NULL };
const LookupKind lookup_storage_vol = { &storage_vol_class, STORAGE_VOL_BY_KEY,
        ERROR_NO_STORAGE_VOL, "storage vol", NULL };
const LookupKind lookup_node_device = { &node_device_class, NODE_DEVICE_BY_NAME,
        ERROR_NO_NODE_DEVICE, "node device", NULL };
const LookupKind lookup_secret = { &secret_class, SECRET_BY_UUID, ERROR_NO_SECRET, "secret", NULL };
const LookupKind lookup_nw_filter = { &nw_filter_class, NW_FILTER_BY_UUID, ERROR_NO_NWFILTER,
        "nwfilter", NULL };
const LookupKind lookup_interface = { &interface_class, INTERFACE_BY_NAME, ERROR_NO_INTERFACE,
        "interface", NULL };

static const Connection *connection_of(const Call *call)
{
        return (const Connection *)call->object;
}

/* A driver without such objects says so, also to a question after one. */
static int require_kind(const Call *call, const LookupKind *kind, GError **error)
{
        if (driver_has(object_connection(call->object)->driver, kind->class))
                return 0;
        return error_set(error, ERROR_NO_SUPPORT, "%s", call->method->api);
}

int lookup_found(const Call *call, const LookupKind *kind, void *object, const char *by,
        const char *value, Object **ret, GError **error)
{
        Object *self = object;
        int r;

        if (require_kind(call, kind, error) < 0)
                return -1;
        if (self && self->published) {
                r = call_authorize(call, class_read_action(kind->class), self, NULL);
                if (r == -EAGAIN)
                        return r;
                if (r >= 0) {
                        *ret = object_ref(self);
                        return 0;
                }
        }
        return error_set(
                error, kind->missing, "no %s with matching %s '%s'", kind->what, by, value);
}

int lookup_key(const Call *call, const LookupKind *kind, RegistryKey key, const char *by,
        const char *value, Object **ret, GError **error)
{
        void *object = registry_find(&connection_of(call)->registry, key, value);

        return lookup_found(call, kind, object, by, value, ret, error);
}

int lookup_uuid(const Call *call, const LookupKind *kind, RegistryKey key, const char *value,
        Object **ret, GError **error)
{
        g_autofree char *uuid = uuid_normalize(value);

        if (!uuid && kind->bad_uuid)
                return error_set_argument(error, "%s", kind->bad_uuid);
        if (!uuid)
                return error_set_argument(
                        error, "uuidstr in %s must be a valid UUID", call->method->api);
        return lookup_key(call, kind, key, "uuid", uuid, ret, error);
}

void lookup_take(GPtrArray *list, void *ret)
{
        Array *array = ret;

        array->n = list->len;
        array->items = g_ptr_array_free(list, FALSE);
}

/* Objects that are fetched from memory while one is looked at: they are far from each other there.
 */
#define AHEAD 8

int lookup_list(const Call *call, const LookupKind *kind,
        bool (*accepts)(const Object *object, unsigned flags), unsigned flags, void *ret,
        GError **error)
{
        GHashTable *all = registry_all(&connection_of(call)->registry, kind->first);
        g_autofree Object **objects = g_new(Object *, g_hash_table_size(all));
        GPtrArray *list;
        GHashTableIter iter;
        void *object;
        unsigned n = 0;
        int r;

        if (require_kind(call, kind, error) < 0)
                return -1;
        list = g_ptr_array_new_full(g_hash_table_size(all), object_unref_notify);
        g_hash_table_iter_init(&iter, all);
        while (g_hash_table_iter_next(&iter, NULL, &object))
                objects[n++] = object;
        for (unsigned i = 0; i < n; i++) {
                if (i + AHEAD < n)
                        __builtin_prefetch(&objects[i + AHEAD]->n_ref);
                if (objects[i]->published && (!flags || accepts(objects[i], flags)))
                        g_ptr_array_add(list, object_ref(objects[i]));
        }
        r = call_filter(call, &list);
        if (r < 0) {
                g_ptr_array_unref(list);
                return r;
        }
        lookup_take(list, ret);
        return 0;
}

bool lookup_fits(const unsigned *groups, unsigned n_groups, unsigned flags, unsigned bits)
{
        for (unsigned i = 0; i < n_groups; i++)
                if ((flags & groups[i]) && !(flags & groups[i] & bits))
                        return false;
        return true;
}

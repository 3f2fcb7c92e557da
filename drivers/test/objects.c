/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/test/objects.h"

#include <string.h>

#include "drivers/test/transfer.h"

/* In the order in which they are published: what refers to others comes after them. */
static const RegistryKey kinds[] = {
        NETWORK_BY_UUID,
        STORAGE_POOL_BY_UUID,
        STORAGE_VOL_BY_KEY,
        INTERFACE_BY_NAME,
        NODE_DEVICE_BY_NAME,
        SECRET_BY_UUID,
        NW_FILTER_BY_UUID,
};

void test_objects_start(Connection *connection)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
                GHashTableIter iter;
                void *object;

                g_hash_table_iter_init(&iter, registry_all(&connection->registry, kinds[i]));
                while (g_hash_table_iter_next(&iter, NULL, &object))
                        object_publish(object);
        }
}

void test_objects_stop(Connection *connection)
{
        test_interface_change_forget(connection);
        transfers_end(&((TestConnection *)connection)->transfers, NULL, "the connection is closed");
        for (unsigned i = G_N_ELEMENTS(kinds); i-- > 0;) {
                g_autoptr(GList) objects =
                        g_hash_table_get_values(registry_all(&connection->registry, kinds[i]));

                for (GList *link = objects; link; link = link->next)
                        registry_remove(&connection->registry, link->data);
        }
}

static const char *string_of(const Object *object, unsigned property)
{
        return *(char **)object_value(object, &object->class->properties[property]);
}

int test_already_there(const TestKind *kind, const char *name, const char *uuid, GError **error)
{
        return error_set(error, ERROR_OPERATION_FAILED, "%s '%s' already exists with uuid %s",
                kind->short_name, name, uuid);
}

int test_find_same(Connection *connection, const TestKind *kind, const char *name, const char *uuid,
        void *ret, GError **error)
{
        Object *object = registry_find(&connection->registry, kind->by_uuid, uuid);

        if (object && strcmp(string_of(object, kind->name), name) != 0)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "%s '%s' is already defined with uuid %s", kind->short_name,
                        string_of(object, kind->name), uuid);
        if (!object && (object = registry_find(&connection->registry, kind->by_name, name)))
                return test_already_there(kind, name, string_of(object, kind->uuid), error);
        *(Object **)ret = object;
        return 0;
}

int test_require_here(
        void *object, const char *full_name, const char *name, int missing, GError **error)
{
        if (!((Object *)object)->gone)
                return 0;
        return error_set(error, missing, "no %s with matching name '%s'", full_name, name);
}

int test_refuse_flags(uint32_t flags, const char *function, GError **error)
{
        if (flags == 0)
                return 0;
        return error_set_argument(
                error, "unsupported flags (0x%x) in function %s", flags, function);
}

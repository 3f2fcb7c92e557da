/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-pool.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a pool that is the same when it is written and read again.
 *
 * Seeds: tests/data/storage-pool */

static void check_round_trip(const StoragePoolConfig *config)
{
        g_autofree char *once = storage_pool_config_format(config), *twice = NULL;
        g_autoptr(StoragePoolConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (storage_pool_config_parse(once, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = storage_pool_config_format(again);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *uuid = NULL;
        g_autoptr(StoragePoolConfig) config = NULL;
        int identified, parsed;

        identified = storage_pool_config_identify(xml, &name, &uuid, NULL);
        parsed = storage_pool_config_parse(xml, &config, NULL);
        /* Who was authorized to define one must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);
        if (uuid)
                g_assert_cmpstr(uuid, ==, config->uuid);

        check_round_trip(config);
        storage_pool_config_defaults(config);
        storage_pool_config_validate(config, NULL);
        check_round_trip(config);
        return 0;
}

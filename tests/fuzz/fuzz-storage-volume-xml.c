/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-volume.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a volume that is the same when it is written and read again.
 *
 * Seeds: tests/data/storage-volume */

static void check_round_trip(const StorageVolumeConfig *config)
{
        g_autofree char *once = storage_volume_config_format(config), *twice = NULL;
        g_autoptr(StorageVolumeConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (storage_volume_config_parse(once, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = storage_volume_config_format(again);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *uuid = NULL;
        g_autoptr(StorageVolumeConfig) config = NULL;
        int identified, parsed;

        identified = storage_volume_config_identify(xml, &name, NULL);
        parsed = storage_volume_config_parse(xml, &config, NULL);
        /* Who was authorized to define one must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);
        if (uuid)
                g_assert_cmpstr(uuid, ==, config->name);

        check_round_trip(config);
        storage_volume_config_defaults(config, "/pool");
        storage_volume_config_validate(config, 0, NULL);
        check_round_trip(config);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/node-device.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a device that is the same when it is written and read again.
 *
 * Seeds: tests/data/node-device */

static void check_round_trip(const NodeDeviceConfig *config)
{
        g_autofree char *once = node_device_config_format(config), *twice = NULL;
        g_autoptr(NodeDeviceConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (node_device_config_parse(once, 0, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = node_device_config_format(again);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *parent = NULL;
        g_autoptr(NodeDeviceConfig) config = NULL;
        int identified, parsed;

        identified = node_device_config_identify(xml, &name, &parent, NULL);
        parsed = node_device_config_parse(xml, 0, &config, NULL);
        /* Who was authorized to define one must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);

        check_round_trip(config);
        node_device_config_validate(config, NULL);
        check_round_trip(config);
        return 0;
}

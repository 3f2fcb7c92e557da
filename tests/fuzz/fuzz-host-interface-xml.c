/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/host-interface.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or an interface of the host that is the same when it is written and read
 * again.
 *
 * Seeds: tests/data/host-interface */

static void check_round_trip(const HostInterfaceConfig *config)
{
        g_autofree char *once = host_interface_config_format(config, 0), *twice = NULL;
        g_autoptr(HostInterfaceConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (host_interface_config_parse(once, 0, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = host_interface_config_format(again, 0);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *uuid = NULL;
        g_autoptr(HostInterfaceConfig) config = NULL;
        int identified, parsed;

        identified = host_interface_config_identify(xml, &name, NULL);
        parsed = host_interface_config_parse(xml, 0, &config, NULL);
        /* Who was authorized to define one must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);
        if (uuid)
                g_assert_cmpstr(uuid, ==, config->name);

        check_round_trip(config);
        host_interface_config_validate(config, NULL);
        check_round_trip(config);
        return 0;
}

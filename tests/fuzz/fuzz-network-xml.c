/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/network.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a network that is the same when it is written and read again.
 *
 * Seeds: tests/data/network */

static void check_round_trip(const NetworkConfig *config)
{
        g_autofree char *once = network_config_format(config, 0), *twice = NULL;
        g_autoptr(NetworkConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (network_config_parse(once, 0, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = network_config_format(again, 0);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *uuid = NULL;
        g_autoptr(NetworkConfig) config = NULL;
        int identified, parsed;

        identified = network_config_identify(xml, &name, &uuid, NULL);
        parsed = network_config_parse(xml, 0, &config, NULL);
        /* Who was authorized to define one network must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);
        g_assert_cmpstr(uuid, ==, config->uuid);

        check_round_trip(config);
        network_config_defaults(config);
        network_config_validate(config, NULL);
        check_round_trip(config);

        /* The document's own parts, put into it again. */
        for (unsigned section = 0; section <= NETWORK_SECTION_MAX; section++)
                network_config_update(config, NETWORK_UPDATE_ADD_LAST, section, -1, xml, NULL);
        return 0;
}

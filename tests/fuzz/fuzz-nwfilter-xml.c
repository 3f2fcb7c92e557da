/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/nwfilter.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a filter that is the same when it is written and read again.
 *
 * Seeds: tests/data/nwfilter */

static void check_round_trip(const NwfilterConfig *config)
{
        g_autofree char *once = nwfilter_config_format(config), *twice = NULL;
        g_autoptr(NwfilterConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (nwfilter_config_parse(once, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = nwfilter_config_format(again);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *uuid = NULL;
        g_autoptr(NwfilterConfig) config = NULL;
        int identified, parsed;

        identified = nwfilter_config_identify(xml, &name, &uuid, NULL);
        parsed = nwfilter_config_parse(xml, &config, NULL);
        /* Who was authorized to define one must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);
        if (uuid)
                g_assert_cmpstr(uuid, ==, config->uuid);

        check_round_trip(config);
        nwfilter_config_defaults(config);
        nwfilter_config_validate(config, NULL);
        check_round_trip(config);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/snapshot.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a snapshot that is the same when it is written and read again.
 *
 * Seeds: tests/data/snapshot */

static void check_round_trip(const SnapshotConfig *config, unsigned flags)
{
        g_autofree char *once = snapshot_config_format(config, DOMAIN_XML_SECURE), *twice = NULL;
        g_autoptr(SnapshotConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (snapshot_config_parse(once, flags, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = snapshot_config_format(again, DOMAIN_XML_SECURE);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size);

        for (unsigned flags = 0; flags <= SNAPSHOT_PARSE_REDEFINE; flags++) {
                g_autoptr(SnapshotConfig) config = NULL;
                g_autofree char *name = NULL;
                int identified, parsed;

                identified = snapshot_config_identify(xml, &name, NULL);
                parsed = snapshot_config_parse(xml, flags, &config, NULL);
                g_assert_true(parsed < 0 || identified == 0);
                if (parsed < 0)
                        continue;
                g_assert_cmpstr(name, ==, config->name);

                check_round_trip(config, flags);
                snapshot_config_validate(config, NULL);
                snapshot_config_defaults(config, 1);
                if (config->domain)
                        snapshot_config_align_disks(
                                config, config->domain, DISK_SNAPSHOT_EXTERNAL, false, NULL);
                if (flags)
                        check_round_trip(config, flags);
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/checkpoint.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a checkpoint that is the same when it is written and read again.
 *
 * Seeds: tests/data/checkpoint */

static void check_round_trip(const CheckpointConfig *config, unsigned flags)
{
        g_autofree char *once = checkpoint_config_format(
                                config, CHECKPOINT_XML_SECURE | CHECKPOINT_XML_SIZE),
                        *twice = NULL;
        g_autoptr(CheckpointConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (checkpoint_config_parse(once, flags, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = checkpoint_config_format(again, CHECKPOINT_XML_SECURE | CHECKPOINT_XML_SIZE);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size);

        for (unsigned flags = 0; flags <= CHECKPOINT_PARSE_REDEFINE; flags++) {
                g_autoptr(CheckpointConfig) config = NULL;
                g_autofree char *name = NULL;
                int identified, parsed;

                identified = checkpoint_config_identify(xml, &name, NULL);
                parsed = checkpoint_config_parse(xml, flags, &config, NULL);
                g_assert_true(parsed < 0 || identified == 0);
                if (parsed < 0)
                        continue;
                g_assert_cmpstr(name, ==, config->name);

                check_round_trip(config, flags);
                checkpoint_config_validate(config, NULL);
                checkpoint_config_defaults(config, 1);
                if (config->domain)
                        checkpoint_config_align_disks(config, config->domain, NULL);
                if (flags)
                        check_round_trip(config, flags);
        }
        return 0;
}

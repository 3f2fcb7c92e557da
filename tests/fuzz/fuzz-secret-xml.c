/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/secret.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a secret that is the same when it is written and read again.
 *
 * Seeds: tests/data/secret */

static void check_round_trip(const SecretConfig *config)
{
        g_autofree char *once = secret_config_format(config), *twice = NULL;
        g_autoptr(SecretConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (secret_config_parse(once, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = secret_config_format(again);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size), *uuid = NULL, *usage = NULL;
        SecretUsageType type;
        g_autoptr(SecretConfig) config = NULL;
        int identified, parsed;

        identified = secret_config_identify(xml, &uuid, &type, &usage, NULL);
        parsed = secret_config_parse(xml, &config, NULL);
        /* Who was authorized to define one must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(uuid, ==, config->uuid);
        g_assert_cmpint(type, ==, secret_config_usage_type(config));
        g_assert_cmpstr(usage, ==, secret_config_usage_id(config));

        check_round_trip(config);
        secret_config_defaults(config);
        secret_config_validate(config, NULL);
        check_round_trip(config);
        return 0;
}

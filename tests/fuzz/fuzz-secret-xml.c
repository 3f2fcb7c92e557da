/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/secret.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a secret that is the same when it is written and read again.
 *
 * Seeds: tests/data/secret */

static void check_identity(const char *xml, const SecretConfig *config)
{
        g_autofree char *uuid = NULL, *usage = NULL;
        SecretUsageType type;
        int r = secret_config_identify(xml, &uuid, &type, &usage, NULL);

        g_assert_true(!config ||
                (r == 0 && g_strcmp0(uuid, config->uuid) == 0 &&
                        type == secret_config_usage_type(config) &&
                        g_strcmp0(usage, secret_config_usage_id(config)) == 0));
}

static bool complete(SecretConfig *config)
{
        secret_config_defaults(config);
        secret_config_validate(config, NULL);
        return true;
}

FUZZ_DOCUMENT(SecretConfig, secret_config_parse, secret_config_format, complete)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused, or a domain that is the same when it is written and read again.
 *
 * Seeds: tests/data/domain tests/data/qemu tests/data/domain/corpus.py */

static void check_round_trip(const DomainConfig *config)
{
        g_autofree char *once = domain_config_format(config, DOMAIN_XML_SECURE), *twice = NULL;
        g_autoptr(DomainConfig) again = NULL;
        g_autoptr(GError) error = NULL;

        if (domain_config_parse(once, 0, &again, &error) < 0)
                g_error("%s: %s", error->message, once);
        twice = domain_config_format(again, DOMAIN_XML_SECURE);
        g_assert_cmpstr(once, ==, twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const DomainDefaults qemu = {
                .arch = "x86_64", .cpu_model = "qemu64", .qemu_devices = true
        };
        g_autofree char *xml = g_strndup((const char *)data, size), *name = NULL, *uuid = NULL;
        g_autoptr(DomainConfig) config = NULL;
        int identified, parsed;

        identified = domain_config_identify(xml, &name, &uuid, NULL);
        parsed = domain_config_parse(xml, 0, &config, NULL);
        /* Who was authorized to define one domain must not define another. */
        g_assert_true(parsed < 0 || identified == 0);
        if (parsed < 0)
                return 0;
        g_assert_cmpstr(name, ==, config->name);
        g_assert_cmpstr(uuid, ==, config->uuid);

        check_round_trip(config);
        if (domain_config_defaults(config, &qemu, NULL) == 0) {
                domain_config_validate(config, NULL);
                check_round_trip(config);
        }
        return 0;
}

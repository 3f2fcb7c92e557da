/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a domain that is the same when it is written and read again.
 *
 * Seeds: tests/data/domain tests/data/qemu tests/data/domain/corpus.py */

static bool complete(DomainConfig *config)
{
        static const DomainDefaults qemu = {
                .arch = "x86_64", .cpu_model = "qemu64", .qemu_devices = true
        };

        if (domain_config_defaults(config, &qemu, NULL) < 0)
                return false;
        domain_config_validate(config, NULL);
        return true;
}

#define PARSE(xml, ret, error) domain_config_parse(xml, 0, ret, error)
#define FORMAT(config) domain_config_format(config, DOMAIN_XML_SECURE)
FUZZ_NAME_AND_UUID(DomainConfig, domain_config_identify)
FUZZ_DOCUMENT(DomainConfig, PARSE, FORMAT, complete)

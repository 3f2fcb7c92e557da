/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/host-interface.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or an interface of the host that is the same when it is written and read
 * again.
 *
 * Seeds: tests/data/host-interface */

static bool complete(const HostInterfaceConfig *config)
{
        host_interface_config_validate(config, NULL);
        return true;
}

#define PARSE(xml, ret, error) host_interface_config_parse(xml, 0, ret, error)
#define FORMAT(config) host_interface_config_format(config, 0)
FUZZ_NAME(HostInterfaceConfig, host_interface_config_identify)
FUZZ_DOCUMENT(HostInterfaceConfig, PARSE, FORMAT, complete)

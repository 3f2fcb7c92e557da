/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/network.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a network that is the same when it is written and read again.
 *
 * Seeds: tests/data/network */

static bool complete(NetworkConfig *config)
{
        network_config_defaults(config);
        network_config_validate(config, NULL);
        return true;
}

#define PARSE(xml, ret, error) network_config_parse(xml, 0, ret, error)
#define FORMAT(config) network_config_format(config, 0)
FUZZ_NAME_AND_UUID(NetworkConfig, network_config_identify)
FUZZ_CHECK(NetworkConfig, PARSE, FORMAT, complete)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size);
        g_autoptr(NetworkConfig) config = NULL;

        check_document(xml);
        if (PARSE(xml, &config, NULL) < 0)
                return 0;
        complete(config);
        /* The document's own parts, put into it again. */
        for (unsigned section = 0; section <= NETWORK_SECTION_MAX; section++)
                network_config_update(config, NETWORK_UPDATE_ADD_LAST, section, -1, xml, NULL);
        return 0;
}

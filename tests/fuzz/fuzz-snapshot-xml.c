/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/snapshot.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a snapshot that is the same when it is written and read again.
 *
 * Seeds: tests/data/snapshot */

static unsigned flags;

/* What that fills in is read only where one is redefined. */
static bool complete(SnapshotConfig *config)
{
        snapshot_config_validate(config, NULL);
        snapshot_config_defaults(config, 1);
        if (config->domain)
                snapshot_config_align_disks(
                        config, config->domain, DISK_SNAPSHOT_EXTERNAL, false, NULL);
        return flags;
}

#define PARSE(xml, ret, error) snapshot_config_parse(xml, flags, ret, error)
#define FORMAT(config) snapshot_config_format(config, DOMAIN_XML_SECURE)
FUZZ_NAME(SnapshotConfig, snapshot_config_identify)
FUZZ_CHECK(SnapshotConfig, PARSE, FORMAT, complete)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size);

        for (flags = 0; flags <= SNAPSHOT_PARSE_REDEFINE; flags++)
                check_document(xml);
        return 0;
}

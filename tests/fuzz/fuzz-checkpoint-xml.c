/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/checkpoint.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a checkpoint that is the same when it is written and read again.
 *
 * Seeds: tests/data/checkpoint */

static unsigned flags;

/* What that fills in is read only where one is redefined. */
static bool complete(CheckpointConfig *config)
{
        checkpoint_config_validate(config, NULL);
        checkpoint_config_defaults(config, 1);
        if (config->domain)
                checkpoint_config_align_disks(config, config->domain, NULL);
        return flags;
}

#define PARSE(xml, ret, error) checkpoint_config_parse(xml, flags, ret, error)
#define FORMAT(config) checkpoint_config_format(config, CHECKPOINT_XML_SECURE | CHECKPOINT_XML_SIZE)
FUZZ_NAME(CheckpointConfig, checkpoint_config_identify)
FUZZ_CHECK(CheckpointConfig, PARSE, FORMAT, complete)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *xml = g_strndup((const char *)data, size);

        for (flags = 0; flags <= CHECKPOINT_PARSE_REDEFINE; flags++)
                check_document(xml);
        return 0;
}

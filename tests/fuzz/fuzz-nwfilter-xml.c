/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/nwfilter.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a filter that is the same when it is written and read again.
 *
 * Seeds: tests/data/nwfilter */

static bool complete(NwfilterConfig *config)
{
        nwfilter_config_defaults(config);
        nwfilter_config_validate(config, NULL);
        return true;
}

FUZZ_NAME_AND_UUID(NwfilterConfig, nwfilter_config_identify)
FUZZ_DOCUMENT(NwfilterConfig, nwfilter_config_parse, nwfilter_config_format, complete)

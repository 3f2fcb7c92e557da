/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-pool.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a pool that is the same when it is written and read again.
 *
 * Seeds: tests/data/storage-pool */

static bool complete(StoragePoolConfig *config)
{
        storage_pool_config_defaults(config);
        storage_pool_config_validate(config, NULL);
        return true;
}

FUZZ_NAME_AND_UUID(StoragePoolConfig, storage_pool_config_identify)
FUZZ_DOCUMENT(StoragePoolConfig, storage_pool_config_parse, storage_pool_config_format, complete)

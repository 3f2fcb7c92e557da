/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-volume.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a volume that is the same when it is written and read again.
 *
 * Seeds: tests/data/storage-volume */

static bool complete(StorageVolumeConfig *config)
{
        storage_volume_config_defaults(config, "/pool");
        storage_volume_config_validate(config, 0, NULL);
        return true;
}

FUZZ_NAME(StorageVolumeConfig, storage_volume_config_identify)
FUZZ_DOCUMENT(
        StorageVolumeConfig, storage_volume_config_parse, storage_volume_config_format, complete)

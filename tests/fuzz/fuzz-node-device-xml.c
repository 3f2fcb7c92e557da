/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/node-device.h"
#include "tests/fuzz/fuzz-document.h"

/* Any bytes: refused, or a device that is the same when it is written and read again.
 *
 * Seeds: tests/data/node-device */

static bool complete(const NodeDeviceConfig *config)
{
        node_device_config_validate(config, NULL);
        return true;
}

static int identify(const char *xml, char **ret_name, GError **error)
{
        g_autofree char *parent = NULL;

        return node_device_config_identify(xml, ret_name, &parent, error);
}

#define PARSE(xml, ret, error) node_device_config_parse(xml, 0, ret, error)
FUZZ_NAME(NodeDeviceConfig, identify)
FUZZ_DOCUMENT(NodeDeviceConfig, PARSE, node_device_config_format, complete)

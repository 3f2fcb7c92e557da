/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define VIRTBUS_VERSION "0.0"
#include "tests/unit/plugin-echo.h"

PLUGIN_DEFINE(old, EchoPlugin, .echo = NULL);

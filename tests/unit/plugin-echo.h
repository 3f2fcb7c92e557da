/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A plugin that has one of each: a plain function, an error, a wait. */

#include <stdint.h>

#include "service/base/plugin.h"

typedef struct EchoPlugin {
        char *(*echo)(const char *text); /* allocated */
        int (*refuse)(const char *text, GError **error);
        int (*sleep)(uint64_t usec); /* Suspends. */
} EchoPlugin;

PLUGIN_DECLARE(echo, EchoPlugin)

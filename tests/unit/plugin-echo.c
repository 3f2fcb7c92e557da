/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/plugin-echo.h"

#include "config.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

static char *echo(const char *text)
{
        return g_strdup(text);
}

static int refuse(const char *text, GError **error)
{
        return error_set(error, ERROR_INVALID_ARG, "%s", text);
}

PLUGIN_DEFINE(echo, EchoPlugin, .echo = echo, .refuse = refuse, .sleep = fiber_sleep);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/uri.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused with a reason, or a URI whose parts are text.
 *
 * Seeds: tests/data/uri */

static void check_text(const char *text)
{
        g_assert_true(!text || g_utf8_validate(text, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *)data, size);
        g_autoptr(GError) error = NULL;
        g_autoptr(Uri) uri = NULL;

        if (uri_parse(text, &uri, &error) < 0) {
                g_assert_null(uri);
                g_assert_nonnull(error);
                return 0;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(uri->text, ==, text);
        g_assert_nonnull(uri->driver);
        g_assert_true(uri->port >= 0 && uri->port <= 65535);
        g_assert_true(!uri->path[0] || uri->path[0] == '/');
        check_text(uri->path);
        check_text(uri->user);
        check_text(uri->host);
        for (size_t i = 0; i < uri->n_parameters; i++) {
                check_text(uri->parameters[i].value);
                g_assert_nonnull(uri_parameter(uri, uri->parameters[i].name));
        }
        return 0;
}

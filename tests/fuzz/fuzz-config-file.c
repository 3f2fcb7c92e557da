/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "service/base/config-file.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes: refused with a line that is there, or settings that are text.
 *
 * Seeds: units/virtbusd.conf */

static unsigned lines(const uint8_t *data, size_t size)
{
        unsigned n = 1;

        for (size_t i = 0; i < size; i++)
                n += data[i] == '\n';
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(ConfigFile) file = NULL;
        g_autoptr(GError) error = NULL;
        unsigned last = lines(data, size);

        if (config_file_parse("x", (const char *)data, size, &file, &error) < 0) {
                const char *place = strstr(error->message, "x:");

                g_assert_null(file);
                g_assert_nonnull(place);
                g_assert_cmpuint(strtoul(place + 2, NULL, 10), <=, last);
                return 0;
        }
        g_assert_no_error(error);
        for (size_t i = 0; i < file->n_values; i++) {
                const ConfigValue *value = &file->values[i];

                g_assert_cmpuint(value->line, <=, last);
                g_assert_true(config_file_get(file, value->name) == value);
                g_assert_true(!value->text || g_utf8_validate(value->text, -1, NULL));
                for (size_t j = 0; j < value->n_items; j++)
                        g_assert_true(g_utf8_validate(value->items[j].text, -1, NULL));
        }
        return 0;
}

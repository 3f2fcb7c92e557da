/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/memory.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* KiB that are resident of the first segment of each library. */
static unsigned link_tables(void)
{
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;
        unsigned kib, sum = 0;
        bool first = false;

        g_assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (strstr(*line, " r--p 00000000 "))
                        first = strstr(*line, "/lib") != NULL;
                else if (strstr(*line, "-p "))
                        first = false;
                else if (first && sscanf(*line, "Rss: %u kB", &kib) == 1)
                        sum += kib;
        }
        return sum;
}

static void test_link_tables(void)
{
        unsigned before = link_tables();

        g_assert_cmpuint(before, >, 0);
        memory_settle();
        g_assert_cmpuint(link_tables(), <, before);

        /* A function is still found that nobody has called so far. */
        g_assert_cmpint(g_ascii_strcasecmp("Name", "nAME"), ==, 0);
        g_assert_cmpint(g_unichar_toupper('x'), ==, 'X');
}

int main(int argc, char **argv)
{
        memory_init();
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/memory/link-tables", test_link_tables);
        return g_test_run();
}

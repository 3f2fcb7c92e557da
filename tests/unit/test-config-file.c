/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Configuration files: what is taken, and what is refused with its line. */

#include <glib/gstdio.h>
#include <string.h>

#include "service/base/config-file.h"
#include "service/base/error.h"

static ConfigFile *parse(const char *text)
{
        g_autoptr(GError) error = NULL;
        ConfigFile *file = NULL;

        config_file_parse("a.conf", text, strlen(text), &file, &error);
        g_assert_no_error(error);
        return file;
}

static void test_values(void)
{
        g_autoptr(ConfigFile) file = parse("# comment = 1\n"
                                           "\n"
                                           "number = 15 # behind\n"
                                           "\tnegative=-3\r\n"
                                           "text = \"a # b\"\n"
                                           "single = 'say \"no\"'\n"
                                           "long = \"\"\"one\n\"two\"\n\"\"\"\n"
                                           "list = [ \"x\", # first\n  'y',\n ]\n"
                                           "empty = []\n"
                                           "twice = 1\n"
                                           "twice = 2");
        const ConfigValue *list;
        const char *text = NULL;
        int64_t number = 0;

        g_assert_cmpint(config_file_number(file, "number", 0, 20, &number, NULL), ==, 0);
        g_assert_cmpint(number, ==, 15);
        g_assert_cmpint(config_file_number(file, "negative", -5, 20, &number, NULL), ==, 0);
        g_assert_cmpint(number, ==, -3);
        g_assert_cmpint(config_file_number(file, "twice", 0, 20, &number, NULL), ==, 0);
        g_assert_cmpint(number, ==, 2);
        g_assert_cmpint(config_file_number(file, "none", 0, 20, &number, NULL), ==, 0);
        g_assert_cmpint(number, ==, 2);
        config_file_string(file, "text", &text, NULL);
        g_assert_cmpstr(text, ==, "a # b");
        config_file_string(file, "single", &text, NULL);
        g_assert_cmpstr(text, ==, "say \"no\"");
        config_file_string(file, "long", &text, NULL);
        g_assert_cmpstr(text, ==, "one\n\"two\"\n");
        g_assert_cmpint(config_file_list(file, "list", &list, NULL), ==, 0);
        g_assert_cmpuint(list->n_items, ==, 2);
        g_assert_cmpstr(list->items[1].text, ==, "y");
        /* The text over lines counts as the lines it has. */
        g_assert_cmpuint(list->line, ==, 10);
        g_assert_cmpuint(list->items[1].line, ==, 11);
        g_assert_cmpint(config_file_list(file, "empty", &list, NULL), ==, 0);
        g_assert_cmpuint(list->n_items, ==, 0);
        g_assert_cmpint(config_file_list(file, "none", &list, NULL), ==, 0);
        g_assert_null(list);
}

static void test_kinds(void)
{
        g_autoptr(ConfigFile) file = parse("n = 1\ns = \"x\"\n\nl = []\n");
        const ConfigValue *list;
        const char *text;
        int64_t number;
        GError *error = NULL;

        config_file_string(file, "n", &text, &error);
        g_assert_cmpstr(error->message, ==,
                "configuration file syntax error: a.conf:1: 'n' takes a string");
        g_clear_error(&error);
        config_file_list(file, "s", &list, &error);
        g_assert_cmpstr(error->message, ==,
                "configuration file syntax error: a.conf:2: 's' takes a list of strings");
        g_clear_error(&error);
        config_file_number(file, "l", 0, 1, &number, &error);
        g_assert_cmpstr(error->message, ==,
                "configuration file syntax error: a.conf:4: 'l' takes a number");
        g_clear_error(&error);
        config_file_number(file, "n", 2, 9, &number, &error);
        g_assert_cmpstr(error->message, ==,
                "configuration file syntax error: a.conf:1: 'n' is from 2 to 9, not 1");
        g_clear_error(&error);
}

static void test_wrong(void)
{
        static const struct {
                const char *text;
                unsigned line;
                const char *says;
        } cases[] = {
                { "x", 1, "there is no '=' after 'x'" },
                { "\nx = \n", 2, "'x' has no value" },
                { "x = y\n", 1, "'x' has no value" },
                { "= 1\n", 1, "a line begins with no name" },
                { "a = 1\n?\n", 2, "a line begins with no name" },
                { "x = 1 2\n", 1, "there is something behind the value of 'x'" },
                { "x = 1\"\n", 1, "there is something behind" },
                { "x = 0x10\n", 1, "'0x10' is no number" },
                { "x = 99999999999999999999\n", 1, "is no number" },
                { "x = \"abc\n\"\n", 1, "a string does not end" },
                { "x = \"\"\"abc\n\"\n", 1, "a string does not end" },
                { "x = '\xff'\n", 1, "a string is no UTF-8" },
                { "x = [\n\n", 3, "a list has strings in it" },
                { "x = [ 1 ]\n", 1, "a list has strings in it" },
                { "x = [ 'a' 'b' ]\n", 1, "there is no ',' or ']'" },
                { "x = [ 'a',\n 'b' ", 2, "there is no ',' or ']'" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *place = g_strdup_printf("a.conf:%u: ", cases[i].line);
                g_autoptr(ConfigFile) file = NULL;
                g_autoptr(GError) error = NULL;

                g_test_message("%s", cases[i].text);
                g_assert_cmpint(config_file_parse("a.conf", cases[i].text, strlen(cases[i].text),
                                        &file, &error),
                        ==, -1);
                g_assert_null(file);
                g_assert_cmpint(error_code(error), ==, ERROR_CONF_SYNTAX);
                g_assert_nonnull(strstr(error->message, place));
                g_assert_nonnull(strstr(error->message, cases[i].says));
        }
}

static void test_limits(void)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(ConfigFile) file = NULL;
        g_autoptr(GError) error = NULL;

        for (unsigned i = 0; i <= 1000; i++)
                g_string_append_printf(text, "n%u = 1\n", i);
        g_assert_cmpint(config_file_parse("a.conf", text->str, text->len, &file, &error), ==, -1);
        g_assert_nonnull(strstr(error->message, "a.conf:1001: there are more than 1000 settings"));
}

static void test_files(void)
{
        g_autofree char *folder = g_dir_make_tmp(NULL, NULL);
        g_autofree char *path = g_build_filename(folder, "x.conf", NULL);
        g_autoptr(ConfigFile) none = NULL, file = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(config_file_read(path, &none, &error), ==, 0);
        g_assert_cmpuint(none->n_values, ==, 0);
        g_assert_true(g_file_set_contents(path, "a = 1\n", -1, NULL));
        g_assert_cmpint(config_file_read(path, &file, &error), ==, 0);
        g_assert_nonnull(config_file_get(file, "a"));
        g_assert_cmpint(config_file_read(folder, &file, &error), ==, -1);
        g_assert_cmpint(error_code(error), ==, ERROR_READ_FAILED);
        g_unlink(path);
        g_rmdir(folder);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config-file/values", test_values);
        g_test_add_func("/config-file/kinds", test_kinds);
        g_test_add_func("/config-file/wrong", test_wrong);
        g_test_add_func("/config-file/limits", test_limits);
        g_test_add_func("/config-file/files", test_files);
        return g_test_run();
}

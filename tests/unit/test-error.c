/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/error.h"

#include <errno.h>
#include <string.h>

static void test_table(void)
{
        static const int outside[] = { 0, -1, 100000, G_MAXINT, G_MININT };
        g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
        int n = 0;

        for (int code = 1; code < 1000; code++) {
                const ErrorInfo *info = error_info(code);
                const char *mark;

                if (info->code != code) {
                        g_assert_cmpint(info->code, ==, ERROR_INTERNAL_ERROR);
                        continue;
                }
                n++;
                g_assert_true(g_str_has_prefix(info->bus_name, "org.virtbus1.Error."));
                g_assert_true(g_hash_table_add(names, (char *)info->bus_name));
                mark = strchr(info->form, '%');
                g_assert_nonnull(mark);
                g_assert_true(g_str_has_prefix(mark, "%s"));
                g_assert_null(strchr(mark + 1, '%'));
        }
        g_assert_cmpint(n, >, 50);
        for (size_t i = 0; i < G_N_ELEMENTS(outside); i++)
                g_assert_cmpint(error_info(outside[i])->code, ==, ERROR_INTERNAL_ERROR);
        g_assert_cmpstr(error_info(ERROR_NO_DOMAIN)->bus_name, ==, "org.virtbus1.Error.NoDomain");
}

static void test_set(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(error_set(NULL, ERROR_NO_DOMAIN, "nobody %s", "listens"), ==, -1);
        g_assert_cmpint(
                error_set(&error, ERROR_NO_DOMAIN, "no domain with matching name '%s'", "web"), ==,
                -1);
        g_assert_true(error_is(error, ERROR_NO_DOMAIN));
        g_assert_false(error_is(error, ERROR_INTERNAL_ERROR));
        g_assert_false(error_is(NULL, ERROR_NO_DOMAIN));
        g_assert_cmpint(error_code(error), ==, ERROR_NO_DOMAIN);
        g_assert_cmpstr(error->message, ==, "Domain not found: no domain with matching name 'web'");

        /* What looks like a format in a detail is none. */
        g_clear_error(&error);
        error_set(&error, ERROR_INTERNAL_ERROR, "%s", "100%s %n %d");
        g_assert_cmpstr(error->message, ==, "internal error: 100%s %n %d");

        g_clear_error(&error);
        error_set(&error, 99999, "who knows");
        g_assert_cmpstr(error->message, ==, "internal error: who knows");
}

/* Whatever its code, the text around the detail is that of the form. */
static void test_forms(void)
{
        for (int code = 1; code < 1000; code++) {
                const ErrorInfo *info = error_info(code);
                g_autoptr(GError) error = NULL;
                g_auto(GStrv) around = g_strsplit(info->form, "%s", 2);
                g_autofree char *plain = g_strdup_printf("%sthe detail%s", around[0], around[1]);
                g_autofree char *prefixed =
                        g_strdup_printf("%sstep 2: the detail%s", around[0], around[1]);

                if (info->code != code)
                        continue;
                error_set(&error, code, "the %s", "detail");
                g_assert_cmpstr(error->message, ==, plain);
                g_assert_cmpint(error_prefix(&error, "step %d", 2), ==, -1);
                g_assert_cmpstr(error->message, ==, prefixed);
                g_assert_true(error_is(error, code));
        }
}

static void test_prefix(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(error_prefix(NULL, "nothing"), ==, -1);
        g_assert_cmpint(error_prefix(&error, "nothing"), ==, -1);
        g_assert_null(error);

        error_set(&error, ERROR_NO_DOMAIN, "web");
        error_prefix(&error, "inner");
        error_prefix(&error, "outer");
        g_assert_cmpstr(error->message, ==, "Domain not found: outer: inner: web");

        /* A message that is not of the form: before all of it. */
        g_clear_error(&error);
        error_set_literal(&error, ERROR_NO_DOMAIN, "a peer's own words");
        error_prefix(&error, "peer");
        g_assert_cmpstr(error->message, ==, "peer: a peer's own words");

        /* Somebody else's domain, whose codes mean nothing to us. */
        g_clear_error(&error);
        g_set_error_literal(&error, G_FILE_ERROR, ERROR_INTERNAL_ERROR, "internal error: theirs");
        error_prefix(&error, "foreign");
        g_assert_cmpstr(error->message, ==, "foreign: internal error: theirs");
        g_assert_true(error->domain == G_FILE_ERROR);
}

static void test_errno(void)
{
        static const int signs[] = { ENOENT, -ENOENT };
        g_autoptr(GError) error = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
                g_assert_cmpint(
                        error_set_errno(&error, signs[i], "cannot open '%s'", "/x"), ==, -1);
                g_assert_true(error_is(error, ERROR_SYSTEM_ERROR));
                g_assert_true(g_str_has_suffix(
                        error->message, "cannot open '/x': No such file or directory"));
                g_clear_error(&error);
        }
        g_assert_cmpint(error_set_errno(NULL, EIO, "nobody listens"), ==, -1);
        /* No errno at all still gives a text. */
        error_set_errno(&error, 0, "odd");
        g_assert_nonnull(strstr(error->message, "odd: "));
}

static void test_utf8(void)
{
        g_autoptr(GError) error = NULL;

        error_set(&error, ERROR_INTERNAL_ERROR, "file '%s'",
                "gr\xfc\xdf"
                "e \xc3\xa4 \xff");
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_assert_true(g_str_has_prefix(error->message, "internal error: file 'gr"));
        g_assert_nonnull(strstr(error->message, "e \xc3\xa4 "));
        error_prefix(&error, "in '%s'", "\xfe");
        g_assert_true(g_utf8_validate(error->message, -1, NULL));

        g_clear_error(&error);
        error_set_literal(&error, ERROR_INTERNAL_ERROR, "\x80");
        g_assert_true(g_utf8_validate(error->message, -1, NULL));

        g_clear_error(&error);
        error_set_errno(&error, EIO, "\xc3");
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

static void test_code(void)
{
        g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, ERROR_NO_DOMAIN, "theirs");

        g_assert_cmpint(error_code(NULL), ==, ERROR_INTERNAL_ERROR);
        g_assert_cmpint(error_code(foreign), ==, ERROR_INTERNAL_ERROR);
        g_assert_false(error_is(foreign, ERROR_NO_DOMAIN));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/error/table", test_table);
        g_test_add_func("/error/set", test_set);
        g_test_add_func("/error/forms", test_forms);
        g_test_add_func("/error/prefix", test_prefix);
        g_test_add_func("/error/errno", test_errno);
        g_test_add_func("/error/utf8", test_utf8);
        g_test_add_func("/error/code", test_code);
        return g_test_run();
}

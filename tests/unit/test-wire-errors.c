/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Errors there and back: the fields that libvirt's clients read, and the messages that they wait
 * for. */

#include <errno.h>
#include <string.h>

#include "drivers/wire/errors.h"
#include "interfaces.h"

static GError *there_and_back(const GError *error)
{
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        GError *back = NULL;

        wire_error_encode(bytes, error, WIRE_FROM_TEST, "virDomainCreate");
        g_assert_cmpint(wire_error_set(&back, bytes->data, bytes->len), ==, -1);
        g_assert_nonnull(back);
        return back;
}

static void test_fields(void)
{
        g_autoptr(GError) error = NULL, argument = NULL, failed = NULL;
        WireErrorData data;

        g_assert_cmpuint(wire_size(WIRE_ERROR_LAYOUT), ==, sizeof data);
        error_set(&error, ERROR_NO_DOMAIN, "no domain with matching name '%s'", "web");
        wire_error_fill(&data, error, WIRE_FROM_TEST, "virDomainLookupByName");
        g_assert_cmpint(data.code, ==, 42);
        g_assert_cmpint(data.domain, ==, 12);
        g_assert_cmpint(data.level, ==, 2);
        g_assert_cmpstr(data.message, ==, "Domain not found: no domain with matching name 'web'");
        g_assert_cmpstr(data.str1, ==, "Domain not found: %s");
        g_assert_cmpstr(data.str2, ==, "no domain with matching name 'web'");
        g_assert_null(data.str3);
        g_assert_cmpint(data.int1, ==, -1);
        g_assert_cmpint(data.int2, ==, -1);
        wire_clear(WIRE_ERROR_LAYOUT, &data);

        error_set(&argument, ERROR_INVALID_ARG, "flags");
        wire_error_fill(&data, argument, WIRE_FROM_TEST, "virDomainCreate");
        g_assert_cmpstr(data.str1, ==, "virDomainCreate");
        g_assert_cmpint(data.int1, ==, 0);
        wire_clear(WIRE_ERROR_LAYOUT, &data);

        error_set_errno(&failed, -ENOSPC, "cannot write '%s'", "/x");
        wire_error_fill(&data, failed, WIRE_FROM_QEMU, NULL);
        g_assert_cmpint(data.code, ==, 38);
        g_assert_cmpint(data.int1, ==, ENOSPC);
        g_assert_cmpint(data.int2, ==, -1);
        wire_clear(WIRE_ERROR_LAYOUT, &data);

        wire_error_fill(&data, NULL, WIRE_FROM_QEMU, NULL);
        g_assert_cmpint(data.code, ==, 1);
        g_assert_cmpint(data.domain, ==, 7);
        g_assert_cmpint(data.int1, ==, 0);
        wire_clear(WIRE_ERROR_LAYOUT, &data);
}

/* Every code keeps its number and its words. */
static void test_codes(void)
{
        for (int code = 1; code <= 110; code++) {
                g_autoptr(GError) error = NULL, back = NULL;

                error_set(&error, code, "detail %d", code);
                back = there_and_back(error);
                g_assert_true(error_is(back, code));
                g_assert_cmpstr(back->message, ==, error->message);
        }
}

static void test_unknown_procedure(void)
{
        static const struct {
                int domain, code;
                const char *message;
                int becomes;
        } cases[] = {
                { WIRE_FROM_RPC, ERROR_RPC, "unknown procedure: 443", ERROR_NO_SUPPORT },
                { WIRE_FROM_REMOTE, ERROR_RPC, "unknown procedure: 443", ERROR_NO_SUPPORT },
                { WIRE_FROM_QEMU, ERROR_RPC, "unknown procedure: 443", ERROR_RPC },
                { WIRE_FROM_RPC, ERROR_RPC, "no unknown procedure", ERROR_RPC },
                { WIRE_FROM_RPC, ERROR_INTERNAL_ERROR, "unknown procedure", ERROR_INTERNAL_ERROR },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                WireErrorData data = { .code = cases[i].code,
                        .domain = cases[i].domain,
                        .message = (char *)cases[i].message,
                        .level = 2 };
                g_autoptr(GByteArray) bytes = g_byte_array_new();
                g_autoptr(GError) error = NULL;

                g_assert_cmpint(wire_encode(WIRE_ERROR_LAYOUT, &data, bytes), ==, 0);
                wire_error_set(&error, bytes->data, bytes->len);
                g_assert_true(error_is(error, cases[i].becomes));
        }
}

/* Whatever a peer sends, there is an error. */
static void test_odd(void)
{
        WireErrorData data = { .level = 2 };
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL, cut = NULL, back = NULL;
        g_autofree char *text = g_strnfill(WIRE_STRING_MAX + 10, 'x');

        g_assert_cmpint(wire_encode(WIRE_ERROR_LAYOUT, &data, bytes), ==, 0);
        wire_error_set(&error, bytes->data, bytes->len);
        g_assert_true(error_is(error, ERROR_INTERNAL_ERROR));
        g_clear_error(&error);
        wire_error_set(&error, bytes->data, bytes->len - 1);
        g_assert_true(error_is(error, ERROR_RPC));

        error_set(&cut, ERROR_INTERNAL_ERROR, "%s", text);
        back = there_and_back(cut);
        g_assert_cmpuint(strlen(back->message), <=, WIRE_STRING_MAX);
        g_assert_true(g_str_has_prefix(back->message, "internal error: xxx"));
}

static void test_domains(void)
{
        g_autoptr(GError) missing = NULL, denied = NULL, refused = NULL;

        error_set(&missing, ERROR_NO_DOMAIN, "x");
        error_set(&denied, ERROR_OPERATION_DENIED, "x");
        error_set(&refused, ERROR_ACCESS_DENIED, "x");
        g_assert_cmpint(wire_error_domain(missing, &domain_class, "test"), ==, WIRE_FROM_TEST);
        g_assert_cmpint(wire_error_domain(missing, &network_class, "test"), ==, WIRE_FROM_TEST);
        g_assert_cmpint(wire_error_domain(missing, &domain_class, "qemu"), ==, WIRE_FROM_QEMU);
        g_assert_cmpint(wire_error_domain(missing, NULL, "qemu"), ==, WIRE_FROM_QEMU);
        g_assert_cmpint(wire_error_domain(missing, &network_class, "qemu"), ==, WIRE_FROM_NETWORK);
        g_assert_cmpint(wire_error_domain(denied, &domain_class, "test"), ==, WIRE_FROM_DOMAIN);
        g_assert_cmpint(wire_error_domain(refused, &domain_class, "test"), ==, WIRE_FROM_ACCESS);
        g_assert_cmpint(wire_error_domain(missing, NULL, NULL), ==, WIRE_FROM_NONE);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/errors/fields", test_fields);
        g_test_add_func("/errors/codes", test_codes);
        g_test_add_func("/errors/unknown-procedure", test_unknown_procedure);
        g_test_add_func("/errors/odd", test_odd);
        g_test_add_func("/errors/domains", test_domains);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connection URIs, taken apart. */

#include "drivers/uri.h"
#include "service/base/error.h"

static void test_parts(void)
{
        static const struct {
                const char *text, *driver, *transport, *user, *host;
                int port;
                const char *path;
        } cases[] = {
                { "qemu:///system", "qemu", NULL, NULL, NULL, 0, "/system" },
                { "test:///default", "test", NULL, NULL, NULL, 0, "/default" },
                { "test:/default", "test", NULL, NULL, NULL, 0, "/default" },
                { "QEMU+SSH://host/system", "qemu", "ssh", NULL, "host", 0, "/system" },
                { "qemu+tls://root@host:16514/system", "qemu", "tls", "root", "host", 16514,
                        "/system" },
                { "qemu+ssh://a%40b@[fe80::1%25eth0]:22/system", "qemu", "ssh", "a@b",
                        "fe80::1%eth0", 22, "/system" },
                { "qemu://host", "qemu", NULL, NULL, "host", 0, "" },
                { "xen:", "xen", NULL, NULL, NULL, 0, "" },
                { "test:///a%20b", "test", NULL, NULL, NULL, 0, "/a b" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(Uri) uri = NULL;

                g_assert_cmpint(uri_parse(cases[i].text, &uri, &error), ==, 0);
                g_assert_no_error(error);
                g_assert_cmpstr(uri->text, ==, cases[i].text);
                g_assert_cmpstr(uri->driver, ==, cases[i].driver);
                g_assert_cmpstr(uri->transport, ==, cases[i].transport);
                g_assert_cmpstr(uri->user, ==, cases[i].user);
                g_assert_cmpstr(uri->host, ==, cases[i].host);
                g_assert_cmpint(uri->port, ==, cases[i].port);
                g_assert_cmpstr(uri->path, ==, cases[i].path);
        }
}

static void test_parameters(void)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(Uri) uri = NULL;

        g_assert_cmpint(
                uri_parse("qemu:///embed?root=/a%26b/%c3%bc&x=&root=second&y=1+2", &uri, &error),
                ==, 0);
        g_assert_cmpuint(uri->n_parameters, ==, 4);
        g_assert_cmpstr(uri_parameter(uri, "root"), ==, "/a&b/\xc3\xbc");
        g_assert_cmpstr(uri_parameter(uri, "x"), ==, "");
        /* A plus is one, as in libvirt. */
        g_assert_cmpstr(uri_parameter(uri, "y"), ==, "1+2");
        g_assert_null(uri_parameter(uri, "none"));
        uri_free(NULL);
}

static void test_malformed(void)
{
        static const char *const texts[] = { "", "x", "://", ":", "1:///", "a b:///", "+ssh:///",
                "x+:///", "x://[::1", "x://h:port/", "x://h:65536/", "x:///%", "x:///%0",
                "x:///%00", "x:///%ff", "x:///#f", "x:///?a", "x:///?a=%00", "x:///?a=%ff",
                "x://u:p@h/", "x:y", "x:y:/z" };

        for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(GError) error = NULL;
                Uri *uri = NULL;

                g_test_message("%s", texts[i]);
                g_assert_cmpint(uri_parse(texts[i], &uri, &error), ==, -1);
                g_assert_null(uri);
                g_assert_cmpint(error_code(error), ==, ERROR_INVALID_ARG);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/uri/parts", test_parts);
        g_test_add_func("/uri/parameters", test_parameters);
        g_test_add_func("/uri/malformed", test_malformed);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/plugin.h"

#include <string.h>

#include "config.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"
#include "tests/unit/plugin-echo.h"

PLUGIN_DECLARE(old, EchoPlugin)
PLUGIN_DECLARE(absent, EchoPlugin)
PLUGIN_DECLARE(empty, EchoPlugin)

static sd_event *event;

static void fiber_main(void *data)
{
        ((void (*)(void))data)();
}

/* Each test has a fiber. */
static void run_test(const void *data)
{
        g_assert_cmpint(fiber_start("test", fiber_main, (void *)data, NULL), ==, 0);
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
}

static void assert_refused(const EchoPlugin *(*load)(GError **), const char *text)
{
        g_autoptr(GError) error = NULL;

        g_assert_null(load(&error));
        g_assert_error(error, VIRTBUS_ERROR, ERROR_OPERATION_UNSUPPORTED);
        if (!strstr(error->message, text))
                g_error("'%s' is not in: %s", text, error->message);
}

static void test_functions(void)
{
        g_autoptr(GError) error = NULL;
        const EchoPlugin *plugin = echo_plugin(&error);
        g_autofree char *text = NULL;

        g_assert_no_error(error);
        text = plugin->echo("text");
        g_assert_cmpstr(text, ==, "text");
}

/* What the plugin calls is the process' own: one error domain, one loop. */
static void test_shares_the_process(void)
{
        g_autoptr(GError) error = NULL;
        const EchoPlugin *plugin = echo_plugin(NULL);

        g_assert_cmpint(plugin->refuse("this", &error), ==, -1);
        g_assert_true(error_is(error, ERROR_INVALID_ARG));
        g_assert_cmpstr(error->message, ==, "invalid argument: this");

        g_assert_cmpint(plugin->sleep(1), ==, 0);
        fiber_cancel(fiber_self());
        g_assert_cmpint(plugin->sleep(G_USEC_PER_SEC), ==, -ECANCELED);
}

static void test_absent(void)
{
        assert_refused(absent_plugin, "'absent' cannot be loaded: virtbus-absent.so");
}

static void test_no_plugin(void)
{
        assert_refused(empty_plugin, "undefined symbol: virtbus_plugin");
}

static void test_other_version(void)
{
        assert_refused(old_plugin, "version 0.0, the service is " VIRTBUS_VERSION);
}

/* One that is loaded is at hand where nothing can wait. */
static void test_again(void)
{
        const EchoPlugin *plugin = echo_plugin(NULL);

        g_assert_nonnull(plugin);
        g_assert_true(echo_plugin(NULL) == plugin);
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                void (*run)(void);
        } tests[] = {
                { "functions", test_functions },
                { "shares-the-process", test_shares_the_process },
                { "absent", test_absent },
                { "no-plugin", test_no_plugin },
                { "other-version", test_other_version },
        };
        int r;

        g_test_init(&argc, &argv, NULL);
        g_assert_cmpint(sd_event_default(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 8), ==, 0);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
                g_autofree char *path = g_strdup_printf("/plugin/%s", tests[i].name);

                g_test_add_data_func(path, (void *)tests[i].run, run_test);
        }
        g_test_add_func("/plugin/again", test_again);
        r = g_test_run();
        fibers_finish();
        offload_finish();
        sd_event_unref(event);
        return r;
}

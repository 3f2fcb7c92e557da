/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logins of the wire with SASL: both ends, with a database of one user. */

#include <glib/gstdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "drivers/wire/sasl.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

static sd_event *event;

/* What mechanisms and their cryptography keep: for each exchange with MD5, and for one that the
 * user broke off. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
        return "leak:libcrypto.so\nleak:sasl2/lib\n";
}

static void fiber_main(void *data)
{
        ((void (*)(void))data)();
}

static void run_test(const void *data)
{
        g_assert_cmpint(fiber_start("test", fiber_main, (void *)data, NULL), ==, 0);
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
}

static const char *password;
static unsigned n_asked;

static int ask(SaslCredential which, const char *prompt, const char *standard, char **ret,
        void *data, GError **error)
{
        static const char *const answers[] = {
                [SASL_CREDENTIAL_AUTHNAME] = "operator",
                [SASL_CREDENTIAL_USERNAME] = "operator",
        };

        (void)prompt, (void)data;
        n_asked++;
        if (which == SASL_CREDENTIAL_PASSWORD && !password)
                return error_set(error, ERROR_AUTH_CANCELLED, "the user does not want to");
        *ret = g_strdup(which == SASL_CREDENTIAL_PASSWORD ? password :
                        which == SASL_CREDENTIAL_REALM    ? (standard ?: "") :
                                                            answers[which]);
        return 0;
}

typedef struct Ends {
        const SaslPlugin *sasl;
        Sasl *client, *server;
        GError *error;
} Ends;

static void ends_open(Ends *ends, unsigned min_bits, unsigned external)
{
        SaslOptions options = { .host = "virtbus.test",
                .local = "127.0.0.1;1000",
                .remote = "127.0.0.1;16509",
                .min_bits = min_bits,
                .external_bits = external,
                .ask = ask };
        GError *error = NULL;

        ends->error = NULL;
        ends->sasl = sasl_plugin(&error);
        g_assert_no_error(error);
        g_assert_cmpint(ends->sasl->new (&options, &ends->client, &error), ==, 0);
        options.host = NULL;
        options.local = "127.0.0.1;16509";
        options.remote = "127.0.0.1;1000";
        g_assert_cmpint(ends->sasl->new (&options, &ends->server, &error), ==, 0);
        g_assert_no_error(error);
        n_asked = 0;
}

static void ends_close(Ends *ends)
{
        ends->client = ends->sasl->free(ends->client);
        ends->server = ends->sasl->free(ends->server);
        g_clear_error(&ends->error);
}

/* A copy, as over a wire: what one end gives is valid until its next call only. */
static SaslData carry(GBytes **keep, SaslData data)
{
        g_clear_pointer(keep, g_bytes_unref);
        if (!data.bytes)
                return data;
        *keep = g_bytes_new(data.bytes, data.n);
        return (SaslData){ .bytes = g_bytes_get_data(*keep, NULL) ?: "", .n = data.n };
}

/* 0, or -1 with the error, of whichever end. */
static int login(Ends *ends, const char *mechanisms)
{
        const SaslPlugin *sasl = ends->sasl;
        g_autoptr(GBytes) up = NULL, down = NULL;
        const char *mechanism;
        SaslData data;
        int client, server;

        client = sasl->start(
                ends->client, mechanisms, (SaslData){ 0 }, &data, &mechanism, &ends->error);
        if (client < 0)
                return -1;
        server = sasl->start(ends->server, mechanism, carry(&up, data), &data, NULL, &ends->error);
        while (server >= 0 && !(client && server)) {
                client = sasl->step(ends->client, carry(&down, data), &data, &ends->error);
                if (client < 0)
                        return -1;
                if (server)
                        break;
                server = sasl->step(ends->server, carry(&up, data), &data, &ends->error);
        }
        return MIN(server, 0);
}

/* Turns are made on helper threads, two at a time. */
static void login_run(void *data)
{
        unsigned *n_left = data;
        Ends ends;

        ends_open(&ends, 112, 0);
        login(&ends, "DIGEST-MD5");
        g_assert_no_error(ends.error);
        ends_close(&ends);
        (*n_left)--;
}

/* The first that there are: they start the library, too. */
static void test_at_once(void)
{
        unsigned n_left = 32;

        password = "secret";
        for (unsigned i = n_left; i > 0; i--)
                g_assert_cmpint(fiber_start("a login", login_run, &n_left, NULL), ==, 0);
        while (n_left > 0)
                g_assert_cmpint(fiber_yield(), ==, 0);
}

static void test_strong(void)
{
        const char *list, *user;
        unsigned bits;
        Ends ends;

        ends_open(&ends, 112, 0);
        password = "secret";
        g_assert_cmpint(ends.sasl->mechanisms(ends.server, &list, &ends.error), ==, 0);
        /* It has no layer, and must not be offered where one is wanted. */
        g_assert_null(strstr(list, "SCRAM"));
        g_assert_null(strstr(list, "PLAIN"));
        login(&ends, list);
        g_assert_no_error(ends.error);
        g_assert_cmpint(ends.sasl->result(ends.server, &user, &bits, &ends.error), ==, 0);
        g_assert_cmpstr(user, ==, "operator");
        g_assert_cmpuint(bits, >=, 112);
        g_assert_cmpint(ends.sasl->result(ends.client, &user, &bits, &ends.error), ==, 0);
        g_assert_cmpuint(bits, >=, 112);
        ends_close(&ends);
}

static void test_plain_over_tls(void)
{
        const char *user;
        unsigned bits;
        Ends ends;

        ends_open(&ends, 0, 256);
        password = "secret";
        login(&ends, "SCRAM-SHA-256");
        g_assert_no_error(ends.error);
        g_assert_cmpint(ends.sasl->result(ends.server, &user, &bits, &ends.error), ==, 0);
        g_assert_cmpstr(user, ==, "operator");
        g_assert_cmpuint(bits, ==, 0);
        ends_close(&ends);
}

static void test_refused(void)
{
        Ends ends;

        ends_open(&ends, 0, 256);
        password = "wrong";
        g_assert_cmpint(login(&ends, "SCRAM-SHA-256"), ==, -1);
        g_assert_error(ends.error, VIRTBUS_ERROR, ERROR_AUTH_FAILED);
        ends_close(&ends);

        ends_open(&ends, 112, 0);
        password = "wrong";
        g_assert_cmpint(login(&ends, "DIGEST-MD5"), ==, -1);
        g_assert_error(ends.error, VIRTBUS_ERROR, ERROR_AUTH_FAILED);
        ends_close(&ends);

        ends_open(&ends, 0, 256);
        password = NULL;
        g_assert_cmpint(login(&ends, "SCRAM-SHA-256"), ==, -1);
        g_assert_error(ends.error, VIRTBUS_ERROR, ERROR_AUTH_CANCELLED);
        ends_close(&ends);

        /* What is asked for decides, whatever the other end offers. */
        ends_open(&ends, 112, 0);
        password = "secret";
        g_assert_cmpint(login(&ends, "SCRAM-SHA-256,PLAIN"), ==, -1);
        g_assert_error(ends.error, VIRTBUS_ERROR, ERROR_AUTH_FAILED);
        g_assert_cmpuint(n_asked, ==, 0);
        ends_close(&ends);
}

/* Bytes through the layer, over a socket that takes little at a time. */
static void pump(WireLink *from, WireLink *to, size_t n)
{
        g_autofree uint8_t *sent = g_malloc(n), *got = g_malloc(n);
        size_t n_sent = 0, n_got = 0;
        int fd;

        for (size_t i = 0; i < n; i++)
                sent[i] = i * 5 + i / 253;
        while (n_got < n) {
                ssize_t r =
                        n_sent < n ? wire_link_write(from, sent + n_sent, n - n_sent, -1) : -EAGAIN;

                g_assert_true(r > 0 || r == -EAGAIN);
                n_sent += MAX(r, 0);
                do {
                        r = wire_link_read(to, got + n_got, MIN(n - n_got, 1000), &fd);
                        g_assert_true(r > 0 || r == -EAGAIN || n_got == n);
                        n_got += MAX(r, 0);
                } while (n_got < n && wire_link_pending(to));
        }
        g_assert_cmpmem(sent, n, got, n);
}

static void test_layer(void)
{
        WireLink *client, *server;
        const char *garbage = "\xff\xff\xff\xff";
        int pair[2], fd;
        uint8_t byte;
        Ends ends;

        ends_open(&ends, 112, 0);
        password = "secret";
        login(&ends, "DIGEST-MD5");
        g_assert_no_error(ends.error);
        g_assert_cmpint(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), ==, 0);
        client = ends.sasl->wrap(
                g_steal_pointer(&ends.client), wire_link_new_socket(pair[0]), "", 0);
        server = ends.sasl->wrap(
                g_steal_pointer(&ends.server), wire_link_new_socket(pair[1]), "", 0);
        pump(client, server, 300000);
        pump(server, client, 7);
        pump(server, client, 500000);
        g_assert_cmpint(write(pair[0], garbage, 4), ==, 4);
        g_assert_cmpint(wire_link_read(server, &byte, 1, &fd), ==, -EPROTO);
        g_assert_nonnull(server->problem);
        wire_link_free(server);
        g_assert_cmpint(wire_link_read(client, &byte, 1, &fd), ==, 0);
        wire_link_free(client);
        ends_close(&ends);
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                void (*run)(void);
        } tests[] = {
                { "/wire-sasl/at-once", test_at_once },
                { "/wire-sasl/strong", test_strong },
                { "/wire-sasl/plain-over-tls", test_plain_over_tls },
                { "/wire-sasl/refused", test_refused },
                { "/wire-sasl/layer", test_layer },
        };
        g_autofree char *folder = g_dir_make_tmp(NULL, NULL), *config = NULL, *make = NULL,
                        *clean = NULL, *text = NULL;
        int r, status;

        g_test_init(&argc, &argv, NULL);
        config = g_build_filename(folder, "libvirt.conf", NULL);
        text = g_strdup_printf("mech_list: digest-md5 scram-sha-256 plain\nsasldb_path: %s/db\n"
                               "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n",
                folder);
        g_assert_true(g_file_set_contents(config, text, -1, NULL));
        make = g_strdup_printf("sh -c 'printf secret | PATH=$PATH:/usr/sbin saslpasswd2 -p -c -f "
                               "%s/db operator'",
                folder);
        clean = g_strdup_printf("rm -r %s", folder);
        g_assert_true(g_spawn_command_line_sync(make, NULL, NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
        g_setenv("SASL_CONF_PATH", folder, true);
        g_assert_cmpint(sd_event_default(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 64), ==, 0);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add_data_func(tests[i].name, (void *)tests[i].run, run_test);
        r = g_test_run();
        g_spawn_command_line_sync(clean, NULL, NULL, NULL, NULL);
        fibers_finish();
        offload_finish();
        sd_event_unref(event);
        return r;
}

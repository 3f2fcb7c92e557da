/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TLS of the wire: both ends of a socket pair, with certificates of all kinds. */

#include <glib/gstdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "drivers/wire/tls-files.h"
#include "drivers/wire/tls.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

static sd_event *event;
static char *folder; /* of all certificates */

typedef struct End {
        const char *files; /* its folder below `folder` */
        TlsOptions options;
        const char *host;
        int fd;
        WireLink *link;
        GError *error;
        char *name;
} End;

static void end_run(void *data)
{
        End *end = data;
        g_autofree char *path = g_build_filename(folder, end->files, NULL);
        const TlsPlugin *tls = tls_plugin(&end->error);
        g_auto(TlsFiles) files = { 0 };
        TlsContext *context;

        g_assert_no_error(end->error);
        g_assert_cmpint(
                tls_files_find(end->options.server, path, false, &files, &end->error), ==, 0);
        end->options.ca_file = files.ca;
        end->options.crl_file = files.crl;
        end->options.cert_file = files.cert;
        end->options.key_file = files.key;
        if (tls->load(&end->options, &context, &end->error) < 0) {
                close(end->fd);
                return;
        }
        if (tls->shake(context, end->fd, end->host, fiber_deadline(120 * G_USEC_PER_SEC),
                    &end->link, &end->error) == 0)
                end->name = g_strdup(tls->peer_name(end->link));
        tls->unref(context);
}

static void end_clear(End *end)
{
        end->link = wire_link_free(end->link);
        g_clear_error(&end->error);
        g_free(end->name);
}

static void shake(End *client, End *server)
{
        int pair[2];

        g_assert_cmpint(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), ==, 0);
        client->fd = pair[0];
        server->fd = pair[1];
        server->options.server = true;
        fiber_start("client", end_run, client, NULL);
        fiber_start("server", end_run, server, NULL);
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
}

static void assert_says(const GError *error, const char *text)
{
        if (!text)
                g_assert_no_error(error);
        else if (!error || !strstr(error->message, text))
                g_error("'%s' is not in: %s", text, error ? error->message : "no error");
}

/* Bytes of any length go both ways, however little the socket takes at a time. */
static void exchange(WireLink *from, WireLink *to)
{
        g_autofree uint8_t *sent = g_malloc(1000000), *got = g_malloc(1000000);
        size_t n_sent = 0, n_got = 0;

        for (unsigned i = 0; i < 1000000; i++)
                sent[i] = i * 7 + i / 251;
        while (n_got < 1000000) {
                int fd;
                ssize_t r = n_sent < 1000000 ?
                        wire_link_write(from, sent + n_sent, 1000000 - n_sent, -1) :
                        -EAGAIN;

                g_assert_true(r > 0 || r == -EAGAIN);
                n_sent += MAX(r, 0);
                r = wire_link_read(to, got + n_got, 1000000 - n_got, &fd);
                g_assert_true(r > 0 || r == -EAGAIN);
                n_got += MAX(r, 0);
                g_assert_cmpint(wire_link_events(to, true, false), ==, EPOLLIN);
        }
        g_assert_cmpmem(sent, 1000000, got, 1000000);
}

static void test_good(void)
{
        End client = { .files = "good", .host = "localhost" }, server = { .files = "good" };
        uint8_t byte;
        int fd;

        shake(&client, &server);
        g_assert_no_error(client.error);
        g_assert_no_error(server.error);
        g_assert_cmpstr(client.name, ==, "CN=localhost");
        g_assert_cmpstr(server.name, ==, "O=virtbus,CN=operator");
        exchange(client.link, server.link);
        exchange(server.link, client.link);
        /* The end of one is an orderly one for the other. */
        client.link = wire_link_free(client.link);
        g_assert_cmpint(wire_link_read(server.link, &byte, 1, &fd), ==, 0);
        end_clear(&client);
        end_clear(&server);
}

static void test_peers(void)
{
        static const char *const nobody[] = { NULL };
        static const char *const others[] = { "CN=other*", "C=*", NULL };
        static const char *const operators[] = { "nobody", "O=virtbus,CN=oper*", NULL };
        static const struct {
                const char *client, *server, *host;
                bool client_takes_all, server_takes_all;
                const char *const *allowed;
                const char *client_says, *server_says;
        } cases[] = {
                { "good", "good", "127.0.0.1", false, false, NULL, NULL, NULL },
                { "good", "good", NULL, false, false, operators, NULL, NULL },
                { "good", "good", "localhost", false, false, others,
                        "the server refuses the client's certificate",
                        "'O=virtbus,CN=operator' is not on the list" },
                { "good", "good", "localhost", false, false, nobody,
                        "the server refuses the client's certificate", "is not on the list" },
                { "good", "good", "elsewhere", false, false, NULL,
                        "the server's certificate is refused: it is for another host (host 'elsewhere')",
                        "" },
                { "good", "elsewhere", "localhost", false, false, NULL, "it is for another host",
                        "" },
                { "good", "elsewhere", "localhost", true, false, NULL, NULL, NULL },
                { "good", "foreign", "localhost", false, false, NULL,
                        "the server's certificate is refused: no known authority has signed it",
                        "" },
                { "foreign", "good", "localhost", true, false, NULL,
                        "the server refuses the client's certificate",
                        "the client shows no certificate of an authority that is known here" },
                { "foreign", "good", "localhost", true, true, others, NULL, NULL },
                { "good", "expired", "localhost", false, false, NULL,
                        "the server's certificate is refused: it has expired", "" },
                { "expired", "good", "localhost", false, false, NULL,
                        "the server refuses the client's certificate",
                        "the client's certificate is refused: it has expired" },
                { "revoked", "good", "localhost", false, false, NULL, NULL, NULL },
                { "elsewhere", "good", "localhost", false, false, NULL,
                        "the server refuses the client's certificate, or wants one and got none",
                        "the client shows no certificate of an authority that is known here" },
                { "elsewhere", "good", "localhost", false, true, NULL, NULL, NULL },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                End client = { .files = cases[i].client, .host = cases[i].host },
                    server = { .files = cases[i].server };

                g_test_message("%s to %s, %s", cases[i].client, cases[i].server,
                        cases[i].host ?: "any host");
                client.options.no_verify = cases[i].client_takes_all;
                server.options.no_verify = cases[i].server_takes_all;
                server.options.allowed_names = cases[i].allowed;
                client.options.no_sanity = server.options.no_sanity = true;
                shake(&client, &server);
                assert_says(client.error, cases[i].client_says);
                assert_says(server.error, cases[i].server_says);
                g_assert_true(!client.link == !!client.error);
                end_clear(&client);
                end_clear(&server);
        }
}

/* The server has the list on which the client stands. */
static void test_revoked(void)
{
        End client = { .files = "revoked" }, server = { .files = "both" };
        static const char *const names[][2] = { { "good", "cacert.pem" },
                { "good", "servercert.pem" }, { "good", "serverkey.pem" },
                { "revoked", "cacrl.pem" } };
        g_autofree char *both = g_build_filename(folder, "both", NULL);

        g_mkdir(both, 0700);
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *from = g_build_filename(folder, names[i][0], names[i][1], NULL);
                g_autofree char *to = g_build_filename(both, names[i][1], NULL);

                g_assert_cmpint(symlink(from, to), ==, 0);
        }
        shake(&client, &server);
        assert_says(client.error, "the server refuses the client's certificate");
        assert_says(server.error, "the client's certificate is refused: it has been revoked");
        end_clear(&client);
        end_clear(&server);
}

/* An unfit certificate is told by the end that has it. */
static void test_own(void)
{
        static const struct {
                const char *files, *says;
                bool server;
        } cases[] = {
                { "expired", "expired/clientcert.pem' cannot be used: it has expired", false },
                { "expired", "expired/servercert.pem' cannot be used: it has expired", true },
                { "swapped", "its purposes do not allow it for a client", false },
                { "swapped", "its purposes do not allow it for a server", true },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                End own = { .files = cases[i].files, .fd = -1 };

                own.options.server = cases[i].server;
                fiber_start("own", end_run, &own, NULL);
                while (fibers_live() > 0)
                        g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
                assert_says(own.error, cases[i].says);
                end_clear(&own);
        }
}

/* The other end says nothing, or something else. */
static void silent_run(void *data)
{
        End *end = data;
        g_autofree char *path = g_build_filename(folder, "good", NULL);
        const TlsPlugin *tls = tls_plugin(&end->error);
        g_auto(TlsFiles) files = { 0 };
        TlsContext *context;

        g_assert_cmpint(tls_files_find(false, path, false, &files, &end->error), ==, 0);
        end->options.ca_file = files.ca;
        g_assert_cmpint(tls->load(&end->options, &context, &end->error), ==, 0);
        tls->shake(context, end->fd, "localhost", fiber_deadline(50000), &end->link, &end->error);
        tls->unref(context);
}

static void test_no_tls(void)
{
        static const char *const sent[] = { "", "HTTP/1.0 400 Bad Request\r\n\r\n" };
        static const char *const says[] = { "the TLS handshake failed",
                "the TLS handshake failed" };

        for (unsigned i = 0; i < G_N_ELEMENTS(sent); i++) {
                End client = { .files = "good" };
                int pair[2];

                g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), ==, 0);
                g_assert_cmpint(write(pair[1], sent[i], strlen(sent[i])), ==, strlen(sent[i]));
                client.fd = pair[0];
                fiber_start("client", silent_run, &client, NULL);
                while (fibers_live() > 0)
                        g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
                assert_says(client.error, says[i]);
                g_assert_null(client.link);
                close(pair[1]);
                end_clear(&client);
        }
}

static void test_files(void)
{
        g_autofree char *good = g_build_filename(folder, "good", NULL);
        g_auto(TlsFiles) files = { 0 };
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(tls_files_find(true, "/nowhere", false, &files, &error), ==, -1);
        assert_says(error, "'/nowhere/cacert.pem'");
        g_clear_error(&error);
        g_assert_cmpint(tls_files_find(true, good, false, &files, &error), ==, 0);
        g_assert_true(g_str_has_suffix(files.cert, "good/servercert.pem"));
        g_assert_null(files.crl);
}

int main(int argc, char **argv)
{
        g_autofree char *make = NULL, *clean = NULL;
        int status, r;

        g_test_init(&argc, &argv, NULL);
        folder = g_dir_make_tmp(NULL, NULL);
        make = g_strdup_printf(CERTIFICATES " %s", folder);
        clean = g_strdup_printf("rm -r %s", folder);
        g_assert_true(g_spawn_command_line_sync(make, NULL, NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
        g_assert_cmpint(sd_event_default(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 64), ==, 0);

        g_test_add_func("/wire-tls/good", test_good);
        g_test_add_func("/wire-tls/peers", test_peers);
        g_test_add_func("/wire-tls/revoked", test_revoked);
        g_test_add_func("/wire-tls/own", test_own);
        g_test_add_func("/wire-tls/no-tls", test_no_tls);
        g_test_add_func("/wire-tls/files", test_files);
        r = g_test_run();

        g_spawn_command_line_sync(clean, NULL, NULL, NULL, NULL);
        g_free(folder);
        fibers_finish();
        offload_finish();
        sd_event_unref(event);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/tls-door.h"

#include <string.h>
#include <unistd.h>

#include "drivers/wire/tls-files.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/settings.h"

#define SHAKE_DEADLINE (15 * G_USEC_PER_SEC)

static struct {
        const TlsPlugin *plugin;  /* NULL: not loaded */
        TlsContext *context;      /* NULL: not read */
        const Settings *read_for; /* referenced */
        unsigned n_shaking;
} tls;

typedef struct Shake {
        int fd;
        void (*done)(WireLink *link, const char *name, void *data);
        void *data;
} Shake;

/* What is configured, and for the rest the documented places. */
static int find_files(const Settings *set, TlsFiles *files, GError **error)
{
        g_auto(TlsFiles) found = { 0 };

        if (!set->ca_file || !set->cert_file || !set->key_file) {
                if (tls_files_find(true, NULL, geteuid() != 0, &found, error) < 0)
                        return -1;
        }
        *files = (TlsFiles){
                .ca = g_strdup(set->ca_file ?: found.ca),
                .crl = g_strdup(set->crl_file ?: found.crl),
                .cert = g_strdup(set->cert_file ?: found.cert),
                .key = g_strdup(set->key_file ?: found.key),
        };
        return 0;
}

/* Suspends. */
static int read_for(const Settings *set, GError **error)
{
        g_auto(TlsFiles) files = { 0 };
        TlsContext *context;

        if (find_files(set, &files, error) < 0)
                return -1;
        const TlsOptions options = {
                .server = true,
                .ca_file = files.ca,
                .crl_file = files.crl,
                .cert_file = files.cert,
                .key_file = files.key,
                .priority = set->tls_priority,
                .no_verify = set->tls_no_verify_certificate,
                .no_sanity = set->tls_no_sanity_certificate,
                .allowed_names = (const char *const *)set->tls_allowed_dn_list,
        };

        tls.plugin = tls_plugin(error);
        if (!tls.plugin || tls.plugin->load(&options, &context, error) < 0)
                return -1;
        tls.plugin->unref(tls.context);
        tls.context = context;
        settings_unref(tls.read_for);
        tls.read_for = settings_ref(set);
        return 0;
}

/* Suspends. The certificates as the settings are now, which others may replace meanwhile. */
static int read_certificates(GError **error)
{
        const Settings *set;
        int r;

        if (tls.context && tls.read_for == settings())
                return 0;
        set = settings_ref(settings());
        r = read_for(set, error);
        settings_unref(set);
        return r;
}

static void open_run(void *data)
{
        g_autoptr(GError) error = NULL;

        (void)data;
        if (read_certificates(&error) < 0)
                g_warning("nobody can come in over TLS: %s", error->message);
}

void wire_tls_open(void)
{
        if (fiber_start("certificates", open_run, NULL, NULL) < 0)
                g_warning("certificates are read when the first client comes");
}

void wire_tls_close(void)
{
        if (tls.context)
                tls.context = tls.plugin->unref(tls.context);
        tls.read_for = settings_unref(tls.read_for);
}

static int shake_hands(Shake *shake, WireLink **ret, GError **error)
{
        TlsContext *context;
        int r;

        if (read_certificates(error) < 0)
                return -1;
        /* Others may be read while this one is at it. */
        context = tls.plugin->ref(tls.context);
        r = tls.plugin->shake(
                context, fd_steal(&shake->fd), NULL, fiber_deadline(SHAKE_DEADLINE), ret, error);
        tls.plugin->unref(context);
        return r;
}

static void shake_run(void *data)
{
        g_autofree Shake *shake = data;
        g_autoptr(GError) error = NULL;
        WireLink *link = NULL;

        if (shake_hands(shake, &link, &error) < 0)
                g_message("a client over TLS was refused: %s", error->message);
        fd_close(shake->fd);
        tls.n_shaking--;
        shake->done(link, link ? tls.plugin->peer_name(link) : NULL, shake->data);
}

int wire_tls_shake(int fd, void (*done)(WireLink *link, const char *name, void *data), void *data)
{
        Shake *shake = g_new(Shake, 1);

        *shake = (Shake){ .fd = fd, .done = done, .data = data };
        tls.n_shaking++;
        if (fiber_start("a client's TLS", shake_run, shake, NULL) >= 0)
                return 0;
        tls.n_shaking--;
        fd_close(fd);
        g_free(shake);
        return -1;
}

unsigned wire_tls_shaking(void)
{
        return tls.n_shaking;
}

unsigned wire_tls_bits(const WireLink *link)
{
        return tls.plugin && strcmp(link->kind->name, "tls") == 0 ? tls.plugin->bits(link) : 0;
}

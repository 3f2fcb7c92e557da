/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TLS, with certificates of both ends. */

#include <unistd.h>

#include "drivers/remote/transport.h"
#include "drivers/wire/tls-files.h"

#define PORT_TLS 16514

static int tls_check(const Target *target, GError **error)
{
        return target_check_path(target, "pkipath", error);
}

static int load(const TlsPlugin *tls, const Target *target, TlsContext **ret, GError **error)
{
        g_auto(TlsFiles) files = { 0 };
        TlsOptions options = {
                .priority = uri_parameter(target->uri, "tls_priority"),
                .no_verify = target_flag(target, "no_verify"),
                .no_sanity = target_flag(target, "no_sanity"),
        };

        if (tls_files_find(false, uri_parameter(target->uri, "pkipath"), geteuid() != 0, &files,
                    error) < 0)
                return -1;
        options.ca_file = files.ca;
        options.crl_file = files.crl;
        options.cert_file = files.cert;
        options.key_file = files.key;
        return tls->load(&options, ret, error);
}

static int tls_way(Target *target, uint64_t deadline, Way *ret, GError **error)
{
        const TlsPlugin *tls = tls_plugin(error);
        TlsContext *context;
        int fd, r;

        if (!tls || load(tls, target, &context, error) < 0)
                return -1;
        r = tcp_connect(target, PORT_TLS, deadline, &fd, error);
        if (r >= 0)
                r = tls->shake(
                        context, fd, target->uri->host ?: "localhost", deadline, &ret->link, error);
        tls->unref(context);
        return r;
}

const Transport tls_transport = {
        .name = "tls",
        .encrypted = true,
        .secure = true,
        .check = tls_check,
        .connect = tls_way,
};

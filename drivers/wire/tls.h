/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* TLS around a socket of the wire, for both ends, with x509 certificates. A plugin, since it brings
 * GnuTLS along.
 *
 * Source: the section on TLS in libvirt's documentation of its remote driver. After the handshake
 * each end looks at the other's certificate; then the server sends one byte, 1, and only then
 * frames go. A server that refuses closes instead.
 */

#include "drivers/wire/link.h"
#include "service/base/plugin.h"

/* What an end shows and how it looks at the other. Paths are absolute; NULL: there is none. */
typedef struct TlsOptions {
        bool server;
        const char *ca_file;
        const char *crl_file;
        const char *cert_file, *key_file;
        const char *priority;             /* of ciphers, as GnuTLS writes it; NULL: the library's */
        bool no_verify;                   /* take whatever certificate the other end has */
        bool no_sanity;                   /* do not look whether its own certificate is fit */
        const char *const *allowed_names; /* a server's: patterns of names; NULL: all */
} TlsOptions;

/* Certificates that were read; counted by those that use them. */
typedef struct TlsContext TlsContext;

typedef struct TlsPlugin {
        /* Suspends. Reads the files, and looks whether the certificate is fit for the role: dates,
         * purposes, signed by the authority. -1 with ERROR_SYSTEM_ERROR, or ERROR_GNUTLS_ERROR that
         * names the file. */
        int (*load)(const TlsOptions *options, TlsContext **ret, GError **error);
        TlsContext *(*ref)(TlsContext *context);
        TlsContext *(*unref)(TlsContext *context); /* takes NULL, returns NULL */

        /* Suspends. Shakes hands over a connected socket and checks the other end. host: what a
         * client asked for, which the certificate has to name; NULL for a server. Takes the
         * descriptor, also when it fails: -1 with ERROR_GNUTLS_ERROR or ERROR_AUTH_FAILED that says
         * what is wrong. */
        int (*shake)(TlsContext *context, int fd, const char *host, uint64_t deadline,
                WireLink **ret, GError **error);

        /* Of such a link: the distinguished name in the other end's certificate, NULL where it has
         * none; and how many bits the cipher has. */
        const char *(*peer_name)(const WireLink *link);
        unsigned (*bits)(const WireLink *link);
} TlsPlugin;
PLUGIN_DECLARE(tls, TlsPlugin)

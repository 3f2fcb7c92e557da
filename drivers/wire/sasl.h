/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Logins with SASL, for both ends of the wire, and the layer that may protect the bytes after one.
 * A plugin, since it brings Cyrus SASL along.
 *
 * An exchange: the server lists its mechanisms; the client starts with one of them; then data goes
 * to and fro until each is complete. Everything here suspends: mechanisms read files and ask the
 * network.
 *
 * Source: libvirt's documentation of its remote driver; the service is called "libvirt".
 */

#include "drivers/wire/link.h"
#include "service/base/plugin.h"

/* What one end sends to the other. NULL: no data, which is not the same as none of its bytes. */
typedef struct SaslData {
        const void *bytes; /* valid until the next call for the exchange */
        size_t n;
} SaslData;

typedef enum SaslCredential {
        SASL_CREDENTIAL_AUTHNAME, /* who logs in */
        SASL_CREDENTIAL_USERNAME, /* as whom; the same, as a rule */
        SASL_CREDENTIAL_PASSWORD,
        SASL_CREDENTIAL_REALM,
        _SASL_CREDENTIAL_MAX,
} SaslCredential;

typedef struct SaslOptions {
        const char *host; /* a client's: the server that it wants; NULL: this is a server */
        const char *local, *remote; /* "address;port"; NULL: not over the network */
        unsigned external_bits;     /* what the link below protects with; 0: nothing */
        /* What the exchange itself must bring, in bits; 0: it brings no layer, and mechanisms that
         * show the password are allowed. */
        unsigned min_bits;
        /* A client's: for a credential that the mechanism asks for. Suspends. *ret is allocated;
         * -1 with the error ends the login. */
        int (*ask)(SaslCredential which, const char *prompt, const char *standard, char **ret,
                void *data, GError **error);
        void *data;
} SaslOptions;

typedef struct Sasl Sasl;

typedef struct SaslPlugin {
        int (*new)(const SaslOptions *options, Sasl **ret, GError **error);
        Sasl *(*free)(Sasl *sasl); /* takes NULL, returns NULL */

        /* A server's list, separated by commas; borrowed. */
        int (*mechanisms)(Sasl *sasl, const char **ret, GError **error);

        /* 1: this end is complete; 0: it waits for data; -1 with ERROR_AUTH_FAILED, where the
         * exchange is over. mechanism: a client's list to choose from, which becomes what it chose
         * (*ret_mechanism, borrowed); a server's what the client chose. */
        int (*start)(Sasl *sasl, const char *mechanism, SaslData in, SaslData *out,
                const char **ret_mechanism, GError **error);
        int (*step)(Sasl *sasl, SaslData in, SaslData *out, GError **error);

        /* Of a complete one: who has logged in, and with how many bits it protects what follows.
         * -1 with ERROR_AUTH_FAILED where that is less than was asked for. */
        int (*result)(Sasl *sasl, const char **ret_user, unsigned *ret_bits, GError **error);

        /* The layer, where there are bits: takes the inner link and the exchange. unread: bytes
         * that came behind the exchange. */
        WireLink *(*wrap)(Sasl *sasl, WireLink *inner, const void *unread, size_t n_unread);
} SaslPlugin;
PLUGIN_DECLARE(sasl, SaslPlugin)

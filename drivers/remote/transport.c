/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/transport.h"

#include <string.h>

static const Transport *const transports[] = { &unix_transport, &tcp_transport, &tls_transport,
        &ssh_transport, &libssh_transport, &libssh2_transport, &ext_transport };

static Silence silence = { .interval = 5, .count = 5 };

void remote_keep_alive(int interval, int count)
{
        silence = (Silence){ .interval = MAX(interval, 0), .count = count };
}

const Silence *transport_silence(void)
{
        return &silence;
}

const Transport *transport_of(const Target *target, GError **error)
{
        const Uri *uri = target->uri;
        const char *name = uri->transport ?: uri->host ? "tls" : "unix";

        for (unsigned i = 0; i < G_N_ELEMENTS(transports); i++) {
                if (strcmp(transports[i]->name, name) != 0)
                        continue;
                if (transports[i]->check && transports[i]->check(target, error) < 0)
                        return NULL;
                return transports[i];
        }
        error_set(error, ERROR_INVALID_ARG, "%s: there is no transport '%s'", uri->text, name);
        return NULL;
}

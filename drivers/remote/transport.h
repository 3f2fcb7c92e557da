/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The ways to a peer. Each is one file and one row of the table in transport.c; what it gives is a
 * link on which the peer's first frame is the next thing to come. */

#include "drivers/remote/target.h"
#include "drivers/wire/link.h"

#define PORT_TCP 16509

/* One way, open. */
typedef struct Way {
        WireLink *link;
        /* What the link leads through; NULL: nothing. complaint is what that said last, allocated,
         * or NULL: why the link ended. */
        void *through;
        char *(*complaint)(void *through);
        void *(*free)(void *through);
} Way;

typedef struct Transport {
        const char *name; /* in a URI, behind the '+' */
        bool encrypted;
        bool secure; /* nobody on the way can listen */
        bool passes_fds;

        /* -1 where the URI lacks or has what does not go with it. May be NULL. */
        int (*check)(const Target *target, GError **error);
        /* Suspends. */
        int (*connect)(Target *target, uint64_t deadline, Way *ret, GError **error);
        /* Suspends. A stream to a port, as the peer's host sees it; *ret is a descriptor. NULL
         * where the way leads no further than to the peer. */
        int (*connect_port)(Target *target, const char *host, int port, uint64_t deadline, int *ret,
                GError **error);
} Transport;

extern const Transport unix_transport, tcp_transport, tls_transport, ssh_transport,
        libssh_transport, libssh2_transport, ext_transport;

/* A peer that is silent for so many seconds is asked for a sign of life, and lost after so many
 * answers that did not come. An interval of 0: never. What is settled now (remote_keep_alive()). */
typedef struct Silence {
        unsigned interval, count;
} Silence;

const Silence *transport_silence(void);

/* The one that a URI names, or means; NULL with the error where there is none such. */
const Transport *transport_of(const Target *target, GError **error);

/* The path of the peer's socket: looked for here, or (remote) libvirt's on another host, for what
 * leads there. Allocated. */
int socket_path(const Target *target, bool remote, char **ret, GError **error);

/* Suspends. A stream connected to a port of the target's host; *ret is a descriptor. */
int tcp_connect(const Target *target, int port, uint64_t deadline, int *ret, GError **error);

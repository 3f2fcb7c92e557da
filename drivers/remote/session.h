/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What comes between a way to a peer and the first question: login, keepalive, opening. */

#include "drivers/remote/link.h"

/* What a peer was found to be able to do (VIR_DRV_FEATURE_*). */
typedef struct PeerFeatures {
        bool event_callbacks;   /* events by callback id, with a filter */
        bool close_callback;    /* tells of the end of its own connection to a hypervisor */
        bool string_params;     /* typed parameters may be strings */
        bool network_update_ok; /* takes the arguments of NETWORK_UPDATE in the documented order */
} PeerFeatures;

/* All of it has this long. */
#define SESSION_DEADLINE (20 * G_USEC_PER_SEC)
#define ASKING_DEADLINE (300 * G_USEC_PER_SEC)

/* Suspends. A link that is logged in and open; NULL with an error that names the cause. */
RemoteLink *session_open(Target *target, const Transport *transport, const RemoteLinkEvents *events,
        void *data, PeerFeatures *ret_features, GError **error);

/* Suspends. Logs in with SASL, and protects the link with what was agreed upon. */
int login_sasl(RemoteLink *link, const Target *target, uint64_t deadline, GError **error);

/* One way to log in. */
typedef struct Login {
        int type;         /* of AUTH_LIST */
        const char *name; /* in the parameter `auth` */
        /* Suspends. */
        int (*run)(RemoteLink *link, const Target *target, uint64_t deadline, GError **error);
} Login;

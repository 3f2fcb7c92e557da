/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whom a remote URI is about: the way there, and what the peer is asked to open. */

#include "drivers/driver.h"

typedef struct Target {
        Uri *uri;
        Instance instance;
        bool read_only;
        char *name; /* what the peer opens, without the way to it: "qemu:///system" */
        /* A connection to the host that carries several streams, which a transport keeps here until
         * the target goes; NULL: none. */
        void *session;
        void *(*session_free)(void *session);
} Target;

/* -1 where the URI asks for what makes no sense. The uri is parsed again: the target has its own.
 */
Target *target_new(const Uri *uri, Instance instance, bool read_only, GError **error);
/* Takes NULL; returns NULL. */
Target *target_free(Target *target);

/* A parameter of the URI that is a number: "0" is no, as any other is yes. */
bool target_flag(const Target *target, const char *name);

/* The parameter "mode" or "proxy", or what remote_choose() says where the URI has none; or NULL. */
const char *target_choice(const Target *target, const char *name);

/* -1 where such a parameter, which names a file or a folder, is not absolute: what it would be
 * relative to is the service's. */
int target_check_path(const Target *target, const char *name, GError **error);

/* In the object path of the connection: readable, and different for different targets. Allocated.
 */
char *target_label(const Target *target);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Target, target_free)

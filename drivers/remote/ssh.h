/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* SSH in process: one connection to a host, and channels through it. A plugin, since it brings
 * libssh along. A channel is one end of a socket pair, so that whoever uses it needs to know
 * nothing of SSH; what is not read at one end is not taken from the other.
 */

#include <stdbool.h>
#include <stdint.h>

#include "service/base/error.h"
#include "service/base/plugin.h"

/* What is done about a host whose key is not known yet. One whose key has changed is refused. */
typedef enum SshVerify {
        SSH_VERIFY_NORMAL, /* the user is asked */
        SSH_VERIFY_AUTO,   /* it is remembered without a question */
        SSH_VERIFY_IGNORE, /* keys are not looked at, not even changed ones */
        _SSH_VERIFY_MAX,
} SshVerify;

typedef struct SshOptions {
        const char *host; /* as the file of known hosts has it */
        int port;
        const char *user;
        const char *key_file;    /* NULL: the user's usual ones */
        const char *known_hosts; /* the file */
        SshVerify verify;
        const char *methods; /* in the order in which they are tried: "agent,privkey,password,
                                keyboard-interactive"; NULL: that */
        /* Suspends. Asks the user: what as in org.virtbus1.Agent.Ask. *ret is allocated. */
        int (*ask)(const char *what, const char *prompt, bool echo, char **ret, void *data,
                GError **error);
        void *data;
} SshOptions;

typedef struct SshSession SshSession;

typedef struct SshPlugin {
        /* Suspends. Logs in over a connected socket, which it takes also when it fails. -1 with
         * ERROR_NO_CONNECT (it speaks no SSH, or its key is not the known one), ERROR_AUTH_FAILED
         * or an error of ask(). */
        int (*open)(const SshOptions *options, int fd, uint64_t deadline, SshSession **ret,
                GError **error);
        SshSession *(*ref)(SshSession *session);
        SshSession *(*unref)(SshSession *session); /* channels hold it, too; returns NULL */
        bool (*alive)(const SshSession *session);  /* as far as is known */
        /* What commands complained of last, or else why the session ended; allocated. NULL: nothing
         * is known to be wrong. */
        char *(*complaint)(SshSession *session);

        /* Suspends. A channel to a UNIX socket of the host. *ret is a descriptor. -1 also where
         * the host does not allow that or there is no such socket. */
        int (*open_socket)(
                SshSession *session, const char *path, uint64_t deadline, int *ret, GError **error);
        /* Suspends. A channel to the standard input and output of a command line. */
        int (*open_command)(SshSession *session, const char *command, uint64_t deadline, int *ret,
                GError **error);
        /* Suspends. A channel to a port, as seen from the host. */
        int (*open_port)(SshSession *session, const char *host, int port, uint64_t deadline,
                int *ret, GError **error);
} SshPlugin;
PLUGIN_DECLARE(ssh, SshPlugin)

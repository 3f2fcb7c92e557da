/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who logs in at another host, and with what: from a file of credentials, else from the user of the
 * client that the running fiber works for.
 *
 * The file is the first there is of $LIBVIRT_AUTH_FILE, the URI's parameter `authfile`,
 * $XDG_CONFIG_HOME/libvirt/auth.conf and /etc/libvirt/auth.conf:
 *
 *      [credentials-NAME]           username, authname, password, realm
 *      [auth-SERVICE-HOST]          credentials = NAME; the host "default" stands for any
 *
 * Source: libvirt's documentation of its authentication files.
 */

#include "drivers/driver.h"

/* Suspends. A credential: its key in the file is question->what, its host the URI's ("localhost"
 * where it names none). service: "libvirt", "test", "ssh". *ret is allocated. 0; -1 with
 * ERROR_CONF_SYNTAX where the file is wrong, or an error of client_ask(). */
int credential_get(const Uri *uri, const char *service, const ClientQuestion *question, char **ret,
        GError **error);

/* The same from the file alone; *ret is NULL where it has none. Does not suspend. */
int credential_find(
        const Uri *uri, const char *service, const char *what, char **ret, GError **error);

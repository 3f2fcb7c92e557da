/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an administrator has settled: the service's own file, virtbusd.conf, whose settings bear the
 * names of libvirtd.conf, and what clients share, libvirt.conf. The system service has them in
 * /etc/virtbus and /etc/libvirt, a user's in $XDG_CONFIG_HOME/virtbus and $XDG_CONFIG_HOME/libvirt.
 * Each setting, with its default, is in the example file that is installed.
 */

#include <glib.h>
#include <stdbool.h>

#include "drivers/driver.h"
#include "service/base/enum.h"

/* How a peer of the wire shows who it is. */
typedef enum WireLogin {
        WIRE_LOGIN_NONE,
        WIRE_LOGIN_POLKIT,
        WIRE_LOGIN_SASL,
        _WIRE_LOGIN_MAX,
} WireLogin;
extern const EnumTable wire_login_table;

typedef struct Settings {
        unsigned n_ref;

        /* Sockets of the wire. Modes are octal texts, as in "0777". */
        bool wire; /* whether there is a wire door at all */
        bool listen_tcp, listen_tls;
        char *listen_addr; /* NULL: all addresses */
        char *tcp_port, *tls_port;
        char *unix_sock_dir; /* NULL: the instance's runtime directory */
        char *unix_sock_group;
        char *unix_sock_ro_perms, *unix_sock_rw_perms;

        WireLogin auth_unix_ro, auth_unix_rw, auth_tcp, auth_tls;
        int tcp_min_ssf;
        char **sasl_allowed_username_list; /* globs; NULL: everybody */

        char *key_file, *cert_file, *ca_file, *crl_file; /* NULL: the documented places */
        bool tls_no_verify_certificate;
        bool tls_no_sanity_certificate;
        char **tls_allowed_dn_list; /* globs; NULL: everybody */
        char *tls_priority;         /* NULL: the library's */

        int max_clients, max_queued_clients, max_anonymous_clients, max_client_requests;
        int keepalive_interval, keepalive_count;

        /* Of libvirt.conf too. */
        char *uri_default; /* NULL: not set */
        char *remote_mode, *remote_proxy;
        GHashTable *aliases; /* name to URI */
        GPtrArray
                *wrong; /* what is wrong in entries that were left out: texts, with file and line */
} Settings;

/* Borrowed, until it is loaded again; the defaults before settings_load(). */
const Settings *settings(void);
/* For who waits while there is something of it in use. Unref takes NULL and returns it. */
const Settings *settings_ref(const Settings *settings);
const Settings *settings_unref(const Settings *settings);

/* Reads the files and replaces what was loaded before. Wrong aliases, and a wrong libvirt.conf, are
 * left out and told in `wrong`; anything else that is wrong in virtbusd.conf is an error, after
 * which all is as it was. 0 or -1. Does not suspend. */
int settings_load(Instance instance, GError **error);
void settings_finish(void);

/* Whether it has the form of an alias, which no URI has. */
bool settings_is_alias(const char *name);
/* The URI that the name stands for; NULL: none. */
const char *settings_alias(const char *name);

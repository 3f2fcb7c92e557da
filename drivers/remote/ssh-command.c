/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/ssh-command.h"

#include "service/base/enum.h"

typedef enum SshProxy {
        SSH_PROXY_AUTO, /* a helper if there is one, else netcat */
        SSH_PROXY_NETCAT,
        SSH_PROXY_NATIVE,
        _SSH_PROXY_MAX,
} SshProxy;

ENUM_TABLE(ssh_proxy_table, "proxy", _SSH_PROXY_MAX, "auto", "netcat", "native");

static int find_proxy(const Target *target, SshProxy *ret, GError **error)
{
        const char *word = target_choice(target, "proxy");
        const char *netcat = uri_parameter(target->uri, "netcat");
        int given = word ? enum_value(&ssh_proxy_table, word) : -1;

        if (word && given < 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "%s: there is no proxy '%s', only auto, netcat and native",
                        target->uri->text, word);
        if (given == SSH_PROXY_NATIVE && netcat)
                return error_set(error, ERROR_INVALID_ARG, "%s: the proxy 'native' runs no netcat",
                        target->uri->text);
        /* Helpers know no sockets but their own. */
        if (given == SSH_PROXY_NETCAT || netcat ||
                (given < 0 && uri_parameter(target->uri, "socket")))
                *ret = SSH_PROXY_NETCAT;
        else
                *ret = given < 0 ? SSH_PROXY_AUTO : given;
        return 0;
}

/* Some kinds of netcat stay when their input has ended, unless they are told otherwise; others do
 * not know how. */
static void append_netcat(GString *script, const Target *target, const char *socket)
{
        g_autofree char *netcat = g_shell_quote(uri_parameter(target->uri, "netcat") ?: "nc");
        g_autofree char *path = g_shell_quote(socket);

        g_string_append_printf(script,
                "case $(%s -q 2>&1) in *'requires an argument'*) q=-q0;; *) q=;; esac; "
                "exec %s $q -U %s",
                netcat, netcat, path);
}

static void append_helper(GString *script, const Target *target)
{
        g_autofree char *name = g_shell_quote(target->name);

        g_string_append_printf(script, "exec \"$h\"%s %s", target->read_only ? " -r" : "", name);
}

int ssh_command(const Target *target, char **ret, GError **error)
{
        g_autoptr(GString) script = g_string_new(NULL);
        g_autofree char *socket = NULL, *quoted = NULL;
        SshProxy proxy = SSH_PROXY_AUTO;

        if (find_proxy(target, &proxy, error) < 0 || socket_path(target, true, &socket, error) < 0)
                return -1;
        if (proxy != SSH_PROXY_NETCAT)
                g_string_append(script,
                        "h=$(command -v virtbus-ssh-helper || command -v virt-ssh-helper); ");
        if (proxy == SSH_PROXY_NATIVE)
                g_string_append(script,
                        "[ -n \"$h\" ] || { echo there is no virtbus-ssh-helper or "
                        "virt-ssh-helper here >&2; exit 127; }; ");
        if (proxy == SSH_PROXY_AUTO)
                g_string_append(script, "if [ -n \"$h\" ]; then ");
        if (proxy != SSH_PROXY_NETCAT)
                append_helper(script, target);
        if (proxy == SSH_PROXY_AUTO)
                g_string_append(script, "; fi; ");
        if (proxy != SSH_PROXY_NATIVE)
                append_netcat(script, target, socket);
        /* The login shell may be any; this one is known. */
        quoted = g_shell_quote(script->str);
        *ret = g_strdup_printf("sh -c %s", quoted);
        return 0;
}

int ssh_check(const Target *target, GError **error)
{
        g_autofree char *command = NULL;

        if (!target->uri->host)
                return error_set(error, ERROR_INVALID_ARG, "%s: the transport '%s' needs a host",
                        target->uri->text, target->uri->transport);
        return target_check_path(target, "keyfile", error) < 0 ?
                -1 :
                ssh_command(target, &command, error);
}

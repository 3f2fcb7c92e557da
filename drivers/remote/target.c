/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/target.h"

#include <string.h>

/* A scheme that leaves the choice of a driver to the peer. */
#define ANY_DRIVER "remote"
/* Of the URI's digest, in a label. */
#define LABEL_DIGITS 10

/* What is about the way, and so not the peer's business. */
static const char *const own_parameters[] = { "name", "command", "socket", "auth", "authfile",
        "netcat", "keyfile", "known_hosts", "known_hosts_verify", "sshauth", "no_verify", "no_tty",
        "no_sanity", "pkipath", "tls_priority", "mode", "proxy", NULL };

static char *peer_name(const Uri *uri)
{
        const char *name = uri_parameter(uri, "name");
        g_autofree char *path = NULL;
        GString *text;
        char separator = '?';

        if (name)
                return g_strdup(name);
        if (strcmp(uri->driver, ANY_DRIVER) == 0)
                return g_strdup("");
        path = g_uri_escape_string(uri->path, "/", false);
        text = g_string_new(NULL);
        g_string_printf(text, "%s://%s", uri->driver, path);
        for (size_t i = 0; i < uri->n_parameters; i++) {
                const UriParameter *parameter = &uri->parameters[i];

                if (g_strv_contains(own_parameters, parameter->name))
                        continue;
                g_string_append_c(text, separator);
                g_string_append_uri_escaped(text, parameter->name, NULL, false);
                g_string_append_c(text, '=');
                g_string_append_uri_escaped(text, parameter->value, NULL, false);
                separator = '&';
        }
        return g_string_free(text, FALSE);
}

Target *target_new(const Uri *uri, Instance instance, bool read_only, GError **error)
{
        g_autoptr(Target) target = g_new0(Target, 1);

        if (uri_parse(uri->text, &target->uri, error) < 0)
                return NULL;
        target->instance = instance;
        target->read_only = read_only;
        target->name = peer_name(target->uri);
        return g_steal_pointer(&target);
}

Target *target_free(Target *target)
{
        if (!target)
                return NULL;
        if (target->session)
                target->session_free(target->session);
        uri_free(target->uri);
        g_free(target->name);
        g_free(target);
        return NULL;
}

bool target_flag(const Target *target, const char *name)
{
        const char *value = uri_parameter(target->uri, name);

        return value && strcmp(value, "0") != 0;
}

static struct {
        char *mode, *proxy;
} chosen;

static void choose(char **choice, const char *word)
{
        g_free(*choice);
        *choice = g_strcmp0(word, "auto") == 0 ? NULL : g_strdup(word);
}

void remote_choose(const char *mode, const char *proxy)
{
        choose(&chosen.mode, mode);
        choose(&chosen.proxy, proxy);
}

const char *target_choice(const Target *target, const char *name)
{
        return uri_parameter(target->uri, name) ?:
                strcmp(name, "mode") == 0       ? chosen.mode :
                                                  chosen.proxy;
}

int target_check_path(const Target *target, const char *name, GError **error)
{
        const char *path = uri_parameter(target->uri, name);

        return !path || g_path_is_absolute(path) ?
                0 :
                error_set(error, ERROR_INVALID_ARG, "%s: the path in '%s' is not absolute: '%s'",
                        target->uri->text, name, path);
}

char *target_label(const Target *target)
{
        const Uri *uri = target->uri;
        g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri->text, -1);
        g_autofree char *port = uri->port ? g_strdup_printf("%d", uri->port) : NULL;
        const char *const parts[] = { uri->driver, uri->transport, uri->user, uri->host, port,
                uri->path, target->read_only ? "ro" : NULL };
        GString *label = g_string_new(NULL);

        for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
                if (!parts[i] || !parts[i][0])
                        continue;
                if (label->len > 0 && label->str[label->len - 1] != '_' && parts[i][0] != '/')
                        g_string_append_c(label, '_');
                for (const char *at = parts[i]; *at; at++)
                        g_string_append_c(label, g_ascii_isalnum(*at) ? *at : '_');
        }
        /* Many a URI reads alike without its dots, slashes and parameters. */
        g_string_append_printf(label, "_%.*s", LABEL_DIGITS, digest);
        return g_string_free(label, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/uri.h"

#include <string.h>

#include "service/base/error.h"

#define URI_LENGTH_MAX 8192
#define URI_PARAMETERS_MAX 64

static int parameters_parse(Uri *uri, const char *query, GError **error)
{
        GUriParamsIter iter;
        g_autoptr(GError) problem = NULL;
        char *name, *value;

        g_uri_params_iter_init(&iter, query, -1, "&;", G_URI_PARAMS_NONE);
        while (g_uri_params_iter_next(&iter, &name, &value, &problem)) {
                if (uri->n_parameters == URI_PARAMETERS_MAX) {
                        g_free(name);
                        g_free(value);
                        return error_set(error, ERROR_INVALID_ARG,
                                "the URI has more than %d parameters", URI_PARAMETERS_MAX);
                }
                uri->parameters = g_renew(UriParameter, uri->parameters, uri->n_parameters + 1);
                uri->parameters[uri->n_parameters++] =
                        (UriParameter){ .name = name, .value = value };
        }
        if (problem)
                return error_set(error, ERROR_INVALID_ARG,
                        "malformed parameters in the URI '%s': %s", uri->text, problem->message);
        return 0;
}

int uri_parse(const char *text, Uri **ret, GError **error)
{
        g_autoptr(Uri) uri = g_new0(Uri, 1);
        g_autoptr(GError) problem = NULL;
        g_autoptr(GUri) parts = NULL;
        const char *scheme, *plus;

        if (strlen(text) > URI_LENGTH_MAX)
                return error_set(error, ERROR_INVALID_ARG, "the URI is longer than %d bytes",
                        URI_LENGTH_MAX);
        uri->text = g_strdup(text);
        if (!strchr(text, ':'))
                return error_set(error, ERROR_INVALID_ARG,
                        "malformed URI '%s': no driver in front, as in qemu:///system", text);
        parts = g_uri_parse(text, G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_HAS_PASSWORD, &problem);
        if (!parts)
                return error_set(
                        error, ERROR_INVALID_ARG, "malformed URI '%s': %s", text, problem->message);
        if (g_uri_get_fragment(parts))
                return error_set(error, ERROR_INVALID_ARG,
                        "malformed URI '%s': it has a fragment ('#')", text);
        if (g_uri_get_password(parts))
                return error_set(error, ERROR_INVALID_ARG,
                        "the URI holds a password, where everybody can read it: leave it out");

        scheme = g_uri_get_scheme(parts);
        plus = strchr(scheme, '+');
        uri->driver = g_ascii_strdown(scheme, plus ? plus - scheme : -1);
        if (plus)
                uri->transport = g_ascii_strdown(plus + 1, -1);
        if (!uri->driver[0] || (plus && !uri->transport[0]))
                return error_set(
                        error, ERROR_INVALID_ARG, "malformed URI '%s': scheme '%s'", text, scheme);
        uri->user = g_strdup(g_uri_get_user(parts));
        if (g_uri_get_host(parts) && g_uri_get_host(parts)[0])
                uri->host = g_strdup(g_uri_get_host(parts));
        uri->port = MAX(g_uri_get_port(parts), 0);
        uri->path = g_strdup(g_uri_get_path(parts));
        if (uri->path[0] && uri->path[0] != '/')
                return error_set(error, ERROR_INVALID_ARG,
                        "malformed URI '%s': its path does not begin with '/'", text);
        if (g_uri_get_query(parts) && parameters_parse(uri, g_uri_get_query(parts), error) < 0)
                return -1;
        *ret = g_steal_pointer(&uri);
        return 0;
}

void uri_free(Uri *uri)
{
        if (!uri)
                return;
        for (size_t i = 0; i < uri->n_parameters; i++) {
                g_free(uri->parameters[i].name);
                g_free(uri->parameters[i].value);
        }
        g_free(uri->parameters);
        g_free(uri->text);
        g_free(uri->driver);
        g_free(uri->transport);
        g_free(uri->user);
        g_free(uri->host);
        g_free(uri->path);
        g_free(uri);
}

const char *uri_parameter(const Uri *uri, const char *name)
{
        for (size_t i = 0; i < uri->n_parameters; i++)
                if (strcmp(uri->parameters[i].name, name) == 0)
                        return uri->parameters[i].value;
        return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Connection URIs: driver[+transport]://[user@][host][:port]/[path][?parameters] */

#include <glib.h>

typedef struct UriParameter {
        char *name, *value;
} UriParameter;

typedef struct Uri {
        char *text;      /* as it was given */
        char *driver;    /* "qemu", lower case */
        char *transport; /* "ssh", lower case; NULL: none */
        char *user;      /* NULL: none; decoded, as are host, path and parameters */
        char *host;      /* without the brackets of an IPv6 address; NULL: none */
        int port;        /* 0: none */
        char *path;      /* with the slash: "/system"; "" where there is none */
        UriParameter *parameters;
        size_t n_parameters;
} Uri;

/* 0, or -1 with ERROR_INVALID_ARG that says what is wrong with the text. */
int uri_parse(const char *text, Uri **ret, GError **error);
void uri_free(Uri *uri);

/* The first parameter of that name, NULL if there is none. */
const char *uri_parameter(const Uri *uri, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Uri, uri_free)

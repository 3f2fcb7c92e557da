/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tree of objects is published in two namespaces. All they differ in is here. */

#include <glib.h>
#include <stdbool.h>

typedef enum NamespaceId {
        NAMESPACE_VIRTBUS,
        NAMESPACE_LIBVIRT, /* what clients of libvirt-dbus know */
        _NAMESPACE_MAX,
} NamespaceId;

typedef struct Namespace {
        NamespaceId id;
        const char *bus_name;
        const char *root;       /* object path */
        const char *error_name; /* of every error; NULL: each has its own */
        bool compatible_only;   /* shows only the members that the other implementation has */
        bool doubled;           /* values of a{sv} are wrapped in a second variant */
        GHashTable *objects;    /* path to Object, both borrowed */
} Namespace;

extern Namespace namespaces[_NAMESPACE_MAX];

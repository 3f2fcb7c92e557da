/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/introspect.h"

#include <string.h>

#include "service/publish.h"

static const char head[] =
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
        "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
        "<node>\n"
        "  <interface name=\"org.freedesktop.DBus.Peer\">\n"
        "    <method name=\"Ping\"/>\n"
        "    <method name=\"GetMachineId\">\n"
        "      <arg name=\"machine_uuid\" type=\"s\" direction=\"out\"/>\n"
        "    </method>\n"
        "  </interface>\n"
        "  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
        "    <method name=\"Introspect\">\n"
        "      <arg name=\"xml_data\" type=\"s\" direction=\"out\"/>\n"
        "    </method>\n"
        "  </interface>\n";

static const char properties[] =
        "  <interface name=\"org.freedesktop.DBus.Properties\">\n"
        "    <method name=\"Get\">\n"
        "      <arg name=\"interface_name\" type=\"s\" direction=\"in\"/>\n"
        "      <arg name=\"property_name\" type=\"s\" direction=\"in\"/>\n"
        "      <arg name=\"value\" type=\"v\" direction=\"out\"/>\n"
        "    </method>\n"
        "    <method name=\"GetAll\">\n"
        "      <arg name=\"interface_name\" type=\"s\" direction=\"in\"/>\n"
        "      <arg name=\"props\" type=\"a{sv}\" direction=\"out\"/>\n"
        "    </method>\n"
        "    <method name=\"Set\">\n"
        "      <arg name=\"interface_name\" type=\"s\" direction=\"in\"/>\n"
        "      <arg name=\"property_name\" type=\"s\" direction=\"in\"/>\n"
        "      <arg name=\"value\" type=\"v\" direction=\"in\"/>\n"
        "    </method>\n"
        "    <signal name=\"PropertiesChanged\">\n"
        "      <arg name=\"interface_name\" type=\"s\"/>\n"
        "      <arg name=\"changed_properties\" type=\"a{sv}\"/>\n"
        "      <arg name=\"invalidated_properties\" type=\"as\"/>\n"
        "    </signal>\n"
        "  </interface>\n";

static const char object_manager[] =
        "  <interface name=\"org.freedesktop.DBus.ObjectManager\">\n"
        "    <method name=\"GetManagedObjects\">\n"
        "      <arg name=\"objects\" type=\"a{oa{sa{sv}}}\" direction=\"out\"/>\n"
        "    </method>\n"
        "    <signal name=\"InterfacesAdded\">\n"
        "      <arg name=\"object\" type=\"o\"/>\n"
        "      <arg name=\"interfaces\" type=\"a{sa{sv}}\"/>\n"
        "    </signal>\n"
        "    <signal name=\"InterfacesRemoved\">\n"
        "      <arg name=\"object\" type=\"o\"/>\n"
        "      <arg name=\"interfaces\" type=\"as\"/>\n"
        "    </signal>\n"
        "  </interface>\n";

/* Where a path goes on below another, NULL where it does not. */
static const char *path_below(const char *path, const char *root)
{
        size_t n = strlen(root);

        return strncmp(path, root, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static bool is_alone(const Namespace *space, const char *path, const char *below)
{
        g_autofree char *prefix = g_strdup(path);

        for (const char *slash = strchr(below, '/'); slash; slash = strchr(slash + 1, '/')) {
                char *end = prefix + (slash - path);

                *end = 0;
                if (publish_lookup(space, prefix))
                        return false;
                *end = '/';
        }
        return true;
}

GPtrArray *introspect_below(const Namespace *space, const char *path)
{
        GPtrArray *objects = g_ptr_array_new_with_free_func(object_unref_notify);
        GHashTableIter iter;
        void *key, *object;

        g_hash_table_iter_init(&iter, space->objects);
        while (g_hash_table_iter_next(&iter, &key, &object)) {
                const char *below = path_below(key, path);

                if (below && is_alone(space, key, below))
                        g_ptr_array_add(objects, object_ref(object));
        }
        return objects;
}

/* The next component on the way to each, once. */
static void append_nodes(
        GString *text, const Namespace *space, const char *path, const GPtrArray *below)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        for (unsigned i = 0; i < below->len; i++) {
                const char *other = publish_path(below->pdata[i], space);
                const char *rest = other ? path_below(other, path) : NULL;
                char *name = rest ? g_strndup(rest, strcspn(rest, "/")) : NULL;

                if (name && g_hash_table_add(seen, name))
                        g_string_append_printf(text, "  <node name=\"%s\"/>\n", name);
        }
}

char *introspect(
        const Namespace *space, const char *path, const Object *object, const GPtrArray *below)
{
        GString *text = g_string_new(head);

        if (object && strcmp(path, space->root) == 0)
                g_string_append(text, object_manager);
        if (object) {
                g_string_append(text, properties);
                g_string_append_printf(
                        text, "  %s", publish_face(object)->introspection[space->id]);
        }
        append_nodes(text, space, path, below);
        g_string_append(text, "</node>\n");
        return g_string_free(text, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/bridge.h"

#include <string.h>

#define SOCKET "virtbus/virtbus-sock"

static int bridge_to(const char *name, const char *folder, const char *label, uid_t owner,
        bool read_only, Bridge *ret, GError **error)
{
        const char *suffix = read_only ? "-ro" : "";
        g_autofree char *text =
                g_strdup_printf("qemu+unix:///%s?socket=%s/" SOCKET "%s", name, folder, suffix);

        if (uri_parse(text, &ret->uri, error) < 0)
                return -1;
        ret->label = g_strconcat(label, read_only ? "_ro" : "", NULL);
        ret->owner = owner;
        return 0;
}

static int bridge_to_user(Caller *caller, bool read_only, Bridge *ret, GError **error)
{
        g_autofree char *folder = NULL, *label = NULL;

        if (caller->kind == CALLER_REMOTE)
                return error_set(error, ERROR_NO_CONNECT,
                        "qemu:///session: it is a user's of that host, and '%s' has come from another one",
                        caller->client.user ?: caller->name);
        if (caller_identify(caller, error) < 0)
                return -1;
        folder = g_strdup_printf("/run/user/%u", caller->client.uid);
        label = g_strdup_printf("qemu_session_%u", caller->client.uid);
        return bridge_to("session", folder, label, caller->client.uid, read_only, ret, error);
}

int bridge_find(const Uri *uri, Instance instance, Caller *caller, bool read_only, Bridge *ret,
        GError **error)
{
        const char *other = instance == INSTANCE_SYSTEM ? "/session" : "/system";

        *ret = (Bridge){ .owner = NO_OWNER };
        if (!caller || uri->transport || uri->host || strcmp(uri->driver, "qemu") != 0 ||
                strcmp(uri->path, other) != 0)
                return 0;
        return instance == INSTANCE_SYSTEM ?
                bridge_to_user(caller, read_only, ret, error) :
                bridge_to("system", "/run", "qemu_system", NO_OWNER, read_only, ret, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/caller.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/base/bus-call.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"

/* asm-generic/socket.h; the C library's headers may be older than the kernel. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

static struct {
        sd_bus *bus;
        Instance instance;
        sd_bus_slot *match;
        GHashTable *callers; /* name to Caller, referenced */
        GPtrArray *leave;    /* callbacks */
        unsigned n_peers;    /* of the wire, ever */
} callers;

Caller *caller_ref(Caller *caller)
{
        caller->n_ref++;
        return caller;
}

Caller *caller_unref(Caller *caller)
{
        if (!caller || --caller->n_ref > 0)
                return NULL;
        client_left(&caller->client);
        g_free(caller->client.user);
        g_clear_pointer(&caller->decisions, g_hash_table_unref);
        g_clear_pointer(&caller->opened, g_hash_table_unref);
        fd_close(caller->pidfd);
        g_free(caller->agent);
        g_free(caller->name);
        g_free(caller);
        return NULL;
}

static void caller_drop(Caller *caller)
{
        g_autoptr(Caller) held = caller_ref(caller);

        caller->gone = true;
        g_hash_table_remove(callers.callers, caller->name);
        for (GSList *link = caller->asking; link; link = link->next)
                wait_done(link->data, -ENOTCONN);
        for (unsigned i = 0; i < callers.leave->len; i++)
                ((void (*)(Caller *))callers.leave->pdata[i])(caller);
        client_left(&caller->client);
}

static int on_name_owner_changed(sd_bus_message *message, void *data, sd_bus_error *error)
{
        const char *name, *old, *new;
        Caller *caller;
        int r;

        (void)data, (void)error;
        r = sd_bus_message_read(message, "sss", &name, &old, &new);
        if (r < 0 || new[0])
                return 0;
        caller = g_hash_table_lookup(callers.callers, name);
        if (caller)
                caller_drop(caller);
        return 0;
}

static void caller_unref_notify(void *caller)
{
        caller_unref(caller);
}

int callers_init(sd_bus *bus, Instance instance)
{
        int r;

        r = sd_bus_match_signal_async(bus, &callers.match, "org.freedesktop.DBus",
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged",
                on_name_owner_changed, NULL, NULL);
        if (r < 0)
                return r;
        callers.bus = sd_bus_ref(bus);
        callers.instance = instance;
        callers.callers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, caller_unref_notify);
        callers.leave = g_ptr_array_new();
        return 0;
}

void callers_finish(void)
{
        g_clear_pointer(&callers.callers, g_hash_table_unref);
        g_clear_pointer(&callers.leave, g_ptr_array_unref);
        callers.match = sd_bus_slot_unref(callers.match);
        callers.bus = sd_bus_unref(callers.bus);
}

void callers_on_leave(void (*callback)(Caller *caller))
{
        g_ptr_array_add(callers.leave, (void *)callback);
}

void callers_each(void (*each)(Caller *caller, void *data), void *data)
{
        g_autoptr(GList) all = g_hash_table_get_values(callers.callers);

        for (GList *link = all; link; link = link->next)
                each(link->data, data);
}

static Caller *caller_new(CallerKind kind, char *name)
{
        Caller *caller = g_new(Caller, 1);

        *caller = (Caller){ .kind = kind, .n_ref = 1, .name = name, .pidfd = -1 };
        g_hash_table_insert(callers.callers, caller->name, caller);
        return caller;
}

Caller *caller_of(sd_bus_message *message)
{
        const char *name = sd_bus_message_get_sender(message);
        Caller *caller;

        if (!name)
                return NULL;
        caller = g_hash_table_lookup(callers.callers, name);
        return caller ?: caller_new(CALLER_BUS, g_strdup(name));
}

/* Peers of the wire. No unique name on the bus looks like theirs. */

static Caller *peer_new(CallerKind kind)
{
        return caller_ref(caller_new(kind, g_strdup_printf("wire-%u", ++callers.n_peers)));
}

/* Field 22 of proc(5)'s stat; 0 where the process is not there. The second field may contain
 * anything. */
static uint64_t process_start_time(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid), *text = NULL;
        unsigned long long time;
        const char *end;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                return 0;
        end = strrchr(text, ')');
        if (!end ||
                sscanf(end + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
                        " %*d %llu",
                        &time) != 1)
                return 0;
        return time;
}

int caller_new_process(int fd, Caller **ret, GError **error)
{
        struct ucred peer;
        socklen_t length = sizeof peer;
        Caller *caller;
        int pidfd = -1;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
                return error_set_errno(error, errno, "cannot tell who the peer of a socket is");
        length = sizeof pidfd;
        /* Linux has it since 6.5. */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) < 0)
                pidfd = -1;

        caller = peer_new(CALLER_PROCESS);
        caller->client.uid = peer.uid;
        caller->pid = peer.pid;
        caller->start_time = process_start_time(peer.pid);
        caller->pidfd = pidfd;
        *ret = caller;
        return 0;
}

Caller *caller_new_remote(void)
{
        return peer_new(CALLER_REMOTE);
}

void caller_logged_in(Caller *caller, const char *user)
{
        g_free(caller->client.user);
        caller->client.user = g_strdup(user);
        caller->known = caller->trusted = true;
}

void caller_leave(Caller *caller)
{
        caller_drop(caller);
        caller_unref(caller);
}

static char *user_name(uid_t uid)
{
        struct passwd entry, *found = NULL;
        char buffer[4096];

        if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found)
                return g_strdup(found->pw_name);
        return g_strdup_printf("%u", uid);
}

/* The bus knows the peer's credentials; a{sv} with UnixUserID. */
static int read_uid(sd_bus_message *reply, uid_t *ret)
{
        const char *name, *contents;
        bool found = false;
        uint32_t uid = 0;
        char kind;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(reply, 's', &name);
                if (r < 0)
                        return r;
                r = sd_bus_message_peek_type(reply, &kind, &contents);
                if (r < 0)
                        return r;
                if (strcmp(name, "UnixUserID") == 0 && strcmp(contents, "u") == 0) {
                        r = sd_bus_message_read(reply, "v", "u", &uid);
                        found = true;
                } else
                        r = sd_bus_message_skip(reply, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r < 0)
                return r;
        *ret = uid;
        return found ? 0 : -ENODATA;
}

/* The passwd database may ask the network. */
typedef struct NameLookup {
        uid_t uid;
        char *name;
} NameLookup;

static int name_work(void *data)
{
        NameLookup *lookup = data;

        lookup->name = user_name(lookup->uid);
        return 0;
}

static int ask_bus(const Caller *caller, uid_t *ret, GError **error)
{
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_auto(sd_bus_error) problem = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_message_new_method_call(callers.bus, &call, "org.freedesktop.DBus",
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionCredentials");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", caller->name);
        if (r >= 0)
                r = bus_call(
                        callers.bus, call, fiber_deadline(10 * G_USEC_PER_SEC), &reply, &problem);
        if (r >= 0)
                r = read_uid(reply, ret);
        if (r < 0)
                return error_set(error, ERROR_ACCESS_DENIED, "the bus does not say who '%s' is: %s",
                        caller->name, problem.message ?: g_strerror(-r));
        return 0;
}

int caller_identify(Caller *caller, GError **error)
{
        NameLookup lookup = { .uid = caller->client.uid };
        int r;

        if (caller->known)
                return 0;
        if (caller->kind == CALLER_REMOTE)
                return error_set(
                        error, ERROR_ACCESS_DENIED, "'%s' has not logged in", caller->name);
        if (caller->kind == CALLER_BUS && ask_bus(caller, &lookup.uid, error) < 0)
                return -1;
        r = offload("the name of a user", name_work, &lookup);
        if (r < 0 || caller->gone || caller->known) {
                g_free(lookup.name);
                return caller->known ?
                        0 :
                        error_set(error, ERROR_ACCESS_DENIED, "'%s' has left", caller->name);
        }

        caller->client.uid = lookup.uid;
        caller->client.user = lookup.name;
        caller->trusted =
                lookup.uid == 0 || (callers.instance == INSTANCE_SESSION && lookup.uid == getuid());
        caller->known = true;
        if (callers.instance == INSTANCE_SESSION && !caller->trusted) {
                caller->known = false;
                g_clear_pointer(&caller->client.user, g_free);
                return error_set(
                        error, ERROR_ACCESS_DENIED, "this service serves its own user only");
        }
        return 0;
}

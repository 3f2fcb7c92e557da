/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "service/base/cleanup.h"
#include "service/settings.h"
#include "service/wire/client.h"
#include "service/wire/tls-door.h"
#include "service/wire/turns.h"

#define SOCKET "virtbus-sock"
#define SOCKET_READ_ONLY "virtbus-sock-ro"
#define LOCK "virtbus-sock.lock"
#define REST G_USEC_PER_SEC
#define AT_ONCE 16 /* clients that are let in before others have their turn */

/* A socket that clients come in through. */
typedef struct Listener {
        int fd;
        sd_event_source *source;
        char *path; /* of a socket that we made; NULL: systemd's, or none */
        bool local, read_only, tls;
        bool kept;       /* by systemd, which starts the service again when somebody comes */
        WireLogin login; /* but over TLS, where what holds is what is set when hands are shaken */
} Listener;

static struct {
        sd_event *event;
        GPtrArray *listeners; /* of Listener */
        int lock;             /* held while the sockets are ours */
        WireClient *clients;
        unsigned n_clients;
        bool full;
        sd_event_source *rest; /* until when nobody can be let in; NULL: there is no such time */
} door = { .lock = -1 };

/* Coming in. */

static unsigned count_anonymous(void)
{
        unsigned n = 0;

        for (const WireClient *client = door.clients; client; client = client->next)
                n += client->login != WIRE_LOGIN_NONE;
        return n + wire_tls_shaking();
}

/* Past the limits those who come wait outside. */
static void settle(void)
{
        bool full = door.rest || door.n_clients >= (unsigned)settings()->max_clients ||
                count_anonymous() >= (unsigned)settings()->max_anonymous_clients;

        if (full == door.full || !door.listeners)
                return;
        door.full = full;
        for (unsigned i = 0; i < door.listeners->len; i++)
                sd_event_source_set_enabled(((Listener *)door.listeners->pdata[i])->source,
                        full ? SD_EVENT_OFF : SD_EVENT_ON);
}

void wire_door_add(WireClient *client)
{
        client->next = door.clients;
        if (client->next)
                client->next->previous = client;
        door.clients = client;
        door.n_clients++;
        wire_turns_needed(true);
        settle();
}

void wire_door_remove(WireClient *client)
{
        *(client->previous ? &client->previous->next : &door.clients) = client->next;
        if (client->next)
                client->next->previous = client->previous;
        client->previous = client->next = NULL;
        door.n_clients--;
        wire_turns_needed(door.n_clients > 0);
        settle();
}

void wire_door_known(void)
{
        settle();
}

void wire_door_each(void (*each)(WireClient *client, void *data), void *data)
{
        WireClient *next;

        for (WireClient *client = door.clients; client; client = next) {
                next = client->next;
                each(client, data);
        }
}

/* A port of our own is closed when we are gone, and nobody can call us back through it. */
bool wire_door_in_use(void)
{
        for (unsigned i = 0; door.listeners && i < door.listeners->len; i++) {
                const Listener *listener = door.listeners->pdata[i];

                if (!listener->local && !listener->kept)
                        return true;
        }
        return door.n_clients > 0;
}

/* From afar: who needs no further login is known by the name that its certificate has, if any. */
static void let_in_remote(WireLink *link, WireLogin login, const char *name)
{
        Caller *caller = caller_new_remote();

        if (login == WIRE_LOGIN_NONE)
                caller_logged_in(caller, name ?: "anonymous");
        wire_client_new(door.event, link, caller, login, false);
}

static void let_in_local(const Listener *listener, int fd)
{
        g_autoptr(GError) error = NULL;
        Caller *caller;

        if (caller_new_process(fd, &caller, &error) < 0) {
                g_warning("%s", error->message);
                fd_close(fd);
                return;
        }
        wire_client_new(
                door.event, wire_link_new_socket(fd), caller, listener->login, listener->read_only);
}

/* Over TLS, when hands are shaken, or were refused. */
static void on_shaken(WireLink *link, const char *name, void *data)
{
        (void)data;
        if (link && door.listeners)
                let_in_remote(link, settings()->auth_tls, name);
        else
                wire_link_free(link);
        settle();
}

/* Where there is to be no door, a socket of systemd's is one that nobody comes in through: left
 * alone, those who wait there would have us started again and again. */
static void let_in(const Listener *listener, int fd)
{
        if (!settings()->wire)
                fd_close(fd);
        else if (listener->local)
                let_in_local(listener, fd);
        else if (!listener->tls)
                let_in_remote(wire_link_new_socket(fd), listener->login, NULL);
        else if (wire_tls_shake(fd, on_shaken, NULL) >= 0)
                settle();
}

static int on_rested(sd_event_source *source, uint64_t usec, void *data)
{
        (void)source, (void)usec, (void)data;
        door.rest = sd_event_source_disable_unref(door.rest);
        settle();
        return 0;
}

/* One who cannot be let in, for want of a descriptor, goes on knocking. */
static void take_rest(int errnum)
{
        g_warning("cannot let a client in: %s", g_strerror(errnum));
        if (sd_event_add_time_relative(
                    door.event, &door.rest, CLOCK_MONOTONIC, REST, 0, on_rested, NULL) >= 0)
                settle();
}

static int on_knock(sd_event_source *source, int fd, uint32_t events, void *data)
{
        const Listener *listener = data;

        (void)source, (void)events;
        for (unsigned i = 0; i < AT_ONCE && !door.full; i++) {
                int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (client >= 0) {
                        let_in(listener, client);
                        continue;
                }
                if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                        take_rest(errno);
                break;
        }
        return 0;
}

/* Sockets. */

static void listener_free(void *data)
{
        Listener *listener = data;

        sd_event_source_disable_unref(listener->source);
        if (listener->path)
                unlink(listener->path);
        fd_close(listener->fd);
        g_free(listener->path);
        g_free(listener);
}

/* Takes fd and path. */
static void listener_add(Listener draft)
{
        Listener *listener = g_memdup2(&draft, sizeof draft);
        int r;

        r = sd_event_add_io(
                door.event, &listener->source, listener->fd, EPOLLIN, on_knock, listener);
        if (r < 0) {
                g_warning("cannot listen for clients of the wire: %s", g_strerror(-r));
                listener_free(listener);
                return;
        }
        sd_event_source_set_description(listener->source, "clients of the wire");
        g_ptr_array_add(door.listeners, listener);
}

/* Whether a socket is for reading only is told by the end of its name, as everywhere. */
static void take_local(int fd, char *path, const char *name)
{
        bool read_only = g_str_has_suffix(name, "-ro");

        listener_add((Listener){
                .fd = fd,
                .path = path,
                .local = true,
                .kept = !path,
                .read_only = read_only,
                .login = read_only ? settings()->auth_unix_ro : settings()->auth_unix_rw,
        });
}

static void take_network(int fd, bool tls, bool kept)
{
        listener_add(
                (Listener){ .fd = fd, .tls = tls, .kept = kept, .login = settings()->auth_tcp });
        if (tls)
                wire_tls_open();
}

static void take_given(int fd, const char *name)
{
        struct sockaddr_un address = { 0 };
        socklen_t length = sizeof address;

        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
                getsockname(fd, (struct sockaddr *)&address, &length) < 0)
                g_warning("cannot use the socket '%s': %s", name, g_strerror(errno));
        else if (address.sun_family == AF_UNIX)
                take_local(fd, NULL, address.sun_path);
        else
                take_network(fd, strstr(name, "tls"), true);
}

static void take_all_given(void)
{
        char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names);

        for (int i = 0; i < n; i++) {
                take_given(SD_LISTEN_FDS_START + i, names[i]);
                free(names[i]);
        }
        free(names);
}

static bool has_listener(bool local, bool tls)
{
        for (unsigned i = 0; i < door.listeners->len; i++) {
                const Listener *listener = door.listeners->pdata[i];

                if (listener->local == local && listener->tls == tls)
                        return true;
        }
        return false;
}

static int fill_address(struct sockaddr_un *address, const char *path)
{
        *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof address->sun_path)
                return -ENAMETOOLONG;
        g_strlcpy(address->sun_path, path, sizeof address->sun_path);
        return 0;
}

/* Somebody else may have it open, whether or not it is a virtbusd. */
static bool is_answered(const struct sockaddr_un *address)
{
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        return fd >= 0 &&
                (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                        errno == EAGAIN);
}

/* The group of the read-write socket, as it is configured. */
static int give_to_group(const char *path, const char *name)
{
        const struct group *group = getgrnam(name);

        if (!group)
                return -ESRCH;
        return chown(path, (uid_t)-1, group->gr_gid) < 0 ? -errno : 0;
}

static int open_local(const char *path, const char *mode)
{
        const char *group = settings()->unix_sock_group;
        struct sockaddr_un address;
        _cleanup_fd_ int fd = -1;
        int r;

        r = fill_address(&address, path);
        if (r < 0)
                return r;
        if (is_answered(&address))
                return -EADDRINUSE;
        unlink(path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        if (group)
                r = give_to_group(path, group);
        /* Nobody can connect before it listens. */
        if (r < 0 || chmod(path, strtoul(mode, NULL, 8)) < 0 ||
                listen(fd, settings()->max_queued_clients) < 0) {
                r = r < 0 ? r : -errno;
                unlink(path);
                return r;
        }
        take_local(fd_steal(&fd), g_strdup(path), path);
        return 0;
}

static char *directory_of(Instance instance)
{
        if (settings()->unix_sock_dir)
                return g_strdup(settings()->unix_sock_dir);
        return instance == INSTANCE_SYSTEM ?
                g_strdup("/run/virtbus") :
                g_build_filename(g_get_user_runtime_dir(), "virtbus", NULL);
}

/* One service alone opens sockets in a folder, and another one after it has ended. */
static int lock_directory(const char *directory)
{
        g_autofree char *path = g_build_filename(directory, LOCK, NULL);

        if (g_mkdir_with_parents(directory, 0755) < 0)
                return -errno;
        door.lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (door.lock < 0)
                return -errno;
        if (flock(door.lock, LOCK_EX | LOCK_NB) == 0)
                return 0;
        door.lock = fd_close(door.lock);
        return -EADDRINUSE;
}

static void open_directory(Instance instance)
{
        const Settings *set = settings();
        /* On the host's bus polkit is asked about each call, so that anybody may try. */
        const char *rw = set->unix_sock_rw_perms ?: instance == INSTANCE_SYSTEM ? "0777" : "0700";
        const struct {
                const char *name, *mode;
        } sockets[] = {
                { SOCKET, rw },
                { SOCKET_READ_ONLY, set->unix_sock_ro_perms },
        };
        g_autofree char *directory = directory_of(instance);
        int r = lock_directory(directory);

        for (unsigned i = 0; r >= 0 && i < G_N_ELEMENTS(sockets); i++) {
                g_autofree char *path = g_build_filename(directory, sockets[i].name, NULL);

                r = open_local(path, sockets[i].mode);
        }
        if (r == -EADDRINUSE)
                g_info("another service has the sockets in %s", directory);
        else if (r < 0)
                g_warning("cannot open sockets in %s: %s", directory, g_strerror(-r));
}

/* IPv6 takes IPv4, too, where it is all addresses. */
static int listen_tcp(const char *address, uint16_t port)
{
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } name = { .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
        socklen_t length = sizeof name.v6;
        _cleanup_fd_ int fd = -1;

        if (address && inet_pton(AF_INET6, address, &name.v6.sin6_addr) != 1) {
                name.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
                length = sizeof name.v4;
                if (inet_pton(AF_INET, address, &name.v4.sin_addr) != 1)
                        return -EINVAL;
        }
        fd = socket(name.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
                (!address &&
                        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)) < 0) ||
                bind(fd, &name.any, length) < 0 || listen(fd, settings()->max_queued_clients) < 0)
                return -errno;
        return fd_steal(&fd);
}

static void open_network(const char *port, bool tls)
{
        const char *address = settings()->listen_addr;
        guint64 number;
        int fd = -EINVAL;

        if (g_ascii_string_to_unsigned(port, 10, 0, UINT16_MAX, &number, NULL))
                fd = listen_tcp(address, number);
        if (fd < 0)
                g_warning("cannot listen on port %s of %s: %s", port, address ?: "all addresses",
                        g_strerror(-fd));
        else
                take_network(fd, tls, false);
}

void wire_door_open(sd_bus *bus, sd_event *event, Instance instance)
{
        door.event = event;
        door.listeners = g_ptr_array_new_with_free_func(listener_free);
        wire_events_init();
        wire_turns_open(bus, event);
        take_all_given();
        if (!settings()->wire)
                return;
        if (!has_listener(true, false))
                open_directory(instance);
        if (settings()->listen_tcp && !has_listener(false, false))
                open_network(settings()->tcp_port, false);
        if (settings()->listen_tls && !has_listener(false, true))
                open_network(settings()->tls_port, true);
}

void wire_door_shut(void)
{
        g_clear_pointer(&door.listeners, g_ptr_array_unref);
        door.rest = sd_event_source_disable_unref(door.rest);
        door.lock = fd_close(door.lock);
}

void wire_door_close(void)
{
        wire_door_shut();
        while (door.clients)
                wire_client_drop(door.clients);
        wire_tls_close();
        wire_events_finish();
        wire_turns_close();
}

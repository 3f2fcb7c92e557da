/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sockets of this host: libvirt's one daemon (legacy), its daemon for a driver (direct), and where
 * neither is there, another virtbus. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "drivers/remote/transport.h"
#include "service/base/cleanup.h"
#include "service/base/enum.h"

/* Where clients of libvirt look, also on other hosts. */
#define SYSTEM_SOCKETS "/var/run"
/* Each user has one in it. */
#define RUNTIME_FOLDERS "/run/user"

typedef enum SocketMode {
        SOCKET_AUTO,
        SOCKET_DIRECT,
        SOCKET_LEGACY,
        _SOCKET_MODE_MAX,
} SocketMode;

ENUM_TABLE(socket_mode_names, "mode", _SOCKET_MODE_MAX, "auto", "direct", "legacy");

/* A user's daemon is meant by a path "/session", and by a test host, which anybody can run. */
static bool wants_session(const Target *target)
{
        const Uri *uri = target->uri;

        if (target->instance == INSTANCE_SYSTEM)
                return false;
        return strcmp(uri->path, "/session") == 0 || strcmp(uri->driver, "test") == 0;
}

/* "libvirt/libvirt-sock" below the folder that the target's daemons have. */
static char *default_path(const Target *target, const char *base, const char *daemon)
{
        bool session = wants_session(target);
        const char *folder = session ? g_get_user_runtime_dir() : SYSTEM_SOCKETS;
        const char *suffix = target->read_only && !session ? "-ro" : "";

        return g_strdup_printf("%s/%s/%s-sock%s", folder, base, daemon, suffix);
}

static int find_path(const Target *target, SocketMode mode, char **ret)
{
        g_autofree char *daemon = g_strdup_printf("virt%sd", target->uri->driver);
        g_autofree char *legacy = default_path(target, "libvirt", "libvirt");
        g_autofree char *direct = default_path(target, "libvirt", daemon);
        g_autofree char *ours = default_path(target, "virtbus", "virtbus");

        if (mode == SOCKET_DIRECT || (mode == SOCKET_AUTO && access(direct, F_OK) == 0))
                *ret = g_steal_pointer(&direct);
        else if (mode == SOCKET_AUTO && access(legacy, F_OK) < 0 && access(ours, F_OK) == 0)
                *ret = g_steal_pointer(&ours);
        else
                *ret = g_steal_pointer(&legacy);
        return 0;
}

int socket_path(const Target *target, bool remote, char **ret, GError **error)
{
        const char *given = uri_parameter(target->uri, "socket");
        const char *word = target_choice(target, "mode");
        int mode = word ? enum_value(&socket_mode_names, word) : SOCKET_AUTO;

        if (mode < 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "%s: there is no mode '%s', only auto, direct and legacy",
                        target->uri->text, word);
        if (given) {
                *ret = g_strdup(given);
                return 0;
        }
        if (!remote)
                return find_path(target, mode, ret);
        if (mode == SOCKET_DIRECT)
                return error_set(error, ERROR_INVALID_ARG,
                        "%s: cannot use direct socket mode over the transport '%s'",
                        target->uri->text, target->uri->transport);
        *ret = g_strdup_printf(
                SYSTEM_SOCKETS "/libvirt/libvirt-sock%s", target->read_only ? "-ro" : "");
        return 0;
}

static int unix_check(const Target *target, GError **error)
{
        g_autofree char *path = NULL;

        if (target->uri->host)
                return error_set(error, ERROR_INVALID_ARG,
                        "%s: the transport 'unix' stays on this host, but the URI names host '%s'",
                        target->uri->text, target->uri->host);
        return socket_path(target, false, &path, error);
}

/* A path that begins with '@' is in the abstract namespace. */
static int fill_address(const char *path, struct sockaddr_un *ret, socklen_t *ret_size)
{
        size_t length = strlen(path);

        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (length == 0)
                return -ENOENT;
        if (length >= sizeof ret->sun_path)
                return -ENAMETOOLONG;
        memcpy(ret->sun_path, path, length);
        *ret_size = offsetof(struct sockaddr_un, sun_path) + length;
        if (path[0] == '@')
                ret->sun_path[0] = '\0';
        else
                *ret_size += 1;
        return 0;
}

/* Suspends. The descriptor, or -errno. */
static int connect_path(const char *path, uint64_t deadline)
{
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        socklen_t size;
        int r;

        if (fd < 0)
                return -errno;
        r = fill_address(path, &address, &size);
        if (r < 0)
                return r;
        while (connect(fd, (struct sockaddr *)&address, size) < 0) {
                /* The peer has more connections to accept than it has room for; the kernel does not
                 * tell when that is over. */
                if (errno != EAGAIN)
                        return -errno;
                if (fiber_now() > deadline)
                        return -ETIMEDOUT;
                r = fiber_sleep(10 * G_TIME_SPAN_MILLISECOND);
                if (r < 0)
                        return r;
        }
        return fd_steal(&fd);
}

/* A socket in a user's runtime folder has to be that user's. What stands there is for the user to
 * say, and could lead to somebody who takes the service, which may be root, for whom it serves. */
static int check_user(int fd, const char *path, GError **error)
{
        struct ucred peer;
        socklen_t length = sizeof peer;
        unsigned user;

        if (sscanf(path, RUNTIME_FOLDERS "/%u/", &user) != 1)
                return 0;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
                return error_set_errno(error, errno, "cannot tell whose the socket '%s' is", path);
        if (peer.uid != user)
                return error_set(error, ERROR_AUTH_FAILED,
                        "the socket '%s' is served by user %u, not by user %u", path, peer.uid,
                        user);
        return 0;
}

static int unix_way(Target *target, uint64_t deadline, Way *ret, GError **error)
{
        g_autofree char *path = NULL;
        _cleanup_fd_ int fd = -1;

        if (socket_path(target, false, &path, error) < 0)
                return -1;
        fd = connect_path(path, deadline);
        if (fd < 0)
                return error_set_errno(error, fd, "Failed to connect socket to '%s'", path);
        if (check_user(fd, path, error) < 0)
                return -1;
        ret->link = wire_link_new_socket(fd_steal(&fd));
        return 0;
}

const Transport unix_transport = {
        .name = "unix",
        .secure = true,
        .passes_fds = true,
        .check = unix_check,
        .connect = unix_way,
};

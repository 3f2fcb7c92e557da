/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/link.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "service/base/cleanup.h"

/* Sockets. */

/* Room for one descriptor, to the byte: into the padding behind it the kernel would put another. It
 * closes those that have no room. */
#define ONE_FD CMSG_LEN(sizeof(int))
typedef union OneFd {
        struct cmsghdr header;
        uint8_t space[CMSG_SPACE(sizeof(int))];
} OneFd;

static ssize_t socket_result(ssize_t n)
{
        if (n >= 0)
                return n;
        return errno == EINTR ? -EAGAIN : -errno;
}

static ssize_t tcp_read(WireLink *link, void *bytes, size_t n, int *ret_fd)
{
        (void)ret_fd;
        return socket_result(recv(link->fd, bytes, n, 0));
}

static ssize_t tcp_write(WireLink *link, const void *bytes, size_t n, int fd)
{
        (void)fd;
        return socket_result(send(link->fd, bytes, n, MSG_NOSIGNAL));
}

static ssize_t unix_read(WireLink *link, void *bytes, size_t n, int *ret_fd)
{
        struct iovec iov = { .iov_base = bytes, .iov_len = n };
        OneFd control;
        struct msghdr message = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = ONE_FD
        };
        ssize_t r = socket_result(recvmsg(link->fd, &message, MSG_CMSG_CLOEXEC));
        const struct cmsghdr *head = r > 0 ? CMSG_FIRSTHDR(&message) : NULL;
        int fd;

        if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
                head->cmsg_len != ONE_FD)
                return r;
        memcpy(&fd, CMSG_DATA(head), sizeof fd);
        /* One of several on one byte is none that was meant for us. */
        *ret_fd = message.msg_flags & MSG_CTRUNC ? fd_close(fd) : fd;
        return r;
}

static ssize_t unix_write(WireLink *link, const void *bytes, size_t n, int fd)
{
        struct iovec iov = { .iov_base = (void *)bytes, .iov_len = n };
        OneFd control;
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (fd >= 0) {
                memset(&control, 0, sizeof control);
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = ONE_FD;
                memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
                message.msg_control = &control;
                message.msg_controllen = sizeof control;
        }
        return socket_result(sendmsg(link->fd, &message, MSG_NOSIGNAL));
}

static void socket_free(WireLink *link)
{
        fd_close(link->fd);
        g_free(link);
}

static const WireLinkKind unix_kind = {
        .name = "unix",
        .passes_fds = true,
        .read = unix_read,
        .write = unix_write,
        .free = socket_free,
};

static const WireLinkKind tcp_kind = {
        .name = "tcp",
        .read = tcp_read,
        .write = tcp_write,
        .free = socket_free,
};

WireLink *wire_link_new_socket(int fd)
{
        WireLink *link = g_new0(WireLink, 1);
        int family = AF_UNSPEC, one = 1;
        socklen_t n = sizeof family;

        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n);
        *link = (WireLink){ .kind = family == AF_UNIX ? &unix_kind : &tcp_kind, .fd = fd };
        /* Neither fails on a socket; one that is none is told by the first read. */
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        if (family != AF_UNIX)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return link;
}

static bool format_place(
        int fd, int (*get)(int, struct sockaddr *, socklen_t *), char text[WIRE_PLACE])
{
        union {
                struct sockaddr any;
                struct sockaddr_storage room;
        } address;
        socklen_t size = sizeof address;
        char host[96], port[16];

        if (get(fd, &address.any, &size) < 0 ||
                (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6) ||
                getnameinfo(&address.any, size, host, sizeof host, port, sizeof port,
                        NI_NUMERICHOST | NI_NUMERICSERV) != 0)
                return false;
        snprintf(text, WIRE_PLACE, "%s;%s", host, port);
        return true;
}

bool wire_link_places(const WireLink *link, char local[WIRE_PLACE], char remote[WIRE_PLACE])
{
        return format_place(link->fd, getsockname, local) &&
                format_place(link->fd, getpeername, remote);
}

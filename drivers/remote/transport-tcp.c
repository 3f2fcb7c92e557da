/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TCP: in the clear, so that whoever can listen reads all of it but a login with SASL. */

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "drivers/remote/resolve.h"
#include "drivers/remote/transport.h"
#include "service/base/cleanup.h"

/* One address has this long, so that a second one has a chance before the deadline. */
#define ADDRESS_DEADLINE (6 * G_USEC_PER_SEC)

/* Suspends. The descriptor, or -errno. */
static int connect_address(const struct addrinfo *address, uint64_t deadline)
{
        _cleanup_fd_ int fd = socket(address->ai_family,
                address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
        int problem = 0, r;
        socklen_t size = sizeof problem;

        if (fd < 0)
                return -errno;
        if (connect(fd, address->ai_addr, address->ai_addrlen) >= 0)
                return fd_steal(&fd);
        if (errno != EINPROGRESS)
                return -errno;
        r = fiber_wait_fd(fd, EPOLLOUT, "a connection to be accepted", deadline);
        if (r < 0)
                return r;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) < 0)
                return -errno;
        return problem ? -problem : fd_steal(&fd);
}

int tcp_connect(const Target *target, int port, uint64_t deadline, int *ret, GError **error)
{
        const char *host = target->uri->host ?: "localhost";
        struct addrinfo *addresses;
        int r = -EADDRNOTAVAIL;

        if (target->uri->port)
                port = target->uri->port;
        if (resolve(host, port, deadline, &addresses, error) < 0)
                return -1;
        for (const struct addrinfo *address = addresses; address; address = address->ai_next) {
                uint64_t until = address->ai_next ?
                        MIN(deadline, fiber_deadline(ADDRESS_DEADLINE)) :
                        deadline;

                r = connect_address(address, until);
                if (r >= 0 || r == -ECANCELED)
                        break;
        }
        freeaddrinfo(addresses);
        if (r < 0)
                return error_set_errno(
                        error, r, "unable to connect to server at '%s:%d'", host, port);
        *ret = r;
        return 0;
}

static int tcp_way(Target *target, uint64_t deadline, Way *ret, GError **error)
{
        int fd;

        if (tcp_connect(target, PORT_TCP, deadline, &fd, error) < 0)
                return -1;
        ret->link = wire_link_new_socket(fd);
        return 0;
}

const Transport tcp_transport = {
        .name = "tcp",
        .connect = tcp_way,
};

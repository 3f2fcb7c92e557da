/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/delivery.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "service/base/cleanup.h"

/* A UNIX socket that is closed while it has something to read resets its peer. So the giver's end
 * has a byte to read from the start, until all is delivered. */
int delivery_new(int ends[2])
{
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
                return -errno;
        if (send(ends[1], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
                return 0;
        fd_close(ends[0]);
        fd_close(ends[1]);
        return -EIO;
}

void delivery_complete(int fd)
{
        char rest[64];

        /* With what the reader may have said, who says nothing more. */
        shutdown(fd, SHUT_RD);
        while (recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0)
                ;
}

void delivery_refuse(int fd, const char *why)
{
        /* Who does not look has no use for it. */
        send(fd, why, strlen(why), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A command of the user's, which is run without arguments and speaks with the peer's bytes. */

#include "drivers/remote/transport.h"
#include "drivers/remote/tunnel.h"

static int ext_check(const Target *target, GError **error)
{
        const char *command = uri_parameter(target->uri, "command");

        return command && command[0] ?
                0 :
                error_set(error, ERROR_INVALID_ARG,
                        "%s: the transport 'ext' needs the parameter 'command'", target->uri->text);
}

static int ext_way(Target *target, uint64_t deadline, Way *ret, GError **error)
{
        const char *const argv[] = { uri_parameter(target->uri, "command"), NULL };
        Tunnel *tunnel;
        int fd;

        (void)deadline;
        tunnel = tunnel_start(argv, &fd, error);
        if (!tunnel)
                return -1;
        *ret = tunnel_way(tunnel, fd);
        return 0;
}

/* How well the command keeps what it is told is not known. */
const Transport ext_transport = {
        .name = "ext",
        .check = ext_check,
        .connect = ext_way,
};

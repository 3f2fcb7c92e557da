/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a shell of another host is to run, so that its standard input and output are the peer's
 * socket: a helper that knows where that is (virtbus-ssh-helper, or libvirt's virt-ssh-helper), or
 * netcat. */

#include "drivers/remote/transport.h"

#define SSH_PORT 22

/* The command line. -1 with ERROR_INVALID_ARG where the URI's parameters `proxy`, `netcat`,
 * `socket` and `mode` do not go together. */
int ssh_command(const Target *target, char **ret, GError **error);

/* The same check, without the command. */
int ssh_check(const Target *target, GError **error);

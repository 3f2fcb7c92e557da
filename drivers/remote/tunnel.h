/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program whose standard input and output are the way to a peer: ssh, or a command of the user's.
 */

#include "drivers/remote/transport.h"

typedef struct Tunnel Tunnel;

/* Starts it, with the service's own environment. *ret_fd is our end of its input and output, which
 * the caller owns. argv[0] is looked for in PATH. */
Tunnel *tunnel_start(const char *const *argv, int *ret_fd, GError **error);

/* What the program complained of last, in one line: why the link ended. Allocated; NULL where it
 * said nothing. */
char *tunnel_complaint(Tunnel *tunnel);

/* A way to a peer through it: takes both. */
Way tunnel_way(Tunnel *tunnel, int fd);

/* Leaves it to itself: it goes when the program ends, which the end of its input makes it do. */
void tunnel_release(Tunnel *tunnel);

/* Ends the program. Takes NULL; returns NULL. */
Tunnel *tunnel_free(Tunnel *tunnel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tunnel, tunnel_free)

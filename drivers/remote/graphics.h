/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The screen of a peer's guest where descriptors cannot be passed: a stream to the port that the
 * guest's document names, through the tunnel that leads to the peer. */

#include "drivers/remote/remote.h"

/* Suspends. index counts the graphics of the domain. *ret is a descriptor that is connected with
 * the VNC or SPICE server. -1 with ERROR_OPERATION_UNSUPPORTED where the way to the peer is no
 * tunnel, or the graphics has no port. */
int remote_open_graphics(RemoteConnection *self, RemoteLink *link, const Object *domain,
        unsigned index, int *ret, GError **error);

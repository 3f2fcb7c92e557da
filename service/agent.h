/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking the user of a caller: a password that another host wants, whether a key is the right one.
 * A caller on the bus registers an object of its own, which has the interface org.virtbus1.Agent;
 * what is asked on its behalf goes there and nowhere else. */

#include "service/caller.h"

/* From now on the caller can be asked (client_ask()) at that path of its own; instead of what it
 * registered before. -1 with ERROR_INVALID_ARG where it is no path. */
int agent_register(Caller *caller, const char *path, GError **error);
void agent_unregister(Caller *caller);

int agents_init(sd_bus *bus);
void agents_finish(void);

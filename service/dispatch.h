/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The door to the bus: each call and each access to a property of a published object comes through
 * here, becomes a Call (operate.h), and is answered by a message. */

#include <systemd/sd-bus.h>

int dispatch_init(sd_bus *bus);
void dispatch_finish(void);

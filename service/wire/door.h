/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The door of libvirt's wire: sockets, and the clients that came through them. Calls of theirs are
 * Calls like those of the bus (service/operate.h). What there is to settle is in settings.h. */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "drivers/driver.h"

/* Takes the sockets that systemd gives, and opens those that are missing: the local ones, and as
 * settled, those of the network. A socket that another service answers on stays that one's. From
 * now on clients are served. What cannot be had is told and done without. */
void wire_door_open(sd_bus *bus, sd_event *event, Instance instance);
/* Nobody comes in any more; who is in stays. Sockets of our own are removed. */
void wire_door_shut(void);
/* Those who are in are dropped. */
void wire_door_close(void);

/* Whether a client is in, or could not come in if the service ended now. */
bool wire_door_in_use(void);

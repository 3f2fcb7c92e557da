/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Turns of the bus among those of the wire's clients. The loop takes one message of the bus in each
 * round, whoever calls there, and in each round every client of the wire has a turn: where many of
 * them are busy, callers of the bus would wait for all of them at each message. So as long as there
 * are clients and messages come, one is taken after each turn of anybody else's. */

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

void wire_turns_open(sd_bus *bus, sd_event *event);
/* Whether there are clients; where there are none, it costs nothing. */
void wire_turns_needed(bool needed);
void wire_turns_close(void);

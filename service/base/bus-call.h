/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Asking others on a bus, from a fiber. */

#include <stdint.h>
#include <systemd/sd-bus.h>

/* Suspends. Sends the call and waits for the reply. 0 or more, or -errno: that of the error reply,
 * which is also put into error. */
int bus_call(sd_bus *bus, sd_bus_message *call, uint64_t deadline, sd_bus_message **ret_reply,
        sd_bus_error *error);

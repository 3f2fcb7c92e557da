/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/bus-call.h"

#include "service/base/cleanup.h"
#include "service/base/fiber.h"

typedef struct BusWait {
        Wait wait;
        sd_bus_message *reply;
} BusWait;

static int on_reply(sd_bus_message *reply, void *data, sd_bus_error *error)
{
        BusWait *bus_wait = data;

        (void)error;
        bus_wait->reply = sd_bus_message_ref(reply);
        wait_done(&bus_wait->wait, 0);
        return 0;
}

int bus_call(sd_bus *bus, sd_bus_message *call, uint64_t deadline, sd_bus_message **ret_reply,
        sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(sd_bus_slot) slot = NULL;
        BusWait bus_wait = { .wait = WAIT_INIT };
        int r;

        /* The wait has the deadline, so the call itself needs none. */
        r = sd_bus_call_async(bus, &slot, call, on_reply, &bus_wait, UINT64_MAX);
        if (r < 0)
                return r;
        r = wait_for(&bus_wait.wait, sd_bus_message_get_member(call), deadline);
        reply = bus_wait.reply;
        if (r < 0)
                return sd_bus_error_set_errno(error, r);
        if (sd_bus_message_is_method_error(reply, NULL))
                return sd_bus_error_copy(error, sd_bus_message_get_error(reply));
        if (ret_reply)
                *ret_reply = g_steal_pointer(&reply);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/turns.h"

#include <glib.h>

static struct {
        sd_bus *bus;
        sd_bus_slot *filter;     /* while there are clients */
        sd_event_source *source; /* on while messages come */
} turns;

/* After another source's turn. Without a message more the bus is the loop's to watch again. */
static int on_turn(sd_event_source *source, void *data)
{
        (void)data;
        if (sd_bus_process(turns.bus, NULL) <= 0)
                sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static int on_message(sd_bus_message *message, void *data, sd_bus_error *error)
{
        (void)message, (void)data, (void)error;
        sd_event_source_set_enabled(turns.source, SD_EVENT_ON);
        return 0;
}

void wire_turns_open(sd_bus *bus, sd_event *event)
{
        int r = sd_event_add_post(event, &turns.source, on_turn, NULL);

        if (r >= 0)
                r = sd_event_source_set_priority(turns.source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r >= 0)
                r = sd_event_source_set_enabled(turns.source, SD_EVENT_OFF);
        if (r < 0) {
                g_warning("callers of the bus have to wait for clients of the wire: %s",
                        g_strerror(-r));
                turns.source = sd_event_source_disable_unref(turns.source);
                return;
        }
        sd_event_source_set_description(turns.source, "turns of the bus");
        turns.bus = sd_bus_ref(bus);
}

void wire_turns_needed(bool needed)
{
        if (!turns.bus || needed == (turns.filter != NULL))
                return;
        if (!needed) {
                turns.filter = sd_bus_slot_unref(turns.filter);
                sd_event_source_set_enabled(turns.source, SD_EVENT_OFF);
        } else if (sd_bus_add_filter(turns.bus, &turns.filter, on_message, NULL) < 0)
                turns.filter = NULL;
}

void wire_turns_close(void)
{
        turns.filter = sd_bus_slot_unref(turns.filter);
        turns.source = sd_event_source_disable_unref(turns.source);
        turns.bus = sd_bus_unref(turns.bus);
}

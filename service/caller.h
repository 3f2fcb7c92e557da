/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who calls over the bus: one Caller for each unique name that has called, until it leaves the bus.
 */

#include <systemd/sd-bus.h>

#include "drivers/driver.h"

typedef struct Call Call;

/* Calls of one caller that may be in work at once; past it they are refused. */
#define CALLER_CALLS_MAX 128

typedef struct Caller {
        Client client;
        unsigned n_ref;
        char *name;   /* unique name */
        bool known;   /* the client's uid is filled in */
        bool trusted; /* needs no permission: root, or the user whose session this is */
        bool gone;
        unsigned n_calls;
        Call *calls, *calls_tail; /* in work, in the order they came */
        GHashTable *decisions;    /* the authority's, kept for a while */
        GHashTable *opened; /* connection label to how it was opened; the connections' holder's */
        GSList *asking;     /* of Wait: those who wait for a decision */
} Caller;

int callers_init(sd_bus *bus, Instance instance);
void callers_finish(void);

/* The caller of a message, made where there is none. Borrowed; NULL: the message has no sender. */
Caller *caller_of(sd_bus_message *message);

Caller *caller_ref(Caller *caller);
Caller *caller_unref(Caller *caller);

/* Suspends. Asks the bus who it is, once. -1 where it has left or is not allowed here. */
int caller_identify(Caller *caller, GError **error);

/* All that are there. */
void callers_each(void (*each)(Caller *caller, void *data), void *data);
/* What is to be done when one leaves, before it is forgotten. */
void callers_on_leave(void (*callback)(Caller *caller));

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Caller, caller_unref)

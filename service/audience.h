/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who hears a signal.
 *
 * On a user's own bus everybody does: nobody else is on it, and signals are broadcast.
 *
 * On the host's bus a signal goes, one copy each, to those who have called the service, in the
 * namespace that they called, and who may read the object that it is about; nobody else learns that
 * the object is there. The authority cannot be asked about "everybody", and what the policy gives
 * everybody any rule may take from somebody: so a broadcast would tell whoever has never been
 * asked about. One call of any kind makes a client one that is told; who only listens hears
 * nothing.
 *
 * Where it is not known yet whether a caller may read, what is for it waits in line until it is,
 * and so do the replies to it: it gets everything in the order in which it happened. What is in
 * line is bounded; past that, signals to this caller are lost (Connection.Replay tells which). */

#include <systemd/sd-bus.h>

#include "service/caller.h"
#include "service/namespace.h"

/* Signals in line for one caller. */
#define AUDIENCE_LINE_MAX 4096

int audience_init(sd_bus *bus, Instance instance);
void audience_finish(void);

/* What a signal is about, and the permission (a literal; NULL: none) that it takes to hear it. */
typedef struct Topic {
        Object *about;
        const char *action;
} Topic;

/* Tells those who may hear of the topic. The message has neither been sealed nor sent; it is
 * afterwards. 0 or -errno. */
int audience_tell(Topic topic, const Namespace *space, sd_bus_message *signal);

/* Sends a reply, or an error, to the caller, after all that it was told before. */
int audience_reply(Caller *caller, sd_bus_message *reply);
/* Replies to the caller that are in line yet. They count as calls in work do: who asks on and on
 * has to wait. */
unsigned audience_unsent(const Caller *caller);

/* May suspend. answers[i] becomes whether the caller may hear of topics[i]. 0, or -EAGAIN where it
 * would have to wait and is not on a fiber. */
int audience_hears(Caller *caller, const Topic *topics, size_t n, bool *answers);

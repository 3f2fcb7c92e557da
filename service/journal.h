/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The last signals of each connection's objects, numbered, for a client that fears to have missed
 * some. Each signal has the next number; the one it had is the connection's property Sequence.
 * Numbers go on from the time at which the connection was opened, in microseconds: so what a client
 * knows from an earlier life of the connection, or of the service, is recognized as too old.
 *
 * What is kept is bounded; the oldest goes first. */

#include "drivers/driver.h"
#include "service/audience.h"

#define JOURNAL_ENTRIES_MAX 1024
#define JOURNAL_BYTES_MAX (512 * 1024)

/* The connection is published, and withdrawn. */
void journal_open(Connection *connection);
void journal_close(Connection *connection);

/* Keeps a signal of org.virtbus1 that has been sent or sealed. The size is that of its values. */
void journal_add(Connection *connection, Topic topic, sd_bus_message *signal, size_t size);

/* Appends (t now, b complete, a(tossav) signals): those after that number which the caller may
 * hear, and whether none of them has been forgotten. May suspend; -EAGAIN where it would outside a
 * fiber, with nothing appended; -errno. */
int journal_replay(Connection *connection, Caller *caller, uint64_t since, sd_bus_message *reply);

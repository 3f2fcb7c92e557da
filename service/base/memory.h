/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The memory of the process as a whole. */

#include <stdint.h>

/* First of all: how the heap is to be kept, for one thread that lives long. */
void memory_init(void);

/* Gives back what is not in use: what only the start needed, the holes of the heap, the stacks that
 * are kept for the next fibers. Takes a millisecond or two; nothing changes but what is resident.
 * On the loop's stack. */
void memory_settle(void);

/* Lets the loop do that so many microseconds from now, where it is not due already: for whatever
 * uses memory. Costs next to nothing. After fibers_init(). */
void memory_settle_in(uint64_t usec);

/* Nothing is due any more. Before the loop goes. */
void memory_finish(void);

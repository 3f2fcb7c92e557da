/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The memory of the process as a whole. */

/* First of all: how the heap is to be kept, for one thread that lives long. */
void memory_init(void);

/* Gives back what only the start needed. Takes a millisecond or two; nothing changes but what is
 * resident. */
void memory_settle(void);

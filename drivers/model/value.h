/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values that fields of configuration structs have beside strings (`char *`) and enums.
 *
 * One rule holds for all of them: all-zero is "not in the document". A struct that is cleared
 * memory is an empty element, and what is absent is not written. So enums of the model start with
 * an _ABSENT (or _DEFAULT) of 0 without a name, and a number that may be absent says so beside its
 * value. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A number that may be absent. */
typedef struct Number {
        int64_t value;
        bool set;
} Number;

static inline Number number(int64_t value)
{
        return (Number){ .value = value, .set = true };
}

static inline int64_t number_or(Number n, int64_t fallback)
{
        return n.set ? n.value : fallback;
}

/* yes/no or on/off, or absent. The row of the field knows which of the two words it is. */
typedef enum Switch {
        SWITCH_ABSENT,
        SWITCH_ON,
        SWITCH_OFF,
        SWITCH_MAX
} Switch;

static inline Switch switch_from(bool on)
{
        return on ? SWITCH_ON : SWITCH_OFF;
}

/* What an element had beyond the rows that are bound: kept as text and written back behind the
 * known rows. The first member of every struct that stands for an element. */
typedef struct Kept {
        char *attributes; /* " name='value' ...", escaped */
        char *elements;   /* one subtree behind the other, in the form of xml_keep() */
} Kept;

/* Lists of the model are `T **items; size_t n_items`, with NULL for an empty one. They grow by this
 * function only, which keeps room to spare; what is taken out is the caller's. */
void list_append_item(void ***list, size_t *n, void *item);
void list_remove_item(void **list, size_t *n, size_t index);
#define list_append(items, n_items, item) list_append_item((void ***)(items), n_items, item)
#define list_remove(items, n_items, index) list_remove_item((void **)(items), n_items, index)

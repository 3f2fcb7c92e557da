/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values of the wire without end, which differ from each other. */

#include "drivers/wire/codec.h"

typedef struct WireValues {
        GRand *random;
        unsigned count; /* of the elements of each array, within its maximum; 0: optional ones are
                           absent, too */
        bool small;     /* numbers that fit wherever they go */
} WireValues;

/* Fills data, which comes as zeroes, and is cleared by wire_clear(). */
void wire_values(WireValues *values, const char *layout, void *data);

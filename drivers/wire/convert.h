/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One value of the wire (codec.h) and the same as a value of the interfaces (drivers/layout.h):
 *
 *      y n q i u x t b    any number that fits; b is 0 or 1
 *      d                  d
 *      s                  s, S ("" is absent), c arrays, U as text; V as the volume's key, D as the
 *                         domain's name
 *      o                  the struct that names the object
 *      a{sv}              P
 *      ay                 o
 *      ab                 o, a bit for each, the lowest first; or s, a list such as "0-3,7"
 *      aab                o, rows of `row` bytes
 *      aT (..) {..}       arrays and structs of what fits
 *
 * Both functions move what is owned out of the value they read, which stays fit to be cleared.
 * interfaces/generate.py knows the same rules, and lets nothing else through. */

#include "drivers/layout.h"
#include "drivers/wire/codec.h"
#include "drivers/wire/map.h"

typedef struct WireConvert {
        const WireMapContext *context;
        bool strict; /* text that is no UTF-8 is refused, else replaced */
        size_t row;  /* bytes in a row of bits; 0: as many as there are needed */
        GError **error;
} WireConvert;

/* The value comes as layout_init() makes it. 0, -1 with the error set, or what find returned. */
int wire_import(const WireConvert *convert, const WireType *type, void *wire, const LayoutType *to,
        void *value);

/* The value of the wire comes as zeroes. */
int wire_export(const WireConvert *convert, const LayoutType *from, void *value,
        const WireType *type, void *wire);

/* Numbers of the wire and of the interfaces, of any width. */
__int128 wire_number(const WireType *type, const void *wire);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values in memory, and the same as XDR (RFC 4506) on libvirt's wire: big endian, each item padded
 * to a multiple of four bytes. A layout says how both look, so that one small interpreter reads,
 * writes and frees the arguments of all procedures:
 *
 *      i u h H d    int32_t, uint32_t, int64_t, uint64_t, double
 *      c y q        char, uint8_t, uint16_t, each as four bytes on the wire
 *      s            char *, never NULL after decoding; NULL is encoded as ""
 *      S            char *, NULL where it is absent
 *      U            uint8_t[16], a UUID
 *      oN           struct { uint8_t *items; size_t n; }, at most N bytes
 *      PN           Params (drivers/layout.h), at most N
 *      aNT          struct { T *items; size_t n; }, at most N
 *      xNT          T[N]
 *      ?T           T *, NULL where it is absent
 *      (...)        a struct of the members, aligned as C does
 *      D N L V I E K F A C W B
 *                   one of the structs that name an object: WireDomain and so on, in the order of
 *                   the table in codec.c
 *
 * A member sequence "Diu" is the struct of these members. interfaces/generate.py makes the layouts
 * and declares the structs from the protocol's table; a unit test checks each size. */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/layout.h"

#define WIRE_STRING_MAX 4194304
/* Of the name of a parameter, which peers refuse where it is longer. */
#define WIRE_PARAM_NAME_MAX 79

/* The next complete type of a layout. */
typedef struct WireType {
        char code;      /* the letter; '(' also for the named structs, whose letter is in name */
        char name;      /* of a named struct, else 0 */
        uint32_t max;   /* for o P a x: elements */
        uint32_t least; /* bytes that the shortest value takes on the wire */
        size_t size, align;
        const char *inner; /* of a x ?: the type inside; of a struct: its first member */
        const char *end;   /* behind the type */
} WireType;

WireType wire_type(const char *layout);

/* Of the struct whose members are these types, up to the end of the layout or a bracket. */
size_t wire_size(const char *layout);

/* Moves an offset to where the type begins; the caller adds type->size afterwards. */
static inline size_t wire_align(size_t offset, const WireType *type)
{
        return (offset + type->align - 1) / type->align * type->align;
}

/* Fills data, which is taken to be uninitialised. Returns how many of the n bytes it took, or
 * -EBADMSG where they end too early or a value is over its limit; then data owns nothing. Nothing
 * is allocated before the bytes that it is for are there: memory stays within a small multiple of
 * n. Padding is not looked at. A string that holds a NUL is over the limits, too. */
int wire_decode(const char *layout, const void *bytes, size_t n, void *data);

/* Appends the XDR form to out. 0, or -EMSGSIZE with out as it was where a value is over the limits
 * of the layout. */
int wire_encode(const char *layout, const void *data, GByteArray *out);

/* Peers need not care for UTF-8, but whoever shows their texts must: replaces what is none. */
void wire_make_utf8(const char *layout, void *data);

/* Frees all that data owns and makes it zeroes. */
void wire_clear(const char *layout, void *data);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values in memory whose layout follows from a D-Bus signature, so that one small interpreter
 * copies, compares and frees them, and a door encodes them, without code for each member.
 *
 *      y n q i u x t  the integer of that size
 *      b              int, 0 or 1
 *      d              double
 *      h              int, a descriptor
 *      s g            char *, NULL for an empty one
 *      o              struct Object *, a reference; NULL for none, "/" on the bus
 *      aT             struct { T *items; size_t n; }
 *      (...) {..}     a struct of the members, aligned as C does
 *      a{sv}          Params
 *
 * A member sequence "sua(ii)" is the struct of these members. interfaces/generate.py declares the
 * matching structs; a static assert checks each size against layout_size() of its signature in the
 * unit test.
 */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct Object;

typedef struct Array {
        void *items;
        size_t n;
} Array;

/* One entry of a{sv}: libvirt's typed parameter. */
typedef struct Param {
        const char *name;
        bool name_owned; /* allocated, not a literal */
        char type;       /* i u x t d b s */
        union {
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                double d;
                int b;
                char *s; /* owned */
        };
} Param;

typedef struct Params {
        Param *items;
        size_t n;
} Params;

/* Adds a parameter. The name is a literal; the _named forms take an allocated one. */
void params_add_int32(Params *params, const char *name, int32_t value);
void params_add_uint32(Params *params, const char *name, uint32_t value);
void params_add_int64(Params *params, const char *name, int64_t value);
void params_add_uint64(Params *params, const char *name, uint64_t value);
void params_add_bool(Params *params, const char *name, bool value);
void params_add_string(Params *params, const char *name, const char *value);
/* The one that all others come to: param's name and string become owned by params where they say
 * so. */
Param *params_add(Params *params, Param param);
void params_clear(Params *params);
const Param *params_find(const Params *params, const char *name);

/* The next complete type of a signature. */
typedef struct LayoutType {
        char code; /* 'a', '(' (also for dictionary entries), 'P' for a{sv}, or the basic type */
        size_t size;
        size_t align;
        const char *inner; /* of an array: its element type; of a struct: its first member */
        const char *end;   /* behind the type */
} LayoutType;

LayoutType layout_type(const char *signature);

/* Of the struct whose members are these complete types, up to the end of the string or a closing
 * bracket. */
size_t layout_size(const char *signature);

/* Moves *offset to where the type begins and returns that; the caller adds type->size afterwards.
 */
static inline size_t layout_align(size_t offset, const LayoutType *type)
{
        return (offset + type->align - 1) / type->align * type->align;
}

/* Makes memory of layout_size() bytes a struct that owns nothing: zeroes, and -1 for its
 * descriptors. */
void layout_init(const char *signature, void *data);
/* Frees all that the struct owns and makes it own nothing. Descriptors are closed where negative
 * means none.
 */
void layout_clear(const char *signature, void *data);
/* Frees what the elements of an array own and leaves it with none, but with its memory. The
 * signature is an element's. */
void layout_clear_elements(const char *signature, Array *array);
/* The same where strings and descriptors belong to somebody else, such as a message. */
void layout_clear_borrowed(const char *signature, void *data);
/* Deep copy into uninitialised memory. Descriptors are not allowed. */
void layout_copy(const char *signature, const void *from, void *to);
bool layout_equal(const char *signature, const void *a, const void *b);
/* Bytes of the members, and of what they own. */
size_t layout_weight(const char *signature, const void *data);

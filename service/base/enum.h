/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Names of enumerators. A table mirrors an enum that counts from 0 to its _MAX; the compiler checks
 * the length, tests/unit/test-enum.c the round trip. */

#include <assert.h>
#include <glib.h>

typedef struct EnumTable {
        const char *what;         /* what the values are, for messages: "disk bus" */
        const char *const *names; /* names[value]; NULL or "" where a value has no name */
        int n_names;
} EnumTable;

/* The name of value, or NULL where it is out of range or has none. */
const char *enum_name(const EnumTable *table, int value);

/* The value of name, or -EINVAL. */
int enum_value(const EnumTable *table, const char *name);

/* Defines `const EnumTable table` for an enum whose end marker is max, with the names in order. */
#define ENUM_TABLE(table, what_, max, ...)                                                       \
        static const char *const table##_names[] = { __VA_ARGS__ };                              \
        static_assert(G_N_ELEMENTS(table##_names) == (max), #table " does not mirror its enum"); \
        const EnumTable table = {                                                                \
                .what = what_, .names = table##_names, .n_names = G_N_ELEMENTS(table##_names)    \
        }

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/errors.h"
#include "drivers/wire/procedures.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes for any layout, which the first two choose: refused, or a value that is the same when
 * it is written and read again.
 *
 * Seeds: tests/fuzz/wire-values.py */

static const char *choose_layout(unsigned number)
{
        const WireProcedures *program = &wire_programs[number % n_wire_programs];
        const WireProcedure *procedure = wire_procedure(
                program->program, (int32_t)(number / n_wire_programs / 2 % program->n));

        if (!procedure)
                return number & 1 ? WIRE_HOLE : WIRE_ERROR_LAYOUT;
        return number / n_wire_programs & 1 ? procedure->args : procedure->ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *layout = choose_layout(size < 2 ? 0 : data[0] | data[1] << 8);
        g_autoptr(GByteArray) once = g_byte_array_new(), twice = g_byte_array_new();
        uint64_t value[WIRE_DATA_MAX / sizeof(uint64_t)];
        int r;

        if (size < 2)
                return 0;
        r = wire_decode(layout, data + 2, size - 2, value);
        if (r < 0)
                return 0;
        g_assert_cmpint(r, <=, size - 2);
        g_assert_cmpint(wire_encode(layout, value, once), ==, 0);
        g_assert_cmpuint(once->len, ==, r);
        wire_clear(layout, value);
        g_assert_cmpint(wire_decode(layout, once->data, once->len, value), ==, once->len);
        g_assert_cmpint(wire_encode(layout, value, twice), ==, 0);
        g_assert_cmpmem(once->data, once->len, twice->data, twice->len);
        wire_clear(layout, value);

        if (g_str_equal(layout, WIRE_ERROR_LAYOUT)) {
                g_autoptr(GError) error = NULL;

                wire_error_set(&error, data + 2, size - 2);
                g_assert_nonnull(error);
        }
        return 0;
}

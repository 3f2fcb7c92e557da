/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/map.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/wire-objects.h"

/* Any arguments, then any return, of any procedure that is a member, which the first byte chooses:
 * refused, or the same when they have gone through our own structs, both ways.
 *
 * Seeds: tests/fuzz/wire-values.py */

typedef union Any {
        char bytes[1024];
        uint64_t align;
} Any;

static const WireMapContext context = { .find = wire_objects_find, .cpus = 12, .vcpus = 4 };

/* The bytes that were taken, or -1 where they are no arguments; those that a client would send then
 * are in args. */
static int take_args(const WireMap *map, const uint8_t *data, size_t size, Any *args)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        const char *signature = wire_map_in_signature(map);
        g_autoptr(Object) object = NULL;
        g_autoptr(GError) error = NULL;
        Any from, in, again;
        int n = wire_decode(procedure->args, data, size, &from), r;

        if (n < 0)
                return -1;
        layout_init(signature, &in);
        r = wire_map_in(map, &context, &from, &object, &in, &error);
        g_assert_true((r < 0) == (error != NULL));
        if (r == 0) {
                g_assert_cmpint(wire_map_args(map, &context, object, &in, args, &error), ==, 0);
                layout_init(signature, &again);
                g_clear_pointer(&object, object_unref);
                /* Flags of an older form are its name's. */
                g_assert_cmpint(wire_map_in(map, &context, args, &object, &again, &error), ==, 0);
                wire_clear(procedure->args, args);
                g_assert_cmpint(wire_map_args(map, &context, object, &again, args, &error), ==, 0);
                layout_clear(signature, &again);
        }
        layout_clear(signature, &in);
        wire_clear(procedure->args, &from);
        return r < 0 ? -1 : n;
}

static void check_ret(const WireMap *map, Any *args, const uint8_t *data, size_t size)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        const char *signature = wire_map_out_signature(map);
        g_autoptr(GError) error = NULL;
        Any ret, out, again;
        int r;

        if (wire_decode(procedure->ret, data, size, &ret) < 0)
                return;
        wire_map_again(map, args, &ret);
        layout_init(signature, &out);
        r = wire_map_out(map, &context, args, &ret, &out, &error);
        g_assert_true((r < 0) == (error != NULL));
        if (r == 0 && !strchr(map->ret, '@')) {
                g_assert_cmpint(
                        wire_map_ret(map, &context, args, NULL, &out, &again, &error), ==, 0);
                wire_clear(procedure->ret, &again);
        }
        layout_clear(signature, &out);
        wire_clear(procedure->ret, &ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const WireMap *map;
        Any args;
        int n;

        if (size < 2)
                return 0;
        map = &wire_maps[(data[0] | data[1] << 8) % n_wire_maps];
        n = take_args(map, data + 2, size - 2, &args);
        if (n >= 0) {
                check_ret(map, &args, data + 2 + n, size - 2 - n);
                wire_clear(wire_map_procedure(map)->args, &args);
        }
        wire_objects_forget();
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire's values: layouts are what the compiler made of the generated structs; each procedure's
 * values survive the way there and back; what is cut or too long is refused, and owns nothing. */

#include <errno.h>
#include <string.h>

#include "drivers/wire/procedures.h"
#include "tests/unit/wire-values.h"

/* There, back and there again; each shorter form is refused. */
static void check_round_trip(const char *layout, unsigned count)
{
        WireValues values = { .random = g_rand_new_with_seed(count + 1), .count = count };
        g_autoptr(GByteArray) bytes = g_byte_array_new(), again = g_byte_array_new();
        g_autofree void *data = g_malloc0(MAX(wire_size(layout), 1));
        g_autofree void *copy = g_malloc(MAX(wire_size(layout), 1));

        wire_values(&values, layout, data);
        g_assert_cmpint(wire_encode(layout, data, bytes), ==, 0);
        g_assert_cmpuint(bytes->len % 4, ==, 0);
        g_assert_cmpint(wire_decode(layout, bytes->data, bytes->len, copy), ==, bytes->len);
        g_assert_cmpint(wire_encode(layout, copy, again), ==, 0);
        g_assert_cmpmem(bytes->data, bytes->len, again->data, again->len);
        wire_clear(layout, copy);
        for (size_t n = 0; n < bytes->len; n += bytes->len < 512 ? 1 : 97)
                g_assert_cmpint(wire_decode(layout, bytes->data, n, copy), ==, -EBADMSG);
        wire_clear(layout, data);
        wire_clear(layout, data);
        g_rand_free(values.random);
}

static void test_procedures(void)
{
        static const unsigned counts[] = { 0, 1, 2, 7, 70 };
        unsigned n = 0;

        for (unsigned p = 0; p < n_wire_programs; p++)
                for (int32_t i = 0; i < wire_programs[p].n; i++) {
                        const WireProcedure *row = wire_procedure(wire_programs[p].program, i);

                        if (!row)
                                continue;
                        g_assert_cmpuint(wire_size(row->args), ==, row->args_size);
                        g_assert_cmpuint(wire_size(row->ret), ==, row->ret_size);
                        g_assert_cmpuint(MAX(row->args_size, row->ret_size), <=, WIRE_DATA_MAX);
                        for (unsigned c = 0; c < G_N_ELEMENTS(counts); c++) {
                                check_round_trip(row->args, counts[c]);
                                check_round_trip(row->ret, counts[c]);
                        }
                        n++;
                }
        g_assert_cmpuint(n, ==, 443 + 7 + 1);
        g_assert_null(wire_procedure(WIRE_PROGRAM_REMOTE, 0));
        g_assert_null(wire_procedure(WIRE_PROGRAM_REMOTE, -1));
        g_assert_null(wire_procedure(WIRE_PROGRAM_REMOTE, 444));
        g_assert_null(wire_procedure(WIRE_PROGRAM_KEEPALIVE, 1));
}

static void test_rows(void)
{
        const WireProcedure *state = wire_procedure(WIRE_PROGRAM_REMOTE, WIRE_DOMAIN_GET_STATE);
        const WireProcedure *console =
                wire_procedure(WIRE_PROGRAM_REMOTE, WIRE_DOMAIN_OPEN_CONSOLE);
        const WireProcedure *event =
                wire_procedure(WIRE_PROGRAM_REMOTE, WIRE_DOMAIN_EVENT_CALLBACK_TUNABLE);

        g_assert_cmpint(WIRE_DOMAIN_GET_STATE, ==, 212);
        g_assert_cmpstr(state->name, ==, "DOMAIN_GET_STATE");
        g_assert_cmpstr(state->args, ==, "Du");
        g_assert_cmpstr(state->ret, ==, "ii");
        g_assert_cmpuint(state->flags, ==, WIRE_PRIORITY);
        g_assert_cmpint(state->event, ==, -1);
        g_assert_cmpuint(console->flags, ==, WIRE_STREAM_IN | WIRE_STREAM_OUT | WIRE_WRITES);
        g_assert_cmpuint(event->flags, ==, WIRE_EVENT);
        g_assert_cmpint(event->event, ==, 17);
}

/* What a struct looks like, byte by byte. */
static void test_bytes(void)
{
        static const uint8_t wanted[] = {
                0, 0, 0, 3, 'w', 'e', 'b', 0,                          /* name */
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, /* uuid */
                0xff, 0xff, 0xff, 0xff,                                /* id */
                0, 0, 0, 7,                                            /* flags */
        };
        WireDomainGetStateArgs args, back;
        g_autoptr(GByteArray) bytes = g_byte_array_new();

        args = (WireDomainGetStateArgs){
                .dom = { .name = (char *)"web",
                        .uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
                        .id = -1 },
                .flags = 7,
        };
        g_assert_cmpint(wire_encode("Du", &args, bytes), ==, 0);
        g_assert_cmpmem(bytes->data, bytes->len, wanted, sizeof wanted);
        /* Bytes behind the end belong to nobody. */
        g_byte_array_append(bytes, wanted, 4);
        g_assert_cmpint(wire_decode("Du", bytes->data, bytes->len, &back), ==, sizeof wanted);
        g_assert_cmpstr(back.dom.name, ==, "web");
        g_assert_cmpint(back.dom.id, ==, -1);
        wire_clear("Du", &back);
}

static void check_refused(const char *layout, const void *bytes, size_t n)
{
        char data[64];

        memset(data, 0xaa, sizeof data);
        g_assert_cmpint(wire_decode(layout, bytes, n, data), ==, -EBADMSG);
        for (size_t i = 0; i < wire_size(layout); i++)
                g_assert_cmpint(data[i], ==, 0);
}

static void test_limits(void)
{
        static const uint8_t huge[64] = { 0xff, 0xff, 0xff, 0xff }, three[16] = { 0, 0, 0, 3 },
                             nul[8] = { 0, 0, 0, 2, 'a', 0 }, large[4] = { 0, 0, 1, 0 },
                             unknown[16] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 8 };
        g_autofree char *text = g_strnfill(WIRE_STRING_MAX + 1, 'x');
        g_autoptr(GByteArray) out = g_byte_array_new();
        struct {
                char *items[3];
        } names = { { text, text, text } };
        Array array = { .items = names.items, .n = 3 };
        Params params = { 0 };
        char *string;

        /* Counts that the bytes cannot hold cost nothing, those over the limit are refused. */
        check_refused("s", huge, sizeof huge);
        check_refused("o4194304", huge, sizeof huge);
        check_refused("a16384D", huge, sizeof huge);
        check_refused("P262144", huge, sizeof huge);
        check_refused("a2u", three, sizeof three);
        check_refused("P2", three, sizeof three);
        check_refused("o2", three, sizeof three);
        check_refused("s", nul, sizeof nul);
        check_refused("y", large, sizeof large);
        check_refused("c", large, sizeof large);
        check_refused("P16", unknown, sizeof unknown);

        g_assert_cmpint(wire_encode("s", &(char *){ text }, out), ==, -EMSGSIZE);
        g_assert_cmpint(wire_encode("ua3s", &(struct {
                uint32_t u;
                Array a;
        }){ 1, array },
                                out),
                ==, -EMSGSIZE);
        text[WIRE_STRING_MAX] = '\0';
        g_assert_cmpint(wire_encode("a2s", &array, out), ==, -EMSGSIZE);
        g_assert_cmpint(wire_encode("o2", &array, out), ==, -EMSGSIZE);
        params_add_string(&params, text, "");
        g_assert_cmpint(wire_encode("P1", &params, out), ==, -EMSGSIZE);
        params_clear(&params);
        g_assert_cmpuint(out->len, ==, 0);

        /* The longest string there and back. */
        g_assert_cmpint(wire_encode("s", &(char *){ text }, out), ==, 0);
        g_assert_cmpint(wire_decode("s", out->data, out->len, &string), ==, 4 + WIRE_STRING_MAX);
        g_assert_cmpstr(string, ==, text);
        g_free(string);
        g_byte_array_set_size(out, 0);

        /* More than a frame carries. */
        array.n = 3;
        g_assert_cmpint(wire_encode("a9s", &array, out), ==, 0);
        g_byte_array_set_size(out, 0);
        {
                char *nine[9];

                for (unsigned i = 0; i < G_N_ELEMENTS(nine); i++)
                        nine[i] = text;
                array = (Array){ .items = nine, .n = G_N_ELEMENTS(nine) };
                g_assert_cmpint(wire_encode("a9s", &array, out), ==, -EMSGSIZE);
                g_assert_cmpuint(out->len, ==, 0);
        }
}

/* Any number but zero says that an optional is there; a char comes in two ways. */
static void test_lenience(void)
{
        static const uint8_t present[] = { 0, 0, 0, 9, 0, 0, 0, 1, 'x', 0, 0, 0 };
        static const uint8_t chars[] = { 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0x80 };
        char *string, both[2];

        g_assert_cmpint(wire_decode("S", present, sizeof present, &string), ==, sizeof present);
        g_assert_cmpstr(string, ==, "x");
        g_free(string);
        g_assert_cmpint(wire_decode("cc", chars, sizeof chars, both), ==, sizeof chars);
        g_assert_cmpint((uint8_t)both[0], ==, 0x80);
        g_assert_cmpint((uint8_t)both[1], ==, 0x80);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/wire/procedures", test_procedures);
        g_test_add_func("/wire/rows", test_rows);
        g_test_add_func("/wire/bytes", test_bytes);
        g_test_add_func("/wire/limits", test_limits);
        g_test_add_func("/wire/lenience", test_lenience);
        return g_test_run();
}

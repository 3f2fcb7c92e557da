/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the remote driver hands on as it lies in memory: an event of the wire as a signal, an answer
 * as a property. Both sides have to be laid out alike. */

#include <string.h>

#include "drivers/remote/remote.h"
#include "drivers/wire/map.h"

static void check_type(const WireType *wire, const LayoutType *type);

/* Two structs from the given offsets on. Returns where the wire's goes on. */
static const char *check_members(const char *layout, size_t begin, const char *signature)
{
        size_t from = begin, to = 0;

        while (*signature && *signature != ')') {
                const WireType wire = wire_type(layout);
                const LayoutType type = layout_type(signature);

                from = wire_align(from, &wire);
                to = layout_align(to, &type);
                g_assert_cmpuint(from - begin, ==, to);
                check_type(&wire, &type);
                from += wire.size;
                to += type.size;
                layout = wire.end;
                signature = type.end;
        }
        return layout;
}

static void check_type(const WireType *wire, const LayoutType *type)
{
        static const struct {
                char code;
                const char *wire;
        } alike[] = {
                { 'i', "i" },
                { 'u', "iu" },
                { 'x', "h" },
                { 't', "hH" },
                { 'd', "d" },
                { 's', "sS" },
                { 'P', "P" },
                { 'a', "a" },
                { '(', "(" },
        };
        WireType inner;
        LayoutType element;
        unsigned i = 0;

        while (i < G_N_ELEMENTS(alike) && alike[i].code != type->code)
                i++;
        g_assert_cmpuint(i, <, G_N_ELEMENTS(alike));
        g_assert_nonnull(strchr(alike[i].wire, wire->code));
        g_assert_cmpuint(wire->size, ==, type->size);
        if (type->code == '(')
                g_assert_cmpint(*check_members(wire->inner, 0, type->inner), ==, ')');
        if (type->code != 'a')
                return;
        inner = wire_type(wire->inner);
        element = layout_type(type->inner);
        check_type(&inner, &element);
}

/* The member that begins there, maybe within a struct without a name. */
static const char *member_at(const char *layout, size_t offset)
{
        size_t at = 0;

        for (;;) {
                const WireType type = wire_type(layout);

                at = wire_align(at, &type);
                g_assert_cmpuint(at, <=, offset);
                if (at == offset && *layout != '(')
                        return layout;
                if (offset < at + type.size)
                        return member_at(type.inner, offset - at);
                at += type.size;
                layout = type.end;
        }
}

static void test_signals(void)
{
        for (unsigned i = 0; i < n_event_rows; i++) {
                const EventRow *row = &event_rows[i];
                const WireProcedure *event = wire_procedure(WIRE_PROGRAM_REMOTE, row->procedure);
                const char *rest;

                g_assert_true(event->flags & WIRE_EVENT);
                g_assert_cmpint(
                        *member_at(event->ret, row->name), ==, mirror_kinds[row->kind].letter);
                if (row->signal < 0)
                        continue;
                g_test_message("%s", event->name);
                rest = domain_class.signals[row->signal].signature;
                if (!*rest)
                        continue;
                rest = check_members(member_at(event->ret, row->arguments), row->arguments, rest);
                /* All of it, but where the object comes last. */
                if (row->name < row->arguments)
                        g_assert_nonnull(strchr(")", *rest));
        }
}

static void test_properties(void)
{
        static const struct {
                const ClassInfo *class;
                unsigned property;
                int32_t procedure;
        } rows[] = {
                { &domain_class, DOMAIN_PROPERTY_ADDRESSES, WIRE_DOMAIN_INTERFACE_ADDRESSES },
                { &node_device_class, NODE_DEVICE_PROPERTY_CAPABILITIES,
                        WIRE_NODE_DEVICE_LIST_CAPS },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                const WireType wire =
                        wire_type(wire_procedure(WIRE_PROGRAM_REMOTE, rows[i].procedure)->ret);
                const LayoutType type =
                        layout_type(rows[i].class->properties[rows[i].property].signature);

                check_type(&wire, &type);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/remote/events/signals", test_signals);
        g_test_add_func("/remote/events/properties", test_properties);
        return g_test_run();
}

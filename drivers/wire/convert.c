/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/convert.h"

#include <errno.h>
#include <string.h>

#include "drivers/wire/names.h"
#include "drivers/wire/procedures.h"
#include "interfaces.h"

/* The longest list of processors that a text such as "0-4294967295" may stand for. */
#define BITS_MAX (2048 * 8)

static int overflow(const WireConvert *convert, __int128 number)
{
        return error_set(convert->error, ERROR_OVERFLOW, "a value is too %s for where it goes",
                number < 0 ? "small" : "large");
}

/* Numbers. */

__int128 wire_number(const WireType *type, const void *wire)
{
        switch (type->code) {
        case 'i':
                return *(const int32_t *)wire;
        case 'u':
                return *(const uint32_t *)wire;
        case 'h':
                return *(const int64_t *)wire;
        case 'H':
                return *(const uint64_t *)wire;
        case 'c':
                return *(const int8_t *)wire;
        case 'y':
                return *(const uint8_t *)wire;
        default:
                return *(const uint16_t *)wire;
        }
}

static __int128 value_number(char code, const void *value)
{
        switch (code) {
        case 'y':
                return *(const uint8_t *)value;
        case 'n':
                return *(const int16_t *)value;
        case 'q':
                return *(const uint16_t *)value;
        case 'u':
                return *(const uint32_t *)value;
        case 'x':
                return *(const int64_t *)value;
        case 't':
                return *(const uint64_t *)value;
        default:
                return *(const int32_t *)value;
        }
}

static int put_number(
        const WireConvert *convert, __int128 number, size_t size, bool is_signed, void *at)
{
        __int128 limit = (__int128)1 << (size * 8 - is_signed);

        if (number >= limit || number < (is_signed ? -limit : 0))
                return overflow(convert, number);
        switch (size) {
        case 1:
                *(uint8_t *)at = (uint8_t)number;
                break;
        case 2:
                *(uint16_t *)at = (uint16_t)number;
                break;
        case 4:
                *(uint32_t *)at = (uint32_t)number;
                break;
        default:
                *(uint64_t *)at = (uint64_t)number;
        }
        return 0;
}

static bool is_number(char code)
{
        return code && strchr("ynqiuxtb", code);
}

/* Text. */

static int check_text(const WireConvert *convert, char **text)
{
        char *valid;

        if (!*text || g_utf8_validate(*text, -1, NULL))
                return 0;
        if (convert->strict)
                return error_set(convert->error, ERROR_INVALID_ARG, "a text is not UTF-8");
        valid = g_utf8_make_valid(*text, -1);
        g_free(*text);
        *text = valid;
        return 0;
}

static char *take_text(void *from)
{
        char **text = from;

        return g_steal_pointer(text);
}

/* The key of the volume, or the name of the domain. */
static int import_name(const WireConvert *convert, const WireType *type, void *wire, char **value)
{
        g_autoptr(Object) object = NULL;
        int r;

        if (type->name == 'D') {
                *value = take_text(&((WireDomain *)wire)->name);
                return 0;
        }
        r = convert->context->find(
                type->name, wire, &object, convert->context->data, convert->error);
        if (r < 0)
                return r;
        *value = g_strdup(((const StorageVolProperties *)object->properties)->key);
        return 0;
}

static int import_text(const WireConvert *convert, const WireType *type, void *wire, char **value)
{
        Array *array = wire;
        WireType inner;
        int r = 0;

        switch (type->code) {
        case 's':
        case 'S':
                *value = take_text(wire);
                break;
        case 'U':
                *value = g_malloc(WIRE_UUID_TEXT);
                wire_uuid_format(wire, *value);
                return 0;
        case 'a':
                *value = g_strndup(array->items, array->n);
                break;
        case 'x':
                inner = wire_type(type->inner);
                *value = g_strndup(wire, type->max * inner.size);
                break;
        default:
                r = import_name(convert, type, wire, value);
        }
        if (r == 0)
                r = check_text(convert, value);
        /* Those who are called expect no NULL. */
        if (r == 0 && convert->strict && !*value)
                *value = g_strdup("");
        return r;
}

static int export_name(
        const WireConvert *convert, const char *text, const WireType *type, void *wire)
{
        const WireDomain domain = { .name = (char *)text };
        const WireVol volume = { .key = (char *)text };
        const void *name = type->name == 'D' ? (const void *)&domain : &volume;
        g_autoptr(Object) object = NULL;
        int r = convert->context->find(
                type->name, name, &object, convert->context->data, convert->error);

        if (r == 0)
                wire_name(type->name, object, wire);
        return r;
}

static int export_text(const WireConvert *convert, char **value, const WireType *type, void *wire)
{
        const char *text = *value ? *value : "";
        Array *array = wire;
        size_t n = strlen(text);

        switch (type->code) {
        case 's':
                *(char **)wire = take_text(value);
                return 0;
        case 'S':
                *(char **)wire = *text ? take_text(value) : NULL;
                return 0;
        case 'U':
                if (wire_uuid_parse(text, wire) < 0)
                        return error_set(
                                convert->error, ERROR_INVALID_ARG, "'%s' is no UUID", text);
                return 0;
        case 'a':
                /* With the NUL at its end. */
                array->items = g_strdup(text);
                array->n = n + 1;
                return 0;
        case 'x':
                memcpy(wire, text, MIN(n, type->size));
                return 0;
        default:
                return export_name(convert, text, type, wire);
        }
}

/* Parameters. */

static int import_params(const WireConvert *convert, Params *from, Params *to)
{
        int r = 0;

        *to = *from;
        *from = (Params){ 0 };
        for (size_t i = 0; r == 0 && i < to->n; i++) {
                char *name = (char *)to->items[i].name;

                r = check_text(convert, &name);
                to->items[i].name = name;
                if (r == 0 && to->items[i].type == 's')
                        r = check_text(convert, &to->items[i].s);
        }
        return r;
}

/* Bits. A row of them is an array of int. */

typedef struct Bits {
        int *items;
        size_t n;
} Bits;

static void bits_read(const uint8_t *bytes, size_t n, const WireConvert *convert, Bits *bits)
{
        unsigned cpus = convert->context->cpus;

        bits->n = cpus ? MIN(cpus, n * 8) : n * 8;
        bits->items = bits->n ? g_new(int, bits->n) : NULL;
        for (size_t i = 0; i < bits->n; i++)
                bits->items[i] = bytes[i / 8] >> (i % 8) & 1;
}

static void bits_write(const Bits *bits, uint8_t *bytes, size_t n)
{
        for (size_t i = 0; i < bits->n && i / 8 < n; i++)
                if (bits->items[i])
                        bytes[i / 8] |= 1 << (i % 8);
}

static size_t row_size(const WireConvert *convert, const Bits *bits)
{
        return convert->row ? convert->row : (bits->n + 7) / 8;
}

/* "0-3,7" */
static int bits_parse(const WireConvert *convert, const char *text, Bits *bits)
{
        for (const char *at = text; *at;) {
                char *end;
                uint64_t first = g_ascii_strtoull(at, &end, 10), last = first;

                if (*end == '-' && end > at) {
                        at = end + 1;
                        last = g_ascii_strtoull(at, &end, 10);
                }
                if (end == at || last < first || last >= BITS_MAX || (*end && *end != ',') ||
                        !g_ascii_isdigit(*at))
                        return error_set(convert->error, ERROR_INVALID_ARG,
                                "'%s' is no list of processors", text);
                if (last >= bits->n) {
                        bits->items = g_renew(int, bits->items, last + 1);
                        memset(bits->items + bits->n, 0,
                                (last + 1 - bits->n) * sizeof *bits->items);
                        bits->n = last + 1;
                }
                for (uint64_t i = first; i <= last; i++)
                        bits->items[i] = 1;
                at = *end ? end + 1 : end;
        }
        return 0;
}

static char *bits_format(const Bits *bits)
{
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < bits->n; i++) {
                size_t first = i;

                if (!bits->items[i])
                        continue;
                while (i + 1 < bits->n && bits->items[i + 1])
                        i++;
                g_string_append_printf(text, "%s%zu", text->len ? "," : "", first);
                if (i > first)
                        g_string_append_printf(text, "-%zu", i);
        }
        return g_string_free(text, FALSE);
}

static void import_rows(const WireConvert *convert, const Array *from, Array *rows)
{
        size_t row = convert->row ? convert->row : 1;

        rows->n = from->n / row;
        rows->items = rows->n ? g_new0(Bits, rows->n) : NULL;
        for (size_t i = 0; i < rows->n; i++)
                bits_read((uint8_t *)from->items + i * row, row, convert, (Bits *)rows->items + i);
}

static void export_rows(const WireConvert *convert, const Array *rows, Array *to)
{
        const Bits *items = rows->items;
        size_t row = rows->n ? row_size(convert, &items[0]) : 0;

        to->n = rows->n * row;
        to->items = to->n ? g_malloc0(to->n) : NULL;
        for (size_t i = 0; i < rows->n && row > 0; i++)
                bits_write(&items[i], (uint8_t *)to->items + i * row, row);
}

/* Arrays and structs. */

static int import_members(const WireConvert *convert, const char *layout, void *wire,
        const char *signature, void *value)
{
        size_t from = 0, to = 0;
        int r = 0;

        while (r == 0 && *layout && *layout != ')') {
                WireType type = wire_type(layout);
                LayoutType member = layout_type(signature);

                from = wire_align(from, &type);
                to = layout_align(to, &member);
                r = wire_import(convert, &type, (char *)wire + from, &member, (char *)value + to);
                from += type.size;
                to += member.size;
                layout = type.end;
                signature = member.end;
        }
        return r;
}

static int export_members(const WireConvert *convert, const char *signature, void *value,
        const char *layout, void *wire)
{
        size_t from = 0, to = 0;
        int r = 0;

        while (r == 0 && *layout && *layout != ')') {
                WireType type = wire_type(layout);
                LayoutType member = layout_type(signature);

                from = layout_align(from, &member);
                to = wire_align(to, &type);
                r = wire_export(convert, &member, (char *)value + from, &type, (char *)wire + to);
                from += member.size;
                to += type.size;
                layout = type.end;
                signature = member.end;
        }
        return r;
}

static int import_array(const WireConvert *convert, const WireType *type, Array *from,
        const LayoutType *to, Array *array)
{
        LayoutType element = layout_type(to->inner);
        WireType inner;
        int r = 0;

        if (type->code == 'S' || type->code == 's')
                return *(char **)from ? bits_parse(convert, *(char **)from, (Bits *)array) : 0;
        if (type->code == 'o' && element.code == 'y') {
                *array = *from;
                *from = (Array){ 0 };
                return 0;
        }
        if (type->code == 'o' && element.code == 'b') {
                bits_read(from->items, from->n, convert, (Bits *)array);
                return 0;
        }
        if (type->code == 'o') {
                import_rows(convert, from, array);
                return 0;
        }
        if (from->n == 0)
                return 0;
        inner = wire_type(type->inner);
        array->items = g_malloc0_n(from->n, element.size);
        array->n = from->n;
        for (size_t i = 0; r == 0 && i < from->n; i++)
                r = wire_import(convert, &inner, (char *)from->items + i * inner.size, &element,
                        (char *)array->items + i * element.size);
        return r;
}

static int export_array(const WireConvert *convert, const LayoutType *from, Array *array,
        const WireType *type, Array *to)
{
        LayoutType element = layout_type(from->inner);
        WireType inner;
        int r = 0;

        if (type->code == 'S' || type->code == 's') {
                *(char **)to = bits_format((const Bits *)array);
                return 0;
        }
        if (type->code == 'o' && element.code == 'y') {
                *to = *array;
                *array = (Array){ 0 };
                return 0;
        }
        if (type->code == 'o' && element.code == 'b') {
                to->n = row_size(convert, (const Bits *)array);
                to->items = to->n ? g_malloc0(to->n) : NULL;
                bits_write((const Bits *)array, to->items, to->n);
                return 0;
        }
        if (type->code == 'o') {
                export_rows(convert, array, to);
                return 0;
        }
        if (array->n == 0)
                return 0;
        inner = wire_type(type->inner);
        to->items = g_malloc0_n(array->n, inner.size);
        to->n = array->n;
        for (size_t i = 0; r == 0 && i < array->n; i++)
                r = wire_export(convert, &element, (char *)array->items + i * element.size, &inner,
                        (char *)to->items + i * inner.size);
        return r;
}

int wire_import(const WireConvert *convert, const WireType *type, void *wire, const LayoutType *to,
        void *value)
{
        if (to->code == 'b') {
                *(int *)value = wire_number(type, wire) != 0;
                return 0;
        }
        if (is_number(to->code))
                return put_number(convert, wire_number(type, wire), to->size,
                        strchr("nix", to->code) != NULL, value);
        switch (to->code) {
        case 'd':
                memcpy(value, wire, sizeof(double));
                return 0;
        case 's':
                return import_text(convert, type, wire, value);
        case 'o':
                return convert->context->find(
                        type->name, wire, value, convert->context->data, convert->error);
        case 'P':
                return import_params(convert, wire, value);
        case '(':
                return import_members(convert, type->inner, wire, to->inner, value);
        default:
                return import_array(convert, type, wire, to, value);
        }
}

int wire_export(const WireConvert *convert, const LayoutType *from, void *value,
        const WireType *type, void *wire)
{
        if (is_number(from->code))
                return put_number(convert, value_number(from->code, value), type->size,
                        strchr("ihc", type->code) != NULL, wire);
        switch (from->code) {
        case 'd':
                memcpy(wire, value, sizeof(double));
                return 0;
        case 's':
                return export_text(convert, value, type, wire);
        case 'o':
                if (!*(Object **)value)
                        return error_set(convert->error, ERROR_INTERNAL_ERROR,
                                "an object is missing in the answer");
                wire_name(type->name, *(Object **)value, wire);
                return 0;
        case 'P':
                *(Params *)wire = *(Params *)value;
                *(Params *)value = (Params){ 0 };
                return 0;
        case '(':
                return export_members(convert, from->inner, value, type->inner, wire);
        default:
                return export_array(convert, from, value, type, wire);
        }
}

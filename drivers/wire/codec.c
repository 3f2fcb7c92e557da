/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/codec.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "drivers/wire/procedures.h"

#define UUID_SIZE 16
/* The shortest parameter: a name of no bytes, a type, four bytes of value. */
#define PARAM_LEAST 12

/* Layouts. */

static const struct {
        char letter;
        const char *members;
        uint32_t least;
        size_t size, align;
} named_structs[] = {
#define NAMED(letter_, type_, members_, least_)                               \
        {                                                                     \
                letter_, members_ ")", least_, sizeof(type_), alignof(type_), \
        }
        NAMED('D', WireDomain, "sUi", 24),
        NAMED('N', WireNetwork, "sU", 20),
        NAMED('L', WirePool, "sU", 20),
        NAMED('V', WireVol, "sss", 12),
        NAMED('I', WireIface, "ss", 8),
        NAMED('E', WireNodedev, "s", 4),
        NAMED('K', WireSecret, "Uis", 24),
        NAMED('F', WireNwfilter, "sU", 20),
        NAMED('A', WireSnapshot, "sD", 28),
        NAMED('C', WireCheckpoint, "sD", 28),
        NAMED('W', WireNetworkPort, "NU", 36),
        NAMED('B', WireNwfilterBinding, "ss", 8),
#undef NAMED
};

#define BASIC(type_, least_)                                                     \
        (WireType)                                                               \
        {                                                                        \
                .least = least_, .size = sizeof(type_), .align = alignof(type_), \
        }

static uint32_t read_max(const char **at)
{
        uint32_t max = 0;

        for (; g_ascii_isdigit(**at); ++*at)
                max = max * 10 + (**at - '0');
        return max;
}

static bool at_end(const char *layout)
{
        return !*layout || *layout == ')';
}

static WireType struct_type(const char *members)
{
        WireType type = { .code = '(', .align = 1, .inner = members }, member;

        for (; !at_end(members); members = member.end) {
                member = wire_type(members);
                type.size = wire_align(type.size, &member) + member.size;
                type.align = MAX(type.align, member.align);
                type.least += member.least;
        }
        type.size = wire_align(type.size, &type);
        type.end = *members ? members + 1 : members;
        return type;
}

static WireType named_type(const char *layout)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(named_structs); i++)
                if (named_structs[i].letter == *layout)
                        return (WireType){
                                .code = '(',
                                .name = *layout,
                                .least = named_structs[i].least,
                                .size = named_structs[i].size,
                                .align = named_structs[i].align,
                                .inner = named_structs[i].members,
                                .end = layout + 1,
                        };
        g_error("no type '%s' on the wire", layout);
}

WireType wire_type(const char *layout)
{
        const char *at = layout + 1;
        WireType type, inner;

        switch (*layout) {
        case 'i':
        case 'u':
                type = BASIC(uint32_t, 4);
                break;
        case 'h':
        case 'H':
                type = BASIC(uint64_t, 8);
                break;
        case 'd':
                type = BASIC(double, 8);
                break;
        case 'c':
        case 'y':
                type = BASIC(uint8_t, 4);
                break;
        case 'q':
                type = BASIC(uint16_t, 4);
                break;
        case 's':
        case 'S':
                type = BASIC(char *, 4);
                break;
        case 'U':
                type = (WireType){ .least = UUID_SIZE, .size = UUID_SIZE, .align = 1 };
                break;
        case 'o':
        case 'P':
                type = BASIC(Array, 4);
                type.max = read_max(&at);
                break;
        case 'a':
                type = BASIC(Array, 4);
                type.max = read_max(&at);
                type.inner = at;
                at = wire_type(at).end;
                break;
        case 'x':
                type.max = read_max(&at);
                inner = wire_type(at);
                type = (WireType){
                        .max = type.max,
                        .least = type.max * inner.least,
                        .size = type.max * inner.size,
                        .align = inner.align,
                        .inner = at,
                };
                at = inner.end;
                break;
        case '?':
                type = BASIC(void *, 4);
                type.inner = at;
                at = wire_type(at).end;
                break;
        case '(':
                return struct_type(at);
        default:
                return named_type(layout);
        }
        type.code = *layout;
        type.end = at;
        return type;
}

size_t wire_size(const char *layout)
{
        return struct_type(layout).size;
}

/* A walk over a value: what lies within it comes first. */

typedef void (*Visit)(const WireType *type, void *value);

static void visit_members(const char *layout, void *data, Visit visit);
static void visit_items(const char *layout, void *items, size_t n, Visit visit);

static void visit_value(const WireType *type, void *value, Visit visit)
{
        const Array *array = value;
        void **present = value;

        switch (type->code) {
        case 'a':
                visit_items(type->inner, array->items, array->n, visit);
                break;
        case 'x':
                visit_items(type->inner, value, type->max, visit);
                break;
        case '?':
                visit_items(type->inner, *present, *present ? 1 : 0, visit);
                break;
        case '(':
                visit_members(type->inner, value, visit);
                break;
        }
        visit(type, value);
}

static void visit_items(const char *layout, void *items, size_t n, Visit visit)
{
        const WireType type = wire_type(layout);

        for (size_t i = 0; i < n; i++)
                visit_value(&type, (char *)items + i * type.size, visit);
}

static void visit_members(const char *layout, void *data, Visit visit)
{
        WireType type;
        size_t offset = 0;

        for (; !at_end(layout); layout = type.end, offset += type.size) {
                type = wire_type(layout);
                offset = wire_align(offset, &type);
                visit_value(&type, (char *)data + offset, visit);
        }
}

/* Freeing. */

static void value_free(const WireType *type, void *value)
{
        switch (type->code) {
        case 's':
        case 'S':
        case '?':
                g_free(*(void **)value);
                break;
        case 'o':
        case 'a':
                g_free(((Array *)value)->items);
                break;
        case 'P':
                params_clear(value);
                break;
        }
}

void wire_clear(const char *layout, void *data)
{
        visit_members(layout, data, value_free);
        /* A struct of nothing has no place. */
        if (!at_end(layout))
                memset(data, 0, wire_size(layout));
}

/* Decoding. Each function moves the reader on. What it gives is zeroed before, and stays fit for
 * wire_clear() at each failure. */

typedef struct Reader {
        const uint8_t *at;
        size_t left;
} Reader;

static const uint8_t *take(Reader *reader, size_t n)
{
        const uint8_t *taken = reader->at;

        if (reader->left < n)
                return NULL;
        reader->at += n;
        reader->left -= n;
        return taken;
}

static int read_u32(Reader *reader, uint32_t *ret)
{
        const uint8_t *bytes = take(reader, sizeof *ret);

        if (!bytes)
                return -EBADMSG;
        memcpy(ret, bytes, sizeof *ret);
        *ret = GUINT32_FROM_BE(*ret);
        return 0;
}

static int read_u64(Reader *reader, void *ret)
{
        const uint8_t *bytes = take(reader, sizeof(uint64_t));
        uint64_t value;

        if (!bytes)
                return -EBADMSG;
        memcpy(&value, bytes, sizeof value);
        value = GUINT64_FROM_BE(value);
        memcpy(ret, &value, sizeof value);
        return 0;
}

/* A number that four bytes carry, and less hold. */
static int read_small(Reader *reader, int64_t least, int64_t most, int32_t *ret)
{
        uint32_t value;

        if (read_u32(reader, &value) < 0)
                return -EBADMSG;
        *ret = (int32_t)value;
        return *ret < least || *ret > most ? -EBADMSG : 0;
}

/* The bytes of a string or of opaque data, whose padding is taken as well. */
static const uint8_t *read_bytes(Reader *reader, uint32_t max, uint32_t *ret_n)
{
        const uint8_t *bytes;

        if (read_u32(reader, ret_n) < 0 || *ret_n > max)
                return NULL;
        bytes = take(reader, *ret_n);
        return bytes && take(reader, -*ret_n & 3) ? bytes : NULL;
}

static int read_string(Reader *reader, uint32_t max, char **ret)
{
        uint32_t n;
        const uint8_t *bytes = read_bytes(reader, max, &n);

        if (!bytes || memchr(bytes, '\0', n))
                return -EBADMSG;
        *ret = g_strndup((const char *)bytes, n);
        return 0;
}

static int read_param(Reader *reader, Params *params)
{
        static const char types[] = "?iuxtdbs";
        Param param = { .name_owned = true };
        uint32_t type = 0, word = 0;
        char *name = NULL;
        int r = read_string(reader, WIRE_PARAM_NAME_MAX, &name);

        if (r == 0)
                r = read_u32(reader, &type);
        if (r == 0 && (type == 0 || type >= sizeof types - 1))
                r = -EBADMSG;
        param.type = types[r == 0 ? type : 0];
        if (r == 0 && param.type == 's')
                r = read_string(reader, WIRE_STRING_MAX, &param.s);
        else if (r == 0 && strchr("xtd", param.type))
                r = read_u64(reader, &param.t);
        else if (r == 0) {
                r = read_u32(reader, &word);
                param.u = param.type == 'b' ? word != 0 : word;
        }
        if (r < 0) {
                g_free(name);
                return r;
        }
        param.name = name;
        params_add(params, param);
        return 0;
}

static int read_members(Reader *reader, const char *layout, void *data);
static int read_value(Reader *reader, const WireType *type, void *value);

/* A count that is within the maximum, and for which the bytes can be there. */
static int read_count(Reader *reader, uint32_t max, uint32_t least, uint32_t *ret)
{
        int r = read_u32(reader, ret);

        return r < 0 || *ret > max || *ret > reader->left / least ? -EBADMSG : 0;
}

static int read_array(Reader *reader, const WireType *type, Array *array)
{
        WireType inner = wire_type(type->inner);
        uint32_t n;
        int r = read_count(reader, type->max, inner.least, &n);

        if (r < 0 || n == 0)
                return r;
        array->items = g_malloc0_n(n, inner.size);
        array->n = n;
        for (uint32_t i = 0; r == 0 && i < n; i++)
                r = read_value(reader, &inner, (char *)array->items + i * inner.size);
        return r;
}

static int read_value(Reader *reader, const WireType *type, void *value)
{
        const uint8_t *bytes;
        Array *array = value;
        WireType inner;
        uint32_t n;
        int32_t number = 0;
        int r;

        switch (type->code) {
        case 'i':
        case 'u':
                return read_u32(reader, value);
        case 'h':
        case 'H':
        case 'd':
                return read_u64(reader, value);
        case 'c':
                /* Sign-extended, but peers that take a char for unsigned do it another way. */
                r = read_small(reader, INT8_MIN, UINT8_MAX, &number);
                *(char *)value = (char)number;
                return r;
        case 'y':
                r = read_small(reader, 0, UINT8_MAX, &number);
                *(uint8_t *)value = (uint8_t)number;
                return r;
        case 'q':
                r = read_small(reader, 0, UINT16_MAX, &number);
                *(uint16_t *)value = (uint16_t)number;
                return r;
        case 's':
                return read_string(reader, WIRE_STRING_MAX, value);
        case 'S':
                r = read_u32(reader, &n);
                return r < 0 || n == 0 ? r : read_string(reader, WIRE_STRING_MAX, value);
        case 'U':
                bytes = take(reader, UUID_SIZE);
                if (!bytes)
                        return -EBADMSG;
                memcpy(value, bytes, UUID_SIZE);
                return 0;
        case 'o':
                bytes = read_bytes(reader, type->max, &n);
                if (!bytes)
                        return -EBADMSG;
                array->items = g_memdup2(bytes, n);
                array->n = n;
                return 0;
        case 'P':
                r = read_count(reader, type->max, PARAM_LEAST, &n);
                for (uint32_t i = 0; r == 0 && i < n; i++)
                        r = read_param(reader, value);
                return r;
        case 'a':
                return read_array(reader, type, value);
        case 'x':
                inner = wire_type(type->inner);
                r = 0;
                for (uint32_t i = 0; r == 0 && i < type->max; i++)
                        r = read_value(reader, &inner, (char *)value + i * inner.size);
                return r;
        case '?':
                r = read_u32(reader, &n);
                if (r < 0 || n == 0)
                        return r;
                inner = wire_type(type->inner);
                *(void **)value = g_malloc0(inner.size);
                return read_value(reader, &inner, *(void **)value);
        default:
                return read_members(reader, type->inner, value);
        }
}

static int read_members(Reader *reader, const char *layout, void *data)
{
        WireType type;
        size_t offset = 0;
        int r = 0;

        for (; r == 0 && !at_end(layout); layout = type.end, offset += type.size) {
                type = wire_type(layout);
                offset = wire_align(offset, &type);
                r = read_value(reader, &type, (char *)data + offset);
        }
        return r;
}

int wire_decode(const char *layout, const void *bytes, size_t n, void *data)
{
        Reader reader = { .at = bytes, .left = n };
        int r;

        /* A struct of nothing has no place. */
        if (at_end(layout))
                return 0;
        memset(data, 0, wire_size(layout));
        r = read_members(&reader, layout, data);
        if (r < 0) {
                wire_clear(layout, data);
                return r;
        }
        return n - reader.left;
}

/* Encoding. */

static uint8_t *grow(GByteArray *out, size_t n)
{
        size_t at = out->len;

        g_byte_array_set_size(out, at + n);
        return out->data + at;
}

static int write_u32(GByteArray *out, uint32_t value)
{
        value = GUINT32_TO_BE(value);
        memcpy(grow(out, sizeof value), &value, sizeof value);
        return 0;
}

static int write_u64(GByteArray *out, const void *number)
{
        uint64_t value;

        memcpy(&value, number, sizeof value);
        value = GUINT64_TO_BE(value);
        memcpy(grow(out, sizeof value), &value, sizeof value);
        return 0;
}

static int write_bytes(GByteArray *out, uint32_t max, const void *bytes, size_t n)
{
        uint8_t *at;

        if (n > max)
                return -EMSGSIZE;
        write_u32(out, n);
        at = grow(out, (n + 3) & ~(size_t)3);
        if (n > 0)
                memcpy(at, bytes, n);
        memset(at + n, 0, -n & 3);
        return 0;
}

static int write_string(GByteArray *out, uint32_t max, const char *string)
{
        return write_bytes(out, max, string, string ? strlen(string) : 0);
}

static int write_param(GByteArray *out, const Param *param)
{
        static const char types[] = "iuxtdbs";

        if (write_string(out, WIRE_PARAM_NAME_MAX, param->name) < 0)
                return -EMSGSIZE;
        write_u32(out, strchr(types, param->type) - types + 1);
        switch (param->type) {
        case 's':
                return write_string(out, WIRE_STRING_MAX, param->s);
        case 'x':
        case 't':
        case 'd':
                return write_u64(out, &param->t);
        default:
                return write_u32(out, param->u);
        }
}

static int write_members(GByteArray *out, const char *layout, const void *data);

static int write_value(GByteArray *out, const WireType *type, const void *value)
{
        const Array *array = value;
        const Params *params = value;
        const char *string;
        const void *present;
        WireType inner;
        int r = 0;

        switch (type->code) {
        case 'i':
        case 'u':
                return write_u32(out, *(const uint32_t *)value);
        case 'h':
        case 'H':
        case 'd':
                return write_u64(out, value);
        case 'c':
                return write_u32(out, (uint32_t)(int32_t) * (const int8_t *)value);
        case 'y':
                return write_u32(out, *(const uint8_t *)value);
        case 'q':
                return write_u32(out, *(const uint16_t *)value);
        case 's':
                return write_string(out, WIRE_STRING_MAX, *(char *const *)value);
        case 'S':
                string = *(char *const *)value;
                write_u32(out, string != NULL);
                return string ? write_string(out, WIRE_STRING_MAX, string) : 0;
        case 'U':
                memcpy(grow(out, UUID_SIZE), value, UUID_SIZE);
                return 0;
        case 'o':
                return write_bytes(out, type->max, array->items, array->n);
        case 'P':
                if (params->n > type->max)
                        return -EMSGSIZE;
                write_u32(out, params->n);
                for (size_t i = 0; r == 0 && i < params->n; i++)
                        r = write_param(out, &params->items[i]);
                return r;
        case 'a':
                if (array->n > type->max)
                        return -EMSGSIZE;
                write_u32(out, array->n);
                inner = wire_type(type->inner);
                for (size_t i = 0; r == 0 && i < array->n; i++)
                        r = write_value(out, &inner, (char *)array->items + i * inner.size);
                return r;
        case 'x':
                inner = wire_type(type->inner);
                for (size_t i = 0; r == 0 && i < type->max; i++)
                        r = write_value(out, &inner, (const char *)value + i * inner.size);
                return r;
        case '?':
                present = *(void *const *)value;
                write_u32(out, present != NULL);
                inner = wire_type(type->inner);
                return present ? write_value(out, &inner, present) : 0;
        default:
                return write_members(out, type->inner, value);
        }
}

static int write_members(GByteArray *out, const char *layout, const void *data)
{
        WireType type;
        size_t offset = 0;
        int r = 0;

        for (; r == 0 && !at_end(layout); layout = type.end, offset += type.size) {
                type = wire_type(layout);
                offset = wire_align(offset, &type);
                r = write_value(out, &type, (const char *)data + offset);
        }
        return r;
}

int wire_encode(const char *layout, const void *data, GByteArray *out)
{
        size_t before = out->len;
        int r = write_members(out, layout, data);

        if (r == 0 && out->len - before > WIRE_PAYLOAD_MAX)
                r = -EMSGSIZE;
        if (r < 0)
                g_byte_array_set_size(out, before);
        return r;
}

/* Text. */

static void text_make_utf8(char **text)
{
        char *invalid = *text;

        if (!invalid || g_utf8_validate(invalid, -1, NULL))
                return;
        *text = g_utf8_make_valid(invalid, -1);
        g_free(invalid);
}

static void params_make_utf8(Params *params)
{
        for (size_t i = 0; i < params->n; i++) {
                Param *param = &params->items[i];

                if (param->name_owned)
                        text_make_utf8((char **)&param->name);
                if (param->type == 's')
                        text_make_utf8(&param->s);
        }
}

static void value_make_utf8(const WireType *type, void *value)
{
        if (type->code == 's' || type->code == 'S')
                text_make_utf8(value);
        else if (type->code == 'P')
                params_make_utf8(value);
}

void wire_make_utf8(const char *layout, void *data)
{
        visit_members(layout, data, value_make_utf8);
}

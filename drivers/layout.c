/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/layout.h"

#include <stdalign.h>
#include <string.h>

#include "drivers/object.h"
#include "service/base/cleanup.h"

/* Parameters. */

#define PARAMS_FIRST 4

Param *params_add(Params *params, Param param)
{
        /* Doubles at each power of two, which needs no count of what is allocated. */
        if (params->n == 0)
                params->items = g_new(Param, PARAMS_FIRST);
        else if (params->n >= PARAMS_FIRST && (params->n & (params->n - 1)) == 0)
                params->items = g_renew(Param, params->items, params->n * 2);
        params->items[params->n] = param;
        return &params->items[params->n++];
}

void params_add_int32(Params *params, const char *name, int32_t value)
{
        params_add(params, (Param){ .name = name, .type = 'i', .i = value });
}

void params_add_uint32(Params *params, const char *name, uint32_t value)
{
        params_add(params, (Param){ .name = name, .type = 'u', .u = value });
}

void params_add_int64(Params *params, const char *name, int64_t value)
{
        params_add(params, (Param){ .name = name, .type = 'x', .x = value });
}

void params_add_uint64(Params *params, const char *name, uint64_t value)
{
        params_add(params, (Param){ .name = name, .type = 't', .t = value });
}

void params_add_bool(Params *params, const char *name, bool value)
{
        params_add(params, (Param){ .name = name, .type = 'b', .b = value });
}

void params_add_string(Params *params, const char *name, const char *value)
{
        params_add(params, (Param){ .name = name, .type = 's', .s = g_strdup(value) });
}

void params_clear(Params *params)
{
        for (size_t i = 0; i < params->n; i++) {
                if (params->items[i].name_owned)
                        g_free((char *)params->items[i].name);
                if (params->items[i].type == 's')
                        g_free(params->items[i].s);
        }
        g_free(params->items);
        *params = (Params){ 0 };
}

const Param *params_find(const Params *params, const char *name)
{
        for (size_t i = 0; i < params->n; i++)
                if (strcmp(params->items[i].name, name) == 0)
                        return &params->items[i];
        return NULL;
}

static void params_copy(const Params *from, Params *to)
{
        *to = (Params){ 0 };
        for (size_t i = 0; i < from->n; i++) {
                Param param = from->items[i];

                param.name = g_strdup(param.name);
                param.name_owned = true;
                if (param.type == 's')
                        param.s = g_strdup(param.s);
                params_add(to, param);
        }
}

static bool param_equal(const Param *a, const Param *b)
{
        if (a->type != b->type || strcmp(a->name, b->name) != 0)
                return false;
        switch (a->type) {
        case 's':
                return strcmp(a->s, b->s) == 0;
        case 'x':
        case 't':
        case 'd':
                return a->t == b->t;
        default:
                return a->u == b->u;
        }
}

static bool params_equal(const Params *a, const Params *b)
{
        if (a->n != b->n)
                return false;
        for (size_t i = 0; i < a->n; i++)
                if (!param_equal(&a->items[i], &b->items[i]))
                        return false;
        return true;
}

/* Signatures. */

#define BASIC(type_)                                           \
        (LayoutType)                                           \
        {                                                      \
                .size = sizeof(type_), .align = alignof(type_) \
        }

/* Each array of a value is asked, so without a call. */
static bool is_params(const char *signature)
{
        return signature[1] == '{' && signature[2] == 's' && signature[3] == 'v' &&
                signature[4] == '}';
}

LayoutType layout_type(const char *signature)
{
        LayoutType type, member;

        switch (*signature) {
        case 'y':
                type = BASIC(uint8_t);
                break;
        case 'n':
        case 'q':
                type = BASIC(uint16_t);
                break;
        case 'b':
        case 'h':
        case 'i':
        case 'u':
                type = BASIC(uint32_t);
                break;
        case 'x':
        case 't':
                type = BASIC(uint64_t);
                break;
        case 'd':
                type = BASIC(double);
                break;
        case 's':
        case 'g':
        case 'o':
                type = BASIC(void *);
                break;
        case 'a':
                type = BASIC(Array);
                if (is_params(signature)) {
                        type.code = 'P';
                        type.end = signature + strlen("a{sv}");
                        return type;
                }
                type.code = 'a';
                type.inner = signature + 1;
                type.end = layout_type(signature + 1).end;
                return type;
        case '(':
        case '{':
                type = (LayoutType){ .code = '(', .align = 1, .inner = signature + 1 };
                for (const char *at = signature + 1;; at = member.end) {
                        if (*at == ')' || *at == '}') {
                                type.end = at + 1;
                                break;
                        }
                        member = layout_type(at);
                        type.size = layout_align(type.size, &member) + member.size;
                        type.align = MAX(type.align, member.align);
                }
                type.size = layout_align(type.size, &type);
                return type;
        default:
                g_error("no layout for '%s'", signature);
        }
        type.code = *signature;
        type.end = signature + 1;
        return type;
}

static bool at_end(const char *signature)
{
        return !*signature || *signature == ')' || *signature == '}';
}

size_t layout_size(const char *signature)
{
        LayoutType type, whole = { .align = 1 };

        for (; !at_end(signature); signature = type.end) {
                type = layout_type(signature);
                whole.size = layout_align(whole.size, &type) + type.size;
                whole.align = MAX(whole.align, type.align);
        }
        return layout_align(whole.size, &whole);
}

void layout_init(const char *signature, void *data)
{
        LayoutType type;
        size_t offset = 0;

        /* A struct of nothing has no place. */
        if (at_end(signature))
                return;
        memset(data, 0, layout_size(signature));
        for (; !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                if (type.code == '(')
                        layout_init(type.inner, (char *)data + offset);
                else if (type.code == 'h')
                        *(int *)((char *)data + offset) = -1;
        }
}

/* Values. Each walks the members, and for one value does what its type needs. */

/* Leaves what they were: whoever clears the whole makes it own nothing. */
static void members_clear(const char *signature, void *data, bool borrowed);

static void elements_clear(const char *signature, const Array *array, bool borrowed);

static void value_clear(const LayoutType *type, void *value, bool borrowed)
{
        Array *array = value;

        switch (type->code) {
        case 's':
        case 'g':
                if (!borrowed)
                        g_free(*(char **)value);
                break;
        case 'o':
                object_unref(*(Object **)value);
                break;
        case 'h':
                if (!borrowed)
                        fd_close(*(int *)value);
                break;
        case 'P':
                params_clear(value);
                break;
        case '(':
                members_clear(type->inner, value, borrowed);
                break;
        case 'a':
                elements_clear(type->inner, array, borrowed);
                g_free(array->items);
                break;
        }
}

static void members_clear(const char *signature, void *data, bool borrowed)
{
        LayoutType type;
        size_t offset = 0;

        for (; !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                value_clear(&type, (char *)data + offset, borrowed);
        }
}

static void elements_clear(const char *signature, const Array *array, bool borrowed)
{
        const LayoutType element = layout_type(signature);

        for (size_t i = 0; i < array->n; i++)
                value_clear(&element, (char *)array->items + i * element.size, borrowed);
}

void layout_clear(const char *signature, void *data)
{
        members_clear(signature, data, false);
        layout_init(signature, data);
}

void layout_clear_elements(const char *signature, Array *array)
{
        elements_clear(signature, array, false);
        array->n = 0;
}

void layout_clear_borrowed(const char *signature, void *data)
{
        members_clear(signature, data, true);
        layout_init(signature, data);
}

static void value_copy(const LayoutType *type, const void *from, void *to)
{
        const Array *array = from;
        Array *copy = to;
        LayoutType element;
        Object *object;

        switch (type->code) {
        case 's':
        case 'g':
                *(char **)to = g_strdup(*(char *const *)from);
                break;
        case 'o':
                object = *(Object *const *)from;
                *(Object **)to = object ? object_ref(object) : NULL;
                break;
        case 'h':
                g_assert_not_reached();
        case 'P':
                params_copy(from, to);
                break;
        case '(':
                layout_copy(type->inner, from, to);
                break;
        case 'a':
                element = layout_type(type->inner);
                *copy = (Array){ .items = array->n ? g_malloc0_n(array->n, element.size) : NULL,
                        .n = array->n };
                for (size_t i = 0; i < array->n; i++)
                        value_copy(&element, (char *)array->items + i * element.size,
                                (char *)copy->items + i * element.size);
                break;
        default:
                memcpy(to, from, type->size);
        }
}

void layout_copy(const char *signature, const void *from, void *to)
{
        LayoutType type;
        size_t offset = 0;

        for (; !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                value_copy(&type, (const char *)from + offset, (char *)to + offset);
        }
}

static bool value_equal(const LayoutType *type, const void *a, const void *b)
{
        const Array *left = a, *right = b;
        LayoutType element;

        switch (type->code) {
        case 's':
        case 'g':
                return g_strcmp0(*(char *const *)a, *(char *const *)b) == 0;
        case 'P':
                return params_equal(a, b);
        case '(':
                return layout_equal(type->inner, a, b);
        case 'a':
                element = layout_type(type->inner);
                if (left->n != right->n)
                        return false;
                for (size_t i = 0; i < left->n; i++)
                        if (!value_equal(&element, (char *)left->items + i * element.size,
                                    (char *)right->items + i * element.size))
                                return false;
                return true;
        default:
                return memcmp(a, b, type->size) == 0;
        }
}

bool layout_equal(const char *signature, const void *a, const void *b)
{
        LayoutType type;
        size_t offset = 0;

        for (; !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                if (!value_equal(&type, (const char *)a + offset, (const char *)b + offset))
                        return false;
        }
        return true;
}

static size_t text_weight(const char *text)
{
        return text ? strlen(text) + 1 : 0;
}

static size_t params_weight(const Params *params)
{
        size_t weight = sizeof *params + params->n * sizeof *params->items;

        for (size_t i = 0; i < params->n; i++) {
                const Param *param = &params->items[i];

                if (param->name_owned)
                        weight += text_weight(param->name);
                if (param->type == 's')
                        weight += text_weight(param->s);
        }
        return weight;
}

static size_t value_weight(const LayoutType *type, const void *value)
{
        const Array *array = value;
        size_t weight = type->size;
        LayoutType element;

        switch (type->code) {
        case 's':
        case 'g':
                return weight + text_weight(*(char *const *)value);
        case 'P':
                return params_weight(value);
        case '(':
                return layout_weight(type->inner, value);
        case 'a':
                element = layout_type(type->inner);
                for (size_t i = 0; i < array->n; i++)
                        weight += value_weight(
                                &element, (const char *)array->items + i * element.size);
                return weight;
        default:
                return weight;
        }
}

size_t layout_weight(const char *signature, const void *data)
{
        LayoutType type;
        size_t offset = 0, weight = 0;

        for (; !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                weight += value_weight(&type, (const char *)data + offset);
        }
        return weight;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/wire-values.h"

#include <string.h>

static char *any_string(WireValues *values)
{
        return g_strnfill(
                g_rand_int_range(values->random, 0, 9), 'a' + g_rand_int(values->random) % 26);
}

static void any_params(WireValues *values, Params *params, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                Param param = { .name = g_strdup_printf("parameter.%u", i), .name_owned = true };

                param.type = "iuxtdbs"[i % 7];
                if (param.type == 's')
                        param.s = any_string(values);
                else if (param.type == 'b')
                        param.b = i % 2;
                else if (strchr("xt", param.type))
                        param.t = (uint64_t)g_rand_int(values->random) << 32 | i;
                else if (param.type == 'd')
                        param.d = g_rand_double(values->random);
                else
                        param.u = g_rand_int(values->random);
                params_add(params, param);
        }
}

static void any_value(WireValues *values, const WireType *type, void *value)
{
        Array *array = value;
        unsigned n = MIN(values->count, type->max);
        WireType inner;

        switch (type->code) {
        case 's':
                *(char **)value = any_string(values);
                break;
        case 'S':
                *(char **)value = values->count ? any_string(values) : NULL;
                break;
        case 'o':
                array->items = n ? g_malloc(n) : NULL;
                array->n = n;
                memset(array->items ? array->items : value, n ? 0xa5 : 0, n);
                break;
        case 'P':
                any_params(values, value, n);
                break;
        case 'a':
                inner = wire_type(type->inner);
                array->items = n ? g_malloc0_n(n, inner.size) : NULL;
                array->n = n;
                for (unsigned i = 0; i < n; i++)
                        any_value(values, &inner, (char *)array->items + i * inner.size);
                break;
        case 'x':
                inner = wire_type(type->inner);
                for (unsigned i = 0; i < type->max; i++)
                        any_value(values, &inner, (char *)value + i * inner.size);
                break;
        case '?':
                if (values->count) {
                        inner = wire_type(type->inner);
                        *(void **)value = g_malloc0(inner.size);
                        any_value(values, &inner, *(void **)value);
                }
                break;
        case '(':
                wire_values(values, type->inner, value);
                break;
        default:
                for (size_t i = 0; i < type->size; i++)
                        ((uint8_t *)value)[i] = g_rand_int(values->random);
                if (values->small && strchr("iuhHcyq", type->code)) {
                        memset(value, 0, type->size);
                        *(uint8_t *)value = g_rand_int(values->random) & 0x7f;
                }
        }
}

void wire_values(WireValues *values, const char *layout, void *data)
{
        WireType type;
        size_t offset = 0;

        for (; *layout && *layout != ')'; layout = type.end, offset += type.size) {
                type = wire_type(layout);
                offset = wire_align(offset, &type);
                any_value(values, &type, (char *)data + offset);
        }
}

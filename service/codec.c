/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/codec.h"

#include <errno.h>
#include <string.h>

#include "service/publish.h"

/* A type, with what the container calls want to hear of it: for all elements of an array, it is
 * found once. */
typedef struct Shape {
        LayoutType type;
        char kind;          /* of the container */
        char contents[256]; /* no signature is longer */
} Shape;

static void shape_find(Shape *shape, const char *signature)
{
        const LayoutType *type = &shape->type;
        size_t n;

        shape->type = layout_type(signature);
        if (type->code != 'a' && type->code != '(')
                return;
        shape->kind = *signature == '{' ? 'e' : *signature == '(' ? 'r' : 'a';
        n = type->end - type->inner - (type->code == '(');
        g_assert(n < sizeof(shape->contents));
        memcpy(shape->contents, type->inner, n);
        shape->contents[n] = '\0';
}

/* sd-bus decodes each character. Most text is plain ASCII, and needs no more than to be counted.
 * NULL is an empty one. */
static int append_string(sd_bus_message *message, const char *text)
{
        size_t n = 0;
        char *space;
        int r;

        text = text ?: "";
        while ((signed char)text[n] > 0)
                n++;
        if (text[n])
                return sd_bus_message_append_basic(message, 's', text);
        r = sd_bus_message_append_string_space(message, n, &space);
        if (r >= 0)
                memcpy(space, text, n);
        return r;
}

static int append_param(sd_bus_message *message, const Param *param, bool doubled)
{
        const char contents[] = { param->type, '\0' };
        int r;

        r = sd_bus_message_open_container(message, 'e', "sv");
        if (r >= 0)
                r = append_string(message, param->name);
        if (r >= 0 && doubled)
                r = sd_bus_message_open_container(message, 'v', "v");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', contents);
        if (r >= 0)
                r = param->type == 's' ?
                        append_string(message, param->s) :
                        sd_bus_message_append_basic(message, param->type, &param->t);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        if (r >= 0 && doubled)
                r = sd_bus_message_close_container(message);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r;
}

static int append_params(sd_bus_message *message, const Params *params, bool doubled)
{
        int r = sd_bus_message_open_container(message, 'a', "{sv}");

        for (size_t i = 0; r >= 0 && i < params->n; i++)
                r = append_param(message, &params->items[i], doubled);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_object(sd_bus_message *message, const Object *object, const Namespace *space)
{
        const char *path = object ? publish_path(object, space) : NULL;

        return sd_bus_message_append_basic(message, 'o', path ?: "/");
}

/* Objects that come later in a list and are fetched from memory meanwhile: their paths are far from
 * each other, and waiting for each would take longer than appending it. */
#define AHEAD 8

static int append_objects(sd_bus_message *message, const Array *array, const Namespace *space)
{
        Object *const *objects = array->items;
        int r = sd_bus_message_open_container(message, 'a', "o");

        for (size_t i = 0; r >= 0 && i < array->n; i++) {
                if (i + AHEAD < array->n)
                        publish_prefetch(objects[i + AHEAD]);
                r = append_object(message, objects[i], space);
        }
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_value(
        sd_bus_message *message, const Shape *shape, const void *value, const Namespace *space);

static int append_elements(
        sd_bus_message *message, const Shape *element, const Array *array, const Namespace *space)
{
        size_t size = element->type.size;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < array->n; i++)
                r = append_value(message, element, (char *)array->items + i * size, space);
        return r;
}

static int append_array(
        sd_bus_message *message, const Shape *shape, const Array *array, const Namespace *space)
{
        Shape element;
        int r;

        shape_find(&element, shape->type.inner);
        if (element.type.code == 'o')
                return append_objects(message, array, space);
        if (strchr("ynqiuxtd", element.type.code))
                return sd_bus_message_append_array(
                        message, element.type.code, array->items, array->n * element.type.size);
        r = sd_bus_message_open_container(message, shape->kind, shape->contents);
        if (r >= 0)
                r = append_elements(message, &element, array, space);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_value(
        sd_bus_message *message, const Shape *shape, const void *value, const Namespace *space)
{
        int r;

        switch (shape->type.code) {
        case 's':
                return append_string(message, *(char *const *)value);
        case 'g':
                return sd_bus_message_append_basic(message, 'g', *(char *const *)value ?: "");
        case 'o':
                return append_object(message, *(Object *const *)value, space);
        case 'P':
                return append_params(message, value, space->doubled);
        case '(':
                r = sd_bus_message_open_container(message, shape->kind, shape->contents);
                if (r >= 0)
                        r = codec_append(message, shape->type.inner, value, space);
                return r < 0 ? r : sd_bus_message_close_container(message);
        case 'a':
                return append_array(message, shape, value, space);
        default:
                return sd_bus_message_append_basic(message, shape->type.code, value);
        }
}

static bool at_end(const char *signature)
{
        return !*signature || *signature == ')' || *signature == '}';
}

int codec_append(
        sd_bus_message *message, const char *signature, const void *data, const Namespace *space)
{
        Shape shape;
        size_t offset = 0;
        int r = 0;

        for (; r >= 0 && !at_end(signature); signature = shape.type.end) {
                shape_find(&shape, signature);
                offset = layout_align(offset, &shape.type);
                r = append_value(message, &shape, (const char *)data + offset, space);
                offset += shape.type.size;
        }
        return r;
}

int codec_append_elements(
        sd_bus_message *message, const char *signature, const Array *array, const Namespace *space)
{
        Shape element;

        shape_find(&element, signature);
        return append_elements(message, &element, array, space);
}

static int read_param(sd_bus_message *message, Params *params)
{
        Param param = { 0 };
        const char *contents, *name, *text;
        char kind;
        int r;

        r = sd_bus_message_read_basic(message, 's', &name);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(message, &kind, &contents);
        if (r < 0)
                return r;
        if (kind != 'v' || strlen(contents) != 1 || !strchr("iuxtdbs", contents[0]))
                return -ENXIO;
        param.type = contents[0];
        r = sd_bus_message_enter_container(message, 'v', contents);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(
                message, param.type, param.type == 's' ? (void *)&text : (void *)&param.t);
        if (r < 0)
                return r;
        param.name = g_strdup(name);
        param.name_owned = true;
        if (param.type == 's')
                param.s = g_strdup(text);
        params_add(params, param);
        return sd_bus_message_exit_container(message);
}

static int read_params(sd_bus_message *message, Params *params)
{
        int r = sd_bus_message_enter_container(message, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_param(message, params);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_value(
        sd_bus_message *message, const Shape *shape, void *value, const Namespace *space);

static int read_elements(
        sd_bus_message *message, const Shape *shape, Array *array, const Namespace *space)
{
        Shape element;
        size_t size;
        int r;

        shape_find(&element, shape->type.inner);
        size = element.type.size;
        r = sd_bus_message_enter_container(message, shape->kind, shape->contents);
        if (r <= 0)
                return r < 0 ? r : -ENXIO;
        while ((r = sd_bus_message_at_end(message, false)) == 0) {
                if ((array->n & (array->n - 1)) == 0)
                        array->items = g_realloc_n(array->items, array->n ? array->n * 2 : 1, size);
                memset((char *)array->items + array->n * size, 0, size);
                r = read_value(message, &element, (char *)array->items + array->n++ * size, space);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_value(
        sd_bus_message *message, const Shape *shape, void *value, const Namespace *space)
{
        Object *object;
        const char *path;
        int r;

        switch (shape->type.code) {
        case 'o':
                r = sd_bus_message_read_basic(message, 'o', &path);
                if (r <= 0)
                        return r < 0 ? r : -ENXIO;
                object = publish_lookup(space, path);
                if (!object)
                        return -ENOENT;
                *(Object **)value = object_ref(object);
                return 0;
        case 'P':
                return read_params(message, value);
        case '(':
                r = sd_bus_message_enter_container(message, shape->kind, shape->contents);
                if (r <= 0)
                        return r < 0 ? r : -ENXIO;
                r = codec_read(message, shape->type.inner, value, space);
                return r < 0 ? r : sd_bus_message_exit_container(message);
        case 'a':
                return read_elements(message, shape, value, space);
        default:
                r = sd_bus_message_read_basic(message, shape->type.code, value);
                return r == 0 ? -ENXIO : r;
        }
}

int codec_read(sd_bus_message *message, const char *signature, void *data, const Namespace *space)
{
        Shape shape;
        size_t offset = 0;
        int r = 0;

        for (; r >= 0 && !at_end(signature); signature = shape.type.end) {
                shape_find(&shape, signature);
                offset = layout_align(offset, &shape.type);
                r = read_value(message, &shape, (char *)data + offset, space);
                offset += shape.type.size;
        }
        return r;
}

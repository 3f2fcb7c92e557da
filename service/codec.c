/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/codec.h"

#include <errno.h>
#include <string.h>

#include "service/publish.h"

/* The text of a signature up to where its type ends, for the container calls. */
typedef struct Contents {
        char text[256]; /* no signature is longer */
} Contents;

static const char *contents_of(Contents *contents, const char *begin, const char *end)
{
        g_assert((size_t)(end - begin) < sizeof(contents->text));
        memcpy(contents->text, begin, end - begin);
        contents->text[end - begin] = '\0';
        return contents->text;
}

static int append_param(sd_bus_message *message, const Param *param, bool doubled)
{
        const char contents[] = { param->type, '\0' };
        int r;

        r = sd_bus_message_open_container(message, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', param->name);
        if (r >= 0 && doubled)
                r = sd_bus_message_open_container(message, 'v', "v");
        if (r >= 0)
                r = sd_bus_message_open_container(message, 'v', contents);
        if (r >= 0)
                r = sd_bus_message_append_basic(message, param->type,
                        param->type == 's' ? (const void *)param->s : &param->t);
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

static int append_value(sd_bus_message *message, const LayoutType *type, const char *signature,
        const void *value, const Namespace *space)
{
        Contents contents;
        const Array *array = value;
        LayoutType element;
        int r;

        switch (type->code) {
        case 's':
        case 'g':
                return sd_bus_message_append_basic(
                        message, type->code, *(char *const *)value ?: "");
        case 'o':
                return append_object(message, *(Object *const *)value, space);
        case 'P':
                return append_params(message, value, space->doubled);
        case '(':
                r = sd_bus_message_open_container(message, *signature == '{' ? 'e' : 'r',
                        contents_of(&contents, type->inner, type->end - 1));
                if (r >= 0)
                        r = codec_append(message, type->inner, value, space);
                return r < 0 ? r : sd_bus_message_close_container(message);
        case 'a':
                element = layout_type(type->inner);
                if (element.code == 'o')
                        return append_objects(message, array, space);
                if (strchr("ynqiuxtdb", element.code) && element.code != 'b')
                        return sd_bus_message_append_array(
                                message, element.code, array->items, array->n * element.size);
                r = sd_bus_message_open_container(
                        message, 'a', contents_of(&contents, type->inner, type->end));
                for (size_t i = 0; r >= 0 && i < array->n; i++)
                        r = append_value(message, &element, type->inner,
                                (char *)array->items + i * element.size, space);
                return r < 0 ? r : sd_bus_message_close_container(message);
        default:
                return sd_bus_message_append_basic(message, type->code, value);
        }
}

static bool at_end(const char *signature)
{
        return !*signature || *signature == ')' || *signature == '}';
}

int codec_append(
        sd_bus_message *message, const char *signature, const void *data, const Namespace *space)
{
        LayoutType type;
        size_t offset = 0;
        int r = 0;

        for (; r >= 0 && !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                r = append_value(message, &type, signature, (const char *)data + offset, space);
        }
        return r;
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

static int read_value(sd_bus_message *message, const LayoutType *type, const char *signature,
        void *value, const Namespace *space)
{
        Contents contents;
        Array *array = value;
        LayoutType element;
        Object *object;
        const char *path;
        int r;

        switch (type->code) {
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
                r = sd_bus_message_enter_container(message, *signature == '{' ? 'e' : 'r',
                        contents_of(&contents, type->inner, type->end - 1));
                if (r <= 0)
                        return r < 0 ? r : -ENXIO;
                r = codec_read(message, type->inner, value, space);
                return r < 0 ? r : sd_bus_message_exit_container(message);
        case 'a':
                element = layout_type(type->inner);
                r = sd_bus_message_enter_container(
                        message, 'a', contents_of(&contents, type->inner, type->end));
                if (r <= 0)
                        return r < 0 ? r : -ENXIO;
                while ((r = sd_bus_message_at_end(message, false)) == 0) {
                        if ((array->n & (array->n - 1)) == 0)
                                array->items = g_realloc_n(
                                        array->items, array->n ? array->n * 2 : 1, element.size);
                        memset((char *)array->items + array->n * element.size, 0, element.size);
                        r = read_value(message, &element, type->inner,
                                (char *)array->items + array->n++ * element.size, space);
                        if (r < 0)
                                return r;
                }
                return r < 0 ? r : sd_bus_message_exit_container(message);
        default:
                r = sd_bus_message_read_basic(message, type->code, value);
                return r == 0 ? -ENXIO : r;
        }
}

int codec_read(sd_bus_message *message, const char *signature, void *data, const Namespace *space)
{
        LayoutType type;
        size_t offset = 0;
        int r = 0;

        for (; r >= 0 && !at_end(signature); signature = type.end, offset += type.size) {
                type = layout_type(signature);
                offset = layout_align(offset, &type);
                r = read_value(message, &type, signature, (char *)data + offset, space);
        }
        return r;
}

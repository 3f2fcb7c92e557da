/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/bind.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

ENUM_TABLE(yes_no_names, "yes or no", SWITCH_MAX, [SWITCH_ON] = "yes", [SWITCH_OFF] = "no");
ENUM_TABLE(on_off_names, "on or off", SWITCH_MAX, [SWITCH_ON] = "on", [SWITCH_OFF] = "off");

void list_append_item(void ***list, size_t *n, void *item)
{
        /* Room for 4, 8, 16, ...: a full list has a power of two. */
        if (*n == 0 || (*n >= 4 && (*n & (*n - 1)) == 0))
                *list = g_renew(void *, *list, *n ? *n * 2 : 4);
        (*list)[(*n)++] = item;
}

void list_remove_item(void **list, size_t *n, size_t index)
{
        memmove(&list[index], &list[index + 1], (--*n - index) * sizeof(void *));
}

/* A row's field: row->offset bytes into the object. */
#define FIELD(T, row, object) ((T *)((char *)(object) + (row)->offset))
#define COUNT(row, object) ((size_t *)((char *)(object) + (row)->count_offset))

/* A named row of the list that an ANY row has in the same struct: it only says where those are
 * written. */
static bool is_share(const BindRow *row)
{
        return row->place == BIND_PLACE_LIST && row->type->name_offset;
}

static const char *item_name(const BindRow *row, const void *item)
{
        return *(char *const *)((const char *)item + row->type->name_offset);
}

/* The rows of a discriminator's value: none where nothing more is known of it. */
static const BindRow *cases_rows(const BindRow *row, const void *object)
{
        static const BindRow none[] = { BIND_END };
        int value = *FIELD(const int, row, object);

        for (const BindCase *c = row->cases; c->rows; c++)
                if (c->value == value)
                        return c->rows;
        return none;
}

/* The rows that a row stands for, where it is a group or a choice, and the object they are for. */
static const BindRow *inner_rows(const BindRow *row, const void *object, void **ret_object)
{
        if (row->place == BIND_PLACE_GROUP) {
                *ret_object = FIELD(void, row, object);
                return row->rows;
        }
        if (row->place == BIND_PLACE_CASES) {
                *ret_object = (void *)object;
                return cases_rows(row, object);
        }
        return NULL;
}

/* ---- clear ---------------------------------------------------------------------------------- */

static void clear_rows(const BindRow *rows, void *object);

static void clear_row(const BindRow *row, void *object)
{
        const BindRow *inner;
        void *inner_object;

        switch (row->place) {
        case BIND_PLACE_CHILD:
                bind_clear(row->type, FIELD(void, row, object));
                return;
        case BIND_PLACE_POINTER:
                bind_free(row->type, *FIELD(void *, row, object));
                break;
        case BIND_PLACE_LIST:
        case BIND_PLACE_ANY:
                for (size_t i = 0; i < *COUNT(row, object); i++)
                        bind_free(row->type, (*FIELD(void **, row, object))[i]);
                g_free(*FIELD(void *, row, object));
                *COUNT(row, object) = 0;
                break;
        case BIND_PLACE_GROUP:
        case BIND_PLACE_CASES:
                inner = inner_rows(row, object, &inner_object);
                clear_rows(inner, inner_object);
                return;
        default:
                if (row->value == BIND_STRING || row->place == BIND_PLACE_SUBTREE)
                        g_free(*FIELD(char *, row, object));
        }
        memset(FIELD(char, row, object), 0, row->size);
}

/* A discriminator stands before its cases, so it is cleared after them: backwards. */
static void clear_rows(const BindRow *rows, void *object)
{
        const BindRow *row = rows;

        while (row->place != BIND_PLACE_END)
                row++;
        while (row-- > rows)
                clear_row(row, object);
}

void bind_clear(const BindType *type, void *object)
{
        Kept *kept = object;

        clear_rows(type->rows, object);
        if (type->name_offset)
                g_free(*(char **)((char *)object + type->name_offset));
        g_free(kept->attributes);
        g_free(kept->elements);
        memset(object, 0, type->size);
}

void bind_free(const BindType *type, void *object)
{
        if (!object)
                return;
        bind_clear(type, object);
        g_free(object);
}

/* ---- copy ----------------------------------------------------------------------------------- */

/* `to` has the bytes of `from`: what they point to is still from's. */
static void own_rows(const BindRow *rows, const void *from, void *to);

static void own_object(const BindType *type, const void *from, void *to)
{
        Kept *kept = to;

        kept->attributes = g_strdup(kept->attributes);
        kept->elements = g_strdup(kept->elements);
        if (type->name_offset) {
                char **name = (char **)((char *)to + type->name_offset);

                *name = g_strdup(*name);
        }
        own_rows(type->rows, from, to);
}

static void own_rows(const BindRow *rows, const void *from, void *to)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                void *inner_from, *inner_to;
                const BindRow *inner;

                switch (row->place) {
                case BIND_PLACE_CHILD:
                        own_object(row->type, FIELD(void, row, from), FIELD(void, row, to));
                        break;
                case BIND_PLACE_POINTER:
                        *FIELD(void *, row, to) =
                                bind_duplicate(row->type, *FIELD(void *, row, from));
                        break;
                case BIND_PLACE_LIST:
                case BIND_PLACE_ANY:
                        if (is_share(row))
                                break;
                        *FIELD(void **, row, to) = NULL;
                        *COUNT(row, to) = 0;
                        for (size_t i = 0; i < *COUNT(row, from); i++)
                                list_append_item(FIELD(void **, row, to), COUNT(row, to),
                                        bind_duplicate(row->type, (*FIELD(void **, row, from))[i]));
                        break;
                case BIND_PLACE_GROUP:
                case BIND_PLACE_CASES:
                        inner = inner_rows(row, from, &inner_from);
                        inner_rows(row, to, &inner_to);
                        own_rows(inner, inner_from, inner_to);
                        break;
                default:
                        if (row->value == BIND_STRING || row->place == BIND_PLACE_SUBTREE)
                                *FIELD(char *, row, to) = g_strdup(*FIELD(char *, row, from));
                }
        }
}

void bind_copy(const BindType *type, const void *from, void *to)
{
        memcpy(to, from, type->size);
        own_object(type, from, to);
}

void *bind_duplicate(const BindType *type, const void *object)
{
        void *copy;

        if (!object)
                return NULL;
        copy = g_malloc0(type->size);
        bind_copy(type, object, copy);
        return copy;
}

/* ---- values --------------------------------------------------------------------------------- */

char *uuid_normalize(const char *text)
{
        char uuid[37];
        unsigned n = 0;

        for (; g_ascii_isspace(*text); text++)
                ;
        for (unsigned digits = 0; digits < 32; text++) {
                if (*text == '-' && digits > 0 && digits % 2 == 0)
                        continue;
                if (!g_ascii_isxdigit(*text))
                        return NULL;
                if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
                        uuid[n++] = '-';
                uuid[n++] = g_ascii_tolower(*text);
                digits++;
        }
        for (; g_ascii_isspace(*text); text++)
                ;
        return *text ? NULL : g_strndup(uuid, n);
}

char *mac_normalize(const char *text)
{
        unsigned bytes[6];

        for (unsigned i = 0; i < 6; i++) {
                char *end;

                if (!g_ascii_isxdigit(*text))
                        return NULL;
                bytes[i] = strtoul(text, &end, 16);
                if (end - text > 2 || *end != (i < 5 ? ':' : '\0'))
                        return NULL;
                text = end + 1;
        }
        if (bytes[0] & 1)
                return NULL;
        return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                bytes[3], bytes[4], bytes[5]);
}

/* The whole text is a number, with blanks around it. Hexadecimal fields also take 0x. */
static int number_parse(const char *text, bool hex, int64_t min, int64_t max, int64_t *ret)
{
        int64_t value;
        char *end;

        errno = 0;
        value = g_ascii_strtoll(text, &end, hex ? 0 : 10);
        if (errno != 0 || end == text || value < min || value > max)
                return -EINVAL;
        while (g_ascii_isspace(*end))
                end++;
        if (*end)
                return -EINVAL;
        *ret = value;
        return 0;
}

/* Bytes of one unit, 0 for a word that is none. Small letters count as large ones. */
static uint64_t unit_bytes(const char *unit)
{
        static const char prefixes[] = "KMGTPE";
        const char *prefix;
        uint64_t bytes = 1, factor;

        if (g_ascii_strcasecmp(unit, "b") == 0 || g_ascii_strcasecmp(unit, "byte") == 0 ||
                g_ascii_strcasecmp(unit, "bytes") == 0)
                return 1;
        if (!unit[0] || !(prefix = strchr(prefixes, g_ascii_toupper(unit[0]))))
                return 0;
        if (unit[1] == '\0' || g_ascii_strcasecmp(unit + 1, "iB") == 0)
                factor = 1024;
        else if (g_ascii_strcasecmp(unit + 1, "B") == 0)
                factor = 1000;
        else
                return 0;
        for (const char *p = prefixes; p <= prefix; p++)
                bytes *= factor;
        return bytes;
}

static int size_parse(const BindRow *row, const xmlNode *node, const char *attribute,
        const char *text, Number *ret, GError **error)
{
        g_autofree char *own = NULL;
        const char *unit = xml_property(node, "unit", &own);
        uint64_t bytes = unit ? unit_bytes(unit) : row->unit, size;
        int64_t value;

        if (bytes == 0)
                return xml_refuse(error, node, "unit", "'%s' is not a unit of sizes", unit);
        if (number_parse(text, false, 0, INT64_MAX, &value) < 0)
                return xml_refuse(error, node, attribute, "'%s' is not a size", text);
        if (__builtin_mul_overflow((uint64_t)value, bytes, &size) ||
                size / row->unit > (uint64_t)row->max)
                return xml_refuse(error, node, attribute, "'%s' is too large a size", text);
        *ret = number(size / row->unit + (size % row->unit != 0));
        return 0;
}

static char *names_join(const EnumTable *names)
{
        g_autoptr(GString) list = g_string_new(NULL);

        for (int i = 0; i < names->n_names; i++)
                if (enum_name(names, i))
                        g_string_append_printf(
                                list, "%s%s", list->len ? ", " : "", names->names[i]);
        return g_string_free(g_steal_pointer(&list), FALSE);
}

/* Whether a list of the form "these, those" has the word. */
static bool words_contain(const char *words, const char *word)
{
        size_t n = strlen(word);

        for (const char *p = words; n > 0 && (p = strstr(p, word)); p += n)
                if ((p == words || p[-1] == ' ') && (p[n] == ',' || !p[n]))
                        return true;
        return false;
}

/* attribute is NULL for the text of the node. */
static int parse_value(const BindRow *row, const xmlNode *node, const char *attribute,
        const char *text, void *object, GError **error)
{
        int64_t value;

        switch (row->value) {
        case BIND_STRING: {
                char *string;

                if (row->words && !words_contain(row->words, text))
                        return xml_refuse(
                                error, node, attribute, "'%s' is not one of: %s", text, row->words);
                string = row->normalize ? row->normalize(text) : g_strdup(text);
                if (!string)
                        return xml_refuse(
                                error, node, attribute, "'%s' is not a %s", text, row->what);
                *FIELD(char *, row, object) = string;
                return 0;
        }
        case BIND_ENUM: {
                g_autofree char *word = attribute ? NULL : g_strstrip(g_strdup(text)), *list = NULL;
                int found = enum_value(row->names, word ?: text);

                if (found < 0) {
                        list = names_join(row->names);
                        return xml_refuse(error, node, attribute, "'%s' is not a %s (%s)", text,
                                row->names->what, list);
                }
                *FIELD(int, row, object) = found;
                return 0;
        }
        case BIND_SIZE:
                return size_parse(row, node, attribute, text, FIELD(Number, row, object), error);
        case BIND_NUMBER:
        case BIND_UNSIGNED:
                if (number_parse(text, row->digits > 0, row->min, row->max, &value) < 0)
                        return xml_refuse(error, node, attribute,
                                "'%s' is not a number from %" PRId64 " to %" PRId64, text, row->min,
                                row->max);
                if (row->value == BIND_NUMBER)
                        *FIELD(Number, row, object) = number(value);
                else
                        *FIELD(unsigned, row, object) = (unsigned)value;
                return 0;
        default:
                return 0;
        }
}

static bool value_absent(const BindRow *row, const void *object)
{
        switch (row->value) {
        case BIND_STRING:
                return !*FIELD(char *const, row, object);
        case BIND_ENUM:
                return *FIELD(const int, row, object) == 0;
        case BIND_NUMBER:
        case BIND_SIZE:
                return !FIELD(const Number, row, object)->set;
        default:
                return false;
        }
}

/* The text of a value that is there; buffer is for numbers. */
static const char *format_value(const BindRow *row, const void *object, char buffer[static 32])
{
        int64_t value;

        if (row->value == BIND_STRING)
                return *FIELD(char *const, row, object);
        if (row->value == BIND_ENUM)
                return enum_name(row->names, *FIELD(const int, row, object)) ?: "";

        value = row->value == BIND_UNSIGNED ? *FIELD(const unsigned, row, object) :
                                              FIELD(const Number, row, object)->value;
        if (row->digits && value >= 0)
                g_snprintf(buffer, 32, "0x%0*" PRIx64, (int)row->digits, (uint64_t)value);
        else
                g_snprintf(buffer, 32, "%" PRId64, value);
        return buffer;
}

static const char *size_unit(const BindRow *row)
{
        return row->unit == 1024 ? "KiB" : row->unit == 1u << 20 ? "M" : "bytes";
}

static bool is_omitted(const BindRow *row, const void *object, unsigned flags)
{
        if ((row->flags & BIND_LIVE) && (flags & BIND_INACTIVE))
                return true;
        return row->omit && row->omit(object, flags);
}

/* ---- parse ---------------------------------------------------------------------------------- */

/* What is being read: its rows, as far as discriminators are known. */
typedef struct Reading {
        const xmlNode *node;
        unsigned flags;
        GError **error;
} Reading;

/* The text of an element that is a string. Blanks beside elements only lay the document out. */
static const char *own_string(const xmlNode *node, char **own)
{
        const char *text = xml_content(node, own);

        return text && xml_first(node) && !text[strspn(text, " \t\r\n")] ? NULL : text;
}

static int parse_scalars(const Reading *reading, const BindRow *rows, void *object)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                g_autofree char *own = NULL;
                const BindRow *inner;
                const char *text = NULL;
                void *inner_object;

                if ((inner = inner_rows(row, object, &inner_object))) {
                        if (parse_scalars(reading, inner, inner_object) < 0)
                                return -1;
                        continue;
                }
                if (row->place == BIND_PLACE_ATTRIBUTE)
                        text = xml_property(reading->node, row->name, &own);
                else if (row->place == BIND_PLACE_TEXT)
                        text = row->value == BIND_STRING ? own_string(reading->node, &own) :
                                                           xml_content(reading->node, &own);
                if (text &&
                        parse_value(row, reading->node, row->name, text, object, reading->error) <
                                0)
                        return -1;
                /* Checked when all is read where it is an element. */
                if (row->place == BIND_PLACE_ATTRIBUTE && (row->flags & BIND_REQUIRED) && !text)
                        return xml_refuse(reading->error, reading->node, NULL,
                                "attribute '%s' is missing", row->name);
        }
        return 0;
}

/* The row for an attribute or child of this name, and the object it is for. */
static const BindRow *find_row(
        const BindRow *rows, bool attribute, const char *name, void *object, void **ret_object)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                const BindRow *inner;
                void *inner_object;

                if ((inner = inner_rows(row, object, &inner_object))) {
                        const BindRow *found =
                                find_row(inner, attribute, name, inner_object, ret_object);

                        if (found)
                                return found;
                        continue;
                }
                if (attribute ? row->value == BIND_SIZE && row->place != BIND_PLACE_ELEMENT &&
                                        strcmp(name, "unit") == 0 :
                                row->place == BIND_PLACE_ANY) {
                        *ret_object = object;
                        return row;
                }
                if (row->name && attribute == (row->place == BIND_PLACE_ATTRIBUTE) &&
                        strcmp(row->name, name) == 0) {
                        *ret_object = object;
                        return row;
                }
        }
        return NULL;
}

static int parse_list_item(
        const Reading *reading, const BindRow *row, const xmlNode *child, void *object)
{
        void *item;

        if (*COUNT(row, object) >= BIND_MAX_LIST)
                return xml_refuse(
                        reading->error, child, NULL, "there are more than %d", BIND_MAX_LIST);
        item = g_malloc0(row->type->size);
        list_append_item(FIELD(void **, row, object), COUNT(row, object), item);
        if (row->type->name_offset)
                *(char **)((char *)item + row->type->name_offset) =
                        g_strdup((const char *)child->name);
        return bind_parse(row->type, child, reading->flags, item, reading->error);
}

static int parse_child(
        const Reading *reading, const BindRow *row, const xmlNode *child, void *object)
{
        g_autoptr(GString) subtree = NULL;
        g_autofree char *own = NULL;
        const char *text;

        if (row->place == BIND_PLACE_LIST || row->place == BIND_PLACE_ANY)
                return parse_list_item(reading, row, child, object);
        for (const xmlNode *other = child->prev; other; other = other->prev)
                if (other->type == XML_ELEMENT_NODE && !other->ns &&
                        xmlStrEqual(other->name, child->name))
                        return xml_refuse(reading->error, child, NULL, "there can be only one");

        switch (row->place) {
        case BIND_PLACE_FLAG:
                *FIELD(bool, row, object) = true;
                return 0;
        case BIND_PLACE_SUBTREE:
                subtree = g_string_new(NULL);
                xml_keep(subtree, child);
                *FIELD(char *, row, object) = g_strndup(subtree->str, subtree->len);
                return 0;
        case BIND_PLACE_CHILD:
                return bind_parse(
                        row->type, child, reading->flags, FIELD(void, row, object), reading->error);
        case BIND_PLACE_POINTER:
                *FIELD(void *, row, object) = g_malloc0(row->type->size);
                return bind_parse(row->type, child, reading->flags, *FIELD(void *, row, object),
                        reading->error);
        default: /* BIND_PLACE_ELEMENT */
                text = row->attribute ? xml_property(child, row->attribute, &own) :
                                        xml_content(child, &own);
                if (!text && row->attribute && (row->flags & BIND_REQUIRED))
                        return xml_refuse(reading->error, child, NULL, "attribute '%s' is missing",
                                row->attribute);
                if (!text && row->value != BIND_STRING && !row->attribute)
                        text = "";
                if (!text)
                        return 0;
                return parse_value(row, child, row->attribute, text, object, reading->error);
        }
}

/* Required elements, and fields that are as good as absent under the flags. */
static int parse_finish(const Reading *reading, const BindRow *rows, void *object)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                const BindRow *inner;
                void *inner_object;

                if ((inner = inner_rows(row, object, &inner_object))) {
                        if (parse_finish(reading, inner, inner_object) < 0)
                                return -1;
                        continue;
                }
                if ((row->flags & BIND_REQUIRED) && !row->attribute && value_absent(row, object))
                        return xml_refuse(reading->error, reading->node, NULL, "%s%s%s is missing",
                                row->name ? "<" : "", row->name ?: "the text",
                                row->name ? ">" : "");
                if (is_omitted(row, object, reading->flags))
                        clear_row(row, object);
        }
        return 0;
}

int bind_parse(
        const BindType *type, const xmlNode *node, unsigned flags, void *object, GError **error)
{
        Reading reading = { .node = node, .flags = flags, .error = error };
        g_autoptr(GString) attributes = NULL, elements = NULL;
        Kept *kept = object;
        void *found_in;

        if (parse_scalars(&reading, type->rows, object) < 0)
                return -1;

        if (node->nsDef) {
                attributes = g_string_new(NULL);
                xml_keep_namespaces(attributes, node);
        }
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
                if (!attribute->ns &&
                        find_row(
                                type->rows, true, (const char *)attribute->name, object, &found_in))
                        continue;
                if (!attributes)
                        attributes = g_string_new(NULL);
                xml_keep_attribute(attributes, attribute);
        }

        for (const xmlNode *child = xml_first(node); child; child = xml_next(child)) {
                const BindRow *row = NULL;

                if (!child->ns)
                        row = find_row(
                                type->rows, false, (const char *)child->name, object, &found_in);
                if (row) {
                        if (parse_child(&reading, row, child, found_in) < 0)
                                return -1;
                        continue;
                }
                if (!elements)
                        elements = g_string_new(NULL);
                xml_keep(elements, child);
        }
        if (attributes)
                kept->attributes = g_strndup(attributes->str, attributes->len);
        if (elements)
                kept->elements = g_strndup(elements->str, elements->len);
        return parse_finish(&reading, type->rows, object);
}

/* ---- format --------------------------------------------------------------------------------- */

static void format_inside(
        const BindType *type, const void *object, unsigned flags, XmlWriter *writer);

static bool is_written(const BindRow *row, const void *object, unsigned flags)
{
        if ((row->flags & BIND_SECRET) && !(flags & BIND_WITH_SECRETS))
                return false;
        return !value_absent(row, object) && !is_omitted(row, object, flags);
}

static void format_attributes(
        const BindRow *rows, const void *object, unsigned flags, XmlWriter *writer)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                const BindRow *inner;
                void *inner_object;
                char buffer[32];

                if ((inner = inner_rows(row, object, &inner_object)))
                        format_attributes(inner, inner_object, flags, writer);
                else if (row->place == BIND_PLACE_ATTRIBUTE && is_written(row, object, flags)) {
                        xml_attribute(writer, row->name, format_value(row, object, buffer));
                        if (row->value == BIND_SIZE)
                                xml_attribute(writer, "unit", size_unit(row));
                } else if (row->instead && is_omitted(row, object, flags))
                        xml_attribute(writer, row->name, row->instead);
                else if (row->value == BIND_SIZE && row->place == BIND_PLACE_TEXT &&
                        is_written(row, object, flags))
                        xml_attribute(writer, "unit", size_unit(row));
        }
}

/* ANY is left what no other row of its table names. */
static void format_list(const BindRow *rows, const BindRow *row, const void *object, unsigned flags,
        XmlWriter *writer)
{
        for (size_t i = 0; i < *COUNT(row, object); i++) {
                const void *item = (*FIELD(void **const, row, object))[i];
                const char *name = row->type->name_offset ? item_name(row, item) : row->name;
                const BindRow *writes = row;
                void *object_of;

                if (row->type->name_offset)
                        writes = find_row(rows, false, name, (void *)object, &object_of);
                if (writes == row)
                        bind_format(row->type, name, item, flags, writer);
        }
}

static void format_row(const BindRow *rows, const BindRow *row, const void *object, unsigned flags,
        XmlWriter *writer)
{
        XmlAwaited awaited;
        char buffer[32];

        if (!is_written(row, object, flags))
                return;
        switch (row->place) {
        case BIND_PLACE_TEXT:
                xml_text(writer, format_value(row, object, buffer));
                return;
        case BIND_PLACE_ELEMENT:
                xml_open(writer, row->name);
                if (row->value == BIND_SIZE)
                        xml_attribute(writer, "unit", size_unit(row));
                if (row->attribute)
                        xml_attribute(writer, row->attribute, format_value(row, object, buffer));
                else
                        xml_text(writer, format_value(row, object, buffer));
                xml_close(writer, row->name);
                return;
        case BIND_PLACE_FLAG:
                if (!*FIELD(const bool, row, object))
                        return;
                xml_open(writer, row->name);
                xml_close(writer, row->name);
                return;
        case BIND_PLACE_SUBTREE:
                if (*FIELD(char *const, row, object))
                        xml_write_kept(writer, *FIELD(char *const, row, object));
                return;
        case BIND_PLACE_CHILD:
                xml_await(writer, row->name, &awaited);
                format_inside(row->type, FIELD(const void, row, object), flags, writer);
                xml_close_awaited(writer, &awaited);
                return;
        case BIND_PLACE_POINTER:
                if (*FIELD(void *const, row, object))
                        bind_format(row->type, row->name, *FIELD(void *const, row, object), flags,
                                writer);
                return;
        case BIND_PLACE_LIST:
        case BIND_PLACE_ANY:
                format_list(rows, row, object, flags, writer);
                return;
        default:
                return;
        }
}

/* Whether REST was among the rows: the kept children are written then. */
static bool format_content(const BindRow *rows, const void *object, const Kept *kept,
        unsigned flags, XmlWriter *writer)
{
        bool rest = false;

        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                const BindRow *inner;
                void *inner_object;

                if ((inner = inner_rows(row, object, &inner_object))) {
                        rest |= format_content(inner, inner_object, kept, flags, writer);
                } else if (row->place == BIND_PLACE_REST) {
                        rest = true;
                        if (kept->elements)
                                xml_write_kept(writer, kept->elements);
                } else {
                        format_row(rows, row, object, flags, writer);
                }
        }
        return rest;
}

static void format_inside(
        const BindType *type, const void *object, unsigned flags, XmlWriter *writer)
{
        const Kept *kept = object;

        format_attributes(type->rows, object, flags, writer);
        if (kept->attributes)
                xml_write_kept_attributes(writer, kept->attributes);
        if (!format_content(type->rows, object, kept, flags, writer) && kept->elements)
                xml_write_kept(writer, kept->elements);
}

void bind_format(const BindType *type, const char *name, const void *object, unsigned flags,
        XmlWriter *writer)
{
        xml_open(writer, name);
        format_inside(type, object, flags, writer);
        xml_close(writer, name);
}

/* ---- check ---------------------------------------------------------------------------------- */

static size_t field_size(const BindRow *row)
{
        switch (row->value) {
        case BIND_STRING:
                return sizeof(char *);
        case BIND_ENUM:
        case BIND_UNSIGNED:
                return sizeof(unsigned);
        case BIND_NUMBER:
        case BIND_SIZE:
                return sizeof(Number);
        case BIND_NO_VALUE:
                break;
        }
        switch (row->place) {
        case BIND_PLACE_FLAG:
                return sizeof(bool);
        case BIND_PLACE_CHILD:
                return row->type->size;
        case BIND_PLACE_CASES:
                return sizeof(int);
        case BIND_PLACE_GROUP:
                return row->size;
        default:
                return sizeof(void *);
        }
}

static int check_type(const BindType *type, GHashTable *seen, GError **error);

static int check_rows(const BindRow *rows, GHashTable *seen, GError **error)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                if (row->place == BIND_PLACE_REST)
                        continue;
                if (row->size != field_size(row))
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "the field of row '%s' has %zu bytes, not %zu", row->name ?: "",
                                row->size, field_size(row));
                if (row->rows && check_rows(row->rows, seen, error) < 0)
                        return -1;
                for (const BindCase *c = row->cases; c && c->rows; c++)
                        if (check_rows(c->rows, seen, error) < 0)
                                return -1;
                if (row->type && check_type(row->type, seen, error) < 0)
                        return -1;
        }
        return 0;
}

/* Types may contain themselves. */
static int check_type(const BindType *type, GHashTable *seen, GError **error)
{
        if (!g_hash_table_add(seen, (void *)type))
                return 0;
        return check_rows(type->rows, seen, error);
}

int bind_check(const BindType *type, GError **error)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

        return check_type(type, seen, error);
}

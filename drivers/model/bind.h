/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bindings: tables that say how structs and XML map onto each other.
 *
 * A struct stands for an element, and begins with a Kept. Its BindType holds a row for each thing
 * known of the element; parse, format, copy and clear all walk the same rows:
 *
 *         static const BindRow disk_target_rows[] = {
 *                 ATTRIBUTE("dev", DiskTarget, dev, STRING, REQUIRED),
 *                 ATTRIBUTE("bus", DiskTarget, bus, ENUM(disk_bus_names)),
 *                 BIND_END
 *         };
 *         static const BindType disk_target_type = BIND_TYPE(DiskTarget, disk_target_rows);
 *
 * The order of the rows is the order in which they are written. A discriminator stands before what
 * it chooses.
 *
 * What no row knows is kept in the struct and written back, behind what is known or where REST
 * stands. A value that is not what its row allows is refused with its place; so is a second element
 * where there can be one. Text in elements without a text row, and comments, are dropped as libvirt
 * drops them.
 *
 * The rules of value.h hold: zeroed memory is an empty element, and an embedded element (CHILD)
 * with nothing in it is not written. Where an empty element means something it is a FLAG or a
 * POINTER. */

#include "drivers/model/value.h"
#include "drivers/model/xml.h"
#include "service/base/enum.h"

typedef struct BindRow BindRow;
typedef struct BindType BindType;

typedef enum BindPlace {
        BIND_PLACE_END,
        BIND_PLACE_ATTRIBUTE, /* @name */
        BIND_PLACE_TEXT,      /* the element's text */
        BIND_PLACE_ELEMENT, /* <name>text</name> or <name attribute='text'/>, nothing else in it */
        BIND_PLACE_FLAG,    /* <name/>: a bool */
        BIND_PLACE_SUBTREE, /* <name>, kept: a char * for xml_write_kept() */
        BIND_PLACE_CHILD,   /* an embedded struct */
        BIND_PLACE_POINTER, /* a pointer to a struct, NULL where there is no element */
        BIND_PLACE_LIST,    /* an array of pointers to structs, and a size_t */
        /* The same, for children of any name, which goes to type->name_offset. Rows with a name
         * that share its list say where the elements of that name are written. */
        BIND_PLACE_ANY,
        BIND_PLACE_GROUP, /* rows of an embedded struct that is no element */
        BIND_PLACE_CASES, /* more rows for this element, chosen by an enum field */
        BIND_PLACE_REST,  /* where kept children are written */
} BindPlace;

typedef enum BindValue {
        BIND_NO_VALUE,
        BIND_STRING,   /* char * */
        BIND_ENUM,     /* an enum whose 0 is absent */
        BIND_NUMBER,   /* Number, from min to max */
        BIND_UNSIGNED, /* unsigned, to max; written whenever anything of its element is */
        BIND_SIZE,     /* Number of `unit` bytes; with an @unit beside it */
} BindValue;

enum {
        BIND_REQUIRED = 1 << 0, /* the element is refused without it */
        BIND_SECRET = 1 << 1,   /* written only if asked for */
        BIND_LIVE = 1 << 2,     /* not of an inactive object: neither read nor written */
};

/* Flags of parse and format; the numbers are those of libvirt's dump flags. */
enum {
        BIND_WITH_SECRETS = 1 << 0,
        BIND_INACTIVE = 1 << 1,
};

/* The rows that hold where a discriminator has this value. */
typedef struct BindCase {
        int value;
        const BindRow *rows;
} BindCase;

struct BindRow {
        BindPlace place;
        BindValue value;
        const char *name;
        size_t offset;       /* of the field in the struct that the rows are for */
        size_t size;         /* of the field: tests check that it fits the row */
        size_t count_offset; /* of a list's length */
        unsigned flags;
        unsigned digits;  /* at least so many, in hexadecimal; 0: decimal */
        int64_t min, max; /* number */
        unsigned unit;    /* size: bytes of one, and what a size without @unit is in */
        const EnumTable *names;
        const BindType *type;
        const BindRow *rows;
        const BindCase *cases; /* ends with one without rows */
        const char *attribute; /* element: the one that has the value; required: if there is one */
        const char *words;     /* string: "these, those": all that it may be */
        /* The form in which a string is stored (freed with the struct), or NULL for what is not a
         * `what`. */
        char *(*normalize)(const char *text);
        const char *what;
        /* Whether the field is as good as absent under these flags. `object` has it at offset. */
        bool (*omit)(const void *object, unsigned flags);
        const char *instead; /* attribute: written where it is omitted */
};

struct BindType {
        size_t size;
        const BindRow *rows;
        size_t name_offset; /* of a char *, where elements of the type have many names; else 0 */
};

/* clang-format off */
#define BIND_END { .place = BIND_PLACE_END }
#define BIND_TYPE(S, rows_) { .size = sizeof(S), .rows = rows_ }

#define BIND_FIELD(S, field) .offset = offsetof(S, field), .size = sizeof(((S *)NULL)->field)
#define BIND_NAMED(place_, name_, S, field) .place = place_, .name = name_, BIND_FIELD(S, field)

#define ATTRIBUTE(name, S, field, ...) { BIND_NAMED(BIND_PLACE_ATTRIBUTE, name, S, field), __VA_ARGS__ }
#define TEXT(S, field, ...) { BIND_NAMED(BIND_PLACE_TEXT, NULL, S, field), __VA_ARGS__ }
#define ELEMENT(name, S, field, ...) { BIND_NAMED(BIND_PLACE_ELEMENT, name, S, field), __VA_ARGS__ }
#define LEAF(name, attribute_, S, field, ...)                                                      \
        { BIND_NAMED(BIND_PLACE_ELEMENT, name, S, field), .attribute = attribute_, __VA_ARGS__ }
#define FLAG(name, S, field) { BIND_NAMED(BIND_PLACE_FLAG, name, S, field) }
#define SUBTREE(name, S, field) { BIND_NAMED(BIND_PLACE_SUBTREE, name, S, field) }
#define CHILD(name, S, field, type_) { BIND_NAMED(BIND_PLACE_CHILD, name, S, field), .type = &(type_) }
#define POINTER(name, S, field, type_, ...)                                                        \
        { BIND_NAMED(BIND_PLACE_POINTER, name, S, field), .type = &(type_), ##__VA_ARGS__ }
#define LIST(name, S, field, type_)                                                                \
        { BIND_NAMED(BIND_PLACE_LIST, name, S, field), .count_offset = offsetof(S, n_##field), .type = &(type_) }
#define ANY(S, field, type_)                                                                       \
        { BIND_NAMED(BIND_PLACE_ANY, NULL, S, field), .count_offset = offsetof(S, n_##field), .type = &(type_) }
#define GROUP(S, field, rows_) { BIND_NAMED(BIND_PLACE_GROUP, NULL, S, field), .rows = rows_ }
#define CASES(S, field, cases_) { BIND_NAMED(BIND_PLACE_CASES, NULL, S, field), .cases = cases_ }
#define REST { .place = BIND_PLACE_REST }
/* clang-format on */

#define STRING .value = BIND_STRING
#define WORDS(words_) .value = BIND_STRING, .words = words_
#define ENUM(names_) .value = BIND_ENUM, .names = &(names_)
#define YES_NO ENUM(yes_no_names)
#define ON_OFF ENUM(on_off_names)
#define NUMBER(min_, max_) .value = BIND_NUMBER, .min = min_, .max = max_
#define HEX(digits_, max_) .value = BIND_NUMBER, .digits = digits_, .max = max_
#define UNSIGNED(max_) .value = BIND_UNSIGNED, .max = max_
#define UNSIGNED_HEX(digits_, max_) .value = BIND_UNSIGNED, .digits = digits_, .max = max_
#define SIZE(unit_, max_) .value = BIND_SIZE, .unit = unit_, .max = max_
#define UUID STRING, .normalize = uuid_normalize, .what = "UUID"
#define MAC STRING, .normalize = mac_normalize, .what = "unicast MAC address"

#define REQUIRED .flags = BIND_REQUIRED
#define SECRET .flags = BIND_SECRET
#define LIVE .flags = BIND_LIVE
#define OMIT(predicate, ...) .omit = predicate, ##__VA_ARGS__

/* No document has so many of anything; what a list costs is bounded by it. */
#define BIND_MAX_LIST 4096

extern const EnumTable yes_no_names, on_off_names;

/* 36 characters in lower case, from those or from 32 digits with dashes anywhere between pairs. */
char *uuid_normalize(const char *text);

/* "52:54:00:12:34:56" in lower case. NULL for a group's address too. */
char *mac_normalize(const char *text);

/* Fills the zeroed `object` from an element. After an error what is there is to be cleared as ever.
 */
int bind_parse(
        const BindType *type, const xmlNode *node, unsigned flags, void *object, GError **error);

/* Writes the element, even if it is empty. */
void bind_format(const BindType *type, const char *name, const void *object, unsigned flags,
        XmlWriter *writer);

/* Fills the zeroed `to` with copies of all that `from` owns. */
void bind_copy(const BindType *type, const void *from, void *to);

/* Frees what the object owns and leaves it zeroed. */
void bind_clear(const BindType *type, void *object);

/* Both, for an object of its own. bind_free() takes NULL. */
void *bind_duplicate(const BindType *type, const void *object);
void bind_free(const BindType *type, void *object);

/* For tests: whether every row, and those of the types it leads to, has a field of the size it
 * needs; complains with the row's name. */
int bind_check(const BindType *type, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which member of the interfaces a procedure of the wire is, and how the arguments of one become
 * those of the other, for both ends:
 *
 *      server   args -> object and In;  Out -> ret
 *      client   object and In -> args;  ret -> Out
 *
 * The generator joins both from the annotation Procedure of the interfaces, and from
 * interfaces/wire-members.tsv for the older procedures and the properties. A join says field by
 * field what becomes what (`args`, `ret`: see map.c), so that one interpreter does it; it stops the
 * build where a member and its procedure do not fit. Strings that come from the wire are UTF-8
 * afterwards: in arguments anything else is refused, in returns it is replaced. */

#include "drivers/object.h"
#include "drivers/wire/procedures.h"
#include "service/base/error.h"

typedef enum WireMapKind {
        WIRE_MAP_METHOD,
        WIRE_MAP_GET, /* a property; its Out is the value alone */
        WIRE_MAP_SET, /* its In is the value alone */
} WireMapKind;

typedef struct WireMap {
        const ClassInfo *class;
        uint16_t member; /* in the class's methods or properties */
        uint8_t kind;    /* WireMapKind */
        bool preferred;  /* the one that a client calls for this member */
        bool counted;    /* a client must ask for the number of results first */
        int16_t procedure;
        const char *args, *ret; /* the joins */
} WireMap;

/* NULL where it is none's. All are of the program REMOTE. */
const WireMap *wire_map(int32_t procedure);
/* Of the member of a class, the one that a client calls. NULL where there is none. */
const WireMap *wire_map_method(const ClassInfo *class, const MethodInfo *method);
const WireMap *wire_map_property(const ClassInfo *class, const PropertyInfo *property, bool set);

/* Signatures of its In and Out. */
const char *wire_map_in_signature(const WireMap *map);
const char *wire_map_out_signature(const WireMap *map);

/* Looks for the object that a struct of the wire names; kind is the letter of its layout
 * (codec.h: 'D' for a WireDomain). Gives a reference. 0, -1 with the error, or another negative
 * number that the function below hands on. */
typedef int (*WireFind)(char kind, const void *name, Object **ret, void *data, GError **error);

/* What the map of one call needs to know besides. */
typedef struct WireMapContext {
        WireFind find;
        void *data;
        int *fds; /* that came with the frame; those taken become -1 */
        unsigned n_fds;
} WireMapContext;

/* Server. Empties args partly (clear it still), fills in, which comes as layout_init() makes it and
 * is cleared by the caller always, and gives a reference to the object that the call is for, NULL
 * for the connection. 0, -1, or what find returned. */
int wire_map_in(const WireMap *map, const WireMapContext *context, void *args, Object **ret_object,
        void *in, GError **error);

/* Server. Moves out into ret, which is taken to be uninitialised, as args asks for it: counts
 * alone, not more than that many, no strings among parameters. Descriptors stay in out. */
int wire_map_ret(const WireMap *map, const void *args, void *out, void *ret, GError **error);

/* Client. Fills args, which is taken to be uninitialised, with copies; object is NULL for the
 * connection. Descriptors stay in in. */
int wire_map_args(
        const WireMap *map, const Object *object, const void *in, void *args, GError **error);

/* Client. Whether the reply only told how many results there are: args then asks for as many, and
 * the call is to be made again. */
bool wire_map_again(const WireMap *map, void *args, const void *ret);

/* Client. Moves ret into out, which comes as layout_init() makes it and is cleared by the caller
 * always. Empties ret partly (clear it still). */
int wire_map_out(
        const WireMap *map, const WireMapContext *context, void *ret, void *out, GError **error);

/* Fills the struct of the wire that names an object, by kind (codec.h). Owned: wire_clear(). */
void wire_name(char kind, const Object *object, void *name);
/* The kind of a class, 0 where the wire names none such; and the class of a kind. */
char wire_kind(const ClassInfo *class);

/* A UUID as text, and back: 0 or -EINVAL. */
#define WIRE_UUID_TEXT 37
void wire_uuid_format(const uint8_t uuid[16], char text[WIRE_UUID_TEXT]);
int wire_uuid_parse(const char *text, uint8_t uuid[16]);

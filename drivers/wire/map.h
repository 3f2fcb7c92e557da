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
#include "drivers/wire/names.h"
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
        bool older;      /* an older procedure for a member that has a better one */
        uint8_t flags;   /* that such a one stands for, which has none of its own */
        int16_t procedure;
        uint32_t program;
        const char *args, *ret; /* the joins */
} WireMap;

/* The member that a procedure is; NULL where it is none's. */
const WireMap *wire_map(uint32_t program, int32_t procedure);
/* And the other way around. */
const WireProcedure *wire_map_procedure(const WireMap *map);
/* The procedure that a client calls for a member; NULL where there is none. member counts
 * within the methods or properties of the class. */
const WireMap *wire_map_member(const ClassInfo *class, WireMapKind kind, unsigned member);

/* Signatures of its In and Out, and of the struct that wire_map_ret() and wire_map_out() take. */
const char *wire_map_in_signature(const WireMap *map);
const char *wire_map_out_signature(const WireMap *map);

/* Looks for the object that a struct of the wire names (names.h). A domain may come without its
 * UUID, with the name alone, and a volume with the key alone. Gives a reference. 0, -1 with the
 * error, or another negative number that the functions below hand on. */
typedef int (*WireFind)(char kind, const void *name, Object **ret, void *data, GError **error);

/* What is to know besides the values. */
typedef struct WireMapContext {
        WireFind find;
        void *data;
        int *fds; /* server: that came with the frame; those taken become -1 */
        unsigned n_fds;
        unsigned cpus, vcpus; /* client: of the peer's host and of the domain, which say how many
                                 bits and rows a map of processors has; 0: not known */
} WireMapContext;

/* Server. Empties args partly (clear it still), fills in, which comes as layout_init() makes it and
 * is cleared by the caller always, and gives a reference to the object that the call is for, NULL
 * for the connection. 0, -1, or what find returned. */
int wire_map_in(const WireMap *map, const WireMapContext *context, void *args, Object **ret_object,
        void *in, GError **error);

/* Server. Moves out into ret, which is taken to be uninitialised, as args asks for it: counts
 * alone, not more than that many, no strings among parameters. object is the one that the call was
 * for. Descriptors stay in out. After an error ret owns nothing. */
int wire_map_ret(const WireMap *map, const WireMapContext *context, const void *args,
        const Object *object, void *out, void *ret, GError **error);

/* Client. Fills args, which is taken to be uninitialised, with copies; object is NULL for the
 * connection. Descriptors stay in in. After an error args owns nothing. */
int wire_map_args(const WireMap *map, const WireMapContext *context, const Object *object,
        const void *in, void *args, GError **error);

/* Client. Whether the reply only told how many results there are: args then asks for as many, and
 * the call is to be made again. */
bool wire_map_again(const WireMap *map, void *args, const void *ret);

/* Client. Moves ret into out, which comes as layout_init() makes it and is cleared by the caller
 * always. Empties ret partly (clear it still). Descriptors are the caller's to put there. */
int wire_map_out(const WireMap *map, const WireMapContext *context, const void *args, void *ret,
        void *out, GError **error);

/* Generated. */
extern const WireMap wire_maps[];
extern const unsigned n_wire_maps;

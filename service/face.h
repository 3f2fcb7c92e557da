/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the bus knows of a class beyond the rows that drivers see too. */

#include <systemd/sd-bus.h>

#include "drivers/object.h"
#include "service/base/error.h"
#include "service/namespace.h"

typedef struct Call Call;

/* A reply whose body a handler writes itself, what it has not in memory as C knows it. */
typedef struct Reply {
        sd_bus_message *message;
        const Namespace *space;
} Reply;

/* A method that is more than one operation; in and out are its generated structs, as for an
 * operation, or out is a Reply. */
typedef int (*MethodHandler)(Call *call, const void *in, void *out, GError **error);

typedef struct ClassFace {
        const ClassInfo *class;
        const MethodHandler *handlers; /* for each method; NULL: an operation of the driver */
        const char *interfaces[_NAMESPACE_MAX];    /* names; NULL: not shown in that namespace */
        const char *introspection[_NAMESPACE_MAX]; /* the element of the interface */
        GHashTable *methods, *properties;          /* name to row; made by faces_init() */
} ClassFace;

/* Generated. */
extern ClassFace class_faces[];
extern const unsigned n_class_faces;

void faces_init(void);
void faces_finish(void);
const ClassFace *face_of(const ClassInfo *class);

/* The row of that name, NULL where there is none or the namespace does not show it. */
const MethodInfo *face_method(const ClassFace *face, const Namespace *space, const char *name);
const PropertyInfo *face_property(const ClassFace *face, const Namespace *space, const char *name);

/* The permission that one must have to know that an object of the class is there: that of its first
 * property. NULL: none. */
static inline const char *class_read_action(const ClassInfo *class)
{
        return class->n_properties > 0 ? class->properties[0].action : NULL;
}

static inline bool face_shows(const PropertyInfo *property, const Namespace *space)
{
        return property->compatible || !space->compatible_only;
}

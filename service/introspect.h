/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The introspection document of a path: the interface as it is checked in, the bus' standard ones,
 * and the nodes below. */

#include "drivers/object.h"
#include "service/namespace.h"

/* The objects below a path that have no other one on the way to them, referenced. */
GPtrArray *introspect_below(const Namespace *space, const char *path);

/* object is NULL for a path that only leads to others; below are those that are to be shown. What
 * leads to none of them is not shown either. Allocated. */
char *introspect(
        const Namespace *space, const char *path, const Object *object, const GPtrArray *below);

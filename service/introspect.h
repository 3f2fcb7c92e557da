/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The introspection document of a path: the interface as it is checked in, the bus' standard ones,
 * and the nodes below. */

#include "drivers/object.h"
#include "service/namespace.h"

/* object is NULL for a path that only leads to others. Allocated. */
char *introspect(const Namespace *space, const char *path, const Object *object);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Objects that are what they were named, made as they are looked for. */

#include "drivers/wire/map.h"

/* A WireFind. With any data at all, nothing is found. */
int wire_objects_find(char kind, const void *name, Object **ret, void *data, GError **error);

/* Gives up those that were made. */
void wire_objects_forget(void);

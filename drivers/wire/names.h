/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How the wire names objects. A kind is the letter that the layouts (codec.h) have for the struct
 * with which it does: 'D' for a WireDomain. */

#include "drivers/object.h"
#include "drivers/wire/codec.h"

/* The kind of a class, 0 where the wire names none such. */
char wire_kind(const ClassInfo *class);

/* Fills the struct with what names the object; wire_clear() frees it. */
void wire_name(char kind, const Object *object, void *name);

/* A UUID as text, and back: 0 or -EINVAL. */
#define WIRE_UUID_TEXT 37
void wire_uuid_format(const uint8_t uuid[16], char text[WIRE_UUID_TEXT]);
int wire_uuid_parse(const char *text, uint8_t uuid[16]);

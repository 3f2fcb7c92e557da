/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finding what the wire names. A domain, a network, a pool, a secret and a filter are found by
 * their UUID, whatever the name says; a volume by its pool and name; a snapshot and a checkpoint by
 * its name in its domain; the others by name. */

#include "drivers/driver.h"

/* kind is the letter of the struct's layout (drivers/wire/codec.h). Gives a reference. 0, or -1
 * with libvirt's error. */
int wire_object_find(
        const Connection *connection, char kind, const void *name, Object **ret, GError **error);

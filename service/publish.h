/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shows objects on the bus: their paths, their comings and goings, their changes and signals.
 *
 * A signal tells of one object: that which it comes from, or the first of its arguments where that
 * is an object. Who may not read that one does not hear it (service/audience.h). */

#include <systemd/sd-bus.h>

#include "drivers/object.h"
#include "service/face.h"

/* Becomes a sink of all objects, the first. */
int publish_init(sd_bus *bus);
/* Whether the comings and goings of objects are told. Not at first: while the service has no name,
 * nobody can know it, and who sees the name come or go knows that all objects came or went. */
void publish_announce(bool announce);
void publish_finish(void);

/* Borrowed; NULL: none. */
Object *publish_lookup(const Namespace *space, const char *path);
/* NULL where the object is not shown in that namespace. */
const char *publish_path(const Object *object, const Namespace *space);
/* Tells the processor that its path is wanted soon. */
void publish_prefetch(const Object *object);
const ClassFace *publish_face(const Object *object);
/* A number that no other object of this process has or had. */
uint64_t publish_serial(const Object *object);

/* Properties of a class, a bit for each: those that can be read by whoever has that permission. */
uint64_t publish_readable(const ClassInfo *class, const char *action);

/* Appends a{sv} of those properties that the namespace shows, each value in a second variant where
 * doubled. */
int publish_append_properties(sd_bus_message *message, const Object *object, const Namespace *space,
        bool doubled, uint64_t properties);

/* Sends the changes that have not been told yet. Happens by itself before the loop waits; before a
 * reply it makes sure that what the reply says is known. */
void publish_flush(void);

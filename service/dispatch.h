/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The door to the bus: each call and each access to a property of a published object comes through
 * here, is authorized, carried out and answered. What needs no wait is answered at once; the rest
 * runs on a fiber. Calls of one caller on one object are answered in the order they came. */

#include <systemd/sd-bus.h>

#include "service/authorize.h"
#include "service/caller.h"
#include "service/face.h"

/* A call in work, as a hand-written handler sees it. */
struct Call {
        Caller *caller;
        Object *object;
        const Namespace *space;
        const MethodInfo *method; /* NULL: a property or one of the bus' standard interfaces */
        const char *member;       /* for permissions and messages; a literal */
        bool interactive;
        sd_bus_message *message;
        const struct CallKind *kind;
        const PropertyInfo *property;
        Call *previous, *next; /* of its caller's */
        bool waiting;          /* for an earlier call of the caller on the object */
        void *arguments;       /* of the method, or of the property's setter; behind this struct */
};

int dispatch_init(sd_bus *bus);
void dispatch_finish(void);

/* Calls in work now, and when the last one ended (CLOCK_MONOTONIC, microseconds). */
unsigned dispatch_in_work(void);
uint64_t dispatch_last_call(void);

/* For handlers. A handler of a JOB_NONE method is tried on the loop's stack first; where it would
 * have to wait, these return -EAGAIN and so does the handler, before it did anything, and is called
 * again on a fiber. */

/* Whether the caller has a permission about an object: 0, -1 with the error, -EAGAIN. */
int call_authorize(const Call *call, const char *action, Object *object, GError **error);

/* The question itself, for a handler that adds to it. */
Question call_question(const Call *call, const char *action, Object *object);

/* Removes from a list of objects, which it takes and gives back, those about which the caller does
 * not have the permission. 0 or -EAGAIN, with the list as it was. */
int call_filter(const Call *call, const char *action, GPtrArray **objects);

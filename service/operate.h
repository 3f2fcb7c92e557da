/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Calls, whichever door they came through: authorized, carried out, answered. What needs no wait is
 * answered at once; the rest runs on a fiber. Calls of one caller on one object are answered in the
 * order they came, but for those that are about a job in work (JOB_BESIDE, JOB_ABORT) or that go
 * their own way (JOB_APART).
 *
 * A door makes a Call the head of its own struct, fills it and gives it to call_begin(). How it is
 * answered is the door's to know: it comes back through the Door.
 */

#include "service/authorize.h"
#include "service/caller.h"
#include "service/face.h"

typedef struct Door {
        /* Checks permission, carries it out and answers. 0; -1 with the error, which refuse() then
         * tells; -EAGAIN where it would have to wait and is not on a fiber: then it is called again
         * on one. */
        int (*answer)(Call *call, GError **error);
        void (*refuse)(Call *call, const GError *error);
        /* What call_pass() does, or NULL: lists are wanted whole. */
        int (*pass)(Call *call, Array *list, GError **error);
        /* Of the whole struct, once it is answered. */
        void (*free)(Call *call);
} Door;

struct Call {
        const Door *door;
        Caller *caller;
        Object *object;
        const MethodInfo *method;     /* NULL: a property, or what only the door knows */
        const PropertyInfo *property; /* that is read or set, or NULL */
        const char *member;           /* for permissions and messages; a literal */
        bool interactive;             /* the user may be asked for permission */
        bool suspends;                /* it is not worth trying on the loop's stack */
        bool unordered;               /* it need not wait for earlier calls on the object */
        void *arguments;              /* of the method, or of the property's setter */

        /* The machinery's own. */
        Call *previous, *next; /* of its caller's */
        bool waiting;          /* for an earlier call of the caller on the object */
};

/* A struct of results for any method. */
typedef union Results {
        char bytes[512];
        uint64_t align;
} Results;

/* Checks that the rows fit. Once, before the doors open. */
void operate_init(void);

/* Takes the call, whose door owns the memory; references the caller and the object. It may be over
 * when this returns. */
void call_begin(Call *call);
/* The same for one that is known to be wrong already. */
void call_refuse(Call *call, const GError *error);

/* Calls in work now, and when the last one ended (CLOCK_MONOTONIC, microseconds). */
unsigned calls_in_work(void);
uint64_t calls_last(void);

/* For the answer() of a door. */

/* -1 with the error where a flag is given that the method does not know. */
int call_check_flags(const Call *call, GError **error);
/* Runs the method into out: a struct Results, which the caller clears by its signature also after
 * an error, or a Reply where the method writes that. 0, -1 or -EAGAIN. A job is told why it failed,
 * so that error is not NULL. */
int call_perform(Call *call, void *out, GError **error);
/* Whether the caller may read the property, whose value is known then: 0, -1 or -EAGAIN. */
int call_get(Call *call, GError **error);
/* Sets the property to the argument. 0, -1 or -EAGAIN. */
int call_set(Call *call, GError **error);

/* For handlers. A handler of a JOB_NONE method is tried on the loop's stack first; where it would
 * have to wait, these return -EAGAIN and so does the handler, before it did anything, and is called
 * again on a fiber. */

/* For a handler whose one result is a long list: passes on what the list has so far. A door that
 * writes it at once leaves the list empty, with its memory, and the handler goes on filling it from
 * the start; for another one the list grows. 0 or -1. */
int call_pass(Call *call, void *list, GError **error);

/* Whether the caller has a permission about an object, which is still there afterwards: 0, -1 with
 * the error, -EAGAIN. */
int call_authorize(const Call *call, const char *action, Object *object, GError **error);

/* The question itself, for a handler that adds to it. */
Question call_question(const Call *call, const char *action, Object *object);

/* Removes from a list of objects, which it takes and gives back, those that the caller may not see.
 * 0 or -EAGAIN, with the list as it was. */
int call_filter(const Call *call, GPtrArray **objects);

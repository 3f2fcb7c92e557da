/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the bus shows: objects with properties, signals and operations.
 *
 * A driver makes objects, keeps their properties true with object_set*(), and emits their signals.
 * It knows no bus: whoever tells the world of the objects adds itself as an ObjectSink. An object
 * is counted; its parent lives as long as it does. After object_withdraw() it may live on in the
 * hands of a call, and is `gone`.
 */

#include "drivers/layout.h"

typedef struct Object Object;
typedef struct ClassInfo ClassInfo;

/* How a property tells of its changes (org.freedesktop.DBus.Property.EmitsChangedSignal). */
typedef enum PropertyEmits {
        PROPERTY_EMITS_VALUE,
        PROPERTY_EMITS_CONST,
        PROPERTY_EMITS_NONE, /* it may change without a word */
} PropertyEmits;

typedef enum JobKind {
        JOB_NONE,   /* answered from memory: never suspends */
        JOB_QUERY,  /* may suspend */
        JOB_MODIFY, /* may suspend; one at a time for each object */
        JOB_BESIDE, /* may suspend; about a job in work: asks how far it is, or tells it how to go
                     * on. Of a caller it waits for others of its kind only */
        JOB_APART,  /* may suspend; no later call of a caller waits for it */
        JOB_ABORT,  /* may suspend; waits for no call, for it ends them */
        _JOB_KIND_MAX,
} JobKind;

typedef struct PropertyInfo {
        const char *name;
        const char *signature;
        const char *action;     /* permission to read, NULL for none */
        const char *set_action; /* permission to write, NULL where it is read only */
        uint16_t offset;        /* in the struct of properties */
        int16_t set_operation;  /* offset of its setter in the table of operations, or -1 */
        PropertyEmits emits;
        bool compatible; /* part of the org.libvirt interface too */
} PropertyInfo;

/* Another permission that a method needs instead, where an argument (a `u`) asks for more. */
typedef struct PermissionWhen {
        const char *action; /* NULL: never */
        uint32_t number;
        int16_t offset; /* of the argument in the struct of arguments */
        bool exact;     /* where it is the number; else where it has any bit of it */
} PermissionWhen;

/* A permission that a method needs too, about the object that an argument (an `s`) names. */
typedef struct PermissionAlso {
        const char *action;     /* NULL: none */
        const ClassInfo *class; /* of the method that finds it, which is one of an object above */
        unsigned lookup;        /* that method */
        int16_t offset;         /* of the argument in the struct of arguments */
} PermissionAlso;

typedef struct MethodInfo {
        const char *name;
        const char *api;      /* libvirt's function, as its messages name it */
        const char *in, *out; /* signatures */
        const char *action;   /* permission, NULL for none */
        PermissionWhen when;
        PermissionAlso also;
        uint32_t flags;       /* those that are allowed */
        int16_t flags_offset; /* of the argument `flags` in the struct of arguments, or -1 */
        const ClassInfo *identify_class; /* of what the document in an argument is about, or NULL */
        int16_t identify_offset;         /* of that argument, or -1 */
        int16_t operation; /* offset in the table of operations, or -1 where a handler is written by
                              hand */
        uint16_t in_size, out_size;
        JobKind job;
        bool needs_active;
        bool writes_reply; /* its handler does, instead of giving results: one of the bus alone */
        bool compatible;
        int16_t procedure; /* of a program of libvirt's wire, or -1 */
} MethodInfo;

/* Whether it is one that a read-only connection has. */
static inline bool action_only_reads(const char *action)
{
        return !action || g_str_has_suffix(action, ".read");
}

typedef struct SignalInfo {
        const char *name;
        const char *signature;
        bool compatible;
} SignalInfo;

/* An interface, and the class of objects that have it. The generated tables are in interfaces.h. */
struct ClassInfo {
        const char *name; /* "Domain" */
        const MethodInfo *methods;
        const PropertyInfo *properties;
        const SignalInfo *signals;
        unsigned n_methods, n_properties, n_signals;
        uint16_t properties_size;
};

struct Object {
        const ClassInfo *class;
        const void
                *operations; /* the driver's table for the class; NULL where handlers do it all */
        void *properties;    /* in the object's own struct */
        Object *parent;      /* a reference */
        void (*free)(Object *); /* of the whole struct, after the properties were freed */
        unsigned n_ref;
        bool published;
        bool gone;
        uint64_t changed; /* a bit for each property that changed since the sink was told last */
        void *face;       /* the publisher's */
};

/* Somebody who is told of objects; what it does not care for is NULL. */
typedef struct ObjectSink {
        void (*added)(Object *object);
        void (*removed)(Object *object);
        /* An object that was once added is freed: so is what the sink put into its face. One sink
         * alone may use the face. */
        void (*freed)(Object *object);
        /* Some property changed, the first since the bits were taken, which one sink alone may do.
         */
        void (*changed)(Object *object);
        void (*signal)(Object *object, const SignalInfo *signal, const void *arguments);
} ObjectSink;

/* Sinks are told in the order they were added. */
#define OBJECT_SINKS_MAX 4
void object_add_sink(const ObjectSink *sink);
void object_remove_sink(const ObjectSink *sink);

/* Fills the head of an object's struct; properties starts zeroed. The caller owns the one
 * reference. */
void object_init(Object *object, const ClassInfo *class, const void *operations, void *properties,
        Object *parent, void (*free_)(Object *));

Object *object_ref(void *object);
/* Takes NULL; returns NULL. */
void *object_unref(void *object);

/* The same as a GDestroyNotify. */
void object_unref_notify(void *object);

/* Shows it to the world, which holds a reference until it is withdrawn. */
void object_publish(void *object);
void object_withdraw(void *object);

/* Sets a property, tells of a change if it is one. property counts within the class
 * (DOMAIN_PROPERTY_ID). */
void object_set(void *object, unsigned property, const void *value);
void object_set_bool(void *object, unsigned property, bool value);
void object_set_int32(void *object, unsigned property, int32_t value);
void object_set_uint32(void *object, unsigned property, uint32_t value);
void object_set_uint64(void *object, unsigned property, uint64_t value);
void object_set_string(void *object, unsigned property, const char *value);

/* The value in the struct of properties. */
static inline void *object_value(const Object *object, const PropertyInfo *property)
{
        return (char *)object->properties + property->offset;
}

/* signal counts within the class (DOMAIN_SIGNAL_REBOOT); arguments is its struct, NULL where it has
 * none. They stay the caller's. */
void object_emit(void *object, unsigned signal, const void *arguments);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Object, object_unref)

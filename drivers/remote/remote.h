/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connection to another libvirtd or virtbus: its objects are a mirror of the peer's.
 *
 *      target, transport    whom a URI is about, and the ways there
 *      link, session        calls in flight, streams, events; login and opening
 *      kinds, mirror        which objects there are, and how their properties are asked for
 *      events               what keeps them true
 *      perform, stream      members that are the peer's to carry out
 *      driver               opening, losing the link and coming back
 *
 * The mirror is true as of the last event, and of the last reply to a call that came through it:
 * who has the reply finds what the call did. A kind of objects for which the peer has no events is
 * listed anew when it is asked for, and every MIRROR_PERIOD. */

#include "drivers/remote/session.h"

/* How often objects are looked at of which no event tells. */
#define MIRROR_PERIOD (60 * G_USEC_PER_SEC)

/* Kinds of objects, in the order in which they come: parents first. */
typedef enum MirrorKindId {
        MIRROR_DOMAIN,
        MIRROR_NETWORK,
        MIRROR_POOL,
        MIRROR_VOLUME,
        MIRROR_NODE_DEVICE,
        MIRROR_SECRET,
        MIRROR_FILTER,
        MIRROR_INTERFACE,
        MIRROR_SNAPSHOT,
        MIRROR_CHECKPOINT,
        _MIRROR_KIND_MAX,
} MirrorKindId;

/* Any object of the peer's. */
typedef struct MirrorObject {
        union {
                Object object;
                Domain domain;
                Network network;
                StoragePool pool;
                StorageVol volume;
                NodeDevice node_device;
                Secret secret;
                NWFilter filter;
                Interface interface;
                DomainSnapshot snapshot;
                DomainCheckpoint checkpoint;
        };
        unsigned asked, applied; /* which question its properties are the answer to, of how many */
        bool torn;               /* it changed between two of the answers: ask again */
        bool seen;               /* in the list that is being read */
        int told;                /* the state that events have told of, so far */
} MirrorObject;

typedef struct MirrorEvent MirrorEvent;

typedef struct RemoteConnection {
        Connection connection;
        Target *target;
        const Transport *transport;
        RemoteLink *link; /* NULL while there is none */
        PeerFeatures features;
        unsigned cpus;                /* of the host, at most; 0: not known */
        bool ready;                   /* the mirror is true: calls may be made */
        bool stopping;                /* nobody holds it any more */
        bool tells[_MIRROR_KIND_MAX]; /* the peer has events for this kind */
        Fiber *keeper;                /* brings the link back, and looks now and then */
        FiberQueue lost;              /* where it waits */
        Fiber *teller;                /* works on events */
        GQueue events;                /* of MirrorEvent, in the order they came */
        uint64_t n_arrived, n_told;   /* events so far */
        bool missed;                  /* there were more than may wait */
        FiberLock mirror;             /* of who lists or makes objects */
        FiberQueue arrived, told;     /* where the teller waits, and who waits for it */
} RemoteConnection;

/* The connection that an object is of. */
static inline RemoteConnection *remote_of(Object *object)
{
        while (object->parent)
                object = object->parent;
        return (RemoteConnection *)object;
}

/* Questions that are asked about one object. */
#define MIRROR_STEPS_MAX 10

typedef struct MirrorStep {
        int32_t procedure; /* its arguments begin with the object's name; 0: no more steps */
        int32_t argument;  /* the number that comes next */
        bool once;         /* the answer never changes */
} MirrorStep;

typedef struct MirrorKind {
        const ClassInfo *class;
        RegistryKey key; /* that lists all of them; for children of a domain it has no meaning */
        char letter;     /* of the struct that names one on the wire */
        int32_t list;    /* procedure */
        MirrorKindId parent; /* whose children are listed by it; _MIRROR_KIND_MAX: the host's */
        int missing;         /* error code of one that is gone */
        int32_t subscribe;   /* procedure; 0: there are no events */
        uint32_t events;     /* a bit for each number of an event that is wanted */
        MirrorStep steps[MIRROR_STEPS_MAX];
        /* Sets what the name says. */
        void (*identify)(MirrorObject *object, const void *name);
        /* The one of that name that is there already, or NULL. parent is NULL for the host's. */
        MirrorObject *(*find)(RemoteConnection *self, Object *parent, const void *name);
        /* Sets the properties that the answers say: a struct for each step, NULL where the peer
         * had none. */
        void (*apply)(RemoteConnection *self, MirrorObject *object, const void *const *answers);
} MirrorKind;

extern const MirrorKind mirror_kinds[_MIRROR_KIND_MAX];

/* The kind of a class; NULL for a connection. */
const MirrorKind *mirror_kind(const ClassInfo *class);
/* The one whose names have that letter; NULL: there is none. */
const MirrorKind *mirror_kind_of_letter(char letter);
static inline MirrorKindId mirror_kind_id(const MirrorKind *kind)
{
        return kind - mirror_kinds;
}

/* The mirror. Who lists objects or makes them holds the lock self->mirror, so that an event does
 * not overtake a list. */

/* Suspends. 0, or -1 with the error. */
int mirror_lock(RemoteConnection *self, GError **error);
static inline void mirror_unlock(RemoteConnection *self)
{
        fiber_unlock(&self->mirror);
}

/* One object being asked about. */
typedef struct MirrorFill {
        MirrorObject *object; /* a reference */
        unsigned number;
        RemoteCall calls[MIRROR_STEPS_MAX];
        GError *error; /* of a call that could not be sent */
} MirrorFill;

typedef enum MirrorState {
        MIRROR_TRUE,
        MIRROR_GONE,   /* the peer has no such object */
        MIRROR_FAILED, /* nothing is known: with the error */
} MirrorState;

/* Suspend. Asking, and what came of it; in between others can be asked about. */
void mirror_fill_begin(RemoteConnection *self, MirrorFill *fill, MirrorObject *object);
MirrorState mirror_fill_end(RemoteConnection *self, MirrorFill *fill, GError **error);

/* Suspends. Both. */
MirrorState mirror_fill(RemoteConnection *self, MirrorObject *object, GError **error);

/* Under the lock. Suspends. Makes the objects of a kind those that the peer has; parent is NULL for
 * the host's. Those that stay are asked about where refill says so. A peer without such objects is
 * an error. */
int mirror_list(
        RemoteConnection *self, MirrorKindId kind, Object *parent, bool refill, GError **error);

/* Under the lock. Suspends. The volumes of a pool, which has none while it does not run. */
int mirror_list_volumes(RemoteConnection *self, MirrorObject *pool, GError **error);

/* Under the lock. Suspends. All of the host's, as far as the peer has them, with their children;
 * with told only the kinds of which no event tells. */
int mirror_list_all(RemoteConnection *self, bool told, GError **error);

/* Under the lock. Suspends. The object that the wire names, made where it is not there yet. *ret is
 * a reference. parent as for mirror_list(). */
int mirror_ensure(RemoteConnection *self, const MirrorKind *kind, const void *name, Object **ret,
        GError **error);

/* Takes an object that is gone out of the world, its children first. */
void mirror_remove(RemoteConnection *self, MirrorObject *object);
/* All of them; tells nobody else. */
void mirror_clear(RemoteConnection *self);
/* Shows what is not shown yet, parents first. */
void mirror_publish(RemoteConnection *self);

/* Suspends. A call of ours has changed the object, or what belongs to it: looks again, and tells
 * of the events that have come of it. One that is gone now stays until its event has come, for a
 * moment. method is NULL for a property. */
void mirror_changed(RemoteConnection *self, Object *object, const MethodInfo *method);

/* Events. */

typedef struct EventRow {
        int32_t procedure;
        MirrorKindId kind;
        uint16_t name;      /* offset of the struct that names the object */
        int16_t signal;     /* of the object; -1: none */
        uint16_t arguments; /* offset of what is laid out as the signal's struct is */
        /* Suspends. Instead of the signal. */
        void (*tell)(
                RemoteConnection *self, MirrorObject *object, const void *ret, MirrorState state);
} EventRow;

extern const EventRow event_rows[];
extern const unsigned n_event_rows;

/* Suspends. Asks the peer for the events of all kinds, as far as it has them. */
int events_subscribe(RemoteConnection *self, GError **error);
/* An event of the link; takes ret. */
void events_take(RemoteConnection *self, int32_t procedure, void *ret);
/* Works on events until the fiber is cancelled. */
void events_run(RemoteConnection *self);
/* Forgets those that wait. */
void events_drop(RemoteConnection *self);
/* An object is new: its state is known, and not to be told. */
void events_known(MirrorObject *object);
/* What no event told of, when it was found: that an object came, is gone, or went from one state to
 * another. */
void events_tell_added(RemoteConnection *self, MirrorObject *object);
void events_tell_removed(RemoteConnection *self, MirrorObject *object);
void events_tell_state(RemoteConnection *self, MirrorObject *object);

/* Calls. */

/* The link, where there is one to be used; else NULL with an error that says why not. A
 * reference. */
RemoteLink *remote_link_of(RemoteConnection *self, GError **error);

int remote_perform(
        Object *object, const MethodInfo *method, const void *in, void *out, GError **error);
int remote_set(Object *object, const PropertyInfo *property, const void *value, GError **error);
int remote_refresh(Object *object, const MethodInfo *method, const void *in, GError **error);

/* Suspends. remote_call_finish() of a call that changes a domain, as the running fiber's job: it is
 * told what the peer tells of the domain's job, and while there is one it may be cancelled. */
int remote_work_finish(RemoteCall *call, const Object *domain, Job *job, GError **error);

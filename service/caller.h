/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who calls: one Caller for each unique name on the bus that has called, until it leaves the bus,
 * and one for each peer of the wire, until its link ends. */

#include <systemd/sd-bus.h>

#include "drivers/driver.h"

typedef struct Call Call;
typedef struct AudienceLine AudienceLine;

/* Calls of one caller that may be in work at once; past it they are refused. */
#define CALLER_CALLS_MAX 128

/* What the authority is told of it. */
typedef enum CallerKind {
        CALLER_BUS,     /* its unique name */
        CALLER_PROCESS, /* the process at the other end of a UNIX socket */
        CALLER_REMOTE,  /* nothing: who logged in from afar may do what its connection allows */
        _CALLER_KIND_MAX,
} CallerKind;

typedef struct Caller {
        Client client;
        CallerKind kind;
        unsigned n_ref;
        char *agent;         /* path of its object that can be asked; NULL: none */
        char *name;          /* unique name; for a peer of the wire its like, such as "wire-7" */
        pid_t pid;           /* of a process; 0: unknown */
        uint64_t start_time; /* of the process, in clock ticks since boot; 0: unknown */
        int pidfd;           /* -1: none */
        bool known;          /* the client's uid is filled in */
        bool trusted;        /* needs no permission: root, or the user whose session this is */
        bool gone;
        unsigned namespaces; /* in which it called: a bit for each NamespaceId */
        AudienceLine
                *line; /* what it is to be told once it is known whether it may; NULL: nothing */
        unsigned n_calls;
        Call *calls, *calls_tail; /* in work, in the order they came */
        GHashTable *decisions;    /* the authority's, kept for a while */
        GHashTable *opened; /* connection label to how it was opened; the connections' holder's */
        GSList *asking;     /* of Wait: those who wait for a decision */
} Caller;

int callers_init(sd_bus *bus, Instance instance);
void callers_finish(void);

/* The caller of a message, made where there is none. Borrowed; NULL: the message has no sender. */
Caller *caller_of(sd_bus_message *message);

/* The process at the other end of a UNIX socket; a reference. -1 with the error where the kernel
 * does not say who it is. */
int caller_new_process(int fd, Caller **ret, GError **error);
/* Somebody from afar, who is not known until caller_logged_in(); a reference. */
Caller *caller_new_remote(void);
void caller_logged_in(Caller *caller, const char *user);
/* A peer of the wire has left. Gives back a reference. */
void caller_leave(Caller *caller);

Caller *caller_ref(Caller *caller);
Caller *caller_unref(Caller *caller);

/* Suspends. Finds out who it is, once. -1 where it has left or is not allowed here. */
int caller_identify(Caller *caller, GError **error);

/* All that are there. */
void callers_each(void (*each)(Caller *caller, void *data), void *data);
/* What is to be done when one leaves, before it is forgotten. */
void callers_on_leave(void (*callback)(Caller *caller));

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Caller, caller_unref)

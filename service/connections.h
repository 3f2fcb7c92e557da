/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The registry: which drivers there are, which connections are open, and who holds them. */

#include "drivers/driver.h"
#include "service/caller.h"

/* Publishes the drivers, opens the default connections, and lets them begin. Suspends. */
int connections_start(sd_bus *bus, Instance instance, GError **error);
/* Ends all connections, and opens none any more; their guests run on. Suspends. */
void connections_stop(void);
/* Frees the rest, when no fiber is left. */
void connections_finish(void);
/* Before that, as soon as it is known that the service will end: nobody waits for another host any
 * more. */
void connections_leave(void);

Instance connections_instance(void);

/* What an empty URI stands for: $LIBVIRT_DEFAULT_URI, else what is configured, else the first
 * driver that is available here. Borrowed until the next call. */
const char *connections_default_uri(void);

/* How to open: the flags of Manager.Open, which are libvirt's. */
#define OPEN_READ_ONLY 1u
#define OPEN_NO_ALIASES 2u

/* Finds the driver and what it calls the connection, and says which permission opening it needs.
 * May suspend. The caller may be NULL: the service itself. */
typedef struct Opening {
        Uri *uri;
        char *name; /* that the connection bears for its URI; NULL: the URI itself */
        bool read_only;
        const Driver *driver;
        char *label;
        const char *action;
        uid_t owner; /* whose the connection is alone; NO_OWNER: everybody's */
} Opening;
int opening_parse(const char *text, unsigned flags, Caller *caller, Opening *ret, GError **error);
void opening_clear(Opening *opening);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opening, opening_clear)

/* Opens it, or joins those who have it open. Suspends. *ret is a reference. */
int connections_open(Caller *caller, const Opening *opening, Connection **ret, GError **error);
/* Gives back one open of this caller. Suspends. */
int connections_close(Caller *caller, Connection *connection, GError **error);

/* All that are published; references. */
GPtrArray *connections_list(void);
GPtrArray *connections_drivers(void);

/* -1 with ERROR_OPERATION_DENIED where the caller opened the object's connection for reading only.
 */
int connections_refuse_write(Caller *caller, const Object *object, const char *api, GError **error);
/* The object's driver, if that asks a peer; else NULL. A job is of this service. */
const Driver *connections_peer(const Object *object);

/* Whether something would be missed if the service ended now: a guest runs, a client holds a
 * connection. */
bool connections_in_use(void);

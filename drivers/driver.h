/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The contract between the service and a driver.
 *
 * A driver opens connections; a connection has domains. Both are objects with the generated
 * properties, and tables of operations (interfaces.h) in which a slot that is NULL means "not
 * supported". The service checks permission, flags, read-only connections and needs-active, holds
 * the domain's job lock around an operation of kind JOB_MODIFY, and calls
 *
 *      int op(Domain *domain, const XIn *in, XOut *out, GError **error)
 *
 * which returns 0 or -1 with the error set. in stays the caller's; out comes as layout_init() makes
 * it and its content goes to the caller, who frees it (layout.h) also after an error. All but
 * JOB_NONE operations run on a fiber and may suspend. What an operation has set up when it fails,
 * it takes down.
 */

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "drivers/job.h"
#include "drivers/lifecycle.h"
#include "drivers/object.h"
#include "drivers/registry.h"
#include "drivers/uri.h"
#include "interfaces.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

/* Which service this is: the host's, for everybody, or one user's. */
typedef enum Instance {
        INSTANCE_SYSTEM,
        INSTANCE_SESSION,
} Instance;

/* What only the user of a client knows. */
typedef struct ClientQuestion {
        const char *uri;  /* of the connection that is opened */
        const char *what; /* "password" and so on: org.virtbus1.Agent.Ask lists them */
        const char *prompt;
        const char *standard; /* the answer where none is given; NULL: none */
        bool echo;            /* it may be shown while it is typed */
} ClientQuestion;

/* Who asks: a caller on the bus, or a peer of the wire. */
typedef struct Client {
        uid_t uid;
        char *user;    /* name, or the number where it has none */
        GSList *leave; /* of ClientLeave */
        /* Suspends. Asks its user; *ret is allocated. -1 with ERROR_AUTH_CANCELLED. NULL: there is
         * nobody to be asked. */
        int (*ask)(
                struct Client *client, const ClientQuestion *question, char **ret, GError **error);
} Client;

/* The client that the running fiber works for; NULL where the service acts of itself. */
static inline Client *client_current(void)
{
        return fiber_local();
}

/* Suspends. Asks the user of the client that the running fiber works for. -1 also with
 * ERROR_AUTH_UNAVAILABLE where there is nobody to be asked. */
int client_ask(const ClientQuestion *question, char **ret, GError **error);

/* Calls back once, on the loop's stack, when the client leaves. data is any object; it is
 * referenced until then. */
void client_on_leave(Client *client, void (*callback)(void *object), void *object);
void client_forget(Client *client, void (*callback)(void *object), void *object);
/* For the owner of the client: makes those calls. */
void client_left(Client *client);

typedef struct Driver Driver;
typedef struct Journal Journal;

struct Connection {
        Object object;
        ConnectionProperties properties;
        const Driver *driver;
        char *label;       /* in its object path: "qemu_system" */
        Registry registry; /* its objects, published or being made */
        Journal *journal;  /* the service's, while it is published */
        uid_t owner;       /* whose it is alone, with all that is in it; NO_OWNER: everybody's */
};
#define NO_OWNER ((uid_t)-1)

struct Domain {
        Object object;
        DomainProperties properties; /* .name and .uuid are set before registry_add() */
        FiberLock jobs;
        Job *job;                           /* that runs under the lock; NULL: none */
        GPtrArray *snapshots, *checkpoints; /* referenced; NULL: none */
};

/* The other objects of a connection are their properties; a driver's own structs begin with these.
 * A snapshot or checkpoint has its domain as parent, all others the connection. */
struct Network {
        Object object;
        NetworkProperties properties;
};

struct StoragePool {
        Object object;
        StoragePoolProperties properties;
};

struct StorageVol {
        Object object;
        StorageVolProperties properties;
};

struct NodeDevice {
        Object object;
        NodeDeviceProperties properties;
        char *wwnn, *wwpn; /* of a Fibre Channel host; NULL: it is none */
};

struct Secret {
        Object object;
        SecretProperties properties;
};

struct NWFilter {
        Object object;
        NWFilterProperties properties;
};

struct Interface {
        Object object;
        InterfaceProperties properties;
};

struct DomainSnapshot {
        Object object;
        DomainSnapshotProperties properties;
};

struct DomainCheckpoint {
        Object object;
        DomainCheckpointProperties properties;
};

/* The object that describes a driver on the bus. */
typedef struct DriverObject {
        Object object;
        DriverProperties properties;
        const Driver *driver;
} DriverObject;

struct Driver {
        const char *name; /* scheme of its URIs, and name of its object */
        /* One table for each class of objects that it has. */
        const ConnectionOperations *connection_operations;
        const DomainOperations *domain_operations;
        const DomainSnapshotOperations *domain_snapshot_operations;
        const DomainCheckpointOperations *domain_checkpoint_operations;
        const NetworkOperations *network_operations;
        const StoragePoolOperations *storage_pool_operations;
        const StorageVolOperations *storage_vol_operations;
        const NodeDeviceOperations *node_device_operations;
        const SecretOperations *secret_operations;
        const NWFilterOperations *nw_filter_operations;
        const InterfaceOperations *interface_operations;
        /* Its guests live on without the service; while one runs, somebody has to be there for it.
         */
        bool outlives;

        /* Once, before all else: the bus that the service is on, for what the driver asks of the
         * host's own services (systemd). May be NULL. */
        void (*attach)(sd_bus *bus);

        /* The URIs that are always open on this bus, NULL-terminated. */
        const char *const *(*defaults)(Instance instance);

        /* Looks at the host and fills the object's properties. Suspends. */
        int (*probe)(DriverObject *self, Instance instance, GError **error);

        /* Whether it would open this URI here, what the connection is called (two opens that give
         * the same label share it; one that is private has a label that was never given before),
         * and the permission that opening it needs (a literal). Does not touch the host. */
        int (*identify)(const Uri *uri, Instance instance, bool read_only, char **ret_label,
                const char **ret_action, GError **error);

        /* Opens it. The object is not published yet; its domains are, after that. A connection that
         * is shared may be asked for writing later, whatever read_only says. Suspends. */
        int (*open)(const Uri *uri, Instance instance, bool read_only, const char *label,
                Connection **ret, GError **error);

        /* Called once the connection is published: publishes its domains and begins to work
         * (adopting, autostart). Suspends. */
        void (*start)(Connection *connection);

        /* Finds out the property Version, which is 0 until then. May be NULL: it is known from the
         * start. Suspends. */
        void (*find_version)(Connection *connection);

        /* Nobody holds it any more, or the service ends: stops working and forgets its domains,
         * which run on. Suspends. */
        void (*stop)(Connection *connection);

        /* The service is about to end: calls that wait for another host end now, with an error.
         * Does not suspend. May be NULL. */
        void (*leave)(Connection *connection);

        /* A driver whose objects are a peer's has these instead of tables of operations; the peer
         * knows what it supports, and orders what changes a domain. All suspend. */

        /* Carries out a method, by the rules of an operation. */
        int (*perform)(Object *object, const MethodInfo *method, const void *in, void *out,
                GError **error);
        int (*set)(Object *object, const PropertyInfo *property, const void *value, GError **error);
        /* Before a method answers from memory (JOB_NONE, by hand): makes true what it is about, if
         * nothing else keeps it so. */
        int (*refresh)(Object *object, const MethodInfo *method, const void *in, GError **error);
};

/* Whether its connections may have objects of this class. */
bool driver_has(const Driver *driver, const ClassInfo *class);

extern const Driver test_driver;
extern const Driver qemu_driver;
extern const Driver remote_driver;
extern const Driver xen_driver;

/* A peer on another host that is silent for so many seconds is asked for a sign of life, and lost
 * after so many answers that did not come. Holds for links that are made from now on; interval 0 or
 * less: never. */
void remote_keep_alive(int interval, int count);
/* The parameters "mode" and "proxy" of remote URIs that do not have them; NULL: "auto". */
void remote_choose(const char *mode, const char *proxy);

/* Fills the base of a driver's own struct. */
void connection_init(Connection *connection, const Driver *driver, const char *label,
        const Uri *uri, void (*free_)(Object *));
/* For the free function, before the struct is freed. */
void connection_finish(Connection *connection);

void domain_init(Domain *domain, Connection *connection, const char *name, const char *uuid,
        void (*free_)(Object *));

/* The driver's table for a class, NULL where it has no such objects. */
const void *driver_operations(const Driver *driver, const ClassInfo *class);

/* Fills the head of an object of a connection, or of a domain, and its table of operations. */
void child_init(Object *object, const ClassInfo *class, void *properties, Object *parent,
        void (*free_)(Object *));

/* Snapshots and checkpoints, which are found by their name within the domain. */
Object *domain_find_child(GPtrArray *children, const char *name);
void domain_add_child(GPtrArray **children, void *object);
/* Also withdraws it. */
void domain_remove_child(GPtrArray **children, void *object);

/* The one that the object is, or is in; NULL: none. */
const Connection *object_connection(const Object *object);
Domain *object_domain(Object *object);

static inline Connection *domain_connection(const Domain *domain)
{
        return (Connection *)domain->object.parent;
}

static inline Domain *domain_ref(Domain *domain)
{
        return (Domain *)object_ref(domain);
}

static inline Domain *domain_unref(Domain *domain)
{
        return object_unref(domain);
}

static inline Connection *connection_ref(Connection *connection)
{
        return (Connection *)object_ref(connection);
}

static inline Connection *connection_unref(Connection *connection)
{
        return object_unref(connection);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Domain, domain_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_unref)

/* Sets the properties State, Active and Id: active states have the id, others 0. */
void domain_set_state(Domain *domain, DomainState state, int reason, unsigned id);

static inline DomainState domain_state(const Domain *domain)
{
        return domain->properties.state.state;
}

static inline bool domain_is_active(const Domain *domain)
{
        return domain->properties.active;
}

/* Emits Connection.DomainEvent. */
void domain_emit(Domain *domain, DomainEvent event, int detail);

/* Suspends. Takes the job lock for the member, within JOB_DEADLINE. */
int domain_begin_job(Domain *domain, const char *member, GError **error);
/* problem is why it failed; NULL: it did not. */
void domain_end_job(Domain *domain, const GError *problem);
#define JOB_DEADLINE (10 * G_USEC_PER_SEC)

/* "Requested operation is not valid: domain is not running" unless it is active. */
int domain_require_active(Domain *domain, GError **error);
/* "Domain not found: no domain with matching uuid '...' (name)" if it is gone. */
int domain_require_here(Domain *domain, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What drivers share that keep their domains themselves, as opposed to asking a peer: definitions,
 * settings, and the frame of a start and a stop. Such a driver embeds LocalConnection and
 * LocalDomain at the head of its own structs, fills LocalHooks, and puts the local_* functions into
 * its tables of operations.
 *
 * A domain has a definition (a document that outlives a run, if it is persistent) and, while it is
 * active, a live configuration. Definitions are kept as text and parsed when they are needed; the
 * live one is kept parsed. A change of either is made on a copy, validated, stored, and only then
 * takes its place. */

#include "drivers/driver.h"
#include "drivers/model/domain.h"

typedef struct LocalDomain LocalDomain;
typedef struct LocalHooks LocalHooks;

typedef struct LocalConnection {
        Connection connection;
        const LocalHooks *hooks;
        unsigned last_id;
} LocalConnection;

struct LocalDomain {
        Domain domain;
        char *definition;   /* the text, where the driver keeps it in memory; local_keep() */
        uint8_t as_is;      /* ways to format the definition that change nothing in it */
        DomainConfig *live; /* while active, and while it is being started */
        Client *owner;      /* autodestroy: goes when this client leaves */
};

struct LocalHooks {
        /* What the property OSType says of all domains; NULL: what each document does. */
        const char *os_type;

        /* A domain of the driver's, domain_init() done. */
        LocalDomain *(*new)(LocalConnection *connection, const char *name, const char *uuid);

        /* Adds what the document leaves open, and refuses what the driver never could run. May
         * suspend. */
        int (*complete)(LocalConnection *connection, DomainConfig *config, GError **error);

        /* Makes text the definition, durably. Suspends. */
        int (*store)(LocalDomain *domain, const char *text, GError **error);
        /* Reads the definition. Does not suspend. *ret is allocated. */
        int (*load)(LocalDomain *domain, char **ret, GError **error);
        /* Removes it and what the flags of Undefine say. Suspends. */
        int (*remove)(LocalDomain *domain, unsigned flags, GError **error);
        /* Moves it to another name; the property still has the old one. Suspends. */
        int (*rename)(LocalDomain *domain, const char *name, const char *text, GError **error);
        /* Suspends. */
        int (*set_autostart)(LocalDomain *domain, bool autostart, GError **error);

        /* Runs domain->live, up to the point where its processors stand still; domain id is the one
         * to have. What it set up when it fails it takes down. Suspends. */
        int (*start)(LocalDomain *domain, unsigned id, unsigned flags, GError **error);
        /* Lets the processors run. Suspends. */
        int (*run)(LocalDomain *domain, GError **error);
        /* Pulls the plug: on return local_stopped() was called. Suspends. */
        int (*kill)(LocalDomain *domain, bool graceful, int reason, int detail, GError **error);

        /* Changes what runs; the live configuration is changed afterwards. NULL: not supported.
         * Suspend. */
        int (*live_memory)(LocalDomain *domain, uint64_t kib, GError **error);
        int (*live_vcpus)(LocalDomain *domain, unsigned vcpus, GError **error);
        int (*live_stats_period)(LocalDomain *domain, int seconds, GError **error);
        /* What is done when the guest reboots; what it comes to otherwise is asked of the
         * configuration when it happens. May be NULL. */
        int (*live_reboot)(LocalDomain *domain, LifecycleAction action, GError **error);
        /* The live configuration has changed: remember it. May be NULL. Suspends. */
        int (*live_changed)(LocalDomain *domain, GError **error);
};

static inline LocalConnection *local_connection(const LocalDomain *domain)
{
        return (LocalConnection *)domain->domain.object.parent;
}

static inline const LocalHooks *local_hooks(const LocalDomain *domain)
{
        return local_connection(domain)->hooks;
}

static inline const char *local_name(const LocalDomain *domain)
{
        return domain->domain.properties.name;
}

/* For a store() or remove() of definitions in memory: text is the new one, or NULL. */
void local_keep(LocalDomain *domain, const char *text);

/* For the driver's own free function. */
void local_domain_finish(LocalDomain *domain);

/* A domain of that name that was defined earlier comes back: added, persistent, not published. Text
 * is its definition as stored, of which only the head is understood now. A broken one, or another
 * domain's, is an error and adds nothing. *ret is borrowed. */
int local_domain_restore(LocalConnection *connection, const char *name, const char *text,
        bool autostart, LocalDomain **ret, GError **error);
/* The same for a head that is understood already: domain_config_parse_head() or local_heads_find().
 */
int local_domain_restore_head(LocalConnection *connection, const char *name,
        const DomainConfig *head, bool autostart, LocalDomain **ret, GError **error);

/* The text of a configuration to be kept, with its secrets; flags as for domain_config_format(). -1
 * where it could not be read again, for its size or for what a change has made of it. */
int local_format(const DomainConfig *config, unsigned flags, char **ret, GError **error);
/* From a document to a configuration that the driver takes, and its text. */
int local_parse(LocalConnection *connection, const char *xml, DomainConfig **ret, char **ret_text,
        GError **error);

/* The parsed definition. */
int local_definition(LocalDomain *domain, DomainConfig **ret, GError **error);
/* The live configuration where there is one, else the definition, which goes to *to_free. */
const DomainConfig *local_current(LocalDomain *domain, DomainConfig **to_free, GError **error);

/* For what only reads: the configuration that the flags AFFECT_LIVE and AFFECT_CONFIG are about,
 * "current" without them. NULL after an error; the definition goes to *to_free. */
const DomainConfig *local_config(
        Domain *domain, unsigned flags, DomainConfig **to_free, GError **error);

/* A change to a configuration; the live one's is made before the definition's. */
typedef int (*LocalEdit)(DomainConfig *config, const void *change, GError **error);

/* Makes a change to the configurations that the same flags are about, to all of them or none.
 * Suspends. */
int local_edit(Domain *domain, unsigned flags, LocalEdit edit, const void *change, GError **error);

/* Sets the properties that follow from the configuration. */
void local_refresh(LocalDomain *domain, const DomainConfig *config);

/* What a run begins with. */
typedef enum LocalOrigin {
        LOCAL_BOOTED,
        LOCAL_RESTORED,
        LOCAL_FROM_SNAPSHOT,
        _LOCAL_ORIGIN_MAX,
} LocalOrigin;

/* Starts it, within its job. Takes config. */
int local_start(LocalDomain *domain, DomainConfig *config, LocalOrigin origin, unsigned flags,
        GError **error);

/* The domain that a document is of, begun with if it is not there: DomainCreateXML and the like.
 * *ret is a reference. */
int local_run(LocalConnection *connection, const char *xml, const char *member, LocalOrigin origin,
        unsigned flags, Domain **ret, GError **error);

/* It has stopped, for whatever reason: the live configuration goes, the event is emitted; a
 * transient domain is removed. */
void local_stopped(LocalDomain *domain, int reason, int detail);

/* Operations. */
int local_domain_define_xml(Connection *connection, const ConnectionDomainDefineXMLIn *in,
        ConnectionDomainDefineXMLOut *out, GError **error);
int local_domain_create_xml(Connection *connection, const ConnectionDomainCreateXMLIn *in,
        ConnectionDomainCreateXMLOut *out, GError **error);
int local_create(Domain *domain, const DomainCreateIn *in, DomainCreateOut *out, GError **error);
int local_destroy(Domain *domain, const DomainDestroyIn *in, DomainDestroyOut *out, GError **error);
int local_undefine(
        Domain *domain, const DomainUndefineIn *in, DomainUndefineOut *out, GError **error);
int local_rename(Domain *domain, const DomainRenameIn *in, DomainRenameOut *out, GError **error);
int local_set_autostart(
        Domain *domain, const DomainSetAutostartIn *in, DomainSetAutostartOut *out, GError **error);
int local_get_xml_desc(
        Domain *domain, const DomainGetXMLDescIn *in, DomainGetXMLDescOut *out, GError **error);
int local_get_metadata(
        Domain *domain, const DomainGetMetadataIn *in, DomainGetMetadataOut *out, GError **error);
int local_set_metadata(
        Domain *domain, const DomainSetMetadataIn *in, DomainSetMetadataOut *out, GError **error);
int local_get_vcpus(
        Domain *domain, const DomainGetVcpusIn *in, DomainGetVcpusOut *out, GError **error);
int local_set_lifecycle_action(Domain *domain, const DomainSetLifecycleActionIn *in,
        DomainSetLifecycleActionOut *out, GError **error);
int local_set_vcpus(
        Domain *domain, const DomainSetVcpusIn *in, DomainSetVcpusOut *out, GError **error);
int local_set_memory(
        Domain *domain, const DomainSetMemoryIn *in, DomainSetMemoryOut *out, GError **error);
int local_set_memory_stats_period(Domain *domain, const DomainSetMemoryStatsPeriodIn *in,
        DomainSetMemoryStatsPeriodOut *out, GError **error);

/* libvirt's stats groups must be known: -1 where STATS_ENFORCE is given with one that is not. */
int local_stats_groups(uint32_t stats, uint32_t flags, uint32_t *ret, GError **error);
/* state.state, state.reason. */
void local_stats_state(const LocalDomain *domain, Params *params);

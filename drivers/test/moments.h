/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What snapshots and checkpoints have in common: moments of a domain that form a tree, in which
 * each knows its parent by name and one is current. Nothing here suspends. */

#include "drivers/local/local.h"

/* The head of a driver's own struct. */
typedef struct Moment {
        union {
                Object object;
                DomainSnapshot snapshot;
                DomainCheckpoint checkpoint;
        };
        char **parent; /* in its configuration */
        bool current;
} Moment;

typedef struct MomentKind {
        const char *noun;
        int missing;           /* the error */
        size_t list;           /* in Domain */
        unsigned name, parent; /* the properties */
        int current;           /* the property; -1: it is not shown */
        /* Where a moment is deleted with all below it, and the current one was among them, its
         * parent becomes current; else none does. */
        bool parent_follows;
} MomentKind;

/* Flags of Delete. */
enum {
        MOMENT_DELETE_CHILDREN = 1 << 0,
        MOMENT_DELETE_CHILDREN_ONLY = 1 << 2,
};

/* NULL: there is none, or name is NULL. */
Moment *moment_find(const MomentKind *kind, const Domain *domain, const char *name);
Moment *moment_current(const MomentKind *kind, const Domain *domain);
/* NULL: none of them. */
void moment_set_current(const MomentKind *kind, const Domain *domain, Moment *moment);

/* "domain moment ... already exists" */
int moment_check_new(
        const MomentKind *kind, const Domain *domain, const char *name, GError **error);
/* One that is described whole takes its place in the tree, where it may be already: whether its
 * parent is there and it is not above it, and whether it is of this domain. */
int moment_check_redefined(const MomentKind *kind, const Domain *domain, const char *name,
        const char *parent, const DomainConfig *config, GError **error);

/* Takes the caller's reference. Published where the domain is. */
void moment_add(const MomentKind *kind, Domain *domain, Moment *moment);
void moment_remove(const MomentKind *kind, Domain *domain, Moment *moment);

/* The operation. Children that stay become those of the parent. */
int moment_delete(const MomentKind *kind, Moment *moment, uint32_t flags, GError **error);
int moment_require_here(const MomentKind *kind, const Moment *moment, GError **error);

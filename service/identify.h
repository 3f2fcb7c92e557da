/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who a document is about. It is only skimmed for that, before its sender is known to have the
 * permission to have it read whole. */

#include "drivers/driver.h"

typedef struct Identity {
        const ClassInfo *class;
        /* Each is NULL where the document, or the kind, has none. */
        char *name, *uuid;
        char *usage;    /* of a secret: what it is for */
        char *parent;   /* of a node device: the one that it is made on */
        Object *object; /* a reference: the published one that has that UUID or name already */
} Identity;

/* The document is to become an object of the class within an object: a connection, a domain, or a
 * storage pool. 0, or -1 with the error of the parser; *ret must be zeroed before. */
int identify(const ClassInfo *class, const Object *within, const char *xml, Identity *ret,
        GError **error);

/* Looks again, after a wait: whether another object has its UUID or name by now, or none has it any
 * more, and is in `object` then. */
bool identity_changed(Identity *identity, const Object *within);

void identity_clear(Identity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Identity, identity_clear)

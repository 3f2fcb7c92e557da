/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the handlers share that find objects in the registry. What a caller may not see is not
 * there. */

#include "drivers/driver.h"
#include "service/operate.h"

/* A kind of objects, as a lookup needs to know it. */
typedef struct LookupKind {
        const ClassInfo *class;
        RegistryKey first;    /* the key that lists all of them */
        int missing;          /* error code */
        const char *what;     /* in the error's text: "storage pool" */
        const char *bad_uuid; /* what libvirt says of one, where it is not what it says of others */
} LookupKind;

extern const LookupKind lookup_domain, lookup_network, lookup_storage_pool, lookup_storage_vol,
        lookup_node_device, lookup_secret, lookup_nw_filter, lookup_interface;

/* Gives a reference to an object that was found, or NULL, if the caller may see it. 0; -1 with the
 * kind's error, "no storage pool with matching name 'x'"; -EAGAIN. */
int lookup_found(const Call *call, const LookupKind *kind, void *object, const char *by,
        const char *value, Object **ret, GError **error);

/* The same by a key of the registry. */
int lookup_key(const Call *call, const LookupKind *kind, RegistryKey key, const char *by,
        const char *value, Object **ret, GError **error);

/* The same by a UUID in any form. */
int lookup_uuid(const Call *call, const LookupKind *kind, RegistryKey key, const char *value,
        Object **ret, GError **error);

/* All objects of a kind that accepts() takes and the caller may see; ret is a struct { Object
 * **items; size_t n; }. 0, -1, -EAGAIN. */
int lookup_list(const Call *call, const LookupKind *kind,
        bool (*accepts)(const Object *object, unsigned flags), unsigned flags, void *ret,
        GError **error);

/* Hands a list over to such a struct. */
void lookup_take(GPtrArray *list, void *ret);

/* Whether flags, in groups of which each that is given must fit, accept an object with these bits.
 */
bool lookup_fits(const unsigned *groups, unsigned n_groups, unsigned flags, unsigned bits);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a domain's snapshot: libvirt's "Snapshot XML format". By the rules of
 * network.h. The domain in it is a whole one, read as an inactive one and as it stands: what
 * domain_config_defaults() and domain_config_validate() do to it is the driver's to ask for. */

#include "drivers/model/domain.h"

typedef enum SnapshotState {
        SNAPSHOT_STATE_ABSENT,
        SNAPSHOT_NOSTATE,
        SNAPSHOT_RUNNING,
        SNAPSHOT_BLOCKED,
        SNAPSHOT_PAUSED,
        SNAPSHOT_SHUTDOWN,
        SNAPSHOT_SHUTOFF,
        SNAPSHOT_CRASHED,
        SNAPSHOT_PMSUSPENDED,
        SNAPSHOT_DISK_SNAPSHOT,
        SNAPSHOT_STATE_MAX
} SnapshotState;
extern const EnumTable snapshot_state_names;

typedef struct SnapshotMemory {
        Kept kept;
        DiskSnapshot snapshot; /* no, internal, external */
        char *file;            /* external: absolute */
} SnapshotMemory;

typedef struct SnapshotParent {
        Kept kept;
        char *name;
} SnapshotParent;

typedef struct SnapshotDriver {
        Kept kept;
        DiskFormat type;
} SnapshotDriver;

typedef struct SnapshotSource {
        Kept kept; /* all there is, for the types beyond file and block */
        char *file;
        char *dev;
} SnapshotSource;

typedef struct SnapshotDisk {
        Kept kept;
        char *name; /* in a new document also the path of the disk's source */
        DiskSnapshot snapshot;
        DiskType type; /* of the new file; absent: file */
        SnapshotDriver driver;
        SnapshotSource source;
} SnapshotDisk;

typedef struct SnapshotDisks {
        Kept kept;
        SnapshotDisk **disks;
        size_t n_disks;
} SnapshotDisks;

typedef struct SnapshotConfig {
        Kept kept;
        char *name;
        char *description;
        SnapshotState state;
        SnapshotParent parent;
        Number creation_time; /* seconds of the epoch */
        SnapshotMemory memory;
        SnapshotDisks disks;
        DomainConfig *domain;
        DomainConfig *inactive_domain; /* what a running one would be at its next start */
        char *cookie;                  /* a driver's own, kept */
} SnapshotConfig;

/* A document for a new snapshot says what it is called, what it is about, and how memory and disks
 * are taken; anything else in it is the driver's to say and not even looked at. With REDEFINE it is
 * a whole one, as format wrote it: name, state, time and domain must be there. */
#define SNAPSHOT_PARSE_REDEFINE 1u
int snapshot_config_parse(const char *xml, unsigned flags, SnapshotConfig **ret, GError **error);

/* The time, and the name after it; a redefined one has both. Whether memory belongs to it follows
 * from the state: what was not running has none. */
void snapshot_config_defaults(SnapshotConfig *config, int64_t now);

/* Holds a new snapshot's disks against the domain's: each is one of the domain's, once; those that
 * are not named are added, in the domain's order, in the way that the domain says or else in
 * `mode`; with `only` no other way is possible. Files of external ones are named after the disk's
 * and the snapshot. */
int snapshot_config_align_disks(SnapshotConfig *config, const DomainConfig *domain,
        DiskSnapshot mode, bool only, GError **error);

int snapshot_config_validate(const SnapshotConfig *config, GError **error);

/* With DOMAIN_XML_SECURE secrets are shown. */
char *snapshot_config_format(const SnapshotConfig *config, unsigned flags);
SnapshotConfig *snapshot_config_copy(const SnapshotConfig *config);
void snapshot_config_free(SnapshotConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SnapshotConfig, snapshot_config_free)

/* *ret_name is NULL where the document leaves the name open. */
int snapshot_config_identify(const char *xml, char **ret_name, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Disks, and where their data is. */

#include "drivers/model/domain-device.h"

/* Of qcow2. */
typedef struct MetadataCache {
        Kept kept;
        Number max_size; /* bytes */
} MetadataCache;

typedef struct DiskDriver {
        Kept kept;
        char *name;
        DiskFormat type;
        DiskCache cache;
        DiskErrorPolicy error_policy;
        DiskErrorPolicy rerror_policy;
        DiskIo io;
        Switch ioeventfd;
        Switch event_idx;
        Switch copy_on_read;
        DiskDiscard discard;
        Number iothread;
        DiskDetectZeroes detect_zeroes;
        Number queues;
        Number queue_size;
        VirtioOptions virtio;
        MetadataCache *metadata_cache;
} DiskDriver;

/* A secret of the host, by uuid or usage. */
typedef struct SecretReference {
        Kept kept;
        char *type; /* "ceph", "iscsi", "passphrase" */
        char *uuid;
        char *usage;
} SecretReference;

typedef struct DiskAuth {
        Kept kept;
        char *username;
        SecretReference secret;
} DiskAuth;

typedef struct DiskCipher {
        Kept kept;
        char *name;
        Number size;
        char *mode;
        char *hash;
} DiskCipher;

typedef struct DiskIvgen {
        Kept kept;
        char *name;
        char *hash;
} DiskIvgen;

typedef struct DiskEncryption {
        Kept kept;
        char *format; /* "default", "qcow", "luks", "luks2" */
        char *engine; /* "qemu", "librbd" */
        SecretReference **secrets;
        size_t n_secrets;
        DiskCipher cipher;
        DiskIvgen ivgen;
} DiskEncryption;

typedef struct DiskHost {
        Kept kept;
        char *name;
        char *port; /* a number or a service */
        char *transport;
        char *socket;
} DiskHost;

typedef struct ReservationsSource {
        Kept kept;
        char *type; /* "unix" */
        char *path;
        char *mode; /* "client" */
        Reconnect reconnect;
} ReservationsSource;

typedef struct DiskReservations {
        Kept kept;
        Switch managed;
        ReservationsSource source;
} DiskReservations;

typedef struct DiskInitiator {
        Kept kept;
        char *iqn;
} DiskInitiator;

typedef struct DiskCookie {
        Kept kept;
        char *name;
        char *value; /* the text */
} DiskCookie;

typedef struct DiskCookies {
        Kept kept;
        DiskCookie **cookies;
        size_t n_cookies;
} DiskCookies;

typedef struct DiskIdentity {
        Kept kept;
        char *user;
        char *group;
} DiskIdentity;

typedef struct DiskSlice {
        Kept kept;
        char *type; /* "storage" */
        Number offset;
        Number size;
} DiskSlice;

typedef struct DiskSlices {
        Kept kept;
        DiskSlice **slices;
        size_t n_slices;
} DiskSlices;

/* Where a device is on the host. `type` is there only if it is said; then it may also be that of
 * USB. */
typedef struct HostAddress {
        Kept kept;
        AddressType type;
        unsigned domain;
        unsigned bus;
        unsigned slot;
        unsigned function;
        Switch multifunction;
        Number usb_bus;
        Number usb_device;
} HostAddress;

/* Where the data is. Which fields there are depends on the disk's type; the last ones all have. */
typedef struct DiskSource {
        Kept kept;
        char *path; /* file, block, dir, vhostvdpa: @file, @dev, @dir; vhostuser: @path */
        char *fdgroup;
        /* network */
        DiskProtocol protocol;
        char *name;
        char *query;
        Switch tls;
        char *tls_hostname;
        DiskHost **hosts;
        size_t n_hosts;
        char *snapshot;
        char *config;
        DiskAuth *auth;
        DiskInitiator *initiator;
        Switch ssl_verify;
        DiskCookies *cookies;
        Number readahead;
        Number timeout; /* s */
        DiskIdentity identity;
        Number reconnect_delay; /* s */
        /* volume */
        char *pool;
        char *volume;
        char *mode; /* "host", "direct" */
        /* nvme, vhostuser */
        char *type;
        Switch managed;
        Number nvme_namespace;
        HostAddress address;
        Reconnect reconnect;
        /* all */
        StartupPolicy startup_policy;
        Number index; /* live: of the block node */
        DeviceSeclabel **seclabels;
        size_t n_seclabels;
        DiskReservations *reservations;
        DiskEncryption *encryption;
        DiskSlices *slices;
        char *private_data; /* subtree, kept */
} DiskSource;

typedef struct DiskImageFormat {
        Kept kept;
        DiskFormat type;
        MetadataCache *metadata_cache;
} DiskImageFormat;

/* An image that another one is laid over. An empty one, without type, ends the chain; none at all
 * says that the chain is to be looked up. */
typedef struct BackingStore BackingStore;
struct BackingStore {
        Kept kept;
        DiskType type;
        Number index; /* live */
        DiskImageFormat format;
        DiskSource source;
        BackingStore *backing_store;
};

/* Live: a block job's copy. */
typedef struct DiskMirror {
        Kept kept;
        DiskType type;
        char *job;   /* "copy", "active-commit" */
        char *ready; /* "yes", "abort", "pivot" */
        char *file;  /* with format_name, the old form */
        char *format_name;
        DiskImageFormat format;
        DiskSource source;
        BackingStore *backing_store;
} DiskMirror;

typedef struct DiskGeometry {
        Kept kept;
        Number cylinders;
        Number heads;
        Number sectors;
        char *translation; /* "auto", "none", "lba" */
} DiskGeometry;

typedef struct DiskBlockIo {
        Kept kept;
        Number logical_block_size;
        Number physical_block_size;
        Number discard_granularity;
} DiskBlockIo;

/* Per second; 0 is no limit. */
typedef struct DiskIotuneLimit {
        Number rate;
        Number max;        /* in a burst ... */
        Number max_length; /* ... of so many seconds */
} DiskIotuneLimit;

typedef struct DiskIotune {
        Kept kept;
        DiskIotuneLimit total_bytes;
        DiskIotuneLimit read_bytes;
        DiskIotuneLimit write_bytes;
        DiskIotuneLimit total_iops;
        DiskIotuneLimit read_iops;
        DiskIotuneLimit write_iops;
        Number size_iops;
        char *group_name;
} DiskIotune;

typedef struct DiskTransient {
        Kept kept;
        Switch share_backing;
} DiskTransient;

typedef struct DiskTarget {
        Kept kept;
        char *dev; /* "vda": unique in the domain; its prefix and letters imply bus and drive
                      address */
        DiskBus bus;
        DiskTray tray;
        Switch removable;
        Number rotation_rate;
} DiskTarget;

typedef struct Disk {
        Kept kept;
        DiskType type;
        DiskDevice device;
        VirtioModel model;
        Switch rawio;
        char *sgio; /* "filtered", "unfiltered" */
        DiskSnapshot snapshot;
        DiskDriver driver;
        DiskSource source;
        DiskAuth *auth; /* where older documents have it, not in the source */
        BackingStore *backing_store;
        char *backend_domain;
        DiskMirror *mirror;
        DiskGeometry *geometry;
        DiskBlockIo *blockio;
        DiskIotune *iotune;
        DiskTarget target;
        bool readonly;
        bool shareable;
        DiskTransient *transient;
        char *serial;
        char *wwn;
        char *vendor;
        char *product;
        DiskEncryption *encryption; /* where older documents have it */
        char *private_data;         /* subtree, kept */
        DeviceInfo info;
} Disk;

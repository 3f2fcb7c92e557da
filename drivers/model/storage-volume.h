/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a storage volume: the volume half of libvirt's "Storage pool and volume XML
 * format". By the rules of network.h. Sizes are bytes, whatever the unit in the document. */

#include "drivers/model/storage.h"
#include "service/base/error.h"

typedef enum VolumeType {
        VOLUME_ABSENT,
        VOLUME_FILE,
        VOLUME_BLOCK,
        VOLUME_DIR,
        VOLUME_NETWORK,
        VOLUME_NETDIR,
        VOLUME_PLOOP,
        VOLUME_MAX
} VolumeType;
extern const EnumTable volume_type_names;

typedef struct VolumeSize {
        Kept kept;
        Number bytes;
} VolumeSize;

/* "1341933637.273190990": seconds of the epoch, with nanoseconds. */
typedef struct VolumeTimestamps {
        Kept kept;
        char *atime, *mtime, *ctime, *btime;
} VolumeTimestamps;

typedef struct VolumeExtent {
        Kept kept;
        Number start, end;
} VolumeExtent;

typedef struct VolumeDevice {
        Kept kept;
        char *path;
        VolumeExtent **extents;
        size_t n_extents;
} VolumeDevice;

typedef struct VolumeSource {
        Kept kept;
        VolumeDevice **devices; /* live: what of the pool it lies on */
        size_t n_devices;
} VolumeSource;

typedef enum EncryptionFormat {
        ENCRYPTION_ABSENT,
        ENCRYPTION_DEFAULT,
        ENCRYPTION_QCOW,
        ENCRYPTION_LUKS,
        ENCRYPTION_LUKS2,
        ENCRYPTION_LUKS_ANY,
        ENCRYPTION_MAX
} EncryptionFormat;

typedef struct EncryptionSecret {
        Kept kept;
        char *type; /* "passphrase" */
        char *uuid; /* one of the two */
        char *usage;
} EncryptionSecret;

typedef struct EncryptionCipher {
        Kept kept;
        char *name;
        Number size; /* bits */
        char *mode;
        char *hash;
} EncryptionCipher;

typedef struct EncryptionIvgen {
        Kept kept;
        char *name;
        char *hash;
} EncryptionIvgen;

typedef struct VolumeEncryption {
        Kept kept;
        EncryptionFormat format;
        char *engine;
        EncryptionSecret **secrets;
        size_t n_secrets;
        EncryptionCipher *cipher;
        EncryptionIvgen *ivgen;
} VolumeEncryption;

typedef struct VolumeFeature {
        Kept kept;
        char *name; /* of an element that is no known feature */
} VolumeFeature;

typedef struct VolumeFeatures {
        Kept kept;
        bool lazy_refcounts, extended_l2;
        VolumeFeature **others; /* refused by validate */
        size_t n_others;
} VolumeFeatures;

typedef struct VolumeTarget {
        Kept kept;
        char *path;
        StorageFormat format; /* of a file: raw, qcow2, ...; of a partition: linux, ext4, ... */
        StoragePermissions permissions;
        VolumeTimestamps timestamps;
        VolumeEncryption *encryption;
        char *compat; /* qcow2: "0.10", "1.1" */
        bool nocow;
        VolumeSize cluster_size;
        VolumeFeatures *features;
} VolumeTarget;

typedef struct VolumeBacking {
        Kept kept;
        char *path;
        StorageFormat format;
        StoragePermissions permissions;
        VolumeTimestamps timestamps;
} VolumeBacking;

typedef struct StorageVolumeConfig {
        Kept kept;
        VolumeType type;
        char *name;
        char *key;
        VolumeSource source;
        VolumeSize capacity;   /* that a guest sees */
        VolumeSize allocation; /* now taken; in a new document, at once to take */
        VolumeSize physical;   /* live: of the file itself */
        VolumeTarget target;
        VolumeBacking backing_store;
} StorageVolumeConfig;

int storage_volume_config_parse(const char *xml, StorageVolumeConfig **ret, GError **error);

/* A new volume: type file, format raw, all of it allocated; its path and key are below the target
 * of its pool (NULL: as they stand). What only a volume that exists can say is dropped. */
void storage_volume_config_defaults(StorageVolumeConfig *config, const char *pool_path);

/* A capacity can be left out where it follows from a backing store or the volume cloned. */
#define STORAGE_VOLUME_CAPACITY_OPTIONAL 1u
int storage_volume_config_validate(
        const StorageVolumeConfig *config, unsigned flags, GError **error);

char *storage_volume_config_format(const StorageVolumeConfig *config);
StorageVolumeConfig *storage_volume_config_copy(const StorageVolumeConfig *config);
void storage_volume_config_free(StorageVolumeConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StorageVolumeConfig, storage_volume_config_free)
int storage_volume_config_identify(const char *xml, char **ret_name, GError **error);

/* For tests. */
extern const BindType storage_volume_type;

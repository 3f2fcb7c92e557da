/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a storage pool: the pool half of libvirt's "Storage pool and volume XML
 * format". By the rules of network.h. Sizes are bytes, whatever the unit in the document. */

#include "drivers/model/storage.h"
#include "service/base/error.h"

typedef enum PoolType {
        POOL_ABSENT,
        POOL_DIR,
        POOL_FS,
        POOL_NETFS,
        POOL_LOGICAL,
        POOL_DISK,
        POOL_ISCSI,
        POOL_ISCSI_DIRECT,
        POOL_SCSI,
        POOL_MPATH,
        POOL_RBD,
        POOL_SHEEPDOG,
        POOL_GLUSTER,
        POOL_ZFS,
        POOL_VSTORAGE,
        POOL_MAX
} PoolType;
extern const EnumTable pool_type_names;

typedef struct PoolHost {
        Kept kept;
        char *name;
        Number port;
} PoolHost;

typedef struct PoolExtent {
        Kept kept;
        Number start, end; /* bytes */
} PoolExtent;

typedef struct PoolDevice {
        Kept kept;
        char *path; /* of a file, or a name (iSCSI, ZFS) */
        Switch part_separator;
        PoolExtent **free_extents;
        size_t n_free_extents;
} PoolDevice;

typedef struct PoolDir {
        Kept kept;
        char *path;
} PoolDir;

typedef enum PoolAdapterType {
        POOL_ADAPTER_ABSENT, /* with a name: scsi_host */
        POOL_ADAPTER_SCSI_HOST,
        POOL_ADAPTER_FC_HOST,
        POOL_ADAPTER_MAX
} PoolAdapterType;

typedef struct PoolPciAddress {
        Kept kept;
        Number domain, bus, slot, function;
} PoolPciAddress;

typedef struct PoolParentAddress {
        Kept kept;
        Number unique_id;
        PoolPciAddress *address;
} PoolParentAddress;

typedef struct PoolAdapter {
        Kept kept;
        PoolAdapterType type;
        char *name; /* scsi_host */
        char *parent;
        char *parent_wwnn, *parent_wwpn, *parent_fabric_wwn;
        Switch managed;
        char *wwnn, *wwpn;             /* fc_host: 16 hexadecimal digits each */
        PoolParentAddress *parentaddr; /* scsi_host, instead of a name */
} PoolAdapter;

/* <iqn>, <vendor>, <product>: an element with a name. */
typedef struct PoolNamed {
        Kept kept;
        char *name;
} PoolNamed;

typedef struct PoolInitiator {
        Kept kept;
        PoolNamed iqn;
} PoolInitiator;

typedef struct PoolSecretRef {
        Kept kept;
        char *uuid; /* one of the two */
        char *usage;
} PoolSecretRef;

typedef struct PoolAuth {
        Kept kept;
        char *type; /* chap, ceph */
        char *username;
        PoolSecretRef *secret;
} PoolAuth;

typedef struct PoolProtocol {
        Kept kept;
        char *ver; /* of NFS */
} PoolProtocol;

typedef struct PoolSource {
        Kept kept;
        PoolHost **hosts;
        size_t n_hosts;
        PoolDevice **devices;
        size_t n_devices;
        PoolDir dir;
        PoolAdapter *adapter;
        char *name; /* of the volume group, RBD pool, Gluster volume, ... */
        PoolInitiator initiator;
        PoolAuth *auth;
        StorageFormat format;
        PoolProtocol protocol;
        PoolNamed vendor, product;
} PoolSource;

typedef struct PoolTarget {
        Kept kept;
        char *path;
        StoragePermissions permissions;
} PoolTarget;

typedef struct PoolCow {
        Kept kept;
        Switch state;
} PoolCow;

typedef struct PoolFeatures {
        Kept kept;
        PoolCow cow; /* dir, fs: whether copying on write is wanted */
} PoolFeatures;

typedef struct PoolSize {
        Kept kept;
        Number bytes;
} PoolSize;

typedef enum PoolRefreshAllocation {
        POOL_REFRESH_ABSENT,
        POOL_REFRESH_DEFAULT,
        POOL_REFRESH_CAPACITY,
        POOL_REFRESH_MAX
} PoolRefreshAllocation;

typedef struct PoolRefreshVolume {
        Kept kept;
        PoolRefreshAllocation allocation;
} PoolRefreshVolume;

typedef struct PoolRefresh {
        Kept kept;
        PoolRefreshVolume volume;
} PoolRefresh;

typedef struct StoragePoolConfig {
        Kept kept; /* also the options of the fs and rbd namespaces */
        PoolType type;
        char *name;
        char *uuid;
        /* What is there, not what is wanted: the driver's to fill in. */
        PoolSize capacity, allocation, available;
        PoolFeatures features;
        PoolSource source;
        PoolTarget target;
        PoolRefresh refresh;
} StoragePoolConfig;

/* As the document stands, but for a name that is left to the source's. NO_NAME is not used: clients
 * know XML_ERROR for a pool without a name. */
int storage_pool_config_parse(const char *xml, StoragePoolConfig **ret, GError **error);

/* A UUID, the source's format and name, a target that follows from the source; sizes are 0 until
 * the driver knows better, whatever the document says. */
void storage_pool_config_defaults(StoragePoolConfig *config);

int storage_pool_config_validate(const StoragePoolConfig *config, GError **error);
char *storage_pool_config_format(const StoragePoolConfig *config);
StoragePoolConfig *storage_pool_config_copy(const StoragePoolConfig *config);
void storage_pool_config_free(StoragePoolConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoragePoolConfig, storage_pool_config_free)
int storage_pool_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error);

/* Where to look for sources of pools: a <source> alone. Formats a list as <sources>. */
int pool_source_parse(const char *xml, PoolSource **ret, GError **error);
char *pool_sources_format(PoolSource *const *sources, size_t n_sources);
void pool_source_free(PoolSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolSource, pool_source_free)

/* For tests. */
extern const BindType storage_pool_type;

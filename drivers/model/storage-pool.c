/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-pool.h"

#include <string.h>

#include "drivers/model/document.h"

ENUM_TABLE(pool_type_names, "storage pool type", POOL_MAX, [POOL_DIR] = "dir", [POOL_FS] = "fs",
        [POOL_NETFS] = "netfs", [POOL_LOGICAL] = "logical", [POOL_DISK] = "disk",
        [POOL_ISCSI] = "iscsi", [POOL_ISCSI_DIRECT] = "iscsi-direct", [POOL_SCSI] = "scsi",
        [POOL_MPATH] = "mpath", [POOL_RBD] = "rbd", [POOL_SHEEPDOG] = "sheepdog",
        [POOL_GLUSTER] = "gluster", [POOL_ZFS] = "zfs", [POOL_VSTORAGE] = "vstorage");
ENUM_TABLE(pool_adapter_names, "type of adapter", POOL_ADAPTER_MAX,
        [POOL_ADAPTER_SCSI_HOST] = "scsi_host", [POOL_ADAPTER_FC_HOST] = "fc_host");
ENUM_TABLE(pool_refresh_names, "way to refresh an allocation",
        POOL_REFRESH_MAX, [POOL_REFRESH_DEFAULT] = "default", [POOL_REFRESH_CAPACITY] = "capacity");

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

static bool omit_port(const void *object, unsigned flags)
{
        (void)flags;
        return ((const PoolHost *)object)->port.value == 0;
}

static const BindRow host_rows[] = {
        ATTRIBUTE("name", PoolHost, name, STRING),
        ATTRIBUTE("port", PoolHost, port, NUMBER(0, UINT16_MAX), OMIT(omit_port)),
        BIND_END,
};
static const BindType host_type = BIND_TYPE(PoolHost, host_rows);

static const BindRow extent_rows[] = {
        ATTRIBUTE("start", PoolExtent, start, NUMBER(0, INT64_MAX), REQUIRED),
        ATTRIBUTE("end", PoolExtent, end, NUMBER(0, INT64_MAX), REQUIRED),
        BIND_END,
};
static const BindType extent_type = BIND_TYPE(PoolExtent, extent_rows);

static const BindRow device_rows[] = {
        ATTRIBUTE("path", PoolDevice, path, STRING),
        ATTRIBUTE("part_separator", PoolDevice, part_separator, YES_NO),
        LIST("freeExtent", PoolDevice, free_extents, extent_type),
        BIND_END,
};
static const BindType device_type = BIND_TYPE(PoolDevice, device_rows);

static const BindRow dir_rows[] = {
        ATTRIBUTE(
                "path", PoolDir, path, STRING, .normalize = storage_path_normalize, .what = "path"),
        BIND_END,
};
static const BindType dir_type = BIND_TYPE(PoolDir, dir_rows);

static const BindRow pci_rows[] = {
        ATTRIBUTE("domain", PoolPciAddress, domain, HEX(4, UINT32_MAX)),
        ATTRIBUTE("bus", PoolPciAddress, bus, HEX(2, UINT8_MAX)),
        ATTRIBUTE("slot", PoolPciAddress, slot, HEX(2, 31)),
        ATTRIBUTE("function", PoolPciAddress, function, HEX(1, 7)),
        BIND_END,
};
static const BindType pci_type = BIND_TYPE(PoolPciAddress, pci_rows);

static const BindRow parentaddr_rows[] = {
        ATTRIBUTE("unique_id", PoolParentAddress, unique_id, NUMBER(0, INT32_MAX)),
        POINTER("address", PoolParentAddress, address, pci_type),
        BIND_END,
};
static const BindType parentaddr_type = BIND_TYPE(PoolParentAddress, parentaddr_rows);

static const BindRow adapter_rows[] = {
        ATTRIBUTE("type", PoolAdapter, type, ENUM(pool_adapter_names)),
        ATTRIBUTE("name", PoolAdapter, name, STRING),
        ATTRIBUTE("parent", PoolAdapter, parent, STRING),
        ATTRIBUTE("parent_wwnn", PoolAdapter, parent_wwnn, STRING),
        ATTRIBUTE("parent_wwpn", PoolAdapter, parent_wwpn, STRING),
        ATTRIBUTE("parent_fabric_wwn", PoolAdapter, parent_fabric_wwn, STRING),
        ATTRIBUTE("managed", PoolAdapter, managed, YES_NO),
        ATTRIBUTE("wwnn", PoolAdapter, wwnn, STRING),
        ATTRIBUTE("wwpn", PoolAdapter, wwpn, STRING),
        POINTER("parentaddr", PoolAdapter, parentaddr, parentaddr_type),
        BIND_END,
};
static const BindType adapter_type = BIND_TYPE(PoolAdapter, adapter_rows);

static const BindRow named_rows[] = {
        ATTRIBUTE("name", PoolNamed, name, STRING),
        BIND_END,
};
static const BindType named_type = BIND_TYPE(PoolNamed, named_rows);

static const BindRow initiator_rows[] = {
        CHILD("iqn", PoolInitiator, iqn, named_type),
        BIND_END,
};
static const BindType initiator_type = BIND_TYPE(PoolInitiator, initiator_rows);

static const BindRow secret_rows[] = {
        ATTRIBUTE("uuid", PoolSecretRef, uuid, UUID),
        ATTRIBUTE("usage", PoolSecretRef, usage, STRING),
        BIND_END,
};
static const BindType secret_type = BIND_TYPE(PoolSecretRef, secret_rows);

static const BindRow auth_rows[] = {
        ATTRIBUTE("type", PoolAuth, type, STRING),
        ATTRIBUTE("username", PoolAuth, username, STRING),
        POINTER("secret", PoolAuth, secret, secret_type),
        BIND_END,
};
static const BindType auth_type = BIND_TYPE(PoolAuth, auth_rows);

static const BindRow protocol_rows[] = {
        ATTRIBUTE("ver", PoolProtocol, ver, STRING),
        BIND_END,
};
static const BindType protocol_type = BIND_TYPE(PoolProtocol, protocol_rows);

static const BindRow source_rows[] = {
        LIST("host", PoolSource, hosts, host_type),
        LIST("device", PoolSource, devices, device_type),
        CHILD("dir", PoolSource, dir, dir_type),
        POINTER("adapter", PoolSource, adapter, adapter_type),
        ELEMENT("name", PoolSource, name, STRING),
        CHILD("initiator", PoolSource, initiator, initiator_type),
        POINTER("auth", PoolSource, auth, auth_type),
        CHILD("format", PoolSource, format, storage_format_type),
        CHILD("protocol", PoolSource, protocol, protocol_type),
        CHILD("vendor", PoolSource, vendor, named_type),
        CHILD("product", PoolSource, product, named_type),
        BIND_END,
};
static const BindType source_type = BIND_TYPE(PoolSource, source_rows);

static const BindRow target_rows[] = {
        ELEMENT("path", PoolTarget, path, STRING, .normalize = storage_path_normalize,
                .what = "path"),
        CHILD("permissions", PoolTarget, permissions, storage_permissions_type),
        BIND_END,
};
static const BindType target_type = BIND_TYPE(PoolTarget, target_rows);

static const BindRow cow_rows[] = {
        ATTRIBUTE("state", PoolCow, state, YES_NO),
        BIND_END,
};
static const BindType cow_type = BIND_TYPE(PoolCow, cow_rows);

static const BindRow features_rows[] = {
        CHILD("cow", PoolFeatures, cow, cow_type),
        BIND_END,
};
static const BindType features_type = BIND_TYPE(PoolFeatures, features_rows);

static const BindRow size_rows[] = {
        TEXT(PoolSize, bytes, STORAGE_SIZE),
        BIND_END,
};
static const BindType size_type = BIND_TYPE(PoolSize, size_rows);

static const BindRow refresh_volume_rows[] = {
        ATTRIBUTE("allocation", PoolRefreshVolume, allocation, ENUM(pool_refresh_names)),
        BIND_END,
};
static const BindType refresh_volume_type = BIND_TYPE(PoolRefreshVolume, refresh_volume_rows);

static const BindRow refresh_rows[] = {
        CHILD("volume", PoolRefresh, volume, refresh_volume_type),
        BIND_END,
};
static const BindType refresh_type = BIND_TYPE(PoolRefresh, refresh_rows);

static const BindRow pool_rows[] = {
        ATTRIBUTE("type", StoragePoolConfig, type, ENUM(pool_type_names), REQUIRED),
        ELEMENT("name", StoragePoolConfig, name, STRING),
        ELEMENT("uuid", StoragePoolConfig, uuid, STRING),
        CHILD("capacity", StoragePoolConfig, capacity, size_type),
        CHILD("allocation", StoragePoolConfig, allocation, size_type),
        CHILD("available", StoragePoolConfig, available, size_type),
        CHILD("features", StoragePoolConfig, features, features_type),
        CHILD("source", StoragePoolConfig, source, source_type),
        CHILD("target", StoragePoolConfig, target, target_type),
        CHILD("refresh", StoragePoolConfig, refresh, refresh_type),
        BIND_END,
};
const BindType storage_pool_type = BIND_TYPE(StoragePoolConfig, pool_rows);

static const DocumentKind pool_kind = {
        .root = "pool", .what = "storage_pool_definition", .type = &storage_pool_type
};
static const DocumentKind source_kind = {
        .root = "source", .what = "storage_source_definition", .type = &source_type
};

/* ---- what a type of pool needs -------------------------------------------------------------- */

enum {
        NEEDS_HOST = 1 << 0,
        NEEDS_DEVICE = 1 << 1,
        NEEDS_DIR = 1 << 2,
        NEEDS_ADAPTER = 1 << 3,
        NEEDS_NAME = 1 << 4,
        NEEDS_INITIATOR = 1 << 5,
        NEEDS_TARGET = 1 << 6,
};

static const struct {
        unsigned needs;
        const char *formats; /* a space around each; the first one is the default */
        const char *target;  /* where it is, from the source's name */
} rules[POOL_MAX] = {
        [POOL_DIR] = { NEEDS_TARGET, NULL, NULL },
        [POOL_FS] = { NEEDS_DEVICE | NEEDS_TARGET,
                " auto ext2 ext3 ext4 ufs iso9660 udf gfs gfs2 vfat hfs+ xfs ocfs2 vmfs ", NULL },
        [POOL_NETFS] = { NEEDS_HOST | NEEDS_DIR | NEEDS_TARGET, " auto nfs glusterfs cifs ", NULL },
        [POOL_LOGICAL] = { NEEDS_TARGET, " lvm2 unknown ", "/dev/%s" },
        [POOL_DISK] = { NEEDS_DEVICE | NEEDS_TARGET, " unknown dos dvh gpt mac bsd pc98 sun lvm2 ",
                NULL },
        [POOL_ISCSI] = { NEEDS_HOST | NEEDS_TARGET, NULL, NULL },
        [POOL_ISCSI_DIRECT] = { NEEDS_HOST | NEEDS_INITIATOR, NULL, NULL },
        [POOL_SCSI] = { NEEDS_ADAPTER | NEEDS_TARGET, NULL, NULL },
        [POOL_MPATH] = { NEEDS_TARGET, NULL, NULL },
        [POOL_RBD] = { NEEDS_HOST | NEEDS_NAME, NULL, NULL },
        [POOL_SHEEPDOG] = { NEEDS_HOST, NULL, NULL },
        [POOL_GLUSTER] = { NEEDS_HOST, NULL, NULL },
        [POOL_ZFS] = { 0, NULL, "/dev/zvol/%s" },
        [POOL_VSTORAGE] = { NEEDS_TARGET, NULL, NULL },
};

/* ---- the passes ----------------------------------------------------------------------------- */

/* The name of the source is that of the pool, where that has none. */
static int check_identity(char **name, const char *source_name, char **uuid, GError **error)
{
        g_autofree char *normal = NULL;

        if (!*name)
                *name = g_strdup(source_name);
        if (!*name || !(*name)[0])
                return error_set(error, ERROR_XML_ERROR, "missing pool source name element");
        if (document_check_name(*name, error) < 0)
                return -1;
        if (!*uuid)
                return 0;
        normal = uuid_normalize(*uuid);
        if (!normal)
                return error_set(error, ERROR_XML_ERROR, "malformed uuid element");
        g_free(*uuid);
        *uuid = g_steal_pointer(&normal);
        return 0;
}

int storage_pool_config_parse(const char *xml, StoragePoolConfig **ret, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL;

        if (document_parse(&pool_kind, xml, 0, (void **)&config, error) < 0 ||
                check_identity(&config->name, config->source.name, &config->uuid, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int storage_pool_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL, *source_name = NULL;
        const DocumentField fields[] = { { "name", &name }, { "uuid", &uuid },
                { "source/name", &source_name } };

        if (document_identify(&pool_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                check_identity(&name, source_name, &uuid, error) < 0)
                return -1;
        *ret_name = g_steal_pointer(&name);
        if (ret_uuid)
                *ret_uuid = g_steal_pointer(&uuid);
        return 0;
}

void storage_pool_config_defaults(StoragePoolConfig *config)
{
        PoolSource *source = &config->source;
        const char *formats = rules[config->type].formats;
        const char *target = rules[config->type].target;

        if (!config->uuid)
                config->uuid = g_uuid_string_random();
        config->capacity.bytes = number(0);
        config->allocation.bytes = number(0);
        config->available.bytes = number(0);

        if (formats && !source->format.type)
                source->format.type = g_strndup(formats + 1, strcspn(formats + 1, " "));
        if (!source->name && (config->type == POOL_LOGICAL || config->type == POOL_ZFS))
                source->name = g_strdup(config->name);
        if (source->adapter && !source->adapter->type && source->adapter->name)
                source->adapter->type = POOL_ADAPTER_SCSI_HOST;
        /* Elsewhere than the kernel puts it, it could not be found. */
        if (target) {
                const char *percent = strchr(target, '%');

                g_free(config->target.path);
                config->target.path =
                        g_strdup_printf("%.*s%s", (int)(percent - target), target, source->name);
        }
}

static int validate_auth(const PoolAuth *auth, GError **error)
{
        if (!auth)
                return 0;
        if (!auth->username)
                return error_set(error, ERROR_XML_ERROR, "missing username for auth");
        if (auth->type && strcmp(auth->type, "chap") != 0 && strcmp(auth->type, "ceph") != 0)
                return error_set(
                        error, ERROR_CONFIG_UNSUPPORTED, "unknown auth type '%s'", auth->type);
        if (!auth->secret)
                return error_set(error, ERROR_XML_ERROR, "Missing <secret> element in auth");
        if (!auth->secret->uuid && !auth->secret->usage)
                return error_set(error, ERROR_XML_ERROR, "missing secret uuid or usage attribute");
        if (auth->secret->uuid && auth->secret->usage)
                return error_set(error, ERROR_XML_ERROR, "either secret uuid or usage expected");
        return 0;
}

static int validate_wwn(const char *wwn, GError **error)
{
        size_t n = 0;

        while (wwn && g_ascii_isxdigit(wwn[n]))
                n++;
        if (wwn && (n != 16 || wwn[n]))
                return error_set(error, ERROR_INTERNAL_ERROR, "Malformed wwn: %s", wwn);
        return 0;
}

static int validate_adapter(const PoolAdapter *adapter, GError **error)
{
        if (!adapter || (!adapter->type && !adapter->name))
                return error_set(error, ERROR_XML_ERROR, "missing storage pool source adapter");
        if (adapter->type == POOL_ADAPTER_FC_HOST) {
                if (!adapter->wwnn || !adapter->wwpn)
                        return error_set(error, ERROR_XML_ERROR,
                                "'wwnn' and 'wwpn' must be specified for adapter type 'fchost'");
                if (validate_wwn(adapter->wwnn, error) < 0 ||
                        validate_wwn(adapter->wwpn, error) < 0 ||
                        validate_wwn(adapter->parent_wwnn, error) < 0 ||
                        validate_wwn(adapter->parent_wwpn, error) < 0)
                        return -1;
                return validate_wwn(adapter->parent_fabric_wwn, error);
        }
        if (!adapter->name && !adapter->parentaddr)
                return error_set(error, ERROR_XML_ERROR,
                        "Either 'name' or 'parent' must be specified for the 'scsi_host' adapter");
        if (adapter->name && adapter->parentaddr)
                return error_set(error, ERROR_XML_ERROR,
                        "Both 'name' and 'parent' cannot be specified for the 'scsi_host' adapter");
        if (adapter->parentaddr && !adapter->parentaddr->address)
                return error_set(error, ERROR_XML_ERROR, "Missing scsi_host PCI address element");
        return 0;
}

static int validate_source(const StoragePoolConfig *config, GError **error)
{
        const PoolSource *source = &config->source;
        unsigned needs = rules[config->type].needs;
        const char *formats = rules[config->type].formats;

        for (size_t i = 0; i < source->n_hosts; i++)
                if (!source->hosts[i]->name)
                        return error_set(error, ERROR_XML_ERROR, "missing storage pool host name");
        for (size_t i = 0; i < source->n_devices; i++)
                if (!source->devices[i]->path)
                        return error_set(
                                error, ERROR_XML_ERROR, "missing storage pool source device path");
        if (formats && source->format.type) {
                g_autofree char *word = g_strdup_printf(" %s ", source->format.type);

                if (!strstr(formats, word) || strchr(source->format.type, ' '))
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "unknown pool format type %s", source->format.type);
        }
        if (validate_auth(source->auth, error) < 0)
                return -1;

        if ((needs & NEEDS_HOST) && source->n_hosts == 0)
                return error_set(error, ERROR_XML_ERROR, "missing storage pool source host name");
        if ((needs & NEEDS_DIR) && !source->dir.path)
                return error_set(error, ERROR_XML_ERROR, "missing storage pool source path");
        if ((needs & NEEDS_NAME) && !source->name)
                return error_set(
                        error, ERROR_XML_ERROR, "element 'name' is mandatory for RBD pool");
        if ((needs & NEEDS_ADAPTER) && validate_adapter(source->adapter, error) < 0)
                return -1;
        if ((needs & NEEDS_DEVICE) && source->n_devices == 0)
                return error_set(error, ERROR_XML_ERROR, "missing storage pool source device name");
        if ((needs & NEEDS_INITIATOR) && !source->initiator.iqn.name)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "missing initiator IQN");
        return 0;
}

int storage_pool_config_validate(const StoragePoolConfig *config, GError **error)
{
        if (validate_source(config, error) < 0)
                return -1;
        if (config->features.cow.state && config->type != POOL_DIR && config->type != POOL_FS)
                return error_set(error, ERROR_NO_SUPPORT,
                        "cow feature may only be used for 'fs' and 'dir' pools");
        if ((rules[config->type].needs & NEEDS_TARGET) && !config->target.path)
                return error_set(error, ERROR_XML_ERROR, "missing storage pool target path");
        return 0;
}

char *storage_pool_config_format(const StoragePoolConfig *config)
{
        return document_format(&pool_kind, config, 0);
}

StoragePoolConfig *storage_pool_config_copy(const StoragePoolConfig *config)
{
        return bind_duplicate(&storage_pool_type, config);
}

void storage_pool_config_free(StoragePoolConfig *config)
{
        bind_free(&storage_pool_type, config);
}

/* ---- sources -------------------------------------------------------------------------------- */

int pool_source_parse(const char *xml, PoolSource **ret, GError **error)
{
        return document_parse(&source_kind, xml, 0, (void **)ret, error);
}

char *pool_sources_format(PoolSource *const *sources, size_t n_sources)
{
        XmlWriter writer = { .out = g_string_new(NULL) };

        xml_open(&writer, "sources");
        for (size_t i = 0; i < n_sources; i++)
                bind_format(&source_type, "source", sources[i], 0, &writer);
        xml_close(&writer, "sources");
        return g_string_free(writer.out, FALSE);
}

void pool_source_free(PoolSource *source)
{
        bind_free(&source_type, source);
}

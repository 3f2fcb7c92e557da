/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-volume.h"

#include <string.h>

#include "drivers/model/document.h"

ENUM_TABLE(volume_type_names, "volume type",
        VOLUME_MAX, [VOLUME_FILE] = "file", [VOLUME_BLOCK] = "block", [VOLUME_DIR] = "dir",
        [VOLUME_NETWORK] = "network", [VOLUME_NETDIR] = "netdir", [VOLUME_PLOOP] = "ploop");
ENUM_TABLE(volume_encryption_names, "encryption format", ENCRYPTION_MAX,
        [ENCRYPTION_DEFAULT] = "default", [ENCRYPTION_QCOW] = "qcow", [ENCRYPTION_LUKS] = "luks",
        [ENCRYPTION_LUKS2] = "luks2", [ENCRYPTION_LUKS_ANY] = "luks-any");

/* Of files, of file systems and of partitions. */
static const char *const formats[] = { "none", "raw", "dir", "bochs", "cloop", "dmg", "iso", "vpc",
        "vdi", "fat", "vhd", "ploop", "cow", "qcow", "qcow2", "qed", "vmdk", "luks", "auto", "ext2",
        "ext3", "ext4", "ufs", "iso9660", "udf", "gfs", "gfs2", "vfat", "hfs+", "xfs", "ocfs2",
        "vmfs", "linux", "fat16", "fat32", "linux-swap", "linux-lvm", "linux-raid", "extended",
        NULL };

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

static const BindRow size_rows[] = {
        TEXT(VolumeSize, bytes, STORAGE_SIZE),
        BIND_END,
};
static const BindType size_type = BIND_TYPE(VolumeSize, size_rows);

static const BindRow timestamps_rows[] = {
        ELEMENT("atime", VolumeTimestamps, atime, STRING),
        ELEMENT("mtime", VolumeTimestamps, mtime, STRING),
        ELEMENT("ctime", VolumeTimestamps, ctime, STRING),
        ELEMENT("btime", VolumeTimestamps, btime, STRING),
        BIND_END,
};
static const BindType timestamps_type = BIND_TYPE(VolumeTimestamps, timestamps_rows);

static const BindRow extent_rows[] = {
        ATTRIBUTE("start", VolumeExtent, start, NUMBER(0, INT64_MAX), REQUIRED),
        ATTRIBUTE("end", VolumeExtent, end, NUMBER(0, INT64_MAX), REQUIRED),
        BIND_END,
};
static const BindType extent_type = BIND_TYPE(VolumeExtent, extent_rows);

static const BindRow device_rows[] = {
        ATTRIBUTE("path", VolumeDevice, path, STRING),
        LIST("extent", VolumeDevice, extents, extent_type),
        BIND_END,
};
static const BindType device_type = BIND_TYPE(VolumeDevice, device_rows);

static const BindRow source_rows[] = {
        LIST("device", VolumeSource, devices, device_type),
        BIND_END,
};
static const BindType source_type = BIND_TYPE(VolumeSource, source_rows);

static const BindRow secret_rows[] = {
        ATTRIBUTE("type", EncryptionSecret, type, STRING),
        ATTRIBUTE("uuid", EncryptionSecret, uuid, UUID),
        ATTRIBUTE("usage", EncryptionSecret, usage, STRING),
        BIND_END,
};
static const BindType secret_type = BIND_TYPE(EncryptionSecret, secret_rows);

static const BindRow cipher_rows[] = {
        ATTRIBUTE("name", EncryptionCipher, name, STRING),
        ATTRIBUTE("size", EncryptionCipher, size, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("mode", EncryptionCipher, mode, STRING),
        ATTRIBUTE("hash", EncryptionCipher, hash, STRING),
        BIND_END,
};
static const BindType cipher_type = BIND_TYPE(EncryptionCipher, cipher_rows);

static const BindRow ivgen_rows[] = {
        ATTRIBUTE("name", EncryptionIvgen, name, STRING),
        ATTRIBUTE("hash", EncryptionIvgen, hash, STRING),
        BIND_END,
};
static const BindType ivgen_type = BIND_TYPE(EncryptionIvgen, ivgen_rows);

static const BindRow encryption_rows[] = {
        ATTRIBUTE("format", VolumeEncryption, format, ENUM(volume_encryption_names), REQUIRED),
        ATTRIBUTE("engine", VolumeEncryption, engine, STRING),
        LIST("secret", VolumeEncryption, secrets, secret_type),
        POINTER("cipher", VolumeEncryption, cipher, cipher_type),
        POINTER("ivgen", VolumeEncryption, ivgen, ivgen_type),
        BIND_END,
};
static const BindType encryption_type = BIND_TYPE(VolumeEncryption, encryption_rows);

static const BindRow feature_rows[] = {
        BIND_END,
};
static const BindType feature_type = {
        .size = sizeof(VolumeFeature),
        .rows = feature_rows,
        .name_offset = offsetof(VolumeFeature, name),
};

static const BindRow features_rows[] = {
        FLAG("lazy_refcounts", VolumeFeatures, lazy_refcounts),
        FLAG("extended_l2", VolumeFeatures, extended_l2),
        ANY(VolumeFeatures, others, feature_type),
        BIND_END,
};
static const BindType features_type = BIND_TYPE(VolumeFeatures, features_rows);

static const BindRow target_rows[] = {
        ELEMENT("path", VolumeTarget, path, STRING),
        CHILD("format", VolumeTarget, format, storage_format_type),
        CHILD("permissions", VolumeTarget, permissions, storage_permissions_type),
        CHILD("timestamps", VolumeTarget, timestamps, timestamps_type),
        POINTER("encryption", VolumeTarget, encryption, encryption_type),
        ELEMENT("compat", VolumeTarget, compat, STRING),
        FLAG("nocow", VolumeTarget, nocow),
        CHILD("clusterSize", VolumeTarget, cluster_size, size_type),
        POINTER("features", VolumeTarget, features, features_type),
        BIND_END,
};
static const BindType target_type = BIND_TYPE(VolumeTarget, target_rows);

static const BindRow backing_rows[] = {
        ELEMENT("path", VolumeBacking, path, STRING),
        CHILD("format", VolumeBacking, format, storage_format_type),
        CHILD("permissions", VolumeBacking, permissions, storage_permissions_type),
        CHILD("timestamps", VolumeBacking, timestamps, timestamps_type),
        BIND_END,
};
static const BindType backing_type = BIND_TYPE(VolumeBacking, backing_rows);

static const BindRow volume_rows[] = {
        ATTRIBUTE("type", StorageVolumeConfig, type, ENUM(volume_type_names)),
        ELEMENT("name", StorageVolumeConfig, name, STRING),
        ELEMENT("key", StorageVolumeConfig, key, STRING),
        CHILD("source", StorageVolumeConfig, source, source_type),
        CHILD("capacity", StorageVolumeConfig, capacity, size_type),
        CHILD("allocation", StorageVolumeConfig, allocation, size_type),
        CHILD("physical", StorageVolumeConfig, physical, size_type),
        CHILD("target", StorageVolumeConfig, target, target_type),
        CHILD("backingStore", StorageVolumeConfig, backing_store, backing_type),
        BIND_END,
};
const BindType storage_volume_type = BIND_TYPE(StorageVolumeConfig, volume_rows);

static const DocumentKind volume_kind = {
        .root = "volume", .what = "storage_volume_definition", .type = &storage_volume_type
};

/* ---- the passes ----------------------------------------------------------------------------- */

static int check_name(const char *name, GError **error)
{
        if (!name || !name[0])
                return error_set(error, ERROR_XML_ERROR, "missing volume name element");
        return document_check_name(name, error);
}

int storage_volume_config_parse(const char *xml, StorageVolumeConfig **ret, GError **error)
{
        g_autoptr(StorageVolumeConfig) config = NULL;

        if (document_parse(&volume_kind, xml, 0, (void **)&config, error) < 0 ||
                check_name(config->name, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int storage_volume_config_identify(const char *xml, char **ret_name, GError **error)
{
        g_autofree char *name = NULL;
        const DocumentField fields[] = { { "name", &name } };

        if (document_identify(&volume_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                check_name(name, error) < 0)
                return -1;
        *ret_name = g_steal_pointer(&name);
        return 0;
}

void storage_volume_config_defaults(StorageVolumeConfig *config, const char *pool_path)
{
        config->type = config->type ?: VOLUME_FILE;
        if (!config->target.format.type)
                config->target.format.type = g_strdup("raw");
        if (config->backing_store.path && !config->backing_store.format.type)
                config->backing_store.format.type = g_strdup("raw");
        if (!config->allocation.bytes.set)
                config->allocation.bytes = config->capacity.bytes;
        if (pool_path) {
                g_free(config->target.path);
                config->target.path = g_build_filename(pool_path, config->name, NULL);
                g_free(config->key);
                config->key = g_strdup(config->target.path);
        }

        bind_clear(&size_type, &config->physical);
        bind_clear(&source_type, &config->source);
        bind_clear(&timestamps_type, &config->target.timestamps);
        bind_clear(&timestamps_type, &config->backing_store.timestamps);
}

static int validate_format(const StorageFormat *format, GError **error)
{
        if (format->type && !g_strv_contains(formats, format->type))
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "unknown volume format type %s",
                        format->type);
        return 0;
}

static int validate_encryption(const VolumeEncryption *encryption, GError **error)
{
        for (size_t i = 0; i < encryption->n_secrets; i++) {
                const EncryptionSecret *secret = encryption->secrets[i];

                if (!secret->type)
                        return error_set(
                                error, ERROR_XML_ERROR, "unknown volume encryption secret type");
                if (strcmp(secret->type, "passphrase") != 0)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "unknown volume encryption secret type %s", secret->type);
                if (!secret->uuid && !secret->usage)
                        return error_set(
                                error, ERROR_XML_ERROR, "missing secret uuid or usage attribute");
                if (secret->uuid && secret->usage)
                        return error_set(
                                error, ERROR_XML_ERROR, "either secret uuid or usage expected");
        }
        if (encryption->cipher && !encryption->cipher->name)
                return error_set(error, ERROR_XML_ERROR, "cipher info missing 'name' attribute");
        return 0;
}

int storage_volume_config_validate(
        const StorageVolumeConfig *config, unsigned flags, GError **error)
{
        const VolumeTarget *target = &config->target;

        if (!config->capacity.bytes.set && !(flags & STORAGE_VOLUME_CAPACITY_OPTIONAL))
                return error_set(error, ERROR_XML_ERROR, "missing capacity element");
        if (validate_format(&target->format, error) < 0 ||
                validate_format(&config->backing_store.format, error) < 0)
                return -1;
        if (target->encryption && validate_encryption(target->encryption, error) < 0)
                return -1;
        if (target->compat && target->compat[strspn(target->compat, "0123456789.")])
                return error_set(
                        error, ERROR_XML_ERROR, "forbidden characters in 'compat' attribute");
        if (target->features && target->features->n_others > 0)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "unsupported feature %s",
                        target->features->others[0]->name);
        return 0;
}

char *storage_volume_config_format(const StorageVolumeConfig *config)
{
        return document_format(&volume_kind, config, 0);
}

StorageVolumeConfig *storage_volume_config_copy(const StorageVolumeConfig *config)
{
        return bind_duplicate(&storage_volume_type, config);
}

void storage_volume_config_free(StorageVolumeConfig *config)
{
        bind_free(&storage_volume_type, config);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* Disks, in the order in which libvirt writes what is in them. */

/* ---- secrets -------------------------------------------------------------------------------- */

static const BindRow secret_rows[] = {
        ATTRIBUTE("type", SecretReference, type, STRING, REQUIRED),
        ATTRIBUTE("uuid", SecretReference, uuid, UUID),
        ATTRIBUTE("usage", SecretReference, usage, STRING),
        BIND_END,
};
static const BindType secret_type = BIND_TYPE(SecretReference, secret_rows);

static const BindRow disk_auth_rows[] = {
        ATTRIBUTE("username", DiskAuth, username, STRING, REQUIRED),
        CHILD("secret", DiskAuth, secret, secret_type),
        BIND_END,
};
const BindType disk_auth_type = BIND_TYPE(DiskAuth, disk_auth_rows);

static const BindRow cipher_rows[] = {
        ATTRIBUTE("name", DiskCipher, name, STRING, REQUIRED),
        ATTRIBUTE("size", DiskCipher, size, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("mode", DiskCipher, mode, STRING),
        ATTRIBUTE("hash", DiskCipher, hash, STRING),
        BIND_END,
};
static const BindType cipher_type = BIND_TYPE(DiskCipher, cipher_rows);

static const BindRow ivgen_rows[] = {
        ATTRIBUTE("name", DiskIvgen, name, STRING, REQUIRED),
        ATTRIBUTE("hash", DiskIvgen, hash, STRING),
        BIND_END,
};
static const BindType ivgen_type = BIND_TYPE(DiskIvgen, ivgen_rows);

static const BindRow encryption_rows[] = {
        ATTRIBUTE("format", DiskEncryption, format, WORDS("default, qcow, luks, luks2"), REQUIRED),
        ATTRIBUTE("engine", DiskEncryption, engine, WORDS("qemu, librbd")),
        LIST("secret", DiskEncryption, secrets, secret_type),
        CHILD("cipher", DiskEncryption, cipher, cipher_type),
        CHILD("ivgen", DiskEncryption, ivgen, ivgen_type),
        BIND_END,
};
static const BindType encryption_type = BIND_TYPE(DiskEncryption, encryption_rows);

/* ---- sources -------------------------------------------------------------------------------- */

static const BindRow host_rows[] = {
        ATTRIBUTE("name", DiskHost, name, STRING),
        ATTRIBUTE("port", DiskHost, port, STRING),
        ATTRIBUTE("transport", DiskHost, transport, WORDS("tcp, unix, rdma")),
        ATTRIBUTE("socket", DiskHost, socket, STRING),
        BIND_END,
};
static const BindType host_type = BIND_TYPE(DiskHost, host_rows);

static const BindRow reservations_source_rows[] = {
        ATTRIBUTE("type", ReservationsSource, type, WORDS("unix"), REQUIRED),
        ATTRIBUTE("path", ReservationsSource, path, STRING, REQUIRED),
        ATTRIBUTE("mode", ReservationsSource, mode, WORDS("client, server")),
        CHILD("reconnect", ReservationsSource, reconnect, reconnect_type),
        BIND_END,
};
static const BindType reservations_source_type =
        BIND_TYPE(ReservationsSource, reservations_source_rows);

static const BindRow reservations_rows[] = {
        ATTRIBUTE("managed", DiskReservations, managed, YES_NO, REQUIRED),
        CHILD("source", DiskReservations, source, reservations_source_type),
        BIND_END,
};
static const BindType reservations_type = BIND_TYPE(DiskReservations, reservations_rows);

static const BindRow initiator_rows[] = {
        LEAF("iqn", "name", DiskInitiator, iqn, STRING, REQUIRED),
        BIND_END,
};
const BindType disk_initiator_type = BIND_TYPE(DiskInitiator, initiator_rows);

static const BindRow cookie_rows[] = {
        ATTRIBUTE("name", DiskCookie, name, STRING, REQUIRED),
        TEXT(DiskCookie, value, STRING),
        BIND_END,
};
static const BindType cookie_type = BIND_TYPE(DiskCookie, cookie_rows);

static const BindRow cookies_rows[] = {
        LIST("cookie", DiskCookies, cookies, cookie_type),
        BIND_END,
};
static const BindType cookies_type = BIND_TYPE(DiskCookies, cookies_rows);

static const BindRow identity_rows[] = {
        ATTRIBUTE("user", DiskIdentity, user, STRING),
        ATTRIBUTE("group", DiskIdentity, group, STRING),
        BIND_END,
};
static const BindType identity_type = BIND_TYPE(DiskIdentity, identity_rows);

static const BindRow slice_rows[] = {
        ATTRIBUTE("type", DiskSlice, type, WORDS("storage"), REQUIRED),
        ATTRIBUTE("offset", DiskSlice, offset, NUMBER(0, INT64_MAX), REQUIRED),
        ATTRIBUTE("size", DiskSlice, size, NUMBER(1, INT64_MAX), REQUIRED),
        BIND_END,
};
static const BindType slice_type = BIND_TYPE(DiskSlice, slice_rows);

static const BindRow slices_rows[] = {
        LIST("slice", DiskSlices, slices, slice_type),
        BIND_END,
};
static const BindType slices_type = BIND_TYPE(DiskSlices, slices_rows);

/* What a source of each type ends with. */
static const BindRow source_common_rows[] = {
        ATTRIBUTE("startupPolicy", DiskSource, startup_policy, ENUM(startup_policy_names)),
        ATTRIBUTE("index", DiskSource, index, NUMBER(0, UINT32_MAX), LIVE),
        POINTER("slices", DiskSource, slices, slices_type),
        LIST("seclabel", DiskSource, seclabels, device_seclabel_type),
        POINTER("encryption", DiskSource, encryption, encryption_type),
        POINTER("reservations", DiskSource, reservations, reservations_type),
        SUBTREE("privateData", DiskSource, private_data),
        BIND_END,
};
#define SOURCE_COMMON                                                                             \
        {                                                                                         \
                .place = BIND_PLACE_GROUP, .rows = source_common_rows, .size = sizeof(DiskSource) \
        }

static const BindRow disk_source_file_rows[] = {
        ATTRIBUTE("file", DiskSource, path, STRING),
        ATTRIBUTE("fdgroup", DiskSource, fdgroup, STRING),
        SOURCE_COMMON,
        BIND_END,
};
static const BindRow disk_source_block_rows[] = {
        ATTRIBUTE("dev", DiskSource, path, STRING),
        SOURCE_COMMON,
        BIND_END,
};
static const BindRow disk_source_dir_rows[] = {
        ATTRIBUTE("dir", DiskSource, path, STRING),
        SOURCE_COMMON,
        BIND_END,
};
static const BindRow disk_source_network_rows[] = {
        ATTRIBUTE("protocol", DiskSource, protocol, ENUM(disk_protocol_names), REQUIRED),
        ATTRIBUTE("name", DiskSource, name, STRING),
        ATTRIBUTE("query", DiskSource, query, STRING),
        ATTRIBUTE("tls", DiskSource, tls, YES_NO),
        ATTRIBUTE("tlsHostname", DiskSource, tls_hostname, STRING),
        LIST("host", DiskSource, hosts, host_type),
        LEAF("snapshot", "name", DiskSource, snapshot, STRING, REQUIRED),
        LEAF("config", "file", DiskSource, config, STRING, REQUIRED),
        POINTER("initiator", DiskSource, initiator, disk_initiator_type),
        POINTER("auth", DiskSource, auth, disk_auth_type),
        LEAF("ssl", "verify", DiskSource, ssl_verify, YES_NO, REQUIRED),
        POINTER("cookies", DiskSource, cookies, cookies_type),
        LEAF("readahead", "size", DiskSource, readahead, NUMBER(1, INT64_MAX), REQUIRED),
        LEAF("timeout", "seconds", DiskSource, timeout, NUMBER(1, INT64_MAX), REQUIRED),
        CHILD("identity", DiskSource, identity, identity_type),
        LEAF("reconnect", "delay", DiskSource, reconnect_delay, NUMBER(0, UINT32_MAX), REQUIRED),
        SOURCE_COMMON,
        BIND_END,
};
static const BindRow disk_source_volume_rows[] = {
        ATTRIBUTE("pool", DiskSource, pool, STRING),
        ATTRIBUTE("volume", DiskSource, volume, STRING),
        ATTRIBUTE("mode", DiskSource, mode, WORDS("host, direct")),
        SOURCE_COMMON,
        BIND_END,
};
static const BindRow disk_source_nvme_rows[] = {
        ATTRIBUTE("type", DiskSource, type, WORDS("pci"), REQUIRED),
        ATTRIBUTE("managed", DiskSource, managed, YES_NO),
        ATTRIBUTE("namespace", DiskSource, nvme_namespace, NUMBER(1, UINT32_MAX), REQUIRED),
        CHILD("address", DiskSource, address, host_address_type),
        SOURCE_COMMON,
        BIND_END,
};
static const BindRow disk_source_vhost_user_rows[] = {
        ATTRIBUTE("type", DiskSource, type, WORDS("unix"), REQUIRED),
        ATTRIBUTE("path", DiskSource, path, STRING, REQUIRED),
        CHILD("reconnect", DiskSource, reconnect, reconnect_type),
        SOURCE_COMMON,
        BIND_END,
};
const BindType disk_source_file_type = BIND_TYPE(DiskSource, disk_source_file_rows);
const BindType disk_source_block_type = BIND_TYPE(DiskSource, disk_source_block_rows);
const BindType disk_source_dir_type = BIND_TYPE(DiskSource, disk_source_dir_rows);
const BindType disk_source_network_type = BIND_TYPE(DiskSource, disk_source_network_rows);
const BindType disk_source_volume_type = BIND_TYPE(DiskSource, disk_source_volume_rows);
const BindType disk_source_nvme_type = BIND_TYPE(DiskSource, disk_source_nvme_rows);
const BindType disk_source_vhost_user_type = BIND_TYPE(DiskSource, disk_source_vhost_user_rows);

/* ---- chains --------------------------------------------------------------------------------- */

static const BindRow metadata_cache_rows[] = {
        ELEMENT("max_size", MetadataCache, max_size, SIZE(1, INT64_MAX)),
        BIND_END,
};
static const BindType metadata_cache_type = BIND_TYPE(MetadataCache, metadata_cache_rows);

static const BindRow image_format_rows[] = {
        ATTRIBUTE("type", DiskImageFormat, type, ENUM(disk_format_names), REQUIRED),
        POINTER("metadata_cache", DiskImageFormat, metadata_cache, metadata_cache_type),
        BIND_END,
};
static const BindType image_format_type = BIND_TYPE(DiskImageFormat, image_format_rows);

static const BindRow no_source_rows[] = { BIND_END };
SOURCE_CASES(backing_store, BackingStore, no_source_rows);
SOURCE_CASES(mirror, DiskMirror, no_source_rows);

static const BindType backing_store_type;
static const BindRow backing_store_rows[] = {
        ATTRIBUTE("type", BackingStore, type, ENUM(disk_type_names)),
        ATTRIBUTE("index", BackingStore, index, NUMBER(0, UINT32_MAX), LIVE),
        CHILD("format", BackingStore, format, image_format_type),
        CASES(BackingStore, type, backing_store_cases),
        POINTER("backingStore", BackingStore, backing_store, backing_store_type),
        BIND_END,
};
static const BindType backing_store_type = BIND_TYPE(BackingStore, backing_store_rows);

static const BindRow mirror_rows[] = {
        ATTRIBUTE("type", DiskMirror, type, ENUM(disk_type_names)),
        ATTRIBUTE("file", DiskMirror, file, STRING),
        ATTRIBUTE("format", DiskMirror, format_name, STRING),
        ATTRIBUTE("job", DiskMirror, job, WORDS("copy, active-commit")),
        ATTRIBUTE("ready", DiskMirror, ready, WORDS("yes, abort, pivot")),
        CHILD("format", DiskMirror, format, image_format_type),
        CASES(DiskMirror, type, mirror_cases),
        POINTER("backingStore", DiskMirror, backing_store, backing_store_type),
        BIND_END,
};
static const BindType mirror_type = BIND_TYPE(DiskMirror, mirror_rows);

/* ---- the disk ------------------------------------------------------------------------------- */

static const BindRow disk_driver_rows[] = {
        ATTRIBUTE("name", DiskDriver, name, STRING),
        ATTRIBUTE("type", DiskDriver, type, ENUM(disk_format_names)),
        ATTRIBUTE("cache", DiskDriver, cache, ENUM(disk_cache_names)),
        ATTRIBUTE("error_policy", DiskDriver, error_policy, ENUM(disk_error_names)),
        ATTRIBUTE("rerror_policy", DiskDriver, rerror_policy, ENUM(disk_error_names)),
        ATTRIBUTE("io", DiskDriver, io, ENUM(disk_io_names)),
        ATTRIBUTE("ioeventfd", DiskDriver, ioeventfd, ON_OFF),
        ATTRIBUTE("event_idx", DiskDriver, event_idx, ON_OFF),
        ATTRIBUTE("copy_on_read", DiskDriver, copy_on_read, ON_OFF),
        ATTRIBUTE("discard", DiskDriver, discard, ENUM(disk_discard_names)),
        ATTRIBUTE("iothread", DiskDriver, iothread, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("detect_zeroes", DiskDriver, detect_zeroes, ENUM(disk_detect_zeroes_names)),
        ATTRIBUTE("queues", DiskDriver, queues, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("queue_size", DiskDriver, queue_size, NUMBER(1, UINT32_MAX)),
        GROUP(DiskDriver, virtio, virtio_options_rows),
        POINTER("metadata_cache", DiskDriver, metadata_cache, metadata_cache_type),
        BIND_END,
};
static const BindType disk_driver_type = BIND_TYPE(DiskDriver, disk_driver_rows);

static const BindRow geometry_rows[] = {
        ATTRIBUTE("cyls", DiskGeometry, cylinders, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("heads", DiskGeometry, heads, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("secs", DiskGeometry, sectors, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("trans", DiskGeometry, translation, WORDS("auto, none, lba")),
        BIND_END,
};
static const BindType geometry_type = BIND_TYPE(DiskGeometry, geometry_rows);

static const BindRow blockio_rows[] = {
        ATTRIBUTE("logical_block_size", DiskBlockIo, logical_block_size, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("physical_block_size", DiskBlockIo, physical_block_size, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("discard_granularity", DiskBlockIo, discard_granularity, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindType blockio_type = BIND_TYPE(DiskBlockIo, blockio_rows);

/* The six limits have the same three parts, each part in the order of the limits. */
#define LIMITS(part, suffix)                                                                       \
        ELEMENT("total_bytes_sec" suffix, DiskIotune, total_bytes.part, NUMBER(0, INT64_MAX)),     \
                ELEMENT("read_bytes_sec" suffix, DiskIotune, read_bytes.part,                      \
                        NUMBER(0, INT64_MAX)),                                                     \
                ELEMENT("write_bytes_sec" suffix, DiskIotune, write_bytes.part,                    \
                        NUMBER(0, INT64_MAX)),                                                     \
                ELEMENT("total_iops_sec" suffix, DiskIotune, total_iops.part,                      \
                        NUMBER(0, INT64_MAX)),                                                     \
                ELEMENT("read_iops_sec" suffix, DiskIotune, read_iops.part, NUMBER(0, INT64_MAX)), \
                ELEMENT("write_iops_sec" suffix, DiskIotune, write_iops.part,                      \
                        NUMBER(0, INT64_MAX))

static const BindRow iotune_rows[] = {
        LIMITS(rate, ""),
        LIMITS(max, "_max"),
        ELEMENT("size_iops_sec", DiskIotune, size_iops, NUMBER(0, INT64_MAX)),
        ELEMENT("group_name", DiskIotune, group_name, STRING),
        LIMITS(max_length, "_max_length"),
        BIND_END,
};
static const BindType iotune_type = BIND_TYPE(DiskIotune, iotune_rows);

static const BindRow transient_rows[] = {
        ATTRIBUTE("shareBacking", DiskTransient, share_backing, YES_NO),
        BIND_END,
};
static const BindType transient_type = BIND_TYPE(DiskTransient, transient_rows);

SOURCE_CASES(disk, Disk, disk_file_rows);

static const BindRow disk_target_rows[] = {
        ATTRIBUTE("dev", DiskTarget, dev, STRING),
        ATTRIBUTE("bus", DiskTarget, bus, ENUM(disk_bus_names)),
        ATTRIBUTE("tray", DiskTarget, tray, ENUM(disk_tray_names)),
        ATTRIBUTE("removable", DiskTarget, removable, ON_OFF),
        ATTRIBUTE("rotation_rate", DiskTarget, rotation_rate, NUMBER(1, UINT16_MAX)),
        BIND_END,
};
static const BindType disk_target_type = BIND_TYPE(DiskTarget, disk_target_rows);

static const BindRow disk_rows[] = {
        ATTRIBUTE("type", Disk, type, ENUM(disk_type_names)),
        ATTRIBUTE("device", Disk, device, ENUM(disk_device_names)),
        ATTRIBUTE("model", Disk, model, ENUM(virtio_model_names)),
        ATTRIBUTE("rawio", Disk, rawio, YES_NO),
        ATTRIBUTE("sgio", Disk, sgio, WORDS("filtered, unfiltered")),
        ATTRIBUTE("snapshot", Disk, snapshot, ENUM(disk_snapshot_names)),
        CHILD("driver", Disk, driver, disk_driver_type),
        POINTER("auth", Disk, auth, disk_auth_type),
        CASES(Disk, type, disk_cases),
        POINTER("backingStore", Disk, backing_store, backing_store_type),
        LEAF("backenddomain", "name", Disk, backend_domain, STRING, REQUIRED),
        POINTER("geometry", Disk, geometry, geometry_type),
        POINTER("blockio", Disk, blockio, blockio_type),
        POINTER("mirror", Disk, mirror, mirror_type, LIVE),
        CHILD("target", Disk, target, disk_target_type),
        POINTER("iotune", Disk, iotune, iotune_type),
        FLAG("readonly", Disk, readonly),
        FLAG("shareable", Disk, shareable),
        POINTER("transient", Disk, transient, transient_type),
        ELEMENT("serial", Disk, serial, STRING),
        ELEMENT("wwn", Disk, wwn, STRING),
        ELEMENT("vendor", Disk, vendor, STRING),
        ELEMENT("product", Disk, product, STRING),
        POINTER("encryption", Disk, encryption, encryption_type),
        SUBTREE("privateData", Disk, private_data),
        REST,
        INFO(Disk),
        BIND_END,
};
const BindType disk_type = BIND_TYPE(Disk, disk_rows);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* The other devices, in the order in which libvirt writes what is in them. */

/* ---- controllers ---------------------------------------------------------------------------- */

static const BindRow controller_driver_rows[] = {
        ATTRIBUTE("queues", ControllerDriver, queues, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("cmd_per_lun", ControllerDriver, cmd_per_lun, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("max_sectors", ControllerDriver, max_sectors, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("ioeventfd", ControllerDriver, ioeventfd, ON_OFF),
        ATTRIBUTE("iothread", ControllerDriver, iothread, NUMBER(1, UINT32_MAX)),
        GROUP(ControllerDriver, virtio, virtio_options_rows),
        BIND_END,
};
static const BindType controller_driver_type = BIND_TYPE(ControllerDriver, controller_driver_rows);

static const BindRow usb_master_rows[] = {
        ATTRIBUTE("startport", UsbMaster, start_port, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindType usb_master_type = BIND_TYPE(UsbMaster, usb_master_rows);

static const BindRow controller_model_rows[] = {
        ATTRIBUTE("name", ControllerModel, name, STRING),
        BIND_END,
};
static const BindType controller_model_type = BIND_TYPE(ControllerModel, controller_model_rows);

static const BindRow controller_target_rows[] = {
        ATTRIBUTE("chassisNr", ControllerTarget, chassis_nr, NUMBER(1, 255)),
        ATTRIBUTE("chassis", ControllerTarget, chassis, NUMBER(0, 255)),
        ATTRIBUTE("port", ControllerTarget, port, HEX(1, 255)),
        ATTRIBUTE("busNr", ControllerTarget, bus_nr, NUMBER(1, 254)),
        ATTRIBUTE("index", ControllerTarget, index, NUMBER(0, 30)),
        ATTRIBUTE("hotplug", ControllerTarget, hotplug, ON_OFF),
        ELEMENT("node", ControllerTarget, node, NUMBER(0, UINT16_MAX)),
        BIND_END,
};
static const BindType controller_target_type = BIND_TYPE(ControllerTarget, controller_target_rows);

#define CONTROLLER_MODEL(words_) ATTRIBUTE("model", Controller, model, WORDS(words_))

static const BindRow controller_pci_rows[] = {
        CONTROLLER_MODEL("pci-root, pcie-root, pci-bridge, dmi-to-pci-bridge, pcie-to-pci-bridge, "
                         "pcie-root-port, pcie-switch-upstream-port, pcie-switch-downstream-port, "
                         "pci-expander-bus, pcie-expander-bus"),
        CHILD("model", Controller, pci_model, controller_model_type),
        CHILD("target", Controller, target, controller_target_type),
        ELEMENT("pcihole64", Controller, pcihole64, SIZE(1024, KIB_MAX)),
        BIND_END,
};
static const BindRow controller_scsi_rows[] = {
        CONTROLLER_MODEL("auto, buslogic, lsilogic, lsisas1068, vmpvscsi, ibmvscsi, virtio-scsi, "
                         "lsisas1078, virtio-transitional, virtio-non-transitional, ncr53c90, "
                         "dc390, am53c974"),
        BIND_END,
};
static const BindRow controller_ide_rows[] = {
        CONTROLLER_MODEL("piix3, piix4, ich6"),
        BIND_END,
};
static const BindRow controller_isa_rows[] = {
        CONTROLLER_MODEL("auto"),
        BIND_END,
};
static const BindRow controller_xenbus_rows[] = {
        ATTRIBUTE("model", Controller, model, STRING),
        ATTRIBUTE("maxGrantFrames", Controller, max_grant_frames, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("maxEventChannels", Controller, max_event_channels, NUMBER(0, INT32_MAX)),
        BIND_END,
};
static const BindRow controller_other_rows[] = {
        ATTRIBUTE("model", Controller, model, STRING),
        BIND_END,
};
static const BindRow controller_usb_rows[] = {
        CONTROLLER_MODEL("piix3-uhci, piix4-uhci, ehci, ich9-ehci1, ich9-uhci1, ich9-uhci2, "
                         "ich9-uhci3, vt82c686b-uhci, pci-ohci, nec-xhci, qusb1, qusb2, qemu-xhci, "
                         "none"),
        ATTRIBUTE("ports", Controller, ports, NUMBER(1, 15)),
        BIND_END,
};
static const BindRow controller_virtio_serial_rows[] = {
        CONTROLLER_MODEL("virtio, virtio-transitional, virtio-non-transitional"),
        ATTRIBUTE("ports", Controller, ports, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("vectors", Controller, vectors, NUMBER(0, INT32_MAX)),
        BIND_END,
};
static const BindCase controller_cases[] = {
        { CONTROLLER_PCI, controller_pci_rows },
        { CONTROLLER_USB, controller_usb_rows },
        { CONTROLLER_VIRTIO_SERIAL, controller_virtio_serial_rows },
        { CONTROLLER_SCSI, controller_scsi_rows },
        { CONTROLLER_IDE, controller_ide_rows },
        { CONTROLLER_ISA, controller_isa_rows },
        { CONTROLLER_XENBUS, controller_xenbus_rows },
        { CONTROLLER_SATA, controller_other_rows },
        { CONTROLLER_FDC, controller_other_rows },
        { CONTROLLER_CCID, controller_other_rows },
        {},
};

static const BindRow controller_rows[] = {
        ATTRIBUTE("type", Controller, type, ENUM(controller_type_names), REQUIRED),
        ATTRIBUTE("index", Controller, index, NUMBER(0, INT32_MAX)),
        CASES(Controller, type, controller_cases),
        CHILD("driver", Controller, driver, controller_driver_type),
        REST,
        GROUP(Controller, info, info_names_rows),
        CHILD("master", Controller, master, usb_master_type),
        GROUP(Controller, info, info_place_rows),
        BIND_END,
};
const BindType controller_type = BIND_TYPE(Controller, controller_rows);

/* ---- input ---------------------------------------------------------------------------------- */

/* There is no word for none. */
static bool input_has_no_bus(const void *object, unsigned flags)
{
        (void)flags;
        return ((const Input *)object)->bus == INPUT_BUS_NONE;
}

static const BindRow input_source_passthrough_rows[] = {
        ATTRIBUTE("evdev", InputSource, path, STRING, REQUIRED),
        BIND_END,
};
static const BindRow input_source_evdev_rows[] = {
        ATTRIBUTE("dev", InputSource, path, STRING, REQUIRED),
        ATTRIBUTE("grab", InputSource, grab, WORDS("all")),
        ATTRIBUTE("grabToggle", InputSource, grab_toggle,
                WORDS("ctrl-ctrl, alt-alt, shift-shift, meta-meta, scrolllock, ctrl-scrolllock")),
        ATTRIBUTE("repeat", InputSource, repeat, ON_OFF),
        BIND_END,
};
static const BindType input_source_passthrough_type =
        BIND_TYPE(InputSource, input_source_passthrough_rows);
static const BindType input_source_evdev_type = BIND_TYPE(InputSource, input_source_evdev_rows);
static const BindRow input_passthrough_rows[] = {
        CHILD("source", Input, source, input_source_passthrough_type),
        BIND_END,
};
static const BindRow input_evdev_rows[] = {
        CHILD("source", Input, source, input_source_evdev_type),
        BIND_END,
};
static const BindCase input_cases[] = {
        { INPUT_PASSTHROUGH, input_passthrough_rows },
        { INPUT_EVDEV, input_evdev_rows },
        {},
};

static const BindRow input_rows[] = {
        ATTRIBUTE("type", Input, type, ENUM(input_type_names), REQUIRED),
        ATTRIBUTE("bus", Input, bus, ENUM(input_bus_names), OMIT(input_has_no_bus)),
        ATTRIBUTE("model", Input, model, ENUM(virtio_model_names)),
        CHILD("driver", Input, driver, virtio_driver_type),
        CASES(Input, type, input_cases),
        REST,
        INFO(Input),
        BIND_END,
};
const BindType input_type = BIND_TYPE(Input, input_rows);

/* ---- rng, balloon, watchdog ----------------------------------------------------------------- */

static const BindRow rng_rate_rows[] = {
        ATTRIBUTE("bytes", RngRate, bytes, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("period", RngRate, period, NUMBER(1, UINT32_MAX)),
        BIND_END,
};
static const BindType rng_rate_type = BIND_TYPE(RngRate, rng_rate_rows);

static const BindRow rng_random_rows[] = {
        TEXT(RngBackend, path, STRING),
        BIND_END,
};
static const BindRow rng_egd_rows[] = {
        GROUP(RngBackend, backend, chardev_backend_rows),
        BIND_END,
};
static const BindCase rng_backend_cases[] = {
        { RNG_RANDOM, rng_random_rows },
        { RNG_EGD, rng_egd_rows },
        {},
};
static const BindRow rng_backend_rows[] = {
        ATTRIBUTE("model", RngBackend, model, ENUM(rng_backend_names), REQUIRED),
        CASES(RngBackend, model, rng_backend_cases),
        BIND_END,
};
static const BindType rng_backend_type = BIND_TYPE(RngBackend, rng_backend_rows);

static const BindRow rng_rows[] = {
        ATTRIBUTE("model", Rng, model, ENUM(virtio_model_names), REQUIRED),
        CHILD("rate", Rng, rate, rng_rate_type),
        CHILD("backend", Rng, backend, rng_backend_type),
        CHILD("driver", Rng, driver, virtio_driver_type),
        REST,
        INFO(Rng),
        BIND_END,
};
const BindType rng_type = BIND_TYPE(Rng, rng_rows);

static const BindRow memballoon_stats_rows[] = {
        ATTRIBUTE("period", MemballoonStats, period, NUMBER(0, INT32_MAX)),
        BIND_END,
};
static const BindType memballoon_stats_type = BIND_TYPE(MemballoonStats, memballoon_stats_rows);

static const BindRow memballoon_rows[] = {
        ATTRIBUTE("model", Memballoon, model, ENUM(memballoon_model_names), REQUIRED),
        ATTRIBUTE("autodeflate", Memballoon, autodeflate, ON_OFF),
        ATTRIBUTE("freePageReporting", Memballoon, free_page_reporting, ON_OFF),
        CHILD("stats", Memballoon, stats, memballoon_stats_type),
        CHILD("driver", Memballoon, driver, virtio_driver_type),
        REST,
        INFO(Memballoon),
        BIND_END,
};
const BindType memballoon_type = BIND_TYPE(Memballoon, memballoon_rows);

static const BindRow watchdog_rows[] = {
        ATTRIBUTE("model", Watchdog, model, ENUM(watchdog_model_names), REQUIRED),
        ATTRIBUTE("action", Watchdog, action, ENUM(watchdog_action_names)),
        REST,
        INFO(Watchdog),
        BIND_END,
};
const BindType watchdog_type = BIND_TYPE(Watchdog, watchdog_rows);

/* ---- devices of the host -------------------------------------------------------------------- */

static const BindRow usb_id_rows[] = {
        ATTRIBUTE("id", UsbId, id, HEX(4, 0xffff), REQUIRED),
        BIND_END,
};
static const BindType usb_id_type = BIND_TYPE(UsbId, usb_id_rows);

static const BindRow usb_host_address_rows[] = {
        ATTRIBUTE("bus", HostdevAddress, bus, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("device", HostdevAddress, device, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("port", HostdevAddress, port, STRING),
        BIND_END,
};
static const BindRow scsi_host_address_rows[] = {
        ATTRIBUTE("bus", HostdevAddress, bus, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("target", HostdevAddress, target, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("unit", HostdevAddress, unit, NUMBER(0, INT64_MAX)),
        BIND_END,
};
static const BindRow mdev_address_rows[] = {
        ATTRIBUTE("uuid", HostdevAddress, uuid, UUID, REQUIRED),
        BIND_END,
};
static const BindType usb_host_address_type = BIND_TYPE(HostdevAddress, usb_host_address_rows);
static const BindType scsi_host_address_type = BIND_TYPE(HostdevAddress, scsi_host_address_rows);
static const BindType mdev_address_type = BIND_TYPE(HostdevAddress, mdev_address_rows);

static const BindRow adapter_rows[] = {
        ATTRIBUTE("name", HostdevAdapter, name, STRING, REQUIRED),
        BIND_END,
};
static const BindType adapter_type = BIND_TYPE(HostdevAdapter, adapter_rows);

static const BindRow hostdev_host_rows[] = {
        ATTRIBUTE("name", HostdevHost, name, STRING),
        ATTRIBUTE("port", HostdevHost, port, STRING),
        BIND_END,
};
static const BindType hostdev_host_type = BIND_TYPE(HostdevHost, hostdev_host_rows);

static const BindRow hostdev_source_usb_rows[] = {
        ATTRIBUTE("startupPolicy", HostdevSource, startup_policy, ENUM(startup_policy_names)),
        ATTRIBUTE("guestReset", HostdevSource, guest_reset, WORDS("off, uninitialized, on")),
        CHILD("vendor", HostdevSource, vendor, usb_id_type),
        CHILD("product", HostdevSource, product, usb_id_type),
        CHILD("address", HostdevSource, address, usb_host_address_type),
        BIND_END,
};
static const BindRow hostdev_source_pci_rows[] = {
        ATTRIBUTE("writeFiltering", HostdevSource, write_filtering, YES_NO),
        CHILD("address", HostdevSource, pci, host_address_type),
        BIND_END,
};
static const BindRow hostdev_source_scsi_rows[] = {
        ATTRIBUTE("protocol", HostdevSource, protocol, WORDS("adapter, iscsi")),
        ATTRIBUTE("name", HostdevSource, name, STRING),
        LIST("host", HostdevSource, hosts, hostdev_host_type),
        POINTER("auth", HostdevSource, auth, disk_auth_type),
        POINTER("initiator", HostdevSource, initiator, disk_initiator_type),
        CHILD("adapter", HostdevSource, adapter, adapter_type),
        CHILD("address", HostdevSource, address, scsi_host_address_type),
        BIND_END,
};
static const BindRow hostdev_source_scsi_host_rows[] = {
        ATTRIBUTE("protocol", HostdevSource, protocol, WORDS("vhost"), REQUIRED),
        ATTRIBUTE("wwpn", HostdevSource, wwpn, STRING),
        BIND_END,
};
static const BindRow hostdev_source_mdev_rows[] = {
        CHILD("address", HostdevSource, address, mdev_address_type),
        BIND_END,
};
static const BindRow hostdev_source_storage_rows[] = {
        ELEMENT("block", HostdevSource, block, STRING),
        BIND_END,
};
static const BindRow hostdev_source_misc_rows[] = {
        ELEMENT("char", HostdevSource, char_, STRING),
        BIND_END,
};
static const BindRow hostdev_source_net_rows[] = {
        ELEMENT("interface", HostdevSource, interface, STRING),
        BIND_END,
};

#define HOSTDEV_CASE(kind)                                                      \
        static const BindType hostdev_source_##kind##_type =                    \
                BIND_TYPE(HostdevSource, hostdev_source_##kind##_rows);         \
        static const BindRow hostdev_##kind##_rows[] = {                        \
                CHILD("source", Hostdev, source, hostdev_source_##kind##_type), \
                BIND_END,                                                       \
        }
HOSTDEV_CASE(usb);
HOSTDEV_CASE(pci);
HOSTDEV_CASE(scsi);
HOSTDEV_CASE(scsi_host);
HOSTDEV_CASE(mdev);
HOSTDEV_CASE(storage);
HOSTDEV_CASE(misc);
HOSTDEV_CASE(net);

static const BindCase hostdev_cases[] = {
        { HOSTDEV_USB, hostdev_usb_rows },
        { HOSTDEV_PCI, hostdev_pci_rows },
        { HOSTDEV_SCSI, hostdev_scsi_rows },
        { HOSTDEV_SCSI_HOST, hostdev_scsi_host_rows },
        { HOSTDEV_MDEV, hostdev_mdev_rows },
        { HOSTDEV_STORAGE, hostdev_storage_rows },
        { HOSTDEV_MISC, hostdev_misc_rows },
        { HOSTDEV_NET, hostdev_net_rows },
        {},
};
static const BindRow hostdev_rows[] = {
        ATTRIBUTE("mode", Hostdev, mode, ENUM(hostdev_mode_names)),
        ATTRIBUTE("type", Hostdev, type, ENUM(hostdev_type_names), REQUIRED),
        ATTRIBUTE("managed", Hostdev, managed, YES_NO),
        ATTRIBUTE("sgio", Hostdev, sgio, WORDS("filtered, unfiltered")),
        ATTRIBUTE("rawio", Hostdev, rawio, YES_NO),
        ATTRIBUTE("model", Hostdev, model,
                WORDS("virtio, virtio-transitional, virtio-non-transitional, vfio-pci, vfio-ccw, "
                      "vfio-ap")),
        ATTRIBUTE("display", Hostdev, display, ON_OFF),
        ATTRIBUTE("ramfb", Hostdev, ramfb, ON_OFF),
        LEAF("driver", "name", Hostdev, driver, WORDS("kvm, vfio, xen")),
        CASES(Hostdev, type, hostdev_cases),
        POINTER("teaming", Hostdev, teaming, interface_teaming_type),
        LIST("ip", Hostdev, ips, interface_ip_type),
        LIST("route", Hostdev, routes, interface_route_type),
        FLAG("readonly", Hostdev, readonly),
        FLAG("shareable", Hostdev, shareable),
        REST,
        INFO(Hostdev),
        BIND_END,
};
const BindType hostdev_type = BIND_TYPE(Hostdev, hostdev_rows);

/* ---- file systems and leases ---------------------------------------------------------------- */

#define OCTAL STRING, .normalize = mode_normalize, .what = "mode of files"

/* "0644" of "644". */
static char *mode_normalize(const char *text)
{
        char *end;
        guint64 mode = g_ascii_strtoull(text, &end, 8);

        if (end == text || *end || mode > 0777)
                return NULL;
        return g_strdup_printf("%04o", (unsigned)mode);
}

static const BindRow filesystem_driver_rows[] = {
        ATTRIBUTE("type", FilesystemDriver, type, WORDS("path, handle, loop, nbd, ploop, virtiofs"),
                REQUIRED),
        ATTRIBUTE("format", FilesystemDriver, format, ENUM(disk_format_names)),
        ATTRIBUTE("wrpolicy", FilesystemDriver, wrpolicy, WORDS("immediate")),
        ATTRIBUTE("queue", FilesystemDriver, queue, NUMBER(1, UINT32_MAX)),
        GROUP(FilesystemDriver, virtio, virtio_options_rows),
        BIND_END,
};
static const BindType filesystem_driver_type = BIND_TYPE(FilesystemDriver, filesystem_driver_rows);

static const BindRow filesystem_lock_rows[] = {
        ATTRIBUTE("posix", FilesystemLock, posix, ON_OFF),
        ATTRIBUTE("flock", FilesystemLock, flock, ON_OFF),
        BIND_END,
};
static const BindType filesystem_lock_type = BIND_TYPE(FilesystemLock, filesystem_lock_rows);

static const BindRow filesystem_binary_rows[] = {
        ATTRIBUTE("path", FilesystemBinary, path, STRING),
        ATTRIBUTE("xattr", FilesystemBinary, xattr, ON_OFF),
        LEAF("cache", "mode", FilesystemBinary, cache, WORDS("none, always")),
        LEAF("sandbox", "mode", FilesystemBinary, sandbox, WORDS("namespace, chroot")),
        CHILD("lock", FilesystemBinary, lock, filesystem_lock_type),
        LEAF("thread_pool", "size", FilesystemBinary, thread_pool, NUMBER(-1, INT32_MAX)),
        BIND_END,
};
static const BindType filesystem_binary_type = BIND_TYPE(FilesystemBinary, filesystem_binary_rows);

static const BindRow filesystem_dir_rows[] = {
        ATTRIBUTE("dir", FilesystemSource, path, STRING),
        ATTRIBUTE("socket", FilesystemSource, socket, STRING),
        BIND_END,
};
static const BindRow filesystem_block_rows[] = {
        ATTRIBUTE("dev", FilesystemSource, path, STRING),
        BIND_END,
};
static const BindRow filesystem_file_rows[] = {
        ATTRIBUTE("file", FilesystemSource, path, STRING),
        BIND_END,
};
static const BindRow filesystem_template_rows[] = {
        ATTRIBUTE("name", FilesystemSource, name, STRING),
        BIND_END,
};
static const BindRow filesystem_ram_rows[] = {
        ATTRIBUTE("usage", FilesystemSource, usage, NUMBER(0, INT64_MAX), REQUIRED),
        ATTRIBUTE("units", FilesystemSource, units, STRING),
        BIND_END,
};
static const BindRow filesystem_volume_rows[] = {
        ATTRIBUTE("pool", FilesystemSource, pool, STRING),
        ATTRIBUTE("volume", FilesystemSource, volume, STRING),
        BIND_END,
};

#define FILESYSTEM_CASE(kind)                                                  \
        static const BindType filesystem_##kind##_type =                       \
                BIND_TYPE(FilesystemSource, filesystem_##kind##_rows);         \
        static const BindRow filesystem_of_##kind##_rows[] = {                 \
                CHILD("source", Filesystem, source, filesystem_##kind##_type), \
                BIND_END,                                                      \
        }
FILESYSTEM_CASE(dir);
FILESYSTEM_CASE(block);
FILESYSTEM_CASE(file);
FILESYSTEM_CASE(template);
FILESYSTEM_CASE(ram);
FILESYSTEM_CASE(volume);

static const BindCase filesystem_cases[] = {
        { FILESYSTEM_ABSENT, filesystem_of_dir_rows },
        { FILESYSTEM_MOUNT, filesystem_of_dir_rows },
        { FILESYSTEM_BIND, filesystem_of_dir_rows },
        { FILESYSTEM_BLOCK, filesystem_of_block_rows },
        { FILESYSTEM_FILE, filesystem_of_file_rows },
        { FILESYSTEM_TEMPLATE, filesystem_of_template_rows },
        { FILESYSTEM_RAM, filesystem_of_ram_rows },
        { FILESYSTEM_VOLUME, filesystem_of_volume_rows },
        {},
};

static const BindRow filesystem_target_rows[] = {
        ATTRIBUTE("dir", FilesystemTarget, dir, STRING),
        BIND_END,
};
static const BindType filesystem_target_type = BIND_TYPE(FilesystemTarget, filesystem_target_rows);

static const BindRow filesystem_rows[] = {
        ATTRIBUTE("type", Filesystem, type, ENUM(filesystem_type_names)),
        ATTRIBUTE("accessmode", Filesystem, accessmode, WORDS("passthrough, mapped, squash")),
        ATTRIBUTE("model", Filesystem, model, ENUM(virtio_model_names)),
        ATTRIBUTE("multidevs", Filesystem, multidevs, WORDS("default, remap, forbid, warn")),
        ATTRIBUTE("fmode", Filesystem, fmode, OCTAL),
        ATTRIBUTE("dmode", Filesystem, dmode, OCTAL),
        CHILD("driver", Filesystem, driver, filesystem_driver_type),
        CHILD("binary", Filesystem, binary, filesystem_binary_type),
        CASES(Filesystem, type, filesystem_cases),
        CHILD("target", Filesystem, target, filesystem_target_type),
        FLAG("readonly", Filesystem, readonly),
        ELEMENT("space_hard_limit", Filesystem, space_hard_limit, SIZE(1, INT64_MAX)),
        ELEMENT("space_soft_limit", Filesystem, space_soft_limit, SIZE(1, INT64_MAX)),
        REST,
        INFO(Filesystem),
        BIND_END,
};
const BindType filesystem_type = BIND_TYPE(Filesystem, filesystem_rows);

static const BindRow lease_target_rows[] = {
        ATTRIBUTE("path", LeaseTarget, path, STRING, REQUIRED),
        ATTRIBUTE("offset", LeaseTarget, offset, NUMBER(0, INT64_MAX)),
        BIND_END,
};
static const BindType lease_target_type = BIND_TYPE(LeaseTarget, lease_target_rows);

static const BindRow lease_rows[] = {
        ELEMENT("lockspace", Lease, lockspace, STRING),
        ELEMENT("key", Lease, key, STRING, REQUIRED),
        CHILD("target", Lease, target, lease_target_type),
        BIND_END,
};
const BindType lease_type = BIND_TYPE(Lease, lease_rows);

/* ---- memory --------------------------------------------------------------------------------- */

static const BindRow memory_source_rows[] = {
        ELEMENT("path", MemoryDeviceSource, path, STRING),
        ELEMENT("alignsize", MemoryDeviceSource, alignsize, SIZE(1024, KIB_MAX)),
        FLAG("pmem", MemoryDeviceSource, pmem),
        ELEMENT("nodemask", MemoryDeviceSource, nodemask, NUMBER_SET),
        ELEMENT("pagesize", MemoryDeviceSource, pagesize, SIZE(1024, KIB_MAX)),
        BIND_END,
};
static const BindType memory_source_type = BIND_TYPE(MemoryDeviceSource, memory_source_rows);

static const BindRow memory_label_rows[] = {
        ELEMENT("size", MemoryLabel, size, SIZE(1024, KIB_MAX)),
        BIND_END,
};
static const BindType memory_label_type = BIND_TYPE(MemoryLabel, memory_label_rows);

static const BindRow memory_target_rows[] = {
        ELEMENT("size", MemoryDeviceTarget, size, SIZE(1024, KIB_MAX), REQUIRED),
        ELEMENT("node", MemoryDeviceTarget, node, NUMBER(0, UINT16_MAX)),
        CHILD("label", MemoryDeviceTarget, label, memory_label_type),
        FLAG("readonly", MemoryDeviceTarget, readonly),
        ELEMENT("block", MemoryDeviceTarget, block, SIZE(1024, KIB_MAX)),
        ELEMENT("requested", MemoryDeviceTarget, requested, SIZE(1024, KIB_MAX)),
        ELEMENT("current", MemoryDeviceTarget, current, SIZE(1024, KIB_MAX), LIVE),
        BIND_END,
};
static const BindType memory_target_type = BIND_TYPE(MemoryDeviceTarget, memory_target_rows);

static const BindRow memory_device_rows[] = {
        ATTRIBUTE("model", MemoryDevice, model, ENUM(memory_model_names), REQUIRED),
        ATTRIBUTE("access", MemoryDevice, access, WORDS("shared, private")),
        ATTRIBUTE("discard", MemoryDevice, discard, YES_NO),
        ELEMENT("uuid", MemoryDevice, uuid, UUID),
        CHILD("source", MemoryDevice, source, memory_source_type),
        CHILD("target", MemoryDevice, target, memory_target_type),
        REST,
        INFO(MemoryDevice),
        BIND_END,
};
const BindType memory_device_type = BIND_TYPE(MemoryDevice, memory_device_rows);

static const BindRow shmem_server_rows[] = {
        ATTRIBUTE("path", ShmemServer, path, STRING),
        BIND_END,
};
static const BindType shmem_server_type = BIND_TYPE(ShmemServer, shmem_server_rows);

static const BindRow shmem_msi_rows[] = {
        ATTRIBUTE("enabled", ShmemMsi, enabled, YES_NO),
        ATTRIBUTE("vectors", ShmemMsi, vectors, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("ioeventfd", ShmemMsi, ioeventfd, ON_OFF),
        BIND_END,
};
static const BindType shmem_msi_type = BIND_TYPE(ShmemMsi, shmem_msi_rows);

static const BindRow shmem_rows[] = {
        ATTRIBUTE("name", Shmem, name, STRING, REQUIRED),
        ATTRIBUTE("role", Shmem, role, WORDS("master, peer")),
        LEAF("model", "type", Shmem, model, WORDS("ivshmem, ivshmem-plain, ivshmem-doorbell")),
        ELEMENT("size", Shmem, size, SIZE(1u << 20, INT64_MAX >> 20)),
        POINTER("server", Shmem, server, shmem_server_type),
        POINTER("msi", Shmem, msi, shmem_msi_type),
        REST,
        INFO(Shmem),
        BIND_END,
};
const BindType shmem_type = BIND_TYPE(Shmem, shmem_rows);

/* ---- the rest ------------------------------------------------------------------------------- */

static const BindRow hub_rows[] = {
        ATTRIBUTE("type", Hub, type, WORDS("usb"), REQUIRED),
        REST,
        INFO(Hub),
        BIND_END,
};
const BindType hub_type = BIND_TYPE(Hub, hub_rows);

static const BindRow tpm_banks_rows[] = {
        FLAG("sha1", TpmBanks, sha1),
        FLAG("sha256", TpmBanks, sha256),
        FLAG("sha384", TpmBanks, sha384),
        FLAG("sha512", TpmBanks, sha512),
        BIND_END,
};
static const BindType tpm_banks_type = BIND_TYPE(TpmBanks, tpm_banks_rows);

static const BindRow tpm_source_rows[] = {
        ATTRIBUTE("type", TpmSource, type, WORDS("unix"), REQUIRED),
        ATTRIBUTE("mode", TpmSource, mode, WORDS("connect")),
        ATTRIBUTE("path", TpmSource, path, STRING),
        BIND_END,
};
static const BindType tpm_source_type = BIND_TYPE(TpmSource, tpm_source_rows);

static const BindRow tpm_passthrough_rows[] = {
        LEAF("device", "path", TpmBackend, device, STRING),
        BIND_END,
};
static const BindRow tpm_emulator_rows[] = {
        ATTRIBUTE("persistent_state", TpmBackend, persistent_state, YES_NO),
        LEAF("encryption", "secret", TpmBackend, secret, UUID, REQUIRED),
        POINTER("active_pcr_banks", TpmBackend, active_pcr_banks, tpm_banks_type),
        BIND_END,
};
static const BindRow tpm_external_rows[] = {
        CHILD("source", TpmBackend, source, tpm_source_type),
        BIND_END,
};
static const BindCase tpm_cases[] = {
        { TPM_PASSTHROUGH, tpm_passthrough_rows },
        { TPM_EMULATOR, tpm_emulator_rows },
        { TPM_EXTERNAL, tpm_external_rows },
        {},
};
static const BindRow tpm_backend_rows[] = {
        ATTRIBUTE("type", TpmBackend, type, ENUM(tpm_backend_names), REQUIRED),
        ATTRIBUTE("version", TpmBackend, version, WORDS("1.2, 2.0")),
        CASES(TpmBackend, type, tpm_cases),
        BIND_END,
};
static const BindType tpm_backend_type = BIND_TYPE(TpmBackend, tpm_backend_rows);

static const BindRow tpm_rows[] = {
        ATTRIBUTE("model", Tpm, model, WORDS("tpm-tis, tpm-crb, tpm-spapr, spapr-tpm-proxy")),
        CHILD("backend", Tpm, backend, tpm_backend_type),
        REST,
        INFO(Tpm),
        BIND_END,
};
const BindType tpm_type = BIND_TYPE(Tpm, tpm_rows);

static const BindRow iommu_driver_rows[] = {
        ATTRIBUTE("intremap", IommuDriver, intremap, ON_OFF),
        ATTRIBUTE("caching_mode", IommuDriver, caching_mode, ON_OFF),
        ATTRIBUTE("eim", IommuDriver, eim, ON_OFF),
        ATTRIBUTE("iotlb", IommuDriver, iotlb, ON_OFF),
        ATTRIBUTE("aw_bits", IommuDriver, aw_bits, NUMBER(0, 255)),
        BIND_END,
};
static const BindType iommu_driver_type = BIND_TYPE(IommuDriver, iommu_driver_rows);

static const BindRow iommu_rows[] = {
        ATTRIBUTE("model", Iommu, model, WORDS("intel, smmuv3, virtio"), REQUIRED),
        CHILD("driver", Iommu, driver, iommu_driver_type),
        REST,
        INFO(Iommu),
        BIND_END,
};
const BindType iommu_type = BIND_TYPE(Iommu, iommu_rows);

static const BindRow cid_rows[] = {
        ATTRIBUTE("auto", VsockCid, auto_, YES_NO),
        ATTRIBUTE("address", VsockCid, address, NUMBER(3, UINT32_MAX)),
        BIND_END,
};
static const BindType cid_type = BIND_TYPE(VsockCid, cid_rows);

static const BindRow vsock_rows[] = {
        ATTRIBUTE("model", Vsock, model, ENUM(virtio_model_names)),
        CHILD("cid", Vsock, cid, cid_type),
        CHILD("driver", Vsock, driver, virtio_driver_type),
        REST,
        INFO(Vsock),
        BIND_END,
};
const BindType vsock_type = BIND_TYPE(Vsock, vsock_rows);

static const BindRow crypto_backend_rows[] = {
        ATTRIBUTE("model", CryptoBackend, model, WORDS("builtin, lkcf"), REQUIRED),
        ATTRIBUTE("queues", CryptoBackend, queues, NUMBER(1, UINT32_MAX)),
        BIND_END,
};
static const BindType crypto_backend_type = BIND_TYPE(CryptoBackend, crypto_backend_rows);

static const BindRow crypto_rows[] = {
        ATTRIBUTE("model", Crypto, model, WORDS("virtio"), REQUIRED),
        ATTRIBUTE("type", Crypto, type, WORDS("qemu"), REQUIRED),
        CHILD("backend", Crypto, backend, crypto_backend_type),
        CHILD("driver", Crypto, driver, virtio_driver_type),
        REST,
        INFO(Crypto),
        BIND_END,
};
const BindType crypto_type = BIND_TYPE(Crypto, crypto_rows);

static const BindRow panic_rows[] = {
        ATTRIBUTE("model", Panic, model, WORDS("default, isa, pseries, hyperv, s390, pvpanic")),
        REST,
        INFO(Panic),
        BIND_END,
};
const BindType panic_type = BIND_TYPE(Panic, panic_rows);

static const BindRow nvram_device_rows[] = {
        REST,
        INFO(Nvram),
        BIND_END,
};
const BindType nvram_device_type = BIND_TYPE(Nvram, nvram_device_rows);

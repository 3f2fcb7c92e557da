/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* What devices share, and the order in which libvirt writes them. */

bool alias_is_user(const Alias *alias)
{
        return alias->name && g_str_has_prefix(alias->name, "ua-");
}

static bool alias_is_live(const void *object, unsigned flags)
{
        return (flags & BIND_INACTIVE) && !alias_is_user(object);
}

static const BindRow alias_rows[] = {
        ATTRIBUTE("name", Alias, name, STRING, OMIT(alias_is_live)),
        BIND_END,
};
const BindType alias_type = BIND_TYPE(Alias, alias_rows);

static const BindRow device_boot_rows[] = {
        ATTRIBUTE("order", DeviceBoot, order, NUMBER(1, INT32_MAX), REQUIRED),
        ATTRIBUTE("loadparm", DeviceBoot, loadparm, STRING),
        BIND_END,
};
static const BindType device_boot_type = BIND_TYPE(DeviceBoot, device_boot_rows);

static const BindRow zpci_rows[] = {
        ATTRIBUTE("uid", ZpciAddress, uid, HEX(4, 0xffff)),
        ATTRIBUTE("fid", ZpciAddress, fid, HEX(8, UINT32_MAX)),
        BIND_END,
};
static const BindType zpci_type = BIND_TYPE(ZpciAddress, zpci_rows);

static const BindRow pci_address_rows[] = {
        ATTRIBUTE("domain", Address, pci.domain, UNSIGNED_HEX(4, UINT32_MAX)),
        ATTRIBUTE("bus", Address, pci.bus, UNSIGNED_HEX(2, 0xff)),
        ATTRIBUTE("slot", Address, pci.slot, UNSIGNED_HEX(2, 0x1f)),
        ATTRIBUTE("function", Address, pci.function, UNSIGNED_HEX(1, 7)),
        ATTRIBUTE("multifunction", Address, pci.multifunction, ON_OFF),
        CHILD("zpci", Address, pci.zpci, zpci_type),
        BIND_END,
};
static const BindRow drive_address_rows[] = {
        ATTRIBUTE("controller", Address, drive.controller, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("bus", Address, drive.bus, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("target", Address, drive.target, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("unit", Address, drive.unit, UNSIGNED(UINT32_MAX)),
        BIND_END,
};
static const BindRow virtio_serial_address_rows[] = {
        ATTRIBUTE("controller", Address, virtio_serial.controller, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("bus", Address, virtio_serial.bus, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("port", Address, virtio_serial.port, UNSIGNED(UINT32_MAX)),
        BIND_END,
};
static const BindRow ccid_address_rows[] = {
        ATTRIBUTE("controller", Address, ccid.controller, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("slot", Address, ccid.slot, UNSIGNED(UINT32_MAX)),
        BIND_END,
};
static const BindRow usb_address_rows[] = {
        ATTRIBUTE("bus", Address, usb.bus, UNSIGNED(UINT32_MAX)),
        ATTRIBUTE("port", Address, usb.port, STRING),
        BIND_END,
};
static const BindRow isa_address_rows[] = {
        ATTRIBUTE("iobase", Address, isa.iobase, HEX(1, UINT32_MAX)),
        ATTRIBUTE("irq", Address, isa.irq, HEX(1, UINT32_MAX)),
        BIND_END,
};
static const BindRow ccw_address_rows[] = {
        ATTRIBUTE("cssid", Address, ccw.cssid, HEX(1, 0xfe)),
        ATTRIBUTE("ssid", Address, ccw.ssid, HEX(1, 3)),
        ATTRIBUTE("devno", Address, ccw.devno, HEX(4, 0xffff)),
        BIND_END,
};
static const BindRow spapr_vio_address_rows[] = {
        ATTRIBUTE("reg", Address, spapr_vio.reg, HEX(8, INT64_MAX)),
        BIND_END,
};

static const BindRow dimm_address_rows[] = {
        ATTRIBUTE("slot", Address, dimm.slot, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("base", Address, dimm.base, HEX(1, INT64_MAX)),
        BIND_END,
};
static const BindCase address_cases[] = {
        { ADDRESS_PCI, pci_address_rows },
        { ADDRESS_DRIVE, drive_address_rows },
        { ADDRESS_VIRTIO_SERIAL, virtio_serial_address_rows },
        { ADDRESS_CCID, ccid_address_rows },
        { ADDRESS_USB, usb_address_rows },
        { ADDRESS_ISA, isa_address_rows },
        { ADDRESS_CCW, ccw_address_rows },
        { ADDRESS_SPAPR_VIO, spapr_vio_address_rows },
        { ADDRESS_DIMM, dimm_address_rows },
        {},
};

static const BindRow address_rows[] = {
        ATTRIBUTE("type", Address, type, ENUM(address_type_names), REQUIRED),
        CASES(Address, type, address_cases),
        BIND_END,
};
const BindType address_type = BIND_TYPE(Address, address_rows);

static const BindRow rom_rows[] = {
        ATTRIBUTE("enabled", DeviceRom, enabled, YES_NO),
        ATTRIBUTE("bar", DeviceRom, bar, ON_OFF),
        ATTRIBUTE("file", DeviceRom, file, STRING),
        BIND_END,
};
static const BindType rom_type = BIND_TYPE(DeviceRom, rom_rows);

static const BindRow acpi_rows[] = {
        ATTRIBUTE("index", DeviceAcpi, index, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindType acpi_type = BIND_TYPE(DeviceAcpi, acpi_rows);

const BindRow info_names_rows[] = {
        CHILD("boot", DeviceInfo, boot, device_boot_type),
        CHILD("alias", DeviceInfo, alias, alias_type),
        BIND_END,
};
const BindRow info_place_rows[] = {
        POINTER("rom", DeviceInfo, rom, rom_type),
        POINTER("acpi", DeviceInfo, acpi, acpi_type),
        CHILD("address", DeviceInfo, address, address_type),
        BIND_END,
};

const BindRow virtio_options_rows[] = {
        ATTRIBUTE("iommu", VirtioOptions, iommu, ON_OFF),
        ATTRIBUTE("ats", VirtioOptions, ats, ON_OFF),
        ATTRIBUTE("packed", VirtioOptions, packed, ON_OFF),
        ATTRIBUTE("page_per_vq", VirtioOptions, page_per_vq, ON_OFF),
        BIND_END,
};

static const BindRow virtio_driver_rows[] = {
        GROUP(VirtioDriver, virtio, virtio_options_rows),
        BIND_END,
};
const BindType virtio_driver_type = BIND_TYPE(VirtioDriver, virtio_driver_rows);

static const BindRow device_seclabel_rows[] = {
        ATTRIBUTE("model", DeviceSeclabel, model, STRING),
        ATTRIBUTE("relabel", DeviceSeclabel, relabel, YES_NO),
        ATTRIBUTE("labelskip", DeviceSeclabel, labelskip, YES_NO),
        ELEMENT("label", DeviceSeclabel, label, STRING),
        BIND_END,
};
const BindType device_seclabel_type = BIND_TYPE(DeviceSeclabel, device_seclabel_rows);

static const BindRow reconnect_rows[] = {
        ATTRIBUTE("enabled", Reconnect, enabled, YES_NO, REQUIRED),
        ATTRIBUTE("timeout", Reconnect, timeout, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
const BindType reconnect_type = BIND_TYPE(Reconnect, reconnect_rows);

static const BindRow host_pci_rows[] = {
        ATTRIBUTE("domain", HostAddress, domain, UNSIGNED_HEX(4, UINT32_MAX)),
        ATTRIBUTE("bus", HostAddress, bus, UNSIGNED_HEX(2, 0xff)),
        ATTRIBUTE("slot", HostAddress, slot, UNSIGNED_HEX(2, 0x1f)),
        ATTRIBUTE("function", HostAddress, function, UNSIGNED_HEX(1, 7)),
        ATTRIBUTE("multifunction", HostAddress, multifunction, ON_OFF),
        BIND_END,
};
static const BindRow host_usb_rows[] = {
        ATTRIBUTE("bus", HostAddress, usb_bus, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("device", HostAddress, usb_device, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindCase host_address_cases[] = {
        { ADDRESS_NONE, host_pci_rows },
        { ADDRESS_PCI, host_pci_rows },
        { ADDRESS_USB, host_usb_rows },
        {},
};
static const BindRow host_address_rows[] = {
        ATTRIBUTE("type", HostAddress, type, ENUM(address_type_names)),
        CASES(HostAddress, type, host_address_cases),
        BIND_END,
};
const BindType host_address_type = BIND_TYPE(HostAddress, host_address_rows);

/* ---- all of them ---------------------------------------------------------------------------- */

static const BindRow other_device_rows[] = {
        REST,
        INFO(OtherDevice),
        BIND_END,
};
static const BindType other_device_type = {
        .size = sizeof(OtherDevice),
        .rows = other_device_rows,
        .name_offset = offsetof(OtherDevice, name),
};

static const BindRow devices_rows[] = {
        ELEMENT("emulator", Devices, emulator, STRING),
        LIST("disk", Devices, disks, disk_type),
        LIST("controller", Devices, controllers, controller_type),
        LIST("lease", Devices, leases, lease_type),
        LIST("filesystem", Devices, filesystems, filesystem_type),
        LIST("interface", Devices, interfaces, interface_type),
        LIST("smartcard", Devices, smartcards, smartcard_type),
        LIST("serial", Devices, serials, chardev_type),
        LIST("parallel", Devices, parallels, chardev_type),
        LIST("console", Devices, consoles, chardev_type),
        LIST("channel", Devices, channels, channel_type),
        LIST("input", Devices, inputs, input_type),
        LIST("tpm", Devices, tpms, tpm_type),
        LIST("graphics", Devices, graphics, graphics_type),
        LIST("sound", Devices, sounds, sound_type),
        LIST("audio", Devices, audios, audio_type),
        LIST("video", Devices, videos, video_type),
        LIST("hostdev", Devices, hostdevs, hostdev_type),
        LIST("redirdev", Devices, redirdevs, redirdev_type),
        POINTER("redirfilter", Devices, redirfilter, redirfilter_type),
        LIST("hub", Devices, hubs, hub_type),
        LIST("watchdog", Devices, watchdogs, watchdog_type),
        POINTER("memballoon", Devices, memballoon, memballoon_type),
        LIST("rng", Devices, rngs, rng_type),
        POINTER("nvram", Devices, nvram, nvram_device_type),
        LIST("panic", Devices, panics, panic_type),
        LIST("shmem", Devices, shmems, shmem_type),
        LIST("memory", Devices, memories, memory_device_type),
        POINTER("iommu", Devices, iommu, iommu_type),
        POINTER("vsock", Devices, vsock, vsock_type),
        LIST("crypto", Devices, cryptos, crypto_type),
        ANY(Devices, others, other_device_type),
        BIND_END,
};
const BindType devices_type = BIND_TYPE(Devices, devices_rows);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* The devices, in the order in which libvirt writes them and what is in them. */

/* ---- what they share ------------------------------------------------------------------------ */

static bool alias_is_live(const void *object, unsigned flags)
{
        const Alias *alias = object;

        return (flags & BIND_INACTIVE) && alias->name && !g_str_has_prefix(alias->name, "ua-");
}

static const BindRow alias_rows[] = {
        ATTRIBUTE("name", Alias, name, STRING, OMIT(alias_is_live)),
        BIND_END,
};
static const BindType alias_type = BIND_TYPE(Alias, alias_rows);

static const BindRow device_boot_rows[] = {
        ATTRIBUTE("order", DeviceBoot, order, NUMBER(1, INT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType device_boot_type = BIND_TYPE(DeviceBoot, device_boot_rows);

static const BindRow pci_address_rows[] = {
        ATTRIBUTE("domain", Address, pci.domain, UNSIGNED_HEX(4, UINT32_MAX)),
        ATTRIBUTE("bus", Address, pci.bus, UNSIGNED_HEX(2, 0xff)),
        ATTRIBUTE("slot", Address, pci.slot, UNSIGNED_HEX(2, 0x1f)),
        ATTRIBUTE("function", Address, pci.function, UNSIGNED_HEX(1, 7)),
        ATTRIBUTE("multifunction", Address, pci.multifunction, ON_OFF),
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

static const BindCase address_cases[] = {
        { ADDRESS_PCI, pci_address_rows },
        { ADDRESS_DRIVE, drive_address_rows },
        { ADDRESS_VIRTIO_SERIAL, virtio_serial_address_rows },
        { ADDRESS_CCID, ccid_address_rows },
        { ADDRESS_USB, usb_address_rows },
        { ADDRESS_ISA, isa_address_rows },
        { ADDRESS_CCW, ccw_address_rows },
        { ADDRESS_SPAPR_VIO, spapr_vio_address_rows },
        {},
};

static const BindRow address_rows[] = {
        ATTRIBUTE("type", Address, type, ENUM(address_type_names), REQUIRED),
        CASES(Address, type, address_cases),
        BIND_END,
};
const BindType address_type = BIND_TYPE(Address, address_rows);

static const BindRow info_names_rows[] = {
        CHILD("boot", DeviceInfo, boot, device_boot_type),
        CHILD("alias", DeviceInfo, alias, alias_type),
        BIND_END,
};
static const BindRow info_place_rows[] = {
        SUBTREE("rom", DeviceInfo, rom),
        SUBTREE("acpi", DeviceInfo, acpi),
        CHILD("address", DeviceInfo, address, address_type),
        BIND_END,
};

/* What each device ends with. */
#define INFO(S) GROUP(S, info, info_names_rows), GROUP(S, info, info_place_rows)

static const BindRow virtio_options_rows[] = {
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
static const BindType virtio_driver_type = BIND_TYPE(VirtioDriver, virtio_driver_rows);

/* ---- disk ----------------------------------------------------------------------------------- */

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
        BIND_END,
};
static const BindType disk_driver_type = BIND_TYPE(DiskDriver, disk_driver_rows);

/* The path has another name in each type; network, volume and so on keep theirs. */
#define DISK_SOURCE_ROWS(path_name)                                                               \
        ATTRIBUTE(path_name, DiskSource, path, STRING),                                           \
                ATTRIBUTE(                                                                        \
                        "startupPolicy", DiskSource, startup_policy, ENUM(startup_policy_names)), \
                ATTRIBUTE("index", DiskSource, index, NUMBER(0, UINT32_MAX), LIVE), BIND_END

static const BindRow disk_source_file_rows[] = { DISK_SOURCE_ROWS("file") };
static const BindRow disk_source_block_rows[] = { DISK_SOURCE_ROWS("dev") };
static const BindRow disk_source_dir_rows[] = { DISK_SOURCE_ROWS("dir") };
static const BindRow disk_source_other_rows[] = {
        ATTRIBUTE("startupPolicy", DiskSource, startup_policy, ENUM(startup_policy_names)),
        ATTRIBUTE("index", DiskSource, index, NUMBER(0, UINT32_MAX), LIVE),
        BIND_END,
};
static const BindType disk_source_file_type = BIND_TYPE(DiskSource, disk_source_file_rows);
static const BindType disk_source_block_type = BIND_TYPE(DiskSource, disk_source_block_rows);
static const BindType disk_source_dir_type = BIND_TYPE(DiskSource, disk_source_dir_rows);
static const BindType disk_source_other_type = BIND_TYPE(DiskSource, disk_source_other_rows);

static const BindRow disk_file_rows[] = {
        CHILD("source", Disk, source, disk_source_file_type),
        BIND_END,
};
static const BindRow disk_block_rows[] = {
        CHILD("source", Disk, source, disk_source_block_type),
        BIND_END,
};
static const BindRow disk_dir_rows[] = {
        CHILD("source", Disk, source, disk_source_dir_type),
        BIND_END,
};
static const BindRow disk_other_rows[] = {
        CHILD("source", Disk, source, disk_source_other_type),
        BIND_END,
};

static const BindCase disk_cases[] = {
        { DISK_ABSENT, disk_file_rows },
        { DISK_FILE, disk_file_rows },
        { DISK_BLOCK, disk_block_rows },
        { DISK_DIR, disk_dir_rows },
        { DISK_NETWORK, disk_other_rows },
        { DISK_VOLUME, disk_other_rows },
        { DISK_NVME, disk_other_rows },
        { DISK_VHOST_USER, disk_other_rows },
        { DISK_VHOST_VDPA, disk_other_rows },
        {},
};

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
        ATTRIBUTE("snapshot", Disk, snapshot, ENUM(disk_snapshot_names)),
        CHILD("driver", Disk, driver, disk_driver_type),
        CASES(Disk, type, disk_cases),
        SUBTREE("backingStore", Disk, backing_store),
        SUBTREE("mirror", Disk, mirror),
        SUBTREE("geometry", Disk, geometry),
        SUBTREE("blockio", Disk, blockio),
        CHILD("target", Disk, target, disk_target_type),
        SUBTREE("iotune", Disk, iotune),
        FLAG("readonly", Disk, readonly),
        FLAG("shareable", Disk, shareable),
        SUBTREE("transient", Disk, transient),
        ELEMENT("serial", Disk, serial, STRING),
        ELEMENT("wwn", Disk, wwn, STRING),
        ELEMENT("vendor", Disk, vendor, STRING),
        ELEMENT("product", Disk, product, STRING),
        REST,
        INFO(Disk),
        BIND_END,
};
const BindType disk_type = BIND_TYPE(Disk, disk_rows);

/* ---- controller ----------------------------------------------------------------------------- */

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
        BIND_END,
};
static const BindType controller_target_type = BIND_TYPE(ControllerTarget, controller_target_rows);

static const BindRow controller_pci_rows[] = {
        CHILD("model", Controller, pci_model, controller_model_type),
        CHILD("target", Controller, target, controller_target_type),
        BIND_END,
};
static const BindRow controller_usb_rows[] = {
        ATTRIBUTE("ports", Controller, ports, NUMBER(1, 15)),
        BIND_END,
};
static const BindRow controller_virtio_serial_rows[] = {
        ATTRIBUTE("ports", Controller, ports, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("vectors", Controller, vectors, NUMBER(0, INT32_MAX)),
        BIND_END,
};
static const BindCase controller_cases[] = {
        { CONTROLLER_PCI, controller_pci_rows },
        { CONTROLLER_USB, controller_usb_rows },
        { CONTROLLER_VIRTIO_SERIAL, controller_virtio_serial_rows },
        {},
};

static const BindRow controller_rows[] = {
        ATTRIBUTE("type", Controller, type, ENUM(controller_type_names), REQUIRED),
        ATTRIBUTE("index", Controller, index, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("model", Controller, model, STRING),
        CASES(Controller, type, controller_cases),
        CHILD("driver", Controller, driver, controller_driver_type),
        REST,
        GROUP(Controller, info, info_names_rows),
        CHILD("master", Controller, master, usb_master_type),
        GROUP(Controller, info, info_place_rows),
        BIND_END,
};
const BindType controller_type = BIND_TYPE(Controller, controller_rows);

/* ---- interface ------------------------------------------------------------------------------ */

static const BindRow interface_mac_rows[] = {
        ATTRIBUTE("address", InterfaceMac, address, MAC),
        BIND_END,
};
static const BindType interface_mac_type = BIND_TYPE(InterfaceMac, interface_mac_rows);

static const BindRow source_bridge_rows[] = {
        ATTRIBUTE("bridge", InterfaceSource, bridge, STRING),
        BIND_END,
};
static const BindRow source_network_rows[] = {
        ATTRIBUTE("network", InterfaceSource, network, STRING),
        ATTRIBUTE("portgroup", InterfaceSource, portgroup, STRING),
        ATTRIBUTE("bridge", InterfaceSource, bridge, STRING, LIVE),
        BIND_END,
};
static const BindRow source_direct_rows[] = {
        ATTRIBUTE("dev", InterfaceSource, dev, STRING),
        ATTRIBUTE("mode", InterfaceSource, mode, STRING),
        BIND_END,
};
static const BindRow source_user_rows[] = {
        ATTRIBUTE("dev", InterfaceSource, dev, STRING),
        BIND_END,
};
static const BindType source_bridge_type = BIND_TYPE(InterfaceSource, source_bridge_rows);
static const BindType source_network_type = BIND_TYPE(InterfaceSource, source_network_rows);
static const BindType source_direct_type = BIND_TYPE(InterfaceSource, source_direct_rows);
static const BindType source_user_type = BIND_TYPE(InterfaceSource, source_user_rows);

static const BindRow interface_bridge_rows[] = {
        CHILD("source", InterfaceDevice, source, source_bridge_type),
        BIND_END,
};
static const BindRow interface_network_rows[] = {
        CHILD("source", InterfaceDevice, source, source_network_type),
        BIND_END,
};
static const BindRow interface_direct_rows[] = {
        CHILD("source", InterfaceDevice, source, source_direct_type),
        BIND_END,
};
static const BindRow interface_user_rows[] = {
        CHILD("source", InterfaceDevice, source, source_user_type),
        BIND_END,
};
static const BindCase interface_cases[] = {
        { INTERFACE_BRIDGE, interface_bridge_rows },
        { INTERFACE_NETWORK, interface_network_rows },
        { INTERFACE_DIRECT, interface_direct_rows },
        { INTERFACE_USER, interface_user_rows },
        {},
};

static const BindRow interface_script_rows[] = {
        ATTRIBUTE("path", InterfaceScript, path, STRING, REQUIRED),
        BIND_END,
};
static const BindType interface_script_type = BIND_TYPE(InterfaceScript, interface_script_rows);

/* Names that the driver gave: they are another's when the domain starts again. */
static bool target_is_live(const void *object, unsigned flags)
{
        const InterfaceTarget *target = object;

        if (!(flags & BIND_INACTIVE) || !target->dev)
                return false;
        return g_str_has_prefix(target->dev, "vnet") || g_str_has_prefix(target->dev, "macvtap") ||
                g_str_has_prefix(target->dev, "macvlan");
}

static const BindRow interface_target_rows[] = {
        ATTRIBUTE("dev", InterfaceTarget, dev, STRING, OMIT(target_is_live)),
        ATTRIBUTE("managed", InterfaceTarget, managed, YES_NO),
        BIND_END,
};
static const BindType interface_target_type = BIND_TYPE(InterfaceTarget, interface_target_rows);

static const BindRow interface_model_rows[] = {
        ATTRIBUTE("type", InterfaceModel, type, STRING),
        BIND_END,
};
static const BindType interface_model_type = BIND_TYPE(InterfaceModel, interface_model_rows);

static const BindRow interface_driver_rows[] = {
        ATTRIBUTE("name", InterfaceDriver, name, ENUM(interface_driver_names)),
        ATTRIBUTE("txmode", InterfaceDriver, txmode, STRING),
        ATTRIBUTE("ioeventfd", InterfaceDriver, ioeventfd, ON_OFF),
        ATTRIBUTE("event_idx", InterfaceDriver, event_idx, ON_OFF),
        ATTRIBUTE("queues", InterfaceDriver, queues, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("rx_queue_size", InterfaceDriver, rx_queue_size, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("tx_queue_size", InterfaceDriver, tx_queue_size, NUMBER(1, UINT32_MAX)),
        GROUP(InterfaceDriver, virtio, virtio_options_rows),
        BIND_END,
};
static const BindType interface_driver_type = BIND_TYPE(InterfaceDriver, interface_driver_rows);

static const BindRow interface_link_rows[] = {
        ATTRIBUTE("state", InterfaceLink, state, ENUM(link_state_names), REQUIRED),
        BIND_END,
};
static const BindType interface_link_type = BIND_TYPE(InterfaceLink, interface_link_rows);

static const BindRow interface_mtu_rows[] = {
        ATTRIBUTE("size", InterfaceMtu, size, NUMBER(1, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType interface_mtu_type = BIND_TYPE(InterfaceMtu, interface_mtu_rows);

static const BindRow interface_rows[] = {
        ATTRIBUTE("type", InterfaceDevice, type, ENUM(interface_type_names), REQUIRED),
        ATTRIBUTE("trustGuestRxFilters", InterfaceDevice, trust_guest_rx_filters, YES_NO),
        CHILD("mac", InterfaceDevice, mac, interface_mac_type),
        CASES(InterfaceDevice, type, interface_cases),
        SUBTREE("vlan", InterfaceDevice, vlan),
        SUBTREE("virtualport", InterfaceDevice, virtualport),
        SUBTREE("bandwidth", InterfaceDevice, bandwidth),
        CHILD("script", InterfaceDevice, script, interface_script_type),
        CHILD("downscript", InterfaceDevice, downscript, interface_script_type),
        CHILD("target", InterfaceDevice, target, interface_target_type),
        SUBTREE("guest", InterfaceDevice, guest),
        CHILD("model", InterfaceDevice, model, interface_model_type),
        CHILD("driver", InterfaceDevice, driver, interface_driver_type),
        SUBTREE("backend", InterfaceDevice, backend),
        SUBTREE("filterref", InterfaceDevice, filterref),
        CHILD("link", InterfaceDevice, link, interface_link_type),
        CHILD("mtu", InterfaceDevice, mtu, interface_mtu_type),
        SUBTREE("coalesce", InterfaceDevice, coalesce),
        REST,
        INFO(InterfaceDevice),
        BIND_END,
};
const BindType interface_type = BIND_TYPE(InterfaceDevice, interface_rows);

/* ---- character devices ---------------------------------------------------------------------- */

static const BindRow pty_source_rows[] = {
        ATTRIBUTE("path", PathSource, path, STRING, LIVE),
        BIND_END,
};
static const BindRow path_source_rows[] = {
        ATTRIBUTE("path", PathSource, path, STRING, REQUIRED),
        ATTRIBUTE("append", PathSource, append, ON_OFF),
        BIND_END,
};
static const BindRow unix_source_rows[] = {
        ATTRIBUTE("mode", UnixSource, mode, ENUM(chardev_mode_names)),
        ATTRIBUTE("path", UnixSource, path, STRING),
        BIND_END,
};
static const BindRow tcp_source_rows[] = {
        ATTRIBUTE("mode", TcpSource, mode, ENUM(chardev_mode_names)),
        ATTRIBUTE("host", TcpSource, host, STRING),
        ATTRIBUTE("service", TcpSource, service, STRING, REQUIRED),
        ATTRIBUTE("tls", TcpSource, tls, YES_NO),
        BIND_END,
};
static const BindType pty_source_type = BIND_TYPE(PathSource, pty_source_rows);
static const BindType path_source_type = BIND_TYPE(PathSource, path_source_rows);
static const BindType unix_source_type = BIND_TYPE(UnixSource, unix_source_rows);
static const BindType tcp_source_type = BIND_TYPE(TcpSource, tcp_source_rows);

static const BindRow chardev_protocol_rows[] = {
        ATTRIBUTE("type", ChardevProtocol, type, ENUM(chardev_protocol_names)),
        BIND_END,
};
static const BindType chardev_protocol_type = BIND_TYPE(ChardevProtocol, chardev_protocol_rows);

static const BindRow chardev_pty_rows[] = {
        CHILD("source", Chardev, path, pty_source_type),
        BIND_END,
};
static const BindRow chardev_path_rows[] = {
        CHILD("source", Chardev, path, path_source_type),
        BIND_END,
};
static const BindRow chardev_unix_rows[] = {
        CHILD("source", Chardev, unix_, unix_source_type),
        BIND_END,
};
static const BindRow chardev_tcp_rows[] = {
        CHILD("source", Chardev, tcp.source, tcp_source_type),
        CHILD("protocol", Chardev, tcp.protocol, chardev_protocol_type),
        BIND_END,
};
static const BindCase chardev_cases[] = {
        { CHARDEV_ABSENT, chardev_pty_rows }, /* what defaults make of it */
        { CHARDEV_PTY, chardev_pty_rows },
        { CHARDEV_DEV, chardev_path_rows },
        { CHARDEV_FILE, chardev_path_rows },
        { CHARDEV_PIPE, chardev_path_rows },
        { CHARDEV_UNIX, chardev_unix_rows },
        { CHARDEV_TCP, chardev_tcp_rows },
        {},
};

static const BindRow chardev_log_rows[] = {
        ATTRIBUTE("file", ChardevLog, file, STRING, REQUIRED),
        ATTRIBUTE("append", ChardevLog, append, ON_OFF),
        BIND_END,
};
static const BindType chardev_log_type = BIND_TYPE(ChardevLog, chardev_log_rows);

static const BindRow chardev_target_model_rows[] = {
        ATTRIBUTE("name", ChardevTargetModel, name, STRING, REQUIRED),
        BIND_END,
};
static const BindType chardev_target_model_type =
        BIND_TYPE(ChardevTargetModel, chardev_target_model_rows);

static const BindRow port_target_rows[] = {
        ATTRIBUTE("type", ChardevTarget, type, ENUM(chardev_target_names)),
        ATTRIBUTE("port", ChardevTarget, port, NUMBER(0, INT32_MAX)),
        CHILD("model", ChardevTarget, model, chardev_target_model_type),
        BIND_END,
};
/* The port of guestfwd is one of TCP, and stays with its address. */
static const BindRow channel_target_rows[] = {
        ATTRIBUTE("type", ChardevTarget, type, ENUM(chardev_target_names), REQUIRED),
        ATTRIBUTE("name", ChardevTarget, name, STRING),
        ATTRIBUTE("state", ChardevTarget, state, ENUM(channel_state_names), LIVE),
        BIND_END,
};
const BindType port_target_type = BIND_TYPE(ChardevTarget, port_target_rows);
static const BindType channel_target_type = BIND_TYPE(ChardevTarget, channel_target_rows);

static const BindRow chardev_rows[] = {
        ATTRIBUTE("type", Chardev, type, ENUM(chardev_type_names)),
        ATTRIBUTE("tty", Chardev, tty, STRING, LIVE),
        CASES(Chardev, type, chardev_cases),
        CHILD("log", Chardev, log, chardev_log_type),
        REST,
        CHILD("target", Chardev, target, port_target_type),
        INFO(Chardev),
        BIND_END,
};
static const BindRow channel_rows[] = {
        ATTRIBUTE("type", Chardev, type, ENUM(chardev_type_names)),
        CASES(Chardev, type, chardev_cases),
        CHILD("log", Chardev, log, chardev_log_type),
        REST,
        CHILD("target", Chardev, target, channel_target_type),
        INFO(Chardev),
        BIND_END,
};
const BindType chardev_type = BIND_TYPE(Chardev, chardev_rows);
const BindType channel_type = BIND_TYPE(Chardev, channel_rows);

/* ---- graphics ------------------------------------------------------------------------------- */

static const BindRow graphics_listen_rows[] = {
        ATTRIBUTE("type", GraphicsListen, type, ENUM(listen_type_names), REQUIRED),
        ATTRIBUTE("address", GraphicsListen, address, STRING),
        ATTRIBUTE("network", GraphicsListen, network, STRING),
        ATTRIBUTE("socket", GraphicsListen, socket, STRING),
        BIND_END,
};
static const BindType graphics_listen_type = BIND_TYPE(GraphicsListen, graphics_listen_rows);

/* A port that was chosen at start is not configuration. */
static bool vnc_port_is_live(const void *object, unsigned flags)
{
        const Graphics *graphics = object;

        return (flags & BIND_INACTIVE) && graphics->vnc.autoport == SWITCH_ON;
}

static const BindRow graphics_vnc_rows[] = {
        ATTRIBUTE("port", Graphics, vnc.port, NUMBER(-1, UINT16_MAX),
                OMIT(vnc_port_is_live, .instead = "-1")),
        ATTRIBUTE("autoport", Graphics, vnc.autoport, YES_NO),
        ATTRIBUTE("websocket", Graphics, vnc.websocket, NUMBER(-1, UINT16_MAX)),
        ATTRIBUTE("socket", Graphics, vnc.socket, STRING),
        ATTRIBUTE("listen", Graphics, vnc.listen, STRING),
        ATTRIBUTE("keymap", Graphics, vnc.keymap, STRING),
        ATTRIBUTE("sharePolicy", Graphics, vnc.share_policy, ENUM(vnc_share_names)),
        ATTRIBUTE("powerControl", Graphics, vnc.power_control, YES_NO),
        ATTRIBUTE("connected", Graphics, vnc.connected, ENUM(password_connected_names)),
        BIND_END,
};
static const BindCase graphics_cases[] = {
        { GRAPHICS_VNC, graphics_vnc_rows },
        {},
};

static const BindRow graphics_rows[] = {
        ATTRIBUTE("type", Graphics, type, ENUM(graphics_type_names), REQUIRED),
        CASES(Graphics, type, graphics_cases),
        ATTRIBUTE("passwd", Graphics, passwd, STRING, SECRET),
        ATTRIBUTE("passwdValidTo", Graphics, passwd_valid_to, STRING),
        LIST("listen", Graphics, listens, graphics_listen_type),
        REST,
        CHILD("alias", Graphics, alias, alias_type),
        BIND_END,
};
const BindType graphics_type = BIND_TYPE(Graphics, graphics_rows);

/* ---- the rest ------------------------------------------------------------------------------- */

static const BindRow video_acceleration_rows[] = {
        ATTRIBUTE("accel2d", VideoAcceleration, accel2d, YES_NO),
        ATTRIBUTE("accel3d", VideoAcceleration, accel3d, YES_NO),
        ATTRIBUTE("rendernode", VideoAcceleration, rendernode, STRING),
        BIND_END,
};
static const BindType video_acceleration_type =
        BIND_TYPE(VideoAcceleration, video_acceleration_rows);

static const BindRow video_resolution_rows[] = {
        ATTRIBUTE("x", VideoResolution, x, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("y", VideoResolution, y, NUMBER(1, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType video_resolution_type = BIND_TYPE(VideoResolution, video_resolution_rows);

static const BindRow video_model_rows[] = {
        ATTRIBUTE("type", VideoModel, type, ENUM(video_type_names), REQUIRED),
        ATTRIBUTE("ram", VideoModel, ram, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("vram", VideoModel, vram, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("vram64", VideoModel, vram64, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("vgamem", VideoModel, vgamem, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("heads", VideoModel, heads, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("primary", VideoModel, primary, YES_NO),
        ATTRIBUTE("blob", VideoModel, blob, ON_OFF),
        CHILD("acceleration", VideoModel, acceleration, video_acceleration_type),
        CHILD("resolution", VideoModel, resolution, video_resolution_type),
        BIND_END,
};
static const BindType video_model_type = BIND_TYPE(VideoModel, video_model_rows);

static const BindRow video_driver_rows[] = {
        ATTRIBUTE("name", VideoDriver, name, STRING),
        ATTRIBUTE("vgaconf", VideoDriver, vgaconf, STRING),
        GROUP(VideoDriver, virtio, virtio_options_rows),
        BIND_END,
};
static const BindType video_driver_type = BIND_TYPE(VideoDriver, video_driver_rows);

static const BindRow video_rows[] = {
        CHILD("driver", Video, driver, video_driver_type),
        CHILD("model", Video, model, video_model_type),
        REST,
        INFO(Video),
        BIND_END,
};
const BindType video_type = BIND_TYPE(Video, video_rows);

static const BindRow input_rows[] = {
        ATTRIBUTE("type", Input, type, ENUM(input_type_names), REQUIRED),
        ATTRIBUTE("bus", Input, bus, ENUM(input_bus_names)),
        ATTRIBUTE("model", Input, model, ENUM(virtio_model_names)),
        CHILD("driver", Input, driver, virtio_driver_type),
        REST,
        INFO(Input),
        BIND_END,
};
const BindType input_type = BIND_TYPE(Input, input_rows);

static const BindRow sound_rows[] = {
        ATTRIBUTE("model", Sound, model, ENUM(sound_model_names), REQUIRED),
        REST,
        INFO(Sound),
        BIND_END,
};
const BindType sound_type = BIND_TYPE(Sound, sound_rows);

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
static const BindCase rng_backend_cases[] = {
        { RNG_RANDOM, rng_random_rows },
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
        LIST("lease", Devices, others, other_device_type),
        LIST("filesystem", Devices, others, other_device_type),
        LIST("interface", Devices, interfaces, interface_type),
        LIST("smartcard", Devices, others, other_device_type),
        LIST("serial", Devices, serials, chardev_type),
        LIST("parallel", Devices, parallels, chardev_type),
        LIST("console", Devices, consoles, chardev_type),
        LIST("channel", Devices, channels, channel_type),
        LIST("input", Devices, inputs, input_type),
        LIST("tpm", Devices, others, other_device_type),
        LIST("graphics", Devices, graphics, graphics_type),
        LIST("sound", Devices, sounds, sound_type),
        LIST("audio", Devices, others, other_device_type),
        LIST("video", Devices, videos, video_type),
        LIST("hostdev", Devices, others, other_device_type),
        LIST("redirdev", Devices, others, other_device_type),
        LIST("redirfilter", Devices, others, other_device_type),
        LIST("hub", Devices, others, other_device_type),
        LIST("watchdog", Devices, watchdogs, watchdog_type),
        POINTER("memballoon", Devices, memballoon, memballoon_type),
        LIST("rng", Devices, rngs, rng_type),
        ANY(Devices, others, other_device_type),
        BIND_END,
};
const BindType devices_type = BIND_TYPE(Devices, devices_rows);

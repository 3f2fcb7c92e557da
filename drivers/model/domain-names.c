/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-names.h"

ENUM_TABLE(virt_type_names, "domain type", VIRT_MAX, [VIRT_QEMU] = "qemu", [VIRT_KVM] = "kvm",
        [VIRT_TEST] = "test", [VIRT_XEN] = "xen", [VIRT_LXC] = "lxc", [VIRT_OPENVZ] = "openvz",
        [VIRT_VMWARE] = "vmware", [VIRT_HYPERV] = "hyperv", [VIRT_VBOX] = "vbox",
        [VIRT_PHYP] = "phyp", [VIRT_PARALLELS] = "parallels", [VIRT_BHYVE] = "bhyve",
        [VIRT_VZ] = "vz", [VIRT_HVF] = "hvf");
ENUM_TABLE(os_firmware_names, "firmware",
        OS_FIRMWARE_MAX, [OS_FIRMWARE_BIOS] = "bios", [OS_FIRMWARE_EFI] = "efi");
ENUM_TABLE(loader_type_names, "loader type",
        LOADER_MAX, [LOADER_ROM] = "rom", [LOADER_PFLASH] = "pflash", [LOADER_NONE] = "none");
ENUM_TABLE(boot_device_names, "boot device", BOOT_MAX, [BOOT_FLOPPY] = "fd", [BOOT_DISK] = "hd",
        [BOOT_CDROM] = "cdrom", [BOOT_NETWORK] = "network");
ENUM_TABLE(smbios_mode_names, "SMBIOS mode", SMBIOS_MAX, [SMBIOS_EMULATE] = "emulate",
        [SMBIOS_HOST] = "host", [SMBIOS_SYSINFO] = "sysinfo");
ENUM_TABLE(vcpu_placement_names, "vCPU placement",
        VCPU_PLACEMENT_MAX, [VCPU_PLACEMENT_STATIC] = "static", [VCPU_PLACEMENT_AUTO] = "auto");
ENUM_TABLE(cpu_mode_names, "CPU mode",
        CPU_MODE_MAX, [CPU_MODE_CUSTOM] = "custom", [CPU_MODE_HOST_MODEL] = "host-model",
        [CPU_MODE_HOST_PASSTHROUGH] = "host-passthrough", [CPU_MODE_MAXIMUM] = "maximum");
ENUM_TABLE(cpu_match_names, "CPU match", CPU_MATCH_MAX, [CPU_MATCH_MINIMUM] = "minimum",
        [CPU_MATCH_EXACT] = "exact", [CPU_MATCH_STRICT] = "strict");
ENUM_TABLE(cpu_check_names, "CPU check", CPU_CHECK_MAX, [CPU_CHECK_NONE] = "none",
        [CPU_CHECK_PARTIAL] = "partial", [CPU_CHECK_FULL] = "full");
ENUM_TABLE(cpu_fallback_names, "CPU fallback",
        CPU_FALLBACK_MAX, [CPU_FALLBACK_ALLOW] = "allow", [CPU_FALLBACK_FORBID] = "forbid");
ENUM_TABLE(cpu_policy_names, "CPU feature policy", CPU_POLICY_MAX, [CPU_POLICY_FORCE] = "force",
        [CPU_POLICY_REQUIRE] = "require", [CPU_POLICY_OPTIONAL] = "optional",
        [CPU_POLICY_DISABLE] = "disable", [CPU_POLICY_FORBID] = "forbid");
ENUM_TABLE(ioapic_driver_names, "IOAPIC driver",
        IOAPIC_MAX, [IOAPIC_QEMU] = "qemu", [IOAPIC_KVM] = "kvm");
ENUM_TABLE(clock_offset_names, "clock offset", CLOCK_MAX, [CLOCK_UTC] = "utc",
        [CLOCK_LOCALTIME] = "localtime", [CLOCK_VARIABLE] = "variable",
        [CLOCK_TIMEZONE] = "timezone", [CLOCK_ABSOLUTE] = "absolute");
ENUM_TABLE(clock_basis_names, "clock basis",
        CLOCK_BASIS_MAX, [CLOCK_BASIS_UTC] = "utc", [CLOCK_BASIS_LOCALTIME] = "localtime");
ENUM_TABLE(timer_names, "timer",
        TIMER_MAX, [TIMER_PLATFORM] = "platform", [TIMER_PIT] = "pit", [TIMER_RTC] = "rtc",
        [TIMER_HPET] = "hpet", [TIMER_TSC] = "tsc", [TIMER_KVMCLOCK] = "kvmclock",
        [TIMER_HYPERVCLOCK] = "hypervclock", [TIMER_ARMVTIMER] = "armvtimer");
ENUM_TABLE(timer_tickpolicy_names, "tick policy", TICK_MAX, [TICK_DELAY] = "delay",
        [TICK_CATCHUP] = "catchup", [TICK_MERGE] = "merge", [TICK_DISCARD] = "discard");
ENUM_TABLE(timer_track_names, "timer track", TRACK_MAX, [TRACK_BOOT] = "boot",
        [TRACK_GUEST] = "guest", [TRACK_WALL] = "wall", [TRACK_REALTIME] = "realtime");
ENUM_TABLE(lifecycle_names, "life cycle action", LIFECYCLE_MAX, [LIFECYCLE_DESTROY] = "destroy",
        [LIFECYCLE_RESTART] = "restart", [LIFECYCLE_RENAME_RESTART] = "rename-restart",
        [LIFECYCLE_PRESERVE] = "preserve", [LIFECYCLE_COREDUMP_DESTROY] = "coredump-destroy",
        [LIFECYCLE_COREDUMP_RESTART] = "coredump-restart");
ENUM_TABLE(address_type_names, "address type",
        ADDRESS_MAX, [ADDRESS_PCI] = "pci", [ADDRESS_DRIVE] = "drive",
        [ADDRESS_VIRTIO_SERIAL] = "virtio-serial", [ADDRESS_CCID] = "ccid", [ADDRESS_USB] = "usb",
        [ADDRESS_SPAPR_VIO] = "spapr-vio", [ADDRESS_VIRTIO_S390] = "virtio-s390",
        [ADDRESS_CCW] = "ccw", [ADDRESS_VIRTIO_MMIO] = "virtio-mmio", [ADDRESS_ISA] = "isa",
        [ADDRESS_DIMM] = "dimm", [ADDRESS_UNASSIGNED] = "unassigned");
ENUM_TABLE(disk_type_names, "disk type",
        DISK_TYPE_MAX, [DISK_FILE] = "file", [DISK_BLOCK] = "block", [DISK_DIR] = "dir",
        [DISK_NETWORK] = "network", [DISK_VOLUME] = "volume", [DISK_NVME] = "nvme",
        [DISK_VHOST_USER] = "vhostuser", [DISK_VHOST_VDPA] = "vhostvdpa");
ENUM_TABLE(disk_device_names, "disk device", DISK_DEVICE_MAX, [DISK_DEVICE_DISK] = "disk",
        [DISK_DEVICE_CDROM] = "cdrom", [DISK_DEVICE_FLOPPY] = "floppy", [DISK_DEVICE_LUN] = "lun");
ENUM_TABLE(disk_bus_names, "disk bus",
        DISK_BUS_MAX, [DISK_BUS_IDE] = "ide", [DISK_BUS_FDC] = "fdc", [DISK_BUS_SCSI] = "scsi",
        [DISK_BUS_VIRTIO] = "virtio", [DISK_BUS_XEN] = "xen", [DISK_BUS_USB] = "usb",
        [DISK_BUS_SATA] = "sata", [DISK_BUS_SD] = "sd", [DISK_BUS_UML] = "uml");
ENUM_TABLE(disk_format_names, "disk format",
        DISK_FORMAT_MAX, [DISK_FORMAT_RAW] = "raw", [DISK_FORMAT_QCOW2] = "qcow2",
        [DISK_FORMAT_QCOW] = "qcow", [DISK_FORMAT_QED] = "qed", [DISK_FORMAT_VMDK] = "vmdk",
        [DISK_FORMAT_VDI] = "vdi", [DISK_FORMAT_VPC] = "vpc", [DISK_FORMAT_VHD] = "vhd",
        [DISK_FORMAT_PLOOP] = "ploop", [DISK_FORMAT_LUKS] = "luks", [DISK_FORMAT_DIR] = "dir",
        [DISK_FORMAT_FAT] = "fat", [DISK_FORMAT_ISO] = "iso", [DISK_FORMAT_BOCHS] = "bochs",
        [DISK_FORMAT_CLOOP] = "cloop", [DISK_FORMAT_DMG] = "dmg", [DISK_FORMAT_COW] = "cow");
ENUM_TABLE(disk_cache_names, "disk cache mode",
        DISK_CACHE_MAX, [DISK_CACHE_DEFAULT] = "default", [DISK_CACHE_NONE] = "none",
        [DISK_CACHE_WRITETHROUGH] = "writethrough", [DISK_CACHE_WRITEBACK] = "writeback",
        [DISK_CACHE_DIRECTSYNC] = "directsync", [DISK_CACHE_UNSAFE] = "unsafe");
ENUM_TABLE(disk_error_names, "disk error policy",
        DISK_ERROR_MAX, [DISK_ERROR_STOP] = "stop", [DISK_ERROR_REPORT] = "report",
        [DISK_ERROR_IGNORE] = "ignore", [DISK_ERROR_ENOSPACE] = "enospace");
ENUM_TABLE(disk_io_names, "disk I/O mode", DISK_IO_MAX, [DISK_IO_NATIVE] = "native",
        [DISK_IO_THREADS] = "threads", [DISK_IO_URING] = "io_uring");
ENUM_TABLE(disk_discard_names, "disk discard mode",
        DISK_DISCARD_MAX, [DISK_DISCARD_UNMAP] = "unmap", [DISK_DISCARD_IGNORE] = "ignore");
ENUM_TABLE(disk_detect_zeroes_names, "disk detect_zeroes mode", DETECT_ZEROES_MAX,
        [DETECT_ZEROES_OFF] = "off", [DETECT_ZEROES_ON] = "on", [DETECT_ZEROES_UNMAP] = "unmap");
ENUM_TABLE(disk_snapshot_names, "disk snapshot mode",
        DISK_SNAPSHOT_MAX, [DISK_SNAPSHOT_NO] = "no", [DISK_SNAPSHOT_INTERNAL] = "internal",
        [DISK_SNAPSHOT_EXTERNAL] = "external", [DISK_SNAPSHOT_MANUAL] = "manual");
ENUM_TABLE(startup_policy_names, "startup policy", STARTUP_MAX, [STARTUP_MANDATORY] = "mandatory",
        [STARTUP_REQUISITE] = "requisite", [STARTUP_OPTIONAL] = "optional");
ENUM_TABLE(disk_tray_names, "tray state",
        DISK_TRAY_MAX, [DISK_TRAY_CLOSED] = "closed", [DISK_TRAY_OPEN] = "open");
ENUM_TABLE(virtio_model_names, "virtio model",
        VIRTIO_MAX, [VIRTIO_PLAIN] = "virtio", [VIRTIO_TRANSITIONAL] = "virtio-transitional",
        [VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional");
ENUM_TABLE(controller_type_names, "controller type",
        CONTROLLER_MAX, [CONTROLLER_PCI] = "pci", [CONTROLLER_USB] = "usb",
        [CONTROLLER_IDE] = "ide", [CONTROLLER_SATA] = "sata", [CONTROLLER_SCSI] = "scsi",
        [CONTROLLER_FDC] = "fdc", [CONTROLLER_VIRTIO_SERIAL] = "virtio-serial",
        [CONTROLLER_CCID] = "ccid", [CONTROLLER_XENBUS] = "xenbus", [CONTROLLER_ISA] = "isa");
ENUM_TABLE(interface_type_names, "interface type", INTERFACE_MAX, [INTERFACE_USER] = "user",
        [INTERFACE_BRIDGE] = "bridge", [INTERFACE_ETHERNET] = "ethernet",
        [INTERFACE_NETWORK] = "network", [INTERFACE_DIRECT] = "direct",
        [INTERFACE_HOSTDEV] = "hostdev", [INTERFACE_INTERNAL] = "internal",
        [INTERFACE_SERVER] = "server", [INTERFACE_CLIENT] = "client", [INTERFACE_MCAST] = "mcast",
        [INTERFACE_UDP] = "udp", [INTERFACE_VHOST_USER] = "vhostuser", [INTERFACE_VDPA] = "vdpa",
        [INTERFACE_NULL] = "null", [INTERFACE_VDS] = "vds");
ENUM_TABLE(interface_driver_names, "interface driver",
        INTERFACE_DRIVER_MAX, [INTERFACE_DRIVER_QEMU] = "qemu", [INTERFACE_DRIVER_VHOST] = "vhost");
ENUM_TABLE(link_state_names, "link state", LINK_MAX, [LINK_UP] = "up", [LINK_DOWN] = "down");
ENUM_TABLE(chardev_type_names, "character device type",
        CHARDEV_MAX, [CHARDEV_NULL] = "null", [CHARDEV_VC] = "vc", [CHARDEV_PTY] = "pty",
        [CHARDEV_DEV] = "dev", [CHARDEV_FILE] = "file", [CHARDEV_PIPE] = "pipe",
        [CHARDEV_STDIO] = "stdio", [CHARDEV_UDP] = "udp", [CHARDEV_TCP] = "tcp",
        [CHARDEV_UNIX] = "unix", [CHARDEV_SPICEVMC] = "spicevmc", [CHARDEV_SPICEPORT] = "spiceport",
        [CHARDEV_NMDM] = "nmdm", [CHARDEV_VDAGENT] = "qemu-vdagent", [CHARDEV_DBUS] = "dbus");
ENUM_TABLE(chardev_mode_names, "source mode",
        CHARDEV_MODE_MAX, [CHARDEV_MODE_CONNECT] = "connect", [CHARDEV_MODE_BIND] = "bind");
ENUM_TABLE(chardev_protocol_names, "protocol", PROTOCOL_MAX, [PROTOCOL_RAW] = "raw",
        [PROTOCOL_TELNET] = "telnet", [PROTOCOL_TELNETS] = "telnets", [PROTOCOL_TLS] = "tls");
ENUM_TABLE(chardev_target_names, "target type", TARGET_MAX, [TARGET_ISA_SERIAL] = "isa-serial",
        [TARGET_USB_SERIAL] = "usb-serial", [TARGET_PCI_SERIAL] = "pci-serial",
        [TARGET_SPAPR_VIO_SERIAL] = "spapr-vio-serial", [TARGET_SYSTEM_SERIAL] = "system-serial",
        [TARGET_SCLP_SERIAL] = "sclp-serial", [TARGET_ISA_DEBUG] = "isa-debug",
        [TARGET_SERIAL] = "serial", [TARGET_VIRTIO] = "virtio", [TARGET_XEN] = "xen",
        [TARGET_SCLP] = "sclp", [TARGET_SCLPLM] = "sclplm", [TARGET_UML] = "uml",
        [TARGET_LXC] = "lxc", [TARGET_OPENVZ] = "openvz", [TARGET_GUESTFWD] = "guestfwd");
ENUM_TABLE(channel_state_names, "channel state", CHANNEL_STATE_MAX,
        [CHANNEL_CONNECTED] = "connected", [CHANNEL_DISCONNECTED] = "disconnected");
ENUM_TABLE(graphics_type_names, "graphics type",
        GRAPHICS_MAX, [GRAPHICS_SDL] = "sdl", [GRAPHICS_VNC] = "vnc", [GRAPHICS_RDP] = "rdp",
        [GRAPHICS_DESKTOP] = "desktop", [GRAPHICS_SPICE] = "spice",
        [GRAPHICS_EGL_HEADLESS] = "egl-headless", [GRAPHICS_DBUS] = "dbus");
ENUM_TABLE(listen_type_names, "listen type", LISTEN_MAX, [LISTEN_NONE] = "none",
        [LISTEN_ADDRESS] = "address", [LISTEN_NETWORK] = "network", [LISTEN_SOCKET] = "socket");
ENUM_TABLE(vnc_share_names, "VNC share policy",
        VNC_SHARE_MAX, [VNC_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
        [VNC_SHARE_FORCE_SHARED] = "force-shared", [VNC_SHARE_IGNORE] = "ignore");
ENUM_TABLE(password_connected_names, "action on a changed password",
        CONNECTED_MAX, [CONNECTED_FAIL] = "fail", [CONNECTED_DISCONNECT] = "disconnect",
        [CONNECTED_KEEP] = "keep");
ENUM_TABLE(video_type_names, "video model",
        VIDEO_MAX, [VIDEO_VGA] = "vga", [VIDEO_CIRRUS] = "cirrus", [VIDEO_VMVGA] = "vmvga",
        [VIDEO_XEN] = "xen", [VIDEO_VBOX] = "vbox", [VIDEO_QXL] = "qxl",
        [VIDEO_PARALLELS] = "parallels", [VIDEO_VIRTIO] = "virtio", [VIDEO_GOP] = "gop",
        [VIDEO_NONE] = "none", [VIDEO_BOCHS] = "bochs", [VIDEO_RAMFB] = "ramfb");
ENUM_TABLE(input_type_names, "input type", INPUT_MAX, [INPUT_MOUSE] = "mouse",
        [INPUT_TABLET] = "tablet", [INPUT_KEYBOARD] = "keyboard",
        [INPUT_PASSTHROUGH] = "passthrough", [INPUT_EVDEV] = "evdev");
ENUM_TABLE(input_bus_names, "input bus", INPUT_BUS_MAX, [INPUT_BUS_PS2] = "ps2",
        [INPUT_BUS_USB] = "usb", [INPUT_BUS_XEN] = "xen", [INPUT_BUS_PARALLELS] = "parallels",
        [INPUT_BUS_VIRTIO] = "virtio", [INPUT_BUS_NONE] = "none");
ENUM_TABLE(sound_model_names, "sound model", SOUND_MAX, [SOUND_SB16] = "sb16",
        [SOUND_ES1370] = "es1370", [SOUND_PCSPK] = "pcspk", [SOUND_AC97] = "ac97",
        [SOUND_ICH6] = "ich6", [SOUND_ICH9] = "ich9", [SOUND_USB] = "usb", [SOUND_ICH7] = "ich7");
ENUM_TABLE(rng_backend_names, "random number source",
        RNG_MAX, [RNG_RANDOM] = "random", [RNG_EGD] = "egd", [RNG_BUILTIN] = "builtin");
ENUM_TABLE(memballoon_model_names, "memory balloon model",
        MEMBALLOON_MAX, [MEMBALLOON_VIRTIO] = "virtio", [MEMBALLOON_XEN] = "xen",
        [MEMBALLOON_NONE] = "none", [MEMBALLOON_VIRTIO_TRANSITIONAL] = "virtio-transitional",
        [MEMBALLOON_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional");
ENUM_TABLE(watchdog_model_names, "watchdog model", WATCHDOG_MAX, [WATCHDOG_I6300ESB] = "i6300esb",
        [WATCHDOG_IB700] = "ib700", [WATCHDOG_DIAG288] = "diag288", [WATCHDOG_ITCO] = "itco");
ENUM_TABLE(watchdog_action_names, "watchdog action",
        WATCHDOG_ACTION_MAX, [WATCHDOG_RESET] = "reset", [WATCHDOG_SHUTDOWN] = "shutdown",
        [WATCHDOG_POWEROFF] = "poweroff", [WATCHDOG_PAUSE] = "pause", [WATCHDOG_DUMP] = "dump",
        [WATCHDOG_ACTION_NONE] = "none", [WATCHDOG_INJECT_NMI] = "inject-nmi");
ENUM_TABLE(numa_mode_names, "NUMA memory mode",
        NUMA_MAX, [NUMA_STRICT] = "strict", [NUMA_PREFERRED] = "preferred",
        [NUMA_INTERLEAVE] = "interleave", [NUMA_RESTRICTIVE] = "restrictive");
ENUM_TABLE(sysinfo_type_names, "sysinfo type",
        SYSINFO_MAX, [SYSINFO_SMBIOS] = "smbios", [SYSINFO_FWCFG] = "fwcfg");
ENUM_TABLE(seclabel_type_names, "security label type", SECLABEL_MAX, [SECLABEL_DYNAMIC] = "dynamic",
        [SECLABEL_STATIC] = "static", [SECLABEL_NONE] = "none");
ENUM_TABLE(launch_security_names, "launch security type",
        LAUNCH_SECURITY_MAX, [LAUNCH_SECURITY_SEV] = "sev", [LAUNCH_SECURITY_S390_PV] = "s390-pv");
ENUM_TABLE(disk_protocol_names, "disk protocol", DISK_PROTOCOL_MAX, [DISK_PROTOCOL_NBD] = "nbd",
        [DISK_PROTOCOL_RBD] = "rbd", [DISK_PROTOCOL_SHEEPDOG] = "sheepdog",
        [DISK_PROTOCOL_GLUSTER] = "gluster", [DISK_PROTOCOL_ISCSI] = "iscsi",
        [DISK_PROTOCOL_HTTP] = "http", [DISK_PROTOCOL_HTTPS] = "https", [DISK_PROTOCOL_FTP] = "ftp",
        [DISK_PROTOCOL_FTPS] = "ftps", [DISK_PROTOCOL_TFTP] = "tftp", [DISK_PROTOCOL_SSH] = "ssh",
        [DISK_PROTOCOL_VXHS] = "vxhs", [DISK_PROTOCOL_NFS] = "nfs");
ENUM_TABLE(smartcard_mode_names, "smartcard mode", SMARTCARD_MAX, [SMARTCARD_HOST] = "host",
        [SMARTCARD_HOST_CERTIFICATES] = "host-certificates",
        [SMARTCARD_PASSTHROUGH] = "passthrough");
ENUM_TABLE(audio_type_names, "audio type",
        AUDIO_MAX, [AUDIO_NONE] = "none", [AUDIO_ALSA] = "alsa", [AUDIO_COREAUDIO] = "coreaudio",
        [AUDIO_JACK] = "jack", [AUDIO_OSS] = "oss", [AUDIO_PULSEAUDIO] = "pulseaudio",
        [AUDIO_SDL] = "sdl", [AUDIO_SPICE] = "spice", [AUDIO_FILE] = "file", [AUDIO_DBUS] = "dbus");
ENUM_TABLE(hostdev_mode_names, "hostdev mode", HOSTDEV_MODE_MAX,
        [HOSTDEV_MODE_SUBSYSTEM] = "subsystem", [HOSTDEV_MODE_CAPABILITIES] = "capabilities");
ENUM_TABLE(hostdev_type_names, "hostdev type",
        HOSTDEV_MAX, [HOSTDEV_USB] = "usb", [HOSTDEV_PCI] = "pci", [HOSTDEV_SCSI] = "scsi",
        [HOSTDEV_SCSI_HOST] = "scsi_host", [HOSTDEV_MDEV] = "mdev", [HOSTDEV_STORAGE] = "storage",
        [HOSTDEV_MISC] = "misc", [HOSTDEV_NET] = "net");
ENUM_TABLE(filesystem_type_names, "filesystem type",
        FILESYSTEM_MAX, [FILESYSTEM_MOUNT] = "mount", [FILESYSTEM_BLOCK] = "block",
        [FILESYSTEM_FILE] = "file", [FILESYSTEM_TEMPLATE] = "template", [FILESYSTEM_RAM] = "ram",
        [FILESYSTEM_BIND] = "bind", [FILESYSTEM_VOLUME] = "volume");
ENUM_TABLE(tpm_backend_names, "TPM backend", TPM_MAX, [TPM_PASSTHROUGH] = "passthrough",
        [TPM_EMULATOR] = "emulator", [TPM_EXTERNAL] = "external");
ENUM_TABLE(memory_model_names, "memory model", MEMORY_MAX, [MEMORY_DIMM] = "dimm",
        [MEMORY_NVDIMM] = "nvdimm", [MEMORY_VIRTIO_PMEM] = "virtio-pmem",
        [MEMORY_VIRTIO_MEM] = "virtio-mem", [MEMORY_SGX_EPC] = "sgx-epc");

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The words of a domain's configuration: each enum of domain.h with the table of its names in the
 * document. 0 is always "not there". */

#include "service/base/enum.h"

typedef enum VirtType {
        VIRT_ABSENT,
        VIRT_QEMU,
        VIRT_KVM,
        VIRT_TEST,
        VIRT_XEN,
        VIRT_LXC,
        VIRT_OPENVZ,
        VIRT_VMWARE,
        VIRT_HYPERV,
        VIRT_VBOX,
        VIRT_PHYP,
        VIRT_PARALLELS,
        VIRT_BHYVE,
        VIRT_VZ,
        VIRT_HVF,
        VIRT_MAX
} VirtType;
extern const EnumTable virt_type_names;

typedef enum OsFirmware {
        OS_FIRMWARE_ABSENT,
        OS_FIRMWARE_BIOS,
        OS_FIRMWARE_EFI,
        OS_FIRMWARE_MAX
} OsFirmware;
extern const EnumTable os_firmware_names;

typedef enum LoaderType {
        LOADER_ABSENT,
        LOADER_ROM,
        LOADER_PFLASH,
        LOADER_NONE,
        LOADER_MAX
} LoaderType;
extern const EnumTable loader_type_names;

typedef enum BootDeviceKind {
        BOOT_ABSENT,
        BOOT_FLOPPY, /* "fd" */
        BOOT_DISK,   /* "hd" */
        BOOT_CDROM,
        BOOT_NETWORK,
        BOOT_MAX
} BootDeviceKind;
extern const EnumTable boot_device_names;

typedef enum SmbiosMode {
        SMBIOS_ABSENT,
        SMBIOS_EMULATE,
        SMBIOS_HOST,
        SMBIOS_SYSINFO,
        SMBIOS_MAX
} SmbiosMode;
extern const EnumTable smbios_mode_names;

typedef enum VcpuPlacement {
        VCPU_PLACEMENT_ABSENT,
        VCPU_PLACEMENT_STATIC,
        VCPU_PLACEMENT_AUTO,
        VCPU_PLACEMENT_MAX
} VcpuPlacement;
extern const EnumTable vcpu_placement_names;

typedef enum CpuMode {
        CPU_MODE_ABSENT,
        CPU_MODE_CUSTOM,
        CPU_MODE_HOST_MODEL,
        CPU_MODE_HOST_PASSTHROUGH,
        CPU_MODE_MAXIMUM,
        CPU_MODE_MAX
} CpuMode;
extern const EnumTable cpu_mode_names;

typedef enum CpuMatch {
        CPU_MATCH_ABSENT,
        CPU_MATCH_MINIMUM,
        CPU_MATCH_EXACT,
        CPU_MATCH_STRICT,
        CPU_MATCH_MAX
} CpuMatch;
extern const EnumTable cpu_match_names;

typedef enum CpuCheck {
        CPU_CHECK_ABSENT,
        CPU_CHECK_NONE,
        CPU_CHECK_PARTIAL,
        CPU_CHECK_FULL,
        CPU_CHECK_MAX
} CpuCheck;
extern const EnumTable cpu_check_names;

typedef enum CpuFallback {
        CPU_FALLBACK_ABSENT,
        CPU_FALLBACK_ALLOW,
        CPU_FALLBACK_FORBID,
        CPU_FALLBACK_MAX
} CpuFallback;
extern const EnumTable cpu_fallback_names;

typedef enum CpuPolicy {
        CPU_POLICY_ABSENT,
        CPU_POLICY_FORCE,
        CPU_POLICY_REQUIRE,
        CPU_POLICY_OPTIONAL,
        CPU_POLICY_DISABLE,
        CPU_POLICY_FORBID,
        CPU_POLICY_MAX
} CpuPolicy;
extern const EnumTable cpu_policy_names;

typedef enum IoapicDriver {
        IOAPIC_ABSENT,
        IOAPIC_QEMU,
        IOAPIC_KVM,
        IOAPIC_MAX
} IoapicDriver;
extern const EnumTable ioapic_driver_names;

typedef enum ClockOffset {
        CLOCK_ABSENT,
        CLOCK_UTC,
        CLOCK_LOCALTIME,
        CLOCK_VARIABLE,
        CLOCK_TIMEZONE,
        CLOCK_ABSOLUTE,
        CLOCK_MAX
} ClockOffset;
extern const EnumTable clock_offset_names;

typedef enum ClockBasis {
        CLOCK_BASIS_ABSENT,
        CLOCK_BASIS_UTC,
        CLOCK_BASIS_LOCALTIME,
        CLOCK_BASIS_MAX
} ClockBasis;
extern const EnumTable clock_basis_names;

typedef enum TimerName {
        TIMER_ABSENT,
        TIMER_PLATFORM,
        TIMER_PIT,
        TIMER_RTC,
        TIMER_HPET,
        TIMER_TSC,
        TIMER_KVMCLOCK,
        TIMER_HYPERVCLOCK,
        TIMER_ARMVTIMER,
        TIMER_MAX
} TimerName;
extern const EnumTable timer_names;

typedef enum TimerTickPolicy {
        TICK_ABSENT,
        TICK_DELAY,
        TICK_CATCHUP,
        TICK_MERGE,
        TICK_DISCARD,
        TICK_MAX
} TimerTickPolicy;
extern const EnumTable timer_tickpolicy_names;

typedef enum TimerTrack {
        TRACK_ABSENT,
        TRACK_BOOT,
        TRACK_GUEST,
        TRACK_WALL,
        TRACK_REALTIME,
        TRACK_MAX
} TimerTrack;
extern const EnumTable timer_track_names;

/* on_poweroff, on_reboot, on_crash; the core dumps only for on_crash. */
typedef enum LifecycleAction {
        LIFECYCLE_ABSENT,
        LIFECYCLE_DESTROY,
        LIFECYCLE_RESTART,
        LIFECYCLE_RENAME_RESTART,
        LIFECYCLE_PRESERVE,
        LIFECYCLE_COREDUMP_DESTROY,
        LIFECYCLE_COREDUMP_RESTART,
        LIFECYCLE_MAX
} LifecycleAction;
extern const EnumTable lifecycle_names;

typedef enum AddressType {
        ADDRESS_NONE,
        ADDRESS_PCI,
        ADDRESS_DRIVE,
        ADDRESS_VIRTIO_SERIAL,
        ADDRESS_CCID,
        ADDRESS_USB,
        ADDRESS_SPAPR_VIO,
        ADDRESS_VIRTIO_S390,
        ADDRESS_CCW,
        ADDRESS_VIRTIO_MMIO,
        ADDRESS_ISA,
        ADDRESS_DIMM,
        ADDRESS_UNASSIGNED,
        ADDRESS_MAX
} AddressType;
extern const EnumTable address_type_names;

typedef enum DiskType {
        DISK_ABSENT,
        DISK_FILE,
        DISK_BLOCK,
        DISK_DIR,
        DISK_NETWORK,
        DISK_VOLUME,
        DISK_NVME,
        DISK_VHOST_USER,
        DISK_VHOST_VDPA,
        DISK_TYPE_MAX
} DiskType;
extern const EnumTable disk_type_names;

typedef enum DiskDevice {
        DISK_DEVICE_ABSENT,
        DISK_DEVICE_DISK,
        DISK_DEVICE_CDROM,
        DISK_DEVICE_FLOPPY,
        DISK_DEVICE_LUN,
        DISK_DEVICE_MAX
} DiskDevice;
extern const EnumTable disk_device_names;

typedef enum DiskBus {
        DISK_BUS_ABSENT,
        DISK_BUS_IDE,
        DISK_BUS_FDC,
        DISK_BUS_SCSI,
        DISK_BUS_VIRTIO,
        DISK_BUS_XEN,
        DISK_BUS_USB,
        DISK_BUS_SATA,
        DISK_BUS_SD,
        DISK_BUS_UML,
        DISK_BUS_MAX
} DiskBus;
extern const EnumTable disk_bus_names;

typedef enum DiskFormat {
        DISK_FORMAT_ABSENT,
        DISK_FORMAT_RAW,
        DISK_FORMAT_QCOW2,
        DISK_FORMAT_QCOW,
        DISK_FORMAT_QED,
        DISK_FORMAT_VMDK,
        DISK_FORMAT_VDI,
        DISK_FORMAT_VPC,
        DISK_FORMAT_VHD,
        DISK_FORMAT_PLOOP,
        DISK_FORMAT_LUKS,
        DISK_FORMAT_DIR,
        DISK_FORMAT_FAT,
        DISK_FORMAT_ISO,
        DISK_FORMAT_BOCHS,
        DISK_FORMAT_CLOOP,
        DISK_FORMAT_DMG,
        DISK_FORMAT_COW,
        DISK_FORMAT_MAX
} DiskFormat;
extern const EnumTable disk_format_names;

typedef enum DiskCache {
        DISK_CACHE_ABSENT,
        DISK_CACHE_DEFAULT,
        DISK_CACHE_NONE,
        DISK_CACHE_WRITETHROUGH,
        DISK_CACHE_WRITEBACK,
        DISK_CACHE_DIRECTSYNC,
        DISK_CACHE_UNSAFE,
        DISK_CACHE_MAX
} DiskCache;
extern const EnumTable disk_cache_names;

typedef enum DiskErrorPolicy {
        DISK_ERROR_ABSENT,
        DISK_ERROR_STOP,
        DISK_ERROR_REPORT,
        DISK_ERROR_IGNORE,
        DISK_ERROR_ENOSPACE,
        DISK_ERROR_MAX
} DiskErrorPolicy;
extern const EnumTable disk_error_names;

typedef enum DiskIo {
        DISK_IO_ABSENT,
        DISK_IO_NATIVE,
        DISK_IO_THREADS,
        DISK_IO_URING,
        DISK_IO_MAX
} DiskIo;
extern const EnumTable disk_io_names;

typedef enum DiskDiscard {
        DISK_DISCARD_ABSENT,
        DISK_DISCARD_UNMAP,
        DISK_DISCARD_IGNORE,
        DISK_DISCARD_MAX
} DiskDiscard;
extern const EnumTable disk_discard_names;

typedef enum DiskDetectZeroes {
        DETECT_ZEROES_ABSENT,
        DETECT_ZEROES_OFF,
        DETECT_ZEROES_ON,
        DETECT_ZEROES_UNMAP,
        DETECT_ZEROES_MAX
} DiskDetectZeroes;
extern const EnumTable disk_detect_zeroes_names;

typedef enum DiskSnapshot {
        DISK_SNAPSHOT_ABSENT,
        DISK_SNAPSHOT_NO,
        DISK_SNAPSHOT_INTERNAL,
        DISK_SNAPSHOT_EXTERNAL,
        DISK_SNAPSHOT_MANUAL,
        DISK_SNAPSHOT_MAX
} DiskSnapshot;
extern const EnumTable disk_snapshot_names;

typedef enum StartupPolicy {
        STARTUP_ABSENT,
        STARTUP_MANDATORY,
        STARTUP_REQUISITE,
        STARTUP_OPTIONAL,
        STARTUP_MAX
} StartupPolicy;
extern const EnumTable startup_policy_names;

typedef enum DiskTray {
        DISK_TRAY_ABSENT,
        DISK_TRAY_CLOSED,
        DISK_TRAY_OPEN,
        DISK_TRAY_MAX
} DiskTray;
extern const EnumTable disk_tray_names;

/* Models of virtio devices: also disk/@model, rng/@model, memballoon/@model, input/@model. */
typedef enum VirtioModel {
        VIRTIO_ABSENT,
        VIRTIO_PLAIN, /* "virtio" */
        VIRTIO_TRANSITIONAL,
        VIRTIO_NON_TRANSITIONAL,
        VIRTIO_MAX
} VirtioModel;
extern const EnumTable virtio_model_names;

typedef enum ControllerType {
        CONTROLLER_ABSENT,
        CONTROLLER_PCI,
        CONTROLLER_USB,
        CONTROLLER_IDE,
        CONTROLLER_SATA,
        CONTROLLER_SCSI,
        CONTROLLER_FDC,
        CONTROLLER_VIRTIO_SERIAL,
        CONTROLLER_CCID,
        CONTROLLER_XENBUS,
        CONTROLLER_ISA,
        CONTROLLER_MAX
} ControllerType;
extern const EnumTable controller_type_names;

typedef enum InterfaceType {
        INTERFACE_ABSENT,
        INTERFACE_USER,
        INTERFACE_BRIDGE,
        INTERFACE_ETHERNET,
        INTERFACE_NETWORK,
        INTERFACE_DIRECT,
        INTERFACE_HOSTDEV,
        INTERFACE_INTERNAL,
        INTERFACE_SERVER,
        INTERFACE_CLIENT,
        INTERFACE_MCAST,
        INTERFACE_UDP,
        INTERFACE_VHOST_USER,
        INTERFACE_VDPA,
        INTERFACE_NULL,
        INTERFACE_VDS,
        INTERFACE_MAX
} InterfaceType;
extern const EnumTable interface_type_names;

typedef enum InterfaceDriverName {
        INTERFACE_DRIVER_ABSENT,
        INTERFACE_DRIVER_QEMU,
        INTERFACE_DRIVER_VHOST,
        INTERFACE_DRIVER_MAX
} InterfaceDriverName;
extern const EnumTable interface_driver_names;

typedef enum LinkState {
        LINK_ABSENT,
        LINK_UP,
        LINK_DOWN,
        LINK_MAX
} LinkState;
extern const EnumTable link_state_names;

/* Which list of devices a Chardev stands in. */
typedef enum ChardevKind {
        CHARDEV_SERIAL,
        CHARDEV_PARALLEL,
        CHARDEV_CONSOLE,
        CHARDEV_CHANNEL
} ChardevKind;

typedef enum ChardevType {
        CHARDEV_ABSENT,
        CHARDEV_NULL,
        CHARDEV_VC,
        CHARDEV_PTY,
        CHARDEV_DEV,
        CHARDEV_FILE,
        CHARDEV_PIPE,
        CHARDEV_STDIO,
        CHARDEV_UDP,
        CHARDEV_TCP,
        CHARDEV_UNIX,
        CHARDEV_SPICEVMC,
        CHARDEV_SPICEPORT,
        CHARDEV_NMDM,
        CHARDEV_VDAGENT,
        CHARDEV_DBUS,
        CHARDEV_MAX
} ChardevType;
extern const EnumTable chardev_type_names;

typedef enum ChardevMode {
        CHARDEV_MODE_ABSENT,
        CHARDEV_MODE_CONNECT,
        CHARDEV_MODE_BIND,
        CHARDEV_MODE_MAX
} ChardevMode;
extern const EnumTable chardev_mode_names;

typedef enum ChardevProtocolType {
        PROTOCOL_ABSENT,
        PROTOCOL_RAW,
        PROTOCOL_TELNET,
        PROTOCOL_TELNETS,
        PROTOCOL_TLS,
        PROTOCOL_MAX
} ChardevProtocolType;
extern const EnumTable chardev_protocol_names;

/* target/@type of the four chardev kinds; which of them a kind may have is checked by validate. */
typedef enum ChardevTargetType {
        TARGET_ABSENT,
        TARGET_ISA_SERIAL,
        TARGET_USB_SERIAL,
        TARGET_PCI_SERIAL,
        TARGET_SPAPR_VIO_SERIAL,
        TARGET_SYSTEM_SERIAL,
        TARGET_SCLP_SERIAL,
        TARGET_ISA_DEBUG,
        TARGET_SERIAL, /* console */
        TARGET_VIRTIO, /* console and channel */
        TARGET_XEN,    /* console and channel */
        TARGET_SCLP,
        TARGET_SCLPLM,
        TARGET_UML,
        TARGET_LXC,
        TARGET_OPENVZ,
        TARGET_GUESTFWD, /* channel */
        TARGET_MAX
} ChardevTargetType;
extern const EnumTable chardev_target_names;

typedef enum ChannelState {
        CHANNEL_STATE_ABSENT,
        CHANNEL_CONNECTED,
        CHANNEL_DISCONNECTED,
        CHANNEL_STATE_MAX
} ChannelState;
extern const EnumTable channel_state_names;

typedef enum GraphicsType {
        GRAPHICS_ABSENT,
        GRAPHICS_SDL,
        GRAPHICS_VNC,
        GRAPHICS_RDP,
        GRAPHICS_DESKTOP,
        GRAPHICS_SPICE,
        GRAPHICS_EGL_HEADLESS,
        GRAPHICS_DBUS,
        GRAPHICS_MAX
} GraphicsType;
extern const EnumTable graphics_type_names;

typedef enum ListenType {
        LISTEN_ABSENT,
        LISTEN_NONE,
        LISTEN_ADDRESS,
        LISTEN_NETWORK,
        LISTEN_SOCKET,
        LISTEN_MAX
} ListenType;
extern const EnumTable listen_type_names;

typedef enum VncSharePolicy {
        VNC_SHARE_ABSENT,
        VNC_SHARE_ALLOW_EXCLUSIVE,
        VNC_SHARE_FORCE_SHARED,
        VNC_SHARE_IGNORE,
        VNC_SHARE_MAX
} VncSharePolicy;
extern const EnumTable vnc_share_names;

typedef enum PasswordConnected {
        CONNECTED_ABSENT,
        CONNECTED_FAIL,
        CONNECTED_DISCONNECT,
        CONNECTED_KEEP,
        CONNECTED_MAX
} PasswordConnected;
extern const EnumTable password_connected_names;

typedef enum VideoType {
        VIDEO_ABSENT,
        VIDEO_VGA,
        VIDEO_CIRRUS,
        VIDEO_VMVGA,
        VIDEO_XEN,
        VIDEO_VBOX,
        VIDEO_QXL,
        VIDEO_PARALLELS,
        VIDEO_VIRTIO,
        VIDEO_GOP,
        VIDEO_NONE,
        VIDEO_BOCHS,
        VIDEO_RAMFB,
        VIDEO_MAX
} VideoType;
extern const EnumTable video_type_names;

typedef enum InputType {
        INPUT_ABSENT,
        INPUT_MOUSE,
        INPUT_TABLET,
        INPUT_KEYBOARD,
        INPUT_PASSTHROUGH,
        INPUT_EVDEV,
        INPUT_MAX
} InputType;
extern const EnumTable input_type_names;

typedef enum InputBus {
        INPUT_BUS_ABSENT,
        INPUT_BUS_PS2,
        INPUT_BUS_USB,
        INPUT_BUS_XEN,
        INPUT_BUS_PARALLELS,
        INPUT_BUS_VIRTIO,
        INPUT_BUS_NONE,
        INPUT_BUS_MAX
} InputBus;
extern const EnumTable input_bus_names;

typedef enum SoundModel {
        SOUND_ABSENT,
        SOUND_SB16,
        SOUND_ES1370,
        SOUND_PCSPK,
        SOUND_AC97,
        SOUND_ICH6,
        SOUND_ICH9,
        SOUND_USB,
        SOUND_ICH7,
        SOUND_MAX
} SoundModel;
extern const EnumTable sound_model_names;

typedef enum RngBackendModel {
        RNG_ABSENT,
        RNG_RANDOM,
        RNG_EGD,
        RNG_BUILTIN,
        RNG_MAX
} RngBackendModel;
extern const EnumTable rng_backend_names;

typedef enum MemballoonModel {
        MEMBALLOON_ABSENT,
        MEMBALLOON_VIRTIO,
        MEMBALLOON_XEN,
        MEMBALLOON_NONE,
        MEMBALLOON_VIRTIO_TRANSITIONAL,
        MEMBALLOON_VIRTIO_NON_TRANSITIONAL,
        MEMBALLOON_MAX
} MemballoonModel;
extern const EnumTable memballoon_model_names;

typedef enum WatchdogModel {
        WATCHDOG_ABSENT,
        WATCHDOG_I6300ESB,
        WATCHDOG_IB700,
        WATCHDOG_DIAG288,
        WATCHDOG_ITCO,
        WATCHDOG_MAX
} WatchdogModel;
extern const EnumTable watchdog_model_names;

typedef enum WatchdogAction {
        WATCHDOG_ACTION_ABSENT,
        WATCHDOG_RESET,
        WATCHDOG_SHUTDOWN,
        WATCHDOG_POWEROFF,
        WATCHDOG_PAUSE,
        WATCHDOG_DUMP,
        WATCHDOG_ACTION_NONE,
        WATCHDOG_INJECT_NMI,
        WATCHDOG_ACTION_MAX
} WatchdogAction;
extern const EnumTable watchdog_action_names;

typedef enum NumaMode {
        NUMA_ABSENT,
        NUMA_STRICT,
        NUMA_PREFERRED,
        NUMA_INTERLEAVE,
        NUMA_RESTRICTIVE,
        NUMA_MAX
} NumaMode;
extern const EnumTable numa_mode_names;

typedef enum SysinfoType {
        SYSINFO_ABSENT,
        SYSINFO_SMBIOS,
        SYSINFO_FWCFG,
        SYSINFO_MAX
} SysinfoType;
extern const EnumTable sysinfo_type_names;

typedef enum SeclabelType {
        SECLABEL_ABSENT,
        SECLABEL_DYNAMIC,
        SECLABEL_STATIC,
        SECLABEL_NONE,
        SECLABEL_MAX
} SeclabelType;
extern const EnumTable seclabel_type_names;

typedef enum LaunchSecurityType {
        LAUNCH_SECURITY_ABSENT,
        LAUNCH_SECURITY_SEV,
        LAUNCH_SECURITY_S390_PV,
        LAUNCH_SECURITY_MAX
} LaunchSecurityType;
extern const EnumTable launch_security_names;

typedef enum DiskProtocol {
        DISK_PROTOCOL_ABSENT,
        DISK_PROTOCOL_NBD,
        DISK_PROTOCOL_RBD,
        DISK_PROTOCOL_SHEEPDOG,
        DISK_PROTOCOL_GLUSTER,
        DISK_PROTOCOL_ISCSI,
        DISK_PROTOCOL_HTTP,
        DISK_PROTOCOL_HTTPS,
        DISK_PROTOCOL_FTP,
        DISK_PROTOCOL_FTPS,
        DISK_PROTOCOL_TFTP,
        DISK_PROTOCOL_SSH,
        DISK_PROTOCOL_VXHS,
        DISK_PROTOCOL_NFS,
        DISK_PROTOCOL_MAX
} DiskProtocol;
extern const EnumTable disk_protocol_names;

typedef enum SmartcardMode {
        SMARTCARD_ABSENT,
        SMARTCARD_HOST,
        SMARTCARD_HOST_CERTIFICATES,
        SMARTCARD_PASSTHROUGH,
        SMARTCARD_MAX
} SmartcardMode;
extern const EnumTable smartcard_mode_names;

typedef enum AudioType {
        AUDIO_ABSENT,
        AUDIO_NONE,
        AUDIO_ALSA,
        AUDIO_COREAUDIO,
        AUDIO_JACK,
        AUDIO_OSS,
        AUDIO_PULSEAUDIO,
        AUDIO_SDL,
        AUDIO_SPICE,
        AUDIO_FILE,
        AUDIO_DBUS,
        AUDIO_MAX
} AudioType;
extern const EnumTable audio_type_names;

typedef enum HostdevMode {
        HOSTDEV_MODE_ABSENT,
        HOSTDEV_MODE_SUBSYSTEM,
        HOSTDEV_MODE_CAPABILITIES,
        HOSTDEV_MODE_MAX
} HostdevMode;
extern const EnumTable hostdev_mode_names;

typedef enum HostdevType {
        HOSTDEV_ABSENT,
        HOSTDEV_USB,
        HOSTDEV_PCI,
        HOSTDEV_SCSI,
        HOSTDEV_SCSI_HOST,
        HOSTDEV_MDEV,
        HOSTDEV_STORAGE,
        HOSTDEV_MISC,
        HOSTDEV_NET,
        HOSTDEV_MAX
} HostdevType;
extern const EnumTable hostdev_type_names;

typedef enum FilesystemType {
        FILESYSTEM_ABSENT,
        FILESYSTEM_MOUNT,
        FILESYSTEM_BLOCK,
        FILESYSTEM_FILE,
        FILESYSTEM_TEMPLATE,
        FILESYSTEM_RAM,
        FILESYSTEM_BIND,
        FILESYSTEM_VOLUME,
        FILESYSTEM_MAX
} FilesystemType;
extern const EnumTable filesystem_type_names;

typedef enum TpmBackendType {
        TPM_ABSENT,
        TPM_PASSTHROUGH,
        TPM_EMULATOR,
        TPM_EXTERNAL,
        TPM_MAX
} TpmBackendType;
extern const EnumTable tpm_backend_names;

typedef enum MemoryModel {
        MEMORY_ABSENT,
        MEMORY_DIMM,
        MEMORY_NVDIMM,
        MEMORY_VIRTIO_PMEM,
        MEMORY_VIRTIO_MEM,
        MEMORY_SGX_EPC,
        MEMORY_MAX
} MemoryModel;
extern const EnumTable memory_model_names;

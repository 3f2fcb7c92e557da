/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a domain: libvirt's "Domain XML format" as structs.
 *
 * The struct is the document. A struct stands for an element, a field for an attribute or a child,
 * and the path of a field is the path in the XML: /domain/devices/disk/driver/@cache is
 * config->devices.disks[i]->driver.cache. Three exceptions, so that drivers need not spell out what
 * is one to them: alias, boot and address of every device are in its `info`; a disk's source/@file,
 * @dev, @dir are `source.path`; the variants of an element that a discriminator tells apart
 * (chardev, graphics, address) are a union beside it, of which only the member of that type may be
 * read.
 *
 * All-zero is "not in the document" (value.h). Strings are UTF-8, owned by the struct, NULL when
 * absent; an empty embedded element is as good as none. Lists are arrays of owned pointers with
 * their length beside them, in document order. What is not bound is kept in `kept` and written
 * back; a device kind that is not bound at all is in `devices.others`, by name, so that a driver
 * can refuse it by name.
 *
 * Four passes, each a function: parse (the document as it stands), defaults (what the driver and
 * libvirt's rules add), validate (what contradicts itself), format. A change of a live model is:
 * copy, change, validate, swap.
 *
 * Nothing here suspends. Errors are XML_DETAIL for what is not well formed, XML_ERROR for wrong
 * content with the place named, CONFIG_UNSUPPORTED for what contradicts itself or is not possible.
 */

#include "drivers/model/domain-names.h"
#include "drivers/model/value.h"
#include "service/base/error.h"

/* ---- the machine ---------------------------------------------------------------------------- */

/* <name state='on'/>, the shape of many features. */
typedef struct StateElement {
        Kept kept;
        Switch state;
} StateElement;

/* <memory unit='KiB' dumpCore='off'>1048576</memory>; any unit is read, KiB are stored and written.
 */
typedef struct MemorySize {
        Kept kept;
        Number kib;
        Switch dump_core;
        Number slots; /* maxMemory only */
} MemorySize;

typedef struct Vcpu {
        Kept kept;
        Number count; /* the most the domain may have */
        VcpuPlacement placement;
        char *cpuset;
        Number current; /* those it starts with; absent: all */
} Vcpu;

typedef struct OsType {
        Kept kept;
        char *name; /* the text: "hvm", "exe", "xen", ... */
        char *arch;
        char *machine;
} OsType;

typedef struct OsLoader {
        Kept kept;
        char *path; /* the text; NULL with os.firmware until the driver has chosen one */
        Switch readonly;
        Switch secure;
        LoaderType type;
        Switch stateless;
} OsLoader;

typedef struct OsNvram {
        Kept kept; /* also the <source> of an NVRAM that is not a file */
        char *path;
        char *template;
        char *type; /* file, block, network; NULL is a file */
} OsNvram;

typedef struct OsBoot {
        Kept kept;
        BootDeviceKind dev;
} OsBoot;

typedef struct OsBootMenu {
        Kept kept;
        Switch enable;
        Number timeout; /* ms */
} OsBootMenu;

typedef struct OsBios {
        Kept kept;
        Switch use_serial;
        Number reboot_timeout; /* ms, -1: never */
} OsBios;

typedef struct OsSmbios {
        Kept kept;
        SmbiosMode mode;
} OsSmbios;

typedef struct Os {
        Kept kept;
        OsFirmware firmware;
        OsType type;
        OsLoader loader;
        OsNvram nvram;
        char *kernel;
        char *initrd;
        char *cmdline;
        char *dtb;
        OsBoot **boots;
        size_t n_boots;
        OsBootMenu bootmenu;
        OsBios bios;
        OsSmbios smbios;
} Os;

typedef struct ApicFeature {
        Kept kept;
        Switch eoi;
} ApicFeature;

typedef struct HypervSpinlocks {
        Kept kept;
        Switch state;
        Number retries;
} HypervSpinlocks;

typedef struct HypervStimer {
        Kept kept;
        Switch state;
        StateElement direct;
} HypervStimer;

typedef struct HypervVendorId {
        Kept kept;
        Switch state;
        char *value;
} HypervVendorId;

typedef struct HypervFeatures {
        Kept kept;
        char *mode; /* "custom", "passthrough" */
        StateElement relaxed;
        StateElement vapic;
        HypervSpinlocks spinlocks;
        StateElement vpindex;
        StateElement runtime;
        StateElement synic;
        HypervStimer stimer;
        StateElement reset;
        HypervVendorId vendor_id;
        StateElement frequencies;
        StateElement reenlightenment;
        StateElement tlbflush;
        StateElement ipi;
        StateElement evmcs;
        StateElement avic;
} HypervFeatures;

typedef struct KvmFeatures {
        Kept kept;
        StateElement hidden;
        StateElement hint_dedicated;
        StateElement poll_control;
        StateElement pv_ipi;
} KvmFeatures;

typedef struct IoapicFeature {
        Kept kept;
        IoapicDriver driver;
} IoapicFeature;

typedef struct GicFeature {
        Kept kept;
        char *version; /* "2", "3", "host" */
} GicFeature;

typedef struct Features {
        Kept kept;
        bool acpi;
        ApicFeature *apic; /* there or not */
        bool pae;
        StateElement *hap; /* there without a state is on */
        HypervFeatures *hyperv;
        KvmFeatures kvm;
        bool privnet;
        StateElement pvspinlock;
        StateElement *pmu; /* there without a state is on */
        StateElement vmport;
        GicFeature *gic;
        StateElement *smm; /* there without a state is on; TSEG in kept */
        IoapicFeature ioapic;
        StateElement *vmcoreinfo; /* there without a state is on */
} Features;

typedef struct CpuModel {
        Kept kept;
        char *name; /* the text */
        CpuFallback fallback;
        char *vendor_id;
} CpuModel;

typedef struct CpuTopology {
        Kept kept;
        Number sockets;
        Number dies;
        Number cores;
        Number threads;
} CpuTopology;

typedef struct CpuFeature {
        Kept kept;
        CpuPolicy policy;
        char *name;
} CpuFeature;

typedef struct Cpu {
        Kept kept;
        CpuMode mode;
        CpuMatch match;
        CpuCheck check;
        Switch migratable;
        CpuModel model;
        char *vendor;
        CpuTopology topology;
        char *cache; /* subtrees, kept */
        char *maxphysaddr;
        char *numa; /* the subtree, kept */
        CpuFeature **features;
        size_t n_features;
} Cpu;

typedef struct Timer {
        Kept kept;
        TimerName name;
        Switch present;
        TimerTickPolicy tickpolicy;
        TimerTrack track;
        Number frequency; /* Hz */
        char *mode;
} Timer;

typedef struct Clock {
        Kept kept;
        ClockOffset offset;
        char *adjustment; /* seconds, or "reset" */
        ClockBasis basis;
        char *timezone;
        Number start; /* absolute: seconds since 1970 */
        Timer **timers;
        size_t n_timers;
} Clock;

typedef struct PmState {
        Kept kept;
        Switch enabled;
} PmState;

typedef struct Pm {
        Kept kept;
        PmState suspend_to_mem;
        PmState suspend_to_disk;
} Pm;

/* ---- what devices share --------------------------------------------------------------------- */

typedef struct PciAddress {
        unsigned domain;
        unsigned bus; /* the index of a PCI controller */
        unsigned slot;
        unsigned function;
        Switch multifunction;
} PciAddress;

typedef struct DriveAddress {
        unsigned controller; /* the index of a controller of the disk's bus */
        unsigned bus;
        unsigned target;
        unsigned unit;
} DriveAddress;

typedef struct VirtioSerialAddress {
        unsigned controller;
        unsigned bus;
        unsigned port; /* from 1; 0 is the controller's own console */
} VirtioSerialAddress;

typedef struct CcidAddress {
        unsigned controller;
        unsigned slot;
} CcidAddress;

typedef struct UsbAddress {
        unsigned bus; /* the index of a USB controller */
        char *port;   /* "1", or "1.3" behind a hub; NULL: not assigned */
} UsbAddress;

typedef struct IsaAddress {
        Number iobase;
        Number irq;
} IsaAddress;

typedef struct CcwAddress {
        Number cssid;
        Number ssid;
        Number devno;
} CcwAddress;

typedef struct SpaprVioAddress {
        Number reg;
} SpaprVioAddress;

/* `type` says which member counts. ADDRESS_PCI with all numbers zero asks for an address to be
 * assigned. */
typedef struct Address {
        Kept kept;
        AddressType type;
        union {
                PciAddress pci;
                DriveAddress drive;
                VirtioSerialAddress virtio_serial;
                CcidAddress ccid;
                UsbAddress usb;
                IsaAddress isa;
                CcwAddress ccw;
                SpaprVioAddress spapr_vio;
        };
} Address;

typedef struct Alias {
        Kept kept;
        char *name; /* "ua-..." is the user's and stays; others are live only */
} Alias;

typedef struct DeviceBoot {
        Kept kept;
        Number order;
} DeviceBoot;

/* The part that every device has. */
typedef struct DeviceInfo {
        DeviceBoot boot;
        Alias alias;
        char *rom;  /* subtree, kept */
        char *acpi; /* subtree, kept */
        Address address;
} DeviceInfo;

/* Options of the virtio transport, in the <driver> of each virtio device. */
typedef struct VirtioOptions {
        Switch iommu;
        Switch ats;
        Switch packed;
        Switch page_per_vq;
} VirtioOptions;

/* <driver> of a device that has no other options than these. */
typedef struct VirtioDriver {
        Kept kept;
        VirtioOptions virtio;
} VirtioDriver;

/* ---- devices -------------------------------------------------------------------------------- */

typedef struct DiskDriver {
        Kept kept;
        char *name;
        DiskFormat type;
        DiskCache cache;
        DiskErrorPolicy error_policy;
        DiskErrorPolicy rerror_policy;
        DiskIo io;
        Switch ioeventfd;
        Switch event_idx;
        Switch copy_on_read;
        DiskDiscard discard;
        Number iothread;
        DiskDetectZeroes detect_zeroes;
        Number queues;
        Number queue_size;
        VirtioOptions virtio;
} DiskDriver;

typedef struct DiskSource {
        Kept kept;  /* all there is, for the types beyond file, block and dir */
        char *path; /* @file, @dev or @dir */
        StartupPolicy startup_policy;
        Number index; /* live: of the block node */
} DiskSource;

typedef struct DiskTarget {
        Kept kept;
        char *dev; /* "vda": unique in the domain; its prefix and letters imply bus and drive
                      address */
        DiskBus bus;
        DiskTray tray;
        Switch removable;
        Number rotation_rate;
} DiskTarget;

typedef struct Disk {
        Kept kept;
        DiskType type;
        DiskDevice device;
        VirtioModel model;
        Switch rawio;
        DiskSnapshot snapshot;
        DiskDriver driver;
        DiskSource source;
        char *backing_store; /* subtrees, kept */
        char *mirror;
        char *geometry;
        char *blockio;
        char *iotune;
        DiskTarget target;
        bool readonly;
        bool shareable;
        char *transient; /* subtree, kept */
        char *serial;
        char *wwn;
        char *vendor;
        char *product;
        DeviceInfo info;
} Disk;

typedef struct ControllerDriver {
        Kept kept;
        Number queues;
        Number cmd_per_lun;
        Number max_sectors;
        Switch ioeventfd;
        Number iothread;
        VirtioOptions virtio;
} ControllerDriver;

typedef struct ControllerModel {
        Kept kept;
        char *name; /* QEMU's device name: "pcie-root-port" */
} ControllerModel;

typedef struct ControllerTarget {
        Kept kept;
        Number chassis_nr;
        Number chassis;
        Number port;
        Number bus_nr;
        Number index;
        Switch hotplug;
} ControllerTarget;

typedef struct UsbMaster {
        Kept kept;
        Number start_port;
} UsbMaster;

typedef struct Controller {
        Kept kept;
        ControllerType type;
        Number index;
        /* "pci-root", "pcie-root", "pcie-root-port", "qemu-xhci", "virtio-scsi", ...: the words
         * depend on the type and are the driver's to know. */
        char *model;
        Number ports;   /* usb, virtio-serial */
        Number vectors; /* virtio-serial */
        ControllerDriver driver;
        UsbMaster master;          /* usb */
        ControllerModel pci_model; /* pci: <model name=''/> */
        ControllerTarget target;   /* pci */
        DeviceInfo info;
} Controller;

typedef struct InterfaceMac {
        Kept kept;
        char *address; /* "52:54:00:xx:xx:xx", lower case */
} InterfaceMac;

/* Which fields there are depends on interface/@type: user has none, bridge has bridge, network has
 * network and portgroup (and, live, bridge), direct has dev and mode; the others' are in kept. */
typedef struct InterfaceSource {
        Kept kept;
        char *network;
        char *portgroup;
        char *bridge;
        char *dev;
        char *mode;
} InterfaceSource;

typedef struct InterfaceScript {
        Kept kept;
        char *path;
} InterfaceScript;

typedef struct InterfaceTarget {
        Kept kept;
        char *dev; /* the tap's name; names "vnet..." are live only */
        Switch managed;
} InterfaceTarget;

typedef struct InterfaceModel {
        Kept kept;
        char *type; /* "virtio", "e1000", "rtl8139", ...: a device of the hypervisor */
} InterfaceModel;

typedef struct InterfaceDriver {
        Kept kept; /* host and guest offloads */
        InterfaceDriverName name;
        char *txmode;
        Switch ioeventfd;
        Switch event_idx;
        Number queues;
        Number rx_queue_size;
        Number tx_queue_size;
        VirtioOptions virtio;
} InterfaceDriver;

typedef struct InterfaceLink {
        Kept kept;
        LinkState state;
} InterfaceLink;

typedef struct InterfaceMtu {
        Kept kept;
        Number size;
} InterfaceMtu;

typedef struct InterfaceDevice {
        Kept kept;
        InterfaceType type;
        Switch trust_guest_rx_filters;
        InterfaceMac mac;
        InterfaceSource source;
        char *vlan; /* subtrees, kept */
        char *virtualport;
        char *bandwidth;
        InterfaceScript script;
        InterfaceScript downscript;
        InterfaceTarget target;
        InterfaceModel model;
        InterfaceDriver driver;
        char *guest; /* subtrees, kept */
        char *backend;
        char *filterref;
        InterfaceLink link;
        InterfaceMtu mtu;
        char *coalesce; /* subtree, kept */
        DeviceInfo info;
} InterfaceDevice;

typedef struct PathSource {
        Kept kept;
        char *path; /* live for a pty: the slave's name */
        Switch append;
} PathSource;

typedef struct UnixSource {
        Kept kept;
        char *path; /* NULL: the driver chooses, as for the guest agent's channel */
        ChardevMode mode;
} UnixSource;

typedef struct TcpSource {
        Kept kept;
        char *host;
        char *service;
        ChardevMode mode;
        Switch tls;
} TcpSource;

typedef struct ChardevProtocol {
        Kept kept;
        ChardevProtocolType type;
} ChardevProtocol;

typedef struct ChardevLog {
        Kept kept;
        char *file;
        Switch append;
} ChardevLog;

typedef struct ChardevTargetModel {
        Kept kept;
        char *name; /* "isa-serial" */
} ChardevTargetModel;

typedef struct ChardevTarget {
        Kept kept; /* of guestfwd: address and port as text */
        ChardevTargetType type;
        Number port;              /* serial, parallel, console */
        char *name;               /* channel */
        ChannelState state;       /* channel, live */
        ChardevTargetModel model; /* serial */
} ChardevTarget;

/* <serial>, <parallel>, <console> and <channel>. `type` says which member counts: path for pty,
 * dev, file and pipe; null, stdio and vc have none; the source of the others is in kept. */
typedef struct Chardev {
        Kept kept;
        ChardevType type;
        char *tty; /* console, live: the same as path.path of a pty */
        union {
                PathSource path;
                UnixSource unix_;
                struct {
                        TcpSource source;
                        ChardevProtocol protocol;
                } tcp;
        };
        ChardevLog log;
        ChardevTarget target;
        DeviceInfo info;
} Chardev;

typedef struct GraphicsListen {
        Kept kept;
        ListenType type;
        char *address;
        char *network;
        char *socket;
} GraphicsListen;

typedef struct VncGraphics {
        Number port; /* -1 and absent: chosen at start, as with autoport='yes' */
        Switch autoport;
        Number websocket; /* -1: chosen at start */
        char *socket;     /* a path, the old form of <listen type='socket'/> */
        char *listen;     /* an address, the old form of <listen type='address'/> */
        char *keymap;
        VncSharePolicy share_policy;
        Switch power_control;
        PasswordConnected connected;
} VncGraphics;

/* vnc counts where type is GRAPHICS_VNC; of the other types the attributes and children are in
 * kept. */
typedef struct Graphics {
        Kept kept;
        GraphicsType type;
        VncGraphics vnc;
        char *passwd; /* written with DOMAIN_XML_SECURE only */
        char *passwd_valid_to;
        GraphicsListen **listens;
        size_t n_listens;
        Alias alias;
} Graphics;

typedef struct VideoAcceleration {
        Kept kept;
        Switch accel2d;
        Switch accel3d;
        char *rendernode;
} VideoAcceleration;

typedef struct VideoResolution {
        Kept kept;
        Number x;
        Number y;
} VideoResolution;

typedef struct VideoModel {
        Kept kept;
        VideoType type;
        Number ram; /* KiB, as are the next three */
        Number vram;
        Number vram64;
        Number vgamem;
        Number heads;
        Switch primary;
        Switch blob;
        VideoAcceleration acceleration;
        VideoResolution resolution;
} VideoModel;

typedef struct VideoDriver {
        Kept kept;
        char *name;
        char *vgaconf;
        VirtioOptions virtio;
} VideoDriver;

typedef struct Video {
        Kept kept;
        VideoDriver driver;
        VideoModel model;
        DeviceInfo info;
} Video;

typedef struct Input {
        Kept kept; /* source of passthrough and evdev */
        InputType type;
        InputBus bus;
        VirtioModel model;
        VirtioDriver driver;
        DeviceInfo info;
} Input;

typedef struct Sound {
        Kept kept; /* codecs, audio backend */
        SoundModel model;
        DeviceInfo info;
} Sound;

typedef struct RngRate {
        Kept kept;
        Number bytes;
        Number period; /* ms */
} RngRate;

typedef struct RngBackend {
        Kept kept; /* the source of egd */
        RngBackendModel model;
        char *path; /* the text: the file of random */
} RngBackend;

typedef struct Rng {
        Kept kept;
        VirtioModel model;
        RngRate rate;
        RngBackend backend;
        VirtioDriver driver;
        DeviceInfo info;
} Rng;

typedef struct MemballoonStats {
        Kept kept;
        Number period; /* s */
} MemballoonStats;

typedef struct Memballoon {
        Kept kept;
        MemballoonModel model;
        Switch autodeflate;
        Switch free_page_reporting;
        MemballoonStats stats;
        VirtioDriver driver;
        DeviceInfo info;
} Memballoon;

typedef struct Watchdog {
        Kept kept;
        WatchdogModel model;
        WatchdogAction action;
        DeviceInfo info;
} Watchdog;

/* A device of a kind that is not bound: hostdev, filesystem, tpm, ... All but info is in kept. */
typedef struct OtherDevice {
        Kept kept;
        char *name; /* of the element */
        DeviceInfo info;
} OtherDevice;

typedef struct Devices {
        Kept kept;
        char *emulator;
        Disk **disks;
        size_t n_disks;
        Controller **controllers;
        size_t n_controllers;
        InterfaceDevice **interfaces;
        size_t n_interfaces;
        Chardev **serials;
        size_t n_serials;
        Chardev **parallels;
        size_t n_parallels;
        /* As in libvirt the first console of a full virtualization guest is the first serial port,
         * seen again. */
        Chardev **consoles;
        size_t n_consoles;
        Chardev **channels;
        size_t n_channels;
        Input **inputs;
        size_t n_inputs;
        Graphics **graphics;
        size_t n_graphics;
        Sound **sounds;
        size_t n_sounds;
        Video **videos;
        size_t n_videos;
        Watchdog **watchdogs;
        size_t n_watchdogs;
        Memballoon *memballoon;
        Rng **rngs;
        size_t n_rngs;
        OtherDevice **others;
        size_t n_others;
} Devices;

/* ---- the domain ----------------------------------------------------------------------------- */

typedef struct DomainConfig {
        Kept kept; /* also xmlns:qemu and <qemu:commandline> */
        VirtType type;
        Number id; /* live */
        char *name;
        char *uuid; /* 36 characters, lower case */
        char *genid;
        char *title;
        char *description;
        char *metadata; /* the subtree; see domain_config_metadata_get() */
        MemorySize max_memory;
        MemorySize memory;
        MemorySize current_memory;
        char *blkiotune; /* subtrees, kept; a driver that does not know them has to refuse them */
        char *memtune;
        char *memory_backing;
        Vcpu vcpu;
        char *vcpus;
        Number iothreads;
        char *iothreadids;
        char *cputune;
        char *numatune;
        char *resource;
        char *sysinfo;
        char *bootloader;
        char *bootloader_args;
        Os os;
        Features features;
        Cpu cpu;
        Clock clock;
        LifecycleAction on_poweroff;
        LifecycleAction on_reboot;
        LifecycleAction on_crash;
        char *on_lockfailure;
        Pm pm;
        Devices devices;
        char *launch_security;
} DomainConfig;

/* libvirt's VIR_DOMAIN_XML_*; given to parse, INACTIVE means that what is live only is ignored. */
enum {
        DOMAIN_XML_SECURE = 1 << 0, /* write passwords */
        DOMAIN_XML_INACTIVE =
                1 << 1, /* leave out what is live only: id, aliases, names of ptys, ... */
        DOMAIN_XML_UPDATE_CPU = 1 << 2, /* the driver's to do before it formats */
        DOMAIN_XML_MIGRATABLE = 1 << 3
};

/* *ret is what the document says and no more. The name is there and has no '/' or newline. */
int domain_config_parse(const char *xml, unsigned flags, DomainConfig **ret, GError **error);

/* The same of name, uuid, title, description, memory, vcpu and os alone, in a third of the time:
 * for a thousand definitions at once, which this wrote itself. The rest has to be well formed. */
int domain_config_parse_head(const char *xml, DomainConfig **ret, GError **error);

/* Only name and uuid, streaming, to authorize before anything else is done with the document.
 * ret_uuid may be NULL; *ret_uuid is NULL where the document has none. Refuses and accepts what
 * parse does as far as these two go. */
int domain_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error);

/* The document, as `virsh dumpxml` orders and indents it. Never fails. */
char *domain_config_format(const DomainConfig *config, unsigned flags);

DomainConfig *domain_config_copy(const DomainConfig *config);
void domain_config_free(DomainConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainConfig, domain_config_free)

/* The element of <metadata> in namespace `uri`, as a document of its own (to be freed), or NULL
 * with NO_DOMAIN_METADATA. */
char *domain_config_metadata_get(const DomainConfig *config, const char *uri, GError **error);

/* Replaces it by the element `xml`, which is put in namespace `uri` with the prefix `key`; NULL
 * removes it. */
int domain_config_metadata_set(
        DomainConfig *config, const char *key, const char *uri, const char *xml, GError **error);

/* What a driver knows and defaults need. A callback returns what is to be freed, or NULL where
 * there is nothing to be said. All members may be NULL. */
typedef struct DomainDefaults {
        const char *arch; /* of a domain that names none: the host's */
        /* The full name of a machine type ("q35" -> "pc-q35-7.2"); machine NULL asks for the
         * default one. NULL with an error set is an arch or machine that there is not. */
        char *(*machine)(
                void *data, VirtType type, const char *arch, const char *machine, GError **error);
        /* The emulator of a domain that names none. */
        char *(*emulator)(void *data, VirtType type, const char *arch);
        void *data;
        /* The CPU model of an x86 domain that names none ("qemu64"). */
        const char *cpu_model;
        /* Add the devices that QEMU's machines come with, and give each device its address. */
        bool qemu_devices;
} DomainDefaults;

/* Fills in what the document leaves open, as libvirt does. Idempotent. May fail where two addresses
 * collide, a target name has no bus, a machine is unknown; config is then good for nothing but
 * domain_config_free(). */
int domain_config_defaults(DomainConfig *config, const DomainDefaults *defaults, GError **error);

/* Whether the document makes sense as a whole; to be called after defaults. */
int domain_config_validate(const DomainConfig *config, GError **error);

/* ---- for drivers ---------------------------------------------------------------------------- */

/* The controller of that type and index, or NULL. */
Controller *domain_config_controller(
        const DomainConfig *config, ControllerType type, unsigned index);

/* The disk with that target/@dev, or NULL. */
Disk *domain_config_disk(const DomainConfig *config, const char *dev);

/* The info of each device in turn, with the name of its element; a visitor that does not return 0
 * ends the walk with its value. Graphics has no info but an alias and is not visited. */
typedef int (*DeviceVisit)(DeviceInfo *info, const char *kind, void *device, void *data);
int domain_config_each_device(const DomainConfig *config, DeviceVisit visit, void *data);

/* A new empty device at the end of its list, owned by the config. */
Controller *domain_config_add_controller(
        DomainConfig *config, ControllerType type, unsigned index, const char *model);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The other devices of a guest. */

#include "drivers/model/domain-chardev.h"
#include "drivers/model/domain-interface.h"

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
        Number node; /* of the guest's NUMA */
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
        Number ports;            /* usb, virtio-serial */
        Number vectors;          /* virtio-serial */
        Number max_grant_frames; /* xenbus */
        Number max_event_channels;
        ControllerDriver driver;
        UsbMaster master;          /* usb */
        ControllerModel pci_model; /* pci: <model name=''/> */
        ControllerTarget target;   /* pci */
        Number pcihole64;          /* pci: KiB */
        DeviceInfo info;
} Controller;

typedef struct InputSource {
        Kept kept;
        char *path; /* @evdev of passthrough, @dev of evdev */
        char *grab; /* "all" */
        Switch repeat;
        char *grab_toggle;
} InputSource;

typedef struct Input {
        Kept kept;
        InputType type;
        InputBus bus;
        VirtioModel model;
        VirtioDriver driver;
        InputSource source;
        DeviceInfo info;
} Input;

typedef struct RngRate {
        Kept kept;
        Number bytes;
        Number period; /* ms */
} RngRate;

typedef struct RngBackend {
        Kept kept;
        RngBackendModel model;
        char *path;             /* the text: the file of random */
        ChardevBackend backend; /* egd */
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

typedef struct HostdevAdapter {
        Kept kept;
        char *name; /* "scsi_host0" */
} HostdevAdapter;

typedef struct HostdevHost {
        Kept kept;
        char *name;
        char *port;
} HostdevHost;

typedef struct UsbId {
        Kept kept;
        Number id;
} UsbId;

/* The place of a device on the host's bus; hostdev/@type says which fields it has. */
typedef struct HostdevAddress {
        Kept kept;
        HostAddress pci;
        Number bus; /* usb, scsi */
        Number device;
        char *port;    /* usb */
        Number target; /* scsi */
        Number unit;
        char *uuid; /* mdev */
} HostdevAddress;

typedef struct HostdevSource {
        Kept kept;
        HostAddress pci; /* pci */
        Switch write_filtering;
        StartupPolicy startup_policy; /* usb */
        char *guest_reset;
        UsbId vendor;
        UsbId product;
        HostdevAddress address; /* usb, scsi, mdev */
        char *protocol;         /* scsi: "adapter", "iscsi"; scsi_host: "vhost" */
        HostdevAdapter adapter;
        char *name;
        HostdevHost **hosts;
        size_t n_hosts;
        DiskAuth *auth;
        DiskInitiator *initiator;
        char *wwpn;      /* scsi_host */
        char *block;     /* storage */
        char *char_;     /* misc */
        char *interface; /* net */
} HostdevSource;

/* A device of the host, given to the guest. */
typedef struct Hostdev {
        Kept kept;
        HostdevMode mode;
        HostdevType type;
        Switch managed;
        char *model;
        Switch display;
        Switch ramfb;
        Switch rawio;
        char *sgio;
        char *driver; /* driver/@name: "vfio", "kvm", "xen" */
        HostdevSource source;
        InterfaceTeaming *teaming;
        InterfaceIp **ips;
        size_t n_ips;
        InterfaceRoute **routes;
        size_t n_routes;
        bool readonly;
        bool shareable;
        DeviceInfo info;
} Hostdev;

typedef struct FilesystemDriver {
        Kept kept;
        char *type; /* "path", "handle", "loop", "nbd", "ploop", "virtiofs" */
        DiskFormat format;
        char *wrpolicy;
        Number queue;
        VirtioOptions virtio;
} FilesystemDriver;

typedef struct FilesystemLock {
        Kept kept;
        Switch posix;
        Switch flock;
} FilesystemLock;

/* Of virtiofsd. */
typedef struct FilesystemBinary {
        Kept kept;
        char *path;
        Switch xattr;
        char *cache;   /* cache/@mode */
        char *sandbox; /* sandbox/@mode */
        FilesystemLock lock;
        Number thread_pool; /* thread_pool/@size */
} FilesystemBinary;

typedef struct FilesystemSource {
        Kept kept;
        char *path; /* @dir, @file or @dev */
        char *name; /* template */
        char *socket;
        char *pool; /* volume */
        char *volume;
        Number usage; /* ram: in KiB */
        char *units;
} FilesystemSource;

typedef struct FilesystemTarget {
        Kept kept;
        char *dir; /* a path of a container, a tag elsewhere */
} FilesystemTarget;

typedef struct Filesystem {
        Kept kept;
        FilesystemType type;
        char *accessmode;
        char *fmode; /* octal */
        char *dmode;
        char *multidevs;
        VirtioModel model;
        FilesystemDriver driver;
        FilesystemBinary binary;
        FilesystemSource source;
        FilesystemTarget target;
        bool readonly;
        Number space_hard_limit; /* bytes */
        Number space_soft_limit;
        DeviceInfo info;
} Filesystem;

typedef struct LeaseTarget {
        Kept kept;
        char *path;
        Number offset;
} LeaseTarget;

typedef struct Lease {
        Kept kept;
        char *lockspace;
        char *key;
        LeaseTarget target;
} Lease;

typedef struct Hub {
        Kept kept;
        char *type; /* "usb" */
        DeviceInfo info;
} Hub;

typedef struct TpmBanks {
        Kept kept;
        bool sha1;
        bool sha256;
        bool sha384;
        bool sha512;
} TpmBanks;

typedef struct TpmSource {
        Kept kept;
        char *type; /* "unix" */
        char *mode; /* "connect" */
        char *path;
} TpmSource;

typedef struct TpmBackend {
        Kept kept;
        TpmBackendType type;
        char *version;
        Switch persistent_state;
        char *device; /* device/@path */
        char *secret; /* encryption/@secret: a UUID */
        TpmBanks *active_pcr_banks;
        TpmSource source;
} TpmBackend;

typedef struct Tpm {
        Kept kept;
        char *model;
        TpmBackend backend;
        DeviceInfo info;
} Tpm;

typedef struct MemoryDeviceSource {
        Kept kept;
        char *path;
        Number pagesize; /* KiB, as is alignsize */
        Number alignsize;
        char *nodemask;
        bool pmem;
} MemoryDeviceSource;

typedef struct MemoryLabel {
        Kept kept;
        Number size; /* KiB */
} MemoryLabel;

typedef struct MemoryDeviceTarget {
        Kept kept;
        Number size; /* KiB, as are the others */
        Number node;
        MemoryLabel label;
        bool readonly;
        Number block;
        Number requested;
        Number current; /* live */
} MemoryDeviceTarget;

typedef struct MemoryDevice {
        Kept kept;
        MemoryModel model;
        char *access;
        Switch discard;
        char *uuid;
        MemoryDeviceSource source;
        MemoryDeviceTarget target;
        DeviceInfo info;
} MemoryDevice;

typedef struct ShmemMsi {
        Kept kept;
        Switch enabled;
        Number vectors;
        Switch ioeventfd;
} ShmemMsi;

typedef struct ShmemServer {
        Kept kept;
        char *path;
} ShmemServer;

typedef struct Shmem {
        Kept kept;
        char *name;
        char *role;  /* "master", "peer" */
        char *model; /* model/@type */
        Number size; /* MiB */
        ShmemServer *server;
        ShmemMsi *msi;
        DeviceInfo info;
} Shmem;

typedef struct IommuDriver {
        Kept kept;
        Switch intremap;
        Switch caching_mode;
        Switch eim;
        Switch iotlb;
        Number aw_bits;
} IommuDriver;

typedef struct Iommu {
        Kept kept;
        char *model;
        IommuDriver driver;
        DeviceInfo info;
} Iommu;

typedef struct VsockCid {
        Kept kept;
        Switch auto_;
        Number address;
} VsockCid;

typedef struct Vsock {
        Kept kept;
        VirtioModel model;
        VsockCid cid;
        VirtioDriver driver;
        DeviceInfo info;
} Vsock;

typedef struct CryptoBackend {
        Kept kept;
        char *model; /* "builtin", "lkcf" */
        Number queues;
} CryptoBackend;

typedef struct Crypto {
        Kept kept;
        char *model;
        char *type;
        CryptoBackend backend;
        VirtioDriver driver;
        DeviceInfo info;
} Crypto;

typedef struct Panic {
        Kept kept;
        char *model;
        DeviceInfo info;
} Panic;

typedef struct Nvram {
        Kept kept;
        DeviceInfo info;
} Nvram;

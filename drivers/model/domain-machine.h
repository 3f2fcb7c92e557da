/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The machine of a domain: memory, processors, firmware, features, clock, power. */

#include "drivers/model/domain-disk.h"

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
        Kept kept;
        char *path; /* the text: there is no type then */
        char *template;
        DiskType type;
        DiskSource source;
} OsNvram;

typedef struct FirmwareFeature {
        Kept kept;
        Switch enabled;
        char *name; /* "secure-boot", "enrolled-keys" */
} FirmwareFeature;

/* What a firmware that is chosen has to have. */
typedef struct FirmwareFeatures {
        Kept kept;
        FirmwareFeature **features;
        size_t n_features;
} FirmwareFeatures;

typedef struct OsInitArg {
        Kept kept;
        char *text;
} OsInitArg;

typedef struct OsInitEnv {
        Kept kept;
        char *name;
        char *value; /* the text */
} OsInitEnv;

typedef struct AcpiTable {
        Kept kept;
        char *type; /* "slic" */
        char *path; /* the text */
} AcpiTable;

typedef struct OsAcpi {
        Kept kept;
        AcpiTable **tables;
        size_t n_tables;
} OsAcpi;

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
        FirmwareFeatures *firmware_features;
        char *init; /* of a container, as the rest up to initgroup */
        OsInitArg **initargs;
        size_t n_initargs;
        OsInitEnv **initenvs;
        size_t n_initenvs;
        char *initdir;
        char *inituser;
        char *initgroup;
        OsLoader loader;
        OsNvram nvram;
        char *kernel;
        char *initrd;
        char *cmdline;
        char *dtb;
        OsAcpi *acpi;
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

typedef struct KvmDirtyRing {
        Kept kept;
        Switch state;
        Number size;
} KvmDirtyRing;

typedef struct KvmFeatures {
        Kept kept;
        StateElement hidden;
        StateElement hint_dedicated;
        StateElement poll_control;
        StateElement pv_ipi;
        KvmDirtyRing dirty_ring;
} KvmFeatures;

typedef struct XenPassthrough {
        Kept kept;
        Switch state;
        char *mode; /* "sync_pt", "share_pt" */
} XenPassthrough;

typedef struct XenFeatures {
        Kept kept;
        StateElement e820_host;
        XenPassthrough passthrough;
} XenFeatures;

typedef struct TcgFeatures {
        Kept kept;
        Number tb_cache; /* bytes */
} TcgFeatures;

typedef struct SmmFeature {
        Kept kept;
        Switch state;
        Number tseg; /* bytes */
} SmmFeature;

typedef struct HptFeature {
        Kept kept;
        char *resizing;
        Number maxpagesize; /* KiB */
} HptFeature;

/* What a container's root may do. */
typedef struct Capability {
        Kept kept;
        char *name; /* of the element: capability_words has them all */
        Switch state;
} Capability;

typedef struct CapabilityFeature {
        Kept kept;
        char *policy; /* "default", "allow", "deny" */
        Capability **capabilities;
        size_t n_capabilities;
} CapabilityFeature;

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
        bool viridian;
        bool privnet;
        StateElement pvspinlock;
        CapabilityFeature *capabilities;
        StateElement *pmu; /* there without a state is on */
        StateElement vmport;
        GicFeature *gic;
        SmmFeature *smm; /* there without a state is on */
        IoapicFeature ioapic;
        HptFeature *hpt;
        StateElement *vmcoreinfo; /* there without a state is on */
        StateElement htm;
        StateElement nested_hv;
        char *msrs_unknown; /* "ignore", "fault" */
        StateElement ccf_assist;
        XenFeatures *xen;
        char *cfpc; /* mitigations: "broken", "workaround", "fixed..." */
        char *sbbc;
        char *ibs;
        TcgFeatures *tcg;
        Switch async_teardown;
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

typedef struct CpuCache {
        Kept kept;
        Number level;
        char *mode; /* "emulate", "passthrough", "disable" */
} CpuCache;

typedef struct CpuMaxPhysAddr {
        Kept kept;
        char *mode; /* "emulate", "passthrough" */
        Number bits;
        Number limit;
} CpuMaxPhysAddr;

typedef struct NumaSibling {
        Kept kept;
        Number id;
        Number value; /* the distance */
} NumaSibling;

typedef struct NumaDistances {
        Kept kept;
        NumaSibling **siblings;
        size_t n_siblings;
} NumaDistances;

typedef struct NumaSize {
        Kept kept;
        Number bytes;
} NumaSize;

typedef struct NumaCache {
        Kept kept;
        Number level;
        char *associativity;
        char *policy;
        NumaSize size;
        NumaSize line;
} NumaCache;

typedef struct NumaCell {
        Kept kept;
        Number id;
        char *cpus;
        Number memory; /* KiB */
        char *mem_access;
        Switch discard;
        NumaDistances *distances;
        NumaCache **caches;
        size_t n_caches;
} NumaCell;

/* <latency> in ns, <bandwidth> in KiB/s. */
typedef struct NumaInterconnect {
        Kept kept;
        Number initiator;
        Number target;
        Number cache;
        char *type; /* "access", "read", "write" */
        Number value;
} NumaInterconnect;

typedef struct NumaInterconnects {
        Kept kept;
        NumaInterconnect **latencies;
        size_t n_latencies;
        NumaInterconnect **bandwidths;
        size_t n_bandwidths;
} NumaInterconnects;

typedef struct CpuNuma {
        Kept kept;
        NumaCell **cells;
        size_t n_cells;
        NumaInterconnects *interconnects;
} CpuNuma;

typedef struct Cpu {
        Kept kept;
        CpuMode mode;
        CpuMatch match;
        CpuCheck check;
        Switch migratable;
        CpuModel model;
        char *vendor;
        CpuTopology topology;
        CpuCache *cache;
        CpuMaxPhysAddr *maxphysaddr;
        CpuNuma *numa;
        CpuFeature **features;
        size_t n_features;
} Cpu;

typedef struct TimerCatchup {
        Kept kept;
        Number threshold;
        Number slew;
        Number limit;
} TimerCatchup;

typedef struct Timer {
        Kept kept;
        TimerName name;
        Switch present;
        TimerTickPolicy tickpolicy;
        TimerTrack track;
        Number frequency; /* Hz */
        char *mode;       /* tsc: "auto", "native", "emulate", "paravirt", "smpsafe" */
        TimerCatchup catchup;
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

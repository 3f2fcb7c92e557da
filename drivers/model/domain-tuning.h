/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the host grants a domain, how it is confined and what is measured of it. Sets of processors
 * and nodes are text: "0-3,^2". */

#include "drivers/model/domain-names.h"
#include "drivers/model/value.h"

typedef struct BlkioDevice {
        Kept kept;
        char *path;
        Number weight;
        Number read_iops; /* per second, as are the next three */
        Number write_iops;
        Number read_bytes;
        Number write_bytes;
} BlkioDevice;

typedef struct Blkiotune {
        Kept kept;
        Number weight;
        BlkioDevice **devices;
        size_t n_devices;
} Blkiotune;

/* KiB */
typedef struct Memtune {
        Kept kept;
        Number hard_limit;
        Number soft_limit;
        Number min_guarantee;
        Number swap_hard_limit;
} Memtune;

typedef struct HugePage {
        Kept kept;
        Number size; /* KiB */
        char *nodeset;
} HugePage;

typedef struct HugePages {
        Kept kept;
        HugePage **pages;
        size_t n_pages;
} HugePages;

typedef struct MemoryAllocation {
        Kept kept;
        char *mode; /* "immediate", "ondemand" */
        Number threads;
} MemoryAllocation;

typedef struct MemoryBacking {
        Kept kept;
        HugePages *hugepages;
        bool nosharepages;
        bool locked;
        char *source; /* source/@type: "file", "anonymous", "memfd" */
        char *access; /* access/@mode: "shared", "private" */
        MemoryAllocation allocation;
        bool discard;
} MemoryBacking;

typedef struct VcpuState {
        Kept kept;
        Number id;
        Switch enabled;
        Switch hotpluggable;
        Number order;
} VcpuState;

typedef struct Vcpus {
        Kept kept;
        VcpuState **vcpus;
        size_t n_vcpus;
} Vcpus;

typedef struct Iothread {
        Kept kept;
        Number id;
        Number thread_pool_min;
        Number thread_pool_max;
} Iothread;

typedef struct Iothreads {
        Kept kept;
        Iothread **iothreads;
        size_t n_iothreads;
} Iothreads;

typedef struct DefaultIothread {
        Kept kept;
        Number thread_pool_min;
        Number thread_pool_max;
} DefaultIothread;

/* Of a vCPU, or of an I/O thread. */
typedef struct ThreadPin {
        Kept kept;
        Number id;
        char *cpuset;
} ThreadPin;

typedef struct ThreadScheduler {
        Kept kept;
        char *ids; /* @vcpus or @iothreads; none of the emulator */
        char *scheduler;
        Number priority;
} ThreadScheduler;

typedef struct ResourceMonitor {
        Kept kept;
        Number level; /* of a cache */
        char *vcpus;
} ResourceMonitor;

typedef struct CacheAllocation {
        Kept kept;
        Number id;
        Number level;
        char *type;  /* "both", "code", "data" */
        Number size; /* bytes */
} CacheAllocation;

typedef struct Cachetune {
        Kept kept;
        char *vcpus;
        char *id; /* live */
        CacheAllocation **caches;
        size_t n_caches;
        ResourceMonitor **monitors;
        size_t n_monitors;
} Cachetune;

typedef struct MemoryAllowance {
        Kept kept;
        Number id;
        Number bandwidth;
} MemoryAllowance;

typedef struct Memorytune {
        Kept kept;
        char *vcpus;
        MemoryAllowance **nodes;
        size_t n_nodes;
        ResourceMonitor **monitors;
        size_t n_monitors;
} Memorytune;

/* Periods and quotas in us; a quota of -1 is none. */
typedef struct Cputune {
        Kept kept;
        Number shares;
        Number period;
        Number quota;
        Number global_period;
        Number global_quota;
        Number emulator_period;
        Number emulator_quota;
        Number iothread_period;
        Number iothread_quota;
        ThreadPin **vcpupins;
        size_t n_vcpupins;
        char *emulatorpin; /* emulatorpin/@cpuset */
        ThreadPin **iothreadpins;
        size_t n_iothreadpins;
        ThreadScheduler **vcpuscheds;
        size_t n_vcpuscheds;
        ThreadScheduler **iothreadscheds;
        size_t n_iothreadscheds;
        ThreadScheduler *emulatorsched;
        Cachetune **cachetunes;
        size_t n_cachetunes;
        Memorytune **memorytunes;
        size_t n_memorytunes;
} Cputune;

typedef struct NumaMemory {
        Kept kept;
        NumaMode mode;
        char *nodeset;
        VcpuPlacement placement;
} NumaMemory;

typedef struct NumaMemoryNode {
        Kept kept;
        Number cellid;
        NumaMode mode;
        char *nodeset;
} NumaMemoryNode;

typedef struct Numatune {
        Kept kept;
        NumaMemory *memory;
        NumaMemoryNode **memnodes;
        size_t n_memnodes;
} Numatune;

typedef struct Resource {
        Kept kept;
        char *partition; /* a path of the control groups */
        char *appid;     /* fibrechannel/@appid */
} Resource;

typedef struct SysinfoEntry {
        Kept kept;
        char *name;
        char *file;  /* fwcfg */
        char *value; /* the text */
} SysinfoEntry;

typedef struct SysinfoTable {
        Kept kept;
        SysinfoEntry **entries;
        size_t n_entries;
} SysinfoTable;

typedef struct Sysinfo {
        Kept kept;
        SysinfoType type;
        SysinfoTable *bios; /* smbios, up to oem_strings */
        SysinfoTable *system;
        SysinfoTable **base_boards;
        size_t n_base_boards;
        SysinfoTable *chassis;
        SysinfoTable *oem_strings;
        SysinfoEntry **entries; /* fwcfg */
        size_t n_entries;
} Sysinfo;

typedef struct IdMapEntry {
        Kept kept;
        Number start;
        Number target;
        Number count;
} IdMapEntry;

typedef struct IdMap {
        Kept kept;
        IdMapEntry **uids;
        size_t n_uids;
        IdMapEntry **gids;
        size_t n_gids;
} IdMap;

typedef struct PerfEvent {
        Kept kept;
        char *name;
        Switch enabled;
} PerfEvent;

typedef struct Perf {
        Kept kept;
        PerfEvent **events;
        size_t n_events;
} Perf;

typedef struct Seclabel {
        Kept kept;
        SeclabelType type;
        char *model; /* "selinux", "apparmor", "dac", "none" */
        Switch relabel;
        char *label;
        char *imagelabel; /* live */
        char *baselabel;
} Seclabel;

typedef struct KeywrapCipher {
        Kept kept;
        char *name; /* "aes", "dea" */
        Switch state;
} KeywrapCipher;

typedef struct Keywrap {
        Kept kept;
        KeywrapCipher **ciphers;
        size_t n_ciphers;
} Keywrap;

typedef struct LaunchSecurity {
        Kept kept;
        LaunchSecurityType type;
        Switch kernel_hashes; /* sev, as all that follow */
        Number cbitpos;
        Number reduced_phys_bits;
        Number policy;
        char *dh_cert;
        char *session;
} LaunchSecurity;

/* The set that "0-3,^2" is, as libvirt writes it: "0-1,3". NULL for what is none, or empty. */
char *number_set_normalize(const char *text);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/domain-tables.h"

/* What the host grants a domain, in the order in which libvirt writes it. */

/* As many processors or nodes as libvirt counts. */
#define MAX_NUMBER 16384

/* A number at *p, which is moved behind it; -1 where there is none. */
static int set_number(const char **p)
{
        char *end;
        guint64 value;

        while (g_ascii_isspace(**p))
                (*p)++;
        if (!g_ascii_isdigit(**p))
                return -1;
        value = g_ascii_strtoull(*p, &end, 10);
        *p = end;
        while (g_ascii_isspace(**p))
                (*p)++;
        return value < MAX_NUMBER ? (int)value : -1;
}

static int set_parse(const char *text, bool members[static MAX_NUMBER])
{
        const char *p = text;

        for (;;) {
                int first, last;
                bool without;

                while (g_ascii_isspace(*p))
                        p++;
                without = *p == '^';
                p += without;
                first = last = set_number(&p);
                if (first >= 0 && *p == '-' && !without) {
                        p++;
                        last = set_number(&p);
                }
                if (first < 0 || last < first)
                        return -1;
                memset(members + first, !without, (size_t)(last - first + 1) * sizeof(bool));
                if (!*p)
                        return 0;
                if (*p++ != ',')
                        return -1;
        }
}

char *number_set_normalize(const char *text)
{
        g_autofree bool *members = g_new0(bool, MAX_NUMBER);
        g_autoptr(GString) set = NULL;

        if (set_parse(text, members) < 0)
                return NULL;
        set = g_string_new(NULL);
        for (int i = 0; i < MAX_NUMBER; i++) {
                int first = i;

                if (!members[i])
                        continue;
                while (i + 1 < MAX_NUMBER && members[i + 1])
                        i++;
                g_string_append_printf(set, "%s%d", set->len ? "," : "", first);
                if (i > first)
                        g_string_append_printf(set, "-%d", i);
        }
        return set->len ? g_string_free(g_steal_pointer(&set), FALSE) : NULL;
}

/* ---- memory and blocks ---------------------------------------------------------------------- */

static const BindRow blkio_device_rows[] = {
        ELEMENT("path", BlkioDevice, path, STRING, REQUIRED),
        ELEMENT("weight", BlkioDevice, weight, NUMBER(0, UINT32_MAX)),
        ELEMENT("read_iops_sec", BlkioDevice, read_iops, NUMBER(0, UINT32_MAX)),
        ELEMENT("write_iops_sec", BlkioDevice, write_iops, NUMBER(0, UINT32_MAX)),
        ELEMENT("read_bytes_sec", BlkioDevice, read_bytes, NUMBER(0, INT64_MAX)),
        ELEMENT("write_bytes_sec", BlkioDevice, write_bytes, NUMBER(0, INT64_MAX)),
        BIND_END,
};
static const BindType blkio_device_type = BIND_TYPE(BlkioDevice, blkio_device_rows);

static const BindRow blkiotune_rows[] = {
        ELEMENT("weight", Blkiotune, weight, NUMBER(0, UINT32_MAX)),
        LIST("device", Blkiotune, devices, blkio_device_type),
        BIND_END,
};
const BindType blkiotune_type = BIND_TYPE(Blkiotune, blkiotune_rows);

static const BindRow memtune_rows[] = {
        ELEMENT("hard_limit", Memtune, hard_limit, SIZE(1024, KIB_MAX)),
        ELEMENT("soft_limit", Memtune, soft_limit, SIZE(1024, KIB_MAX)),
        ELEMENT("min_guarantee", Memtune, min_guarantee, SIZE(1024, KIB_MAX)),
        ELEMENT("swap_hard_limit", Memtune, swap_hard_limit, SIZE(1024, KIB_MAX)),
        BIND_END,
};
const BindType memtune_type = BIND_TYPE(Memtune, memtune_rows);

static const BindRow huge_page_rows[] = {
        ATTRIBUTE("size", HugePage, size, SIZE(1024, KIB_MAX), REQUIRED),
        ATTRIBUTE("nodeset", HugePage, nodeset, NUMBER_SET),
        BIND_END,
};
static const BindType huge_page_type = BIND_TYPE(HugePage, huge_page_rows);

static const BindRow huge_pages_rows[] = {
        LIST("page", HugePages, pages, huge_page_type),
        BIND_END,
};
static const BindType huge_pages_type = BIND_TYPE(HugePages, huge_pages_rows);

static const BindRow allocation_rows[] = {
        ATTRIBUTE("mode", MemoryAllocation, mode, WORDS("immediate, ondemand")),
        ATTRIBUTE("threads", MemoryAllocation, threads, NUMBER(1, UINT32_MAX)),
        BIND_END,
};
static const BindType allocation_type = BIND_TYPE(MemoryAllocation, allocation_rows);

static const BindRow memory_backing_rows[] = {
        POINTER("hugepages", MemoryBacking, hugepages, huge_pages_type),
        FLAG("nosharepages", MemoryBacking, nosharepages),
        FLAG("locked", MemoryBacking, locked),
        LEAF("source", "type", MemoryBacking, source, WORDS("file, anonymous, memfd")),
        LEAF("access", "mode", MemoryBacking, access, WORDS("shared, private")),
        CHILD("allocation", MemoryBacking, allocation, allocation_type),
        FLAG("discard", MemoryBacking, discard),
        BIND_END,
};
const BindType memory_backing_type = BIND_TYPE(MemoryBacking, memory_backing_rows);

/* ---- processors ----------------------------------------------------------------------------- */

static const BindRow vcpu_state_rows[] = {
        ATTRIBUTE("id", VcpuState, id, NUMBER(0, UINT16_MAX), REQUIRED),
        ATTRIBUTE("enabled", VcpuState, enabled, YES_NO, REQUIRED),
        ATTRIBUTE("hotpluggable", VcpuState, hotpluggable, YES_NO),
        ATTRIBUTE("order", VcpuState, order, NUMBER(1, UINT16_MAX)),
        BIND_END,
};
static const BindType vcpu_state_type = BIND_TYPE(VcpuState, vcpu_state_rows);

static const BindRow vcpus_rows[] = {
        LIST("vcpu", Vcpus, vcpus, vcpu_state_type),
        BIND_END,
};
const BindType vcpus_type = BIND_TYPE(Vcpus, vcpus_rows);

static const BindRow iothread_rows[] = {
        ATTRIBUTE("id", Iothread, id, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("thread_pool_min", Iothread, thread_pool_min, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("thread_pool_max", Iothread, thread_pool_max, NUMBER(0, INT32_MAX)),
        BIND_END,
};
static const BindType iothread_type = BIND_TYPE(Iothread, iothread_rows);

static const BindRow iothreads_rows[] = {
        LIST("iothread", Iothreads, iothreads, iothread_type),
        BIND_END,
};
const BindType iothreads_type = BIND_TYPE(Iothreads, iothreads_rows);

static const BindRow default_iothread_rows[] = {
        ATTRIBUTE("thread_pool_min", DefaultIothread, thread_pool_min, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("thread_pool_max", DefaultIothread, thread_pool_max, NUMBER(0, INT32_MAX)),
        BIND_END,
};
const BindType default_iothread_type = BIND_TYPE(DefaultIothread, default_iothread_rows);

static const BindRow vcpu_pin_rows[] = {
        ATTRIBUTE("vcpu", ThreadPin, id, NUMBER(0, UINT16_MAX), REQUIRED),
        ATTRIBUTE("cpuset", ThreadPin, cpuset, NUMBER_SET, REQUIRED),
        BIND_END,
};
static const BindRow iothread_pin_rows[] = {
        ATTRIBUTE("iothread", ThreadPin, id, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("cpuset", ThreadPin, cpuset, NUMBER_SET, REQUIRED),
        BIND_END,
};
static const BindType vcpu_pin_type = BIND_TYPE(ThreadPin, vcpu_pin_rows);
static const BindType iothread_pin_type = BIND_TYPE(ThreadPin, iothread_pin_rows);

#define SCHEDULER_ROWS                                                                            \
        ATTRIBUTE("scheduler", ThreadScheduler, scheduler, WORDS("other, batch, idle, fifo, rr"), \
                REQUIRED),                                                                        \
                ATTRIBUTE("priority", ThreadScheduler, priority, NUMBER(0, UINT16_MAX)), BIND_END

static const BindRow vcpu_scheduler_rows[] = {
        ATTRIBUTE("vcpus", ThreadScheduler, ids, NUMBER_SET, REQUIRED),
        SCHEDULER_ROWS,
};
static const BindRow iothread_scheduler_rows[] = {
        ATTRIBUTE("iothreads", ThreadScheduler, ids, NUMBER_SET, REQUIRED),
        SCHEDULER_ROWS,
};
static const BindRow emulator_scheduler_rows[] = { SCHEDULER_ROWS };
static const BindType vcpu_scheduler_type = BIND_TYPE(ThreadScheduler, vcpu_scheduler_rows);
static const BindType iothread_scheduler_type = BIND_TYPE(ThreadScheduler, iothread_scheduler_rows);
static const BindType emulator_scheduler_type = BIND_TYPE(ThreadScheduler, emulator_scheduler_rows);

static const BindRow monitor_rows[] = {
        ATTRIBUTE("level", ResourceMonitor, level, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("vcpus", ResourceMonitor, vcpus, NUMBER_SET, REQUIRED),
        BIND_END,
};
static const BindType monitor_type = BIND_TYPE(ResourceMonitor, monitor_rows);

static const BindRow cache_allocation_rows[] = {
        ATTRIBUTE("id", CacheAllocation, id, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("level", CacheAllocation, level, NUMBER(1, UINT32_MAX), REQUIRED),
        ATTRIBUTE("type", CacheAllocation, type, WORDS("both, code, data"), REQUIRED),
        ATTRIBUTE("size", CacheAllocation, size, SIZE(1, INT64_MAX), REQUIRED),
        BIND_END,
};
static const BindType cache_allocation_type = BIND_TYPE(CacheAllocation, cache_allocation_rows);

static const BindRow cachetune_rows[] = {
        ATTRIBUTE("vcpus", Cachetune, vcpus, NUMBER_SET, REQUIRED),
        ATTRIBUTE("id", Cachetune, id, STRING, LIVE),
        LIST("cache", Cachetune, caches, cache_allocation_type),
        LIST("monitor", Cachetune, monitors, monitor_type),
        BIND_END,
};
static const BindType cachetune_type = BIND_TYPE(Cachetune, cachetune_rows);

static const BindRow memory_allowance_rows[] = {
        ATTRIBUTE("id", MemoryAllowance, id, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("bandwidth", MemoryAllowance, bandwidth, NUMBER(0, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType memory_allowance_type = BIND_TYPE(MemoryAllowance, memory_allowance_rows);

static const BindRow memorytune_rows[] = {
        ATTRIBUTE("vcpus", Memorytune, vcpus, NUMBER_SET, REQUIRED),
        LIST("node", Memorytune, nodes, memory_allowance_type),
        LIST("monitor", Memorytune, monitors, monitor_type),
        BIND_END,
};
static const BindType memorytune_type = BIND_TYPE(Memorytune, memorytune_rows);

#define PERIOD NUMBER(1000, 1000000)
#define QUOTA NUMBER(-1, 17592186044415)

static const BindRow cputune_rows[] = {
        ELEMENT("shares", Cputune, shares, NUMBER(0, INT64_MAX)),
        ELEMENT("period", Cputune, period, PERIOD),
        ELEMENT("quota", Cputune, quota, QUOTA),
        ELEMENT("global_period", Cputune, global_period, PERIOD),
        ELEMENT("global_quota", Cputune, global_quota, QUOTA),
        ELEMENT("emulator_period", Cputune, emulator_period, PERIOD),
        ELEMENT("emulator_quota", Cputune, emulator_quota, QUOTA),
        ELEMENT("iothread_period", Cputune, iothread_period, PERIOD),
        ELEMENT("iothread_quota", Cputune, iothread_quota, QUOTA),
        LIST("vcpupin", Cputune, vcpupins, vcpu_pin_type),
        LEAF("emulatorpin", "cpuset", Cputune, emulatorpin, NUMBER_SET, REQUIRED),
        LIST("iothreadpin", Cputune, iothreadpins, iothread_pin_type),
        POINTER("emulatorsched", Cputune, emulatorsched, emulator_scheduler_type),
        LIST("vcpusched", Cputune, vcpuscheds, vcpu_scheduler_type),
        LIST("iothreadsched", Cputune, iothreadscheds, iothread_scheduler_type),
        LIST("cachetune", Cputune, cachetunes, cachetune_type),
        LIST("memorytune", Cputune, memorytunes, memorytune_type),
        BIND_END,
};
const BindType cputune_type = BIND_TYPE(Cputune, cputune_rows);

/* ---- NUMA and groups ------------------------------------------------------------------------ */

static const BindRow numa_memory_rows[] = {
        ATTRIBUTE("mode", NumaMemory, mode, ENUM(numa_mode_names)),
        ATTRIBUTE("nodeset", NumaMemory, nodeset, NUMBER_SET),
        ATTRIBUTE("placement", NumaMemory, placement, ENUM(vcpu_placement_names)),
        BIND_END,
};
static const BindType numa_memory_type = BIND_TYPE(NumaMemory, numa_memory_rows);

static const BindRow numa_memory_node_rows[] = {
        ATTRIBUTE("cellid", NumaMemoryNode, cellid, NUMBER(0, UINT16_MAX), REQUIRED),
        ATTRIBUTE("mode", NumaMemoryNode, mode, ENUM(numa_mode_names)),
        ATTRIBUTE("nodeset", NumaMemoryNode, nodeset, NUMBER_SET, REQUIRED),
        BIND_END,
};
static const BindType numa_memory_node_type = BIND_TYPE(NumaMemoryNode, numa_memory_node_rows);

static const BindRow numatune_rows[] = {
        POINTER("memory", Numatune, memory, numa_memory_type),
        LIST("memnode", Numatune, memnodes, numa_memory_node_type),
        BIND_END,
};
const BindType numatune_type = BIND_TYPE(Numatune, numatune_rows);

static const BindRow resource_rows[] = {
        ELEMENT("partition", Resource, partition, STRING),
        LEAF("fibrechannel", "appid", Resource, appid, STRING),
        BIND_END,
};
const BindType resource_type = BIND_TYPE(Resource, resource_rows);

/* ---- sysinfo -------------------------------------------------------------------------------- */

/* The names that an entry may have depend on its table. */
#define ENTRY_TYPE(prefix, name_value)                                                            \
        static const BindRow prefix##_entry_rows[] = {                                            \
                ATTRIBUTE("name", SysinfoEntry, name, name_value, REQUIRED),                      \
                TEXT(SysinfoEntry, value, STRING),                                                \
                BIND_END,                                                                         \
        };                                                                                        \
        static const BindType prefix##_entry_type = BIND_TYPE(SysinfoEntry, prefix##_entry_rows); \
        static const BindRow prefix##_rows[] = {                                                  \
                LIST("entry", SysinfoTable, entries, prefix##_entry_type),                        \
                BIND_END,                                                                         \
        };                                                                                        \
        static const BindType prefix##_type = BIND_TYPE(SysinfoTable, prefix##_rows)

ENTRY_TYPE(bios, WORDS("vendor, version, date, release"));
ENTRY_TYPE(system, WORDS("manufacturer, product, version, serial, uuid, sku, family"));
ENTRY_TYPE(base_board, WORDS("manufacturer, product, version, serial, asset, location"));
ENTRY_TYPE(chassis, WORDS("manufacturer, version, serial, asset, sku"));

static const BindRow oem_entry_rows[] = {
        TEXT(SysinfoEntry, value, STRING),
        BIND_END,
};
static const BindType oem_entry_type = BIND_TYPE(SysinfoEntry, oem_entry_rows);
static const BindRow oem_strings_rows[] = {
        LIST("entry", SysinfoTable, entries, oem_entry_type),
        BIND_END,
};
static const BindType oem_strings_type = BIND_TYPE(SysinfoTable, oem_strings_rows);

static const BindRow fwcfg_entry_rows[] = {
        ATTRIBUTE("name", SysinfoEntry, name, STRING, REQUIRED),
        ATTRIBUTE("file", SysinfoEntry, file, STRING),
        TEXT(SysinfoEntry, value, STRING),
        BIND_END,
};
static const BindType fwcfg_entry_type = BIND_TYPE(SysinfoEntry, fwcfg_entry_rows);

static const BindRow smbios_rows[] = {
        POINTER("bios", Sysinfo, bios, bios_type),
        POINTER("system", Sysinfo, system, system_type),
        LIST("baseBoard", Sysinfo, base_boards, base_board_type),
        POINTER("chassis", Sysinfo, chassis, chassis_type),
        POINTER("oemStrings", Sysinfo, oem_strings, oem_strings_type),
        BIND_END,
};
static const BindRow fwcfg_rows[] = {
        LIST("entry", Sysinfo, entries, fwcfg_entry_type),
        BIND_END,
};
static const BindCase sysinfo_cases[] = {
        { SYSINFO_SMBIOS, smbios_rows },
        { SYSINFO_FWCFG, fwcfg_rows },
        {},
};
static const BindRow sysinfo_rows[] = {
        ATTRIBUTE("type", Sysinfo, type, ENUM(sysinfo_type_names), REQUIRED),
        CASES(Sysinfo, type, sysinfo_cases),
        BIND_END,
};
const BindType sysinfo_type = BIND_TYPE(Sysinfo, sysinfo_rows);

/* ---- confinement and measure ---------------------------------------------------------------- */

static const BindRow id_map_entry_rows[] = {
        ATTRIBUTE("start", IdMapEntry, start, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("target", IdMapEntry, target, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("count", IdMapEntry, count, NUMBER(0, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType id_map_entry_type = BIND_TYPE(IdMapEntry, id_map_entry_rows);

static const BindRow id_map_rows[] = {
        LIST("uid", IdMap, uids, id_map_entry_type),
        LIST("gid", IdMap, gids, id_map_entry_type),
        BIND_END,
};
const BindType id_map_type = BIND_TYPE(IdMap, id_map_rows);

static const BindRow perf_event_rows[] = {
        ATTRIBUTE("name", PerfEvent, name,
                WORDS("cmt, mbmt, mbml, cpu_cycles, instructions, cache_references, cache_misses, "
                      "branch_instructions, branch_misses, bus_cycles, stalled_cycles_frontend, "
                      "stalled_cycles_backend, ref_cpu_cycles, cpu_clock, task_clock, page_faults, "
                      "context_switches, cpu_migrations, page_faults_min, page_faults_maj, "
                      "alignment_faults, emulation_faults"),
                REQUIRED),
        ATTRIBUTE("enabled", PerfEvent, enabled, YES_NO, REQUIRED),
        BIND_END,
};
static const BindType perf_event_type = BIND_TYPE(PerfEvent, perf_event_rows);

static const BindRow perf_rows[] = {
        LIST("event", Perf, events, perf_event_type),
        BIND_END,
};
const BindType perf_type = BIND_TYPE(Perf, perf_rows);

static const BindRow seclabel_rows[] = {
        ATTRIBUTE("type", Seclabel, type, ENUM(seclabel_type_names)),
        ATTRIBUTE("model", Seclabel, model, STRING),
        ATTRIBUTE("relabel", Seclabel, relabel, YES_NO),
        ELEMENT("label", Seclabel, label, STRING),
        ELEMENT("imagelabel", Seclabel, imagelabel, STRING, LIVE),
        ELEMENT("baselabel", Seclabel, baselabel, STRING),
        BIND_END,
};
const BindType seclabel_type = BIND_TYPE(Seclabel, seclabel_rows);

static const BindRow keywrap_cipher_rows[] = {
        ATTRIBUTE("name", KeywrapCipher, name, WORDS("aes, dea"), REQUIRED),
        ATTRIBUTE("state", KeywrapCipher, state, ON_OFF, REQUIRED),
        BIND_END,
};
static const BindType keywrap_cipher_type = BIND_TYPE(KeywrapCipher, keywrap_cipher_rows);

static const BindRow keywrap_rows[] = {
        LIST("cipher", Keywrap, ciphers, keywrap_cipher_type),
        BIND_END,
};
const BindType keywrap_type = BIND_TYPE(Keywrap, keywrap_rows);

static const BindRow sev_rows[] = {
        ATTRIBUTE("kernelHashes", LaunchSecurity, kernel_hashes, YES_NO),
        ELEMENT("cbitpos", LaunchSecurity, cbitpos, NUMBER(0, UINT32_MAX)),
        ELEMENT("reducedPhysBits", LaunchSecurity, reduced_phys_bits, NUMBER(0, UINT32_MAX)),
        ELEMENT("policy", LaunchSecurity, policy, HEX(4, UINT32_MAX), REQUIRED),
        ELEMENT("dhCert", LaunchSecurity, dh_cert, STRING),
        ELEMENT("session", LaunchSecurity, session, STRING),
        BIND_END,
};
static const BindCase launch_security_cases[] = {
        { LAUNCH_SECURITY_SEV, sev_rows },
        {},
};
static const BindRow launch_security_rows[] = {
        ATTRIBUTE("type", LaunchSecurity, type, ENUM(launch_security_names), REQUIRED),
        CASES(LaunchSecurity, type, launch_security_cases),
        BIND_END,
};
const BindType launch_security_type = BIND_TYPE(LaunchSecurity, launch_security_rows);

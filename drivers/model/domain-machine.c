/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* All of a domain but its devices, in the order in which libvirt writes it. */

static const BindRow memory_rows[] = {
        ATTRIBUTE("slots", MemorySize, slots, NUMBER(1, UINT32_MAX)),
        TEXT(MemorySize, kib, SIZE(1024, KIB_MAX)),
        ATTRIBUTE("dumpCore", MemorySize, dump_core, ON_OFF),
        BIND_END,
};
static const BindType memory_type = BIND_TYPE(MemorySize, memory_rows);

static const BindRow vcpu_rows[] = {
        ATTRIBUTE("placement", Vcpu, placement, ENUM(vcpu_placement_names)),
        ATTRIBUTE("cpuset", Vcpu, cpuset, NUMBER_SET),
        ATTRIBUTE("current", Vcpu, current, NUMBER(1, UINT16_MAX)),
        TEXT(Vcpu, count, NUMBER(1, UINT16_MAX)),
        BIND_END,
};
static const BindType vcpu_type = BIND_TYPE(Vcpu, vcpu_rows);

/* ---- os ------------------------------------------------------------------------------------- */

static const BindRow os_type_rows[] = {
        ATTRIBUTE("arch", OsType, arch, STRING),
        ATTRIBUTE("machine", OsType, machine, STRING),
        TEXT(OsType, name, STRING),
        BIND_END,
};
static const BindType os_type_type = BIND_TYPE(OsType, os_type_rows);

static const BindRow loader_rows[] = {
        ATTRIBUTE("readonly", OsLoader, readonly, YES_NO),
        ATTRIBUTE("secure", OsLoader, secure, YES_NO),
        ATTRIBUTE("type", OsLoader, type, ENUM(loader_type_names)),
        ATTRIBUTE("stateless", OsLoader, stateless, YES_NO),
        TEXT(OsLoader, path, STRING),
        BIND_END,
};
static const BindType loader_type = BIND_TYPE(OsLoader, loader_rows);

static const BindRow nvram_path_rows[] = {
        TEXT(OsNvram, path, STRING),
        BIND_END,
};
SOURCE_CASES(nvram, OsNvram, nvram_path_rows);

static const BindRow nvram_rows[] = {
        ATTRIBUTE("template", OsNvram, template, STRING),
        ATTRIBUTE("type", OsNvram, type, ENUM(disk_type_names)),
        CASES(OsNvram, type, nvram_cases),
        BIND_END,
};
static const BindType nvram_type = BIND_TYPE(OsNvram, nvram_rows);

static const BindRow firmware_feature_rows[] = {
        ATTRIBUTE("enabled", FirmwareFeature, enabled, YES_NO, REQUIRED),
        ATTRIBUTE("name", FirmwareFeature, name, WORDS("enrolled-keys, secure-boot"), REQUIRED),
        BIND_END,
};
static const BindType firmware_feature_type = BIND_TYPE(FirmwareFeature, firmware_feature_rows);

static const BindRow firmware_features_rows[] = {
        LIST("feature", FirmwareFeatures, features, firmware_feature_type),
        BIND_END,
};
static const BindType firmware_features_type = BIND_TYPE(FirmwareFeatures, firmware_features_rows);

static const BindRow init_arg_rows[] = {
        TEXT(OsInitArg, text, STRING),
        BIND_END,
};
static const BindType init_arg_type = BIND_TYPE(OsInitArg, init_arg_rows);

static const BindRow init_env_rows[] = {
        ATTRIBUTE("name", OsInitEnv, name, STRING, REQUIRED),
        TEXT(OsInitEnv, value, STRING),
        BIND_END,
};
static const BindType init_env_type = BIND_TYPE(OsInitEnv, init_env_rows);

static const BindRow acpi_table_rows[] = {
        ATTRIBUTE("type", AcpiTable, type, WORDS("slic"), REQUIRED),
        TEXT(AcpiTable, path, STRING),
        BIND_END,
};
static const BindType acpi_table_type = BIND_TYPE(AcpiTable, acpi_table_rows);

static const BindRow os_acpi_rows[] = {
        LIST("table", OsAcpi, tables, acpi_table_type),
        BIND_END,
};
static const BindType os_acpi_type = BIND_TYPE(OsAcpi, os_acpi_rows);

static const BindRow os_boot_rows[] = {
        ATTRIBUTE("dev", OsBoot, dev, ENUM(boot_device_names), REQUIRED),
        BIND_END,
};
static const BindType os_boot_type = BIND_TYPE(OsBoot, os_boot_rows);

static const BindRow bootmenu_rows[] = {
        ATTRIBUTE("enable", OsBootMenu, enable, YES_NO),
        ATTRIBUTE("timeout", OsBootMenu, timeout, NUMBER(0, UINT16_MAX)),
        BIND_END,
};
static const BindType bootmenu_type = BIND_TYPE(OsBootMenu, bootmenu_rows);

static const BindRow bios_rows[] = {
        ATTRIBUTE("useserial", OsBios, use_serial, YES_NO),
        ATTRIBUTE("rebootTimeout", OsBios, reboot_timeout, NUMBER(-1, UINT16_MAX)),
        BIND_END,
};
static const BindType bios_type = BIND_TYPE(OsBios, bios_rows);

static const BindRow smbios_rows[] = {
        ATTRIBUTE("mode", OsSmbios, mode, ENUM(smbios_mode_names), REQUIRED),
        BIND_END,
};
static const BindType smbios_type = BIND_TYPE(OsSmbios, smbios_rows);

static const BindRow os_rows[] = {
        ATTRIBUTE("firmware", Os, firmware, ENUM(os_firmware_names)),
        CHILD("type", Os, type, os_type_type),
        POINTER("firmware", Os, firmware_features, firmware_features_type),
        REST,
        ELEMENT("init", Os, init, STRING),
        LIST("initarg", Os, initargs, init_arg_type),
        LIST("initenv", Os, initenvs, init_env_type),
        ELEMENT("initdir", Os, initdir, STRING),
        ELEMENT("inituser", Os, inituser, STRING),
        ELEMENT("initgroup", Os, initgroup, STRING),
        CHILD("loader", Os, loader, loader_type),
        CHILD("nvram", Os, nvram, nvram_type),
        ELEMENT("kernel", Os, kernel, STRING),
        ELEMENT("initrd", Os, initrd, STRING),
        ELEMENT("cmdline", Os, cmdline, STRING),
        ELEMENT("dtb", Os, dtb, STRING),
        POINTER("acpi", Os, acpi, os_acpi_type),
        LIST("boot", Os, boots, os_boot_type),
        CHILD("bootmenu", Os, bootmenu, bootmenu_type),
        CHILD("bios", Os, bios, bios_type),
        CHILD("smbios", Os, smbios, smbios_type),
        BIND_END,
};
static const BindType os_type = BIND_TYPE(Os, os_rows);

/* ---- features ------------------------------------------------------------------------------- */

static const BindRow state_rows[] = {
        ATTRIBUTE("state", StateElement, state, ON_OFF),
        BIND_END,
};
static const BindType state_type = BIND_TYPE(StateElement, state_rows);

static const BindRow apic_rows[] = {
        ATTRIBUTE("eoi", ApicFeature, eoi, ON_OFF),
        BIND_END,
};
static const BindType apic_type = BIND_TYPE(ApicFeature, apic_rows);

static const BindRow spinlocks_rows[] = {
        ATTRIBUTE("state", HypervSpinlocks, state, ON_OFF),
        ATTRIBUTE("retries", HypervSpinlocks, retries, NUMBER(4095, UINT32_MAX)),
        BIND_END,
};
static const BindType spinlocks_type = BIND_TYPE(HypervSpinlocks, spinlocks_rows);

static const BindRow stimer_rows[] = {
        ATTRIBUTE("state", HypervStimer, state, ON_OFF),
        CHILD("direct", HypervStimer, direct, state_type),
        BIND_END,
};
static const BindType stimer_type = BIND_TYPE(HypervStimer, stimer_rows);

static const BindRow vendor_id_rows[] = {
        ATTRIBUTE("state", HypervVendorId, state, ON_OFF),
        ATTRIBUTE("value", HypervVendorId, value, STRING),
        BIND_END,
};
static const BindType vendor_id_type = BIND_TYPE(HypervVendorId, vendor_id_rows);

static const BindRow hyperv_rows[] = {
        ATTRIBUTE("mode", HypervFeatures, mode, WORDS("custom, passthrough")),
        CHILD("relaxed", HypervFeatures, relaxed, state_type),
        CHILD("vapic", HypervFeatures, vapic, state_type),
        CHILD("spinlocks", HypervFeatures, spinlocks, spinlocks_type),
        CHILD("vpindex", HypervFeatures, vpindex, state_type),
        CHILD("runtime", HypervFeatures, runtime, state_type),
        CHILD("synic", HypervFeatures, synic, state_type),
        CHILD("stimer", HypervFeatures, stimer, stimer_type),
        CHILD("reset", HypervFeatures, reset, state_type),
        CHILD("vendor_id", HypervFeatures, vendor_id, vendor_id_type),
        CHILD("frequencies", HypervFeatures, frequencies, state_type),
        CHILD("reenlightenment", HypervFeatures, reenlightenment, state_type),
        CHILD("tlbflush", HypervFeatures, tlbflush, state_type),
        CHILD("ipi", HypervFeatures, ipi, state_type),
        CHILD("evmcs", HypervFeatures, evmcs, state_type),
        CHILD("avic", HypervFeatures, avic, state_type),
        BIND_END,
};
static const BindType hyperv_type = BIND_TYPE(HypervFeatures, hyperv_rows);

static const BindRow dirty_ring_rows[] = {
        ATTRIBUTE("state", KvmDirtyRing, state, ON_OFF),
        ATTRIBUTE("size", KvmDirtyRing, size, NUMBER(1024, 65536)),
        BIND_END,
};
static const BindType dirty_ring_type = BIND_TYPE(KvmDirtyRing, dirty_ring_rows);

static const BindRow kvm_rows[] = {
        CHILD("hidden", KvmFeatures, hidden, state_type),
        CHILD("hint-dedicated", KvmFeatures, hint_dedicated, state_type),
        CHILD("poll-control", KvmFeatures, poll_control, state_type),
        CHILD("pv-ipi", KvmFeatures, pv_ipi, state_type),
        CHILD("dirty-ring", KvmFeatures, dirty_ring, dirty_ring_type),
        BIND_END,
};
static const BindType kvm_type = BIND_TYPE(KvmFeatures, kvm_rows);

static const BindRow ioapic_rows[] = {
        ATTRIBUTE("driver", IoapicFeature, driver, ENUM(ioapic_driver_names), REQUIRED),
        BIND_END,
};
static const BindType ioapic_type = BIND_TYPE(IoapicFeature, ioapic_rows);

static const BindRow gic_rows[] = {
        ATTRIBUTE("version", GicFeature, version, WORDS("host, 2, 3")),
        BIND_END,
};
static const BindType gic_type = BIND_TYPE(GicFeature, gic_rows);

static const BindRow xen_passthrough_rows[] = {
        ATTRIBUTE("state", XenPassthrough, state, ON_OFF),
        ATTRIBUTE("mode", XenPassthrough, mode, WORDS("sync_pt, share_pt")),
        BIND_END,
};
static const BindType xen_passthrough_type = BIND_TYPE(XenPassthrough, xen_passthrough_rows);

static const BindRow xen_rows[] = {
        CHILD("e820_host", XenFeatures, e820_host, state_type),
        CHILD("passthrough", XenFeatures, passthrough, xen_passthrough_type),
        BIND_END,
};
static const BindType xen_type = BIND_TYPE(XenFeatures, xen_rows);

static const BindRow tcg_rows[] = {
        ELEMENT("tb-cache", TcgFeatures, tb_cache, SIZE(1, INT64_MAX)),
        BIND_END,
};
static const BindType tcg_type = BIND_TYPE(TcgFeatures, tcg_rows);

static const BindRow smm_rows[] = {
        ATTRIBUTE("state", SmmFeature, state, ON_OFF),
        ELEMENT("tseg", SmmFeature, tseg, SIZE(1, INT64_MAX)),
        BIND_END,
};
static const BindType smm_type = BIND_TYPE(SmmFeature, smm_rows);

static const BindRow hpt_rows[] = {
        ATTRIBUTE("resizing", HptFeature, resizing, WORDS("enabled, disabled, required")),
        ELEMENT("maxpagesize", HptFeature, maxpagesize, SIZE(1024, KIB_MAX)),
        BIND_END,
};
static const BindType hpt_type = BIND_TYPE(HptFeature, hpt_rows);

static const BindRow capability_rows[] = {
        ATTRIBUTE("state", Capability, state, ON_OFF),
        BIND_END,
};
static const BindType capability_type = {
        .size = sizeof(Capability),
        .rows = capability_rows,
        .name_offset = offsetof(Capability, name),
};
static const BindRow capability_feature_rows[] = {
        ATTRIBUTE("policy", CapabilityFeature, policy, WORDS("default, allow, deny")),
        ANY(CapabilityFeature, capabilities, capability_type),
        BIND_END,
};
const BindType capability_feature_type = BIND_TYPE(CapabilityFeature, capability_feature_rows);

#define MITIGATIONS "broken, workaround, fixed"

static const BindRow features_rows[] = {
        FLAG("acpi", Features, acpi),
        POINTER("apic", Features, apic, apic_type),
        FLAG("pae", Features, pae),
        POINTER("hap", Features, hap, state_type),
        FLAG("viridian", Features, viridian),
        FLAG("privnet", Features, privnet),
        POINTER("hyperv", Features, hyperv, hyperv_type),
        CHILD("kvm", Features, kvm, kvm_type),
        CHILD("pvspinlock", Features, pvspinlock, state_type),
        POINTER("capabilities", Features, capabilities, capability_feature_type),
        POINTER("pmu", Features, pmu, state_type),
        CHILD("vmport", Features, vmport, state_type),
        POINTER("gic", Features, gic, gic_type),
        POINTER("smm", Features, smm, smm_type),
        CHILD("ioapic", Features, ioapic, ioapic_type),
        POINTER("hpt", Features, hpt, hpt_type),
        POINTER("vmcoreinfo", Features, vmcoreinfo, state_type),
        CHILD("htm", Features, htm, state_type),
        CHILD("nested-hv", Features, nested_hv, state_type),
        LEAF("msrs", "unknown", Features, msrs_unknown, WORDS("ignore, fault"), REQUIRED),
        CHILD("ccf-assist", Features, ccf_assist, state_type),
        POINTER("xen", Features, xen, xen_type),
        LEAF("cfpc", "value", Features, cfpc, WORDS(MITIGATIONS), REQUIRED),
        LEAF("sbbc", "value", Features, sbbc, WORDS(MITIGATIONS), REQUIRED),
        LEAF("ibs", "value", Features, ibs,
                WORDS("broken, workaround, fixed-ibs, fixed-ccd, fixed-na"), REQUIRED),
        POINTER("tcg", Features, tcg, tcg_type),
        LEAF("async-teardown", "enabled", Features, async_teardown, YES_NO, REQUIRED),
        BIND_END,
};
static const BindType features_type = BIND_TYPE(Features, features_rows);

/* ---- cpu ------------------------------------------------------------------------------------ */

static const BindRow cpu_model_rows[] = {
        ATTRIBUTE("fallback", CpuModel, fallback, ENUM(cpu_fallback_names)),
        ATTRIBUTE("vendor_id", CpuModel, vendor_id, STRING),
        TEXT(CpuModel, name, STRING),
        BIND_END,
};
static const BindType cpu_model_type = BIND_TYPE(CpuModel, cpu_model_rows);

static const BindRow topology_rows[] = {
        ATTRIBUTE("sockets", CpuTopology, sockets, NUMBER(1, UINT16_MAX), REQUIRED),
        ATTRIBUTE("dies", CpuTopology, dies, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("cores", CpuTopology, cores, NUMBER(1, UINT16_MAX), REQUIRED),
        ATTRIBUTE("threads", CpuTopology, threads, NUMBER(1, UINT16_MAX), REQUIRED),
        BIND_END,
};
static const BindType topology_type = BIND_TYPE(CpuTopology, topology_rows);

static const BindRow cpu_feature_rows[] = {
        ATTRIBUTE("policy", CpuFeature, policy, ENUM(cpu_policy_names)),
        ATTRIBUTE("name", CpuFeature, name, STRING, REQUIRED),
        BIND_END,
};
static const BindType cpu_feature_type = BIND_TYPE(CpuFeature, cpu_feature_rows);

static const BindRow cpu_cache_rows[] = {
        ATTRIBUTE("level", CpuCache, level, NUMBER(1, 3)),
        ATTRIBUTE("mode", CpuCache, mode, WORDS("emulate, passthrough, disable"), REQUIRED),
        BIND_END,
};
static const BindType cpu_cache_type = BIND_TYPE(CpuCache, cpu_cache_rows);

static const BindRow maxphysaddr_rows[] = {
        ATTRIBUTE("mode", CpuMaxPhysAddr, mode, WORDS("emulate, passthrough"), REQUIRED),
        ATTRIBUTE("bits", CpuMaxPhysAddr, bits, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("limit", CpuMaxPhysAddr, limit, NUMBER(0, INT32_MAX)),
        BIND_END,
};
static const BindType maxphysaddr_type = BIND_TYPE(CpuMaxPhysAddr, maxphysaddr_rows);

static const BindRow sibling_rows[] = {
        ATTRIBUTE("id", NumaSibling, id, NUMBER(0, UINT16_MAX), REQUIRED),
        ATTRIBUTE("value", NumaSibling, value, NUMBER(10, 255), REQUIRED),
        BIND_END,
};
static const BindType sibling_type = BIND_TYPE(NumaSibling, sibling_rows);

static const BindRow distances_rows[] = {
        LIST("sibling", NumaDistances, siblings, sibling_type),
        BIND_END,
};
static const BindType distances_type = BIND_TYPE(NumaDistances, distances_rows);

static const BindRow numa_size_rows[] = {
        ATTRIBUTE("value", NumaSize, bytes, SIZE(1, INT64_MAX), REQUIRED),
        BIND_END,
};
static const BindType numa_size_type = BIND_TYPE(NumaSize, numa_size_rows);

static const BindRow numa_cache_rows[] = {
        ATTRIBUTE("level", NumaCache, level, NUMBER(0, UINT32_MAX), REQUIRED),
        ATTRIBUTE("associativity", NumaCache, associativity, WORDS("none, direct, full"), REQUIRED),
        ATTRIBUTE("policy", NumaCache, policy, WORDS("none, writeback, writethrough"), REQUIRED),
        CHILD("size", NumaCache, size, numa_size_type),
        CHILD("line", NumaCache, line, numa_size_type),
        BIND_END,
};
static const BindType numa_cache_type = BIND_TYPE(NumaCache, numa_cache_rows);

static const BindRow numa_cell_rows[] = {
        ATTRIBUTE("id", NumaCell, id, NUMBER(0, UINT16_MAX)),
        ATTRIBUTE("cpus", NumaCell, cpus, NUMBER_SET),
        ATTRIBUTE("memory", NumaCell, memory, SIZE(1024, KIB_MAX), REQUIRED),
        ATTRIBUTE("memAccess", NumaCell, mem_access, WORDS("shared, private")),
        ATTRIBUTE("discard", NumaCell, discard, YES_NO),
        POINTER("distances", NumaCell, distances, distances_type),
        LIST("cache", NumaCell, caches, numa_cache_type),
        BIND_END,
};
static const BindType numa_cell_type = BIND_TYPE(NumaCell, numa_cell_rows);

#define INTERCONNECT_ROWS                                                                       \
        ATTRIBUTE("initiator", NumaInterconnect, initiator, NUMBER(0, UINT16_MAX), REQUIRED),   \
                ATTRIBUTE("target", NumaInterconnect, target, NUMBER(0, UINT16_MAX), REQUIRED), \
                ATTRIBUTE("cache", NumaInterconnect, cache, NUMBER(0, UINT16_MAX)),             \
                ATTRIBUTE("type", NumaInterconnect, type, WORDS("access, read, write"), REQUIRED)

static const BindRow latency_rows[] = {
        INTERCONNECT_ROWS,
        ATTRIBUTE("value", NumaInterconnect, value, NUMBER(0, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindRow bandwidth_rows[] = {
        INTERCONNECT_ROWS,
        ATTRIBUTE("value", NumaInterconnect, value, SIZE(1024, KIB_MAX), REQUIRED),
        BIND_END,
};
static const BindType latency_type = BIND_TYPE(NumaInterconnect, latency_rows);
static const BindType bandwidth_type = BIND_TYPE(NumaInterconnect, bandwidth_rows);

static const BindRow interconnects_rows[] = {
        LIST("latency", NumaInterconnects, latencies, latency_type),
        LIST("bandwidth", NumaInterconnects, bandwidths, bandwidth_type),
        BIND_END,
};
static const BindType interconnects_type = BIND_TYPE(NumaInterconnects, interconnects_rows);

static const BindRow cpu_numa_rows[] = {
        LIST("cell", CpuNuma, cells, numa_cell_type),
        POINTER("interconnects", CpuNuma, interconnects, interconnects_type),
        BIND_END,
};
static const BindType cpu_numa_type = BIND_TYPE(CpuNuma, cpu_numa_rows);

static const BindRow cpu_rows[] = {
        ATTRIBUTE("mode", Cpu, mode, ENUM(cpu_mode_names)),
        ATTRIBUTE("match", Cpu, match, ENUM(cpu_match_names)),
        ATTRIBUTE("check", Cpu, check, ENUM(cpu_check_names)),
        ATTRIBUTE("migratable", Cpu, migratable, ON_OFF),
        CHILD("model", Cpu, model, cpu_model_type),
        ELEMENT("vendor", Cpu, vendor, STRING),
        CHILD("topology", Cpu, topology, topology_type),
        POINTER("cache", Cpu, cache, cpu_cache_type),
        POINTER("maxphysaddr", Cpu, maxphysaddr, maxphysaddr_type),
        LIST("feature", Cpu, features, cpu_feature_type),
        POINTER("numa", Cpu, numa, cpu_numa_type),
        BIND_END,
};
static const BindType cpu_type = BIND_TYPE(Cpu, cpu_rows);

/* ---- clock and power ------------------------------------------------------------------------ */

static const BindRow catchup_rows[] = {
        ATTRIBUTE("threshold", TimerCatchup, threshold, NUMBER(1, INT64_MAX)),
        ATTRIBUTE("slew", TimerCatchup, slew, NUMBER(1, INT64_MAX)),
        ATTRIBUTE("limit", TimerCatchup, limit, NUMBER(1, INT64_MAX)),
        BIND_END,
};
static const BindType catchup_type = BIND_TYPE(TimerCatchup, catchup_rows);

static const BindRow timer_rows[] = {
        ATTRIBUTE("name", Timer, name, ENUM(timer_names), REQUIRED),
        ATTRIBUTE("present", Timer, present, YES_NO),
        ATTRIBUTE("tickpolicy", Timer, tickpolicy, ENUM(timer_tickpolicy_names)),
        ATTRIBUTE("track", Timer, track, ENUM(timer_track_names)),
        ATTRIBUTE("frequency", Timer, frequency, NUMBER(1, INT64_MAX)),
        ATTRIBUTE("mode", Timer, mode, WORDS("auto, native, emulate, paravirt, smpsafe")),
        CHILD("catchup", Timer, catchup, catchup_type),
        BIND_END,
};
static const BindType timer_type = BIND_TYPE(Timer, timer_rows);

static const BindRow clock_rows[] = {
        ATTRIBUTE("offset", Clock, offset, ENUM(clock_offset_names)),
        ATTRIBUTE("adjustment", Clock, adjustment, STRING),
        ATTRIBUTE("basis", Clock, basis, ENUM(clock_basis_names)),
        ATTRIBUTE("timezone", Clock, timezone, STRING),
        ATTRIBUTE("start", Clock, start, NUMBER(0, INT64_MAX)),
        LIST("timer", Clock, timers, timer_type),
        BIND_END,
};
static const BindType clock_type = BIND_TYPE(Clock, clock_rows);

static const BindRow pm_state_rows[] = {
        ATTRIBUTE("enabled", PmState, enabled, YES_NO),
        BIND_END,
};
static const BindType pm_state_type = BIND_TYPE(PmState, pm_state_rows);

static const BindRow pm_rows[] = {
        CHILD("suspend-to-mem", Pm, suspend_to_mem, pm_state_type),
        CHILD("suspend-to-disk", Pm, suspend_to_disk, pm_state_type),
        BIND_END,
};
static const BindType pm_type = BIND_TYPE(Pm, pm_rows);

/* ---- the domain ----------------------------------------------------------------------------- */

static const BindRow domain_rows[] = {
        ATTRIBUTE("type", DomainConfig, type, ENUM(virt_type_names), REQUIRED),
        ATTRIBUTE("id", DomainConfig, id, NUMBER(-1, INT32_MAX), LIVE),
        ELEMENT("name", DomainConfig, name, STRING),
        ELEMENT("uuid", DomainConfig, uuid, STRING),
        ELEMENT("genid", DomainConfig, genid, STRING),
        ELEMENT("title", DomainConfig, title, STRING),
        ELEMENT("description", DomainConfig, description, STRING),
        SUBTREE("metadata", DomainConfig, metadata),
        CHILD("maxMemory", DomainConfig, max_memory, memory_type),
        CHILD("memory", DomainConfig, memory, memory_type),
        CHILD("currentMemory", DomainConfig, current_memory, memory_type),
        POINTER("blkiotune", DomainConfig, blkiotune, blkiotune_type),
        POINTER("memtune", DomainConfig, memtune, memtune_type),
        POINTER("memoryBacking", DomainConfig, memory_backing, memory_backing_type),
        CHILD("vcpu", DomainConfig, vcpu, vcpu_type),
        POINTER("vcpus", DomainConfig, vcpus, vcpus_type),
        ELEMENT("iothreads", DomainConfig, iothreads, NUMBER(0, UINT16_MAX)),
        POINTER("iothreadids", DomainConfig, iothreadids, iothreads_type),
        POINTER("defaultiothread", DomainConfig, default_iothread, default_iothread_type),
        POINTER("cputune", DomainConfig, cputune, cputune_type),
        POINTER("numatune", DomainConfig, numatune, numatune_type),
        POINTER("resource", DomainConfig, resource, resource_type),
        LIST("sysinfo", DomainConfig, sysinfos, sysinfo_type),
        ELEMENT("bootloader", DomainConfig, bootloader, STRING),
        ELEMENT("bootloader_args", DomainConfig, bootloader_args, STRING),
        CHILD("os", DomainConfig, os, os_type),
        POINTER("idmap", DomainConfig, idmap, id_map_type),
        CHILD("features", DomainConfig, features, features_type),
        CHILD("cpu", DomainConfig, cpu, cpu_type),
        CHILD("clock", DomainConfig, clock, clock_type),
        ELEMENT("on_poweroff", DomainConfig, on_poweroff, ENUM(lifecycle_names)),
        ELEMENT("on_reboot", DomainConfig, on_reboot, ENUM(lifecycle_names)),
        ELEMENT("on_crash", DomainConfig, on_crash, ENUM(lifecycle_names)),
        ELEMENT("on_lockfailure", DomainConfig, on_lockfailure,
                WORDS("poweroff, restart, pause, ignore")),
        CHILD("pm", DomainConfig, pm, pm_type),
        POINTER("perf", DomainConfig, perf, perf_type),
        CHILD("devices", DomainConfig, devices, devices_type),
        LIST("seclabel", DomainConfig, seclabels, seclabel_type),
        POINTER("keywrap", DomainConfig, keywrap, keywrap_type),
        POINTER("launchSecurity", DomainConfig, launch_security, launch_security_type),
        BIND_END,
};
const BindType domain_type = BIND_TYPE(DomainConfig, domain_rows);

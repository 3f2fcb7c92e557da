/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* All of a domain but its devices, in the order in which libvirt writes it. */

/* Of memory, in KiB: what libvirt's 64 bit counts of bytes can hold. */
#define MEMORY_MAX (INT64_MAX / 1024)

static const BindRow memory_rows[] = {
        ATTRIBUTE("slots", MemorySize, slots, NUMBER(1, UINT32_MAX)),
        TEXT(MemorySize, kib, SIZE(1024, MEMORY_MAX)),
        ATTRIBUTE("dumpCore", MemorySize, dump_core, ON_OFF),
        BIND_END,
};
static const BindType memory_type = BIND_TYPE(MemorySize, memory_rows);

static const BindRow vcpu_rows[] = {
        ATTRIBUTE("placement", Vcpu, placement, ENUM(vcpu_placement_names)),
        ATTRIBUTE("cpuset", Vcpu, cpuset, STRING),
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

static const BindRow nvram_rows[] = {
        ATTRIBUTE("template", OsNvram, template, STRING),
        ATTRIBUTE("type", OsNvram, type, STRING),
        TEXT(OsNvram, path, STRING),
        BIND_END,
};
static const BindType nvram_type = BIND_TYPE(OsNvram, nvram_rows);

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
        REST, /* <firmware>, init */
        CHILD("loader", Os, loader, loader_type),
        CHILD("nvram", Os, nvram, nvram_type),
        ELEMENT("kernel", Os, kernel, STRING),
        ELEMENT("initrd", Os, initrd, STRING),
        ELEMENT("cmdline", Os, cmdline, STRING),
        ELEMENT("dtb", Os, dtb, STRING),
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
        ATTRIBUTE("mode", HypervFeatures, mode, STRING),
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

static const BindRow kvm_rows[] = {
        CHILD("hidden", KvmFeatures, hidden, state_type),
        CHILD("hint-dedicated", KvmFeatures, hint_dedicated, state_type),
        CHILD("poll-control", KvmFeatures, poll_control, state_type),
        CHILD("pv-ipi", KvmFeatures, pv_ipi, state_type),
        BIND_END,
};
static const BindType kvm_type = BIND_TYPE(KvmFeatures, kvm_rows);

static const BindRow ioapic_rows[] = {
        ATTRIBUTE("driver", IoapicFeature, driver, ENUM(ioapic_driver_names), REQUIRED),
        BIND_END,
};
static const BindType ioapic_type = BIND_TYPE(IoapicFeature, ioapic_rows);

static const BindRow gic_rows[] = {
        ATTRIBUTE("version", GicFeature, version, STRING),
        BIND_END,
};
static const BindType gic_type = BIND_TYPE(GicFeature, gic_rows);

static const BindRow features_rows[] = {
        FLAG("acpi", Features, acpi),
        POINTER("apic", Features, apic, apic_type),
        FLAG("pae", Features, pae),
        POINTER("hap", Features, hap, state_type),
        FLAG("privnet", Features, privnet),
        POINTER("hyperv", Features, hyperv, hyperv_type),
        CHILD("kvm", Features, kvm, kvm_type),
        CHILD("pvspinlock", Features, pvspinlock, state_type),
        POINTER("pmu", Features, pmu, state_type),
        CHILD("vmport", Features, vmport, state_type),
        POINTER("gic", Features, gic, gic_type),
        POINTER("smm", Features, smm, state_type),
        CHILD("ioapic", Features, ioapic, ioapic_type),
        POINTER("vmcoreinfo", Features, vmcoreinfo, state_type),
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

static const BindRow cpu_rows[] = {
        ATTRIBUTE("mode", Cpu, mode, ENUM(cpu_mode_names)),
        ATTRIBUTE("match", Cpu, match, ENUM(cpu_match_names)),
        ATTRIBUTE("check", Cpu, check, ENUM(cpu_check_names)),
        ATTRIBUTE("migratable", Cpu, migratable, ON_OFF),
        CHILD("model", Cpu, model, cpu_model_type),
        ELEMENT("vendor", Cpu, vendor, STRING),
        CHILD("topology", Cpu, topology, topology_type),
        SUBTREE("cache", Cpu, cache),
        SUBTREE("maxphysaddr", Cpu, maxphysaddr),
        LIST("feature", Cpu, features, cpu_feature_type),
        SUBTREE("numa", Cpu, numa),
        BIND_END,
};
static const BindType cpu_type = BIND_TYPE(Cpu, cpu_rows);

/* ---- clock and power ------------------------------------------------------------------------ */

static const BindRow timer_rows[] = {
        ATTRIBUTE("name", Timer, name, ENUM(timer_names), REQUIRED),
        ATTRIBUTE("present", Timer, present, YES_NO),
        ATTRIBUTE("tickpolicy", Timer, tickpolicy, ENUM(timer_tickpolicy_names)),
        ATTRIBUTE("track", Timer, track, ENUM(timer_track_names)),
        ATTRIBUTE("frequency", Timer, frequency, NUMBER(1, INT64_MAX)),
        ATTRIBUTE("mode", Timer, mode, STRING),
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
        SUBTREE("blkiotune", DomainConfig, blkiotune),
        SUBTREE("memtune", DomainConfig, memtune),
        SUBTREE("memoryBacking", DomainConfig, memory_backing),
        CHILD("vcpu", DomainConfig, vcpu, vcpu_type),
        SUBTREE("vcpus", DomainConfig, vcpus),
        ELEMENT("iothreads", DomainConfig, iothreads, NUMBER(0, UINT16_MAX)),
        SUBTREE("iothreadids", DomainConfig, iothreadids),
        SUBTREE("cputune", DomainConfig, cputune),
        SUBTREE("numatune", DomainConfig, numatune),
        SUBTREE("resource", DomainConfig, resource),
        SUBTREE("sysinfo", DomainConfig, sysinfo),
        ELEMENT("bootloader", DomainConfig, bootloader, STRING),
        ELEMENT("bootloader_args", DomainConfig, bootloader_args, STRING),
        CHILD("os", DomainConfig, os, os_type),
        CHILD("features", DomainConfig, features, features_type),
        CHILD("cpu", DomainConfig, cpu, cpu_type),
        CHILD("clock", DomainConfig, clock, clock_type),
        ELEMENT("on_poweroff", DomainConfig, on_poweroff, ENUM(lifecycle_names)),
        ELEMENT("on_reboot", DomainConfig, on_reboot, ENUM(lifecycle_names)),
        ELEMENT("on_crash", DomainConfig, on_crash, ENUM(lifecycle_names)),
        ELEMENT("on_lockfailure", DomainConfig, on_lockfailure, STRING),
        CHILD("pm", DomainConfig, pm, pm_type),
        CHILD("devices", DomainConfig, devices, devices_type),
        SUBTREE("launchSecurity", DomainConfig, launch_security),
        BIND_END,
};
const BindType domain_type = BIND_TYPE(DomainConfig, domain_rows);

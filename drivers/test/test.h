/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the test driver share: the domain with all that its guest only pretends, and
 * the operations that stand in the tables of test.c. */

#include "drivers/local/local.h"
#include "drivers/model/bind.h"

#define TEST_HOST_CPUS 8 /* that a guest can be pinned to */
#define TEST_CELLS 2     /* of the memory of the default host */

/* The filesystems that every guest with a disk has: "/" and "/boot". */
#define TEST_FILESYSTEMS 2

typedef struct TestDomain {
        LocalDomain local;
        uint32_t weight;  /* of the scheduler */
        uint64_t seconds; /* its clock, which stands still */
        uint32_t nseconds;
        bool frozen[TEST_FILESYSTEMS];
} TestDomain;

static inline TestDomain *test_of(Domain *domain)
{
        return (TestDomain *)domain;
}

static inline LocalDomain *test_local(Domain *domain)
{
        return (LocalDomain *)domain;
}

/* Refuses flags that are known, but not to this driver. */
int test_flags(uint32_t flags, uint32_t allowed, const char *function, GError **error);

/* A domain that is no longer there gives back its snapshots and checkpoints. */
void test_forget_moments(Domain *domain);

/* guest.c: the property Addresses of one that starts with that id. */
void test_show_addresses(LocalDomain *domain, unsigned id);

/* *element points to a struct of that size, of the model: frees it where nothing is in it, since it
 * would be written as an empty element. */
void test_drop_empty(void *element, size_t size);

/* host.c, guest.c, parameters.c, throttle.c, pinning.c, save.c, snapshots.c, checkpoints.c */
#define TEST_OPERATION(object, Class, name, Member) \
        int test_##name(                            \
                object, const Class##Member##In *in, Class##Member##Out *out, GError **error)
#define TEST_HOST(name, Member) TEST_OPERATION(Connection *connection, Connection, name, Member)
#define TEST_GUEST(name, Member) TEST_OPERATION(Domain *domain, Domain, name, Member)
#define TEST_SNAPSHOT(name, Member) \
        TEST_OPERATION(DomainSnapshot *snapshot, DomainSnapshot, snapshot_##name, Member)
#define TEST_CHECKPOINT(name, Member) \
        TEST_OPERATION(DomainCheckpoint *checkpoint, DomainCheckpoint, checkpoint_##name, Member)

/* Whether it is one of the names of x86 models. */
bool test_x86_model(const char *name);

TEST_HOST(baseline_cpu, BaselineCPU);
TEST_HOST(get_capabilities, GetCapabilities);
TEST_HOST(get_cpu_model_names, GetCPUModelNames);
TEST_HOST(get_max_vcpus, GetMaxVcpus);
TEST_HOST(get_sysinfo, GetSysinfo);
TEST_HOST(node_get_cpu_map, NodeGetCPUMap);
TEST_HOST(node_get_cpu_stats, NodeGetCPUStats);
TEST_HOST(node_get_free_memory, NodeGetFreeMemory);
TEST_HOST(node_get_info, NodeGetInfo);
TEST_HOST(node_get_security_model, NodeGetSecurityModel);

TEST_GUEST(fs_freeze, FSFreeze);
TEST_GUEST(fs_thaw, FSThaw);
TEST_GUEST(fs_trim, FSTrim);
TEST_GUEST(get_control_info, GetControlInfo);
TEST_GUEST(get_messages, GetMessages);
TEST_GUEST(get_disk_errors, GetDiskErrors);
TEST_GUEST(get_fs_info, GetFSInfo);
TEST_GUEST(get_hostname, GetHostname);
TEST_GUEST(get_security_label_list, GetSecurityLabelList);
TEST_GUEST(get_time, GetTime);
TEST_GUEST(inject_nmi, InjectNMI);
TEST_GUEST(interface_addresses, InterfaceAddresses);
TEST_GUEST(memory_peek, MemoryPeek);
TEST_GUEST(memory_stats, MemoryStats);
TEST_GUEST(screenshot, Screenshot);
TEST_GUEST(send_key, SendKey);
TEST_GUEST(send_process_signal, SendProcessSignal);
TEST_GUEST(set_time, SetTime);
TEST_GUEST(set_user_password, SetUserPassword);

/* Of each parameter that may be set. */
typedef struct ParamRule {
        const char *name;
        char type;
} ParamRule;

/* Each parameter has a rule, its type, and is there once. */
int test_params_check(const Params *params, const ParamRule *rules, size_t n_rules,
        const char *function, GError **error);

TEST_GUEST(get_block_io_parameters, GetBlockIOParameters);
TEST_GUEST(get_block_io_tune, GetBlockIOTune);
TEST_GUEST(get_interface_parameters, GetInterfaceParameters);
TEST_GUEST(get_memory_parameters, GetMemoryParameters);
TEST_GUEST(get_numa_parameters, GetNumaParameters);
TEST_GUEST(get_perf_events, GetPerfEvents);
TEST_GUEST(get_scheduler_parameters, GetSchedulerParameters);
TEST_GUEST(set_block_io_parameters, SetBlockIOParameters);
TEST_GUEST(set_block_io_tune, SetBlockIOTune);
TEST_GUEST(set_interface_parameters, SetInterfaceParameters);
TEST_GUEST(set_memory_parameters, SetMemoryParameters);
TEST_GUEST(set_numa_parameters, SetNumaParameters);
TEST_GUEST(set_perf_events, SetPerfEvents);
TEST_GUEST(set_scheduler_parameters, SetSchedulerParameters);

TEST_GUEST(add_io_thread, AddIOThread);
TEST_GUEST(del_io_thread, DelIOThread);
TEST_GUEST(get_emulator_pin_info, GetEmulatorPinInfo);
TEST_GUEST(get_io_thread_info, GetIOThreadInfo);
TEST_GUEST(get_vcpu_pin_info, GetVcpuPinInfo);
TEST_GUEST(pin_emulator, PinEmulator);
TEST_GUEST(pin_io_thread, PinIOThread);
TEST_GUEST(pin_vcpu, PinVcpu);

TEST_HOST(domain_restore, DomainRestore);
TEST_HOST(domain_save_image_define_xml, DomainSaveImageDefineXML);
TEST_HOST(domain_save_image_get_xml_desc, DomainSaveImageGetXMLDesc);
TEST_GUEST(core_dump, CoreDump);
TEST_GUEST(has_managed_save_image, HasManagedSaveImage);
TEST_GUEST(managed_save, ManagedSave);
TEST_GUEST(managed_save_remove, ManagedSaveRemove);
TEST_GUEST(save, Save);

TEST_GUEST(checkpoint_create_xml, CheckpointCreateXML);
TEST_GUEST(snapshot_create_xml, SnapshotCreateXML);
TEST_SNAPSHOT(delete, Delete);
TEST_SNAPSHOT(get_xml_desc, GetXMLDesc);
TEST_SNAPSHOT(revert, Revert);
/* Adds a snapshot that is described whole, whose parent may follow later; and holds all of them
 * against each other, when all are there. Nothing is published. */
int test_snapshot_load(Domain *domain, const char *xml, bool current, GError **error);
int test_snapshots_check(const Domain *domain, GError **error);

TEST_CHECKPOINT(delete, Delete);
TEST_CHECKPOINT(get_xml_desc, GetXMLDesc);

/* local_stopped(), and what follows where the domain is gone with it. */
void test_stopped(Domain *domain, int reason, int detail);

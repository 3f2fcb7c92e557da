/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables of domain.h's structs, for the files that parse and make them. */

#include "drivers/model/bind.h"
#include "drivers/model/domain.h"

/* Of memory, in KiB: what libvirt's 64 bit counts of bytes can hold. */
#define KIB_MAX (INT64_MAX / 1024)

extern const BindType domain_type, devices_type, capability_feature_type, spice_channel_type;

/* domain-tuning.c */
extern const BindType blkiotune_type, memtune_type, memory_backing_type, vcpus_type, iothreads_type,
        default_iothread_type, cputune_type, numatune_type, resource_type, sysinfo_type,
        id_map_type, perf_type, seclabel_type, keywrap_type, launch_security_type;

/* domain-devices.c: what devices share */
extern const BindType address_type, alias_type, host_address_type, reconnect_type,
        device_seclabel_type, virtio_driver_type;
extern const BindRow info_names_rows[], info_place_rows[], virtio_options_rows[];

/* What each device ends with. */
#define INFO(S) GROUP(S, info, info_names_rows), GROUP(S, info, info_place_rows)

/* The devices, each in the file of its header. */
extern const BindType disk_type, interface_type, chardev_type, channel_type, smartcard_type,
        redirdev_type, redirfilter_type, graphics_type, video_type, sound_type, audio_type,
        controller_type, input_type, rng_type, memballoon_type, watchdog_type, hostdev_type,
        filesystem_type, lease_type, hub_type, tpm_type, memory_device_type, shmem_type, iommu_type,
        vsock_type, crypto_type, panic_type, nvram_device_type;

/* domain-disk.c */
extern const BindType disk_auth_type, disk_initiator_type, disk_source_file_type,
        disk_source_block_type, disk_source_dir_type, disk_source_network_type,
        disk_source_volume_type, disk_source_nvme_type, disk_source_vhost_user_type;

/* The cases prefix_cases of <source> in S, whose DiskType tells them apart. */
#define SOURCE_CASE(prefix, S, kind)                                            \
        static const BindRow prefix##_##kind##_rows[] = {                       \
                CHILD("source", S, source, disk_source_##kind##_type), BIND_END \
        }
#define SOURCE_CASES(prefix, S, absent_rows)                   \
        SOURCE_CASE(prefix, S, file);                          \
        SOURCE_CASE(prefix, S, block);                         \
        SOURCE_CASE(prefix, S, dir);                           \
        SOURCE_CASE(prefix, S, network);                       \
        SOURCE_CASE(prefix, S, volume);                        \
        SOURCE_CASE(prefix, S, nvme);                          \
        SOURCE_CASE(prefix, S, vhost_user);                    \
        static const BindCase prefix##_cases[] = {             \
                { DISK_ABSENT, absent_rows },                  \
                { DISK_FILE, prefix##_file_rows },             \
                { DISK_BLOCK, prefix##_block_rows },           \
                { DISK_DIR, prefix##_dir_rows },               \
                { DISK_NETWORK, prefix##_network_rows },       \
                { DISK_VOLUME, prefix##_volume_rows },         \
                { DISK_NVME, prefix##_nvme_rows },             \
                { DISK_VHOST_USER, prefix##_vhost_user_rows }, \
                { DISK_VHOST_VDPA, prefix##_block_rows },      \
                {},                                            \
        }

/* domain-interface.c: also of hostdevs */
extern const BindType interface_ip_type, interface_route_type, interface_teaming_type;

/* domain-chardev.c: rows of a ChardevBackend, for a GROUP */
extern const BindRow chardev_backend_rows[];

#define NUMBER_SET STRING, .normalize = number_set_normalize, .what = "set of numbers"

/* Of a serial port or console; for taking a serial port's target off a console that mirrors it. */
extern const BindType port_target_type;

/* The index that a disk's name implies (vda: 0, sdab: 27) or -1; *ret_bus is what its prefix
 * implies. */
int disk_name_index(const char *name, DiskBus *ret_bus);

/* "disk 'vda'", "interface '52:54:00:12:34:56'", for messages. */
char *device_describe(const char *kind, const void *device);

/* Whether the machine has QEMU's PC chipset of that kind. */
bool machine_is_q35(const DomainConfig *config);
bool machine_is_i440fx(const DomainConfig *config);

/* Adds the controllers that the devices need for addresses on drive buses and serial ports, and
 * gives those: the part of libvirt's rules that holds for every hypervisor. domain-address.c. */
int domain_assign_drives(DomainConfig *config, GError **error);

/* Gives PCI, USB and virtio-serial addresses to devices that have none, adds the PCI controllers
 * that it takes, and refuses addresses that collide: as libvirt does for QEMU's machines.
 * domain-address.c. */
int domain_assign_addresses(DomainConfig *config, GError **error);
int domain_assign_pci(DomainConfig *config, GError **error); /* the PCI part: domain-pci.c */

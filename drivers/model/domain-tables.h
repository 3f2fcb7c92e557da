/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables of domain.h's structs, for the files that parse and make them. */

#include "drivers/model/bind.h"
#include "drivers/model/domain.h"

extern const BindType domain_type, devices_type, address_type;
extern const BindType disk_type, controller_type, interface_type, chardev_type, channel_type,
        graphics_type, video_type, input_type, sound_type, rng_type, memballoon_type, watchdog_type;

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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The names that a running guest's devices have: in its live configuration, in QEMU (as ids), in
 * events. */

#include "drivers/model/domain.h"

/* Gives every device of a live configuration the alias that libvirt gives it, unless it has one
 * ("ua-..." of the user's, or that of a guest which is adopted), and every disk that has a source
 * the number of its block nodes. Addresses must be assigned. */
void alias_assign(DomainConfig *config);

/* The same for a device that is added later. */
void alias_assign_disk(DomainConfig *config, Disk *disk);

/* The names of a disk's block nodes: "libvirt-3-format", "libvirt-3-storage". Allocated. */
char *alias_format_node(const Disk *disk);
char *alias_storage_node(const Disk *disk);

/* The position of "vda" or "sdab" in its row: 0, 27. -1 for what is not such a name. */
int alias_disk_index(const char *dev);

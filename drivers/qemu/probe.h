/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finding out what the host's QEMU binaries can do. A binary is run once, with no machine, and
 * asked over QMP; the answer is kept in memory and in a cache directory, and holds as long as the
 * file (time, size), the host (kernel, processor, /dev/kvm) and this program stay what they were. A
 * cache file that is broken or of another time is as good as none. */

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

#include "drivers/qemu/binary.h"

typedef struct Probes Probes;

typedef struct ProbesOptions {
        const char *cache_directory; /* made when needed; NULL: memory only */
        const char *kvm_device;      /* NULL: /dev/kvm */
        uid_t uid;                   /* whom QEMU is run as; (uid_t)-1: as we are */
        gid_t gid;
        uint64_t timeout; /* microseconds that one binary may take; 0: 15 s */
} ProbesOptions;

Probes *probes_new(const ProbesOptions *options);
Probes *probes_ref(Probes *probes);
/* Takes NULL; returns NULL. A probe that runs goes on to its end. */
Probes *probes_unref(Probes *probes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Probes, probes_unref)

/* Suspends, unless the answer is in memory or on disk. *ret gets a reference. Fibers that ask for
 * the same binary at the same time share one run. Errors: ERROR_SYSTEM_ERROR for a file that is
 * missing or not executable; ERROR_INTERNAL_ERROR, with what it wrote to stderr, for one that ends
 * without answering, and for one that never answers; ERROR_CONFIG_UNSUPPORTED for a QEMU older than
 * QEMU_VERSION_MIN. */
int probes_get(Probes *probes, const char *path, QemuBinary **ret, GError **error);

/* The same without asking it anything: what is in memory or on disk and holds, else NULL. */
QemuBinary *probes_peek(Probes *probes, const char *path);

/* Whether the kernel lets us use KVM: 0 or -errno of opening its device. */
int probes_kvm(Probes *probes);

/* "+107:+107", the user and group that QEMU is run as; NULL where it is run as we are. Allocated.
 */
char *probes_label(const Probes *probes);

/* The emulators that are installed, sorted: /usr/bin/qemu-system-ARCH, and qemu-kvm where
 * distributions have it. Allocated, ends with NULL. */
char **probes_list(void);

/* The architecture that a binary is for, from its name; NULL where the name does not tell. */
const char *probes_arch_of_path(const char *path);

/* The emulator that is installed for an architecture (libvirt's name); NULL where there is none.
 * Allocated. */
char *probes_find(const char *arch);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the host and its emulators offer, as libvirt's documents "Driver capabilities XML format"
 * and "Domain capabilities XML format" have it. Offered is what this driver can run, which may be
 * less than QEMU can. */

#include "drivers/qemu/probe.h"

/* Suspends where a binary was not probed yet; one that cannot be probed is left out. Allocated. */
int capabilities_format(Probes *probes, char **ret, GError **error);

/* Suspends. Each may be NULL: the host's architecture, the emulator that is installed for it, its
 * default machine, KVM where it works. Errors are libvirt's: ERROR_INVALID_ARG for a name that is
 * unknown, does not fit the emulator or is not offered by it; ERROR_CONFIG_UNSUPPORTED where no
 * emulator serves the architecture; those of probes_get(). Allocated. */
int capabilities_format_domain(Probes *probes, const char *emulator, const char *arch,
        const char *machine, const char *virt_type, char **ret, GError **error);

/* Suspends. How many processors a guest of that kind can have on the host's default machine; as for
 * capabilities_format_domain(). */
int capabilities_max_vcpus(Probes *probes, const char *virt_type, int32_t *ret, GError **error);

/* The most capable named processor model that runs with this accelerator; NULL where none does. */
const char *capabilities_best_cpu(const QemuBinary *binary, QemuAccel accel);

/* The names of the processor models that an emulator has, whether or not they run here. A strv. */
char **capabilities_cpu_names(const QemuBinary *binary);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a guest needs from the host before it starts: its firmware and images, taps, sockets and
 * ports. All of it is opened by the service, with its rights, and goes to QEMU as descriptors. */

#include "drivers/qemu/command.h"
#include "drivers/qemu/domain.h"

typedef struct QemuResources {
        QemuDescriptor *descriptors;
        size_t n_descriptors;
} QemuResources;

/* Suspends. Chooses what the live configuration leaves open (firmware, NVRAM, ports) and opens all
 * it names. */
int qemu_resources_open(QemuDomain *domain, bool reset_nvram, QemuResources **ret, GError **error);

/* Adds one more; fd is taken. */
void qemu_resources_add(
        QemuResources *resources, QemuDescriptorRole role, const void *device, int fd);

/* Closes them. Takes NULL; returns NULL. */
QemuResources *qemu_resources_free(QemuResources *resources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuResources, qemu_resources_free)

/* Where the NVRAM of a domain is, whether there is one or not. Allocated. */
char *qemu_nvram_path(const QemuConnection *connection, const DomainConfig *config);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of a guest, from its live configuration. A pure function: it opens nothing, asks
 * nobody and does not suspend.
 *
 * The configuration has passed defaults, validate, qemu_command_check(), firmware (os.loader and
 * os.nvram have their paths), alias_assign() and qemu_command_prepare(); VNC ports that QEMU was to
 * choose are chosen.
 *
 * What QEMU is told to do of itself when something happens, so that the driver can tell it from QMP
 * and act as on_poweroff, on_reboot and on_crash say; but for the first form of a reboot QEMU stays
 * there, stopped:
 *
 * - the guest powers off: SHUTDOWN{guest: true, reason: guest-shutdown}
 * - the guest reboots, on_reboot is restart or absent: RESET{guest: true}
 * - the guest reboots, on_reboot is anything else: SHUTDOWN{guest: true, reason: guest-reset}
 * - the guest panics: GUEST_PANICKED{action: pause}
 * - the watchdog bites: WATCHDOG{action}
 *
 * The rest is done over QMP before `cont`: passwords of VNC (set_password), a link that is down
 * (set_link), the period of balloon statistics (qom-set), memory below the maximum (balloon).
 */

#include "drivers/model/domain.h"
#include "drivers/qemu/binary.h"
#include "service/base/child.h"

/* What a descriptor is for. */
typedef enum QemuDescriptorRole {
        QEMU_FD_MONITOR, /* device NULL: a listening UNIX socket; must be there */
        QEMU_FD_CODE,    /* device NULL: the firmware's code, read only */
        QEMU_FD_NVRAM,   /* device NULL: its variables, read and write */
        QEMU_FD_DISK,  /* Disk: its source, for reading and writing unless the disk is read only */
        QEMU_FD_TAP,   /* InterfaceDevice: one for each queue, in order */
        QEMU_FD_VHOST, /* InterfaceDevice: /dev/vhost-net, as many as taps or none */
        QEMU_FD_CHARDEV,    /* Chardev: of unix with mode bind a listening socket; of file the file,
                               write only */
        QEMU_FD_CHARDEV_LOG /* Chardev: its log, write only */
} QemuDescriptorRole;

typedef struct QemuDescriptor {
        QemuDescriptorRole role;
        const void *device; /* of the same configuration */
        int fd;             /* ours; stays the caller's */
} QemuDescriptor;

/* What the configuration does not say. Where a descriptor is missing (but the monitor's and taps'),
 * QEMU gets the path. */
typedef struct QemuRuntime {
        const QemuDescriptor *descriptors;
        size_t n_descriptors;
        int64_t now; /* seconds since 1970, for clocks that are relative to it */
} QemuRuntime;

typedef struct QemuCommand {
        char **argv;
        char **envp;  /* to add to the environment: a timezone */
        ChildFd *fds; /* where the descriptors go; the descriptors are the caller's still */
        size_t n_fds;
} QemuCommand;

/* Whether this driver and this binary can run it. ERROR_CONFIG_UNSUPPORTED names what they cannot:
 * nothing of a configuration is dropped silently. */
int qemu_command_check(const DomainConfig *config, const QemuBinary *binary, GError **error);

/* Fills in what only a running guest has: paths of sockets in its runtime directory. */
void qemu_command_prepare(DomainConfig *config, const char *runtime_directory);

int qemu_command_build(const DomainConfig *config, const QemuBinary *binary,
        const QemuRuntime *runtime, QemuCommand **ret, GError **error);

QemuCommand *qemu_command_free(QemuCommand *command);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCommand, qemu_command_free)

/* <domain type=''> as an accelerator: anything but kvm is TCG. */
static inline QemuAccel qemu_accel_of(const DomainConfig *config)
{
        return config->type == VIRT_KVM ? QEMU_ACCEL_KVM : QEMU_ACCEL_TCG;
}

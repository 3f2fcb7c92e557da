/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Small questions about a guest that change nothing: how it is to be reached, what it is busy with,
 * where it may run, which of its disks fail. */

#include <string.h>
#include <unistd.h>

#include "drivers/qemu/alias.h"
#include "drivers/qemu/domain.h"
#include "drivers/qemu/host.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

/* libvirt's numbers. */
enum {
        CONTROL_OK = 0,
        CONTROL_OCCUPIED = 2,
        CONTROL_ERROR = 3,
        CONTROL_REASON_MONITOR = 2,
};

enum {
        DISK_ERROR_UNSPECIFIED = 1,
        DISK_ERROR_NO_SPACE = 2,
};

int qemu_get_control_info(Domain *base, const DomainGetControlInfoIn *in,
        DomainGetControlInfoOut *out, GError **error)
{
        const QemuDomain *domain = qemu_domain(base);

        (void)in, (void)error;
        if (!domain->qmp || !qmp_is_open(domain->qmp)) {
                out->control_info.state = CONTROL_ERROR;
                out->control_info.details = CONTROL_REASON_MONITOR;
        } else if (fiber_now() < domain->silent_until) {
                out->control_info.state = CONTROL_OCCUPIED;
        } else {
                out->control_info.state = CONTROL_OK;
        }
        return 0;
}

/* This driver has no jobs that tell how far they are; what it works on is a Job object. */
int qemu_get_job_info(
        Domain *base, const DomainGetJobInfoIn *in, DomainGetJobInfoOut *out, GError **error)
{
        (void)in, (void)out;
        return domain_require_active(base, error);
}

/* This driver saves none. */
int qemu_has_managed_save_image(Domain *base, const DomainHasManagedSaveImageIn *in,
        DomainHasManagedSaveImageOut *out, GError **error)
{
        (void)base, (void)in, (void)error;
        out->managed_save_image = false;
        return 0;
}

#define MESSAGE_TAINTING 2

/* Nothing that this driver sets up is deprecated. */
int qemu_get_messages(
        Domain *base, const DomainGetMessagesIn *in, DomainGetMessagesOut *out, GError **error)
{
        const QemuDomain *domain = qemu_domain(base);
        const QemuConnection *connection = qemu_connection(domain);
        uid_t uid = connection->uid == (uid_t)-1 ? geteuid() : connection->uid;
        const struct {
                bool holds;
                const char *text;
        } messages[] = {
                { domain->commanded, "tainted: custom monitor control commands issued" },
                { uid == 0, "tainted: running with undesirable elevated privileges" },
        };

        (void)error;
        if (!domain_is_active(base) || (in->flags && !(in->flags & MESSAGE_TAINTING)))
                return 0;
        out->msgs.items = g_new(char *, G_N_ELEMENTS(messages));
        for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++)
                if (messages[i].holds)
                        out->msgs.items[out->msgs.n++] = g_strdup(messages[i].text);
        return 0;
}

/* There are none, as the security model of the host says. */
int qemu_get_security_label_list(Domain *base, const DomainGetSecurityLabelListIn *in,
        DomainGetSecurityLabelListOut *out, GError **error)
{
        (void)base, (void)in, (void)out, (void)error;
        return 0;
}

/* Where it may run. No document that pins a thread is accepted, so each may run everywhere. */

static void fill_map(const GArray *online, int **ret, size_t *ret_n)
{
        size_t n = 0;

        for (guint i = 0; i < online->len; i++)
                n = MAX(n, g_array_index(online, unsigned, i) + 1);
        *ret = g_new0(int, n);
        *ret_n = n;
        for (guint i = 0; i < online->len; i++)
                (*ret)[g_array_index(online, unsigned, i)] = true;
}

int qemu_get_vcpu_pin_info(Domain *base, const DomainGetVcpuPinInfoIn *in,
        DomainGetVcpuPinInfoOut *out, GError **error)
{
        g_autoptr(GArray) online = host_cpus("online");
        g_autoptr(DomainConfig) definition = NULL;
        const DomainConfig *config = local_config(base, in->flags, &definition, error);

        if (!config)
                return -1;
        out->vcpu_pin_info.n = number_or(config->vcpu.count, 1);
        out->vcpu_pin_info.items =
                g_malloc0_n(out->vcpu_pin_info.n, sizeof *out->vcpu_pin_info.items);
        for (size_t i = 0; i < out->vcpu_pin_info.n; i++)
                fill_map(
                        online, &out->vcpu_pin_info.items[i].items, &out->vcpu_pin_info.items[i].n);
        return 0;
}

int qemu_get_emulator_pin_info(Domain *base, const DomainGetEmulatorPinInfoIn *in,
        DomainGetEmulatorPinInfoOut *out, GError **error)
{
        g_autoptr(GArray) online = host_cpus("online");
        g_autoptr(DomainConfig) definition = NULL;

        if (!local_config(base, in->flags, &definition, error))
                return -1;
        fill_map(online, &out->cpumap.items, &out->cpumap.n);
        return 0;
}

/* They have no numbers of their own but these. */
int qemu_get_io_thread_info(Domain *base, const DomainGetIOThreadInfoIn *in,
        DomainGetIOThreadInfoOut *out, GError **error)
{
        g_autoptr(GArray) online = host_cpus("online");
        g_autoptr(DomainConfig) definition = NULL;
        const DomainConfig *config = local_config(base, in->flags, &definition, error);

        if (!config)
                return -1;
        out->io_thread_info.n = number_or(config->iothreads, 0);
        out->io_thread_info.items =
                g_new0(DomainGetIOThreadInfoIoThreadInfo, out->io_thread_info.n);
        for (size_t i = 0; i < out->io_thread_info.n; i++) {
                DomainGetIOThreadInfoIoThreadInfo *thread = &out->io_thread_info.items[i];

                thread->iothreadId = i + 1;
                fill_map(online, &thread->cpumap.items, &thread->cpumap.n);
        }
        return 0;
}

/* Disks. */

static int disk_error(json_t *entry)
{
        const char *status = json_string_value(json_object_get(entry, "io-status"));

        if (g_strcmp0(status, "nospace") == 0)
                return DISK_ERROR_NO_SPACE;
        return g_strcmp0(status, "failed") == 0 ? DISK_ERROR_UNSPECIFIED : 0;
}

int qemu_get_disk_errors(
        Domain *base, const DomainGetDiskErrorsIn *in, DomainGetDiskErrorsOut *out, GError **error)
{
        QemuDomain *domain = qemu_domain(base);
        g_autoptr(json_t) blocks = NULL;
        const Devices *devices;

        (void)in;
        if (qemu_ask(domain, "query-block", NULL, &blocks, error) < 0)
                return -1;
        /* It may have ended while it was asked. */
        if (domain_require_active(base, error) < 0)
                return -1;
        devices = &domain->local.live->devices;
        out->disk_errors.items = g_new0(DomainGetDiskErrorsDiskErrors, devices->n_disks);
        for (size_t i = 0; i < devices->n_disks; i++) {
                const Disk *disk = devices->disks[i];
                int failed = disk_error(qemu_find_disk(blocks, disk));

                if (failed)
                        out->disk_errors.items[out->disk_errors.n++] =
                                (DomainGetDiskErrorsDiskErrors){ .disk = g_strdup(disk->target.dev),
                                        .error = failed };
        }
        return 0;
}

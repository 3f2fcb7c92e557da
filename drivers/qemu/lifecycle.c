/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a running guest is asked to do. */

#include <string.h>

#include "drivers/qemu/domain.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

int qemu_monitor(QemuDomain *domain, Qmp **ret, GError **error)
{
        if (domain_require_active(&domain->local.domain, error) < 0)
                return -1;
        if (!domain->qmp || !qmp_is_open(domain->qmp))
                return error_set(error, ERROR_OPERATION_FAILED,
                        "guest '%s' cannot be reached: its monitor is closed", qemu_name(domain));
        *ret = qmp_ref(domain->qmp);
        return 0;
}

int qemu_ask(
        QemuDomain *domain, const char *command, json_t *arguments, json_t **ret, GError **error)
{
        g_autoptr(Qmp) qmp = NULL;

        if (qemu_monitor(domain, &qmp, error) < 0) {
                json_decref(arguments);
                return -1;
        }
        return qmp_call(qmp, command, arguments, ret, fiber_deadline(MONITOR_DEADLINE), error);
}

/* The STOP and RESUME events, which come before the reply, set the states; see events.c. */

int qemu_suspend(Domain *base, const DomainSuspendIn *in, DomainSuspendOut *out, GError **error)
{
        QemuDomain *domain = qemu_domain(base);

        (void)in, (void)out;
        if (domain_require_active(base, error) < 0)
                return -1;
        if (domain_state(base) == DOMAIN_PMSUSPENDED)
                return error_set(error, ERROR_OPERATION_INVALID, "domain is pmsuspended");
        if (domain_state(base) == DOMAIN_PAUSED)
                return 0;
        domain->pause_reason = PAUSED_USER;
        if (qemu_ask(domain, "stop", NULL, NULL, error) < 0) {
                domain->pause_reason = PAUSED_UNKNOWN;
                return -1;
        }
        return 0;
}

int qemu_resume(Domain *base, const DomainResumeIn *in, DomainResumeOut *out, GError **error)
{
        (void)in, (void)out;
        if (domain_require_active(base, error) < 0)
                return -1;
        if (domain_state(base) == DOMAIN_RUNNING)
                return error_set(error, ERROR_OPERATION_INVALID, "domain is already running");
        if (domain_state(base) == DOMAIN_PMSUSPENDED)
                return error_set(error, ERROR_OPERATION_INVALID, "domain is pmsuspended");
        if (domain_state(base) == DOMAIN_CRASHED)
                return error_set(error, ERROR_OPERATION_INVALID, "domain is crashed");
        return qemu_ask(qemu_domain(base), "cont", NULL, NULL, error);
}

/* The ways that a guest can be asked to go. The power button is the one that this driver has. */
static int require_button(uint32_t flags, const char *api, GError **error)
{
        if (flags && !(flags & SHUTDOWN_ACPI))
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "%s through anything but the ACPI power button (flag 1)", api);
        return 0;
}

int qemu_shutdown(Domain *base, const DomainShutdownIn *in, DomainShutdownOut *out, GError **error)
{
        QemuDomain *domain = qemu_domain(base);

        (void)out;
        if (domain_require_active(base, error) < 0 ||
                require_button(in->flags, "virDomainShutdownFlags", error) < 0)
                return -1;
        domain->reboot_wanted = false;
        return qemu_ask(domain, "system_powerdown", NULL, NULL, error);
}

int qemu_reboot(Domain *base, const DomainRebootIn *in, DomainRebootOut *out, GError **error)
{
        QemuDomain *domain = qemu_domain(base);

        (void)out;
        if (require_button(in->flags, "virDomainReboot", error) < 0)
                return -1;
        domain->reboot_wanted = true;
        if (qemu_ask(domain, "system_powerdown", NULL, NULL, error) < 0) {
                domain->reboot_wanted = false;
                return -1;
        }
        return 0;
}

int qemu_reset(Domain *base, const DomainResetIn *in, DomainResetOut *out, GError **error)
{
        (void)in, (void)out;
        return qemu_ask(qemu_domain(base), "system_reset", NULL, NULL, error);
}

int qemu_inject_nmi(
        Domain *base, const DomainInjectNMIIn *in, DomainInjectNMIOut *out, GError **error)
{
        (void)in, (void)out;
        return qemu_ask(qemu_domain(base), "inject-nmi", NULL, NULL, error);
}

/* Settings of what runs. */

int qemu_live_memory(LocalDomain *local, uint64_t kib, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        const Memballoon *balloon = local->live->devices.memballoon;

        if (!balloon || balloon->model == MEMBALLOON_NONE)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "Unable to change memory of active domain without the balloon device and guest OS balloon driver");
        return qemu_ask(
                domain, "balloon", json_pack("{sI}", "value", (json_int_t)kib * 1024), NULL, error);
}

int qemu_live_stats_period(LocalDomain *local, int seconds, GError **error)
{
        const Memballoon *balloon = local->live->devices.memballoon;
        g_autofree char *path = NULL;

        if (!balloon || balloon->model == MEMBALLOON_NONE || !balloon->info.alias.name)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "No memory balloon device configured, can not set the collection period");
        path = g_strdup_printf("/machine/peripheral/%s", balloon->info.alias.name);
        return qemu_ask(qemu_domain(local), "qom-set",
                json_pack("{ss ss si}", "path", path, "property", "guest-stats-polling-interval",
                        "value", seconds),
                NULL, error);
}

/* As add_actions() has it from the start. */
int qemu_live_reboot(LocalDomain *local, LifecycleAction action, GError **error)
{
        bool resets = action == LIFECYCLE_RESTART || action == LIFECYCLE_RENAME_RESTART;

        return qemu_ask(qemu_domain(local), "set-action",
                json_pack("{ss}", "reboot", resets ? "reset" : "shutdown"), NULL, error);
}

int qemu_live_changed(LocalDomain *local, GError **error)
{
        return qemu_status_write(qemu_domain(local), error);
}

/* Processors are plugged one by one; QEMU lists the places. Taking one out needs the guest's help,
 * and is not done. */

static int plug_vcpu(QemuDomain *domain, json_t *place, unsigned number_, GError **error)
{
        g_autofree char *id = g_strdup_printf("vcpu%u", number_);
        json_t *arguments = json_copy(json_object_get(place, "props"));

        if (!arguments)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "a processor of guest '%s' has no place", qemu_name(domain));
        json_object_set_new(arguments, "driver", json_copy(json_object_get(place, "type")));
        json_object_set_new(arguments, "id", json_string(id));
        return qemu_ask(domain, "device_add", arguments, NULL, error);
}

int qemu_live_vcpus(LocalDomain *local, unsigned vcpus, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        g_autoptr(json_t) places = NULL;
        unsigned have = local->domain.properties.vcpus;
        size_t i;

        if (vcpus < have)
                return error_set(
                        error, ERROR_OPERATION_UNSUPPORTED, "unplugging vCPUs of a running domain");
        if (vcpus == have)
                return 0;
        if (qemu_ask(domain, "query-hotpluggable-cpus", NULL, &places, error) < 0)
                return -1;
        /* The list begins with the last. */
        for (i = json_array_size(places); i-- > 0 && have < vcpus;) {
                json_t *place = json_array_get(places, i);

                if (json_object_get(place, "qom-path"))
                        continue;
                if (plug_vcpu(domain, place, have, error) < 0)
                        return -1;
                have++;
        }
        if (have < vcpus)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "guest '%s' has room for %u vCPUs only", qemu_name(domain), have);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a guest tells of itself: each event of QEMU's sets properties and emits signals, on the
 * loop's stack. What has to be done about one is done by a fiber. */

#include <string.h>

#include "drivers/qemu/domain.h"

static void status_write(QemuDomain *domain)
{
        g_autoptr(GError) error = NULL;

        if (domain->child && domain->local.live && qemu_status_write(domain, &error) < 0)
                g_warning("%s", error->message);
}

static unsigned id_of(const QemuDomain *domain)
{
        return number_or(domain->local.live->id, 0);
}

static const char *string_of(json_t *data, const char *name)
{
        return json_string_value(json_object_get(data, name)) ?: "";
}

/* A fiber that works for the guest after an event. */
static void act(QemuDomain *domain, const char *what, void (*run)(void *domain))
{
        object_ref(domain);
        fiber_owe(what, run, domain);
}

/* Processors stop and go. */

static void on_stop(QemuDomain *domain, json_t *data)
{
        Domain *base = &domain->local.domain;
        int reason = domain->pause_reason;
        int detail = reason == PAUSED_IOERROR ? SUSPENDED_IOERROR :
                reason == PAUSED_WATCHDOG     ? SUSPENDED_WATCHDOG :
                                                SUSPENDED_PAUSED;

        (void)data;
        domain->pause_reason = PAUSED_UNKNOWN;
        if (domain->quiet || domain_state(base) != DOMAIN_RUNNING)
                return;
        domain_set_state(base, DOMAIN_PAUSED, reason, id_of(domain));
        domain_emit(base, EVENT_SUSPENDED, detail);
        status_write(domain);
}

static void on_resume(QemuDomain *domain, json_t *data)
{
        Domain *base = &domain->local.domain;

        (void)data;
        if (domain->quiet || domain_state(base) == DOMAIN_RUNNING ||
                domain_state(base) == DOMAIN_SHUTDOWN)
                return;
        domain_set_state(base, DOMAIN_RUNNING, RUNNING_UNPAUSED, id_of(domain));
        domain_emit(base, EVENT_RESUMED, RESUMED_UNPAUSED);
        status_write(domain);
}

/* A guest that was to be restarted: it stands still, and begins anew. */
static void restart_run(void *data)
{
        g_autoptr(Object) held = data;
        QemuDomain *domain = data;
        Domain *base = &domain->local.domain;
        g_autoptr(GError) error = NULL;

        domain->quiet = true;
        if (qemu_ask(domain, "system_reset", NULL, NULL, &error) >= 0 &&
                qemu_ask(domain, "cont", NULL, NULL, &error) >= 0 && domain->child) {
                domain->quiet = false;
                domain->shutdown_seen = false;
                domain_set_state(base, DOMAIN_RUNNING, RUNNING_BOOTED, id_of(domain));
                status_write(domain);
                return;
        }
        domain->quiet = false;
        if (error)
                g_warning("guest '%s' cannot be restarted: %s", qemu_name(domain), error->message);
        if (domain->child)
                qemu_process_kill(&domain->local, false, SHUTOFF_FAILED, STOPPED_FAILED, NULL);
}

static void end_shut_down_run(void *data)
{
        g_autoptr(Object) held = data;

        qemu_process_kill(data, false, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN, NULL);
}

static void end_crashed_run(void *data)
{
        g_autoptr(Object) held = data;

        qemu_process_kill(data, false, SHUTOFF_CRASHED, STOPPED_CRASHED, NULL);
}

static void end_with(QemuDomain *domain, LifecycleAction action, void (*end)(void *))
{
        switch (action) {
        case LIFECYCLE_RESTART:
        case LIFECYCLE_RENAME_RESTART:
        case LIFECYCLE_COREDUMP_RESTART:
                act(domain, "restarting a guest", restart_run);
                break;
        case LIFECYCLE_PRESERVE:
                break;
        default:
                act(domain, "ending a guest", end);
        }
}

void qemu_guest_has_shut_down(QemuDomain *domain, bool powered_off)
{
        Domain *base = &domain->local.domain;
        const DomainConfig *config = domain->local.live;
        LifecycleAction action = powered_off ? config->on_poweroff : config->on_reboot;

        if (domain->stopping)
                return;
        domain->shutdown_seen = true;
        if (powered_off && domain->reboot_wanted) {
                domain->reboot_wanted = false;
                act(domain, "restarting a guest", restart_run);
                return;
        }
        if (action != LIFECYCLE_RESTART && action != LIFECYCLE_RENAME_RESTART) {
                domain_set_state(base, DOMAIN_SHUTDOWN, SHUTDOWN_USER, id_of(domain));
                domain_emit(base, EVENT_SHUTDOWN, SHUTDOWN_EVENT_GUEST);
                status_write(domain);
        }
        end_with(domain, action, end_shut_down_run);
}

static void on_shutdown(QemuDomain *domain, json_t *data)
{
        const char *reason = string_of(data, "reason");

        if (strcmp(reason, "guest-panic") == 0)
                return;
        if (json_is_true(json_object_get(data, "guest"))) {
                qemu_guest_has_shut_down(domain, strcmp(reason, "guest-reset") != 0);
                return;
        }
        /* Somebody sent it a signal: it ends by itself. */
        domain->shutdown_seen = true;
        if (!domain->stopping) {
                domain_set_state(
                        &domain->local.domain, DOMAIN_SHUTDOWN, SHUTDOWN_USER, id_of(domain));
                domain_emit(&domain->local.domain, EVENT_SHUTDOWN, SHUTDOWN_EVENT_HOST);
        }
}

static void on_reset(QemuDomain *domain, json_t *data)
{
        (void)data;
        domain->reboot_wanted = false;
        object_emit(domain, DOMAIN_SIGNAL_REBOOT, NULL);
}

static void on_panicked(QemuDomain *domain, json_t *data)
{
        Domain *base = &domain->local.domain;

        if (strcmp(string_of(data, "action"), "run") == 0 || domain->stopping)
                return;
        domain_set_state(base, DOMAIN_CRASHED, CRASHED_PANICKED, id_of(domain));
        domain_emit(base, EVENT_CRASHED, CRASHED_EVENT_PANICKED);
        status_write(domain);
        end_with(domain, domain->local.live->on_crash, end_crashed_run);
}

/* The guest's own sleep. */

static void on_suspend(QemuDomain *domain, json_t *data)
{
        const DomainPMSuspendSignal arguments = { 0 };

        (void)data;
        domain_set_state(&domain->local.domain, DOMAIN_PMSUSPENDED, 0, id_of(domain));
        domain_emit(&domain->local.domain, EVENT_PMSUSPENDED, PMSUSPENDED_MEMORY);
        object_emit(domain, DOMAIN_SIGNAL_PM_SUSPEND, &arguments);
        status_write(domain);
}

static void on_suspend_disk(QemuDomain *domain, json_t *data)
{
        const DomainPMSuspendDiskSignal arguments = { 0 };

        (void)data;
        object_emit(domain, DOMAIN_SIGNAL_PM_SUSPEND_DISK, &arguments);
}

static void on_wakeup(QemuDomain *domain, json_t *data)
{
        const DomainPMWakeupSignal arguments = { 0 };

        (void)data;
        domain_set_state(&domain->local.domain, DOMAIN_RUNNING, RUNNING_WAKEUP, id_of(domain));
        domain_emit(&domain->local.domain, EVENT_STARTED, STARTED_WAKEUP);
        object_emit(domain, DOMAIN_SIGNAL_PM_WAKEUP, &arguments);
        status_write(domain);
}

/* Devices. */

static void on_balloon_change(QemuDomain *domain, json_t *data)
{
        uint64_t kib = json_integer_value(json_object_get(data, "actual")) / 1024;
        const DomainBalloonChangeSignal arguments = { .actual = kib };

        domain->local.live->current_memory.kib = number(kib);
        object_set_uint64(domain, DOMAIN_PROPERTY_MEMORY, kib);
        object_emit(domain, DOMAIN_SIGNAL_BALLOON_CHANGE, &arguments);
        status_write(domain);
}

static void on_rtc_change(QemuDomain *domain, json_t *data)
{
        const DomainRTCChangeSignal arguments = { .utcoffset = json_integer_value(
                                                          json_object_get(data, "offset")) };

        object_emit(domain, DOMAIN_SIGNAL_RTC_CHANGE, &arguments);
}

static void on_watchdog(QemuDomain *domain, json_t *data)
{
        /* In the order of the signal's numbers. */
        static const char *const actions[] = { "none", "pause", "reset", "poweroff", "shutdown",
                "debug", "inject-nmi" };
        DomainWatchdogSignal arguments = { 0 };

        for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++)
                if (strcmp(actions[i], string_of(data, "action")) == 0)
                        arguments.action = i;
        if (arguments.action == 1)
                domain->pause_reason = PAUSED_WATCHDOG;
        object_emit(domain, DOMAIN_SIGNAL_WATCHDOG, &arguments);
}

/* The disk of one of our block nodes or devices. */
static const Disk *disk_of(const QemuDomain *domain, json_t *data)
{
        const Devices *devices = &domain->local.live->devices;

        for (size_t i = 0; i < devices->n_disks; i++) {
                const Disk *disk = devices->disks[i];
                g_autofree char *format = alias_format_node(disk),
                                *storage = alias_storage_node(disk);
                const char *node = string_of(data, "node-name"),
                           *device = string_of(data, "device");
                const char *alias = disk->info.alias.name ?: "?";

                if (g_strcmp0(node, format) == 0 || g_strcmp0(node, storage) == 0 ||
                        strcmp(device, alias) == 0 || strstr(string_of(data, "qom-path"), alias) ||
                        strcmp(string_of(data, "id"), alias) == 0)
                        return disk;
        }
        return NULL;
}

static void on_io_error(QemuDomain *domain, json_t *data)
{
        const Disk *disk = disk_of(domain, data);
        const char *action = string_of(data, "action");
        const DomainIOErrorSignal arguments = {
                .src_path = disk && disk->source.path ? disk->source.path : "",
                .device = disk && disk->info.alias.name ? disk->info.alias.name :
                                                          string_of(data, "device"),
                .action = strcmp(action, "stop") == 0 ? 1 :
                        strcmp(action, "report") == 0 ? 2 :
                                                        0,
                .reason = json_is_true(json_object_get(data, "nospace")) ? "enospc" : "",
        };

        if (arguments.action == 1)
                domain->pause_reason = PAUSED_IOERROR;
        object_emit(domain, DOMAIN_SIGNAL_IO_ERROR, &arguments);
}

static void on_tray_moved(QemuDomain *domain, json_t *data)
{
        const Disk *disk = disk_of(domain, data);
        const DomainTrayChangeSignal arguments = {
                .device = disk && disk->info.alias.name ? disk->info.alias.name :
                                                          string_of(data, "id"),
                .reason = json_is_true(json_object_get(data, "tray-open")) ? 0 : 1,
        };

        object_emit(domain, DOMAIN_SIGNAL_TRAY_CHANGE, &arguments);
}

static void on_port_change(QemuDomain *domain, json_t *data)
{
        const Devices *devices = &domain->local.live->devices;
        bool open = json_is_true(json_object_get(data, "open"));
        const char *id = string_of(data, "id");

        for (size_t i = 0; i < devices->n_channels; i++) {
                Chardev *channel = devices->channels[i];
                const DomainAgentEventSignal arguments = { .state = open ? 1 : 2, .reason = 2 };

                if (g_strcmp0(channel->info.alias.name, id) != 0)
                        continue;
                channel->target.state = open ? CHANNEL_CONNECTED : CHANNEL_DISCONNECTED;
                if (g_strcmp0(channel->target.name, "org.qemu.guest_agent.0") == 0)
                        object_emit(domain, DOMAIN_SIGNAL_AGENT_EVENT, &arguments);
        }
}

static int address_family(const char *family)
{
        return strcmp(family, "ipv4") == 0 ? 0 : strcmp(family, "ipv6") == 0 ? 1 : 2;
}

static void emit_graphics(QemuDomain *domain, json_t *data, int phase)
{
        json_t *server = json_object_get(data, "server"), *client = json_object_get(data, "client");
        DomainGraphicsIdentities identities[2];
        DomainGraphicsSignal arguments = {
                .phase = phase,
                .local = { .family = address_family(string_of(server, "family")),
                        .node = string_of(server, "host"),
                        .service = string_of(server, "service") },
                .remote = { .family = address_family(string_of(client, "family")),
                        .node = string_of(client, "host"),
                        .service = string_of(client, "service") },
                .auth_scheme = string_of(server, "auth"),
                .identities = { .items = identities },
        };

        if (string_of(client, "x509_dname")[0])
                identities[arguments.identities.n++] =
                        (DomainGraphicsIdentities){ .type = "x509dname",
                                .name = string_of(client, "x509_dname") };
        if (string_of(client, "sasl_username")[0])
                identities[arguments.identities.n++] =
                        (DomainGraphicsIdentities){ .type = "saslUsername",
                                .name = string_of(client, "sasl_username") };
        object_emit(domain, DOMAIN_SIGNAL_GRAPHICS, &arguments);
}

static void on_vnc_connected(QemuDomain *domain, json_t *data)
{
        emit_graphics(domain, data, 0);
}

static void on_vnc_initialized(QemuDomain *domain, json_t *data)
{
        emit_graphics(domain, data, 1);
}

static void on_vnc_disconnected(QemuDomain *domain, json_t *data)
{
        emit_graphics(domain, data, 2);
}

void qemu_event(Qmp *qmp, const char *name, json_t *data, uint64_t timestamp, void *userdata)
{
        static const struct {
                const char *name;
                void (*handle)(QemuDomain *domain, json_t *data);
        } handlers[] = {
                { "BALLOON_CHANGE", on_balloon_change },
                { "BLOCK_IO_ERROR", on_io_error },
                { "DEVICE_TRAY_MOVED", on_tray_moved },
                { "GUEST_PANICKED", on_panicked },
                { "RESET", on_reset },
                { "RESUME", on_resume },
                { "RTC_CHANGE", on_rtc_change },
                { "SHUTDOWN", on_shutdown },
                { "STOP", on_stop },
                { "SUSPEND", on_suspend },
                { "SUSPEND_DISK", on_suspend_disk },
                { "VNC_CONNECTED", on_vnc_connected },
                { "VNC_DISCONNECTED", on_vnc_disconnected },
                { "VNC_INITIALIZED", on_vnc_initialized },
                { "VSERPORT_CHANGE", on_port_change },
                { "WAKEUP", on_wakeup },
                { "WATCHDOG", on_watchdog },
        };
        QemuDomain *domain = userdata;

        (void)qmp, (void)timestamp;
        if (!domain->local.live)
                return;
        for (unsigned i = 0; i < G_N_ELEMENTS(handlers); i++)
                if (strcmp(handlers[i].name, name) == 0)
                        handlers[i].handle(domain, data);
}

/* The monitor has gone while the process runs, or just before it is known that it does not. */

#define ATTEMPTS 5

/* Still the same run, which nobody ends. */
static bool is_lost(const QemuDomain *domain, unsigned id)
{
        return domain->child && !domain->qmp && !domain->stopping && !domain->starting &&
                domain->local.live && id_of(domain) == id && !qemu_process_is_ending(domain);
}

static void reconnect_run(void *data)
{
        g_autoptr(Object) held = data;
        QemuDomain *domain = data;
        unsigned id = id_of(domain);

        for (unsigned attempt = 0; attempt < ATTEMPTS && is_lost(domain, id); attempt++) {
                g_autoptr(GError) error = NULL;

                if (fiber_sleep(attempt == 0 ? 100 * 1000 : G_USEC_PER_SEC) < 0 ||
                        !is_lost(domain, id))
                        return;
                /* One that said that it shuts down closes its monitor on the way. */
                if (attempt == (domain->shutdown_seen ? ATTEMPTS - 1 : 0))
                        object_emit(domain, DOMAIN_SIGNAL_CONTROL_ERROR, NULL);
                if (qemu_process_connect(domain, fiber_deadline(MONITOR_DEADLINE), &error) >= 0) {
                        g_message("guest '%s' can be reached again", qemu_name(domain));
                        return;
                }
                g_warning("guest '%s' cannot be reached: %s", qemu_name(domain), error->message);
        }
}

void qemu_monitor_closed(Qmp *qmp, const GError *reason, void *userdata)
{
        QemuDomain *domain = userdata;

        if (domain->qmp != qmp)
                return;
        domain->qmp = qmp_unref(domain->qmp);
        if (domain->starting || domain->stopping || !domain->child)
                return;
        g_info("%s", reason->message);
        act(domain, "reaching a guest again", reconnect_run);
}

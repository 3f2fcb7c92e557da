/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A unit of systemd's for each guest: its own cgroup, a line in `machinectl` and `systemd-cgls`,
 * and independence from the unit of this service.
 *
 * On the system bus machined makes it, so that the guest is registered as a machine too; where it
 * is not installed, and on a user's bus, systemd itself makes one in machine.slice.
 *
 * None of this is needed to run a guest. So whatever goes wrong here, a refusal included, is a
 * warning in the log and the guest starts without: it stays in the service's own unit then, which
 * does not kill what it leaves behind. A guest that does not start would be the greater harm. */

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "drivers/qemu/domain.h"
#include "service/base/bus-call.h"
#include "service/base/cleanup.h"

#define DEADLINE (10 * G_USEC_PER_SEC)
#define MACHINE_NAME_MAX 64
#define MACHINE_SERVICE "virtbus-qemu"
#define MACHINE_SLICE "machine.slice"

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

static sd_bus *scope_bus;

void qemu_scope_set_bus(sd_bus *bus)
{
        scope_bus = bus;
}

/* Names. */

/* "virtbus-" for the machines of the host's guests. Those of embedded instances count for
 * themselves, so theirs tells which it is. */
static char *machine_prefix(const QemuConnection *connection)
{
        if (connection->instance != QEMU_EMBED)
                return g_strdup("virtbus-");
        return g_strdup_printf("virtbus-embed-%08x-", g_str_hash(connection->runtime));
}

/* "virtbus-3-web", with what a machine's name may hold: letters, digits, dashes, and dots between
 * others. */
static char *machine_name(const QemuDomain *domain, unsigned id)
{
        g_autofree char *prefix = machine_prefix(qemu_connection(domain));
        g_autoptr(GString) name = g_string_new(prefix);

        g_string_append_printf(name, "%u-", id);
        for (const char *c = qemu_name(domain); *c && name->len < MACHINE_NAME_MAX; c++) {
                char last = name->str[name->len - 1];

                if (g_ascii_isalnum(*c))
                        g_string_append_c(name, *c);
                else if (strchr("-._", *c) && last != '-' && last != '.')
                        g_string_append_c(name, *c == '_' ? '-' : *c);
        }
        while (strchr("-.", name->str[name->len - 1]))
                g_string_truncate(name, name->len - 1);
        return g_strdup(name->str);
}

/* The name of its unit, escaped as systemd does: all but letters, digits, ':', '_' and '.' as \xNN,
 * and a dot in front too. What is cleaned above needs that for dashes only. */
static char *unit_name(const char *machine)
{
        g_autoptr(GString) name = g_string_new("machine-");

        for (const char *c = machine; *c; c++)
                if (g_ascii_isalnum(*c) || strchr(":_", *c) || (*c == '.' && c > machine))
                        g_string_append_c(name, *c);
                else
                        g_string_append_printf(name, "\\x%02x", (unsigned char)*c);
        g_string_append(name, ".scope");
        return g_strdup(name->str);
}

static void uuid_bytes(const char *uuid, uint8_t ret[static 16])
{
        for (int i = 0; i < 16; i++) {
                uuid += *uuid == '-';
                ret[i] = (uint8_t)(g_ascii_xdigit_value(uuid[0]) << 4 |
                        g_ascii_xdigit_value(uuid[1]));
                uuid += 2;
        }
}

/* machined. Its reply comes when the unit is there. */

static int create_machine(QemuDomain *domain, pid_t pid, const char *machine, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) call = NULL;
        g_autofree char *description = g_strdup_printf("QEMU guest %s", qemu_name(domain));
        uint8_t uuid[16];
        int r;

        uuid_bytes(domain->local.domain.properties.uuid, uuid);
        r = sd_bus_message_new_method_call(scope_bus, &call, "org.freedesktop.machine1",
                "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager", "CreateMachine");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", machine);
        if (r >= 0)
                r = sd_bus_message_append_array(call, 'y', uuid, sizeof uuid);
        if (r >= 0)
                r = sd_bus_message_append(call, "ssusa(sv)", MACHINE_SERVICE, "vm", (uint32_t)pid,
                        "", 1, "Description", "s", description);
        return r < 0 ? r : bus_call(scope_bus, call, fiber_deadline(DEADLINE), NULL, error);
}

/* systemd itself. Its reply comes when the job is queued; what became of it is told by a signal. */

typedef struct ScopeJob {
        Wait wait;
        const char *unit;
} ScopeJob;

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
        const char *path, *unit, *result;
        ScopeJob *job = data;
        uint32_t id;

        (void)error;
        if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0 &&
                strcmp(unit, job->unit) == 0 && !job->wait.done)
                wait_done(&job->wait, strcmp(result, "done") == 0 ? 0 : -EIO);
        return 0;
}

static int create_scope(QemuDomain *domain, pid_t pid, const char *unit, sd_bus_error *error)
{
        g_autofree char *description = g_strdup_printf("QEMU guest %s", qemu_name(domain));
        ScopeJob job = { .wait = WAIT_INIT, .unit = unit };
        g_autoptr(sd_bus_message) call = NULL;
        g_autoptr(sd_bus_slot) slot = NULL;
        uint64_t deadline = fiber_deadline(DEADLINE);
        int r;

        /* The bus handles this before the call that it is about. */
        r = sd_bus_match_signal_async(scope_bus, &slot, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                "JobRemoved", on_job_removed, NULL, &job);
        if (r >= 0)
                r = sd_bus_message_new_method_call(scope_bus, &call, SYSTEMD_NAME, SYSTEMD_PATH,
                        SYSTEMD_MANAGER, "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ssa(sv)a(sa(sv))", unit, "fail", 4, "Description",
                        "s", description, "Slice", "s", MACHINE_SLICE, "CollectMode", "s",
                        "inactive-or-failed", "PIDs", "au", 1, (uint32_t)pid, 0);
        if (r >= 0)
                r = bus_call(scope_bus, call, deadline, NULL, error);
        if (r >= 0) {
                r = wait_for(&job.wait, "a unit for a guest", deadline);
                if (r < 0)
                        sd_bus_error_set_errnof(error, r, "the unit was not started");
        }
        return r;
}

static const char *why(const sd_bus_error *error, int r)
{
        return error->message ? error->message : g_strerror(-r);
}

static bool is_not_there(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
                sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
                sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit");
}

int qemu_scope_create(QemuDomain *domain, pid_t pid, unsigned id, char **ret, GError **error)
{
        g_auto(sd_bus_error) machined = SD_BUS_ERROR_NULL, systemd = SD_BUS_ERROR_NULL;
        g_autofree char *machine = NULL, *unit = NULL;
        int r;

        *ret = NULL;
        if (!scope_bus || sd_booted() <= 0)
                return 0;
        machine = machine_name(domain, id);
        unit = unit_name(machine);
        if (qemu_connection(domain)->instance != QEMU_SESSION) {
                r = create_machine(domain, pid, machine, &machined);
                if (r >= 0) {
                        *ret = g_steal_pointer(&unit);
                        return 0;
                }
                if (!is_not_there(&machined))
                        g_warning("guest '%s' is not registered as a machine: %s",
                                qemu_name(domain), why(&machined, r));
        }
        r = fiber_cancelled() ? -ECANCELED : create_scope(domain, pid, unit, &systemd);
        if (r >= 0)
                *ret = g_steal_pointer(&unit);
        else if (r == -ECANCELED)
                return error_set(error, ERROR_OPERATION_ABORTED,
                        "the start of guest '%s' was cancelled", qemu_name(domain));
        else if (is_not_there(&systemd))
                g_info("guest '%s' gets no unit of its own: there is no systemd on this bus",
                        qemu_name(domain));
        else
                g_warning("guest '%s' gets no unit of its own: %s", qemu_name(domain),
                        why(&systemd, r));
        return 0;
}

/* A unit that was made for a process which ended at that moment stays, with nobody in it. */

static bool is_ours(QemuConnection *connection, const char *machine)
{
        GHashTableIter iter;
        void *domain;

        g_hash_table_iter_init(
                &iter, registry_all(&connection->local.connection.registry, DOMAIN_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &domain)) {
                const DomainConfig *live = qemu_domain(domain)->local.live;
                g_autofree char *name = NULL;

                if (!live)
                        continue;
                name = machine_name(domain, number_or(live->id, 0));
                if (strcmp(name, machine) == 0)
                        return true;
        }
        return false;
}

static void end_strays(QemuConnection *connection, sd_bus_message *machines)
{
        g_autofree char *prefix = machine_prefix(connection);
        const char *machine, *class, *service, *path;
        int r = sd_bus_message_enter_container(machines, 'a', "(ssso)");

        while (r >= 0 &&
                (r = sd_bus_message_read(machines, "(ssso)", &machine, &class, &service, &path)) >
                        0) {
                if (strcmp(service, MACHINE_SERVICE) != 0 || !g_str_has_prefix(machine, prefix) ||
                        !g_ascii_isdigit(machine[strlen(prefix)]) || is_ours(connection, machine))
                        continue;
                g_message("the machine '%s' is nobody's; it is ended", machine);
                sd_bus_call_method_async(scope_bus, NULL, "org.freedesktop.machine1",
                        "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager",
                        "TerminateMachine", NULL, NULL, "s", machine);
        }
}

void qemu_scope_clean(QemuConnection *connection)
{
        g_autoptr(sd_bus_message) call = NULL, machines = NULL;
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        int r;

        if (!scope_bus || connection->instance == QEMU_SESSION || sd_booted() <= 0)
                return;
        r = sd_bus_message_new_method_call(scope_bus, &call, "org.freedesktop.machine1",
                "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager", "ListMachines");
        if (r >= 0)
                r = bus_call(scope_bus, call, fiber_deadline(DEADLINE), &machines, &error);
        if (r >= 0)
                end_strays(connection, machines);
}

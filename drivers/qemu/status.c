/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What has to be remembered of a guest to take it back after the service was away: one JSON file
 * for each, in the runtime directory, which is gone with the boot that the guest ran in. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "drivers/qemu/domain.h"
#include "drivers/qemu/status.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#define STATUS_VERSION 1
#define STATUS_MAX (4 * 1024 * 1024)
#define ADOPT_DEADLINE (5 * G_USEC_PER_SEC)
#define ADOPT_PAUSE (2 * G_USEC_PER_SEC)

/* Of /proc/PID/stat (proc(5)), less the two that come before them. */
#define FIELD_FLAGS 6
#define FIELD_START 19
/* Of the flags: it ends; set before anything is closed (Linux, include/linux/sched.h). */
#define PF_EXITING 0x4

static char *status_path(const QemuDomain *domain)
{
        return qemu_path(qemu_connection(domain)->runtime, qemu_name(domain), ".json");
}

static char *boot_id(void)
{
        char *text = NULL;

        if (file_read("/proc/sys/kernel/random/boot_id", 64, &text, NULL) < 0)
                return g_strdup("");
        return g_strchomp(text);
}

/* What /proc/PID/stat tells, from the third field on: the second is the name in brackets, and may
 * hold anything. NULL where there is no such process. */
static char **process_fields(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *text = NULL;
        g_auto(GStrv) fields = NULL;
        const char *end;

        if (file_read(path, 8192, &text, NULL) < 0)
                return NULL;
        end = strrchr(text, ')');
        if (!end)
                return NULL;
        fields = g_strsplit(end + 2, " ", -1);
        return g_strv_length(fields) > FIELD_START ? g_steal_pointer(&fields) : NULL;
}

/* With the pid it names a process for good. */
uint64_t qemu_process_start_time(pid_t pid)
{
        g_auto(GStrv) fields = process_fields(pid);

        return fields ? g_ascii_strtoull(fields[FIELD_START], NULL, 10) : 0;
}

bool qemu_process_is_ending(const QemuDomain *domain)
{
        g_auto(GStrv) fields = process_fields(child_pid(domain->child));

        return !fields || g_ascii_strtoull(fields[FIELD_START], NULL, 10) != domain->start_time ||
                (g_ascii_strtoull(fields[FIELD_FLAGS], NULL, 10) & PF_EXITING) != 0;
}

int qemu_status_write(QemuDomain *domain, GError **error)
{
        g_autofree char *path = status_path(domain), *boot = boot_id(), *config = NULL,
                        *text = NULL;
        const DomainProperties *properties = &domain->local.domain.properties;
        g_autoptr(json_t) json = NULL;
        int r;

        config = domain_config_format(domain->local.live, DOMAIN_XML_SECURE);
        json = json_pack("{si ss si sI si si si sb sb ss* ss* ss* ss}", "version", STATUS_VERSION,
                "boot", boot, "pid", (int)child_pid(domain->child), "start",
                (json_int_t)domain->start_time, "id", (int)number_or(domain->local.live->id, 0),
                "state", properties->state.state, "reason", properties->state.reason, "starting",
                domain->starting, "commanded", domain->commanded, "directory", domain->directory,
                "scope", domain->scope, "owner", properties->owner, "config", config);
        text = json ? json_dumps(json, JSON_COMPACT) : NULL;
        if (!text)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "cannot describe the state of guest '%s'", qemu_name(domain));
        r = file_replace_volatile(path, text, strlen(text), 0600);
        return r < 0 ? error_set_errno(error, r, "cannot write '%s'", path) : 0;
}

void qemu_status_remove(QemuDomain *domain)
{
        g_autofree char *path = status_path(domain);

        unlink(path);
}

/* Adopting. */

void qemu_status_clear(QemuStatus *status)
{
        json_decref(status->json);
        *status = (QemuStatus){ 0 };
}

int qemu_status_parse(const char *text, const char *path, QemuStatus *ret, GError **error)
{
        g_auto(QemuStatus) status = { 0 };
        json_error_t problem;

        status.json = json_loads(text, 0, &problem);
        if (!status.json ||
                json_unpack_ex(status.json, &problem, 0,
                        "{si ss si sI si si si sb s?b s?s s?s s?s ss}", "version", &status.version,
                        "boot", &status.boot, "pid", &status.pid, "start", &status.start, "id",
                        &status.id, "state", &status.state, "reason", &status.reason, "starting",
                        &status.starting, "commanded", &status.commanded, "directory",
                        &status.directory, "scope", &status.scope, "owner", &status.owner, "config",
                        &status.config) < 0)
                return error_set(error, ERROR_INTERNAL_ERROR, "'%s' is not a guest's state: %s",
                        path, problem.text);
        if (status.version != STATUS_VERSION)
                return error_set(error, ERROR_INTERNAL_ERROR, "'%s' is of another version, %d",
                        path, status.version);
        if (status.pid <= 1 || status.state <= DOMAIN_NOSTATE || status.state > DOMAIN_PMSUSPENDED)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "'%s' is not a guest's state: process %d in state %d", path, status.pid,
                        status.state);
        *ret = status;
        status.json = NULL;
        return 0;
}

static int status_read(const char *path, QemuStatus *ret, GError **error)
{
        g_autofree char *text = NULL;
        int r = file_read(path, STATUS_MAX, &text, NULL);

        if (r < 0)
                return error_set_errno(error, r, "cannot read '%s'", path);
        return qemu_status_parse(text, path, ret, error);
}

/* The domain that the file is about: a defined one, or a transient one that comes back. */
static QemuDomain *status_domain(
        QemuConnection *connection, const DomainConfig *config, const QemuStatus *status)
{
        Connection *base = &connection->local.connection;
        Domain *known = registry_find(&base->registry, DOMAIN_BY_UUID, config->uuid);
        QemuDomain *domain;

        if (known)
                return domain_is_active(known) ? NULL : qemu_domain(known);
        if (registry_find(&base->registry, DOMAIN_BY_NAME, config->name))
                return NULL;
        domain = qemu_domain(
                connection->local.hooks->new (&connection->local, config->name, config->uuid));
        object_set_string(domain, DOMAIN_PROPERTY_OWNER, status->owner);
        registry_add(&base->registry, &domain->local.domain);
        object_unref(domain);
        return domain;
}

static bool process_is_there(const QemuStatus *status)
{
        g_autofree char *boot = boot_id();

        return strcmp(boot, status->boot) == 0 &&
                qemu_process_start_time(status->pid) == (uint64_t)status->start;
}

/* It ended while nobody was there to see. */
static void report_lost(QemuDomain *domain)
{
        g_message("guest '%s' has ended while the service was away", qemu_name(domain));
        qemu_process_take_down(domain);
        if (!domain->local.domain.object.published)
                object_publish(domain);
        local_stopped(&domain->local, SHUTOFF_UNKNOWN, STOPPED_FAILED);
}

/* libvirt's states from QEMU's run states. */
static void take_state(QemuDomain *domain, const char *run_state, const QemuStatus *status)
{
        Domain *base = &domain->local.domain;
        bool running = strcmp(run_state, "running") == 0;

        if (running && status->state == DOMAIN_RUNNING)
                domain_set_state(base, DOMAIN_RUNNING, status->reason, status->id);
        else if (running && status->reason == PAUSED_STARTING_UP)
                domain_set_state(base, DOMAIN_RUNNING, RUNNING_BOOTED, status->id);
        else if (running)
                domain_set_state(base, DOMAIN_RUNNING, RUNNING_UNPAUSED, status->id);
        else if (strcmp(run_state, "guest-panicked") == 0)
                domain_set_state(base, DOMAIN_CRASHED, CRASHED_PANICKED, status->id);
        else if (strcmp(run_state, "suspended") == 0)
                domain_set_state(base, DOMAIN_PMSUSPENDED, 0, status->id);
        else if (strcmp(run_state, "io-error") == 0)
                domain_set_state(base, DOMAIN_PAUSED, PAUSED_IOERROR, status->id);
        else if (status->state == DOMAIN_PAUSED)
                domain_set_state(base, DOMAIN_PAUSED, status->reason, status->id);
        else
                domain_set_state(base, DOMAIN_PAUSED, PAUSED_UNKNOWN, status->id);
}

/* Its monitor, which may take its time: a stopped process answers when it is continued. */
static void adopt_monitor(QemuDomain *domain, const QemuStatus *status)
{
        /* The guest may end meanwhile, and another run of it may begin. */
        while (domain->child && domain->start_time == (uint64_t)status->start && !domain->qmp &&
                !qemu_connection(domain)->stopping) {
                g_autoptr(GError) error = NULL;
                g_autoptr(json_t) reply = NULL;
                const char *run_state;

                if (qemu_process_connect(domain, fiber_deadline(ADOPT_DEADLINE), &error) >= 0 &&
                        qemu_ask(domain, "query-status", NULL, &reply, &error) >= 0 &&
                        json_unpack(reply, "{ss}", "status", &run_state) >= 0) {
                        if (!domain->child)
                                return;
                        take_state(domain, run_state, status);
                        /* It was shut down in the service's absence: what on_poweroff says is still
                         * to be done. */
                        if (strcmp(run_state, "shutdown") == 0)
                                qemu_guest_has_shut_down(domain, true);
                        qemu_status_write(domain, NULL);
                        return;
                }
                g_message("guest '%s' runs, but does not answer: %s", qemu_name(domain),
                        error ? error->message : "its answer is not understood");
                if (domain->qmp) {
                        qmp_close(domain->qmp);
                        domain->qmp = qmp_unref(domain->qmp);
                }
                if (fiber_sleep(ADOPT_PAUSE) < 0)
                        return;
        }
}

typedef struct Adoption {
        QemuDomain *domain;
        QemuStatus status;
} Adoption;

static void adoption_run(void *data)
{
        Adoption *adoption = data;

        adopt_monitor(adoption->domain, &adoption->status);
        object_unref(adoption->domain);
        qemu_status_clear(&adoption->status);
        g_free(adoption);
}

static int adopt(QemuConnection *connection, const char *path, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;
        g_auto(QemuStatus) status = { 0 };
        Adoption *adoption;
        QemuDomain *domain;
        int r;

        if (status_read(path, &status, error) < 0 ||
                domain_config_parse(status.config, 0, &config, error) < 0)
                return -1;
        connection->local.last_id = MAX(connection->local.last_id, (unsigned)MAX(status.id, 0));
        domain = status_domain(connection, config, &status);
        if (!domain)
                return error_set(error, ERROR_INTERNAL_ERROR, "guest '%s' of '%s' is there already",
                        config->name, path);
        domain->directory = g_strdup(status.directory);
        domain->scope = g_strdup(status.scope);
        domain->start_time = status.start;
        domain->commanded = status.commanded;

        r = process_is_there(&status) ? child_adopt(status.pid, &domain->child) : -ESRCH;
        if (r < 0) {
                report_lost(domain);
                return 0;
        }
        domain->local.live = g_steal_pointer(&config);
        domain_set_state(&domain->local.domain, status.state, status.reason, status.id);
        local_refresh(&domain->local, domain->local.live);
        if (qemu_process_watch(domain, error) < 0)
                return -1;
        if (status.starting) {
                /* Nobody was told that it runs. */
                g_message("guest '%s' was just being started; it is taken down", qemu_name(domain));
                object_publish(domain);
                return qemu_process_kill(
                        &domain->local, false, SHUTOFF_FAILED, STOPPED_FAILED, error);
        }
        adoption = g_new(Adoption, 1);
        *adoption = (Adoption){ .domain = domain, .status = status };
        status.json = NULL;
        object_ref(domain);
        fiber_owe("adopting a guest", adoption_run, adoption);
        return 0;
}

void qemu_adopt_all(QemuConnection *connection)
{
        g_autoptr(GDir) directory = g_dir_open(connection->runtime, 0, NULL);
        const char *name;

        while (directory && (name = g_dir_read_name(directory))) {
                g_autofree char *path = g_build_filename(connection->runtime, name, NULL);
                g_autoptr(GError) error = NULL;

                if (!g_str_has_suffix(name, ".json"))
                        continue;
                if (adopt(connection, path, &error) < 0)
                        g_warning("%s", error->message);
        }
}

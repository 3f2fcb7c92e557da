/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The process of a guest: how it is started, watched and ended.
 *
 * A start sets up one thing after the other: directory, files, process (held before its exec),
 * unit, status file, exec, monitor. Whatever fails, qemu_process_take_down() removes all there is;
 * it is the same that removes all when a guest ends. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "drivers/qemu/command.h"
#include "drivers/qemu/domain.h"
#include "drivers/qemu/resources.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#define MONITOR_SOCKET "monitor.sock"
#define TERM_PATIENCE (G_USEC_PER_SEC)
#define TERM_PATIENCE_GRACEFUL (15 * G_USEC_PER_SEC)
#define KILL_PATIENCE (15 * G_USEC_PER_SEC)
#define COMPLAINT_MAX 4096

/* Its directory: "domain-ID-NAME", the name cut and cleaned, since paths of sockets are short. */

static int directory_create(QemuDomain *domain, unsigned id, GError **error)
{
        g_autofree char *name = g_strdup_printf("domain-%u-%.20s", id, qemu_name(domain));
        int r;

        for (char *c = name; *c; c++)
                if (!g_ascii_isalnum(*c) && !strchr("-_.", *c))
                        *c = '_';
        g_free(domain->directory);
        domain->directory = g_build_filename(qemu_connection(domain)->runtime, name, NULL);
        /* What another run left there is nobody's any more. */
        qemu_directory_remove(domain);
        r = directory_make(domain->directory, 0700);
        return r < 0 ?
                error_set_errno(error, r, "cannot create directory '%s'", domain->directory) :
                0;
}

void qemu_directory_remove(QemuDomain *domain)
{
        g_autoptr(GDir) directory = g_dir_open(domain->directory, 0, NULL);
        const char *name;

        while (directory && (name = g_dir_read_name(directory))) {
                g_autofree char *path = g_build_filename(domain->directory, name, NULL);

                unlink(path);
        }
        rmdir(domain->directory);
}

/* The monitor's socket is named through its directory's descriptor, which is short whatever the
 * path. */
static int monitor_address(const QemuDomain *domain, struct sockaddr_un *ret, int *ret_directory)
{
        *ret_directory = open(domain->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*ret_directory < 0)
                return -errno;
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        g_snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/" MONITOR_SOCKET,
                *ret_directory);
        return 0;
}

static int monitor_listen(QemuDomain *domain, GError **error)
{
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_fd_ int directory = -1;
        struct sockaddr_un address;
        int r = monitor_address(domain, &address, &directory);

        if (r >= 0 &&
                (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
                        listen(fd, 1) < 0))
                r = -errno;
        if (r < 0)
                return error_set_errno(error, r, "cannot open the monitor socket of guest '%s'",
                        qemu_name(domain));
        return fd_steal(&fd);
}

int qemu_process_connect(QemuDomain *domain, uint64_t deadline, GError **error)
{
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        g_autofree char *who = g_strdup_printf("guest '%s'", qemu_name(domain));
        _cleanup_fd_ int directory = -1;
        struct sockaddr_un address;
        g_autoptr(Qmp) qmp = NULL;
        int r = monitor_address(domain, &address, &directory);

        if (r >= 0 && (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0))
                r = -errno;
        if (r >= 0)
                r = qmp_new(fibers_event(), fd_steal(&fd), who, &qmp);
        if (r < 0)
                return error_set_errno(
                        error, r, "cannot connect to the monitor of guest '%s'", qemu_name(domain));
        qmp_watch(qmp, qemu_event, qemu_monitor_closed, domain);
        g_assert(!domain->qmp);
        domain->qmp = qmp_ref(qmp);
        if (qmp_negotiate(qmp, deadline, error) >= 0)
                return 0;
        /* It may have been taken away meanwhile, with the guest. */
        qmp_close(qmp);
        if (domain->qmp == qmp)
                domain->qmp = qmp_unref(domain->qmp);
        return -1;
}

/* Its log, which is also where it complains when it does not want to start. */

static int log_open(QemuDomain *domain, const char *const *argv, GError **error)
{
        g_autofree char *path = qemu_path(qemu_connection(domain)->log, qemu_name(domain), ".log");
        g_autofree char *command = g_strjoinv(" ", (char **)argv), *text = NULL;
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *time = g_date_time_format(now, "%Y-%m-%d %H:%M:%S");

        domain->log = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (domain->log < 0)
                return error_set_errno(error, errno, "cannot open the log '%s'", path);
        text = g_strdup_printf("%s: starting %s\n", time, command);
        if (write(domain->log, text, strlen(text)) < 0)
                return error_set_errno(error, errno, "cannot write the log '%s'", path);
        domain->log_start = lseek(domain->log, 0, SEEK_END);
        return 0;
}

/* What it wrote since it was started, trimmed; empty where it was silent. */
static char *log_complaint(const QemuDomain *domain)
{
        char *text = g_malloc0(COMPLAINT_MAX + 1);
        off_t end = lseek(domain->log, 0, SEEK_END);
        ssize_t n = pread(
                domain->log, text, COMPLAINT_MAX, MAX(domain->log_start, end - COMPLAINT_MAX));

        text[MAX(n, 0)] = '\0';
        return g_strstrip(text);
}

/* The end. */

void qemu_process_take_down(QemuDomain *domain)
{
        domain->ended = sd_event_source_disable_unref(domain->ended);
        qemu_consoles_close(domain);
        if (domain->qmp) {
                qmp_close(domain->qmp);
                domain->qmp = qmp_unref(domain->qmp);
        }
        domain->child = child_free(domain->child);
        domain->log = fd_close(domain->log);
        if (domain->directory) {
                qemu_directory_remove(domain);
                g_clear_pointer(&domain->directory, g_free);
        }
        qemu_status_remove(domain);
        g_clear_pointer(&domain->scope, g_free);
        g_clear_pointer(&domain->binary, qemu_binary_unref);
        domain->start_time = 0;
        domain->stopping = domain->shutdown_seen = domain->reboot_wanted = domain->quiet = false;
        domain->pause_reason = PAUSED_UNKNOWN;
        domain->commanded = false;
        domain->silent_until = 0;
}

void qemu_process_forget(QemuDomain *domain)
{
        domain->ended = sd_event_source_disable_unref(domain->ended);
        qemu_consoles_close(domain);
        if (domain->qmp) {
                qmp_close(domain->qmp);
                domain->qmp = qmp_unref(domain->qmp);
        }
        domain->child = child_abandon(domain->child);
        domain->log = fd_close(domain->log);
        g_clear_pointer(&domain->binary, qemu_binary_unref);
}

static void ended_run(void *data)
{
        g_autoptr(Object) held = data;
        QemuDomain *domain = data;
        g_autofree char *how = NULL;
        int reason = SHUTOFF_CRASHED, detail = STOPPED_FAILED;
        int status;

        if (!domain->child)
                return;
        fiber_shield();
        status = child_wait(domain->child, fiber_deadline(G_USEC_PER_SEC));
        if (domain->stopping) {
                reason = domain->stop_reason;
                detail = domain->stop_detail;
        } else if (domain->shutdown_seen) {
                reason = SHUTOFF_SHUTDOWN;
                detail = STOPPED_SHUTDOWN;
        } else {
                how = status >= 0 ? child_status_string(status) : g_strdup("how is not known");
                g_message("guest '%s' has ended by itself (%s)", qemu_name(domain), how);
        }
        qemu_process_take_down(domain);
        local_stopped(&domain->local, reason, detail);
        fiber_queue_wake_all(&domain->gone, 0);
        fiber_unshield();
}

static int on_ended(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        QemuDomain *domain = data;

        (void)source, (void)fd, (void)revents;
        /* A start sees it by the monitor, and looks here afterwards. */
        if (domain->starting)
                return 0;
        object_ref(domain);
        fiber_owe("the end of a guest", ended_run, domain);
        return 0;
}

int qemu_process_watch(QemuDomain *domain, GError **error)
{
        int r = sd_event_add_io(fibers_event(), &domain->ended, child_pidfd(domain->child), EPOLLIN,
                on_ended, domain);

        if (r < 0)
                return error_set_errno(
                        error, r, "cannot watch the process of guest '%s'", qemu_name(domain));
        return sd_event_source_set_enabled(domain->ended, SD_EVENT_ONESHOT);
}

/* Signals it and waits until it is gone. */
static bool signal_and_wait(QemuDomain *domain, int number_, uint64_t patience)
{
        if (!domain->child)
                return true;
        child_kill(domain->child, number_);
        return fiber_queue_wait(&domain->gone, "the end of a guest", fiber_deadline(patience)) >= 0;
}

int qemu_process_kill(LocalDomain *local, bool graceful, int reason, int detail, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        bool ended;

        if (!domain->child || domain->starting)
                return error_set(error, ERROR_OPERATION_INVALID,
                        domain->starting ? "domain is just being started" :
                                           "domain is not running");
        if (!domain->stopping) {
                domain->stopping = true;
                domain->stop_reason = reason;
                domain->stop_detail = detail;
        }
        fiber_shield();
        ended = signal_and_wait(domain, SIGTERM, graceful ? TERM_PATIENCE_GRACEFUL : TERM_PATIENCE);
        if (!ended && !graceful)
                ended = signal_and_wait(domain, SIGKILL, KILL_PATIENCE);
        fiber_unshield();
        if (ended)
                return 0;
        domain->stopping = false;
        return error_set(error, ERROR_RESOURCE_BUSY,
                "Failed to terminate process %d of guest '%s' with %s",
                (int)child_pid(domain->child), qemu_name(domain), graceful ? "SIGTERM" : "SIGKILL");
}

/* The start. */

static int spawn(QemuDomain *domain, const QemuCommand *command, unsigned id, GError **error)
{
        QemuConnection *connection = qemu_connection(domain);
        g_autofree ChildFd *fds = g_new(ChildFd, command->n_fds + 2);
        g_autoptr(GPtrArray) environment = g_ptr_array_new();
        ChildSpec spec = {
                .argv = (const char *const *)command->argv,
                .fds = fds,
                .uid = connection->uid,
                .gid = connection->gid,
                .groups = connection->groups,
                .n_groups = connection->n_groups,
                .session = true,
                .held = true,
        };
        int r;

        g_ptr_array_add(environment, (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin");
        g_ptr_array_add(environment, (char *)"LC_ALL=C");
        for (char **variable = command->envp; variable && *variable; variable++)
                g_ptr_array_add(environment, *variable);
        g_ptr_array_add(environment, NULL);
        spec.envp = (const char *const *)environment->pdata;
        memcpy(fds, command->fds, command->n_fds * sizeof *fds);
        spec.n_fds = command->n_fds;
        fds[spec.n_fds++] = (ChildFd){ .fd = domain->log, .number = STDOUT_FILENO };
        fds[spec.n_fds++] = (ChildFd){ .fd = domain->log, .number = STDERR_FILENO };

        r = child_spawn(&spec, &domain->child);
        if (r < 0)
                return error_set_errno(
                        error, r, "cannot start a process for guest '%s'", qemu_name(domain));
        domain->start_time = qemu_process_start_time(child_pid(domain->child));
        if (qemu_process_watch(domain, error) < 0 ||
                qemu_scope_create(domain, child_pid(domain->child), id, &domain->scope, error) < 0)
                return -1;
        /* Remembered before it becomes QEMU: until then it ends with us. */
        if (qemu_status_write(domain, error) < 0)
                return -1;
        r = child_release(domain->child);
        if (r < 0)
                return error_set_errno(error, r, "cannot run '%s'", command->argv[0]);
        return 0;
}

/* The monitor failed: mostly because QEMU has ended, and told why. */
static int explain(QemuDomain *domain, GError **error)
{
        g_autofree char *complaint = NULL, *how = NULL;
        int status = child_wait(domain->child,
                fiber_deadline(qemu_process_is_ending(domain) ? MONITOR_DEADLINE : 500 * 1000));

        if (status < 0)
                return -1;
        complaint = log_complaint(domain);
        how = child_status_string(status);
        g_clear_error(error);
        return error_set(error, ERROR_INTERNAL_ERROR,
                "process exited while connecting to monitor: %s", complaint[0] ? complaint : how);
}

/* What libvirt's documents show of a running guest only: the ptys of its character devices. */
static void note_ptys(DomainConfig *config, json_t *chardevs)
{
        const Devices *devices = &config->devices;
        const struct {
                Chardev **items;
                size_t n;
        } lists[] = {
                { devices->serials, devices->n_serials },
                { devices->parallels, devices->n_parallels },
                { devices->consoles, devices->n_consoles },
                { devices->channels, devices->n_channels },
        };
        json_t *entry;
        size_t index;

        json_array_foreach (chardevs, index, entry) {
                const char *label = json_string_value(json_object_get(entry, "label"));
                const char *file = json_string_value(json_object_get(entry, "filename"));

                if (!label || !file || !g_str_has_prefix(file, "pty:") ||
                        !g_str_has_prefix(label, "char"))
                        continue;
                for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++)
                        for (size_t j = 0; j < lists[i].n; j++) {
                                Chardev *chardev = lists[i].items[j];

                                if (chardev->type != CHARDEV_PTY ||
                                        g_strcmp0(chardev->info.alias.name,
                                                label + strlen("char")) != 0)
                                        continue;
                                g_free(chardev->path.path);
                                chardev->path.path = g_strdup(file + strlen("pty:"));
                                if (lists[i].items == devices->consoles) {
                                        g_free(chardev->tty);
                                        chardev->tty = g_strdup(chardev->path.path);
                                }
                        }
        }
        /* The first console is the first serial port, seen again. */
        if (devices->n_consoles > 0 && devices->n_serials > 0 &&
                devices->serials[0]->type == CHARDEV_PTY &&
                devices->consoles[0]->type == CHARDEV_PTY && !devices->consoles[0]->path.path) {
                devices->consoles[0]->path.path = g_strdup(devices->serials[0]->path.path);
                devices->consoles[0]->tty = g_strdup(devices->serials[0]->path.path);
        }
}

static QmpCommand *add_command(GArray *commands, const char *name, json_t *arguments)
{
        const QmpCommand command = { .name = name, .arguments = arguments };

        g_array_append_val(commands, command);
        return &g_array_index(commands, QmpCommand, commands->len - 1);
}

/* All that a new guest is told and asked, in one go. */
static int set_up(QemuDomain *domain, GError **error)
{
        g_autoptr(GArray) commands = g_array_new(FALSE, TRUE, sizeof(QmpCommand));
        g_autoptr(Qmp) qmp = qmp_ref(domain->qmp);
        DomainConfig *config = domain->local.live;
        const Memballoon *balloon = config->devices.memballoon;
        int64_t memory = number_or(config->memory.kib, 0);
        int64_t current = number_or(config->current_memory.kib, memory);
        int r;

        add_command(commands, "query-chardev", NULL);
        for (size_t i = 0; i < config->devices.n_graphics; i++) {
                const Graphics *graphics = config->devices.graphics[i];

                if (graphics->type == GRAPHICS_VNC && graphics->passwd)
                        add_command(commands, "set_password",
                                json_pack("{ss ss}", "protocol", "vnc", "password",
                                        graphics->passwd));
        }
        for (size_t i = 0; i < config->devices.n_interfaces; i++) {
                const InterfaceDevice *interface = config->devices.interfaces[i];

                if (interface->link.state == LINK_DOWN)
                        add_command(commands, "set_link",
                                json_pack("{ss sb}", "name", interface->info.alias.name, "up", 0));
        }
        if (balloon && balloon->model != MEMBALLOON_NONE && balloon->info.alias.name) {
                g_autofree char *path =
                        g_strdup_printf("/machine/peripheral/%s", balloon->info.alias.name);

                if (balloon->stats.period.set)
                        add_command(commands, "qom-set",
                                json_pack("{ss ss sI}", "path", path, "property",
                                        "guest-stats-polling-interval", "value",
                                        (json_int_t)balloon->stats.period.value));
                if (current < memory)
                        add_command(commands, "balloon",
                                json_pack("{sI}", "value", (json_int_t)current * 1024));
        }

        r = qmp_call_all(qmp, (QmpCommand *)commands->data, commands->len,
                fiber_deadline(MONITOR_DEADLINE), error);
        for (unsigned i = 0; r >= 0 && i < commands->len; i++) {
                QmpCommand *command = &g_array_index(commands, QmpCommand, i);

                if (!command->error)
                        continue;
                g_propagate_error(error, g_steal_pointer(&command->error));
                r = -1;
        }
        if (r >= 0)
                note_ptys(config, g_array_index(commands, QmpCommand, 0).ret);
        qmp_commands_clear((QmpCommand *)commands->data, commands->len);
        return r;
}

static int start(QemuDomain *domain, unsigned id, unsigned flags, GError **error)
{
        QemuConnection *connection = qemu_connection(domain);
        DomainConfig *config = domain->local.live;
        g_autoptr(QemuResources) resources = NULL;
        g_autoptr(QemuCommand) command = NULL;
        _cleanup_fd_ int monitor = -1;

        if (probes_get(connection->probes, config->devices.emulator, &domain->binary, error) < 0 ||
                qemu_command_check(config, domain->binary, error) < 0 ||
                directory_create(domain, id, error) < 0)
                return -1;
        alias_assign(config);
        qemu_command_prepare(config, domain->directory);
        monitor = monitor_listen(domain, error);
        if (monitor < 0)
                return -1;
        if (qemu_resources_open(domain, flags & START_RESET_NVRAM, &resources, error) < 0)
                return -1;
        qemu_resources_add(resources, QEMU_FD_MONITOR, NULL, fd_steal(&monitor));
        const QemuRuntime runtime = {
                .descriptors = resources->descriptors,
                .n_descriptors = resources->n_descriptors,
                .now = g_get_real_time() / G_USEC_PER_SEC,
        };
        if (qemu_command_build(config, domain->binary, &runtime, &command, error) < 0 ||
                log_open(domain, (const char *const *)command->argv, error) < 0 ||
                spawn(domain, command, id, error) < 0)
                return -1;
        /* QEMU has them now. Our own end of the monitor's must not keep it open. */
        resources = qemu_resources_free(resources);
        if (qemu_process_connect(domain, fiber_deadline(MONITOR_DEADLINE), error) < 0 ||
                set_up(domain, error) < 0)
                return explain(domain, error);
        return 0;
}

/* Numbers are not used again while the host is up, also by a service that comes later. */
static int remember_id(const QemuConnection *connection, unsigned id, GError **error)
{
        g_autofree char *path = g_build_filename(connection->runtime, "last-id", NULL);
        g_autofree char *text = g_strdup_printf("%u\n", id);
        int r = file_replace_volatile(path, text, strlen(text), 0600);

        return r < 0 ? error_set_errno(error, r, "cannot write '%s'", path) : 0;
}

int qemu_process_start(LocalDomain *local, unsigned id, unsigned flags, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        int r;

        if (remember_id(qemu_connection(domain), id, error) < 0)
                return -1;
        domain->starting = domain->quiet = true;
        job_allow_cancel(local->domain.job, true);
        r = start(domain, id, flags, error);
        job_allow_cancel(local->domain.job, false);
        if (local->domain.job->cancelled) {
                g_clear_error(error);
                r = error_set(error, ERROR_OPERATION_ABORTED,
                        "the start of guest '%s' was cancelled", qemu_name(domain));
        }
        if (r < 0) {
                fiber_shield();
                if (domain->child) {
                        child_kill(domain->child, SIGKILL);
                        child_wait(domain->child, fiber_deadline(KILL_PATIENCE));
                }
                qemu_process_take_down(domain);
                fiber_unshield();
        }
        domain->starting = domain->quiet = false;
        /* It may have ended just now, when nobody looked. */
        if (r >= 0 && domain->ended)
                sd_event_source_set_enabled(domain->ended, SD_EVENT_ONESHOT);
        return r;
}

int qemu_process_run(LocalDomain *local, GError **error)
{
        QemuDomain *domain = qemu_domain(local);
        int r;

        domain->quiet = true;
        r = qemu_ask(domain, "cont", NULL, NULL, error);
        domain->quiet = false;
        return r;
}

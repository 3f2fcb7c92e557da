/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A guest of the QEMU driver, and the host that it is on.
 *
 * A guest's process is ours to watch through a pidfd, whether we started it or adopted it, and to
 * steer through its monitor. Each may go at any moment: `qmp` is NULL while the monitor cannot be
 * reached, `child` while there is no process. After every wait look again; local.live goes with the
 * guest. */

#include <systemd/sd-bus.h>

#include "drivers/local/heads.h"
#include "drivers/local/local.h"
#include "drivers/qemu/alias.h"
#include "drivers/qemu/probe.h"
#include "drivers/qemu/qmp.h"
#include "service/base/child.h"

/* How long a guest may take to answer. Behind a change that waits as long (JOB_DEADLINE) it is
 * still shorter than the 25 s that callers of the bus wait. */
#define MONITOR_DEADLINE (10 * G_USEC_PER_SEC)

typedef enum QemuInstance {
        QEMU_SYSTEM,
        QEMU_SESSION,
        QEMU_EMBED,
} QemuInstance;

typedef struct QemuConnection {
        LocalConnection local;
        QemuInstance instance;
        char *definitions; /* directories */
        char *autostart;
        char *runtime;
        char *state;
        char *cache;
        char *log;
        int lock; /* one service at a time works in these directories */
        Probes *probes;
        LocalHeads *heads; /* of the definitions, until they are saved */
        uid_t uid;         /* that guests run as; (uid_t)-1: as we do */
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        bool stopping;
} QemuConnection;

typedef struct Console Console;
typedef struct QemuStatsCache QemuStatsCache;

typedef struct QemuDomain {
        LocalDomain local;
        Child *child;
        sd_event_source *ended; /* on the child's pidfd */
        Qmp *qmp;
        QemuBinary *binary;
        char *directory;     /* of its sockets, below the runtime directory */
        char *scope;         /* the unit it runs in; NULL: none */
        uint64_t start_time; /* of the process, as the kernel counts */
        int log;             /* its log, and where this run began in it */
        off_t log_start;

        bool starting; /* its end is the start's to deal with */
        bool quiet;    /* so are the states that its events tell of */
        bool stopping; /* somebody takes it down, for this reason: */
        int stop_reason, stop_detail;
        bool shutdown_seen;          /* it said that it shuts down */
        bool reboot_wanted;          /* by Reboot: what looks like a shutdown is one half of it */
        bool commanded;              /* somebody gave commands to its monitor, behind our back */
        int pause_reason;            /* of the next STOP */
        uint64_t silent_until;       /* it did not answer: statistics do without it until then */
        FiberQueue gone;             /* woken when the process has ended and all is taken down */
        const char *renamed_to;      /* the name that its definition has, while it is renamed */
        Console *consoles;           /* open ones; console.c */
        QemuStatsCache *stats_cache; /* of the definition; stats.c */
} QemuDomain;

static inline QemuDomain *qemu_domain(void *domain)
{
        return domain;
}

static inline QemuConnection *qemu_connection(const QemuDomain *domain)
{
        return (QemuConnection *)local_connection(&domain->local);
}

static inline const char *qemu_name(const QemuDomain *domain)
{
        return local_name(&domain->local);
}

/* -1 with ERROR_OPERATION_INVALID where it is not running, ERROR_OPERATION_FAILED where its monitor
 * is lost. *ret is a reference, which survives the guest. */
int qemu_monitor(QemuDomain *domain, Qmp **ret, GError **error);

/* Suspends. One command with the usual deadline; arguments are stolen, ret may be NULL. */
int qemu_ask(
        QemuDomain *domain, const char *command, json_t *arguments, json_t **ret, GError **error);

/* definitions.c: the documents in files. */

/* Hooks of local.h. */
int qemu_definition_store(LocalDomain *domain, const char *text, GError **error);
int qemu_definition_load(LocalDomain *domain, char **ret, GError **error);
int qemu_definition_remove(LocalDomain *domain, unsigned flags, GError **error);
int qemu_definition_rename(LocalDomain *domain, const char *name, const char *text, GError **error);
int qemu_definition_set_autostart(LocalDomain *domain, bool autostart, GError **error);
/* Adds the domains that are defined. A definition that cannot be used is left alone, with a
 * warning.
 */
void qemu_definitions_load(QemuConnection *connection);
/* Suspends. So that the next start is a quick one; behind qemu_definitions_load(), when there is
 * time. */
void qemu_definitions_save_heads(QemuConnection *connection);

/* process.c: starting and ending. */

/* Hooks of local.h. */
int qemu_process_start(LocalDomain *domain, unsigned id, unsigned flags, GError **error);
int qemu_process_run(LocalDomain *domain, GError **error);
int qemu_process_kill(LocalDomain *domain, bool graceful, int reason, int detail, GError **error);
/* Lets go of all that a run of the guest had, which has ended or never came to be: process,
 * monitor, files. Harmless where there is nothing. */
void qemu_process_take_down(QemuDomain *domain);
/* Removes the directory of its sockets. */
void qemu_directory_remove(QemuDomain *domain);
/* Lets go of a guest, which runs on. */
void qemu_process_forget(QemuDomain *domain);
/* Begins to watch a process, ours or adopted. */
int qemu_process_watch(QemuDomain *domain, GError **error);
/* Suspends. Connects to the monitor of a process that listens, and negotiates. */
int qemu_process_connect(QemuDomain *domain, uint64_t deadline, GError **error);

/* events.c */
void qemu_event(Qmp *qmp, const char *name, json_t *data, uint64_t timestamp, void *domain);
/* The guest has powered itself off, or has reset itself where that ends it: does what the
 * configuration says. */
void qemu_guest_has_shut_down(QemuDomain *domain, bool powered_off);
void qemu_monitor_closed(Qmp *qmp, const GError *reason, void *domain);

/* status.c: what has to be remembered of a guest to adopt it again. */
/* When a process began, in the kernel's ticks; 0 where there is none. */
uint64_t qemu_process_start_time(pid_t pid);
/* Whether the kernel takes it down: all it had open is closed some time before its end is known. */
bool qemu_process_is_ending(const QemuDomain *domain);
int qemu_status_write(QemuDomain *domain, GError **error);
void qemu_status_remove(QemuDomain *domain);
/* Suspends. Takes back the guests that run, reports those that do not. */
void qemu_adopt_all(QemuConnection *connection);

/* scope.c: a unit of systemd's for each guest, where there is systemd. */
void qemu_scope_set_bus(sd_bus *bus);
/* Suspends. Puts the process into one, *ret is its name, or NULL where there is none; that is no
 * reason not to start, so it fails only where the fiber is cancelled. */
int qemu_scope_create(QemuDomain *domain, pid_t pid, unsigned id, char **ret, GError **error);

/* Suspends. Ends the units of guests that this connection does not have: of a start that was cut
 * short. */
void qemu_scope_clean(QemuConnection *connection);

/* network.c: taps. */
/* Opens the tap of an interface of type bridge or ethernet: *ret is its descriptor;
 * interface->target.dev gets its name. What was made goes when the last descriptor is closed.
 * Suspends. */
int qemu_tap_open(QemuConnection *connection, InterfaceDevice *interface, int *ret, GError **error);
/* Opens the kernel's side of a virtio interface, for a guest with KVM: *ret is -1 where it is not
 * used. Does not suspend. */
int qemu_vhost_open(
        const DomainConfig *config, const InterfaceDevice *interface, int *ret, GError **error);

/* console.c */
int qemu_open_console(
        Domain *domain, const DomainOpenConsoleIn *in, DomainOpenConsoleOut *out, GError **error);
/* The guest has ended: hangs up. */
void qemu_consoles_close(QemuDomain *domain);

/* display.c: screens and keys. */
int qemu_open_graphics(
        Domain *domain, const DomainOpenGraphicsIn *in, DomainOpenGraphicsOut *out, GError **error);
int qemu_open_graphics_fd(Domain *domain, const DomainOpenGraphicsFDIn *in,
        DomainOpenGraphicsFDOut *out, GError **error);
int qemu_screenshot(
        Domain *domain, const DomainScreenshotIn *in, DomainScreenshotOut *out, GError **error);
int qemu_send_key(Domain *domain, const DomainSendKeyIn *in, DomainSendKeyOut *out, GError **error);

/* stats.c */
int qemu_get_stats(
        Domain *domain, const DomainGetStatsIn *in, DomainGetStatsOut *out, GError **error);
int qemu_memory_stats(
        Domain *domain, const DomainMemoryStatsIn *in, DomainMemoryStatsOut *out, GError **error);
/* The entry that is about this disk, in a reply that lists block devices; borrowed, or NULL. */
json_t *qemu_find_disk(json_t *list, const Disk *disk);
/* For who frees a domain or changes its definition. Takes NULL; returns NULL. */
QemuStatsCache *qemu_stats_cache_free(QemuStatsCache *cache);

/* inspect.c */
int qemu_get_control_info(Domain *domain, const DomainGetControlInfoIn *in,
        DomainGetControlInfoOut *out, GError **error);
int qemu_get_disk_errors(Domain *domain, const DomainGetDiskErrorsIn *in,
        DomainGetDiskErrorsOut *out, GError **error);
int qemu_get_emulator_pin_info(Domain *domain, const DomainGetEmulatorPinInfoIn *in,
        DomainGetEmulatorPinInfoOut *out, GError **error);
int qemu_get_io_thread_info(Domain *domain, const DomainGetIOThreadInfoIn *in,
        DomainGetIOThreadInfoOut *out, GError **error);
int qemu_get_job_info(
        Domain *domain, const DomainGetJobInfoIn *in, DomainGetJobInfoOut *out, GError **error);
int qemu_monitor_command(Domain *domain, const DomainMonitorCommandIn *in,
        DomainMonitorCommandOut *out, GError **error);
int qemu_get_messages(
        Domain *domain, const DomainGetMessagesIn *in, DomainGetMessagesOut *out, GError **error);
int qemu_get_security_label_list(Domain *domain, const DomainGetSecurityLabelListIn *in,
        DomainGetSecurityLabelListOut *out, GError **error);
int qemu_get_vcpu_pin_info(Domain *domain, const DomainGetVcpuPinInfoIn *in,
        DomainGetVcpuPinInfoOut *out, GError **error);
int qemu_has_managed_save_image(Domain *domain, const DomainHasManagedSaveImageIn *in,
        DomainHasManagedSaveImageOut *out, GError **error);

/* lifecycle.c */
int qemu_suspend(Domain *domain, const DomainSuspendIn *in, DomainSuspendOut *out, GError **error);
int qemu_resume(Domain *domain, const DomainResumeIn *in, DomainResumeOut *out, GError **error);
int qemu_shutdown(
        Domain *domain, const DomainShutdownIn *in, DomainShutdownOut *out, GError **error);
int qemu_reboot(Domain *domain, const DomainRebootIn *in, DomainRebootOut *out, GError **error);
int qemu_reset(Domain *domain, const DomainResetIn *in, DomainResetOut *out, GError **error);
int qemu_inject_nmi(
        Domain *domain, const DomainInjectNMIIn *in, DomainInjectNMIOut *out, GError **error);
int qemu_live_memory(LocalDomain *domain, uint64_t kib, GError **error);
int qemu_live_vcpus(LocalDomain *domain, unsigned vcpus, GError **error);
int qemu_live_stats_period(LocalDomain *domain, int seconds, GError **error);
int qemu_live_reboot(LocalDomain *domain, LifecycleAction action, GError **error);
int qemu_live_changed(LocalDomain *domain, GError **error);

/* driver.c */
/* The path that belongs to a domain: directory/name suffix. Allocated. */
char *qemu_path(const char *directory, const char *name, const char *suffix);

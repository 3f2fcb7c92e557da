/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The numbers in which the bus and the wire tell of a domain's life. They are libvirt's
 * (VIR_DOMAIN_*). */

typedef enum DomainState {
        DOMAIN_NOSTATE,
        DOMAIN_RUNNING,
        DOMAIN_BLOCKED,
        DOMAIN_PAUSED,
        DOMAIN_SHUTDOWN, /* being shut down */
        DOMAIN_SHUTOFF,
        DOMAIN_CRASHED,
        DOMAIN_PMSUSPENDED,
} DomainState;

/* Reasons count for each state from 0, which is "unknown". */
enum {
        RUNNING_BOOTED = 1,
        RUNNING_MIGRATED,
        RUNNING_RESTORED,
        RUNNING_FROM_SNAPSHOT,
        RUNNING_UNPAUSED,
        RUNNING_MIGRATION_CANCELED,
        RUNNING_SAVE_CANCELED,
        RUNNING_WAKEUP,
        RUNNING_CRASHED,
        RUNNING_POSTCOPY,
};

enum {
        PAUSED_UNKNOWN,
        PAUSED_USER,
        PAUSED_MIGRATION,
        PAUSED_SAVE,
        PAUSED_DUMP,
        PAUSED_IOERROR,
        PAUSED_WATCHDOG,
        PAUSED_FROM_SNAPSHOT,
        PAUSED_SHUTTING_DOWN,
        PAUSED_SNAPSHOT,
        PAUSED_CRASHED,
        PAUSED_STARTING_UP,
};

enum {
        SHUTDOWN_USER = 1,
};

enum {
        SHUTOFF_UNKNOWN,
        SHUTOFF_SHUTDOWN,
        SHUTOFF_DESTROYED,
        SHUTOFF_CRASHED,
        SHUTOFF_MIGRATED,
        SHUTOFF_SAVED,
        SHUTOFF_FAILED,
        SHUTOFF_FROM_SNAPSHOT,
        SHUTOFF_DAEMON,
};

enum {
        CRASHED_PANICKED = 1,
};

typedef enum DomainEvent {
        EVENT_DEFINED,
        EVENT_UNDEFINED,
        EVENT_STARTED,
        EVENT_SUSPENDED,
        EVENT_RESUMED,
        EVENT_STOPPED,
        EVENT_SHUTDOWN,
        EVENT_PMSUSPENDED,
        EVENT_CRASHED,
} DomainEvent;

/* Details count for each event from 0. */
enum {
        DEFINED_ADDED,
        DEFINED_UPDATED,
        DEFINED_RENAMED,
        DEFINED_FROM_SNAPSHOT,
};

enum {
        UNDEFINED_REMOVED,
        UNDEFINED_RENAMED,
};

enum {
        STARTED_BOOTED,
        STARTED_MIGRATED,
        STARTED_RESTORED,
        STARTED_FROM_SNAPSHOT,
        STARTED_WAKEUP,
};

enum {
        SUSPENDED_PAUSED,
        SUSPENDED_MIGRATED,
        SUSPENDED_IOERROR,
        SUSPENDED_WATCHDOG,
        SUSPENDED_RESTORED,
        SUSPENDED_FROM_SNAPSHOT,
        SUSPENDED_API_ERROR,
};

enum {
        RESUMED_UNPAUSED,
        RESUMED_MIGRATED,
        RESUMED_FROM_SNAPSHOT,
};

enum {
        STOPPED_SHUTDOWN,
        STOPPED_DESTROYED,
        STOPPED_CRASHED,
        STOPPED_MIGRATED,
        STOPPED_SAVED,
        STOPPED_FAILED,
        STOPPED_FROM_SNAPSHOT,
};

enum {
        SHUTDOWN_EVENT_FINISHED,
        SHUTDOWN_EVENT_GUEST,
        SHUTDOWN_EVENT_HOST,
};

enum {
        PMSUSPENDED_MEMORY,
        PMSUSPENDED_DISK,
};

enum {
        CRASHED_EVENT_PANICKED,
        CRASHED_EVENT_CRASHLOADED,
};

/* Flags of operations. */
enum {
        START_PAUSED = 1 << 0,
        START_AUTODESTROY = 1 << 1,
        START_BYPASS_CACHE = 1 << 2,
        START_FORCE_BOOT = 1 << 3,
        START_RESET_NVRAM = 1 << 5,
};

enum {
        DESTROY_GRACEFUL = 1 << 0,
};

enum {
        AFFECT_LIVE = 1 << 0,
        AFFECT_CONFIG = 1 << 1,
        AFFECT_MAXIMUM = 1 << 2,
        VCPU_GUEST = 1 << 3,
};

enum {
        UNDEFINE_MANAGED_SAVE = 1 << 0,
        UNDEFINE_SNAPSHOTS_METADATA = 1 << 1,
        UNDEFINE_NVRAM = 1 << 2,
        UNDEFINE_KEEP_NVRAM = 1 << 3,
        UNDEFINE_CHECKPOINTS_METADATA = 1 << 4,
        UNDEFINE_TPM = 1 << 5,
        UNDEFINE_KEEP_TPM = 1 << 6,
};

enum {
        SHUTDOWN_ACPI = 1 << 0,
        SHUTDOWN_AGENT = 1 << 1,
        SHUTDOWN_INITCTL = 1 << 2,
        SHUTDOWN_SIGNAL = 1 << 3,
        SHUTDOWN_PARAVIRT = 1 << 4,
};

enum {
        STATS_STATE = 1 << 0,
        STATS_CPU = 1 << 1,
        STATS_BALLOON = 1 << 2,
        STATS_VCPU = 1 << 3,
        STATS_INTERFACE = 1 << 4,
        STATS_BLOCK = 1 << 5,
        STATS_ALL = (1 << 6) - 1,
};
#define STATS_NOWAIT (UINT32_C(1) << 29)
#define STATS_BACKING (UINT32_C(1) << 30)
#define STATS_ENFORCE (UINT32_C(1) << 31)

enum {
        METADATA_DESCRIPTION,
        METADATA_TITLE,
        METADATA_ELEMENT,
};

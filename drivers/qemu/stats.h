/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the kernel tells of processes and interfaces (proc(5)). Texts are those of its files; these
 * functions do not suspend. */

#include <stdbool.h>
#include <stdint.h>

/* /proc/PID/stat, and that of a thread. */
typedef struct ProcessStat {
        char state;      /* 'R', 'S', 'T', ... */
        uint64_t user;   /* ns */
        uint64_t system; /* ns */
        uint64_t rss;    /* KiB */
} ProcessStat;

bool process_stat_parse(const char *text, ProcessStat *ret);

/* /proc/PID/task/TID/schedstat: time on a processor, and in line for one, in ns. */
bool schedstat_parse(const char *text, uint64_t *ret_run, uint64_t *ret_delay);

/* A line of /proc/net/dev, from the host's side of the interface. */
typedef struct InterfaceStats {
        uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
        uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
} InterfaceStats;

bool interface_stats_parse(const char *text, const char *name, InterfaceStats *ret);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/qemu/host.h"
#include "drivers/qemu/markup.h"
#include "service/base/cleanup.h"

#define KSM "/sys/kernel/mm/ksm"
#define DMI "/sys/class/dmi/id"
#define PAGE_COUNTS_MAX 1024 /* as on the wire */

/* Numbers in the kernel's tables. */

/* The number behind "name:" at the beginning of a line of /proc/meminfo or of a node's like it,
 * KiB. */
static bool meminfo_number(const char *text, const char *name, uint64_t *ret)
{
        for (const char *at = text; at && (at = strstr(at, name)); at++) {
                const char *behind = at + strlen(name);

                if (*behind != ':' || (at > text && !g_ascii_isspace(at[-1])))
                        continue;
                *ret = g_ascii_strtoull(behind + 1, NULL, 10);
                return true;
        }
        return false;
}

static int cell_meminfo(int cell, char **ret, GError **error)
{
        g_autoptr(GArray) nodes = host_nodes();

        if (cell == -1)
                *ret = host_read("/proc/meminfo");
        else {
                for (guint i = 0; i < nodes->len; i++)
                        if ((int)g_array_index(nodes, unsigned, i) == cell)
                                *ret = host_read("/sys/devices/system/node/node%d/meminfo", cell);
                /* A kernel without NUMA has one cell, which is all there is. */
                if (!*ret && cell == 0)
                        *ret = host_read("/proc/meminfo");
        }
        if (*ret)
                return 0;
        return error_set(error, ERROR_INVALID_ARG,
                "cellNum in virNodeGetMemoryStats: there is no NUMA cell %d", cell);
}

int qemu_node_get_memory_stats(Connection *connection, const ConnectionNodeGetMemoryStatsIn *in,
        ConnectionNodeGetMemoryStatsOut *out, GError **error)
{
        static const struct {
                const char *field, *name;
        } fields[] = { { "total", "MemTotal" }, { "free", "MemFree" }, { "buffers", "Buffers" },
                { "cached", "Cached" } };
        g_autofree char *text = NULL;
        size_t n = 0;

        (void)connection;
        if (cell_meminfo(in->cell_num, &text, error) < 0)
                return -1;
        out->stats.items = g_new0(ConnectionNodeGetMemoryStatsStats, G_N_ELEMENTS(fields));
        for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++)
                /* What is not a node's own counts for all together only. */
                if ((in->cell_num == -1 || i < 2) &&
                        meminfo_number(text, fields[i].name, &out->stats.items[n].value))
                        out->stats.items[n++].field = g_strdup(fields[i].field);
        out->stats.n = n;
        return 0;
}

int qemu_node_get_free_memory(Connection *connection, const ConnectionNodeGetFreeMemoryIn *in,
        ConnectionNodeGetFreeMemoryOut *out, GError **error)
{
        g_autofree char *text = host_read("/proc/meminfo");
        uint64_t kib;

        (void)connection, (void)in;
        if (!text || !meminfo_number(text, "MemFree", &kib))
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "/proc/meminfo does not tell what is free");
        out->freemem = kib * 1024;
        return 0;
}

/* How many pages of so many KiB are free in a cell, -1: in all. Those of the processor's own size
 * are what is free at all. */
static int free_pages(int cell, unsigned kib, uint64_t *ret, GError **error)
{
        const unsigned base = (unsigned)(sysconf(_SC_PAGESIZE) / 1024);
        g_autofree char *text = NULL;
        uint64_t free_kib;

        if (kib == base) {
                if (cell_meminfo(cell, &text, error) < 0)
                        return -1;
                if (!meminfo_number(text, "MemFree", &free_kib))
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "the kernel does not tell what is free in cell %d", cell);
                *ret = free_kib / base;
                return 0;
        }
        text = cell < 0 ?
                host_read("/sys/kernel/mm/hugepages/hugepages-%ukB/free_hugepages", kib) :
                host_read("/sys/devices/system/node/node%d/hugepages/hugepages-%ukB/free_hugepages",
                        cell, kib);
        if (!text)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "page size %u is not available on node %d", kib, cell);
        *ret = g_ascii_strtoull(text, NULL, 10);
        return 0;
}

int qemu_node_get_free_pages(Connection *connection, const ConnectionNodeGetFreePagesIn *in,
        ConnectionNodeGetFreePagesOut *out, GError **error)
{
        g_autoptr(GArray) nodes = host_nodes();
        /* A kernel without NUMA has one cell, which is all there is. */
        const int last = nodes->len > 0 ? (int)g_array_index(nodes, unsigned, nodes->len - 1) : 0;
        const uint32_t n = in->cell_count;
        int64_t end = MIN((int64_t)in->start_cell + n, (int64_t)last + 1);

        (void)connection;
        if (in->start_cell > last)
                return error_set(error, ERROR_INTERNAL_ERROR, "start cell %d out of range (0-%d)",
                        in->start_cell, last);
        if (in->start_cell < -1)
                return error_set(
                        error, ERROR_INVALID_ARG, "there is no NUMA cell %d", in->start_cell);
        if (in->pages.n * (uint64_t)(end - in->start_cell) > PAGE_COUNTS_MAX)
                return error_set(
                        error, ERROR_INVALID_ARG, "more than %d numbers of pages", PAGE_COUNTS_MAX);
        out->counts.items = g_new0(uint64_t, in->pages.n * (size_t)(end - in->start_cell));
        for (int cell = in->start_cell; cell < end; cell++)
                for (size_t i = 0; i < in->pages.n; i++)
                        if (free_pages(cell, in->pages.items[i],
                                    &out->counts.items[out->counts.n++], error) < 0)
                                return -1;
        return 0;
}

/* Processors. */

int qemu_node_get_info(Connection *connection, const ConnectionNodeGetInfoIn *in,
        ConnectionNodeGetInfoOut *out, GError **error)
{
        g_autofree char *text = host_read("/proc/meminfo");
        HostTopology topology = host_topology();

        (void)connection, (void)in, (void)error;
        out->info.model = g_strdup(host_arch());
        if (text)
                meminfo_number(text, "MemTotal", &out->info.memory);
        out->info.cpus = topology.cpus;
        out->info.mhz = topology.mhz;
        out->info.nodes = topology.nodes;
        out->info.sockets = topology.sockets;
        out->info.cores = topology.cores;
        out->info.threads = topology.threads;
        return 0;
}

int qemu_node_get_cpu_map(Connection *connection, const ConnectionNodeGetCPUMapIn *in,
        ConnectionNodeGetCPUMapOut *out, GError **error)
{
        g_autoptr(GArray) present = host_cpus("present"), online = host_cpus("online");
        unsigned n = 1;

        (void)connection, (void)in, (void)error;
        for (guint i = 0; i < present->len; i++)
                n = MAX(n, g_array_index(present, unsigned, i) + 1);
        out->res.items = g_new0(int, n);
        out->res.n = n;
        for (guint i = 0; i < online->len; i++)
                if (g_array_index(online, unsigned, i) < n)
                        out->res.items[g_array_index(online, unsigned, i)] = true;
        return 0;
}

int qemu_node_get_cpu_stats(Connection *connection, const ConnectionNodeGetCPUStatsIn *in,
        ConnectionNodeGetCPUStatsOut *out, GError **error)
{
        /* Columns of a line of /proc/stat; proc(5). */
        enum {
                USER,
                NICE,
                SYSTEM,
                IDLE,
                IOWAIT,
                IRQ,
                SOFTIRQ,
                _COLUMN_MAX
        };
        g_autofree char *text = host_read("/proc/stat");
        g_autofree char *name =
                in->cpu_num == -1 ? g_strdup("cpu ") : g_strdup_printf("cpu%d ", in->cpu_num);
        const char *line = text && in->cpu_num >= -1 ? strstr(text, name) : NULL;
        uint64_t ticks[_COLUMN_MAX], nanoseconds = G_USEC_PER_SEC * 1000 / sysconf(_SC_CLK_TCK);
        char *at;

        (void)connection;
        if (!line)
                return error_set(
                        error, ERROR_INVALID_ARG, "Invalid cpuNum in %s", "nodeGetCPUStats");
        at = (char *)line + strlen(name);
        for (unsigned i = 0; i < _COLUMN_MAX; i++)
                ticks[i] = g_ascii_strtoull(at, &at, 10);
        const struct {
                const char *field;
                uint64_t ticks;
        } fields[] = {
                { "kernel", ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ] },
                { "user", ticks[USER] + ticks[NICE] },
                { "idle", ticks[IDLE] },
                { "iowait", ticks[IOWAIT] },
        };

        out->cpu_stats.n = G_N_ELEMENTS(fields);
        out->cpu_stats.items = g_new0(ConnectionNodeGetCPUStatsCpuStats, G_N_ELEMENTS(fields));
        for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
                out->cpu_stats.items[i].field = g_strdup(fields[i].field);
                out->cpu_stats.items[i].value = fields[i].ticks * nanoseconds;
        }
        return 0;
}

/* Sharing of equal pages. */

static const struct {
        const char *name, *file;
        bool wide; /* unsigned long long, else unsigned int */
        bool settable;
} ksm[] = {
        { "shm_pages_to_scan", "pages_to_scan", false, true },
        { "shm_sleep_millisecs", "sleep_millisecs", false, true },
        { "shm_pages_shared", "pages_shared", true, false },
        { "shm_pages_sharing", "pages_sharing", true, false },
        { "shm_pages_unshared", "pages_unshared", true, false },
        { "shm_pages_volatile", "pages_volatile", true, false },
        { "shm_full_scans", "full_scans", true, false },
        { "shm_merge_across_nodes", "merge_across_nodes", false, true },
};

int qemu_node_get_memory_parameters(Connection *connection,
        const ConnectionNodeGetMemoryParametersIn *in, ConnectionNodeGetMemoryParametersOut *out,
        GError **error)
{
        (void)connection, (void)in;
        for (unsigned i = 0; i < G_N_ELEMENTS(ksm); i++) {
                g_autofree char *text = host_read(KSM "/%s", ksm[i].file);
                uint64_t value;

                if (!text)
                        continue;
                value = g_ascii_strtoull(text, NULL, 10);
                if (ksm[i].wide)
                        params_add_uint64(&out->memory_parameters, ksm[i].name, value);
                else
                        params_add_uint32(&out->memory_parameters, ksm[i].name, value);
        }
        if (out->memory_parameters.n == 0)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "this host's kernel does not share equal pages: there is no " KSM);
        return 0;
}

static int write_ksm(const char *file, uint32_t value, GError **error)
{
        g_autofree char *path = g_build_filename(KSM, file, NULL);
        g_autofree char *text = g_strdup_printf("%u\n", value);
        _cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                return error_set_errno(error, errno, "cannot write '%s'", path);
        return 0;
}

/* -1, or which of ksm[] it is. */
static int find_settable(const Param *param, GError **error)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(ksm); i++) {
                if (strcmp(ksm[i].name, param->name) != 0 || !ksm[i].settable)
                        continue;
                return param->type == 'u' ? (int)i :
                                            error_set(error, ERROR_INVALID_ARG,
                                                    "invalid type for parameter '%s'", param->name);
        }
        return error_set(error, ERROR_INVALID_ARG, "parameter '%s' not supported", param->name);
}

int qemu_node_set_memory_parameters(Connection *connection,
        const ConnectionNodeSetMemoryParametersIn *in, ConnectionNodeSetMemoryParametersOut *out,
        GError **error)
{
        (void)connection, (void)out;
        /* All of them are looked at before the first is written. */
        for (size_t i = 0; i < in->params.n; i++)
                if (find_settable(&in->params.items[i], error) < 0)
                        return -1;
        for (size_t i = 0; i < in->params.n; i++) {
                int which = find_settable(&in->params.items[i], error);

                if (write_ksm(ksm[which].file, in->params.items[i].u, error) < 0)
                        return -1;
        }
        return 0;
}

/* The rest. */

/* Guests are kept apart by users and by seccomp; there are no labels, which has a name, too. */
int qemu_node_get_security_model(Connection *connection, const ConnectionNodeGetSecurityModelIn *in,
        ConnectionNodeGetSecurityModelOut *out, GError **error)
{
        (void)connection, (void)in, (void)error;
        out->sec_model.model = g_strdup("none");
        out->sec_model.doi = g_strdup("0");
        return 0;
}

typedef struct SysinfoEntry {
        const char *name, *file;
} SysinfoEntry;

static void write_entries(XmlWriter *writer, const char *element, const SysinfoEntry *entries)
{
        bool open = false;

        for (; entries->name; entries++) {
                g_autofree char *text = host_read(DMI "/%s", entries->file);
                g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

                if (!valid || !valid[0])
                        continue;
                if (!open)
                        xml_open(writer, element);
                open = true;
                xml_open(writer, "entry");
                xml_attribute(writer, "name", entries->name);
                xml_text(writer, valid);
                xml_close(writer, "entry");
        }
        if (open)
                xml_close(writer, element);
}

int qemu_get_sysinfo(Connection *connection, const ConnectionGetSysinfoIn *in,
        ConnectionGetSysinfoOut *out, GError **error)
{
        static const SysinfoEntry bios[] = { { "vendor", "bios_vendor" },
                { "version", "bios_version" }, { "date", "bios_date" },
                { "release", "bios_release" }, { NULL, NULL } };
        static const SysinfoEntry system[] = { { "manufacturer", "sys_vendor" },
                { "product", "product_name" }, { "version", "product_version" },
                { "serial", "product_serial" }, { "uuid", "product_uuid" },
                { "sku", "product_sku" }, { "family", "product_family" }, { NULL, NULL } };
        static const SysinfoEntry board[] = { { "manufacturer", "board_vendor" },
                { "product", "board_name" }, { "version", "board_version" },
                { "serial", "board_serial" }, { "asset", "board_asset_tag" }, { NULL, NULL } };
        static const SysinfoEntry chassis[] = { { "manufacturer", "chassis_vendor" },
                { "version", "chassis_version" }, { "serial", "chassis_serial" },
                { "asset", "chassis_asset_tag" }, { NULL, NULL } };
        XmlWriter writer = { 0 };

        (void)connection, (void)in;
        if (access(DMI, F_OK) < 0)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Host SMBIOS information is not available");
        writer.out = g_string_new(NULL);
        xml_open(&writer, "sysinfo");
        xml_attribute(&writer, "type", "smbios");
        write_entries(&writer, "bios", bios);
        write_entries(&writer, "system", system);
        write_entries(&writer, "baseBoard", board);
        write_entries(&writer, "chassis", chassis);
        xml_close(&writer, "sysinfo");
        out->sysinfo = g_string_free(writer.out, FALSE);
        return 0;
}

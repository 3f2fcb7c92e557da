/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/host.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "drivers/qemu/markup.h"

#define NODES "/sys/devices/system/node"
#define CPUS "/sys/devices/system/cpu"

const char *host_arch(void)
{
        static struct utsname name;

        if (!name.machine[0] && uname(&name) < 0)
                return "x86_64";
        if (strlen(name.machine) == 4 && g_str_has_suffix(name.machine, "86"))
                return "i686";
        return name.machine;
}

char *host_read(const char *format, ...)
{
        g_autofree char *path = NULL;
        char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        path = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        if (!g_file_get_contents(path, &text, NULL, NULL))
                return NULL;
        return g_strstrip(text);
}

static long number_from(char *text, long fallback)
{
        long number = text && *text ? strtol(text, NULL, 10) : fallback;

        g_free(text);
        return number;
}

/* Calls each with the numbers of a list such as "0-3,8". */
static GArray *parse_list(const char *text)
{
        GArray *numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
        unsigned from, to;
        int length;

        while (text && sscanf(text, "%u%n", &from, &length) == 1) {
                text += length;
                to = from;
                if (*text == '-' && sscanf(text, "-%u%n", &to, &length) == 1)
                        text += length;
                for (unsigned i = from; i <= to && numbers->len < 65536; i++)
                        g_array_append_val(numbers, i);
                if (*text != ',')
                        break;
                text++;
        }
        return numbers;
}

GArray *host_cpus(const char *which)
{
        g_autofree char *text = host_read(CPUS "/%s", which);

        return parse_list(text ? text : "0");
}

GArray *host_nodes(void)
{
        g_autofree char *text = host_read(NODES "/online");

        return parse_list(text ? text : "0");
}

/* The value behind "key : " in the first block of /proc/cpuinfo. */
static char *cpuinfo_value(const char *key)
{
        g_autofree char *text = host_read("/proc/cpuinfo");
        char *end = text ? strstr(text, "\n\n") : NULL;
        g_auto(GStrv) lines = NULL;

        if (end)
                *end = '\0';
        lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line; line++) {
                char *colon = strchr(*line, ':');

                if (!colon)
                        continue;
                *colon = '\0';
                if (strcmp(g_strchomp(*line), key) == 0)
                        return g_strdup(g_strstrip(colon + 1));
        }
        return NULL;
}

const char *host_cpu_vendor(void)
{
        static const struct {
                const char *id;
                const char *name;
        } vendors[] = { { "GenuineIntel", "Intel" }, { "AuthenticAMD", "AMD" },
                { "HygonGenuine", "Hygon" } };
        g_autofree char *id = cpuinfo_value("vendor_id");

        for (size_t i = 0; i < G_N_ELEMENTS(vendors); i++)
                if (g_strcmp0(id, vendors[i].id) == 0)
                        return vendors[i].name;
        return NULL;
}

char *host_uuid(void)
{
        g_autofree char *uuid = host_read("/sys/class/dmi/id/product_uuid");
        g_autofree char *id = NULL;

        if (uuid && g_uuid_string_is_valid(uuid))
                return g_ascii_strdown(uuid, -1);
        id = host_read("/etc/machine-id");
        if (!id || strlen(id) != 32)
                return g_strdup("00000000-0000-0000-0000-000000000000");
        return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
}

/* Writing. */

static void write_signature(XmlWriter *writer)
{
        char *family = cpuinfo_value("cpu family"), *model = cpuinfo_value("model");
        char *stepping = cpuinfo_value("stepping");
        g_autofree char *microcode = cpuinfo_value("microcode");

        if (microcode) {
                xml_open(writer, "microcode");
                markup_number(writer, "version", strtol(microcode, NULL, 0));
                xml_close(writer, "microcode");
        }
        if (family && model && stepping) {
                xml_open(writer, "signature");
                markup_number(writer, "family", strtol(family, NULL, 10));
                markup_number(writer, "model", strtol(model, NULL, 10));
                markup_number(writer, "stepping", strtol(stepping, NULL, 10));
                xml_close(writer, "signature");
        }
        g_free(family);
        g_free(model);
        g_free(stepping);
}

static void set_add(GHashTable *set, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void set_add(GHashTable *set, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_hash_table_add(set, g_strdup_vprintf(format, arguments));
        va_end(arguments);
}

static long topology_number(unsigned cpu, const char *name)
{
        /* Where the kernel does not know it says -1. */
        return MAX(number_from(host_read(CPUS "/cpu%u/topology/%s", cpu, name), 0), 0);
}

/* What differs among the processors that are online. */
typedef struct Counts {
        unsigned cpus, sockets, dies, cores;
} Counts;

static Counts count_parts(void)
{
        g_autoptr(GArray) cpus = host_cpus("online");
        g_autoptr(GHashTable) sockets =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) dies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        Counts counts = { .cpus = cpus->len };

        for (guint i = 0; i < cpus->len; i++) {
                unsigned cpu = g_array_index(cpus, unsigned, i);
                long socket = topology_number(cpu, "physical_package_id");
                long die = topology_number(cpu, "die_id");

                set_add(sockets, "%ld", socket);
                set_add(dies, "%ld.%ld", socket, die);
                set_add(cores, "%ld.%ld.%ld", socket, die, topology_number(cpu, "core_id"));
        }
        counts.sockets = g_hash_table_size(sockets);
        counts.dies = g_hash_table_size(dies);
        counts.cores = g_hash_table_size(cores);
        /* What does not divide is one socket of cores. */
        if (counts.sockets == 0 || counts.dies % counts.sockets || counts.cores % counts.dies ||
                counts.cpus % counts.cores) {
                counts.sockets = counts.dies = 1;
                counts.cores = counts.cpus;
        }
        return counts;
}

/* Counted as libvirt does: dies in a socket, cores in a die, threads in a core. */
static void write_cpu_topology(XmlWriter *writer)
{
        Counts counts = count_parts();

        xml_open(writer, "topology");
        markup_number(writer, "sockets", counts.sockets);
        markup_number(writer, "dies", counts.dies / counts.sockets);
        markup_number(writer, "cores", counts.cores / counts.dies);
        markup_number(writer, "threads", counts.cpus / counts.cores);
        xml_close(writer, "topology");
}

HostTopology host_topology(void)
{
        g_autoptr(GArray) nodes = host_nodes();
        Counts counts = count_parts();
        HostTopology topology = { .cpus = counts.cpus, .nodes = MAX(nodes->len, 1) };
        char *mhz = cpuinfo_value("cpu MHz");

        topology.mhz = number_from(mhz, 0);
        /* Sockets that do not divide among the cells are told as one cell's, as libvirt does: the
         * product of all must be the number of processors. */
        if (counts.sockets % topology.nodes)
                topology.nodes = 1;
        topology.sockets = counts.sockets / topology.nodes;
        topology.cores = counts.cores / counts.sockets;
        topology.threads = counts.cpus / counts.cores;
        return topology;
}

/* The page sizes that the host has, in KiB: the plain one first, the others growing. */
static GArray *page_sizes(void)
{
        GArray *sizes = g_array_new(FALSE, FALSE, sizeof(unsigned));
        unsigned size = sysconf(_SC_PAGESIZE) / 1024;
        glob_t found = { 0 };

        g_array_append_val(sizes, size);
        if (glob("/sys/kernel/mm/hugepages/hugepages-*kB", 0, NULL, &found) == 0)
                for (size_t i = 0; i < found.gl_pathc; i++) {
                        guint at = 1;

                        if (sscanf(strrchr(found.gl_pathv[i], '/'), "/hugepages-%ukB", &size) != 1)
                                continue;
                        while (at < sizes->len && g_array_index(sizes, unsigned, at) < size)
                                at++;
                        g_array_insert_val(sizes, at, size);
                }
        globfree(&found);
        return sizes;
}

void host_write_cpu(XmlWriter *writer, const char *model)
{
        g_autoptr(GArray) sizes = page_sizes();

        xml_open(writer, "cpu");
        markup_text(writer, "arch", host_arch());
        if (model)
                markup_text(writer, "model", model);
        if (host_cpu_vendor())
                markup_text(writer, "vendor", host_cpu_vendor());
        write_signature(writer);
        write_cpu_topology(writer);
        for (guint i = 0; i < sizes->len; i++) {
                xml_open(writer, "pages");
                xml_attribute(writer, "unit", "KiB");
                markup_number(writer, "size", g_array_index(sizes, unsigned, i));
                xml_close(writer, "pages");
        }
        xml_close(writer, "cpu");
}

static void write_cell_memory(XmlWriter *writer, unsigned node)
{
        g_autofree char *meminfo = host_read(NODES "/node%u/meminfo", node);
        g_autoptr(GArray) sizes = page_sizes();
        const char *at = meminfo ? strstr(meminfo, "MemTotal:") : NULL;
        long kib = at ? strtol(at + strlen("MemTotal:"), NULL, 10) :
                        sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE);
        char number[24];
        long plain = kib;

        snprintf(number, sizeof(number), "%ld", kib);
        xml_open(writer, "memory");
        xml_attribute(writer, "unit", "KiB");
        xml_text(writer, number);
        xml_close(writer, "memory");

        for (guint i = 1; i < sizes->len; i++) {
                unsigned size = g_array_index(sizes, unsigned, i);

                plain -= size *
                        number_from(host_read(NODES "/node%u/hugepages/hugepages-%ukB/nr_hugepages",
                                            node, size),
                                0);
        }
        for (guint i = 0; i < sizes->len; i++) {
                unsigned size = g_array_index(sizes, unsigned, i);
                long pages = i == 0 ?
                        plain / size :
                        number_from(host_read(NODES "/node%u/hugepages/hugepages-%ukB/"
                                                    "nr_hugepages",
                                            node, size),
                                0);

                snprintf(number, sizeof(number), "%ld", pages);
                xml_open(writer, "pages");
                xml_attribute(writer, "unit", "KiB");
                markup_number(writer, "size", size);
                xml_text(writer, number);
                xml_close(writer, "pages");
        }
}

static void write_cell(XmlWriter *writer, unsigned node, const GArray *nodes)
{
        g_autofree char *distance = host_read(NODES "/node%u/distance", node);
        g_autofree char *list = host_read(NODES "/node%u/cpulist", node);
        g_autoptr(GArray) cpus = list ? parse_list(list) : host_cpus("online");

        xml_open(writer, "cell");
        markup_number(writer, "id", node);
        write_cell_memory(writer, node);
        if (distance) {
                g_auto(GStrv) values = g_strsplit(distance, " ", -1);

                xml_open(writer, "distances");
                for (guint i = 0; i < nodes->len && values[i]; i++) {
                        xml_open(writer, "sibling");
                        markup_number(writer, "id", g_array_index(nodes, unsigned, i));
                        xml_attribute(writer, "value", values[i]);
                        xml_close(writer, "sibling");
                }
                xml_close(writer, "distances");
        }
        xml_open(writer, "cpus");
        markup_number(writer, "num", cpus->len);
        for (guint i = 0; i < cpus->len; i++) {
                unsigned cpu = g_array_index(cpus, unsigned, i);
                g_autofree char *siblings =
                        host_read(CPUS "/cpu%u/topology/thread_siblings_list", cpu);

                xml_open(writer, "cpu");
                markup_number(writer, "id", cpu);
                markup_number(writer, "socket_id", topology_number(cpu, "physical_package_id"));
                markup_number(writer, "die_id", topology_number(cpu, "die_id"));
                markup_number(writer, "core_id", topology_number(cpu, "core_id"));
                if (siblings)
                        xml_attribute(writer, "siblings", siblings);
                xml_close(writer, "cpu");
        }
        xml_close(writer, "cpus");
        xml_close(writer, "cell");
}

/* The last-level caches, each once. */
static void write_caches(XmlWriter *writer)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GArray) cpus = host_cpus("online");
        bool open = false;

        for (guint i = 0; i < cpus->len; i++)
                for (unsigned index = 0; index < 16; index++) {
                        unsigned cpu = g_array_index(cpus, unsigned, i);
                        g_autofree char *shared =
                                host_read(CPUS "/cpu%u/cache/index%u/shared_cpu_list", cpu, index);
                        g_autofree char *type = NULL;
                        long level, size, id;

                        if (!shared)
                                break;
                        level = number_from(
                                host_read(CPUS "/cpu%u/cache/index%u/level", cpu, index), 0);
                        size = number_from(
                                host_read(CPUS "/cpu%u/cache/index%u/size", cpu, index), 0);
                        id = number_from(host_read(CPUS "/cpu%u/cache/index%u/id", cpu, index), 0);
                        if (level < 3 ||
                                !g_hash_table_add(seen, g_strdup_printf("%ld %s", level, shared)))
                                continue;
                        type = host_read(CPUS "/cpu%u/cache/index%u/type", cpu, index);
                        if (!open)
                                xml_open(writer, "cache");
                        open = true;
                        xml_open(writer, "bank");
                        markup_number(writer, "id", id);
                        markup_number(writer, "level", level);
                        xml_attribute(writer, "type",
                                g_strcmp0(type, "Data") == 0                ? "data" :
                                        g_strcmp0(type, "Instruction") == 0 ? "code" :
                                                                              "both");
                        markup_number(writer, "size", size % 1024 ? size : size / 1024);
                        xml_attribute(writer, "unit", size % 1024 ? "KiB" : "MiB");
                        xml_attribute(writer, "cpus", shared);
                        xml_close(writer, "bank");
                }
        if (open)
                xml_close(writer, "cache");
}

void host_write_topology(XmlWriter *writer)
{
        g_autoptr(GArray) nodes = host_nodes();
        glob_t groups = { 0 };

        xml_open(writer, "iommu");
        xml_attribute(writer, "support",
                glob("/sys/kernel/iommu_groups/*", 0, NULL, &groups) == 0 ? "yes" : "no");
        xml_close(writer, "iommu");
        globfree(&groups);

        xml_open(writer, "topology");
        xml_open(writer, "cells");
        markup_number(writer, "num", nodes->len);
        for (guint i = 0; i < nodes->len; i++)
                write_cell(writer, g_array_index(nodes, unsigned, i), nodes);
        xml_close(writer, "cells");
        xml_close(writer, "topology");
        write_caches(writer);
}

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

/* A short file of the kernel's, without its newline; NULL where there is none. */
static char *read_text(const char *format, ...) G_GNUC_PRINTF(1, 2);
static char *read_text(const char *format, ...)
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

static GArray *online_cpus(void)
{
        g_autofree char *text = read_text(CPUS "/online");

        return parse_list(text ? text : "0");
}

/* The value behind "key : " in the first block of /proc/cpuinfo. */
static char *cpuinfo_value(const char *key)
{
        g_autofree char *text = read_text("/proc/cpuinfo");
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
        g_autofree char *uuid = read_text("/sys/class/dmi/id/product_uuid");
        g_autofree char *id = NULL;

        if (uuid && g_uuid_string_is_valid(uuid))
                return g_ascii_strdown(uuid, -1);
        id = read_text("/etc/machine-id");
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
        return MAX(number_from(read_text(CPUS "/cpu%u/topology/%s", cpu, name), 0), 0);
}

/* Counted as libvirt does: dies in a socket, cores in a die, threads in a core; what does not
 * divide is one socket of cores. */
static void write_cpu_topology(XmlWriter *writer)
{
        g_autoptr(GArray) cpus = online_cpus();
        g_autoptr(GHashTable) sockets =
                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) dies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable) cores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        guint n_sockets, n_dies, n_cores, n = cpus->len;

        for (guint i = 0; i < n; i++) {
                unsigned cpu = g_array_index(cpus, unsigned, i);
                long socket = topology_number(cpu, "physical_package_id");
                long die = topology_number(cpu, "die_id");

                set_add(sockets, "%ld", socket);
                set_add(dies, "%ld.%ld", socket, die);
                set_add(cores, "%ld.%ld.%ld", socket, die, topology_number(cpu, "core_id"));
        }
        n_sockets = g_hash_table_size(sockets);
        n_dies = g_hash_table_size(dies);
        n_cores = g_hash_table_size(cores);
        if (n_sockets == 0 || n_dies % n_sockets || n_cores % n_dies || n % n_cores) {
                n_sockets = n_dies = 1;
                n_cores = n;
        }
        xml_open(writer, "topology");
        markup_number(writer, "sockets", n_sockets);
        markup_number(writer, "dies", n_dies / n_sockets);
        markup_number(writer, "cores", n_cores / n_dies);
        markup_number(writer, "threads", n / n_cores);
        xml_close(writer, "topology");
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
        g_autofree char *meminfo = read_text(NODES "/node%u/meminfo", node);
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
                        number_from(read_text(NODES "/node%u/hugepages/hugepages-%ukB/nr_hugepages",
                                            node, size),
                                0);
        }
        for (guint i = 0; i < sizes->len; i++) {
                unsigned size = g_array_index(sizes, unsigned, i);
                long pages = i == 0 ?
                        plain / size :
                        number_from(read_text(NODES "/node%u/hugepages/hugepages-%ukB/"
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
        g_autofree char *distance = read_text(NODES "/node%u/distance", node);
        g_autofree char *list = read_text(NODES "/node%u/cpulist", node);
        g_autoptr(GArray) cpus = list ? parse_list(list) : online_cpus();

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
                        read_text(CPUS "/cpu%u/topology/thread_siblings_list", cpu);

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
        g_autoptr(GArray) cpus = online_cpus();
        bool open = false;

        for (guint i = 0; i < cpus->len; i++)
                for (unsigned index = 0; index < 16; index++) {
                        unsigned cpu = g_array_index(cpus, unsigned, i);
                        g_autofree char *shared =
                                read_text(CPUS "/cpu%u/cache/index%u/shared_cpu_list", cpu, index);
                        g_autofree char *type = NULL;
                        long level, size, id;

                        if (!shared)
                                break;
                        level = number_from(
                                read_text(CPUS "/cpu%u/cache/index%u/level", cpu, index), 0);
                        size = number_from(
                                read_text(CPUS "/cpu%u/cache/index%u/size", cpu, index), 0);
                        id = number_from(read_text(CPUS "/cpu%u/cache/index%u/id", cpu, index), 0);
                        if (level < 3 ||
                                !g_hash_table_add(seen, g_strdup_printf("%ld %s", level, shared)))
                                continue;
                        type = read_text(CPUS "/cpu%u/cache/index%u/type", cpu, index);
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
        g_autofree char *list = read_text(NODES "/online");
        g_autoptr(GArray) nodes = parse_list(list ? list : "0");
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

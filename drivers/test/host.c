/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The host that the test driver pretends: by default two cells of eight processors each. */

#include <string.h>

#include "drivers/model/xml.h"
#include "drivers/test/objects.h"
#include "drivers/test/test.h"

#define CELLS TEST_CELLS
#define CELL_CPUS 8

static const uint64_t cell_kib[CELLS] = { 2097152, 4194304 };
static const unsigned cell_page_kib[CELLS] = { 4, 8 };
static const unsigned huge_pages_kib[] = { 2048, 1048576 };

/* printf() for attributes and text that need no escaping. */
static void line(GString *out, unsigned depth, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void line(GString *out, unsigned depth, const char *format, ...)
{
        va_list arguments;

        g_string_append_printf(out, "%*s", (int)(2 * depth), "");
        va_start(arguments, format);
        g_string_append_vprintf(out, format, arguments);
        va_end(arguments);
        g_string_append_c(out, '\n');
}

static void format_cell(GString *out, unsigned cell)
{
        line(out, 4, "<cell id='%u'>", cell);
        line(out, 5, "<memory unit='KiB'>%" G_GUINT64_FORMAT "</memory>", cell_kib[cell]);
        line(out, 5, "<pages unit='KiB' size='%u'>%" G_GUINT64_FORMAT "</pages>",
                cell_page_kib[cell], cell_kib[cell] / cell_page_kib[cell]);
        for (unsigned i = 0; i < G_N_ELEMENTS(huge_pages_kib); i++)
                line(out, 5, "<pages unit='KiB' size='%u'>0</pages>", huge_pages_kib[i]);
        line(out, 5, "<cpus num='%u'>", CELL_CPUS);
        for (unsigned i = 0; i < CELL_CPUS; i++)
                line(out, 6, "<cpu id='%u' socket_id='%u' die_id='0' core_id='%u' siblings='%u'/>",
                        cell * CELL_CPUS + i, cell, i, cell * CELL_CPUS + i);
        line(out, 5, "</cpus>");
        line(out, 4, "</cell>");
}

static void format_guest(GString *out, const char *os_type)
{
        g_string_append_c(out, '\n');
        line(out, 1, "<guest>");
        line(out, 2, "<os_type>%s</os_type>", os_type);
        line(out, 2, "<arch name='i686'>");
        line(out, 3, "<wordsize>32</wordsize>");
        line(out, 3, "<emulator>/usr/bin/test-hv</emulator>");
        line(out, 3, "<domain type='test'/>");
        line(out, 2, "</arch>");
        line(out, 2, "<features>");
        line(out, 3, "<pae/>");
        line(out, 3, "<nonpae/>");
        line(out, 2, "</features>");
        line(out, 1, "</guest>");
}

TEST_HOST(get_capabilities, GetCapabilities)
{
        unsigned n_cells = ((TestConnection *)connection)->n_cells;
        GString *text = g_string_new("<capabilities>\n\n");

        (void)in, (void)error;
        line(text, 1, "<host>");
        line(text, 2, "<cpu>");
        line(text, 3, "<arch>i686</arch>");
        line(text, 3, "<features>");
        line(text, 4, "<pae/>");
        line(text, 4, "<nonpae/>");
        line(text, 3, "</features>");
        for (unsigned i = 0; i < CELLS; i++)
                line(text, 3, "<pages unit='KiB' size='%u'/>", cell_page_kib[i]);
        for (unsigned i = 0; i < G_N_ELEMENTS(huge_pages_kib); i++)
                line(text, 3, "<pages unit='KiB' size='%u'/>", huge_pages_kib[i]);
        line(text, 2, "</cpu>");
        line(text, 2, "<power_management/>");
        line(text, 2, "<iommu support='no'/>");
        line(text, 2, "<topology>");
        line(text, 3, "<cells num='%u'>", n_cells);
        for (unsigned i = 0; i < n_cells; i++)
                format_cell(text, i);
        line(text, 3, "</cells>");
        line(text, 2, "</topology>");
        line(text, 2, "<secmodel>");
        line(text, 3, "<model>testSecurity</model>");
        line(text, 3, "<doi></doi>");
        line(text, 2, "</secmodel>");
        line(text, 1, "</host>");
        format_guest(text, "hvm");
        format_guest(text, "xen");
        g_string_append(text, "\n</capabilities>\n");
        out->capabilities = g_string_free(text, FALSE);
        return 0;
}

TEST_HOST(get_sysinfo, GetSysinfo)
{
        static const char *const entries[][2] = {
                { "vendor", "LENOVO" },
                { "version", "G4ETA1WW (2.61 )" },
                { "date", "05/07/2014" },
                { "release", "2.61" },
        };
        GString *text = g_string_new("<sysinfo type='smbios'>\n  <bios>\n");

        (void)connection, (void)in, (void)error;
        for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++)
                line(text, 2, "<entry name='%s'>%s</entry>", entries[i][0], entries[i][1]);
        g_string_append(text, "  </bios>\n</sysinfo>\n");
        out->sysinfo = g_string_free(text, FALSE);
        return 0;
}

/* Three of its processors are online. */
TEST_HOST(node_get_cpu_map, NodeGetCPUMap)
{
        static const int online[TEST_HOST_CPUS] = { 1, 0, 1, 0, 1, 0, 0, 0 };

        (void)connection, (void)in, (void)error;
        out->res.items = g_memdup2(online, sizeof online);
        out->res.n = G_N_ELEMENTS(online);
        return 0;
}

/* The same for each processor and for all. */
TEST_HOST(node_get_cpu_stats, NodeGetCPUStats)
{
        static const struct {
                const char *field;
                uint64_t nanoseconds;
        } stats[] = {
                { "user", 9797400000 },
                { "kernel", 34678723400000 },
                { "idle", 87264900000 },
                { "iowait", 763600000 },
        };

        (void)connection, (void)in, (void)error;
        out->cpu_stats.n = G_N_ELEMENTS(stats);
        out->cpu_stats.items = g_new0(ConnectionNodeGetCPUStatsCpuStats, G_N_ELEMENTS(stats));
        for (unsigned i = 0; i < G_N_ELEMENTS(stats); i++) {
                out->cpu_stats.items[i].field = g_strdup(stats[i].field);
                out->cpu_stats.items[i].value = stats[i].nanoseconds;
        }
        return 0;
}

/* Half of what the cells have is free; told in KiB, as clients of the test host know it. */
TEST_HOST(node_get_free_memory, NodeGetFreeMemory)
{
        (void)in, (void)error;
        for (unsigned i = 0; i < ((TestConnection *)connection)->n_cells; i++)
                out->freemem += cell_kib[i] / 2;
        return 0;
}

/* Of whatever kind the guest is. */
TEST_HOST(get_max_vcpus, GetMaxVcpus)
{
        (void)connection, (void)in, (void)error;
        out->max = 32;
        return 0;
}

TEST_HOST(node_get_security_model, NodeGetSecurityModel)
{
        (void)connection, (void)in, (void)error;
        out->sec_model.model = g_strdup("testSecurity");
        return 0;
}

TEST_HOST(node_get_info, NodeGetInfo)
{
        const TestNode *node = &((TestConnection *)connection)->node;

        (void)in, (void)error;
        out->info.model = g_strdup(node->model);
        out->info.memory = node->memory;
        out->info.cpus = node->cpus;
        out->info.mhz = node->mhz;
        out->info.nodes = node->nodes;
        out->info.sockets = node->sockets;
        out->info.cores = node->cores;
        out->info.threads = node->threads;
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <unistd.h>

#include "drivers/qemu/stats.h"
#include "service/base/file.h"

static void test_process_stat(void)
{
        static const char text[] =
                "1234 (qemu) 7 S (x) S 1 1234 1234 0 -1 4194624 10 20 0 0 350 120 9 9 20 0 5 0 "
                "987654 2097152000 25600 18446744073709551615 1 1 0 0 0 0 0 0\n";
        uint64_t tick = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK);
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
        ProcessStat stat;

        g_assert_true(process_stat_parse(text, &stat));
        g_assert_cmpint(stat.state, ==, 'S');
        g_assert_cmpuint(stat.user, ==, 350 * tick);
        g_assert_cmpuint(stat.system, ==, 120 * tick);
        g_assert_cmpuint(stat.rss, ==, 25600 * page);
        g_assert_false(process_stat_parse("", &stat));
        g_assert_false(process_stat_parse("1234 (qemu", &stat));
        g_assert_false(process_stat_parse("1234 (qemu) S 1 2 3", &stat));
}

/* Whatever kernel this is, it must be understood. */
static void test_own_process(void)
{
        g_autofree char *text = NULL, *sched = NULL;
        uint64_t run, delay;
        ProcessStat stat;

        g_assert_cmpint(file_read("/proc/self/stat", 8192, &text, NULL), ==, 0);
        g_assert_true(process_stat_parse(text, &stat));
        g_assert_cmpint(stat.state, ==, 'R');
        g_assert_cmpuint(stat.rss, >, 0);
        if (file_read("/proc/thread-self/schedstat", 8192, &sched, NULL) < 0) {
                g_test_skip("this kernel has no schedstat");
                return;
        }
        g_assert_true(schedstat_parse(sched, &run, &delay));
        g_assert_cmpuint(run, >, 0);
        g_assert_false(schedstat_parse("", &run, &delay));
        g_assert_false(schedstat_parse("12", &run, &delay));
}

static void test_interface(void)
{
        static const char text[] =
                "Inter-|   Receive                                                |  Transmit\n"
                " face |bytes    packets errs drop fifo frame compressed multicast|bytes ...\n"
                "    lo:     500       5    0    0    0     0          0         0      500  5 0 0 "
                "0     0       0          0\n"
                "vnet10:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
                " vnet1: 18446744073709551615 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36\n"
                "  odd: 1 2 3\n";
        InterfaceStats stats;

        g_assert_true(interface_stats_parse(text, "vnet1", &stats));
        g_assert_cmpuint(stats.rx_bytes, ==, UINT64_MAX);
        g_assert_cmpuint(stats.rx_packets, ==, 22);
        g_assert_cmpuint(stats.rx_errors, ==, 23);
        g_assert_cmpuint(stats.rx_dropped, ==, 24);
        g_assert_cmpuint(stats.tx_bytes, ==, 29);
        g_assert_cmpuint(stats.tx_packets, ==, 30);
        g_assert_cmpuint(stats.tx_errors, ==, 31);
        g_assert_cmpuint(stats.tx_dropped, ==, 32);
        g_assert_true(interface_stats_parse(text, "vnet10", &stats));
        g_assert_cmpuint(stats.rx_bytes, ==, 1);
        g_assert_cmpuint(stats.tx_bytes, ==, 9);
        g_assert_false(interface_stats_parse(text, "vnet", &stats));
        g_assert_false(interface_stats_parse(text, "et1", &stats));
        g_assert_false(interface_stats_parse(text, "odd", &stats));
        g_assert_false(interface_stats_parse("", "lo", &stats));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/qemu-stats/process", test_process_stat);
        g_test_add_func("/qemu-stats/own-process", test_own_process);
        g_test_add_func("/qemu-stats/interface", test_interface);
        return g_test_run();
}

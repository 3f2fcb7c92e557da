/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/delivery.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void deliver(int ends[2])
{
        g_assert_cmpint(delivery_new(ends), ==, 0);
        g_assert_cmpint(write(ends[0], "bytes", 5), ==, 5);
}

/* What was delivered comes first, whatever the end. */
static void read_bytes(int fd)
{
        char bytes[16];

        g_assert_cmpint(read(fd, bytes, sizeof bytes), ==, 5);
        g_assert_cmpint(memcmp(bytes, "bytes", 5), ==, 0);
}

static void test_complete(void)
{
        int ends[2];
        char byte;

        deliver(ends);
        /* A reader is not expected to say anything. */
        g_assert_cmpint(write(ends[1], "thanks", 6), ==, 6);
        delivery_complete(ends[0]);
        close(ends[0]);
        read_bytes(ends[1]);
        g_assert_cmpint(read(ends[1], &byte, 1), ==, 0);
        close(ends[1]);
}

static void test_cut_off(void)
{
        int ends[2];
        char byte;

        deliver(ends);
        close(ends[0]);
        read_bytes(ends[1]);
        g_assert_cmpint(read(ends[1], &byte, 1), ==, -1);
        g_assert_cmpint(errno, ==, ECONNRESET);
        close(ends[1]);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/delivery/complete", test_complete);
        g_test_add_func("/delivery/cut-off", test_cut_off);
        return g_test_run();
}

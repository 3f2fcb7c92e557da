/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/qemu/console.h"
#include "fake-qemu.h"
#include "service/base/cleanup.h"
#include "service/base/fiber.h"

#define PATIENCE (120 * 1000000)

/* The far ends of both sides of a console: what QEMU holds, and what the client holds. */
typedef struct Ends {
        Console **list;
        int device;
        int client;
} Ends;

static void pair_new(int ret[2])
{
        g_assert_cmpint(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret), ==, 0);
}

/* The master of a pty as QEMU has it, and its terminal as a console opens it. */
static int pty_new(int *ret_terminal)
{
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

        g_assert_cmpint(master, >=, 0);
        g_assert_cmpint(grantpt(master), ==, 0);
        g_assert_cmpint(unlockpt(master), ==, 0);
        *ret_terminal = console_open_terminal(ptsname(master));
        g_assert_cmpint(*ret_terminal, >=, 0);
        return master;
}

static void ends_new(Ends *ends, Console **list, const char *name, bool pty)
{
        int device[2], client[2];

        if (pty)
                device[0] = pty_new(&device[1]);
        else
                pair_new(device);
        pair_new(client);
        g_assert_cmpint(console_new(list, name, device[1], client[1]), ==, 0);
        ends->list = list;
        ends->device = device[0];
        ends->client = client[0];
}

static void put(int fd, const char *text)
{
        g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
}

/* Reads exactly this. */
static void expect(int fd, const char *text)
{
        char bytes[256];
        size_t n = 0;

        while (n < strlen(text)) {
                ssize_t got;

                g_assert_cmpint(
                        fiber_wait_fd(fd, EPOLLIN, "bytes", fiber_deadline(PATIENCE)), >, 0);
                got = read(fd, bytes + n, strlen(text) - n);
                g_assert_cmpint(got, >, 0);
                n += got;
        }
        bytes[n] = '\0';
        g_assert_cmpstr(bytes, ==, text);
}

/* It was hung up: a socket ends, a master fails. */
static void expect_end(int fd)
{
        char byte;
        ssize_t n;

        g_assert_cmpint(
                fiber_wait_fd(fd, EPOLLIN | EPOLLHUP, "the end", fiber_deadline(PATIENCE)), >, 0);
        n = read(fd, &byte, 1);
        g_assert_true(n == 0 || (n < 0 && errno == EIO));
}

static void expect_gone(const Ends *ends)
{
        for (int i = 0; i < 1000 && *ends->list; i++)
                fiber_sleep(1000);
        g_assert_null(*ends->list);
}

static void test_relay(const void *pty)
{
        Console *list = NULL;
        Ends ends;

        ends_new(&ends, &list, "serial0", pty != NULL);
        put(ends.device, "login: ");
        expect(ends.client, "login: ");
        /* Raw: no echo, and a return stays what it is. */
        put(ends.client, "root\r\003");
        expect(ends.device, "root\r\003");
        g_assert_nonnull(console_find(list, "serial0"));
        g_assert_null(console_find(list, "serial1"));

        /* What the client said last arrives, though it has gone. */
        put(ends.client, "bye");
        close(ends.client);
        expect(ends.device, "bye");
        expect_gone(&ends);
        if (!pty)
                expect_end(ends.device);
        close(ends.device);
}

static void test_device_ends(const void *pty)
{
        Console *list = NULL;
        Ends ends;

        ends_new(&ends, &list, "serial0", pty != NULL);
        put(ends.device, "power down");
        /* A pty forgets what was not read when its master goes. */
        if (pty)
                expect(ends.client, "power down");
        close(ends.device);
        if (!pty)
                expect(ends.client, "power down");
        expect_end(ends.client);
        expect_gone(&ends);
        close(ends.client);
}

/* Writes until it does not get on. */
static size_t flood(int fd)
{
        static const char bytes[8192];
        size_t total = 0;

        for (int idle = 0; idle < 50;) {
                ssize_t n = write(fd, bytes, sizeof bytes);

                if (n > 0) {
                        total += n;
                        idle = 0;
                } else {
                        g_assert_cmpint(errno, ==, EAGAIN);
                        idle++;
                        fiber_sleep(1000);
                }
                g_assert_cmpuint(total, <, 64 * 1024 * 1024);
        }
        return total;
}

/* Reads this many, which a pty passes on in the kernel's own time, and until nothing more comes. */
static size_t drain(int fd, size_t expected)
{
        char bytes[8192];
        size_t total = 0;

        for (int idle = 0; idle < (total < expected ? 60000 : 50);) {
                ssize_t n = read(fd, bytes, sizeof bytes);

                if (n > 0) {
                        total += n;
                        idle = 0;
                } else if (n == 0) {
                        return total;
                } else {
                        idle++;
                        fiber_sleep(1000);
                }
        }
        return total;
}

/* A side that does not read stops the other, costs no more than the buffers, and loses nothing; the
 * other direction goes on. */
static void test_back_pressure(const void *pty)
{
        Console *list = NULL;
        Ends ends;
        size_t n;

        ends_new(&ends, &list, "serial0", pty != NULL);
        n = flood(ends.client);
        put(ends.device, "still here");
        expect(ends.client, "still here");
        g_assert_cmpuint(drain(ends.device, n), ==, n);

        n = flood(ends.device);
        g_assert_cmpuint(drain(ends.client, n), ==, n);
        close(ends.client);
        expect_gone(&ends);
        close(ends.device);
}

/* The client leaves while the device takes nothing: the rest waits for it, but holds up nobody. */
static void test_left_behind(const void *unused)
{
        Console *list = NULL;
        Ends ends, second;
        size_t n;

        (void)unused;
        ends_new(&ends, &list, "serial0", false);
        n = flood(ends.client);
        close(ends.client);
        for (int i = 0; i < 1000 && console_find(list, "serial0"); i++)
                fiber_sleep(1000);
        g_assert_nonnull(list);
        g_assert_null(console_find(list, "serial0"));
        g_assert_cmpuint(drain(ends.device, n), ==, n);
        expect_gone(&ends);
        close(ends.device);

        /* The same, and the device goes too. */
        ends_new(&second, &list, "serial0", false);
        flood(second.client);
        close(second.client);
        close(second.device);
        expect_gone(&second);
}

static void test_close(const void *unused)
{
        Console *list = NULL;
        Ends first, other;

        (void)unused;
        ends_new(&first, &list, "serial0", true);
        ends_new(&other, &list, "serial1", true);
        /* What the device has just said is not lost. */
        put(first.device, "last words");
        consoles_close(&list, "serial0");
        expect(first.client, "last words");
        expect_end(first.client);
        g_assert_null(console_find(list, "serial0"));
        g_assert_nonnull(console_find(list, "serial1"));
        consoles_close(&list, NULL);
        g_assert_null(list);
        expect_end(other.client);
        consoles_close(&list, NULL);
        close(first.device);
        close(first.client);
        close(other.device);
        close(other.client);
}

static void test_open(const void *unused)
{
        g_autofree char *directory = g_dir_make_tmp("virtbus-console-XXXXXX", NULL);
        g_autofree char *deep = g_build_filename(directory,
                "a-directory-with-a-very-long-name-indeed-so-that-the-path-of-the-socket-does-not-"
                "fit-into-the-address-of-one",
                NULL);
        g_autofree char *path = g_build_filename(deep, "socket", NULL);
        g_autofree char *here = g_get_current_dir();
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd, peer;

        (void)unused;
        g_assert_cmpint(console_open_terminal("/dev/null"), ==, -ENOTTY);
        g_assert_cmpint(console_open_terminal(directory), <, 0);
        g_assert_cmpint(console_open_terminal("/dev/pts/nothere"), ==, -ENOENT);

        g_assert_cmpint(mkdir(deep, 0700), ==, 0);
        g_assert_cmpint(console_open_socket(path), ==, -ENOENT);
        g_assert_cmpint(chdir(deep), ==, 0);
        g_assert_cmpint(bind(listener, (struct sockaddr *)&address, sizeof address), ==, 0);
        g_assert_cmpint(chdir(here), ==, 0);
        g_assert_cmpint(console_open_socket(path), ==, -ECONNREFUSED);
        g_assert_cmpint(listen(listener, 1), ==, 0);
        fd = console_open_socket(path);
        g_assert_cmpint(fd, >=, 0);
        peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        put(fd, "agent");
        expect(peer, "agent");
        close(peer);
        close(fd);
        close(listener);
        unlink(path);
        rmdir(deep);
        rmdir(directory);
}

int main(int argc, char **argv)
{
        static const FiberTest tests[] = {
                { "relay-socket", test_relay, NULL },
                { "relay-pty", test_relay, "pty" },
                { "device-ends-socket", test_device_ends, NULL },
                { "device-ends-pty", test_device_ends, "pty" },
                { "back-pressure-socket", test_back_pressure, NULL },
                { "back-pressure-pty", test_back_pressure, "pty" },
                { "left-behind", test_left_behind, NULL },
                { "close", test_close, NULL },
                { "open", test_open, NULL },
        };

        g_test_init(&argc, &argv, NULL);
        fiber_tests_add("/qemu-console", tests, G_N_ELEMENTS(tests));
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What must not be done with fibers, and what becomes of the process that does it. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/base/cleanup.h"
#include "tests/unit/fiber-story.h"

#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

static void on_loop(const char *which)
{
        FiberQueue queue = { 0 };
        FiberLock lock = { 0 };
        Wait wait = WAIT_INIT;

        if (g_str_equal(which, "wait"))
                wait_for(&wait, "nothing", FIBER_FOREVER);
        if (g_str_equal(which, "yield"))
                fiber_yield();
        if (g_str_equal(which, "sleep"))
                fiber_sleep(1);
        if (g_str_equal(which, "queue"))
                fiber_queue_wait(&queue, "nothing", FIBER_FOREVER);
        if (g_str_equal(which, "lock"))
                fiber_lock(&lock, "nothing", FIBER_FOREVER);
        if (g_str_equal(which, "fd"))
                fiber_wait_fd(0, EPOLLIN, "nothing", FIBER_FOREVER);
        if (g_str_equal(which, "shield"))
                fiber_shield();
        if (g_str_equal(which, "local"))
                fiber_set_local(NULL);
}

static __attribute__((noinline)) int recurse(int n, size_t step)
{
        volatile char room[64] = { 0 };
        volatile char *more = __builtin_alloca(step);

        more[0] = n;
        if (n < 0)
                return room[0];
        return recurse(n + 1, step) + room[1] + more[0];
}

static void overflow_run(void *data)
{
        recurse(0, GPOINTER_TO_SIZE(data));
}

static void null_run(void *data)
{
        *(volatile int *)data = 1;
}

static void dies(const char *how)
{
        if (g_str_equal(how, "overflow"))
                start("deep thought", overflow_run, GSIZE_TO_POINTER(16));
        else if (g_str_equal(how, "overflow in steps"))
                start("deep thought", overflow_run, GSIZE_TO_POINTER(40 * 1024));
        else if (g_str_equal(how, "null"))
                start("null", null_run, NULL);
        else if (g_str_equal(how, "sent"))
                raise(SIGSEGV);
        else
                on_loop(how);
}

/* The text on stderr, and the signal it died of, of a process that does this. */
static int death_of(const char *how, char **ret_text)
{
        g_autoptr(GString) text = g_string_new(NULL);
        char buffer[4096];
        int pair[2], status;
        ssize_t n;
        pid_t pid;

        g_assert_cmpint(pipe2(pair, O_CLOEXEC), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
                const struct rlimit no_core = { 0 };

                setrlimit(RLIMIT_CORE, &no_core);
                dup2(pair[1], STDERR_FILENO);
                dup2(pair[1], STDOUT_FILENO);
                dies(how);
                _exit(0);
        }
        close(pair[1]);
        while ((n = read(pair[0], buffer, sizeof buffer)) > 0)
                g_string_append_len(text, buffer, n);
        close(pair[0]);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        *ret_text = g_strdup(text->str);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_overflow(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
#ifdef __SANITIZE_ADDRESS__
        g_test_skip("AddressSanitizer has its own report");
#else
        static const char *const ways[] = { "overflow", "overflow in steps" };
        g_autofree char *null = NULL, *sent = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
                g_autofree char *text = NULL;

                g_assert_cmpint(death_of(ways[i], &text), ==, SIGSEGV);
                g_assert_nonnull(
                        strstr(text, "virtbus: fiber 'deep thought' overflowed its stack\n"));
        }
        g_assert_cmpint(death_of("null", &null), ==, SIGSEGV);
        g_assert_null(strstr(null, "overflowed"));
        g_assert_cmpint(death_of("sent", &sent), ==, SIGSEGV);
        g_assert_null(strstr(sent, "overflowed"));
#endif
}

static void test_on_loop(unsigned *cap, const void *unused)
{
        static const char *const calls[] = { "wait", "yield", "sleep", "queue", "lock", "fd",
                "shield", "local" };

        (void)cap, (void)unused;
        for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
                g_autofree char *text = NULL;

                g_assert_cmpint(death_of(calls[i], &text), ==, SIGABRT);
                g_assert_nonnull(strstr(text, "assertion failed"));
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        FIBER_TEST("death/overflow", test_overflow);
        FIBER_TEST("death/on-loop", test_on_loop);
        return g_test_run();
}

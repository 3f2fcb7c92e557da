/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "service/base/cleanup.h"
#include "service/base/fiber.h"

#define MS 1000
#define SECOND (1000 * MS)
#define AS_WE_ARE .uid = (uid_t)-1, .gid = (gid_t)-1
#define SHELL(script) .argv = (const char *const[]){ "/bin/sh", "-c", script, NULL }, AS_WE_ARE
#define SLEEP .argv = (const char *const[]){ "/bin/sleep", "1000", NULL }, AS_WE_ARE

static sd_event *event;

/* Runs the test on a fiber. */
static void fiber_main(void *data)
{
        ((void (*)(void))data)();
}

static void spin(void)
{
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
}

static bool has_children(void)
{
        siginfo_t info;

        return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The numbers of a process' descriptors, ascending: "0 1 2 7 ". */
static char *fds_of(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
        g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
        g_autoptr(GString) text = g_string_new(NULL);
        struct stat status;

        g_assert_nonnull(directory);
        for (int fd = 0; fd < 1100; fd++) {
                g_autofree char *link = g_strdup_printf("%s/%d", path, fd);

                if (lstat(link, &status) == 0)
                        g_string_append_printf(text, "%d ", fd);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

/* It settles on these: a program that starts opens its libraries for a moment. */
static void assert_fds(pid_t pid, const char *expected)
{
        g_autofree char *have = NULL;

        for (int i = 0; i < 120000; i++) {
                g_free(have);
                have = fds_of(pid);
                if (g_str_equal(have, expected))
                        return;
                g_usleep(1 * MS);
        }
        g_assert_cmpstr(have, ==, expected);
}

static void run_test(const void *data)
{
        g_autofree char *before = fds_of(getpid()), *after = NULL;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 100), ==, 0);
        g_assert_cmpint(fiber_start("test", fiber_main, (void *)data, NULL), ==, 0);
        spin();
        /* Whatever was started is gone and reaped, by nobody but child.c. */
        for (int i = 0; has_children() && i < 500; i++)
                sd_event_run(event, 10 * MS);
        g_assert_false(has_children());
        fibers_finish();
        event = sd_event_unref(event);
        after = fds_of(getpid());
        g_assert_cmpstr(before, ==, after);
}

/* Runs to the end with status 0, and says what it wrote. */
static char *output_of(const ChildSpec *spec)
{
        g_autoptr(GString) out = g_string_new(NULL), err = g_string_new(NULL);

        g_assert_cmpint(child_run(spec, fiber_deadline(120 * SECOND), 1 << 20, out, err), ==, 0);
        g_assert_cmpstr(err->str, ==, "");
        return g_strdup(out->str);
}

static char *link_of(pid_t pid, const char *what)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, what);
        g_autofree char *target = realpath(path, NULL);

        return g_strdup(target);
}

/* A line of /proc/PID/status, without its name. */
static char *status_of(pid_t pid, const char *name)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
        g_autofree char *text = NULL, *mark = g_strdup_printf("\n%s:\t", name);
        const char *line;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        line = strstr(text, mark);
        g_assert_nonnull(line);
        line += strlen(mark);
        return g_strndup(line, strcspn(line, "\n"));
}

/* What the child is given. */

static void test_arguments(void)
{
        const char *const argv[] = { "/bin/sh", "-c", "printf '%s|' \"$0\" \"$@\"", "a b", "", "*",
                "\xff", NULL };
        const ChildSpec spec = { .argv = argv, AS_WE_ARE };
        g_autofree char *out = output_of(&spec);

        g_assert_cmpstr(out, ==, "a b||*|\xff|");
}

static void test_environment(void)
{
        const char *const env[] = { "/usr/bin/env", NULL };
        const char *const given[] = { "A=1", "B=x y", NULL }, *const none[] = { NULL };
        g_autofree char *standard = output_of(&(ChildSpec){ .argv = env, AS_WE_ARE });
        g_autofree char *ours = output_of(&(ChildSpec){ .argv = env, .envp = given, AS_WE_ARE });
        g_autofree char *empty = output_of(&(ChildSpec){ .argv = env, .envp = none, AS_WE_ARE });

        g_assert_cmpstr(standard, ==, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLC_ALL=C\n");
        g_assert_cmpstr(ours, ==, "A=1\nB=x y\n");
        g_assert_cmpstr(empty, ==, "");
}

static void test_directory(void)
{
        g_autofree char *root = output_of(&(ChildSpec){ SHELL("pwd -P") });
        g_autofree char *proc = output_of(&(ChildSpec){ SHELL("pwd -P"), .directory = "/proc" });

        g_assert_cmpstr(root, ==, "/\n");
        g_assert_cmpstr(proc, ==, "/proc\n");
}

static void test_signals(void)
{
        g_autoptr(Child) child = NULL;
        g_autofree char *blocked = NULL, *ignored = NULL;
        const ChildSpec spec = { SLEEP };
        sigset_t set, old;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, &old);
        signal(SIGPIPE, SIG_IGN);
        g_assert_cmpint(child_spawn(&spec, &child), ==, 0);
        signal(SIGPIPE, SIG_DFL);
        sigprocmask(SIG_SETMASK, &old, NULL);
        blocked = status_of(child_pid(child), "SigBlk");
        ignored = status_of(child_pid(child), "SigIgn");
        g_assert_cmpstr(blocked, ==, "0000000000000000");
        g_assert_cmpstr(ignored, ==, "0000000000000000");
}

static void test_session(void)
{
        g_autoptr(Child) ours = NULL, own = NULL;

        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP }, &ours), ==, 0);
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP, .session = true }, &own), ==, 0);
        g_assert_cmpint(getsid(child_pid(ours)), ==, getsid(0));
        g_assert_cmpint(getsid(child_pid(own)), ==, child_pid(own));
}

/* Descriptors. */

static ino_t inode_of(pid_t pid, int fd)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", pid, fd);
        struct stat status;

        g_assert_cmpint(stat(path, &status), ==, 0);
        return status.st_ino;
}

static dev_t null_of(pid_t pid, int fd)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", pid, fd);
        struct stat status;

        g_assert_cmpint(stat(path, &status), ==, 0);
        return status.st_rdev;
}

/* Spawns with these, held and not, and compares what the child has with what it was to have. */
static void check_fds(const ChildFd *fds, size_t n_fds, const char *expected)
{
        for (int held = 0; held < 2; held++) {
                g_autoptr(Child) child = NULL;
                const ChildSpec spec = { SLEEP, .fds = fds, .n_fds = n_fds, .held = held };
                struct stat null;
                bool given[3] = { false };

                g_assert_cmpint(child_spawn(&spec, &child), ==, 0);
                if (held)
                        g_assert_cmpint(child_release(child), ==, 0);
                assert_fds(child_pid(child), expected);
                for (size_t i = 0; i < n_fds; i++) {
                        g_assert_cmpint(inode_of(child_pid(child), fds[i].number), ==,
                                inode_of(getpid(), fds[i].fd));
                        if (fds[i].number < 3)
                                given[fds[i].number] = true;
                }
                g_assert_cmpint(stat("/dev/null", &null), ==, 0);
                for (int i = 0; i < 3; i++)
                        if (!given[i])
                                g_assert_cmpint(null_of(child_pid(child), i), ==, null.st_rdev);
        }
}

static void test_fds(void)
{
        /* Not marked to be closed, as of a careless library: they do not reach the child either. */
        int a = memfd_create("a", 0), b = memfd_create("b", 0), c = memfd_create("c", MFD_CLOEXEC);
        g_autofree char *expected = g_strdup_printf("0 1 2 %d %d ", MIN(a, b), MAX(a, b));

        check_fds(NULL, 0, "0 1 2 ");
        /* Onto itself, two that change places, one onto a third's number. */
        check_fds((ChildFd[]){ { a, a }, { b, b } }, 2, expected);
        check_fds((ChildFd[]){ { a, b }, { b, a } }, 2, expected);
        check_fds((ChildFd[]){ { c, a }, { a, b } }, 2, expected);
        /* The standard ones, and one descriptor under many numbers. */
        check_fds((ChildFd[]){ { a, 0 }, { b, 1 }, { c, 2 } }, 3, "0 1 2 ");
        check_fds((ChildFd[]){ { a, 2 }, { a, 0 }, { a, 9 }, { a, 3 } }, 4, "0 1 2 3 9 ");
        check_fds((ChildFd[]){ { STDERR_FILENO, 0 }, { a, 1000 } }, 2, "0 1 2 1000 ");
        close(a);
        close(b);
        close(c);
}

/* Any mapping of some of our descriptors to some numbers, both from the same range. */
static void test_fds_random(void)
{
        enum {
                N = 24
        };
        int ours[N];

        for (int i = 0; i < N; i++)
                ours[i] = memfd_create("any", MFD_CLOEXEC);
        for (int round = 0; round < 20; round++) {
                ChildFd fds[N];
                size_t n_fds = 0;
                g_autoptr(GString) expected = g_string_new(NULL);

                for (int number = 0; number < 64; number++) {
                        bool chosen = n_fds < N && g_random_boolean();

                        if (chosen)
                                fds[n_fds++] = (ChildFd){ ours[g_random_int_range(0, N)], number };
                        if (chosen || number < 3)
                                g_string_append_printf(expected, "%d ", number);
                }
                check_fds(fds, n_fds, expected->str);
        }
        for (int i = 0; i < N; i++)
                close(ours[i]);
}

static void test_fds_wrong(void)
{
        g_autofree ChildFd *many = g_new0(ChildFd, CHILD_FDS_MAX + 1);
        Child *child = NULL;

        g_assert_cmpint(
                child_spawn(&(ChildSpec){ SLEEP, .fds = many, .n_fds = CHILD_FDS_MAX + 1 }, &child),
                ==, -E2BIG);
        g_assert_cmpint(
                child_spawn(&(ChildSpec){ SLEEP, .fds = &(ChildFd){ 0, -1 }, .n_fds = 1 }, &child),
                ==, -EBADF);
        g_assert_cmpint(
                child_spawn(
                        &(ChildSpec){ SLEEP, .fds = &(ChildFd){ 0, INT_MAX }, .n_fds = 1 }, &child),
                ==, -EBADF);
        g_assert_cmpint(
                child_spawn(&(ChildSpec){ SLEEP, .fds = &(ChildFd){ 999, 3 }, .n_fds = 1 }, &child),
                ==, -EBADF);
        g_assert_null(child);
        for (int i = 0; i < CHILD_FDS_MAX; i++)
                many[i] = (ChildFd){ STDERR_FILENO, i };
        g_assert_cmpint(
                child_spawn(&(ChildSpec){ SLEEP, .fds = many, .n_fds = CHILD_FDS_MAX }, &child), ==,
                0);
        child_free(child);
}

/* Starting. */

static void test_exec_failure(void)
{
        const char *const missing[] = { "/nonexistent/binary", NULL },
                          *const passwd[] = { "/etc/passwd", NULL };
        Child *child = NULL;

        g_assert_cmpint(
                child_spawn(&(ChildSpec){ .argv = missing, AS_WE_ARE }, &child), ==, -ENOENT);
        g_assert_cmpint(
                child_spawn(&(ChildSpec){ .argv = passwd, AS_WE_ARE }, &child), ==, -EACCES);
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP, .directory = "/nonexistent" }, &child), ==,
                -ENOENT);
        g_assert_null(child);
        g_assert_cmpint(child_run(&(ChildSpec){ .argv = missing, AS_WE_ARE }, FIBER_FOREVER, 100,
                                NULL, NULL),
                ==, -ENOENT);
}

static void test_user_failure(void)
{
        static const gid_t groups[70000];
        ChildSpec spec = { SLEEP };
        Child *child = NULL;

        /* More groups than the kernel takes: refused for root too. */
        spec.uid = getuid();
        spec.groups = groups;
        spec.n_groups = G_N_ELEMENTS(groups);
        g_assert_cmpint(child_spawn(&spec, &child), ==, geteuid() == 0 ? -EINVAL : -EPERM);
        spec.held = true;
        g_assert_cmpint(child_spawn(&spec, &child), ==, 0);
        g_assert_cmpint(child_release(child), ==, geteuid() == 0 ? -EINVAL : -EPERM);
        child_free(child);
}

static void test_user(void)
{
        const gid_t groups[] = { 60001, 60002 };
        ChildSpec spec = { SHELL("id -u; id -ru; id -g; id -G"), .groups = groups, .n_groups = 2 };
        g_autofree char *out = NULL;

        if (geteuid() != 0) {
                g_test_skip("only root can become somebody else");
                return;
        }
        spec.uid = 60000;
        spec.gid = 60003;
        out = output_of(&spec);
        g_assert_cmpstr(out, ==, "60000\n60000\n60003\n60003 60001 60002\n");
}

static void test_held(void)
{
        g_autoptr(Child) child = NULL;
        const ChildSpec spec = { SLEEP, .held = true };
        g_autofree char *ours = link_of(getpid(), "exe"), *before = NULL, *after = NULL;

        g_assert_cmpint(child_spawn(&spec, &child), ==, 0);
        g_assert_cmpint(child_wait(child, fiber_deadline(20 * MS)), ==, -ETIMEDOUT);
        before = link_of(child_pid(child), "exe");
        g_assert_cmpstr(before, ==, ours);
        /* It has nothing of ours but the two ends that it waits with. */
        assert_fds(child_pid(child), "0 1 2 3 4 ");
        g_assert_cmpint(child_release(child), ==, 0);
        after = link_of(child_pid(child), "exe");
        g_assert_cmpstr(after, !=, ours);
}

static void test_held_failure(void)
{
        const char *const missing[] = { "/nonexistent/binary", NULL };
        Child *child = NULL;

        g_assert_cmpint(
                child_spawn(&(ChildSpec){ .argv = missing, AS_WE_ARE, .held = true }, &child), ==,
                0);
        g_assert_cmpint(child_release(child), ==, -ENOENT);
        g_assert_cmpint(WEXITSTATUS(child_wait(child, fiber_deadline(120 * SECOND))), ==, 127);
        child_free(child);

        /* It died meanwhile: an error, not a SIGPIPE for us. */
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP, .held = true }, &child), ==, 0);
        g_assert_cmpint(child_kill(child, SIGKILL), ==, 0);
        g_assert_cmpint(child_wait(child, fiber_deadline(120 * SECOND)), ==, SIGKILL);
        g_assert_cmpint(child_release(child), ==, -EPIPE);
        child_free(child);

        /* Never released: goes with its Child, either way. */
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP, .held = true }, &child), ==, 0);
        child_free(child);
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP, .held = true }, &child), ==, 0);
        child_abandon(child);
}

/* Forks one who spawns these and dies; what becomes of them falls to us. Puts their pids. */
static void orphans(const ChildSpec *spec, int n, pid_t *ret)
{
        int pair[2];
        pid_t pid;

        g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 1), ==, 0);
        g_assert_cmpint(pipe2(pair, O_CLOEXEC), ==, 0);
        pid = fork();
        if (pid == 0) {
                for (int i = 0; i < n; i++) {
                        Child *child;

                        if (child_spawn(spec, &child) < 0)
                                _exit(1);
                        pid = child_pid(child);
                        if (write(pair[1], &pid, sizeof pid) != sizeof pid)
                                _exit(1);
                }
                _exit(0);
        }
        for (int i = 0; i < n; i++)
                g_assert_cmpint(read(pair[0], &ret[i], sizeof *ret), ==, sizeof *ret);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        g_assert_cmpint(prctl(PR_SET_CHILD_SUBREAPER, 0), ==, 0);
        close(pair[0]);
        close(pair[1]);
}

static void test_die_with_parent(void)
{
        ChildSpec spec = { SLEEP, .die_with_parent = true };
        int status;
        pid_t pid;

        if (geteuid() == 0) {
                /* A change of the user must not undo it. */
                spec.uid = 60000;
                spec.gid = 60000;
        }
        orphans(&spec, 1, &pid);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, SIGKILL);

        /* And without it, it lives on. */
        spec.die_with_parent = false;
        orphans(&spec, 1, &pid);
        g_usleep(20 * MS);
        g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0);
        g_assert_cmpint(kill(pid, SIGTERM), ==, 0);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, SIGTERM);
}

static void test_held_without_parent(void)
{
        const ChildSpec spec = { SLEEP, .held = true };
        pid_t pids[5];
        int status;

        /* None waits for a word that nobody can say any more. */
        orphans(&spec, 5, pids);
        for (int i = 0; i < 5; i++) {
                g_assert_cmpint(waitpid(pids[i], &status, 0), ==, pids[i]);
                g_assert_cmpint(WEXITSTATUS(status), ==, 126);
        }
}

/* Waiting and ending. */

static void test_wait(void)
{
        Child *child;
        int status;

        g_assert_cmpint(child_spawn(&(ChildSpec){ SHELL("exit 3") }, &child), ==, 0);
        status = child_wait(child, fiber_deadline(120 * SECOND));
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, 3);
        g_assert_cmpint(child_wait(child, 0), ==, status);
        g_assert_cmpint(child_kill(child, SIGTERM), ==, -ESRCH);
        g_assert_cmpint(poll(&(struct pollfd){ child_pidfd(child), POLLIN, 0 }, 1, 0), ==, 1);
        child_free(child);

        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP }, &child), ==, 0);
        g_assert_cmpint(kill(child_pid(child), 0), ==, 0);
        g_assert_cmpint(child_wait(child, fiber_deadline(2 * MS)), ==, -ETIMEDOUT);
        g_assert_cmpint(child_kill(child, SIGTERM), ==, 0);
        g_assert_cmpint(child_wait(child, FIBER_FOREVER), ==, SIGTERM);
        child_free(child);

        g_assert_cmpint(
                child_spawn(&(ChildSpec){ SHELL("ulimit -c 0; kill -ABRT $$") }, &child), ==, 0);
        status = child_wait(child, FIBER_FOREVER);
        g_assert_true(WIFSIGNALED(status));
        g_assert_cmpint(WTERMSIG(status), ==, SIGABRT);
        child_free(child);
}

static int n_waited;

static void waiting_run(void *data)
{
        g_assert_cmpint(child_wait(data, FIBER_FOREVER), ==, SIGKILL);
        n_waited++;
}

static void cancelled_run(void *data)
{
        g_assert_cmpint(child_wait(data, FIBER_FOREVER), ==, -ECANCELED);
        n_waited++;
}

static void test_wait_together(void)
{
        Fiber *cancelled;
        Child *child;

        n_waited = 0;
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP }, &child), ==, 0);
        for (int i = 0; i < 3; i++)
                g_assert_cmpint(fiber_start("waits", waiting_run, child, NULL), ==, 0);
        g_assert_cmpint(fiber_start("is cancelled", cancelled_run, child, &cancelled), ==, 0);
        g_assert_cmpint(fiber_sleep(1 * MS), ==, 0);
        fiber_cancel(cancelled);
        fiber_unref(cancelled);
        g_assert_cmpint(child_kill(child, SIGKILL), ==, 0);
        g_assert_cmpint(child_wait(child, FIBER_FOREVER), ==, SIGKILL);
        while (n_waited < 4)
                fiber_sleep(1 * MS);
        child_free(child);
}

static void test_free(void)
{
        Child *child;
        int pidfd;

        g_assert_null(child_free(NULL));
        g_assert_null(child_abandon(NULL));

        g_assert_cmpint(
                child_spawn(&(ChildSpec){ SHELL("trap '' TERM INT; while :; do sleep 1; done") },
                        &child),
                ==, 0);
        pidfd = fcntl(child_pidfd(child), F_DUPFD_CLOEXEC, 3);
        g_assert_null(child_free(child));
        /* Killed; that it is reaped is seen behind each test. */
        g_assert_cmpint(
                fiber_wait_fd(pidfd, EPOLLIN, "its end", fiber_deadline(120 * SECOND)), >, 0);
        close(pidfd);

        /* Ended but not waited for. */
        g_assert_cmpint(child_spawn(&(ChildSpec){ SHELL("exit 0") }, &child), ==, 0);
        g_assert_cmpint(poll(&(struct pollfd){ child_pidfd(child), POLLIN, 0 }, 1, -1), ==, 1);
        child_free(child);
        g_assert_false(has_children());
}

static void test_abandon(void)
{
        Child *child;
        int pidfd;
        pid_t pid;

        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP }, &child), ==, 0);
        pidfd = fcntl(child_pidfd(child), F_DUPFD_CLOEXEC, 3);
        pid = child_pid(child);
        g_assert_null(child_abandon(child));
        g_assert_cmpint(
                fiber_wait_fd(pidfd, EPOLLIN, "nothing", fiber_deadline(20 * MS)), ==, -ETIMEDOUT);
        g_assert_cmpint(kill(pid, SIGTERM), ==, 0);
        close(pidfd);
}

static void test_adopt(void)
{
        const ChildSpec spec = { SLEEP };
        Child *child = NULL;
        int status;
        pid_t pid;

        orphans(&spec, 1, &pid);
        g_assert_cmpint(child_adopt(pid, &child), ==, 0);
        g_assert_cmpint(child_pid(child), ==, pid);
        g_assert_cmpint(child_wait(child, fiber_deadline(2 * MS)), ==, -ETIMEDOUT);
        g_assert_cmpint(child_kill(child, SIGTERM), ==, 0);
        g_assert_cmpint(child_wait(child, FIBER_FOREVER), ==, -ECHILD);
        /* Its status is there for its parent. */
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, SIGTERM);
        g_assert_cmpint(child_kill(child, SIGTERM), ==, -ESRCH);
        g_assert_cmpint(child_wait(child, 0), ==, -ECHILD);
        child_free(child);
        g_assert_cmpint(child_adopt(pid, &child), ==, -ESRCH);

        orphans(&spec, 1, &pid);
        g_assert_cmpint(child_adopt(pid, &child), ==, 0);
        child_abandon(child);
        g_assert_cmpint(kill(pid, 0), ==, 0);
        g_assert_cmpint(child_adopt(pid, &child), ==, 0);
        child_free(child);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, SIGKILL);
}

/* Running to the end. */

static void test_run(void)
{
        g_autoptr(GString) out = g_string_new("before "), err = g_string_new(NULL);
        g_autofree char *text = NULL;
        int status;

        status = child_run(&(ChildSpec){ SHELL("echo one; echo two >&2; cat; exit 7") },
                fiber_deadline(120 * SECOND), 100, out, err);
        g_assert_cmpint(WEXITSTATUS(status), ==, 7);
        g_assert_cmpstr(out->str, ==, "before one\n");
        g_assert_cmpstr(err->str, ==, "two\n");
        text = child_status_string(status);
        g_assert_cmpstr(text, ==, "exit status 7");

        g_free(text);
        g_string_truncate(out, 0);
        status = child_run(&(ChildSpec){ SHELL("echo last; kill -9 $$") },
                fiber_deadline(120 * SECOND), 100, out, NULL);
        g_assert_cmpstr(out->str, ==, "last\n");
        text = child_status_string(status);
        g_assert_true(g_str_has_prefix(text, "killed by signal 9 ("));
}

static void test_run_large(void)
{
        g_autoptr(GString) out = g_string_new(NULL), err = g_string_new(NULL);
        const ChildSpec spec = { SHELL(
                "head -c 1000000 /dev/zero & head -c 1000000 /dev/zero >&2; wait") };

        g_assert_cmpint(child_run(&spec, fiber_deadline(120 * SECOND), 1000000, out, err), ==, 0);
        g_assert_cmpint(out->len, ==, 1000000);
        g_assert_cmpint(err->len, ==, 1000000);
        /* What nobody wants is read all the same, or the child would be stuck. */
        g_assert_cmpint(child_run(&spec, fiber_deadline(120 * SECOND), 10, NULL, NULL), ==, 0);
}

static void test_run_limit(void)
{
        g_autoptr(GString) out = g_string_new(NULL);

        g_assert_cmpint(
                child_run(&(ChildSpec){ SHELL("printf 12345") }, FIBER_FOREVER, 5, out, NULL), ==,
                0);
        g_assert_cmpstr(out->str, ==, "12345");
        g_string_truncate(out, 0);
        g_assert_cmpint(child_run(&(ChildSpec){ SHELL("printf 123456; exec sleep 1000") },
                                FIBER_FOREVER, 5, out, NULL),
                ==, -E2BIG);
        g_assert_cmpint(out->len, <=, 5);
        g_assert_cmpint(
                child_run(&(ChildSpec){ SHELL("exec yes >&2") }, FIBER_FOREVER, 5000, NULL, out),
                ==, -E2BIG);
        g_assert_cmpint(out->len, <=, 5000);
}

static void test_run_deadline(void)
{
        g_autoptr(GString) out = g_string_new(NULL);

        /* What it has said until then is there. How long a shell takes for that depends on the
         * machine. */
        for (uint64_t patience = 200 * MS; out->len == 0 && patience < 100 * SECOND; patience *= 10)
                g_assert_cmpint(child_run(&(ChildSpec){ SHELL("echo first; exec sleep 1000") },
                                        fiber_deadline(patience), 100, out, NULL),
                        ==, -ETIMEDOUT);
        g_assert_cmpstr(out->str, ==, "first\n");
        /* It has closed both and does not end. */
        g_assert_cmpint(child_run(&(ChildSpec){ SHELL("exec sleep 1000 >&- 2>&-") },
                                fiber_deadline(50 * MS), 100, out, NULL),
                ==, -ETIMEDOUT);
}

static void running_run(void *data)
{
        (void)data;
        g_assert_cmpint(
                child_run(&(ChildSpec){ SLEEP }, FIBER_FOREVER, 100, NULL, NULL), ==, -ECANCELED);
        n_waited++;
}

static void test_run_cancel(void)
{
        Fiber *fiber;

        n_waited = 0;
        g_assert_cmpint(fiber_start("running", running_run, NULL, &fiber), ==, 0);
        g_assert_cmpint(fiber_sleep(5 * MS), ==, 0);
        fiber_cancel(fiber);
        fiber_unref(fiber);
        while (!n_waited)
                fiber_sleep(1 * MS);
}

static void test_run_fds(void)
{
        int fd = memfd_create("given", MFD_CLOEXEC);
        g_autofree char *out = NULL;

        g_assert_cmpint(pwrite(fd, "given", 5, 0), ==, 5);
        out = output_of(
                &(ChildSpec){ SHELL("cat; cat <&5"), .fds = (ChildFd[]){ { fd, 5 } }, .n_fds = 1 });
        g_assert_cmpstr(out, ==, "given");
        close(fd);
}

static void many_run(void *data)
{
        g_autofree char *script = g_strdup_printf("echo %d", GPOINTER_TO_INT(data));
        g_autofree char *expected = g_strdup_printf("%d\n", GPOINTER_TO_INT(data));
        g_autofree char *out = output_of(&(ChildSpec){ SHELL(script) });

        g_assert_cmpstr(out, ==, expected);
        n_waited++;
}

static void test_run_many(void)
{
        n_waited = 0;
        for (int i = 0; i < 50; i++)
                g_assert_cmpint(
                        fiber_start("one of many", many_run, GINT_TO_POINTER(i), NULL), ==, 0);
        while (n_waited < 50)
                fiber_sleep(1 * MS);
}

/* The loop ends before an orphan does: nothing leaks that valgrind or a sanitizer would see. */
static void free_run(void *data)
{
        Child **child = data;

        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP }, child), ==, 0);
        child_abandon(*child);
        g_assert_cmpint(child_spawn(&(ChildSpec){ SLEEP }, child), ==, 0);
}

static void test_after_loop(void)
{
        Child *child;
        pid_t pid;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 10), ==, 0);
        g_assert_cmpint(fiber_start("free", free_run, &child, NULL), ==, 0);
        fibers_finish();
        event = sd_event_unref(event);
        pid = child_pid(child);
        child_free(child);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        while (has_children()) {
                /* The abandoned one, whom nobody watches any more. */
                siginfo_t info = { 0 };
                g_autofree char *path =
                        g_strdup_printf("/proc/%d/task/%d/children", getpid(), getpid());
                g_autofree char *pids = NULL;

                g_assert_true(g_file_get_contents(path, &pids, NULL, NULL));
                g_assert_cmpint(kill(atoi(pids), SIGKILL), ==, 0);
                g_assert_cmpint(waitid(P_ALL, 0, &info, WEXITED), ==, 0);
        }
}

int main(int argc, char **argv)
{
        struct rlimit files;
        int pidfd;

        g_test_init(&argc, &argv, NULL);
        pidfd = pidfd_open(getpid(), 0);
        if (pidfd < 0 && errno == ENOSYS) {
                puts("1..0 # SKIP no pidfd_open() here; Debian 12's valgrind has none");
                return 0;
        }
        fd_close(pidfd);
        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &files), ==, 0);
        files.rlim_cur = files.rlim_max;
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &files), ==, 0);
#define TEST(path, function) g_test_add_data_func("/child/" path, function, run_test)
        TEST("arguments", test_arguments);
        TEST("environment", test_environment);
        TEST("directory", test_directory);
        TEST("signals", test_signals);
        TEST("session", test_session);
        TEST("fds/mapping", test_fds);
        TEST("fds/random", test_fds_random);
        TEST("fds/wrong", test_fds_wrong);
        TEST("exec-failure", test_exec_failure);
        TEST("user/failure", test_user_failure);
        TEST("user/other", test_user);
        TEST("held/release", test_held);
        TEST("held/failure", test_held_failure);
        TEST("held/without-parent", test_held_without_parent);
        TEST("die-with-parent", test_die_with_parent);
        TEST("wait/status", test_wait);
        TEST("wait/together", test_wait_together);
        TEST("free", test_free);
        TEST("abandon", test_abandon);
        TEST("adopt", test_adopt);
        TEST("run/output", test_run);
        TEST("run/large", test_run_large);
        TEST("run/limit", test_run_limit);
        TEST("run/deadline", test_run_deadline);
        TEST("run/cancel", test_run_cancel);
        TEST("run/fds", test_run_fds);
        TEST("run/many", test_run_many);
        g_test_add_func("/child/after-loop", test_after_loop);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/base/cleanup.h"
#include "service/base/fiber.h"

struct Child {
        pid_t pid;
        int pidfd;
        int hold;    /* our end: a byte lets a held child exec */
        int failure; /* read end: the errno of what went wrong up to exec, or nothing */
        bool adopted;
        bool reaped;
        int status;
};

/* Between fork and exec: only async-signal-safe calls from here to child_main()'s end. */

static void child_fail(int failure)
{
        int saved = errno;

        if (write(failure, &saved, sizeof saved) < 0)
                _exit(126);
        _exit(127);
}

/* Gives the child the descriptors it is to have and, right above those, our pipes: hold at
 * first_free, failure behind it. All others are closed now and not at exec: a held child must keep
 * nothing of ours open, least of all the end whose closing it or another one waits for. */
static int child_fds(const ChildSpec *spec, int first_free, int hold, int failure)
{
        const int pipes[] = { hold, failure };
        const int above = first_free + G_N_ELEMENTS(pipes);
        ChildFd wanted[3 + CHILD_FDS_MAX + G_N_ELEMENTS(pipes)];
        size_t n = 0;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int number = 0; number < 3; number++)
                wanted[n++] = (ChildFd){ .fd = null, .number = number };
        for (size_t i = 0; i < spec->n_fds; i++)
                wanted[n++] = spec->fds[i];
        for (size_t i = 0; i < G_N_ELEMENTS(pipes); i++)
                if (pipes[i] >= 0)
                        wanted[n++] = (ChildFd){ .fd = pipes[i], .number = first_free + i };

        /* First out of the way of the numbers; from then on nothing can fail. */
        for (size_t i = 0; i < n; i++) {
                wanted[i].fd = fcntl(wanted[i].fd, F_DUPFD, above);
                if (wanted[i].fd < 0)
                        return -1;
        }
        close_range(0, above - 1, 0);
        for (size_t i = 0; i < n; i++)
                dup2(wanted[i].fd, wanted[i].number);
        close_range(above, ~0U, 0);
        fcntl(first_free + 1, F_SETFD, FD_CLOEXEC);
        return 0;
}

static void child_main(const ChildSpec *spec, char *const *envp, int first_free, pid_t parent,
        int hold, int failure)
{
        sigset_t none;
        char byte;

        for (int number = 1; number < NSIG; number++)
                signal(number, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);

        if (child_fds(spec, first_free, hold, failure) < 0)
                child_fail(failure);
        failure = first_free + 1;

        if (spec->session && setsid() < 0)
                child_fail(failure);
        if (hold >= 0) {
                /* End of file: we are not wanted any more. */
                if (read(first_free, &byte, 1) != 1)
                        _exit(126);
                close(first_free);
        }

        if (spec->uid != (uid_t)-1 && setgroups(spec->n_groups, spec->groups) < 0)
                child_fail(failure);
        if (spec->gid != (gid_t)-1 && setresgid(spec->gid, spec->gid, spec->gid) < 0)
                child_fail(failure);
        if (spec->uid != (uid_t)-1 && setresuid(spec->uid, spec->uid, spec->uid) < 0)
                child_fail(failure);
        /* After setresuid(), which forgets it. */
        if (spec->die_with_parent) {
                if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                        child_fail(failure);
                if (getppid() != parent)
                        _exit(126);
        }
        if (chdir(spec->directory ?: "/") < 0)
                child_fail(failure);
        execve(spec->argv[0], (char *const *)spec->argv, envp);
        child_fail(failure);
}

/* The parent's side. */

/* Reads what the child reported, up to its exec, which closes the pipe. */
static int child_started(Child *child)
{
        int problem = 0;
        ssize_t n;

        do
                n = read(child->failure, &problem, sizeof problem);
        while (n < 0 && errno == EINTR);
        child->failure = fd_close(child->failure);
        if (n == sizeof problem)
                return -problem;
        return n == 0 ? 0 : -EIO;
}

int child_spawn(const ChildSpec *spec, Child **ret)
{
        static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                NULL };
        char *const *envp = (char *const *)(spec->envp ?: environment);
        _cleanup_fd_ int hold = -1, failure = -1;
        g_autoptr(Child) child = g_new0(Child, 1);
        int pair[2], first_free = 3;
        pid_t parent = getpid();
        int r;

        child->pidfd = child->hold = child->failure = -1;
        if (spec->n_fds > CHILD_FDS_MAX)
                return -E2BIG;
        for (size_t i = 0; i < spec->n_fds; i++) {
                if (spec->fds[i].number < 0 || spec->fds[i].number >= CHILD_NUMBER_MAX)
                        return -EBADF;
                first_free = MAX(first_free, spec->fds[i].number + 1);
        }

        if (pipe2(pair, O_CLOEXEC) < 0)
                return -errno;
        child->failure = pair[0];
        failure = pair[1];
        if (spec->held) {
                /* Not a pipe: writing to a child that is dead must be an error, not a signal. */
                if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                        return -errno;
                hold = pair[0];
                child->hold = pair[1];
        }

        child->pid = fork();
        if (child->pid < 0)
                return -errno;
        if (child->pid == 0)
                child_main(spec, envp, first_free, parent, hold, failure);

        failure = fd_close(failure);
        child->pidfd = pidfd_open(child->pid, 0);
        if (child->pidfd < 0) {
                r = -errno;
                kill(child->pid, SIGKILL);
                waitid(P_PID, child->pid, NULL, WEXITED);
                return r;
        }
        if (!spec->held) {
                r = child_started(child);
                if (r < 0)
                        return r;
        }
        *ret = g_steal_pointer(&child);
        return 0;
}

int child_release(Child *child)
{
        ssize_t n;

        g_assert(child->hold >= 0);
        n = send(child->hold, "", 1, MSG_NOSIGNAL);
        child->hold = fd_close(child->hold);
        if (n < 0)
                return -errno;
        return child_started(child);
}

int child_adopt(pid_t pid, Child **ret)
{
        Child *child;
        int pidfd = pidfd_open(pid, 0);

        if (pidfd < 0)
                return -errno;
        child = g_new0(Child, 1);
        *child = (Child){ .pid = pid, .pidfd = pidfd, .hold = -1, .failure = -1, .adopted = true };
        *ret = child;
        return 0;
}

int child_kill(Child *child, int number)
{
        if (child->reaped)
                return -ESRCH;
        return pidfd_send_signal(child->pidfd, number, NULL, 0) < 0 ? -errno : 0;
}

pid_t child_pid(const Child *child)
{
        return child->pid;
}

int child_pidfd(const Child *child)
{
        return child->pidfd;
}

/* Takes the status of a process that ended; 0 while it has not. */
static int pidfd_reap(int pidfd, int *ret_status)
{
        siginfo_t info = { 0 };

        if (waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG) < 0)
                return -errno;
        if (info.si_pid == 0)
                return 0;
        if (ret_status)
                *ret_status = info.si_code == CLD_EXITED ?
                        W_EXITCODE(info.si_status, 0) :
                        W_EXITCODE(
                                0, info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0));
        return 1;
}

int child_wait(Child *child, uint64_t deadline)
{
        int r;

        if (!child->reaped) {
                r = fiber_wait_fd(child->pidfd, EPOLLIN, "a child process", deadline);
                if (r < 0)
                        return r;
        }
        if (child->adopted)
                return -ECHILD;
        /* Two fibers may wait for the same child. */
        if (!child->reaped) {
                r = pidfd_reap(child->pidfd, &child->status);
                if (r <= 0)
                        return r < 0 ? r : -EAGAIN;
                child->reaped = true;
        }
        return child->status;
}

static int on_orphan_ended(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        (void)revents, (void)data;
        pidfd_reap(fd, NULL);
        sd_event_source_disable_unref(source);
        return 0;
}

/* Reaps a child that nobody waits for any more, now or when it ends. The loop takes the pidfd. */
static void child_reap_later(Child *child)
{
        sd_event_source *source;
        int r;

        if (pidfd_reap(child->pidfd, NULL) != 0 || !fibers_event())
                return;
        r = sd_event_add_io(fibers_event(), &source, child->pidfd, EPOLLIN, on_orphan_ended, NULL);
        if (r < 0)
                return;
        sd_event_source_set_io_fd_own(source, true);
        sd_event_source_set_floating(source, true);
        sd_event_source_unref(source);
        child->pidfd = -1;
}

Child *child_free(Child *child)
{
        if (!child)
                return NULL;
        if (child->pidfd >= 0 && !child->reaped) {
                child_kill(child, SIGKILL);
                if (!child->adopted)
                        child_reap_later(child);
        }
        child->reaped = true;
        return child_abandon(child);
}

Child *child_abandon(Child *child)
{
        if (!child)
                return NULL;
        if (!child->reaped && !child->adopted && child->pidfd >= 0)
                child_reap_later(child);
        fd_close(child->pidfd);
        fd_close(child->hold);
        fd_close(child->failure);
        g_free(child);
        return NULL;
}

/* Collecting output. */

typedef struct Capture {
        int fd;
        GString *text;
        size_t limit;
        sd_event_source *source;
        struct CaptureSet *set;
} Capture;

typedef struct CaptureSet {
        Capture streams[2];
        unsigned n_open;
        Wait wait;
} CaptureSet;

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        Capture *capture = data;
        char buffer[16384];
        ssize_t n = read(fd, buffer, sizeof buffer);

        (void)revents;
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n > 0 && capture->text) {
                if (capture->text->len + n > capture->limit) {
                        sd_event_source_set_enabled(source, SD_EVENT_OFF);
                        wait_done(&capture->set->wait, -E2BIG);
                        return 0;
                }
                g_string_append_len(capture->text, buffer, n);
        }
        if (n > 0)
                return 0;
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (--capture->set->n_open == 0)
                wait_done(&capture->set->wait, 0);
        return 0;
}

int child_run(const ChildSpec *spec, uint64_t deadline, size_t limit, GString *out, GString *err)
{
        CaptureSet set = { .streams = { { .fd = -1, .text = out }, { .fd = -1, .text = err } },
                .wait = WAIT_INIT };
        g_autofree ChildFd *fds = g_new0(ChildFd, spec->n_fds + 2);
        g_autoptr(Child) child = NULL;
        ChildSpec whole = *spec;
        int r = 0;

        for (size_t i = 0; i < spec->n_fds; i++)
                fds[i] = spec->fds[i];
        whole.fds = fds;
        whole.die_with_parent = true;
        for (int i = 0; r >= 0 && i < 2; i++) {
                int pair[2];

                if (pipe2(pair, O_CLOEXEC) < 0) {
                        r = -errno;
                        break;
                }
                fcntl(pair[0], F_SETFL, O_NONBLOCK);
                set.streams[i].fd = pair[0];
                set.streams[i].limit = limit;
                set.streams[i].set = &set;
                fds[whole.n_fds++] = (ChildFd){ .fd = pair[1], .number = i + 1 };
                r = sd_event_add_io(fibers_event(), &set.streams[i].source, pair[0], EPOLLIN,
                        on_output, &set.streams[i]);
                set.n_open++;
        }
        if (r >= 0)
                r = child_spawn(&whole, &child);
        for (size_t i = spec->n_fds; i < whole.n_fds; i++)
                fd_close(fds[i].fd);
        if (r >= 0)
                r = wait_for(&set.wait, "the output of a child", deadline);
        if (r >= 0)
                r = child_wait(child, deadline);
        for (int i = 0; i < 2; i++) {
                sd_event_source_disable_unref(set.streams[i].source);
                fd_close(set.streams[i].fd);
        }
        return r;
}

char *child_status_string(int status)
{
        if (WIFEXITED(status))
                return g_strdup_printf("exit status %d", WEXITSTATUS(status));
        return g_strdup_printf(
                "killed by signal %d (%s)", WTERMSIG(status), g_strsignal(WTERMSIG(status)));
}

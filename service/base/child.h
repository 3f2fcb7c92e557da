/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Child processes, watched through pidfds: no SIGCHLD, no waitpid on the loop. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Child Child;

/* On the way to their numbers all are open twice: RLIMIT_NOFILE must have room for that, or it is
 * -EMFILE. */
#define CHILD_FDS_MAX 512
#define CHILD_NUMBER_MAX 1024

typedef struct ChildFd {
        int fd;     /* ours; stays open here */
        int number; /* what the child sees it as, below CHILD_NUMBER_MAX */
} ChildFd;

typedef struct ChildSpec {
        const char *const *argv; /* argv[0] is the absolute path of the binary */
        const char *const *envp; /* NULL: an empty environment but for PATH and LC_ALL=C */
        const char *directory;   /* working directory; NULL: / */
        const ChildFd *fds;      /* all others are closed; 0, 1, 2 default to /dev/null */
        size_t n_fds;            /* at most CHILD_FDS_MAX */
        uid_t uid;               /* (uid_t)-1: as we are */
        gid_t gid;               /* (gid_t)-1: as we are */
        const gid_t *groups;     /* supplementary groups, where uid is given */
        size_t n_groups;
        bool session;         /* setsid(): the child outlives us */
        bool held;            /* does not exec before child_release() */
        bool die_with_parent; /* SIGKILL when we go */
} ChildSpec;

/* Forks. 0 or -errno. With !held, an exec that fails is reported here as its errno (the call blocks
 * for the microseconds that exec takes). */
int child_spawn(const ChildSpec *spec, Child **ret);

/* Lets a held child exec. 0, or -errno of what it failed on (setuid, exec): then the process is
 * gone, and the Child still to be freed. */
int child_release(Child *child);

/* Watches a process that is not our child. 0, or -ESRCH when there is none. Its end can be waited
 * for, its status cannot be had. */
int child_adopt(pid_t pid, Child **ret);

int child_kill(Child *child, int signal);

pid_t child_pid(const Child *child);
/* The pidfd, owned by the Child. Readable when the process is dead. */
int child_pidfd(const Child *child);

/* Suspends. Until it ended: its wait status, as waitpid(2) gives it, >= 0; or -errno; -ECHILD for
 * an adopted one. */
int child_wait(Child *child, uint64_t deadline);

/* Kills what still runs (SIGKILL), an adopted one too, and reaps it in the background. Not while a
 * fiber waits for it. Takes NULL; returns NULL. */
Child *child_free(Child *child);
/* Frees our side only; the process runs on. Returns NULL. */
Child *child_abandon(Child *child);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Child, child_free)

/* Suspends. Runs to the end and collects what it wrote, each at most limit bytes (past it the child
 * is killed: -E2BIG, as at the deadline: -ETIMEDOUT). Returns the wait status or -errno. */
int child_run(const ChildSpec *spec, uint64_t deadline, size_t limit, GString *out, GString *err);

/* "exit status 1", "killed by signal 9". Allocated. */
char *child_status_string(int status);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service/base/cleanup.h"
#include "service/base/fiber.h"

/* Offloaded work. Helper threads come when there is work and go when there has been none for a
 * while; they see their Work and the list of finished ones, nothing else of the process. */

typedef struct Work {
        int (*run)(void *data);
        void *data;
        int result;
        Wait wait;
        struct Work *next;
} Work;

/* Threads, started as there is more to do than there are, and joined at the end: one that is left
 * to itself may be half gone when the process ends. */
#define THREADS_MAX 2u

static struct {
        GThread *threads[THREADS_MAX];
        unsigned n_threads;
        GAsyncQueue *queue; /* of Work; NULL: not started */
        sd_event_source *source;
        int eventfd;
        GMutex mutex;
        Work *finished;
} offloaded;

/* Ends the thread that takes it. */
static Work last_work;

static void work_run(Work *work)
{
        const uint64_t one = 1;
        int eventfd;

        work->result = work->run(work->data);

        g_mutex_lock(&offloaded.mutex);
        work->next = offloaded.finished;
        offloaded.finished = work;
        eventfd = offloaded.eventfd;
        g_mutex_unlock(&offloaded.mutex);
        if (write(eventfd, &one, sizeof one) < 0)
                g_error("cannot tell of finished work: %s", g_strerror(errno));
}

static void *thread_run(void *queue)
{
        Work *work;

        while ((work = g_async_queue_pop(queue)) != &last_work)
                work_run(work);
        return NULL;
}

static int on_finished(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        uint64_t count;
        Work *work;

        (void)source, (void)revents, (void)data;
        if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
                return -errno;
        g_mutex_lock(&offloaded.mutex);
        work = offloaded.finished;
        offloaded.finished = NULL;
        g_mutex_unlock(&offloaded.mutex);
        while (work) {
                Work *next = work->next;

                wait_done(&work->wait, work->result);
                work = next;
        }
        return 0;
}

static int offload_start(void)
{
        int fd, r;

        if (offloaded.queue)
                return 0;
        fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
                return -errno;
        r = sd_event_add_io(fibers_event(), &offloaded.source, fd, EPOLLIN, on_finished, NULL);
        if (r < 0) {
                fd_close(fd);
                return r;
        }
        sd_event_source_set_description(offloaded.source, "offloaded work");
        sd_event_source_set_io_fd_own(offloaded.source, true);
        offloaded.eventfd = fd;
        offloaded.queue = g_async_queue_new();
        return 0;
}

static void work_push(Work *work)
{
        g_async_queue_push(offloaded.queue, work);
        if (g_async_queue_length(offloaded.queue) > 0 && offloaded.n_threads < THREADS_MAX)
                offloaded.threads[offloaded.n_threads++] =
                        g_thread_new("offloaded", thread_run, offloaded.queue);
}

void offload_finish(void)
{
        if (!offloaded.queue)
                return;
        for (unsigned i = 0; i < offloaded.n_threads; i++)
                g_async_queue_push(offloaded.queue, &last_work);
        while (offloaded.n_threads > 0)
                g_thread_join(offloaded.threads[--offloaded.n_threads]);
        g_clear_pointer(&offloaded.queue, g_async_queue_unref);
        offloaded.source = sd_event_source_disable_unref(offloaded.source);
}

int offload(const char *what, int (*run)(void *data), void *data)
{
        Work work = { .run = run, .data = data, .wait = WAIT_INIT };
        int r;

        g_assert(fiber_self());
        r = offload_start();
        if (r < 0)
                return r;
        work_push(&work);
        /* The thread holds our stack: nothing may end this wait before it is done. */
        fiber_shield();
        r = wait_for(&work.wait, what, FIBER_FOREVER);
        fiber_unshield();
        return r;
}

/* Files. */

typedef struct Replacement {
        const char *path;
        const void *bytes;
        size_t size;
        mode_t mode;
        bool durable;
} Replacement;

static int directory_sync(const char *path)
{
        g_autofree char *directory = g_path_get_dirname(path);
        _cleanup_fd_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, bytes, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                bytes += n;
                size -= n;
        }
        return 0;
}

/* One name per target, so that what a crash leaves behind is overwritten by the next attempt. A
 * leading dot keeps it out of listings. */
static char *temporary_name(const char *path)
{
        g_autofree char *directory = g_path_get_dirname(path);
        g_autofree char *base = g_path_get_basename(path);

        return g_strdup_printf("%s/.%s.new", directory, base);
}

static int replace_work(void *data)
{
        const Replacement *replacement = data;
        g_autofree char *temporary = temporary_name(replacement->path);
        _cleanup_fd_ int fd = -1;
        int r;

        /* A leftover may have another owner or mode, or be no file at all. */
        unlink(temporary);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replacement->mode);
        if (fd < 0)
                return -errno;
        r = fchmod(fd, replacement->mode) < 0 ? -errno : 0;
        if (r >= 0)
                r = write_all(fd, replacement->bytes, replacement->size);
        if (r >= 0 &&
                ((replacement->durable && fsync(fd) < 0) ||
                        rename(temporary, replacement->path) < 0))
                r = -errno;
        if (r < 0) {
                unlink(temporary);
                return r;
        }
        return replacement->durable ? directory_sync(replacement->path) : 0;
}

static int remove_work(void *data)
{
        if (unlink(data) < 0)
                return errno == ENOENT ? 0 : -errno;
        return directory_sync(data);
}

/* Changes to one path are made in the order they were asked for, one after the other: they share
 * the temporary name, and the last one must win. */
static int change(const char *path, const char *what, int (*work)(void *data), void *data)
{
        static FiberLock locks[64];
        FiberLock *lock = &locks[g_str_hash(path) % G_N_ELEMENTS(locks)];
        int r;

        fiber_shield();
        r = fiber_lock(lock, what, FIBER_FOREVER);
        if (r >= 0) {
                r = offload(what, work, data);
                fiber_unlock(lock);
        }
        fiber_unshield();
        return r;
}

int file_replace(const char *path, const void *bytes, size_t size, mode_t mode)
{
        Replacement replacement = {
                .path = path, .bytes = bytes, .size = size, .mode = mode, .durable = true
        };

        return change(path, "a file being written", replace_work, &replacement);
}

int file_replace_volatile(const char *path, const void *bytes, size_t size, mode_t mode)
{
        Replacement replacement = { .path = path, .bytes = bytes, .size = size, .mode = mode };

        return replace_work(&replacement);
}

int file_remove(const char *path)
{
        return change(path, "a file being removed", remove_work, (void *)path);
}

int file_read(const char *path, size_t limit, char **ret, size_t *ret_size)
{
        _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        g_autofree char *bytes = NULL;
        struct stat status;
        size_t size = 0;

        limit = MIN(limit, G_MAXSSIZE - 1);
        if (fd < 0 || fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode))
                return -EINVAL;
        /* Files of /proc and /sys say 0 or 4096 whatever they hold: what counts is what is read. */
        for (size_t room = MAX(status.st_size + 1, 4096);; room *= 2) {
                ssize_t n = 0;

                room = MIN(room, limit + 1);
                bytes = g_realloc(bytes, room + 1);
                while (size < room && (n = read(fd, bytes + size, room - size)) > 0)
                        size += n;
                if (size < room && n < 0)
                        return -errno;
                if (size > limit)
                        return -EFBIG;
                if (size < room)
                        break;
        }
        bytes[size] = '\0';
        if (ret_size)
                *ret_size = size;
        *ret = g_steal_pointer(&bytes);
        return 0;
}

typedef struct Loading {
        const char *path;
        size_t limit;
        char **ret;
        size_t *ret_size;
} Loading;

static int load_work(void *data)
{
        const Loading *loading = data;

        return file_read(loading->path, loading->limit, loading->ret, loading->ret_size);
}

int file_load(const char *path, size_t limit, char **ret, size_t *ret_size)
{
        Loading loading = { .path = path, .limit = limit, .ret = ret, .ret_size = ret_size };

        return offload("a file being read", load_work, &loading);
}

int directory_make(const char *path, mode_t mode)
{
        return g_mkdir_with_parents(path, mode) < 0 ? -errno : 0;
}

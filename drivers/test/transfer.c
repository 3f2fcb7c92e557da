/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/test/transfer.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "service/base/cleanup.h"
#include "service/base/delivery.h"

/* What is carried in one turn. */
#define CHUNK CONTENT_BLOCK

/* Of one host. */
#define MAX_TRANSFERS 64

struct Transfer {
        Transfer *next;
        Transfer **list;
        TransferDirection direction;
        TransferEnd end;
        uint64_t offset, left;
        uint64_t length;
        int fd;
        Job *job;
        sd_event_source *source;
};

/* The client finds the message before the end, if it looks. problem is NULL where all went well. */
static void transfer_end(Transfer *self, const GError *problem)
{
        Transfer **link = self->list;

        while (*link != self)
                link = &(*link)->next;
        *link = self->next;
        if (problem && self->direction == TRANSFER_UPLOAD)
                delivery_refuse(self->fd, problem->message);
        sd_event_source_disable_unref(self->source);
        if (!problem && self->direction == TRANSFER_DOWNLOAD)
                delivery_complete(self->fd);
        /* Who reads the end finds all told that is to be told. */
        self->end.ended(self->end.object);
        job_end(self->job, problem);
        fd_close(self->fd);
        object_unref(self->end.object);
        g_free(self);
}

void transfers_end(Transfer **list, const void *object, const char *message)
{
        g_autoptr(GError) problem = NULL;
        Transfer *next;

        error_set_literal(&problem, ERROR_OPERATION_ABORTED, message);
        for (Transfer *self = *list; self; self = next) {
                next = self->next;
                if (!object || self->end.object == object)
                        transfer_end(self, problem);
        }
}

static void cancel(void *data)
{
        g_autoptr(GError) problem = NULL;

        error_set(&problem, ERROR_OPERATION_ABORTED, "it was cancelled");
        transfer_end(data, problem);
}

static void moved(Transfer *self, uint64_t bytes)
{
        self->offset += bytes;
        self->left -= bytes;
        job_progress(self->job, self->length - self->left, self->length);
}

static int store(Transfer *self, const char *bytes, size_t size, GError **error)
{
        if (size > self->left)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "there are more bytes than the volume or the upload has room for");
        if (self->end.may_write(self->end.object, size, error) < 0)
                return -1;
        if (content_write(self->end.content, self->offset, bytes, size) < 0)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "the volumes of the test host hold as much as they may");
        moved(self, size);
        return 0;
}

static void receive(Transfer *self)
{
        static char bytes[CHUNK];
        g_autoptr(GError) error = NULL;
        ssize_t n = recv(self->fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0 || store(self, bytes, (size_t)n, &error) < 0)
                transfer_end(self, error);
}

static void nobody_reads(Transfer *self)
{
        g_autoptr(GError) problem = NULL;

        error_set(&problem, ERROR_OPERATION_ABORTED,
                "the client left with %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes",
                self->length - self->left, self->length);
        transfer_end(self, problem);
}

static void give(Transfer *self)
{
        static char bytes[CHUNK];
        size_t size = MIN(self->left, sizeof bytes);
        ssize_t n;

        content_read(self->end.content, self->offset, bytes, size);
        n = send(self->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n < 0) {
                nobody_reads(self);
                return;
        }
        moved(self, (uint64_t)n);
        if (self->left == 0)
                transfer_end(self, NULL);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        Transfer *self = data;

        (void)source, (void)fd;
        /* What the client wrote before it left is stored; what it will never read is not sent. */
        if (self->direction == TRANSFER_UPLOAD)
                receive(self);
        else if (revents & (EPOLLHUP | EPOLLERR))
                nobody_reads(self);
        else
                give(self);
        return 0;
}

static unsigned count(const Transfer *list)
{
        unsigned n = 0;

        for (; list; list = list->next)
                n++;
        return n;
}

int transfer_new(Transfer **list, TransferDirection direction, const TransferEnd *end,
        uint64_t offset, uint64_t length, int *ret, GError **error)
{
        g_autofree Transfer *self = g_new0(Transfer, 1);
        bool upload = direction == TRANSFER_UPLOAD;
        int pair[2], r = 0;

        if (count(*list) >= MAX_TRANSFERS)
                return error_set(error, ERROR_RESOURCE_BUSY,
                        "%d uploads and downloads of the test host are running", MAX_TRANSFERS);
        if (!upload)
                r = delivery_new(pair);
        else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                r = -errno;
        if (r < 0)
                return error_set_errno(error, r, "cannot create a socket for the volume");
        r = sd_event_add_io(
                fibers_event(), &self->source, pair[0], upload ? EPOLLIN : EPOLLOUT, on_io, self);
        if (r < 0) {
                fd_close(pair[0]);
                fd_close(pair[1]);
                return error_set_errno(error, r, "cannot watch a socket for the volume");
        }
        sd_event_source_set_description(self->source, "transfer of a volume");
        self->list = list;
        self->next = *list;
        self->direction = direction;
        self->end = *end;
        self->offset = offset;
        self->left = self->length = length;
        self->fd = pair[0];
        object_ref(end->object);
        self->job = job_begin_apart(end->object, upload ? "Upload" : "Download", cancel, self);
        job_progress(self->job, 0, length);
        *list = g_steal_pointer(&self);
        *ret = pair[1];
        return 0;
}

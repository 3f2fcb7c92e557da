/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A stream of bytes that never blocks: a socket, or one kind wrapped around another (TLS, a SASL
 * security layer, a channel of SSH). A kind's own struct begins with WireLink. The peer
 * (peer.h) that a link is given to owns it; whoever connects, accepts or shakes hands does that
 * before. */

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef struct WireLink WireLink;

typedef struct WireLinkKind {
        const char *name; /* "unix", "tcp", "tls" */
        bool passes_fds;
        /* Up to n bytes. How many, 0 at the end, -EAGAIN where there are none now, or -errno. A
         * kind that passes descriptors gives at most one with each read, which came with the last
         * byte of it; *ret_fd comes as -1. */
        ssize_t (*read)(WireLink *link, void *bytes, size_t n, int *ret_fd);
        /* How many of the n > 0 bytes went out, -EAGAIN or -errno. fd, if not negative, goes with
         * the first byte; it stays the caller's. Never raises SIGPIPE. */
        ssize_t (*write)(WireLink *link, const void *bytes, size_t n, int fd);
        /* The epoll events that the link waits for, when its owner wants to read or to write.
         * NULL: EPOLLIN to read, EPOLLOUT to write. */
        uint32_t (*events)(const WireLink *link, bool reading, bool writing);
        /* Whether bytes can be read that epoll does not tell of. NULL: never. */
        bool (*pending)(const WireLink *link);
        /* Of the whole struct but its problem; the descriptor is closed where it is the link's own.
         */
        void (*free)(WireLink *link);
} WireLinkKind;

struct WireLink {
        const WireLinkKind *kind;
        int fd;        /* to poll; a wrapping link's is that of the inner one */
        bool apart;    /* each frame needs a write of its own */
        char *problem; /* why the last read or write failed, where there is more to say than its
                          number; NULL: there is not */
};

static inline ssize_t wire_link_read(WireLink *link, void *bytes, size_t n, int *ret_fd)
{
        *ret_fd = -1;
        return link->kind->read(link, bytes, n, ret_fd);
}

static inline ssize_t wire_link_write(WireLink *link, const void *bytes, size_t n, int fd)
{
        return link->kind->write(link, bytes, n, fd);
}

static inline uint32_t wire_link_events(const WireLink *link, bool reading, bool writing)
{
        if (link->kind->events)
                return link->kind->events(link, reading, writing);
        return (reading ? EPOLLIN : 0) | (writing ? EPOLLOUT : 0);
}

static inline bool wire_link_pending(const WireLink *link)
{
        return link->kind->pending && link->kind->pending(link);
}

/* Takes NULL; returns NULL. */
static inline WireLink *wire_link_free(WireLink *link)
{
        if (link) {
                g_free(link->problem);
                link->kind->free(link);
        }
        return NULL;
}

/* A connected stream socket, which becomes the link's, and not blocking. TCP is told not to wait
 * for more to send. */
WireLink *wire_link_new_socket(int fd);

/* Both ends of a link over a network, as "address;port". False where it is none. */
#define WIRE_PLACE 128
bool wire_link_places(const WireLink *link, char local[WIRE_PLACE], char remote[WIRE_PLACE]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireLink, wire_link_free)

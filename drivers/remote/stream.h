/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Streams of the peer as descriptors here. Bytes are handed on in both directions as fast as the
 * slower side takes them; when one side ends, the other is told. Once begun it lives by itself, and
 * ends with the descriptor, the stream or the link, whichever is first. */

#include "drivers/remote/link.h"

typedef enum StreamDirection {
        STREAM_FROM_PEER = 1 << 0,
        STREAM_TO_PEER = 1 << 1,
} StreamDirection;

typedef struct Stream Stream;

/* *ret_fd is the caller's end, a socket. One to read from is a delivery (service/base/delivery.h).
 * Over one that only takes, who wrote all and shut its side down hears how that ended: nothing but
 * the end, or why it failed. bulk says that the link carries nothing but the stream, so that it may
 * stand still while nobody reads here; then the link goes with the stream. */
Stream *stream_new(RemoteLink *link, unsigned directions, bool bulk, int *ret_fd, GError **error);

/* For remote_call_send(). */
RemoteStream *stream_of(Stream *stream);

/* It is a job of the object, too, which tells how much of total it has carried. Before it begins.
 */
void stream_be_job(Stream *stream, Object *object, const char *operation, uint64_t total);

/* The call that opens it has succeeded: it begins, and belongs to itself. done, which may be NULL,
 * is called when it ended, on the loop's stack, with no error where the peer has confirmed that
 * all went well. Where it did, done takes our end of the descriptor, if that is still open (-1:
 * not), whose closing the caller's end hears. */
void stream_begin(
        Stream *stream, void (*done)(const GError *error, int fd, void *data), void *data);

/* One that has not begun. Takes NULL; returns NULL. */
Stream *stream_free(Stream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stream, stream_free)

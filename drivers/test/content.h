/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is in a volume: bytes in memory. It has no end of its own; what was never written is zero
 * and takes no room, and neither does a block in which zeroes have overwritten all the rest. All
 * contents of a host share the room that they may take. Nothing here suspends of itself. */

#include <glib.h>
#include <stdint.h>

#define CONTENT_BLOCK ((uint64_t)64 << 10)

typedef struct ContentRoom {
        uint64_t used, limit; /* bytes */
} ContentRoom;

typedef struct Content Content;

/* The room is borrowed, and outlives the content. */
Content *content_new(ContentRoom *room);
/* Takes NULL. */
void content_free(Content *content);

/* Bytes that it takes: whole blocks. */
uint64_t content_used(const Content *content);

void content_read(const Content *content, uint64_t offset, void *bytes, size_t size);
/* 0, or -ENOSPC where there is no room for the rest. */
int content_write(Content *content, uint64_t offset, const void *bytes, size_t size);
/* All from size on becomes zero. */
void content_truncate(Content *content, uint64_t size);

/* Of what takes long: called after each part of it, with how much is done, in bytes. It may
 * suspend; the contents may change meanwhile. Less than 0 gives up, and is what the whole returns.
 */
typedef int (*ContentStep)(uint64_t done, uint64_t total, void *data);

/* Replaces what is in `to` by the first size bytes of `from`. What fails, with -ENOSPC or the
 * step's, leaves it empty. */
int content_copy(Content *to, const Content *from, uint64_t size, ContentStep step, void *data);
/* All becomes zero. What was given up leaves the rest as it was. */
int content_wipe(Content *content, ContentStep step, void *data);

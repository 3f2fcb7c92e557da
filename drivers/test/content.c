/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/test/content.h"

#include <errno.h>
#include <string.h>

typedef struct Block {
        gint64 index;
        uint8_t bytes[CONTENT_BLOCK];
} Block;

struct Content {
        ContentRoom *room;
        GHashTable *blocks; /* by their index */
};

static const uint8_t zeroes[CONTENT_BLOCK];

Content *content_new(ContentRoom *room)
{
        Content *content = g_new(Content, 1);

        content->room = room;
        content->blocks = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
        return content;
}

void content_free(Content *content)
{
        if (!content)
                return;
        content_truncate(content, 0);
        g_hash_table_unref(content->blocks);
        g_free(content);
}

uint64_t content_used(const Content *content)
{
        return g_hash_table_size(content->blocks) * CONTENT_BLOCK;
}

static Block *block_find(const Content *content, gint64 index)
{
        return g_hash_table_lookup(content->blocks, &index);
}

/* NULL: there is no room. */
static Block *block_new(Content *content, gint64 index)
{
        Block *block;

        if (content->room->limit - content->room->used < CONTENT_BLOCK)
                return NULL;
        content->room->used += CONTENT_BLOCK;
        block = g_new0(Block, 1);
        block->index = index;
        g_hash_table_insert(content->blocks, &block->index, block);
        return block;
}

static void block_remove(Content *content, gint64 index)
{
        if (g_hash_table_remove(content->blocks, &index))
                content->room->used -= CONTENT_BLOCK;
}

/* How much of size lies in the block that offset is in. */
static size_t in_block(uint64_t offset, size_t size)
{
        return MIN(size, CONTENT_BLOCK - offset % CONTENT_BLOCK);
}

void content_read(const Content *content, uint64_t offset, void *bytes, size_t size)
{
        uint8_t *to = bytes;

        while (size > 0) {
                const Block *block = block_find(content, (gint64)(offset / CONTENT_BLOCK));
                size_t n = in_block(offset, size);

                memcpy(to, (block ? block->bytes : zeroes) + offset % CONTENT_BLOCK, n);
                to += n, offset += n, size -= n;
        }
}

/* Within one block. */
static int write_block(Content *content, uint64_t offset, const void *bytes, size_t size)
{
        gint64 index = (gint64)(offset / CONTENT_BLOCK);
        Block *block = block_find(content, index);

        if (memcmp(bytes, zeroes, size) == 0) {
                if (block)
                        memset(block->bytes + offset % CONTENT_BLOCK, 0, size);
                if (block && memcmp(block->bytes, zeroes, CONTENT_BLOCK) == 0)
                        block_remove(content, index);
                return 0;
        }
        if (!block)
                block = block_new(content, index);
        if (!block)
                return -ENOSPC;
        memcpy(block->bytes + offset % CONTENT_BLOCK, bytes, size);
        return 0;
}

int content_write(Content *content, uint64_t offset, const void *bytes, size_t size)
{
        const uint8_t *from = bytes;

        while (size > 0) {
                size_t n = in_block(offset, size);
                int r = write_block(content, offset, from, n);

                if (r < 0)
                        return r;
                from += n, offset += n, size -= n;
        }
        return 0;
}

void content_truncate(Content *content, uint64_t size)
{
        Block *last = block_find(content, (gint64)(size / CONTENT_BLOCK));
        GHashTableIter iter;
        void *block;

        g_hash_table_iter_init(&iter, content->blocks);
        while (g_hash_table_iter_next(&iter, NULL, &block))
                if ((uint64_t)((Block *)block)->index * CONTENT_BLOCK >= size) {
                        g_hash_table_iter_remove(&iter);
                        content->room->used -= CONTENT_BLOCK;
                }
        if (last && size % CONTENT_BLOCK)
                memset(last->bytes + size % CONTENT_BLOCK, 0, CONTENT_BLOCK - size % CONTENT_BLOCK);
}

int content_copy(Content *to, const Content *from, uint64_t size)
{
        GHashTableIter iter;
        void *value;

        content_truncate(to, 0);
        g_hash_table_iter_init(&iter, from->blocks);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                const Block *block = value;
                uint64_t offset = (uint64_t)block->index * CONTENT_BLOCK;

                if (offset >= size)
                        continue;
                if (content_write(to, offset, block->bytes, MIN(CONTENT_BLOCK, size - offset)) <
                        0) {
                        content_truncate(to, 0);
                        return -ENOSPC;
                }
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/test/content.h"

#include <errno.h>
#include <string.h>

/* Of what takes long, one MiB at a time. */
#define BLOCKS_IN_STEP 16

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

/* What takes long goes over the blocks that are there when it begins. */

static GArray *blocks_below(const Content *content, uint64_t size)
{
        GArray *indexes = g_array_new(FALSE, FALSE, sizeof(gint64));
        GHashTableIter iter;
        void *key;

        g_hash_table_iter_init(&iter, content->blocks);
        while (g_hash_table_iter_next(&iter, &key, NULL))
                if ((uint64_t)(*(gint64 *)key) * CONTENT_BLOCK < size)
                        g_array_append_vals(indexes, key, 1);
        return indexes;
}

static int step_after(unsigned n, unsigned total, ContentStep step, void *data)
{
        return n % BLOCKS_IN_STEP == 0 || n == total ?
                step(n * CONTENT_BLOCK, total * CONTENT_BLOCK, data) :
                0;
}

static int copy_block(Content *to, const Content *from, uint64_t size, gint64 index)
{
        const Block *block = block_find(from, index);
        uint64_t offset = (uint64_t)index * CONTENT_BLOCK;

        return block ? content_write(to, offset, block->bytes, MIN(CONTENT_BLOCK, size - offset)) :
                       0;
}

int content_copy(Content *to, const Content *from, uint64_t size, ContentStep step, void *data)
{
        g_autoptr(GArray) indexes = blocks_below(from, size);
        int r = 0;

        content_truncate(to, 0);
        for (unsigned i = 0; r >= 0 && i < indexes->len; i++) {
                r = copy_block(to, from, size, g_array_index(indexes, gint64, i));
                if (r >= 0)
                        r = step_after(i + 1, indexes->len, step, data);
        }
        if (r < 0)
                content_truncate(to, 0);
        return r;
}

int content_wipe(Content *content, ContentStep step, void *data)
{
        g_autoptr(GArray) indexes = blocks_below(content, UINT64_MAX);
        int r = 0;

        for (unsigned i = 0; r >= 0 && i < indexes->len; i++) {
                block_remove(content, g_array_index(indexes, gint64, i));
                r = step_after(i + 1, indexes->len, step, data);
        }
        return r;
}

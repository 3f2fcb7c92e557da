/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is in the volumes of the test driver, held against an array of bytes. */

#include <errno.h>
#include <string.h>

#include "drivers/test/content.h"

#define SIZE (5 * CONTENT_BLOCK)

static void assert_same(const Content *content, const uint8_t *bytes)
{
        g_autofree uint8_t *read = g_malloc(SIZE);

        content_read(content, 0, read, SIZE);
        g_assert_cmpmem(read, SIZE, bytes, SIZE);
}

static int on_step(uint64_t done, uint64_t total, void *data)
{
        (void)data;
        g_assert_cmpuint(done, <=, total);
        return 0;
}

static void test_random(void)
{
        ContentRoom room = { .limit = UINT64_MAX };
        Content *content = content_new(&room), *copy = content_new(&room);
        g_autofree uint8_t *model = g_malloc0(SIZE), *cut = g_malloc0(SIZE);

        for (unsigned i = 0; i < 2000; i++) {
                uint64_t offset = (uint64_t)g_test_rand_int_range(0, SIZE);
                size_t size = (size_t)g_test_rand_int_range(0, (int)(SIZE - offset) + 1);

                if (i % 50 == 0) {
                        content_truncate(content, offset);
                        memset(model + offset, 0, SIZE - offset);
                        continue;
                }
                size = MIN(size, CONTENT_BLOCK * 2);
                memset(model + offset, i % 3 ? (int)i : 0, size);
                g_assert_cmpint(content_write(content, offset, model + offset, size), ==, 0);
                if (i % 100 == 1) {
                        assert_same(content, model);
                        memcpy(cut, model, SIZE);
                        memset(cut + offset, 0, SIZE - offset);
                        g_assert_cmpint(content_copy(copy, content, offset, on_step, NULL), ==, 0);
                        assert_same(copy, cut);
                }
        }
        assert_same(content, model);
        g_assert_cmpuint(room.used, ==, content_used(content) + content_used(copy));
        content_free(content);
        content_free(copy);
        g_assert_cmpuint(room.used, ==, 0);
}

static void test_zeroes(void)
{
        static const uint8_t zeroes[3 * CONTENT_BLOCK];
        ContentRoom room = { .limit = UINT64_MAX };
        Content *content = content_new(&room);

        content_write(content, 0, zeroes, sizeof zeroes);
        g_assert_cmpuint(content_used(content), ==, 0);
        content_write(content, CONTENT_BLOCK - 1, "xy", 2);
        g_assert_cmpuint(content_used(content), ==, 2 * CONTENT_BLOCK);
        /* Whole or in pieces. */
        content_write(content, 0, zeroes, CONTENT_BLOCK);
        g_assert_cmpuint(content_used(content), ==, CONTENT_BLOCK);
        content_write(content, CONTENT_BLOCK, zeroes, 1);
        g_assert_cmpuint(content_used(content), ==, 0);
        /* Far out. */
        g_assert_cmpint(content_write(content, INT64_MAX - 1, "x", 1), ==, 0);
        content_truncate(content, INT64_MAX);
        g_assert_cmpuint(content_used(content), ==, CONTENT_BLOCK);
        content_truncate(content, INT64_MAX - 1);
        content_free(content);
        content_free(NULL);
}

static void test_no_room(void)
{
        ContentRoom room = { .limit = 2 * CONTENT_BLOCK };
        Content *content = content_new(&room), *other = content_new(&room);
        g_autofree uint8_t *bytes = g_malloc(SIZE), *read = g_malloc0(SIZE);

        memset(bytes, 'x', SIZE);
        g_assert_cmpint(content_write(content, 0, bytes, SIZE), ==, -ENOSPC);
        content_read(content, 0, read, SIZE);
        g_assert_cmpmem(read, 2 * CONTENT_BLOCK, bytes, 2 * CONTENT_BLOCK);
        g_assert_cmpuint(read[2 * CONTENT_BLOCK], ==, 0);
        /* What is there can be overwritten all the same. */
        g_assert_cmpint(content_write(content, 1, "y", 1), ==, 0);
        content_truncate(content, CONTENT_BLOCK);
        content_write(content, CONTENT_BLOCK, "z", 1);
        g_assert_cmpint(content_copy(other, content, SIZE, on_step, NULL), ==, -ENOSPC);
        g_assert_cmpuint(content_used(other), ==, 0);
        content_truncate(content, CONTENT_BLOCK);
        g_assert_cmpint(content_copy(other, content, SIZE, on_step, NULL), ==, 0);
        content_free(content);
        content_free(other);
}

/* Of a mebibyte each. */
typedef struct Steps {
        unsigned n;
        uint64_t done, total;
        unsigned last;  /* after which it is given up */
        Content *loses; /* what becomes of it meanwhile, or NULL */
} Steps;

static int count_step(uint64_t done, uint64_t total, void *data)
{
        Steps *steps = data;

        g_assert_cmpuint(done, >, steps->done);
        steps->done = done;
        steps->total = total;
        if (steps->loses)
                content_truncate(steps->loses, 0);
        return ++steps->n == steps->last ? -ECANCELED : 0;
}

static void test_in_steps(void)
{
        const uint64_t mebibyte = 16 * CONTENT_BLOCK;
        ContentRoom room = { .limit = UINT64_MAX };
        Content *content = content_new(&room), *copy = content_new(&room);
        g_autofree uint8_t *bytes = g_malloc(3 * mebibyte);
        Steps all = { 0 }, some = { .last = 2 }, wiped = { .last = 2 }, lost = { .loses = content };

        memset(bytes, 'x', 3 * mebibyte);
        g_assert_cmpint(content_write(content, 0, bytes, 2 * mebibyte + 1), ==, 0);
        g_assert_cmpint(content_copy(copy, content, 3 * mebibyte, count_step, &all), ==, 0);
        g_assert_cmpuint(all.n, ==, 3);
        g_assert_cmpuint(all.done, ==, 2 * mebibyte + CONTENT_BLOCK);
        g_assert_cmpuint(all.total, ==, all.done);
        g_assert_cmpuint(content_used(copy), ==, all.done);

        /* A copy that is given up is none; what is wiped stays wiped. */
        g_assert_cmpint(
                content_copy(copy, content, 3 * mebibyte, count_step, &some), ==, -ECANCELED);
        g_assert_cmpuint(some.done, ==, 2 * mebibyte);
        g_assert_cmpuint(content_used(copy), ==, 0);
        g_assert_cmpint(content_copy(copy, content, 3 * mebibyte, on_step, NULL), ==, 0);
        g_assert_cmpint(content_wipe(copy, count_step, &wiped), ==, -ECANCELED);
        g_assert_cmpuint(content_used(copy), ==, CONTENT_BLOCK);
        g_assert_cmpint(content_wipe(copy, on_step, NULL), ==, 0);
        g_assert_cmpuint(content_used(copy), ==, 0);

        /* What is lost on the way is not copied. */
        g_assert_cmpint(content_copy(copy, content, 3 * mebibyte, count_step, &lost), ==, 0);
        g_assert_cmpuint(content_used(copy), ==, mebibyte);
        content_free(content);
        content_free(copy);
        g_assert_cmpuint(room.used, ==, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/test-content/random", test_random);
        g_test_add_func("/test-content/zeroes", test_zeroes);
        g_test_add_func("/test-content/no-room", test_no_room);
        g_test_add_func("/test-content/in-steps", test_in_steps);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/fiber-story.h"

/* KiB that are resident of those mappings whose first line in smaps is_wanted() takes. */
static unsigned resident(bool (*is_wanted)(const char *line))
{
        g_autofree char *text = NULL;
        g_auto(GStrv) lines = NULL;
        unsigned kib, sum = 0;
        bool wanted = false;

        g_assert_true(g_file_get_contents("/proc/self/smaps", &text, NULL, NULL));
        lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line; line++) {
                if (strstr(*line, "-p "))
                        wanted = is_wanted(*line);
                else if (wanted && sscanf(*line, "Rss: %u kB", &kib) == 1)
                        sum += kib;
        }
        return sum;
}

/* The first segment of a library. */
static bool is_link_table(const char *line)
{
        return strstr(line, " r--p 00000000 ") && strstr(line, "/lib");
}

static bool is_heap(const char *line)
{
        return g_str_has_suffix(line, "[heap]");
}

static void test_link_tables(void)
{
        unsigned before = resident(is_link_table);

        g_assert_cmpuint(before, >, 0);
        memory_settle();
        g_assert_cmpuint(resident(is_link_table), <, before);

        /* A function is still found that nobody has called so far. */
        g_assert_cmpint(g_ascii_strcasecmp("Name", "nAME"), ==, 0);
        g_assert_cmpint(g_unichar_toupper('x'), ==, 'X');
}

/* What a crowd leaves: blocks of which one in so many lives on. */
#define BLOCKS 4096u
#define BLOCK_SIZE 2000u
#define LIVES_ON(i) ((i) % 64 == 63)

static void test_holes(void)
{
        static char *blocks[BLOCKS];
        unsigned before;

        if (mallinfo2().arena == 0) {
                g_test_skip("the heap is not the C library's");
                return;
        }
        for (unsigned i = 0; i < BLOCKS; i++) {
                blocks[i] = g_malloc(BLOCK_SIZE);
                memset(blocks[i], (char)i, BLOCK_SIZE);
        }
        for (unsigned i = 0; i < BLOCKS; i++)
                if (!LIVES_ON(i))
                        g_clear_pointer(&blocks[i], g_free);
        before = resident(is_heap);
        memory_settle();
        g_assert_cmpuint(resident(is_heap), <, before / 2);

        for (unsigned i = 0; i < BLOCKS; i++) {
                g_assert_true(!blocks[i] || blocks[i][BLOCK_SIZE - 1] == (char)i);
                g_free(blocks[i]);
        }
}

static void stack_fiber(void *data)
{
        *(uintptr_t *)data = (uintptr_t)__builtin_frame_address(0);
}

static bool is_mapped(uintptr_t at)
{
        const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
        unsigned char vector;

        return mincore((void *)(at & ~(page - 1)), page, &vector) == 0;
}

/* The free stacks go each time it is due; fibers go on. */
static void test_later(unsigned *cap, const void *unused)
{
        uintptr_t stack = 0;

        (void)cap, (void)unused;
        memory_settle_in(FIBER_FOREVER / 2);
        memory_finish();
        for (int round = 0; round < 2; round++) {
                start("on a stack", stack_fiber, &stack);
                g_assert_true(is_mapped(stack));
                memory_settle_in(1 * MS);
                memory_settle_in(FIBER_FOREVER / 2);
                while (is_mapped(stack))
                        g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
        }
}

int main(int argc, char **argv)
{
        memory_init();
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/memory/link-tables", test_link_tables);
        g_test_add_func("/memory/holes", test_holes);
        g_test_add(
                "/memory/later", unsigned, NULL, fiber_test_setup, test_later, fiber_test_teardown);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/local/heads.h"

#include <glib/gstdio.h>
#include <string.h>

#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

#define WHOLE                                                                                    \
        "<domain type='qemu'><name>whole</name>"                                                 \
        "<uuid>11111111-2222-4333-8444-555555555555</uuid><title>A &amp; \xc3\xbc</title>"       \
        "<description>two\nlines</description><memory unit='KiB'>2048</memory>"                  \
        "<currentMemory>1024</currentMemory><vcpu current='2'>4</vcpu><os><type>hvm</type></os>" \
        "</domain>"
#define BARE                                    \
        "<domain type='qemu'><name>bare</name>" \
        "<uuid>11111111-2222-4333-8444-666666666666</uuid></domain>"

static sd_event *event;
static char *directory, *path;

static void fiber_main(void *data)
{
        ((void (*)(void))data)();
}

/* Each test has a fiber, and no file that another has left. */
static void run_test(const void *data)
{
        g_assert_cmpint(fiber_start("test", fiber_main, (void *)data, NULL), ==, 0);
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
        g_unlink(path);
}

static DomainConfig *head_of(const char *text)
{
        g_autoptr(GError) error = NULL;
        DomainConfig *head = NULL;

        domain_config_parse_head(text, &head, &error);
        g_assert_no_error(error);
        return head;
}

/* Of a file that is n seconds old. */
static struct stat status_of(const char *text, unsigned n, long age)
{
        struct stat status = { .st_ino = n, .st_size = strlen(text) };

        status.st_ctim.tv_sec = g_get_real_time() / G_USEC_PER_SEC - age;
        status.st_ctim.tv_nsec = 5;
        return status;
}

static bool is_found(LocalHeads *heads, const char *file, const struct stat *status)
{
        g_autofree char *owner = NULL;
        g_autoptr(DomainConfig) head = local_heads_find(heads, file, status, &owner);

        return head != NULL;
}

static void assert_same(const DomainConfig *found, const char *text)
{
        g_autoptr(DomainConfig) head = head_of(text);

        g_assert_cmpstr(found->name, ==, head->name);
        g_assert_cmpstr(found->uuid, ==, head->uuid);
        g_assert_cmpstr(found->title, ==, head->title);
        g_assert_cmpstr(found->description, ==, head->description);
        g_assert_cmpstr(found->os.type.name, ==, head->os.type.name);
        g_assert_cmpint(number_or(found->memory.kib, -1), ==, number_or(head->memory.kib, -1));
        g_assert_cmpint(number_or(found->current_memory.kib, -1), ==,
                number_or(head->current_memory.kib, -1));
        g_assert_cmpint(number_or(found->vcpu.count, -1), ==, number_or(head->vcpu.count, -1));
        g_assert_cmpint(number_or(found->vcpu.current, -1), ==, number_or(head->vcpu.current, -1));
}

static struct stat whole, bare;

static void save_both(void)
{
        g_autoptr(LocalHeads) heads = local_heads_open(path);
        g_autoptr(DomainConfig) first = head_of(WHOLE), second = head_of(BARE);

        whole = status_of(WHOLE, 1, 100);
        bare = status_of(BARE, 2, 100);
        local_heads_add(heads, "whole.xml", &whole, first, "ada");
        local_heads_add(heads, "bare.xml", &bare, second, NULL);
        g_assert_cmpint(local_heads_save(heads), ==, 0);
}

static void test_found(void)
{
        g_autoptr(LocalHeads) heads = NULL;
        g_autoptr(DomainConfig) first = NULL, second = NULL;
        g_autofree char *owner = NULL, *nobody = NULL;

        save_both();
        heads = local_heads_open(path);
        first = local_heads_find(heads, "whole.xml", &whole, &owner);
        assert_same(first, WHOLE);
        g_assert_cmpstr(owner, ==, "ada");
        second = local_heads_find(heads, "bare.xml", &bare, &nobody);
        assert_same(second, BARE);
        g_assert_null(nobody);
}

static void test_changed_file(void)
{
        g_autoptr(LocalHeads) heads = NULL;
        struct stat other;

        save_both();
        heads = local_heads_open(path);
        other = whole, other.st_ino++;
        g_assert_false(is_found(heads, "whole.xml", &other));
        other = whole, other.st_size++;
        g_assert_false(is_found(heads, "whole.xml", &other));
        other = whole, other.st_ctim.tv_sec--;
        g_assert_false(is_found(heads, "whole.xml", &other));
        other = whole, other.st_ctim.tv_nsec++;
        g_assert_false(is_found(heads, "whole.xml", &other));
        g_assert_false(is_found(heads, "other.xml", &whole));
        g_assert_true(is_found(heads, "whole.xml", &whole));
}

/* What has changed just now may change again and look the same. */
static void test_young_file(void)
{
        g_autoptr(LocalHeads) heads = local_heads_open(path);
        g_autoptr(DomainConfig) head = head_of(WHOLE);
        /* So much later as the test may take, and by a clock that was wrong. */
        struct stat now = status_of(WHOLE, 1, -60), later = status_of(WHOLE, 2, -3600);

        local_heads_add(heads, "now.xml", &now, head, NULL);
        local_heads_add(heads, "later.xml", &later, head, NULL);
        g_assert_cmpint(local_heads_save(heads), ==, 0);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* The file is written where it would say something else, and only there. */
static void test_saved_when_changed(void)
{
        g_autoptr(LocalHeads) heads = NULL;

        save_both();
        heads = local_heads_open(path);
        g_assert_true(is_found(heads, "whole.xml", &whole));
        g_assert_true(is_found(heads, "bare.xml", &bare));
        g_unlink(path);
        g_assert_cmpint(local_heads_save(heads), ==, 0);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        local_heads_free(g_steal_pointer(&heads));

        /* One that is gone is forgotten. */
        save_both();
        heads = local_heads_open(path);
        g_assert_true(is_found(heads, "whole.xml", &whole));
        g_assert_cmpint(local_heads_save(heads), ==, 0);
        local_heads_free(g_steal_pointer(&heads));
        heads = local_heads_open(path);
        g_assert_true(is_found(heads, "whole.xml", &whole));
        g_assert_false(is_found(heads, "bare.xml", &bare));
}

/* Cut short anywhere, of another version or format, or no such file at all: nothing is found, and
 * nothing else happens. */
static void test_broken(void)
{
        g_autofree char *bytes = NULL;
        g_autoptr(LocalHeads) heads = NULL;
        size_t size;

        save_both();
        g_assert_cmpint(file_read(path, 4096, &bytes, &size), ==, 0);
        for (size_t length = 0; length < size; length++) {
                g_autoptr(LocalHeads) part = NULL;

                g_assert_true(g_file_set_contents(path, bytes, length, NULL));
                part = local_heads_open(path);
                g_assert_false(is_found(part, "whole.xml", &whole));
                g_assert_false(is_found(part, "bare.xml", &bare));
        }
        /* Version, format, and the size of a record. */
        for (size_t at = 0; at < 28; at++) {
                g_autoptr(LocalHeads) other = NULL;

                bytes[at] ^= 1;
                g_assert_true(g_file_set_contents(path, bytes, size, NULL));
                other = local_heads_open(path);
                g_assert_false(is_found(other, "whole.xml", &whole));
                bytes[at] ^= 1;
        }
        g_assert_true(g_file_set_contents(path, bytes, size, NULL));
        heads = local_heads_open(path);
        g_assert_true(is_found(heads, "whole.xml", &whole));
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                void (*run)(void);
        } tests[] = {
                { "found", test_found },
                { "changed-file", test_changed_file },
                { "young-file", test_young_file },
                { "saved-when-changed", test_saved_when_changed },
                { "broken", test_broken },
        };
        int r;

        g_test_init(&argc, &argv, NULL);
        directory = g_dir_make_tmp("virtbus-heads-XXXXXX", NULL);
        path = g_build_filename(directory, "heads", NULL);
        g_assert_cmpint(sd_event_default(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 8), ==, 0);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
                g_autofree char *name = g_strdup_printf("/local-heads/%s", tests[i].name);

                g_test_add_data_func(name, (void *)tests[i].run, run_test);
        }
        r = g_test_run();
        fibers_finish();
        offload_finish();
        sd_event_unref(event);
        g_rmdir(directory);
        g_free(path);
        g_free(directory);
        return r;
}

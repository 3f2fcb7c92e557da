/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "service/base/cleanup.h"
#include "service/base/fiber.h"

#define MS 1000

static sd_event *event;
static char *directory;

static void spin(void)
{
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
}

static void start(void (*run)(void *), void *data)
{
        g_assert_cmpint(fiber_start("test", run, data, NULL), ==, 0);
}

static void fiber_main(void *data)
{
        ((void (*)(void))data)();
}

static int compare(const void *a, const void *b, void *unused)
{
        (void)unused;
        return strcmp(a, b);
}

/* The names in the test's directory, sorted: "a b". */
static char *listing(void)
{
        g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
        g_autoptr(GSequence) names = g_sequence_new(g_free);
        g_autoptr(GString) text = g_string_new(NULL);
        const char *name;

        while ((name = g_dir_read_name(dir)))
                g_sequence_insert_sorted(names, g_strdup(name), compare, NULL);
        for (GSequenceIter *i = g_sequence_get_begin_iter(names); !g_sequence_iter_is_end(i);
                i = g_sequence_iter_next(i))
                g_string_append_printf(
                        text, "%s%s", text->len ? " " : "", (char *)g_sequence_get(i));
        return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Each test has a fiber, and an empty directory that it leaves empty. */
static void run_test(const void *data)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, 500), ==, 0);
        directory = g_dir_make_tmp("test-file-XXXXXX", &error);
        g_assert_no_error(error);
        start(fiber_main, (void *)data);
        spin();
        fibers_finish();
        offload_finish();
        event = sd_event_unref(event);
        g_assert_cmpint(g_rmdir(directory), ==, 0);
        g_clear_pointer(&directory, g_free);
}

static char *path_of(const char *name)
{
        return g_build_filename(directory, name, NULL);
}

static void assert_content(const char *path, const char *expected)
{
        g_autofree char *bytes = NULL;
        size_t size;

        g_assert_cmpint(file_read(path, 1 << 20, &bytes, &size), ==, 0);
        g_assert_cmpstr(bytes, ==, expected);
        g_assert_cmpint(size, ==, strlen(expected));
}

static void assert_listing(const char *expected)
{
        g_autofree char *names = listing();

        g_assert_cmpstr(names, ==, expected);
}

static mode_t mode_of(const char *path)
{
        struct stat status;

        g_assert_cmpint(stat(path, &status), ==, 0);
        return status.st_mode & 07777;
}

/* Replacing. */

static void test_replace(void)
{
        g_autofree char *path = path_of("a"), *large = g_malloc(3000001), *read = NULL;
        mode_t mask = umask(077);
        size_t size;

        g_assert_cmpint(file_replace(path, "one", 3, 0644), ==, 0);
        assert_content(path, "one");
        /* The mode is what was asked for, whatever the mask. */
        g_assert_cmpint(mode_of(path), ==, 0644);
        g_assert_cmpint(file_replace(path, "two, longer", 11, 0600), ==, 0);
        assert_content(path, "two, longer");
        g_assert_cmpint(mode_of(path), ==, 0600);
        g_assert_cmpint(file_replace(path, "", 0, 0600), ==, 0);
        assert_content(path, "");
        g_assert_cmpint(file_replace(path, NULL, 0, 0600), ==, 0);

        for (size_t i = 0; i < 3000000; i++)
                large[i] = i * 7;
        g_assert_cmpint(file_replace(path, large, 3000000, 0600), ==, 0);
        g_assert_cmpint(file_read(path, 3000000, &read, &size), ==, 0);
        g_assert_cmpmem(read, size, large, 3000000);
        g_assert_cmpint(read[size], ==, '\0');

        assert_listing("a");
        g_assert_cmpint(file_remove(path), ==, 0);
        umask(mask);
}

/* Who has the old one open keeps it: it is replaced, not rewritten. */
static void test_replace_open(void)
{
        g_autofree char *path = path_of("a"), *link = path_of("link");
        _cleanup_fd_ int fd = -1;
        char text[10] = "";

        g_assert_cmpint(file_replace(path, "old", 3, 0600), ==, 0);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        g_assert_cmpint(file_replace(path, "new", 3, 0600), ==, 0);
        g_assert_cmpint(read(fd, text, sizeof text), ==, 3);
        g_assert_cmpstr(text, ==, "old");
        assert_content(path, "new");

        /* A link is replaced itself. */
        g_assert_cmpint(symlink(path, link), ==, 0);
        g_assert_cmpint(file_replace(link, "own", 3, 0600), ==, 0);
        assert_content(link, "own");
        assert_content(path, "new");
        g_assert_cmpint(file_remove(link), ==, 0);
        g_assert_cmpint(file_remove(path), ==, 0);
}

/* What a crash has left, of any kind, is not in the way and not followed. */
static void test_replace_leftover(void)
{
        g_autofree char *path = path_of("a"), *leftover = path_of(".a.new"),
                        *other = path_of("other");

        g_assert_true(g_file_set_contents(leftover, "a longer rest of an earlier try", -1, NULL));
        g_assert_cmpint(chmod(leftover, 0666), ==, 0);
        g_assert_cmpint(file_replace(path, "x", 1, 0600), ==, 0);
        assert_content(path, "x");
        g_assert_cmpint(mode_of(path), ==, 0600);

        g_assert_true(g_file_set_contents(other, "other", -1, NULL));
        g_assert_cmpint(symlink(other, leftover), ==, 0);
        g_assert_cmpint(file_replace(path, "y", 1, 0600), ==, 0);
        assert_content(path, "y");
        assert_content(other, "other");
        assert_listing("a other");
        g_assert_cmpint(file_remove(path), ==, 0);
        g_assert_cmpint(file_remove(other), ==, 0);
}

static void test_replace_failure(void)
{
        g_autofree char *path = path_of("a"), *nowhere = path_of("none/a"), *under = path_of("a/b");
        g_autofree char *long_name = g_strnfill(255, 'x'), *too_long = path_of(long_name);
        g_autofree char *large = g_malloc0(100000);
        const struct rlimit small = { 50000, RLIM_INFINITY };
        struct rlimit old;

        g_assert_cmpint(file_replace(path, "old", 3, 0600), ==, 0);
        g_assert_cmpint(file_replace(nowhere, "x", 1, 0600), ==, -ENOENT);
        g_assert_cmpint(file_replace(under, "x", 1, 0600), ==, -ENOTDIR);
        g_assert_cmpint(file_replace(too_long, "x", 1, 0600), ==, -ENAMETOOLONG);

        /* A disk that is full in the middle of it: the old stays, no rest of the new. */
        signal(SIGXFSZ, SIG_IGN);
        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &old), ==, 0);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
        g_assert_cmpint(file_replace(path, large, 100000, 0600), ==, -EFBIG);
        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &old), ==, 0);
        assert_content(path, "old");
        assert_listing("a");
        g_assert_cmpint(file_remove(path), ==, 0);

        /* Only the last step fails. */
        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        g_assert_cmpint(file_replace(path, "x", 1, 0600), ==, -EISDIR);
        assert_listing("a");
        g_assert_cmpint(g_rmdir(path), ==, 0);
}

/* Many at once to the same and to other paths. */

typedef struct Writer {
        char *path;
        int number;
        int *n_done;
} Writer;

static void writer_run(void *data)
{
        Writer *writer = data;
        g_autofree char *text = g_strnfill(20000 - writer->number * 10, 'a' + writer->number % 26);

        g_assert_cmpint(file_replace(writer->path, text, strlen(text), 0600), ==, 0);
        ++*writer->n_done;
}

static void remover_run(void *data)
{
        Writer *writer = data;

        g_assert_cmpint(file_remove(writer->path), ==, 0);
        ++*writer->n_done;
}

static void test_replace_together(void)
{
        enum {
                N_PATHS = 5,
                N = 200
        };
        g_autofree Writer *writers = g_new0(Writer, N);
        char *paths[N_PATHS];
        int n_done = 0;

        for (int i = 0; i < N_PATHS; i++) {
                g_autofree char *name = g_strdup_printf("f%d", i);

                paths[i] = path_of(name);
        }
        for (int i = 0; i < N; i++) {
                writers[i] = (Writer){ .path = paths[i % N_PATHS], .number = i, .n_done = &n_done };
                start(i % 3 == 0 && i < N - N_PATHS ? remover_run : writer_run, &writers[i]);
        }
        while (n_done < N)
                fiber_sleep(1 * MS);
        assert_listing("f0 f1 f2 f3 f4");
        for (int i = 0; i < N_PATHS; i++) {
                /* The one who asked last, and whole. */
                int last = N - N_PATHS + i;
                g_autofree char *expected = g_strnfill(20000 - last * 10, 'a' + last % 26);

                assert_content(paths[i], expected);
                g_assert_cmpint(file_remove(paths[i]), ==, 0);
                g_free(paths[i]);
        }
        assert_listing("");
}

static void cancelled_writer_run(void *data)
{
        fiber_cancel(fiber_self());
        writer_run(data);
        remover_run(data);
}

static void test_replace_cancelled(void)
{
        g_autofree char *path = path_of("a");
        int n_done = 0;
        Writer writer = { .path = path, .n_done = &n_done };

        start(cancelled_writer_run, &writer);
        while (n_done < 2)
                fiber_sleep(1 * MS);
        assert_listing("");
}

static void test_remove(void)
{
        g_autofree char *path = path_of("a"), *nowhere = path_of("none/a"), *dir = path_of("d");

        g_assert_cmpint(file_replace(path, "x", 1, 0600), ==, 0);
        g_assert_cmpint(file_remove(path), ==, 0);
        assert_listing("");
        g_assert_cmpint(file_remove(path), ==, 0);
        g_assert_cmpint(file_remove(nowhere), ==, 0);
        g_assert_cmpint(g_mkdir(dir, 0700), ==, 0);
        g_assert_cmpint(file_remove(dir), ==, -EISDIR);
        g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* Reading. */

static void test_read_limit(void)
{
        static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 100000 };
        g_autofree char *path = path_of("a"), *text = g_strnfill(100000, 'x'), *binary = NULL;
        size_t size;

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autofree char *exact = NULL, *roomy = NULL, *endless = NULL;
                char *untouched = path;

                size = 77;
                g_assert_cmpint(file_replace(path, text, sizes[i], 0600), ==, 0);
                if (sizes[i] > 0)
                        g_assert_cmpint(
                                file_read(path, sizes[i] - 1, &untouched, &size), ==, -EFBIG);
                g_assert_true(untouched == path);
                g_assert_cmpint(size, ==, 77);
                g_assert_cmpint(file_read(path, sizes[i], &exact, &size), ==, 0);
                g_assert_cmpint(size, ==, sizes[i]);
                g_assert_cmpint(strlen(exact), ==, sizes[i]);
                g_assert_cmpint(file_read(path, sizes[i] + 1, &roomy, NULL), ==, 0);
                g_assert_cmpint(strlen(roomy), ==, sizes[i]);
                g_assert_cmpint(file_read(path, SIZE_MAX, &endless, NULL), ==, 0);
                g_assert_cmpint(strlen(endless), ==, sizes[i]);
        }
        g_assert_cmpint(file_replace(path, "a\0b", 3, 0600), ==, 0);
        g_assert_cmpint(file_read(path, 3, &binary, &size), ==, 0);
        g_assert_cmpmem(binary, size, "a\0b", 3);
        g_assert_cmpint(file_remove(path), ==, 0);
}

static void test_read_kernel(void)
{
        g_autofree char *status = NULL, *maps = NULL, *mtu = NULL;

        /* Of size 0, they say. */
        g_assert_cmpint(file_read("/proc/self/status", 100000, &status, NULL), ==, 0);
        g_assert_nonnull(strstr(status, "\nPid:\t"));
        g_assert_cmpint(file_read("/proc/self/maps", 1 << 20, &maps, NULL), ==, 0);
        g_assert_nonnull(strstr(maps, "[stack]"));
        g_assert_cmpint(file_read("/proc/self/status", 10, &status, NULL), ==, -EFBIG);
        /* Of size 4096, they say. */
        if (g_file_test("/sys/class/net/lo/mtu", G_FILE_TEST_EXISTS)) {
                g_assert_cmpint(file_read("/sys/class/net/lo/mtu", 16, &mtu, NULL), ==, 0);
                g_assert_true(g_str_has_suffix(mtu, "\n"));
        }
}

static void test_read_failure(void)
{
        g_autofree char *nowhere = path_of("none"), *fifo = path_of("fifo"), *bytes = NULL;

        g_assert_cmpint(file_read(nowhere, 10, &bytes, NULL), ==, -ENOENT);
        g_assert_cmpint(file_read(directory, 10, &bytes, NULL), ==, -EINVAL);
        g_assert_cmpint(file_read("/dev/zero", 10, &bytes, NULL), ==, -EINVAL);
        /* Which nobody writes to: it must not wait for one. */
        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        g_assert_cmpint(file_read(fifo, 10, &bytes, NULL), ==, -EINVAL);
        g_assert_cmpint(unlink(fifo), ==, 0);
        /* Opens, but does not read. */
        g_assert_cmpint(file_read("/proc/self/mem", 10, &bytes, NULL), ==, -EIO);
        g_assert_null(bytes);
}

static void test_directory(void)
{
        g_autofree char *outer = path_of("x"), *inner = path_of("x/y/z"), *file = path_of("f");
        g_autofree char *under = path_of("f/g"), *middle = path_of("x/y");

        g_assert_cmpint(directory_make(inner, 0711), ==, 0);
        g_assert_cmpint(mode_of(inner), ==, 0711);
        g_assert_cmpint(mode_of(outer), ==, 0711);
        g_assert_cmpint(directory_make(inner, 0700), ==, 0);
        g_assert_cmpint(mode_of(inner), ==, 0711);
        g_assert_cmpint(file_replace(file, "", 0, 0600), ==, 0);
        g_assert_cmpint(directory_make(file, 0700), ==, -ENOTDIR);
        g_assert_cmpint(directory_make(under, 0700), ==, -ENOTDIR);
        g_assert_cmpint(file_remove(file), ==, 0);
        g_assert_cmpint(g_rmdir(inner), ==, 0);
        g_assert_cmpint(g_rmdir(middle), ==, 0);
        g_assert_cmpint(g_rmdir(outer), ==, 0);
}

/* Offloading. */

static GThread *loop_thread;
static int n_running, n_most, n_worked;

static int busy_work(void *data)
{
        int running = g_atomic_int_add(&n_running, 1) + 1;

        g_assert_true(g_thread_self() != loop_thread);
        for (int most = g_atomic_int_get(&n_most);
                running > most && !g_atomic_int_compare_and_exchange(&n_most, most, running);)
                most = g_atomic_int_get(&n_most);
        g_usleep(g_random_int_range(0, 2 * MS));
        g_atomic_int_add(&n_running, -1);
        return GPOINTER_TO_INT(data);
}

static void offloader_run(void *data)
{
        g_assert_cmpint(offload("work", busy_work, data), ==, GPOINTER_TO_INT(data));
        n_worked++;
}

static void ticker_run(void *data)
{
        int *n_ticks = data;

        while (n_worked < 300) {
                ++*n_ticks;
                fiber_sleep(1 * MS);
        }
}

static void test_offload(void)
{
        int n_ticks = 0;

        loop_thread = g_thread_self();
        n_running = n_most = n_worked = 0;
        for (int i = 0; i < 300; i++)
                start(offloader_run, GINT_TO_POINTER(i - 100));
        start(ticker_run, &n_ticks);
        while (n_worked < 300)
                fiber_sleep(1 * MS);
        /* Beside each other, but not without bound; and the loop went on meanwhile. */
        g_assert_cmpint(n_most, ==, 2);
        g_assert_cmpint(n_ticks, >, 0);
        fiber_sleep(2 * MS);
}

static int slow_work(void *data)
{
        g_usleep(30 * MS);
        *(int *)data = 1;
        return 5;
}

static void slow_run(void *data)
{
        g_assert_cmpint(offload("slow work", slow_work, data), ==, 5);
        g_assert_cmpint(*(int *)data, ==, 1);
        g_assert_cmpint(fiber_sleep(1), ==, -ECANCELED);
        n_worked++;
}

static void test_offload_cancelled(void)
{
        int done = 0;
        Fiber *fiber;

        n_worked = 0;
        g_assert_cmpint(fiber_start("slow", slow_run, &done, &fiber), ==, 0);
        fiber_cancel(fiber);
        fiber_unref(fiber);
        while (!n_worked)
                fiber_sleep(1 * MS);
}

static void finish_run(void *data)
{
        int done = 0;

        g_assert_cmpint(offload("slow work", slow_work, &done), ==, 5);
        g_assert_cmpint(done, ==, 1);
        *(int *)data = 1;
}

/* In the place of sd-event's own: refuses as often as it is told. */
int __real_sd_event_add_io(sd_event *loop, sd_event_source **ret, int fd, uint32_t events,
        sd_event_io_handler_t handler, void *data);
int __wrap_sd_event_add_io(sd_event *loop, sd_event_source **ret, int fd, uint32_t events,
        sd_event_io_handler_t handler, void *data);

static unsigned n_refusals;

int __wrap_sd_event_add_io(sd_event *loop, sd_event_source **ret, int fd, uint32_t events,
        sd_event_io_handler_t handler, void *data)
{
        if (n_refusals == 0)
                return __real_sd_event_add_io(loop, ret, fd, events, handler, data);
        n_refusals--;
        return -ENOMEM;
}

/* The work is not begun, nothing is left, and the next one is done. */
static void test_offload_refused(void)
{
        int done = 0, before, after;

        offload_finish();
        before = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(before);
        n_refusals = 2;
        for (int i = 0; i < 2; i++)
                g_assert_cmpint(offload("slow work", slow_work, &done), ==, -ENOMEM);
        g_assert_cmpint(n_refusals, ==, 0);
        g_assert_cmpint(done, ==, 0);
        after = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(after);
        g_assert_cmpint(after, ==, before);
        g_assert_cmpint(offload("slow work", slow_work, &done), ==, 5);
        g_assert_cmpint(done, ==, 1);
}

/* The end of the service waits for work that is under way. */
static void test_offload_finish(void)
{
        int done = 0;

        offload_finish();
        for (int round = 0; round < 2; round++) {
                done = 0;
                g_assert_cmpint(sd_event_new(&event), >=, 0);
                g_assert_cmpint(fibers_init(event, 10), ==, 0);
                start(finish_run, &done);
                fibers_finish();
                g_assert_cmpint(done, ==, 1);
                offload_finish();
                event = sd_event_unref(event);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
#define TEST(path, function) g_test_add_data_func("/file/" path, function, run_test)
        TEST("replace/content", test_replace);
        TEST("replace/open", test_replace_open);
        TEST("replace/leftover", test_replace_leftover);
        TEST("replace/failure", test_replace_failure);
        TEST("replace/together", test_replace_together);
        TEST("replace/cancelled", test_replace_cancelled);
        TEST("remove", test_remove);
        TEST("read/limit", test_read_limit);
        TEST("read/kernel", test_read_kernel);
        TEST("read/failure", test_read_failure);
        TEST("directory", test_directory);
        TEST("offload/many", test_offload);
        TEST("offload/cancelled", test_offload_cancelled);
        TEST("offload/refused", test_offload_refused);
        g_test_add_func("/file/offload/finish", test_offload_finish);
        return g_test_run();
}

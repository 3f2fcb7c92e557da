/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/qemu/probe.h"
#include "fake-qemu.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"

/* A directory of the test's own, and the programs in it. */
static char *scratch;

static char *scratch_path(const char *name)
{
        return g_build_filename(scratch, name, NULL);
}

static char *make_program(const char *name, const char *text)
{
        char *path = scratch_path(name);

        g_assert_true(
                g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
        return path;
}

/* A QEMU that counts how often it is run. */
static char *make_counted(const char *name)
{
        g_autofree char *text = g_strdup_printf(
                "#!/bin/sh\necho >> %s/%s.runs\nexec " EMULATOR " \"$@\"\n", scratch, name);

        return make_program(name, text);
}

static size_t count_runs(const char *name)
{
        g_autofree char *path = g_strdup_printf("%s/%s.runs", scratch, name);
        struct stat st;

        return stat(path, &st) < 0 ? 0 : st.st_size;
}

static Probes *new_probes(const char *cache, uint64_t timeout)
{
        g_autofree char *directory = cache ? scratch_path(cache) : NULL;

        /* Without KVM: what it finds there depends on the machine that runs the test. */
        return probes_new(&(ProbesOptions){ .cache_directory = directory,
                .kvm_device = "/dev/null/no-kvm",
                .uid = -1,
                .gid = -1,
                .timeout = timeout });
}

static void assert_is_qemu(const QemuBinary *binary)
{
        const QemuMachine *q35 = qemu_binary_machine(binary, "q35");

        g_assert_cmpstr(binary->arch, ==, "x86_64");
        g_assert_cmpuint(binary->version, >=, QEMU_VERSION_MIN);
        g_assert_true(binary->has_sandbox);
        g_assert_nonnull(q35);
        g_assert_true(g_str_has_prefix(q35->name, "pc-q35-"));
        g_assert_cmpstr(q35->default_cpu, ==, "qemu64");
        g_assert_cmpstr(q35->ram_id, ==, "pc.ram");
        g_assert_cmpuint(q35->max_cpus, >=, 255);
        g_assert_true(qemu_binary_machine(binary, q35->name) == q35);
        g_assert_true(qemu_binary_machine(binary, NULL) == &binary->machines[0]);
        g_assert_cmpstr(binary->machines[0].alias, ==, "pc");
        g_assert_null(qemu_binary_machine(binary, "none"));
        g_assert_true(binary->accels[QEMU_ACCEL_TCG].there);
        g_assert_true(qemu_binary_cpu(binary, QEMU_ACCEL_TCG, "qemu64")->usable);
        g_assert_null(qemu_binary_cpu(binary, QEMU_ACCEL_TCG, "pc"));
        g_assert_true(qemu_binary_has_device(binary, "virtio-blk-pci"));
        g_assert_false(qemu_binary_has_device(binary, "virtio-nonsense"));
        g_assert_true(qemu_binary_has_command(binary, "query-status"));
}

static void test_real(const void *data)
{
        g_autoptr(Probes) probes = new_probes(NULL, 0);
        g_autoptr(QemuBinary) binary = NULL;
        g_autoptr(GError) error = NULL;

        (void)data;
        g_assert_null(probes_peek(probes, EMULATOR));
        probes_get(probes, EMULATOR, &binary, &error);
        g_assert_no_error(error);
        assert_is_qemu(binary);
        g_assert_false(binary->accels[QEMU_ACCEL_KVM].there);
        g_assert_cmpstr(
                binary->accels[QEMU_ACCEL_KVM].why_not, ==, "/dev/null/no-kvm: Not a directory");
}

/* With the host's KVM, whatever that is: it works or there is a reason. */
static void test_kvm(const void *data)
{
        g_autoptr(Probes) probes = probes_new(&(ProbesOptions){ .uid = -1, .gid = -1 });
        g_autoptr(QemuBinary) binary = NULL;
        const QemuAccelInfo *kvm;

        (void)data;
        g_assert_cmpint(probes_get(probes, EMULATOR, &binary, NULL), ==, 0);
        kvm = &binary->accels[QEMU_ACCEL_KVM];
        g_assert_true(kvm->there ? kvm->n_cpus > 0 : kvm->why_not != NULL);
}

typedef struct Asker {
        Probes *probes;
        const char *path;
        QemuBinary *binary;
        Wait *done;
} Asker;

static void ask(void *data)
{
        Asker *asker = data;

        probes_get(asker->probes, asker->path, &asker->binary, NULL);
        wait_done(asker->done, 0);
}

/* Two that ask at once share a run, even if one of them leaves; later ones need none, nor does a
 * service that starts anew. */
static void test_cache(const void *data)
{
        g_autofree char *path = make_counted("counted");
        g_autofree char *file = g_strdup_printf("%s/cache", scratch);
        g_autofree char *text = NULL;
        Probes *probes = new_probes("cache", 0);
        g_autoptr(QemuBinary) binary = NULL;
        Wait first = WAIT_INIT, second = WAIT_INIT;
        Asker askers[] = { { probes, path, NULL, &first }, { probes, path, NULL, &second } };
        Fiber *leaver;

        (void)data;
        g_assert_cmpint(fiber_start("asker", ask, &askers[0], &leaver), ==, 0);
        g_assert_cmpint(fiber_start("asker", ask, &askers[1], NULL), ==, 0);
        g_assert_cmpint(fiber_sleep(1000), ==, 0);
        fiber_cancel(leaver);
        fiber_unref(leaver);
        g_assert_cmpint(wait_for(&first, "first", FIBER_FOREVER), ==, 0);
        g_assert_cmpint(wait_for(&second, "second", FIBER_FOREVER), ==, 0);
        g_assert_null(askers[0].binary);
        assert_is_qemu(askers[1].binary);
        qemu_binary_unref(askers[1].binary);
        g_assert_cmpuint(count_runs("counted"), ==, 1);
        g_assert_cmpint(probes_get(probes, path, &binary, NULL), ==, 0);
        g_assert_cmpuint(count_runs("counted"), ==, 1);
        g_clear_pointer(&binary, qemu_binary_unref);
        probes_unref(probes);

        /* The writing of the file comes after the answer. */
        for (int i = 0; i < 24000 && fibers_live() > 1; i++)
                g_assert_cmpint(fiber_sleep(5000), ==, 0);
        probes = new_probes("cache", 0);
        binary = probes_peek(probes, path);
        g_assert_nonnull(binary);
        assert_is_qemu(binary);
        g_clear_pointer(&binary, qemu_binary_unref);

        /* The binary is replaced. */
        g_assert_cmpint(utimensat(AT_FDCWD, path, NULL, 0), ==, 0);
        g_assert_null(probes_peek(probes, path));
        g_assert_cmpint(probes_get(probes, path, &binary, NULL), ==, 0);
        g_assert_cmpuint(count_runs("counted"), ==, 2);
        probes_unref(probes);
}

/* What is wrong in the cache is made anew. */
static void test_broken_cache(const void *data)
{
        static const char *const contents[] = { "", "{", "[]", "\xff\xfe",
                "{\"of\": 1, \"binary\": 2}" };
        g_autofree char *path = make_counted("cached");
        g_autofree char *name = g_strdelimit(g_strdup(path + 1), "/", '_');
        g_autofree char *file = g_strdup_printf("%s/broken/%s.json", scratch, name);
        g_autofree char *directory = scratch_path("broken");

        (void)data;
        g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
                g_autoptr(QemuBinary) binary = NULL;
                g_autofree char *text = NULL;
                Probes *probes = new_probes("broken", 0);

                g_assert_true(g_file_set_contents(file, contents[i], -1, NULL));
                g_assert_cmpint(probes_get(probes, path, &binary, NULL), ==, 0);
                assert_is_qemu(binary);
                g_assert_cmpuint(count_runs("cached"), ==, i + 1);
                probes_unref(probes);
                for (int j = 0; j < 24000 && fibers_live() > 1; j++)
                        g_assert_cmpint(fiber_sleep(5000), ==, 0);
                g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
                g_assert_nonnull(strstr(text, "pc-q35"));
        }
}

static void test_json(const void *data)
{
        g_autoptr(Probes) probes = new_probes(NULL, 0);
        g_autoptr(QemuBinary) binary = NULL, copy = NULL;
        json_t *first, *second;

        (void)data;
        g_assert_cmpint(probes_get(probes, EMULATOR, &binary, NULL), ==, 0);
        first = qemu_binary_to_json(binary);
        copy = qemu_binary_from_json(first);
        g_assert_nonnull(copy);
        second = qemu_binary_to_json(copy);
        g_assert_true(json_equal(first, second));
        json_object_del(first, "machines");
        g_assert_null(qemu_binary_from_json(first));
        json_decref(first);
        json_decref(second);
}

static void assert_fails(const char *path, uint64_t timeout, int code, const char *text)
{
        g_autoptr(Probes) probes = new_probes(NULL, timeout);
        g_autoptr(QemuBinary) binary = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(probes_get(probes, path, &binary, &error), ==, -1);
        g_assert_null(binary);
        g_assert_error(error, VIRTBUS_ERROR, code);
        if (!strstr(error->message, text))
                g_error("'%s' lacks '%s'", error->message, text);
}

static void test_failures(const void *data)
{
        g_autofree char *plain = scratch_path("plain");
        g_autofree char *dies =
                make_program("dies", "#!/bin/sh\necho 'no such thing' >&2\nexit 3\n");
        g_autofree char *noisy = make_program(
                "noisy", "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x >&2\nexit 1\n");
        g_autofree char *silent = make_program("silent", "#!/bin/sh\nexec sleep 100\n");
        g_autofree char *garbage =
                make_program("garbage", "#!/bin/sh\necho hello >&3\nexec sleep 100\n");
        g_autofree char *old = make_program("old",
                "#!/bin/sh\nanswer() { read line <&3; printf '{\"return\": %s, \"id\": %s}\\n' \"$1\" $2 >&3; }\n"
                "printf '{\"QMP\": {}}\\n' >&3\nanswer '{}' 1\n"
                "answer '{\"qemu\": {\"major\": 2, \"minor\": 11, \"micro\": 1}, \"package\": \"\"}' 2\n"
                "answer '{\"arch\": \"arm\"}' 3\nanswer '{}' 4\n"
                "for i in 5 6 7 8 9; do answer '[]' $i; done\nexec sleep 100\n");

        (void)data;
        g_assert_true(g_file_set_contents(plain, "text", -1, NULL));
        assert_fails("/nonexistent", 0, ERROR_SYSTEM_ERROR,
                "Cannot check QEMU binary /nonexistent: No such file or directory");
        assert_fails(plain, 0, ERROR_SYSTEM_ERROR, "is not executable: Permission denied");
        assert_fails("/usr/bin", 0, ERROR_SYSTEM_ERROR, "is not executable: Permission denied");
        assert_fails("/bin/true", 0, ERROR_INTERNAL_ERROR,
                "failed to probe QEMU binary '/bin/true': exit status 0");
        assert_fails(dies, 0, ERROR_INTERNAL_ERROR, "exit status 3: no such thing");
        assert_fails(silent, 200000, ERROR_OPERATION_TIMEOUT,
                "silent' did not answer 'qmp_capabilities' within ");
        assert_fails(garbage, 0, ERROR_INTERNAL_ERROR, "it sent what is not QMP: hello");
        assert_fails(noisy, 2000000, ERROR_OPERATION_TIMEOUT, "did not answer");
        assert_fails(old, 0, ERROR_CONFIG_UNSUPPORTED,
                "QEMU version >= 6.2.0 is required, but 2.11.1 found");
}

static void test_list(const void *data)
{
        g_auto(GStrv) paths = probes_list();
        g_autofree char *path = probes_find("x86_64"), *none = probes_find("vax");

        (void)data;
        g_assert_true(g_strv_contains((const char *const *)paths, EMULATOR));
        g_assert_false(g_strv_contains((const char *const *)paths, EMULATOR "-microvm"));
        g_assert_cmpstr(path, ==, EMULATOR);
        g_assert_null(none);
        g_assert_cmpstr(probes_arch_of_path("/opt/qemu-system-i386"), ==, "i686");
        g_assert_cmpstr(probes_arch_of_path("/opt/qemu-system-arm"), ==, "armv7l");
        g_assert_null(probes_arch_of_path("/opt/qemu"));
}

static const FiberTest tests[] = {
        { "real", test_real, NULL },
        { "kvm", test_kvm, NULL },
        { "cache", test_cache, NULL },
        { "broken-cache", test_broken_cache, NULL },
        { "json", test_json, NULL },
        { "failures", test_failures, NULL },
        { "list", test_list, NULL },
};

int main(int argc, char **argv)
{
        g_autofree char *remove = NULL;
        int r;

        g_test_init(&argc, &argv, NULL);
        if (access(EMULATOR, X_OK) < 0) {
                g_print("1..0 # SKIP " EMULATOR " is not installed\n");
                return 0;
        }
        scratch = g_dir_make_tmp("virtbus-probe-XXXXXX", NULL);
        fiber_tests_add("/probe", tests, G_N_ELEMENTS(tests));
        r = g_test_run();
        remove = g_strdup_printf("rm -r '%s'", scratch);
        g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
        g_free(scratch);
        return r;
}

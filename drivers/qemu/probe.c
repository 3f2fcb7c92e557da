/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/probe.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "config.h"
#include "drivers/qemu/host.h"
#include "drivers/qemu/qmp.h"
#include "service/base/child.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

#define CACHE_FORMAT 1
#define CACHE_SIZE_MAX (4 * 1024 * 1024)
#define MESSAGE_MAX 4096 /* of what QEMU writes to stderr */
#define MONITOR_FD 3

/* What an answer stays true for. */
typedef struct Identity {
        int64_t mtime; /* nanoseconds */
        int64_t size;
        int64_t inode;
        bool kvm;
} Identity;

/* A binary that was asked for. */
typedef struct Entry {
        Probes *probes; /* a reference while running */
        char *path;
        Identity identity; /* of binary, or of what runs */
        QemuBinary *binary;
        GError *error; /* of the last run; gone with the next */
        bool running;
        FiberQueue waiters;
} Entry;

struct Probes {
        unsigned n_ref;
        char *cache_directory;
        char *kvm_device;
        char *host; /* kernel and processor, in a digest */
        uid_t uid;
        gid_t gid;
        uint64_t timeout;
        GHashTable *entries; /* path -> Entry */
};

static void entry_free(Entry *entry)
{
        qemu_binary_unref(entry->binary);
        g_clear_error(&entry->error);
        g_free(entry->path);
        g_free(entry);
}

/* What of the host changes the answers: its kernel, and its processor as far as the kernel tells.
 */
static char *host_digest(void)
{
        static const char *const lines[] = { "vendor_id", "model name", "stepping", "microcode",
                "flags", "Features" };
        g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
        g_autofree char *text = NULL;
        struct utsname name;
        gsize size;

        if (uname(&name) == 0) {
                g_checksum_update(checksum, (const guchar *)name.release, -1);
                g_checksum_update(checksum, (const guchar *)name.version, -1);
        }
        /* Not file_read(): it wants regular files, and these have no size. */
        if (g_file_get_contents("/proc/cpuinfo", &text, &size, NULL)) {
                char *end = strstr(text, "\n\n");
                g_auto(GStrv) all = NULL;

                if (end)
                        *end = '\0';
                all = g_strsplit(text, "\n", -1);
                for (char **line = all; *line; line++)
                        for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
                                if (g_str_has_prefix(*line, lines[i]))
                                        g_checksum_update(checksum, (const guchar *)*line, -1);
        }
        return g_strndup(g_checksum_get_string(checksum), 32);
}

Probes *probes_new(const ProbesOptions *options)
{
        Probes *probes = g_new0(Probes, 1);

        probes->n_ref = 1;
        probes->cache_directory = g_strdup(options->cache_directory);
        probes->kvm_device = g_strdup(options->kvm_device ? options->kvm_device : "/dev/kvm");
        probes->host = host_digest();
        probes->uid = options->uid;
        probes->gid = options->gid;
        probes->timeout = options->timeout > 0 ? options->timeout : 15 * G_USEC_PER_SEC;
        probes->entries =
                g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)entry_free);
        return probes;
}

Probes *probes_ref(Probes *probes)
{
        probes->n_ref++;
        return probes;
}

Probes *probes_unref(Probes *probes)
{
        if (!probes || --probes->n_ref > 0)
                return NULL;
        g_hash_table_unref(probes->entries);
        g_free(probes->cache_directory);
        g_free(probes->kvm_device);
        g_free(probes->host);
        g_free(probes);
        return NULL;
}

int probes_kvm(Probes *probes)
{
        _cleanup_fd_ int fd = open(probes->kvm_device, O_RDWR | O_CLOEXEC | O_NONBLOCK);

        return fd < 0 ? -errno : 0;
}

char *probes_label(const Probes *probes)
{
        if (probes->uid == (uid_t)-1)
                return NULL;
        return g_strdup_printf("+%u:+%u", probes->uid, probes->gid);
}

static int identify(Probes *probes, const char *path, Identity *ret, GError **error)
{
        struct stat st;

        if (stat(path, &st) < 0)
                return error_set_errno(error, errno, "Cannot check QEMU binary %s", path);
        if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
                return error_set_errno(error, EACCES, "QEMU binary %s is not executable", path);
        *ret = (Identity){ .mtime = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec,
                .size = st.st_size,
                .inode = st.st_ino,
                .kvm = probes_kvm(probes) >= 0 };
        return 0;
}

static bool identity_equal(const Identity *a, const Identity *b)
{
        return a->mtime == b->mtime && a->size == b->size && a->inode == b->inode &&
                a->kvm == b->kvm;
}

/* The cache on disk: one file for each binary. */

static char *cache_path(Probes *probes, const char *path)
{
        g_autofree char *name = g_strdup(path[0] == '/' ? path + 1 : path);

        g_strdelimit(name, "/", '_');
        return g_strdup_printf("%s/%s.json", probes->cache_directory, name);
}

static json_t *identity_to_json(Probes *probes, const Identity *identity)
{
        return json_pack("{s:s,s:i,s:s,s:I,s:I,s:I,s:b}", "version", VIRTBUS_VERSION, "format",
                CACHE_FORMAT, "host", probes->host, "mtime", (json_int_t)identity->mtime, "size",
                (json_int_t)identity->size, "inode", (json_int_t)identity->inode, "kvm",
                identity->kvm);
}

static QemuBinary *cache_read(Probes *probes, const char *path, const Identity *identity)
{
        g_autofree char *file = NULL, *text = NULL;
        QemuBinary *binary = NULL;
        json_t *json, *wanted;
        size_t size;

        if (!probes->cache_directory)
                return NULL;
        file = cache_path(probes, path);
        if (file_read(file, CACHE_SIZE_MAX, &text, &size) < 0)
                return NULL;
        json = json_loadb(text, size, 0, NULL);
        wanted = identity_to_json(probes, identity);
        if (json_equal(json_object_get(json, "of"), wanted))
                binary = qemu_binary_from_json(json_object_get(json, "binary"));
        if (binary && strcmp(binary->path, path) != 0)
                binary = qemu_binary_unref(binary);
        json_decref(wanted);
        json_decref(json);
        return binary;
}

/* Suspends. A cache that cannot be written is only slow. */
static void cache_write(Probes *probes, const QemuBinary *binary, const Identity *identity)
{
        g_autofree char *file = NULL;
        json_t *json;
        char *text;

        if (!probes->cache_directory || directory_make(probes->cache_directory, 0700) < 0)
                return;
        file = cache_path(probes, binary->path);
        json = json_pack("{s:o,s:o}", "of", identity_to_json(probes, identity), "binary",
                qemu_binary_to_json(binary));
        text = json_dumps(json, JSON_COMPACT);
        if (text)
                file_replace(file, text, strlen(text), 0600);
        free(text);
        json_decref(json);
}

/* Running a binary. */

typedef struct Run {
        Child *child;
        Qmp *qmp;
        int messages; /* reading end of its stderr */
} Run;

static void run_end(Run *run)
{
        qmp_unref(run->qmp);
        child_free(run->child);
        fd_close(run->messages);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_end)

/* Suspends. Replaces an error of the conversation by the reason for it, where the process has
 * ended. */
static void run_explain(Run *run, const char *path, GError **error)
{
        g_autofree char *text = NULL, *status = NULL;
        char message[MESSAGE_MAX + 1];
        bool ended = false;
        ssize_t n;
        int r;

        if (!error_is(*error, ERROR_OPERATION_TIMEOUT) &&
                !error_is(*error, ERROR_OPERATION_ABORTED)) {
                r = child_wait(run->child, fiber_deadline(G_USEC_PER_SEC));
                if (r >= 0) {
                        ended = true;
                        status = child_status_string(r);
                }
        }
        n = read(run->messages, message, MESSAGE_MAX);
        text = g_utf8_make_valid(message, MAX(n, 0));
        g_strstrip(text);
        if (!ended)
                return;
        g_clear_error(error);
        error_set(error, ERROR_INTERNAL_ERROR, "failed to probe QEMU binary '%s': %s%s%s", path,
                status, *text ? ": " : "", text);
}

/* Starts it with no machine and its monitor on a socket pair. */
static int run_start(Run *run, Probes *probes, const char *path, QemuAccel accel, GError **error)
{
        const char *argv[] = { path, "-S", "-no-user-config", "-nodefaults", "-nographic",
                "-machine", accel == QEMU_ACCEL_KVM ? "none,accel=kvm" : "none,accel=tcg",
                "-chardev", "socket,id=monitor,fd=" G_STRINGIFY(MONITOR_FD), "-mon",
                "chardev=monitor,mode=control", NULL };
        _cleanup_fd_ int theirs = -1, messages = -1;
        g_autofree char *who = g_strdup_printf("QEMU binary '%s'", path);
        int pair[2], pipes[2], r;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set_errno(error, errno, "cannot make a monitor for %s", path);
        theirs = pair[1];
        r = qmp_new(fibers_event(), pair[0], who, &run->qmp);
        if (r < 0)
                return error_set_errno(error, r, "cannot make a monitor for %s", path);
        if (pipe2(pipes, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "cannot read the messages of %s", path);
        run->messages = pipes[0];
        messages = pipes[1];
        if (fcntl(run->messages, F_SETFL, O_NONBLOCK) < 0)
                return error_set_errno(error, errno, "cannot read the messages of %s", path);

        r = child_spawn(&(ChildSpec){ .argv = argv,
                                .fds = (ChildFd[]){ { messages, 2 }, { theirs, MONITOR_FD } },
                                .n_fds = 2,
                                .uid = probes->uid,
                                .gid = probes->gid,
                                .die_with_parent = true },
                &run->child);
        if (r < 0)
                return error_set_errno(error, r, "cannot run QEMU binary %s", path);
        return 0;
}

static const char *string_of(json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

/* A QOM type name without its ending: "qemu64-x86_64-cpu" -> "qemu64". */
static char *without_cpu_suffix(const char *type, const char *target)
{
        g_autofree char *suffix = g_strdup_printf("-%s-cpu", target);

        if (!type)
                return NULL;
        return g_strndup(
                type, strlen(type) - (g_str_has_suffix(type, suffix) ? strlen(suffix) : 0));
}

static void take_machines(QemuBinary *binary, json_t *machines, const char *target)
{
        json_t *each;
        size_t i;

        binary->machines = g_new0(QemuMachine, json_array_size(machines));
        json_array_foreach (machines, i, each) {
                const char *name = string_of(each, "name");
                QemuMachine machine;

                if (!name || strcmp(name, "none") == 0)
                        continue;
                machine = (QemuMachine){ .name = g_strdup(name),
                        .alias = g_strdup(string_of(each, "alias")),
                        .default_cpu =
                                without_cpu_suffix(string_of(each, "default-cpu-type"), target),
                        .ram_id = g_strdup(string_of(each, "default-ram-id")),
                        .max_cpus = json_integer_value(json_object_get(each, "cpu-max")),
                        .is_default = json_is_true(json_object_get(each, "is-default")),
                        .deprecated = json_is_true(json_object_get(each, "deprecated")),
                        .hotpluggable_cpus =
                                json_is_true(json_object_get(each, "hotpluggable-cpus")) };
                if (machine.is_default) {
                        memmove(binary->machines + 1, binary->machines,
                                binary->n_machines * sizeof(machine));
                        binary->machines[0] = machine;
                } else {
                        binary->machines[binary->n_machines] = machine;
                }
                binary->n_machines++;
        }
}

static void take_cpus(QemuAccelInfo *info, json_t *cpus)
{
        json_t *each;
        size_t i;

        info->cpus = g_new0(QemuCpuModel, json_array_size(cpus));
        json_array_foreach (cpus, i, each) {
                json_t *lacks = json_object_get(each, "unavailable-features");

                if (string_of(each, "name"))
                        info->cpus[info->n_cpus++] =
                                (QemuCpuModel){ .name = g_strdup(string_of(each, "name")),
                                        .usable = json_array_size(lacks) == 0,
                                        .deprecated =
                                                json_is_true(json_object_get(each, "deprecated")) };
        }
        qemu_cpus_sort(info->cpus, info->n_cpus);
}

/* The names in an array of objects that have one. */
static void take_names(json_t *array, const char *key, char ***ret, size_t *ret_n)
{
        json_t *each;
        size_t i;

        *ret = g_new0(char *, json_array_size(array));
        json_array_foreach (array, i, each) {
                if (string_of(each, key))
                        (*ret)[(*ret_n)++] = g_strdup(string_of(each, key));
        }
        qemu_strings_sort(*ret, *ret_n);
}

static bool has_option(json_t *options, const char *wanted)
{
        json_t *each;
        size_t i;

        json_array_foreach (options, i, each) {
                if (g_strcmp0(string_of(each, "option"), wanted) == 0)
                        return true;
        }
        return false;
}

/* Suspends. Asks all that there is to know without a machine, in one go. */
static int ask_all(Run *run, QemuBinary *binary, uint64_t deadline, GError **error)
{
        enum {
                VERSION,
                TARGET,
                KVM,
                MACHINES,
                CPUS,
                COMMANDS,
                DEVICES,
                OPTIONS,
                N
        };
        QmpCommand commands[N] = {
                [VERSION] = { .name = "query-version" },
                [TARGET] = { .name = "query-target" },
                [KVM] = { .name = "query-kvm" },
                [MACHINES] = { .name = "query-machines" },
                [CPUS] = { .name = "query-cpu-definitions" },
                [COMMANDS] = { .name = "query-commands" },
                [DEVICES] = { .name = "qom-list-types",
                        .arguments =
                                json_pack("{s:s,s:b}", "implements", "device", "abstract", 0) },
                [OPTIONS] = { .name = "query-command-line-options" },
        };
        int major = 0, minor = 0, micro = 0, r;
        const char *target;

        r = qmp_call_all(run->qmp, commands, N, deadline, error);
        for (size_t i = 0; i < N && r >= 0; i++)
                /* Not every target has CPU definitions. */
                if (commands[i].error && i != CPUS) {
                        g_propagate_error(error, g_steal_pointer(&commands[i].error));
                        r = -1;
                }
        target = r < 0 ? NULL : string_of(commands[TARGET].ret, "arch");
        if (r >= 0 &&
                (!target ||
                        json_unpack(commands[VERSION].ret, "{s:{s:i,s:i,s:i}}", "qemu", "major",
                                &major, "minor", &minor, "micro", &micro) < 0))
                r = error_set(error, ERROR_INTERNAL_ERROR,
                        "QEMU binary '%s' does not say what it is", binary->path);
        if (r >= 0) {
                const char *package = string_of(commands[VERSION].ret, "package");

                binary->version = QEMU_VERSION(major, minor, micro);
                binary->package = g_strdup(package ? package : "");
                binary->arch = g_strdup(qemu_arch_of_target(target));
                binary->accels[QEMU_ACCEL_TCG].there = true;
                if (!json_is_true(json_object_get(commands[KVM].ret, "present")))
                        binary->accels[QEMU_ACCEL_KVM].why_not =
                                g_strdup("this QEMU is built without KVM");
                take_machines(binary, commands[MACHINES].ret, target);
                take_cpus(&binary->accels[QEMU_ACCEL_TCG], commands[CPUS].ret);
                take_names(commands[COMMANDS].ret, "name", &binary->commands, &binary->n_commands);
                take_names(commands[DEVICES].ret, "name", &binary->devices, &binary->n_devices);
                binary->has_sandbox = has_option(commands[OPTIONS].ret, "sandbox");
        }
        qmp_commands_clear(commands, N);
        if (r >= 0 && binary->version < QEMU_VERSION_MIN)
                r = error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "QEMU version >= %u.%u.%u is required, but %d.%d.%d found",
                        QEMU_VERSION_MIN / 1000000, QEMU_VERSION_MIN / 1000 % 1000,
                        QEMU_VERSION_MIN % 1000, major, minor, micro);
        return r;
}

/* Suspends. What is different with KVM. */
static int ask_kvm(Run *run, QemuBinary *binary, uint64_t deadline, GError **error)
{
        QmpCommand commands[] = { { .name = "query-kvm" }, { .name = "query-cpu-definitions" } };
        QemuAccelInfo *info = &binary->accels[QEMU_ACCEL_KVM];
        int r;

        r = qmp_call_all(run->qmp, commands, 2, deadline, error);
        if (r >= 0 && json_is_true(json_object_get(commands[0].ret, "enabled"))) {
                info->there = true;
                take_cpus(info, commands[1].ret);
        } else if (r >= 0) {
                info->why_not = g_strdup("this QEMU does not get it to work");
        }
        qmp_commands_clear(commands, 2);
        return r;
}

/* Suspends. Runs the binary with one accelerator. */
static int run_and_ask(
        Probes *probes, QemuBinary *binary, QemuAccel accel, uint64_t deadline, GError **error)
{
        g_auto(Run) run = { .messages = -1 };

        if (run_start(&run, probes, binary->path, accel, error) < 0)
                return -1;
        if (qmp_negotiate(run.qmp, deadline, error) >= 0 &&
                (accel == QEMU_ACCEL_KVM ? ask_kvm(&run, binary, deadline, error) :
                                           ask_all(&run, binary, deadline, error)) >= 0)
                return 0;
        if (!qmp_is_open(run.qmp))
                run_explain(&run, binary->path, error);
        return -1;
}

/* Suspends. */
static QemuBinary *probe(Probes *probes, const char *path, bool with_kvm, GError **error)
{
        g_autoptr(QemuBinary) binary = g_new0(QemuBinary, 1);
        QemuAccelInfo *kvm = &binary->accels[QEMU_ACCEL_KVM];
        uint64_t deadline = fiber_deadline(probes->timeout);
        g_autoptr(GError) kvm_error = NULL;

        binary->n_ref = 1;
        binary->path = g_strdup(path);
        if (run_and_ask(probes, binary, QEMU_ACCEL_TCG, deadline, error) < 0)
                return NULL;
        if (!with_kvm && !kvm->why_not)
                kvm->why_not = g_strdup_printf(
                        "%s: %s", probes->kvm_device, g_strerror(-probes_kvm(probes)));
        /* KVM that does not work takes only KVM away. */
        if (!kvm->why_not && run_and_ask(probes, binary, QEMU_ACCEL_KVM, deadline, &kvm_error) < 0)
                kvm->why_not = g_strdup(kvm_error->message);
        return g_steal_pointer(&binary);
}

static void run_entry(void *data)
{
        Entry *entry = data;
        Probes *probes = entry->probes;
        Identity identity = entry->identity;
        g_autoptr(QemuBinary) binary = NULL;

        g_clear_error(&entry->error);
        binary = probe(probes, entry->path, identity.kvm, &entry->error);
        if (binary)
                entry->binary = qemu_binary_ref(binary);
        entry->running = false;
        fiber_queue_wake_all(&entry->waiters, 0);
        if (binary)
                cache_write(probes, binary, &identity);
        probes_unref(probes);
}

/* What is known and holds for the file as it is now; takes it from disk where need be. */
static QemuBinary *known(Probes *probes, const char *path, const Identity *identity)
{
        Entry *entry = g_hash_table_lookup(probes->entries, path);

        if (entry && entry->binary && identity_equal(&entry->identity, identity))
                return qemu_binary_ref(entry->binary);
        if (entry && entry->running)
                return NULL;
        if (entry)
                entry->binary = qemu_binary_unref(entry->binary);
        else {
                entry = g_new0(Entry, 1);
                entry->path = g_strdup(path);
                g_hash_table_insert(probes->entries, entry->path, entry);
        }
        entry->identity = *identity;
        entry->binary = cache_read(probes, path, identity);
        return entry->binary ? qemu_binary_ref(entry->binary) : NULL;
}

QemuBinary *probes_peek(Probes *probes, const char *path)
{
        Identity identity;

        return identify(probes, path, &identity, NULL) < 0 ? NULL : known(probes, path, &identity);
}

int probes_get(Probes *probes, const char *path, QemuBinary **ret, GError **error)
{
        g_autoptr(Probes) held = probes_ref(probes);
        Identity identity;
        Entry *entry;
        int r;

        if (identify(probes, path, &identity, error) < 0)
                return -1;
        *ret = known(probes, path, &identity);
        if (*ret)
                return 0;

        entry = g_hash_table_lookup(probes->entries, path);
        if (!entry->running) {
                entry->running = true;
                entry->probes = probes_ref(probes);
                r = fiber_start("probe of a QEMU binary", run_entry, entry, NULL);
                if (r < 0) {
                        entry->running = false;
                        probes_unref(probes);
                        return error_set(error, ERROR_RESOURCE_BUSY,
                                "cannot probe QEMU binary '%s': too much is under way", path);
                }
        }
        /* The run has a deadline of its own; a little later it has ended for certain. */
        r = fiber_queue_wait(&entry->waiters, "probe of a QEMU binary",
                fiber_deadline(2 * probes->timeout + 5 * G_USEC_PER_SEC));
        if (r < 0)
                return r == -ECANCELED ?
                        error_set(error, ERROR_OPERATION_ABORTED,
                                "the wait for the probe of QEMU binary '%s' was cancelled", path) :
                        error_set(error, ERROR_OPERATION_TIMEOUT,
                                "QEMU binary '%s' could not be probed in time", path);
        if (!entry->binary) {
                if (entry->error)
                        g_propagate_error(error, g_error_copy(entry->error));
                else
                        error_set(error, ERROR_INTERNAL_ERROR,
                                "QEMU binary '%s' changed while it was probed", path);
                return -1;
        }
        *ret = qemu_binary_ref(entry->binary);
        return 0;
}

/* What is installed. */

#define EMULATOR_PREFIX "/usr/bin/qemu-system-"

static const char *const kvm_paths[] = { "/usr/bin/qemu-kvm", "/usr/libexec/qemu-kvm" };

const char *probes_arch_of_path(const char *path)
{
        const char *base = strrchr(path, '/');
        const char *arch;

        base = base ? base + 1 : path;
        if (strcmp(base, "qemu-kvm") == 0 || strcmp(base, "kvm") == 0)
                return host_arch();
        if (!g_str_has_prefix(base, "qemu-system-"))
                return NULL;
        arch = qemu_arch_of_target(base + strlen("qemu-system-"));
        return qemu_arch_is_known(arch) ? arch : NULL;
}

char **probes_list(void)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        glob_t found = { 0 };

        if (glob(EMULATOR_PREFIX "*", 0, NULL, &found) == 0)
                for (size_t i = 0; i < found.gl_pathc; i++)
                        if (probes_arch_of_path(found.gl_pathv[i]) &&
                                access(found.gl_pathv[i], X_OK) == 0)
                                g_ptr_array_add(paths, g_strdup(found.gl_pathv[i]));
        globfree(&found);
        for (size_t i = 0; i < G_N_ELEMENTS(kvm_paths); i++)
                if (access(kvm_paths[i], X_OK) == 0)
                        g_ptr_array_add(paths, g_strdup(kvm_paths[i]));
        qemu_strings_sort((char **)paths->pdata, paths->len);
        g_ptr_array_add(paths, NULL);
        return (char **)g_ptr_array_free(g_steal_pointer(&paths), FALSE);
}

char *probes_find(const char *arch)
{
        g_autofree char *path = g_strconcat(EMULATOR_PREFIX, qemu_target_of_arch(arch), NULL);

        if (access(path, X_OK) == 0)
                return g_steal_pointer(&path);
        for (size_t i = 0; i < G_N_ELEMENTS(kvm_paths) && strcmp(arch, host_arch()) == 0; i++)
                if (access(kvm_paths[i], X_OK) == 0)
                        return g_strdup(kvm_paths[i]);
        return NULL;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/binary.h"

#include <stdlib.h>
#include <string.h>

/* Where libvirt and QEMU name a target differently, and what else there is. libvirt: "Driver
 * capabilities XML format", virArch; QEMU: its target list. */
static const struct {
        const char *arch;
        const char *target;
        unsigned word_size;
} archs[] = {
        { "aarch64", "aarch64", 64 },
        { "alpha", "alpha", 64 },
        { "armv6l", "arm", 32 },
        { "armv7l", "arm", 32 },
        { "hppa", "hppa", 32 },
        { "i686", "i386", 32 },
        { "loongarch64", "loongarch64", 64 },
        { "m68k", "m68k", 32 },
        { "microblaze", "microblaze", 32 },
        { "microblazeel", "microblazeel", 32 },
        { "mips", "mips", 32 },
        { "mips64", "mips64", 64 },
        { "mips64el", "mips64el", 64 },
        { "mipsel", "mipsel", 32 },
        { "or32", "or1k", 32 },
        { "ppc", "ppc", 32 },
        { "ppc64", "ppc64", 64 },
        { "ppc64le", "ppc64", 64 },
        { "riscv32", "riscv32", 32 },
        { "riscv64", "riscv64", 64 },
        { "s390x", "s390x", 64 },
        { "sh4", "sh4", 32 },
        { "sh4eb", "sh4eb", 32 },
        { "sparc", "sparc", 32 },
        { "sparc64", "sparc64", 64 },
        { "tricore", "tricore", 32 },
        { "x86_64", "x86_64", 64 },
        { "xtensa", "xtensa", 32 },
        { "xtensaeb", "xtensaeb", 32 },
};

const char *qemu_arch_of_target(const char *target)
{
        if (strcmp(target, "arm") == 0)
                return "armv7l";
        for (size_t i = 0; i < G_N_ELEMENTS(archs); i++)
                if (strcmp(archs[i].target, target) == 0)
                        return archs[i].arch;
        return target;
}

const char *qemu_target_of_arch(const char *arch)
{
        for (size_t i = 0; i < G_N_ELEMENTS(archs); i++)
                if (strcmp(archs[i].arch, arch) == 0)
                        return archs[i].target;
        return arch;
}

bool qemu_arch_is_known(const char *arch)
{
        for (size_t i = 0; i < G_N_ELEMENTS(archs); i++)
                if (strcmp(archs[i].arch, arch) == 0)
                        return true;
        return false;
}

unsigned qemu_arch_word_size(const char *arch)
{
        for (size_t i = 0; i < G_N_ELEMENTS(archs); i++)
                if (strcmp(archs[i].arch, arch) == 0)
                        return archs[i].word_size;
        return 64;
}

QemuBinary *qemu_binary_ref(QemuBinary *binary)
{
        binary->n_ref++;
        return binary;
}

static void free_strings(char **strings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                g_free(strings[i]);
        g_free(strings);
}

QemuBinary *qemu_binary_unref(QemuBinary *binary)
{
        if (!binary || --binary->n_ref > 0)
                return NULL;
        for (size_t i = 0; i < binary->n_machines; i++) {
                g_free(binary->machines[i].name);
                g_free(binary->machines[i].alias);
                g_free(binary->machines[i].default_cpu);
                g_free(binary->machines[i].ram_id);
        }
        g_free(binary->machines);
        for (int accel = 0; accel < QEMU_ACCEL_MAX; accel++) {
                QemuAccelInfo *info = &binary->accels[accel];

                for (size_t i = 0; i < info->n_cpus; i++)
                        g_free(info->cpus[i].name);
                g_free(info->cpus);
                g_free(info->why_not);
        }
        free_strings(binary->devices, binary->n_devices);
        free_strings(binary->commands, binary->n_commands);
        g_free(binary->path);
        g_free(binary->arch);
        g_free(binary->package);
        g_free(binary);
        return NULL;
}

const QemuMachine *qemu_binary_machine(const QemuBinary *binary, const char *machine)
{
        for (size_t i = 0; i < binary->n_machines; i++) {
                const QemuMachine *each = &binary->machines[i];

                if (machine ? g_strcmp0(each->name, machine) == 0 ||
                                        g_strcmp0(each->alias, machine) == 0 :
                              each->is_default)
                        return each;
        }
        return NULL;
}

static int compare_cpus(const void *a, const void *b)
{
        return strcmp(((const QemuCpuModel *)a)->name, ((const QemuCpuModel *)b)->name);
}

void qemu_cpus_sort(QemuCpuModel *cpus, size_t n)
{
        if (n > 0)
                qsort(cpus, n, sizeof(*cpus), compare_cpus);
}

const QemuCpuModel *qemu_binary_cpu(const QemuBinary *binary, QemuAccel accel, const char *name)
{
        const QemuAccelInfo *info = &binary->accels[accel];
        QemuCpuModel wanted = { .name = (char *)name };

        if (info->n_cpus == 0)
                return NULL;
        return bsearch(&wanted, info->cpus, info->n_cpus, sizeof(wanted), compare_cpus);
}

static int compare_strings(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

void qemu_strings_sort(char **strings, size_t n)
{
        if (n > 0)
                qsort(strings, n, sizeof(*strings), compare_strings);
}

static bool has_string(char **strings, size_t n, const char *wanted)
{
        return n > 0 && bsearch(&wanted, strings, n, sizeof(*strings), compare_strings);
}

bool qemu_binary_has_device(const QemuBinary *binary, const char *type)
{
        return has_string(binary->devices, binary->n_devices, type);
}

bool qemu_binary_has_command(const QemuBinary *binary, const char *command)
{
        return has_string(binary->commands, binary->n_commands, command);
}

/* The cache. */

static json_t *strings_to_json(char **strings, size_t n)
{
        json_t *array = json_array();

        for (size_t i = 0; i < n; i++)
                json_array_append_new(array, json_string(strings[i]));
        return array;
}

static bool strings_from_json(json_t *array, char ***ret, size_t *ret_n)
{
        json_t *each;
        size_t i;

        if (!json_is_array(array))
                return false;
        *ret = g_new0(char *, json_array_size(array));
        json_array_foreach (array, i, each) {
                if (!json_is_string(each))
                        return false;
                (*ret)[(*ret_n)++] = g_strdup(json_string_value(each));
        }
        qemu_strings_sort(*ret, *ret_n);
        return true;
}

static json_t *accel_to_json(const QemuAccelInfo *info)
{
        json_t *cpus = json_array();

        for (size_t i = 0; i < info->n_cpus; i++)
                json_array_append_new(cpus,
                        json_pack("{s:s,s:b,s:b}", "name", info->cpus[i].name, "usable",
                                info->cpus[i].usable, "deprecated", info->cpus[i].deprecated));
        return json_pack(
                "{s:b,s:s*,s:o}", "there", info->there, "why-not", info->why_not, "cpus", cpus);
}

static bool accel_from_json(json_t *json, QemuAccelInfo *info)
{
        const char *why_not = NULL;
        json_t *cpus, *each;
        int there;
        size_t i;

        if (json_unpack(json, "{s:b,s?s,s:o}", "there", &there, "why-not", &why_not, "cpus",
                    &cpus) < 0 ||
                !json_is_array(cpus))
                return false;
        info->there = there;
        info->why_not = g_strdup(why_not);
        info->cpus = g_new0(QemuCpuModel, json_array_size(cpus));
        json_array_foreach (cpus, i, each) {
                const char *name;
                int usable, deprecated;

                if (json_unpack(each, "{s:s,s:b,s:b}", "name", &name, "usable", &usable,
                            "deprecated", &deprecated) < 0)
                        return false;
                info->cpus[info->n_cpus++] = (QemuCpuModel){
                        .name = g_strdup(name), .usable = usable, .deprecated = deprecated
                };
        }
        qemu_cpus_sort(info->cpus, info->n_cpus);
        return true;
}

static bool machines_from_json(json_t *machines, QemuBinary *binary)
{
        json_t *each;
        size_t i;

        if (!json_is_array(machines))
                return false;
        binary->machines = g_new0(QemuMachine, json_array_size(machines));
        json_array_foreach (machines, i, each) {
                QemuMachine *machine = &binary->machines[binary->n_machines];
                const char *name, *alias = NULL, *default_cpu = NULL, *ram_id = NULL;
                int max_cpus, is_default, deprecated, hotpluggable;

                if (json_unpack(each, "{s:s,s?s,s?s,s?s,s:i,s:b,s:b,s:b}", "name", &name, "alias",
                            &alias, "default-cpu", &default_cpu, "ram-id", &ram_id, "max-cpus",
                            &max_cpus, "default", &is_default, "deprecated", &deprecated,
                            "hotpluggable-cpus", &hotpluggable) < 0)
                        return false;
                *machine = (QemuMachine){ .name = g_strdup(name),
                        .alias = g_strdup(alias),
                        .default_cpu = g_strdup(default_cpu),
                        .ram_id = g_strdup(ram_id),
                        .max_cpus = MAX(max_cpus, 0),
                        .is_default = is_default,
                        .deprecated = deprecated,
                        .hotpluggable_cpus = hotpluggable };
                binary->n_machines++;
        }
        return true;
}

json_t *qemu_binary_to_json(const QemuBinary *binary)
{
        json_t *machines = json_array();

        for (size_t i = 0; i < binary->n_machines; i++) {
                const QemuMachine *each = &binary->machines[i];

                json_array_append_new(machines,
                        json_pack("{s:s,s:s*,s:s*,s:s*,s:i,s:b,s:b,s:b}", "name", each->name,
                                "alias", each->alias, "default-cpu", each->default_cpu, "ram-id",
                                each->ram_id, "max-cpus", (int)each->max_cpus, "default",
                                each->is_default, "deprecated", each->deprecated,
                                "hotpluggable-cpus", each->hotpluggable_cpus));
        }
        return json_pack("{s:s,s:s,s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:b}", "path", binary->path, "arch",
                binary->arch, "package", binary->package, "version", (int)binary->version,
                "machines", machines, "tcg", accel_to_json(&binary->accels[QEMU_ACCEL_TCG]), "kvm",
                accel_to_json(&binary->accels[QEMU_ACCEL_KVM]), "devices",
                strings_to_json(binary->devices, binary->n_devices), "commands",
                strings_to_json(binary->commands, binary->n_commands), "sandbox",
                binary->has_sandbox);
}

QemuBinary *qemu_binary_from_json(json_t *json)
{
        g_autoptr(QemuBinary) binary = g_new0(QemuBinary, 1);
        json_t *machines, *tcg, *kvm, *devices, *commands;
        const char *path, *arch, *package;
        int version, sandbox;

        binary->n_ref = 1;
        if (json_unpack(json, "{s:s,s:s,s:s,s:i,s:o,s:o,s:o,s:o,s:o,s:b}", "path", &path, "arch",
                    &arch, "package", &package, "version", &version, "machines", &machines, "tcg",
                    &tcg, "kvm", &kvm, "devices", &devices, "commands", &commands, "sandbox",
                    &sandbox) < 0)
                return NULL;
        binary->path = g_strdup(path);
        binary->arch = g_strdup(arch);
        binary->package = g_strdup(package);
        binary->version = version;
        binary->has_sandbox = sandbox;
        if (!machines_from_json(machines, binary) ||
                !accel_from_json(tcg, &binary->accels[QEMU_ACCEL_TCG]) ||
                !accel_from_json(kvm, &binary->accels[QEMU_ACCEL_KVM]) ||
                !strings_from_json(devices, &binary->devices, &binary->n_devices) ||
                !strings_from_json(commands, &binary->commands, &binary->n_commands))
                return NULL;
        return g_steal_pointer(&binary);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What one QEMU binary can do, as probe.h found it out. Immutable and counted. Nothing here
 * suspends. */

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The oldest QEMU that takes JSON for -device. */
#define QEMU_VERSION(major, minor, micro) ((major)*1000000u + (minor)*1000u + (micro))
#define QEMU_VERSION_MIN QEMU_VERSION(6, 2, 0)

typedef struct QemuMachine {
        char *name;        /* "pc-q35-7.2" */
        char *alias;       /* "q35", or NULL */
        char *default_cpu; /* "qemu64", or NULL */
        char *ram_id;      /* of its memory backend: "pc.ram"; NULL: it wants none */
        unsigned max_cpus;
        bool is_default;
        bool deprecated;
        bool hotpluggable_cpus;
} QemuMachine;

typedef struct QemuCpuModel {
        char *name;
        bool usable; /* the host and the accelerator have all that it needs */
        bool deprecated;
} QemuCpuModel;

typedef enum QemuAccel {
        QEMU_ACCEL_TCG, /* <domain type='qemu'> */
        QEMU_ACCEL_KVM, /* <domain type='kvm'> */
        QEMU_ACCEL_MAX,
} QemuAccel;

typedef struct QemuAccelInfo {
        bool there;
        char *why_not; /* where it is not there: one sentence part, such as QEMU's own message */
        QemuCpuModel *cpus; /* sorted by name */
        size_t n_cpus;
} QemuAccelInfo;

typedef struct QemuBinary {
        unsigned n_ref;
        char *path;
        char *arch;            /* libvirt's name: "i686" for QEMU's "i386" */
        char *package;         /* the distribution's version, may be empty */
        unsigned version;      /* QEMU_VERSION() */
        QemuMachine *machines; /* the default one first, the others in QEMU's order */
        size_t n_machines;
        QemuAccelInfo accels[QEMU_ACCEL_MAX];
        char **devices; /* types for -device, sorted */
        size_t n_devices;
        char **commands; /* of QMP, sorted */
        size_t n_commands;
        bool has_sandbox;
} QemuBinary;

QemuBinary *qemu_binary_ref(QemuBinary *binary);
/* Takes NULL; returns NULL. */
QemuBinary *qemu_binary_unref(QemuBinary *binary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuBinary, qemu_binary_unref)

/* By name or alias; NULL where there is none. machine NULL is the default one. */
const QemuMachine *qemu_binary_machine(const QemuBinary *binary, const char *machine);
const QemuCpuModel *qemu_binary_cpu(const QemuBinary *binary, QemuAccel accel, const char *name);
bool qemu_binary_has_device(const QemuBinary *binary, const char *type);
bool qemu_binary_has_command(const QemuBinary *binary, const char *command);

/* libvirt's name of an architecture from QEMU's name of a target, and back. Returns its argument
 * where they are the same. */
const char *qemu_arch_of_target(const char *target);
const char *qemu_target_of_arch(const char *arch);
/* Whether libvirt knows an architecture of that name. */
bool qemu_arch_is_known(const char *arch);
unsigned qemu_arch_word_size(const char *arch);

/* For the cache: the binary as JSON, and back. from_json returns NULL for what to_json did not
 * write. */
json_t *qemu_binary_to_json(const QemuBinary *binary);
QemuBinary *qemu_binary_from_json(json_t *json);

/* Order the lists that are looked up, for who fills them. */
void qemu_strings_sort(char **strings, size_t n);
void qemu_cpus_sort(QemuCpuModel *cpus, size_t n);

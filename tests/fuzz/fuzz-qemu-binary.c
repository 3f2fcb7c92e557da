/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/binary.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes in the cache of what an emulator can do: refused, or a binary that is the same when it
 * is written and read again.
 *
 * Seeds: tests/data/qemu/qemu-7.2.json tests/data/qemu-binary */

static void look_up(const QemuBinary *binary)
{
        const QemuMachine *machine = qemu_binary_machine(binary, NULL);

        g_assert_true(!machine || machine == binary->machines);
        for (size_t i = 0; i < binary->n_machines; i++)
                g_assert_nonnull(qemu_binary_machine(binary, binary->machines[i].name));
        for (size_t i = 0; i < binary->n_devices; i++)
                g_assert_true(qemu_binary_has_device(binary, binary->devices[i]));
        for (size_t i = 0; i < binary->n_commands; i++)
                g_assert_true(qemu_binary_has_command(binary, binary->commands[i]));
        for (int accel = 0; accel < QEMU_ACCEL_MAX; accel++)
                for (size_t i = 0; i < binary->accels[accel].n_cpus; i++)
                        g_assert_nonnull(
                                qemu_binary_cpu(binary, accel, binary->accels[accel].cpus[i].name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        json_t *json = json_loadb((const char *)data, size, 0, NULL), *once, *twice;
        g_autoptr(QemuBinary) binary = json ? qemu_binary_from_json(json) : NULL;
        g_autoptr(QemuBinary) again = NULL;

        json_decref(json);
        if (!binary)
                return 0;
        look_up(binary);
        once = qemu_binary_to_json(binary);
        again = qemu_binary_from_json(once);
        g_assert_nonnull(again);
        twice = qemu_binary_to_json(again);
        g_assert_true(json_equal(once, twice));
        json_decref(once);
        json_decref(twice);
        return 0;
}

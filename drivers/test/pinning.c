/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where the threads of the guest may run: its processors, its emulator, its IOThreads. */

#include <string.h>

#include "drivers/test/test.h"

/* Lists of processors, "0-3,^2,7", and maps. Processors past the host's are passed over. */

static void map_set(bool *set, uint64_t first, uint64_t last, bool value)
{
        for (uint64_t i = first; i <= last && i < TEST_HOST_CPUS; i++)
                set[i] = value;
}

/* NULL is all. */
static void map_from_list(const char *list, int **ret, size_t *ret_n)
{
        bool set[TEST_HOST_CPUS] = { 0 };
        const char *at = list;

        if (!list)
                map_set(set, 0, TEST_HOST_CPUS - 1, true);
        while (at && *at) {
                bool without = *at == '^';
                const char *digits = at + without;
                char *end;
                uint64_t first = g_ascii_strtoull(digits, &end, 10), last = first;

                if (end == digits) {
                        at++;
                        continue;
                }
                if (*end == '-')
                        last = g_ascii_strtoull(end + 1, &end, 10);
                map_set(set, first, last, !without);
                at = end;
        }
        *ret = g_new0(int, TEST_HOST_CPUS);
        *ret_n = TEST_HOST_CPUS;
        for (unsigned i = 0; i < TEST_HOST_CPUS; i++)
                (*ret)[i] = set[i];
}

/* "0-2,5" of those that are set, "" for none of them. */
static char *map_to_list(const int *map, size_t n)
{
        GString *list = g_string_new(NULL);

        for (size_t i = 0; i < n; i++) {
                size_t last = i;

                if (!map[i])
                        continue;
                while (last + 1 < n && map[last + 1])
                        last++;
                g_string_append_printf(list, "%s%zu", list->len ? "," : "", i);
                if (last > i)
                        g_string_append_printf(list, "-%zu", last);
                i = last;
        }
        return g_string_free(list, FALSE);
}

#define MAP_MAX 4096 /* processors that a map may name */

static int map_check(
        size_t n, const char *list, const char *function, const char *empty, GError **error)
{
        if (n == 0)
                return error_set_argument(error, "cpumap in %s must not be NULL", function);
        if (n > MAP_MAX)
                return error_set(error, ERROR_INVALID_ARG,
                        "a map of %zu processors is longer than the %d allowed", n, MAP_MAX);
        return list[0] ? 0 : error_set(error, ERROR_INVALID_ARG, "%s", empty);
}

/* Changes of <cputune>. */

typedef enum PinKind {
        PIN_VCPU,
        PIN_EMULATOR,
        PIN_IOTHREAD,
} PinKind;

typedef struct PinChange {
        PinKind kind;
        uint32_t of;
        const char *cpuset; /* NULL: not pinned any more */
} PinChange;

static ThreadPin *find_pin(ThreadPin *const *pins, size_t n, uint32_t of, size_t *ret_index)
{
        for (size_t i = 0; i < n; i++)
                if (pins[i]->id.set && pins[i]->id.value == of) {
                        if (ret_index)
                                *ret_index = i;
                        return pins[i];
                }
        return NULL;
}

static void change_pin(ThreadPin ***pins, size_t *n, uint32_t of, const char *cpuset)
{
        size_t index;
        ThreadPin *pin = find_pin(*pins, *n, of, &index);

        if (!pin && !cpuset)
                return;
        if (!cpuset) {
                list_remove((void **)*pins, n, index);
                if (*n == 0)
                        g_clear_pointer(pins, g_free);
                g_free(pin->kept.attributes);
                g_free(pin->kept.elements);
                g_free(pin->cpuset);
                g_free(pin);
                return;
        }
        if (!pin) {
                pin = g_new0(ThreadPin, 1);
                pin->id = number(of);
                list_append(pins, n, pin);
        }
        g_free(pin->cpuset);
        pin->cpuset = g_strdup(cpuset);
}

static Iothread *find_iothread(const Iothreads *list, uint32_t id, size_t *ret_index)
{
        for (size_t i = 0; list && i < list->n_iothreads; i++)
                if (number_or(list->iothreads[i]->id, 0) == id) {
                        if (ret_index)
                                *ret_index = i;
                        return list->iothreads[i];
                }
        return NULL;
}

static int edit_pin(DomainConfig *config, const void *data, GError **error)
{
        const PinChange *change = data;
        Cputune *tune;

        if (change->kind == PIN_IOTHREAD && !find_iothread(config->iothreadids, change->of, NULL))
                return error_set(error, ERROR_INVALID_ARG, "iothreadid %u not found", change->of);
        if (!config->cputune)
                config->cputune = g_new0(Cputune, 1);
        tune = config->cputune;
        if (change->kind == PIN_VCPU) {
                change_pin(&tune->vcpupins, &tune->n_vcpupins, change->of, change->cpuset);
        } else if (change->kind == PIN_IOTHREAD) {
                change_pin(&tune->iothreadpins, &tune->n_iothreadpins, change->of, change->cpuset);
        } else {
                g_free(tune->emulatorpin);
                tune->emulatorpin = g_strdup(change->cpuset);
        }
        test_drop_empty(&config->cputune, sizeof *config->cputune);
        return 0;
}

/* Processors. Only those of a running guest can be pinned. */

TEST_GUEST(pin_vcpu, PinVcpu)
{
        g_autofree char *list = map_to_list(in->cpumap.items, in->cpumap.n);
        const PinChange change = { PIN_VCPU, in->vcpu, list };

        (void)out;
        if (test_flags(in->flags, AFFECT_LIVE, "testDomainPinVcpuFlags", error) < 0 ||
                map_check(in->cpumap.n, list, "virDomainPinVcpuFlags", "Empty cpu list for pinning",
                        error) < 0)
                return -1;
        if (!domain_is_active(domain))
                return error_set(
                        error, ERROR_OPERATION_INVALID, "cannot pin vcpus on an inactive domain");
        if (in->vcpu >= domain->properties.vcpus)
                return error_set(error, ERROR_INVALID_ARG,
                        "requested vcpu '%u' is not present in the domain", in->vcpu);
        return local_edit(domain, AFFECT_LIVE, edit_pin, &change, error);
}

TEST_GUEST(get_vcpu_pin_info, GetVcpuPinInfo)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        const Cputune *tune;
        size_t n;

        if (!config)
                return -1;
        tune = config->cputune;
        n = (size_t)number_or(config->vcpu.count, 1);
        out->vcpu_pin_info.items = g_malloc0_n(n, sizeof *out->vcpu_pin_info.items);
        out->vcpu_pin_info.n = n;
        for (size_t i = 0; i < n; i++) {
                const ThreadPin *pin =
                        tune ? find_pin(tune->vcpupins, tune->n_vcpupins, (uint32_t)i, NULL) : NULL;

                map_from_list(pin ? pin->cpuset : config->vcpu.cpuset,
                        &out->vcpu_pin_info.items[i].items, &out->vcpu_pin_info.items[i].n);
        }
        return 0;
}

/* The emulator. */

TEST_GUEST(pin_emulator, PinEmulator)
{
        g_autofree char *list = map_to_list(in->cpumap.items, in->cpumap.n);
        const PinChange change = { PIN_EMULATOR, 0, list };

        (void)out;
        if (map_check(in->cpumap.n, list, "virDomainPinEmulator", "Empty cpu list for pinning",
                    error) < 0)
                return -1;
        return local_edit(domain, in->flags, edit_pin, &change, error);
}

TEST_GUEST(get_emulator_pin_info, GetEmulatorPinInfo)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        const char *list = NULL;

        if (!config)
                return -1;
        if (config->cputune)
                list = config->cputune->emulatorpin;
        map_from_list(list ?: config->vcpu.cpuset, &out->cpumap.items, &out->cpumap.n);
        return 0;
}

/* IOThreads. Those that have only a number in the document have no id that could be named; they
 * get the first ones. */

static void name_iothreads(DomainConfig *config)
{
        int64_t count = number_or(config->iothreads, 0);

        if (!config->iothreadids)
                config->iothreadids = g_new0(Iothreads, 1);
        for (uint32_t id = 1; (int64_t)config->iothreadids->n_iothreads < count &&
                config->iothreadids->n_iothreads < BIND_MAX_LIST;
                id++) {
                Iothread *thread;

                if (find_iothread(config->iothreadids, id, NULL))
                        continue;
                thread = g_new0(Iothread, 1);
                thread->id = number(id);
                list_append(
                        &config->iothreadids->iothreads, &config->iothreadids->n_iothreads, thread);
        }
}

static void count_iothreads(DomainConfig *config)
{
        size_t n = config->iothreadids->n_iothreads;

        if (n == 0)
                g_clear_pointer(&config->iothreadids->iothreads, g_free);
        config->iothreads = n ? number((int64_t)n) : (Number){ 0 };
        test_drop_empty(&config->iothreadids, sizeof *config->iothreadids);
}

static int edit_add_iothread(DomainConfig *config, const void *change, GError **error)
{
        const uint32_t *id = change;
        Iothread *thread;

        name_iothreads(config);
        if (find_iothread(config->iothreadids, *id, NULL))
                return error_set(error, ERROR_INVALID_ARG,
                        "an IOThread is already using iothread_id '%u'", *id);
        thread = g_new0(Iothread, 1);
        thread->id = number(*id);
        list_append(&config->iothreadids->iothreads, &config->iothreadids->n_iothreads, thread);
        count_iothreads(config);
        return 0;
}

static int edit_del_iothread(DomainConfig *config, const void *change, GError **error)
{
        const PinChange unpin = { PIN_IOTHREAD, *(const uint32_t *)change, NULL };
        Iothread *thread;
        size_t index;

        name_iothreads(config);
        thread = find_iothread(config->iothreadids, unpin.of, &index);
        if (!thread)
                return error_set(error, ERROR_INVALID_ARG,
                        "cannot find IOThread '%u' in iothreadids list", unpin.of);
        for (size_t i = 0; i < config->devices.n_disks; i++)
                if (number_or(config->devices.disks[i]->driver.iothread, 0) == unpin.of)
                        return error_set(error, ERROR_INVALID_ARG,
                                "cannot remove IOThread %u since it is being used by disk '%s'",
                                unpin.of, config->devices.disks[i]->target.dev);
        if (edit_pin(config, &unpin, error) < 0)
                return -1;
        list_remove(
                (void **)config->iothreadids->iothreads, &config->iothreadids->n_iothreads, index);
        g_free(thread->kept.attributes);
        g_free(thread->kept.elements);
        g_free(thread);
        count_iothreads(config);
        return 0;
}

static int edit_pin_iothread(DomainConfig *config, const void *change, GError **error)
{
        name_iothreads(config);
        return edit_pin(config, change, error);
}

TEST_GUEST(add_io_thread, AddIOThread)
{
        (void)out;
        if (in->iothread_id == 0)
                return error_set(error, ERROR_INVALID_ARG, "invalid value of 0 for iothread_id");
        return local_edit(domain, in->flags, edit_add_iothread, &in->iothread_id, error);
}

TEST_GUEST(del_io_thread, DelIOThread)
{
        (void)out;
        if (in->iothread_id == 0)
                return error_set_argument(
                        error, "iothread_id in %s must not be zero", "virDomainDelIOThread");
        return local_edit(domain, in->flags, edit_del_iothread, &in->iothread_id, error);
}

TEST_GUEST(pin_io_thread, PinIOThread)
{
        g_autofree char *list = map_to_list(in->cpumap.items, in->cpumap.n);
        const PinChange change = { PIN_IOTHREAD, in->iothread_id, list };

        (void)out;
        if (map_check(in->cpumap.n, list, "virDomainPinIOThread",
                    "Empty iothread cpumap list for pinning", error) < 0)
                return -1;
        return local_edit(domain, in->flags, edit_pin_iothread, &change, error);
}

TEST_GUEST(get_io_thread_info, GetIOThreadInfo)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        const Iothreads *list;
        const Cputune *tune;

        if (!config)
                return -1;
        list = config->iothreadids;
        tune = config->cputune;
        if (!list)
                return 0;
        out->io_thread_info.n = list->n_iothreads;
        out->io_thread_info.items = g_new0(DomainGetIOThreadInfoIoThreadInfo, list->n_iothreads);
        for (size_t i = 0; i < list->n_iothreads; i++) {
                DomainGetIOThreadInfoIoThreadInfo *info = &out->io_thread_info.items[i];
                const ThreadPin *pin = NULL;

                info->iothreadId = (uint32_t)number_or(list->iothreads[i]->id, 0);
                if (tune)
                        pin = find_pin(
                                tune->iothreadpins, tune->n_iothreadpins, info->iothreadId, NULL);
                map_from_list(pin ? pin->cpuset : config->vcpu.cpuset, &info->cpumap.items,
                        &info->cpumap.n);
        }
        return 0;
}

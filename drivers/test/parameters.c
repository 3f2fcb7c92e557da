/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tuning of the guest as a whole: scheduler, memory, NUMA, block I/O, performance events. What is
 * set is kept in the configuration and read back from there. */

#include <string.h>

#include "drivers/test/test.h"

int test_flags(uint32_t flags, uint32_t allowed, const char *function, GError **error)
{
        if (!(flags & ~allowed))
                return 0;
        return error_set_argument(
                error, "unsupported flags (0x%x) in function %s", flags & ~allowed, function);
}

static const char *param_type_name(char type)
{
        switch (type) {
        case 'i':
                return "int";
        case 'u':
                return "uint";
        case 'x':
                return "llong";
        case 't':
                return "ullong";
        case 'd':
                return "double";
        case 'b':
                return "boolean";
        default:
                return "string";
        }
}

int test_params_check(const Params *params, const ParamRule *rules, size_t n_rules,
        const char *function, GError **error)
{
        if (params->n == 0)
                return error_set_argument(error, "params in %s must not be NULL", function);
        for (size_t i = 0; i < params->n; i++) {
                const Param *param = &params->items[i];
                const ParamRule *rule = NULL;

                for (size_t j = 0; !rule && j < n_rules; j++)
                        if (strcmp(rules[j].name, param->name) == 0)
                                rule = &rules[j];
                if (!rule)
                        return error_set(error, ERROR_ARGUMENT_UNSUPPORTED,
                                "parameter '%s' not supported", param->name);
                if (rule->type != param->type)
                        return error_set(error, ERROR_INVALID_ARG,
                                "invalid type '%s' for parameter '%s', expected '%s'",
                                param_type_name(param->type), param->name,
                                param_type_name(rule->type));
                if (params_find(params, param->name) != param)
                        return error_set(error, ERROR_INVALID_ARG,
                                "parameter '%s' occurs multiple times", param->name);
        }
        return 0;
}

/* The scheduler: a weight, which no configuration holds. */

TEST_GUEST(get_scheduler_parameters, GetSchedulerParameters)
{
        (void)in, (void)error;
        params_add_uint32(&out->scheduler_parameters, "weight", test_of(domain)->weight);
        return 0;
}

TEST_GUEST(set_scheduler_parameters, SetSchedulerParameters)
{
        static const ParamRule rules[] = { { "weight", 'u' } };
        const Param *weight;

        (void)out;
        if (test_params_check(&in->params, rules, G_N_ELEMENTS(rules),
                    "virDomainSetSchedulerParametersFlags", error) < 0)
                return -1;
        weight = params_find(&in->params, "weight");
        if (weight)
                test_of(domain)->weight = weight->u;
        return 0;
}

/* An element that a change has left with nothing in it goes. */
void test_drop_empty(void *element, size_t size)
{
        void **pointer = element;
        const char *bytes = *pointer;

        for (size_t i = 0; i < size; i++)
                if (bytes[i])
                        return;
        g_clear_pointer(pointer, g_free);
}

static Number number_unless(uint64_t value, uint64_t none)
{
        return value == none ? (Number){ 0 } : number((int64_t)value);
}

/* Memory. */

#define MEMORY_UNLIMITED (G_MAXINT64 >> 10) /* KiB: libvirt's word for no limit */

static const struct {
        const char *name;
        size_t offset;
} limits[] = {
        { "hard_limit", offsetof(Memtune, hard_limit) },
        { "soft_limit", offsetof(Memtune, soft_limit) },
        { "swap_hard_limit", offsetof(Memtune, swap_hard_limit) },
};

TEST_GUEST(get_memory_parameters, GetMemoryParameters)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        static const Memtune none;
        const Memtune *tune;

        if (!config)
                return -1;
        tune = config->memtune ?: &none;
        for (size_t i = 0; i < G_N_ELEMENTS(limits); i++)
                params_add_uint64(&out->memory_parameters, limits[i].name,
                        (uint64_t)number_or(
                                *(const Number *)((const char *)tune + limits[i].offset),
                                MEMORY_UNLIMITED));
        return 0;
}

static int edit_memory_parameters(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetMemoryParametersIn *in = change;
        Memtune *tune;

        if (!config->memtune)
                config->memtune = g_new0(Memtune, 1);
        tune = config->memtune;
        for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
                const Param *param = params_find(&in->params, limits[i].name);

                if (param)
                        *(Number *)((char *)tune + limits[i].offset) =
                                number_unless(MIN(param->t, MEMORY_UNLIMITED), MEMORY_UNLIMITED);
        }
        if ((params_find(&in->params, "hard_limit") ||
                    params_find(&in->params, "swap_hard_limit")) &&
                number_or(tune->hard_limit, MEMORY_UNLIMITED) >
                        number_or(tune->swap_hard_limit, MEMORY_UNLIMITED))
                return error_set(error, ERROR_INVALID_ARG,
                        "memory hard_limit tunable value must be lower than or equal to "
                        "swap_hard_limit");
        test_drop_empty(&config->memtune, sizeof *config->memtune);
        return 0;
}

TEST_GUEST(set_memory_parameters, SetMemoryParameters)
{
        static const ParamRule rules[] = {
                { "hard_limit", 't' },
                { "soft_limit", 't' },
                { "swap_hard_limit", 't' },
        };

        (void)out;
        if (test_params_check(&in->params, rules, G_N_ELEMENTS(rules),
                    "virDomainSetMemoryParameters", error) < 0)
                return -1;
        return local_edit(domain, in->flags, edit_memory_parameters, in, error);
}

/* NUMA. */

TEST_GUEST(get_numa_parameters, GetNumaParameters)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        const NumaMemory *memory;

        if (!config)
                return -1;
        memory = config->numatune ? config->numatune->memory : NULL;
        params_add_int32(&out->numa_parameters, "numa_mode",
                memory && memory->mode ? (int)memory->mode - NUMA_STRICT : 0);
        params_add_string(&out->numa_parameters, "numa_nodeset",
                memory && memory->nodeset ? memory->nodeset : "");
        return 0;
}

/* Memory that is placed by hand needs to be told where, and that of a running guest stays as it is.
 */
static int edit_numa_parameters(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetNumaParametersIn *in = change;
        const Param *mode = params_find(&in->params, "numa_mode");
        const Param *nodeset = params_find(&in->params, "numa_nodeset");
        NumaMemory *memory;

        if (!mode && !nodeset)
                return 0;
        if (!config->numatune)
                config->numatune = g_new0(Numatune, 1);
        if (!config->numatune->memory)
                config->numatune->memory = g_new0(NumaMemory, 1);
        memory = config->numatune->memory;
        if (mode && config->id.set && memory->mode && (int)memory->mode != mode->i + NUMA_STRICT)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "can't change numatune mode for running domain");
        if (mode)
                memory->mode = (NumaMode)(mode->i + NUMA_STRICT);
        else if (memory->mode == NUMA_ABSENT)
                memory->mode = NUMA_STRICT;
        if (nodeset) {
                g_free(memory->nodeset);
                memory->nodeset = number_set_normalize(nodeset->s);
                memory->placement = VCPU_PLACEMENT_ABSENT;
        }
        if (!memory->nodeset && memory->placement != VCPU_PLACEMENT_AUTO)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "nodeset for NUMA memory tuning must be set if 'placement' is 'static'");
        return 0;
}

TEST_GUEST(set_numa_parameters, SetNumaParameters)
{
        static const ParamRule rules[] = { { "numa_mode", 'i' }, { "numa_nodeset", 's' } };
        const Param *mode, *nodeset;
        g_autofree char *set = NULL;

        (void)out;
        if (test_params_check(&in->params, rules, G_N_ELEMENTS(rules), "virDomainSetNumaParameters",
                    error) < 0)
                return -1;
        mode = params_find(&in->params, "numa_mode");
        nodeset = params_find(&in->params, "numa_nodeset");
        if (mode && (mode->i < 0 || mode->i >= NUMA_MAX - NUMA_STRICT))
                return error_set(
                        error, ERROR_INVALID_ARG, "unsupported numatune mode: '%d'", mode->i);
        if (nodeset && !(set = number_set_normalize(nodeset->s ?: "")))
                return error_set(
                        error, ERROR_INVALID_ARG, "Failed to parse bitmap '%s'", nodeset->s ?: "");
        return local_edit(domain, in->flags, edit_numa_parameters, in, error);
}

/* Block I/O: a weight for all, and a row for each device of the host. */

static const struct {
        const char *name;
        size_t offset;
        uint64_t max;
} blkio_fields[] = {
        { "device_weight", offsetof(BlkioDevice, weight), UINT32_MAX },
        { "device_read_iops_sec", offsetof(BlkioDevice, read_iops), UINT32_MAX },
        { "device_write_iops_sec", offsetof(BlkioDevice, write_iops), UINT32_MAX },
        { "device_read_bytes_sec", offsetof(BlkioDevice, read_bytes), G_MAXINT64 },
        { "device_write_bytes_sec", offsetof(BlkioDevice, write_bytes), G_MAXINT64 },
};

static Number *blkio_number(BlkioDevice *device, size_t field)
{
        return (Number *)((char *)device + blkio_fields[field].offset);
}

/* "PATH,VALUE,PATH,VALUE" of those that have a value. */
static char *format_blkio(const Blkiotune *tune, size_t field)
{
        GString *text = g_string_new(NULL);

        for (size_t i = 0; i < tune->n_devices; i++) {
                Number value = *blkio_number(tune->devices[i], field);

                if (number_or(value, 0))
                        g_string_append_printf(text, "%s%s,%" G_GINT64_FORMAT, text->len ? "," : "",
                                tune->devices[i]->path, value.value);
        }
        return g_string_free(text, FALSE);
}

TEST_GUEST(get_block_io_parameters, GetBlockIOParameters)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        static const Blkiotune none;
        const Blkiotune *tune;

        if (!config)
                return -1;
        tune = config->blkiotune ?: &none;
        params_add_uint32(&out->blkio_parameters, "weight", (uint32_t)number_or(tune->weight, 0));
        for (size_t i = 0; i < G_N_ELEMENTS(blkio_fields); i++) {
                g_autofree char *text = format_blkio(tune, i);

                params_add_string(&out->blkio_parameters, blkio_fields[i].name, text);
        }
        return 0;
}

static BlkioDevice *blkio_device(Blkiotune *tune, const char *path)
{
        BlkioDevice *device;

        for (size_t i = 0; i < tune->n_devices; i++)
                if (g_strcmp0(tune->devices[i]->path, path) == 0)
                        return tune->devices[i];
        device = g_new0(BlkioDevice, 1);
        device->path = g_strdup(path);
        list_append(&tune->devices, &tune->n_devices, device);
        return device;
}

static int change_blkio(Blkiotune *tune, size_t field, const char *text, GError **error)
{
        g_auto(GStrv) words = g_strsplit(text, ",", -1);
        unsigned n = g_strv_length(words);

        for (unsigned i = 0; i < n; i += 2) {
                guint64 value;

                if (i + 1 == n || !words[i][0] ||
                        !g_ascii_string_to_unsigned(
                                words[i + 1], 10, 0, blkio_fields[field].max, &value, NULL))
                        return error_set(error, ERROR_INVALID_ARG,
                                "unable to parse blkio device '%s' '%s'", blkio_fields[field].name,
                                text);
                if (tune->n_devices >= BIND_MAX_LIST)
                        return error_set(error, ERROR_INVALID_ARG, "too many devices in '%s'",
                                blkio_fields[field].name);
                *blkio_number(blkio_device(tune, words[i]), field) = number_unless(value, 0);
        }
        return 0;
}

static int edit_blkio(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetBlockIOParametersIn *in = change;
        const Param *param = params_find(&in->params, "weight");

        if (!config->blkiotune)
                config->blkiotune = g_new0(Blkiotune, 1);
        if (param)
                config->blkiotune->weight = number_unless(param->u, 0);
        for (size_t i = 0; i < G_N_ELEMENTS(blkio_fields); i++) {
                param = params_find(&in->params, blkio_fields[i].name);
                if (param && change_blkio(config->blkiotune, i, param->s ?: "", error) < 0)
                        return -1;
        }
        test_drop_empty(&config->blkiotune, sizeof *config->blkiotune);
        return 0;
}

TEST_GUEST(set_block_io_parameters, SetBlockIOParameters)
{
        static const ParamRule rules[] = {
                { "weight", 'u' },
                { "device_weight", 's' },
                { "device_read_iops_sec", 's' },
                { "device_write_iops_sec", 's' },
                { "device_read_bytes_sec", 's' },
                { "device_write_bytes_sec", 's' },
        };

        (void)out;
        if (test_params_check(&in->params, rules, G_N_ELEMENTS(rules),
                    "virDomainSetBlkioParameters", error) < 0)
                return -1;
        return local_edit(domain, in->flags, edit_blkio, in, error);
}

/* Performance events. */

static const ParamRule perf_events[] = {
        { "cmt", 'b' },
        { "mbmt", 'b' },
        { "mbml", 'b' },
        { "cpu_cycles", 'b' },
        { "instructions", 'b' },
        { "cache_references", 'b' },
        { "cache_misses", 'b' },
        { "branch_instructions", 'b' },
        { "branch_misses", 'b' },
        { "bus_cycles", 'b' },
        { "stalled_cycles_frontend", 'b' },
        { "stalled_cycles_backend", 'b' },
        { "ref_cpu_cycles", 'b' },
        { "cpu_clock", 'b' },
        { "task_clock", 'b' },
        { "page_faults", 'b' },
        { "context_switches", 'b' },
        { "cpu_migrations", 'b' },
        { "page_faults_min", 'b' },
        { "page_faults_maj", 'b' },
        { "alignment_faults", 'b' },
        { "emulation_faults", 'b' },
};

static PerfEvent *perf_event(const Perf *perf, const char *name)
{
        for (size_t i = 0; perf && i < perf->n_events; i++)
                if (g_strcmp0(perf->events[i]->name, name) == 0)
                        return perf->events[i];
        return NULL;
}

TEST_GUEST(get_perf_events, GetPerfEvents)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);

        if (!config)
                return -1;
        for (size_t i = 0; i < G_N_ELEMENTS(perf_events); i++) {
                const PerfEvent *event = perf_event(config->perf, perf_events[i].name);

                params_add_bool(&out->perf_events, perf_events[i].name,
                        event && event->enabled == SWITCH_ON);
        }
        return 0;
}

static int edit_perf(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetPerfEventsIn *in = change;

        (void)error;
        if (in->params.n > 0 && !config->perf)
                config->perf = g_new0(Perf, 1);
        for (size_t i = 0; i < in->params.n; i++) {
                const Param *param = &in->params.items[i];
                PerfEvent *event = perf_event(config->perf, param->name);

                if (!event) {
                        event = g_new0(PerfEvent, 1);
                        event->name = g_strdup(param->name);
                        list_append(&config->perf->events, &config->perf->n_events, event);
                }
                event->enabled = switch_from(param->b);
        }
        return 0;
}

TEST_GUEST(set_perf_events, SetPerfEvents)
{
        (void)out;
        if (test_params_check(&in->params, perf_events, G_N_ELEMENTS(perf_events),
                    "virDomainSetPerfEvents", error) < 0)
                return -1;
        return local_edit(domain, in->flags, edit_perf, in, error);
}

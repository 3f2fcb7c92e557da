/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Limits of single devices: the bandwidth of an interface, the throughput of a disk. */

#include <string.h>

#include "drivers/test/test.h"

/* Interfaces. */

static const struct {
        const char *name;
        size_t offset;
} rates[] = {
        { "inbound.average", offsetof(InterfaceBandwidth, inbound.average) },
        { "inbound.peak", offsetof(InterfaceBandwidth, inbound.peak) },
        { "inbound.burst", offsetof(InterfaceBandwidth, inbound.burst) },
        { "inbound.floor", offsetof(InterfaceBandwidth, inbound.floor) },
        { "outbound.average", offsetof(InterfaceBandwidth, outbound.average) },
        { "outbound.peak", offsetof(InterfaceBandwidth, outbound.peak) },
        { "outbound.burst", offsetof(InterfaceBandwidth, outbound.burst) },
};

/* By its MAC address, or the name of its tap. */
static InterfaceDevice *find_interface(const DomainConfig *config, const char *name, GError **error)
{
        for (size_t i = 0; i < config->devices.n_interfaces; i++) {
                InterfaceDevice *device = config->devices.interfaces[i];

                if (g_ascii_strcasecmp(device->mac.address ?: "", name) == 0 ||
                        g_strcmp0(device->target.dev, name) == 0)
                        return device;
        }
        error_set(error, ERROR_INVALID_ARG, "'%s' is not a known interface", name);
        return NULL;
}

TEST_GUEST(get_interface_parameters, GetInterfaceParameters)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        const InterfaceDevice *device = config ? find_interface(config, in->device, error) : NULL;
        static const InterfaceBandwidth none;
        const InterfaceBandwidth *bandwidth;

        if (!device)
                return -1;
        bandwidth = device->bandwidth ?: &none;
        for (size_t i = 0; i < G_N_ELEMENTS(rates); i++)
                params_add_uint32(&out->interface_parameters, rates[i].name,
                        (uint32_t)number_or(
                                *(const Number *)((const char *)bandwidth + rates[i].offset), 0));
        return 0;
}

/* A direction that is mentioned is set anew; without an average it has no limit. */
static void change_rate(InterfaceBandwidth *bandwidth, BandwidthRate *rate, const char *direction,
        const Params *params)
{
        bool mentioned = false;

        for (size_t i = 0; i < params->n; i++)
                mentioned |= g_str_has_prefix(params->items[i].name, direction);
        if (!mentioned)
                return;
        rate->average = rate->peak = rate->floor = rate->burst = (Number){ 0 };
        for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
                const Param *param = params_find(params, rates[i].name);

                if (param && param->u && g_str_has_prefix(rates[i].name, direction))
                        *(Number *)((char *)bandwidth + rates[i].offset) = number(param->u);
        }
        if (!rate->average.set && !rate->floor.set)
                rate->peak = rate->burst = (Number){ 0 };
}

static int edit_interface(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetInterfaceParametersIn *in = change;
        InterfaceDevice *device = find_interface(config, in->device, error);

        if (!device)
                return -1;
        if (!device->bandwidth)
                device->bandwidth = g_new0(InterfaceBandwidth, 1);
        change_rate(device->bandwidth, &device->bandwidth->inbound, "inbound.", &in->params);
        change_rate(device->bandwidth, &device->bandwidth->outbound, "outbound.", &in->params);
        test_drop_empty(&device->bandwidth, sizeof *device->bandwidth);
        return 0;
}

TEST_GUEST(set_interface_parameters, SetInterfaceParameters)
{
        ParamRule rules[G_N_ELEMENTS(rates)];

        (void)out;
        for (size_t i = 0; i < G_N_ELEMENTS(rates); i++)
                rules[i] = (ParamRule){ rates[i].name, 'u' };
        if (test_params_check(&in->params, rules, G_N_ELEMENTS(rules),
                    "virDomainSetInterfaceParameters", error) < 0)
                return -1;
        return local_edit(domain, in->flags, edit_interface, in, error);
}

/* Disks. */

/* clang-format off */
static const struct {
        const char *name;
        size_t offset;
        bool text;
} throttles[] = {
        { "total_bytes_sec", offsetof(DiskIotune, total_bytes.rate), false },
        { "read_bytes_sec", offsetof(DiskIotune, read_bytes.rate), false },
        { "write_bytes_sec", offsetof(DiskIotune, write_bytes.rate), false },
        { "total_iops_sec", offsetof(DiskIotune, total_iops.rate), false },
        { "read_iops_sec", offsetof(DiskIotune, read_iops.rate), false },
        { "write_iops_sec", offsetof(DiskIotune, write_iops.rate), false },
        { "total_bytes_sec_max", offsetof(DiskIotune, total_bytes.max), false },
        { "read_bytes_sec_max", offsetof(DiskIotune, read_bytes.max), false },
        { "write_bytes_sec_max", offsetof(DiskIotune, write_bytes.max), false },
        { "total_iops_sec_max", offsetof(DiskIotune, total_iops.max), false },
        { "read_iops_sec_max", offsetof(DiskIotune, read_iops.max), false },
        { "write_iops_sec_max", offsetof(DiskIotune, write_iops.max), false },
        { "size_iops_sec", offsetof(DiskIotune, size_iops), false },
        { "group_name", offsetof(DiskIotune, group_name), true },
        { "total_bytes_sec_max_length", offsetof(DiskIotune, total_bytes.max_length), false },
        { "read_bytes_sec_max_length", offsetof(DiskIotune, read_bytes.max_length), false },
        { "write_bytes_sec_max_length", offsetof(DiskIotune, write_bytes.max_length), false },
        { "total_iops_sec_max_length", offsetof(DiskIotune, total_iops.max_length), false },
        { "read_iops_sec_max_length", offsetof(DiskIotune, read_iops.max_length), false },
        { "write_iops_sec_max_length", offsetof(DiskIotune, write_iops.max_length), false },
};
/* clang-format on */

TEST_GUEST(get_block_io_tune, GetBlockIOTune)
{
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainConfig *config = local_config(domain, in->flags, &to_free, error);
        static const DiskIotune none;
        const Disk *disk;

        if (!config)
                return -1;
        disk = domain_config_disk(config, in->disk);
        if (!disk)
                return error_set(error, ERROR_INVALID_ARG,
                        "disk '%s' was not found in the domain config", in->disk);
        for (size_t i = 0; i < G_N_ELEMENTS(throttles); i++) {
                const void *field = (const char *)(disk->iotune ?: &none) + throttles[i].offset;

                if (throttles[i].text)
                        params_add_string(&out->block_io_tune, throttles[i].name,
                                *(char *const *)field ?: "");
                else
                        params_add_uint64(&out->block_io_tune, throttles[i].name,
                                (uint64_t)number_or(*(const Number *)field, 0));
        }
        return 0;
}

static bool given(Number number)
{
        return number_or(number, 0) != 0;
}

/* A limit for all excludes one for reading or writing, and no limit is above its burst. */
static int check_iotune(const DiskIotune *tune, GError **error)
{
        const struct {
                const char *what;
                const DiskIotuneLimit *total, *read, *write;
        } kinds[] = {
                { "bytes_sec", &tune->total_bytes, &tune->read_bytes, &tune->write_bytes },
                { "iops_sec", &tune->total_iops, &tune->read_iops, &tune->write_iops },
        };
        const DiskIotuneLimit *limits[] = { &tune->total_bytes, &tune->read_bytes,
                &tune->write_bytes, &tune->total_iops, &tune->read_iops, &tune->write_iops };

        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (given(kinds[i].total->rate) &&
                        (given(kinds[i].read->rate) || given(kinds[i].write->rate)))
                        return error_set(error, ERROR_INVALID_ARG,
                                "total and read/write of %s cannot be set at the same time",
                                kinds[i].what);
        for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (given(kinds[i].total->max) &&
                        (given(kinds[i].read->max) || given(kinds[i].write->max)))
                        return error_set(error, ERROR_INVALID_ARG,
                                "total and read/write of %s_max cannot be set at the same time",
                                kinds[i].what);
        for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++)
                if (number_or(limits[i]->rate, 0) > number_or(limits[i]->max, 0))
                        return error_set(error, ERROR_INVALID_ARG,
                                "%s cannot be set higher than %s ", throttles[i].name,
                                throttles[i + G_N_ELEMENTS(limits)].name);
        return 0;
}

static int edit_disk(DomainConfig *config, const void *change, GError **error)
{
        const DomainSetBlockIOTuneIn *in = change;
        Disk *disk = domain_config_disk(config, in->disk);

        if (!disk)
                return error_set(error, ERROR_INVALID_ARG,
                        "missing persistent configuration for disk '%s'", in->disk);
        if (!disk->iotune)
                disk->iotune = g_new0(DiskIotune, 1);
        for (size_t i = 0; i < G_N_ELEMENTS(throttles); i++) {
                const Param *param = params_find(&in->params, throttles[i].name);
                void *field = (char *)disk->iotune + throttles[i].offset;

                if (!param)
                        continue;
                if (throttles[i].text) {
                        g_free(*(char **)field);
                        *(char **)field = param->s && param->s[0] ? g_strdup(param->s) : NULL;
                } else {
                        *(Number *)field = param->t ? number((int64_t)param->t) : (Number){ 0 };
                }
        }
        if (check_iotune(disk->iotune, error) < 0)
                return -1;
        test_drop_empty(&disk->iotune, sizeof *disk->iotune);
        return 0;
}

/* What was set, and of which disk. */
static void emit_tunable(Domain *domain, const DomainSetBlockIOTuneIn *in)
{
        DomainTunableSignal arguments = { 0 };

        params_add_string(&arguments.params, "blkdeviotune.disk", in->disk);
        for (size_t i = 0; i < in->params.n; i++) {
                Param param = in->params.items[i];

                param.name = g_strconcat("blkdeviotune.", param.name, NULL);
                param.name_owned = true;
                if (param.type == 's')
                        param.s = g_strdup(param.s);
                params_add(&arguments.params, param);
        }
        object_emit(domain, DOMAIN_SIGNAL_TUNABLE, &arguments);
        params_clear(&arguments.params);
}

TEST_GUEST(set_block_io_tune, SetBlockIOTune)
{
        ParamRule rules[G_N_ELEMENTS(throttles)];

        (void)out;
        if (in->params.n == 0)
                return error_set_argument(error, "nparams in %s must be greater than zero",
                        "virDomainSetBlockIoTune");
        for (size_t i = 0; i < G_N_ELEMENTS(throttles); i++)
                rules[i] = (ParamRule){ throttles[i].name, throttles[i].text ? 's' : 't' };
        if (test_params_check(
                    &in->params, rules, G_N_ELEMENTS(rules), "virDomainSetBlockIoTune", error) < 0)
                return -1;
        for (size_t i = 0; i < in->params.n; i++)
                if (in->params.items[i].type == 't' && in->params.items[i].t > G_MAXINT64)
                        return error_set(error, ERROR_ARGUMENT_UNSUPPORTED,
                                "block I/O throttle limit value must be no more than %" G_GINT64_FORMAT,
                                G_MAXINT64);
        if (local_edit(domain, in->flags, edit_disk, in, error) < 0)
                return -1;
        if (in->params.n > 0 && domain_is_active(domain) && (!in->flags || in->flags & AFFECT_LIVE))
                emit_tunable(domain, in);
        return 0;
}

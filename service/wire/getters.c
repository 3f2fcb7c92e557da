/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Procedures that members of ours do in another form: most of them read something, from the
 * statistics of a domain. */

#include <errno.h>
#include <string.h>

#include "service/base/cleanup.h"
#include "service/wire/client.h"
#include "service/wire/objects.h"

/* Runs another member than the row's, perhaps of another object, in the name of the same call. */
static int perform_other(const WireCall *call, Object *object, unsigned method, const void *in,
        Results *out, GError **error)
{
        Call other = call->base;

        other.object = object;
        other.method = &object->class->methods[method];
        other.arguments = (void *)in;
        layout_init(other.method->out, out->bytes);
        return call_perform(&other, out, error);
}

static void other_clear(const ClassInfo *class, unsigned method, Results *out)
{
        layout_clear(class->methods[method].out, out->bytes);
}

static int perform_stats(WireCall *call, uint32_t groups, Results *out, GError **error)
{
        const DomainGetStatsIn in = { .stats = groups };

        return wire_call_perform(call, &in, out, error);
}

static void stats_clear(Results *out)
{
        params_clear(&((DomainGetStatsOut *)out->bytes)->records);
}

/* A number of whatever type, or missing where there is none. */
static int64_t stat_get(const Results *out, const char *name, int64_t missing)
{
        const Param *param = params_find(&((const DomainGetStatsOut *)out->bytes)->records, name);

        switch (param ? param->type : 0) {
        case 'i':
                return param->i;
        case 'u':
                return param->u;
        case 'b':
                return param->b;
        case 'x':
        case 't':
                return param->x;
        default:
                return missing;
        }
}

/* "block.0.rd.bytes" */
static int64_t stat_of(
        const Results *out, const char *group, unsigned i, const char *name, int64_t missing)
{
        char key[80];

        g_snprintf(key, sizeof key, "%s.%u.%s", group, i, name);
        return stat_get(out, key, missing);
}

static bool stat_is(
        const Results *out, const char *group, unsigned i, const char *name, const char *value)
{
        const Param *param;
        char key[80];

        g_snprintf(key, sizeof key, "%s.%u.%s", group, i, name);
        param = params_find(&((const DomainGetStatsOut *)out->bytes)->records, key);
        return param && param->type == 's' && strcmp(param->s, value) == 0;
}

/* The disk of that target or source, or the interface of that name; -1: there is none. */
static int stat_find(const Results *out, const char *group, const char *value)
{
        g_autofree char *counter = g_strdup_printf("%s.count", group);
        unsigned n = stat_get(out, counter, 0);

        for (unsigned i = 0; i < n; i++)
                if (stat_is(out, group, i, "name", value) || stat_is(out, group, i, "path", value))
                        return i;
        return -1;
}

static int domain_info(WireCall *call, void *args, void *data, GError **error)
{
        const DomainProperties *properties = &((Domain *)call->base.object)->properties;
        WireDomainGetInfoRet *ret = data;
        g_autoptr(GError) problem = NULL;
        Results out;
        int r = call_authorize(&call->base, call->base.method->action, call->base.object, error);

        (void)args;
        if (r < 0)
                return r;
        /* Without statistics there is still the rest. */
        if (properties->active) {
                r = perform_stats(call, STATS_CPU, &out, &problem);
                ret->cpu_time = r >= 0 ? stat_get(&out, "cpu.time", 0) : 0;
                stats_clear(&out);
                if (r == -EAGAIN)
                        return r;
        }
        ret->state = properties->state.state;
        ret->max_mem = properties->max_memory;
        ret->memory = properties->memory;
        ret->nr_virt_cpu = properties->vcpus;
        return 0;
}

/* What counts counts while it runs. It is asked last, as the guest may end meanwhile. */
static int perform_live_stats(WireCall *call, uint32_t groups, Results *out, GError **error)
{
        int r = perform_stats(call, groups, out, error);

        return r < 0 ? r : domain_require_active((Domain *)call->base.object, error);
}

/* The statistics of one disk: an empty path is all disks together. */
static int perform_block(
        WireCall *call, const char *path, Results *out, int *ret_disk, GError **error)
{
        int r = perform_live_stats(call, STATS_BLOCK, out, error);

        if (r < 0)
                return r;
        *ret_disk = stat_find(out, "block", path);
        if (*ret_disk < 0 && path[0])
                return error_set(error, ERROR_INVALID_ARG, "invalid path: %s", path);
        return 0;
}

static int64_t block_sum(const Results *out, int disk, const char *name)
{
        unsigned n = stat_get(out, "block.count", 0);
        int64_t sum = 0;

        if (disk >= 0)
                return stat_of(out, "block", disk, name, -1);
        for (unsigned i = 0; i < n; i++)
                sum += stat_of(out, "block", i, name, 0);
        return sum;
}

static int block_stats(WireCall *call, void *data, void *result, GError **error)
{
        const WireDomainBlockStatsArgs *args = data;
        WireDomainBlockStatsRet *ret = result;
        Results out;
        int disk, r;

        r = perform_block(call, args->path, &out, &disk, error);
        if (r >= 0)
                *ret = (WireDomainBlockStatsRet){
                        .rd_req = block_sum(&out, disk, "rd.reqs"),
                        .rd_bytes = block_sum(&out, disk, "rd.bytes"),
                        .wr_req = block_sum(&out, disk, "wr.reqs"),
                        .wr_bytes = block_sum(&out, disk, "wr.bytes"),
                        .errs = -1,
                };
        stats_clear(&out);
        return r;
}

/* A statistic under the name that it has here, unless there is none (less than 0). Who wants none
 * of them hears how many there are. */
static void add_field(
        Params *params, int32_t *ret_n, size_t wanted, const char *name, char type, int64_t value)
{
        if (value < 0)
                return;
        if (wanted == 0)
                ++*ret_n;
        else if (params->n < wanted)
                params_add(params, (Param){ .name = name, .type = type, .x = value });
}

static int block_stats_flags(WireCall *call, void *data, void *result, GError **error)
{
        static const char *const fields[][2] = {
                { "rd_bytes", "rd.bytes" },
                { "rd_operations", "rd.reqs" },
                { "rd_total_times", "rd.times" },
                { "wr_bytes", "wr.bytes" },
                { "wr_operations", "wr.reqs" },
                { "wr_total_times", "wr.times" },
                { "flush_operations", "fl.reqs" },
                { "flush_total_times", "fl.times" },
        };
        const WireDomainBlockStatsFlagsArgs *args = data;
        WireDomainBlockStatsFlagsRet *ret = result;
        Results out;
        int disk, r;

        r = perform_block(call, args->path, &out, &disk, error);
        for (unsigned i = 0; r >= 0 && i < G_N_ELEMENTS(fields); i++)
                add_field(&ret->params, &ret->nparams, args->nparams, fields[i][0], 'x',
                        block_sum(&out, disk, fields[i][1]));
        stats_clear(&out);
        return r;
}

/* Of the host: how many there are to have statistics of. */
static int count_cpus(const WireCall *call, int32_t *ret, GError **error)
{
        Results out;
        int r = perform_other(call, &call->client->connection->object,
                CONNECTION_METHOD_NODE_GET_CPU_MAP, &(ConnectionNodeGetCPUMapIn){ 0 }, &out, error);

        if (r >= 0)
                *ret = (int32_t)((ConnectionNodeGetCPUMapOut *)out.bytes)->res.n;
        other_clear(&connection_class, CONNECTION_METHOD_NODE_GET_CPU_MAP, &out);
        return r;
}

#define TOTAL (-1)

/* Of all processors of the host together. What each of them had of it is told neither by us nor by
 * a kernel of today: there are no fields of that. */
static int cpu_stats(WireCall *call, void *data, void *result, GError **error)
{
        static const char *const fields[][2] = {
                { "cpu_time", "cpu.time" },
                { "user_time", "cpu.user" },
                { "system_time", "cpu.system" },
        };
        const WireDomainGetCpuStatsArgs *args = data;
        WireDomainGetCpuStatsRet *ret = result;
        Results out;
        int r;

        if (args->start_cpu != TOTAL && args->ncpus == 0)
                return count_cpus(call, &ret->nparams, error);
        r = perform_live_stats(call, STATS_CPU, &out, error);
        for (unsigned i = 0; r >= 0 && args->start_cpu == TOTAL && i < G_N_ELEMENTS(fields); i++)
                add_field(&ret->params, &ret->nparams, args->nparams, fields[i][0], 't',
                        stat_get(&out, fields[i][1], -1));
        stats_clear(&out);
        if (args->nparams > 0)
                ret->nparams = (int32_t)ret->params.n;
        return r;
}

static int block_info(WireCall *call, void *data, void *result, GError **error)
{
        const WireDomainGetBlockInfoArgs *args = data;
        WireDomainGetBlockInfoRet *ret = result;
        Results out;
        int disk = -1, r;

        /* Where an image is known without a guest that uses it, so is its size. */
        r = perform_stats(call, STATS_BLOCK, &out, error);
        if (r >= 0) {
                disk = stat_find(&out, "block", args->path);
                if (disk < 0)
                        r = error_set(error, ERROR_INVALID_ARG,
                                "invalid path %s not assigned to domain", args->path);
        }
        if (r >= 0 && stat_of(&out, "block", disk, "capacity", -1) < 0)
                r = error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "the size of disk '%s' is not known", args->path);
        if (r >= 0) {
                ret->capacity = stat_of(&out, "block", disk, "capacity", 0);
                ret->physical = stat_of(&out, "block", disk, "physical", 0);
                /* Of which a guest has counted nothing before it has written something. */
                ret->allocation =
                        stat_of(&out, "block", disk, "allocation", 0) ?: (int64_t)ret->physical;
        }
        stats_clear(&out);
        return r;
}

static int interface_stats(WireCall *call, void *data, void *result, GError **error)
{
        const WireDomainInterfaceStatsArgs *args = data;
        WireDomainInterfaceStatsRet *ret = result;
        Results out;
        int net = -1, r;

        r = perform_live_stats(call, STATS_INTERFACE, &out, error);
        if (r >= 0)
                net = stat_find(&out, "net", args->device);
        if (r >= 0 && net < 0)
                r = error_set(error, ERROR_INVALID_ARG,
                        "invalid path, '%s' is not a known interface", args->device);
        if (r >= 0)
                *ret = (WireDomainInterfaceStatsRet){
                        .rx_bytes = stat_of(&out, "net", net, "rx.bytes", -1),
                        .rx_packets = stat_of(&out, "net", net, "rx.pkts", -1),
                        .rx_errs = stat_of(&out, "net", net, "rx.errs", -1),
                        .rx_drop = stat_of(&out, "net", net, "rx.drop", -1),
                        .tx_bytes = stat_of(&out, "net", net, "tx.bytes", -1),
                        .tx_packets = stat_of(&out, "net", net, "tx.pkts", -1),
                        .tx_errs = stat_of(&out, "net", net, "tx.errs", -1),
                        .tx_drop = stat_of(&out, "net", net, "tx.drop", -1),
                };
        stats_clear(&out);
        return r;
}

/* Processors: their times are statistics, where they may run is another member's. */

#define VCPU_RUNNING 1
#define CPU_UNKNOWN (-2)

static void fill_vcpus(const Results *out, size_t n, WireDomainGetVcpusRet *ret)
{
        ret->info.items = g_new0(WireDomainGetVcpusRetInfo, n);
        ret->info.n = n;
        for (size_t i = 0; i < n; i++)
                ret->info.items[i] = (WireDomainGetVcpusRetInfo){
                        .number = i,
                        .state = stat_of(out, "vcpu", i, "state", VCPU_RUNNING),
                        .cpu_time = stat_of(out, "vcpu", i, "time", 0),
                        .cpu = CPU_UNKNOWN,
                };
}

typedef struct Bits {
        int *items;
        size_t n;
} Bits;

/* A map of maplen bytes for each processor, whose least bit is the first of the host's. */
static void fill_maps(const Results *pins, size_t n, int32_t maplen, WireDomainGetVcpusRet *ret)
{
        const struct {
                Bits *items;
                size_t n;
        } *maps = (const void *)pins->bytes;

        ret->cpumaps.n = n * maplen;
        ret->cpumaps.items = g_malloc0(ret->cpumaps.n);
        for (size_t i = 0; i < MIN(n, maps->n); i++)
                for (size_t bit = 0; bit < MIN(maps->items[i].n, 8u * maplen); bit++)
                        if (maps->items[i].items[bit])
                                ret->cpumaps.items[i * maplen + bit / 8] |= 1u << bit % 8;
}

static int domain_vcpus(WireCall *call, void *data, void *result, GError **error)
{
        const WireDomainGetVcpusArgs *args = data;
        Domain *domain = (Domain *)call->base.object;
        const DomainGetVcpuPinInfoIn in = { 0 };
        WireDomainGetVcpusRet *ret = result;
        g_autoptr(GError) problem = NULL;
        Results out;
        int r;

        if (args->maxinfo < 0 || args->maplen < 0 || args->maxinfo > 16384 ||
                (int64_t)args->maxinfo * args->maplen > 8388608)
                return wire_call_fail(
                        call, error, ERROR_RPC, "maxinfo or maplen is out of its range");
        r = domain_require_active(domain, error);
        if (r >= 0) {
                r = perform_stats(call, STATS_VCPU, &out, error);
                if (r >= 0)
                        fill_vcpus(
                                &out, MIN(domain->properties.vcpus, (uint32_t)args->maxinfo), ret);
                stats_clear(&out);
        }
        if (r < 0 || args->maplen == 0)
                return r;
        r = perform_other(
                call, &domain->object, DOMAIN_METHOD_GET_VCPU_PIN_INFO, &in, &out, &problem);
        if (r >= 0)
                fill_maps(&out, ret->info.n, args->maplen, ret);
        other_clear(&domain_class, DOMAIN_METHOD_GET_VCPU_PIN_INFO, &out);
        /* Where nothing can be pinned, each may run anywhere. */
        if (r < 0 && error_is(problem, ERROR_NO_SUPPORT)) {
                ret->cpumaps.n = ret->info.n * args->maplen;
                ret->cpumaps.items = g_malloc(ret->cpumaps.n);
                memset(ret->cpumaps.items, 0xff, ret->cpumaps.n);
                return 0;
        }
        if (problem)
                g_propagate_error(error, g_steal_pointer(&problem));
        return r;
}

/* The label of the first model. It is sent with its NUL. */
static int security_label(WireCall *call, void *args, void *data, GError **error)
{
        WireDomainGetSecurityLabelRet *ret = data;
        Results out;
        int r = wire_call_perform(call, NULL, &out, error);

        (void)args;
        if (r >= 0) {
                const DomainGetSecurityLabelListOut *labels = (void *)out.bytes;
                const char *label = labels->security_labels.n > 0 ?
                        labels->security_labels.items[0].label ?: "" :
                        "";

                ret->label.items = g_strdup(label);
                ret->label.n = strlen(label) + 1;
                ret->enforcing =
                        labels->security_labels.n > 0 && labels->security_labels.items[0].enforcing;
        }
        layout_clear(call->base.method->out, out.bytes);
        return r;
}

/* A driver that saves no guests has none that is saved. */
static int has_managed_save(WireCall *call, void *args, void *data, GError **error)
{
        const Object *domain = call->base.object;
        WireDomainHasManagedSaveImageRet *ret = data;

        (void)args;
        ret->result = ((const Domain *)domain)->properties.has_managed_save;
        return call_authorize(&call->base, call->base.method->action, call->base.object, error);
}

/* Snapshots. */

static int has_current_snapshot(WireCall *call, void *args, void *data, GError **error)
{
        const DomainListDomainSnapshotsIn in = { 0 };
        WireDomainHasCurrentSnapshotRet *ret = data;
        Results out;
        int r = wire_call_perform(call, &in, &out, error);

        (void)args;
        if (r >= 0) {
                const DomainListDomainSnapshotsOut *list = (void *)out.bytes;

                for (size_t i = 0; i < list->domain_snapshots.n; i++)
                        if (((DomainSnapshot *)list->domain_snapshots.items[i])->properties.current)
                                ret->result = 1;
        }
        layout_clear(call->base.method->out, out.bytes);
        return r;
}

/* There is no snapshot here whose description is not kept. */
static int snapshot_has_metadata(WireCall *call, void *args, void *data, GError **error)
{
        WireDomainSnapshotHasMetadataRet *ret = data;

        (void)args;
        ret->metadata = 1;
        return call_authorize(&call->base, call->base.method->action, call->base.object, error);
}

/* The connection. */

typedef struct Records {
        WireConnectGetAllDomainStatsRetRetStats *items;
        size_t n;
} Records;

/* A record of a domain's, whose parameters it takes. */
static void add_record(Records *records, const Domain *domain, Params *params)
{
        WireConnectGetAllDomainStatsRetRetStats *record = &records->items[records->n++];

        wire_name('D', &domain->object, &record->dom);
        record->params = *params;
        *params = (Params){ 0 };
}

static int stats_of_all(WireCall *call, const WireConnectGetAllDomainStatsArgs *args,
        Records *records, GError **error)
{
        const ConnectionGetAllDomainStatsIn in = { .stats = args->stats, .flags = args->flags };
        const Registry *registry = &call->client->connection->registry;
        ConnectionGetAllDomainStatsOut *list;
        Results out;
        int r = wire_call_perform(call, &in, &out, error);

        list = (void *)out.bytes;
        if (r >= 0)
                records->items = g_new0(WireConnectGetAllDomainStatsRetRetStats, list->records.n);
        for (size_t i = 0; r >= 0 && i < list->records.n; i++) {
                const Domain *domain =
                        registry_find(registry, DOMAIN_BY_NAME, list->records.items[i].name);

                if (domain)
                        add_record(records, domain, &list->records.items[i].stats);
        }
        layout_clear(call->base.method->out, out.bytes);
        return r;
}

/* Of the domains that the client names, for each of which permission is asked by itself. */
static int stats_of_some(WireCall *call, const WireConnectGetAllDomainStatsArgs *args,
        Records *records, GError **error)
{
        const DomainGetStatsIn in = { .stats = args->stats, .flags = args->flags & ~0xffu };
        Results out;
        int r = 0;

        records->items = g_new0(WireConnectGetAllDomainStatsRetRetStats, args->doms.n);
        for (size_t i = 0; r >= 0 && i < args->doms.n; i++) {
                g_autoptr(Object) domain = NULL;

                r = wire_object_find(
                        call->client->connection, 'D', &args->doms.items[i], &domain, error);
                if (r < 0)
                        break;
                r = perform_other(call, domain, DOMAIN_METHOD_GET_STATS, &in, &out, error);
                if (r >= 0)
                        add_record(records, (Domain *)domain,
                                &((DomainGetStatsOut *)out.bytes)->records);
                stats_clear(&out);
        }
        return r;
}

static int all_stats(WireCall *call, void *data, void *result, GError **error)
{
        const WireConnectGetAllDomainStatsArgs *args = data;
        WireConnectGetAllDomainStatsRet *ret = result;
        Records records = { 0 };
        int r = args->doms.n == 0 ? stats_of_all(call, args, &records, error) :
                                    stats_of_some(call, args, &records, error);

        ret->ret_stats.items = records.items;
        ret->ret_stats.n = records.n;
        return r;
}

/* The one statistic of that name, in bytes. False where there is none. */
static bool memory_stat(
        const ConnectionNodeGetMemoryStatsOut *list, const char *name, uint64_t *ret)
{
        for (size_t i = 0; i < list->stats.n; i++)
                if (strcmp(list->stats.items[i].field, name) == 0) {
                        *ret = list->stats.items[i].value * 1024;
                        return true;
                }
        return false;
}

/* What is free in each NUMA cell is a statistic of its memory; cells follow each other. */
static int cells_free_memory(WireCall *call, void *data, void *result, GError **error)
{
        const WireNodeGetCellsFreeMemoryArgs *args = data;
        WireNodeGetCellsFreeMemoryRet *ret = result;
        const uint32_t most = wire_type(call->procedure->ret).max;
        g_autoptr(GError) problem = NULL;
        int r = 0;

        if (args->maxcells < 0 || (uint32_t)args->maxcells > most)
                return wire_call_fail(call, error, ERROR_RPC, "maxcells is out of its range");
        ret->cells.items = g_new0(uint64_t, args->maxcells);
        for (int32_t i = 0; r >= 0 && i < args->maxcells; i++) {
                const ConnectionNodeGetMemoryStatsIn in = { .cell_num = args->start_cell + i };
                Results out;

                r = wire_call_perform(call, &in, &out, &problem);
                if (r >= 0 &&
                        memory_stat((void *)out.bytes, "free", &ret->cells.items[ret->cells.n]))
                        ret->cells.n++;
                layout_clear(call->base.method->out, out.bytes);
        }
        /* There are not as many: those that there are have been told. */
        if (r == -1 && error_is(problem, ERROR_INVALID_ARG) && ret->cells.n > 0)
                return 0;
        if (problem)
                g_propagate_error(error, g_steal_pointer(&problem));
        return r;
}

/* As libvirt's drivers call themselves: by the scheme of their URIs, in capitals but for Xen. */
static int connection_type(WireCall *call, void *args, void *data, GError **error)
{
        const char *uri = call->client->connection->properties.uri;
        g_autofree char *scheme = g_strndup(uri, strcspn(uri, "+:"));
        WireConnectGetTypeRet *ret = data;

        (void)args, (void)error;
        ret->type = strcmp(scheme, "xen") == 0 ? g_strdup("Xen") : g_ascii_strup(scheme, -1);
        return 0;
}

/* A console by another name: without one it is the first channel. */
static int open_channel(WireCall *call, void *data, void *ret, GError **error)
{
        const WireDomainOpenChannelArgs *args = data;
        const DomainOpenConsoleIn in = { .device = args->name ?: "channel0", .flags = args->flags };
        DomainOpenConsoleOut *out;
        Results results;
        int r = wire_call_perform(call, &in, &results, error);

        out = (void *)results.bytes;
        if (r >= 0)
                r = wire_call_reply(call, ret, error);
        if (r >= 0)
                wire_stream_open(call, fd_steal(&out->fd));
        layout_clear(call->base.method->out, results.bytes);
        return r;
}

#define ON_DOMAIN(procedure, answer, member)                                    \
        {                                                                       \
                WIRE_##procedure, WIRE_ON_OBJECT, false, answer, &domain_class, \
                        DOMAIN_METHOD_##member, 0                               \
        }

const WireRow wire_getter_rows[] = {
        ON_DOMAIN(DOMAIN_GET_INFO, domain_info, GET_STATS),
        ON_DOMAIN(DOMAIN_BLOCK_STATS, block_stats, GET_STATS),
        ON_DOMAIN(DOMAIN_BLOCK_STATS_FLAGS, block_stats_flags, GET_STATS),
        ON_DOMAIN(DOMAIN_GET_CPU_STATS, cpu_stats, GET_STATS),
        ON_DOMAIN(DOMAIN_GET_BLOCK_INFO, block_info, GET_STATS),
        ON_DOMAIN(DOMAIN_INTERFACE_STATS, interface_stats, GET_STATS),
        ON_DOMAIN(DOMAIN_GET_VCPUS, domain_vcpus, GET_STATS),
        ON_DOMAIN(DOMAIN_OPEN_CHANNEL, open_channel, OPEN_CONSOLE),
        ON_DOMAIN(DOMAIN_GET_SECURITY_LABEL, security_label, GET_SECURITY_LABEL_LIST),
        ON_DOMAIN(DOMAIN_HAS_MANAGED_SAVE_IMAGE, has_managed_save, HAS_MANAGED_SAVE_IMAGE),
        ON_DOMAIN(DOMAIN_HAS_CURRENT_SNAPSHOT, has_current_snapshot, LIST_DOMAIN_SNAPSHOTS),
        { WIRE_DOMAIN_SNAPSHOT_HAS_METADATA, WIRE_ON_OBJECT, false, snapshot_has_metadata,
                &domain_snapshot_class, DOMAIN_SNAPSHOT_METHOD_GET_XML_DESC, 0 },
        { WIRE_CONNECT_GET_ALL_DOMAIN_STATS, WIRE_ON_CONNECTION, true, all_stats, &connection_class,
                CONNECTION_METHOD_GET_ALL_DOMAIN_STATS, 0 },
        { WIRE_NODE_GET_CELLS_FREE_MEMORY, WIRE_ON_CONNECTION, false, cells_free_memory,
                &connection_class, CONNECTION_METHOD_NODE_GET_MEMORY_STATS, 0 },
        { WIRE_CONNECT_GET_TYPE, WIRE_ON_CONNECTION, false, connection_type, NULL, -1, 0 },
        { 0 },
};

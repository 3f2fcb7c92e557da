/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Statistics, under the names that libvirt documents ("domstats" in virsh(1)).
 *
 * They come from three places: the properties and the definition, the kernel, and the guest's
 * monitor. All that is asked of a monitor is asked in one go; a guest that does not answer in time
 * is not asked again for a while, and its statistics are without what only it knows. */

#include "drivers/qemu/stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drivers/qemu/alias.h"
#include "drivers/qemu/domain.h"
#include "service/base/file.h"

#define ANSWER_DEADLINE (3 * G_USEC_PER_SEC)
#define ANSWER_DEADLINE_NOWAIT (G_USEC_PER_SEC / 10)
/* How long a guest that did not answer is left alone. */
#define SILENCE (10 * G_USEC_PER_SEC)
#define SILENCE_NOWAIT (2 * G_USEC_PER_SEC)

#define PROC_FILE_MAX 8192
#define NET_DEV_MAX (16 * 1024 * 1024)
/* One bulk call asks for each tap of the host; this is what it may see of an earlier one's time. */
#define NET_DEV_AGE (G_USEC_PER_SEC / 50)

#define VCPU_RUNNING 1 /* libvirt's VIR_VCPU_RUNNING */

/* What the kernel tells. */

bool process_stat_parse(const char *text, ProcessStat *ret)
{
        /* The name of the program may hold anything, also brackets. */
        const char *rest = strrchr(text, ')');
        unsigned long long user, system;
        long rss;
        char state;

        /* After the name: 3 state, 14 utime, 15 stime, 24 rss; the rest is skipped. */
        if (!rest ||
                sscanf(rest + 1,
                        " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu"
                        " %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                        &state, &user, &system, &rss) != 4)
                return false;
        *ret = (ProcessStat){
                .state = state,
                .user = user * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK)),
                .system = system * (1000000000 / (uint64_t)sysconf(_SC_CLK_TCK)),
                .rss = (uint64_t)MAX(rss, 0) * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024),
        };
        return true;
}

bool schedstat_parse(const char *text, uint64_t *ret_run, uint64_t *ret_delay)
{
        return sscanf(text, "%" SCNu64 " %" SCNu64, ret_run, ret_delay) == 2;
}

bool interface_stats_parse(const char *text, const char *name, InterfaceStats *ret)
{
        size_t length = strlen(name);

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += strspn(line, " \n");
                if (strncmp(line, name, length) != 0 || line[length] != ':')
                        continue;
                return sscanf(line + length + 1,
                               "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %*u %*u %*u %*u"
                               " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
                               &ret->rx_bytes, &ret->rx_packets, &ret->rx_errors, &ret->rx_dropped,
                               &ret->tx_bytes, &ret->tx_packets, &ret->tx_errors,
                               &ret->tx_dropped) == 8;
        }
        return false;
}

static bool read_process_stat(pid_t pid, pid_t thread, ProcessStat *ret)
{
        g_autofree char *path = thread ? g_strdup_printf("/proc/%d/task/%d/stat", pid, thread) :
                                         g_strdup_printf("/proc/%d/stat", pid);
        g_autofree char *text = NULL;

        return file_read(path, PROC_FILE_MAX, &text, NULL) >= 0 && process_stat_parse(text, ret);
}

static bool read_schedstat(pid_t pid, pid_t thread, uint64_t *ret_run, uint64_t *ret_delay)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/schedstat", pid, thread);
        g_autofree char *text = NULL;

        return file_read(path, PROC_FILE_MAX, &text, NULL) >= 0 &&
                schedstat_parse(text, ret_run, ret_delay);
}

/* The file is about all interfaces, and bulk statistics ask for one after the other. */
static bool read_interface_stats(const char *name, InterfaceStats *ret)
{
        static char *text;
        static uint64_t since;
        uint64_t now = fiber_now();

        if (!text || now - since > NET_DEV_AGE) {
                g_clear_pointer(&text, g_free);
                if (file_read("/proc/net/dev", NET_DEV_MAX, &text, NULL) < 0)
                        return false;
                since = now;
        }
        return interface_stats_parse(text, name, ret);
}

/* All processors' time of all threads, exactly; /proc has it in ticks only. */
static bool process_time(pid_t pid, uint64_t *ret)
{
        struct timespec time;
        clockid_t clock;

        if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) < 0)
                return false;
        *ret = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
        return true;
}

/* What a monitor tells. */

enum {
        ANSWER_BALLOON,
        ANSWER_GUEST_STATS,
        ANSWER_CPUS,
        ANSWER_BLOCK_STATS,
        ANSWER_BLOCK,
        ANSWER_MAX,
};

typedef struct Answers {
        json_t *items[ANSWER_MAX]; /* NULL: not asked, refused, or no answer */
} Answers;

static void answers_clear(Answers *answers)
{
        for (int i = 0; i < ANSWER_MAX; i++)
                g_clear_pointer(&answers->items[i], json_decref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answers, answers_clear)

static json_t *guest_stats_arguments(const DomainConfig *live)
{
        const Memballoon *balloon = live->devices.memballoon;

        if (!balloon || !balloon->info.alias.name)
                return NULL;
        return json_pack("{s:o,s:s}", "path",
                json_sprintf("/machine/peripheral/%s", balloon->info.alias.name), "property",
                "guest-stats");
}

static bool is_stopped(const ProcessStat *stat)
{
        return stat->state == 'T' || stat->state == 't';
}

/* Suspends. Asks what the groups need. */
static void ask(QemuDomain *domain, uint32_t groups, bool wait, Answers *ret)
{
        QmpCommand commands[ANSWER_MAX];
        int which[ANSWER_MAX];
        size_t n = 0;
        const DomainConfig *live = domain->local.live;
        g_autoptr(GError) problem = NULL;
        g_autoptr(Qmp) qmp = NULL;
        json_t *arguments;
        ProcessStat stat;

        if (!domain->qmp || fiber_now() < domain->silent_until)
                return;
        /* A process that was stopped cannot answer; when it goes on it is asked again at once. */
        if (read_process_stat(child_pid(domain->child), 0, &stat) && is_stopped(&stat))
                return;

#define ASK(answer, command, arguments_) \
        (which[n] = answer,              \
                commands[n++] = (QmpCommand){ .name = command, .arguments = arguments_ })
        if (groups & STATS_BALLOON) {
                ASK(ANSWER_BALLOON, "query-balloon", NULL);
                arguments = guest_stats_arguments(live);
                if (arguments)
                        ASK(ANSWER_GUEST_STATS, "qom-get", arguments);
        }
        if (groups & STATS_VCPU)
                ASK(ANSWER_CPUS, "query-cpus-fast", NULL);
        if ((groups & STATS_BLOCK) && live->devices.n_disks > 0) {
                ASK(ANSWER_BLOCK_STATS, "query-blockstats", NULL);
                ASK(ANSWER_BLOCK, "query-block", NULL);
        }
#undef ASK
        if (n == 0)
                return;

        qmp = qmp_ref(domain->qmp);
        if (qmp_call_all(qmp, commands, n,
                    fiber_deadline(wait ? ANSWER_DEADLINE : ANSWER_DEADLINE_NOWAIT),
                    &problem) < 0) {
                if (error_is(problem, ERROR_OPERATION_TIMEOUT) && domain->qmp == qmp)
                        domain->silent_until = fiber_deadline(wait ? SILENCE : SILENCE_NOWAIT);
        } else if (domain->qmp == qmp) {
                /* Else these are answers of a guest that has ended meanwhile. */
                for (size_t i = 0; i < n; i++)
                        ret->items[which[i]] = g_steal_pointer(&commands[i].ret);
        }
        qmp_commands_clear(commands, n);
}

/* Parameters whose names have a number in them. */

static void add_uint64(Params *params, uint64_t value, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_uint64(Params *params, uint64_t value, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        params_add(params,
                (Param){ .name = g_strdup_vprintf(format, arguments),
                        .name_owned = true,
                        .type = 't',
                        .t = value });
        va_end(arguments);
}

static void add_int32(Params *params, int32_t value, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add_int32(Params *params, int32_t value, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        params_add(params,
                (Param){ .name = g_strdup_vprintf(format, arguments),
                        .name_owned = true,
                        .type = 'i',
                        .i = value });
        va_end(arguments);
}

static void add_string(Params *params, const char *value, const char *format, ...)
        G_GNUC_PRINTF(3, 4);
static void add_string(Params *params, const char *value, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        params_add(params,
                (Param){ .name = g_strdup_vprintf(format, arguments),
                        .name_owned = true,
                        .type = 's',
                        .s = g_strdup(value) });
        va_end(arguments);
}

/* A number of a reply that counts: QEMU says -1 for what it does not know. */
static bool get_count(json_t *object, const char *key, uint64_t *ret)
{
        json_t *value = json_object_get(object, key);

        if (!json_is_integer(value) || json_integer_value(value) < 0)
                return false;
        *ret = (uint64_t)json_integer_value(value);
        return true;
}

/* Groups. */

static void add_cpu(QemuDomain *domain, Params *params)
{
        ProcessStat stat;
        uint64_t time;
        pid_t pid;

        if (!domain->child)
                return;
        pid = child_pid(domain->child);
        if (!read_process_stat(pid, 0, &stat))
                return;
        if (!process_time(pid, &time))
                time = stat.user + stat.system;
        params_add_uint64(params, "cpu.time", time);
        params_add_uint64(params, "cpu.user", stat.user);
        params_add_uint64(params, "cpu.system", stat.system);
}

/* The statistics of memory: libvirt's numbers of them, and their names in statistics. */
static const struct MemoryStat {
        int tag;
        unsigned unit; /* what QEMU counts in, where it is to be KiB */
        const char *name;
        const char *qemu;
} memory_stats[] = {
        { 0, 1024, "balloon.swap_in", "stat-swap-in" },
        { 1, 1024, "balloon.swap_out", "stat-swap-out" },
        { 2, 1, "balloon.major_fault", "stat-major-faults" },
        { 3, 1, "balloon.minor_fault", "stat-minor-faults" },
        { 4, 1024, "balloon.unused", "stat-free-memory" },
        { 5, 1024, "balloon.available", "stat-total-memory" },
        { 8, 1024, "balloon.usable", "stat-available-memory" },
        { 10, 1024, "balloon.disk_caches", "stat-disk-caches" },
        { 11, 1, "balloon.hugetlb_pgalloc", "stat-htlb-pgalloc" },
        { 12, 1, "balloon.hugetlb_pgfail", "stat-htlb-pgfail" },
};

enum {
        MEMORY_STAT_ACTUAL = 6,
        MEMORY_STAT_RSS = 7,
        MEMORY_STAT_LAST_UPDATE = 9,
};

/* What QEMU knows, what the guest tells, what the kernel knows: the order that libvirt tells them
 * in, which clients print them in. */
static const int memory_order[] = { MEMORY_STAT_ACTUAL, 0, 1, 2, 3, 4, 5, 8,
        MEMORY_STAT_LAST_UPDATE, 10, 11, 12, MEMORY_STAT_RSS };

/* Finds one of the above by its number. */
static bool get_memory_stat(
        QemuDomain *domain, const Answers *answers, int tag, uint64_t *ret, const char **ret_name)
{
        json_t *guest = answers->items[ANSWER_GUEST_STATS];
        uint64_t value;
        ProcessStat stat;

        switch (tag) {
        case MEMORY_STAT_ACTUAL:
                *ret_name = "balloon.current";
                *ret = get_count(answers->items[ANSWER_BALLOON], "actual", &value) ?
                        value / 1024 :
                        domain->local.domain.properties.memory;
                return true;
        case MEMORY_STAT_RSS:
                *ret_name = "balloon.rss";
                if (!domain->child || !read_process_stat(child_pid(domain->child), 0, &stat))
                        return false;
                *ret = stat.rss;
                return true;
        case MEMORY_STAT_LAST_UPDATE:
                *ret_name = "balloon.last-update";
                return get_count(guest, "last-update", ret);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(memory_stats); i++) {
                const struct MemoryStat *each = &memory_stats[i];

                if (each->tag != tag ||
                        !get_count(json_object_get(guest, "stats"), each->qemu, &value))
                        continue;
                *ret_name = each->name;
                *ret = value / each->unit;
                return true;
        }
        return false;
}

static void add_balloon(QemuDomain *domain, bool active, const Answers *answers, Params *params)
{
        const DomainProperties *properties = &domain->local.domain.properties;
        const char *name = NULL;
        uint64_t value = properties->memory;

        if (active)
                get_memory_stat(domain, answers, MEMORY_STAT_ACTUAL, &value, &name);
        params_add_uint64(params, "balloon.current", value);
        params_add_uint64(params, "balloon.maximum", properties->max_memory);
        for (unsigned i = 1; active && i < G_N_ELEMENTS(memory_order); i++)
                if (get_memory_stat(domain, answers, memory_order[i], &value, &name))
                        params_add_uint64(params, name, value);
}

static void add_vcpu(QemuDomain *domain, bool active, const Answers *answers, Params *params)
{
        const DomainProperties *properties = &domain->local.domain.properties;
        json_t *cpu;
        size_t i;

        params_add_uint32(params, "vcpu.current", properties->vcpus);
        params_add_uint32(params, "vcpu.maximum", properties->max_vcpus);
        if (!active || !domain->child)
                return;
        json_array_foreach (answers->items[ANSWER_CPUS], i, cpu) {
                pid_t pid = child_pid(domain->child);
                uint64_t thread, number, run, delay;
                ProcessStat stat;

                if (!get_count(cpu, "cpu-index", &number) ||
                        !get_count(cpu, "thread-id", &thread) || thread > INT32_MAX)
                        continue;
                add_int32(params, VCPU_RUNNING, "vcpu.%u.state", (unsigned)number);
                if (read_schedstat(pid, (pid_t)thread, &run, &delay)) {
                        add_uint64(params, run, "vcpu.%u.time", (unsigned)number);
                        add_uint64(params, delay, "vcpu.%u.wait", (unsigned)number);
                        add_uint64(params, delay, "vcpu.%u.delay", (unsigned)number);
                } else if (read_process_stat(pid, (pid_t)thread, &stat)) {
                        add_uint64(
                                params, stat.user + stat.system, "vcpu.%u.time", (unsigned)number);
                }
        }
}

/* What the tap sends is what the guest receives. An interface that has none on the host has no
 * counters and, as with libvirt, no name. */
static void add_interfaces(const DomainConfig *live, Params *params)
{
        const Devices *devices = &live->devices;

        params_add_uint32(params, "net.count", devices->n_interfaces);
        for (size_t i = 0; i < devices->n_interfaces; i++) {
                const InterfaceDevice *interface = devices->interfaces[i];
                const char *name = interface->target.dev;
                InterfaceStats stats;

                if (!name)
                        continue;
                add_string(params, name, "net.%zu.name", i);
                if (interface->type == INTERFACE_USER || !read_interface_stats(name, &stats))
                        continue;
                add_uint64(params, stats.tx_bytes, "net.%zu.rx.bytes", i);
                add_uint64(params, stats.tx_packets, "net.%zu.rx.pkts", i);
                add_uint64(params, stats.tx_errors, "net.%zu.rx.errs", i);
                add_uint64(params, stats.tx_dropped, "net.%zu.rx.drop", i);
                add_uint64(params, stats.rx_bytes, "net.%zu.tx.bytes", i);
                add_uint64(params, stats.rx_packets, "net.%zu.tx.pkts", i);
                add_uint64(params, stats.rx_errors, "net.%zu.tx.errs", i);
                add_uint64(params, stats.rx_dropped, "net.%zu.tx.drop", i);
        }
}

/* Disks. */

/* Whether a path of QEMU's object tree has that device in it: "virtio-disk0" is in
 * "/machine/peripheral/virtio-disk0/virtio-backend". */
static bool path_has(const char *path, const char *alias)
{
        size_t length = strlen(alias);

        for (const char *at = strstr(path, alias); at; at = strstr(at + 1, alias))
                if ((at == path || at[-1] == '/') && (at[length] == '\0' || at[length] == '/'))
                        return true;
        return false;
}

json_t *qemu_find_disk(json_t *list, const Disk *disk)
{
        g_autofree char *node = alias_format_node(disk);
        json_t *entry;
        size_t i;

        json_array_foreach (list, i, entry) {
                const char *path = json_string_value(json_object_get(entry, "qdev"));
                const char *name = json_string_value(json_object_get(entry, "node-name"));

                if ((path && disk->info.alias.name && path_has(path, disk->info.alias.name)) ||
                        (name && disk->source.index.set && strcmp(name, node) == 0))
                        return entry;
        }
        return NULL;
}

static void add_disk_name(const Disk *disk, size_t i, Params *params)
{
        add_string(params, disk->target.dev, "block.%zu.name", i);
        if (disk->source.path)
                add_string(params, disk->source.path, "block.%zu.path", i);
}

static void add_disk(const Disk *disk, size_t i, const Answers *answers, Params *params)
{
        static const struct {
                const char *name, *qemu;
        } counters[] = {
                { "rd.reqs", "rd_operations" },
                { "rd.bytes", "rd_bytes" },
                { "rd.times", "rd_total_time_ns" },
                { "wr.reqs", "wr_operations" },
                { "wr.bytes", "wr_bytes" },
                { "wr.times", "wr_total_time_ns" },
                { "fl.reqs", "flush_operations" },
                { "fl.times", "flush_total_time_ns" },
        };
        json_t *entry = qemu_find_disk(answers->items[ANSWER_BLOCK_STATS], disk);
        json_t *block = qemu_find_disk(answers->items[ANSWER_BLOCK], disk);
        json_t *stats = json_object_get(entry, "stats"), *image;
        uint64_t value, capacity;

        add_disk_name(disk, i, params);
        /* An empty drive has counters, but libvirt shows none. */
        if (!disk->source.path)
                return;
        for (size_t j = 0; j < G_N_ELEMENTS(counters); j++)
                if (get_count(stats, counters[j].qemu, &value))
                        add_uint64(params, value, "block.%zu.%s", i, counters[j].name);

        stats = json_object_get(json_object_get(entry, "parent"), "stats");
        if (get_count(stats, "wr_highest_offset", &value))
                add_uint64(params, value, "block.%zu.allocation", i);
        image = json_object_get(json_object_get(block, "inserted"), "image");
        if (!get_count(image, "virtual-size", &capacity))
                return;
        add_uint64(params, capacity, "block.%zu.capacity", i);
        /* A block device says nothing of what it takes: all of it. */
        if (!get_count(image, "actual-size", &value) || (disk->type == DISK_BLOCK && value == 0))
                value = capacity;
        add_uint64(params, value, "block.%zu.physical", i);
}

/* Disks of a definition. Sizes would need each image to be opened, so they are told of what runs
 * only. */
struct QemuStatsCache {
        Params disks;
};

static void cache_fill(QemuStatsCache *cache, const DomainConfig *config)
{
        const Devices *devices = &config->devices;

        params_add_uint32(&cache->disks, "block.count", devices->n_disks);
        for (size_t i = 0; i < devices->n_disks; i++)
                add_disk_name(devices->disks[i], i, &cache->disks);
        /* The names are the same for all domains. */
        for (size_t i = 0; i < cache->disks.n; i++) {
                Param *param = &cache->disks.items[i];
                g_autofree char *own = param->name_owned ? (char *)param->name : NULL;

                param->name = g_intern_string(param->name);
                param->name_owned = false;
        }
}

QemuStatsCache *qemu_stats_cache_free(QemuStatsCache *cache)
{
        if (cache)
                params_clear(&cache->disks);
        g_free(cache);
        return NULL;
}

/* Whoever stores another definition frees what is kept of the one before. */
static const Params *definition_disks(QemuDomain *domain)
{
        g_autoptr(DomainConfig) config = NULL;

        if (!domain->stats_cache) {
                if (local_definition(&domain->local, &config, NULL) < 0)
                        return NULL;
                domain->stats_cache = g_new0(QemuStatsCache, 1);
                cache_fill(domain->stats_cache, config);
        }
        return &domain->stats_cache->disks;
}

static void add_definition_disks(QemuDomain *domain, Params *params)
{
        const Params *disks = definition_disks(domain);

        for (size_t i = 0; disks && i < disks->n; i++) {
                Param param = disks->items[i];

                if (param.type == 's')
                        param.s = g_strdup(param.s);
                params_add(params, param);
        }
}

static void add_blocks(QemuDomain *domain, bool active, const Answers *answers, Params *params)
{
        const Devices *devices;

        if (!active) {
                add_definition_disks(domain, params);
                return;
        }
        devices = &domain->local.live->devices;
        params_add_uint32(params, "block.count", devices->n_disks);
        for (size_t i = 0; i < devices->n_disks; i++)
                add_disk(devices->disks[i], i, answers, params);
}

/* The operations. */

static bool is_active(const QemuDomain *domain)
{
        return domain_is_active(&domain->local.domain) && domain->local.live && domain->child;
}

int qemu_get_stats(
        Domain *domain, const DomainGetStatsIn *in, DomainGetStatsOut *out, GError **error)
{
        QemuDomain *self = qemu_domain(domain);
        Params *params = &out->records;
        g_auto(Answers) answers = { 0 };
        uint32_t groups;
        bool active;

        if (local_stats_groups(in->stats, in->flags, &groups, error) < 0)
                return -1;
        if (is_active(self))
                ask(self, groups, !(in->flags & STATS_NOWAIT), &answers);
        /* It may have ended while it was asked. */
        active = is_active(self);
        if (groups & STATS_STATE)
                local_stats_state(&self->local, params);
        if ((groups & STATS_CPU) && active)
                add_cpu(self, params);
        if (groups & STATS_BALLOON)
                add_balloon(self, active, &answers, params);
        if (groups & STATS_VCPU)
                add_vcpu(self, active, &answers, params);
        if ((groups & STATS_INTERFACE) && active)
                add_interfaces(self->local.live, params);
        if (groups & STATS_BLOCK)
                add_blocks(self, active, &answers, params);
        return 0;
}

int qemu_memory_stats(
        Domain *domain, const DomainMemoryStatsIn *in, DomainMemoryStatsOut *out, GError **error)
{
        QemuDomain *self = qemu_domain(domain);
        g_auto(Answers) answers = { 0 };

        (void)in;
        if (is_active(self))
                ask(self, STATS_BALLOON, true, &answers);
        if (domain_require_active(domain, error) < 0)
                return -1;
        out->stats.items = g_new0(DomainMemoryStatsStats, G_N_ELEMENTS(memory_order));
        for (unsigned i = 0; i < G_N_ELEMENTS(memory_order); i++) {
                const char *name;
                uint64_t value;

                if (get_memory_stat(self, &answers, memory_order[i], &value, &name))
                        out->stats.items[out->stats.n++] =
                                (DomainMemoryStatsStats){ .tag = memory_order[i], .value = value };
        }
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Snapshots: the configurations a guest had, and whether it ran. The objects hold the tree: each
 * knows its parent by name, and one is current. */

#include "drivers/model/snapshot.h"
#include "drivers/test/moments.h"
#include "drivers/test/test.h"

typedef struct TestSnapshot {
        Moment moment;
        SnapshotConfig *config;
} TestSnapshot;

enum {
        CREATE_REDEFINE = 1 << 0,
        CREATE_CURRENT = 1 << 1,
        CREATE_NO_METADATA = 1 << 2,
        CREATE_HALT = 1 << 3,
        CREATE_DISK_ONLY = 1 << 4,
        CREATE_REUSE_EXTERNAL = 1 << 5,
        CREATE_REFUSED = CREATE_NO_METADATA | CREATE_DISK_ONLY | CREATE_REUSE_EXTERNAL,
};

enum {
        REVERT_RUNNING = 1 << 0,
        REVERT_PAUSED = 1 << 1,
        REVERT_FORCE = 1 << 2,
};

static const MomentKind kind = {
        .noun = "snapshot",
        .missing = ERROR_NO_DOMAIN_SNAPSHOT,
        .list = offsetof(Domain, snapshots),
        .name = DOMAIN_SNAPSHOT_PROPERTY_NAME,
        .parent = DOMAIN_SNAPSHOT_PROPERTY_PARENT,
        .current = DOMAIN_SNAPSHOT_PROPERTY_CURRENT,
};

static TestSnapshot *self_of(void *snapshot)
{
        return snapshot;
}

static void snapshot_free(Object *object)
{
        snapshot_config_free(self_of(object)->config);
        g_free(object);
}

/* Takes config. */
static Moment *add(Domain *domain, SnapshotConfig *config)
{
        TestSnapshot *self = g_new0(TestSnapshot, 1);
        DomainSnapshotProperties *properties = &self->moment.snapshot.properties;

        child_init(&self->moment.object, &domain_snapshot_class, properties, &domain->object,
                snapshot_free);
        self->config = config;
        self->moment.parent = &config->parent.name;
        properties->name = g_strdup(config->name);
        properties->description = g_strdup(config->description);
        properties->creation_time = number_or(config->creation_time, 0);
        properties->state = g_strdup(enum_name(&snapshot_state_names, (int)config->state));
        properties->parent = g_strdup(config->parent.name);
        moment_add(&kind, domain, &self->moment);
        return &self->moment;
}

static int check_redefined(const Domain *domain, const SnapshotConfig *config, GError **error)
{
        return moment_check_redefined(
                &kind, domain, config->name, config->parent.name, config->domain, error);
}

int test_snapshot_load(Domain *domain, const char *xml, bool current, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL;
        Moment *snapshot;

        if (snapshot_config_parse(xml, SNAPSHOT_PARSE_REDEFINE, &config, error) < 0)
                return -1;
        snapshot_config_defaults(config, 0);
        if (snapshot_config_validate(config, error) < 0)
                return -1;
        if (moment_check_new(&kind, domain, config->name, error) < 0)
                return -1;
        if (current && moment_current(&kind, domain))
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "too many snapshots claiming to be current for domain %s",
                        domain->properties.name);
        snapshot = add(domain, g_steal_pointer(&config));
        if (current)
                moment_set_current(&kind, domain, snapshot);
        return 0;
}

int test_snapshots_check(const Domain *domain, GError **error)
{
        for (unsigned i = 0; domain->snapshots && i < domain->snapshots->len; i++)
                if (check_redefined(domain, self_of(domain->snapshots->pdata[i])->config, error) <
                        0)
                        return -1;
        return 0;
}

static int redefine(Domain *domain, const char *xml, uint32_t flags, Moment **ret, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL;
        Moment *old;
        bool current;

        if (snapshot_config_parse(xml, SNAPSHOT_PARSE_REDEFINE, &config, error) < 0)
                return -1;
        snapshot_config_defaults(config, g_get_real_time() / G_USEC_PER_SEC);
        if (check_redefined(domain, config, error) < 0 ||
                snapshot_config_validate(config, error) < 0)
                return -1;
        old = moment_find(&kind, domain, config->name);
        current = flags & CREATE_CURRENT || (old && old->current);
        if (old)
                moment_remove(&kind, domain, old);
        *ret = add(domain, g_steal_pointer(&config));
        if (current)
                moment_set_current(&kind, domain, *ret);
        return 0;
}

/* What is to be taken now. */
static int describe(Domain *domain, const char *xml, SnapshotConfig **ret, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL;
        g_autoptr(DomainConfig) to_free = NULL;
        const Moment *current = moment_current(&kind, domain);
        const DomainConfig *now;

        if (snapshot_config_parse(xml, 0, &config, error) < 0)
                return -1;
        now = local_current(test_local(domain), &to_free, error);
        if (!now)
                return -1;
        domain_config_free(config->domain);
        config->domain = domain_config_copy(now);
        config->state = !domain_is_active(domain)     ? SNAPSHOT_SHUTOFF :
                domain_state(domain) == DOMAIN_PAUSED ? SNAPSHOT_PAUSED :
                                                        SNAPSHOT_RUNNING;
        g_free(config->parent.name);
        config->parent.name = current ? g_strdup(current->snapshot.properties.name) : NULL;
        snapshot_config_defaults(config, g_get_real_time() / G_USEC_PER_SEC);
        if (moment_check_new(&kind, domain, config->name, error) < 0)
                return -1;
        if (snapshot_config_align_disks(config, now, DISK_SNAPSHOT_INTERNAL, true, error) < 0 ||
                snapshot_config_validate(config, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

TEST_GUEST(snapshot_create_xml, SnapshotCreateXML)
{
        Moment *snapshot = NULL;
        SnapshotConfig *config = NULL;

        if ((in->flags & CREATE_CURRENT) && !(in->flags & CREATE_REDEFINE))
                return error_set(error, ERROR_INVALID_ARG,
                        "the flag for the current snapshot needs the one that redefines it");
        if ((in->flags & CREATE_REDEFINE) && (in->flags & CREATE_HALT))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to redefine a snapshot and to halt the domain exclude each other");
        if (test_flags(in->flags, ~(uint32_t)CREATE_REFUSED, "testDomainSnapshotCreateXML", error) <
                0)
                return -1;
        if (domain->checkpoints)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "cannot create snapshot while checkpoint exists");
        if (!domain->properties.persistent && (in->flags & CREATE_HALT))
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot halt after transient domain snapshot");
        if (in->flags & CREATE_REDEFINE) {
                if (redefine(domain, in->xml, in->flags, &snapshot, error) < 0)
                        return -1;
        } else {
                if (describe(domain, in->xml, &config, error) < 0)
                        return -1;
                snapshot = add(domain, config);
                moment_set_current(&kind, domain, snapshot);
                if ((in->flags & CREATE_HALT) && domain_is_active(domain))
                        test_stopped(domain, SHUTOFF_FROM_SNAPSHOT, STOPPED_FROM_SNAPSHOT);
        }
        out->domain_snapshot = object_ref(snapshot);
        return 0;
}

TEST_SNAPSHOT(get_xml_desc, GetXMLDesc)
{
        (void)error;
        out->xml = snapshot_config_format(self_of(snapshot)->config, in->flags);
        return 0;
}

TEST_SNAPSHOT(delete, Delete)
{
        (void)out;
        return moment_delete(&kind, &self_of(snapshot)->moment, in->flags, error);
}

/* Going back. */

static bool is_active(const SnapshotConfig *config)
{
        return config->state == SNAPSHOT_RUNNING || config->state == SNAPSHOT_PAUSED;
}

/* What it was when it was taken, for a guest that runs. */
static void replace_live(Domain *domain, DomainConfig *config)
{
        LocalDomain *self = test_local(domain);

        config->id = self->live->id;
        domain_config_free(self->live);
        self->live = config;
        local_refresh(self, config);
}

/* It was active then: a guest that runs is changed in place, another one started. */
static int revert_to_active(
        Domain *domain, const SnapshotConfig *config, uint32_t flags, GError **error)
{
        DomainConfig *copy = domain_config_copy(config->domain);
        bool paused = flags & REVERT_PAUSED ||
                (config->state == SNAPSHOT_PAUSED && !(flags & REVERT_RUNNING));
        DomainState before = domain_state(domain);
        unsigned id = domain->properties.id;

        if (!domain_is_active(domain))
                return local_start(test_local(domain), copy, LOCAL_FROM_SNAPSHOT,
                        paused ? START_PAUSED : 0, error);
        replace_live(domain, copy);
        if (paused) {
                domain_set_state(domain, DOMAIN_PAUSED, PAUSED_FROM_SNAPSHOT, id);
                if (before == DOMAIN_RUNNING)
                        domain_emit(domain, EVENT_SUSPENDED, SUSPENDED_FROM_SNAPSHOT);
        } else {
                domain_set_state(domain, DOMAIN_RUNNING, RUNNING_FROM_SNAPSHOT, id);
                if (before == DOMAIN_PAUSED)
                        domain_emit(domain, EVENT_RESUMED, RESUMED_FROM_SNAPSHOT);
        }
        return 0;
}

/* It was off then. It is turned off now, its definition is the one it had, and it may be started at
 * once. */
static int revert_to_inactive(
        Domain *domain, const SnapshotConfig *config, uint32_t flags, GError **error)
{
        g_autofree char *text = NULL;

        if (domain->properties.persistent) {
                if (local_format(config->domain, DOMAIN_XML_INACTIVE, &text, error) < 0 ||
                        local_hooks(test_local(domain))->store(test_local(domain), text, error) < 0)
                        return -1;
        }
        if (domain_is_active(domain) && domain->properties.persistent)
                test_stopped(domain, SHUTOFF_FROM_SNAPSHOT, STOPPED_FROM_SNAPSHOT);
        else if (domain_is_active(domain)) {
                /* One without a definition would be gone: it goes on from there instead. */
                return revert_to_active(domain, config, flags, error);
        } else {
                local_refresh(test_local(domain), config->domain);
        }
        if (!(flags & (REVERT_RUNNING | REVERT_PAUSED)))
                return 0;
        return local_start(test_local(domain), domain_config_copy(config->domain),
                LOCAL_FROM_SNAPSHOT, flags & REVERT_PAUSED ? START_PAUSED : 0, error);
}

TEST_SNAPSHOT(revert, Revert)
{
        Domain *domain = (Domain *)snapshot->object.parent;
        const SnapshotConfig *config = self_of(snapshot)->config;
        bool run = in->flags & (REVERT_RUNNING | REVERT_PAUSED);
        int r;

        (void)out;
        if ((in->flags & REVERT_RUNNING) && (in->flags & REVERT_PAUSED))
                return error_set_argument(error,
                        "running and paused flags in %s are mutually exclusive",
                        "virDomainRevertToSnapshot");
        if (test_flags(in->flags, REVERT_RUNNING | REVERT_PAUSED | REVERT_FORCE,
                    "testDomainRevertToSnapshot", error) < 0 ||
                moment_require_here(&kind, &self_of(snapshot)->moment, error) < 0)
                return -1;
        if (!domain->properties.persistent && !is_active(config) && !run)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "transient domain needs to request run or pause to revert to inactive snapshot");
        if (!config->domain)
                return error_set(error, ERROR_SNAPSHOT_REVERT_RISKY,
                        "snapshot '%s' lacks domain '%s' rollback info", snapshot->properties.name,
                        domain->properties.name);
        if (!(in->flags & REVERT_FORCE) && domain_is_active(domain) && !is_active(config) && run)
                return error_set(error, ERROR_SNAPSHOT_REVERT_RISKY,
                        "must respawn guest to start inactive snapshot");
        r = is_active(config) ? revert_to_active(domain, config, in->flags, error) :
                                revert_to_inactive(domain, config, in->flags, error);
        if (r >= 0)
                moment_set_current(&kind, domain, &self_of(snapshot)->moment);
        return r;
}

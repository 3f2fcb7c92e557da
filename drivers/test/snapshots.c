/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Snapshots: the configurations a guest had, and whether it ran. The objects hold the tree: each
 * knows its parent by name, and one is current. */

#include <string.h>

#include "drivers/model/snapshot.h"
#include "drivers/test/test.h"

typedef struct TestSnapshot {
        DomainSnapshot snapshot;
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
        DELETE_CHILDREN = 1 << 0,
        DELETE_METADATA_ONLY = 1 << 1,
        DELETE_CHILDREN_ONLY = 1 << 2,
};

enum {
        REVERT_RUNNING = 1 << 0,
        REVERT_PAUSED = 1 << 1,
        REVERT_FORCE = 1 << 2,
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

static DomainSnapshot *find_current(const Domain *domain)
{
        for (unsigned i = 0; domain->snapshots && i < domain->snapshots->len; i++) {
                DomainSnapshot *snapshot = domain->snapshots->pdata[i];

                if (snapshot->properties.current)
                        return snapshot;
        }
        return NULL;
}

static DomainSnapshot *find_named(const Domain *domain, const char *name)
{
        return name ? (DomainSnapshot *)domain_find_child(domain->snapshots, name) : NULL;
}

/* NULL: none of them. */
static void set_current(Domain *domain, DomainSnapshot *current)
{
        DomainSnapshot *old = find_current(domain);

        if (old && old != current)
                object_set_bool(old, DOMAIN_SNAPSHOT_PROPERTY_CURRENT, false);
        if (current)
                object_set_bool(current, DOMAIN_SNAPSHOT_PROPERTY_CURRENT, true);
}

static void set_parent(DomainSnapshot *snapshot, const char *parent)
{
        SnapshotConfig *config = self_of(snapshot)->config;
        char *copy = parent && parent[0] ? g_strdup(parent) : NULL;

        g_free(config->parent.name);
        config->parent.name = copy;
        object_set_string(snapshot, DOMAIN_SNAPSHOT_PROPERTY_PARENT, copy);
}

/* Takes config. */
static DomainSnapshot *add(Domain *domain, SnapshotConfig *config)
{
        TestSnapshot *self = g_new0(TestSnapshot, 1);
        DomainSnapshot *snapshot = &self->snapshot;
        DomainSnapshotProperties *properties = &snapshot->properties;

        child_init(&snapshot->object, &domain_snapshot_class, properties, &domain->object,
                snapshot_free);
        self->config = config;
        properties->name = g_strdup(config->name);
        properties->description = g_strdup(config->description);
        properties->creation_time = number_or(config->creation_time, 0);
        properties->state = g_strdup(enum_name(&snapshot_state_names, (int)config->state));
        properties->parent = g_strdup(config->parent.name);
        domain_add_child(&domain->snapshots, snapshot);
        if (domain->object.published)
                object_publish(snapshot);
        object_unref(snapshot);
        return snapshot;
}

static bool descends(const Domain *domain, const char *name, const char *ancestor)
{
        for (unsigned steps = 0; name && steps <= domain->snapshots->len; steps++) {
                const DomainSnapshot *snapshot = find_named(domain, name);

                if (strcmp(name, ancestor) == 0)
                        return true;
                name = snapshot ? snapshot->properties.parent : NULL;
        }
        return false;
}

/* One that is described whole takes its place in the tree, where it may be already. */
static int check_redefined(const Domain *domain, const SnapshotConfig *config, GError **error)
{
        const char *parent = config->parent.name;

        if (parent && strcmp(parent, config->name) == 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "cannot set snapshot %s as its own parent", config->name);
        if (parent && !find_named(domain, parent))
                return error_set(error, ERROR_INVALID_ARG, "parent %s for snapshot %s not found",
                        parent, config->name);
        if (parent && descends(domain, parent, config->name))
                return error_set(error, ERROR_INVALID_ARG, "parent %s would create cycle to %s",
                        parent, config->name);
        if (config->domain && g_strcmp0(config->domain->uuid, domain->properties.uuid) != 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "definition for snapshot %s must use uuid %s", config->name,
                        domain->properties.uuid);
        return 0;
}

int test_snapshot_load(Domain *domain, const char *xml, bool current, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL;
        DomainSnapshot *snapshot;

        if (snapshot_config_parse(xml, SNAPSHOT_PARSE_REDEFINE, &config, error) < 0)
                return -1;
        snapshot_config_defaults(config, 0);
        if (snapshot_config_validate(config, error) < 0)
                return -1;
        if (find_named(domain, config->name))
                return error_set(error, ERROR_OPERATION_FAILED, "domain moment %s already exists",
                        config->name);
        if (current && find_current(domain))
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "too many snapshots claiming to be current for domain %s",
                        domain->properties.name);
        snapshot = add(domain, g_steal_pointer(&config));
        if (current)
                set_current(domain, snapshot);
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

static int redefine(
        Domain *domain, const char *xml, uint32_t flags, DomainSnapshot **ret, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL;
        DomainSnapshot *old;
        bool current;

        if (snapshot_config_parse(xml, SNAPSHOT_PARSE_REDEFINE, &config, error) < 0)
                return -1;
        snapshot_config_defaults(config, g_get_real_time() / G_USEC_PER_SEC);
        if (check_redefined(domain, config, error) < 0 ||
                snapshot_config_validate(config, error) < 0)
                return -1;
        old = find_named(domain, config->name);
        current = flags & CREATE_CURRENT || (old && old->properties.current);
        if (old)
                domain_remove_child(&domain->snapshots, old);
        *ret = add(domain, g_steal_pointer(&config));
        if (current)
                set_current(domain, *ret);
        return 0;
}

/* What is to be taken now. */
static int describe(Domain *domain, const char *xml, SnapshotConfig **ret, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL;
        g_autoptr(DomainConfig) to_free = NULL;
        const DomainSnapshot *current = find_current(domain);
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
        config->parent.name = current ? g_strdup(current->properties.name) : NULL;
        snapshot_config_defaults(config, g_get_real_time() / G_USEC_PER_SEC);
        if (domain_find_child(domain->snapshots, config->name))
                return error_set(error, ERROR_OPERATION_FAILED, "domain moment %s already exists",
                        config->name);
        if (snapshot_config_align_disks(config, now, DISK_SNAPSHOT_INTERNAL, true, error) < 0 ||
                snapshot_config_validate(config, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

TEST_GUEST(snapshot_create_xml, SnapshotCreateXML)
{
        DomainSnapshot *snapshot = NULL;
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
                set_current(domain, snapshot);
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

/* Deleting. */

static int require_here(DomainSnapshot *snapshot, GError **error)
{
        return !snapshot->object.gone ?
                0 :
                error_set(error, ERROR_NO_DOMAIN_SNAPSHOT,
                        "no domain snapshot with matching name '%s'", snapshot->properties.name);
}

/* All below it; true where the current one was among them. */
static bool delete_below(Domain *domain, const DomainSnapshot *snapshot)
{
        g_autoptr(GPtrArray) below = g_ptr_array_new();
        bool current = false;

        for (unsigned i = 0; i < domain->snapshots->len; i++) {
                DomainSnapshot *other = domain->snapshots->pdata[i];

                if (other != snapshot &&
                        descends(domain, other->properties.name, snapshot->properties.name)) {
                        current |= other->properties.current;
                        g_ptr_array_add(below, other);
                }
        }
        for (unsigned i = 0; i < below->len; i++)
                domain_remove_child(&domain->snapshots, below->pdata[i]);
        return current;
}

/* Its children become those of its parent. */
static void pass_children_on(Domain *domain, const DomainSnapshot *snapshot)
{
        for (unsigned i = 0; i < domain->snapshots->len; i++) {
                DomainSnapshot *other = domain->snapshots->pdata[i];

                if (g_strcmp0(other->properties.parent, snapshot->properties.name) == 0)
                        set_parent(other, snapshot->properties.parent);
        }
}

TEST_SNAPSHOT(delete, Delete)
{
        Domain *domain = (Domain *)snapshot->object.parent;
        bool below = in->flags & (DELETE_CHILDREN | DELETE_CHILDREN_ONLY);
        bool current = snapshot->properties.current;
        DomainSnapshot *parent;

        (void)out;
        if ((in->flags & DELETE_CHILDREN) && (in->flags & DELETE_CHILDREN_ONLY))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to delete with the children and the children only exclude each other");
        if (require_here(snapshot, error) < 0)
                return -1;
        parent = find_named(domain, snapshot->properties.parent);
        if (below)
                current |= delete_below(domain, snapshot);
        if (in->flags & DELETE_CHILDREN_ONLY) {
                if (current)
                        set_current(domain, snapshot);
                return 0;
        }
        if (!below)
                pass_children_on(domain, snapshot);
        domain_remove_child(&domain->snapshots, snapshot);
        if (current && !below)
                set_current(domain, parent);
        return 0;
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
                require_here(snapshot, error) < 0)
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
                set_current(domain, snapshot);
        return r;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of org.virtbus1.Domain, DomainSnapshot and DomainCheckpoint that need no driver. */

#include <string.h>

#include "handlers.h"
#include "interfaces/lookup.h"

int domain_handle_get_state(
        Call *call, const DomainGetStateIn *in, DomainGetStateOut *out, GError **error)
{
        const Domain *domain = (Domain *)call->object;

        (void)in, (void)error;
        out->state.state = domain->properties.state.state;
        out->state.reason = domain->properties.state.reason;
        return 0;
}

/* Snapshots and checkpoints: a tree of each for a domain, by the names of parents. */

typedef struct Tree {
        GPtrArray *nodes; /* NULL: none */
        const char *(*name)(const Object *node);
        const char *(*parent)(const Object *node); /* NULL or empty: a root */
} Tree;

static const char *snapshot_name(const Object *node)
{
        return ((const DomainSnapshot *)node)->properties.name;
}

static const char *snapshot_parent(const Object *node)
{
        return ((const DomainSnapshot *)node)->properties.parent;
}

static const char *checkpoint_name(const Object *node)
{
        return ((const DomainCheckpoint *)node)->properties.name;
}

static const char *checkpoint_parent(const Object *node)
{
        return ((const DomainCheckpoint *)node)->properties.parent;
}

static Tree snapshots_of(const Object *domain)
{
        return (Tree){ ((const Domain *)domain)->snapshots, snapshot_name, snapshot_parent };
}

static Tree checkpoints_of(const Object *domain)
{
        return (Tree){ ((const Domain *)domain)->checkpoints, checkpoint_name, checkpoint_parent };
}

static bool is_root(const Tree *tree, const Object *node)
{
        const char *parent = tree->parent(node);

        return !parent || !parent[0];
}

static bool has_children(const Tree *tree, const Object *node)
{
        for (unsigned i = 0; i < tree->nodes->len; i++)
                if (g_strcmp0(tree->parent(tree->nodes->pdata[i]), tree->name(node)) == 0)
                        return true;
        return false;
}

/* Whether node is below ancestor: right below, or at any depth. */
static bool descends(
        const Tree *tree, const Object *node, const Object *ancestor, bool at_any_depth)
{
        /* A chain longer than there are nodes would be a ring. */
        for (unsigned steps = 0; node && !is_root(tree, node) && steps < tree->nodes->len;
                steps++) {
                if (strcmp(tree->parent(node), tree->name(ancestor)) == 0)
                        return true;
                if (!at_any_depth)
                        return false;
                node = domain_find_child(tree->nodes, tree->parent(node));
        }
        return false;
}

/* Flags of the lists. The first has two meanings: roots only in a list of all, at any depth below
 * one. */
enum {
        LIST_ROOTS = 1 << 0,
        LIST_DESCENDANTS = 1 << 0,
        LIST_METADATA = 1 << 1,
        LIST_LEAVES = 1 << 2,
        LIST_NO_LEAVES = 1 << 3,
        LIST_NO_METADATA = 1 << 4,
        LIST_INACTIVE = 1 << 5,
        LIST_ACTIVE = 1 << 6,
        LIST_DISK_ONLY = 1 << 7,
        LIST_INTERNAL = 1 << 8,
        LIST_EXTERNAL = 1 << 9,
};

static bool snapshot_accepts(const Tree *tree, const Object *node, unsigned flags)
{
        static const unsigned groups[] = {
                LIST_METADATA | LIST_NO_METADATA,
                LIST_LEAVES | LIST_NO_LEAVES,
                LIST_INACTIVE | LIST_ACTIVE | LIST_DISK_ONLY,
                LIST_INTERNAL | LIST_EXTERNAL,
        };
        unsigned bits = LIST_METADATA | (has_children(tree, node) ? LIST_NO_LEAVES : LIST_LEAVES);

        if (node->class == &domain_snapshot_class) {
                const char *state = ((const DomainSnapshot *)node)->properties.state;

                bits |= g_strcmp0(state, "shutoff") == 0       ? LIST_INACTIVE :
                        g_strcmp0(state, "disk-snapshot") == 0 ? LIST_DISK_ONLY :
                                                                 LIST_ACTIVE;
                bits |= g_strcmp0(state, "disk-snapshot") == 0 ? LIST_EXTERNAL : LIST_INTERNAL;
        }
        return lookup_fits(groups, G_N_ELEMENTS(groups), flags, bits);
}

/* below NULL: all of the tree. */
static void list_nodes(const Tree *tree, const Object *below, unsigned flags, void *ret)
{
        GPtrArray *list = g_ptr_array_new_with_free_func(object_unref_notify);

        for (unsigned i = 0; tree->nodes && i < tree->nodes->len; i++) {
                Object *node = tree->nodes->pdata[i];

                if (below && !descends(tree, node, below, flags & LIST_DESCENDANTS))
                        continue;
                if (!below && (flags & LIST_ROOTS) && !is_root(tree, node))
                        continue;
                if (snapshot_accepts(tree, node, flags))
                        g_ptr_array_add(list, object_ref(node));
        }
        lookup_take(list, ret);
}

static int parent_of(const Tree *tree, const Object *node, int missing, const char *what,
        Object **ret, GError **error)
{
        Object *parent =
                is_root(tree, node) ? NULL : domain_find_child(tree->nodes, tree->parent(node));

        if (!parent)
                return error_set(
                        error, missing, "%s '%s' does not have a parent", what, tree->name(node));
        *ret = object_ref(parent);
        return 0;
}

/* A driver without them says so. */
static int require_class(const Call *call, const ClassInfo *class, GError **error)
{
        const Connection *connection = domain_connection((Domain *)call->object);

        return driver_has(connection->driver, class) ?
                0 :
                error_set(error, ERROR_NO_SUPPORT, "%s", call->method->api);
}

int domain_handle_list_domain_snapshots(Call *call, const DomainListDomainSnapshotsIn *in,
        DomainListDomainSnapshotsOut *out, GError **error)
{
        const Tree tree = snapshots_of(call->object);

        if (require_class(call, &domain_snapshot_class, error) < 0)
                return -1;
        list_nodes(&tree, NULL, in->flags, &out->domain_snapshots);
        return 0;
}

int domain_handle_snapshot_lookup_by_name(Call *call, const DomainSnapshotLookupByNameIn *in,
        DomainSnapshotLookupByNameOut *out, GError **error)
{
        Object *snapshot = domain_find_child(((Domain *)call->object)->snapshots, in->name);

        if (require_class(call, &domain_snapshot_class, error) < 0)
                return -1;
        if (!snapshot)
                return error_set(error, ERROR_NO_DOMAIN_SNAPSHOT,
                        "no domain snapshot with matching name '%s'", in->name);
        out->domain_snapshot = object_ref(snapshot);
        return 0;
}

int domain_handle_snapshot_current(Call *call, const DomainSnapshotCurrentIn *in,
        DomainSnapshotCurrentOut *out, GError **error)
{
        GPtrArray *snapshots = ((Domain *)call->object)->snapshots;

        (void)in;
        if (require_class(call, &domain_snapshot_class, error) < 0)
                return -1;
        for (unsigned i = 0; snapshots && i < snapshots->len; i++)
                if (((DomainSnapshot *)snapshots->pdata[i])->properties.current) {
                        out->domain_snapshot = object_ref(snapshots->pdata[i]);
                        return 0;
                }
        return error_set(
                error, ERROR_NO_DOMAIN_SNAPSHOT, "the domain does not have a current snapshot");
}

int domain_snapshot_handle_get_parent(Call *call, const DomainSnapshotGetParentIn *in,
        DomainSnapshotGetParentOut *out, GError **error)
{
        const Tree tree = snapshots_of(call->object->parent);

        (void)in;
        return parent_of(&tree, call->object, ERROR_NO_DOMAIN_SNAPSHOT, "snapshot",
                &out->domain_snapshot, error);
}

int domain_snapshot_handle_is_current(Call *call, const DomainSnapshotIsCurrentIn *in,
        DomainSnapshotIsCurrentOut *out, GError **error)
{
        (void)in, (void)error;
        out->domain_snapshot = ((DomainSnapshot *)call->object)->properties.current;
        return 0;
}

int domain_snapshot_handle_list_children(Call *call, const DomainSnapshotListChildrenIn *in,
        DomainSnapshotListChildrenOut *out, GError **error)
{
        const Tree tree = snapshots_of(call->object->parent);

        (void)error;
        list_nodes(&tree, call->object, in->flags, &out->domain_snapshots);
        return 0;
}

int domain_handle_list_checkpoints(Call *call, const DomainListCheckpointsIn *in,
        DomainListCheckpointsOut *out, GError **error)
{
        const Tree tree = checkpoints_of(call->object);

        if (require_class(call, &domain_checkpoint_class, error) < 0)
                return -1;
        list_nodes(&tree, NULL, in->flags, &out->checkpoints);
        return 0;
}

int domain_handle_checkpoint_lookup_by_name(Call *call, const DomainCheckpointLookupByNameIn *in,
        DomainCheckpointLookupByNameOut *out, GError **error)
{
        Object *checkpoint = domain_find_child(((Domain *)call->object)->checkpoints, in->name);

        if (require_class(call, &domain_checkpoint_class, error) < 0)
                return -1;
        if (!checkpoint)
                return error_set(error, ERROR_NO_DOMAIN_CHECKPOINT,
                        "no domain checkpoint with matching name '%s'", in->name);
        out->checkpoint = object_ref(checkpoint);
        return 0;
}

int domain_checkpoint_handle_get_parent(Call *call, const DomainCheckpointGetParentIn *in,
        DomainCheckpointGetParentOut *out, GError **error)
{
        const Tree tree = checkpoints_of(call->object->parent);

        (void)in;
        return parent_of(&tree, call->object, ERROR_NO_DOMAIN_CHECKPOINT, "checkpoint",
                &out->checkpoint, error);
}

int domain_checkpoint_handle_list_children(Call *call, const DomainCheckpointListChildrenIn *in,
        DomainCheckpointListChildrenOut *out, GError **error)
{
        const Tree tree = checkpoints_of(call->object->parent);

        (void)error;
        list_nodes(&tree, call->object, in->flags, &out->checkpoints);
        return 0;
}

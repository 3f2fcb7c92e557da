/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checkpoints: a chain of marks, the last of which is the parent of the next. */

#include <string.h>

#include "drivers/model/checkpoint.h"
#include "drivers/test/test.h"

typedef struct TestCheckpoint {
        DomainCheckpoint checkpoint;
        CheckpointConfig *config;
        bool current; /* the last one; the parent of the next */
} TestCheckpoint;

enum {
        CREATE_REDEFINE = 1 << 0,
        CREATE_QUIESCE = 1 << 1,
};

enum {
        DELETE_CHILDREN = 1 << 0,
        DELETE_METADATA_ONLY = 1 << 1,
        DELETE_CHILDREN_ONLY = 1 << 2,
};

static TestCheckpoint *self_of(void *checkpoint)
{
        return checkpoint;
}

static void checkpoint_free(Object *object)
{
        checkpoint_config_free(self_of(object)->config);
        g_free(object);
}

static TestCheckpoint *find_current(const Domain *domain)
{
        for (unsigned i = 0; domain->checkpoints && i < domain->checkpoints->len; i++)
                if (self_of(domain->checkpoints->pdata[i])->current)
                        return domain->checkpoints->pdata[i];
        return NULL;
}

static TestCheckpoint *find_named(const Domain *domain, const char *name)
{
        return name ? (TestCheckpoint *)domain_find_child(domain->checkpoints, name) : NULL;
}

/* NULL: none of them. */
static void set_current(const Domain *domain, TestCheckpoint *current)
{
        TestCheckpoint *old = find_current(domain);

        if (old)
                old->current = false;
        if (current)
                current->current = true;
}

static void set_parent(TestCheckpoint *self, const char *parent)
{
        char *copy = parent && parent[0] ? g_strdup(parent) : NULL;

        g_free(self->config->parent.name);
        self->config->parent.name = copy;
        object_set_string(self, DOMAIN_CHECKPOINT_PROPERTY_PARENT, copy);
}

/* Takes config. */
static TestCheckpoint *add(Domain *domain, CheckpointConfig *config)
{
        TestCheckpoint *self = g_new0(TestCheckpoint, 1);
        DomainCheckpointProperties *properties = &self->checkpoint.properties;

        child_init(&self->checkpoint.object, &domain_checkpoint_class, properties, &domain->object,
                checkpoint_free);
        self->config = config;
        properties->name = g_strdup(config->name);
        properties->description = g_strdup(config->description);
        properties->creation_time = number_or(config->creation_time, 0);
        properties->parent = g_strdup(config->parent.name);
        domain_add_child(&domain->checkpoints, self);
        object_publish(self);
        object_unref(self);
        return self;
}

static bool descends(const Domain *domain, const char *name, const char *ancestor)
{
        for (unsigned steps = 0; name && steps <= domain->checkpoints->len; steps++) {
                TestCheckpoint *self = find_named(domain, name);

                if (strcmp(name, ancestor) == 0)
                        return true;
                name = self ? self->config->parent.name : NULL;
        }
        return false;
}

static int check_redefined(const Domain *domain, const CheckpointConfig *config, GError **error)
{
        const char *parent = config->parent.name;

        if (parent && strcmp(parent, config->name) == 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "cannot set checkpoint %s as its own parent", config->name);
        if (parent && !find_named(domain, parent))
                return error_set(error, ERROR_INVALID_ARG, "parent %s for checkpoint %s not found",
                        parent, config->name);
        if (parent && descends(domain, parent, config->name))
                return error_set(error, ERROR_INVALID_ARG, "parent %s would create cycle to %s",
                        parent, config->name);
        if (config->domain && g_strcmp0(config->domain->uuid, domain->properties.uuid) != 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "definition for checkpoint %s must use uuid %s", config->name,
                        domain->properties.uuid);
        return 0;
}

/* What is to be made now. */
static int describe(Domain *domain, CheckpointConfig *config, GError **error)
{
        const TestCheckpoint *current = find_current(domain);

        domain_config_free(config->domain);
        config->domain = domain_config_copy(test_local(domain)->live);
        g_free(config->parent.name);
        config->parent.name = current ? g_strdup(current->config->name) : NULL;
        checkpoint_config_defaults(config, g_get_real_time() / G_USEC_PER_SEC);
        if (find_named(domain, config->name))
                return error_set(error, ERROR_OPERATION_FAILED, "domain moment %s already exists",
                        config->name);
        return checkpoint_config_align_disks(config, test_local(domain)->live, error);
}

TEST_GUEST(checkpoint_create_xml, CheckpointCreateXML)
{
        bool redefine = in->flags & CREATE_REDEFINE;
        g_autoptr(CheckpointConfig) config = NULL;
        TestCheckpoint *self, *old;
        bool current = true;

        if (redefine && (in->flags & CREATE_QUIESCE))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to redefine a checkpoint and to quiesce the guest exclude each other");
        if (test_flags(in->flags, CREATE_REDEFINE | CREATE_QUIESCE, "testDomainCheckpointCreateXML",
                    error) < 0)
                return -1;
        if (domain->snapshots)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "cannot create checkpoint while snapshot exists");
        if (!domain_is_active(domain) && !redefine)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot create checkpoint for inactive domain");
        if (checkpoint_config_parse(
                    in->xml, redefine ? CHECKPOINT_PARSE_REDEFINE : 0, &config, error) < 0)
                return -1;
        if (redefine ? check_redefined(domain, config, error) < 0 :
                       describe(domain, config, error) < 0)
                return -1;
        if (checkpoint_config_validate(config, error) < 0)
                return -1;
        old = redefine ? find_named(domain, config->name) : NULL;
        if (redefine)
                current = !find_current(domain) || (old && old->current);
        if (old)
                domain_remove_child(&domain->checkpoints, old);
        self = add(domain, g_steal_pointer(&config));
        if (current)
                set_current(domain, self);
        out->checkpoint = object_ref(self);
        return 0;
}

TEST_CHECKPOINT(get_xml_desc, GetXMLDesc)
{
        (void)error;
        /* What has changed since is not known of a guest that does nothing. */
        out->xml = checkpoint_config_format(
                self_of(checkpoint)->config, in->flags & ~(unsigned)CHECKPOINT_XML_SIZE);
        return 0;
}

/* All below it; true where the current one was among them. */
static bool delete_below(Domain *domain, const TestCheckpoint *self)
{
        g_autoptr(GPtrArray) below = g_ptr_array_new();
        bool current = false;

        for (unsigned i = 0; i < domain->checkpoints->len; i++) {
                TestCheckpoint *other = domain->checkpoints->pdata[i];

                if (other != self && descends(domain, other->config->name, self->config->name)) {
                        current |= other->current;
                        g_ptr_array_add(below, other);
                }
        }
        for (unsigned i = 0; i < below->len; i++)
                domain_remove_child(&domain->checkpoints, below->pdata[i]);
        return current;
}

TEST_CHECKPOINT(delete, Delete)
{
        Domain *domain = (Domain *)checkpoint->object.parent;
        bool below = in->flags & (DELETE_CHILDREN | DELETE_CHILDREN_ONLY);
        TestCheckpoint *self = self_of(checkpoint), *parent;
        bool current = self->current;

        (void)out;
        if ((in->flags & DELETE_CHILDREN) && (in->flags & DELETE_CHILDREN_ONLY))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to delete with the children and the children only exclude each other");
        if (checkpoint->object.gone)
                return error_set(error, ERROR_NO_DOMAIN_CHECKPOINT,
                        "no domain checkpoint with matching name '%s'", self->config->name);
        parent = find_named(domain, self->config->parent.name);
        if (below)
                current |= delete_below(domain, self);
        if (in->flags & DELETE_CHILDREN_ONLY) {
                if (current)
                        set_current(domain, self);
                return 0;
        }
        for (unsigned i = 0; !below && i < domain->checkpoints->len; i++) {
                TestCheckpoint *other = domain->checkpoints->pdata[i];

                if (g_strcmp0(other->config->parent.name, self->config->name) == 0)
                        set_parent(other, self->config->parent.name);
        }
        domain_remove_child(&domain->checkpoints, checkpoint);
        if (current)
                set_current(domain, parent);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checkpoints: a chain of marks, the last of which is the parent of the next. */

#include "drivers/model/checkpoint.h"
#include "drivers/test/moments.h"
#include "drivers/test/test.h"

typedef struct TestCheckpoint {
        Moment moment;
        CheckpointConfig *config;
} TestCheckpoint;

enum {
        CREATE_REDEFINE = 1 << 0,
        CREATE_QUIESCE = 1 << 1,
};

/* The last one is current: the parent of the next. */
static const MomentKind kind = {
        .noun = "checkpoint",
        .missing = ERROR_NO_DOMAIN_CHECKPOINT,
        .list = offsetof(Domain, checkpoints),
        .name = DOMAIN_CHECKPOINT_PROPERTY_NAME,
        .parent = DOMAIN_CHECKPOINT_PROPERTY_PARENT,
        .current = -1,
        .parent_follows = true,
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

/* Takes config. */
static Moment *add(Domain *domain, CheckpointConfig *config)
{
        TestCheckpoint *self = g_new0(TestCheckpoint, 1);
        DomainCheckpointProperties *properties = &self->moment.checkpoint.properties;

        child_init(&self->moment.object, &domain_checkpoint_class, properties, &domain->object,
                checkpoint_free);
        self->config = config;
        self->moment.parent = &config->parent.name;
        properties->name = g_strdup(config->name);
        properties->description = g_strdup(config->description);
        properties->creation_time = number_or(config->creation_time, 0);
        properties->parent = g_strdup(config->parent.name);
        moment_add(&kind, domain, &self->moment);
        return &self->moment;
}

/* What is to be made now. */
static int describe(Domain *domain, CheckpointConfig *config, GError **error)
{
        const Moment *current = moment_current(&kind, domain);

        domain_config_free(config->domain);
        config->domain = domain_config_copy(test_local(domain)->live);
        g_free(config->parent.name);
        config->parent.name = current ? g_strdup(current->checkpoint.properties.name) : NULL;
        checkpoint_config_defaults(config, g_get_real_time() / G_USEC_PER_SEC);
        if (moment_check_new(&kind, domain, config->name, error) < 0)
                return -1;
        return checkpoint_config_align_disks(config, test_local(domain)->live, error);
}

TEST_GUEST(checkpoint_create_xml, CheckpointCreateXML)
{
        bool redefine = in->flags & CREATE_REDEFINE;
        g_autoptr(CheckpointConfig) config = NULL;
        Moment *self, *old;
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
        if (redefine ? moment_check_redefined(&kind, domain, config->name, config->parent.name,
                               config->domain, error) < 0 :
                       describe(domain, config, error) < 0)
                return -1;
        if (checkpoint_config_validate(config, error) < 0)
                return -1;
        old = redefine ? moment_find(&kind, domain, config->name) : NULL;
        if (redefine)
                current = !moment_current(&kind, domain) || (old && old->current);
        if (old)
                moment_remove(&kind, domain, old);
        self = add(domain, g_steal_pointer(&config));
        if (current)
                moment_set_current(&kind, domain, self);
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

TEST_CHECKPOINT(delete, Delete)
{
        (void)out;
        return moment_delete(&kind, &self_of(checkpoint)->moment, in->flags, error);
}

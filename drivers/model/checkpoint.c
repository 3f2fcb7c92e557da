/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/checkpoint.h"

#include <string.h>

#include "drivers/model/document.h"
#include "drivers/model/domain-tables.h"

ENUM_TABLE(checkpoint_mode_names, "way to take a checkpoint",
        CHECKPOINT_MODE_MAX, [CHECKPOINT_NO] = "no", [CHECKPOINT_BITMAP] = "bitmap");

/* Beside the engine's, which are bits 0 and 1. */
enum {
        FORMAT_NO_DOMAIN = 1 << 8,
        FORMAT_NO_SIZE = 1 << 9,
};

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

static bool omit_size(const void *object, unsigned flags)
{
        (void)object;
        return flags & FORMAT_NO_SIZE;
}

static bool omit_domain(const void *object, unsigned flags)
{
        (void)object;
        return flags & FORMAT_NO_DOMAIN;
}

static const BindRow parent_rows[] = {
        ELEMENT("name", CheckpointParent, name, STRING),
        BIND_END,
};
static const BindType parent_type = BIND_TYPE(CheckpointParent, parent_rows);

static const BindRow disk_rows[] = {
        ATTRIBUTE("name", CheckpointDisk, name, STRING),
        ATTRIBUTE("checkpoint", CheckpointDisk, checkpoint, ENUM(checkpoint_mode_names)),
        ATTRIBUTE("bitmap", CheckpointDisk, bitmap, STRING),
        ATTRIBUTE("size", CheckpointDisk, size, NUMBER(0, INT64_MAX), OMIT(omit_size)),
        BIND_END,
};
static const BindType checkpoint_disk_type = BIND_TYPE(CheckpointDisk, disk_rows);

static const BindRow disks_rows[] = {
        LIST("disk", CheckpointDisks, disks, checkpoint_disk_type),
        BIND_END,
};
static const BindType disks_type = BIND_TYPE(CheckpointDisks, disks_rows);

static const BindRow checkpoint_rows[] = {
        ELEMENT("name", CheckpointConfig, name, STRING),
        ELEMENT("description", CheckpointConfig, description, STRING),
        CHILD("parent", CheckpointConfig, parent, parent_type),
        ELEMENT("creationTime", CheckpointConfig, creation_time, NUMBER(0, INT64_MAX)),
        CHILD("disks", CheckpointConfig, disks, disks_type),
        { BIND_NAMED(BIND_PLACE_POINTER, "domain", CheckpointConfig, domain), .type = &domain_type,
                OMIT(omit_domain) },
        BIND_END,
};
static const BindType checkpoint_type = BIND_TYPE(CheckpointConfig, checkpoint_rows);

static const DocumentKind checkpoint_kind = {
        .root = "domaincheckpoint", .what = "domain_checkpoint", .type = &checkpoint_type
};

/* ---- the passes ----------------------------------------------------------------------------- */

static int check_redefined(CheckpointConfig *config, GError **error)
{
        if (!config->name)
                return error_set(error, ERROR_XML_ERROR, "a redefined checkpoint must have a name");
        if (!config->creation_time.set)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "missing creationTime from existing checkpoint");
        if (!config->domain)
                return 0;
        if (document_check_name(config->domain->name, error) < 0)
                return -1;
        return document_check_uuid(&config->domain->uuid, error);
}

int checkpoint_config_parse(const char *xml, unsigned flags, CheckpointConfig **ret, GError **error)
{
        static const char *const not_said[] = { "parent", "creationTime", "domain", NULL };
        g_autoptr(xmlDoc) doc = xml_parse(xml, strlen(xml), checkpoint_kind.what, error);
        g_autoptr(CheckpointConfig) config = NULL;
        xmlNode *root;

        if (!doc)
                return -1;
        root = xmlDocGetRootElement(doc);
        if (!(flags & CHECKPOINT_PARSE_REDEFINE))
                document_drop(root, not_said);
        if (document_parse_node(&checkpoint_kind, root, BIND_INACTIVE, (void **)&config, error) < 0)
                return -1;
        if (config->name && !config->name[0])
                g_clear_pointer(&config->name, g_free);
        if ((flags & CHECKPOINT_PARSE_REDEFINE) && check_redefined(config, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int checkpoint_config_identify(const char *xml, char **ret_name, GError **error)
{
        const DocumentField fields[] = { { "name", ret_name } };

        return document_identify(&checkpoint_kind, xml, fields, G_N_ELEMENTS(fields), error);
}

void checkpoint_config_defaults(CheckpointConfig *config, int64_t now)
{
        config->creation_time = number(number_or(config->creation_time, now));
        if (!config->name)
                config->name = g_strdup_printf("%" G_GINT64_FORMAT, config->creation_time.value);
}

static CheckpointDisk *find_disk(const CheckpointDisks *disks, const Disk *of)
{
        for (size_t i = 0; i < disks->n_disks; i++)
                if (g_strcmp0(disks->disks[i]->name, of->target.dev) == 0 ||
                        (of->source.path && g_strcmp0(disks->disks[i]->name, of->source.path) == 0))
                        return disks->disks[i];
        return NULL;
}

int checkpoint_config_align_disks(
        CheckpointConfig *config, const DomainConfig *domain, GError **error)
{
        CheckpointDisks *disks = &config->disks;
        size_t n = domain->devices.n_disks;
        bool all = disks->n_disks == 0;
        g_autofree CheckpointDisk **sorted = g_new0(CheckpointDisk *, n + 1);

        if (n == 0)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "domain must have at least one disk to perform checkpoints");
        if (disks->n_disks > n)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "too many disk checkpoint requests for domain");
        for (size_t i = 0; i < n; i++) {
                const Disk *of = domain->devices.disks[i];

                sorted[i] = find_disk(disks, of);
                if (!sorted[i])
                        continue;
                g_free(sorted[i]->name);
                sorted[i]->name = g_strdup(of->target.dev);
        }
        for (size_t i = 0; i < disks->n_disks; i++) {
                bool found = false;

                for (size_t j = 0; j < n; j++)
                        found |= sorted[j] == disks->disks[i];
                if (found)
                        continue;
                for (size_t j = 0; j < n; j++)
                        if (sorted[j] && g_strcmp0(sorted[j]->name, disks->disks[i]->name) == 0)
                                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                        "disk '%s' specified twice", disks->disks[i]->name);
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "no disk named '%s'",
                        disks->disks[i]->name ?: "");
        }

        for (size_t i = 0; i < n; i++) {
                const Disk *of = domain->devices.disks[i];

                if (!sorted[i]) {
                        sorted[i] = g_new0(CheckpointDisk, 1);
                        sorted[i]->name = g_strdup(of->target.dev);
                        /* What is empty or read only does not change. */
                        sorted[i]->checkpoint = all && of->source.path && !of->readonly ?
                                CHECKPOINT_BITMAP :
                                CHECKPOINT_NO;
                        list_append(&disks->disks, &disks->n_disks, sorted[i]);
                }
                sorted[i]->checkpoint = sorted[i]->checkpoint ?: CHECKPOINT_BITMAP;
                if (sorted[i]->checkpoint == CHECKPOINT_BITMAP && !sorted[i]->bitmap)
                        sorted[i]->bitmap = g_strdup(config->name);
        }
        memcpy(disks->disks, sorted, n * sizeof(*sorted));
        return 0;
}

int checkpoint_config_validate(const CheckpointConfig *config, GError **error)
{
        for (size_t i = 0; i < config->disks.n_disks; i++) {
                const CheckpointDisk *disk = config->disks.disks[i];

                if (!disk->name)
                        return error_set(error, ERROR_XML_ERROR,
                                "missing name from disk checkpoint element");
                if (disk->bitmap && disk->checkpoint == CHECKPOINT_NO)
                        return error_set(error, ERROR_XML_ERROR,
                                "bitmap for disk '%s' requires type='bitmap'", disk->name);
        }
        return 0;
}

char *checkpoint_config_format(const CheckpointConfig *config, unsigned flags)
{
        return document_format(&checkpoint_kind, config,
                BIND_INACTIVE | (flags & CHECKPOINT_XML_SECURE ? BIND_WITH_SECRETS : 0) |
                        (flags & CHECKPOINT_XML_NO_DOMAIN ? FORMAT_NO_DOMAIN : 0) |
                        (flags & CHECKPOINT_XML_SIZE ? 0 : FORMAT_NO_SIZE));
}

CheckpointConfig *checkpoint_config_copy(const CheckpointConfig *config)
{
        return bind_duplicate(&checkpoint_type, config);
}

void checkpoint_config_free(CheckpointConfig *config)
{
        bind_free(&checkpoint_type, config);
}

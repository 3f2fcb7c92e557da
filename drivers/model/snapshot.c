/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/snapshot.h"

#include <string.h>

#include "drivers/model/document.h"
#include "drivers/model/domain-tables.h"

ENUM_TABLE(snapshot_state_names, "state of a snapshot",
        SNAPSHOT_STATE_MAX, [SNAPSHOT_NOSTATE] = "nostate", [SNAPSHOT_RUNNING] = "running",
        [SNAPSHOT_BLOCKED] = "blocked", [SNAPSHOT_PAUSED] = "paused",
        [SNAPSHOT_SHUTDOWN] = "shutdown", [SNAPSHOT_SHUTOFF] = "shutoff",
        [SNAPSHOT_CRASHED] = "crashed", [SNAPSHOT_PMSUSPENDED] = "pmsuspended",
        [SNAPSHOT_DISK_SNAPSHOT] = "disk-snapshot");

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

static const BindRow parent_rows[] = {
        ELEMENT("name", SnapshotParent, name, STRING),
        BIND_END,
};
static const BindType parent_type = BIND_TYPE(SnapshotParent, parent_rows);

static const BindRow memory_rows[] = {
        ATTRIBUTE("snapshot", SnapshotMemory, snapshot, ENUM(disk_snapshot_names)),
        ATTRIBUTE("file", SnapshotMemory, file, STRING),
        BIND_END,
};
static const BindType memory_type = BIND_TYPE(SnapshotMemory, memory_rows);

static const BindRow driver_rows[] = {
        ATTRIBUTE("type", SnapshotDriver, type, ENUM(disk_format_names)),
        BIND_END,
};
static const BindType driver_type = BIND_TYPE(SnapshotDriver, driver_rows);

static const BindRow source_rows[] = {
        ATTRIBUTE("file", SnapshotSource, file, STRING),
        ATTRIBUTE("dev", SnapshotSource, dev, STRING),
        BIND_END,
};
static const BindType source_type = BIND_TYPE(SnapshotSource, source_rows);

static const BindRow disk_rows[] = {
        ATTRIBUTE("name", SnapshotDisk, name, STRING),
        ATTRIBUTE("snapshot", SnapshotDisk, snapshot, ENUM(disk_snapshot_names)),
        ATTRIBUTE("type", SnapshotDisk, type, ENUM(disk_type_names)),
        CHILD("driver", SnapshotDisk, driver, driver_type),
        CHILD("source", SnapshotDisk, source, source_type),
        BIND_END,
};
static const BindType snapshot_disk_type = BIND_TYPE(SnapshotDisk, disk_rows);

static const BindRow disks_rows[] = {
        LIST("disk", SnapshotDisks, disks, snapshot_disk_type),
        BIND_END,
};
static const BindType disks_type = BIND_TYPE(SnapshotDisks, disks_rows);

static const BindRow snapshot_rows[] = {
        ELEMENT("name", SnapshotConfig, name, STRING),
        ELEMENT("description", SnapshotConfig, description, STRING),
        ELEMENT("state", SnapshotConfig, state, ENUM(snapshot_state_names)),
        CHILD("parent", SnapshotConfig, parent, parent_type),
        ELEMENT("creationTime", SnapshotConfig, creation_time, NUMBER(0, INT64_MAX)),
        CHILD("memory", SnapshotConfig, memory, memory_type),
        CHILD("disks", SnapshotConfig, disks, disks_type),
        POINTER("domain", SnapshotConfig, domain, domain_type),
        POINTER("inactiveDomain", SnapshotConfig, inactive_domain, domain_type),
        SUBTREE("cookie", SnapshotConfig, cookie),
        BIND_END,
};
static const BindType snapshot_type = BIND_TYPE(SnapshotConfig, snapshot_rows);

static const DocumentKind snapshot_kind = {
        .root = "domainsnapshot", .what = "domain_snapshot", .type = &snapshot_type
};

/* ---- parse ---------------------------------------------------------------------------------- */

static int check_redefined(SnapshotConfig *config, GError **error)
{
        DomainConfig *domains[] = { config->domain, config->inactive_domain };

        if (!config->name)
                return error_set(error, ERROR_XML_ERROR, "a redefined snapshot must have a name");
        if (!config->creation_time.set)
                return error_set(
                        error, ERROR_XML_ERROR, "missing creationTime from existing snapshot");
        if (!config->state)
                return error_set(error, ERROR_XML_ERROR, "missing state from existing snapshot");
        if (!config->domain)
                return error_set(error, ERROR_INTERNAL_ERROR, "missing domain in snapshot");
        for (size_t i = 0; i < G_N_ELEMENTS(domains); i++)
                if (domains[i] &&
                        (document_check_name(domains[i]->name, error) < 0 ||
                                document_check_uuid(&domains[i]->uuid, error) < 0))
                        return -1;
        return 0;
}

int snapshot_config_parse(const char *xml, unsigned flags, SnapshotConfig **ret, GError **error)
{
        static const char *const not_said[] = { "state", "parent", "creationTime", "domain",
                "inactiveDomain", "cookie", "active", NULL };
        static const char *const internal[] = { "active", NULL };
        bool redefine = flags & SNAPSHOT_PARSE_REDEFINE;
        g_autoptr(xmlDoc) doc = xml_parse(xml, strlen(xml), snapshot_kind.what, error);
        g_autoptr(SnapshotConfig) config = NULL;
        xmlNode *root;

        if (!doc)
                return -1;
        root = xmlDocGetRootElement(doc);
        document_drop(root, redefine ? internal : not_said);
        if (document_parse_node(&snapshot_kind, root, BIND_INACTIVE, (void **)&config, error) < 0)
                return -1;
        if (config->name && !config->name[0])
                g_clear_pointer(&config->name, g_free);
        if (redefine && check_redefined(config, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int snapshot_config_identify(const char *xml, char **ret_name, GError **error)
{
        const DocumentField fields[] = { { "name", ret_name } };

        return document_identify(&snapshot_kind, xml, fields, G_N_ELEMENTS(fields), error);
}

/* ---- defaults ------------------------------------------------------------------------------- */

static bool is_offline(const SnapshotConfig *config)
{
        return config->state == SNAPSHOT_SHUTOFF || config->state == SNAPSHOT_DISK_SNAPSHOT;
}

void snapshot_config_defaults(SnapshotConfig *config, int64_t now)
{
        config->creation_time = number(number_or(config->creation_time, now));
        if (!config->name)
                config->name = g_strdup_printf("%" G_GINT64_FORMAT, config->creation_time.value);
        if (config->memory.file && !config->memory.snapshot)
                config->memory.snapshot = DISK_SNAPSHOT_EXTERNAL;
        if (config->state && !config->memory.snapshot)
                config->memory.snapshot =
                        is_offline(config) ? DISK_SNAPSHOT_NO : DISK_SNAPSHOT_INTERNAL;
}

static Disk *find_disk(const DomainConfig *domain, const char *name, size_t *ret_index)
{
        for (size_t i = 0; i < domain->devices.n_disks; i++) {
                Disk *disk = domain->devices.disks[i];

                if (g_strcmp0(disk->target.dev, name) == 0 ||
                        (name[0] == '/' && g_strcmp0(disk->source.path, name) == 0)) {
                        *ret_index = i;
                        return disk;
                }
        }
        return NULL;
}

/* "/images/a.qcow2" becomes "/images/a.NAME". */
static char *external_path(const char *path, const char *snapshot)
{
        const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');

        return g_strdup_printf(
                "%.*s.%s", (int)(dot ? dot - path : (long)strlen(path)), path, snapshot);
}

static int align_named(
        SnapshotDisk *disk, const Disk *of, DiskSnapshot mode, bool only, GError **error)
{
        const char *file = disk->source.file ?: disk->source.dev;

        g_free(disk->name);
        disk->name = g_strdup(of->target.dev);
        if (!disk->snapshot)
                disk->snapshot = of->snapshot && (!only || of->snapshot == DISK_SNAPSHOT_NO) ?
                        of->snapshot :
                        mode;
        if (only && disk->snapshot != mode && disk->snapshot != DISK_SNAPSHOT_NO)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "disk '%s' must use snapshot mode '%s'", disk->name,
                        enum_name(&disk_snapshot_names, (int)mode));
        if (file && disk->snapshot != DISK_SNAPSHOT_EXTERNAL)
                return error_set(error, ERROR_XML_ERROR,
                        "file '%s' for disk '%s' requires use of external snapshot mode", file,
                        disk->name);
        return 0;
}

static int align_external(
        SnapshotConfig *config, SnapshotDisk *disk, const Disk *of, GError **error)
{
        if (disk->snapshot != DISK_SNAPSHOT_EXTERNAL)
                return 0;
        disk->type = disk->type ?: DISK_FILE;
        if (disk->source.file || disk->source.dev || disk->source.kept.attributes ||
                disk->source.kept.elements)
                return 0;
        if (disk->type != DISK_FILE || !of->source.path || of->type != DISK_FILE)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "cannot generate external snapshot name for disk '%s' without source",
                        disk->name);
        if (!config->name)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "cannot generate external snapshot name for disk '%s' without a name",
                        disk->name);
        disk->source.file = external_path(of->source.path, config->name);
        return 0;
}

int snapshot_config_align_disks(SnapshotConfig *config, const DomainConfig *domain,
        DiskSnapshot mode, bool only, GError **error)
{
        SnapshotDisks *disks = &config->disks;
        size_t n = domain->devices.n_disks, index;
        g_autofree SnapshotDisk **sorted = g_new0(SnapshotDisk *, n + 1);

        if (disks->n_disks > n)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "too many disk snapshot requests for domain");
        for (size_t i = 0; i < disks->n_disks; i++) {
                SnapshotDisk *disk = disks->disks[i];
                const Disk *of = find_disk(domain, disk->name ?: "", &index);

                if (!of)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED, "no disk named '%s'",
                                disk->name ?: "");
                if (sorted[index])
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "disk '%s' specified twice", of->target.dev);
                if (align_named(disk, of, mode, only, error) < 0)
                        return -1;
                sorted[index] = disk;
        }

        for (index = 0; index < n; index++) {
                const Disk *of = domain->devices.disks[index];

                if (!sorted[index]) {
                        SnapshotDisk *disk = g_new0(SnapshotDisk, 1);

                        disk->name = g_strdup(of->target.dev);
                        disk->snapshot = of->snapshot && !only ? of->snapshot : mode;
                        /* There is nothing in it to be kept. */
                        if (!of->source.path && of->type != DISK_NETWORK && of->type != DISK_VOLUME)
                                disk->snapshot = DISK_SNAPSHOT_NO;
                        list_append(&disks->disks, &disks->n_disks, disk);
                        sorted[index] = disk;
                }
                if (align_external(config, sorted[index], of, error) < 0)
                        return -1;
        }
        if (n > 0)
                memcpy(disks->disks, sorted, n * sizeof(*sorted));
        return 0;
}

/* ---- validate ------------------------------------------------------------------------------- */

static int validate_memory(const SnapshotConfig *config, GError **error)
{
        const SnapshotMemory *memory = &config->memory;
        bool external = memory->snapshot == DISK_SNAPSHOT_EXTERNAL;

        if (memory->snapshot == DISK_SNAPSHOT_MANUAL)
                return error_set(error, ERROR_XML_ERROR,
                        "memory snapshots are no, internal or external, not manual");
        if (external && !memory->file)
                return error_set(
                        error, ERROR_XML_ERROR, "external memory snapshots require a filename");
        if (memory->file && memory->snapshot && !external)
                return error_set(error, ERROR_XML_ERROR,
                        "memory filename '%s' requires external snapshot", memory->file);
        if (memory->file && memory->file[0] != '/')
                return error_set(error, ERROR_XML_ERROR,
                        "memory snapshot file path (%s) must be absolute", memory->file);
        if (memory->snapshot && memory->snapshot != DISK_SNAPSHOT_NO && is_offline(config))
                return error_set(error, ERROR_XML_ERROR,
                        "memory state cannot be saved with offline or disk-only snapshot");
        return 0;
}

int snapshot_config_validate(const SnapshotConfig *config, GError **error)
{
        if (validate_memory(config, error) < 0)
                return -1;
        for (size_t i = 0; i < config->disks.n_disks; i++) {
                const SnapshotDisk *disk = config->disks.disks[i];
                const char *path = disk->source.file ?: disk->source.dev;

                if (!disk->name)
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "missing name from disk snapshot element");
                if (path && path[0] != '/')
                        return error_set(error, ERROR_XML_ERROR,
                                "disk snapshot image path '%s' must be absolute", path);
        }
        return 0;
}

/* ---- format, copy, free --------------------------------------------------------------------- */

char *snapshot_config_format(const SnapshotConfig *config, unsigned flags)
{
        return document_format(&snapshot_kind, config, BIND_INACTIVE | (flags & DOMAIN_XML_SECURE));
}

SnapshotConfig *snapshot_config_copy(const SnapshotConfig *config)
{
        return bind_duplicate(&snapshot_type, config);
}

void snapshot_config_free(SnapshotConfig *config)
{
        bind_free(&snapshot_type, config);
}

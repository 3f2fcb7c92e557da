/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/checkpoint.h"
#include "drivers/model/snapshot.h"
#include "tests/unit/model-corpus.h"

#include <string.h>

/* Snapshots and checkpoints: documents whose name begins with "redefine" are whole ones. */

#define NOW 1700000000

static const DomainDefaults host = { .arch = "i686" };

static DomainConfig *domain_of(const char *disks)
{
        g_autofree char *xml = g_strdup_printf(
                "<domain type='test'><name>test</name><memory>1</memory><os><type>hvm</type></os>"
                "<devices>%s</devices></domain>",
                disks);
        DomainConfig *domain = NULL;
        g_autoptr(GError) error = NULL;

        domain_config_parse(xml, 0, &domain, &error);
        g_assert_no_error(error);
        return domain;
}

#define VDA "<disk type='file'><source file='/guest/diskimage1'/><target dev='vda'/></disk>"
#define VDB \
        "<disk type='file' snapshot='external'><source file='/b.d/b.img'/><target dev='vdb'/></disk>"
#define CDROM "<disk type='file' device='cdrom'><target dev='hda'/></disk>"

static unsigned parse_flags(const char *xml)
{
        return strstr(xml, "<name>redefine") ? SNAPSHOT_PARSE_REDEFINE : 0;
}

static int fill_domain(DomainConfig *domain, GError **error)
{
        if (!domain)
                return 0;
        return domain_config_defaults(domain, &host, error) < 0 ?
                -1 :
                domain_config_validate(domain, error);
}

/* ---- snapshots ----------------------------------------------------------------------------------
 */

static char *snapshot_again(const char *xml, GError **error)
{
        g_autoptr(SnapshotConfig) config = NULL, copy = NULL;

        if (snapshot_config_parse(xml, parse_flags(xml), &config, error) < 0)
                return NULL;
        copy = snapshot_config_copy(config);
        g_clear_pointer(&config, snapshot_config_free);
        return snapshot_config_format(copy, DOMAIN_XML_SECURE);
}

static char *snapshot_define(const char *xml, GError **error)
{
        g_autoptr(DomainConfig) domain = domain_of(VDA);
        g_autoptr(SnapshotConfig) config = NULL;

        if (snapshot_config_parse(xml, parse_flags(xml), &config, error) < 0)
                return NULL;
        if (!parse_flags(xml)) {
                config->state = SNAPSHOT_RUNNING;
                if (snapshot_config_validate(config, error) < 0 ||
                        snapshot_config_align_disks(
                                config, domain, DISK_SNAPSHOT_INTERNAL, true, error) < 0)
                        return NULL;
        }
        snapshot_config_defaults(config, NOW);
        if (snapshot_config_validate(config, error) < 0 || fill_domain(config->domain, error) < 0)
                return NULL;
        if (parse_flags(xml) &&
                snapshot_config_align_disks(
                        config, config->domain, DISK_SNAPSHOT_INTERNAL, false, error) < 0)
                return NULL;
        return snapshot_config_format(config, 0);
}

static char *snapshot_identify(const char *xml, GError **error)
{
        char *name = NULL;

        return snapshot_config_identify(xml, &name, error) < 0 ? NULL : name;
}

static char *snapshot_identity(const char *xml)
{
        g_autoptr(SnapshotConfig) config = NULL;

        g_assert_cmpint(snapshot_config_parse(xml, parse_flags(xml), &config, NULL), ==, 0);
        return g_strdup(config->name);
}

static const CorpusKind snapshots = { "snapshot", snapshot_again, snapshot_define,
        snapshot_identify, snapshot_identity };

#define SNAPSHOT(body) "<domainsnapshot><name>m</name>" body "</domainsnapshot>"
#define OLD(body) "<domainsnapshot><name>redefine</name>" body "</domainsnapshot>"

static void test_snapshot_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'domainsnapshot', not 'foo'",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<memory snapshot='x'/>"),
                        "XML error: /domainsnapshot/memory/@snapshot: 'x' is not a disk snapshot "
                        "mode (no, internal, external, manual)",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<memory snapshot='manual'/>"),
                        "XML error: memory snapshots are no, internal or external, not manual",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<memory snapshot='external'/>"),
                        "XML error: external memory snapshots require a filename",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<memory snapshot='internal' file='/x'/>"),
                        "XML error: memory filename '/x' requires external snapshot",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<memory snapshot='external' file='x'/>"),
                        "XML error: memory snapshot file path (x) must be absolute",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<disks><disk/></disks>"),
                        "internal error: missing name from disk snapshot element",
                        ERROR_INTERNAL_ERROR },
                { SNAPSHOT("<disks><disk name='vda' type='x'/></disks>"),
                        "XML error: /domainsnapshot/disks/disk/@type: 'x' is not a disk type", 0 },
                { SNAPSHOT("<disks><disk name='vda'><source file='rel'/></disk></disks>"),
                        "XML error: disk snapshot image path 'rel' must be absolute",
                        ERROR_XML_ERROR },
                { SNAPSHOT("<disks><disk name='vdz'/></disks>"),
                        "unsupported configuration: no disk named 'vdz'",
                        ERROR_CONFIG_UNSUPPORTED },
                { SNAPSHOT("<disks><disk name='vda'/><disk name='vda'/></disks>"),
                        "unsupported configuration: too many disk snapshot requests for domain",
                        ERROR_CONFIG_UNSUPPORTED },
                { SNAPSHOT("<disks><disk name='vda' snapshot='external'/></disks>"),
                        "unsupported configuration: disk 'vda' must use snapshot mode 'internal'",
                        ERROR_CONFIG_UNSUPPORTED },
                { SNAPSHOT("<disks><disk name='vda'><source file='/x'/></disk></disks>"),
                        "XML error: file '/x' for disk 'vda' requires use of external snapshot "
                        "mode",
                        ERROR_XML_ERROR },
                { "<domainsnapshot><!--<name>redefine--></domainsnapshot>",
                        "XML error: a redefined snapshot must have a name", ERROR_XML_ERROR },
                { OLD(""), "XML error: missing creationTime from existing snapshot",
                        ERROR_XML_ERROR },
                { OLD("<creationTime>1</creationTime>"),
                        "XML error: missing state from existing snapshot", ERROR_XML_ERROR },
                { OLD("<creationTime>x</creationTime>"),
                        "XML error: /domainsnapshot/creationTime: 'x' is not a number from 0 to "
                        "9223372036854775807",
                        ERROR_XML_ERROR },
                { OLD("<creationTime>1</creationTime><state>running</state>"),
                        "internal error: missing domain in snapshot", ERROR_INTERNAL_ERROR },
                { OLD("<creationTime>1</creationTime><state>running</state>"
                      "<domain type='test'/>"),
                        "missing name information", ERROR_NO_NAME },
                { OLD("<creationTime>1</creationTime><state>running</state>"
                      "<domain type='test'><name>a</name><uuid>1</uuid></domain>"),
                        "internal error: malformed uuid element", ERROR_INTERNAL_ERROR },
                { OLD("<creationTime>1</creationTime><state>shutoff</state>"
                      "<memory snapshot='internal'/><domain type='test'><name>a</name></domain>"),
                        "XML error: memory state cannot be saved with offline or disk-only "
                        "snapshot",
                        ERROR_XML_ERROR },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;

                /* The words of a disk are listed in domain-names.c. */
                if (cases[i].code) {
                        corpus_refuse(&snapshots, &cases[i], 1);
                        continue;
                }
                g_assert_null(snapshot_define(cases[i].xml, &error));
                g_assert_true(g_str_has_prefix(error->message, cases[i].message));
        }
}

static void test_snapshot_disks(void)
{
        g_autoptr(DomainConfig) domain = domain_of(VDA VDB CDROM);
        g_autoptr(SnapshotConfig) config = NULL, twice = NULL, unnamed = NULL;
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(snapshot_config_parse(
                                SNAPSHOT("<disks><disk name='vdb'/></disks>"), 0, &config, NULL),
                ==, 0);
        g_assert_cmpint(
                snapshot_config_align_disks(config, domain, DISK_SNAPSHOT_INTERNAL, false, &error),
                ==, 0);
        text = snapshot_config_format(config, 0);
        g_assert_cmpstr(text, ==,
                "<domainsnapshot>\n  <name>m</name>\n  <disks>\n"
                "    <disk name='vda' snapshot='internal'/>\n"
                "    <disk name='vdb' snapshot='external' type='file'>\n"
                "      <source file='/b.d/b.m'/>\n    </disk>\n"
                "    <disk name='hda' snapshot='no'/>\n  </disks>\n</domainsnapshot>\n");

        g_assert_cmpint(
                snapshot_config_parse(
                        SNAPSHOT(
                                "<disks><disk name='vda'/><disk name='/guest/diskimage1'/></disks>"),
                        0, &twice, NULL),
                ==, 0);
        g_assert_cmpint(
                snapshot_config_align_disks(twice, domain, DISK_SNAPSHOT_INTERNAL, false, &error),
                ==, -1);
        g_assert_cmpstr(
                error->message, ==, "unsupported configuration: disk 'vda' specified twice");

        g_assert_cmpint(snapshot_config_parse("<domainsnapshot/>", 0, &unnamed, NULL), ==, 0);
        snapshot_config_defaults(unnamed, NOW);
        g_assert_cmpstr(unnamed->name, ==, "1700000000");
}

/* ---- checkpoints --------------------------------------------------------------------------------
 */

static char *checkpoint_again(const char *xml, GError **error)
{
        g_autoptr(CheckpointConfig) config = NULL, copy = NULL;

        if (checkpoint_config_parse(xml, parse_flags(xml), &config, error) < 0)
                return NULL;
        copy = checkpoint_config_copy(config);
        g_clear_pointer(&config, checkpoint_config_free);
        return checkpoint_config_format(copy, CHECKPOINT_XML_SECURE | CHECKPOINT_XML_SIZE);
}

static char *checkpoint_define(const char *xml, GError **error)
{
        g_autoptr(DomainConfig) domain = domain_of(VDA);
        g_autoptr(CheckpointConfig) config = NULL;

        if (checkpoint_config_parse(xml, parse_flags(xml), &config, error) < 0)
                return NULL;
        checkpoint_config_defaults(config, NOW);
        if (checkpoint_config_validate(config, error) < 0 || fill_domain(config->domain, error) < 0)
                return NULL;
        if (!parse_flags(xml) && checkpoint_config_align_disks(config, domain, error) < 0)
                return NULL;
        return checkpoint_config_format(config, 0);
}

static char *checkpoint_identify(const char *xml, GError **error)
{
        char *name = NULL;

        return checkpoint_config_identify(xml, &name, error) < 0 ? NULL : name;
}

static char *checkpoint_identity(const char *xml)
{
        g_autoptr(CheckpointConfig) config = NULL;

        g_assert_cmpint(checkpoint_config_parse(xml, parse_flags(xml), &config, NULL), ==, 0);
        return g_strdup(config->name);
}

static const CorpusKind checkpoints = { "checkpoint", checkpoint_again, checkpoint_define,
        checkpoint_identify, checkpoint_identity };

#define CHECKPOINT(body) "<domaincheckpoint><name>m</name>" body "</domaincheckpoint>"

static void test_checkpoint_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'domaincheckpoint', not 'foo'",
                        ERROR_XML_ERROR },
                { CHECKPOINT("<disks><disk/></disks>"),
                        "XML error: missing name from disk checkpoint element", ERROR_XML_ERROR },
                { CHECKPOINT("<disks><disk name='vda' checkpoint='x'/></disks>"),
                        "XML error: /domaincheckpoint/disks/disk/@checkpoint: 'x' is not a way to "
                        "take a checkpoint (no, bitmap)",
                        ERROR_XML_ERROR },
                { CHECKPOINT("<disks><disk name='vda' checkpoint='no' bitmap='b'/></disks>"),
                        "XML error: bitmap for disk 'vda' requires type='bitmap'",
                        ERROR_XML_ERROR },
                { CHECKPOINT("<disks><disk name='vdz'/></disks>"),
                        "unsupported configuration: no disk named 'vdz'",
                        ERROR_CONFIG_UNSUPPORTED },
                { CHECKPOINT("<disks><disk name='vda'/><disk name='vda'/></disks>"),
                        "unsupported configuration: too many disk checkpoint requests for domain",
                        ERROR_CONFIG_UNSUPPORTED },
                { "<domaincheckpoint><!--<name>redefine--></domaincheckpoint>",
                        "XML error: a redefined checkpoint must have a name", ERROR_XML_ERROR },
                { "<domaincheckpoint><name>redefine</name></domaincheckpoint>",
                        "internal error: missing creationTime from existing checkpoint",
                        ERROR_INTERNAL_ERROR },
        };

        corpus_refuse(&checkpoints, cases, G_N_ELEMENTS(cases));
}

static void test_checkpoint_disks(void)
{
        g_autoptr(DomainConfig) domain = domain_of(VDA VDB CDROM), none = domain_of("");
        g_autoptr(CheckpointConfig) all = NULL, some = NULL, twice = NULL;
        g_autofree char *of_all = NULL, *of_some = NULL, *sized = NULL, *bare = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(checkpoint_config_parse(CHECKPOINT(""), 0, &all, NULL), ==, 0);
        g_assert_cmpint(checkpoint_config_align_disks(all, none, &error), ==, -1);
        g_assert_cmpstr(error->message, ==,
                "unsupported configuration: domain must have at least one disk to perform "
                "checkpoints");
        g_clear_error(&error);
        g_assert_cmpint(checkpoint_config_align_disks(all, domain, &error), ==, 0);
        of_all = checkpoint_config_format(all, 0);
        g_assert_cmpstr(of_all, ==,
                "<domaincheckpoint>\n  <name>m</name>\n  <disks>\n"
                "    <disk name='vda' checkpoint='bitmap' bitmap='m'/>\n"
                "    <disk name='vdb' checkpoint='bitmap' bitmap='m'/>\n"
                "    <disk name='hda' checkpoint='no'/>\n  </disks>\n</domaincheckpoint>\n");

        g_assert_cmpint(
                checkpoint_config_parse(
                        CHECKPOINT("<disks><disk name='/b.d/b.img'/></disks>"), 0, &some, NULL),
                ==, 0);
        g_assert_cmpint(checkpoint_config_align_disks(some, domain, &error), ==, 0);
        some->disks.disks[1]->size = number(512);
        of_some = checkpoint_config_format(some, 0);
        g_assert_nonnull(strstr(of_some, "<disk name='vda' checkpoint='no'/>\n"));
        g_assert_nonnull(strstr(of_some, "<disk name='vdb' checkpoint='bitmap' bitmap='m'/>\n"));
        sized = checkpoint_config_format(some, CHECKPOINT_XML_SIZE);
        g_assert_nonnull(strstr(sized, "bitmap='m' size='512'/>"));

        g_assert_cmpint(checkpoint_config_parse(
                                CHECKPOINT("<disks><disk name='vda'/><disk name='vda'/></disks>"),
                                0, &twice, NULL),
                ==, 0);
        g_assert_cmpint(checkpoint_config_align_disks(twice, domain, &error), ==, -1);
        g_assert_cmpstr(
                error->message, ==, "unsupported configuration: disk 'vda' specified twice");

        some->domain = domain_config_copy(domain);
        bare = checkpoint_config_format(some, CHECKPOINT_XML_NO_DOMAIN);
        g_assert_cmpstr(bare, ==, of_some);
}

static void test_hostile(void)
{
        corpus_hostile(
                &snapshots, "<domainsnapshot><disks>", "<disk/>", "</disks></domainsnapshot>");
        corpus_hostile(&snapshots, "<domainsnapshot>", "<state/>", "</domainsnapshot>");
        corpus_hostile(&checkpoints, "<domaincheckpoint>", "<x/>", "</domaincheckpoint>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&snapshots);
        corpus_add(&checkpoints);
        g_test_add_func("/model/snapshot/refused", test_snapshot_refused);
        g_test_add_func("/model/snapshot/disks", test_snapshot_disks);
        g_test_add_func("/model/checkpoint/refused", test_checkpoint_refused);
        g_test_add_func("/model/checkpoint/disks", test_checkpoint_disks);
        g_test_add_func("/model/snapshot/hostile", test_hostile);
        return g_test_run();
}

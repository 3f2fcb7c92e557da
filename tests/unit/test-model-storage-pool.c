/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-pool.h"
#include "tests/unit/model-corpus.h"

static char *again(const char *xml, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL, copy = NULL;

        if (storage_pool_config_parse(xml, &config, error) < 0)
                return NULL;
        copy = storage_pool_config_copy(config);
        g_clear_pointer(&config, storage_pool_config_free);
        return storage_pool_config_format(copy);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL;

        if (storage_pool_config_parse(xml, &config, error) < 0)
                return NULL;
        storage_pool_config_defaults(config);
        if (storage_pool_config_validate(config, error) < 0)
                return NULL;
        return storage_pool_config_format(config);
}

static char *identify(const char *xml, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL;

        if (storage_pool_config_identify(xml, &name, &uuid, error) < 0)
                return NULL;
        return g_strdup_printf("%s %s", name, uuid ?: "-");
}

static char *identity(const char *xml)
{
        g_autoptr(StoragePoolConfig) config = NULL;

        g_assert_cmpint(storage_pool_config_parse(xml, &config, NULL), ==, 0);
        return g_strdup_printf("%s %s", config->name, config->uuid ?: "-");
}

static const CorpusKind kind = { "storage-pool", again, define, identify, identity };

#define POOL(type, body) "<pool type='" type "'><name>a</name>" body "</pool>"
#define SOURCE(type, body) POOL(type, "<source>" body "</source><target><path>/x</path></target>")
#define TARGET(body) POOL("dir", "<target><path>/x</path>" body "</target>")
#define RBD(auth) SOURCE("rbd", "<host name='x'/><name>n</name>" auth)

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'pool', not 'foo'",
                        ERROR_XML_ERROR },
                { "<pool/>", "XML error: /pool: attribute 'type' is missing", ERROR_XML_ERROR },
                { "<pool type='x'/>",
                        "XML error: /pool/@type: 'x' is not a storage pool type (dir, fs, netfs, "
                        "logical, disk, iscsi, iscsi-direct, scsi, mpath, rbd, sheepdog, gluster, "
                        "zfs, vstorage)",
                        ERROR_XML_ERROR },
                { "<pool type='dir'/>", "XML error: missing pool source name element",
                        ERROR_XML_ERROR },
                { "<pool type='dir'><name>a/b</name></pool>",
                        "XML error: name a/b cannot contain '/'", ERROR_XML_ERROR },
                { POOL("dir", "<uuid>1</uuid>"), "XML error: malformed uuid element",
                        ERROR_XML_ERROR },
                { POOL("dir", ""), "XML error: missing storage pool target path", ERROR_XML_ERROR },
                { POOL("mpath", "<target/>"), "XML error: missing storage pool target path",
                        ERROR_XML_ERROR },
                { POOL("logical", "<source><format type='x'/></source>"),
                        "unsupported configuration: unknown pool format type x",
                        ERROR_CONFIG_UNSUPPORTED },
                { SOURCE("fs", ""), "XML error: missing storage pool source device name",
                        ERROR_XML_ERROR },
                { SOURCE("fs", "<device/>"), "XML error: missing storage pool source device path",
                        ERROR_XML_ERROR },
                { SOURCE("netfs", "<dir path='/x'/>"),
                        "XML error: missing storage pool source host name", ERROR_XML_ERROR },
                { SOURCE("netfs", "<host/>"), "XML error: missing storage pool host name",
                        ERROR_XML_ERROR },
                { SOURCE("netfs", "<host name='a'/>"),
                        "XML error: missing storage pool source path", ERROR_XML_ERROR },
                { SOURCE("netfs", "<host name='a' port='x'/>"),
                        "XML error: /pool/source/host/@port: 'x' is not a number from 0 to 65535",
                        ERROR_XML_ERROR },
                { SOURCE("disk", "<device path='/a' part_separator='x'/>"),
                        "XML error: /pool/source/device/@part_separator: 'x' is not a yes or no "
                        "(yes, no)",
                        ERROR_XML_ERROR },
                { SOURCE("disk", "<device path='/a'><freeExtent start='1'/></device>"),
                        "XML error: /pool/source/device/freeExtent: attribute 'end' is missing",
                        ERROR_XML_ERROR },
                { SOURCE("iscsi-direct", "<host name='a'/><device path='a'/>"),
                        "unsupported configuration: missing initiator IQN",
                        ERROR_CONFIG_UNSUPPORTED },
                { SOURCE("scsi", ""), "XML error: missing storage pool source adapter",
                        ERROR_XML_ERROR },
                { SOURCE("scsi", "<adapter/>"), "XML error: missing storage pool source adapter",
                        ERROR_XML_ERROR },
                { SOURCE("scsi", "<adapter type='fc_host'/>"),
                        "XML error: 'wwnn' and 'wwpn' must be specified for adapter type 'fchost'",
                        ERROR_XML_ERROR },
                { SOURCE("scsi", "<adapter type='fc_host' wwnn='x' wwpn='y'/>"),
                        "internal error: Malformed wwn: x", ERROR_INTERNAL_ERROR },
                { SOURCE("scsi", "<adapter type='scsi_host'/>"),
                        "XML error: Either 'name' or 'parent' must be specified for the "
                        "'scsi_host' adapter",
                        ERROR_XML_ERROR },
                { SOURCE("scsi", "<adapter name='a'><parentaddr/></adapter>"),
                        "XML error: Both 'name' and 'parent' cannot be specified for the "
                        "'scsi_host' adapter",
                        ERROR_XML_ERROR },
                { SOURCE("scsi", "<adapter type='scsi_host'><parentaddr/></adapter>"),
                        "XML error: Missing scsi_host PCI address element", ERROR_XML_ERROR },
                { SOURCE("rbd", "<host name='x'/>"),
                        "XML error: element 'name' is mandatory for RBD pool", ERROR_XML_ERROR },
                { RBD("<auth/>"), "XML error: missing username for auth", ERROR_XML_ERROR },
                { RBD("<auth username='u'/>"), "XML error: Missing <secret> element in auth",
                        ERROR_XML_ERROR },
                { RBD("<auth username='u' type='x'/>"),
                        "unsupported configuration: unknown auth type 'x'",
                        ERROR_CONFIG_UNSUPPORTED },
                { RBD("<auth username='u'><secret/></auth>"),
                        "XML error: missing secret uuid or usage attribute", ERROR_XML_ERROR },
                { RBD("<auth username='u'><secret usage='x' "
                      "uuid='2ec115d7-3a88-3ceb-bc12-0ac909a6fd87'/></auth>"),
                        "XML error: either secret uuid or usage expected", ERROR_XML_ERROR },
                { TARGET("<permissions><mode>9</mode></permissions>"),
                        "XML error: /pool/target/permissions/mode: '9' is not a octal mode",
                        ERROR_XML_ERROR },
                { TARGET("<permissions><mode>7777</mode></permissions>"),
                        "XML error: /pool/target/permissions/mode: '7777' is not a octal mode",
                        ERROR_XML_ERROR },
                { TARGET("<permissions><owner>-2</owner></permissions>"),
                        "XML error: /pool/target/permissions/owner: '-2' is not a number from -1 "
                        "to 4294967294",
                        ERROR_XML_ERROR },
                { POOL("logical", "<features><cow state='yes'/></features>"),
                        "this function is not supported by the connection driver: cow feature may "
                        "only be used for 'fs' and 'dir' pools",
                        ERROR_NO_SUPPORT },
                { POOL("dir", "<refresh><volume allocation='x'/></refresh>"),
                        "XML error: /pool/refresh/volume/@allocation: 'x' is not a way to refresh "
                        "an allocation (default, capacity)",
                        ERROR_XML_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

static void test_sources(void)
{
        PoolSource *sources[2] = { NULL, NULL };
        g_autofree char *text = NULL, *none = pool_sources_format(NULL, 0);
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(
                pool_source_parse("<source><host name='h'/></source>", &sources[0], &error), ==, 0);
        g_assert_cmpint(pool_source_parse("<source><device path='/dev/sda1'/><name>vg</name>"
                                          "<format type='lvm2'/></source>",
                                &sources[1], &error),
                ==, 0);
        text = pool_sources_format(sources, 2);
        g_assert_cmpstr(text, ==,
                "<sources>\n  <source>\n    <host name='h'/>\n  </source>\n  <source>\n"
                "    <device path='/dev/sda1'/>\n    <name>vg</name>\n"
                "    <format type='lvm2'/>\n  </source>\n</sources>\n");
        g_assert_cmpstr(none, ==, "<sources/>\n");
        g_assert_cmpint(pool_source_parse("<x/>", &sources[0], &error), ==, -1);
        g_assert_cmpstr(
                error->message, ==, "XML error: expecting root element of 'source', not 'x'");
        pool_source_free(sources[0]);
        pool_source_free(sources[1]);
}

static void test_path(void)
{
        g_autofree char *path = storage_path_normalize("//a///b/"),
                        *root = storage_path_normalize("//");

        g_assert_cmpstr(path, ==, "/a/b");
        g_assert_cmpstr(root, ==, "/");
}

static void test_tables(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(bind_check(&storage_pool_type, &error), ==, 0);
        g_assert_no_error(error);
}

static void test_hostile(void)
{
        corpus_hostile(
                &kind, "<pool type='dir'><name>a</name><source>", "<host/>", "</source></pool>");
        corpus_hostile(&kind, "<pool type='dir'><name>a</name>", "<x/>", "</pool>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/storage-pool/refused", test_refused);
        g_test_add_func("/model/storage-pool/sources", test_sources);
        g_test_add_func("/model/storage/path", test_path);
        g_test_add_func("/model/storage-pool/tables", test_tables);
        g_test_add_func("/model/storage-pool/hostile", test_hostile);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/storage-volume.h"
#include "tests/unit/model-corpus.h"

static char *again(const char *xml, GError **error)
{
        g_autoptr(StorageVolumeConfig) config = NULL, copy = NULL;

        if (storage_volume_config_parse(xml, &config, error) < 0)
                return NULL;
        copy = storage_volume_config_copy(config);
        g_clear_pointer(&config, storage_volume_config_free);
        return storage_volume_config_format(copy);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(StorageVolumeConfig) config = NULL;

        if (storage_volume_config_parse(xml, &config, error) < 0)
                return NULL;
        storage_volume_config_defaults(config, "/default-pool");
        if (storage_volume_config_validate(config, 0, error) < 0)
                return NULL;
        return storage_volume_config_format(config);
}

static char *identify(const char *xml, GError **error)
{
        char *name = NULL;

        return storage_volume_config_identify(xml, &name, error) < 0 ? NULL : name;
}

static char *identity(const char *xml)
{
        g_autoptr(StorageVolumeConfig) config = NULL;

        g_assert_cmpint(storage_volume_config_parse(xml, &config, NULL), ==, 0);
        return g_strdup(config->name);
}

static const CorpusKind kind = { "storage-volume", again, define, identify, identity };

#define VOLUME(body) "<volume><name>a</name><capacity>1</capacity>" body "</volume>"
#define TARGET(body) VOLUME("<target>" body "</target>")
#define LUKS(body) TARGET("<encryption format='luks'>" body "</encryption>")

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'volume', not 'foo'",
                        ERROR_XML_ERROR },
                { "<volume/>", "XML error: missing volume name element", ERROR_XML_ERROR },
                { "<volume><name>a/b</name></volume>", "XML error: name a/b cannot contain '/'",
                        ERROR_XML_ERROR },
                { "<volume><name>a</name></volume>", "XML error: missing capacity element",
                        ERROR_XML_ERROR },
                { "<volume type='x'><name>a</name></volume>",
                        "XML error: /volume/@type: 'x' is not a volume type (file, block, dir, "
                        "network, netdir, ploop)",
                        ERROR_XML_ERROR },
                { "<volume><name>a</name><capacity>x</capacity></volume>",
                        "XML error: /volume/capacity: 'x' is not a size", ERROR_XML_ERROR },
                { "<volume><name>a</name><capacity>-1</capacity></volume>",
                        "XML error: /volume/capacity: '-1' is not a size", ERROR_XML_ERROR },
                { "<volume><name>a</name><capacity unit='x'>1</capacity></volume>",
                        "XML error: /volume/capacity/@unit: 'x' is not a unit of sizes",
                        ERROR_XML_ERROR },
                { "<volume><name>a</name><capacity unit='EiB'>99</capacity></volume>",
                        "XML error: /volume/capacity: '99' is too large a size", ERROR_XML_ERROR },
                { TARGET("<format type='x'/>"),
                        "unsupported configuration: unknown volume format type x",
                        ERROR_CONFIG_UNSUPPORTED },
                { VOLUME("<backingStore><format type='x'/></backingStore>"),
                        "unsupported configuration: unknown volume format type x",
                        ERROR_CONFIG_UNSUPPORTED },
                { TARGET("<compat>1.x</compat>"),
                        "XML error: forbidden characters in 'compat' attribute", ERROR_XML_ERROR },
                { TARGET("<features><foo/></features>"),
                        "unsupported configuration: unsupported feature foo",
                        ERROR_CONFIG_UNSUPPORTED },
                { TARGET("<permissions><mode>9</mode></permissions>"),
                        "XML error: /volume/target/permissions/mode: '9' is not a octal mode",
                        ERROR_XML_ERROR },
                { TARGET("<clusterSize>x</clusterSize>"),
                        "XML error: /volume/target/clusterSize: 'x' is not a size",
                        ERROR_XML_ERROR },
                { TARGET("<encryption/>"),
                        "XML error: /volume/target/encryption: attribute 'format' is missing",
                        ERROR_XML_ERROR },
                { LUKS("<secret/>"), "XML error: unknown volume encryption secret type",
                        ERROR_XML_ERROR },
                { LUKS("<secret type='x'/>"),
                        "unsupported configuration: unknown volume encryption secret type x",
                        ERROR_CONFIG_UNSUPPORTED },
                { LUKS("<secret type='passphrase'/>"),
                        "XML error: missing secret uuid or usage attribute", ERROR_XML_ERROR },
                { LUKS("<secret type='passphrase' usage='x' "
                       "uuid='2ec115d7-3a88-3ceb-bc12-0ac909a6fd87'/>"),
                        "XML error: either secret uuid or usage expected", ERROR_XML_ERROR },
                { LUKS("<cipher/>"), "XML error: cipher info missing 'name' attribute",
                        ERROR_XML_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

static void test_optional(void)
{
        g_autoptr(StorageVolumeConfig) config = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(
                storage_volume_config_parse("<volume><name>a</name></volume>", &config, NULL), ==,
                0);
        storage_volume_config_defaults(config, NULL);
        g_assert_cmpint(
                storage_volume_config_validate(config, STORAGE_VOLUME_CAPACITY_OPTIONAL, &error),
                ==, 0);
        g_assert_no_error(error);
        g_assert_null(config->key);
        g_assert_false(config->allocation.bytes.set);
}

static void test_tables(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(bind_check(&storage_volume_type, &error), ==, 0);
        g_assert_no_error(error);
}

static void test_hostile(void)
{
        corpus_hostile(&kind, "<volume><name>a</name><target><features>", "<x/>",
                "</features></target></volume>");
        corpus_hostile(&kind, "<volume><name>a</name>", "<x/>", "</volume>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/storage-volume/refused", test_refused);
        g_test_add_func("/model/storage-volume/optional", test_optional);
        g_test_add_func("/model/storage-volume/tables", test_tables);
        g_test_add_func("/model/storage-volume/hostile", test_hostile);
        return g_test_run();
}

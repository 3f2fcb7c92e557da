/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/secret.h"
#include "tests/unit/model-corpus.h"

static char *again(const char *xml, GError **error)
{
        g_autoptr(SecretConfig) config = NULL, copy = NULL;

        if (secret_config_parse(xml, &config, error) < 0)
                return NULL;
        copy = secret_config_copy(config);
        g_clear_pointer(&config, secret_config_free);
        return secret_config_format(copy);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(SecretConfig) config = NULL;

        if (secret_config_parse(xml, &config, error) < 0)
                return NULL;
        secret_config_defaults(config);
        if (secret_config_validate(config, error) < 0)
                return NULL;
        return secret_config_format(config);
}

static char *identify(const char *xml, GError **error)
{
        g_autofree char *uuid = NULL, *usage = NULL;
        SecretUsageType type;

        if (secret_config_identify(xml, &uuid, &type, &usage, error) < 0)
                return NULL;
        return g_strdup_printf("%s %d %s", uuid, (int)type, usage ?: "-");
}

static char *identity(const char *xml)
{
        g_autoptr(SecretConfig) config = NULL;

        g_assert_cmpint(secret_config_parse(xml, &config, NULL), ==, 0);
        return g_strdup_printf("%s %d %s", config->uuid, (int)secret_config_usage_type(config),
                secret_config_usage_id(config) ?: "-");
}

static const CorpusKind kind = { "secret", again, define, identify, identity };

#define USAGE(type, body) "<secret><usage type='" type "'>" body "</usage></secret>"

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'secret', not 'foo'",
                        ERROR_XML_ERROR },
                { "<secret ephemeral='x'/>",
                        "XML error: /secret/@ephemeral: 'x' is not a yes or no (yes, no)",
                        ERROR_XML_ERROR },
                { "<secret private='x'/>",
                        "XML error: /secret/@private: 'x' is not a yes or no (yes, no)",
                        ERROR_XML_ERROR },
                { "<secret><uuid>x</uuid></secret>", "internal error: malformed uuid element",
                        ERROR_INTERNAL_ERROR },
                { "<secret><usage/></secret>",
                        "XML error: /secret/usage: attribute 'type' is missing", ERROR_XML_ERROR },
                { USAGE("x", ""),
                        "XML error: /secret/usage/@type: 'x' is not a usage of a secret (none, volume, ceph, iscsi, tls, vtpm)",
                        ERROR_XML_ERROR },
                { USAGE("volume", "<volume/>"),
                        "internal error: volume usage specified, but volume path is missing",
                        ERROR_INTERNAL_ERROR },
                { USAGE("ceph", ""), "internal error: Ceph usage specified, but name is missing",
                        ERROR_INTERNAL_ERROR },
                { USAGE("iscsi", ""),
                        "internal error: iSCSI usage specified, but target is missing",
                        ERROR_INTERNAL_ERROR },
                { USAGE("tls", ""), "internal error: TLS usage specified, but name is missing",
                        ERROR_INTERNAL_ERROR },
                { USAGE("vtpm", ""), "internal error: vTPM usage specified, but name is missing",
                        ERROR_INTERNAL_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

static void test_usage(void)
{
        g_autofree char *uuid = NULL, *usage = NULL;
        SecretUsageType type = SECRET_USAGE_MAX;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(secret_config_identify("<secret/>", &uuid, &type, &usage, &error), ==, 0);
        g_assert_null(uuid);
        g_assert_null(usage);
        g_assert_cmpint(type, ==, SECRET_USAGE_NONE);
        g_assert_cmpint(
                secret_config_identify(USAGE("x", ""), &uuid, &type, &usage, &error), ==, -1);
        g_assert_cmpstr(
                error->message, ==, "unsupported configuration: unknown secret usage type x");
}

/* The reader complains of the namespace and goes on; that the root is another one is not told too.
 */
static void test_complaint(void)
{
        g_autofree char *uuid = NULL, *usage = NULL;
        SecretUsageType type = SECRET_USAGE_MAX;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(
                secret_config_identify("<none:pool/>", &uuid, &type, &usage, &error), ==, -1);
        g_assert_error(error, VIRTBUS_ERROR, ERROR_XML_DETAIL);
        g_assert_nonnull(strstr(error->message, "Namespace prefix none"));
}

static void test_hostile(void)
{
        corpus_hostile(&kind, "<secret>", "<x/>", "</secret>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/secret/refused", test_refused);
        g_test_add_func("/model/secret/usage", test_usage);
        g_test_add_func("/model/secret/complaint", test_complaint);
        g_test_add_func("/model/secret/hostile", test_hostile);
        return g_test_run();
}

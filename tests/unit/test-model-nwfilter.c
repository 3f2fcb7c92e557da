/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/nwfilter.h"
#include "tests/unit/model-corpus.h"

static char *again(const char *xml, GError **error)
{
        g_autoptr(NwfilterConfig) config = NULL, copy = NULL;

        if (nwfilter_config_parse(xml, &config, error) < 0)
                return NULL;
        copy = nwfilter_config_copy(config);
        g_clear_pointer(&config, nwfilter_config_free);
        return nwfilter_config_format(copy);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(NwfilterConfig) config = NULL;

        if (nwfilter_config_parse(xml, &config, error) < 0)
                return NULL;
        nwfilter_config_defaults(config);
        if (nwfilter_config_validate(config, error) < 0)
                return NULL;
        return nwfilter_config_format(config);
}

static char *identify(const char *xml, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL;

        if (nwfilter_config_identify(xml, &name, &uuid, error) < 0)
                return NULL;
        return g_strdup_printf("%s %s", name, uuid);
}

static char *identity(const char *xml)
{
        g_autoptr(NwfilterConfig) config = NULL;

        g_assert_cmpint(nwfilter_config_parse(xml, &config, NULL), ==, 0);
        return g_strdup_printf("%s %s", config->name, config->uuid);
}

static const CorpusKind kind = { "nwfilter", again, define, identify, identity };

#define FILTER(body) "<filter name='a'>" body "</filter>"

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'filter', not 'foo'",
                        ERROR_XML_ERROR },
                { "<filter/>", "internal error: filter has no name", ERROR_INTERNAL_ERROR },
                { "<filter name='a/b'/>", "XML error: name a/b cannot contain '/'",
                        ERROR_XML_ERROR },
                { FILTER("<uuid>1</uuid>"), "internal error: malformed uuid element",
                        ERROR_INTERNAL_ERROR },
                { "<filter name='a' chain='x'/>",
                        "invalid argument: Invalid chain name 'x': it begins with the name of no protocol",
                        ERROR_INVALID_ARG },
                { "<filter name='a' priority='1001'/>",
                        "XML error: /filter/@priority: '1001' is not a number from -1000 to 1000",
                        ERROR_XML_ERROR },
                { FILTER("<filterref/>"), "XML error: a <filterref> of filter 'a' names no filter",
                        ERROR_XML_ERROR },
                { FILTER("<filterref filter='b'><parameter name='x'/></filterref>"),
                        "XML error: /filter/filterref/parameter: attribute 'value' is missing",
                        ERROR_XML_ERROR },
                { FILTER("<rule/>"), "internal error: rule node requires action attribute",
                        ERROR_INTERNAL_ERROR },
                { FILTER("<rule action='drop'/>"),
                        "internal error: rule node requires direction attribute",
                        ERROR_INTERNAL_ERROR },
                { FILTER("<rule action='x'/>"),
                        "XML error: /filter/rule/@action: 'x' is not a action of a rule (drop, accept, reject, return, continue)",
                        ERROR_XML_ERROR },
                { FILTER("<rule direction='x'/>"),
                        "XML error: /filter/rule/@direction: 'x' is not a direction of a rule (in, out, inout)",
                        ERROR_XML_ERROR },
                { FILTER("<rule priority='x'/>"),
                        "XML error: /filter/rule/@priority: 'x' is not a number from -1000 to 1000",
                        ERROR_XML_ERROR },
                { FILTER("<rule action='drop' direction='in'><tpc/></rule>"),
                        "XML error: unknown protocol 'tpc' in a rule of filter 'a'",
                        ERROR_XML_ERROR },
                { FILTER("<rule action='drop' direction='in'><tcp match='x'/></rule>"),
                        "XML error: /filter/rule/tcp/@match: 'x' is not a yes or no (yes, no)",
                        ERROR_XML_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

static void test_hostile(void)
{
        corpus_hostile(&kind, "<filter name='a'>", "<rule/>", "</filter>");
        corpus_hostile(&kind, "<filter name='a'><rule>", "<x/>", "</rule></filter>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/nwfilter/refused", test_refused);
        g_test_add_func("/model/nwfilter/hostile", test_hostile);
        return g_test_run();
}

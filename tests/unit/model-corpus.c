/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/model-corpus.h"

#include <time.h>

#include "drivers/model/xml.h"

typedef struct Document {
        const CorpusKind *kind;
        char *name;
} Document;

static void document_free(void *data)
{
        Document *document = data;

        g_free(document->name);
        g_free(document);
}

static void check_golden(const CorpusKind *kind, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(TEST_DATA, kind->name, "test", name, NULL),
                        *golden = NULL;
        g_autoptr(GError) error = NULL;

        if (g_getenv("UPDATE_GOLDEN")) {
                g_file_set_contents(path, text, -1, &error);
                g_assert_no_error(error);
                return;
        }
        g_file_get_contents(path, &golden, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, golden);
}

static void test_document(const void *data)
{
        const Document *document = data;
        const CorpusKind *kind = document->kind;
        g_autofree char *path = g_build_filename(TEST_DATA, kind->name, document->name, NULL),
                        *xml = NULL;
        g_autofree char *once = NULL, *twice = NULL, *defined = NULL, *same = NULL;
        g_autoptr(GError) error = NULL;

        g_file_get_contents(path, &xml, NULL, &error);
        g_assert_no_error(error);

        once = kind->again(xml, &error);
        g_assert_no_error(error);
        twice = kind->again(once, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(twice, ==, once);

        if (kind->identify) {
                g_autofree char *found = kind->identify(xml, &error), *is = kind->identity(xml);

                g_assert_no_error(error);
                g_assert_cmpstr(found, ==, is);
        }

        defined = kind->define(xml, &error);
        g_assert_no_error(error);
        same = kind->define(defined, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(same, ==, defined);
        check_golden(kind, document->name, defined);
}

void corpus_add(const CorpusKind *kind)
{
        g_autofree char *folder = g_build_filename(TEST_DATA, kind->name, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
        const char *name;

        g_assert_no_error(error);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_strdup_printf("/model/%s/document/%s", kind->name, name);
                Document *document;

                if (!g_str_has_suffix(name, ".xml"))
                        continue;
                document = g_new0(Document, 1);
                document->kind = kind;
                document->name = g_strdup(name);
                g_test_add_data_func_full(path, document, test_document, document_free);
        }
}

void corpus_refuse(const CorpusKind *kind, const CorpusRefusal *cases, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *text = kind->define(cases[i].xml, &error);

                g_assert_cmpstr(text, ==, NULL);
                g_assert_cmpstr(error->message, ==, cases[i].message);
                g_assert_cmpint(error->code, ==, cases[i].code);
        }
}

void corpus_hostile(const CorpusKind *kind, const char *head, const char *unit, const char *tail)
{
        g_autoptr(GString) xml = g_string_new(head);
        g_autofree char *text = NULL;
        /* Of the processor's time, which others on the machine do not use up. */
        clock_t begin = clock();

        while (xml->len < XML_MAX_BYTES - 200)
                g_string_append(xml, unit);
        g_string_append(xml, tail);
        text = kind->define(xml->str, NULL);
        g_assert_cmpint(clock() - begin, <, 10 * CLOCKS_PER_SEC);
}

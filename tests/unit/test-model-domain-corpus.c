/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "drivers/model/domain-tables.h"

/* The cases of tests/data/domain/cases: each is what one document has beyond a small domain, or one
 * for each of the words in `each`, which stand in for EACH.
 *
 *         <cases inside='devices'>
 *           <case name='panic' each='isa hyperv'><panic model='EACH'/></case>
 *         </cases>
 *
 * What is in a case belongs into <domain>, or into <devices> where the file says so; then what is
 * in a <domain> of the case is for the domain. corpus.py beside the cases makes the same documents
 * for those who ask libvirt.
 *
 * With --print, what the test host makes of each is written to the standard output. */

static const DomainDefaults test_host = { .arch = "i686" };

#define ROUND_TRIP DOMAIN_XML_SECURE
#define DEFINED (DOMAIN_XML_SECURE | DOMAIN_XML_INACTIVE)

typedef struct Document {
        char *name;
        char *xml;
} Document;

static void document_free(Document *document)
{
        g_free(document->name);
        g_free(document->xml);
        g_free(document);
}

static bool has_child(const xmlNode *parent, const char *name)
{
        for (const xmlNode *child = xml_first(parent); child; child = xml_next(child))
                if (strcmp((const char *)child->name, name) == 0)
                        return true;
        return false;
}

static void append_children(XmlWriter *writer, const xmlNode *parent, const char *except)
{
        for (const xmlNode *child = xml_first(parent); child; child = xml_next(child)) {
                g_autoptr(GString) kept = NULL;

                if (g_strcmp0((const char *)child->name, except) == 0)
                        continue;
                kept = g_string_new(NULL);
                xml_keep(kept, child);
                xml_write_kept(writer, kept->str);
        }
}

static char *case_xml(
        const xmlNode *node, bool devices, const char *name, const char *type, const char *id)
{
        XmlWriter writer = { .out = g_string_new(NULL) };
        const xmlNode *domain = devices ? NULL : node;

        for (const xmlNode *child = xml_first(node); child && devices; child = xml_next(child))
                if (strcmp((const char *)child->name, "domain") == 0)
                        domain = child;

        g_string_append_printf(writer.out,
                "<domain type='%s'%s%s%s>\n<name>%s</name>\n"
                "<uuid>7b1e3a0e-0000-4000-8000-00000000ca5e</uuid>\n",
                type, id ? " id='" : "", id ? id : "", id ? "'" : "", name);
        if (!domain || !has_child(domain, "memory"))
                g_string_append(writer.out, "<memory unit='KiB'>1048576</memory>\n");
        if (!domain || !has_child(domain, "os"))
                g_string_append(writer.out, "<os><type arch='x86_64'>hvm</type></os>\n");
        if (domain)
                append_children(&writer, domain, NULL);
        if (devices) {
                g_string_append(writer.out, "<devices>\n");
                append_children(&writer, node, "domain");
                g_string_append(writer.out, "</devices>\n");
        }
        g_string_append(writer.out, "</domain>\n");
        return g_string_free(writer.out, FALSE);
}

static void replace_each(char **text, const char *word)
{
        g_autoptr(GString) string = g_string_new(*text);

        g_string_replace(string, "EACH", word, 0);
        g_free(*text);
        *text = g_strndup(string->str, string->len);
}

static void add_case(GPtrArray *documents, const xmlNode *node, bool devices)
{
        g_autofree char *own_name = NULL, *own_each = NULL, *own_type = NULL, *own_id = NULL;
        const char *name = xml_property(node, "name", &own_name);
        const char *each = xml_property(node, "each", &own_each);
        const char *type = xml_property(node, "type", &own_type);
        const char *id = xml_property(node, "id", &own_id);
        g_auto(GStrv) words = g_strsplit(each ?: "", " ", -1);

        for (size_t i = 0; i < MAX(g_strv_length(words), 1); i++) {
                Document *document = g_new0(Document, 1);

                document->name = each ? g_strdup_printf("%s-%s", name, words[i]) : g_strdup(name);
                document->xml = case_xml(node, devices, document->name, type ?: "test", id);
                if (each)
                        replace_each(&document->xml, words[i]);
                g_ptr_array_add(documents, document);
        }
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *load_documents(void)
{
        GPtrArray *documents = g_ptr_array_new_with_free_func((GDestroyNotify)document_free);
        g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GDir) dir = g_dir_open(TEST_DATA "/domain/cases", 0, NULL);
        const char *file;

        g_assert_nonnull(dir);
        while ((file = g_dir_read_name(dir)))
                if (g_str_has_suffix(file, ".xml"))
                        g_ptr_array_add(files, g_strdup(file));
        g_ptr_array_sort(files, compare_names);
        for (size_t i = 0; i < files->len; i++) {
                g_autofree char *path =
                        g_build_filename(TEST_DATA, "domain", "cases", files->pdata[i], NULL);
                g_autofree char *text = NULL, *own = NULL;
                g_autoptr(GError) error = NULL;
                g_autoptr(xmlDoc) doc = NULL;
                const xmlNode *root;
                size_t length;
                bool devices;

                g_file_get_contents(path, &text, &length, &error);
                g_assert_no_error(error);
                doc = xml_parse(text, length, files->pdata[i], &error);
                g_assert_no_error(error);
                root = xmlDocGetRootElement(doc);
                devices = xml_property(root, "inside", &own) != NULL;
                for (const xmlNode *node = xml_first(root); node; node = xml_next(node))
                        add_case(documents, node, devices);
        }
        return documents;
}

static DomainConfig *parse(const char *xml, unsigned flags)
{
        g_autoptr(GError) error = NULL;
        DomainConfig *config = NULL;

        if (domain_config_parse(xml, flags, &config, &error) < 0)
                g_error("%s\n%s", error->message, xml);
        return config;
}

static DomainConfig *define(const char *xml, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;

        if (domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, error) < 0 ||
                domain_config_defaults(config, &test_host, error) < 0 ||
                domain_config_validate(config, error) < 0)
                return NULL;
        return g_steal_pointer(&config);
}

/* Each element and attribute of `before` is also in `after`, under the same parents. */
static void check_nothing_lost(const xmlNode *before, const xmlNode *after, const char *xml)
{
        for (const xmlAttr *attribute = before->properties; attribute; attribute = attribute->next)
                if (!xmlHasProp((xmlNode *)after, attribute->name))
                        g_error("/%s/@%s is lost:\n%s", before->name, attribute->name, xml);
        for (const xmlNode *child = xml_first(before); child; child = xml_next(child)) {
                const xmlNode *same = xml_first(after);
                unsigned nth = 0;

                for (const xmlNode *other = child->prev; other; other = other->prev)
                        nth += other->type == XML_ELEMENT_NODE &&
                                xmlStrEqual(other->name, child->name);
                for (; same; same = xml_next(same))
                        if (xmlStrEqual(same->name, child->name) && nth-- == 0)
                                break;
                if (!same)
                        g_error("/%s/%s is lost:\n%s", before->name, child->name, xml);
                check_nothing_lost(child, same, xml);
        }
}

/* Parse, format, parse gives the same, with nothing lost. */
static void test_round_trip(const void *data)
{
        const Document *document = data;
        g_autoptr(DomainConfig) config = parse(document->xml, 0), again = NULL, copy = NULL;
        g_autofree char *once = domain_config_format(config, ROUND_TRIP), *twice = NULL;
        g_autoptr(xmlDoc) before = NULL, after = NULL;

        again = parse(once, 0);
        twice = domain_config_format(again, ROUND_TRIP);
        g_assert_cmpstr(twice, ==, once);
        g_clear_pointer(&twice, g_free);
        copy = domain_config_copy(again);
        twice = domain_config_format(copy, ROUND_TRIP);
        g_assert_cmpstr(twice, ==, once);

        before = xml_parse(document->xml, strlen(document->xml), "before", NULL);
        after = xml_parse(once, strlen(once), "after", NULL);
        check_nothing_lost(
                xmlDocGetRootElement(before), xmlDocGetRootElement(after), document->xml);
}

/* What is defined does not change when it is defined again. */
static void test_define(const void *data)
{
        const Document *document = data;
        g_autoptr(DomainConfig) config = NULL, again = NULL;
        g_autofree char *once = NULL, *twice = NULL;
        g_autoptr(GError) error = NULL;

        config = define(document->xml, &error);
        if (!config)
                g_error("%s\n%s", error->message, document->xml);
        once = domain_config_format(config, DEFINED);
        again = define(once, &error);
        g_assert_no_error(error);
        twice = domain_config_format(again, DEFINED);
        g_assert_cmpstr(twice, ==, once);
}

/* ---- wrong values --------------------------------------------------------------------------- */

typedef struct Rows {
        const BindType *types[64]; /* those that an element may have */
        size_t n;
} Rows;

/* Each row with the name, in whatever case; false ends the walk. */
typedef bool (*RowVisit)(const BindRow *row, void *data);

static bool each_row(
        const BindRow *rows, bool attribute, const char *name, RowVisit visit, void *data)
{
        for (const BindRow *row = rows; row->place != BIND_PLACE_END; row++) {
                if (row->rows && !each_row(row->rows, attribute, name, visit, data))
                        return false;
                for (const BindCase *c = row->cases; c && c->rows; c++)
                        if (!each_row(c->rows, attribute, name, visit, data))
                                return false;
                if (row->name && (row->place == BIND_PLACE_ATTRIBUTE) == attribute &&
                        strcmp(row->name, name) == 0 && !visit(row, data))
                        return false;
        }
        return true;
}

static bool is_closed(const BindRow *row, void *data)
{
        bool *closed = data;

        *closed = row->value != BIND_STRING || row->words;
        return *closed;
}

static bool collect_type(const BindRow *row, void *data)
{
        Rows *rows = data;

        if (row->type && rows->n < G_N_ELEMENTS(rows->types))
                rows->types[rows->n++] = row->type;
        return true;
}

static unsigned check_wrong(xmlDoc *doc, xmlNode *node, xmlAttr *attribute)
{
        g_autofree char *name = g_strdup((const char *)attribute->name);
        xmlChar *good = xmlGetProp(node, attribute->name), *text = NULL;
        g_autofree char *place = xml_place(node, name), *wanted = NULL;
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(GError) error = NULL;
        int size;

        xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)"~");
        xmlDocDumpMemory(doc, &text, &size);
        xmlSetProp(node, (const xmlChar *)name, good);
        wanted = g_strdup_printf("XML error: %s: '~' is not ", place);
        if (domain_config_parse((const char *)text, 0, &config, &error) == 0)
                g_error("%s may be '~'", place);
        if (!g_str_has_prefix(error->message, wanted))
                g_error("%s: %s", place, error->message);
        xmlFree(text);
        xmlFree(good);
        return 1;
}

static unsigned check_attributes(xmlDoc *doc, xmlNode *node, const Rows *rows)
{
        unsigned n = 0;

        for (xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
                bool closed = false, all = true;

                for (size_t i = 0; i < rows->n && all; i++)
                        all = each_row(rows->types[i]->rows, true, (const char *)attribute->name,
                                is_closed, &closed);
                if (closed && all)
                        n += check_wrong(doc, node, attribute);
        }
        for (xmlNode *child = xml_first(node); child; child = xml_next(child)) {
                Rows types = { 0 };

                for (size_t i = 0; i < rows->n; i++)
                        each_row(rows->types[i]->rows, false, (const char *)child->name,
                                collect_type, &types);
                n += check_attributes(doc, child, &types);
        }
        return n;
}

/* Each attribute that is a number or one of some words is refused, with its place, when it is not.
 */
static void test_wrong(const void *data)
{
        const Document *document = data;
        g_autoptr(xmlDoc) doc = xml_parse(document->xml, strlen(document->xml), "case", NULL);
        xmlNode *root = xmlDocGetRootElement(doc);
        unsigned n = 0;

        for (xmlNode *child = xml_first(root); child; child = xml_next(child)) {
                Rows types = { 0 };

                each_row(domain_type.rows, false, (const char *)child->name, collect_type, &types);
                n += check_attributes(doc, child, &types);
        }
        g_test_message("%u values", n);
}

static int print_defined(const GPtrArray *documents)
{
        puts("<cases>");
        for (size_t i = 0; i < documents->len; i++) {
                const Document *document = documents->pdata[i];
                g_autoptr(GError) error = NULL;
                g_autoptr(DomainConfig) config = define(document->xml, &error);
                g_autofree char *text = config ? domain_config_format(config, DEFINED) : NULL;

                if (text)
                        fputs(text, stdout);
                else
                        fprintf(stderr, "%s: %s\n", document->name, error->message);
        }
        puts("</cases>");
        return 0;
}

int main(int argc, char **argv)
{
        g_autoptr(GPtrArray) documents = load_documents();

        if (argc == 2 && strcmp(argv[1], "--print") == 0)
                return print_defined(documents);
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < documents->len; i++) {
                const Document *document = documents->pdata[i];
                g_autofree char *trip =
                        g_strdup_printf("/model/domain/round-trip/%s", document->name);
                g_autofree char *defined =
                        g_strdup_printf("/model/domain/define/%s", document->name);
                g_autofree char *wrong = g_strdup_printf("/model/domain/wrong/%s", document->name);

                g_test_add_data_func(trip, document, test_round_trip);
                g_test_add_data_func(defined, document, test_define);
                g_test_add_data_func(wrong, document, test_wrong);
        }
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/document.h"

#include <string.h>

#define STEPS_MAX 3

/* ---- whole documents ------------------------------------------------------------------------ */

int document_check_root(const DocumentKind *kind, const char *root, GError **error)
{
        if (strcmp(root, kind->root) != 0)
                return error_set(error, ERROR_XML_ERROR, "expecting root element of '%s', not '%s'",
                        kind->root, root);
        return 0;
}

int document_parse_node(
        const DocumentKind *kind, const xmlNode *node, unsigned flags, void **ret, GError **error)
{
        void *object;

        if (document_check_root(kind, (const char *)node->name, error) < 0)
                return -1;
        object = g_malloc0(kind->type->size);
        if (bind_parse(kind->type, node, flags, object, error) < 0) {
                bind_free(kind->type, object);
                return -1;
        }
        *ret = object;
        return 0;
}

int document_parse(
        const DocumentKind *kind, const char *xml, unsigned flags, void **ret, GError **error)
{
        g_autoptr(xmlDoc) doc = xml_parse(xml, strlen(xml), kind->what, error);

        if (!doc)
                return -1;
        return document_parse_node(kind, xmlDocGetRootElement(doc), flags, ret, error);
}

void document_drop(xmlNode *root, const char *const *names)
{
        for (xmlNode *child = xml_first(root), *next; child; child = next) {
                next = xml_next(child);
                if (child->ns || !g_strv_contains(names, (const char *)child->name))
                        continue;
                xmlUnlinkNode(child);
                xmlFreeNode(child);
        }
}

char *document_format(const DocumentKind *kind, const void *object, unsigned flags)
{
        XmlWriter writer = { .out = g_string_sized_new(1024) };

        bind_format(kind->type, kind->root, object, flags, &writer);
        return g_string_free(writer.out, FALSE);
}

/* ---- who it is about ------------------------------------------------------------------------ */

typedef xmlTextReader XmlReader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlReader, xmlFreeTextReader)

typedef struct Search {
        const DocumentKind *kind;
        const DocumentField *fields;
        size_t n_fields;
        xmlTextReader *reader;
        GString *steps[STEPS_MAX]; /* names of the open elements below the root; "" is none */
        GError **error;
} Search;

static void reader_error(void *data, xmlError *failure)
{
        const Search *search = data;

        xml_record_error(search->error, search->kind->what, failure);
}

/* The path of the element that the reader is at. */
static char *search_path(const Search *search, int depth)
{
        g_autoptr(GString) path = g_string_new(NULL);

        for (int i = 0; i < depth; i++) {
                if (search->steps[i]->len == 0)
                        return NULL; /* of a namespace */
                g_string_append_printf(path, "%s%s", i ? "/" : "", search->steps[i]->str);
        }
        return g_string_free(g_steal_pointer(&path), FALSE);
}

/* The name of the attribute that a field is, of an element at path; or NULL. */
static const char *field_attribute(const DocumentField *field, const char *path)
{
        const char *at = strchr(field->path, '@');
        size_t n;

        if (!at)
                return NULL;
        n = at > field->path ? (size_t)(at - field->path) - 1 : 0;
        return strlen(path) == n && strncmp(field->path, path, n) == 0 ? at + 1 : NULL;
}

/* Whether an element at path is one that a field is, or has an attribute that is. */
static bool is_wanted(const Search *search, const char *path)
{
        for (size_t i = 0; i < search->n_fields; i++)
                if (strcmp(search->fields[i].path, path) == 0 ||
                        field_attribute(&search->fields[i], path))
                        return true;
        return false;
}

static int visit_element(Search *search, GHashTable *seen, int depth)
{
        g_autofree char *path = search_path(search, depth);
        xmlTextReader *reader = search->reader;

        if (!path || !is_wanted(search, path))
                return 1;
        if (depth > 0 && !g_hash_table_add(seen, g_strdup(path)))
                return error_set(search->error, ERROR_XML_ERROR, "/%s/%s: there can be only one",
                        search->kind->root, path);

        for (size_t i = 0; i < search->n_fields; i++) {
                const char *attribute = field_attribute(&search->fields[i], path);

                if (attribute) {
                        xmlChar *value = xmlTextReaderGetAttributeNs(
                                reader, (const xmlChar *)attribute, NULL);

                        if (value)
                                *search->fields[i].ret = g_strdup((const char *)value);
                        xmlFree(value);
                }
        }
        for (size_t i = 0; i < search->n_fields; i++)
                if (strcmp(search->fields[i].path, path) == 0)
                        return xml_reader_text(reader, search->fields[i].ret);
        return 1;
}

static int read_fields(Search *search)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        xmlTextReader *reader = search->reader;
        int r;

        while ((r = xmlTextReaderRead(reader)) == 1) {
                int type = xmlTextReaderNodeType(reader), depth = xmlTextReaderDepth(reader);
                const char *local = (const char *)xmlTextReaderConstName(reader);

                /* The reader goes on behind what it has complained of. */
                if (*search->error)
                        return -1;
                if (type == XML_READER_TYPE_DOCUMENT_TYPE)
                        return error_set(search->error, ERROR_XML_ERROR,
                                "(%s): a document type declaration is not accepted",
                                search->kind->what);
                if (type != XML_READER_TYPE_ELEMENT)
                        continue;
                if (depth >= XML_MAX_DEPTH)
                        return error_set(search->error, ERROR_XML_ERROR,
                                "(%s): elements are nested too deeply", search->kind->what);
                if (depth == 0 &&
                        document_check_root(search->kind,
                                (const char *)xmlTextReaderConstLocalName(reader),
                                search->error) < 0)
                        return -1;
                if (depth > STEPS_MAX)
                        continue;
                if (depth > 0)
                        g_string_assign(search->steps[depth - 1],
                                xmlTextReaderConstNamespaceUri(reader) ? "" : local);
                r = visit_element(search, seen, depth);
                if (r != 1)
                        break;
        }
        return r;
}

int document_identify(const DocumentKind *kind, const char *xml, const DocumentField *fields,
        size_t n_fields, GError **error)
{
        g_autoptr(XmlReader) reader = NULL;
        g_autoptr(GError) failure = NULL;
        size_t length = strlen(xml);
        Search search = { .kind = kind, .fields = fields, .n_fields = n_fields, .error = &failure };
        int r;

        if (xml_check(xml, length, kind->what, error) < 0)
                return -1;
        reader = xmlReaderForMemory(xml, (int)length, NULL, "UTF-8",
                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
        if (!reader)
                return error_set(error, ERROR_NO_MEMORY, "an XML parser");
        xmlTextReaderSetStructuredErrorHandler(reader, reader_error, &search);
        search.reader = reader;

        for (int i = 0; i < STEPS_MAX; i++)
                search.steps[i] = g_string_new(NULL);
        r = read_fields(&search);
        for (int i = 0; i < STEPS_MAX; i++)
                g_string_free(search.steps[i], TRUE);

        if (r >= 0 && !failure)
                return 0;
        for (size_t i = 0; i < n_fields; i++)
                g_clear_pointer(fields[i].ret, g_free);
        if (!failure)
                error_set(&failure, ERROR_XML_DETAIL, "(%s): malformed", kind->what);
        g_propagate_error(error, g_steal_pointer(&failure));
        return -1;
}

/* ---- what they are called ------------------------------------------------------------------- */

int document_check_name(const char *name, GError **error)
{
        if (!name || !name[0])
                return error_set_literal(error, ERROR_NO_NAME, "missing name information");
        if (strchr(name, '/'))
                return error_set(error, ERROR_XML_ERROR, "name %s cannot contain '/'", name);
        if (strchr(name, '\n'))
                return error_set(
                        error, ERROR_XML_ERROR, "name '%s' cannot contain a newline", name);
        if (strspn(name, " ") == strlen(name))
                return error_set(error, ERROR_XML_ERROR, "name '%s' is only blanks", name);
        return 0;
}

int document_check_uuid(char **uuid, GError **error)
{
        g_autofree char *normal = NULL;

        if (!*uuid)
                return 0;
        normal = uuid_normalize(*uuid);
        if (!normal)
                return error_set(error, ERROR_INTERNAL_ERROR, "malformed uuid element");
        g_free(*uuid);
        *uuid = g_steal_pointer(&normal);
        return 0;
}

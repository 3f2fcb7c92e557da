/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#define XML_BREAK '\1'

/* Without NUL. Nearly all documents are ASCII, which is seen eight bytes at a time. */
static bool is_text(const char *text, size_t length)
{
        uint64_t seen = 0, eight;
        size_t i = 0;

        if (memchr(text, '\0', length))
                return false;
        for (; i + sizeof eight <= length; i += sizeof eight) {
                memcpy(&eight, text + i, sizeof eight);
                seen |= eight;
        }
        for (; i < length; i++)
                seen |= (uint8_t)text[i];
        return !(seen & UINT64_C(0x8080808080808080)) || g_utf8_validate(text, length, NULL);
}

/* A '<' cannot stand in an attribute, so there is a '=' for each attribute from one to the next. */
static bool is_absurd(const char *text, size_t length)
{
        const char *end = text + length;

        for (const char *next; text < end; text = next) {
                size_t n_equals = 0;

                next = memchr(text + 1, '<', end - text - 1) ?: end;
                if (next - text <= XML_MAX_ATTRIBUTES)
                        continue;
                for (const char *at = text; at < next; at++)
                        n_equals += *at == '=';
                if (n_equals > XML_MAX_ATTRIBUTES)
                        return true;
        }
        return false;
}

int xml_check(const char *text, size_t length, const char *what, GError **error)
{
        if (length == 0)
                return error_set(error, ERROR_XML_DETAIL, "(%s):1: Document is empty", what);
        if (length > XML_MAX_BYTES)
                return error_set(error, ERROR_XML_ERROR,
                        "a document of %zu bytes is larger than the %zu allowed", length,
                        XML_MAX_BYTES);
        if (!is_text(text, length))
                return error_set(error, ERROR_XML_ERROR, "the document is not valid UTF-8 text");
        if (is_absurd(text, length))
                return error_set(error, ERROR_XML_ERROR, "an element has more than %d attributes",
                        XML_MAX_ATTRIBUTES);
        return 0;
}

/* The line that the parser stood in and a mark below its column, as libvirt shows them. */
static void append_context(GString *message, const xmlParserInput *input)
{
        const char *begin, *end, *cur;

        if (!input || !input->base || !input->cur || input->cur <= input->base)
                return;

        cur = (const char *)input->cur;
        while (cur > (const char *)input->base && (*cur == '\n' || *cur == '\r'))
                cur--;
        for (begin = cur;
                begin > (const char *)input->base && begin[-1] != '\n' && cur - begin < 80;)
                begin--;
        for (end = cur; *end && *end != '\n' && *end != '\r' && end - begin < 80;)
                end++;

        g_string_append_c(message, '\n');
        g_string_append_len(message, begin, end - begin);
        g_string_append_c(message, '\n');
        for (const char *p = begin; p < (const char *)input->cur && p < end; p++)
                g_string_append_c(message, '-');
        g_string_append_c(message, '^');
}

void xml_record_error(GError **error, const char *what, const xmlError *failure)
{
        g_autoptr(GString) message = g_string_new(NULL);

        if (*error || !failure || failure->level < XML_ERR_ERROR)
                return;
        g_string_printf(
                message, "(%s):%d: %s", what, failure->line, failure->message ?: "malformed");
        while (message->len > 0 && message->str[message->len - 1] == '\n')
                g_string_truncate(message, message->len - 1);
        if (failure->ctxt && failure->domain == XML_FROM_PARSER)
                append_context(message, ((xmlParserCtxt *)failure->ctxt)->input);
        error_set_literal(error, ERROR_XML_DETAIL, message->str);
}

/* ---- parsing -------------------------------------------------------------------------------- */

typedef struct Parse {
        const char *what;
        const char *const *children; /* of the root, that are kept; NULL: all */
        unsigned skipped;            /* elements that are open and are not kept */
        GError *error;
} Parse;

static void parse_error(void *data, xmlError *failure)
{
        xmlParserCtxt *context = data;
        Parse *parse = context->_private;

        xml_record_error(&parse->error, parse->what, failure);
}

static void parse_refuse(xmlParserCtxt *context, const char *why)
{
        Parse *parse = context->_private;

        if (!parse->error)
                error_set(&parse->error, ERROR_XML_ERROR, "(%s): %s", parse->what, why);
        xmlStopParser(context);
}

static void parse_doctype(
        void *data, const xmlChar *name, const xmlChar *external_id, const xmlChar *system_id)
{
        (void)name, (void)external_id, (void)system_id;
        parse_refuse(data, "a document type declaration is not accepted");
}

static void parse_start(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
        int n_namespaces, const xmlChar **namespaces, int n_attributes, int n_defaulted,
        const xmlChar **attributes)
{
        xmlParserCtxt *context = data;
        Parse *parse = context->_private;

        if (context->nodeNr + parse->skipped >= XML_MAX_DEPTH)
                return parse_refuse(context, "elements are nested too deeply");
        if (parse->skipped > 0 ||
                (parse->children && context->nodeNr == 1 &&
                        !g_strv_contains(parse->children, (const char *)name))) {
                parse->skipped++;
                return;
        }
        xmlSAX2StartElementNs(data, name, prefix, uri, n_namespaces, namespaces, n_attributes,
                n_defaulted, attributes);
}

static void parse_end(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
        xmlParserCtxt *context = data;
        Parse *parse = context->_private;

        if (parse->skipped > 0)
                parse->skipped--;
        else
                xmlSAX2EndElementNs(data, name, prefix, uri);
}

static void parse_text(void *data, const xmlChar *text, int length)
{
        xmlParserCtxt *context = data;
        Parse *parse = context->_private;

        if (parse->skipped == 0)
                xmlSAX2Characters(data, text, length);
}

static void parser_context_free(xmlParserCtxt *context)
{
        if (context->myDoc)
                xmlFreeDoc(context->myDoc);
        xmlFreeParserCtxt(context);
}

typedef xmlParserCtxt XmlParser;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XmlParser, parser_context_free)

xmlDoc *xml_parse(const char *text, size_t length, const char *what, GError **error)
{
        return xml_parse_children(text, length, what, NULL, error);
}

xmlDoc *xml_parse_children(const char *text, size_t length, const char *what,
        const char *const *children, GError **error)
{
        g_autoptr(XmlParser) context = NULL;
        Parse parse = { .what = what, .children = children };

        if (xml_check(text, length, what, error) < 0)
                return NULL;

        context = xmlNewParserCtxt();
        if (!context) {
                error_set(error, ERROR_NO_MEMORY, "an XML parser");
                return NULL;
        }
        context->_private = &parse;
        context->sax->serror = parse_error;
        context->sax->internalSubset = parse_doctype;
        context->sax->startElementNs = parse_start;
        if (children) {
                context->sax->endElementNs = parse_end;
                context->sax->characters = context->sax->ignorableWhitespace = parse_text;
                context->sax->comment = NULL;
                context->sax->processingInstruction = NULL;
        }
        /* The document stays with the context, which frees it unless it is taken below. */
        context->myDoc = xmlCtxtReadMemory(context, text, (int)length, NULL, NULL,
                XML_PARSE_IGNORE_ENC | XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR |
                        XML_PARSE_NOWARNING | XML_PARSE_NOCDATA | XML_PARSE_COMPACT);
        if (parse.error) {
                g_propagate_error(error, parse.error);
                return NULL;
        }
        if (!context->myDoc || !xmlDocGetRootElement(context->myDoc)) {
                error_set(error, ERROR_XML_DETAIL, "(%s): no document", what);
                return NULL;
        }
        return g_steal_pointer(&context->myDoc);
}

/* ---- reading -------------------------------------------------------------------------------- */

xmlNode *xml_next(const xmlNode *node)
{
        xmlNode *next = node->next;

        while (next && next->type != XML_ELEMENT_NODE)
                next = next->next;
        return next;
}

xmlNode *xml_first(const xmlNode *parent)
{
        xmlNode *first = parent->children;

        return !first || first->type == XML_ELEMENT_NODE ? first : xml_next(first);
}

/* Nearly always the text is one node, and borrowed. */
static const char *text_of(const xmlNode *list, char **own)
{
        g_autoptr(GString) text = NULL;
        const xmlNode *only = NULL;

        for (const xmlNode *node = list; node; node = node->next) {
                if (node->type != XML_TEXT_NODE && node->type != XML_CDATA_SECTION_NODE)
                        continue;
                if (!only) {
                        only = node;
                        continue;
                }
                if (!text)
                        text = g_string_new((const char *)only->content);
                g_string_append(text, (const char *)node->content);
        }
        if (text)
                return *own = g_string_free(g_steal_pointer(&text), FALSE);
        return only ? (const char *)only->content : NULL;
}

const char *xml_content(const xmlNode *node, char **own)
{
        return text_of(node->children, own);
}

const char *xml_property(const xmlNode *node, const char *name, char **own)
{
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
                if (!attribute->ns && strcmp((const char *)attribute->name, name) == 0)
                        return text_of(attribute->children, own) ?: "";
        return NULL;
}

/* From 1; 0 where there is no other of the name. */
static unsigned place_index(const xmlNode *node)
{
        unsigned index = 1;
        bool only = true;

        for (const xmlNode *other = node->prev; other; other = other->prev)
                if (other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name))
                        index++, only = false;
        for (const xmlNode *other = xml_next(node); other && only; other = xml_next(other))
                only = !xmlStrEqual(other->name, node->name);
        return only ? 0 : index;
}

char *xml_place(const xmlNode *node, const char *attribute)
{
        g_autoptr(GString) place = g_string_new(NULL);

        for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
                unsigned index = place_index(node);
                g_autofree char *step = index ?
                        g_strdup_printf("/%s[%u]", (const char *)node->name, index) :
                        g_strdup_printf("/%s", (const char *)node->name);

                g_string_prepend(place, step);
        }
        if (attribute)
                g_string_append_printf(place, "/@%s", attribute);
        return g_string_free(g_steal_pointer(&place), FALSE);
}

int xml_refuse(GError **error, const xmlNode *node, const char *attribute, const char *format, ...)
{
        g_autofree char *place = xml_place(node, attribute), *detail = NULL;
        va_list ap;

        va_start(ap, format);
        detail = g_strdup_vprintf(format, ap);
        va_end(ap);
        return error_set(error, ERROR_XML_ERROR, "%s: %s", place, detail);
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A document is some hundred short pieces: what fits is put there without a call. */
static inline void append(GString *out, const char *text, size_t n)
{
        if (out->len + n >= out->allocated_len) {
                g_string_append_len(out, text, (gssize)n);
                return;
        }
        memcpy(out->str + out->len, text, n);
        out->len += n;
        out->str[out->len] = '\0';
}

static inline void append_string(GString *out, const char *text)
{
        append(out, text, strlen(text));
}

/* Line ends are written as references where a parser would not give them back. What XML cannot hold
 * at all is left out; it cannot have come from a document. */
/* clang-format off */
#define ESCAPES                                                                                    \
        [1 ... '\t' - 1] = "", ['\v' ... '\r' - 1] = "", ['\r' + 1 ... 0x1f] = "",                   \
        ['\r'] = "&#13;", ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;",                         \
        ['\''] = "&apos;", ['"'] = "&quot;"
/* clang-format on */
static const char *const text_escapes[256] = { ESCAPES };
static const char *const attribute_escapes[256] = { ESCAPES, ['\t'] = "&#9;", ['\n'] = "&#10;" };

static void append_escaped(GString *out, const char *text, const char *const escapes[static 256])
{
        for (;;) {
                const char *from = text;

                while (*text && !escapes[(unsigned char)*text])
                        text++;
                append(out, from, text - from);
                if (!*text)
                        return;
                append_string(out, escapes[(unsigned char)*text++]);
        }
}

static void append_indent(GString *out, unsigned depth)
{
        static const char blanks[] = "                                ";

        for (size_t left = 2 * (size_t)depth, n; left > 0; left -= n) {
                n = MIN(left, sizeof blanks - 1);
                append(out, blanks, n);
        }
}

static void finish_tag(XmlWriter *writer)
{
        if (writer->open)
                append(writer->out, ">\n", 2);
        writer->open = false;
}

static void write_start(XmlWriter *writer, const char *name)
{
        finish_tag(writer);
        append_indent(writer->out, writer->depth++);
        append(writer->out, "<", 1);
        append_string(writer->out, name);
        writer->open = true;
        writer->text = false;
}

/* The outermost first. */
static void write_awaited(XmlWriter *writer, const XmlAwaited *awaited)
{
        if (awaited->outer)
                write_awaited(writer, awaited->outer);
        write_start(writer, awaited->name);
}

/* Something is written now, in all that is awaited. */
static inline void settle(XmlWriter *writer)
{
        if (writer->awaited)
                write_awaited(writer, writer->awaited);
        writer->awaited = NULL;
}

void xml_open(XmlWriter *writer, const char *name)
{
        settle(writer);
        write_start(writer, name);
}

void xml_await(XmlWriter *writer, const char *name, XmlAwaited *awaited)
{
        *awaited = (XmlAwaited){ .name = name, .outer = writer->awaited };
        writer->awaited = awaited;
}

void xml_close_awaited(XmlWriter *writer, const XmlAwaited *awaited)
{
        if (writer->awaited)
                writer->awaited = awaited->outer;
        else
                xml_close(writer, awaited->name);
}

void xml_attribute(XmlWriter *writer, const char *name, const char *value)
{
        settle(writer);
        append(writer->out, " ", 1);
        append_string(writer->out, name);
        append(writer->out, "='", 2);
        append_escaped(writer->out, value, attribute_escapes);
        append(writer->out, "'", 1);
}

void xml_write_kept_attributes(XmlWriter *writer, const char *kept)
{
        settle(writer);
        append_string(writer->out, kept);
}

void xml_text(XmlWriter *writer, const char *text)
{
        if (!text[0])
                return;
        settle(writer);
        if (writer->open)
                append(writer->out, ">", 1);
        writer->open = false;
        writer->text = true;
        append_escaped(writer->out, text, text_escapes);
}

void xml_close(XmlWriter *writer, const char *name)
{
        writer->depth--;
        if (writer->open) {
                append(writer->out, "/>\n", 3);
        } else {
                if (!writer->text)
                        append_indent(writer->out, writer->depth);
                append(writer->out, "</", 2);
                append_string(writer->out, name);
                append(writer->out, ">\n", 2);
        }
        writer->open = writer->text = false;
}

/* ---- keeping -------------------------------------------------------------------------------- */

static void append_name(GString *kept, const xmlNs *ns, const xmlChar *name)
{
        if (ns && ns->prefix)
                g_string_append_printf(kept, "%s:", (const char *)ns->prefix);
        g_string_append(kept, (const char *)name);
}

void xml_keep_attribute(GString *kept, const xmlAttr *attribute)
{
        g_autofree char *own = NULL;

        g_string_append_c(kept, ' ');
        append_name(kept, attribute->ns, attribute->name);
        g_string_append(kept, "='");
        append_escaped(kept, text_of(attribute->children, &own) ?: "", attribute_escapes);
        g_string_append_c(kept, '\'');
}

static void keep_namespace(GString *kept, const xmlNs *ns)
{
        g_string_append(kept, ns->prefix ? " xmlns:" : " xmlns");
        if (ns->prefix)
                g_string_append(kept, (const char *)ns->prefix);
        g_string_append(kept, "='");
        append_escaped(kept, (const char *)ns->href ?: "", attribute_escapes);
        g_string_append_c(kept, '\'');
}

void xml_keep_namespaces(GString *kept, const xmlNode *node)
{
        for (const xmlNs *ns = node->nsDef; ns; ns = ns->next)
                keep_namespace(kept, ns);
}

/* Whether children stand on lines of their own: not where there is text among them. */
static bool has_lines(const xmlNode *node)
{
        bool elements = false;

        for (const xmlNode *child = node->children; child; child = child->next) {
                if (child->type == XML_TEXT_NODE && !xmlIsBlankNode(child))
                        return false;
                elements |= child->type == XML_ELEMENT_NODE;
        }
        return elements;
}

static void keep_break(GString *kept, unsigned depth)
{
        g_string_append_c(kept, XML_BREAK);
        g_string_append_c(kept, (char)(depth + 1));
}

static void keep_node(GString *kept, const xmlNode *node, unsigned depth)
{
        bool lines = has_lines(node);

        g_string_append_c(kept, '<');
        append_name(kept, node->ns, node->name);
        xml_keep_namespaces(kept, node);
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
                xml_keep_attribute(kept, attribute);
        if (!node->children) {
                g_string_append(kept, "/>");
                return;
        }

        g_string_append_c(kept, '>');
        for (const xmlNode *child = node->children; child; child = child->next) {
                if (child->type == XML_ELEMENT_NODE) {
                        if (lines)
                                keep_break(kept, depth + 1);
                        keep_node(kept, child, depth + 1);
                } else if (child->type == XML_COMMENT_NODE) {
                        if (lines)
                                keep_break(kept, depth + 1);
                        g_string_append_printf(kept, "<!--%s-->", (const char *)child->content);
                } else if (child->type == XML_TEXT_NODE && !lines) {
                        append_escaped(kept, (const char *)child->content, text_escapes);
                }
        }
        if (lines)
                keep_break(kept, depth);
        g_string_append(kept, "</");
        append_name(kept, node->ns, node->name);
        g_string_append_c(kept, '>');
}

void xml_keep(GString *kept, const xmlNode *node)
{
        keep_break(kept, 0);
        keep_node(kept, node, 0);
}

void xml_write_kept(XmlWriter *writer, const char *kept)
{
        /* Behind text on the same line: blanks would become text too. */
        bool lines;

        settle(writer);
        lines = !writer->text;
        finish_tag(writer);
        while (*kept) {
                size_t n = strcspn(kept, "\1");

                append(writer->out, kept, n);
                kept += n;
                if (!*kept)
                        break;
                if (lines) {
                        if (writer->out->len > 0 && writer->out->str[writer->out->len - 1] != '\n')
                                g_string_append_c(writer->out, '\n');
                        append_indent(writer->out, writer->depth + (unsigned char)kept[1] - 1);
                }
                kept += 2;
        }
        if (lines)
                g_string_append_c(writer->out, '\n');
}

int xml_reader_text(xmlTextReader *reader, char **ret)
{
        g_autoptr(GString) text = g_string_new(NULL);
        int depth = xmlTextReaderDepth(reader), r;

        if (xmlTextReaderIsEmptyElement(reader) == 1)
                return 1;
        while ((r = xmlTextReaderRead(reader)) == 1) {
                int type = xmlTextReaderNodeType(reader), at = xmlTextReaderDepth(reader);

                if (type == XML_READER_TYPE_END_ELEMENT && at == depth)
                        break;
                if (at != depth + 1)
                        continue;
                if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
                        type == XML_READER_TYPE_WHITESPACE ||
                        type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE)
                        g_string_append(text, (const char *)xmlTextReaderConstValue(reader));
        }
        if (text->len > 0)
                *ret = g_string_free(g_steal_pointer(&text), FALSE);
        return r;
}

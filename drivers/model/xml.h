/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one door for XML of others, and the pen for ours.
 *
 * What comes in is a stranger's: it is refused before it can cost anything. No document type and so
 * no entities, no network, no XInclude; a cap on bytes, depth and attributes. What goes out looks
 * as libvirt's does: two spaces, single quotes, <x/> for what is empty. Nothing here suspends or
 * writes to stderr. */

#include <glib.h>
#include <libxml/tree.h>
#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <stddef.h>

#include "service/base/error.h"

#define XML_MAX_BYTES ((size_t)1 << 20)
#define XML_MAX_DEPTH 64
#define XML_MAX_ATTRIBUTES 1000 /* libxml2 compares each pair of them */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* Whether the bytes may be given to an XML parser at all: not none, nor too many, UTF-8, no NUL, no
 * absurd element. `what` names the document in the errors. */
int xml_check(const char *text, size_t length, const char *what, GError **error);

/* `what` names the document in errors: "(domain_definition):3: Opening and ending tag mismatch
 * ...". Malformed is XML_DETAIL, refused is XML_ERROR. The encoding is UTF-8, whatever the
 * declaration says. */
xmlDoc *xml_parse(const char *text, size_t length, const char *what, GError **error);

/* The same, but of the root's elements only those of the names in children
 * are there. The others have to be well
 * formed too, and cost much less. */
xmlDoc *xml_parse_children(const char *text, size_t length, const char *what,
        const char *const *children, GError **error);

/* The error of a parser in the form above; what the structured error handlers of libxml2 call. The
 * first one counts. `error` points to a GError pointer that is never NULL itself. */
void xml_record_error(GError **error, const char *what, const xmlError *failure);

/* "/domain/devices/disk[2]/target", for messages. With attribute not NULL: ".../target/@bus". */
char *xml_place(const xmlNode *node, const char *attribute);

/* "PLACE: message" as an XML_ERROR. Always returns -1. */
int xml_refuse(GError **error, const xmlNode *node, const char *attribute, const char *format, ...)
        G_GNUC_PRINTF(4, 5);

/* The text directly in an element, NULL where there is none. *own must be freed, it holds what
 * could not be borrowed. */
const char *xml_content(const xmlNode *node, char **own);

/* The value of an attribute without a namespace, by the same rules. */
const char *xml_property(const xmlNode *node, const char *name, char **own);

/* A first or next element, so without text and comments between. */
xmlNode *xml_first(const xmlNode *parent);
xmlNode *xml_next(const xmlNode *node);

/* ---- writing -------------------------------------------------------------------------------- */

/* An element that is written with the first thing in it. */
typedef struct XmlAwaited {
        const char *name;
        const struct XmlAwaited *outer; /* that was awaited before, and is not written either */
} XmlAwaited;

typedef struct XmlWriter {
        GString *out;
        const XmlAwaited *awaited; /* the innermost */
        unsigned depth;            /* of what is written */
        bool open;                 /* the last start tag still lacks its '>' */
        bool text; /* the last thing written is text: the end tag follows on its line */
} XmlWriter;

void xml_open(XmlWriter *writer, const char *name);
void xml_attribute(XmlWriter *writer, const char *name, const char *value);
void xml_text(XmlWriter *writer, const char *text);
void xml_close(XmlWriter *writer, const char *name);

/* xml_open() and xml_close() of an element that is not there if it is empty. `awaited` and the name
 * have to last until it is closed. */
void xml_await(XmlWriter *writer, const char *name, XmlAwaited *awaited);
void xml_close_awaited(XmlWriter *writer, const XmlAwaited *awaited);

/* A subtree as one string, without blanks between its elements. Where a line is to begin there is a
 * byte that XML does not have, 0x01, and a second one with the depth, from 1. Namespaces are
 * declared where the document declares them, which may be above the node. */
void xml_keep(GString *kept, const xmlNode *node);

/* Attributes in the form " name='value'". Also the namespaces that the element declares. */
void xml_keep_attribute(GString *kept, const xmlAttr *attribute);
void xml_keep_namespaces(GString *kept, const xmlNode *node);

/* Writes kept attributes into the start tag. */
void xml_write_kept_attributes(XmlWriter *writer, const char *kept);

/* Writes kept subtrees, indented for the place they are in now. */
void xml_write_kept(XmlWriter *writer, const char *kept);

/* The text of the element that a streaming reader is at; *ret is left alone where it has none.
 * Leaves the reader at its end. As xmlTextReaderRead(): 1, 0 at the end of the document, -1. */
int xml_reader_text(xmlTextReader *reader, char **ret);

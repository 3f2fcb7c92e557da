/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the documents of all kinds have in common: a root element of one name that a BindType
 * describes, read whole, written, and looked into for who it is about. The kinds' own functions
 * stand on these; drivers call those. Nothing here suspends. */

#include "drivers/model/bind.h"

typedef struct DocumentKind {
        const char *root; /* name of the root element */
        const char *what; /* names the document in the errors of the parser */
        const BindType *type;
} DocumentKind;

/* Reads a document as it stands; *ret is an object of kind->type. XML_DETAIL for what is malformed,
 * XML_ERROR for another root element and for values with the place named. */
int document_parse(
        const DocumentKind *kind, const char *xml, unsigned flags, void **ret, GError **error);

/* The same for an element of a document that is parsed already, as it stands in another. */
int document_parse_node(
        const DocumentKind *kind, const xmlNode *node, unsigned flags, void **ret, GError **error);

/* XML_ERROR where the root element is another. */
int document_check_root(const DocumentKind *kind, const char *root, GError **error);

/* Takes the children of these names (NULL behind the last) out of a parsed document. */
void document_drop(xmlNode *root, const char *const *names);

char *document_format(const DocumentKind *kind, const void *object, unsigned flags);

/* What a document has in one place: "name" and "usage/volume" are the text of elements below the
 * root, "@name" and "usage/@type" attributes. At most three steps. */
typedef struct DocumentField {
        const char *path;
        char **ret; /* NULL where there is nothing, so it must be NULL before */
} DocumentField;

/* Reads fields in one pass that keeps nothing else, before it is known whether the caller may do
 * more: what it gives is what document_parse() of the same bytes would. It refuses what is not
 * well formed, too large, or has an element of a field twice. */
int document_identify(const DocumentKind *kind, const char *xml, const DocumentField *fields,
        size_t n_fields, GError **error);

/* NO_NAME where it is absent or empty, XML_ERROR where it holds a '/' or a line end, or nothing but
 * blanks. */
int document_check_name(const char *name, GError **error);

/* Puts the UUID in its one form; absent is as well. INTERNAL_ERROR where it is none, as clients
 * know it. */
int document_check_uuid(char **uuid, GError **error);

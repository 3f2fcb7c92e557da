/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tests that documents of every kind have in common. The corpus of a kind is
 * tests/data/KIND/NAME.xml, and what it becomes when it is defined KIND/test/NAME.xml;
 * UPDATE_GOLDEN=1 writes those anew, tests/data/compare holds them against what libvirt's test host
 * makes of the same documents. */

#include <glib.h>

#include "service/base/error.h"

typedef struct CorpusKind {
        const char *name; /* the folder */
        /* Parse, copy, and format the copy. */
        char *(*again)(const char *xml, GError **error);
        /* The same, with defaults and validated in between: what a driver does with a document. */
        char *(*define)(const char *xml, GError **error);
        /* Who it is about, as one string that the test makes up; from the document and, the same,
         * by identify. May be NULL. */
        char *(*identify)(const char *xml, GError **error);
        char *(*identity)(const char *xml);
} CorpusKind;

/* Adds a test for each document: written and read again it is the same, what was filled in is not
 * filled in again, the golden file says what it becomes, and identify agrees with parse. */
void corpus_add(const CorpusKind *kind);

typedef struct CorpusRefusal {
        const char *xml, *message;
        int code;
} CorpusRefusal;

/* Each is refused by define with this message and code. */
void corpus_refuse(const CorpusKind *kind, const CorpusRefusal *cases, size_t n);

/* Megabytes of what should not be there cost little: head, unit as often as it fits, tail. */
void corpus_hostile(const CorpusKind *kind, const char *head, const char *unit, const char *tail);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* May this caller do that? polkit decides, asked over the bus as its own interface says
 * (org.freedesktop.PolicyKit1.Authority). Whatever goes wrong is a no.
 *
 * Answers are kept for a few seconds for each (caller, action, member, object), and forgotten when
 * the authority says that something changed. Root needs no permission: polkit gives it every one
 * without asking its rules. */

#include "service/caller.h"
#include "service/identify.h"

typedef struct Question {
        Caller *caller;
        const char *action; /* a literal; NULL needs no permission */
        const char *member; /* of which interface member; a literal */
        Object *object;     /* what it is about */
        const Identity
                *identity; /* of a document, which is about this within the object; or NULL */
        const char *uri;   /* of a connection that is not open yet; else NULL */
        bool interactive;  /* the user may be asked */
} Question;

/* The actions of a job, this and parent.stop, stand for those of what it is a job of, and a
 * question about them is one about that. */
#define ACTION_PARENT_READ "org.virtbus1.parent.read"

/* One about an object. */
Question question_about(Caller *caller, const char *action, const char *member, Object *object);

typedef enum Answer {
        ANSWER_UNKNOWN, /* authorize() has to ask */
        ANSWER_YES,
        ANSWER_NO,
        ANSWER_CHALLENGE, /* a no, that would be a question to the user if that were allowed */
} Answer;

int authorize_init(sd_bus *bus);
void authorize_finish(void);

/* The answer that is known without asking. */
Answer authorize_known(const Question *question);

/* Suspends. 0, or -1 with ERROR_ACCESS_DENIED, which names the object and the permission. Outside a
 * fiber it answers what is known, else -EAGAIN without an error. */
int authorize(const Question *question, GError **error);

/* Suspends. The same for many at once: answers[i] becomes whether questions[i] is allowed. 0, or
 * -EAGAIN outside a fiber where something is not known. */
int authorize_many(const Question *questions, size_t n, bool *answers);

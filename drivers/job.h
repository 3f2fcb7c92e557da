/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Jobs: work that may take long. Two kinds of it have one: an operation that changes an object,
 * from before it is called until it returns, of which a domain has one at a time
 * (domain_begin_job(), driver.h); and what an operation leaves behind that goes on by itself, such
 * as an upload. A job that takes longer than JOB_SHOWN_AFTER is an object on the bus, below what it
 * is about, until it ends: so others see what is going on and how far it is, and may cancel it
 * where that can be done.
 */

#include "drivers/object.h"
#include "interfaces.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

/* Microseconds. */
#define JOB_SHOWN_AFTER (500 * 1000)
#define JOB_TOLD_EVERY (500 * 1000) /* its progress, at most */

/* Property State. */
typedef enum JobState {
        JOB_RUNNING,
        JOB_COMPLETED,
        JOB_FAILED,
        JOB_CANCELLED,
} JobState;

typedef struct Job {
        Object object;
        JobProperties properties;
        unsigned number;            /* in its path; no other job of this process has it */
        Fiber *fiber;               /* that works on it, or NULL */
        void (*cancel)(void *data); /* what ends it where no fiber does */
        void *data;
        bool cancelled;
        uint64_t processed, total; /* what the properties will be when they are told next */
        sd_event_source *timer;    /* until it is shown, and then until they are told */
        struct Job *next;          /* of those that fibers work on */
} Job;

/* Begins the running fiber's, for its client. The operation is a literal. */
Job *job_begin(Object *parent, const char *operation);
/* The same for one that goes on when the fiber has ended, until something calls job_end(), as what
 * cancel() begins has to. It may be cancelled until job_allow_cancel() says otherwise. */
Job *job_begin_apart(Object *parent, const char *operation, void (*cancel)(void *data), void *data);
/* Takes NULL. Tells of the end, takes it from the bus and gives up the reference. problem is NULL
 * where the operation did what it should. What was cancelled is the job: the fiber may wait again.
 */
void job_end(Job *job, const GError *problem);

/* The one that the running fiber works on, the last that it began; NULL: none. */
Job *job_running(void);

/* Takes NULL. How far it is, in bytes; total is 0 where that is not known. */
void job_progress(Job *job, uint64_t processed, uint64_t total);

/* Takes NULL. For a driver, while it can take down what it has begun: whether the job may be
 * cancelled. */
void job_allow_cancel(Job *job, bool allowed);

/* Ends the waits of its fiber, or what goes on by itself; the operation fails then. -1 with
 * ERROR_OPERATION_INVALID where it must run to its end. */
int job_cancel(Job *job, GError **error);

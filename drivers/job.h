/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Jobs: what changes a domain, one at a time, from domain_begin_job() to domain_end_job()
 * (driver.h). One that takes longer than JOB_SHOWN_AFTER is an object on the bus until it ends, so
 * that others see what keeps the domain, and may cancel it where the driver allows that. */

#include "drivers/object.h"
#include "interfaces.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

#define JOB_SHOWN_AFTER (500 * 1000) /* microseconds */

typedef struct Job {
        Object object;
        JobProperties properties;
        unsigned number; /* in its path; no other job of this process has it */
        Fiber *fiber;    /* that works on it */
        bool cancelled;
        sd_event_source *timer; /* until it is shown */
} Job;

/* Begins the running fiber's. The operation is a literal. */
Job *job_begin(Object *parent, const char *operation, const char *user);
/* Tells of the end, takes it from the bus and gives up the reference. problem is NULL where the
 * operation did what it should. What was cancelled is the job: the fiber may wait again. */
void job_end(Job *job, const GError *problem);

/* For a driver, while it can take down what it has begun: whether the job may be cancelled. */
void job_allow_cancel(Job *job, bool allowed);

/* Ends the waits of its fiber; the operation fails then. -1 with ERROR_OPERATION_INVALID where it
 * must run to its end. */
int job_cancel(Job *job, GError **error);

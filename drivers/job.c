/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/job.h"

#include <errno.h>
#include <string.h>

static unsigned last_number;

static void job_free(Object *object)
{
        Job *job = (Job *)object;

        fiber_unref(job->fiber);
        g_free(job);
}

static int on_long(sd_event_source *source, uint64_t usec, void *data)
{
        Job *job = data;

        (void)source, (void)usec;
        /* What it works on may not be shown yet, or not any more. */
        if (job->object.parent->published)
                object_publish(job);
        return 0;
}

Job *job_begin(Object *parent, const char *operation, const char *user)
{
        Job *job = g_new0(Job, 1);
        int r;

        object_init(&job->object, &job_class, NULL, &job->properties, parent, job_free);
        job->number = ++last_number;
        job->fiber = fiber_ref(fiber_self());
        object_set_string(job, JOB_PROPERTY_OPERATION, operation);
        object_set_string(job, JOB_PROPERTY_USER, user);
        object_set_uint64(job, JOB_PROPERTY_STARTED, g_get_real_time());
        r = sd_event_add_time_relative(
                fibers_event(), &job->timer, CLOCK_MONOTONIC, JOB_SHOWN_AFTER, 0, on_long, job);
        if (r < 0)
                g_warning("%s will not be shown: %s", operation, g_strerror(-r));
        return job;
}

void job_end(Job *job, const GError *problem)
{
        const JobCompletedSignal completed = {
                .success = !problem,
                .message = problem ? problem->message : "",
        };

        job->timer = sd_event_source_disable_unref(job->timer);
        if (job->cancelled)
                fiber_uncancel();
        object_emit(job, JOB_SIGNAL_COMPLETED, &completed);
        object_withdraw(job);
        object_unref(job);
}

void job_allow_cancel(Job *job, bool allowed)
{
        object_set_bool(job, JOB_PROPERTY_CANCELLABLE, allowed && !job->cancelled);
}

int job_cancel(Job *job, GError **error)
{
        if (!job->properties.cancellable)
                return error_set(error, ERROR_OPERATION_INVALID, "%s %s", job->properties.operation,
                        job->cancelled ? "is being cancelled" : "cannot be cancelled now");
        job->cancelled = true;
        object_set_bool(job, JOB_PROPERTY_CANCELLABLE, false);
        fiber_cancel(job->fiber);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/job.h"

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"

static unsigned last_number;
static Job *running;

static void job_free(Object *object)
{
        Job *job = (Job *)object;

        fiber_unref(job->fiber);
        g_free(job);
}

static void tell_progress(Job *job)
{
        double part = job->total > 0 ? (double)job->processed / (double)job->total : 0;

        object_set_uint64(job, JOB_PROPERTY_PROCESSED, job->processed);
        object_set_uint64(job, JOB_PROPERTY_TOTAL, job->total);
        object_set(job, JOB_PROPERTY_PROGRESS, &(double){ MIN(part, 1) });
}

static int on_timer(sd_event_source *source, uint64_t usec, void *data)
{
        Job *job = data;

        (void)source, (void)usec;
        tell_progress(job);
        /* What it works on may not be shown yet, or not any more. */
        if (!job->object.published && job->object.parent->published)
                object_publish(job);
        return 0;
}

static Job *job_new(Object *parent, const char *operation)
{
        const Client *client = client_current();
        Job *job = g_new0(Job, 1);
        int r;

        object_init(&job->object, &job_class, NULL, &job->properties, parent, job_free);
        job->number = ++last_number;
        object_set_string(job, JOB_PROPERTY_OPERATION, operation);
        object_set_string(job, JOB_PROPERTY_USER, client ? client->user : NULL);
        object_set_uint64(job, JOB_PROPERTY_STARTED, g_get_real_time());
        r = sd_event_add_time_relative(
                fibers_event(), &job->timer, CLOCK_MONOTONIC, JOB_SHOWN_AFTER, 0, on_timer, job);
        if (r < 0)
                g_warning("%s will not be shown: %s", operation, g_strerror(-r));
        return job;
}

Job *job_begin(Object *parent, const char *operation)
{
        Job *job = job_new(parent, operation);

        job->fiber = fiber_ref(fiber_self());
        job->next = running;
        running = job;
        return job;
}

Job *job_begin_apart(Object *parent, const char *operation, void (*cancel)(void *data), void *data)
{
        Job *job = job_new(parent, operation);

        job->cancel = cancel;
        job->data = data;
        job_allow_cancel(job, true);
        return job;
}

static void leave_fiber(Job *job)
{
        Job **link = &running;

        while (*link != job)
                link = &(*link)->next;
        *link = job->next;
        if (job->cancelled)
                fiber_uncancel();
}

void job_end(Job *job, const GError *problem)
{
        const JobCompletedSignal completed = {
                .success = !problem,
                .error = problem ? error_info(error_code(problem))->bus_name : "",
                .message = problem ? problem->message : "",
        };

        if (!job)
                return;
        job->timer = sd_event_source_disable_unref(job->timer);
        if (job->fiber)
                leave_fiber(job);
        tell_progress(job);
        object_set_bool(job, JOB_PROPERTY_CANCELLABLE, false);
        object_set_int32(job, JOB_PROPERTY_STATE,
                !problem               ? JOB_COMPLETED :
                        job->cancelled ? JOB_CANCELLED :
                                         JOB_FAILED);
        object_emit(job, JOB_SIGNAL_COMPLETED, &completed);
        object_withdraw(job);
        object_unref(job);
}

Job *job_running(void)
{
        Job *job = running;

        while (job && job->fiber != fiber_self())
                job = job->next;
        return job;
}

void job_progress(Job *job, uint64_t processed, uint64_t total)
{
        int enabled = SD_EVENT_OFF;

        if (!job)
                return;
        job->processed = processed;
        job->total = total;
        if (job->timer && sd_event_source_get_enabled(job->timer, &enabled) >= 0 &&
                enabled == SD_EVENT_OFF &&
                sd_event_source_set_time_relative(job->timer, JOB_TOLD_EVERY) >= 0)
                sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
}

void job_allow_cancel(Job *job, bool allowed)
{
        if (job)
                object_set_bool(job, JOB_PROPERTY_CANCELLABLE, allowed && !job->cancelled);
}

int job_cancel(Job *job, GError **error)
{
        if (!job->properties.cancellable)
                return error_set(error, ERROR_OPERATION_INVALID, "%s %s", job->properties.operation,
                        job->cancelled ? "is being cancelled" : "cannot be cancelled now");
        job->cancelled = true;
        object_set_bool(job, JOB_PROPERTY_CANCELLABLE, false);
        if (job->fiber)
                fiber_cancel(job->fiber);
        else
                job->cancel(job->data);
        return 0;
}

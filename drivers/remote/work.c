/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Work of the peer on a guest, which may take hours: a migration, a dump, a save. The wire has no
 * event for how far it is, so that is asked now and then, by the fiber that waits for the reply. */

#include <errno.h>

#include "drivers/remote/remote.h"
#include "drivers/wire/map.h"

/* From when on others see the job, and how often they are told. */
#define ASKED_EVERY JOB_SHOWN_AFTER

/* Property Type of GetJobInfo. */
enum {
        PEER_JOB_BOUNDED = 1,
        PEER_JOB_UNBOUNDED = 2,
};

/* Suspends. A question about the domain alone. */
static int ask(RemoteCall *call, RemoteLink *link, int32_t procedure, const Object *domain)
{
        g_autoptr(GError) problem = NULL;
        WireDomain name;
        int r;

        wire_name('D', domain, &name);
        r = remote_call(call, link, procedure, &name, &problem);
        wire_clear("D", &name);
        return r;
}

/* Suspends. Whether it is worth asking again. */
static bool look(RemoteLink *link, const Object *domain, Job *job)
{
        g_auto(RemoteCall) call = { 0 };
        const WireDomainGetJobInfoRet *info = (const WireDomainGetJobInfoRet *)call.ret.bytes;

        if (ask(&call, link, WIRE_DOMAIN_GET_JOB_INFO, domain) < 0)
                return false;
        if (info->type == PEER_JOB_BOUNDED || info->type == PEER_JOB_UNBOUNDED) {
                job_progress(job, info->data_processed, info->data_total);
                job_allow_cancel(job, true);
        }
        return true;
}

/* Suspends. The call that began it fails, if the peer does as it is told. */
static void end(RemoteLink *link, const Object *domain)
{
        g_auto(RemoteCall) call = { 0 };

        fiber_uncancel();
        ask(&call, link, WIRE_DOMAIN_ABORT_JOB, domain);
}

int remote_work_finish(RemoteCall *call, const Object *domain, Job *job, GError **error)
{
        bool asks = true, ended = false;
        int r;

        for (;;) {
                uint64_t next = asks ? fiber_deadline(ASKED_EVERY) : FIBER_FOREVER;

                r = remote_call_wait(call, next);
                if (r == -ECANCELED && job->cancelled && !ended) {
                        ended = true;
                        end(call->link, domain);
                } else if (r == -ETIMEDOUT && asks && fiber_now() < call->deadline) {
                        asks = look(call->link, domain, job);
                } else {
                        break;
                }
        }
        job_allow_cancel(job, false);
        return remote_call_finish(call, error);
}

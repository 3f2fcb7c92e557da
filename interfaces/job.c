/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.virtbus1.Job. */

#include "drivers/job.h"

#include "handlers.h"
#include "service/operate.h"

int job_handle_cancel(Call *call, const JobCancelIn *in, JobCancelOut *out, GError **error)
{
        (void)in, (void)out;
        return job_cancel((Job *)call->object, error);
}

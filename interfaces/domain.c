/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of org.virtbus1.Domain that need no driver. */

#include "drivers/driver.h"
#include "handlers.h"
#include "service/dispatch.h"

int domain_handle_get_state(
        Call *call, const DomainGetStateIn *in, DomainGetStateOut *out, GError **error)
{
        const Domain *domain = (Domain *)call->object;

        (void)in, (void)error;
        out->state.state = domain->properties.state.state;
        out->state.reason = domain->properties.state.reason;
        return 0;
}

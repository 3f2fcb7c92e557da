/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the other service has. A user's service goes to the host's for qemu:///system, where polkit
 * judges that user as it judges everybody; the host's goes to a user's service for qemu:///session,
 * for that user alone. Both go over the socket of the wire. */

#include "service/caller.h"

typedef struct Bridge {
        Uri *uri;    /* what the remote driver opens; NULL: there is no bridge to go over */
        char *label; /* of the connection */
        uid_t owner; /* whose it is alone; NO_OWNER: everybody's */
} Bridge;

/* May suspend, and asks who the caller is. 0, or -1 where it leads to a user who is not there. The
 * caller may be NULL: the service itself, which never needs one. */
int bridge_find(const Uri *uri, Instance instance, Caller *caller, bool read_only, Bridge *ret,
        GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Xen. The driver says whether this host runs under Xen, and what is missing; connections of it
 * cannot be opened yet. */

#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"

static const char *const none[] = { NULL };
static const char *const system_uris[] = { "xen:///system", NULL };

static const char *const *xen_defaults(Instance instance)
{
        (void)instance;
        return none;
}

/* Where the hypervisor's calls go through. NULL: this is its privileged domain. */
static const char *xen_missing(void)
{
        if (access("/dev/xen/privcmd", F_OK) < 0 && access("/proc/xen/privcmd", F_OK) < 0)
                return "this host does not run under Xen: there is no /dev/xen/privcmd";
        return "the Xen driver does not run guests yet";
}

static int xen_probe(DriverObject *self, Instance instance, GError **error)
{
        (void)error;
        object_set_bool(self, DRIVER_PROPERTY_AVAILABLE, false);
        object_set_string(self, DRIVER_PROPERTY_REASON, xen_missing());
        object_set(self, DRIVER_PROPERTY_URIS,
                &(Array){ .items = (void *)system_uris, .n = instance == INSTANCE_SYSTEM });
        return 0;
}

static int xen_identify(const Uri *uri, Instance instance, bool read_only, char **ret_label,
        const char **ret_action, GError **error)
{
        (void)instance, (void)read_only, (void)ret_label, (void)ret_action;
        if (uri->path[0] && strcmp(uri->path, "/") != 0 && strcmp(uri->path, "/system") != 0)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "unexpected Xen URI path '%s', try xen:///system", uri->path);
        return error_set(error, ERROR_NO_CONNECT, "%s: %s", uri->text, xen_missing());
}

static int xen_open(const Uri *uri, Instance instance, bool read_only, const char *label,
        Connection **ret, GError **error)
{
        (void)instance, (void)read_only, (void)label, (void)ret;
        return error_set(error, ERROR_NO_CONNECT, "%s: %s", uri->text, xen_missing());
}

const Driver xen_driver = {
        .name = "xen",
        .defaults = xen_defaults,
        .probe = xen_probe,
        .identify = xen_identify,
        .open = xen_open,
};

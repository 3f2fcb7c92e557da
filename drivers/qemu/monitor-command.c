/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Commands that somebody else has for QEMU. They go over our own monitor, so that what comes of
 * them comes as events as ever; what has no event the driver does not learn. */

#include <string.h>

#include "drivers/qemu/domain.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#define COMMAND_DEADLINE (60 * G_USEC_PER_SEC)
#define COMMAND_HUMAN 1

/* Of a command of ours it would be a fault of ours that QEMU refuses it. */
static int refused(const GError *problem, GError **error)
{
        static const char ours[] = "internal error: ";
        bool is_ours = g_str_has_prefix(problem->message, ours);

        if (!error_is(problem, ERROR_INTERNAL_ERROR)) {
                g_propagate_error(error, g_error_copy(problem));
                return -1;
        }
        return error_set(error, ERROR_OPERATION_FAILED, "%s",
                problem->message + (is_ours ? strlen(ours) : 0));
}

static int run_json(Qmp *qmp, const char *text, char **ret, GError **error)
{
        json_error_t fault;
        g_autoptr(json_t) command = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
        g_autoptr(json_t) answer = json_object();
        g_autoptr(GError) problem = NULL;
        json_t *arguments = NULL, *id = NULL, *value = NULL;
        const char *name;

        if (!command ||
                json_unpack_ex(command, &fault, JSON_STRICT, "{ss s?o s?o}", "execute", &name,
                        "arguments", &arguments, "id", &id) < 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "it is not a command of QEMU's monitor protocol: %s", fault.text);
        if (qmp_call(qmp, name, json_incref(arguments), &value, fiber_deadline(COMMAND_DEADLINE),
                    &problem) < 0)
                return refused(problem, error);
        json_object_set_new(answer, "return", value);
        *ret = json_dumps(answer, JSON_COMPACT);
        return 0;
}

int qemu_monitor_command(Domain *base, const DomainMonitorCommandIn *in,
        DomainMonitorCommandOut *out, GError **error)
{
        QemuDomain *domain = qemu_domain(base);
        g_autoptr(Qmp) qmp = NULL;

        if (qemu_monitor(domain, &qmp, error) < 0)
                return -1;
        /* Before it is done, so that it is known whatever comes of it. */
        if (!domain->commanded) {
                domain->commanded = true;
                if (qemu_status_write(domain, error) < 0)
                        return -1;
        }
        if (in->flags & COMMAND_HUMAN)
                return qmp_call_human(
                        qmp, in->cmd, &out->result, fiber_deadline(COMMAND_DEADLINE), error);
        return run_json(qmp, in->cmd, &out->result, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/agent.h"

#include <errno.h>
#include <string.h>

#include "service/base/bus-call.h"
#include "service/base/cleanup.h"

#define AGENT_INTERFACE "org.virtbus1.Agent"
/* People look for their passwords. */
#define ANSWER_DEADLINE (120 * G_USEC_PER_SEC)
#define ANSWER_MAX 4096

static sd_bus *bus;

/* What an agent that refuses, is slow, or is not there is taken for. */
static int not_answered(int r, const sd_bus_error *problem, GError **error)
{
        if (r == -ETIMEDOUT)
                return error_set(error, ERROR_AUTH_CANCELLED, "nobody answered in time");
        return error_set(error, ERROR_AUTH_CANCELLED, "the question was not answered: %s",
                problem->message ?: g_strerror(-r));
}

static int agent_ask(Client *client, const ClientQuestion *question, char **ret, GError **error)
{
        Caller *caller = (Caller *)client;
        g_autoptr(sd_bus_message) call = NULL, reply = NULL;
        g_auto(sd_bus_error) problem = SD_BUS_ERROR_NULL;
        const char *answer;
        int r;

        r = sd_bus_message_new_method_call(
                bus, &call, caller->name, caller->agent, AGENT_INTERFACE, "Ask");
        if (r >= 0)
                r = sd_bus_message_append(call, "ssssb", question->uri, question->what,
                        question->prompt, question->standard ?: "", (int)question->echo);
        /* The answer is nobody else's business, nor that of a log. */
        if (r >= 0)
                r = sd_bus_message_sensitive(call);
        if (r >= 0)
                r = bus_call(bus, call, fiber_deadline(ANSWER_DEADLINE), &reply, &problem);
        if (r >= 0)
                r = sd_bus_message_sensitive(reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &answer);
        if (r >= 0 && strlen(answer) > ANSWER_MAX)
                r = -EMSGSIZE;
        if (r < 0)
                return not_answered(r, &problem, error);
        *ret = g_strdup(answer);
        return 0;
}

int agent_register(Caller *caller, const char *path, GError **error)
{
        if (!g_variant_is_object_path(path))
                return error_set(error, ERROR_INVALID_ARG, "'%s' is no object path", path);
        if (caller->kind != CALLER_BUS)
                return error_set(
                        error, ERROR_OPERATION_UNSUPPORTED, "only a caller on the bus has agents");
        g_free(caller->agent);
        caller->agent = g_strdup(path);
        caller->client.ask = agent_ask;
        return 0;
}

void agent_unregister(Caller *caller)
{
        g_clear_pointer(&caller->agent, g_free);
        caller->client.ask = NULL;
}

int agents_init(sd_bus *bus_)
{
        bus = sd_bus_ref(bus_);
        return 0;
}

void agents_finish(void)
{
        bus = sd_bus_unref(bus);
}

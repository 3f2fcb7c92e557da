/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/wire/login.h"

#include "service/wire/client.h"

/* What one has to be allowed at least to come in. Each call is asked about for itself afterwards.
 */
#define GATE "org.virtbus1.connection.read"

void wire_login_done(WireClient *client, const char *user)
{
        client->login = WIRE_LOGIN_NONE;
        if (user)
                caller_logged_in(client->caller, user);
        wire_door_known();
}

/* Asking has a side effect, as everywhere: root is in by that where others would have to ask the
 * authority. */
static int auth_list(WireCall *call, void *args, void *data, GError **error)
{
        /* As the wire numbers them. */
        static const int32_t types[] = {
                [WIRE_LOGIN_NONE] = 0,
                [WIRE_LOGIN_SASL] = 1,
                [WIRE_LOGIN_POLKIT] = 2,
        };
        WireClient *client = call->client;
        WireAuthListRet *ret = data;

        (void)args, (void)error;
        if (client->login == WIRE_LOGIN_POLKIT && client->caller->kind == CALLER_PROCESS &&
                client->caller->client.uid == 0)
                wire_login_done(client, NULL);
        ret->types.items = g_memdup2(&types[client->login], sizeof types[0]);
        ret->types.n = 1;
        return 0;
}

/* Clients start an agent that asks the user, or try once more, by these two. */
static int refused(WireCall *call, const Question *question, GError **error)
{
        Question quiet = *question;

        quiet.interactive = false;
        g_clear_error(error);
        call->from = WIRE_FROM_POLKIT;
        if (authorize_known(&quiet) == ANSWER_CHALLENGE)
                return error_set(error, ERROR_AUTH_UNAVAILABLE,
                        "no polkit agent available to authenticate action '%s'", question->action);
        return error_set(error, ERROR_AUTH_FAILED, "access denied by policy");
}

static int auth_polkit(WireCall *call, void *args, void *data, GError **error)
{
        const Question question = call_question(&call->base, GATE, NULL);
        WireAuthPolkitRet *ret = data;
        int r;

        (void)args;
        if (call->client->login != WIRE_LOGIN_POLKIT) {
                call->from = WIRE_FROM_RPC;
                return -1; /* without saying why, as everywhere */
        }
        r = authorize(&question, error);
        if (r == -1)
                return refused(call, &question, error);
        if (r < 0)
                return r;
        wire_login_done(call->client, NULL);
        ret->complete = 1;
        return 0;
}

const WireRow wire_login_rows[] = {
        { WIRE_AUTH_LIST, WIRE_ON_LINK, false, auth_list, NULL, -1, 0 },
        { WIRE_AUTH_POLKIT, WIRE_ON_LINK, false, auth_polkit, NULL, -1, 0 },
        { WIRE_AUTH_SASL_INIT, WIRE_ON_LINK, true, wire_auth_sasl_init, NULL, -1, 0 },
        { WIRE_AUTH_SASL_START, WIRE_ON_LINK, true, wire_auth_sasl_start, NULL, -1, 0 },
        { WIRE_AUTH_SASL_STEP, WIRE_ON_LINK, true, wire_auth_sasl_step, NULL, -1, 0 },
        { 0 },
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logging in with SASL. What goes wrong is told to the log alone: the client hears one text,
 * whatever it was, as everywhere. */

#include <string.h>

#include "drivers/wire/sasl.h"
#include "service/wire/client.h"
#include "service/wire/tls-door.h"

/* One with a plugin that is loaded. */
static const SaslPlugin *plugin;

void wire_sasl_drop(WireClient *client)
{
        if (client->sasl)
                client->sasl = plugin->free(client->sasl);
}

/* The exchange is over; the client may begin anew. */
static int refuse(WireCall *call, const GError *reason, GError **error)
{
        g_message("%s: %s", call->client->caller->name, reason->message);
        wire_sasl_drop(call->client);
        return wire_call_fail(call, error, ERROR_AUTH_FAILED, "authentication failed");
}

/* Of the turns of one exchange one at a time is in work, however many calls come at once. */
static int begin_turn(WireCall *call, bool first, GError **error)
{
        WireClient *client = call->client;

        if (client->login == WIRE_LOGIN_SASL && !client->sasl_busy && first == !client->sasl) {
                client->sasl_busy = true;
                return 0;
        }
        return wire_call_fail(call, error, ERROR_AUTH_FAILED, "authentication failed");
}

/* The client may have left meanwhile. */
static int end_turn(WireCall *call, int r, GError *reason, GError **error)
{
        g_autoptr(GError) owned = reason;

        call->client->sasl_busy = false;
        return r < 0 ? refuse(call, owned, error) : 0;
}

static int init_run(WireClient *client, WireAuthSaslInitRet *ret, GError **error)
{
        char local[WIRE_PLACE], remote[WIRE_PLACE];
        const WireLink *link;
        unsigned external;
        const char *list;
        bool network;

        if (!client->peer)
                return error_set(error, ERROR_AUTH_FAILED, "it has left");
        link = wire_peer_link(client->peer);
        external = wire_tls_bits(link);
        network = wire_link_places(link, local, remote);
        const SaslOptions options = {
                .local = network ? local : NULL,
                .remote = network ? remote : NULL,
                .external_bits = external,
                /* Bytes that anybody can read and change on their way want a layer. */
                .min_bits = network && external == 0 ? (unsigned)settings()->tcp_min_ssf : 0,
        };

        plugin = sasl_plugin(error);
        if (!plugin || plugin->new (&options, &client->sasl, error) < 0 ||
                plugin->mechanisms(client->sasl, &list, error) < 0)
                return -1;
        ret->mechlist = g_strdup(list);
        return 0;
}

int wire_auth_sasl_init(WireCall *call, void *args, void *ret, GError **error)
{
        GError *reason = NULL;
        int r;

        (void)args;
        if (begin_turn(call, true, error) < 0)
                return -1;
        r = init_run(call->client, ret, &reason);
        return end_turn(call, r, reason, error);
}

static bool is_allowed(const char *user)
{
        char **list = settings()->sasl_allowed_username_list;

        for (; list && *list; list++)
                if (g_pattern_match_simple(*list, user))
                        return true;
        return !settings()->sasl_allowed_username_list;
}

static WireLink *wrap(
        WireLink *inner, const void *unread, size_t n_unread, void *data, GError **error)
{
        WireClient *client = data;

        (void)error;
        return plugin->wrap(g_steal_pointer(&client->sasl), inner, unread, n_unread);
}

/* The reply that completes the login is the last thing that goes in the clear. */
static int complete(WireCall *call, WireAuthSaslStepRet *ret, GError **error)
{
        WireClient *client = call->client;
        const char *user;
        unsigned bits;

        if (plugin->result(client->sasl, &user, &bits, error) < 0)
                return -1;
        if (!is_allowed(user))
                return error_set(error, ERROR_AUTH_FAILED,
                        "'%s' is not on the list of those that may come in", user);
        ret->complete = 1;
        if (wire_call_reply(call, ret, error) < 0)
                return -1;
        g_message("%s has logged in as '%s'", client->caller->name, user);
        wire_login_done(client, client->caller->kind == CALLER_REMOTE ? user : NULL);
        if (bits > 0 && client->peer)
                wire_peer_wrap(client->peer, wrap, client);
        return 0;
}

/* Suspends. mechanism NULL: not the first turn. */
static int turn(WireCall *call, const char *mechanism, bool nil, const char *bytes, size_t n,
        WireAuthSaslStepRet *ret, GError **error)
{
        WireClient *client = call->client;
        const SaslData in = { .bytes = nil ? NULL : bytes ?: "", .n = nil ? 0 : n };
        SaslData out = { 0 };
        int r;

        r = mechanism ? plugin->start(client->sasl, mechanism, in, &out, NULL, error) :
                        plugin->step(client->sasl, in, &out, error);
        if (r < 0)
                return -1;
        ret->nil = !out.bytes;
        ret->data.items = g_memdup2(out.bytes ?: "", out.n);
        ret->data.n = out.n;
        return r ? complete(call, ret, error) : 0;
}

int wire_auth_sasl_start(WireCall *call, void *data, void *ret, GError **error)
{
        const WireAuthSaslStartArgs *args = data;
        GError *reason = NULL;
        int r;

        if (begin_turn(call, false, error) < 0)
                return -1;
        r = turn(call, args->mech, args->nil, args->data.items, args->data.n, ret, &reason);
        return end_turn(call, r, reason, error);
}

int wire_auth_sasl_step(WireCall *call, void *data, void *ret, GError **error)
{
        const WireAuthSaslStepArgs *args = data;
        GError *reason = NULL;
        int r;

        if (begin_turn(call, false, error) < 0)
                return -1;
        r = turn(call, NULL, args->nil, args->data.items, args->data.n, ret, &reason);
        return end_turn(call, r, reason, error);
}

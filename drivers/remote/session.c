/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/session.h"

#include <string.h>

/* Numbers of AUTH_LIST. */
enum {
        LOGIN_NONE,
        LOGIN_SASL,
        LOGIN_POLKIT,
};

/* Numbers of CONNECT_SUPPORTS_FEATURE. */
enum {
        FEATURE_STRING_PARAMS = 9,
        FEATURE_KEEPALIVE = 10,
        FEATURE_EVENT_CALLBACKS = 14,
        FEATURE_CLOSE_CALLBACK = 15,
        FEATURE_NETWORK_UPDATE_ORDER = 16,
};

#define OPEN_READ_ONLY 1

/* Suspends. */
static int ask(RemoteCall *call, RemoteLink *link, int32_t procedure, const void *args,
        uint64_t deadline, GError **error)
{
        if (remote_call_send(call, link, procedure, args, NULL, 0, NULL, deadline, error) < 0)
                return -1;
        return remote_call_finish(call, error);
}

/* Login. */

static int login_none(RemoteLink *link, const Target *target, uint64_t deadline, GError **error)
{
        (void)link, (void)target, (void)deadline, (void)error;
        return 0;
}

/* The peer asks its own polkit about us; who has to answer there sees the service's name. */
static int login_polkit(RemoteLink *link, const Target *target, uint64_t deadline, GError **error)
{
        g_auto(RemoteCall) call = { 0 };

        (void)target;
        return ask(&call, link, WIRE_AUTH_POLKIT, NULL, deadline, error);
}

static const Login logins[] = {
        { LOGIN_NONE, "none", login_none },
        { LOGIN_SASL, "sasl", login_sasl },
        { LOGIN_POLKIT, "polkit", login_polkit },
};

/* The first that the peer offers, but where the URI asks for one ("sasl.MECHANISM" means the one
 * before the dot) no other: with SASL the peer proves itself too. */
static const Login *choose_login(
        const Target *target, const int32_t *types, size_t n_types, GError **error)
{
        const char *wanted = uri_parameter(target->uri, "auth");
        size_t length = wanted ? strcspn(wanted, ".") : 0;

        for (size_t i = 0; i < n_types; i++)
                for (unsigned j = 0; j < G_N_ELEMENTS(logins); j++)
                        if (logins[j].type == types[i] &&
                                (!wanted ||
                                        (g_ascii_strncasecmp(logins[j].name, wanted, length) == 0 &&
                                                logins[j].name[length] == '\0')))
                                return &logins[j];
        if (wanted)
                error_set(error, ERROR_AUTH_FAILED,
                        "the peer does not offer the login '%s' that the URI asks for", wanted);
        else
                error_set(error, ERROR_AUTH_FAILED,
                        "the peer offers no login that is known here, but number %d",
                        n_types > 0 ? types[0] : -1);
        return NULL;
}

static int log_in(RemoteLink *link, const Target *target, uint64_t deadline, GError **error)
{
        g_auto(RemoteCall) call = { 0 };
        g_autoptr(GError) problem = NULL;
        const WireAuthListRet *list = (const WireAuthListRet *)call.ret.bytes;
        const Login *login;

        if (ask(&call, link, WIRE_AUTH_LIST, NULL, deadline, &problem) < 0) {
                /* Peers from before there were logins. */
                const int32_t none = LOGIN_NONE;

                if (error_is(problem, ERROR_NO_SUPPORT))
                        return choose_login(target, &none, 1, error) ? 0 : -1;
                g_propagate_error(error, g_steal_pointer(&problem));
                return -1;
        }
        login = choose_login(target, list->types.items, list->types.n, error);
        return login ? login->run(link, target, deadline, error) : -1;
}

/* Opening. */

/* Suspends. Whether the peer has a feature; one that does not know the question has not. */
static int has_feature(
        RemoteLink *link, int32_t feature, uint64_t deadline, bool *ret, GError **error)
{
        const WireConnectSupportsFeatureArgs args = { .feature = feature };
        g_auto(RemoteCall) call = { 0 };
        g_autoptr(GError) problem = NULL;

        *ret = false;
        if (ask(&call, link, WIRE_CONNECT_SUPPORTS_FEATURE, &args, deadline, &problem) >= 0) {
                *ret = ((WireConnectSupportsFeatureRet *)call.ret.bytes)->supported;
                return 0;
        }
        if (!remote_link_problem(link) && !error_is(problem, ERROR_OPERATION_TIMEOUT) &&
                !error_is(problem, ERROR_OPERATION_ABORTED))
                return 0;
        g_propagate_error(error, g_steal_pointer(&problem));
        return -1;
}

static int keep_alive(RemoteLink *link, uint64_t deadline, GError **error)
{
        const Silence *silence = transport_silence();
        bool answers;

        if (silence->interval == 0)
                return 0;
        if (has_feature(link, FEATURE_KEEPALIVE, deadline, &answers, error) < 0)
                return -1;
        if (answers)
                remote_link_keep_alive(link, silence->interval, silence->count);
        return 0;
}

static int ask_features(RemoteLink *link, uint64_t deadline, PeerFeatures *features, GError **error)
{
        const struct {
                int32_t number;
                bool *place;
        } questions[] = {
                { FEATURE_EVENT_CALLBACKS, &features->event_callbacks },
                { FEATURE_CLOSE_CALLBACK, &features->close_callback },
                { FEATURE_STRING_PARAMS, &features->string_params },
                { FEATURE_NETWORK_UPDATE_ORDER, &features->network_update_ok },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(questions); i++)
                if (has_feature(link, questions[i].number, deadline, questions[i].place, error) < 0)
                        return -1;
        return 0;
}

static int open_name(RemoteLink *link, const Target *target, uint64_t deadline, GError **error)
{
        WireConnectOpenArgs args = {
                .name = target->name,
                .flags = target->read_only ? OPEN_READ_ONLY : 0,
        };
        g_auto(RemoteCall) call = { 0 };

        return ask(&call, link, WIRE_CONNECT_OPEN, &args, deadline, error);
}

static bool can_ask(void)
{
        return client_current() && client_current()->ask;
}

RemoteLink *session_open(Target *target, const Transport *transport, const RemoteLinkEvents *events,
        void *data, PeerFeatures *ret_features, GError **error)
{
        /* Where a user can be asked, people take their time. */
        uint64_t deadline = fiber_deadline(can_ask() ? ASKING_DEADLINE : SESSION_DEADLINE);
        g_autoptr(RemoteLink) link = NULL;
        Way way = { 0 };

        if (transport->connect(target, deadline, &way, error) < 0)
                return NULL;
        link = remote_link_new(&way, events, data);
        if (log_in(link, target, deadline, error) < 0 || keep_alive(link, deadline, error) < 0 ||
                open_name(link, target, deadline, error) < 0 ||
                ask_features(link, deadline, ret_features, error) < 0) {
                remote_link_close(link, "the connection could not be opened");
                return NULL;
        }
        return g_steal_pointer(&link);
}

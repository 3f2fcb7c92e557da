/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Logging in at a peer with SASL, with what a file of credentials has or the client's user tells.
 */

#include <string.h>

#include "drivers/credentials.h"
#include "drivers/remote/session.h"
#include "drivers/wire/sasl.h"
#include "drivers/wire/tls.h"

/* The least that libvirt's clients take where anybody could listen. */
#define MIN_BITS 56
#define TURNS_MAX 64

typedef struct Exchange {
        const SaslPlugin *plugin;
        Sasl *sasl;
        RemoteLink *link;
        const Target *target;
        uint64_t deadline;
} Exchange;

static int ask(SaslCredential which, const char *prompt, const char *standard, char **ret,
        void *data, GError **error)
{
        static const char *const names[] = {
                [SASL_CREDENTIAL_AUTHNAME] = "authname",
                [SASL_CREDENTIAL_USERNAME] = "username",
                [SASL_CREDENTIAL_PASSWORD] = "password",
                [SASL_CREDENTIAL_REALM] = "realm",
        };
        const Exchange *exchange = data;
        const Uri *uri = exchange->target->uri;
        const ClientQuestion question = {
                .uri = uri->text,
                .what = names[which],
                .prompt = prompt ?: names[which],
                .standard = standard,
                .echo = which != SASL_CREDENTIAL_PASSWORD,
        };

        /* People have one name as a rule, and the realm that the peer says. */
        if (credential_find(uri, "libvirt", names[which], ret, error) < 0)
                return -1;
        if (!*ret && (which == SASL_CREDENTIAL_AUTHNAME || which == SASL_CREDENTIAL_USERNAME) &&
                credential_find(uri, "libvirt",
                        names[SASL_CREDENTIAL_AUTHNAME + SASL_CREDENTIAL_USERNAME - which], ret,
                        error) < 0)
                return -1;
        if (!*ret && uri->user &&
                (which == SASL_CREDENTIAL_AUTHNAME || which == SASL_CREDENTIAL_USERNAME))
                *ret = g_strdup(uri->user);
        if (!*ret && which == SASL_CREDENTIAL_REALM && standard)
                *ret = g_strdup(standard);
        /* As whom to act, if not as oneself: nobody has to be asked for that. */
        if (!*ret && which == SASL_CREDENTIAL_USERNAME)
                *ret = g_strdup("");
        return *ret ? 0 : client_ask(&question, ret, error);
}

static int exchange_open(Exchange *exchange, GError **error)
{
        const WireLink *link = wire_peer_link(remote_link_peer(exchange->link));
        char local[WIRE_PLACE], remote[WIRE_PLACE];
        const TlsPlugin *tls;
        SaslOptions options = {
                .host = exchange->target->uri->host ?: "localhost",
                .ask = ask,
                .data = exchange,
        };

        /* It may have gone right behind its last reply. */
        if (!link) {
                g_propagate_error(error, g_error_copy(remote_link_problem(exchange->link)));
                return -1;
        }
        tls = strcmp(link->kind->name, "tls") == 0 ? tls_plugin(error) : NULL;
        options.external_bits = tls ? tls->bits(link) : 0;
        if (wire_link_places(link, local, remote)) {
                options.local = local;
                options.remote = remote;
                options.min_bits = tls ? 0 : MIN_BITS;
        }
        exchange->plugin = sasl_plugin(error);
        return exchange->plugin ? exchange->plugin->new (&options, &exchange->sasl, error) : -1;
}

/* Suspends. What the peer offers, or of that the one which the URI asks for (auth=sasl.NAME). */
static int find_mechanisms(const Exchange *exchange, char **ret, GError **error)
{
        const char *wanted = uri_parameter(exchange->target->uri, "auth");
        g_auto(RemoteCall) call = { 0 };
        g_auto(GStrv) list = NULL;

        if (remote_call_send(&call, exchange->link, WIRE_AUTH_SASL_INIT, NULL, NULL, 0, NULL,
                    exchange->deadline, error) < 0 ||
                remote_call_finish(&call, error) < 0)
                return -1;
        *ret = g_strdup(((WireAuthSaslInitRet *)call.ret.bytes)->mechlist);
        wanted = wanted ? strchr(wanted, '.') : NULL;
        if (!wanted)
                return 0;
        wanted++;
        list = g_strsplit(*ret, ",", -1);
        for (char **name = list; *name; name++)
                if (g_ascii_strcasecmp(*name, wanted) == 0) {
                        g_free(*ret);
                        *ret = g_strdup(*name);
                        return 0;
                }
        g_clear_pointer(ret, g_free);
        return error_set(error, ERROR_AUTH_FAILED,
                "the peer does not offer the SASL mechanism '%s'", wanted);
}

/* Suspends. One turn of the peer's: what we say goes there, what it says comes in call. */
static int ask_peer(const Exchange *exchange, RemoteCall *call, const char *mechanism,
        SaslData data, GError **error)
{
        WireAuthSaslStartArgs start = {
                .mech = (char *)mechanism,
                .nil = !data.bytes,
                .data = { (char *)data.bytes, data.n },
        };
        WireAuthSaslStepArgs step = { .nil = start.nil, .data = { start.data.items, data.n } };
        int procedure = mechanism ? WIRE_AUTH_SASL_START : WIRE_AUTH_SASL_STEP;
        const void *args = mechanism ? (const void *)&start : &step;

        if (remote_call_send(call, exchange->link, procedure, args, NULL, 0, NULL,
                    exchange->deadline, error) < 0)
                return -1;
        return remote_call_finish(call, error);
}

/* Suspends. To and fro until both are complete. */
static int exchange_run(Exchange *exchange, const char *offered, GError **error)
{
        const char *mechanism = NULL;
        SaslData data;
        int r;

        r = exchange->plugin->start(
                exchange->sasl, offered, (SaslData){ 0 }, &data, &mechanism, error);
        for (unsigned turn = 0; r >= 0 && turn < TURNS_MAX; turn++) {
                g_auto(RemoteCall) call = { 0 };
                /* Of both calls. */
                const WireAuthSaslStepRet *ret = (const WireAuthSaslStepRet *)call.ret.bytes;

                if (ask_peer(exchange, &call, mechanism, data, error) < 0)
                        return -1;
                mechanism = NULL;
                if (ret->complete && r == 1)
                        return 0;
                r = exchange->plugin->step(exchange->sasl,
                        (SaslData){ ret->nil            ? NULL :
                                        ret->data.items ?:
                                                          "",
                                ret->data.n },
                        &data, error);
                if (r == 1 && ret->complete)
                        return 0;
                if (r == 0 && ret->complete)
                        break;
        }
        return r < 0 ? -1 : error_set(error, ERROR_AUTH_FAILED, "the login with SASL has no end");
}

static WireLink *wrap(
        WireLink *inner, const void *unread, size_t n_unread, void *data, GError **error)
{
        Exchange *exchange = data;

        (void)error;
        return exchange->plugin->wrap(g_steal_pointer(&exchange->sasl), inner, unread, n_unread);
}

/* Suspends. From the peer's last reply on all is protected. */
static int protect(Exchange *exchange, GError **error)
{
        const char *user;
        unsigned bits;

        if (exchange->plugin->result(exchange->sasl, &user, &bits, error) < 0)
                return -1;
        if (bits == 0)
                return 0;
        wire_peer_wrap(remote_link_peer(exchange->link), wrap, exchange);
        while (exchange->sasl && !remote_link_problem(exchange->link))
                if (fiber_yield() < 0 || fiber_now() > exchange->deadline)
                        remote_link_drop(exchange->link, "the login was given up");
        if (!exchange->sasl)
                return 0;
        g_propagate_error(error, g_error_copy(remote_link_problem(exchange->link)));
        return -1;
}

int login_sasl(RemoteLink *link, const Target *target, uint64_t deadline, GError **error)
{
        Exchange exchange = { .link = link, .target = target, .deadline = deadline };
        g_autofree char *offered = NULL;
        int r;

        r = exchange_open(&exchange, error);
        if (r >= 0)
                r = find_mechanisms(&exchange, &offered, error);
        if (r >= 0)
                r = exchange_run(&exchange, offered, error);
        if (r >= 0)
                r = protect(&exchange, error);
        if (exchange.sasl)
                exchange.plugin->free(exchange.sasl);
        return r;
}

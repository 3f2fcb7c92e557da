/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

/* Of a file of certificates. */
#define FILE_SIZE_MAX (1024 * 1024)
#define CHAIN_MAX 32

struct TlsContext {
        unsigned n_ref;
        bool server, verify;
        gnutls_certificate_credentials_t credentials;
        gnutls_priority_t priority;
        char **allowed_names; /* NULL: all */
};

typedef struct TlsLink {
        WireLink link;
        TlsContext *context;
        gnutls_session_t session;
        size_t unsent;    /* of a write that the library keeps, and has not told of */
        bool read_writes; /* the last read has to write first: keys are renewed */
        char *peer_name;
} TlsLink;

static int tls_error(GError **error, int r, const char *what)
{
        return error_set(error, ERROR_GNUTLS_ERROR, "%s: %s", what, gnutls_strerror(r));
}

/* Loading. */

static void datum_clear(gnutls_datum_t *datum)
{
        g_clear_pointer(&datum->data, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(gnutls_datum_t, datum_clear)

static int read_pem(const char *path, gnutls_datum_t *ret, GError **error)
{
        char *bytes;
        size_t size;
        int r;

        r = file_read(path, FILE_SIZE_MAX, &bytes, &size);
        if (r < 0)
                return error_set_errno(error, r, "cannot read '%s'", path);
        *ret = (gnutls_datum_t){ .data = (unsigned char *)bytes, .size = size };
        return 0;
}

static int wrong_file(GError **error, int r, const char *path)
{
        return error_set(error, ERROR_GNUTLS_ERROR, "'%s' cannot be used: %s", path,
                r == 0 ? "it holds no certificate" : gnutls_strerror(r));
}

static int load_authority(TlsContext *context, const TlsOptions *options, GError **error)
{
        g_auto(gnutls_datum_t) ca = { 0 }, crl = { 0 };
        int r;

        if (read_pem(options->ca_file, &ca, error) < 0)
                return -1;
        r = gnutls_certificate_set_x509_trust_mem(context->credentials, &ca, GNUTLS_X509_FMT_PEM);
        if (r <= 0)
                return wrong_file(error, r, options->ca_file);
        if (!options->crl_file)
                return 0;
        if (read_pem(options->crl_file, &crl, error) < 0)
                return -1;
        r = gnutls_certificate_set_x509_crl_mem(context->credentials, &crl, GNUTLS_X509_FMT_PEM);
        return r < 0 ? wrong_file(error, r, options->crl_file) : 0;
}

/* What is wrong with a certificate that this end is to show; NULL: nothing. */
static const char *unfit_purpose(gnutls_x509_crt_t certificate, bool server)
{
        const char *wanted = server ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
        char purpose[128];
        size_t size = sizeof purpose;
        unsigned i = 0;
        int r;

        for (; (r = gnutls_x509_crt_get_key_purpose_oid(certificate, i, purpose, &size, NULL)) >= 0;
                i++, size = sizeof purpose)
                if (strcmp(purpose, wanted) == 0 || strcmp(purpose, GNUTLS_KP_ANY) == 0)
                        return NULL;
        if (i == 0 && r == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
                return NULL;
        return server ? "its purposes do not allow it for a server" :
                        "its purposes do not allow it for a client";
}

static const char *not_now(gnutls_x509_crt_t certificate)
{
        time_t now = time(NULL);

        if (gnutls_x509_crt_get_expiration_time(certificate) < now)
                return "it has expired";
        if (gnutls_x509_crt_get_activation_time(certificate) > now)
                return "it is not valid yet";
        return NULL;
}

static const char *unfit(gnutls_x509_crt_t certificate, bool server)
{
        const char *problem = not_now(certificate);
        unsigned usage;

        if (problem)
                return problem;
        if (gnutls_x509_crt_get_ca_status(certificate, NULL) > 0)
                return "it is one of an authority";
        if (gnutls_x509_crt_get_key_usage(certificate, &usage, NULL) >= 0 &&
                !(usage &
                        (GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT |
                                GNUTLS_KEY_KEY_AGREEMENT)))
                return "its key may not be used to sign or to encipher";
        return unfit_purpose(certificate, server);
}

static const char *unfit_authority(gnutls_x509_crt_t certificate, bool server)
{
        const char *problem = not_now(certificate);

        (void)server;
        if (problem)
                return problem;
        if (gnutls_x509_crt_get_ca_status(certificate, NULL) == 0)
                return "it is not one of an authority";
        return NULL;
}

/* The first certificate of a file. */
static int first_of(const char *path, gnutls_x509_crt_t *ret, GError **error)
{
        g_auto(gnutls_datum_t) pem = { 0 };
        gnutls_x509_crt_t list[CHAIN_MAX];
        unsigned n = CHAIN_MAX;
        int r;

        if (read_pem(path, &pem, error) < 0)
                return -1;
        r = gnutls_x509_crt_list_import(list, &n, &pem, GNUTLS_X509_FMT_PEM, 0);
        if (r <= 0)
                return wrong_file(error, r, path);
        *ret = list[0];
        for (int i = 1; i < r; i++)
                gnutls_x509_crt_deinit(list[i]);
        return 0;
}

/* An end with a certificate that the other cannot take should say so itself, before the other
 * closes without a word. */
static int check_fit(const char *path, const char *(*problem)(gnutls_x509_crt_t, bool server),
        bool server, GError **error)
{
        gnutls_x509_crt_t certificate;
        const char *text;

        if (first_of(path, &certificate, error) < 0)
                return -1;
        text = problem(certificate, server);
        gnutls_x509_crt_deinit(certificate);
        return text ? error_set(error, ERROR_GNUTLS_ERROR,
                              "the certificate '%s' cannot be used: %s", path, text) :
                      0;
}

static TlsContext *context_ref(TlsContext *context)
{
        context->n_ref++;
        return context;
}

static TlsContext *context_unref(TlsContext *context)
{
        if (!context || --context->n_ref > 0)
                return NULL;
        if (context->credentials)
                gnutls_certificate_free_credentials(context->credentials);
        if (context->priority)
                gnutls_priority_deinit(context->priority);
        g_strfreev(context->allowed_names);
        g_free(context);
        return NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsContext, context_unref)

static int load_files(TlsContext *context, const TlsOptions *options, GError **error)
{
        int r;

        if (!options->no_sanity &&
                (check_fit(options->ca_file, unfit_authority, false, error) < 0 ||
                        (options->cert_file &&
                                check_fit(options->cert_file, unfit, options->server, error) < 0)))
                return -1;
        if (load_authority(context, options, error) < 0)
                return -1;
        if (!options->cert_file)
                return 0;
        r = gnutls_certificate_set_x509_key_file(
                context->credentials, options->cert_file, options->key_file, GNUTLS_X509_FMT_PEM);
        if (r < 0)
                return error_set(error, ERROR_GNUTLS_ERROR,
                        "the certificate '%s' with the key '%s' cannot be used: %s",
                        options->cert_file, options->key_file, gnutls_strerror(r));
        return 0;
}

typedef struct Load {
        const TlsOptions *options;
        TlsContext *context;
        GError *error;
} Load;

/* On a helper thread: authorities may be many, and files on the network. */
static int load_run(void *data)
{
        Load *load = data;
        const TlsOptions *options = load->options;
        g_autoptr(TlsContext) context = g_new0(TlsContext, 1);
        const char *place;
        int r;

        context->n_ref = 1;
        context->server = options->server;
        context->verify = !options->no_verify;
        if (options->allowed_names)
                context->allowed_names = g_strdupv((char **)options->allowed_names);
        r = gnutls_certificate_allocate_credentials(&context->credentials);
        if (r < 0)
                return tls_error(&load->error, r, "certificates");
        r = options->priority ?
                gnutls_priority_init2(&context->priority, options->priority, &place, 0) :
                gnutls_priority_init(&context->priority, NULL, NULL);
        if (r < 0)
                return error_set(&load->error, ERROR_GNUTLS_ERROR,
                        "the priority of ciphers '%s' is not understood", options->priority ?: "");
        if (load_files(context, options, &load->error) < 0)
                return -1;
        load->context = g_steal_pointer(&context);
        return 0;
}

static int tls_load(const TlsOptions *options, TlsContext **ret, GError **error)
{
        Load load = { .options = options };

        if (offload("reading certificates", load_run, &load) < 0 && !load.error)
                return error_set(error, ERROR_GNUTLS_ERROR, "certificates were not read");
        if (load.error) {
                g_propagate_error(error, load.error);
                return -1;
        }
        *ret = load.context;
        return 0;
}

/* The link. */

static ssize_t failed(TlsLink *self, int r)
{
        if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
                return -EAGAIN;
        g_free(self->link.problem);
        self->link.problem = g_strdup_printf("TLS: %s", gnutls_strerror(r));
        return r == GNUTLS_E_PREMATURE_TERMINATION ? -ECONNRESET : -EPROTO;
}

static ssize_t tls_read(WireLink *link, void *bytes, size_t n, int *ret_fd)
{
        TlsLink *self = (TlsLink *)link;
        ssize_t r = gnutls_record_recv(self->session, bytes, n);

        *ret_fd = -1;
        self->read_writes = r == GNUTLS_E_AGAIN && gnutls_record_get_direction(self->session) == 1;
        return r >= 0 ? r : failed(self, r);
}

static ssize_t tls_write(WireLink *link, const void *bytes, size_t n, int fd)
{
        TlsLink *self = (TlsLink *)link;
        ssize_t r;

        if (fd >= 0)
                return -EOPNOTSUPP;
        /* After a write that would have blocked, the library has taken a copy: it goes on with
         * that, and the bytes are the same. */
        r = self->unsent > 0 ? gnutls_record_send(self->session, NULL, 0) :
                               gnutls_record_send(self->session, bytes, n);
        if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED)
                self->unsent = n;
        else
                self->unsent = 0;
        return r >= 0 ? r : failed(self, r);
}

static uint32_t tls_events(const WireLink *link, bool reading, bool writing)
{
        const TlsLink *self = (const TlsLink *)link;

        writing |= reading && self->read_writes;
        return (reading ? EPOLLIN : 0) | (writing ? EPOLLOUT : 0);
}

static bool tls_pending(const WireLink *link)
{
        return gnutls_record_check_pending(((const TlsLink *)link)->session) > 0;
}

static void tls_free(WireLink *link)
{
        TlsLink *self = (TlsLink *)link;

        if (self->session) {
                /* The farewell, if the socket takes it now. */
                gnutls_bye(self->session, GNUTLS_SHUT_WR);
                gnutls_deinit(self->session);
        }
        context_unref(self->context);
        close(link->fd);
        g_free(self->peer_name);
        g_free(self);
}

static const WireLinkKind tls_kind = {
        .name = "tls",
        .read = tls_read,
        .write = tls_write,
        .events = tls_events,
        .pending = tls_pending,
        .free = tls_free,
};

static void link_free(TlsLink *self)
{
        if (self)
                wire_link_free(&self->link);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsLink, link_free)

/* Shaking hands. */

/* Suspends until the session can go on. */
static int wait_session(TlsLink *self, const char *what, uint64_t deadline)
{
        uint32_t events = gnutls_record_get_direction(self->session) == 1 ? EPOLLOUT : EPOLLIN;
        int r = fiber_wait_fd(self->link.fd, events, what, deadline);

        return r < 0 ? r : 0;
}

/* What an end of which only an alert is known has to say about the other. */
static const char *alert_text(gnutls_session_t session)
{
        return gnutls_alert_get_name(gnutls_alert_get(session)) ?: "an unknown one";
}

static int handshake(TlsLink *self, uint64_t deadline, GError **error)
{
        for (;;) {
                int r = gnutls_handshake(self->session);

                if (r == GNUTLS_E_SUCCESS)
                        return 0;
                if (r == GNUTLS_E_FATAL_ALERT_RECEIVED)
                        return error_set(error, ERROR_GNUTLS_ERROR,
                                "the TLS handshake failed: the other end sent the alert '%s'",
                                alert_text(self->session));
                if (r != GNUTLS_E_AGAIN && r != GNUTLS_E_INTERRUPTED && gnutls_error_is_fatal(r))
                        return tls_error(error, r, "the TLS handshake failed");
                if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
                        r = wait_session(self, "a TLS handshake", deadline);
                        if (r < 0)
                                return error_set(error, ERROR_GNUTLS_ERROR,
                                        "the TLS handshake failed: %s", g_strerror(-r));
                }
        }
}

/* The faults that people meet, in their words. */
static const struct {
        unsigned status;
        const char *text;
} faults[] = {
        { GNUTLS_CERT_REVOKED, "it has been revoked" },
        { GNUTLS_CERT_SIGNER_NOT_FOUND, "no known authority has signed it" },
        { GNUTLS_CERT_SIGNER_NOT_CA, "what has signed it is no authority" },
        { GNUTLS_CERT_EXPIRED, "it has expired" },
        { GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet" },
        { GNUTLS_CERT_UNEXPECTED_OWNER, "it is for another host" },
        { GNUTLS_CERT_INSECURE_ALGORITHM, "its algorithm is not safe" },
        { GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong" },
        { GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, "the list of revoked ones is out of date" },
};

static int distrusted(unsigned status, const char *whose, const char *host, GError **error)
{
        const char *text = "it is not valid";

        for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++)
                if (status & faults[i].status) {
                        text = faults[i].text;
                        break;
                }
        return error_set(error, ERROR_AUTH_FAILED, "the %s's certificate is refused: %s%s%s%s",
                whose, text, host ? " (host '" : "", host ?: "", host ? "')" : "");
}

static int read_name(TlsLink *self, GError **error)
{
        unsigned n;
        const gnutls_datum_t *chain = gnutls_certificate_get_peers(self->session, &n);
        gnutls_x509_crt_t certificate;
        gnutls_datum_t name;
        int r;

        if (!chain || n == 0)
                return 0;
        r = gnutls_x509_crt_init(&certificate);
        if (r < 0)
                return tls_error(error, r, "a certificate");
        r = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER);
        if (r >= 0)
                r = gnutls_x509_crt_get_dn2(certificate, &name);
        gnutls_x509_crt_deinit(certificate);
        if (r < 0)
                return tls_error(error, r, "the name in a certificate");
        self->peer_name = g_strndup((char *)name.data, name.size);
        gnutls_free(name.data);
        return 0;
}

static bool is_allowed(const TlsContext *context, const char *name)
{
        if (!context->allowed_names)
                return true;
        for (char **pattern = context->allowed_names; *pattern; pattern++)
                if (g_pattern_match_simple(*pattern, name))
                        return true;
        return false;
}

static int check_peer(TlsLink *self, const char *host, GError **error)
{
        const TlsContext *context = self->context;
        const char *whose = context->server ? "client" : "server";
        unsigned status = 0;
        int r;

        if (read_name(self, error) < 0)
                return -1;
        if (!context->verify)
                return 0;
        if (!self->peer_name)
                return error_set(error, ERROR_AUTH_FAILED,
                        "the %s shows no certificate of an authority that is known here", whose);
        r = gnutls_certificate_verify_peers3(self->session, context->server ? NULL : host, &status);
        if (r < 0)
                return tls_error(error, r, "the certificate cannot be checked");
        if (status != 0)
                return distrusted(status, whose, context->server ? NULL : host, error);
        if (context->server && !is_allowed(context, self->peer_name))
                return error_set(error, ERROR_AUTH_FAILED,
                        "the client's certificate is refused: '%s' is not on the list of those that may come in",
                        self->peer_name);
        return 0;
}

/* The byte that says that the server takes the client. */
static int welcome(TlsLink *self, uint64_t deadline, GError **error)
{
        bool server = self->context->server;
        char byte = 1;
        ssize_t r;

        do {
                r = server ? gnutls_record_send(self->session, &byte, 1) :
                             gnutls_record_recv(self->session, &byte, 1);
                if (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED) {
                        int waited = wait_session(self, "the other end of TLS", deadline);

                        if (waited < 0)
                                return error_set(error, ERROR_GNUTLS_ERROR,
                                        "the server does not say whether it takes the client: %s",
                                        g_strerror(-waited));
                }
        } while (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED);
        if (r == 1 && byte == 1)
                return 0;
        if (server)
                return tls_error(error, r, "the client has left");
        if (r == GNUTLS_E_FATAL_ALERT_RECEIVED)
                return error_set(error, ERROR_AUTH_FAILED,
                        "the server refuses the client's certificate: alert '%s'",
                        alert_text(self->session));
        return error_set(error, ERROR_AUTH_FAILED,
                "the server refuses the client's certificate, or wants one and got none");
}

static int session_new(TlsLink *self, const char *host, GError **error)
{
        TlsContext *context = self->context;
        struct in6_addr address;
        int r;

        r = gnutls_init(&self->session,
                (context->server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK |
                        GNUTLS_NO_SIGNAL);
        if (r >= 0)
                r = gnutls_priority_set(self->session, context->priority);
        if (r >= 0)
                r = gnutls_credentials_set(
                        self->session, GNUTLS_CRD_CERTIFICATE, context->credentials);
        if (r < 0)
                return tls_error(error, r, "TLS");
        if (context->server)
                gnutls_certificate_server_set_request(self->session, GNUTLS_CERT_REQUEST);
        /* Addresses are no names of servers. */
        else if (host && inet_pton(AF_INET, host, &address) != 1 &&
                inet_pton(AF_INET6, host, &address) != 1)
                gnutls_server_name_set(self->session, GNUTLS_NAME_DNS, host, strlen(host));
        gnutls_transport_set_int(self->session, self->link.fd);
        return 0;
}

/* What a certificate names: an address without the scope that it has on this host. */
static char *name_of(const char *host)
{
        return host ? g_strndup(host, strchr(host, ':') ? strcspn(host, "%") : strlen(host)) : NULL;
}

static int tls_shake(TlsContext *context, int fd, const char *host, uint64_t deadline,
        WireLink **ret, GError **error)
{
        g_autoptr(TlsLink) self = g_new0(TlsLink, 1);
        g_autofree char *name = name_of(host);

        /* libvirtd forgets what it has not read of a record when it has taken a frame from it,
         * until the next record comes. */
        self->link = (WireLink){ .kind = &tls_kind, .fd = fd, .apart = !context->server };
        self->context = context_ref(context);
        if (session_new(self, name, error) < 0 || handshake(self, deadline, error) < 0 ||
                check_peer(self, name, error) < 0 || welcome(self, deadline, error) < 0)
                return -1;
        *ret = &g_steal_pointer(&self)->link;
        return 0;
}

static const char *tls_peer_name(const WireLink *link)
{
        return ((const TlsLink *)link)->peer_name;
}

static unsigned tls_bits(const WireLink *link)
{
        gnutls_session_t session = ((const TlsLink *)link)->session;

        return gnutls_cipher_get_key_size(gnutls_cipher_get(session)) * 8;
}

PLUGIN_DEFINE(tls, TlsPlugin, .load = tls_load, .ref = context_ref, .unref = context_unref,
        .shake = tls_shake, .peer_name = tls_peer_name, .bits = tls_bits);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/sasl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sasl/sasl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "config.h"
#include "service/base/error.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

#define SERVICE "libvirt"
/* What one protected block may hold. */
#define BLOCK_MAX 65536
/* A block as it comes: with what the mechanism adds. */
#define WRAPPED_MAX (2 * BLOCK_MAX)
#define LENGTH_SIZE 4

struct Sasl {
        bool client;
        sasl_conn_t *connection;
        sasl_callback_t callbacks[6];
        unsigned min_bits;
        char *host;
        int (*ask)(SaslCredential which, const char *prompt, const char *standard, char **ret,
                void *data, GError **error);
        void *data;
        char *answers[_SASL_CREDENTIAL_MAX];
};

/* The library, once for each end. Turns of several exchanges are made at once, and its mechanisms
 * share things: what guards these, it wants to be given. */

static void *mutex_new(void)
{
        GMutex *mutex = g_new(GMutex, 1);

        g_mutex_init(mutex);
        return mutex;
}

static int mutex_lock(void *mutex)
{
        g_mutex_lock(mutex);
        return SASL_OK;
}

static int mutex_unlock(void *mutex)
{
        g_mutex_unlock(mutex);
        return SASL_OK;
}

static void mutex_free(void *mutex)
{
        g_mutex_clear(mutex);
        g_free(mutex);
}

typedef struct Start {
        bool client;
        int result;
} Start;

static int start_run(void *data)
{
        Start *start = data;

        start->result = start->client ? sasl_client_init(NULL) : sasl_server_init(NULL, SERVICE);
        return 0;
}

static int library_start(bool client, GError **error)
{
        static bool started[2];
        static FiberLock starting;
        Start start = { .client = client, .result = SASL_OK };
        int r;

        if (started[client])
                return 0;
        r = fiber_lock(&starting, "SASL", FIBER_FOREVER);
        if (r >= 0) {
                if (!started[0] && !started[1])
                        sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
                if (!started[client])
                        r = offload("starting SASL", start_run, &start);
                started[client] = r >= 0 && start.result == SASL_OK;
                fiber_unlock(&starting);
        }
        if (r < 0)
                return error_set(error, ERROR_AUTH_FAILED, "SASL: %s", g_strerror(-r));
        if (start.result != SASL_OK)
                return error_set(error, ERROR_AUTH_FAILED, "SASL cannot begin: %s",
                        sasl_errstring(start.result, NULL, NULL));
        return 0;
}

/* One exchange. */

static const struct {
        unsigned long id;
        SaslCredential which;
} questions[] = {
        { SASL_CB_USER, SASL_CREDENTIAL_USERNAME },
        { SASL_CB_AUTHNAME, SASL_CREDENTIAL_AUTHNAME },
        { SASL_CB_PASS, SASL_CREDENTIAL_PASSWORD },
        { SASL_CB_GETREALM, SASL_CREDENTIAL_REALM },
};

static Sasl *exchange_free(Sasl *self)
{
        if (!self)
                return NULL;
        if (self->connection)
                sasl_dispose(&self->connection);
        for (unsigned i = 0; i < _SASL_CREDENTIAL_MAX; i++) {
                if (self->answers[i])
                        explicit_bzero(self->answers[i], strlen(self->answers[i]));
                g_free(self->answers[i]);
        }
        g_free(self->host);
        g_free(self);
        return NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sasl, exchange_free)

/* The library's own words; not for the other end, whom they might help. */
static int exchange_error(Sasl *self, GError **error, int r, const char *what)
{
        const char *detail =
                self->connection ? sasl_errdetail(self->connection) : sasl_errstring(r, NULL, NULL);

        return error_set(
                error, ERROR_AUTH_FAILED, "%s: %s", what, detail ?: sasl_errstring(r, NULL, NULL));
}

static int set_strength(Sasl *self, const SaslOptions *options, GError **error)
{
        sasl_ssf_t external = options->external_bits;
        sasl_security_properties_t wanted = {
                .min_ssf = options->min_bits,
                .max_ssf = options->min_bits > 0 ? 100000 : 0,
                .maxbufsize = BLOCK_MAX,
                .security_flags =
                        options->min_bits > 0 ? SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT : 0,
        };
        int r = SASL_OK;

        if (external > 0)
                r = sasl_setprop(self->connection, SASL_SSF_EXTERNAL, &external);
        if (r == SASL_OK)
                r = sasl_setprop(self->connection, SASL_SEC_PROPS, &wanted);
        return r == SASL_OK ? 0 : exchange_error(self, error, r, "SASL");
}

static int exchange_new(const SaslOptions *options, Sasl **ret, GError **error)
{
        g_autoptr(Sasl) self = g_new0(Sasl, 1);
        int r;

        self->client = options->host;
        self->host = g_strdup(options->host);
        self->min_bits = options->min_bits;
        self->ask = options->ask;
        self->data = options->data;
        if (library_start(self->client, error) < 0)
                return -1;
        for (unsigned i = 0; i < G_N_ELEMENTS(questions); i++)
                self->callbacks[i].id = questions[i].id;
        self->callbacks[G_N_ELEMENTS(questions)].id = SASL_CB_LIST_END;
        r = self->client ? sasl_client_new(SERVICE, self->host, options->local, options->remote,
                                   self->callbacks, SASL_SUCCESS_DATA, &self->connection) :
                           sasl_server_new(SERVICE, NULL, NULL, options->local, options->remote,
                                   NULL, SASL_SUCCESS_DATA, &self->connection);
        if (r != SASL_OK)
                return exchange_error(self, error, r, "SASL cannot begin");
        if (set_strength(self, options, error) < 0)
                return -1;
        *ret = g_steal_pointer(&self);
        return 0;
}

static int list_mechanisms(Sasl *self, const char **ret, GError **error)
{
        int r = sasl_listmech(self->connection, NULL, "", ",", "", ret, NULL, NULL);

        if (r != SASL_OK || !*ret || !(*ret)[0])
                return exchange_error(
                        self, error, r, "no mechanism of SASL fits what is asked of it");
        return 0;
}

/* A turn of the exchange, on a helper thread: it may read databases and ask the network. */
typedef struct Turn {
        Sasl *sasl;
        const char *mechanism; /* NULL: not the first */
        SaslData in;
        int result;
        const char *chosen, *out;
        unsigned n_out;
        sasl_interact_t *interact;
} Turn;

static int turn_run(void *data)
{
        Turn *turn = data;
        sasl_conn_t *connection = turn->sasl->connection;

        if (turn->sasl->client)
                turn->result = turn->mechanism ?
                        sasl_client_start(connection, turn->mechanism, &turn->interact, &turn->out,
                                &turn->n_out, &turn->chosen) :
                        sasl_client_step(connection, turn->in.bytes, turn->in.n, &turn->interact,
                                &turn->out, &turn->n_out);
        else
                turn->result = turn->mechanism ?
                        sasl_server_start(connection, turn->mechanism, turn->in.bytes, turn->in.n,
                                &turn->out, &turn->n_out) :
                        sasl_server_step(
                                connection, turn->in.bytes, turn->in.n, &turn->out, &turn->n_out);
        return 0;
}

static int answer_one(Sasl *self, sasl_interact_t *question, GError **error)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(questions); i++) {
                SaslCredential which = questions[i].which;

                if (questions[i].id != question->id)
                        continue;
                if (!self->answers[which] &&
                        (!self->ask ||
                                self->ask(which, question->prompt, question->defresult,
                                        &self->answers[which], self->data, error) < 0))
                        return self->ask ? -1 :
                                           error_set(error, ERROR_AUTH_FAILED,
                                                   "the server wants a name and a password");
                question->result = self->answers[which];
                question->len = strlen(self->answers[which]);
                return 0;
        }
        return error_set(error, ERROR_AUTH_FAILED,
                "the mechanism of SASL asks for something that is not known here");
}

static int answer_all(Sasl *self, sasl_interact_t *list, GError **error)
{
        for (; list && list->id != SASL_CB_LIST_END; list++)
                if (answer_one(self, list, error) < 0)
                        return -1;
        return 0;
}

static int exchange_turn(Sasl *self, Turn *turn, SaslData *out, GError **error)
{
        int r;

        do {
                r = offload("a login with SASL", turn_run, turn);
                if (r < 0)
                        return error_set(error, ERROR_AUTH_FAILED, "SASL: %s", g_strerror(-r));
                if (turn->result == SASL_INTERACT && answer_all(self, turn->interact, error) < 0)
                        return -1;
        } while (turn->result == SASL_INTERACT);
        if (turn->result != SASL_OK && turn->result != SASL_CONTINUE)
                return exchange_error(self, error, turn->result, "the login with SASL failed");
        *out = (SaslData){ .bytes = turn->out, .n = turn->n_out };
        return turn->result == SASL_OK;
}

static int exchange_start(Sasl *self, const char *mechanism, SaslData in, SaslData *out,
        const char **ret_mechanism, GError **error)
{
        Turn turn = { .sasl = self, .mechanism = mechanism, .in = in };
        int r = exchange_turn(self, &turn, out, error);

        if (r >= 0 && ret_mechanism)
                *ret_mechanism = turn.chosen;
        return r;
}

static int exchange_step(Sasl *self, SaslData in, SaslData *out, GError **error)
{
        Turn turn = { .sasl = self, .in = in };

        return exchange_turn(self, &turn, out, error);
}

static int exchange_result(Sasl *self, const char **ret_user, unsigned *ret_bits, GError **error)
{
        const void *user = NULL, *bits = NULL;

        if (sasl_getprop(self->connection, SASL_SSF, &bits) != SASL_OK || !bits)
                return error_set(error, ERROR_AUTH_FAILED, "SASL does not tell its strength");
        *ret_bits = *(const sasl_ssf_t *)bits;
        if (*ret_bits < self->min_bits)
                return error_set(error, ERROR_AUTH_FAILED,
                        "SASL protects with %u bits, %u are wanted", *ret_bits, self->min_bits);
        if (sasl_getprop(self->connection, SASL_USERNAME, &user) != SASL_OK || !user)
                return error_set(error, ERROR_AUTH_FAILED, "SASL does not tell who logged in");
        *ret_user = user;
        return 0;
}

/* The layer. */

typedef struct SaslLink {
        WireLink link;
        WireLink *inner;
        Sasl *sasl;
        unsigned block;    /* how much may be protected at once */
        GByteArray *input; /* as it came: blocks, each behind its length */
        uint8_t *plain;    /* opened, and not read yet */
        size_t n_plain, at;
        uint8_t *output; /* protected, and not gone yet */
        size_t n_output, sent;
        size_t taken; /* of the caller's bytes that are in output */
} SaslLink;

static ssize_t problem(SaslLink *self, const char *text)
{
        g_free(self->link.problem);
        self->link.problem = g_strdup_printf("SASL: %s", text);
        return -EPROTO;
}

/* Opens the first block of the input. 1, 0: it is not whole yet, or -errno. */
static ssize_t open_block(SaslLink *self)
{
        const char *opened;
        uint32_t length;
        unsigned n;

        if (self->input->len < LENGTH_SIZE)
                return 0;
        memcpy(&length, self->input->data, LENGTH_SIZE);
        length = ntohl(length);
        if (length == 0 || length > WRAPPED_MAX)
                return problem(self, "a protected block has a length that cannot be");
        if (self->input->len - LENGTH_SIZE < length)
                return 0;
        if (sasl_decode(self->sasl->connection, (char *)self->input->data, LENGTH_SIZE + length,
                    &opened, &n) != SASL_OK)
                return problem(self, "a protected block cannot be opened");
        g_free(self->plain);
        self->plain = g_memdup2(opened, n);
        self->n_plain = n;
        self->at = 0;
        g_byte_array_remove_range(self->input, 0, LENGTH_SIZE + length);
        return 1;
}

static ssize_t fill(SaslLink *self)
{
        uint8_t bytes[16384];
        int fd = -1;
        ssize_t r = wire_link_read(self->inner, bytes, sizeof bytes, &fd);

        if (fd >= 0)
                close(fd);
        if (r > 0)
                g_byte_array_append(self->input, bytes, r);
        return r;
}

static ssize_t sasl_read(WireLink *link, void *bytes, size_t n, int *ret_fd)
{
        SaslLink *self = (SaslLink *)link;

        *ret_fd = -1;
        while (self->at == self->n_plain) {
                ssize_t r = open_block(self);

                if (r == 0)
                        r = fill(self);
                if (r <= 0)
                        return r;
        }
        n = MIN(n, self->n_plain - self->at);
        memcpy(bytes, self->plain + self->at, n);
        self->at += n;
        return n;
}

/* What was protected must go out whole before the next: the caller hears of its bytes then. */
static ssize_t sasl_write(WireLink *link, const void *bytes, size_t n, int fd)
{
        SaslLink *self = (SaslLink *)link;
        size_t taken;

        if (fd >= 0)
                return -EOPNOTSUPP;
        if (self->taken == 0) {
                const char *output;
                unsigned n_output;

                self->taken = MIN(n, self->block);
                if (sasl_encode(self->sasl->connection, bytes, self->taken, &output, &n_output) !=
                        SASL_OK)
                        return problem(self, "bytes cannot be protected");
                g_free(self->output);
                self->output = g_memdup2(output, n_output);
                self->n_output = n_output;
                self->sent = 0;
        }
        while (self->sent < self->n_output) {
                ssize_t r = wire_link_write(
                        self->inner, self->output + self->sent, self->n_output - self->sent, -1);

                if (r < 0)
                        return r;
                self->sent += r;
        }
        taken = self->taken;
        self->taken = 0;
        return taken;
}

static uint32_t sasl_events(const WireLink *link, bool reading, bool writing)
{
        return wire_link_events(((const SaslLink *)link)->inner, reading, writing);
}

/* Blocks may lie there whole, of which epoll knows nothing. */
static bool sasl_pending(const WireLink *link)
{
        const SaslLink *self = (const SaslLink *)link;
        uint32_t length;

        if (self->at < self->n_plain || wire_link_pending(self->inner))
                return true;
        if (self->input->len < LENGTH_SIZE)
                return false;
        memcpy(&length, self->input->data, LENGTH_SIZE);
        return self->input->len - LENGTH_SIZE >= ntohl(length);
}

static void sasl_free(WireLink *link)
{
        SaslLink *self = (SaslLink *)link;

        g_byte_array_unref(self->input);
        g_free(self->plain);
        g_free(self->output);
        exchange_free(self->sasl);
        wire_link_free(self->inner);
        g_free(self);
}

static const WireLinkKind sasl_kind = {
        .name = "sasl",
        .read = sasl_read,
        .write = sasl_write,
        .events = sasl_events,
        .pending = sasl_pending,
        .free = sasl_free,
};

static WireLink *exchange_wrap(Sasl *sasl, WireLink *inner, const void *unread, size_t n_unread)
{
        SaslLink *self = g_new0(SaslLink, 1);
        const void *block = NULL;

        self->link = (WireLink){ .kind = &sasl_kind, .fd = inner->fd };
        self->inner = inner;
        self->sasl = sasl;
        self->block = BLOCK_MAX / 2;
        if (sasl_getprop(sasl->connection, SASL_MAXOUTBUF, &block) == SASL_OK && block &&
                *(const unsigned *)block > 0)
                self->block = MIN(*(const unsigned *)block, BLOCK_MAX);
        self->input = g_byte_array_new();
        g_byte_array_append(self->input, unread, n_unread);
        return &self->link;
}

PLUGIN_DEFINE(sasl, SaslPlugin, .new = exchange_new, .free = exchange_free,
        .mechanisms = list_mechanisms, .start = exchange_start, .step = exchange_step,
        .result = exchange_result, .wrap = exchange_wrap);

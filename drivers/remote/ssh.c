/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/ssh.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "config.h"
#include "service/base/cleanup.h"
#include "service/base/fiber.h"
#include "service/base/file.h"

#define BUFFER_SIZE (64 * 1024)
#define PROMPTS_MAX 16
#define ROUNDS_MAX 16
#define PASSWORD_TRIES 3
#define COMPLAINT_MAX 1024

struct SshSession {
        unsigned n_ref;
        ssh_session session;
        int fd;       /* which the library may close, see close_socket() */
        ino_t socket; /* its number, as long as it is this one */
        sd_event_source *source;
        GPtrArray *pipes;
        GString *complaint; /* the end of what commands wrote to their standard error */
};

/* Bytes on their way to one side. */
typedef struct Waiting {
        char *bytes;
        size_t at, n;
} Waiting;

/* A channel, and the socket pair that stands for it. */
typedef struct Pipe {
        SshSession *session; /* a reference */
        ssh_channel channel;
        int fd; /* our end of the socket pair */
        sd_event_source *source;
        Waiting in;      /* from the host, which the user has not taken */
        bool host_ended; /* nothing more comes from there */
        bool user_ended; /* nothing more comes from the user */
        bool shut;       /* the user was told so */
} Pipe;

static const char *session_problem(SshSession *self)
{
        const char *text = ssh_get_error(self->session);

        return text && text[0] ? text : "the connection ended";
}

static SshSession *session_ref(SshSession *self)
{
        self->n_ref++;
        return self;
}

static bool session_alive(const SshSession *self)
{
        return ssh_is_connected(self->session);
}

static ino_t socket_of(int fd)
{
        struct stat status;

        return fstat(fd, &status) >= 0 ? status.st_ino : 0;
}

/* libssh closes what it was given when the connection fails; otherwise it leaves that to us, or
 * does not, by its version. */
static void close_socket(SshSession *self)
{
        if (socket_of(self->fd) == self->socket)
                fd_close(self->fd);
}

static SshSession *session_unref(SshSession *self)
{
        if (!self || --self->n_ref > 0)
                return NULL;
        sd_event_source_disable_unref(self->source);
        if (self->session) {
                if (ssh_is_connected(self->session))
                        ssh_disconnect(self->session);
                ssh_free(self->session);
        }
        close_socket(self);
        g_ptr_array_unref(self->pipes);
        g_string_free(self->complaint, TRUE);
        g_free(self);
        return NULL;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SshSession, session_unref)

/* Suspends until the library can go on. */
static int session_wait(SshSession *self, uint64_t deadline, GError **error)
{
        int flags = ssh_get_poll_flags(self->session);
        uint32_t events = EPOLLIN | (flags & SSH_WRITE_PENDING ? EPOLLOUT : 0);
        int r = fiber_wait_fd(self->fd, events, "the SSH of another host", deadline);

        if (r >= 0)
                return 0;
        return error_set(error, r == -ETIMEDOUT ? ERROR_OPERATION_TIMEOUT : ERROR_OPERATION_ABORTED,
                "the SSH of the other host: %s", g_strerror(-r));
}

/* The key of the host. */

static char *fingerprint(ssh_key key)
{
        unsigned char *hash = NULL;
        size_t size;
        char *text, *result;

        if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) < 0)
                return g_strdup("?");
        text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
        result = g_strdup_printf("%s %s", ssh_key_type_to_char(ssh_key_type(key)), text);
        ssh_string_free_char(text);
        ssh_clean_pubkey_hash(&hash);
        return result;
}

static int remember_key(SshSession *self, const SshOptions *options, GError **error)
{
        if (ssh_session_update_known_hosts(self->session) == SSH_OK)
                return 0;
        return error_set(error, ERROR_SYSTEM_ERROR,
                "the key of host '%s' cannot be remembered in '%s': %s", options->host,
                options->known_hosts, session_problem(self));
}

static int ask_about_key(
        SshSession *self, const SshOptions *options, const char *print, GError **error)
{
        g_autofree char *prompt = NULL, *answer = NULL;

        prompt = g_strdup_printf(
                "The key of host '%s' is not known: %s. Is it the right one? (yes or no)",
                options->host, print);
        if (options->ask("host-key", prompt, true, &answer, options->data, error) < 0)
                return error_prefix(
                        error, "the key of host '%s' is not known (%s)", options->host, print);
        if (strcmp(answer, "yes") != 0)
                return error_set(error, ERROR_AUTH_CANCELLED,
                        "the key of host '%s' is not the right one: %s", options->host, print);
        return remember_key(self, options, error);
}

static int check_key(SshSession *self, const SshOptions *options, GError **error)
{
        g_autofree char *print = NULL;
        ssh_key key;

        if (options->verify == SSH_VERIFY_IGNORE)
                return 0;
        if (ssh_get_server_publickey(self->session, &key) != SSH_OK)
                return error_set(error, ERROR_AUTH_FAILED, "host '%s' shows no key: %s",
                        options->host, session_problem(self));
        print = fingerprint(key);
        ssh_key_free(key);
        switch (ssh_session_is_known_server(self->session)) {
        case SSH_KNOWN_HOSTS_OK:
                return 0;
        case SSH_KNOWN_HOSTS_CHANGED:
        case SSH_KNOWN_HOSTS_OTHER:
                return error_set(error, ERROR_AUTH_FAILED,
                        "the key of host '%s' has changed: it is %s now, and another one in '%s'. Somebody may be between",
                        options->host, print, options->known_hosts);
        case SSH_KNOWN_HOSTS_NOT_FOUND:
        case SSH_KNOWN_HOSTS_UNKNOWN:
                return options->verify == SSH_VERIFY_AUTO ?
                        remember_key(self, options, error) :
                        ask_about_key(self, options, print, error);
        case SSH_KNOWN_HOSTS_ERROR:
                break;
        }
        return error_set(error, ERROR_SYSTEM_ERROR, "the known hosts in '%s' cannot be read: %s",
                options->known_hosts, session_problem(self));
}

/* Logging in. Each method returns 1: logged in; 0: it did not help; -1 with the error. */

typedef struct Login {
        SshSession *session;
        const SshOptions *options;
        uint64_t deadline;
        GString *tried; /* what was, for the message in the end */
} Login;

/* Suspends. Calls a function of the library until it has an answer. */
#define AGAIN(login, error, again, call)                                                    \
        ({                                                                                  \
                int again_result;                                                           \
                while ((again_result = (call)) == (again))                                  \
                        if (session_wait((login)->session, (login)->deadline, error) < 0) { \
                                again_result = G_MININT;                                    \
                                break;                                                      \
                        }                                                                   \
                again_result;                                                               \
        })

static int verdict(Login *login, int r, GError **error)
{
        if (r == SSH_AUTH_SUCCESS)
                return 1;
        if (r == G_MININT)
                return -1;
        if (r == SSH_AUTH_ERROR && !ssh_is_connected(login->session->session))
                return error_set(error, ERROR_AUTH_FAILED, "host '%s' ended the login: %s",
                        login->options->host, session_problem(login->session));
        return 0;
}

/* What may take as long as an agent's user needs. */
static int agent_run(void *data)
{
        Login *login = data;

        return ssh_userauth_agent(login->session->session, NULL);
}

static int try_agent(Login *login, GError **error)
{
        ssh_session session = login->session->session;
        int r;

        if (!g_getenv("SSH_AUTH_SOCK"))
                return 0;
        /* The library waits for the agent, not for the host: beside the loop. */
        ssh_set_blocking(session, 1);
        r = offload("a key of an agent", agent_run, login);
        ssh_set_blocking(session, 0);
        return verdict(login, r, error);
}

typedef struct KeyFile {
        const char *path, *passphrase;
        ssh_key key;
} KeyFile;

/* A passphrase is made slow to try on purpose. */
static int key_run(void *data)
{
        KeyFile *file = data;

        return ssh_pki_import_privkey_file(file->path, file->passphrase, NULL, NULL, &file->key);
}

/* 1, 0: there is none that can be used, or -1. */
static int read_key(Login *login, const char *path, ssh_key *ret, GError **error)
{
        g_autofree char *prompt = g_strdup_printf("Enter the passphrase of the key '%s'", path);
        KeyFile file = { .path = path };
        int r;

        if (access(path, R_OK) < 0)
                return login->options->key_file ?
                        error_set_errno(error, errno, "cannot read the key '%s'", path) :
                        0;
        r = offload("reading a key", key_run, &file);
        if (r == SSH_ERROR) {
                g_autofree char *passphrase = NULL;

                if (login->options->ask("passphrase", prompt, false, &passphrase,
                            login->options->data, error) < 0)
                        return login->options->key_file ? -1 : (g_clear_error(error), 0);
                file.passphrase = passphrase;
                r = offload("reading a key", key_run, &file);
                explicit_bzero(passphrase, strlen(passphrase));
        }
        if (r != SSH_OK)
                return login->options->key_file ?
                        error_set(error, ERROR_AUTH_FAILED,
                                "the key '%s' cannot be read, or the passphrase is wrong", path) :
                        0;
        *ret = file.key;
        return 1;
}

static int try_key(Login *login, const char *path, GError **error)
{
        ssh_session session = login->session->session;
        ssh_key key = NULL;
        int r;

        r = read_key(login, path, &key, error);
        if (r <= 0)
                return r;
        r = AGAIN(login, error, SSH_AUTH_AGAIN, ssh_userauth_publickey(session, NULL, key));
        ssh_key_free(key);
        return verdict(login, r, error);
}

static int try_keys(Login *login, GError **error)
{
        static const char *const names[] = { "id_ed25519", "id_ecdsa", "id_rsa" };
        int r = 0;

        if (login->options->key_file)
                return try_key(login, login->options->key_file, error);
        for (unsigned i = 0; i < G_N_ELEMENTS(names) && r == 0; i++) {
                g_autofree char *path = g_build_filename(g_get_home_dir(), ".ssh", names[i], NULL);

                r = try_key(login, path, error);
        }
        return r;
}

static int try_password(Login *login, GError **error)
{
        g_autofree char *prompt = g_strdup_printf(
                "Enter the password of %s at %s", login->options->user, login->options->host);
        int r = 0;

        for (unsigned i = 0; i < PASSWORD_TRIES && r == 0; i++) {
                g_autofree char *password = NULL;

                if (login->options->ask(
                            "password", prompt, false, &password, login->options->data, error) < 0)
                        return -1;
                r = AGAIN(login, error, SSH_AUTH_AGAIN,
                        ssh_userauth_password(login->session->session, NULL, password));
                explicit_bzero(password, strlen(password));
                r = verdict(login, r, error);
        }
        return r;
}

/* One round of questions of the host. */
static int answer_prompts(Login *login, GError **error)
{
        ssh_session session = login->session->session;
        int n = ssh_userauth_kbdint_getnprompts(session);
        const char *instruction = ssh_userauth_kbdint_getinstruction(session);

        if (n > PROMPTS_MAX)
                return error_set(error, ERROR_AUTH_FAILED, "the host asks %d things at once", n);
        for (int i = 0; i < n; i++) {
                g_autofree char *answer = NULL, *whole = NULL, *prompt = NULL;
                char echo;
                const char *text = ssh_userauth_kbdint_getprompt(session, i, &echo);

                whole = g_strconcat(instruction && instruction[0] ? instruction : "",
                        instruction && instruction[0] ? " " : "", text, NULL);
                prompt = g_utf8_make_valid(whole, -1);
                if (login->options->ask(echo ? "answer" : "password", prompt, echo, &answer,
                            login->options->data, error) < 0)
                        return -1;
                ssh_userauth_kbdint_setanswer(session, i, answer);
                explicit_bzero(answer, strlen(answer));
        }
        return 0;
}

static int try_interactive(Login *login, GError **error)
{
        ssh_session session = login->session->session;
        int r = SSH_AUTH_INFO;

        for (unsigned round = 0; round < ROUNDS_MAX && r == SSH_AUTH_INFO; round++) {
                r = AGAIN(login, error, SSH_AUTH_AGAIN, ssh_userauth_kbdint(session, NULL, NULL));
                if (r == SSH_AUTH_INFO && answer_prompts(login, error) < 0)
                        return -1;
        }
        return verdict(login, r, error);
}

static const struct {
        const char *name;
        int flag; /* of what the host offers */
        int (*run)(Login *login, GError **error);
} methods[] = {
        { "agent", SSH_AUTH_METHOD_PUBLICKEY, try_agent },
        { "privkey", SSH_AUTH_METHOD_PUBLICKEY, try_keys },
        { "password", SSH_AUTH_METHOD_PASSWORD, try_password },
        { "keyboard-interactive", SSH_AUTH_METHOD_INTERACTIVE, try_interactive },
};

static int try_method(Login *login, const char *name, int offered, GError **error)
{
        for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++) {
                if (g_ascii_strcasecmp(methods[i].name, name) != 0)
                        continue;
                if (!(methods[i].flag & offered))
                        return 0;
                g_string_append_printf(login->tried, "%s%s", login->tried->len ? ", " : "", name);
                return methods[i].run(login, error);
        }
        return error_set(error, ERROR_INVALID_ARG,
                "there is no way to log in called '%s', only agent, privkey, password and keyboard-interactive",
                name);
}

static int log_in(SshSession *self, const SshOptions *options, uint64_t deadline, GError **error)
{
        g_auto(GStrv) names = g_strsplit(
                options->methods ?: "agent,privkey,password,keyboard-interactive", ",", -1);
        g_autoptr(GString) tried = g_string_new(NULL);
        Login login = { .session = self, .options = options, .deadline = deadline, .tried = tried };
        int offered, r;

        r = verdict(&login,
                AGAIN(&login, error, SSH_AUTH_AGAIN, ssh_userauth_none(self->session, NULL)),
                error);
        offered = ssh_userauth_list(self->session, NULL);
        for (char **name = names; r == 0 && *name; name++)
                r = try_method(&login, *name, offered, error);
        if (r != 0)
                return MIN(r, 0);
        return error_set(error, ERROR_AUTH_FAILED, "host '%s' does not let '%s' in%s%s",
                options->host, options->user, tried->len > 0 ? "; tried: " : "", tried->str);
}

static int set_options(SshSession *self, const SshOptions *options, GError **error)
{
        bool config = false;
        unsigned port = options->port;
        const struct {
                enum ssh_options_e option;
                const void *value;
        } settings[] = {
                { SSH_OPTIONS_HOST, options->host },
                { SSH_OPTIONS_PORT, &port },
                { SSH_OPTIONS_USER, options->user },
                { SSH_OPTIONS_KNOWNHOSTS, options->known_hosts },
                { SSH_OPTIONS_FD, &self->fd },
                { SSH_OPTIONS_PROCESS_CONFIG, &config },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++)
                if (ssh_options_set(self->session, settings[i].option, settings[i].value) < 0)
                        return error_set(
                                error, ERROR_SYSTEM_ERROR, "SSH: %s", session_problem(self));
        ssh_set_blocking(self->session, 0);
        return 0;
}

static int ssh_open(
        const SshOptions *options, int fd, uint64_t deadline, SshSession **ret, GError **error)
{
        g_autoptr(SshSession) self = g_new0(SshSession, 1);
        Login login = { .session = self, .deadline = deadline };
        int r;

        self->n_ref = 1;
        self->fd = fd;
        self->socket = socket_of(fd);
        self->pipes = g_ptr_array_new();
        self->complaint = g_string_new(NULL);
        self->session = ssh_new();
        if (!self->session)
                return error_set(error, ERROR_NO_MEMORY, "SSH");
        if (set_options(self, options, error) < 0)
                return -1;
        r = AGAIN(&login, error, SSH_AGAIN, ssh_connect(self->session));
        if (r == G_MININT)
                return -1;
        if (r != SSH_OK)
                return error_set(error, ERROR_SYSTEM_ERROR,
                        "host '%s' cannot be spoken to with SSH: %s", options->host,
                        session_problem(self));
        if (check_key(self, options, error) < 0 || log_in(self, options, deadline, error) < 0)
                return -1;
        *ret = g_steal_pointer(&self);
        return 0;
}

/* Channels. */

static void pipe_free(Pipe *pipe)
{
        SshSession *session = pipe->session;

        g_ptr_array_remove_fast(session->pipes, pipe);
        sd_event_source_disable_unref(pipe->source);
        ssh_channel_free(pipe->channel);
        fd_close(pipe->fd);
        g_free(pipe->in.bytes);
        g_free(pipe);
        session_unref(session);
}

static void hear_complaint(Pipe *pipe)
{
        GString *complaint = pipe->session->complaint;
        char text[1024];
        int n;

        while ((n = ssh_channel_read_nonblocking(pipe->channel, text, sizeof text, 1)) > 0) {
                g_string_append_len(complaint, text, n);
                if (complaint->len > COMPLAINT_MAX)
                        g_string_erase(complaint, 0, complaint->len - COMPLAINT_MAX);
        }
}

/* From the host to the user, as far as both go. -1: it is over. */
static int pipe_pull(Pipe *pipe)
{
        Waiting *in = &pipe->in;

        hear_complaint(pipe);
        for (;;) {
                ssize_t n;

                if (in->at == in->n && !pipe->host_ended) {
                        n = ssh_channel_read_nonblocking(pipe->channel, in->bytes, BUFFER_SIZE, 0);
                        if (n == SSH_EOF || (n == 0 && ssh_channel_is_eof(pipe->channel)))
                                pipe->host_ended = true;
                        else if (n < 0)
                                return -1;
                        in->at = 0;
                        in->n = MAX(n, 0);
                }
                if (in->at == in->n)
                        break;
                n = send(pipe->fd, in->bytes + in->at, in->n - in->at, MSG_NOSIGNAL);
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -1;
                in->at += n;
        }
        if (pipe->host_ended && !pipe->shut) {
                shutdown(pipe->fd, SHUT_WR);
                pipe->shut = true;
        }
        return 0;
}

/* From the user to the host, as far as the host's window goes. */
static int pipe_push(Pipe *pipe)
{
        char buffer[BUFFER_SIZE];

        while (!pipe->user_ended &&
                !(ssh_get_poll_flags(pipe->session->session) & SSH_WRITE_PENDING)) {
                size_t room = MIN(ssh_channel_window_size(pipe->channel), sizeof buffer);
                ssize_t n;

                if (room == 0)
                        return 0;
                n = recv(pipe->fd, buffer, room, 0);
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -1;
                if (n == 0) {
                        pipe->user_ended = true;
                        ssh_channel_send_eof(pipe->channel);
                } else if (ssh_channel_write(pipe->channel, buffer, n) != n)
                        return -1;
        }
        return 0;
}

/* Where it stalls, the event that ends that is waited for: the user's, or any of the host's. */
static void pipe_arm(Pipe *pipe)
{
        bool full = ssh_channel_window_size(pipe->channel) == 0 ||
                (ssh_get_poll_flags(pipe->session->session) & SSH_WRITE_PENDING);
        uint32_t events = (pipe->in.at < pipe->in.n ? EPOLLOUT : 0) |
                (!pipe->user_ended && !full ? EPOLLIN : 0);

        sd_event_source_set_io_events(pipe->source, events);
}

static void session_arm(SshSession *self)
{
        bool pending = ssh_get_poll_flags(self->session) & SSH_WRITE_PENDING;

        sd_event_source_set_io_events(self->source, EPOLLIN | (pending ? EPOLLOUT : 0));
}

/* All channels share one stream of packets: what one reads may be another's. */
static void session_turn(SshSession *self)
{
        g_autoptr(GPtrArray) pipes = g_ptr_array_copy(self->pipes, NULL, NULL);

        self->n_ref++;
        ssh_blocking_flush(self->session, 0);
        for (unsigned i = 0; i < pipes->len; i++) {
                Pipe *pipe = pipes->pdata[i];

                if (pipe_pull(pipe) < 0 || pipe_push(pipe) < 0 ||
                        !ssh_is_connected(self->session) || (pipe->shut && pipe->user_ended) ||
                        (pipe->shut && ssh_channel_is_closed(pipe->channel)))
                        pipe_free(pipe);
                else
                        pipe_arm(pipe);
        }
        /* With nobody to read for, the end of the connection would be told again and again. */
        sd_event_source_set_enabled(
                self->source, self->pipes->len > 0 ? SD_EVENT_ON : SD_EVENT_OFF);
        if (self->pipes->len > 0)
                session_arm(self);
        session_unref(self);
}

static int on_host(sd_event_source *source, int fd, uint32_t events, void *data)
{
        (void)source, (void)fd, (void)events;
        session_turn(data);
        return 0;
}

static int on_user(sd_event_source *source, int fd, uint32_t events, void *data)
{
        const Pipe *pipe = data;

        (void)source, (void)fd;
        /* The user has closed its end: so do we, though nothing is waited for. */
        if (events & (EPOLLHUP | EPOLLERR) && !(events & EPOLLIN))
                pipe_free(data);
        else
                session_turn(pipe->session);
        return 0;
}

static char *session_complaint(SshSession *self)
{
        g_autofree char *text = g_utf8_make_valid(self->complaint->str, self->complaint->len);

        g_strstrip(g_strdelimit(text, "\r\n\t", ' '));
        if (text[0])
                return g_steal_pointer(&text);
        return session_alive(self) ? NULL : g_strdup(session_problem(self));
}

/* Suspends. What opens the channel: one of the library's calls. */
typedef struct Opening {
        int (*run)(ssh_channel channel, const void *data);
        const void *data;
        const char *what; /* for messages */
} Opening;

static int pipe_open(SshSession *self, const Opening *openings, unsigned n, uint64_t deadline,
        int *ret, GError **error)
{
        g_autofree Pipe *pipe = g_new0(Pipe, 1);
        Login login = { .session = self, .deadline = deadline };
        int pair[2], r = SSH_OK;

        pipe->channel = ssh_channel_new(self->session);
        if (!pipe->channel)
                return error_set(error, ERROR_NO_MEMORY, "SSH");
        for (unsigned i = 0; i < n && r == SSH_OK; i++) {
                r = AGAIN(
                        &login, error, SSH_AGAIN, openings[i].run(pipe->channel, openings[i].data));
                if (r != SSH_OK && r != G_MININT)
                        error_set(error, ERROR_SYSTEM_ERROR, "the host does not open %s: %s",
                                openings[i].what, session_problem(self));
        }
        if (r == SSH_OK &&
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
                r = error_set_errno(error, errno, "cannot make a socket pair");
        if (r != SSH_OK) {
                ssh_channel_free(pipe->channel);
                return -1;
        }
        pipe->fd = pair[0];
        pipe->in.bytes = g_malloc(BUFFER_SIZE);
        pipe->session = self;
        self->n_ref++;
        g_ptr_array_add(self->pipes, pipe);
        r = sd_event_add_io(fibers_event(), &pipe->source, pipe->fd, EPOLLIN, on_user, pipe);
        if (r >= 0 && !self->source)
                r = sd_event_add_io(
                        fibers_event(), &self->source, self->fd, EPOLLIN, on_host, self);
        if (r < 0) {
                close(pair[1]);
                pipe_free(g_steal_pointer(&pipe));
                return error_set_errno(error, r, "cannot watch a channel");
        }
        g_steal_pointer(&pipe);
        /* What came with the answer is there already. */
        session_turn(self);
        *ret = pair[1];
        return 0;
}

static int run_socket(ssh_channel channel, const void *data)
{
        return ssh_channel_open_forward_unix(channel, data, "localhost", 0);
}

static int run_session(ssh_channel channel, const void *data)
{
        (void)data;
        return ssh_channel_open_session(channel);
}

static int run_command(ssh_channel channel, const void *data)
{
        return ssh_channel_request_exec(channel, data);
}

typedef struct Place {
        const char *host;
        int port;
} Place;

static int run_port(ssh_channel channel, const void *data)
{
        const Place *place = data;

        return ssh_channel_open_forward(channel, place->host, place->port, "localhost", 0);
}

static int ssh_open_socket(
        SshSession *session, const char *path, uint64_t deadline, int *ret, GError **error)
{
        const Opening opening = { run_socket, path, "its socket" };

        return pipe_open(session, &opening, 1, deadline, ret, error);
}

static int ssh_open_command(
        SshSession *session, const char *command, uint64_t deadline, int *ret, GError **error)
{
        const Opening openings[] = { { run_session, NULL, "a channel" },
                { run_command, command, "a command" } };

        return pipe_open(session, openings, G_N_ELEMENTS(openings), deadline, ret, error);
}

static int ssh_open_port(SshSession *session, const char *host, int port, uint64_t deadline,
        int *ret, GError **error)
{
        const Place place = { host, port };
        const Opening opening = { run_port, &place, "that port" };

        return pipe_open(session, &opening, 1, deadline, ret, error);
}

PLUGIN_DEFINE(ssh, SshPlugin, .open = ssh_open, .ref = session_ref, .unref = session_unref,
        .alive = session_alive, .complaint = session_complaint, .open_socket = ssh_open_socket,
        .open_command = ssh_open_command, .open_port = ssh_open_port);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* SSH in process, which can ask the user of the client for what it needs. */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/credentials.h"
#include "drivers/remote/ssh-command.h"
#include "drivers/remote/ssh.h"
#include "service/base/enum.h"

/* Whom one logs in as, unless the URI or the file of credentials says so. */
#define DEFAULT_USER "root"

ENUM_TABLE(ssh_verify_table, "known_hosts_verify", _SSH_VERIFY_MAX, "normal", "auto", "ignore");

static int find_verify(const Target *target, SshVerify *ret, GError **error)
{
        const char *word = uri_parameter(target->uri, "known_hosts_verify");
        int verify = word ? enum_value(&ssh_verify_table, word) : SSH_VERIFY_NORMAL;

        if (verify < 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "%s: known_hosts_verify is normal, auto or ignore, not '%s'",
                        target->uri->text, word);
        *ret = target_flag(target, "no_verify") ? SSH_VERIFY_IGNORE : (SshVerify)verify;
        return 0;
}

static int libssh_check(const Target *target, GError **error)
{
        SshVerify verify;

        if (find_verify(target, &verify, error) < 0 ||
                target_check_path(target, "known_hosts", error) < 0)
                return -1;
        return ssh_check(target, error);
}

static int ask(
        const char *what, const char *prompt, bool echo, char **ret, void *data, GError **error)
{
        const Target *target = data;
        const ClientQuestion question = {
                .uri = target->uri->text, .what = what, .prompt = prompt, .echo = echo
        };

        return credential_get(target->uri, "ssh", &question, ret, error);
}

/* Screens go through it as well, of which the link's own keepalive knows nothing: the kernel ends a
 * connection whose other end is silent. The SSH there takes what comes, so that silence is its end.
 */
static void expect_answers(int fd)
{
        const Silence *silence = transport_silence();
        const int on = 1, interval = MIN(silence->interval, INT16_MAX);
        /* The link, which says what happened, comes well before. */
        const unsigned patience = 2 * interval * (silence->count + 1) * 1000;

        if (interval == 0)
                return;
        /* Where the kernel does not, the link still finds out for itself. */
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &interval, sizeof interval);
        setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof patience);
}

/* Suspends. */
static int log_in(const SshPlugin *ssh, const Target *target, uint64_t deadline, SshSession **ret,
        GError **error)
{
        const Uri *uri = target->uri;
        g_autofree char *user = NULL, *known_hosts = NULL;
        SshOptions options = {
                .host = uri->host,
                .port = uri->port ?: SSH_PORT,
                .key_file = uri_parameter(uri, "keyfile"),
                .methods = uri_parameter(uri, "sshauth"),
                .ask = ask,
                .data = (void *)target,
        };
        int fd;

        if (find_verify(target, &options.verify, error) < 0)
                return -1;
        if (uri->user)
                user = g_strdup(uri->user);
        else if (credential_find(uri, "ssh", "username", &user, error) < 0)
                return -1;
        known_hosts = g_strdup(uri_parameter(uri, "known_hosts"));
        if (!known_hosts)
                known_hosts =
                        g_build_filename(g_get_user_config_dir(), "libvirt", "known_hosts", NULL);
        options.user = user ?: DEFAULT_USER;
        options.known_hosts = known_hosts;
        if (tcp_connect(target, SSH_PORT, deadline, &fd, error) < 0)
                return -1;
        expect_answers(fd);
        return ssh->open(&options, fd, deadline, ret, error);
}

/* Suspends. The host's socket itself, where its sshd leads there; else what a shell can do. */
static int open_peer(const SshPlugin *ssh, SshSession *session, const Target *target,
        uint64_t deadline, int *ret, GError **error)
{
        g_autofree char *path = NULL, *command = NULL;
        bool chosen = target_choice(target, "proxy") || uri_parameter(target->uri, "netcat");

        if (socket_path(target, true, &path, error) < 0 || ssh_command(target, &command, error) < 0)
                return -1;
        if (!chosen && ssh->open_socket(session, path, deadline, ret, NULL) >= 0)
                return 0;
        return ssh->open_command(session, command, deadline, ret, error);
}

static void *session_free(void *session)
{
        /* Who has a session has the plugin. */
        return ssh_plugin(NULL)->unref(session);
}

static char *complaint_of(void *session)
{
        return ssh_plugin(NULL)->complaint(session);
}

/* Opens one stream through a session. Suspends. */
typedef struct Through {
        int (*open)(const struct Through *self, const SshPlugin *ssh, SshSession *session,
                uint64_t deadline, int *ret, GError **error);
        const Target *target;
        const char *host;
        int port;
} Through;

static int open_through_peer(const Through *self, const SshPlugin *ssh, SshSession *session,
        uint64_t deadline, int *ret, GError **error)
{
        return open_peer(ssh, session, self->target, deadline, ret, error);
}

static int open_through_port(const Through *self, const SshPlugin *ssh, SshSession *session,
        uint64_t deadline, int *ret, GError **error)
{
        return ssh->open_port(session, self->host, self->port, deadline, ret, error);
}

/* Suspends. With the one session that the target has, or a new one where there is none that works
 * still. */
static int libssh_open(
        Target *target, const Through *through, uint64_t deadline, int *ret, GError **error)
{
        const SshPlugin *ssh = ssh_plugin(error);
        SshSession *session = target->session;
        int r;

        if (!ssh)
                return -1;
        if (session && ssh->alive(session)) {
                ssh->ref(session);
                r = through->open(through, ssh, session, deadline, ret, NULL);
                ssh->unref(session);
                if (r >= 0)
                        return 0;
        }
        if (log_in(ssh, target, deadline, &session, error) < 0)
                return -1;
        if (target->session)
                ssh->unref(target->session);
        target->session = ssh->ref(session);
        target->session_free = session_free;
        r = through->open(through, ssh, session, deadline, ret, error);
        ssh->unref(session);
        return r;
}

static int libssh_way(Target *target, uint64_t deadline, Way *ret, GError **error)
{
        const Through through = { .open = open_through_peer, .target = target };
        int fd;

        if (libssh_open(target, &through, deadline, &fd, error) < 0)
                return -1;
        *ret = (Way){
                .link = wire_link_new_socket(fd),
                .through = ssh_plugin(NULL)->ref(target->session),
                .complaint = complaint_of,
                .free = session_free,
        };
        return 0;
}

static int libssh_port(
        Target *target, const char *host, int port, uint64_t deadline, int *ret, GError **error)
{
        const Through through = { .open = open_through_port, .host = host, .port = port };

        return libssh_open(target, &through, deadline, ret, error);
}

const Transport libssh_transport = {
        .name = "libssh",
        .encrypted = true,
        .secure = true,
        .check = libssh_check,
        .connect = libssh_way,
        .connect_port = libssh_port,
};

/* Another library of that kind: the same abilities, by the name that people know. */
const Transport libssh2_transport = {
        .name = "libssh2",
        .encrypted = true,
        .secure = true,
        .check = libssh_check,
        .connect = libssh_way,
        .connect_port = libssh_port,
};

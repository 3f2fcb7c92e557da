/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/remote/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/base/child.h"
#include "service/base/cleanup.h"
#include "service/base/fiber.h"

/* Of what the program writes to its standard error, the end counts. */
#define COMPLAINT_MAX 1024

struct Tunnel {
        Child *child;
        int errors; /* our end of its standard error */
        sd_event_source *source;
        GString *complaint;
};

/* Reads what is there, so that the program never waits for us. False at its end. */
static bool listen_to(Tunnel *tunnel)
{
        char buffer[4096];
        ssize_t n;

        while ((n = read(tunnel->errors, buffer, sizeof buffer)) > 0) {
                g_string_append_len(tunnel->complaint, buffer, n);
                if (tunnel->complaint->len > COMPLAINT_MAX)
                        g_string_erase(
                                tunnel->complaint, 0, tunnel->complaint->len - COMPLAINT_MAX);
        }
        return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static int on_errors(sd_event_source *source, int fd, uint32_t events, void *data)
{
        (void)fd, (void)events;
        if (!listen_to(data))
                sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

Tunnel *tunnel_start(const char *const *argv, int *ret_fd, GError **error)
{
        g_autofree char *program = g_find_program_in_path(argv[0]);
        g_autoptr(GPtrArray) arguments = g_ptr_array_new();
        _cleanup_fd_ int ours = -1, theirs = -1, errors = -1, complaints = -1;
        g_auto(GStrv) environment = g_get_environ();
        g_autoptr(Tunnel) tunnel = NULL;
        Child *child;
        int pair[2], r;

        if (!program) {
                error_set(error, ERROR_SYSTEM_ERROR, "there is no program '%s'", argv[0]);
                return NULL;
        }
        g_ptr_array_add(arguments, program);
        for (unsigned i = 1; argv[i]; i++)
                g_ptr_array_add(arguments, (char *)argv[i]);
        g_ptr_array_add(arguments, NULL);

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
                error_set_errno(error, errno, "cannot make a socket pair");
                return NULL;
        }
        ours = pair[0], theirs = pair[1];
        if (pipe2(pair, O_CLOEXEC) < 0) {
                error_set_errno(error, errno, "cannot make a pipe");
                return NULL;
        }
        errors = pair[0], complaints = pair[1];
        /* The program may rely on waiting at its own end. */
        if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0 || fcntl(errors, F_SETFL, O_NONBLOCK) < 0) {
                error_set_errno(error, errno, "cannot set up a socket pair");
                return NULL;
        }
        r = child_spawn(
                &(ChildSpec){
                        .argv = (const char *const *)arguments->pdata,
                        .envp = (const char *const *)environment,
                        .fds = (ChildFd[]){ { theirs, 0 }, { theirs, 1 }, { complaints, 2 } },
                        .n_fds = 3,
                        .uid = (uid_t)-1,
                        .gid = (gid_t)-1,
                        .session = true,
                        .die_with_parent = true,
                },
                &child);
        if (r < 0) {
                error_set_errno(error, r, "cannot run %s", program);
                return NULL;
        }
        tunnel = g_new(Tunnel, 1);
        *tunnel = (Tunnel){
                .child = child,
                .errors = fd_steal(&errors),
                .complaint = g_string_new(NULL),
        };
        r = sd_event_add_io(
                fibers_event(), &tunnel->source, tunnel->errors, EPOLLIN, on_errors, tunnel);
        if (r < 0) {
                error_set_errno(error, r, "cannot listen to %s", program);
                return NULL;
        }
        *ret_fd = fd_steal(&ours);
        return g_steal_pointer(&tunnel);
}

char *tunnel_complaint(Tunnel *tunnel)
{
        g_autofree char *text = NULL;

        listen_to(tunnel);
        text = g_strndup(tunnel->complaint->str, tunnel->complaint->len);
        for (char *at = text; *at; at++)
                if ((unsigned char)*at < ' ')
                        *at = ' ';
        g_strstrip(text);
        return text[0] && g_utf8_validate(text, -1, NULL) ? g_steal_pointer(&text) : NULL;
}

static void linger(void *data)
{
        Tunnel *tunnel = data;

        child_wait(tunnel->child, FIBER_FOREVER);
        tunnel_free(tunnel);
}

void tunnel_release(Tunnel *tunnel)
{
        if (fiber_start("a tunnel", linger, tunnel, NULL) < 0)
                tunnel_free(tunnel);
}

Tunnel *tunnel_free(Tunnel *tunnel)
{
        if (!tunnel)
                return NULL;
        sd_event_source_disable_unref(tunnel->source);
        child_free(tunnel->child);
        fd_close(tunnel->errors);
        g_string_free(tunnel->complaint, TRUE);
        g_free(tunnel);
        return NULL;
}

static void *free_through(void *tunnel)
{
        return tunnel_free(tunnel);
}

static char *complaint_through(void *tunnel)
{
        return tunnel_complaint(tunnel);
}

Way tunnel_way(Tunnel *tunnel, int fd)
{
        return (Way){
                .link = wire_link_new_socket(fd),
                .through = tunnel,
                .complaint = complaint_through,
                .free = free_through,
        };
}

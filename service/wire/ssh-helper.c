/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* virtbus-ssh-helper: what a client of another host runs through ssh. Copies bytes between its
 * standard input and output and the service's socket for the wire; it does not look into them. A
 * program of its own, which has nothing else to do than to wait. */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "drivers/uri.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"

#define BUFFER_SIZE (256 * 1024)
#define START_TRIES 100
#define START_PAUSE_USEC 50000

/* One direction. */
typedef struct Flow {
        int from, to;
        size_t at, n; /* of the bytes that are read and not written yet */
        bool ended;   /* nothing comes any more */
        bool closed;  /* and the other end was told so */
        char *buffer;
} Flow;

static int fail(const char *text)
{
        fprintf(stderr, "virtbus-ssh-helper: %s\n", text);
        return EXIT_FAILURE;
}

/* Root has the host's service, and so has whoever asks for it. */
static bool wants_session(const Uri *uri)
{
        if (geteuid() == 0)
                return false;
        return strcmp(uri->path, "/session") == 0 || strcmp(uri->driver, "test") == 0;
}

static char *socket_path(bool session, bool read_only)
{
        return g_build_filename(session ? g_get_user_runtime_dir() : "/run", "virtbus",
                read_only ? "virtbus-sock-ro" : "virtbus-sock", NULL);
}

/* The descriptor, or -errno. */
static int connect_to(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_fd_ int fd = -1;

        if (strlen(path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        return fd_steal(&fd);
}

/* The bus starts the service, which opens its socket. */
static int start_service(bool session)
{
        g_autoptr(sd_bus) bus = NULL;
        int r;

        r = session ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                        "org.freedesktop.DBus", "StartServiceByName", NULL, NULL, "su",
                        "org.virtbus1", 0);
        sd_bus_flush_close_unref(g_steal_pointer(&bus));
        return r;
}

static int find_service(const Uri *uri, bool read_only)
{
        bool session = wants_session(uri);
        g_autofree char *path = socket_path(session, read_only);
        int fd = connect_to(path);

        if (fd >= 0 || start_service(session) < 0)
                return fd;
        for (unsigned i = 0; fd < 0 && i < START_TRIES; i++) {
                usleep(START_PAUSE_USEC);
                fd = connect_to(path);
        }
        return fd;
}

/* Reads or writes as far as that goes at once. -1: the other end is gone. */
static int flow_move(Flow *flow, short from_events, short to_events)
{
        ssize_t n;

        if (flow->n == 0 && !flow->ended && from_events) {
                n = read(flow->from, flow->buffer, BUFFER_SIZE);
                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return -1;
                flow->ended = n == 0;
                flow->at = 0;
                flow->n = MAX(n, 0);
                to_events = POLLOUT;
        }
        if (flow->n > 0 && to_events) {
                n = write(flow->to, flow->buffer + flow->at, flow->n);
                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return -1;
                flow->at += MAX(n, 0);
                flow->n -= MAX(n, 0);
        }
        if (flow->ended && flow->n == 0 && !flow->closed) {
                /* One of both is a socket. */
                if (shutdown(flow->to, SHUT_WR) < 0 && flow->to == STDOUT_FILENO)
                        close(flow->to);
                flow->closed = true;
        }
        return 0;
}

/* Until the service ends, or the client has left. */
static int copy(int fd)
{
        g_autofree char *up_buffer = g_malloc(BUFFER_SIZE), *down_buffer = g_malloc(BUFFER_SIZE);
        Flow up = { .from = STDIN_FILENO, .to = fd, .buffer = up_buffer };
        Flow down = { .from = fd, .to = STDOUT_FILENO, .buffer = down_buffer };

        while (!down.closed) {
                struct pollfd polls[] = {
                        { .fd = up.n == 0 && !up.ended ? up.from : -1, .events = POLLIN },
                        { .fd = up.n > 0 ? up.to : -1, .events = POLLOUT },
                        { .fd = down.n == 0 && !down.ended ? down.from : -1, .events = POLLIN },
                        { .fd = down.n > 0 ? down.to : -1, .events = POLLOUT },
                };

                if (poll(polls, G_N_ELEMENTS(polls), -1) < 0 && errno != EINTR)
                        return fail(g_strerror(errno));
                if (flow_move(&up, polls[0].revents, polls[1].revents) < 0 ||
                        flow_move(&down, polls[2].revents, polls[3].revents) < 0)
                        break;
        }
        return EXIT_SUCCESS;
}

static int usage(FILE *file, int status)
{
        fprintf(file,
                "virtbus-ssh-helper [-r] URI\n\n"
                "Connects standard input and output with the service that opens the URI here.\n\n"
                "  -r, --readonly   with its socket for reading only\n"
                "  -V, --version; -h, --help\n");
        return status;
}

int main(int argc, char **argv)
{
        static const struct option table[] = {
                { "readonly", no_argument, NULL, 'r' },
                { "version", no_argument, NULL, 'V' },
                { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        g_autoptr(GError) error = NULL;
        g_autoptr(Uri) uri = NULL;
        bool read_only = false;
        _cleanup_fd_ int fd = -1;
        int option;

        while ((option = getopt_long(argc, argv, "rVh", table, NULL)) != -1) {
                switch (option) {
                case 'r':
                        read_only = true;
                        break;
                case 'V':
                        printf("virtbus-ssh-helper %s\n", VIRTBUS_VERSION);
                        return EXIT_SUCCESS;
                case 'h':
                        return usage(stdout, EXIT_SUCCESS);
                default:
                        return usage(stderr, EXIT_FAILURE);
                }
        }
        if (optind + 1 != argc)
                return usage(stderr, EXIT_FAILURE);
        /* An empty name leaves the choice to the service, which for root is the host's. */
        if (uri_parse(argv[optind][0] ? argv[optind] : "qemu:///system", &uri, &error) < 0)
                return fail(error->message);
        if (uri->transport || uri->host)
                return fail("the URI is to be one of this host, without transport and host name");
        signal(SIGPIPE, SIG_IGN);
        fd = find_service(uri, read_only);
        if (fd < 0) {
                g_autofree char *path = socket_path(wants_session(uri), read_only);
                g_autofree char *text =
                        g_strdup_printf("cannot connect to '%s': %s", path, g_strerror(-fd));

                return fail(text);
        }
        return copy(fd);
}

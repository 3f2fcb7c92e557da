/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/qemu/domain.h"
#include "service/base/cleanup.h"

#define BUFFER_SIZE (16 * 1024)
#define BUSY_DEADLINE (5 * G_USEC_PER_SEC)
#define BUSY_PAUSE (20 * 1000)

enum {
        OPEN_FORCE = 1 << 0,
        OPEN_SAFE = 1 << 1, /* alone, which it always is */
};

typedef struct Side {
        Console *console;
        int fd;
        sd_event_source *source;
        bool ended;   /* nothing more comes from it */
        bool hung_up; /* it takes nothing more; some bytes may still be read */
        /* What came from it and the other side has not taken. */
        size_t start, end;
        char bytes[BUFFER_SIZE];
} Side;

struct Console {
        Console *next;
        Console **list;
        char *device_name;
        Side device, client;
};

static Side *side_other(Side *side)
{
        Console *console = side->console;

        return side == &console->device ? &console->client : &console->device;
}

static bool side_has_bytes(const Side *side)
{
        return side->end > side->start;
}

static void console_free(Console *console)
{
        for (Console **each = console->list; *each; each = &(*each)->next)
                if (*each == console) {
                        *each = console->next;
                        break;
                }
        sd_event_source_disable_unref(console->device.source);
        sd_event_source_disable_unref(console->client.source);
        fd_close(console->device.fd);
        fd_close(console->client.fd);
        g_free(console->device_name);
        g_free(console);
}

/* Once, so that a side that never stops does not hold up the loop. */
static void side_read(Side *side)
{
        ssize_t n;

        if (side->ended || side->end == BUFFER_SIZE)
                return;
        n = read(side->fd, side->bytes + side->end, BUFFER_SIZE - side->end);
        if (n > 0)
                side->end += n;
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                side->ended = true;
}

/* Gives it what came from the other. */
static void side_write(Side *side)
{
        Side *from = side_other(side);
        ssize_t n = 0;

        if (side_has_bytes(from) && !side->hung_up) {
                size_t size = from->end - from->start;

                n = send(side->fd, from->bytes + from->start, size, MSG_NOSIGNAL);
                if (n < 0 && errno == ENOTSOCK)
                        n = write(side->fd, from->bytes + from->start, size);
        }
        if (n > 0)
                from->start += n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
                side->hung_up = true;
        if (side->hung_up || !side_has_bytes(from))
                from->start = from->end = 0;
}

/* Says what it waits for. */
static int side_watch(Side *side)
{
        const Side *other = side_other(side);
        uint32_t events = 0;
        int r;

        if (!side->ended && side->end < BUFFER_SIZE && !other->hung_up)
                events |= EPOLLIN;
        if (side_has_bytes(other) && !side->hung_up)
                events |= EPOLLOUT;
        r = sd_event_source_set_io_events(side->source, events);
        /* The end of a connection is told whatever one asks for, again and again. */
        if (r >= 0)
                r = sd_event_source_set_enabled(side->source,
                        side->hung_up && !(events & EPOLLIN) ? SD_EVENT_OFF : SD_EVENT_ON);
        return r;
}

static bool side_is_done(const Side *side)
{
        return side->ended && !side_has_bytes(side);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        Side *side = data, *other = side_other(side);
        Console *console = side->console;

        (void)source, (void)fd;
        if (revents & (EPOLLHUP | EPOLLERR))
                side->hung_up = true;
        if (revents & ~(uint32_t)EPOLLOUT)
                side_read(side);
        side_write(other);
        side_write(side);
        if (side_is_done(side) || side_is_done(other) || (side->hung_up && other->hung_up) ||
                side_watch(side) < 0 || side_watch(other) < 0)
                console_free(console);
        return 0;
}

static int side_init(Side *side, Console *console)
{
        int flags = fcntl(side->fd, F_GETFL);

        side->console = console;
        if (flags < 0 || fcntl(side->fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        return sd_event_add_io(fibers_event(), &side->source, side->fd, EPOLLIN, on_io, side);
}

int console_new(Console **list, const char *device_name, int device, int client)
{
        Console *console = g_new0(Console, 1);
        int r;

        console->list = list;
        console->device_name = g_strdup(device_name);
        console->device.fd = device;
        console->client.fd = client;
        r = side_init(&console->device, console);
        if (r >= 0)
                r = side_init(&console->client, console);
        if (r < 0) {
                console_free(console);
                return r;
        }
        console->next = *list;
        *list = console;
        return 0;
}

Console *console_find(Console *list, const char *device_name)
{
        for (Console *each = list; each; each = each->next)
                if (!each->client.ended && !each->client.hung_up &&
                        strcmp(each->device_name, device_name) == 0)
                        return each;
        return NULL;
}

void consoles_close(Console **list, const char *device_name)
{
        Console *next;

        for (Console *each = *list; each; each = next) {
                next = each->next;
                if (device_name && strcmp(each->device_name, device_name) != 0)
                        continue;
                side_write(&each->client);
                side_read(&each->device);
                side_write(&each->client);
                console_free(each);
        }
}

/* QEMU finds out within a second that somebody listens, and for that long takes no input; output
 * goes to whoever is there, and to nobody otherwise. Until QEMU ends, and closes its end, the
 * terminal does not hang up. */
int console_open_terminal(const char *path)
{
        _cleanup_fd_ int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
        struct termios settings;

        if (fd < 0)
                return -errno;
        if (tcgetattr(fd, &settings) < 0)
                return -errno;
        cfmakeraw(&settings);
        if (tcsetattr(fd, TCSANOW, &settings) < 0)
                return -errno;
        return fd_steal(&fd);
}

int console_open_socket(const char *path)
{
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        _cleanup_fd_ int file = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (fd < 0 || file < 0)
                return -errno;
        g_snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        return fd_steal(&fd);
}

/* The operation. */

/* A channel of virtio's is also known by the name that the guest sees. */
static bool is_called(const Chardev *chardev, const char *name)
{
        return g_strcmp0(chardev->info.alias.name, name) == 0 ||
                (chardev->target.type == TARGET_VIRTIO &&
                        g_strcmp0(chardev->target.name, name) == 0);
}

static const Chardev *find_by_name(const Devices *devices, const char *name)
{
        const struct {
                Chardev **items;
                size_t n;
        } lists[] = {
                { devices->serials, devices->n_serials },
                { devices->parallels, devices->n_parallels },
                { devices->consoles, devices->n_consoles },
                { devices->channels, devices->n_channels },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
                for (size_t j = 0; j < lists[i].n; j++)
                        if (is_called(lists[i].items[j], name))
                                return lists[i].items[j];
        return NULL;
}

static const Chardev *find_chardev(const Devices *devices, const char *alias)
{
        if (!alias[0] && devices->n_consoles > 0)
                alias = devices->consoles[0]->info.alias.name;
        else if (!alias[0] && devices->n_serials > 0)
                alias = devices->serials[0]->info.alias.name;
        return alias && alias[0] ? find_by_name(devices, alias) : NULL;
}

static int open_chardev(const Chardev *chardev, GError **error)
{
        const char *alias = chardev->info.alias.name;
        const char *path;
        int fd;

        if (chardev->type == CHARDEV_UNIX && chardev->unix_.mode != CHARDEV_MODE_CONNECT) {
                path = chardev->unix_.path;
                fd = path ? console_open_socket(path) : -ENOENT;
        } else if (chardev->type == CHARDEV_PTY) {
                path = chardev->path.path;
                if (!path)
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "no assigned pty for device %s", alias);
                fd = console_open_terminal(path);
        } else {
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "character device %s is not using a PTY", alias);
        }
        if (fd < 0)
                error_set_errno(error, fd, "unable to open '%s' of character device %s",
                        path ? path : "", alias);
        return fd;
}

/* Suspends. Opens the device of that name, whose alias goes to *ret_alias. QEMU talks to one at a
 * time and lets one more wait: it may have to notice first that those before us have left. */
static int open_device(
        QemuDomain *self, const DomainOpenConsoleIn *in, char **ret_alias, GError **error)
{
        uint64_t deadline = fiber_deadline(BUSY_DEADLINE);

        for (;;) {
                g_autoptr(GError) problem = NULL;
                const Chardev *chardev;
                const char *alias;
                int fd;

                if (domain_require_active(&self->local.domain, error) < 0)
                        return -1;
                chardev = find_chardev(&self->local.live->devices, in->device);
                if (!chardev)
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "cannot find character device %s",
                                in->device[0] ? in->device : "<null>");
                alias = chardev->info.alias.name;
                if (console_find(self->consoles, alias) && !(in->flags & OPEN_FORCE))
                        return error_set(error, ERROR_OPERATION_FAILED,
                                "Active console session exists for this domain");
                consoles_close(&self->consoles, alias);

                fd = open_chardev(chardev, &problem);
                if (fd >= 0) {
                        *ret_alias = g_strdup(alias);
                        return fd;
                }
                if (fd != -EAGAIN || fiber_now() > deadline || fiber_sleep(BUSY_PAUSE) < 0) {
                        g_propagate_error(error, g_steal_pointer(&problem));
                        return -1;
                }
        }
}

int qemu_open_console(
        Domain *domain, const DomainOpenConsoleIn *in, DomainOpenConsoleOut *out, GError **error)
{
        QemuDomain *self = qemu_domain(domain);
        g_autofree char *alias = NULL;
        int pair[2], device, r;

        out->fd = -1;
        device = open_device(self, in, &alias, error);
        if (device < 0)
                return -1;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
                r = -errno;
                fd_close(device);
        } else {
                r = console_new(&self->consoles, alias, device, pair[1]);
                if (r < 0)
                        fd_close(pair[0]);
        }
        if (r < 0)
                return error_set_errno(error, r, "unable to open character device %s", alias);
        out->fd = pair[0];
        return 0;
}

void qemu_consoles_close(QemuDomain *domain)
{
        consoles_close(&domain->consoles, NULL);
}

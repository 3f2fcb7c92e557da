/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Screens and keyboards of running guests. */

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/qemu/domain.h"
#include "drivers/qemu/keys.h"
#include "service/base/cleanup.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#define KEYS_MAX 16
#define PNG_SINCE QEMU_VERSION(7, 1, 0)
#define CLEANUP_DEADLINE G_USEC_PER_SEC

enum {
        GRAPHICS_SKIPAUTH = 1 << 0,
};

static uint64_t deadline(void)
{
        return fiber_deadline(MONITOR_DEADLINE);
}

/* Takes back what was given to QEMU, also where the caller has given up. */
static void undo(Qmp *qmp, const char *command, json_t *arguments)
{
        fiber_shield();
        qmp_call(qmp, command, arguments, NULL, fiber_deadline(CLEANUP_DEADLINE), NULL);
        fiber_unshield();
}

/* Graphics. */

#define CLIENT_FD "graphics-client"

/* Gives QEMU one end of a connection, of which somebody else has the other. */
static int add_client(QemuDomain *self, uint32_t index, int fd, unsigned flags, GError **error)
{
        const DomainConfig *live = self->local.live;
        const char *protocol;
        g_autoptr(Qmp) qmp = NULL;
        GraphicsType type;
        int r;

        if (qemu_monitor(self, &qmp, error) < 0)
                return -1;
        if (index >= live->devices.n_graphics)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "No graphics backend with index %u", index);
        type = live->devices.graphics[index]->type;
        protocol = enum_name(&graphics_type_names, type);
        if (type != GRAPHICS_VNC && type != GRAPHICS_SPICE)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "Can only open VNC or SPICE graphics backends, not %s",
                        protocol ? protocol : "");

        r = qmp_call_fd(
                qmp, "getfd", json_pack("{s:s}", "fdname", CLIENT_FD), fd, NULL, deadline(), error);
        if (r >= 0)
                r = qmp_call(qmp, "add_client",
                        json_pack("{s:s,s:s,s:b}", "protocol", protocol, "fdname", CLIENT_FD,
                                "skipauth", (flags & GRAPHICS_SKIPAUTH) != 0),
                        NULL, deadline(), error);
        /* Also where it did not answer: it may still do what it was told. */
        if (r < 0)
                undo(qmp, "closefd", json_pack("{s:s}", "fdname", CLIENT_FD));
        return r;
}

static bool is_stream(int fd)
{
        int type;
        socklen_t size = sizeof type;

        return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

int qemu_open_graphics(
        Domain *domain, const DomainOpenGraphicsIn *in, DomainOpenGraphicsOut *out, GError **error)
{
        const int *files = in->files.items;

        (void)out;
        if (in->files.n != 1)
                return error_set_argument(
                        error, "one descriptor is wanted in %s", "virDomainOpenGraphics");
        if (!is_stream(files[0]))
                return error_set_argument(error, "the descriptor in %s must be a stream socket",
                        "virDomainOpenGraphics");
        return add_client(qemu_domain(domain), in->idx, files[0], in->flags, error);
}

int qemu_open_graphics_fd(Domain *domain, const DomainOpenGraphicsFDIn *in,
        DomainOpenGraphicsFDOut *out, GError **error)
{
        _cleanup_fd_ int ours = -1, theirs = -1;
        int pair[2];

        out->fd = -1;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set_errno(error, errno, "cannot make a connection for a client");
        ours = pair[0];
        theirs = pair[1];
        if (add_client(qemu_domain(domain), in->idx, theirs, in->flags, error) < 0)
                return -1;
        out->fd = fd_steal(&ours);
        return 0;
}

/* Pictures. QEMU writes into memory of ours, to which it gets a descriptor that can only write. */

typedef struct Screen {
        char *device; /* the alias of its video device */
        unsigned head;
} Screen;

/* Screens count through the heads of one device after the other. */
static int find_screen(const DomainConfig *config, uint32_t screen, Screen *ret, GError **error)
{
        const Devices *devices = &config->devices;
        uint32_t left = screen;
        bool any = false;

        for (size_t i = 0; i < devices->n_videos; i++) {
                const Video *video = devices->videos[i];
                uint32_t heads = (uint32_t)number_or(video->model.heads, 1);

                if (video->model.type == VIDEO_NONE)
                        continue;
                any = true;
                if (left < MAX(heads, 1)) {
                        *ret = (Screen){ .device = g_strdup(video->info.alias.name), .head = left };
                        return 0;
                }
                left -= MAX(heads, 1);
        }
        if (!any)
                return error_set(
                        error, ERROR_OPERATION_UNSUPPORTED, "no screens to take screenshot from");
        return error_set(error, ERROR_INVALID_ARG, "no such screen ID");
}

/* -1 where QEMU refused, with its refusal in *error. */
static int dump_screen(Qmp *qmp, const Screen *screen, json_int_t set, bool png, GError **error)
{
        json_t *arguments = json_pack("{s:o}", "filename", json_sprintf("/dev/fdset/%d", (int)set));

        if (screen->device) {
                json_object_set_new(arguments, "device", json_string(screen->device));
                json_object_set_new(arguments, "head", json_integer(screen->head));
        }
        if (png)
                json_object_set_new(arguments, "format", json_string("png"));
        return qmp_call(qmp, "screendump", arguments, NULL, deadline(), error);
}

/* Numbers of sets of descriptors, apart from those of the command line. */
#define SETS_FIRST 1000
#define SETS_MAX 1000000
static unsigned next_set;

/* The picture in *ret, a descriptor. */
static int take_picture(Qmp *qmp, const Screen *screen, bool png, int *ret, GError **error)
{
        _cleanup_fd_ int memory = memfd_create("screenshot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        _cleanup_fd_ int writable = -1;
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", memory);
        json_int_t set = SETS_FIRST + next_set++ % SETS_MAX;
        int r;

        if (memory >= 0)
                writable = open(path, O_WRONLY | O_CLOEXEC);
        if (writable < 0)
                return error_set_errno(error, errno, "cannot make a file for a screenshot");
        r = qmp_call_fd(qmp, "add-fd", json_pack("{s:I}", "fdset-id", set), writable, NULL,
                deadline(), error);
        if (r >= 0)
                r = dump_screen(qmp, screen, set, png, error);
        /* Also where it did not answer: it may still do what it was told. */
        undo(qmp, "remove-fd", json_pack("{s:I}", "fdset-id", set));
        if (r < 0)
                return r;
        /* From here on nobody changes it, so whoever gets it may map it. */
        writable = fd_close(writable);
        fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
        lseek(memory, 0, SEEK_SET);
        *ret = fd_steal(&memory);
        return 0;
}

int qemu_screenshot(
        Domain *domain, const DomainScreenshotIn *in, DomainScreenshotOut *out, GError **error)
{
        QemuDomain *self = qemu_domain(domain);
        g_autoptr(GError) refusal = NULL;
        g_autoptr(Qmp) qmp = NULL;
        g_autofree char *device = NULL;
        Screen screen = { 0 };
        int r = -1;

        out->fd = -1;
        if (qemu_monitor(self, &qmp, error) < 0 ||
                find_screen(self->local.live, in->screen, &screen, error) < 0)
                return -1;
        device = screen.device;
        out->mime = g_strdup("image/png");
        if (self->binary && self->binary->version >= PNG_SINCE) {
                r = take_picture(qmp, &screen, true, &out->fd, &refusal);
                /* It may have been built without PNG; another failure happens again. */
                if (r >= 0)
                        return 0;
                if (!error_is(refusal, ERROR_INTERNAL_ERROR)) {
                        g_propagate_error(error, g_steal_pointer(&refusal));
                        return -1;
                }
        }
        g_free(out->mime);
        out->mime = g_strdup("image/x-portable-pixmap");
        return take_picture(qmp, &screen, false, &out->fd, error);
}

/* Keys. */

int qemu_send_key(Domain *domain, const DomainSendKeyIn *in, DomainSendKeyOut *out, GError **error)
{
        const char *set = enum_name(&key_codeset_names, (int)MIN(in->codeset, CODESET_MAX));
        g_autoptr(json_t) keys = json_array();
        json_t *arguments;

        (void)out;
        if (!set)
                return error_set(error, ERROR_INVALID_ARG, "unknown keycode set %u", in->codeset);
        if (in->keycodes.n == 0)
                return error_set_argument(
                        error, "nkeycodes in %s must be greater than zero", "virDomainSendKey");
        if (in->keycodes.n > KEYS_MAX)
                return error_set_argument(error, "nkeycodes must be <= %d", KEYS_MAX);
        for (size_t i = 0; i < in->keycodes.n; i++) {
                int number = key_number(in->codeset, in->keycodes.items[i]);

                if (number == -EOPNOTSUPP)
                        return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                                "keycodes of the %s codeset; those of linux, xt, atset1 and "
                                "qnum are",
                                set);
                if (number < 0)
                        return error_set(error, ERROR_INVALID_ARG,
                                "cannot translate keycode %u of %s codeset to qnum keycode",
                                in->keycodes.items[i], set);
                json_array_append_new(
                        keys, json_pack("{s:s,s:i}", "type", "number", "data", number));
        }
        arguments = json_pack("{s:O}", "keys", keys);
        if (in->holdtime > 0)
                json_object_set_new(arguments, "hold-time", json_integer(in->holdtime));
        return qemu_ask(qemu_domain(domain), "send-key", arguments, NULL, error);
}

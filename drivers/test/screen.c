/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the screens of guests show: a test picture. */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/test/test.h"
#include "service/base/cleanup.h"

#define WIDTH 320
#define HEIGHT 200
#define BARS 8 /* each one of the colours that three lights make */

static GByteArray *picture(void)
{
        g_autofree char *head = g_strdup_printf("P6\n%d %d\n255\n", WIDTH, HEIGHT);
        GByteArray *bytes = g_byte_array_new();

        g_byte_array_append(bytes, (const guint8 *)head, strlen(head));
        for (unsigned y = 0; y < HEIGHT; y++)
                for (unsigned x = 0; x < WIDTH; x++) {
                        unsigned bar = BARS - 1 - x * BARS / WIDTH;
                        const guint8 pixel[] = {
                                bar & 2 ? 255 : 0,
                                bar & 4 ? 255 : 0,
                                bar & 1 ? 255 : 0,
                        };

                        g_byte_array_append(bytes, pixel, sizeof pixel);
                }
        return bytes;
}

TEST_GUEST(screenshot, Screenshot)
{
        g_autoptr(GByteArray) bytes = picture();
        _cleanup_fd_ int fd = memfd_create("screenshot", MFD_CLOEXEC);

        (void)domain, (void)in;
        if (fd < 0 || write(fd, bytes->data, bytes->len) != (ssize_t)bytes->len ||
                lseek(fd, 0, SEEK_SET) < 0)
                return error_set_errno(error, errno, "cannot keep a picture in memory");
        out->mime = g_strdup("image/x-portable-pixmap");
        out->fd = fd_steal(&fd);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Scope-bound release of what g_autoptr() of GLib does not know: descriptors, systemd's objects. */

#include <errno.h>
#include <glib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

/* Closes fd unless it is negative, keeps errno, and returns -1 to assign back. */
static inline int fd_close(int fd)
{
        if (fd >= 0) {
                int saved = errno;

                close(fd);
                errno = saved;
        }
        return -1;
}

static inline void fd_closep(int *fd)
{
        *fd = fd_close(*fd);
}

/* Hands the descriptor on: the variable no longer owns it. */
static inline int fd_steal(int *fd)
{
        int stolen = *fd;

        *fd = -1;
        return stolen;
}

#define _cleanup_fd_ __attribute__((cleanup(fd_closep)))

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus, sd_bus_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_creds, sd_bus_creds_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_slot, sd_bus_slot_unref)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event, sd_event_unref)
/* Disabled first: one that is being dispatched lives on in the loop, and must not run again. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_event_source, sd_event_source_disable_unref)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the file of a running guest says. domain.h has what writes it and takes the guest back. */

#include <glib.h>
#include <jansson.h>

typedef struct QemuStatus {
        json_t *json;                                          /* owns the strings */
        const char *boot, *directory, *scope, *owner, *config; /* boot and config are never NULL */
        int version, pid, id, state, reason, starting, commanded;
        json_int_t start;
} QemuStatus;

/* path is for messages. ERROR_INTERNAL_ERROR for what qemu_status_write() did not write. */
int qemu_status_parse(const char *text, const char *path, QemuStatus *ret, GError **error);
/* Makes it own nothing. */
void qemu_status_clear(QemuStatus *status);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuStatus, qemu_status_clear)

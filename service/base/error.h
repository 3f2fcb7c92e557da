/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Errors.
 *
 * Functions of service/base and of the wire codecs return 0 or -errno. Everything above them takes
 * a `GError **error` last, returns 0 (or more), or -1 with *error set. There is one GError domain;
 * its codes are libvirt's error numbers. interfaces/errors.tsv is the one table that links a code,
 * its D-Bus name and the form of its message; a message carries the whole text a user sees:
 *
 *         return error_set(error, ERROR_NO_DOMAIN, "no domain with matching name '%s'", name);
 *         -> "Domain not found: no domain with matching name 'web'"
 */

#include <glib.h>

#include "error-codes.h"

#define VIRTBUS_ERROR (virtbus_error_quark())
GQuark virtbus_error_quark(void);

typedef struct ErrorInfo {
        int code;             /* an ErrorCode, which is libvirt's number (VIR_ERR_*) */
        const char *bus_name; /* "org.virtbus1.Error.NoDomain" */
        const char *form;     /* "Domain not found: %s" */
} ErrorInfo;

/* The row of a code; the row of ERROR_INTERNAL_ERROR for a number the table does not have. */
const ErrorInfo *error_info(int code);

/* The code of an error; ERROR_INTERNAL_ERROR for one of a foreign GError domain. */
int error_code(const GError *error);

/* Fills the code's message form with the formatted detail. Always returns -1; error may be NULL. */
int error_set(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* An argument that no driver could take: ERROR_INVALID_ARG, in a text that stands without the
 * code's form, as in "memory in virDomainSetMemoryFlags must not be zero". Always returns -1. */
int error_set_argument(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A failed system call: ERROR_SYSTEM_ERROR with "detail: strerror". errnum may have either sign.
 * Always returns -1. */
int error_set_errno(GError **error, int errnum, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Sets the code with a message that is whole already, such as a peer's. Always returns -1. */
int error_set_literal(GError **error, int code, const char *message);

/* Puts "text: " before the detail of an error that passes by. Always returns -1. */
int error_prefix(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Whether an error is set and has this code. */
static inline gboolean error_is(const GError *error, int code)
{
        return g_error_matches(error, VIRTBUS_ERROR, code);
}

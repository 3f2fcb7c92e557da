/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/error.h"

#include <stdlib.h>
#include <string.h>

static const ErrorInfo error_table[] = {
#define ERROR_ROW(number, name, bus_name_, form_) \
        [number] = { .code = number, .bus_name = bus_name_, .form = form_ },
#include "error-table.inc"
#undef ERROR_ROW
};

G_DEFINE_QUARK(virtbus - error - quark, virtbus_error)

const ErrorInfo *error_info(int code)
{
        if (code <= 0 || code >= (int)G_N_ELEMENTS(error_table) || !error_table[code].bus_name)
                return &error_table[ERROR_INTERNAL_ERROR];
        return &error_table[code];
}

int error_code(const GError *error)
{
        if (!error || error->domain != VIRTBUS_ERROR)
                return ERROR_INTERNAL_ERROR;
        return error->code;
}

/* The forms are our own table's, each with exactly one %s (the generator checks it). */
static char *form_fill(const char *form, const char *detail)
{
        const char *mark = strstr(form, "%s");

        return g_strdup_printf("%.*s%s%s", (int)(mark - form), form, detail, mark + 2);
}

static int G_GNUC_PRINTF(4, 0)
        error_set_va(GError **error, int code, const char *suffix, const char *format, va_list ap)
{
        g_autofree char *detail = NULL, *message = NULL;

        if (!error)
                return -1;

        detail = g_strdup_vprintf(format, ap);
        if (suffix) {
                char *whole = g_strdup_printf("%s: %s", detail, suffix);

                g_free(detail);
                detail = whole;
        }
        message = form_fill(error_info(code)->form, detail);
        return error_set_literal(error, code, message);
}

int error_set(GError **error, int code, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        error_set_va(error, code, NULL, format, ap);
        va_end(ap);
        return -1;
}

int error_set_errno(GError **error, int errnum, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        error_set_va(error, ERROR_SYSTEM_ERROR, g_strerror(abs(errnum)), format, ap);
        va_end(ap);
        return -1;
}

int error_set_argument(GError **error, const char *format, ...)
{
        g_autofree char *message = NULL;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        return error_set_literal(error, ERROR_INVALID_ARG, message);
}

int error_set_literal(GError **error, int code, const char *message)
{
        /* A message goes to the bus, which takes UTF-8 only; a detail may quote a file name. */
        g_autofree char *valid = g_utf8_make_valid(message, -1);

        g_set_error_literal(error, VIRTBUS_ERROR, code, valid);
        return -1;
}

int error_prefix(GError **error, const char *format, ...)
{
        g_autofree char *prefix = NULL, *message = NULL;
        size_t n_head = 0;
        va_list ap;

        if (!error || !*error)
                return -1;

        va_start(ap, format);
        prefix = g_strdup_vprintf(format, ap);
        va_end(ap);

        /* Behind the standing text, so that clients still find it at the start of the message. */
        if ((*error)->domain == VIRTBUS_ERROR) {
                const char *form = error_info((*error)->code)->form;
                size_t n = strstr(form, "%s") - form;

                if (strncmp((*error)->message, form, n) == 0)
                        n_head = n;
        }
        message = g_strdup_printf(
                "%.*s%s: %s", (int)n_head, (*error)->message, prefix, (*error)->message + n_head);
        g_free((*error)->message);
        (*error)->message = g_utf8_make_valid(message, -1);
        return -1;
}

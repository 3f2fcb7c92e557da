/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/errors.h"

#include <string.h>

#define LEVEL_ERROR 2
/* libvirt's clients look for it at the start of the message. */
#define UNKNOWN_PROCEDURE "unknown procedure"

static char *cut(const char *text)
{
        if (strlen(text) <= WIRE_STRING_MAX)
                return g_strdup(text);
        return g_strndup(text, g_utf8_find_prev_char(text, text + WIRE_STRING_MAX) - text);
}

/* What the message says beyond the standing text of its code. */
static char *message_detail(const char *form, const char *message)
{
        const char *mark = strstr(form, "%s");
        size_t head = mark - form, tail = strlen(mark + 2), n = strlen(message);

        if (n < head + tail || strncmp(message, form, head) != 0 ||
                strcmp(message + n - tail, mark + 2) != 0)
                return cut(message);
        return g_strndup(message + head, MIN(n - head - tail, WIRE_STRING_MAX));
}

/* The number behind the text that error_set_errno() puts at the end; 0 where there is none. */
static int message_errno(const char *message)
{
        for (int number = 1; number < 134; number++)
                if (g_str_has_suffix(message, g_strerror(number)))
                        return number;
        return 0;
}

void wire_error_fill(WireErrorData *data, const GError *error, int domain, const char *api)
{
        int code = error_code(error);

        *data = (WireErrorData){ .code = code, .domain = domain, .level = LEVEL_ERROR };
        if (!error) {
                data->domain = WIRE_FROM_RPC;
                data->message = g_strdup("internal error: the call failed without a reason");
                return;
        }
        data->message = cut(error->message);
        if (code == ERROR_INVALID_ARG) {
                data->str1 = g_strdup(api);
                return;
        }
        data->str1 = g_strdup(error_info(code)->form);
        data->str2 = message_detail(data->str1, error->message);
        data->int1 = code == ERROR_SYSTEM_ERROR ? message_errno(error->message) : -1;
        data->int2 = -1;
}

void wire_error_encode(GByteArray *out, const GError *error, int domain, const char *api)
{
        WireErrorData data;

        wire_error_fill(&data, error, domain, api);
        /* Nothing in it is over a limit. */
        g_assert(wire_encode(WIRE_ERROR_LAYOUT, &data, out) == 0);
        wire_clear(WIRE_ERROR_LAYOUT, &data);
}

int wire_error_set(GError **error, const void *payload, size_t n)
{
        WireErrorData data;

        if (wire_decode(WIRE_ERROR_LAYOUT, payload, n, &data) < 0)
                return error_set(error, ERROR_RPC, "the peer sent an error that cannot be read");
        if (data.code == ERROR_RPC && data.level == LEVEL_ERROR && data.message &&
                (data.domain == WIRE_FROM_RPC || data.domain == WIRE_FROM_REMOTE) &&
                g_str_has_prefix(data.message, UNKNOWN_PROCEDURE))
                error_set(error, ERROR_NO_SUPPORT, "%s", data.message);
        else if (!data.message)
                error_set(error, data.code > 0 ? data.code : ERROR_INTERNAL_ERROR,
                        "the peer gave no reason");
        else
                error_set_literal(
                        error, data.code > 0 ? data.code : ERROR_INTERNAL_ERROR, data.message);
        wire_clear(WIRE_ERROR_LAYOUT, &data);
        return -1;
}

/* Whose errors they are, whatever the driver. */
static const struct {
        int code, domain;
} code_domains[] = {
        { ERROR_RPC, WIRE_FROM_RPC },
        { ERROR_XML_ERROR, WIRE_FROM_XML },
        { ERROR_AUTH_FAILED, WIRE_FROM_POLKIT },
        { ERROR_AUTH_CANCELLED, WIRE_FROM_POLKIT },
        { ERROR_AUTH_UNAVAILABLE, WIRE_FROM_POLKIT },
        { ERROR_ACCESS_DENIED, WIRE_FROM_ACCESS },
};

static const struct {
        const char *class;
        int domain;
} class_domains[] = {
        { "Domain", WIRE_FROM_DOMAIN },
        { "DomainSnapshot", WIRE_FROM_DOMAIN_SNAPSHOT },
        { "DomainCheckpoint", WIRE_FROM_DOMAIN_CHECKPOINT },
        { "Network", WIRE_FROM_NETWORK },
        { "StoragePool", WIRE_FROM_STORAGE },
        { "StorageVol", WIRE_FROM_STORAGE },
        { "NodeDevice", WIRE_FROM_NODEDEV },
        { "Secret", WIRE_FROM_SECRET },
        { "NWFilter", WIRE_FROM_NWFILTER },
        { "Interface", WIRE_FROM_INTERFACE },
};

static const struct {
        const char *driver;
        int domain;
        bool whole; /* all of its objects are its own part's */
} driver_domains[] = {
        { "test", WIRE_FROM_TEST, true },
        { "qemu", WIRE_FROM_QEMU, false },
        { "xen", WIRE_FROM_LIBXL, false },
};

int wire_error_domain(const GError *error, const ClassInfo *class, const char *driver)
{
        /* Refused before any driver heard of it. */
        bool early = error_is(error, ERROR_OPERATION_DENIED) || error_is(error, ERROR_NO_SUPPORT);
        int domain = WIRE_FROM_NONE;

        for (unsigned i = 0; i < G_N_ELEMENTS(code_domains); i++)
                if (error_is(error, code_domains[i].code))
                        return code_domains[i].domain;
        for (unsigned i = 0; i < G_N_ELEMENTS(class_domains); i++)
                if (class && strcmp(class_domains[i].class, class->name) == 0)
                        domain = class_domains[i].domain;
        for (unsigned i = 0; !early && i < G_N_ELEMENTS(driver_domains); i++)
                if (g_strcmp0(driver_domains[i].driver, driver) == 0 &&
                        (driver_domains[i].whole || domain == WIRE_FROM_NONE ||
                                domain == WIRE_FROM_DOMAIN))
                        domain = driver_domains[i].domain;
        return domain;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Errors on the wire: the payload of a reply or stream packet with status WIRE_ERROR. */

#include "drivers/object.h"
#include "drivers/wire/procedures.h"
#include "service/base/error.h"
#include "wire-error-domains.h" /* WIRE_FROM_RPC = 7 and so on */

#define WIRE_ERROR_LAYOUT "iiSi?DSSSii?N"
typedef struct WireErrorData {
        int32_t code;   /* an ErrorCode, which is the wire's number */
        int32_t domain; /* the part that raised it, WIRE_FROM_ */
        char *message;
        int32_t level;
        WireDomain *dom;
        char *str1, *str2, *str3;
        int32_t int1, int2;
        WireNetwork *net;
} WireErrorData;

/* Fills data with what libvirt puts there for such an error; NULL stands for one that nobody set.
 * api is libvirt's name of the function, for errors of arguments, or NULL. */
void wire_error_fill(WireErrorData *data, const GError *error, int domain, const char *api);

/* Appends the same as payload. A message too long for the wire is cut. */
void wire_error_encode(GByteArray *out, const GError *error, int domain, const char *api);

/* Reads a payload. Always returns -1. "unknown procedure" of the peer's RPC part becomes
 * ERROR_NO_SUPPORT, so that a caller falls back to older procedures; a payload that cannot be read
 * becomes ERROR_RPC. */
int wire_error_set(GError **error, const void *payload, size_t n);

/* The part that raised an error in a call for an object of a class (NULL: for a connection), whose
 * driver has that name ("qemu", "test"; NULL: it is not known yet). */
int wire_error_domain(const GError *error, const ClassInfo *class, const char *driver);

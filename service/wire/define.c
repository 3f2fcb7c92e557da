/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Definitions that the client wants to be checked. They are, always: what a driver does not know it
 * refuses by name. So these are the members without flags. */

#include "service/wire/client.h"

#define DEFINE_VALIDATE 1

/* All of them take a document and flags, and give one object. */
typedef struct DefineArgs {
        char *xml;
        uint32_t flags;
} DefineArgs;

static int define(WireCall *call, void *data, void *ret, GError **error)
{
        const DefineArgs *args = data;
        Results out;
        int r;

        if (args->flags & ~DEFINE_VALIDATE)
                return error_set_argument(error, "unsupported flags (0x%x) in function %sFlags",
                        args->flags & ~DEFINE_VALIDATE, call->base.method->api);
        r = wire_call_perform(call, &args->xml, &out, error);
        if (r >= 0)
                wire_name(call->procedure->ret[0], *(Object **)out.bytes, ret);
        layout_clear(call->base.method->out, out.bytes);
        return r;
}

#define DEFINE(procedure, member)                                                      \
        {                                                                              \
                WIRE_##procedure##_DEFINE_XML_FLAGS, WIRE_ON_CONNECTION, true, define, \
                        &connection_class, CONNECTION_METHOD_##member##_DEFINE_XML, 0  \
        }

const WireRow wire_define_rows[] = {
        DEFINE(DOMAIN, DOMAIN),
        DEFINE(NETWORK, NETWORK),
        DEFINE(NWFILTER, NW_FILTER),
        { 0 },
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Opening and closing, and what the two ends can do. */

#include "service/connections.h"
#include "service/wire/client.h"

/* The same as Manager.Open. What else libvirt's client sets in the flags is about itself. */
static int connect_open(WireCall *call, void *data, void *ret, GError **error)
{
        const WireConnectOpenArgs *args = data;
        WireClient *client = call->client;
        const ManagerOpenIn in = {
                .uri = args->name,
                .flags = client->read_only ? OPEN_READ_ONLY : args->flags & OPEN_READ_ONLY,
        };
        Results out;
        int r;

        (void)ret;
        if (!args->name)
                return wire_call_fail(call, error, ERROR_INTERNAL_ERROR, "connection not open");
        if (client->connection || client->opening)
                return wire_call_fail(call, error, ERROR_INTERNAL_ERROR, "connection already open");
        client->opening = true;
        r = wire_call_perform(call, &in, &out, error);
        client->opening = false;
        if (r == 0)
                client->connection =
                        (Connection *)object_ref(((ManagerOpenOut *)out.bytes)->connection);
        layout_clear(call->base.method->out, out.bytes);
        return r;
}

/* What the client had open is given back when it is gone. */
static int connect_close(WireCall *call, void *args, void *ret, GError **error)
{
        (void)args;
        if (wire_call_reply(call, ret, error) < 0)
                return -1;
        if (call->client->peer)
                wire_peer_finish(call->client->peer);
        return 0;
}

/* Features, by libvirt's numbers. Those about migration are the driver's own matter. */
enum {
        FEATURE_FD_PASSING = 8,
        FEATURE_TYPED_STRINGS = 9,
        FEATURE_KEEPALIVE = 10,
        FEATURE_EVENT_CALLBACKS = 14,
        FEATURE_CLOSE_CALLBACK = 15,
        FEATURE_NETWORK_UPDATE_ORDER = 16,
};

static int supports_feature(WireCall *call, void *data, void *result, GError **error)
{
        static const uint8_t ours[] = { FEATURE_FD_PASSING, FEATURE_TYPED_STRINGS,
                FEATURE_EVENT_CALLBACKS, FEATURE_CLOSE_CALLBACK, FEATURE_NETWORK_UPDATE_ORDER };
        const WireConnectSupportsFeatureArgs *args = data;
        WireConnectSupportsFeatureRet *ret = result;
        int interval = settings()->keepalive_interval;

        if (args->feature == FEATURE_KEEPALIVE) {
                /* Only who asks for it would answer to a ping. */
                ret->supported = 1;
                if (interval > 0)
                        wire_peer_keepalive(call->client->peer, interval * G_USEC_PER_SEC,
                                settings()->keepalive_count);
                return 0;
        }
        if (!call->client->connection)
                return wire_call_fail(
                        call, error, ERROR_INTERNAL_ERROR, "hypervisor connection not open");
        for (unsigned i = 0; i < G_N_ELEMENTS(ours); i++)
                if (ours[i] == args->feature)
                        ret->supported = 1;
        return 0;
}

static int register_close(WireCall *call, void *args, void *ret, GError **error)
{
        (void)args, (void)ret, (void)error;
        call->client->wants_close = call->row->option;
        return 0;
}

const WireRow wire_open_rows[] = {
        { WIRE_CONNECT_OPEN, WIRE_ON_LINK, true, connect_open, &manager_class, MANAGER_METHOD_OPEN,
                0 },
        { WIRE_CONNECT_CLOSE, WIRE_ON_LINK, false, connect_close, NULL, -1, 0 },
        { WIRE_CONNECT_SUPPORTS_FEATURE, WIRE_ON_LINK, false, supports_feature, NULL, -1, 0 },
        { WIRE_CONNECT_REGISTER_CLOSE_CALLBACK, WIRE_ON_CONNECTION, false, register_close, NULL, -1,
                true },
        { WIRE_CONNECT_UNREGISTER_CLOSE_CALLBACK, WIRE_ON_CONNECTION, false, register_close, NULL,
                -1, false },
        { 0 },
};

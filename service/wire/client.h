/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client of the wire, and its calls. Everything of this folder begins here.
 *
 * A frame becomes a WireCall in client.c, which knows by two tables what to do with it: the map of
 * procedures to members (drivers/wire/map.h) does most of them; rows (below) do those that are not
 * one member, and say in a few lines what member they stand on. */

#include "drivers/driver.h"
#include "drivers/wire/errors.h"
#include "drivers/wire/map.h"
#include "drivers/wire/peer.h"
#include "service/operate.h"
#include "service/settings.h"
#include "service/wire/login.h"

struct WireClient {
        unsigned n_ref;
        WirePeer *peer; /* NULL: it has left */
        Caller *caller;
        WireLogin login;        /* what it has to do yet; NONE: it is in */
        bool read_only;         /* its socket allows no more */
        bool opening;           /* CONNECT_OPEN is in work */
        Connection *connection; /* a reference; NULL: not open */
        unsigned n_in_work;     /* calls and packets of streams that are not consumed yet */
        bool paused;
        struct Sasl *sasl; /* the exchange of a login; NULL: none */
        bool sasl_busy;    /* a turn of it is in work */
        bool wants_close;  /* to be told when the connection behind it is lost */

        struct WireEvents *events;   /* events.c's; NULL: none asked for */
        struct WireStream *streams;  /* streams.c's */
        WireClient *previous, *next; /* door.c's */
};

/* Takes the link and the reference to the caller; the client lives until its peer has gone and its
 * calls are over. */
void wire_client_new(
        sd_event *event, WireLink *link, Caller *caller, WireLogin login, bool read_only);
WireClient *wire_client_ref(WireClient *client);
WireClient *wire_client_unref(WireClient *client);
/* Drops the link now; what is in work ends unheard. */
void wire_client_drop(WireClient *client);
/* Something of its frames begins, or ends, to be in work: with too much of it no more is read. */
void wire_client_begin(WireClient *client);
void wire_client_end(WireClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireClient, wire_client_unref)

typedef struct WireCall {
        Call base;
        WireClient *client; /* a reference */
        WireHeader header;
        const WireProcedure *procedure;
        const WireMap *map; /* one of these two */
        const struct WireRow *row;
        void *args; /* as the procedure's layout says */
        int from;   /* the part that an error is from, WIRE_FROM_; -1: the object's */
        bool answered;
        unsigned n_fds; /* that came with the call; -1 where taken */
        int fds[];
} WireCall;

/* Answers a procedure. args is decoded, ret zeroed and freed by the caller. 0, -1 with the error,
 * or -EAGAIN, before it did anything, where it would have to wait and is not on a fiber. */
typedef int (*WireAnswer)(WireCall *call, void *args, void *ret, GError **error);

/* What a row's call is about. */
typedef enum WireScope {
        WIRE_ON_LINK,       /* the client itself: possible before a connection is open */
        WIRE_ON_CONNECTION, /* the connection */
        WIRE_ON_OBJECT,     /* what the first argument names */
} WireScope;

typedef struct WireRow {
        int16_t procedure;
        uint8_t scope; /* WireScope */
        bool suspends; /* it is not worth trying on the loop's stack */
        WireAnswer answer;
        const ClassInfo *class; /* of the object */
        int16_t member;         /* the method of the class that it stands on, or -1 */
        int32_t option;         /* the answer's own */
} WireRow;

/* The tables; each ends with a row whose answer is NULL. */
extern const WireRow wire_login_rows[], wire_open_rows[], wire_list_rows[], wire_getter_rows[],
        wire_define_rows[], wire_event_rows[];

/* Runs the method that the row stands on. out is cleared by its signature also after an error. */
int wire_call_perform(WireCall *call, const void *in, Results *out, GError **error);
/* Sets an error of the RPC part itself, not of the object. Always returns -1. */
int wire_call_fail(WireCall *call, GError **error, int code, const char *format, ...)
        G_GNUC_PRINTF(4, 5);
/* Sends the reply before the answer returns, for those that have more to send after it. */
int wire_call_reply(WireCall *call, const void *ret, GError **error);

/* login-sasl.c */
int wire_auth_sasl_init(WireCall *call, void *args, void *ret, GError **error);
int wire_auth_sasl_start(WireCall *call, void *args, void *ret, GError **error);
int wire_auth_sasl_step(WireCall *call, void *args, void *ret, GError **error);
void wire_sasl_drop(WireClient *client);

/* events.c: the sink, and what a client that leaves had registered. */
void wire_events_init(void);
void wire_events_finish(void);
void wire_events_drop(WireClient *client);

/* streams.c */
/* Makes a stream of the descriptor that a method gave; the reply is sent already. Takes the
 * descriptor. */
void wire_stream_open(WireCall *call, int fd);
void wire_streams_frame(
        WireClient *client, const WireHeader *header, const void *payload, size_t n);
void wire_streams_drained(WireClient *client);
void wire_streams_drop(WireClient *client);

/* door.c: those who are in. */
void wire_door_add(WireClient *client);
void wire_door_remove(WireClient *client);
/* One has logged in. */
void wire_door_known(void);
void wire_door_each(void (*each)(WireClient *client, void *data), void *data);

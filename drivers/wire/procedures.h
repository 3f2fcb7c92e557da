/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The procedures of libvirt's wire, from interfaces/libvirt-rpc.tsv: numbers, layouts, the structs
 * of arguments and returns, and what else there is to know of each. WIRE_DOMAIN_GET_STATE is a
 * number of the program REMOTE, WIRE_QEMU_ and WIRE_LXC_ are those of the others. An event is a
 * procedure whose payload is in the return. */

#include "drivers/wire/codec.h"
#include "drivers/wire/frame.h"

#include "wire-procedures.h"

typedef enum WireProcedureFlags {
        WIRE_EVENT = 1 << 0,         /* sent by the server, never called */
        WIRE_EVENT_LEGACY = 1 << 1,  /* without a callback id */
        WIRE_NOAUTH = 1 << 2,        /* may be called before login */
        WIRE_WRITES = 1 << 3,        /* refused on a read-only connection */
        WIRE_WRITES_IF = 1 << 4,     /* refused there with some flags */
        WIRE_PRIORITY = 1 << 5,      /* never waits for a hypervisor */
        WIRE_STREAM_IN = 1 << 6,     /* opens a stream in which the server sends */
        WIRE_STREAM_OUT = 1 << 7,    /* one in which the client sends; both: both do */
        WIRE_STREAM_SPARSE = 1 << 8, /* bit 0 of the argument `flags` allows holes */
        WIRE_FDS_IN = 1 << 9,        /* descriptors come with the call */
        WIRE_FDS_OUT = 1 << 10,      /* descriptors go with the reply */
} WireProcedureFlags;

typedef struct WireProcedure {
        const char *name;             /* "DOMAIN_GET_STATE"; NULL: there is none with this number */
        const char *api;              /* the function of libvirt's: "virDomainGetState" */
        const char *args, *ret;       /* layouts */
        uint16_t args_size, ret_size; /* of the structs */
        uint16_t flags;               /* WireProcedureFlags */
        int8_t event;                 /* the public number of an event in its kind, or -1 */
} WireProcedure;

/* The largest struct of arguments or returns. */
#define WIRE_DATA_MAX 256

/* NULL where there is no such procedure. */
const WireProcedure *wire_procedure(uint32_t program, int32_t number);

/* Generated: indexed by number; the count is one more than the largest. */
typedef struct WireProcedures {
        uint32_t program;
        int32_t n;
        const WireProcedure *rows;
} WireProcedures;

extern const WireProcedures wire_programs[];
extern const unsigned n_wire_programs;

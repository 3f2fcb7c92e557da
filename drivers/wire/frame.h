/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One frame of libvirt's wire: a length, a header of six words, a payload. The length counts
 * itself, the header and the payload; not the bytes that carry descriptors. */

#include <stdint.h>

#define WIRE_LENGTH_SIZE 4
#define WIRE_HEADER_SIZE 24
/* The shortest frame and the longest, length word included. */
#define WIRE_FRAME_LEAST (WIRE_LENGTH_SIZE + WIRE_HEADER_SIZE)
#define WIRE_FRAME_MAX (WIRE_LENGTH_SIZE + 33554432)
#define WIRE_PAYLOAD_MAX (WIRE_FRAME_MAX - WIRE_FRAME_LEAST)
/* Old clients take no more in a packet of a stream. */
#define WIRE_STREAM_MAX 262120
#define WIRE_FDS_MAX 32

typedef enum WireProgram {
        WIRE_PROGRAM_LXC = 0x00068000,
        WIRE_PROGRAM_ADMIN = 0x06900690,
        WIRE_PROGRAM_REMOTE = 0x20008086,
        WIRE_PROGRAM_QEMU = 0x20008087,
        WIRE_PROGRAM_KEEPALIVE = 0x6b656570,
} WireProgram;

/* Of each of these programs. */
#define WIRE_VERSION 1

typedef enum WireFrameType {
        WIRE_CALL,
        WIRE_REPLY,
        WIRE_MESSAGE, /* an event, or of the keepalive program */
        WIRE_STREAM,
        WIRE_CALL_WITH_FDS,
        WIRE_REPLY_WITH_FDS,
        WIRE_STREAM_HOLE, /* payload WIRE_HOLE */
        _WIRE_FRAME_TYPE_MAX,
} WireFrameType;

typedef enum WireStatus {
        WIRE_OK,
        WIRE_ERROR,    /* payload WIRE_ERROR_LAYOUT (errors.h) */
        WIRE_CONTINUE, /* streams only */
} WireStatus;

typedef enum WireKeepalive {
        WIRE_PING = 1,
        WIRE_PONG = 2,
} WireKeepalive;

/* What servers put into frames that answer no call. */
#define WIRE_EVENT_SERIAL 1
#define WIRE_KEEPALIVE_SERIAL 0

typedef struct WireHeader {
        uint32_t program, version;
        int32_t procedure;
        int32_t type; /* WireFrameType, or whatever else came */
        uint32_t serial;
        int32_t status;
} WireHeader;

#define WIRE_HOLE "hu"
typedef struct WireHole {
        int64_t length;
        uint32_t flags;
} WireHole;

/* The first WIRE_FRAME_LEAST bytes of a frame. */
void wire_frame_write(uint8_t *bytes, uint32_t length, const WireHeader *header);
uint32_t wire_frame_length(const uint8_t *bytes);
WireHeader wire_frame_header(const uint8_t *bytes);

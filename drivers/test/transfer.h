/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes on their way between a volume and a client, over a stream socket: in turns, as the client
 * gives or takes them, and for as long as it likes. Nothing here suspends.
 *
 * Of an upload the client shuts its writing side, or closes the socket, after the last byte. Then
 * it reads nothing but the end where all is stored; else the message of the error, which may come
 * before it has written all. The end of a download is that of a delivery
 * (service/base/delivery.h). Each is a job of its object. */

#include "drivers/driver.h"
#include "drivers/test/content.h"

typedef struct Transfer Transfer;

/* Who has the bytes. */
typedef struct TransferEnd {
        void *object; /* referenced while the transfer runs */
        Content *content;
        /* There are bytes to be stored: whether they may. An upload ends with an error. */
        int (*may_write)(void *object, size_t size, GError **error);
        /* It is over; called once. */
        void (*ended)(void *object);
} TransferEnd;

typedef enum TransferDirection {
        TRANSFER_UPLOAD,
        TRANSFER_DOWNLOAD,
} TransferDirection;

/* A new one in *list, of at most length bytes from offset on, by the running fiber's client. *ret
 * is its end, a blocking descriptor. */
int transfer_new(Transfer **list, TransferDirection direction, const TransferEnd *end,
        uint64_t offset, uint64_t length, int *ret, GError **error);

/* Ends those of an object, all where it is NULL; uploads with this message. */
void transfers_end(Transfer **list, const void *object, const char *message);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads frames that others exchanged, decodes and encodes each payload, and fails where the bytes
 * are not the same. Input: for each frame a letter, C from the client or S from the server, then
 * the frame. Output: a line for each procedure, "calls answers events NAME". */

#include <stdio.h>
#include <string.h>

#include "drivers/wire/errors.h"
#include "drivers/wire/procedures.h"

typedef struct Seen {
        unsigned calls, answers, events;
} Seen;

static unsigned failures;

/* The layout of a payload; NULL: bytes of a stream. */
static const char *payload_layout(
        const WireHeader *header, const WireProcedure *procedure, size_t n)
{
        switch (header->type) {
        case WIRE_CALL:
                return procedure ? procedure->args : NULL;
        case WIRE_REPLY:
                if (header->status == WIRE_ERROR)
                        return WIRE_ERROR_LAYOUT;
                return procedure ? procedure->ret : NULL;
        case WIRE_MESSAGE:
                return procedure ? procedure->ret : "";
        case WIRE_STREAM:
                return header->status == WIRE_ERROR && n > 0 ? WIRE_ERROR_LAYOUT : NULL;
        case WIRE_STREAM_HOLE:
                return WIRE_HOLE;
        default:
                return NULL;
        }
}

static void check(const WireHeader *header, const char *name, const uint8_t *payload, size_t n)
{
        const WireProcedure *procedure = wire_procedure(header->program, header->procedure);
        const char *layout = payload_layout(header, procedure, n);
        g_autoptr(GByteArray) again = g_byte_array_new();
        uint64_t data[WIRE_DATA_MAX / sizeof(uint64_t)];
        int r;

        if (!layout)
                return;
        r = wire_decode(layout, payload, n, data);
        if (r == (int)n) {
                if (wire_encode(layout, data, again) == 0 && again->len == n &&
                        memcmp(again->data, payload, n) == 0)
                        r = 0;
                else
                        r = -1;
                wire_clear(layout, data);
        } else if (r >= 0) {
                r = -2;
        }
        if (r < 0) {
                failures++;
                printf("%s, type %d: %zu bytes, layout %s: %s\n", name, header->type, n, layout,
                        r == -1         ? "others when they are encoded again" :
                                r == -2 ? "not all were taken" :
                                          "cannot be decoded");
        }
}

int main(void)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        uint8_t head[1 + WIRE_FRAME_LEAST];
        GHashTableIter iter;
        Seen *counts;
        char *name;

        while (fread(head, 1, sizeof head, stdin) == sizeof head) {
                uint32_t length = wire_frame_length(head + 1);
                size_t n = length - WIRE_FRAME_LEAST;
                WireHeader header = wire_frame_header(head + 1);
                const WireProcedure *procedure = wire_procedure(header.program, header.procedure);
                g_autofree uint8_t *payload = g_malloc(n + 1);

                if (fread(payload, 1, n, stdin) != n)
                        return 2;
                name = procedure ? g_strdup(procedure->name) :
                                   g_strdup_printf("%x/%d", header.program, header.procedure);
                check(&header, name, payload, n);
                counts = g_hash_table_lookup(seen, name);
                if (!counts) {
                        counts = g_new0(Seen, 1);
                        g_hash_table_insert(seen, g_strdup(name), counts);
                }
                counts->calls += header.type == WIRE_CALL;
                counts->answers += header.type == WIRE_REPLY && header.status == WIRE_OK;
                counts->events += header.type == WIRE_MESSAGE;
                g_free(name);
        }
        g_hash_table_iter_init(&iter, seen);
        while (g_hash_table_iter_next(&iter, (void **)&name, (void **)&counts))
                printf("%u %u %u %s\n", counts->calls, counts->answers, counts->events, name);
        return failures > 0;
}

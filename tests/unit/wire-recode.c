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

/* What is wrong with a payload; NULL: nothing. */
static const char *check(const char *layout, const uint8_t *payload, size_t n)
{
        g_autoptr(GByteArray) again = g_byte_array_new();
        uint64_t data[WIRE_DATA_MAX / sizeof(uint64_t)];
        int r = wire_decode(layout, payload, n, data);

        if (r < 0)
                return "cannot be decoded";
        r = wire_encode(layout, data, again);
        wire_clear(layout, data);
        if (r < 0)
                return "cannot be encoded";
        if (again->len != n || (n > 0 && memcmp(again->data, payload, n) != 0))
                return "others when they are encoded again";
        return NULL;
}

int main(void)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        uint8_t head[1 + WIRE_FRAME_LEAST];
        unsigned failures = 0;
        GHashTableIter iter;
        Seen *counts;
        char *name;

        while (fread(head, 1, sizeof head, stdin) == sizeof head) {
                uint32_t length = wire_frame_length(head + 1);
                size_t n = length - WIRE_FRAME_LEAST;
                WireHeader header = wire_frame_header(head + 1);
                const WireProcedure *procedure = wire_procedure(header.program, header.procedure);
                g_autofree uint8_t *payload = g_malloc(n + 1);
                const char *layout, *fault;

                if (fread(payload, 1, n, stdin) != n)
                        return 2;
                name = procedure ? g_strdup(procedure->name) :
                                   g_strdup_printf("%x/%d", header.program, header.procedure);
                layout = payload_layout(&header, procedure, n);
                fault = layout ? check(layout, payload, n) : NULL;
                if (fault) {
                        failures++;
                        printf("%s, type %d: %zu bytes, layout %s: %s\n", name, header.type, n,
                                layout, fault);
                }
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/frame.h"

#include <glib.h>
#include <string.h>

static void write_word(uint8_t *at, uint32_t value)
{
        value = GUINT32_TO_BE(value);
        memcpy(at, &value, sizeof value);
}

static uint32_t read_word(const uint8_t *at)
{
        uint32_t value;

        memcpy(&value, at, sizeof value);
        return GUINT32_FROM_BE(value);
}

void wire_frame_write(uint8_t *bytes, uint32_t length, const WireHeader *header)
{
        write_word(bytes, length);
        write_word(bytes + 4, header->program);
        write_word(bytes + 8, header->version);
        write_word(bytes + 12, (uint32_t)header->procedure);
        write_word(bytes + 16, (uint32_t)header->type);
        write_word(bytes + 20, header->serial);
        write_word(bytes + 24, (uint32_t)header->status);
}

uint32_t wire_frame_length(const uint8_t *bytes)
{
        return read_word(bytes);
}

WireHeader wire_frame_header(const uint8_t *bytes)
{
        return (WireHeader){
                .program = read_word(bytes + 4),
                .version = read_word(bytes + 8),
                .procedure = (int32_t)read_word(bytes + 12),
                .type = (int32_t)read_word(bytes + 16),
                .serial = read_word(bytes + 20),
                .status = (int32_t)read_word(bytes + 24),
        };
}

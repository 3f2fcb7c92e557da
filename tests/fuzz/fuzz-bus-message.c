/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <unistd.h>

#include "service/base/cleanup.h"
#include "service/codec.h"
#include "service/face.h"
#include "tests/fuzz/fuzz.h"

/* Any bytes as the arguments of a call: refused, or values that are the same when they are sent and
 * read again. The first two bytes choose the signature, of the arguments of a method or of the
 * value of a property; the others are the body of the message, which comes through a socket as a
 * client's does. */

#define PATH "/org/virtbus1"
#define MEMBER "Fuzz"

static GPtrArray *signatures;
static sd_bus *receiver, *sender;

static void collect_signatures(void)
{
        signatures = g_ptr_array_new();
        for (unsigned i = 0; i < n_class_faces; i++) {
                const ClassInfo *class = class_faces[i].class;

                /* Where there are no arguments sd-bus takes no body. */
                for (unsigned m = 0; m < class->n_methods; m++)
                        if (class->methods[m].in[0])
                                g_ptr_array_add(signatures, (char *)class->methods[m].in);
                for (unsigned p = 0; p < class->n_properties; p++)
                        g_ptr_array_add(signatures, (char *)class->properties[p].signature);
        }
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++)
                if (!namespaces[i].objects)
                        namespaces[i].objects = g_hash_table_new(g_str_hash, g_str_equal);
}

static void connect_both(void)
{
        int pair[2];

        g_assert_cmpint(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        g_assert_cmpint(sd_bus_new(&receiver), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(receiver, pair[0], pair[0]), >=, 0);
        g_assert_cmpint(
                sd_bus_set_server(receiver, 1,
                        SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
                >=, 0);
        g_assert_cmpint(sd_bus_new(&sender), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(sender, pair[1], pair[1]), >=, 0);
        g_assert_cmpint(sd_bus_start(receiver), >=, 0);
        g_assert_cmpint(sd_bus_start(sender), >=, 0);
        while (sd_bus_is_ready(receiver) == 0 || sd_bus_is_ready(sender) == 0) {
                g_assert_cmpint(sd_bus_process(receiver, NULL), >=, 0);
                g_assert_cmpint(sd_bus_process(sender, NULL), >=, 0);
        }
}

static void pad(GByteArray *bytes)
{
        static const guint8 zeroes[8];

        g_byte_array_append(bytes, zeroes, -bytes->len % 8);
}

/* A header of D-Bus in the byte order of this machine, by hand: sd-bus makes no message with a body
 * that is wrong. */
static GByteArray *message_bytes(const char *signature, const uint8_t *body, size_t size)
{
        GByteArray *bytes = g_byte_array_new();
        static const struct {
                uint8_t field;
                char type;
                const char *text;
        } fields[] = { { 1, 'o', PATH }, { 3, 's', MEMBER }, { 8, 'g', NULL } };
        uint32_t head[] = { 0, (uint32_t)size, 1, 0 };

        memcpy(head, (uint8_t[]){ G_BYTE_ORDER == G_LITTLE_ENDIAN ? 'l' : 'B', 1, 1, 1 }, 4);
        g_byte_array_append(bytes, (const guint8 *)head, sizeof(head));
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                const char *text = fields[i].text ?: signature;
                uint32_t length = strlen(text);

                pad(bytes);
                g_byte_array_append(bytes, (guint8[]){ fields[i].field, 1, fields[i].type, 0 }, 4);
                if (fields[i].type == 'g')
                        g_byte_array_append(bytes, (guint8[]){ (guint8)length }, 1);
                else
                        g_byte_array_append(bytes, (const guint8 *)&length, sizeof(length));
                g_byte_array_append(bytes, (const guint8 *)text, length + 1);
        }
        head[3] = bytes->len - sizeof(head);
        memcpy(bytes->data, head, sizeof(head));
        pad(bytes);
        return g_byte_array_append(bytes, body, size);
}

/* NULL where sd-bus drops it. */
static sd_bus_message *receive(const char *signature, const uint8_t *body, size_t size)
{
        g_autoptr(GByteArray) bytes = message_bytes(signature, body, size);
        sd_bus_message *message = NULL;
        int r = 0;

        g_assert_cmpint(write(sd_bus_get_fd(sender), bytes->data, bytes->len), ==, bytes->len);
        while (!message && (r = sd_bus_process(receiver, &message)) > 0)
                ;
        g_assert_cmpint(r, >=, 0);
        return message;
}

static void check_round_trip(const char *signature, const void *values)
{
        g_autofree void *again = g_malloc0(layout_size(signature));
        g_autoptr(sd_bus_message) copy = NULL;
        const Namespace *space = &namespaces[NAMESPACE_VIRTBUS];

        g_assert_cmpint(
                sd_bus_message_new_method_call(sender, &copy, NULL, PATH, NULL, MEMBER), >=, 0);
        g_assert_cmpint(codec_append(copy, signature, values, space), >=, 0);
        g_assert_cmpint(sd_bus_message_seal(copy, 1, 0), >=, 0);
        g_assert_cmpint(codec_read(copy, signature, again, space), >=, 0);
        g_assert_true(layout_equal(signature, values, again));
        layout_clear_borrowed(signature, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autoptr(sd_bus_message) message = NULL;
        g_autofree void *values = NULL;
        const char *signature;

        if (!signatures) {
                collect_signatures();
                connect_both();
        }
        if (size <= 2)
                return 0;
        signature = signatures->pdata[(data[0] | data[1] << 8) % signatures->len];
        message = receive(signature, data + 2, size - 2);
        if (!message)
                return 0;
        values = g_malloc0(layout_size(signature));
        if (codec_read(message, signature, values, &namespaces[NAMESPACE_VIRTBUS]) >= 0)
                check_round_trip(signature, values);
        layout_clear_borrowed(signature, values);
        return 0;
}

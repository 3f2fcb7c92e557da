/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A domain as the command line of QEMU that would run it. Nothing is opened or started: what the
 * service would pass as a descriptor shows as a number or a path. */

#include <string.h>

#include "drivers/qemu/alias.h"
#include "drivers/qemu/command.h"
#include "drivers/qemu/domain.h"
#include "drivers/qemu/firmware.h"
#include "drivers/qemu/node.h"
#include "drivers/qemu/resources.h"

#define FORMAT "qemu-argv"
#define VNC_PORT_FIRST 5900
#define FIRST_FD 3

static void choose_ports(DomainConfig *config)
{
        for (size_t i = 0; i < config->devices.n_graphics; i++) {
                Graphics *graphics = config->devices.graphics[i];

                if (graphics->type == GRAPHICS_VNC && number_or(graphics->vnc.port, -1) == -1)
                        graphics->vnc.port = (Number){ .set = true, .value = VNC_PORT_FIRST };
                if (graphics->type == GRAPHICS_VNC && number_or(graphics->vnc.websocket, 0) == -1)
                        graphics->vnc.websocket =
                                (Number){ .set = true, .value = VNC_PORT_FIRST - 200 };
        }
}

/* The descriptors without which there is no command line. */
static GArray *stand_ins(const DomainConfig *config)
{
        GArray *descriptors = g_array_new(FALSE, FALSE, sizeof(QemuDescriptor));
        QemuDescriptor one = { .role = QEMU_FD_MONITOR, .fd = FIRST_FD };

        g_array_append_val(descriptors, one);
        for (size_t i = 0; i < config->devices.n_interfaces; i++) {
                one = (QemuDescriptor){
                        .role = QEMU_FD_TAP,
                        .device = config->devices.interfaces[i],
                        .fd = one.fd + 1,
                };
                g_array_append_val(descriptors, one);
        }
        return descriptors;
}

static bool is_word(const char *text)
{
        return text[0] && !text[strspn(text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-+=/.,:@%")];
}

static void append_word(GString *text, const char *word)
{
        g_autofree char *quoted = is_word(word) ? g_strdup(word) : g_shell_quote(word);

        g_string_append(text, quoted);
}

/* For a shell, an option and its value on each line. */
static char *format_command(const QemuCommand *command)
{
        GString *text = g_string_new(NULL);

        for (char **word = command->envp; word && *word; word++) {
                append_word(text, *word);
                g_string_append(text, " \\\n");
        }
        for (char **word = command->argv; *word; word++) {
                if (word > command->argv)
                        g_string_append(text, (*word)[0] == '-' ? " \\\n" : " ");
                append_word(text, *word);
        }
        g_string_append_c(text, '\n');
        return g_string_free(text, FALSE);
}

int qemu_domain_xml_to_native(Connection *connection, const ConnectionDomainXMLToNativeIn *in,
        ConnectionDomainXMLToNativeOut *out, GError **error)
{
        QemuConnection *self = (QemuConnection *)connection;
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(GArray) descriptors = NULL;
        g_autoptr(QemuCommand) command = NULL;
        g_autofree char *text = NULL, *directory = NULL;
        g_autoptr(QemuBinary) binary = NULL;

        if (strcmp(in->native_format ?: "", FORMAT) != 0)
                return error_set(error, ERROR_INVALID_ARG, "unsupported config type %s",
                        in->native_format ?: "");
        if (local_parse(&self->local, in->domain_xml ?: "", &config, &text, error) < 0 ||
                firmware_fill(NULL, config, error) < 0 ||
                probes_get(self->probes, config->devices.emulator, &binary, error) < 0 ||
                qemu_command_check(config, binary, error) < 0)
                return -1;
        if (config->os.loader.type == LOADER_PFLASH && !config->os.nvram.path)
                config->os.nvram.path = qemu_nvram_path(self, config);
        alias_assign(config);
        directory = g_build_filename(self->runtime, config->name, NULL);
        qemu_command_prepare(config, directory);
        choose_ports(config);
        descriptors = stand_ins(config);
        const QemuRuntime runtime = {
                .descriptors = (QemuDescriptor *)descriptors->data,
                .n_descriptors = descriptors->len,
                .now = g_get_real_time() / G_USEC_PER_SEC,
        };
        if (qemu_command_build(config, binary, &runtime, &command, error) < 0)
                return -1;
        out->native_config = format_command(command);
        return 0;
}

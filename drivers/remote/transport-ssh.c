/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program ssh, with the configuration, keys and agent of the user that the service is. It has
 * no terminal, so it cannot ask for anything; libssh can. */

#include <string.h>

#include "drivers/remote/ssh-command.h"
#include "drivers/remote/tunnel.h"

/* The program and its options, before the host. */
static GPtrArray *program_of(const Target *target)
{
        const Uri *uri = target->uri;
        const char *program = uri_parameter(uri, "command"), *key = uri_parameter(uri, "keyfile");
        g_autofree char *port = g_strdup_printf("%d", uri->port);
        const struct {
                bool wanted;
                const char *option, *value;
        } options[] = {
                { uri->port != 0, "-p", port },
                { uri->user, "-l", uri->user },
                { key, "-i", key },
                { true, "-T", NULL },
                { true, "-e", "none" },
                { target_flag(target, "no_tty"), "-o", "BatchMode=yes" },
                { target_flag(target, "no_verify"), "-o", "StrictHostKeyChecking=no" },
        };
        GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

        g_ptr_array_add(argv, g_strdup(program ?: "ssh"));
        for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
                if (!options[i].wanted)
                        continue;
                g_ptr_array_add(argv, g_strdup(options[i].option));
                if (options[i].value)
                        g_ptr_array_add(argv, g_strdup(options[i].value));
        }
        return argv;
}

/* Starts it; what the host is to run, which may be NULL, is taken. */
static Tunnel *run(GPtrArray *argv, const Target *target, char *command, int *ret, GError **error)
{
        g_ptr_array_add(argv, g_strdup("--"));
        g_ptr_array_add(argv, g_strdup(target->uri->host));
        g_ptr_array_add(argv, command);
        g_ptr_array_add(argv, NULL);
        return tunnel_start((const char *const *)argv->pdata, ret, error);
}

static int ssh_way(Target *target, uint64_t deadline, Way *ret, GError **error)
{
        g_autoptr(GPtrArray) argv = program_of(target);
        Tunnel *tunnel;
        char *command;
        int fd;

        (void)deadline;
        if (ssh_command(target, &command, error) < 0)
                return -1;
        tunnel = run(argv, target, command, &fd, error);
        if (!tunnel)
                return -1;
        *ret = tunnel_way(tunnel, fd);
        return 0;
}

/* What it leads to has no keepalive of its own. */
static void expect_answers(GPtrArray *argv)
{
        const Silence *silence = transport_silence();

        if (silence->interval == 0)
                return;
        g_ptr_array_add(argv, g_strdup("-o"));
        g_ptr_array_add(argv, g_strdup_printf("ServerAliveInterval=%u", silence->interval));
        g_ptr_array_add(argv, g_strdup("-o"));
        g_ptr_array_add(argv, g_strdup_printf("ServerAliveCountMax=%u", silence->count));
}

static int ssh_port(
        Target *target, const char *host, int port, uint64_t deadline, int *ret, GError **error)
{
        g_autoptr(GPtrArray) argv = program_of(target);
        bool brackets = strchr(host, ':');
        Tunnel *tunnel;

        (void)deadline;
        expect_answers(argv);
        g_ptr_array_add(argv, g_strdup("-W"));
        g_ptr_array_add(argv,
                g_strdup_printf("%s%s%s:%d", brackets ? "[" : "", host, brackets ? "]" : "", port));
        tunnel = run(argv, target, NULL, ret, error);
        if (!tunnel)
                return -1;
        tunnel_release(tunnel);
        return 0;
}

const Transport ssh_transport = {
        .name = "ssh",
        .encrypted = true,
        .secure = true,
        .check = ssh_check,
        .connect = ssh_way,
        .connect_port = ssh_port,
};

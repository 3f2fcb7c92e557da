/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program ssh, with the configuration, keys and agent of the user that the service is. It has
 * no terminal, so it cannot ask for anything; libssh can. */

#include "drivers/remote/ssh-command.h"

static int ssh_way(const Target *target, uint64_t deadline, Way *ret, GError **error)
{
        const Uri *uri = target->uri;
        const char *program = uri_parameter(uri, "command"), *key = uri_parameter(uri, "keyfile");
        g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *command = NULL;
        int fd;

        (void)deadline;
        if (ssh_command(target, &command, error) < 0)
                return -1;
        g_ptr_array_add(argv, g_strdup(program ?: "ssh"));
        if (uri->port) {
                g_ptr_array_add(argv, g_strdup("-p"));
                g_ptr_array_add(argv, g_strdup_printf("%d", uri->port));
        }
        if (uri->user) {
                g_ptr_array_add(argv, g_strdup("-l"));
                g_ptr_array_add(argv, g_strdup(uri->user));
        }
        if (key) {
                g_ptr_array_add(argv, g_strdup("-i"));
                g_ptr_array_add(argv, g_strdup(key));
        }
        g_ptr_array_add(argv, g_strdup("-T"));
        g_ptr_array_add(argv, g_strdup("-e"));
        g_ptr_array_add(argv, g_strdup("none"));
        if (target_flag(target, "no_tty")) {
                g_ptr_array_add(argv, g_strdup("-o"));
                g_ptr_array_add(argv, g_strdup("BatchMode=yes"));
        }
        if (target_flag(target, "no_verify")) {
                g_ptr_array_add(argv, g_strdup("-o"));
                g_ptr_array_add(argv, g_strdup("StrictHostKeyChecking=no"));
        }
        g_ptr_array_add(argv, g_strdup("--"));
        g_ptr_array_add(argv, g_strdup(uri->host));
        g_ptr_array_add(argv, g_steal_pointer(&command));
        g_ptr_array_add(argv, NULL);

        ret->tunnel = tunnel_start((const char *const *)argv->pdata, &fd, error);
        if (!ret->tunnel)
                return -1;
        ret->link = wire_link_new_socket(fd);
        return 0;
}

const Transport ssh_transport = {
        .name = "ssh",
        .encrypted = true,
        .secure = true,
        .check = ssh_check,
        .connect = ssh_way,
};

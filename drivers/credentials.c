/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "service/base/file.h"

#define FILE_MAX (256 * 1024)

/* NULL: there is none. */
static char *find_file(const Uri *uri)
{
        const char *given = getenv("LIBVIRT_AUTH_FILE");
        g_autofree char *own =
                g_build_filename(g_get_user_config_dir(), "libvirt", "auth.conf", NULL);
        const char *const places[] = { own, SYSCONFDIR "/libvirt/auth.conf" };

        if (given && given[0])
                return g_strdup(given);
        given = uri_parameter(uri, "authfile");
        if (given)
                return g_strdup(given);
        for (unsigned i = 0; i < G_N_ELEMENTS(places); i++)
                if (access(places[i], R_OK) == 0)
                        return g_strdup(places[i]);
        return NULL;
}

static int read_file(const char *path, GKeyFile **ret, GError **error)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) problem = NULL;
        g_autofree char *bytes = NULL;
        size_t size;
        int r;

        r = file_read(path, FILE_MAX, &bytes, &size);
        if (r < 0)
                return error_set(error, ERROR_READ_FAILED, "'%s': %s", path, g_strerror(-r));
        if (!g_key_file_load_from_data(file, bytes, size, G_KEY_FILE_NONE, &problem))
                return error_set(error, ERROR_CONF_SYNTAX, "%s: %s", path, problem->message);
        *ret = g_steal_pointer(&file);
        return 0;
}

/* The credentials' section that a host has; NULL: none. */
static char *section_of(GKeyFile *file, const char *service, const char *host)
{
        const char *const hosts[] = { host, "default" };

        for (unsigned i = 0; i < G_N_ELEMENTS(hosts); i++) {
                g_autofree char *section = g_strdup_printf("auth-%s-%s", service, hosts[i]);
                g_autofree char *name = g_key_file_get_string(file, section, "credentials", NULL);

                if (name)
                        return g_strdup_printf("credentials-%s", name);
        }
        return NULL;
}

int credential_find(
        const Uri *uri, const char *service, const char *what, char **ret, GError **error)
{
        g_autofree char *path = find_file(uri), *section = NULL;
        g_autoptr(GKeyFile) file = NULL;

        *ret = NULL;
        if (!path)
                return 0;
        if (read_file(path, &file, error) < 0)
                return -1;
        section = section_of(file, service, uri->host ?: "localhost");
        if (!section)
                return 0;
        if (!g_key_file_has_group(file, section))
                return error_set(
                        error, ERROR_CONF_SYNTAX, "%s: there is no section [%s]", path, section);
        *ret = g_key_file_get_string(file, section, what, NULL);
        return 0;
}

int credential_get(const Uri *uri, const char *service, const ClientQuestion *question, char **ret,
        GError **error)
{
        if (credential_find(uri, service, question->what, ret, error) < 0)
                return -1;
        return *ret ? 0 : client_ask(question, ret, error);
}

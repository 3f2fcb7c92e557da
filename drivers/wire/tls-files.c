/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/tls-files.h"

#include <errno.h>
#include <unistd.h>

#include "service/base/error.h"

#define SYSTEM_AUTHORITY "/etc/pki/CA"
#define SYSTEM_OWN "/etc/pki/libvirt"

void tls_files_clear(TlsFiles *files)
{
        g_clear_pointer(&files->ca, g_free);
        g_clear_pointer(&files->crl, g_free);
        g_clear_pointer(&files->cert, g_free);
        g_clear_pointer(&files->key, g_free);
}

/* NULL where it cannot be read. */
static char *readable(const char *folder, const char *role, const char *name)
{
        g_autofree char *path = g_strdup_printf("%s/%s%s", folder, role, name);

        return access(path, R_OK) == 0 ? g_steal_pointer(&path) : NULL;
}

static void find_authority(const char *folder, TlsFiles *files)
{
        if (files->ca)
                return;
        files->ca = readable(folder, "", "cacert.pem");
        if (files->ca)
                files->crl = readable(folder, "", "cacrl.pem");
}

/* One without the other is of no use. */
static void find_own(const char *folder, const char *private, const char *role, TlsFiles *files)
{
        g_autofree char *cert = NULL, *key = NULL;

        if (files->cert)
                return;
        cert = readable(folder, role, "cert.pem");
        key = readable(private, role, "key.pem");
        if (!cert || !key)
                return;
        files->cert = g_steal_pointer(&cert);
        files->key = g_steal_pointer(&key);
}

int tls_files_find(bool server, const char *pkipath, bool user, TlsFiles *ret, GError **error)
{
        g_autofree char *home = g_build_filename(g_get_home_dir(), ".pki", "libvirt", NULL);
        const char *role = server ? "server" : "client";
        g_auto(TlsFiles) files = { 0 };

        if (pkipath || user) {
                find_authority(pkipath ?: home, &files);
                find_own(pkipath ?: home, pkipath ?: home, role, &files);
        }
        if (!pkipath) {
                find_authority(SYSTEM_AUTHORITY, &files);
                find_own(SYSTEM_OWN, SYSTEM_OWN "/private", role, &files);
        }
        if (!files.ca)
                return error_set_errno(error, ENOENT,
                        "there is no certificate of an authority that can be read: '%s/cacert.pem'",
                        pkipath ?: SYSTEM_AUTHORITY);
        if (server && !files.cert)
                return error_set_errno(error, ENOENT,
                        "there is no certificate with a key that can be read: '%s/servercert.pem'",
                        pkipath ?: SYSTEM_OWN);
        *ret = files;
        files = (TlsFiles){ 0 };
        return 0;
}

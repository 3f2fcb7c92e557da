/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where certificates of the wire are, as libvirt documents it:
 *
 *      system   /etc/pki/CA/cacert.pem, cacrl.pem, and in /etc/pki/libvirt ROLEcert.pem and
 *               private/ROLEkey.pem, where ROLE is client or server
 *      a user   the same in ~/.pki/libvirt, flat, as far as they are there: certificate and key
 *               as a pair
 *      pkipath  all of them flat in that folder, and nowhere else
 */

#include "drivers/wire/tls.h"

typedef struct TlsFiles {
        char *ca, *crl, *cert, *key; /* absolute; crl, cert and key NULL where they are not there */
} TlsFiles;

/* pkipath may be NULL, else it is absolute; user: with the files of the user that the process is.
 * 0, or -1 with ERROR_SYSTEM_ERROR where there is no certificate of an authority, or for a server
 * none to show. */
int tls_files_find(bool server, const char *pkipath, bool user, TlsFiles *ret, GError **error);
void tls_files_clear(TlsFiles *files);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TlsFiles, tls_files_clear)

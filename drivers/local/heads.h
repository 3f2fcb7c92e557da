/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The heads of definitions: what a start has to know of each, kept in one file, so that the
 * documents that have not changed since are not read again.
 *
 * The documents are the truth, and may be changed by anybody with an editor. A head counts as long
 * as the definition's file has the inode, the size and the time of change that it had; the last is
 * the kernel's alone to set. A file that has changed in the last seconds is left out, as it can
 * change again and have the same time. The file of heads is a cache of this version of the service,
 * and has a format of its own for what changes within one: where it is not as it should be, the
 * definitions are read. */

#include <sys/stat.h>

#include "drivers/model/domain.h"

typedef struct LocalHeads LocalHeads;

/* What was saved at path; nothing where there is nothing of use. */
LocalHeads *local_heads_open(const char *path);
/* Takes NULL; returns NULL. */
LocalHeads *local_heads_free(LocalHeads *heads);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LocalHeads, local_heads_free)

/* The head of the definition that is in this file, with that status, as local_refresh() and
 * local_domain_restore_head() need it, to be freed; and who owns the domain. NULL where the file
 * has to be read. */
DomainConfig *local_heads_find(
        LocalHeads *heads, const char *file, const struct stat *status, char **ret_owner);

/* One that was not found. The status is that of the file before it was read; owner may be NULL. */
void local_heads_add(LocalHeads *heads, const char *file, const struct stat *status,
        const DomainConfig *head, const char *owner);

/* Suspends. Saves what was found and added, where that is not what is there. 0 or -errno. */
int local_heads_save(LocalHeads *heads);

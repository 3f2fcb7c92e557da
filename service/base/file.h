/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files that are whole or not there, and work that blocks, done beside the loop. */

#include <glib.h>
#include <stdint.h>
#include <sys/types.h>

/* Suspends. Runs work(data) on a helper thread and returns its result. The work sees only data and
 * cannot be interrupted: this returns when it is done, whatever happened meanwhile. */
int offload(const char *what, int (*work)(void *data), void *data);

/* After the last fiber: waits for the helper threads and frees them. */
void offload_finish(void);

/* Suspends. Replaces path by the bytes, atomically and durably: after a crash at any moment it has
 * either the old or the new content, and after a return of 0 the new. Changes to one path are made
 * in the order they were asked for. 0 or -errno. */
int file_replace(const char *path, const void *bytes, size_t size, mode_t mode);

/* The same without durability: whole after any death of the process, not after one of the host.
 * Does not suspend; for small files in memory, such as those of /run. */
int file_replace_volatile(const char *path, const void *bytes, size_t size, mode_t mode);

/* Suspends. Unlinks path durably. 0, also where it did not exist, or -errno. */
int file_remove(const char *path);

/* Reads a regular file of at most limit bytes; *ret is NUL-terminated. 0, -EFBIG past the limit,
 * -errno. For small local files: it does not leave the loop. */
int file_read(const char *path, size_t limit, char **ret, size_t *ret_size);

/* Suspends. The same beside the loop, for a file that may be anywhere. */
int file_load(const char *path, size_t limit, char **ret, size_t *ret_size);

/* mkdir -p with mode for each directory it makes. 0 or -errno. */
int directory_make(const char *path, mode_t mode);

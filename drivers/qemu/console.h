/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Open consoles: each carries bytes between a character device of a guest and a client.
 *
 * What one side sends waits in a buffer of fixed size while the other does not take it, and then
 * nothing more is read. A side that ends ends the console, after what it sent last has been
 * delivered. A console frees itself then, and leaves its list. Nothing here suspends. */

#include <stdbool.h>

typedef struct Console Console;

/* A new one in *list. Both descriptors are taken, also on failure; they are streams of any kind.
 * 0 or -errno. */
int console_new(Console **list, const char *device_name, int device, int client);

/* The one of a device whose client is still there; NULL: none. */
Console *console_find(Console *list, const char *device_name);

/* Hangs up those of a device, all where device_name is NULL. What the device sent last goes to the
 * client as far as it fits. */
void consoles_close(Console **list, const char *device_name);

/* Opens the terminal of a pty, raw. What is not a terminal is refused, as its name comes from the
 * guest's process. A descriptor or -errno. */
int console_open_terminal(const char *path);

/* Connects to a listening socket, however long its path. A descriptor or -errno. */
int console_open_socket(const char *path);

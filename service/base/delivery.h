/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes for somebody who has to know whether they got all: a socket whose reader finds the end of
 * file after the last of them, and ECONNRESET where there would have been more, also where this
 * process ends before. */

/* ends[0] is the giver's, ends[1] the reader's. 0 or -errno. */
int delivery_new(int ends[2]);

/* All is in the giver's end, which may be closed now. */
void delivery_complete(int fd);

/* The other way round, over any stream socket: who has written all and shut its side down reads the
 * end where all was taken, and else why not, which this tells before the taker's end is closed. */
void delivery_refuse(int fd, const char *why);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Clients that come over TLS: each shakes hands on a fiber of its own before it is one. */

#include <stdbool.h>

#include "drivers/wire/link.h"

/* Reads the certificates, so that what is wrong with them is told now, and not to the first client.
 * They are read again for clients that come after a change of the settings. */
void wire_tls_open(void);
void wire_tls_close(void);

/* Takes the descriptor of one who came. done() is called when hands are shaken, with the name in
 * its certificate, or NULL; and without a link where it may not come in. -1: it was let go at once.
 */
int wire_tls_shake(int fd, void (*done)(WireLink *link, const char *name, void *data), void *data);
/* How many are at it. */
unsigned wire_tls_shaking(void);

/* Of a link: how many bits its cipher has; 0 for one that is not TLS. */
unsigned wire_tls_bits(const WireLink *link);

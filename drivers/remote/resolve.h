/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The addresses of a host, looked up beside the loop. */

#include <netdb.h>
#include <stdint.h>

#include "service/base/error.h"

/* Suspends. *ret is freed with freeaddrinfo(). A name server that does not answer is waited for
 * until the deadline only. */
int resolve(const char *host, int port, uint64_t deadline, struct addrinfo **ret, GError **error);

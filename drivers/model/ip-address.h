/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* IP addresses of documents: numbers only, never names to be looked up. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct IpAddress {
        int family;        /* AF_INET or AF_INET6 */
        uint8_t bytes[16]; /* network order; 4 of them for AF_INET */
} IpAddress;

/* 0 or -EINVAL. NULL is none. */
int ip_address_parse(const char *text, IpAddress *ret);

/* The one form of an address as a string of its own, or NULL: for rows of the bindings. */
char *ip_address_normalize(const char *text);

/* 32 or 128. */
unsigned ip_address_bits(const IpAddress *address);

/* The length of a netmask, or -EINVAL where it is no mask of ones. */
int ip_address_mask_prefix(const IpAddress *netmask);

/* Whether both are of one family and have the first `prefix` bits in common. */
bool ip_address_same_network(const IpAddress *a, const IpAddress *b, unsigned prefix);

/* Whether the bits behind the prefix are all 0, or all 1. */
bool ip_address_is_first(const IpAddress *address, unsigned prefix);
bool ip_address_is_last(const IpAddress *address, unsigned prefix);

/* Order of two addresses of one family. */
int ip_address_compare(const IpAddress *a, const IpAddress *b);

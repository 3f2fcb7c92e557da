/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/ip-address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

int ip_address_parse(const char *text, IpAddress *ret)
{
        IpAddress address = { .family = text && strchr(text, ':') ? AF_INET6 : AF_INET };

        if (!text || inet_pton(address.family, text, address.bytes) != 1)
                return -EINVAL;
        *ret = address;
        return 0;
}

char *ip_address_normalize(const char *text)
{
        char buffer[INET6_ADDRSTRLEN];
        IpAddress address;

        if (ip_address_parse(text, &address) < 0 ||
                !inet_ntop(address.family, address.bytes, buffer, sizeof(buffer)))
                return NULL;
        return g_strdup(buffer);
}

unsigned ip_address_bits(const IpAddress *address)
{
        return address->family == AF_INET ? 32 : 128;
}

static bool bit(const IpAddress *address, unsigned i)
{
        return address->bytes[i / 8] & 0x80 >> i % 8;
}

/* Whether all bits from `from` on are `value`. */
static bool bits_are(const IpAddress *address, unsigned from, bool value)
{
        for (unsigned i = from; i < ip_address_bits(address); i++)
                if (bit(address, i) != value)
                        return false;
        return true;
}

int ip_address_mask_prefix(const IpAddress *netmask)
{
        unsigned n = 0;

        while (n < ip_address_bits(netmask) && bit(netmask, n))
                n++;
        return bits_are(netmask, n, false) ? (int)n : -EINVAL;
}

bool ip_address_same_network(const IpAddress *a, const IpAddress *b, unsigned prefix)
{
        if (a->family != b->family)
                return false;
        for (unsigned i = 0; i < prefix && i < ip_address_bits(a); i++)
                if (bit(a, i) != bit(b, i))
                        return false;
        return true;
}

bool ip_address_is_first(const IpAddress *address, unsigned prefix)
{
        return bits_are(address, prefix, false);
}

bool ip_address_is_last(const IpAddress *address, unsigned prefix)
{
        return bits_are(address, prefix, true);
}

int ip_address_compare(const IpAddress *a, const IpAddress *b)
{
        return memcmp(a->bytes, b->bytes, ip_address_bits(a) / 8);
}

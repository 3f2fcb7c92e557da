/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/network-tables.h"

#include "drivers/model/ip-address.h"

static unsigned bind_flags(unsigned flags)
{
        return flags & NETWORK_XML_INACTIVE ? BIND_INACTIVE : 0;
}

int network_config_parse(const char *xml, unsigned flags, NetworkConfig **ret, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL;

        if (document_parse(&network_kind, xml, bind_flags(flags), (void **)&config, error) < 0 ||
                document_check_name(config->name, error) < 0 ||
                document_check_uuid(&config->uuid, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

char *network_config_format(const NetworkConfig *config, unsigned flags)
{
        return document_format(&network_kind, config, bind_flags(flags));
}

NetworkConfig *network_config_copy(const NetworkConfig *config)
{
        return bind_duplicate(network_kind.type, config);
}

void network_config_free(NetworkConfig *config)
{
        bind_free(network_kind.type, config);
}

int network_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL;
        const DocumentField fields[] = { { "name", &name }, { "uuid", &uuid } };

        if (document_identify(&network_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                document_check_name(name, error) < 0 || document_check_uuid(&uuid, error) < 0)
                return -1;
        *ret_name = g_steal_pointer(&name);
        if (ret_uuid)
                *ret_uuid = g_steal_pointer(&uuid);
        return 0;
}

NetworkForwardMode network_config_mode(const NetworkConfig *config)
{
        if (!config->forward)
                return NETWORK_FORWARD_ABSENT;
        return config->forward->mode ?: NETWORK_FORWARD_NAT;
}

unsigned network_ip_prefix(const NetworkIp *ip)
{
        IpAddress address, netmask;
        int prefix;

        if (ip->prefix.set)
                return (unsigned)ip->prefix.value;
        if (ip_address_parse(ip->netmask, &netmask) == 0 &&
                (prefix = ip_address_mask_prefix(&netmask)) >= 0)
                return (unsigned)prefix;
        if (ip_address_parse(ip->address, &address) < 0)
                return 0;
        if (address.family == AF_INET6)
                return 64;
        return address.bytes[0] < 128 ? 8 : address.bytes[0] < 192 ? 16 : 24;
}

/* ---- defaults ------------------------------------------------------------------------------- */

static void default_forward(NetworkForward *forward)
{
        forward->mode = forward->mode ?: NETWORK_FORWARD_NAT;
        for (size_t i = 0; i < forward->n_addresses; i++) {
                NetworkForwardAddress *address = forward->addresses[i];

                address->domain = number(number_or(address->domain, 0));
                address->bus = number(number_or(address->bus, 0));
                address->slot = number(number_or(address->slot, 0));
                address->function = number(number_or(address->function, 0));
        }
        /* The device is the first of the interfaces, and the other way round. */
        if (forward->dev && forward->n_interfaces == 0 && !forward->pf) {
                NetworkForwardInterface *interface = g_new0(NetworkForwardInterface, 1);

                interface->dev = g_strdup(forward->dev);
                list_append(&forward->interfaces, &forward->n_interfaces, interface);
        } else if (!forward->dev && forward->n_interfaces > 0) {
                forward->dev = g_strdup(forward->interfaces[0]->dev);
        }
}

void network_config_defaults(NetworkConfig *config)
{
        if (!config->uuid)
                config->uuid = g_uuid_string_random();
        if (config->forward)
                default_forward(config->forward);

        switch (network_config_mode(config)) {
        case NETWORK_FORWARD_ABSENT:
        case NETWORK_FORWARD_NAT:
        case NETWORK_FORWARD_ROUTE:
        case NETWORK_FORWARD_OPEN:
                config->bridge.stp = config->bridge.stp ?: SWITCH_ON;
                config->bridge.delay = number(number_or(config->bridge.delay, 0));
                break;
        default:
                break;
        }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/ip-address.h"
#include "drivers/model/network-tables.h"

/* What contradicts itself. The messages that clients know are libvirt's. */

/* Of an error whose whole message is known to clients. */
#define REFUSE_DETAIL(error, ...) error_set(error, ERROR_XML_DETAIL, __VA_ARGS__)

/* ---- ports ---------------------------------------------------------------------------------- */

static int validate_vlan(const NetworkVlan *vlan, GError **error)
{
        const NetworkVlanTag *native = NULL;

        if (!vlan)
                return 0;
        if (vlan->n_tags == 0)
                return error_set(error, ERROR_XML_ERROR,
                        "missing tag id - each <vlan> must have at least one <tag id='n'/> "
                        "subelement");
        if (vlan->trunk == SWITCH_OFF && vlan->n_tags > 1)
                return error_set(error, ERROR_XML_ERROR,
                        "invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for more than "
                        "one vlan tag");
        for (size_t i = 0; i < vlan->n_tags; i++) {
                if (!vlan->tags[i]->native_mode)
                        continue;
                if (native)
                        return error_set(error, ERROR_XML_ERROR, "duplicate native vlan setting");
                native = vlan->tags[i];
        }
        return 0;
}

/* Which parameters a type of virtualport has; one without a type may have any. */
static int validate_virtualport(const NetworkVirtualPort *port, GError **error)
{
        enum {
                QBG = 1 << NETWORK_PORT_8021QBG,
                QBH = 1 << NETWORK_PORT_8021QBH,
                OVS = 1 << NETWORK_PORT_OPENVSWITCH,
                MIDONET = 1 << NETWORK_PORT_MIDONET,
        };
        static const char *const names[NETWORK_PORT_MAX] = { "", "none", "802.1Qbg", "802.1Qbh",
                "openvswitch", "midonet" };
        const NetworkPortParameters *p;

        if (!port)
                return 0;
        p = &port->parameters;
        const struct {
                const char *name;
                bool set;
                unsigned types;
        } parameters[] = {
                { "managerid", p->managerid.set, QBG },
                { "typeid", p->typeid.set, QBG },
                { "typeidversion", p->typeidversion.set, QBG },
                { "instanceid", p->instanceid, QBG },
                { "profileid", p->profileid, QBH | OVS },
                { "interfaceid", p->interfaceid, OVS | MIDONET },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(parameters); i++)
                if (port->type && parameters[i].set && !(parameters[i].types & 1u << port->type))
                        return error_set(error, ERROR_XML_ERROR,
                                "extra %s unsupported in <virtualport type='%s'>",
                                parameters[i].name, names[port->type]);
        if (p->profileid && strlen(p->profileid) > 39)
                return error_set(error, ERROR_XML_ERROR, "profileid parameter too long");
        return 0;
}

static int validate_rate(const NetworkRate *rate, GError **error)
{
        if (!rate)
                return 0;
        if (!rate->average.set && !rate->floor.set)
                return REFUSE_DETAIL(error, "Missing mandatory average or floor attributes");
        /* A floor is a guarantee to one interface; a network has none. */
        if (rate->floor.set)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "floor attribute is not supported for this config");
        return 0;
}

static int validate_bandwidth(const NetworkBandwidth *bandwidth, GError **error)
{
        if (validate_rate(bandwidth->inbound, error) < 0)
                return -1;
        return validate_rate(bandwidth->outbound, error);
}

static int validate_portgroups(const NetworkConfig *config, GError **error)
{
        for (size_t i = 0; i < config->n_portgroups; i++) {
                const NetworkPortGroup *group = config->portgroups[i];

                if (!group->name)
                        return error_set(error, ERROR_XML_ERROR,
                                "Missing required name attribute in portgroup");
                if (validate_vlan(group->vlan, error) < 0 ||
                        validate_virtualport(group->virtualport, error) < 0 ||
                        validate_bandwidth(&group->bandwidth, error) < 0)
                        return -1;
        }
        return 0;
}

/* ---- ranges --------------------------------------------------------------------------------- */

/* Of addresses, in order; with a prefix within a network. */
static int validate_range(const char *start, const char *end, const char *network,
        const unsigned *prefix, GError **error)
{
        g_autofree char *within = prefix ? g_strdup_printf("%s/%u", network, *prefix) : NULL;
        IpAddress first, last, of;

        if (ip_address_parse(start, &first) < 0 || ip_address_parse(end, &last) < 0)
                return error_set(error, ERROR_XML_ERROR, "bad range %s - %s", start, end);
        if (first.family != last.family)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "mismatch of address family in range %s - %s", start, end);
        if (prefix) {
                if (ip_address_parse(network, &of) < 0 || of.family != first.family)
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "mismatch of address family in range %s - %s for network %s", start,
                                end, network);
                if (!ip_address_same_network(&of, &first, *prefix) ||
                        !ip_address_same_network(&of, &last, *prefix))
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "range %s - %s is not entirely within network %s", start, end,
                                within);
                if (of.family == AF_INET && *prefix < 31 && ip_address_is_first(&first, *prefix))
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "start of range %s - %s in network %s is the network address",
                                start, end, within);
                if (of.family == AF_INET && *prefix < 31 && ip_address_is_last(&last, *prefix))
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "end of range %s - %s in network %s is the broadcast address",
                                start, end, within);
        }
        if (ip_address_compare(&first, &last) > 0)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "range %s - %s is reversed ", start, end);
        return 0;
}

/* ---- forward -------------------------------------------------------------------------------- */

static int validate_nat(const NetworkConfig *config, GError **error)
{
        const NetworkNat *nat = &config->forward->nat;
        bool any = nat->ipv6 || nat->address.start || nat->address.end || nat->port.start.set ||
                nat->port.end.set;
        IpAddress start;

        if (!any)
                return 0;
        if (network_config_mode(config) != NETWORK_FORWARD_NAT)
                return error_set(error, ERROR_XML_ERROR,
                        "The <nat> element can only be used when <forward> 'mode' is 'nat' in "
                        "network %s",
                        config->name);
        if (nat->address.start || nat->address.end) {
                if (!nat->address.start || !nat->address.end)
                        return error_set(error, ERROR_XML_ERROR,
                                "missing '%s' attribute in <address> element in <nat> in "
                                "<forward> in network %s",
                                nat->address.start ? "end" : "start", config->name);
                if (ip_address_parse(nat->address.start, &start) == 0 && start.family != AF_INET)
                        return error_set(error, ERROR_XML_ERROR,
                                "Bad ipv4 start address '%s' in <nat> in <forward> in network '%s'",
                                nat->address.start, config->name);
                if (validate_range(nat->address.start, nat->address.end, NULL, NULL, error) < 0)
                        return -1;
        }
        if (nat->port.start.set || nat->port.end.set) {
                bool bad_end = nat->port.start.set &&
                        (!nat->port.end.set || nat->port.end.value < nat->port.start.value);

                if (!nat->port.start.set || bad_end)
                        return REFUSE_DETAIL(error,
                                "Missing or invalid '%s' attribute in <port> in <nat> in "
                                "<forward> in network %s",
                                bad_end ? "end" : "start", config->name);
        }
        return 0;
}

static int validate_forward(const NetworkConfig *config, GError **error)
{
        const NetworkForward *forward = config->forward;

        if (!forward)
                return 0;
        if (validate_nat(config, error) < 0)
                return -1;
        if (forward->pf && !forward->pf->dev)
                return error_set(error, ERROR_XML_ERROR,
                        "Missing required dev attribute in <pf> element of network '%s'",
                        config->name);
        if (forward->dev && (forward->pf || forward->n_addresses > 0))
                return error_set(error, ERROR_XML_ERROR,
                        "the <forward> 'dev' attribute cannot be used when <address> or <pf> "
                        "sub-elements are present in network %s",
                        config->name);
        for (size_t i = 0; i < forward->n_interfaces; i++)
                if (!forward->interfaces[i]->dev)
                        return error_set(error, ERROR_XML_ERROR,
                                "Missing required dev attribute in <forward> <interface> element "
                                "of network %s",
                                config->name);
        if (forward->dev && forward->n_interfaces > 0 &&
                strcmp(forward->dev, forward->interfaces[0]->dev) != 0)
                return error_set(error, ERROR_XML_ERROR,
                        "<forward dev='%s'> must match first <interface dev='%s'/> in network %s",
                        forward->dev, forward->interfaces[0]->dev, config->name);
        for (size_t i = 0; i < forward->n_addresses; i++) {
                const char *type = forward->addresses[i]->type;

                if (!type)
                        return error_set(error, ERROR_XML_ERROR,
                                "missing address type in network %s", config->name);
                if (strcmp(type, "pci") != 0)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "unknown address type '%s' in network %s", type, config->name);
        }
        return 0;
}

/* What a mode can have. */
static int validate_mode(const NetworkConfig *config, GError **error)
{
        NetworkForwardMode mode = network_config_mode(config);
        const NetworkForward *forward = config->forward;
        const NetworkBridge *bridge = &config->bridge;
        const char *name = enum_name(&network_forward_names, mode);
        bool own_bridge = mode <= NETWORK_FORWARD_OPEN;

        if (own_bridge) {
                if (mode != NETWORK_FORWARD_ABSENT && config->n_ips == 0)
                        return error_set(error, ERROR_XML_ERROR,
                                "%s forwarding requested, but no IP address provided for network "
                                "'%s'",
                                name, config->name);
                if (forward && forward->n_interfaces > 1)
                        return error_set(error, ERROR_XML_ERROR,
                                "multiple forwarding interfaces specified for network '%s', only "
                                "one is supported",
                                config->name);
                if (mode == NETWORK_FORWARD_OPEN && (forward->dev || forward->n_interfaces > 0))
                        return error_set(error, ERROR_XML_ERROR,
                                "forward dev not allowed for network '%s' with forward "
                                "mode='open'",
                                config->name);
                return 0;
        }
        if (mode != NETWORK_FORWARD_BRIDGE && bridge->name)
                return error_set(error, ERROR_XML_ERROR,
                        "bridge name not allowed in %s mode (network '%s')", name, config->name);
        if (bridge->name && (forward->dev || forward->n_interfaces > 0))
                return error_set(error, ERROR_XML_ERROR,
                        "A network with forward mode='%s' can specify a bridge name or a forward "
                        "dev, but not both (network '%s')",
                        name, config->name);
        if (bridge->stp || bridge->zone || number_or(bridge->delay, 0) > 0)
                return error_set(error, ERROR_XML_ERROR,
                        "bridge delay/stp/zone options only allowed in route, nat, and isolated "
                        "mode, not in %s (network '%s')",
                        name, config->name);
        if (number_or(config->mtu.size, 0) > 0)
                return error_set(error, ERROR_XML_ERROR,
                        "mtu size only allowed in open, route, nat, and isolated mode, not in %s "
                        "(network '%s')",
                        name, config->name);
        return 0;
}

/* ---- addresses ------------------------------------------------------------------------------ */

static int validate_lease(const NetworkLease *lease, GError **error)
{
        int64_t expiry = number_or(lease->expiry, 0);
        bool short_ = lease->unit == NETWORK_LEASE_SECONDS ? expiry < 120 :
                lease->unit == NETWORK_LEASE_HOURS         ? false :
                                                             expiry < 2;

        if (expiry > 0 && short_)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "The minimum lease time should be greater than 2 minutes");
        return 0;
}

static int validate_dhcp_host(
        const NetworkConfig *config, const NetworkDhcpHost *host, bool v6, GError **error)
{
        if (host->mac && v6)
                return error_set(error, ERROR_XML_ERROR,
                        "Invalid to specify MAC address '%s' in network '%s' IPv6 static host "
                        "definition",
                        host->mac, config->name);
        for (const char *p = host->id; p && *p; p++)
                if (!g_ascii_isxdigit(*p) && *p != ':')
                        return error_set(error, ERROR_XML_ERROR,
                                "Invalid character '%.*s' in id '%s' of network '%s'",
                                (int)(g_utf8_next_char(p) - p), p, host->id, config->name);
        if (v6 ? !host->id && !host->name : !host->mac && !host->name && !host->id)
                return error_set(error, ERROR_XML_ERROR,
                        "Static host definition in %s network '%s' must have %s or name attribute",
                        v6 ? "IPv6" : "IPv4", config->name, v6 ? "id" : "mac");
        if (!host->ip)
                return error_set(error, ERROR_XML_ERROR,
                        "Missing IP address in static host definition for network '%s'",
                        config->name);
        return validate_lease(&host->lease, error);
}

static int validate_dhcp(const NetworkConfig *config, const NetworkIp *ip, bool v6, GError **error)
{
        unsigned prefix = network_ip_prefix(ip);

        for (size_t i = 0; i < ip->dhcp->n_ranges; i++) {
                const NetworkDhcpRange *range = ip->dhcp->ranges[i];

                if (!range->start || !range->end)
                        return error_set(error, ERROR_XML_ERROR,
                                "Missing '%s' attribute in dhcp range for network '%s'",
                                range->start ? "end" : "start", config->name);
                if (validate_range(range->start, range->end, ip->address, &prefix, error) < 0 ||
                        validate_lease(&range->lease, error) < 0)
                        return -1;
        }
        for (size_t i = 0; i < ip->dhcp->n_hosts; i++)
                if (validate_dhcp_host(config, ip->dhcp->hosts[i], v6, error) < 0)
                        return -1;
        return 0;
}

static int validate_ip(const NetworkConfig *config, const NetworkIp *ip, GError **error)
{
        const char *name = config->name;
        IpAddress address, netmask;
        bool v6;

        if (!ip->address || ip_address_parse(ip->address, &address) < 0)
                return error_set(error, ERROR_XML_ERROR,
                        "Missing required address attribute in network '%s'", name);
        v6 = address.family == AF_INET6;
        if (v6 && ip->family != NETWORK_FAMILY_IPV6)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "%s family specified for non-IPv4 address '%s' in network '%s'",
                        ip->family ? "ipv4" : "no", ip->address, name);
        if (!v6 && ip->family == NETWORK_FAMILY_IPV6)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Family 'ipv6' specified for non-IPv6 address '%s' in network '%s'",
                        ip->address, name);
        if (ip->netmask && v6)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "netmask not allowed for IPv6 address '%s' in network '%s'", ip->address,
                        name);
        if (ip->netmask && ip->prefix.set)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Network '%s' IP address cannot have both a prefix and a netmask", name);
        if (ip->netmask && ip_address_parse(ip->netmask, &netmask) == 0 &&
                netmask.family != AF_INET)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Invalid netmask '%s' for address '%s' in network '%s' (both must be IPv4)",
                        ip->netmask, ip->address, name);
        if (number_or(ip->prefix, 0) > ip_address_bits(&address))
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Invalid %s prefix '%u' in network '%s'", v6 ? "IPv6" : "IPv4",
                        (unsigned)ip->prefix.value, name);
        if (ip->tftp.root && v6)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "Unsupported <tftp> element in an IPv6 element in network '%s'", name);
        return ip->dhcp ? validate_dhcp(config, ip, v6, error) : 0;
}

/* ---- routes --------------------------------------------------------------------------------- */

static int validate_route(const NetworkConfig *config, const NetworkRoute *route, GError **error)
{
        const NetworkIp as_ip = {
                .address = route->address, .netmask = route->netmask, .prefix = route->prefix
        };
        const char *name = config->name;
        IpAddress address, gateway;
        unsigned prefix;
        bool v6 = route->family == NETWORK_FAMILY_IPV6;

        if (!route->address || ip_address_parse(route->address, &address) < 0)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: Missing required address attribute in route definition", name);
        if (!route->gateway || ip_address_parse(route->gateway, &gateway) < 0)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: Missing required gateway attribute in route definition", name);
        if ((address.family == AF_INET6) != v6)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: %s family specified for non-%s address '%s' in route definition", name,
                        v6 ? "ipv6" : "ipv4", v6 ? "IPv6" : "IPv4", route->address);
        if ((gateway.family == AF_INET6) != v6)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: %s specified for non-%s gateway address '%s' in route definition",
                        name, v6 ? "ipv6" : "ipv4", v6 ? "IPv6" : "IPv4", route->gateway);
        if (route->netmask && v6)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: Specifying netmask invalid for IPv6 address '%s' in route definition",
                        name, route->address);
        if (route->netmask && route->prefix.set)
                return error_set(error, ERROR_XML_ERROR,
                        "%s: Route definition cannot have both a prefix and a netmask", name);
        if (number_or(route->prefix, 0) > ip_address_bits(&address))
                return error_set(error, ERROR_XML_ERROR,
                        "%s: Invalid prefix %u specified in route definition, must be 0 - %u", name,
                        (unsigned)route->prefix.value, ip_address_bits(&address));

        prefix = network_ip_prefix(&as_ip);
        /* The default route needs no prefix to be one. */
        if (!route->prefix.set && !route->netmask && ip_address_is_first(&address, 0))
                prefix = 0;
        if (!ip_address_is_first(&address, prefix))
                return error_set(error, ERROR_XML_ERROR,
                        "%s: Address '%s' in route definition is not a network address", name,
                        route->address);

        for (size_t i = 0; i < config->n_ips; i++) {
                IpAddress own;

                if (ip_address_parse(config->ips[i]->address, &own) == 0 &&
                        ip_address_same_network(&own, &gateway, network_ip_prefix(config->ips[i])))
                        return 0;
        }
        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                "unreachable static route gateway '%s' specified for network '%s'", route->gateway,
                name);
}

/* ---- dns ------------------------------------------------------------------------------------ */

static int validate_srv(const NetworkConfig *config, const NetworkDnsSrv *srv, GError **error)
{
        const char *name = config->name;

        if (!srv->service)
                return REFUSE_DETAIL(error,
                        "missing required service attribute in DNS SRV record of network '%s'",
                        name);
        if (!srv->protocol)
                return REFUSE_DETAIL(error,
                        "missing required protocol attribute in DNS SRV record '%s' of network "
                        "'%s'",
                        srv->service, name);
        if (srv->port.set && (srv->port.value < 1 || srv->port.value > UINT16_MAX))
                return REFUSE_DETAIL(error,
                        "invalid DNS SRV port attribute for service '%s' in network '%s'",
                        srv->service, name);
        if (srv->priority.set && srv->priority.value > UINT16_MAX)
                return REFUSE_DETAIL(error,
                        "Invalid DNS SRV priority attribute for service '%s' in network '%s'",
                        srv->service, name);
        if (srv->weight.set && srv->weight.value > UINT16_MAX)
                return REFUSE_DETAIL(error,
                        "invalid DNS SRV weight attribute for service '%s' in network '%s'",
                        srv->service, name);
        if (!srv->target && (srv->port.set || srv->priority.set || srv->weight.set))
                return REFUSE_DETAIL(error,
                        "DNS SRV %s attribute not permitted without target for service '%s' in "
                        "network '%s'",
                        srv->port.set             ? "port" :
                                srv->priority.set ? "priority" :
                                                    "weight",
                        srv->service, name);
        return 0;
}

static int validate_dns(const NetworkConfig *config, GError **error)
{
        const NetworkDns *dns = config->dns;
        const char *name = config->name;

        if (!dns)
                return 0;
        if (dns->enable == SWITCH_OFF &&
                (dns->n_forwarders || dns->n_txts || dns->n_srvs || dns->n_hosts))
                return error_set(
                        error, ERROR_XML_ERROR, "Extra data in disabled network '%s'", name);
        for (size_t i = 0; i < dns->n_forwarders; i++)
                if (!dns->forwarders[i]->addr && !dns->forwarders[i]->domain)
                        return error_set(error, ERROR_XML_ERROR,
                                "Invalid forwarder element, must contain at least one of addr or "
                                "domain");
        for (size_t i = 0; i < dns->n_txts; i++) {
                const NetworkDnsTxt *txt = dns->txts[i];

                if (!txt->name)
                        return REFUSE_DETAIL(error,
                                "missing required name attribute in DNS TXT record of network %s",
                                name);
                if (strchr(txt->name, ' '))
                        return REFUSE_DETAIL(error,
                                "prohibited character in DNS TXT record name '%s' of network %s",
                                txt->name, name);
                if (!txt->value)
                        return REFUSE_DETAIL(error,
                                "missing required value attribute in DNS TXT record named '%s' of "
                                "network %s",
                                txt->name, name);
        }
        for (size_t i = 0; i < dns->n_srvs; i++)
                if (validate_srv(config, dns->srvs[i], error) < 0)
                        return -1;
        for (size_t i = 0; i < dns->n_hosts; i++) {
                const NetworkDnsHost *host = dns->hosts[i];
                bool named = host->n_hostnames > 0;

                for (size_t j = 0; j < host->n_hostnames; j++)
                        named = named && host->hostnames[j]->name;
                if (!host->ip || !named)
                        return REFUSE_DETAIL(error, "Missing %s in network '%s' DNS HOST record",
                                host->ip ? "hostname" : "IP address", name);
        }
        return 0;
}

/* ---- all ------------------------------------------------------------------------------------ */

int network_config_validate(const NetworkConfig *config, GError **error)
{
        if (config->title && strchr(config->title, '\n'))
                return error_set(error, ERROR_XML_ERROR, "Network title can't contain newlines");
        if (validate_bandwidth(&config->bandwidth, error) < 0 ||
                validate_vlan(config->vlan, error) < 0 || validate_dns(config, error) < 0 ||
                validate_virtualport(config->virtualport, error) < 0 ||
                validate_portgroups(config, error) < 0)
                return -1;
        for (size_t i = 0; i < config->n_ips; i++)
                if (validate_ip(config, config->ips[i], error) < 0)
                        return -1;
        for (size_t i = 0; i < config->n_routes; i++)
                if (validate_route(config, config->routes[i], error) < 0)
                        return -1;
        if (validate_forward(config, error) < 0)
                return -1;
        return validate_mode(config, error);
}

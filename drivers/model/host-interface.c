/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/host-interface.h"

#include <string.h>

#include "drivers/model/document.h"
#include "drivers/model/ip-address.h"

ENUM_TABLE(host_interface_type_names, "type of interface", HOST_INTERFACE_MAX,
        [HOST_INTERFACE_ETHERNET] = "ethernet", [HOST_INTERFACE_BRIDGE] = "bridge",
        [HOST_INTERFACE_BOND] = "bond", [HOST_INTERFACE_VLAN] = "vlan");
ENUM_TABLE(host_start_names, "start mode", HOST_START_MAX, [HOST_START_ONBOOT] = "onboot",
        [HOST_START_NONE] = "none", [HOST_START_HOTPLUG] = "hotplug");
ENUM_TABLE(host_link_names, "link state",
        HOST_LINK_MAX, [HOST_LINK_UNKNOWN] = "unknown", [HOST_LINK_NOT_PRESENT] = "notpresent",
        [HOST_LINK_DOWN] = "down", [HOST_LINK_LOWER_LAYER_DOWN] = "lowerlayerdown",
        [HOST_LINK_TESTING] = "testing", [HOST_LINK_DORMANT] = "dormant", [HOST_LINK_UP] = "up");
ENUM_TABLE(host_family_names, "protocol family",
        HOST_FAMILY_MAX, [HOST_FAMILY_IPV4] = "ipv4", [HOST_FAMILY_IPV6] = "ipv6");
ENUM_TABLE(host_bond_names, "bonding mode", HOST_BOND_MAX, [HOST_BOND_BALANCE_RR] = "balance-rr",
        [HOST_BOND_ACTIVE_BACKUP] = "active-backup", [HOST_BOND_BALANCE_XOR] = "balance-xor",
        [HOST_BOND_BROADCAST] = "broadcast", [HOST_BOND_8023AD] = "802.3ad",
        [HOST_BOND_BALANCE_TLB] = "balance-tlb", [HOST_BOND_BALANCE_ALB] = "balance-alb");
ENUM_TABLE(host_carrier_names, "way to see a carrier",
        HOST_CARRIER_MAX, [HOST_CARRIER_IOCTL] = "ioctl", [HOST_CARRIER_NETIF] = "netif");
ENUM_TABLE(host_arp_names, "way to validate ARP", HOST_ARP_MAX, [HOST_ARP_NONE] = "none",
        [HOST_ARP_ACTIVE] = "active", [HOST_ARP_BACKUP] = "backup", [HOST_ARP_ALL] = "all");

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

static const BindRow start_rows[] = {
        ATTRIBUTE("mode", HostStart, mode, ENUM(host_start_names)),
        BIND_END,
};
static const BindType start_type = BIND_TYPE(HostStart, start_rows);

static const BindRow mtu_rows[] = {
        ATTRIBUTE("size", HostMtu, size, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindType mtu_type = BIND_TYPE(HostMtu, mtu_rows);

static const BindRow link_rows[] = {
        ATTRIBUTE("speed", HostLink, speed, NUMBER(0, UINT32_MAX), LIVE),
        ATTRIBUTE("state", HostLink, state, ENUM(host_link_names), LIVE),
        BIND_END,
};
static const BindType link_type = BIND_TYPE(HostLink, link_rows);

static const BindRow mac_rows[] = {
        ATTRIBUTE("address", HostMac, address, STRING),
        BIND_END,
};
static const BindType mac_type = BIND_TYPE(HostMac, mac_rows);

static const BindRow dhcp_rows[] = {
        ATTRIBUTE("peerdns", HostDhcp, peerdns, YES_NO),
        BIND_END,
};
static const BindType dhcp_type = BIND_TYPE(HostDhcp, dhcp_rows);

static const BindRow ip_rows[] = {
        ATTRIBUTE("address", HostIp, address, STRING),
        ATTRIBUTE("prefix", HostIp, prefix, NUMBER(0, 128)),
        BIND_END,
};
static const BindType ip_type = BIND_TYPE(HostIp, ip_rows);

static const BindRow route_rows[] = {
        ATTRIBUTE("gateway", HostRoute, gateway, STRING),
        BIND_END,
};
static const BindType route_type = BIND_TYPE(HostRoute, route_rows);

static const BindRow protocol_rows[] = {
        ATTRIBUTE("family", HostProtocol, family, ENUM(host_family_names)),
        FLAG("autoconf", HostProtocol, autoconf),
        POINTER("dhcp", HostProtocol, dhcp, dhcp_type),
        LIST("ip", HostProtocol, ips, ip_type),
        LIST("route", HostProtocol, routes, route_type),
        BIND_END,
};
static const BindType protocol_type = BIND_TYPE(HostProtocol, protocol_rows);

static const BindRow bond_port_rows[] = {
        ATTRIBUTE("type", HostInterfaceConfig, type, ENUM(host_interface_type_names), REQUIRED),
        ATTRIBUTE("name", HostInterfaceConfig, name, STRING),
        CHILD("link", HostInterfaceConfig, link, link_type),
        CHILD("mac", HostInterfaceConfig, mac, mac_type),
        BIND_END,
};
static const BindType bond_port_type = BIND_TYPE(HostInterfaceConfig, bond_port_rows);

static const BindRow miimon_rows[] = {
        ATTRIBUTE("freq", HostMiimon, freq, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("downdelay", HostMiimon, downdelay, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("updelay", HostMiimon, updelay, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("carrier", HostMiimon, carrier, ENUM(host_carrier_names)),
        BIND_END,
};
static const BindType miimon_type = BIND_TYPE(HostMiimon, miimon_rows);

static const BindRow arpmon_rows[] = {
        ATTRIBUTE("interval", HostArpmon, interval, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("target", HostArpmon, target, STRING),
        ATTRIBUTE("validate", HostArpmon, validate, ENUM(host_arp_names)),
        BIND_END,
};
static const BindType arpmon_type = BIND_TYPE(HostArpmon, arpmon_rows);

static const BindRow bond_rows[] = {
        ATTRIBUTE("mode", HostBond, mode, ENUM(host_bond_names)),
        POINTER("miimon", HostBond, miimon, miimon_type),
        POINTER("arpmon", HostBond, arpmon, arpmon_type),
        LIST("interface", HostBond, interfaces, bond_port_type),
        BIND_END,
};
static const BindType bond_type = BIND_TYPE(HostBond, bond_rows);

static const BindRow vlan_device_rows[] = {
        ATTRIBUTE("name", HostVlanDevice, name, STRING),
        BIND_END,
};
static const BindType vlan_device_type = BIND_TYPE(HostVlanDevice, vlan_device_rows);

static const BindRow vlan_rows[] = {
        ATTRIBUTE("tag", HostVlan, tag, NUMBER(0, 4095)),
        CHILD("interface", HostVlan, interface, vlan_device_type),
        BIND_END,
};
static const BindType vlan_type = BIND_TYPE(HostVlan, vlan_rows);

static const BindRow bridge_port_rows[] = {
        ATTRIBUTE("type", HostInterfaceConfig, type, ENUM(host_interface_type_names), REQUIRED),
        ATTRIBUTE("name", HostInterfaceConfig, name, STRING),
        CHILD("link", HostInterfaceConfig, link, link_type),
        CHILD("mac", HostInterfaceConfig, mac, mac_type),
        POINTER("bond", HostInterfaceConfig, bond, bond_type),
        POINTER("vlan", HostInterfaceConfig, vlan, vlan_type),
        BIND_END,
};
static const BindType bridge_port_type = BIND_TYPE(HostInterfaceConfig, bridge_port_rows);

static const BindRow bridge_rows[] = {
        ATTRIBUTE("stp", HostBridge, stp, ON_OFF),
        ATTRIBUTE("delay", HostBridge, delay, STRING),
        LIST("interface", HostBridge, interfaces, bridge_port_type),
        BIND_END,
};
static const BindType bridge_type = BIND_TYPE(HostBridge, bridge_rows);

static const BindRow interface_rows[] = {
        ATTRIBUTE("type", HostInterfaceConfig, type, ENUM(host_interface_type_names), REQUIRED),
        ATTRIBUTE("name", HostInterfaceConfig, name, STRING),
        CHILD("start", HostInterfaceConfig, start, start_type),
        CHILD("mtu", HostInterfaceConfig, mtu, mtu_type),
        LIST("protocol", HostInterfaceConfig, protocols, protocol_type),
        CHILD("link", HostInterfaceConfig, link, link_type),
        CHILD("mac", HostInterfaceConfig, mac, mac_type),
        POINTER("bridge", HostInterfaceConfig, bridge, bridge_type),
        POINTER("bond", HostInterfaceConfig, bond, bond_type),
        POINTER("vlan", HostInterfaceConfig, vlan, vlan_type),
        BIND_END,
};
static const BindType host_interface_type = BIND_TYPE(HostInterfaceConfig, interface_rows);

static const DocumentKind interface_kind = {
        .root = "interface", .what = "interface_definition", .type = &host_interface_type
};

/* ---- the passes ----------------------------------------------------------------------------- */

static unsigned bind_flags(unsigned flags)
{
        return flags & HOST_INTERFACE_XML_INACTIVE ? BIND_INACTIVE : 0;
}

static int check_name(const char *name, GError **error)
{
        if (!name || !name[0])
                return error_set(error, ERROR_XML_ERROR, "interface has no name");
        return document_check_name(name, error);
}

int host_interface_config_parse(
        const char *xml, unsigned flags, HostInterfaceConfig **ret, GError **error)
{
        g_autoptr(HostInterfaceConfig) config = NULL;

        if (document_parse(&interface_kind, xml, bind_flags(flags), (void **)&config, error) < 0 ||
                check_name(config->name, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int host_interface_config_identify(const char *xml, char **ret_name, GError **error)
{
        g_autofree char *name = NULL;
        const DocumentField fields[] = { { "@name", &name } };

        if (document_identify(&interface_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                check_name(name, error) < 0)
                return -1;
        *ret_name = g_steal_pointer(&name);
        return 0;
}

static int validate_address(const char *address, HostFamily family, GError **error)
{
        IpAddress parsed;

        if (!address)
                return 0;
        if (ip_address_parse(address, &parsed) < 0 ||
                (parsed.family == AF_INET6) != (family == HOST_FAMILY_IPV6))
                return error_set(error, ERROR_XML_ERROR, "'%s' is not an address of family '%s'",
                        address, enum_name(&host_family_names, (int)family));
        return 0;
}

static int validate_protocols(const HostInterfaceConfig *config, GError **error)
{
        for (size_t i = 0; i < config->n_protocols; i++) {
                const HostProtocol *protocol = config->protocols[i];

                if (!protocol->family)
                        return error_set(
                                error, ERROR_XML_ERROR, "protocol misses the family attribute");
                for (size_t j = 0; j < protocol->n_ips; j++)
                        if (validate_address(protocol->ips[j]->address, protocol->family, error) <
                                0)
                                return -1;
                for (size_t j = 0; j < protocol->n_routes; j++)
                        if (validate_address(
                                    protocol->routes[j]->gateway, protocol->family, error) < 0)
                                return -1;
        }
        return 0;
}

static int validate_bond(const HostBond *bond, GError **error)
{
        if (!bond)
                return error_set(error, ERROR_XML_ERROR, "bond interface misses the bond element");
        if (bond->miimon && !bond->miimon->freq.set)
                return error_set(
                        error, ERROR_XML_ERROR, "bond interface miimon freq missing or invalid");
        if (bond->arpmon && !bond->arpmon->interval.set)
                return error_set(error, ERROR_XML_ERROR,
                        "bond interface arpmon interval missing or invalid");
        if (bond->arpmon && !bond->arpmon->target)
                return error_set(error, ERROR_XML_ERROR, "bond interface arpmon target missing");
        if (bond->arpmon && validate_address(bond->arpmon->target, HOST_FAMILY_IPV4, error) < 0)
                return -1;
        for (size_t i = 0; i < bond->n_interfaces; i++)
                if (bond->interfaces[i]->type != HOST_INTERFACE_ETHERNET)
                        return error_set(error, ERROR_XML_ERROR,
                                "interface has unsupported type '%s'",
                                enum_name(&host_interface_type_names,
                                        (int)bond->interfaces[i]->type));
        return 0;
}

static int validate_vlan(const HostVlan *vlan, GError **error)
{
        if (!vlan)
                return error_set(error, ERROR_XML_ERROR, "vlan interface misses the vlan element");
        if (!vlan->tag.set)
                return error_set(error, ERROR_XML_ERROR, "vlan interface misses the tag attribute");
        if (!vlan->interface.name)
                return error_set(error, ERROR_XML_ERROR, "vlan interface misses name attribute");
        return 0;
}

/* Six bytes. A group's address is let pass: hosts have odd ones. */
static bool is_mac(const char *text)
{
        for (unsigned i = 0; i < 6; i++) {
                unsigned n = 0;

                while (n < 2 && g_ascii_isxdigit(text[n]))
                        n++;
                if (n == 0 || text[n] != (i < 5 ? ':' : '\0'))
                        return false;
                text += n + 1;
        }
        return true;
}

/* What holds for an interface wherever it stands. */
static int validate_kind(const HostInterfaceConfig *config, GError **error)
{
        if (config->mac.address && !is_mac(config->mac.address))
                return error_set(
                        error, ERROR_XML_ERROR, "'%s' is not a MAC address", config->mac.address);
        if (config->type == HOST_INTERFACE_BOND)
                return validate_bond(config->bond, error);
        if (config->type == HOST_INTERFACE_VLAN)
                return validate_vlan(config->vlan, error);
        return 0;
}

int host_interface_config_validate(const HostInterfaceConfig *config, GError **error)
{
        const HostBridge *bridge = config->bridge;

        if (validate_protocols(config, error) < 0 || validate_kind(config, error) < 0)
                return -1;
        if (config->type != HOST_INTERFACE_BRIDGE)
                return 0;
        if (!bridge)
                return error_set(
                        error, ERROR_XML_ERROR, "bridge interface misses the bridge element");
        if (bridge->delay &&
                (!bridge->delay[0] || bridge->delay[strspn(bridge->delay, "0123456789.")]))
                return error_set(
                        error, ERROR_XML_ERROR, "'%s' is not a delay in seconds", bridge->delay);
        for (size_t i = 0; i < bridge->n_interfaces; i++) {
                if (bridge->interfaces[i]->type == HOST_INTERFACE_BRIDGE)
                        return error_set(
                                error, ERROR_XML_ERROR, "interface has unsupported type 'bridge'");
                if (validate_kind(bridge->interfaces[i], error) < 0)
                        return -1;
        }
        return 0;
}

char *host_interface_config_format(const HostInterfaceConfig *config, unsigned flags)
{
        return document_format(&interface_kind, config, bind_flags(flags));
}

HostInterfaceConfig *host_interface_config_copy(const HostInterfaceConfig *config)
{
        return bind_duplicate(&host_interface_type, config);
}

void host_interface_config_free(HostInterfaceConfig *config)
{
        bind_free(&host_interface_type, config);
}

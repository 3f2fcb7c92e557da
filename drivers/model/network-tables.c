/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/network-tables.h"

#include "drivers/model/ip-address.h"

/* In the order in which libvirt writes a network. */

#define IP_ADDRESS STRING, .normalize = ip_address_normalize, .what = "valid IP address"

ENUM_TABLE(network_port_names, "virtualport type", NETWORK_PORT_MAX, [NETWORK_PORT_NONE] = "none",
        [NETWORK_PORT_8021QBG] = "802.1Qbg", [NETWORK_PORT_8021QBH] = "802.1Qbh",
        [NETWORK_PORT_OPENVSWITCH] = "openvswitch", [NETWORK_PORT_MIDONET] = "midonet");
ENUM_TABLE(network_vlan_names, "native VLAN mode",
        NETWORK_VLAN_MAX, [NETWORK_VLAN_TAGGED] = "tagged", [NETWORK_VLAN_UNTAGGED] = "untagged");
ENUM_TABLE(network_forward_names, "forwarding mode",
        NETWORK_FORWARD_MAX, [NETWORK_FORWARD_NAT] = "nat", [NETWORK_FORWARD_ROUTE] = "route",
        [NETWORK_FORWARD_OPEN] = "open", [NETWORK_FORWARD_BRIDGE] = "bridge",
        [NETWORK_FORWARD_PRIVATE] = "private", [NETWORK_FORWARD_VEPA] = "vepa",
        [NETWORK_FORWARD_PASSTHROUGH] = "passthrough", [NETWORK_FORWARD_HOSTDEV] = "hostdev");
ENUM_TABLE(network_driver_names, "driver of host devices", NETWORK_DRIVER_MAX,
        [NETWORK_DRIVER_KVM] = "kvm", [NETWORK_DRIVER_VFIO] = "vfio", [NETWORK_DRIVER_XEN] = "xen");
ENUM_TABLE(network_mac_table_names, "manager of a bridge's MAC table", NETWORK_MAC_TABLE_MAX,
        [NETWORK_MAC_TABLE_KERNEL] = "kernel", [NETWORK_MAC_TABLE_LIBVIRT] = "libvirt");
ENUM_TABLE(network_lease_names, "unit of a lease",
        NETWORK_LEASE_MAX, [NETWORK_LEASE_SECONDS] = "seconds", [NETWORK_LEASE_MINUTES] = "minutes",
        [NETWORK_LEASE_HOURS] = "hours");
ENUM_TABLE(network_family_names, "address family",
        NETWORK_FAMILY_MAX, [NETWORK_FAMILY_IPV4] = "ipv4", [NETWORK_FAMILY_IPV6] = "ipv6");

/* ---- ports ---------------------------------------------------------------------------------- */

static const BindRow port_parameters_rows[] = {
        ATTRIBUTE("managerid", NetworkPortParameters, managerid, NUMBER(0, UINT8_MAX)),
        ATTRIBUTE("typeid", NetworkPortParameters, typeid, NUMBER(0, 0xffffff)),
        ATTRIBUTE("typeidversion", NetworkPortParameters, typeidversion, NUMBER(0, UINT8_MAX)),
        ATTRIBUTE("instanceid", NetworkPortParameters, instanceid, UUID),
        ATTRIBUTE("interfaceid", NetworkPortParameters, interfaceid, UUID),
        ATTRIBUTE("profileid", NetworkPortParameters, profileid, STRING),
        BIND_END,
};
static const BindType port_parameters_type = BIND_TYPE(NetworkPortParameters, port_parameters_rows);

static const BindRow virtualport_rows[] = {
        ATTRIBUTE("type", NetworkVirtualPort, type, ENUM(network_port_names)),
        CHILD("parameters", NetworkVirtualPort, parameters, port_parameters_type),
        BIND_END,
};
static const BindType virtualport_type = BIND_TYPE(NetworkVirtualPort, virtualport_rows);

static const BindRow vlan_tag_rows[] = {
        ATTRIBUTE("id", NetworkVlanTag, id, NUMBER(0, 4095), REQUIRED),
        ATTRIBUTE("nativeMode", NetworkVlanTag, native_mode, ENUM(network_vlan_names)),
        BIND_END,
};
static const BindType vlan_tag_type = BIND_TYPE(NetworkVlanTag, vlan_tag_rows);

static const BindRow vlan_rows[] = {
        ATTRIBUTE("trunk", NetworkVlan, trunk, YES_NO),
        LIST("tag", NetworkVlan, tags, vlan_tag_type),
        BIND_END,
};
static const BindType vlan_type = BIND_TYPE(NetworkVlan, vlan_rows);

static const BindRow rate_rows[] = {
        ATTRIBUTE("average", NetworkRate, average, NUMBER(0, INT64_MAX)),
        ATTRIBUTE("peak", NetworkRate, peak, NUMBER(0, INT64_MAX)),
        ATTRIBUTE("floor", NetworkRate, floor, NUMBER(0, INT64_MAX)),
        ATTRIBUTE("burst", NetworkRate, burst, NUMBER(0, INT64_MAX)),
        BIND_END,
};
static const BindType rate_type = BIND_TYPE(NetworkRate, rate_rows);

static const BindRow bandwidth_rows[] = {
        ATTRIBUTE("classID", NetworkBandwidth, class_id, NUMBER(1, UINT32_MAX), LIVE),
        POINTER("inbound", NetworkBandwidth, inbound, rate_type),
        POINTER("outbound", NetworkBandwidth, outbound, rate_type),
        BIND_END,
};
static const BindType bandwidth_type = BIND_TYPE(NetworkBandwidth, bandwidth_rows);

/* ---- forward -------------------------------------------------------------------------------- */

static const BindRow range_rows[] = {
        ATTRIBUTE("start", NetworkRange, start, IP_ADDRESS),
        ATTRIBUTE("end", NetworkRange, end, IP_ADDRESS),
        BIND_END,
};
static const BindType range_type = BIND_TYPE(NetworkRange, range_rows);

static const BindRow ports_rows[] = {
        ATTRIBUTE("start", NetworkPorts, start, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("end", NetworkPorts, end, NUMBER(1, UINT16_MAX)),
        BIND_END,
};
static const BindType ports_type = BIND_TYPE(NetworkPorts, ports_rows);

static const BindRow nat_rows[] = {
        ATTRIBUTE("ipv6", NetworkNat, ipv6, YES_NO),
        CHILD("address", NetworkNat, address, range_type),
        CHILD("port", NetworkNat, port, ports_type),
        BIND_END,
};
static const BindType nat_type = BIND_TYPE(NetworkNat, nat_rows);

static const BindRow forward_if_rows[] = {
        ATTRIBUTE("dev", NetworkForwardInterface, dev, STRING),
        ATTRIBUTE("connections", NetworkForwardInterface, connections, NUMBER(0, INT32_MAX), LIVE),
        BIND_END,
};
const BindType network_forward_if_type = BIND_TYPE(NetworkForwardInterface, forward_if_rows);

static const BindRow forward_address_rows[] = {
        ATTRIBUTE("type", NetworkForwardAddress, type, STRING),
        ATTRIBUTE("domain", NetworkForwardAddress, domain, HEX(4, UINT32_MAX)),
        ATTRIBUTE("bus", NetworkForwardAddress, bus, HEX(2, UINT8_MAX)),
        ATTRIBUTE("slot", NetworkForwardAddress, slot, HEX(2, 31)),
        ATTRIBUTE("function", NetworkForwardAddress, function, HEX(1, 7)),
        ATTRIBUTE("connections", NetworkForwardAddress, connections, NUMBER(0, INT32_MAX), LIVE),
        BIND_END,
};
static const BindType forward_address_type = BIND_TYPE(NetworkForwardAddress, forward_address_rows);

static const BindRow pf_rows[] = {
        ATTRIBUTE("dev", NetworkPf, dev, STRING),
        BIND_END,
};
static const BindType pf_type = BIND_TYPE(NetworkPf, pf_rows);

static const BindRow driver_rows[] = {
        ATTRIBUTE("name", NetworkDriver, name, ENUM(network_driver_names)),
        BIND_END,
};
static const BindType driver_type = BIND_TYPE(NetworkDriver, driver_rows);

static const BindRow forward_rows[] = {
        ATTRIBUTE("dev", NetworkForward, dev, STRING),
        ATTRIBUTE("mode", NetworkForward, mode, ENUM(network_forward_names)),
        ATTRIBUTE("managed", NetworkForward, managed, YES_NO),
        CHILD("driver", NetworkForward, driver, driver_type),
        CHILD("nat", NetworkForward, nat, nat_type),
        POINTER("pf", NetworkForward, pf, pf_type),
        LIST("interface", NetworkForward, interfaces, network_forward_if_type),
        LIST("address", NetworkForward, addresses, forward_address_type),
        BIND_END,
};
static const BindType forward_type = BIND_TYPE(NetworkForward, forward_rows);

/* ---- the bridge ----------------------------------------------------------------------------- */

static const BindRow bridge_rows[] = {
        ATTRIBUTE("name", NetworkBridge, name, STRING),
        ATTRIBUTE("zone", NetworkBridge, zone, STRING),
        ATTRIBUTE("stp", NetworkBridge, stp, ON_OFF),
        ATTRIBUTE("delay", NetworkBridge, delay, NUMBER(0, INT64_MAX)),
        ATTRIBUTE(
                "macTableManager", NetworkBridge, mac_table_manager, ENUM(network_mac_table_names)),
        BIND_END,
};
static const BindType bridge_type = BIND_TYPE(NetworkBridge, bridge_rows);

static const BindRow mtu_rows[] = {
        ATTRIBUTE("size", NetworkMtu, size, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindType mtu_type = BIND_TYPE(NetworkMtu, mtu_rows);

static const BindRow mac_rows[] = {
        ATTRIBUTE("address", NetworkMac, address, MAC),
        BIND_END,
};
static const BindType mac_type = BIND_TYPE(NetworkMac, mac_rows);

static const BindRow domain_rows[] = {
        ATTRIBUTE("name", NetworkDomain, name, STRING),
        ATTRIBUTE("localOnly", NetworkDomain, local_only, YES_NO),
        ATTRIBUTE("register", NetworkDomain, register_, YES_NO),
        BIND_END,
};
static const BindType domain_element_type = BIND_TYPE(NetworkDomain, domain_rows);

/* ---- addresses ------------------------------------------------------------------------------ */

static const BindRow lease_rows[] = {
        ATTRIBUTE("expiry", NetworkLease, expiry, NUMBER(0, UINT32_MAX)),
        ATTRIBUTE("unit", NetworkLease, unit, ENUM(network_lease_names)),
        BIND_END,
};
static const BindType lease_type = BIND_TYPE(NetworkLease, lease_rows);

static const BindRow dhcp_range_rows[] = {
        ATTRIBUTE("start", NetworkDhcpRange, start, IP_ADDRESS),
        ATTRIBUTE("end", NetworkDhcpRange, end, IP_ADDRESS),
        CHILD("lease", NetworkDhcpRange, lease, lease_type),
        BIND_END,
};
const BindType network_dhcp_range_type = BIND_TYPE(NetworkDhcpRange, dhcp_range_rows);

static const BindRow dhcp_host_rows[] = {
        ATTRIBUTE("id", NetworkDhcpHost, id, STRING),
        ATTRIBUTE("mac", NetworkDhcpHost, mac, MAC),
        ATTRIBUTE("name", NetworkDhcpHost, name, STRING),
        ATTRIBUTE("ip", NetworkDhcpHost, ip, IP_ADDRESS),
        CHILD("lease", NetworkDhcpHost, lease, lease_type),
        BIND_END,
};
const BindType network_dhcp_host_type = BIND_TYPE(NetworkDhcpHost, dhcp_host_rows);

static const BindRow bootp_rows[] = {
        ATTRIBUTE("file", NetworkBootp, file, STRING),
        ATTRIBUTE("server", NetworkBootp, server, STRING),
        BIND_END,
};
static const BindType bootp_type = BIND_TYPE(NetworkBootp, bootp_rows);

static const BindRow dhcp_rows[] = {
        LIST("range", NetworkDhcp, ranges, network_dhcp_range_type),
        LIST("host", NetworkDhcp, hosts, network_dhcp_host_type),
        CHILD("bootp", NetworkDhcp, bootp, bootp_type),
        BIND_END,
};
static const BindType dhcp_type = BIND_TYPE(NetworkDhcp, dhcp_rows);

static const BindRow tftp_rows[] = {
        ATTRIBUTE("root", NetworkTftp, root, STRING),
        BIND_END,
};
static const BindType tftp_type = BIND_TYPE(NetworkTftp, tftp_rows);

/* A <dhcp/> without anything in it says nothing; libvirt does not write it either. */
static bool omit_dhcp(const void *object, unsigned flags)
{
        const NetworkDhcp *dhcp = ((const NetworkIp *)object)->dhcp;

        (void)flags;
        return dhcp && dhcp->n_ranges == 0 && dhcp->n_hosts == 0 && !dhcp->bootp.file &&
                !dhcp->bootp.server && !dhcp->kept.attributes && !dhcp->kept.elements &&
                !dhcp->bootp.kept.attributes && !dhcp->bootp.kept.elements;
}

static const BindRow ip_rows[] = {
        ATTRIBUTE("family", NetworkIp, family, ENUM(network_family_names)),
        ATTRIBUTE("address", NetworkIp, address, IP_ADDRESS),
        ATTRIBUTE("netmask", NetworkIp, netmask, IP_ADDRESS),
        ATTRIBUTE("prefix", NetworkIp, prefix, NUMBER(0, UINT16_MAX)),
        ATTRIBUTE("localPtr", NetworkIp, local_ptr, YES_NO),
        CHILD("tftp", NetworkIp, tftp, tftp_type),
        { BIND_NAMED(BIND_PLACE_POINTER, "dhcp", NetworkIp, dhcp), .type = &dhcp_type,
                OMIT(omit_dhcp) },
        BIND_END,
};
static const BindType ip_type = BIND_TYPE(NetworkIp, ip_rows);

static const BindRow route_rows[] = {
        ATTRIBUTE("family", NetworkRoute, family, ENUM(network_family_names)),
        ATTRIBUTE("address", NetworkRoute, address, IP_ADDRESS),
        ATTRIBUTE("netmask", NetworkRoute, netmask, IP_ADDRESS),
        ATTRIBUTE("prefix", NetworkRoute, prefix, NUMBER(0, UINT16_MAX)),
        ATTRIBUTE("gateway", NetworkRoute, gateway, IP_ADDRESS),
        ATTRIBUTE("metric", NetworkRoute, metric, NUMBER(1, UINT32_MAX)),
        BIND_END,
};
static const BindType route_type = BIND_TYPE(NetworkRoute, route_rows);

/* ---- dns ------------------------------------------------------------------------------------ */

static const BindRow forwarder_rows[] = {
        ATTRIBUTE("domain", NetworkDnsForwarder, domain, STRING),
        ATTRIBUTE("addr", NetworkDnsForwarder, addr, IP_ADDRESS),
        BIND_END,
};
static const BindType forwarder_type = BIND_TYPE(NetworkDnsForwarder, forwarder_rows);

static const BindRow txt_rows[] = {
        ATTRIBUTE("name", NetworkDnsTxt, name, STRING),
        ATTRIBUTE("value", NetworkDnsTxt, value, STRING),
        BIND_END,
};
const BindType network_dns_txt_type = BIND_TYPE(NetworkDnsTxt, txt_rows);

static const BindRow srv_rows[] = {
        ATTRIBUTE("service", NetworkDnsSrv, service, STRING),
        ATTRIBUTE("protocol", NetworkDnsSrv, protocol, STRING),
        ATTRIBUTE("domain", NetworkDnsSrv, domain, STRING),
        ATTRIBUTE("target", NetworkDnsSrv, target, STRING),
        ATTRIBUTE("port", NetworkDnsSrv, port, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("priority", NetworkDnsSrv, priority, NUMBER(0, INT32_MAX)),
        ATTRIBUTE("weight", NetworkDnsSrv, weight, NUMBER(0, INT32_MAX)),
        BIND_END,
};
const BindType network_dns_srv_type = BIND_TYPE(NetworkDnsSrv, srv_rows);

static const BindRow hostname_rows[] = {
        TEXT(NetworkHostname, name, STRING),
        BIND_END,
};
static const BindType hostname_type = BIND_TYPE(NetworkHostname, hostname_rows);

static const BindRow dns_host_rows[] = {
        ATTRIBUTE("ip", NetworkDnsHost, ip, IP_ADDRESS),
        LIST("hostname", NetworkDnsHost, hostnames, hostname_type),
        BIND_END,
};
const BindType network_dns_host_type = BIND_TYPE(NetworkDnsHost, dns_host_rows);

static const BindRow dns_rows[] = {
        ATTRIBUTE("enable", NetworkDns, enable, YES_NO),
        ATTRIBUTE("forwardPlainNames", NetworkDns, forward_plain_names, YES_NO),
        LIST("forwarder", NetworkDns, forwarders, forwarder_type),
        LIST("txt", NetworkDns, txts, network_dns_txt_type),
        LIST("srv", NetworkDns, srvs, network_dns_srv_type),
        LIST("host", NetworkDns, hosts, network_dns_host_type),
        BIND_END,
};
static const BindType dns_type = BIND_TYPE(NetworkDns, dns_rows);

/* ---- the network ---------------------------------------------------------------------------- */

static const BindRow portgroup_rows[] = {
        ATTRIBUTE("name", NetworkPortGroup, name, STRING),
        ATTRIBUTE("default", NetworkPortGroup, default_, YES_NO),
        ATTRIBUTE("trustGuestRxFilters", NetworkPortGroup, trust_guest_rx_filters, YES_NO),
        POINTER("vlan", NetworkPortGroup, vlan, vlan_type),
        POINTER("virtualport", NetworkPortGroup, virtualport, virtualport_type),
        CHILD("bandwidth", NetworkPortGroup, bandwidth, bandwidth_type),
        BIND_END,
};
const BindType network_portgroup_type = BIND_TYPE(NetworkPortGroup, portgroup_rows);

static const BindRow port_options_rows[] = {
        ATTRIBUTE("isolated", NetworkPortOptions, isolated, YES_NO),
        BIND_END,
};
static const BindType port_options_type = BIND_TYPE(NetworkPortOptions, port_options_rows);

static const BindRow network_rows[] = {
        ATTRIBUTE("connections", NetworkConfig, connections, NUMBER(0, INT32_MAX), LIVE),
        ATTRIBUTE("ipv6", NetworkConfig, ipv6, YES_NO),
        ATTRIBUTE("trustGuestRxFilters", NetworkConfig, trust_guest_rx_filters, YES_NO),
        ELEMENT("name", NetworkConfig, name, STRING),
        ELEMENT("uuid", NetworkConfig, uuid, STRING),
        ELEMENT("title", NetworkConfig, title, STRING),
        ELEMENT("description", NetworkConfig, description, STRING),
        SUBTREE("metadata", NetworkConfig, metadata),
        POINTER("forward", NetworkConfig, forward, forward_type),
        CHILD("bridge", NetworkConfig, bridge, bridge_type),
        CHILD("mtu", NetworkConfig, mtu, mtu_type),
        CHILD("mac", NetworkConfig, mac, mac_type),
        CHILD("domain", NetworkConfig, domain, domain_element_type),
        POINTER("dns", NetworkConfig, dns, dns_type),
        POINTER("vlan", NetworkConfig, vlan, vlan_type),
        CHILD("bandwidth", NetworkConfig, bandwidth, bandwidth_type),
        CHILD("port", NetworkConfig, port, port_options_type),
        LIST("ip", NetworkConfig, ips, ip_type),
        LIST("route", NetworkConfig, routes, route_type),
        POINTER("virtualport", NetworkConfig, virtualport, virtualport_type),
        LIST("portgroup", NetworkConfig, portgroups, network_portgroup_type),
        BIND_END,
};
static const BindType network_type = BIND_TYPE(NetworkConfig, network_rows);

const DocumentKind network_kind = {
        .root = "network", .what = "network_definition", .type = &network_type
};

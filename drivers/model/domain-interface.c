/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/domain-tables.h"

/* Network interfaces, in the order in which libvirt writes what is in them. */

/* ---- names ---------------------------------------------------------------------------------- */

static const BindRow interface_mac_rows[] = {
        ATTRIBUTE("address", InterfaceMac, address, MAC),
        ATTRIBUTE("type", InterfaceMac, type, WORDS("generated, static")),
        ATTRIBUTE("check", InterfaceMac, check, YES_NO),
        BIND_END,
};
static const BindType interface_mac_type = BIND_TYPE(InterfaceMac, interface_mac_rows);

/* ---- addresses and ports -------------------------------------------------------------------- */

#define IP_FAMILY WORDS("ipv4, ipv6")

static const BindRow ip_rows[] = {
        ATTRIBUTE("address", InterfaceIp, address, STRING, REQUIRED),
        ATTRIBUTE("family", InterfaceIp, family, IP_FAMILY),
        ATTRIBUTE("prefix", InterfaceIp, prefix, NUMBER(0, 128)),
        ATTRIBUTE("peer", InterfaceIp, peer, STRING),
        BIND_END,
};
const BindType interface_ip_type = BIND_TYPE(InterfaceIp, ip_rows);

static const BindRow route_rows[] = {
        ATTRIBUTE("family", InterfaceRoute, family, IP_FAMILY),
        ATTRIBUTE("address", InterfaceRoute, address, STRING),
        ATTRIBUTE("netmask", InterfaceRoute, netmask, STRING),
        ATTRIBUTE("prefix", InterfaceRoute, prefix, NUMBER(0, 128)),
        ATTRIBUTE("gateway", InterfaceRoute, gateway, STRING, REQUIRED),
        ATTRIBUTE("metric", InterfaceRoute, metric, NUMBER(1, UINT32_MAX)),
        BIND_END,
};
const BindType interface_route_type = BIND_TYPE(InterfaceRoute, route_rows);

static const BindRow port_range_rows[] = {
        ATTRIBUTE("start", PortRange, start, NUMBER(1, UINT16_MAX), REQUIRED),
        ATTRIBUTE("end", PortRange, end, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("to", PortRange, to, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("exclude", PortRange, exclude, YES_NO),
        BIND_END,
};
static const BindType port_range_type = BIND_TYPE(PortRange, port_range_rows);

static const BindRow port_forward_rows[] = {
        ATTRIBUTE("proto", PortForward, proto, WORDS("tcp, udp"), REQUIRED),
        ATTRIBUTE("address", PortForward, address, STRING),
        ATTRIBUTE("dev", PortForward, dev, STRING),
        LIST("range", PortForward, ranges, port_range_type),
        BIND_END,
};
static const BindType port_forward_type = BIND_TYPE(PortForward, port_forward_rows);

/* ---- sources -------------------------------------------------------------------------------- */

static const BindRow local_rows[] = {
        ATTRIBUTE("address", InterfaceLocal, address, STRING),
        ATTRIBUTE("port", InterfaceLocal, port, NUMBER(1, UINT16_MAX)),
        BIND_END,
};
static const BindType local_type = BIND_TYPE(InterfaceLocal, local_rows);

static const BindRow source_bridge_rows[] = {
        ATTRIBUTE("bridge", InterfaceSource, bridge, STRING),
        ATTRIBUTE("macTableManager", InterfaceSource, mac_table_manager, WORDS("kernel, libvirt"),
                LIVE),
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_bridge_type = BIND_TYPE(InterfaceSource, source_bridge_rows);
static const BindRow interface_bridge_rows[] = {
        CHILD("source", InterfaceDevice, source, source_bridge_type),
        BIND_END,
};

static const BindRow source_network_rows[] = {
        ATTRIBUTE("network", InterfaceSource, network, STRING),
        ATTRIBUTE("portid", InterfaceSource, port_id, UUID, LIVE),
        ATTRIBUTE("portgroup", InterfaceSource, portgroup, STRING),
        ATTRIBUTE("bridge", InterfaceSource, bridge, STRING, LIVE),
        ATTRIBUTE("macTableManager", InterfaceSource, mac_table_manager, WORDS("kernel, libvirt"),
                LIVE),
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_network_type = BIND_TYPE(InterfaceSource, source_network_rows);
static const BindRow interface_network_rows[] = {
        CHILD("source", InterfaceDevice, source, source_network_type),
        BIND_END,
};

static const BindRow source_direct_rows[] = {
        ATTRIBUTE("dev", InterfaceSource, dev, STRING),
        ATTRIBUTE("mode", InterfaceSource, mode, WORDS("vepa, private, bridge, passthrough")),
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_direct_type = BIND_TYPE(InterfaceSource, source_direct_rows);
static const BindRow interface_direct_rows[] = {
        CHILD("source", InterfaceDevice, source, source_direct_type),
        BIND_END,
};

static const BindRow source_user_rows[] = {
        ATTRIBUTE("dev", InterfaceSource, dev, STRING),
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_user_type = BIND_TYPE(InterfaceSource, source_user_rows);
static const BindRow interface_user_rows[] = {
        CHILD("source", InterfaceDevice, source, source_user_type),
        BIND_END,
};

static const BindRow source_ethernet_rows[] = {
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_ethernet_type = BIND_TYPE(InterfaceSource, source_ethernet_rows);
static const BindRow interface_ethernet_rows[] = {
        CHILD("source", InterfaceDevice, source, source_ethernet_type),
        BIND_END,
};

static const BindRow source_internal_rows[] = {
        ATTRIBUTE("name", InterfaceSource, name, STRING),
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_internal_type = BIND_TYPE(InterfaceSource, source_internal_rows);
static const BindRow interface_internal_rows[] = {
        CHILD("source", InterfaceDevice, source, source_internal_type),
        BIND_END,
};

static const BindRow source_socket_rows[] = {
        ATTRIBUTE("address", InterfaceSource, address, STRING),
        ATTRIBUTE("port", InterfaceSource, port, NUMBER(1, UINT16_MAX)),
        CHILD("local", InterfaceSource, local, local_type),
        LIST("ip", InterfaceSource, ips, interface_ip_type),
        LIST("route", InterfaceSource, routes, interface_route_type),
        BIND_END,
};
static const BindType source_socket_type = BIND_TYPE(InterfaceSource, source_socket_rows);
static const BindRow interface_socket_rows[] = {
        CHILD("source", InterfaceDevice, source, source_socket_type),
        BIND_END,
};

static const BindRow source_vhost_user_rows[] = {
        ATTRIBUTE("type", InterfaceSource, type, WORDS("unix"), REQUIRED),
        ATTRIBUTE("path", InterfaceSource, path, STRING, REQUIRED),
        ATTRIBUTE("mode", InterfaceSource, mode, WORDS("client, server"), REQUIRED),
        CHILD("reconnect", InterfaceSource, reconnect, reconnect_type),
        BIND_END,
};
static const BindType source_vhost_user_type = BIND_TYPE(InterfaceSource, source_vhost_user_rows);
static const BindRow interface_vhost_user_rows[] = {
        CHILD("source", InterfaceDevice, source, source_vhost_user_type),
        BIND_END,
};

static const BindRow source_vdpa_rows[] = {
        ATTRIBUTE("dev", InterfaceSource, dev, STRING, REQUIRED),
        BIND_END,
};
static const BindType source_vdpa_type = BIND_TYPE(InterfaceSource, source_vdpa_rows);
static const BindRow interface_vdpa_rows[] = {
        CHILD("source", InterfaceDevice, source, source_vdpa_type),
        BIND_END,
};

static const BindRow source_hostdev_rows[] = {
        CHILD("address", InterfaceSource, pci, host_address_type),
        BIND_END,
};
static const BindType source_hostdev_type = BIND_TYPE(InterfaceSource, source_hostdev_rows);
static const BindRow interface_hostdev_rows[] = {
        LEAF("driver", "name", InterfaceDevice, hostdev_driver, WORDS("kvm, vfio, xen")),
        CHILD("source", InterfaceDevice, source, source_hostdev_type),
        BIND_END,
};

static const BindRow source_vds_rows[] = {
        ATTRIBUTE("switchid", InterfaceSource, switch_id, UUID, REQUIRED),
        ATTRIBUTE("portid", InterfaceSource, port_id, STRING),
        ATTRIBUTE("portgroupid", InterfaceSource, portgroup_id, STRING, REQUIRED),
        ATTRIBUTE("connectionid", InterfaceSource, connection_id, NUMBER(INT32_MIN, INT64_MAX)),
        BIND_END,
};
static const BindType source_vds_type = BIND_TYPE(InterfaceSource, source_vds_rows);
static const BindRow interface_vds_rows[] = {
        CHILD("source", InterfaceDevice, source, source_vds_type),
        BIND_END,
};

static const BindCase interface_cases[] = {
        { INTERFACE_BRIDGE, interface_bridge_rows },
        { INTERFACE_NETWORK, interface_network_rows },
        { INTERFACE_DIRECT, interface_direct_rows },
        { INTERFACE_USER, interface_user_rows },
        { INTERFACE_ETHERNET, interface_ethernet_rows },
        { INTERFACE_INTERNAL, interface_internal_rows },
        { INTERFACE_SERVER, interface_socket_rows },
        { INTERFACE_CLIENT, interface_socket_rows },
        { INTERFACE_MCAST, interface_socket_rows },
        { INTERFACE_UDP, interface_socket_rows },
        { INTERFACE_VHOST_USER, interface_vhost_user_rows },
        { INTERFACE_VDPA, interface_vdpa_rows },
        { INTERFACE_HOSTDEV, interface_hostdev_rows },
        { INTERFACE_VDS, interface_vds_rows },
        {},
};

/* ---- the host's switch ---------------------------------------------------------------------- */

static const BindRow vlan_tag_rows[] = {
        ATTRIBUTE("id", VlanTag, id, NUMBER(0, 4095), REQUIRED),
        ATTRIBUTE("nativeMode", VlanTag, native_mode, WORDS("tagged, untagged")),
        BIND_END,
};
static const BindType vlan_tag_type = BIND_TYPE(VlanTag, vlan_tag_rows);

static const BindRow vlan_rows[] = {
        ATTRIBUTE("trunk", InterfaceVlan, trunk, YES_NO),
        LIST("tag", InterfaceVlan, tags, vlan_tag_type),
        BIND_END,
};
static const BindType vlan_type = BIND_TYPE(InterfaceVlan, vlan_rows);

static const BindRow virtualport_parameters_rows[] = {
        ATTRIBUTE("managerid", VirtualPortParameters, manager_id, NUMBER(0, UINT8_MAX)),
        ATTRIBUTE("typeid", VirtualPortParameters, type_id, NUMBER(0, 0xffffff)),
        ATTRIBUTE("typeidversion", VirtualPortParameters, type_id_version, NUMBER(0, UINT8_MAX)),
        ATTRIBUTE("instanceid", VirtualPortParameters, instance_id, UUID),
        ATTRIBUTE("interfaceid", VirtualPortParameters, interface_id, UUID),
        ATTRIBUTE("profileid", VirtualPortParameters, profile_id, STRING),
        BIND_END,
};
static const BindType virtualport_parameters_type =
        BIND_TYPE(VirtualPortParameters, virtualport_parameters_rows);

static const BindRow virtualport_rows[] = {
        ATTRIBUTE("type", VirtualPort, type, WORDS("802.1Qbg, 802.1Qbh, openvswitch, midonet")),
        CHILD("parameters", VirtualPort, parameters, virtualport_parameters_type),
        BIND_END,
};
static const BindType virtualport_type = BIND_TYPE(VirtualPort, virtualport_rows);

static const BindRow bandwidth_rate_rows[] = {
        ATTRIBUTE("average", BandwidthRate, average, NUMBER(0, INT64_MAX)),
        ATTRIBUTE("peak", BandwidthRate, peak, NUMBER(0, INT64_MAX)),
        ATTRIBUTE("floor", BandwidthRate, floor, NUMBER(0, INT64_MAX)),
        ATTRIBUTE("burst", BandwidthRate, burst, NUMBER(0, INT64_MAX)),
        BIND_END,
};
static const BindType bandwidth_rate_type = BIND_TYPE(BandwidthRate, bandwidth_rate_rows);

static const BindRow bandwidth_rows[] = {
        ATTRIBUTE("classID", InterfaceBandwidth, class_id, NUMBER(1, UINT32_MAX), LIVE),
        CHILD("inbound", InterfaceBandwidth, inbound, bandwidth_rate_type),
        CHILD("outbound", InterfaceBandwidth, outbound, bandwidth_rate_type),
        BIND_END,
};
static const BindType bandwidth_type = BIND_TYPE(InterfaceBandwidth, bandwidth_rows);

static const BindRow filter_parameter_rows[] = {
        ATTRIBUTE("name", FilterParameter, name, STRING, REQUIRED),
        ATTRIBUTE("value", FilterParameter, value, STRING, REQUIRED),
        BIND_END,
};
static const BindType filter_parameter_type = BIND_TYPE(FilterParameter, filter_parameter_rows);

static const BindRow filter_rows[] = {
        ATTRIBUTE("filter", InterfaceFilter, filter, STRING, REQUIRED),
        LIST("parameter", InterfaceFilter, parameters, filter_parameter_type),
        BIND_END,
};
static const BindType filter_type = BIND_TYPE(InterfaceFilter, filter_rows);

/* ---- the rest ------------------------------------------------------------------------------- */

static const BindRow interface_script_rows[] = {
        ATTRIBUTE("path", InterfaceScript, path, STRING, REQUIRED),
        BIND_END,
};
static const BindType interface_script_type = BIND_TYPE(InterfaceScript, interface_script_rows);

/* Names that the driver gave: they are another's when the domain starts again. */
static bool target_is_live(const void *object, unsigned flags)
{
        const InterfaceTarget *target = object;

        if (!(flags & BIND_INACTIVE) || !target->dev)
                return false;
        return g_str_has_prefix(target->dev, "vnet") || g_str_has_prefix(target->dev, "macvtap") ||
                g_str_has_prefix(target->dev, "macvlan");
}

static const BindRow interface_target_rows[] = {
        ATTRIBUTE("dev", InterfaceTarget, dev, STRING, OMIT(target_is_live)),
        ATTRIBUTE("managed", InterfaceTarget, managed, YES_NO),
        BIND_END,
};
static const BindType interface_target_type = BIND_TYPE(InterfaceTarget, interface_target_rows);

static const BindRow interface_model_rows[] = {
        ATTRIBUTE("type", InterfaceModel, type, STRING),
        BIND_END,
};
static const BindType interface_model_type = BIND_TYPE(InterfaceModel, interface_model_rows);

static const BindRow host_offloads_rows[] = {
        ATTRIBUTE("csum", InterfaceOffloads, csum, ON_OFF),
        ATTRIBUTE("gso", InterfaceOffloads, gso, ON_OFF),
        ATTRIBUTE("tso4", InterfaceOffloads, tso4, ON_OFF),
        ATTRIBUTE("tso6", InterfaceOffloads, tso6, ON_OFF),
        ATTRIBUTE("ecn", InterfaceOffloads, ecn, ON_OFF),
        ATTRIBUTE("ufo", InterfaceOffloads, ufo, ON_OFF),
        ATTRIBUTE("mrg_rxbuf", InterfaceOffloads, mrg_rxbuf, ON_OFF),
        BIND_END,
};
static const BindRow guest_offloads_rows[] = {
        ATTRIBUTE("csum", InterfaceOffloads, csum, ON_OFF),
        ATTRIBUTE("tso4", InterfaceOffloads, tso4, ON_OFF),
        ATTRIBUTE("tso6", InterfaceOffloads, tso6, ON_OFF),
        ATTRIBUTE("ecn", InterfaceOffloads, ecn, ON_OFF),
        ATTRIBUTE("ufo", InterfaceOffloads, ufo, ON_OFF),
        BIND_END,
};
static const BindType host_offloads_type = BIND_TYPE(InterfaceOffloads, host_offloads_rows);
static const BindType guest_offloads_type = BIND_TYPE(InterfaceOffloads, guest_offloads_rows);

static const BindRow interface_driver_rows[] = {
        ATTRIBUTE("name", InterfaceDriver, name, ENUM(interface_driver_names)),
        ATTRIBUTE("txmode", InterfaceDriver, txmode, WORDS("iothread, timer")),
        ATTRIBUTE("ioeventfd", InterfaceDriver, ioeventfd, ON_OFF),
        ATTRIBUTE("event_idx", InterfaceDriver, event_idx, ON_OFF),
        ATTRIBUTE("queues", InterfaceDriver, queues, NUMBER(1, UINT16_MAX)),
        ATTRIBUTE("rx_queue_size", InterfaceDriver, rx_queue_size, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("tx_queue_size", InterfaceDriver, tx_queue_size, NUMBER(1, UINT32_MAX)),
        ATTRIBUTE("rss", InterfaceDriver, rss, ON_OFF),
        ATTRIBUTE("rss_hash_report", InterfaceDriver, rss_hash_report, ON_OFF),
        GROUP(InterfaceDriver, virtio, virtio_options_rows),
        POINTER("host", InterfaceDriver, host, host_offloads_type),
        POINTER("guest", InterfaceDriver, guest, guest_offloads_type),
        BIND_END,
};
static const BindType interface_driver_type = BIND_TYPE(InterfaceDriver, interface_driver_rows);

static const BindRow interface_link_rows[] = {
        ATTRIBUTE("state", InterfaceLink, state, ENUM(link_state_names), REQUIRED),
        BIND_END,
};
static const BindType interface_link_type = BIND_TYPE(InterfaceLink, interface_link_rows);

static const BindRow interface_mtu_rows[] = {
        ATTRIBUTE("size", InterfaceMtu, size, NUMBER(1, UINT32_MAX), REQUIRED),
        BIND_END,
};
static const BindType interface_mtu_type = BIND_TYPE(InterfaceMtu, interface_mtu_rows);

static const BindRow guest_rows[] = {
        ATTRIBUTE("dev", InterfaceGuest, dev, STRING),
        ATTRIBUTE("actual", InterfaceGuest, actual, STRING),
        BIND_END,
};
static const BindType guest_type = BIND_TYPE(InterfaceGuest, guest_rows);

static const BindRow backend_rows[] = {
        ATTRIBUTE("type", InterfaceBackend, type, WORDS("default, passt")),
        ATTRIBUTE("tap", InterfaceBackend, tap, STRING),
        ATTRIBUTE("vhost", InterfaceBackend, vhost, STRING),
        ATTRIBUTE("logFile", InterfaceBackend, log_file, STRING),
        BIND_END,
};
static const BindType backend_type = BIND_TYPE(InterfaceBackend, backend_rows);

static const BindRow tune_rows[] = {
        ELEMENT("sndbuf", InterfaceTune, sndbuf, NUMBER(0, INT64_MAX)),
        BIND_END,
};
static const BindType tune_type = BIND_TYPE(InterfaceTune, tune_rows);

static const BindRow coalesce_rx_rows[] = {
        LEAF("frames", "max", CoalesceRx, frames_max, NUMBER(0, UINT32_MAX)),
        BIND_END,
};
static const BindType coalesce_rx_type = BIND_TYPE(CoalesceRx, coalesce_rx_rows);

static const BindRow coalesce_rows[] = {
        CHILD("rx", InterfaceCoalesce, rx, coalesce_rx_type),
        BIND_END,
};
static const BindType coalesce_type = BIND_TYPE(InterfaceCoalesce, coalesce_rows);

static const BindRow teaming_rows[] = {
        ATTRIBUTE("type", InterfaceTeaming, type, WORDS("persistent, transient"), REQUIRED),
        ATTRIBUTE("persistent", InterfaceTeaming, persistent, STRING),
        BIND_END,
};
const BindType interface_teaming_type = BIND_TYPE(InterfaceTeaming, teaming_rows);

static const BindRow interface_rows[] = {
        ATTRIBUTE("type", InterfaceDevice, type, ENUM(interface_type_names), REQUIRED),
        ATTRIBUTE("managed", InterfaceDevice, managed, YES_NO),
        ATTRIBUTE("trustGuestRxFilters", InterfaceDevice, trust_guest_rx_filters, YES_NO),
        CHILD("mac", InterfaceDevice, mac, interface_mac_type),
        CASES(InterfaceDevice, type, interface_cases),
        POINTER("vlan", InterfaceDevice, vlan, vlan_type),
        POINTER("virtualport", InterfaceDevice, virtualport, virtualport_type),
        POINTER("bandwidth", InterfaceDevice, bandwidth, bandwidth_type),
        LIST("ip", InterfaceDevice, ips, interface_ip_type),
        LIST("route", InterfaceDevice, routes, interface_route_type),
        LIST("portForward", InterfaceDevice, port_forwards, port_forward_type),
        CHILD("script", InterfaceDevice, script, interface_script_type),
        CHILD("downscript", InterfaceDevice, downscript, interface_script_type),
        LEAF("backenddomain", "name", InterfaceDevice, backend_domain, STRING, REQUIRED),
        CHILD("target", InterfaceDevice, target, interface_target_type),
        POINTER("guest", InterfaceDevice, guest, guest_type),
        CHILD("model", InterfaceDevice, model, interface_model_type),
        CHILD("driver", InterfaceDevice, driver, interface_driver_type),
        POINTER("backend", InterfaceDevice, backend, backend_type),
        POINTER("filterref", InterfaceDevice, filterref, filter_type),
        CHILD("link", InterfaceDevice, link, interface_link_type),
        POINTER("tune", InterfaceDevice, tune, tune_type),
        CHILD("mtu", InterfaceDevice, mtu, interface_mtu_type),
        POINTER("coalesce", InterfaceDevice, coalesce, coalesce_type),
        LEAF("port", "isolated", InterfaceDevice, isolated, YES_NO),
        POINTER("teaming", InterfaceDevice, teaming, interface_teaming_type),
        REST,
        INFO(InterfaceDevice),
        BIND_END,
};
const BindType interface_type = BIND_TYPE(InterfaceDevice, interface_rows);

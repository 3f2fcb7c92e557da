/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a virtual network: libvirt's "Network XML format" as structs.
 *
 * The struct is the document, by the rules of domain.h: a struct for an element, a field for an
 * attribute or child, the path of a field is the path in the XML; all-zero is "not in the
 * document"; what is not bound is kept and written back. IP addresses and MAC addresses are stored
 * in their one form.
 *
 * Errors: XML_DETAIL for what is not well formed and, as clients know it, for some of what is
 * missing; NO_NAME, XML_ERROR for wrong content, CONFIG_UNSUPPORTED for what contradicts itself.
 * Nothing here suspends. */

#include "drivers/model/value.h"
#include "service/base/enum.h"
#include "service/base/error.h"

/* ---- what networks share with the interfaces of domains ------------------------------------- */

typedef enum NetworkPortType {
        NETWORK_PORT_ABSENT,
        NETWORK_PORT_NONE,
        NETWORK_PORT_8021QBG,
        NETWORK_PORT_8021QBH,
        NETWORK_PORT_OPENVSWITCH,
        NETWORK_PORT_MIDONET,
        NETWORK_PORT_MAX
} NetworkPortType;

typedef struct NetworkPortParameters {
        Kept kept;
        Number managerid;     /* 802.1Qbg, one byte */
        Number typeid;        /* 802.1Qbg, three bytes */
        Number typeidversion; /* 802.1Qbg, one byte */
        char *instanceid;     /* 802.1Qbg: a UUID */
        char *interfaceid;    /* openvswitch, midonet: a UUID */
        char *profileid;      /* 802.1Qbh, openvswitch: at most 39 bytes */
} NetworkPortParameters;

typedef struct NetworkVirtualPort {
        Kept kept;
        NetworkPortType type;
        NetworkPortParameters parameters;
} NetworkVirtualPort;

typedef enum NetworkVlanMode {
        NETWORK_VLAN_ABSENT,
        NETWORK_VLAN_TAGGED,
        NETWORK_VLAN_UNTAGGED,
        NETWORK_VLAN_MAX
} NetworkVlanMode;

typedef struct NetworkVlanTag {
        Kept kept;
        Number id; /* to 4095 */
        NetworkVlanMode native_mode;
} NetworkVlanTag;

typedef struct NetworkVlan {
        Kept kept;
        Switch trunk;
        NetworkVlanTag **tags;
        size_t n_tags;
} NetworkVlan;

/* Rates are KiB/s, burst is KiB. */
typedef struct NetworkRate {
        Kept kept;
        Number average, peak, floor, burst;
} NetworkRate;

typedef struct NetworkBandwidth {
        Kept kept;
        Number class_id;
        NetworkRate *inbound;
        NetworkRate *outbound;
} NetworkBandwidth;

/* ---- forward -------------------------------------------------------------------------------- */

typedef enum NetworkForwardMode {
        NETWORK_FORWARD_ABSENT, /* with a <forward>: nat */
        NETWORK_FORWARD_NAT,
        NETWORK_FORWARD_ROUTE,
        NETWORK_FORWARD_OPEN,
        NETWORK_FORWARD_BRIDGE,
        NETWORK_FORWARD_PRIVATE,
        NETWORK_FORWARD_VEPA,
        NETWORK_FORWARD_PASSTHROUGH,
        NETWORK_FORWARD_HOSTDEV,
        NETWORK_FORWARD_MAX
} NetworkForwardMode;
extern const EnumTable network_forward_names;

typedef enum NetworkForwardDriver {
        NETWORK_DRIVER_ABSENT,
        NETWORK_DRIVER_KVM,
        NETWORK_DRIVER_VFIO,
        NETWORK_DRIVER_XEN,
        NETWORK_DRIVER_MAX
} NetworkForwardDriver;

typedef struct NetworkRange {
        Kept kept;
        char *start;
        char *end;
} NetworkRange;

typedef struct NetworkPorts {
        Kept kept;
        Number start, end; /* of TCP and UDP */
} NetworkPorts;

typedef struct NetworkNat {
        Kept kept;
        Switch ipv6;
        NetworkRange address;
        NetworkPorts port;
} NetworkNat;

typedef struct NetworkForwardInterface {
        Kept kept;
        char *dev;
        Number connections; /* live: domains that use it */
} NetworkForwardInterface;

typedef struct NetworkForwardAddress {
        Kept kept;
        char *type;    /* "pci" */
        Number domain; /* each absent: 0 */
        Number bus, slot, function;
        Number connections; /* live */
} NetworkForwardAddress;

typedef struct NetworkPf {
        Kept kept;
        char *dev;
} NetworkPf;

typedef struct NetworkDriver {
        Kept kept;
        NetworkForwardDriver name;
} NetworkDriver;

typedef struct NetworkForward {
        Kept kept;
        char *dev;
        NetworkForwardMode mode;
        Switch managed; /* hostdev */
        NetworkDriver driver;
        NetworkNat nat;
        NetworkPf *pf;
        NetworkForwardInterface **interfaces;
        size_t n_interfaces;
        NetworkForwardAddress **addresses; /* hostdev: virtual functions */
        size_t n_addresses;
} NetworkForward;

/* ---- the bridge and its addresses ----------------------------------------------------------- */

typedef enum NetworkMacTable {
        NETWORK_MAC_TABLE_ABSENT,
        NETWORK_MAC_TABLE_KERNEL,
        NETWORK_MAC_TABLE_LIBVIRT,
        NETWORK_MAC_TABLE_MAX
} NetworkMacTable;

typedef struct NetworkBridge {
        Kept kept;
        char *name; /* NULL until the driver has chosen one */
        char *zone; /* of firewalld */
        Switch stp;
        Number delay; /* seconds */
        NetworkMacTable mac_table_manager;
} NetworkBridge;

typedef struct NetworkMtu {
        Kept kept;
        Number size; /* bytes */
} NetworkMtu;

typedef struct NetworkMac {
        Kept kept;
        char *address;
} NetworkMac;

typedef struct NetworkDomain {
        Kept kept;
        char *name;
        Switch local_only;
        Switch register_; /* @register: with systemd-resolved */
} NetworkDomain;

typedef enum NetworkLeaseUnit {
        NETWORK_LEASE_ABSENT, /* minutes */
        NETWORK_LEASE_SECONDS,
        NETWORK_LEASE_MINUTES,
        NETWORK_LEASE_HOURS,
        NETWORK_LEASE_MAX
} NetworkLeaseUnit;

typedef struct NetworkLease {
        Kept kept;
        Number expiry; /* in `unit`; 0: never */
        NetworkLeaseUnit unit;
} NetworkLease;

typedef struct NetworkDhcpRange {
        Kept kept;
        char *start;
        char *end;
        NetworkLease lease;
} NetworkDhcpRange;

typedef struct NetworkDhcpHost {
        Kept kept;
        char *id; /* DUID or client identifier, bytes in hexadecimal with colons */
        char *mac;
        char *name;
        char *ip;
        NetworkLease lease;
} NetworkDhcpHost;

typedef struct NetworkBootp {
        Kept kept;
        char *file;
        char *server;
} NetworkBootp;

typedef struct NetworkDhcp {
        Kept kept;
        NetworkDhcpRange **ranges;
        size_t n_ranges;
        NetworkDhcpHost **hosts;
        size_t n_hosts;
        NetworkBootp bootp;
} NetworkDhcp;

typedef struct NetworkTftp {
        Kept kept;
        char *root;
} NetworkTftp;

typedef enum NetworkFamily {
        NETWORK_FAMILY_ABSENT, /* ipv4 */
        NETWORK_FAMILY_IPV4,
        NETWORK_FAMILY_IPV6,
        NETWORK_FAMILY_MAX
} NetworkFamily;
extern const EnumTable network_family_names;

typedef struct NetworkIp {
        Kept kept;
        NetworkFamily family;
        char *address;
        char *netmask; /* or a prefix; neither: by the address' class, 64 for IPv6 */
        Number prefix;
        Switch local_ptr;
        NetworkTftp tftp;
        NetworkDhcp *dhcp;
} NetworkIp;

typedef struct NetworkRoute {
        Kept kept;
        NetworkFamily family;
        char *address;
        char *netmask;
        Number prefix;
        char *gateway;
        Number metric;
} NetworkRoute;

/* ---- dns ------------------------------------------------------------------------------------ */

typedef struct NetworkDnsForwarder {
        Kept kept;
        char *domain;
        char *addr;
} NetworkDnsForwarder;

typedef struct NetworkDnsTxt {
        Kept kept;
        char *name;
        char *value;
} NetworkDnsTxt;

typedef struct NetworkDnsSrv {
        Kept kept;
        char *service;
        char *protocol;
        char *domain;
        char *target;
        Number port, priority, weight;
} NetworkDnsSrv;

typedef struct NetworkHostname {
        Kept kept;
        char *name; /* the text */
} NetworkHostname;

typedef struct NetworkDnsHost {
        Kept kept;
        char *ip;
        NetworkHostname **hostnames;
        size_t n_hostnames;
} NetworkDnsHost;

typedef struct NetworkDns {
        Kept kept;
        Switch enable;
        Switch forward_plain_names;
        NetworkDnsForwarder **forwarders;
        size_t n_forwarders;
        NetworkDnsTxt **txts;
        size_t n_txts;
        NetworkDnsSrv **srvs;
        size_t n_srvs;
        NetworkDnsHost **hosts;
        size_t n_hosts;
} NetworkDns;

/* ---- the network ---------------------------------------------------------------------------- */

typedef struct NetworkPortGroup {
        Kept kept;
        char *name;
        Switch default_;
        Switch trust_guest_rx_filters;
        NetworkVlan *vlan;
        NetworkVirtualPort *virtualport;
        NetworkBandwidth bandwidth;
} NetworkPortGroup;

typedef struct NetworkPortOptions {
        Kept kept;
        Switch isolated;
} NetworkPortOptions;

typedef struct NetworkConfig {
        Kept kept;          /* also the dnsmasq options */
        Number connections; /* live */
        Switch ipv6;
        Switch trust_guest_rx_filters;
        char *name;
        char *uuid;
        char *title;
        char *description;
        char *metadata;
        NetworkForward *forward; /* NULL: isolated */
        NetworkBridge bridge;
        NetworkMtu mtu;
        NetworkMac mac;
        NetworkDomain domain;
        NetworkDns *dns;
        NetworkVlan *vlan;
        NetworkBandwidth bandwidth;
        NetworkPortOptions port;
        NetworkIp **ips;
        size_t n_ips;
        NetworkRoute **routes;
        size_t n_routes;
        NetworkVirtualPort *virtualport;
        NetworkPortGroup **portgroups;
        size_t n_portgroups;
} NetworkConfig;

/* libvirt's number. Parse drops what only a running network has, format leaves it out. */
#define NETWORK_XML_INACTIVE 1u

int network_config_parse(const char *xml, unsigned flags, NetworkConfig **ret, GError **error);

/* Fills in what libvirt fills in: a UUID, the mode of a <forward> and its device, the bridge's stp
 * and delay. The name of a bridge is the driver's to choose, who knows which are taken. */
void network_config_defaults(NetworkConfig *config);

int network_config_validate(const NetworkConfig *config, GError **error);
char *network_config_format(const NetworkConfig *config, unsigned flags);
NetworkConfig *network_config_copy(const NetworkConfig *config);
void network_config_free(NetworkConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkConfig, network_config_free)

/* Name and UUID only (document_identify()); *ret_uuid is NULL where there is none, and may itself
 * be NULL. */
int network_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error);

/* The mode, with an absent one filled in; NETWORK_FORWARD_ABSENT is isolated. */
NetworkForwardMode network_config_mode(const NetworkConfig *config);

/* The prefix of an address element, from its netmask, prefix, or class. */
unsigned network_ip_prefix(const NetworkIp *ip);

/* ---- changes of a part ---------------------------------------------------------------------- */

/* libvirt's numbers (virNetworkUpdateCommand, virNetworkUpdateSection). */
typedef enum NetworkUpdate {
        NETWORK_UPDATE_NONE,
        NETWORK_UPDATE_MODIFY,
        NETWORK_UPDATE_DELETE,
        NETWORK_UPDATE_ADD_LAST,
        NETWORK_UPDATE_ADD_FIRST,
        NETWORK_UPDATE_MAX
} NetworkUpdate;

typedef enum NetworkSection {
        NETWORK_SECTION_NONE,
        NETWORK_SECTION_BRIDGE,
        NETWORK_SECTION_DOMAIN,
        NETWORK_SECTION_IP,
        NETWORK_SECTION_IP_DHCP_HOST,
        NETWORK_SECTION_IP_DHCP_RANGE,
        NETWORK_SECTION_FORWARD,
        NETWORK_SECTION_FORWARD_INTERFACE,
        NETWORK_SECTION_FORWARD_PF,
        NETWORK_SECTION_PORTGROUP,
        NETWORK_SECTION_DNS_HOST,
        NETWORK_SECTION_DNS_TXT,
        NETWORK_SECTION_DNS_SRV,
        NETWORK_SECTION_MAX
} NetworkSection;

/* Changes one element of a section as virNetworkUpdate() does: `xml` is that element alone.
 * parent_index says which <ip> a DHCP entry is of; -1 finds it. The change is made only if the
 * whole is still valid after it. OPERATION_INVALID where what is to be changed is not there, or
 * what is to be added is; OPERATION_UNSUPPORTED (or NO_SUPPORT, as libvirt) for a section that can
 * not be changed. */
int network_config_update(NetworkConfig *config, unsigned command, unsigned section,
        int parent_index, const char *xml, GError **error);

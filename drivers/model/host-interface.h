/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of an interface of the host: libvirt's interface documents (ethernet, bridge,
 * bond, vlan). By the rules of network.h, but for addresses, which stay as they were written: they
 * are the host's. */

#include "drivers/model/value.h"
#include "service/base/enum.h"
#include "service/base/error.h"

typedef enum HostInterfaceType {
        HOST_INTERFACE_ABSENT,
        HOST_INTERFACE_ETHERNET,
        HOST_INTERFACE_BRIDGE,
        HOST_INTERFACE_BOND,
        HOST_INTERFACE_VLAN,
        HOST_INTERFACE_MAX
} HostInterfaceType;
extern const EnumTable host_interface_type_names;

typedef enum HostStartMode {
        HOST_START_ABSENT,
        HOST_START_ONBOOT,
        HOST_START_NONE,
        HOST_START_HOTPLUG,
        HOST_START_MAX
} HostStartMode;

typedef struct HostStart {
        Kept kept;
        HostStartMode mode;
} HostStart;

typedef struct HostMtu {
        Kept kept;
        Number size; /* bytes */
} HostMtu;

typedef enum HostLinkState {
        HOST_LINK_ABSENT,
        HOST_LINK_UNKNOWN,
        HOST_LINK_NOT_PRESENT,
        HOST_LINK_DOWN,
        HOST_LINK_LOWER_LAYER_DOWN,
        HOST_LINK_TESTING,
        HOST_LINK_DORMANT,
        HOST_LINK_UP,
        HOST_LINK_MAX
} HostLinkState;

typedef struct HostLink {
        Kept kept;
        Number speed; /* Mbit/s */
        HostLinkState state;
} HostLink;

typedef struct HostMac {
        Kept kept;
        char *address;
} HostMac;

typedef struct HostDhcp {
        Kept kept;
        Switch peerdns;
} HostDhcp;

typedef struct HostIp {
        Kept kept;
        char *address;
        Number prefix;
} HostIp;

typedef struct HostRoute {
        Kept kept;
        char *gateway;
} HostRoute;

typedef enum HostFamily {
        HOST_FAMILY_ABSENT,
        HOST_FAMILY_IPV4,
        HOST_FAMILY_IPV6,
        HOST_FAMILY_MAX
} HostFamily;

typedef struct HostProtocol {
        Kept kept;
        HostFamily family;
        bool autoconf; /* ipv6 */
        HostDhcp *dhcp;
        HostIp **ips;
        size_t n_ips;
        HostRoute **routes;
        size_t n_routes;
} HostProtocol;

typedef enum HostBondMode {
        HOST_BOND_ABSENT,
        HOST_BOND_BALANCE_RR,
        HOST_BOND_ACTIVE_BACKUP,
        HOST_BOND_BALANCE_XOR,
        HOST_BOND_BROADCAST,
        HOST_BOND_8023AD,
        HOST_BOND_BALANCE_TLB,
        HOST_BOND_BALANCE_ALB,
        HOST_BOND_MAX
} HostBondMode;

typedef enum HostCarrier {
        HOST_CARRIER_ABSENT,
        HOST_CARRIER_IOCTL,
        HOST_CARRIER_NETIF,
        HOST_CARRIER_MAX
} HostCarrier;

typedef enum HostArpValidate {
        HOST_ARP_ABSENT,
        HOST_ARP_NONE,
        HOST_ARP_ACTIVE,
        HOST_ARP_BACKUP,
        HOST_ARP_ALL,
        HOST_ARP_MAX
} HostArpValidate;

typedef struct HostMiimon {
        Kept kept;
        Number freq, downdelay, updelay; /* ms */
        HostCarrier carrier;
} HostMiimon;

typedef struct HostArpmon {
        Kept kept;
        Number interval; /* ms */
        char *target;
        HostArpValidate validate;
} HostArpmon;

typedef struct HostInterfaceConfig HostInterfaceConfig;

typedef struct HostBond {
        Kept kept;
        HostBondMode mode;
        HostMiimon *miimon;
        HostArpmon *arpmon;
        HostInterfaceConfig **interfaces; /* ethernet */
        size_t n_interfaces;
} HostBond;

typedef struct HostVlanDevice {
        Kept kept;
        char *name;
} HostVlanDevice;

typedef struct HostVlan {
        Kept kept;
        Number tag; /* to 4095 */
        HostVlanDevice interface;
} HostVlan;

typedef struct HostBridge {
        Kept kept;
        Switch stp;
        char *delay;                      /* seconds, may have a fraction */
        HostInterfaceConfig **interfaces; /* ethernet, bond, vlan */
        size_t n_interfaces;
} HostBridge;

/* Also an interface in a bridge or bond; start, MTU and protocols are of the outermost alone. */
struct HostInterfaceConfig {
        Kept kept;
        HostInterfaceType type;
        char *name;
        HostStart start;
        HostMtu mtu;
        HostProtocol **protocols;
        size_t n_protocols;
        HostLink link; /* live */
        HostMac mac;
        HostBridge *bridge;
        HostBond *bond;
        HostVlan *vlan;
};

/* libvirt's number: without what only an active interface has. */
#define HOST_INTERFACE_XML_INACTIVE 1u

int host_interface_config_parse(
        const char *xml, unsigned flags, HostInterfaceConfig **ret, GError **error);
int host_interface_config_validate(const HostInterfaceConfig *config, GError **error);
char *host_interface_config_format(const HostInterfaceConfig *config, unsigned flags);
HostInterfaceConfig *host_interface_config_copy(const HostInterfaceConfig *config);
void host_interface_config_free(HostInterfaceConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInterfaceConfig, host_interface_config_free)
int host_interface_config_identify(const char *xml, char **ret_name, GError **error);

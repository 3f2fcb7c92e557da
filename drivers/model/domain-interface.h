/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The network interfaces of a guest. */

#include "drivers/model/domain-disk.h"

typedef struct InterfaceMac {
        Kept kept;
        char *address; /* "52:54:00:xx:xx:xx", lower case */
        char *type;    /* "generated", "static" */
        Switch check;
} InterfaceMac;

/* An address of the guest's or, in <source>, of the host's side. */
typedef struct InterfaceIp {
        Kept kept;
        char *address;
        char *family;
        Number prefix;
        char *peer;
} InterfaceIp;

typedef struct InterfaceRoute {
        Kept kept;
        char *family;
        char *address;
        Number prefix;
        char *netmask;
        char *gateway;
        Number metric;
} InterfaceRoute;

typedef struct InterfaceLocal {
        Kept kept;
        char *address;
        Number port;
} InterfaceLocal;

/* Which fields there are depends on interface/@type. */
typedef struct InterfaceSource {
        Kept kept;
        char *network; /* network */
        char *portgroup;
        char *port_id;           /* live: of the network's port, or of a vds's */
        char *bridge;            /* bridge; live also network */
        char *mac_table_manager; /* live */
        char *dev;               /* direct, vdpa, user */
        char *mode;              /* direct; vhostuser: "client", "server" */
        char *name;              /* internal */
        char *address;           /* server, client, mcast, udp */
        Number port;
        InterfaceLocal local; /* udp */
        char *type;           /* vhostuser: "unix" */
        char *path;
        Reconnect reconnect;
        char *switch_id; /* vds */
        char *portgroup_id;
        Number connection_id;
        HostAddress pci;   /* hostdev */
        InterfaceIp **ips; /* ethernet */
        size_t n_ips;
        InterfaceRoute **routes;
        size_t n_routes;
} InterfaceSource;

typedef struct VlanTag {
        Kept kept;
        Number id;
        char *native_mode; /* "tagged", "untagged" */
} VlanTag;

typedef struct InterfaceVlan {
        Kept kept;
        Switch trunk;
        VlanTag **tags;
        size_t n_tags;
} InterfaceVlan;

typedef struct VirtualPortParameters {
        Kept kept;
        Number manager_id;
        Number type_id;
        Number type_id_version;
        char *instance_id;
        char *profile_id;
        char *interface_id;
} VirtualPortParameters;

typedef struct VirtualPort {
        Kept kept;
        char *type; /* "802.1Qbg", "802.1Qbh", "openvswitch", "midonet" */
        VirtualPortParameters parameters;
} VirtualPort;

/* KiB and KiB/s. */
typedef struct BandwidthRate {
        Kept kept;
        Number average;
        Number peak;
        Number floor;
        Number burst;
} BandwidthRate;

typedef struct InterfaceBandwidth {
        Kept kept;
        Number class_id;
        BandwidthRate inbound;
        BandwidthRate outbound;
} InterfaceBandwidth;

typedef struct InterfaceScript {
        Kept kept;
        char *path;
} InterfaceScript;

typedef struct InterfaceTarget {
        Kept kept;
        char *dev; /* the tap's name; names "vnet..." are live only */
        Switch managed;
} InterfaceTarget;

typedef struct InterfaceModel {
        Kept kept;
        char *type; /* "virtio", "e1000", "rtl8139", ...: a device of the hypervisor */
} InterfaceModel;

typedef struct InterfaceOffloads {
        Kept kept;
        Switch csum;
        Switch gso; /* host */
        Switch tso4;
        Switch tso6;
        Switch ecn;
        Switch ufo;
        Switch mrg_rxbuf; /* host */
} InterfaceOffloads;

typedef struct InterfaceDriver {
        Kept kept;
        InterfaceDriverName name;
        char *txmode;
        Switch ioeventfd;
        Switch event_idx;
        Number queues;
        Number rx_queue_size;
        Number tx_queue_size;
        Switch rss;
        Switch rss_hash_report;
        VirtioOptions virtio;
        InterfaceOffloads *host;
        InterfaceOffloads *guest;
} InterfaceDriver;

typedef struct InterfaceLink {
        Kept kept;
        LinkState state;
} InterfaceLink;

typedef struct InterfaceMtu {
        Kept kept;
        Number size;
} InterfaceMtu;

/* What the guest calls it. */
typedef struct InterfaceGuest {
        Kept kept;
        char *dev;
        char *actual;
} InterfaceGuest;

typedef struct InterfaceBackend {
        Kept kept;
        char *type; /* "passt" */
        char *tap;  /* paths of devices */
        char *vhost;
        char *log_file;
} InterfaceBackend;

typedef struct FilterParameter {
        Kept kept;
        char *name;
        char *value;
} FilterParameter;

typedef struct InterfaceFilter {
        Kept kept;
        char *filter;
        FilterParameter **parameters;
        size_t n_parameters;
} InterfaceFilter;

typedef struct InterfaceTune {
        Kept kept;
        Number sndbuf;
} InterfaceTune;

typedef struct CoalesceRx {
        Kept kept;
        Number frames_max;
} CoalesceRx;

typedef struct InterfaceCoalesce {
        Kept kept;
        CoalesceRx rx;
} InterfaceCoalesce;

typedef struct InterfaceTeaming {
        Kept kept;
        char *type;       /* "persistent", "transient" */
        char *persistent; /* the alias of the other one */
} InterfaceTeaming;

typedef struct PortRange {
        Kept kept;
        Number start;
        Number end;
        Number to;
        Switch exclude;
} PortRange;

typedef struct PortForward {
        Kept kept;
        char *proto; /* "tcp", "udp" */
        char *address;
        char *dev;
        PortRange **ranges;
        size_t n_ranges;
} PortForward;

typedef struct InterfaceDevice {
        Kept kept;
        InterfaceType type;
        Switch managed; /* hostdev */
        Switch trust_guest_rx_filters;
        InterfaceMac mac;
        InterfaceSource source;
        char *hostdev_driver; /* of type hostdev, which has no `driver`: "vfio", "kvm", "xen" */
        InterfaceVlan *vlan;
        VirtualPort *virtualport;
        InterfaceIp **ips;
        size_t n_ips;
        InterfaceRoute **routes;
        size_t n_routes;
        PortForward **port_forwards;
        size_t n_port_forwards;
        InterfaceScript script;
        InterfaceScript downscript;
        char *backend_domain;
        InterfaceTarget target;
        InterfaceModel model;
        InterfaceDriver driver;
        InterfaceGuest *guest;
        InterfaceBackend *backend;
        InterfaceFilter *filterref;
        InterfaceTune *tune;
        InterfaceBandwidth *bandwidth;
        InterfaceTeaming *teaming;
        Switch isolated; /* port/@isolated */
        InterfaceLink link;
        InterfaceMtu mtu;
        InterfaceCoalesce *coalesce;
        DeviceInfo info;
} InterfaceDevice;

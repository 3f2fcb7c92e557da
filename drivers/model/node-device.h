/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A device of the host: libvirt's "Node device XML format". By the rules of network.h. A capability
 * is a union by its type; what is not bound of one (PCI's vital product data, types that are not
 * listed) is kept. */

#include "drivers/model/value.h"
#include "service/base/enum.h"
#include "service/base/error.h"

typedef enum NodeCapabilityType {
        NODE_CAPABILITY_ABSENT,
        NODE_SYSTEM,
        NODE_PCI,
        NODE_USB_DEVICE,
        NODE_USB,
        NODE_NET,
        NODE_SCSI_HOST,
        NODE_SCSI_TARGET,
        NODE_SCSI,
        NODE_STORAGE,
        NODE_FC_HOST,
        NODE_VPORTS,
        NODE_SCSI_GENERIC,
        NODE_DRM,
        NODE_MDEV_TYPES,
        NODE_MDEV,
        NODE_CCW,
        NODE_CSS,
        NODE_VDPA,
        NODE_AP_CARD,
        NODE_AP_QUEUE,
        NODE_AP_MATRIX,
        NODE_VPD,
        NODE_CAPABILITY_MAX
} NodeCapabilityType;
extern const EnumTable node_capability_names;

typedef enum NodeDevnodeType {
        NODE_DEVNODE_ABSENT,
        NODE_DEVNODE_DEV,
        NODE_DEVNODE_LINK,
        NODE_DEVNODE_MAX
} NodeDevnodeType;

typedef struct NodeDevnode {
        Kept kept;
        NodeDevnodeType type;
        char *path; /* the text */
} NodeDevnode;

typedef struct NodeParent {
        Kept kept;
        char *name; /* the text; or a new vHBA's parent by: */
        char *wwnn, *wwpn, *fabric_wwn;
} NodeParent;

typedef struct NodeDriver {
        Kept kept;
        char *name;
} NodeDriver;

/* <product id='0x10d3'>82574L Gigabit Network Connection</product> */
typedef struct NodeName {
        Kept kept;
        char *id;
        char *text;
} NodeName;

typedef struct NodeHardware {
        Kept kept;
        char *vendor, *version, *serial, *uuid;
} NodeHardware;

typedef struct NodeFirmware {
        Kept kept;
        char *vendor, *version, *release_date;
} NodeFirmware;

typedef struct NodePciAddress {
        Kept kept;
        Number domain, bus, slot, function;
} NodePciAddress;

typedef struct NodeIommuGroup {
        Kept kept;
        Number number;
        NodePciAddress **addresses;
        size_t n_addresses;
} NodeIommuGroup;

typedef struct NodeNuma {
        Kept kept;
        Number node;
} NodeNuma;

typedef struct NodeLink {
        Kept kept;
        Number speed; /* Mbit/s */
        char *state;
} NodeLink;

typedef struct NodeFeature {
        Kept kept;
        char *name;
} NodeFeature;

typedef struct NodeMdevType {
        Kept kept;
        char *id;
        char *name;
        char *device_api;
        Number available_instances;
} NodeMdevType;

typedef struct NodeAttr {
        Kept kept;
        char *name, *value;
} NodeAttr;

/* A capability in a capability; `type` is a word beyond those of the table, too ("80203",
 * "phys_function", "removable", "fc_host", "vport_ops", "mdev_types"). */
typedef struct NodeSubCapability {
        Kept kept;
        char *type;
        Number max_count;           /* virt_functions */
        NodePciAddress **addresses; /* phys_function, virt_functions */
        size_t n_addresses;
        char *wwnn, *wwpn, *fabric_wwn; /* fc_host */
        Number max_vports, vports;      /* vport_ops */
        char *rport;                    /* fc_remote_port */
        NodeMdevType **mdev_types;
        size_t n_mdev_types;
        Number media_available, media_size; /* removable; bytes */
        char *media_label;
        Number logical_block_size, num_blocks;
} NodeSubCapability;

typedef struct NodeCapability {
        Kept kept;
        NodeCapabilityType type;
        union {
                struct {
                        char *product;
                        NodeHardware hardware;
                        NodeFirmware firmware;
                } system;
                struct {
                        char *class;
                        Number domain, bus, slot, function;
                        NodeName product, vendor;
                        NodeIommuGroup *iommu_group;
                        NodeNuma numa;
                        char *express; /* kept */
                } pci;
                struct {
                        Number bus, device;
                        NodeName product, vendor;
                } usb_device;
                struct {
                        Number number, class, subclass, protocol;
                        char *description;
                } usb;
                struct {
                        char *interface;
                        char *address;
                        NodeLink link;
                        NodeFeature **features;
                        size_t n_features;
                } net;
                struct {
                        Number host, unique_id;
                } scsi_host;
                struct {
                        char *target;
                } scsi_target;
                struct {
                        Number host, bus, target, lun;
                        char *kind; /* <type> */
                } scsi;
                struct {
                        char *block, *bus, *drive_type, *model, *vendor, *serial;
                        Number size; /* bytes */
                        Number logical_block_size, num_blocks;
                } storage;
                struct {
                        char *kind; /* <type>: primary, control, render */
                } drm;
                struct {
                        NodeFeature kind; /* <type id=''> */
                        char *uuid;
                        char *parent_addr;
                        NodeIommuGroup *iommu_group;
                        NodeAttr **attrs;
                        size_t n_attrs;
                } mdev;
                struct {
                        char *cssid, *ssid, *devno;
                } ccw; /* also css */
                struct {
                        char *path; /* a device (scsi_generic), a chardev (vdpa) */
                } chardev;
                struct {
                        char *adapter, *domain;
                } ap;
        };
        NodeSubCapability **capabilities;
        size_t n_capabilities;
} NodeCapability;

typedef struct NodeDeviceConfig {
        Kept kept;
        char *name;
        char *path; /* in sysfs */
        NodeDevnode **devnodes;
        size_t n_devnodes;
        NodeParent *parent;
        NodeDriver driver;
        NodeCapability **capabilities;
        size_t n_capabilities;
} NodeDeviceConfig;

/* A device to be created has no name yet. */
#define NODE_DEVICE_PARSE_CREATE 1u
int node_device_config_parse(
        const char *xml, unsigned flags, NodeDeviceConfig **ret, GError **error);
int node_device_config_validate(const NodeDeviceConfig *config, GError **error);
char *node_device_config_format(const NodeDeviceConfig *config);
NodeDeviceConfig *node_device_config_copy(const NodeDeviceConfig *config);
void node_device_config_free(NodeDeviceConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeDeviceConfig, node_device_config_free)

/* Name and the parent's, each NULL where there is none. */
int node_device_config_identify(
        const char *xml, char **ret_name, char **ret_parent, GError **error);

/* The first capability of a type, or NULL. */
NodeCapability *node_device_config_capability(
        const NodeDeviceConfig *config, NodeCapabilityType type);

/* Whether it has the capability, at the top or nested: what lists filter by. */
bool node_device_config_has_capability(const NodeDeviceConfig *config, NodeCapabilityType type);

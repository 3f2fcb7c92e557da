/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/node-device.h"

#include <string.h>

#include "drivers/model/document.h"

ENUM_TABLE(node_capability_names, "capability of a device", NODE_CAPABILITY_MAX,
        [NODE_SYSTEM] = "system", [NODE_PCI] = "pci", [NODE_USB_DEVICE] = "usb_device",
        [NODE_USB] = "usb", [NODE_NET] = "net", [NODE_SCSI_HOST] = "scsi_host",
        [NODE_SCSI_TARGET] = "scsi_target", [NODE_SCSI] = "scsi", [NODE_STORAGE] = "storage",
        [NODE_FC_HOST] = "fc_host", [NODE_VPORTS] = "vports", [NODE_SCSI_GENERIC] = "scsi_generic",
        [NODE_DRM] = "drm", [NODE_MDEV_TYPES] = "mdev_types", [NODE_MDEV] = "mdev",
        [NODE_CCW] = "ccw", [NODE_CSS] = "css", [NODE_VDPA] = "vdpa", [NODE_AP_CARD] = "ap_card",
        [NODE_AP_QUEUE] = "ap_queue", [NODE_AP_MATRIX] = "ap_matrix", [NODE_VPD] = "vpd");
ENUM_TABLE(node_devnode_names, "type of device node",
        NODE_DEVNODE_MAX, [NODE_DEVNODE_DEV] = "dev", [NODE_DEVNODE_LINK] = "link");

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

#define COUNTER NUMBER(0, INT64_MAX)

static const BindRow devnode_rows[] = {
        ATTRIBUTE("type", NodeDevnode, type, ENUM(node_devnode_names)),
        TEXT(NodeDevnode, path, STRING),
        BIND_END,
};
static const BindType devnode_type = BIND_TYPE(NodeDevnode, devnode_rows);

static const BindRow parent_rows[] = {
        ATTRIBUTE("wwnn", NodeParent, wwnn, STRING),
        ATTRIBUTE("wwpn", NodeParent, wwpn, STRING),
        ATTRIBUTE("fabric_wwn", NodeParent, fabric_wwn, STRING),
        TEXT(NodeParent, name, STRING),
        BIND_END,
};
static const BindType parent_type = BIND_TYPE(NodeParent, parent_rows);

static const BindRow driver_rows[] = {
        ELEMENT("name", NodeDriver, name, STRING),
        BIND_END,
};
static const BindType driver_type = BIND_TYPE(NodeDriver, driver_rows);

static const BindRow name_rows[] = {
        ATTRIBUTE("id", NodeName, id, STRING),
        TEXT(NodeName, text, STRING),
        BIND_END,
};
static const BindType name_type = BIND_TYPE(NodeName, name_rows);

static const BindRow hardware_rows[] = {
        ELEMENT("vendor", NodeHardware, vendor, STRING),
        ELEMENT("version", NodeHardware, version, STRING),
        ELEMENT("serial", NodeHardware, serial, STRING),
        ELEMENT("uuid", NodeHardware, uuid, UUID),
        BIND_END,
};
static const BindType hardware_type = BIND_TYPE(NodeHardware, hardware_rows);

static const BindRow firmware_rows[] = {
        ELEMENT("vendor", NodeFirmware, vendor, STRING),
        ELEMENT("version", NodeFirmware, version, STRING),
        ELEMENT("release_date", NodeFirmware, release_date, STRING),
        BIND_END,
};
static const BindType firmware_type = BIND_TYPE(NodeFirmware, firmware_rows);

static const BindRow address_rows[] = {
        ATTRIBUTE("domain", NodePciAddress, domain, HEX(4, UINT32_MAX)),
        ATTRIBUTE("bus", NodePciAddress, bus, HEX(2, UINT8_MAX)),
        ATTRIBUTE("slot", NodePciAddress, slot, HEX(2, 31)),
        ATTRIBUTE("function", NodePciAddress, function, HEX(1, 7)),
        BIND_END,
};
static const BindType address_element_type = BIND_TYPE(NodePciAddress, address_rows);

static const BindRow iommu_rows[] = {
        ATTRIBUTE("number", NodeIommuGroup, number, COUNTER),
        LIST("address", NodeIommuGroup, addresses, address_element_type),
        BIND_END,
};
static const BindType iommu_type = BIND_TYPE(NodeIommuGroup, iommu_rows);

static const BindRow numa_rows[] = {
        ATTRIBUTE("node", NodeNuma, node, NUMBER(-1, INT32_MAX)),
        BIND_END,
};
static const BindType numa_type = BIND_TYPE(NodeNuma, numa_rows);

static const BindRow link_rows[] = {
        ATTRIBUTE("speed", NodeLink, speed, COUNTER),
        ATTRIBUTE("state", NodeLink, state, STRING),
        BIND_END,
};
static const BindType link_type = BIND_TYPE(NodeLink, link_rows);

static const BindRow feature_rows[] = {
        ATTRIBUTE("name", NodeFeature, name, STRING),
        BIND_END,
};
static const BindType feature_type = BIND_TYPE(NodeFeature, feature_rows);

static const BindRow id_rows[] = {
        ATTRIBUTE("id", NodeFeature, name, STRING),
        BIND_END,
};
static const BindType id_type = BIND_TYPE(NodeFeature, id_rows);

static const BindRow attr_rows[] = {
        ATTRIBUTE("name", NodeAttr, name, STRING, REQUIRED),
        ATTRIBUTE("value", NodeAttr, value, STRING, REQUIRED),
        BIND_END,
};
static const BindType attr_type = BIND_TYPE(NodeAttr, attr_rows);

static const BindRow mdev_type_rows[] = {
        ATTRIBUTE("id", NodeMdevType, id, STRING, REQUIRED),
        ELEMENT("name", NodeMdevType, name, STRING),
        ELEMENT("deviceAPI", NodeMdevType, device_api, STRING),
        ELEMENT("availableInstances", NodeMdevType, available_instances, COUNTER),
        BIND_END,
};
static const BindType mdev_type_type = BIND_TYPE(NodeMdevType, mdev_type_rows);

static const BindRow sub_rows[] = {
        ATTRIBUTE("type", NodeSubCapability, type, STRING, REQUIRED),
        ATTRIBUTE("maxCount", NodeSubCapability, max_count, COUNTER),
        LIST("address", NodeSubCapability, addresses, address_element_type),
        ELEMENT("wwnn", NodeSubCapability, wwnn, STRING),
        ELEMENT("rport", NodeSubCapability, rport, STRING),
        ELEMENT("wwpn", NodeSubCapability, wwpn, STRING),
        ELEMENT("fabric_wwn", NodeSubCapability, fabric_wwn, STRING),
        ELEMENT("max_vports", NodeSubCapability, max_vports, COUNTER),
        ELEMENT("vports", NodeSubCapability, vports, COUNTER),
        LIST("type", NodeSubCapability, mdev_types, mdev_type_type),
        ELEMENT("media_available", NodeSubCapability, media_available, NUMBER(0, 1)),
        ELEMENT("media_size", NodeSubCapability, media_size, COUNTER),
        ELEMENT("media_label", NodeSubCapability, media_label, STRING),
        ELEMENT("logical_block_size", NodeSubCapability, logical_block_size, COUNTER),
        ELEMENT("num_blocks", NodeSubCapability, num_blocks, COUNTER),
        BIND_END,
};
static const BindType sub_type = BIND_TYPE(NodeSubCapability, sub_rows);

#define NESTED LIST("capability", NodeCapability, capabilities, sub_type)

static const BindRow system_rows[] = {
        ELEMENT("product", NodeCapability, system.product, STRING),
        CHILD("hardware", NodeCapability, system.hardware, hardware_type),
        CHILD("firmware", NodeCapability, system.firmware, firmware_type),
        NESTED,
        BIND_END,
};
static const BindRow pci_rows[] = {
        ELEMENT("class", NodeCapability, pci.class, STRING),
        ELEMENT("domain", NodeCapability, pci.domain, COUNTER),
        ELEMENT("bus", NodeCapability, pci.bus, COUNTER),
        ELEMENT("slot", NodeCapability, pci.slot, COUNTER),
        ELEMENT("function", NodeCapability, pci.function, COUNTER),
        CHILD("product", NodeCapability, pci.product, name_type),
        CHILD("vendor", NodeCapability, pci.vendor, name_type),
        NESTED,
        POINTER("iommuGroup", NodeCapability, pci.iommu_group, iommu_type),
        CHILD("numa", NodeCapability, pci.numa, numa_type),
        SUBTREE("pci-express", NodeCapability, pci.express),
        BIND_END,
};
static const BindRow usb_device_rows[] = {
        ELEMENT("bus", NodeCapability, usb_device.bus, COUNTER),
        ELEMENT("device", NodeCapability, usb_device.device, COUNTER),
        CHILD("product", NodeCapability, usb_device.product, name_type),
        CHILD("vendor", NodeCapability, usb_device.vendor, name_type),
        NESTED,
        BIND_END,
};
static const BindRow usb_rows[] = {
        ELEMENT("number", NodeCapability, usb.number, COUNTER),
        ELEMENT("class", NodeCapability, usb.class, COUNTER),
        ELEMENT("subclass", NodeCapability, usb.subclass, COUNTER),
        ELEMENT("protocol", NodeCapability, usb.protocol, COUNTER),
        ELEMENT("description", NodeCapability, usb.description, STRING),
        NESTED,
        BIND_END,
};
static const BindRow net_rows[] = {
        ELEMENT("interface", NodeCapability, net.interface, STRING),
        ELEMENT("address", NodeCapability, net.address, STRING),
        CHILD("link", NodeCapability, net.link, link_type),
        { BIND_NAMED(BIND_PLACE_LIST, "feature", NodeCapability, net.features),
                .count_offset = offsetof(NodeCapability, net.n_features), .type = &feature_type },
        NESTED,
        BIND_END,
};
static const BindRow scsi_host_rows[] = {
        ELEMENT("host", NodeCapability, scsi_host.host, COUNTER),
        ELEMENT("unique_id", NodeCapability, scsi_host.unique_id, NUMBER(-1, INT64_MAX)),
        NESTED,
        BIND_END,
};
static const BindRow scsi_target_rows[] = {
        ELEMENT("target", NodeCapability, scsi_target.target, STRING),
        NESTED,
        BIND_END,
};
static const BindRow scsi_rows[] = {
        ELEMENT("host", NodeCapability, scsi.host, COUNTER),
        ELEMENT("bus", NodeCapability, scsi.bus, COUNTER),
        ELEMENT("target", NodeCapability, scsi.target, COUNTER),
        ELEMENT("lun", NodeCapability, scsi.lun, COUNTER),
        ELEMENT("type", NodeCapability, scsi.kind, STRING),
        NESTED,
        BIND_END,
};
static const BindRow storage_rows[] = {
        ELEMENT("block", NodeCapability, storage.block, STRING),
        ELEMENT("bus", NodeCapability, storage.bus, STRING),
        ELEMENT("drive_type", NodeCapability, storage.drive_type, STRING),
        ELEMENT("model", NodeCapability, storage.model, STRING),
        ELEMENT("vendor", NodeCapability, storage.vendor, STRING),
        ELEMENT("serial", NodeCapability, storage.serial, STRING),
        ELEMENT("size", NodeCapability, storage.size, COUNTER),
        ELEMENT("logical_block_size", NodeCapability, storage.logical_block_size, COUNTER),
        ELEMENT("num_blocks", NodeCapability, storage.num_blocks, COUNTER),
        NESTED,
        BIND_END,
};
static const BindRow drm_rows[] = {
        ELEMENT("type", NodeCapability, drm.kind, STRING),
        NESTED,
        BIND_END,
};
static const BindRow mdev_rows[] = {
        CHILD("type", NodeCapability, mdev.kind, id_type),
        ELEMENT("uuid", NodeCapability, mdev.uuid, UUID),
        ELEMENT("parent_addr", NodeCapability, mdev.parent_addr, STRING),
        POINTER("iommuGroup", NodeCapability, mdev.iommu_group, iommu_type),
        { BIND_NAMED(BIND_PLACE_LIST, "attr", NodeCapability, mdev.attrs),
                .count_offset = offsetof(NodeCapability, mdev.n_attrs), .type = &attr_type },
        NESTED,
        BIND_END,
};
static const BindRow ccw_rows[] = {
        ELEMENT("cssid", NodeCapability, ccw.cssid, STRING),
        ELEMENT("ssid", NodeCapability, ccw.ssid, STRING),
        ELEMENT("devno", NodeCapability, ccw.devno, STRING),
        NESTED,
        BIND_END,
};
static const BindRow scsi_generic_rows[] = {
        ELEMENT("char", NodeCapability, chardev.path, STRING),
        BIND_END,
};
static const BindRow vdpa_rows[] = {
        ELEMENT("chardev", NodeCapability, chardev.path, STRING),
        BIND_END,
};
static const BindRow ap_rows[] = {
        ELEMENT("ap-adapter", NodeCapability, ap.adapter, STRING),
        ELEMENT("ap-domain", NodeCapability, ap.domain, STRING),
        NESTED,
        BIND_END,
};
static const BindRow ap_matrix_rows[] = {
        NESTED,
        BIND_END,
};

static const BindCase capability_cases[] = {
        { NODE_SYSTEM, system_rows },
        { NODE_PCI, pci_rows },
        { NODE_USB_DEVICE, usb_device_rows },
        { NODE_USB, usb_rows },
        { NODE_NET, net_rows },
        { NODE_SCSI_HOST, scsi_host_rows },
        { NODE_SCSI_TARGET, scsi_target_rows },
        { NODE_SCSI, scsi_rows },
        { NODE_STORAGE, storage_rows },
        { NODE_SCSI_GENERIC, scsi_generic_rows },
        { NODE_DRM, drm_rows },
        { NODE_MDEV, mdev_rows },
        { NODE_CCW, ccw_rows },
        { NODE_CSS, ccw_rows },
        { NODE_VDPA, vdpa_rows },
        { NODE_AP_CARD, ap_rows },
        { NODE_AP_QUEUE, ap_rows },
        { NODE_AP_MATRIX, ap_matrix_rows },
        { 0, NULL },
};

static const BindRow capability_rows[] = {
        ATTRIBUTE("type", NodeCapability, type, ENUM(node_capability_names), REQUIRED),
        CASES(NodeCapability, type, capability_cases),
        BIND_END,
};
static const BindType capability_type = BIND_TYPE(NodeCapability, capability_rows);

static const BindRow device_rows[] = {
        ELEMENT("name", NodeDeviceConfig, name, STRING),
        ELEMENT("path", NodeDeviceConfig, path, STRING),
        LIST("devnode", NodeDeviceConfig, devnodes, devnode_type),
        POINTER("parent", NodeDeviceConfig, parent, parent_type),
        CHILD("driver", NodeDeviceConfig, driver, driver_type),
        LIST("capability", NodeDeviceConfig, capabilities, capability_type),
        BIND_END,
};
static const BindType node_device_type = BIND_TYPE(NodeDeviceConfig, device_rows);

static const DocumentKind device_kind = {
        .root = "device", .what = "node_device_definition", .type = &node_device_type
};

/* ---- the passes ----------------------------------------------------------------------------- */

int node_device_config_parse(
        const char *xml, unsigned flags, NodeDeviceConfig **ret, GError **error)
{
        g_autoptr(NodeDeviceConfig) config = NULL;

        if (document_parse(&device_kind, xml, 0, (void **)&config, error) < 0)
                return -1;
        if (!(flags & NODE_DEVICE_PARSE_CREATE) && (!config->name || !config->name[0]))
                return error_set_literal(error, ERROR_NO_NAME, "missing name information");
        *ret = g_steal_pointer(&config);
        return 0;
}

int node_device_config_identify(const char *xml, char **ret_name, char **ret_parent, GError **error)
{
        const DocumentField fields[] = { { "name", ret_name }, { "parent", ret_parent } };

        return document_identify(&device_kind, xml, fields, G_N_ELEMENTS(fields), error);
}

static int validate_wwn(const char *wwn, GError **error)
{
        size_t n = 0;

        while (wwn && g_ascii_isxdigit(wwn[n]))
                n++;
        if (wwn && (n != 16 || wwn[n]))
                return error_set(error, ERROR_INTERNAL_ERROR, "Malformed wwn: %s", wwn);
        return 0;
}

static int validate_capability(const NodeCapability *capability, GError **error)
{
        static const char *const drm_kinds[] = { "primary", "control", "render", NULL };

        if (capability->type == NODE_DRM && capability->drm.kind &&
                !g_strv_contains(drm_kinds, capability->drm.kind))
                return error_set(error, ERROR_CONFIG_UNSUPPORTED, "unknown drm type '%s'",
                        capability->drm.kind);
        for (size_t i = 0; i < capability->n_capabilities; i++) {
                const NodeSubCapability *sub = capability->capabilities[i];

                if (validate_wwn(sub->wwnn, error) < 0 || validate_wwn(sub->wwpn, error) < 0)
                        return -1;
        }
        return 0;
}

int node_device_config_validate(const NodeDeviceConfig *config, GError **error)
{
        if (config->n_capabilities == 0)
                return error_set(error, ERROR_XML_ERROR, "no device capabilities for '%s'",
                        config->name ?: "new device");
        if (config->parent &&
                (validate_wwn(config->parent->wwnn, error) < 0 ||
                        validate_wwn(config->parent->wwpn, error) < 0 ||
                        validate_wwn(config->parent->fabric_wwn, error) < 0))
                return -1;
        for (size_t i = 0; i < config->n_capabilities; i++)
                if (validate_capability(config->capabilities[i], error) < 0)
                        return -1;
        return 0;
}

NodeCapability *node_device_config_capability(
        const NodeDeviceConfig *config, NodeCapabilityType type)
{
        for (size_t i = 0; i < config->n_capabilities; i++)
                if (config->capabilities[i]->type == type)
                        return config->capabilities[i];
        return NULL;
}

bool node_device_config_has_capability(const NodeDeviceConfig *config, NodeCapabilityType type)
{
        /* The words differ: lists say "vports", documents "vport_ops". */
        const char *word =
                type == NODE_VPORTS ? "vport_ops" : enum_name(&node_capability_names, (int)type);

        if (node_device_config_capability(config, type))
                return true;
        for (size_t i = 0; word && i < config->n_capabilities; i++) {
                const NodeCapability *capability = config->capabilities[i];

                for (size_t j = 0; j < capability->n_capabilities; j++)
                        if (strcmp(capability->capabilities[j]->type, word) == 0)
                                return true;
        }
        return false;
}

char *node_device_config_format(const NodeDeviceConfig *config)
{
        return document_format(&device_kind, config, 0);
}

NodeDeviceConfig *node_device_config_copy(const NodeDeviceConfig *config)
{
        return bind_duplicate(&node_device_type, config);
}

void node_device_config_free(NodeDeviceConfig *config)
{
        bind_free(&node_device_type, config);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/node-device.h"
#include "tests/unit/model-corpus.h"

static char *again(const char *xml, GError **error)
{
        g_autoptr(NodeDeviceConfig) config = NULL, copy = NULL;

        if (node_device_config_parse(xml, 0, &config, error) < 0)
                return NULL;
        copy = node_device_config_copy(config);
        g_clear_pointer(&config, node_device_config_free);
        return node_device_config_format(copy);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(NodeDeviceConfig) config = NULL;

        if (node_device_config_parse(xml, 0, &config, error) < 0)
                return NULL;
        if (node_device_config_validate(config, error) < 0)
                return NULL;
        return node_device_config_format(config);
}

static char *identify(const char *xml, GError **error)
{
        g_autofree char *name = NULL, *parent = NULL;

        if (node_device_config_identify(xml, &name, &parent, error) < 0)
                return NULL;
        return g_strdup_printf("%s %s", name, parent ?: "-");
}

static char *identity(const char *xml)
{
        g_autoptr(NodeDeviceConfig) config = NULL;

        g_assert_cmpint(node_device_config_parse(xml, 0, &config, NULL), ==, 0);
        return g_strdup_printf("%s %s", config->name,
                config->parent && config->parent->name ? config->parent->name : "-");
}

static const CorpusKind kind = { "node-device", again, define, identify, identity };

#define DEVICE(body) "<device><name>a</name>" body "</device>"
#define CAPABILITY(type, body) DEVICE("<capability type='" type "'>" body "</capability>")

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'device', not 'foo'",
                        ERROR_XML_ERROR },
                { "<device/>", "missing name information", ERROR_NO_NAME },
                { DEVICE(""), "XML error: no device capabilities for 'a'", ERROR_XML_ERROR },
                { DEVICE("<capability/>"),
                        "XML error: /device/capability: attribute 'type' is missing",
                        ERROR_XML_ERROR },
                { CAPABILITY("x", ""),
                        "XML error: /device/capability/@type: 'x' is not a capability of a device (system, pci, usb_device, usb, net, scsi_host, scsi_target, scsi, storage, fc_host, vports, scsi_generic, drm, mdev_types, mdev, ccw, css, vdpa, ap_card, ap_queue, ap_matrix, vpd)",
                        ERROR_XML_ERROR },
                { CAPABILITY("pci", "<bus>x</bus>"),
                        "XML error: /device/capability/bus: 'x' is not a number from 0 to 9223372036854775807",
                        ERROR_XML_ERROR },
                { CAPABILITY("drm", "<type>x</type>"),
                        "unsupported configuration: unknown drm type 'x'",
                        ERROR_CONFIG_UNSUPPORTED },
                { CAPABILITY("system", "<hardware><uuid>x</uuid></hardware>"),
                        "XML error: /device/capability/hardware/uuid: 'x' is not a UUID",
                        ERROR_XML_ERROR },
                { CAPABILITY("mdev", "<attr name='x'/>"),
                        "XML error: /device/capability/attr: attribute 'value' is missing",
                        ERROR_XML_ERROR },
                { CAPABILITY("scsi_host", "<capability type='fc_host'><wwnn>x</wwnn></capability>"),
                        "internal error: Malformed wwn: x", ERROR_INTERNAL_ERROR },
                { DEVICE("<parent wwnn='1'/><capability type='net'/>"),
                        "internal error: Malformed wwn: 1", ERROR_INTERNAL_ERROR },
                { DEVICE("<devnode type='x'/>"),
                        "XML error: /device/devnode/@type: 'x' is not a type of device node (dev, link)",
                        ERROR_XML_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

static void test_capabilities(void)
{
        g_autoptr(NodeDeviceConfig) config = NULL, created = NULL;

        g_assert_cmpint(
                node_device_config_parse(
                        CAPABILITY("scsi_host", "<host>5</host><capability type='vport_ops'/>"), 0,
                        &config, NULL),
                ==, 0);
        g_assert_cmpint(
                node_device_config_capability(config, NODE_SCSI_HOST)->scsi_host.host.value, ==, 5);
        g_assert_null(node_device_config_capability(config, NODE_PCI));
        g_assert_true(node_device_config_has_capability(config, NODE_SCSI_HOST));
        g_assert_true(node_device_config_has_capability(config, NODE_VPORTS));
        g_assert_false(node_device_config_has_capability(config, NODE_FC_HOST));

        g_assert_cmpint(node_device_config_parse("<device><parent>p</parent></device>",
                                NODE_DEVICE_PARSE_CREATE, &created, NULL),
                ==, 0);
        g_assert_null(created->name);
}

static void test_hostile(void)
{
        corpus_hostile(&kind, "<device><name>a</name>", "<capability type='pci'/>", "</device>");
        corpus_hostile(&kind, "<device><name>a</name>", "<x/>", "</device>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/node-device/refused", test_refused);
        g_test_add_func("/model/node-device/capabilities", test_capabilities);
        g_test_add_func("/model/node-device/hostile", test_hostile);
        return g_test_run();
}

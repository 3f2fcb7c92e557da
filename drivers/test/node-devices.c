/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices of the host: the computer, and host bus adapters of Fibre Channel that can be given
 * virtual ones. */

#include "drivers/model/node-device.h"
#include "drivers/test/objects.h"

typedef struct TestDevice {
        NodeDevice device;
        NodeDeviceConfig *config;
} TestDevice;

/* The numbers of Connection.NodeDeviceEvent. */
typedef enum DeviceEvent {
        DEVICE_CREATED,
        DEVICE_DELETED,
} DeviceEvent;

/* Virtual adapters are counted from here, behind those that are there. */
#define FIRST_NEW_HOST 12

/* clang-format off */
static const char virtual_adapter[] =
        "<device>"
          "<name>%s</name>"
          "<parent>%s</parent>"
          "<capability type='scsi_host'>"
            "<host>%u</host>"
            "<unique_id>%u</unique_id>"
            "<capability type='fc_host'>"
              "<wwnn>%s</wwnn>"
              "<wwpn>%s</wwpn>"
              "<fabric_wwn>%s</fabric_wwn>"
            "</capability>"
          "</capability>"
        "</device>";
/* clang-format on */

static Connection *connection_of(const TestDevice *self)
{
        return (Connection *)self->device.object.parent;
}

static const char *name_of(const TestDevice *self)
{
        return self->device.properties.name;
}

static void device_free(Object *object)
{
        TestDevice *self = (TestDevice *)object;

        g_free(self->device.wwnn);
        g_free(self->device.wwpn);
        node_device_config_free(self->config);
        g_free(self);
}

static int require_here(TestDevice *self, GError **error)
{
        return test_require_here(self, "node device", name_of(self), ERROR_NO_NODE_DEVICE, error);
}

static void emit(TestDevice *self, DeviceEvent event)
{
        const ConnectionNodeDeviceEventSignal arguments = {
                .dev = &self->device.object,
                .event = event,
        };

        object_emit(connection_of(self), CONNECTION_SIGNAL_NODE_DEVICE_EVENT, &arguments);
}

/* The part of an adapter that is about Fibre Channel; NULL: it is none. */
static const NodeSubCapability *fc_host_of(const NodeDeviceConfig *config)
{
        const NodeCapability *host = node_device_config_capability(config, NODE_SCSI_HOST);

        for (size_t i = 0; host && i < host->n_capabilities; i++)
                if (g_strcmp0(host->capabilities[i]->type, "fc_host") == 0)
                        return host->capabilities[i];
        return NULL;
}

static bool has_virtual_ports(const TestDevice *self)
{
        return node_device_config_has_capability(self->config, NODE_VPORTS);
}

/* Nested ones too, so that a list finds the device by them. */
static void set_capabilities(TestDevice *self)
{
        char *names[NODE_CAPABILITY_MAX];
        Array array = { .items = names };

        for (int type = NODE_CAPABILITY_ABSENT + 1; type < NODE_CAPABILITY_MAX; type++)
                if (node_device_config_has_capability(self->config, (NodeCapabilityType)type))
                        names[array.n++] = (char *)enum_name(&node_capability_names, type);
        object_set(self, NODE_DEVICE_PROPERTY_CAPABILITIES, &array);
}

/* Added, not published. */
static int device_new(Connection *connection, const char *xml, TestDevice **ret, GError **error)
{
        const NodeSubCapability *fc_host;
        NodeDeviceConfig *config;
        TestDevice *self;

        if (node_device_config_parse(xml, 0, &config, error) < 0)
                return -1;
        if (registry_find(&connection->registry, NODE_DEVICE_BY_NAME, config->name)) {
                error_set(error, ERROR_OPERATION_FAILED, "node device '%s' already exists",
                        config->name);
                node_device_config_free(config);
                return -1;
        }
        self = g_new0(TestDevice, 1);
        child_init(&self->device.object, &node_device_class, &self->device.properties,
                &connection->object, device_free);
        self->config = config;
        object_set_string(self, NODE_DEVICE_PROPERTY_NAME, config->name);
        object_set_string(
                self, NODE_DEVICE_PROPERTY_PARENT, config->parent ? config->parent->name : NULL);
        set_capabilities(self);
        fc_host = fc_host_of(config);
        if (fc_host) {
                self->device.wwnn = g_strdup(fc_host->wwnn);
                self->device.wwpn = g_strdup(fc_host->wwpn);
        }
        registry_add(&connection->registry, self);
        object_unref(self); /* the registry has its own */
        *ret = self;
        return 0;
}

int test_node_device_load(Connection *connection, const char *xml, GError **error)
{
        TestDevice *self;

        return device_new(connection, xml, &self, error);
}

/* ---- making virtual adapters ---------------------------------------------------------------- */

static bool has_fabric(const TestDevice *self, const void *fabric_wwn)
{
        const NodeSubCapability *fc_host = fc_host_of(self->config);

        return fc_host && g_strcmp0(fc_host->fabric_wwn, fabric_wwn) == 0 &&
                has_virtual_ports(self);
}

/* names: two of them. */
static bool has_world_wide_names(const TestDevice *self, const void *names)
{
        const char *const *wanted = names;

        return g_strcmp0(self->device.wwnn, wanted[0]) == 0 &&
                g_strcmp0(self->device.wwpn, wanted[1]) == 0;
}

static bool has_ports(const TestDevice *self, const void *data)
{
        (void)data;
        return has_virtual_ports(self);
}

/* The first by its name, NULL for none. */
static TestDevice *device_find(Connection *connection,
        bool (*accepts)(const TestDevice *self, const void *data), const void *data)
{
        TestDevice *first = NULL;
        GHashTableIter iter;
        void *device;

        g_hash_table_iter_init(&iter, registry_all(&connection->registry, NODE_DEVICE_BY_NAME));
        while (g_hash_table_iter_next(&iter, NULL, &device))
                if (accepts(device, data) &&
                        (!first || g_strcmp0(name_of(device), name_of(first)) < 0))
                        first = device;
        return first;
}

static TestDevice *device_by_name(Connection *connection, const char *name)
{
        return registry_find(&connection->registry, NODE_DEVICE_BY_NAME, name);
}

/* By its name, the pair of its world wide names, that of its fabric, or any that can. NULL and an
 * error where there is none. */
static TestDevice *parent_find(Connection *connection, const NodeParent *by, GError **error)
{
        const char *names[2] = { by ? by->wwnn : NULL, by ? by->wwpn : NULL };
        TestDevice *parent;

        if (by && by->name && by->name[0]) {
                parent = device_by_name(connection, by->name);
        } else if (names[0] && names[1]) {
                parent = device_find(connection, has_world_wide_names, names);
        } else if (by && by->fabric_wwn) {
                parent = device_find(connection, has_fabric, by->fabric_wwn);
        } else {
                parent = device_find(connection, has_ports, NULL);
                if (!parent)
                        error_set(error, ERROR_INTERNAL_ERROR,
                                "Could not find any vport capable device");
                return parent;
        }
        if (!parent) {
                error_set(error, ERROR_INTERNAL_ERROR,
                        "Could not find parent device for 'new device'");
        } else if (!has_virtual_ports(parent)) {
                error_set(error, ERROR_INTERNAL_ERROR,
                        "Parent device %s is not capable of vport operations", name_of(parent));
                parent = NULL;
        }
        return parent;
}

static int require_fc_host(
        const NodeDeviceConfig *config, const NodeSubCapability **ret, GError **error)
{
        *ret = fc_host_of(config);
        return *ret ? 0 :
                      error_set(error, ERROR_INTERNAL_ERROR, "Device is not a fibre channel HBA");
}

static int prepare(Connection *connection, const char *xml, NodeDeviceConfig **ret,
        const NodeSubCapability **ret_host, GError **error)
{
        g_autoptr(NodeDeviceConfig) config = NULL;
        const NodeSubCapability *host;
        const TestDevice *other;

        if (node_device_config_parse(xml, NODE_DEVICE_PARSE_CREATE, &config, error) < 0)
                return -1;
        if (config->n_capabilities == 0)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "no device capabilities for 'new device'");
        if (node_device_config_validate(config, error) < 0 ||
                require_fc_host(config, &host, error) < 0)
                return -1;
        if (!host->wwnn || !host->wwpn)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "no %s supplied for 'new device', and auto-generation failed",
                        host->wwnn ? "WWPN" : "WWNN");
        other = device_find(
                connection, has_world_wide_names, (const char *const[]){ host->wwnn, host->wwpn });
        if (other)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "node device '%s' already exists with wwnn,wwpn '%s,%s'", name_of(other),
                        host->wwnn, host->wwpn);
        *ret = g_steal_pointer(&config);
        *ret_host = host;
        return 0;
}

int test_node_device_create_xml(Connection *connection, const ConnectionNodeDeviceCreateXMLIn *in,
        ConnectionNodeDeviceCreateXMLOut *out, GError **error)
{
        g_autoptr(NodeDeviceConfig) config = NULL;
        g_autofree char *name = NULL, *xml = NULL;
        const NodeSubCapability *host;
        unsigned n = FIRST_NEW_HOST;
        TestDevice *parent, *self;

        if (test_refuse_flags(in->flags, "testNodeDeviceCreateXML", error) < 0 ||
                prepare(connection, in->xml, &config, &host, error) < 0)
                return -1;
        parent = parent_find(connection, config->parent, error);
        if (!parent)
                return -1;
        while (!name) {
                name = g_strdup_printf("scsi_host%u", n);
                if (device_by_name(connection, name)) {
                        g_clear_pointer(&name, g_free);
                        n++;
                }
        }
        xml = g_markup_printf_escaped(virtual_adapter, name, name_of(parent), n, n - 1, host->wwnn,
                host->wwpn, fc_host_of(parent->config)->fabric_wwn);
        if (device_new(connection, xml, &self, error) < 0)
                return -1;
        object_publish(self);
        emit(self, DEVICE_CREATED);
        out->dev = object_ref(self);
        return 0;
}

/* ---- operations of a device ----------------------------------------------------------------- */

static int device_destroy(NodeDevice *device, const NodeDeviceDestroyIn *in,
        NodeDeviceDestroyOut *out, GError **error)
{
        TestDevice *self = (TestDevice *)device;
        const NodeSubCapability *host;

        (void)in, (void)out;
        if (require_here(self, error) < 0 || require_fc_host(self->config, &host, error) < 0)
                return -1;
        if (!device_by_name(connection_of(self), device->properties.parent))
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "Could not find parent device for '%s'", name_of(self));
        emit(self, DEVICE_DELETED);
        registry_remove(&connection_of(self)->registry, self);
        return 0;
}

static int device_get_xml_desc(NodeDevice *device, const NodeDeviceGetXMLDescIn *in,
        NodeDeviceGetXMLDescOut *out, GError **error)
{
        (void)in;
        if (require_here((TestDevice *)device, error) < 0)
                return -1;
        out->xml = node_device_config_format(((TestDevice *)device)->config);
        return 0;
}

const NodeDeviceOperations test_node_device_operations = {
        .destroy = device_destroy,
        .get_xml_desc = device_get_xml_desc,
};

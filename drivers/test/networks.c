/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Networks, which carry nothing: a definition, and while one is started what it was started with.
 */

#include "drivers/model/network.h"
#include "drivers/test/objects.h"

typedef struct TestNetwork {
        Network network;
        NetworkConfig *definition; /* NULL: transient */
        NetworkConfig *live;       /* NULL: not started */
} TestNetwork;

/* The numbers of Connection.NetworkEvent. */
typedef enum NetworkEvent {
        NETWORK_DEFINED,
        NETWORK_UNDEFINED,
        NETWORK_STARTED,
        NETWORK_STOPPED,
} NetworkEvent;

enum {
        UPDATE_LIVE = 1 << 0,
        UPDATE_CONFIG = 1 << 1,
};

static const TestKind kind = {
        .by_uuid = NETWORK_BY_UUID,
        .by_name = NETWORK_BY_NAME,
        .uuid = NETWORK_PROPERTY_UUID,
        .name = NETWORK_PROPERTY_NAME,
        .short_name = "network",
        .full_name = "network",
        .missing = ERROR_NO_NETWORK,
};

static Connection *connection_of(const TestNetwork *self)
{
        return (Connection *)self->network.object.parent;
}

static void network_free(Object *object)
{
        TestNetwork *self = (TestNetwork *)object;

        network_config_free(self->definition);
        network_config_free(self->live);
        g_free(self);
}

static int require_here(TestNetwork *self, GError **error)
{
        return test_require_here(
                self, kind.full_name, self->network.properties.name, kind.missing, error);
}

static const NetworkConfig *current(const TestNetwork *self)
{
        return self->live ?: self->definition;
}

/* Sets the properties that follow from the configurations. */
static void refresh(TestNetwork *self)
{
        object_set_bool(self, NETWORK_PROPERTY_ACTIVE, self->live);
        object_set_bool(self, NETWORK_PROPERTY_PERSISTENT, self->definition);
        object_set_string(self, NETWORK_PROPERTY_BRIDGE, current(self)->bridge.name);
}

static void replace(NetworkConfig **place, NetworkConfig *config)
{
        network_config_free(*place);
        *place = config;
}

static void emit(TestNetwork *self, NetworkEvent event)
{
        const ConnectionNetworkEventSignal arguments = {
                .network = &self->network.object,
                .event = event,
        };

        object_emit(connection_of(self), CONNECTION_SIGNAL_NETWORK_EVENT, &arguments);
}

/* Added, with neither configuration. */
static TestNetwork *network_new(Connection *connection, const NetworkConfig *config)
{
        TestNetwork *self = g_new0(TestNetwork, 1);

        child_init(&self->network.object, &network_class, &self->network.properties,
                &connection->object, network_free);
        object_set_string(self, NETWORK_PROPERTY_NAME, config->name);
        object_set_string(self, NETWORK_PROPERTY_UUID, config->uuid);
        registry_add(&connection->registry, self);
        object_unref(self); /* the registry has its own */
        return self;
}

/* The document as this host would have it, and the network that it is about, or NULL. */
static int prepare(Connection *connection, const char *xml, NetworkConfig **ret_config,
        TestNetwork **ret, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL;

        if (network_config_parse(xml, NETWORK_XML_INACTIVE, &config, error) < 0)
                return -1;
        network_config_defaults(config);
        if (network_config_validate(config, error) < 0 ||
                test_find_same(connection, &kind, config->name, config->uuid, ret, error) < 0)
                return -1;
        *ret_config = g_steal_pointer(&config);
        return 0;
}

/* ---- operations of the connection ----------------------------------------------------------- */

int test_network_load(Connection *connection, const char *xml, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL;
        TestNetwork *self;

        if (prepare(connection, xml, &config, &self, error) < 0)
                return -1;
        if (self)
                return test_already_there(&kind, config->name, config->uuid, error);
        self = network_new(connection, config);
        self->definition = g_steal_pointer(&config);
        self->live = network_config_copy(self->definition);
        refresh(self);
        return 0;
}

int test_network_define_xml(Connection *connection, const ConnectionNetworkDefineXMLIn *in,
        ConnectionNetworkDefineXMLOut *out, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL;
        TestNetwork *self;

        if (prepare(connection, in->xml, &config, &self, error) < 0)
                return -1;
        if (!self)
                self = network_new(connection, config);
        replace(&self->definition, g_steal_pointer(&config));
        refresh(self);
        if (!self->network.object.published)
                object_publish(self);
        emit(self, NETWORK_DEFINED);
        out->network = object_ref(self);
        return 0;
}

int test_network_create_xml(Connection *connection, const ConnectionNetworkCreateXMLIn *in,
        ConnectionNetworkCreateXMLOut *out, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL;
        TestNetwork *self;

        if (prepare(connection, in->xml, &config, &self, error) < 0)
                return -1;
        if (self && self->live)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "network is already active as '%s'", config->name);
        if (!self)
                self = network_new(connection, config);
        replace(&self->live, g_steal_pointer(&config));
        refresh(self);
        if (!self->network.object.published)
                object_publish(self);
        emit(self, NETWORK_STARTED);
        out->network = object_ref(self);
        return 0;
}

/* ---- operations of a network ---------------------------------------------------------------- */

static int network_create(
        Network *network, const NetworkCreateIn *in, NetworkCreateOut *out, GError **error)
{
        TestNetwork *self = (TestNetwork *)network;

        (void)in, (void)out;
        if (require_here(self, error) < 0)
                return -1;
        if (self->live)
                return error_set(error, ERROR_OPERATION_INVALID, "Network '%s' is already running",
                        network->properties.name);
        self->live = network_config_copy(self->definition);
        refresh(self);
        emit(self, NETWORK_STARTED);
        return 0;
}

/* As on libvirt's test host, one that is not started can be stopped too, which is told. */
static int network_destroy(
        Network *network, const NetworkDestroyIn *in, NetworkDestroyOut *out, GError **error)
{
        TestNetwork *self = (TestNetwork *)network;

        (void)in, (void)out;
        if (require_here(self, error) < 0)
                return -1;
        if (self->definition) {
                replace(&self->live, NULL);
                refresh(self);
        } else {
                /* The configuration stays with the object, for calls that still hold it. */
                object_set_bool(self, NETWORK_PROPERTY_ACTIVE, false);
        }
        emit(self, NETWORK_STOPPED);
        if (!self->definition)
                registry_remove(&connection_of(self)->registry, self);
        return 0;
}

static int network_undefine(
        Network *network, const NetworkUndefineIn *in, NetworkUndefineOut *out, GError **error)
{
        TestNetwork *self = (TestNetwork *)network;

        (void)in, (void)out;
        if (require_here(self, error) < 0)
                return -1;
        if (self->live)
                return error_set(error, ERROR_OPERATION_INVALID, "Network '%s' is still running",
                        network->properties.name);
        object_set_bool(self, NETWORK_PROPERTY_PERSISTENT, false);
        emit(self, NETWORK_UNDEFINED);
        registry_remove(&connection_of(self)->registry, self);
        return 0;
}

static int network_get_xml_desc(
        Network *network, const NetworkGetXMLDescIn *in, NetworkGetXMLDescOut *out, GError **error)
{
        if (test_refuse_flags(in->flags, "testNetworkGetXMLDesc", error) < 0 ||
                require_here((TestNetwork *)network, error) < 0)
                return -1;
        out->xml = network_config_format(current((TestNetwork *)network), 0);
        return 0;
}

/* Which configurations a change is for; 0 is the one that counts now. */
static int update_targets(const TestNetwork *self, uint32_t *flags, GError **error)
{
        if (*flags == 0)
                *flags = self->live ? UPDATE_LIVE : UPDATE_CONFIG;
        if ((*flags & UPDATE_LIVE) && !self->live)
                return error_set(error, ERROR_OPERATION_INVALID, "network is not running");
        if ((*flags & UPDATE_CONFIG) && !self->definition)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "cannot change persistent config of a transient network");
        return 0;
}

static int updated(
        const NetworkConfig *config, const NetworkUpdateIn *in, NetworkConfig **ret, GError **error)
{
        g_autoptr(NetworkConfig) copy = network_config_copy(config);

        if (network_config_update(
                    copy, in->command, in->section, in->parent_index, in->xml, error) < 0)
                return -1;
        *ret = g_steal_pointer(&copy);
        return 0;
}

static int network_update(
        Network *network, const NetworkUpdateIn *in, NetworkUpdateOut *out, GError **error)
{
        TestNetwork *self = (TestNetwork *)network;
        g_autoptr(NetworkConfig) live = NULL, definition = NULL;
        uint32_t flags = in->flags;

        (void)out;
        if (require_here(self, error) < 0 || update_targets(self, &flags, error) < 0 ||
                ((flags & UPDATE_LIVE) && updated(self->live, in, &live, error) < 0) ||
                ((flags & UPDATE_CONFIG) && updated(self->definition, in, &definition, error) < 0))
                return -1;
        if (live)
                replace(&self->live, g_steal_pointer(&live));
        if (definition)
                replace(&self->definition, g_steal_pointer(&definition));
        refresh(self);
        return 0;
}

static int network_set_autostart(Network *network, const NetworkSetAutostartIn *in,
        NetworkSetAutostartOut *out, GError **error)
{
        (void)out;
        if (require_here((TestNetwork *)network, error) < 0)
                return -1;
        object_set_bool(network, NETWORK_PROPERTY_AUTOSTART, in->value);
        return 0;
}

const NetworkOperations test_network_operations = {
        .create = network_create,
        .destroy = network_destroy,
        .get_xml_desc = network_get_xml_desc,
        .set_autostart = network_set_autostart,
        .undefine = network_undefine,
        .update = network_update,
};

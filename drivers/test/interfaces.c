/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Interfaces of the host, and changes of them that can be taken back as a whole. */

#include <string.h>

#include "drivers/model/host-interface.h"
#include "drivers/test/objects.h"

typedef struct TestInterface {
        Interface interface;
        HostInterfaceConfig *config;
} TestInterface;

/* An interface as it was when a change began. */
typedef struct InterfaceBefore {
        HostInterfaceConfig *config;
        bool active;
} InterfaceBefore;

static Connection *connection_of(const TestInterface *self)
{
        return (Connection *)self->interface.object.parent;
}

static const char *name_of(const TestInterface *self)
{
        return self->interface.properties.name;
}

static const char *mac_of(const HostInterfaceConfig *config)
{
        return config->mac.address ?: "";
}

static void interface_free(Object *object)
{
        TestInterface *self = (TestInterface *)object;

        host_interface_config_free(self->config);
        g_free(self);
}

static int require_here(TestInterface *self, GError **error)
{
        return test_require_here(self, "interface", name_of(self), ERROR_NO_INTERFACE, error);
}

/* Takes the configuration. Not published. */
static TestInterface *interface_new(
        Connection *connection, HostInterfaceConfig *config, bool active)
{
        TestInterface *self = g_new0(TestInterface, 1);

        child_init(&self->interface.object, &interface_class, &self->interface.properties,
                &connection->object, interface_free);
        self->config = config;
        object_set_string(self, INTERFACE_PROPERTY_NAME, config->name);
        object_set_string(self, INTERFACE_PROPERTY_MAC, mac_of(config));
        object_set_bool(self, INTERFACE_PROPERTY_ACTIVE, active);
        registry_add(&connection->registry, self);
        object_unref(self); /* the registry has its own */
        return self;
}

/* Takes the configuration of an interface that is there or not. One with another MAC address is
 * another object. */
static TestInterface *interface_set(
        Connection *connection, HostInterfaceConfig *config, const bool *active)
{
        TestInterface *self = registry_find(&connection->registry, INTERFACE_BY_NAME, config->name);
        bool is_active = active ? *active : self && self->interface.properties.active;

        if (self && strcmp(mac_of(self->config), mac_of(config)) == 0) {
                host_interface_config_free(self->config);
                self->config = config;
                object_set_bool(self, INTERFACE_PROPERTY_ACTIVE, is_active);
                return self;
        }
        if (self)
                registry_remove(&connection->registry, self);
        self = interface_new(connection, config, is_active);
        object_publish(self);
        return self;
}

static int prepare(const char *xml, HostInterfaceConfig **ret, GError **error)
{
        g_autoptr(HostInterfaceConfig) config = NULL;

        if (host_interface_config_parse(xml, HOST_INTERFACE_XML_INACTIVE, &config, error) < 0 ||
                host_interface_config_validate(config, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int test_interface_load(Connection *connection, const char *xml, GError **error)
{
        g_autoptr(HostInterfaceConfig) config = NULL;

        if (prepare(xml, &config, error) < 0)
                return -1;
        if (registry_find(&connection->registry, INTERFACE_BY_NAME, config->name))
                return error_set(error, ERROR_OPERATION_FAILED, "interface '%s' already exists",
                        config->name);
        interface_new(connection, g_steal_pointer(&config), true);
        return 0;
}

int test_interface_define_xml(Connection *connection, const ConnectionInterfaceDefineXMLIn *in,
        ConnectionInterfaceDefineXMLOut *out, GError **error)
{
        g_autoptr(HostInterfaceConfig) config = NULL;

        if (test_refuse_flags(in->flags, "testInterfaceDefineXML", error) < 0 ||
                prepare(in->xml, &config, error) < 0)
                return -1;
        out->interface = object_ref(interface_set(connection, g_steal_pointer(&config), NULL));
        return 0;
}

/* ---- changes -------------------------------------------------------------------------------- */

static TestConnection *host_of(Connection *connection)
{
        return (TestConnection *)connection;
}

static void before_free(void *data)
{
        InterfaceBefore *before = data;

        host_interface_config_free(before->config);
        g_free(before);
}

int test_interface_change_begin(Connection *connection, const ConnectionInterfaceChangeBeginIn *in,
        ConnectionInterfaceChangeBeginOut *out, GError **error)
{
        TestConnection *host = host_of(connection);
        GHashTableIter iter;
        void *object;

        (void)in, (void)out;
        if (host->interfaces_before)
                return error_set(
                        error, ERROR_OPERATION_INVALID, "there is another transaction running.");
        host->interfaces_before = g_ptr_array_new_with_free_func(before_free);
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, INTERFACE_BY_NAME));
        while (g_hash_table_iter_next(&iter, NULL, &object)) {
                const TestInterface *interface = object;
                InterfaceBefore *before = g_new(InterfaceBefore, 1);

                *before = (InterfaceBefore){
                        .config = host_interface_config_copy(interface->config),
                        .active = interface->interface.properties.active,
                };
                g_ptr_array_add(host->interfaces_before, before);
        }
        return 0;
}

void test_interface_change_forget(Connection *connection)
{
        g_clear_pointer(&host_of(connection)->interfaces_before, g_ptr_array_unref);
}

int test_interface_change_commit(Connection *connection,
        const ConnectionInterfaceChangeCommitIn *in, ConnectionInterfaceChangeCommitOut *out,
        GError **error)
{
        (void)in, (void)out;
        if (!host_of(connection)->interfaces_before)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "no transaction running, nothing to be committed.");
        test_interface_change_forget(connection);
        return 0;
}

static bool was_there(const GPtrArray *interfaces_before, const TestInterface *self)
{
        for (unsigned i = 0; i < interfaces_before->len; i++) {
                const InterfaceBefore *before = interfaces_before->pdata[i];

                if (strcmp(before->config->name, name_of(self)) == 0 &&
                        strcmp(mac_of(before->config), mac_of(self->config)) == 0)
                        return true;
        }
        return false;
}

int test_interface_change_rollback(Connection *connection,
        const ConnectionInterfaceChangeRollbackIn *in, ConnectionInterfaceChangeRollbackOut *out,
        GError **error)
{
        GPtrArray *all_before = host_of(connection)->interfaces_before;
        g_autoptr(GList) now =
                g_hash_table_get_values(registry_all(&connection->registry, INTERFACE_BY_NAME));

        (void)in, (void)out;
        if (!all_before)
                return error_set(error, ERROR_OPERATION_INVALID,
                        "no transaction running, nothing to rollback.");
        /* What is new goes first: it may have the address of what comes back. */
        for (GList *link = now; link; link = link->next)
                if (!was_there(all_before, link->data))
                        registry_remove(&connection->registry, link->data);
        for (unsigned i = 0; i < all_before->len; i++) {
                InterfaceBefore *before = all_before->pdata[i];

                interface_set(connection, g_steal_pointer(&before->config), &before->active);
        }
        test_interface_change_forget(connection);
        return 0;
}

/* ---- operations of an interface ------------------------------------------------------------- */

static int set_active(Interface *interface, bool active, GError **error)
{
        if (require_here((TestInterface *)interface, error) < 0)
                return -1;
        /* In the words of libvirt's test host, which are few. */
        if (!interface->properties.active == !active)
                return error_set_literal(
                        error, ERROR_OPERATION_INVALID, "Requested operation is not valid");
        object_set_bool(interface, INTERFACE_PROPERTY_ACTIVE, active);
        return 0;
}

static int interface_create(
        Interface *interface, const InterfaceCreateIn *in, InterfaceCreateOut *out, GError **error)
{
        (void)in, (void)out;
        return set_active(interface, true, error);
}

static int interface_destroy(Interface *interface, const InterfaceDestroyIn *in,
        InterfaceDestroyOut *out, GError **error)
{
        (void)in, (void)out;
        return set_active(interface, false, error);
}

static int interface_get_xml_desc(Interface *interface, const InterfaceGetXMLDescIn *in,
        InterfaceGetXMLDescOut *out, GError **error)
{
        TestInterface *self = (TestInterface *)interface;

        if (test_refuse_flags(in->flags, "testInterfaceGetXMLDesc", error) < 0 ||
                require_here(self, error) < 0)
                return -1;
        out->xml = host_interface_config_format(self->config, 0);
        return 0;
}

static int interface_undefine(Interface *interface, const InterfaceUndefineIn *in,
        InterfaceUndefineOut *out, GError **error)
{
        TestInterface *self = (TestInterface *)interface;

        (void)in, (void)out;
        if (require_here(self, error) < 0)
                return -1;
        registry_remove(&connection_of(self)->registry, self);
        return 0;
}

const InterfaceOperations test_interface_operations = {
        .create = interface_create,
        .destroy = interface_destroy,
        .get_xml_desc = interface_get_xml_desc,
        .undefine = interface_undefine,
};

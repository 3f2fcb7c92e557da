/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Secrets, whose values are in memory alone, whatever their documents say. */

#include <string.h>

#include "drivers/model/secret.h"
#include "drivers/test/objects.h"

/* What libvirt's wire takes, too. */
#define VALUE_MAX 65536

typedef struct TestSecret {
        Secret secret;
        SecretConfig *config;
        uint8_t *value; /* NULL: it has none yet */
        size_t size;
} TestSecret;

/* The numbers of Connection.SecretEvent. */
typedef enum SecretEvent {
        SECRET_DEFINED,
        SECRET_UNDEFINED,
} SecretEvent;

static Connection *connection_of(const TestSecret *self)
{
        return (Connection *)self->secret.object.parent;
}

static void forget_value(TestSecret *self)
{
        if (self->value)
                explicit_bzero(self->value, self->size);
        g_clear_pointer(&self->value, g_free);
        self->size = 0;
}

static void secret_free(Object *object)
{
        TestSecret *self = (TestSecret *)object;

        forget_value(self);
        secret_config_free(self->config);
        g_free(self);
}

static int require_here(const TestSecret *self, GError **error)
{
        if (!self->secret.object.gone)
                return 0;
        return error_set(error, ERROR_NO_SECRET, "no secret with matching uuid '%s'",
                self->secret.properties.uuid);
}

static void emit(TestSecret *self, SecretEvent event)
{
        const ConnectionSecretEventSignal arguments = {
                .secret = &self->secret.object,
                .event = event,
        };

        object_emit(connection_of(self), CONNECTION_SIGNAL_SECRET_EVENT, &arguments);
}

/* The property counts from 0, where the configuration has a place for what is absent. */
static int usage_number(const SecretConfig *config)
{
        return (int)secret_config_usage_type(config) - (int)SECRET_USAGE_NONE;
}

/* Added, with no configuration. */
static TestSecret *secret_new(Connection *connection, const SecretConfig *config)
{
        TestSecret *self = g_new0(TestSecret, 1);

        child_init(&self->secret.object, &secret_class, &self->secret.properties,
                &connection->object, secret_free);
        object_set_string(self, SECRET_PROPERTY_UUID, config->uuid);
        object_set_string(self, SECRET_PROPERTY_USAGE_ID, secret_config_usage_id(config));
        object_set_int32(self, SECRET_PROPERTY_USAGE_TYPE, usage_number(config));
        registry_add(&connection->registry, self);
        object_unref(self); /* the registry has its own */
        return self;
}

static bool is_for(const TestSecret *self, const SecretConfig *config)
{
        return self->secret.properties.usage_type == usage_number(config) &&
                g_strcmp0(self->secret.properties.usage_id, secret_config_usage_id(config)) == 0;
}

/* Borrowed; NULL: none. What is for nothing has no rival. */
static TestSecret *find_by_usage(const Connection *connection, const SecretConfig *config)
{
        GHashTableIter iter;
        void *secret;

        if (secret_config_usage_type(config) == SECRET_USAGE_NONE)
                return NULL;
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, SECRET_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &secret))
                if (is_for(secret, config))
                        return secret;
        return NULL;
}

/* The secret that a document is about, or NULL: what a secret is for never changes, and what was
 * private stays so. */
static int find_same(
        Connection *connection, const SecretConfig *config, TestSecret **ret, GError **error)
{
        TestSecret *self = registry_find(&connection->registry, SECRET_BY_UUID, config->uuid);
        TestSecret *rival = self ? NULL : find_by_usage(connection, config);

        if (self && !is_for(self, config))
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "a secret with UUID %s is already defined for use with %s", config->uuid,
                        self->secret.properties.usage_id ?: "");
        if (rival)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "a secret with UUID %s already defined for use with %s",
                        rival->secret.properties.uuid, rival->secret.properties.usage_id);
        if (self && self->secret.properties.private && config->private != SWITCH_ON)
                return error_set(error, ERROR_OPERATION_DENIED,
                        "cannot change private flag on existing secret");
        *ret = self;
        return 0;
}

int test_secret_define_xml(Connection *connection, const ConnectionSecretDefineXMLIn *in,
        ConnectionSecretDefineXMLOut *out, GError **error)
{
        g_autoptr(SecretConfig) config = NULL;
        TestSecret *self;

        if (test_refuse_flags(in->flags, "testSecretDefineXML", error) < 0 ||
                secret_config_parse(in->xml, &config, error) < 0)
                return -1;
        secret_config_defaults(config);
        if (secret_config_validate(config, error) < 0 ||
                find_same(connection, config, &self, error) < 0)
                return -1;
        if (!self)
                self = secret_new(connection, config);
        object_set_string(self, SECRET_PROPERTY_DESCRIPTION, config->description);
        object_set_bool(self, SECRET_PROPERTY_EPHEMERAL, config->ephemeral == SWITCH_ON);
        object_set_bool(self, SECRET_PROPERTY_PRIVATE, config->private == SWITCH_ON);
        secret_config_free(self->config);
        self->config = g_steal_pointer(&config);
        if (!self->secret.object.published)
                object_publish(self);
        emit(self, SECRET_DEFINED);
        out->secret = object_ref(self);
        return 0;
}

static int secret_get_value(
        Secret *secret, const SecretGetValueIn *in, SecretGetValueOut *out, GError **error)
{
        TestSecret *self = (TestSecret *)secret;

        (void)in;
        if (require_here(self, error) < 0)
                return -1;
        if (secret->properties.private)
                return error_set(error, ERROR_INVALID_SECRET, "secret is private");
        if (!self->value)
                return error_set(error, ERROR_NO_SECRET, "secret '%s' does not have a value",
                        secret->properties.uuid);
        out->value.items = g_memdup2(self->value, self->size);
        out->value.n = self->size;
        return 0;
}

static int secret_set_value(
        Secret *secret, const SecretSetValueIn *in, SecretSetValueOut *out, GError **error)
{
        TestSecret *self = (TestSecret *)secret;

        (void)out;
        if (require_here(self, error) < 0)
                return -1;
        if (in->value.n == 0 || in->value.n > VALUE_MAX)
                return error_set(error, ERROR_INVALID_ARG,
                        "the value of a secret has from 1 to %d bytes, not %zu", VALUE_MAX,
                        in->value.n);
        forget_value(self);
        self->value = g_memdup2(in->value.items, in->value.n);
        self->size = in->value.n;
        return 0;
}

static int secret_get_xml_desc(
        Secret *secret, const SecretGetXMLDescIn *in, SecretGetXMLDescOut *out, GError **error)
{
        TestSecret *self = (TestSecret *)secret;

        (void)in;
        if (require_here(self, error) < 0)
                return -1;
        out->xml = secret_config_format(self->config);
        return 0;
}

static int secret_undefine(
        Secret *secret, const SecretUndefineIn *in, SecretUndefineOut *out, GError **error)
{
        TestSecret *self = (TestSecret *)secret;

        (void)in, (void)out;
        if (require_here(self, error) < 0)
                return -1;
        forget_value(self);
        emit(self, SECRET_UNDEFINED);
        registry_remove(&connection_of(self)->registry, self);
        return 0;
}

const SecretOperations test_secret_operations = {
        .get_value = secret_get_value,
        .get_xml_desc = secret_get_xml_desc,
        .set_value = secret_set_value,
        .undefine = secret_undefine,
};

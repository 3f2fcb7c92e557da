/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Storage pools, which are all of one size. */

#include "drivers/test/storage.h"

#include <string.h>

#define POOL_BYTES (UINT64_C(100) << 30)

/* The numbers of Connection.StoragePoolEvent and StoragePool.State. */
typedef enum PoolEvent {
        POOL_DEFINED,
        POOL_UNDEFINED,
        POOL_STARTED,
        POOL_STOPPED,
        POOL_BUILT,
        POOL_DELETED,
} PoolEvent;

enum {
        POOL_STATE_INACTIVE = 0,
        POOL_STATE_RUNNING = 2,
};

static const TestKind kind = {
        .by_uuid = STORAGE_POOL_BY_UUID,
        .by_name = STORAGE_POOL_BY_NAME,
        .uuid = STORAGE_POOL_PROPERTY_UUID,
        .name = STORAGE_POOL_PROPERTY_NAME,
        .short_name = "pool",
        .full_name = "storage pool",
        .missing = ERROR_NO_STORAGE_POOL,
};

static const char *name_of(const TestPool *self)
{
        return self->pool.properties.name;
}

static void pool_free(Object *object)
{
        TestPool *self = (TestPool *)object;

        storage_pool_config_free(self->definition);
        storage_pool_config_free(self->live);
        g_ptr_array_unref(self->volumes);
        g_free(self);
}

static int require_here(TestPool *self, GError **error)
{
        return test_require_here(self, kind.full_name, name_of(self), kind.missing, error);
}

int test_pool_require_active(TestPool *self, GError **error)
{
        if (require_here(self, error) < 0)
                return -1;
        if (!self->live)
                return error_set(error, ERROR_OPERATION_INVALID, "storage pool '%s' is not active",
                        name_of(self));
        return 0;
}

static int require_inactive(TestPool *self, GError **error)
{
        if (require_here(self, error) < 0)
                return -1;
        if (self->live)
                return error_set(error, ERROR_OPERATION_INVALID, "storage pool '%s' is active",
                        name_of(self));
        return 0;
}

static void emit(TestPool *self, PoolEvent event)
{
        const ConnectionStoragePoolEventSignal arguments = {
                .storage_pool = &self->pool.object,
                .event = event,
        };

        object_emit(test_pool_connection(self), CONNECTION_SIGNAL_STORAGE_POOL_EVENT, &arguments);
}

/* ---- making pools --------------------------------------------------------------------------- */

static void replace(StoragePoolConfig **place, StoragePoolConfig *config)
{
        storage_pool_config_free(*place);
        *place = config;
}

/* Sets the properties that follow from the configurations. */
static void refresh(TestPool *self)
{
        object_set_bool(self, STORAGE_POOL_PROPERTY_ACTIVE, self->live);
        object_set_int32(self, STORAGE_POOL_PROPERTY_STATE,
                self->live ? POOL_STATE_RUNNING : POOL_STATE_INACTIVE);
        object_set_bool(self, STORAGE_POOL_PROPERTY_PERSISTENT, self->definition);
        object_set_string(self, STORAGE_POOL_PROPERTY_TYPE,
                enum_name(&pool_type_names, test_pool_current(self)->type));
}

void test_pool_set_allocation(TestPool *self, uint64_t bytes)
{
        object_set_uint64(self, STORAGE_POOL_PROPERTY_CAPACITY, POOL_BYTES);
        object_set_uint64(self, STORAGE_POOL_PROPERTY_ALLOCATION, bytes);
        object_set_uint64(self, STORAGE_POOL_PROPERTY_AVAILABLE, POOL_BYTES - bytes);
}

/* Added, with neither configuration. */
static TestPool *pool_new(Connection *connection, const StoragePoolConfig *config)
{
        TestPool *self = g_new0(TestPool, 1);

        child_init(&self->pool.object, &storage_pool_class, &self->pool.properties,
                &connection->object, pool_free);
        self->volumes = g_ptr_array_new_with_free_func(test_stored_free);
        object_set_string(self, STORAGE_POOL_PROPERTY_NAME, config->name);
        object_set_string(self, STORAGE_POOL_PROPERTY_UUID, config->uuid);
        test_pool_set_allocation(self, 0);
        registry_add(&connection->registry, self);
        object_unref(self); /* the registry has its own */
        return self;
}

static bool same_host(const PoolSource *a, const PoolSource *b)
{
        return a->n_hosts == 1 && b->n_hosts == 1 &&
                g_strcmp0(a->hosts[0]->name, b->hosts[0]->name) == 0 &&
                number_or(a->hosts[0]->port, 0) == number_or(b->hosts[0]->port, 0);
}

static bool share_device(const PoolSource *a, const PoolSource *b)
{
        for (size_t i = 0; i < a->n_devices; i++)
                for (size_t j = 0; j < b->n_devices; j++)
                        if (g_strcmp0(a->devices[i]->path, b->devices[j]->path) == 0)
                                return true;
        return false;
}

static bool same_adapter(const PoolAdapter *a, const PoolAdapter *b)
{
        if (!a || !b || a->type != b->type)
                return false;
        if (a->type == POOL_ADAPTER_FC_HOST)
                return g_strcmp0(a->wwnn, b->wwnn) == 0 && g_strcmp0(a->wwpn, b->wwpn) == 0;
        return a->name && g_strcmp0(a->name, b->name) == 0;
}

/* Whether two pools would be the same storage. */
static bool same_source(const StoragePoolConfig *a, const StoragePoolConfig *b)
{
        const PoolSource *source = &a->source, *other = &b->source;

        if (a->type != b->type)
                return false;
        switch (a->type) {
        case POOL_DIR:
                return g_strcmp0(a->target.path, b->target.path) == 0;
        case POOL_NETFS:
                return g_strcmp0(source->dir.path, other->dir.path) == 0 &&
                        same_host(source, other);
        case POOL_GLUSTER:
                return g_strcmp0(source->name, other->name) == 0 &&
                        g_strcmp0(source->dir.path, other->dir.path) == 0 &&
                        same_host(source, other);
        case POOL_ISCSI:
                return g_strcmp0(source->initiator.iqn.name, other->initiator.iqn.name) == 0 &&
                        same_host(source, other) && share_device(source, other);
        case POOL_SCSI:
                return same_adapter(source->adapter, other->adapter);
        case POOL_SHEEPDOG:
                return g_strcmp0(source->name, other->name) == 0 && same_host(source, other);
        case POOL_VSTORAGE:
                return g_strcmp0(source->name, other->name) == 0;
        case POOL_MPATH: /* is the host's one */
                return true;
        case POOL_RBD:
                return false;
        default:
                return share_device(source, other);
        }
}

static int check_source(Connection *connection, const StoragePoolConfig *config,
        const TestPool *self, GError **error)
{
        GHashTableIter iter;
        void *other;

        g_hash_table_iter_init(&iter, registry_all(&connection->registry, STORAGE_POOL_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &other))
                if (other != self && same_source(config, test_pool_current(other)))
                        return error_set(error, ERROR_OPERATION_FAILED,
                                "Storage source conflict with pool: '%s'", name_of(other));
        return 0;
}

/* The document as this host would have it, and the pool that it is about, or NULL. */
static int prepare(Connection *connection, const char *xml, StoragePoolConfig **ret_config,
        TestPool **ret, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL;

        if (storage_pool_config_parse(xml, &config, error) < 0)
                return -1;
        storage_pool_config_defaults(config);
        if (storage_pool_config_validate(config, error) < 0 ||
                test_find_same(connection, &kind, config->name, config->uuid, ret, error) < 0 ||
                check_source(connection, config, *ret, error) < 0)
                return -1;
        *ret_config = g_steal_pointer(&config);
        return 0;
}

int test_storage_pool_load(
        Connection *connection, const char *xml, StoragePool **ret, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL;
        TestPool *self;

        if (prepare(connection, xml, &config, &self, error) < 0)
                return -1;
        if (self)
                return test_already_there(&kind, config->name, config->uuid, error);
        self = pool_new(connection, config);
        self->definition = g_steal_pointer(&config);
        self->live = storage_pool_config_copy(self->definition);
        refresh(self);
        *ret = &self->pool;
        return 0;
}

int test_storage_pool_define_xml(Connection *connection, const ConnectionStoragePoolDefineXMLIn *in,
        ConnectionStoragePoolDefineXMLOut *out, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL;
        TestPool *self;

        if (test_refuse_flags(in->flags, "testStoragePoolDefineXML", error) < 0 ||
                prepare(connection, in->xml, &config, &self, error) < 0)
                return -1;
        if (!self)
                self = pool_new(connection, config);
        replace(&self->definition, g_steal_pointer(&config));
        refresh(self);
        if (!self->pool.object.published)
                object_publish(self);
        emit(self, POOL_DEFINED);
        out->storage_pool = object_ref(self);
        return 0;
}

/* Takes the configuration, also after an error. */
static int pool_start(TestPool *self, StoragePoolConfig *config, GError **error)
{
        self->live = config;
        if (test_volumes_publish(self, error) < 0) {
                replace(&self->live, NULL);
                return -1;
        }
        refresh(self);
        if (!self->pool.object.published)
                object_publish(self);
        emit(self, POOL_STARTED);
        return 0;
}

int test_storage_pool_create_xml(Connection *connection, const ConnectionStoragePoolCreateXMLIn *in,
        ConnectionStoragePoolCreateXMLOut *out, GError **error)
{
        g_autoptr(StoragePoolConfig) config = NULL;
        TestPool *self;

        if (test_refuse_flags(in->flags, "testStoragePoolCreateXML", error) < 0 ||
                prepare(connection, in->xml, &config, &self, error) < 0)
                return -1;
        if (self && self->live)
                return error_set(error, ERROR_OPERATION_INVALID, "pool is already active as '%s'",
                        config->name);
        if (!self)
                self = pool_new(connection, config);
        if (pool_start(self, g_steal_pointer(&config), error) < 0)
                return -1;
        out->storage_pool = object_ref(self);
        return 0;
}

/* ---- looking for sources -------------------------------------------------------------------- */

static PoolSource *source_new(const char *name, const char *device, const char *format)
{
        PoolSource *source = g_new0(PoolSource, 1);

        source->name = g_strdup(name);
        source->format.type = g_strdup(format);
        if (device) {
                PoolDevice *item = g_new0(PoolDevice, 1);

                item->path = g_strdup(device);
                list_append(&source->devices, &source->n_devices, item);
        }
        return source;
}

static char *logical_sources(void)
{
        g_autoptr(PoolSource) first = source_new("testvg1", "/dev/sda20", "lvm2");
        g_autoptr(PoolSource) second = source_new("testvg2", "/dev/sda21", "lvm2");

        return pool_sources_format((PoolSource *[]){ first, second }, 2);
}

static char *netfs_sources(const char *host)
{
        g_autoptr(PoolSource) source = source_new(NULL, NULL, "nfs");
        PoolHost *item = g_new0(PoolHost, 1);

        item->name = g_strdup(host);
        list_append(&source->hosts, &source->n_hosts, item);
        source->dir.path = g_strdup("/testshare");
        return pool_sources_format(&source, 1);
}

int test_find_storage_pool_sources(Connection *connection,
        const ConnectionFindStoragePoolSourcesIn *in, ConnectionFindStoragePoolSourcesOut *out,
        GError **error)
{
        g_autoptr(PoolSource) spec = NULL;

        (void)connection;
        /* As on libvirt's test host, which takes the first of its kinds for none. */
        if (strcmp(in->type, "dir") == 0)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "unknown storage pool type %s", in->type);
        if (in->src_spec[0] && pool_source_parse(in->src_spec, &spec, error) < 0)
                return -1;
        if (strcmp(in->type, "logical") == 0) {
                out->storage_pool_sources = logical_sources();
                return 0;
        }
        if (strcmp(in->type, "netfs") != 0)
                return error_set(error, ERROR_NO_SUPPORT,
                        "pool type '%s' does not support source discovery", in->type);
        if (!spec || spec->n_hosts == 0 || !spec->hosts[0]->name)
                return error_set(
                        error, ERROR_INVALID_ARG, "hostname must be specified for netfs sources");
        out->storage_pool_sources = netfs_sources(spec->hosts[0]->name);
        return 0;
}

/* ---- operations of a pool ------------------------------------------------------------------- */

static int pool_create(
        StoragePool *pool, const StoragePoolCreateIn *in, StoragePoolCreateOut *out, GError **error)
{
        TestPool *self = (TestPool *)pool;

        (void)out;
        if (test_refuse_flags(in->flags, "testStoragePoolCreate", error) < 0 ||
                require_inactive(self, error) < 0)
                return -1;
        return pool_start(self, storage_pool_config_copy(self->definition), error);
}

static int pool_build(
        StoragePool *pool, const StoragePoolBuildIn *in, StoragePoolBuildOut *out, GError **error)
{
        (void)out;
        if (test_refuse_flags(in->flags, "testStoragePoolBuild", error) < 0 ||
                require_inactive((TestPool *)pool, error) < 0)
                return -1;
        emit((TestPool *)pool, POOL_BUILT);
        return 0;
}

/* As on libvirt's test host, the volumes are there again when it is next started. */
static int pool_delete(
        StoragePool *pool, const StoragePoolDeleteIn *in, StoragePoolDeleteOut *out, GError **error)
{
        (void)out;
        if (test_refuse_flags(in->flags, "testStoragePoolDelete", error) < 0 ||
                require_inactive((TestPool *)pool, error) < 0)
                return -1;
        emit((TestPool *)pool, POOL_DELETED);
        return 0;
}

static int pool_destroy(StoragePool *pool, const StoragePoolDestroyIn *in,
        StoragePoolDestroyOut *out, GError **error)
{
        TestPool *self = (TestPool *)pool;

        (void)in, (void)out;
        if (test_pool_require_active(self, error) < 0)
                return -1;
        test_volumes_withdraw(self);
        if (self->definition) {
                replace(&self->live, NULL);
                refresh(self);
        } else {
                /* The configuration stays with the object, for calls that still hold it. */
                object_set_bool(self, STORAGE_POOL_PROPERTY_ACTIVE, false);
                object_set_int32(self, STORAGE_POOL_PROPERTY_STATE, POOL_STATE_INACTIVE);
        }
        emit(self, POOL_STOPPED);
        if (!self->definition)
                registry_remove(&test_pool_connection(self)->registry, self);
        return 0;
}

static int pool_refresh(StoragePool *pool, const StoragePoolRefreshIn *in,
        StoragePoolRefreshOut *out, GError **error)
{
        (void)in, (void)out;
        if (test_pool_require_active((TestPool *)pool, error) < 0)
                return -1;
        object_emit(pool, STORAGE_POOL_SIGNAL_REFRESH, NULL);
        return 0;
}

static int pool_undefine(StoragePool *pool, const StoragePoolUndefineIn *in,
        StoragePoolUndefineOut *out, GError **error)
{
        TestPool *self = (TestPool *)pool;

        (void)in, (void)out;
        if (require_inactive(self, error) < 0)
                return -1;
        object_set_bool(self, STORAGE_POOL_PROPERTY_PERSISTENT, false);
        emit(self, POOL_UNDEFINED);
        registry_remove(&test_pool_connection(self)->registry, self);
        return 0;
}

static int pool_get_xml_desc(StoragePool *pool, const StoragePoolGetXMLDescIn *in,
        StoragePoolGetXMLDescOut *out, GError **error)
{
        TestPool *self = (TestPool *)pool;
        const StoragePoolProperties *properties = &pool->properties;
        g_autoptr(StoragePoolConfig) config = NULL;

        if (test_refuse_flags(in->flags, "testStoragePoolGetXMLDesc", error) < 0 ||
                require_here(self, error) < 0)
                return -1;
        config = storage_pool_config_copy(test_pool_current(self));
        config->capacity.bytes = number((int64_t)properties->capacity);
        config->allocation.bytes = number((int64_t)properties->allocation);
        config->available.bytes = number((int64_t)properties->available);
        out->xml = storage_pool_config_format(config);
        return 0;
}

static int pool_set_autostart(StoragePool *pool, const StoragePoolSetAutostartIn *in,
        StoragePoolSetAutostartOut *out, GError **error)
{
        TestPool *self = (TestPool *)pool;

        (void)out;
        if (require_here(self, error) < 0)
                return -1;
        if (!self->definition)
                return error_set(error, ERROR_INVALID_ARG, "pool has no config file");
        object_set_bool(pool, STORAGE_POOL_PROPERTY_AUTOSTART, in->value);
        return 0;
}

const StoragePoolOperations test_storage_pool_operations = {
        .build = pool_build,
        .create = pool_create,
        .delete = pool_delete,
        .destroy = pool_destroy,
        .get_xml_desc = pool_get_xml_desc,
        .refresh = pool_refresh,
        .set_autostart = pool_set_autostart,
        .storage_vol_create_xml = test_pool_storage_vol_create_xml,
        .storage_vol_create_xml_from = test_pool_storage_vol_create_xml_from,
        .undefine = pool_undefine,
};

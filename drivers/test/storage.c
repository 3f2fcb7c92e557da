/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Storage pools, which are all of one size, and their volumes, which take of it what they are
 * said to and hold nothing. */

#include <string.h>

#include "drivers/model/storage-pool.h"
#include "drivers/model/storage-volume.h"
#include "drivers/test/objects.h"

#define POOL_BYTES (UINT64_C(100) << 30)

typedef struct TestPool {
        StoragePool pool;
        StoragePoolConfig *definition; /* NULL: transient */
        StoragePoolConfig *live;       /* NULL: not started */
        GPtrArray *volumes;            /* of StorageVolumeConfig; their objects are there while
                                          it is started */
} TestPool;

typedef struct TestVolume {
        StorageVol volume;
        StorageVolumeConfig *config; /* the pool's; not to be used once the object is gone */
} TestVolume;

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

static Connection *connection_of(const TestPool *self)
{
        return (Connection *)self->pool.object.parent;
}

static TestPool *pool_of(const TestVolume *self)
{
        return (TestPool *)self->volume.properties.pool;
}

static const char *name_of(const TestPool *self)
{
        return self->pool.properties.name;
}

static const StoragePoolConfig *current(const TestPool *self)
{
        return self->live ?: self->definition;
}

static void volume_config_free(void *config)
{
        storage_volume_config_free(config);
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

static int require_active(TestPool *self, GError **error)
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

        object_emit(connection_of(self), CONNECTION_SIGNAL_STORAGE_POOL_EVENT, &arguments);
}

/* ---- the objects of volumes ----------------------------------------------------------------- */

static void volume_free(Object *object)
{
        g_free(object);
}

/* What volumes of a kind of pool are. */
static VolumeType volume_type(PoolType pool)
{
        switch (pool) {
        case POOL_DIR:
        case POOL_FS:
        case POOL_NETFS:
        case POOL_VSTORAGE:
                return VOLUME_FILE;
        case POOL_RBD:
        case POOL_SHEEPDOG:
        case POOL_GLUSTER:
                return VOLUME_NETWORK;
        default:
                return VOLUME_BLOCK;
        }
}

/* What the paths of a pool's volumes begin with. */
static const char *pool_prefix(const TestPool *self)
{
        const StoragePoolConfig *config = current(self);

        return config->target.path ?: config->source.name ?: config->name;
}

static char *volume_path(const TestPool *self, const char *name)
{
        return g_build_filename(pool_prefix(self), name, NULL);
}

static bool path_is_taken(const TestPool *self, const char *path)
{
        return registry_find(&connection_of(self)->registry, STORAGE_VOL_BY_PATH, path);
}

static TestVolume *volume_publish(TestPool *self, StorageVolumeConfig *config)
{
        TestVolume *volume = g_new0(TestVolume, 1);
        Object *pool = &self->pool.object;

        child_init(&volume->volume.object, &storage_vol_class, &volume->volume.properties,
                &connection_of(self)->object, volume_free);
        volume->config = config;
        object_set_string(volume, STORAGE_VOL_PROPERTY_NAME, config->name);
        object_set_string(volume, STORAGE_VOL_PROPERTY_KEY, config->key);
        object_set_string(volume, STORAGE_VOL_PROPERTY_PATH, config->target.path);
        object_set(volume, STORAGE_VOL_PROPERTY_POOL, &pool);
        object_set_int32(volume, STORAGE_VOL_PROPERTY_TYPE, (int)config->type - VOLUME_FILE);
        object_set_string(volume, STORAGE_VOL_PROPERTY_FORMAT, config->target.format.type);
        object_set_uint64(
                volume, STORAGE_VOL_PROPERTY_CAPACITY, (uint64_t)config->capacity.bytes.value);
        object_set_uint64(
                volume, STORAGE_VOL_PROPERTY_ALLOCATION, (uint64_t)config->allocation.bytes.value);
        registry_add(&connection_of(self)->registry, volume);
        if (pool->published)
                object_publish(volume);
        object_unref(volume); /* the registry has its own */
        return volume;
}

/* The paths follow the target of the pool, which may have been defined anew. */
static int publish_volumes(TestPool *self, GError **error)
{
        for (unsigned i = 0; i < self->volumes->len; i++) {
                const StorageVolumeConfig *config = self->volumes->pdata[i];
                g_autofree char *path = volume_path(self, config->name);

                if (path_is_taken(self, path))
                        return error_set(error, ERROR_OPERATION_FAILED,
                                "storage pool '%s' has a volume '%s', which is one of another pool",
                                name_of(self), path);
        }
        for (unsigned i = 0; i < self->volumes->len; i++) {
                StorageVolumeConfig *config = self->volumes->pdata[i];

                g_free(config->target.path);
                g_free(config->key);
                config->target.path = volume_path(self, config->name);
                config->key = g_strdup(config->target.path);
                volume_publish(self, config);
        }
        return 0;
}

static void withdraw_volumes(TestPool *self)
{
        for (unsigned i = 0; i < self->volumes->len; i++) {
                const StorageVolumeConfig *config = self->volumes->pdata[i];
                Registry *registry = &connection_of(self)->registry;
                void *volume = registry_find(registry, STORAGE_VOL_BY_KEY, config->key);

                if (volume && pool_of(volume) == self)
                        registry_remove(registry, volume);
        }
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
        object_set_string(
                self, STORAGE_POOL_PROPERTY_TYPE, enum_name(&pool_type_names, current(self)->type));
}

static void set_allocation(TestPool *self, uint64_t bytes)
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
        self->volumes = g_ptr_array_new_with_free_func(volume_config_free);
        object_set_string(self, STORAGE_POOL_PROPERTY_NAME, config->name);
        object_set_string(self, STORAGE_POOL_PROPERTY_UUID, config->uuid);
        set_allocation(self, 0);
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
                if (other != self && same_source(config, current(other)))
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
        if (publish_volumes(self, error) < 0) {
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
        if (require_active(self, error) < 0)
                return -1;
        withdraw_volumes(self);
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
                registry_remove(&connection_of(self)->registry, self);
        return 0;
}

static int pool_refresh(StoragePool *pool, const StoragePoolRefreshIn *in,
        StoragePoolRefreshOut *out, GError **error)
{
        (void)in, (void)out;
        if (require_active((TestPool *)pool, error) < 0)
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
        registry_remove(&connection_of(self)->registry, self);
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
        config = storage_pool_config_copy(current(self));
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

/* ---- making volumes ------------------------------------------------------------------------- */

static StorageVolumeConfig *volume_find(const TestPool *self, const char *name)
{
        for (unsigned i = 0; i < self->volumes->len; i++) {
                StorageVolumeConfig *config = self->volumes->pdata[i];

                if (strcmp(config->name, name) == 0)
                        return config;
        }
        return NULL;
}

/* Files and images are raw unless the document says more; of what is in a partition or a volume
 * nothing is known. */
static void volume_complete(const TestPool *self, StorageVolumeConfig *config)
{
        bool knows_format = config->target.format.type;

        storage_volume_config_defaults(config, pool_prefix(self));
        config->type = volume_type(current(self)->type);
        if (config->type == VOLUME_BLOCK && !knows_format)
                g_clear_pointer(&config->target.format.type, g_free);
}

static int volume_new(TestPool *self, const char *xml, Object **ret, GError **error)
{
        g_autoptr(StorageVolumeConfig) config = NULL;
        StorageVolumeConfig *kept;
        uint64_t allocation;

        if (storage_volume_config_parse(xml, &config, error) < 0 ||
                storage_volume_config_validate(config, 0, error) < 0)
                return -1;
        volume_complete(self, config);
        if (volume_find(self, config->name) || path_is_taken(self, config->target.path))
                return error_set(error, ERROR_OPERATION_FAILED, "storage vol already exists");
        allocation = (uint64_t)config->allocation.bytes.value;
        if (allocation > self->pool.properties.available)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "Not enough free space in pool for volume '%s'", config->name);
        kept = g_steal_pointer(&config);
        g_ptr_array_add(self->volumes, kept);
        set_allocation(self, self->pool.properties.allocation + allocation);
        *ret = object_ref(volume_publish(self, kept));
        return 0;
}

int test_storage_vol_load(StoragePool *pool, const char *xml, GError **error)
{
        Object *volume;

        if (volume_new((TestPool *)pool, xml, &volume, error) < 0)
                return -1;
        object_unref(volume);
        return 0;
}

static int pool_storage_vol_create_xml(StoragePool *pool,
        const StoragePoolStorageVolCreateXMLIn *in, StoragePoolStorageVolCreateXMLOut *out,
        GError **error)
{
        TestPool *self = (TestPool *)pool;

        if (test_refuse_flags(in->flags, "testStorageVolCreateXML", error) < 0 ||
                require_active(self, error) < 0)
                return -1;
        return volume_new(self, in->xml, &out->storage_vol, error);
}

static int no_volume(const char *by, const char *value, GError **error)
{
        return error_set(
                error, ERROR_NO_STORAGE_VOL, "no storage vol with matching %s '%s'", by, value);
}

/* As on libvirt's test host, only of a volume of the same pool. */
static int pool_storage_vol_create_xml_from(StoragePool *pool,
        const StoragePoolStorageVolCreateXMLFromIn *in, StoragePoolStorageVolCreateXMLFromOut *out,
        GError **error)
{
        TestPool *self = (TestPool *)pool;
        const TestVolume *source =
                registry_find(&connection_of(self)->registry, STORAGE_VOL_BY_KEY, in->key);

        if (!source)
                return no_volume("key", in->key, error);
        if (test_refuse_flags(in->flags, "testStorageVolCreateXMLFrom", error) < 0 ||
                require_active(self, error) < 0)
                return -1;
        if (pool_of(source) != self)
                return no_volume("name", source->volume.properties.name, error);
        return volume_new(self, in->xml, &out->storage_vol, error);
}

const StoragePoolOperations test_storage_pool_operations = {
        .build = pool_build,
        .create = pool_create,
        .delete = pool_delete,
        .destroy = pool_destroy,
        .get_xml_desc = pool_get_xml_desc,
        .refresh = pool_refresh,
        .set_autostart = pool_set_autostart,
        .storage_vol_create_xml = pool_storage_vol_create_xml,
        .storage_vol_create_xml_from = pool_storage_vol_create_xml_from,
        .undefine = pool_undefine,
};

/* ---- operations of a volume ----------------------------------------------------------------- */

static int volume_require_here(const TestVolume *self, GError **error)
{
        if (!self->volume.object.gone)
                return 0;
        if (require_active(pool_of(self), error) < 0)
                return -1;
        return no_volume("name", self->volume.properties.name, error);
}

static int volume_delete(
        StorageVol *volume, const StorageVolDeleteIn *in, StorageVolDeleteOut *out, GError **error)
{
        TestVolume *self = (TestVolume *)volume;
        TestPool *pool = pool_of(self);

        (void)out;
        if (test_refuse_flags(in->flags, "testStorageVolDelete", error) < 0 ||
                volume_require_here(self, error) < 0)
                return -1;
        set_allocation(pool, pool->pool.properties.allocation - volume->properties.allocation);
        g_ptr_array_remove(pool->volumes, g_steal_pointer(&self->config));
        registry_remove(&connection_of(pool)->registry, self);
        return 0;
}

static int volume_get_info(StorageVol *volume, const StorageVolGetInfoIn *in,
        StorageVolGetInfoOut *out, GError **error)
{
        if (volume_require_here((TestVolume *)volume, error) < 0)
                return -1;
        if (in->flags)
                return error_set(error, ERROR_NO_SUPPORT, "virStorageVolGetInfoFlags");
        out->info.type = volume->properties.type;
        out->info.capacity = volume->properties.capacity;
        out->info.allocation = volume->properties.allocation;
        return 0;
}

static int volume_get_xml_desc(StorageVol *volume, const StorageVolGetXMLDescIn *in,
        StorageVolGetXMLDescOut *out, GError **error)
{
        (void)in;
        if (volume_require_here((TestVolume *)volume, error) < 0)
                return -1;
        out->xml = storage_volume_config_format(((TestVolume *)volume)->config);
        return 0;
}

const StorageVolOperations test_storage_vol_operations = {
        .delete = volume_delete,
        .get_info = volume_get_info,
        .get_xml_desc = volume_get_xml_desc,
};

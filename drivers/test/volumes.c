/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Volumes. Of its pool each takes what it is said to, or what is in it where that is more. */

#include <errno.h>
#include <string.h>

#include "drivers/test/storage.h"
#include "drivers/test/transfer.h"

/* Numbers of StorageVol.Wipe and flags of StorageVol.Resize. */
enum {
        WIPE_TRIM = 9,
};

enum {
        RESIZE_ALLOCATE = 1 << 0,
        RESIZE_DELTA = 1 << 1,
        RESIZE_SHRINK = 1 << 2,
};

static TestPool *pool_of(const TestVolume *self)
{
        return (TestPool *)self->volume.properties.pool;
}

static TestConnection *host_of(const TestPool *pool)
{
        return (TestConnection *)test_pool_connection(pool);
}

static Registry *registry_of(const TestPool *pool)
{
        return &test_pool_connection(pool)->registry;
}

void test_stored_free(void *data)
{
        TestStored *stored = data;

        storage_volume_config_free(stored->config);
        content_free(stored->content);
        g_free(stored);
}

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
static const char *pool_prefix(const TestPool *pool)
{
        const StoragePoolConfig *config = test_pool_current(pool);

        return config->target.path ?: config->source.name ?: config->name;
}

static char *volume_path(const TestPool *pool, const char *name)
{
        return g_build_filename(pool_prefix(pool), name, NULL);
}

static bool path_is_taken(const TestPool *pool, const char *path)
{
        return registry_find(registry_of(pool), STORAGE_VOL_BY_PATH, path);
}

/* ---- sizes ---------------------------------------------------------------------------------- */

static uint64_t capacity_of(const TestStored *stored)
{
        return (uint64_t)stored->config->capacity.bytes.value;
}

/* With so many bytes in it. */
static uint64_t allocation_with(const TestStored *stored, uint64_t used)
{
        return MAX(stored->reserved, MIN(used, capacity_of(stored)));
}

/* Sets the properties, and those of the pool, that follow from what is in it. */
static void refresh(TestVolume *self)
{
        TestPool *pool = pool_of(self);
        TestStored *stored = self->stored;
        uint64_t allocation = allocation_with(stored, content_used(stored->content));

        test_pool_set_allocation(pool,
                pool->pool.properties.allocation - self->volume.properties.allocation + allocation);
        stored->config->allocation.bytes = number((int64_t)allocation);
        object_set_uint64(self, STORAGE_VOL_PROPERTY_CAPACITY, capacity_of(stored));
        object_set_uint64(self, STORAGE_VOL_PROPERTY_ALLOCATION, allocation);
}

/* Whether the pool has room for a volume that takes so much instead of what it takes now. */
static bool pool_has_room(const TestPool *pool, uint64_t before, uint64_t after)
{
        return after <= before || after - before <= pool->pool.properties.available;
}

/* ---- objects -------------------------------------------------------------------------------- */

static TestVolume *publish(TestPool *pool, TestStored *stored)
{
        TestVolume *volume = g_new0(TestVolume, 1);
        const StorageVolumeConfig *config = stored->config;
        Object *object = &pool->pool.object;

        child_init(&volume->volume.object, &storage_vol_class, &volume->volume.properties,
                &test_pool_connection(pool)->object, volume_free);
        volume->stored = stored;
        object_set_string(volume, STORAGE_VOL_PROPERTY_NAME, config->name);
        object_set_string(volume, STORAGE_VOL_PROPERTY_KEY, config->key);
        object_set_string(volume, STORAGE_VOL_PROPERTY_PATH, config->target.path);
        object_set(volume, STORAGE_VOL_PROPERTY_POOL, &object);
        object_set_int32(volume, STORAGE_VOL_PROPERTY_TYPE, (int)config->type - VOLUME_FILE);
        object_set_string(volume, STORAGE_VOL_PROPERTY_FORMAT, config->target.format.type);
        object_set_uint64(volume, STORAGE_VOL_PROPERTY_CAPACITY, capacity_of(stored));
        object_set_uint64(
                volume, STORAGE_VOL_PROPERTY_ALLOCATION, (uint64_t)config->allocation.bytes.value);
        registry_add(registry_of(pool), volume);
        if (object->published)
                object_publish(volume);
        object_unref(volume); /* the registry has its own */
        return volume;
}

/* The paths follow the target of the pool, which may have been defined anew. */
int test_volumes_publish(TestPool *pool, GError **error)
{
        for (unsigned i = 0; i < pool->volumes->len; i++) {
                const TestStored *stored = pool->volumes->pdata[i];
                g_autofree char *path = volume_path(pool, stored->config->name);

                if (path_is_taken(pool, path))
                        return error_set(error, ERROR_OPERATION_FAILED,
                                "storage pool '%s' has a volume '%s', which is one of another pool",
                                pool->pool.properties.name, path);
        }
        for (unsigned i = 0; i < pool->volumes->len; i++) {
                TestStored *stored = pool->volumes->pdata[i];
                StorageVolumeConfig *config = stored->config;

                g_free(config->target.path);
                g_free(config->key);
                config->target.path = volume_path(pool, config->name);
                config->key = g_strdup(config->target.path);
                publish(pool, stored);
        }
        return 0;
}

static void withdraw(TestVolume *self)
{
        TestPool *pool = pool_of(self);

        transfers_end(&host_of(pool)->transfers, self, "the storage pool was stopped");
        registry_remove(registry_of(pool), self);
}

void test_volumes_withdraw(TestPool *pool)
{
        for (unsigned i = 0; i < pool->volumes->len; i++) {
                const TestStored *stored = pool->volumes->pdata[i];
                void *volume =
                        registry_find(registry_of(pool), STORAGE_VOL_BY_KEY, stored->config->key);

                if (volume && pool_of(volume) == pool)
                        withdraw(volume);
        }
}

/* ---- work that takes long ------------------------------------------------------------------- */

/* What is in a volume is read or changed by the running fiber's job, which may be cancelled; nobody
 * deletes it meanwhile. */
static void begin_work(TestStored *stored)
{
        stored->n_transfers++;
        job_allow_cancel(job_running(), true);
}

static void end_work(TestStored *stored)
{
        job_allow_cancel(job_running(), false);
        stored->n_transfers--;
}

/* Suspends. */
static int on_step(uint64_t done, uint64_t total, void *data)
{
        Job *job = data;
        int r;

        job_progress(job, done, total);
        r = fiber_yield();
        return r < 0 ? r : job->object.parent->gone ? -ECANCELED : 0;
}

/* ---- making volumes ------------------------------------------------------------------------- */

static bool name_is_taken(const TestPool *pool, const char *name)
{
        for (unsigned i = 0; i < pool->volumes->len; i++) {
                const TestStored *stored = pool->volumes->pdata[i];

                if (strcmp(stored->config->name, name) == 0)
                        return true;
        }
        return false;
}

/* Files and images are raw unless the document says more; of what is in a partition or a volume
 * nothing is known. */
static void complete(const TestPool *pool, StorageVolumeConfig *config)
{
        bool knows_format = config->target.format.type;

        storage_volume_config_defaults(config, pool_prefix(pool));
        config->type = volume_type(test_pool_current(pool)->type);
        if (config->type == VOLUME_BLOCK && !knows_format)
                g_clear_pointer(&config->target.format.type, g_free);
}

/* Whether the pool can have it. */
static int require_place(const TestPool *pool, const StorageVolumeConfig *config, GError **error)
{
        if (name_is_taken(pool, config->name) || path_is_taken(pool, config->target.path))
                return error_set(error, ERROR_OPERATION_FAILED, "storage vol already exists");
        if ((uint64_t)config->allocation.bytes.value > pool->pool.properties.available)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "Not enough free space in pool for volume '%s'", config->name);
        return 0;
}

/* Suspends. Nobody deletes the source meanwhile; the pool may be another afterwards. */
static int copy_content(TestPool *pool, TestStored *stored, TestStored *source, GError **error)
{
        int r;

        begin_work(source);
        r = content_copy(
                stored->content, source->content, capacity_of(stored), on_step, job_running());
        end_work(source);
        if (r == -ECANCELED)
                return error_set(error, ERROR_OPERATION_ABORTED,
                        "the copying to volume '%s' was cancelled", stored->config->name);
        if (r >= 0 &&
                (test_pool_require_active(pool, error) < 0 ||
                        require_place(pool, stored->config, error) < 0))
                return -1;
        if (r < 0 ||
                !pool_has_room(pool, 0, allocation_with(stored, content_used(stored->content))))
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "Not enough free space in pool for what is to be in volume '%s'",
                        stored->config->name);
        return 0;
}

/* source: what is to be in it, or NULL. Suspends where there is one. */
static int volume_new(
        TestPool *pool, const char *xml, TestStored *source, Object **ret, GError **error)
{
        g_autoptr(StorageVolumeConfig) config = NULL;
        TestStored *stored;
        TestVolume *volume;

        if (storage_volume_config_parse(xml, &config, error) < 0 ||
                storage_volume_config_validate(config, 0, error) < 0)
                return -1;
        complete(pool, config);
        if (require_place(pool, config, error) < 0)
                return -1;
        stored = g_new0(TestStored, 1);
        stored->reserved = (uint64_t)config->allocation.bytes.value;
        stored->content = content_new(&host_of(pool)->room);
        stored->config = g_steal_pointer(&config);
        if (source && copy_content(pool, stored, source, error) < 0) {
                test_stored_free(stored);
                return -1;
        }
        g_ptr_array_add(pool->volumes, stored);
        test_pool_set_allocation(pool, pool->pool.properties.allocation + stored->reserved);
        volume = publish(pool, stored);
        refresh(volume);
        *ret = object_ref(volume);
        return 0;
}

int test_storage_vol_load(StoragePool *pool, const char *xml, GError **error)
{
        Object *volume;

        if (volume_new((TestPool *)pool, xml, NULL, &volume, error) < 0)
                return -1;
        object_unref(volume);
        return 0;
}

int test_pool_storage_vol_create_xml(StoragePool *pool, const StoragePoolStorageVolCreateXMLIn *in,
        StoragePoolStorageVolCreateXMLOut *out, GError **error)
{
        TestPool *self = (TestPool *)pool;

        if (test_refuse_flags(in->flags, "testStorageVolCreateXML", error) < 0 ||
                test_pool_require_active(self, error) < 0)
                return -1;
        return volume_new(self, in->xml, NULL, &out->storage_vol, error);
}

static int no_volume(const char *by, const char *value, GError **error)
{
        return error_set(
                error, ERROR_NO_STORAGE_VOL, "no storage vol with matching %s '%s'", by, value);
}

/* As on libvirt's test host, only of a volume of the same pool. */
int test_pool_storage_vol_create_xml_from(StoragePool *pool,
        const StoragePoolStorageVolCreateXMLFromIn *in, StoragePoolStorageVolCreateXMLFromOut *out,
        GError **error)
{
        TestPool *self = (TestPool *)pool;
        const TestVolume *source = registry_find(registry_of(self), STORAGE_VOL_BY_KEY, in->key);

        if (!source)
                return no_volume("key", in->key, error);
        if (test_refuse_flags(in->flags, "testStorageVolCreateXMLFrom", error) < 0 ||
                test_pool_require_active(self, error) < 0)
                return -1;
        if (pool_of(source) != self)
                return no_volume("name", source->volume.properties.name, error);
        return volume_new(self, in->xml, source->stored, &out->storage_vol, error);
}

/* ---- operations ----------------------------------------------------------------------------- */

static int require_here(const TestVolume *self, GError **error)
{
        if (!self->volume.object.gone)
                return 0;
        if (test_pool_require_active(pool_of(self), error) < 0)
                return -1;
        return no_volume("name", self->volume.properties.name, error);
}

/* For what changes it: nobody else may be at it. */
static int require_idle(const TestVolume *self, GError **error)
{
        if (require_here(self, error) < 0)
                return -1;
        if (self->stored->n_transfers > 0)
                return error_set(error, ERROR_OPERATION_INVALID, "volume '%s' is still in use.",
                        self->volume.properties.name);
        return 0;
}

static int volume_delete(
        StorageVol *volume, const StorageVolDeleteIn *in, StorageVolDeleteOut *out, GError **error)
{
        TestVolume *self = (TestVolume *)volume;
        TestPool *pool = pool_of(self);

        (void)out;
        if (test_refuse_flags(in->flags, "testStorageVolDelete", error) < 0 ||
                require_idle(self, error) < 0)
                return -1;
        test_pool_set_allocation(
                pool, pool->pool.properties.allocation - volume->properties.allocation);
        g_ptr_array_remove(pool->volumes, g_steal_pointer(&self->stored));
        registry_remove(registry_of(pool), self);
        return 0;
}

static int volume_get_info(StorageVol *volume, const StorageVolGetInfoIn *in,
        StorageVolGetInfoOut *out, GError **error)
{
        if (require_here((TestVolume *)volume, error) < 0)
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
        if (require_here((TestVolume *)volume, error) < 0)
                return -1;
        out->xml = storage_volume_config_format(((TestVolume *)volume)->stored->config);
        return 0;
}

/* The new capacity. */
static int resized(
        const TestVolume *self, const StorageVolResizeIn *in, uint64_t *ret, GError **error)
{
        uint64_t old = capacity_of(self->stored);
        bool smaller = in->flags & RESIZE_SHRINK;

        if (in->capacity == 0 && !(in->flags & (RESIZE_DELTA | RESIZE_SHRINK)))
                return error_set_argument(error,
                        "capacity in %s cannot be zero without 'delta' or 'shrink' flags set",
                        "virStorageVolResize");
        if (!(in->flags & RESIZE_DELTA))
                *ret = in->capacity;
        else if (smaller)
                *ret = old - MIN(old, in->capacity);
        else
                *ret = old + MIN(in->capacity, INT64_MAX - old);
        if (*ret < old && !smaller)
                return error_set(error, ERROR_INVALID_ARG,
                        "Can't shrink capacity below current capacity unless shrink flag explicitly specified");
        if (*ret > INT64_MAX)
                return error_set(error, ERROR_INVALID_ARG,
                        "a volume cannot have %" G_GUINT64_FORMAT " bytes", *ret);
        return 0;
}

static int volume_resize(
        StorageVol *volume, const StorageVolResizeIn *in, StorageVolResizeOut *out, GError **error)
{
        TestVolume *self = (TestVolume *)volume;
        TestStored *stored = self->stored;
        uint64_t capacity = 0, reserved;

        (void)out;
        if (require_idle(self, error) < 0 || resized(self, in, &capacity, error) < 0)
                return -1;
        reserved = in->flags & RESIZE_ALLOCATE ? capacity : MIN(stored->reserved, capacity);
        if (!pool_has_room(pool_of(self), volume->properties.allocation, reserved))
                return error_set(
                        error, ERROR_OPERATION_FAILED, "Not enough space left in storage pool");
        content_truncate(stored->content, capacity);
        stored->reserved = reserved;
        stored->config->capacity.bytes = number((int64_t)capacity);
        refresh(self);
        return 0;
}

/* Suspends. Whatever it is overwritten with in between, nothing is in it afterwards. */
static int volume_wipe(
        StorageVol *volume, const StorageVolWipeIn *in, StorageVolWipeOut *out, GError **error)
{
        TestVolume *self = (TestVolume *)volume;
        TestStored *stored = self->stored;
        int r;

        (void)out;
        if (require_idle(self, error) < 0)
                return -1;
        if (in->pattern > WIPE_TRIM)
                return error_set(
                        error, ERROR_INVALID_ARG, "wiping algorithm %u not supported", in->pattern);
        begin_work(stored);
        r = content_wipe(stored->content, on_step, job_running());
        end_work(stored);
        if (r >= 0 && in->pattern == WIPE_TRIM)
                stored->reserved = 0;
        refresh(self);
        if (require_here(self, error) < 0)
                return -1;
        return r < 0 ? error_set(error, ERROR_OPERATION_ABORTED,
                               "the wiping of volume '%s' was cancelled", volume->properties.name) :
                       0;
}

/* ---- transfers ------------------------------------------------------------------------------ */

static int may_write(void *object, size_t size, GError **error)
{
        TestVolume *self = object;
        const TestStored *stored = self->stored;
        /* At most two blocks are begun beside those that are filled. */
        uint64_t used = content_used(stored->content) + size + 2 * CONTENT_BLOCK;

        if (pool_has_room(pool_of(self), self->volume.properties.allocation,
                    allocation_with(stored, used)))
                return 0;
        return error_set(error, ERROR_OPERATION_FAILED, "Not enough space left in storage pool");
}

static void transfer_ended(void *object)
{
        TestVolume *self = object;

        self->stored->n_transfers--;
        refresh(self);
}

static int transfer(TestVolume *self, TransferDirection direction, uint64_t offset, uint64_t length,
        int *ret, GError **error)
{
        const TransferEnd end = {
                .object = self,
                .content = self->stored->content,
                .may_write = may_write,
                .ended = transfer_ended,
        };
        uint64_t capacity = capacity_of(self->stored);

        if (offset > capacity || length > capacity - offset)
                return error_set(error, ERROR_INVALID_ARG,
                        "volume '%s' has %" G_GUINT64_FORMAT " bytes, and not %" G_GUINT64_FORMAT
                        " from %" G_GUINT64_FORMAT " on",
                        self->volume.properties.name, capacity, length, offset);
        if (transfer_new(&host_of(pool_of(self))->transfers, direction, &end, offset,
                    length ?: capacity - offset, ret, error) < 0)
                return -1;
        self->stored->n_transfers++;
        return 0;
}

static int volume_download(StorageVol *volume, const StorageVolDownloadIn *in,
        StorageVolDownloadOut *out, GError **error)
{
        TestVolume *self = (TestVolume *)volume;

        if (require_here(self, error) < 0)
                return -1;
        return transfer(self, TRANSFER_DOWNLOAD, in->offset, in->length, &out->fd, error);
}

static int volume_upload(
        StorageVol *volume, const StorageVolUploadIn *in, StorageVolUploadOut *out, GError **error)
{
        TestVolume *self = (TestVolume *)volume;

        if (require_idle(self, error) < 0)
                return -1;
        return transfer(self, TRANSFER_UPLOAD, in->offset, in->length, &out->fd, error);
}

const StorageVolOperations test_storage_vol_operations = {
        .delete = volume_delete,
        .download = volume_download,
        .get_info = volume_get_info,
        .get_xml_desc = volume_get_xml_desc,
        .resize = volume_resize,
        .upload = volume_upload,
        .wipe = volume_wipe,
};

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What storage.c, which has the pools, and volumes.c share. */

#include "drivers/model/storage-pool.h"
#include "drivers/model/storage-volume.h"
#include "drivers/test/content.h"
#include "drivers/test/objects.h"

typedef struct TestPool {
        StoragePool pool;
        StoragePoolConfig *definition; /* NULL: transient */
        StoragePoolConfig *live;       /* NULL: not started */
        GPtrArray *volumes; /* of TestStored; their objects are there while it is started */
} TestPool;

/* A volume as its pool keeps it, started or not. */
typedef struct TestStored {
        StorageVolumeConfig *config;
        uint64_t reserved; /* what it takes of the pool however little is in it */
        Content *content;
        unsigned n_transfers;
} TestStored;

typedef struct TestVolume {
        StorageVol volume;
        TestStored *stored; /* the pool's; not to be used once the object is gone */
} TestVolume;

static inline Connection *test_pool_connection(const TestPool *pool)
{
        return (Connection *)pool->pool.object.parent;
}

static inline const StoragePoolConfig *test_pool_current(const TestPool *pool)
{
        return pool->live ?: pool->definition;
}

/* ---- storage.c ------------------------------------------------------------------------------ */

/* "storage pool '...' is not active" unless it is. */
int test_pool_require_active(TestPool *pool, GError **error);
/* Its volumes take that many bytes together. */
void test_pool_set_allocation(TestPool *pool, uint64_t bytes);

/* ---- volumes.c ------------------------------------------------------------------------------ */

void test_stored_free(void *stored);
/* Makes the objects of a pool that starts, and takes away those of one that stops, with the
 * transfers that run. */
int test_volumes_publish(TestPool *pool, GError **error);
void test_volumes_withdraw(TestPool *pool);

int test_pool_storage_vol_create_xml(StoragePool *pool, const StoragePoolStorageVolCreateXMLIn *in,
        StoragePoolStorageVolCreateXMLOut *out, GError **error);
int test_pool_storage_vol_create_xml_from(StoragePool *pool,
        const StoragePoolStorageVolCreateXMLFromIn *in, StoragePoolStorageVolCreateXMLFromOut *out,
        GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Copying and wiping volumes of the test host takes turns with everything else: what is seen of it
 * meanwhile, and what others may do to it. */

#include <errno.h>
#include <string.h>

#include "drivers/test/storage.h"
#include "tests/unit/fiber-story.h"

/* What is in the volume, and how much of it is done in one turn. */
#define FILLED ((size_t)4 << 20)
#define STEP ((uint64_t)1 << 20)

#define DOCUMENT(name)        \
        "<volume><name>" name \
        "</name><capacity>4194304</capacity><allocation>0</allocation></volume>"

typedef struct World {
        Connection *host;
        TestPool *pool;
        TestVolume *volume;
        Job *job;
        Object *made;
        GError *error;
} World;

static ContentRoom *room_of(const World *world)
{
        return &((TestConnection *)world->host)->room;
}

static void open_host(void *data)
{
        World *world = data;
        g_autoptr(Uri) uri = NULL;

        g_assert_cmpint(uri_parse("test:///default", &uri, NULL), ==, 0);
        g_assert_cmpint(
                test_driver.open(uri, INSTANCE_SESSION, false, "test_default", &world->host, NULL),
                ==, 0);
        test_driver.start(world->host);
}

static void setup(World *world, const void *unused)
{
        g_autofree uint8_t *bytes = g_malloc(FILLED);

        (void)unused;
        fiber_test_setup(&(unsigned){ 0 }, NULL);
        start("open", open_host, world);
        world->pool = registry_find(&world->host->registry, STORAGE_POOL_BY_NAME, "default-pool");
        g_assert_cmpint(test_storage_vol_load(&world->pool->pool, DOCUMENT("v"), NULL), ==, 0);
        world->volume =
                registry_find(&world->host->registry, STORAGE_VOL_BY_PATH, "/default-pool/v");
        memset(bytes, 'x', FILLED);
        g_assert_cmpint(content_write(world->volume->stored->content, 0, bytes, FILLED), ==, 0);
        object_ref(world->volume);
}

static void teardown(World *world, const void *unused)
{
        (void)unused;
        g_clear_error(&world->error);
        object_unref(world->made);
        object_unref(world->job);
        object_unref(world->volume);
        test_driver.stop(world->host);
        connection_unref(world->host);
        fiber_test_teardown(NULL, NULL);
}

static Job *begin(World *world, void *object, const char *operation)
{
        g_clear_error(&world->error);
        object_unref(world->job);
        return world->job = (Job *)object_ref(job_begin(object, operation));
}

static void wipe(void *data)
{
        World *world = data;
        Job *job = begin(world, world->volume, "Wipe");

        test_storage_vol_operations.wipe(
                &world->volume->volume, &(StorageVolWipeIn){ 0 }, NULL, &world->error);
        job_end(job, world->error);
}

static void copy(void *data)
{
        const StoragePoolStorageVolCreateXMLFromIn in = { .xml = DOCUMENT("copy"),
                .key = "/default-pool/v" };
        StoragePoolStorageVolCreateXMLFromOut out = { 0 };
        World *world = data;
        Job *job = begin(world, world->pool, "StorageVolCreateXMLFrom");

        test_storage_pool_operations.storage_vol_create_xml_from(
                &world->pool->pool, &in, &out, &world->error);
        world->made = out.storage_vol;
        job_end(job, world->error);
}

/* The first turn is over, and others have theirs: they may read the volume, and not change it. */
static void look_meanwhile(World *world)
{
        g_autoptr(GError) error = NULL;
        const StorageVolDeleteIn delete = { 0 };

        g_assert_cmpuint(world->job->processed, ==, STEP);
        g_assert_cmpuint(world->job->total, ==, FILLED);
        g_assert_true(world->job->properties.cancellable);
        g_assert_cmpint(world->job->properties.state, ==, JOB_RUNNING);
        g_assert_cmpint(
                test_storage_vol_operations.delete(&world->volume->volume, &delete, NULL, &error),
                ==, -1);
        g_assert_true(error_is(error, ERROR_OPERATION_INVALID));
}

/* It has ended so; only who succeeds was as far as it could be. */
static void look_afterwards(World *world, JobState state, int code)
{
        const JobProperties *properties = &world->job->properties;

        spin();
        g_assert_cmpint(properties->state, ==, state);
        g_assert_false(properties->cancellable);
        if (state == JOB_COMPLETED)
                g_assert_cmpuint(properties->processed, ==, FILLED);
        else
                g_assert_cmpuint(properties->processed, <, FILLED);
        g_assert_cmpint(world->error ? error_code(world->error) : 0, ==, code);
        if (!world->volume->volume.object.gone)
                g_assert_cmpuint(world->volume->stored->n_transfers, ==, 0);
}

static void cancel(World *world)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(job_cancel(world->job, NULL), ==, 0);
        g_assert_cmpint(job_cancel(world->job, &error), ==, -1);
        g_assert_true(error_is(error, ERROR_OPERATION_INVALID));
}

static void stop_pool(World *world)
{
        const StoragePoolDestroyIn in = {};

        g_assert_cmpint(
                test_storage_pool_operations.destroy(&world->pool->pool, &in, NULL, NULL), ==, 0);
}

static void test_wipe(World *world, const void *unused)
{
        (void)unused;
        start("wipe", wipe, world);
        look_meanwhile(world);
        cancel(world);
        look_afterwards(world, JOB_CANCELLED, ERROR_OPERATION_ABORTED);
        g_assert_cmpuint(world->volume->volume.properties.allocation, ==,
                FILLED - world->job->properties.processed);

        start("wipe", wipe, world);
        spin();
        g_assert_cmpint(world->job->properties.state, ==, JOB_COMPLETED);
        g_assert_cmpuint(world->volume->volume.properties.allocation, ==, 0);
        g_assert_cmpuint(room_of(world)->used, ==, 0);
}

static void test_copy(World *world, const void *unused)
{
        uint64_t used = room_of(world)->used;

        (void)unused;
        start("copy", copy, world);
        look_meanwhile(world);
        cancel(world);
        look_afterwards(world, JOB_CANCELLED, ERROR_OPERATION_ABORTED);
        g_assert_null(world->made);
        g_assert_cmpuint(world->pool->volumes->len, ==, 1);
        g_assert_cmpuint(room_of(world)->used, ==, used);

        start("copy", copy, world);
        look_meanwhile(world);
        look_afterwards(world, JOB_COMPLETED, 0);
        g_assert_cmpuint(((StorageVol *)world->made)->properties.allocation, ==, FILLED);
        g_assert_cmpuint(room_of(world)->used, ==, 2 * used);
}

/* What was looked at when it began may be another when it ends. */
static void test_name_is_taken(World *world, const void *unused)
{
        uint64_t used = room_of(world)->used;

        (void)unused;
        start("copy", copy, world);
        g_assert_cmpint(test_storage_vol_load(&world->pool->pool, DOCUMENT("copy"), NULL), ==, 0);
        spin();
        g_assert_cmpint(world->job->properties.state, ==, JOB_FAILED);
        g_assert_true(error_is(world->error, ERROR_OPERATION_FAILED));
        g_assert_cmpuint(room_of(world)->used, ==, used);
}

static void test_pool_stops(World *world, const void *unused)
{
        (void)unused;
        start("copy", copy, world);
        stop_pool(world);
        spin();
        g_assert_true(error_is(world->error, ERROR_OPERATION_INVALID));
        g_assert_null(world->made);
        g_assert_cmpuint(world->pool->volumes->len, ==, 1);
}

static void test_pool_stops_while_wiping(World *world, const void *unused)
{
        (void)unused;
        start("wipe", wipe, world);
        stop_pool(world);
        look_afterwards(world, JOB_FAILED, ERROR_OPERATION_INVALID);
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                void (*run)(World *world, const void *unused);
        } tests[] = {
                { "/test-volumes/wipe", test_wipe },
                { "/test-volumes/copy", test_copy },
                { "/test-volumes/name-is-taken", test_name_is_taken },
                { "/test-volumes/pool-stops", test_pool_stops },
                { "/test-volumes/pool-stops-while-wiping", test_pool_stops_while_wiping },
        };

        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].name, World, NULL, setup, tests[i].run, teardown);
        return g_test_run();
}

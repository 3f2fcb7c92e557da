/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fibers that wait in line, and their locks. */

#include <errno.h>

#include "tests/unit/fiber-story.h"

/* Queues. */

typedef struct InLine {
        const char *name;
        FiberQueue *queue;
        uint64_t deadline;
        Fiber *fiber;
} InLine;

static void in_line_run(void *data)
{
        InLine *in_line = data;
        int r = fiber_queue_wait(in_line->queue, "its turn", in_line->deadline ?: FIBER_FOREVER);

        tell("%s=%d", in_line->name, r);
}

static void in_line_start(InLine *in_line, int n)
{
        for (int i = 0; i < n; i++)
                g_assert_cmpint(
                        fiber_start(in_line[i].name, in_line_run, &in_line[i], &in_line[i].fiber),
                        ==, 0);
}

static void in_line_free(InLine *in_line, int n)
{
        for (int i = 0; i < n; i++)
                fiber_unref(in_line[i].fiber);
}

static void test_queue(unsigned *cap, const void *unused)
{
        FiberQueue queue = { 0 };
        InLine line[] = { { "a", &queue, 0, NULL }, { "b", &queue, 0, NULL },
                { "c", &queue, 0, NULL }, { "d", &queue, 0, NULL }, { "e", &queue, 0, NULL } };

        (void)cap, (void)unused;
        g_assert_cmpint(fiber_queue_wake(&queue, 0), ==, 0);
        g_assert_cmpint(fiber_queue_wake_all(&queue, 0), ==, 0);
        in_line_start(line, 5);
        g_assert_cmpint(fiber_queue_wake(&queue, 1), ==, 1);
        g_assert_cmpint(fiber_queue_wake(&queue, 2), ==, 1);
        settle();
        assert_story("a=1 b=2");
        g_assert_cmpint(fiber_queue_wake_all(&queue, 3), ==, 3);
        g_assert_cmpint(fiber_queue_wake_all(&queue, 4), ==, 0);
        settle();
        assert_story("c=3 d=3 e=3");
        g_assert_null(queue.head);
        g_assert_null(queue.tail);
        in_line_free(line, 5);
}

/* Who leaves the line, at its start, middle or end, does not take a turn. */
static void test_queue_leave(unsigned *cap, const void *unused)
{
        static const char *const left[] = { "b=1 c=1 d=1", "a=1 c=1 d=1", "a=1 b=1 d=1",
                "a=1 b=1 c=1" };

        (void)cap, (void)unused;
        for (int by_deadline = 0; by_deadline < 2; by_deadline++)
                for (int leaver = 0; leaver < 4; leaver++) {
                        FiberQueue queue = { 0 };
                        InLine late = { "e", &queue, 0, NULL };
                        InLine line[] = { { "a", &queue, 0, NULL }, { "b", &queue, 0, NULL },
                                { "c", &queue, 0, NULL }, { "d", &queue, 0, NULL } };

                        if (by_deadline)
                                line[leaver].deadline = 1;
                        in_line_start(line, 4);
                        if (!by_deadline)
                                fiber_cancel(line[leaver].fiber);
                        settle();
                        g_assert_cmpint(fibers_live(), ==, 3);
                        g_string_truncate(story, 0);
                        g_assert_cmpint(fiber_queue_wake_all(&queue, 1), ==, 3);
                        settle();
                        assert_story(left[leaver]);

                        /* Its tail is right: one more can join. */
                        in_line_start(&late, 1);
                        g_assert_cmpint(fiber_queue_wake(&queue, 2), ==, 1);
                        settle();
                        assert_story("e=2");
                        in_line_free(line, 4);
                        in_line_free(&late, 1);
                }
}

static void test_queue_wake_cancelled(unsigned *cap, const void *unused)
{
        FiberQueue queue = { 0 };
        InLine line[] = { { "a", &queue, 0, NULL }, { "b", &queue, 0, NULL } };

        (void)cap, (void)unused;
        in_line_start(line, 2);
        fiber_cancel(line[0].fiber);
        /* It has not run yet and is still the first: the turn is its, and not lost. */
        g_assert_cmpint(fiber_queue_wake(&queue, 1), ==, 1);
        settle();
        assert_story("a=1");
        fiber_cancel(line[1].fiber);
        settle();
        assert_story("b=-125");
        g_assert_cmpint(fiber_queue_wake(&queue, 1), ==, 0);
        in_line_free(line, 2);
}

/* Locks. */

typedef struct Locker {
        const char *name;
        FiberLock *lock;
        uint64_t deadline, held;
        Fiber *fiber;
} Locker;

static void locker_run(void *data)
{
        Locker *locker = data;
        int r = fiber_lock(locker->lock, "the lock", locker->deadline ?: FIBER_FOREVER);

        tell("%s=%d", locker->name, r);
        if (r < 0)
                return;
        g_assert_true(locker->lock->owner == fiber_self());
        fiber_shield();
        fiber_sleep(locker->held);
        fiber_unshield();
        tell("%s-", locker->name);
        fiber_unlock(locker->lock);
        g_assert_true(locker->lock->owner != fiber_self());
}

static void locker_start(Locker *lockers, int n)
{
        for (int i = 0; i < n; i++)
                g_assert_cmpint(
                        fiber_start(lockers[i].name, locker_run, &lockers[i], &lockers[i].fiber),
                        ==, 0);
}

static void test_lock(unsigned *cap, const void *unused)
{
        FiberLock lock = { 0 };
        Locker lockers[] = {
                /* So long that it is not mistaken for the deadline of another, however busy the
                   machine is. */
                { .name = "a", .lock = &lock, .held = 1000 * MS },
                { .name = "b", .lock = &lock, .held = 1 * MS },
                { .name = "times-out", .lock = &lock, .deadline = fiber_deadline(2 * MS) },
                { .name = "cancelled", .lock = &lock },
                { .name = "c", .lock = &lock, .held = 1 * MS },
        };

        (void)cap, (void)unused;
        locker_start(lockers, 5);
        fiber_cancel(lockers[3].fiber);
        spin();
        assert_story("a=0 cancelled=-125 times-out=-110 a- b=0 b- c=0 c-");
        g_assert_null(lock.owner);
        g_assert_null(lock.queue.head);
        for (int i = 0; i < 5; i++)
                fiber_unref(lockers[i].fiber);
}

static void unlocker_run(void *data)
{
        Locker *lockers = data;

        g_assert_cmpint(fiber_lock(lockers->lock, "the lock", FIBER_FOREVER), ==, 0);
        locker_start(lockers, 2);
        fiber_yield();
        fiber_unlock(lockers->lock);
        /* It is the next one's already, who has not run yet: nobody overtakes. */
        g_assert_true(lockers->lock->owner == lockers[0].fiber);
        /* Being cancelled between the two does not lose the lock. */
        fiber_cancel(lockers[0].fiber);
        tell("asks");
        g_assert_cmpint(fiber_lock(lockers->lock, "the lock", FIBER_FOREVER), ==, 0);
        tell("again");
        fiber_unlock(lockers->lock);
}

static void test_lock_handover(unsigned *cap, const void *unused)
{
        FiberLock lock = { 0 };
        Locker lockers[] = { { .name = "a", .lock = &lock }, { .name = "b", .lock = &lock } };

        (void)cap, (void)unused;
        start("unlocker", unlocker_run, lockers);
        spin();
        assert_story("asks a=0 a- b=0 b- again");
        g_assert_null(lock.owner);
        fiber_unref(lockers[0].fiber);
        fiber_unref(lockers[1].fiber);
}

/* The deadline and the unlock in one turn of the loop: whoever wins, the lock is free at last. */
static void test_lock_interrupted(unsigned *cap, const void *unused)
{
        FiberLock lock = { 0 };
        Locker lockers[] = {
                { .name = "a", .lock = &lock, .held = 1 * MS },
                { .name = "b", .lock = &lock, .deadline = fiber_deadline(1 * MS) },
        };

        (void)cap, (void)unused;
        locker_start(lockers, 2);
        g_usleep(5 * MS);
        spin();
        g_assert_null(lock.owner);
        g_assert_null(lock.queue.head);
        fiber_unref(lockers[0].fiber);
        fiber_unref(lockers[1].fiber);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        FIBER_TEST("queue/order", test_queue);
        FIBER_TEST("queue/leave", test_queue_leave);
        FIBER_TEST("queue/wake-cancelled", test_queue_wake_cancelled);
        FIBER_TEST("lock/order", test_lock);
        FIBER_TEST("lock/handover", test_lock_handover);
        FIBER_TEST("lock/interrupted", test_lock_interrupted);
        return g_test_run();
}

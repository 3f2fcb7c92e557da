/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fibers. Their queues and locks are in test-fiber-queue.c, what ends the process in
 * test-fiber-death.c. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "service/base/cleanup.h"
#include "tests/unit/fiber-story.h"

/* Starting and ending. */

static void child_fiber(void *data)
{
        tell("%s", (const char *)data);
}

static void parent_fiber(void *data)
{
        g_assert_nonnull(fiber_self());
        tell("in");
        start("child", child_fiber, data);
        tell("started");
        g_assert_cmpint(fiber_yield(), ==, 0);
        tell("out");
}

static void test_start(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        g_assert_null(fiber_self());
        g_assert_null(fiber_local());
        g_assert_true(fibers_event() == event);
        start("one", child_fiber, (void *)"at-once");
        assert_story("at-once");
        g_assert_cmpint(fibers_live(), ==, 0);

        start("parent", parent_fiber, (void *)"child");
        assert_story("in started");
        g_assert_null(fiber_self());
        g_assert_cmpint(fibers_live(), ==, 2);
        spin();
        assert_story("child out");
        g_assert_cmpint(fibers_peak(), ==, 2);
}

static void local_fiber(void *data)
{
        g_assert_null(fiber_local());
        fiber_set_local(data);
        fiber_sleep(1 * MS);
        g_assert_true(fiber_local() == data);
}

static void test_local(unsigned *cap, const void *unused)
{
        int values[10];

        (void)cap, (void)unused;
        for (int i = 0; i < 10; i++)
                start("local", local_fiber, &values[i]);
        g_assert_null(fiber_local());
        spin();
}

static void test_reference(unsigned *cap, const void *unused)
{
        Fiber *fiber = NULL;

        (void)cap, (void)unused;
        g_assert_cmpint(fiber_start("short", child_fiber, (void *)"x", &fiber), ==, 0);
        g_assert_nonnull(fiber);
        g_assert_cmpint(fibers_live(), ==, 0);
        g_assert_true(fiber_ref(fiber) == fiber);
        g_assert_null(fiber_unref(fiber));
        fiber_cancel(fiber);
        g_assert_null(fiber_unref(fiber));
        g_assert_null(fiber_unref(NULL));
}

/* Waking. */

static void early_fiber(void *data)
{
        Wait wait = WAIT_INIT;

        (void)data;
        wait_done(&wait, 7);
        wait_done(&wait, 8);
        g_assert_cmpint(wait_for(&wait, "nothing", fiber_now()), ==, 7);
        /* It stays done. */
        g_assert_cmpint(wait_for(&wait, "nothing", FIBER_FOREVER), ==, 7);

        /* Also for one that is cancelled: what completed is not lost. */
        wait = WAIT_INIT;
        fiber_cancel(fiber_self());
        wait_done(&wait, -EIO);
        g_assert_cmpint(wait_for(&wait, "nothing", FIBER_FOREVER), ==, -EIO);
        tell("ended");
}

static void test_wake_before(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        start("early", early_fiber, NULL);
        assert_story("ended");
}

static void test_wake_order(unsigned *cap, const void *unused)
{
        static const int orders[][3] = {
                { 0, 1, 2 },
                { 0, 2, 1 },
                { 1, 0, 2 },
                { 1, 2, 0 },
                { 2, 0, 1 },
                { 2, 1, 0 },
        };

        (void)cap, (void)unused;
        for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
                Waiter waiters[3] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
                g_autofree char *expected =
                        g_strdup_printf("%s=%d %s=%d %s=%d", waiters[orders[i][0]].name, 10,
                                waiters[orders[i][1]].name, 11, waiters[orders[i][2]].name, 12);

                for (int j = 0; j < 3; j++)
                        waiter_start(&waiters[j]);
                for (int j = 0; j < 3; j++)
                        wait_done(waiters[orders[i][j]].wait, 10 + j);
                /* Only the loop enters a fiber. */
                g_assert_cmpint(story->len, ==, 0);
                settle();
                assert_story(expected);
                g_assert_cmpint(fibers_live(), ==, 0);
                for (int j = 0; j < 3; j++)
                        fiber_unref(waiters[j].fiber);
        }
}

static void test_wake_twice(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "a" };

        (void)cap, (void)unused;
        waiter_start(&waiter);
        wait_done(waiter.wait, 1);
        wait_done(waiter.wait, 2);
        settle();
        assert_story("a=1");
        fiber_unref(waiter.fiber);
}

/* A result for another wait than the one the fiber is in. */
static void two_waits_fiber(void *data)
{
        Wait first = WAIT_INIT, second = WAIT_INIT, **ret = data;

        ret[0] = &first;
        ret[1] = &second;
        tell("second=%d", wait_for(&second, "the second", FIBER_FOREVER));
        tell("first=%d", wait_for(&first, "the first", FIBER_FOREVER));
}

static void test_wake_other(unsigned *cap, const void *unused)
{
        Wait *waits[2];

        (void)cap, (void)unused;
        start("two", two_waits_fiber, waits);
        wait_done(waits[0], 1);
        settle();
        assert_story("");
        wait_done(waits[1], 2);
        settle();
        assert_story("second=2 first=1");
}

/* Cancelling, in every state. */

static void cancel_new_fiber(void *data)
{
        Waiter *waiter = data;

        waiter_start(waiter);
        fiber_cancel(waiter->fiber);
        tell("cancelled");
}

static void test_cancel_new(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "a" };

        (void)cap, (void)unused;
        start("canceller", cancel_new_fiber, &waiter);
        spin();
        assert_story("cancelled a=-125");
        fiber_unref(waiter.fiber);
}

static void test_cancel_ready(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "a", .again = true };

        (void)cap, (void)unused;
        waiter_start(&waiter);
        wait_done(waiter.wait, 3);
        fiber_cancel(waiter.fiber);
        settle();
        /* The result that was there, and the cancel at the next wait. */
        assert_story("a=3 a=-125");
        fiber_unref(waiter.fiber);
}

static void test_cancel_waiting(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "a" };

        (void)cap, (void)unused;
        waiter_start(&waiter);
        fiber_cancel(waiter.fiber);
        fiber_cancel(waiter.fiber);
        g_assert_cmpint(story->len, ==, 0);
        settle();
        assert_story("a=-125");
        g_assert_cmpint(fibers_live(), ==, 0);
        fiber_cancel(waiter.fiber);
        fiber_unref(waiter.fiber);
}

static void shielded_fiber(void *data)
{
        Wait wait = WAIT_INIT, **ret = data;

        *ret = &wait;
        fiber_shield();
        fiber_shield();
        g_assert_false(fiber_cancelled());
        tell("r=%d", wait_for(&wait, "a word", FIBER_FOREVER));
        g_assert_false(fiber_cancelled());
        fiber_unshield();
        g_assert_false(fiber_cancelled());
        g_assert_cmpint(fiber_sleep(1 * MS), ==, 0);
        fiber_unshield();
        g_assert_true(fiber_cancelled());
        g_assert_cmpint(fiber_sleep(1 * MS), ==, -ECANCELED);
        g_assert_cmpint(fiber_yield(), ==, -ECANCELED);
        fiber_shield();
        g_assert_cmpint(fiber_yield(), ==, 0);
        fiber_unshield();
        tell("ended");
}

static void test_cancel_shielded(unsigned *cap, const void *unused)
{
        Wait *wait;
        Fiber *fiber;

        (void)cap, (void)unused;
        g_assert_cmpint(fiber_start("shielded", shielded_fiber, &wait, &fiber), ==, 0);
        fiber_cancel(fiber);
        settle();
        assert_story("");
        wait_done(wait, 4);
        spin();
        assert_story("r=4 ended");
        fiber_unref(fiber);
}

static void cancel_self_fiber(void *data)
{
        Wait wait = WAIT_INIT;

        (void)data;
        g_assert_false(fiber_cancelled());
        fiber_cancel(fiber_self());
        g_assert_true(fiber_cancelled());
        /* Sticky, and nothing is waited for. */
        for (int i = 0; i < 3; i++)
                g_assert_cmpint(wait_for(&wait, "nothing", FIBER_FOREVER), ==, -ECANCELED);
        g_assert_cmpint(fiber_wait_fd(0, EPOLLIN, "nothing", FIBER_FOREVER), <, 0);
        tell("ended");
}

static void test_cancel_self(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        start("self", cancel_self_fiber, NULL);
        assert_story("ended");
        g_assert_false(fiber_cancelled());
}

static void test_result_after_interruption(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "a" };

        (void)cap, (void)unused;
        waiter_start(&waiter);
        fiber_cancel(waiter.fiber);
        wait_done(waiter.wait, 5);
        settle();
        assert_story("a=5");
        fiber_unref(waiter.fiber);
}

/* Deadlines. */

static void deadline_fiber(void *data)
{
        uint64_t begin = fiber_now();
        Wait wait = WAIT_INIT;

        (void)data;
        g_assert_cmpint(wait_for(&wait, "nothing", fiber_deadline(20 * MS)), ==, -ETIMEDOUT);
        g_assert_cmpint(fiber_now() - begin, >=, 20 * MS);
        g_assert_cmpint(wait_for(&wait, "nothing", 0), ==, -ETIMEDOUT);
        g_assert_cmpint(wait_for(&wait, "nothing", fiber_now() - 1), ==, -ETIMEDOUT);
        /* Not sticky. */
        g_assert_cmpint(fiber_sleep(0), ==, 0);
        g_assert_cmpint(fiber_sleep(1 * MS), ==, 0);
        wait_done(&wait, 6);
        g_assert_cmpint(wait_for(&wait, "nothing", 0), ==, 6);
        tell("ended");
}

static void test_deadline(unsigned *cap, const void *unused)
{
        uint64_t now = fiber_now();

        (void)cap, (void)unused;
        g_assert_true(fiber_deadline(FIBER_FOREVER) == FIBER_FOREVER);
        g_assert_true(fiber_deadline(FIBER_FOREVER - 1) == FIBER_FOREVER);
        g_assert_cmpint(fiber_deadline(5), >=, now + 5);
        start("deadline", deadline_fiber, NULL);
        spin();
        assert_story("ended");
}

static void sleeper_run(void *data)
{
        g_assert_cmpint(fiber_sleep(GPOINTER_TO_UINT(data) * MS), ==, 0);
        tell("%u", GPOINTER_TO_UINT(data));
}

static void test_sleep_order(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        start("sleeper", sleeper_run, GUINT_TO_POINTER(500));
        start("sleeper", sleeper_run, GUINT_TO_POINTER(5));
        start("sleeper", sleeper_run, GUINT_TO_POINTER(30));
        spin();
        assert_story("5 30 500");
}

/* The deadline of a wait that ended otherwise does not end the next one. */
static void stale_deadline_fiber(void *data)
{
        Wait first = WAIT_INIT, second = WAIT_INIT, **ret = data;

        ret[0] = &first;
        tell("r=%d", wait_for(&first, "the first", fiber_deadline(5 * MS)));
        ret[1] = &second;
        tell("r=%d", wait_for(&second, "the second", FIBER_FOREVER));
}

static void test_deadline_stale(unsigned *cap, const void *unused)
{
        Wait *waits[2] = { NULL, NULL };

        (void)cap, (void)unused;
        start("stale", stale_deadline_fiber, waits);
        /* Past the deadline, and the result comes before the loop has seen the timer. */
        g_usleep(10 * MS);
        wait_done(waits[0], 1);
        start("sleeper", sleeper_run, GUINT_TO_POINTER(20));
        while (fibers_live() > 1)
                sd_event_run(event, UINT64_MAX);
        assert_story("r=1 20");
        wait_done(waits[1], 2);
        spin();
        assert_story("r=2");
}

static void test_deadline_cancel(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "a", .deadline = fiber_deadline(2 * MS) };

        (void)cap, (void)unused;
        waiter_start(&waiter);
        g_usleep(5 * MS);
        fiber_cancel(waiter.fiber);
        spin();
        assert_story("a=-125");
        fiber_unref(waiter.fiber);
}

/* The cap. */

static void test_cap(unsigned *cap, const void *unused)
{
        Waiter waiters[4] = { { .name = "a" }, { .name = "b" }, { .name = "c" }, { .name = "d" } };
        Fiber *untouched = (Fiber *)&waiters;

        (void)unused;
        g_assert_cmpint(*cap, ==, 3);
        for (int i = 0; i < 3; i++)
                waiter_start(&waiters[i]);
        for (int i = 0; i < 5; i++)
                g_assert_cmpint(fiber_start("d", waiter_run, &waiters[3], &untouched), ==, -EBUSY);
        g_assert_true(untouched == (Fiber *)&waiters);
        settle();
        assert_story("");
        g_assert_cmpint(fibers_live(), ==, 3);

        wait_done(waiters[1].wait, 0);
        settle();
        assert_story("b=0");
        waiter_start(&waiters[3]);
        g_assert_cmpint(fiber_start("b", waiter_run, &waiters[1], NULL), ==, -EBUSY);
        wait_done(waiters[0].wait, 0);
        wait_done(waiters[2].wait, 0);
        wait_done(waiters[3].wait, 0);
        settle();
        assert_story("a=0 c=0 d=0");
        g_assert_cmpint(fibers_live(), ==, 0);
        g_assert_cmpint(fibers_peak(), ==, 3);
        for (int i = 0; i < 4; i++)
                fiber_unref(waiters[i].fiber);
}

/* What must not be lost waits for room, in its order, and comes before what is started later. */
static void test_owed(unsigned *cap, const void *unused)
{
        Waiter waiters[5] = { { .name = "a" }, { .name = "b" }, { .name = "c" }, { .name = "d" },
                { .name = "e" } };

        (void)unused;
        g_assert_cmpint(*cap, ==, 2);
        for (int i = 0; i < 5; i++)
                fiber_owe(waiters[i].name, waiter_run, &waiters[i]);
        settle();
        g_assert_cmpint(fibers_live(), ==, 2);
        g_assert_true(waiters[0].wait && waiters[1].wait && !waiters[2].wait);

        wait_done(waiters[1].wait, 1);
        settle();
        assert_story("b=1");
        g_assert_cmpint(fibers_live(), ==, 2);
        g_assert_true(waiters[2].wait && !waiters[3].wait);
        g_assert_cmpint(fiber_start("f", waiter_run, &waiters[1], NULL), ==, -EBUSY);

        wait_done(waiters[0].wait, 2);
        wait_done(waiters[2].wait, 3);
        settle();
        assert_story("a=2 c=3");
        g_assert_true(waiters[3].wait && waiters[4].wait);
        wait_done(waiters[3].wait, 4);
        wait_done(waiters[4].wait, 5);
        settle();
        assert_story("d=4 e=5");
        g_assert_cmpint(fibers_live(), ==, 0);
        g_assert_cmpint(fibers_peak(), ==, 2);
}

/* All that is owed still runs, and is told to end. */
static void test_owed_at_finish(unsigned *cap, const void *unused)
{
        Waiter waiters[3] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };

        (void)unused;
        for (int i = 0; i < 3; i++)
                fiber_owe(waiters[i].name, waiter_run, &waiters[i]);
        fibers_finish();
        assert_story("a=-125 b=-125 c=-125");
        g_assert_cmpint(fibers_init(event, *cap), ==, 0);
}

/* Descriptors. */

typedef struct Watcher {
        const char *name;
        int fd;
        uint32_t events;
        uint64_t deadline;
        Fiber *fiber;
} Watcher;

static void watcher_run(void *data)
{
        Watcher *watcher = data;

        tell("%s=%d", watcher->name,
                fiber_wait_fd(watcher->fd, watcher->events, "a descriptor",
                        watcher->deadline ?: FIBER_FOREVER));
}

static void watcher_start(Watcher *watcher)
{
        g_assert_cmpint(fiber_start(watcher->name, watcher_run, watcher, &watcher->fiber), ==, 0);
}

static void test_fd(unsigned *cap, const void *unused)
{
        int pair[2];
        Watcher reader = { .name = "r", .events = EPOLLIN }, other = reader, writer = reader;

        (void)cap, (void)unused;
        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
        reader.fd = other.fd = writer.fd = pair[0];
        other.name = "o";
        writer.name = "w";
        writer.events = EPOLLOUT;

        /* Three at one descriptor. */
        watcher_start(&reader);
        watcher_start(&other);
        watcher_start(&writer);
        settle();
        assert_story("w=4");
        g_assert_cmpint(write(pair[1], "x", 1), ==, 1);
        settle();
        g_assert_true(g_str_equal(story->str, "r=1 o=1") || g_str_equal(story->str, "o=1 r=1"));
        g_string_truncate(story, 0);
        fiber_unref(reader.fiber);
        fiber_unref(other.fiber);
        fiber_unref(writer.fiber);

        /* Ready before it is waited for. */
        watcher_start(&reader);
        spin();
        assert_story("r=1");
        fiber_unref(reader.fiber);
        g_assert_cmpint(read(pair[0], &(char){ 0 }, 1), ==, 1);

        reader.deadline = fiber_deadline(2 * MS);
        watcher_start(&reader);
        watcher_start(&other);
        fiber_cancel(other.fiber);
        spin();
        assert_story("o=-125 r=-110");
        fiber_unref(reader.fiber);
        fiber_unref(other.fiber);

        /* End of file shows as what it is. */
        close(pair[1]);
        other.events = EPOLLIN | EPOLLRDHUP;
        watcher_start(&other);
        spin();
        g_assert_cmpint(atoi(story->str + 2), ==, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
        g_string_truncate(story, 0);
        fiber_unref(other.fiber);
        close(pair[0]);

        /* What cannot be waited for. */
        watcher_start(&other);
        assert_story("o=-9");
        fiber_unref(other.fiber);
        other.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        g_assert_cmpint(other.fd, >=, 0);
        watcher_start(&other);
        assert_story("o=-1");
        fiber_unref(other.fiber);
        close(other.fd);
}

/* Turns. */

static void talker_run(void *data)
{
        for (int i = 0; i < 3; i++) {
                tell("%s%d", (const char *)data, i);
                g_assert_cmpint(fiber_yield(), ==, 0);
        }
}

static void test_yield(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        start("a", talker_run, (void *)"a");
        start("b", talker_run, (void *)"b");
        start("c", talker_run, (void *)"c");
        spin();
        assert_story("a0 b0 c0 a1 b1 c1 a2 b2 c2");
}

static int on_stop(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        (void)source, (void)fd, (void)revents;
        *(bool *)data = true;
        return 0;
}

static void busy_run(void *data)
{
        while (!*(bool *)data)
                g_assert_cmpint(fiber_yield(), ==, 0);
        tell("stopped");
}

/* One that is always ready does not keep the loop from its sources. */
static void test_yield_fair(unsigned *cap, const void *unused)
{
        g_autoptr(sd_event_source) source = NULL;
        bool stop = false;
        int pair[2];

        (void)cap, (void)unused;
        g_assert_cmpint(pipe2(pair, O_CLOEXEC), ==, 0);
        g_assert_cmpint(sd_event_add_io(event, &source, pair[0], EPOLLIN, on_stop, &stop), >=, 0);
        g_assert_cmpint(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), >=, 0);
        start("busy", busy_run, &stop);
        for (int i = 0; i < 10; i++)
                sd_event_run(event, UINT64_MAX);
        assert_story("");
        g_assert_cmpint(write(pair[1], "x", 1), ==, 1);
        spin();
        assert_story("stopped");
        close(pair[0]);
        close(pair[1]);
}

/* Many. */

static void address_run(void *data)
{
        GHashTable *seen = data;
        volatile char here[2000];

        memset((void *)here, 1, sizeof here);
        g_hash_table_add(
                seen, GSIZE_TO_POINTER((size_t)__builtin_frame_address(0) / FIBER_STACK_SIZE));
        if (g_random_boolean())
                fiber_yield();
}

static void test_many_in_turn(unsigned *cap, const void *unused)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

        (void)cap, (void)unused;
        for (int i = 0; i < 20000; i++) {
                start("one of many", address_run, seen);
                spin();
        }
        g_assert_cmpint(fibers_peak(), ==, 1);
        /* All on one stack. */
        g_assert_cmpint(g_hash_table_size(seen), ==, 1);
}

typedef struct Crowd {
        FiberQueue queue;
        unsigned n_in, n_out;
        double sum;
} Crowd;

static double deep(int level, Crowd *crowd, double x)
{
        char room[256];

        memset(room, level, sizeof room);
        if (level == 0) {
                g_assert_cmpint(fiber_queue_wait(&crowd->queue, "the crowd", FIBER_FOREVER), ==, 1);
                return x;
        }
        x = deep(level - 1, crowd, x) + 1;
        for (size_t i = 0; i < sizeof room; i++)
                g_assert_cmpint(room[i], ==, level);
        return x;
}

static void crowd_run(void *data)
{
        Crowd *crowd = data;
        double mine = ++crowd->n_in;

        for (int i = 0; i < 5; i++)
                crowd->sum += deep(i * 8, crowd, mine * 0.5);
        crowd->n_out++;
}

static void test_many_at_once(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        for (int round = 0; round < 3; round++) {
                const int n = 500;
                Crowd crowd = { 0 };

                for (int i = 0; i < n; i++)
                        start("one of a crowd", crowd_run, &crowd);
                g_assert_cmpint(fibers_live(), ==, n);
                while (fibers_live() > 0) {
                        for (int i = g_random_int_range(1, 50); i > 0; i--)
                                fiber_queue_wake(&crowd.queue, 1);
                        settle();
                }
                g_assert_cmpint(crowd.n_out, ==, n);
                g_assert_cmpfloat(
                        crowd.sum, ==, 5 * 0.5 * n * (n + 1) / 2 + n * (8 + 16 + 24 + 32));
        }
}

static void spawner_run(void *data)
{
        int *n = data;

        if (--*n <= 0)
                return;
        start("next", spawner_run, data);
        if (fibers_live() < CAP - 10 && *n % 2)
                start("next", spawner_run, data);
}

static void test_many_nested(unsigned *cap, const void *unused)
{
        int n = 5000;

        (void)cap, (void)unused;
        start("first", spawner_run, &n);
        spin();
        g_assert_cmpint(n, <=, 0);
}

/* The end. */

static void cleaner_run(void *data)
{
        Wait wait = WAIT_INIT;
        int pair[2], r;

        r = wait_for(&wait, "its end", FIBER_FOREVER);
        fiber_shield();
        g_assert_cmpint(pipe2(pair, O_CLOEXEC), ==, 0);
        g_assert_cmpint(
                fiber_wait_fd(pair[0], EPOLLIN, "nothing", fiber_deadline(3 * MS)), ==, -ETIMEDOUT);
        g_assert_cmpint(fiber_sleep(3 * MS), ==, 0);
        close(pair[0]);
        close(pair[1]);
        fiber_unshield();
        tell("%s=%d", (const char *)data, r);
}

static void yielder_run(void *data)
{
        bool *stop = data;

        /* Never leaves the loop without something ready. */
        fiber_shield();
        while (!*stop)
                fiber_yield();
        fiber_unshield();
        tell("yielder");
}

static void stopper_run(void *data)
{
        fiber_shield();
        fiber_sleep(5 * MS);
        *(bool *)data = true;
        fiber_unshield();
        tell("stopper");
}

static void last_words_run(void *data)
{
        (void)data;
        fiber_sleep(FIBER_FOREVER);
        /* Starts another one when all is to end. */
        start("child", child_fiber, (void *)"child");
        tell("last");
}

static void test_finish(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "waiting", .again = true }, ready = { .name = "ready" };
        bool stop = false;

        waiter_start(&waiter);
        waiter_start(&ready);
        start("cleaner", cleaner_run, (void *)"cleaner");
        start("last words", last_words_run, NULL);
        wait_done(ready.wait, 1);
        fibers_finish();
        assert_story("ready=1 waiting=-125 last child cleaner=-125");
        g_assert_cmpint(fibers_live(), ==, 0);
        fiber_unref(waiter.fiber);
        fiber_unref(ready.fiber);

        g_assert_cmpint(fibers_init(event, *cap), ==, 0);
        start("yielder", yielder_run, &stop);
        start("stopper", stopper_run, &stop);
        fibers_finish();
        assert_story("stopper yielder");

        g_assert_cmpint(fibers_init(event, *cap), ==, 0);
        (void)unused;
}

/* After a loop that has ended, what only has to be cancelled still ends. */
static void test_finish_after_loop(unsigned *cap, const void *unused)
{
        Waiter waiter = { .name = "waiting" };

        (void)cap, (void)unused;
        waiter_start(&waiter);
        sd_event_exit(event, 0);
        g_assert_cmpint(sd_event_loop(event), ==, 0);
        fibers_finish();
        assert_story("waiting=-125");
        fiber_unref(waiter.fiber);
        sd_event_unref(event);
        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, CAP), ==, 0);
}

/* The list. */

static void list_each(const FiberInfo *info, void *data)
{
        uint64_t now = fiber_now();

        g_assert_true(data == story);
        g_assert_cmpint(info->started, <=, info->since);
        g_assert_cmpint(info->since, <=, now);
        g_assert_cmpint(now - info->started, <, 60 * 1000 * MS);
        tell("%s:%s", info->name, info->waiting ?: "-");
}

static void lister_run(void *data)
{
        (void)data;
        fibers_list(list_each, story);
}

static void test_list(unsigned *cap, const void *unused)
{
        Waiter one = { .name = "one" };
        Waiter two = { .name = "a name that is longer than what a fiber keeps of it, which is 47" };
        Waiter three = { .name = "three" };

        (void)cap, (void)unused;
        fibers_list(list_each, story);
        assert_story("");
        waiter_start(&one);
        waiter_start(&two);
        waiter_start(&three);
        wait_done(three.wait, 0);
        start("lister", lister_run, NULL);
        assert_story(
                "one:a word a name that is longer than what a fiber keeps o:a word three:- lister:-");
        wait_done(one.wait, 0);
        wait_done(two.wait, 0);
        settle();
        g_string_truncate(story, 0);
        fibers_list(list_each, story);
        assert_story("");
        fiber_unref(one.fiber);
        fiber_unref(two.fiber);
        fiber_unref(three.fiber);
}

/* What it costs, shown with -m perf. */

static void nothing_run(void *data)
{
        (void)data;
}

static void yields_run(void *data)
{
        for (unsigned i = GPOINTER_TO_UINT(data); i > 0; i--)
                fiber_yield();
}

static void handover_run(void *data)
{
        for (int i = 0; i < 100000; i++) {
                fiber_queue_wake(data, 1);
                if (i < 99999)
                        fiber_queue_wait(data, "the other", FIBER_FOREVER);
        }
}

static void test_cost(unsigned *cap, const void *unused)
{
        const unsigned n = 1000000;
        FiberQueue queue = { 0 };
        uint64_t begin;

        (void)cap, (void)unused;
        if (!g_test_perf()) {
                g_test_skip("only with -m perf");
                return;
        }
        begin = fiber_now();
        for (unsigned i = 0; i < n; i++)
                start("nothing", nothing_run, NULL);
        g_test_message("start and end: %.0f ns", (fiber_now() - begin) * 1e3 / n);

        /* Many at once, so that the loop's own turn weighs little. */
        begin = fiber_now();
        for (int i = 0; i < 100; i++)
                start("yields", yields_run, GUINT_TO_POINTER(n / 100));
        spin();
        g_test_message("leave and enter: %.0f ns", (fiber_now() - begin) * 1e3 / n);

        begin = fiber_now();
        start("yields", yields_run, GUINT_TO_POINTER(n));
        spin();
        g_test_message("leave and enter with a turn of the loop: %.0f ns",
                (fiber_now() - begin) * 1e3 / n);

        begin = fiber_now();
        start("a", handover_run, &queue);
        start("b", handover_run, &queue);
        spin();
        g_test_message("wake another and wait: %.0f ns", (fiber_now() - begin) * 1e3 / 200000);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        FIBER_TEST("start", test_start);
        FIBER_TEST("local", test_local);
        FIBER_TEST("reference", test_reference);
        FIBER_TEST("wake/before", test_wake_before);
        FIBER_TEST("wake/order", test_wake_order);
        FIBER_TEST("wake/twice", test_wake_twice);
        FIBER_TEST("wake/other", test_wake_other);
        FIBER_TEST("cancel/new", test_cancel_new);
        FIBER_TEST("cancel/ready", test_cancel_ready);
        FIBER_TEST("cancel/waiting", test_cancel_waiting);
        FIBER_TEST("cancel/shielded", test_cancel_shielded);
        FIBER_TEST("cancel/self", test_cancel_self);
        FIBER_TEST("cancel/result", test_result_after_interruption);
        FIBER_TEST("deadline/wait", test_deadline);
        FIBER_TEST("deadline/order", test_sleep_order);
        FIBER_TEST("deadline/stale", test_deadline_stale);
        FIBER_TEST("deadline/cancel", test_deadline_cancel);
        FIBER_TEST_CAP("cap", test_cap, 3);
        FIBER_TEST_CAP("owed/order", test_owed, 2);
        FIBER_TEST_CAP("owed/finish", test_owed_at_finish, 1);
        FIBER_TEST("fd", test_fd);
        FIBER_TEST("yield/order", test_yield);
        FIBER_TEST("yield/fair", test_yield_fair);
        FIBER_TEST("many/in-turn", test_many_in_turn);
        FIBER_TEST("many/at-once", test_many_at_once);
        FIBER_TEST("many/nested", test_many_nested);
        FIBER_TEST("finish/all", test_finish);
        FIBER_TEST("finish/after-loop", test_finish_after_loop);
        FIBER_TEST("list", test_list);
        FIBER_TEST("cost", test_cost);
        return g_test_run();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Tests of fibers: each has a loop of its own, and tells what happened as a story. */

#include <glib.h>

#include "service/base/fiber.h"

#define CAP 600
#define MS 1000

extern sd_event *event;
/* What happened, in order: each step adds a word. */
extern GString *story;

void tell(const char *format, ...) G_GNUC_PRINTF(1, 2);

#define assert_story(expected)                             \
        do {                                               \
                g_assert_cmpstr(story->str, ==, expected); \
                g_string_truncate(story, 0);               \
        } while (0)

/* Runs the loop while it has something to do at once. */
void settle(void);
/* Runs the loop until every fiber has ended. */
void spin(void);

/* fiber_start() that must succeed. */
void start(const char *name, void (*run)(void *), void *data);

/* A fiber that waits once, or again and again until it is cancelled. */
typedef struct Waiter {
        const char *name;
        uint64_t deadline;
        bool shielded, again;
        Fiber *fiber;
        Wait *wait;
        int result;
} Waiter;

void waiter_run(void *waiter);
void waiter_start(Waiter *waiter);

void fiber_test_setup(unsigned *cap, const void *wanted);
void fiber_test_teardown(unsigned *cap, const void *unused);

/* Adds void function(unsigned *cap, const void *unused) as /fiber/PATH; cap is of live fibers. */
#define FIBER_TEST(path, function) FIBER_TEST_CAP(path, function, 0)
#define FIBER_TEST_CAP(path, function, cap)                                                     \
        g_test_add("/fiber/" path, unsigned, GUINT_TO_POINTER(cap), fiber_test_setup, function, \
                fiber_test_teardown)

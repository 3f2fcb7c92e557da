/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/fiber-story.h"

#include <errno.h>

sd_event *event;
GString *story;

void tell(const char *format, ...)
{
        va_list ap;

        if (story->len > 0)
                g_string_append_c(story, ' ');
        va_start(ap, format);
        g_string_append_vprintf(story, format, ap);
        va_end(ap);
}

void settle(void)
{
        while (sd_event_run(event, 0) > 0)
                ;
}

void spin(void)
{
        while (fibers_live() > 0)
                g_assert_cmpint(sd_event_run(event, UINT64_MAX), >=, 0);
}

void start(const char *name, void (*run)(void *), void *data)
{
        g_assert_cmpint(fiber_start(name, run, data, NULL), ==, 0);
}

void fiber_test_setup(unsigned *cap, const void *wanted)
{
        *cap = GPOINTER_TO_UINT(wanted) ?: CAP;
        g_assert_cmpint(sd_event_new(&event), >=, 0);
        g_assert_cmpint(fibers_init(event, *cap), ==, 0);
        story = g_string_new(NULL);
}

void fiber_test_teardown(unsigned *cap, const void *unused)
{
        (void)cap, (void)unused;
        fibers_finish();
        g_assert_cmpint(fibers_live(), ==, 0);
        event = sd_event_unref(event);
        g_string_free(story, TRUE);
}

void waiter_run(void *data)
{
        Waiter *waiter = data;

        do {
                Wait wait = WAIT_INIT;

                waiter->wait = &wait;
                if (waiter->shielded)
                        fiber_shield();
                waiter->result = wait_for(&wait, "a word", waiter->deadline ?: FIBER_FOREVER);
                if (waiter->shielded)
                        fiber_unshield();
                waiter->wait = NULL;
                tell("%s=%d", waiter->name, waiter->result);
        } while (waiter->again && waiter->result != -ECANCELED);
}

void waiter_start(Waiter *waiter)
{
        g_assert_cmpint(fiber_start(waiter->name, waiter_run, waiter, &waiter->fiber), ==, 0);
}

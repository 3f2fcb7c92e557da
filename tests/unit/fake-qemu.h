/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A peer that plays QEMU's side of QMP from a script, also badly. It runs on a fiber of its own. */

#include <stddef.h>

typedef enum FakeKind {
        FAKE_END,        /* the script ends; the connection stays open */
        FAKE_GREET,      /* as QEMU 7.2 does */
        FAKE_EXPECT,     /* a command of the name text; notes its id */
        FAKE_EXPECT_FD,  /* the same, with a descriptor whose content is the text after the name's
                            space */
        FAKE_REPLY,      /* returns text to the oldest command that was not answered */
        FAKE_REPLY_LAST, /* to the newest */
        FAKE_REFUSE,     /* fails it with the description text */
        FAKE_SAY,        /* text, as it is */
        FAKE_DRIBBLE,    /* text, one byte in each turn of the loop */
        FAKE_FLOOD,      /* number bytes of text, over and over */
        FAKE_SLEEP,      /* number milliseconds */
        FAKE_CLOSE,      /* hangs up */
} FakeKind;

typedef struct FakeStep {
        FakeKind kind;
        const char *text;
        size_t number;
} FakeStep;

/* Steps as a script writes them. */
#define STEP(kind_, ...) ((FakeStep){ .kind = FAKE_##kind_, __VA_ARGS__ })
#define GREET STEP(GREET)
#define EXPECT(text_) STEP(EXPECT, .text = text_)
#define EXPECT_FD(text_) STEP(EXPECT_FD, .text = text_)
#define REPLY(text_) STEP(REPLY, .text = text_)
#define REPLY_LAST(text_) STEP(REPLY_LAST, .text = text_)
#define REFUSE(text_) STEP(REFUSE, .text = text_)
#define SAY(text_) STEP(SAY, .text = text_)
#define DRIBBLE(text_) STEP(DRIBBLE, .text = text_)
#define FLOOD(text_, number_) STEP(FLOOD, .text = text_, .number = number_)
#define SLEEP(msec) STEP(SLEEP, .number = msec)
#define CLOSE STEP(CLOSE)
#define NOTHING SLEEP(0)
#define END STEP(END)
#define NEGOTIATE GREET, EXPECT("qmp_capabilities"), REPLY("{}")

typedef struct FakeQemu FakeQemu;

/* Starts to play; the other end of the connection belongs to the caller. steps must stay valid. */
FakeQemu *fake_qemu_new(const FakeStep *steps, int *ret_fd);

/* Suspends. Plays the rest and frees; the script must have gone as written. */
void fake_qemu_finish(FakeQemu *fake);

/* Runs a test on a fiber of a loop of its own, for g_test_add_data_func(). */
typedef struct FiberTest {
        const char *name;
        void (*run)(const void *data);
        const void *data;
} FiberTest;

/* Adds the tests as GROUP/NAME. */
void fiber_tests_add(const char *group, const FiberTest *tests, size_t n);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fibers: code that waits reads straight down, on one thread.
 *
 * A fiber is a function on a stack of its own. Only the event loop enters one; it runs until it
 * waits or returns. Whatever completes a wait (a descriptor, a timer, a reply) stores a result in a
 * Wait and puts the fiber on the ready queue. So between two waits nothing else runs, and no locks
 * are needed; across a wait anything may have changed: hold a reference, look again.
 *
 * At most six things wait: a descriptor, a timer, a bus call, a QMP call, an RPC call, a child or
 * offloaded work. Each takes a deadline (absolute, CLOCK_MONOTONIC, microseconds) and ends with
 * -ETIMEDOUT when it passes and with -ECANCELED when the fiber is cancelled. A function that may
 * wait says "Suspends." in its header; calling one outside a fiber is a programming error and
 * aborts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define FIBER_STACK_SIZE (256 * 1024)
#define FIBER_FOREVER UINT64_MAX

typedef struct Fiber Fiber;

/* Once, before all else. max is the hard cap on live fibers. Also installs the report for an
 * overflowed stack. */
int fibers_init(sd_event *event, unsigned max);

/* Cancels every fiber, runs each to its end, frees the stacks. Called outside the loop, which it
 * runs on while a fiber is shielded: so after sd_event_run(), not after the sd_event_exit() that
 * ends a loop for good. */
void fibers_finish(void);

/* Frees the stacks that are kept for the next fibers. On the loop's stack. */
void fibers_drop_stacks(void);

/* The loop that fibers run on; borrowed. */
sd_event *fibers_event(void);

/* How many fibers are alive now, and were at most. */
unsigned fibers_live(void);
unsigned fibers_peak(void);

/* Starts run(data). On the loop's stack it is entered at once and this returns when it first waits;
 * from within a fiber it is queued. -EBUSY past the cap: then run is never called. name is copied
 * (47 bytes are kept). ret, if given, gets a reference. */
int fiber_start(const char *name, void (*run)(void *data), void *data, Fiber **ret);

/* The same for what must not be lost: past the cap it starts as soon as another fiber has ended, in
 * the order of these calls and before all that comes later. Only for what there is no more of than
 * of guests or callers, so that what waits is bounded. */
void fiber_owe(const char *name, void (*run)(void *data), void *data);

Fiber *fiber_ref(Fiber *fiber);
Fiber *fiber_unref(Fiber *fiber);

/* The running fiber, NULL on the loop's stack. */
Fiber *fiber_self(void);

/* One pointer that belongs to the fiber, such as the call it serves. */
void fiber_set_local(void *local);
void *fiber_local(void);

/* Ends the fiber's current wait with -ECANCELED, and every later one. Harmless after its end. */
void fiber_cancel(Fiber *fiber);
bool fiber_cancelled(void);
/* The running fiber may wait again: what was to be cancelled was only a part of what it does. */
void fiber_uncancel(void);

/* Between these two, waits of the running fiber are not cancelled: to take down what was set up.
 * Nests. */
void fiber_shield(void);
void fiber_unshield(void);

/* The time now and a deadline from now, on the clock of all deadlines. */
uint64_t fiber_now(void);
uint64_t fiber_deadline(uint64_t usec_from_now);

/* A wait for one completion. It lives on the waiting fiber's stack. wait_done() may come before
 * wait_for(); the result is kept. After wait_for() returned -ETIMEDOUT or -ECANCELED the completer
 * must have been told to forget the Wait before it goes out of scope. */
typedef struct Wait {
        Fiber *fiber;
        int result;
        bool done;
} Wait;

#define WAIT_INIT ((Wait){ .fiber = fiber_self() })

/* Suspends. what says what is waited for, in a list of fibers; it must stay valid meanwhile.
 * Returns the result that was given to wait_done(). */
int wait_for(Wait *wait, const char *what, uint64_t deadline);
void wait_done(Wait *wait, int result);

/* Suspends. Until the descriptor shows one of the epoll events; returns them, or -errno. Several
 * fibers may wait for one descriptor. It must stay open meanwhile. */
int fiber_wait_fd(int fd, uint32_t events, const char *what, uint64_t deadline);

/* Suspends. 0 after that time, or -ECANCELED. */
int fiber_sleep(uint64_t usec);

/* Suspends. Lets all other ready fibers and sources have their turn. */
int fiber_yield(void);

/* Waits in line. Fair: who came first goes first. */
typedef struct FiberQueue {
        struct FiberQueueEntry *head, *tail;
} FiberQueue;

/* Suspends. Until fiber_queue_wake() reaches this fiber; returns the result given there. */
int fiber_queue_wait(FiberQueue *queue, const char *what, uint64_t deadline);
/* Wakes the first, or all. Returns how many. */
unsigned fiber_queue_wake(FiberQueue *queue, int result);
unsigned fiber_queue_wake_all(FiberQueue *queue, int result);

/* A lock that one fiber holds at a time. Not recursive. Zeroed memory is an unlocked one. */
typedef struct FiberLock {
        Fiber *owner;
        FiberQueue queue;
} FiberLock;

/* Suspends. 0, -ETIMEDOUT or -ECANCELED. */
int fiber_lock(FiberLock *lock, const char *what, uint64_t deadline);
void fiber_unlock(FiberLock *lock);

/* For an administrator: each live fiber, oldest first. waiting is NULL for one that is ready. */
typedef struct FiberInfo {
        const char *name;
        const char *waiting;
        uint64_t started; /* CLOCK_MONOTONIC, microseconds */
        uint64_t since;   /* of the current wait */
} FiberInfo;
void fibers_list(void (*each)(const FiberInfo *info, void *data), void *data);

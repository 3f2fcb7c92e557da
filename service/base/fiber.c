/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* glibc's fortified longjmp() takes every jump to another stack for an attack. The jumps of this
 * file are such jumps, so this one file is built without. */
#undef _FORTIFY_SOURCE
#define _FORTIFY_SOURCE 0

#include "service/base/fiber.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "service/base/cleanup.h"

/* GCC says it by a macro, clang by a feature. */
#if defined(__has_feature) && !defined(__SANITIZE_ADDRESS__)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0
#define VALGRIND_STACK_DEREGISTER(id) ((void)(id))
#endif

/* Free stacks that are kept for the next fibers. */
#define STACKS_KEPT 16

/* Below each stack, not accessible. A frame with a buffer in it may step over a single page. */
#define GUARD_SIZE (64 * 1024)

/* A stack, above its guard. It enters the kernel's idea of a context once, when it is made; from
 * then on stack_main() runs one fiber after another on it, and every switch is a
 * sigsetjmp/siglongjmp pair, which makes no system call. */
typedef struct Stack {
        struct Stack *next_free;
        struct Stack *next; /* of all, for the report of an overflow */
        char *guard;        /* what is mapped */
        char *bottom;       /* FIBER_STACK_SIZE above it */
        unsigned valgrind_id;
        sigjmp_buf context;
        Fiber *fiber;
} Stack;

typedef enum FiberState {
        FIBER_NEW,
        FIBER_READY,
        FIBER_RUNNING,
        FIBER_WAITING,
        FIBER_ENDED,
} FiberState;

struct Fiber {
        unsigned n_ref;
        FiberState state;
        bool cancelled;
        unsigned n_shields;
        Stack *stack;
        void (*run)(void *);
        void *data;
        void *local;
        Wait *wait;       /* while waiting, and until it is entered again */
        const char *what; /* of that wait */
        int interrupted;  /* -ETIMEDOUT or -ECANCELED: ends the wait without a result */
        uint64_t started, since;
        sd_event_source *timer;
        Fiber *next_ready;
        Fiber *previous, *next; /* of the live ones */
        char name[48];
};

/* A fiber for which there is no room yet. */
typedef struct Owed {
        struct Owed *next;
        void (*run)(void *);
        void *data;
        char *name;
} Owed;

static struct {
        sd_event *event;
        sd_event_source *ready_source;
        unsigned max, n_live, n_peak, n_stacks_free;
        Fiber *oldest, *newest;
        Fiber *ready_head, *ready_tail;
        Fiber *current;
        Owed *owed_head, *owed_tail;
        Stack *stacks, *stacks_free;
        sigjmp_buf loop;
        Stack *entering; /* for stack_main(), which cannot take arguments */
#ifdef __SANITIZE_ADDRESS__
        const void *loop_bottom;
        size_t loop_size;
#endif
} fibers;

/* Switching. AddressSanitizer is told around each jump which stack is left and entered. */

#ifdef __SANITIZE_ADDRESS__
static void switch_to_stack(void **fake, const Stack *stack)
{
        __sanitizer_start_switch_fiber(fake, stack->bottom, FIBER_STACK_SIZE);
}
static void switch_to_loop(void **fake)
{
        __sanitizer_start_switch_fiber(fake, fibers.loop_bottom, fibers.loop_size);
}
static void switched_to_stack(void *fake)
{
        __sanitizer_finish_switch_fiber(fake, &fibers.loop_bottom, &fibers.loop_size);
}
static void switched_to_loop(void *fake)
{
        __sanitizer_finish_switch_fiber(fake, NULL, NULL);
}
#else
static void switch_to_stack(void **fake, const Stack *stack)
{
        (void)fake, (void)stack;
}
static void switch_to_loop(void **fake)
{
        (void)fake;
}
static void switched_to_stack(void *fake)
{
        (void)fake;
}
static void switched_to_loop(void *fake)
{
        (void)fake;
}
#endif

/* Leaves the running fiber's stack for the loop's, and returns when the loop enters it again. */
static void stack_leave(Stack *stack)
{
        void *fake = NULL;

        switch_to_loop(&fake);
        if (sigsetjmp(stack->context, 0) == 0)
                siglongjmp(fibers.loop, 1);
        switched_to_stack(fake);
}

static void stack_main(void)
{
        Stack *stack = fibers.entering;

        switched_to_stack(NULL);
        for (;;) {
                Fiber *fiber = stack->fiber;

                fiber->run(fiber->data);
                fiber->state = FIBER_ENDED;
                stack_leave(stack);
        }
}

static void stack_enter(Stack *stack, bool first)
{
        void *fake = NULL;

        switch_to_stack(&fake, stack);
        if (sigsetjmp(fibers.loop, 0) == 0) {
                if (!first)
                        siglongjmp(stack->context, 1);
                fibers.entering = stack;
                ucontext_t context;
                getcontext(&context);
                context.uc_stack.ss_sp = stack->bottom;
                context.uc_stack.ss_size = FIBER_STACK_SIZE;
                context.uc_link = NULL;
                makecontext(&context, stack_main, 0);
                setcontext(&context);
        }
        switched_to_loop(fake);
}

static Stack *stack_new(void)
{
        Stack *stack;
        char *guard = mmap(NULL, GUARD_SIZE + FIBER_STACK_SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

        if (guard == MAP_FAILED)
                return NULL;
        if (mprotect(guard, GUARD_SIZE, PROT_NONE) < 0) {
                munmap(guard, GUARD_SIZE + FIBER_STACK_SIZE);
                return NULL;
        }
        stack = g_new0(Stack, 1);
        stack->guard = guard;
        stack->bottom = guard + GUARD_SIZE;
        stack->valgrind_id =
                VALGRIND_STACK_REGISTER(stack->bottom, stack->bottom + FIBER_STACK_SIZE);
        stack->next = fibers.stacks;
        fibers.stacks = stack;
        return stack;
}

static void stack_free(Stack *stack)
{
        Stack **link = &fibers.stacks;

        while (*link != stack)
                link = &(*link)->next;
        *link = stack->next;
        VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
#ifdef __SANITIZE_ADDRESS__
        /* What is mapped here next must not inherit the marks of our frames. */
        __asan_unpoison_memory_region(stack->bottom, FIBER_STACK_SIZE);
#endif
        munmap(stack->guard, GUARD_SIZE + FIBER_STACK_SIZE);
        g_free(stack);
}

/* An overflow hits the guard. Say so, then die of the signal as without us. */

#ifndef __SANITIZE_ADDRESS__
static void report(const char *text)
{
        if (write(STDERR_FILENO, text, strlen(text)) < 0)
                return;
}

static void on_segv(int number, siginfo_t *info, void *context)
{
        const bool fault = info->si_code > 0;

        (void)context;
        for (const Stack *stack = fibers.stacks; stack && fault; stack = stack->next) {
                const char *at = info->si_addr;

                if (at < stack->guard || at >= stack->bottom)
                        continue;
                report("virtbus: fiber '");
                report(stack->fiber ? stack->fiber->name : "?");
                report("' overflowed its stack\n");
        }
        /* A fault comes again when we return, a signal that was sent does not. */
        signal(number, SIG_DFL);
        if (!fault)
                raise(number);
}

static void report_install(void)
{
        static char stack[32768];
        const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
        struct sigaction action = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_ONSTACK };

        sigemptyset(&action.sa_mask);
        sigaltstack(&alternate, NULL);
        sigaction(SIGSEGV, &action, NULL);
}
#else
static void report_install(void)
{
        /* AddressSanitizer reports it. */
}
#endif

/* The scheduler. */

static void fiber_unlink(Fiber *fiber)
{
        *(fiber->previous ? &fiber->previous->next : &fibers.oldest) = fiber->next;
        *(fiber->next ? &fiber->next->previous : &fibers.newest) = fiber->previous;
        fibers.n_live--;
}

static void pay_owed(void);

static void fiber_enter(Fiber *fiber)
{
        Stack *stack = fiber->stack;
        bool first = false;

        if (!stack) {
                stack = fibers.stacks_free;
                if (stack) {
                        fibers.stacks_free = stack->next_free;
                        fibers.n_stacks_free--;
                } else {
                        stack = stack_new();
                        if (!stack)
                                g_error("no memory for the stack of fiber '%s'", fiber->name);
                        first = true;
                }
                fiber->stack = stack;
                stack->fiber = fiber;
        }

        fiber->state = FIBER_RUNNING;
        fibers.current = fiber;
        stack_enter(stack, first);
        fibers.current = NULL;

        if (fiber->state != FIBER_ENDED)
                return;
        fiber->stack = NULL;
        stack->fiber = NULL;
        if (fibers.n_stacks_free < STACKS_KEPT) {
                stack->next_free = fibers.stacks_free;
                fibers.stacks_free = stack;
                fibers.n_stacks_free++;
        } else
                stack_free(stack);
        fiber->timer = sd_event_source_disable_unref(fiber->timer);
        fiber_unlink(fiber);
        fiber_unref(fiber);
        pay_owed();
}

static int on_ready(sd_event_source *source, void *data);

static void fiber_make_ready(Fiber *fiber)
{
        int r;

        fiber->state = FIBER_READY;
        fiber->next_ready = NULL;
        *(fibers.ready_head ? &fibers.ready_tail->next_ready : &fibers.ready_head) = fiber;
        fibers.ready_tail = fiber;
        if (fibers.ready_source)
                return;
        r = sd_event_add_defer(fibers.event, &fibers.ready_source, on_ready, NULL);
        /* -ESTALE: the loop has ended, and fibers_finish() runs us. */
        if (r < 0 && r != -ESTALE)
                g_error("cannot run fiber '%s': %s", fiber->name, g_strerror(-r));
}

/* One turn of each fiber that is ready now; those that become ready meanwhile wait for the next
 * turn, so that descriptors and timers are looked at in between. For that the source is made anew:
 * sd-event takes the one that is pending for longest, and a defer source counts from its making. */
static int on_ready(sd_event_source *source, void *data)
{
        Fiber *batch = fibers.ready_head;

        (void)source, (void)data;
        fibers.ready_source = sd_event_source_disable_unref(fibers.ready_source);
        fibers.ready_head = fibers.ready_tail = NULL;
        while (batch) {
                Fiber *fiber = batch;

                batch = fiber->next_ready;
                fiber_enter(fiber);
        }
        return 0;
}

int fibers_init(sd_event *event, unsigned max)
{
        g_assert(!fibers.event);
        fibers.event = sd_event_ref(event);
        fibers.max = max;
        fibers.n_peak = 0;
        report_install();
        return 0;
}

void fibers_finish(void)
{
        g_assert(!fibers.current);
        while (fibers.oldest) {
                for (Fiber *fiber = fibers.oldest; fiber; fiber = fiber->next)
                        fiber_cancel(fiber);
                /* Shielded ones still wait for what only the loop brings. */
                if (sd_event_run(fibers.event, UINT64_MAX) >= 0)
                        continue;
                if (!fibers.ready_head)
                        g_error("fiber '%s' still waits for %s after the loop has ended",
                                fibers.oldest->name, fibers.oldest->what);
                on_ready(NULL, NULL);
        }
        fibers_drop_stacks();
        fibers.event = sd_event_unref(fibers.event);
}

void fibers_drop_stacks(void)
{
        g_assert(!fibers.current);
        while (fibers.stacks_free) {
                Stack *stack = fibers.stacks_free;

                fibers.stacks_free = stack->next_free;
                stack_free(stack);
        }
        fibers.n_stacks_free = 0;
}

sd_event *fibers_event(void)
{
        return fibers.event;
}

unsigned fibers_live(void)
{
        return fibers.n_live;
}

unsigned fibers_peak(void)
{
        return fibers.n_peak;
}

static Fiber *fiber_new(const char *name, void (*run)(void *), void *data)
{
        Fiber *fiber = g_new0(Fiber, 1);

        fiber->n_ref = 1;
        fiber->run = run;
        fiber->data = data;
        fiber->started = fiber->since = fiber_now();
        g_strlcpy(fiber->name, name, sizeof fiber->name);

        fiber->previous = fibers.newest;
        *(fibers.newest ? &fibers.newest->next : &fibers.oldest) = fiber;
        fibers.newest = fiber;
        if (++fibers.n_live > fibers.n_peak)
                fibers.n_peak = fibers.n_live;
        return fiber;
}

int fiber_start(const char *name, void (*run)(void *), void *data, Fiber **ret)
{
        Fiber *fiber;

        g_assert(fibers.event);
        if (fibers.n_live >= fibers.max)
                return -EBUSY;
        fiber = fiber_new(name, run, data);
        if (ret)
                *ret = fiber_ref(fiber);
        if (fibers.current)
                fiber_make_ready(fiber);
        else
                fiber_enter(fiber);
        return 0;
}

void fiber_owe(const char *name, void (*run)(void *), void *data)
{
        Owed *owed;

        if (fiber_start(name, run, data, NULL) >= 0)
                return;
        owed = g_new(Owed, 1);
        *owed = (Owed){ .run = run, .data = data, .name = g_strdup(name) };
        *(fibers.owed_head ? &fibers.owed_tail->next : &fibers.owed_head) = owed;
        fibers.owed_tail = owed;
}

/* A fiber has ended, and there is room for one. */
static void pay_owed(void)
{
        Owed *owed = fibers.owed_head;

        if (!owed)
                return;
        fibers.owed_head = owed->next;
        fiber_make_ready(fiber_new(owed->name, owed->run, owed->data));
        g_free(owed->name);
        g_free(owed);
}

Fiber *fiber_ref(Fiber *fiber)
{
        fiber->n_ref++;
        return fiber;
}

Fiber *fiber_unref(Fiber *fiber)
{
        if (fiber && --fiber->n_ref == 0)
                g_free(fiber);
        return NULL;
}

Fiber *fiber_self(void)
{
        return fibers.current;
}

void fiber_set_local(void *local)
{
        g_assert(fibers.current);
        fibers.current->local = local;
}

void *fiber_local(void)
{
        return fibers.current ? fibers.current->local : NULL;
}

uint64_t fiber_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t fiber_deadline(uint64_t usec_from_now)
{
        uint64_t now = fiber_now();

        return usec_from_now > UINT64_MAX - now ? FIBER_FOREVER : now + usec_from_now;
}

/* Waiting. */

static void fiber_interrupt(Fiber *fiber, int reason)
{
        if (fiber->state != FIBER_WAITING || fiber->interrupted)
                return;
        fiber->interrupted = reason;
        fiber_make_ready(fiber);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
        (void)source, (void)usec;
        fiber_interrupt(data, -ETIMEDOUT);
        return 0;
}

static int timer_arm(Fiber *fiber, uint64_t deadline)
{
        int r;

        if (deadline == FIBER_FOREVER)
                return 0;
        if (!fiber->timer) {
                r = sd_event_add_time(fibers.event, &fiber->timer, CLOCK_MONOTONIC, deadline, 1000,
                        on_deadline, fiber);
                if (r < 0)
                        return r;
                return sd_event_source_set_description(fiber->timer, "deadline");
        }
        r = sd_event_source_set_time(fiber->timer, deadline);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(fiber->timer, SD_EVENT_ONESHOT);
}

int wait_for(Wait *wait, const char *what, uint64_t deadline)
{
        Fiber *fiber = fibers.current;
        int r;

        g_assert(fiber && wait->fiber == fiber);
        if (wait->done)
                return wait->result;
        if (fiber_cancelled())
                return -ECANCELED;
        r = timer_arm(fiber, deadline);
        if (r < 0)
                return r;

        fiber->wait = wait;
        fiber->what = what;
        fiber->interrupted = 0;
        fiber->since = fiber_now();
        fiber->state = FIBER_WAITING;
        stack_leave(fiber->stack);
        fiber->wait = NULL;
        fiber->what = NULL;

        if (deadline != FIBER_FOREVER)
                sd_event_source_set_enabled(fiber->timer, SD_EVENT_OFF);
        /* A result that came after the interruption still counts: what completed is not lost. */
        return wait->done ? wait->result : fiber->interrupted;
}

void wait_done(Wait *wait, int result)
{
        if (wait->done)
                return;
        wait->done = true;
        wait->result = result;
        if (wait->fiber->wait == wait && wait->fiber->state == FIBER_WAITING)
                fiber_make_ready(wait->fiber);
}

void fiber_cancel(Fiber *fiber)
{
        fiber->cancelled = true;
        if (!fiber->n_shields)
                fiber_interrupt(fiber, -ECANCELED);
}

bool fiber_cancelled(void)
{
        return fibers.current && fibers.current->cancelled && !fibers.current->n_shields;
}

void fiber_uncancel(void)
{
        g_assert(fibers.current);
        fibers.current->cancelled = false;
}

void fiber_shield(void)
{
        g_assert(fibers.current);
        fibers.current->n_shields++;
}

void fiber_unshield(void)
{
        g_assert(fibers.current && fibers.current->n_shields > 0);
        fibers.current->n_shields--;
}

static int on_fd(sd_event_source *source, int fd, uint32_t revents, void *data)
{
        (void)source, (void)fd;
        wait_done(data, revents & INT_MAX);
        return 0;
}

int fiber_wait_fd(int fd, uint32_t events, const char *what, uint64_t deadline)
{
        _cleanup_fd_ int copy = -1;
        g_autoptr(sd_event_source) source = NULL;
        Wait wait = WAIT_INIT;
        int r;

        g_assert(wait.fiber);
        r = sd_event_add_io(fibers.event, &source, fd, events, on_fd, &wait);
        if (r == -EEXIST) {
                /* Somebody else waits for it too, and epoll takes a descriptor only once. */
                fd = copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                if (fd < 0)
                        return -errno;
                r = sd_event_add_io(fibers.event, &source, fd, events, on_fd, &wait);
        }
        if (r < 0)
                return r;
        sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return wait_for(&wait, what, deadline);
}

int fiber_sleep(uint64_t usec)
{
        Wait wait = WAIT_INIT;
        int r = wait_for(&wait, "timer", fiber_deadline(usec));

        return r == -ETIMEDOUT ? 0 : r;
}

int fiber_yield(void)
{
        Fiber *fiber = fibers.current;

        g_assert(fiber);
        if (fiber_cancelled())
                return -ECANCELED;
        fiber_make_ready(fiber);
        stack_leave(fiber->stack);
        return 0;
}

/* Queues and locks. An entry lives on its waiter's stack. */

typedef struct FiberQueueEntry {
        Wait wait;
        struct FiberQueueEntry *next;
} FiberQueueEntry;

static void queue_forget(FiberQueue *queue, FiberQueueEntry *entry)
{
        FiberQueueEntry *previous = NULL;

        for (FiberQueueEntry *e = queue->head; e; previous = e, e = e->next) {
                if (e != entry)
                        continue;
                *(previous ? &previous->next : &queue->head) = e->next;
                if (queue->tail == e)
                        queue->tail = previous;
                return;
        }
}

int fiber_queue_wait(FiberQueue *queue, const char *what, uint64_t deadline)
{
        FiberQueueEntry entry = { .wait = WAIT_INIT };
        int r;

        *(queue->tail ? &queue->tail->next : &queue->head) = &entry;
        queue->tail = &entry;
        r = wait_for(&entry.wait, what, deadline);
        if (!entry.wait.done)
                queue_forget(queue, &entry);
        return r;
}

unsigned fiber_queue_wake(FiberQueue *queue, int result)
{
        FiberQueueEntry *entry = queue->head;

        if (!entry)
                return 0;
        queue_forget(queue, entry);
        wait_done(&entry->wait, result);
        return 1;
}

unsigned fiber_queue_wake_all(FiberQueue *queue, int result)
{
        unsigned n = 0;

        while (fiber_queue_wake(queue, result))
                n++;
        return n;
}

int fiber_lock(FiberLock *lock, const char *what, uint64_t deadline)
{
        Fiber *self = fiber_self();

        g_assert(self && lock->owner != self);
        if (!lock->owner) {
                lock->owner = self;
                return 0;
        }
        /* The one who unlocks hands the lock over, so that nobody overtakes. */
        return fiber_queue_wait(&lock->queue, what, deadline);
}

void fiber_unlock(FiberLock *lock)
{
        FiberQueueEntry *next = lock->queue.head;

        g_assert(lock->owner == fiber_self());
        lock->owner = next ? next->wait.fiber : NULL;
        fiber_queue_wake(&lock->queue, 0);
}

void fibers_list(void (*each)(const FiberInfo *info, void *data), void *data)
{
        for (const Fiber *fiber = fibers.oldest; fiber; fiber = fiber->next) {
                const FiberInfo info = {
                        .name = fiber->name,
                        .waiting = fiber->state == FIBER_WAITING ? fiber->what : NULL,
                        .started = fiber->started,
                        .since = fiber->since,
                };

                each(&info, data);
        }
}

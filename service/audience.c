/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/audience.h"

#include <errno.h>

#include "service/authorize.h"
#include "service/base/cleanup.h"

/* Asked about at once for one caller. */
#define BATCH 64

static struct {
        sd_bus *bus;
        bool broadcasts;
} audience;

/* What is in line for a caller. */
typedef struct Item {
        sd_bus_message *message;
        Object *about; /* referenced; NULL: a reply, which needs no permission any more */
        const char *action;
} Item;

/* There while something is in line: a fiber works on it. */
struct AudienceLine {
        GQueue items;
};

static Item *item_new(sd_bus_message *message, Object *about, const char *action)
{
        Item *item = g_new(Item, 1);

        *item = (Item){ .message = sd_bus_message_ref(message),
                .about = about ? object_ref(about) : NULL,
                .action = action };
        return item;
}

static void item_free(Item *item)
{
        sd_bus_message_unref(item->message);
        object_unref(item->about);
        g_free(item);
}

static Question question_of(Caller *caller, Object *about, const char *action)
{
        return (Question){
                .caller = caller, .action = action, .member = "Signals", .object = about
        };
}

static void send(sd_bus_message *message)
{
        int r = sd_bus_send(audience.bus, message, NULL);

        if (r < 0)
                g_warning("cannot send %s: %s", sd_bus_message_get_member(message) ?: "a reply",
                        g_strerror(-r));
}

/* Suspends. Decides about the first of the line, a batch at most. Neighbours are mostly about one
 * object: that is asked once. */
static void line_advance(AudienceLine *line, Caller *caller)
{
        Question questions[BATCH] = { 0 };
        unsigned index[BATCH], n = 0, n_questions = 0;
        bool answers[BATCH];

        for (GList *link = line->items.head; link && n < BATCH; link = link->next, n++) {
                const Item *item = link->data;
                const Question *last = n_questions > 0 ? &questions[n_questions - 1] : NULL;

                if (item->about &&
                        !(last && last->object == item->about && last->action == item->action))
                        questions[n_questions++] = question_of(caller, item->about, item->action);
                index[n] = n_questions - 1;
        }
        authorize_many(questions, n_questions, answers);
        for (unsigned i = 0; i < n; i++) {
                Item *item = g_queue_pop_head(&line->items);

                if (!item->about || answers[index[i]])
                        send(item->message);
                item_free(item);
        }
}

static void line_run(void *data)
{
        g_autoptr(Caller) caller = data;
        AudienceLine *line = caller->line;

        while (line->items.length > 0)
                line_advance(line, caller);
        caller->line = NULL;
        g_free(line);
}

/* -EBUSY where no fiber can be had for it. */
static int line_begin(Caller *caller, Item *item)
{
        int r;

        caller->line = g_new0(AudienceLine, 1);
        g_queue_init(&caller->line->items);
        g_queue_push_tail(&caller->line->items, item);
        r = fiber_start("telling a caller", line_run, caller_ref(caller), NULL);
        if (r < 0) {
                g_queue_clear_full(&caller->line->items, (GDestroyNotify)item_free);
                g_clear_pointer(&caller->line, g_free);
                caller_unref(caller);
        }
        return r;
}

/* The same signal, to one of those who hear it. */
static int signal_copy(sd_bus_message *signal, const Caller *caller, sd_bus_message **ret)
{
        g_autoptr(sd_bus_message) copy = NULL;
        int r;

        r = sd_bus_message_new_signal(audience.bus, &copy, sd_bus_message_get_path(signal),
                sd_bus_message_get_interface(signal), sd_bus_message_get_member(signal));
        if (r >= 0)
                r = sd_bus_message_set_destination(copy, caller->name);
        if (r >= 0)
                r = sd_bus_message_rewind(signal, true);
        if (r >= 0)
                r = sd_bus_message_copy(copy, signal, true);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&copy);
        return 0;
}

typedef struct Telling {
        Object *about;
        const char *action;
        const Namespace *space;
        sd_bus_message *signal;
        int result;
} Telling;

static void tell_caller(Caller *caller, void *data)
{
        Telling *telling = data;
        const Question question = question_of(caller, telling->about, telling->action);
        Answer answer = authorize_known(&question);
        g_autoptr(sd_bus_message) copy = NULL;
        int r;

        if (!(caller->namespaces & 1u << telling->space->id))
                return;
        /* What is in line decides again when its turn has come: the answer may have changed. */
        if (!caller->line && answer != ANSWER_YES && answer != ANSWER_UNKNOWN)
                return;
        if (caller->line && caller->line->items.length >= AUDIENCE_LINE_MAX)
                return;
        r = signal_copy(telling->signal, caller, &copy);
        if (r >= 0 && caller->line)
                g_queue_push_tail(
                        &caller->line->items, item_new(copy, telling->about, telling->action));
        else if (r >= 0 && answer == ANSWER_YES)
                r = sd_bus_send(audience.bus, copy, NULL);
        else if (r >= 0)
                r = line_begin(caller, item_new(copy, telling->about, telling->action));
        if (r < 0)
                telling->result = r;
}

int audience_tell(Object *about, const char *action, const Namespace *space, sd_bus_message *signal)
{
        Telling telling = { about, action, space, signal, 0 };

        if (audience.broadcasts)
                return sd_bus_send(audience.bus, signal, NULL);
        telling.result = sd_bus_message_seal(signal, 1, 0);
        if (telling.result >= 0)
                callers_each(tell_caller, &telling);
        return telling.result;
}

int audience_reply(Caller *caller, sd_bus_message *reply)
{
        if (!caller->line)
                return sd_bus_send(audience.bus, reply, NULL);
        g_queue_push_tail(&caller->line->items, item_new(reply, NULL, NULL));
        return 0;
}

int audience_init(sd_bus *bus, Instance instance)
{
        audience.bus = sd_bus_ref(bus);
        audience.broadcasts = instance == INSTANCE_SESSION;
        return 0;
}

void audience_finish(void)
{
        audience.bus = sd_bus_unref(audience.bus);
}

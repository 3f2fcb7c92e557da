/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/audience.h"

#include <errno.h>

#include "service/authorize.h"
#include "service/base/cleanup.h"

/* Of the line, decided about at once. */
#define BATCH 64u

static struct {
        sd_bus *bus;
        bool broadcasts;
} audience;

/* What is in line for a caller. */
typedef struct Item {
        sd_bus_message *message;
        Topic topic; /* its object is referenced; NULL: a reply, which needs no permission any more
                      */
} Item;

/* There while something is in line: a fiber works on it. */
struct AudienceLine {
        GQueue items;
        unsigned n_replies; /* among the items */
};

static Item *item_new(sd_bus_message *message, Topic topic)
{
        Item *item = g_new(Item, 1);

        *item = (Item){ .message = sd_bus_message_ref(message), .topic = topic };
        if (topic.about)
                object_ref(topic.about);
        return item;
}

static void item_free(Item *item)
{
        sd_bus_message_unref(item->message);
        object_unref(item->topic.about);
        g_free(item);
}

static Question question_of(Caller *caller, const Topic *topic)
{
        return question_about(caller, topic->action, "Signals", topic->about);
}

int audience_hears(Caller *caller, const Topic *topics, size_t n, bool *answers)
{
        g_autoptr(GHashTable) places = g_hash_table_new(NULL, NULL); /* of objects, from 1 */
        g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(object_unref_notify);
        g_autofree Question *questions = g_new(Question, n);
        g_autofree unsigned *index = g_new(unsigned, n);
        g_autofree bool *found = g_new(bool, n);
        int r;

        for (size_t i = 0; i < n; i++) {
                index[i] = GPOINTER_TO_UINT(g_hash_table_lookup(places, topics[i].about));
                if (index[i] && questions[index[i] - 1].action == topics[i].action)
                        continue;
                questions[objects->len] = question_of(caller, &topics[i]);
                g_ptr_array_add(objects, object_ref(topics[i].about));
                index[i] = objects->len;
                g_hash_table_insert(places, topics[i].about, GUINT_TO_POINTER(index[i]));
        }
        r = authorize_many(questions, objects->len, found);
        for (size_t i = 0; r >= 0 && i < n; i++)
                answers[i] = found[index[i] - 1];
        return r;
}

static void send(sd_bus_message *message)
{
        int r = sd_bus_send(audience.bus, message, NULL);

        if (r < 0)
                g_warning("cannot send %s: %s", sd_bus_message_get_member(message) ?: "a reply",
                        g_strerror(-r));
}

/* Suspends. Decides about the first of the line, a batch at most. */
static void line_advance(AudienceLine *line, Caller *caller)
{
        unsigned n = MIN(line->items.length, BATCH), n_topics = 0, at = 0;
        Topic topics[BATCH] = { 0 };
        bool answers[BATCH];
        GList *link = line->items.head;

        for (unsigned i = 0; i < n; i++, link = link->next)
                if (((Item *)link->data)->topic.about)
                        topics[n_topics++] = ((Item *)link->data)->topic;
        audience_hears(caller, topics, n_topics, answers);
        for (unsigned i = 0; i < n; i++) {
                Item *item = g_queue_pop_head(&line->items);

                if (!item->topic.about)
                        line->n_replies--;
                if (!item->topic.about || answers[at++])
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
        Topic topic;
        const Namespace *space;
        sd_bus_message *signal;
        int result;
} Telling;

static void tell_caller(Caller *caller, void *data)
{
        Telling *telling = data;
        const Question question = question_of(caller, &telling->topic);
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
                g_queue_push_tail(&caller->line->items, item_new(copy, telling->topic));
        else if (r >= 0 && answer == ANSWER_YES)
                r = sd_bus_send(audience.bus, copy, NULL);
        else if (r >= 0)
                r = line_begin(caller, item_new(copy, telling->topic));
        if (r < 0)
                telling->result = r;
}

int audience_tell(Topic topic, const Namespace *space, sd_bus_message *signal)
{
        Telling telling = { topic, space, signal, 0 };

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
        g_queue_push_tail(&caller->line->items, item_new(reply, (Topic){ 0 }));
        caller->line->n_replies++;
        return 0;
}

unsigned audience_unsent(const Caller *caller)
{
        return caller->line ? caller->line->n_replies : 0;
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

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/journal.h"

#include <errno.h>
#include <string.h>

#include "service/base/cleanup.h"
#include "service/publish.h"

/* What a message costs beside its content, about. */
#define MESSAGE_COST 1024

typedef struct Entry {
        unsigned n_ref;
        uint64_t sequence;
        sd_bus_message *signal;
        Topic topic; /* its object is referenced */
        size_t size;
} Entry;

/* Hangs on the connection. */
struct Journal {
        GQueue entries;
        size_t size;
        uint64_t forgotten; /* the last number that is not here any more */
};

static void entry_unref(void *data)
{
        Entry *entry = data;

        if (--entry->n_ref > 0)
                return;
        sd_bus_message_unref(entry->signal);
        object_unref(entry->topic.about);
        g_free(entry);
}

static void set_sequence(Connection *connection, uint64_t sequence)
{
        object_set_uint64(connection, CONNECTION_PROPERTY_SEQUENCE, sequence);
}

void journal_open(Connection *connection)
{
        connection->journal = g_new0(Journal, 1);
        g_queue_init(&connection->journal->entries);
        connection->journal->forgotten = g_get_real_time();
        set_sequence(connection, connection->journal->forgotten);
}

void journal_close(Connection *connection)
{
        g_queue_clear_full(&connection->journal->entries, entry_unref);
        g_clear_pointer(&connection->journal, g_free);
}

void journal_add(Connection *connection, Topic topic, sd_bus_message *signal, size_t size)
{
        Journal *journal = connection->journal;
        Entry *entry;

        if (!journal)
                return;
        set_sequence(connection, connection->properties.sequence + 1);
        entry = g_new(Entry, 1);
        object_ref(topic.about);
        *entry = (Entry){
                .n_ref = 1,
                .sequence = connection->properties.sequence,
                .signal = sd_bus_message_ref(signal),
                .topic = topic,
                .size = MESSAGE_COST + size,
        };
        g_queue_push_tail(&journal->entries, entry);
        journal->size += entry->size;
        while (journal->entries.length > JOURNAL_ENTRIES_MAX ||
                journal->size >= JOURNAL_BYTES_MAX) {
                Entry *oldest = g_queue_pop_head(&journal->entries);

                journal->size -= oldest->size;
                journal->forgotten = oldest->sequence;
                entry_unref(oldest);
        }
}

/* Those after that number. */
static GPtrArray *entries_since(const Journal *journal, uint64_t since)
{
        GPtrArray *entries = g_ptr_array_new_with_free_func(entry_unref);

        for (GList *link = journal->entries.head; link; link = link->next) {
                Entry *entry = link->data;

                if (entry->sequence <= since)
                        continue;
                entry->n_ref++;
                g_ptr_array_add(entries, entry);
        }
        return entries;
}

static int entries_hears(const GPtrArray *entries, Caller *caller, bool *answers)
{
        g_autofree Topic *topics = g_new(Topic, entries->len);

        for (unsigned i = 0; i < entries->len; i++)
                topics[i] = ((Entry *)entries->pdata[i])->topic;
        return audience_hears(caller, topics, entries->len, answers);
}

/* May suspend. What happens while the authority is asked is in it, too: it will have been told
 * before the reply, which must not fall behind that. */
static int entries_for(Connection *connection, Caller *caller, uint64_t since,
        GPtrArray **ret_entries, bool **ret_answers)
{
        for (;;) {
                g_autoptr(GPtrArray) entries = NULL;
                g_autofree bool *answers = NULL;
                uint64_t now;
                int r;

                publish_flush();
                if (!connection->journal)
                        return -ENOTCONN;
                now = connection->properties.sequence;
                entries = entries_since(connection->journal, since);
                answers = g_new(bool, entries->len);
                r = entries_hears(entries, caller, answers);
                if (r < 0)
                        return r;
                if (now != connection->properties.sequence)
                        continue;
                *ret_entries = g_steal_pointer(&entries);
                *ret_answers = g_steal_pointer(&answers);
                return 0;
        }
}

/* Each argument becomes a variant. */
static int append_arguments(sd_bus_message *reply, sd_bus_message *signal)
{
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_rewind(signal, true);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "v");
        while (r >= 0 && (r = sd_bus_message_peek_type(signal, &type, &contents)) > 0) {
                g_autofree char *signature = type == 'r' ?
                        g_strdup_printf("(%s)", contents) :
                        g_strdup_printf("%c%s", type, contents ?: "");

                r = sd_bus_message_open_container(reply, 'v', signature);
                if (r >= 0)
                        r = sd_bus_message_copy(reply, signal, false);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_entry(sd_bus_message *reply, const Entry *entry)
{
        int r;

        r = sd_bus_message_open_container(reply, 'r', "tossav");
        if (r >= 0)
                r = sd_bus_message_append(reply, "toss", entry->sequence,
                        sd_bus_message_get_path(entry->signal),
                        sd_bus_message_get_interface(entry->signal),
                        sd_bus_message_get_member(entry->signal));
        if (r >= 0)
                r = append_arguments(reply, entry->signal);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int journal_replay(Connection *connection, Caller *caller, uint64_t since, sd_bus_message *reply)
{
        g_autoptr(GPtrArray) entries = NULL;
        g_autofree bool *answers = NULL;
        uint64_t now;
        int r;

        r = entries_for(connection, caller, since, &entries, &answers);
        if (r < 0)
                return r;
        now = connection->properties.sequence;
        r = sd_bus_message_append(
                reply, "tb", now, since >= connection->journal->forgotten && since <= now);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(tossav)");
        for (unsigned i = 0; r >= 0 && i < entries->len; i++)
                if (answers[i])
                        r = append_entry(reply, entries->pdata[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/local/heads.h"

#include <string.h>

#include "config.h"
#include "service/base/file.h"

/* To be counted up whenever something else is in a Record, or the same document comes to something
 * else in it. */
#define FORMAT 1
#define FILE_MAX ((size_t)64 << 20)
#define SETTLED 2 /* seconds; no file system counts in longer ones */

/* The file is a Prologue, the Records, and the text that their strings are in. */

typedef struct Prologue {
        char version[20];
        uint32_t format;
        uint32_t record_size; /* what a machine of another kind would have otherwise */
        uint32_t n_records;
} Prologue;

enum {
        STRING_FILE,
        STRING_NAME,
        STRING_UUID,
        STRING_TITLE,
        STRING_DESCRIPTION,
        STRING_OS_TYPE,
        STRING_OWNER,
        _STRING_MAX,
};

typedef struct Record {
        uint64_t inode, size;
        int64_t seconds, nanoseconds; /* of its change */
        Number memory, current_memory, vcpus, current_vcpus;
        uint32_t strings[_STRING_MAX]; /* where they are in the text; 0 is none */
} Record;

G_STATIC_ASSERT(sizeof(Prologue) % _Alignof(Record) == 0);

struct LocalHeads {
        char *path;
        char *saved; /* the file as it was, which the two behind are parts of */
        const char *text;
        GHashTable *records; /* file -> Record */

        GArray *next; /* of Record: those found and added */
        GString *next_text;
        bool changed;
};

static const Record *saved_records(const char *saved)
{
        return (const Record *)(saved + sizeof(Prologue));
}

static void prologue_init(Prologue *prologue, size_t n)
{
        *prologue = (Prologue){ .format = FORMAT, .record_size = sizeof(Record), .n_records = n };
        g_strlcpy(prologue->version, VIRTBUS_VERSION, sizeof(prologue->version));
}

/* Where its text is, or NULL: nothing in what is accepted points out of it. */
static const char *check_saved(const char *saved, size_t size)
{
        Prologue expected, prologue;
        const Record *records = saved_records(saved);
        const char *text;

        if (size < sizeof(Prologue))
                return NULL;
        memcpy(&prologue, saved, sizeof(prologue));
        prologue_init(&expected, prologue.n_records);
        if (memcmp(&prologue, &expected, sizeof(prologue)) != 0 ||
                prologue.n_records > (size - sizeof(Prologue)) / sizeof(Record) ||
                saved[size - 1] != '\0')
                return NULL;
        text = (const char *)(records + prologue.n_records);
        for (uint32_t i = 0; i < prologue.n_records; i++)
                for (unsigned s = 0; s < _STRING_MAX; s++)
                        if (records[i].strings[s] >= (size_t)(saved + size - text) ||
                                (s <= STRING_UUID && records[i].strings[s] == 0))
                                return NULL;
        return text;
}

LocalHeads *local_heads_open(const char *path)
{
        LocalHeads *heads = g_new0(LocalHeads, 1);
        size_t size;

        heads->path = g_strdup(path);
        heads->records = g_hash_table_new(g_str_hash, g_str_equal);
        heads->next = g_array_new(FALSE, TRUE, sizeof(Record));
        heads->next_text = g_string_new(NULL);
        g_string_append_c(heads->next_text, '\0'); /* at 0 is no string */
        if (file_read(path, FILE_MAX, &heads->saved, &size) < 0)
                return heads;
        heads->text = check_saved(heads->saved, size);
        for (const Record *record = saved_records(heads->saved);
                heads->text && (const char *)record < heads->text; record++)
                g_hash_table_replace(heads->records,
                        (char *)heads->text + record->strings[STRING_FILE], (Record *)record);
        return heads;
}

LocalHeads *local_heads_free(LocalHeads *heads)
{
        if (!heads)
                return NULL;
        g_string_free(heads->next_text, TRUE);
        g_array_unref(heads->next);
        g_hash_table_unref(heads->records);
        g_free(heads->saved);
        g_free(heads->path);
        g_free(heads);
        return NULL;
}

static void append(LocalHeads *heads, Record record, const char *const strings[_STRING_MAX])
{
        for (unsigned s = 0; s < _STRING_MAX; s++) {
                record.strings[s] = strings[s] ? heads->next_text->len : 0;
                if (strings[s])
                        g_string_append_len(heads->next_text, strings[s], strlen(strings[s]) + 1);
        }
        g_array_append_val(heads->next, record);
}

DomainConfig *local_heads_find(
        LocalHeads *heads, const char *file, const struct stat *status, char **ret_owner)
{
        const Record *record = g_hash_table_lookup(heads->records, file);
        const char *strings[_STRING_MAX];
        DomainConfig *head;

        if (!record || record->inode != status->st_ino ||
                record->size != (uint64_t)status->st_size ||
                record->seconds != status->st_ctim.tv_sec ||
                record->nanoseconds != status->st_ctim.tv_nsec)
                return NULL;
        for (unsigned s = 0; s < _STRING_MAX; s++)
                strings[s] = record->strings[s] ? heads->text + record->strings[s] : NULL;
        append(heads, *record, strings);

        head = g_new0(DomainConfig, 1);
        head->name = g_strdup(strings[STRING_NAME]);
        head->uuid = g_strdup(strings[STRING_UUID]);
        head->title = g_strdup(strings[STRING_TITLE]);
        head->description = g_strdup(strings[STRING_DESCRIPTION]);
        head->os.type.name = g_strdup(strings[STRING_OS_TYPE]);
        head->memory.kib = record->memory;
        head->current_memory.kib = record->current_memory;
        head->vcpu.count = record->vcpus;
        head->vcpu.current = record->current_vcpus;
        *ret_owner = g_strdup(strings[STRING_OWNER]);
        return head;
}

void local_heads_add(LocalHeads *heads, const char *file, const struct stat *status,
        const DomainConfig *head, const char *owner)
{
        const char *const strings[_STRING_MAX] = {
                [STRING_FILE] = file,
                [STRING_NAME] = head->name,
                [STRING_UUID] = head->uuid,
                [STRING_TITLE] = head->title,
                [STRING_DESCRIPTION] = head->description,
                [STRING_OS_TYPE] = head->os.type.name,
                [STRING_OWNER] = owner,
        };

        if (status->st_ctim.tv_sec > g_get_real_time() / G_USEC_PER_SEC - SETTLED)
                return;
        heads->changed = true;
        append(heads,
                (Record){ .inode = status->st_ino,
                        .size = status->st_size,
                        .seconds = status->st_ctim.tv_sec,
                        .nanoseconds = status->st_ctim.tv_nsec,
                        .memory = head->memory.kib,
                        .current_memory = head->current_memory.kib,
                        .vcpus = head->vcpu.count,
                        .current_vcpus = head->vcpu.current },
                strings);
}

int local_heads_save(LocalHeads *heads)
{
        g_autoptr(GString) bytes = NULL;
        Prologue prologue;

        if (!heads->changed && heads->next->len == g_hash_table_size(heads->records))
                return 0;
        prologue_init(&prologue, heads->next->len);
        bytes = g_string_new_len((const char *)&prologue, sizeof(prologue));
        g_string_append_len(bytes, heads->next->data, heads->next->len * sizeof(Record));
        g_string_append_len(bytes, heads->next_text->str, heads->next_text->len);
        return file_replace(heads->path, bytes->str, bytes->len, 0600);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

/* What one turn of the loop reads from one peer, so that none starves the others. */
#define READ_SIZE (64 * 1024)

/* Bytes on their way out. The descriptor goes with the first of them. */
typedef struct Chunk {
        char *bytes;
        size_t size;
        size_t sent;
        int fd;
} Chunk;

/* Commands that one fiber waits for together; lives on its stack. */
typedef struct Batch {
        Wait wait;
        size_t unanswered;
} Batch;

/* A command without its answer. batch is NULL when its caller has given up. */
typedef struct Pending {
        int64_t id;
        Batch *batch;
        QmpCommand *command;
} Pending;

struct Qmp {
        unsigned refs;
        int fd;
        char *who;
        sd_event_source *source;
        uint32_t mask;

        bool greeted;
        GError *reason; /* why it was closed; set from then on */
        QmpEvent on_event;
        QmpClosed on_closed;
        void *userdata;

        int64_t last_id;
        GHashTable *pending; /* &Pending.id -> Pending */
        FiberLock fd_lock;

        GQueue unsent; /* of Chunk */
        size_t unsent_size;
        GString *partial; /* a line that has not ended yet; NULL when there is none */
};

static void chunk_free(Chunk *chunk)
{
        fd_close(chunk->fd);
        g_free(chunk->bytes);
        g_free(chunk);
}

static void hang_up(Qmp *qmp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Ends the conversation: what comes after "guest 'web' " is why. */
static void hang_up(Qmp *qmp, const char *format, ...)
{
        g_autofree char *why = NULL;
        g_autoptr(GHashTable) pending = NULL;
        GHashTableIter iter;
        Pending *each;
        va_list arguments;

        if (qmp->reason)
                return;
        va_start(arguments, format);
        why = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        error_set(&qmp->reason, ERROR_INTERNAL_ERROR, "%s %s", qmp->who, why);

        qmp->source = sd_event_source_disable_unref(qmp->source);
        qmp->fd = fd_close(qmp->fd);
        g_queue_clear_full(&qmp->unsent, (GDestroyNotify)chunk_free);
        qmp->unsent_size = 0;
        if (qmp->partial) {
                g_string_free(qmp->partial, TRUE);
                qmp->partial = NULL;
        }

        pending = g_steal_pointer(&qmp->pending);
        g_hash_table_iter_init(&iter, pending);
        while (g_hash_table_iter_next(&iter, NULL, (void **)&each))
                if (each->batch && each->batch->unanswered > 0) {
                        each->batch->unanswered = 0;
                        wait_done(&each->batch->wait, -ENOTCONN);
                }
}

/* The same for a fault of the peer, whose owner is told. */
#define hang_up_and_tell(qmp, ...)                                             \
        ({                                                                     \
                hang_up(qmp, __VA_ARGS__);                                     \
                if ((qmp)->on_closed)                                          \
                        (qmp)->on_closed(qmp, (qmp)->reason, (qmp)->userdata); \
        })

/* Sends what the socket takes. 0 or -errno. */
static int send_unsent(Qmp *qmp)
{
        Chunk *chunk;

        while ((chunk = g_queue_peek_head(&qmp->unsent))) {
                struct iovec iov = { chunk->bytes + chunk->sent, chunk->size - chunk->sent };
                union {
                        struct cmsghdr header;
                        char space[CMSG_SPACE(sizeof(int))];
                } control = { 0 };
                struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
                ssize_t n;

                if (chunk->fd >= 0) {
                        message.msg_control = &control;
                        message.msg_controllen = sizeof(control.space);
                        control.header.cmsg_level = SOL_SOCKET;
                        control.header.cmsg_type = SCM_RIGHTS;
                        control.header.cmsg_len = CMSG_LEN(sizeof(int));
                        memcpy(CMSG_DATA(&control.header), &chunk->fd, sizeof(int));
                }
                n = sendmsg(qmp->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -errno;

                chunk->fd = fd_close(chunk->fd);
                chunk->sent += n;
                qmp->unsent_size -= n;
                if (chunk->sent == chunk->size)
                        chunk_free(g_queue_pop_head(&qmp->unsent));
        }
        return 0;
}

/* Watches for room as long as something waits for it. */
static int update_mask(Qmp *qmp)
{
        uint32_t mask = EPOLLIN | (g_queue_is_empty(&qmp->unsent) ? 0 : EPOLLOUT);
        int r;

        if (mask == qmp->mask)
                return 0;
        r = sd_event_source_set_io_events(qmp->source, mask);
        if (r >= 0)
                qmp->mask = mask;
        return r;
}

/* Whether arrays and objects nest within the limit. The parser recurses, so it must not see what
 * does not. */
static bool depth_is_fine(const char *text, size_t size)
{
        unsigned depth = 0;
        bool in_string = false;

        for (size_t i = 0; i < size; i++) {
                char c = text[i];

                if (in_string) {
                        if (c == '\\')
                                i++;
                        else if (c == '"')
                                in_string = false;
                } else if (c == '"') {
                        in_string = true;
                } else if (c == '[' || c == '{') {
                        if (++depth > QMP_DEPTH_MAX)
                                return false;
                } else if ((c == ']' || c == '}') && depth > 0) {
                        depth--;
                }
        }
        return true;
}

/* The value with its whole reals as integers again, as far as a double holds them exactly. */
static json_t *integers_restored(json_t *value)
{
        json_t *each;
        const char *key;
        size_t i;

        if (json_is_real(value)) {
                double number = json_real_value(value);

                if (number == trunc(number) && fabs(number) <= (double)(INT64_C(1) << 53)) {
                        json_decref(value);
                        return json_integer((json_int_t)number);
                }
        } else if (json_is_array(value)) {
                json_array_foreach (value, i, each) {
                        if (!json_is_string(each))
                                json_array_set_new(value, i, integers_restored(json_incref(each)));
                }
        } else if (json_is_object(value)) {
                void *tmp;

                json_object_foreach_safe(value, tmp, key, each)
                {
                        if (!json_is_string(each))
                                json_object_set_new_nocheck(
                                        value, key, integers_restored(json_incref(each)));
                }
        }
        return value;
}

static json_t *parse(const char *text, size_t size, json_error_t *error)
{
        json_t *value = json_loadb(text, size, JSON_ALLOW_NUL, error);

        /* QEMU has unsigned 64-bit numbers, jansson has not. */
        if (!value && json_error_code(error) == json_error_numeric_overflow) {
                value = json_loadb(text, size, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, error);
                if (value)
                        value = integers_restored(value);
        }
        return value;
}

static void refuse_of(GError **error, const char *command, json_t *object)
{
        const char *text = json_string_value(json_object_get(object, "desc"));

        error_set(error, ERROR_INTERNAL_ERROR, "unable to execute QEMU command '%s': %s", command,
                text ? text : "it gave no reason");
}

static void take_reply(Qmp *qmp, json_t *message)
{
        json_t *id = json_object_get(message, "id");
        json_t *value = json_object_get(message, "return");
        json_t *refusal = json_object_get(message, "error");
        int64_t number = json_integer_value(id);
        g_autofree Pending *pending = NULL;

        if (!id && refusal) {
                const char *text = json_string_value(json_object_get(refusal, "desc"));

                hang_up_and_tell(qmp, "refused to listen: %s", text ? text : "it gave no reason");
                return;
        }
        if (json_is_integer(id))
                g_hash_table_steal_extended(qmp->pending, &number, NULL, (void **)&pending);
        if (!pending) {
                hang_up_and_tell(qmp, "answered a command that it was not given");
                return;
        }
        if (!pending->batch)
                return;
        if (refusal)
                refuse_of(&pending->command->error, pending->command->name, refusal);
        else
                pending->command->ret = json_incref(value);
        if (--pending->batch->unanswered == 0)
                wait_done(&pending->batch->wait, 0);
}

static void take_event(Qmp *qmp, json_t *message)
{
        json_t *timestamp = json_object_get(message, "timestamp");
        json_int_t seconds = json_integer_value(json_object_get(timestamp, "seconds"));
        json_int_t micros = json_integer_value(json_object_get(timestamp, "microseconds"));
        const char *name = json_string_value(json_object_get(message, "event"));
        bool sane = seconds > 0 && seconds < INT64_MAX / 2000000 && micros >= 0 && micros < 1000000;

        if (!name)
                hang_up_and_tell(qmp, "sent an event without a name");
        else if (qmp->on_event)
                qmp->on_event(qmp, name, json_object_get(message, "data"),
                        sane ? (uint64_t)seconds * 1000000 + micros : 0, qmp->userdata);
}

static void take_line(Qmp *qmp, const char *line, size_t size)
{
        g_autofree char *sample = NULL;
        json_error_t error;
        json_t *message;

        while (size > 0 && g_ascii_isspace(line[size - 1]))
                size--;
        if (size == 0)
                return;
        if (!depth_is_fine(line, size)) {
                hang_up_and_tell(qmp, "sent JSON nested deeper than %d", QMP_DEPTH_MAX);
                return;
        }
        message = parse(line, size, &error);
        if (json_is_object(message)) {
                if (json_object_get(message, "QMP"))
                        qmp->greeted = true;
                else if (!qmp->greeted)
                        hang_up_and_tell(qmp, "does not speak QMP: it did not greet");
                else if (json_object_get(message, "event"))
                        take_event(qmp, message);
                else if (json_object_get(message, "return") || json_object_get(message, "error"))
                        take_reply(qmp, message);
                else
                        hang_up_and_tell(qmp, "sent neither an answer nor an event");
        } else {
                sample = g_strndup(line, MIN(size, 60));
                for (char *c = sample; *c; c++)
                        if (!g_ascii_isprint(*c))
                                *c = '?';
                hang_up_and_tell(qmp, "sent what is not QMP: %s", sample);
        }
        json_decref(message);
}

/* Takes the lines that end in these bytes, and keeps what is left. */
static void take_bytes(Qmp *qmp, const char *bytes, size_t size)
{
        while (!qmp->reason && size > 0) {
                const char *end = memchr(bytes, '\n', size);
                size_t length = end ? (size_t)(end - bytes) : size;
                size_t before = qmp->partial ? qmp->partial->len : 0;

                if (before + length > QMP_REPLY_MAX) {
                        hang_up_and_tell(qmp, "sent an answer longer than %d MiB",
                                QMP_REPLY_MAX / 1024 / 1024);
                        return;
                }
                if (end && !qmp->partial) {
                        take_line(qmp, bytes, length);
                } else {
                        if (!qmp->partial)
                                qmp->partial = g_string_sized_new(length);
                        g_string_append_len(qmp->partial, bytes, length);
                        if (end) {
                                GString *line = g_steal_pointer(&qmp->partial);

                                take_line(qmp, line->str, line->len);
                                g_string_free(line, TRUE);
                        }
                }
                bytes += length + (end != NULL);
                size -= length + (end != NULL);
        }
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        g_autoptr(Qmp) qmp = qmp_ref(userdata);
        char bytes[READ_SIZE];
        ssize_t n;
        int r;

        (void)source;

        /* What it said last counts, even where it takes no more commands. */
        n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (n > 0) {
                take_bytes(qmp, bytes, n);
        } else if (n == 0) {
                hang_up_and_tell(qmp, "closed its monitor%s",
                        qmp->partial ? " in the middle of an answer" : "");
        } else if (errno != EAGAIN && errno != EINTR) {
                hang_up_and_tell(qmp, "closed its monitor: %s", g_strerror(errno));
        }
        if (qmp->reason || !(revents & EPOLLOUT))
                return 0;

        r = send_unsent(qmp);
        if (r >= 0)
                r = update_mask(qmp);
        if (r < 0)
                hang_up_and_tell(qmp, "closed its monitor: %s", g_strerror(-r));
        return 0;
}

int qmp_new(sd_event *event, int fd, const char *who, Qmp **ret)
{
        g_autoptr(Qmp) qmp = g_new0(Qmp, 1);
        int flags, r;

        qmp->refs = 1;
        qmp->fd = fd;
        qmp->who = g_strdup(who);
        qmp->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
        g_queue_init(&qmp->unsent);

        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(event, &qmp->source, fd, EPOLLIN, on_io, qmp);
        if (r < 0)
                return r;
        qmp->mask = EPOLLIN;
        *ret = g_steal_pointer(&qmp);
        return 0;
}

Qmp *qmp_ref(Qmp *qmp)
{
        qmp->refs++;
        return qmp;
}

Qmp *qmp_unref(Qmp *qmp)
{
        if (!qmp || --qmp->refs > 0)
                return NULL;
        qmp_close(qmp);
        g_clear_error(&qmp->reason);
        g_free(qmp->who);
        g_free(qmp);
        return NULL;
}

void qmp_watch(Qmp *qmp, QmpEvent event, QmpClosed closed, void *userdata)
{
        qmp->on_event = event;
        qmp->on_closed = closed;
        qmp->userdata = userdata;
}

void qmp_close(Qmp *qmp)
{
        qmp_watch(qmp, NULL, NULL, NULL);
        hang_up(qmp, "was hung up on");
}

gboolean qmp_is_open(const Qmp *qmp)
{
        return !qmp->reason;
}

/* Queues the commands as one piece. Steals their arguments, whatever happens. */
static int enqueue(Qmp *qmp, QmpCommand *commands, size_t n, int fd, Batch *batch, GError **error)
{
        g_autoptr(GString) text = g_string_new(NULL);
        bool room = g_hash_table_size(qmp->pending) + n <= QMP_UNANSWERED_MAX;
        _cleanup_fd_ int passed = -1;
        Chunk *chunk;

        for (size_t i = 0; i < n; i++) {
                json_t *message = json_object();
                char *dumped;

                json_object_set_new(message, "execute", json_string(commands[i].name));
                if (commands[i].arguments)
                        json_object_set_new(
                                message, "arguments", g_steal_pointer(&commands[i].arguments));
                json_object_set_new(message, "id", json_integer(qmp->last_id + 1 + i));
                dumped = json_dumps(message, JSON_COMPACT);
                if (dumped)
                        g_string_append_printf(text, "%s\n", dumped);
                free(dumped);
                json_decref(message);
        }
        if (!room || qmp->unsent_size + text->len > QMP_UNSENT_MAX)
                return error_set(error, ERROR_RESOURCE_BUSY,
                        "%s has too many unanswered commands for '%s'", qmp->who, commands[0].name);
        if (fd >= 0) {
                passed = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                if (passed < 0)
                        return error_set_errno(
                                error, errno, "cannot pass a descriptor to %s", qmp->who);
        }

        for (size_t i = 0; i < n; i++) {
                Pending *pending = g_new(Pending, 1);

                *pending = (Pending){ ++qmp->last_id, batch, &commands[i] };
                g_hash_table_insert(qmp->pending, &pending->id, pending);
        }
        chunk = g_new(Chunk, 1);
        *chunk = (Chunk){ .size = text->len, .fd = fd_steal(&passed) };
        chunk->bytes = g_string_free(g_steal_pointer(&text), FALSE);
        qmp->unsent_size += chunk->size;
        g_queue_push_tail(&qmp->unsent, chunk);
        return 0;
}

static uint64_t time_until(uint64_t deadline)
{
        uint64_t now = fiber_now();

        return deadline > now ? deadline - now : 0;
}

/* Says which command went without its answer, and why. limit is how long it was given. */
static int set_waiting_error(
        Qmp *qmp, const QmpCommand *commands, size_t n, int r, uint64_t limit, GError **error)
{
        const char *name = commands[0].name;
        uint64_t msec = (limit + 500) / 1000;

        /* Name the first that lacks its answer. */
        for (size_t i = 0; i < n; i++)
                if (!commands[i].ret && !commands[i].error) {
                        name = commands[i].name;
                        break;
                }
        if (r == -ETIMEDOUT && msec >= 1000)
                return error_set(error, ERROR_OPERATION_TIMEOUT,
                        "%s did not answer '%s' within %g s", qmp->who, name,
                        (double)((msec + 5) / 10) / 100);
        if (r == -ETIMEDOUT)
                return error_set(error, ERROR_OPERATION_TIMEOUT,
                        "%s did not answer '%s' within %u ms", qmp->who, name, (unsigned)msec);
        if (r == -ECANCELED)
                return error_set(error, ERROR_OPERATION_ABORTED,
                        "the wait for %s to answer '%s' was cancelled", qmp->who, name);
        if (qmp->reason)
                return error_set(error, ERROR_INTERNAL_ERROR, "%s did not answer '%s': it%s",
                        qmp->who, name, strstr(qmp->reason->message, qmp->who) + strlen(qmp->who));
        return error_set_errno(error, r, "cannot ask %s to '%s'", qmp->who, name);
}

static int call(Qmp *qmp, QmpCommand *commands, size_t n, int fd, uint64_t deadline, GError **error)
{
        g_autoptr(Qmp) held = qmp_ref(qmp);
        Batch batch = { WAIT_INIT, n };
        uint64_t limit = time_until(deadline);
        int64_t first = qmp->last_id + 1;
        char what[64];
        int r;

        /* What is cancelled already must not be carried out unseen. */
        if (qmp->reason || fiber_cancelled())
                return set_waiting_error(
                        qmp, commands, n, qmp->reason ? -ENOTCONN : -ECANCELED, limit, error);
        if (enqueue(qmp, commands, n, fd, &batch, error) < 0)
                return -1;

        /* Where sending fails, the loop sees it too and hangs up after what the peer said last was
         * read. */
        send_unsent(qmp);
        r = update_mask(qmp);
        if (r >= 0) {
                snprintf(what, sizeof(what), "QMP %s", commands[0].name);
                r = wait_for(&batch.wait, what, deadline);
        }
        if (r >= 0)
                return 0;
        for (int64_t id = first; qmp->pending && id < first + (int64_t)n; id++) {
                Pending *pending = g_hash_table_lookup(qmp->pending, &id);

                if (pending)
                        pending->batch = NULL;
        }
        return set_waiting_error(qmp, commands, n, r, limit, error);
}

int qmp_call_all(Qmp *qmp, QmpCommand *commands, size_t n, uint64_t deadline, GError **error)
{
        for (size_t i = 0; i < n; i++) {
                commands[i].ret = NULL;
                commands[i].error = NULL;
        }
        return n == 0 ? 0 : call(qmp, commands, n, -1, deadline, error);
}

void qmp_commands_clear(QmpCommand *commands, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                json_decref(g_steal_pointer(&commands[i].arguments));
                json_decref(g_steal_pointer(&commands[i].ret));
                g_clear_error(&commands[i].error);
        }
}

static int call_one(
        Qmp *qmp, QmpCommand *command, int fd, json_t **ret, uint64_t deadline, GError **error)
{
        int r = call(qmp, command, 1, fd, deadline, error);

        if (r >= 0 && command->error) {
                g_propagate_error(error, g_steal_pointer(&command->error));
                r = -1;
        }
        if (r >= 0 && ret)
                *ret = g_steal_pointer(&command->ret);
        qmp_commands_clear(command, 1);
        return r;
}

int qmp_call(Qmp *qmp, const char *command, json_t *arguments, json_t **ret, uint64_t deadline,
        GError **error)
{
        QmpCommand one = { .name = command, .arguments = arguments };

        return call_one(qmp, &one, -1, ret, deadline, error);
}

int qmp_call_fd(Qmp *qmp, const char *command, json_t *arguments, int fd, json_t **ret,
        uint64_t deadline, GError **error)
{
        QmpCommand one = { .name = command, .arguments = arguments };
        g_autoptr(Qmp) held = qmp_ref(qmp);
        uint64_t limit = time_until(deadline);
        int r;

        r = fiber_lock(&qmp->fd_lock, "QMP with a descriptor", deadline);
        if (r < 0) {
                set_waiting_error(qmp, &one, 1, r, limit, error);
                qmp_commands_clear(&one, 1);
                return -1;
        }
        r = call_one(qmp, &one, fd, ret, deadline, error);
        fiber_unlock(&qmp->fd_lock);
        return r;
}

int qmp_negotiate(Qmp *qmp, uint64_t deadline, GError **error)
{
        /* The peer reads it once it has greeted; an answer before the greeting breaks the protocol.
         */
        return qmp_call(qmp, "qmp_capabilities", NULL, NULL, deadline, error);
}

int qmp_call_human(Qmp *qmp, const char *line, char **ret, uint64_t deadline, GError **error)
{
        json_t *value = NULL;
        int r;

        r = qmp_call(qmp, "human-monitor-command", json_pack("{s:s}", "command-line", line), &value,
                deadline, error);
        if (r < 0)
                return -1;
        *ret = g_strdup(json_is_string(value) ? json_string_value(value) : "");
        json_decref(value);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock of tools/bench: makes calls and prints how long they took, in nanoseconds.
 *
 *      client calls ROUNDS WINDOW <ROWS
 *      client new-clients ROUNDS <ROWS
 *      client cold ROUNDS <ROWS
 *      client define COUNT ADDRESS NAME CONNECTION INTERFACE FILE
 *      client changes ROUNDS COUNT FIRST FILE <ROWS
 *      client start ROUNDS ADDRESS NAME DOMAIN FOLDER
 *
 * A row is ROW COLUMN ADDRESS NAME PATH INTERFACE MEMBER [TYPES VALUE...].
 *
 * calls prints "ROW COLUMN TIME CPU" for each line of its input: the medians over the rounds of
 * what a call took, and of the processor time that the called service spent for it. In a round each
 * line is called for some milliseconds, one after the other, so that whatever else the machine does
 * meets them all alike. WINDOW calls are under way at once; 1: each waits for the reply to the one
 * before.
 *
 * new-clients, cold: the same, but for the processor time, which is 0.
 * new-clients: each call is the first of a connection of its own, and opening it is counted.
 * cold: each call meets no running service; the bus starts it. It is ended after the reply.
 * define: defines COUNT domains from the file, whose "@N@" becomes the number, and prints the time
 * of all of them. changes: as calls, with COUNT domains from the file, numbered from FIRST, in each
 * round; the path is the connection's, the member is one of define, undefine and event (defining,
 * until another client has heard of it), and after some types there is one value, the interface of
 * domains. start: prints the medians of Create(0), Create(1), Destroy(0) and of starting the same
 * QEMU by hand up to the answer to its first command; the folder is for its monitor's socket.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "service/base/cleanup.h"

#define BATCH_NS (5 * 1000 * 1000)
#define TIMEOUT_USEC (60 * G_USEC_PER_SEC)

typedef struct Row {
        char **words;
        const char *label, *column, *address, *name, *path, *interface, *member, *types;
        char **values;
        sd_bus *bus; /* shared by the rows of one address */
        pid_t pid;   /* of the service */
        unsigned count;
        sd_bus *listener;
        unsigned heard; /* signals that came to the listener */
        GArray *times, *cpus;
} Row;

G_GNUC_NORETURN G_GNUC_PRINTF(1, 2) static void fail(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        fputs("bench-client: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
        exit(EXIT_FAILURE);
}

static void check(int r, const char *what, const sd_bus_error *error)
{
        if (r < 0)
                fail("%s: %s", what, error && error->message ? error->message : g_strerror(-r));
}

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return time.tv_sec * 1e9 + time.tv_nsec;
}

static void pause_ms(unsigned milliseconds)
{
        nanosleep(&(struct timespec){ .tv_nsec = milliseconds * 1000 * 1000 }, NULL);
}

static int compare(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return left < right ? -1 : left > right;
}

static GArray *doubles_new(void)
{
        return g_array_new(FALSE, FALSE, sizeof(double));
}

/* 0 of none. */
static double median(const GArray *values)
{
        g_autoptr(GArray) sorted = g_array_copy((GArray *)values);

        g_array_sort(sorted, compare);
        return sorted->len > 0 ? g_array_index(sorted, double, sorted->len / 2) : 0;
}

static sd_bus *bus_open(const char *address)
{
        sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        check(r, address, NULL);
        return bus;
}

/* One call. */

static sd_bus_message *row_message(const Row *row, sd_bus *bus)
{
        sd_bus_message *message;
        int r = sd_bus_message_new_method_call(
                bus, &message, row->name, row->path, row->interface, row->member);

        for (unsigned i = 0; r >= 0 && row->types && row->types[i]; i++) {
                uint32_t number = strtoul(row->values[i], NULL, 0);

                r = sd_bus_message_append_basic(message, row->types[i],
                        row->types[i] == 'u' ? (const void *)&number : row->values[i]);
        }
        check(r, row->member, NULL);
        return message;
}

static void row_call(const Row *row, sd_bus *bus, sd_bus_message **ret)
{
        g_auto(sd_bus_error) error = SD_BUS_ERROR_NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        sd_bus_message *message = row_message(row, bus);
        int r = sd_bus_call(bus, message, TIMEOUT_USEC, &error, &reply);

        check(r, row->member, &error);
        sd_bus_message_unref(message);
        if (ret)
                *ret = g_steal_pointer(&reply);
}

static pid_t name_pid(sd_bus *bus, const char *name)
{
        sd_bus_creds *creds = NULL;
        pid_t pid = 0;

        if (sd_bus_get_name_creds(bus, name, SD_BUS_CREDS_PID, &creds) >= 0)
                sd_bus_creds_get_pid(creds, &pid);
        sd_bus_creds_unref(creds);
        return pid;
}

/* Nanoseconds that the process has run, all its threads together. */
static double process_time(pid_t pid)
{
        struct timespec time = { 0 };
        clockid_t clock;

        if (clock_getcpuclockid(pid, &clock) == 0)
                clock_gettime(clock, &time);
        return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Rows. */

/* The first of that label, which the others are compared with. */
static const Row *row_base(const GPtrArray *rows, const Row *row)
{
        for (unsigned i = 0; i < rows->len; i++)
                if (strcmp(((const Row *)rows->pdata[i])->label, row->label) == 0)
                        return rows->pdata[i];
        return row;
}

static double median_ratio(const GArray *values, const GArray *base)
{
        g_autoptr(GArray) ratios = doubles_new();

        for (unsigned i = 0; i < values->len; i++) {
                double below = g_array_index(base, double, i);
                double ratio = below > 0 ? g_array_index(values, double, i) / below : 0;

                g_array_append_val(ratios, ratio);
        }
        return median(ratios);
}

static GPtrArray *rows_read(void)
{
        GPtrArray *rows = g_ptr_array_new();
        g_autofree char *line = NULL;
        size_t size = 0;

        while (getline(&line, &size, stdin) >= 0) {
                Row *row = g_new0(Row, 1);

                row->words = g_strsplit(g_strchomp(line), "\t", -1);
                if (g_strv_length(row->words) < 7)
                        fail("a row needs 7 words: %s", line);
                row->label = row->words[0];
                row->column = row->words[1];
                row->address = row->words[2];
                row->name = row->words[3];
                row->path = row->words[4];
                row->interface = row->words[5];
                row->member = row->words[6];
                row->types = row->words[7];
                row->values = row->types ? &row->words[8] : NULL;
                row->times = doubles_new();
                row->cpus = doubles_new();
                for (unsigned i = 0; i < rows->len && !row->bus; i++)
                        if (strcmp(((Row *)rows->pdata[i])->address, row->address) == 0)
                                row->bus = ((Row *)rows->pdata[i])->bus;
                if (!row->bus)
                        row->bus = bus_open(row->address);
                g_ptr_array_add(rows, row);
        }
        return rows;
}

static void rows_print(const GPtrArray *rows)
{
        for (unsigned i = 0; i < rows->len; i++) {
                const Row *row = rows->pdata[i], *base = row_base(rows, row);

                printf("%s\t%s\t%.0f\t%.0f\t%.3f\t%.3f\n", row->label, row->column,
                        median(row->times), median(row->cpus),
                        median_ratio(row->times, base->times), median_ratio(row->cpus, base->cpus));
        }
}

/* Calls to a service that runs. */

typedef struct Window {
        const Row *row;
        unsigned n_sent, n_done;
} Window;

static int on_reply(sd_bus_message *reply, void *data, sd_bus_error *error);

static void window_send(Window *window)
{
        sd_bus_message *message = row_message(window->row, window->row->bus);

        check(sd_bus_call_async(window->row->bus, NULL, message, on_reply, window, TIMEOUT_USEC),
                window->row->member, NULL);
        sd_bus_message_unref(message);
        window->n_sent++;
}

static int on_reply(sd_bus_message *reply, void *data, sd_bus_error *error)
{
        Window *window = data;

        (void)error;
        check(-sd_bus_message_get_errno(reply), window->row->member,
                sd_bus_message_get_error(reply));
        window->n_done++;
        if (window->n_sent < window->row->count)
                window_send(window);
        return 0;
}

static void batch_run(Row *row, unsigned size)
{
        Window window = { .row = row };

        if (size == 1) {
                for (unsigned i = 0; i < row->count; i++)
                        row_call(row, row->bus, NULL);
                return;
        }
        while (window.n_sent < MIN(size, row->count))
                window_send(&window);
        while (window.n_done < row->count) {
                int r = sd_bus_process(row->bus, NULL);

                if (r == 0)
                        r = sd_bus_wait(row->bus, TIMEOUT_USEC);
                check(r, row->member, NULL);
        }
}

/* So many that they take the time of a batch, as fast as they can be. */
static void batch_measure(Row *row)
{
        double end = now() + BATCH_NS, fastest = BATCH_NS;

        do {
                double began = now();

                row_call(row, row->bus, NULL);
                fastest = MIN(fastest, now() - began);
        } while (now() < end);
        row->count = BATCH_NS / fastest;
}

static int command_calls(char **words)
{
        unsigned n_rounds = strtoul(words[0], NULL, 0), size = strtoul(words[1], NULL, 0);
        GPtrArray *rows = rows_read();

        for (unsigned i = 0; i < rows->len; i++) {
                Row *row = rows->pdata[i];

                row->pid = name_pid(row->bus, row->name);
                batch_measure(row);
                row->count = MAX(row->count, size);
        }
        for (unsigned round = 0; round < n_rounds; round++)
                for (unsigned i = 0; i < rows->len; i++) {
                        Row *row = rows->pdata[i];
                        double cpu, began, took;

                        /* The first one pays for what was called before, in caches and in what a
                         * service does when it has answered. */
                        row_call(row, row->bus, NULL);
                        cpu = process_time(row->pid);
                        began = now();
                        batch_run(row, size);
                        took = (now() - began) / row->count;
                        cpu = (process_time(row->pid) - cpu) / row->count;
                        g_array_append_val(row->times, took);
                        g_array_append_val(row->cpus, cpu);
                }
        rows_print(rows);
        return EXIT_SUCCESS;
}

static int command_new_clients(char **words)
{
        unsigned n_rounds = strtoul(words[0], NULL, 0);
        GPtrArray *rows = rows_read();

        for (unsigned round = 0; round < n_rounds; round++)
                for (unsigned i = 0; i < rows->len; i++) {
                        Row *row = rows->pdata[i];
                        double began = now(), took;
                        sd_bus *bus = bus_open(row->address);

                        row_call(row, bus, NULL);
                        took = now() - began;
                        sd_bus_flush_close_unref(bus);
                        g_array_append_val(row->times, took);
                }
        rows_print(rows);
        return EXIT_SUCCESS;
}

/* Calls to a service that the bus has to start. */

/* One that ended and that nobody has waited for has no command line any more. */
static bool process_lives(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid), *text = NULL;
        size_t size = 0;

        return g_file_get_contents(path, &text, &size, NULL) && size > 0;
}

static int command_cold(char **words)
{
        unsigned n_rounds = strtoul(words[0], NULL, 0);
        GPtrArray *rows = rows_read();

        for (unsigned round = 0; round < n_rounds; round++)
                for (unsigned i = 0; i < rows->len; i++) {
                        Row *row = rows->pdata[i];
                        double began = now(), took;
                        pid_t pid;

                        row_call(row, row->bus, NULL);
                        took = now() - began;
                        g_array_append_val(row->times, took);
                        pid = name_pid(row->bus, row->name);
                        if (pid <= 0)
                                fail("'%s' has no owner", row->name);
                        kill(pid, SIGTERM);
                        while (process_lives(pid))
                                pause_ms(5);
                }
        rows_print(rows);
        return EXIT_SUCCESS;
}

/* Definitions. */

static int command_define(char **words)
{
        unsigned count = strtoul(words[0], NULL, 0);
        g_autofree char *text = NULL;
        g_auto(GStrv) parts = NULL;
        Row row = {
                .address = words[1],
                .name = words[2],
                .path = words[3],
                .interface = words[4],
                .member = "DomainDefineXML",
                .types = "s",
        };
        double began;

        if (!g_file_get_contents(words[5], &text, NULL, NULL))
                fail("cannot read '%s'", words[5]);
        parts = g_strsplit(text, "@N@", -1);
        row.bus = bus_open(row.address);
        began = now();
        for (unsigned i = 0; i < count; i++) {
                char number[16];
                g_autofree char *xml = NULL;

                g_snprintf(number, sizeof number, "%04u", i);
                xml = g_strjoinv(number, parts);
                row.values = (char *[]){ xml };
                row_call(&row, row.bus, NULL);
        }
        printf("%.0f\n", now() - began);
        return EXIT_SUCCESS;
}

/* Domains that come and go. */

/* What a row of this command measures, by its member. */
typedef struct Change {
        const char *member;
        void (*run)(Row *row, char **paths, char **documents);
} Change;

static char *define_one(const Row *row, char *document)
{
        Row call = *row;
        g_autoptr(sd_bus_message) reply = NULL;
        const char *path;

        call.member = "DomainDefineXML";
        call.types = "s";
        call.values = &document;
        row_call(&call, row->bus, &reply);
        check(sd_bus_message_read(reply, "o", &path), call.member, NULL);
        return g_strdup(path);
}

static void undefine_one(const Row *row, const char *path)
{
        Row call = *row;

        call.path = path;
        call.interface = row->values[0];
        call.member = "Undefine";
        call.types = "u";
        call.values = (char *[]){ (char *)"0" };
        row_call(&call, row->bus, NULL);
}

static void define_all(Row *row, char **paths, char **documents)
{
        for (unsigned i = 0; i < row->count; i++)
                paths[i] = define_one(row, documents[i]);
}

static void undefine_all(Row *row, char **paths, char **documents)
{
        (void)documents;
        for (unsigned i = 0; i < row->count; i++) {
                undefine_one(row, paths[i]);
                g_clear_pointer(&paths[i], g_free);
        }
}

static void timed(Row *row, void (*run)(Row *, char **, char **), char **paths, char **documents)
{
        double cpu = process_time(row->pid), began = now(), took;

        run(row, paths, documents);
        took = (now() - began) / row->count;
        cpu = (process_time(row->pid) - cpu) / row->count;
        g_array_append_val(row->times, took);
        g_array_append_val(row->cpus, cpu);
}

static int on_event(sd_bus_message *signal, void *data, sd_bus_error *error)
{
        (void)signal, (void)error;
        ++*(unsigned *)data;
        return 0;
}

/* Another client hears of each before the next one is defined. */
static void define_heard(Row *row, char **paths, char **documents)
{
        for (unsigned i = 0; i < row->count; i++) {
                row->heard = 0;
                paths[i] = define_one(row, documents[i]);
                while (row->heard == 0) {
                        int r = sd_bus_process(row->listener, NULL);

                        if (r == 0)
                                r = sd_bus_wait(row->listener, TIMEOUT_USEC);
                        check(r, "an event", NULL);
                }
        }
}

static void measure_define(Row *row, char **paths, char **documents)
{
        timed(row, define_all, paths, documents);
        undefine_all(row, paths, documents);
}

static void measure_undefine(Row *row, char **paths, char **documents)
{
        define_all(row, paths, documents);
        timed(row, undefine_all, paths, documents);
}

static void measure_event(Row *row, char **paths, char **documents)
{
        row->listener = bus_open(row->address);
        check(sd_bus_match_signal(row->listener, NULL, row->name, row->path, row->interface,
                      "DomainEvent", on_event, &row->heard),
                "a match", NULL);
        timed(row, define_heard, paths, documents);
        row->listener = sd_bus_flush_close_unref(row->listener);
        undefine_all(row, paths, documents);
}

static int command_changes(char **words)
{
        static const Change changes[] = {
                { "define", measure_define },
                { "undefine", measure_undefine },
                { "event", measure_event },
        };
        unsigned n_rounds = strtoul(words[0], NULL, 0), n = strtoul(words[1], NULL, 0);
        unsigned first = strtoul(words[2], NULL, 0);
        g_autofree char **paths = g_new0(char *, n);
        g_auto(GStrv) documents = g_new0(char *, n + 1), parts = NULL;
        g_autofree char *text = NULL;
        GPtrArray *rows = rows_read();

        if (!g_file_get_contents(words[3], &text, NULL, NULL))
                fail("cannot read '%s'", words[3]);
        parts = g_strsplit(text, "@N@", -1);
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *number = g_strdup_printf("%04u", first + i);

                documents[i] = g_strjoinv(number, parts);
        }
        /* The first round is not counted: it fills what is filled once. */
        for (unsigned round = 0; round <= n_rounds; round++)
                for (unsigned i = 0; i < rows->len; i++) {
                        Row *row = rows->pdata[i];

                        row->pid = name_pid(row->bus, row->name);
                        row->count = n;
                        for (unsigned c = 0; c < G_N_ELEMENTS(changes); c++)
                                if (strcmp(row->member, changes[c].member) == 0)
                                        changes[c].run(row, paths, documents);
                        if (round == 0) {
                                g_array_set_size(row->times, 0);
                                g_array_set_size(row->cpus, 0);
                        }
                }
        rows_print(rows);
        return EXIT_SUCCESS;
}

/* Starts. */

/* The service's youngest child. */
static char **guest_arguments(pid_t service)
{
        g_autofree char *path =
                g_strdup_printf("/proc/%d/task/%d/children", (int)service, (int)service);
        g_autofree char *children = NULL, *text = NULL, *file = NULL;
        g_autoptr(GPtrArray) list = g_ptr_array_new();
        const char *last;
        size_t size;

        if (!g_file_get_contents(path, &children, NULL, NULL) || !g_strchomp(children)[0])
                fail("the service has no child: no guest runs");
        last = strrchr(children, ' ');
        file = g_strdup_printf("/proc/%s/cmdline", last ? last + 1 : children);
        if (!g_file_get_contents(file, &text, &size, NULL))
                fail("cannot read '%s'", file);
        for (size_t at = 0; at < size; at += strlen(text + at) + 1)
                g_ptr_array_add(list, g_strdup(text + at));
        g_ptr_array_add(list, NULL);
        return (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
}

/* The number that the monitor's socket has to have: "...,fd=N,..." of "-chardev socket,...". */
static int monitor_number(char **arguments)
{
        for (; *arguments; arguments++) {
                const char *fd = strstr(*arguments, ",fd=");

                if (g_str_has_prefix(*arguments, "socket,") && fd)
                        return atoi(fd + strlen(",fd="));
        }
        fail("the guest's command line has no monitor");
}

static void monitor_wait(FILE *monitor, const char *what)
{
        char line[65536];

        while (fgets(line, sizeof line, monitor))
                if (strstr(line, what))
                        return;
        fail("a QEMU started by hand says nothing of %s", what);
}

static double start_by_hand(char **arguments, const char *folder)
{
        static char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                (char *)"LC_ALL=C", NULL };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        posix_spawn_file_actions_t actions;
        double began, took;
        FILE *monitor;
        int fd, client;
        pid_t pid;

        g_snprintf(address.sun_path, sizeof address.sun_path, "%s/monitor", folder);
        unlink(address.sun_path);
        posix_spawn_file_actions_init(&actions);
        began = now();
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || client < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
                listen(fd, 1) < 0)
                fail("the monitor's socket: %s", g_strerror(errno));
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, fd, monitor_number(arguments));
        if (posix_spawn(&pid, arguments[0], &actions, NULL, arguments, environment) != 0)
                fail("cannot start '%s'", arguments[0]);
        close(fd);
        if (connect(client, (struct sockaddr *)&address, sizeof address) < 0)
                fail("connect: %s", g_strerror(errno));
        monitor = fdopen(client, "r+");
        monitor_wait(monitor, "\"QMP\"");
        fputs("{\"execute\":\"qmp_capabilities\"}\n", monitor);
        fflush(monitor);
        monitor_wait(monitor, "\"return\"");
        took = now() - began;
        fclose(monitor);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        posix_spawn_file_actions_destroy(&actions);
        return took;
}

static void time_call(const Row *domain, const char *member, const char *flags, GArray *times)
{
        Row row = *domain;
        double began = now(), took;

        row.member = member;
        row.values = (char *[]){ (char *)flags };
        row_call(&row, row.bus, NULL);
        took = now() - began;
        g_array_append_val(times, took);
}

static int command_start(char **words)
{
        unsigned n_rounds = strtoul(words[0], NULL, 0);
        Row row = {
                .address = words[1],
                .name = words[2],
                .path = words[3],
                .interface = "org.virtbus1.Domain",
                .types = "u",
        };
        GArray *start = doubles_new(), *paused = doubles_new(), *destroy = doubles_new();
        GArray *hand = doubles_new();
        char **arguments = NULL;
        double took;

        row.bus = bus_open(row.address);
        for (unsigned round = 0; round < n_rounds; round++) {
                time_call(&row, "Create", "0", start);
                if (!arguments)
                        arguments = guest_arguments(name_pid(row.bus, row.name));
                time_call(&row, "Destroy", "0", destroy);
                took = start_by_hand(arguments, words[4]);
                g_array_append_val(hand, took);
                time_call(&row, "Create", "1", paused);
                time_call(&row, "Destroy", "0", destroy);
        }
        printf("start\t%.0f\npaused\t%.0f\ndestroy\t%.0f\nhand\t%.0f\n", median(start),
                median(paused), median(destroy), median(hand));
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                int n_words;
                int (*run)(char **words);
        } commands[] = {
                { "calls", 2, command_calls },
                { "new-clients", 1, command_new_clients },
                { "cold", 1, command_cold },
                { "define", 6, command_define },
                { "changes", 4, command_changes },
                { "start", 5, command_start },
        };

        for (unsigned i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
                if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 == commands[i].n_words)
                        return commands[i].run(argv + 2);
        fputs("see the head of tools/bench.d/client.c\n", stderr);
        return 2;
}

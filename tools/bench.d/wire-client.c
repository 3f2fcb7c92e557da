/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock of tools/bench for the wire: makes calls and prints how long they took, in nanoseconds.
 *
 *      wire-client ROUNDS WINDOW COUNT COLUMN SOCKET PID [COLUMN SOCKET PID...]
 *
 * Defines COUNT domains at each server, in its test host, and prints "ROW COLUMN TIME CPU" for each
 * call and server: the medians over the rounds of what a call took, and of the processor time that
 * the server, with all its threads, spent for it. In a round each server is called for some
 * milliseconds, one after the other. WINDOW calls are under way at once; 1: each waits for the
 * reply to the one before. */

#include <dirent.h>
#include <err.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "drivers/wire/codec.h"
#include "drivers/wire/frame.h"
#include "drivers/wire/procedures.h"

#define BATCH_NS (20 * 1000 * 1000)
#define READ_SIZE (256 * 1024)

typedef struct Server {
        const char *column;
        const char *pid;
        int fd;
        GByteArray *reply; /* what was read, and not used yet from reply_at on */
        guint reply_at;
        WireDomain domain; /* one of those that were defined */
} Server;

static void send_call(Server *server, int procedure, const void *args)
{
        const WireProcedure *info = wire_procedure(WIRE_PROGRAM_REMOTE, procedure);
        const WireHeader header = {
                .program = WIRE_PROGRAM_REMOTE, .version = WIRE_VERSION, .procedure = procedure
        };
        g_autoptr(GByteArray) frame = g_byte_array_new();

        g_byte_array_set_size(frame, WIRE_FRAME_LEAST);
        if (wire_encode(info->args, args, frame) < 0)
                errx(EXIT_FAILURE, "%s cannot be encoded", info->name);
        wire_frame_write(frame->data, frame->len, &header);
        for (size_t sent = 0; sent < frame->len;) {
                ssize_t n = write(server->fd, frame->data + sent, frame->len - sent);

                if (n <= 0)
                        err(EXIT_FAILURE, "%s does not listen", server->column);
                sent += n;
        }
}

/* Reads until there are so many bytes of the next reply. */
static const uint8_t *receive(Server *server, size_t least)
{
        GByteArray *bytes = server->reply;

        /* All is used, most of the time: the rest is moved seldom, so that it costs nothing here.
         */
        if (bytes->len - server->reply_at < least) {
                g_byte_array_remove_range(bytes, 0, server->reply_at);
                server->reply_at = 0;
        }
        while (bytes->len - server->reply_at < least) {
                guint had = bytes->len;
                ssize_t n;

                g_byte_array_set_size(bytes, had + READ_SIZE);
                n = read(server->fd, bytes->data + had, READ_SIZE);
                if (n <= 0)
                        err(EXIT_FAILURE, "%s has left", server->column);
                g_byte_array_set_size(bytes, had + n);
        }
        return bytes->data + server->reply_at;
}

/* Fills ret, where it is wanted, with the next reply. */
static void receive_reply(Server *server, void *ret)
{
        uint32_t length = wire_frame_length(receive(server, WIRE_FRAME_LEAST));
        const uint8_t *bytes = receive(server, length);
        WireHeader header = wire_frame_header(bytes);
        const WireProcedure *info = wire_procedure(WIRE_PROGRAM_REMOTE, header.procedure);

        if (header.type != WIRE_REPLY || header.status != WIRE_OK || !info)
                errx(EXIT_FAILURE, "%s answers %s with an error", server->column,
                        info ? info->name : "?");
        if (ret &&
                wire_decode(info->ret, bytes + WIRE_FRAME_LEAST, length - WIRE_FRAME_LEAST, ret) <
                        0)
                errx(EXIT_FAILURE, "%s cannot be read", info->name);
        server->reply_at += length;
}

static void call(Server *server, int procedure, const void *args, void *ret)
{
        send_call(server, procedure, args);
        receive_reply(server, ret);
}

static void server_open(Server *server, const char *path, unsigned count)
{
        WireConnectOpenArgs open = { .name = (char *)"test:///default" };
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        server->reply = g_byte_array_new();
        server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (server->fd < 0 || connect(server->fd, (struct sockaddr *)&address, sizeof address) < 0)
                err(EXIT_FAILURE, "cannot connect to %s", path);
        call(server, WIRE_AUTH_LIST, NULL, NULL);
        call(server, WIRE_CONNECT_OPEN, &open, NULL);
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *xml = g_strdup_printf(
                        "<domain type='test'><name>bench-%04u</name>"
                        "<uuid>00000000-0000-4000-8000-%012u</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>"
                        "<os><type arch='i686'>hvm</type></os></domain>",
                        i, i);
                WireDomainDefineXmlArgs define = { .xml = xml };
                WireDomainDefineXmlRet ret;

                call(server, WIRE_DOMAIN_DEFINE_XML, &define, &ret);
                if (i == count / 2)
                        server->domain = ret.dom;
                else
                        wire_clear("D", &ret.dom);
        }
}

/* What is measured. */

static void ask_type(Server *server)
{
        send_call(server, WIRE_CONNECT_GET_TYPE, NULL);
}

static void ask_state(Server *server)
{
        send_call(
                server, WIRE_DOMAIN_GET_STATE, &(WireDomainGetStateArgs){ .dom = server->domain });
}

static void ask_name(Server *server)
{
        send_call(server, WIRE_DOMAIN_LOOKUP_BY_NAME,
                &(WireDomainLookupByNameArgs){ .name = server->domain.name });
}

static void ask_info(Server *server)
{
        send_call(server, WIRE_DOMAIN_GET_INFO, &(WireDomainGetInfoArgs){ .dom = server->domain });
}

static void ask_document(Server *server)
{
        send_call(server, WIRE_DOMAIN_GET_XML_DESC,
                &(WireDomainGetXmlDescArgs){ .dom = server->domain });
}

static void ask_list(Server *server)
{
        send_call(server, WIRE_CONNECT_LIST_ALL_DOMAINS,
                &(WireConnectListAllDomainsArgs){ .need_results = 1 });
}

static void ask_statistics(Server *server)
{
        send_call(server, WIRE_CONNECT_GET_ALL_DOMAIN_STATS,
                &(WireConnectGetAllDomainStatsArgs){ 0 });
}

static const struct {
        const char *name;
        void (*ask)(Server *server);
} calls[] = {
        { "type of the connection", ask_type },
        { "state of a domain", ask_state },
        { "lookup by name", ask_name },
        { "info of a domain", ask_info },
        { "document of a domain", ask_document },
        { "list of 1,000 domains", ask_list },
        { "statistics of 1,000 domains", ask_statistics },
};

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Nanoseconds that all threads of the server have run. */
static double processor_time(const Server *server)
{
        g_autofree char *folder = g_strdup_printf("/proc/%s/task", server->pid);
        DIR *tasks = opendir(folder);
        struct dirent *task;
        double sum = 0;

        while (tasks && (task = readdir(tasks))) {
                g_autofree char *path = g_strdup_printf("%s/%s/schedstat", folder, task->d_name);
                g_autofree char *text = NULL;

                if (task->d_name[0] != '.' && g_file_get_contents(path, &text, NULL, NULL))
                        sum += g_ascii_strtod(text, NULL);
        }
        if (tasks)
                closedir(tasks);
        return sum;
}

static void measure(Server *server, unsigned which, unsigned window, double *took, double *cpu)
{
        double begin, busy = processor_time(server);
        unsigned n = 0;

        begin = now();
        for (unsigned i = 0; i < window; i++)
                calls[which].ask(server);
        do {
                receive_reply(server, NULL);
                calls[which].ask(server);
                n++;
        } while (n < 2 * window || now() - begin < BATCH_NS);
        *took = (now() - begin) / n;
        for (unsigned i = 0; i < window; i++)
                receive_reply(server, NULL);
        *cpu = (processor_time(server) - busy) / (n + window);
}

static int compare(const void *a, const void *b)
{
        double left = *(const double *)a, right = *(const double *)b;

        return left < right ? -1 : left > right;
}

static double median(double *values, unsigned n)
{
        qsort(values, n, sizeof *values, compare);
        return values[n / 2];
}

int main(int argc, char **argv)
{
        unsigned rounds = argc > 3 ? atoi(argv[1]) : 0, window = argc > 3 ? atoi(argv[2]) : 0;
        unsigned n_servers = (argc - 4) / 3;
        Server servers[4] = { 0 };

        if (rounds == 0 || window == 0 || argc < 7 || (argc - 4) % 3 || n_servers > 4)
                errx(EXIT_FAILURE, "usage: wire-client ROUNDS WINDOW COUNT COLUMN SOCKET PID...");
        for (unsigned i = 0; i < n_servers; i++) {
                servers[i].column = argv[4 + 3 * i];
                servers[i].pid = argv[6 + 3 * i];
                server_open(&servers[i], argv[5 + 3 * i], atoi(argv[3]));
        }
        for (unsigned which = 0; which < G_N_ELEMENTS(calls); which++) {
                g_autofree double *took = g_new(double, n_servers *rounds);
                g_autofree double *cpu = g_new(double, n_servers *rounds);

                for (unsigned round = 0; round < rounds; round++)
                        for (unsigned i = 0; i < n_servers; i++)
                                measure(&servers[i], which, window, &took[i * rounds + round],
                                        &cpu[i * rounds + round]);
                for (unsigned i = 0; i < n_servers; i++)
                        printf("%s\t%s\t%.0f\t%.0f\n", calls[which].name, servers[i].column,
                                median(took + i * rounds, rounds),
                                median(cpu + i * rounds, rounds));
        }
        return EXIT_SUCCESS;
}

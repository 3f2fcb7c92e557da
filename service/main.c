/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* virtbusd: the process. Connects to the bus, opens the default connections, takes the names,
 * serves until it is told to stop or nobody needs it any more. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "config.h"
#include "service/agent.h"
#include "service/audience.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"
#include "service/base/memory.h"
#include "service/connections.h"
#include "service/dispatch.h"
#include "service/manager.h"
#include "service/operate.h"
#include "service/publish.h"
#include "service/settings.h"
#include "service/wire/door.h"

#define FIBERS_MAX 1024
#define IDLE_EXIT_DEFAULT 120
#define SETTLED (3 * G_USEC_PER_SEC)

typedef struct Options {
        Instance instance;
        uint64_t idle_exit; /* microseconds; 0: never */
} Options;

typedef enum Stage {
        STAGE_STARTING,
        STAGE_SERVING,
        STAGE_LEAVING, /* the names are given up; what came until then is still answered */
        STAGE_ENDING,
} Stage;

typedef struct Service {
        Options options;
        Stage stage;
        sd_event *event;
        sd_bus *bus;
        sd_event_source *idle, *drain;
        bool done;
        int failure; /* exit status */
} Service;

static void usage(FILE *file)
{
        fprintf(file,
                "virtbusd [--system | --session] [--listen | --idle-exit=SECONDS]\n\n"
                "Serves virtualization on the bus, as org.virtbus1 and org.libvirt.\n\n"
                "  --system             the host's service, on the system bus (default for root)\n"
                "  --session            a user's service, on the session bus (default for others)\n"
                "  --listen             stay, for clients at its sockets that could not start it\n"
                "  --idle-exit=SECONDS  end when not used for so long; 0: never (default %d)\n"
                "  --version, --help\n",
                IDLE_EXIT_DEFAULT);
}

/* 0; more than 0: done already; -EINVAL. */
static int options_parse(int argc, char **argv, Options *ret)
{
        enum {
                OPTION_SYSTEM = 256,
                OPTION_SESSION,
                OPTION_LISTEN,
                OPTION_IDLE_EXIT,
                OPTION_VERSION,
                OPTION_HELP,
        };
        static const struct option table[] = {
                { "system", no_argument, NULL, OPTION_SYSTEM },
                { "session", no_argument, NULL, OPTION_SESSION },
                { "listen", no_argument, NULL, OPTION_LISTEN },
                { "idle-exit", required_argument, NULL, OPTION_IDLE_EXIT },
                { "version", no_argument, NULL, OPTION_VERSION },
                { "help", no_argument, NULL, OPTION_HELP },
                { NULL, 0, NULL, 0 },
        };
        Options options = {
                .instance = geteuid() == 0 ? INSTANCE_SYSTEM : INSTANCE_SESSION,
                .idle_exit = IDLE_EXIT_DEFAULT * G_USEC_PER_SEC,
        };
        guint64 seconds;
        int option;

        while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
                switch (option) {
                case OPTION_SYSTEM:
                        options.instance = INSTANCE_SYSTEM;
                        break;
                case OPTION_SESSION:
                        options.instance = INSTANCE_SESSION;
                        break;
                case OPTION_LISTEN:
                        options.idle_exit = 0;
                        break;
                case OPTION_IDLE_EXIT:
                        if (!g_ascii_string_to_unsigned(
                                    optarg, 10, 0, G_MAXUINT32, &seconds, NULL)) {
                                fprintf(stderr,
                                        "virtbusd: --idle-exit takes a number of seconds, not '%s'\n",
                                        optarg);
                                return -EINVAL;
                        }
                        options.idle_exit = seconds * G_USEC_PER_SEC;
                        break;
                case OPTION_VERSION:
                        printf("virtbusd %s\n", VIRTBUS_VERSION);
                        return 1;
                case OPTION_HELP:
                        usage(stdout);
                        return 1;
                default:
                        usage(stderr);
                        return -EINVAL;
                }
        }
        if (optind < argc) {
                fprintf(stderr, "virtbusd: it takes no argument such as '%s'\n", argv[optind]);
                return -EINVAL;
        }
        *ret = options;
        return 0;
}

/* Ending. The names go first, so that the bus starts a new service for what comes from now on; what
 * had come before is answered; then the connections are stopped. */

static void end_run(void *data)
{
        Service *service = data;

        wire_door_close();
        connections_stop();
        manager_stop();
        publish_flush();
        service->done = true;
}

/* The loop ends by itself only; a fiber that is in the middle of something has to come to its end.
 */
static int service_fail(Service *service)
{
        service->done = true;
        service->failure = EXIT_FAILURE;
        return 0;
}

static int service_end(Service *service)
{
        service->stage = STAGE_ENDING;
        connections_leave();
        return fiber_start("ending", end_run, service, NULL) < 0 ? service_fail(service) : 0;
}

static int on_drain(sd_event_source *source, void *data)
{
        Service *service = data;
        uint64_t n_read = 0;

        (void)source;
        if (service->stage != STAGE_LEAVING || calls_in_work() > 0)
                return 0;
        if (sd_bus_get_n_queued_read(service->bus, &n_read) >= 0 && n_read > 0)
                return 0;
        return service_end(service);
}

static int on_released(sd_bus_message *reply, void *data, sd_bus_error *error)
{
        Service *service = data;

        (void)reply, (void)error;
        publish_announce(false);
        /* From here on nothing more can come: look for the end now, and whenever something has
         * happened. */
        if (sd_event_add_post(service->event, &service->drain, on_drain, service) < 0)
                return service_fail(service);
        return on_drain(service->drain, service);
}

static void service_leave(Service *service)
{
        if (service->stage >= STAGE_LEAVING)
                return;
        service->stage = STAGE_LEAVING;
        wire_door_shut();
        connections_leave();
        sd_notify(false, "STOPPING=1");
        sd_bus_release_name_async(
                service->bus, NULL, namespaces[NAMESPACE_LIBVIRT].bus_name, NULL, NULL);
        if (sd_bus_release_name_async(service->bus, NULL, namespaces[NAMESPACE_VIRTBUS].bus_name,
                    on_released, service) < 0)
                on_released(NULL, service, NULL);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
        (void)source, (void)info;
        service_leave(data);
        return 0;
}

static int load_settings(Instance instance, GError **error)
{
        if (settings_load(instance, error) < 0)
                return -1;
        remote_keep_alive(settings()->keepalive_interval, settings()->keepalive_count);
        remote_choose(settings()->remote_mode, settings()->remote_proxy);
        return 0;
}

/* An administrator has changed the configuration. What is wrong leaves all as it was. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
        const Service *service = data;
        g_autoptr(GError) error = NULL;

        (void)source, (void)info;
        if (service->stage != STAGE_SERVING)
                return 0;
        sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, fiber_now());
        if (load_settings(service->options.instance, &error) < 0)
                g_warning("the configuration stays as it was: %s", error->message);
        else
                manager_settled();
        sd_notify(false, "READY=1");
        return 0;
}

static int on_disconnected(sd_bus_message *message, void *data, sd_bus_error *error)
{
        Service *service = data;

        (void)message, (void)error;
        if (service->stage >= STAGE_ENDING)
                return 0;
        g_warning("the bus has closed the connection");
        service->failure = EXIT_FAILURE;
        return service_end(service);
}

static int on_idle(sd_event_source *source, uint64_t usec, void *data)
{
        Service *service = data;
        uint64_t due = calls_last() + service->options.idle_exit;

        (void)usec;
        if (due <= fiber_now() && calls_in_work() == 0 && fibers_live() == 0 &&
                !connections_in_use() && !wire_door_in_use()) {
                service_leave(service);
                return 0;
        }
        if (due <= fiber_now())
                due = fiber_deadline(service->options.idle_exit);
        sd_event_source_set_time(source, due);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Beginning. */

static int on_own_name(sd_bus_message *reply, void *data, sd_bus_error *error)
{
        /* What the bus answers to RequestName. */
        enum {
                PRIMARY_OWNER = 1,
                ALREADY_OWNER = 4,
        };
        Service *service = data;
        uint32_t answer = 0;

        (void)error;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                g_warning("the bus does not let the service be %s: %s",
                        namespaces[NAMESPACE_VIRTBUS].bus_name,
                        sd_bus_message_get_error(reply)->message);
                return service_fail(service);
        }
        if (sd_bus_message_read(reply, "u", &answer) < 0 ||
                (answer != PRIMARY_OWNER && answer != ALREADY_OWNER)) {
                g_warning("another service is %s on this bus",
                        namespaces[NAMESPACE_VIRTBUS].bus_name);
                return service_fail(service);
        }
        service->stage = MAX(service->stage, STAGE_SERVING);
        sd_notify(false, "READY=1");
        return 0;
}

static int on_other_name(sd_bus_message *reply, void *data, sd_bus_error *error)
{
        (void)data, (void)error;
        if (sd_bus_message_is_method_error(reply, NULL))
                g_info("the bus does not let the service be %s: %s",
                        namespaces[NAMESPACE_LIBVIRT].bus_name,
                        sd_bus_message_get_error(reply)->message);
        return 0;
}

static void start_run(void *data)
{
        Service *service = data;
        g_autoptr(GError) error = NULL;
        int r;

        if (connections_start(service->bus, service->options.instance, &error) < 0) {
                g_warning("%s", error->message);
                service_fail(service);
                return;
        }
        manager_start();
        publish_announce(true);
        wire_door_open(service->bus, service->event, service->options.instance);
        /* Whoever has the second name keeps it; when it becomes free, it is ours. */
        r = sd_bus_request_name_async(service->bus, NULL, namespaces[NAMESPACE_VIRTBUS].bus_name,
                SD_BUS_NAME_REPLACE_EXISTING, on_own_name, service);
        if (r >= 0)
                r = sd_bus_request_name_async(service->bus, NULL,
                        namespaces[NAMESPACE_LIBVIRT].bus_name, SD_BUS_NAME_QUEUE, on_other_name,
                        service);
        if (r < 0) {
                g_warning("cannot ask for the names on the bus: %s", g_strerror(-r));
                service_fail(service);
        }
}

static int bus_open(Service *service)
{
        int r;

        r = service->options.instance == INSTANCE_SYSTEM ? sd_bus_open_system(&service->bus) :
                                                           sd_bus_open_user(&service->bus);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(service->bus, service->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        return sd_bus_match_signal_async(service->bus, NULL, "org.freedesktop.DBus.Local",
                "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
                on_disconnected, NULL, service);
}

static int service_start(Service *service)
{
        static const int stop_signals[] = { SIGTERM, SIGINT };
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        for (unsigned i = 0; i < G_N_ELEMENTS(stop_signals); i++)
                sigaddset(&signals, stop_signals[i]);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);

        r = sd_event_default(&service->event);
        for (unsigned i = 0; r >= 0 && i < G_N_ELEMENTS(stop_signals); i++)
                r = sd_event_add_signal(service->event, NULL, stop_signals[i], on_signal, service);
        if (r >= 0)
                r = sd_event_add_signal(service->event, NULL, SIGHUP, on_reload, service);
        if (r >= 0)
                r = sd_event_set_watchdog(service->event, true);
        if (r >= 0)
                r = fibers_init(service->event, FIBERS_MAX);
        if (r >= 0)
                r = bus_open(service);
        if (r >= 0)
                r = audience_init(service->bus, service->options.instance);
        if (r >= 0)
                r = publish_init(service->bus);
        if (r >= 0)
                r = callers_init(service->bus, service->options.instance);
        if (r >= 0)
                r = agents_init(service->bus);
        if (r >= 0)
                r = authorize_init(service->bus);
        operate_init();
        if (r >= 0)
                r = dispatch_init(service->bus);
        if (r >= 0 && service->options.idle_exit > 0)
                r = sd_event_add_time_relative(service->event, &service->idle, CLOCK_MONOTONIC,
                        service->options.idle_exit, 0, on_idle, service);
        if (r >= 0)
                memory_settle_in(SETTLED);
        if (r >= 0)
                r = fiber_start("starting", start_run, service, NULL);
        return r;
}

static void service_finish(Service *service)
{
        fibers_finish();
        memory_finish();
        offload_finish();
        connections_finish();
        dispatch_finish();
        authorize_finish();
        agents_finish();
        callers_finish();
        publish_finish();
        audience_finish();
        faces_finish();
        settings_finish();
        sd_event_source_disable_unref(service->idle);
        sd_event_source_disable_unref(service->drain);
        sd_bus_flush_close_unref(service->bus);
        sd_event_unref(service->event);
}

int main(int argc, char **argv)
{
        Service service = { 0 };
        g_autoptr(GError) error = NULL;
        int r;

        setlocale(LC_CTYPE, "C.UTF-8");
        memory_init();
        r = options_parse(argc, argv, &service.options);
        if (r != 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        umask(0022);
        if (load_settings(service.options.instance, &error) < 0) {
                fprintf(stderr, "virtbusd: %s\n", error->message);
                return EXIT_FAILURE;
        }
        faces_init();
        r = service_start(&service);
        while (r >= 0 && !service.done)
                r = sd_event_run(service.event, UINT64_MAX);
        if (r < 0) {
                fprintf(stderr, "virtbusd: %s\n", g_strerror(-r));
                service.failure = EXIT_FAILURE;
        }
        service_finish(&service);
        return service.failure;
}

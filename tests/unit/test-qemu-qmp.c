/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "drivers/qemu/qmp.h"
#include "fake-qemu.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

#define SECOND 1000000

/* One conversation: the fake, the client, and what the client's callbacks saw. */
typedef struct Talk {
        FakeQemu *fake;
        Qmp *qmp;
        unsigned n_events;
        unsigned n_closed;
        char *last_event;
        uint64_t last_timestamp;
        char *reason;
        bool close_on_event;
} Talk;

static void on_event(Qmp *qmp, const char *name, json_t *data, uint64_t timestamp, void *userdata)
{
        Talk *talk = userdata;

        g_assert_null(fiber_self());
        talk->n_events++;
        g_free(talk->last_event);
        talk->last_event = g_strdup_printf(
                "%s%s", name, json_is_true(json_object_get(data, "guest")) ? " by the guest" : "");
        talk->last_timestamp = timestamp;
        if (talk->close_on_event) {
                qmp_close(qmp);
                talk->qmp = qmp_unref(qmp);
        }
}

static void on_closed(Qmp *qmp, const GError *reason, void *userdata)
{
        Talk *talk = userdata;

        g_assert_false(qmp_is_open(qmp));
        g_assert_null(fiber_self());
        talk->n_closed++;
        talk->reason = g_strdup(reason->message);
}

static void talk_begin(Talk *talk, const FakeStep *steps)
{
        int fd = -1;

        talk->fake = fake_qemu_new(steps, &fd);
        g_assert_cmpint(qmp_new(fibers_event(), fd, "guest 'web'", &talk->qmp), ==, 0);
        qmp_watch(talk->qmp, on_event, on_closed, talk);
}

static void talk_end(Talk *talk)
{
        fake_qemu_finish(talk->fake);
        talk->qmp = qmp_unref(talk->qmp);
        g_clear_pointer(&talk->last_event, g_free);
        g_clear_pointer(&talk->reason, g_free);
}

static void negotiate(Talk *talk)
{
        g_autoptr(GError) error = NULL;

        qmp_negotiate(talk->qmp, fiber_deadline(120 * SECOND), &error);
        g_assert_no_error(error);
}

#define assert_fails(expression, code, text)                              \
        ({                                                                \
                g_autoptr(GError) error = NULL;                           \
                g_assert_cmpint(expression, ==, -1);                      \
                g_assert_error(error, VIRTBUS_ERROR, code);               \
                if (!strstr(error->message, text))                        \
                        g_error("'%s' lacks '%s'", error->message, text); \
        })

static void test_call(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("query-status"),
                REPLY("{\"status\": \"prelaunch\"}"), EXPECT("cont"),
                REFUSE("Resetting the Virtual Machine is required"),
                EXPECT("human-monitor-command"), REPLY("\"VM status: paused\""),
                EXPECT("query-big"), REPLY("{\"small\": 7, \"list\": [1, {\"n\": -2}]}"), END };
        Talk talk = { 0 };
        json_t *ret = NULL;
        g_autofree char *text = NULL;

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        g_assert_cmpint(
                qmp_call(talk.qmp, "query-status", NULL, &ret, fiber_deadline(120 * SECOND), NULL),
                ==, 0);
        g_assert_cmpstr(json_string_value(json_object_get(ret, "status")), ==, "prelaunch");
        json_decref(ret);
        assert_fails(qmp_call(talk.qmp, "cont", json_object(), NULL, FIBER_FOREVER, &error),
                ERROR_INTERNAL_ERROR,
                "internal error: unable to execute QEMU command 'cont': Resetting the Virtual Machine");
        g_assert_cmpint(
                qmp_call_human(talk.qmp, "info status", &text, fiber_deadline(120 * SECOND), NULL),
                ==, 0);
        g_assert_cmpstr(text, ==, "VM status: paused");
        g_assert_cmpint(qmp_call(talk.qmp, "query-big", NULL, NULL, FIBER_FOREVER, NULL), ==, 0);
        g_assert_cmpuint(talk.n_closed, ==, 0);
        talk_end(&talk);
}

/* Several commands in one go: one refused, the others served. */
static void test_call_all(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("query-a"), EXPECT("query-b"),
                EXPECT("query-c"), REPLY("1"), REFUSE("b is not for you"), REPLY("3"),
                EXPECT("query-d"), EXPECT("query-e"), REPLY("4"), END };
        QmpCommand commands[] = { { .name = "query-a" },
                { .name = "query-b", .arguments = json_object() }, { .name = "query-c" } };
        QmpCommand more[] = { { .name = "query-d" }, { .name = "query-e" } };
        Talk talk = { 0 };

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        g_assert_cmpint(
                qmp_call_all(talk.qmp, commands, 3, fiber_deadline(120 * SECOND), NULL), ==, 0);
        g_assert_cmpint(json_integer_value(commands[0].ret), ==, 1);
        g_assert_null(commands[1].ret);
        g_assert_error(commands[1].error, VIRTBUS_ERROR, ERROR_INTERNAL_ERROR);
        g_assert_cmpint(json_integer_value(commands[2].ret), ==, 3);
        qmp_commands_clear(commands, 3);
        assert_fails(qmp_call_all(talk.qmp, more, 2, fiber_deadline(SECOND / 2), &error),
                ERROR_OPERATION_TIMEOUT, "guest 'web' did not answer 'query-e' within ");
        qmp_commands_clear(more, 2);
        talk_end(&talk);
}

typedef struct Asker {
        Qmp *qmp;
        const char *command;
        json_int_t value;
        Wait *done;
} Asker;

static void ask(void *data)
{
        Asker *asker = data;
        json_t *ret = NULL;

        qmp_call(asker->qmp, asker->command, NULL, &ret, fiber_deadline(120 * SECOND), NULL);
        asker->value = json_integer_value(ret);
        json_decref(ret);
        wait_done(asker->done, 0);
}

/* Fibers that ask at the same time get their own answers, in whatever order they come. */
static void test_pairing(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("first"), EXPECT("second"),
                SAY("{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 2, "
                    "\"microseconds\": 5}}\r\n"),
                REPLY_LAST("2"), REPLY("1"), END };
        Talk talk = { 0 };
        Wait first = WAIT_INIT, second = WAIT_INIT;
        Asker askers[] = { { .command = "first", .done = &first },
                { .command = "second", .done = &second } };

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        for (int i = 0; i < 2; i++) {
                askers[i].qmp = talk.qmp;
                g_assert_cmpint(fiber_start("asker", ask, &askers[i], NULL), ==, 0);
        }
        g_assert_cmpint(wait_for(&first, "first", fiber_deadline(120 * SECOND)), ==, 0);
        g_assert_cmpint(wait_for(&second, "second", fiber_deadline(120 * SECOND)), ==, 0);
        g_assert_cmpint(askers[0].value, ==, 1);
        g_assert_cmpint(askers[1].value, ==, 2);
        g_assert_cmpuint(talk.n_events, ==, 1);
        g_assert_cmpuint(talk.last_timestamp, ==, 2000005);
        talk_end(&talk);
}

static void test_events(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE,
                DRIBBLE("{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": "
                        "\"guest-shutdown\"}, \"timestamp\": {\"seconds\": -1}}\r\n"),
                EXPECT("query-status"), DRIBBLE("\r\n\n{\"event\": \"RES"), DRIBBLE("ET\"}\r\n"),
                REPLY("{}"), END };
        Talk talk = { 0 };

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        while (talk.n_events == 0)
                g_assert_cmpint(fiber_sleep(1000), ==, 0);
        g_assert_cmpstr(talk.last_event, ==, "SHUTDOWN by the guest");
        g_assert_cmpuint(talk.last_timestamp, ==, 0);
        g_assert_cmpint(qmp_call(talk.qmp, "query-status", NULL, NULL, FIBER_FOREVER, NULL), ==, 0);
        g_assert_cmpstr(talk.last_event, ==, "RESET");
        talk_end(&talk);
}

/* A callback may end it all. */
static void test_close_in_event(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("quit"),
                SAY("{\"event\": \"A\"}\n{\"event\": \"B\"}\n"), END };
        Talk talk = { .close_on_event = true };

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        assert_fails(qmp_call(talk.qmp, "quit", NULL, NULL, FIBER_FOREVER, &error),
                ERROR_INTERNAL_ERROR, "guest 'web' did not answer 'quit': it was hung up on");
        g_assert_cmpuint(talk.n_events, ==, 1);
        g_assert_cmpuint(talk.n_closed, ==, 0);
        talk_end(&talk);
}

static void test_pass_fd(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("query-status"),
                EXPECT_FD("getfd hello"), REPLY_LAST("{}"), REPLY("{}"), END };
        _cleanup_fd_ int fd = memfd_create("test", MFD_CLOEXEC);
        Talk talk = { 0 };
        Wait done = WAIT_INIT;
        Asker asker = { .command = "query-status", .done = &done };

        (void)unused;
        g_assert_cmpint(write(fd, "hello", 5), ==, 5);
        talk_begin(&talk, steps);
        negotiate(&talk);
        asker.qmp = talk.qmp;
        g_assert_cmpint(fiber_start("asker", ask, &asker, NULL), ==, 0);
        g_assert_cmpint(fiber_yield(), ==, 0);
        g_assert_cmpint(qmp_call_fd(talk.qmp, "getfd", json_pack("{s:s}", "fdname", "x"), fd, NULL,
                                fiber_deadline(120 * SECOND), NULL),
                ==, 0);
        g_assert_cmpint(wait_for(&done, "asker", fiber_deadline(120 * SECOND)), ==, 0);
        talk_end(&talk);
}

/* A reply that comes after its caller gave up is dropped, and the next command works. */
static void test_late_reply(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("query-status"), SLEEP(150),
                REPLY("{\"late\": true}"), EXPECT("query-name"), REPLY("{\"name\": \"web\"}"),
                END };
        Talk talk = { 0 };
        json_t *ret = NULL;

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        assert_fails(
                qmp_call(talk.qmp, "query-status", NULL, &ret, fiber_deadline(SECOND / 10), &error),
                ERROR_OPERATION_TIMEOUT, "guest 'web' did not answer 'query-status' within ");
        g_assert_null(ret);
        g_assert_cmpint(
                qmp_call(talk.qmp, "query-name", NULL, &ret, fiber_deadline(120 * SECOND), NULL),
                ==, 0);
        g_assert_cmpstr(json_string_value(json_object_get(ret, "name")), ==, "web");
        json_decref(ret);
        talk_end(&talk);
}

static void ask_and_fail(void *data)
{
        Asker *asker = data;

        /* The second one is not even sent. */
        for (int i = 0; i < 2; i++)
                assert_fails(
                        qmp_call(asker->qmp, asker->command, NULL, NULL, FIBER_FOREVER, &error),
                        ERROR_OPERATION_ABORTED,
                        "the wait for guest 'web' to answer 'query-status'");
        wait_done(asker->done, 0);
}

static void test_cancel(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("query-status"), EXPECT("query-name"),
                REPLY_LAST("{}"), END };
        Talk talk = { 0 };
        Wait done = WAIT_INIT;
        Asker asker = { .command = "query-status", .done = &done };
        Fiber *fiber;

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        asker.qmp = talk.qmp;
        g_assert_cmpint(fiber_start("asker", ask_and_fail, &asker, &fiber), ==, 0);
        g_assert_cmpint(fiber_sleep(1000), ==, 0);
        fiber_cancel(fiber);
        g_assert_cmpint(wait_for(&done, "asker", fiber_deadline(120 * SECOND)), ==, 0);
        fiber_unref(fiber);
        g_assert_cmpint(qmp_call(talk.qmp, "query-name", NULL, NULL, FIBER_FOREVER, NULL), ==, 0);
        talk_end(&talk);
}

/* What a peer can do wrong while it is asked, and what is said of it. */
static const struct {
        const char *name;
        FakeStep step, next;
        const char *text;
} faults[] = {
        { "garbage", SAY("\x01\xff hello\r\n"), NOTHING, "it sent what is not QMP: ?? hello" },
        { "truncated", SAY("{\"return\": {}\r\n"), NOTHING,
                "it sent what is not QMP: {\"return\"" },
        { "not-object", SAY("[1]\r\n"), NOTHING, "it sent what is not QMP: [1]" },
        { "empty-object", SAY("{}\r\n"), NOTHING, "it sent neither an answer nor an event" },
        { "wrong-id", SAY("{\"return\": {}, \"id\": 4711}\r\n"), NOTHING,
                "it answered a command that it was not given" },
        { "string-id", SAY("{\"return\": {}, \"id\": \"2\"}\r\n"), NOTHING,
                "it answered a command that it was not given" },
        { "no-id", SAY("{\"return\": {}}\r\n"), NOTHING,
                "it answered a command that it was not given" },
        { "refuses", SAY("{\"error\": {\"desc\": \"JSON parse error\"}}\r\n"), NOTHING,
                "it refused to listen: JSON parse error" },
        { "nameless-event", SAY("{\"event\": 7}\r\n"), NOTHING, "it sent an event without a name" },
        { "deep", FLOOD("[", 100000), SAY("\r\n"), "it sent JSON nested deeper than 256" },
        { "huge", FLOOD("{\"return\": 1, ", 32 * 1024 * 1024), NOTHING,
                "it sent an answer longer than 16 MiB" },
        { "close", CLOSE, NOTHING, "it closed its monitor" },
        { "close-mid-answer", SAY("{\"return\": {"), CLOSE,
                "it closed its monitor in the middle of an answer" },
        { "close-mid-dribble", DRIBBLE("{\"ret"), CLOSE,
                "it closed its monitor in the middle of an answer" },
};

static void test_fault(const void *data)
{
        guint i = GPOINTER_TO_UINT(data);
        const FakeStep steps[] = { NEGOTIATE, EXPECT("query-status"), faults[i].step,
                faults[i].next, END };
        g_autofree char *text =
                g_strdup_printf("guest 'web' did not answer 'query-status': %s", faults[i].text);
        Talk talk = { 0 };

        talk_begin(&talk, steps);
        negotiate(&talk);
        assert_fails(qmp_call(talk.qmp, "query-status", NULL, NULL, fiber_deadline(120 * SECOND),
                             &error),
                ERROR_INTERNAL_ERROR, text);
        g_assert_cmpuint(talk.n_closed, ==, 1);
        g_assert_true(g_str_has_prefix(talk.reason, "internal error: guest 'web' "));
        g_assert_cmpstr(strstr(talk.reason, faults[i].text + strlen("it ")), !=, NULL);

        /* From then on every call fails at once and says the same. */
        assert_fails(qmp_call(talk.qmp, "query-name", NULL, NULL, FIBER_FOREVER, &error),
                ERROR_INTERNAL_ERROR, faults[i].text);
        g_assert_false(qmp_is_open(talk.qmp));
        talk_end(&talk);
}

/* The same before there is a conversation at all. */
static void test_no_greeting(const void *unused)
{
        static const FakeStep replies[] = { SAY("{\"return\": {}}\r\n"), END };
        static const FakeStep speaks_http[] = { SAY("HTTP/1.1 400 Bad Request\r\n"), END };
        static const FakeStep closes[] = { CLOSE, END };
        static const FakeStep silent[] = { END };
        static const struct {
                const FakeStep *steps;
                const char *text;
                int code;
        } cases[] = {
                { replies, "did not answer 'qmp_capabilities': it does not speak QMP",
                        ERROR_INTERNAL_ERROR },
                { speaks_http, "it sent what is not QMP: HTTP/1.1 400 Bad", ERROR_INTERNAL_ERROR },
                { closes, "did not answer 'qmp_capabilities': it closed", ERROR_INTERNAL_ERROR },
                { silent, "did not answer 'qmp_capabilities' within", ERROR_OPERATION_TIMEOUT },
        };

        (void)unused;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                /* Only who is silent is given up. */
                uint64_t patience = cases[i].steps == silent ? SECOND / 20 : 120 * SECOND;
                Talk talk = { 0 };

                talk_begin(&talk, cases[i].steps);
                assert_fails(qmp_negotiate(talk.qmp, fiber_deadline(patience), &error),
                        cases[i].code, cases[i].text);
                talk_end(&talk);
        }
}

/* A peer that neither reads nor answers costs a bounded amount of memory. */
static void test_bounds(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, SLEEP(50), END };
        g_autofree char *big = g_strnfill(QMP_UNSENT_MAX / 4 * 3, 'x');
        Talk talk = { 0 };
        static const int expected[] = { ERROR_OPERATION_TIMEOUT, ERROR_RESOURCE_BUSY };
        unsigned n = 0;
        int r = 0;

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        for (int i = 0; i < 2; i++) {
                g_autoptr(GError) error = NULL;

                r = qmp_call(talk.qmp, "big", json_pack("{s:s}", "x", big), NULL,
                        fiber_now() + 1000, &error);
                g_assert_true(error_is(error, expected[i]));
        }
        for (n = 0; n < 2 * QMP_UNANSWERED_MAX; n++) {
                g_autoptr(GError) error = NULL;

                r = qmp_call(talk.qmp, "small", NULL, NULL, fiber_now(), &error);
                if (error_is(error, ERROR_RESOURCE_BUSY))
                        break;
                g_assert_error(error, VIRTBUS_ERROR, ERROR_OPERATION_TIMEOUT);
        }
        g_assert_cmpint(r, ==, -1);
        g_assert_cmpuint(n, ==, QMP_UNANSWERED_MAX - 1);
        talk_end(&talk);
}

/* Numbers past int64 do not spoil the reply that they are in. */
static void test_unsigned(const void *unused)
{
        static const FakeStep steps[] = { NEGOTIATE, EXPECT("query-stats"),
                SAY("{\"return\": {\"limit\": 18446744073709551615, \"used\": [12], "
                    "\"text\": \"a\\u0000b\"}, \"id\": 2}\r\n"),
                END };
        Talk talk = { 0 };
        json_t *ret = NULL;

        (void)unused;
        talk_begin(&talk, steps);
        negotiate(&talk);
        g_assert_cmpint(
                qmp_call(talk.qmp, "query-stats", NULL, &ret, fiber_deadline(120 * SECOND), NULL),
                ==, 0);
        g_assert_cmpfloat(json_real_value(json_object_get(ret, "limit")), >, 1.8e19);
        g_assert_cmpint(
                json_integer_value(json_array_get(json_object_get(ret, "used"), 0)), ==, 12);
        json_decref(ret);
        talk_end(&talk);
}

static const FiberTest tests[] = {
        { "call", test_call, NULL },
        { "call-all", test_call_all, NULL },
        { "pairing", test_pairing, NULL },
        { "events", test_events, NULL },
        { "close-in-event", test_close_in_event, NULL },
        { "pass-fd", test_pass_fd, NULL },
        { "late-reply", test_late_reply, NULL },
        { "cancel", test_cancel, NULL },
        { "no-greeting", test_no_greeting, NULL },
        { "bounds", test_bounds, NULL },
        { "unsigned", test_unsigned, NULL },
};

int main(int argc, char **argv)
{
        static FiberTest fault_tests[G_N_ELEMENTS(faults)];

        g_test_init(&argc, &argv, NULL);
        fiber_tests_add("/qmp", tests, G_N_ELEMENTS(tests));
        for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
                fault_tests[i] = (FiberTest){ faults[i].name, test_fault, GUINT_TO_POINTER(i) };
        fiber_tests_add("/qmp/fault", fault_tests, G_N_ELEMENTS(faults));
        return g_test_run();
}

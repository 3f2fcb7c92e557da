/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A service of one toy: the real generator, dispatcher, codec and publisher, around an interface
 * that has one of everything. tests/bus/test_toy.py plays with it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handlers.h"
#include "service/audience.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"
#include "service/connections.h"
#include "service/dispatch.h"
#include "service/operate.h"
#include "service/publish.h"

#define FIBERS_MAX 16

struct Toy {
        Object object;
        ToyProperties properties;
        FiberQueue waiting;
        FiberLock lock;
        Toy *child;
        unsigned tries, followed;
};

/* The registry wants drivers; there are none here. */
const Driver test_driver, qemu_driver, xen_driver, remote_driver;

static bool done;

/* Operations. */

static int toy_echo_basic(Toy *toy, const ToyEchoBasicIn *in, ToyEchoBasicOut *out, GError **error)
{
        G_STATIC_ASSERT(sizeof *in == sizeof *out);
        (void)toy, (void)error;
        layout_copy("ybnqiuxtdsg", in, out);
        return 0;
}

static int toy_echo_containers(
        Toy *toy, const ToyEchoContainersIn *in, ToyEchoContainersOut *out, GError **error)
{
        G_STATIC_ASSERT(sizeof *in == sizeof *out);
        (void)toy, (void)error;
        layout_copy("asayabaax(yt)a(sasd)a{su}a{sv}aa{sv}ao", in, out);
        return 0;
}

static int toy_echo_descriptors(
        Toy *toy, const ToyEchoDescriptorsIn *in, ToyEchoDescriptorsOut *out, GError **error)
{
        (void)toy, (void)error;
        out->one_out = fcntl(in->one, F_DUPFD_CLOEXEC, 3);
        out->many_out.items = g_new(int, in->many.n);
        for (size_t i = 0; i < in->many.n; i++)
                out->many_out.items[out->many_out.n++] =
                        fcntl(in->many.items[i], F_DUPFD_CLOEXEC, 3);
        return 0;
}

static int toy_wait(Toy *toy, const ToyWaitIn *in, ToyWaitOut *out, GError **error)
{
        int r = fiber_queue_wait(&toy->waiting, "a toy", fiber_deadline(in->msec * 1000));

        if (in->fails) {
                /* Whoever fails has perhaps set something already. */
                out->descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
                return error_set(error, ERROR_OPERATION_FAILED, "%s", r == 0 ? "ended" : "waited");
        }
        out->descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return 0;
}

static int toy_end(Toy *toy, const ToyEndIn *in, ToyEndOut *out, GError **error)
{
        (void)in, (void)out, (void)error;
        fiber_queue_wake_all(&toy->waiting, 0);
        return 0;
}

static int toy_follow(Toy *toy, const ToyFollowIn *in, ToyFollowOut *out, GError **error)
{
        (void)error;
        out->before = toy->followed;
        /* Who overtakes has seen what was there before. */
        fiber_yield();
        toy->followed = in->number;
        return 0;
}

static int toy_flags(Toy *toy, const ToyFlagsIn *in, ToyFlagsOut *out, GError **error)
{
        (void)toy, (void)error;
        out->seen = in->flags;
        return 0;
}

#define SETTER(member, Member, MEMBER)                                                            \
        static int toy_set_##member(                                                              \
                Toy *toy, const ToySet##Member##In *in, ToySet##Member##Out *out, GError **error) \
        {                                                                                         \
                (void)out, (void)error;                                                           \
                object_set(toy, TOY_PROPERTY_##MEMBER, &in->value);                               \
                return 0;                                                                         \
        }
SETTER(flag, Flag, FLAG)
SETTER(strings, Strings, STRINGS)
SETTER(pair, Pair, PAIR)
SETTER(table, Table, TABLE)
SETTER(params, Params, PARAMS)

static int toy_set_text(Toy *toy, const ToySetTextIn *in, ToySetTextOut *out, GError **error)
{
        (void)out;
        if (strcmp(in->value, "bad") == 0)
                return error_set(error, ERROR_INVALID_ARG, "the toy does not like '%s'", in->value);
        object_set_string(toy, TOY_PROPERTY_TEXT, in->value);
        return 0;
}

static const ToyOperations operations = {
        .echo_basic = toy_echo_basic,
        .echo_containers = toy_echo_containers,
        .echo_descriptors = toy_echo_descriptors,
        .wait = toy_wait,
        .end = toy_end,
        .follow = toy_follow,
        .flags = toy_flags,
        .set_flag = toy_set_flag,
        .set_text = toy_set_text,
        .set_strings = toy_set_strings,
        .set_pair = toy_set_pair,
        .set_table = toy_set_table,
        .set_params = toy_set_params,
};

/* Objects. */

static void toy_free(Object *object)
{
        g_free(object);
}

static Toy *toy_new(Toy *parent)
{
        Toy *toy = g_new0(Toy, 1);

        object_init(&toy->object, &toy_class, &operations, &toy->properties,
                parent ? &parent->object : NULL, toy_free);
        object_set_string(toy, TOY_PROPERTY_FIXED, "fixed");
        object_set_string(toy, TOY_PROPERTY_GUARDED, "guarded");
        object_publish(toy);
        return toy;
}

static void toy_drop_child(Toy *toy)
{
        Object *nothing = NULL;

        if (!toy->child)
                return;
        object_set(toy, TOY_PROPERTY_OBJECT, &nothing);
        object_withdraw(toy->child);
        toy->child = object_unref(toy->child);
}

/* Handlers. */

int toy_handle_later(Call *call, const ToyLaterIn *in, ToyLaterOut *out, GError **error)
{
        Toy *toy = (Toy *)call->object;

        (void)in, (void)error;
        toy->tries++;
        if (!fiber_self())
                return -EAGAIN;
        fiber_yield();
        out->tries = toy->tries;
        toy->tries = 0;
        return 0;
}

int toy_handle_fill(Call *call, const ToyFillIn *in, ToyFillOut *out, GError **error)
{
        Toy *toy = (Toy *)call->object;
        const uint8_t byte = 255;
        const int16_t number16 = -32768;
        const uint16_t unsigned16 = 65535;
        const double real = -0.5;
        char *signature = (char *)"a{sv}",
             *strings[] = { (char *)"one", (char *)"", (char *)"three" };
        const Array array = { .items = strings, .n = 3 };
        const ToyPairValue pair = { .name = (char *)"pair", .number = -1 };
        ToyTableValue entries[] = { { .name = (char *)"a", .number = 1 },
                { .name = (char *)"b", .number = 2 } };
        const Array table = { .items = entries, .n = 2 };
        ToyFilledSignal arguments = { .number = INT64_MIN,
                .pair = { .name = "pair", .number = 7 } };
        const char *signal_strings[] = { "x", "y" };
        Params params = { 0 };

        (void)in, (void)out, (void)error;
        params_add_int32(&params, "i", -1);
        params_add_uint32(&params, "u", 1);
        params_add_int64(&params, "x", INT64_MIN);
        params_add_uint64(&params, "t", UINT64_MAX);
        params_add_bool(&params, "b", true);
        params_add_string(&params, "s", "text");
        params_add(&params, (Param){ .name = "d", .type = 'd', .d = 0.25 });

        if (!toy->child)
                toy->child = toy_new(toy);
        object_set(toy, TOY_PROPERTY_BYTE, &byte);
        object_set_bool(toy, TOY_PROPERTY_FLAG, true);
        object_set(toy, TOY_PROPERTY_INT16, &number16);
        object_set(toy, TOY_PROPERTY_U_INT16, &unsigned16);
        object_set_int32(toy, TOY_PROPERTY_INT32, INT32_MIN);
        object_set_uint32(toy, TOY_PROPERTY_U_INT32, UINT32_MAX);
        object_set(toy, TOY_PROPERTY_INT64, &(int64_t){ INT64_MIN });
        object_set_uint64(toy, TOY_PROPERTY_U_INT64, UINT64_MAX);
        object_set(toy, TOY_PROPERTY_REAL, &real);
        object_set_string(toy, TOY_PROPERTY_TEXT, "text");
        object_set(toy, TOY_PROPERTY_SIGNATURE, &signature);
        object_set(toy, TOY_PROPERTY_OBJECT, &toy->child);
        object_set(toy, TOY_PROPERTY_STRINGS, &array);
        object_set(toy, TOY_PROPERTY_PAIR, &pair);
        object_set(toy, TOY_PROPERTY_TABLE, &table);
        object_set(toy, TOY_PROPERTY_PARAMS, &params);

        arguments.strings.items = signal_strings;
        arguments.strings.n = 2;
        arguments.child = &toy->child->object;
        arguments.params = params;
        object_emit(toy, TOY_SIGNAL_FILLED, &arguments);
        params_clear(&params);
        return 0;
}

int toy_handle_empty(Call *call, const ToyEmptyIn *in, ToyEmptyOut *out, GError **error)
{
        Toy *toy = (Toy *)call->object;
        g_autofree void *zero = g_malloc0(toy_class.properties_size);

        (void)in, (void)out, (void)error;
        toy_drop_child(toy);
        for (unsigned i = 0; i < TOY_PROPERTY_FIXED; i++)
                object_set(toy, i, zero);
        object_emit(toy, TOY_SIGNAL_EMPTIED, NULL);
        return 0;
}

/* The process. */

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
        (void)source, (void)info, (void)data;
        done = true;
        return 0;
}

int main(void)
{
        sd_event *event = NULL;
        sd_bus *bus = NULL;
        sigset_t signals;
        Toy *toy;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        faces_init();
        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, on_end, NULL);
        if (r >= 0)
                r = fibers_init(event, FIBERS_MAX);
        if (r >= 0)
                r = sd_bus_open_user(&bus);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = audience_init(bus, INSTANCE_SESSION);
        if (r >= 0)
                r = publish_init(bus);
        if (r >= 0)
                r = callers_init(bus, INSTANCE_SESSION);
        if (r >= 0)
                r = authorize_init(bus);
        operate_init();
        if (r >= 0)
                r = dispatch_init(bus);
        g_assert(r >= 0);
        toy = toy_new(NULL);
        publish_announce(true);
        for (unsigned i = 0; r >= 0 && i < _NAMESPACE_MAX; i++)
                r = sd_bus_request_name_async(bus, NULL, namespaces[i].bus_name, 0, NULL, NULL);

        while (r >= 0 && !done)
                r = sd_event_run(event, UINT64_MAX);

        toy_drop_child(toy);
        object_withdraw(toy);
        fibers_finish();
        offload_finish();
        object_unref(toy);
        dispatch_finish();
        authorize_finish();
        callers_finish();
        publish_finish();
        audience_finish();
        faces_finish();
        sd_bus_flush_close_unref(bus);
        sd_event_unref(event);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

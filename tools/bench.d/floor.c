/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The floor: what sd-bus alone costs. A service with the usual vtables that answers the calls which
 * tools/bench makes with constants. Their shape is that of the real answers: the properties are
 * those of the generated table, and the list and the statistics are read from the real service
 * once, when this one starts.
 *
 *      floor NAME CONNECTION       (DBUS_SESSION_BUS_ADDRESS; ends when it is killed) */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "drivers/lifecycle.h"
#include "interfaces.h"
#include "service/base/cleanup.h"

#define N_MAX 10000

static DomainProperties constants = {
        .name = (char *)"bench-0001",
        .os_type = (char *)"hvm",
        .persistent = 1,
        .uuid = (char *)"5d5e1bd5-4b0f-4d8f-9d3c-0d1b0a1c2e3f",
        .state = { .state = 5, .reason = 0 },
        .title = (char *)"A server of the benchmark",
        .description = (char *)"One of a thousand that are all the same.",
        .owner = (char *)"root",
        .max_memory = 4194304,
        .memory = 4194304,
        .max_vcpus = 4,
        .vcpus = 4,
};

typedef struct Stats {
        char *name;
        Params params;
} Stats;

static const char *connection_path;
static char *paths[N_MAX];
static Stats stats[N_MAX];
static unsigned n_paths, n_stats;

static int list_domains(sd_bus_message *call, void *data, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        (void)data, (void)error;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "o");
        for (unsigned i = 0; r >= 0 && i < n_paths; i++)
                r = sd_bus_message_append_basic(reply, 'o', paths[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int append_param(sd_bus_message *reply, const Param *param)
{
        const char type[] = { param->type, '\0' };
        const void *value = param->type == 's' ? (const void *)param->s : &param->t;
        int r = sd_bus_message_open_container(reply, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 's', param->name);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', type);
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, param->type, value);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_all_domain_stats(sd_bus_message *call, void *data, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        (void)data, (void)error;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sa{sv})");
        for (unsigned i = 0; r >= 0 && i < n_stats; i++) {
                r = sd_bus_message_open_container(reply, 'r', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append_basic(reply, 's', stats[i].name);
                if (r >= 0)
                        r = sd_bus_message_open_container(reply, 'a', "{sv}");
                for (size_t p = 0; r >= 0 && p < stats[i].params.n; p++)
                        r = append_param(reply, &stats[i].params.items[p]);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int lookup(sd_bus_message *call, void *data, sd_bus_error *error)
{
        const char *name;
        int r = sd_bus_message_read(call, "s", &name);

        (void)data, (void)error;
        return r < 0 ? r : sd_bus_reply_method_return(call, "o", paths[0]);
}

static int get_state(sd_bus_message *call, void *data, sd_bus_error *error)
{
        const DomainProperties *properties = data;
        uint32_t flags;
        int r = sd_bus_message_read(call, "u", &flags);

        (void)error;
        return r < 0 ? r :
                       sd_bus_reply_method_return(
                               call, "(ii)", properties->state.state, properties->state.reason);
}

static int tell(sd_bus_message *call, int event)
{
        return sd_bus_emit_signal(sd_bus_message_get_bus(call), connection_path,
                "org.virtbus1.Connection", "DomainEvent", "oii", paths[0], event, 0);
}

static int define(sd_bus_message *call, void *data, sd_bus_error *error)
{
        const char *xml;
        int r = sd_bus_message_read(call, "s", &xml);

        (void)data, (void)error;
        if (r >= 0)
                r = tell(call, EVENT_DEFINED);
        return r < 0 ? r : sd_bus_reply_method_return(call, "o", paths[0]);
}

static int undefine(sd_bus_message *call, void *data, sd_bus_error *error)
{
        uint32_t flags;
        int r = sd_bus_message_read(call, "u", &flags);

        (void)data, (void)error;
        if (r >= 0)
                r = tell(call, EVENT_UNDEFINED);
        return r < 0 ? r : sd_bus_reply_method_return(call, NULL);
}

static const sd_bus_vtable connection_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("ListDomains", "u", "ao", list_domains, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("DomainDefineXML", "s", "o", define, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("DomainLookupByName", "s", "o", lookup, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetAllDomainStats", "uu", "a(sa{sv})", get_all_domain_stats,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("DomainEvent", "oii", 0),
        SD_BUS_VTABLE_END,
};

static int get_pair(sd_bus *bus, const char *path, const char *interface, const char *name,
        sd_bus_message *reply, void *data, sd_bus_error *error)
{
        const DomainStateValue *pair = data;

        (void)bus, (void)path, (void)interface, (void)name, (void)error;
        return sd_bus_message_append(reply, "(ii)", pair->state, pair->reason);
}

static int get_named(sd_bus *bus, const char *path, const char *interface, const char *name,
        sd_bus_message *reply, void *data, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)name, (void)data, (void)error;
        return sd_bus_message_append(reply, "(si)", "", 0);
}

/* A domain that is off has no addresses. */
static int get_list(sd_bus *bus, const char *path, const char *interface, const char *name,
        sd_bus_message *reply, void *data, sd_bus_error *error)
{
        (void)bus, (void)path, (void)interface, (void)name, (void)data, (void)error;
        return sd_bus_message_append(reply, "a(ssa(isu))", 0);
}

static sd_bus_property_get_t getter_of(const char *signature)
{
        static const struct {
                const char *signature;
                sd_bus_property_get_t get;
        } getters[] = { { "(ii)", get_pair }, { "(si)", get_named }, { "a(ssa(isu))", get_list } };

        for (unsigned i = 0; i < G_N_ELEMENTS(getters); i++)
                if (strcmp(getters[i].signature, signature) == 0)
                        return getters[i].get;
        return NULL;
}

/* The getters that sd-bus has of its own read from a struct that is laid out as ours is. */
static sd_bus_vtable *domain_vtable(void)
{
        sd_bus_vtable *table = g_new0(sd_bus_vtable, domain_class.n_properties + 4), *row = table;

        *row++ = (sd_bus_vtable)SD_BUS_VTABLE_START(0);
        *row++ = (sd_bus_vtable)SD_BUS_METHOD(
                "GetState", "u", "(ii)", get_state, SD_BUS_VTABLE_UNPRIVILEGED);
        *row++ = (sd_bus_vtable)SD_BUS_METHOD(
                "Undefine", "u", "", undefine, SD_BUS_VTABLE_UNPRIVILEGED);
        for (unsigned i = 0; i < domain_class.n_properties; i++) {
                const PropertyInfo *info = &domain_class.properties[i];

                *row++ = (sd_bus_vtable)SD_BUS_PROPERTY(
                        info->name, info->signature, getter_of(info->signature), info->offset, 0);
        }
        *row = (sd_bus_vtable)SD_BUS_VTABLE_END;
        return table;
}

/* What the real service answers now. */

static int ask(sd_bus *bus, const char *connection, const char *member, const char *types,
        sd_bus_message **ret)
{
        g_autoptr(sd_bus_message) call = NULL;
        int r = sd_bus_message_new_method_call(
                bus, &call, "org.virtbus1", connection, "org.virtbus1.Connection", member);

        if (r >= 0)
                r = sd_bus_message_append(call, types, 0, 0);
        return r < 0 ? r : sd_bus_call(bus, call, 0, NULL, ret);
}

static int learn_list(sd_bus *bus, const char *connection)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *path;
        int r = ask(bus, connection, "ListDomains", "u", &reply);

        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "o");
        while (r > 0 && n_paths < N_MAX && (r = sd_bus_message_read(reply, "o", &path)) > 0)
                paths[n_paths++] = g_strdup(path);
        return r < 0 ? r : n_paths == 0 ? -ENODATA : 0;
}

static int learn_param(sd_bus_message *reply, Params *params)
{
        Param param = { 0 };
        const char *name, *type;
        int r = sd_bus_message_read(reply, "s", &name);

        if (r >= 0)
                r = sd_bus_message_peek_type(reply, NULL, &type);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'v', type);
        if (r >= 0)
                r = sd_bus_message_read_basic(reply, type[0], &param.t);
        if (r < 0)
                return r;
        param.type = type[0];
        param.name = g_strdup(name);
        if (param.type == 's')
                param.s = g_strdup(param.s);
        params_add(params, param);
        return sd_bus_message_exit_container(reply);
}

static int learn_stats(sd_bus *bus, const char *connection)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *name;
        int r = ask(bus, connection, "GetAllDomainStats", "uu", &reply);

        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(sa{sv})");
        while (r >= 0 && n_stats < N_MAX &&
                (r = sd_bus_message_enter_container(reply, 'r', "sa{sv}")) > 0) {
                r = sd_bus_message_read(reply, "s", &name);
                stats[n_stats].name = g_strdup(name);
                if (r >= 0)
                        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
                while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                        r = learn_param(reply, &stats[n_stats].params);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(reply);
                }
                n_stats++;
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

int main(int argc, char **argv)
{
        sd_bus *bus = NULL;
        int r;

        if (argc != 3)
                return 2;
        connection_path = argv[2];
        r = sd_bus_open_user(&bus);
        if (r >= 0)
                r = learn_list(bus, argv[2]);
        if (r >= 0)
                r = learn_stats(bus, argv[2]);
        if (r >= 0)
                r = sd_bus_add_object_vtable(
                        bus, NULL, argv[2], "org.virtbus1.Connection", connection_vtable, NULL);
        if (r >= 0)
                r = sd_bus_add_object_vtable(
                        bus, NULL, paths[0], "org.virtbus1.Domain", domain_vtable(), &constants);
        if (r >= 0)
                r = sd_bus_request_name(bus, argv[1], 0);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        fprintf(stderr, "floor: %s\n", strerror(-r));
        return 1;
}

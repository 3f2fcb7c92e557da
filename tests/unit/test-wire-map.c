/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Members and procedures: the arguments and returns of each survive the way through our own
 * structs, both ways; what clients ask for is what they get. */

#include <string.h>

#include "drivers/wire/map.h"
#include "interfaces.h"
#include "tests/unit/wire-objects.h"
#include "tests/unit/wire-values.h"

static const WireMapContext context = { .find = wire_objects_find, .cpus = 10, .vcpus = 3 };

/* Memory for any struct of arguments, on both sides. */
typedef union Any {
        char bytes[1024];
        uint64_t align;
} Any;

static GByteArray *encoded(const char *layout, const Any *data)
{
        GByteArray *bytes = g_byte_array_new();

        g_assert_cmpint(wire_encode(layout, data, bytes), ==, 0);
        return bytes;
}

static void check_equal(const char *layout, const Any *a, const Any *b)
{
        g_autoptr(GByteArray) left = encoded(layout, a), right = encoded(layout, b);

        g_assert_cmpmem(left->data, left->len, right->data, right->len);
}

static void random_values(
        const WireProcedure *procedure, const char *layout, unsigned count, Any *data)
{
        WireValues values = {
                .random = g_rand_new_with_seed(count + 7), .count = count, .small = true
        };

        memset(data, 0, sizeof *data);
        wire_values(&values, layout, data);
        g_rand_free(values.random);
        /* Not any text. */
        if (g_str_equal(procedure->name, "DOMAIN_SET_GUEST_VCPUS") && layout == procedure->args) {
                WireDomainSetGuestVcpusArgs *args = (WireDomainSetGuestVcpusArgs *)data;

                g_free(args->cpumap);
                args->cpumap = g_strdup(count ? "0-2,5,7-8" : "");
        }
}

/* What a client asks for, where that is not what the caller says: filled by the client's side. */
static Object *client_args(const WireMap *map, const Any *from, Any *args)
{
        const char *signature = wire_map_in_signature(map);
        const WireProcedure *procedure = wire_map_procedure(map);
        g_autoptr(GError) error = NULL;
        Object *object = NULL;
        Any in, server = *from;

        layout_init(signature, &in);
        g_assert_cmpint(wire_map_in(map, &context, &server, &object, &in, &error), ==, 0);
        g_assert_no_error(error);
        g_assert_true(!object == (map->class == &connection_class));
        g_assert_true(!object || object->class == map->class);
        if (map->flags)
                *(uint32_t *)(in.bytes + map->class->methods[map->member].flags_offset) = 0;
        g_assert_cmpint(wire_map_args(map, &context, object, &in, args, &error), ==, 0);
        g_assert_no_error(error);
        layout_clear(signature, &in);
        wire_clear(procedure->args, &server);
        return object;
}

static void zero_specials(const WireMap *map, Any *args)
{
        const char *layout = wire_map_procedure(map)->args;
        size_t offset = 0;

        for (const char *letter = map->args; *letter; letter++) {
                WireType type;

                if (strchr("_f", *letter))
                        continue;
                type = wire_type(layout);
                offset = wire_align(offset, &type);
                if (strchr("nN#b-", *letter)) {
                        g_autofree char *one = g_strndup(layout, type.end - layout);

                        wire_clear(one, args->bytes + offset);
                }
                layout = type.end;
                offset += type.size;
        }
}

static void check_map(const WireMap *map, unsigned count)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        const char *signature = wire_map_out_signature(map);
        g_autoptr(Object) object = NULL;
        g_autoptr(Object) again = NULL;
        g_autoptr(GError) error = NULL;
        Any args, first, second, out, ret, third;

        random_values(procedure, procedure->args, count, &args);
        zero_specials(map, &args);
        object = client_args(map, &args, &first);
        args = first;
        memset(&first, 0, sizeof first);
        {
                g_autoptr(GByteArray) bytes = encoded(procedure->args, &args);
                Any copy;

                g_assert_cmpint(
                        wire_decode(procedure->args, bytes->data, bytes->len, &copy), >=, 0);
                again = client_args(map, &copy, &second);
        }
        check_equal(procedure->args, &args, &second);
        wire_clear(procedure->args, &second);

        /* Where the count must be asked for first, this is the second time. */
        random_values(procedure, procedure->ret, count, &ret);
        wire_map_again(map, &args, &ret);
        for (unsigned i = 0; i < 2; i++) {
                layout_init(signature, &out);
                g_assert_cmpint(wire_map_out(map, &context, &args, &ret, &out, &error), ==, 0);
                g_assert_no_error(error);
                g_assert_cmpint(
                        wire_map_ret(map, &context, &args, object, &out, &third, &error), ==, 0);
                g_assert_no_error(error);
                layout_clear(signature, &out);
                wire_clear(procedure->ret, &ret);
                if (i == 0) {
                        g_autoptr(GByteArray) bytes = encoded(procedure->ret, &third);

                        g_assert_cmpint(
                                wire_decode(procedure->ret, bytes->data, bytes->len, &ret), >=, 0);
                        second = third;
                }
        }
        check_equal(procedure->ret, &second, &third);
        wire_clear(procedure->ret, &second);
        wire_clear(procedure->ret, &third);
        wire_clear(procedure->args, &args);
        wire_objects_forget();
}

static void test_all(void)
{
        static const unsigned counts[] = { 0, 1, 2, 5 };
        unsigned methods = 0, properties = 0;

        for (unsigned i = 0; i < n_wire_maps; i++) {
                const WireMap *map = &wire_maps[i];

                if (map->kind == WIRE_MAP_METHOD)
                        methods++;
                else
                        properties++;
                g_assert_nonnull(wire_map(map->program, map->procedure));
                if (!map->older)
                        g_assert_true(wire_map_member(map->class, map->kind, map->member) == map);
                for (unsigned c = 0; c < G_N_ELEMENTS(counts); c++)
                        check_map(map, counts[c]);
        }
        g_test_message("%u methods, %u properties", methods, properties);
        g_assert_cmpuint(methods, >, 220);
        g_assert_cmpuint(properties, >, 30);
        g_assert_null(wire_map(WIRE_PROGRAM_REMOTE, 0));
        g_assert_null(wire_map(WIRE_PROGRAM_REMOTE, -1));
        g_assert_null(wire_map(WIRE_PROGRAM_REMOTE, WIRE_AUTH_LIST));
        g_assert_null(wire_map(WIRE_PROGRAM_REMOTE, 100000));
        g_assert_null(wire_map(WIRE_PROGRAM_LXC, WIRE_LXC_DOMAIN_OPEN_NAMESPACE));
        g_assert_null(wire_map(WIRE_PROGRAM_KEEPALIVE, 1));
}

/* A method with an annotation is in the table. */
static void test_annotations(void)
{
        static const ClassInfo *const classes[] = { &connection_class, &domain_class,
                &domain_snapshot_class, &domain_checkpoint_class, &network_class,
                &storage_pool_class, &storage_vol_class, &node_device_class, &secret_class,
                &nw_filter_class, &interface_class };
        unsigned n = 0;

        for (unsigned c = 0; c < G_N_ELEMENTS(classes); c++)
                for (unsigned m = 0; m < classes[c]->n_methods; m++) {
                        const WireMap *map = wire_map_member(classes[c], WIRE_MAP_METHOD, m);

                        if (classes[c]->methods[m].procedure < 0) {
                                g_assert_null(map);
                                continue;
                        }
                        g_assert_cmpint(map->procedure, ==, classes[c]->methods[m].procedure);
                        g_assert_true(wire_map(map->program, map->procedure) == map);
                        n++;
                }
        g_test_message("%u methods are procedures", n);
}

/* What clients ask for. */

static const WireMap *map_of(int procedure)
{
        g_assert_nonnull(wire_map(WIRE_PROGRAM_REMOTE, procedure));
        return wire_map(WIRE_PROGRAM_REMOTE, procedure);
}

static void test_need_results(void)
{
        WireConnectListAllDomainsArgs args = { .need_results = 0 };
        WireConnectListAllDomainsRet ret;
        ConnectionListDomainsOut out = { 0 };
        const WireDomain name = { .name = (char *)"web", .id = -1 };

        for (unsigned i = 0; i < 2; i++) {
                args.need_results = i;
                out.domains.items = g_new0(Object *, 1);
                out.domains.n = 1;
                wire_objects_find('D', &name, &out.domains.items[0], NULL, NULL);
                g_assert_cmpint(wire_map_ret(map_of(WIRE_CONNECT_LIST_ALL_DOMAINS), &context, &args,
                                        NULL, &out, &ret, NULL),
                        ==, 0);
                g_assert_cmpuint(ret.ret, ==, 1);
                g_assert_cmpuint(ret.domains.n, ==, i);
                if (i > 0) {
                        g_assert_cmpstr(ret.domains.items[0].name, ==, "web");
                        g_assert_cmpint(ret.domains.items[0].id, ==, -1);
                }
                layout_clear("ao", &out);
                wire_clear("a16384Du", &ret);
        }
        wire_objects_forget();
}

static void test_parameters(void)
{
        static const struct {
                int nparams;
                uint32_t flags;
                size_t n;
                int count;
        } cases[] = {
                { 0, 0, 0, 2 }, /* how many? those that are not strings */
                { 0, 4, 0, 3 },
                { 16, 4, 3, 0 },
                { 16, 0, 2, 0 },
                { 1, 4, 1, 0 },
        };
        const WireMap *map = map_of(WIRE_DOMAIN_GET_MEMORY_PARAMETERS);

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                WireDomainGetMemoryParametersArgs args = { .nparams = cases[i].nparams,
                        .flags = cases[i].flags };
                WireDomainGetMemoryParametersRet ret;
                DomainGetMemoryParametersOut out = { 0 };

                params_add_uint64(&out.memory_parameters, "hard_limit", 1);
                params_add_string(&out.memory_parameters, "text", "x");
                params_add_uint64(&out.memory_parameters, "soft_limit", 1);
                g_assert_cmpint(wire_map_ret(map, &context, &args, NULL, &out, &ret, NULL), ==, 0);
                g_assert_cmpuint(ret.params.n, ==, cases[i].n);
                g_assert_cmpint(ret.nparams, ==, cases[i].count);
                layout_clear("a{sv}", &out);
                wire_clear("P16i", &ret);
        }
}

static void check_refused(const WireMap *map, void *args, int code)
{
        g_autoptr(GError) error = NULL;
        Object *object = NULL;
        Any in;

        layout_init(wire_map_in_signature(map), &in);
        g_assert_cmpint(wire_map_in(map, &context, args, &object, &in, &error), ==, -1);
        g_assert_true(error_is(error, code));
        g_assert_null(object);
        layout_clear(wire_map_in_signature(map), &in);
        wire_clear(wire_map_procedure(map)->args, args);
        wire_objects_forget();
}

static void test_refused(void)
{
        WireDomainGetMemoryParametersArgs params = { .nparams = 17 };
        WireDomainGetDiskErrorsArgs errors = { .maxerrors = 257 };
        WireDomainGetVcpuPinInfoArgs pins = { .ncpumaps = -1, .maplen = 1 };
        WireDomainGetVcpuPinInfoArgs rows = { .ncpumaps = 16384, .maplen = 8388608 };
        WireConnectGetAllDomainStatsArgs stats = { .doms.n = 1 };
        WireDomainLookupByNameArgs text = { .name = g_strdup("\xff\xfe") };
        WireDomainSetGuestVcpusArgs cpus = { .cpumap = g_strdup("0-99999999999") };
        WireDomainDefineXmlFlagsArgs define = { .flags = 1 };

        check_refused(map_of(WIRE_DOMAIN_GET_MEMORY_PARAMETERS), &params, ERROR_INTERNAL_ERROR);
        params.nparams = -1;
        check_refused(map_of(WIRE_DOMAIN_GET_MEMORY_PARAMETERS), &params, ERROR_INTERNAL_ERROR);
        check_refused(map_of(WIRE_DOMAIN_GET_DISK_ERRORS), &errors, ERROR_RPC);
        check_refused(map_of(WIRE_DOMAIN_GET_VCPU_PIN_INFO), &pins, ERROR_RPC);
        check_refused(map_of(WIRE_DOMAIN_GET_VCPU_PIN_INFO), &rows, ERROR_RPC);
        check_refused(map_of(WIRE_DOMAIN_LOOKUP_BY_NAME), &text, ERROR_INVALID_ARG);
        check_refused(map_of(WIRE_DOMAIN_SET_GUEST_VCPUS), &cpus, ERROR_INVALID_ARG);
        check_refused(map_of(WIRE_DOMAIN_DEFINE_XML_FLAGS), &define, ERROR_NO_SUPPORT);
        stats.doms.items = g_new0(WireDomain, 1);
        check_refused(map_of(WIRE_CONNECT_GET_ALL_DOMAIN_STATS), &stats, ERROR_NO_SUPPORT);
}

static void test_not_found(void)
{
        const WireMapContext nowhere = { .find = wire_objects_find, .data = (void *)"" };
        WireDomainGetStateArgs args = { .dom.name = (char *)"web" };
        DomainGetStateIn in;
        g_autoptr(GError) error = NULL;
        Object *object = NULL;

        g_assert_cmpint(
                wire_map_in(map_of(WIRE_DOMAIN_GET_STATE), &nowhere, &args, &object, &in, &error),
                ==, -1);
        g_assert_true(error_is(error, ERROR_NO_DOMAIN));
}

/* An older form says what it means by its name. */
static void test_older(void)
{
        WireDomainSetMaxMemoryArgs args = { .dom.name = (char *)"web", .memory = 7 };
        WireDomainCoreDumpArgs dump = { .dom.name = (char *)"web", .flags = 9 };
        DomainSetMemoryIn in;
        DomainCoreDumpIn core;
        g_autoptr(Object) object = NULL;
        g_autoptr(Object) same = NULL;

        layout_init("tu", &in);
        g_assert_cmpint(wire_map_in(map_of(WIRE_DOMAIN_SET_MAX_MEMORY), &context, &args, &object,
                                &in, NULL),
                ==, 0);
        g_assert_cmpuint(in.memory, ==, 7);
        g_assert_cmpuint(in.flags, ==, 4);
        dump.to = g_strdup("/x");
        layout_init("suu", &core);
        g_assert_cmpint(
                wire_map_in(map_of(WIRE_DOMAIN_CORE_DUMP), &context, &dump, &same, &core, NULL), ==,
                0);
        g_assert_cmpstr(core.to, ==, "/x");
        g_assert_cmpuint(core.dumpformat, ==, 0);
        g_assert_cmpuint(core.flags, ==, 9);
        layout_clear("suu", &core);
        wire_objects_forget();
}

static void test_cpu_map(void)
{
        WireNodeGetCpuMapArgs args = { .need_map = 1, .need_online = 1 };
        WireNodeGetCpuMapRet ret;
        ConnectionNodeGetCPUMapOut out = { 0 };
        const WireMap *map = map_of(WIRE_NODE_GET_CPU_MAP);
        const WireMapContext unknown = { .find = wire_objects_find };

        out.res.items = g_new0(int, 11);
        out.res.n = 11;
        out.res.items[0] = out.res.items[10] = 1;
        g_assert_cmpint(wire_map_ret(map, &context, &args, NULL, &out, &ret, NULL), ==, 0);
        g_assert_cmpuint(ret.cpumap.n, ==, 2);
        g_assert_cmpint(ret.cpumap.items[0], ==, 1);
        g_assert_cmpint(ret.cpumap.items[1], ==, 4);
        g_assert_cmpuint(ret.online, ==, 2);
        g_assert_cmpint(ret.ret, ==, 11);
        layout_clear("ab", &out);
        g_assert_cmpint(wire_map_out(map, &unknown, &args, &ret, &out, NULL), ==, 0);
        g_assert_cmpuint(out.res.n, ==, 11);
        g_assert_cmpint(out.res.items[10], ==, 1);
        layout_clear("ab", &out);
        wire_clear("o2048ui", &ret);
}

static void test_numbers(void)
{
        WireDomainBlockPeekArgs peek;
        DomainBlockPeekIn in = { .disk = "vda", .size = UINT64_MAX };
        const WireDomain name = { .name = (char *)"web" };
        g_autoptr(GError) error = NULL;
        g_autoptr(Object) object = NULL;

        wire_objects_find('D', &name, &object, NULL, NULL);
        g_assert_cmpint(
                wire_map_args(map_of(WIRE_DOMAIN_BLOCK_PEEK), &context, object, &in, &peek, &error),
                ==, -1);
        g_assert_true(error_is(error, ERROR_OVERFLOW));
        g_assert_null(peek.path);
        wire_objects_forget();
}

static void test_uuid(void)
{
        uint8_t uuid[16], back[16];
        char text[WIRE_UUID_TEXT];

        for (unsigned i = 0; i < sizeof uuid; i++)
                uuid[i] = i * 17;
        wire_uuid_format(uuid, text);
        g_assert_cmpstr(text, ==, "00112233-4455-6677-8899-aabbccddeeff");
        g_assert_cmpint(wire_uuid_parse(text, back), ==, 0);
        g_assert_cmpmem(uuid, 16, back, 16);
        g_assert_cmpint(wire_uuid_parse("00112233445566778899aabbccddeeff", back), ==, 0);
        g_assert_cmpint(wire_uuid_parse("00112233445566778899aabbccddeef", back), <, 0);
        g_assert_cmpint(wire_uuid_parse("00112233445566778899aabbccddeeffa", back), <, 0);
        g_assert_cmpint(wire_uuid_parse("", back), <, 0);
        g_assert_cmpint(wire_uuid_parse("0011223x445566778899aabbccddeeff", back), <, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/map/all", test_all);
        g_test_add_func("/map/annotations", test_annotations);
        g_test_add_func("/map/need-results", test_need_results);
        g_test_add_func("/map/parameters", test_parameters);
        g_test_add_func("/map/refused", test_refused);
        g_test_add_func("/map/not-found", test_not_found);
        g_test_add_func("/map/older", test_older);
        g_test_add_func("/map/cpu-map", test_cpu_map);
        g_test_add_func("/map/numbers", test_numbers);
        g_test_add_func("/map/uuid", test_uuid);
        return g_test_run();
}

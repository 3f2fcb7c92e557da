/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/wire/map.h"

#include <string.h>

#include "drivers/wire/convert.h"
#include "interfaces.h"
#include "service/base/cleanup.h"

/* A join has a letter for each field of the wire's struct, and for each member that goes with none:
 *
 *      =  the next member
 *      @  the object that the call is for
 *      -  nothing: zero is sent, and another value refused
 *      0  nothing: zero is sent, and no value is minded
 *      _  no field: the next member stays as it is
 *      f  no field: the next member is the descriptors
 *   in args:
 *      F  the next member, flags, whose bit says that strings among parameters are welcome
 *      1  whether the results are wanted, or only how many there are
 *      n  how many parameters are wanted; none: only how many there are
 *      N  the same, where exactly as many as there are must be asked for
 *      #  how many results are wanted at most
 *      b  bytes in a row of bits
 *   in ret:
 *      r  how many results there are
 *      n  the same where only that was asked, else 0
 *      t  how many bits are set
 *      s  1: the one map that there is
 *      ?  whether any other number is not 0
 */

#define STRINGS_OKAY 0x4
/* More than a host has, and more than a domain has. */
#define ROW_DEFAULT 512
#define ROWS_DEFAULT 512

const WireProcedure *wire_map_procedure(const WireMap *map)
{
        return wire_procedure(map->program, map->procedure);
}

const WireMap *wire_map(uint32_t program, int32_t procedure)
{
        /* REMOTE and QEMU, whose numbers follow each other. */
        static const WireMap *by_number[2][512];
        static bool filled;

        G_STATIC_ASSERT(WIRE_DOMAIN_FD_ASSOCIATE < G_N_ELEMENTS(by_number[0]));
        /* The first of several is the method, which properties are read by, too. */
        for (unsigned i = n_wire_maps; !filled && i-- > 0;)
                by_number[wire_maps[i].program - WIRE_PROGRAM_REMOTE][wire_maps[i].procedure] =
                        &wire_maps[i];
        filled = true;
        program -= WIRE_PROGRAM_REMOTE;
        if (program >= G_N_ELEMENTS(by_number) || procedure < 0 ||
                procedure >= (int32_t)G_N_ELEMENTS(by_number[0]))
                return NULL;
        return by_number[program][procedure];
}

const WireMap *wire_map_member(const ClassInfo *class, WireMapKind kind, unsigned member)
{
        for (unsigned i = 0; i < n_wire_maps; i++)
                if (wire_maps[i].class == class && wire_maps[i].kind == kind &&
                        wire_maps[i].member == member && !wire_maps[i].older)
                        return &wire_maps[i];
        return NULL;
}

const char *wire_map_in_signature(const WireMap *map)
{
        switch (map->kind) {
        case WIRE_MAP_METHOD:
                return map->class->methods[map->member].in;
        case WIRE_MAP_SET:
                return map->class->properties[map->member].signature;
        default:
                return "";
        }
}

const char *wire_map_out_signature(const WireMap *map)
{
        switch (map->kind) {
        case WIRE_MAP_METHOD:
                return map->class->methods[map->member].out;
        case WIRE_MAP_GET:
                return map->class->properties[map->member].signature;
        default:
                return "";
        }
}

/* A walk over a join: where field and member lie. */
typedef struct Walk {
        const char *join;
        char letter;
        const char *layout, *signature;
        char *fields, *members;
        WireType type; /* of the field, where the letter has one */
        void *field;
        LayoutType member; /* where the letter has one */
        void *value;
} Walk;

static Walk walk_begin(
        const char *join, const char *layout, void *fields, const char *signature, void *members)
{
        /* The fields of the wire are those of the struct where the answer is one. */
        if (signature && *signature == '(' && !*layout_type(signature).end)
                signature++;
        return (Walk){
                .join = join,
                .layout = layout,
                .fields = fields,
                .signature = signature,
                .members = members,
        };
}

static bool walk_next(Walk *walk)
{
        walk->letter = *walk->join;
        if (!walk->letter)
                return false;
        walk->join++;
        if (!strchr("_f", walk->letter)) {
                walk->type = wire_type(walk->layout);
                walk->layout = walk->type.end;
                walk->fields += -(uintptr_t)walk->fields & (walk->type.align - 1);
                walk->field = walk->fields;
                walk->fields += walk->type.size;
        }
        if (walk->signature && strchr("=F_f", walk->letter)) {
                walk->member = layout_type(walk->signature);
                walk->signature = walk->member.end;
                walk->members += -(uintptr_t)walk->members & (walk->member.align - 1);
                walk->value = walk->members;
                walk->members += walk->member.size;
        }
        return true;
}

/* What the arguments say of the results. */
typedef struct Asked {
        bool results;
        bool strings;
        bool limited;
        uint32_t limit; /* of the results */
        size_t row;
} Asked;

static Asked asked(const WireMap *map, const void *args)
{
        Walk walk = walk_begin(map->args, wire_map_procedure(map)->args, (void *)args, NULL, NULL);
        Asked asked = { .results = true, .strings = true };

        while (walk_next(&walk)) {
                switch (walk.letter) {
                case 'F':
                        asked.strings = *(uint32_t *)walk.field & STRINGS_OKAY;
                        break;
                case '1':
                        asked.results = asked.results && *(int32_t *)walk.field != 0;
                        break;
                case 'n':
                case 'N':
                        asked.results = *(uint32_t *)walk.field > 0;
                        asked.limit = *(uint32_t *)walk.field;
                        asked.limited = true;
                        break;
                case '#':
                        asked.limit = *(uint32_t *)walk.field;
                        asked.limited = true;
                        break;
                case 'b':
                        asked.row = *(uint32_t *)walk.field;
                        break;
                }
        }
        return asked;
}

/* The most results that the reply has room for, and of bytes in rows of bits. */
static uint32_t most_results(const WireMap *map)
{
        const char *layout = wire_map_procedure(map)->ret;

        for (WireType type; *layout; layout = type.end) {
                type = wire_type(layout);
                if (strchr("aPo", type.code))
                        return type.max;
        }
        return 0;
}

static int check_asked(const WireMap *map, const void *args, GError **error)
{
        Asked ask = asked(map, args);
        bool counts = strpbrk(map->args, "nN") != NULL;
        uint32_t most = most_results(map);

        /* Rows have to fit in all, results each for itself. */
        if (strchr(map->args, 'b')) {
                if (ask.row > most || (ask.limited && ask.limit > most / MAX(ask.row, 1)))
                        return error_set(error, ERROR_RPC,
                                "%u maps of %zu bytes are more than %u bytes", ask.limit, ask.row,
                                most);
                return 0;
        }
        if (ask.limit <= most)
                return 0;
        return error_set(error, counts ? ERROR_INTERNAL_ERROR : ERROR_RPC,
                "%d results cannot be asked for, only up to %u", (int32_t)ask.limit, most);
}

/* Server: arguments. */

static int take_fds(const WireMapContext *context, Array *array)
{
        int *fds = context->n_fds ? g_new(int, context->n_fds) : NULL;

        for (unsigned i = 0; i < context->n_fds; i++)
                fds[i] = fd_steal(&context->fds[i]);
        *array = (Array){ .items = fds, .n = context->n_fds };
        return 0;
}

static bool is_zero(const void *field, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (((const uint8_t *)field)[i])
                        return false;
        return true;
}

/* Older forms have no fields for some texts. Those who are called expect no NULL. */
static void fill_texts(const char *signature, void *members)
{
        size_t offset = 0;

        while (*signature) {
                const LayoutType type = layout_type(signature);
                char **text;

                offset = layout_align(offset, &type);
                text = (char **)((char *)members + offset);
                if (type.code == 's' && !*text)
                        *text = g_strdup("");
                offset += type.size;
                signature = type.end;
        }
}

int wire_map_in(const WireMap *map, const WireMapContext *context, void *args, Object **ret_object,
        void *in, GError **error)
{
        const WireConvert convert = { .context = context, .strict = true, .error = error };
        g_autoptr(Object) object = NULL;
        Walk walk = walk_begin(
                map->args, wire_map_procedure(map)->args, args, wire_map_in_signature(map), in);
        int r = check_asked(map, args, error);

        if (map->flags)
                *(uint32_t *)((char *)in + map->class->methods[map->member].flags_offset) =
                        map->flags;
        while (r == 0 && walk_next(&walk)) {
                switch (walk.letter) {
                case '=':
                case 'F':
                        r = wire_import(&convert, &walk.type, walk.field, &walk.member, walk.value);
                        break;
                case '@':
                        r = context->find(
                                wire_kind(map->class), walk.field, &object, context->data, error);
                        break;
                case 'f':
                        r = take_fds(context, walk.value);
                        break;
                case '-':
                        if (!is_zero(walk.field, walk.type.size))
                                r = error_set(error, ERROR_NO_SUPPORT, "%s with such an argument",
                                        wire_map_procedure(map)->name);
                        break;
                }
        }
        if (r == 0) {
                fill_texts(wire_map_in_signature(map), in);
                *ret_object = g_steal_pointer(&object);
        }
        return r;
}

/* Server: returns. */

static void drop_strings(Params *params)
{
        Params kept = { 0 };

        for (size_t i = 0; i < params->n; i++) {
                Param *param = &params->items[i];

                if (param->type == 's')
                        continue;
                params_add(&kept, *param);
                param->name_owned = false;
        }
        params_clear(params);
        *params = kept;
}

static size_t count_bits(const LayoutType *type, const void *value)
{
        const Array *array = value;
        size_t n = 0;

        for (size_t i = 0; type->code == 'a' && *type->inner == 'b' && i < array->n; i++)
                n += ((const int *)array->items)[i] != 0;
        return n;
}

/* Cuts an array or parameters to that many. */
static void shorten(const LayoutType *type, void *value, size_t limit)
{
        Array *array = value;
        LayoutType element;
        g_autofree char *one = NULL;

        if (array->n <= limit)
                return;
        if (type->code == 'P') {
                Params rest = {
                        .items = g_memdup2(
                                (Param *)array->items + limit, (array->n - limit) * sizeof(Param)),
                        .n = array->n - limit,
                };

                params_clear(&rest);
                array->n = limit;
                return;
        }
        element = layout_type(type->inner);
        one = g_strndup(type->inner, element.end - type->inner);
        while (array->n > limit)
                layout_clear(one, (char *)array->items + --array->n * element.size);
}

static void put_count(const Walk *walk, uint64_t count)
{
        if (walk->type.size == sizeof(uint64_t))
                *(uint64_t *)walk->field = count;
        else
                *(uint32_t *)walk->field = (uint32_t)count;
}

/* What was counted of the results. */
typedef struct Counted {
        size_t results, bits;
        bool any;
} Counted;

static void put_counts(const WireMap *map, const Asked *ask, const Counted *counted, void *ret)
{
        Walk walk = walk_begin(map->ret, wire_map_procedure(map)->ret, ret, NULL, NULL);

        while (walk_next(&walk)) {
                switch (walk.letter) {
                case 'r':
                        put_count(&walk, counted->results);
                        break;
                case 'n':
                        put_count(&walk, ask->results ? 0 : counted->results);
                        break;
                case 't':
                        put_count(&walk, counted->bits);
                        break;
                case 's':
                        put_count(&walk, 1);
                        break;
                case '?':
                        put_count(&walk, counted->any);
                        break;
                }
        }
}

/* Leaves of a result what was asked for. */
static void select_results(const Asked *ask, const LayoutType *type, void *value, Counted *counted)
{
        counted->any = counted->any || !is_zero(value, type->size);
        if (!strchr("aP", type->code))
                return;
        if (type->code == 'P' && !ask->strings)
                drop_strings(value);
        counted->results = MAX(counted->results, ((const Array *)value)->n);
        counted->bits += count_bits(type, value);
        if (!ask->results)
                shorten(type, value, 0);
        else if (ask->limited)
                shorten(type, value, ask->limit);
}

int wire_map_ret(const WireMap *map, const WireMapContext *context, const void *args,
        const Object *object, void *out, void *ret, GError **error)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        Asked ask = asked(map, args);
        const WireConvert convert = { .context = context, .row = ask.row, .error = error };
        Walk walk = walk_begin(map->ret, procedure->ret, ret, wire_map_out_signature(map), out);
        Counted counted = { 0 };
        int r = 0;

        if (procedure->ret_size > 0)
                memset(ret, 0, procedure->ret_size);
        while (r == 0 && walk_next(&walk)) {
                if (walk.letter == '@')
                        wire_name(wire_kind(map->class), object, walk.field);
                if (walk.letter != '=')
                        continue;
                select_results(&ask, &walk.member, walk.value, &counted);
                r = wire_export(&convert, &walk.member, walk.value, &walk.type, walk.field);
        }
        if (r < 0)
                wire_clear(procedure->ret, ret);
        else
                put_counts(map, &ask, &counted, ret);
        return r;
}

/* Client: arguments. */

/* The value is somebody else's: a copy is what is moved. */
static int export_copy(const WireConvert *convert, const LayoutType *type, const char *signature,
        const void *value, const Walk *walk)
{
        g_autofree char *one = g_strndup(signature, type->end - signature);
        g_autofree void *copy = g_malloc(type->size);
        int r;

        layout_copy(one, value, copy);
        r = wire_export(convert, type, copy, &walk->type, walk->field);
        layout_clear(one, copy);
        return r;
}

int wire_map_args(const WireMap *map, const WireMapContext *context, const Object *object,
        const void *in, void *args, GError **error)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        const WireConvert convert = { .context = context, .error = error };
        const char *signature = wire_map_in_signature(map);
        Walk walk = walk_begin(map->args, procedure->args, args, signature, (void *)in);
        bool rows = strchr(map->args, 'b') != NULL;
        int r = 0;

        if (procedure->args_size > 0)
                memset(args, 0, procedure->args_size);
        for (signature = walk.signature; r == 0 && walk_next(&walk); signature = walk.signature) {
                switch (walk.letter) {
                case '=':
                case 'F':
                        r = export_copy(&convert, &walk.member, signature, walk.value, &walk);
                        if (walk.letter == 'F')
                                *(uint32_t *)walk.field |= STRINGS_OKAY;
                        break;
                case '@':
                        wire_name(wire_kind(map->class), object, walk.field);
                        break;
                case '1':
                        put_count(&walk, 1);
                        break;
                case '#':
                        put_count(&walk,
                                !rows                  ? most_results(map) :
                                        context->vcpus ? context->vcpus :
                                                         ROWS_DEFAULT);
                        break;
                case 'n':
                        put_count(&walk, most_results(map));
                        break;
                case 'b':
                        put_count(&walk, context->cpus ? (context->cpus + 7) / 8 : ROW_DEFAULT);
                        break;
                }
        }
        if (r < 0)
                wire_clear(procedure->args, args);
        return r;
}

/* Client: returns. */

static void *find_field(const char *join, const char *layout, const void *fields, char letter)
{
        Walk walk = walk_begin(join, layout, (void *)fields, NULL, NULL);

        while (walk_next(&walk))
                if (walk.letter == letter)
                        return walk.field;
        return NULL;
}

bool wire_map_again(const WireMap *map, void *args, const void *ret)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        uint32_t *wanted = find_field(map->args, procedure->args, args, 'N');
        const uint32_t *count = find_field(map->ret, procedure->ret, ret, 'n');

        if (!wanted || !count || *wanted > 0 || *count == 0)
                return false;
        *wanted = *count;
        return true;
}

int wire_map_out(const WireMap *map, const WireMapContext *context, const void *args, void *ret,
        void *out, GError **error)
{
        const WireProcedure *procedure = wire_map_procedure(map);
        const WireConvert convert = {
                .context = context,
                .row = asked(map, args).row,
                .error = error,
        };
        Walk walk = walk_begin(map->ret, procedure->ret, ret, wire_map_out_signature(map), out);
        int r = 0;

        while (r == 0 && walk_next(&walk)) {
                if (walk.letter == '=')
                        r = wire_import(&convert, &walk.type, walk.field, &walk.member, walk.value);
                /* Rows and bits come in whole bytes and as many as there was room for. */
                else if (walk.letter == 'r' && walk.value && strchr("aP", walk.member.code))
                        shorten(&walk.member, walk.value, *(uint32_t *)walk.field);
        }
        return r;
}

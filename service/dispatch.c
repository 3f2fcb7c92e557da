/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/dispatch.h"

#include <errno.h>
#include <string.h>

#include "drivers/model/domain.h"
#include "service/base/cleanup.h"
#include "service/codec.h"
#include "service/connections.h"
#include "service/introspect.h"
#include "service/publish.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* The largest struct of results; the rows are checked when the dispatcher begins. */
#define OUT_MAX 512

static struct {
        sd_bus *bus;
        sd_bus_slot *slots[_NAMESPACE_MAX];
        unsigned n_calls;
        uint64_t last_call;
} dispatcher;

/* What a call can be: a method of ours, or one of the bus' standard interfaces. */
typedef struct CallKind {
        const char *interface, *member, *signature;
        /* Reads the arguments into the call. 0, or -1 with the error. */
        int (*decode)(Call *call, GError **error);
        /* Checks permission, carries it out and sends the reply. 0; -1 with the error; -EAGAIN
         * where it would have to wait and is not on a fiber. */
        int (*answer)(Call *call, GError **error);
} CallKind;

/* Replies. */

static int reply_failed(int r, GError **error)
{
        return error_set(error, ERROR_INTERNAL_ERROR, "cannot send the reply: %s", g_strerror(-r));
}

static void reply_error(const Call *call, const GError *error)
{
        const ErrorInfo *info = error_info(error_code(error));

        publish_flush();
        sd_bus_reply_method_errorf(
                call->message, call->space->error_name ?: info->bus_name, "%s", error->message);
}

/* Changes are told before the reply, so that who has the reply knows them. */
static int reply_send(sd_bus_message *reply, GError **error)
{
        int r;

        publish_flush();
        r = sd_bus_send(dispatcher.bus, reply, NULL);
        return r < 0 ? reply_failed(r, error) : 0;
}

static int reply_values(const Call *call, const char *signature, const void *values, GError **error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = codec_append(reply, signature, values, call->space);
        return r < 0 ? reply_failed(r, error) : reply_send(reply, error);
}

/* Permission. */

Question call_question(const Call *call, const char *action, Object *object)
{
        return (Question){
                .caller = call->caller,
                .action = action,
                .member = call->member,
                .object = object,
                .interactive = call->interactive,
        };
}

int call_authorize(const Call *call, const char *action, Object *object, GError **error)
{
        const Question question = call_question(call, action, object);

        return authorize(&question, error);
}

int call_filter(const Call *call, const char *action, GPtrArray **objects)
{
        g_autofree Question *questions = NULL;
        g_autofree bool *answers = NULL;
        unsigned n = (*objects)->len;
        GPtrArray *kept;
        int r;

        if (call->caller->trusted || n == 0)
                return 0;
        questions = g_new(Question, n);
        answers = g_new(bool, n);
        for (unsigned i = 0; i < n; i++) {
                questions[i] = call_question(call, action, (*objects)->pdata[i]);
                /* Nobody is asked a thousand times for a list. */
                questions[i].interactive = false;
        }
        r = authorize_many(questions, n, answers);
        if (r < 0)
                return r;
        kept = g_ptr_array_new_full(n, object_unref_notify);
        for (unsigned i = 0; i < n; i++)
                if (answers[i])
                        g_ptr_array_add(kept, object_ref((*objects)->pdata[i]));
        g_ptr_array_unref(*objects);
        *objects = kept;
        return 0;
}

/* Methods. */

static int decode_arguments(Call *call, const char *signature, GError **error)
{
        int r = codec_read(call->message, signature, call->arguments, call->space);

        if (r == -ENOENT)
                return error_set(
                        error, ERROR_INVALID_ARG, "%s: no object has that path", call->member);
        if (r < 0)
                return error_set(error, ERROR_INVALID_ARG, "%s: cannot read the arguments: %s",
                        call->member, g_strerror(-r));
        return 0;
}

static int decode_method(Call *call, GError **error)
{
        const MethodInfo *method = call->method;
        uint32_t flags;

        if (decode_arguments(call, method->in, error) < 0)
                return -1;
        if (method->flags_offset < 0)
                return 0;
        flags = *(uint32_t *)((char *)call->arguments + method->flags_offset);
        if (flags & ~method->flags)
                return error_set(error, ERROR_INVALID_ARG,
                        "unsupported flags (0x%x) in function %s", flags & ~method->flags,
                        method->api);
        return 0;
}

static const char *method_action(const Call *call)
{
        const MethodInfo *method = call->method;

        if (method->flag_mask &&
                method->flag_mask & *(uint32_t *)((char *)call->arguments + method->flags_offset))
                return method->flag_action;
        return method->action;
}

/* A document that names a domain is only skimmed for its name before permission is given. Where the
 * domain is there already, the permission is about that one. */
static int authorize_document(const Call *call, const char *xml, GError **error)
{
        const Registry *registry = &((Connection *)call->object)->registry;
        Question question = call_question(call, method_action(call), call->object);
        g_autofree char *name = NULL, *uuid = NULL;
        Domain *domain = NULL;

        if (domain_config_identify(xml, &name, &uuid, error) < 0)
                return -1;
        if (uuid)
                domain = registry_find(registry, DOMAIN_BY_UUID, uuid);
        if (!domain)
                domain = registry_find(registry, DOMAIN_BY_NAME, name);
        if (domain && domain->object.published)
                question.object = &domain->object;
        question.name = name;
        question.uuid = uuid;
        return authorize(&question, error);
}

static int authorize_method(const Call *call, GError **error)
{
        const MethodInfo *method = call->method;

        if (method->identify_offset >= 0)
                return authorize_document(call,
                        *(const char **)((char *)call->arguments + method->identify_offset), error);
        return call_authorize(call, method_action(call), call->object, error);
}

/* The operation's slot; all have this shape, with their own types for the pointers. */
typedef int (*Operation)(Object *object, const void *in, void *out, GError **error);

static Operation operation_of(const Object *object, int16_t offset)
{
        return object->operations ?
                *(const Operation *)((const char *)object->operations + offset) :
                NULL;
}

static int not_supported(const char *api, GError **error)
{
        return error_set(error, ERROR_NO_SUPPORT, "%s", api);
}

/* The domain whose jobs an operation on the object is one of: itself, or that of a snapshot. */
static Domain *domain_of(Object *object)
{
        for (; object; object = object->parent)
                if (object->class == &domain_class)
                        return (Domain *)object;
        return NULL;
}

/* Whatever holds for every operation, before and after it. */
static int run_operation(
        Call *call, Operation operation, JobKind job, bool needs_active, void *out, GError **error)
{
        Domain *domain = domain_of(call->object);
        bool locks = domain && job == JOB_MODIFY;
        int r;

        if (locks && domain_begin_job(domain, call->member, error) < 0)
                return -1;
        r = domain ? domain_require_here(domain, error) : 0;
        if (r == 0 && needs_active)
                r = domain_require_active(domain, error);
        if (r == 0)
                r = operation(call->object, call->arguments, out, error);
        if (locks)
                domain_end_job(domain);
        return r;
}

static MethodHandler handler_of(const Call *call)
{
        const ClassFace *face = publish_face(call->object);

        return face->handlers ? face->handlers[call->method - call->object->class->methods] : NULL;
}

static int run_method(Call *call, void *out, GError **error)
{
        const MethodInfo *method = call->method;
        MethodHandler handler = handler_of(call);

        if (handler)
                return handler(call, call->arguments, out, error);
        return run_operation(call, operation_of(call->object, method->operation), method->job,
                method->needs_active, out, error);
}

static int answer_method(Call *call, GError **error)
{
        union {
                char bytes[OUT_MAX];
                uint64_t align;
        } out;
        int r;

        if (!action_only_reads(method_action(call)) &&
                connections_refuse_write(call->caller, call->object, call->method->api, error) < 0)
                return -1;
        /* What cannot be done needs no permission. */
        if (!handler_of(call) && !operation_of(call->object, call->method->operation))
                return not_supported(call->method->api, error);
        r = authorize_method(call, error);
        if (r < 0)
                return r;
        layout_init(call->method->out, out.bytes);
        r = run_method(call, out.bytes, error);
        if (r >= 0)
                r = reply_values(call, call->method->out, out.bytes, error);
        layout_clear(call->method->out, out.bytes);
        return r;
}

static const CallKind method_kind = { .decode = decode_method, .answer = answer_method };

/* Properties. */

static int answer_get(Call *call, GError **error)
{
        const PropertyInfo *property = call->property;
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = call_authorize(call, property->action, call->object, error);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', property->signature);
        if (r >= 0)
                r = codec_append(reply, property->signature, object_value(call->object, property),
                        call->space);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? reply_failed(r, error) : reply_send(reply, error);
}

typedef struct Readable {
        const Call *call;
        const char *action; /* of the property before, */
        bool answer;        /* and what was found for it: neighbours mostly share it */
        bool any;
        bool shown, refused;
        int result;
} Readable;

static bool may_read(const PropertyInfo *property, void *data)
{
        Readable *readable = data;

        if (!readable->any || readable->action != property->action) {
                int r = call_authorize(
                        readable->call, property->action, readable->call->object, NULL);

                readable->action = property->action;
                readable->answer = r >= 0;
                readable->any = true;
                if (r == -EAGAIN)
                        readable->result = r;
        }
        *(readable->answer ? &readable->shown : &readable->refused) = true;
        return readable->answer;
}

static int answer_get_all(Call *call, GError **error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        Readable readable = { .call = call };
        int r;

        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = publish_append_properties(reply, call->object, call->space,
                        call->space->doubled, may_read, &readable);
        if (readable.result < 0)
                return readable.result;
        /* A property that may not be read is left out; if that is all of them, it is a refusal. */
        if (readable.refused && !readable.shown)
                return call_authorize(call, readable.action, call->object, error);
        return r < 0 ? reply_failed(r, error) : reply_send(reply, error);
}

static int decode_set(Call *call, GError **error)
{
        int r = sd_bus_message_enter_container(call->message, 'v', call->property->signature);

        if (r <= 0)
                return error_set(error, ERROR_INVALID_ARG, "%s has the type '%s'",
                        call->property->name, call->property->signature);
        return decode_arguments(call, call->property->signature, error);
}

static int answer_set(Call *call, GError **error)
{
        Operation operation;
        int r;

        r = call_authorize(call, call->property->set_action, call->object, error);
        if (r < 0)
                return r;
        if (connections_refuse_write(call->caller, call->object, call->member, error) < 0)
                return -1;
        operation = operation_of(call->object, call->property->set_operation);
        if (!operation)
                return not_supported(call->property->name, error);
        if (run_operation(call, operation, JOB_MODIFY, false, NULL, error) < 0)
                return -1;
        return reply_values(call, "", NULL, error);
}

/* Introspection and the list of all objects. */

static int answer_introspect(Call *call, GError **error)
{
        g_autofree char *text =
                introspect(call->space, sd_bus_message_get_path(call->message), call->object);

        return reply_values(call, "s", &text, error);
}

static bool always(const PropertyInfo *property, void *data)
{
        (void)property, (void)data;
        return true;
}

static int append_managed(sd_bus_message *reply, const Object *object, const Namespace *space)
{
        const ClassFace *face = publish_face(object);
        int r;

        r = sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 'o', publish_path(object, space));
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'e', "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, 's', face->interfaces[space->id]);
        if (r >= 0)
                r = publish_append_properties(reply, object, space, false, always, NULL);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* What one must be allowed to see an object at all. */
static const char *read_action(const ClassInfo *class)
{
        return class->n_properties > 0 ? class->properties[0].action : NULL;
}

static int answer_managed_objects(Call *call, GError **error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        /* A class at a time, since a class has one permission to see. */
        for (unsigned i = 0; r >= 0 && i < n_class_faces; i++) {
                g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(object_unref_notify);
                GHashTableIter iter;
                void *object;

                g_hash_table_iter_init(&iter, call->space->objects);
                while (g_hash_table_iter_next(&iter, NULL, &object))
                        if (((Object *)object)->class == class_faces[i].class)
                                g_ptr_array_add(objects, object_ref(object));
                r = call_filter(call, read_action(class_faces[i].class), &objects);
                if (r < 0)
                        return r;
                for (unsigned j = 0; r >= 0 && j < objects->len; j++)
                        if (((Object *)objects->pdata[j])->published)
                                r = append_managed(reply, objects->pdata[j], call->space);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? reply_failed(r, error) : reply_send(reply, error);
}

static const CallKind standard_kinds[] = {
        { PROPERTIES, "Get", "ss", NULL, answer_get },
        { PROPERTIES, "GetAll", "s", NULL, answer_get_all },
        { PROPERTIES, "Set", "ssv", decode_set, answer_set },
        { INTROSPECTABLE, "Introspect", "", NULL, answer_introspect },
        { OBJECT_MANAGER, "GetManagedObjects", "", NULL, answer_managed_objects },
};

/* A call's life. */

static void call_start(Call *call);

/* The next call of the caller on the object, which had to wait for this one. */
static void start_follower(Caller *caller, const Object *object)
{
        for (Call *call = caller->calls; call; call = call->next) {
                if (call->object != object)
                        continue;
                if (!call->waiting)
                        return;
                call->waiting = false;
                call_start(call);
                return;
        }
}

static void call_end(Call *call)
{
        g_autoptr(Caller) caller = call->caller;
        g_autoptr(Object) object = call->object;

        *(call->previous ? &call->previous->next : &caller->calls) = call->next;
        *(call->next ? &call->next->previous : &caller->calls_tail) = call->previous;
        caller->n_calls--;
        dispatcher.n_calls--;
        dispatcher.last_call = fiber_now();

        if (call->method)
                layout_clear_borrowed(call->method->in, call->arguments);
        else if (call->arguments)
                layout_clear_borrowed(call->property->signature, call->arguments);
        sd_bus_message_unref(call->message);
        g_free(call);
        start_follower(caller, object);
}

/* It may have gone while the call waited for another one. */
static int require_here(const Call *call, GError **error)
{
        if (call->object->class == &domain_class)
                return domain_require_here((Domain *)call->object, error);
        return call->object->gone ? error_set(error, ERROR_INVALID_CONN, "%s", call->member) : 0;
}

static int call_try(Call *call)
{
        g_autoptr(GError) error = NULL;
        int r;

        r = require_here(call, &error);
        if (r >= 0)
                r = call->kind->answer(call, &error);
        if (r == -EAGAIN && !fiber_self())
                return r;
        if (r < 0)
                reply_error(call, error);
        return 0;
}

static void call_fiber(void *data)
{
        Call *call = data;

        fiber_set_local(&call->caller->client);
        call_try(call);
        call_end(call);
}

static void call_on_fiber(Call *call)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *name = NULL;

        name = g_strdup_printf(
                "%s %s", call->member, strrchr(sd_bus_message_get_path(call->message), '/') + 1);
        if (fiber_start(name, call_fiber, call, NULL) >= 0)
                return;
        error_set(&error, ERROR_RESOURCE_BUSY,
                "the service works on %u calls already, try again later", fibers_live());
        reply_error(call, error);
        call_end(call);
}

/* Whether it may have to wait for more than permission. */
static bool call_waits(const Call *call)
{
        if (call->kind->answer == answer_set)
                return true;
        if (!call->method)
                return false;
        return call->method->job != JOB_NONE || connections_is_remote(call->object);
}

static void call_start(Call *call)
{
        if (!call_waits(call) && call_try(call) == 0)
                call_end(call);
        else
                call_on_fiber(call);
}

/* From a message to a call. What is not there or has the wrong form is answered here, with the bus'
 * own errors. */

/* More than 0 also where the caller wants no reply, for which sd-bus has 0. */
__attribute__((format(printf, 3, 4))) static int refuse(
        sd_bus_message *message, const char *name, const char *format, ...)
{
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = sd_bus_reply_method_errorfv(message, name, format, arguments);
        va_end(arguments);
        return r < 0 ? r : 1;
}

static int no_such(sd_bus_message *message, const char *name, const char *what, const char *which)
{
        return refuse(message, name, "There is no %s '%s' here", what, which);
}

static int find_property(Call *call, const ClassFace *face)
{
        const char *interface, *name;
        int r;

        r = sd_bus_message_read(call->message, "ss", &interface, &name);
        if (r < 0)
                return r;
        if (interface[0] && strcmp(interface, face->interfaces[call->space->id]) != 0)
                return no_such(
                        call->message, SD_BUS_ERROR_UNKNOWN_INTERFACE, "interface", interface);
        call->property = face_property(face, call->space, name);
        if (!call->property)
                return no_such(call->message, SD_BUS_ERROR_UNKNOWN_PROPERTY, "property", name);
        if (call->kind->answer == answer_set && call->property->set_operation < 0)
                return refuse(
                        call->message, SD_BUS_ERROR_PROPERTY_READ_ONLY, "%s cannot be set", name);
        call->member = call->property->name;
        return 0;
}

static int find_standard(Call *call, const ClassFace *face)
{
        const char *other;
        int r;

        call->member = call->kind->member;
        if (!sd_bus_message_has_signature(call->message, call->kind->signature))
                return refuse(call->message, SD_BUS_ERROR_INVALID_ARGS, "%s takes '%s'",
                        call->member, call->kind->signature);
        if (call->kind->answer == answer_get || call->kind->answer == answer_set)
                return find_property(call, face);
        if (call->kind->answer == answer_get_all) {
                r = sd_bus_message_read(call->message, "s", &other);
                if (r < 0)
                        return r;
                if (other[0] && strcmp(other, face->interfaces[call->space->id]) != 0)
                        return no_such(
                                call->message, SD_BUS_ERROR_UNKNOWN_INTERFACE, "interface", other);
        }
        if (call->kind->answer == answer_managed_objects &&
                strcmp(sd_bus_message_get_path(call->message), call->space->root) != 0)
                return no_such(call->message, SD_BUS_ERROR_UNKNOWN_METHOD, "method", call->member);
        return 0;
}

/* Fills kind, method or property. 0; more than 0 where it answered instead; -errno. */
static int call_find(Call *call)
{
        const char *interface = sd_bus_message_get_interface(call->message);
        const char *member = sd_bus_message_get_member(call->message);
        const ClassFace *face = publish_face(call->object);

        for (unsigned i = 0; i < G_N_ELEMENTS(standard_kinds); i++) {
                const CallKind *kind = &standard_kinds[i];

                if (strcmp(kind->member, member) != 0)
                        continue;
                if (interface && strcmp(kind->interface, interface) != 0)
                        continue;
                call->kind = kind;
                return find_standard(call, face);
        }

        if (interface && strcmp(interface, face->interfaces[call->space->id]) != 0)
                return no_such(
                        call->message, SD_BUS_ERROR_UNKNOWN_INTERFACE, "interface", interface);
        call->method = face_method(face, call->space, member);
        if (!call->method)
                return no_such(call->message, SD_BUS_ERROR_UNKNOWN_METHOD, "method", member);
        call->kind = &method_kind;
        call->member = call->method->name;
        if (!sd_bus_message_has_signature(call->message, call->method->in))
                return refuse(call->message, SD_BUS_ERROR_INVALID_ARGS, "%s takes '%s', not '%s'",
                        member, call->method->in,
                        sd_bus_message_get_signature(call->message, true));
        return 0;
}

static bool must_wait(const Call *call)
{
        if (call->method && call->method->job == JOB_ABORT)
                return false;
        for (const Call *other = call->caller->calls; other; other = other->next)
                if (other->object == call->object)
                        return true;
        return false;
}

/* The call as it is on the stack, with its arguments read, becomes one of its caller's. */
static Call *call_new(const Call *draft)
{
        size_t size = draft->method ? draft->method->in_size :
                draft->kind->decode ? layout_size(draft->property->signature) :
                                      0;
        Call *call = g_malloc0(sizeof *call + size);

        *call = *draft;
        call->arguments = size ? call + 1 : NULL;
        call->interactive = sd_bus_message_get_allow_interactive_authorization(call->message) > 0;
        sd_bus_message_ref(call->message);
        object_ref(call->object);
        call->waiting = must_wait(call);
        caller_ref(call->caller);
        call->previous = call->caller->calls_tail;
        *(call->previous ? &call->previous->next : &call->caller->calls) = call;
        call->caller->calls_tail = call;
        call->caller->n_calls++;
        dispatcher.n_calls++;
        return call;
}

/* A path below a connection whose object has gone, or never was: clients know that as an error of
 * libvirt's. */
static int answer_missing(sd_bus_message *message, const Namespace *space)
{
        const char *path = sd_bus_message_get_path(message), *key = strstr(path, "/domain/_");
        g_autoptr(GPtrArray) children = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *parent = NULL, *uuid = NULL, *text = NULL;

        if (sd_bus_message_is_method_call(message, INTROSPECTABLE, "Introspect")) {
                children = publish_children(space, path);
                if (children->len == 0)
                        return no_such(message, SD_BUS_ERROR_UNKNOWN_OBJECT, "object", path);
                text = introspect(space, path, NULL);
                return sd_bus_reply_method_return(message, "s", text);
        }
        if (key && !strchr(key + strlen("/domain/_"), '/'))
                parent = g_strndup(path, key - path);
        if (!parent || !publish_lookup(space, parent))
                return no_such(message, SD_BUS_ERROR_UNKNOWN_OBJECT, "object", path);
        uuid = g_strdelimit(g_strdup(key + strlen("/domain/_")), "_", '-');
        error_set(&error, ERROR_NO_DOMAIN, "no domain with matching uuid '%s'", uuid);
        return sd_bus_reply_method_errorf(message,
                space->error_name ?: error_info(ERROR_NO_DOMAIN)->bus_name, "%s", error->message);
}

static int on_call(sd_bus_message *message, void *data, sd_bus_error *problem)
{
        g_autoptr(GError) error = NULL;
        const Namespace *space = data;
        Call draft = { .message = message, .space = space };
        Call *call;
        int r;

        (void)problem;
        if (!sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        draft.object = publish_lookup(space, sd_bus_message_get_path(message));
        if (!draft.object)
                return answer_missing(message, space);
        draft.caller = caller_of(message);
        if (!draft.caller)
                return 0;
        if (draft.caller->n_calls >= CALLER_CALLS_MAX)
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "%u calls of this caller are in work already", draft.caller->n_calls);
        r = call_find(&draft);
        if (r != 0)
                return r;

        call = call_new(&draft);
        if (call->kind->decode && call->kind->decode(call, &error) < 0) {
                reply_error(call, error);
                call_end(call);
                return 1;
        }
        if (!call->waiting)
                call_start(call);
        return 1;
}

unsigned dispatch_in_work(void)
{
        return dispatcher.n_calls;
}

uint64_t dispatch_last_call(void)
{
        return dispatcher.last_call;
}

int dispatch_init(sd_bus *bus)
{
        for (unsigned i = 0; i < n_class_faces; i++)
                for (unsigned m = 0; m < class_faces[i].class->n_methods; m++)
                        g_assert(class_faces[i].class->methods[m].out_size <= OUT_MAX);
        dispatcher.bus = sd_bus_ref(bus);
        dispatcher.last_call = fiber_now();
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++) {
                int r = sd_bus_add_fallback(
                        bus, &dispatcher.slots[i], namespaces[i].root, on_call, &namespaces[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

void dispatch_finish(void)
{
        for (unsigned i = 0; i < _NAMESPACE_MAX; i++)
                dispatcher.slots[i] = sd_bus_slot_unref(dispatcher.slots[i]);
        dispatcher.bus = sd_bus_unref(dispatcher.bus);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/dispatch.h"

#include <errno.h>
#include <string.h>

#include "service/audience.h"
#include "service/base/cleanup.h"
#include "service/codec.h"
#include "service/introspect.h"
#include "service/operate.h"
#include "service/publish.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

static struct {
        sd_bus_slot *slots[_NAMESPACE_MAX];
} dispatcher;

/* A call as a message. */
typedef struct BusCall {
        Call base;
        sd_bus_message *message;
        const Namespace *space;
        const struct CallKind *kind;
        sd_bus_message *begun; /* the reply, where its list is written as it comes */
} BusCall;

/* What a call can be: a method of ours, or one of the bus' standard interfaces. */
typedef struct CallKind {
        const char *interface, *member, *signature;
        /* Reads the arguments into the call. 0, or -1 with the error. */
        int (*decode)(BusCall *call, GError **error);
        /* Checks permission, carries it out and sends the reply. 0; -1 with the error; -EAGAIN
         * where it would have to wait and is not on a fiber. */
        int (*answer)(BusCall *call, GError **error);
} CallKind;

/* Replies. */

static int reply_failed(int r, GError **error)
{
        return error_set(error, ERROR_INTERNAL_ERROR, "cannot send the reply: %s", g_strerror(-r));
}

static void reply_error(const BusCall *call, const GError *error)
{
        const ErrorInfo *info = error_info(error_code(error));

        g_autoptr(sd_bus_message) reply = NULL;

        publish_flush();
        if (sd_bus_message_new_method_errorf(call->message, &reply,
                    call->space->error_name ?: info->bus_name, "%s", error->message) >= 0)
                audience_reply(call->base.caller, reply);
}

/* Changes are told before the reply, so that who has the reply knows them. */
static int reply_send(const BusCall *call, sd_bus_message *reply, GError **error)
{
        int r;

        publish_flush();
        r = audience_reply(call->base.caller, reply);
        return r < 0 ? reply_failed(r, error) : 0;
}

static int reply_values(
        const BusCall *call, const char *signature, const void *values, GError **error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = codec_append(reply, signature, values, call->space);
        return r < 0 ? reply_failed(r, error) : reply_send(call, reply, error);
}

/* A reply whose one value is a list. */

static int list_begin(BusCall *call)
{
        int r = sd_bus_message_new_method_return(call->message, &call->begun);

        return r < 0 ? r :
                       sd_bus_message_open_container(call->begun, 'a', call->base.method->out + 1);
}

static int bus_pass(Call *base, Array *list, GError **error)
{
        BusCall *call = (BusCall *)base;
        const char *element = base->method->out + 1;
        int r = call->begun ? 0 : list_begin(call);

        if (r >= 0)
                r = codec_append_elements(call->begun, element, list, call->space);
        layout_clear_elements(element, list);
        return r < 0 ? reply_failed(r, error) : 0;
}

static int list_end(BusCall *call, void *rest, GError **error)
{
        int r;

        if (bus_pass(&call->base, rest, error) < 0)
                return -1;
        r = sd_bus_message_close_container(call->begun);
        return r < 0 ? reply_failed(r, error) : reply_send(call, call->begun, error);
}

/* The bus' own errors. */

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

/* Methods. */

static int decode_arguments(BusCall *call, const char *signature, GError **error)
{
        int r = codec_read(call->message, signature, call->base.arguments, call->space);

        if (r == -ENOENT)
                return error_set(
                        error, ERROR_INVALID_ARG, "%s: no object has that path", call->base.member);
        if (r < 0)
                return error_set(error, ERROR_INVALID_ARG, "%s: cannot read the arguments: %s",
                        call->base.member, g_strerror(-r));
        return 0;
}

static int decode_method(BusCall *call, GError **error)
{
        if (decode_arguments(call, call->base.method->in, error) < 0)
                return -1;
        return call_check_flags(&call->base, error);
}

static int answer_written(BusCall *call, GError **error)
{
        g_autoptr(sd_bus_message) message = NULL;
        Reply reply = { .space = call->space };
        int r;

        r = sd_bus_message_new_method_return(call->message, &message);
        if (r < 0)
                return reply_failed(r, error);
        reply.message = message;
        r = call_perform(&call->base, &reply, error);
        return r < 0 ? r : reply_send(call, message, error);
}

static int answer_method(BusCall *call, GError **error)
{
        const char *signature = call->base.method->out;
        Results out;
        int r;

        if (call->base.method->writes_reply)
                return answer_written(call, error);
        layout_init(signature, out.bytes);
        r = call_perform(&call->base, out.bytes, error);
        if (r >= 0)
                r = call->begun ? list_end(call, out.bytes, error) :
                                  reply_values(call, signature, out.bytes, error);
        layout_clear(signature, out.bytes);
        return r;
}

static const CallKind method_kind = { .decode = decode_method, .answer = answer_method };

/* Properties. */

static int answer_get(BusCall *call, GError **error)
{
        const PropertyInfo *property = call->base.property;
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        r = call_get(&call->base, error);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', property->signature);
        if (r >= 0)
                r = codec_append(reply, property->signature,
                        object_value(call->base.object, property), call->space);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? reply_failed(r, error) : reply_send(call, reply, error);
}

/* What the caller may read of an object, a bit for each property. This is asked before the first
 * value is written, so that all values in a reply are of one moment, and none is older than a
 * signal that went out before. 0, or -EAGAIN; with the last refusal, if that is asked for. */
static int find_readable(const BusCall *call, Object *object, uint64_t *ret, GError **ret_refusal)
{
        const PropertyInfo *before = NULL;
        bool may = false;

        *ret = 0;
        for (unsigned i = 0; i < object->class->n_properties; i++) {
                const PropertyInfo *property = &object->class->properties[i];

                if (!face_shows(property, call->space))
                        continue;
                /* Neighbours mostly share a permission. */
                if (!before || before->action != property->action) {
                        int r;

                        g_clear_error(ret_refusal);
                        r = call_authorize(&call->base, property->action, object, ret_refusal);
                        if (r == -EAGAIN)
                                return r;
                        may = r >= 0;
                }
                before = property;
                if (may)
                        *ret |= UINT64_C(1) << i;
        }
        return 0;
}

/* A property that may not be read is left out; if that is all of them, it is a refusal. */
static int answer_get_all(BusCall *call, GError **error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(GError) refusal = NULL;
        uint64_t properties;
        int r;

        r = find_readable(call, call->base.object, &properties, &refusal);
        if (r < 0)
                return r;
        if (properties == 0 && refusal) {
                g_propagate_error(error, g_steal_pointer(&refusal));
                return -1;
        }
        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = publish_append_properties(
                        reply, call->base.object, call->space, call->space->doubled, properties);
        return r < 0 ? reply_failed(r, error) : reply_send(call, reply, error);
}

static int decode_set(BusCall *call, GError **error)
{
        int r = sd_bus_message_enter_container(call->message, 'v', call->base.property->signature);

        if (r <= 0)
                return error_set(error, ERROR_INVALID_ARG, "%s has the type '%s'",
                        call->base.property->name, call->base.property->signature);
        return decode_arguments(call, call->base.property->signature, error);
}

static int answer_set(BusCall *call, GError **error)
{
        int r = call_set(&call->base, error);

        return r < 0 ? r : reply_values(call, "", NULL, error);
}

/* Introspection and the list of all objects. */

static int answer_introspect(BusCall *call, GError **error)
{
        const char *path = sd_bus_message_get_path(call->message);
        const Object *object = publish_lookup(call->space, path);
        g_autoptr(GPtrArray) below = introspect_below(call->space, path);
        g_autofree char *text = NULL;
        int r;

        r = call_filter(&call->base, &below);
        if (r < 0)
                return r;
        if (!object && below->len == 0 && strcmp(path, call->space->root) != 0) {
                r = no_such(call->message, SD_BUS_ERROR_UNKNOWN_OBJECT, "object", path);
                return r < 0 ? reply_failed(r, error) : 0;
        }
        text = introspect(call->space, path, object, below);
        return reply_values(call, "s", &text, error);
}

static int append_managed(
        sd_bus_message *reply, const Namespace *space, const Object *object, uint64_t properties)
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
                r = publish_append_properties(reply, object, space, false, properties);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int answer_managed_objects(BusCall *call, GError **error)
{
        g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(object_unref_notify);
        g_autoptr(sd_bus_message) reply = NULL;
        g_autofree uint64_t *properties = NULL;
        GHashTableIter iter;
        void *object;
        int r;

        g_hash_table_iter_init(&iter, call->space->objects);
        while (g_hash_table_iter_next(&iter, NULL, &object))
                g_ptr_array_add(objects, object_ref(object));
        r = call_filter(&call->base, &objects);
        properties = g_new(uint64_t, objects->len);
        for (unsigned i = 0; r >= 0 && i < objects->len; i++)
                r = find_readable(call, objects->pdata[i], &properties[i], NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(call->message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        for (unsigned i = 0; r >= 0 && i < objects->len; i++)
                if (((Object *)objects->pdata[i])->published)
                        r = append_managed(reply, call->space, objects->pdata[i], properties[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? reply_failed(r, error) : reply_send(call, reply, error);
}

static const CallKind standard_kinds[] = {
        { PROPERTIES, "Get", "ss", NULL, answer_get },
        { PROPERTIES, "GetAll", "s", NULL, answer_get_all },
        { PROPERTIES, "Set", "ssv", decode_set, answer_set },
        { INTROSPECTABLE, "Introspect", "", NULL, answer_introspect },
        { OBJECT_MANAGER, "GetManagedObjects", "", NULL, answer_managed_objects },
};

/* From a message to a call. What is not there or has the wrong form is answered here. */

static int find_property(BusCall *call, const ClassFace *face)
{
        const char *interface, *name;
        int r;

        r = sd_bus_message_read(call->message, "ss", &interface, &name);
        if (r < 0)
                return r;
        if (interface[0] && strcmp(interface, face->interfaces[call->space->id]) != 0)
                return no_such(
                        call->message, SD_BUS_ERROR_UNKNOWN_INTERFACE, "interface", interface);
        call->base.property = face_property(face, call->space, name);
        if (!call->base.property)
                return no_such(call->message, SD_BUS_ERROR_UNKNOWN_PROPERTY, "property", name);
        if (call->kind->answer == answer_set && call->base.property->set_operation < 0)
                return refuse(
                        call->message, SD_BUS_ERROR_PROPERTY_READ_ONLY, "%s cannot be set", name);
        call->base.member = call->base.property->name;
        return 0;
}

static int find_standard(BusCall *call, const ClassFace *face)
{
        const char *other;
        int r;

        call->base.member = call->kind->member;
        if (!sd_bus_message_has_signature(call->message, call->kind->signature))
                return refuse(call->message, SD_BUS_ERROR_INVALID_ARGS, "%s takes '%s'",
                        call->base.member, call->kind->signature);
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
                return no_such(
                        call->message, SD_BUS_ERROR_UNKNOWN_METHOD, "method", call->base.member);
        return 0;
}

/* Fills kind, method or property. 0; more than 0 where it answered instead; -errno. */
static int call_find(BusCall *call)
{
        const char *interface = sd_bus_message_get_interface(call->message);
        const char *member = sd_bus_message_get_member(call->message);
        const ClassFace *face = publish_face(call->base.object);

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
        call->base.method = face_method(face, call->space, member);
        if (!call->base.method)
                return no_such(call->message, SD_BUS_ERROR_UNKNOWN_METHOD, "method", member);
        call->kind = &method_kind;
        call->base.member = call->base.method->name;
        if (!sd_bus_message_has_signature(call->message, call->base.method->in))
                return refuse(call->message, SD_BUS_ERROR_INVALID_ARGS, "%s takes '%s', not '%s'",
                        member, call->base.method->in,
                        sd_bus_message_get_signature(call->message, true));
        return 0;
}

/* The door's side of a call. */

static int bus_answer(Call *base, GError **error)
{
        BusCall *call = (BusCall *)base;

        return call->kind->answer(call, error);
}

static void bus_refuse(Call *base, const GError *error)
{
        reply_error((BusCall *)base, error);
}

static void bus_free(Call *base)
{
        BusCall *call = (BusCall *)base;

        if (base->arguments)
                layout_clear_borrowed(base->method ? base->method->in : base->property->signature,
                        base->arguments);
        sd_bus_message_unref(call->begun);
        sd_bus_message_unref(call->message);
        g_free(call);
}

static const Door bus_door = {
        .answer = bus_answer,
        .refuse = bus_refuse,
        .pass = bus_pass,
        .free = bus_free,
};

/* The call as it is on the stack, with its arguments read behind it. */
static BusCall *call_new(const BusCall *draft)
{
        size_t size = draft->base.method ? draft->base.method->in_size :
                draft->kind->decode      ? layout_size(draft->base.property->signature) :
                                           0;
        BusCall *call = g_malloc0(sizeof *call + size);

        *call = *draft;
        call->base.door = &bus_door;
        call->base.arguments = size ? call + 1 : NULL;
        call->base.interactive =
                sd_bus_message_get_allow_interactive_authorization(call->message) > 0;
        call->base.suspends = call->kind->answer == answer_set;
        sd_bus_message_ref(call->message);
        return call;
}

/* A path below a connection whose object has gone, or never was: clients know that as an error of
 * libvirt's. */
static int answer_missing(sd_bus_message *message, const Namespace *space)
{
        const char *path = sd_bus_message_get_path(message), *key = strstr(path, "/domain/_");
        g_autoptr(GError) error = NULL;
        g_autofree char *parent = NULL, *uuid = NULL;

        if (key && !strchr(key + strlen("/domain/_"), '/'))
                parent = g_strndup(path, key - path);
        if (!parent || !publish_lookup(space, parent))
                return no_such(message, SD_BUS_ERROR_UNKNOWN_OBJECT, "object", path);
        uuid = g_strdelimit(g_strdup(key + strlen("/domain/_")), "_", '-');
        error_set(&error, ERROR_NO_DOMAIN, "no domain with matching uuid '%s'", uuid);
        return sd_bus_reply_method_errorf(message,
                space->error_name ?: error_info(ERROR_NO_DOMAIN)->bus_name, "%s", error->message);
}

/* What leads to objects can be introspected: a call on the next object on the way to it, at last on
 * the manager, which is not in every namespace. */
static Object *object_on_the_way(const Namespace *space, const char *path)
{
        g_autofree char *prefix = g_strdup(path);
        Object *object = NULL;
        char *slash;

        while (!object && (slash = strrchr(prefix, '/'))) {
                *slash = 0;
                object = publish_lookup(space, prefix);
        }
        return object ?:
                publish_lookup(&namespaces[NAMESPACE_VIRTBUS], namespaces[NAMESPACE_VIRTBUS].root);
}

static Object *object_of(sd_bus_message *message, const Namespace *space)
{
        const char *path = sd_bus_message_get_path(message);
        Object *object = publish_lookup(space, path);

        if (object || !sd_bus_message_is_method_call(message, INTROSPECTABLE, "Introspect"))
                return object;
        return object_on_the_way(space, path);
}

static int on_call(sd_bus_message *message, void *data, sd_bus_error *problem)
{
        g_autoptr(GError) error = NULL;
        const Namespace *space = data;
        BusCall draft = { .message = message, .space = space };
        BusCall *call;
        unsigned n_calls;
        int r;

        (void)problem;
        if (!sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        draft.base.object = object_of(message, space);
        if (!draft.base.object)
                return answer_missing(message, space);
        draft.base.caller = caller_of(message);
        if (!draft.base.caller)
                return 0;
        draft.base.caller->namespaces |= 1u << space->id;
        n_calls = draft.base.caller->n_calls + audience_unsent(draft.base.caller);
        if (n_calls >= CALLER_CALLS_MAX)
                return refuse(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "%u calls of this caller are in work already", n_calls);
        r = call_find(&draft);
        if (r != 0)
                return r;

        call = call_new(&draft);
        if (call->kind->decode && call->kind->decode(call, &error) < 0)
                call_refuse(&call->base, error);
        else
                call_begin(&call->base);
        return 1;
}

int dispatch_init(sd_bus *bus)
{
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
}

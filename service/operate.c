/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/operate.h"

#include <errno.h>
#include <string.h>

#include "service/base/memory.h"
#include "service/connections.h"
#include "service/identify.h"
#include "service/publish.h"

/* How long calls may hold memory that they needed: a crowd that has left is soon forgotten, and a
 * busy service, which takes it all again, does not feel it. */
#define HELD_FOR (5 * G_USEC_PER_SEC)

static struct {
        unsigned n_in_work;
        uint64_t last;
} calls;

/* Permission. */

Question call_question(const Call *call, const char *action, Object *object)
{
        Question question = question_about(call->caller, action, call->member, object);

        question.interactive = call->interactive;
        return question;
}

/* It may have gone while the call waited, for another one or for the authority. */
static int require_here(const Call *call, const Object *object, GError **error)
{
        if (object->class == &domain_class)
                return domain_require_here((Domain *)object, error);
        return object->gone ? error_set(error, ERROR_INVALID_CONN, "%s", call->member) : 0;
}

int call_authorize(const Call *call, const char *action, Object *object, GError **error)
{
        const Question question = call_question(call, action, object);
        int r = authorize(&question, error);

        return r < 0 ? r : require_here(call, object, error);
}

int call_filter(const Call *call, GPtrArray **objects)
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
                Object *object = (*objects)->pdata[i];

                questions[i] = call_question(call, class_read_action(object->class), object);
                /* Nobody is asked a thousand times for a list. */
                questions[i].interactive = false;
        }
        r = authorize_many(questions, n, answers);
        if (r < 0)
                return r;
        kept = g_ptr_array_new_full(n, object_unref_notify);
        for (unsigned i = 0; i < n; i++)
                if (answers[i] && !((Object *)(*objects)->pdata[i])->gone)
                        g_ptr_array_add(kept, object_ref((*objects)->pdata[i]));
        g_ptr_array_unref(*objects);
        *objects = kept;
        return 0;
}

int call_pass(Call *call, void *list, GError **error)
{
        return call->door->pass ? call->door->pass(call, list, error) : 0;
}

/* Operations. */

static const char *method_action(const Call *call)
{
        const PermissionWhen *when = &call->method->when;
        uint32_t argument;

        if (!when->action)
                return call->method->action;
        argument = *(uint32_t *)((char *)call->arguments + when->offset);
        return (when->exact ? argument == when->number : argument & when->number) ?
                when->action :
                call->method->action;
}

/* A document is only skimmed for who it is about before permission is given. Where that is there
 * already, the permission is about it; what took its place while the authority was asked is asked
 * about, too. */
static int authorize_document(const Call *call, const char *xml, GError **error)
{
        Question question = call_question(call, method_action(call), call->object);
        g_auto(Identity) identity = { 0 };
        int r;

        if (identify(call->method->identify_class, call->object, xml, &identity, error) < 0)
                return -1;
        question.identity = &identity;
        do {
                question.object = identity.object ?: call->object;
                r = authorize(&question, error);
                if (r >= 0)
                        r = require_here(call, call->object, error);
        } while (r >= 0 && identity_changed(&identity, call->object));
        return r;
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

/* Whatever holds for every operation, before and after it. */
static int run_operation(
        Call *call, Operation operation, JobKind job, bool needs_active, void *out, GError **error)
{
        Domain *domain = object_domain(call->object);
        bool works = job == JOB_MODIFY;
        Job *apart = works && !domain ? job_begin(call->object, call->member) : NULL;
        int r;

        if (works && domain && domain_begin_job(domain, call->member, error) < 0)
                return -1;
        r = domain ? domain_require_here(domain, error) : 0;
        if (r == 0 && needs_active)
                r = domain_require_active(domain, error);
        if (r == 0)
                r = operation(call->object, call->arguments, out, error);
        job_end(apart, r < 0 ? *error : NULL);
        if (works && domain)
                domain_end_job(domain, r < 0 ? *error : NULL);
        return r;
}

static MethodHandler handler_of(const Call *call)
{
        const ClassFace *face = publish_face(call->object);

        return face->handlers ? face->handlers[call->method - call->object->class->methods] : NULL;
}

/* The peer orders what changes a domain. */
static int run_on_peer(Call *call, const Driver *driver, void *out, GError **error)
{
        const MethodInfo *method = call->method;
        Domain *domain = object_domain(call->object);
        Job *job = method->job == JOB_MODIFY ?
                job_begin(domain ? &domain->object : call->object, call->member) :
                NULL;
        int r = driver->perform(call->object, method, call->arguments, out, error);

        job_end(job, r < 0 ? *error : NULL);
        return r;
}

/* What answers from memory does so from the mirror of the peer. */
static int run_remote(
        Call *call, const Driver *driver, MethodHandler handler, void *out, GError **error)
{
        const MethodInfo *method = call->method;

        if (!handler || method->job != JOB_NONE)
                return run_on_peer(call, driver, out, error);
        if (driver->refresh(call->object, method, call->arguments, error) < 0 ||
                require_here(call, call->object, error) < 0)
                return -1;
        return handler(call, call->arguments, out, error);
}

static bool is_supported(const Call *call)
{
        return handler_of(call) || connections_peer(call->object) ||
                operation_of(call->object, call->method->operation);
}

static int run_method(Call *call, void *out, GError **error)
{
        const MethodInfo *method = call->method;
        const Driver *peer = connections_peer(call->object);
        MethodHandler handler = handler_of(call);

        if (peer)
                return run_remote(call, peer, handler, out, error);
        if (handler)
                return handler(call, call->arguments, out, error);
        return run_operation(call, operation_of(call->object, method->operation), method->job,
                method->needs_active, out, error);
}

/* About another object that the method reads. It is looked for as the caller would, so that what it
 * may not see is not there, and a peer's is in the mirror; whatever has the name when the method
 * runs is the one that was asked about, since nothing suspends in between. */
static int authorize_other(const Call *call, const PermissionAlso *also, GError **error)
{
        g_autoptr(Object) other = NULL;
        Call lookup = *call;
        int r;

        lookup.method = &also->class->methods[also->lookup];
        lookup.arguments = (char *)call->arguments + also->offset;
        while (lookup.object->class != also->class)
                lookup.object = lookup.object->parent;
        r = run_method(&lookup, &other, error);
        if (r < 0)
                return r;
        r = call_authorize(call, also->action, other, error);
        return r < 0 ? r : require_here(call, call->object, error);
}

static int authorize_method(const Call *call, GError **error)
{
        const MethodInfo *method = call->method;
        int r;

        /* Who needs no permission does without the reading, too: what is wrong with the document
         * the operation says. */
        if (method->identify_class && !call->caller->trusted)
                r = authorize_document(call,
                        *(const char **)((char *)call->arguments + method->identify_offset), error);
        else
                r = call_authorize(call, method_action(call), call->object, error);
        return r < 0 || !method->also.action ? r : authorize_other(call, &method->also, error);
}

/* As libvirt says it, where the driver's function has the name of the API's but for its beginning:
 * virDomainSuspend is the test driver's testDomainSuspend. */
static int refuse_flags(const Call *call, uint32_t flags, GError **error)
{
        const Connection *connection = object_connection(call->object);
        const char *api = call->method->api;
        bool is_driver = connection && g_str_has_prefix(api, "vir");

        return error_set_argument(error, "unsupported flags (0x%x) in function %s%s", flags,
                is_driver ? connection->driver->name : "", is_driver ? api + strlen("vir") : api);
}

int call_check_flags(const Call *call, GError **error)
{
        const MethodInfo *method = call->method;
        uint32_t unknown;

        if (method->flags_offset < 0 || !is_supported(call))
                return 0;
        unknown = *(uint32_t *)((char *)call->arguments + method->flags_offset) & ~method->flags;
        return unknown == 0 ? 0 : refuse_flags(call, unknown, error);
}

int call_perform(Call *call, void *out, GError **error)
{
        int r;

        g_assert(error);
        if (!action_only_reads(method_action(call)) &&
                connections_refuse_write(call->caller, call->object, call->method->api, error) < 0)
                return -1;
        /* What cannot be done needs no permission. */
        if (!is_supported(call))
                return not_supported(call->method->api, error);
        r = authorize_method(call, error);
        return r < 0 ? r : run_method(call, out, error);
}

/* The one property that may not be known yet while somebody waits for it: clients of libvirt's read
 * it once, and as they open. */
static bool is_to_be_found(const Call *call)
{
        const Connection *connection = (const Connection *)call->object;

        return call->property == &connection_class.properties[CONNECTION_PROPERTY_VERSION] &&
                connection->properties.version == 0 && connection->driver->find_version;
}

int call_get(Call *call, GError **error)
{
        int r = call_authorize(call, call->property->action, call->object, error);

        if (r < 0 || !is_to_be_found(call))
                return r;
        if (!fiber_self())
                return -EAGAIN;
        ((Connection *)call->object)->driver->find_version((Connection *)call->object);
        return require_here(call, call->object, error);
}

int call_set(Call *call, GError **error)
{
        const Driver *peer = connections_peer(call->object);
        Operation operation;
        int r;

        r = call_authorize(call, call->property->set_action, call->object, error);
        if (r < 0)
                return r;
        if (connections_refuse_write(call->caller, call->object, call->member, error) < 0)
                return -1;
        if (peer)
                return peer->set(call->object, call->property, call->arguments, error);
        operation = operation_of(call->object, call->property->set_operation);
        if (!operation)
                return not_supported(call->property->name, error);
        return run_operation(call, operation, JOB_MODIFY, false, NULL, error);
}

/* A call's life. */

static void call_start(Call *call);

static bool is_of_kind(const Call *call, JobKind job)
{
        return call->method && call->method->job == job;
}

/* Whether two calls of a caller are answered in their order. What goes beside a job keeps an order
 * of its own, or it would wait until that job has ended. */
static bool in_line(const Call *call, const Object *object, bool beside)
{
        return call->object == object && is_of_kind(call, JOB_BESIDE) == beside;
}

/* The call that none before it holds up any more, though one did; NULL: none. */
static Call *next_in_line(const Caller *caller, const Object *object, bool beside)
{
        for (Call *call = caller->calls; call; call = call->next) {
                if (!in_line(call, object, beside))
                        continue;
                if (call->waiting)
                        return call;
                if (!is_of_kind(call, JOB_APART))
                        return NULL;
        }
        return NULL;
}

static void start_followers(Caller *caller, const Object *object, bool beside)
{
        Call *call;

        while ((call = next_in_line(caller, object, beside))) {
                call->waiting = false;
                call_start(call);
        }
}

static void call_end(Call *call)
{
        g_autoptr(Caller) caller = call->caller;
        g_autoptr(Object) object = call->object;
        bool beside = is_of_kind(call, JOB_BESIDE);

        *(call->previous ? &call->previous->next : &caller->calls) = call->next;
        *(call->next ? &call->next->previous : &caller->calls_tail) = call->previous;
        caller->n_calls--;
        calls.n_in_work--;
        calls.last = fiber_now();
        memory_settle_in(HELD_FOR);
        call->door->free(call);
        start_followers(caller, object, beside);
}

static int call_try(Call *call)
{
        g_autoptr(GError) error = NULL;
        int r;

        r = require_here(call, call->object, &error);
        if (r >= 0)
                r = call->door->answer(call, &error);
        if (r == -EAGAIN && !fiber_self())
                return r;
        if (r < 0)
                call->door->refuse(call, error);
        return 0;
}

static void call_fiber(void *data)
{
        Call *call = data;

        fiber_set_local(&call->caller->client);
        call_try(call);
        call_end(call);
}

/* The object, as a list of fibers names it: by the end of its path. */
static const char *object_title(const Object *object)
{
        const char *path = publish_path(object, &namespaces[NAMESPACE_VIRTBUS]);

        return path ? strrchr(path, '/') + 1 : "";
}

static void call_on_fiber(Call *call)
{
        g_autofree char *name = g_strdup_printf("%s %s", call->member, object_title(call->object));
        g_autoptr(GError) error = NULL;

        if (fiber_start(name, call_fiber, call, NULL) >= 0)
                return;
        error_set(&error, ERROR_RESOURCE_BUSY,
                "the service works on %u calls already, try again later", fibers_live());
        call->door->refuse(call, error);
        call_end(call);
}

static void call_start(Call *call)
{
        if (!call->suspends && call_try(call) == 0)
                call_end(call);
        else
                call_on_fiber(call);
}

/* Whether it may have to wait for more than permission. */
static bool may_suspend(const Call *call)
{
        return call->suspends ||
                (call->method && (call->method->job != JOB_NONE || connections_peer(call->object)));
}

static bool must_wait(const Call *call)
{
        if (call->unordered || is_of_kind(call, JOB_ABORT))
                return false;
        for (const Call *other = call->caller->calls; other; other = other->next)
                if (!is_of_kind(other, JOB_APART) &&
                        in_line(other, call->object, is_of_kind(call, JOB_BESIDE)))
                        return true;
        return false;
}

static void call_enter(Call *call)
{
        Caller *caller = caller_ref(call->caller);

        object_ref(call->object);
        call->suspends = may_suspend(call);
        call->waiting = must_wait(call);
        call->previous = caller->calls_tail;
        *(call->previous ? &call->previous->next : &caller->calls) = call;
        caller->calls_tail = call;
        caller->n_calls++;
        calls.n_in_work++;
}

void call_begin(Call *call)
{
        call_enter(call);
        if (!call->waiting)
                call_start(call);
}

void call_refuse(Call *call, const GError *error)
{
        call_enter(call);
        call->door->refuse(call, error);
        call_end(call);
}

unsigned calls_in_work(void)
{
        return calls.n_in_work;
}

uint64_t calls_last(void)
{
        return calls.last;
}

void operate_init(void)
{
        for (unsigned i = 0; i < n_class_faces; i++)
                for (unsigned m = 0; m < class_faces[i].class->n_methods; m++)
                        g_assert(class_faces[i].class->methods[m].out_size <= sizeof(Results));
        calls.last = fiber_now();
}

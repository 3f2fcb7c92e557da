/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The objects of a peer, as they are shown here. */

#include <errno.h>
#include <string.h>

#include "drivers/remote/remote.h"
#include "drivers/wire/map.h"

/* Objects that are asked about at once. */
#define FILL_AHEAD 32
/* How long an object that we have removed waits for the event that tells of it. */
#define TOLD_DEADLINE (2 * G_USEC_PER_SEC)

/* Flags of the list of domains. */
#define ACTIVE 1
#define HAS_SNAPSHOT (1 << 12)
#define HAS_CHECKPOINT (1 << 14)

int mirror_lock(RemoteConnection *self, GError **error)
{
        int r = fiber_lock(
                &self->mirror, "the mirror of a peer", fiber_deadline(LINK_QUERY_DEADLINE));

        if (r < 0)
                return error_set(error,
                        r == -ETIMEDOUT ? ERROR_OPERATION_TIMEOUT : ERROR_OPERATION_ABORTED,
                        "the objects of the peer are still being listed");
        return 0;
}

/* Coming and going. */

static void mirror_object_free(Object *object)
{
        MirrorObject *self = (MirrorObject *)object;

        if (object->class == &node_device_class) {
                g_free(self->node_device.wwnn);
                g_free(self->node_device.wwpn);
        }
        g_free(self);
}

/* Where the properties of each class begin. */
static void *properties_of(const MirrorKind *kind, MirrorObject *object)
{
        switch (mirror_kind_id(kind)) {
        case MIRROR_DOMAIN:
                return &object->domain.properties;
        case MIRROR_NETWORK:
                return &object->network.properties;
        case MIRROR_POOL:
                return &object->pool.properties;
        case MIRROR_VOLUME:
                return &object->volume.properties;
        case MIRROR_NODE_DEVICE:
                return &object->node_device.properties;
        case MIRROR_SECRET:
                return &object->secret.properties;
        case MIRROR_FILTER:
                return &object->filter.properties;
        case MIRROR_INTERFACE:
                return &object->interface.properties;
        case MIRROR_SNAPSHOT:
                return &object->snapshot.properties;
        default:
                return &object->checkpoint.properties;
        }
}

static bool is_child_of_domain(const MirrorKind *kind)
{
        return kind->parent == MIRROR_DOMAIN;
}

/* Nowhere yet: it is to be filled first. A volume is of the pool that had it in its list, whatever
 * the peer calls that now. */
static MirrorObject *object_new(
        RemoteConnection *self, const MirrorKind *kind, Object *parent, const void *name)
{
        MirrorObject *object = g_new0(MirrorObject, 1);

        child_init(&object->object, kind->class, properties_of(kind, object),
                is_child_of_domain(kind) ? parent : &self->connection.object, mirror_object_free);
        if (mirror_kind_id(kind) == MIRROR_VOLUME)
                object_set(object, STORAGE_VOL_PROPERTY_POOL, &parent);
        kind->identify(object, name);
        return object;
}

static GPtrArray **children_of(Domain *domain, const MirrorKind *kind)
{
        return mirror_kind_id(kind) == MIRROR_SNAPSHOT ? &domain->snapshots : &domain->checkpoints;
}

/* What it is gone with: its domain, its pool, or the connection. */
static const Object *whole_of(const MirrorObject *object)
{
        return object->object.class == &storage_vol_class ? object->volume.properties.pool :
                                                            object->object.parent;
}

/* Whatever has one of the identities of the new one must be gone, for the peer has the new one. But
 * two pools may show the same file, and a list may have a name twice: then the first one has it. */
static bool make_room(RemoteConnection *self, const MirrorKind *kind, MirrorObject *object)
{
        MirrorObject *other;

        if (is_child_of_domain(kind))
                return !domain_find_child(*children_of((Domain *)object->object.parent, kind),
                        mirror_kind_id(kind) == MIRROR_SNAPSHOT ?
                                object->snapshot.properties.name :
                                object->checkpoint.properties.name);
        while ((other = registry_rival(&self->connection.registry, object))) {
                if (other->object.class == &storage_vol_class)
                        return false;
                events_tell_removed(self, other);
                mirror_remove(self, other);
        }
        return true;
}

static void object_add(RemoteConnection *self, const MirrorKind *kind, MirrorObject *object)
{
        if (!make_room(self, kind, object))
                return;
        if (is_child_of_domain(kind))
                domain_add_child(children_of((Domain *)object->object.parent, kind), object);
        else
                registry_add(&self->connection.registry, object);
        events_known(object);
        if (object->object.parent->published)
                object_publish(object);
}

/* The objects of a kind that are here; parent says whose where the kind has parents. References. */
static GPtrArray *objects_of(RemoteConnection *self, const MirrorKind *kind, const Object *parent)
{
        GPtrArray *list = g_ptr_array_new_with_free_func(object_unref_notify);
        GHashTableIter iter;
        void *object;

        if (is_child_of_domain(kind)) {
                GPtrArray *children = *children_of((Domain *)parent, kind);

                for (unsigned i = 0; children && i < children->len; i++)
                        g_ptr_array_add(list, object_ref(children->pdata[i]));
                return list;
        }
        g_hash_table_iter_init(&iter, registry_all(&self->connection.registry, kind->key));
        while (g_hash_table_iter_next(&iter, NULL, &object))
                if (!parent || ((StorageVol *)object)->properties.pool == parent)
                        g_ptr_array_add(list, object_ref(object));
        return list;
}

static void remove_children(RemoteConnection *self, MirrorKindId id, Object *parent)
{
        g_autoptr(GPtrArray) children = objects_of(self, &mirror_kinds[id], parent);

        for (unsigned i = 0; i < children->len; i++)
                mirror_remove(self, children->pdata[i]);
}

void mirror_remove(RemoteConnection *self, MirrorObject *object)
{
        const MirrorKind *kind = mirror_kind(object->object.class);
        MirrorKindId id = mirror_kind_id(kind);

        if (object->object.gone)
                return;
        for (MirrorKindId child = 0; child < _MIRROR_KIND_MAX; child++)
                if (mirror_kinds[child].parent == id)
                        remove_children(self, child, &object->object);
        if (is_child_of_domain(kind))
                domain_remove_child(children_of((Domain *)object->object.parent, kind), object);
        else
                registry_remove(&self->connection.registry, object);
}

void mirror_clear(RemoteConnection *self)
{
        for (MirrorKindId id = 0; id < _MIRROR_KIND_MAX; id++) {
                g_autoptr(GPtrArray) all = NULL;

                if (is_child_of_domain(&mirror_kinds[id]))
                        continue;
                all = objects_of(self, &mirror_kinds[id], NULL);
                for (unsigned i = 0; i < all->len; i++)
                        mirror_remove(self, all->pdata[i]);
        }
}

static void publish_all(GPtrArray *objects)
{
        for (unsigned i = 0; i < objects->len; i++)
                if (!((Object *)objects->pdata[i])->published)
                        object_publish(objects->pdata[i]);
}

void mirror_publish(RemoteConnection *self)
{
        g_autoptr(GPtrArray) domains = objects_of(self, &mirror_kinds[MIRROR_DOMAIN], NULL);

        for (MirrorKindId id = 0; id < _MIRROR_KIND_MAX; id++) {
                const MirrorKind *kind = &mirror_kinds[id];

                for (unsigned i = 0; is_child_of_domain(kind) && i < domains->len; i++) {
                        g_autoptr(GPtrArray) children = objects_of(self, kind, domains->pdata[i]);

                        publish_all(children);
                }
                if (!is_child_of_domain(kind)) {
                        g_autoptr(GPtrArray) all = objects_of(self, kind, NULL);

                        publish_all(all);
                }
        }
}

/* Properties. */

/* Arguments that begin with the name of an object and a number. */
typedef union Args {
        uint64_t align;
        char bytes[WIRE_DATA_MAX];
} Args;

static void args_set_number(Args *args, char letter, int32_t number)
{
        const char layout[] = { letter, 'i', '\0' };
        const WireType type = wire_type(layout);
        const WireType after = wire_type("i");

        memcpy(args->bytes + wire_align(type.size, &after), &number, sizeof number);
}

static void args_fill(Args *args, char letter, const Object *object, int32_t number)
{
        *args = (Args){ 0 };
        wire_name(letter, object, args->bytes);
        args_set_number(args, letter, number);
}

static void args_clear(Args *args, char letter)
{
        const char layout[] = { letter, '\0' };

        wire_clear(layout, args->bytes);
}

void mirror_fill_begin(RemoteConnection *self, MirrorFill *fill, MirrorObject *object)
{
        const MirrorKind *kind = mirror_kind(object->object.class);
        Args args;

        *fill = (MirrorFill){
                .object = (MirrorObject *)object_ref(object),
                .number = ++object->asked,
        };
        args_fill(&args, kind->letter, &object->object, 0);
        for (unsigned i = 0; i < MIRROR_STEPS_MAX && kind->steps[i].procedure; i++) {
                const MirrorStep *step = &kind->steps[i];
                RemoteLink *link = fill->error ? NULL : self->link;

                if (step->once && object->applied > 0)
                        continue;
                if (!link)
                        break;
                args_set_number(&args, kind->letter, step->argument);
                if (remote_call_send(&fill->calls[i], link, step->procedure, args.bytes, NULL, 0,
                            NULL, fiber_deadline(LINK_QUERY_DEADLINE), &fill->error) < 0)
                        break;
        }
        args_clear(&args, kind->letter);
}

/* An answer that is an error: the peer lacks the procedure, or this object has no such thing, which
 * leaves the property alone; or it lacks the object. */
static MirrorState judge(
        RemoteConnection *self, const MirrorKind *kind, GError *problem, GError **error)
{
        bool missing = error_is(problem, kind->missing);
        bool fatal = !self->link || remote_link_problem(self->link) ||
                error_is(problem, ERROR_OPERATION_TIMEOUT) ||
                error_is(problem, ERROR_OPERATION_ABORTED);

        if (fatal && !missing) {
                g_propagate_error(error, problem);
                return MIRROR_FAILED;
        }
        g_error_free(problem);
        return missing ? MIRROR_GONE : MIRROR_TRUE;
}

/* Suspends. */
static MirrorState take_answers(RemoteConnection *self, MirrorFill *fill, GError **error)
{
        MirrorObject *object = fill->object;
        const MirrorKind *kind = mirror_kind(object->object.class);
        const void *answers[MIRROR_STEPS_MAX] = { NULL };
        MirrorState state = MIRROR_TRUE;

        if (fill->error) {
                g_propagate_error(error, g_steal_pointer(&fill->error));
                state = MIRROR_FAILED;
        } else if (!self->link) {
                error_set(error, ERROR_RPC, "the link to the peer is lost");
                state = MIRROR_FAILED;
        }
        for (unsigned i = 0; state == MIRROR_TRUE && i < MIRROR_STEPS_MAX; i++) {
                GError *problem = NULL;

                if (!fill->calls[i].link)
                        continue;
                if (remote_call_finish(&fill->calls[i], &problem) < 0)
                        state = judge(self, kind, problem, error);
                else
                        answers[i] = fill->calls[i].ret.bytes;
        }
        /* A later question may have been answered first. */
        if (state == MIRROR_TRUE && !object->object.gone &&
                (int)(fill->number - object->applied) > 0) {
                if (kind->apply)
                        kind->apply(self, object, answers);
                object->applied = fill->number;
        }
        for (unsigned i = 0; i < MIRROR_STEPS_MAX; i++)
                remote_call_clear(&fill->calls[i]);
        fill->object = object_unref(fill->object);
        return state;
}

MirrorState mirror_fill_end(RemoteConnection *self, MirrorFill *fill, GError **error)
{
        MirrorObject *object = fill->object;
        g_autoptr(Object) held = object_ref(object);
        MirrorState state = take_answers(self, fill, error);

        if (state != MIRROR_TRUE || !object->torn)
                return state;
        /* Once more: it does not change all the time. */
        mirror_fill_begin(self, fill, object);
        return take_answers(self, fill, error);
}

MirrorState mirror_fill(RemoteConnection *self, MirrorObject *object, GError **error)
{
        g_autofree MirrorFill *fill = g_new(MirrorFill, 1);

        mirror_fill_begin(self, fill, object);
        return mirror_fill_end(self, fill, error);
}

/* Suspends. What a question about each object of a list comes to; 0, or -1 where `each` says so. */
typedef int (*FillEach)(
        RemoteConnection *self, MirrorObject *object, MirrorState state, GError **error);

static int fill_all(RemoteConnection *self, GPtrArray *objects, FillEach each, GError **error)
{
        g_autofree MirrorFill *fills = g_new0(MirrorFill, MIN(FILL_AHEAD, objects->len));
        int r = 0;

        for (unsigned i = 0; i < objects->len + FILL_AHEAD; i++) {
                MirrorFill *fill = &fills[i % FILL_AHEAD];

                if (i >= FILL_AHEAD && fill->object) {
                        g_autoptr(GError) problem = NULL;
                        MirrorState state = mirror_fill_end(self, fill, &problem);

                        if (state == MIRROR_FAILED && r == 0)
                                g_propagate_error(error, g_steal_pointer(&problem));
                        if (state == MIRROR_FAILED)
                                r = -1;
                        else if (r == 0)
                                r = each(self, objects->pdata[i - FILL_AHEAD], state, error);
                }
                if (i < objects->len && r == 0)
                        mirror_fill_begin(self, fill, objects->pdata[i]);
        }
        return r;
}

/* Lists. */

/* An object that was in a list for the first time, with its properties. */
static int take_new(RemoteConnection *self, MirrorObject *object, MirrorState state, GError **error)
{
        if (self->stopping)
                return error_set(error, ERROR_OPERATION_ABORTED, "the connection is being closed");
        /* Gone again already. */
        if (state == MIRROR_GONE || whole_of(object)->gone)
                return 0;
        object_add(self, mirror_kind(object->object.class), object);
        if (self->connection.object.published)
                events_tell_added(self, object);
        return 0;
}

static int take_old(RemoteConnection *self, MirrorObject *object, MirrorState state, GError **error)
{
        (void)error;
        if (state == MIRROR_GONE && !object->object.gone) {
                events_tell_removed(self, object);
                mirror_remove(self, object);
        } else {
                events_tell_state(self, object);
        }
        return 0;
}

/* Suspends. The names of a list: call->ret begins with an array of them. flags are for a list of
 * the host's. */
static int ask_list(RemoteConnection *self, const MirrorKind *kind, Object *parent, uint32_t flags,
        RemoteCall *call, GError **error)
{
        RemoteLink *link = self->link;
        char letter = parent ? mirror_kinds[kind->parent].letter : 0;
        const struct {
                int32_t need_results;
                uint32_t flags;
        } all = { .need_results = 1, .flags = flags };
        Args args = { 0 };
        int r;

        if (!link)
                return error_set(error, ERROR_RPC, "the link to the peer is lost");
        if (letter)
                args_fill(&args, letter, parent, all.need_results);
        else
                memcpy(args.bytes, &all, sizeof all);
        r = remote_call(call, link, kind->list, args.bytes, error);
        if (letter)
                args_clear(&args, letter);
        return r;
}

/* What is not in the list is gone. */
static void drop_unseen(RemoteConnection *self, GPtrArray *objects)
{
        for (unsigned i = objects->len; i-- > 0;) {
                MirrorObject *object = objects->pdata[i];

                if (object->seen)
                        continue;
                events_tell_removed(self, object);
                mirror_remove(self, object);
                g_ptr_array_remove_index(objects, i);
        }
}

int mirror_list(
        RemoteConnection *self, MirrorKindId id, Object *parent, bool refill, GError **error)
{
        const MirrorKind *kind = &mirror_kinds[id];
        const char letter[] = { kind->letter, '\0' };
        g_auto(RemoteCall) call = { 0 };
        g_autoptr(GPtrArray) before = NULL, new = NULL;
        const Array *names;

        if (ask_list(self, kind, parent, 0, &call, error) < 0)
                return -1;
        names = (const Array *)call.ret.bytes;
        before = objects_of(self, kind, parent);
        new = g_ptr_array_new_with_free_func(object_unref_notify);
        for (unsigned i = 0; i < before->len; i++)
                ((MirrorObject *)before->pdata[i])->seen = false;
        for (size_t i = 0; i < names->n; i++) {
                const void *name = (const char *)names->items + i * wire_size(letter);
                MirrorObject *object = kind->find(self, parent, name);

                if (object)
                        object->seen = true;
                else
                        g_ptr_array_add(new, object_new(self, kind, parent, name));
        }
        drop_unseen(self, before);
        if (refill && fill_all(self, before, take_old, error) < 0)
                return -1;
        return fill_all(self, new, take_new, error);
}

int mirror_list_volumes(RemoteConnection *self, MirrorObject *pool, GError **error)
{
        if (pool->pool.properties.active)
                return mirror_list(self, MIRROR_VOLUME, &pool->object, true, error);
        remove_children(self, MIRROR_VOLUME, &pool->object);
        return 0;
}

/* Suspends. The children of those domains that have any: few do. */
static int list_domain_children(
        RemoteConnection *self, MirrorKindId id, uint32_t flag, GError **error)
{
        const MirrorKind *domains = &mirror_kinds[MIRROR_DOMAIN];
        g_autoptr(GPtrArray) all = objects_of(self, domains, NULL);
        g_auto(RemoteCall) call = { 0 };
        const WireConnectListAllDomainsRet *list =
                (const WireConnectListAllDomainsRet *)call.ret.bytes;

        for (unsigned i = 0; i < all->len; i++)
                ((MirrorObject *)all->pdata[i])->seen =
                        *children_of(all->pdata[i], &mirror_kinds[id]) != NULL;
        if (ask_list(self, domains, NULL, flag, &call, error) < 0)
                return -1;
        for (size_t i = 0; i < list->domains.n; i++) {
                MirrorObject *domain = domains->find(self, NULL, &list->domains.items[i]);

                if (domain)
                        domain->seen = true;
        }
        for (unsigned i = 0; i < all->len; i++) {
                MirrorObject *domain = all->pdata[i];

                if (domain->seen && !domain->object.gone &&
                        mirror_list(self, id, &domain->object, true, error) < 0)
                        return -1;
        }
        return 0;
}

/* Whether the mirror is of use without what this error kept from it: a peer may lack a whole kind
 * of objects, or be unable to tell of one. */
static bool may_go_on(RemoteConnection *self, MirrorKindId id, GError **problem)
{
        if (!self->link || self->stopping || remote_link_problem(self->link) ||
                error_is(*problem, ERROR_OPERATION_TIMEOUT) ||
                error_is(*problem, ERROR_OPERATION_ABORTED))
                return false;
        /* Who asks for them is to hear it from the peer. */
        self->tells[id] = false;
        if (!error_is(*problem, ERROR_NO_SUPPORT))
                g_warning("%s: cannot list objects of the class %s: %s", self->target->uri->text,
                        mirror_kinds[id].class->name, (*problem)->message);
        g_clear_error(problem);
        return true;
}

/* Suspends. Everything of one kind. */
static int list_kind(RemoteConnection *self, MirrorKindId id, GError **error)
{
        const MirrorKind *kind = &mirror_kinds[id];
        g_autoptr(GPtrArray) pools = NULL;

        if (kind->parent == _MIRROR_KIND_MAX)
                return mirror_list(self, id, NULL, true, error);
        if (kind->parent == MIRROR_DOMAIN)
                return list_domain_children(
                        self, id, id == MIRROR_SNAPSHOT ? HAS_SNAPSHOT : HAS_CHECKPOINT, error);
        pools = objects_of(self, &mirror_kinds[MIRROR_POOL], NULL);
        for (unsigned i = 0; i < pools->len; i++)
                if (mirror_list_volumes(self, pools->pdata[i], error) < 0)
                        return -1;
        return 0;
}

int mirror_list_all(RemoteConnection *self, bool told, GError **error)
{
        for (MirrorKindId id = 0; id < _MIRROR_KIND_MAX; id++) {
                GError *problem = NULL;

                if (told && self->tells[id])
                        continue;
                if (list_kind(self, id, &problem) < 0 && !may_go_on(self, id, &problem)) {
                        g_propagate_error(error, problem);
                        return -1;
                }
        }
        return 0;
}

/* Names that come with replies and events. */

/* Suspends. The object whose child a name is of; a reference, or NULL for the host's. */
static int ensure_parent(RemoteConnection *self, const MirrorKind *kind, const void *name,
        Object **ret, GError **error)
{
        Registry *registry = &self->connection.registry;
        Object *pool;

        *ret = NULL;
        if (kind->parent == _MIRROR_KIND_MAX)
                return 0;
        /* The structs that name a snapshot and a checkpoint are alike. */
        if (is_child_of_domain(kind))
                return mirror_ensure(self, &mirror_kinds[MIRROR_DOMAIN],
                        &((const WireSnapshot *)name)->dom, ret, error);
        pool = registry_find(registry, STORAGE_POOL_BY_NAME, ((const WireVol *)name)->pool);
        if (!pool && mirror_list(self, MIRROR_POOL, NULL, false, error) < 0)
                return -1;
        pool = registry_find(registry, STORAGE_POOL_BY_NAME, ((const WireVol *)name)->pool);
        if (!pool)
                return error_set(error, ERROR_NO_STORAGE_POOL,
                        "no storage pool with matching name '%s'", ((const WireVol *)name)->pool);
        *ret = object_ref(pool);
        return 0;
}

int mirror_ensure(RemoteConnection *self, const MirrorKind *kind, const void *name, Object **ret,
        GError **error)
{
        g_autoptr(Object) parent = NULL;
        g_autoptr(Object) object = NULL;
        MirrorObject *found;
        MirrorState state;

        if (ensure_parent(self, kind, name, &parent, error) < 0)
                return -1;
        found = kind->find(self, parent, name);
        if (found) {
                *ret = object_ref(found);
                return 0;
        }
        found = object_new(self, kind, parent, name);
        object = &found->object;
        state = mirror_fill(self, found, error);
        if (state == MIRROR_FAILED)
                return -1;
        if (state == MIRROR_GONE || self->stopping || whole_of(found)->gone)
                return error_set(error, kind->missing, "it is gone again");
        object_add(self, kind, found);
        *ret = g_steal_pointer(&object);
        return 0;
}

/* After calls of ours. */

/* Suspends. What has come up to now is told before the reply is. */
static void wait_for_events(RemoteConnection *self)
{
        uint64_t deadline = fiber_deadline(TOLD_DEADLINE), until = self->n_arrived;

        while (self->ready && self->n_told < until)
                if (fiber_queue_wait(&self->told, "an event of the peer", deadline) < 0)
                        break;
}

/* Suspends. The event that tells of the end comes before or after the reply; who hears of it ought
 * to find the object still there. */
static void wait_until_told(RemoteConnection *self, MirrorObject *object)
{
        const MirrorKind *kind = mirror_kind(object->object.class);
        uint64_t deadline = fiber_deadline(TOLD_DEADLINE);

        while (!object->object.gone && self->link && self->tells[mirror_kind_id(kind)])
                if (fiber_queue_wait(&self->told, "an event of the peer", deadline) < 0)
                        break;
        if (object->object.gone)
                return;
        events_tell_removed(self, object);
        mirror_remove(self, object);
}

static int look_again(RemoteConnection *self, Object *object, GError **error)
{
        MirrorState state = mirror_fill(self, (MirrorObject *)object, error);

        if (state == MIRROR_GONE)
                wait_until_told(self, (MirrorObject *)object);
        return state == MIRROR_FAILED ? -1 : 0;
}

/* Suspends. A list, with the lock. */
static int list_again(RemoteConnection *self, MirrorKindId id, Object *parent, GError **error)
{
        int r;

        if (mirror_lock(self, error) < 0)
                return -1;
        r = id == MIRROR_VOLUME ? mirror_list_volumes(self, (MirrorObject *)parent, error) :
                                  mirror_list(self, id, parent, true, error);
        mirror_unlock(self);
        return r;
}

/* Suspends. The children of a domain that the method is about: its name begins with theirs. */
static int list_children_again(
        RemoteConnection *self, Object *domain, const MethodInfo *method, GError **error)
{
        static const struct {
                const char *prefix;
                MirrorKindId kind;
        } rows[] = {
                { "Snapshot", MIRROR_SNAPSHOT },
                { "Checkpoint", MIRROR_CHECKPOINT },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
                if (g_str_has_prefix(method->name, rows[i].prefix))
                        return list_again(self, rows[i].kind, domain, error);
        return 0;
}

/* Suspends. Some domain was started; which one, the peer did not say, but since then it has another
 * id than here. It is told of by the event. */
static int look_for_started(RemoteConnection *self, GError **error)
{
        const MirrorKind *kind = &mirror_kinds[MIRROR_DOMAIN];
        g_auto(RemoteCall) call = { 0 };
        const WireConnectListAllDomainsRet *list =
                (const WireConnectListAllDomainsRet *)call.ret.bytes;
        int r = ask_list(self, kind, NULL, ACTIVE, &call, error);

        for (size_t i = 0; r == 0 && i < list->domains.n; i++) {
                const WireDomain *name = &list->domains.items[i];
                g_autoptr(GError) problem = NULL;
                g_autoptr(Object) domain = NULL;

                if ((r = mirror_lock(self, error)) < 0)
                        break;
                r = mirror_ensure(self, kind, name, &domain, &problem);
                mirror_unlock(self);
                if (r == 0 && ((Domain *)domain)->properties.id != (uint32_t)name->id)
                        r = look_again(self, domain, &problem);
                /* Gone again is none of ours. */
                if (r < 0 && error_is(problem, kind->missing))
                        r = 0;
                if (r < 0)
                        g_propagate_error(error, g_steal_pointer(&problem));
        }
        return r;
}

/* Suspends. A method of the connection: what it made was given with its reply, but a few do not say
 * what they change. */
static int host_changed(RemoteConnection *self, const MethodInfo *method, GError **error)
{
        switch (method - connection_class.methods) {
        case CONNECTION_METHOD_DOMAIN_RESTORE:
                return look_for_started(self, error);
        case CONNECTION_METHOD_INTERFACE_CHANGE_BEGIN:
        case CONNECTION_METHOD_INTERFACE_CHANGE_COMMIT:
        case CONNECTION_METHOD_INTERFACE_CHANGE_ROLLBACK:
                return list_again(self, MIRROR_INTERFACE, NULL, error);
        default:
                return 0;
        }
}

static int changed(RemoteConnection *self, Object *object, const MethodInfo *method, GError **error)
{
        const MirrorKind *kind = mirror_kind(object->class);
        Object *pool;

        if (!kind)
                return host_changed(self, method, error);
        if (object->gone)
                return 0;
        switch (mirror_kind_id(kind)) {
        case MIRROR_DOMAIN:
                if (method && list_children_again(self, object, method, error) < 0)
                        return -1;
                return look_again(self, object, error);
        case MIRROR_SNAPSHOT:
        case MIRROR_CHECKPOINT:
                if (list_again(self, mirror_kind_id(kind), object->parent, error) < 0)
                        return -1;
                return look_again(self, object->parent, error);
        case MIRROR_VOLUME:
                pool = ((StorageVol *)object)->properties.pool;
                if (look_again(self, object, error) < 0)
                        return -1;
                return look_again(self, pool, error);
        case MIRROR_POOL:
                if (look_again(self, object, error) < 0)
                        return -1;
                return object->gone ? 0 : list_again(self, MIRROR_VOLUME, object, error);
        case MIRROR_FILTER:
                /* There is nothing to ask about one, but whether it is in the list. */
                return list_again(self, MIRROR_FILTER, NULL, error);
        default:
                return look_again(self, object, error);
        }
}

void mirror_changed(RemoteConnection *self, Object *object, const MethodInfo *method)
{
        g_autoptr(GError) problem = NULL;

        /* The call has succeeded; that we could not look is no failure of its. */
        if (changed(self, object, method, &problem) >= 0)
                wait_for_events(self);
        else
                g_info("%s: cannot look at an object again: %s", self->target->uri->text,
                        problem->message);
}

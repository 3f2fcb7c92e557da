/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/test/moments.h"

#include <string.h>

static GPtrArray **list_of(const MomentKind *kind, const Domain *domain)
{
        return (GPtrArray **)((char *)domain + kind->list);
}

static const char *string_of(const Moment *moment, unsigned property)
{
        const Object *object = &moment->object;

        return *(char **)object_value(object, &object->class->properties[property]);
}

static unsigned count(const MomentKind *kind, const Domain *domain)
{
        const GPtrArray *list = *list_of(kind, domain);

        return list ? list->len : 0;
}

static Moment *nth(const MomentKind *kind, const Domain *domain, unsigned i)
{
        return (*list_of(kind, domain))->pdata[i];
}

Moment *moment_find(const MomentKind *kind, const Domain *domain, const char *name)
{
        return name ? (Moment *)domain_find_child(*list_of(kind, domain), name) : NULL;
}

Moment *moment_current(const MomentKind *kind, const Domain *domain)
{
        for (unsigned i = 0; i < count(kind, domain); i++)
                if (nth(kind, domain, i)->current)
                        return nth(kind, domain, i);
        return NULL;
}

static void set_current(const MomentKind *kind, Moment *moment, bool current)
{
        moment->current = current;
        if (kind->current >= 0)
                object_set_bool(moment, (unsigned)kind->current, current);
}

void moment_set_current(const MomentKind *kind, const Domain *domain, Moment *moment)
{
        Moment *old = moment_current(kind, domain);

        if (old && old != moment)
                set_current(kind, old, false);
        if (moment)
                set_current(kind, moment, true);
}

static void set_parent(const MomentKind *kind, Moment *moment, const char *parent)
{
        char *copy = parent && parent[0] ? g_strdup(parent) : NULL;

        g_free(*moment->parent);
        *moment->parent = copy;
        object_set_string(moment, kind->parent, copy);
}

static bool descends(
        const MomentKind *kind, const Domain *domain, const char *name, const char *ancestor)
{
        for (unsigned steps = 0; name && steps <= count(kind, domain); steps++) {
                const Moment *moment = moment_find(kind, domain, name);

                if (strcmp(name, ancestor) == 0)
                        return true;
                name = moment ? *moment->parent : NULL;
        }
        return false;
}

int moment_check_new(const MomentKind *kind, const Domain *domain, const char *name, GError **error)
{
        if (moment_find(kind, domain, name))
                return error_set(
                        error, ERROR_OPERATION_FAILED, "domain moment %s already exists", name);
        return 0;
}

int moment_check_redefined(const MomentKind *kind, const Domain *domain, const char *name,
        const char *parent, const DomainConfig *config, GError **error)
{
        if (parent && strcmp(parent, name) == 0)
                return error_set(error, ERROR_INVALID_ARG, "cannot set %s %s as its own parent",
                        kind->noun, name);
        if (parent && !moment_find(kind, domain, parent))
                return error_set(error, ERROR_INVALID_ARG, "parent %s for %s %s not found", parent,
                        kind->noun, name);
        if (parent && descends(kind, domain, parent, name))
                return error_set(error, ERROR_INVALID_ARG, "parent %s would create cycle to %s",
                        parent, name);
        if (config && g_strcmp0(config->uuid, domain->properties.uuid) != 0)
                return error_set(error, ERROR_INVALID_ARG, "definition for %s %s must use uuid %s",
                        kind->noun, name, domain->properties.uuid);
        return 0;
}

void moment_add(const MomentKind *kind, Domain *domain, Moment *moment)
{
        domain_add_child(list_of(kind, domain), moment);
        if (domain->object.published)
                object_publish(moment);
        object_unref(moment);
}

void moment_remove(const MomentKind *kind, Domain *domain, Moment *moment)
{
        domain_remove_child(list_of(kind, domain), moment);
}

int moment_require_here(const MomentKind *kind, const Moment *moment, GError **error)
{
        if (!moment->object.gone)
                return 0;
        return error_set(error, kind->missing, "no domain %s with matching name '%s'", kind->noun,
                string_of(moment, kind->name));
}

/* All below it; true where the current one was among them. */
static bool delete_below(const MomentKind *kind, Domain *domain, const Moment *moment)
{
        g_autoptr(GPtrArray) below = g_ptr_array_new();
        bool current = false;

        for (unsigned i = 0; i < count(kind, domain); i++) {
                Moment *other = nth(kind, domain, i);

                if (other != moment &&
                        descends(kind, domain, string_of(other, kind->name),
                                string_of(moment, kind->name))) {
                        current |= other->current;
                        g_ptr_array_add(below, other);
                }
        }
        for (unsigned i = 0; i < below->len; i++)
                moment_remove(kind, domain, below->pdata[i]);
        return current;
}

static void pass_children_on(const MomentKind *kind, const Domain *domain, const Moment *moment)
{
        for (unsigned i = 0; i < count(kind, domain); i++) {
                Moment *other = nth(kind, domain, i);

                if (g_strcmp0(*other->parent, string_of(moment, kind->name)) == 0)
                        set_parent(kind, other, *moment->parent);
        }
}

int moment_delete(const MomentKind *kind, Moment *moment, uint32_t flags, GError **error)
{
        Domain *domain = (Domain *)moment->object.parent;
        bool below = flags & (MOMENT_DELETE_CHILDREN | MOMENT_DELETE_CHILDREN_ONLY);
        bool current = moment->current;
        Moment *parent;

        if ((flags & MOMENT_DELETE_CHILDREN) && (flags & MOMENT_DELETE_CHILDREN_ONLY))
                return error_set(error, ERROR_INVALID_ARG,
                        "flags to delete with the children and the children only exclude each other");
        if (moment_require_here(kind, moment, error) < 0)
                return -1;
        parent = moment_find(kind, domain, *moment->parent);
        if (below)
                current |= delete_below(kind, domain, moment);
        if (flags & MOMENT_DELETE_CHILDREN_ONLY) {
                if (current)
                        moment_set_current(kind, domain, moment);
                return 0;
        }
        if (!below)
                pass_children_on(kind, domain, moment);
        moment_remove(kind, domain, moment);
        if (current && (!below || kind->parent_follows))
                moment_set_current(kind, domain, parent);
        return 0;
}

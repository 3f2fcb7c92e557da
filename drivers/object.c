/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/object.h"

#include <string.h>

static const ObjectSink *sinks[OBJECT_SINKS_MAX];
static unsigned n_sinks;

void object_add_sink(const ObjectSink *sink)
{
        g_assert(n_sinks < OBJECT_SINKS_MAX);
        sinks[n_sinks++] = sink;
}

void object_remove_sink(const ObjectSink *sink)
{
        unsigned kept = 0;

        for (unsigned i = 0; i < n_sinks; i++)
                if (sinks[i] != sink)
                        sinks[kept++] = sinks[i];
        n_sinks = kept;
}

/* Tells those that listen for it. */
#define TELL(event, ...)                                   \
        for (unsigned sink_ = 0; sink_ < n_sinks; sink_++) \
                if (sinks[sink_]->event)                   \
        sinks[sink_]->event(__VA_ARGS__)

void object_init(Object *object, const ClassInfo *class, const void *operations, void *properties,
        Object *parent, void (*free_)(Object *))
{
        *object = (Object){
                .class = class,
                .operations = operations,
                .properties = properties,
                .parent = parent ? object_ref(parent) : NULL,
                .free = free_,
                .n_ref = 1,
        };
        memset(properties, 0, class->properties_size);
}

Object *object_ref(void *object)
{
        Object *self = object;

        self->n_ref++;
        return self;
}

void *object_unref(void *object)
{
        Object *self = object, *parent;

        if (!self || --self->n_ref > 0)
                return NULL;
        parent = self->parent;
        if (self->face)
                TELL(freed, self);
        for (unsigned i = 0; i < self->class->n_properties; i++)
                layout_clear(self->class->properties[i].signature,
                        object_value(self, &self->class->properties[i]));
        self->free(self);
        object_unref(parent);
        return NULL;
}

void object_unref_notify(void *object)
{
        object_unref(object);
}

void object_publish(void *object)
{
        Object *self = object;

        g_assert(!self->published && !self->gone);
        self->published = true;
        self->changed = 0;
        object_ref(self);
        TELL(added, self);
}

void object_withdraw(void *object)
{
        Object *self = object;

        if (self->gone)
                return;
        self->gone = true;
        if (!self->published)
                return;
        self->published = false;
        TELL(removed, self);
        object_unref(self);
}

/* The signature of a property is one complete type, so its struct is that value alone. */
void object_set(void *object, unsigned property, const void *value)
{
        Object *self = object;
        const PropertyInfo *info = &self->class->properties[property];
        void *place = object_value(self, info);
        bool first;

        g_assert(property < self->class->n_properties && property < 64);
        if (layout_equal(info->signature, place, value))
                return;
        layout_clear(info->signature, place);
        layout_copy(info->signature, value, place);
        if (info->emits == PROPERTY_EMITS_NONE)
                return;

        first = self->changed == 0;
        self->changed |= UINT64_C(1) << property;
        if (first && self->published)
                TELL(changed, self);
}

static void set_basic(Object *self, unsigned property, char code, const void *value)
{
        g_assert(self->class->properties[property].signature[0] == code);
        object_set(self, property, value);
}

void object_set_bool(void *object, unsigned property, bool value)
{
        int number = value;

        set_basic(object, property, 'b', &number);
}

void object_set_int32(void *object, unsigned property, int32_t value)
{
        set_basic(object, property, 'i', &value);
}

void object_set_uint32(void *object, unsigned property, uint32_t value)
{
        set_basic(object, property, 'u', &value);
}

void object_set_uint64(void *object, unsigned property, uint64_t value)
{
        set_basic(object, property, 't', &value);
}

void object_set_string(void *object, unsigned property, const char *value)
{
        set_basic(object, property, 's', &value);
}

void object_emit(void *object, unsigned signal, const void *arguments)
{
        Object *self = object;

        if (self->published)
                TELL(signal, self, &self->class->signals[signal], arguments);
}

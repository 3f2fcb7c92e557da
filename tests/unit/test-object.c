/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Objects tell their sink of what happens to them, once and in order. */

#include <string.h>

#include "drivers/driver.h"

static GString *story;

static void told(const char *what, const Object *object)
{
        g_string_append_printf(story, "%s %s;", what, ((const Connection *)object)->label);
}

static void on_added(Object *object)
{
        object->face = object;
        told("added", object);
}

static void on_removed(Object *object)
{
        told("removed", object);
}

static void on_freed(Object *object)
{
        object->face = NULL;
        told("freed", object);
}

static void on_changed(Object *object)
{
        told("changed", object);
}

static void on_signal(Object *object, const SignalInfo *info, const void *arguments)
{
        g_assert_nonnull(arguments);
        told(info->name, object);
}

static const ObjectSink sink = {
        .added = on_added,
        .removed = on_removed,
        .freed = on_freed,
        .changed = on_changed,
        .signal = on_signal,
};

static unsigned n_freed;

static void thing_free(Object *object)
{
        n_freed++;
        g_free(object);
}

/* A connection without a driver: an object with properties. */
static Connection *thing_new(const char *label, Connection *parent)
{
        Connection *thing = g_new0(Connection, 1);

        object_init(&thing->object, &connection_class, NULL, &thing->properties,
                parent ? &parent->object : NULL, thing_free);
        thing->label = (char *)label;
        return thing;
}

static void expect(const char *wanted)
{
        g_assert_cmpstr(story->str, ==, wanted);
        g_string_truncate(story, 0);
}

static void test_life(void)
{
        Connection *parent = thing_new("parent", NULL), *child = thing_new("child", parent);
        const ConnectionDomainEventSignal event = { 0 };

        n_freed = 0;
        object_set_string(child, CONNECTION_PROPERTY_HOSTNAME, "before");
        object_emit(child, CONNECTION_SIGNAL_DOMAIN_EVENT, &event);
        expect("");
        object_publish(child);
        expect("added child;");
        object_emit(child, CONNECTION_SIGNAL_DOMAIN_EVENT, &event);
        expect("DomainEvent child;");
        /* The sink is told once until it takes the bits. */
        object_set_string(child, CONNECTION_PROPERTY_HOSTNAME, "after");
        object_set_bool(child, CONNECTION_PROPERTY_SECURE, true);
        expect("changed child;");
        g_assert_cmpuint(child->object.changed, ==,
                UINT64_C(1) << CONNECTION_PROPERTY_HOSTNAME |
                        UINT64_C(1) << CONNECTION_PROPERTY_SECURE);
        child->object.changed = 0;
        object_set_string(child, CONNECTION_PROPERTY_HOSTNAME, "after");
        object_set_bool(child, CONNECTION_PROPERTY_SECURE, true);
        expect("");

        object_withdraw(child);
        expect("removed child;");
        g_assert_true(child->object.gone);
        object_withdraw(child);
        object_set_string(child, CONNECTION_PROPERTY_HOSTNAME, "later");
        object_emit(child, CONNECTION_SIGNAL_DOMAIN_EVENT, &event);
        expect("");
        /* The parent lives as long as the child does. */
        g_assert_null(object_unref(parent));
        g_assert_cmpuint(n_freed, ==, 0);
        object_unref(child);
        expect("freed child;");
        g_assert_cmpuint(n_freed, ==, 2);
        g_assert_null(object_unref(NULL));
}

static void test_withdrawn_before_it_was_shown(void)
{
        Connection *thing = thing_new("thing", NULL);

        object_withdraw(thing);
        g_assert_true(thing->object.gone);
        object_unref(thing);
        expect("");
}

static void test_values(void)
{
        Connection *thing = thing_new("thing", NULL);

        object_set_string(thing, CONNECTION_PROPERTY_URI, NULL);
        g_assert_null(thing->properties.uri);
        object_set_string(thing, CONNECTION_PROPERTY_URI, "x:///");
        object_set_string(thing, CONNECTION_PROPERTY_URI, thing->properties.uri);
        g_assert_cmpstr(thing->properties.uri, ==, "x:///");
        object_set_uint64(thing, CONNECTION_PROPERTY_VERSION, UINT64_MAX);
        g_assert_cmpuint(thing->properties.version, ==, UINT64_MAX);
        object_unref(thing);
}

int main(int argc, char **argv)
{
        int r;

        g_test_init(&argc, &argv, NULL);
        story = g_string_new(NULL);
        object_add_sink(&sink);
        g_test_add_func("/object/life", test_life);
        g_test_add_func(
                "/object/withdrawn-before-it-was-shown", test_withdrawn_before_it_was_shown);
        g_test_add_func("/object/values", test_values);
        r = g_test_run();
        g_string_free(story, TRUE);
        return r;
}

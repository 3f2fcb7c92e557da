/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Network filters, by which nothing is filtered: their documents, and who refers to them. */

#include "drivers/model/nwfilter.h"
#include "drivers/test/objects.h"

typedef struct TestFilter {
        NWFilter filter;
        NwfilterConfig *config;
} TestFilter;

static const TestKind kind = {
        .by_uuid = NW_FILTER_BY_UUID,
        .by_name = NW_FILTER_BY_NAME,
        .uuid = NW_FILTER_PROPERTY_UUID,
        .name = NW_FILTER_PROPERTY_NAME,
        .short_name = "filter",
        .full_name = "nwfilter",
        .missing = ERROR_NO_NWFILTER,
};

static Connection *connection_of(const TestFilter *self)
{
        return (Connection *)self->filter.object.parent;
}

static const char *name_of(const TestFilter *self)
{
        return self->filter.properties.name;
}

static void filter_free(Object *object)
{
        TestFilter *self = (TestFilter *)object;

        nwfilter_config_free(self->config);
        g_free(self);
}

static int require_here(TestFilter *self, GError **error)
{
        return test_require_here(self, kind.full_name, name_of(self), kind.missing, error);
}

/* Added, with no configuration. */
static TestFilter *filter_new(Connection *connection, const NwfilterConfig *config)
{
        TestFilter *self = g_new0(TestFilter, 1);

        child_init(&self->filter.object, &nw_filter_class, &self->filter.properties,
                &connection->object, filter_free);
        object_set_string(self, NW_FILTER_PROPERTY_NAME, config->name);
        object_set_string(self, NW_FILTER_PROPERTY_UUID, config->uuid);
        registry_add(&connection->registry, self);
        object_unref(self); /* the registry has its own */
        return self;
}

/* Adds the names of the filters that it refers to, those that are there and those that are not. */
static void add_references(GPtrArray *names, GHashTable *seen, const NwfilterConfig *config)
{
        for (size_t i = 0; i < config->n_entries; i++) {
                char *name = config->entries[i]->filter;

                if (name && g_hash_table_add(seen, name))
                        g_ptr_array_add(names, name);
        }
}

/* Whether it comes to that filter, by however many others. Filters form no loop, but there can be
 * more in a row than a stack is deep. */
static bool leads_to(Connection *connection, const NwfilterConfig *config, const char *name)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

        add_references(names, seen, config);
        for (unsigned i = 0; i < names->len; i++) {
                const TestFilter *next =
                        registry_find(&connection->registry, NW_FILTER_BY_NAME, names->pdata[i]);

                if (g_str_equal(names->pdata[i], name))
                        return true;
                if (next)
                        add_references(names, seen, next->config);
        }
        return false;
}

int test_nw_filter_define_xml(Connection *connection, const ConnectionNWFilterDefineXMLIn *in,
        ConnectionNWFilterDefineXMLOut *out, GError **error)
{
        g_autoptr(NwfilterConfig) config = NULL;
        TestFilter *self;

        if (nwfilter_config_parse(in->xml, &config, error) < 0)
                return -1;
        nwfilter_config_defaults(config);
        if (nwfilter_config_validate(config, error) < 0 ||
                test_find_same(connection, &kind, config->name, config->uuid, &self, error) < 0)
                return -1;
        if (leads_to(connection, config, config->name))
                return error_set(error, ERROR_OPERATION_FAILED, "filter would introduce a loop");
        if (!self)
                self = filter_new(connection, config);
        nwfilter_config_free(self->config);
        self->config = g_steal_pointer(&config);
        if (!self->filter.object.published)
                object_publish(self);
        out->nwfilter = object_ref(self);
        return 0;
}

static int filter_get_xml_desc(NWFilter *filter, const NWFilterGetXMLDescIn *in,
        NWFilterGetXMLDescOut *out, GError **error)
{
        TestFilter *self = (TestFilter *)filter;

        (void)in;
        if (require_here(self, error) < 0)
                return -1;
        out->xml = nwfilter_config_format(self->config);
        return 0;
}

/* Whether an interface of the domain, which runs, is filtered by it, perhaps through another. */
static bool is_used_by(const TestFilter *self, const DomainConfig *live)
{
        for (size_t i = 0; i < live->devices.n_interfaces; i++) {
                const InterfaceFilter *reference = live->devices.interfaces[i]->filterref;
                const TestFilter *first = reference && reference->filter ?
                        registry_find(&connection_of(self)->registry, NW_FILTER_BY_NAME,
                                reference->filter) :
                        NULL;

                if (first == self ||
                        (first && leads_to(connection_of(self), first->config, name_of(self))))
                        return true;
        }
        return false;
}

static int filter_undefine(
        NWFilter *filter, const NWFilterUndefineIn *in, NWFilterUndefineOut *out, GError **error)
{
        TestFilter *self = (TestFilter *)filter;
        Registry *registry = &connection_of(self)->registry;
        GHashTableIter iter;
        void *domain;

        (void)in, (void)out;
        if (require_here(self, error) < 0)
                return -1;
        g_hash_table_iter_init(&iter, registry_all(registry, DOMAIN_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &domain)) {
                const DomainConfig *live = ((LocalDomain *)domain)->live;

                if (live && is_used_by(self, live))
                        return error_set(error, ERROR_OPERATION_INVALID, "nwfilter is in use");
        }
        registry_remove(registry, self);
        return 0;
}

const NWFilterOperations test_nw_filter_operations = {
        .get_xml_desc = filter_get_xml_desc,
        .undefine = filter_undefine,
};

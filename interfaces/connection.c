/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of org.virtbus1.Connection that are more than one operation: what the registry of
 * domains knows. */

#include <errno.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/model/bind.h"
#include "handlers.h"
#include "service/dispatch.h"

#define READ "org.virtbus1.domain.read"

/* A filter of ListDomains: a pair or group of bits, of which one has to fit if any is given. */
enum {
        LIST_ACTIVE = 1 << 0,
        LIST_INACTIVE = 1 << 1,
        LIST_PERSISTENT = 1 << 2,
        LIST_TRANSIENT = 1 << 3,
        LIST_RUNNING = 1 << 4,
        LIST_PAUSED = 1 << 5,
        LIST_SHUTOFF = 1 << 6,
        LIST_OTHER = 1 << 7,
        LIST_MANAGED_SAVE = 1 << 8,
        LIST_NO_MANAGED_SAVE = 1 << 9,
        LIST_AUTOSTART = 1 << 10,
        LIST_NO_AUTOSTART = 1 << 11,
        LIST_SNAPSHOT = 1 << 12,
        LIST_NO_SNAPSHOT = 1 << 13,
        LIST_CHECKPOINT = 1 << 14,
        LIST_NO_CHECKPOINT = 1 << 15,
};

static unsigned list_bits(const Domain *domain)
{
        const DomainProperties *properties = &domain->properties;
        unsigned bits = LIST_NO_MANAGED_SAVE | LIST_NO_SNAPSHOT | LIST_NO_CHECKPOINT;

        bits |= properties->active ? LIST_ACTIVE : LIST_INACTIVE;
        bits |= properties->persistent ? LIST_PERSISTENT : LIST_TRANSIENT;
        bits |= properties->autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART;
        switch (domain_state(domain)) {
        case DOMAIN_RUNNING:
                return bits | LIST_RUNNING;
        case DOMAIN_PAUSED:
                return bits | LIST_PAUSED;
        case DOMAIN_SHUTOFF:
                return bits | LIST_SHUTOFF;
        default:
                return bits | LIST_OTHER;
        }
}

static bool list_accepts(const Domain *domain, unsigned flags)
{
        static const unsigned groups[] = {
                LIST_ACTIVE | LIST_INACTIVE,
                LIST_PERSISTENT | LIST_TRANSIENT,
                LIST_RUNNING | LIST_PAUSED | LIST_SHUTOFF | LIST_OTHER,
                LIST_MANAGED_SAVE | LIST_NO_MANAGED_SAVE,
                LIST_AUTOSTART | LIST_NO_AUTOSTART,
                LIST_SNAPSHOT | LIST_NO_SNAPSHOT,
                LIST_CHECKPOINT | LIST_NO_CHECKPOINT,
        };
        unsigned bits = list_bits(domain);

        for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++)
                if ((flags & groups[i]) && !(flags & groups[i] & bits))
                        return false;
        return true;
}

static GPtrArray *domains_list(const Connection *connection, unsigned flags)
{
        GPtrArray *list = g_ptr_array_new_full(
                g_hash_table_size(registry_all(&connection->registry, DOMAIN_BY_UUID)),
                object_unref_notify);
        GHashTableIter iter;
        void *domain;

        g_hash_table_iter_init(&iter, registry_all(&connection->registry, DOMAIN_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &domain))
                if (((Domain *)domain)->object.published && list_accepts(domain, flags))
                        g_ptr_array_add(list, domain_ref(domain));
        return list;
}

int connection_handle_list_domains(Call *call, const ConnectionListDomainsIn *in,
        ConnectionListDomainsOut *out, GError **error)
{
        GPtrArray *list = domains_list((Connection *)call->object, in->flags);
        int r = call_filter(call, READ, &list);

        (void)error;
        if (r < 0) {
                g_ptr_array_unref(list);
                return r;
        }
        out->domains.n = list->len;
        out->domains.items = (Object **)g_ptr_array_free(list, FALSE);
        return 0;
}

/* What the caller may not see is not there. */
static int found(const Call *call, Domain *domain, Object **ret)
{
        int r;

        if (!domain || !domain->object.published)
                return -ENOENT;
        r = call_authorize(call, READ, &domain->object, NULL);
        if (r == -EAGAIN)
                return r;
        if (r < 0)
                return -ENOENT;
        *ret = object_ref(domain);
        return 0;
}

int connection_handle_domain_lookup_by_id(Call *call, const ConnectionDomainLookupByIDIn *in,
        ConnectionDomainLookupByIDOut *out, GError **error)
{
        const Connection *connection = (Connection *)call->object;
        GHashTableIter iter;
        void *domain = NULL, *other;
        int r;

        if (in->id < 0)
                return error_set(error, ERROR_INVALID_ARG, "id in %s must be zero or greater",
                        call->method->api);
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, DOMAIN_BY_UUID));
        while (!domain && g_hash_table_iter_next(&iter, NULL, &other))
                if (domain_is_active(other) && ((Domain *)other)->properties.id == (uint32_t)in->id)
                        domain = other;
        r = found(call, domain, &out->domain);
        return r == -ENOENT ?
                error_set(error, ERROR_NO_DOMAIN, "no domain with matching id %d", in->id) :
                r;
}

int connection_handle_domain_lookup_by_name(Call *call, const ConnectionDomainLookupByNameIn *in,
        ConnectionDomainLookupByNameOut *out, GError **error)
{
        int r = found(call,
                registry_find(&((Connection *)call->object)->registry, DOMAIN_BY_NAME, in->name),
                &out->domain);

        return r == -ENOENT ?
                error_set(error, ERROR_NO_DOMAIN, "no domain with matching name '%s'", in->name) :
                r;
}

int connection_handle_domain_lookup_by_uuid(Call *call, const ConnectionDomainLookupByUUIDIn *in,
        ConnectionDomainLookupByUUIDOut *out, GError **error)
{
        g_autofree char *uuid = uuid_normalize(in->uuid);
        int r;

        if (!uuid)
                return error_set(error, ERROR_INVALID_ARG, "uuidstr in %s must be a valid UUID",
                        call->method->api);
        r = found(call,
                registry_find(&((Connection *)call->object)->registry, DOMAIN_BY_UUID, uuid),
                &out->domain);
        return r == -ENOENT ?
                error_set(error, ERROR_NO_DOMAIN, "no domain with matching uuid '%s'", uuid) :
                r;
}

/* Statistics. Each domain's come from its driver's operation; one that fails or has gone meanwhile
 * is left out. */

int connection_handle_get_all_domain_stats(Call *call, const ConnectionGetAllDomainStatsIn *in,
        ConnectionGetAllDomainStatsOut *out, GError **error)
{
        const Connection *connection = (Connection *)call->object;
        const DomainOperations *operations = connection->driver->domain_operations;
        GPtrArray *list = domains_list(connection, in->flags & 0xff);

        call_filter(call, READ, &list);
        if (!operations->get_stats) {
                g_ptr_array_unref(list);
                return error_set(error, ERROR_NO_SUPPORT, "%s", call->method->api);
        }
        out->records.items = (ConnectionGetAllDomainStatsRecords *)g_malloc0_n(
                list->len, sizeof *out->records.items);
        for (unsigned i = 0; i < list->len; i++) {
                const DomainGetStatsIn ask = { .stats = in->stats, .flags = in->flags & ~0xffu };
                Domain *domain = list->pdata[i];
                g_autoptr(GError) problem = NULL;
                DomainGetStatsOut answer = { 0 };

                if (domain->object.gone)
                        continue;
                if (operations->get_stats(domain, &ask, &answer, &problem) < 0) {
                        params_clear(&answer.records);
                        if (!error_is(problem, ERROR_ARGUMENT_UNSUPPORTED) &&
                                !error_is(problem, ERROR_INVALID_ARG))
                                continue;
                        g_ptr_array_unref(list);
                        g_propagate_error(error, g_steal_pointer(&problem));
                        return -1;
                }
                out->records.items[out->records.n++] = (ConnectionGetAllDomainStatsRecords){
                        .name = g_strdup(domain->properties.name),
                        .stats = answer.records,
                };
        }
        g_ptr_array_unref(list);
        return 0;
}

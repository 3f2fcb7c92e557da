/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of org.virtbus1.Connection that are more than one operation: its domains. */

#include <errno.h>
#include <string.h>

#include "handlers.h"
#include "interfaces/lookup.h"
#include "service/journal.h"
#include "service/publish.h"

/* Flags of ListDomains. */
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

static unsigned domain_bits(const Domain *domain)
{
        const DomainProperties *properties = &domain->properties;
        unsigned bits = properties->has_managed_save ? LIST_MANAGED_SAVE : LIST_NO_MANAGED_SAVE;

        bits |= domain->snapshots ? LIST_SNAPSHOT : LIST_NO_SNAPSHOT;
        bits |= domain->checkpoints ? LIST_CHECKPOINT : LIST_NO_CHECKPOINT;
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

static bool domain_accepts(const Object *object, unsigned flags)
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

        return lookup_fits(
                groups, G_N_ELEMENTS(groups), flags, domain_bits((const Domain *)object));
}

int connection_handle_list_domains(Call *call, const ConnectionListDomainsIn *in,
        ConnectionListDomainsOut *out, GError **error)
{
        return lookup_list(call, &lookup_domain, domain_accepts, in->flags, &out->domains, error);
}

/* All at once. */

static int reply_failed(const Call *call, int r, GError **error)
{
        return r == -EAGAIN ?
                r :
                error_set(error, ERROR_INTERNAL_ERROR, "cannot write the reply to %s: %s",
                        call->member, g_strerror(-r));
}

static int append_domain(const Reply *reply, const Object *domain, uint64_t properties)
{
        int r;

        r = sd_bus_message_open_container(reply->message, 'e', "oa{sv}");
        if (r >= 0)
                r = sd_bus_message_append_basic(
                        reply->message, 'o', publish_path(domain, reply->space));
        if (r >= 0)
                r = publish_append_properties(
                        reply->message, domain, reply->space, false, properties);
        return r < 0 ? r : sd_bus_message_close_container(reply->message);
}

int connection_handle_get_all_domains(
        Call *call, const ConnectionGetAllDomainsIn *in, Reply *reply, GError **error)
{
        const Connection *connection = (Connection *)call->object;
        struct {
                Object **items;
                size_t n;
        } list = { 0 };
        /* The permission to see a domain is that to read its properties. */
        uint64_t properties = publish_readable(&domain_class, class_read_action(&domain_class));
        uint64_t before;
        int r;

        /* While the authority is asked, domains may come, and be told of before this reply. */
        do {
                layout_clear("ao", &list);
                publish_flush();
                before = connection->properties.sequence;
                r = lookup_list(call, &lookup_domain, domain_accepts, in->flags, &list, error);
                if (r < 0)
                        return r;
        } while (before != connection->properties.sequence);

        r = sd_bus_message_append_basic(reply->message, 't', &before);
        if (r >= 0)
                r = sd_bus_message_open_container(reply->message, 'a', "{oa{sv}}");
        for (size_t i = 0; r >= 0 && i < list.n; i++)
                r = append_domain(reply, list.items[i], properties);
        if (r >= 0)
                r = sd_bus_message_close_container(reply->message);
        layout_clear("ao", &list);
        return r < 0 ? reply_failed(call, r, error) : 0;
}

int connection_handle_replay(Call *call, const ConnectionReplayIn *in, Reply *reply, GError **error)
{
        int r = journal_replay((Connection *)call->object, call->caller, in->since, reply->message);

        return r < 0 ? reply_failed(call, r, error) : 0;
}

int connection_handle_domain_lookup_by_id(Call *call, const ConnectionDomainLookupByIDIn *in,
        ConnectionDomainLookupByIDOut *out, GError **error)
{
        const Connection *connection = (Connection *)call->object;
        GHashTableIter iter;
        void *domain = NULL, *other;
        int r;

        if (in->id < 0)
                return error_set_argument(
                        error, "id in %s must be zero or greater", call->method->api);
        g_hash_table_iter_init(&iter, registry_all(&connection->registry, DOMAIN_BY_UUID));
        while (!domain && g_hash_table_iter_next(&iter, NULL, &other))
                if (domain_is_active(other) && ((Domain *)other)->properties.id == (uint32_t)in->id)
                        domain = other;
        r = lookup_found(call, &lookup_domain, domain, "id", "", &out->domain, error);
        if (r == -1) {
                g_clear_error(error);
                error_set(error, ERROR_NO_DOMAIN, "no domain with matching id %d", in->id);
        }
        return r;
}

int connection_handle_domain_lookup_by_name(Call *call, const ConnectionDomainLookupByNameIn *in,
        ConnectionDomainLookupByNameOut *out, GError **error)
{
        return lookup_key(
                call, &lookup_domain, DOMAIN_BY_NAME, "name", in->name, &out->domain, error);
}

int connection_handle_domain_lookup_by_uuid(Call *call, const ConnectionDomainLookupByUUIDIn *in,
        ConnectionDomainLookupByUUIDOut *out, GError **error)
{
        return lookup_uuid(call, &lookup_domain, DOMAIN_BY_UUID, in->uuid, &out->domain, error);
}

/* Statistics. Each domain's come from its driver's operation; one that fails or has gone meanwhile
 * is left out. */

/* Microseconds after which others have their turn, and domains after which the clock is asked. */
#define TURN 2000
#define TURN_DOMAINS 8

/* Domains that are fetched from memory while one is asked, and behind it their names. */
#define AHEAD 8

static void prefetch(Object *const *domains, size_t n)
{
        const Domain *next = n > AHEAD ? (const Domain *)domains[AHEAD] : NULL,
                     *later = n > 2 * AHEAD ? (const Domain *)domains[2 * AHEAD] : NULL;

        if (later) {
                __builtin_prefetch(&later->properties.name);
                __builtin_prefetch(&later->properties.state);
        }
        if (next)
                __builtin_prefetch(next->properties.name);
}

static int domain_stats(const DomainOperations *operations, Domain *domain,
        const ConnectionGetAllDomainStatsIn *in, ConnectionGetAllDomainStatsRecords *ret,
        GError **error)
{
        const DomainGetStatsIn ask = { .stats = in->stats, .flags = in->flags & ~0xffu };
        g_autoptr(GError) problem = NULL;
        DomainGetStatsOut answer = { 0 };

        if (domain->object.gone)
                return 0;
        if (operations->get_stats(domain, &ask, &answer, &problem) >= 0) {
                ret->name = g_strdup(domain->properties.name);
                ret->stats = answer.records;
                return 1;
        }
        params_clear(&answer.records);
        if (!error_is(problem, ERROR_ARGUMENT_UNSUPPORTED) && !error_is(problem, ERROR_INVALID_ARG))
                return 0;
        g_propagate_error(error, g_steal_pointer(&problem));
        return -1;
}

static int take_turn(
        Call *call, ConnectionGetAllDomainStatsOut *out, uint64_t *turn, GError **error)
{
        if (call_pass(call, &out->records, error) < 0)
                return -1;
        if (fiber_now() > *turn) {
                fiber_yield();
                *turn = fiber_deadline(TURN);
        }
        return 0;
}

int connection_handle_get_all_domain_stats(Call *call, const ConnectionGetAllDomainStatsIn *in,
        ConnectionGetAllDomainStatsOut *out, GError **error)
{
        const DomainOperations *operations =
                ((Connection *)call->object)->driver->domain_operations;
        struct {
                Object **items;
                size_t n;
        } list = { 0 };
        uint64_t turn;
        int r;

        if (!operations->get_stats)
                return error_set(error, ERROR_NO_SUPPORT, "%s", call->method->api);
        r = lookup_list(call, &lookup_domain, domain_accepts, in->flags & 0xff, &list, error);
        if (r < 0)
                return r;
        out->records.items = (ConnectionGetAllDomainStatsRecords *)g_malloc0_n(
                list.n, sizeof *out->records.items);
        turn = fiber_deadline(TURN);
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                prefetch(&list.items[i], list.n - i);
                r = domain_stats(operations, (Domain *)list.items[i], in,
                        &out->records.items[out->records.n], error);
                if (r > 0)
                        out->records.n++;
                if (r >= 0 && i % TURN_DOMAINS == TURN_DOMAINS - 1)
                        r = take_turn(call, out, &turn, error);
        }
        layout_clear("ao", &list);
        return r < 0 ? -1 : 0;
}

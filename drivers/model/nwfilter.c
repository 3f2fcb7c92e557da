/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/nwfilter.h"

#include <string.h>

#include "drivers/model/document.h"

ENUM_TABLE(nwfilter_action_names, "action of a rule", NWFILTER_ACTION_MAX, [NWFILTER_DROP] = "drop",
        [NWFILTER_ACCEPT] = "accept", [NWFILTER_REJECT] = "reject", [NWFILTER_RETURN] = "return",
        [NWFILTER_CONTINUE] = "continue");
ENUM_TABLE(nwfilter_direction_names, "direction of a rule", NWFILTER_DIRECTION_MAX,
        [NWFILTER_IN] = "in", [NWFILTER_OUT] = "out", [NWFILTER_INOUT] = "inout");

static const char *const protocols[] = { "mac", "vlan", "stp", "arp", "rarp", "ip", "ipv6", "tcp",
        "udp", "udplite", "esp", "ah", "sctp", "icmp", "igmp", "all", "tcp-ipv6", "udp-ipv6",
        "udplite-ipv6", "esp-ipv6", "ah-ipv6", "sctp-ipv6", "icmpv6", "all-ipv6", NULL };

/* What chains begin with, and where they are called unless the filter says otherwise. */
static const struct {
        const char *prefix;
        int priority;
} chains[] = {
        { "root", 0 },
        { "stp", -810 },
        { "mac", -800 },
        { "vlan", -750 },
        { "ipv4", -700 },
        { "ipv6", -600 },
        { "arp", -500 },
        { "rarp", -400 },
};

#define RULE_PRIORITY 500

/* ---- the tables, in the order in which libvirt writes --------------------------------------- */

static const BindRow parameter_rows[] = {
        ATTRIBUTE("name", NwfilterParameter, name, STRING, REQUIRED),
        ATTRIBUTE("value", NwfilterParameter, value, STRING, REQUIRED),
        BIND_END,
};
static const BindType parameter_type = BIND_TYPE(NwfilterParameter, parameter_rows);

static const BindRow protocol_rows[] = {
        ATTRIBUTE("match", NwfilterProtocol, match, YES_NO),
        BIND_END,
};
static const BindType protocol_type = {
        .size = sizeof(NwfilterProtocol),
        .rows = protocol_rows,
        .name_offset = offsetof(NwfilterProtocol, name),
};

static const BindRow entry_rows[] = {
        ATTRIBUTE("filter", NwfilterEntry, filter, STRING),
        ATTRIBUTE("action", NwfilterEntry, action, ENUM(nwfilter_action_names)),
        ATTRIBUTE("direction", NwfilterEntry, direction, ENUM(nwfilter_direction_names)),
        ATTRIBUTE("priority", NwfilterEntry, priority, NUMBER(-1000, 1000)),
        ATTRIBUTE("statematch", NwfilterEntry, statematch, STRING),
        LIST("parameter", NwfilterEntry, parameters, parameter_type),
        ANY(NwfilterEntry, protocols, protocol_type),
        BIND_END,
};
static const BindType entry_type = {
        .size = sizeof(NwfilterEntry),
        .rows = entry_rows,
        .name_offset = offsetof(NwfilterEntry, element),
};

static const BindRow filter_rows[] = {
        ATTRIBUTE("name", NwfilterConfig, name, STRING),
        ATTRIBUTE("chain", NwfilterConfig, chain, STRING),
        ATTRIBUTE("priority", NwfilterConfig, priority, NUMBER(-1000, 1000)),
        ELEMENT("uuid", NwfilterConfig, uuid, STRING),
        ANY(NwfilterConfig, entries, entry_type),
        BIND_END,
};
static const BindType filter_type = BIND_TYPE(NwfilterConfig, filter_rows);

static const DocumentKind filter_kind = {
        .root = "filter", .what = "nwfilter_definition", .type = &filter_type
};

/* ---- the passes ----------------------------------------------------------------------------- */

static int check_name(const char *name, GError **error)
{
        if (!name || !name[0])
                return error_set(error, ERROR_INTERNAL_ERROR, "filter has no name");
        return document_check_name(name, error);
}

int nwfilter_config_parse(const char *xml, NwfilterConfig **ret, GError **error)
{
        g_autoptr(NwfilterConfig) config = NULL;

        if (document_parse(&filter_kind, xml, 0, (void **)&config, error) < 0 ||
                check_name(config->name, error) < 0 ||
                document_check_uuid(&config->uuid, error) < 0)
                return -1;
        *ret = g_steal_pointer(&config);
        return 0;
}

int nwfilter_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL;
        const DocumentField fields[] = { { "@name", &name }, { "uuid", &uuid } };

        if (document_identify(&filter_kind, xml, fields, G_N_ELEMENTS(fields), error) < 0 ||
                check_name(name, error) < 0 || document_check_uuid(&uuid, error) < 0)
                return -1;
        *ret_name = g_steal_pointer(&name);
        if (ret_uuid)
                *ret_uuid = g_steal_pointer(&uuid);
        return 0;
}

/* The index in chains[], or -1. */
static int chain_index(const char *chain)
{
        for (size_t i = 0; i < G_N_ELEMENTS(chains); i++)
                if (g_str_has_prefix(chain, chains[i].prefix))
                        return (int)i;
        return -1;
}

static bool is_rule(const NwfilterEntry *entry)
{
        return strcmp(entry->element, "rule") == 0;
}

void nwfilter_config_defaults(NwfilterConfig *config)
{
        int index;

        if (!config->uuid)
                config->uuid = g_uuid_string_random();
        if (!config->chain)
                config->chain = g_strdup("root");
        index = chain_index(config->chain);
        if (index > 0 && !config->priority.set)
                config->priority = number(chains[index].priority);
        for (size_t i = 0; i < config->n_entries; i++)
                if (is_rule(config->entries[i]) && !config->entries[i]->priority.set)
                        config->entries[i]->priority = number(RULE_PRIORITY);
}

static int validate_rule(const NwfilterConfig *config, const NwfilterEntry *rule, GError **error)
{
        if (!rule->action)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "rule node requires action attribute");
        if (!rule->direction)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "rule node requires direction attribute");
        for (size_t i = 0; i < rule->n_protocols; i++)
                if (!g_strv_contains(protocols, rule->protocols[i]->name))
                        return error_set(error, ERROR_XML_ERROR,
                                "unknown protocol '%s' in a rule of filter '%s'",
                                rule->protocols[i]->name, config->name);
        return 0;
}

int nwfilter_config_validate(const NwfilterConfig *config, GError **error)
{
        if (config->chain && chain_index(config->chain) < 0)
                return error_set(error, ERROR_INVALID_ARG,
                        "Invalid chain name '%s': it begins with the name of no protocol",
                        config->chain);
        for (size_t i = 0; i < config->n_entries; i++) {
                const NwfilterEntry *entry = config->entries[i];

                if (is_rule(entry) && validate_rule(config, entry, error) < 0)
                        return -1;
                if (strcmp(entry->element, "filterref") == 0 && !entry->filter)
                        return error_set(error, ERROR_XML_ERROR,
                                "a <filterref> of filter '%s' names no filter", config->name);
        }
        return 0;
}

char *nwfilter_config_format(const NwfilterConfig *config)
{
        return document_format(&filter_kind, config, 0);
}

NwfilterConfig *nwfilter_config_copy(const NwfilterConfig *config)
{
        return bind_duplicate(&filter_type, config);
}

void nwfilter_config_free(NwfilterConfig *config)
{
        bind_free(&filter_type, config);
}

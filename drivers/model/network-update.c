/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/ip-address.h"
#include "drivers/model/network-tables.h"

/* Changes of one element. A section is a list with a rule that says which of its elements a new one
 * is the same as; the four commands are the same for all. */

typedef struct Change {
        NetworkConfig *config;
        NetworkUpdate command;
        int parent_index;
        GError **error;
} Change;

typedef struct Section Section;
struct Section {
        const char *name; /* of what cannot be updated */
        const char *element;
        const BindType *type; /* NULL: cannot be updated */
        const char *plural;   /* what cannot be modified; NULL: it can */
        /* The list that the element is of; NULL and an error where there is none. */
        void ***(*list)(const Change *change, const void *item, size_t **ret_n);
        bool (*same)(const void *a, const void *b, NetworkUpdate command);
        /* "OPERATION_INVALID": there is one already, or none. */
        int (*refuse)(const Change *change, const void *item, bool exists);
};

/* ---- lists ---------------------------------------------------------------------------------- */

static NetworkDns *config_dns(const Change *change)
{
        if (!change->config->dns)
                change->config->dns = g_new0(NetworkDns, 1);
        return change->config->dns;
}

/* The <ip> that a DHCP entry is of: the one that was asked for; the one that has DHCP already; the
 * one that its address is in; the first of its family. */
static NetworkDhcp *config_dhcp(const Change *change, const char *what, const char *address)
{
        const NetworkConfig *config = change->config;
        NetworkIp *ip = NULL;
        IpAddress of;

        if (change->parent_index >= 0) {
                if ((size_t)change->parent_index >= config->n_ips) {
                        error_set(change->error, ERROR_OPERATION_INVALID,
                                "couldn't update dhcp %s entry - no <ip> element found at index %d "
                                "in network '%s'",
                                what, change->parent_index, config->name);
                        return NULL;
                }
                ip = config->ips[change->parent_index];
        } else {
                bool v6 = ip_address_parse(address, &of) == 0 && of.family == AF_INET6;

                for (unsigned round = 0; round < 2 && !ip; round++)
                        for (size_t i = 0; i < config->n_ips && !ip; i++) {
                                NetworkIp *candidate = config->ips[i];
                                bool has_dhcp = candidate->dhcp &&
                                        (candidate->dhcp->n_ranges || candidate->dhcp->n_hosts);

                                if ((candidate->family == NETWORK_FAMILY_IPV6) == v6 &&
                                        (has_dhcp || round == 1))
                                        ip = candidate;
                        }
        }
        if (!ip) {
                error_set(change->error, ERROR_OPERATION_INVALID,
                        "couldn't update dhcp %s entry - no <ip> element found in network '%s'",
                        what, config->name);
                return NULL;
        }
        if (!ip->dhcp)
                ip->dhcp = g_new0(NetworkDhcp, 1);
        return ip->dhcp;
}

static void ***dhcp_hosts(const Change *change, const void *item, size_t **ret_n)
{
        NetworkDhcp *dhcp = config_dhcp(change, "host", ((const NetworkDhcpHost *)item)->ip);

        *ret_n = dhcp ? &dhcp->n_hosts : NULL;
        return dhcp ? (void ***)&dhcp->hosts : NULL;
}

static void ***dhcp_ranges(const Change *change, const void *item, size_t **ret_n)
{
        NetworkDhcp *dhcp = config_dhcp(change, "range", ((const NetworkDhcpRange *)item)->start);

        *ret_n = dhcp ? &dhcp->n_ranges : NULL;
        return dhcp ? (void ***)&dhcp->ranges : NULL;
}

static void ***forward_interfaces(const Change *change, const void *item, size_t **ret_n)
{
        NetworkConfig *config = change->config;

        (void)item;
        if (!config->forward) {
                error_set(change->error, ERROR_OPERATION_INVALID,
                        "network '%s' has no <forward> to have interfaces", config->name);
                return NULL;
        }
        *ret_n = &config->forward->n_interfaces;
        return (void ***)&config->forward->interfaces;
}

static void ***portgroups(const Change *change, const void *item, size_t **ret_n)
{
        (void)item;
        *ret_n = &change->config->n_portgroups;
        return (void ***)&change->config->portgroups;
}

static void ***dns_hosts(const Change *change, const void *item, size_t **ret_n)
{
        (void)item;
        *ret_n = &config_dns(change)->n_hosts;
        return (void ***)&change->config->dns->hosts;
}

static void ***dns_txts(const Change *change, const void *item, size_t **ret_n)
{
        (void)item;
        *ret_n = &config_dns(change)->n_txts;
        return (void ***)&change->config->dns->txts;
}

static void ***dns_srvs(const Change *change, const void *item, size_t **ret_n)
{
        (void)item;
        *ret_n = &config_dns(change)->n_srvs;
        return (void ***)&change->config->dns->srvs;
}

/* ---- which is the same ---------------------------------------------------------------------- */

static bool is_adding(NetworkUpdate command)
{
        return command == NETWORK_UPDATE_ADD_LAST || command == NETWORK_UPDATE_ADD_FIRST;
}

static bool equal(const char *a, const char *b)
{
        return a && b && strcmp(a, b) == 0;
}

/* What is added must differ in every key; what is changed is known by one, its MAC address or else
 * its name; what is deleted by all that are given. */
static bool same_dhcp_host(const void *a, const void *b, NetworkUpdate command)
{
        const NetworkDhcpHost *host = a, *given = b;

        if (is_adding(command))
                return equal(host->mac, given->mac) || equal(host->name, given->name) ||
                        equal(host->id, given->id) || equal(host->ip, given->ip);
        if (command == NETWORK_UPDATE_MODIFY)
                return given->mac ? equal(host->mac, given->mac) :
                        given->id ? equal(host->id, given->id) :
                                    equal(host->name, given->name);
        return (!given->mac || equal(host->mac, given->mac)) &&
                (!given->name || equal(host->name, given->name)) &&
                (!given->id || equal(host->id, given->id)) &&
                (!given->ip || equal(host->ip, given->ip));
}

static bool same_dhcp_range(const void *a, const void *b, NetworkUpdate command)
{
        const NetworkDhcpRange *range = a, *given = b;

        (void)command;
        return equal(range->start, given->start) && equal(range->end, given->end);
}

static bool same_interface(const void *a, const void *b, NetworkUpdate command)
{
        (void)command;
        return equal(((const NetworkForwardInterface *)a)->dev,
                ((const NetworkForwardInterface *)b)->dev);
}

static bool same_portgroup(const void *a, const void *b, NetworkUpdate command)
{
        (void)command;
        return equal(((const NetworkPortGroup *)a)->name, ((const NetworkPortGroup *)b)->name);
}

static bool has_hostname(const NetworkDnsHost *host, const char *name)
{
        for (size_t i = 0; i < host->n_hostnames; i++)
                if (equal(host->hostnames[i]->name, name))
                        return true;
        return false;
}

static bool same_dns_host(const void *a, const void *b, NetworkUpdate command)
{
        const NetworkDnsHost *host = a, *given = b;
        size_t n_common = 0;

        for (size_t i = 0; i < given->n_hostnames; i++)
                n_common += has_hostname(host, given->hostnames[i]->name);
        if (is_adding(command))
                return equal(host->ip, given->ip) || n_common > 0;
        return (!given->ip || equal(host->ip, given->ip)) && n_common == given->n_hostnames;
}

static bool same_dns_txt(const void *a, const void *b, NetworkUpdate command)
{
        (void)command;
        return equal(((const NetworkDnsTxt *)a)->name, ((const NetworkDnsTxt *)b)->name);
}

/* What is not given, matches anything. */
static bool same_dns_srv(const void *a, const void *b, NetworkUpdate command)
{
        const NetworkDnsSrv *srv = a, *given = b;

        (void)command;
        return (!given->domain || equal(srv->domain, given->domain)) &&
                (!given->service || equal(srv->service, given->service)) &&
                (!given->protocol || equal(srv->protocol, given->protocol)) &&
                (!given->target || equal(srv->target, given->target)) &&
                (!given->port.set || given->port.value == number_or(srv->port, 0)) &&
                (!given->priority.set || given->priority.value == number_or(srv->priority, 0)) &&
                (!given->weight.set || given->weight.value == number_or(srv->weight, 0));
}

/* ---- refusals ------------------------------------------------------------------------------- */

static int refuse_dhcp_host(const Change *change, const void *item, bool exists)
{
        const NetworkDhcpHost *host = item;
        const char *name = change->config->name;

        if (exists)
                return error_set(change->error, ERROR_OPERATION_INVALID,
                        "there is an existing dhcp host entry in network '%s' that matches "
                        "\"<host mac='%s' name='%s' ip='%s'/>\"",
                        name, host->mac ?: "(null)", host->name ?: "(null)", host->ip ?: "(null)");
        if (change->command == NETWORK_UPDATE_MODIFY)
                return error_set(change->error, ERROR_OPERATION_INVALID,
                        "couldn't locate an existing dhcp host entry with \"mac='%s'\" "
                        "\"name='%s'\" \"ip='%s'\" in network '%s'",
                        host->mac ?: "(null)", host->name ?: "(null)", host->ip ?: "(null)", name);
        return error_set(change->error, ERROR_OPERATION_INVALID,
                "couldn't locate a matching dhcp host entry in network '%s'", name);
}

static int refuse_dhcp_range(const Change *change, const void *item, bool exists)
{
        const NetworkDhcpRange *range = item;

        if (exists)
                return error_set(change->error, ERROR_OPERATION_INVALID,
                        "there is an existing dhcp range entry in network '%s' that matches "
                        "\"<range start='%s' end='%s'/>\"",
                        change->config->name, range->start, range->end);
        return error_set(change->error, ERROR_OPERATION_INVALID,
                "couldn't locate a matching dhcp range entry in network '%s'",
                change->config->name);
}

static int refuse_interface(const Change *change, const void *item, bool exists)
{
        const char *dev = ((const NetworkForwardInterface *)item)->dev;

        if (exists)
                return error_set(change->error, ERROR_OPERATION_INVALID,
                        "there is an existing interface entry in network '%s' that matches "
                        "\"<interface dev='%s'>\"",
                        change->config->name, dev);
        return error_set(change->error, ERROR_OPERATION_INVALID,
                "couldn't find an interface entry in network '%s' matching <interface dev='%s'>",
                change->config->name, dev);
}

static int refuse_portgroup(const Change *change, const void *item, bool exists)
{
        const char *name = ((const NetworkPortGroup *)item)->name;

        if (exists)
                return error_set(change->error, ERROR_OPERATION_INVALID,
                        "there is an existing portgroup entry in network '%s' that matches "
                        "\"<portgroup name='%s'>\"",
                        change->config->name, name);
        return error_set(change->error, ERROR_OPERATION_INVALID,
                "couldn't find a portgroup entry in network '%s' matching <portgroup name='%s'>",
                change->config->name, name);
}

static int refuse_dns_host(const Change *change, const void *item, bool exists)
{
        (void)item;
        return error_set(change->error, ERROR_OPERATION_INVALID,
                exists ? "there is already at least one DNS HOST record with a matching field in "
                         "network %s" :
                         "couldn't locate a matching DNS HOST record in network %s",
                change->config->name);
}

static int refuse_dns_txt(const Change *change, const void *item, bool exists)
{
        if (exists)
                return error_set(change->error, ERROR_OPERATION_INVALID,
                        "there is already a DNS TXT record with name '%s' in network %s",
                        ((const NetworkDnsTxt *)item)->name, change->config->name);
        return error_set(change->error, ERROR_OPERATION_INVALID,
                "couldn't locate a matching DNS TXT record in network %s", change->config->name);
}

static int refuse_dns_srv(const Change *change, const void *item, bool exists)
{
        (void)item;
        return error_set(change->error, ERROR_OPERATION_INVALID,
                exists ? "there is already at least one DNS SRV record matching all specified "
                         "fields in network %s" :
                         "couldn't locate a matching DNS SRV record in network %s",
                change->config->name);
}

/* ---- the sections --------------------------------------------------------------------------- */

static const Section sections[NETWORK_SECTION_MAX] = {
        [NETWORK_SECTION_BRIDGE] = { .name = "bridge" },
        [NETWORK_SECTION_DOMAIN] = { .name = "domain" },
        [NETWORK_SECTION_IP] = { .name = "ip" },
        [NETWORK_SECTION_IP_DHCP_HOST] = { .element = "host",
                .type = &network_dhcp_host_type,
                .list = dhcp_hosts,
                .same = same_dhcp_host,
                .refuse = refuse_dhcp_host },
        [NETWORK_SECTION_IP_DHCP_RANGE] = { .element = "range",
                .type = &network_dhcp_range_type,
                .plural = "dhcp ranges",
                .list = dhcp_ranges,
                .same = same_dhcp_range,
                .refuse = refuse_dhcp_range },
        [NETWORK_SECTION_FORWARD] = { .name = "forward" },
        [NETWORK_SECTION_FORWARD_INTERFACE] = { .element = "interface",
                .type = &network_forward_if_type,
                .plural = "forward interface entries",
                .list = forward_interfaces,
                .same = same_interface,
                .refuse = refuse_interface },
        [NETWORK_SECTION_FORWARD_PF] = { .name = "forward pf" },
        [NETWORK_SECTION_PORTGROUP] = { .element = "portgroup",
                .type = &network_portgroup_type,
                .list = portgroups,
                .same = same_portgroup,
                .refuse = refuse_portgroup },
        [NETWORK_SECTION_DNS_HOST] = { .element = "host",
                .type = &network_dns_host_type,
                .plural = "DNS HOST records",
                .list = dns_hosts,
                .same = same_dns_host,
                .refuse = refuse_dns_host },
        [NETWORK_SECTION_DNS_TXT] = { .element = "txt",
                .type = &network_dns_txt_type,
                .plural = "DNS TXT records",
                .list = dns_txts,
                .same = same_dns_txt,
                .refuse = refuse_dns_txt },
        [NETWORK_SECTION_DNS_SRV] = { .element = "srv",
                .type = &network_dns_srv_type,
                .plural = "DNS SRV records",
                .list = dns_srvs,
                .same = same_dns_srv,
                .refuse = refuse_dns_srv },
};

static int check_default_portgroup(const Change *change, const NetworkPortGroup *item)
{
        if (item->default_ != SWITCH_ON || change->command == NETWORK_UPDATE_DELETE)
                return 0;
        for (size_t i = 0; i < change->config->n_portgroups; i++) {
                const NetworkPortGroup *group = change->config->portgroups[i];

                if (group->default_ == SWITCH_ON && !equal(group->name, item->name))
                        return error_set(change->error, ERROR_OPERATION_INVALID,
                                "a different portgroup entry in network '%s' is already set as the "
                                "default. Only one default is allowed.",
                                change->config->name);
        }
        return 0;
}

/* What is taken from *item is NULL there afterwards. */
static int apply(const Change *change, const Section *section, void **item)
{
        void ***list;
        size_t *n, index;

        list = section->list(change, *item, &n);
        if (!list)
                return -1;
        for (index = 0; index < *n; index++)
                if (section->same((*list)[index], *item, change->command))
                        break;

        if (is_adding(change->command)) {
                if (index < *n)
                        return section->refuse(change, *item, true);
                list_append_item(list, n, g_steal_pointer(item));
                if (change->command == NETWORK_UPDATE_ADD_FIRST) {
                        void *added = (*list)[*n - 1];

                        memmove(&(*list)[1], &(*list)[0], (*n - 1) * sizeof(void *));
                        (*list)[0] = added;
                }
                return 0;
        }
        if (index == *n)
                return section->refuse(change, *item, false);
        bind_free(section->type, (*list)[index]);
        if (change->command == NETWORK_UPDATE_MODIFY)
                (*list)[index] = g_steal_pointer(item);
        else
                list_remove_item(*list, n, index);
        return 0;
}

/* The device of a <forward> is that of its first interface. */
static void follow_interfaces(NetworkForward *forward)
{
        g_free(forward->dev);
        forward->dev = forward->n_interfaces ? g_strdup(forward->interfaces[0]->dev) : NULL;
}

static int parse_item(const NetworkConfig *config, const Section *section, const char *xml,
        void **ret, GError **error)
{
        const DocumentKind kind = { section->element, "network_update_xml", section->type };
        g_autoptr(xmlDoc) doc = xml_parse(xml, strlen(xml), kind.what, error);
        const char *root;

        if (!doc)
                return -1;
        root = (const char *)xmlDocGetRootElement(doc)->name;
        if (strcmp(root, section->element) != 0)
                return error_set(error, ERROR_XML_ERROR,
                        "unexpected element <%s>, expecting <%s>, while updating network '%s'",
                        root, section->element, config->name);
        return document_parse_node(&kind, xmlDocGetRootElement(doc), 0, ret, error);
}

int network_config_update(NetworkConfig *config, unsigned command, unsigned section_index,
        int parent_index, const char *xml, GError **error)
{
        g_autoptr(NetworkConfig) changed = NULL;
        const Section *section;
        Change change = { .command = command, .parent_index = parent_index, .error = error };
        void *item = NULL;
        int r;

        if (section_index == NETWORK_SECTION_NONE || section_index >= NETWORK_SECTION_MAX)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "can't update unrecognized section of network");
        section = &sections[section_index];
        if (!section->type)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "can't update '%s' section of network '%s'", section->name, config->name);
        if (command == NETWORK_UPDATE_NONE || command >= NETWORK_UPDATE_MAX)
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "unrecognized network update command code %u", command);
        if (parse_item(config, section, xml, &item, error) < 0)
                return -1;
        if (command == NETWORK_UPDATE_MODIFY && section->plural) {
                bind_free(section->type, item);
                return error_set(error, ERROR_OPERATION_UNSUPPORTED,
                        "%s cannot be modified, only added or deleted", section->plural);
        }

        change.config = changed = network_config_copy(config);
        r = section->type == &network_portgroup_type ? check_default_portgroup(&change, item) : 0;
        if (r == 0)
                r = apply(&change, section, &item);
        bind_free(section->type, item);
        if (r < 0)
                return -1;
        if (section_index == NETWORK_SECTION_FORWARD_INTERFACE)
                follow_interfaces(changed->forward);
        if (network_config_validate(changed, error) < 0)
                return -1;

        bind_clear(network_kind.type, config);
        memcpy(config, changed, sizeof(*config));
        memset(changed, 0, sizeof(*changed));
        return 0;
}

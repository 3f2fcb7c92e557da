/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/ip-address.h"
#include "drivers/model/network-tables.h"
#include "tests/unit/model-corpus.h"

#include <errno.h>
#include <string.h>

static char *again(const char *xml, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL, copy = NULL;

        if (network_config_parse(xml, 0, &config, error) < 0)
                return NULL;
        copy = network_config_copy(config);
        g_clear_pointer(&config, network_config_free);
        return network_config_format(copy, 0);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(NetworkConfig) config = NULL;

        if (network_config_parse(xml, NETWORK_XML_INACTIVE, &config, error) < 0)
                return NULL;
        network_config_defaults(config);
        if (network_config_validate(config, error) < 0)
                return NULL;
        return network_config_format(config, NETWORK_XML_INACTIVE);
}

static char *identify(const char *xml, GError **error)
{
        g_autofree char *name = NULL, *uuid = NULL;

        if (network_config_identify(xml, &name, &uuid, error) < 0)
                return NULL;
        return g_strdup_printf("%s %s", name, uuid ?: "-");
}

static char *identity(const char *xml)
{
        g_autoptr(NetworkConfig) config = NULL;

        g_assert_cmpint(network_config_parse(xml, 0, &config, NULL), ==, 0);
        return g_strdup_printf("%s %s", config->name, config->uuid ?: "-");
}

static const CorpusKind kind = { "network", again, define, identify, identity };

/* ---- what is refused ----------------------------------------------------------------------------
 */

#define NET(body) "<network><name>a</name>" body "</network>"
#define IP4(body) NET("<ip address='1.2.3.4' prefix='24'>" body "</ip>")
#define IP6(body) NET("<ip family='ipv6' address='fe80::1' prefix='64'>" body "</ip>")
#define MODE(mode, body) NET("<forward mode='" mode "'/>" body)

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'network', not 'foo'",
                        ERROR_XML_ERROR },
                { "<network>",
                        "(network_definition):1: Premature end of data in tag network line 1\n"
                        "<network>\n---------^",
                        ERROR_XML_DETAIL },
                { "<network/>", "missing name information", ERROR_NO_NAME },
                { "<network><name>a/b</name></network>", "XML error: name a/b cannot contain '/'",
                        ERROR_XML_ERROR },
                { NET("<uuid>1</uuid>"), "internal error: malformed uuid element",
                        ERROR_INTERNAL_ERROR },
                { NET("<title>a\nb</title>"), "XML error: Network title can't contain newlines",
                        ERROR_XML_ERROR },
                { NET("<bridge name='b' stp='maybe'/>"),
                        "XML error: /network/bridge/@stp: 'maybe' is not a on or off (on, off)",
                        ERROR_XML_ERROR },
                { NET("<mtu size='x'/>"),
                        "XML error: /network/mtu/@size: 'x' is not a number from 0 to 4294967295",
                        ERROR_XML_ERROR },
                { NET("<mac address='01:00:00:00:00:00'/>"),
                        "XML error: /network/mac/@address: '01:00:00:00:00:00' is not a unicast "
                        "MAC address",
                        ERROR_XML_ERROR },
                { MODE("x", ""),
                        "XML error: /network/forward/@mode: 'x' is not a forwarding mode (nat, "
                        "route, open, bridge, private, vepa, passthrough, hostdev)",
                        ERROR_XML_ERROR },
                { MODE("nat", ""),
                        "XML error: nat forwarding requested, but no IP address provided for "
                        "network 'a'",
                        ERROR_XML_ERROR },
                { NET("<forward dev='a'><interface dev='b'/></forward>"),
                        "XML error: <forward dev='a'> must match first <interface dev='b'/> in "
                        "network a",
                        ERROR_XML_ERROR },
                { NET("<forward><interface/></forward>"),
                        "XML error: Missing required dev attribute in <forward> <interface> "
                        "element of network a",
                        ERROR_XML_ERROR },
                { NET("<forward><interface dev='a'/><interface dev='b'/></forward><ip "
                      "address='1.2.3.4'/>"),
                        "XML error: multiple forwarding interfaces specified for network 'a', only "
                        "one is supported",
                        ERROR_XML_ERROR },
                { NET("<forward mode='route'><nat><port start='1' end='2'/></nat></forward>"),
                        "XML error: The <nat> element can only be used when <forward> 'mode' is "
                        "'nat' in network a",
                        ERROR_XML_ERROR },
                { NET("<forward><nat><port start='1'/></nat></forward>"),
                        "Missing or invalid 'end' attribute in <port> in <nat> in <forward> in "
                        "network a",
                        ERROR_XML_DETAIL },
                { NET("<forward><nat><port start='5' end='2'/></nat></forward>"),
                        "Missing or invalid 'end' attribute in <port> in <nat> in <forward> in "
                        "network a",
                        ERROR_XML_DETAIL },
                { NET("<forward><nat><port end='2'/></nat></forward>"),
                        "Missing or invalid 'start' attribute in <port> in <nat> in <forward> in "
                        "network a",
                        ERROR_XML_DETAIL },
                { NET("<forward><nat><address start='1.2.3.4'/></nat></forward>"),
                        "XML error: missing 'end' attribute in <address> element in <nat> in "
                        "<forward> in network a",
                        ERROR_XML_ERROR },
                { NET("<forward><nat><address start='1.2.3.9' end='1.2.3.4'/></nat></forward>"),
                        "internal error: range 1.2.3.9 - 1.2.3.4 is reversed ",
                        ERROR_INTERNAL_ERROR },
                { NET("<forward><nat><address start='::1' end='::4'/></nat></forward>"),
                        "XML error: Bad ipv4 start address '::1' in <nat> in <forward> in network "
                        "'a'",
                        ERROR_XML_ERROR },
                { NET("<forward mode='hostdev'><pf/></forward>"),
                        "XML error: Missing required dev attribute in <pf> element of network 'a'",
                        ERROR_XML_ERROR },
                { NET("<forward mode='hostdev' dev='x'><pf dev='a'/></forward>"),
                        "XML error: the <forward> 'dev' attribute cannot be used when <address> or "
                        "<pf> sub-elements are present in network a",
                        ERROR_XML_ERROR },
                { NET("<forward mode='hostdev'><pf dev='a'/><pf dev='b'/></forward>"),
                        "XML error: /network/forward/pf[2]: there can be only one",
                        ERROR_XML_ERROR },
                { NET("<forward mode='hostdev'><address/></forward>"),
                        "XML error: missing address type in network a", ERROR_XML_ERROR },
                { NET("<forward mode='hostdev'><address type='usb'/></forward>"),
                        "unsupported configuration: unknown address type 'usb' in network a",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<forward mode='open' dev='e'/><ip address='1.2.3.4'/>"),
                        "XML error: forward dev not allowed for network 'a' with forward "
                        "mode='open'",
                        ERROR_XML_ERROR },
                { MODE("hostdev", "<bridge name='x'/>"),
                        "XML error: bridge name not allowed in hostdev mode (network 'a')",
                        ERROR_XML_ERROR },
                { NET("<forward mode='bridge' dev='e'/><bridge name='x'/>"),
                        "XML error: A network with forward mode='bridge' can specify a bridge name "
                        "or a forward dev, but not both (network 'a')",
                        ERROR_XML_ERROR },
                { MODE("bridge", "<bridge name='x' stp='on'/>"),
                        "XML error: bridge delay/stp/zone options only allowed in route, nat, and "
                        "isolated mode, not in bridge (network 'a')",
                        ERROR_XML_ERROR },
                { MODE("bridge", "<mtu size='1400'/>"),
                        "XML error: mtu size only allowed in open, route, nat, and isolated mode, "
                        "not in bridge (network 'a')",
                        ERROR_XML_ERROR },
                { MODE("bridge", "<vlan/>"),
                        "XML error: missing tag id - each <vlan> must have at least one <tag "
                        "id='n'/> subelement",
                        ERROR_XML_ERROR },
                { MODE("bridge", "<vlan><tag id='5000'/></vlan>"),
                        "XML error: /network/vlan/tag/@id: '5000' is not a number from 0 to 4095",
                        ERROR_XML_ERROR },
                { MODE("bridge", "<vlan trunk='no'><tag id='1'/><tag id='2'/></vlan>"),
                        "XML error: invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for "
                        "more than one vlan tag",
                        ERROR_XML_ERROR },
                { MODE("bridge",
                          "<vlan trunk='yes'><tag id='1' nativeMode='tagged'/><tag id='2' "
                          "nativeMode='tagged'/></vlan>"),
                        "XML error: duplicate native vlan setting", ERROR_XML_ERROR },
                { MODE("vepa",
                          "<virtualport type='802.1Qbg'><parameters profileid='x'/>"
                          "</virtualport>"),
                        "XML error: extra profileid unsupported in <virtualport type='802.1Qbg'>",
                        ERROR_XML_ERROR },
                { MODE("vepa",
                          "<virtualport><parameters "
                          "profileid='1234567890123456789012345678901234567890'/>"
                          "</virtualport>"),
                        "XML error: profileid parameter too long", ERROR_XML_ERROR },
                { NET("<portgroup/>"), "XML error: Missing required name attribute in portgroup",
                        ERROR_XML_ERROR },
                { NET("<bandwidth><inbound/></bandwidth>"),
                        "Missing mandatory average or floor attributes", ERROR_XML_DETAIL },
                { NET("<bandwidth><inbound average='1' floor='1'/></bandwidth>"),
                        "unsupported configuration: floor attribute is not supported for this "
                        "config",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<ip address='x'/>"),
                        "XML error: /network/ip/@address: 'x' is not a valid IP address",
                        ERROR_XML_ERROR },
                { NET("<ip/>"), "XML error: Missing required address attribute in network 'a'",
                        ERROR_XML_ERROR },
                { NET("<ip address='1.2.3.4' family='ipv6'/>"),
                        "unsupported configuration: Family 'ipv6' specified for non-IPv6 address "
                        "'1.2.3.4' in network 'a'",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<ip address='::1'/>"),
                        "unsupported configuration: no family specified for non-IPv4 address '::1' "
                        "in network 'a'",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<ip address='1.2.3.4' netmask='255.255.255.0' prefix='24'/>"),
                        "unsupported configuration: Network 'a' IP address cannot have both a "
                        "prefix and a netmask",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<ip address='1.2.3.4' netmask='::1'/>"),
                        "unsupported configuration: Invalid netmask '::1' for address '1.2.3.4' in "
                        "network 'a' (both must be IPv4)",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<ip address='1.2.3.4' prefix='33'/>"),
                        "unsupported configuration: Invalid IPv4 prefix '33' in network 'a'",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<ip address='fe80::1' family='ipv6' netmask='255.0.0.0'/>"),
                        "unsupported configuration: netmask not allowed for IPv6 address 'fe80::1' "
                        "in network 'a'",
                        ERROR_CONFIG_UNSUPPORTED },
                { IP6("<tftp root='a'/>"),
                        "unsupported configuration: Unsupported <tftp> element in an IPv6 element "
                        "in network 'a'",
                        ERROR_CONFIG_UNSUPPORTED },
                { IP4("<dhcp><range start='1.2.3.1'/></dhcp>"),
                        "XML error: Missing 'end' attribute in dhcp range for network 'a'",
                        ERROR_XML_ERROR },
                { IP4("<dhcp><range start='1.2.3.9' end='1.2.3.1'/></dhcp>"),
                        "internal error: range 1.2.3.9 - 1.2.3.1 is reversed ",
                        ERROR_INTERNAL_ERROR },
                { IP4("<dhcp><range start='1.2.4.1' end='1.2.4.9'/></dhcp>"),
                        "internal error: range 1.2.4.1 - 1.2.4.9 is not entirely within network "
                        "1.2.3.4/24",
                        ERROR_INTERNAL_ERROR },
                { IP4("<dhcp><range start='1.2.3.0' end='1.2.3.9'/></dhcp>"),
                        "internal error: start of range 1.2.3.0 - 1.2.3.9 in network 1.2.3.4/24 is "
                        "the network address",
                        ERROR_INTERNAL_ERROR },
                { IP4("<dhcp><range start='1.2.3.1' end='1.2.3.255'/></dhcp>"),
                        "internal error: end of range 1.2.3.1 - 1.2.3.255 in network 1.2.3.4/24 is "
                        "the broadcast address",
                        ERROR_INTERNAL_ERROR },
                { IP4("<dhcp><range start='1.2.3.4' end='::1'/></dhcp>"),
                        "internal error: mismatch of address family in range 1.2.3.4 - ::1",
                        ERROR_INTERNAL_ERROR },
                { IP4("<dhcp><range start='1.2.3.5' end='1.2.3.9'><lease expiry='1'/></range>"
                      "</dhcp>"),
                        "unsupported configuration: The minimum lease time should be greater than "
                        "2 minutes",
                        ERROR_CONFIG_UNSUPPORTED },
                { IP4("<dhcp><host ip='1.2.3.6'/></dhcp>"),
                        "XML error: Static host definition in IPv4 network 'a' must have mac or "
                        "name attribute",
                        ERROR_XML_ERROR },
                { IP4("<dhcp><host mac='52:54:00:00:00:01'/></dhcp>"),
                        "XML error: Missing IP address in static host definition for network 'a'",
                        ERROR_XML_ERROR },
                { IP4("<dhcp><host id='0:zz' ip='1.2.3.6'/></dhcp>"),
                        "XML error: Invalid character 'z' in id '0:zz' of network 'a'",
                        ERROR_XML_ERROR },
                { IP6("<dhcp><host mac='52:54:00:00:00:01' ip='fe80::2'/></dhcp>"),
                        "XML error: Invalid to specify MAC address '52:54:00:00:00:01' in network "
                        "'a' IPv6 static host definition",
                        ERROR_XML_ERROR },
                { IP6("<dhcp><host ip='fe80::2'/></dhcp>"),
                        "XML error: Static host definition in IPv6 network 'a' must have id or "
                        "name attribute",
                        ERROR_XML_ERROR },
                { NET("<dns enable='no'><txt name='a' value='b'/></dns>"),
                        "XML error: Extra data in disabled network 'a'", ERROR_XML_ERROR },
                { NET("<dns><forwarder/></dns>"),
                        "XML error: Invalid forwarder element, must contain at least one of addr "
                        "or domain",
                        ERROR_XML_ERROR },
                { NET("<dns><txt/></dns>"),
                        "missing required name attribute in DNS TXT record of network a",
                        ERROR_XML_DETAIL },
                { NET("<dns><txt name='a b' value='x'/></dns>"),
                        "prohibited character in DNS TXT record name 'a b' of network a",
                        ERROR_XML_DETAIL },
                { NET("<dns><txt name='a'/></dns>"),
                        "missing required value attribute in DNS TXT record named 'a' of network a",
                        ERROR_XML_DETAIL },
                { NET("<dns><srv/></dns>"),
                        "missing required service attribute in DNS SRV record of network 'a'",
                        ERROR_XML_DETAIL },
                { NET("<dns><srv service='a'/></dns>"),
                        "missing required protocol attribute in DNS SRV record 'a' of network 'a'",
                        ERROR_XML_DETAIL },
                { NET("<dns><srv service='a' protocol='tcp' target='x' port='70000'/></dns>"),
                        "invalid DNS SRV port attribute for service 'a' in network 'a'",
                        ERROR_XML_DETAIL },
                { NET("<dns><srv service='a' protocol='tcp' port='1'/></dns>"),
                        "DNS SRV port attribute not permitted without target for service 'a' in "
                        "network 'a'",
                        ERROR_XML_DETAIL },
                { NET("<dns><srv service='a' protocol='tcp' target='x' priority='70000'/></dns>"),
                        "Invalid DNS SRV priority attribute for service 'a' in network 'a'",
                        ERROR_XML_DETAIL },
                { NET("<dns><srv service='a' protocol='tcp' target='x' weight='70000'/></dns>"),
                        "invalid DNS SRV weight attribute for service 'a' in network 'a'",
                        ERROR_XML_DETAIL },
                { NET("<dns><host/></dns>"), "Missing IP address in network 'a' DNS HOST record",
                        ERROR_XML_DETAIL },
                { NET("<dns><host ip='1.2.3.4'/></dns>"),
                        "Missing hostname in network 'a' DNS HOST record", ERROR_XML_DETAIL },
                { NET("<route/>"),
                        "XML error: a: Missing required address attribute in route definition",
                        ERROR_XML_ERROR },
                { NET("<route address='1.2.0.0'/>"),
                        "XML error: a: Missing required gateway attribute in route definition",
                        ERROR_XML_ERROR },
                { NET("<route address='1.2.0.0' prefix='16' gateway='1.2.3.4'/>"),
                        "unsupported configuration: unreachable static route gateway '1.2.3.4' "
                        "specified for network 'a'",
                        ERROR_CONFIG_UNSUPPORTED },
                { NET("<route address='1.2.3.0' prefix='16' gateway='1.2.3.4'/>"),
                        "XML error: a: Address '1.2.3.0' in route definition is not a network "
                        "address",
                        ERROR_XML_ERROR },
                { NET("<route address='1.2.0.0' prefix='33' gateway='1.2.3.4'/>"),
                        "XML error: a: Invalid prefix 33 specified in route definition, must be 0 "
                        "- 32",
                        ERROR_XML_ERROR },
                { NET("<route address='1.2.0.0' netmask='255.255.0.0' prefix='16' "
                      "gateway='1.2.3.4'/>"),
                        "XML error: a: Route definition cannot have both a prefix and a netmask",
                        ERROR_XML_ERROR },
                { NET("<route family='ipv6' address='1.2.0.0' gateway='1.2.3.4'/>"),
                        "XML error: a: ipv6 family specified for non-IPv6 address '1.2.0.0' in "
                        "route definition",
                        ERROR_XML_ERROR },
                { NET("<route family='ipv6' address='fe80::' prefix='16' gateway='1.2.3.4'/>"),
                        "XML error: a: ipv6 specified for non-IPv6 gateway address '1.2.3.4' in "
                        "route definition",
                        ERROR_XML_ERROR },
                { NET("<route family='ipv6' address='fe80::' netmask='255.0.0.0' "
                      "gateway='fe80::1'/>"),
                        "XML error: a: Specifying netmask invalid for IPv6 address 'fe80::' in "
                        "route definition",
                        ERROR_XML_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

/* ---- updates ------------------------------------------------------------------------------------
 */

static const char base[] =
        "<network><name>a</name><forward mode='nat'/><ip address='1.2.3.4' prefix='24'><dhcp>"
        "<range start='1.2.3.5' end='1.2.3.9'/>"
        "<host mac='52:54:00:00:00:01' name='n' ip='1.2.3.6'/></dhcp></ip>"
        "<ip address='fe80::1' family='ipv6' prefix='64'/><dns><txt name='a' value='b'/>"
        "<host ip='1.2.3.7'><hostname>h</hostname></host><srv service='s' protocol='tcp'/></dns>"
        "<portgroup name='g' default='yes'/></network>";

#define INVALID "Requested operation is not valid: "
#define UNSUPPORTED "Operation not supported: "

static void test_update(void)
{
        static const struct {
                unsigned command, section;
                int parent;
                const char *xml;
                const char *result; /* what is there then, with '-' in front what is not */
                const char *message;
        } cases[] = {
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host mac='52:54:00:00:00:02' ip='1.2.3.8'/>",
                        "ip='1.2.3.6'/>\n      <host mac='52:54:00:00:00:02' ip='1.2.3.8'/>\n",
                        NULL },
                { NETWORK_UPDATE_ADD_FIRST, NETWORK_SECTION_IP_DHCP_HOST, 0,
                        "<host mac='52:54:00:00:00:02' ip='1.2.3.8'/>",
                        "ip='1.2.3.8'/>\n      <host mac='52:54:00:00:00:01'", NULL },
                { NETWORK_UPDATE_MODIFY, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host mac='52:54:00:00:00:01' ip='1.2.3.9'/>",
                        "<host mac='52:54:00:00:00:01' ip='1.2.3.9'/>", NULL },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host mac='52:54:00:00:00:01'/>", "-52:54:00:00:00:01", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_HOST, 1,
                        "<host id='0:1' name='x' ip='fe80::2'/>",
                        "<host id='0:1' name='x' ip='fe80::2'/>", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host id='0:1' name='x' ip='fe80::2'/>",
                        "<host id='0:1' name='x' ip='fe80::2'/>", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_RANGE, -1,
                        "<range start='1.2.3.15' end='1.2.3.19'/>", "start='1.2.3.15'", NULL },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_IP_DHCP_RANGE, -1,
                        "<range start='1.2.3.5' end='1.2.3.9'/>", "-<range", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_FORWARD_INTERFACE, -1,
                        "<interface dev='e'/>", "<forward dev='e' mode='nat'>", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_PORTGROUP, -1, "<portgroup name='h'/>",
                        "<portgroup name='h'/>", NULL },
                { NETWORK_UPDATE_MODIFY, NETWORK_SECTION_PORTGROUP, -1, "<portgroup name='g'/>",
                        "-default", NULL },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_PORTGROUP, -1, "<portgroup name='g'/>",
                        "-portgroup", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_DNS_HOST, -1,
                        "<host ip='1.2.3.8'><hostname>i</hostname></host>", "<hostname>i<", NULL },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_DNS_HOST, -1,
                        "<host ip='1.2.3.7'><hostname>h</hostname></host>", "-hostname", NULL },
                { NETWORK_UPDATE_ADD_FIRST, NETWORK_SECTION_DNS_TXT, -1,
                        "<txt name='b' value='c'/>", "value='c'/>\n    <txt name='a'", NULL },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_DNS_TXT, -1, "<txt name='a' value='c'/>",
                        "-txt", NULL },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_DNS_SRV, -1,
                        "<srv service='t' protocol='tcp'/>", "<srv service='t'", NULL },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_DNS_SRV, -1,
                        "<srv service='s' protocol='tcp'/>", "-srv", NULL },

                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_BRIDGE, -1, "<bridge/>", NULL,
                        UNSUPPORTED "can't update 'bridge' section of network 'a'" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_FORWARD_PF, -1, "<pf/>", NULL,
                        UNSUPPORTED "can't update 'forward pf' section of network 'a'" },
                { NETWORK_UPDATE_ADD_LAST, 99, -1, "<pf/>", NULL,
                        UNSUPPORTED "can't update unrecognized section of network" },
                { 9, NETWORK_SECTION_DNS_TXT, -1, "<txt/>", NULL,
                        UNSUPPORTED "unrecognized network update command code 9" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host mac='52:54:00:00:00:01' ip='1.2.3.6'/>", NULL,
                        INVALID "there is an existing dhcp host entry in network 'a' that matches "
                                "\"<host mac='52:54:00:00:00:01' name='(null)' ip='1.2.3.6'/>\"" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_HOST, 5,
                        "<host mac='52:54:00:00:00:02' ip='1.2.3.8'/>", NULL,
                        INVALID "couldn't update dhcp host entry - no <ip> element found at index "
                                "5 in network 'a'" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_HOST, 1,
                        "<host mac='52:54:00:00:00:02' ip='1.2.3.8'/>", NULL,
                        "XML error: Invalid to specify MAC address '52:54:00:00:00:02' in network "
                        "'a' IPv6 static host definition" },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host mac='52:54:00:00:00:02' ip='1.2.3.8'/>", NULL,
                        INVALID "couldn't locate a matching dhcp host entry in network 'a'" },
                { NETWORK_UPDATE_MODIFY, NETWORK_SECTION_IP_DHCP_HOST, -1,
                        "<host mac='52:54:00:00:00:02' ip='1.2.3.8'/>", NULL,
                        INVALID "couldn't locate an existing dhcp host entry with "
                                "\"mac='52:54:00:00:00:02'\" \"name='(null)'\" \"ip='1.2.3.8'\" in "
                                "network 'a'" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_RANGE, -1,
                        "<range start='1.2.3.5' end='1.2.3.9'/>", NULL,
                        INVALID "there is an existing dhcp range entry in network 'a' that matches "
                                "\"<range start='1.2.3.5' end='1.2.3.9'/>\"" },
                { NETWORK_UPDATE_MODIFY, NETWORK_SECTION_IP_DHCP_RANGE, -1,
                        "<range start='1.2.3.5' end='1.2.3.9'/>", NULL,
                        UNSUPPORTED "dhcp ranges cannot be modified, only added or deleted" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_IP_DHCP_RANGE, -1, "<rang/>", NULL,
                        "XML error: unexpected element <rang>, expecting <range>, while updating "
                        "network 'a'" },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_IP_DHCP_RANGE, -1,
                        "<range start='1.2.3.15' end='1.2.3.19'/>", NULL,
                        INVALID "couldn't locate a matching dhcp range entry in network 'a'" },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_FORWARD_INTERFACE, -1,
                        "<interface dev='e'/>", NULL,
                        INVALID "couldn't find an interface entry in network 'a' matching "
                                "<interface dev='e'>" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_PORTGROUP, -1, "<portgroup name='g'/>",
                        NULL,
                        INVALID "there is an existing portgroup entry in network 'a' that matches "
                                "\"<portgroup name='g'>\"" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_PORTGROUP, -1,
                        "<portgroup name='h' default='yes'/>", NULL,
                        INVALID "a different portgroup entry in network 'a' is already set as the "
                                "default. Only one default is allowed." },
                { NETWORK_UPDATE_MODIFY, NETWORK_SECTION_PORTGROUP, -1, "<portgroup name='h'/>",
                        NULL,
                        INVALID "couldn't find a portgroup entry in network 'a' matching "
                                "<portgroup name='h'>" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_DNS_HOST, -1,
                        "<host ip='1.2.3.7'><hostname>i</hostname></host>", NULL,
                        INVALID "there is already at least one DNS HOST record with a matching "
                                "field in network a" },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_DNS_HOST, -1, "<host ip='1.2.3.9'/>", NULL,
                        INVALID "couldn't locate a matching DNS HOST record in network a" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_DNS_TXT, -1, "<txt name='a' value='c'/>",
                        NULL,
                        INVALID "there is already a DNS TXT record with name 'a' in network a" },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_DNS_TXT, -1, "<txt name='z'/>", NULL,
                        INVALID "couldn't locate a matching DNS TXT record in network a" },
                { NETWORK_UPDATE_ADD_LAST, NETWORK_SECTION_DNS_SRV, -1,
                        "<srv service='s' protocol='tcp'/>", NULL,
                        INVALID "there is already at least one DNS SRV record matching all "
                                "specified fields in network a" },
                { NETWORK_UPDATE_DELETE, NETWORK_SECTION_DNS_SRV, -1,
                        "<srv service='z' protocol='tcp'/>", NULL,
                        INVALID "couldn't locate a matching DNS SRV record in network a" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(NetworkConfig) config = NULL;
                g_autofree char *before = NULL, *after = NULL;
                g_autoptr(GError) error = NULL;
                int r;

                g_assert_cmpint(network_config_parse(base, 0, &config, NULL), ==, 0);
                before = network_config_format(config, 0);
                r = network_config_update(config, cases[i].command, cases[i].section,
                        cases[i].parent, cases[i].xml, &error);
                after = network_config_format(config, 0);
                g_assert_cmpstr(error ? error->message : NULL, ==, cases[i].message);
                g_assert_cmpint(r, ==, cases[i].message ? -1 : 0);
                if (cases[i].message)
                        g_assert_cmpstr(after, ==, before);
                else if (cases[i].result[0] == '-')
                        g_assert_null(strstr(after, cases[i].result + 1));
                else if (!strstr(after, cases[i].result))
                        g_error("no %s in %s", cases[i].result, after);
        }
}

/* ---- the rest -----------------------------------------------------------------------------------
 */

static void test_flags(void)
{
        static const char xml[] = "<network connections='2'><name>a</name><forward mode='private'>"
                                  "<interface dev='e' connections='1'/></forward></network>";
        g_autoptr(NetworkConfig) live = NULL, inactive = NULL;
        g_autofree char *with = NULL, *without = NULL, *parsed = NULL;

        g_assert_cmpint(network_config_parse(xml, 0, &live, NULL), ==, 0);
        g_assert_cmpint(network_config_parse(xml, NETWORK_XML_INACTIVE, &inactive, NULL), ==, 0);
        with = network_config_format(live, 0);
        without = network_config_format(live, NETWORK_XML_INACTIVE);
        parsed = network_config_format(inactive, 0);
        g_assert_nonnull(strstr(with, "<network connections='2'>"));
        g_assert_nonnull(strstr(with, "<interface dev='e' connections='1'/>"));
        g_assert_null(strstr(without, "connections"));
        g_assert_null(strstr(parsed, "connections"));
        g_assert_cmpint(network_config_mode(live), ==, NETWORK_FORWARD_PRIVATE);
}

static void test_prefix(void)
{
        static const struct {
                NetworkIp ip;
                unsigned prefix;
        } cases[] = {
                { { .address = (char *)"10.0.0.1" }, 8 },
                { { .address = (char *)"172.16.0.1" }, 16 },
                { { .address = (char *)"192.168.0.1" }, 24 },
                { { .address = (char *)"fe80::1" }, 64 },
                { { .address = (char *)"10.0.0.1", .netmask = (char *)"255.255.128.0" }, 17 },
                { { .address = (char *)"10.0.0.1", .netmask = (char *)"255.0.255.0" }, 8 },
                { { .address = (char *)"10.0.0.1", .prefix = { 31, true } }, 31 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                g_assert_cmpuint(network_ip_prefix(&cases[i].ip), ==, cases[i].prefix);
}

static void test_addresses(void)
{
        IpAddress a, b;
        g_autofree char *normal = ip_address_normalize("2001:DB8:0:0::1");

        g_assert_cmpstr(normal, ==, "2001:db8::1");
        g_assert_cmpint(ip_address_parse("1.2.3", &a), <, 0);
        g_assert_cmpint(ip_address_parse("localhost", &a), <, 0);
        g_assert_cmpint(ip_address_parse(NULL, &a), <, 0);
        g_assert_cmpint(ip_address_parse("10.1.2.0", &a), ==, 0);
        g_assert_cmpint(ip_address_parse("10.1.3.255", &b), ==, 0);
        g_assert_true(ip_address_same_network(&a, &b, 23));
        g_assert_false(ip_address_same_network(&a, &b, 24));
        g_assert_true(ip_address_is_first(&a, 24));
        g_assert_false(ip_address_is_first(&b, 24));
        g_assert_true(ip_address_is_last(&b, 24));
        g_assert_cmpint(ip_address_compare(&a, &b), <, 0);
        g_assert_cmpuint(ip_address_bits(&a), ==, 32);
        g_assert_cmpint(ip_address_mask_prefix(&a), ==, -EINVAL);
}

static void test_tables(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(bind_check(network_kind.type, &error), ==, 0);
        g_assert_no_error(error);
}

static void test_hostile(void)
{
        corpus_hostile(&kind, "<network><name>a</name>", "<ip/>", "</network>");
        corpus_hostile(&kind, "<network><name>a</name>", "<x/>", "</network>");
        corpus_hostile(&kind, "<network><name>", "a", "</name></network>");
        corpus_hostile(&kind, "<network><name>a</name><dns>", "<txt name='a' value='b'/>",
                "</dns></network>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/network/refused", test_refused);
        g_test_add_func("/model/network/update", test_update);
        g_test_add_func("/model/network/flags", test_flags);
        g_test_add_func("/model/network/prefix", test_prefix);
        g_test_add_func("/model/network/addresses", test_addresses);
        g_test_add_func("/model/network/tables", test_tables);
        g_test_add_func("/model/network/hostile", test_hostile);
        return g_test_run();
}

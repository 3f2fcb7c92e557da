/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/model/host-interface.h"
#include "tests/unit/model-corpus.h"

#include <string.h>

static char *again(const char *xml, GError **error)
{
        g_autoptr(HostInterfaceConfig) config = NULL, copy = NULL;

        if (host_interface_config_parse(xml, 0, &config, error) < 0)
                return NULL;
        copy = host_interface_config_copy(config);
        g_clear_pointer(&config, host_interface_config_free);
        return host_interface_config_format(copy, 0);
}

static char *define(const char *xml, GError **error)
{
        g_autoptr(HostInterfaceConfig) config = NULL;

        if (host_interface_config_parse(xml, 0, &config, error) < 0 ||
                host_interface_config_validate(config, error) < 0)
                return NULL;
        return host_interface_config_format(config, 0);
}

static char *identify(const char *xml, GError **error)
{
        char *name = NULL;

        return host_interface_config_identify(xml, &name, error) < 0 ? NULL : name;
}

static char *identity(const char *xml)
{
        g_autoptr(HostInterfaceConfig) config = NULL;

        g_assert_cmpint(host_interface_config_parse(xml, 0, &config, NULL), ==, 0);
        return g_strdup(config->name);
}

static const CorpusKind kind = { "host-interface", again, define, identify, identity };

#define IF(type, body) "<interface type='" type "' name='a'>" body "</interface>"
#define IP(body) IF("ethernet", "<protocol family='ipv4'>" body "</protocol>")
#define BOND(body) IF("bond", "<bond>" body "</bond>")

static void test_refused(void)
{
        static const CorpusRefusal cases[] = {
                { "<foo/>", "XML error: expecting root element of 'interface', not 'foo'",
                        ERROR_XML_ERROR },
                { "<interface/>", "XML error: /interface: attribute 'type' is missing",
                        ERROR_XML_ERROR },
                { "<interface type='x'/>",
                        "XML error: /interface/@type: 'x' is not a type of interface (ethernet, "
                        "bridge, bond, vlan)",
                        ERROR_XML_ERROR },
                { "<interface type='ethernet'/>", "XML error: interface has no name",
                        ERROR_XML_ERROR },
                { IF("ethernet", "<start mode='x'/>"),
                        "XML error: /interface/start/@mode: 'x' is not a start mode (onboot, none, "
                        "hotplug)",
                        ERROR_XML_ERROR },
                { IF("ethernet", "<mtu size='x'/>"),
                        "XML error: /interface/mtu/@size: 'x' is not a number from 0 to 4294967295",
                        ERROR_XML_ERROR },
                { IF("ethernet", "<mac address='x'/>"), "XML error: 'x' is not a MAC address",
                        ERROR_XML_ERROR },
                { IF("ethernet", "<protocol/>"), "XML error: protocol misses the family attribute",
                        ERROR_XML_ERROR },
                { IF("ethernet", "<protocol family='x'/>"),
                        "XML error: /interface/protocol/@family: 'x' is not a protocol family "
                        "(ipv4, ipv6)",
                        ERROR_XML_ERROR },
                { IP("<dhcp peerdns='x'/>"),
                        "XML error: /interface/protocol/dhcp/@peerdns: 'x' is not a yes or no "
                        "(yes, no)",
                        ERROR_XML_ERROR },
                { IP("<ip address='::1'/>"), "XML error: '::1' is not an address of family 'ipv4'",
                        ERROR_XML_ERROR },
                { IP("<ip address='1.2.3.4' prefix='x'/>"),
                        "XML error: /interface/protocol/ip/@prefix: 'x' is not a number from 0 to "
                        "128",
                        ERROR_XML_ERROR },
                { IP("<route gateway='x'/>"), "XML error: 'x' is not an address of family 'ipv4'",
                        ERROR_XML_ERROR },
                { IF("bridge", ""), "XML error: bridge interface misses the bridge element",
                        ERROR_XML_ERROR },
                { IF("bridge", "<bridge delay='x'/>"), "XML error: 'x' is not a delay in seconds",
                        ERROR_XML_ERROR },
                { IF("bridge", "<bridge><interface type='bridge' name='b'/></bridge>"),
                        "XML error: interface has unsupported type 'bridge'", ERROR_XML_ERROR },
                { IF("bridge", "<bridge><interface type='vlan' name='b'/></bridge>"),
                        "XML error: vlan interface misses the vlan element", ERROR_XML_ERROR },
                { IF("bond", ""), "XML error: bond interface misses the bond element",
                        ERROR_XML_ERROR },
                { IF("bond", "<bond mode='x'/>"),
                        "XML error: /interface/bond/@mode: 'x' is not a bonding mode (balance-rr, "
                        "active-backup, balance-xor, broadcast, 802.3ad, balance-tlb, balance-alb)",
                        ERROR_XML_ERROR },
                { BOND("<interface type='vlan'/>"),
                        "XML error: interface has unsupported type 'vlan'", ERROR_XML_ERROR },
                { BOND("<miimon/>"), "XML error: bond interface miimon freq missing or invalid",
                        ERROR_XML_ERROR },
                { BOND("<miimon freq='1' carrier='x'/>"),
                        "XML error: /interface/bond/miimon/@carrier: 'x' is not a way to see a "
                        "carrier (ioctl, netif)",
                        ERROR_XML_ERROR },
                { BOND("<arpmon/>"), "XML error: bond interface arpmon interval missing or invalid",
                        ERROR_XML_ERROR },
                { BOND("<arpmon interval='1'/>"), "XML error: bond interface arpmon target missing",
                        ERROR_XML_ERROR },
                { BOND("<arpmon interval='1' target='1.2.3.4' validate='x'/>"),
                        "XML error: /interface/bond/arpmon/@validate: 'x' is not a way to validate "
                        "ARP (none, active, backup, all)",
                        ERROR_XML_ERROR },
                { IF("vlan", ""), "XML error: vlan interface misses the vlan element",
                        ERROR_XML_ERROR },
                { IF("vlan", "<vlan/>"), "XML error: vlan interface misses the tag attribute",
                        ERROR_XML_ERROR },
                { IF("vlan", "<vlan tag='1'/>"), "XML error: vlan interface misses name attribute",
                        ERROR_XML_ERROR },
        };

        corpus_refuse(&kind, cases, G_N_ELEMENTS(cases));
}

static void test_flags(void)
{
        g_autoptr(HostInterfaceConfig) config = NULL;
        g_autofree char *text = NULL;

        g_assert_cmpint(host_interface_config_parse(
                                IF("ethernet", "<link speed='10' state='up'/>"), 0, &config, NULL),
                ==, 0);
        text = host_interface_config_format(config, HOST_INTERFACE_XML_INACTIVE);
        g_assert_cmpstr(text, ==, "<interface type='ethernet' name='a'/>\n");
}

static void test_hostile(void)
{
        corpus_hostile(&kind, "<interface type='bond' name='a'><bond>", "<interface/>",
                "</bond></interface>");
        corpus_hostile(&kind, "<interface type='bond' name='a'>", "<x/>", "</interface>");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        corpus_add(&kind);
        g_test_add_func("/model/host-interface/refused", test_refused);
        g_test_add_func("/model/host-interface/flags", test_flags);
        g_test_add_func("/model/host-interface/hostile", test_hostile);
        return g_test_run();
}

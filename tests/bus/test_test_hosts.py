#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test hosts that files describe: test:///path. The format and what is made of it are libvirt's."""

import pathlib
import unittest

from bustest import PAUSED, ROOT, RUNNING, SHUT_OFF, BusTest

NAMESPACE = 'http://libvirt.org/schemas/domain/test/1.0'
UUID = '11111111-2222-4333-8444-555555555555'


def domain(name: str, more='', uuid=UUID[:-2]) -> str:
    uuid = uuid if len(uuid) == 36 else f'{uuid}{sum(name.encode()) % 100:02}'
    return (f"<domain type='test'><name>{name}</name><uuid>{uuid}</uuid><memory>65536</memory>"
            f'<os><type>hvm</type></os>{more}</domain>')


def snapshot(name: str, more='', tag='test:domainsnapshot', state='running') -> str:
    return (f'<{tag}><name>{name}</name><state>{state}</state><creationTime>5</creationTime>{more}'
            f'{domain("moments", uuid=UUID)}</{tag}>')


class TestHosts(BusTest):
    def write(self, text: str, name='host.xml') -> pathlib.Path:
        path = pathlib.Path(self.bus.folder) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def node(self, content: str) -> pathlib.Path:
        return self.write(f"<node xmlns:test='{NAMESPACE}'>\n{content}</node>")

    def host(self, content: str):
        host = self.open(f'test://{self.node(content)}')
        self.addCleanup(lambda: self.manager.call('Manager.Close', host.path))
        return host

    def domains(self, host) -> dict:
        found = map(self.client.object, host.call('Connection.ListDomains', 0))
        return {one.get('Domain.Name'): one for one in found}

    def connections(self) -> set:
        return set(self.manager.call('Manager.ListConnections'))

    def test_node(self):
        host = self.host('<cpu><mhz>2800</mhz><model>i986</model><active>40</active><nodes>2</nodes>'
                         '<sockets>4</sockets><cores>6</cores><threads>1</threads></cpu><memory>8192000</memory>')
        self.assertEqual(host.call('Connection.NodeGetInfo'), ('i986', 8192000, 40, 2800, 2, 4, 6, 1))
        self.assertEqual(host.call('Connection.NodeGetFreeMemory'), 0)
        self.assertIn("<cells num='0'>", host.call('Connection.GetCapabilities'))
        self.assertEqual(self.domains(host), {})

    def test_default_node(self):
        standard = ('i686', 3145728, 16, 1400, 2, 2, 2, 2)
        self.assertEqual(self.open().call('Connection.NodeGetInfo'), standard)
        self.assertEqual(self.host('<unknown/>').call('Connection.NodeGetInfo'), standard)
        counted = self.host('<cpu><cores> 3 </cores></cpu>').call('Connection.NodeGetInfo')
        self.assertEqual(counted, ('i686', 3145728, 24, 1400, 2, 2, 3, 2))

    def test_states(self):
        def beginning(name, *more):
            return domain(name, ''.join(f'<test:{one}' for one in more))

        host = self.host(
            beginning('runs') + beginning('paused', 'runstate>3</test:runstate>')
            + beginning('crashed', 'runstate>6</test:runstate>') + beginning('none', 'runstate>0</test:runstate>')
            + beginning('off', 'runstate>5</test:runstate>') + beginning('transient', 'transient/>')
            + beginning('saved', 'runstate>5</test:runstate>', 'hasmanagedsave/>'))
        domains = self.domains(host)
        self.assertEqual({name: one.get('Domain.State') for name, one in domains.items()}, {
            'runs': (RUNNING, 0), 'paused': (PAUSED, 0), 'crashed': (6, 0), 'none': (0, 0), 'off': (SHUT_OFF, 0),
            'transient': (RUNNING, 0), 'saved': (SHUT_OFF, 0)})
        self.assertEqual({name for name, one in domains.items() if not one.get('Domain.Active')}, {'off', 'saved'})
        self.assertEqual([name for name, one in domains.items() if not one.get('Domain.Persistent')], ['transient'])
        self.assertEqual([name for name, one in domains.items() if one.get('Domain.HasManagedSave')], ['saved'])
        self.assertEqual(sorted(one.get('Domain.Id') for one in domains.values()), [0, 0, 1, 2, 3, 4, 5])
        # What is said to the test host is no part of the domain.
        for one in domains.values():
            self.assertNotIn('test:', one.call('Domain.GetXMLDesc', 0))
        domains['transient'].call('Domain.Destroy', 0)
        self.assertNotIn('transient', self.domains(host))
        domains['saved'].call('Domain.Create', 0)
        self.assertFalse(domains['saved'].get('Domain.HasManagedSave'))

    def test_metadata_keeps_the_namespace(self):
        host = self.host(domain('a', "<metadata><test:mine xmlns:test='http://other.example/'/></metadata>")
                         + domain('b', '<metadata><test:mine/></metadata><test:transient/>'))
        domains = self.domains(host)
        self.assertIn('http://other.example/', domains['a'].call('Domain.GetXMLDesc', 0))
        self.assertIn(NAMESPACE, domains['b'].call('Domain.GetXMLDesc', 0))

    def test_interfaces_of_a_guest_have_names(self):
        one = self.domains(self.host(domain(
            'a', "<devices><interface type='network'><source network='n'/></interface></devices>")))['a']
        self.assertIn("<target dev='testnet0'/>", one.call('Domain.GetXMLDesc', 0))

    def test_snapshots(self):
        # The child comes before its parent.
        self.write(snapshot('root', tag='domainsnapshot', state='shutoff'), 'root.xml')
        host = self.host(domain('moments', snapshot('leaf', '<parent><name>root</name></parent><active>1</active>')
                                + '<test:domainsnapshot file="root.xml"/>', UUID))
        one = self.domains(host)['moments']
        found = {path.rsplit('_', 1)[1]: self.client.object(path)
                 for path in one.call('Domain.ListDomainSnapshots', 0)}
        self.assertEqual(set(found), {'leaf', 'root'})
        self.assertEqual(found['leaf'].call('DomainSnapshot.GetParent', 0), found['root'].path)
        self.assertTrue(found['leaf'].call('DomainSnapshot.IsCurrent', 0))
        self.assertNotIn('test', found['leaf'].call('DomainSnapshot.GetXMLDesc', 0).split('<domain ')[0])
        found['root'].call('DomainSnapshot.Revert', 0)
        self.assertFalse(one.get('Domain.Active'))

    def test_objects(self):
        self.write('<volume><name>two</name><capacity>2000000</capacity></volume>', 'volumes/two.xml')
        self.write(domain('elsewhere'), 'volumes/domain.xml')
        host = self.host(
            "<domain file='volumes/domain.xml'/>"
            "<network><name>net</name><bridge name='br9'/></network>"
            "<interface type='ethernet' name='eth7'><mac address='aa:bb:cc:dd:ee:01'/></interface>"
            "<pool type='dir'><name>pool</name><target><path>/pool</path></target>"
            '<volume><name>one</name><capacity>1000000</capacity><allocation>5000</allocation></volume>'
            "<volume file='volumes/two.xml'/></pool>"
            "<device><name>computer</name><capability type='system'><hardware>"
            f'<uuid>{UUID}</uuid></hardware><firmware/></capability></device>')

        def named(member, property_):
            return [self.client.object(path).get(property_) for path in host.call(f'Connection.{member}', 0)]

        self.assertEqual(list(self.domains(host)), ['elsewhere'])
        self.assertEqual(named('ListNetworks', 'Network.Active'), [True])
        self.assertEqual(named('ListNetworks', 'Network.Bridge'), ['br9'])
        self.assertEqual(named('ListInterfaces', 'Interface.Name'), ['eth7'])
        self.assertEqual(named('ListNodeDevices', 'NodeDevice.Name'), ['computer'])
        pool = self.client.object(host.call('Connection.ListStoragePools', 0)[0])
        self.assertEqual(pool.call('StoragePool.GetInfo')[2], 2005000)
        volumes = map(self.client.object, pool.call('StoragePool.ListStorageVolumes', 0))
        self.assertEqual({one.get('StorageVol.Path') for one in volumes}, {'/pool/one', '/pool/two'})
        self.assertNotIn('volume', pool.call('StoragePool.GetXMLDesc', 0))

    def test_private(self):
        """Two opens are two hosts, and each goes with who opened it."""
        uri = f'test://{self.node(domain("a"))}'
        before = self.connections()
        first, second = self.open(uri), self.open(uri)
        self.assertNotEqual(first.path, second.path)
        self.assertRegex(first.path, f'^{ROOT}/connection/test_host_[0-9]+$')
        self.domains(first)['a'].call('Domain.Destroy', 0)
        self.assertTrue(self.domains(second)['a'].get('Domain.Active'))
        other = self.new_client()
        third = self.open(uri, client=other)
        with self.refused('InvalidConn'):
            self.manager.call('Manager.Close', third.path)
        self.manager.call('Manager.Close', first.path)
        self.assertEqual(self.connections(), before | {second.path, third.path})
        with self.client.record() as signals:
            other.close()
            self.client.wait(lambda: any(one.member == 'InterfacesRemoved' and one.arguments[0] == third.path
                                         for one in signals.all))
        self.manager.call('Manager.Close', second.path)
        self.assertEqual(self.connections(), before)

    def test_label(self):
        for name in ('odd name-é.xml', 'x' * 100 + '.xml', '.hidden'):
            host = self.open(f'test://{self.write("<node/>", name)}'.replace(' ', '%20'))
            self.assertRegex(host.path, f'^{ROOT}/connection/test_[A-Za-z0-9_]{{1,32}}_[0-9]+$')
            self.manager.call('Manager.Close', host.path)

    def test_bad_files(self):
        """Every error names the file and the place, and nothing is left of the host."""
        self.write('<domain', 'broken.xml')
        self.write(domain('in a file', '<vcpu>many</vcpu>'), 'bad.xml')
        folder = self.bus.folder
        before = self.connections()

        def moment(more='', name='s'):
            return domain('moments', snapshot(name, more) + snapshot('t'), UUID)

        for content, error, message in (
                ('<cpu><mhz>x</mhz></cpu>', 'XmlError', 'XML error: {}:1: invalid node cpu mhz value'),
                ('<cpu><cores>-1</cores></cpu>', 'XmlError', 'XML error: {}:1: invalid node cpu cores value'),
                ('<cpu><cores>2000000000</cores></cpu>', 'XmlError', 'XML error: {}:1: invalid node cpu active value'),
                ('<cpu>' + ''.join(f'<{one}>65536</{one}>' for one in ('nodes', 'sockets', 'cores', 'threads')) + '</cpu>',
                 'XmlError', 'XML error: {}:1: invalid node cpu active value'),
                (f'<cpu><model>{"x" * 32}</model></cpu>', 'XmlError', 'XML error: {}:1: Model x'),
                ('<memory/>', 'XmlError', 'XML error: {}:1: invalid node memory value'),
                ('\n\n<domain/>', 'NoName', '{}:4: missing name information'),
                ('\n\n<domain><name>a</name></domain>', 'InternalError',
                 'internal error: {}:4: missing domain type attribute'),
                (domain('a', '<vcpu>x</vcpu>'), 'XmlError', 'XML error: {}:2: /domain/vcpu'),
                (domain('a', '<test:runstate>77</test:runstate>'), 'XmlError',
                 "XML error: {}:2: runstate '77' out of range'"),
                (domain('a', '<test:runstate>x</test:runstate>'), 'XmlError', 'XML error: {}:2: invalid runstate'),
                (domain('a', '<test:runstate>5</test:runstate><test:transient/>'), 'XmlError',
                 "XML error: {}:2: transient domain cannot have runstate 'shutoff'"),
                (domain('a', '<test:hasmanagedsave/>'), 'XmlError',
                 "XML error: {}:2: domain with managedsave data can only have runstate 'shutoff'"),
                (domain('a') + '\n' + domain('a'), 'DomExist', "domain {}:3: 'a' exists already"),
                ("<domain file='missing.xml'/>", 'SystemError', f"{{}}:2: cannot read the test host's file "
                 f"'{folder}/missing.xml': No such file or directory"),
                ("<domain file='.'/>", 'XmlError', f'XML error: {{}}:2: {folder} is not a file'),
                ("<domain file='broken.xml'/>", 'XmlDetail', f'{{}}:2: ({folder}/broken.xml):1: '),
                ("<network file='bad.xml'/>", 'XmlError',
                 f"XML error: {{}}:2: {folder}/bad.xml: expecting root element of 'network', not 'domain'"),
                ("<domain file='bad.xml'/>", 'XmlError', f'XML error: {folder}/bad.xml:1: /domain/vcpu'),
                ('<network/>', 'NoName', '{}:2: missing name information'),
                ('<interface/>', 'XmlError', 'XML error: {}:2: '),
                ("<pool type='dir'/>", 'XmlError', 'XML error: {}:2: '),
                ("<pool type='dir'><name>p</name><target><path>/p</path></target>\n<volume><name>v</name></volume>"
                 '</pool>', 'XmlError', 'XML error: {}:3: missing capacity element'),
                ('<device/>', 'NoName', '{}:2: missing name information'),
                (moment('<parent><name>nobody</name></parent>'), 'InvalidArg',
                 'invalid argument: {}:2: parent nobody for snapshot s not found'),
                (moment(name='t'), 'OperationFailed', 'operation failed: {}:2: domain moment t already exists'),
                (moment('<active>x</active>'), 'XmlError', "XML error: {}:2: Could not find 'active' element"),
                (2 * f"<interface type='ethernet' name='eth7'><mac address='aa:bb:cc:dd:ee:01'/></interface>\n",
                 'OperationFailed', "operation failed: {}:3: interface 'eth7' already exists"),
                (2 * f'<network><name>n</name><uuid>{UUID}</uuid></network>\n', 'OperationFailed',
                 f"operation failed: {{}}:3: network 'n' already exists with uuid {UUID}"),
                ('<auth><user/></auth>', 'XmlError', 'XML error: {}:1: missing username in /node/auth/user field'),
        ):
            path = self.node(content)
            with self.subTest(content=content), self.refused(error, message.format(path)):
                self.open(f'test://{path}')
        for text, error, message in (
                ('<foo/>', 'XmlError', "XML error: {}: expecting root element of 'node', not 'foo'"),
                ('<node>', 'XmlDetail', '({}):1: '),
                ('', 'XmlDetail', '({}):1: Document is empty'),
                ('<!DOCTYPE node [<!ENTITY x SYSTEM "/etc/passwd">]><node/>', 'XmlError', ''),
                ('<node>' + ' ' * (1 << 20), 'XmlError', 'XML error: {} is larger than 1048576 bytes'),
                ('<node>' + '<x/>' * 3, 'XmlDetail', '({}):1: ')):
            path = self.write(text)
            with self.subTest(text=text[:40]), self.refused(error, message.format(path)):
                self.open(f'test://{path}')
        for path, error in (('/nowhere/host.xml', 'SystemError'), ('/dev/null', 'XmlError'), (folder, 'XmlError')):
            with self.subTest(path=path), self.refused(error):
                self.open(f'test://{path}')
        self.assertEqual(self.connections(), before)

    def test_many(self):
        """More than are read in one turn."""
        path = self.node(''.join(domain(f'd{i}', uuid=f'{UUID[:-12]}{i:012}') for i in range(300)))
        self.assertEqual(len(self.domains(self.open(f'test://{path}'))), 300)


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service, its drivers and connections: URIs, who holds what open, reading only, introspection."""

import fcntl
import os
import pathlib
import re
import socket
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from bustest import (ANY, BusTest, CallError, DOCUMENTS, GLib, OBJECT_MANAGER, ROOT, TEST, TEST_DOMAIN, TEST_UUID,
                     TOP, Xml, guest_xml)

# A URI, the error, and the beginning of what is said of it.
BAD_URIS = [
    ('nonsense', 'InvalidArg', "invalid argument: malformed URI 'nonsense': no driver in front"),
    ('://', 'InvalidArg', "invalid argument: malformed URI '://'"),
    (':', 'InvalidArg', "invalid argument: malformed URI ':'"),
    ('1:///', 'InvalidArg', "invalid argument: malformed URI '1:///'"),
    ('test+:///default', 'InvalidArg', "invalid argument: malformed URI 'test+:///default'"),
    ('test:///default#x', 'InvalidArg', "invalid argument: malformed URI 'test:///default#x': it has a fragment"),
    ('test:///def%ff', 'InvalidArg', "invalid argument: malformed URI 'test:///def%ff'"),
    ('test:///default%00', 'InvalidArg', "invalid argument: malformed URI"),
    ('test:///default%zz', 'InvalidArg', "invalid argument: malformed URI"),
    ('test://[::1/default', 'InvalidArg', "invalid argument: malformed URI"),
    ('test://h:99999/default', 'InvalidArg', "invalid argument: malformed URI"),
    ('test:///default?a=%zz', 'InvalidArg', "invalid argument: malformed URI"),
    ('test:///default?a=%00', 'InvalidArg', "invalid argument: malformed"),
    ('test:///default?a', 'InvalidArg', "invalid argument: malformed parameters in the URI"),
    ('test:///default?' + '&'.join(['a=b'] * 65), 'InvalidArg', 'invalid argument: the URI has more than 64'),
    ('test:///' + 'x' * 8192, 'InvalidArg', 'invalid argument: the URI is longer than 8192 bytes'),
    ('test://u:secret@h/default', 'InvalidArg', 'invalid argument: the URI holds a password'),
    ('vbox:///session', 'NoConnect', "no connection driver available for vbox:///session: there is no driver 'vbox'"),
    ('test+pigeon://host/default', 'InvalidArg',
     "invalid argument: test+pigeon://host/default: there is no transport 'pigeon'"),
    ('test+unix://host/default', 'InvalidArg', "invalid argument: test+unix://host/default: the transport 'unix' stays"),
    ('test+unix:///default?mode=odd', 'InvalidArg', "invalid argument: test+unix:///default?mode=odd: there is no mode"),
    ('test+ext:///default', 'InvalidArg', "invalid argument: test+ext:///default: the transport 'ext' needs the param"),
    ('test:///', 'InvalidArg', 'invalid argument: testOpen: supply a path or use test:///default'),
    ('test:///some/file', 'SystemError', "cannot read the test host's file '/some/file': No such file or directory"),
    ('qemu:///', 'InternalError', "internal error: unexpected QEMU URI path '/', try qemu:///system"),
    ('qemu:///sys', 'InternalError', "internal error: unexpected QEMU URI path '/sys'"),
    ('qemu:///embed', 'InvalidArg', 'invalid argument: qemu:///embed: it needs a directory'),
    ('qemu:///embed?root=', 'InvalidArg', 'invalid argument: qemu:///embed?root=: it needs a directory'),
    ('qemu:///embed?root=here', 'InvalidArg', "invalid argument: root path must be absolute: 'here'"),
    ('qemu:///embed?root=/proc/nothing', 'SystemError', "cannot create directory '/proc/nothing/"),
]


class ManagerTest(BusTest):
    def test_properties(self):
        self.assertEqual(
            self.manager.get_all('Manager'),
            {'Version': self.manager.get('Manager.Version'), 'DefaultURI': 'qemu:///session',
             'Drivers': [f'{ROOT}/driver/{name}' for name in ('qemu', 'xen', 'test', 'remote')], 'Aliases': {}, 'Problems': []})
        self.assertRegex(self.manager.get('Manager.Version'), r'^\d+\.\d+\.\d+$')

    def test_drivers(self):
        test = self.client.object(f'{ROOT}/driver/test').get_all('Driver')
        self.assertEqual((test['Name'], test['Available'], test['URIs'], test['Emulators'], test['Acceleration'][0]),
                         ('test', True, ['test:///default'], [], False))
        qemu = self.client.object(f'{ROOT}/driver/qemu')
        self.assertEqual((qemu.get('Driver.Name'), qemu.get('Driver.Available'), qemu.get('Driver.Reason'),
                          qemu.get('Driver.URIs')), ('qemu', True, '', ['qemu:///session']))
        self.assertIn(('/usr/bin/qemu-system-x86_64', 'x86_64'), qemu.get('Driver.Emulators'))
        usable, reason = qemu.get('Driver.Acceleration')
        self.assertEqual(usable, os.path.exists('/dev/kvm'))
        self.assertEqual(reason == '', usable)
        known = {f'{class_}.{name}' for class_ in ('Connection', 'Domain') for name in Xml(class_).members('method')}
        self.assertLessEqual(set(qemu.get('Driver.Operations')), known)
        self.assertIn('Domain.OpenConsole', qemu.get('Driver.Operations'))
        self.assertNotIn('Domain.OpenConsole', test['Operations'])
        qemu.call('Driver.Probe')
        self.assertTrue(qemu.get('Driver.Available'))

    def test_connection(self):
        connection = self.open()
        self.assertEqual(connection.path, TEST)
        properties = connection.get_all('Connection')
        self.assertEqual(properties.pop('Sequence'), connection.get('Connection.Sequence'))
        self.assertEqual(properties, {
            'Encrypted': False, 'Secure': True, 'Hostname': os.uname().nodename, 'LibVersion': 9000000, 'Version': 2,
            'URI': 'test:///default', 'Driver': f'{ROOT}/driver/test',
            'Alive': True, 'LinkError': ''})

    def test_default_uri(self):
        self.assertEqual(self.manager.call('Manager.Open', '', 0), f'{ROOT}/connection/qemu_session')

    def test_bad_uris(self):
        for uri, name, message in BAD_URIS:
            with self.subTest(uri[:80]), self.refused(name, message) as caught:
                self.manager.call('Manager.Open', uri, 0)
            self.assertNotIn('secret', caught.exception.message)
        self.assertEqual(len(self.manager.call('Manager.ListConnections')), 2)

    def test_lives_while_it_is_held(self):
        uri = f'qemu:///embed?root={self.bus.folder}/held'
        first, second = self.new_client(), self.new_client()
        with self.client.record() as signals:
            path = self.open(uri, client=first).path
            added = signals.wait(member='InterfacesAdded')
            self.assertEqual(added.arguments[0], path)
            self.assertEqual(added.arguments[1]['org.virtbus1.Connection']['URI'], uri)
            self.assertRegex(path, f'^{ROOT}/connection/qemu_embed_[0-9a-f]{{8}}$')
            # The same directory in other words is the same connection.
            self.assertEqual(self.open(uri + '/./', client=second).path, path)
            self.open(uri, client=second)
            self.assertIn(path, self.manager.call('Manager.ListConnections'))

            first.object(ROOT).call('Manager.Close', path)
            second.object(ROOT).call('Manager.Close', path)
            self.assertEqual(self.client.object(path).get('Connection.URI'), uri)
            self.assertFalse(signals.matching(member='InterfacesRemoved'))
            second.object(ROOT).call('Manager.Close', path)
            self.assertEqual(signals.wait(member='InterfacesRemoved').arguments,
                             (path, ['org.virtbus1.Connection']))
        self.assertNotIn(path, self.manager.call('Manager.ListConnections'))
        with self.refused('-UnknownObject'):
            self.client.object(path).get('Connection.URI')
        with self.refused('InvalidArg', 'invalid argument: Close: no object has that path'):
            second.object(ROOT).call('Manager.Close', path)

    def test_hosts_that_take_their_time(self):
        """Who waits for a host may open others, and ask for what else there is."""
        silent, opening = [], []
        for name in ('one', 'two'):
            path = pathlib.Path(self.bus.folder) / name
            silent.append(socket.socket(socket.AF_UNIX))
            self.addCleanup(silent[-1].close)
            silent[-1].bind(str(path))
            silent[-1].listen()
            opening.append(self.client.start(ROOT, 'org.virtbus1.Manager', 'Open', '(su)',
                                             f'test+unix:///default?socket={path}', 0))
        self.assertEqual(self.manager.call('Manager.Open', 'test:///default', 0), TEST)
        self.assertEqual(self.manager.get('Manager.DefaultURI'), 'qemu:///session')
        for listener, finish in zip(silent, opening):
            listener.accept()[0].close()
            with self.assertRaises(CallError) as caught:
                finish()
            # It was not the deadline that let the other calls through.
            self.assertIn('the connection has failed', caught.exception.message)

    def test_goes_with_its_last_holder(self):
        uri = f'qemu:///embed?root={self.bus.folder}/left'
        holders = [self.new_client() for _ in range(3)]
        paths = {self.open(uri, client=holder).path for holder in holders}
        self.open(uri, client=holders[0])
        path, = paths
        with self.client.record() as signals:
            for holder in holders[:2]:
                self.leave(holder)
            self.assertIn(path, self.manager.call('Manager.ListConnections'))
            holders[2].close()
            signals.wait(member='InterfacesRemoved')
        # Its guests run on, and are there when it is opened again.
        holder = self.new_client()
        host = self.open(uri, client=holder)
        guest = host.call('Connection.DomainDefineXML', guest_xml('qemu', 'stays'))
        holder.object(guest).call('Domain.Create', 0)
        number = holder.object(guest).get('Domain.Id')
        with self.client.record() as signals:
            holder.close()
            signals.wait(member='InterfacesRemoved', where=lambda s: s.arguments[0] == path)
        self.assertEqual(len(self.bus.processes('guest=stays')), 1)
        host = self.open(uri)
        guest = self.client.object(host.call('Connection.DomainLookupByName', 'stays'))
        self.assertEqual((guest.get('Domain.State')[0], guest.get('Domain.Id')), (1, number))
        guest.call('Domain.Destroy', 0)
        guest.call('Domain.Undefine', 0)
        self.manager.call('Manager.Close', path)

    def test_close_is_for_who_opened(self):
        with self.refused('InvalidConn', 'invalid connection pointer in Close: this caller has not opened'):
            self.new_client().object(ROOT).call('Manager.Close', TEST)
        with self.refused('InvalidConn', 'invalid connection pointer in Close: the object is not a connection'):
            self.manager.call('Manager.Close', TEST_DOMAIN)
        # The defaults stay, however often they are closed.
        client = self.new_client()
        self.open(client=client)
        client.object(ROOT).call('Manager.Close', TEST)
        self.assertIn(TEST, self.manager.call('Manager.ListConnections'))

    def test_a_service_at_a_time_for_a_directory(self):
        """Both would start what is there."""
        root = self.bus.folder / 'locked'
        (root / 'run/qemu').mkdir(parents=True)
        with open(root / 'run/qemu/lock', 'w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            finish = self.client.start(ROOT, 'org.virtbus1.Manager', 'Open', '(su)', f'qemu:///embed?root={root}', 0)
            other = self.new_client().object(ROOT)
            other.get('Manager.Version')
            self.client.wait(lambda: ('Open virtbus1', 'timer') in [
                entry[:2] for entry in other.call('Manager.ListFibers')])
        path = finish()
        self.manager.call('Manager.Close', path)

    def test_reading_only(self):
        reader = self.new_client()
        host = self.open(flags=1, client=reader)
        guest = reader.object(TEST_DOMAIN)
        denied = 'operation forbidden: read only access prevents '
        reading, writing = [], []
        for class_, object_ in (('Connection', host), ('Domain', guest)):
            for name, method in Xml(class_).members('method').items():
                permission = Xml.note(method, 'Permission')
                (reading if permission.endswith('.read') else writing).append(name)
                if permission.endswith('.read'):
                    continue
                arguments = [guest_xml('test', 'new') if arg == 'xml' else ANY[type_]
                             for arg, type_ in Xml.arguments(method, 'in')]
                with self.subTest(name), self.refused('OperationDenied', denied):
                    object_.call(f'{class_}.{name}', *arguments)
        self.assertIn('GetXMLDesc', reading)
        self.assertIn('Suspend', writing)
        with self.refused('OperationDenied', denied):
            guest.set('Domain.Autostart', GLib.Variant('b', True))
        with self.refused('OperationDenied', denied):
            guest.call('Domain.GetXMLDesc', 1)
        self.assertEqual(host.call('Connection.DomainLookupByName', 'test'), TEST_DOMAIN)
        self.assertEqual(guest.get('Domain.Name'), 'test')
        guest.call('Domain.GetXMLDesc', 0)
        # Not of the guest's own agent, which is a program that is asked to do something.
        for source in (0, 2):
            guest.call('Domain.InterfaceAddresses', source, 0)
        with self.refused('OperationDenied', denied):
            guest.call('Domain.InterfaceAddresses', 1, 0)
        # It is the caller's choice for itself, and ends when it opens for more.
        self.client.object(TEST_DOMAIN).call('Domain.Suspend')
        self.client.object(TEST_DOMAIN).call('Domain.Resume')
        self.open(client=reader)
        guest.call('Domain.Suspend')
        guest.call('Domain.Resume')


class IntrospectionTest(BusTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        host, guest = cls.client.object(TEST), cls.client.object(TEST_DOMAIN)
        pool = cls.client.object(host.call('Connection.StoragePoolLookupByName', 'default-pool'))
        disk = "<disk type='file'><driver type='qcow2'/><source file='/disk'/><target dev='vda'/></disk>"
        other = cls.client.object(host.call('Connection.DomainCreateXML', guest_xml('test', 'other', devices=disk), 0))
        # Of the kinds of which the host has none in the beginning; a guest with snapshots can have no checkpoints.
        cls.made = {
            'Domain': other.path,
            'DomainCheckpoint': other.call('Domain.CheckpointCreateXML', DOCUMENTS['DomainCheckpoint'], 0),
            'DomainSnapshot': guest.call('Domain.SnapshotCreateXML', DOCUMENTS['DomainSnapshot'], 0),
            'NWFilter': host.call('Connection.NWFilterDefineXML', DOCUMENTS['NWFilter']),
            'Secret': host.call('Connection.SecretDefineXML', DOCUMENTS['Secret'], 0),
            'StorageVol': pool.call('StoragePool.StorageVolCreateXML',
                                    '<volume><name>new</name><capacity>1</capacity></volume>', 0)}

    def objects(self) -> dict:
        """At least one object of each kind, and all of the test host: its class and what it has below it."""
        below = {TEST_DOMAIN: ('Domain', set()),
                 **{path: (class_, set()) for class_, path in self.made.items()},
                 f'{TEST}/network/_dd8fe884_6c02_601e_7551_cca97df1c5df': ('Network', set()),
                 f'{TEST}/storagepool/_dfe224cb_28fb_8dd0_c4b2_64eb3f0f4566': ('StoragePool', set()),
                 f'{TEST}/interface/aa_3abb_3acc_3add_3aee_3aff': ('Interface', set()),
                 **{f'{TEST}/nodedev/{name}': ('NodeDevice', set())
                    for name in ('computer', 'scsi_5fhost1', 'scsi_5fhost2', 'scsi_5fhost11')}}
        return {ROOT: ('Manager', {'connection', 'driver'}),
                f'{ROOT}/driver/qemu': ('Driver', set()),
                TEST: ('Connection', {path.split('/')[-2] for path in below}),
                **below}

    def test_is_what_is_checked_in(self):
        # Jobs have a test of their own; an agent is the client's object.
        self.assertEqual({class_ for class_, _ in self.objects().values()} | {'Job', 'Agent'},
                         {path.stem.rpartition('.')[2] for path in (TOP / 'interfaces').glob('org.virtbus1.*.xml')})
        for path, (class_, children) in self.objects().items():
            with self.subTest(path):
                text = self.client.object(path).introspect()
                node = ElementTree.fromstring(text)
                self.assertIn('org.virtbus1.' + class_, [i.get('name') for i in node.findall('interface')])
                ours = re.search(r'<interface name="org\.virtbus1.*?</interface>', Xml(class_).text, re.DOTALL)
                # To the letter, with its documentation.
                self.assertIn(ours.group(), text)
                self.assertEqual({child.get('name') for child in node.findall('node')}, children)

    def test_paths_between(self):
        for path, children in ((f'{ROOT}/driver', {'qemu', 'xen', 'test', 'remote'}),
                               (f'{ROOT}/connection', {'qemu_session', 'test_default'}),
                               (f'{TEST}/domain', {path.rsplit('/', 1)[1] for path in (TEST_DOMAIN, self.made['Domain'])}),
                               ('/org', {'virtbus1', 'libvirt'}), ('/', {'org'})):
            with self.subTest(path):
                node = ElementTree.fromstring(self.client.object(path).introspect())
                self.assertEqual({child.get('name') for child in node.findall('node')}, children)

    def test_managed_objects(self):
        objects = self.client.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
        self.assertEqual(set(objects),
                         {*(f'{ROOT}/driver/{name}' for name in ('test', 'xen', 'remote')),
                          f'{ROOT}/connection/qemu_session', *self.objects()})
        for path, (class_, _) in self.objects().items():
            self.assertEqual(objects[path], {f'org.virtbus1.{class_}': self.client.object(path).get_all(class_)})
        with self.refused('-UnknownMethod'):
            self.client.call(TEST, OBJECT_MANAGER, 'GetManagedObjects', None)

    def test_every_property_is_as_declared(self):
        for path, (class_, _) in self.objects().items():
            for name, member in Xml(class_).members('property').items():
                with self.subTest(f'{class_}.{name}'):
                    body = self.send(path, 'org.freedesktop.DBus.Properties', 'Get',
                                     GLib.Variant('(ss)', (f'org.virtbus1.{class_}', name)), reply=True)
                    value = body.get_child_value(0).get_variant()
                    self.assertEqual(value.get_type_string(), member.get('type'))

    def test_tools(self):
        """The programs that people look with."""
        for command, wanted in (
                (['busctl', '--user', '--no-pager', 'tree', 'org.virtbus1'], TEST_DOMAIN),
                (['busctl', '--user', '--no-pager', 'introspect', 'org.virtbus1', TEST_DOMAIN],
                 '.SetVcpus                          method    uu'),
                (['gdbus', 'introspect', '--session', '-d', 'org.virtbus1', '-o', TEST], 'DomainDefineXML(in  s xml'),
                (['gdbus', 'call', '--session', '-d', 'org.virtbus1', '-o', ROOT, '-m', 'org.virtbus1.Manager.Open',
                  'test:///default', '0'], f"(objectpath '{TEST}',)")):
            with self.subTest(command[0] + ' ' + command[3 if command[0] == 'busctl' else 1]):
                result = subprocess.run(command, env=self.bus.env, capture_output=True, text=True, timeout=120)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(re.sub(r' +', ' ', result.stdout), re.escape(re.sub(r' +', ' ', wanted)))


class NamespaceTest(BusTest):
    """org.libvirt, as libvirt-dbus has it."""

    HOST = '/org/libvirt/Test'
    GUEST = TEST_DOMAIN.replace(TEST, '/org/libvirt/Test')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.bus.client()
        cls.other.name = 'org.libvirt'
        cls.addClassCleanup(cls.other.close)

    def other_call(self, path, member, signature=None, *arguments):
        interface, _, name = member.rpartition('.')
        return self.other.call(path, f'org.libvirt.{interface}', name, signature, *arguments)

    def raw(self, path, interface, member, signature, *arguments):
        """The reply's values as they are on the bus, variants and all."""
        body = self.send(path, interface, member, GLib.Variant(signature, arguments), reply=True, name='org.libvirt')
        return body.print_(True)

    def test_values_are_wrapped_twice_in_dictionaries_alone(self):
        get_all = ('org.freedesktop.DBus.Properties', 'GetAll', '(s)')
        text = self.raw(self.GUEST, *get_all, 'org.libvirt.Domain')
        self.assertIn("'Active': <<true>>", text)
        self.assertRegex(text, "'Id': <<uint32 [0-9]+>>")
        self.assertIn("'Active': <true>", self.raw(TEST_DOMAIN, *get_all, 'org.virtbus1.Domain'))
        self.assertEqual(self.raw(self.GUEST, 'org.freedesktop.DBus.Properties', 'Get', '(ss)', 'org.libvirt.Domain',
                                  'Active'), '(<true>,)')
        self.assertIn("'state.state': <<1>>", self.raw(self.GUEST, 'org.libvirt.Domain', 'GetStats', '(uu)', 1, 0))
        self.assertIn("'state.state': <1>", self.raw(TEST_DOMAIN, 'org.virtbus1.Domain', 'GetStats', '(uu)', 1, 0))
        text = self.raw(self.HOST, 'org.libvirt.Connect', 'GetAllDomainStats', '(uu)', 1, 0)
        self.assertRegex(text, r"^\(\[\('test', \{'state.state': <<1>>, 'state.reason': <<[01]>>\}\)\],\)$")

    def test_members(self):
        """Those that the table of libvirt-dbus has, and no others."""
        table = {}
        for line in (TOP / 'interfaces/org.libvirt.tsv').read_text().splitlines():
            if not line.startswith('#'):
                interface, kind, member, *_ = line.split('\t')
                table.setdefault(interface, set()).add((kind, member))
        for path, interface, class_ in ((self.HOST, 'org.libvirt.Connect', 'Connection'),
                                        (self.GUEST, 'org.libvirt.Domain', 'Domain')):
            node = ElementTree.fromstring(self.other.object(path).introspect())
            shown = next(i for i in node.findall('interface') if i.get('name') == interface)
            members = {(member.tag, member.get('name')) for member in shown}
            ours = {(kind, name) for kind in ('method', 'property', 'signal') for name in Xml(class_).members(kind)}
            self.assertEqual(members, table[interface] & ours)
            self.assertFalse([i.get('name') for i in node.findall('interface') if 'virtbus' in i.get('name')])
            all_ = self.other.object(path).get_all(interface)
            self.assertEqual(set(all_), {name for kind, name in members if kind == 'property'})
        self.assertNotIn('State', self.other.object(self.GUEST).get_all('org.libvirt.Domain'))

    def test_nothing_of_one_in_the_other(self):
        for path, interface, member in (
                (self.GUEST, 'org.virtbus1.Domain', 'GetState'), (TEST_DOMAIN, 'org.libvirt.Domain', 'GetState'),
                (self.HOST, 'org.virtbus1.Connection', 'ListDomains'), (TEST, 'org.libvirt.Connect', 'ListDomains')):
            with self.subTest(path=path, interface=interface), self.refused('-UnknownInterface'):
                self.client.call(path, interface, member, '(u)', 0)
        # Members of ours alone, by their names.
        for member in ('OpenConsole', 'Screenshot'):
            with self.subTest(member), self.refused('-UnknownMethod'):
                self.other_call(self.GUEST, f'Domain.{member}')
        with self.refused('-UnknownProperty'):
            self.other.object(self.GUEST).get('org.libvirt.Domain.State')
        for path in ('/org/libvirt/driver/test', '/org/libvirt/connection/test_default', '/org/virtbus1/Test'):
            with self.subTest(path), self.refused('-UnknownObject'):
                self.other.object(path).get('org.libvirt.Domain.Name')
        # An object as an argument is one of the same namespace.
        with self.refused('InvalidArg'):
            self.manager.call('Manager.Close', self.HOST)

    def test_errors(self):
        for path, member, arguments, message in (
                (self.HOST, 'Connect.DomainLookupByName', ('(s)', 'none'),
                 "Domain not found: no domain with matching name 'none'"),
                (self.GUEST, 'Domain.BlockPull', ('(stu)', 'vda', 0, 0),
                 'this function is not supported by the connection driver: virDomainBlockPull'),
                (self.HOST, 'Connect.DomainDefineXML', ('(s)', '<domain'), '(domain_definition):'),
                (self.GUEST, 'Domain.Create', ('(u)', 0),
                 "internal error: Domain 'test' is already running"),
                (self.GUEST, 'Domain.GetState', ('(u)', 1),
                 'unsupported flags (0x1) in function testDomainGetState'),
                (self.GUEST[:-1] + '0', 'Domain.GetState', ('(u)', 0),
                 "Domain not found: no domain with matching uuid '")):
            with self.subTest(member), self.assertRaises(CallError) as caught:
                self.other_call(path, member, *arguments)
            self.assertEqual(caught.exception.name, 'org.libvirt.Error')
            self.assertEqual(caught.exception.message[:len(message)], message)

    def test_paths_and_signals(self):
        self.assertEqual(self.other_call(self.HOST, 'Connect.DomainLookupByUUID', '(s)', TEST_UUID), self.GUEST)
        self.assertEqual(self.other_call(self.HOST, 'Connect.ListDomains', '(u)', 0), [self.GUEST])
        with self.other.record() as signals:
            self.other_call(self.GUEST, 'Domain.Destroy', '(u)', 0)
            self.client.object(TEST_DOMAIN).call('Domain.Create', 0)
            signals.wait(path=self.HOST, member='DomainEvent', where=lambda s: s.arguments[1] == 2)
        told = [(s.path, s.interface, s.member, s.arguments) for s in signals.all if s.path.startswith(self.HOST)]
        changed = ('org.freedesktop.DBus.Properties', 'PropertiesChanged')
        event = (self.HOST, 'org.libvirt.Connect', 'DomainEvent')
        stopped = told.index((*event, (self.GUEST, 5, 1)))
        for part, active in ((told[:stopped], False), (told[stopped + 1:-1], True)):
            self.assertEqual({entry[:3] + entry[3][:1] for entry in part}, {(self.GUEST, *changed, 'org.libvirt.Domain')})
            properties = {name: value for entry in part for name, value in entry[3][1].items()}
            self.assertEqual((properties['Active'], properties['Id'] > 0), (active, active))
        self.assertEqual(told[-1], (*event, (self.GUEST, 2, 0)))

    def test_both_name_the_same_service(self):
        self.assertEqual(self.client.owner('org.libvirt'), self.client.owner('org.virtbus1'))


class NameTakenTest(BusTest):
    """Where libvirt-dbus is there already, it stays, until it goes."""

    def test_second_name(self):
        self.bus.stop_service()
        owner = self.new_client()
        self.assertEqual(owner.bus('RequestName', '(su)', 'org.libvirt', 0), 1)
        self.bus.start_service()
        self.assertEqual(owner.owner('org.libvirt'), owner.unique_name)
        self.assertEqual(self.manager.call('Manager.Open', 'test:///default', 0), TEST)
        owner.close()
        self.client.wait(lambda: self.client.owner('org.libvirt') == self.client.owner('org.virtbus1'))


if __name__ == '__main__':
    unittest.main(verbosity=2)

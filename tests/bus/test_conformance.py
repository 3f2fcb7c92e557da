#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every driver does alike: the life and the settings of a domain, told in properties, signals and errors.

A driver's class says where it differs, in `differs`; libvirt's drivers do so, too.
"""

import unittest
import uuid

from bustest import (ANY, CallError, GLib, HostTest, PAUSED, RUNNING, ROOT, SHUT_OFF, Xml, guest_xml)

UUID = '11111111-2222-4333-8444-555555555555'
NS = 'http://example.org/ns'


class Conformance(HostTest):
    differs = {}

    # Definitions

    def test_define(self):
        host = self.host
        with self.client.record() as signals:
            guest = self.define('a', uuid=UUID, more='<title>T</title><description>D</description>')
            signals.wait(member='DomainEvent')
        self.assertEqual(guest.path, f'{host.path}/domain/_{UUID.replace("-", "_")}')
        added = signals.matching(path=ROOT, member='InterfacesAdded')[0].arguments
        self.assertEqual(added[0], guest.path)
        properties = guest.get_all('Domain')
        self.assertEqual(added[1]['org.virtbus1.Domain'], properties)
        self.assertEqual(
            {**properties, 'SchedulerType': None},
            {'Active': False, 'Addresses': [], 'Autostart': False, 'Id': 0, 'Name': 'a', 'Persistent': True,
             'OSType': 'linux' if self.type == 'test' else 'hvm', 'SchedulerType': None, 'Updated': False, 'UUID': UUID, 'State': (SHUT_OFF, 0), 'Title': 'T',
             'Description': 'D', 'Owner': 'root', 'MaxMemory': 65536, 'Memory': 65536, 'MaxVcpus': 1,
             'Vcpus': 1, 'HasManagedSave': False})
        for name, value in properties.items():
            self.assertEqual(guest.get(f'Domain.{name}'), value)
        self.assertEqual(signals.matching(path=host.path, member='DomainEvent')[0].arguments,
                         (guest.path, 0, 0))
        for member, key in (('Name', 'a'), ('UUID', UUID), ('UUID', UUID.replace('-', '').upper())):
            self.assertEqual(host.call(f'Connection.DomainLookupBy{member}', key), guest.path)
        self.assertIn(guest.path, host.call('Connection.ListDomains', 0))
        managed = self.client.call(ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects', None)
        self.assertEqual(managed[guest.path], {'org.virtbus1.Domain': properties})

    def test_define_again(self):
        guest = self.define('a', uuid=UUID)
        with self.story(guest, 'changed MaxMemory Memory Title', 'defined 1'):
            self.define('a', uuid=UUID, memory=32768, more='<title>new</title>')
        self.assertEqual(guest.get('Domain.Title'), 'new')
        with self.story(guest, 'defined 1'):
            self.define('a', uuid=UUID, memory=32768, more='<title>new</title>')

    def test_define_again_while_it_runs(self):
        guest = self.define('a', uuid=UUID, start=0)
        with self.story(guest, 'changed Updated', 'defined 1'):
            self.define('a', uuid=UUID, memory=32768, more='<title>new</title>')
        self.assertEqual((guest.get('Domain.Title'), guest.get('Domain.MaxMemory')), ('', 65536))
        self.assertNotIn('<title>', guest.call('Domain.GetXMLDesc', 0))
        self.assertIn('<title>new', guest.call('Domain.GetXMLDesc', 2))
        guest.call('Domain.Destroy', 0)
        self.assertEqual((guest.get('Domain.Title'), guest.get('Domain.MaxMemory')), ('new', 32768))
        self.assertFalse(guest.get('Domain.Updated'))

    def test_define_conflicts(self):
        guest = self.define('a', uuid=UUID)
        with self.story(guest):
            with self.refused('OperationFailed', f"operation failed: domain 'a' already exists with uuid {UUID}"):
                self.define('a')
            with self.refused('OperationFailed', f"operation failed: domain 'a' is already defined with uuid {UUID}"):
                self.define('b', uuid=UUID)
            with self.refused('OperationFailed', "operation failed: domain 'a' already exists"):
                self.create('a')
        self.assertEqual(self.host.call('Connection.DomainLookupByName', 'a'), guest.path)

    def test_bad_documents(self):
        good = self.xml('a')
        for xml, name, message in (
                ('', 'XmlDetail', '(domain_definition):'),
                ('<domain', 'XmlDetail', '(domain_definition):'),
                ('<domain/>', 'NoName', 'missing name information'),
                ('<network><name>a</name></network>', 'XmlError', "XML error: expecting root element of 'domain', not 'network'"),
                (good.replace('<name>a</name>', ''), 'NoName', 'missing name information'),
                (good.replace('<name>a', '<name>'), 'NoName', 'missing name information'),
                (good.replace('<name>a', '<name>a/b'), 'XmlError', "XML error: name a/b cannot contain '/'"),
                (good.replace('<name>a', '<name>a\nb'), 'XmlError', 'XML error: name '),
                (self.xml('a', uuid='no'), 'InternalError', 'internal error: malformed uuid element'),
                (self.xml('a', memory='much'), 'XmlError', 'XML error: '),
                (self.xml('a', memory=-1), 'XmlError', 'XML error: '),
                (self.xml('a', memory=2 ** 64), 'XmlError', 'XML error: '),
                (self.xml('a', more='<vcpu>0</vcpu>'), 'XmlError', 'XML error: '),
                (self.xml('a', more='<vcpu>99999999999</vcpu>'), 'XmlError', 'XML error: '),
                (good.replace("type='%s'" % self.type, "type='vax'"), None, ''),
                (good.replace("type='%s'" % self.type, "type='xen'"), 'ConfigUnsupported',
                 'unsupported configuration: unexpected domain type xen'),
        ):
            for member in ('DomainDefineXML', 'DomainCreateXML'):
                with self.subTest(xml=xml[:80], member=member):
                    arguments = (xml,) if member == 'DomainDefineXML' else (xml, 0)
                    with self.assertRaises(CallError) as caught:
                        self.host.call(f'Connection.{member}', *arguments)
                    self.assertTrue(caught.exception.name.startswith('org.virtbus1.Error.'))
                    if name:
                        self.assertEqual((caught.exception.name.split('.')[-1],
                                          caught.exception.message[:len(message)]), (name, message))
        self.assertEqual(set(self.host.call('Connection.ListDomains', 0)), self._before)

    def test_undefine(self):
        guest = self.define('a', uuid=UUID)
        with self.story(guest, 'changed Persistent', 'undefined 0', 'removed'):
            guest.call('Domain.Undefine', 0)
        self.gone(guest)

    def gone(self, guest):
        """The path answers as libvirt's clients know it."""
        message = f"Domain not found: no domain with matching uuid '{UUID}'"
        with self.refused('NoDomain', message):
            guest.client.call(guest.path, 'org.virtbus1.Domain', 'GetState', '(u)', 0)
        with self.refused('NoDomain', message):
            guest.get('Domain.Active')
        with self.refused('NoDomain', message):
            guest.get_all('Domain')
        with self.refused('NoDomain', 'Domain not found: no domain with matching name'):
            self.host.call('Connection.DomainLookupByName', 'a')
        with self.refused('NoDomain', message):
            self.host.call('Connection.DomainLookupByUUID', UUID)
        self.assertNotIn(guest.path, self.host.call('Connection.ListDomains', 0))

    def test_undefine_while_it_runs(self):
        guest = self.define('a', uuid=UUID, start=0)
        guest.set('Domain.Autostart', GLib.Variant('b', True))
        with self.story(guest, 'changed Autostart Persistent', 'undefined 0'):
            guest.call('Domain.Undefine', 0)
        self.assertEqual(self.state(guest), (RUNNING, 1))
        with self.refused('OperationInvalid', 'Requested operation is not valid: cannot undefine transient domain'):
            guest.call('Domain.Undefine', 0)
        with self.story(guest, 'changed Active Id State', 'stopped 1', 'removed'):
            guest.call('Domain.Destroy', 0)
        self.gone(guest)

    def test_define_what_is_transient(self):
        guest = self.create('a', uuid=UUID)
        with self.story(guest, 'changed Persistent Updated', 'defined 0'):
            self.define('a', uuid=UUID)
        guest.call('Domain.Destroy', 0)
        self.assertEqual(self.state(guest), (SHUT_OFF, 2))

    def test_rename(self):
        guest = self.define('a', uuid=UUID)
        self.define('other')
        guest.set('Domain.Autostart', GLib.Variant('b', True))
        with self.story(guest, 'undefined 1', 'changed Name', 'defined 2'):
            guest.call('Domain.Rename', 'new name', 0)
        self.assertEqual(self.host.call('Connection.DomainLookupByName', 'new name'), guest.path)
        self.assertIn('<name>new name</name>', guest.call('Domain.GetXMLDesc', 0))
        self.assertTrue(guest.get('Domain.Autostart'))
        with self.refused('NoDomain', "Domain not found: no domain with matching name 'a'"):
            self.host.call('Connection.DomainLookupByName', 'a')
        for name, error, message in (
                ('other', 'OperationInvalid', "Requested operation is not valid: domain with name 'other' already exists"),
                ('', 'InvalidArg', 'string new_name in virDomainRename must not be empty'),
                ('a/b', 'XmlError', "XML error: name a/b cannot contain '/'")):
            with self.story(guest), self.refused(error, message):
                guest.call('Domain.Rename', name, 0)
        guest.call('Domain.Create', 0)
        with self.refused('OperationInvalid', 'Requested operation is not valid: cannot rename active domain'):
            guest.call('Domain.Rename', 'a', 0)

    def test_renamed_while_it_is_asked(self):
        """It is there all the while, by one name or the other."""
        guest = self.define('a', uuid=UUID)
        guest.set('Domain.Autostart', GLib.Variant('b', True))
        readers = [self.new_client() for _ in range(4)]
        self.addCleanup(lambda: [reader.close() for reader in readers])
        for name in ('b', 'a') * 10:
            renamed = guest.client.start(guest.path, 'org.virtbus1.Domain', 'Rename', '(su)', name, 0)
            answers = [reader.start(guest.path, 'org.virtbus1.Domain', 'GetXMLDesc', '(u)', 0)
                       for _ in range(10) for reader in readers]
            renamed()
            for finish in answers:
                self.assertRegex(finish(), '<name>[ab]</name>')

    def test_names_are_taken_once(self):
        """Whoever is first; also where both wait for the disk."""
        guests = [self.define(f'n{i}') for i in range(4)]
        waiting = [guest.client.start(guest.path, 'org.virtbus1.Domain', 'Rename', '(su)', 'wanted', 0)
                   for guest in guests]
        waiting.append(self.client.start(self.host.path, 'org.virtbus1.Connection', 'DomainDefineXML', '(s)',
                                         self.xml('wanted')))
        results = []
        for finish in waiting:
            try:
                results.append(finish() or 'renamed')
            except CallError as error:
                self.assertIn("'wanted' already exists", error.message)
        self.assertEqual(len(results), 1, results)
        names = sorted(self.client.object(path).get('Domain.Name')
                       for path in set(self.host.call('Connection.ListDomains', 0)) - self._before)
        self.assertEqual(names.count('wanted'), 1, names)
        wanted = self.client.object(self.host.call('Connection.DomainLookupByName', 'wanted'))
        self.assertIn('<name>wanted</name>', wanted.call('Domain.GetXMLDesc', 0))
        self.assertIn(wanted.get('Domain.UUID'), wanted.call('Domain.GetXMLDesc', 0))
        wanted.call('Domain.Undefine', 0)

    def test_autostart(self):
        guest = self.define('a')
        for value in (True, False):
            with self.story(guest, 'changed Autostart'):
                guest.set('Domain.Autostart', GLib.Variant('b', value))
            with self.story(guest):
                guest.set('Domain.Autostart', GLib.Variant('b', value))
            self.assertIs(guest.get('Domain.Autostart'), value)
        with self.refused('InvalidArg', "invalid argument: Autostart has the type 'b'"):
            guest.set('Domain.Autostart', GLib.Variant('s', 'yes'))
        with self.refused('-PropertyReadOnly'):
            guest.set('Domain.Name', GLib.Variant('s', 'b'))
        transient = self.create('t')
        with self.refused('OperationInvalid',
                          'Requested operation is not valid: cannot set autostart for transient domain'):
            transient.set('Domain.Autostart', GLib.Variant('b', True))

    # The life cycle

    def live(self, guest, *steps):
        for member, arguments, story, state in steps:
            with self.subTest(member), self.story(guest, *story):
                guest.call(f'Domain.{member}', *arguments)
            self.assertEqual(self.state(guest), state)

    def test_life(self):
        begins = ('Create', (0,), ('changed Active Id State', 'started 0'), (RUNNING, 1))
        goes_on = ('Resume', (), ('changed State', 'resumed 0'), (RUNNING, 5))
        self.live(self.define('a', uuid=UUID), begins,
                  ('Suspend', (), ('changed State', 'suspended 0'), (PAUSED, 1)), goes_on,
                  ('Destroy', (0,), ('changed Active Id State', 'stopped 1'), (SHUT_OFF, 2)), begins,
                  ('Destroy', (1,), ('changed Active Id State', 'stopped 1'), (SHUT_OFF, 2)))

    def test_start_paused_and_reset(self):
        self.live(self.define('a', uuid=UUID),
                  ('Create', (1,), ('changed Active Id State', 'started 0', 'suspended 0'), (PAUSED, 1)),
                  ('Resume', (), ('changed State', 'resumed 0'), (RUNNING, 5)),
                  ('Reset', (0,), ('Reboot',), (RUNNING, 5)))

    def test_ids(self):
        guest, other = self.define('a', start=0), self.define('b', start=0)
        first, second = guest.get('Domain.Id'), other.get('Domain.Id')
        self.assertGreater(second, first)
        self.assertEqual(self.host.call('Connection.DomainLookupByID', second), other.path)
        guest.call('Domain.Destroy', 0)
        with self.refused('NoDomain', f'Domain not found: no domain with matching id {first}'):
            self.host.call('Connection.DomainLookupByID', first)
        with self.refused('InvalidArg', 'id in virDomainLookupByID must be zero or greater'):
            self.host.call('Connection.DomainLookupByID', -1)
        guest.call('Domain.Create', 0)
        self.assertGreater(guest.get('Domain.Id'), second)

    def test_wrong_state(self):
        """What cannot be done says so and changes nothing."""
        guest = self.define('a')
        self.expect_refusals(guest, 'off', {
            'Suspend': ('OperationInvalid', 'Requested operation is not valid: domain is not running'),
            'Resume': ('OperationInvalid', 'Requested operation is not valid: domain is not running'),
            'Shutdown': ('OperationInvalid', 'Requested operation is not valid: domain is not running'),
        })
        guest.call('Domain.Create', 0)
        self.expect_refusals(guest, 'running', {
            'Create': ('OperationInvalid', 'Requested operation is not valid: domain is already running'),
            'Resume': ('OperationInvalid', 'Requested operation is not valid: domain is already running'),
        })

    def expect_refusals(self, guest, when: str, expected: dict):
        for member, (error, message) in expected.items():
            error, message = self.differs.get((when, member), (error, message))
            with self.subTest(member, when=when), self.story(guest), self.refused(error, message):
                guest.call(f'Domain.{member}', *([0] if member in ('Shutdown', 'Create') else []))

    def test_needs_to_be_active(self):
        """Each method that is marked so."""
        guest = self.define('a')
        implemented = self.operations()
        for name, method in Xml('Domain').members('method').items():
            if Xml.note(method, 'Active') is None or f'Domain.{name}' not in implemented:
                continue
            with self.subTest(name), self.refused('OperationInvalid',
                                                  'Requested operation is not valid: domain is not running'):
                guest.call(f'Domain.{name}', *(ANY[type_] for _, type_ in Xml.arguments(method, 'in')))

    def operations(self) -> list:
        return self.client.object(self.host.get('Connection.Driver')).get('Driver.Operations')

    def test_not_supported(self):
        """Each method that the driver does not list, by the name of libvirt's function."""
        guest = self.define('a')
        implemented = self.operations()
        self.assertIn('Domain.Create', implemented)
        for class_, object_ in (('Connection', self.host), ('Domain', guest)):
            for name, method in Xml(class_).members('method').items():
                if f'{class_}.{name}' in implemented:
                    continue
                with self.subTest(name), self.refused(
                        'NoSupport', 'this function is not supported by the connection driver: '):
                    object_.call(f'{class_}.{name}', *(ANY[t] for _, t in Xml.arguments(method, 'in')))

    def test_unknown_flags(self):
        """Each method that takes flags refuses those that its row does not allow, where the driver has it at all."""
        has = self.client.object(f'{ROOT}/driver/{self.type}').get('Driver.Operations')
        guest = self.define('a', start=0)
        objects = {'Connection': self.host, 'Domain': guest, 'Manager': self.manager}
        for class_, object_ in objects.items():
            for name, method in Xml(class_).members('method').items():
                flags = Xml.note(method, 'Flags')
                if flags is None:
                    continue
                wrong = next(1 << bit for bit in range(32) if not int(flags, 16) & 1 << bit)
                arguments = [wrong if arg == 'flags' else ANY[type_] for arg, type_ in Xml.arguments(method, 'in')]
                error, message = 'InvalidArg', f'unsupported flags (0x{wrong:x}) in function '
                if class_ != 'Manager' and f'{class_}.{name}' not in has and Xml.note(method, 'Gen') != 'none':
                    error, message = 'NoSupport', 'this function is not supported by the connection driver: '
                with self.subTest(name), self.refused(error, message):
                    object_.call(f'{class_}.{name}', *arguments)

    def test_transient(self):
        with self.client.record() as signals:
            guest = self.create('a', uuid=UUID)
            signals.wait(member='DomainEvent')
        self.assertEqual([s.arguments[1:] for s in signals.matching(path=self.host.path, member='DomainEvent')],
                         [(2, 0)])
        self.assertFalse(guest.get('Domain.Persistent'))
        self.assertEqual(guest.get('Domain.Owner'), 'root')
        self.assertEqual(self.state(guest), (RUNNING, 1))
        with self.refused('OperationInvalid', "Requested operation is not valid: domain is already active as 'a'"):
            self.create('a', uuid=UUID)
        with self.refused('OperationInvalid', 'Requested operation is not valid: cannot undefine transient domain'):
            guest.call('Domain.Undefine', 0)
        with self.refused('OperationInvalid',
                          'Requested operation is not valid: transient domains do not have any persistent config'):
            guest.call('Domain.SetMemory', 32768, 2)
        with self.story(guest, 'changed Active Id State', 'stopped 1', 'removed'):
            guest.call('Domain.Destroy', 0)
        self.gone(guest)

    def test_create_what_is_defined(self):
        guest = self.define('a', uuid=UUID)
        self.assertEqual(self.create('a', uuid=UUID, memory=32768, flags=1).path, guest.path)
        self.assertEqual(self.state(guest), (PAUSED, 1))
        self.assertTrue(guest.get('Domain.Persistent'))
        self.assertEqual(guest.get('Domain.MaxMemory'), 32768)
        guest.call('Domain.Destroy', 0)
        self.assertEqual(guest.get('Domain.MaxMemory'), 65536)

    def test_goes_with_its_caller(self):
        guest = self.define('a', uuid=UUID)
        caller = self.new_client()
        caller.object(guest.path).call('Domain.Create', 2)
        transient = self.create('b', flags=2, client=caller)
        self.assertEqual(self.state(guest), (RUNNING, 1))
        with self.story(guest, 'changed Active Id State', 'stopped 1') as signals:
            caller.close()
            signals.wait(member='InterfacesRemoved', where=lambda s: s.arguments[0] == transient.path)
        self.assertEqual(self.state(guest), (SHUT_OFF, 2))
        # Started without the flag it stays.
        caller = self.new_client()
        caller.object(guest.path).call('Domain.Create', 0)
        self.leave(caller)
        self.assertEqual(self.state(guest), (RUNNING, 1))

    # Settings

    def test_metadata(self):
        guest = self.define('a')
        element = f'<p:x xmlns:p="{NS}" a="1"/>'
        for type_, key, uri, text, story in (
                (0, '', '', 'for people', ("changed Description", "MetadataChange 0 ''")),
                (1, '', '', 'short', ("changed Title", "MetadataChange 1 ''")),
                (2, 'p', NS, element, (f"MetadataChange 2 '{NS}'",))):
            with self.subTest(type=type_):
                with self.refused('NoDomainMetadata', 'metadata not found: '):
                    guest.call('Domain.GetMetadata', type_, uri, 0)
                with self.story(guest, *story):
                    guest.call('Domain.SetMetadata', type_, text, key, uri, 0)
                # An element comes without its namespace, which the caller has named.
                self.assertIn(text.split(' ')[0].replace('<p:', '<'), guest.call('Domain.GetMetadata', type_, uri, 0))
                self.assertIn(text.split(' ')[0].strip('<').replace('p:', ''), guest.call('Domain.GetXMLDesc', 0))
                guest.call('Domain.SetMetadata', type_, '', key, uri, 0)
                with self.refused('NoDomainMetadata'):
                    guest.call('Domain.GetMetadata', type_, uri, 0)

    def test_metadata_of_what_runs(self):
        guest = self.define('a', start=0)
        guest.call('Domain.SetMetadata', 1, 'live', '', '', 1)
        guest.call('Domain.SetMetadata', 1, 'kept', '', '', 2)
        self.assertEqual([guest.call('Domain.GetMetadata', 1, '', flags) for flags in (0, 1, 2)],
                         ['live', 'live', 'kept'])
        self.assertEqual(guest.get('Domain.Title'), 'live')
        guest.call('Domain.Destroy', 0)
        self.assertEqual(guest.get('Domain.Title'), 'kept')
        with self.refused('OperationInvalid', 'Requested operation is not valid: domain is not running'):
            guest.call('Domain.GetMetadata', 1, '', 1)

    def test_bad_metadata(self):
        guest = self.define('a')
        for arguments, error in (
                ((3, 'x', '', '', 0), 'InvalidArg'), ((-1, 'x', '', '', 0), 'InvalidArg'),
                ((1, 'two\nlines', '', '', 0), 'InvalidArg'), ((2, '<a/>', 'p', '', 0), 'InvalidArg'),
                ((2, '<a/>', '', NS, 0), 'InvalidArg'), ((2, '<a', 'p', NS, 0), 'XmlDetail'),
                ((2, '<a/><b/>', 'p', NS, 0), 'XmlDetail')):
            with self.subTest(arguments), self.story(guest), self.refused(error):
                guest.call('Domain.SetMetadata', *arguments)
        with self.refused('InvalidArg'):
            guest.call('Domain.GetMetadata', 0, '', 3)

    def test_memory(self):
        guest = self.define('a')
        with self.story(guest, 'changed Memory'):
            guest.call('Domain.SetMemory', 32768, 0)
        with self.story(guest, 'changed MaxMemory'):
            guest.call('Domain.SetMemory', 131072, 4 | 2)
        self.assertEqual((guest.get('Domain.MaxMemory'), guest.get('Domain.Memory')), (131072, 32768))
        guest.call('Domain.SetMemory', 16384, 4 | 2)
        self.assertEqual((guest.get('Domain.MaxMemory'), guest.get('Domain.Memory')), (16384, 16384))
        for arguments, error, message in (
                ((65536, 0), 'InvalidArg', 'invalid argument: cannot set memory higher than max memory'),
                ((0, 0), 'InvalidArg', 'memory in virDomainSetMemoryFlags must not be zero'),
                ((1024, 1), 'OperationInvalid', 'Requested operation is not valid: domain is not running'),
                ((2 ** 64 - 1, 0), 'Overflow', 'numerical overflow: input too large: 18446744073709551615')):
            with self.subTest(arguments), self.story(guest), self.refused(error, message):
                guest.call('Domain.SetMemory', *arguments)

    def test_memory_of_what_runs(self):
        guest = self.define('a', start=0)
        with self.client.record() as signals:
            guest.call('Domain.SetMemory', 40960, 1)
            signals.wait(member='PropertiesChanged', path=guest.path)
            self.assertEqual(signals.changes(guest.path), {'Memory': 40960})
        with self.refused('OperationInvalid',
                          'Requested operation is not valid: cannot resize the maximum memory on an active domain'):
            guest.call('Domain.SetMemory', 131072, 5)
        with self.refused('InvalidArg', 'invalid argument: cannot set memory higher than max memory'):
            guest.call('Domain.SetMemory', 131072, 1)
        with self.story(guest, 'changed Updated'):
            guest.call('Domain.SetMemory', 20480, 2)
        self.assertEqual(guest.get('Domain.Memory'), 40960)
        guest.call('Domain.Destroy', 0)
        self.assertEqual(guest.get('Domain.Memory'), 20480)

    def test_vcpus(self):
        guest = self.define('a', more="<vcpu current='2'>4</vcpu>")
        self.assertEqual([guest.call('Domain.GetVcpus', flags) for flags in (0, 2, 4, 6)], [2, 2, 4, 4])
        with self.story(guest, 'changed Vcpus'):
            guest.call('Domain.SetVcpus', 3, 0)
        with self.story(guest, 'changed MaxVcpus Vcpus'):
            guest.call('Domain.SetVcpus', 2, 4 | 2)
        self.assertEqual((guest.get('Domain.MaxVcpus'), guest.get('Domain.Vcpus')), (2, 2))
        for arguments, error, message in (
                ((0, 0), 'InvalidArg', 'nvcpus in virDomainSetVcpusFlags must not be zero'),
                ((3, 0), 'InvalidArg', 'invalid argument: requested vcpus is greater than max allowable vcpus for '
                 'the domain: 3 > 2'),
                ((1, 1), 'OperationInvalid', 'Requested operation is not valid: domain is not running')):
            with self.subTest(arguments), self.story(guest), self.refused(error, message):
                guest.call('Domain.SetVcpus', *arguments)
        with self.refused('OperationInvalid'):
            guest.call('Domain.GetVcpus', 1)
        guest.call('Domain.Create', 0)
        with self.refused('OperationInvalid'):
            guest.call('Domain.SetVcpus', 4, 4 | 1)
        self.assertEqual([guest.call('Domain.GetVcpus', flags) for flags in (0, 1, 2)], [2, 2, 2])

    def test_document(self):
        guest = self.define('a', uuid=UUID)
        self.assertNotIn(' id=', guest.call('Domain.GetXMLDesc', 0))
        guest.call('Domain.Create', 0)
        self.assertIn(f"id='{guest.get('Domain.Id')}'", guest.call('Domain.GetXMLDesc', 0))
        self.assertNotIn(' id=', guest.call('Domain.GetXMLDesc', 2))
        xml = guest.call('Domain.GetXMLDesc', 2)
        guest.call('Domain.Destroy', 0)
        self.assertEqual(guest.call('Domain.GetXMLDesc', 0), xml)
        # What it shows it takes, and shows again.
        self.host.call('Connection.DomainDefineXML', xml)
        self.assertEqual(guest.call('Domain.GetXMLDesc', 0), xml)

    def test_document_again(self):
        plain = self.define('plain', uuid=UUID)
        secret = self.define('secret', devices="<graphics type='vnc' passwd='hidden'/>")
        for guest, shown in ((plain, {0: 0, 1: 0, 2: 0}), (secret, {0: 0, 1: 1, 2: 0, 3: 1})):
            for flags in [*shown, *shown]:
                with self.subTest(guest.path, flags=flags):
                    xml = guest.call('Domain.GetXMLDesc', flags)
                    self.assertIn('<domain ', xml)
                    self.assertEqual(xml.count('hidden'), shown[flags])
        # Asked for often, and yet what was changed last.
        for title in ('one', 'two', ''):
            plain.call('Domain.SetMetadata', 1, title, '', '', 2)
            for flags in (0, 2, 0, 2):
                xml = plain.call('Domain.GetXMLDesc', flags)
                self.assertEqual(f'<title>{title}</title>' in xml, bool(title), (title, flags))
                self.assertEqual(xml.count('<title>'), bool(title))
        plain.call('Domain.Create', 0)
        plain.call('Domain.Undefine', 0)
        self.assertIn(' id=', plain.call('Domain.GetXMLDesc', 0))
        self.define('plain', uuid=UUID, devices="<graphics type='vnc' passwd='hidden'/>")
        for flags in (2, 3, 2):
            self.assertEqual(plain.call('Domain.GetXMLDesc', flags).count('hidden'), flags & 1)

    def test_lifecycle_action(self):
        guest = self.define('a')
        for type_, action, element in ((0, 3, '<on_poweroff>preserve<'), (1, 0, '<on_reboot>destroy<'),
                                       (2, 5, '<on_crash>coredump-restart<')):
            guest.call('Domain.SetLifecycleAction', type_, action, 0)
            self.assertIn(element, guest.call('Domain.GetXMLDesc', 0))
        for arguments, error, message in (
                ((3, 0, 0), 'InvalidArg', "invalid argument: invalid lifecycle type '3'"),
                ((2, 6, 0), 'InvalidArg', "invalid argument: invalid lifecycle action '6'"),
                ((1, 4, 0), 'ConfigUnsupported', "unsupported configuration: Lifecycle event 'reboot' doesn't support "
                 "'coredump-destroy' action"),
                ((1, 1, 1), 'OperationInvalid', 'Requested operation is not valid: domain is not running')):
            with self.subTest(arguments), self.refused(error, message):
                guest.call('Domain.SetLifecycleAction', *arguments)
        guest.call('Domain.Create', 0)
        guest.call('Domain.SetLifecycleAction', 1, 1, 1)
        self.assertIn('<on_reboot>restart<', guest.call('Domain.GetXMLDesc', 0))
        self.assertIn('<on_reboot>destroy<', guest.call('Domain.GetXMLDesc', 2))

    def test_messages(self):
        guest = self.define('a')
        self.assertEqual(guest.call('Domain.GetMessages', 0), [])
        guest.call('Domain.Create', 0)
        # It is root's session that runs it.
        tainted = ['tainted: running with undesirable elevated privileges'] if self.type == 'qemu' else []
        self.assertEqual([guest.call('Domain.GetMessages', flags) for flags in (0, 1, 2, 3)],
                         [tainted, [], tainted, tainted])

    def test_max_vcpus(self):
        most = {'test': 32, 'qemu': 255}[self.type]
        self.assertEqual([self.host.call('Connection.GetMaxVcpus', kind) for kind in ('', self.type)], [most, most])

    # Lists and statistics

    def test_lists(self):
        off, running, paused = (self.define(f'l{i}', start=flags).path for i, flags in enumerate((None, 0, 0)))
        self.client.object(paused).call('Domain.Suspend')
        transient = self.create('l3').path
        self.client.object(off).set('Domain.Autostart', GLib.Variant('b', True))
        every = {off, running, paused, transient}
        for flags, expected in (
                (0, every), (1, every - {off}), (2, {off}), (3, every), (4, every - {transient}), (8, {transient}),
                (16, {running, transient}), (32, {paused}), (64, {off}), (128, set()), (16 | 32, every - {off}),
                (1024, {off}), (2048, every - {off}), (256, set()), (512, every), (4096, set()), (8192, every),
                (16384, set()), (32768, every), (1 | 8, {transient}), (2 | 16, set()), (0xffff, every)):
            with self.subTest(flags=flags):
                self.assertEqual(set(self.host.call('Connection.ListDomains', flags)) - self._before, expected)
                if flags < 256:
                    records = self.host.call('Connection.GetAllDomainStats', 1, flags)
                    names = {f'l{i}' for i, path in enumerate((off, running, paused, transient)) if path in expected}
                    self.assertEqual({name for name, _ in records if name.startswith('l')}, names)

    def test_statistics(self):
        guest = self.define('a', start=0)
        guest.call('Domain.Suspend')
        state = {'state.state': 3, 'state.reason': 1}
        self.assertEqual(guest.call('Domain.GetStats', 1, 0), state)
        self.assertGreaterEqual(guest.call('Domain.GetStats', 0, 0).items(), state.items())
        self.assertEqual(dict(self.host.call('Connection.GetAllDomainStats', 1, 0))['a'], state)
        self.assertEqual(guest.call('Domain.GetStats', 1 << 20, 0), {})
        for member, object_ in (('Domain.GetStats', guest), ('Connection.GetAllDomainStats', self.host)):
            with self.refused('ArgumentUnsupported', 'argument unsupported: Stats types bits 0x100000'):
                object_.call(member, 1 << 20, 0x80000000)

    def test_statistics_of_many(self):
        """A long reply is written part by part: each domain is in it once."""
        names = {f'm{i}' for i in range(40)} | {'mühle'}
        for name in names:
            self.define(name)
        for flags, expected in ((2, names), (1, set())):
            records = [(name, stats) for name, stats in self.host.call('Connection.GetAllDomainStats', 1, flags)
                       if name.startswith('m')]
            self.assertEqual(sorted(name for name, _ in records), sorted(expected))
            for name, stats in records:
                self.assertEqual(stats, {'state.state': 5, 'state.reason': 0}, name)

    # Calls

    def test_answers_come_in_order(self):
        """Of one caller about one object, whatever they have to wait for."""
        guest = self.define('a', start=0)
        order = []
        waiting = []
        for i in range(30):
            member, signature, arguments = (('Suspend', None, ()), ('GetState', '(u)', (0,)), ('Resume', None, ()),
                                            ('GetXMLDesc', '(u)', (2,)), ('GetState', '(u)', (0,)))[i % 5]
            waiting.append(self.client.start(guest.path, 'org.virtbus1.Domain', member, signature, *arguments))
        results = [finish() for finish in waiting]
        self.assertEqual([r[0] for r in results[1::5]], [PAUSED] * 6)
        self.assertEqual([r[0] for r in results[4::5]], [RUNNING] * 6)
        self.assertEqual(order, [])

    def test_calls_after_the_end(self):
        """What was asked before it is gone, and answered after."""
        guest = self.define('a', uuid=UUID)
        start = self.client.start
        waiting = [start(guest.path, 'org.virtbus1.Domain', 'Undefine', '(u)', 0),
                   start(guest.path, 'org.virtbus1.Domain', 'GetState', '(u)', 0),
                   start(guest.path, 'org.freedesktop.DBus.Properties', 'Get', '(ss)', 'org.virtbus1.Domain', 'Name'),
                   start(guest.path, 'org.virtbus1.Domain', 'Create', '(u)', 0)]
        self.assertIsNone(waiting[0]())
        for finish in waiting[1:]:
            with self.refused('NoDomain', f"Domain not found: no domain with matching uuid '{UUID}'"):
                finish()


class TestHost(Conformance):
    uri = 'test:///default'
    type = 'test'
    # As libvirt's test driver says it.
    differs = {
        ('off', 'Suspend'): ('InternalError', "internal error: domain 'a' not running"),
        ('off', 'Resume'): ('InternalError', "internal error: domain 'a' not paused"),
        ('off', 'Shutdown'): ('InternalError', "internal error: domain 'a' not running"),
        ('running', 'Resume'): ('InternalError', "internal error: domain 'a' not paused"),
        ('running', 'Create'): ('InternalError', "internal error: Domain 'a' is already running"),
    }

    def test_shutdown_and_reboot(self):
        guest = self.define('a', start=0)
        guest.call('Domain.Suspend')
        with self.story(guest, 'Reboot', 'changed State'):
            guest.call('Domain.Reboot', 0)
        self.assertEqual(self.state(guest), (RUNNING, 1))
        with self.story(guest, 'changed Active Id State', 'stopped 0'):
            guest.call('Domain.Shutdown', 0)
        self.assertEqual(self.state(guest), (SHUT_OFF, 1))

    def test_memory_tells_of_the_balloon(self):
        guest = self.define('a', start=0)
        with self.story(guest, 'changed Memory', 'BalloonChange 1024'):
            guest.call('Domain.SetMemory', 1024, 1)


class QemuHost(Conformance):
    uri = 'qemu:///embed?root={folder}/host'
    type = 'qemu'

    def test_suspend_what_is_paused(self):
        guest = self.define('a', start=1)
        with self.story(guest):
            guest.call('Domain.Suspend')


del Conformance

if __name__ == '__main__':
    unittest.main(verbosity=2)

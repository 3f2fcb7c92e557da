#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A table over all members, roles, namespaces and ways in: what a role may not do it may do in no way, and what it may
is not refused for lack of permission.

Which permission a member needs is what the checked-in XML says; what a role has is read from the policy and its
example rules. The authority is simulated, so that thousands of questions take no time; the real one is asked by the
tests in the container (tests/system).
"""

import re
import socket
import sys
import unittest
import xml.etree.ElementTree as ElementTree

from bustest import (ANY, CallError, DOCUMENTS, GLib, OBJECT_MANAGER, PROPERTIES, ROOT, TEST, TOP, Xml)
from hostbus import HostBusTest

sys.path.insert(0, str(TOP / 'tests/reference'))

from members import OURS, Host, members, volume_xml

# Of which the test host has objects that stay: it has no agents, and jobs end.
CLASSES = ('Connection', 'Domain', 'DomainSnapshot', 'DomainCheckpoint', 'Network', 'StoragePool', 'StorageVol',
           'NodeDevice', 'Secret', 'NWFilter', 'Interface', 'Driver')
LIBVIRT = '/org/libvirt/Test'
# The test host of the service, as that of a peer.
ITSELF = 'test+unix:///default?socket=/run/virtbus/virtbus-sock'
# How a connection lists the objects of a class.
LISTS = {'Domain': 'ListDomains', 'Network': 'ListNetworks', 'StoragePool': 'ListStoragePools',
         'NodeDevice': 'ListNodeDevices', 'Interface': 'ListInterfaces', 'Secret': 'ListSecrets',
         'NWFilter': 'ListNWFilters'}
DEVICE = ("<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'>"
          '<wwnn>{0:016x}</wwnn><wwpn>{0:016x}</wwpn></capability></capability></device>')


def policy(name: str) -> str:
    return (TOP / 'policy' / name).read_text()


ACTIONS = set(re.findall(r'<action id="org\.virtbus1\.([^"]+)"', policy('org.virtbus1.policy')))
LOOKING = re.search(r'!/\^org(\S+)\$/', policy('rules/90-virtbus-viewer.rules'))[1].replace(r'\.virtbus1\.', '', 1)
VIEWER = {action for action in ACTIONS if re.fullmatch(LOOKING, action)} | {'connection.open'}
OPERATOR = VIEWER | set(re.findall(r'"org\.virtbus1\.(domain\.[a-z-]+)"', policy('rules/60-virtbus-operator.rules')))
ROLES = {'nobody': set(), 'guest of the host': {'connection.read', 'connection.open'}, 'viewer': VIEWER,
         'operator': OPERATOR, 'administrator': ACTIONS}


def permissions(method) -> list:
    """(argument to set or None, its value, permission) for each way to call it."""
    result = [(None, None, Xml.note(method, 'Permission'))]
    when = Xml.note(method, 'PermissionWhen')
    if when:
        argument, _, number, action = re.fullmatch(r'(\w+) (any|is) (\w+): (\S+)', when).groups()
        bits = int(number, 16)
        # Each bit alone; of a number that has to be met there is only the whole.
        values = [bits] if ' is ' in when else [1 << bit for bit in range(32) if bits & 1 << bit]
        result += [(argument, value, action) for value in values]
    return result


class PermissionsTest(HostBusTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        # What root makes for the callers to try themselves on.
        self.maker = Host(self.bus.address, self.bus.folder, **OURS)
        self.addCleanup(self.maker.client.close)
        self.operations = self.client.object(f'{ROOT}/driver/test').get('Driver.Operations')
        self.kept = {}
        self.compatible = {(m.class_, m.kind, m.name) for m in members()}

    made = 0

    def make(self, class_: str) -> str:
        if class_ == 'Driver':
            return f'{ROOT}/driver/test'
        type(self).made += 1
        if class_ == 'NodeDevice':
            return self.maker.call(TEST, 'Connect', 'NodeDeviceCreateXML', DEVICE.format(self.made), 0)
        if class_ == 'DomainCheckpoint':
            guest = self.maker.make('Domain', self.made, 'on')
            return self.client.object(guest).call('Domain.CheckpointCreateXML', DOCUMENTS[class_], 0)
        return self.maker.make('Connect' if class_ == 'Connection' else class_, self.made, 'on')

    def object(self, class_: str) -> str:
        """One that nobody changes."""
        if class_ not in self.kept:
            self.kept[class_] = self.make(class_)
        return self.kept[class_]

    def each(self):
        """A caller for each role and namespace, with the function that names paths and interfaces there."""
        for role, allowed in ROLES.items():
            self.authority.decide = lambda question, allowed=allowed: 'yes' if question.action in allowed else 'no'
            for name in ('org.virtbus1', 'org.libvirt'):
                yield role, allowed, name, self.nobody(name)

    def there(self, name: str, path: str) -> str:
        return path.replace(TEST, LIBVIRT) if name == 'org.libvirt' else path

    @staticmethod
    def interface(name: str, class_: str) -> str:
        return f"{name}.{'Connect' if (name, class_) == ('org.libvirt', 'Connection') else class_}"

    def has(self, name: str, class_: str, kind: str, member: str) -> bool:
        return name == 'org.virtbus1' or (
            'Connect' if class_ == 'Connection' else class_, kind, member) in self.compatible

    @staticmethod
    def denied(call, *arguments):
        """Whether it is refused for lack of permission; else what it returns, or None where it fails."""
        try:
            return False, call(*arguments)
        except CallError as error:
            return error.message.startswith('access denied: '), None

    # The manager's members need none, but for one that test_authorization has.
    LEFT_OUT = ('Agent', 'Job', 'Manager')

    def test_classes(self):
        """None is left out that could be made."""
        self.assertEqual({path.stem.rpartition('.')[2] for path in (TOP / 'interfaces').glob('org.virtbus1.*.xml')},
                         {*CLASSES, *self.LEFT_OUT})

    def test_roles(self):
        self.assertLess(len(VIEWER), len(OPERATOR))
        self.assertLess(len(OPERATOR), len(ACTIONS))
        self.assertIn('domain.start', OPERATOR)
        self.assertFalse(VIEWER & {'domain.read-secure', 'secret.read-value', 'domain.start'})

    def test_methods(self):
        tried = 0
        for role, allowed, name, caller in self.each():
            for class_ in CLASSES:
                for member, method in Xml(class_).members('method').items():
                    if not self.has(name, class_, 'method', member) or (
                            f'{class_}.{member}' not in self.operations and Xml.note(method, 'Gen') != 'none'):
                        continue
                    for argument, value, permission in permissions(method):
                        may = permission == 'none' or permission in allowed
                        path = self.make(class_) if may and not permission.endswith('.read') else self.object(class_)
                        document = DOCUMENTS.get(Xml.note(method, 'Identify'), '')
                        arguments = [value if arg == argument else document if arg == 'xml' else ANY[type_]
                                     for arg, type_ in Xml.arguments(method, 'in')]
                        signature = ''.join(type_ for _, type_ in Xml.arguments(method, 'in'))
                        with self.subTest(role=role, name=name, member=f'{class_}.{member}', value=value):
                            refused, _ = self.denied(caller.call, self.there(name, path), self.interface(name, class_),
                                                     member, f'({signature})', *arguments)
                            self.assertEqual(refused, not may)
                            tried += 1
        self.assertGreater(tried, 1000)

    def test_properties(self):
        for role, allowed, name, caller in self.each():
            for class_ in CLASSES:
                properties = {member: element for member, element in Xml(class_).members('property').items()
                              if self.has(name, class_, 'property', member)}
                if not properties or (name, class_) == ('org.libvirt', 'Driver'):
                    continue
                path, interface = self.there(name, self.object(class_)), self.interface(name, class_)
                seen = {member for member, element in properties.items()
                        if Xml.note(element, 'Permission') in allowed | {'none'}}
                with self.subTest(role=role, name=name, member=f'{class_}.GetAll'):
                    refused, found = self.denied(caller.call, path, PROPERTIES, 'GetAll', '(s)', interface)
                    self.assertEqual((refused, set(found or ())), (not seen, seen))
                for member, element in properties.items():
                    with self.subTest(role=role, name=name, member=f'{class_}.{member}'):
                        refused, _ = self.denied(caller.call, path, PROPERTIES, 'Get', '(ss)', interface, member)
                        self.assertEqual(refused, member not in seen)
                    if element.get('access') == 'readwrite':
                        value = GLib.Variant(element.get('type'), ANY[element.get('type')])
                        with self.subTest(role=role, name=name, member=f'{class_}.{member}', set=True):
                            refused, _ = self.denied(caller.call, path, PROPERTIES, 'Set', '(ssv)', interface, member,
                                                     value)
                            self.assertEqual(refused, Xml.note(element, 'SetPermission') not in allowed)

    def seen(self, class_: str, allowed: set) -> bool:
        """Whether a role may know that an object of the class is there: as it may read its first property."""
        first = next(iter(Xml(class_).members('property').values()))
        return Xml.note(first, 'Permission') in allowed | {'none'}

    def test_lists(self):
        """Lists, introspection and GetManagedObjects have all objects that may be read, and no others."""
        for role, allowed, name, caller in self.each():
            managed = caller.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None) if name == 'org.virtbus1' else None
            for class_ in CLASSES:
                path, seen = self.there(name, self.object(class_)), self.seen(class_, allowed)
                if managed is not None:
                    with self.subTest(role=role, class_=class_, way='GetManagedObjects'):
                        self.assertEqual(path in managed, seen)
                        expected = {member for member, element in Xml(class_).members('property').items()
                                    if Xml.note(element, 'Permission') in allowed | {'none'}}
                        self.assertEqual(set(managed.get(path, {}).get(f'{name}.{class_}', ())),
                                         expected if seen else set())
                if class_ == 'Driver' or (name, class_) == ('org.libvirt', 'DomainCheckpoint'):
                    continue
                with self.subTest(role=role, name=name, class_=class_, way='introspection'):
                    folder, _, node = path.rpartition('/')
                    nodes = set()
                    try:
                        tree = ElementTree.fromstring(caller.object(folder).introspect())
                        nodes = {child.get('name') for child in tree.findall('node')}
                    except CallError as error:
                        self.assertEqual(error.name, 'org.freedesktop.DBus.Error.UnknownObject')
                    self.assertEqual(node in nodes, seen)
                if class_ in LISTS:
                    with self.subTest(role=role, name=name, class_=class_, way='list'):
                        refused, found = self.denied(caller.call, self.there(name, TEST), self.interface(
                            name, 'Connection'), LISTS[class_], '(u)', 0)
                        self.assertEqual(refused, 'connection.read' not in allowed)
                        self.assertEqual(path in (found or ()), seen and not refused)

    def test_properties_that_are_more_secret(self):
        """Of an object that a caller may see it gets those properties alone that it may read, each by its own row."""
        properties = Xml('Manager').members('property')
        self.assertGreater(len({Xml.note(element, 'Permission') for element in properties.values()}), 1)
        for role, allowed, name, caller in self.each():
            if name == 'org.libvirt':
                continue
            seen = {member for member, element in properties.items()
                    if Xml.note(element, 'Permission') in allowed | {'none'}}
            managed = caller.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
            with self.subTest(role=role):
                self.assertEqual(set(managed[ROOT]['org.virtbus1.Manager']), seen)
                self.assertEqual(set(caller.object(ROOT).get_all('Manager')), seen)

    def test_jobs(self):
        """By the permissions of what they are jobs of."""
        volume = self.client.object(self.make('StorageVol'))
        with self.client.record() as signals:
            stream = socket.socket(fileno=volume.call('StorageVol.Upload', 0, 0, 0))
            self.addCleanup(stream.close)
            job = signals.wait(member='InterfacesAdded', where=lambda s: s.arguments[0].startswith(
                f'{volume.path}/job/')).arguments[0]
        for role, allowed, name, caller in self.each():
            if name == 'org.libvirt':
                continue
            seen = 'storage.read' in allowed
            with self.subTest(role=role):
                self.assertEqual(job in caller.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None), seen)
                for way, signature, arguments in (('Get', '(ss)', ('org.virtbus1.Job', 'State')),
                                                  ('GetAll', '(s)', ('org.virtbus1.Job',))):
                    refused, _ = self.denied(caller.call, job, PROPERTIES, way, signature, *arguments)
                    self.assertEqual(refused, not seen)
                refused, _ = self.denied(caller.object(job).call, 'Job.Cancel')
                self.assertEqual(refused, 'storage.write' not in allowed)
        self.assertEqual(stream.recv(4096), b'operation aborted: it was cancelled')

    # What a method reads beside the object that it is called on

    def test_copies(self):
        """Who may write to a pool may not copy a volume there that it may not download, nor learn of one that it may
        not see; nor may it have another host do so, which takes the service for root."""
        self.made += 1
        path = self.maker.make('StoragePool', self.made, 'on')
        pool = self.client.object(path)
        source = self.client.object(pool.call('StoragePool.StorageVolCreateXML', volume_xml('source'), 0)).get(
            'StorageVol.Key')
        for host, name in ((TEST, 'org.virtbus1'), (LIBVIRT, 'org.libvirt'), (None, 'org.virtbus1')):
            for refused, error in (('storage.write', '.AccessDenied'), ('storage.read', '.NoStorageVol'), (None, None)):
                self.authority.decide = lambda question, refused=refused: 'no' if (
                    question.action, question.details.get('volume')) == (refused, 'source') else 'yes'
                caller = self.nobody(name)
                there = host or caller.object(ROOT).call('Manager.Open', ITSELF, 0)
                call = (path.replace(TEST, there), f'{name}.StoragePool', 'StorageVolCreateXMLFrom', '(ssu)',
                        volume_xml('copy'), source, 0)
                with self.subTest(host=there, refused=refused):
                    if not refused:
                        caller.call(*call)
                        made = pool.call('StoragePool.StorageVolLookupByName', 'copy')
                        self.client.object(made).call('StorageVol.Delete', 0)
                        continue
                    with self.assertRaises(CallError) as caught:
                        caller.call(*call)
                    self.assertTrue(name == 'org.libvirt' or caught.exception.name.endswith(error), caught.exception)
                    self.assertIn('access denied: StorageVolCreateXMLFrom of' if error == '.AccessDenied' else
                                  f"no storage vol with matching key '{source}'", caught.exception.message)
                    with self.refused('NoStorageVol'):
                        pool.call('StoragePool.StorageVolLookupByName', 'copy')

    # Events: who may not read an object hears nothing of it.

    def test_events(self):
        for role, allowed, name, caller in self.each():
            guest, network, pool, secret = (self.make(class_) for class_ in ('Domain', 'Network', 'StoragePool', 'Secret'))
            # Who has never called is told nothing.
            self.denied(caller.call, self.there(name, TEST), PROPERTIES, 'Get', '(ss)',
                        self.interface(name, 'Connection'), 'Hostname')
            with caller.record() as signals:
                for class_, path, member, signature, arguments in (
                        ('Domain', guest, 'Suspend', None, ()), ('Domain', guest, 'Resume', None, ()),
                        ('Network', network, 'Destroy', None, ()), ('StoragePool', pool, 'Destroy', None, ()),
                        ('Secret', secret, 'Undefine', None, ())):
                    self.client.call(path, f'org.virtbus1.{class_}', member, signature, *arguments)
                # Its reply comes after all that is for the caller.
                self.denied(caller.call, self.there(name, TEST), PROPERTIES, 'Get', '(ss)',
                            self.interface(name, 'Connection'), 'Hostname')
            for class_, path in (('Domain', guest), ('Network', network), ('StoragePool', pool), ('Secret', secret)):
                path = self.there(name, path)
                heard = [s for s in signals.all if s.path == path or s.arguments[:1] == (path,)]
                with self.subTest(role=role, name=name, class_=class_):
                    self.assertEqual(bool(heard), self.seen(class_, allowed), heard)


if __name__ == '__main__':
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what, on the host's bus: what polkit is asked, and what becomes of its answers, also of none."""

import contextlib
import unittest
import xml.etree.ElementTree as ElementTree

from authority import Authority
from bustest import (ANY, BusTest, CallError, DOCUMENTS, GLib, OBJECT_MANAGER, ROOT, TEST, TEST_DOMAIN, TEST_UUID, Xml,
                     guest_xml)
from hostbus import KEPT_FOR, HostBusTest


class AuthorizationTest(HostBusTest):
    DOMAIN = {'driver': 'test', 'uri': 'test:///default', 'object': 'Domain', 'name': 'test', 'uuid': TEST_UUID}
    HOST = {'driver': 'test', 'uri': 'test:///default', 'object': 'Connection'}

    # What is asked

    def test_details(self):
        guest, host = self.caller.object(TEST_DOMAIN), self.caller.object(TEST)
        new = {'driver': 'test', 'uri': 'test:///default', 'object': 'Domain', 'name': 'new'}
        for call, action, details in (
                (lambda: guest.call('Domain.Suspend'), 'domain.suspend', {**self.DOMAIN, 'member': 'Suspend'}),
                (lambda: guest.call('Domain.Resume'), 'domain.suspend', {**self.DOMAIN, 'member': 'Resume'}),
                (lambda: guest.get('Domain.State'), 'domain.read', {**self.DOMAIN, 'member': 'State'}),
                (lambda: guest.get_all('Domain'), 'domain.read', {**self.DOMAIN, 'member': 'GetAll'}),
                (lambda: guest.set('Domain.Autostart', GLib.Variant('b', False)), 'domain.configure',
                 {**self.DOMAIN, 'member': 'Autostart'}),
                (lambda: guest.call('Domain.GetXMLDesc', 0), 'domain.read', {**self.DOMAIN, 'member': 'GetXMLDesc'}),
                (lambda: guest.call('Domain.GetXMLDesc', 1), 'domain.read-secure',
                 {**self.DOMAIN, 'member': 'GetXMLDesc'}),
                (lambda: guest.call('Domain.InterfaceAddresses', 0, 0), 'domain.read',
                 {**self.DOMAIN, 'member': 'InterfaceAddresses'}),
                (lambda: guest.call('Domain.InterfaceAddresses', 1, 0), 'domain.configure',
                 {**self.DOMAIN, 'member': 'InterfaceAddresses'}),
                (lambda: host.get('Connection.URI'), 'connection.read', {**self.HOST, 'member': 'URI'}),
                (lambda: self.caller.object(ROOT).call('Manager.Open', 'test:///default', 0), 'connection.open',
                 {'uri': 'test:///default', 'member': 'Open'}),
                (lambda: self.caller.object(ROOT).call('Manager.ListFibers'), 'manager.debug',
                 {'object': 'Manager', 'member': 'ListFibers'})):
            call()
            questions = self.asked()
            with self.subTest(details['member']):
                self.assertEqual(questions, [(action, details)])
        for uuid in (None, '33333333-2222-4333-8444-555555555555'):
            created = self.caller.object(host.call('Connection.DomainCreateXML', guest_xml('test', 'new', uuid=uuid), 0))
            self.assertEqual(self.asked(), [('domain.start', {**new, **({'uuid': uuid} if uuid else {}),
                                                              'member': 'DomainCreateXML'})])
            created.call('Domain.Destroy', 0)
            self.asked()

    # What a rule can know of the documents of a kind; where they are defined, and by which permission.
    NAMED = {
        'Network': ('network.write', {'name': 'new'}),
        'StoragePool': ('storage.write', {'name': 'new'}),
        'Interface': ('interface.write', {'name': 'new'}),
        'NodeDevice': ('node-device.write', {'parent': 'scsi_host1'}),
        'StorageVol': ('storage.write', {'name': 'default-pool', 'volume': 'new'}),
        'DomainSnapshot': ('domain.snapshot', {'name': 'test', 'uuid': TEST_UUID, 'snapshot': 'new'}),
        'DomainCheckpoint': ('domain.snapshot', {'name': 'test', 'uuid': TEST_UUID, 'checkpoint': 'new'}),
    }

    def test_documents(self):
        """Who a document is about is known before the permission is given; one that is cut off is about nobody."""
        self.authority.decide = lambda question: 'yes' if question.action.endswith('.read') else 'no'
        pool = self.client.object(self.client.object(TEST).call('Connection.StoragePoolLookupByName', 'default-pool'))
        paths = {'Connection': TEST, 'Domain': TEST_DOMAIN, 'StoragePool': pool.path}
        operations = self.client.object(f'{ROOT}/driver/test').get('Driver.Operations')
        tried = set()
        for class_, path in paths.items():
            for name, method in Xml(class_).members('method').items():
                kind = Xml.note(method, 'Identify')
                if kind not in self.NAMED or f'{class_}.{name}' not in operations:
                    continue
                action, details = self.NAMED[kind]
                tried.add(kind)
                details = {**self.HOST, 'object': kind, 'member': name, **details}
                if kind == 'StorageVol':
                    details['uuid'] = pool.get('StoragePool.UUID')

                def call(document):
                    arguments = [document if arg == 'xml' else ANY[type_] for arg, type_ in Xml.arguments(method, 'in')]
                    with self.assertRaises(CallError) as caught:
                        self.caller.object(path).call(f'{class_}.{name}', *arguments)
                    questions = self.asked()
                    return caught.exception.name, questions
                with self.subTest(name):
                    whole = DOCUMENTS[kind]
                    self.assertEqual(call(whole), ('org.virtbus1.Error.AccessDenied', [(action, details)]))
                    self.assertEqual(call(whole[:-2]), ('org.virtbus1.Error.XmlDetail', []))
        self.assertEqual(tried, set(self.NAMED))

    def test_document_of_what_is_there(self):
        """A rule can rely on the UUID that goes with a name, and the other way round."""
        self.authority.decide = lambda question: 'yes' if question.action.endswith('.read') else 'no'
        network = self.client.object(self.client.object(TEST).call('Connection.NetworkLookupByName', 'default'))
        uuid = network.get('Network.UUID')
        for xml, name in (('<network><name>default</name></network>', 'default'),
                          (f'<network><name>other</name><uuid>{uuid}</uuid></network>', 'other')):
            with self.refused('AccessDenied', f"access denied: NetworkDefineXML of '{name}' needs the permission"):
                self.caller.object(TEST).call('Connection.NetworkDefineXML', xml)
            (_, details), = self.asked()
            self.assertEqual((details['name'], details['uuid']), (name, uuid))

    def test_subject(self):
        self.caller.object(TEST_DOMAIN).get('Domain.State')
        question, = self.authority.questions
        self.assertEqual((question.kind, question.caller), ('system-bus-name', self.caller.unique_name))

    def test_owner_is_who_defined_it(self):
        guest = self.define('mine', self.caller)
        self.assertEqual(guest.get('Domain.Owner'), 'nobody')
        self.asked()
        guest.call('Domain.Create', 0)
        details = {**self.DOMAIN, 'name': 'mine', 'uuid': guest.get('Domain.UUID'), 'owner': 'nobody'}
        self.assertEqual(self.asked()[0], ('domain.start', {**details, 'member': 'Create'}))
        # A document that names it is about it, with its owner; so is one that gives its UUID with another name.
        host = self.caller.object(TEST)
        for name, uuid in (('mine', None), ('mine', details['uuid']), ('other', details['uuid'])):
            with contextlib.suppress(CallError):
                host.call('Connection.DomainDefineXML', guest_xml('test', name, uuid=uuid))
            (action, asked), = self.asked()
            self.assertEqual((action, asked['owner'], asked['uuid']), ('domain.define', 'nobody', details['uuid']))
        guest.call('Domain.Destroy', 0)

    def test_each_method_by_its_row(self):
        """Refused with the permission of its annotation, and nothing of it done."""
        self.authority.decide = lambda question: 'no'
        before = self.client.object(TEST_DOMAIN).get_all('Domain')
        for path, class_ in ((TEST, 'Connection'), (TEST_DOMAIN, 'Domain')):
            operations = self.client.object(f'{ROOT}/driver/test').get('Driver.Operations')
            for name, method in Xml(class_).members('method').items():
                if f'{class_}.{name}' not in operations:
                    continue
                document = DOCUMENTS.get(Xml.note(method, 'Identify'), '')
                arguments = [document if arg == 'xml' else ANY[type_]
                             for arg, type_ in Xml.arguments(method, 'in')]
                with self.subTest(name):
                    permission = Xml.note(method, 'Permission')
                    with self.refused('AccessDenied', f'access denied: {name}') as caught:
                        self.caller.object(path).call(f'{class_}.{name}', *arguments)
                    self.assertIn(f"needs the permission 'org.virtbus1.{permission}'", caught.exception.message)
                    self.assertEqual([action for action, _ in self.asked()], [permission])
            for name, member in Xml(class_).members('property').items():
                with self.subTest(name), self.refused('AccessDenied', f'access denied: {name}'):
                    self.caller.object(path).get(f'{class_}.{name}')
            with self.refused('AccessDenied'):
                self.caller.object(path).get_all(class_)
            self.asked()
        with self.refused('AccessDenied'):
            self.caller.object(TEST_DOMAIN).set('Domain.Autostart', GLib.Variant('b', True))
        self.asked()
        # A file that the caller could not read is not even looked for.
        for uri, permission in (('test:///default', 'connection.open'), ('test:///nowhere', 'connection.open-file'),
                                ('test:///root/secret', 'connection.open-file'),
                                ('test+unix:///default?socket=/nowhere', 'connection.open-remote'),
                                ('test+tcp://localhost/default', 'connection.open-remote')):
            with self.refused('AccessDenied', 'access denied: Open'):
                self.caller.object(ROOT).call('Manager.Open', uri, 0)
            self.assertEqual(self.asked(), [(permission, {'uri': uri, 'member': 'Open'})])
        self.assertEqual(self.client.object(TEST_DOMAIN).get_all('Domain'), before)

    def test_what_needs_none(self):
        self.authority.decide = lambda question: 'no'
        manager = self.caller.object(ROOT)
        manager.get('Manager.Version')
        self.caller.object(f'{ROOT}/driver/test').get_all('Driver')
        self.caller.object(f'{ROOT}/driver/test').introspect()
        self.assertEqual(self.asked(), [])
        # What tells of other hosts is left out of the rest.
        self.assertEqual(set(self.client.object(ROOT).get_all('Manager')) - set(manager.get_all('Manager')),
                         {'Aliases', 'Problems'})
        self.assertEqual(self.asked(), [('connection.read', {'object': 'Manager', 'member': 'GetAll'})])

    def test_root_is_not_asked_about(self):
        self.client.object(TEST_DOMAIN).call('Domain.Suspend')
        self.client.object(TEST_DOMAIN).call('Domain.Resume')
        self.assertEqual(self.asked(), [])

    def test_interactive(self):
        guest = self.caller.object(TEST_DOMAIN)
        self.authority.decide = lambda question: 'yes' if question.flags else 'ask'
        with self.refused('AccessDenied') as caught:
            guest.call('Domain.Suspend')
        self.assertIn('allow interactive authorization', caught.exception.message)
        guest.call('Domain.Suspend', interactive=True)
        self.assertEqual([q.flags for q in self.authority.questions if q.action == 'domain.suspend'], [0, 1])
        guest.call('Domain.Resume', interactive=True)
        # For a list nobody is asked a thousand times.
        self.asked()
        self.caller.object(TEST).call('Connection.ListDomains', 0, interactive=True)
        self.assertEqual([(a, d['member']) for a, d in self.asked()],
                         [('connection.read', 'ListDomains'), ('domain.read', 'ListDomains')])

    # What is remembered

    def test_answers_are_kept(self):
        self.while_kept(self.keep_answers)

    def keep_answers(self):
        self.authority.decide = lambda question: 'yes'
        caller = self.nobody()
        guest = caller.object(TEST_DOMAIN)
        self.asked()
        for _ in range(10):
            guest.get('Domain.State')
        self.assertEqual(len(self.asked()), 1)
        guest.get('Domain.Name')
        self.assertEqual(len(self.asked()), 1, 'kept for another member')
        caller.object(self.define('other').path).get('Domain.State')
        self.assertEqual(len(self.asked()), 1, 'kept for another object')
        self.nobody().object(TEST_DOMAIN).get('Domain.State')
        self.assertEqual(len(self.asked()), 1, 'kept for another caller')
        # So is a no.
        self.authority.decide = lambda question: 'no'
        for _ in range(3):
            with self.refused('AccessDenied'):
                guest.get('Domain.Id')
        self.assertEqual(len(self.asked()), 1)

    def test_forgotten_when_something_changed(self):
        self.while_kept(self.keep_until_something_changes)

    def keep_until_something_changes(self):
        self.authority.decide = lambda question: 'yes'
        guest = self.nobody().object(TEST_DOMAIN)
        guest.get('Domain.State')
        self.authority.decide = lambda question: 'no'
        guest.get('Domain.State')
        self.authority.changed()
        with self.refused('AccessDenied'):
            guest.get('Domain.State')

    def test_an_object_of_the_same_name_is_another(self):
        uuid = '44444444-2222-4333-8444-555555555555'
        guest = self.define('again', uuid=uuid)
        self.caller.object(guest.path).get('Domain.State')
        self.client.object(guest.path).call('Domain.Undefine', 0)
        self.client.object(TEST).call('Connection.DomainDefineXML', guest_xml('test', 'again', uuid=uuid))
        self.asked()
        self.caller.object(guest.path).get('Domain.State')
        self.assertEqual(len(self.asked()), 1)

    # No answer

    def test_silence(self):
        """The one wait of this file: for an answer, while another is forgotten with time."""
        self.caller.object(TEST_DOMAIN).get('Domain.Name')
        self.authority.decide = lambda question: 'hold' if question.action == 'domain.suspend' else 'yes'
        finish = self.caller.start(TEST_DOMAIN, 'org.virtbus1.Domain', 'Suspend', None)
        self.client.wait(lambda: self.authority.held)
        # Others are served, this caller too, about other objects.
        self.client.object(TEST_DOMAIN).get('Domain.Name')
        self.caller.object(TEST).get('Connection.URI')
        self.assertEqual((finish.answered(), self.authority.cancelled), (False, []))
        other = self.nobody().object(TEST_DOMAIN)

        def keep():
            other.get('Domain.Name')
            self.asked()
            other.get('Domain.Name')
            self.assertEqual(self.asked(), [])
        self.while_kept(keep)
        self.client.settle(KEPT_FOR + 0.5)
        other.get('Domain.Name')
        self.assertEqual(len(self.asked()), 1)
        with self.refused('AccessDenied', "access denied: Suspend of 'test' needs the permission"):
            finish()
        self.client.wait(lambda: self.authority.cancelled)
        self.assertEqual(self.client.object(TEST_DOMAIN).get('Domain.State')[0], 1)

    def test_caller_that_leaves_while_it_is_asked_about(self):
        self.authority.decide = lambda question: 'hold'
        self.caller.start(TEST_DOMAIN, 'org.virtbus1.Domain', 'Suspend', None, interactive=True)
        self.client.wait(lambda: self.authority.held)
        question, = self.authority.questions
        self.caller.close()
        self.client.wait(lambda: self.authority.cancelled)
        self.assertEqual(self.authority.cancelled, [question.cancellation])
        # A yes that comes too late is one to nobody.
        self.authority.held[0].return_value(GLib.Variant('((bba{ss}))', ((True, False, {}),)))
        self.client.settle(0.1)
        self.assertEqual(self.client.object(TEST_DOMAIN).get('Domain.State')[0], 1)
        self.assertEqual([f for f in self.manager.call('Manager.ListFibers') if 'Suspend' in f[0]], [])

    def test_yes_to_who_has_left(self):
        """The answer and the leaving come together."""
        for _ in range(5):
            caller = self.nobody()
            self.authority.decide = lambda question: 'hold'
            caller.start(TEST_DOMAIN, 'org.virtbus1.Domain', 'Suspend', None)
            self.client.wait(lambda: self.authority.held)
            caller.close()
            self.authority.held.pop().return_value(GLib.Variant('((bba{ss}))', ((True, False, {}),)))
            self.client.settle(0.02)
            self.assertEqual(self.client.object(TEST_DOMAIN).get('Domain.State')[0], 1)

    def test_gone_while_it_is_asked_about(self):
        """A yes to what is not there any more does not bring it back."""
        host = self.client.object(TEST)
        networks = host.call('Connection.ListNetworks', 0)
        network = self.client.object(host.call('Connection.NetworkDefineXML', '<network><name>brief</name></network>'))
        self.authority.decide = lambda question: 'hold' if question.action == 'network.write' else 'yes'
        finish = self.caller.start(network.path, 'org.virtbus1.Network', 'Create', None)
        self.client.wait(lambda: self.authority.held)
        network.call('Network.Undefine')
        self.authority.held.pop().return_value(GLib.Variant('((bba{ss}))', ((True, False, {}),)))
        with self.refused('InvalidConn'):
            finish()
        self.assertEqual(host.call('Connection.ListNetworks', 0), networks)

    def start_network(self):
        """A definition by one who has to wait for the permission."""
        self.authority.decide = lambda question: 'hold' if question.action == 'network.write' else 'yes'
        finish = self.caller.start(TEST, 'org.virtbus1.Connection', 'NetworkDefineXML', '(s)',
                                   '<network><name>brief</name></network>')
        self.client.wait(lambda: self.authority.held)
        return finish

    def test_document_of_what_goes_meanwhile(self):
        host = self.client.object(TEST)
        network = self.client.object(host.call('Connection.NetworkDefineXML', '<network><name>brief</name></network>'))
        finish = self.start_network()
        network.call('Network.Undefine')
        # The journal holds it until there is enough else to tell again.
        guest = self.client.object(TEST_DOMAIN)
        for _ in range(300):
            guest.call('Domain.Suspend')
            guest.call('Domain.Resume')
        self.authority.held.pop().return_value(GLib.Variant('((bba{ss}))', ((False, False, {}),)))
        with self.refused('AccessDenied', "access denied: NetworkDefineXML of 'brief' needs the permission"):
            finish()

    def test_document_of_what_comes_meanwhile(self):
        """A yes to something new is none to what has its name by then: that is asked about, too."""
        host = self.client.object(TEST)
        finish = self.start_network()
        network = self.client.object(host.call('Connection.NetworkDefineXML', '<network><name>brief</name></network>'))
        self.addCleanup(network.call, 'Network.Undefine')
        self.authority.decide = lambda question: 'no'
        self.authority.held.pop().return_value(GLib.Variant('((bba{ss}))', ((True, False, {}),)))
        with self.refused('AccessDenied'):
            finish()
        asked = [details for action, details in self.asked() if action == 'network.write']
        self.assertEqual([details.get('uuid') for details in asked], [None, network.get('Network.UUID')])

    def test_errors_are_a_no(self):
        self.authority.decide = lambda question: 'error'
        with self.refused('AccessDenied'):
            self.caller.object(TEST_DOMAIN).call('Domain.Suspend')
        self.not_waited_for(self.authority)

    def not_waited_for(self, authority):
        """A question whose answer is waited for in vain is taken back."""
        self.manager.get('Manager.Version')
        self.assertEqual(authority.cancelled, [])

    def test_garbage_is_a_no(self):
        self.authority.close()
        for answer in (GLib.Variant('(s)', ('yes',)), GLib.Variant('((bs))', ((True, 'yes'),)),
                       GLib.Variant('(b)', (True,)), GLib.Variant('((bba{si}))', ((True, True, {}),))):
            with self.subTest(str(answer)):
                authority = self.new_authority(garbage=answer)
                with self.refused('AccessDenied'):
                    self.nobody().object(TEST_DOMAIN).call('Domain.Suspend')
                self.assertEqual(len(authority.questions), 1)
                self.not_waited_for(authority)
                authority.close()

    def test_no_authority_is_a_no(self):
        self.authority.close()
        with self.refused('AccessDenied'):
            self.caller.object(TEST_DOMAIN).call('Domain.Suspend')
        self.assertEqual(self.nobody().object(ROOT).call('Manager.ListConnections'), [])

    def test_authority_that_goes_while_it_is_asked(self):
        self.authority.decide = lambda question: 'hold'
        finish = self.caller.start(TEST_DOMAIN, 'org.virtbus1.Domain', 'Suspend', None)
        self.client.wait(lambda: self.authority.held)
        self.authority.close()
        with self.refused('AccessDenied'):
            finish()

    # Lists

    def test_lists_show_what_may_be_read(self):
        guests = {name: self.define(name).path for name in ('blue', 'black', 'red')}
        self.authority.decide = lambda question: (
            'yes' if question.action != 'domain.read' or question.details.get('name', '').startswith('b') else 'no')
        seen = {guests['blue'], guests['black']}
        host = self.caller.object(TEST)
        self.assertEqual(set(host.call('Connection.ListDomains', 0)), seen)
        self.assertEqual({name for name, _ in host.call('Connection.GetAllDomainStats', 1, 0)}, {'blue', 'black'})
        objects = self.caller.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
        self.assertEqual({path for path in objects if '/domain/' in path}, seen)
        self.assertEqual(host.call('Connection.DomainLookupByName', 'blue'), guests['blue'])
        # What may not be seen is not there.
        for member, key in (('Name', 'red'), ('UUID', self.client.object(guests['red']).get('Domain.UUID'))):
            with self.refused('NoDomain', 'Domain not found: no domain with matching '):
                host.call(f'Connection.DomainLookupBy{member}', key)
        with self.refused('NoDomain', 'Domain not found: no domain with matching id'):
            host.call('Connection.DomainLookupByID', self.client.object(TEST_DOMAIN).get('Domain.Id'))
        self.authority.decide = lambda question: 'no' if question.action == 'connection.read' else 'yes'
        self.assertEqual(self.nobody().object(ROOT).call('Manager.ListConnections'), [])

    def nodes(self, path: str, client=None) -> set:
        node = ElementTree.fromstring((client or self.caller).object(path).introspect())
        return {child.get('name') for child in node.findall('node')}

    def test_introspection_shows_what_may_be_read(self):
        names = {name: self.define(name).path.rpartition('/')[2] for name in ('blue', 'black', 'red')}
        self.authority.decide = lambda question: (
            'no' if question.action == 'network.read' or
            question.action == 'domain.read' and not question.details.get('name', '').startswith('b') else 'yes')
        libvirt = self.nobody('org.libvirt')
        for client, root, host in ((self.caller, ROOT, TEST), (libvirt, '/org/libvirt', '/org/libvirt/Test')):
            self.assertEqual(self.nodes(f'{host}/domain', client), {names['blue'], names['black']})
            self.assertEqual(self.nodes(host, client), {'domain', 'interface', 'nodedev', 'storagepool'})
            self.assertIn({ROOT: 'connection'}.get(root, 'Test'), self.nodes(root, client))
            # What leads to nothing that may be seen is not there.
            for path in (f'{host}/network', f'{host}/secret', f'{host}/domain/{names["red"]}/more'):
                with self.refused('-UnknownObject'):
                    client.object(path).introspect()

        def keep():
            self.nodes(f'{TEST}/domain')
            self.authority.questions = []
            self.nodes(f'{TEST}/domain')
            self.assertEqual(self.authority.questions, [], 'kept')
        self.while_kept(keep)
        self.authority.decide = lambda question: 'no'
        for name, root in (('org.virtbus1', ROOT), ('org.libvirt', '/org/libvirt')):
            self.assertLessEqual(self.nodes(root, self.nobody(name)), {'driver'})
        with self.refused('-UnknownObject'):
            self.nobody().object(f'{ROOT}/connection').introspect()

    def test_many_questions_at_once(self):
        guests = [self.define(f'many{i}') for i in range(50)]

        def ask():
            host = self.nobody().object(TEST)
            self.asked()
            self.assertEqual(len(host.call('Connection.ListDomains', 2)), len(guests))
            self.assertEqual(len(self.asked()), 51)
            host.call('Connection.ListDomains', 2)
            self.assertEqual(self.asked(), [])
        self.while_kept(ask)


class SessionTest(BusTest):
    """A session's service is its user's alone; nobody is asked."""

    def test_own_user(self):
        authority = Authority(self.bus.address)
        self.addCleanup(authority.close)
        authority.decide = lambda question: 'no'
        self.client.object(TEST_DOMAIN).call('Domain.Suspend')
        self.client.object(TEST_DOMAIN).call('Domain.Resume')
        self.assertEqual(authority.questions, [])


if __name__ == '__main__':
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who hears signals on the host's bus: those who called and may read what they are about, each in order."""

import unittest

from bustest import CallError, GLib, PROPERTIES, ROOT, Story, TEST, TEST_DOMAIN, guest_xml
from hostbus import HostBusTest

# What the service holds back for one caller until it knows, and how much the caller may ask meanwhile.
LINE_MAX = 4096
CALLS_MAX = 128
NETWORK = '<network><name>net</name></network>'


def uuid_of(path: str) -> str:
    return path.rpartition('/_')[2]


class AudienceTest(HostBusTest):
    def setUp(self):
        super().setUp()
        self.hidden = set()
        self.authority.decide = lambda question: 'no' if self.is_hidden(question) else 'yes'
        self.host = self.client.object(TEST)

    def is_hidden(self, question) -> bool:
        return question.action.endswith('.read') and question.details.get('name') in self.hidden

    def known(self, client):
        """The client has called once, as a client that wants signals does."""
        client.call('/' + client.name.replace('.', '/') + ('/Test' if client.name == 'org.libvirt' else ''),
                    'org.freedesktop.DBus.Introspectable', 'Introspect', None)
        return client

    def listener(self, name='org.virtbus1'):
        client = self.nobody(name)
        return self.known(client)

    def live(self, name: str) -> str:
        """The whole life of a guest, and its path."""
        guest = self.define_for_life(name)
        for member, *arguments in (('Create', 0), ('Suspend',), ('Resume',), ('Destroy', 0), ('Undefine', 0)):
            guest.call(f'Domain.{member}', *arguments)
        return guest.path

    def define_for_life(self, name: str):
        return self.client.object(self.host.call('Connection.DomainDefineXML', guest_xml('test', name)))

    def mentioned(self, signals, path: str) -> list:
        return [signal for signal in signals.all if uuid_of(path) in repr(signal)]

    def settled(self, client, path=ROOT):
        """What was sent to the client before is there: a reply comes after all that."""
        client.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect', None)

    def test_who_may_not_read_hears_nothing(self):
        self.hidden = {'secret'}
        caller = self.listener()
        with caller.record() as signals, self.client.record() as all_signals:
            secret, plain = self.live('secret'), self.live('plain')
            self.settled(caller)
            self.settled(self.client)
            self.assertEqual(self.mentioned(signals, secret), [])
            told = Story(all_signals, plain).lines()
            self.assertEqual((told[0], told[-1]), ('added', 'removed'))
            self.assertIn('started 0', told)
            self.assertEqual(Story(signals, plain).lines(), told)
            self.assertEqual(Story(all_signals, secret).lines(), told)

    def test_the_other_namespace(self):
        self.hidden = {'secret'}
        caller = self.listener('org.libvirt')
        with caller.record() as signals:
            secret, plain = self.live('secret'), self.live('plain')
            self.settled(caller, '/org/libvirt/Test')
        self.assertEqual(self.mentioned(signals, secret), [])
        self.assertEqual([s.arguments[1] for s in signals.matching(member='DomainEvent')], [0, 2, 3, 4, 5, 1])
        self.assertTrue(self.mentioned(signals, plain))
        self.assertEqual({s.path[:12] for s in signals.all}, {'/org/libvirt'}, 'of the namespace that it calls')

    def test_who_never_called_hears_nothing(self):
        silent = self.nobody()
        with silent.record() as signals:
            self.live('plain')
            # What the bus has for it, it has before this reply.
            silent.bus('GetId', None)
            self.assertEqual(signals.all, [])
            self.settled(silent)
            path = self.live('plain')
            self.settled(silent)
            self.assertEqual(Story(signals, path).lines()[-1], 'removed')

    def test_permission_of_each_class(self):
        for action, heard in (('network.read', {'DomainEvent'}), ('domain.read', {'NetworkEvent'}),
                              ('connection.read', {'DomainEvent', 'NetworkEvent'})):
            caller = self.listener()
            self.authority.decide = lambda question: 'no' if question.action == action else 'yes'
            with self.subTest(action), caller.record() as signals:
                domain = self.live('guest')
                network = self.client.object(self.host.call('Connection.NetworkDefineXML', NETWORK))
                for member in ('Create', 'Destroy', 'Undefine'):
                    network.call(f'Network.{member}')
                self.settled(caller)
                self.assertEqual({s.member for s in signals.all if s.member.endswith('Event')}, heard)
                for path, member in ((domain, 'DomainEvent'), (network.path, 'NetworkEvent')):
                    self.assertEqual(bool(self.mentioned(signals, path)), member in heard)

    def test_replay_and_the_list_of_all_domains(self):
        self.hidden = {'secret'}
        caller = self.listener()
        host = caller.object(TEST)
        since, _ = host.call('Connection.GetAllDomains', 0)
        with caller.record() as signals:
            secret, plain = self.live('secret'), self.live('plain')
            stays = self.define('secret').path
            now, complete, told = host.call('Connection.Replay', since)
            self.assertEqual((now, complete), (host.get('Connection.Sequence'), True))
            self.assertEqual([entry[1:] for entry in told],
                             [(s.path, s.interface, s.member, list(s.arguments)) for s in signals.all])
        self.assertEqual([entry for entry in told if uuid_of(secret) in repr(entry) or uuid_of(stays) in repr(entry)], [])
        self.assertTrue([entry for entry in told if uuid_of(plain) in repr(entry)])
        self.assertEqual(set(host.call('Connection.GetAllDomains', 0)[1]), {TEST_DOMAIN})
        self.assertEqual(set(self.client.object(TEST).call('Connection.GetAllDomains', 0)[1]), {TEST_DOMAIN, stays})

    def test_what_comes_while_it_is_asked_is_told(self):
        """The reply is not behind what was signalled before it."""
        caller = self.listener()
        since = self.client.object(TEST).get('Connection.Sequence')
        first = self.define('first')
        # The question about its signals has been answered.
        self.settled(caller)
        interface = 'org.virtbus1.Connection'
        for member, arguments in (('Replay', (since,)), ('GetAllDomains', (0,))):
            signature = caller.signature(TEST, interface, member)
            self.authority.changed()
            self.authority.decide = lambda question: 'hold' if question.details.get('name') == 'first' else 'yes'
            finish = caller.start(TEST, interface, member, signature, *arguments)
            self.client.wait(lambda: self.authority.held)
            second = self.define(f'during-{member}')
            self.release()
            reply = finish()
            with self.subTest(member):
                self.assertIn(second.path, repr(reply))
                self.assertIn(first.path, repr(reply))

    def release_held(self, answer=True):
        while self.authority.held:
            self.authority.held.pop().return_value(GLib.Variant('((bba{ss}))', ((answer, False, {}),)))

    def test_not_any_more(self):
        """A permission that is taken away ends it, one that is given begins it."""
        caller = self.listener()
        guest = self.client.object(TEST_DOMAIN)
        for hidden, heard in ((set(), 1), ({'test'}, 0), (set(), 1)):
            self.hidden = hidden
            self.authority.changed()
            with caller.record() as signals:
                guest.call('Domain.Suspend')
                self.settled(caller)
            guest.call('Domain.Resume')
            self.settled(caller)
            self.assertEqual(len(signals.matching(member='DomainEvent')), heard, hidden)

    def test_challenge_is_a_no(self):
        caller = self.listener()
        self.authority.decide = lambda question: 'ask'
        with caller.record() as signals:
            self.live('plain')
            self.settled(caller)
            self.assertEqual(signals.all, [])
        self.assertEqual({q.flags for q in self.authority.questions}, {0})

    # While it is not known

    def hold(self):
        self.authority.decide = lambda question: 'hold' if question.details['member'] == 'Signals' else 'yes'

    def release(self, answer=True):
        """Answer what is held and all that is asked from now on."""
        self.authority.decide = lambda question: 'yes' if answer else 'no'
        self.release_held(answer)

    def test_signals_come_before_the_reply(self):
        for answer in (True, False):
            with self.subTest(answer):
                self.authority.changed()
                self.hold()
                caller = self.listener()
                with caller.record() as signals:
                    finish = caller.start(TEST_DOMAIN, 'org.virtbus1.Domain', 'Suspend', None)
                    self.client.wait(lambda: self.authority.held)
                    # Done, but told to nobody who waits for the authority.
                    self.assertEqual(self.client.object(TEST_DOMAIN).get('Domain.State')[0], 3)
                    caller.bus('GetId', None)
                    self.assertEqual(signals.all, [])
                    self.release(answer)
                    finish()
                    self.assertEqual([s.member for s in signals.all],
                                     ['PropertiesChanged', 'DomainEvent'] if answer else [])
                self.client.object(TEST_DOMAIN).call('Domain.Resume')

    def test_order_is_kept(self):
        """Of what had to wait, and what came meanwhile about things that were known."""
        caller = self.listener()
        with caller.record() as signals:
            self.hold()
            first = self.define_for_life('first')
            self.client.wait(lambda: self.authority.held)
            self.client.object(TEST_DOMAIN).call('Domain.Suspend')
            self.client.object(TEST_DOMAIN).call('Domain.Resume')
            first.call('Domain.Undefine', 0)
            self.release()
            self.settled(caller)
        told = [(s.arguments[0], s.arguments[1]) for s in signals.matching(member='DomainEvent')]
        self.assertEqual(told, [(first.path, 0), (TEST_DOMAIN, 3), (TEST_DOMAIN, 4), (first.path, 1)])
        self.assertEqual(signals.all[0].member, 'InterfacesAdded')
        self.assertEqual(signals.all[-1].member, 'InterfacesRemoved')

    def test_line_is_bounded(self):
        caller, other = self.listener(), self.listener()
        self.hold()
        with caller.record() as signals:
            # Several at once: the service does not wait for an answer for ever.
            for i in range(0, LINE_MAX + 100, 100):
                for finish in [self.client.start(TEST_DOMAIN, PROPERTIES, 'Set', '(ssv)', 'org.virtbus1.Domain', 'Autostart',
                                                 GLib.Variant('b', j % 2 == 0)) for j in range(i, i + 100)]:
                    finish()
            other.close()
            self.release()
            self.settled(caller)
            self.assertEqual(len(signals.matching(member='PropertiesChanged')), LINE_MAX)
        self.alive()

    def suspend(self):
        guest = self.client.object(TEST_DOMAIN)
        guest.call('Domain.Suspend')
        self.addCleanup(guest.call, 'Domain.Resume')

    def test_replies_in_line_are_bounded(self):
        caller = self.listener()
        self.hold()
        self.suspend()
        self.client.wait(lambda: self.authority.held)
        interface = 'org.freedesktop.DBus.Properties'
        finishes = [caller.start(ROOT, interface, 'Get', '(ss)', 'org.virtbus1.Manager', 'Version')
                    for _ in range(CALLS_MAX + 50)]
        for finish in finishes[CALLS_MAX:]:
            with self.refused('-LimitsExceeded'):
                finish()
        self.release()
        for finish in finishes[:CALLS_MAX]:
            finish()
        self.assertEqual(caller.object(ROOT).get('Manager.Version'), self.manager.get('Manager.Version'))

    def test_values_are_not_older_than_signals(self):
        """One value needs an answer that takes its time; the others must not be read before it."""
        caller = self.listener()
        self.authority.changed()
        self.authority.decide = lambda question: 'hold' if question.details.get('object') == 'Manager' else 'yes'
        with caller.record() as signals:
            finish = caller.start(ROOT, 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects', None)
            self.client.wait(lambda: self.authority.held)
            self.suspend()
            self.release()
            objects = finish()
            self.assertTrue(signals.matching(member='PropertiesChanged'))
        self.assertEqual(objects[TEST_DOMAIN]['org.virtbus1.Domain']['State'],
                         self.client.object(TEST_DOMAIN).get('Domain.State'))

    def test_who_leaves_while_it_is_asked_about(self):
        self.hold()
        callers = [self.listener() for _ in range(3)]
        self.client.object(TEST_DOMAIN).call('Domain.Suspend')
        self.client.wait(lambda: len(self.authority.held) == len(callers))
        for caller in callers:
            caller.close()
        self.client.wait(lambda: len(self.authority.cancelled) == len(callers))
        self.client.object(TEST_DOMAIN).call('Domain.Resume')
        self.client.wait(lambda: not [f for f in self.manager.call('Manager.ListFibers') if 'telling' in f[0]])

    def test_root_is_not_asked_about(self):
        with self.client.record() as signals:
            self.live('plain')
            self.settled(self.client)
            self.assertTrue(signals.matching(member='DomainEvent'))
        self.assertEqual([q for q in self.authority.questions if q.caller == self.client.unique_name], [])

    def test_no_authority(self):
        """Nobody can be asked: root hears all, others nothing; and nothing hangs."""
        caller = self.listener()
        self.authority.close()
        with caller.record() as signals, self.client.record() as all_signals:
            path = self.live('plain')
            self.settled(caller)
            self.settled(self.client)
            self.assertEqual(signals.all, [])
            self.assertTrue(self.mentioned(all_signals, path))
        with self.assertRaises(CallError):
            caller.object(TEST_DOMAIN).get('Domain.State')


if __name__ == '__main__':
    unittest.main(verbosity=2)

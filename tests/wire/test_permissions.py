#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of the wire on the host: polkit is told which process asks, and asked about each call."""

import os
import pathlib
import unittest
from unittest import mock

from wiretest import TEST, TEST_UUID

import hostbus
from hostbus import NOBODY, HostBusTest, user
from rpc import Client, RpcError

ACCESS_DENIED, NO_STORAGE_VOL, RPC, AUTH_FAILED, AUTH_UNAVAILABLE = 88, 50, 39, 45, 94
FROM_POLKIT = 60
CONFIGURED = '''mkdir -p /etc/virtbus
echo 'auth_unix_rw = "polkit"' >/etc/virtbus/virtbusd.conf
exec "$@"
'''


class HostTest(HostBusTest):
    def setUp(self):
        super().setUp()
        # The sockets are in the service's own /run; who is no root cannot go there by a path.
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(f'/proc/{self.bus.service.pid}/root/run/virtbus')

    def connect(self, uid=NOBODY, read_only=False) -> Client:
        with user(uid):
            client = Client('virtbus-sock-ro' if read_only else 'virtbus-sock')
        self.addCleanup(client.close)
        return client


class PermissionTest(HostTest):
    def test_who_asks(self):
        client = self.connect().open()
        question, = [q for q in self.authority.questions if q.action == 'connection.open']
        stat = pathlib.Path('/proc/self/stat').read_text().rpartition(')')[2].split()
        subject = {key: value for key, value in question.subject.items() if key != 'pidfd'}
        self.assertEqual((question.kind, subject),
                         ('unix-process', {'pid': os.getpid(), 'start-time': int(stat[19]), 'uid': NOBODY}))
        self.assertEqual(question.details, {'uri': 'test:///default', 'member': 'Open'})
        # The user at the client may be asked.
        self.assertEqual(question.flags, 1)
        self.asked()
        client.call('DOMAIN_SUSPEND', dom=TEST)
        client.call('DOMAIN_RESUME', dom=TEST)
        self.assertEqual([action for action, _ in self.asked()], ['domain.suspend'] * 2)

    def test_root_needs_none(self):
        self.authority.decide = lambda question: 'no'
        client = self.connect(0).open()
        client.call('DOMAIN_SUSPEND', dom=TEST)
        client.call('DOMAIN_RESUME', dom=TEST)

    def test_refused(self):
        self.authority.decide = lambda question: 'yes' if question.action.endswith(('.read', '.open')) else 'no'
        client = self.connect().open()
        for name, args in (('DOMAIN_SUSPEND', {'dom': TEST}), ('DOMAIN_SET_AUTOSTART', {'dom': TEST, 'autostart': 1}),
                           ('DOMAIN_GET_XML_DESC', {'dom': TEST, 'flags': 1}),
                           ('DOMAIN_DEFINE_XML', {'xml': "<domain type='test'><name>n</name></domain>"})):
            with self.subTest(name), self.assertRaises(RpcError) as caught:
                client.call(name, **args)
            self.assertEqual(caught.exception.code, ACCESS_DENIED)
        self.assertEqual(client.call('DOMAIN_GET_STATE', dom=TEST, flags=0)['state'], 1)

    def test_what_may_not_be_seen(self):
        """It is not there, in whatever form it is asked for."""
        self.authority.decide = lambda question: 'no' if question.action == 'domain.read' else 'yes'
        client = self.connect().open()
        self.assertEqual(client.call('CONNECT_NUM_OF_DOMAINS'), {'num': 0})
        self.assertEqual(client.call('CONNECT_LIST_DOMAINS', maxids=9), {'ids': []})
        self.assertEqual(client.call('CONNECT_LIST_ALL_DOMAINS', need_results=1, flags=0)['ret'], 0)
        for name, args in (('DOMAIN_LOOKUP_BY_NAME', {'name': 'test'}), ('DOMAIN_LOOKUP_BY_ID', {'id': 1}),
                           ('DOMAIN_LOOKUP_BY_UUID', {'uuid': TEST_UUID})):
            with self.subTest(name), self.assertRaises(RpcError) as caught:
                client.call(name, **args)
            self.assertEqual(caught.exception.code, 42)
        for name, args in (('DOMAIN_GET_INFO', {'dom': TEST}), ('DOMAIN_GET_STATE', {'dom': TEST, 'flags': 0}),
                           ('DOMAIN_IS_ACTIVE', {'dom': TEST}), ('DOMAIN_GET_SECURITY_LABEL', {'dom': TEST}),
                           ('DOMAIN_SNAPSHOT_NUM', {'dom': TEST, 'flags': 0}),
                           ('CONNECT_GET_ALL_DOMAIN_STATS', {'doms': [TEST], 'stats': 0, 'flags': 0})):
            with self.subTest(name), self.assertRaises(RpcError) as caught:
                client.call(name, **args)
            self.assertEqual(caught.exception.code, ACCESS_DENIED)
        self.assertEqual(client.call('CONNECT_GET_ALL_DOMAIN_STATS', doms=[], stats=0, flags=0), {'retStats': []})

    def test_copies(self):
        """Of what may not be read no copy is made."""
        pool = {'name': 'default-pool', 'uuid': 'dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566'}
        xml = '<volume><name>{}</name><capacity>1024</capacity></volume>'
        root = self.connect(0).open()
        source = root.call('STORAGE_VOL_CREATE_XML', pool=pool, xml=xml.format('source'), flags=0)['vol']
        self.addCleanup(root.call, 'STORAGE_VOL_DELETE', vol=source, flags=0)
        for refused, code in (('storage.write', ACCESS_DENIED), ('storage.read', NO_STORAGE_VOL)):
            self.authority.decide = lambda question, refused=refused: 'no' if (
                question.action, question.details.get('volume')) == (refused, 'source') else 'yes'
            client = self.connect().open()
            with self.subTest(refused=refused), self.assertRaises(RpcError) as caught:
                client.call('STORAGE_VOL_CREATE_XML_FROM', pool=pool, xml=xml.format('copy'), clonevol=source, flags=0)
            self.assertEqual(caught.exception.code, code)
        self.authority.decide = lambda question: 'yes'
        self.authority.changed()
        copy = self.connect().open().call('STORAGE_VOL_CREATE_XML_FROM', pool=pool, xml=xml.format('copy'),
                                          clonevol=source, flags=0)['vol']
        root.call('STORAGE_VOL_DELETE', vol=copy, flags=0)

    def test_events_of_what_may_not_be_seen(self):
        self.authority.decide = lambda question: 'no' if question.details.get('name') == 'hidden' else 'yes'
        client = self.connect().open()
        client.call('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', eventID=0, dom=None)
        self.define('hidden')
        self.define('shown')
        name, values = client.event()
        self.assertEqual((name, values['msg']['dom']['name'], values['msg']['event']),
                         ('DOMAIN_EVENT_CALLBACK_LIFECYCLE', 'shown', 0))

    def test_read_only(self):
        """Not even root writes through it."""
        client = self.connect(0, read_only=True).open()
        with self.assertRaises(RpcError) as caught:
            client.call('DOMAIN_SUSPEND', dom=TEST)
        self.assertEqual((caught.exception.code, caught.exception.message),
                         (29, 'operation forbidden: read only access prevents virDomainSuspend'))


class LoginTest(HostTest):
    @classmethod
    def setUpClass(cls):
        with mock.patch.object(hostbus, 'NAMESPACE', hostbus.NAMESPACE.replace('exec "$@"\n', CONFIGURED)):
            super().setUpClass()

    def test_polkit(self):
        client = self.connect()
        for name in ('CONNECT_GET_TYPE', 'CONNECT_CLOSE'):
            with self.assertRaises(RpcError) as caught:
                client.call(name)
            self.assertEqual((caught.exception.code, caught.exception.message), (RPC, 'authentication required'))
        self.assertEqual(client.call('AUTH_LIST'), {'types': [2]})
        self.assertEqual(client.call('AUTH_POLKIT'), {'complete': 1})
        self.assertEqual(client.call('AUTH_LIST'), {'types': [0]})
        client.call('CONNECT_OPEN', name='test:///default', flags=0)

    def test_refused(self):
        for answer, code, message in (
                ('no', AUTH_FAILED, 'authentication failed: access denied by policy'),
                ('ask', AUTH_UNAVAILABLE, 'authentication unavailable: no polkit agent available to authenticate action '
                                          "'org.virtbus1.connection.read'")):
            self.authority.decide = lambda question, answer=answer: answer
            client = self.connect()
            with self.assertRaises(RpcError) as caught:
                client.call('AUTH_POLKIT')
            self.assertEqual((caught.exception.code, caught.exception.domain, caught.exception.message),
                             (code, FROM_POLKIT, message))

    def test_root_is_in_by_asking(self):
        client = self.connect(0)
        with self.assertRaises(RpcError):
            client.call('CONNECT_OPEN', name='test:///default', flags=0)
        self.assertEqual(client.call('AUTH_LIST'), {'types': [0]})
        client.call('CONNECT_OPEN', name='test:///default', flags=0)

    def test_read_only_needs_none(self):
        self.assertEqual(self.connect(read_only=True).call('AUTH_LIST'), {'types': [0]})


if __name__ == '__main__':
    unittest.main()

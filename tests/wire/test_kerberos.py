# SPDX-License-Identifier: LGPL-2.1-or-later
"""SASL with GSSAPI over TCP: Debian's virsh at our door, and our remote driver at that door and at libvirtd."""

import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / 'harness'), str(HERE.parents[1] / 'remote')]

import kerberos  # pylint: disable=wrong-import-position
import libvirtd  # pylint: disable=wrong-import-position
from bus import PrivateBus, free_port  # pylint: disable=wrong-import-position
from client import CallError  # pylint: disable=wrong-import-position


class KerberosTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = kerberos.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.realm = cls.enterClassContext(kerberos.Realm())
        for user in ('operator', 'stranger'):
            cls.realm.add(user)
        cls.port = free_port()
        cls.bus = PrivateBus()
        cls.addClassCleanup(cls.bus.close)
        cls.bus.open()
        # One service is both ends.
        cls.bus.env.update(cls.realm.server_env, **cls.realm.client_env)
        (cls.bus.folder / 'config/virtbus').mkdir()
        (cls.bus.folder / 'config/virtbus/virtbusd.conf').write_text(
            f'listen_addr = "127.0.0.1"\nlisten_tcp = 1\ntcp_port = "{cls.port}"\n'
            f'sasl_allowed_username_list = [ "operator@{kerberos.REALM}", "operator" ]\n')
        cls.bus.start_service()

    def setUp(self):
        self.realm.login('operator')

    def describe(self) -> str:
        return self.bus.describe()

    def uri(self, port=None) -> str:
        return f'test+tcp://localhost:{port or self.port}/default'

    def virsh(self, *command):
        done = subprocess.run(['virsh', '-c', self.uri(), *command], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=180, check=False, env={
                                  'PATH': os.environ['PATH'], 'LANG': 'C', 'HOME': str(self.bus.folder / 'home'),
                                  **self.realm.client_env})
        return done.stdout.strip(), done.stderr.strip()

    def test_virsh_with_a_ticket(self):
        self.assertEqual(self.virsh('list', '--name'), ('test', ''))
        self.assertIn("Domain 'test' is being shutdown", ' '.join(self.virsh('shutdown', 'test')))
        self.assertEqual(self.virsh('start', 'test')[1], '')

    def test_virsh_refused(self):
        self.realm.logout()
        output, complaint = self.virsh('list')
        self.assertEqual(output, '')
        self.assertIn('authentication failed', complaint)
        self.realm.login('stranger')
        output, complaint = self.virsh('list')
        self.assertEqual(output, '')
        self.assertIn('authentication failed', complaint)

    def open_names(self, uri: str) -> list:
        with self.bus.client() as client:
            connection = client.object(client.object('/org/virtbus1').call('Manager.Open', uri, 0))
            return [client.object(path).get('Domain.Name') for path in connection.call('Connection.ListDomains', 0)]

    def test_remote_driver_at_our_door(self):
        self.assertEqual(self.open_names(self.uri()), ['test'])

    def test_remote_driver_at_libvirtd(self):
        peer = libvirtd.Libvirtd(settings={'auth_tcp': '"sasl"'}, env=self.realm.server_env)
        with peer:
            self.assertEqual(self.open_names(self.uri(peer.port)), ['test'])

    def test_remote_driver_without_a_ticket(self):
        self.realm.logout()
        with self.assertRaises(CallError) as caught:
            self.open_names(self.uri())
        self.assertEqual(caught.exception.name, 'org.virtbus1.Error.AuthFailed')
        self.assertIn('No Kerberos credentials available', caught.exception.message)


if __name__ == '__main__':
    unittest.main()

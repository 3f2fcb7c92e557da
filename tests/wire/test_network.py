#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The wire door over the network: TCP with SASL, TLS with certificates, and who is refused.

The clients are Debian's virsh and Python binding, unmodified.
"""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / 'harness')]

import certificates  # pylint: disable=wrong-import-position
from bus import PrivateBus, free_port  # pylint: disable=wrong-import-position

PASSWORD = 'a secret'


class NetworkTest(unittest.TestCase):
    """One service that listens for TCP and TLS; a test may change its settings and load them again."""

    settings = ''

    @classmethod
    def setUpClass(cls):
        cls.bus = PrivateBus()
        cls.addClassCleanup(cls.bus.close)
        cls.bus.open()
        folder = cls.folder = cls.bus.folder
        certificates.make(folder)
        cls.tcp, cls.tls = free_port(), free_port()
        (folder / 'sasl').mkdir()
        (folder / 'sasl/libvirt.conf').write_text(
            f'mech_list: digest-md5 scram-sha-256\nsasldb_path: {folder}/sasl/db\nauxprop_plugin: sasldb\n')
        subprocess.run(['saslpasswd2', '-p', '-c', '-f', folder / 'sasl/db', '-a', 'libvirt', 'operator'],
                       input=PASSWORD, text=True, check=True, env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'})
        cls.bus.env['SASL_CONF_PATH'] = str(folder / 'sasl')
        (folder / 'config/virtbus').mkdir()
        cls.configure(cls.settings)
        cls.bus.start_service()

    @classmethod
    def configure(cls, more: str):
        good = cls.folder / 'good'
        (cls.folder / 'config/virtbus/virtbusd.conf').write_text(
            f'listen_addr = "127.0.0.1"\nlisten_tcp = 1\nlisten_tls = 1\ntcp_port = "{cls.tcp}"\n'
            f'tls_port = "{cls.tls}"\nca_file = "{good}/cacert.pem"\ncert_file = "{good}/servercert.pem"\n'
            f'key_file = "{good}/serverkey.pem"\n{more}')

    def describe(self) -> str:
        return self.bus.describe()

    def virsh(self, uri: str, *command, password=PASSWORD, user='operator'):
        """Its output, and what it complained of."""
        auth = self.folder / 'auth.conf'
        auth.write_text(f'[credentials-a]\nauthname={user}\nusername={user}\npassword={password}\n'
                        '[auth-libvirt-default]\ncredentials=a\n[auth-libvirt-localhost]\ncredentials=a\n')
        done = subprocess.run(['virsh', '-c', uri, *command], env={
            'PATH': os.environ['PATH'], 'LANG': 'C', 'HOME': str(self.folder / 'home'),
            'LIBVIRT_AUTH_FILE': str(auth)}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180,
            check=False)
        return done.stdout.strip(), done.stderr.strip()

    def over_tls(self, files='good', parameters='', host='localhost'):
        return f'test+tls://{host}:{self.tls}/default?pkipath={self.folder}/{files}{parameters}'

    def over_tcp(self):
        return f'test+tcp://localhost:{self.tcp}/default'

    def logged(self) -> str:
        return (self.folder / 'service.log').read_text()


class LoginTest(NetworkTest):
    def test_tcp_with_sasl(self):
        output, complaint = self.virsh(self.over_tcp(), 'list', '--name')
        self.assertEqual((output, complaint), ('test', ''))
        # More than one block of the layer, both ways.
        output, complaint = self.virsh(self.over_tcp(), 'define', self.big_document())
        self.assertIn("Domain 'big' defined", output, complaint)
        self.assertIn('x' * 100000, self.virsh(self.over_tcp(), 'dumpxml', 'big')[0])
        self.virsh(self.over_tcp(), 'undefine', 'big')

    def big_document(self):
        path = self.folder / 'big.xml'
        path.write_text("<domain type='test'><name>big</name><memory>1024</memory><description>"
                        + 'x' * 200000 + '</description><os><type>hvm</type></os></domain>')
        return path

    def test_wrong_password(self):
        for user, password in (('operator', 'guess'), ('nobody', PASSWORD), ('operator', '')):
            with self.subTest(user=user):
                output, complaint = self.virsh(self.over_tcp(), 'list', user=user, password=password)
                self.assertEqual(output, '')
                self.assertIn('authentication failed', complaint)

    def test_nothing_before_the_login(self):
        with socket.create_connection(('127.0.0.1', self.tcp), 120) as plain:
            # CONNECT_OPEN at once.
            name = b'test:///default\0'[:-1]
            body = (1).to_bytes(4, 'big') + len(name).to_bytes(4, 'big') + name + b'\0' + (0).to_bytes(4, 'big')
            frame = b''.join(number.to_bytes(4, 'big') for number in (0x20008086, 1, 1, 0, 0, 0)) + body
            plain.sendall((len(frame) + 4).to_bytes(4, 'big') + frame)
            self.assertIn(b'authentication required', plain.recv(4096))

    def test_tls(self):
        for host in ('localhost', '127.0.0.1'):
            self.assertEqual(self.virsh(self.over_tls(host=host), 'list', '--name'), ('test', ''))
        self.assertEqual(self.virsh(self.over_tls(), 'uri')[1], '')

    def test_tls_refused(self):
        for files, more, says in (
                ('foreign', '&no_verify=1', None), ('expired', '&no_verify=1&no_sanity=1', None),
                ('foreign', '', "has not been signed by a trusted CA|hasn't got a known issuer"),
                ('elsewhere', '&no_verify=1', None)):
            with self.subTest(files):
                output, complaint = self.virsh(self.over_tls(files, more), 'list', '--name')
                self.assertEqual(output, '')
                if says:
                    self.assertRegex(complaint, says)
                else:
                    self.assertIn('error: ', complaint)
        self.assertIn("the client's certificate is refused: it has expired", self.logged())
        self.assertIn('the client shows no certificate of an authority that is known here', self.logged())

    def test_no_tls_at_the_door(self):
        with socket.create_connection(('127.0.0.1', self.tls), 120) as plain:
            plain.sendall(b'GET / HTTP/1.0\r\n\r\n')
            with contextlib.suppress(ConnectionResetError):
                while plain.recv(4096):
                    pass
        self.assertEqual(self.virsh(self.over_tls(), 'list', '--name'), ('test', ''))

    def test_read_only(self):
        output, complaint = self.virsh(self.over_tls(), '--readonly', 'destroy', 'test')
        self.assertEqual(output, '')
        self.assertIn('read only access prevents', complaint)


class ListTest(NetworkTest):
    """Names of certificates and users that may come in."""

    settings = ('tls_allowed_dn_list = [ "O=other,*", "O=virtbus,CN=oper*" ]\n'
                'sasl_allowed_username_list = [ "nobody*" ]\n')

    def test_names(self):
        self.assertEqual(self.virsh(self.over_tls(), 'list', '--name'), ('test', ''))
        output, complaint = self.virsh(self.over_tcp(), 'list', '--name')
        self.assertEqual(output, '')
        self.assertIn('authentication failed', complaint)
        self.assertIn("is not on the list of those that may come in", self.logged())
        # Loaded again: for those who come from now on.
        self.configure('tls_allowed_dn_list = []\n')
        self.bus.service.send_signal(signal.SIGHUP)
        with self.bus.client() as client:
            client.wait(lambda: self.virsh(self.over_tls(), 'list', '--name')[0] == '')
        self.assertEqual(self.virsh(self.over_tcp(), 'list', '--name'), ('test', ''))


class AnonymousTest(NetworkTest):
    settings = 'max_anonymous_clients = 2\n'

    def test_refused_hands_keep_nobody_out(self):
        for _ in range(5):
            with socket.create_connection(('127.0.0.1', self.tls), 120) as plain:
                plain.sendall(b'GET / HTTP/1.0\r\n\r\n')
                with contextlib.suppress(ConnectionResetError):
                    while plain.recv(4096):
                        pass
        self.assertEqual(self.virsh(self.over_tls(), 'list', '--name'), ('test', ''))


class SaslOverTlsTest(NetworkTest):
    settings = 'auth_tls = "sasl"\n'

    def test_both(self):
        self.assertEqual(self.virsh(self.over_tls(), 'list', '--name'), ('test', ''))
        output, complaint = self.virsh(self.over_tls(), 'list', '--name', password='guess')
        self.assertEqual(output, '')
        self.assertIn('authentication failed', complaint)


if __name__ == '__main__':
    unittest.main()

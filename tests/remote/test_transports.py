#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ways to a host that cross a network, with a real libvirtd and a real sshd at the other end: the tests of the
test host run through each of them, and who should not get in does not, and is told why."""

import contextlib
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import test_suite
import test_writes
from bustest import CallError, guest_xml
from gi.repository import GLib
from lab import NAME, PASSWORD, USER, Daemon, wait_until
from labtest import InLab, VirtbusThere, auth_file

AGENT = 'org.virtbus1.Agent'

# How each way is asked for, beside what it needs anyway. Of two that differ in little, one has but a part of the suite.
WAYS = {'Tls': ('tls', {}), 'TcpWithSasl': ('tcp', {}), 'Ssh': ('ssh', {}), 'Libssh': ('libssh', {})}
MORE_WAYS = {'SshWithNetcat': ('ssh', {'proxy': 'netcat'}), 'Libssh2': ('libssh2', {'proxy': 'native'})}
# To another virtbus: through its own ports, its helper, its socket and netcat.
SOCKET = '/run/virtbus/virtbus-sock'
VIRTBUS_WAYS = {'Tls': ('tls', {'port': VirtbusThere.TLS}),
                'SshHelper': ('ssh', {'user': 'root', 'proxy': 'native'}),
                'LibsshHelper': ('libssh', {'user': 'root', 'proxy': 'native'})}
MORE_VIRTBUS_WAYS = {'TcpWithSasl': ('tcp', {'port': VirtbusThere.TCP}),
                     'SshNetcat': ('ssh', {'user': 'root', 'proxy': 'netcat', 'socket': SOCKET}),
                     'LibsshSocket': ('libssh', {'user': 'root', 'socket': SOCKET})}
PART = ('Conformance', 'Saving', 'Storage')


class Through:
    """Opens the test host there by one of the ways."""

    @classmethod
    def host_uri(cls) -> str:
        transport, parameters = cls.transport
        return cls.way(transport, **parameters)


for _prefix, _lab, _differs, _ways, _only in (
        ('', InLab, test_suite.LIBVIRT_DIFFERS, WAYS, ()),
        ('', InLab, test_suite.LIBVIRT_DIFFERS, MORE_WAYS, PART),
        ('Virtbus', VirtbusThere, test_suite.DIFFERS_AFAR, VIRTBUS_WAYS, ()),
        ('Virtbus', VirtbusThere, test_suite.DIFFERS_AFAR, MORE_VIRTBUS_WAYS, PART)):
    for _name, _transport in _ways.items():
        _peer = type(f'{_prefix}{_name}', (Through, _lab), {'transport': _transport})
        globals().update(test_suite.against(_peer, _differs, __name__, _only))
        if not _only:
            globals()[f'{_prefix}{_name}Writes'] = type(
                f'{_prefix}{_name}Writes', (test_writes.Writes, _peer), {'__module__': __name__})
del _peer, _lab


class Entrance(InLab):
    """Opening, by a client that can be asked or not."""

    options = {'env': {'LIBVIRT_AUTH_FILE': ''}}

    def setUp(self):
        self.client = self.new_client()
        self.manager = self.client.object('/org/virtbus1')
        self._connections = self.manager.call('Manager.ListConnections')
        self.asked, self.answers = [], None

    def opens(self, uri: str):
        host = self.open(uri, client=self.client)
        self.assertEqual(host.get('Connection.Hostname'), NAME)
        self.manager.call('Manager.Close', host.path)

    def refuses(self, uri: str, name: str, *says: str, begins=''):
        """It is not opened, for a reason of that name in which these words are; nothing of it is left."""
        sessions = self.sessions()
        with self.assertRaises(CallError) as caught:
            self.open(uri, client=self.client)
        error = caught.exception
        self.assertEqual(error.name, f'org.virtbus1.Error.{name}', error.message)
        for words in says:
            self.assertRegex(error.message, words)
        self.assertEqual(self.manager.call('Manager.ListConnections'), self._connections)
        self.assertEqual(self.sessions(), sessions)

    def sessions(self) -> int:
        """How many sshd has let in so far, when nobody is there any more; then it has written down all of them."""
        wait_until(lambda: self.lab.there.run('sh', '-c', 'pgrep -P $(cat /run/sshd-*.pid | paste -sd,)',
                                              check=False).returncode == 1, 'the end of what was let in')
        return sum(sshd.log().count('Starting session') for sshd in self.lab.sshds.values())

    def answer(self, **answers):
        """From now on the client is asked, and has these answers; a question without one is refused."""
        if self.answers is None:
            self.client.serve('/agent', AGENT, self._serve)
        self.answers = answers
        self.manager.call('Manager.RegisterAgent', '/agent')

    def _serve(self, member, arguments):
        _, what, prompt, _, echo = arguments
        self.asked.append((what, echo, prompt))
        return GLib.Variant('(s)', (self.answers[what],))


class SshEntrance(Entrance):
    def known(self, text: str):
        path = self.lab.here.home / '.ssh/known_hosts'
        path.write_text(text)
        self.addCleanup(path.write_text, self.lab.known_hosts())

    def test_good(self):
        self.opens(self.way('ssh'))

    def test_wrong_key(self):
        self.refuses(self.way('ssh', keyfile=self.lab.key('stranger')), 'Rpc', 'Permission denied')

    def test_unknown_host(self):
        self.known('')
        self.refuses(self.way('ssh'), 'Rpc', 'Host key verification failed')
        self.opens(self.way('ssh', no_verify=1))

    def test_changed_host(self):
        self.known(self.lab.known_hosts(key='other-host'))
        self.refuses(self.way('ssh'), 'Rpc', 'Host key verification failed')

    def test_nothing_listens_there(self):
        self.refuses(self.way('ssh').replace(NAME, f'{NAME}:2299'), 'Rpc', 'port 2299: Connection refused')

    def test_no_socket(self):
        with self.refused('Rpc') as caught:
            self.open(self.way('ssh', proxy='netcat', socket='/nowhere'))
        self.assertIn('/nowhere: No such file or directory', caught.exception.message)


class HelperEntrance(VirtbusThere, Entrance):
    def test_good(self):
        for transport in ('ssh', 'libssh'):
            for proxy in ('native', 'auto'):
                self.opens(self.way(transport, user='root', proxy=proxy))

    def test_reading_only(self):
        for transport in ('ssh', 'libssh'):
            host = self.open(self.way(transport, user='root', proxy='native'), 1, self.client)
            guest, = host.call('Connection.ListDomains', 0)
            with self.refused('OperationDenied', 'operation forbidden: read only access prevents'):
                self.client.object(guest).call('Domain.Destroy', 0)

    def test_no_service(self):
        self.lab.there.run('mv', '/run/virtbus', '/run/gone')
        self.addCleanup(self.lab.there.run, 'mv', '/run/gone', '/run/virtbus')
        for transport in ('ssh', 'libssh'):
            with self.subTest(transport), self.refused('Rpc') as caught:
                self.open(self.way(transport, user='root', proxy='native'))
            self.assertIn(f"virtbus-ssh-helper: cannot connect to '{SOCKET}'", caught.exception.message)


class LibsshEntrance(Entrance):
    def known(self, text=None) -> pathlib.Path:
        path = self.bus.folder / 'known'
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
        return path

    def test_good(self):
        for transport in ('libssh', 'libssh2'):
            self.opens(self.way(transport))
        # And is gone again.
        self.sessions()

    def test_wrong_key(self):
        self.refuses(self.way('libssh', keyfile=self.lab.key('stranger'), sshauth='privkey'), 'AuthFailed',
                     f"host '{NAME}' does not let '{USER}' in; tried: privkey")
        self.refuses(self.way('libssh', keyfile='/nowhere', sshauth='privkey'), 'SystemError',
                     "cannot read the key '/nowhere': No such file or directory")

    def test_unknown_host(self):
        path = self.known()
        uri = self.way('libssh', known_hosts=path)
        self.refuses(uri, 'AuthUnavailable', f"the key of host '{NAME}' is not known", 'SHA256:')
        self.answer(**{'host-key': 'no'})
        self.refuses(uri, 'AuthCancelled', f"the key of host '{NAME}' is not the right one")
        self.answer()
        self.refuses(uri, 'AuthCancelled', 'host-key')
        self.assertFalse(path.exists() and path.read_text())
        self.answer(**{'host-key': 'yes'})
        self.opens(uri)
        self.assertEqual([(what, echo) for what, echo, _ in self.asked], 3 * [('host-key', True)])
        self.assertIn('SHA256:', self.asked[-1][2])
        # It is known from now on.
        self.assertIn(NAME, path.read_text())
        self.opens(uri)
        self.assertEqual(len(self.asked), 3)

    def test_unknown_host_is_taken(self):
        path = self.known()
        self.opens(self.way('libssh', known_hosts=path, known_hosts_verify='auto'))
        self.assertIn(NAME, path.read_text())
        path = self.known()
        self.opens(self.way('libssh', known_hosts=path, known_hosts_verify='ignore'))
        self.assertFalse(path.exists() and path.read_text())

    def test_changed_host(self):
        path = self.known(self.lab.known_hosts(key='other-host'))
        self.answer(**{'host-key': 'yes'})
        for verify in ('normal', 'auto'):
            self.refuses(self.way('libssh', known_hosts=path, known_hosts_verify=verify), 'AuthFailed',
                         f"the key of host '{NAME}' has changed")
        self.assertEqual((self.asked, path.read_text()), ([], self.lab.known_hosts(key='other-host')))

    def test_passwords(self):
        for way, what in (('password', 'password'), ('keyboard-interactive', 'password')):
            uri = self.way('libssh', sshauth=way)
            with self.subTest(way):
                self.asked = []
                self.client.object('/org/virtbus1').call('Manager.UnregisterAgent')
                self.refuses(uri, 'AuthUnavailable', 'password', 'nobody to be asked')
                self.answer(password='guess')
                self.refuses(uri, 'AuthFailed', f"host '{NAME}' does not let '{USER}' in; tried: {way}")
                self.answer(password=PASSWORD)
                self.opens(uri)
                self.assertEqual({(what, echo) for what, echo, _ in self.asked}, {('password', False)})

    def test_proxies(self):
        for proxy in ('netcat', 'native', 'auto'):
            self.opens(self.way('libssh', proxy=proxy))

    def test_host_that_forwards_no_sockets(self):
        self.lab.start_sshd(2203, AllowStreamLocalForwarding='no')
        path = self.known(self.lab.known_hosts(port=2203))
        self.opens(self.way('libssh', known_hosts=path).replace(NAME, f'{NAME}:2203'))


class TlsEntrance(Entrance):
    def test_good(self):
        self.opens(self.way('tls'))
        self.opens(self.way('tls', tls_priority='NORMAL:-VERS-TLS1.3'))

    def test_own_certificate(self):
        """It is looked at before the host is asked."""
        for kind, says in (('expired', 'expired'), ('swapped', 'purpose')):
            with self.subTest(kind):
                self.refuses(self.way('tls', pkipath=self.lab.pki(client=kind)), 'GnutlsError',
                             f'clientcert.pem.*{says}')

    def test_host_refuses_the_certificate(self):
        for kind in ('expired', 'foreign', 'revoked'):
            with self.subTest(kind):
                self.refuses(self.way('tls', pkipath=self.lab.pki(client=kind), no_sanity=1), 'AuthFailed',
                             'refuse|did not accept')

    def test_host_refuses_the_name(self):
        self.lab.start_libvirtd(tls_allowed_dn_list=['CN=somebody,O=virtbus'])
        self.addCleanup(self.lab.start_libvirtd)
        self.refuses(self.way('tls'), 'AuthFailed', 'refuse|did not accept')
        self.lab.start_libvirtd(tls_allowed_dn_list=['O=virtbus,CN=operator', 'CN=operator,O=virtbus'])
        self.opens(self.way('tls'))

    def test_certificate_of_the_host(self):
        """A server that is not to be trusted hears no more than the handshake."""
        for port, (kind, says) in enumerate((('expired', 'expired'), ('foreign', 'authority|signed by'),
                                             ('elsewhere', 'another host')), 16600):
            pki = self.lab.folder / 'pki' / kind
            pid_file = f'/run/gnutls-{port}.pid'
            command = (f'echo $$ > {pid_file}; exec gnutls-serv --echo --disable-client-cert --port {port} '
                       f'--x509certfile {pki}/servercert.pem --x509keyfile {pki}/serverkey.pem')
            daemon = Daemon(self.lab.there, ['sh', '-c', command], pid_file,
                            lambda: self.lab.listens(port), self.lab.folder / f'gnutls-{port}.log')
            try:
                with self.subTest(kind):
                    self.refuses(self.way('tls').replace(NAME, f'{NAME}:{port}'), 'AuthFailed',
                                 f'certificate.*({says})')
            finally:
                daemon.stop()

    def test_reading_only(self):
        host = self.open(self.way('tls'), 1, self.client)
        self.assertEqual(len(host.call('Connection.ListDomains', 0)), 1)
        with self.refused('OperationDenied', 'operation forbidden: read only access prevents'):
            host.call('Connection.DomainDefineXML', guest_xml('test', 'a'))
        guest, = host.call('Connection.ListDomains', 0)
        with self.refused('OperationDenied', 'operation forbidden: read only access prevents'):
            self.client.object(guest).call('Domain.Destroy', 0)


class SaslEntrance(Entrance):
    def credentials(self, **options) -> str:
        path = self.bus.folder / 'auth.conf'
        path.write_text(auth_file(**options))
        return self.way('tcp', authfile=path)

    def test_good(self):
        self.opens(self.credentials())
        self.opens(self.credentials() + '&auth=sasl.DIGEST-MD5')

    def test_wrong(self):
        self.refuses(self.credentials(password='guess'), 'AuthFailed', 'authentication failed')
        self.refuses(self.credentials(user='nobody'), 'AuthFailed', 'authentication failed')
        self.refuses(self.credentials() + '&auth=sasl.NOTHING', 'AuthFailed', "SASL mechanism 'NOTHING'")
        self.refuses(self.credentials() + '&auth=polkit', 'AuthFailed', "login 'polkit'")

    def test_asked(self):
        uri = f'test+tcp://{NAME}/default'
        self.refuses(uri, 'AuthUnavailable', 'nobody to be asked')
        self.answer(username=USER, authname=USER, password=PASSWORD, realm=NAME)
        self.opens(uri)
        self.assertIn('password', [what for what, _, _ in self.asked])
        self.answer(username=USER, authname=USER, password='guess', realm=NAME)
        self.refuses(uri, 'AuthFailed', 'authentication failed')

    def test_users_that_are_not_let_in(self):
        self.lab.start_libvirtd(sasl_allowed_username_list=['somebody'])
        self.addCleanup(self.lab.start_libvirtd)
        self.refuses(self.credentials(), 'AuthFailed', 'authentication failed')


if __name__ == '__main__':
    unittest.main(verbosity=2)

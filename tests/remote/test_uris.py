#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A table of URIs, right, odd and wrong: each opens what it says, or fails for the reason that one expects."""

import pathlib
import signal
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('remote', 'bus', 'harness')]

from bustest import CallError
from lab import CABLE, LINK_LOCAL6, NAME, THERE, THERE6, USER
from labtest import InLab, auth_file

# Where it leads: the local host, or the other one.
HERE, FAR = 'here.example', NAME
MALFORMED = "invalid argument: malformed URI '{uri}': "

LOCAL = (
    ('test:///default', HERE),
    ('TEST:///default', HERE),
    ('Test:///default', HERE),
    ('test:/default', HERE),
    ('test:///default?', HERE),
    ('test:///default?x=1', HERE),
    ('test:///default?x=1&y=2;z=3', HERE),
    ('test:///default?x=%26%3d', HERE),
    ('test:///def%61ult', HERE),
    ('test://{folder}/host.xml', HERE),
    ('test://{folder}/host%2exml', HERE),
    ('test://{folder}/a%20host.xml', HERE),
    ('test:///default/', "cannot read the test host's file '/default/'"),
    ('test:///default ', "cannot read the test host's file '/default '"),
    ('test:///nowhere.xml', "cannot read the test host's file '/nowhere.xml': No such file or directory"),
    ('test:///', 'invalid argument: testOpen: supply a path or use test:///default'),
    ('test://', 'invalid argument: testOpen: supply a path or use test:///default'),
    ('test:', 'invalid argument: testOpen: supply a path or use test:///default'),
    ('qemu:///session', HERE),
    ('QEMU:///session', HERE),
    ('qemu:/session', HERE),
    ('qemu:///session?x=y', HERE),
    ('qemu:///embed?root={folder}/embed', HERE),
    ('qemu:///embed?root={folder}/an%20embed', HERE),
    ('qemu:///system', "qemu+unix:///system?socket=/run/virtbus/virtbus-sock: Failed to connect socket to "
                       "'/run/virtbus/virtbus-sock': No such file"),
    ('qemu:///', "internal error: unexpected QEMU URI path '/', try qemu:///system"),
    ('qemu://', "internal error: unexpected QEMU URI path '', try qemu:///system"),
    ('qemu:///System', "internal error: unexpected QEMU URI path '/System'"),
    ('qemu:///session/', "internal error: unexpected QEMU URI path '/session/'"),
    ('qemu:///embed', 'invalid argument: {uri}: it needs a directory'),
    ('qemu:///embed?root=', 'invalid argument: {uri}: it needs a directory'),
    ('qemu:///embed?root=here', "invalid argument: root path must be absolute: 'here'"),
    ('qemu:///embed?Root=/tmp', 'invalid argument: {uri}: it needs a directory'),
    ('xen:///system', 'no connection driver available for {uri}: this host does not run under Xen'),
    ('xen:///', 'no connection driver available for {uri}: this host does not run under Xen'),
    ('xen:', 'no connection driver available for {uri}: this host does not run under Xen'),
    ('XEN:///system', 'no connection driver available for {uri}: this host does not run under Xen'),
    ('vbox:///session', "no connection driver available for {uri}: there is no driver 'vbox', only qemu, xen and test"),
    ('lxc:///', "no connection driver available for {uri}: there is no driver 'lxc'"),
)

# Named in files and in the environment.
NAMED = (
    ('', HERE),
    ('near', HERE),
    ('far-away_1', FAR),
    # An alias stands for a URI, not for another alias.
    ('chain', "invalid argument: malformed URI 'near': no driver in front"),
    ('Near', MALFORMED + 'no driver in front, as in qemu:///system, and no alias has that name'),
    ('nowhere', MALFORMED + 'no driver in front, as in qemu:///system, and no alias has that name'),
)

MALFORMED_ONES = (
    *((uri, MALFORMED + 'no driver in front') for uri in ('near/', 'n\u00e4her', 'a b', '/default', '?a=b', '//host/x')),
    *((uri, MALFORMED) for uri in (
        ':', '://', ':///default', '1:///', '+unix:///x', 'test+:///default', ' test:///default', 'te st:///default',
        'test:default', 'test:default/x', 'test:///%', 'test:///%0', 'test:///%0g', 'test:///%00',
        'test:///%ff', 'test:///default?a=%', 'test:///default#f', 'test:///default#', 'test+tcp://[::1/default', 'test+tcp://::1]/default',
        'test+tcp://[::g]/default', 'test+tcp://[{ll}%{cable}]/default', 'test+tcp://h:x/default',
        'test+tcp://h:-1/default', 'test+tcp://h:65536/default', 'test+tcp://h:70000/default')),
    *((uri, "invalid argument: malformed parameters in the URI '{uri}': ") for uri in (
        'test:///default?a', 'test:///default?a=%00', 'test:///default?a=%ff',
        'test:///default?a=1&b')),
    ('test+ssh://me:secret@{there}/default', 'invalid argument: the URI holds a password'),
    ('test+tls://:secret@{there}/default', 'invalid argument: the URI holds a password'),
    ('test:///' + 'x' * 9000, 'invalid argument: the URI is longer than 8192 bytes'),
    ('test:///default?' + '&'.join(f'p{i}=1' for i in range(65)),
     'invalid argument: the URI has more than 64 parameters'),
    ('test+pigeon:///default', "invalid argument: {uri}: there is no transport 'pigeon'"),
    ('test+unix+tcp:///default', "invalid argument: {uri}: there is no transport 'unix+tcp'"),
    ('test+pigeon://{there}/default', "invalid argument: {uri}: there is no transport 'pigeon'"),
)

UNIX = (
    ('test+unix:///default', FAR),
    ('test+UNIX:///default', FAR),
    ('TEST+Unix:/default', FAR),
    ('test+unix:///default?socket={socket}', FAR),
    ('test+unix:///default?socket=%2f{socket}', FAR),
    ('test+unix:///default?mode=auto', FAR),
    ('test+unix:///default?mode=legacy', FAR),
    ('test+unix:///default?mode=direct', "{uri}: Failed to connect socket to '{folder}/run/libvirt/virttestd-sock': No such"),
    ('test+unix:///default?mode=other', "invalid argument: {uri}: there is no mode 'other', only auto, direct and legacy"),
    ('test+unix:///default?mode=', "invalid argument: {uri}: there is no mode ''"),
    ('test+unix:///default?mode=Auto', "invalid argument: {uri}: there is no mode 'Auto'"),
    ('test+unix:///default?socket=/nowhere', "{uri}: Failed to connect socket to '/nowhere': No such file or directory"),
    ('test+unix:///default?socket=', "{uri}: Failed to connect socket to '': No such file or directory"),
    ('test+unix:///default?socket=@nobody', "{uri}: Failed to connect socket to '@nobody': Connection refused"),
    ('test+unix:///default?socket=/' + 'x' * 120, "{uri}: Failed to connect socket to '/xxxxx"),
    ('test+unix:///default?socket={folder}', "{uri}: Failed to connect socket to '{folder}': Connection refused"),
    ('test+unix:///default?name=test:///default', FAR),
    ('test+unix:///default?name=test%3a%2f%2f%2fdefault', FAR),
    ('test+unix:///default?name=qemu:///system', FAR),
    ('test+unix:///default?name=xen:///system', 'no connection driver available for {uri}: xen:///system'),
    ('test+unix:///default?x=1', FAR),
    ('test+unix:///default?auth=none', FAR),
    ('test+unix:///default?no_tty=1&no_sanity=1&keyfile=/x&proxy=netcat', FAR),
    ('test+unix:///nowhere.xml', "XML error: {uri}: failed to parse xml document '/nowhere.xml'"),
    ('test+unix://{there}/default', "invalid argument: {uri}: the transport 'unix' stays on this host"),
    ('test+unix://127.0.0.1/default', "invalid argument: {uri}: the transport 'unix' stays on this host"),
    ('remote+unix:///', FAR),
    ('remote:///', FAR),
    ('remote+unix:///?name=test:///default', FAR),
    ('qemu+unix:///system', FAR),
    ('qemu+unix:///system?mode=direct', FAR),
    ('qemu+unix:///system?mode=legacy', FAR),
    ('qemu+unix:///what', "internal error: {uri}: unexpected qemu URI path '/what'"),
    ('xen+unix:///system', 'no connection driver available for {uri}: xen:///system'),
    ('vbox+unix:///session', 'no connection driver available for {uri}: vbox:///session'),
)

TCP = (
    ('test+tcp://{there}/default?{auth}', FAR),
    ('test+TCP://{there}/default?{auth}', FAR),
    ('test+tcp://{there}:/default?{auth}', FAR),
    ('test+tcp://{there}:16509/default?{auth}', FAR),
    ('test+tcp://{t4}/default?{auth}', FAR),
    ('test+tcp://[{t6}]/default?{auth}', FAR),
    ('test+tcp://[{t6}]:16509/default?{auth}', FAR),
    ('test+tcp://[{ll}%25{cable}]/default?{auth}', FAR),
    ('test+tcp://six.example/default?{auth}', FAR),
    ('test+tcp://there/default?{auth}', FAR),
    ('test+tcp://{there}/default?{auth}&auth=sasl', FAR),
    ('test+tcp://{there}/default?{auth}&auth=sasl.DIGEST-MD5', FAR),
    ('test+tcp://{there}/default?{auth}&auth=SASL.digest-md5', FAR),
    ('test+tcp://{there}/default?{auth}&auth=sasl.NOTHING', "authentication failed: {uri}: the peer does not offer the SASL"),
    ('test+tcp://{there}/default?{auth}&auth=polkit', "authentication failed: {uri}: the peer does not offer the login"),
    ('test+tcp://{there}/default?authfile=/nowhere', 'failed to read configuration file'),
    ('test+tcp://{there}/default', 'authentication unavailable: {uri} wants a '),
    ('qemu+tcp://{there}/system?{auth}', FAR),
    ('remote+tcp://{there}/?{auth}', FAR),
    ('test+tcp://{there}:1/default', "{uri}: unable to connect to server at 'there.example:1': Connection refused"),
    ('test+tcp://[{t6}]:1/default', "{uri}: unable to connect to server at '2001:db8::2:1': Connection refused"),
    ('test+tcp:///default', "{uri}: unable to connect to server at 'localhost:16509': Connection refused"),
    ('test+tcp://[{ll}]/default', "{uri}: unable to connect to server at 'fe80::2:16509': Invalid argument"),
    ('test+tcp://no.invalid/default', '{uri}: cannot look up the host no.invalid'),
    ('test+tcp://a%20b/default', '{uri}: cannot look up the host a b'),
    ('test+ext:///default?command={folder}/pipe', FAR),
    ('test+EXT:///default?command={folder}/pipe', FAR),
    ('test+ext:///default', "invalid argument: {uri}: the transport 'ext' needs the parameter 'command'"),
    ('test+ext:///default?command=', "invalid argument: {uri}: the transport 'ext' needs the parameter 'command'"),
    ('test+ext:///default?command=/nowhere', "{uri}: there is no program '/nowhere'"),
    ('test+ext:///default?command={folder}/complains', '{uri}: the connection has failed|this is why'),
)

TLS = (
    ('test+tls://{there}/default?{pki}', FAR),
    ('test+Tls://{there}/default?{pki}', FAR),
    ('test://{there}/default?{pki}', FAR),
    ('test://{there}:16514/default?{pki}', FAR),
    ('qemu://{there}/system?{pki}', FAR),
    ('remote://{there}/?{pki}', FAR),
    ('remote://{there}/?{pki}&name=test:///default', FAR),
    ('test+tls://{t4}/default?{pki}', FAR),
    ('test+tls://[{t6}]/default?{pki}', FAR),
    ('test+tls://{there}/default?{pki}&tls_priority=NORMAL', FAR),
    ('test+tls://{there}/default?{pki}&tls_priority=NORMAL:-VERS-TLS1.3', FAR),
    ('test+tls://{there}/default?{pki}&no_sanity=1', FAR),
    ('test+tls://{there}/default?{pki}&no_verify=0', FAR),
    ('test+tls://six.example/default?{pki}&no_verify=1', FAR),
    ('test+tls://[{ll}%25{cable}]/default?{pki}&no_verify=1', FAR),
    ('test+tls://six.example/default?{pki}', "authentication failed: {uri}: the server's certificate is refused: it is for another"),
    ('test+tls://six.example/default?{pki}&no_verify=0', "authentication failed: {uri}: the server's certificate is refused"),
    ('test+tls://[{ll}%25{cable}]/default?{pki}', "authentication failed: {uri}: the server's certificate is refused: it is for another"),
    ('test+tls://{there}/default?{pki}&tls_priority=NOTHING', "{uri}: the priority of ciphers 'NOTHING' is not understood"),
    ('test+tls://{there}/default?pkipath=/nowhere', "{uri}: there is no certificate of an authority that can be read: '/nowhere/cacert.pem'"),
    ('test+tls://{there}/default?pkipath=here', "invalid argument: {uri}: the path in 'pkipath' is not absolute"),
    ('test+tls://{there}:22/default?{pki}', '{uri}: the TLS handshake failed'),
    ('test+tls:///default?{pki}', "{uri}: unable to connect to server at 'localhost:16514': Connection refused"),
    ('test+tls://{there}:1/default?{pki}', "{uri}: unable to connect to server at 'there.example:1': Connection refused"),
    # The driver is the other end's to know.
    ('esx://{there}/?{pki}', 'invalid argument: {uri}: URI is missing the server part'),
)

SSH = (
    ('test+ssh://{user}@{there}/default?{key}', FAR),
    ('test+SSH://{user}@{there}:22/default?{key}', FAR),
    ('test+ssh://{user}@{there}/default?{key}&proxy=netcat', FAR),
    ('test+ssh://{user}@{there}/default?{key}&proxy=native', FAR),
    ('test+ssh://{user}@{there}/default?{key}&proxy=auto', FAR),
    ('test+ssh://{user}@{there}/default?{key}&netcat=/bin/nc', FAR),
    ('test+ssh://{user}@{there}/default?{key}&socket=/run/libvirt/libvirt-sock', FAR),
    ('test+ssh://{user}@{there}/default?{key}&mode=legacy', FAR),
    ('test+ssh://{user}@{t4}/default?{key}&no_verify=1', FAR),
    ('test+ssh://{user}@[{t6}]/default?{key}&no_verify=1', FAR),
    ('test+ssh://{user}@[{ll}%25{cable}]/default?{key}&no_verify=1', FAR),
    ('test+ssh://oper%61tor@{there}/default?{key}', FAR),
    ('test+ssh://{user}@{there}/default?{key}&command=/usr/bin/ssh', FAR),
    ('test+ssh://{user}@{there}/default?{key}&proxy=other', "invalid argument: {uri}: there is no proxy 'other'"),
    ('test+ssh://{user}@{there}/default?{key}&proxy=native&netcat=nc', "invalid argument: {uri}: the proxy 'native' runs no"),
    ('test+ssh://{user}@{there}/default?{key}&mode=direct', 'invalid argument: {uri}: cannot use direct socket mode'),
    ('test+ssh://{user}@{there}/default?{key}&netcat=/nowhere', '{uri}: the peer has closed the connection|/nowhere: not found'),
    ('test+ssh://{user}@{there}/default?{key}&socket=/nowhere', '{uri}: the peer has closed the connection|/nowhere: No such file'),
    ('test+ssh://{user}@{there}/default?no_tty=1&keyfile=/nowhere', '{uri}: |Permission denied'),
    ('test+ssh://{user}@{there}/default?{key}&command=/nowhere', "{uri}: there is no program '/nowhere'"),
    ('test+ssh:///default?{key}', "invalid argument: {uri}: the transport 'ssh' needs a host"),
    ('test+ssh://{user}@/default?{key}', "invalid argument: {uri}: the transport 'ssh' needs a host"),
    *((uri.replace('LIB', name), outcome) for name in ('libssh', 'libssh2') for uri, outcome in (
        ('test+LIB://{user}@{there}/default?{key}&{known}', FAR),
        ('test+LIB://{user}@{there}:22/default?{key}&{known}&sshauth=privkey', FAR),
        ('test+LIB://{user}@{there}/default?{key}&{known}&sshauth=Agent,PrivKey', FAR),
        ('test+LIB://{user}@{there}/default?{key}&{known}&proxy=netcat', FAR),
        ('test+LIB://{user}@{there}/default?{key}&{known}&proxy=native', FAR),
        ('test+LIB://{user}@{there}/default?{key}&{known}&socket=/run/libvirt/libvirt-sock', FAR),
        ('test+LIB://{user}@[{t6}]/default?{key}&known_hosts={folder}/new&known_hosts_verify=auto', FAR),
        ('test+LIB://{user}@[{ll}%25{cable}]/default?{key}&known_hosts={folder}/new&known_hosts_verify=ignore', FAR),
        ('test+LIB://{user}@{there}/default?{key}&known_hosts={folder}/none&no_verify=1', FAR),
        ('test+LIB://{user}@{there}/default?{key}&known_hosts={folder}/none', "authentication unavailable: |is not known"),
        ('test+LIB://{user}@{there}/default?{key}&{known}&known_hosts_verify=odd',
         "invalid argument: {uri}: known_hosts_verify is normal, auto or ignore, not 'odd'"),
        ('test+LIB://{user}@{there}/default?{key}&{known}&sshauth=magic',
         "invalid argument: {uri}: there is no way to log in called 'magic'"),
        ('test+LIB://{user}@{there}/default?{key}&{known}&sshauth=agent',
         "authentication failed: {uri}: host 'there.example' does not let 'operator' in; tried: agent"),
        ('test+LIB://{user}@{there}/default?{key}&{known}&sshauth=password', 'authentication unavailable: {uri} wants a password'),
        ('test+LIB://{user}@{there}/default?keyfile=/nowhere&{known}&sshauth=privkey', "{uri}: cannot read the key '/nowhere'"),
        ('test+LIB://{user}@{there}/default?{key}&{known}&mode=direct', 'invalid argument: {uri}: cannot use direct socket mode'),
        ('test+LIB://{user}@{there}:1/default?{key}&{known}', "{uri}: unable to connect to server at 'there.example:1'"),
        ('test+LIB:///default?{key}&{known}', 'invalid argument: {uri}: the transport '),
    )),
)

TABLES = {'local': LOCAL, 'named': NAMED, 'malformed': MALFORMED_ONES, 'unix': UNIX, 'tcp': TCP, 'tls': TLS, 'ssh': SSH}


class UrisTest(InLab):
    options = {'env': {'LIBVIRT_AUTH_FILE': '', 'LIBVIRT_DEFAULT_URI': 'test:///default'}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.bus.folder
        (folder / 'run/libvirt').mkdir()
        (folder / 'run/libvirt/libvirt-sock').symlink_to(cls.lab.socket())
        for name in ('host.xml', 'a host.xml'):
            (folder / name).write_text('<node/>')
        (folder / 'auth.conf').write_text(auth_file())
        for name, text in (('complains', 'echo this is why >&2; exit 3'),
                           ('pipe', f'exec /usr/bin/python3 {pathlib.Path(__file__).parent}/pipe.py {cls.lab.socket()}')):
            (folder / name).write_text(f'#!/bin/sh\n{text}\n')
            (folder / name).chmod(0o700)
        cls.places = {
            'there': NAME, 't4': THERE, 't6': THERE6, 'll': LINK_LOCAL6, 'cable': CABLE, 'folder': folder, 'user': USER,
            'socket': cls.lab.socket(), 'auth': f'authfile={folder}/auth.conf', 'pki': f'pkipath={cls.lab.pki()}',
            'key': f'keyfile={cls.lab.key()}&no_tty=1', 'known': f'known_hosts={cls.lab.folder}/known_hosts'}

    def check(self, uri: str, outcome: str):
        uri = uri.format(**self.places)
        try:
            host = self.open(uri)
        except CallError as error:
            self.assertNotIn(outcome, (HERE, FAR), error.message)
            begins, _, holds = outcome.format(uri=uri, **self.places).partition('|')
            self.assertEqual(error.message[:len(begins)], begins)
            self.assertIn(holds, error.message)
            return
        self.addCleanup(self.manager.call, 'Manager.Close', host.path)
        self.assertEqual(host.get('Connection.Hostname'), outcome)
        self.assertIsInstance(host.call('Connection.ListDomains', 0), list)

    def table(self, name: str):
        for uri, outcome in TABLES[name]:
            if not self.lab.ipv6 and any(part in uri for part in ('{t6}', '{ll}', 'six.')):
                continue
            with self.subTest(uri):
                self.check(uri, outcome)

    def test_size(self):
        uris = [uri for table in TABLES.values() for uri, _ in table]
        self.assertEqual(len(uris), len(set(uris)))
        self.assertGreaterEqual(len(uris), 150)
        print(f'        {len(uris)} URIs')

    def test_named(self):
        folder = self.bus.folder / 'config/libvirt'
        folder.mkdir()
        (folder / 'libvirt.conf').write_text(
            'uri_aliases = [ "near=test:///default", "far-away_1=test+unix:///default", "chain=near" ]\n')
        with self.client.record() as signals:
            self.bus.service.send_signal(signal.SIGHUP)
            self.client.wait(lambda: 'near' in signals.changes('/org/virtbus1').get('Aliases', {}))
        self.table('named')


for _name in TABLES:
    if _name != 'named':
        setattr(UrisTest, f'test_{_name}', lambda self, _name=_name: self.table(_name))

if __name__ == '__main__':
    unittest.main(verbosity=2)

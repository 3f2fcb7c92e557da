# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests in the laboratory share: a service on one of its hosts, and the ways to the other."""

import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

import lab as laboratory
from bus import PrivateBus, service_program
from bustest import BusTest
from lab import NAME, PASSWORD, USER, Lab


def auth_file(password=PASSWORD, user=USER) -> str:
    return (f'[credentials-a]\nauthname={user}\npassword={password}\nrealm={NAME}\n'
            '[auth-libvirt-default]\ncredentials=a\n')


class InLab(BusTest):
    """The service is on the host `here`."""

    @classmethod
    def setUpClass(cls):
        reason = laboratory.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.lab = Lab.shared()
        # What another class changed, and its bus took with it.
        cls.lab.start_sshd()
        cls.options = {'prefix': cls.lab.here.prefix, **cls.options}
        (cls.lab.here.home / '.ssh/known_hosts').write_text(cls.lab.known_hosts())
        (cls.lab.folder / 'known_hosts').write_text(cls.lab.known_hosts())
        (cls.lab.folder / 'auth.conf').write_text(auth_file())
        cls.furnish()
        super().setUpClass()

    @classmethod
    def furnish(cls):
        """What there has to be before the service: a test host that begins again."""
        cls.lab.start_libvirtd()

    def describe(self) -> str:
        return super().describe() + self.lab.describe()

    @classmethod
    def peer_socket(cls) -> str:
        """The short way to the peer."""
        return cls.lab.socket()

    @classmethod
    def way(cls, transport: str, user=USER, port=0, **parameters) -> str:
        """A URI that opens the test host there; parameters are added, or take the place of those it has."""
        given = {
            'tls': {'pkipath': cls.lab.pki()},
            'tcp': {'authfile': cls.lab.folder / 'auth.conf'},
            'ssh': {'keyfile': cls.lab.key(), 'no_tty': 1},
        }.get(transport, {'keyfile': cls.lab.key(), 'known_hosts': cls.lab.folder / 'known_hosts'})
        user = f'{user}@' if 'ssh' in transport else ''
        port = f':{port}' if port else ''
        query = '&'.join(f'{name}={value}' for name, value in {**given, **parameters}.items())
        return f'test+{transport}://{user}{NAME}{port}/default?{query}'


@unittest.skipIf(laboratory.missing(), f'{laboratory.missing()} cannot be had here')
class FromHere(unittest.TestCase):
    """A service as it runs on the host `here`, whose SSH knows the other."""

    refused = BusTest.refused

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab.shared()
        cls.addClassCleanup(cls.lab.close)
        cls.bus = PrivateBus(prefix=cls.lab.here.prefix, env=cls.lab.here.env, trace=False)
        cls.addClassCleanup(cls.bus.close)
        cls.bus.open()
        cls.bus.start_service()
        cls.client = cls.bus.client()
        cls.addClassCleanup(cls.client.close)
        cls.hosts = cls.bus.folder / 'known_hosts'
        cls.hosts.write_text(cls.lab.known_hosts())

    def describe(self) -> str:
        return self.bus.describe() + self.lab.describe()


class VirtbusThere(InLab):
    """Another virtbus on the host `there`, in the usual places of its root's, with a helper for ssh; and on ports
    beside libvirtd's."""

    TCP, TLS = 16609, 16614
    # Of the programs that sshd looks through this is a folder of its own.
    PROGRAMS = '/usr/local/bin'

    @classmethod
    def furnish(cls):
        there, pki = cls.lab.there, cls.lab.folder / 'pki/good'
        cls.peer = PrivateBus(trace=False, prefix=there.service_prefix,
                              env={'SASL_CONF_PATH': there.env['SASL_CONF_PATH']})
        cls.addClassCleanup(lambda: cls.peer.close())
        cls.peer.open()
        sockets, folder = cls.peer.folder / 'run/virtbus', cls.peer.folder / 'config/virtbus'
        folder.mkdir()
        (folder / 'virtbusd.conf').write_text(
            f'listen_tcp = 1\ntcp_port = "{cls.TCP}"\nlisten_tls = 1\ntls_port = "{cls.TLS}"\n'
            f'ca_file = "{pki}/cacert.pem"\ncert_file = "{pki}/servercert.pem"\nkey_file = "{pki}/serverkey.pem"\n')
        cls.peer.start_service()
        there.run('ln', '-s', sockets, '/run/virtbus')
        cls.addClassCleanup(there.run, 'rm', '/run/virtbus')
        there.run('mount', '-t', 'tmpfs', 'none', cls.PROGRAMS)
        cls.addClassCleanup(there.run, 'umount', cls.PROGRAMS)
        there.run('ln', '-s', service_program().parent / 'service/virtbus-ssh-helper', cls.PROGRAMS)

    @classmethod
    def peer_socket(cls) -> str:
        return f'{cls.peer.folder}/run/virtbus/virtbus-sock'

    def describe(self) -> str:
        return super().describe() + self.peer.describe()

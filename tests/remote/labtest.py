# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests in the laboratory share: a service on one of its hosts, and the ways to the other."""

import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

import lab as laboratory
from bus import PrivateBus
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
        # What another class changed, and its bus took with it; a test host that begins again.
        cls.lab.start_sshd()
        cls.lab.start_libvirtd()
        cls.options = {'prefix': cls.lab.here.prefix, **cls.options}
        (cls.lab.here.home / '.ssh/known_hosts').write_text(cls.lab.known_hosts())
        (cls.lab.folder / 'known_hosts').write_text(cls.lab.known_hosts())
        (cls.lab.folder / 'auth.conf').write_text(auth_file())
        super().setUpClass()

    def describe(self) -> str:
        return super().describe() + self.lab.describe()

    @classmethod
    def way(cls, transport: str, **parameters) -> str:
        """A URI that opens the test host there; parameters are added, or take the place of those it has."""
        given = {
            'tls': {'pkipath': cls.lab.pki()},
            'tcp': {'authfile': cls.lab.folder / 'auth.conf'},
            'ssh': {'keyfile': cls.lab.key(), 'no_tty': 1},
        }.get(transport, {'keyfile': cls.lab.key(), 'known_hosts': cls.lab.folder / 'known_hosts'})
        user = f'{USER}@' if 'ssh' in transport else ''
        query = '&'.join(f'{name}={value}' for name, value in {**given, **parameters}.items())
        return f'test+{transport}://{user}{NAME}/default?{query}'


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

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's virsh on one host, virtbus on another, and between them ssh: with netcat, and with the helper that libvirt
calls virt-ssh-helper."""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'harness')]

import lab as laboratory
from bus import PrivateBus, service_program
from lab import NAME, Lab
from qemu import Host, Terminal

# Where libvirt looks for it on the other host.
HELPER = '/usr/bin/virt-ssh-helper'


class SshTest(unittest.TestCase):
    """The service is on the host `there`, whose root it serves."""

    @classmethod
    def setUpClass(cls):
        reason = laboratory.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.lab = Lab.shared()
        cls.lab.start_sshd()
        (cls.lab.here.home / '.ssh/known_hosts').write_text(cls.lab.known_hosts())
        cls.bus = PrivateBus(prefix=cls.lab.there.service_prefix)
        cls.addClassCleanup(lambda: cls.bus.close())
        cls.bus.open()
        cls.bus.start_service()
        sockets = f'{cls.bus.folder}/run/virtbus'
        # The usual place on that host.
        cls.lab.there.run('ln', '-s', sockets, '/run/virtbus')
        cls.addClassCleanup(cls.lab.there.run, 'rm', '/run/virtbus')
        cls.lab.there.run('mount', '--bind', service_program().parent / 'service/virtbus-ssh-helper', HELPER)
        cls.addClassCleanup(cls.lab.there.run, 'umount', HELPER)
        cls.socket = f'{sockets}/virtbus-sock'

    def describe(self) -> str:
        return self.bus.describe() + self.lab.describe()

    def way(self, driver: str, path: str, proxy: str) -> str:
        # The helper looks for the socket by itself, as libvirt's does.
        where = f'&socket={self.socket}' if proxy == 'netcat' else ''
        return f'{driver}+ssh://root@{NAME}{path}?keyfile={self.lab.key()}&no_tty=1&proxy={proxy}{where}'

    def virsh(self, uri: str, *words, check=True):
        return self.lab.here.run('virsh', '-c', uri, *words, check=check)

    def test_ways(self):
        for proxy in ('netcat', 'native', 'auto'):
            with self.subTest(proxy):
                uri = self.way('test', '/default', proxy)
                self.assertEqual(self.virsh(uri, 'list', '--name').stdout.strip(), 'test')
                self.assertEqual(self.virsh(uri, 'hostname').stdout.strip(), NAME)
                self.virsh(uri, 'suspend', 'test')
                self.assertEqual(self.virsh(uri, 'domstate', 'test').stdout.strip(), 'paused')
                self.virsh(uri, 'resume', 'test')
                refused = self.virsh(uri, '--readonly', 'suspend', 'test', check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertIn('read only access', refused.stderr)

    def test_which_helper(self):
        """It is ours that libvirt finds."""
        self.assertIn('virtbus-ssh-helper', self.lab.there.run(HELPER, '--version').stdout)

    def test_no_service(self):
        """What is wrong there is told here."""
        self.lab.there.run('mv', '/run/virtbus', '/run/gone')
        try:
            refused = self.virsh(self.way('test', '/default', 'native'), 'list', check=False)
        finally:
            self.lab.there.run('mv', '/run/gone', '/run/virtbus')
        self.assertEqual(refused.returncode, 1)
        self.assertIn("virtbus-ssh-helper: cannot connect to '/run/virtbus/virtbus-sock'", refused.stderr)

    def test_console(self):
        """Of a real guest, through all of it."""
        for proxy in ('netcat', 'native'):
            with self.subTest(proxy):
                uri = self.way('qemu', '/session', proxy)
                folder = pathlib.Path(self.bus.folder) / proxy
                document = Host('there', uri, self.socket, folder).document('far')
                self.virsh(uri, 'create', document)
                with Terminal([*self.lab.here.prefix, 'virsh', '-c', uri, 'console', 'far']) as console:
                    console.wake('guest# ')
                    console.say('echo far-$((6 * 7))\n')
                    console.expect('far-42')
                    console.say('\x1d')
                    self.assertEqual(console.end(), 0)
                self.virsh(uri, 'destroy', 'far')


if __name__ == '__main__':
    unittest.main()

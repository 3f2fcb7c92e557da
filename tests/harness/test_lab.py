#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The laboratory itself, with virsh for a client: what it offers works, what it should refuse is refused."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import lab as laboratory
from lab import NAME, PASSWORD, USER, Lab


class LabTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        reason = laboratory.missing()
        if reason:
            raise unittest.SkipTest(reason)
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)
        cls.lab.open()
        (cls.lab.here.home / '.ssh/known_hosts').write_text(cls.lab.known_hosts())
        cls.ssh = f'no_tty=1&keyfile={cls.lab.key()}'

    def describe(self) -> str:
        return self.lab.describe()

    def virsh(self, uri: str, *command, says='test', fails=False, **options):
        done = self.lab.here.run('virsh', '-c', uri, *(command or ('list', '--name')), check=False, **options)
        self.assertEqual((done.returncode != 0, says in done.stdout + done.stderr), (fails, True), done)

    def test_tls(self):
        self.virsh(f'test+tls://{NAME}/default?pkipath={self.lab.pki()}')
        self.virsh(f'test+tls://{laboratory.THERE}/default?pkipath={self.lab.pki()}')
        for kind in ('foreign', 'expired', 'revoked'):
            with self.subTest(kind):
                self.virsh(f'test+tls://{NAME}/default?pkipath={self.lab.pki(client=kind)}&no_sanity=1', fails=True,
                           says='')

    def test_sasl(self):
        path = self.lab.folder / 'auth.conf'
        for password, fails in ((PASSWORD, False), ('guess', True)):
            path.write_text(f'[credentials-a]\nauthname={USER}\npassword={password}\nrealm={NAME}\n'
                            f'[auth-libvirt-default]\ncredentials=a\n')
            with self.subTest(password):
                self.virsh(f'test+tcp://{NAME}/default?authfile={path}', fails=fails,
                           says='authentication failed' if fails else 'test')

    def test_ssh(self):
        for more in ('proxy=netcat', 'proxy=native', 'proxy=auto'):
            with self.subTest(more):
                self.virsh(f'test+ssh://{USER}@{NAME}/default?{more}&{self.ssh}')
        self.virsh(f'test+ssh://{USER}@{NAME}/default?keyfile={self.lab.key("stranger")}&no_tty=1', fails=True,
                   says='Permission denied')

    def test_libssh(self):
        path = self.lab.folder / 'known'
        path.write_text(self.lab.known_hosts())
        uri = f'test+libssh://{USER}@{NAME}/default?known_hosts={path}'
        self.virsh(f'{uri}&sshauth=privkey&keyfile={self.lab.key()}')
        self.virsh(f'{uri}&sshauth=privkey&keyfile={self.lab.key("stranger")}', fails=True, says='')

    def test_passwords(self):
        for port, options in ((2201, {'KbdInteractiveAuthentication': 'no', 'PubkeyAuthentication': 'no'}),
                              (2202, {'PasswordAuthentication': 'no', 'PubkeyAuthentication': 'no'})):
            self.lab.start_sshd(port, **options)
            secret = self.lab.folder / 'askpass'
            secret.write_text(f'#!/bin/sh\necho "{PASSWORD}"\n')
            secret.chmod(0o700)
            (self.lab.here.home / '.ssh/known_hosts').write_text(
                self.lab.known_hosts() + self.lab.known_hosts(port=port))
            with self.subTest(options):
                done = self.lab.here.run('ssh', '-p', str(port), f'{USER}@{NAME}', 'id', '-un', check=False,
                                         env={'SSH_ASKPASS': str(secret), 'SSH_ASKPASS_REQUIRE': 'force'})
                self.assertEqual(done.stdout, f'{USER}\n', done)

    def test_cable(self):
        ping = ('nc', '-zw30', NAME, '22')
        self.lab.here.run(*ping)
        self.lab.cut()
        # Nobody answers, however long one waits.
        self.assertNotEqual(self.lab.here.run('nc', '-zw1', NAME, '22', check=False).returncode, 0)
        self.lab.mend()
        laboratory.wait_until(lambda: self.lab.here.run(*ping, check=False).returncode == 0, 'the cable')
        if self.lab.ipv6:
            for address in (laboratory.THERE6, f'{laboratory.LINK_LOCAL6}%{laboratory.CABLE}'):
                self.lab.here.run('nc', '-6', '-zw30', address, '22')

    def test_nothing_is_left(self):
        one = Lab()
        one.open()
        folder = one.folder
        one.close()
        self.assertFalse(folder.exists())
        self.assertNotIn(str(folder), pathlib.Path('/proc/self/mounts').read_text())
        running = subprocess.run(['ps', '-eo', 'args'], capture_output=True, text=True, check=True).stdout
        self.assertNotIn(str(folder), running)


if __name__ == '__main__':
    unittest.main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests in the booted container share.

A class of tests has one container, booted with the build of $VIRTBUS_BUILD installed; files, users
and binds are class attributes (see container.Container). A boot costs under a second.
"""

import os
import pathlib
import shlex
import time
import unittest

import container
import guest

TOP = pathlib.Path(__file__).resolve().parents[2]

# Where the test guest is in the container: readable by all, unlike the cache in a home.
GUEST_FOLDER = '/var/lib/virtbus-tests'


class SystemTest(unittest.TestCase):
    files = {}
    users = ('alice', 'bob')
    binds = ()
    # Put the test guest's kernel and initramfs in.
    with_guest = False
    machine = None

    @classmethod
    def setUpClass(cls):
        reason = container.missing()
        if reason:
            raise unittest.SkipTest(reason)
        build = os.environ.get('VIRTBUS_BUILD', TOP / 'build')
        files = dict(cls.files)
        if cls.with_guest:
            kernel, initramfs = guest.make()
            files[f'{GUEST_FOLDER}/vmlinuz'] = kernel.read_bytes()
            files[f'{GUEST_FOLDER}/initramfs'] = initramfs.read_bytes()
        cls.machine = container.Container(build=build, files=files, users=cls.users,
                                          binds=cls.binds)
        cls.machine.start()
        cls.addClassCleanup(cls.machine.close)

    def setUp(self):
        self._began = time.time()

    def describe(self) -> str:
        if self.machine.leader is None:
            return self.machine.console()
        return ('--- journal since the test began\n'
                + self.machine.journal(f'--since=@{self._began:.6f}', '-n', '80'))

    def busctl(self, *arguments: str, **options):
        """busctl on the system bus; options are those of Container.run."""
        return self.machine.run('busctl', '--no-pager', '--timeout=120', *arguments, **options)

    def call(self, path: str, member: str, *arguments: str, interactive=False, **options) -> str:
        """Call Interface.Member of the service; the reply as busctl prints it."""
        interface, _, name = member.rpartition('.')
        asking = ['--allow-interactive-authorization=' + ('yes' if interactive else 'no')]
        return self.busctl(*asking, 'call', 'org.virtbus1', path, f'org.virtbus1.{interface}',
                           name, *arguments, **options).stdout.strip()

    def open(self, uri='qemu:///system', **options) -> str:
        """Manager.Open; the path of the connection."""
        return self.path_of(self.call('/org/virtbus1', 'Manager.Open', 'su', uri, '0', **options))

    @staticmethod
    def path_of(reply: str) -> str:
        """The object path in a reply of one: 'o "/a/b"' -> '/a/b'."""
        kind, path = shlex.split(reply)
        if kind != 'o':
            raise AssertionError(f'not an object path: {reply}')
        return path

    def refused(self, *arguments, **options) -> str:
        """A call that must not be allowed; its error text."""
        with self.assertRaises(container.CommandError) as caught:
            self.call(*arguments, **options)
        text = str(caught.exception)
        self.assertRegex(text, r'(?i)access denied|not authorized|authorization|permission')
        return text

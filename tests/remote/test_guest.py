#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real guest on a real libvirtd, defined, started, watched and ended from here."""

import contextlib
import os
import pathlib
import select
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness', 'guest')]

import guest
from bustest import CallError, PAUSED, RUNNING, SHUT_OFF
from lab import NAME
from labtest import InLab

XML = '''<domain type='qemu'><name>real</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type><kernel>{kernel}</kernel><initrd>{initramfs}</initrd>
<cmdline>console=ttyS0 quiet no_timer_check</cmdline></os><features><acpi/></features>
<devices><serial type='pty'/><console type='pty'/><graphics type='vnc'><listen type='none'/></graphics>
<video><model type='vga'/></video><memballoon model='none'/></devices></domain>'''


class GuestTest(InLab):
    """Through libvirtd's own socket, which takes descriptors."""

    @classmethod
    def furnish(cls):
        cls.kernel, cls.initramfs = guest.make()
        super().furnish()

    def uri(self) -> str:
        return f'qemu+unix:///system?socket={self.lab.socket()}'

    def look(self, one):
        """At its screen, which nothing but a descriptor leads to."""
        with os.fdopen(one.call('Domain.OpenGraphicsFD', 0, 1), 'r+b', buffering=0) as display:
            self.assertEqual(display.read(4), b'RFB ')

    def read_until(self, console: int, text: bytes) -> bytes:
        got, until = b'', time.monotonic() + 240
        while text not in got:
            self.assertTrue(select.select([console], [], [], max(0, until - time.monotonic()))[0], got)
            more = os.read(console, 4096)
            self.assertTrue(more, got)
            got += more
        return got

    def test_life(self):
        host = self.open(self.uri(), client=self.new_client())
        # When libvirtd has looked at all its emulators.
        self.client.wait(lambda: host.get('Connection.Version') > 0, 240)
        one = host.client.object(host.call('Connection.DomainDefineXML', XML.format(
            kernel=self.kernel, initramfs=self.initramfs)))
        self.addCleanup(self.end, one)
        with self.client.record() as signals:
            one.call('Domain.Create', 1)
            self.assertEqual(one.get('Domain.State'), (PAUSED, 1))
            console = one.call('Domain.OpenConsole', '', 0)
            self.addCleanup(os.close, console)
            one.call('Domain.Resume')
            self.assertEqual(one.get('Domain.State')[0], RUNNING)
            self.read_until(console, b'guest: ready on ttyS0')
            os.write(console, b'echo $((6 * 7)) is it\n')
            self.read_until(console, b'42 is it')
            stats = one.call('Domain.GetStats', 0, 0)
            self.assertEqual((stats['state.state'], stats['vcpu.current']), (RUNNING, 1))
            self.assertGreater(stats['cpu.time'], 0)
            self.look(one)
            mime, picture = one.call('Domain.Screenshot', 0, 0)
            with os.fdopen(picture, 'rb') as picture:
                self.assertTrue((mime, picture.read(2)) in (('image/x-portable-pixmap', b'P6'), ('image/png', b'\x89P')))
            one.call('Domain.Shutdown', 1)
            self.client.wait(lambda: one.get('Domain.State')[0] == SHUT_OFF, 240)
            # The console ends with its guest.
            self.read_to_end(console)
            def told():
                return [s.arguments[1] for s in signals.matching(member='DomainEvent', path=host.path)]
            self.client.wait(lambda: 5 in told())
        events = told()
        self.assertEqual([event for event in events if event in (2, 5)], [2, 5], events)

    def read_to_end(self, console: int):
        until = time.monotonic() + 120
        while select.select([console], [], [], max(0, until - time.monotonic()))[0]:
            if not os.read(console, 4096):
                return
        self.fail('the console is still open')

    def end(self, one):
        for member in ('Domain.Destroy', 'Domain.Undefine'):
            with contextlib.suppress(CallError):
                one.call(member, 0)


class GuestThroughLibsshTest(GuestTest):
    """Through SSH, which takes none: test_graphics.py has screens that are reached by their port."""

    def uri(self) -> str:
        return f'qemu+libssh://root@{NAME}/system?keyfile={self.lab.key()}&known_hosts={self.lab.folder}/known_hosts'

    def look(self, one):
        with self.refused('OperationUnsupported', "Operation not supported: graphics device 0 of 'real' has no port"):
            one.call('Domain.OpenGraphicsFD', 0, 1)


if __name__ == '__main__':
    unittest.main(verbosity=2)

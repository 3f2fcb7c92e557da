# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real guest and its console, over the bus: what it prints, and what it does of itself."""

import os
import pathlib
import select
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'tests/bus'), str(TOP / 'tests/guest')]

import guest
from bustest import PAUSED, RUNNING, SHUT_OFF, HostTest

# A kernel boots in an emulated processor.
DEADLINE = 240
PAUSED_START = 1
BOOTED, UNPAUSED = 1, 5
BY_GUEST, DESTROYED = 1, 2


class Console:
    def __init__(self, descriptor: int):
        self.descriptor, self.text = descriptor, ''
        os.set_blocking(descriptor, False)

    def expect(self, words: str):
        """Take what is printed up to and with these words."""
        until = time.monotonic() + DEADLINE
        while words not in self.text:
            ready, _, _ = select.select([self.descriptor], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise AssertionError(f'the console did not say {words!r}, but: {self.text}')
            self.text += os.read(self.descriptor, 4096).decode(errors='replace')
        self.text = self.text.partition(words)[2]

    def type(self, line: str):
        os.write(self.descriptor, line.encode() + b'\n')


class GuestOverBusTest(HostTest):
    uri = 'qemu:///embed?root={folder}/host'
    type = 'qemu'
    options = {'trace': False}

    def xml(self, name: str, **more) -> str:
        kernel, initramfs = guest.make()
        boot = f'<kernel>{kernel}</kernel><initrd>{initramfs}</initrd><cmdline>console=ttyS0 quiet no_timer_check</cmdline>'
        return super().xml(name, **more).replace('</type></os>', f'</type>{boot}</os>')

    def console(self, machine) -> Console:
        console = Console(machine.call('Domain.OpenConsole', '', 0))
        self.addCleanup(os.close, console.descriptor)
        return console

    def test_life(self):
        machine = self.define('real', start=PAUSED_START, memory=163840, more='<features><acpi/></features>',
                              devices="<console type='pty'/>")
        console = self.console(machine)
        # It says nothing before somebody listens.
        machine.call('Domain.Resume')
        console.expect('guest# ')
        console.type('echo $((6 * 7)) answered')
        console.expect('42 answered')

        with self.story(machine, 'changed State', 'suspended 0'):
            machine.call('Domain.Suspend')
        self.assertEqual(self.state(machine)[0], PAUSED)
        with self.story(machine, 'changed State', 'resumed 0'):
            machine.call('Domain.Resume')
        self.assertEqual(self.state(machine), (RUNNING, UNPAUSED))
        console.type('echo still $((7 * 7))')
        console.expect('still 49')

        # Its firmware may go through it more than once.
        with self.client.record() as signals:
            machine.call('Domain.Reset', 0)
            signals.wait(path=machine.path, member='Reboot')
        console.expect('guest: ready on ttyS0')
        console.expect('guest# ')
        self.assertEqual(self.state(machine)[0], RUNNING)

        # With its power button, which it obeys in its own time.
        with self.client.record() as signals:
            machine.call('Domain.Shutdown', 0)
            signals.wait(DEADLINE, member='DomainEvent', where=lambda s: s.arguments[1] == 5)
            self.assertEqual([s.arguments[1:] for s in signals.matching(member='DomainEvent')], [(6, BY_GUEST), (5, 0)])
        self.assertEqual(self.state(machine), (SHUT_OFF, BY_GUEST))

        machine.call('Domain.Create', 0)
        self.assertEqual(self.state(machine), (RUNNING, BOOTED))
        with self.story(machine, 'changed Active Id State', 'stopped 1'):
            machine.call('Domain.Destroy', 0)
        self.assertEqual(self.state(machine), (SHUT_OFF, DESTROYED))

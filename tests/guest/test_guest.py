#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The test guest by itself, under plain QEMU: what the other tests rely on holds."""

import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import guest

DEADLINE = 240


class Machine:
    """A QEMU with its console on a pipe and QMP on a socket."""

    def __init__(self, machine: str, *extra: str, append: str = ''):
        kernel, initramfs = guest.make()
        ours, theirs = socket.socketpair()
        self.qmp = ours
        self.text = ''
        self.process = subprocess.Popen(
            ['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-display', 'none',
             '-machine', f'{machine},accel=tcg', '-m', '128', '-kernel', str(kernel),
             '-initrd', str(initramfs), '-append', f'console=ttyS0 quiet no_timer_check {append}',
             '-serial', 'stdio',
             '-chardev', f'socket,id=qmp,fd={theirs.fileno()}', '-mon', 'chardev=qmp,mode=control',
             *extra],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[theirs.fileno()])
        theirs.close()
        os.set_blocking(self.process.stdout.fileno(), False)
        self.stream = ours.makefile('rw')
        self.stream.readline()
        self.command('qmp_capabilities')

    def command(self, name: str, **arguments):
        self.stream.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if 'event' not in answer:
                return answer

    def event(self, name: str):
        while True:
            answer = json.loads(self.stream.readline())
            if answer.get('event') == name:
                return answer

    def expect(self, wanted: str) -> str:
        until = time.monotonic() + DEADLINE
        while wanted not in self.text:
            left = until - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            data = self.process.stdout.read() if ready else b''
            if not data:
                raise AssertionError(f'waited for {wanted!r}; the guest said:\n{self.text}')
            self.text += data.decode(errors='replace')
        said, self.text = self.text.split(wanted, 1)
        return said

    def say(self, line: str):
        self.process.stdin.write(line.encode() + b'\n')
        self.process.stdin.flush()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.stream.close()
        self.qmp.close()


class GuestTest(unittest.TestCase):
    def start(self, machine: str, *extra: str, **more) -> Machine:
        result = Machine(machine, *extra, **more)
        self.addCleanup(result.close)
        return result

    def boot(self, *extra: str, **more) -> Machine:
        result = self.start('pc', *extra, **more)
        result.expect('guest: ready on ttyS0')
        return result

    def test_boots_on_both_machines(self):
        for machine in ('pc', 'q35'):
            with self.subTest(machine=machine):
                result = self.start(machine)
                result.expect('guest: ready on ttyS0')
                result.close()

    def test_shell_answers(self):
        machine = self.boot()
        machine.expect('guest# ')
        machine.say('echo $((6 * 7)) answered')
        machine.expect('42 answered')

    def test_power_button(self):
        machine = self.boot()
        machine.command('system_powerdown')
        machine.expect('guest: power button')
        self.assertTrue(machine.event('SHUTDOWN')['data']['guest'])
        self.assertEqual(machine.process.wait(DEADLINE), 0)

    def test_power_off_by_command(self):
        machine = self.boot()
        machine.say('poweroff -f')
        self.assertEqual(machine.event('SHUTDOWN')['data']['reason'], 'guest-shutdown')

    def test_reboot_by_command(self):
        machine = self.boot()
        machine.say('reboot -f')
        machine.expect('guest: ready on ttyS0')

    def test_crash_is_reported(self):
        for device in ('pvpanic', 'pvpanic-pci'):
            with self.subTest(device=device):
                machine = self.boot('-device', device)
                machine.say('echo c >/proc/sysrq-trigger')
                machine.event('GUEST_PANICKED')
                machine.close()

    def test_devices_of_virtio(self):
        with tempfile.NamedTemporaryFile() as disk:
            disk.truncate(1 << 20)
            machine = self.start(
                'pc', '-drive', f'file={disk.name},if=virtio,format=raw',
                '-nic', 'user,model=virtio-net-pci', '-device', 'virtio-balloon',
                '-device', 'virtio-serial', '-chardev', 'null,id=agent',
                '-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
                '-device', 'virtio-rng-pci')
            machine.expect('guest: disk vda 2048 sectors')
            machine.expect('guest: port org.qemu.guest_agent.0')
            machine.expect('guest: ready on ttyS0')
            machine.say('until ip addr show eth0 | grep 10.0.2.15; do sleep 0.2; done')
            machine.expect('inet 10.0.2.15')


if __name__ == '__main__':
    unittest.main(verbosity=2)

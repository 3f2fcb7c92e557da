# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two hosts with real guests for the clients of others: virtbus, and the libvirtd of the laboratory.

    class MyTest(HostsTest):
        def test_it(self):
            for host in self.hosts:
                host.virsh('define', host.document('guest'))
                host.virsh('start', 'guest')
                with host.console('guest') as console:
                    console.expect('guest: ready on ttyS0')

virtbus serves a session, libvirtd a system: it is root who runs both. Each has a folder of its own, named in what
is compared as {folder}.
"""

import contextlib
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'harness'), str(HERE.parent / 'guest')]

import guest
import lab
from bus import PrivateBus

DEADLINE = 240
UUID = '11111111-2222-4333-8444-{:012}'

DOCUMENT = '''<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='KiB'>131072</memory>
  <vcpu current='1'>2</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>console=ttyS0 quiet no_timer_check</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='{folder}/{name}.img'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='user'>
      <mac address='52:54:00:12:34:56'/>
      <model type='virtio'/>
    </interface>
    <serial type='pty'/>
    <console type='pty'/>
    <graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
    <video><model type='vga'/></video>
    <memballoon model='virtio'/>
  </devices>
</domain>
'''


class Terminal:
    """A program on a terminal of its own, as a person has it."""

    def __init__(self, command: list, env=None):
        self.text = ''
        self.command, self.process, self._fd = command, None, -1
        ours, theirs = pty.openpty()
        try:
            self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs,
                                            start_new_session=True, env=env)
        finally:
            os.close(theirs)
        self._fd = ours

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self, until: float) -> bool:
        """Whether there was something."""
        ready, _, _ = select.select([self._fd], [], [], max(until - time.monotonic(), 0))
        try:
            data = os.read(self._fd, 65536) if ready else b''
        except OSError:  # The other side has closed it.
            data = b''
        self.text += data.decode(errors='replace').replace('\r\n', '\n')
        return bool(data)

    def expect(self, wanted: str, deadline=DEADLINE) -> str:
        """What came before it."""
        until = time.monotonic() + deadline
        while wanted not in self.text:
            if not self._read(until):
                raise AssertionError(self._in_vain(wanted))
        said, self.text = self.text.split(wanted, 1)
        return said

    def _in_vain(self, wanted: str) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        how = 'it still runs' if self.process.returncode is None else f'it has ended with {self.process.returncode}'
        return f'{" ".join(map(str, self.command))}: waited for {wanted!r}, {how}, and there was:\n{self.text}'

    def wake(self, prompt: str):
        """expect() of a prompt that may have been there before: an empty line, if that is not lost, brings another."""
        until = time.monotonic() + DEADLINE
        while prompt not in self.text:
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(self._in_vain(prompt))
            self.say('\n')
            soon = time.monotonic() + 3
            while prompt not in self.text and self._read(soon):
                pass
        self.expect(prompt)

    def say(self, text: str):
        os.write(self._fd, text.encode())

    def end(self, deadline=DEADLINE) -> int:
        """Its exit status, when it has ended by itself."""
        until = time.monotonic() + deadline
        while self._read(until):
            pass
        return self.process.wait(max(until - time.monotonic(), 1))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._fd)


class Host:
    """One of the two, as a client sees it."""

    def __init__(self, name: str, uri: str, socket: str, folder: pathlib.Path):
        self.name, self.uri, self.socket, self.folder = name, uri, socket, folder
        folder.mkdir()
        home = folder / 'home'
        home.mkdir()
        # What a client remembers is not to be found in a person's home.
        self.env = {**os.environ, 'HOME': str(home), 'XDG_CACHE_HOME': str(home), 'LC_ALL': 'C.UTF-8'}
        self._uuids = 0

    def document(self, name: str) -> pathlib.Path:
        """The file of a guest's definition, with a disk and a UUID of its own."""
        kernel, initramfs = guest.make()
        with open(self.folder / f'{name}.img', 'wb') as image:
            image.write(bytes(1 << 20))
            image.flush()
            # What it takes on the disk is told as well.
            os.fsync(image.fileno())
        path = self.folder / f'{name}.xml'
        self._uuids += 1
        path.write_text(DOCUMENT.format(name=name, uuid=UUID.format(self._uuids), kernel=kernel, initramfs=initramfs,
                                        folder=self.folder))
        return path

    def popen(self, *command, **options):
        return subprocess.Popen(list(map(str, command)), text=True, stdin=subprocess.DEVNULL,
                                stderr=subprocess.STDOUT, env=self.env, **{'stdout': subprocess.PIPE, **options})

    def run(self, *command) -> str:
        """All that it says, and its exit status where that is not 0."""
        process = self.popen(*command)
        try:
            text, _ = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            text, _ = process.communicate()
            raise AssertionError(f'{command} did not end\n{text}') from None
        return text + (f'exit status {process.returncode}\n' if process.returncode else '')

    def virsh_command(self, *arguments) -> list:
        return ['virsh', '-c', self.uri, *map(str, arguments)]

    def virsh(self, *arguments) -> str:
        return self.run(*self.virsh_command(*arguments))

    def console(self, name: str) -> Terminal:
        return Terminal(self.virsh_command('console', name), self.env)

    def general(self, text: str) -> str:
        """Without what is this host's alone."""
        return text.replace(str(self.folder), '{folder}').replace(self.uri, '{uri}')


class HostsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        problem = lab.missing()
        if problem:
            raise unittest.SkipTest(problem)
        cls.lab = lab.Lab.shared()
        # Its guests are counted from one, as those of a new service are.
        cls.lab.start_libvirtd()
        cls.bus = PrivateBus()
        cls.addClassCleanup(lambda: cls.bus.close())
        cls.bus.open()
        cls.bus.start_service()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-hosts-'))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        ours, theirs = f'{cls.bus.folder}/run/virtbus/virtbus-sock', cls.lab.socket()
        cls.virtbus = Host('virtbus', f'qemu+unix:///session?socket={ours}', ours, cls.folder / 'virtbusd')
        cls.libvirtd = Host('libvirtd', f'qemu+unix:///system?socket={theirs}', theirs, cls.folder / 'libvirtd')
        cls.hosts = (cls.virtbus, cls.libvirtd)

    def tearDown(self):
        for host in self.hosts:
            for name in host.virsh('list', '--all', '--name').split():
                host.virsh('destroy', name)
                host.virsh('undefine', name)

    def describe(self) -> str:
        return self.bus.describe() + self.lab.describe()

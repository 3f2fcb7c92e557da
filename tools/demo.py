# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demonstration itself; tools/demo has put in place what it needs."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / 'tests/harness'), str(TOP / 'tests/guest')]

import guest
from bus import PrivateBus
from client import CallError
from gi.repository import GLib

COLOUR = sys.stdout.isatty() and 'NO_COLOR' not in os.environ

STATES = ['no state', 'running', 'blocked', 'paused', 'shutting down', 'shut off', 'crashed',
          'suspended by the guest']
EVENTS = ['defined', 'undefined', 'started', 'suspended', 'resumed', 'stopped', 'shut down',
          'suspended by the guest', 'crashed']

XML = '''<domain type='qemu'>
  <name>demo</name>
  <title>A small Debian</title>
  <memory unit='MiB'>160</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>console=ttyS0 quiet no_timer_check</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <console type='pty'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>'''

BEGAN = time.monotonic()


def paint(text: str, code: str) -> str:
    return f'\033[{code}m{text}\033[0m' if COLOUR else text


def title(text: str):
    print(f'\n{paint(text, "1")}', flush=True)


def say(kind: str, text: str, code: str = '0'):
    """A line of what happens, with when and what it is."""
    print(f'  {time.monotonic() - BEGAN:6.2f} s  {paint(f"{kind:8}", code)} {text}', flush=True)


def block(text: str):
    for line in text.rstrip().split('\n'):
        print(f'    {line}', flush=True)


def busctl(bus, *arguments: str):
    """Run busctl as a person would, and show both the command and what it says."""
    print(paint(f'  $ busctl {" ".join(arguments)}', '2'))
    result = subprocess.run(['busctl', f'--address={bus.address}', '--no-pager', *arguments],
                            capture_output=True, text=True)
    block(result.stdout + result.stderr)


def readable(name: str, value):
    if name == 'State':
        return STATES[value[0]] if value[0] < len(STATES) else value
    return value


class Console:
    """The guest's text, shown line by line as it arrives."""

    def __init__(self, client, descriptor: int):
        self._client = client
        self._descriptor = descriptor
        self._line = b''
        self.text = ''
        os.set_blocking(descriptor, False)

    def take(self):
        """Show what has come; called while waiting."""
        while True:
            try:
                data = os.read(self._descriptor, 4096)
            except BlockingIOError:
                return
            except OSError:
                data = b''  # A pty whose guest is gone.
            if not data:
                return
            self._line += data
            *lines, self._line = self._line.split(b'\n')
            for line in lines:
                text = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', line.decode(errors='replace'))
                self.text += text.strip() + '\n'
                if text.strip():
                    say('console', text.strip(), '32')

    def type(self, line: str):
        os.set_blocking(self._descriptor, True)
        os.write(self._descriptor, line.encode() + b'\n')
        os.set_blocking(self._descriptor, False)

    def wait(self, wanted: str, timeout: float = 120):
        def there():
            self.take()
            return wanted in self.text + self._line.decode(errors='replace')
        self._client.wait(there, timeout, lambda: f'the guest has not said {wanted!r}')


class Watch:
    """Shows the signals as they come."""

    def __init__(self, client):
        self._shown = 0
        self._recording = client.record()
        self.signals = self._recording.__enter__()
        # Each is shown when it is taken in, not when somebody asks for it.
        original = self.signals.all
        watch = self

        class Showing(list):
            def append(self, item):
                super().append(item)
                watch.show(item)

        self.signals.all = Showing(original)

    @staticmethod
    def show(item):
        # The other namespace says the same again.
        if not item.path.startswith('/org/virtbus1'):
            return
        name = item.path.rsplit('/', 1)[-1]
        if item.member == 'PropertiesChanged':
            interface = item.arguments[0].rsplit('.', 1)[-1]
            for key, value in item.arguments[1].items():
                say('property', f'{interface}.{key} = {readable(key, value)}', '33')
            for key in item.arguments[2]:
                say('property', f'{interface}.{key} has changed', '33')
        elif item.member in ('InterfacesAdded', 'InterfacesRemoved'):
            verb = 'appears' if item.member == 'InterfacesAdded' else 'is gone'
            say('object', f'{item.arguments[0]} {verb}', '36')
        elif item.member == 'DomainEvent':
            event = item.arguments[1]
            word = EVENTS[event] if event < len(EVENTS) else event
            say('signal', f'{item.member}: {word} (detail {item.arguments[2]})', '35')
        else:
            say('signal', f'{item.member}{item.arguments or ""} of {name}', '35')

    def wait(self, client, domain, state: str, timeout: float = 60):
        wanted = STATES.index(state)
        client.wait(lambda: domain.get('Domain.State')[0] == wanted, timeout,
                    lambda: f'the domain is not {state}')
        client.settle(0.05)


def show(bus, client):
    kernel, initramfs = guest.make()
    root = bus.folder / 'embed'
    root.mkdir()

    title('A bus of its own, and the service on it')
    manager = client.object('/org/virtbus1')
    connection = client.object(manager.call('Manager.Open', f'qemu:///embed?root={root}', 0))
    say('call', f'Manager.Open("qemu:///embed?root={root}") -> {connection.path}', '1')
    busctl(bus, 'tree', 'org.virtbus1')

    watch = Watch(client)
    title('A virtual machine is defined ...')
    path = connection.call('Connection.DomainDefineXML',
                           XML.format(kernel=kernel, initramfs=initramfs))
    domain = client.object(path)
    client.settle(0.1)
    print('  and this is what became of its XML:')
    block(domain.call('Domain.GetXMLDesc', 0))

    title('... booted, and its console read from a descriptor that came over the bus')
    domain.call('Domain.Create', 0)
    console = Console(client, domain.call('Domain.OpenConsole', '', 0))
    console.wait('guest# ')
    console.type('echo "2 to the 16th is $((1 << 16))"')
    console.wait('16th is 65536')

    title('... paused and resumed')
    domain.call('Domain.Suspend')
    watch.wait(client, domain, 'paused')
    busctl(bus, 'get-property', 'org.virtbus1', path, 'org.virtbus1.Domain', 'State')
    domain.call('Domain.Resume')
    watch.wait(client, domain, 'running')

    title('... shut down with its power button')
    domain.call('Domain.Shutdown', 0)

    def off():
        console.take()
        return domain.get('Domain.State')[0] == STATES.index('shut off')
    client.wait(off, 60, lambda: 'the guest has not shut down')
    client.settle(0.1)

    title('... and undefined')
    domain.call('Domain.Undefine', 0)
    client.settle(0.1)
    busctl(bus, 'tree', 'org.virtbus1')


def main() -> int:
    # An interrupted demonstration cleans up, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with PrivateBus(trace=False) as bus:
            folder = bus.folder
            bus.start_service()
            try:
                with bus.client() as client:
                    show(bus, client)
            except Exception:
                print(bus.describe(), file=sys.stderr)
                raise
            bus.stop_service()
            left = bus.processes()
        left_files = folder.exists()
    except (CallError, AssertionError, GLib.Error, guest.GuestError) as error:
        print(f'tools/demo: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if left or left_files:
        print(f'tools/demo: left behind: {left or folder}', file=sys.stderr)
        return 1
    title('The end. Nothing is left: no process, no file.')
    return 0


if __name__ == '__main__':
    sys.exit(main())

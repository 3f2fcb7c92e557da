#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Call everything on everything, with odd values, from several clients at once.

    tests/fuzz/bus-door.py --build=build-asan --seconds=600 [--seed=N]

What there is to call is asked of the service while it goes on. It must live, answer a plain call
within the deadline all the while, answer all calls at last, and hold afterwards what it held
before. The seed is printed; with the same one the same calls are made, though not in the same
moments. The last line is "N passed, N failed".
"""

import argparse
import collections
import os
import pathlib
import random
import select
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'tests/soak'), str(TOP / 'tests/harness')]

from bus import PrivateBus, ServiceError  # noqa: E402
from crowd import (MANAGER, NAMES, PROPERTIES, ROOT, STANDARD, Holding, Values, World, clean_up,  # noqa: E402
                   compare)
from wire import (CALL, ERROR, INTERACTIVE, NO_REPLY, RETURN, SIGNAL, Wire, types)  # noqa: E402

CLIENTS = 6
WINDOW = 8
# The longest that anything may be unanswered. Calls that wait for an emulator have deadlines of their own.
DEADLINE = 120
LAST_ANSWERS = 240
LOOK_EVERY = 1
REMEMBERED = 60
GROWTH_KIB = 24 * 1024
EMULATOR = TOP / 'tests/bus/fake_emulator.py'
# For hosts that are more than a test.
LEFT_OUT = {'NodeSuspendForDuration'}
# Called less often, so that there is something for the others.
ENDING = {'Delete', 'Destroy', 'Undefine'}


class Hang(AssertionError):
    pass


class Door:
    def __init__(self, bus, options, seed):
        self.bus, self.random = bus, random.Random(seed)
        self.folder = bus.folder / 'scratch'
        self.folder.mkdir()
        self.world = World(bus.address)
        self.values = Values(self.random, self.world, self.folder, self.emulators())
        self.clients = {}
        self.count = collections.Counter()
        self.last = collections.deque(maxlen=REMEMBERED)
        self.fds = self.descriptors()

    def emulators(self) -> list:
        """Domains of the test host, and of QEMU with an emulator that answers everything and one that dies."""
        kinds = [('test', ''), ('test', '')]
        for name, behaviour in (('good', '{}'), ('bad', '{"die": "cont"}')):
            folder = self.bus.folder / name
            folder.mkdir()
            (folder / 'qemu-system-x86_64').write_bytes(EMULATOR.read_bytes())
            (folder / 'qemu-system-x86_64').chmod(0o755)
            (folder / 'behaviour').write_text(behaviour)
            kinds.append(('qemu', f'<emulator>{folder}/qemu-system-x86_64</emulator>'))
        return kinds

    def descriptors(self) -> list:
        """One of each odd kind."""
        reading, writing = os.pipe()
        return [reading, writing, os.open('/dev/null', os.O_RDWR), os.open('/dev/zero', os.O_RDWR),
                os.open(self.folder, os.O_PATH), os.open(self.folder, os.O_RDONLY), os.memfd_create('fuzz'),
                os.eventfd(0), select.epoll().fileno(), os.open('/proc/self/status', os.O_RDONLY)]

    # What to send.

    def target(self):
        """A name, an object and an interface of it; all of which there were at the last look."""
        name = self.random.choice(list(NAMES))
        path = self.random.choice(list(self.world.objects[name]))
        interfaces = [self.world.interfaces[name, interface] for interface in self.world.objects[name][path]]
        own = [interface for interface in interfaces if not interface.name.startswith(STANDARD)]
        # Each has the same few of the bus' standard interfaces.
        if own and self.random.random() < 0.95:
            interfaces = own
        return name, path, self.random.choice([i for i in interfaces if i.methods or i.properties])

    def property_call(self, interface):
        member = self.random.choice(('Get', 'Get', 'Set', 'Set', 'GetAll'))
        name = self.random.choice([*interface.properties, 'Nothing'])
        signature = {'Get': 'ss', 'Set': 'ssv', 'GetAll': 's'}[member]
        kind, _ = interface.properties.get(name, ('s', None))
        value = ((kind, self.values.odd(kind)) if self.random.random() < 0.7 else self.values.odd('v'))
        return PROPERTIES, member, signature, [interface.name, name, value][:len(signature)]

    def method_call(self, interface):
        member = self.random.choice([name for name in interface.methods if name not in LEFT_OUT])
        if member in ENDING and self.random.random() < 0.8:
            return self.method_call(interface)
        arguments = interface.methods[member]
        oddness = self.random.choice((0, 0.1, 0.3, 1))
        values = [self.values.odd(kind) if self.random.random() < oddness
                  else self.values.fitting(member, name, kind) for name, kind in arguments]
        return interface.name, member, ''.join(kind for _, kind in arguments), values

    def one(self, wire) -> str:
        """Sends one; returns what it was."""
        name, path, interface = self.target()
        options = {'destination': name}
        if interface.properties and self.random.random() < 0.25 or not interface.methods:
            call = self.property_call(interface)
        else:
            call = self.method_call(interface)
        interface_name, member, signature, values = call

        # What is wrong with the call itself.
        wrong = self.random.randrange(40)
        if wrong == 0:
            signature = self.random.choice(('', 's', 'u', 'su', 'v', 'a{sv}', 'ay', 'as', 'aau', 'o', 'g', 'h', 'd'))
            values = [self.values.odd(kind) for kind in types(signature)]
        elif wrong == 1:
            path = self.random.choice(('/', '/org', path + '/x', path.rpartition('/')[0] or '/', '/' + 'x' * 3000))
        elif wrong == 2:
            interface_name = self.random.choice((None, 'a.b', STANDARD + 'Peer', interface_name + 'x'))
        elif wrong == 3:
            member = self.random.choice(('Nothing', 'Get', 'Ping', 'GetManagedObjects', 'GetMachineId', member + 'x'))
        elif wrong == 4:
            options['flags'] = self.random.choice((NO_REPLY, INTERACTIVE, 0xf8))
        elif wrong == 5:
            options['kind'] = self.random.choice((RETURN, ERROR, SIGNAL))
            options |= {'reply': self.random.randrange(1, 2000), 'error': 'a.b'} if options['kind'] != SIGNAL else {}
        elif wrong == 6 and self.random.random() < 0.05:
            # The bus lets none of it through, and ends the client.
            options['raw'] = self.random.randbytes(self.random.randrange(1, 64))
        if 'h' in signature or self.random.random() < 0.01:
            options['fds'] = self.random.sample(self.fds, self.random.randrange(1, 4))
            values = self.fitted(signature, values, len(options['fds']))
        serial = wire.send(path, interface_name, member, signature, values, **options)
        said = f'{path} {interface_name}.{member}{signature and f"({signature})"} {str(values)[:160]}'
        self.last.append(f'{wire.unique_name}:{serial} {said}')
        wanted = options.get('kind', CALL) == CALL and not options.get('flags', 0) & NO_REPLY
        if wanted:
            self.clients[wire][serial] = said
        return said

    def fitted(self, signature: str, values: list, count: int) -> list:
        """The bus ends who names a descriptor that the message does not have."""
        return [0 if kind == 'h' else list(range(count)) if kind == 'ah' else value
                for kind, value in zip(types(signature), values)]

    # Sending and taking in.

    def connect(self):
        self.clients[Wire(self.bus.address)] = {}

    def turn(self, wire, filling: bool):
        try:
            wire.flush()
            for message in wire.receive():
                if message.reply and self.clients[wire].pop(message.reply, None):
                    self.count[message.error or 'answered'] += 1
            while filling and len(self.clients[wire]) < WINDOW and not wire.pending():
                self.one(wire)
                self.count['sent'] += 1
        except (ConnectionError, BrokenPipeError):
            wire.close()
            del self.clients[wire]
            self.count['ended by the bus'] += 1
            self.connect()

    def watch(self, dog, asked):
        """The service answers an innocent caller. asked: serial and time of its question, or None."""
        if self.bus.service.poll() is not None:
            raise ServiceError(f'the service ended with {self.bus.service.returncode}')
        for message in dog.receive():
            if asked and message.reply == asked[0]:
                if message.kind == ERROR:
                    raise Hang(f'the watchdog was refused: {message.error} {message.text()}')
                self.count['slowest ms'] = max(self.count['slowest ms'], int((time.monotonic() - asked[1]) * 1000))
                asked = None
        if asked and time.monotonic() > asked[1] + DEADLINE:
            raise Hang(f'no answer for {DEADLINE} s')
        if asked is None:
            call = self.random.choice(((STANDARD + 'Peer', 'Ping', '', ()),
                                       (PROPERTIES, 'Get', 'ss', (MANAGER, 'Version'))))
            asked = dog.send(ROOT, *call), time.monotonic()
        return asked

    def run(self, seconds: float):
        """Fuzzes for so long, then waits for the answers."""
        dog, asked, until, look = Wire(self.bus.address), None, time.monotonic() + seconds, 0
        for _ in range(CLIENTS):
            self.connect()
        while time.monotonic() < until:
            if time.monotonic() > look:
                self.world.look()
                self.values.learn()
                look = time.monotonic() + LOOK_EVERY
            ready, _, _ = select.select([dog, *self.clients], [], [], 0.05)
            asked = self.watch(dog, asked)
            for wire in list(self.clients):
                self.turn(wire, filling=True)
            if self.random.random() < 0.002:
                # One leaves in the middle of its calls.
                leaver = self.random.choice(list(self.clients))
                leaver.close()
                del self.clients[leaver]
                self.count['left'] += 1
                self.connect()
        until = time.monotonic() + LAST_ANSWERS
        while any(self.clients.values()):
            if time.monotonic() > until:
                raise Hang(f'never answered: {[said for calls in self.clients.values() for said in calls.values()]}')
            select.select([dog, *self.clients], [], [], 0.2)
            asked = self.watch(dog, asked)
            for wire in list(self.clients):
                self.turn(wire, filling=False)
        for wire in list(self.clients):
            wire.close()
        self.clients.clear()
        dog.close()


def fuzz(options, seed: int) -> list:
    """The faults. Half of the time is there to fill what is filled once."""
    with PrivateBus(trace=False, env={'ASAN_OPTIONS': 'exitcode=99:quarantine_size_mb=4:'
                                                     'detect_stack_use_after_return=0'}) as bus:
        # Relative paths, should one be taken, end here.
        deep = bus.folder / 'a/b/c'
        deep.mkdir(parents=True)
        os.chdir(deep)
        bus.start_service()
        holder = Wire(bus.address)
        (bus.folder / 'host').mkdir()
        holder.call(ROOT, MANAGER, 'Open', 'su', (f'qemu:///embed?root={bus.folder}/host', 0))
        door = Door(bus, options, seed)
        try:
            door.world.look()
            begin = set(door.world.objects['org.virtbus1'])
            held = []
            for _ in range(2):
                door.run(options.seconds / 2)
                clean_up(bus.address, door.world, begin)
                held.append(Holding.settled(bus.service.pid, bus.address, door.world, like=held[-1] if held else None))
                print(f'holds {held[-1]}', flush=True)
        except (Hang, ServiceError, TimeoutError, ConnectionError) as trouble:
            calls = '\n'.join(door.last)
            return [f'{trouble}\nthe last calls:\n{calls}\n{bus.describe()}']
        finally:
            holder.close()
            print(', '.join(f'{count} {what}' for what, count in door.count.most_common(12)), flush=True)
        faults = compare(held[0], held[1], GROWTH_KIB)
        try:
            bus.stop_service()
        except ServiceError as trouble:
            faults.append(f'{trouble}\n{bus.describe()}')
        return faults


def main() -> int:
    parser = argparse.ArgumentParser(description='Call everything on everything, with odd values.')
    parser.add_argument('--seconds', type=float, default=20)
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--build', default='build')
    options = parser.parse_args()
    os.environ['VIRTBUS_BUILD'] = str(pathlib.Path(options.build).resolve())
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), 'little')
    print(f'seed {seed}', flush=True)
    faults = fuzz(options, seed)
    os.chdir(tempfile.gettempdir())
    for fault in faults:
        print(f'FAILED  {fault}')
    print(f'{0 if faults else 1} passed, {1 if faults else 0} failed')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())

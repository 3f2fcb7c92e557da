#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many clients at once, which call everything on everything, define, undefine and vanish.

    tests/soak/soak.py --build=build-asan                   64 clients, and 200 of the wire, for a minute
    tests/soak/soak.py --seconds=10 --clients=64 --wire=200 --seed=N

No client may get an error that one alone would not get. Most errors are about a call and its object;
one that can come of there being many, such as "busy", is right only if a lone client got its like in
the beginning, or gets it when it makes the same call afterwards, on the object or another of its kind.
What those of the wire must get is said in wire_crowd.py, which is run beside them.
When all have left, the service holds what it held before. The last line is "N passed, N failed".
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import select
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'tests/soak'), str(TOP / 'tests/harness')]

from bus import PrivateBus, ServiceError  # noqa: E402
from crowd import (MANAGER, NAMES, PROPERTIES, ROOT, STANDARD, Holding, Values, World, clean_up,  # noqa: E402
                   compare)
from wire import ERROR, Wire, types  # noqa: E402

DEADLINE = 240
LOOK_EVERY = 1
# How often a client vanishes in the middle of a call.
VANISHING = 0.01
GROWTH_KIB = 4 * 1024
EMULATOR = TOP / 'tests/bus/fake_emulator.py'

# Errors that come of there being many, and must not: the others are about the call and its object.
CROWDED = {'NO_MEMORY', 'RPC', 'ACCESS_DENIED', 'AUTH_FAILED', 'AUTH_CANCELLED', 'AUTH_UNAVAILABLE', 'DBUS_SERVICE'}
# Those that others may be the reason of, who use the same objects, and a machine that is busy: a person looks at them.
# What has no fixed beginning is taken for a system call's.
ODD = {'INTERNAL_ERROR', 'OPERATION_TIMEOUT', 'OPERATION_ABORTED', 'RESOURCE_BUSY', 'SYSTEM_ERROR'}
# The bus' own, about a call.
WRONG = {STANDARD + 'Error.' + name for name in ('UnknownObject', 'UnknownInterface', 'UnknownMethod',
                                                 'UnknownProperty', 'PropertyReadOnly', 'InvalidArgs')}
# What they say that is the work of others: they have ended the guest that was asked, or removed a file.
OTHERS = ('it closed its monitor', '/scratch/')
# What they say that is about the call after all; the object may be gone when it is made again.
ABOUT_CALL = ('No graphics backend with index', 'cannot find character device')

# Suspending a host is for hosts; closing what others use is not their error.
LEFT_OUT = {'NodeSuspendForDuration', 'Close'}
DEFINING = ('DomainDefineXML', 'DomainCreateXML', 'NetworkDefineXML', 'StoragePoolDefineXML', 'SecretDefineXML')

Call = collections.namedtuple('Call', 'name path interface member signature values')


class Errors:
    """Names of errors, as errors.tsv has them, from replies in either namespace."""

    def __init__(self):
        rows = [line.split('\t') for line in (TOP / 'interfaces/errors.tsv').read_text().splitlines()
                if not line.startswith('#')]
        self._own = {row[1].replace('_', '').lower(): row[1] for row in rows}
        self._begins = {row[2].split('%s')[0].rstrip(': '): row[1] for row in rows if not row[2].startswith('%s')}

    def kind(self, message) -> str:
        """What errors of one kind have in common; the bus' have their own names."""
        if message.error.startswith(STANDARD):
            return message.error
        if message.error != 'org.libvirt.Error':
            return self._own[message.error.rpartition('.')[2].lower()]
        text = message.text()
        if text.startswith('('):
            return 'XML_DETAIL'
        # Of arguments that do not go together, which name the function.
        if re.search(r' in (function )?(vir|test|qemu)[A-Z]\w+', text):
            return 'INVALID_ARG'
        return next((name for begin, name in self._begins.items() if text.startswith(begin)), 'SYSTEM_ERROR')


ERRORS = Errors()


class Crowd:
    def __init__(self, bus, seed):
        self.bus, self.random = bus, random.Random(seed)
        self.world = World(bus.address)
        fake = bus.folder / 'fake'
        fake.mkdir()
        (fake / 'qemu-system-x86_64').write_bytes(EMULATOR.read_bytes())
        (fake / 'qemu-system-x86_64').chmod(0o755)
        (fake / 'behaviour').write_text('{}')
        scratch = bus.folder / 'scratch'
        scratch.mkdir()
        self.values = Values(self.random, self.world, scratch, [
            *[('test', '')] * 7, ('qemu', f'<emulator>{fake}/qemu-system-x86_64</emulator>')])
        self.count = collections.Counter()
        self.known, self.strange = set(), {}  # (member, kind of error); of the lone client, of the crowd
        self.clients = {}

    def choose(self) -> Call:
        random = self.random
        name = random.choice(list(NAMES))
        path = random.choice(list(self.world.objects[name]))
        found = [self.world.interfaces[name, interface] for interface in self.world.objects[name][path]]
        interface = random.choice([i for i in found if i.methods or i.properties])
        if interface.properties and random.random() < 0.3 or not interface.methods:
            return Call(name, path, PROPERTIES, 'GetAll', 's', (interface.name,))
        members = [member for member in interface.methods if member not in LEFT_OUT]
        # There should be something to call.
        making = [member for member in members if member in DEFINING]
        member = random.choice(making if making and random.random() < 0.3 else members)
        arguments = interface.methods[member]
        values = [self.values.fitting(member, argument, kind) for argument, kind in arguments]
        signature = ''.join(kind for _, kind in arguments)
        return Call(name, path, interface.name, member, signature, values)

    def send(self, wire):
        call = self.choose()
        fds = (self.null,) if 'h' in call.signature else ()
        values = [0 if kind == 'h' else [0] if kind == 'ah' else value
                  for kind, value in zip(types(call.signature), call.values)]
        serial = wire.send(call.path, call.interface, call.member, call.signature, values, fds=fds,
                           destination=call.name)
        self.clients[wire] = serial, call, time.monotonic()

    def take(self, wire):
        """Reads what has come; True when the client waits for nothing."""
        wire.flush()
        for message in wire.receive():
            waiting = self.clients[wire]
            if not waiting or message.reply != waiting[0]:
                continue
            _, call, begun = waiting
            self.clients[wire] = None
            self.count['slowest ms'] = max(self.count['slowest ms'], int((time.monotonic() - begun) * 1000))
            if message.kind != ERROR:
                self.count['answered'] += 1
                continue
            self.count['refused'] += 1
            kind = ERRORS.kind(message)
            if kind not in CROWDED | ODD and (kind in WRONG or not kind.startswith(STANDARD)):
                continue
            if any(text in message.text() for text in (*OTHERS, *ABOUT_CALL)):
                continue
            self.count['suspicious'] += 1
            if (call.member, kind) not in self.known:
                self.strange.setdefault((call.member, kind), (call, f'{message.error}: {message.text()}'))
        return self.clients[wire] is None

    def run(self, clients: int, seconds: float):
        self.lone, self.null = clients == 1, os.open('/dev/null', os.O_RDWR)
        until, look = time.monotonic() + seconds, 0
        for _ in range(clients):
            self.clients[Wire(self.bus.address)] = None
        while time.monotonic() < until or any(self.clients.values()):
            if time.monotonic() > until + DEADLINE:
                calls = [str(waiting[1])[:200] for waiting in self.clients.values() if waiting]
                raise TimeoutError(f'not answered within {DEADLINE} s: {calls}')
            if self.bus.service.poll() is not None:
                raise ServiceError(f'the service ended with {self.bus.service.returncode}')
            if time.monotonic() > look:
                self.world.look()
                self.values.learn()
                look = time.monotonic() + LOOK_EVERY
            ready = [wire for wire, waiting in self.clients.items() if not waiting]
            if not ready or time.monotonic() >= until:
                unsent = [wire for wire in self.clients if wire.pending()]
                reading, writing, _ = select.select(self.clients, unsent, [], 0.2)
                ready = {*reading, *writing}
            for wire in ready:
                if (self.clients[wire] is None or self.take(wire)) and time.monotonic() < until:
                    self.send(wire)
                    if not self.lone and self.random.random() < VANISHING:
                        self.vanish(wire)
        for wire in self.clients:
            wire.close()
        self.clients.clear()
        os.close(self.null)

    def vanish(self, wire):
        wire.close()
        del self.clients[wire]
        self.clients[Wire(self.bus.address)] = None
        self.count['vanished'] += 1

    def unexplained(self) -> list:
        """The strange errors that a lone client does not get from the object or another one like it; odd ones are told."""
        self.world.look()
        wire = Wire(self.bus.address)
        faults = []
        for (_, kind), (call, text) in self.strange.items():
            objects = self.world.objects[call.name]
            alike = [path for path in objects if call.interface in objects[path] and path != call.path]
            if not any(self.refusal(wire, call._replace(path=path)) == kind for path in [call.path, *alike][:20]):
                story = f'{str(call)[:300]}: {text[:300]}'
                if kind in ODD:
                    print(f'odd: {story}', flush=True)
                else:
                    faults.append(story)
        wire.close()
        return faults

    @staticmethod
    def refusal(wire, call):
        """The kind of error that the call gets; None without one."""
        serial = wire.send(call.path, call.interface, call.member, call.signature, call.values, destination=call.name)
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            select.select([wire], [wire] if wire.pending() else [], [], 1)
            wire.flush()
            for message in wire.receive():
                if message.reply == serial:
                    return ERRORS.kind(message) if message.kind == ERROR else None
        raise TimeoutError(f'not answered within {DEADLINE} s: {str(call)[:200]}')


class WireCrowd:
    """The clients of the wire, in a process of their own; faults, when they have ended."""

    def __init__(self, bus, clients: int, seconds: float, seed: int):
        self.clients, self.seconds = clients, seconds
        self._process = clients and subprocess.Popen(
            [sys.executable, TOP / 'tests/soak/wire_crowd.py', bus.folder / 'run/virtbus/virtbus-sock',
             f'--clients={clients}', f'--seconds={seconds}', f'--seed={seed}'], stdout=subprocess.PIPE)

    def __enter__(self):
        self.faults = []
        return self

    def __exit__(self, kind, *_):
        if not self.clients:
            return
        if kind:
            self._process.kill()
        try:
            told, _ = self._process.communicate(timeout=self.seconds + 5 * DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            told, _ = self._process.communicate()
        if kind:
            return
        story = json.loads(told) if told else {'count': {}, 'faults': ['the clients of the wire did not end']}
        print(f'{self.clients} of the wire: {story["count"]}', flush=True)
        self.faults = story['faults']


def soak(options, seed: int) -> list:
    with PrivateBus(trace=False, env={'ASAN_OPTIONS': 'exitcode=99:quarantine_size_mb=4:'
                                                     'detect_stack_use_after_return=0'}) as bus:
        bus.start_service()
        holder = Wire(bus.address)
        (bus.folder / 'host').mkdir()
        holder.call(ROOT, MANAGER, 'Open', 'su', (f'qemu:///embed?root={bus.folder}/host', 0))
        crowd = Crowd(bus, seed)
        crowd.world.look()
        begin = set(crowd.world.objects['org.virtbus1'])
        pid = bus.service.pid
        sanitized = b'libasan' in pathlib.Path(f'/proc/{pid}/maps').read_bytes()
        growth = GROWTH_KIB * (3 if sanitized else 1)
        try:
            crowd.run(1, max(options.seconds / 4, 5))
            print(f'a lone client: {dict(crowd.count)}', flush=True)
            crowd.known, crowd.strange = set(crowd.strange), {}
            # What is filled once, such as the free stacks of fibers, is filled by as many as will come.
            seconds = max(options.seconds / 4, 3)
            with WireCrowd(bus, options.wire, seconds, seed) as wire:
                crowd.run(options.clients, seconds)
            faults = wire.faults
            clean_up(bus.address, crowd.world, begin)
            before = Holding.settled(pid, bus.address, crowd.world)
            before.rest()
            crowd.count.clear()
            with WireCrowd(bus, options.wire, options.seconds, seed) as wire:
                crowd.run(options.clients, options.seconds)
            print(f'{options.clients} clients: {dict(crowd.count)}', flush=True)
            faults += wire.faults + crowd.unexplained()
            clean_up(bus.address, crowd.world, begin)
            after = Holding.settled(pid, bus.address, crowd.world, before, growth)
        except (ServiceError, TimeoutError, ConnectionError) as trouble:
            return [f'{trouble}\n{bus.describe()}']
        finally:
            holder.close()
        print(f'before: {before}\nafter:  {after}', flush=True)
        faults += compare(before, after, growth)
        try:
            bus.stop_service()
        except ServiceError as trouble:
            faults.append(f'{trouble}\n{bus.describe()}')
        return faults


def main() -> int:
    parser = argparse.ArgumentParser(description='Many clients at once.')
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--clients', type=int, default=64)
    parser.add_argument('--wire', type=int, default=200, help='clients of the wire')
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--build', default='build')
    options = parser.parse_args()
    os.environ['VIRTBUS_BUILD'] = str(pathlib.Path(options.build).resolve())
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), 'little')
    print(f'seed {seed}', flush=True)
    faults = soak(options, seed)
    for fault in faults:
        print(f'FAILED  {fault}')
    print(f'{0 if faults else 1} passed, {1 if faults else 0} failed')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())

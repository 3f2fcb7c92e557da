#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many clients of the wire at once, and an account of every call.

    tests/soak/wire_crowd.py SOCKET --clients=200 --seconds=120 --seed=N

soak.py runs it beside its clients of the bus. Of the clients some define domains, start, end and
undefine them; some watch all domains; some read slowly; all have several calls under way, of all
sorts, and some leave in the middle of a call or of a frame.

Each call is to get one reply: of its serial, to its procedure, in the form of its results. Who
changes a domain has heard the event before the reply. Those who watch hear every change that
succeeded, and all of them the same in the same order. What it prints is JSON: counts and faults.
"""

import argparse
import collections
import json
import pathlib
import random
import select
import socket
import struct
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/wire'))

from rpc import (BY_NUMBER, ERROR, ERROR_LAYOUT, KEEPALIVE, MESSAGE, OK, PROCEDURES, REPLY,  # noqa: E402
                 Frame, pack_fields, unpack_fields)

DEADLINE = 240
WINDOW = 8
# Of the clients in each turn.
VANISHING = 0.002
FAULTS = 20
DECODED = 0.05
MARK = 'wire-the-end'
DOMAIN = "<domain type='test'><name>{}</name><memory>8192</memory><os><type>hvm</type></os></domain>"
LIFECYCLE = PROCEDURES['DOMAIN_EVENT_CALLBACK_LIFECYCLE']
DEFINED, UNDEFINED, STARTED, SUSPENDED, RESUMED, STOPPED = range(6)
# What one does with a domain of one's own, and the event that it causes.
LIFE = (('DOMAIN_DEFINE_XML_FLAGS', DEFINED), ('DOMAIN_CREATE', STARTED), ('DOMAIN_SUSPEND', SUSPENDED),
        ('DOMAIN_RESUME', RESUMED), ('DOMAIN_DESTROY', STOPPED), ('DOMAIN_UNDEFINE_FLAGS', UNDEFINED))
# Errors that are about there being many, or about the wire itself; by their numbers.
CROWDED = {2: 'no memory', 39: 'RPC', 45: 'authentication', 68: 'timeout', 88: 'access'}

# What anybody may ask at any time, and how often: names of procedures, with the values that are not a domain's.
ASKED = {
    'DOMAIN_GET_STATE': (10, {'flags': 0}),
    'DOMAIN_GET_INFO': (6, {}),
    'DOMAIN_GET_XML_DESC': (4, {'flags': 0}),
    'DOMAIN_GET_AUTOSTART': (3, {}),
    'DOMAIN_GET_SCHEDULER_PARAMETERS': (3, {'nparams': 16}),
    'DOMAIN_GET_MEMORY_PARAMETERS': (3, {'nparams': 16, 'flags': 0}),
    'DOMAIN_GET_BLOCK_IO_TUNE': (1, {'disk': 'vda', 'nparams': 32, 'flags': 0}),
    'DOMAIN_GET_VCPUS': (2, {'maxinfo': 4, 'maplen': 8}),
    'DOMAIN_SET_AUTOSTART': (1, {'autostart': 1}),
    'DOMAIN_SET_METADATA': (1, {'type': 0, 'metadata': 'of the crowd', 'key': None, 'uri': None, 'flags': 0}),
    'DOMAIN_GET_METADATA': (1, {'type': 0, 'uri': None, 'flags': 0}),
    'DOMAIN_LOOKUP_BY_NAME': (5, {'name': 'test'}),
    'CONNECT_LIST_ALL_DOMAINS': (3, {'need_results': 1, 'flags': 0}),
    'CONNECT_LIST_ALL_NETWORKS': (2, {'need_results': 1, 'flags': 0}),
    'CONNECT_LIST_ALL_STORAGE_POOLS': (2, {'need_results': 1, 'flags': 0}),
    'CONNECT_GET_ALL_DOMAIN_STATS': (2, {'doms': [], 'stats': 0, 'flags': 0}),
    'CONNECT_LIST_DOMAINS': (2, {'maxids': 16384}),
    'CONNECT_NUM_OF_DOMAINS': (2, {}),
    'CONNECT_GET_CAPABILITIES': (1, {}),
    'CONNECT_GET_LIB_VERSION': (5, {}),
    'NODE_GET_INFO': (3, {}),
}
LARGE = ('CONNECT_GET_CAPABILITIES', 'CONNECT_GET_ALL_DOMAIN_STATS', 'CONNECT_LIST_ALL_DOMAINS')


class Lost(Exception):
    pass


class Member:
    """One client. kind: caller, writer, watcher or slow."""

    def __init__(self, crowd, number: int, kind: str):
        self.crowd, self.number, self.kind = crowd, number, kind
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(crowd.address)
        self.socket.setblocking(False)
        self.incoming, self.outgoing = bytearray(), bytearray()
        self.serial = crowd.random.randrange(2 ** 32)
        self.waiting = {}  # serial -> (name, the event that it causes or None, when)
        self.events = []
        self.watches = kind in ('writer', 'watcher')
        self.life = None  # the next step of its domain, and what that is called on the wire
        self.n_lives, self.readable_at = 0, 0
        self.entered = False
        # One after the other: calls of one client are not kept in order.
        self.entering = ['CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY'] if self.watches else []
        self.begin('CONNECT_OPEN', name='test:///default', flags=0)

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    # Calls.

    def begin(self, name: str, /, step=None, payload=None, **values):
        procedure = PROCEDURES[name]
        if payload is None:
            payload = pack_fields(procedure.args, values)
        self.serial = (self.serial + 1) % 2 ** 32
        frame = Frame(procedure.program, 1, procedure.number, 0, self.serial, OK, payload)
        self.outgoing += frame.bytes()
        self.waiting[self.serial] = name, step, time.monotonic()
        self.crowd.count['calls'] += 1

    def next_step(self):
        """Goes on with the domain of its own."""
        at, domain = self.life or (0, None)
        self.life = ((at + 1) % len(LIFE), domain)
        name, event = LIFE[at]
        if event == DEFINED:
            self.n_lives += 1
            self.begin(name, event, xml=DOMAIN.format(f'wire-{self.number}-{self.n_lives}'), flags=0)
        else:
            self.begin(name, event, domain + (struct.pack('>I', 0x17) if 'FLAGS' in name else b''))

    def fill(self):
        random = self.crowd.random
        while len(self.waiting) < (2 if self.kind == 'watcher' else WINDOW):
            changing = any(step is not None for _, step, _ in self.waiting.values())
            if self.kind == 'writer' and not changing:
                self.next_step()
            name = random.choice(LARGE) if self.kind == 'slow' else self.crowd.choose()
            self.begin(name, None, self.crowd.payload(name))

    # Bytes.

    def write(self):
        try:
            while self.outgoing:
                # Frames come in pieces, too.
                n = len(self.outgoing) if self.crowd.random.random() < 0.9 else len(self.outgoing) // 2 or 1
                del self.outgoing[:self.socket.send(self.outgoing[:n])]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError) as problem:
            raise Lost(f'{self.kind} {self.number}: the service has left it: {problem}') from problem

    def read(self):
        slow = self.kind == 'slow'
        if slow:
            self.readable_at = time.monotonic() + 0.02
        try:
            while True:
                data = self.socket.recv(16384 if slow else 262144)
                if not data:
                    raise Lost(f'{self.kind} {self.number}: the service has left it')
                self.incoming += data
                if slow or len(data) < 262144:
                    break
        except BlockingIOError:
            pass
        except ConnectionResetError as problem:
            raise Lost(f'{self.kind} {self.number}: the service has left it: {problem}') from problem
        at = 0
        while len(self.incoming) - at >= 28:
            length, *head = struct.unpack_from('>IIIiiIi', self.incoming, at)
            if len(self.incoming) - at < length:
                break
            self.take(*head, bytes(self.incoming[at + 28:at + length]))
            at += length
        del self.incoming[:at]

    def take(self, program, version, procedure, kind, serial, status, payload):
        if kind == MESSAGE and program != KEEPALIVE:
            self.crowd.count['events'] += 1
            if not self.watches or procedure != LIFECYCLE.number:
                raise Lost(f'{self.kind} {self.number}: event {procedure} that it did not ask for')
            # Without the callback's number, which is this client's alone.
            self.events.append(self.crowd.same(payload[4:]))
            return
        if kind != REPLY:
            raise Lost(f'{self.kind} {self.number}: a frame of type {kind}')
        waiting = self.waiting.pop(serial, None)
        if not waiting:
            raise Lost(f'{self.kind} {self.number}: a reply to {serial}, to which none is due')
        name, step, begun = waiting
        asked = PROCEDURES[name]
        if (program, version, procedure) != (asked.program, 1, asked.number):
            raise Lost(f'{self.kind} {self.number}: {BY_NUMBER.get((program, procedure))} answers {name}')
        self.crowd.replied(self, name, begun, status, payload)
        if step is not None:
            self.stepped(name, step, status, payload)
        if not self.entered:
            if status == ERROR:
                raise Lost(f'{name}: {unpack_fields(ERROR_LAYOUT, payload)["message"]}')
            self.entered = not self.entering
            for name in self.entering:
                self.begin(name, eventID=0, dom=None)
            self.entering = []

    def stepped(self, name, event, status, payload):
        if status == ERROR:
            # Those on the bus have domains come and go as well.
            if event == DEFINED:
                self.life = None
            return
        if event == DEFINED:
            self.life = (1, payload)
        done = uuid_of(self.life[1]), event
        self.crowd.done.append(done)
        if not any(event_of(payload) == done for payload in self.events[-200:]):
            self.crowd.fault(f'{name} of {done[0].hex()} is answered, and its event has not come')


def event_of(payload: bytes) -> tuple:
    """The UUID of the domain, which keeps it when it is renamed, and the number of the event."""
    return payload[-28:-12], struct.unpack_from('>i', payload, len(payload) - 8)[0]


def uuid_of(domain: bytes) -> bytes:
    return domain[-20:-4]


class Crowd:
    def __init__(self, address: str, seed: int):
        self.address, self.random = address, random.Random(seed)
        self.count, self.faults = collections.Counter(), []
        self.members, self.done = [], []
        self._same, self._domains = {}, []
        self._names = [name for name, (often, _) in ASKED.items() for _ in range(often)]

    def fault(self, text: str):
        if len(self.faults) < FAULTS:
            self.faults.append(text)

    def same(self, payload: bytes) -> bytes:
        return self._same.setdefault(payload, payload)

    def choose(self) -> str:
        return self.random.choice(self._names)

    def payload(self, name: str) -> bytes:
        procedure, values = PROCEDURES[name], ASKED[name][1]
        if not procedure.args.startswith('dom:domain'):
            return pack_fields(procedure.args, values)
        domain = self.random.choice(self._domains) if self._domains else {
            'name': 'test', 'uuid': '6695eb01-f6a4-8304-79aa-97f2502e193f', 'id': 1}
        return pack_fields(procedure.args, {'dom': domain, **values})

    def replied(self, member, name, begun, status, payload):
        what = 'slowest of a slow reader ms' if member.kind == 'slow' else 'slowest ms'
        self.count[what] = max(self.count[what], int((time.monotonic() - begun) * 1000))
        if status == OK:
            self.count['answered'] += 1
            if self.random.random() < DECODED:
                values = unpack_fields(PROCEDURES[name].ret, payload)
                if name == 'CONNECT_LIST_ALL_DOMAINS':
                    self._domains = values['domains']
            return
        self.count['refused'] += 1
        code = struct.unpack_from('>i', payload)[0]
        if code in CROWDED or self.random.random() < DECODED:
            message = unpack_fields(ERROR_LAYOUT, payload)['message']
            if code in CROWDED:
                self.fault(f'{CROWDED[code]}: {name}: {message}')

    # All of them.

    def turn(self, poll, filling: bool):
        """Reads and writes what there is."""
        now = time.monotonic()
        for member in self.members:
            if filling and member.entered:
                member.fill()
            if member.outgoing:
                member.write()
            reading = member.kind != 'slow' or now >= member.readable_at
            poll.modify(member, (select.EPOLLIN if reading else 0) | (select.EPOLLOUT if member.outgoing else 0))
        by_number = {member.fileno(): member for member in self.members}
        for fd, happened in poll.poll(0.02):
            if happened & (select.EPOLLIN | select.EPOLLHUP):
                by_number[fd].read()
        if filling:
            self.some_leave(poll)

    def some_leave(self, poll):
        for at, member in enumerate(self.members):
            if not member.entered or member.kind in ('watcher', 'slow') or self.random.random() >= VANISHING:
                continue
            if member.kind == 'writer' and self.random.random() < 0.8:
                continue
            member.fill()
            if self.random.random() < 0.5:
                del member.outgoing[len(member.outgoing) // 2:]
            member.write()
            poll.unregister(member)
            member.close()
            self.count['vanished'] += 1
            self.count['calls that were left'] += len(member.waiting)
            self.members[at] = Member(self, 1000 + self.count['vanished'], member.kind)
            poll.register(self.members[at], select.EPOLLIN)

    def settle(self, poll, what: str):
        """Until nobody waits for a reply."""
        until = time.monotonic() + DEADLINE
        while any(member.waiting or member.outgoing for member in self.members):
            if time.monotonic() > until:
                for member in self.members:
                    for serial, (name, _, _) in member.waiting.items():
                        self.fault(f'{what}: {name} of {member.kind} {member.number} has no reply ({serial})')
                raise Lost(f'{what}: not answered within {DEADLINE} s')
            self.turn(poll, filling=False)

    def run(self, clients: int, seconds: float):
        kinds = ['watcher', 'writer', 'slow', *['caller'] * 6]
        with select.epoll() as poll:
            for number in range(clients):
                self.members.append(Member(self, number, kinds[number % len(kinds)]))
                poll.register(self.members[-1], select.EPOLLIN)
            self.settle(poll, 'opening')
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self.turn(poll, filling=True)
            self.settle(poll, 'at last')
            self.end(poll, [member for member in self.members if member.kind == 'watcher'])
        for member in self.members:
            member.close()

    def end(self, poll, watchers):
        """Compares what those who watch have heard, up to a last change that all of them hear."""
        first = self.members[0]
        first.begin('DOMAIN_DEFINE_XML_FLAGS', DEFINED, xml=DOMAIN.format(MARK), flags=0)
        self.settle(poll, 'the mark')
        mark = uuid_of(first.life[1]), DEFINED
        until = time.monotonic() + DEADLINE
        while not all(mark in map(event_of, member.events[-50:]) for member in watchers):
            if time.monotonic() > until:
                raise Lost('not all who watch hear of the end')
            self.turn(poll, filling=False)
        first.begin('DOMAIN_UNDEFINE_FLAGS', None, first.life[1] + struct.pack('>I', 0x17))
        self.settle(poll, 'the end')

        heard = [[event_of(payload) for payload in member.events] for member in watchers]
        heard = [events[:events.index(mark) + 1] for events in heard]
        # They began to listen one after the other, before there were changes by this crowd.
        size = min(map(len, heard))
        if len({tuple(events[-size:]) for events in heard}) > 1:
            self.fault(f'those who watch have heard different events: {sorted(map(len, heard))} of them')
        lost = collections.Counter(self.done) - collections.Counter(heard[0])
        if lost:
            self.fault(f'events that nobody has heard: {[(uuid.hex(), event) for uuid, event in lost][:10]}')
        self.count['changes'], self.count['watchers'] = len(self.done), len(heard)


def main() -> int:
    parser = argparse.ArgumentParser(description='Many clients of the wire at once.')
    parser.add_argument('socket')
    parser.add_argument('--clients', type=int, default=200)
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    crowd = Crowd(options.socket, options.seed)
    try:
        crowd.run(options.clients, options.seconds)
    except (Lost, OSError, AssertionError) as problem:
        crowd.faults.append(f'{type(problem).__name__}: {problem}')
    print(json.dumps({'count': crowd.count, 'faults': crowd.faults}))
    return 0


if __name__ == '__main__':
    sys.exit(main())

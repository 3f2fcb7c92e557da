#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Let the remote driver talk to peers that lie.

    tests/fuzz/wire-peer.py --build=build-asan --seconds=600 [--seed=N] [--peer=BUILD]

Between the service and a good one of the same kind stand liars, each with a socket of its own: they
change, double, delay, drop and invent what the peer says, most of it in its form, some of it not at
all. Clients of the bus open test hosts through them and call everything on what appears there. The
service must live, answer a plain call within the deadline all the while, answer every call when the
liars have gone, and hold afterwards what it held before. The last line is "N passed, N failed".
"""

import argparse
import collections
import importlib
import os
import pathlib
import random
import select
import socket
import struct
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / place) for place in ('tests/fuzz', 'tests/soak', 'tests/harness', 'tests/wire')]

from bus import PrivateBus, ServiceError  # noqa: E402
from crowd import MANAGER, PROPERTIES, ROOT, STANDARD, Holding, Values, World, compare  # noqa: E402
from rpc import MESSAGE, PROCEDURES, REPLY, STREAM, STREAM_HOLE, pack_fields, fields  # noqa: E402
from wire import ERROR, Wire  # noqa: E402

value = importlib.import_module('wire-calls').value

NAME = 'org.virtbus1'
# How often a liar changes a frame.
BOLDNESS = (0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3)
CLIENTS = 6
WINDOW = 4
DEADLINE = 120
LAST_ANSWERS = 240
LOOK_EVERY = 1
GROWTH_KIB = 24 * 1024
LEFT_OUT = {'NodeSuspendForDuration', 'Close', 'Migrate'}
HEAD = struct.Struct('>IIIiiIi')
EVENTS = [procedure for procedure in PROCEDURES.values() if procedure.is_event()]
NUMBERS = (0, 1, 2, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 16384, 16385, 4194304, 4194305)


class Hang(AssertionError):
    pass


class Liar(threading.Thread):
    """Takes in clients at its socket and passes on what the peer says to them, more or less."""

    def __init__(self, path: str, peer: str, boldness: float, seed: int, count):
        super().__init__(daemon=True)
        self.path, self.boldness, self.count = path, boldness, count
        self.random = random.Random(seed)
        self._peer = peer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(16)
        self._ends = {}      # socket -> the other end
        self._buffers = {}   # socket of the peer -> what came and was no frame yet
        self._ending = {}    # socket -> when its link is cut
        self._ended = threading.Event()
        self.allowed = True
        self.start()

    def end(self):
        self._ended.set()
        self.join()
        self._listener.close()

    def run(self):
        while not self._ended.is_set():
            ready, _, _ = select.select([self._listener, *self._ends], [], [], 0.05)
            for one in ready:
                if one is self._listener:
                    self._let_in()
                elif one in self._ends:
                    self._pass_on(one)
            for one in [one for one, when in self._ending.items() if not self.allowed or time.monotonic() > when]:
                self._cut(one)
            if not self.allowed:
                for one in list(self._ends):
                    self._cut(one)
        for one in list(self._ends):
            self._cut(one)

    def _let_in(self):
        client, _ = self._listener.accept()
        if not self.allowed:
            client.close()
            return
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(self._peer)
        # One that does not read must not hold up the others.
        client.settimeout(5)
        peer.settimeout(5)
        self._ends |= {client: peer, peer: client}
        self._buffers[peer] = b''
        self.count['links'] += 1

    def _cut(self, one):
        other = self._ends.pop(one, None)
        self._ending.pop(one, None)
        self._buffers.pop(one, None)
        one.close()
        if other:
            self._cut(other)

    def _pass_on(self, one):
        try:
            data = one.recv(262144)
            if not data:
                self._cut(one)
            elif one not in self._buffers:
                self._ends[one].sendall(data)
            else:
                self._lie(one, self._buffers[one] + data)
        except OSError:
            self._cut(one)

    def _lie(self, peer, data: bytes):
        client, out = self._ends[peer], b''
        while len(data) >= 4 and len(data) >= (length := struct.unpack_from('>I', data)[0]):
            frame, data = data[:length], data[length:]
            if self.random.random() < self.boldness:
                frame = self.changed(peer, frame)
            out += frame
        self._buffers[peer] = data
        client.sendall(out)

    # Lies.

    def changed(self, peer, frame: bytes) -> bytes:
        lie = self.random.choice((
            self.flip, self.flip, self.word, self.word, self.word, self.word, self.cut_short, self.longer, self.header,
            self.invent, self.invent, self.invent, self.invent, self.double, self.drop, self.descriptors, self.stream,
            self.wrong_length, self.noise))
        self.count[lie.__name__] += 1
        return lie(peer, frame)

    @staticmethod
    def framed(head: tuple, payload: bytes) -> bytes:
        return HEAD.pack(28 + len(payload), *head) + payload

    def flip(self, _peer, frame):
        frame = bytearray(frame)
        for _ in range(self.random.choice((1, 1, 4, 40))):
            frame[self.random.randrange(min(28, len(frame) - 1), len(frame))] ^= 1 << self.random.randrange(8)
        return bytes(frame)

    def word(self, _peer, frame):
        """Another number in the place of one of the payload."""
        if len(frame) < 32:
            return frame
        at = 28 + 4 * self.random.randrange((len(frame) - 28) // 4)
        number = self.random.choice((*NUMBERS, self.random.randrange(64)))
        return frame[:at] + struct.pack('>I', number) + frame[at + 4:]

    def cut_short(self, _peer, frame):
        return self.framed(HEAD.unpack_from(frame)[1:], frame[28:self.random.randrange(28, len(frame) + 1)])

    def longer(self, _peer, frame):
        return self.framed(HEAD.unpack_from(frame)[1:], frame[28:] + self.random.randbytes(
            self.random.choice((1, 4, 100, 70000))))

    def header(self, _peer, frame):
        head = list(HEAD.unpack_from(frame)[1:])
        at = self.random.randrange(6)
        odd = self.random.choice((0, 1, 2, 3, 4, 5, 6, 7, head[at] ^ 1, 0x7fffffff, self.random.randrange(500)))
        head[at] = odd & 0x7fffffff
        return self.framed(head, frame[28:])

    def invent(self, _peer, frame):
        """An event that nobody caused, before the frame."""
        procedure = self.random.choice(EVENTS)
        payload = pack_fields(procedure.ret, {
            name: value(procedure.name, name, kind) for name, kind in fields(procedure.ret)})
        event = self.framed((procedure.program, 1, procedure.number, MESSAGE, 1, 0), payload)
        for _ in range(self.random.randrange(3)):
            event = self.word(None, event)
        return event * self.random.choice((1, 1, 3, 50)) + frame

    def double(self, _peer, frame):
        return frame * self.random.choice((2, 2, 3, 30))

    def drop(self, peer, _frame):
        # Who waits for work to be done waits as long as the link is there.
        self._ending.setdefault(peer, time.monotonic() + self.random.random() * 3)
        return b''

    def descriptors(self, _peer, frame):
        """A reply that says that it has some, with bytes behind it that carry none."""
        head = list(HEAD.unpack_from(frame)[1:])
        head[3] = 5
        n = self.random.choice((0, 1, 2, 32, 33, 0xffffffff))
        return self.framed(head, struct.pack('>I', n) + frame[28:]) + bytes(min(n, 32))

    def stream(self, _peer, frame):
        """Packets of a stream that may not be one."""
        program, version, procedure, _, serial, _ = HEAD.unpack_from(frame)[1:]
        status = self.random.randrange(4)
        hole = self.random.random() < 0.2
        payload = struct.pack('>qI', self.random.choice((-1, 0, 5, 2 ** 62)), 0) if hole else self.random.randbytes(
            self.random.choice((0, 1, 1000, 262120, 300000)))
        packet = self.framed((program, version, procedure, STREAM_HOLE if hole else STREAM, serial, status), payload)
        return frame + packet if self.random.random() < 0.5 else packet + frame

    def wrong_length(self, _peer, frame):
        length = self.random.choice((0, 1, 27, len(frame) - 1, len(frame) + 1, 33554436, 33554437, 0xffffffff))
        return struct.pack('>I', length) + frame[4:]

    def noise(self, peer, _frame):
        self._ending.setdefault(peer, time.monotonic() + self.random.random())
        return self.random.randbytes(self.random.randrange(1, 500))


class Fuzz:
    def __init__(self, bus, peer: str, seed: int):
        self.bus, self.random = bus, random.Random(seed)
        (bus.folder / 'scratch').mkdir()
        self.world = World(bus.address)
        self.values = Values(self.random, self.world, bus.folder / 'scratch', [('test', '')])
        self.clients = {}  # wire -> {serial: what was called}
        self.count, self.lies = collections.Counter(), collections.Counter()
        self.last = collections.deque(maxlen=60)
        self.liars = [Liar(f'{bus.folder}/liar{n}', peer, boldness, seed + n, self.lies)
                      for n, boldness in enumerate(BOLDNESS)]
        self.uris = [f'test+unix:///default?socket={liar.path}' for liar in self.liars]

    def close(self):
        for liar in self.liars:
            liar.end()

    def one(self, wire):
        name, path, interface = NAME, ROOT, None
        below = [path for path in self.world.objects.get(NAME, ()) if '/test_unix' in path]
        open_or_close = self.random.random()
        if not below or open_or_close < 0.03:
            call = (ROOT, MANAGER, 'Open', 'su', (self.random.choice(self.uris), 0))
        elif open_or_close < 0.05:
            # A link that is lost is not sought again at once; one that is new is.
            call = (ROOT, MANAGER, 'Close', 'o', ('/'.join(self.random.choice(below).split('/')[:5]),))
        else:
            path = self.random.choice(below)
            found = [self.world.interfaces[name, interface] for interface in self.world.objects[NAME][path]]
            interface = self.random.choice([i for i in found if not i.name.startswith(STANDARD)] or found)
            members = [member for member in interface.methods if member not in LEFT_OUT]
            if not members or self.random.random() < 0.1:
                call = (path, PROPERTIES, 'GetAll', 's', (interface.name,))
            else:
                member = self.random.choice(members)
                kinds = interface.methods[member]
                # Descriptors are for others to be odd with.
                if any('h' in kind for _, kind in kinds):
                    return
                call = (path, interface.name, member, ''.join(kind for _, kind in kinds),
                        [self.values.fitting(member, argument, kind) for argument, kind in kinds])
        serial = wire.send(*call, destination=NAME)
        said = str(call)[:200]
        self.last.append(said)
        self.clients[wire][serial] = said
        self.count['sent'] += 1

    def turn(self, wire, filling: bool):
        wire.flush()
        for message in wire.receive():
            if message.reply and self.clients[wire].pop(message.reply, None):
                self.count['refused' if message.kind == ERROR else 'answered'] += 1
        for _ in range(WINDOW - len(self.clients[wire]) if filling and not wire.pending() else 0):
            self.one(wire)

    def watch(self, dog, asked):
        if self.bus.service.poll() is not None:
            raise ServiceError(f'the service ended with {self.bus.service.returncode}')
        for message in dog.receive():
            if asked and message.reply == asked[0]:
                self.count['slowest ms'] = max(self.count['slowest ms'], int((time.monotonic() - asked[1]) * 1000))
                asked = None
        if asked and time.monotonic() > asked[1] + DEADLINE:
            raise Hang(f'no answer for {DEADLINE} s')
        return asked or (dog.send(ROOT, STANDARD + 'Peer', 'Ping'), time.monotonic())

    def run(self, seconds: float):
        dog, asked, look = Wire(self.bus.address), None, 0
        for liar in self.liars:
            liar.allowed = True
        for _ in range(CLIENTS):
            self.clients[Wire(self.bus.address)] = {}
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if time.monotonic() > look:
                self.world.look()
                self.values.learn()
                look = time.monotonic() + LOOK_EVERY
            select.select([dog, *self.clients], [], [], 0.05)
            asked = self.watch(dog, asked)
            for wire in self.clients:
                self.turn(wire, filling=True)
            if self.random.random() < 0.002:
                self.leave(self.random.choice(list(self.clients)))
                self.clients[Wire(self.bus.address)] = {}
        for liar in self.liars:
            liar.allowed = False
        until = time.monotonic() + LAST_ANSWERS
        while any(self.clients.values()):
            if time.monotonic() > until:
                raise Hang(f'never answered: {[said for calls in self.clients.values() for said in calls.values()]}')
            select.select([dog, *self.clients], [], [], 0.2)
            asked = self.watch(dog, asked)
            for wire in self.clients:
                self.turn(wire, filling=False)
        for wire in list(self.clients):
            self.leave(wire)
        dog.close()

    def leave(self, wire):
        wire.close()
        del self.clients[wire]

    def settled(self, like=None) -> Holding:
        """When the connections of those who have left are closed."""
        until = time.monotonic() + LAST_ANSWERS
        while True:
            self.world.look()
            if not any('/test_unix' in path for path in self.world.objects[NAME]):
                return Holding.settled(self.bus.service.pid, self.bus.address, self.world, like)
            if time.monotonic() > until:
                raise Hang('connections stay open when those who opened them have left')
            time.sleep(0.2)


def fuzz(options, seed: int) -> list:
    os.environ['VIRTBUS_BUILD'] = str(pathlib.Path(options.peer or options.build).resolve())
    with PrivateBus(trace=False) as good:
        good.start_service()
        os.environ['VIRTBUS_BUILD'] = str(pathlib.Path(options.build).resolve())
        with PrivateBus(trace=False, env={'ASAN_OPTIONS': 'exitcode=99:quarantine_size_mb=4:'
                                                         'detect_stack_use_after_return=0'}) as bus:
            bus.start_service()
            run = Fuzz(bus, f'{good.folder}/run/virtbus/virtbus-sock', seed)
            try:
                held = []
                for _ in range(2):
                    run.run(options.seconds / 2)
                    held.append(run.settled(like=held[-1] if held else None))
                    print(f'holds {held[-1]}', flush=True)
                if good.service.poll() is not None:
                    raise ServiceError('the good peer has ended')
            except (Hang, ServiceError, TimeoutError, ConnectionError) as trouble:
                calls = '\n'.join(run.last)
                return [f'{trouble}\nthe last calls:\n{calls}\n{bus.describe()}']
            finally:
                run.close()
                for count in (run.count, run.lies):
                    print(', '.join(f'{number} {what}' for what, number in count.most_common()), flush=True)
            faults = compare(held[0], held[1], GROWTH_KIB)
            try:
                bus.stop_service()
            except ServiceError as trouble:
                faults.append(f'{trouble}\n{bus.describe()}')
            return faults


def main() -> int:
    parser = argparse.ArgumentParser(description='Let the remote driver talk to peers that lie.')
    parser.add_argument('--seconds', type=float, default=20)
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--build', default='build')
    parser.add_argument('--peer', default=None, help='the build of the peer; the same without')
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), 'little')
    print(f'seed {seed}', flush=True)
    faults = fuzz(options, seed)
    for fault in faults:
        print(f'FAILED  {fault}')
    print(f'{0 if faults else 1} passed, {1 if faults else 0} failed')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())

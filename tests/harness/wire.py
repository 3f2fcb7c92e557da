# SPDX-License-Identifier: LGPL-2.1-or-later
"""D-Bus by hand: for tests that send what no library would, or have many clients in one process.

    wire = Wire('unix:path=/run/x/bus')
    serial = wire.send('/org/virtbus1', 'org.freedesktop.DBus.Peer', 'Ping')
    for message in wire.receive(): ...          # what has arrived; does not wait

Nothing here waits but connect() and Wire.call(). What the peer does not read yet is kept; flush()
sends more of it, pending() tells whether there is some. A peer that hangs up is a ConnectionError.
"""

import array
import os
import select
import socket
import struct
import time

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4
NO_REPLY, NO_AUTO_START, INTERACTIVE = 1, 2, 4

FIXED = {'y': 'B', 'b': 'I', 'n': 'h', 'q': 'H', 'i': 'i', 'u': 'I', 'x': 'q', 't': 'Q', 'd': 'd', 'h': 'I'}
SIZES = {'y': 1, 'n': 2, 'q': 2, 'b': 4, 'i': 4, 'u': 4, 'h': 4, 'x': 8, 't': 8, 'd': 8,
         's': 4, 'o': 4, 'a': 4, 'g': 1, 'v': 1, '(': 8, '{': 8}
FIELDS = {'path': (1, 'o'), 'interface': (2, 's'), 'member': (3, 's'), 'error': (4, 's'), 'reply': (5, 'u'),
          'destination': (6, 's'), 'sender': (7, 's'), 'signature': (8, 'g'), 'fds': (9, 'u')}
NAMES = {number: name for name, (number, _) in FIELDS.items()}

_types = {}


def types(signature: str) -> list:
    """The complete types of a signature."""
    if signature not in _types:
        result, at = [], 0
        while at < len(signature):
            begin = at
            while signature[at] == 'a':
                at += 1
            depth = 0
            while True:
                depth += {'(': 1, '{': 1, ')': -1, '}': -1}.get(signature[at], 0)
                at += 1
                if depth == 0:
                    break
            result.append(signature[begin:at])
        _types[signature] = result
    return _types[signature]


def _align(out: bytearray, size: int):
    out.extend(bytes(-len(out) % size))


def put(out: bytearray, kind: str, value):
    """Appends one value. Of a variant it is (signature, value), of a{..} pairs; text may be bytes."""
    code = kind[0]
    _align(out, SIZES[code])
    if code in FIXED:
        out += struct.pack('<' + FIXED[code], value)
    elif code in 'sog':
        data = value if isinstance(value, bytes) else value.encode('utf-8', 'surrogateescape')
        out += struct.pack('<B' if code == 'g' else '<I', len(data)) + data + b'\0'
    elif code == 'v':
        put(out, 'g', value[0])
        put(out, value[0], value[1])
    elif code == 'a':
        begin = len(out)
        out += bytes(4)
        _align(out, SIZES[kind[1]])
        first = len(out)
        if kind == 'ay':
            out += bytes(value)
        else:
            for item in value:
                put(out, kind[1:], item)
        struct.pack_into('<I', out, begin, len(out) - first)
    else:
        for inner, item in zip(types(kind[1:-1]), value):
            put(out, inner, item)


def body(signature: str, values) -> bytes:
    out = bytearray()
    for kind, value in zip(types(signature), values):
        put(out, kind, value)
    return bytes(out)


def get(data: bytes, at: int, kind: str):
    """The value at that place, and the place behind it."""
    code = kind[0]
    at += -at % SIZES[code]
    if code in FIXED:
        return struct.unpack_from('<' + FIXED[code], data, at)[0], at + SIZES[code]
    if code in 'sog':
        size, = struct.unpack_from('<B' if code == 'g' else '<I', data, at)
        at += SIZES[code]
        return data[at:at + size].decode('utf-8', 'replace'), at + size + 1
    if code == 'v':
        inner, at = get(data, at, 'g')
        return get(data, at, inner)
    if code == 'a':
        size, = struct.unpack_from('<I', data, at)
        at += 4
        at += -at % SIZES[kind[1]]
        end, items = at + size, []
        while at < end:
            item, at = get(data, at, kind[1:])
            items.append(item)
        return items, at
    items = []
    for inner in types(kind[1:-1]):
        item, at = get(data, at, inner)
        items.append(item)
    return tuple(items), at


class Message:
    """One that arrived; body() reads what it carries. Its descriptors are closed unless taken."""

    def __init__(self, data: bytes, fields_size: int):
        self.kind, self.flags = data[1], data[2]
        self.serial, = struct.unpack_from('<I', data, 8)
        fields, _ = get(data[:16 + fields_size], 12, 'a(yv)')
        self.fields = {NAMES[number]: value for number, value in fields if number in NAMES}
        self.reply = self.fields.get('reply')
        self.error = self.fields.get('error')
        self._body = data[16 + fields_size + -fields_size % 8:]

    def body(self) -> list:
        values, at = [], 0
        for kind in types(self.fields.get('signature', '')):
            value, at = get(self._body, at, kind)
            values.append(value)
        return values

    def text(self) -> str:
        """Of an error."""
        return self.body()[0] if self.fields.get('signature', '')[:1] == 's' else ''


class Wire:
    def __init__(self, address: str, name='org.virtbus1'):
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(address.removeprefix('unix:path='))
        self._socket.sendall(b'\0AUTH EXTERNAL ' + str(os.getuid()).encode().hex().encode() + b'\r\n')
        self._line(b'OK')
        self._socket.sendall(b'NEGOTIATE_UNIX_FD\r\n')
        self._line(b'AGREE')
        self._socket.sendall(b'BEGIN\r\n')
        self._socket.setblocking(False)
        self._in, self._out, self._serial = bytearray(), [], 0
        self.unique_name = self.bus('Hello')[0]

    def _line(self, begin: bytes):
        line = b''
        while not line.endswith(b'\r\n'):
            line += self._socket.recv(1)
        if not line.startswith(begin):
            raise ConnectionError(line)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self):
        self._socket.close()

    def send(self, path, interface, member, signature='', values=(), flags=0, fds=(), kind=CALL, destination=None,
             raw=None, **more) -> int:
        """Returns the serial. raw is a body that replaces the one of the values; more are other fields."""
        self._serial += 1
        fields = {'path': path, 'interface': interface, 'member': member, 'destination': destination or self.name,
                  'signature': signature or None, 'fds': len(fds) or None, **more}
        data = body(signature, values) if raw is None else raw
        head = bytearray(struct.pack('<cBBBII', b'l', kind, flags, 1, len(data), self._serial))
        put(head, 'a(yv)', [(FIELDS[name][0], (FIELDS[name][1], value)) for name, value in fields.items()
                            if value is not None])
        _align(head, 8)
        self._out.append([bytes(head) + data, [os.dup(fd) for fd in fds]])
        self.flush()
        return self._serial

    def flush(self):
        while self._out:
            data, fds = self._out[0]
            control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
            try:
                sent = self._socket.sendmsg([data], control)
            except BlockingIOError:
                return
            for fd in fds:
                os.close(fd)
            self._out[0] = [data[sent:], []]
            if sent == len(data):
                self._out.pop(0)

    def pending(self) -> bool:
        return bool(self._out)

    def receive(self) -> list:
        """The messages that are there."""
        while True:
            try:
                data, control, _, _ = self._socket.recvmsg(1 << 18, 4096)
            except BlockingIOError:
                break
            for _, _, fds in control:
                for fd in array.array('i', fds[:len(fds) // 4 * 4]):
                    os.close(fd)
            if not data:
                raise ConnectionResetError('hung up')
            self._in += data
            if len(data) < 1 << 17:
                break
        messages = []
        while len(self._in) >= 16:
            size, _, fields_size = struct.unpack_from('<III', self._in, 4)
            total = 16 + fields_size + -fields_size % 8 + size
            if len(self._in) < total:
                break
            messages.append(Message(bytes(self._in[:total]), fields_size))
            del self._in[:total]
        return messages

    def call(self, path, interface, member, signature='', values=(), timeout=120, **options) -> list:
        """send(), and wait for the reply; others that come are lost. An error is a RuntimeError."""
        serial = self.send(path, interface, member, signature, values, **options)
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            waiting = select.poll()  # select() does not know numbers above 1023.
            waiting.register(self, select.POLLIN | (select.POLLOUT if self.pending() else 0))
            waiting.poll(200)
            self.flush()
            for message in self.receive():
                if message.reply == serial and message.kind == ERROR:
                    raise RuntimeError(f'{message.error}: {message.text()}')
                if message.reply == serial:
                    return message.body()
        raise TimeoutError(f'no answer to {interface}.{member} of {path}')

    def bus(self, member: str, signature='', *values) -> list:
        return self.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', member, signature, values,
                         destination='org.freedesktop.DBus')

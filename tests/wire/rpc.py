# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt's wire, spoken by hand: frames as they are, and calls by the table of procedures.

    client = Client('/run/libvirt/libvirt-sock')
    client.login()
    client.call('CONNECT_OPEN', name='test:///default', flags=0)
    client.call('DOMAIN_LOOKUP_BY_NAME', name='test')['dom']
"""

import array
import pathlib
import re
import socket
import struct
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]

PROGRAMS = {'REMOTE': 0x20008086, 'QEMU': 0x20008087, 'LXC': 0x00068000}
KEEPALIVE = 0x6b656570
PING, PONG = 1, 2
CALL, REPLY, MESSAGE, STREAM, CALL_WITH_FDS, REPLY_WITH_FDS, STREAM_HOLE = range(7)
OK, ERROR, CONTINUE = range(3)
ERROR_LAYOUT = 'code:i,domain:i,message:S,level:i,dom:domain?,str1:S,str2:S,str3:S,int1:i,int2:i,net:network?'

NAMED = {'domain': 'name:s,uuid:uuid,id:i', 'network': 'name:s,uuid:uuid', 'nwfilter': 'name:s,uuid:uuid',
         'pool': 'name:s,uuid:uuid', 'vol': 'pool:s,name:s,key:s', 'iface': 'name:s,mac:s', 'nodedev': 'name:s',
         'secret': 'uuid:uuid,usageType:i,usageID:s', 'snapshot': 'name:s,dom:domain',
         'checkpoint': 'name:s,dom:domain', 'network_port': 'net:network,uuid:uuid',
         'nwfilter_binding': 'portdev:s,filtername:s'}
NUMBERS = {'i': '>i', 'u': '>I', 'h': '>q', 'H': '>Q', 'd': '>d', 's8': '>i', 'u8': '>I', 'u16': '>I'}
PARAMS = {1: 'i', 2: 'u', 3: 'h', 4: 'H', 5: 'd', 6: 'i', 7: 's'}


def fields(layout: str) -> list:
    """'dom:domain,info:{a:i,b:s}[16]' -> [('dom', 'domain'), ('info', '{a:i,b:s}[16]')]"""
    if layout == '-':
        return []
    result, depth, begin = [], 0, 0
    for at, char in enumerate(layout + ','):
        depth += (char == '{') - (char == '}')
        if char == ',' and depth == 0:
            name, _, type_ = layout[begin:at].partition(':')
            result.append((name, type_))
            begin = at + 1
    return result


def split(type_: str) -> tuple:
    return re.fullmatch(r'(\{.*\}|\w+?)(?:(\?)|\[(\d+)\]|\*(\d+))?', type_).groups()


def pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def pack(type_: str, value) -> bytes:
    base, optional, most, exactly = split(type_)
    if optional:
        return struct.pack('>I', 0) if value is None else struct.pack('>I', 1) + pack(base, value)
    if base == 'params':
        return struct.pack('>I', len(value)) + b''.join(
            pack('s', name) + struct.pack('>i', kind) + pack(PARAMS[kind], what) for name, kind, what in value)
    if most or exactly:
        return (struct.pack('>I', len(value)) if most else b'') + b''.join(pack(base, item) for item in value)
    if base in NUMBERS:
        return struct.pack(NUMBERS[base], value)
    if base == 's':
        data = value if isinstance(value, bytes) else value.encode()
        return struct.pack('>I', len(data)) + pad(data)
    if base == 'S':
        return struct.pack('>I', 0) if value is None else struct.pack('>I', 1) + pack('s', value)
    if re.fullmatch(r'o\d+', base):
        return struct.pack('>I', len(value)) + pad(value)
    if base == 'uuid':
        return value if isinstance(value, bytes) else uuid.UUID(value).bytes
    return pack_fields(NAMED.get(base, base[1:-1]), value)


def pack_fields(layout: str, values: dict) -> bytes:
    wanted = fields(layout)
    assert set(values) == {name for name, _ in wanted}, (layout, values)
    return b''.join(pack(type_, values[name]) for name, type_ in wanted)


class Reader:
    def __init__(self, data: bytes):
        self.data, self.at = data, 0

    def take(self, n: int) -> bytes:
        assert self.at + n <= len(self.data), 'the payload is too short'
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form: str):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def opaque(self) -> bytes:
        n = self.number('>I')
        data = self.take(n)
        self.take(-n % 4)
        return data

    def read(self, type_: str):
        base, optional, most, exactly = split(type_)
        if optional:
            return self.read(base) if self.number('>I') else None
        if base == 'params':
            result = []
            for _ in range(self.number('>I')):
                name, kind = self.read('s'), self.number('>i')
                result.append((name, kind, self.read(PARAMS[kind])))
            return result
        if most or exactly:
            return [self.read(base) for _ in range(self.number('>I') if most else int(exactly))]
        if base in NUMBERS:
            return self.number(NUMBERS[base])
        if base == 's':
            return self.opaque().decode()
        if base == 'S':
            return self.opaque().decode() if self.number('>I') else None
        if re.fullmatch(r'o\d+', base):
            return self.opaque()
        if base == 'uuid':
            return str(uuid.UUID(bytes=self.take(16)))
        return self.fields(NAMED.get(base, base[1:-1]))

    def fields(self, layout: str) -> dict:
        return {name: self.read(type_) for name, type_ in fields(layout)}


def unpack_fields(layout: str, data: bytes) -> dict:
    reader = Reader(data)
    values = reader.fields(layout)
    assert reader.at == len(data), f'{len(data) - reader.at} bytes too many'
    return values


class Procedure:
    def __init__(self, line: str):
        program, number, self.name, self.args, self.ret, notes = line.rstrip('\n').split('\t')
        self.program, self.number, self.notes = PROGRAMS[program], int(number), notes.split(';')
        self.key = self.name if program == 'REMOTE' else f'{program}_{self.name}'

    def is_event(self) -> bool:
        return 'event' in self.notes


PROCEDURES = {procedure.key: procedure for procedure in (
    Procedure(line) for line in (TOP / 'interfaces/libvirt-rpc.tsv').read_text().splitlines(True)
    if not line.startswith('#'))}
BY_NUMBER = {(procedure.program, procedure.number): procedure for procedure in PROCEDURES.values()}


class Frame:
    def __init__(self, program, version, procedure, type_, serial, status, payload=b'', fds=()):
        self.program, self.version, self.procedure = program, version, procedure
        self.type, self.serial, self.status = type_, serial, status
        self.payload, self.fds = payload, list(fds)

    def header(self) -> tuple:
        return self.program, self.version, self.procedure, self.type, self.serial, self.status

    def bytes(self) -> bytes:
        payload = self.payload
        if self.type in (CALL_WITH_FDS, REPLY_WITH_FDS):
            payload = struct.pack('>I', len(self.fds)) + payload
        return struct.pack('>IIIiiIi', 28 + len(payload), *self.header()) + payload

    def error(self) -> dict:
        assert self.status == ERROR, self
        return unpack_fields(ERROR_LAYOUT, self.payload)

    def __repr__(self):
        procedure = BY_NUMBER.get((self.program, self.procedure))
        return (f'<{procedure.name if procedure else hex(self.program)} {self.procedure} type {self.type} '
                f'serial {self.serial} status {self.status} {self.payload!r}>')


class RpcError(Exception):
    def __init__(self, error: dict):
        super().__init__(f"{error['code']}/{error['domain']}: {error['message']}")
        self.error = error
        self.code, self.domain, self.message = error['code'], error['domain'], error['message']


class Closed(Exception):
    """The server has closed the connection."""


class Client:
    def __init__(self, address, timeout=120):
        """address: a path, or (host, port)."""
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.serial = 0
        self.events = []  # frames that came while something else was waited for

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Frames.

    def send(self, frame: Frame):
        self.send_bytes(frame.bytes())
        for fd in frame.fds:
            self.socket.sendmsg([b'\0'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])

    def send_bytes(self, data: bytes):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as problem:
            raise Closed from problem

    def _read(self, n: int) -> bytes:
        data = b''
        while len(data) < n:
            try:
                more = self.socket.recv(n - len(data))
            except ConnectionResetError as problem:
                raise Closed from problem
            if not more:
                raise Closed
            data += more
        return data

    def receive(self) -> Frame:
        length = struct.unpack('>I', self._read(4))[0]
        data = self._read(length - 4)
        frame = Frame(*struct.unpack('>IIiiIi', data[:24]), data[24:])
        if frame.type == REPLY_WITH_FDS:
            n = struct.unpack('>I', frame.payload[:4])[0]
            frame.payload = frame.payload[4:]
            for _ in range(n):
                _, ancillary, _, _ = self.socket.recvmsg(1, socket.CMSG_SPACE(4))
                frame.fds += array.array('i', ancillary[0][2])
        return frame

    # Calls.

    def start(self, name: str, /, fds=None, **args) -> Frame:
        """Sends a call and does not wait for the reply."""
        procedure = PROCEDURES[name]
        frame = Frame(procedure.program, 1, procedure.number, CALL if fds is None else CALL_WITH_FDS, self.serial, OK,
                      pack_fields(procedure.args, args), fds or [])
        self.serial += 1
        self.send(frame)
        return frame

    def reply(self, call: Frame) -> Frame:
        while True:
            frame = self.receive()
            if frame.type in (REPLY, REPLY_WITH_FDS) and frame.serial == call.serial:
                assert frame.header()[:3] == call.header()[:3], frame
                return frame
            self.events.append(frame)

    def finish(self, call: Frame) -> dict:
        frame = self.reply(call)
        if frame.status == ERROR:
            raise RpcError(frame.error())
        result = unpack_fields(BY_NUMBER[call.program, call.procedure].ret, frame.payload)
        if frame.fds:
            result['fds'] = frame.fds
        return result

    def call(self, name: str, /, fds=None, **args) -> dict:
        return self.finish(self.start(name, fds, **args))

    def login(self):
        for type_ in self.call('AUTH_LIST')['types']:
            if type_ == 2:
                self.call('AUTH_POLKIT')

    def open(self, uri='test:///default', flags=0):
        self.login()
        self.call('CONNECT_OPEN', name=uri, flags=flags)
        return self

    # What comes by itself.

    def next(self) -> Frame:
        return self.events.pop(0) if self.events else self.receive()

    def event(self) -> tuple:
        """The next event: its name and its values."""
        while True:
            frame = self.next()
            if frame.type == MESSAGE and frame.program != KEEPALIVE:
                procedure = BY_NUMBER[frame.program, frame.procedure]
                return procedure.name, unpack_fields(procedure.ret, frame.payload)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes seeds for the door of the wire into a folder: calls as a client might make them, as fuzz-wire-door.c takes
them. One for each procedure, and some stories."""

import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/wire'))

from rpc import NAMED, PROCEDURES, fields, pack_fields, split  # noqa: E402

RUN, PACKET, HOLE, FINISH, ABORT = 16, 1, 2, 4, 8
UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f'
# Without a UUID things are found by their names.
TEXTS = {'pool': 'default-pool', 'network': 'default', 'iface': 'eth1', 'nodedev': 'computer', 'domain': 'test'}
XML = {
    'DOMAIN': "<domain type='test'><name>a</name><memory>8192</memory><os><type>hvm</type></os></domain>",
    'SNAPSHOT': '<domainsnapshot><name>s</name></domainsnapshot>',
    'CHECKPOINT': '<domaincheckpoint><name>c</name></domaincheckpoint>',
    'STORAGE_VOL': '<volume><name>v</name><capacity>100000</capacity></volume>',
    'POOL': "<pool type='dir'><name>p</name><target><path>/p</path></target></pool>",
    'NETWORK': "<network><name>n</name><bridge name='n0'/></network>",
    'INTERFACE': "<interface type='ethernet' name='e'/>",
    'SECRET': "<secret ephemeral='no' private='no'><usage type='ceph'><name>k</name></usage></secret>",
    'NWFILTER': "<filter name='f'/>",
    'NODE_DEVICE': '<device><parent>computer</parent></device>',
    'DEVICE': "<disk type='file' device='disk'><source file='/d'/><target dev='vdb'/></disk>",
}


def xml(procedure: str) -> str:
    return next((XML[kind] for kind in ('SNAPSHOT', 'CHECKPOINT', 'DEVICE', *XML)
                 if kind in procedure and not (kind == 'DEVICE' and 'NODE' in procedure)), XML['DOMAIN'])


def value(procedure: str, name: str, kind: str):
    base, optional, most, exactly = split(kind)
    if exactly:
        return [value(procedure, name, base)] * int(exactly)
    if base == 'params':
        return [('vcpu_quota', 3, 1000), ('cpu_shares', 4, 10)]
    if most:
        return [value(procedure, name, base)]
    if base in ('domain', 'network', 'pool', 'iface', 'nodedev', 'nwfilter', 'vol', 'secret', 'snapshot', 'checkpoint',
                'network_port', 'nwfilter_binding'):
        return {inner: value(base, inner, what) for inner, what in fields(NAMED[base])}
    if base[0] == '{':
        return {inner: value(procedure, inner, what) for inner, what in fields(base[1:-1])}
    if base == 'uuid':
        return UUID if procedure == 'domain' else bytes(16)
    if base[0] == 'o':
        return b'\1'
    if base in ('s', 'S'):
        return xml(procedure) if 'xml' in name.lower() else TEXTS.get(procedure, 'test')
    if base == 'd':
        return 1.0
    return {'need_results': 1, 'maxnames': 10, 'maxids': 10, 'nparams': 16, 'maxinfo': 2, 'maplen': 2,
            'size': 64, 'nvcpus': 2}.get(name, 0)


def frame(name: str, kind=RUN, **more) -> bytes:
    procedure = PROCEDURES[name]
    values = {inner: value(name, inner, what) for inner, what in fields(procedure.args)} | more
    payload = pack_fields(procedure.args, values)
    return struct.pack('<HBBH', procedure.number, kind, 0, len(payload)) + payload


def packet(kind: int, payload=b'', back=0) -> bytes:
    return struct.pack('<HBBH', 0, kind | PACKET | RUN, back, len(payload)) + payload


def volume(name='v') -> dict:
    return {'pool': 'default-pool', 'name': name, 'key': f'/default-pool/{name}'}


def main():
    folder = pathlib.Path(sys.argv[1])
    seeds = {name: frame(name) for name, procedure in PROCEDURES.items()
             if procedure.program == 0x20008086 and not procedure.is_event()}
    create = frame('STORAGE_VOL_CREATE_XML')
    upload = create + frame('STORAGE_VOL_UPLOAD', vol=volume(), length=0, flags=0)
    sparse = create + frame('STORAGE_VOL_UPLOAD', vol=volume(), length=0, flags=1)
    hole = struct.pack('>qI', 4096, 0)
    seeds |= {
        'upload': upload + packet(0, b'bytes' * 50) * 3 + packet(FINISH),
        'upload-aborted': upload + packet(0, b'bytes') + packet(ABORT),
        'upload-holes': sparse + packet(HOLE, hole) + packet(0, b'bytes') + packet(HOLE, hole) + packet(FINISH),
        'upload-many': upload + packet(0, b'much' * 1000) * 20 + packet(FINISH),
        'download': upload + packet(0, b'x' * 1000) + packet(FINISH)
        + frame('STORAGE_VOL_DOWNLOAD', vol=volume(), length=0, flags=0) + packet(FINISH),
        'screenshot': frame('DOMAIN_SCREENSHOT') + packet(FINISH),
        'console': frame('DOMAIN_OPEN_CONSOLE') + packet(0, b'x') + packet(ABORT),
        'life': frame('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', dom=None)
        + frame('CONNECT_DOMAIN_EVENT_REGISTER_ANY') + frame('DOMAIN_DEFINE_XML')
        + b''.join(frame(name, kind) for kind in (0, RUN) for name in (
            'DOMAIN_SUSPEND', 'DOMAIN_RESUME', 'DOMAIN_SNAPSHOT_CREATE_XML', 'DOMAIN_MANAGED_SAVE', 'DOMAIN_CREATE',
            'DOMAIN_REBOOT', 'DOMAIN_CHECKPOINT_CREATE_XML', 'DOMAIN_DESTROY', 'DOMAIN_CREATE', 'DOMAIN_RENAME')),
        'watch': frame('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', eventID=5) * 3
        + frame('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', callbackID=1),
        'window': frame('CONNECT_GET_CAPABILITIES', 0) * 12 + frame('CONNECT_CLOSE'),
        'descriptor': frame('DOMAIN_CREATE_WITH_FILES', HOLE | RUN) + frame('DOMAIN_OPEN_GRAPHICS', HOLE | RUN),
    }
    for name, seed in seeds.items():
        (folder / name).write_bytes(seed)


if __name__ == '__main__':
    main()

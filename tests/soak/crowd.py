# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests that let many clients loose on the service share: what there is to call, values to call
it with, and what the service holds."""

import collections
import contextlib
import math
import os
import pathlib
import re
import sys
import time
import xml.etree.ElementTree as ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/harness'))

from bus import command_line  # noqa: E402
from wire import Wire  # noqa: E402

PROPERTIES = 'org.freedesktop.DBus.Properties'
STANDARD = 'org.freedesktop.DBus.'
ROOT = '/org/virtbus1'
MANAGER = 'org.virtbus1.Manager'
NAMES = {'org.virtbus1': '/org/virtbus1', 'org.libvirt': '/org/libvirt'}


class Interface:
    def __init__(self, element):
        self.name = element.get('name')
        self.short = self.name.rpartition('.')[2]
        self.methods = {
            method.get('name'): [(arg.get('name', ''), arg.get('type')) for arg in method.iter('arg')
                                 if arg.get('direction', 'in') == 'in']
            for method in element.iter('method')}
        self.properties = {found.get('name'): (found.get('type'), found.get('access'))
                           for found in element.iter('property')}


class World:
    """The objects that there are, in both namespaces, as introspection tells it."""

    def __init__(self, address: str):
        self._address = address
        self.interfaces = {}  # name of the bus and of the interface -> Interface
        self.objects = {}     # name of the bus -> {path: names of its interfaces}

    def look(self):
        self.objects = {}
        for name, root in NAMES.items():
            wire = Wire(self._address, name)
            self.objects[name] = {}
            self._look(wire, name, root)
            wire.close()

    def _look(self, wire, name, path):
        try:
            text, = wire.call(path, STANDARD + 'Introspectable', 'Introspect')
        except RuntimeError:
            return  # It has gone meanwhile.
        node = ElementTree.fromstring(text)
        # One that only has children is none.
        if any(not found.get('name').startswith(STANDARD) for found in node.findall('interface')):
            self.objects[name][path] = [found.get('name') for found in node.findall('interface')]
        for element in node.findall('interface'):
            self.interfaces.setdefault((name, element.get('name')), Interface(element))
        for child in node.findall('node'):
            self._look(wire, name, f'{path}/{child.get("name")}')

    def count(self) -> int:
        return sum(len(objects) for objects in self.objects.values())


# Calls that take away what a test left, by interface; all that fails is ignored.
REMOVALS = {
    'DomainSnapshot': [('Delete', 'u', (0,))],
    'DomainCheckpoint': [('Delete', 'u', (0,))],
    'Domain': [('Destroy', 'u', (0,)), ('Undefine', 'u', (0x17,)), ('Undefine', 'u', (0,))],
    'Interface': [('Destroy', 'u', (0,)), ('Undefine', '', ())],
    'Network': [('Destroy', '', ()), ('Undefine', '', ())],
    'NWFilter': [('Undefine', '', ())],
    'NodeDevice': [('Destroy', '', ())],
    'Secret': [('Undefine', '', ())],
    'StorageVol': [('Delete', 'u', (0,))],
    'StoragePool': [('Destroy', '', ()), ('Undefine', '', ())],
}


def clean_up(address: str, world: World, before: set):
    """Removes the objects that are not among those."""
    world.look()
    wire = Wire(address)
    for path, interfaces in sorted(world.objects['org.virtbus1'].items(), reverse=True):
        if path in before:
            continue
        for interface in interfaces:
            for member, signature, values in REMOVALS.get(interface.removeprefix('org.virtbus1.'), ()):
                try:
                    wire.call(path, interface, member, signature, values)
                except RuntimeError:
                    pass
    for path in wire.call(ROOT, MANAGER, 'ListConnections')[0]:
        if path not in before:
            try:
                wire.call(ROOT, MANAGER, 'Close', 'o', (path,))
            except RuntimeError:
                pass
    wire.close()
    world.look()


# How long what the service holds may take to be what it was, in seconds.
PATIENCE = 60
# And without calls, a bit more than it holds what calls needed.
REST = 6


class Holding:
    """What the service holds on to: descriptors, fibers, objects, memory in KiB."""

    def __init__(self, pid: int, address: str, world: World):
        wire = Wire(address)
        # Whoever left has left for the service too when it has heard of one who left later.
        Wire(address).close()
        wire.call(ROOT, PROPERTIES, 'Get', 'ss', (MANAGER, 'Version'))
        time.sleep(0.5)
        world.look()
        self.fibers = sorted(name for name, *_ in wire.call(ROOT, MANAGER, 'ListFibers')[0])
        wire.close()
        self.descriptors = collections.Counter()
        for fd in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            # One that is closed meanwhile is not held.
            with contextlib.suppress(FileNotFoundError):
                what = os.readlink(fd)
                if not ('pidfd' in what and self.is_guest(pid, fd.name)):
                    self.descriptors[re.sub(r'\d+', 'N', what)] += 1
        self.objects = {path for objects in world.objects.values() for path in objects}
        self._pid = pid
        self._measure()

    def _measure(self):
        status = pathlib.Path(f'/proc/{self._pid}/status').read_text()
        self.resident = int(re.search(r'VmRSS:\s+(\d+)', status).group(1))

    def rest(self):
        """Leaves the service alone for a while: it gives back memory that it does not use, some seconds after calls."""
        time.sleep(REST)
        self._measure()

    @staticmethod
    def is_guest(pid: int, fd: str) -> bool:
        """Whether a pidfd is that of a guest. Those of a host that was closed run on, and are waited for."""
        fields = pathlib.Path(f'/proc/{pid}/fdinfo/{fd}').read_text()
        guest = re.search(r'^Pid:\s+(-?\d+)', fields, re.MULTILINE)
        return bool(guest) and 'qemu' in command_line(int(guest[1]))

    @classmethod
    def settled(cls, pid: int, address: str, world: World, like=None, growth=math.inf):
        """When nothing moves any more; if it is to be like another: when compare() says so, or in vain after a while."""
        now, until = None, time.monotonic() + PATIENCE
        while True:
            last, now = now, cls(pid, address, world)
            still = last and all(getattr(last, name) == getattr(now, name) for name in ('fibers', 'descriptors', 'objects'))
            if still and not (like and compare(like, now, growth)) or time.monotonic() > until:
                return now

    def __str__(self):
        return (f'{self.resident / 1024:.1f} MiB, {self.descriptors.total()} descriptors, {len(self.fibers)} fibers, '
                f'{len(self.objects)} objects')


def compare(before: Holding, after: Holding, growth: int) -> list:
    """What is left of what there was not before; growth is how many KiB more it may be."""
    faults = []
    if after.fibers != before.fibers:
        faults.append(f'fibers: {before.fibers} became {after.fibers}')
    if after.descriptors - before.descriptors:
        faults.append(f'descriptors are left: {dict(after.descriptors - before.descriptors)}')
    if after.objects - before.objects:
        faults.append(f'objects are left: {sorted(after.objects - before.objects)[:10]}')
    if after.resident > before.resident + growth:
        faults.append(f'memory: {before.resident} KiB became {after.resident} KiB')
    return faults


DOCUMENTS = {
    'Snapshot': '<domainsnapshot><name>{name}</name></domainsnapshot>',
    'Checkpoint': '<domaincheckpoint><name>{name}</name></domaincheckpoint>',
    'StorageVol': "<volume><name>{name}</name><capacity unit='MiB'>1</capacity></volume>",
    'StoragePool': "<pool type='dir'><name>{name}</name><target><path>/{name}</path></target></pool>",
    'NodeDevice': "<device><name>{name}</name><parent>scsi_host11</parent><capability type='scsi_host'>"
                  "<capability type='fc_host'><wwnn>2000000012341234</wwnn><wwpn>1000000012341234</wwpn>"
                  '</capability></capability></device>',
    'NWFilter': "<filter name='{name}' chain='ipv4'><rule action='accept' direction='in'/></filter>",
    'Secret': "<secret ephemeral='no' private='no'><usage type='ceph'><name>{name}</name></usage></secret>",
    'Interface': "<interface type='ethernet' name='{name}'/>",
    'Network': "<network><name>{name}</name><bridge name='{name}'/><forward/>"
               "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>",
    'Device': "<disk type='file' device='disk'><source file='/{name}'/><target dev='vdb' bus='virtio'/></disk>",
    'Domain': "<domain type='{kind}'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os>"
              '<devices>{devices}</devices></domain>',
}
ALPHABET = 'abcdefghijklmnopqrstuvwxyz'


class Values:
    """Arguments for a method: such as it wants, or odd ones, within what its signature allows.

    kinds: of domain documents, with what is inserted in their devices. folder: paths are below it.
    """

    def __init__(self, random, world: World, folder, kinds):
        self.random, self.world, self.folder, self.kinds = random, world, str(folder), kinds
        self.names = [''.join(random.choices(ALPHABET, k=6)) for _ in range(24)] + ['test']
        self.paths = ['/']
        corpus = sorted((TOP / 'tests/data').glob('*/*.xml'))
        self._documents = [path.read_text() for path in corpus if path.stat().st_size < 5000]

    def learn(self):
        """The paths that there are now."""
        self.paths = ['/', *(path for objects in self.world.objects.values() for path in objects)]

    def document(self, member: str) -> str:
        kind = next((kind for kind in DOCUMENTS if kind in member), 'Domain')
        domain, devices = self.random.choice(self.kinds)
        return DOCUMENTS[kind].format(name=self.random.choice(self.names), kind=domain, devices=devices)

    def fitting(self, member: str, name: str, kind: str):
        """What a caller might mean."""
        random = self.random
        if kind == 's':
            if 'xml' in name.lower():
                return self.document(member)
            if 'path' in name.lower() or name in ('to', 'file', 'source'):
                return f'{self.folder}/{random.choice(self.names)}'
            return random.choice(self.names)
        if kind == 'o':
            return random.choice(self.paths)
        if kind in ('u', 'i') and 'flags' in name.lower():
            return random.choice((0, 0, 0, 1, 2, 3))
        if kind in 'nqiuxty':
            return random.choice((0, 1, 2, 64, 65536 if kind in 'iuxt' else 100))
        if kind == 'b':
            return random.randrange(2)
        if kind == 'd':
            return 1.0
        if kind[0] == 'a':
            return [self.fitting(member, name, kind[1:]) for _ in range(random.randrange(3))]
        return self.odd(kind)

    def odd(self, kind: str, depth=0):
        random, code = self.random, kind[0]
        if code in 'ynqiuxth':
            bits = {'y': 8, 'n': 16, 'q': 16, 'i': 32, 'u': 32, 'h': 32, 'x': 64, 't': 64}[code]
            if code == 'h':
                return random.choice((0, 0, 1, 7, 2 ** 32 - 1))
            low = -2 ** (bits - 1) if code in 'nix' else 0
            high = low + 2 ** bits - 1
            return random.choice((low, high, low + 1, high - 1, 0, 1, max(low, -1), high // 2 + 1,
                                  random.randint(low, high), 1 << random.randrange(bits - 1)))
        if code == 'b':
            return random.randrange(2)
        if code == 'd':
            return random.choice((float('nan'), float('inf'), float('-inf'), 0.0, -0.0, -1.0, 1e308, 5e-324))
        if code == 's':
            return self.text()
        if code == 'o':
            return random.choice((*self.paths[:50], '/', '/a', ROOT + '/connection/none', '/x' * 2000))
        if code == 'g':
            return random.choice(('', 's', 'a{sv}', 'a' * 32 + 'y', '(' * 32 + 'y' + ')' * 32, 'y' * 255))
        if code == 'v':
            inner = 'v' if depth < random.choice((0, 1, 40)) else random.choice(
                ('s', 'u', 't', 'd', 'as', 'a{sv}', '(su)', 'o', 'g', 'ay', 'b', 'x'))
            return inner, self.odd(inner, depth + 1)
        if code == 'a':
            size = random.choice((0, 0, 1, 1, 2, 5, 300 if depth == 0 else 2))
            if kind == 'ay':
                return random.randbytes(random.choice((0, 1, 16, 4096, 200000)))
            return [self.odd(kind[1:], depth + 1) for _ in range(size)]
        from wire import types
        return tuple(self.odd(inner, depth + 1) for inner in types(kind[1:-1]))

    def text(self) -> str:
        random = self.random
        choice = random.randrange(10)
        if choice == 0:
            return random.choice(('', ' ', '\n', '%s%n%d', '\x01\x7f', '\ufeffx', '\U0001f525' * 20, '-', '.', '..', '0',
                                  '-1', '99999999999999999999', '0x', "'\"<&>", 'a/b', '../../x', 'true', '\\', '*'))
        if choice == 1:
            return random.choice('xé<& /') * random.choice((255, 256, 1023, 4096, 65537, 500000))
        if choice == 2:
            return f'{self.folder}/{random.choice(self.names)}'
        if choice == 3:
            return random.choice(('test:///default', 'qemu:///none', 'test:', 'x:///', 'qemu+ssh://nobody.invalid/system',
                                  'test:///default?a=b', f'qemu:///embed?root={self.folder}/other'))
        if choice == 4:
            return '6695eb01-f6a4-8304-79aa-97f2502e193f'
        document = random.choice(self._documents) if choice < 8 else self.document(random.choice(list(DOCUMENTS)))
        return self.damaged(document) if choice > 4 and random.random() < 0.7 else document

    def damaged(self, text: str) -> str:
        random = self.random
        for _ in range(random.randrange(1, 4)):
            at, end = sorted((random.randrange(len(text) + 1), random.randrange(len(text) + 1)))
            end = min(end, at + 200)
            text = random.choice((
                lambda: text[:at] + text[end:],
                lambda: text[:end] + text[at:],
                lambda: text[:at] + random.choice('<>&"\'/= x0-\n') + text[at:],
                lambda: text[:at] + str(self.odd('x')) + text[at:],
            ))()
            if not text:
                return ''
        return text

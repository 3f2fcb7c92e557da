# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every member of org.libvirt, called on a test host in every way there is a reason to.

    members.py [BUILD]

prints one line a member: how it is answered in each namespace, and by libvirt-dbus where that is installed. A Way is
one call: of a method on an object in some state, with arguments that are good, of unknown flags, or empty; of a
property, to read and to set it. A Host does it to a service and says what came of it.
"""

import csv
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/harness'))

from bus import PrivateBus
from client import CallError, Client
from gi.repository import GLib

LIBVIRT_DBUS = '/usr/sbin/libvirt-dbus'
PROPERTIES = 'org.freedesktop.DBus.Properties'

UUID = '11111111-2222-4333-8444-{:012x}'
MAC = '52:54:00:00:{:02x}:{:02x}'


class Member:
    """A row of interfaces/org.libvirt.tsv."""

    def __init__(self, interface, kind, name, inputs, outputs):
        self.class_, self.kind, self.name = interface.removeprefix('org.libvirt.'), kind, name
        if kind == 'property':
            self.signature, self.access, _ = outputs.split(' ')
        else:
            self.arguments = [tuple(arg.split(':')) for arg in inputs.split()]

    def __str__(self):
        return f'{self.class_}.{self.name}'


def members() -> list:
    with open(TOP / 'interfaces/org.libvirt.tsv', encoding='utf-8', newline='') as file:
        rows = csv.reader((line for line in file if not line.startswith('#')), delimiter='\t', quoting=csv.QUOTE_NONE)
        return [Member(*row[:5]) for row in rows]


def domain_xml(n: int) -> str:
    return (f"<domain type='test'><name>domain{n}</name><uuid>{UUID.format(n)}</uuid><memory>65536</memory>"
            "<vcpu current='2'>4</vcpu><iothreads>1</iothreads><os><type arch='i686'>hvm</type></os><devices>"
            "<disk type='file' device='disk'><source file='/disk'/><target dev='vda' bus='virtio'/></disk>"
            f"<interface type='network'><mac address='{MAC.format(n // 256, n % 256)}'/><source network='default'/>"
            "<target dev='net0'/></interface><memballoon model='virtio'/></devices></domain>")


def network_xml(n: int) -> str:
    return (f"<network><name>network{n}</name><uuid>{UUID.format(n)}</uuid><bridge name='bridge{n}'/>"
            "<forward mode='nat'/><ip address='10.0.0.1' netmask='255.255.255.0'/></network>")


def pool_xml(n: int) -> str:
    return (f"<pool type='dir'><name>pool{n}</name><uuid>{UUID.format(n)}</uuid>"
            f"<target><path>/pool{n}</path></target></pool>")


def volume_xml(name: str) -> str:
    return f"<volume><name>{name}</name><capacity>1048576</capacity></volume>"


def interface_xml(n: int) -> str:
    return f"<interface type='ethernet' name='eth{n}'><mac address='{MAC.format(n // 256, n % 256)}'/></interface>"


def filter_xml(n: int) -> str:
    return f"<filter name='filter{n}' chain='root'><uuid>{UUID.format(n)}</uuid></filter>"


def secret_xml(n: int) -> str:
    return (f"<secret ephemeral='no' private='no'><uuid>{UUID.format(n)}</uuid>"
            f"<usage type='volume'><volume>/secret{n}</volume></usage></secret>")


DEVICE_XML = ("<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'>"
              "<wwnn>2000000012341235</wwnn><wwpn>1000000012341235</wwpn></capability></capability></device>")
SNAPSHOT_XML = '<domainsnapshot><name>{}</name></domainsnapshot>'

# What is not good where every argument has the first value of its type.
EMPTY = {'s': '', 'u': 0, 'i': 0, 't': 0, 'x': 0, 'b': False, 'au': [], 'as': [], 'ab': [], 'ay': b'', 'ah': [],
         'a{sv}': {}}
UNKNOWN_FLAG = 0x40000000


def _save(host, n, _path):
    """A file with a domain in it."""
    file = f'{host.folder}/saved{n}'
    host.call(host.make('Domain', n, 'on'), 'Domain', 'Save', file, '', 0)
    return file


def _volume(host, n, _path):
    return host.property(host.make('StorageVol', n, 'on'), 'StorageVol', 'Key')


CPU_XML = "<cpu mode='custom' match='exact'><arch>i686</arch><model>pentium3</model></cpu>"
DISK_XML = "<disk type='file' device='disk'><source file='/{}'/><target dev='{}' bus='virtio'/></disk>"
TEST_UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f'
WWNN, WWPN = '2000000012341234', '1000000012341234'


def params(**values) -> dict:
    return {name.replace('__', '.'): GLib.Variant(*value) for name, value in values.items()}


# Arguments that are good. A function takes the host, the number that names are made of, and the object's path; in a
# text, {n} is that number. What is not here is called with EMPTY.
GOOD = {
    'Connect': {
        'BaselineCPU': ([CPU_XML], 0), 'CompareCPU': (CPU_XML, 0),
        'DomainCreateXML': (lambda host, n, path: domain_xml(n), 0),
        'DomainCreateXMLWithFiles': (lambda host, n, path: domain_xml(n), [], 0),
        'DomainDefineXML': (lambda host, n, path: domain_xml(n),),
        'DomainLookupByID': (1,), 'DomainLookupByName': ('test',), 'DomainLookupByUUID': (TEST_UUID,),
        'DomainRestore': (_save, '', 0), 'DomainSaveImageGetXMLDesc': (_save, 0),
        'DomainSaveImageDefineXML': (_save, lambda host, n, path: domain_xml(n), 0),
        'FindStoragePoolSources': ('logical', '', 0), 'GetAllDomainStats': (0, 0),
        'GetCPUModelNames': ('x86_64', 0), 'GetDomainCapabilities': ('', 'i686', '', 'test', 0),
        'InterfaceDefineXML': (lambda host, n, path: interface_xml(n), 0),
        'InterfaceLookupByMAC': ('aa:bb:cc:dd:ee:ff',), 'InterfaceLookupByName': ('eth1',),
        'NetworkCreateXML': (lambda host, n, path: network_xml(n),),
        'NetworkDefineXML': (lambda host, n, path: network_xml(n),),
        'NetworkLookupByName': ('default',), 'NetworkLookupByUUID': ('dd8fe884-6c02-601e-7551-cca97df1c5df',),
        'NodeDeviceCreateXML': (DEVICE_XML, 0), 'NodeDeviceLookupByName': ('computer',),
        'NodeDeviceLookupSCSIHostByWWN': (WWNN, WWPN, 0),
        'NWFilterDefineXML': (lambda host, n, path: filter_xml(n),),
        'NodeGetCPUStats': (-1, 0), 'NodeGetMemoryStats': (-1, 0),
        'NodeSetMemoryParameters': (params(shm_pages_to_scan=('u', 100)), 0),
        'SecretDefineXML': (lambda host, n, path: secret_xml(n), 0),
        'StoragePoolCreateXML': (lambda host, n, path: pool_xml(n), 0),
        'StoragePoolDefineXML': (lambda host, n, path: pool_xml(n), 0),
        'StoragePoolLookupByName': ('default-pool',),
        'StoragePoolLookupByUUID': ('dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566',),
        'StorageVolLookupByKey': (_volume,), 'StorageVolLookupByPath': (_volume,),
    },
    'Domain': {
        'AddIOThread': (2, 0), 'DelIOThread': (1, 0), 'AttachDevice': (DISK_XML.format('more', 'vdb'), 0),
        'DetachDevice': (DISK_XML.format('disk', 'vda'), 0), 'UpdateDevice': (DISK_XML.format('disk', 'vda'), 0),
        'BlockCommit': ('vda', '', '', 0, 0), 'BlockCopy': ('vda', DISK_XML.format('copy', 'vda'), {}, 0),
        'BlockJobAbort': ('vda', 0), 'BlockPeek': ('vda', 0, 512, 0), 'BlockPull': ('vda', 0, 0),
        'BlockRebase': ('vda', '', 0, 0), 'BlockResize': ('vda', 1048576, 0), 'BlockJobSetSpeed': ('vda', 1, 0),
        'CoreDump': (lambda host, n, path: f'{host.folder}/core{n}', 0, 0),
        'GetBlockIOTune': ('vda', 0), 'GetBlockJobInfo': ('vda', 0), 'GetInterfaceParameters': ('net0', 0),
        'MemoryPeek': (0, 512, 2), 'MigrateSetCompressionCache': (1 << 26, 0), 'MigrateSetMaxDowntime': (100, 0),
        'MigrateSetMaxSpeed': (100, 0), 'MigrateToURI3': ('test:///default', {}, 0),
        'PinEmulator': ([True, False], 0), 'PinIOThread': (1, [True, False], 0), 'PinVcpu': (0, [True, False], 0),
        'Rename': ('other{n}', 0), 'Save': (lambda host, n, path: f'{host.folder}/saved{n}', '', 0),
        'SendKey': (0, 0, [30, 31], 0), 'SendProcessSignal': (1, 15, 0),
        'SetBlockIOParameters': (params(weight=('u', 500)), 0),
        'SetBlockIOTune': ('vda', params(total_bytes_sec=('t', 1000)), 0), 'SetBlockThreshold': ('vda', 1000, 0),
        'SetGuestVcpus': ([False, True], 0, 0),
        'SetInterfaceParameters': ('net0', params(inbound__average=('u', 9)), 0),
        'SetMemory': (32768, 0), 'SetMemoryParameters': (params(hard_limit=('t', 1 << 20)), 0),
        'SetMemoryStatsPeriod': (1, 0), 'SetMetadata': (0, 'text', '', '', 0), 'GetMetadata': (0, '', 0),
        'SetNumaParameters': (params(numa_mode=('i', 0), numa_nodeset=('s', '0')), 0),
        'SetPerfEvents': (params(cmt=('b', True)), 0),
        'SetSchedulerParameters': (params(weight=('u', 17)), 0), 'SetUserPassword': ('root', 'word', 0),
        'SetTime': (1000, 0, 0), 'SetVcpus': (3, 0), 'SnapshotCreateXML': (SNAPSHOT_XML.format('new'), 0),
        'SnapshotLookupByName': ('s', 0),
    },
    'Network': {
        'GetDHCPLeases': (lambda host, n, path: MAC.format(n // 256, n % 256), 0),
        'Update': (3, 4, 0, "<host mac='52:54:00:00:00:99' ip='10.0.0.9'/>", 1),
    },
    'Secret': {'SetValue': (b'value', 0)},
    'StoragePool': {
        'StorageVolCreateXML': (volume_xml('new'), 0), 'StorageVolLookupByName': ('v',),
        'StorageVolCreateXMLFrom': (volume_xml('copy'), '/pool{n}/v', 0),
    },
    'StorageVol': {'Resize': (2097152, 0)},
}
# Classes whose objects can be on and off.
SWITCHED = ('Domain', 'Interface', 'Network', 'StoragePool')


class Way:
    """One call. label tells it from the others of its member."""

    def __init__(self, member, n, label, state='on', arguments=()):
        self.member, self.n, self.label, self.state, self.arguments = member, n, label, state, arguments

    def __str__(self):
        return f'{self.member} {self.label}'


def ways() -> list:
    """In an order that is the same for every host, since numbers in names are theirs."""
    result = []

    def add(*arguments):
        result.append(Way(arguments[0], len(result) + 1, *arguments[1:]))
    for member in members():
        if member.kind == 'property':
            add(member, 'get')
            if member.access == 'readwrite':
                add(member, 'set')
                if member.class_ in SWITCHED:
                    add(member, 'set off', 'off')
        elif member.kind == 'method':
            empty = tuple(EMPTY[type_] for _, type_ in member.arguments)
            good = GOOD.get(member.class_, {}).get(member.name, empty)
            add(member, 'good', 'on', good)
            if member.class_ in SWITCHED:
                add(member, 'off', 'off', good)
            if good != empty:
                add(member, 'empty', 'on', empty)
            if ('flags', 'u') in member.arguments:
                at = member.arguments.index(('flags', 'u'))
                add(member, 'flags', 'on', (*good[:at], UNKNOWN_FLAG, *good[at + 1:]))
    return result


class Outcome:
    """What came of a call: nothing, or an error, of which a path of the test's own is no part."""

    def __init__(self, name='', message=''):
        self.name, self.message = name, message

    def __str__(self):
        return f'{self.name}: {self.message!r}' if self.name else 'ok'

    def __eq__(self, other):
        return (self.name, self.message) == (other.name, other.message)

    @property
    def supported(self) -> bool:
        return not self.message.startswith('this function is not supported')


class Host:
    """A test host on a bus, in one of the namespaces."""

    def __init__(self, address: str, folder, name='org.libvirt', root='/org/libvirt/Test'):
        self.folder, self.name, self.root = str(folder), name, root
        self.client = Client(address, name)

    def interface(self, class_: str) -> str:
        return f"{self.name}.{'Connection' if class_ == 'Connect' and self.name != 'org.libvirt' else class_}"

    def call(self, path, class_, name, *arguments):
        signature = next(''.join(type_ for _, type_ in m.arguments) for m in members()
                         if m.kind == 'method' and (m.class_, m.name) == (class_, name))
        return self.client.call(path, self.interface(class_), name, f'({signature})', *arguments)

    def property(self, path, class_, name):
        return self.client.call(path, PROPERTIES, 'Get', '(ss)', self.interface(class_), name)

    def make(self, class_: str, n: int, state: str) -> str:
        """The path of an object made for one call."""
        def connect(name, *arguments):
            return self.call(self.root, 'Connect', name, *arguments)

        if class_ == 'Connect':
            return self.root
        if class_ == 'DomainSnapshot':
            return self.call(self.make('Domain', n, 'on'), 'Domain', 'SnapshotCreateXML', SNAPSHOT_XML.format('s'), 0)
        if class_ == 'StorageVol':
            pool = self.make('StoragePool', n, 'on')
            return self.call(pool, 'StoragePool', 'StorageVolLookupByName', 'v')
        if class_ == 'NodeDevice':
            return connect('NodeDeviceLookupByName', 'scsi_host2')
        path = {
            'Domain': lambda: connect('DomainDefineXML', domain_xml(n)),
            'Interface': lambda: connect('InterfaceDefineXML', interface_xml(n), 0),
            'Network': lambda: connect('NetworkDefineXML', network_xml(n)),
            'NWFilter': lambda: connect('NWFilterDefineXML', filter_xml(n)),
            'Secret': lambda: connect('SecretDefineXML', secret_xml(n), 0),
            'StoragePool': lambda: connect('StoragePoolDefineXML', pool_xml(n), 0),
        }[class_]()
        if state == 'on' and class_ in SWITCHED:
            self.call(path, class_, 'Create', *(() if class_ == 'Network' else (0,)))
        if state == 'on' and class_ == 'StoragePool':
            self.call(path, class_, 'StorageVolCreateXML', volume_xml('v'), 0)
        if class_ == 'Secret':
            self.call(path, class_, 'SetValue', b'value', 0)
        return path

    def _do(self, way: Way):
        member = way.member
        path = self.make(member.class_, way.n, way.state)
        if member.kind == 'method':
            arguments = [argument(self, way.n, path) if callable(argument) else
                         argument.replace('{n}', str(way.n)) if isinstance(argument, str) else argument
                         for argument in way.arguments]
            self.call(path, member.class_, member.name, *arguments)
        elif way.label == 'get':
            self.property(path, member.class_, member.name)
        else:
            self.client.call(path, PROPERTIES, 'Set', '(ssv)', self.interface(member.class_), member.name,
                             GLib.Variant(member.signature, True))

    def run(self, way: Way) -> Outcome:
        try:
            self._do(way)
        except CallError as error:
            return Outcome(error.name, error.message.replace(self.folder, '/FOLDER'))
        return Outcome()


def outcomes(program=None, **options) -> tuple:
    """What came of each way, and which signals were heard: of our service, or of a program that has org.libvirt.

    A program that ends over a call is started again for the next.
    """
    results = []
    with PrivateBus(trace=False) as bus:
        if not program:
            bus.start_service()
        process = None
        host = Host(bus.address, bus.folder, **options)
        try:
            with host.client.record() as signals:
                for way in ways():
                    if process and not host.client.owner('org.libvirt'):
                        process.wait()
                    if program and (process is None or process.poll() is not None):
                        process = subprocess.Popen([program, '--session'], env=bus.env, cwd=bus.folder,
                                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                                   stderr=subprocess.DEVNULL)
                        host.client.wait(lambda: host.client.owner('org.libvirt'))
                    results.append(host.run(way))
                host.client.settle(1)
        finally:
            host.client.close()
            if process:
                process.kill()
                process.wait()
    return results, {(s.interface.rpartition('.')[2], s.member) for s in signals.all}


OURS = {'name': 'org.virtbus1', 'root': '/org/virtbus1/connection/test_default'}


def main():
    os.environ.setdefault('VIRTBUS_BUILD', sys.argv[1] if len(sys.argv) > 1 else str(TOP / 'build'))
    found = [outcomes(), outcomes(**OURS)]
    if os.path.exists(LIBVIRT_DBUS):
        found.append(outcomes(LIBVIRT_DBUS))
    for way, *answers in zip(ways(), *(results for results, _ in found)):
        print(way, *answers, sep='\t')
    for member in members():
        if member.kind == 'signal':
            print(member, *('heard' if (member.class_, member.name) in heard else '-' for _, heard in found), sep='\t')


if __name__ == '__main__':
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guests of the test driver and its host: what they answer, what is kept of what is set, files, snapshots."""

import contextlib
import os
import unittest
import xml.etree.ElementTree as ElementTree

from bustest import CallError, GLib, HostTest, PAUSED, RUNNING, SHUT_OFF, TEST

LIVE, CONFIG = 1, 2
NOT_RUNNING = 'Requested operation is not valid: domain is not running'

DISK = "<disk type='file' device='disk'><source file='/guest/%s'/><target dev='%s' bus='virtio'/></disk>"
NETWORK = "<interface type='network'><mac address='52:54:00:00:00:%02x'/><source network='default'/></interface>"
DEVICES = DISK % ('one', 'vda') + DISK % ('two', 'vdb') + NETWORK % 1 + \
    "<interface type='user'><mac address='52:54:00:00:00:02'/></interface>"


def variants(**values):
    """Typed parameters; a number is uint unless it says otherwise."""
    result = {}
    for name, value in values.items():
        if not isinstance(value, GLib.Variant):
            value = GLib.Variant({bool: 'b', int: 'u', str: 's'}[type(value)], value)
        result[name.replace('__', '.')] = value
    return result


def ull(value):
    return GLib.Variant('t', value)


class GuestsTest(HostTest):
    def setUp(self):
        super().setUp()
        self.folder = str(self.bus.folder)

    @contextlib.contextmanager
    def told(self, member: str, path: str):
        """The block has that object come or go."""
        with self.client.record() as signals:
            yield
            signals.wait(member=member, where=lambda signal: not path or signal.arguments[0] == path)

    def guest(self, name='guest', start=0, **more):
        return self.define(name, start=start, **{'devices': DEVICES, **more})

    def invalid(self, text=NOT_RUNNING):
        return self.refused('OperationInvalid', text)

    def xml_of(self, guest, flags=0):
        return ElementTree.fromstring(guest.call('Domain.GetXMLDesc', flags))


class HostFacts(GuestsTest):
    def test_capabilities(self):
        document = ElementTree.fromstring(self.host.call('Connection.GetCapabilities'))
        self.assertEqual(document.find('host/cpu/arch').text, 'i686')
        cells = document.findall('host/topology/cells/cell')
        self.assertEqual([cell.find('memory').text for cell in cells], ['2097152', '4194304'])
        self.assertEqual([cpu.get('id') for cell in cells for cpu in cell.iter('cpu')], [str(i) for i in range(16)])
        self.assertEqual([kind.text for kind in document.findall('guest/os_type')], ['hvm', 'xen'])
        sysinfo = ElementTree.fromstring(self.host.call('Connection.GetSysinfo', 0))
        self.assertEqual([entry.get('name') for entry in sysinfo.iter('entry')],
                         ['vendor', 'version', 'date', 'release'])
        self.assertEqual(self.host.call('Connection.NodeGetSecurityModel'), ('testSecurity', ''))

    def test_node(self):
        self.assertEqual(self.host.call('Connection.NodeGetCPUMap', 0),
                         [True, False, True, False, True, False, False, False])
        stats = self.host.call('Connection.NodeGetCPUStats', 0, 0)
        self.assertEqual(stats, {'user': 9797400000, 'kernel': 34678723400000, 'idle': 87264900000,
                                 'iowait': 763600000})
        self.assertEqual(self.host.call('Connection.NodeGetFreeMemory'), 3145728)


class Baseline(GuestsTest):
    """As of libvirt's test host, of processors that QEMU and libvirt agree about."""

    def cpu(self, model: str, vendor='', features='', arch='x86_64') -> str:
        return (f'<cpu><arch>{arch}</arch><model>{model}</model>{vendor and f"<vendor>{vendor}</vendor>"}'
                + ''.join(f"<feature name='{name}'/>" for name in features.split()) + '</cpu>')

    def baseline(self, *cpus, flags=0) -> tuple:
        """The model, whether it is the one asked for, the vendor, and the features with their policies."""
        cpu = ElementTree.fromstring(self.host.call('Connection.BaselineCPU', list(cpus), flags))
        self.assertEqual((cpu.get('mode'), cpu.get('match')), ('custom', 'exact'))
        return (cpu.find('model').text, cpu.find('model').get('fallback') == 'forbid', cpu.findtext('vendor', ''),
                ' '.join({'require': '', 'disable': '-'}[one.get('policy')] + one.get('name')
                         for one in cpu.iter('feature')))

    def test_models(self):
        cpu = self.cpu
        for cpus, expected in (
                ([cpu('Penryn')], ('Penryn', True, '', '')),
                ([cpu('Penryn'), cpu('Nehalem')], ('Penryn', False, '', '')),
                ([cpu('Nehalem'), cpu('Penryn'), cpu('Conroe')], ('Conroe', False, '', '')),
                ([cpu('Penryn', 'Intel'), cpu('Nehalem', 'Intel')], ('Penryn', False, 'Intel', '')),
                ([cpu('Penryn', 'Intel'), cpu('Nehalem')], ('Penryn', False, '', '')),
                ([cpu('Penryn', '', 'vmx'), cpu('Penryn', '', 'vmx aes')], ('Penryn', True, '', 'vmx')),
                ([cpu('Penryn', '', 'vmx'), cpu('Nehalem')], ('Penryn', False, '', '')),
                ([cpu('Opteron_G1'), cpu('Opteron_G3')], ('Opteron_G1', False, '', '')),
                ([cpu('486'), cpu('Penryn')], ('486', False, '', '')),
                ([cpu('POWER8', arch='ppc64')], ('POWER8', True, '', ''))):
            with self.subTest(cpus=cpus):
                self.assertEqual(self.baseline(*cpus), expected)

    def test_what_is_missing_is_disabled(self):
        """Whatever the model, it comes to what all have."""
        common = self.features(self.cpu('SandyBridge')) & self.features(self.cpu('Opteron_G4'))
        found = self.baseline(self.cpu('SandyBridge'), self.cpu('Opteron_G4'), flags=0)
        own = self.features(self.cpu(found[0]))
        named = found[3].split()
        self.assertEqual((own | {one for one in named if one[0] != '-'}) - {one[1:] for one in named}, common)
        self.assertTrue(any(one[0] == '-' for one in named))

    def test_models_are_known(self):
        """Each one is its own baseline, and none is the answer that the host has no name for."""
        names = self.host.call('Connection.GetCPUModelNames', 'x86_64', 0)
        unknown = {'pentiumpro', 'cpu64-rhel5', 'cpu64-rhel6', 'Icelake-Client', 'Icelake-Client-noTSX'}
        for name in set(names) - unknown:
            self.assertEqual(self.baseline(self.cpu(name)), (name, True, '', ''))
        self.assertIn(self.baseline(self.cpu('Skylake-Server'), self.cpu('Snowridge'))[0], names)
        for name in unknown | {'Denverton', 'max'}:
            with self.subTest(name), self.refused('InternalError', f'internal error: Unknown CPU model {name}'):
                self.host.call('Connection.BaselineCPU', [self.cpu(name)], 0)

    def features(self, cpu) -> set:
        return set(self.baseline(cpu, flags=1)[3].split())

    def test_every_feature(self):
        self.assertEqual(self.baseline(self.cpu('Penryn', '', 'vmx'), flags=1), (
            'Penryn', True, '', 'apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge '
            'pni pse pse36 sep sse sse2 sse4.1 ssse3 syscall tsc vmx'))

    def test_refused(self):
        cpu = self.cpu
        for cpus, flags, error, message in (
                ([cpu('Penryn', 'Intel'), cpu('Opteron_G3')], 0, 'OperationFailed',
                 'operation failed: CPU vendors do not match'),
                ([cpu('Opteron_G3'), cpu('Penryn', 'Intel')], 0, 'OperationFailed',
                 'operation failed: CPU vendors do not match'),
                ([cpu('Nehalem', 'AMD')], 0, 'OperationFailed',
                 'operation failed: CPU vendor Intel of model Nehalem differs from vendor AMD'),
                ([cpu('nosuch')], 0, 'InternalError', 'internal error: Unknown CPU model nosuch'),
                ([cpu('Penryn', 'Nobody')], 0, 'InternalError', 'internal error: Unknown CPU vendor Nobody'),
                ([cpu('POWER8', arch='ppc64'), cpu('POWER9', arch='ppc64')], 0, 'OperationFailed',
                 'operation failed: CPUs are incompatible'),
                ([cpu('POWER8', arch='ppc64'), cpu('Penryn')], 0, 'OperationFailed', 'operation failed: CPUs of the'),
                (["<cpu mode='custom'/>"], 0, 'ConfigUnsupported',
                 'unsupported configuration: Attribute mode is only allowed for guest CPU'),
                (['<cpu><model>Penryn</model></cpu>'], 0, 'XmlError', 'XML error: Missing CPU architecture'),
                (['<cpu><arch>x86_64</arch></cpu>'], 0, 'XmlError', 'XML error: Missing CPU model name'),
                ([cpu('Penryn', '', 'aes aes')], 0, 'XmlError', "XML error: CPU feature 'aes' specified more than once"),
                (["<cpu><feature/></cpu>"], 0, 'XmlError', 'XML error: Invalid CPU feature name'),
                (['<foo/>'], 0, 'XmlError', "XML error: expecting root element of 'cpu', not 'foo'"),
                (['<cpu'], 0, 'XmlDetail', '(CPU_definition):1: '),
                ([], 0, 'InvalidArg', 'xmlCPUs in virConnectBaselineCPU must not be NULL'),
                ([cpu('Penryn')], 2, 'InvalidArg',
                 'unsupported flags (0x2) in function testConnectBaselineCPU')):
            with self.subTest(cpus=cpus), self.refused(error, message):
                self.host.call('Connection.BaselineCPU', cpus, flags)

    def test_too_many(self):
        with self.refused('InvalidArg', 'ncpus in virConnectBaselineCPU must be at most 1000'):
            self.host.call('Connection.BaselineCPU', [self.cpu('Penryn')] * 1001, 0)


class GuestAnswers(GuestsTest):
    def test_agent(self):
        guest = self.guest()
        self.assertEqual(guest.call('Domain.GetHostname', 0), 'guesthost')
        with self.refused('InvalidArg', 'unsupported flags (0x2) in function testDomainGetHostname'):
            guest.call('Domain.GetHostname', 2)
        self.assertEqual(guest.call('Domain.GetTime', 0), (627319920, 0))
        guest.call('Domain.SetTime', 5, 7, 0)
        self.assertEqual(guest.call('Domain.GetTime', 0), (5, 7))
        self.assertEqual(guest.call('Domain.GetFSInfo', 0),
                         [('/', 'vda1', 'ext4', ['vda']), ('/boot', 'vda2', 'ext4', ['vda'])])
        self.assertEqual(guest.call('Domain.FSFreeze', ['/boot'], 0), 1)
        self.assertEqual(guest.call('Domain.FSFreeze', [], 0), 1)
        self.assertEqual(guest.call('Domain.FSThaw', [], 0), 2)
        guest.call('Domain.FSTrim', '', 0, 0)
        guest.call('Domain.FSTrim', '/', 5, 0)
        for call in (('FSFreeze', ['/no'], 0), ('FSThaw', ['/no'], 0), ('FSTrim', '/no', 0, 0)):
            with self.invalid('Requested operation is not valid: mount point not found: /no'):
                guest.call(f'Domain.{call[0]}', *call[1:])
        guest.call('Domain.SetUserPassword', 'root', 'secret', 0)

    def test_hardware(self):
        guest = self.guest()
        guest.call('Domain.SendKey', 0, 5, [30, 31], 0)
        with self.refused('InternalError', 'internal error: invalid keycode 999 of linux codeset'):
            guest.call('Domain.SendKey', 0, 0, [999], 0)
        guest.call('Domain.SendProcessSignal', 1, 9, 0)
        with self.refused('InvalidArg', 'invalid argument: only sending a signal to pid 1 is supported'):
            guest.call('Domain.SendProcessSignal', 2, 9, 0)
        with self.refused('InvalidArg', 'invalid argument: signum value 70 is out of range'):
            guest.call('Domain.SendProcessSignal', 1, 70, 0)
        guest.call('Domain.InjectNMI', 0)
        self.assertEqual(guest.call('Domain.GetControlInfo', 0), (0, 0, 0))
        self.assertEqual(guest.call('Domain.GetDiskErrors', 0), [('vda', 1), ('vdb', 2)])
        self.assertEqual(bytes(guest.call('Domain.MemoryPeek', 254, 4, 1)), bytes([254, 255, 0, 1]))
        with self.refused('InvalidArg', 'invalid argument: flags parameter must be'):
            guest.call('Domain.MemoryPeek', 0, 4, 0)
        with self.refused('InvalidArg', 'invalid argument: size'):
            guest.call('Domain.MemoryPeek', 0, 1 << 40, 1)
        host = 3 + 20 * (guest.get('Domain.Id') - 1)
        self.assertEqual(guest.call('Domain.InterfaceAddresses', 0, 0),
                         [('testnet0', '52:54:00:00:00:01', [(0, f'192.168.122.{host % 254}', 24)]),
                          ('testnet1', '52:54:00:00:00:02', [(0, '192.168.0.2', 24)])])
        # The same is known without asking, while it runs.
        self.assertEqual(guest.get('Domain.Addresses'), guest.call('Domain.InterfaceAddresses', 0, 0))
        with self.refused('ArgumentUnsupported', 'argument unsupported: Unknown IP address data source 3'):
            guest.call('Domain.InterfaceAddresses', 3, 0)
        self.assertEqual(guest.call('Domain.GetSecurityLabelList'), [('libvirt-test', True)])

    def test_memory(self):
        guest = self.guest(memory=65536)
        stats = dict(guest.call('Domain.MemoryStats', 0))
        self.assertEqual((stats[6], stats[4], stats[10], stats[9]), (65536, 32768, 8192, 627319920))
        guest.call('Domain.SetMemory', 32768, LIVE)
        self.assertEqual(dict(guest.call('Domain.MemoryStats', 0))[6], 32768)

    def test_needs_running(self):
        guest = self.guest(start=None)
        for name, *arguments in [
                ('GetHostname', 0), ('GetTime', 0), ('SetTime', 1, 0, 0), ('GetFSInfo', 0), ('FSFreeze', [], 0),
                ('FSThaw', [], 0), ('FSTrim', '', 0, 0), ('SetUserPassword', 'a', 'b', 0), ('SendKey', 0, 0, [1], 0),
                ('InjectNMI', 0), ('GetControlInfo', 0), ('GetDiskErrors', 0), ('MemoryPeek', 0, 1, 1),
                ('InterfaceAddresses', 0, 0), ('MemoryStats', 0), ('Save', '/x', '', 0), ('CoreDump', '/x', 0, 0),
                ('ManagedSave', 0), ('GetMemoryParameters', LIVE), ('GetNumaParameters', LIVE),
                ('GetBlockIOParameters', LIVE), ('GetPerfEvents', LIVE), ('GetVcpuPinInfo', LIVE),
                ('GetEmulatorPinInfo', LIVE), ('GetIOThreadInfo', LIVE), ('AddIOThread', 1, LIVE),
                ('PinEmulator', [True], LIVE)]:
            with self.subTest(name), self.invalid():
                guest.call(f'Domain.{name}', *arguments)
        self.assertEqual(guest.call('Domain.GetSecurityLabelList'), [])


class OwnMembers(GuestsTest):
    """What org.libvirt does not have."""

    def test_screenshot(self):
        guest = self.define('shown', 0)
        kind, fd = guest.call('Domain.Screenshot', 0, 0)
        with open(fd, 'rb') as file:
            head, width, depth, pixels = file.read().split(b'\n', 3)
        self.assertEqual((kind, head, width, depth), ('image/x-portable-pixmap', b'P6', b'320 200', b'255'))
        self.assertEqual(len(pixels), 320 * 200 * 3)
        line = pixels[:320 * 3]
        self.assertEqual(pixels, line * 200)
        # White is on the left, black on the right; all eight are there.
        colours = [line[at:at + 3] for at in range(0, 320 * 3, 120)]
        self.assertEqual((colours[0], colours[-1], len(set(colours))), (b'\xff' * 3, bytes(3), 8))

    def descriptors(self) -> int:
        return len(os.listdir(f'/proc/{self.bus.service.pid}/fd'))

    def test_files(self):
        """Guests that begin with files begin as others do; the service keeps none of the files."""
        guest = self.define('started')
        created = self.xml('created', uuid='33333333-2222-4333-8444-555555555555')
        held = self.descriptors()
        with open('/dev/null', 'rb') as file:
            guest.call('Domain.CreateWithFiles', [0, 0], 1, fds=[file.fileno()])
            self.host.call('Connection.DomainCreateXMLWithFiles', created, [0], 0, fds=[file.fileno()])
        self.assertEqual(self.state(guest), (PAUSED, 1))
        self.client.wait(lambda: self.descriptors() <= held)

    def test_os_type(self):
        self.assertEqual(self.define('a').get('Domain.OSType'), 'linux')


class Parameters(GuestsTest):
    def test_scheduler(self):
        guest = self.guest()
        self.assertEqual(guest.get('Domain.SchedulerType'), ('fair', 1))
        self.assertEqual(guest.call('Domain.GetSchedulerParameters', 0), {'weight': 50})
        guest.call('Domain.SetSchedulerParameters', variants(weight=7), 0)
        self.assertEqual(guest.call('Domain.GetSchedulerParameters', 0), {'weight': 7})
        with self.refused('ArgumentUnsupported', "argument unsupported: parameter 'nope' not supported"):
            guest.call('Domain.SetSchedulerParameters', variants(nope=7), 0)
        with self.refused('InvalidArg', "invalid argument: invalid type 'string' for parameter 'weight', expected 'uint'"):
            guest.call('Domain.SetSchedulerParameters', variants(weight='7'), 0)

    def test_memory(self):
        guest, unlimited = self.guest(), 9007199254740991
        self.assertEqual(guest.call('Domain.GetMemoryParameters', 0),
                         {'hard_limit': unlimited, 'soft_limit': unlimited, 'swap_hard_limit': unlimited})
        guest.call('Domain.SetMemoryParameters', variants(hard_limit=ull(1000), soft_limit=ull(500)), LIVE)
        self.assertEqual(guest.call('Domain.GetMemoryParameters', LIVE)['hard_limit'], 1000)
        self.assertEqual(guest.call('Domain.GetMemoryParameters', CONFIG)['hard_limit'], unlimited)
        self.assertEqual(self.xml_of(guest).find('memtune/hard_limit').text, '1000')
        with self.refused('InvalidArg', 'invalid argument: memory hard_limit tunable value must be lower than'):
            guest.call('Domain.SetMemoryParameters', variants(swap_hard_limit=ull(999)), LIVE)
        guest.call('Domain.SetMemoryParameters', variants(hard_limit=ull(unlimited), soft_limit=ull(unlimited)), LIVE)
        self.assertIsNone(self.xml_of(guest).find('memtune'))

    def test_numa(self):
        guest = self.guest(start=None)
        self.assertEqual(guest.call('Domain.GetNumaParameters', 0), {'numa_mode': 0, 'numa_nodeset': ''})
        mode = GLib.Variant('i', 2)
        guest.call('Domain.SetNumaParameters', variants(numa_mode=mode, numa_nodeset='0-1'), CONFIG)
        self.assertEqual(guest.call('Domain.GetNumaParameters', 0), {'numa_mode': 2, 'numa_nodeset': '0-1'})
        self.assertEqual(self.xml_of(guest).find('numatune/memory').attrib, {'mode': 'interleave', 'nodeset': '0-1'})
        with self.refused('InvalidArg', "invalid argument: unsupported numatune mode: '7'"):
            guest.call('Domain.SetNumaParameters', variants(numa_mode=GLib.Variant('i', 7)), 0)
        with self.refused('InvalidArg', "invalid argument: Failed to parse bitmap 'x'"):
            guest.call('Domain.SetNumaParameters', variants(numa_nodeset='x'), 0)
        with self.refused('InvalidArg', "invalid argument: Failed to parse bitmap '0-'"):
            guest.call('Domain.SetNumaParameters', variants(numa_nodeset='0-'), 0)

    def test_numa_mode_alone(self):
        """Needs nodes, but where they are found by advice; and not while the guest runs with another."""
        def mode(number):
            return variants(numa_mode=GLib.Variant('i', number))

        guest = self.guest()
        for flags in (LIVE, CONFIG):
            with self.refused('ConfigUnsupported', 'unsupported configuration: nodeset for NUMA memory tuning must be '
                              "set if 'placement' is 'static'"):
                guest.call('Domain.SetNumaParameters', mode(2), flags)
        self.assertIsNone(self.xml_of(guest).find('numatune'))
        guest.call('Domain.SetNumaParameters', {**mode(2), **variants(numa_nodeset='0-3,^2')}, LIVE)
        self.assertEqual(guest.call('Domain.GetNumaParameters', 0), {'numa_mode': 2, 'numa_nodeset': '0-1,3'})
        with self.refused('OperationInvalid', "Requested operation is not valid: can't change numatune mode for"):
            guest.call('Domain.SetNumaParameters', mode(1), LIVE)
        guest.call('Domain.SetNumaParameters', mode(2), LIVE)
        guest = self.guest('advised', more="<vcpu placement='auto'>1</vcpu>", start=None)
        guest.call('Domain.SetNumaParameters', mode(2), CONFIG)
        self.assertEqual(self.xml_of(guest).find('numatune/memory').attrib, {'mode': 'interleave', 'placement': 'auto'})
        guest.call('Domain.SetNumaParameters', variants(numa_nodeset='0'), CONFIG)
        self.assertEqual(self.xml_of(guest).find('numatune/memory').attrib, {'mode': 'interleave', 'nodeset': '0'})

    def test_block_io(self):
        guest = self.guest()
        before = guest.call('Domain.GetBlockIOParameters', 0)
        self.assertEqual((before['weight'], before['device_weight'], len(before)), (0, '', 6))
        guest.call('Domain.SetBlockIOParameters', variants(
            weight=500, device_weight='/dev/sda,300,/dev/sdb,400', device_read_iops_sec='/dev/sdb,9'), LIVE | CONFIG)
        for flags in (LIVE, CONFIG):
            now = guest.call('Domain.GetBlockIOParameters', flags)
            self.assertEqual((now['weight'], now['device_weight'], now['device_read_iops_sec']),
                             (500, '/dev/sda,300,/dev/sdb,400', '/dev/sdb,9'))
        with self.refused('InvalidArg', "invalid argument: unable to parse blkio device 'device_weight' '/dev/sda'"):
            guest.call('Domain.SetBlockIOParameters', variants(device_weight='/dev/sda'), 0)

    def test_interface(self):
        guest = self.guest()
        guest.call('Domain.SetInterfaceParameters', 'testnet0', variants(
            inbound__average=100, inbound__peak=200, inbound__burst=300, outbound__average=5), LIVE)
        expected = {'inbound.average': 100, 'inbound.peak': 200, 'inbound.burst': 300, 'inbound.floor': 0,
                    'outbound.average': 5, 'outbound.peak': 0, 'outbound.burst': 0}
        for device in ('testnet0', '52:54:00:00:00:01'):
            self.assertEqual(guest.call('Domain.GetInterfaceParameters', device, 0), expected)
        guest.call('Domain.SetInterfaceParameters', 'testnet0', variants(inbound__average=0), LIVE)
        now = guest.call('Domain.GetInterfaceParameters', 'testnet0', 0)
        self.assertEqual((now['inbound.peak'], now['outbound.average']), (0, 5))
        with self.refused('InvalidArg', "invalid argument: 'nope' is not a known interface"):
            guest.call('Domain.GetInterfaceParameters', 'nope', 0)

    def test_block_tune(self):
        guest = self.guest()
        with self.story(guest, "Tunable {'blkdeviotune.disk': 'vda', 'blkdeviotune.total_bytes_sec': 1, "
                               "'blkdeviotune.total_bytes_sec_max': 9, 'blkdeviotune.group_name': 'g'}"):
            guest.call('Domain.SetBlockIOTune', 'vda', variants(
                total_bytes_sec=ull(1), total_bytes_sec_max=ull(9), group_name='g'), LIVE)
        now = guest.call('Domain.GetBlockIOTune', 'vda', 0)
        self.assertEqual((len(now), now['total_bytes_sec'], now['total_bytes_sec_max'], now['group_name']),
                         (20, 1, 9, 'g'))
        with self.refused('InvalidArg', 'invalid argument: total_bytes_sec cannot be set higher than total_bytes_sec_max '):
            guest.call('Domain.SetBlockIOTune', 'vda', variants(total_bytes_sec=ull(10)), LIVE)
        with self.refused('InvalidArg', 'invalid argument: total and read/write of bytes_sec cannot be set at the same'):
            guest.call('Domain.SetBlockIOTune', 'vda', variants(read_bytes_sec=ull(1)), LIVE)
        with self.refused('InvalidArg', "invalid argument: disk 'vdz' was not found in the domain config"):
            guest.call('Domain.GetBlockIOTune', 'vdz', 0)
        with self.refused('InvalidArg', "invalid argument: missing persistent configuration for disk 'vdz'"):
            guest.call('Domain.SetBlockIOTune', 'vdz', variants(total_bytes_sec_max=ull(1)), 0)

    def test_perf(self):
        guest = self.guest(more='<metadata><a xmlns="urn:a"/></metadata>')
        self.assertFalse(any(guest.call('Domain.GetPerfEvents', 0).values()))
        guest.call('Domain.SetPerfEvents', variants(cmt=True, cpu_cycles=True), LIVE)
        guest.call('Domain.SetPerfEvents', variants(cmt=False), LIVE)
        events = guest.call('Domain.GetPerfEvents', LIVE)
        self.assertEqual(([name for name, on in events.items() if on], len(events)), (['cpu_cycles'], 22))
        self.assertEqual(len(self.xml_of(guest).findall('perf/event')), 2)
        self.assertFalse(any(guest.call('Domain.GetPerfEvents', CONFIG).values()))
        with self.refused('ArgumentUnsupported', "argument unsupported: parameter 'nope' not supported"):
            guest.call('Domain.SetPerfEvents', variants(nope=True), 0)


class Pinning(GuestsTest):
    def test_vcpus(self):
        guest, every = self.guest(more='<vcpu>2</vcpu>'), [True] * 8
        guest.call('Domain.PinVcpu', 1, [False, True, True], LIVE)
        self.assertEqual(guest.call('Domain.GetVcpuPinInfo', 0), [every, [False, True, True] + [False] * 5])
        self.assertEqual(self.xml_of(guest).find('cputune/vcpupin').attrib, {'vcpu': '1', 'cpuset': '1-2'})
        with self.refused('InvalidArg', "invalid argument: requested vcpu '5' is not present in the domain"):
            guest.call('Domain.PinVcpu', 5, [True], 0)
        with self.refused('InvalidArg', 'unsupported flags (0x2) in function testDomainPinVcpuFlags'):
            guest.call('Domain.PinVcpu', 0, [True], CONFIG)
        guest.call('Domain.Destroy', 0)
        self.assertEqual(guest.call('Domain.GetVcpuPinInfo', 0), [every, every])
        with self.invalid('Requested operation is not valid: cannot pin vcpus on an inactive domain'):
            guest.call('Domain.PinVcpu', 0, [True], 0)

    def test_emulator(self):
        guest = self.guest()
        guest.call('Domain.PinEmulator', [False] * 3 + [True], LIVE)
        guest.call('Domain.PinEmulator', [False] * 4 + [True], CONFIG)
        self.assertEqual([guest.call('Domain.GetEmulatorPinInfo', flags).index(True) for flags in (LIVE, CONFIG)],
                         [3, 4])
        with self.refused('InvalidArg', 'invalid argument: Empty cpu list for pinning'):
            guest.call('Domain.PinEmulator', [False], 0)

    def test_iothreads(self):
        guest = self.guest()
        guest.call('Domain.AddIOThread', 3, LIVE)
        guest.call('Domain.AddIOThread', 1, LIVE)
        guest.call('Domain.PinIOThread', 1, [True], LIVE)
        self.assertEqual(guest.call('Domain.GetIOThreadInfo', 0), [(3, [True] * 8), (1, [True] + [False] * 7)])
        self.assertEqual(guest.call('Domain.GetIOThreadInfo', CONFIG), [])
        self.assertEqual(self.xml_of(guest).find('iothreads').text, '2')
        with self.refused('InvalidArg', "invalid argument: an IOThread is already using iothread_id '1'"):
            guest.call('Domain.AddIOThread', 1, 0)
        with self.refused('InvalidArg', 'invalid argument: iothreadid 9 not found'):
            guest.call('Domain.PinIOThread', 9, [True], 0)
        with self.refused('InvalidArg', "invalid argument: cannot find IOThread '9' in iothreadids list"):
            guest.call('Domain.DelIOThread', 9, 0)
        guest.call('Domain.DelIOThread', 1, LIVE)
        self.assertEqual([id for id, _ in guest.call('Domain.GetIOThreadInfo', 0)], [3])
        self.assertIsNone(self.xml_of(guest).find('cputune'))


class Saving(GuestsTest):
    def test_save_and_restore(self):
        guest, image = self.guest(), f'{self.folder}/image'
        guest.call('Domain.SetMemory', 32768, LIVE)
        with self.story(guest, 'changed Active Addresses Id Memory State', 'stopped 4'):
            guest.call('Domain.Save', image, '', 0)
        self.assertEqual(self.state(guest), (SHUT_OFF, 5))
        self.assertIn('<name>guest</name>', self.host.call('Connection.DomainSaveImageGetXMLDesc', image, 0))
        self.host.call('Connection.DomainRestore', image, '', 0)
        self.assertEqual((self.state(guest), guest.get('Domain.Memory')), ((RUNNING, 3), 32768))
        with self.invalid("Requested operation is not valid: domain 'guest' is already active"):
            self.host.call('Connection.DomainRestore', image, '', 0)
        xml = self.host.call('Connection.DomainSaveImageGetXMLDesc', image, 0).replace('32768', '16384')
        self.host.call('Connection.DomainSaveImageDefineXML', image, xml, 0)
        guest.call('Domain.Destroy', 0)
        guest.call('Domain.Undefine', 0)
        self.host.call('Connection.DomainRestore', image, '', 0)
        guest = self.client.object(self.host.call('Connection.DomainLookupByName', 'guest'))
        self.assertEqual((guest.get('Domain.Memory'), guest.get('Domain.Persistent')), (16384, False))
        with self.refused('XmlError'):
            self.host.call('Connection.DomainSaveImageDefineXML', image, '<cpu/>', 0)

    def test_save_errors(self):
        guest = self.guest()
        with self.refused('SystemError', "saving domain 'guest' to '/nonexistent/x': open failed: No such file"):
            guest.call('Domain.Save', '/nonexistent/x', '', 0)
        self.assertEqual(self.state(guest)[0], RUNNING)
        with self.refused('InvalidArg', 'unsupported flags (0x4) in function testDomainSaveFlags'):
            guest.call('Domain.Save', f'{self.folder}/x', '', 4)
        with self.refused('ArgumentUnsupported', 'argument unsupported: xml modification unsupported'):
            guest.call('Domain.Save', f'{self.folder}/x', '<domain/>', 0)
        with self.refused('InvalidArg', 'to in virDomainSave must be an absolute path'):
            guest.call('Domain.Save', 'x', '', 0)
        with self.refused('SystemError', "cannot read domain image '/nonexistent/x': No such file"):
            self.host.call('Connection.DomainRestore', '/nonexistent/x', '', 0)
        os.mkfifo(f'{self.folder}/fifo')
        with self.refused('SystemError', "saving domain 'guest'"):
            guest.call('Domain.Save', f'{self.folder}/fifo', '', 0)
        for member, *more in (('DomainRestore', '', 0), ('DomainSaveImageGetXMLDesc', 0)):
            with self.refused('InternalError', 'internal error: mismatched header magic'):
                self.host.call(f'Connection.{member}', '/etc/passwd', *more)
            with self.refused('SystemError', 'cannot read domain image'):
                self.host.call(f'Connection.{member}', f'{self.folder}/fifo', *more)

    def test_core(self):
        guest, core = self.guest(), f'{self.folder}/core'
        guest.call('Domain.CoreDump', core, 0, 0)
        self.assertTrue(os.path.getsize(core))
        self.assertEqual(self.state(guest)[0], RUNNING)
        with self.refused('OperationUnsupported', 'Operation not supported: kdump-compressed format is not supported'):
            guest.call('Domain.CoreDump', core, 1, 0)
        with self.refused('SystemError', "domain 'guest' coredump: failed to open /nonexistent/x: No such file"):
            guest.call('Domain.CoreDump', '/nonexistent/x', 0, 0)
        with self.story(guest, 'changed Active Addresses Id State', 'stopped 2'):
            guest.call('Domain.CoreDump', core, 0, 1)
        self.assertEqual(self.state(guest), (SHUT_OFF, 3))

    def test_managed(self):
        guest = self.guest()
        self.assertFalse(guest.call('Domain.HasManagedSaveImage', 0))
        with self.story(guest, 'changed Active Addresses HasManagedSave Id State', 'stopped 4'):
            guest.call('Domain.ManagedSave', 0)
        self.assertEqual((self.state(guest), guest.call('Domain.HasManagedSaveImage', 0)), ((SHUT_OFF, 5), True))
        with self.invalid('Requested operation is not valid: Refusing to undefine while domain managed save image'):
            guest.call('Domain.Undefine', 0)
        guest.call('Domain.Create', 0)
        self.assertEqual((self.state(guest), guest.get('Domain.HasManagedSave')), ((RUNNING, 1), False))
        guest.call('Domain.ManagedSave', 0)
        guest.call('Domain.ManagedSaveRemove', 0)
        self.assertFalse(guest.get('Domain.HasManagedSave'))
        guest.call('Domain.Create', 0)
        guest.call('Domain.ManagedSave', 0)
        guest.call('Domain.Undefine', 1)
        passing = self.create('passing')
        with self.invalid('Requested operation is not valid: cannot do managed save for transient domain'):
            passing.call('Domain.ManagedSave', 0)


class Snapshots(GuestsTest):
    def take(self, guest, name, flags=0):
        path = guest.call('Domain.SnapshotCreateXML',
                          f'<domainsnapshot><name>{name}</name><description>the {name}</description></domainsnapshot>',
                          flags)
        return self.client.object(path)

    def names(self, guest):
        paths = guest.call('Domain.ListDomainSnapshots', 0)
        return {self.client.object(path).get('DomainSnapshot.Name') for path in paths}

    def test_tree(self):
        guest = self.guest()
        with self.told('InterfacesAdded', ''):
            first = self.take(guest, 'first')
        second = self.take(guest, 'second')
        self.assertEqual(first.get_all('DomainSnapshot')['Current'], False)
        properties = second.get_all('DomainSnapshot')
        properties.pop('CreationTime')
        self.assertEqual(properties, {'Name': 'second', 'Description': 'the second', 'State': 'running',
                                      'Parent': 'first', 'Current': True})
        self.assertEqual(guest.call('Domain.SnapshotCurrent', 0), second.path)
        self.assertEqual(second.call('DomainSnapshot.GetParent', 0), first.path)
        self.assertEqual(first.call('DomainSnapshot.ListChildren', 0), [second.path])
        document = ElementTree.fromstring(second.call('DomainSnapshot.GetXMLDesc', 0))
        self.assertEqual((document.find('parent/name').text, document.find('domain/name').text,
                          document.find('memory').get('snapshot'), [disk.get('name') for disk in document.iter('disk')
                                                                    if disk.get('name')]),
                         ('first', 'guest', 'internal', ['vda', 'vdb']))
        with self.refused('OperationFailed', 'operation failed: domain moment first already exists'):
            self.take(guest, 'first')
        with self.refused('NoDomainSnapshot', "Domain snapshot not found: snapshot 'first' does not have a parent"):
            first.call('DomainSnapshot.GetParent', 0)
        first.call('DomainSnapshot.Delete', 0)
        self.assertEqual(second.get('DomainSnapshot.Parent'), '')
        self.assertEqual(self.names(guest), {'second'})
        with self.refused('-UnknownObject'):
            first.call('DomainSnapshot.Delete', 0)

    def test_refused(self):
        guest = self.guest()
        for flag in (0x4, 0x10, 0x20):
            with self.refused('InvalidArg', f'unsupported flags ({flag:#x}) in function test'):
                self.take(guest, 'x', flag)
        with self.refused('InvalidArg', 'invalid argument: the flag for the current snapshot'):
            self.take(guest, 'x', 2)
        with self.refused('XmlError'):
            guest.call('Domain.SnapshotCreateXML', '<foo/>', 0)
        passing = self.create('passing')
        with self.invalid('Requested operation is not valid: cannot halt after transient domain snapshot'):
            self.take(passing, 'x', 8)
        self.take(passing, 'y')
        passing.call('Domain.Destroy', 0)

    def test_halt_and_revert(self):
        guest = self.guest()
        running = self.take(guest, 'running')
        with self.story(guest, 'changed Active Addresses Id State', 'stopped 6'):
            self.take(guest, 'halted', 8)
        self.assertEqual(self.state(guest), (SHUT_OFF, 7))
        off = self.take(guest, 'off')
        self.assertEqual(off.get('DomainSnapshot.State'), 'shutoff')
        with self.story(guest, 'changed Active Addresses Id State', 'started 3'):
            running.call('DomainSnapshot.Revert', 0)
        self.assertEqual(self.state(guest), (RUNNING, 4))
        self.assertTrue(running.get('DomainSnapshot.Current'))
        with self.story(guest, 'changed State', 'suspended 5'):
            running.call('DomainSnapshot.Revert', 2)
        self.assertEqual(self.state(guest), (PAUSED, 7))
        paused = self.take(guest, 'paused')
        with self.story(guest, 'changed State', 'resumed 2'):
            running.call('DomainSnapshot.Revert', 0)
        with self.story(guest, 'changed State', 'suspended 5'):
            paused.call('DomainSnapshot.Revert', 0)
        with self.refused('SnapshotRevertRisky'):
            off.call('DomainSnapshot.Revert', 1)
        with self.story(guest, 'changed Active Addresses Id State', 'stopped 6'):
            off.call('DomainSnapshot.Revert', 0)
        with self.story(guest, 'changed Active Addresses Id State', 'started 3'):
            off.call('DomainSnapshot.Revert', 1)
        with self.refused('InvalidArg', 'running and paused flags'):
            off.call('DomainSnapshot.Revert', 3)

    def test_configuration_comes_back(self):
        guest = self.guest()
        before = self.take(guest, 'before')
        guest.call('Domain.SetMemory', 32768, LIVE)
        before.call('DomainSnapshot.Revert', 0)
        self.assertEqual(guest.get('Domain.Memory'), 65536)

    def test_delete_children(self):
        guest = self.guest()
        first, second = self.take(guest, 'first'), self.take(guest, 'second')
        self.take(guest, 'third')
        second.call('DomainSnapshot.Delete', 4)
        self.assertEqual((self.names(guest), second.get('DomainSnapshot.Current')), ({'first', 'second'}, True))
        with self.refused('InvalidArg', 'invalid argument: flags to delete'):
            first.call('DomainSnapshot.Delete', 5)
        first.call('DomainSnapshot.Delete', 1)
        self.assertEqual(self.names(guest), set())
        with self.refused('NoDomainSnapshot'):
            guest.call('Domain.SnapshotCurrent', 0)

    def test_redefine(self):
        guest = self.guest()
        first, second = self.take(guest, 'first'), self.take(guest, 'second')
        xml = first.call('DomainSnapshot.GetXMLDesc', 1)
        first.call('DomainSnapshot.Delete', 1)
        path = guest.call('Domain.SnapshotCreateXML', xml, 1 | 2)
        self.assertEqual(guest.call('Domain.SnapshotCurrent', 0), path)
        with self.refused('InvalidArg', 'invalid argument: cannot set snapshot first as its own parent'):
            guest.call('Domain.SnapshotCreateXML',
                       xml.replace('<creationTime>', '<parent><name>first</name></parent><creationTime>'), 1)
        with self.refused('InvalidArg', 'invalid argument: parent nobody for snapshot first not found'):
            guest.call('Domain.SnapshotCreateXML',
                       xml.replace('<creationTime>', '<parent><name>nobody</name></parent><creationTime>'), 1)
        del second

    def test_end_with_the_domain(self):
        guest = self.guest()
        snapshot = self.take(guest, 'first')
        guest.call('Domain.Destroy', 0)
        with self.invalid('Requested operation is not valid: cannot delete inactive domain with 1 snapshots'):
            guest.call('Domain.Undefine', 0)
        with self.told('InterfacesRemoved', snapshot.path):
            guest.call('Domain.Undefine', 2)

    def _remove_guests(self):
        for path in set(self.host.call('Connection.ListDomains', 0)) - self._before:
            for snapshot in self.client.object(path).call('Domain.ListDomainSnapshots', 1):
                with contextlib.suppress(CallError):
                    self.client.object(snapshot).call('DomainSnapshot.Delete', 1)
        super()._remove_guests()


class Checkpoints(GuestsTest):
    def make(self, guest, name, flags=0):
        path = guest.call('Domain.CheckpointCreateXML', f'<domaincheckpoint><name>{name}</name></domaincheckpoint>',
                          flags)
        return self.client.object(path)

    def test_chain(self):
        guest = self.guest()
        first, second = self.make(guest, 'first'), self.make(guest, 'second')
        self.assertEqual(second.call('DomainCheckpoint.GetParent', 0), first.path)
        self.assertEqual(first.call('DomainCheckpoint.ListChildren', 0), [second.path])
        document = ElementTree.fromstring(second.call('DomainCheckpoint.GetXMLDesc', 2))
        self.assertEqual((document.find('disks/disk').attrib, document.find('domain')),
                         ({'name': 'vda', 'checkpoint': 'bitmap', 'bitmap': 'second'}, None))
        self.assertIn('<domain type', second.call('DomainCheckpoint.GetXMLDesc', 4))
        with self.refused('OperationFailed', 'operation failed: domain moment first already exists'):
            self.make(guest, 'first')
        with self.refused('OperationUnsupported', 'Operation not supported: cannot create snapshot while checkpoint'):
            guest.call('Domain.SnapshotCreateXML', '<domainsnapshot/>', 0)
        second.call('DomainCheckpoint.Delete', 0)
        third = self.make(guest, 'third')
        self.assertEqual(third.get('DomainCheckpoint.Parent'), 'first')
        xml = third.call('DomainCheckpoint.GetXMLDesc', 1)
        first.call('DomainCheckpoint.Delete', 4)
        self.assertEqual(guest.call('Domain.ListCheckpoints', 0), [first.path])
        guest.call('Domain.CheckpointCreateXML', xml, 1)
        self.assertEqual(len(first.call('DomainCheckpoint.ListChildren', 0)), 1)
        first.call('DomainCheckpoint.Delete', 1)
        self.assertEqual(guest.call('Domain.ListCheckpoints', 0), [])

    def test_refused(self):
        guest = self.guest()
        guest.call('Domain.SnapshotCreateXML', '<domainsnapshot><name>x</name></domainsnapshot>', 0)
        with self.refused('OperationUnsupported', 'Operation not supported: cannot create checkpoint while snapshot'):
            self.make(guest, 'first')
        guest.call('Domain.Destroy', 0)
        guest.call('Domain.Undefine', 2)
        guest = self.guest(start=None)
        with self.invalid('Requested operation is not valid: cannot create checkpoint for inactive domain'):
            self.make(guest, 'first')


class LibvirtObject:
    """An object of org.libvirt, called by our names. Its properties are asked of ours."""

    def __init__(self, test, path: str):
        self.path, self._test = path, test

    def call(self, member: str, *arguments):
        short, name = member.split('.')
        interface = {'Connection': 'Connect'}.get(short, short)
        if name in self._test.own:
            return self._ours().call(member, *arguments)
        return self._test.other.object(self.path).call(f'org.libvirt.{interface}.{name}', *arguments)

    def _ours(self):
        return self._test.ours.object(self.path.replace('/org/libvirt/Test', TEST))

    def get(self, member: str):
        value = self._ours().get(member)
        return value.replace(TEST, '/org/libvirt/Test') if isinstance(value, str) else value

    def get_all(self, interface: str) -> dict:
        return self._ours().get_all(interface)


class Libvirt:
    """Mixed in before a class of tests: the same calls in the other namespace, whose errors have one name."""

    own = ()  # what it does not have

    def setUp(self):
        self.ours, self.other = self.client, self.new_client('org.libvirt')
        self.client, self.host = self, LibvirtObject(self, '/org/libvirt/Test')
        super().setUp()

    def object(self, path: str):
        return LibvirtObject(self, path)

    @contextlib.contextmanager
    def refused(self, name: str, message: str = ''):
        bus_error = name.startswith('-')
        with self.assertRaises(CallError) as caught:
            yield
        self.assertEqual((caught.exception.name == 'org.libvirt.Error', caught.exception.message[:len(message)]),
                         (not bus_error, message))

    @contextlib.contextmanager
    def story(self, *_):
        yield

    told = story

    def state(self, guest) -> tuple:
        return guest.call('Domain.GetState', 0)


class LibvirtHostFacts(Libvirt, HostFacts):
    pass


class LibvirtGuestAnswers(Libvirt, GuestAnswers):
    pass


class LibvirtParameters(Libvirt, Parameters):
    pass


class LibvirtPinning(Libvirt, Pinning):
    pass


class LibvirtSaving(Libvirt, Saving):
    pass


class LibvirtSnapshots(Libvirt, Snapshots):
    pass


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a QEMU connection tells of this host, beside what the kernel shows."""

import os
import pathlib
import re
import shlex
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from gi.repository import GLib

from bustest import BusTest, guest_xml

KSM = pathlib.Path('/sys/kernel/mm/ksm')


def meminfo(name: str) -> int:
    return int(re.search(rf'^{name}:\s+(\d+)', pathlib.Path('/proc/meminfo').read_text(), re.MULTILINE)[1])


class NodeTest(BusTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.client.object('/org/virtbus1/connection/qemu_session')

    def test_version(self):
        # A folder that is new has no memory of what the emulator is.
        host = self.open(f'qemu:///embed?root={self.bus.folder}/new')
        version = host.get('Connection.Version')
        emulator = subprocess.run(['qemu-system-x86_64', '--version'], capture_output=True, text=True, check=True)
        major, minor, micro = map(int, re.search(r'version (\d+)\.(\d+)\.(\d+)', emulator.stdout).groups())
        self.assertEqual(version, major * 1000000 + minor * 1000 + micro)
        self.assertEqual(host.get_all('Connection')['Version'], version)

    def test_info(self):
        model, memory, cpus, mhz, nodes, sockets, cores, threads = self.host.call('Connection.NodeGetInfo')
        self.assertEqual((model, memory, cpus), (os.uname().machine, meminfo('MemTotal'), os.sysconf('SC_NPROCESSORS_ONLN')))
        self.assertEqual(nodes * sockets * cores * threads, cpus)
        self.assertGreaterEqual(mhz, 0)

    def test_cpu_map(self):
        online = self.host.call('Connection.NodeGetCPUMap', 0)
        self.assertEqual(sum(online), os.sysconf('SC_NPROCESSORS_ONLN'))
        self.assertGreaterEqual(len(online), os.sysconf('SC_NPROCESSORS_CONF'))

    def test_cpu_stats(self):
        everything = self.host.call('Connection.NodeGetCPUStats', -1, 0)
        self.assertEqual(set(everything), {'kernel', 'user', 'idle', 'iowait'})
        one = self.host.call('Connection.NodeGetCPUStats', 0, 0)
        self.assertLess(0, one['user'])
        self.assertLessEqual(one['user'], everything['user'] * 2)
        # It grows, and in nanoseconds.
        ticks = pathlib.Path('/proc/stat').read_text().split('\n', 1)[0].split()
        now = (int(ticks[1]) + int(ticks[2])) * 10**9 // os.sysconf('SC_CLK_TCK')
        self.assertLessEqual(everything['user'], now)
        self.assertLess(now - everything['user'], 60 * 10**9 * os.cpu_count())
        for number in (-2, 65536):
            with self.refused('InvalidArg', 'invalid argument: Invalid cpuNum in nodeGetCPUStats'):
                self.host.call('Connection.NodeGetCPUStats', number, 0)

    def test_memory(self):
        stats = self.host.call('Connection.NodeGetMemoryStats', -1, 0)
        self.assertEqual(set(stats), {'total', 'free', 'buffers', 'cached'})
        self.assertEqual(stats['total'], meminfo('MemTotal'))
        self.assertLess(stats['free'], stats['total'])
        cell = self.host.call('Connection.NodeGetMemoryStats', 0, 0)
        self.assertEqual(set(cell), {'total', 'free'})
        with self.refused('InvalidArg', 'invalid argument: cellNum in virNodeGetMemoryStats'):
            self.host.call('Connection.NodeGetMemoryStats', 4711, 0)
        self.assertLess(0, self.host.call('Connection.NodeGetFreeMemory'))

    def test_free_pages(self):
        size = os.sysconf('SC_PAGESIZE') // 1024
        huge = sorted(int(path.name.removeprefix('hugepages-').removesuffix('kB'))
                      for path in pathlib.Path('/sys/kernel/mm/hugepages').glob('hugepages-*'))
        total = self.host.call('Connection.NodeGetMemoryStats', -1, 0)['total']
        for cell in (-1, 0):
            free, *others = self.host.call('Connection.NodeGetFreePages', [size, *huge], cell, 1, 0)
            self.assertTrue(0 < free < total // size)
            self.assertEqual(others, [int(pathlib.Path(
                f'/sys/kernel/mm/hugepages/hugepages-{kib}kB/free_hugepages').read_text()) for kib in huge])
        # As many cells as there are.
        self.assertEqual(len(self.host.call('Connection.NodeGetFreePages', [size], 0, 1000, 0)),
                         max(1, len(list(pathlib.Path('/sys/devices/system/node').glob('node[0-9]*')))))
        self.assertEqual(self.host.call('Connection.NodeGetFreePages', [], 0, 1, 0), [])
        for arguments, error, text in (
                (([3], 0, 1), 'OperationFailed', 'operation failed: page size 3 is not available on node 0'),
                (([size], 4711, 1), 'InternalError', 'internal error: start cell 4711 out of range'),
                (([size], -2, 1), 'InvalidArg', 'invalid argument: there is no NUMA cell -2'),
                (([size] * 1025, 0, 1), 'InvalidArg', 'invalid argument: more than 1024 numbers of pages')):
            with self.refused(error, text):
                self.host.call('Connection.NodeGetFreePages', *arguments, 0)

    @unittest.skipUnless(KSM.exists(), 'this kernel does not share pages')
    def test_memory_parameters(self):
        parameters = self.host.call('Connection.NodeGetMemoryParameters', 0)
        for name, value in parameters.items():
            if not name.startswith('shm_pages_s'):
                self.assertEqual(value, int((KSM / name.removeprefix('shm_')).read_text()), name)
        for wrong, says in (({'shm_pages_shared': GLib.Variant('t', 1)}, "parameter 'shm_pages_shared' not supported"),
                            ({'nothing': GLib.Variant('u', 1)}, "parameter 'nothing' not supported"),
                            ({'shm_pages_to_scan': GLib.Variant('i', 1)},
                             "invalid type for parameter 'shm_pages_to_scan'")):
            with self.refused('InvalidArg', f'invalid argument: {says}'):
                self.host.call('Connection.NodeSetMemoryParameters', wrong, 0)

    def test_sysinfo(self):
        dmi = pathlib.Path('/sys/class/dmi/id')
        if not dmi.exists():
            with self.refused('ConfigUnsupported', 'unsupported configuration: Host SMBIOS information is not available'):
                self.host.call('Connection.GetSysinfo', 0)
            return
        document = ElementTree.fromstring(self.host.call('Connection.GetSysinfo', 0))
        self.assertEqual((document.tag, document.get('type')), ('sysinfo', 'smbios'))
        vendor = (dmi / 'sys_vendor').read_text().strip()
        if vendor:
            self.assertEqual(document.findtext("system/entry[@name='manufacturer']"), vendor)

    def test_command_line(self):
        xml = guest_xml('qemu', "it's", devices="<interface type='user'/><serial type='pty'/>"
                        "<graphics type='vnc'/>", more='<metadata/>')
        text = self.host.call('Connection.DomainXMLToNative', 'qemu-argv', xml, 0)
        words = shlex.split(text.replace('\\\n', ' '))
        self.assertEqual(words[words.index('-name') + 1], "guest=it's,debug-threads=on")
        self.assertIn('-display', words)
        self.assertEqual(self.host.call('Connection.ListDomains', 0), [])
        with self.refused('InvalidArg', 'invalid argument: unsupported config type vmx'):
            self.host.call('Connection.DomainXMLToNative', 'vmx', xml, 0)
        with self.refused('ConfigUnsupported'):
            self.host.call('Connection.DomainXMLToNative', 'qemu-argv',
                           guest_xml('qemu', 'x', devices="<tpm model='tpm-tis'><backend type='emulator'/></tpm>"), 0)
        with self.refused('XmlDetail'):
            self.host.call('Connection.DomainXMLToNative', 'qemu-argv', '<domain', 0)
        with self.refused('NoSupport'):
            self.host.call('Connection.DomainXMLFromNative', 'qemu-argv', text, 0)

    def test_security_model(self):
        self.assertEqual(self.host.call('Connection.NodeGetSecurityModel'), ('none', '0'))


if __name__ == '__main__':
    unittest.main()

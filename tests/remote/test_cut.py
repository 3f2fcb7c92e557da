#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cable to another host, cut in the middle of calls, of streams and of a handshake, whichever way leads there: who
waits is told, everybody else is served meanwhile, and when the cable is whole again so are the connections."""

import collections
import contextlib
import os
import pathlib
import select
import shutil
import sys
import tempfile
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

from bustest import CallError, OBJECT_MANAGER, PAUSED, ROOT, RUNNING, TEST, guest_xml
from lab import HERE, Lab, missing
from labtest import InLab

WAYS = ('tcp', 'tls', 'ssh', 'libssh')
MIB = 1 << 20
# Long enough for a busy machine, short enough for those who wait.
SETTINGS = 'keepalive_interval = 3\nkeepalive_count = 4\n'
# As the link finds out; where that is kept from running for long, the kernel does.
SILENT = 'the peer has not answered for 15 s|[Tt]imed out|No route to host'
PATIENCE = 120


@unittest.skipIf(missing(), f'{missing()} cannot be had here')
class CutTest(InLab):
    driver, path = 'test', 'default'

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-cut-'))
        cls.addClassCleanup(shutil.rmtree, folder)
        (folder / 'virtbus').mkdir()
        (folder / 'virtbus/virtbusd.conf').write_text(SETTINGS)
        cls.options = {'trace': False, 'env': {'XDG_CONFIG_HOME': str(folder)}}
        super().setUpClass()

    def setUp(self):
        self.addCleanup(self.lab.mend)
        # What the test before this one had is gone, and not counted as if it were ours.
        self.wait(lambda: self.held()[2:] == (0, 0))
        # Beside the cable, and so the host's own: it keeps the test host there, too.
        self.there = self.open(f'{self.driver}+unix:///{self.path}?socket={self.lab.socket()}', client=self.new_client())

    def uri(self, way: str, **parameters) -> str:
        return self.way(way, **parameters).replace('test+', f'{self.driver}+').replace('/default', f'/{self.path}')

    def connect(self) -> dict:
        """A connection for each way, each of a client of its own, until the end of the test."""
        return {way: self.open(self.uri(way), client=self.new_client()) for way in WAYS}

    def begin(self, target, member: str, *arguments, timeout=PATIENCE):
        interface, name = member.split('.')
        interface = f'org.virtbus1.{interface}'
        signature = target.client.signature(target.path, interface, name)
        return target.client.start(target.path, interface, name, signature, *arguments, timeout=timeout)

    def wait(self, condition, failure=lambda: 'waited in vain'):
        self.client.wait(condition, PATIENCE, failure)

    def wait_alive(self, hosts, alive: bool):
        for way, host in hosts.items():
            self.wait(lambda host=host: host.get('Connection.Alive') == alive,
                      lambda way=way, host=host: f'{way}: {host.get("Connection.LinkError")}')

    def objects(self, host) -> dict:
        managed = self.client.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
        return {path: value for path, value in managed.items() if self.is_mirrored(host, path)}

    @staticmethod
    def is_mirrored(host, path: str) -> bool:
        """An object of that host's; jobs are the service's own, of calls that take their time."""
        return path.startswith(host.path) and '/job/' not in path

    def in_work(self, member: str) -> int:
        """Fibers that carry out such a call."""
        return sum(name.startswith(f'{member} ') for name, *_ in self.manager.call('Manager.ListFibers'))

    def held(self) -> tuple:
        """What the service has: descriptors by kind, fibers by name, processes; and the other host, connections."""
        pid, kinds = self.bus.service.pid, collections.Counter()
        for link in pathlib.Path(f'/proc/{pid}/fd').iterdir():
            with contextlib.suppress(OSError):
                kinds[os.readlink(link).partition(':')[0]] += 1
        fibers = collections.Counter(name for name, *_ in self.manager.call('Manager.ListFibers'))
        connections = self.lab.there.run('ss', '-Htn', 'state', 'established', 'dst', HERE).stdout.splitlines()
        return kinds, fibers, len(self.bus.processes('ssh ')), len(connections)

    def wait_held(self, before: tuple):
        self.wait(lambda: self.held() == before, lambda: f'{before}\nbecame\n{self.held()}')

    def others_are_served(self):
        """On this host and on that one, as long as no cable is needed."""
        local = self.client.object(TEST)
        for host in (local, self.there):
            guest = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
            self.assertIn('<name>test</name>', guest.call('Domain.GetXMLDesc', 0))

    def refusal(self, finish) -> str:
        with self.assertRaises(CallError) as caught:
            finish()
        self.assertEqual(caught.exception.name, 'org.virtbus1.Error.Rpc', caught.exception.message)
        return caught.exception.message


class Calls(CutTest):
    @staticmethod
    def attempt(target, member: str, *arguments):
        with contextlib.suppress(CallError):
            target.call(member, *arguments)

    def define(self, name: str):
        guest = self.there.client.object(self.there.call('Connection.DomainDefineXML', guest_xml('test', name)))
        self.addCleanup(self.attempt, guest, 'Domain.Undefine', 0)
        return guest

    def test_calls(self):
        """Those in flight and those that come later end with the cause; what was missed is caught up with."""
        gone = self.define('gone')
        hosts = self.connect()
        guests = {way: host.client.object(host.call('Connection.DomainLookupByName', 'test'))
                  for way, host in hosts.items()}
        missed = {way: host.call('Connection.DomainLookupByName', 'gone') for way, host in hosts.items()}
        known = {way: self.objects(host) for way, host in hosts.items()}
        callers = {way: [self.new_client().object(guest.path) for _ in range(12)] for way, guest in guests.items()}
        for each in callers.values():
            for caller in each:
                caller.call('Domain.GetXMLDesc', 0)
        before = self.held()
        with self.client.record() as signals:
            # The host takes its time, so that calls are on their way when the cable goes: questions, and work, which
            # may take hours.
            self.lab.libvirtd.pause()
            self.addCleanup(self.lab.libvirtd.resume)
            members = (('GetXMLDesc', (0,)), ('SetVcpus', (1, 1)))
            waiting = {way: [self.begin(caller, f'Domain.{members[i % 2][0]}', *members[i % 2][1])
                             for i, caller in enumerate(each)] for way, each in callers.items()}
            self.wait(lambda: sum(self.in_work(name) for name, _ in members) == 12 * len(WAYS))
            self.lab.cut()
            self.lab.libvirtd.resume()
            for way, guest in guests.items():
                waiting[way] += [self.begin(guest, 'Domain.GetXMLDesc', 0), self.begin(guest, 'Domain.Resume')]
            self.others_are_served()
            for way, finishes in waiting.items():
                for finish in finishes:
                    with self.subTest(way):
                        self.assertRegex(self.refusal(finish), SILENT)
            self.wait_alive(hosts, False)
            self.others_are_served()
            for way, host in hosts.items():
                with self.subTest(way):
                    self.assertEqual(set(self.objects(host)), set(known[way]))
                    self.assertIn('the link is down: ', self.refusal(self.begin(guests[way], 'Domain.GetXMLDesc', 0)))
                    lost = [s.arguments[1] for s in signals.matching(member='PropertiesChanged', path=host.path)
                            if s.arguments[1].get('Alive') is False]
                    # So say the jobs that the work was shown as.
                    ended = [s.arguments for s in signals.matching(member='Completed') if s.path.startswith(host.path)]
                    self.assertEqual([(success, error) for success, error, _ in ended],
                                     len(callers[way]) // 2 * [(False, 'org.virtbus1.Error.Rpc')])
                    self.assertEqual(len(lost), 1)
                    self.assertRegex(lost[0]['LinkError'], SILENT)
            # What happens there meanwhile.
            gone.call('Domain.Undefine', 0)
            new = self.define('new')
            there = self.there.client.object(self.there.call('Connection.DomainLookupByName', 'test'))
            there.call('Domain.Suspend')
            self.addCleanup(self.attempt, there, 'Domain.Resume')
            self.lab.mend()
            self.wait_alive(hosts, True)
            for way, host in hosts.items():
                with self.subTest(way):
                    self.check_caught_up(signals, host, known[way], guests[way], missed[way])
        self.wait_held(before)
        # And events come again.
        new.call('Domain.Undefine', 0)
        there.call('Domain.Resume')
        for way, host in hosts.items():
            self.wait(lambda way=way: guests[way].get('Domain.State')[0] == RUNNING)
            self.wait(lambda host=host: len(host.call('Connection.ListDomains', 0)) == 1)

    def check_caught_up(self, signals, host, known: dict, guest, missed: str):
        self.assertEqual(host.get('Connection.LinkError'), '')
        new = host.call('Connection.DomainLookupByName', 'new')
        now = self.objects(host)
        self.assertEqual(set(now), {*known, new} - {missed})
        names = [value['org.virtbus1.Domain']['Name'] for value in now.values() if 'org.virtbus1.Domain' in value]
        self.assertEqual(sorted(names), ['new', 'test'])
        self.assertEqual(guest.get('Domain.State'), (PAUSED, 1))
        self.assertIn('<name>test</name>', guest.call('Domain.GetXMLDesc', 0))
        signals.wait(member='PropertiesChanged', path=host.path, where=lambda s: s.arguments[1].get('Alive') is True)
        self.assertEqual(sorted(s.arguments for s in signals.matching(member='DomainEvent', path=host.path)),
                         sorted([(guest.path, 3, 0), (missed, 1, 0), (new, 0, 0)]))
        for member, path in (('InterfacesAdded', new), ('InterfacesRemoved', missed)):
            self.assertEqual([s.arguments[0] for s in signals.matching(member=member)
                              if self.is_mirrored(host, s.arguments[0])], [path])

    def test_again_and_again(self):
        """Cut and whole in turns, also while it is being brought back."""
        hosts = self.connect()
        known = {way: set(self.objects(host)) for way, host in hosts.items()}
        before = self.held()
        for pause in (0, 0.5):
            self.lab.cut()
            self.wait_alive(hosts, False)
            self.lab.mend()
            # Some are back then, some in the middle of it.
            self.client.settle(pause)
            self.lab.cut()
            self.client.settle(pause)
            self.lab.mend()
            self.wait_alive(hosts, True)
        for way, host in hosts.items():
            with self.subTest(way):
                # A link that is lost without a sign of it yet may be the one that is there.
                self.wait(lambda way=way: set(self.objects(hosts[way])) == known[way])
                self.wait(lambda host=host: self.lists(host))
        self.wait_held(before)

    def lists(self, host) -> bool:
        try:
            return len(host.call('Connection.ListDomains', 0)) == 1
        except CallError:
            return False


class Handshakes(CutTest):
    def opening(self, way: str, **parameters):
        return self.begin(self.new_client().object(ROOT), 'Manager.Open', self.uri(way, **parameters), 0)

    def comes_in(self, way: str) -> bool:
        try:
            host = self.opening(way)()
        except CallError:
            return False
        return len(self.client.object(host).call('Connection.ListDomains', 0)) == 1

    def test_handshake(self):
        """Before the first word of the host, and wherever else it is cut: Open fails, and the next one does not."""
        before, daemons = self.held(), (self.lab.libvirtd, self.lab.sshds[22])
        for silent in (True, False):
            for daemon in daemons if silent else ():
                daemon.pause()
                self.addCleanup(daemon.resume)
            openings = [(way, self.opening(way)) for way in WAYS]
            if silent:
                # All of them have been let in by the kernel there, and wait for a word.
                self.wait(lambda: self.held()[3] >= before[3] + len(WAYS))
            self.lab.cut()
            for daemon in daemons:
                daemon.resume()
            self.others_are_served()
            for way, finish in openings:
                with self.subTest((way, silent)):
                    try:
                        host = finish()
                        self.assertFalse(silent, host)
                    except CallError as error:
                        self.assertRegex(error.message, 'in time|timed out|has not answered|[Nn]o route to host')
                        self.assertIn(self.uri(way), error.message)
            self.lab.mend()
            for way in WAYS:
                with self.subTest((way, silent)):
                    # The kernel may still be sure that there is nobody.
                    self.wait(lambda way=way: self.comes_in(way))


POOL = "<pool type='dir'><name>cut</name><target><path>/var/lib/libvirt/cut</path></target></pool>"
SERIALS = ''.join(f"<serial type='pty'><target port='{port}'/></serial>" for port in range(len(WAYS)))
SCREEN = "<graphics type='vnc' autoport='yes'/>"


class Streams(CutTest):
    driver, path = 'qemu', 'system'

    def setUp(self):
        super().setUp()
        self.lab.there.run('mkdir', '-p', '/var/lib/libvirt/cut')
        pool = self.there.client.object(self.there.call('Connection.StoragePoolCreateXML', POOL, 0))
        self.addCleanup(pool.call, 'StoragePool.Destroy')
        for way in WAYS:
            for what in ('up', 'down'):
                volume = pool.call('StoragePool.StorageVolCreateXML', f'<volume><name>{way}-{what}</name>'
                                   f'<capacity>{64 * MIB}</capacity></volume>', 0)
                self.addCleanup(self.there.client.object(volume).call, 'StorageVol.Delete', 0)
        guest = self.there.client.object(self.there.call(
            'Connection.DomainCreateXML', guest_xml('qemu', 'cut', devices=SERIALS + SCREEN), 0))
        self.addCleanup(guest.call, 'Domain.Destroy', 0)

    def go_on(self, readers: dict, writers: dict) -> dict:
        """Read and write until nobody gives or takes anything any more; how much was read."""
        sizes = dict.fromkeys(readers, 0)
        left = {**readers, **writers}
        for descriptor in left.values():
            os.set_blocking(descriptor, False)
        while left:
            ready = []

            def poll():
                reading, writing, _ = select.select([left[key] for key in readers if key in left],
                                                    [left[key] for key in writers if key in left], [], 0)
                ready[:] = [key for key in left if left[key] in (reading if key in readers else writing)]
                return ready

            self.wait(poll, lambda: f'no end of {list(left)}')
            for key in ready:
                try:
                    n = len(os.read(left[key], MIB)) if key in readers else os.write(left[key], bytes(65536))
                except BlockingIOError:
                    continue
                except (BrokenPipeError, ConnectionResetError):
                    n = 0
                if n == 0:
                    os.close(left.pop(key))
                elif key in sizes:
                    sizes[key] += n
        return sizes

    def test_streams(self):
        hosts = self.connect()
        before = self.held()
        known = {way: set(self.objects(host)) for way, host in hosts.items()}
        readers, writers = {}, {}
        for port, (way, host) in enumerate(hosts.items()):
            guest = host.client.object(host.call('Connection.DomainLookupByName', 'cut'))
            pool = host.client.object(host.call('Connection.StoragePoolLookupByName', 'cut'))
            up, down = (host.client.object(pool.call('StoragePool.StorageVolLookupByName', f'{way}-{what}'))
                        for what in ('up', 'down'))
            console = readers[way, 'console'] = guest.call('Domain.OpenConsole', f'serial{port}', 0)
            os.write(console, b'a line that nobody reads')
            writers[way, 'upload'] = up.call('StorageVol.Upload', 0, 0, 0)
            os.write(writers[way, 'upload'], bytes(4096))
            readers[way, 'download'] = down.call('StorageVol.Download', 0, 0, 0)
            self.assertEqual(os.read(readers[way, 'download'], 4096), bytes(4096))
            if 'ssh' in way:
                screen = readers[way, 'screen'] = guest.call('Domain.OpenGraphicsFD', 0, 0)
                self.wait(lambda screen=screen: select.select([screen], [], [], 0)[0])
                self.assertEqual(os.read(screen, 4), b'RFB ')
        self.lab.cut()
        sizes = self.go_on(readers, writers)
        for way in WAYS:
            self.assertLess(sizes[way, 'download'], 64 * MIB - 4096, way)
        self.wait_alive(hosts, False)
        self.lab.mend()
        self.wait_alive(hosts, True)
        for way, host in hosts.items():
            self.assertEqual(set(self.objects(host)), known[way])
        self.wait_held(before)


if __name__ == '__main__':
    unittest.main(verbosity=2)

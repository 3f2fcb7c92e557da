#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The link to a peer: what it cannot be opened for, what becomes of it when it is cut or held up, what the mirror
shows of what others do at the peer."""

import contextlib
import os
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

from bustest import (BusTest, CallError, GLib, OBJECT_MANAGER, PAUSED, ROOT, RUNNING, SHUT_OFF, TEST_UUID, guest_xml)
from libvirtd import Libvirtd
from proxy import Proxy

LINK_LOST = 'Rpc'
PROGRAM = 0x20008086
# A call, which only clients make.
NONSENSE = struct.pack('>7I', 28, PROGRAM, 1, 1, 0, 5, 0)
# As the kernel tells it: orderly, or with data under way.
GONE = 'the peer has closed the connection|the connection has failed: .*(reset by peer|Broken pipe)'


class LinkTest(BusTest):
    @classmethod
    def setUpClass(cls):
        cls.libvirtd = Libvirtd()
        cls.addClassCleanup(cls.libvirtd.close)
        cls.libvirtd.open()
        super().setUpClass()

    def setUp(self):
        self.proxy = Proxy(str(self.libvirtd.socket))
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__)

    def connect(self, transport='unix', flags=0):
        """Through the proxy, until the end of the test."""
        uri = self.libvirtd.uri(transport, address=f'127.0.0.1:{self.proxy.port}', socket_path=self.proxy.socket)
        client = self.new_client()
        return client.object(client.object(ROOT).call('Manager.Open', uri, flags))

    def virsh(self, *command: str) -> str:
        """Somebody else at the peer."""
        result = subprocess.run(['virsh', '-q', '-c', self.libvirtd.uri('unix'), *command],
                                capture_output=True, text=True, timeout=180)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def define(self, name: str, **more):
        document = self.libvirtd.folder / f'{name}.xml'
        document.write_text(guest_xml('test', name, **more))
        self.virsh('define', str(document))
        self.addCleanup(subprocess.run, ['virsh', '-q', '-c', self.libvirtd.uri('unix'), 'undefine', name],
                        capture_output=True, timeout=180)

    def fibers(self, member: str) -> list:
        """The calls of it that wait."""
        return [name for name, what, *_ in self.manager.call('Manager.ListFibers') if name.startswith(member) and what]

    def wait_alive(self, host, alive: bool):
        self.client.wait(lambda: host.get('Connection.Alive') == alive, 240,
                         lambda: host.get('Connection.LinkError'))

    def objects(self, host) -> dict:
        managed = self.client.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
        return {path: value for path, value in managed.items() if path.startswith(host.path)}

    def begin(self, target, member: str, *arguments):
        interface, name = member.split('.')
        interface = f'org.virtbus1.{interface}'
        signature = target.client.signature(target.path, interface, name)
        return target.client.start(target.path, interface, name, signature, *arguments, timeout=240)


class Opening(LinkTest):
    def refusal(self, uri: str) -> CallError:
        with self.assertRaises(CallError) as caught:
            self.manager.call('Manager.Open', uri, 0)
        self.assertTrue(caught.exception.message, caught.exception)
        # Without what a test before this one had open.
        self.client.wait(lambda: len(self.manager.call('Manager.ListConnections')) == 2)
        return caught.exception

    def test_causes(self):
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))
            port = closed.getsockname()[1]
            for uri, cause in ((f'test+tcp://127.0.0.1:{port}/default', f"'127.0.0.1:{port}': Connection refused"),
                               ('test+tcp://nobody.invalid/default', 'cannot look up the host nobody.invalid'),
                               ('test+unix:///default?socket=/nowhere', "'/nowhere': No such file or directory"),
                               ('test+ext:///default?command=/nowhere', "there is no program '/nowhere'"),
                               ('test+ext:///default?command=/bin/false', 'the '),
                               ('test+ext:///default?command=/bin/cat', 'a frame that only clients send'),
                               (self.libvirtd.uri('unix', path='/nosuchhost'), '/nosuchhost'),
                               (self.libvirtd.uri('unix', driver='nosuch'), 'nosuch')):
                with self.subTest(uri):
                    message = self.refusal(uri).message
                    self.assertIn(cause, message)
                    self.assertIn(uri, message)

    def test_what_a_command_complains_of(self):
        command = self.libvirtd.folder / 'complains'
        command.write_text('#!/bin/sh\necho the moon is full >&2\nexit 3\n')
        command.chmod(0o700)
        self.assertIn('the moon is full', self.refusal(f'test+ext:///default?command={command}').message)

    def serve(self, answer: bytes) -> int:
        """A port that says that to everybody who has said something."""
        listener = socket.socket()
        listener.bind(('127.0.0.1', 0))
        listener.listen()
        self.addCleanup(listener.close)

        def run():
            try:
                while True:
                    peer, _ = listener.accept()
                    with peer:
                        peer.recv(1000)
                        peer.sendall(answer)
            except OSError:
                pass

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    def test_no_libvirt(self):
        for answer in (b'HTTP/1.1 400 Bad Request\r\n\r\n', b'', b'\0\0\0\x1c', b'\0' * 28, bytes(range(200))):
            with self.subTest(answer):
                uri = f'test+tcp://127.0.0.1:{self.serve(answer)}/default'
                self.assertIn(uri, self.refusal(uri).message)

    def test_gone_behind_its_last_word(self):
        """An answer, and in the same moment what ends the link."""
        auth_list, feature = 66, 60
        for answers in ({auth_list: [0]}, {auth_list: [1]}, {auth_list: [2]}, {auth_list: [0], feature: 1}):
            with self.subTest(answers):
                uri = f'test+tcp://127.0.0.1:{self.answer(answers)}/default'
                self.assertRegex(self.refusal(uri).message, f'only clients send|{GONE}')

    def answer(self, answers: dict) -> int:
        """A port where procedures are answered with a number or a list, and the last of them with nonsense behind."""
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)

        def run():
            with contextlib.suppress(OSError):
                peer, _ = listener.accept()
                with peer:
                    for procedure, value in answers.items():
                        call = peer.recv(1000)
                        values = [len(value), *value] if isinstance(value, list) else [value]
                        reply = struct.pack(f'>6I{len(values)}I', PROGRAM, 1, procedure, 1, *struct.unpack(
                            '>I', call[20:24]), 0, *values)
                        peer.sendall(struct.pack('>I', len(reply) + 4) + reply
                                     + (NONSENSE if procedure == list(answers)[-1] else b''))
                    while peer.recv(1000):
                        pass

        threading.Thread(target=run, daemon=True).start()
        return listener.getsockname()[1]

    def test_cut_in_a_handshake(self):
        for held in (0, 28, 40, 100, 400, 2000):
            with self.subTest(held):
                self.proxy.hold(after=held) if held else self.proxy.hold()
                finish = self.begin(self.manager, 'Manager.Open', self.libvirtd.uri(
                    'unix', socket_path=self.proxy.socket), 0)
                self.client.wait(lambda: self.proxy.connections == 1)
                self.client.settle(0.2)
                self.proxy.cut()
                with self.assertRaises(CallError) as caught:
                    finish()
                self.assertRegex(caught.exception.message, GONE)
                self.proxy.release()

    def test_silent_peer(self):
        """It accepts, and never says a word: the error comes at the deadline."""
        self.proxy.hold()
        with self.assertRaises(CallError) as caught:
            self.connect()
        self.assertIn('the peer has not answered AUTH_LIST in time', caught.exception.message)

    def test_ends_with_its_last_holder(self):
        first, second = self.connect(), self.connect()
        self.assertEqual((first.path, self.proxy.connections), (second.path, 1))
        first.client.object(ROOT).call('Manager.Close', first.path)
        self.assertTrue(second.get('Connection.Alive'))
        second.client.close()
        self.client.wait(lambda: self.proxy.connections == 0)
        self.assertNotIn(first.path, self.manager.call('Manager.ListConnections'))
        self.assertEqual(self.objects(first), {})

    def test_for_reading(self):
        host, reader = self.connect(), self.connect(flags=1)
        self.assertNotEqual(host.path, reader.path)
        self.assertEqual(self.proxy.connections, 2)
        guest = reader.client.object(reader.call('Connection.DomainLookupByName', 'test'))
        self.assertIn('<name>test</name>', guest.call('Domain.GetXMLDesc', 0))
        with self.refused('OperationDenied'):
            guest.call('Domain.Suspend')

    def test_labels(self):
        for transport in ('unix', 'tcp', 'ext'):
            host = self.connect(transport)
            self.assertRegex(host.path, rf'^{ROOT}/connection/test_{transport}_[a-z0-9_]*default_[0-9a-f]{{10}}$')
            # A peer may be asked for it for longer than an opening takes.
            self.client.wait(lambda: host.get('Connection.Version') > 0)
            properties = host.get_all('Connection')
            self.assertEqual((properties['Secure'], properties['Encrypted'], properties['Alive']),
                             (transport == 'unix', False, True))
            self.assertEqual((properties['Version'], properties['LibVersion'], properties['LinkError']),
                             (2, 9000000, ''))
            self.assertEqual(properties['Hostname'], os.uname().nodename)


class Others(LinkTest):
    """What somebody else does at the peer is seen here."""

    def test_events(self):
        host = self.connect()
        guest_path = f'{host.path}/domain/_{TEST_UUID.replace("-", "_")}'
        guest = self.client.object(guest_path)
        with self.client.record() as signals:
            self.virsh('suspend', 'test')
            signals.wait(member='DomainEvent', path=host.path)
            self.assertEqual(guest.get('Domain.State'), (PAUSED, 1))
            self.virsh('resume', 'test')
            self.client.wait(lambda: guest.get('Domain.State')[0] == RUNNING)
            self.define('other')
            added = signals.wait(member='InterfacesAdded', where=lambda s: 'other' == s.arguments[1].get(
                'org.virtbus1.Domain', {}).get('Name')).arguments
            self.assertEqual(host.call('Connection.DomainLookupByName', 'other'), added[0])
            self.virsh('undefine', 'other')
            signals.wait(member='InterfacesRemoved', where=lambda s: s.arguments[0] == added[0])
        self.assertEqual([s.arguments for s in signals.matching(member='DomainEvent', path=host.path)],
                         [(guest_path, 3, 0), (guest_path, 4, 0), (added[0], 0, 0), (added[0], 1, 0)])

    def test_what_has_no_events(self):
        host = self.connect()
        guest = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
        self.virsh('snapshot-create-as', 'test', 'one', '--description', 'the first')
        snapshot = host.client.object(guest.call('Domain.SnapshotLookupByName', 'one', 0))
        self.assertEqual((snapshot.get('DomainSnapshot.Description'), snapshot.get('DomainSnapshot.Current')),
                         ('the first', True))
        self.virsh('snapshot-delete', 'test', 'one')
        self.assertEqual(guest.call('Domain.ListDomainSnapshots', 0), [])
        document = self.libvirtd.folder / 'eth2.xml'
        document.write_text("<interface type='ethernet' name='eth2'><mac address='aa:bb:cc:dd:ee:f2'/></interface>")
        self.virsh('iface-define', str(document))
        self.assertEqual(len(host.call('Connection.ListInterfaces', 1)), 1)
        self.virsh('iface-undefine', 'eth2')
        self.assertEqual(host.call('Connection.ListInterfaces', 1), [])

    def test_volumes(self):
        host = self.connect()
        pool = host.client.object(host.call('Connection.StoragePoolLookupByName', 'default-pool'))
        self.virsh('vol-create-as', 'default-pool', 'disk', '1M', '--format', 'qcow2')
        volume = host.client.object(pool.call('StoragePool.StorageVolLookupByName', 'disk'))
        self.assertEqual((volume.get('StorageVol.Capacity'), volume.get('StorageVol.Format'),
                          volume.get('StorageVol.Pool')), (1 << 20, 'qcow2', pool.path))
        self.assertEqual(pool.call('StoragePool.GetInfo')[2], 1 << 20)
        volume.call('StorageVol.Delete', 0)
        self.assertEqual(pool.call('StoragePool.ListStorageVolumes', 0), [])
        self.assertEqual(self.virsh('vol-list', 'default-pool').strip(), '')

    def test_errors_come_through(self):
        host = self.connect()
        with self.refused('NoDomain', "Domain not found: no domain with matching name 'nobody'"):
            host.call('Connection.DomainLookupByName', 'nobody')
        with self.refused('XmlDetail', '(domain_definition):1: '):
            host.call('Connection.DomainDefineXML', '<domain')
        guest = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
        with self.refused('NoSupport', 'this function is not supported by the connection driver: virDomainAbortJob'):
            guest.call('Domain.AbortJob')

    def test_screenshot(self):
        for transport in ('unix', 'tcp', 'ext'):
            host = self.connect(transport)
            guest = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
            mime, fd = guest.call('Domain.Screenshot', 0, 0)
            with os.fdopen(fd, 'rb') as picture:
                self.assertEqual((mime, picture.read(8)), ('image/png', b'\x89PNG\r\n\x1a\n'))
                self.assertTrue(picture.read().endswith(b'IEND\xaeB`\x82'))


class Lost(LinkTest):
    def test_nonsense(self):
        host = self.connect()
        for _ in range(3):
            with self.client.record() as signals:
                self.proxy.inject(NONSENSE)
                lost = signals.wait(member='PropertiesChanged', path=host.path,
                                    where=lambda signal: signal.arguments[1].get('Alive') is False)
                self.assertEqual(lost.arguments[1]['LinkError'], 'the peer sent a frame that only clients send')
                self.wait_alive(host, True)

    def test_comes_back(self):
        # A test host is forgotten when nobody has it open.
        self.open(self.libvirtd.uri('unix'), client=self.new_client())
        host = self.connect()
        test = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
        self.define('gone')
        gone = host.call('Connection.DomainLookupByName', 'gone')
        before = self.objects(host)
        with self.client.record() as signals:
            self.proxy.refuse()
            self.proxy.cut()
            # What the peer is asked for after the opening may be told first, such as its version.
            changed = signals.wait(member='PropertiesChanged', path=host.path,
                                   where=lambda signal: 'Alive' in signal.arguments[1]).arguments[1]
            self.assertEqual(changed['Alive'], False)
            self.assertRegex(changed['LinkError'], GONE)
            # All is there as it was, and nothing can be done.
            now = self.objects(host)
            self.assertEqual(set(now), set(before))
            for member, arguments in (('Domain.GetXMLDesc', (0,)), ('Domain.Suspend', ())):
                with self.refused(LINK_LOST, f'{host.get("Connection.URI")}: the link is down'):
                    test.call(member, *arguments)
            with self.refused(LINK_LOST):
                host.call('Connection.ListDomains', 0)
            # What is missed meanwhile.
            self.virsh('suspend', 'test')
            self.virsh('undefine', 'gone')
            self.define('new')
            self.proxy.allow()
            self.wait_alive(host, True)
            self.assertEqual(host.get('Connection.LinkError'), '')
            new = host.call('Connection.DomainLookupByName', 'new')
            # What was told before this reply is here with it.
            self.manager.get('Manager.Version')
        self.assertEqual(test.get('Domain.State'), (PAUSED, 1))
        self.assertEqual(set(self.objects(host)), {*before, new} - {gone})
        self.assertEqual({tuple(s.arguments) for s in signals.matching(member='DomainEvent', path=host.path)},
                         {(test.path, 3, 0), (gone, 1, 0), (new, 0, 0)})
        for member, path in (('InterfacesAdded', new), ('InterfacesRemoved', gone)):
            self.assertEqual([s.arguments[0] for s in signals.matching(member=member)
                              if s.arguments[0].startswith(host.path)], [path])
        # And events are there again.
        self.virsh('resume', 'test')
        self.client.wait(lambda: test.get('Domain.State')[0] == RUNNING)

    def test_daemon_starts_again(self):
        host = self.connect()
        for number in (9, 15):
            self.libvirtd.stop(number)
            self.wait_alive(host, False)
            self.libvirtd.start()
            self.wait_alive(host, True)
            self.assertEqual(len(host.call('Connection.ListDomains', 0)), 1)

    def test_cut_in_calls(self):
        """Whoever waits for a reply is told at once."""
        host = self.connect()
        test = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
        for _ in range(5):
            self.proxy.hold()
            waiting = [self.begin(test, 'Domain.GetXMLDesc', 0)] + [
                self.begin(self.new_client().object(test.path), 'Domain.GetXMLDesc', 0) for _ in range(20)]
            self.client.wait(lambda: len(self.fibers('GetXMLDesc')) == len(waiting))
            self.proxy.cut()
            for finish in waiting:
                with self.refused(LINK_LOST) as caught:
                    finish()
                self.assertRegex(caught.exception.message, GONE)
            self.proxy.release()
            self.wait_alive(host, True)
        self.assertIn('<name>test</name>', test.call('Domain.GetXMLDesc', 0))

    def test_silence(self):
        """A peer that does not answer any more is lost, and its callers hear of it."""
        host = self.connect()
        test = host.client.object(host.call('Connection.DomainLookupByName', 'test'))
        self.proxy.hold()
        finish = self.begin(test, 'Domain.GetXMLDesc', 0)
        with self.refused(LINK_LOST, 'the peer has not answered for 30 s'):
            finish()
        self.assertFalse(host.get('Connection.Alive'))
        self.proxy.cut()
        self.proxy.release()
        self.wait_alive(host, True)
        self.assertIn('<name>test</name>', test.call('Domain.GetXMLDesc', 0))

    def test_closed_while_it_is_down(self):
        host = self.connect()
        self.proxy.refuse()
        self.proxy.cut()
        self.wait_alive(host, False)
        host.client.close()
        self.client.wait(lambda: host.path not in self.manager.call('Manager.ListConnections'))
        # An attempt may be on its way; whoever comes now comes behind it.
        with socket.socket(socket.AF_UNIX) as last:
            last.connect(str(self.proxy.socket))
            self.assertEqual(last.recv(1), b'')
        accepted = self.proxy.accepted
        self.proxy.allow()
        self.client.settle(1.5)
        self.assertEqual((self.proxy.accepted, self.proxy.connections), (accepted, 0))


class Many(LinkTest):
    def test_thousand_domains(self):
        source = self.libvirtd.folder / 'host.xml'
        source.write_text('<node>' + ''.join(
            guest_xml('test', f'guest{number}', more=f'<title>T{number}</title>') for number in range(1000)) + '</node>')
        uri = f'test+unix://{source}?socket={self.libvirtd.socket}'
        begun = time.monotonic()
        host = self.open(uri)
        print(f'        1,000 domains: open in {time.monotonic() - begun:.2f} s', flush=True)
        domains = [value['org.virtbus1.Domain'] for value in self.objects(host).values()
                   if 'org.virtbus1.Domain' in value]
        self.assertEqual(sorted(one['Title'] for one in domains), sorted(f'T{number}' for number in range(1000)))
        self.assertEqual({(one['MaxMemory'], one['State'][0]) for one in domains}, {(65536, RUNNING)})
        self.assertEqual(len(host.call('Connection.ListDomains', 1)), 1000)


if __name__ == '__main__':
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers whose answers do not fit together: what of them makes sense is shown."""

import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness', 'wire')]

from bus import PrivateBus, free_port
from bustest import BusTest, ROOT, TEST_UUID
from madeup import MadeUp
from rpc import CONTINUE, OK, REPLY_WITH_FDS, STREAM, Client, Frame, RpcError


class HastyPeer(MadeUp):
    """Sends what is in a volume before it agrees to, and has all of one at once."""

    def answer(self, end, call, name: str):
        if name == 'STORAGE_VOL_DOWNLOAD':
            for _ in range(20):
                end.send(Frame(call.program, 1, call.procedure, STREAM, call.serial, CONTINUE, bytes(256 << 10)))
        super().answer(end, call, name)
        if name == 'STORAGE_VOL_UPLOAD':
            end.send(Frame(call.program, 1, call.procedure, STREAM, call.serial, OK))


class ScreenPeer(MadeUp):
    """Gives a descriptor."""

    def answer(self, end, call, name: str):
        if name != 'DOMAIN_OPEN_GRAPHICS_FD':
            super().answer(end, call, name)
            return
        with open('/dev/null', 'rb') as file:
            end.send(Frame(call.program, 1, call.procedure, REPLY_WITH_FDS, call.serial, OK, fds=[file.fileno()]))


class MadeUpTest(BusTest):
    def connect(self, answers: dict, kind=MadeUp):
        """To such a peer, until the end of the test."""
        peer = kind(answers)
        peer.__enter__()
        self.addCleanup(peer.__exit__)
        self.uri = peer.uri()
        client = self.new_client()
        self.addCleanup(client.close)
        return client.object(client.object(ROOT).call('Manager.Open', self.uri, 0))

    def test_login_that_the_uri_asks_for(self):
        """A peer, or who sits before it, does not talk us out of it."""
        for answers in ({}, {'AUTH_LIST': None}):
            with MadeUp(answers) as peer:
                for login in ('none', 'None', 'NONE'):
                    self.open(f'{peer.uri()}&auth={login}')
                for login in ('sasl', 'SASL.SCRAM-SHA-256', 'polkit', 'nonesuch'):
                    uri = f'{peer.uri()}&auth={login}'
                    with self.subTest(uri=uri), self.refused(
                            'AuthFailed', f"authentication failed: {uri}: the peer does not offer the login '{login}'"):
                        self.open(uri)

    def test_volume_of_another_pool(self):
        """It was in the list of the one, whatever it says of the other."""
        host = self.connect({
            'CONNECT_LIST_ALL_STORAGE_POOLS': {'pools': [{'name': 'here', 'uuid': TEST_UUID}], 'ret': 1},
            'STORAGE_POOL_IS_ACTIVE': {'active': 1},
            'STORAGE_POOL_LIST_ALL_VOLUMES': {'vols': [{'pool': 'nowhere', 'name': 'v', 'key': 'k'}], 'ret': 1},
        })
        pool = host.client.object(host.call('Connection.StoragePoolLookupByName', 'here'))
        volumes = pool.call('StoragePool.ListStorageVolumes', 0)
        self.assertEqual([host.client.object(path).get('StorageVol.Pool') for path in volumes], [pool.path])

    def test_twice_in_a_list(self):
        """Of two that are called the same, the first is shown, for as long as it is there."""
        domain = {'name': 'test', 'uuid': TEST_UUID, 'id': -1}
        host = self.connect({
            'CONNECT_LIST_ALL_DOMAINS': {'domains': [domain, domain], 'ret': 2},
            'DOMAIN_LIST_ALL_SNAPSHOTS': {'snapshots': [{'name': 's', 'dom': domain}] * 2, 'ret': 2},
            'CONNECT_LIST_ALL_INTERFACES': {'ifaces': [{'name': name, 'mac': '52:54:00:00:00:01'}
                                                       for name in ('eth0', 'eth1', 'eth0')], 'ret': 3},
        })
        guest, = host.call('Connection.ListDomains', 0)
        guest = host.client.object(guest)
        for _ in range(2):
            snapshot, = guest.call('Domain.ListDomainSnapshots', 0)
            self.assertEqual(host.client.object(snapshot).get('DomainSnapshot.Name'), 's')
            interfaces = host.call('Connection.ListInterfaces', 0)
            self.assertEqual(sorted(host.client.object(path).get('Interface.Name') for path in interfaces),
                             ['eth0', 'eth1'])

    def test_streams_out_of_turn(self):
        """What comes before anybody may read it is not piled up."""
        host = self.connect({
            'CONNECT_LIST_ALL_STORAGE_POOLS': {'pools': [{'name': 'p', 'uuid': TEST_UUID}], 'ret': 1},
            'STORAGE_POOL_IS_ACTIVE': {'active': 1},
            'STORAGE_POOL_LIST_ALL_VOLUMES': {'vols': [{'pool': 'p', 'name': 'v', 'key': 'k'}], 'ret': 1},
            'STORAGE_VOL_DOWNLOAD': {},
            'STORAGE_VOL_UPLOAD': {},
        }, HastyPeer)
        pool = host.client.object(host.call('Connection.StoragePoolLookupByName', 'p'))
        volume, = pool.call('StoragePool.ListStorageVolumes', 0)
        with self.refused('Rpc', 'the peer sends a stream that it has not opened'):
            host.client.object(volume).call('StorageVol.Download', 0, 0, 0)
        # Nor is it all that was to come when the peer says that it is.
        with Client(f'{self.bus.folder}/run/virtbus/virtbus-sock') as client:
            client.open(self.uri)
            call = client.start('STORAGE_VOL_UPLOAD', vol={'pool': 'p', 'name': 'v', 'key': 'k'}, offset=0, length=0,
                                flags=0)
            client.finish(call)
            for payload, status in [(bytes(256 << 10), CONTINUE)] * 16 + [(b'', OK)]:
                client.send(Frame(call.program, 1, call.procedure, STREAM, call.serial, status, payload))
            self.assertEqual(client.next().error()['message'], 'the peer has ended the stream early')

    def test_guest_without_statistics(self):
        """It is described all the same, but for how long it ran."""
        domain = {'name': 'test', 'uuid': TEST_UUID, 'id': 7}
        self.connect({
            'CONNECT_LIST_ALL_DOMAINS': {'domains': [domain], 'ret': 1},
            'DOMAIN_GET_STATE': {'state': 1, 'reason': 1},
            'DOMAIN_GET_XML_DESC': {'xml': "<domain type='test' id='7'><name>test</name></domain>"},
        })
        with Client(f'{self.bus.folder}/run/virtbus/virtbus-sock') as client:
            client.open(self.uri)
            info = client.call('DOMAIN_GET_INFO', dom=domain)
        self.assertEqual((info['state'], info['cpuTime']), (1, 0))

    def test_cell_with_much_free_memory(self):
        """More than one answer for a cell."""
        self.connect({'NODE_GET_MEMORY_STATS': {
            'params': [{'field': 'free', 'value': number} for number in range(16)], 'nparams': 16}})
        with Client(f'{self.bus.folder}/run/virtbus/virtbus-sock') as client:
            client.open(self.uri)
            self.assertEqual(client.call('NODE_GET_CELLS_FREE_MEMORY', startCell=0, maxcells=1), {'cells': [0]})


class FarClientTest(unittest.TestCase):
    """One that came over TCP, which carries no descriptors."""

    def test_descriptor_that_it_cannot_have(self):
        domain = {'name': 'test', 'uuid': TEST_UUID, 'id': 7}
        port = free_port()
        with ScreenPeer({'CONNECT_LIST_ALL_DOMAINS': {'domains': [domain], 'ret': 1}}) as peer, PrivateBus() as bus:
            (bus.folder / 'config/virtbus').mkdir()
            (bus.folder / 'config/virtbus/virtbusd.conf').write_text(
                f'listen_addr = "127.0.0.1"\nlisten_tcp = 1\ntcp_port = "{port}"\nauth_tcp = "none"\n')
            bus.start_service()
            with Client(('127.0.0.1', port)).open(peer.uri()) as client, self.assertRaises(RpcError) as caught:
                client.call('DOMAIN_OPEN_GRAPHICS_FD', dom=domain, idx=0, flags=0)
        self.assertIn('descriptors cannot be passed', str(caught.exception))


if __name__ == '__main__':
    unittest.main(verbosity=2)

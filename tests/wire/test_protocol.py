#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The protocol itself, frame by frame: what a server answers to whatever comes."""

import contextlib
import os
import resource
import socket
import struct
import threading
import time
import unittest

from wiretest import TEST, TEST_UUID, WireTest

from bus import PrivateBus
from rpc import (CALL, CALL_WITH_FDS, CONTINUE, ERROR, KEEPALIVE, MESSAGE, OK, PING, PONG, PROGRAMS, REPLY, STREAM,
                 STREAM_HOLE, Client, Closed, Frame, RpcError, pack)

REMOTE = PROGRAMS['REMOTE']
INTERNAL, NO_SUPPORT, INVALID_ARG, RPC, NO_DOMAIN, AUTH_FAILED, DENIED = 1, 3, 8, 39, 42, 45, 29
FROM_NONE, FROM_RPC = 0, 7
# Past this a client that does not read is dropped.
QUEUE_MAX = 64 << 20


class FrameTest(WireTest):
    def setUp(self):
        self.client = Client(self.socket())
        self.addCleanup(self.client.close)

    def answer(self, *header, payload=b'', fds=()) -> Frame:
        self.client.send(Frame(*header, payload, fds))
        return self.client.receive()

    def refused(self, code: int, from_: int, message: str, *header, payload=b'', fds=()):
        frame = self.answer(*header, payload=payload, fds=fds)
        self.assertEqual(frame.header(), (*header[:3], REPLY, header[4], ERROR))
        error = frame.error()
        self.assertEqual((error['code'], error['domain'], error['message']), (code, from_, message))
        self.assertEqual((error['level'], error['dom'], error['net']), (2, None, None))
        return error

    def silent(self):
        """Nothing was answered, and the connection is as it was."""
        self.assertEqual(self.answer(KEEPALIVE, 1, PING, MESSAGE, 0, OK).header(), (KEEPALIVE, 1, PONG, MESSAGE, 0, OK))

    def dropped(self):
        with self.assertRaises(Closed):
            self.client.receive()

    def test_other_programs(self):
        for program, version in ((0x1234, 1), (REMOTE, 2), (REMOTE, 0), (KEEPALIVE, 1), (0x06900690, 1)):
            with self.subTest(program=program, version=version):
                self.refused(RPC, FROM_RPC, f'Cannot find program {program} version {version}',
                             program, version, 1, CALL, 77, OK)
        for type_ in (REPLY, MESSAGE, STREAM, STREAM_HOLE, 9, -1):
            self.client.send(Frame(0x1234, 1, 1, type_, 7, OK, b'abcd'))
        self.silent()

    def test_unknown_procedures(self):
        for number in (0, -5, 9999, 2147483647, 318, 107):  # The last are events.
            error = self.refused(RPC, FROM_RPC, f'unknown procedure: {number}', REMOTE, 1, number, CALL, 5, OK)
            self.assertEqual((error['str1'], error['str2'], error['int1']), ('%s', f'unknown procedure: {number}', -1))

    def test_serials(self):
        for serial in (0, 1, 0xffffffff, 1):
            self.assertEqual(self.answer(REMOTE, 1, 66, CALL, serial, OK).header(), (REMOTE, 1, 66, REPLY, serial, OK))

    def test_status_of_a_call(self):
        for status in (ERROR, CONTINUE, 7, -1):
            self.refused(RPC, FROM_RPC, f'Unexpected message status {status}', REMOTE, 1, 3, CALL, 5, status)

    def test_what_nobody_waits_for(self):
        for type_ in (REPLY, MESSAGE, STREAM, STREAM_HOLE, 12):
            for status in (OK, ERROR, CONTINUE):
                self.client.send(Frame(REMOTE, 1, 201, type_, 5, status, b'12345678'))
        self.silent()

    def test_payloads(self):
        self.client.open()
        for name, payload in (('short', b'\0\0'), ('text that ends too early', struct.pack('>I', 100) + b'abc'),
                              ('text that is too long', struct.pack('>I', 4194305) + bytes(4194308)),
                              ('text with a NUL', pack('s', b'te\0st')), ('nothing', b'')):
            with self.subTest(name):
                self.refused(RPC, FROM_RPC, 'Unable to decode message payload', REMOTE, 1, 23, CALL, 5, OK,
                             payload=payload)
        # What is behind the arguments is not minded.
        self.assertEqual(self.answer(REMOTE, 1, 23, CALL, 6, OK, payload=pack('s', 'test') + b'behind!!').status, OK)

    def test_lengths(self):
        for length in (0, 27, 33554437, 0xffffffff):
            with self.subTest(length):
                self.client = self.raw(None)
                self.client.send_bytes(struct.pack('>I', length))
                self.dropped()

    def test_the_longest_frame(self):
        self.refused(RPC, FROM_RPC, 'unknown procedure: 9999', REMOTE, 1, 9999, CALL, 5, OK, payload=bytes(33554408))

    def test_a_frame_in_pieces(self):
        data = Frame(REMOTE, 1, 66, CALL, 3, OK).bytes() + Frame(REMOTE, 1, 66, CALL, 4, OK).bytes()
        for i in range(len(data)):
            self.client.send_bytes(data[i:i + 1])
        self.assertEqual([self.client.receive().serial for _ in range(2)], [3, 4])

    def test_before_it_is_open(self):
        for procedure, payload in ((3, b''), (2147, b''), (60, struct.pack('>i', 14)), (23, pack('s', 'test'))):
            frame = self.answer(REMOTE, 1, procedure, CALL, 5, OK, payload=payload)
            self.assertIn(frame.error()['message'],
                          ('internal error: hypervisor connection not open', 'unknown procedure: 2147'))
        self.assertEqual(self.client.call('CONNECT_SUPPORTS_FEATURE', feature=10), {'supported': 1})

    def test_open(self):
        self.refused(INTERNAL, FROM_RPC, 'internal error: connection not open', REMOTE, 1, 1, CALL, 5, OK,
                     payload=struct.pack('>II', 0, 0))
        error = self.answer(REMOTE, 1, 1, CALL, 5, OK, payload=pack('S', 'nope:///x') + bytes(4)).error()
        self.assertEqual(error['code'], 5)
        self.assertTrue(error['message'].startswith('no connection driver available for nope:///x'))
        # A failed one may be tried again; what a client of libvirt's own has in the flags is not minded.
        self.client.call('CONNECT_OPEN', name='test:///default', flags=6)
        self.refused(INTERNAL, FROM_RPC, 'internal error: connection already open', REMOTE, 1, 1, CALL, 5, OK,
                     payload=pack('S', 'test:///default') + bytes(4))
        self.assertEqual(self.client.call('CONNECT_GET_TYPE'), {'type': 'TEST'})

    def test_open_without_a_uri(self):
        self.client.open('')
        self.assertEqual(self.client.call('CONNECT_GET_URI'), {'uri': 'qemu:///session'})

    def test_close(self):
        self.client.open()
        self.assertEqual(self.client.call('CONNECT_CLOSE'), {})
        self.dropped()

    def test_features(self):
        self.client.open()
        on = [n for n in range(20) if self.client.call('CONNECT_SUPPORTS_FEATURE', feature=n)['supported']]
        self.assertEqual(on, [8, 9, 10, 14, 15, 16])

    def test_version_of_an_emulator_that_is_new(self):
        client = self.raw(f'qemu:///embed?root={self.bus.folder}/new')
        self.assertGreater(client.call('CONNECT_GET_VERSION')['hv_ver'], 1000000)

    def test_login_where_none_is_needed(self):
        self.assertEqual(self.client.call('AUTH_LIST'), {'types': [0]})
        for name, args in (('AUTH_SASL_INIT', {}), ('AUTH_SASL_START', {'mech': 'PLAIN', 'nil': 1, 'data': []}),
                           ('AUTH_SASL_STEP', {'nil': 1, 'data': []})):
            with self.assertRaises(RpcError) as caught:
                self.client.call(name, **args)
            self.assertEqual((caught.exception.code, caught.exception.domain), (AUTH_FAILED, FROM_RPC))
        with self.assertRaises(RpcError) as caught:
            self.client.call('AUTH_POLKIT')
        self.assertEqual((caught.exception.code, caught.exception.domain), (INTERNAL, FROM_RPC))
        self.assertEqual(caught.exception.error['int1'], 0)

    def test_descriptors(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.client.open()
        # None of them is wanted here, and none is kept.
        frame = self.answer(REMOTE, 1, 3, CALL_WITH_FDS, 5, OK, fds=[writer] * 32)
        os.close(writer)
        self.assertEqual(frame.header(), (REMOTE, 1, 3, REPLY, 5, OK))
        self.assertEqual(os.read(reader, 1), b'')
        self.assertEqual(self.answer(REMOTE, 1, 3, CALL_WITH_FDS, 6, OK).status, OK)
        self.client.send_bytes(struct.pack('>IIIiiIiI', 32, REMOTE, 1, 3, CALL_WITH_FDS, 7, OK, 33))
        self.dropped()

    def test_lists_that_are_too_long(self):
        self.client.open()
        for name, what in (('CONNECT_LIST_DOMAINS', 'maxids'), ('CONNECT_LIST_DEFINED_DOMAINS', 'maxnames')):
            for n, text in ((-1, 'must be non-negative'), (16385, '> 16384')):
                with self.assertRaises(RpcError) as caught:
                    self.client.call(name, **{what: n})
                self.assertEqual((caught.exception.code, caught.exception.message), (RPC, f'{what} {text}'))
        self.assertEqual(self.client.call('CONNECT_LIST_DOMAINS', maxids=0), {'ids': []})
        self.assertEqual(self.client.call('CONNECT_LIST_DOMAINS', maxids=16384), {'ids': [1]})

    def test_two_steps(self):
        self.client.open()
        self.assertEqual(self.client.call('CONNECT_LIST_ALL_DOMAINS', need_results=0, flags=0), {'domains': [], 'ret': 1})
        self.assertEqual(self.client.call('CONNECT_LIST_ALL_DOMAINS', need_results=1, flags=0),
                         {'domains': [TEST], 'ret': 1})

    def test_objects_are_found_by_uuid(self):
        self.client.open()
        state = self.client.call('DOMAIN_GET_STATE', dom={'name': 'wrong', 'uuid': TEST_UUID, 'id': 77}, flags=0)
        self.assertEqual(state['state'], 1)
        other = TEST_UUID[:-1] + '0'
        with self.assertRaises(RpcError) as caught:
            self.client.call('DOMAIN_GET_STATE', dom={'name': 'test', 'uuid': other, 'id': 1}, flags=0)
        self.assertEqual((caught.exception.code, caught.exception.message),
                         (NO_DOMAIN, f"Domain not found: no domain with matching uuid '{other}' (test)"))

    def test_what_no_driver_has(self):
        """Clients go on with an older procedure, or tell the name of the function."""
        self.client.open()
        for name, api in (('DOMAIN_FD_ASSOCIATE', 'virDomainFDAssociate'), ('NODE_ALLOC_PAGES', 'virNodeAllocPages'),
                          ('CONNECT_LIST_ALL_NWFILTER_BINDINGS', 'virConnectListAllNWFilterBindings')):
            args = {'DOMAIN_FD_ASSOCIATE': {'dom': TEST, 'name': 'x', 'flags': 0}, 'NODE_ALLOC_PAGES': {
                'pageSizes': [], 'pageCounts': [], 'startCell': 0, 'cellCount': 0, 'flags': 0}}.get(
                    name, {'need_results': 1, 'flags': 0})
            with self.assertRaises(RpcError) as caught:
                self.client.call(name, **args)
            self.assertEqual((caught.exception.code, caught.exception.message),
                             (NO_SUPPORT, f'this function is not supported by the connection driver: {api}'))

    def test_typed_strings(self):
        """Parameters that are texts are left out where the client does not say that it knows them."""
        self.client.open()
        all_ = self.client.call('DOMAIN_GET_NUMA_PARAMETERS', dom=TEST, nparams=16, flags=4)['params']
        few = self.client.call('DOMAIN_GET_NUMA_PARAMETERS', dom=TEST, nparams=16, flags=0)['params']
        self.assertIn('numa_nodeset', [name for name, _, _ in all_])
        self.assertEqual([p for p in all_ if p[1] != 7], few)
        count = self.client.call('DOMAIN_GET_NUMA_PARAMETERS', dom=TEST, nparams=0, flags=4)
        self.assertEqual(count, {'params': [], 'nparams': len(all_)})

    def test_many_at_once(self):
        """More than are worked on at once are only later, and each is answered."""
        self.client.open()
        calls = [self.client.start('DOMAIN_GET_STATE', dom=TEST, flags=0) for _ in range(500)]
        self.assertEqual({self.client.receive().serial for _ in calls}, {call.serial for call in calls})

    def test_many_that_wait(self):
        self.client.open()
        calls = [self.client.start('CONNECT_GET_CAPABILITIES') for _ in range(50)]
        self.assertEqual({self.client.receive().serial for _ in calls}, {call.serial for call in calls})


    def test_who_does_not_read(self):
        """Is not read from either, and loses nothing once it reads."""
        self.client.open()
        call = self.client.start('CONNECT_GET_CAPABILITIES')
        size = len(self.client.reply(call).payload)
        self.client.socket.settimeout(1)
        n = 0
        with contextlib.suppress(TimeoutError):
            while n * size < 2 * QUEUE_MAX:
                self.client.socket.sendall(call.bytes())
                n += 1
        self.assertLess(n * size, QUEUE_MAX)
        self.client.socket.settimeout(120)
        for _ in range(n):
            self.assertEqual(len(self.client.receive().payload), size)
        self.assertEqual(self.raw().call('CONNECT_GET_TYPE')['type'], 'TEST')

    def test_who_does_not_read_what_it_is_refused(self):
        """Not even one that has not logged in."""
        refused = Frame(PROGRAMS['REMOTE'], 1, 9999, CALL, 0, OK)
        self.client.send(refused)
        size = len(self.client.receive().bytes())
        self.client.socket.settimeout(1)
        n = 0
        with contextlib.suppress(TimeoutError):
            while n * size < QUEUE_MAX:
                self.client.socket.sendall(1000 * refused.bytes())
                n += 1000
        self.assertLess(n * size, QUEUE_MAX / 4)
        self.assertEqual(self.raw().call('CONNECT_GET_TYPE')['type'], 'TEST')


class KeepaliveTest(WireTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bus.stop_service()
        folder = cls.bus.folder / 'config/virtbus'
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'virtbusd.conf').write_text('keepalive_interval = 1\nkeepalive_count = 9\nmax_clients = 3\n')
        cls.bus.start_service()

    def test_who_has_not_asked_is_not_pinged(self):
        client = self.raw()
        client.socket.settimeout(2.5)
        with self.assertRaises(TimeoutError):
            client.receive()

    def test_who_does_not_answer_is_left(self):
        client = self.raw()
        client.call('CONNECT_SUPPORTS_FEATURE', feature=10)
        for _ in range(9):
            self.assertEqual(client.receive().header(), (KEEPALIVE, 1, PING, MESSAGE, 0, OK))
        with self.assertRaises(Closed):
            client.receive()

    def test_who_answers_stays(self):
        client = self.raw()
        client.call('CONNECT_SUPPORTS_FEATURE', feature=10)
        for _ in range(3):
            self.assertEqual(client.receive().header(), (KEEPALIVE, 1, PING, MESSAGE, 0, OK))
            client.send(Frame(KEEPALIVE, 1, PONG, MESSAGE, 0, OK))
        self.assertEqual(client.call('CONNECT_GET_TYPE'), {'type': 'TEST'})

    def test_no_more_clients_than_that(self):
        clients = [self.raw() for _ in range(3)]
        late = Client(self.socket())
        self.addCleanup(late.close)
        late.socket.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            late.login()
        clients.pop().close()
        late.socket.settimeout(120)
        self.assertEqual(late.receive().status, OK)


class LifeTest(WireTest):
    def served_by(self) -> int:
        """The process that listens."""
        client = self.raw(None)
        return struct.unpack('3i', client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]

    def test_a_second_service_leaves_the_sockets_alone(self):
        with PrivateBus() as other:
            folder = other.folder / 'config/virtbus'
            folder.mkdir(parents=True, exist_ok=True)
            (folder / 'virtbusd.conf').write_text(f'unix_sock_dir = "{self.bus.folder}/run/virtbus"\n')
            other.start_service()
            self.assertEqual(self.served_by(), self.bus.service.pid)
        self.assertEqual(self.raw().call('CONNECT_GET_TYPE'), {'type': 'TEST'})
        # Whom it took them from has gone: then they are had by who comes next, whatever was left.
        self.bus.kill_service()
        self.bus.start_service()
        self.assertEqual(self.served_by(), self.bus.service.pid)

    def test_no_descriptor_for_a_client(self):
        """It waits outside until there is one, and the service does not spin meanwhile."""
        pid = self.bus.service.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        told = self.bus.describe().count('cannot let a client in')
        begun = time.monotonic()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        try:
            client = Client(self.socket())
            self.addCleanup(client.close)
            self.until(lambda: self.bus.describe().count('cannot let a client in') > told + 1)
            # Once in a second, that is.
            lines = self.bus.describe().count('cannot let a client in') - told
            self.assertLess(lines, 10 + 2 * (time.monotonic() - begun))
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.assertEqual(client.open().call('CONNECT_GET_TYPE')['type'], 'TEST')

    def test_nothing_is_left(self):
        self.bus.stop_service()
        self.assertEqual(sorted(os.listdir(f'{self.bus.folder}/run/virtbus')), ['qemu', 'virtbus-sock.lock'])
        self.bus.start_service()

    def test_end_of_hosts_that_clients_hold(self):
        for n in range(3):
            self.raw(f'qemu:///embed?root={self.bus.folder}/held-{n}')
        self.bus.stop_service()
        self.bus.start_service()

    def test_who_leaves_in_the_middle(self):
        for _ in range(20):
            client = self.raw()
            for _ in range(20):
                client.start('CONNECT_GET_CAPABILITIES')
            client.close()
        self.assertEqual(self.raw().call('CONNECT_NUM_OF_DOMAINS'), {'num': 1})
        self.until(lambda: not any('GetCapabilities' in fiber[0] for fiber in self.manager.call('Manager.ListFibers')))

    def test_connections_are_given_back(self):
        before = set(self.manager.call('Manager.ListConnections'))
        folder = self.bus.folder / 'embedded'
        client = self.raw(f'qemu:///embed?root={folder}')
        self.assertEqual(len(set(self.manager.call('Manager.ListConnections')) - before), 1)
        client.close()
        self.until(lambda: set(self.manager.call('Manager.ListConnections')) == before)

    def test_clients_from_many_threads(self):
        def work():
            client = self.raw()
            for _ in range(50):
                client.call('DOMAIN_GET_STATE', dom=TEST, flags=0)
            done.append(1)
        done = []
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(done), 8)


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams: volumes up and down, a picture of a screen; ends, errors, holes, and clients that do not read."""

import os
import struct
import time
import unittest

from bustest import ROOT
from wiretest import TEST, WireTest, needs

from rpc import (CONTINUE, ERROR, OK, PROCEDURES, STREAM, STREAM_HOLE, Closed, Frame, RpcError)

SIZE = 3 << 20
PACKET_MAX = 262120


class StreamTest(WireTest):
    def setUp(self):
        self.client = self.raw()
        pool = self.client.call('STORAGE_POOL_LOOKUP_BY_NAME', name='default-pool')['pool']
        self.volume = self.client.call('STORAGE_VOL_CREATE_XML', pool=pool, flags=0, xml=(
            f'<volume><name>{self.id().rpartition(".")[2]}</name><capacity>{SIZE}</capacity></volume>'))['vol']
        self.addCleanup(self.remove)

    def remove(self):
        with self.raw() as client:
            client.call('STORAGE_VOL_DELETE', vol=self.volume, flags=0)

    def open(self, name='STORAGE_VOL_DOWNLOAD', flags=0, offset=0, length=0, client=None):
        client = client or self.client
        call = client.start(name, vol=self.volume, offset=offset, length=length, flags=flags)
        client.finish(call)
        return call

    def packet(self, call, status, payload=b'', type_=STREAM):
        self.client.send(Frame(call.program, 1, call.procedure, type_, call.serial, status, payload))

    def receive(self, call, status) -> bytes:
        frame = self.client.next()
        self.assertEqual(frame.header(), (call.program, 1, call.procedure, STREAM, call.serial, status), frame)
        return frame.payload

    def download(self, **more) -> bytes:
        call = self.open(**more)
        data = b''
        while True:
            payload = self.receive(call, CONTINUE)
            self.assertLessEqual(len(payload), PACKET_MAX)
            if not payload:
                break
            data += payload
        self.packet(call, OK)
        self.assertEqual(self.receive(call, OK), b'')
        return data

    def upload(self, data: bytes, piece=100000, **more):
        call = self.open('STORAGE_VOL_UPLOAD', **more)
        for i in range(0, len(data), piece):
            self.packet(call, CONTINUE, data[i:i + piece])
        self.packet(call, OK)
        self.assertEqual(self.receive(call, OK), b'')

    def test_there_and_back(self):
        data = os.urandom(SIZE)
        self.upload(data)
        self.assertEqual(self.download(), data)
        self.assertEqual(self.download(offset=1000, length=500000), data[1000:501000])
        self.upload(b'x' * 10, offset=5)
        self.assertEqual(self.download(length=20), data[:5] + b'x' * 10 + data[15:20])

    def test_two_at_once(self):
        """And calls between them."""
        data = os.urandom(SIZE)
        self.upload(data)
        calls = [self.open(), self.open()]
        found = {call.serial: b'' for call in calls}
        asked = self.client.start('CONNECT_GET_TYPE')
        done, answered = set(), False
        while len(done) < 2 or not answered:
            frame = self.client.next()
            if frame.type != STREAM:
                self.assertEqual(frame.serial, asked.serial)
                answered = True
            elif frame.payload:
                found[frame.serial] += frame.payload
            else:
                done.add(frame.serial)
        self.assertEqual(set(found.values()), {data})

    def test_a_client_that_does_not_read(self):
        """Is not read for either: what waits for it is bounded."""
        self.upload(os.urandom(SIZE))
        before = self.resident()
        clients = [self.raw() for _ in range(8)]
        calls = [self.open(client=client) for client in clients]
        time.sleep(0.5)
        self.assertEqual(self.raw().call('CONNECT_GET_TYPE'), {'type': 'TEST'})
        if not self.sanitized():  # A sanitizer keeps what is freed.
            self.assertLess(self.resident() - before, 8 * 2048 + 8192)
        self.client = clients[0]
        while self.receive(calls[0], CONTINUE):
            pass

    def test_cut_off(self):
        """A download that somebody cancels has not come to its end."""
        call = self.open()
        with self.bus.client() as client:
            def jobs():
                objects = client.object(ROOT).call('org.freedesktop.DBus.ObjectManager.GetManagedObjects')
                return [path for path, interfaces in objects.items() if 'org.virtbus1.Job' in interfaces]
            job, = self.until(jobs)
            client.object(job).call('Job.Cancel')
        while (frame := self.client.next()).status == CONTINUE:
            self.assertTrue(frame.payload)
        self.assertEqual(frame.header()[3:], (STREAM, call.serial, ERROR))
        self.assertIn('cannot read from the stream', frame.error()['message'])

    def test_abort(self):
        self.upload(bytes(SIZE))
        call = self.open()
        self.packet(call, ERROR)
        while True:
            frame = self.client.next()
            if frame.status == OK:
                break
            self.assertEqual(frame.status, CONTINUE)
        self.assertEqual((frame.header()[3:], frame.payload), ((STREAM, call.serial, OK), b''))
        self.nothing_more(call)

    def nothing_more(self, call):
        """The stream is closed: its packets are dropped."""
        for status in (CONTINUE, OK, ERROR):
            self.packet(call, status, b'abc')
        self.client.events.clear()
        self.assertEqual(self.client.call('CONNECT_GET_TYPE'), {'type': 'TEST'})
        self.assertEqual(self.client.events, [])

    def test_finish_twice(self):
        call = self.open('STORAGE_VOL_UPLOAD')
        self.packet(call, OK)
        self.assertEqual(self.receive(call, OK), b'')
        self.nothing_more(call)

    def test_too_much(self):
        """The other end says why; then the stream is gone."""
        call = self.open('STORAGE_VOL_UPLOAD', length=10)
        self.packet(call, CONTINUE, bytes(100))
        self.packet(call, OK)
        frame = self.client.next()
        self.assertEqual(frame.header()[3:], (STREAM, call.serial, ERROR))
        error = frame.error()
        self.assertEqual((error['code'], error['domain'], error['message']), (
            9, 38, 'operation failed: there are more bytes than the volume or the upload has room for'))
        self.nothing_more(call)

    def test_refused(self):
        """No stream then."""
        with self.assertRaises(RpcError):
            self.open(offset=SIZE + 1)
        self.nothing_more(Frame(PROCEDURES['STORAGE_VOL_DOWNLOAD'].program, 1, 209, STREAM, self.client.serial - 1, OK))

    def hole(self, call, length: int):
        self.packet(call, CONTINUE, struct.pack('>qI', length, 0), STREAM_HOLE)

    def test_holes(self):
        self.upload(b'x' * 100000)
        call = self.open('STORAGE_VOL_UPLOAD', flags=1)
        self.packet(call, CONTINUE, b'begin')
        self.hole(call, 70000)
        self.packet(call, CONTINUE, b'end')
        self.packet(call, OK)
        self.assertEqual(self.receive(call, OK), b'')
        self.assertEqual(self.download(length=70100), b'begin' + bytes(70000) + b'end' + b'x' * 92)

    def test_holes_that_are_not_expected(self):
        for flags, length in ((0, 10), (1, 0), (1, -1)):
            with self.subTest(flags=flags, length=length):
                self.client = self.raw()
                self.hole(self.open('STORAGE_VOL_UPLOAD', flags=flags), length)
                with self.assertRaises(Closed):
                    self.client.receive()

    def test_who_leaves_in_the_middle(self):
        for name in ('STORAGE_VOL_UPLOAD', 'STORAGE_VOL_DOWNLOAD') * 10:
            client = self.raw()
            self.open(name, client=client)
            client.close()
        # The last one may take its time to end.
        self.until(self.may_upload)
        self.upload(b'after all')
        self.assertEqual(self.download(length=9), b'after all')

    def may_upload(self) -> bool:
        try:
            self.upload(b'')
        except RpcError:
            return False
        return True

    def test_screenshot(self):
        call = self.client.start('DOMAIN_SCREENSHOT', dom=TEST, screen=0, flags=0)
        mime = self.client.finish(call)['mime']
        data = b''
        while payload := self.receive(call, CONTINUE):
            data += payload
        self.packet(call, OK)
        self.receive(call, OK)
        self.assertEqual((mime, data[:2]), ('image/x-portable-pixmap', b'P6'))

    @unittest.skipIf(needs('virsh'), 'there is no virsh')
    def test_virsh(self):
        name = self.volume['name']
        there, back = self.bus.folder / 'there', self.bus.folder / 'back'
        there.write_bytes(os.urandom(100000) + bytes(500000) + os.urandom(1000))
        for sparse in ([], ['--sparse']):
            self.virsh('vol-upload', name, str(there), '--pool', 'default-pool', *sparse)
            self.virsh('vol-download', name, str(back), '--pool', 'default-pool', '--length', '601000', *sparse)
            self.assertEqual(back.read_bytes(), there.read_bytes())
        self.virsh('screenshot', 'test', str(self.bus.folder / 'screen'))
        self.assertEqual((self.bus.folder / 'screen').read_bytes()[:2], b'P6')


if __name__ == '__main__':
    unittest.main()

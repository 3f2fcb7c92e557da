#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams of a peer as descriptors here: whole, slow, given up and cut."""

import os
import pathlib
import select
import socket
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness', 'wire')]

from bus import PrivateBus
from bustest import BusTest, ROOT
from proxy import Proxy
from rpc import CONTINUE, OK, STREAM, Client, Frame

MIB = 1 << 20
CONTENT = bytes(range(256)) * (8 * MIB // 256)


class VolumeTest(BusTest):
    @classmethod
    def setUpClass(cls):
        cls.peer = PrivateBus(trace=False)
        cls.addClassCleanup(lambda: cls.peer.close())
        cls.peer.open()
        cls.peer.start_service()
        super().setUpClass()

    def setUp(self):
        self.proxy = Proxy(f'{self.peer.folder}/run/virtbus/virtbus-sock')
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__)
        client = self.new_client()
        self.host = client.object(client.object(ROOT).call(
            'Manager.Open', f'test+unix:///default?socket={self.proxy.socket}', 0))
        self.pool = client.object(self.host.call('Connection.StoragePoolLookupByName', 'default-pool'))
        self.volume = client.object(self.pool.call(
            'StoragePool.StorageVolCreateXML', f'<volume><name>v</name><capacity>{len(CONTENT)}</capacity></volume>', 0))
        self.addCleanup(self.remove)
        self.assertEqual(self.proxy.connections, 1)

    def wait_for_links(self):
        """That of a stream ends with it, when the peer has heard of its end: until then the volume is in use there."""
        self.client.wait(lambda: self.proxy.connections == 1)

    def remove(self):
        self.client.wait(lambda: self.host.get('Connection.Alive'))
        self.wait_for_links()
        self.volume.call('StorageVol.Delete', 0)

    def open_stream(self, member: str, offset=0, length=0):
        return os.fdopen(self.volume.call(f'StorageVol.{member}', offset, length, 0),
                         'wb' if member == 'Upload' else 'rb', buffering=0)

    def upload(self, content: bytes, offset=0, length=0) -> str:
        """What is said at its end: nothing, or why it failed."""
        with socket.socket(fileno=self.volume.call('StorageVol.Upload', offset, length, 0)) as stream:
            stream.settimeout(120)
            stream.sendall(content)
            stream.shutdown(socket.SHUT_WR)
            said = b''.join(iter(lambda: stream.recv(4096), b'')).decode()
        self.wait_for_links()
        return said

    def download(self) -> bytes:
        with self.open_stream('Download') as stream:
            content = b''.join(iter(lambda: stream.read(MIB), b''))
        self.wait_for_links()
        return content

    def test_there_and_back(self):
        self.assertEqual(self.upload(CONTENT), '')
        self.assertTrue(self.download() == CONTENT)
        self.upload(b'here', 4096)
        self.assertEqual(self.download()[4090:4106], CONTENT[4090:4096] + b'here' + CONTENT[4100:4106])

    def test_refused_by_the_peer(self):
        """Who writes is told at the end, as by a host of our own; a client of the wire as well."""
        words = 'operation failed: there are more bytes than the volume or the upload has room for'
        self.assertEqual(self.upload(b'x' * 100, length=10), words)
        with Client(f'{self.bus.folder}/run/virtbus/virtbus-sock') as client:
            client.open(self.host.get('Connection.URI'))
            volume = client.call('STORAGE_VOL_LOOKUP_BY_KEY', key=self.volume.get('StorageVol.Key'))['vol']
            call = client.start('STORAGE_VOL_UPLOAD', vol=volume, offset=0, length=10, flags=0)
            client.finish(call)
            for payload, status in ((b'x' * 100, CONTINUE), (b'', OK)):
                client.send(Frame(call.program, 1, call.procedure, STREAM, call.serial, status, payload))
            self.assertEqual(client.next().error()['message'], words)

    def test_nobody_reads(self):
        """What is not read stays with the peer; calls go on meanwhile."""
        self.upload(CONTENT)
        before = self.resident()
        with self.open_stream('Download') as stream:
            self.client.settle(0.5)
            self.assertLess(self.resident() - before, 4096)
            self.assertIn('<name>v</name>', self.volume.call('StorageVol.GetXMLDesc', 0))
            got = stream.read(1000)
            while len(got) < len(CONTENT):
                more = stream.read(MIB)
                self.assertTrue(more)
                got += more
            self.assertTrue(got == CONTENT)
            self.assertEqual(stream.read(1), b'')

    def test_given_up(self):
        self.upload(CONTENT)
        for _ in range(3):
            with self.open_stream('Download') as stream:
                self.assertEqual(stream.read(10), CONTENT[:10])
        self.wait_for_links()
        self.assertTrue(self.host.get('Connection.Alive'))

    def test_cut(self):
        """The reader does not take it for the end, the writer is told; the connection comes back."""
        self.upload(CONTENT)
        with self.open_stream('Download') as reader:
            reader.read(10)
            self.proxy.cut()
            with self.assertRaises(ConnectionResetError):
                while reader.read(MIB):
                    pass
        self.client.wait(lambda: self.host.get('Connection.Alive'))
        with self.open_stream('Upload') as writer:
            self.proxy.cut()
            with self.assertRaises(ConnectionError):
                while True:
                    writer.write(b'x' * 4096)
            self.assertIn(b'the peer', os.read(writer.fileno(), 4096))
        self.client.wait(lambda: self.host.get('Connection.Alive'))
        self.assertEqual(len(self.download()), len(CONTENT))

    def test_last_word_of_a_fast_writer(self):
        """It has closed its end before a slow peer has taken what it wrote."""
        with self.open_stream('Upload') as stream:
            os.set_blocking(stream.fileno(), False)
            self.proxy.hold()
            written = 0
            while select.select([], [stream], [], 1)[1]:
                written += stream.write(CONTENT[written:written + 4096])
        self.proxy.release()
        self.wait_for_links()
        self.assertLess(written, len(CONTENT))
        self.assertTrue(self.download()[:written] == CONTENT[:written])

    # Jobs

    def job(self, signals):
        """Of the volume, once it is shown. The call that opens a stream may take so long as to have been one, too."""
        def under_way(signal):
            path = signal.arguments[0]
            return path.startswith(f'{self.volume.path}/job/') and not signals.matching(
                member='InterfacesRemoved', where=lambda other: other.arguments[0] == path)
        return self.client.object(signals.wait(member='InterfacesAdded', where=under_way).arguments[0])

    def test_jobs(self):
        aborted = (False, 'org.virtbus1.Error.OperationAborted', 'operation aborted: it was cancelled')
        with self.client.record() as signals, self.open_stream('Upload') as stream:
            job = self.job(signals)
            self.assertEqual({name: job.get(f'Job.{name}') for name in ('Operation', 'State', 'Total', 'Cancellable')},
                             {'Operation': 'Upload', 'State': 0, 'Total': len(CONTENT), 'Cancellable': True})
            part = CONTENT[:MIB]
            while part:
                part = part[stream.write(part):]
            self.client.wait(lambda: signals.changes(job.path).get('Processed') == MIB)
            self.assertEqual(job.get('Job.Progress'), MIB / len(CONTENT))
            job.call('Job.Cancel')
            self.assertEqual(signals.wait(member='Completed', path=job.path).arguments, aborted)
            with self.assertRaises(BrokenPipeError):
                stream.write(b'x')
        self.wait_for_links()
        self.upload(CONTENT)
        for ends, told in ((lambda stream, job: job.call('Job.Cancel'), aborted),
                           (lambda stream, job: stream.close(), (*aborted[:2], 'operation aborted: nobody reads any more '
                                                                 'what the stream brings')),
                           (lambda stream, job: list(iter(lambda: stream.read(MIB), b'')), (True, '', ''))):
            with self.client.record() as signals, self.open_stream('Download') as stream:
                job = self.job(signals)
                ends(stream, job)
                self.assertEqual(signals.wait(member='Completed', path=job.path).arguments, told)
            self.wait_for_links()
        self.assertEqual(signals.changes(job.path)['Processed'], len(CONTENT))

    def test_job_of_the_peer(self):
        """What the peer carries out is seen here; it cannot be cancelled."""
        with self.client.record() as signals:
            self.addCleanup(self.proxy.release)
            self.proxy.hold()
            finish = self.client.start(self.volume.path, 'org.virtbus1.StorageVol', 'Wipe', '(uu)', 0, 0)
            job = self.job(signals)
            self.assertEqual(job.get('Job.Operation'), 'Wipe')
            with self.refused('OperationInvalid', 'Requested operation is not valid: Wipe cannot be cancelled now'):
                job.call('Job.Cancel')
            self.proxy.release()
            finish()
            self.assertEqual(signals.wait(member='Completed', path=job.path).arguments, (True, '', ''))

    def test_refused(self):
        with self.refused('InvalidArg'):
            self.volume.call('StorageVol.Download', 0, 0, 8)
        self.assertEqual(self.proxy.connections, 1)

    def test_many_at_once(self):
        self.upload(CONTENT)
        streams = [self.open_stream('Download') for _ in range(16)]
        total = dict.fromkeys(streams, 0)
        while streams:
            for stream in select.select(streams, [], [], 120)[0]:
                data = stream.read(65536)
                self.assertTrue(data == CONTENT[total[stream]:total[stream] + len(data)])
                total[stream] += len(data)
                if not data:
                    streams.remove(stream)
                    stream.close()
        self.assertEqual(set(total.values()), {len(CONTENT)})
        self.wait_for_links()


if __name__ == '__main__':
    unittest.main(verbosity=2)

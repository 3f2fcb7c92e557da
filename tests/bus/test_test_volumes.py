#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is in the volumes of the test host: upload, download, clone, resize, wipe."""

import contextlib
import getpass
import os
import random
import socket
import time
import unittest

from bustest import BusTest

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
# Job.State, and how often at most it is told how far one is.
RUNNING, COMPLETED, FAILED, CANCELLED = range(4)
TOLD_EVERY = 0.5


class VolumeTest(BusTest):
    def setUp(self):
        self.host = self.open()
        self.pool = self.client.object(self.host.call('Connection.ListStoragePools', 0)[0])
        self.taken = self.pool.get('StoragePool.Allocation')
        self.addCleanup(self.remove)

    def remove(self):
        for path in self.pool.call('StoragePool.ListStorageVolumes', 0):
            self.client.object(path).call('StorageVol.Delete', 0)
        self.assertEqual(self.pool.get('StoragePool.Allocation'), self.taken)

    def xml(self, name: str, capacity: int, allocation: int) -> str:
        return (f'<volume><name>{name}</name><capacity>{capacity}</capacity>'
                f'<allocation>{allocation}</allocation></volume>')

    def volume(self, capacity=4 * MIB, allocation=0, name='v'):
        return self.client.object(
            self.pool.call('StoragePool.StorageVolCreateXML', self.xml(name, capacity, allocation), 0))

    def clone(self, volume, capacity=4 * MIB, name='clone'):
        return self.client.object(self.pool.call('StoragePool.StorageVolCreateXMLFrom', self.xml(name, capacity, 0),
                                                 volume.get('StorageVol.Key'), 0))

    def stream(self, volume, member: str, offset=0, length=0) -> socket.socket:
        stream = socket.socket(fileno=volume.call(f'StorageVol.{member}', offset, length, 0))
        stream.settimeout(120)
        self.addCleanup(stream.close)
        return stream

    def finish(self, stream) -> str:
        """What is said when all was written: nothing where all is well."""
        stream.shutdown(socket.SHUT_WR)
        return self.read(stream).decode()

    def read(self, stream) -> bytes:
        with stream.makefile('rb') as file:
            try:
                return file.read()
            except ConnectionResetError:
                return b'reset'

    def upload(self, volume, content: bytes, *where) -> str:
        stream = self.stream(volume, 'Upload', *where)
        try:
            stream.sendall(content)
        except BrokenPipeError:
            return self.said(stream)
        return self.finish(stream)

    def said(self, stream) -> str:
        return stream.recv(4096).decode()

    def download(self, volume, *where) -> bytes:
        return self.read(self.stream(volume, 'Download', *where))

    def sizes(self, volume) -> tuple:
        sizes = volume.get('StorageVol.Capacity'), volume.get('StorageVol.Allocation')
        self.assertEqual(volume.call('StorageVol.GetInfo', 0)[1:], sizes)
        self.assertEqual(self.pool.get('StoragePool.Available'), 100 * GIB - self.pool.get('StoragePool.Allocation'))
        return sizes

    def idle(self, volume):
        self.client.wait(lambda: self.is_idle(volume))

    def is_idle(self, volume) -> bool:
        try:
            volume.call('StorageVol.Resize', volume.get('StorageVol.Capacity'), 0)
        except Exception as error:
            self.assertIn('still in use', str(error))
            return False
        return True


class TestVolumes(VolumeTest):
    def test_round_trip(self):
        volume, content = self.volume(), random.Random(1).randbytes(4 * MIB)
        self.assertEqual(self.download(volume), bytes(4 * MIB))
        self.assertEqual(self.upload(volume, content), '')
        self.assertEqual(self.sizes(volume), (4 * MIB, 4 * MIB))
        self.assertEqual(self.pool.get('StoragePool.Allocation'), self.taken + 4 * MIB)
        self.assertEqual(self.download(volume), content)
        self.assertEqual(self.download(volume, 1000, 70000), content[1000:71000])
        self.assertEqual(self.download(volume, 4 * MIB - 5), content[-5:])
        self.assertEqual(self.download(volume, 4 * MIB), b'')

    def test_parts(self):
        volume = self.volume()
        self.assertEqual(self.upload(volume, b'abc' * 50000, 100000), '')
        self.assertEqual(self.upload(volume, b'xyz', 65534, 3), '')
        expected = bytearray(4 * MIB)
        expected[100000:250000] = b'abc' * 50000
        expected[65534:65537] = b'xyz'
        self.assertEqual(self.download(volume), expected)
        # Four blocks of 64 KiB have something in them.
        self.assertEqual(self.sizes(volume), (4 * MIB, 256 * KIB))
        # Zeroes take no room.
        self.assertEqual(self.upload(volume, bytes(4 * MIB)), '')
        self.assertEqual(self.sizes(volume), (4 * MIB, 0))

    def test_sizes_are_told(self):
        volume = self.volume(MIB)
        with self.client.record() as signals:
            self.assertEqual(self.upload(volume, b'x'), '')
            self.client.wait(lambda: all('Allocation' in signals.changes(path) for path in (volume.path, self.pool.path)))
        self.assertEqual(signals.changes(volume.path), {'Allocation': 64 * KIB})
        self.assertEqual(signals.changes(self.pool.path)['Allocation'], self.taken + 64 * KIB)

    def test_sparse(self):
        volume = self.volume(50 * GIB)
        self.assertEqual(self.upload(volume, b'the end', 50 * GIB - 7), '')
        self.assertEqual(self.download(volume, 50 * GIB - 10), b'\0\0\0the end')
        self.assertEqual(self.sizes(volume), (50 * GIB, 64 * KIB))

    def test_too_much(self):
        volume = self.volume(MIB)
        more = 'operation failed: there are more bytes than the volume or the upload has room for'
        self.assertEqual(self.upload(volume, bytes(MIB + 1)), more)
        self.assertEqual(self.upload(volume, b'12345', 0, 4), more)
        self.assertEqual(self.upload(volume, b'x', MIB), more)
        for member in ('Upload', 'Download'):
            for where in ((MIB + 1, 0), (0, MIB + 1), (1, MIB), (1 << 63, 1 << 63)):
                with self.subTest(member, where=where), self.refused(
                        'InvalidArg', f"invalid argument: volume 'v' has {MIB} bytes, and not {where[1]} from"):
                    self.stream(volume, member, *where)

    def test_host_is_full(self):
        """However large the volumes say to be, the memory of the service is not theirs to fill."""
        volume = self.volume(GIB)
        said = self.upload(volume, b'\1' * (300 * MIB))
        self.assertEqual(said, 'operation failed: the volumes of the test host hold as much as they may')
        self.assertEqual(self.sizes(volume), (GIB, 256 * MIB))
        other = self.volume(name='other')
        self.assertEqual(self.upload(other, b'x'), said)
        volume.call('StorageVol.Wipe', 0, 0)
        self.assertEqual(self.upload(other, b'x'), '')

    def test_pool_is_full(self):
        self.volume(100 * GIB, 100 * GIB - self.taken, name='all')
        volume = self.volume(MIB)
        self.assertEqual(self.upload(volume, b'x'), 'operation failed: Not enough space left in storage pool')
        with self.refused('OperationFailed', 'operation failed: Not enough space left in storage pool'):
            volume.call('StorageVol.Resize', 2 * MIB, 1)
        volume.call('StorageVol.Resize', 2 * MIB, 0)
        self.assertEqual(self.sizes(volume), (2 * MIB, 0))

    def test_in_use(self):
        volume = self.volume()
        for member in ('Upload', 'Download'):
            stream = self.stream(volume, member)
            for call in (('Delete', 0), ('Wipe', 0, 0), ('Resize', 8 * MIB, 0), ('Upload', 0, 0, 0)):
                with self.subTest(member, call=call), self.refused(
                        'OperationInvalid', "Requested operation is not valid: volume 'v' is still in use."):
                    volume.call(f'StorageVol.{call[0]}', *call[1:])
            # The client leaves; the service hears of it.
            stream.close()
            self.idle(volume)
        self.assertEqual(self.upload(volume, b'x'), '')

    def test_closed_early(self):
        """What was written before the client left is stored, and nothing else is."""
        volume = self.volume()
        stream = self.stream(volume, 'Upload')
        stream.sendall(b'begun')
        stream.close()
        self.idle(volume)
        self.assertEqual(self.download(volume, 0, 8), b'begun\0\0\0')

    def test_pool_stops(self):
        volume = self.volume()
        stream = self.stream(volume, 'Upload')
        stream.sendall(b'kept')
        self.client.wait(lambda: volume.get('StorageVol.Allocation') == 0)
        reading = self.stream(self.volume(name='other'), 'Download')
        self.pool.call('StoragePool.Destroy')
        self.addCleanup(self.pool.call, 'StoragePool.Create', 0)
        self.assertEqual(self.said(stream), 'the storage pool was stopped')
        self.assertLess(len(self.read(reading)), 4 * MIB)
        self.doCleanups()
        self.setUp()

    def test_stopped_pools_keep_what_is_in_volumes(self):
        volume = self.volume()
        self.assertEqual(self.upload(volume, b'kept'), '')
        self.pool.call('StoragePool.Destroy')
        self.pool.call('StoragePool.Create', 0)
        self.assertEqual(self.download(volume, 0, 4), b'kept')
        self.assertEqual(self.sizes(volume), (4 * MIB, 64 * KIB))

    def test_many_at_once(self):
        volume = self.volume()
        streams = [self.stream(volume, 'Download') for _ in range(64)]
        with self.refused('ResourceBusy', 'resource busy: 64 uploads and downloads'):
            self.stream(volume, 'Download')
        for stream in streams:
            self.assertEqual(len(self.read(stream)), 4 * MIB)
        self.assertEqual(len(self.download(volume)), 4 * MIB)

    def test_clone(self):
        volume, content = self.volume(), os.urandom(200000)
        self.assertEqual(self.upload(volume, content), '')
        same, small = self.clone(volume), self.clone(volume, 100000, 'small')
        self.assertEqual(self.download(same), content + bytes(4 * MIB - 200000))
        self.assertEqual(self.download(small), content[:100000])
        self.assertEqual(self.sizes(same), (4 * MIB, 256 * KIB))
        self.assertEqual(self.sizes(small), (100000, 100000))
        # They are two.
        self.assertEqual(self.upload(same, b'other'), '')
        self.assertEqual(self.download(volume, 0, 5), content[:5])

    def test_resize(self):
        volume, content = self.volume(MIB), b'\1' * MIB
        self.assertEqual(self.upload(volume, content), '')
        for capacity, flags, size in ((2 * MIB, 0, 2 * MIB), (MIB, 2, 3 * MIB), (MIB + 3, 2 | 4, 2 * MIB - 3),
                                      (70000, 4, 70000), (MIB, 0, MIB)):
            volume.call('StorageVol.Resize', capacity, flags)
            self.assertEqual(volume.get('StorageVol.Capacity'), size)
        # What was cut off is gone.
        self.assertEqual(self.download(volume), b'\1' * 70000 + bytes(MIB - 70000))
        volume.call('StorageVol.Resize', 2 * MIB, 1)
        self.assertEqual(self.sizes(volume), (2 * MIB, 2 * MIB))
        for capacity, message in (
                (0, "capacity in virStorageVolResize cannot be zero without 'delta' or 'shrink' flags set"),
                (MIB, "invalid argument: Can't shrink capacity below current capacity"),
                (1 << 63, 'invalid argument: a volume cannot have 9223372036854775808 bytes')):
            with self.subTest(message), self.refused('InvalidArg', message):
                volume.call('StorageVol.Resize', capacity, 0)

    def test_wipe(self):
        volume = self.volume(MIB, MIB)
        for pattern, allocation in ((0, MIB), (4, MIB), (9, 0)):
            self.assertEqual(self.upload(volume, b'secret'), '')
            volume.call('StorageVol.Wipe', pattern, 0)
            self.assertEqual(self.download(volume), bytes(MIB))
            self.assertEqual(self.sizes(volume), (MIB, allocation))
        with self.refused('InvalidArg', 'invalid argument: wiping algorithm 10 not supported'):
            volume.call('StorageVol.Wipe', 10, 0)


class TestJobs(VolumeTest):
    """Uploads and downloads that take long are seen on the bus, with how far they are, and can be cancelled."""

    ABORTED, FAILED = 'org.virtbus1.Error.OperationAborted', 'org.virtbus1.Error.OperationFailed'

    @contextlib.contextmanager
    def begin(self, member: str, length=4 * MIB):
        """A volume, a stream of it, its job, and all signals."""
        volume, before = self.volume(), self.sockets()
        with self.client.record() as signals:
            stream = self.stream(volume, member, 0, length)
            added = signals.wait(member='InterfacesAdded', where=lambda s: s.arguments[0].startswith(f'{volume.path}/job/'))
            yield volume, stream, self.client.object(added.arguments[0]), signals
        stream.close()
        self.idle(volume)
        self.client.wait(lambda: self.sockets() <= before)

    def sockets(self) -> int:
        """That the service has open."""
        folder, n = f'/proc/{self.bus.service.pid}/fd', 0
        for descriptor in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                n += os.readlink(f'{folder}/{descriptor}').startswith('socket:')
        return n

    def ended(self, job, signals, state: int, processed: int, error: str, message: str):
        completed = signals.wait(member='Completed', path=job.path)
        self.assertEqual(completed.arguments, (state == COMPLETED, error, message))
        signals.wait(member='InterfacesRemoved', where=lambda s: s.arguments[0] == job.path)
        changes = signals.changes(job.path)
        self.assertEqual((changes['State'], changes['Cancellable']), (state, False))
        if processed is not None:
            self.assertEqual(changes['Processed'], processed)
        with self.refused('-UnknownObject'):
            job.get('Job.State')

    def test_progress(self):
        with self.begin('Upload') as (_, stream, job, signals):
            self.assertLess(abs(job.get('Job.Started') / 1e6 - time.time()), 60)
            self.assertEqual({**job.get_all('Job'), 'Started': None}, {
                'Operation': 'Upload', 'User': getpass.getuser(), 'Started': None, 'State': RUNNING, 'Progress': 0.0,
                'Processed': 0, 'Total': 4 * MIB, 'Cancellable': True})
            for part in range(1, 4):
                stream.sendall(os.urandom(MIB))
                self.client.wait(lambda part=part: signals.changes(job.path).get('Processed') == part * MIB)
                self.assertEqual((job.get('Job.Processed'), job.get('Job.Progress')), (part * MIB, part / 4))
            stream.sendall(os.urandom(MIB))
            self.assertEqual(self.finish(stream), '')
            self.ended(job, signals, COMPLETED, 4 * MIB, '', '')
            self.assertEqual(signals.changes(job.path)['Progress'], 1.0)

    def test_download(self):
        with self.begin('Download') as (_, stream, job, signals):
            self.assertEqual(job.get('Job.Operation'), 'Download')
            self.assertEqual(len(self.read(stream)), 4 * MIB)
            self.ended(job, signals, COMPLETED, 4 * MIB, '', '')

    def test_is_not_told_too_often(self):
        begin = time.monotonic()
        with self.begin('Upload') as (_, stream, job, signals):
            for _ in range(64):
                stream.sendall(b'\1' * 64 * KIB)
                job.get('Job.Processed')
            self.assertEqual(self.finish(stream), '')
            self.ended(job, signals, COMPLETED, 4 * MIB, '', '')
        told = signals.matching(member='PropertiesChanged', path=job.path)
        self.assertLessEqual(len(told), (time.monotonic() - begin) / TOLD_EVERY + 1)

    def test_cancel(self):
        with self.begin('Upload') as (volume, stream, job, signals):
            stream.sendall(b'\1' * MIB)
            self.client.wait(lambda: job.get('Job.Processed') == MIB)
            job.call('Job.Cancel')
            self.assertEqual(self.said(stream), 'operation aborted: it was cancelled')
            with self.assertRaises(BrokenPipeError):
                stream.sendall(b'\1' * MIB)
            self.ended(job, signals, CANCELLED, MIB, self.ABORTED, 'operation aborted: it was cancelled')
        # What was there by then is stored.
        self.assertEqual(self.download(volume, 0, 2 * MIB), b'\1' * MIB + bytes(MIB))

    def test_cancel_a_download(self):
        with self.begin('Download') as (_, stream, job, signals):
            job.call('Job.Cancel')
            # It is not the end that a download has that brought all.
            with self.assertRaises(ConnectionResetError):
                while stream.recv(MIB):
                    pass
            self.ended(job, signals, CANCELLED, None, self.ABORTED, 'operation aborted: it was cancelled')

    def test_failure(self):
        with self.begin('Upload', MIB) as (_, stream, job, signals):
            stream.sendall(b'\1' * MIB)
            self.client.wait(lambda: job.get('Job.Processed') == MIB)
            stream.sendall(b'x')
            more = 'operation failed: there are more bytes than the volume or the upload has room for'
            self.assertEqual(self.said(stream), more)
            self.ended(job, signals, FAILED, MIB, self.FAILED, more)

    def test_pool_stops(self):
        with self.begin('Upload') as (volume, stream, job, signals):
            self.pool.call('StoragePool.Destroy')
            self.assertEqual(self.said(stream), 'the storage pool was stopped')
            self.ended(job, signals, FAILED, None, self.ABORTED, 'the storage pool was stopped')
            self.pool.call('StoragePool.Create', 0)

    def test_client_vanishes(self):
        """The end of an upload is its end; who leaves a download has not all of it."""
        with self.begin('Upload') as (_, stream, job, signals):
            stream.sendall(b'\1' * MIB)
            stream.close()
            self.ended(job, signals, COMPLETED, MIB, '', '')
        self.doCleanups()
        self.setUp()
        with self.begin('Download') as (_, stream, job, signals):
            stream.recv(1)
            stream.close()
            completed = signals.wait(member='Completed', path=job.path)
            self.assertEqual(completed.arguments[:2], (False, self.ABORTED))
            self.assertRegex(completed.arguments[2], r'the client left with \d+ of 4194304 bytes')


if __name__ == '__main__':
    unittest.main()

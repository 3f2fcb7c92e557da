#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a peer works on for long: how far it is can be seen here, and it can be cancelled, as far as the peer can."""

import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness', 'wire')]

from bustest import BusTest, ROOT, TEST_UUID
from madeup import MadeUp

MIB = 1 << 20
TOTAL = 100 * MIB
RUNNING, COMPLETED, FAILED, CANCELLED = range(4)
OPERATION_ABORTED = 78
INFO = dict.fromkeys((f'{what}{part}' for what in ('data', 'mem', 'file')
                      for part in ('Total', 'Processed', 'Remaining')), 0)


class Saving(MadeUp):
    """Saves its domain until it is told to end; knows how far it is, or does not."""

    def __init__(self, knows: bool):
        super().__init__({
            'CONNECT_LIST_ALL_DOMAINS': {'domains': [{'name': 'test', 'uuid': TEST_UUID, 'id': 1}], 'ret': 1},
            'DOMAIN_ABORT_JOB': {},
        })
        self._knows = knows
        self.processed, self.asked, self.aborted = 0, 0, 0

    def answer(self, end, call, name):
        if name == 'DOMAIN_SAVE_FLAGS':
            self._end, self._call = end, call
            return
        self.asked += name == 'DOMAIN_GET_JOB_INFO'
        if name == 'DOMAIN_GET_JOB_INFO' and self._knows:
            end.reply_to(call, {**INFO, 'type': 2, 'timeElapsed': 1000, 'timeRemaining': 0, 'dataTotal': TOTAL,
                                'dataProcessed': self.processed})
            return
        super().answer(end, call, name)
        if name == 'DOMAIN_ABORT_JOB':
            self.aborted += 1
            self._end.refuse(self._call, OPERATION_ABORTED, 'operation aborted: domain save job: canceled by client')

    def finish(self):
        self._end.reply_to(self._call, {})


class WorkTest(BusTest):
    def begin(self, signals, knows=True):
        """The peer, the function that waits for its end, and the job."""
        peer = Saving(knows)
        peer.__enter__()
        self.addCleanup(peer.__exit__)
        client = self.new_client()
        host = client.object(client.object(ROOT).call('Manager.Open', peer.uri(), 0))
        guest, = host.call('Connection.ListDomains', 0)
        finish = client.start(guest, 'org.virtbus1.Domain', 'Save', '(ssu)', '/image', '', 0)
        added = signals.wait(member='InterfacesAdded', where=lambda s: s.arguments[0].startswith(f'{guest}/job/'))
        return peer, finish, self.client.object(added.arguments[0])

    def test_progress(self):
        with self.client.record() as signals:
            peer, finish, job = self.begin(signals)
            self.assertEqual((job.get('Job.Operation'), job.get('Job.State')), ('Save', RUNNING))
            for part in (25, 75):
                peer.processed = part * MIB
                self.client.wait(lambda part=part: signals.changes(job.path).get('Processed') == part * MIB)
                self.assertEqual((job.get('Job.Total'), job.get('Job.Progress')), (TOTAL, part / 100))
            self.assertTrue(job.get('Job.Cancellable'))
            peer.finish()
            finish()
            self.assertEqual(signals.wait(member='Completed', path=job.path).arguments, (True, '', ''))
            self.assertEqual(signals.changes(job.path)['State'], COMPLETED)

    def test_cancel(self):
        with self.client.record() as signals:
            peer, finish, job = self.begin(signals)
            self.client.wait(lambda: job.get('Job.Cancellable'))
            job.call('Job.Cancel')
            message = 'operation aborted: domain save job: canceled by client'
            with self.refused('OperationAborted', message):
                finish()
            self.assertEqual(signals.wait(member='Completed', path=job.path).arguments,
                             (False, 'org.virtbus1.Error.OperationAborted', message))
            self.assertEqual((signals.changes(job.path)['State'], peer.aborted), (CANCELLED, 1))

    def test_what_the_peer_does_not_know(self):
        """It is asked once."""
        with self.client.record() as signals:
            peer, finish, job = self.begin(signals, knows=False)
            self.client.wait(lambda: peer.asked)
            with self.refused('OperationInvalid', 'Requested operation is not valid: Save cannot be cancelled now'):
                job.call('Job.Cancel')
            self.assertEqual((job.get('Job.Progress'), job.get('Job.Total')), (0.0, 0))
            peer.finish()
            finish()
            self.assertEqual(signals.wait(member='Completed', path=job.path).arguments, (True, '', ''))
        self.assertEqual((peer.asked, peer.aborted), (1, 0))

    def test_link_is_lost(self):
        with self.client.record() as signals:
            peer, finish, job = self.begin(signals)
            self.client.wait(lambda: job.get('Job.Cancellable'))
            peer.__exit__()
            with self.refused('Rpc'):
                finish()
            completed = signals.wait(member='Completed', path=job.path).arguments
            self.assertEqual(completed[:2], (False, 'org.virtbus1.Error.Rpc'))
            self.assertEqual(signals.changes(job.path)['State'], FAILED)


if __name__ == '__main__':
    unittest.main(verbosity=2)

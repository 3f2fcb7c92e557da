#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ends: of the service while it waits for a peer, and of a way whose other end says why."""

import pathlib
import socket
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

import lab as laboratory
from bus import PrivateBus
from bustest import BusTest
from labtest import FromHere


class LeavingTest(unittest.TestCase):
    """A peer that accepts and says nothing."""

    refused = BusTest.refused

    def setUp(self):
        self.bus = PrivateBus()
        self.addCleanup(self.bus.close)
        self.bus.open()
        self.bus.start_service()
        self.client = self.bus.client()
        self.addCleanup(self.client.close)
        self.peer = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.peer.close)

    def describe(self) -> str:
        return self.bus.describe()

    def test_service_ends_while_it_opens(self):
        uri = f'test+tcp://127.0.0.1:{self.peer.getsockname()[1]}/default'
        opened = self.client.start('/org/virtbus1', 'org.virtbus1.Manager', 'Open', '(su)', uri, 0)
        accepted, _ = self.peer.accept()
        self.addCleanup(accepted.close)
        self.bus.service.terminate()
        # Not the error of a deadline, which would come later.
        with self.refused('OperationAborted'):
            opened()
        self.bus.service.wait(120)
        # Looks at how it ended.
        self.bus.stop_service()


class ComplaintTest(FromHere):
    def test_what_the_host_says(self):
        for transport, more in (('libssh', f'known_hosts={self.hosts}'), ('ssh', 'no_verify=1')):
            for wrong, says in (('netcat=/no/netcat', '/no/netcat'), ('proxy=netcat&socket=/no/socket', '/no/socket')):
                uri = (f'test+{transport}://root@{laboratory.NAME}/default?keyfile={self.lab.key()}&{more}&{wrong}')
                with self.subTest(uri), self.assertRaises(Exception) as caught:
                    self.client.object('/org/virtbus1').call('Manager.Open', uri, 0)
                self.assertIn('the peer has closed the connection: ', str(caught.exception))
                self.assertIn(says, str(caught.exception).partition('the connection: ')[2])


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private bus and its client, with a toy in the place of the service."""

import os
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from bus import PrivateBus, ServiceError
from client import CallError

TOY = str(pathlib.Path(__file__).resolve().parent / 'toy_service.py')


class BusTest(unittest.TestCase):
    def setUp(self):
        patch = mock.patch.dict(os.environ, VIRTBUSD=TOY)
        patch.start()
        self.addCleanup(patch.stop)

    def open(self, **options) -> PrivateBus:
        bus = PrivateBus(**options)
        bus.open()
        self.addCleanup(bus.close, check=False)
        if not options.get('activation'):
            bus.start_service()
        return bus

    def client(self, bus):
        client = bus.client()
        self.addCleanup(client.close)
        return client

    def test_calls(self):
        manager = self.client(self.open()).object('/org/virtbus1')
        self.assertEqual(manager.call('Manager.Open', 'toy:///', 1),
                         '/org/virtbus1/connection/toy')
        self.assertEqual(manager.call('Manager.Two'), (2, 'two'))
        self.assertIsNone(manager.call('Manager.Spawn'))
        self.assertEqual(manager.get('Manager.Last'), 'value of Last')
        with self.assertRaises(CallError) as caught:
            manager.call('Manager.Open', '', 0)
        self.assertEqual(caught.exception.name, 'org.virtbus1.Error.NoHost')
        self.assertEqual(caught.exception.message, 'there is no such host')
        with self.assertRaises(CallError):
            manager.call('Manager.Nothing')

    def test_calls_at_the_same_time(self):
        client = self.client(self.open())
        waiting = [client.start('/org/virtbus1', 'org.virtbus1.Manager', 'Open', '(su)', 'a', i)
                   for i in range(50)]
        self.assertEqual({finish() for finish in waiting}, {'/org/virtbus1/connection/toy'})

    def test_descriptors(self):
        manager = self.client(self.open()).object('/org/virtbus1')
        with os.fdopen(manager.call('Manager.Pipe')) as file:
            self.assertEqual(file.read(), 'through the bus')
        out, into = os.pipe()
        os.write(into, b'the other way')
        os.close(into)
        self.assertEqual(manager.call('Manager.Read', 0, fds=[out]), 'the other way')
        os.close(out)

    def test_signals(self):
        bus = self.open()
        client, other = self.client(bus), self.client(bus)
        with client.record() as signals:
            other.object('/org/virtbus1').call('Manager.Open', 'toy:///b', 7)
            signal = signals.wait(member='Opened', interface='Manager', path='/org/virtbus1')
            self.assertEqual(signal.arguments, ('toy:///b', 7))
            self.assertEqual(signals.changes(), {'Last': 'toy:///b'})
            with self.assertRaisesRegex(AssertionError, 'no signal'):
                signals.wait(timeout=0.1, member='Closed')

    def test_service_can_be_ended_and_started_again(self):
        bus = self.open()
        client = self.client(bus)
        first = client.owner()
        bus.kill_service()
        bus.start_service()
        self.assertNotEqual(client.owner(), first)
        bus.stop_service()
        self.assertIsNone(client.owner())

    def test_activation(self):
        client = self.client(self.open(activation=True))
        self.assertIsNone(client.owner())
        self.assertEqual(client.object('/org/virtbus1').call('Manager.Two'), (2, 'two'))

    def test_leftovers_are_seen_and_ended(self):
        bus = self.open()
        self.client(bus).object('/org/virtbus1').call('Manager.Spawn')
        bus.stop_service()
        left = bus.processes()
        self.assertEqual(len(left), 1, left)
        folder = bus.folder
        bus.close()
        self.assertFalse(pathlib.Path(f'/proc/{list(left)[0]}').exists())
        self.assertFalse(folder.exists())

    def test_failures_are_told(self):
        with self.assertRaisesRegex(ServiceError, 'ended with 1'):
            self.open(env={'VIRTBUS_TOY_FAILS': 'yes'})
        bus = self.open(env={'VIRTBUS_TOY_STATUS': '99'})
        self.client(bus).object('/org/virtbus1').call('Manager.Two')
        with self.assertRaisesRegex(ServiceError, '(?s)ended with 99.*toy: here.*member=Two'):
            bus.close()


if __name__ == '__main__':
    unittest.main(verbosity=2)

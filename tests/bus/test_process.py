# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service as a process on a bus without systemd: coming when called, and going."""

import signal
import time
import unittest

from bus import PrivateBus


class ProcessTest(unittest.TestCase):
    """Each test has a bus of its own."""

    def open(self, **options):
        self.bus = PrivateBus(**options)
        # What the service leaves, and what a sanitizer says of it, fails the test.
        self.addCleanup(self.bus.close)
        self.bus.open()
        if not options.get('activation'):
            self.bus.start_service()
        self.client = self.bus.client()
        self.addCleanup(self.client.close)
        self.manager = self.client.object('/org/virtbus1')

    def describe(self) -> str:
        return self.bus.describe()

    def test_ends_when_told_to(self):
        self.open()
        for number in (signal.SIGTERM, signal.SIGINT):
            service = self.bus.service or self.bus.start_service()
            service.send_signal(number)
            self.assertEqual(service.wait(10), 0)
            self.bus.service = None

    def test_ends_at_once_though_nothing_else_happens(self):
        # Neither a client that comes or goes nor a timer is there to wake it up once more.
        self.open()
        self.client.close()
        time.sleep(0.2)
        begun = time.monotonic()
        self.bus.stop_service()
        self.assertLess(time.monotonic() - begun, 2)

    def test_started_by_the_first_call_and_gone_when_idle(self):
        self.open(activation=True, idle_exit=1)
        self.assertIsNone(self.client.owner())
        self.manager.get('Manager.Version')
        first = self.client.owner()
        self.assertIsNotNone(first)
        self.client.wait(lambda: self.client.owner() is None, 20)
        self.manager.get('Manager.Version')
        self.assertNotIn(self.client.owner(), (None, first))

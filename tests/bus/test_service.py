# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service as a process on a bus: coming, being asked, going."""

import signal
import time

from bustest import BusTest


class ServiceTest(BusTest):
    def test_takes_both_names(self):
        self.assertEqual(self.client.owner('org.libvirt'), self.client.owner('org.virtbus1'))

    def test_ends_when_told_to(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            service = self.bus.service or self.bus.start_service()
            service.send_signal(number)
            self.assertEqual(service.wait(5), 0)
            self.bus.service = None

    def test_second_one_is_refused_or_takes_over(self):
        # Never two that both believe to be the service.
        second = self.bus.start_service(wait=False)
        time.sleep(1)
        self.client.object('/org/virtbus1').get('Manager.Version')
        second.terminate()
        second.wait(10)

    def test_host_of_the_test_driver(self):
        connection = self.open('test:///default')
        path, = connection.call('Connection.ListDomains', 0)
        domain = self.client.object(path)
        self.assertEqual(domain.get('Domain.Name'), 'test')
        self.assertTrue(domain.get('Domain.Active'))
        with self.client.record() as signals:
            domain.call('Domain.Suspend')
            signals.wait(member='DomainEvent', path=connection.path)
            signals.wait(member='PropertiesChanged', path=path, interface=None,
                         where=lambda s: 'State' in s.arguments[1])
        self.assertEqual(domain.get('Domain.State')[0], 3)

    def test_introspection_lists_children(self):
        self.assertIn('<node name="connection"', self.manager.introspect())


class ActivationTest(BusTest):
    """Without systemd: the dbus-daemon runs the service itself."""

    options = {'activation': True, 'idle_exit': 1}

    def test_started_by_the_first_call_and_gone_when_idle(self):
        self.assertIsNone(self.client.owner())
        self.manager.get('Manager.Version')
        first = self.client.owner()
        self.assertIsNotNone(first)
        self.client.wait(lambda: self.client.owner() is None, 10)
        self.manager.get('Manager.Version')
        self.assertNotIn(self.client.owner(), (None, first))

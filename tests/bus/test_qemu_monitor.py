#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands for an emulator that come from outside."""

import json
import unittest

from bustest import PAUSED, HostTest

ROOTS = 'tainted: running with undesirable elevated privileges'
COMMANDED = 'tainted: custom monitor control commands issued'
UUID = '22222222-2222-4333-8444-555555555555'


class MonitorTest(HostTest):
    uri = 'qemu:///session'
    type = 'qemu'

    def test_commands(self):
        guest = self.define('m', start=1)
        command = guest.call('Domain.MonitorCommand', '{"execute": "query-status"}', 0)
        self.assertEqual(json.loads(command)['return']['running'], False)
        path = json.dumps({'execute': 'qom-list', 'arguments': {'path': '/objects'}, 'id': 'x'})
        self.assertIsInstance(json.loads(guest.call('Domain.MonitorCommand', path, 0))['return'], list)
        self.assertEqual(guest.call('Domain.MonitorCommand', 'info status', 1), 'VM status: paused (prelaunch)\r\n')
        # From afar as well.
        peer = self.open(f'qemu+unix:///session?socket={self.bus.folder}/run/virtbus/virtbus-sock')
        there = self.client.object(peer.call('Connection.DomainLookupByName', 'm'))
        self.assertEqual(there.call('Domain.MonitorCommand', 'info status', 1), 'VM status: paused (prelaunch)\r\n')
        for cmd, error in (('info status', 'InvalidArg'), ('{"execute": 1}', 'InvalidArg'), ('[]', 'InvalidArg'),
                           ('{"execute": "stop", "more": 1}', 'InvalidArg'), ('{"execute": "no-such"}', 'OperationFailed')):
            with self.subTest(cmd), self.refused(error):
                guest.call('Domain.MonitorCommand', cmd, 0)
        # What has an event is known as ever.
        with self.client.record() as signals:
            guest.call('Domain.MonitorCommand', '{"execute": "cont"}', 0)
            signals.wait(member='PropertiesChanged', path=guest.path)
            guest.call('Domain.MonitorCommand', 'stop', 1)
            signals.wait(member='PropertiesChanged', path=guest.path,
                         where=lambda signal: signal.arguments[1].get('State', (0,))[0] == PAUSED)
        guest.call('Domain.Destroy', 0)
        with self.refused('OperationInvalid'):
            guest.call('Domain.MonitorCommand', 'info status', 1)

    def test_it_is_told(self):
        guest = self.define('told', uuid=UUID, start=1)
        self.assertEqual(guest.call('Domain.GetMessages', 0), [ROOTS])
        guest.call('Domain.MonitorCommand', 'info status', 1)
        self.assertEqual(guest.call('Domain.GetMessages', 2), [COMMANDED, ROOTS])
        # The next service knows it, too, and of the next run it does not hold.
        self.bus.stop_service()
        self.bus.start_service()
        self.open(self.uri)
        self.assertEqual(guest.call('Domain.GetMessages', 0), [COMMANDED, ROOTS])
        guest.call('Domain.Destroy', 0)
        guest.call('Domain.Create', 1)
        self.assertEqual(guest.call('Domain.GetMessages', 0), [ROOTS])


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What changes a guest and takes long: seen on the bus, and cut short."""

import getpass
import re
import time
import unittest

from bustest import OBJECT_MANAGER, ROOT, SHUT_OFF, Xml
from test_qemu import FakeHost, RUNNING

CANCELLED = 3


# Seconds; what ends before is not shown.
SHOWN_AFTER = 0.5


class JobTest(FakeHost):
    """With an emulator that never opens its monitor, so that a start hangs."""

    def setUp(self):
        super().setUp()
        self.devices = self.emulator({'silent': True})

    def begin(self, guest, signals):
        """Start it, which hangs, and wait until that can be seen: the function that waits for the end, and the job."""
        finish = self.client.start(guest.path, 'org.virtbus1.Domain', 'Create', '(u)', 0)
        added = signals.wait(member='InterfacesAdded', where=lambda s: '/job/' in s.arguments[0])
        return finish, self.client.object(added.arguments[0])

    def ended(self, guest, finish, error='OperationAborted'):
        with self.refused(error):
            finish()
        self.assertEqual(self.state(guest)[0], SHUT_OFF)
        self.assertFalse(self.left(guest.get('Domain.Name')))
        # The next start is one like any other.
        self.emulator({})
        guest.call('Domain.Create', 0)
        self.assertEqual(self.state(guest), (RUNNING, 1))
        guest.call('Domain.Destroy', 0)

    def test_a_long_job_is_seen(self):
        guest = self.define('slow', devices=self.devices)
        with self.client.record() as signals:
            before = time.time() * 1e6
            finish, job = self.begin(guest, signals)
            self.assertTrue(job.path.startswith(f'{guest.path}/job/'))
            properties = job.get_all('Job')
            self.assertTrue(before - 1e6 < properties.pop('Started') < time.time() * 1e6)
            self.assertEqual(properties, {'Operation': 'Create', 'User': getpass.getuser(), 'Cancellable': True, 'State': 0,
                                          'Progress': 0.0, 'Processed': 0, 'Total': 0})
            managed = self.client.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
            self.assertEqual(managed[job.path], {'org.virtbus1.Job': job.get_all('Job')})
            # Of another caller: one's own calls about an object are answered one after the other.
            self.assertIn('<node name="job"/>', self.new_client().object(guest.path).introspect())
            interface = re.search(r'<interface name="org\.virtbus1.*?</interface>', Xml('Job').text, re.DOTALL)
            self.assertIn(interface.group(), job.introspect())

            job.call('Job.Cancel')
            self.ended(guest, finish)
            told = [(s.member, s.arguments[-2:]) for s in signals.all
                    if job.path in (s.path, s.arguments[0] if s.arguments else None)]
            self.assertEqual([member for member, _ in told],
                             ['InterfacesAdded', 'PropertiesChanged', 'PropertiesChanged', 'Completed',
                              'InterfacesRemoved'])
            self.assertEqual(told[1][1], ({'Cancellable': False}, []))
            self.assertEqual(told[2][1], ({'State': CANCELLED}, []))
            completed = signals.matching(member='Completed')[0]
            self.assertEqual(completed.arguments, (False, 'org.virtbus1.Error.OperationAborted',
                                                   "operation aborted: the start of guest 'slow' was cancelled"))
        with self.refused('-UnknownObject'):
            job.get('Job.Operation')

    def test_a_quick_job_is_not(self):
        self.emulator({})
        guest = self.define('quick', devices=self.devices)
        # On a busy machine one may be slow, and is then seen for good reason: the next one counts.
        for _ in range(50):
            begun = time.monotonic()
            with self.client.record() as signals:
                guest.call('Domain.Create', 0)
                guest.call('Domain.Suspend')
                guest.call('Domain.Destroy', 0)
            took = time.monotonic() - begun
            seen = signals.matching(where=lambda s: '/job/' in f'{s.path} {s.arguments}')
            if took < SHOWN_AFTER:
                break
        self.assertFalse(seen)

    def test_destroy_cancels_a_start(self):
        guest = self.define('slow', devices=self.devices)
        finish = self.client.start(guest.path, 'org.virtbus1.Domain', 'Create', '(u)', 0)
        other = self.new_client().object(guest.path)
        self.client.wait(lambda: self.left('slow'))
        other.call('Domain.Destroy', 0)
        self.assertFalse(self.left('slow'))
        self.ended(guest, finish)
        with self.refused('OperationInvalid', 'Requested operation is not valid: domain is not running'):
            other.call('Domain.Destroy', 0)

    def test_destroy_of_a_transient_one_that_is_started(self):
        with self.client.record() as signals:
            signature = self.client.signature(self.host.path, 'org.virtbus1.Connection', 'DomainCreateXML')
            finish = self.client.start(self.host.path, 'org.virtbus1.Connection', 'DomainCreateXML', signature,
                                       self.xml('transient', devices=self.devices), 0)
            added = signals.wait(member='InterfacesAdded', where=lambda s: '/job/' not in s.arguments[0])
            guest = self.client.object(added.arguments[0])
            self.client.wait(lambda: self.left('transient'))
            guest.call('Domain.Destroy', 0)
            with self.refused('OperationAborted'):
                finish()
            signals.wait(member='InterfacesRemoved', where=lambda s: s.arguments[0] == guest.path)
        self.assertFalse(self.left('transient'))

    def test_once_is_enough(self):
        guest = self.define('slow', devices=self.devices)
        with self.client.record() as signals:
            finish, job = self.begin(guest, signals)
            first = self.client.start(job.path, 'org.virtbus1.Job', 'Cancel', None)
            second = self.client.start(job.path, 'org.virtbus1.Job', 'Cancel', None)
            first()
            with self.assertRaises(Exception) as caught:
                second()
            self.assertRegex(str(caught.exception), 'is being cancelled|UnknownObject|InvalidConn')
            self.ended(guest, finish)

    def test_what_waits_behind_it_goes_on(self):
        guest = self.define('slow', devices=self.devices)
        with self.client.record() as signals:
            finish, job = self.begin(guest, signals)
            rename = self.new_client().start(guest.path, 'org.virtbus1.Domain', 'Rename', '(su)', 'other', 0)
            self.client.settle(0.1)
            job.call('Job.Cancel')
            rename()
            with self.refused('OperationAborted'):
                finish()
        self.assertEqual(guest.get('Domain.Name'), 'other')

    def test_libvirt_does_not_know_it(self):
        guest = self.define('slow', devices=self.devices)
        libvirt = self.new_client('org.libvirt')
        with self.client.record() as signals, libvirt.record() as others:
            finish, job = self.begin(guest, signals)
            libvirt.object('/org/libvirt').introspect()
            job.call('Job.Cancel')
            self.ended(guest, finish)
            libvirt.object('/org/libvirt').introspect()
            self.assertFalse([s for s in others.all if s.path.startswith('/org/libvirt') and '/job/' in repr(s)])


if __name__ == '__main__':
    unittest.main(verbosity=2)

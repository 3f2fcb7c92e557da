# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each member of org.libvirt is there in both namespaces, and answers as libvirt-dbus does on libvirt's own test host:
the same calls are refused, with the same error and the same words. Where ours differ, DIFFERENCES says why."""

import fnmatch
import os
import unittest

from members import LIBVIRT_DBUS, OURS, members, outcomes, ways

NOT_SUPPORTED = 'this function is not supported by the connection driver: '
GONE = ('org.freedesktop.DBus.Error.NoReply', 'org.freedesktop.DBus.Error.ServiceUnknown')

DIFFERENCES = {
    'Connect.DomainLookupBy* empty': 'libvirt does not say what was not found',
    'Connect.DomainRestore empty': 'an empty name is no file; libvirt opens its working directory',
    'Connect.DomainSaveImage* empty': 'likewise',
    'Domain.CoreDump empty': 'likewise',
    'Domain.Save empty': 'likewise',
    'Connect.ListNodeDevices flags': 'the flag is one that libvirt has, but not its test host',
    'Connect.NodeSetMemoryParameters empty': 'what a driver does not have, it has for no arguments',
    'Domain.BlockPeek empty': 'likewise',
    'Domain.MigrateToURI3 *': 'likewise; libvirt looks for a way to do it without the driver',
    'Domain.CreateWithFiles flags': "libvirt's test host goes through another function",
    'Connect.DomainCreateXMLWithFiles flags': 'likewise',
    'Domain.GetBlockIOParameters flags': "libvirt's test host overlooks unknown flags",
    'Domain.GetDiskErrors flags': 'likewise',
    'Domain.GetVcpuPinInfo flags': 'likewise',
    'Domain.GetSchedulerParameters *': "libvirt-dbus gives a flag of which libvirt's test host does not know",
    'Domain.SetBlockThreshold *': 'libvirt-dbus describes it and does not have it',
    'Network.Update empty': 'of two faults the other one is told',
}


class MembersTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.ways = ways()
        cls.libvirt, cls.heard = outcomes()
        cls.virtbus, cls.heard_ours = outcomes(**OURS)

    def test_each_is_called_in_both_namespaces(self):
        called = {(way.member.class_, way.member.kind, way.member.name) for way in self.ways}
        for member in members():
            with self.subTest(str(member)):
                self.assertEqual((member.class_, member.kind, member.name) in called, member.kind != 'signal')
        self.assertEqual(len(members()), 260)
        for way, libvirt, virtbus in zip(self.ways, self.libvirt, self.virtbus):
            with self.subTest(str(way)):
                # The same words, by one name or by that of the error.
                self.assertEqual(libvirt.message, virtbus.message)
                self.assertIn(libvirt.name, ('', 'org.libvirt.Error'))
                self.assertEqual(virtbus.name.startswith('org.virtbus1.Error.'), libvirt.name != '')
        self.assertEqual(self.heard & self.signals(), self.heard_ours & self.signals())

    @staticmethod
    def signals() -> set:
        """Those of objects whose interface has the same name in both namespaces."""
        return {(member.class_, member.name) for member in members()
                if member.kind == 'signal' and member.class_ != 'Connect'}

    @unittest.skipUnless(os.path.exists(LIBVIRT_DBUS), 'there is no libvirt-dbus')
    def test_answers_as_libvirt_dbus(self):
        reference, heard = outcomes(LIBVIRT_DBUS)
        supported = {str(way.member) for way, theirs in zip(self.ways, reference)
                     if theirs.supported and theirs.name not in GONE}
        self.assertGreater(len(supported), 150)
        differ = set()
        for way, theirs, ours in zip(self.ways, reference, self.libvirt):
            # It ends over some calls, and has nothing to say of what it does not have.
            if theirs.name in GONE or not theirs.supported:
                continue
            # Behind the message of a parser libvirt quotes the line.
            expected = theirs.name, theirs.message.partition('\n')[0]
            known = {pattern for pattern in DIFFERENCES if fnmatch.fnmatchcase(str(way), pattern)}
            if known:
                differ |= known if (ours.name, ours.message) != expected else set()
                continue
            with self.subTest(str(way)):
                self.assertEqual((ours.name, ours.message), expected)
        self.assertEqual(set(DIFFERENCES) - differ, set(), 'differences that are no more')
        # What it tells of, we tell of.
        self.assertIn(('Connect', 'DomainEvent'), heard)
        self.assertLessEqual({signal for signal in heard if signal[0] in ('Connect', 'Domain', 'StoragePool')},
                             self.heard)


if __name__ == '__main__':
    unittest.main(verbosity=2)

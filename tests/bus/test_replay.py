#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signals that are numbered and told again, and all domains in one reply."""

import unittest

from bustest import GLib, HostTest, OBJECT_MANAGER, PROPERTIES, Xml

# What the service remembers, at most.
ENTRIES_MAX = 1024
LIST_ACTIVE, LIST_INACTIVE = 1, 2


class ReplayTest(HostTest):
    def sequence(self) -> int:
        return self.host.get('Connection.Sequence')

    def live(self, name='guest') -> str:
        guest = self.define(name, start=0)
        for member, *arguments in (('Suspend',), ('Resume',), ('Destroy', 0), ('Undefine', 0)):
            guest.call(f'Domain.{member}', *arguments)
        return guest.path

    def below(self, signals) -> list:
        """What was signalled of the connection and what is below it, as Replay tells it."""
        return [(s.path, s.interface, s.member, list(s.arguments)) for s in signals.all
                if s.path.startswith(self.host.path) or
                s.interface == OBJECT_MANAGER and s.arguments[0].startswith(self.host.path)]

    def test_what_was_signalled_is_told_again(self):
        with self.client.record() as signals:
            since = self.sequence()
            self.live()
            now, complete, told = self.host.call('Connection.Replay', since)
            heard = self.below(signals)
            self.assertEqual([entry[1:] for entry in told], heard)
            self.assertEqual({entry[3] for entry in told},
                             {'InterfacesAdded', 'InterfacesRemoved', 'PropertiesChanged', 'DomainEvent'})
            # One number each, without a gap, up to the one that is current.
            self.assertEqual([entry[0] for entry in told], list(range(since + 1, since + 1 + len(heard))))
            self.assertEqual((now, complete), (self.sequence(), True))
            self.assertEqual(now, since + len(heard))
            # From the middle, and from the end.
            self.assertEqual(self.host.call('Connection.Replay', since + 3), (now, True, told[3:]))
            self.assertEqual(self.host.call('Connection.Replay', now), (now, True, []))

    def test_signals_with_all_kinds_of_arguments(self):
        guest = self.define('kinds', start=0)
        for kind, arguments in (('MetadataChange', [1, '']), ):
            since = self.sequence()
            guest.call('Domain.SetMetadata', 1, 'title', '', '', 3)
            told = self.host.call('Connection.Replay', since)[2]
            self.assertIn((guest.path, 'org.virtbus1.Domain', kind, arguments), [entry[1:] for entry in told])
        # One without arguments.
        pool = self.client.object(self.host.call('Connection.ListStoragePools', 0)[0])
        since = self.sequence()
        pool.call('StoragePool.Refresh', 0)
        self.assertEqual(self.host.call('Connection.Replay', since)[2][-1][1:],
                         (pool.path, 'org.virtbus1.StoragePool', 'Refresh', []))

    def test_snapshots_and_checkpoints_come_change_and_go(self):
        disk = ("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/d'/>"
                "<target dev='vda' bus='virtio'/></disk>")
        guest = self.define('moments', start=0, devices=disk)
        for class_, member in (('DomainSnapshot', 'SnapshotCreateXML'), ('DomainCheckpoint', 'CheckpointCreateXML')):
            since = self.sequence()
            element = class_.lower()
            paths = [guest.call(f'Domain.{member}', f'<{element}><name>m{i}</name></{element}>', 0) for i in range(2)]
            for path in reversed(paths):
                self.client.object(path).call(f'{class_}.Delete', 0)
            told = [entry[1:] for entry in self.host.call('Connection.Replay', since)[2]]
            with self.subTest(class_):
                came = [arguments[0] for _, _, member, arguments in told if member == 'InterfacesAdded']
                gone = [arguments for _, _, member, arguments in told if member == 'InterfacesRemoved']
                self.assertEqual(came, paths)
                self.assertEqual(gone, [[path, [f'org.virtbus1.{class_}']] for path in reversed(paths)])
                changed = {path for path, interface, _, _ in told if interface == PROPERTIES}
                # Which one is the current changes with each; of a checkpoint nothing does.
                self.assertEqual(changed & set(paths), set(paths) if class_ == 'DomainSnapshot' else set())

    def test_what_is_forgotten_is_said(self):
        guest = self.define('busy')
        since = self.sequence()
        for i in range(ENTRIES_MAX + 10):
            guest.set('Domain.Autostart', GLib.Variant('b', i % 2 == 0))
        now, complete, told = self.host.call('Connection.Replay', since)
        self.assertEqual((now, complete), (since + ENTRIES_MAX + 10, False))
        self.assertGreater(len(told), 100)
        self.assertLessEqual(len(told), ENTRIES_MAX)
        self.assertEqual([entry[0] for entry in told], list(range(now - len(told) + 1, now + 1)))
        self.assertEqual(self.host.call('Connection.Replay', told[0][0] - 1), (now, True, told))
        self.assertEqual(self.host.call('Connection.Replay', told[0][0] - 2)[1], False)

    def test_other_numbers(self):
        now = self.sequence()
        for since in (0, 1, now + 1, 2 ** 64 - 1):
            self.assertEqual(self.host.call('Connection.Replay', since)[:2], (now, False), since)

    def test_numbers_of_an_earlier_life_are_too_old(self):
        uri = self._other_host()
        host = self.open(uri)
        before = host.get('Connection.Sequence')
        self.manager.call('Manager.Close', host.path)
        again = self.open(uri)
        self.addCleanup(self.manager.call, 'Manager.Close', again.path)
        self.assertGreater(again.get('Connection.Sequence'), before)
        self.assertEqual(again.call('Connection.Replay', before)[1], False)

    def _other_host(self) -> str:
        return f'qemu:///embed?root={self.bus.folder}/other'

    def test_each_connection_has_its_own(self):
        other = self.open(self._other_host())
        self.addCleanup(self.manager.call, 'Manager.Close', other.path)
        # Of the emulator, which is probed in the background; it is told once.
        self.client.wait(lambda: other.get('Connection.Version'))
        before = other.get('Connection.Sequence')
        self.live()
        self.assertEqual(other.get('Connection.Sequence'), before)
        self.assertEqual(other.call('Connection.Replay', before), (before, True, []))

    def test_the_number_itself_is_not_signalled(self):
        with self.client.record() as signals:
            self.live()
            self.manager.get('Manager.Version')
            self.assertEqual([s for s in signals.matching(member='PropertiesChanged') if 'Sequence' in s.arguments[1]],
                             [])
        self.assertIn(('Sequence', 'false'), [
            (name, note.get('value')) for name, member in Xml('Connection').members('property').items()
            for note in member if note.get('name').endswith('EmitsChangedSignal')])

    def test_libvirt_has_none_of_it(self):
        client = self.new_client('org.libvirt')
        text = client.object('/org/libvirt/Test').introspect()
        for name in ('Sequence', 'Replay', 'GetAllDomains"'):
            self.assertNotIn(name, text)
        self.assertIn('GetAllDomainStats', text)

    # All domains

    def test_all_domains(self):
        running, off = self.define('running', start=0), self.define('off')
        sequence, domains = self.host.call('Connection.GetAllDomains', 0)
        self.assertEqual(sequence, self.sequence())
        self.assertEqual(set(domains), set(self.host.call('Connection.ListDomains', 0)))
        self.assertLessEqual({running.path, off.path}, set(domains))
        for path, properties in domains.items():
            self.assertEqual(properties, self.client.object(path).get_all('Domain'))
        for flags in (LIST_ACTIVE, LIST_INACTIVE):
            self.assertEqual(set(self.host.call('Connection.GetAllDomains', flags)[1]),
                             set(self.host.call('Connection.ListDomains', flags)))
        with self.refused('InvalidArg', 'unsupported flags (0x10000)'):
            self.host.call('Connection.GetAllDomains', 0x10000)

    def test_state_is_kept_by_what_is_told_again(self):
        """A client that never listens has all the same what GetAllDomains says later."""
        self.define('stays')
        sequence, domains = self.host.call('Connection.GetAllDomains', 0)
        gone = self.live()
        new = self.define('new', start=0)
        new.set('Domain.Autostart', GLib.Variant('b', True))
        now, complete, told = self.host.call('Connection.Replay', sequence)
        self.assertTrue(complete)
        for _, path, interface, member, arguments in told:
            if member == 'InterfacesAdded':
                domains[arguments[0]] = arguments[1]['org.virtbus1.Domain']
            elif member == 'InterfacesRemoved':
                del domains[arguments[0]]
            elif interface == PROPERTIES:
                domains[path].update(arguments[1])
        self.assertNotIn(gone, domains)
        self.assertEqual((now, domains), self.host.call('Connection.GetAllDomains', 0))


if __name__ == '__main__':
    unittest.main(verbosity=2)

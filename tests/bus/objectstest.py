# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the test host's objects share: both namespaces, and calls by short names."""

import contextlib

from bustest import BusTest, CallError, GLib

UUID = '11111111-2222-4333-8444-555555555555'
OTHER_UUID = '11111111-2222-4333-8444-666666666666'
INVALID = 'Requested operation is not valid: '
NOT_SUPPORTED = 'this function is not supported by the connection driver: '
GIB = 1 << 30


class Virtbus:
    """Mixed into a class of tests: the namespace they use."""

    name, root, prefix = 'org.virtbus1', '/org/virtbus1/connection/test_default', 'org.virtbus1.'
    names, compatible = {}, False

    def error(self, short: str) -> str:
        return f'org.virtbus1.Error.{short}'


class Libvirt:
    name, root, prefix = 'org.libvirt', '/org/libvirt/Test', 'org.libvirt.'
    names, compatible = {'Connection': 'Connect'}, True

    def error(self, short: str) -> str:
        return 'org.libvirt.Error'


class ObjectsTest(BusTest):
    def setUp(self):
        self.client_ = self.new_client(self.name)

    def interface(self, short: str) -> str:
        return self.prefix + self.names.get(short, short)

    def on(self, path: str, member: str, *arguments):
        """Call a method of an object."""
        short, _, name = member.rpartition('.')
        return self.client_.object(path).call(f'{self.interface(short)}.{name}', *arguments)

    def host(self, member: str, *arguments):
        return self.on(self.root, f'Connection.{member}', *arguments)

    def get(self, path: str, member: str):
        short, _, name = member.rpartition('.')
        return self.client_.object(path).get(f'{self.interface(short)}.{name}')

    def set(self, path: str, member: str, value: GLib.Variant):
        short, _, name = member.rpartition('.')
        self.client_.object(path).set(f'{self.interface(short)}.{name}', value)

    @contextlib.contextmanager
    def fails(self, short: str, message: str):
        """The block fails with that error, and tells nothing."""
        with self.tells(), self.assertRaises(CallError) as caught:
            yield
        self.assertEqual((caught.exception.name, caught.exception.message[:len(message)]),
                         (self.error(short), message))

    @contextlib.contextmanager
    def tells(self, *expected, order=True):
        """What the block does is told by exactly these signals: 'NetworkEvent 2', 'Refresh', 'added', 'removed',
        and 'Active=True' for a property."""
        expected = self.sort(expected, order)
        with self.client_.record() as signals:
            yield
            with contextlib.suppress(AssertionError):
                self.client_.wait(lambda: len(self._lines(signals)) >= len(expected))
            # A call, so that what was sent before its reply is there.
            self.host('ListNetworks', 0)
            self.assertEqual(self.sort(self._lines(signals), order), expected)

    @staticmethod
    def sort(lines, order: bool) -> list:
        return list(lines) if order else sorted(lines)

    def extra(self, *changes) -> list:
        """Those of the changes whose properties this namespace has."""
        return [change for change in changes
                if not self.compatible or change.split('=')[0] in ('Active', 'Autostart', 'Persistent')]

    def _lines(self, signals) -> list:
        lines = []
        for signal in signals.all:
            # Not of the other namespace, nor of another host.
            if not (signal.arguments[0] if signal.path.count('/') == 2 else signal.path).startswith(self.root):
                continue
            if signal.member == 'PropertiesChanged':
                lines += [f'{name}={value}' for name, value in sorted(signal.arguments[1].items())]
            elif signal.member in ('InterfacesAdded', 'InterfacesRemoved'):
                lines.append(signal.member.removeprefix('Interfaces').lower())
            elif signal.path == self.root:
                lines.append(' '.join([signal.member, *map(str, signal.arguments[1:])]))
            else:
                lines.append(' '.join([signal.member, *map(str, signal.arguments)]))
        return lines

    def remove(self, path: str, *members: str):
        for member in members:
            with contextlib.suppress(CallError):
                self.on(path, member)

    def gone(self, path: str, interface: str):
        self.assertNotIn(path.encode(), self.client_.object(self.root).introspect().encode())
        with self.assertRaises(CallError):
            self.client_.object(path).get_all(self.interface(interface))

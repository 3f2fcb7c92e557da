#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the test host has beside domains: the life of networks, storage, interfaces and devices.

Each kind is tested in both namespaces. States, events and errors are those of libvirt's test host; where ours
differ, the test says why.
"""

import contextlib
import re
import unittest
import xml.etree.ElementTree as ElementTree

from bustest import BusTest, CallError, GLib

UUID = '11111111-2222-4333-8444-555555555555'
OTHER_UUID = '11111111-2222-4333-8444-666666666666'
INVALID = 'Requested operation is not valid: '
NOT_SUPPORTED = 'this function is not supported by the connection driver: '
GIB = 1 << 30


class Virtbus:
    """Mixed into a class of tests: the namespace they use."""

    name, root, prefix = 'org.virtbus1', '/org/virtbus1/connection/test_default', 'org.virtbus1.'
    names = {}

    def error(self, short: str) -> str:
        return f'org.virtbus1.Error.{short}'


class Libvirt:
    name, root, prefix = 'org.libvirt', '/org/libvirt/Test', 'org.libvirt.'
    names = {'Connection': 'Connect'}

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
    def tells(self, *expected):
        """What the block does is told by exactly these signals: 'NetworkEvent 2', 'Refresh', 'added', 'removed',
        and 'Active=True' for a property."""
        with self.client_.record() as signals:
            yield
            with contextlib.suppress(AssertionError):
                self.client_.wait(lambda: len(self._lines(signals)) >= len(expected), 5)
            # A call, so that what was sent before its reply is there.
            self.host('ListNetworks', 0)
            self.assertEqual(self._lines(signals), list(expected))

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

    def gone(self, path: str, interface: str):
        self.assertNotIn(path.encode(), self.client_.object(self.root).introspect().encode())
        with self.assertRaises(CallError):
            self.client_.object(path).get_all(self.interface(interface))


class Networks:
    DEFAULT = '''<network>
  <name>default</name>
  <uuid>dd8fe884-6c02-601e-7551-cca97df1c5df</uuid>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp>
      <range start='192.168.122.2' end='192.168.122.254'/>
    </dhcp>
  </ip>
</network>
'''

    @staticmethod
    def xml(name='n', uuid=UUID, bridge='virbr7'):
        return (f"<network><name>{name}</name><uuid>{uuid}</uuid><forward mode='nat'/><bridge name='{bridge}'/>"
                "<ip address='10.0.0.1' netmask='255.255.255.0'>"
                "<dhcp><range start='10.0.0.2' end='10.0.0.9'/></dhcp></ip></network>")

    def define(self, **more) -> str:
        path = self.host('NetworkDefineXML', self.xml(**more))
        self.addCleanup(self.remove, path)
        return path

    def remove(self, path):
        for member in ('Destroy', 'Undefine'):
            with contextlib.suppress(CallError):
                self.on(path, f'Network.{member}')

    def state(self, path) -> tuple:
        return tuple(self.get(path, f'Network.{name}') for name in ('Active', 'Persistent', 'Autostart'))

    def show(self, path) -> str:
        return self.on(path, 'Network.GetXMLDesc', 0)

    def test_default(self):
        path = self.host('NetworkLookupByName', 'default')
        self.assertEqual(path, f'{self.root}/network/_dd8fe884_6c02_601e_7551_cca97df1c5df')
        self.assertEqual(self.host('NetworkLookupByUUID', 'dd8fe884-6c02-601e-7551-cca97df1c5df'), path)
        self.assertEqual(self.host('ListNetworks', 0), [path])
        self.assertEqual((self.host('ListNetworks', 2), self.host('ListNetworks', 1)), ([path], []))
        self.assertEqual(self.show(path), self.DEFAULT)
        self.assertEqual(self.state(path), (True, True, False))
        self.assertEqual(self.get(path, 'Network.Name'), 'default')

    def test_life(self):
        with self.tells('added', 'NetworkEvent 0'):
            path = self.define()
        self.assertEqual(self.state(path), (False, True, False))
        self.assertIn("<bridge name='virbr7' stp='on' delay='0'/>", self.show(path))
        with self.tells('Active=True', 'NetworkEvent 2'):
            self.on(path, 'Network.Create')
        with self.fails('OperationInvalid', f"{INVALID}Network 'n' is already running"):
            self.on(path, 'Network.Create')
        with self.fails('OperationInvalid', f"{INVALID}Network 'n' is still running"):
            self.on(path, 'Network.Undefine')
        with self.tells('Active=False', 'NetworkEvent 3'):
            self.on(path, 'Network.Destroy')
        # libvirt's test host does not mind that it is not running.
        with self.tells('NetworkEvent 3'):
            self.on(path, 'Network.Destroy')
        with self.tells('Persistent=False', 'NetworkEvent 1', 'removed'):
            self.on(path, 'Network.Undefine')
        self.gone(path, 'Network')
        with self.fails('NoNetwork', "Network not found: no network with matching name 'n'"):
            self.host('NetworkLookupByName', 'n')

    def test_define_again(self):
        path = self.define()
        with self.tells('NetworkEvent 0'):
            self.assertEqual(self.define(), path)
        self.on(path, 'Network.Create')
        self.define(bridge='virbr8')
        self.assertIn('virbr7', self.show(path))
        # Unlike libvirt's test host, and like its other ones, the definition counts once the network stops.
        self.on(path, 'Network.Destroy')
        self.assertIn('virbr8', self.show(path))

    def test_conflicts(self):
        self.define()
        for member in ('NetworkDefineXML', 'NetworkCreateXML'):
            with self.fails('OperationFailed', f"operation failed: network 'n' is already defined with uuid {UUID}"):
                self.host(member, self.xml(name='m'))
            with self.fails('OperationFailed', f"operation failed: network 'n' already exists with uuid {UUID}"):
                self.host(member, self.xml(uuid=OTHER_UUID))

    def test_transient(self):
        with self.tells('added', 'NetworkEvent 2'):
            path = self.host('NetworkCreateXML', self.xml())
        self.addCleanup(self.remove, path)
        self.assertEqual(self.state(path), (True, False, False))
        with self.fails('OperationInvalid', f"{INVALID}network is already active as 'n'"):
            self.host('NetworkCreateXML', self.xml())
        with self.fails('OperationInvalid', f"{INVALID}Network 'n' is still running"):
            self.on(path, 'Network.Undefine')
        with self.tells('Active=False', 'NetworkEvent 3', 'removed'):
            self.on(path, 'Network.Destroy')
        self.gone(path, 'Network')
        path = self.host('NetworkCreateXML', self.xml())
        with self.tells('Persistent=True', 'NetworkEvent 0'):
            self.define()
        self.on(path, 'Network.Destroy')
        self.assertEqual(self.state(path), (False, True, False))
        with self.tells('Active=True', 'NetworkEvent 2'):
            self.assertEqual(self.host('NetworkCreateXML', self.xml()), path)
        self.assertEqual(self.state(path), (True, True, False))

    def test_autostart(self):
        path = self.define()
        with self.tells('Autostart=True'):
            self.set(path, 'Network.Autostart', GLib.Variant('b', True))
        self.assertIn(path, self.host('ListNetworks', 16))
        self.assertNotIn(path, self.host('ListNetworks', 32))

    def test_update(self):
        def update(command, section, xml, flags=0):
            self.on(path, 'Network.Update', command, section, -1, xml, flags)

        def guest(n):
            return f"<host mac='52:54:00:00:00:0{n}' ip='10.0.0.{n}'/>"

        path = self.define()
        update(3, 4, guest(2))
        with self.fails('OperationInvalid', f'{INVALID}network is not running'):
            update(3, 4, guest(3), 1)
        self.on(path, 'Network.Create')
        update(3, 4, guest(3))
        update(3, 4, guest(4), 2)
        update(3, 4, guest(5), 3)
        self.assertEqual(re.findall(r"ip='10.0.0.([2-9])'", self.show(path)), ['2', '3', '5'])
        with self.fails('OperationInvalid', f"{INVALID}there is an existing dhcp host entry in network 'n'"):
            update(3, 4, guest(5), 3)
        with self.fails('OperationUnsupported', "Operation not supported: can't update 'bridge' section of network 'n'"):
            update(1, 1, "<bridge name='x'/>")
        with self.fails('OperationUnsupported', 'Operation not supported: unrecognized network update command code 9'):
            update(9, 4, guest(6))
        self.on(path, 'Network.Destroy')
        self.assertEqual(re.findall(r"ip='10.0.0.([2-9])'", self.show(path)), ['2', '4', '5'])
        update(2, 4, guest(4))
        self.assertNotIn('10.0.0.4', self.show(path))
        self.on(path, 'Network.Undefine')
        path = self.host('NetworkCreateXML', self.xml())
        self.addCleanup(self.remove, path)
        with self.fails('OperationInvalid', f'{INVALID}cannot change persistent config of a transient network'):
            update(3, 4, guest(2), 2)
        update(3, 4, guest(2))
        self.assertIn('10.0.0.2', self.show(path))

    def test_refused(self):
        path = self.host('NetworkLookupByName', 'default')
        with self.fails('NoSupport', f'{NOT_SUPPORTED}virNetworkGetDHCPLeases'):
            self.on(path, 'Network.GetDHCPLeases', '', 0)
        with self.fails('InvalidArg', 'invalid argument: unsupported flags (0x1) in function testNetworkGetXMLDesc'):
            self.on(path, 'Network.GetXMLDesc', 1)
        for member in ('NetworkDefineXML', 'NetworkCreateXML'):
            with self.fails('NoName', 'missing name information'):
                self.host(member, '<network/>')
            with self.fails('XmlDetail', '(network_definition):1: '):
                self.host(member, '<')
            with self.fails('XmlError', "XML error: expecting root element of 'network', not 'domain'"):
                self.host(member, '<domain/>')
            with self.fails('XmlError', 'XML error: nat forwarding requested, but no IP address provided for network'):
                self.host(member, "<network><name>x</name><forward mode='nat'/></network>")
        with self.fails('NoNetwork', f"Network not found: no network with matching uuid '{UUID}'"):
            self.host('NetworkLookupByUUID', UUID)


class VirtbusNetworks(Virtbus, Networks, ObjectsTest):
    def test_bridge(self):
        path = self.define()
        self.assertEqual(self.get(path, 'Network.Bridge'), 'virbr7')
        with self.tells('Bridge=virbr8', 'NetworkEvent 0'):
            self.define(bridge='virbr8')


class LibvirtNetworks(Libvirt, Networks, ObjectsTest):
    pass


class Unsupported:
    """What libvirt's test host has not."""

    def test_secrets_and_filters(self):
        for member, api in (('ListSecrets', 'virConnectListAllSecrets'), ('ListNWFilters', 'virConnectListAllNWFilters')):
            with self.fails('NoSupport', NOT_SUPPORTED + api):
                self.host(member, 0)


class VirtbusUnsupported(Virtbus, Unsupported, ObjectsTest):
    pass


class LibvirtUnsupported(Libvirt, Unsupported, ObjectsTest):
    pass


if __name__ == '__main__':
    unittest.main()

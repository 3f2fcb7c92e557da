#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who has the reply to a call finds what the call did, however late the peer tells of it: after each of many calls all
that the mirror shows is what somebody sees who comes anew. Each is told once. Here all events are late; test_transports does the same as they come."""

import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

import test_suite
from bustest import OBJECT_MANAGER, ROOT, BusTest, GLib, guest_xml
from proxy import LateEvents

NETWORK = "<network><name>n</name><bridge name='virbr7'/><ip address='10.9.8.1' netmask='255.255.255.0'/></network>"
POOL = "<pool type='dir'><name>p</name><target><path>/p</path></target></pool>"
VOLUME = '<volume><name>{}</name><capacity>1048576</capacity><allocation>4096</allocation></volume>'
INTERFACE = ("<interface type='ethernet' name='eth7'><start mode='none'/>"
             "<mac address='52:54:00:11:22:33'/></interface>")
DEVICE = ("<device><parent>scsi_host1</parent><capability type='scsi_host'><capability type='fc_host'>"
          '<wwnn>2000000043214321</wwnn><wwpn>1000000043214321</wwpn></capability></capability></device>')
SECRET = "<secret ephemeral='no' private='no'><usage type='volume'><volume>/s</volume></usage></secret>"
FILTER = "<filter name='f'><rule action='drop' direction='in' priority='500'/></filter>"
LIVE, CONFIG = 1, 2
# The number on the wire.
DOMAIN_GET_XML_DESC = 14


class Writes:
    """Mixed into a class of tests with a peer, whose peer_socket() is the short way to it."""

    def setUp(self):
        super().setUp()
        # A test host of libvirt's is gone with those who have it open.
        self.host = self.open(self.host_uri(), client=self.new_client())

    def tell(self):
        """From now on the peer tells what happened."""

    def come(self, socket):
        return self.open(f'test+unix:///default?socket={socket}', client=self.new_client())

    def leave(self, host):
        host.client.close()
        self.client.wait(lambda: host.path not in self.manager.call('Manager.ListConnections'))

    def shown(self, host) -> dict:
        """All objects of a host, but for itself, with all that they show."""
        managed = self.client.call(ROOT, OBJECT_MANAGER, 'GetManagedObjects', None)
        return {(path.removeprefix(host.path), name): str(value).replace(host.path, '')
                for path, interfaces in managed.items() if path.startswith(f'{host.path}/')
                for properties in interfaces.values() for name, value in properties.items()}

    def do(self, target, member: str, *arguments):
        """A call, and what is to be seen then."""
        result = target.call(member, *arguments)
        self.look(member)
        return result

    def set(self, target, member: str, value):
        target.set(member, value)
        self.look(member)

    def look(self, what: str):
        mine = self.shown(self.host)
        other = self.come(self.peer_socket())
        theirs = self.shown(other)
        self.assertEqual({name: (mine.get(name), theirs.get(name)) for name in {**mine, **theirs}
                          if mine.get(name) != theirs.get(name)}, {}, what)
        self.leave(other)

    def make(self, target, member: str, *arguments):
        return self.host.client.object(self.do(target, member, *arguments))

    def test_domain(self):
        image, host = f'{self.bus.folder}/image', self.host
        with self.client.record() as signals:
            guest = self.make(host, 'Connection.DomainDefineXML', guest_xml('test', 'guest'))
            for member, *arguments in (('Create', 0), ('Suspend',), ('Resume',), ('SetMemory', 32768, LIVE),
                                       ('Save', image, '', 0)):
                self.do(guest, f'Domain.{member}', *arguments)
            self.do(host, 'Connection.DomainRestore', image, '', 0)
            self.set(guest, 'Domain.Autostart', GLib.Variant('b', True))
            self.do(guest, 'Domain.SetMetadata', 0, 'a description', '', '', CONFIG)
            self.do(guest, 'Domain.Destroy', 0)
            changes = len(signals.matching(member='PropertiesChanged', path=guest.path))
            self.tell()
            # The last one; those before it are told in their order, none twice, and bring nothing new.
            signals.wait(member='DomainEvent', path=host.path, where=lambda signal: signal.arguments[1:] == (5, 1))
        self.assertEqual([signal.arguments for signal in signals.matching(member='DomainEvent', path=host.path)],
                         [(guest.path, *event) for event in (
                             (0, 0), (2, 0), (3, 0), (4, 0), (5, 4), (2, 2), (5, 1))])
        self.assertEqual(len(signals.matching(member='PropertiesChanged', path=guest.path)), changes)
        self.do(guest, 'Domain.Undefine', 0)

    def test_transient_domain(self):
        image, host = f'{self.bus.folder}/transient', self.host
        guest = self.make(host, 'Connection.DomainCreateXML', guest_xml('test', 'guest'), 0)
        self.do(guest, 'Domain.Save', image, '', 0)
        self.do(host, 'Connection.DomainRestore', image, '', 0)
        self.do(guest, 'Domain.Destroy', 0)

    def test_snapshots(self):
        guest = self.make(self.host, 'Connection.DomainCreateXML', guest_xml('test', 'guest'), 0)
        for name in ('first', 'second'):
            self.make(guest, 'Domain.SnapshotCreateXML', f'<domainsnapshot><name>{name}</name></domainsnapshot>', 0)
        first, second = (self.host.client.object(guest.call('Domain.SnapshotLookupByName', name, 0))
                         for name in ('first', 'second'))
        self.do(guest, 'Domain.Suspend')
        self.do(first, 'DomainSnapshot.Revert', 0)
        self.do(second, 'DomainSnapshot.Delete', 0)
        self.do(guest, 'Domain.Destroy', 0)

    def test_network(self):
        network = self.make(self.host, 'Connection.NetworkDefineXML', NETWORK)
        self.do(network, 'Network.Create')
        self.set(network, 'Network.Autostart', GLib.Variant('b', True))
        self.do(network, 'Network.Destroy')
        self.do(network, 'Network.Undefine')
        self.do(self.make(self.host, 'Connection.NetworkCreateXML', NETWORK), 'Network.Destroy')

    def test_storage(self):
        pool = self.make(self.host, 'Connection.StoragePoolDefineXML', POOL, 0)
        self.do(pool, 'StoragePool.Build', 0)
        self.do(pool, 'StoragePool.Create', 0)
        volume = self.make(pool, 'StoragePool.StorageVolCreateXML', VOLUME.format('v'), 0)
        self.make(pool, 'StoragePool.StorageVolCreateXMLFrom', VOLUME.format('w'), volume.get('StorageVol.Key'), 0)
        self.do(volume, 'StorageVol.Delete', 0)
        self.do(pool, 'StoragePool.Refresh', 0)
        self.set(pool, 'StoragePool.Autostart', GLib.Variant('b', True))
        self.do(pool, 'StoragePool.Destroy')
        self.do(pool, 'StoragePool.Undefine')

    def test_interfaces(self):
        self.do(self.host, 'Connection.InterfaceChangeBegin', 0)
        new = self.make(self.host, 'Connection.InterfaceDefineXML', INTERFACE, 0)
        self.do(new, 'Interface.Create', 0)
        self.do(self.host, 'Connection.InterfaceChangeRollback', 0)

    def test_devices(self):
        self.do(self.make(self.host, 'Connection.NodeDeviceCreateXML', DEVICE, 0), 'NodeDevice.Destroy')


class SecretWrites:
    """What libvirt's test host has none of."""

    def test_secrets_and_filters(self):
        secret = self.make(self.host, 'Connection.SecretDefineXML', SECRET, 0)
        self.do(secret, 'Secret.SetValue', b'value', 0)
        self.do(secret, 'Secret.Undefine')
        self.do(self.make(self.host, 'Connection.NWFilterDefineXML', FILTER), 'NWFilter.Undefine')


class Late(Writes):
    def setUp(self):
        self.proxy = LateEvents(self.peer_socket())
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__)
        super().setUp()

    def host_uri(self) -> str:
        return f'test+unix:///default?socket={self.proxy.socket}'

    def tell(self):
        self.assertGreater(self.proxy.tell(), 0)

    def test_change_between_two_answers(self):
        """What a document says of a domain that is started before its state is asked for is not half believed."""
        guest = self.make(self.host, 'Connection.DomainDefineXML', guest_xml('test', 'guest'))
        other = self.come(self.peer_socket())
        same = other.client.object(other.call('Connection.DomainLookupByName', 'guest'))
        self.proxy.pause(DOMAIN_GET_XML_DESC)
        finish = guest.client.start(guest.path, 'org.virtbus1.Domain', 'SetMetadata', '(isssu)',
                                    0, 'a description', '', '', CONFIG)
        self.proxy.wait_for_pause()
        same.call('Domain.Create', 0)
        with self.client.record() as signals:
            self.proxy.go_on()
            finish()
            self.manager.get('Manager.Version')
        self.leave(other)
        self.look('SetMetadata')
        for change in signals.matching(member='PropertiesChanged', path=guest.path):
            self.assertIn({'State', 'Active', 'Id'} & set(change.arguments[1]), (set(), {'State', 'Active', 'Id'}))
        self.do(guest, 'Domain.Destroy', 0)
        self.do(guest, 'Domain.Undefine', 0)


class VirtbusWrites(Late, SecretWrites, test_suite.VirtbusPeer, BusTest):
    @classmethod
    def peer_socket(cls) -> str:
        return f'{cls.peer.folder}/run/virtbus/virtbus-sock'


class LibvirtWrites(Late, test_suite.LibvirtPeer, BusTest):
    @classmethod
    def peer_socket(cls) -> str:
        return str(cls.libvirtd.socket)


if __name__ == '__main__':
    unittest.main(verbosity=2)

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

from bustest import CallError, GLib
from objectstest import GIB, INVALID, NOT_SUPPORTED, OTHER_UUID, UUID, Libvirt, ObjectsTest, Virtbus


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
        with self.fails('InvalidArg', 'unsupported flags (0x1) in function testNetworkGetXMLDesc'):
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


class Storage:
    DEFAULT = '''<pool type='dir'>
  <name>default-pool</name>
  <uuid>dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566</uuid>
  <capacity unit='bytes'>107374182400</capacity>
  <allocation unit='bytes'>0</allocation>
  <available unit='bytes'>107374182400</available>
  <target>
    <path>/default-pool</path>
  </target>
</pool>
'''

    @staticmethod
    def xml(name='p', uuid=UUID, path='/p'):
        return f"<pool type='dir'><name>{name}</name><uuid>{uuid}</uuid><target><path>{path}</path></target></pool>"

    @staticmethod
    def volume(name, capacity=GIB, allocation=None, more=''):
        allocated = '' if allocation is None else f'<allocation>{allocation}</allocation>'
        return f'<volume><name>{name}</name><capacity>{capacity}</capacity>{allocated}{more}</volume>'

    def define(self, **more) -> str:
        path = self.host('StoragePoolDefineXML', self.xml(**more), 0)
        self.addCleanup(self.remove, path)
        return path

    def start(self, **more) -> str:
        path = self.host('StoragePoolCreateXML', self.xml(**more), 0)
        self.addCleanup(self.remove, path)
        return path

    def logical(self) -> str:
        path = self.host('StoragePoolCreateXML', "<pool type='logical'><name>vg</name></pool>", 0)
        self.addCleanup(self.remove, path)
        return path

    def remove(self, path):
        for member in ('Destroy', 'Undefine'):
            with contextlib.suppress(CallError):
                self.on(path, f'StoragePool.{member}')

    def make(self, pool, *arguments) -> str:
        return self.on(pool, 'StoragePool.StorageVolCreateXML', self.volume(*arguments), 0)

    def state(self, path) -> tuple:
        return tuple(self.get(path, f'StoragePool.{name}') for name in ('Active', 'Persistent', 'Autostart'))

    def info(self, path) -> tuple:
        return self.on(path, 'StoragePool.GetInfo')

    def show(self, path) -> str:
        return self.on(path, 'StoragePool.GetXMLDesc', 0)

    def test_default(self):
        path = self.host('StoragePoolLookupByName', 'default-pool')
        self.assertEqual(path, f'{self.root}/storagepool/_dfe224cb_28fb_8dd0_c4b2_64eb3f0f4566')
        self.assertEqual(self.host('ListStoragePools', 0), [path])
        self.assertEqual(self.show(path), self.DEFAULT)
        self.assertEqual(self.state(path), (True, True, False))
        self.assertEqual(self.info(path), (2, 100 * GIB, 0, 100 * GIB))
        self.assertEqual(self.on(path, 'StoragePool.ListStorageVolumes', 0), [])

    def test_life(self):
        with self.tells('added', 'StoragePoolEvent 0 0'):
            path = self.define()
        self.assertEqual((self.state(path), self.info(path)), ((False, True, False), (0, 100 * GIB, 0, 100 * GIB)))
        inactive = f"{INVALID}storage pool 'p' is not active"
        for member, arguments in (('Destroy', ()), ('Refresh', (0,)), ('StorageVolCreateXML', (self.volume('a'), 0)),
                                  ('StorageVolLookupByName', ('a',))):
            with self.fails('OperationInvalid', inactive):
                self.on(path, f'StoragePool.{member}', *arguments)
        with self.fails('OperationInvalid', f'{INVALID}storage pool is not active'):
            self.on(path, 'StoragePool.ListStorageVolumes', 0)
        with self.tells('StoragePoolEvent 4 0'):
            self.on(path, 'StoragePool.Build', 0)
        with self.tells('StoragePoolEvent 5 0'):
            self.on(path, 'StoragePool.Delete', 0)
        with self.tells(*self.extra('Active=True', 'State=2'), 'StoragePoolEvent 2 0'):
            self.on(path, 'StoragePool.Create', 0)
        self.assertEqual(self.info(path)[0], 2)
        for member, arguments in (('Create', (0,)), ('Build', (0,)), ('Delete', (0,)), ('Undefine', ())):
            with self.fails('OperationInvalid', f"{INVALID}storage pool 'p' is active"):
                self.on(path, f'StoragePool.{member}', *arguments)
        with self.tells('Refresh'):
            self.on(path, 'StoragePool.Refresh', 0)
        with self.tells(*self.extra('Active=False', 'State=0'), 'StoragePoolEvent 3 0'):
            self.on(path, 'StoragePool.Destroy')
        with self.tells('Persistent=False', 'StoragePoolEvent 1 0', 'removed'):
            self.on(path, 'StoragePool.Undefine')
        self.gone(path, 'StoragePool')
        with self.fails('NoStoragePool', "Storage pool not found: no storage pool with matching name 'p'"):
            self.host('StoragePoolLookupByName', 'p')

    def test_flags(self):
        path = self.define()
        for member, flags in (('Build', 1), ('Create', 1), ('Delete', 1), ('GetXMLDesc', 1)):
            with self.fails('InvalidArg',
                            f'unsupported flags (0x{flags:x}) in function testStoragePool{member}'):
                self.on(path, f'StoragePool.{member}', flags)
        with self.fails('InvalidArg',
                        'unsupported flags (0x2) in function testStoragePoolCreateXML'):
            self.host('StoragePoolCreateXML', self.xml(), 2)

    def test_define_again(self):
        path = self.define()
        with self.tells('StoragePoolEvent 0 0'):
            self.define(path='/q')
        self.assertIn('<path>/q</path>', self.show(path))
        self.on(path, 'StoragePool.Create', 0)
        self.define(path='/r')
        self.assertIn('<path>/q</path>', self.show(path))
        self.on(path, 'StoragePool.Destroy')
        # As networks do.
        self.assertIn('<path>/r</path>', self.show(path))

    def test_conflicts(self):
        self.define()
        for member in ('StoragePoolDefineXML', 'StoragePoolCreateXML'):
            for xml, message in (
                    (self.xml(name='m'), f"pool 'p' is already defined with uuid {UUID}"),
                    (self.xml(uuid=OTHER_UUID), f"pool 'p' already exists with uuid {UUID}"),
                    (self.xml(name='m', uuid=OTHER_UUID), "Storage source conflict with pool: 'p'")):
                with self.fails('OperationFailed', f'operation failed: {message}'):
                    self.host(member, xml, 0)

    def test_transient(self):
        with self.tells('added', 'StoragePoolEvent 2 0'):
            path = self.start()
        self.assertEqual((self.state(path), self.info(path)[0]), ((True, False, False), 2))
        with self.fails('OperationInvalid', f"{INVALID}pool is already active as 'p'"):
            self.start()
        with self.fails('OperationInvalid', f"{INVALID}storage pool 'p' is active"):
            self.on(path, 'StoragePool.Undefine')
        with self.fails('InvalidArg', 'invalid argument: pool has no config file'):
            self.set(path, 'StoragePool.Autostart', GLib.Variant('b', True))
        volume = self.make(path, 'a')
        with self.tells('removed', *self.extra('Active=False', 'State=0'), 'StoragePoolEvent 3 0', 'removed'):
            self.on(path, 'StoragePool.Destroy')
        self.gone(path, 'StoragePool')
        self.gone(volume, 'StorageVol')
        self.start()
        with self.tells('Persistent=True', 'StoragePoolEvent 0 0'):
            self.define()
        self.on(path, 'StoragePool.Destroy')
        self.assertEqual(self.state(path), (False, True, False))
        # Unlike libvirt's test host, and like its other ones, it keeps its definition.
        self.start()
        self.assertEqual(self.state(path), (True, True, False))

    def test_autostart(self):
        path = self.define()
        with self.tells('Autostart=True'):
            self.set(path, 'StoragePool.Autostart', GLib.Variant('b', True))
        self.assertEqual(self.host('ListStoragePools', 16), [path])

    def test_bad_documents(self):
        for xml, short, message in (
                ('<pool/>', 'XmlError', 'XML error: '),
                ("<pool type='dir'/>", 'XmlError', 'XML error: missing pool source name element'),
                ("<pool type='dir'><name>x</name></pool>", 'XmlError', 'XML error: missing storage pool target path'),
                ('<network/>', 'XmlError', "XML error: expecting root element of 'pool', not 'network'"),
                (self.xml(name='a/b'), 'XmlError', "XML error: name a/b cannot contain '/'"),
                ('<', 'XmlDetail', '(storage_pool_definition):1: ')):
            for member in ('StoragePoolDefineXML', 'StoragePoolCreateXML'):
                with self.fails(short, message):
                    self.host(member, xml, 0)

    def test_sources(self):
        def find(type_, spec=''):
            return self.host('FindStoragePoolSources', type_, spec, 0)

        self.assertEqual(find('logical'), '''<sources>
  <source>
    <device path='/dev/sda20'/>
    <name>testvg1</name>
    <format type='lvm2'/>
  </source>
  <source>
    <device path='/dev/sda21'/>
    <name>testvg2</name>
    <format type='lvm2'/>
  </source>
</sources>
''')
        self.assertEqual(find('netfs', "<source><host name='foo'/></source>"), '''<sources>
  <source>
    <host name='foo'/>
    <dir path='/testshare'/>
    <format type='nfs'/>
  </source>
</sources>
''')
        for spec in ('', '<source/>'):
            with self.fails('InvalidArg', 'invalid argument: hostname must be specified for netfs sources'):
                find('netfs', spec)
        for type_ in ('fs', 'disk', 'foo'):
            with self.fails('NoSupport', f"{NOT_SUPPORTED}pool type '{type_}' does not support source discovery"):
                find(type_)
        with self.fails('InternalError', 'internal error: unknown storage pool type dir'):
            find('dir')

    # Volumes

    def test_volume(self):
        pool = self.start()
        with self.tells('added', *self.extra('Allocation=4096', f'Available={100 * GIB - 4096}')):
            path = self.make(pool, 'a', GIB, 4096, "<target><format type='qcow2'/></target>")
        self.assertEqual(self.on(path, 'StorageVol.GetXMLDesc', 0), f'''<volume type='file'>
  <name>a</name>
  <key>/p/a</key>
  <capacity unit='bytes'>{GIB}</capacity>
  <allocation unit='bytes'>4096</allocation>
  <target>
    <path>/p/a</path>
    <format type='qcow2'/>
  </target>
</volume>
''')
        self.assertEqual([self.get(path, f'StorageVol.{name}') for name in ('Name', 'Key', 'Path')],
                         ['a', '/p/a', '/p/a'])
        self.assertEqual(self.on(path, 'StorageVol.GetInfo', 0), (0, GIB, 4096))
        for found in (self.host('StorageVolLookupByKey', '/p/a'), self.host('StorageVolLookupByPath', '/p/a'),
                      self.on(pool, 'StoragePool.StorageVolLookupByName', 'a')):
            self.assertEqual(found, path)
        self.assertEqual(self.on(pool, 'StoragePool.ListStorageVolumes', 0), [path])
        self.assertEqual(self.info(pool), (2, 100 * GIB, 4096, 100 * GIB - 4096))
        self.assertIn("<allocation unit='bytes'>4096</allocation>", self.show(pool))
        with self.tells(*self.extra('Allocation=0', f'Available={100 * GIB}'), 'removed', order=False):
            self.on(path, 'StorageVol.Delete', 0)
        self.gone(path, 'StorageVol')
        for by, call in (('key', lambda: self.host('StorageVolLookupByKey', 'a')),
                         ('path', lambda: self.host('StorageVolLookupByPath', 'a')),
                         ('name', lambda: self.on(pool, 'StoragePool.StorageVolLookupByName', 'a'))):
            with self.fails('NoStorageVol', f"Storage volume not found: no storage vol with matching {by} 'a'"):
                call()

    def test_space(self):
        pool = self.start()
        # All of it is taken at once, unless the document says otherwise.
        self.make(pool, 'a', 60 * GIB)
        for arguments in (('b', 41 * GIB), ('b', 1, 41 * GIB), ('b', 2 ** 63 - 1)):
            with self.fails('InternalError', "internal error: Not enough free space in pool for volume 'b'"):
                self.make(pool, *arguments)
        self.make(pool, 'b', 2 ** 62, 0)
        self.make(pool, 'c', 40 * GIB)
        self.assertEqual(self.info(pool), (2, 100 * GIB, 100 * GIB, 0))
        with self.fails('InternalError', 'internal error: Not enough free space'):
            self.make(pool, 'd', 1)

    def test_clone(self):
        pool, other = self.start(), self.start(name='q', uuid=OTHER_UUID, path='/q')
        self.make(pool, 'a', GIB, 5)

        def clone(where, name, *arguments, key='/p/a', flags=0):
            return self.on(where, 'StoragePool.StorageVolCreateXMLFrom', self.volume(name, *arguments), key, flags)

        path = clone(pool, 'b', GIB)
        self.assertEqual(self.on(path, 'StorageVol.GetInfo', 0), (0, GIB, GIB))
        self.assertEqual(self.info(pool)[2], GIB + 5)
        with self.fails('OperationFailed', 'operation failed: storage vol already exists'):
            clone(pool, 'b')
        with self.fails('InternalError', "internal error: Not enough free space in pool for volume 'c'"):
            clone(pool, 'c', 200 * GIB)
        with self.fails('NoStorageVol', "Storage volume not found: no storage vol with matching key '/p/x'"):
            clone(pool, 'c', key='/p/x')
        with self.fails('NoStorageVol', "Storage volume not found: no storage vol with matching name 'a'"):
            clone(other, 'c')
        with self.fails('InvalidArg',
                        'unsupported flags (0x1) in function testStorageVolCreateXMLFrom'):
            clone(pool, 'c', flags=1)

    def test_volumes_are_there_while_their_pool_is_active(self):
        pool = self.define()
        self.on(pool, 'StoragePool.Create', 0)
        path = self.make(pool, 'a')
        with self.tells('removed', *self.extra('Active=False', 'State=0'), 'StoragePoolEvent 3 0'):
            self.on(pool, 'StoragePool.Destroy')
        with self.fails('NoStorageVol', "Storage volume not found: no storage vol with matching key '/p/a'"):
            self.host('StorageVolLookupByKey', '/p/a')
        self.assertEqual(self.info(pool), (0, 100 * GIB, GIB, 99 * GIB))
        with self.tells('added', *self.extra('Active=True', 'State=2'), 'StoragePoolEvent 2 0'):
            self.on(pool, 'StoragePool.Create', 0)
        self.assertEqual(self.on(pool, 'StoragePool.ListStorageVolumes', 0), [path])
        self.on(pool, 'StoragePool.Destroy')
        # Another target, and in its way the volume of another pool.
        self.define(path='/dev/vg')
        self.make(self.logical(), 'a')
        with self.fails('OperationFailed', "operation failed: storage pool 'p' has a volume '/dev/vg/a'"):
            self.on(pool, 'StoragePool.Create', 0)
        self.define(path='/s')
        self.on(pool, 'StoragePool.Create', 0)
        self.assertEqual(self.get(self.on(pool, 'StoragePool.StorageVolLookupByName', 'a'), 'StorageVol.Key'), '/s/a')

    def test_volume_refused(self):
        pool = self.start()
        path = self.make(pool, 'a')
        with self.fails('OperationFailed', 'operation failed: storage vol already exists'):
            self.make(pool, 'a')
        # The same path by another pool.
        self.make(self.logical(), 'a')
        other = self.start(name='q', uuid=OTHER_UUID, path='/dev/vg')
        with self.fails('OperationFailed', 'operation failed: storage vol already exists'):
            self.make(other, 'a')
        for xml, short, message in (
                ('<volume><capacity>1</capacity></volume>', 'XmlError', 'XML error: missing volume name element'),
                ('<volume><name>x</name></volume>', 'XmlError', 'XML error: missing capacity element'),
                ('<pool/>', 'XmlError', "XML error: expecting root element of 'volume', not 'pool'"),
                ('<', 'XmlDetail', '(storage_volume_definition):1: ')):
            with self.fails(short, message):
                self.on(pool, 'StoragePool.StorageVolCreateXML', xml, 0)
        with self.fails('InvalidArg', 'unsupported flags (0x1) in function testStorageVolCreateXML'):
            self.on(pool, 'StoragePool.StorageVolCreateXML', self.volume('b'), 1)
        with self.fails('InvalidArg', 'unsupported flags (0x1) in function testStorageVolDelete'):
            self.on(path, 'StorageVol.Delete', 1)
        with self.fails('NoSupport', f'{NOT_SUPPORTED}virStorageVolGetInfoFlags'):
            self.on(path, 'StorageVol.GetInfo', 1)

    def test_volumes_of_other_pools(self):
        for source, target, type_, path, format_ in (
                ("<pool type='logical'><name>vg</name><source><device path='/dev/vda'/></source></pool>", '', 1,
                 '/dev/vg/v', None),
                ("<pool type='disk'><name>dk</name><source><device path='/dev/sda'/></source>"
                 '<target><path>/dev</path></target></pool>', '', 1, '/dev/v', None),
                ("<pool type='rbd'><name>rbd</name><source><name>images</name><host name='h'/></source></pool>", '', 3,
                 'images/v', 'raw')):
            with self.subTest(source):
                pool = self.host('StoragePoolCreateXML', source, 0)
                self.addCleanup(self.remove, pool)
                volume = self.make(pool, 'v')
                self.assertEqual(self.on(volume, 'StorageVol.GetInfo', 0), (type_, GIB, GIB))
                self.assertEqual(self.get(volume, 'StorageVol.Path'), path)
                node = ElementTree.fromstring(self.on(volume, 'StorageVol.GetXMLDesc', 0)).find('target/format')
                self.assertEqual(node.get('type') if node is not None else None, format_)


class VirtbusStorage(Virtbus, Storage, ObjectsTest):
    def test_properties(self):
        pool = self.start()
        path = self.make(pool, 'a', GIB, 4096)
        self.assertEqual(self.client.object(path).get_all('StorageVol'),
                         {'Name': 'a', 'Key': '/p/a', 'Path': '/p/a', 'Pool': pool, 'Type': 0, 'Format': 'raw',
                          'Capacity': GIB, 'Allocation': 4096})
        self.assertEqual(self.client.object(pool).get_all('StoragePool'),
                         {'Active': True, 'Autostart': False, 'Name': 'p', 'Persistent': False, 'UUID': UUID,
                          'State': 2, 'Type': 'dir', 'Capacity': 100 * GIB, 'Allocation': 4096,
                          'Available': 100 * GIB - 4096})


class LibvirtStorage(Libvirt, Storage, ObjectsTest):
    pass


class Interfaces:
    DEFAULT = '''<interface type='ethernet' name='eth1'>
  <start mode='onboot'/>
  <mtu size='1492'/>
  <protocol family='ipv4'>
    <ip address='192.168.0.5' prefix='24'/>
    <route gateway='192.168.0.1'/>
  </protocol>
  <mac address='aa:bb:cc:dd:ee:ff'/>
</interface>
'''
    NO_COMMIT = f'{INVALID}no transaction running, nothing to be committed.'
    NO_ROLLBACK = f'{INVALID}no transaction running, nothing to rollback.'

    @staticmethod
    def xml(name='eth7', mac='52:54:00:11:22:33', mode='none'):
        return f"<interface type='ethernet' name='{name}'><start mode='{mode}'/><mac address='{mac}'/></interface>"

    def setUp(self):
        super().setUp()
        # Whatever the test changes is taken back.
        self.host('InterfaceChangeBegin', 0)
        self.addCleanup(self.restore)

    def restore(self):
        with contextlib.suppress(CallError):
            self.host('InterfaceChangeRollback', 0)
        self.assertEqual(self.interface_names(), ['eth1'])

    def define(self, **more) -> str:
        return self.host('InterfaceDefineXML', self.xml(**more), 0)

    def interface_names(self, flags=0) -> list:
        return sorted(self.get(path, 'Interface.Name') for path in self.host('ListInterfaces', flags))

    def test_default(self):
        path = self.host('InterfaceLookupByName', 'eth1')
        self.assertEqual(path, f'{self.root}/interface/aa_3abb_3acc_3add_3aee_3aff')
        self.assertEqual(self.host('InterfaceLookupByMAC', 'AA:BB:CC:DD:EE:FF'), path)
        self.assertEqual(self.on(path, 'Interface.GetXMLDesc', 0), self.DEFAULT)
        self.assertEqual([self.get(path, f'Interface.{name}') for name in ('Active', 'MAC', 'Name')],
                         [True, 'aa:bb:cc:dd:ee:ff', 'eth1'])

    def test_life(self):
        with self.tells('added'):
            path = self.define()
        self.assertEqual(self.interface_names(1), ['eth7'])
        self.assertEqual(self.on(path, 'Interface.GetXMLDesc', 0), '''<interface type='ethernet' name='eth7'>
  <start mode='none'/>
  <mac address='52:54:00:11:22:33'/>
</interface>
''')
        with self.fails('OperationInvalid', 'Requested operation is not valid'):
            self.on(path, 'Interface.Destroy', 0)
        with self.tells('Active=True'):
            self.on(path, 'Interface.Create', 0)
        with self.fails('OperationInvalid', 'Requested operation is not valid'):
            self.on(path, 'Interface.Create', 0)
        self.assertEqual(self.interface_names(2), ['eth1', 'eth7'])
        with self.tells('Active=False'):
            self.on(path, 'Interface.Destroy', 0)
        with self.tells('removed'):
            self.on(path, 'Interface.Undefine')
        self.gone(path, 'Interface')
        for by, value in (('Name', 'eth7'), ('MAC', '52:54:00:11:22:33')):
            with self.fails('NoInterface',
                            f"Interface not found: no interface with matching {by.lower()} '{value}'"):
                self.host(f'InterfaceLookupBy{by}', value)

    def test_define_again(self):
        path = self.define()
        self.on(path, 'Interface.Create', 0)
        with self.tells():
            self.assertEqual(self.define(mode='onboot'), path)
        self.assertIn("<start mode='onboot'/>", self.on(path, 'Interface.GetXMLDesc', 0))
        # With another address it is found in another place.
        with self.tells('removed', 'added'):
            other = self.define(mac='52:54:00:11:22:34')
        self.assertNotEqual(other, path)
        self.assertTrue(self.get(other, 'Interface.Active'))
        self.gone(path, 'Interface')

    def test_undefine_active(self):
        path = self.define()
        self.on(path, 'Interface.Create', 0)
        with self.tells('removed'):
            self.on(path, 'Interface.Undefine')

    def test_rollback(self):
        default = self.host('InterfaceLookupByName', 'eth1')
        path = self.define()
        self.on(default, 'Interface.Destroy', 0)
        with self.fails('OperationInvalid', f'{INVALID}there is another transaction running.'):
            self.host('InterfaceChangeBegin', 0)
        # Unlike libvirt's test host, the interfaces are up again that were.
        with self.tells('removed', 'Active=True'):
            self.host('InterfaceChangeRollback', 0)
        self.gone(path, 'Interface')
        self.assertEqual(self.interface_names(2), ['eth1'])
        with self.fails('OperationInvalid', self.NO_ROLLBACK):
            self.host('InterfaceChangeRollback', 0)
        with self.fails('OperationInvalid', self.NO_COMMIT):
            self.host('InterfaceChangeCommit', 0)
        self.host('InterfaceChangeBegin', 0)
        self.on(default, 'Interface.Undefine')
        self.define(name='eth8', mac='aa:bb:cc:dd:ee:ff')
        with self.tells('removed', 'added'):
            self.host('InterfaceChangeRollback', 0)
        self.assertEqual(self.on(default, 'Interface.GetXMLDesc', 0), self.DEFAULT)
        self.assertTrue(self.get(default, 'Interface.Active'))

    def test_commit(self):
        path = self.define()
        self.host('InterfaceChangeCommit', 0)
        self.assertEqual(self.interface_names(), ['eth1', 'eth7'])
        for member, message in (('Commit', self.NO_COMMIT), ('Rollback', self.NO_ROLLBACK)):
            with self.fails('OperationInvalid', message):
                self.host(f'InterfaceChange{member}', 0)
        self.on(path, 'Interface.Undefine')

    def test_refused(self):
        path = self.host('InterfaceLookupByName', 'eth1')
        with self.fails('InvalidArg', 'unsupported flags (0x1) in function testInterfaceGetXMLDesc'):
            self.on(path, 'Interface.GetXMLDesc', 1)
        for xml, short, message in (
                ('<interface/>', 'XmlError', 'XML error: '),
                ("<interface type='foo' name='x'/>", 'XmlError', 'XML error: '),
                ("<interface type='ethernet'/>", 'XmlError', 'XML error: interface has no name'),
                ('<network/>', 'XmlError', "XML error: expecting root element of 'interface', not 'network'"),
                ('<', 'XmlDetail', '(interface_definition):1: ')):
            with self.fails(short, message):
                self.host('InterfaceDefineXML', xml, 0)

    def test_paths_without_an_address_of_its_own(self):
        """Who comes second, or has none, is found by its name."""
        first = self.host('InterfaceLookupByName', 'eth1')
        without = "<interface type='ethernet' name='{}'><start mode='none'/></interface>"
        paths = [self.define(mac='aa:bb:cc:dd:ee:ff'),
                 *(self.host('InterfaceDefineXML', without.format(name), 0) for name in ('eth8', 'br.9'))]
        self.assertEqual(paths, [f'{self.root}/interface/{name}' for name in ('eth7', 'eth8', 'br_2e9')])
        self.assertEqual([self.get(path, 'Interface.Name') for path in [first, *paths]],
                         ['eth1', 'eth7', 'eth8', 'br.9'])
        with self.fails('MultipleInterfaces', "multiple matching interfaces found: mac 'aa:bb:cc:dd:ee:ff'"):
            self.host('InterfaceLookupByMAC', 'aa:bb:cc:dd:ee:ff')
        with self.tells('removed'):
            self.on(paths[0], 'Interface.Undefine')
        self.assertEqual(self.host('InterfaceLookupByMAC', 'aa:bb:cc:dd:ee:ff'), first)
        self.assertEqual(self.get(first, 'Interface.Name'), 'eth1')


class VirtbusInterfaces(Virtbus, Interfaces, ObjectsTest):
    pass


class LibvirtInterfaces(Libvirt, Interfaces, ObjectsTest):
    pass


class NodeDevices:
    DEFAULTS = {
        'computer': '''<device>
  <name>computer</name>
  <capability type='system'>
    <hardware>
      <vendor>Libvirt</vendor>
      <version>Test driver</version>
      <serial>123456</serial>
      <uuid>11111111-2222-3333-4444-555555555555</uuid>
    </hardware>
    <firmware>
      <vendor>Libvirt</vendor>
      <version>Test Driver</version>
      <release_date>01/22/2007</release_date>
    </firmware>
  </capability>
</device>
''',
        'scsi_host1': '''<device>
  <name>scsi_host1</name>
  <parent>computer</parent>
  <capability type='scsi_host'>
    <host>1</host>
    <unique_id>0</unique_id>
    <capability type='fc_host'>
      <wwnn>2000000012341234</wwnn>
      <wwpn>1000000012341234</wwpn>
      <fabric_wwn>2000000043214321</fabric_wwn>
    </capability>
    <capability type='vport_ops'>
      <max_vports>0</max_vports>
      <vports>0</vports>
    </capability>
  </capability>
</device>
''',
        'scsi_host11': '''<device>
  <name>scsi_host11</name>
  <parent>scsi_host1</parent>
  <capability type='scsi_host'>
    <host>11</host>
    <unique_id>10</unique_id>
    <capability type='fc_host'>
      <wwnn>2000000034563456</wwnn>
      <wwpn>1000000034563456</wwpn>
      <fabric_wwn>2000000043214321</fabric_wwn>
    </capability>
  </capability>
</device>
'''}
    WWNN, WWPN = '2000000012345678', '1000000012345678'

    def xml(self, parent='<parent>scsi_host1</parent>', wwnn=WWNN, wwpn=WWPN) -> str:
        return (f"<device>{parent}<capability type='scsi_host'><capability type='fc_host'>"
                f"{f'<wwnn>{wwnn}</wwnn>' if wwnn else ''}{f'<wwpn>{wwpn}</wwpn>' if wwpn else ''}"
                '</capability></capability></device>')

    def create(self, *arguments, **more) -> str:
        path = self.host('NodeDeviceCreateXML', self.xml(*arguments, **more), 0)
        self.addCleanup(self.remove, path)
        return path

    def remove(self, path):
        with contextlib.suppress(CallError):
            self.on(path, 'NodeDevice.Destroy')

    def device_names(self, flags=0) -> list:
        return sorted(self.get(path, 'NodeDevice.Name') for path in self.host('ListNodeDevices', flags))

    def find(self, name: str) -> str:
        return self.host('NodeDeviceLookupByName', name)

    def test_defaults(self):
        self.assertEqual(self.device_names(), ['computer', 'scsi_host1', 'scsi_host11', 'scsi_host2'])
        for name, xml in self.DEFAULTS.items():
            self.assertEqual(self.on(self.find(name), 'NodeDevice.GetXMLDesc', 0), xml)
        self.assertEqual([self.get(self.find(name), 'NodeDevice.Parent') for name in self.device_names()],
                         ['', 'computer', 'scsi_host1', 'computer'])
        # libvirt's test host finds them by what is nested, too, but does not list it.
        for name, capabilities in (('computer', ['system']), ('scsi_host11', ['scsi_host', 'fc_host']),
                                   ('scsi_host2', ['scsi_host', 'fc_host', 'vports'])):
            self.assertEqual(self.on(self.find(name), 'NodeDevice.ListCaps'), capabilities)
        for flags, names in ((1, ['computer']), (0x20, ['scsi_host1', 'scsi_host11', 'scsi_host2']),
                             (0x400, ['scsi_host1', 'scsi_host2']), (2, [])):
            self.assertEqual(self.device_names(flags), names)
        self.assertEqual(self.host('NodeDeviceLookupSCSIHostByWWN', '2000000034563456', '1000000034563456', 0),
                         self.find('scsi_host11'))

    def test_life(self):
        with self.tells('added', 'NodeDeviceEvent 0 0'):
            path = self.create()
        self.assertEqual(self.find('scsi_host12'), path)
        self.assertEqual(self.on(path, 'NodeDevice.GetXMLDesc', 0), f'''<device>
  <name>scsi_host12</name>
  <parent>scsi_host1</parent>
  <capability type='scsi_host'>
    <host>12</host>
    <unique_id>11</unique_id>
    <capability type='fc_host'>
      <wwnn>{self.WWNN}</wwnn>
      <wwpn>{self.WWPN}</wwpn>
      <fabric_wwn>2000000043214321</fabric_wwn>
    </capability>
  </capability>
</device>
''')
        self.assertEqual(self.host('NodeDeviceLookupSCSIHostByWWN', self.WWNN, self.WWPN, 0), path)
        # Unlike on libvirt's test host, where it takes the place of the first.
        other = self.create(wwpn='1000000012345679')
        self.assertEqual(self.get(other, 'NodeDevice.Name'), 'scsi_host13')
        with self.fails('OperationFailed', "operation failed: node device 'scsi_host12' already exists with"):
            self.create()
        with self.tells('NodeDeviceEvent 1 0', 'removed'):
            self.on(path, 'NodeDevice.Destroy')
        self.gone(path, 'NodeDevice')
        with self.fails('NoNodeDevice', "Node device not found: no node device with matching name 'scsi_host12'"):
            self.find('scsi_host12')
        with self.fails('NoNodeDevice', 'Node device not found: no node device with matching wwnn,wwpn'):
            self.host('NodeDeviceLookupSCSIHostByWWN', self.WWNN, self.WWPN, 0)

    def test_parents(self):
        for parent, name in (
                ('', 'scsi_host1'), ('<parent>scsi_host2</parent>', 'scsi_host2'),
                ("<parent wwnn='2000000056785678' wwpn='1000000056785678'/>", 'scsi_host2'),
                ("<parent fabric_wwn='2000000043214321'/>", 'scsi_host1')):
            with self.subTest(parent):
                path = self.create(parent)
                self.assertEqual(self.get(path, 'NodeDevice.Parent'), name)
                self.on(path, 'NodeDevice.Destroy')
        for parent, message in (
                ('<parent>nope</parent>', "Could not find parent device for 'new device'"),
                ("<parent fabric_wwn='2000000000000000'/>", "Could not find parent device for 'new device'"),
                ('<parent>computer</parent>', 'Parent device computer is not capable of vport operations'),
                ("<parent wwnn='2000000034563456' wwpn='1000000034563456'/>",
                 'Parent device scsi_host11 is not capable of vport operations')):
            with self.fails('InternalError', f'internal error: {message}'):
                self.create(parent)

    def test_refused(self):
        for xml, short, message in (
                ('<device/>', 'InternalError', "internal error: no device capabilities for 'new device'"),
                ("<device><capability type='scsi_host'/></device>", 'InternalError',
                 'internal error: Device is not a fibre channel HBA'),
                (self.xml(wwnn=''), 'InternalError',
                 "internal error: no WWNN supplied for 'new device', and auto-generation failed"),
                (self.xml(wwpn=''), 'InternalError',
                 "internal error: no WWPN supplied for 'new device', and auto-generation failed"),
                ('<network/>', 'XmlError', "XML error: expecting root element of 'device', not 'network'"),
                ('<', 'XmlDetail', '(node_device_definition):1: ')):
            with self.fails(short, message):
                self.host('NodeDeviceCreateXML', xml, 0)
        computer = self.find('computer')
        for member, api, arguments in (('Reset', 'Reset', ()), ('ReAttach', 'ReAttach', ()),
                                       ('Detach', 'DetachFlags', ('', 0))):
            with self.fails('NoSupport', f'{NOT_SUPPORTED}virNodeDevice{api}'):
                self.on(computer, f'NodeDevice.{member}', *arguments)
        # libvirt's test host says that it was done.
        with self.fails('InternalError', 'internal error: Device is not a fibre channel HBA'):
            self.on(computer, 'NodeDevice.Destroy')


class VirtbusNodeDevices(Virtbus, NodeDevices, ObjectsTest):
    def test_without_parent(self):
        """What was made of a device that has gone cannot be destroyed; it comes last, for what it leaves."""
        path = self.create('<parent>scsi_host2</parent>')
        with self.tells('NodeDeviceEvent 1 0', 'removed'):
            self.on(self.find('scsi_host2'), 'NodeDevice.Destroy')
        with self.fails('InternalError', "internal error: Could not find parent device for 'scsi_host12'"):
            self.on(path, 'NodeDevice.Destroy')


class LibvirtNodeDevices(Libvirt, NodeDevices, ObjectsTest):
    pass


if __name__ == '__main__':
    unittest.main()

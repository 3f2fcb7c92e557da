#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes through the door beside bytes: descriptors of both directions, channels, and the news that a peer is gone."""

import contextlib
import os
import socket
import unittest

try:
    import libvirt
except ImportError:
    libvirt = None

from rpc import Client, RpcError
from wiretest import WireTest

from bus import PrivateBus

DOMAIN = """<domain type='test'><name>filed</name><uuid>11111111-2222-3333-4444-666666666666</uuid>
<memory unit='KiB'>262144</memory><vcpu>1</vcpu><os><type arch='i686'>hvm</type></os></domain>"""
GUEST = """<domain type='qemu'><name>shown</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices>
<controller type='usb' model='ich9-ehci1'/>
<controller type='usb' model='ich9-uhci1'><master startport='0'/></controller>
<controller type='usb' model='ich9-uhci2'><master startport='2'/></controller>
<channel type='unix'><target type='virtio' name='org.example.talk.0'/></channel>
<serial type='pty'/>
<graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video>
</devices></domain>"""


class DescriptorTest(WireTest):
    @classmethod
    def setUpClass(cls):
        if not libvirt:
            raise unittest.SkipTest('there is no python3-libvirt')
        super().setUpClass()
        libvirt.registerErrorHandler(lambda *_: None, None)

    def connect(self, uri='test:///default', read_only=False):
        connection = (libvirt.openReadOnly if read_only else libvirt.open)(self.uri(uri, read_only))
        self.addCleanup(connection.close)
        return connection

    @contextlib.contextmanager
    def fails(self, code: int, text: str):
        with self.assertRaises(libvirt.libvirtError) as caught:
            yield
        self.assertEqual((caught.exception.get_error_code(), str(caught.exception)), (code, text))

    def held(self) -> int:
        return len(os.listdir(f'/proc/{self.bus.service.pid}/fd'))


class FilesTest(DescriptorTest):
    def test_create_with_files(self):
        """Both procedures that take files, with some and with none; the service keeps none of them."""
        connection = self.connect()
        held = self.held()
        with open('/dev/null', 'rb') as one, open('/dev/zero', 'rb') as other:
            files = [one.fileno(), other.fileno()]
            guest = connection.createXMLWithFiles(DOMAIN, files, 0)
            self.assertEqual((guest.name(), guest.isActive(), guest.isPersistent()), ('filed', 1, 0))
            guest.destroy()
            guest = connection.defineXML(DOMAIN)
            guest.createWithFiles(files, libvirt.VIR_DOMAIN_START_PAUSED)
            self.assertEqual(guest.state()[0], libvirt.VIR_DOMAIN_PAUSED)
            guest.destroy()
            guest.createWithFiles([], 0)
            self.assertEqual(guest.state()[0], libvirt.VIR_DOMAIN_RUNNING)
            with self.fails(libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: Domain 'filed' is already running"):
                guest.createWithFiles(files, 0)
            guest.destroy()
            guest.undefine()
        self.until(lambda: self.held() <= held)

    def test_refused_with_files(self):
        """Of a call that may not be the files are closed as well."""
        reader = self.raw(read_only=True)
        held = self.held()
        with open('/dev/null', 'rb') as file:
            with self.assertRaises(RpcError) as caught:
                reader.call('DOMAIN_CREATE_XML_WITH_FILES', fds=[file.fileno()], xml_desc=DOMAIN, flags=0)
        self.assertIn('read only access', str(caught.exception))
        self.until(lambda: self.held() <= held)


class GuestTest(DescriptorTest):
    programs = ('qemu-system-x86_64',)

    def setUp(self):
        super().setUp()
        self.connection = self.connect('qemu:///session')
        self.guest = self.connection.createXML(GUEST, libvirt.VIR_DOMAIN_START_PAUSED)
        self.addCleanup(self.guest.destroy)

    def test_graphics(self):
        held = self.held()
        with open(self.guest.openGraphicsFD(0, libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH), 'rb', buffering=0) as screen:
            self.assertEqual(screen.read(12), b'RFB 003.008\n')
        with self.assertRaises(libvirt.libvirtError):
            self.guest.openGraphicsFD(1, 0)
        # The other way: the client makes the socket.
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.guest.openGraphics(0, theirs.fileno(), libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
            theirs.close()
            ours.settimeout(120)
            self.assertEqual(ours.recv(12, socket.MSG_WAITALL), b'RFB 003.008\n')
        with Client(self.socket()).open('qemu:///session') as raw, open('/dev/null', 'rb') as file, \
                self.assertRaises(RpcError) as caught:
            raw.call('DOMAIN_OPEN_GRAPHICS', fds=[file.fileno()], idx=0, flags=0, dom={
                'name': self.guest.name(), 'uuid': self.guest.UUIDString(), 'id': self.guest.ID()})
        self.assertEqual(caught.exception.message,
                         'the descriptor in virDomainOpenGraphics must be a stream socket')
        self.until(lambda: self.held() <= held)

    def test_channel(self):
        """By the alias, by the name that the guest sees, and the first one."""
        for name in ('channel0', 'org.example.talk.0', None):
            with self.subTest(name):
                stream = self.connection.newStream()
                # The service may not have heard yet that the one before is over.
                self.guest.openChannel(name, stream, libvirt.VIR_DOMAIN_CHANNEL_FORCE)
                other = self.connection.newStream()
                with self.fails(libvirt.VIR_ERR_OPERATION_FAILED,
                                'operation failed: Active console session exists for this domain'):
                    self.guest.openChannel(name, other, 0)
                self.assertEqual(stream.send(b'heard by nobody\n'), 16)
                stream.finish()
        with self.fails(libvirt.VIR_ERR_INTERNAL_ERROR, 'internal error: cannot find character device nosuch'):
            self.guest.openChannel('nosuch', self.connection.newStream(), 0)

    def test_metadata_beside_companions(self):
        """Controllers that share a name do not stand in the way of a change to what runs."""
        self.guest.setMetadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, 'words', None, None,
                               libvirt.VIR_DOMAIN_AFFECT_LIVE)
        self.assertEqual(self.guest.metadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None), 'words')
        self.assertEqual(self.guest.XMLDesc().count("<alias name='usb'/>"), 3)

    def test_most_processors(self):
        self.assertGreaterEqual(self.connection.getMaxVcpus('qemu'), 255)
        self.assertGreaterEqual(self.connection.getMaxVcpus(None), 1)
        with self.assertRaises(libvirt.libvirtError):
            self.connection.getMaxVcpus('nosuch')


class ClosedTest(WireTest):
    def test_a_peer_that_goes(self):
        """Who has asked for it is told that the host behind the connection is lost, and once."""
        with PrivateBus() as other:
            other.start_service()
            uri = f'test+unix:///default?socket={other.folder}/run/virtbus/virtbus-sock'
            told, silent = self.raw(uri), self.raw(uri)
            told.call('CONNECT_REGISTER_CLOSE_CALLBACK')
            silent.call('CONNECT_REGISTER_CLOSE_CALLBACK')
            silent.call('CONNECT_UNREGISTER_CLOSE_CALLBACK')
        name, values = told.event()
        self.assertEqual((name, values), ('CONNECT_EVENT_CONNECTION_CLOSED', {'reason': 1}))
        for client in (told, silent):
            client.call('CONNECT_GET_LIB_VERSION')
            self.assertEqual(client.events, [])


if __name__ == '__main__':
    unittest.main()

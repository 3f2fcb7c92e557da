#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input: refused, with memory as it was, and without harm to anybody else."""

import fcntl
import socket
import time
import unittest

from bustest import (BUS_ERROR, BusTest, CallError, Gio, GLib, OBJECT_MANAGER, PROPERTIES, ROOT, TEST, TEST_DOMAIN,
                     guest_xml)

MIB = 1 << 20
GOOD = guest_xml('test', 'input')
DEEP = '<a>' * 100000 + '</a>' * 100000
LAUGHS = ('<!DOCTYPE domain [<!ENTITY a "' + 'ha' * 100 + '">'
          + ''.join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9))
          + ']>' + GOOD.replace('input', '&j;'))
FILE_ENTITY = '<!DOCTYPE domain [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + GOOD.replace('input', '&a;')

DOCUMENTS = {
    '64 MiB of text': f'<domain>{"x" * (64 * MIB)}</domain>',
    '64 MiB of elements': '<domain>' + '<a/>' * (16 * MIB) + '</domain>',
    '64 MiB of a name': guest_xml('test', 'n' * 64 * MIB),
    'a million attributes': '<domain ' + ' '.join(f'a{i}=""' for i in range(MIB // 16)) + '/>',
    'a description of a megabyte': GOOD.replace('<vcpu>', f'<description>{"d" * 1000000}</description><vcpu>'),
    'a description that grows': GOOD.replace('<vcpu>', f'<description>{">" * 300000}</description><vcpu>'),
    'elements in elements': f'<domain type="test">{DEEP}</domain>',
    'elements in elements that are kept': GOOD.replace('<vcpu>', f'<metadata>{DEEP[:MIB // 8]}</metadata><vcpu>'),
    'elements in elements, not closed': '<domain>' + '<a>' * 300000,
    'entities in entities': LAUGHS,
    'an entity from a file': FILE_ENTITY,
    'an entity that is not there': GOOD.replace('input', '&nothing;'),
    'nothing': '',
    'no document': 'define me',
    'an open comment': '<domain><!--',
    'an open CDATA': '<domain><![CDATA[',
    'a character that is none': GOOD.replace('input', '&#0;'),
    'a control character': GOOD.replace('input', 'a\x01b'),
    'memory beyond all': guest_xml('test', 'input', memory=10 ** 30),
    'memory that overflows': guest_xml('test', 'input', memory=2 ** 63 - 1),
    'less memory than none': guest_xml('test', 'input', memory=-5),
    'memory in parts': guest_xml('test', 'input', memory='1.5'),
    'vcpus beyond all': guest_xml('test', 'input', more=f'<vcpu>{2 ** 32 + 1}</vcpu>'),
    'less vcpus than none': guest_xml('test', 'input', more='<vcpu>-1</vcpu>'),
    'more vcpus than there are': guest_xml('test', 'input', more="<vcpu current='3'>2</vcpu>"),
    'another UUID': guest_xml('test', 'input', uuid='x' * 36),
}

# Interface, member, signature, arguments, the bus' error.
WRONG_CALLS = [
    ('org.virtbus1.Connection', 'ListDomains', '()', (), 'InvalidArgs'),
    ('org.virtbus1.Connection', 'ListDomains', '(s)', ('all',), 'InvalidArgs'),
    ('org.virtbus1.Connection', 'ListDomains', '(i)', (0,), 'InvalidArgs'),
    ('org.virtbus1.Connection', 'ListDomains', '(uu)', (0, 0), 'InvalidArgs'),
    ('org.virtbus1.Connection', 'DomainDefineXML', '(ay)', ([1, 2],), 'InvalidArgs'),
    ('org.virtbus1.Connection', 'DomainDefineXML', '(v)', (GLib.Variant('s', 'x'),), 'InvalidArgs'),
    ('org.virtbus1.Connection', 'Nothing', '(u)', (0,), 'UnknownMethod'),
    ('org.virtbus1.Connection', 'DomainEvent', '(oii)', ('/', 0, 0), 'UnknownMethod'),
    ('org.virtbus1.Connection', 'Hostname', None, (), 'UnknownMethod'),
    ('org.virtbus1.Domain', 'ListDomains', '(u)', (0,), 'UnknownInterface'),
    ('org.virtbus1.Nothing', 'ListDomains', '(u)', (0,), 'UnknownInterface'),
    ('a.b', 'c', None, (), 'UnknownInterface'),
    (None, 'Nothing', None, (), 'UnknownMethod'),
    (None, 'ListDomains', '(s)', ('',), 'InvalidArgs'),
    (PROPERTIES, 'Get', '(ss)', ('org.virtbus1.Connection', 'Nothing'), 'UnknownProperty'),
    (PROPERTIES, 'Get', '(ss)', ('', 'Nothing'), 'UnknownProperty'),
    (PROPERTIES, 'Get', '(ss)', ('org.virtbus1.Domain', 'Name'), 'UnknownInterface'),
    (PROPERTIES, 'Get', '(s)', ('URI',), 'InvalidArgs'),
    (PROPERTIES, 'Get', '(ssu)', ('', 'URI', 0), 'InvalidArgs'),
    (None, 'Get', '(u)', (0,), 'InvalidArgs'),
    (None, 'Set', '(ss)', ('', 'URI'), 'InvalidArgs'),
    (PROPERTIES, 'GetAll', '(s)', ('org.virtbus1.Domain',), 'UnknownInterface'),
    (PROPERTIES, 'GetAll', None, (), 'InvalidArgs'),
    (PROPERTIES, 'Set', '(ssv)', ('', 'URI', GLib.Variant('s', 'x')), 'PropertyReadOnly'),
    (PROPERTIES, 'Set', '(ssv)', ('', 'Nothing', GLib.Variant('s', 'x')), 'UnknownProperty'),
    (PROPERTIES, 'Set', '(ssv)', ('x', 'URI', GLib.Variant('s', 'x')), 'UnknownInterface'),
    (PROPERTIES, 'Nothing', None, (), 'UnknownInterface'),
    (OBJECT_MANAGER, 'GetManagedObjects', None, (), 'UnknownMethod'),
]

PATHS = ['/', '/org', '/org/virtbus', '/org/virtbus1/', ROOT + '/none', TEST + 'x', TEST + '/domain', TEST + '/domain/_',
         TEST + '/domain/_x/y', TEST_DOMAIN + '/deeper', '/org/libvirt', '/org/libvirt/Test/domain', TEST + '/a' * 100]

MAX_U, MAX_T = 2 ** 32 - 1, 2 ** 64 - 1
# Absurd numbers and long lists: object, member, arguments, the error.
ABSURD = [
    (TEST, 'Connection.ListDomains', (MAX_U,), 'InvalidArg'),
    (TEST, 'Connection.DomainLookupByID', (-2 ** 31,), 'InvalidArg'),
    (TEST, 'Connection.DomainLookupByID', (2 ** 31 - 1,), 'NoDomain'),
    (TEST, 'Connection.DomainLookupByName', ('n' * MIB,), 'NoDomain'),
    (TEST, 'Connection.DomainLookupByUUID', ('0' * MIB,), 'InvalidArg'),
    (TEST, 'Connection.DomainLookupByUUID', ('',), 'InvalidArg'),
    (TEST, 'Connection.DomainLookupByUUID', ('-' * 36,), 'InvalidArg'),
    (TEST, 'Connection.GetAllDomainStats', (0, 0x100), 'InvalidArg'),
    (TEST_DOMAIN, 'Domain.SetMemory', (MAX_T, 0), 'Overflow'),
    (TEST_DOMAIN, 'Domain.SetMemory', (MAX_T // 1024, 0), 'Overflow'),
    (TEST_DOMAIN, 'Domain.SetMemory', (0, 0), 'InvalidArg'),
    (TEST_DOMAIN, 'Domain.SetVcpus', (MAX_U, 0), 'InvalidArg'),
    (TEST_DOMAIN, 'Domain.SetVcpus', (MAX_U, 6), 'XmlError'),
    (TEST_DOMAIN, 'Domain.SetMetadata', (2 ** 31 - 1, '', '', '', 0), 'InvalidArg'),
    (TEST_DOMAIN, 'Domain.SetMetadata', (2, '<a/>' * 500000, 'k', 'u:', 0), None),
    (TEST_DOMAIN, 'Domain.SetMetadata', (2, DEEP, 'k', 'u:', 0), None),
    (TEST_DOMAIN, 'Domain.SetMetadata', (0, 'x' * 4 * MIB, '', '', 1), 'XmlError'),
    (TEST_DOMAIN, 'Domain.SetMetadata', (0, 'x' * 600000, '', '', 2), 'XmlError'),
    (TEST_DOMAIN, 'Domain.SetMetadata', (0, '>' * 300000, '', '', 3), 'XmlError'),
    (TEST_DOMAIN, 'Domain.SendKey', (0, 0, [1] * 1000, 0), None),
    (TEST_DOMAIN, 'Domain.Rename', ('n' * 4 * MIB, 0), None),
    (TEST_DOMAIN, 'Domain.GetStats', (MAX_U, 0x80000000), 'ArgumentUnsupported'),
    (ROOT, 'Manager.Open', ('x:' + '/' * 8 * MIB, 0), 'InvalidArg'),
    (ROOT, 'Manager.Open', ('%' * 8000, 0), 'InvalidArg'),
]


class InputTest(BusTest):
    options = {'trace': False}

    def setUp(self):
        self.alive()
        self.addCleanup(self.alive)

    def flat(self):
        """Memory is what it was, or becomes so within a moment; a sanitizer's is its own affair."""
        if not hasattr(type(self), 'before'):
            type(self).before = self.resident()
        if self.sanitized():
            return
        until = time.monotonic() + 60
        while self.resident() > self.before + 4096 and time.monotonic() < until:
            time.sleep(0.05)
        self.assertLess(self.resident(), self.before + 4096)

    def test_0_documents(self):
        # First by its name: what it needs in memory is measured before all else.
        for _ in range(3):
            with self.assertRaises(CallError):
                self.client.object(TEST).call('Connection.DomainDefineXML', '<domain')
        self.flat()
        host = self.client.object(TEST)
        for name, xml in DOCUMENTS.items():
            for member, more in (('DomainDefineXML', ()), ('DomainCreateXML', (0,))):
                with self.subTest(name, member=member):
                    if self.sanitized():
                        # A sanitizer copies each piece of a message anew.
                        xml = xml[:4 * MIB]
                    before = self.worked()
                    with self.assertRaises(CallError) as caught:
                        host.call(f'Connection.{member}', xml, *more)
                    # Of a processor's time, which is little, and counts twice on a busy machine. What a large
                    # message costs on its way is the bus' affair.
                    limit = 1 + 4 * len(xml) / (64 * MIB)
                    self.assertLess(self.worked() - before, limit * (5 if self.sanitized() else 1))
                    self.assertRegex(caught.exception.name, r'^org\.virtbus1\.Error\.')
                    self.assertLess(len(caught.exception.message), 2000)
                    self.assertNotIn('root:', caught.exception.message)
                    self.flat()
        self.assertEqual(host.call('Connection.ListDomains', 0), [TEST_DOMAIN])

    def test_wrong_calls(self):
        for interface, member, signature, arguments, error in WRONG_CALLS:
            body = GLib.Variant(signature, arguments) if signature not in (None, '()') else None
            with self.subTest(interface=interface, member=member, body=body):
                with self.refused('-' + error):
                    self.send(TEST, interface, member, body, reply=True)
                # And where nobody waits for an answer.
                self.send(TEST, interface, member, body)
                self.alive()

    def test_wrong_paths(self):
        for path in PATHS:
            if not GLib.Variant.is_object_path(path):
                continue
            for interface, member, signature, arguments in (
                    ('org.virtbus1.Domain', 'GetState', '(u)', (0,)),
                    (PROPERTIES, 'GetAll', '(s)', ('org.virtbus1.Domain',)),
                    (PROPERTIES, 'Get', '(ss)', ('org.virtbus1.Domain', 'Name'))):
                with self.subTest(path=path, member=member):
                    body = GLib.Variant(signature, arguments)
                    with self.assertRaises(CallError) as caught:
                        self.send(path, interface, member, body, reply=True)
                    if path.startswith(ROOT) and path != TEST + '/domain/_':
                        self.assertEqual(caught.exception.name, BUS_ERROR + 'UnknownObject')
                    self.send(path, interface, member, body)
        # Ping is answered everywhere.
        self.send(ROOT + '/none', 'org.freedesktop.DBus.Peer', 'Ping', reply=True)

    def test_absurd(self):
        for path, member, arguments, error in ABSURD:
            with self.subTest(member, arguments=repr(arguments)[:60]):
                with self.assertRaises(CallError) as caught:
                    self.client.object(path).call(member, *arguments)
                if error:
                    self.assertEqual(caught.exception.name, f'org.virtbus1.Error.{error}')
                # What was asked for may be in it, and little else.
                self.assertLess(len(caught.exception.message), 4096 + len(str(arguments)))
        self.flat()
        self.assertIn("<vcpu placement='static'>2</vcpu>", self.client.object(TEST_DOMAIN).call('Domain.GetXMLDesc', 2))

    def test_one_name_for_permission_and_for_the_guest(self):
        """A document that says its name twice could be one guest to the rules and another to the driver."""
        host = self.client.object(TEST)
        for name, xml in {
                'name twice': GOOD.replace('<memory', '<name>other</name><memory'),
                'name elsewhere': GOOD.replace('<name>', '<metadata><name>other</name></metadata><name>'),
                'name in a comment': GOOD.replace('<name>', '<!-- <name>other</name> --><name>'),
                'name of another namespace': GOOD.replace('<name>', '<x:name xmlns:x="u:">other</x:name><name>'),
                'name in CDATA': GOOD.replace('>input<', '><![CDATA[input]]><'),
                'name in parts': GOOD.replace('>input<', '>in<!-- -->put<'),
                'space': GOOD.replace('>input<', '> input <'),
                'another root': '<a>' + GOOD + '</a>',
                'a default namespace': GOOD.replace('<domain ', '<domain xmlns="u:" '),
        }.items():
            with self.subTest(name):
                try:
                    guest = self.client.object(host.call('Connection.DomainDefineXML', xml))
                except CallError:
                    continue
                self.assertEqual(guest.get('Domain.Name').strip(), 'input')
                guest.call('Domain.Undefine', 0)

    # The bus itself does not let these through; whoever sends them is cut off, and nobody else.

    def raw(self, text: str, instead: bytes) -> bytes:
        """A call of DomainLookupByName whose argument has other bytes than it may."""
        message = Gio.DBusMessage.new_method_call('org.virtbus1', TEST, 'org.virtbus1.Connection', 'DomainLookupByName')
        message.set_body(GLib.Variant('(s)', (text,)))
        message.set_serial(2)
        blob = message.to_blob(Gio.DBusCapabilityFlags.NONE)
        self.assertEqual(len(text), len(instead))
        return blob.replace(text.encode(), instead)

    def test_bytes(self):
        hello = Gio.DBusMessage.new_method_call('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                                'Hello')
        hello.set_serial(1)
        good = self.raw('plain', b'plain')
        for what, blob, cut_off in (
                ('good', good, False),
                ('NUL', self.raw('plain', b'pl\0in'), True),
                ('not UTF-8', self.raw('plain', b'pl\xff\xfen'), True),
                ('a surrogate', self.raw('plain', b'p\xed\xa0\x80n'), True),
                ('overlong', self.raw('plain', b'pla\xc0\x80'), True),
                ('a length beyond the end', good.replace(b'\5\0\0\0plain', b'\xff\0\0\0plain'), True),
                ('another endianness', b'B' + good[1:], True),
                ('another version', good[:3] + b'\2' + good[4:], True),
                ('a signature that is none', good.replace(b'\1s\0', b'\1(\0'), True)):
            with self.subTest(what), socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(120)
                peer.connect(str(self.bus.folder / 'bus'))
                peer.sendall(b'\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n')
                said = b''
                while b'OK' not in said:
                    said += peer.recv(4096)
                peer.sendall(hello.to_blob(Gio.DBusCapabilityFlags.NONE) + blob)
                answer = b''
                try:
                    while b'no domain with matching name' not in answer:
                        data = peer.recv(65536)
                        if not data:
                            break
                        answer += data
                    self.assertEqual(b'no domain with matching name' in answer, not cut_off)
                except ConnectionResetError:
                    self.assertTrue(cut_off)
                self.alive()

    # Too much

    def test_calls_in_flight(self):
        """128 for a caller, whatever they wait for; the others are served meanwhile."""
        root = self.bus.folder / 'held'
        (root / 'run/qemu').mkdir(parents=True)
        many, other = self.new_client(), self.new_client()
        with open(root / 'run/qemu/lock', 'w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            waiting = [many.start(ROOT, 'org.virtbus1.Manager', 'Open', '(su)', f'qemu:///embed?root={root}', 0)
                       for _ in range(128)]
            for path, interface, member, signature, arguments in (
                    (ROOT, PROPERTIES, 'Get', '(ss)', ('', 'Version')),
                    (TEST_DOMAIN, 'org.virtbus1.Domain', 'GetState', '(u)', (0,))):
                with self.refused('-LimitsExceeded', '128 calls of this caller are in work already'):
                    many.call(path, interface, member, signature, *arguments)
            # What waits for the lock would wait for the end of this block.
            for _ in range(50):
                other.object(TEST_DOMAIN).get('Domain.Name')
        path, = {finish() for finish in waiting}
        self.assertTrue(path.startswith(ROOT))
        many.object(TEST_DOMAIN).get('Domain.Name')

    def test_caller_that_leaves_with_calls_in_flight(self):
        root = self.bus.folder / 'left'
        (root / 'run/qemu').mkdir(parents=True)
        with open(root / 'run/qemu/lock', 'w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            many = self.new_client()
            for _ in range(100):
                many.start(ROOT, 'org.virtbus1.Manager', 'Open', '(su)', f'qemu:///embed?root={root}', 0)
            many.bus('GetId', None)
            many.close()
        # Its calls come to their ends, and nobody holds what they opened.
        self.client.wait(lambda: not [f for f in self.manager.call('Manager.ListFibers') if f[0].startswith('Open')])
        self.client.wait(lambda: len(self.manager.call('Manager.ListConnections')) == 2)

    def test_callers_that_come_and_go(self):
        self.flat()
        for _ in range(300):
            client = self.new_client()
            client.object(ROOT).get('Manager.Version')
            client.close()
        self.flat()

    def test_calls_of_nobody(self):
        """Sent by who does not wait for them, and leaves."""
        for _ in range(20):
            client = self.new_client()
            message = Gio.DBusMessage.new_method_call('org.virtbus1', TEST, 'org.virtbus1.Connection', 'ListDomains')
            message.set_body(GLib.Variant('(u)', (0,)))
            message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
            client._connection.send_message(message, Gio.DBusSendMessageFlags.NONE)
            client._connection.flush_sync(None)
            client.close()


if __name__ == '__main__':
    unittest.main(verbosity=2)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests on a private bus share: a service for each class, guests to define, signals in short."""

import contextlib
import os
import pathlib
import re
import sys
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'harness'))

from bus import PrivateBus
from client import CallError, Client
from gi.repository import Gio, GLib

TOP = pathlib.Path(__file__).resolve().parents[2]
ROOT = '/org/virtbus1'
TEST = f'{ROOT}/connection/test_default'
# The guest that the test host begins with.
TEST_UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f'
TEST_DOMAIN = f'{TEST}/domain/_{TEST_UUID.replace("-", "_")}'

PROPERTIES = 'org.freedesktop.DBus.Properties'
INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable'
OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager'
BUS_ERROR = 'org.freedesktop.DBus.Error.'

EVENTS = ('defined', 'undefined', 'started', 'suspended', 'resumed', 'stopped', 'shutdown', 'pmsuspended', 'crashed')
SHUT_OFF, RUNNING, PAUSED = 5, 1, 3


class Xml:
    """The interfaces as they are checked in."""

    def __init__(self, name: str):
        self.text = (TOP / f'interfaces/org.virtbus1.{name}.xml').read_text()
        self.interface = ElementTree.fromstring(self.text).find('interface')

    def members(self, kind: str) -> dict:
        return {member.get('name'): member for member in self.interface.findall(kind)}

    @staticmethod
    def note(member, name: str):
        """The value of an annotation of ours, or None."""
        for annotation in member.findall('annotation'):
            if annotation.get('name') == f'org.virtbus1.{name}':
                return annotation.get('value')
        return None

    @staticmethod
    def arguments(member, direction: str) -> list:
        return [(arg.get('name'), arg.get('type')) for arg in member.findall('arg')
                if arg.get('direction') == direction]


# A value of each type that a method takes, for calls that are to fail for another reason.
ANY = {'s': '', 'u': 0, 'i': 0, 't': 0, 'x': 0, 'b': False, 'au': [], 'o': '/', 'as': [], 'd': 0.0,
       'ab': [], 'ay': b'', 'ah': [], 'a{sv}': {}}


# The least that can be a document about a new object of a class.
DOCUMENTS = {
    'Domain': "<domain type='test'><name>new</name></domain>",
    'DomainSnapshot': '<domainsnapshot><name>new</name></domainsnapshot>',
    'DomainCheckpoint': '<domaincheckpoint><name>new</name></domaincheckpoint>',
    'Interface': "<interface type='ethernet' name='new'/>",
    'Network': '<network><name>new</name></network>',
    'NodeDevice': '<device><name>new</name><parent>scsi_host1</parent></device>',
    'NWFilter': "<filter name='new'/>",
    'Secret': "<secret ephemeral='no' private='no'/>",
    'StoragePool': "<pool type='dir'><name>new</name></pool>",
    'StorageVol': '<volume><name>new</name></volume>',
}


def guest_xml(type_: str, name: str, uuid=None, memory=65536, more='', devices='') -> str:
    """A guest as small as can be. more stands on the level of the name, devices among the devices."""
    arch, machine = ('i686', '') if type_ == 'test' else ('x86_64', " machine='pc'")
    return (f"<domain type='{type_}'><name>{name}</name>{f'<uuid>{uuid}</uuid>' if uuid else ''}"
            f"<memory unit='KiB'>{memory}</memory>{'' if '<vcpu' in more else '<vcpu>1</vcpu>'}{more}"
            f"<os><type arch='{arch}'{machine}>hvm</type></os>"
            f"<devices>{devices}{'' if '<memballoon' in devices else '<memballoon model=%svirtio%s/>' % (2 * (chr(39),))}"
            '</devices></domain>')


class BusTest(unittest.TestCase):
    """A class of tests has one bus and one service; options are those of PrivateBus."""

    options = {}
    bus = None

    @classmethod
    def setUpClass(cls):
        cls.bus = PrivateBus(**cls.options)
        # At the end: what the service leaves, and what a sanitizer says of it, fails the class.
        cls.addClassCleanup(lambda: cls.bus.close())
        cls.bus.open()
        cls.bus.start_service()
        cls.client = cls.bus.client()
        cls.addClassCleanup(cls.client.close)
        cls.manager = cls.client.object(ROOT)

    def describe(self) -> str:
        return self.bus.describe()

    def new_client(self, name='org.virtbus1') -> Client:
        client = Client(self.bus.address, name)
        self.addCleanup(client.close)
        return client

    def open(self, uri='test:///default', flags=0, client=None):
        client = client or self.client
        return client.object(client.object(ROOT).call('Manager.Open', uri, flags))

    @contextlib.contextmanager
    def refused(self, name: str, message: str = ''):
        """The block ends in an error of that name (ours, or the bus' after a '-'), whose text begins so."""
        full = BUS_ERROR + name[1:] if name.startswith('-') else f'org.virtbus1.Error.{name}'
        with self.assertRaises(CallError) as caught:
            yield caught
        self.assertEqual((caught.exception.name, caught.exception.message[:len(message)]), (full, message))

    def leave(self, client: Client):
        """Close it; what the service is asked from now on, it is asked after it has been told of that."""
        client.close()
        self.client.wait(lambda: self.client.owner(client.unique_name) is None)

    def send(self, path, interface, member, body=None, reply=False, name='org.virtbus1'):
        """A message as it is, without a look at the introspection; returns the reply's body or raises."""
        message = Gio.DBusMessage.new_method_call(name, path, interface, member)
        if body is not None:
            message.set_body(body)
        if not reply:
            message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
            self.client._connection.send_message(message, Gio.DBusSendMessageFlags.NONE)
            return None
        answer, _ = self.client._connection.send_message_with_reply_sync(
            message, Gio.DBusSendMessageFlags.NONE, 120000, None)
        if answer.get_message_type() == Gio.DBusMessageType.ERROR:
            raise CallError(answer.get_error_name(), answer.get_body().unpack()[0])
        return answer.get_body()

    def sanitized(self) -> bool:
        return b'libasan' in pathlib.Path(f'/proc/{self.bus.service.pid}/maps').read_bytes()

    def resident(self) -> int:
        """What the service has in memory, in KiB."""
        text = pathlib.Path(f'/proc/{self.bus.service.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', text).group(1))

    def worked(self) -> float:
        """How long processors have worked for the service, in seconds."""
        text = pathlib.Path(f'/proc/{self.bus.service.pid}/stat').read_text().rpartition(')')[2]
        return sum(map(int, text.split()[11:13])) / os.sysconf('SC_CLK_TCK')

    def alive(self):
        self.assertIsNone(self.bus.service.poll(), 'the service has ended')
        self.assertTrue(self.manager.get('Manager.Version'))


class Story:
    """The signals about one object and its connection, told in short and in order:

    'added', 'removed', 'changed A B', 'started 0', 'Reboot', 'MetadataChange 1 ""'. Changes that follow each
    other count as one, since how many there are depends on what the driver had to wait for. A firmware that finds
    its memory as it left it resets the machine once more, in its own time: of a real guest no more of 'Reboot' are
    told than `reboots`.
    """

    def __init__(self, signals, path: str, reboots=None):
        self._signals, self._path, self._reboots = signals, path, reboots

    def lines(self) -> list:
        lines = []
        for signal in self._signals.all:
            line = self._line(signal)
            if line and line.startswith('changed') and lines and lines[-1].startswith('changed'):
                names = set(lines.pop().split()[1:]) | set(line.split()[1:])
                line = ' '.join(['changed', *sorted(names)])
            if line and (line != 'Reboot' or lines.count(line) != self._reboots):
                lines.append(line)
        return lines

    def _line(self, signal):
        arguments = signal.arguments
        if signal.path == self._path:
            if signal.member == 'PropertiesChanged':
                return ' '.join(['changed', *sorted(arguments[1])])
            return ' '.join([signal.member, *map(repr, arguments)])
        if arguments[:1] == (self._path,):
            if signal.member == 'DomainEvent':
                return f'{EVENTS[arguments[1]]} {arguments[2]}'
            return {'InterfacesAdded': 'added', 'InterfacesRemoved': 'removed'}.get(signal.member)
        return None


class HostTest(BusTest):
    """With a host, and guests that are gone after each test."""

    uri = 'test:///default'
    type = 'test'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.client.object(cls.manager.call('Manager.Open', cls.host_uri(), 0))

    @classmethod
    def host_uri(cls) -> str:
        return cls.uri.format(folder=cls.bus.folder)

    def setUp(self):
        self._before = set(self.host.call('Connection.ListDomains', 0))
        self.addCleanup(self._remove_guests)

    def _remove_guests(self):
        for path in set(self.host.call('Connection.ListDomains', 0)) - self._before:
            guest = self.client.object(path)
            for member in ('Domain.Destroy', 'Domain.Undefine'):
                with contextlib.suppress(CallError):
                    guest.call(member, 0)
        self.assertEqual(set(self.host.call('Connection.ListDomains', 0)), self._before)

    def xml(self, name: str, **more) -> str:
        return guest_xml(self.type, name, **more)

    def define(self, name: str, start=None, **more):
        """Define it, and start it with the flags of Create where they are given."""
        guest = self.client.object(self.host.call('Connection.DomainDefineXML', self.xml(name, **more)))
        if start is not None:
            guest.call('Domain.Create', start)
        return guest

    def create(self, name: str, flags=0, client=None, **more):
        client = client or self.client
        host = client.object(self.host.path)
        return client.object(host.call('Connection.DomainCreateXML', self.xml(name, **more), flags))

    @contextlib.contextmanager
    def story(self, guest, *expected: str):
        """What the block does is told by exactly these signals, and the properties they bring are true."""
        path = guest if isinstance(guest, str) else guest.path
        with self.client.record() as signals:
            yield signals
            story = Story(signals, path, expected.count('Reboot') if self.type == 'qemu' else None)
            with contextlib.suppress(AssertionError):
                self.client.wait(lambda: len(story.lines()) >= len(expected))
            # A call, so that what was sent before its reply is there.
            self.manager.get('Manager.Version')
            self.assertEqual(story.lines(), list(expected))
            if expected and expected[-1] != 'removed':
                now = self.client.object(path).get_all('Domain')
                changes = signals.changes(path)
                self.assertEqual(changes, {name: now[name] for name in changes})

    def state(self, guest) -> tuple:
        state = guest.get('Domain.State')
        self.assertEqual(guest.call('Domain.GetState', 0), state)
        self.assertEqual(guest.get('Domain.Active'), state[0] != SHUT_OFF)
        self.assertEqual(guest.get('Domain.Id') > 0, state[0] != SHUT_OFF)
        return state

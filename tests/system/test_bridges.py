# SPDX-License-Identifier: LGPL-2.1-or-later
"""Between the services of one host: a user's goes to the host's for qemu:///system, the host's to that user's own
for qemu:///session, and to nobody else's. What needs the host's credentials needs its administrator."""

import json
import uuid

from systemtest import TOP, SystemTest
from test_activation import domain_xml

SYSTEM = '/org/virtbus1/connection/qemu_system'
SYSTEM_BUS = 'unix:path=/run/dbus/system_bus_socket'

# What one client does, in Python: bus is a Client on the user's own bus, or on the host's.
SCRIPT = '''
import json, os, sys, time
sys.path.insert(0, {harness!r})
from client import CallError, Client
from gi.repository import GLib
bus = Client({address!r} or os.environ['DBUS_SESSION_BUS_ADDRESS'])
manager = bus.object('/org/virtbus1')
def open(uri, flags=0):
    return bus.object(manager.call('Manager.Open', uri, flags))
def error(call, *arguments):
    try:
        call(*arguments)
    except CallError as trouble:
        return [trouble.name.split('.')[-1], trouble.message]
result = None
{lines}
print(json.dumps(result))
'''


class BridgeTest(SystemTest):
    users = ('alice', 'bob', 'carol')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.shell('usermod -aG sudo carol; cp /usr/share/doc/virtbus/examples/rules/*-administrators.rules '
                          '/etc/polkit-1/rules.d/; loginctl enable-linger alice bob carol')
        cls.ids = {user: cls.machine.run('id', '-u', user).stdout.strip() for user in cls.users}

    def setUp(self):
        super().setUp()
        self.open()

    def script(self, lines: str, user=None, address=SYSTEM_BUS, prefix=(), **options):
        """What the lines leave in result."""
        text = SCRIPT.format(harness=str(TOP / 'tests/harness'), address=address, lines=lines)
        done = self.machine.run(*prefix, '/usr/bin/python3', '-c', text, user=user, **options)
        return json.loads(done.stdout)

    def own(self, lines: str, user='alice', **options):
        """The same, as a client of the user's own service."""
        return self.script(lines, user, None, **options)

    # A user's service and the host's

    def test_system_from_a_session(self):
        self.call(SYSTEM, 'Connection.DomainDefineXML', 's', domain_xml('mail'))
        self.assertEqual(self.own('''
host = open('qemu:///system')
guest = bus.object(host.call('Connection.DomainLookupByName', 'mail'))
result = [host.path, host.get('Connection.URI'), host.get('Connection.Alive'), guest.get('Domain.Name'),
          open('qemu:///session').path]
'''), [SYSTEM, 'qemu:///system', True, 'mail', '/org/virtbus1/connection/qemu_session'])

    def test_older_name_is_the_user_s_own(self):
        """org.libvirt has one for both, and knows the one that was there first."""
        self.call(SYSTEM, 'Connection.DomainDefineXML', 's', domain_xml('shared'))
        self.define_own('alice', 'hers')
        self.assertEqual(self.own('''
old = Client(os.environ['DBUS_SESSION_BUS_ADDRESS'], 'org.libvirt').object('/org/libvirt/QEMU')
def guests():
    paths = old.client.call(old.path, 'org.libvirt.Connect', 'ListDomains', '(u)', 0)
    return [old.client.call(path, 'org.libvirt.Domain', 'GetXMLDesc', '(u)', 0).count('>hers<') for path in paths]
before = guests()
host = open('qemu:///system')
result = [before, guests()]
manager.call('Manager.Close', host.path)
result.append(guests())
'''), [[1], [1], [1]])

    def test_polkit_judges_the_user(self):
        lines = f'result = error(open("qemu:///system").call, "Connection.DomainDefineXML", {domain_xml("web")!r})'
        name, message = self.own(lines)
        self.assertEqual((name, 'org.virtbus1.domain.define' in message), ('AccessDenied', True), message)
        self.assertIsNone(self.own(lines, user='carol'))
        owner = self.script('result = bus.object(open("qemu:///system").call("Connection.DomainLookupByName", "web"))'
                            '.get("Domain.Owner")')
        self.assertEqual(owner, 'carol')

    def test_reading_only(self):
        name, message = self.own(f'''
host = open('qemu:///system', 1)
host.call('Connection.ListDomains', 0)
result = error(host.call, 'Connection.DomainDefineXML', {domain_xml('ro')!r})
''', user='carol')
        self.assertEqual((name, 'read only access prevents' in message), ('OperationDenied', True), message)

    def test_signals_come_across(self):
        self.assertEqual(self.own(f'''
host = open('qemu:///system')
with bus.record() as signals:
    path = host.call('Connection.DomainDefineXML', {domain_xml('news')!r})
    signals.wait(member='DomainEvent', path=host.path, where=lambda one: one.arguments == (path, 0, 0))
    guest = bus.object(path)
    guest.call('Domain.Undefine', 0)
    signals.wait(member='InterfacesRemoved', where=lambda one: one.arguments[0] == path)
result = 'seen'
''', user='carol'), 'seen')

    def test_host_service_is_not_there(self):
        self.machine.run('systemctl', 'stop', 'virtbus', 'virtbus.socket', 'virtbus-ro.socket')
        name, message = self.own('result = error(open, "qemu:///system")')
        self.assertEqual((name, '/run/virtbus/virtbus-sock' in message), ('SystemError', True), message)

    # The host's service and a user's

    def define_own(self, user: str, name: str):
        identity = f'<uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, name)}</uuid>'
        xml = domain_xml(name).replace('</name>', f'</name>{identity}')
        self.own(f'open("qemu:///session").call("Connection.DomainDefineXML", {xml!r})', user=user)

    def test_session_from_the_system(self):
        self.define_own('alice', 'hers')
        path, uri, names, state = self.script('''
host = open('qemu:///session')
guests = [bus.object(path) for path in host.call('Connection.ListDomains', 0)]
guests[0].call('Domain.SetMetadata', 1, 'a title', '', '', 2)
result = [host.path, host.get('Connection.URI'), [guest.get('Domain.Name') for guest in guests],
          guests[0].call('Domain.GetMetadata', 1, '', 2)]
''', user='alice')
        self.assertEqual((path, uri, names, state),
                         (f'/org/virtbus1/connection/qemu_session_{self.ids["alice"]}', 'qemu:///session', ['hers'],
                          'a title'))

    def test_nobody_else_has_it(self):
        self.define_own('alice', 'hers')
        self.define_own('bob', 'his')
        # Each keeps it open while the other looks.
        meanwhile = ('host = open("qemu:///session")\n'
                     'seen = host.call("Connection.ListDomains", 0)\nprint(json.dumps([host.path, seen]), flush=True)\n'
                     'sys.stdin.readline()')
        text = SCRIPT.format(harness=str(TOP / 'tests/harness'), address=SYSTEM_BUS, lines=meanwhile)
        alice = self.machine.popen('/usr/bin/python3', '-c', text, user='alice', stdin=-1, stdout=-1, text=True)
        try:
            path, (guest,) = json.loads(alice.stdout.readline())
            answers = self.script(f'''
own = open('qemu:///session')
tree = bus.call('/org/virtbus1', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects', None)
properties = 'org.freedesktop.DBus.Properties'
result = [own.path, [one for one in tree if one.startswith({path!r})],
          error(bus.call, {path!r}, 'org.virtbus1.Connection', 'ListDomains', '(u)', 0),
          error(bus.call, {path!r}, properties, 'Get', '(ss)', 'org.virtbus1.Connection', 'URI'),
          error(bus.call, {guest!r}, 'org.virtbus1.Domain', 'Create', '(u)', 0),
          error(bus.call, {guest!r}, properties, 'GetAll', '(s)', 'org.virtbus1.Domain'),
          {path!r} in manager.call('Manager.ListConnections')]
''', user='bob')
        finally:
            alice.stdin.write('\n')
            alice.communicate()
        own, tree, *errors, listed = answers
        self.assertNotEqual(own, path)
        self.assertEqual((tree, listed), ([], False))
        for name, message in errors:
            self.assertEqual((name, 'another user' in message), ('AccessDenied', True), message)

    def test_user_has_no_service(self):
        self.machine.run('systemctl', '--user', 'stop', 'virtbus', 'virtbus.socket', user='bob', check=False)
        name, message = self.script('result = error(open, "qemu:///session")', user='bob')
        self.assertEqual((name, f'/run/user/{self.ids["bob"]}/virtbus/virtbus-sock' in message),
                         ('SystemError', True), message)

    def test_socket_that_leads_to_another_user(self):
        self.define_own('bob', 'his')
        socket = '/run/user/%s/virtbus/virtbus-sock'
        name, message = self.script(f'''
import pathlib, subprocess
subprocess.run(['systemctl', '--user', 'stop', 'virtbus', 'virtbus.socket'])
socket = pathlib.Path({socket % self.ids['alice']!r})
socket.parent.mkdir(exist_ok=True)
socket.unlink(missing_ok=True)
socket.symlink_to({socket % self.ids['bob']!r})
result = error(open, 'qemu:///session')
socket.unlink()
''', user='alice')
        self.assertEqual((name, f'is served by user {self.ids["bob"]}' in message), ('AuthFailed', True), message)

    # Elsewhere

    def test_host_credentials_are_the_administrator_s(self):
        self.define_own('alice', 'hers')
        uri = f'qemu+unix:///session?socket=/run/user/{self.ids["alice"]}/virtbus/virtbus-sock'
        for one in (uri, 'qemu+ssh://root@192.0.2.1/system', 'qemu+libssh://root@192.0.2.1/system',
                    'test+tcp://192.0.2.1/default', 'qemu+ext:///system?command=/bin/true', 'qemu://192.0.2.1/system'):
            with self.subTest(one):
                name, message = self.script(f'result = error(open, {one!r})', user='bob')
                self.assertEqual((name, 'org.virtbus1.connection.open-remote' in message), ('AccessDenied', True),
                                 message)
        self.assertEqual(self.script(f'result = len(open({uri!r}).call("Connection.ListDomains", 0))', user='carol'), 1)
        # Neither are they to be had through the wire.
        done = self.machine.run('virsh', '-c', 'qemu+unix:///system?socket=/run/virtbus/virtbus-sock'
                                f'&name=qemu%2bunix:///session%3fsocket=/run/user/{self.ids["alice"]}/virtbus/virtbus-sock',
                                'list', user='bob', check=False)
        self.assertEqual((done.returncode, 'org.virtbus1.connection.open-remote' in done.stderr), (1, True), done)

    def test_network_is_open_to_the_service(self):
        """As the unit has it: remote URIs need it."""
        self.machine.write('/home/bob/.config/virtbus/virtbusd.conf',
                           'listen_tcp = 1\nlisten_addr = "127.0.0.1"\ntcp_port = "16510"\nauth_tcp = "none"\n')
        self.machine.run('chown', '-R', 'bob', '/home/bob/.config')
        self.machine.run('systemctl', '--user', 'restart', 'virtbus', user='bob')
        self.assertEqual(self.script('''
host = open('test+tcp://127.0.0.1:16510/default')
result = [host.get('Connection.Hostname'), len(host.call('Connection.ListDomains', 0))]
'''), ['virtbus-test', 1])

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service as a process on a bus without systemd: coming when called, and going."""

import os
import signal
import subprocess
import time
import unittest

from bus import PrivateBus, service_program
from bustest import Gio, guest_xml


class ProcessTest(unittest.TestCase):
    """Each test has a bus of its own."""

    def open(self, **options):
        self.bus = PrivateBus(**options)
        # What the service leaves, and what a sanitizer says of it, fails the test.
        self.addCleanup(self.bus.close)
        self.bus.open()
        if not options.get('activation'):
            self.bus.start_service()
        self.client = self.bus.client()
        self.addCleanup(self.client.close)
        self.manager = self.client.object('/org/virtbus1')

    def describe(self) -> str:
        return self.bus.describe()

    def test_ends_when_told_to(self):
        self.open()
        for number in (signal.SIGTERM, signal.SIGINT):
            service = self.bus.service or self.bus.start_service()
            service.send_signal(number)
            service.wait(120)
            # Looks at how it ended.
            self.bus.stop_service()

    def test_one_service_for_a_bus(self):
        self.open()
        owner = self.client.owner()
        # With folders of its own; one that finds them taken waits for the other to end.
        folders = {name: str(self.bus.folder / 'other') for name in self.bus.env if name.startswith('XDG_')}
        (self.bus.folder / 'other').mkdir(mode=0o700)
        other = subprocess.run([service_program(), '--session'], env=self.bus.env | folders, text=True,
                               capture_output=True, timeout=120, check=False)
        self.assertEqual(other.returncode, 1)
        self.assertIn('another service is org.virtbus1 on this bus', other.stderr)
        self.assertEqual(self.client.owner(), owner)
        self.assertTrue(self.manager.get('Manager.Version'))

    def test_ends_at_once_though_nothing_else_happens(self):
        # Neither a client that comes or goes nor a timer is there to wake it up once more.
        self.open()
        self.client.close()
        self.bus.stop_service()

    def test_started_by_the_first_call_and_gone_when_idle(self):
        self.open(activation=True, idle_exit=1)
        self.assertIsNone(self.client.owner())
        first = self.answers()
        self.client.wait(lambda: self.client.owner() is None)
        self.assertNotEqual(self.answers(), first)

    def answers(self) -> str:
        """Who does: asked of the bus afterwards, it might be gone already."""
        call = Gio.DBusMessage.new_method_call('org.virtbus1', '/org/virtbus1', 'org.freedesktop.DBus.Peer', 'Ping')
        reply, _ = self.client._connection.send_message_with_reply_sync(
            call, Gio.DBusSendMessageFlags.NONE, 120000, None)
        self.assertEqual(reply.get_message_type(), Gio.DBusMessageType.METHOD_RETURN)
        return reply.get_sender()

    def titles(self, change=lambda: None) -> dict:
        """What a new service says of its guests after a change while there was none, which might write as well."""
        self.bus.stop_service()
        change()
        self.bus.start_service()
        connection = self.client.object(self.manager.call('Manager.Open', 'qemu:///session', 0))
        domains = [self.client.object(path) for path in connection.call('Connection.ListDomains', 0)]
        return {domain.get('Domain.Name'): domain.get('Domain.Title') for domain in domains}

    def test_a_document_is_read_again_when_it_has_changed(self):
        self.open()
        connection = self.client.object(self.manager.call('Manager.Open', 'qemu:///session', 0))
        files = {}
        for name in ('kept', 'edited', 'replaced', 'removed'):
            connection.call('Connection.DomainDefineXML', guest_xml('qemu', name, more='<title>old</title>'))
            files[name] = self.bus.folder / 'config/virtbus/qemu' / f'{name}.xml'
        heads = self.bus.folder / 'cache/virtbus/qemu/heads'

        # What has changed in the last seconds is not trusted to stay so.
        time.sleep(3)
        self.assertEqual(self.titles(), dict.fromkeys(files, 'old'))
        self.client.wait(heads.exists)

        def damage():
            heads.write_bytes(heads.read_bytes()[:-1] + b'x')

        self.assertEqual(self.titles(lambda: self.edit(files, heads)),
                         {'kept': 'OLD', 'edited': 'new', 'replaced': 'new'})
        self.assertEqual(self.titles(damage), {'kept': 'old', 'edited': 'new', 'replaced': 'new'})

    @staticmethod
    def edit(files: dict, heads):
        changed = {name: path.read_text().replace('>old<', '>new<') for name, path in files.items()}
        times = {name: (path.stat().st_atime_ns, path.stat().st_mtime_ns) for name, path in files.items()}
        files['edited'].write_text(changed['edited'])
        files['replaced'].unlink()
        files['replaced'].write_text(changed['replaced'])
        for name in ('edited', 'replaced'):
            os.utime(files[name], ns=times[name])
        files['removed'].unlink()
        # Told apart from what is in the document, to see which of the two is read.
        heads.write_bytes(heads.read_bytes().replace(b'old', b'OLD'))

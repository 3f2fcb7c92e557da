#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU guests that go wrong: killed, stopped, failing at each step of a start; and what they tell of themselves."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import unittest

from bustest import BUS_ERROR, CallError, GLib, HostTest, PAUSED, ROOT, RUNNING, SHUT_OFF
from wire import Wire

UUID = '22222222-2222-4333-8444-555555555555'
FAKE = pathlib.Path(__file__).parent / 'fake_emulator.py'
COMPLAINT = 'qemu-fake: something is wrong with me'
# The error of a guest that does not answer.
TIMEOUT = 'org.virtbus1.Error.OperationTimeout'
# Calls that may wait at the same time.
FIBERS_MAX = 1024

EXITED = 'internal error: process exited while connecting to monitor: '

# What the emulator does when it is started, and what the caller is told.
FAILURES = {
    'ends at once and says why': ({'exit': COMPLAINT}, f'{EXITED}{COMPLAINT}'),
    'ends at once and says nothing': ({'exit': ''}, f'{EXITED}exit status 1'),
    'says much': ({'exit': 'x' * 100000 + COMPLAINT}, EXITED),
    'greets with garbage': ({'greet': 'hello?'}, None),
    'greets with other JSON': ({'greet': '{"hello": 1}'}, None),
    'greets without an end': ({'greet': '{"QMP": ' + '[' * 5000}, None),
    'ends in the greeting': ({'die': 'qmp_capabilities'}, f'{EXITED}{COMPLAINT}'),
    'refuses to negotiate': ({'refuse': 'qmp_capabilities'}, None),
    'hangs up in the negotiation': ({'hang-up': 'qmp_capabilities'}, None),
    'answers the negotiation with garbage': ({'garbage': 'qmp_capabilities'}, None),
    'ends while it is set up': ({'die': 'query-chardev'}, f'{EXITED}{COMPLAINT}'),
    'refuses to be set up': ({'refuse': 'query-chardev'}, None),
    'hangs up while it is set up': ({'hang-up': 'query-chardev'}, None),
    'garbage while it is set up': ({'garbage': 'query-chardev'}, None),
    'ends when it is to run': ({'die': 'cont'}, None),
    'refuses to run': ({'refuse': 'cont'}, None),
    'hangs up when it is to run': ({'hang-up': 'cont'}, None),
}

# Those that keep the service waiting until its deadline.
SILENCES = {
    'never listens': {'silent': True},
    'never listens and is stubborn': {'silent': True, 'stubborn': True},
    'never negotiates': {'hang': 'qmp_capabilities'},
    'is never set up': {'hang': 'query-chardev'},
    'never runs': {'hang': 'cont'},
}


class QemuTest(HostTest):
    uri = 'qemu:///embed?root={folder}/host'
    type = 'qemu'
    options = {'trace': False}

    def left(self, name: str) -> list:
        """What there is of a guest: processes, files of its run."""
        folder = self.bus.folder / 'host/run/qemu'
        ours = re.compile(rf'(domain-\d+-)?{name}(\.json)?$')
        files = [str(path) for path in folder.iterdir() if ours.match(path.name)]
        return list(self.bus.processes(f'guest={name},').values()) + files

    def waits_for_a_guest(self, member: str) -> bool:
        """Whether a call of it is under way, and waits."""
        return any(name.startswith(member) and what for name, what, *_ in self.manager.call('Manager.ListFibers'))

    def process(self, name: str) -> int:
        pid, = self.bus.processes(f'guest={name},')
        return pid


class FakeHost(QemuTest):
    """With an emulator that does what the test says."""

    def setUp(self):
        super().setUp()
        self.fakes = self.bus.folder / 'fake'
        self.fakes.mkdir(exist_ok=True)

    def emulator(self, behaviour: dict, kind='fake') -> str:
        """A devices' element that names an emulator of that behaviour."""
        folder = self.fakes / kind
        folder.mkdir(exist_ok=True)
        path = folder / 'qemu-system-x86_64'
        if not path.exists():
            path.write_bytes(FAKE.read_bytes())
            path.chmod(0o755)
        (folder / 'behaviour').write_text(json.dumps(behaviour))
        return f'<emulator>{path}</emulator>'

    def tell(self, name: str, *messages):
        fifo = self.fakes / 'fake' / f'tell-{name}'
        self.client.wait(fifo.exists)
        with open(fifo, 'w') as file:
            for message in messages:
                if isinstance(message, dict):
                    message = json.dumps({**message, 'timestamp': {'seconds': 1, 'microseconds': 0}})
                file.write(message + '\n')


class DefinitionTest(QemuTest):
    def test_rename_that_cannot_be(self):
        """What it had written already is taken back."""
        guest = self.define('f', uuid=UUID)
        guest.set('Domain.Autostart', GLib.Variant('b', True))
        links, = (self.bus.folder / 'host').rglob('autostart')
        kept = links.with_name('elsewhere')
        links.rename(kept)
        links.write_text('')
        with self.refused('SystemError'):
            guest.call('Domain.Rename', 'g', 0)
        self.assertEqual([path.name for path in links.parent.glob('*.xml')], ['f.xml'])
        links.unlink()
        kept.rename(links)
        self.assertEqual(guest.get('Domain.Name'), 'f')
        guest.call('Domain.Rename', 'g', 0)
        self.assertEqual([path.name for path in links.parent.rglob('*.xml')], ['g.xml'] * 2)


class FakeTest(FakeHost):
    def test_failing_starts(self):
        guest = self.define('f', uuid=UUID, devices=self.emulator({}))
        guest.call('Domain.Create', 0)
        guest.call('Domain.Destroy', 0)
        for name, (behaviour, message) in FAILURES.items():
            with self.subTest(name):
                self.emulator(behaviour)
                with self.client.record() as signals:
                    with self.assertRaises(CallError) as caught:
                        guest.call('Domain.Create', 0)
                    self.down(guest, signals, caught.exception, message)
                if 'set up' not in name:
                    with self.client.record() as signals, self.assertRaises(CallError):
                        self.create('f2', devices=self.emulator(behaviour))
                    self.assertFalse(signals.matching(where=lambda s: s.arguments[1:] == (2, 0)))
                    self.assertFalse(self.left('f2'))
                # The next one works.
                self.emulator({})
                guest.call('Domain.Create', 0)
                self.assertEqual(self.state(guest), (RUNNING, 1))
                guest.call('Domain.Destroy', 0)

    def down(self, guest, signals, error, message):
        """Nothing of the failed start is left, and it was told as it should."""
        self.assertRegex(error.name, r'^org\.virtbus1\.Error\.')
        # It is known what is wrong; nothing was waited for in vain.
        self.assertNotEqual(error.name, TIMEOUT)
        if message:
            self.assertEqual(error.message[:len(message)], message)
        else:
            self.assertRegex(error.message, "guest 'f|unable to execute QEMU command '")
        self.assertLess(len(error.message), 5000)
        self.assertEqual(self.state(guest), (SHUT_OFF, 6))
        self.assertFalse(signals.matching(where=lambda s: s.arguments[1:] == (2, 0)), 'a start was told of')
        self.assertFalse(self.left('f'))
        self.assertEqual(guest.get('Domain.Persistent'), True)

    def test_silent_starts(self):
        """All at once, since each takes its time; and calls that need a guest that is stopped."""
        stopped = self.define('stopped', start=0)
        other = self.new_client()
        running = other.object(self.define('other', start=0).path)
        os.kill(self.process('stopped'), signal.SIGSTOP)
        # The calls of one caller about one object are answered one after the other: so each has its own.
        waiting = {}

        def start(name: str, guest: str, *call):
            waiting[name] = guest, self.new_client().start(*call)

        for i, (name, behaviour) in enumerate(SILENCES.items()):
            xml = self.xml(f's{i}', devices=self.emulator(behaviour, f'silent{i}'))
            start(name, f's{i}', self.host.path, 'org.virtbus1.Connection', 'DomainCreateXML', '(su)', xml, 0)
        for i in range(len(SILENCES)):
            self.client.wait(lambda: self.bus.processes(f'guest=s{i},'))
        for member, signature, arguments in (('Suspend', None, ()), ('Destroy', '(u)', (1,))):
            start(member, 'stopped', stopped.path, 'org.virtbus1.Domain', member, signature, *arguments)
        self.client.wait(lambda: self.waits_for_a_guest('Suspend'))
        # Everybody else is served before any call about the one that is stopped is answered.
        self.serve(running, other.object(stopped.path))
        self.assertEqual([name for name in ('Suspend', 'Destroy') if waiting[name][1].answered()], [])
        for name, (guest, finish) in waiting.items():
            with self.subTest(name):
                with self.assertRaises(CallError) as caught:
                    finish()
                self.assertIn(f"'{guest}'", caught.exception.message)
                self.assertNotEqual(caught.exception.name, BUS_ERROR + 'NoReply')
                if guest != 'stopped':
                    self.assertFalse(self.left(guest))
        self.assertEqual(self.state(stopped), (RUNNING, 1))
        # The plug works always.
        with self.story(stopped, 'changed Active Id State', 'stopped 1'):
            stopped.call('Domain.Destroy', 0)
        self.assertFalse(self.left('stopped'))

    def serve(self, running, looked_at):
        for _ in range(3):
            running.call('Domain.Suspend')
            running.call('Domain.Resume')
            running.call('Domain.GetStats', 0, 0)
            looked_at.get_all('Domain')
            looked_at.call('Domain.GetXMLDesc', 0)

    def test_what_it_tells(self):
        """QEMU's events, one by one, and what the bus hears of them."""
        vnc = {'server': {'family': 'ipv4', 'host': '127.0.0.1', 'service': '5900', 'auth': 'none', 'websocket': False},
               'client': {'family': 'ipv6', 'host': '::1', 'service': '40000', 'websocket': False,
                          'sasl_username': 'joe'}}
        graphics = "(0, '127.0.0.1', '5900') (1, '::1', '40000') 'none' [('saslUsername', 'joe')]"
        disk = "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"
        for event, data, story, state in (
                ('STOP', None, ['changed State', 'suspended 0'], (PAUSED, 0)),
                ('RESUME', None, ['changed State', 'resumed 0'], (RUNNING, 5)),
                ('RESET', {'guest': True, 'reason': 'guest-reset'}, ['Reboot'], (RUNNING, 5)),
                ('RTC_CHANGE', {'offset': -3600, 'qom-path': '/'}, ['RTCChange -3600'], (RUNNING, 5)),
                ('BALLOON_CHANGE', {'actual': 32 << 20}, ['changed Memory', 'BalloonChange 32768'], (RUNNING, 5)),
                ('WATCHDOG', {'action': 'none'}, ['Watchdog 0'], (RUNNING, 5)),
                ('WATCHDOG', {'action': 'reset'}, ['Watchdog 2'], (RUNNING, 5)),
                ('DEVICE_TRAY_MOVED', {'device': '', 'id': 'sata0-0-0', 'tray-open': True},
                 ["TrayChange 'sata0-0-0' 0"], (RUNNING, 5)),
                ('BLOCK_IO_ERROR', {'device': 'x', 'qom-path': '/machine/peripheral/sata0-0-0', 'operation': 'read',
                                    'action': 'report', 'nospace': True, 'reason': 'No space'},
                 ["IOError '' 'sata0-0-0' 2 'enospc'"], (RUNNING, 5)),
                ('SUSPEND', None, ['changed State', 'pmsuspended 0', 'PMSuspend 0'], (7, 0)),
                ('WAKEUP', None, ['changed State', 'started 4', 'PMWakeup 0'], (RUNNING, 8)),
                ('SUSPEND_DISK', None, ['PMSuspendDisk 0'], (RUNNING, 8)),
                ('VNC_CONNECTED', vnc, [f'Graphics 0 {graphics}'], (RUNNING, 8)),
                ('VNC_INITIALIZED', vnc, [f'Graphics 1 {graphics}'], (RUNNING, 8)),
                ('VNC_DISCONNECTED', vnc, [f'Graphics 2 {graphics}'], (RUNNING, 8)),
                ('NOBODY_KNOWS', {'a': [1, {'b': None}]}, [], (RUNNING, 8)),
                ('STOP', {'a': 'b'}, ['changed State', 'suspended 0'], (PAUSED, 0)),
        ):
            if event == 'STOP' and data is None:
                guest = self.define('t', start=0, devices=self.emulator({}) + disk)
            message = {'event': event, **({'data': data} if data is not None else {})}
            with self.subTest(event, data=str(data)[:40]):
                with self.story(guest, *story):
                    self.tell('t', message)
                self.assertEqual(self.state(guest), state)

    def test_events_without_what_they_need(self):
        """Types and members that QEMU would not send."""
        guest = self.define('t', start=0, devices=self.emulator({}))
        for event in ('BALLOON_CHANGE', 'BLOCK_IO_ERROR', 'DEVICE_TRAY_MOVED', 'GUEST_PANICKED', 'RESET', 'RTC_CHANGE',
                      'SHUTDOWN', 'VNC_CONNECTED', 'VSERPORT_CHANGE', 'WATCHDOG'):
            for data in (None, [], 'text', {'action': 1, 'actual': 'x', 'guest': 'no', 'server': 3, 'open': []}):
                if event in ('GUEST_PANICKED', 'SHUTDOWN'):
                    continue
                self.tell('t', {'event': event, **({'data': data} if data is not None else {})})
        # Events are heard in their order.
        with self.client.record() as signals:
            self.tell('t', {'event': 'RTC_CHANGE', 'data': {'offset': 1, 'qom-path': '/'}})
            signals.wait(member='RTCChange', path=guest.path)
        self.alive()
        self.assertEqual(self.state(guest)[0], RUNNING)

    def test_monitor_lost(self):
        """The guest runs on; it is reached again."""
        guest = self.define('m', start=0, devices=self.emulator({}))
        for what in ('}}} not JSON', '[' * 100000):
            with self.subTest(what[:10]), self.client.record() as signals:
                self.tell('m', what)
                signals.wait(path=guest.path, member='ControlError')
                self.assertEqual(self.state(guest)[0], RUNNING)

                def again():
                    with contextlib.suppress(CallError):
                        guest.call('Domain.Suspend')
                        return True
                    return False
                self.client.wait(again)
                guest.call('Domain.Resume')

    def test_emulators_that_are_none(self):
        folder = self.fakes / 'none'
        folder.mkdir(exist_ok=True)
        for name, content, mode in (('missing', None, 0), ('not executable', b'#!/bin/sh\n', 0o644),
                                    ('empty', b'', 0o755), ('not a program', b'\x7fELFgarbage', 0o755),
                                    ('ends', b'#!/bin/sh\necho I end >&2; exit 3\n', 0o755),
                                    ('other program', b'#!/bin/sh\nexec /bin/true\n', 0o755)):
            path = folder / name.replace(' ', '-')
            if content is not None:
                path.write_bytes(content)
                path.chmod(mode)
            with self.subTest(name), self.assertRaises(CallError) as caught:
                self.create('e', devices=f'<emulator>{path}</emulator>')
            self.assertIn(str(path), caught.exception.message)
            self.assertNotEqual(caught.exception.name, TIMEOUT)
            self.assertFalse(self.left('e'))


class FullTest(FakeHost):
    """With as many calls under way as there may be."""

    @contextlib.contextmanager
    def full(self):
        root = self.bus.folder / 'locked'
        (root / 'run/qemu').mkdir(parents=True)
        with open(root / 'run/qemu/lock', 'w') as lock, contextlib.ExitStack() as stack:
            fcntl.flock(lock, fcntl.LOCK_EX)
            def call():
                # Of one caller only one would be at work, the others in line behind it.
                caller = stack.enter_context(contextlib.closing(Wire(self.bus.address)))
                caller.send(ROOT, 'org.virtbus1.Manager', 'Open', 'su', (f'qemu:///embed?root={root}', 0))

            def filled() -> bool:
                fibers = self.manager.call('Manager.ListFibers')
                if len(fibers) < FIBERS_MAX:
                    call()
                return len([name for name, *_ in fibers if name.startswith('Open')]) == FIBERS_MAX

            for _ in range(FIBERS_MAX):
                call()
            self.client.wait(filled)
            yield

    def test_what_must_not_be_lost(self):
        guest = self.define('full', devices=self.emulator({}), start=0)
        leaver = self.new_client()
        path = self.open(f'qemu:///embed?root={self.bus.folder}/left', client=leaver).path
        left = self.client.object(path)
        with self.full():
            with self.refused('ResourceBusy'):
                guest.call('Domain.Destroy', 0)
            os.kill(self.process('full'), signal.SIGKILL)
            self.leave(leaver)
            self.client.settle(0.3)
            self.assertEqual(self.state(guest)[0], RUNNING)
            self.assertTrue(left.get('Connection.URI'))
        self.client.wait(lambda: guest.get('Domain.State') == (SHUT_OFF, 3))
        self.state(guest)
        # Until those who waited have left, there may be no fiber for what is asked next.
        self.client.wait(lambda: len(self.manager.call('Manager.ListFibers')) < FIBERS_MAX // 2)
        self.client.wait(lambda: path not in self.manager.call('Manager.ListConnections'))
        self.assertFalse(self.left('full'))


class ReturnTest(QemuTest):
    """Guests run on without their host and without the service, and are there again with it."""

    def close_host(self):
        self.manager.call('Manager.Close', self.host.path)

    def stop(self):
        self.bus.stop_service()
        self.bus.start_service()

    def kill(self):
        self.bus.kill_service()
        self.bus.start_service()

    def test_return(self):
        guests = [self.define('kept', uuid=UUID, start=0), self.create('transient')]
        what = ('Name', 'Id', 'State', 'Active', 'Persistent', 'Memory')
        before = [[guest.get(f'Domain.{name}') for name in what] for guest in guests]
        documents = [guest.call('Domain.GetXMLDesc', 0) for guest in guests]
        running = [self.process(name) for name in ('kept', 'transient')]
        for leave in (self.close_host, self.stop, self.kill):
            with self.subTest(leave.__name__):
                leave()
                self.assertEqual(self.open(self.host_uri()).path, self.host.path)
                self.assertEqual(set(self.host.call('Connection.ListDomains', 0)), {guest.path for guest in guests})
                self.assertEqual([[guest.get(f'Domain.{name}') for name in what] for guest in guests], before)
                self.assertEqual([guest.call('Domain.GetXMLDesc', 0) for guest in guests], documents)
                self.assertEqual([self.process(name) for name in ('kept', 'transient')], running)
        for guest, end in zip(guests, ([], ['removed'])):
            with self.story(guest, 'changed Active Id State', 'stopped 1', *end):
                guest.call('Domain.Destroy', 0)
        self.assertFalse(self.left('kept') + self.left('transient'))


class KilledTest(QemuTest):
    def test_killed(self):
        for number, story, state in (
                (signal.SIGKILL, ['changed Active Id State', 'stopped 5'], (SHUT_OFF, 3)),
                (signal.SIGABRT, ['changed Active Id State', 'stopped 5'], (SHUT_OFF, 3)),
                (signal.SIGTERM, ['changed State', 'shutdown 2', 'changed Active Id State', 'stopped 0'], (SHUT_OFF, 1))):
            for flags in (0, 1):
                with self.subTest(number.name, flags=flags):
                    guest = self.define('k', uuid=UUID, start=flags)
                    with self.story(guest, *story) as signals:
                        os.kill(self.process('k'), number)
                        signals.wait(member='DomainEvent', where=lambda s: s.arguments[1] == 5)
                    self.assertEqual(self.state(guest), state)
                    self.assertFalse(self.left('k'))

    def test_killed_while_it_is_asked(self):
        guest = self.define('k', start=0)
        pid = self.process('k')
        os.kill(pid, signal.SIGSTOP)
        others = [self.new_client() for _ in range(3)]
        waiting = [caller.start(guest.path, 'org.virtbus1.Domain', member, signature, *arguments)
                   for caller, (member, signature, arguments) in zip(others, (
                       ('Suspend', None, ()), ('SetMemory', '(tu)', (1024, 1)), ('GetStats', '(uu)', (0, 0))))]
        self.client.wait(lambda: self.waits_for_a_guest('Suspend'))
        os.kill(pid, signal.SIGKILL)
        for finish in waiting[:2]:
            with self.assertRaises(CallError) as caught:
                finish()
            # Its end is the answer; none is waited for any more.
            self.assertNotIn(caught.exception.name, (BUS_ERROR + 'NoReply', TIMEOUT))
        with contextlib.suppress(CallError):
            waiting[2]()
        self.client.wait(lambda: guest.get('Domain.State') == (SHUT_OFF, 3))
        self.state(guest)

    def test_killed_while_it_is_destroyed(self):
        guest = self.create('k')
        pid = self.process('k')
        os.kill(pid, signal.SIGSTOP)
        with self.story(guest, 'changed Active Id State', 'stopped 1', 'removed'):
            finish = self.client.start(guest.path, 'org.virtbus1.Domain', 'Destroy', '(u)', 0)
            # The service itself waits for a second only.
            self.client.wait(lambda: self.waits_for_a_guest('Destroy') or finish.answered())
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            finish()

    def test_a_transient_one_is_gone(self):
        guest = self.create('k')
        with self.story(guest, 'changed Active Id State', 'stopped 5', 'removed'):
            os.kill(self.process('k'), signal.SIGKILL)

    def test_graceful(self):
        guest = self.define('k', start=0)
        with self.story(guest, 'changed Active Id State', 'stopped 1'):
            guest.call('Domain.Destroy', 1)

    def test_two_destroy_at_once(self):
        guest = self.define('k', start=0)
        other = self.new_client()
        with self.story(guest, 'changed Active Id State', 'stopped 1'):
            waiting = [client.start(guest.path, 'org.virtbus1.Domain', 'Destroy', '(u)', 0)
                       for client in (self.client, other)]
            for finish in waiting:
                with contextlib.suppress(CallError):
                    finish()

    def test_refused_before_anything_is_set_up(self):
        for name, devices, message in (
                ('a device that is not known', "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='0' "
                 "slot='1' function='0'/></source></hostdev>", 'hostdev'),
                ('a disk that is missing', "<disk type='file'><source file='/none/disk.img'/><target dev='vda'/></disk>",
                 '/none/disk.img'),
                ('a bridge that is missing', "<interface type='bridge'><source bridge='none0'/></interface>", 'none0')):
            with self.subTest(name), self.assertRaises(CallError) as caught:
                self.create('r', devices=devices)
            self.assertIn(message, caught.exception.message)
            self.assertFalse(self.left('r'))

    def test_log_and_monitor_are_nobody_elses(self):
        guest = self.define('k', start=0)
        folder = self.bus.folder / 'host'
        for path in [folder / 'run/qemu', folder / 'log/qemu', *(folder / 'run/qemu').glob('domain-*')]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)
        self.assertIn('-name guest=k,', (folder / 'log/qemu/k.log').read_text())
        guest.call('Domain.Destroy', 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)

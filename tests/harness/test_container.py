#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The booted container by itself: what the system tests rely on holds."""

import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import container


def alive(pid: int) -> bool:
    """Whether PID runs. One that waits for its new parent to notice its end does not."""
    try:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(')', 1)[1].split()[0] != 'Z'


@unittest.skipIf(container.missing(), container.missing() or '')
class ContainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = container.Container(files={'/etc/motd': 'from the test\n'})
        cls.machine.start()
        print(f'booted in {cls.machine.boot_seconds:.1f} s', file=sys.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.machine.close()

    def test_nothing_failed(self):
        failed = self.machine.run('systemctl', 'list-units', '--failed', '--plain', '--no-legend')
        self.assertEqual(failed.stdout, '')

    def test_services_answer(self):
        for name in ('org.freedesktop.PolicyKit1', 'org.freedesktop.machine1',
                     'org.freedesktop.login1', 'org.freedesktop.systemd1'):
            self.machine.run('busctl', 'call', name, '/', 'org.freedesktop.DBus.Peer', 'Ping')

    def test_command_results(self):
        result = self.machine.run('sh', '-c', 'cat; echo err >&2; exit 3', input='in', check=False)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (3, 'in', 'err\n'))
        with self.assertRaisesRegex(container.CommandError, 'exit status 1'):
            self.machine.run('false')

    def test_user_has_a_session(self):
        text = self.machine.shell('id -un; loginctl show-session -P Class -P Seat $XDG_SESSION_ID;'
                                  'busctl --user status >/dev/null && echo bus; exit 5',
                                  user='alice', check=False)
        self.assertEqual(text.stdout.split(), ['alice', 'user', 'bus'])
        self.assertEqual(text.returncode, 5)

    def test_words_arrive_as_they_are(self):
        words = ['$HOME', '${HOME}', '$$', 'a b', '', '"', "'", '%n', '\\', '*']
        for user in (None, 'alice'):
            text = self.machine.run('printf', '%s\n', *words, user=user).stdout
            self.assertEqual(text.split('\n')[:-1], words)

    def test_seat_makes_a_session_local(self):
        text = self.machine.shell('loginctl show-session -P Seat -P Active $XDG_SESSION_ID',
                                  user='alice', seat=True)
        self.assertEqual(sorted(text.stdout.split()), ['seat0', 'yes'])

    def test_users_are_told_apart(self):
        self.machine.shell('umask 077; echo mine >~/private', user='alice')
        self.assertNotEqual(self.machine.run('cat', '/home/alice/private', user='bob',
                                             check=False).returncode, 0)

    def test_files_are_given_and_stay_here(self):
        self.assertEqual(self.machine.run('cat', '/etc/motd').stdout, 'from the test\n')
        self.machine.run('touch', '/virtbus-was-here')
        self.assertFalse(os.path.exists('/virtbus-was-here'))

    def test_reboot_and_power_failure_keep_files(self):
        boot = self.machine.run('cat', '/proc/sys/kernel/random/boot_id').stdout
        self.machine.shell('echo kept >/root/kept; echo gone >/run/gone')
        for again in (self.machine.reboot, self._poweroff, self._crash):
            again()
            self.assertEqual(self.machine.run('cat', '/root/kept').stdout, 'kept\n')
            self.assertFalse(self.machine.path('/run/gone').exists())
        self.assertTrue(boot)

    def _poweroff(self):
        self.machine.poweroff()
        self.machine.boot()

    def _crash(self):
        self.machine.crash()
        self.machine.boot()

    def test_guest_in_a_scope_is_listed(self):
        self.machine.run('systemd-run', '--quiet', '--unit=fake-guest', 'sleep', '600')
        pid = self.machine.run('systemctl', 'show', '-P', 'MainPID', 'fake-guest').stdout.strip()
        self.machine.run('busctl', 'call', 'org.freedesktop.machine1', '/org/freedesktop/machine1',
                         'org.freedesktop.machine1.Manager', 'CreateMachine', 'sayssusa(sv)',
                         'fake', '0', 'virtbus', 'vm', pid, '', '0')
        listed = self.machine.run('machinectl', 'list', '--no-legend').stdout
        self.assertRegex(listed, r'fake\s+vm\s+virtbus')


class LeftoverTest(unittest.TestCase):
    @unittest.skipIf(container.missing(), container.missing() or '')
    def test_nothing_is_left_behind(self):
        machine = container.Container()
        with machine:
            machine.run('systemd-run', '--quiet', 'sleep', '1000')
            helper, leader, scratch = machine._helper.pid, machine.leader, machine._scratch
            self.assertTrue(alive(helper) and alive(leader) and os.path.exists(scratch))
        self.assertFalse(alive(helper) or alive(leader) or os.path.exists(scratch))
        self.assertNotIn(scratch, pathlib.Path('/proc/self/mounts').read_text())
        left = [g for g in pathlib.Path('/sys/fs/cgroup').glob('**/virtbus-test-*')
                if g.name.endswith(f'-{helper}')]
        self.assertEqual(left, [])

    @unittest.skipIf(container.missing(), container.missing() or '')
    def test_a_killed_test_leaves_nothing(self):
        script = ('import sys, time; sys.path.insert(0, sys.argv[1]); import container;'
                  'm = container.Container(); m.start(); print(m.leader, flush=True);'
                  'time.sleep(100)')
        with subprocess.Popen([sys.executable, '-c', script, os.path.dirname(__file__) or '.'],
                              stdout=subprocess.PIPE, text=True) as victim:
            leader = int(victim.stdout.readline())
            victim.kill()
        until = time.monotonic() + 120
        while alive(leader):
            self.assertLess(time.monotonic(), until, 'the container outlived its test')
            time.sleep(0.05)


if __name__ == '__main__':
    unittest.main(verbosity=2)

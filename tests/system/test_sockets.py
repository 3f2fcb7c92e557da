# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sockets for clients of libvirt, as systemd offers them, and the real polkit behind them."""

from systemtest import SystemTest

SOCKET = '/run/virtbus/virtbus-sock'


class SocketTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.machine.run, 'systemctl', 'stop', 'virtbus.socket', 'virtbus-libvirt.socket', 'virtbus',
                        check=False)
        self.machine.run('systemctl', 'stop', 'virtbus', check=False)

    def active(self, unit: str) -> str:
        return self.machine.run('systemctl', 'is-active', unit, check=False).stdout.strip()

    def virsh(self, *words: str, uri=f'test+unix:///default?socket={SOCKET}', user=None, check=True):
        return self.machine.run('virsh', '-q', '-c', uri, *words, user=user, check=check)

    def test_first_client_starts_the_service(self):
        self.machine.run('systemctl', 'start', 'virtbus.socket')
        self.assertEqual(self.active('virtbus'), 'inactive')
        self.assertIn('running', self.virsh('domstate', 'test').stdout)
        self.assertEqual(self.active('virtbus'), 'active')
        # It ends and comes again; who connects meanwhile waits.
        self.machine.run('systemctl', 'stop', 'virtbus')
        self.assertIn('running', self.virsh('domstate', 'test').stdout)

    def test_one_that_is_started_has_systemds_sockets(self):
        self.machine.run('systemctl', 'start', 'virtbus')
        self.assertIn('running', self.virsh('domstate', 'test').stdout)
        self.machine.run('systemctl', 'stop', 'virtbus')
        # They stay, and whoever connects starts it again.
        self.assertEqual(self.machine.shell(f'ls {SOCKET}*', check=False).stdout.split(), [SOCKET, f'{SOCKET}-ro'])
        self.assertIn('running', self.virsh('domstate', 'test').stdout)

    def test_at_the_place_of_libvirtd(self):
        self.machine.run('systemctl', 'start', 'virtbus-libvirt.socket')
        self.assertEqual(self.virsh('uri', uri='qemu:///system').stdout.strip(), 'qemu:///system')
        self.assertEqual(self.virsh('list', '--all', '--name', uri='qemu:///system').stdout.strip(), '')
        self.assertEqual((self.active('virtbus'), self.active('libvirtd')), ('active', 'inactive'))

    def test_who_may_what(self):
        """Reading is open to everybody; the rest is for an administrator."""
        self.machine.run('systemctl', 'start', 'virtbus.socket')
        self.assertIn('running', self.virsh('domstate', 'test', user='alice').stdout)
        refused = self.virsh('suspend', 'test', user='alice', check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("access denied: Suspend of 'test' needs the permission 'org.virtbus1.domain.suspend'", refused.stderr)
        self.virsh('suspend', 'test')
        self.virsh('resume', 'test')

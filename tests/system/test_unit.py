# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unit: how closed it is, and that what it closes leaves a guest alive."""

import re
import time

from systemtest import GUEST_FOLDER, SystemTest

# QEMU in place of the service: it gets exactly what a guest inherits.
GUEST_UNDER_UNIT = f'''[Service]
Type=exec
WatchdogSec=0
Restart=no
ExecStart=
ExecStart=/usr/bin/setpriv --reuid=virtbus-qemu --regid=kvm --init-groups \
  /usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -display none \
  -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny \
  -machine pc,accel=tcg -m 128 -kernel {GUEST_FOLDER}/vmlinuz -initrd {GUEST_FOLDER}/initramfs \
  -append "console=ttyS0 quiet no_timer_check" -serial file:/home/alice/guest/console \
  -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
  -drive file=/home/alice/guest/disk,if=virtio,format=raw,aio=threads \
  -drive file=/home/alice/guest/other,if=virtio,format=raw,aio=io_uring,cache=none \
  -nic user,model=virtio-net-pci -vnc 127.0.0.1:7 -no-reboot
'''


class UnitTest(SystemTest):
    with_guest = True

    def test_exposure(self):
        text = self.machine.run('systemd-analyze', 'security', '--no-pager',
                                'virtbus.service').stdout
        found = re.search(r'Overall exposure level for virtbus.service: ([0-9.]+)', text)
        self.assertLessEqual(float(found.group(1)), 3.0, text)

    def test_units_are_well_formed(self):
        for scope, folder, user in (('--system', 'system', None), ('--user', 'user', 'alice')):
            text = self.machine.shell(f'cd /lib/systemd/{folder}; exec systemd-analyze verify --man=no {scope} '
                                      'virtbus*.service virtbus*.socket', user=user)
            about = [line for line in text.stderr.splitlines() if 'virtbus' in line]
            self.assertEqual(about, [])

    def test_guests_have_a_user(self):
        self.assertIn('(kvm)', self.machine.run('id', 'virtbus-qemu').stdout)
        shell = self.machine.run('getent', 'passwd', 'virtbus-qemu').stdout.strip()
        self.assertTrue(shell.endswith('nologin'), shell)

    def test_folders(self):
        for folder, mode in (('/run/virtbus', '711'), ('/var/lib/virtbus', '711'),
                             ('/var/log/virtbus', '711'), ('/var/cache/virtbus', '700'),
                             ('/etc/virtbus', '700')):
            self.assertEqual(self.machine.run('stat', '-c', '%a %U', folder).stdout.split(),
                             [mode, 'root'], folder)

    def test_manual_page(self):
        text = self.machine.run('man', '--warnings', '--pager=cat', 'virtbusd')
        self.assertIn('AUTHORIZATION', text.stdout)
        self.assertEqual(text.stderr, '')

    def test_guest_boots_under_the_hardening(self):
        self.machine.write('/run/systemd/system/virtbus.service.d/guest.conf', GUEST_UNDER_UNIT)
        self.machine.shell('chmod 711 /home/alice; mkdir /home/alice/guest; cd /home/alice/guest;'
                           'truncate -s 1M disk other; chown -R virtbus-qemu .;'
                           'systemctl daemon-reload; systemctl start virtbus.service')
        try:
            text = ''
            until = time.monotonic() + 240
            while 'guest: ready' not in text and time.monotonic() < until:
                state = self.machine.run('systemctl', 'is-active', 'virtbus', check=False).stdout
                self.assertEqual(state.strip(), 'active')
                text = self.machine.shell('cat /home/alice/guest/console || :').stdout
                time.sleep(0.2)
            self.assertIn('guest: disk vda 2048 sectors', text)
            self.assertIn('guest: disk vdb 2048 sectors', text)
        finally:
            self.machine.shell('systemctl kill -s KILL virtbus.service; systemctl stop virtbus;'
                               'rm -r /run/systemd/system/virtbus.service.d;'
                               'systemctl daemon-reload; systemctl reset-failed virtbus', check=False)

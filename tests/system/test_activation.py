# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service as an installed system has it: started by the bus, asked by several users, ended by
idleness, restarted and rebooted, with real guests."""

import json
import re
import time

from container import CommandError
from systemtest import GUEST_FOLDER, TOP, SystemTest

QEMU = '/org/virtbus1/connection/qemu_system'
# polkit watches the folder of its rules; this is how not to wait for an unknown time.
RULES_AGAIN = 'systemctl reset-failed polkit 2>/dev/null || :; systemctl try-restart polkit'
# Kills the service and waits for the one that systemd starts in its place.
KILL = ('old=$(systemctl show -P MainPID virtbus); systemctl kill -s KILL virtbus; '
        'until [ "$(systemctl show -P MainPID virtbus)" != "$old" ] && systemctl is-active -q virtbus; do sleep 0.1; done')


def domain_xml(name: str, memory: int = 128) -> str:
    return f'''<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{GUEST_FOLDER}/vmlinuz</kernel>
    <initrd>{GUEST_FOLDER}/initramfs</initrd>
    <cmdline>console=ttyS0 quiet no_timer_check</cmdline>
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='pty'/>
    <console type='pty'/>
  </devices>
</domain>'''


class ActivationTest(SystemTest):
    """Nothing here starts a guest."""

    def tearDown(self):
        self.machine.run('systemctl', 'stop', 'virtbus', check=False)

    def test_first_call_starts_the_service(self):
        self.assertEqual(self.machine.run('systemctl', 'is-active', 'virtbus',
                                          check=False).stdout.strip(), 'inactive')
        # The time is taken inside, so that the harness' own is not counted.
        text = self.machine.shell(
            'a=$(date +%s%N); busctl call org.virtbus1 /org/virtbus1 org.virtbus1.Manager Open su '
            'qemu:///system 0; b=$(date +%s%N); echo $(((b - a) / 1000000))').stdout.split('\n')
        self.assertEqual(self.path_of(text[0]), QEMU)
        print(f'        answered after {text[1]} ms')
        self.assertEqual(self.machine.run('systemctl', 'show', '-P', 'Type', 'virtbus').stdout,
                         'notify\n')

    def test_service_is_started_once_for_many_first_calls(self):
        text = self.machine.shell(
            'for i in 1 2 3 4 5 6 7 8; do busctl call org.virtbus1 /org/virtbus1 '
            'org.virtbus1.Manager Open su qemu:///system 0 & done; wait').stdout
        self.assertEqual(text.split('\n').count(f'o "{QEMU}"'), 8)

    def test_both_names_are_taken(self):
        self.open()
        names = self.busctl('list', '--no-legend').stdout
        owners = dict(re.findall(r'^(org\.(?:virtbus1|libvirt)) +(\d+)', names, re.MULTILINE))
        self.assertEqual(set(owners), {'org.virtbus1', 'org.libvirt'})
        self.assertEqual(len(set(owners.values())), 1)

    def test_live_introspection_is_the_installed_one(self):
        self.open()
        for path, interface in (('/org/virtbus1', 'Manager'), (QEMU, 'Connection')):
            self.busctl('introspect', 'org.virtbus1', path)
            live = self.busctl('--xml-interface', 'introspect', 'org.virtbus1', path).stdout
            installed = self.machine.path(
                f'/usr/share/dbus-1/interfaces/org.virtbus1.{interface}.xml').read_text()
            for member in re.findall(r'<(?:method|signal|property) name="(\w+)"', installed):
                self.assertIn(f'name="{member}"', live)

    def test_everybody_may_look(self):
        self.open(user='alice')
        self.call(QEMU, 'Connection.ListDomains', 'u', '0', user='alice')
        self.busctl('get-property', 'org.virtbus1', QEMU, 'org.virtbus1.Connection', 'Version',
                    user='alice')

    def test_not_everybody_may_define(self):
        self.open()
        self.refused(QEMU, 'Connection.DomainDefineXML', 's', domain_xml('no'), user='alice')
        self.assertEqual(self.call(QEMU, 'Connection.ListDomains', 'u', '0'), 'ao 0')

    def test_refusal_comes_before_the_work(self):
        # Nonsense is not even looked at, so it is not an error of XML that is reported.
        self.refused(QEMU, 'Connection.DomainDefineXML', 's', '<domain><name>x</name>' + '<a>' * 50,
                     user='alice')

    def test_session_service_of_a_user(self):
        text = self.machine.run('busctl', '--user', 'call', 'org.virtbus1', '/org/virtbus1',
                                'org.virtbus1.Manager', 'Open', 'su', 'qemu:///session', '0',
                                user='alice').stdout
        self.assertTrue(self.path_of(text.strip()).endswith('/qemu_session'))

    def test_idle_exit_loses_no_call(self):
        self.machine.write('/run/systemd/system/virtbus.service.d/idle.conf',
                           '[Service]\nExecStart=\n'
                           'ExecStart=/usr/libexec/virtbusd --system --idle-exit=1\n')
        self.machine.run('systemctl', 'daemon-reload')
        try:
            # Calls around the moment at which it ends, a few milliseconds apart; each must be
            # answered, by the service that goes or by the one that comes.
            text = self.machine.shell(
                'for pause in 0.96 0.98 0.99 1.00 1.01 1.02 1.03 1.05 1.10; do sleep $pause; '
                'for later in 0 0.003 0.006 0.009; do { sleep $later; busctl call org.virtbus1 '
                '/org/virtbus1 org.virtbus1.Manager Open su qemu:///system 0 2>&1 || echo LOST; } & '
                'done; wait; done',
                timeout=120).stdout
            self.assertEqual(text.split('\n').count(f'o "{QEMU}"'), 36, text)
            self.machine.shell('while systemctl is-active -q virtbus; do sleep 0.1; done')
            self.open()
            starts = self.machine.journal('-b', '-u', 'virtbus',
                                          f'--since=@{self._began:.6f}').count('Started ')
            self.assertGreater(starts, 1)
        finally:
            self.machine.shell('rm -r /run/systemd/system/virtbus.service.d;'
                               'systemctl daemon-reload')


class GuestTest(SystemTest):
    """Guests of the system, and who may do what with them."""

    with_guest = True
    users = ('alice', 'bob', 'carol')

    def setUp(self):
        super().setUp()
        self.connection = self.open()
        self.machine.shell('usermod -aG sudo carol')

    def tearDown(self):
        self.machine.shell(f'rm -f /etc/polkit-1/rules.d/*virtbus*; {RULES_AGAIN}')
        for path in re.findall(r'"([^"]+)"', self.call(QEMU, 'Connection.ListDomains', 'u', '0')):
            for member in ('Destroy', 'Undefine'):
                try:
                    self.call(path, f'Domain.{member}', 'u', '0')
                except CommandError:
                    pass

    def define(self, name: str, **options) -> str:
        return self.path_of(self.call(QEMU, 'Connection.DomainDefineXML', 's', domain_xml(name),
                                      **options))

    def start(self, path: str, **options):
        self.call(path, 'Domain.Create', 'u', '0', **options)

    def running(self, path: str) -> bool:
        return self.busctl('get-property', 'org.virtbus1', path, 'org.virtbus1.Domain',
                           'Active').stdout.strip() == 'b true'

    def emulators(self) -> list:
        return self.machine.run('pgrep', '-f', '^/usr/bin/qemu-system',
                                check=False).stdout.split()

    def test_operator_starts_one_domain_and_no_other(self):
        mail, web = self.define('mail'), self.define('web')
        self.refused(mail, 'Domain.Create', 'u', '0', user='alice')
        self.machine.shell('cp /usr/share/doc/virtbus/examples/rules/60-virtbus-operator.rules '
                           f'/etc/polkit-1/rules.d/; {RULES_AGAIN}')
        self.start(mail, user='alice')
        self.assertTrue(self.running(mail))
        self.refused(web, 'Domain.Create', 'u', '0', user='alice')
        self.assertFalse(self.running(web))
        self.refused(mail, 'Domain.Undefine', 'u', '0', user='alice')
        self.refused(mail, 'Domain.Create', 'u', '0', user='bob')
        self.call(mail, 'Domain.Destroy', 'u', '0', user='alice')

    def test_owner_has_the_own_domain(self):
        self.machine.shell('groupadd -f virtbus-users; usermod -aG virtbus-users bob;'
                           'cp /usr/share/doc/virtbus/examples/rules/70-virtbus-owner.rules '
                           f'/etc/polkit-1/rules.d/; {RULES_AGAIN}')
        other = self.define('bob-theirs')
        own = self.define('bob-own', user='bob')
        self.start(own, user='bob')
        self.call(own, 'Domain.Destroy', 'u', '0', user='bob')
        self.refused(other, 'Domain.Create', 'u', '0', user='bob')
        self.refused(own, 'Domain.Create', 'u', '0', user='alice')

    def test_interactive_call_prompts(self):
        path = self.define('asked')
        log = '/tmp/questions'
        self.machine.shell(f'rm -f {log}')
        call = ['busctl', '--allow-interactive-authorization=yes', 'call', 'org.virtbus1', path,
                'org.virtbus1.Domain', 'Create', 'u', '0']
        agent = [str(TOP / 'tests/system/agent.py'), '--as=carol', f'--log={log}']

        # Without an agent there is nobody to ask, and without leave to ask nobody is.
        self.machine.run('rm', '-f', log)
        self.refused(path, 'Domain.Create', 'u', '0', interactive=True, user='alice')
        silent = [word.replace('=yes', '=no') for word in call]
        result = self.machine.run(*agent, '--password=carol', '--', *silent, user='alice',
                                  check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertFalse(self.machine.path(log).exists())

        result = self.machine.run(*agent, '--password=wrong', '--', *call, user='alice',
                                  check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertFalse(self.running(path))

        self.machine.run(*agent, '--password=carol', '--', *call, user='alice')
        self.assertTrue(self.running(path))
        questions = [json.loads(line) for line in self.machine.run('cat', log).stdout.splitlines()]
        self.assertEqual([q['answer'] for q in questions][-1], 'SUCCESS')
        self.assertEqual(questions[-1]['action'], 'org.virtbus1.domain.start')
        # The message names the machine: polkit puts the detail into it.
        self.assertEqual(questions[-1]['message'],
                         'Authentication is required to start the virtual machine asked')

    def test_guest_runs_as_its_user_in_a_scope_that_machinectl_lists(self):
        path = self.define('listed')
        self.start(path)
        pid, = self.emulators()
        owner = self.machine.run('stat', '-c', '%U', f'/proc/{pid}').stdout.strip()
        self.assertEqual(owner, 'virtbus-qemu')
        group = self.machine.run('cat', f'/proc/{pid}/cgroup').stdout
        self.assertRegex(group, r'machine\.slice/.*\.scope')
        listed = self.machine.run('machinectl', 'list', '--no-legend').stdout
        self.assertRegex(listed, r'listed\s+vm\s')
        self.call(path, 'Domain.Destroy', 'u', '0')
        # machined hears of the end of the scope from systemd.
        self.machine.shell('until [ -z "$(machinectl list --no-legend)" ]; do sleep 0.1; done')
        self.assertEqual(self.emulators(), [])

    def test_guests_outlive_restarts_and_kills_of_the_service(self):
        path = self.define('kept')
        self.start(path)
        before = self.emulators()
        number = self.busctl('get-property', 'org.virtbus1', path, 'org.virtbus1.Domain',
                             'Id').stdout
        for command in ('systemctl restart virtbus', KILL, 'systemctl stop virtbus'):
            self.machine.shell(command)
            self.assertEqual(self.emulators(), before, command)
            self.assertTrue(self.running(path), command)
            self.assertEqual(self.busctl('get-property', 'org.virtbus1', path,
                                         'org.virtbus1.Domain', 'Id').stdout, number)
        self.call(path, 'Domain.Destroy', 'u', '0')
        self.assertEqual(self.emulators(), [])

    def test_autostart_at_boot(self):
        path = self.define('early')
        self.busctl('set-property', 'org.virtbus1', path, 'org.virtbus1.Domain', 'Autostart', 'b',
                    'true')
        # The target of the test takes the place of multi-user.target.
        self.machine.shell('systemctl enable virtbus; mkdir -p '
                           '/etc/systemd/system/virtbus-test.target.wants; ln -sf '
                           '/lib/systemd/system/virtbus.service '
                           '/etc/systemd/system/virtbus-test.target.wants/')
        try:
            self.machine.reboot()
            until = time.monotonic() + 120
            # The process is there before the start is done.
            while not (self.emulators() and self.running(path)) and time.monotonic() < until:
                time.sleep(0.1)
            self.assertEqual(len(self.emulators()), 1)
            self.assertTrue(self.running(path))
        finally:
            self.machine.shell('systemctl disable virtbus; rm -rf '
                               '/etc/systemd/system/virtbus-test.target.wants')

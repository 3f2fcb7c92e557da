# SPDX-License-Identifier: LGPL-2.1-or-later
"""The wire door of an installed system: sockets of systemd, polkit, idleness, the sandbox; and the
clients are Debian's virsh and Python binding, unmodified."""

import json
import pathlib
import sys
import tempfile
import time

from container import CommandError
from systemtest import TOP, SystemTest

sys.path.insert(0, str(TOP / 'tests/harness'))

import certificates  # pylint: disable=wrong-import-position

SOCKET = '/run/virtbus/virtbus-sock'
SYSTEM = f'qemu+unix:///system?socket={SOCKET}'
OPTIONAL = ('virtbus-libvirt.socket', 'virtbus-tcp.socket', 'virtbus-tls.socket')
RULES = '/etc/polkit-1/rules.d'
EXAMPLES = '/usr/share/doc/virtbus/examples/rules'
DROP_IN = '/run/systemd/system/virtbus.service.d'


def domain_xml(name: str) -> str:
    """Nothing to boot from: its firmware waits."""
    return f'''<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices></domain>'''


class WireSystemTest(SystemTest):
    """One machine, on which the sockets that come with the service are enabled, as a package does it."""

    users = ('alice', 'bob', 'carol')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.shell('usermod -aG sudo carol; systemctl enable --now virtbus.socket')

    def tearDown(self):
        self.machine.shell(
            f'rm -rf {RULES}/*virtbus* {DROP_IN} /etc/virtbus/virtbusd.conf; systemctl daemon-reload;'
            f'systemctl stop virtbus {" ".join(OPTIONAL)}; systemctl start virtbus.socket;'
            f'uri="{SYSTEM}"; for name in $(virsh -q -c "$uri" list --all --name); do'
            ' virsh -q -c "$uri" destroy $name || :; virsh -q -c "$uri" undefine $name; done;'
            'systemctl stop virtbus', check=False)

    def virsh(self, *command, uri=SYSTEM, **options):
        """What it printed; CommandError if it failed."""
        return self.machine.run('virsh', '-q', '-c', uri, *command, **options).stdout.strip()

    def virsh_fails(self, *command, **options) -> str:
        """What it complained of."""
        with self.assertRaises(CommandError) as caught:
            self.virsh(*command, **options)
        return caught.exception.result.stderr

    def state(self, unit='virtbus') -> str:
        return self.machine.run('systemctl', 'is-active', unit, check=False).stdout.strip()

    def pid(self) -> str:
        return self.machine.run('systemctl', 'show', '-P', 'MainPID', 'virtbus').stdout.strip()

    def define(self, name: str, **options):
        self.machine.write(f'/tmp/{name}.xml', domain_xml(name))
        self.virsh('define', f'/tmp/{name}.xml', **options)

    def start_optional(self, *units):
        """As the manual says: a running service takes no new sockets."""
        self.machine.run('systemctl', 'stop', 'virtbus')
        self.machine.run('systemctl', 'start', *units)

    def rule(self, name: str):
        self.machine.shell(f'cp {EXAMPLES}/{name} {RULES}/;'
                           'systemctl reset-failed polkit; systemctl restart polkit')

    def wait_until(self, what):
        until = time.monotonic() + 120
        while not what() and time.monotonic() < until:
            time.sleep(0.1)
        self.assertTrue(what())


class SocketTest(WireSystemTest):
    def test_client_starts_the_service(self):
        self.assertEqual(self.state(), 'inactive')
        self.assertEqual(self.virsh('list', '--all'), '')
        self.assertEqual(self.state(), 'active')
        self.machine.run('systemctl', 'stop', 'virtbus')
        self.assertEqual(self.virsh('list', '--all', uri=f'{SYSTEM}-ro'), '')
        self.assertEqual(self.state(), 'active')

    def test_bus_starts_the_service_with_its_sockets(self):
        self.machine.run('systemctl', 'stop', 'virtbus.socket', 'virtbus-ro.socket')
        self.machine.run('test', '!', '-e', SOCKET)
        self.open()
        for unit in ('virtbus.socket', 'virtbus-ro.socket'):
            self.assertEqual(self.state(unit), 'active')
        self.assertEqual(self.virsh('list', '--all'), '')
        self.machine.run('systemctl', 'stop', 'virtbus')
        self.assertEqual(self.virsh('list', '--all'), '')

    def test_in_place_of_libvirtd(self):
        self.machine.run('systemctl', 'start', 'libvirtd.socket', 'libvirtd-ro.socket')
        self.start_optional('virtbus-libvirt.socket')
        for unit in ('libvirtd.socket', 'libvirtd-ro.socket'):
            self.assertEqual(self.state(unit), 'inactive')
        self.define('there', uri='qemu:///system')
        for uri in ('qemu:///system', 'qemu+unix:///system', 'qemu:///system?mode=direct',
                    'qemu+unix:///system?mode=legacy'):
            for user in (None, 'alice'):
                for reading in ((), ('-r',)):
                    text = self.machine.run('virsh', *reading, '-c', uri, 'list', '--all', '--name',
                                            user=user).stdout
                    self.assertEqual(text.strip(), 'there', (uri, user, reading))
        self.machine.run('systemctl', 'stop', 'virtbus-libvirt.socket')
        self.assertEqual(self.machine.shell('ls /run/libvirt/*-sock*', check=False).stdout, '')
        self.assertEqual(self.state('virtbus-libvirt-ro.socket'), 'inactive')

    def test_group_of_the_socket(self):
        """Who has no business here is kept outside, if an administrator wants that."""
        group = '/run/systemd/system/virtbus.socket.d/group.conf'
        self.machine.write(group, '[Socket]\nSocketMode=0660\nSocketGroup=sudo\n')
        try:
            self.machine.shell('systemctl daemon-reload; systemctl stop virtbus; systemctl restart virtbus.socket')
            self.assertIn('Permission denied', self.virsh_fails('list', user='alice'))
            self.assertEqual(self.virsh('list', user='carol'), '')
            self.assertEqual(self.virsh('list', uri=f'{SYSTEM}-ro', user='alice'), '')
        finally:
            self.machine.shell(f'rm {group}; systemctl daemon-reload; systemctl stop virtbus;'
                               'systemctl restart virtbus.socket')

    def test_no_door(self):
        self.machine.write('/etc/virtbus/virtbusd.conf', 'wire = 0\n')
        # It says so, or dies of writing to what is closed already.
        self.assertIn(self.virsh_fails('list')[:5], ('', 'error'))
        first = self.pid()
        self.assertIn(self.virsh_fails('list')[:5], ('', 'error'))
        self.assertEqual(self.pid(), first)

    def test_session_of_a_user(self):
        text = self.machine.run('sh', '-ec', """
            systemctl --user start virtbus.socket
            uri="qemu+unix:///session?socket=$XDG_RUNTIME_DIR/virtbus/virtbus-sock"
            systemctl --user is-active virtbus || :
            cat > own.xml; virsh -q -c "$uri" define own.xml; virsh -q -c "$uri" list --all --name
            systemctl --user is-active virtbus; stat -c %a "$XDG_RUNTIME_DIR/virtbus/virtbus-sock"
            systemctl --user stop virtbus; virsh -q -c "$uri" undefine own
            systemctl --user stop virtbus; systemctl --user start virtbus-libvirt.socket
            virsh -q -c qemu:///session uri
            systemctl --user stop virtbus-libvirt.socket virtbus""", user='alice', input=domain_xml('own')).stdout
        self.assertEqual([line for line in text.split('\n') if line],
                         ['inactive', 'own', 'active', '700', 'qemu:///session'])


class PermissionTest(WireSystemTest):
    def test_looking_and_not_touching(self):
        self.define('mail')
        self.define('web')
        self.assertEqual(self.virsh('list', '--all', '--name', user='alice').split(), ['mail', 'web'])
        text = self.virsh_fails('define', '/tmp/mail.xml', user='alice')
        self.assertIn('error: Failed to define domain from /tmp/mail.xml', text)
        self.assertIn("error: access denied: DomainDefineXML of 'mail' needs the permission "
                      "'org.virtbus1.domain.define', for which somebody has to authenticate: no polkit "
                      "agent is there to ask", text)
        self.assertIn('access denied', self.virsh_fails('start', 'mail', user='alice'))

        self.rule('60-virtbus-operator.rules')
        self.virsh('start', 'mail', user='alice')
        self.assertIn('access denied', self.virsh_fails('start', 'web', user='alice'))
        self.assertIn('access denied', self.virsh_fails('undefine', 'mail', user='alice'))
        self.assertIn('access denied', self.virsh_fails('destroy', 'mail', user='bob'))
        self.assertEqual(self.virsh('domstate', 'mail', user='bob'), 'running')
        self.virsh('destroy', 'mail', user='alice')
        self.assertEqual(self.virsh('domstate', 'mail'), 'shut off')

    def test_read_only_socket(self):
        self.define('looked-at')
        self.assertEqual(self.virsh('list', '--all', '--name', uri=f'{SYSTEM}-ro'), 'looked-at')
        for command in (('start', 'looked-at'), ('define', '/tmp/looked-at.xml'), ('undefine', 'looked-at'),
                        ('dumpxml', 'looked-at', '--security-info')):
            self.assertRegex(self.virsh_fails(*command, uri=f'{SYSTEM}-ro'),
                             'operation forbidden: .*read[ -]only', command)

    def agent(self, *command, password='carol'):
        log = '/tmp/questions'
        self.machine.run('rm', '-f', log)
        result = self.machine.run(str(TOP / 'tests/system/agent.py'), '--as=carol', f'--password={password}',
                                  f'--log={log}', '--', 'virsh', '-q', '-c', SYSTEM, *command, user='alice',
                                  check=False)
        asked = self.machine.run('sh', '-c', f'cat {log} || :').stdout.splitlines()
        return result, [json.loads(line) for line in asked]

    def test_agent_is_asked(self):
        self.define('asked')
        result, questions = self.agent('start', 'asked', password='wrong')
        self.assertIn('access denied', result.stderr)
        self.assertEqual(self.virsh('domstate', 'asked'), 'shut off')
        result, questions = self.agent('start', 'asked')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.virsh('domstate', 'asked'), 'running')
        self.assertEqual([(q['answer'], q['message']) for q in questions],
                         [('SUCCESS', 'Authentication is required to start the virtual machine asked')])

    def test_login_by_polkit(self):
        """As with libvirtd: before anything else polkit is asked, and the client starts an agent if need be."""
        self.machine.write('/etc/virtbus/virtbusd.conf', 'auth_unix_rw = "polkit"\nauth_unix_ro = "polkit"\n')
        self.assertEqual(self.virsh('list', user='alice'), '')
        self.rule('90-virtbus-viewer.rules')
        self.machine.run('systemctl', 'stop', 'virtbus')
        self.assertEqual(self.virsh('list'), '')
        for uri in (SYSTEM, f'{SYSTEM}-ro'):
            self.assertIn("authentication unavailable: no polkit agent available to authenticate action "
                          "'org.virtbus1.connection.read'", self.virsh_fails('list', user='alice', uri=uri))
        result, questions = self.agent('list')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(questions[0]['action'], 'org.virtbus1.connection.read')
        result, questions = self.agent('list', password='wrong')
        self.assertIn('authentication failed: access denied by policy', result.stderr)


# Says what became of a connection that is held for some time.
HOLD = """
import sys, time, libvirt
libvirt.registerErrorHandler(lambda *_: None, None)
connection = libvirt.open(sys.argv[1])
print('in', flush=True)
for line in sys.stdin:
    try:
        print(len(connection.listAllDomains()), flush=True)
    except libvirt.libvirtError as error:
        print('error', error.get_error_code(), flush=True)
"""


class LifeTest(WireSystemTest):
    def client(self):
        process = self.machine.popen('python3', '-c', HOLD, SYSTEM, text=True, stdin=-1, stdout=-1)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stdin.close)
        self.assertEqual(process.stdout.readline(), 'in\n')
        return process

    def ask(self, client) -> str:
        client.stdin.write('?\n')
        client.stdin.flush()
        return client.stdout.readline().strip()

    def test_idle_exit(self):
        self.machine.write(f'{DROP_IN}/idle.conf', '[Service]\nExecStart=\n'
                           'ExecStart=/usr/libexec/virtbusd --system --idle-exit=1\n')
        self.machine.run('systemctl', 'daemon-reload')
        client = self.client()
        first = self.pid()
        time.sleep(4)
        self.assertEqual(self.ask(client), '0')
        self.assertEqual(self.pid(), first)
        client.stdin.close()
        self.wait_until(lambda: self.state() == 'inactive')
        # Clients come at any moment around the next end.
        text = self.machine.shell(
            'for pause in 0.96 0.99 1.00 1.01 1.02 1.04 1.10; do sleep $pause; for later in 0 0.004 0.008; do '
            f'{{ sleep $later; virsh -q -c "{SYSTEM}" version --daemon >/dev/null && echo in || echo LOST; }} & done;'
            ' wait; done', timeout=120)
        self.assertEqual(text.stdout.split(), ['in'] * 21, text.stderr)
        self.assertNotEqual(self.pid(), first)

    def test_killed_under_clients(self):
        self.define('kept')
        for _ in range(3):
            clients = [self.client() for _ in range(8)]
            self.assertEqual({self.ask(client) for client in clients}, {'1'})
            first = self.pid()
            self.machine.run('systemctl', 'kill', '-s', 'KILL', 'virtbus')
            # Whoever was in is told so, and whoever comes waits for the next service.
            self.assertEqual(self.virsh('list', '--all', '--name'), 'kept')
            for client in clients:
                self.assertRegex(self.ask(client), '^error (1|38|39)$')
            self.assertNotEqual(self.pid(), first)
        self.assertEqual(self.state('virtbus.socket'), 'active')

    def test_without_systemd(self):
        """The traditional mode: the service opens the sockets, and those of the network that its settings say."""
        self.machine.run('systemctl', 'stop', 'virtbus', 'virtbus.socket', 'virtbus-ro.socket')
        self.machine.write('/etc/virtbus/virtbusd.conf', 'listen_tcp = 1\nauth_tcp = "none"\n'
                           'listen_addr = "127.0.0.1"\nunix_sock_group = "sudo"\nunix_sock_rw_perms = "0770"\n')
        self.machine.run('systemd-run', '--unit=traditional', '--service-type=notify',
                         '/usr/libexec/virtbusd', '--system', '--listen')
        try:
            self.assertEqual(self.virsh('list'), '')
            self.assertEqual(self.virsh('list', user='carol'), '')
            self.assertIn('Permission denied', self.virsh_fails('list', user='alice'))
            self.assertEqual(self.virsh('list', uri=f'{SYSTEM}-ro', user='alice'), '')
            self.assertEqual(self.virsh('uri', uri='qemu+tcp://127.0.0.1/system'), 'qemu+tcp://127.0.0.1/system')
        finally:
            self.machine.run('systemctl', 'stop', 'traditional')
        self.machine.run('test', '!', '-e', SOCKET)


# What is open stays so while the one who opened it is there.
OPEN = """
import sys, dbus
bus = dbus.SystemBus()
manager = dbus.Interface(bus.get_object('org.virtbus1', '/org/virtbus1'), 'org.virtbus1.Manager')
path = manager.Open(sys.argv[1], dbus.UInt32(0))
connection = dbus.Interface(bus.get_object('org.virtbus1', path), 'org.virtbus1.Connection')
for domain in connection.ListDomains(dbus.UInt32(0)):
    print(bus.get_object('org.virtbus1', domain).Get(
        'org.virtbus1.Domain', 'Name', dbus_interface='org.freedesktop.DBus.Properties'))
"""


class SandboxTest(WireSystemTest):
    """Ways to other hosts lead through the unit's sandbox. The other host is this one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        machine = cls.machine
        with tempfile.TemporaryDirectory() as folder:
            certificates.make(pathlib.Path(folder))
            cls._install_certificates(folder)
        machine.shell('mkdir -p /run/sshd /root/.ssh; chmod 700 /root/.ssh; cd /root/.ssh;'
                      'ssh-keygen -q -t ed25519 -N "" -f id_ed25519; cp id_ed25519.pub authorized_keys;'
                      'ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/of-the-test;'
                      'echo "localhost $(cut -d" " -f1,2 /etc/ssh/of-the-test.pub)" > known_hosts')
        machine.run('systemd-run', '--unit=sshd-test', '/usr/sbin/sshd', '-D', '-f', '/dev/null', '-h',
                    '/etc/ssh/of-the-test', '-o', 'UsePAM=no', '-o', 'StrictModes=no', '-o', 'PidFile=none')

    @classmethod
    def _install_certificates(cls, folder):
        for name, place in (('cacert.pem', '/etc/pki/CA/'), ('servercert.pem', '/etc/pki/libvirt/'),
                            ('serverkey.pem', '/etc/pki/libvirt/private/'), ('clientcert.pem', '/etc/pki/libvirt/'),
                            ('clientkey.pem', '/etc/pki/libvirt/private/')):
            with open(f'{folder}/good/{name}', 'rb') as file:
                cls.machine.write(place + name, file.read(), 0o600)

    def test_administrator_opens_and_others_do_not(self):
        self.start_optional('virtbus-tls.socket')
        ssh = 'known_hosts=/root/.ssh/known_hosts'
        for uri in ('test+tls://localhost/default', 'test+ssh://root@localhost/default?proxy=native',
                    f'test+libssh://root@localhost/default?proxy=native&{ssh}',
                    f'test+ssh://root@localhost/default?socket={SOCKET}',
                    f'test+libssh://root@localhost/default?socket={SOCKET}&{ssh}'):
            with self.subTest(uri):
                self.assertEqual(self.machine.run('python3', '-c', OPEN, uri).stdout, 'test\n')
                self.assertIn("'org.virtbus1.connection.open-remote'",
                              self.refused('/org/virtbus1', 'Manager.Open', 'su', uri, '0', user='alice'))

    def test_virsh_comes_in_by_the_network(self):
        self.start_optional('virtbus-tls.socket', 'virtbus-tcp.socket')
        self.assertEqual(self.virsh('list', '--name', uri='test+tls://localhost/default'), 'test')
        self.assertIn('authentication failed', self.virsh_fails('list', uri='test+tcp://localhost/default'))

    def test_native_helper_of_virsh(self):
        """Where there is no libvirt, its clients find our helper by the name that they know."""
        self.machine.shell('mv /usr/bin/virt-ssh-helper /usr/bin/virt-ssh-helper.libvirt 2>/dev/null || :;'
                           'ln -s virtbus-ssh-helper /usr/bin/virt-ssh-helper')
        try:
            self.assertEqual(self.virsh('list', '--name', uri='test+ssh://root@localhost/default?proxy=native'),
                             'test')
        finally:
            self.machine.shell('rm /usr/bin/virt-ssh-helper;'
                               'mv /usr/bin/virt-ssh-helper.libvirt /usr/bin/virt-ssh-helper || :')

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A laboratory: two hosts with a cable between them, on this machine and gone with the test.

    lab = Lab.shared()
    bus = PrivateBus(prefix=lab.here.prefix, env=lab.here.env)      the service is on one of them
    lab.there.run('virsh', 'list')                                  libvirtd and sshd on the other

`here` has a network and mounts of its own, `there` also processes and a name. Their addresses are
those of documentation, their ports the usual ones:

    there.example     192.0.2.2, 2001:db8::2, fe80::2%lab0
      unix            /run/libvirt/libvirt-sock, libvirt-sock-ro; on the other host too
      16509           TCP with SASL: DIGEST-MD5, SCRAM-SHA-256 and so on, for operator
      16514           TLS: certificates of certificates.py, a list of revoked ones
      22              sshd: keys, passwords and keyboard-interactive, for operator and root

A host is held by one process; when that ends, and it ends with this one, all of the host is gone.
"""

import atexit
import contextlib
import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import certificates

DEADLINE = 120

HERE, THERE, NOBODY = '192.0.2.1', '192.0.2.2', '192.0.2.9'
HERE6, THERE6 = '2001:db8::1', '2001:db8::2'
LINK_LOCAL6 = 'fe80::2'
CABLE = 'lab0'
NAME = 'there.example'
USER, PASSWORD = 'operator', 'opens sesame'
# Of a user that only the laboratory knows.
USER_ID = 61234

HOSTS = f'''127.0.0.1 localhost
{HERE} here.example
{THERE} {NAME} there
{THERE6} six.example
{NOBODY} nobody.example
'''

# What a system's daemons write to.
STATE = ('/run', '/etc/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt')

LIBVIRTD = {
    'unix_sock_dir': '/run/libvirt', 'auth_unix_rw': 'none', 'auth_unix_ro': 'none',
    'unix_sock_rw_perms': '0777', 'unix_sock_ro_perms': '0777',
    'listen_tcp': 1, 'listen_tls': 1, 'auth_tcp': 'sasl', 'auth_tls': 'none',
    'key_file': '{folder}/pki/good/serverkey.pem', 'cert_file': '{folder}/pki/good/servercert.pem',
    'ca_file': '{folder}/pki/good/cacert.pem', 'crl_file': '{folder}/pki/revoked/cacrl.pem',
    'keepalive_interval': 5, 'log_outputs': '3:stderr',
}

# Guests of root's, since there is no one else there; and no cgroups, which are this machine's.
QEMU = 'user = "root"\ngroup = "root"\nsecurity_driver = "none"\ncgroup_controllers = []\nnamespaces = []\nstdio_handler = "file"\n'

SASL = '''mech_list: digest-md5 scram-sha-256 scram-sha-1 plain
sasldb_path: {folder}/sasl/passwords
'''

SSHD = {
    'Port': 22, 'HostKey': '{folder}/ssh/host', 'AuthorizedKeysFile': '{folder}/ssh/authorized_keys',
    'StrictModes': 'no', 'UsePAM': 'yes', 'PasswordAuthentication': 'yes', 'KbdInteractiveAuthentication': 'yes',
    'PubkeyAuthentication': 'yes', 'PermitRootLogin': 'yes', 'UseDNS': 'no', 'LogLevel': 'VERBOSE', 'PrintMotd': 'no',
    'AllowStreamLocalForwarding': 'yes', 'PidFile': '/run/sshd-{port}.pid',
}

PAM = '''auth     required pam_unix.so
account  required pam_unix.so
session  required pam_permit.so
'''


def missing():
    """What this machine lacks for a laboratory: a sentence, or None."""
    if os.geteuid() != 0:
        return 'a laboratory needs root'
    for tool, package in (('unshare', 'util-linux'), ('nsenter', 'util-linux'), ('ip', 'iproute2'),
                          ('libvirtd', 'libvirt-daemon'), ('sshd', 'openssh-server'), ('ssh', 'openssh-client'),
                          ('certtool', 'gnutls-bin'), ('saslpasswd2', 'sasl2-bin'), ('nc', 'netcat-openbsd')):
        if not shutil.which(tool, path='/usr/sbin:/usr/bin:/sbin:/bin'):
            return f'a laboratory needs {tool} (package {package})'
    attempt = subprocess.run(['unshare', '--net', 'ip', 'link', 'add', CABLE, 'type', 'veth', 'peer', 'name', 'other'],
                             capture_output=True, text=True, timeout=DEADLINE, check=False)
    if attempt.returncode != 0:
        return f'a laboratory needs network namespaces and veth: {attempt.stderr.strip()}'
    return None


def _die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def wait_until(condition, what: str, deadline=DEADLINE):
    until = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f'{what}: not within {deadline} s')
        time.sleep(0.05)


class Host:
    """Namespaces and the process that holds them. With processes, it has a name and processes of its own."""

    def __init__(self, name: str, folder: pathlib.Path, processes=False):
        self.name, self.folder = name, folder
        self.env = {}
        kinds = ['--mount', '--net', '--uts', '--propagation', 'private']
        if processes:
            kinds += ['--pid', '--fork', '--kill-child', '--mount-proc']
        # It reads until this process closes the pipe, or ends; and the shell takes note of the end of those
        # processes that have lost their parents, of which QEMU's are some.
        self._holder = subprocess.Popen(['unshare', *kinds, 'sh', '-c', 'cat; exit'], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        self.pid = self._holder.pid
        if processes:
            wait_until(self._child, f'host {name}')
            self.pid = self._child()
        wait_until(lambda: self._command(self.pid) == 'sh', f'host {name}')
        self.prefix = ['nsenter', '-t', str(self.pid), '--mount', '--net', '--uts', *(['--pid'] if processes else []),
                       '--']
        self.run('hostname', name)
        self.run('ip', 'link', 'set', 'lo', 'up')

    @staticmethod
    def _command(pid: int) -> str:
        return pathlib.Path(f'/proc/{pid}/comm').read_text().strip()

    def _child(self):
        # Of unshare; before it is that, it is a copy of this process.
        if self._command(self._holder.pid) != 'unshare':
            return None
        children = pathlib.Path(f'/proc/{self._holder.pid}/task/{self._holder.pid}/children').read_text().split()
        return int(children[0]) if children else None

    @property
    def service_prefix(self) -> list:
        """For a PrivateBus whose service is here. Its processes are ours to end, as those of every bus: they are not
        of this host's, and see our /proc."""
        return [*(word for word in self.prefix if word != '--pid'),
                'unshare', '--mount', 'sh', '-c', 'mount -t proc proc /proc && exec "$0" "$@"']

    def popen(self, *command: str, **options):
        env = {**os.environ, 'LC_ALL': 'C.UTF-8', **self.env, **options.pop('env', {})}
        return subprocess.Popen([*self.prefix, *map(str, command)], env=env, **options)

    def run(self, *command: str, check=True, input='', timeout=DEADLINE, **options):
        """A CompletedProcess with text; check raises an AssertionError with what it said."""
        process = self.popen(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, **options)
        try:
            out, err = process.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f'{command}: no end after {timeout} s\n{out}{err}') from None
        if check and process.returncode != 0:
            raise AssertionError(f'{command}: exit status {process.returncode}\n{out}{err}')
        return subprocess.CompletedProcess(list(command), process.returncode, out, err)

    def replace(self, path: str, text: str, mode=0o644):
        """Another file stands at that place, for this host alone; the place must be there."""
        own = self.folder / self.name / path.lstrip('/')
        own.parent.mkdir(parents=True, exist_ok=True)
        own.write_text(text)
        own.chmod(mode)
        self.run('mount', '--bind', own, path)

    def close(self):
        self._holder.stdin.close()
        try:
            self._holder.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()


class Daemon:
    """A program that runs on a host until it is stopped; ready tells whether it does its work."""

    def __init__(self, host: Host, command: list, pid_file: str, ready, log: pathlib.Path, env=None):
        self._host, self._pid_file, self._log = host, pid_file, log
        # Of one that was killed.
        host.run('rm', '-f', pid_file)
        with open(log, 'ab') as output:
            self.process = host.popen(*command, env=env or {}, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                      start_new_session=True)
        # Some listen before they write down who they are.
        wait_until(lambda: self._is_named() and ready() or self.process.poll() is not None, f'{command[0]}\n{self.log()}')
        if self.process.poll() is not None:
            raise AssertionError(f'{command[0]} ended with {self.process.returncode}\n{self.log()}')

    def _is_named(self) -> bool:
        return self._host.run('test', '-s', self._pid_file, check=False).returncode == 0

    def signal(self, name='TERM'):
        self._host.run('sh', '-c', f'kill -{name} $(cat {self._pid_file})')

    def pause(self):
        """It does nothing until resume(), and so does nsenter, which stops when what it runs is stopped."""
        self.signal('STOP')
        wait_until(lambda: pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(') ')[2][0] == 'T',
                   'a daemon that is stopped')

    def resume(self):
        # nsenter tells it.
        self.process.send_signal(signal.SIGCONT)

    def stop(self, name='TERM'):
        with contextlib.suppress(AssertionError):
            self.signal(name)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        return self._log.read_text(errors='replace')


class Lab:
    _shared = None

    @classmethod
    def shared(cls):
        """The one of this process, made when it is first asked for. Ask before a bus is opened: what a bus finds
        running it leaves running."""
        if cls._shared is None:
            cls._shared = cls()
            cls._shared.open()
        return cls._shared

    def __init__(self):
        self.folder = self.here = self.there = self.libvirtd = None
        self.sshds = {}

    def open(self):
        atexit.register(self.close)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-lab-'))
        # Users of the laboratory look into it.
        self.folder.chmod(0o755)
        (self.folder / 'pki').mkdir()
        certificates.make(self.folder / 'pki')
        self.here, self.there = Host('here.example', self.folder), Host(NAME, self.folder, processes=True)
        self._lay_cable()
        self._make_keys()
        self._furnish()
        self.start_libvirtd()
        self.start_sshd()

    def close(self):
        atexit.unregister(self.close)
        for host in (self.there, self.here):
            if host:
                host.close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = self.here = self.there = None
        Lab._shared = None if Lab._shared is self else Lab._shared

    # The cable

    def _lay_cable(self):
        self.here.run('ip', 'link', 'add', CABLE, 'type', 'veth', 'peer', 'name', CABLE, 'netns', self.there.pid)
        self.ipv6 = pathlib.Path('/proc/net/if_inet6').exists()
        self.here.run('ip', 'address', 'add', f'{HERE}/24', 'dev', CABLE)
        self.there.run('ip', 'address', 'add', f'{THERE}/24', 'dev', CABLE)
        self.here.run('ip', 'link', 'set', CABLE, 'up')
        self.mend()

    def cut(self):
        """Nothing goes through the cable any more, and nobody is told."""
        self.there.run('ip', 'link', 'set', CABLE, 'down')

    def mend(self):
        self.there.run('ip', 'link', 'set', CABLE, 'up')
        if not self.ipv6:
            return
        # They go with the link. Nobody else has them, which the kernel would find out slowly.
        for host, addresses in ((self.here, (HERE6,)), (self.there, (THERE6, LINK_LOCAL6))):
            for address in addresses:
                host.run('ip', 'address', 'replace', f'{address}/64', 'dev', CABLE, 'nodad')

    # What the hosts have

    def _make_keys(self):
        ssh = self.folder / 'ssh'
        ssh.mkdir()
        for name in ('host', 'other-host', 'operator', 'stranger'):
            subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', ssh / name], check=True,
                           stdin=subprocess.DEVNULL, timeout=DEADLINE)
        shutil.copy(ssh / 'operator.pub', ssh / 'authorized_keys')

    def key(self, name='operator') -> pathlib.Path:
        """A private key: operator's, or one that nobody knows (stranger)."""
        return self.folder / 'ssh' / name

    def known_hosts(self, host=NAME, key='host', port=22) -> str:
        """A line of a file known_hosts: what the host shows, or once did (other-host)."""
        public = (self.folder / 'ssh' / f'{key}.pub').read_text()
        return f'{host if port == 22 else f"[{host}]:{port}"} {public}'

    def pki(self, authority='good', client='good') -> pathlib.Path:
        """A folder for pkipath, with the authority and the client's certificate of those kinds."""
        folder = self.folder / 'pki' / f'{authority}-{client}'
        if not folder.exists():
            folder.mkdir()
            shutil.copy(self.folder / 'pki' / authority / 'cacert.pem', folder)
            for name in ('clientcert.pem', 'clientkey.pem'):
                shutil.copy(self.folder / 'pki' / client / name, folder)
        return folder

    def _furnish(self):
        crypt = ctypes.CDLL('libcrypt.so.1').crypt
        crypt.restype = ctypes.c_char_p
        secret = crypt(PASSWORD.encode(), b'$5$laboratory$').decode()
        home = self.folder / 'home'
        (home / '.ssh').mkdir(parents=True, mode=0o700)
        me = pwd.getpwuid(0)
        accounts = [line for line in pathlib.Path('/etc/passwd').read_text().splitlines()
                    if not line.startswith((f'{me.pw_name}:', f'{USER}:'))]
        here = [f'{me.pw_name}:x:0:0::{home}:/bin/sh', *accounts]
        there = [f'{me.pw_name}:x:0:0::/:/bin/sh', *accounts, f'{USER}:x:{USER_ID}:{me.pw_gid}::/:/bin/sh']
        # ssh looks for its files in the home that stands there, whatever the environment says.
        self.here.replace('/etc/passwd', '\n'.join(here) + '\n')
        self.here.replace('/etc/hosts', HOSTS)
        self.here.home = home
        # The sockets of libvirtd are here as well: it is one machine that runs both hosts.
        self.here.run('sh', '-ec', 'mount -t tmpfs -o mode=0755 none /run; mkdir /run/libvirt; cd /run/libvirt; '
                      f'for name in libvirt-sock libvirt-sock-ro; do ln -s {self.socket("$name")} $name; done; '
                      'ln -s libvirt-sock virtqemud-sock; ln -s libvirt-sock-ro virtqemud-sock-ro')
        self.there.run('sh', '-ec', '\n'.join(
            f'mkdir -p {place} && mount -t tmpfs -o mode=0755 none {place}' for place in STATE))
        self.there.run('mkdir', '-p', '/run/sshd', '/run/lock')
        self.there.replace('/etc/passwd', '\n'.join(there) + '\n')
        self.there.replace('/etc/shadow', f'{me.pw_name}:{secret}:19000:0:99999:7:::\n'
                           f'{USER}:{secret}:19000:0:99999:7:::\n', mode=0o600)
        self.there.replace('/etc/hosts', HOSTS)
        self.there.replace('/etc/pam.d/sshd', PAM)
        self.there.run('sh', '-c', 'cat > /etc/libvirt/qemu.conf', input=QEMU)
        (self.folder / 'sasl').mkdir()
        (self.folder / 'sasl/libvirt.conf').write_text(SASL.format(folder=self.folder))
        self.there.env['SASL_CONF_PATH'] = str(self.folder / 'sasl')
        self.set_sasl_password(PASSWORD)

    def set_sasl_password(self, password: str, user=USER):
        self.there.run('saslpasswd2', '-p', '-c', '-a', 'libvirt', '-u', self.there.name, '-f',
                       self.folder / 'sasl/passwords', user, input=password)

    def socket(self, name='libvirt-sock') -> str:
        """The path of a socket of libvirtd's, for everybody on this machine."""
        return f'/proc/{self.there.pid}/root/run/libvirt/{name}'

    # The daemons

    def start_libvirtd(self, **settings):
        """Start it, or start it anew with other settings; its test host begins again."""
        if self.libvirtd:
            self.libvirtd.stop()
        lines = [f'{name} = {value}' if isinstance(value, (int, list)) else f'{name} = "{value}"'
                 for name, value in {**LIBVIRTD, **settings}.items()]
        path = self.folder / 'libvirtd.conf'
        path.write_text('\n'.join(lines).replace("'", '"').format(folder=self.folder) + '\n')
        self.libvirtd = Daemon(
            self.there, ['libvirtd', '--listen', '-f', path, '-p', '/run/libvirtd.pid'], '/run/libvirtd.pid',
            lambda: self.listens('/run/libvirt/libvirt-sock') and self.listens(16509) and self.listens(16514),
            self.folder / 'libvirtd.log')

    def start_sshd(self, port=22, **options):
        """Start one on another port, or the one on that port anew with other options."""
        if port in self.sshds:
            self.sshds.pop(port).stop()
        path = self.folder / f'sshd-{port}.conf'
        path.write_text('\n'.join(f'{name} {value}' for name, value in {**SSHD, 'Port': port, **options}.items())
                        .format(folder=self.folder, port=port) + '\n')
        self.sshds[port] = Daemon(self.there, ['/usr/sbin/sshd', '-D', '-e', '-f', path], f'/run/sshd-{port}.pid',
                                  lambda: self.listens(port), self.folder / f'sshd-{port}.log')

    def listens(self, where) -> bool:
        """A socket, or a port, has a listener there; it is not disturbed."""
        table = '/proc/net/unix' if isinstance(where, str) else '/proc/net/tcp6'
        text = self.there.run('sh', '-c', f'cat {table} /proc/net/tcp').stdout
        if isinstance(where, str):
            return any(line.endswith(f' {where}') for line in text.splitlines())
        return any(line.split()[1].endswith(f':{where:04X}') and line.split()[3] == '0A'
                   for line in text.splitlines() if ':' in line.split()[0])

    def describe(self) -> str:
        return ''.join(f'--- {path.name}\n{path.read_text(errors="replace")[-8000:]}'
                       for path in sorted(self.folder.glob('*.log')))

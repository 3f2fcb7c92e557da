#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A booted Debian to test in: this machine's own root, with the build installed over it.

    with Container(build='build') as machine:
        machine.run('busctl', 'call', ...)                    # as root
        machine.run('virsh', 'list', user='alice')            # in a login session of alice
        machine.reboot()

The root is an overlay mount: below is /, above a tmpfs, into which the build is installed. It is
booted by systemd-nspawn and has its own systemd, D-Bus, polkit, logind and machined. Whatever is
written there is gone with it. All mounts live in a mount namespace of a helper process, so that
there is nothing to clean up but the helper, even if the test is killed.

The machine boots neither the services that are enabled on this host nor its units from /etc: it
has what its packages bring in /usr, and what the caller adds.

Needs root, systemd-nspawn and a kernel with overlayfs; no KVM, no network, and not systemd on the
host. From a shell:

    tests/harness/container.py run [--user=NAME] [--build=DIR] -- COMMAND...
    tests/harness/container.py shell
"""

import argparse
import ctypes
import json
import os
import pathlib
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

TOP = pathlib.Path(__file__).resolve().parents[2]

BOOT_DEADLINE = 180
STOP_DEADLINE = 60
RUN_DEADLINE = 180

# What nspawn answers when the payload asked for a reboot and somebody else is to start it again.
EXIT_REBOOT = 133

TARGET = '''# What a test needs of a system and nothing that this host happens to have enabled.
[Unit]
Description=Test system
Requires=basic.target
Wants=dbus.service systemd-logind.service systemd-user-sessions.service
After=basic.target dbus.service systemd-logind.service systemd-user-sessions.service
AllowIsolate=yes
'''

# A login that asks nothing and gives what a real one gives: a session and the user's own manager.
PAM_LOGIN = '''auth     required pam_permit.so
account  required pam_unix.so
session  required pam_unix.so
session  required pam_systemd.so
'''

ENVIRONMENT = {
    'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'LANG': 'C.UTF-8',
}


class ContainerError(Exception):
    """The container did not do what was asked of it."""


class CommandError(ContainerError):
    """A command in the container failed; str() shows what it said."""

    def __init__(self, result):
        self.result = result
        super().__init__(f'{shlex.join(result.args)}: exit status {result.returncode}\n'
                         f'{result.stdout}{result.stderr}')


def _die_with_parent():
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def missing():
    """What this machine lacks for a container: a sentence, or None."""
    if os.geteuid() != 0:
        return 'a container needs root'
    for tool, package in (('systemd-nspawn', 'systemd-container'), ('nsenter', 'util-linux'),
                          ('dbus-daemon', 'dbus'), ('/usr/lib/systemd/systemd', 'systemd'),
                          ('/usr/lib/polkit-1/polkitd', 'polkitd')):
        if not shutil.which(tool):
            return f'a container needs {tool} (package {package})'
    return None


class Container:
    """See the module. Paths are those inside unless said otherwise.

    build: a meson build folder, configured for /usr, whose files are installed; None for none.
    files: {path: text or bytes} written before the first boot.
    users: names; each gets a home, its name as password, and no privileges.
    binds: folders of this host that are to be seen at the same place, read-only.
    """

    def __init__(self, build=None, files=None, users=('alice', 'bob'), binds=()):
        self.build = pathlib.Path(build).resolve() if build else None
        self.files = dict(files or {})
        self.users = tuple(users)
        self.binds = [str(TOP), *(str(pathlib.Path(b).resolve()) for b in binds)]
        self.leader = None
        self.boot_seconds = None
        self._helper = None
        self._scratch = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    # Life

    def start(self):
        """Make the root and boot it."""
        reason = missing()
        if reason:
            raise ContainerError(reason)
        self._scratch = tempfile.mkdtemp(prefix='virtbus-container-')
        try:
            # Of no folder, so that it can be read when the helper has cleaned up after itself.
            self._console = tempfile.TemporaryFile()
            self._helper = subprocess.Popen(
                ['unshare', '--mount', '--propagation', 'private', sys.executable, __file__,
                 '--hold'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._console, text=True,
                start_new_session=True)
            self._tell({
                'scratch': self._scratch,
                'build': str(self.build) if self.build else None,
                'binds': self.binds,
            })
            self._expect('mounted')
            self._prepare()
            self._boot()
        except BaseException:
            self.close()
            raise

    def reboot(self):
        """Reboot as an administrator would, and wait until it is up again."""
        self.run('systemctl', 'reboot', check=False)
        code = int(self._expect('exit'))
        if code != EXIT_REBOOT:
            raise ContainerError(f'instead of rebooting, the container ended with {code}')
        self._boot()

    def poweroff(self):
        """Shut down as an administrator would; boot() starts it again with the same files."""
        self.run('systemctl', 'poweroff', check=False)
        self._expect('exit')
        self.leader = None

    def crash(self):
        """End it as a power failure would."""
        os.kill(self.leader, signal.SIGKILL)
        self._expect('exit')
        self.leader = None

    def boot(self):
        """Start it again after poweroff() or crash()."""
        self._boot()

    def close(self):
        """Take everything down. Nothing is asked: no test depends on an orderly end."""
        if self._helper:
            self._helper.stdin.close()
            try:
                self._helper.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                self._helper.kill()
                self._helper.wait()
            self._helper.stdout.close()
            self._helper = None
            self._console.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
        self.leader = None

    # Commands

    def popen(self, *command: str, user=None, seat=False, env=None, **options):
        """Start COMMAND inside and return its Popen. See run().

        Without a user, it is a plain process of root. With one, the system manager runs it in a
        fresh login session of that user: it has a session of logind, an own cgroup, a runtime
        folder and the user's bus. A session with a seat is a local, active one for polkit.
        """
        if self.leader is None:
            raise ContainerError('the container is not running')
        env = dict(env or {})
        enter = ['nsenter', '-t', str(self.leader), '-m', '-u', '-i', '-n', '-p', '-w']
        if user is None:
            inside = ['env', *(f'{k}={v}' for k, v in env.items()), *command]
        else:
            # Without a type, logind takes it for a job in the background.
            session = {'XDG_SESSION_CLASS': 'user', 'XDG_SESSION_TYPE': 'tty'}
            if seat:
                session['XDG_SEAT'] = 'seat0'
            env = {**ENVIRONMENT, **session, **env}
            inside = [
                'systemd-run', '--quiet', '--pipe', '--wait', '--collect', '--service-type=exec',
                f'--property=User={user}', '--property=PAMName=virtbus-test',
                '--property=WorkingDirectory=~',
                *(f'--setenv={k}={v}' for k, v in env.items()),
                '--', '/bin/sh', '-c',
                # The manager sets up the session; the bus of the user is where it always is.
                'export DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus"; exec "$@"',
                # systemd would put the value of a variable in its place.
                'sh', *(word.replace('$', '$$') for word in command)]
        return subprocess.Popen(enter + inside, env={**ENVIRONMENT, 'HOME': '/root'}, **options)

    def run(self, *command: str, user=None, seat=False, env=None, input=None, check=True,
            timeout=RUN_DEADLINE):
        """Run COMMAND inside and return a CompletedProcess with text; check raises CommandError."""
        process = self.popen(*command, user=user, seat=seat, env=env, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(input or '', timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise ContainerError(f'{shlex.join(command)}: no end after {timeout} s\n{out}{err}')
        result = subprocess.CompletedProcess(list(command), process.returncode, out, err)
        if check and result.returncode != 0:
            raise CommandError(result)
        return result

    def shell(self, script: str, **options):
        """run() of a shell script."""
        return self.run('/bin/sh', '-ec', script, **options)

    def path(self, inside: str) -> pathlib.Path:
        """Where this process finds a file of the container."""
        if self.leader is not None:
            return pathlib.Path(f'/proc/{self.leader}/root') / inside.lstrip('/')
        root = f'/proc/{self._helper.pid}/root{self._scratch}/root'
        return pathlib.Path(root) / inside.lstrip('/')

    def write(self, inside: str, data, mode=0o644):
        """Write a file of the container, with its folders."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        path.chmod(mode)

    def journal(self, *arguments: str) -> str:
        """The journal, for all units or by journalctl's arguments ('-u', 'virtbus')."""
        # What was said before this is in it.
        self.run('journalctl', '--sync', check=False)
        return self.run('journalctl', '--no-pager', '--quiet', '--output=short-precise',
                        *arguments, check=False).stdout

    def console(self) -> str:
        """What the boot and the helper wrote."""
        size = os.fstat(self._console.fileno()).st_size
        return os.pread(self._console.fileno(), size, 0).decode(errors='replace')

    # The helper

    def _tell(self, message):
        self._helper.stdin.write(json.dumps(message) + '\n')
        self._helper.stdin.flush()

    def _expect(self, word: str) -> str:
        ready, _, _ = select.select([self._helper.stdout], [], [], BOOT_DEADLINE)
        line = self._helper.stdout.readline().split() if ready else []
        if not line or line[0] != word:
            raise ContainerError(f'the helper said {line} instead of {word!r}\n{self.console()}')
        return line[1] if len(line) > 1 else ''

    def _prepare(self):
        """Give the new root what it needs to boot alone."""
        root = self.path('/')
        for host_own in ('etc/systemd/system', 'var/log/journal'):
            shutil.rmtree(root / host_own, ignore_errors=True)
            (root / host_own).mkdir(parents=True)
        for name in ('etc/machine-id', 'etc/fstab', 'etc/resolv.conf', 'etc/hostname'):
            (root / name).unlink(missing_ok=True)
        # With an id there is no first boot, which would enable what the packages' presets say.
        self.write('/etc/machine-id', uuid.uuid4().hex + '\n')
        self.write('/etc/fstab', '')
        self.write('/etc/hostname', 'virtbus-test\n')
        self.write('/etc/systemd/system/virtbus-test.target', TARGET)
        self.write('/etc/pam.d/virtbus-test', PAM_LOGIN)
        for name, data in self.files.items():
            self.write(name, data)
        # What the postinst of a package would do.
        if self.build:
            self._on_root('systemd-sysusers', 'virtbus.conf')
        for user in self.users:
            self._on_root('useradd', '--create-home', '--shell', '/bin/sh', user)
        if self.users:
            self._on_root('chpasswd', input=''.join(f'{u}:{u}\n' for u in self.users))

    def _on_root(self, *command: str, input=''):
        """Run a command in the root while it is not booted."""
        target = str(self._helper.pid)
        result = subprocess.run(
            ['nsenter', '-t', target, '-m', 'chroot', f'{self._scratch}/root', *command],
            env=ENVIRONMENT, input=input, text=True, capture_output=True)
        if result.returncode != 0:
            raise CommandError(result)

    def _boot(self):
        started = time.monotonic()
        path = self._scratch + '/notify'
        # There only until the boot is done: the system tells of itself later too, and would wait for
        # good for somebody to hear it.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            try:
                self._tell('boot')
                self.leader = self._hear_of_boot(notify, started + BOOT_DEADLINE)
            finally:
                os.unlink(path)
        self.boot_seconds = time.monotonic() - started

    def _hear_of_boot(self, notify, deadline) -> int:
        ready = False
        leader = None
        while not (ready and leader):
            left = deadline - time.monotonic()
            sources, _, _ = select.select([notify, self._helper.stdout], [], [], max(left, 0))
            if notify not in sources:
                raise ContainerError(f'the container did not boot\n{self.console()}')
            for line in notify.recv(4096).decode().splitlines():
                key, _, value = line.partition('=')
                if key == 'X_NSPAWN_LEADER_PID':
                    leader = int(value)
                ready = ready or line == 'READY=1'
        return leader


# The helper process: it owns the mounts, and runs nspawn when told to.


def _mount(*arguments: str):
    subprocess.run(['mount', *arguments], check=True)


def _cgroup_root() -> pathlib.Path:
    """A cgroup2 mount, over whatever is at its place in this mount namespace."""
    root = pathlib.Path('/sys/fs/cgroup')
    if not (root / 'cgroup.procs').exists():
        _mount('-t', 'cgroup2', 'cgroup2', str(root))
    return root


def _cgroup_remove(group: pathlib.Path, root: pathlib.Path):
    """End every process of the container, whoever is its parent by now, and wait for that."""
    (root / 'cgroup.procs').write_text(str(os.getpid()))
    (group / 'cgroup.kill').write_text('1')
    for _ in range(3000):
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
            return
        except OSError:
            time.sleep(0.02)
    print(f'{group} is left', file=sys.stderr)


def _hold() -> int:
    """Protocol: a line of settings, then lines "boot"; answers "mounted" and "exit CODE".

    The end of the input is the end of the container, so a killed test leaves nothing behind.
    """
    settings = json.loads(sys.stdin.readline())
    scratch = settings['scratch']
    try:
        _serve(settings)
    finally:
        for mount in ('root', 'layers'):
            subprocess.run(['umount', '--lazy', f'{scratch}/{mount}'], stderr=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)
    return 0


def _serve(settings):
    scratch = settings['scratch']
    root = f'{scratch}/root'
    layers = f'{scratch}/layers'
    os.mkdir(root)
    os.mkdir(layers)
    _mount('-t', 'tmpfs', '-o', 'mode=0755', 'virtbus-test', layers)
    os.mkdir(f'{layers}/upper')
    os.mkdir(f'{layers}/work')
    _mount('-t', 'overlay', 'virtbus-test', '-o',
           f'lowerdir=/,upperdir={layers}/upper,workdir={layers}/work', root)
    if settings['build']:
        # Through the mount, so that links such as /lib are followed as a package manager would.
        subprocess.run(['meson', 'install', '-C', settings['build'], '--no-rebuild', '--quiet',
                        '--destdir', root], check=True, stdout=sys.stderr)
    print('mounted', flush=True)

    cgroups = _cgroup_root()
    group = cgroups / f'virtbus-test-{os.getpid()}'
    group.mkdir()
    (group / 'cgroup.procs').write_text(str(os.getpid()))
    # The helper sits in a group of its own: a group with members takes no controllers.
    command = [
        'systemd-nspawn', '--quiet', f'--directory={root}', '--boot', '--register=no',
        '--keep-unit', '--private-network', '--settings=no', '--link-journal=no',
        '--resolv-conf=off', '--timezone=off', '--console=pipe', '--notify-ready=yes',
        '--machine=virtbus-test', *_tun(),
        *(f'--bind-ro={folder}' for folder in settings['binds']),
        'systemd.unit=virtbus-test.target', 'systemd.show_status=yes']
    try:
        while sys.stdin.readline():
            with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr,
                                  env={**ENVIRONMENT, 'NOTIFY_SOCKET': f'{scratch}/notify'},
                                  preexec_fn=_die_with_parent) as nspawn:
                end = os.pidfd_open(nspawn.pid)
                ready, _, _ = select.select([end, sys.stdin], [], [])
                os.close(end)
                if sys.stdin in ready:
                    # Only an end of the input comes now: the test is over.
                    nspawn.kill()
                    return
            print('exit', nspawn.returncode, flush=True)
    finally:
        _cgroup_remove(group, cgroups)


def _tun() -> list:
    return ['--bind=/dev/net/tun'] if os.path.exists('/dev/net/tun') else []


def main() -> int:
    if sys.argv[1:] == ['--hold']:
        return _hold()
    parser = argparse.ArgumentParser(description='Boot this system with the build installed, run '
                                     'a command there, and forget it all.')
    parser.add_argument('action', choices=['run', 'shell'])
    parser.add_argument('--user', help='run as this user, in a login session (alice and bob '
                        'exist); default: root')
    parser.add_argument('--seat', action='store_true', help='the session is a local one')
    parser.add_argument('--build', default=None, help='folder of a build configured with '
                        '--prefix=/usr')
    parser.add_argument('--journal', action='store_true', help='print the journal at the end')
    # The command's own options are not ours: what follows -- is cut off first.
    words = sys.argv[1:]
    cut = words.index('--') if '--' in words else len(words)
    options = parser.parse_args(words[:cut])
    command = words[cut + 1:] or ['/bin/bash']
    if options.action == 'run' and not words[cut + 1:]:
        parser.error('run needs -- and a command')
    try:
        with Container(build=options.build) as machine:
            print(f'booted in {machine.boot_seconds:.1f} s', file=sys.stderr)
            process = machine.popen(*command, user=options.user, seat=options.seat,
                                    env={'TERM': os.environ.get('TERM', 'dumb')})
            code = process.wait()
            if options.journal:
                print(machine.journal(), file=sys.stderr)
            return code
    except ContainerError as error:
        print(f'container.py: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())

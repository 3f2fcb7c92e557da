# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real libvirtd of one's own, on sockets in a folder and on a port of the loopback.

    with Libvirtd() as libvirtd:
        libvirtd.uri('unix')        test+unix:///default?socket=...
        libvirtd.uri('tcp')         test+tcp://127.0.0.1:PORT/default
        libvirtd.uri('ext')         test+ext:///default?command=...

As root it runs in a mount namespace in which all that libvirt would write to is a tmpfs, so that
nothing is left of it; for others it is a user's daemon in a home of its own.
"""

import atexit
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

from bus import free_port

DEADLINE = 120

CONFIGURATION = '''
unix_sock_dir = "{folder}"
auth_unix_rw = "none"
auth_unix_ro = "none"
listen_tls = 0
listen_tcp = 1
listen_addr = "127.0.0.1"
tcp_port = "{port}"
auth_tcp = "none"
keepalive_interval = 5
log_outputs = "3:stderr"
'''

# Guests of a machine without systemd, as root in this folder alone.
GUESTS = '''
user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
namespaces = []
cgroup_controllers = []
'''

# Where a system's daemon has state.
STATE = ('/run', '/etc/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt')


def command_to(path, folder: pathlib.Path) -> pathlib.Path:
    """A program for test+ext, which leads to that socket."""
    command = folder / 'ext'
    command.write_text(f'#!/bin/sh\nexec /usr/bin/python3 {pathlib.Path(__file__).parent / "pipe.py"} {path}\n')
    command.chmod(0o700)
    return command


class Libvirtd:
    """settings: lines of its configuration instead of those above; env: more of an environment."""

    def __init__(self, settings=None, env=None):
        self._settings = dict(settings or {})
        self._env = dict(env or {})
        self._process = None
        self.folder = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        atexit.register(self.close)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-libvirtd-'))
        self.socket = self.folder / 'libvirt-sock'
        self.port = free_port()
        self.start()

    def start(self):
        """Start it, or start it again after stop(): with the same addresses, without its test hosts."""
        # Of two that are the same the last one holds.
        (self.folder / 'conf').write_text(CONFIGURATION.format(folder=self.folder, port=self.port) + ''.join(
            f'{name} = {value}\n' for name, value in self._settings.items()))
        daemon = ['libvirtd', '--listen', '-f', str(self.folder / 'conf'), '-p', str(self.folder / 'pid')]
        environment = dict(os.environ, LC_ALL='C', **self._env)
        if os.geteuid() == 0:
            mounts = ' && '.join(f'mkdir -p {place} && mount -t tmpfs none {place}' for place in STATE)
            (self.folder / 'qemu.conf').write_text(GUESTS)
            daemon = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c',
                      f'{mounts} && mkdir /run/lock && cp qemu.conf /etc/libvirt && exec {shlex.join(daemon)}']
        else:
            for name in ('config', 'cache', 'run'):
                (self.folder / name).mkdir(exist_ok=True, mode=0o700)
            environment.update(XDG_CONFIG_HOME=str(self.folder / 'config'), XDG_CACHE_HOME=str(self.folder / 'cache'),
                               XDG_RUNTIME_DIR=str(self.folder / 'run'))
        self._log = open(self.folder / 'log', 'ab')
        # What a call names without a path would land where we are.
        self._process = subprocess.Popen(daemon, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                         stdout=self._log, stderr=self._log, start_new_session=True)
        until = time.monotonic() + DEADLINE
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f'libvirtd did not start:\n{self.log()}')
            time.sleep(0.05)

    def _listens(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as one, socket.socket() as other:
                one.connect(str(self.socket))
                other.connect(('127.0.0.1', self.port))
        except OSError:
            return False
        return True

    @property
    def pid(self) -> int:
        return self._process.pid

    def send_signal(self, number: int):
        os.killpg(self._process.pid, number)

    def stop(self, number: int = signal.SIGTERM):
        if self._process is None:
            return
        if self._process.poll() is None:
            self.send_signal(number)
        elif self._process.returncode not in (0, -signal.SIGTERM):
            # The bus of a test ends what was started since; whatever else it was is a finding.
            code, self._process = self._process.returncode, None
            raise AssertionError(f'libvirtd has ended with {code}:\n{self.log()}')
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
            self._process.wait()
        self._process = None
        self._log.close()

    def close(self):
        self.stop()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        return (self.folder / 'log').read_text(errors='replace')

    def uri(self, transport: str, driver='test', path='/default', address=None, socket_path=None) -> str:
        """address and socket_path are those of a proxy before it."""
        if transport == 'unix':
            return f'{driver}+unix://{path}?socket={socket_path or self.socket}'
        if transport == 'tcp':
            return f'{driver}+tcp://{address or f"127.0.0.1:{self.port}"}{path}'
        command = command_to(socket_path or self.socket, self.folder)
        return f'{driver}+ext://{path}?command={urllib.parse.quote(str(command))}'

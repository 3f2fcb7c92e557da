# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with the service on it, for tests that need no system.

    with PrivateBus() as bus:
        bus.start_service()
        with bus.client() as client:
            client.object('/org/virtbus1').call('Manager.Open', 'test:///default', 0)

The service runs with --session, in a home of its own. When the bus is closed, everything that
descends from it is ended and the folder is removed; a service that does not end on SIGTERM, or
whose end shows an error of a sanitizer, fails the test. describe() tells what happened: the
service's log and the bus traffic; the runner prints it for a failing test.

The service's program is $VIRTBUSD, or that of the build folder $VIRTBUS_BUILD, or of build.
"""

import atexit
import contextlib
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from client import NAME, Client

TOP = pathlib.Path(__file__).resolve().parents[2]

START_DEADLINE = 120
STOP_DEADLINE = 120
# Of a log, what a person still reads.
DESCRIBED_BYTES = 30000

CONFIGURATION = '''<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={folder}/bus</listen>
  <servicedir>{folder}/services</servicedir>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_message_size">134217728</limit>
  <limit name="max_incoming_bytes">268435456</limit>
  <limit name="max_outgoing_bytes">268435456</limit>
  <limit name="max_connections_per_user">4096</limit>
  <limit name="max_completed_connections">4096</limit>
  <limit name="max_replies_per_connection">100000</limit>
  <limit name="reply_timeout">600000</limit>
  <limit name="service_start_timeout">120000</limit>
  <limit name="auth_timeout">120000</limit>
</busconfig>
'''

# What the mechanisms of SASL and their cryptography keep for each exchange with MD5.
SUPPRESSIONS = 'leak:libcrypto.so\nleak:sasl2/lib\n'
# What the leak sanitizer says where it crashed itself, as it may beside a thread that just ends; and
# what any of the sanitizers says of the service.
LEAK_SEARCH_FAILED = b'LeakSanitizer has encountered a fatal error'
FAULTS = (b'ERROR: AddressSanitizer', b'detected memory leaks', b'runtime error:')

# By free_port(), before anybody listens there.
_given_ports = set()

ACTIVATION = '''[D-BUS Service]
Name={name}
Exec={program} {arguments}
'''


class ServiceError(AssertionError):
    """The service did not start, or did not end as it should."""


def service_program() -> pathlib.Path:
    if 'VIRTBUSD' in os.environ:
        return pathlib.Path(os.environ['VIRTBUSD']).resolve()
    build = pathlib.Path(os.environ.get('VIRTBUS_BUILD', TOP / 'build')).resolve()
    return build / 'virtbusd'


def _adopt_orphans():
    """Make this process the parent of what its descendants leave behind."""
    pr_set_child_subreaper = 36
    ctypes.CDLL(None).prctl(pr_set_child_subreaper, 1)


def die_with_parent():
    """For a child: if this process is killed, the child is as well."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def descendants(pid: int) -> list:
    """The processes below PID, nearest first."""
    result = []
    for task in pathlib.Path(f'/proc/{pid}/task').glob('*'):
        try:
            children = [int(child) for child in (task / 'children').read_text().split()]
        except OSError:
            continue
        for child in children:
            result += [child, *descendants(child)]
    return result


def command_line(pid: int) -> str:
    try:
        return pathlib.Path(f'/proc/{pid}/cmdline').read_text().replace('\0', ' ').strip()
    except OSError:
        return ''


def free_port() -> int:
    """One that nobody has on this host, nor was given by this: not of those that connections are given, which anybody
    may have at once."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(('127.0.0.1', port))
            if port not in _given_ports:
                _given_ports.add(port)
                return port


def _wait_for(condition, timeout: float) -> bool:
    until = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _tail(path: pathlib.Path) -> str:
    if not path.exists():
        return '(nothing)\n'
    data = path.read_bytes()
    cut = '' if len(data) <= DESCRIBED_BYTES else '(the beginning is cut off)\n'
    return cut + data[-DESCRIBED_BYTES:].decode(errors='replace')


class PrivateBus:
    """See the module.

    activation: the bus starts the service when it is called, as a dbus-daemon without systemd does.
    arguments: further ones for the service. idle_exit: its --idle-exit, in seconds.
    trace: record the traffic; switched off where a test measures or floods.
    prefix: a command that runs the service elsewhere (lab.Host has one).
    """

    def __init__(self, activation=False, arguments=(), idle_exit=0, trace=True, env=None, prefix=()):
        self._activation = activation
        self._arguments = ['--session', f'--idle-exit={idle_exit}', *arguments]
        self._trace = trace
        self._extra_env = dict(env or {})
        self._prefix = list(prefix)
        self._daemon = None
        self._monitor = None
        self._others = []
        self.service = None
        self.folder = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, kind, *_):
        self.close(check=kind is None)

    def open(self):
        _adopt_orphans()
        self._known = set(descendants(os.getpid()))
        # For a test that is ended by a signal, and comes to no close().
        atexit.register(self._end_all)
        # Short, because a guest's sockets below it must fit into 108 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-'))
        for name in ('home', 'run', 'services', 'config', 'state', 'cache', 'data'):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / 'bus.conf').write_text(CONFIGURATION.format(folder=self.folder))
        (self.folder / 'suppressions').write_text(SUPPRESSIONS)
        if self._activation:
            (self.folder / 'services' / f'{NAME}.service').write_text(ACTIVATION.format(
                name=NAME, program=service_program(), arguments=' '.join(self._arguments)))
        self.address = f'unix:path={self.folder}/bus'
        self.env = {
            'PATH': os.environ.get('PATH', '/usr/sbin:/usr/bin:/sbin:/bin'),
            'LANG': 'C.UTF-8',
            'HOME': str(self.folder / 'home'),
            'XDG_RUNTIME_DIR': str(self.folder / 'run'),
            'XDG_CONFIG_HOME': str(self.folder / 'config'),
            'XDG_STATE_HOME': str(self.folder / 'state'),
            'XDG_CACHE_HOME': str(self.folder / 'cache'),
            'XDG_DATA_HOME': str(self.folder / 'data'),
            'DBUS_SESSION_BUS_ADDRESS': self.address,
            # An error of a sanitizer ends the service, and its status says so.
            'ASAN_OPTIONS': 'exitcode=99:abort_on_error=0:detect_stack_use_after_return=0',
            'UBSAN_OPTIONS': 'halt_on_error=1:exitcode=99:print_stacktrace=1',
            'LSAN_OPTIONS': f'suppressions={self.folder}/suppressions:print_suppressions=0',
            'G_DEBUG': 'fatal-criticals',
            **self._extra_env,
        }
        self._log = open(self.folder / 'service.log', 'ab')
        self._daemon = subprocess.Popen(
            ['dbus-daemon', f'--config-file={self.folder}/bus.conf', '--nofork', '--nopidfile'],
            env=self.env, stdout=self._log, stderr=self._log, preexec_fn=die_with_parent)
        if not _wait_for(self._listens, START_DEADLINE):
            raise ServiceError(f'the bus did not start\n{self.describe()}')
        if self._trace:
            self._traffic = open(self.folder / 'traffic.log', 'ab')
            self._monitor = subprocess.Popen(
                ['dbus-monitor', '--address', self.address],
                stdout=self._traffic, stderr=subprocess.DEVNULL)

    def _listens(self) -> bool:
        # The socket has its name a moment before somebody listens to it.
        with socket.socket(socket.AF_UNIX) as attempt:
            return attempt.connect_ex(str(self.folder / 'bus')) == 0

    def start_service(self, wait=True):
        """Start the service beside the bus; with activation, call it instead."""
        program = service_program()
        if not program.exists():
            raise ServiceError(f'{program} is not built')
        self.service = subprocess.Popen([*self._prefix, program, *self._arguments], env=self.env,
                                        stdin=subprocess.DEVNULL, stdout=self._log,
                                        stderr=self._log)
        if wait:
            self.wait_for_service()
        return self.service

    def wait_for_service(self):
        with self.client() as client:
            def there():
                if self.service.poll() is not None:
                    raise ServiceError(f'the service ended with {self.service.returncode}\n{self.describe()}')
                return client.owner() is not None
            if not _wait_for(there, START_DEADLINE):
                raise ServiceError(f'the service did not take its name\n{self.describe()}')

    def stop_service(self, check=True):
        """End the service as its manager would."""
        if self.service is None:
            return
        service, self.service = self.service, None
        if service.poll() is None:
            service.terminate()
            try:
                service.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()
                if check:
                    raise ServiceError('the service did not end on SIGTERM') from None
        if check and service.returncode not in (0, -signal.SIGKILL) and not self._leak_search_failed():
            raise ServiceError(f'the service ended with {service.returncode}')

    def _leak_search_failed(self) -> bool:
        """Whether it was the leak sanitizer itself that crashed, which says nothing of the service."""
        self._log.flush()
        log = (self.folder / 'service.log').read_bytes()
        return LEAK_SEARCH_FAILED in log and not any(fault in log for fault in FAULTS)

    def kill_service(self):
        """End the service as no program would like to be ended."""
        self.service.kill()
        self.service.wait()
        self.service = None

    def client(self) -> Client:
        return Client(self.address)

    def processes(self, text: str = 'qemu') -> list:
        """The descendants whose command line holds TEXT, living or left behind: {pid: command}."""
        own = [p for p in descendants(os.getpid()) if p not in self._known]
        return {pid: command_line(pid) for pid in own if text in command_line(pid)}

    def describe(self) -> str:
        for file in (self._log, getattr(self, '_traffic', None)):
            if file and not file.closed:
                file.flush()
        text = f'--- service log\n{_tail(self.folder / "service.log")}'
        for log in sorted(self.folder.glob('**/qemu/*.log')):
            text += f'--- {log.name}\n{_tail(log)}'
        if self._trace:
            text += f'--- bus traffic\n{_tail(self.folder / "traffic.log")}'
        return text

    def close(self, check=True):
        try:
            self.stop_service(check)
        except ServiceError as error:
            raise ServiceError(f'{error}\n{self.describe()}') from None
        finally:
            self._end_all()

    def _end_all(self):
        atexit.unregister(self._end_all)
        for process in (self._monitor, self._daemon):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        # What the service left behind is ours now: guests, and whatever it forgot.
        for pid in descendants(os.getpid()):
            if pid not in self._known:
                try:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                except (ProcessLookupError, ChildProcessError):
                    pass
        self._log.close()
        if self._trace and self._monitor:
            self._traffic.close()
        shutil.rmtree(self.folder, ignore_errors=True)

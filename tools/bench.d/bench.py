# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the service costs, beside what nobody can do without.

Run by tools/bench, which builds what this needs; its head says what is measured. The floor
(floor.c) answers the same calls with constants and is called in the same run, turn by turn, by the
same client (client.c). Memory is that of smaps_rollup.
"""

import argparse
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'tests' / 'harness')]

from bus import PrivateBus, ServiceError  # noqa: E402
from client import CallError, Client  # noqa: E402
from gi.repository import GLib  # noqa: E402

BUILD = pathlib.Path(os.environ['VIRTBUS_BUILD']).resolve()
CLIENT = BUILD / 'tools' / 'bench.d' / 'bench-client'
FLOOR = BUILD / 'tools' / 'bench.d' / 'bench-floor'
WIRE_CLIENT = BUILD / 'tools' / 'bench.d' / 'bench-wire-client'
FLOOR_NAME = 'org.example.Floor'
QEMU_FLOOR_NAME = 'org.example.QemuFloor'

TEST = '/org/virtbus1/connection/test_default'
QEMU = '/org/virtbus1/connection/qemu_session'
LIBVIRT_TEST = '/org/libvirt/Test'
LIBVIRT_QEMU = '/org/libvirt/QEMU'
PROPERTIES = 'org.freedesktop.DBus.Properties'

MANY = 1000
MORE = 5000
# Domains of one round of changes.
CHANGED = 20

MEMORY_KIB = 8 * 1024
MEMORY_BYTES_EACH = 6 * 1024

GUEST = '''<domain type='qemu'>
  <name>bench-start</name>
  <memory unit='MiB'>256</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <features><acpi/><apic/></features>
  <devices>
    <serial type='pty'/>
    <console type='pty'/>
    <video><model type='cirrus'/></video>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>
'''


class Table:
    """The rows as they come; what is printed is a sentence of fixed columns."""

    FORMAT = '{:<46} {:>10} {:>10} {:>7} {:>8}  {:<5} {:>6}'

    def __init__(self, reference: bool):
        self._reference = reference
        self.n_over = 0

    def title(self, text: str, columns=('floor', 'virtbus', 'ratio', 'target', '', 'cpu')):
        line = self.FORMAT.format(text, *columns)
        if self._reference and 'virtbus' in columns and 'floor' in columns:
            line += f' {"libvirt":>11} {"times":>7}'
        print(f'\n{line.rstrip()}\n{"-" * len(line)}', flush=True)

    def row(self, what, floor='', virtbus='', ratio=None, target='', over=None, cpu=None,
            reference='', times=None):
        verdict = '' if over is None else 'over' if over else 'ok'
        self.n_over += bool(over)
        line = self.FORMAT.format(what, floor, virtbus, ratio_text(ratio), target, verdict,
                                  ratio_text(cpu))
        if reference:
            line += f' {reference:>11} {ratio_text(times):>7}'
        print(line.rstrip(), flush=True)


def ratio_text(ratio) -> str:
    return '' if ratio is None else f'{ratio:.2f}'


def time_text(nanoseconds: float) -> str:
    for limit, unit in ((1e6, 'us'), (1e9, 'ms')):
        if nanoseconds < limit:
            return f'{nanoseconds * 1000 / limit:.1f} {unit}'
    return f'{nanoseconds / 1e9:.2f} s'


def run_client(*words, rows=()) -> list:
    """The lines that the client prints, split."""
    text = '\n'.join('\t'.join(str(word) for word in row) for row in rows)
    result = subprocess.run([CLIENT, *(str(word) for word in words)], input=text + '\n',
                            stdout=subprocess.PIPE, text=True, check=True)
    return [line.split('\t') for line in result.stdout.splitlines()]


def start_floor(bus, name: str, connection: str) -> subprocess.Popen:
    floor = subprocess.Popen([FLOOR, name, connection], env=bus.env)
    with bus.client() as client:
        client.wait(lambda: floor.poll() is not None or has_owner(client, name), 20,
                    lambda: 'the floor did not start')
    if floor.poll() is not None:
        raise ServiceError('the floor ended')
    return floor


def has_owner(client, name: str) -> bool:
    return client.bus('NameHasOwner', '(s)', name)


def settle(bus):
    """Wait until the service has done what it does in the background after its start.

    It tidies its memory after three seconds.
    """
    path = pathlib.Path(f'/proc/{bus.service.pid}/schedstat')
    until = time.monotonic() + 30
    before = None
    time.sleep(3.5)
    while before != (now := path.read_text().split()[0]) and time.monotonic() < until:
        before = now
        time.sleep(0.3)


def start_service(bus):
    bus.start_service()
    settle(bus)


def server_xml(folder: pathlib.Path, kind: str) -> pathlib.Path:
    """The file with the definition that is defined often; its number is left open."""
    text = (TOP / 'tools' / 'bench.d' / 'server.xml').read_text()
    path = folder / f'{kind}.xml'
    path.write_text(text.replace('@TYPE@', kind))
    return path


def define(bus, count: int, connection: str, kind: str) -> float:
    """Nanoseconds for all of them together."""
    return float(run_client('define', count, bus.address, 'org.virtbus1', connection,
                            'org.virtbus1.Connection', server_xml(bus.folder, kind))[0][0])


# Calls.

def call_rows(address, name, connection, domain, prefix='org.virtbus1',
              connect='org.virtbus1.Connection'):
    """WHAT and the words of a row behind its column, for each call that is measured."""
    return {
        'property read': (address, name, domain, PROPERTIES, 'Get', 'ss', f'{prefix}.Domain', 'Active'),
        'GetState': (address, name, domain, f'{prefix}.Domain', 'GetState', 'u', 0),
        'lookup by name': (address, name, connection, connect, 'DomainLookupByName', 's', 'bench-0500'),
        'GetAll': (address, name, domain, PROPERTIES, 'GetAll', 's', f'{prefix}.Domain'),
        'list of 1,000 domains': (address, name, connection, connect, 'ListDomains', 'u', 0),
        'statistics of 1,000 domains':
            (address, name, connection, connect, 'GetAllDomainStats', 'uu', 0, 0),
    }


CALL_TARGETS = {
    'property read': 1.25,
    'GetState': 1.25,
    'lookup by name': 1.25,
    'GetAll': 1.5,
    'list of 1,000 domains': 1.5,
    'statistics of 1,000 domains': 2,
    'statistics of 1,000 QEMU domains': 2,
}


def libvirt_rows(address, connection, domain):
    return call_rows(address, 'org.libvirt', connection, domain, 'org.libvirt', 'org.libvirt.Connect')


# Domains that come and go, beside 1,000 others: what is measured, and the client's word for it.
CHANGES = {
    'define': 'define',
    'undefine': 'undefine',
    'define, until another client hears of it': 'event',
}


def change_rows(place, domain_interface) -> dict:
    return {what: (*place, member, '-', domain_interface) for what, member in CHANGES.items()}


def measure_changes(table, options, bus, reference):
    columns = {
        'floor': change_rows((bus.address, FLOOR_NAME, TEST, 'org.virtbus1.Connection'), 'org.virtbus1.Domain'),
        'virtbus': change_rows((bus.address, 'org.virtbus1', TEST, 'org.virtbus1.Connection'),
                               'org.virtbus1.Domain'),
    }
    if reference:
        address, connection, _ = reference
        columns['reference'] = change_rows((address, 'org.libvirt', connection, 'org.libvirt.Connect'),
                                           'org.libvirt.Domain')
    rows = [(what, column, *columns[column][what]) for what in CHANGES for column in columns]
    results = {(what, column): [float(number) for number in numbers]
               for what, column, *numbers in run_client('changes', options.rounds, CHANGED, 2 * MANY,
                                                        server_xml(bus.folder, 'test'), rows=rows)}
    table.title('a domain of the test host, beside 1,000 others')
    for what in CHANGES:
        took, _, ratio, cpu = results[what, 'virtbus']
        table.row(what, time_text(results[what, 'floor'][0]), time_text(took), ratio, cpu=cpu or None,
                  **reference_words(results, what, 'virtbus', 0))


def add_qemu(columns, bus):
    """The statistics of QEMU's domains, that are only defined, say more than the test host's."""
    places = {
        'floor': (QEMU_FLOOR_NAME, QEMU, 'org.virtbus1.Connection'),
        'virtbus': ('org.virtbus1', QEMU, 'org.virtbus1.Connection'),
        'compatible': ('org.libvirt', LIBVIRT_QEMU, 'org.libvirt.Connect'),
    }
    for column, place in places.items():
        columns[column]['statistics of 1,000 QEMU domains'] = (
            bus.address, *place, 'GetAllDomainStats', 'uu', 0, 0)


def on_one_processor(measure, *arguments):
    """Else it is luck how often a call has to wake a processor that sleeps, which costs more than it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        measure(*arguments)
    finally:
        os.sched_setaffinity(0, before)


def measure_calls(table, options, reference):
    with PrivateBus(trace=False) as bus:
        start_service(bus)
        measure_calls_on(table, options, bus, reference)


def measure_calls_on(table, options, bus, reference):
    define(bus, MANY - 1, TEST, 'test')
    define(bus, MANY, QEMU, 'qemu')
    with bus.client() as client:
        # The floor has one domain: the first of the list.
        domain = client.object(TEST).call('Connection.ListDomains', 0)[0]
    floors = [start_floor(bus, FLOOR_NAME, TEST), start_floor(bus, QEMU_FLOOR_NAME, QEMU)]
    try:
        columns = {
            'floor': call_rows(bus.address, FLOOR_NAME, TEST, domain),
            'virtbus': call_rows(bus.address, 'org.virtbus1', TEST, domain),
            'compatible': libvirt_rows(bus.address, LIBVIRT_TEST,
                                       LIBVIRT_TEST + domain.removeprefix(TEST)),
        }
        add_qemu(columns, bus)
        if reference:
            columns['reference'] = libvirt_rows(*reference)
        rows = [(what, column, *columns[column][what])
                for what in CALL_TARGETS for column in columns if what in columns[column]]
        for window in (1, 32) if options.pipelined else (1,):
            results = {(what, column): [float(number) for number in numbers]
                       for what, column, *numbers
                       in run_client('calls', options.rounds * 4, window, rows=rows)}
            print_calls(table, results,
                        'a call' if window == 1 else f'a call, {window} at once', window == 1)
            print_processor_time(table, results)
        measure_changes(table, options, bus, reference)
        new_clients(table, options, columns)
    finally:
        for floor in floors:
            floor.terminate()
            floor.wait()


def print_calls(table, results, title, judged):
    for column, heading in (('virtbus', ''), ('compatible', ', as org.libvirt')):
        table.title(title + heading)
        for what, target in CALL_TARGETS.items():
            floor = results[what, 'floor'][0]
            took, _, ratio, cpu = results[what, column]
            more = reference_words(results, what, column, 0)
            # The second namespace's answers have another shape than the floor's: told, not judged.
            if judged and column == 'virtbus':
                more |= {'target': f'{target} x', 'over': ratio > target}
            table.row(what, time_text(floor), time_text(took), ratio, cpu=cpu or None, **more)


def reference_words(results, what, column, number) -> dict:
    """libvirt-dbus' figure, and how many times ours that is."""
    if (what, 'reference') not in results:
        return {}
    took = results[what, 'reference'][number]
    return {'reference': time_text(took), 'times': took / results[what, column][number]}


def print_processor_time(table, results):
    """The bus' part of a call is the same, whoever answers it: this is what the service takes alone."""
    table.title("a call, the service's processor time", ('floor', 'virtbus', 'ratio', '', '', ''))
    for what in CALL_TARGETS:
        floor, took = (results[what, column][1] for column in ('floor', 'virtbus'))
        table.row(what, time_text(floor), time_text(took), results[what, 'virtbus'][3],
                  **reference_words(results, what, 'virtbus', 1))


def new_clients(table, options, columns):
    what = 'connect, one property read, leave'
    rows = [(what, column, *columns[column]['property read']) for column in columns]
    results = {(what, column): [float(number) for number in numbers]
               for what, column, *numbers in run_client('new-clients', options.rounds * 20, rows=rows)}
    took, _, ratio, _ = results[what, 'virtbus']
    table.title('a new client')
    table.row(what, time_text(results[what, 'floor'][0]), time_text(took), ratio,
              **reference_words(results, what, 'virtbus', 0))


# The wire.

WIRE_TARGET = 0.5
# What it writes is forgotten with it, and it sees no network of the host's.
LIBVIRTD = '''for place in /run /var/lib /var/cache /var/log; do mount -t tmpfs none $place; done
exec libvirtd -f "$1" -p "$2/libvirtd.pid"
'''


class Libvirtd:
    """libvirt's own daemon, with its test host."""

    def __init__(self, folder: pathlib.Path):
        self.socket = folder / 'libvirt-sock'
        configuration = folder / 'libvirtd.conf'
        configuration.write_text(f'unix_sock_dir = "{folder}"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n')
        self._process = subprocess.Popen(['unshare', '-m', '-n', 'sh', '-c', LIBVIRTD, 'sh', configuration, folder],
                                         stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise ServiceError('libvirtd did not start')
            time.sleep(0.05)
        time.sleep(2)
        self.pid = self._process.pid

    def close(self):
        self._process.terminate()
        self._process.wait()


def measure_wire(table, options):
    """Where libvirtd is not there, or may not be started, virtbus alone."""
    with PrivateBus(trace=False) as bus:
        start_service(bus)
        servers = ['virtbus', bus.folder / 'run/virtbus/virtbus-sock', bus.service.pid]
        libvirtd = Libvirtd(bus.folder) if os.geteuid() == 0 and shutil.which('libvirtd') else None
        try:
            if libvirtd:
                servers += ['libvirtd', libvirtd.socket, libvirtd.pid]
            for window in (1, 32):
                print_wire(table, window, {(what, column): (float(took), float(cpu)) for what, column, took, cpu in (
                    line.split('\t') for line in subprocess.run(
                        [WIRE_CLIENT, str(options.rounds), str(window), str(MANY), *map(str, servers)],
                        stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines())})
        finally:
            if libvirtd:
                libvirtd.close()


def print_wire(table, window, results):
    title = 'a call of the wire' + (f', {window} at once' if window > 1 else '')
    table.title(title, ('libvirtd', 'virtbus', 'ratio', 'target', '', 'cpu'))
    for (what, column), (took, cpu) in results.items():
        if column != 'virtbus':
            continue
        other = results.get((what, 'libvirtd'))
        if not other:
            table.row(what, '', time_text(took))
            continue
        table.row(what, time_text(other[0]), time_text(took), took / other[0], f'{WIRE_TARGET} x',
                  took > WIRE_TARGET * other[0], cpu / other[1])


# Guests.

def measure_guests(table, options, bus):
    with bus.client() as client:
        folder = bus.folder / 'embed'
        folder.mkdir()
        path = client.object('/org/virtbus1').call('Manager.Open', f'qemu:///embed?root={folder}', 0)
        domain = client.object(path).call('Connection.DomainDefineXML', GUEST)
        # The connection, and with it the guest, is there as long as this client is.
        times = {what: float(took) for what, took in run_client(
            'start', options.rounds, bus.address, 'org.virtbus1', domain, bus.folder)}
    hand = times['hand']
    table.title('a QEMU guest', ('by hand', 'virtbus', 'ratio', 'target', '', ''))
    for what, name in (('start', 'start'), ('paused', 'start, paused')):
        table.row(name, time_text(hand), time_text(times[what]), times[what] / hand, '1.5 x',
                  times[what] > 1.5 * hand)
    table.row('destroy', '', time_text(times['destroy']), None, '100 ms', times['destroy'] > 100e6)


# Cold starts.

def cold(bus, rounds: int) -> float:
    """Nanoseconds from a call to the reply of a service that was not there."""
    row = ('cold', 'virtbus', bus.address, 'org.virtbus1', '/org/virtbus1', PROPERTIES, 'Get', 'ss',
           'org.virtbus1.Manager', 'Version')
    return float(run_client('cold', rounds, rows=[row])[0][2])


def measure_cold(table, options):
    rounds = max(options.rounds // 2, 3)
    table.title('the first answer of a cold service', ('', 'virtbus', '', 'target', '', ''))

    def row(what, took):
        table.row(what, '', time_text(took), None, '50 ms', took > 50e6)

    with PrivateBus(activation=True, trace=False) as bus:
        # A service before it knows the host's QEMU.
        start_service(bus)
        bus.stop_service()
        row('nothing defined', cold(bus, rounds))
        start_service(bus)
        define(bus, MANY, QEMU, 'qemu')
        settle(bus)
        bus.stop_service()
        # Told, not judged: it happens once, and the next start need not read them.
        first = cold(bus, 1)
        start_service(bus)
        bus.stop_service()
        row(f'{MANY:,} QEMU domains defined', cold(bus, rounds))
        table.row('the same, all changed since the last start', '', time_text(first))


# Memory.

def memory(pid: int) -> dict:
    """KiB of Rss and Pss."""
    lines = pathlib.Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]
    values = {line.split(':')[0]: line.split()[1] for line in lines}
    return {name: int(values[name]) for name in ('Rss', 'Pss')}


def memory_row(table, what: str, count: int, pid: int):
    limit = MEMORY_KIB + count * MEMORY_BYTES_EACH // 1024
    now = memory(pid)
    table.row(what, f'{now["Pss"] / 1024:.1f} MB', f'{now["Rss"] / 1024:.1f} MB', None,
              f'{limit / 1024:.1f} MB', now['Rss'] > limit)


def measure_memory(table):
    times = []
    table.title('resident memory', ('Pss', 'Rss', '', 'target', '', ''))
    with PrivateBus(trace=False) as bus:
        start_service(bus)
        memory_row(table, 'nothing defined', 0, bus.service.pid)
        times.append((f'{MANY:,} on test:///default', define(bus, MANY, TEST, 'test')))
        memory_row(table, f'{MANY:,} on test:///default', MANY, bus.service.pid)
    with PrivateBus(trace=False) as bus:
        start_service(bus)
        times.append((f'{MORE:,} on test:///default', define(bus, MORE, TEST, 'test')))
        memory_row(table, f'{MORE:,} on test:///default', MORE, bus.service.pid)
    with PrivateBus(trace=False) as bus:
        start_service(bus)
        folder = bus.folder / 'embed'
        folder.mkdir()
        with bus.client() as client:
            path = client.object('/org/virtbus1').call(
                'Manager.Open', f'qemu:///embed?root={folder}', 0)
            times.append((f'{MANY:,} on qemu:///embed', define(bus, MANY, path, 'qemu')))
            memory_row(table, f'{MANY:,} on qemu:///embed', MANY, bus.service.pid)
        bus.stop_service()
        start_service(bus)
        with bus.client() as client:
            client.object('/org/virtbus1').call('Manager.Open', f'qemu:///embed?root={folder}', 0)
            settle(bus)
            memory_row(table, f'{MANY:,} loaded by qemu:///embed', MANY, bus.service.pid)
    table.title('to define', ('', 'virtbus', '', '', '', ''))
    for what, took in times:
        table.row(what, '', time_text(took))


# libvirt's own, for comparison.

class Reference:
    """libvirt-dbus and its test host, on a bus of their own."""

    def __enter__(self):
        program = os.environ.get('LIBVIRT_DBUS') or shutil.which('libvirt-dbus')
        if not program:
            raise ServiceError('--reference needs libvirt-dbus (a package of Debian\'s)')
        self.bus = PrivateBus(trace=False)
        self.bus.open()
        self._process = subprocess.Popen([program, '--session'], env=self.bus.env)
        with self.bus.client() as client:
            client.wait(lambda: has_owner(client, 'org.libvirt'), 20,
                        lambda: 'libvirt-dbus did not start')
            run_client('define', MANY - 1, self.bus.address, 'org.libvirt', LIBVIRT_TEST,
                       'org.libvirt.Connect', server_xml(self.bus.folder, 'test'))
        with Client(self.bus.address, 'org.libvirt') as client:
            path = client.call(LIBVIRT_TEST, 'org.libvirt.Connect', 'DomainLookupByName', '(s)',
                               'bench-0500')
        self.rows = self.bus.address, LIBVIRT_TEST, path
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self.bus.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog='tools/bench')
    parser.add_argument('--rounds', type=int, default=15, help='more of them: steadier (default 15)')
    parser.add_argument('--pipelined', action='store_true', help='also with 32 calls at once')
    parser.add_argument('--reference', action='store_true',
                        help='libvirt-dbus with its test host beside it, where it is installed')
    parser.add_argument('parts', nargs='*', help='of: calls wire guests cold memory (default: all)')
    options = parser.parse_args()
    parts = options.parts or ['calls', 'wire', 'guests', 'cold', 'memory']
    if set(parts) - {'calls', 'wire', 'guests', 'cold', 'memory'}:
        parser.error('the parts are: calls wire guests cold memory')

    table = Table(options.reference)
    print(f'{os.cpu_count()} processors, Linux {platform.release()}, '
          f'load {os.getloadavg()[0]:.1f}')
    reference = Reference() if options.reference and 'calls' in parts else None
    try:
        if 'calls' in parts:
            rows = reference.__enter__().rows if reference else None
            try:
                on_one_processor(measure_calls, table, options, rows)
            finally:
                if reference:
                    reference.__exit__()
        if 'wire' in parts:
            on_one_processor(measure_wire, table, options)
        if 'guests' in parts:
            with PrivateBus(trace=False) as bus:
                start_service(bus)
                measure_guests(table, options, bus)
        if 'cold' in parts:
            measure_cold(table, options)
        if 'memory' in parts:
            measure_memory(table)
    except (ServiceError, CallError, AssertionError, GLib.Error,
            subprocess.CalledProcessError) as error:
        print(f'tools/bench: {error}', file=sys.stderr)
        return 1
    print(f'\n{table.n_over} over target')
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kill the system's service again and again while domains are defined, started and destroyed.

    kill_load.py KILLS [SEED]

Runs in the container, as root. Three guests are started at the beginning and must see the end with
the same process and the same id. Others come and go: whatever a call to them answered must be true
afterwards, and a call that was cut off may have happened or not, but nothing in between. Prints the
counts as JSON; "wrong" lists what did not hold.
"""

import glob
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'harness'))

from client import CallError, Client

ADDRESS = 'unix:path=/run/dbus/system_bus_socket'
DEFINITIONS = '/etc/virtbus/qemu'
KEPT = ['kept-1', 'kept-2', 'kept-3']
PAUSED = 1  # Create's flag: no guest needs to run to be there, and many would take the processor.
# Between kills, in lives of a domain.
PAUSES = 0.1, 0.4, 1.2, 2.4
# Errors of a call that the kill cut off. Any other error is an answer.
CUT_OFF = ('NoReply', 'Disconnected', 'ServiceUnknown', 'NameHasNoOwner', 'TimedOut', 'Timeout')
# The answer when the same call was cut off before, but had done its work.
DONE_ALREADY = re.compile(r'(?i)already|not (?:running|active|found)|no such|unknown object')


def xml(name: str, version: int) -> str:
    # The version is in two places, far from each other: a torn file disagrees with itself.
    return f'''<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, name)}</uuid>
  <title>version {version}</title>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
  <metadata><v:check xmlns:v='urn:virtbus:test'>{'x' * 3000} version {version}</v:check></metadata>
</domain>'''


def emulators() -> dict:
    """name of the guest -> process ids of its QEMUs."""
    result = {}
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            words = pathlib.Path(path).read_bytes().split(b'\0')
        except OSError:
            continue
        if not words[0].startswith(b'/usr/bin/qemu-system'):
            continue
        found = re.search(rb'(?:^|,)guest=([^,]+)', words[words.index(b'-name') + 1]) \
            if b'-name' in words else None
        name = found.group(1).decode() if found else '(no name)'
        result.setdefault(name, []).append(int(path.split('/')[2]))
    return result


def status(process: int) -> str:
    """What is to be known of a process that should not be there."""
    try:
        folder = pathlib.Path(f'/proc/{process}')
        state = (folder / 'stat').read_text().rsplit(')', 1)[1].split()[0]
        words = (folder / 'cmdline').read_text().replace('\0', ' ')
        return f'{process} {state} {(folder / "wchan").read_text()} {words[:80]}'
    except OSError:
        return f'{process} gone'


class Load(threading.Thread):
    """One domain after the other through its life, over and over, on a connection of its own."""

    def __init__(self, number: int):
        super().__init__(daemon=True)
        self.name_of_domain = f'churn-{number}'
        self.stop = False
        self.calls = self.cut_off = self.lives = 0
        # Seconds of the last life that nothing cut off.
        self.took = None
        self.errors = []
        # What the last answers said: None where a cut off call leaves it open.
        self.defined = self.active = False
        self.versions = set()
        self._version = number * 1000000

    def _until_answered(self, call) -> bool:
        """Whether the call was done, by itself or by an earlier one that was cut off before."""
        again = False
        while not self.stop:
            self.calls += 1
            try:
                call()
                return True
            except CallError as error:
                if any(word in error.name for word in CUT_OFF):
                    self.cut_off += 1
                    again = True
                    time.sleep(0.02)
                elif again and DONE_ALREADY.search(error.message):
                    return True
                else:
                    raise
        return False

    def _round(self, client, connection):
        """One life. After each step it is known what must be true; while one runs, it is not."""
        found = []

        def define():
            found[:] = [client.call(connection, 'org.virtbus1.Connection', 'DomainDefineXML',
                                    '(s)', xml(self.name_of_domain, self._version))]

        began, cut_off = time.monotonic(), self.cut_off
        self._version += 1
        self.versions.add(self._version)
        steps = [(define, self.active, True)]
        for member, active, defined in (('Create', True, True), ('Destroy', False, True),
                                        ('Undefine', False, False)):
            flags = PAUSED if member == 'Create' else 0
            steps.append((lambda member=member, flags=flags: client.call(
                found[0], 'org.virtbus1.Domain', member, '(u)', flags), active, defined))
        for step, active, defined in steps:
            self.active = self.defined = None
            if not self._until_answered(step):
                return
            self.active, self.defined = active, defined
            if step is define:
                self.versions = {self._version}
        self.lives += 1
        if self.cut_off == cut_off:
            self.took = time.monotonic() - began

    def run(self):
        with Client(ADDRESS) as client:
            while not self.stop:
                try:
                    # The service is another one after each kill, and has to be asked again.
                    connection = client.call('/org/virtbus1', 'org.virtbus1.Manager', 'Open',
                                             '(su)', 'qemu:///system', 0)
                    self._round(client, connection)
                except CallError as error:
                    if not any(word in error.name for word in CUT_OFF):
                        self.errors.append(str(error))
                    time.sleep(0.05)


def main_process() -> int:
    return int(subprocess.run(['systemctl', 'show', '-P', 'MainPID', 'virtbus'], text=True,
                              capture_output=True).stdout)


def check(client, connection, loads, before) -> list:
    wrong = []
    running = emulators()
    paths = client.call(connection, 'org.virtbus1.Connection', 'ListDomains', '(u)', 0)
    domains = {}
    for path in paths:
        domains[client.object(path).get('Domain.Name')] = client.object(path)

    for name, (process, number) in before.items():
        if running.get(name) != [process]:
            wrong.append(f'{name} had process {process} and has {running.get(name)}')
        elif not domains[name].get('Domain.Active'):
            wrong.append(f'{name} runs, but is said not to')
        elif domains[name].get('Domain.Id') != number:
            wrong.append(f'{name} had id {number} and has {domains[name].get("Domain.Id")}')

    for name, domain in domains.items():
        if domain.get('Domain.Active') != (len(running.get(name, [])) == 1):
            wrong.append(f'{name}: active is {domain.get("Domain.Active")}, but its processes are '
                         f'{running.get(name)}')
    wrong += [f'{name} is no domain, but runs as {processes}'
              for name, processes in running.items() if name not in domains]

    for load in loads:
        wrong += load.errors
        there = load.name_of_domain in domains
        if load.defined is not None and there != load.defined:
            wrong.append(f'{load.name_of_domain}: defined is {there}, but was {load.defined}')
        if there and load.active is not None and \
                domains[load.name_of_domain].get('Domain.Active') != load.active:
            wrong.append(f'{load.name_of_domain}: active is not {load.active}')

    names = [name for name in os.listdir(DEFINITIONS) if name != 'autostart']
    wrong += [f'{DEFINITIONS}/{name} is left' for name in names if not name.endswith('.xml')]
    for name in names:
        text = pathlib.Path(DEFINITIONS, name).read_text()
        try:
            ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            wrong.append(f'{name} is torn: {error}')
            continue
        versions = set(re.findall(r'version (\d+)', text))
        if len(versions) != 1:
            wrong.append(f'{name} is of versions {versions}')
        for load in loads:
            if name == f'{load.name_of_domain}.xml' and int(versions.pop()) not in load.versions:
                wrong.append(f'{name} is of a version that nobody wrote last')
    if {name.removesuffix('.xml') for name in names} != set(domains):
        wrong.append(f'files {sorted(names)}, domains {sorted(domains)}')

    ours = {process for processes in running.values() for process in processes}
    for scope in glob.glob('/sys/fs/cgroup/machine.slice/*.scope'):
        members = set(map(int, pathlib.Path(scope, 'cgroup.procs').read_text().split()))
        if not members & ours:
            wrong.append(f'{os.path.basename(scope)} is left, with '
                         f'{[status(process) for process in members]}')
    scopes = subprocess.run(['systemctl', 'list-units', '--plain', '--no-legend', '--type=scope',
                             '--state=failed', 'machine-*'], text=True, capture_output=True).stdout
    wrong += [f'failed and kept: {line}' for line in scopes.splitlines()]
    taps = [name for name in os.listdir('/sys/class/net') if name.startswith(('vnet', 'tap'))]
    wrong += [f'the interface {name} is left' for name in taps]
    return wrong


def main() -> int:
    kills = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    random.seed(seed)
    with Client(ADDRESS) as client:
        connection = client.call('/org/virtbus1', 'org.virtbus1.Manager', 'Open', '(su)',
                                 'qemu:///system', 0)
        before = {}
        for name in KEPT:
            path = client.call(connection, 'org.virtbus1.Connection', 'DomainDefineXML', '(s)',
                               xml(name, 1))
            client.call(path, 'org.virtbus1.Domain', 'Create', '(u)', PAUSED)
            before[name] = (emulators()[name][0], client.object(path).get('Domain.Id'))

        loads = [Load(number) for number in (1, 2)]
        for load in loads:
            load.start()
        killed = 0
        began = time.monotonic()
        client.wait(lambda: all(load.took for load in loads))
        while killed < kills:
            # Short enough to hit a start before its end; and some come through, however slow the machine is now.
            if sum(load.lives for load in loads) <= killed // 2:
                time.sleep(0.01)
                continue
            time.sleep(max(load.took for load in loads) * random.choice(PAUSES) * random.uniform(0.5, 1.5))
            process = main_process()
            if process:
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed += 1
        for load in loads:
            load.stop = True
        for load in loads:
            load.join(240)
        # What was cut off last is cleaned up by the service's next start, in its own time.
        client.call('/org/virtbus1', 'org.virtbus1.Manager', 'Open', '(su)', 'qemu:///system', 0)
        until = time.monotonic() + 60
        while (wrong := check(client, connection, loads, before)) and time.monotonic() < until:
            time.sleep(0.5)
        result = {
            'seed': seed, 'kills': killed, 'seconds': round(time.monotonic() - began, 1),
            'lives': sum(load.lives for load in loads),
            'calls': sum(load.calls for load in loads),
            'cut off': sum(load.cut_off for load in loads),
            'still running': any(load.is_alive() for load in loads),
            'wrong': wrong,
        }
    print(json.dumps(result))
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's virsh on real guests: what it prints of virtbus and of libvirtd is the same, but for a list of
differences that is checked to be true."""

import concurrent.futures
import difflib
import re
import shlex
import signal
import time
import unittest

from qemu import HostsTest

# Run in this order, on both hosts. After a "!" stands what is waited for on the guest's console before the next, after
# "?" a prompt that is asked for, since it may have been there before the console was open.
SCRIPT = '''
uri
capabilities
version
version --daemon
nodeinfo
nodememstats
nodecpustats
nodecpustats --percent
nodecpustats --cpu 0
nodecpumap
nodecpumap --pretty
freecell
freecell --all
freepages --all
node-memory-tune
sysinfo
maxvcpus
maxvcpus --type qemu
cpu-models x86_64
domcapabilities --xpath //os/loader
list
list --all
define {guest}
define {guest} --validate
list --all
list --all --name
list --all --uuid
list --inactive --table
dominfo guest
domstate guest
domstate guest --reason
domid guest
domuuid guest
domname 11111111-2222-4333-8444-000000000001
dumpxml guest
dumpxml guest --inactive --security-info
dumpxml guest --xpath //name
domxml-to-native qemu-argv guest
domblklist guest
domblklist guest --details
domblkinfo guest vda
domblkinfo guest --all
domblkinfo guest vdz
domblkstat guest vda
domiflist guest
domif-getlink guest 52:54:00:12:34:56
domifstat guest vnet0
dommemstat guest
domcontrol guest
domjobinfo guest
domjobabort guest
domdisplay guest
vncdisplay guest
ttyconsole guest
vcpucount guest
vcpuinfo guest
vcpupin guest
emulatorpin guest
iothreadinfo guest
domstats guest --state --balloon --vcpu --block --interface
desc guest
desc guest --title
desc guest --title "A title" --config
desc guest "Some words"
desc guest
metadata guest urn:x
metadata guest urn:x --key x --set "<y>z</y>" --config
metadata guest urn:x
metadata guest urn:x --remove
autostart guest
list --autostart --all
autostart guest --disable
setmaxmem guest 160M --config
setmem guest 120M --config
setvcpus guest 2 --config
setvcpus guest 3 --config
setvcpus guest 1 --config
set-lifecycle-action guest crash coredump-restart
set-lifecycle-action guest poweroff coredump-restart
dumpxml guest --xpath /domain/on_crash
set-lifecycle-action guest crash destroy --config
set-lifecycle-action guest crash destroy --live
cpu-stats guest --total
vcpucount guest
dumpxml guest --xpath //memory
domrename guest other
domrename other guest
snapshot-list guest
checkpoint-list guest
managedsave-remove guest
net-list --all
pool-list --all
define {guest}
suspend guest
reset guest
destroy guest
start guest
? guest#
list
list --all --title
domstate guest --reason
dominfo guest
domid guest
domname 1
dumpxml guest
ttyconsole guest
vncdisplay guest
domdisplay guest
domdisplay guest --type vnc --all
domstats guest
domstats --list-active --state --balloon --vcpu --block --interface
domstats --raw --state guest
dommemstat guest
dommemstat guest --period 1 --live
cpu-stats guest --total
cpu-stats guest
set-lifecycle-action guest crash preserve
set-lifecycle-action guest reboot restart --live --config
dumpxml guest --xpath /domain/on_crash
vcpuinfo guest
vcpuinfo guest --pretty
vcpupin guest
vcpucount guest
vcpucount guest --live --current
domblkinfo guest vda
domblkstat guest vda
domblkstat guest
domblkstat guest vda --human
domblkerror guest
domiflist guest
domifstat guest 52:54:00:12:34:56
domif-getlink guest 52:54:00:12:34:56
domcontrol guest
domjobinfo guest
domjobabort guest
domtime guest
domhostname guest
suspend guest
suspend guest
domstate guest --reason
resume guest
resume guest
domstate guest --reason
setmem guest 100M --live
setmem guest 1G
setmem guest 128M
setvcpus guest 2 --live
send-key guest KEY_A KEY_B
send-key guest --codeset linux --holdtime 10 30
send-key guest KEY_NOSUCH
inject-nmi guest
screenshot guest {folder}/shot.png
start guest
undefine guest
list --all --transient
define {guest}
desc guest "live words" --live
desc guest
desc guest --config
metadata guest urn:y --key y --set "<a/>" --live
metadata guest urn:y
domif-setlink guest 52:54:00:12:34:56 down
qemu-monitor-command guest --hmp info status
qemu-monitor-command guest --return-value ' {"execute": "query-name"}'
qemu-monitor-command guest --hmp nosuch
dominfo guest
reset guest
! guest: ready on ttyS0
reboot guest
reboot guest --mode nosuch
! guest: power button
! guest: ready on ttyS0
domstate guest
shutdown guest --mode acpi
! guest: power button
- shut off
domstate guest --reason
start guest --paused
domstate guest --reason
destroy guest
domstate guest --reason
destroy guest
shutdown guest
start guest --autodestroy
- shut off
destroy guest
create {second}
list
list --transient
domrename second third
undefine second
autostart second
destroy second
list --all
create {second} --paused --validate
destroy second --graceful
undefine guest --nvram
undefine guest
list --all
domuuid nosuch
autostart nosuch
define /etc/hostname
define {folder}/nosuch
'''

# What is different, and why. A command that is here and prints the same fails the test as well.
NOT_THERE = 'the QEMU driver cannot do this yet'
NO_AGENT = 'the QEMU driver does not talk to guest agents yet: another reason for a refusal'
SIZES = 'the size of an image is asked of the guest that has it open, not of the file'
CGROUP = 'libvirtd asks a control group, and has none in the laboratory'
DIFFERENCES = {
    'capabilities': 'what the processor is called, migration, snapshots; no labels',
    'checkpoint-list guest': NOT_THERE,
    'cpu-models x86_64': "those of the emulator, where libvirtd names those of its own table",
    'cpu-stats guest': CGROUP,
    'cpu-stats guest --total': CGROUP,
    'define /etc/hostname': 'the parser tells what is wrong, without the line',
    'domblkinfo guest --all': SIZES,
    'domblkinfo guest vda': SIZES,
    'domhostname guest': NO_AGENT,
    'domif-setlink guest 52:54:00:12:34:56 down': NOT_THERE,
    'domifstat guest 52:54:00:12:34:56': 'refused by both, in other words',
    'domjobabort guest': NOT_THERE,
    'domstats --list-active --state --balloon --vcpu --block --interface': 'no numbers of images in a chain',
    'domstats guest --state --balloon --vcpu --block --interface': SIZES,
    'domstats guest': 'nothing of caches, polling and dirty pages, which is 0 here',
    'domtime guest': NO_AGENT,
    'dumpxml guest': "QEMU's own defaults of processor and sound are not written out; no cgroups, no labels",
    'dumpxml guest --inactive --security-info': "QEMU's own defaults of processor and sound are not written out",
    'net-list --all': NOT_THERE,
    'pool-list --all': NOT_THERE,
    'setvcpus guest 3 --config': 'refused by both, in other words',
    'snapshot-list guest': NOT_THERE,
    'vcpuinfo guest': 'on which processor it runs at this moment is not told',
    'vcpuinfo guest --pretty': 'on which processor it runs at this moment is not told',
}

# What two runs of the same host do not have in common.
VOLATILE = [
    (r'(CPU time: +)[0-9.]+s', r'\1N'),
    # What the balloon holds follows what it was told, in its own time.
    (r'(Used memory: +)\d+', r'\1N'),
    (r'/dev/pts/\d+', '/dev/pts/N'),
    (r"(127\.0\.0\.1:|port=')\d+", r'\1N'),
    (r'(_total_times|\.times)([ =])\d+', r'\1\2N'),
    (r'(total duration of \w+ \(ns\): +)\d+', r'\1N'),
    (r'([Aa]llocation|[Pp]hysical)([=:] *)\d+', r'\1\2N'),
    (r'((?:cpu|vcpu\.\d)\.(?:time|user|system|wait|delay)=)\d+', r'\1N'),
    (r'((?:balloon\.)?(?:minor_fault|major_fault|unused|available|usable|last.update|rss|disk_caches)[ =])\d+', r'\1N'),
    (r'((?:rd|wr)[._](?:reqs?|bytes)[ =])\d+', r'\1N'),
]
# What libvirtd tells that virtbus does not, or otherwise.
EVENTS = [
    # QEMU has gone on, which is how a guest is started.
    (r"event 'lifecycle' for domain '(\w+)': Resumed Unpaused\n(?=event 'lifecycle' for domain '\1': Started Booted)", ''),
    # QEMU ends because it is told to, which is how a guest is destroyed.
    (r"event .*: Shutdown Finished after host request\n(?=event .*: Stopped Destroyed)", ''),
    # It was undefined while it ran, and so it was not defined any more.
    (r"(: Undefined Removed\n)(event .*: Defined )Updated", r'\1\2Added'),
]
# How often depends on how far the guest has got. What may stand between two of a kind goes first.
REPEATED = [
    (r"event 'balloon-change' .*\n", ''),
    (r"event 'rtc-change' .*\n", ''),
    (r"event .* for domain '(begin|end)': .*\n", ''),
    (r"(event 'reboot' .*\n)\1+", r'\1'),
    (r'events received: \d+', 'events received: N'),
]
# Numbers of the host itself, which go on.
HOST_NUMBERS = ('node', 'free')


class VirshTest(HostsTest):
    maxDiff = None

    def both(self, work) -> list:
        return list(self.workers.map(work, self.hosts))

    def compare(self, line: str):
        """Notes what the two print, where that is not the same."""
        def run(host):
            words = [word.format(folder=host.folder, guest=host.folder / 'guest.xml', second=host.folder / 'second.xml')
                     if word.startswith('{') else word for word in shlex.split(line)]
            text = host.general(host.virsh(*words))
            for pattern, replacement in VOLATILE:
                text = re.sub(pattern, replacement, text)
            return re.sub(r' *\d+(\.\d+)?', ' N', text) if line.startswith(HOST_NUMBERS) else text
        ours, theirs = self.both(run)
        self.said[line] = ours
        if ours != theirs:
            self.different.setdefault(line, []).append('\n'.join(
                difflib.unified_diff(theirs.splitlines(), ours.splitlines(), 'libvirtd', 'virtbus', n=0, lineterm='')))

    def test_script(self):
        self.workers = concurrent.futures.ThreadPoolExecutor(2)
        self.addCleanup(self.workers.shutdown)
        self.said, self.different, consoles = {}, {}, []
        for host in self.hosts:
            host.document('guest')
            host.document('second')
        listeners = self.both(self.listen)
        for line in filter(None, SCRIPT.splitlines()):
            if line.startswith('! '):
                for console in consoles:
                    console.expect(line[2:])
            elif line.startswith('? '):
                for console in consoles:
                    console.wake(line[2:])
            elif line.startswith('- '):
                for host in self.hosts:
                    self.until(lambda: host.virsh('domstate', 'guest').strip() == line[2:])
            else:
                self.compare(line)
            if line == 'start guest' and not consoles:
                consoles = [host.console('guest') for host in self.hosts]
                for console in consoles:
                    self.addCleanup(console.close)
        self.assertEqual([console.end() for console in consoles], [0, 0])
        self.assertGreaterEqual(len({line.split()[0] for line in self.said}), 60)
        for line in self.different.keys() ^ DIFFERENCES.keys():
            with self.subTest(line):
                self.fail('\n'.join(self.different.get(line, ['it is the same, and is said to be different'])))
        self.check_events(self.both(lambda host: self.heard(host, *listeners[self.hosts.index(host)])))

    def listen(self, host) -> tuple:
        """A virsh that listens, and the file where it writes what it hears."""
        path = host.folder / 'events'
        with open(path, 'w', encoding='utf-8') as output:
            process = host.popen(*host.virsh_command('event', '--all', '--loop'), stdout=output)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.until(lambda: self.mark(host, 'begin') and "'begin'" in path.read_text())
        return process, path

    def heard(self, host, process, path) -> str:
        """All of it: what is on its way to who is interrupted is lost."""
        self.mark(host, 'end')
        self.until(lambda: "'end': Undefined" in path.read_text())
        process.send_signal(signal.SIGINT)
        process.wait(240)
        return path.read_text()

    def mark(self, host, name: str) -> bool:
        """Something happens that is told of."""
        host.virsh('define', host.document(name))
        host.virsh('undefine', name)
        return True

    def check_events(self, heard: list):
        for pattern, replacement in REPEATED:
            heard = [re.sub(pattern, replacement, text) for text in heard]
        ours, theirs = heard
        for pattern, replacement in EVENTS:
            theirs, n = re.subn(pattern, replacement, theirs)
            self.assertGreater(n, 0, pattern)
        self.assertEqual(ours.splitlines(), theirs.splitlines())

    def until(self, condition):
        end = time.monotonic() + 240
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of libvirt's as Debian has them: its own binding, a binding that speaks the wire by itself, what makes
guests, and virsh where it listens or is a terminal."""

import pathlib
import re
import subprocess
import sys
import unittest

from wiretest import WireTest, environment, needs, virsh_script

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'guest'))

import guest
from qemu import Terminal

GO = '/usr/share/gocode'
DOMAIN = """<domain type='test'><name>second</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
<memory unit='KiB'>262144</memory><vcpu>2</vcpu><os><type arch='i686'>hvm</type></os></domain>"""


class BindingTest(WireTest):
    def scenario(self, uri: str) -> list:
        done = subprocess.run(['/usr/bin/python3', HERE / 'scenario.py', uri], capture_output=True, text=True,
                              timeout=300, env=environment())
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        # A guest of ours uses no processor time.
        return [re.sub(r'^(info -> \[5, .*), \d+\]$', r'\1]', line) for line in done.stdout.splitlines()]

    def test_python(self):
        """What is done and what is told are the same with libvirt's own test host, in its process."""
        if subprocess.run(['/usr/bin/python3', '-c', 'import libvirt'], capture_output=True).returncode:
            self.skipTest('there is no python3-libvirt')
        wanted = self.scenario('test:///default')
        self.maxDiff = None
        self.assertEqual(self.scenario(self.uri()), wanted)
        self.assertEqual(len([line for line in wanted if line.startswith('event')]), 21)

    def test_go(self):
        """It has no line of libvirt's."""
        if needs('go') or not pathlib.Path(GO, 'src/github.com/digitalocean/go-libvirt').exists():
            self.skipTest('there is no golang-github-digitalocean-go-libvirt-dev')
        done = subprocess.run(['go', 'run', HERE / 'scenario.go', self.socket()], capture_output=True, text=True,
                              timeout=300, cwd=self.bus.folder, env=environment({
                                  'GOPATH': GO, 'GO111MODULE': 'off', 'GOCACHE': str(guest.default_cache() / 'go'),
                                  'GOFLAGS': '-p=2'}))
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(done.stdout.splitlines(), [
            'TEST true', 'domains 2', 'state 1 1', 'info 262144 2', 'document true',
            "again: internal error: Domain 'second' is already running", 'gone: true',
            'event second 0 0', 'event second 2 0', 'event second 5 1', 'event second 1 0'])


class EventTest(WireTest):
    def test_virsh_hears(self):
        # Only what happens once they have registered is told.
        files = [self.background('all', 'virsh', '-c', self.uri(), 'event', '--all', '--loop'),
                 self.background('one', 'virsh', '-c', self.uri(), 'event', '--domain', 'test', '--event', 'lifecycle',
                                 '--loop')]
        self.until(lambda: self.wake() and all('Resumed' in path.read_text() for path in files))
        self.virsh('define', self.write('domain.xml', DOMAIN))
        for command in ('start', 'suspend', 'resume', 'destroy', 'undefine'):
            self.virsh(command, 'second')
        self.virsh('dominfo', 'test')
        self.until(lambda: 'Undefined' in files[0].read_text())
        self.assertEqual([line for line in files[0].read_text().splitlines() if "'second'" in line], [
            f"event 'lifecycle' for domain 'second': {event}" for event in (
                'Defined Added', 'Started Booted', 'Suspended Paused', 'Resumed Unpaused', 'Stopped Destroyed',
                'Undefined Removed')])
        self.wake()
        self.assertNotIn('second', files[1].read_text())
        self.assertIn("event 'lifecycle' for domain 'test': Suspended Paused\n", files[1].read_text())

    def wake(self) -> bool:
        self.virsh('suspend', 'test')
        self.virsh('resume', 'test')
        return True

    def test_other_kinds(self):
        client = self.raw()
        ids = {name: client.call(f'CONNECT_{name}_EVENT_REGISTER_ANY', eventID=0, **{what: None})['callbackID']
               for name, what in (('NETWORK', 'net'), ('STORAGE_POOL', 'pool'), ('NODE_DEVICE', 'dev'),
                                  ('SECRET', 'secret'))}
        refresh = client.call('CONNECT_STORAGE_POOL_EVENT_REGISTER_ANY', eventID=1, pool=None)['callbackID']
        self.assertEqual(len({*ids.values(), refresh}), 5)
        self.virsh('net-destroy', 'default')
        name, values = client.event()
        self.assertEqual((name, values['callbackID'], values['net']['name'], values['event'], values['detail']),
                         ('NETWORK_EVENT_LIFECYCLE', ids['NETWORK'], 'default', 3, 0))
        self.virsh('net-start', 'default')
        self.assertEqual(client.event()[1]['event'], 2)
        self.virsh('pool-refresh', 'default-pool')
        name, values = client.event()
        self.assertEqual((name, values['callbackID'], values['pool']['name']),
                         ('STORAGE_POOL_EVENT_REFRESH', refresh, 'default-pool'))
        client.call('CONNECT_NETWORK_EVENT_DEREGISTER_ANY', callbackID=ids['NETWORK'])
        self.virsh('net-destroy', 'default')
        self.virsh('net-start', 'default')
        self.virsh('pool-refresh', 'default-pool')
        self.assertEqual(client.event()[0], 'STORAGE_POOL_EVENT_REFRESH')

    def test_older_forms(self):
        oldest, old, new = self.raw(), self.raw(), self.raw()
        oldest.call('CONNECT_DOMAIN_EVENT_REGISTER')
        old.call('CONNECT_DOMAIN_EVENT_REGISTER_ANY', eventID=0)
        first = new.call('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', eventID=0, dom=None)['callbackID']
        second = new.call('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY', eventID=0, dom={
            'name': 'test', 'uuid': '6695eb01-f6a4-8304-79aa-97f2502e193f', 'id': 1})['callbackID']
        self.virsh('suspend', 'test')
        for client in (oldest, old):
            name, values = client.event()
            self.assertEqual((name, values['dom']['name'], values['event'], values['detail']),
                             ('DOMAIN_EVENT_LIFECYCLE', 'test', 3, 0))
        told = [new.event() for _ in range(2)]
        self.assertEqual({name for name, _ in told}, {'DOMAIN_EVENT_CALLBACK_LIFECYCLE'})
        self.assertEqual([values['callbackID'] for _, values in told], [first, second])
        oldest.call('CONNECT_DOMAIN_EVENT_DEREGISTER')
        old.call('CONNECT_DOMAIN_EVENT_DEREGISTER_ANY', eventID=0)
        new.call('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', callbackID=first)
        self.virsh('resume', 'test')
        self.assertEqual(new.event()[1]['callbackID'], second)
        for client in (oldest, old):
            client.call('CONNECT_GET_TYPE')
            self.assertEqual(client.events, [])


class GuestTest(WireTest):
    """Guests that are made by virt-install."""

    programs = ('virt-install', 'qemu-system-x86_64')

    def install(self, uri: str, *words: str) -> str:
        done = subprocess.run(['virt-install', '--connect', uri, '--name', 'new', '--vcpus', '1', '--osinfo', 'generic',
                               '--graphics', 'none', '--noautoconsole', *words], capture_output=True, text=True,
                              timeout=300, env=environment({'HOME': str(self.bus.folder)}))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_with_a_disk(self):
        """In the test host, which has storage."""
        text = self.install(self.uri(), '--memory', '64', '--disk', 'pool=default-pool,size=0.01,format=raw', '--import',
                            '--network', 'network=default')
        self.assertIn('Domain creation completed.', text)
        self.assertIn('/default-pool/new.img', self.virsh('domblklist', 'new'))
        self.assertEqual(self.virsh('domstate', 'new').strip(), 'running')
        self.virsh('destroy', 'new')
        self.virsh('undefine', 'new', '--remove-all-storage')
        self.assertNotIn('new.img', self.virsh('vol-list', 'default-pool'))

    # And what virsh says about it, or what begins so; None: whatever it is, the answer is one about the guest.
    COMMANDS = {
        'version': None, 'nodeinfo': None, 'capabilities': None, 'domcapabilities': None, 'list --all': None,
        'start new': "error: Domain is already active", 'domstate new --reason': 'running (booted)', 'dominfo new': None,
        'dumpxml new': '<domain type=', 'dumpxml new --inactive': '<domain type=', 'domblklist new': '',
        'domiflist new': '', 'vcpucount new': 'maximum      config         1', 'vcpuinfo new': 'VCPU:           0',
        'vcpucount new --current --live': '1', 'dommemstat new': 'actual 196608', 'domblkinfo new vda':
        'error: invalid argument: invalid path vda not assigned to domain', 'ttyconsole new': '/dev/pts/', 'desc new': '',
        'schedinfo new': None, 'domstats new --state': "Domain: 'new'", 'suspend new': '',
        'domstate new': 'paused', 'resume new': '', 'domstate  new': 'running', 'reset new': '',
        'send-key new KEY_A': '', 'inject-nmi new': '', 'domrename new other':
        'error: Requested operation is not valid: cannot rename active domain', 'autostart new': '',
        'autostart new --disable': '', 'domid new': None, 'domuuid new': None,
        'metadata new http://x': 'error: metadata not found', 'domtime new': None, 'domfsinfo new': None, 'guestvcpus new': None,
        'domifaddr new': None, 'domhostname new': None, 'domcontrol new': None, 'memtune new': None,
        'blkiotune new': None, 'numatune new': None, 'perf new': None, 'domjobinfo new': None, 'vcpupin new': None,
        'emulatorpin new': None, 'iothreadinfo new': None, 'snapshot-list new': None, 'checkpoint-list new': None,
        'blockjob new vda': None, 'migrate-getspeed new': None, 'domblkerror new': None, 'domdisplay new': None,
        'setmem new 180000': None, 'net-list': None, 'pool-list': None, 'nodedev-list': None, 'iface-list': None,
        'secret-list': None, 'nwfilter-list': None, 'qemu-monitor-command new info':
        "error: operation failed: unable to execute QEMU command 'info'",
        'managedsave-remove new': None, 'destroy new': '', 'domstate new --reason ': 'shut off (destroyed)',
        'domrename new  other': '', 'dominfo other': 'Id:             -', 'undefine other': '', 'list  --all': '',
    }

    def test_commands_about_a_real_one(self):
        uri = self.uri('qemu:///session')
        kernel, initramfs = guest.make()
        self.install(uri, '--import', '--virt-type', 'qemu', '--memory', '192', '--disk', 'none', '--network', 'none',
                     '--boot', f'kernel={kernel},initrd={initramfs},kernel_args="console=ttyS0 quiet no_timer_check"')
        for command, text in zip(self.COMMANDS, virsh_script(uri, list(self.COMMANDS))):
            with self.subTest(command):
                self.assertNotRegex(text, 'unknown procedure|internal error|Disconnected|virsh has ended')
                wanted = self.COMMANDS[command]
                if wanted is not None:
                    self.assertTrue(text.startswith(wanted) and (wanted or not text), text)

    def test_console_of_a_real_one(self):
        """Typed on one side, seen on the other."""
        uri = self.uri('qemu:///session')
        kernel, initramfs = guest.make()
        self.install(uri, '--import', '--virt-type', 'qemu', '--memory', '192', '--disk', 'none', '--network', 'none', '--boot',
                     f'kernel={kernel},initrd={initramfs},kernel_args="console=ttyS0 quiet no_timer_check"')
        self.assertEqual(self.virsh('domstate', 'new', uri=uri).strip(), 'running')
        with Terminal(['virsh', '-c', uri, 'console', 'new', '--force'], environment()) as console:
            console.expect('Escape character is')
            console.wake('guest# ')
            console.say('echo one-$((20 + 3))-two\n')
            console.expect('one-23-two')
            # More than a packet, and all of it.
            console.say('i=0; while [ $i -lt 300 ]; do echo "line $i of many"; i=$((i + 1)); done; echo the-end\n')
            for i in range(0, 300, 50):
                console.expect(f'line {i} of many')
            console.expect('the-end')
            console.say('\x1d')
            self.assertEqual(console.end(), 0)
        self.virsh('destroy', 'new', uri=uri)
        self.virsh('undefine', 'new', uri=uri)


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's virsh over the wire, unmodified: it prints what it prints about libvirt's own test host, which runs in
its process."""

import difflib
import re
import unittest

from wiretest import WireTest, needs, virsh_script

DOMAIN = """<domain type='test'><name>second</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
<title>A title</title><description>A text</description><memory unit='KiB'>262144</memory>
<currentMemory unit='KiB'>131072</currentMemory><vcpu current='2'>4</vcpu><os><type arch='i686'>hvm</type></os>
<devices><disk type='file' device='disk'><source file='/images/a.img'/><target dev='vda' bus='virtio'/></disk>
<interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/><target dev='tap7'/>
</interface></devices></domain>"""
NETWORK = """<network><name>blue</name><uuid>aaaaaaaa-2222-3333-4444-555555555555</uuid><bridge name='virbr7'/>
<forward mode='nat'/><ip address='10.9.8.1' netmask='255.255.255.0'><dhcp><range start='10.9.8.2' end='10.9.8.99'/>
</dhcp></ip></network>"""
POOL = """<pool type='dir'><name>green</name><uuid>bbbbbbbb-2222-3333-4444-555555555555</uuid>
<target><path>/green</path></target></pool>"""
VOLUME = "<volume><name>v1</name><capacity unit='M'>8</capacity><allocation>0</allocation></volume>"
SNAPSHOT = '<domainsnapshot><name>s1</name><description>first</description></domainsnapshot>'
INTERFACE = """<interface type='ethernet' name='eth9'><start mode='none'/><mac address='aa:bb:cc:dd:ee:f9'/>
</interface>"""
SECRET = "<secret ephemeral='no' private='no'><usage type='volume'><volume>/v</volume></usage></secret>"

COMMANDS = """
hostname
version
nodeinfo
nodecpumap
nodecpustats
nodememstats
freecell
capabilities
sysinfo
domcapabilities
cpu-models x86_64
node-memory-tune
nodesuspend mem 60
maxvcpus
maxvcpus --type kvm
list
list --all
list --name
list --uuid
list --title
list --inactive
list --id
list --state-running --autostart
dominfo test
dominfo 1
dominfo 6695eb01-f6a4-8304-79aa-97f2502e193f
dominfo nope
domid test
domuuid test
domname 1
domname 6695eb01-f6a4-8304-79aa-97f2502e1930
domstate test
domstate test --reason
domcontrol test
domblklist test
domiflist test
domblkstat test vda
domifstat test vnet0
vcpucount test
vcpucount test --maximum --live
vcpuinfo test
vcpupin test
emulatorpin test
iothreadinfo test
dommemstat test
cpu-stats test
cpu-stats test --total
domtime test
domdisplay test
ttyconsole test
schedinfo test
memtune test
blkiotune test
numatune test
perf test
domstats
domstats test --state --vcpu --balloon
domjobinfo test
define DOMAIN
list --all
dominfo second
dumpxml second
dumpxml second --inactive --security-info
domblklist second
domblklist second --details
domiflist second
domif-getlink second 52:54:00:11:22:33
desc second
desc second --title
desc second --config new description
desc second
autostart second
dominfo second
list --autostart --inactive
autostart second --disable
start nope
set-lifecycle-action second crash coredump-restart
set-lifecycle-action second crash coredump-destroy --config
set-lifecycle-action second reboot coredump-destroy
set-lifecycle-action second crash destroy --live
set-lifecycle-action second nope destroy
dumpxml second
start second
start second
set-lifecycle-action second crash preserve --live --config
dumpxml second
dumpxml second --inactive
domstate second --reason
domid second
suspend second
domstate second --reason
list --state-paused
resume second
resume second
domstate second --reason
setmem second 100000
setmaxmem second 300000 --config
setvcpus second 3 --live
vcpucount second
vcpupin second 0 1
vcpupin second
emulatorpin second 1
emulatorpin second
schedinfo second --set weight=7
memtune second --hard-limit 500000 --live
memtune second
numatune second
blkiotune second
reboot second
reset second
send-key second KEY_A
inject-nmi second
domrename second third
shutdown second
domstate second --reason
start second
snapshot-create second SNAPSHOT
snapshot-list second --name
snapshot-list second --tree
snapshot-list second --roots --name
snapshot-list second --leaves --name
snapshot-current second --name
snapshot-parent second s1
snapshot-parent second nope
snapshot-revert second s1
snapshot-create-as second s2 two
snapshot-list second --name
snapshot-list second --tree
snapshot-parent second s2
snapshot-current second --name
snapshot-delete second s1
snapshot-list second --name
snapshot-delete second s2
snapshot-current second
metadata second http://x
metadata second http://x --key k --set <y/>
metadata second http://x
destroy second
destroy second
domrename second third
list --all
undefine third
undefine third
create DOMAIN
dominfo second
undefine second
destroy second
list --all
net-list
net-list --all
net-list --name
net-info default
net-dumpxml default
net-uuid default
net-name dd8fe884-6c02-601e-7551-cca97df1c5df
net-define NETWORK
net-list --all
net-info blue
net-start blue
net-start blue
net-autostart blue
net-info blue
net-list --autostart
net-dhcp-leases blue
net-autostart blue --disable
net-update blue add dns-txt "<txt name='a' value='b'/>"
net-destroy blue
net-undefine blue
net-undefine blue
net-info nope
net-create NETWORK
net-list --transient
net-destroy blue
net-port-list default
pool-list
pool-list --all
pool-list --details
pool-list --type dir --name
pool-info default-pool
pool-info nope
pool-uuid default-pool
pool-name dfe224cb-28fb-8dd0-c4b2-64eb3f0f4566
pool-define POOL
pool-build green
pool-start green
pool-info green
pool-refresh green
pool-autostart green
pool-list --autostart
vol-create green VOLUME
vol-list green
vol-list green --details
vol-info v1 green
vol-dumpxml v1 green
vol-path v1 green
vol-key v1 green
vol-name /green/v1
vol-pool /green/v1
vol-create-as green v2 10M
vol-clone v1 v3 --pool green
vol-list green
vol-delete v1 green
vol-delete v1 green
vol-delete v2 green
vol-delete v3 green
pool-destroy green
pool-undefine green
pool-capabilities
find-storage-pool-sources-as netfs
iface-list
iface-list --all
iface-name aa:bb:cc:dd:ee:ff
iface-mac eth1
iface-dumpxml eth1
iface-dumpxml nope
iface-define INTERFACE
iface-start eth9
iface-list --all
iface-begin
iface-rollback
iface-undefine eth9
nodedev-dumpxml scsi_host1
nodedev-dumpxml nope
nodedev-destroy scsi_host9
secret-define SECRET
nwfilter-binding-list
checkpoint-list test
qemu-monitor-command test info
domfsinfo test
domfsfreeze test
domhostname test
domifaddr test
guestvcpus test
guestinfo test
domblkthreshold test vda 1
blockjob test vda
migrate-getspeed test
domdirtyrate-calc test
allocpages 4 1
domlaunchsecinfo nope
get-user-sshkeys test root
""".strip().splitlines()

# Where our test host is another one than libvirt's.
IDLE = 'a guest of ours uses no processor time, nor any processor of the host'
OTHERS = {
    'dominfo test': IDLE,
    'dominfo 1': IDLE,
    'dominfo 6695eb01-f6a4-8304-79aa-97f2502e193f': IDLE,
    'dominfo second': IDLE,
    'cpu-stats test': IDLE,
    'cpu-stats test --total': IDLE,
    'vcpuinfo test': IDLE,
    'domblkstat test vda': 'a disk of ours has no traffic',
    'domifstat test vnet0': "the text is the QEMU driver's",
    'schedinfo second --set weight=7': 'what is set stays set',
    'secret-define SECRET': "libvirt's test host keeps no secrets",
    'undefine second': 'a transient guest cannot be undefined, as with QEMU',
}


class VirshTest(WireTest):
    programs = ('virsh',)

    def commands(self) -> list:
        files = {'DOMAIN': self.write('domain.xml', DOMAIN), 'NETWORK': self.write('network.xml', NETWORK),
                 'POOL': self.write('pool.xml', POOL), 'VOLUME': self.write('volume.xml', VOLUME),
                 'SNAPSHOT': self.write('snapshot.xml', SNAPSHOT), 'SECRET': self.write('secret.xml', SECRET),
                 'INTERFACE': self.write('interface.xml', INTERFACE), 'SAVED': str(self.bus.folder / 'saved')}
        return [re.sub(r'\b[A-Z]{4,}\b', lambda word: files.get(word.group(), word.group()), command)
                for command in COMMANDS]

    def test_same_as_in_process(self):
        commands = self.commands()
        wanted = virsh_script('test:///default', commands)
        found = virsh_script(self.uri(), commands)
        differ = {}
        for command, text, ours in zip(COMMANDS, wanted, found):
            if text != ours:
                differ[command] = list(difflib.unified_diff(text.splitlines(), ours.splitlines(), 'libvirt', 'virtbus',
                                                            lineterm='', n=0))[2:]
        self.maxDiff = None
        self.assertEqual({command: lines for command, lines in differ.items() if command not in OTHERS}, {})
        self.assertEqual(sorted(differ), sorted(OTHERS), 'a difference that is no more')
        self.assertGreater(len(COMMANDS), 200)

    def test_read_only(self):
        """What reads is as ever; what writes is refused by name."""
        for command in ('list --all', 'dominfo test', 'dumpxml test', 'net-list', 'pool-list', 'nodeinfo', 'domstats'):
            with self.subTest(command):
                self.assertEqual(self.virsh(*command.split(), uri=self.uri(read_only=True)),
                                 self.virsh(*command.split()))
        for command, api in (('suspend test', 'virDomainSuspend'), ('destroy test', 'virDomainDestroy'),
                             ('net-destroy default', 'virNetworkDestroy'), ('setvcpus test 1', 'virDomainSetVcpus'),
                             ('autostart test', 'virDomainSetAutostart'),
                             ('pool-undefine default-pool', 'virStoragePoolUndefine')):
            for uri in ([self.uri(read_only=True)], [self.uri(), '--readonly']):
                with self.subTest(command):
                    text = self.virsh(*uri[1:], *command.split(), uri=uri[0], check=False)
                    self.assertIn(f'error: operation forbidden: read only access prevents {api}', text)

    def test_saving(self):
        saved = str(self.bus.folder / 'saved')
        self.virsh('create', self.write('domain.xml', DOMAIN))
        self.virsh('save', 'second', saved)
        self.assertEqual(self.virsh('list', '--all', '--name').split(), ['test'])
        self.virsh('restore', saved)
        self.assertEqual(self.virsh('list', '--name').split(), ['test', 'second'])
        self.virsh('destroy', 'second')

    def test_statistics_of_some(self):
        self.virsh('define', self.write('domain.xml', DOMAIN))
        self.assertEqual(self.virsh('domstats', '--state', 'second').split(),
                         ['Domain:', "'second'", 'state.state=5', 'state.reason=0'])
        self.assertEqual(self.virsh('domstats', '--state', 'second', 'test').count('Domain:'), 2)
        self.virsh('undefine', 'second')


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's bindings and virt-install on real guests of virtbus, unmodified."""

import pathlib
import re
import unittest

from qemu import HERE, HostsTest, guest
from wiretest import needs

GO = '/usr/share/gocode'


class BindingTest(HostsTest):
    def test_python(self):
        """The same on both hosts, as far as it is told in the same order."""
        said = []
        for host in self.hosts:
            text = host.run('/usr/bin/python3', HERE / 'scenario_guest.py', host.uri, host.document('guest'))
            # QEMU goes when it is told to: libvirtd passes that on.
            said.append(text.replace('event guest 6 2\n', '').splitlines())
        self.assertEqual(said[0], said[1])
        self.assertEqual(said[0], [
            'QEMU 0', "listed ['guest'] 1 0", 'state [1, 5] info [1, 131072, 131072, 1] id True', 'console True',
            'state [3, 1]', 'disks 1 vda 1048576', 'refused 55 Requested operation is not valid: domain is not running',
            'event guest 0 0', 'event guest 2 0', *2 * ['event guest 3 0', 'event guest 4 0'], 'event guest 5 1',
            'event guest 1 0'])

    def test_go(self):
        if needs('go') or not pathlib.Path(GO, 'src/github.com/digitalocean/go-libvirt').exists():
            self.skipTest('there is no golang-github-digitalocean-go-libvirt-dev')
        host = self.virtbus
        host.env.update(GOPATH=GO, GO111MODULE='off', GOCACHE=str(guest.default_cache() / 'go'), GOFLAGS='-p=2')
        text = host.run('go', 'run', HERE / 'scenario.go', host.socket, 'qemu:///session',
                        host.document('guest').read_text())
        self.assertEqual(text.splitlines(), [
            'QEMU true', 'domains 1', 'state 1 1', 'info 131072 1', 'document true',
            'again: Requested operation is not valid: domain is already running', 'gone: true',
            'event guest 0 0', 'event guest 2 0', 'event guest 5 1', 'event guest 1 0'])


class ToolsTest(HostsTest):
    """virt-install, virt-xml, virt-clone."""

    def setUp(self):
        missing = needs('virt-install', 'virt-xml', 'virt-clone')
        if missing:
            self.skipTest(missing)

    def test_guest_with_a_disk(self):
        host = self.virtbus
        document = host.document('made').read_text()
        kernel, initramfs = (re.search(f'<{name}>(.*)<', document)[1] for name in ('kernel', 'initrd'))
        # A plain path is for hosts with storage: of others virt-install takes the file by this name.
        text = host.run(
            'virt-install', '--connect', host.uri, '--name', 'made', '--memory', '128', '--vcpus', '1', '--virt-type',
            'qemu', '--import', '--noautoconsole', '--osinfo', 'detect=off,require=off', '--graphics', 'vnc', '--disk',
            f'type=file,source.file={host.folder}/made.img,driver.name=qemu,driver.type=raw,target.bus=virtio',
            '--network', 'user', '--boot', f'kernel={kernel},initrd={initramfs},kernel_args="console=ttyS0 quiet no_timer_check"')
        self.assertIn('Domain creation completed.', text)
        self.assertNotIn('exit status', text)
        with host.console('made') as console:
            console.wake('guest# ')
            console.say('echo size-$(cat /sys/block/vda/size)\n')
            console.expect('size-2048')
        self.assertEqual(host.virsh('domstate', 'made'), 'running\n\n')

        text = host.run('virt-xml', '--connect', host.uri, 'made', '--edit', '--metadata', 'title=A new title')
        self.assertIn("Domain 'made' defined successfully.", text)
        self.assertEqual(host.virsh('desc', 'made', '--title', '--config'), 'A new title\n')
        text = host.run('virt-xml', '--connect', host.uri, 'made', '--edit', '--memory', '96', '--print-diff')
        self.assertRegex(text, r'\n\+ +<currentMemory[^\n]*>98304<')

        # A copy of a disk needs storage, too.
        host.virsh('destroy', 'made')
        path = host.folder / 'bare.xml'
        path.write_text(re.sub('(?s)<disk .*</disk>', '', document).replace('made', 'bare'))
        host.virsh('undefine', 'made')
        host.virsh('define', path)
        text = host.run('virt-clone', '--connect', host.uri, '--original', 'bare', '--auto-clone', '--name',
                        'copy', '--print-xml')
        self.assertIn('<name>copy</name>', text)
        self.assertNotIn(host.virsh('domuuid', 'bare').strip(), text)


if __name__ == '__main__':
    unittest.main()

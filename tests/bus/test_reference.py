#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Errors word by word as libvirt says them: the same on our test host and on that of virsh, where it is installed."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from bustest import BusTest, CallError, PAUSED, RUNNING, SHUT_OFF, TEST, TEST_DOMAIN, TEST_UUID, guest_xml

NS = 'http://example.org/ns'

# What virsh is told, of which the last fails; what is called here, likewise.
CALLS = [
    ('suspend test; suspend test', [('Suspend',), ('Suspend',)]),
    ('resume test', [('Resume',)]),
    ('destroy test; resume test', [('Destroy', 0), ('Resume',)]),
    ('destroy test; suspend test', [('Destroy', 0), ('Suspend',)]),
    ('destroy test; shutdown test', [('Destroy', 0), ('Shutdown', 0)]),
    ('destroy test; reboot test', [('Destroy', 0), ('Reboot', 0)]),
    ('destroy test; reset test', [('Destroy', 0), ('Reset', 0)]),
    ('destroy test; destroy test', [('Destroy', 0), ('Destroy', 0)]),
    ('domrename test new', [('Rename', 'new', 0)]),
    ('destroy test; domrename test a/b', [('Destroy', 0), ('Rename', 'a/b', 0)]),
    ('destroy test; setvcpus test 1 --live', [('Destroy', 0), ('SetVcpus', 1, 1)]),
    ('setmem test 9000000', [('SetMemory', 9000000, 1)]),
    ('destroy test; setmem test 1000 --live', [('Destroy', 0), ('SetMemory', 1000, 1)]),
    ('setmaxmem test 9000000 --live', [('SetMemory', 9000000, 5)]),
    (f'metadata test {NS}', [('GetMetadata', 2, NS, 0)]),
    (f'metadata test {NS} --key k --set "<a"', [('SetMetadata', 2, '<a', 'k', NS, 0)]),
]

# Documents that both take, or both refuse in the same words.
DOCUMENTS = [
    '<domain/>', "<domain type='test'/>", '<network><name>a</name></network>', '<a></b>',
    "<domain type='vax'><name>a</name></domain>", "<domain type='test'><uuid>no</uuid><name>a</name></domain>",
    guest_xml('test', ''), guest_xml('test', 'a/b'), guest_xml('test', 'a', memory=0), guest_xml('test', 'test'),
    guest_xml('test', 'other', uuid=TEST_UUID), guest_xml('test', 'a', more="<vcpu current='3'>2</vcpu>"),
    guest_xml('test', 'a'),
]
# Those that both refuse, with an error of the same kind; ours names the place and what could stand there.
DOCUMENTS_IN_OTHER_WORDS = [
    '', '<domain', guest_xml('test', 'a', memory='much'), guest_xml('test', 'a', memory=-1),
    guest_xml('test', 'a', devices='<disk/>'), guest_xml('test', 'a', devices="<disk type='none'/>"),
]


@unittest.skipUnless(shutil.which('virsh'), 'there is no virsh')
class ReferenceTest(BusTest):
    maxDiff = None

    @staticmethod
    def virsh(commands: str) -> list:
        result = subprocess.run(['virsh', '-q', '-c', 'test:///default', commands],
                                capture_output=True, text=True, env={**os.environ, 'LC_ALL': 'C'}, timeout=120)
        return [text.strip() for text in re.split(r'^error: ', result.stderr, flags=re.MULTILINE) if text.strip()]

    def ours(self, calls) -> str:
        guest = self.client.object(TEST_DOMAIN)
        try:
            for member, *arguments in calls[:-1]:
                guest.call(f'Domain.{member}', *arguments)
            with self.assertRaises(CallError) as caught:
                guest.call(f'Domain.{calls[-1][0]}', *calls[-1][1:])
            return caught.exception.message
        finally:
            state = guest.get('Domain.State')[0]
            if state == SHUT_OFF:
                guest.call('Domain.Create', 0)
            elif state == PAUSED:
                guest.call('Domain.Resume')
            self.assertEqual(guest.get('Domain.State')[0], RUNNING)

    def test_calls(self):
        for commands, calls in CALLS:
            with self.subTest(commands):
                theirs = self.virsh(commands)
                self.assertTrue(theirs, 'virsh does it')
                self.assertEqual(self.ours(calls), theirs[-1])

    def test_documents(self):
        for xml in DOCUMENTS:
            with self.subTest(xml):
                theirs, ours = self.define(xml)
                self.assertEqual(ours, theirs)

    def test_documents_in_other_words(self):
        for xml in DOCUMENTS_IN_OTHER_WORDS:
            with self.subTest(xml):
                theirs, ours = (re.match(r'[^:]*(?=:|$)', text).group().split(' for ')[0] for text in self.define(xml))
                self.assertEqual(ours, theirs)

    def define(self, xml: str) -> tuple:
        """What virsh and the service say of it; None where it is taken."""
        with tempfile.NamedTemporaryFile('w', suffix='.xml') as file:
            file.write(xml)
            file.flush()
            theirs = self.virsh(f'define {file.name}')
        try:
            path = self.client.object(TEST).call('Connection.DomainDefineXML', xml)
            self.client.object(path).call('Domain.Undefine', 0)
        except CallError as error:
            return (theirs[-1] if theirs else None, error.message)
        return (theirs[-1] if theirs else None, None)


if __name__ == '__main__':
    unittest.main(verbosity=2)

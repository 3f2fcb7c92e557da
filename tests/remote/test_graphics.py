#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The screen of a guest on another host, as a descriptor here: through the connection that SSH has."""

import os
import pathlib
import select
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

import lab as laboratory
from bustest import guest_xml
from labtest import FromHere

# Of what a VNC server says first.
GREETING = b'RFB 003.'


class GraphicsTest(FromHere):
    def start(self, transport: str, devices: str):
        uri = f'qemu+{transport}://root@{laboratory.NAME}/system?keyfile={self.lab.key()}'
        uri += '&no_verify=1' if transport == 'ssh' else f'&known_hosts={self.hosts}'
        host = self.client.object(self.client.object('/org/virtbus1').call('Manager.Open', uri, 0))
        self.addCleanup(lambda: self.client.object('/org/virtbus1').call('Manager.Close', host.path))
        guest = self.client.object(host.call(
            'Connection.DomainCreateXML', guest_xml('qemu', f'screen-{transport}', devices=devices), 0))
        self.addCleanup(lambda: guest.call('Domain.Destroy', 0))
        return guest

    def read(self, descriptor: int) -> bytes:
        data = b''
        while len(data) < len(GREETING) and select.select([descriptor], [], [], 120)[0]:
            part = os.read(descriptor, 64)
            if not part:
                break
            data += part
        return data

    def test_screen(self):
        for transport in ('libssh', 'ssh'):
            with self.subTest(transport):
                guest = self.start(transport, "<graphics type='vnc' autoport='yes'/>")
                # More than one at once.
                for _ in range(2):
                    descriptor = guest.call('Domain.OpenGraphicsFD', 0, 0)
                    self.addCleanup(os.close, descriptor)
                    self.assertTrue(self.read(descriptor).startswith(GREETING))
                with self.refused('InvalidArg', 'invalid argument: there is no graphics device with index 1'):
                    guest.call('Domain.OpenGraphicsFD', 1, 0)
                # The guest is answered for meanwhile.
                self.assertEqual(guest.call('Domain.GetState', 0)[0], 1)

    def test_one_connection(self):
        """libssh carries calls and screens in one connection."""
        guest = self.start('libssh', "<graphics type='vnc' autoport='yes'/>")
        before = self.sessions()
        descriptor = guest.call('Domain.OpenGraphicsFD', 0, 0)
        self.addCleanup(os.close, descriptor)
        self.assertTrue(self.read(descriptor).startswith(GREETING))
        self.assertLessEqual(self.sessions(), before)

    def sessions(self) -> int:
        return len(self.lab.there.run('pgrep', '-f', 'sshd: root', check=False).stdout.split())


if __name__ == '__main__':
    unittest.main()

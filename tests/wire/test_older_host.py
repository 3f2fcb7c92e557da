#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host from before libvirt 7.2: it takes what a network's update is about and what is to be done in the other order,
and knows nothing of a feature that says so. The service is both ends; what is older stands between."""

import contextlib
import select
import socket
import struct
import threading
import unittest

from rpc import CALL, PROCEDURES, pack_fields, unpack_fields
from wiretest import WireTest

CORRECT_ORDER = 16
ADD_LAST, DNS_TXT, CONFIG = 3, 11, 2
NETWORK = "<network><name>{0}</name><bridge name='virbr{1}'/></network>"


class Between:
    """Passes on the frames of one connection; with older, as that host would."""

    def __init__(self, path: str, target: str, older: bool):
        self._target, self._older = target, older
        self._asked = set()  # serials
        self.updates = []    # what came, as it came
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _run(self):
        with contextlib.suppress(OSError):
            near, _ = self._listener.accept()
            with near, socket.socket(socket.AF_UNIX) as far:
                far.connect(self._target)
                self._pass(near, far)

    def _pass(self, near, far):
        waiting = {near: b'', far: b''}
        while True:
            for source in select.select([near, far, self._listener], [], [])[0]:
                if source is self._listener:
                    return
                data = source.recv(65536)
                if not data:
                    return
                waiting[source] += data
                while len(waiting[source]) >= 4:
                    length = struct.unpack('>I', waiting[source][:4])[0]
                    if len(waiting[source]) < length:
                        break
                    frame, waiting[source] = waiting[source][:length], waiting[source][length:]
                    (far if source is near else near).sendall(self._changed(frame))

    def _changed(self, frame: bytes) -> bytes:
        head, payload = frame[:28], frame[28:]
        _, _, number, type_, serial, _ = struct.unpack('>IIiiIi', head[4:])
        feature, update = PROCEDURES['CONNECT_SUPPORTS_FEATURE'], PROCEDURES['NETWORK_UPDATE']
        if number == feature.number and type_ == CALL:
            if unpack_fields(feature.args, payload)['feature'] == CORRECT_ORDER:
                self._asked.add(serial)
        elif number == feature.number and serial in self._asked and self._older:
            return head + pack_fields(feature.ret, {'supported': 0})
        elif number == update.number and type_ == CALL:
            args = unpack_fields(update.args, payload)
            self.updates.append((args['command'], args['section']))
            if self._older:
                args['command'], args['section'] = args['section'], args['command']
                return head + pack_fields(update.args, args)
        return frame


class OlderHostTest(WireTest):
    def update(self, name: str, older: bool) -> list:
        """A text for a network's names, by the way of another host; what the frames said."""
        path = str(self.bus.folder / name)
        between = Between(path, self.socket(), older)
        self.addCleanup(between.close)
        host = self.open(f'test+unix:///default?socket={path}')
        network = self.client.object(host.call('Connection.NetworkDefineXML', NETWORK.format(name, int(older) + 70)))
        self.addCleanup(network.call, 'Network.Undefine')
        network.call('Network.Update', ADD_LAST, DNS_TXT, -1, "<txt name='a' value='b'/>", CONFIG)
        self.assertIn("<txt name='a' value='b'/>", network.call('Network.GetXMLDesc', 0))
        return between.updates

    def test_network_update(self):
        self.assertEqual(self.update('today', older=False), [(ADD_LAST, DNS_TXT)])
        self.assertEqual(self.update('older', older=True), [(DNS_TXT, ADD_LAST)])


if __name__ == '__main__':
    unittest.main()

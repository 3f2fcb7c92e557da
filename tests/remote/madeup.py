# SPDX-License-Identifier: LGPL-2.1-or-later
"""A peer that is made up: it has what a table says, however little sense that makes.

    with MadeUp({'CONNECT_LIST_ALL_STORAGE_POOLS': {'pools': [...], 'ret': 1}}) as peer:
        ... connect to peer.socket ...

A procedure that is not in the table, or None there, is unknown to it, but for those that open a connection.
"""

import contextlib
import pathlib
import shutil
import socket
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'wire'))

from rpc import BY_NUMBER, ERROR, ERROR_LAYOUT, OK, REPLY, Client, Closed, Frame, pack_fields

OPENING = {'AUTH_LIST': {'types': [0]}, 'CONNECT_OPEN': {}, 'CONNECT_SUPPORTS_FEATURE': {'supported': 0}}
UNKNOWN = {'code': 3, 'domain': 0, 'message': 'not supported', 'level': 2, 'dom': None, 'str1': None, 'str2': None,
           'str3': None, 'int1': 0, 'int2': 0, 'net': None}


class End(Client):
    """A connection that was accepted."""

    def __init__(self, accepted):
        self.socket = accepted

    def reply_to(self, call, values: dict):
        payload = pack_fields(BY_NUMBER[call.program, call.procedure].ret, values)
        self.send(Frame(call.program, 1, call.procedure, REPLY, call.serial, OK, payload))

    def refuse(self, call, code=UNKNOWN['code'], message=UNKNOWN['message']):
        payload = pack_fields(ERROR_LAYOUT, {**UNKNOWN, 'code': code, 'message': message})
        self.send(Frame(call.program, 1, call.procedure, REPLY, call.serial, ERROR, payload))


class MadeUp:
    def __init__(self, answers: dict):
        self._answers = {**OPENING, **answers}
        self._ends = []
        self._threads = []

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-madeup-'))
        self.socket = self.folder / 'sock'
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.socket))
        self._listener.listen()
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        # Wakes who accepts there, or reads; closing alone would not.
        for one in [self._listener, *(end.socket for end in self._ends)]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for one in [self._listener, *(end.socket for end in self._ends)]:
            one.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, run, *arguments):
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                end = End(self._listener.accept()[0])
                self._ends.append(end)
                self._start(self._serve, end)

    def _serve(self, end):
        with contextlib.suppress(Closed, OSError):
            while True:
                call = end.receive()
                self.answer(end, call, BY_NUMBER[call.program, call.procedure].name)

    def answer(self, end, call, name: str):
        values = self._answers.get(name)
        if values is not None:
            end.reply_to(call, values)
        else:
            end.refuse(call)

    def uri(self) -> str:
        return f'test+unix:///default?socket={self.socket}'

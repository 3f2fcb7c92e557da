# SPDX-License-Identifier: LGPL-2.1-or-later
"""A way to a socket that can be cut, held up and closed.

    with Proxy(path) as proxy:
        ... connect to proxy.socket, or to 127.0.0.1:proxy.port ...
        proxy.cut()         every connection ends
        proxy.inject(data)  who connected hears that, too
        proxy.hold()        nothing gets through any more, in either direction, until release()
        proxy.refuse()      new connections end at once, until allow()

LateEvents is one in which replies overtake events.
"""

import contextlib
import pathlib
import shutil
import socket
import struct
import tempfile
import threading

DEADLINE = 60

class Proxy:
    """A thread for each direction of each connection, so that none stands in another's way."""

    def __init__(self, target: str):
        self._target = target
        self._change = threading.Condition()
        self._pairs = []
        self._threads = []
        self._held = self._refused = False
        self._hold_after = None
        self.accepted = 0

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-proxy-'))
        self.socket = self.folder / 'sock'
        self._listeners = [socket.socket(socket.AF_UNIX), socket.socket()]
        self._listeners[0].bind(str(self.socket))
        self._listeners[1].bind(('127.0.0.1', 0))
        self.port = self._listeners[1].getsockname()[1]
        for listener in self._listeners:
            listener.listen()
            self._start(self._accept, listener)
        return self

    def __exit__(self, *_):
        for listener in self._listeners:
            # Wakes who accepts there; closing alone would not.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, run, *arguments):
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                with self._change:
                    self.accepted += 1
                    if self._refused:
                        near.close()
                        continue
                    far = socket.socket(socket.AF_UNIX)
                    try:
                        far.connect(self._target)
                    except OSError:
                        near.close()
                        far.close()
                        continue
                    pair = (near, far)
                    self._pairs.append(pair)
                self._start(self._copy, pair, near, far)
                self._start(self._copy, pair, far, near)

    def _copy(self, pair, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self._change:
                    self._change.wait_for(lambda: not self._held or pair not in self._pairs)
                    if pair not in self._pairs:
                        return
                target.sendall(self._passes(pair, source, data))
                with self._change:
                    if self._hold_after is not None:
                        self._hold_after -= len(data)
                        if self._hold_after <= 0:
                            self._hold_after, self._held = None, True
        with self._change:
            self._end(pair)

    def _passes(self, pair, source, data: bytes) -> bytes:
        """What goes on of it now."""
        return data

    def _end(self, pair):
        if pair not in self._pairs:
            return
        self._pairs.remove(pair)
        for end in pair:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._change.notify_all()

    @property
    def connections(self) -> int:
        with self._change:
            return len(self._pairs)

    def cut(self):
        with self._change:
            for pair in list(self._pairs):
                self._end(pair)

    def inject(self, data: bytes):
        """To those who connected, as if the other end had said it."""
        with self._change:
            for near, _ in self._pairs:
                # One may have hung up, and its threads have not heard of it yet.
                with contextlib.suppress(OSError):
                    near.sendall(data)

    def hold(self, after=None):
        """After that many bytes more, or now."""
        with self._change:
            self._hold_after, self._held = after, after is None

    def release(self):
        with self._change:
            self._hold_after, self._held = None, False
            self._change.notify_all()

    def refuse(self):
        with self._change:
            self._refused = True

    def allow(self):
        with self._change:
            self._refused = False


class LateEvents(Proxy):
    """What the peer tells unasked stays here until tell(); and between two questions there can be a pause."""

    PROGRAM = 0x20008086
    CALL, REPLY, MESSAGE = range(3)

    def __init__(self, target: str):
        super().__init__(target)
        self._begun, self._events = {}, []
        self._pause_after = None
        self._answered = False

    def _passes(self, pair, source, data):
        near, far = pair
        data, passed = self._begun.get(source, b'') + data, []
        while len(data) >= 4 and len(data) >= (size := struct.unpack_from('>I', data)[0]):
            frame, data = data[:size], data[size:]
            program, _, procedure, type_ = struct.unpack_from('>IIIi', frame, 4)
            if source is far and (program, type_) == (self.PROGRAM, self.MESSAGE):
                with self._change:
                    self._events.append((near, frame))
                continue
            passed.append(frame)
            if procedure != self._pause_after or type_ not in (self.CALL, self.REPLY):
                continue
            (near if source is far else far).sendall(b''.join(passed))
            passed = []
            with self._change:
                self._answered = self._answered or source is far
                self._change.notify_all()
                self._change.wait_for(lambda: source is far or self._pause_after is None or pair not in self._pairs)
        self._begun[source] = data
        return b''.join(passed)

    def tell(self) -> int:
        """Only while nothing else is under way. How many there were."""
        with self._change:
            events, self._events = self._events, []
        for near, event in events:
            near.sendall(event)
        return len(events)

    def pause(self, procedure: int):
        """What is asked after the next call of that procedure waits here until go_on()."""
        with self._change:
            self._pause_after, self._answered = procedure, False

    def wait_for_pause(self):
        with self._change:
            if not self._change.wait_for(lambda: self._answered, DEADLINE):
                raise AssertionError('nobody has asked')

    def go_on(self):
        with self._change:
            self._pause_after = None
            self._change.notify_all()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A way to a socket that can be cut, held up and closed.

    with Proxy(path) as proxy:
        ... connect to proxy.socket, or to 127.0.0.1:proxy.port ...
        proxy.cut()         every connection ends
        proxy.hold()        nothing gets through any more, in either direction
        proxy.refuse()      new connections end at once, until allow()
"""

import pathlib
import selectors
import shutil
import socket
import tempfile
import threading


class Proxy:
    def __init__(self, target: str):
        self._target = target
        self._lock = threading.Lock()
        self._pairs = []
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
        self._selector = selectors.DefaultSelector()
        for listener in self._listeners:
            listener.listen()
            self._selector.register(listener, selectors.EVENT_READ, None)
        self._wake, waker = socket.socketpair()
        self._waker = waker
        self._selector.register(self._wake, selectors.EVENT_READ, 'wake')
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        with self._lock:
            self._target = None
        self._waker.send(b'x')
        self._thread.join()
        self.cut()
        for one in (*self._listeners, self._wake, self._waker):
            one.close()
        self._selector.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                with self._lock:
                    if self._target is None:
                        return
                    if key.data is None:
                        self._accept(key.fileobj)
                    elif key.data == 'wake':
                        self._wake.recv(16)
                    else:
                        self._forward(key.fileobj, key.data)

    def _accept(self, listener):
        near, _ = listener.accept()
        self.accepted += 1
        if self._refused:
            near.close()
            return
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._target)
        self._pairs.append((near, far))
        if not self._held:
            self._watch(near, far)

    def _watch(self, near, far):
        self._selector.register(near, selectors.EVENT_READ, far)
        self._selector.register(far, selectors.EVENT_READ, near)

    def _forward(self, source, target):
        try:
            data = source.recv(65536)
            if data:
                target.sendall(data)
                if self._hold_after is not None:
                    self._hold_after -= len(data)
                    if self._hold_after <= 0:
                        self._hold_after = None
                        self._stop_watching()
                return
        except OSError:
            pass
        self._end(source)

    def _stop_watching(self):
        self._held = True
        for pair in self._pairs:
            for one in pair:
                if one in self._selector.get_map():
                    self._selector.unregister(one)

    def _end(self, one):
        for pair in [pair for pair in self._pairs if one in pair]:
            self._pairs.remove(pair)
            for end in pair:
                if end in self._selector.get_map():
                    self._selector.unregister(end)
                end.close()

    @property
    def connections(self) -> int:
        with self._lock:
            return len(self._pairs)

    def cut(self):
        with self._lock:
            for near, _ in list(self._pairs):
                self._end(near)

    def hold(self, after=None):
        """After that many bytes more, or now."""
        with self._lock:
            if after is not None:
                self._hold_after = after
                return
            self._stop_watching()

    def release(self):
        with self._lock:
            self._held = False
            self._hold_after = None
            for near, far in self._pairs:
                self._watch(near, far)
        self._waker.send(b'x')

    def refuse(self):
        with self._lock:
            self._refused = True

    def allow(self):
        with self._lock:
            self._refused = False

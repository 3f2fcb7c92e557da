#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An emulator that misbehaves as its test wants: named by <emulator>, started by the service as QEMU is.

Beside it lies "behaviour", a JSON object, read at each start:

    {"exit": TEXT}                 complain and end at once, with status 1
    {"silent": true}               never listen to the monitor
    {"greet": TEXT}                say this instead of QMP's greeting
    {"hang": COMMAND}              never answer that command
    {"refuse": COMMAND}            fail that command
    {"die": COMMAND}               complain and end when that command comes
    {"hang-up": COMMAND}           close the monitor when it comes, and go on
    {"garbage": COMMAND}           answer it with what is no JSON
    {"stubborn": true}             ignore SIGTERM
    {}                             answer everything

What is written into the FIFO "tell-NAME" is said on the monitor of the guest NAME. Asked for its abilities it is
the real QEMU.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import sys
import threading

REAL = '/usr/bin/qemu-system-x86_64'
GREETING = {'QMP': {'version': {'qemu': {'major': 7, 'minor': 2, 'micro': 0}, 'package': ''}, 'capabilities': []}}
COMPLAINT = 'qemu-fake: something is wrong with me'


def complain(text: str):
    print(text, file=sys.stderr, flush=True)
    os._exit(1)


class Monitor:
    def __init__(self, behaviour: dict, listener: socket.socket):
        self.behaviour, self.listener = behaviour, listener
        self.peer = None

    def say(self, text: str):
        try:
            self.peer.sendall(text.encode() + b'\n')
        except (OSError, AttributeError):
            pass

    def tell(self, folder: pathlib.Path, name: str):
        os.mkfifo(folder / f'tell-{name}')
        # Open for writing too, it has no end.
        with open(os.open(folder / f'tell-{name}', os.O_RDWR)) as fifo:
            for line in fifo:
                self.say(line.strip())

    def serve(self):
        while True:
            self.peer, _ = self.listener.accept()
            with contextlib.suppress(OSError):
                self.say(self.behaviour.get('greet', json.dumps(GREETING)))
                for line in self.peer.makefile('r'):
                    if not self.answer(json.loads(line)):
                        break
                self.peer.shutdown(socket.SHUT_RDWR)

    def answer(self, command: dict) -> bool:
        """False: hang up."""
        name, id_ = command['execute'], command.get('id')
        kind = next((kind for kind, value in self.behaviour.items() if value == name), None)
        if kind == 'hang':
            return True
        if kind == 'die':
            complain(COMPLAINT)
        if kind == 'hang-up':
            self.behaviour = {}
            return False
        if kind == 'garbage':
            self.behaviour = {}
            self.say('{"return": {')
            self.say(']]]]')
            return True
        if kind == 'refuse':
            self.say(json.dumps({'id': id_, 'error': {'class': 'GenericError', 'desc': COMPLAINT}}))
            return True
        result = [] if name.startswith('query-') and name.endswith('s') or name == 'query-chardev' else {}
        if name in ('stop', 'cont'):
            self.say(json.dumps({'event': 'STOP' if name == 'stop' else 'RESUME',
                                 'timestamp': {'seconds': 1, 'microseconds': 0}}))
        self.say(json.dumps({'id': id_, 'return': result}))
        return True


def main():
    if '-name' not in sys.argv:
        os.execv(REAL, [REAL, *sys.argv[1:]])
    folder = pathlib.Path(sys.argv[0]).parent
    behaviour = json.loads((folder / 'behaviour').read_text())
    name = re.search(r'guest=([^,]+)', sys.argv[sys.argv.index('-name') + 1]).group(1)
    if 'exit' in behaviour:
        complain(behaviour['exit'])
    if 'stubborn' in behaviour:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if 'silent' in behaviour:
        signal.pause()
    number = next(int(found.group(1)) for found in (re.search(r'id=charmonitor,fd=(\d+)', a) for a in sys.argv) if found)
    monitor = Monitor(behaviour, socket.socket(fileno=number))
    (folder / f'tell-{name}').unlink(missing_ok=True)
    threading.Thread(target=monitor.tell, args=(folder, name), daemon=True).start()
    monitor.serve()


main()

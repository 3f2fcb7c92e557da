#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a command of the transport ext does: copies bytes between its input and output and a socket."""

import os
import select
import socket
import sys


def main(path: str):
    link = socket.socket(socket.AF_UNIX)
    try:
        link.connect(path)
    except OSError as trouble:
        sys.exit(f'{path}: {trouble.strerror}')
    while True:
        ready, _, _ = select.select([0, link], [], [])
        for source in ready:
            data = os.read(0, 65536) if source == 0 else link.recv(65536)
            if not data:
                return
            if source == 0:
                link.sendall(data)
            else:
                while data:
                    data = data[os.write(1, data):]


main(sys.argv[1])

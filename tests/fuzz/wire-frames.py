#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes seeds for a peer of the wire into a folder: frames in pieces, as fuzz-wire-peer.c takes them."""

import itertools
import pathlib
import struct
import sys

folder = pathlib.Path(sys.argv[1])


def frame(kind, serial, payload=b"", program=0x20008086, procedure=212, length=None):
    return struct.pack(">IIIiiIi", length or 28 + len(payload), program, 1, procedure, kind, serial, 0) + payload


def piece(data, flags=2):
    return bytes((len(data), flags)) + data


def pieces(data, size, flags=2):
    return b"".join(piece(data[at:at + size], flags) for at in range(0, len(data), size))


ping = frame(2, 0, program=0x6b656570, procedure=1)
seeds = [pieces(frame(0, serial, b"payload!"), size)
         for serial, size in itertools.product(range(32), (1, 5, 36))]
seeds += [piece(frame(0, 1) + frame(0, 3) + frame(0, 2) + frame(0, 1)), piece(ping + frame(0, 16)),
          piece(frame(4, 1, struct.pack(">I", 0))), piece(frame(0, 0, length=33554437)), piece(frame(0, 0, length=27))]
for count in (1, 2, 32, 33):
    for serial in (0, 1, 3):
        with_fds = piece(frame(4, serial, struct.pack(">I", count) + b"more"))
        seeds.append(with_fds + piece(b"\0", 3) * count + piece(frame(0, 1)))
        seeds.append(with_fds + piece(b"\0", 1) * count)
        seeds.append(with_fds + piece(b"\0", 0) * count)
for number, seed in enumerate(seeds):
    (folder / str(number)).write_bytes(seed)

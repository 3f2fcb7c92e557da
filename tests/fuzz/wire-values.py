#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes seeds for the wire's values into a folder: each number that chooses a layout, and then words that are short
strings, counts, optional values and numbers."""

import pathlib
import struct
import sys

folder = pathlib.Path(sys.argv[1])
WORDS = (bytes(600), struct.pack(">II", 1, 1) + b"1" + bytes(3) + bytes(600), struct.pack(">I", 1) * 150)
for number in range(0, 3000, 1):
    words = WORDS[number % len(WORDS)]
    (folder / str(number)).write_bytes(struct.pack("<H", number) + words)

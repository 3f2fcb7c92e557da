#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The documents that the cases beside this file stand for; test-model-domain-corpus.c makes the same.

corpus.py DIR writes them there, a file for each.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
UUID = "7b1e3a0e-0000-4000-8000-00000000ca5e"


def document(case, devices, name, kind, number):
    domain = case.find("domain") if devices else case
    children = [] if domain is None else list(domain)
    tags = {child.tag for child in children}
    number = f" id='{number}'" if number else ""
    parts = [f"<domain type='{kind}'{number}><name>{name}</name><uuid>{UUID}</uuid>"]
    if "memory" not in tags:
        parts.append("<memory unit='KiB'>1048576</memory>")
    if "os" not in tags:
        parts.append("<os><type arch='x86_64'>hvm</type></os>")
    parts += [ElementTree.tostring(child, encoding="unicode") for child in children]
    if devices:
        parts.append("<devices>")
        parts += [ElementTree.tostring(child, encoding="unicode") for child in case if child.tag != "domain"]
        parts.append("</devices>")
    return "".join(parts) + "</domain>"


def documents():
    """(name, text) of each document."""
    for path in sorted(HERE.glob("cases/*.xml")):
        root = ElementTree.parse(path).getroot()
        devices = root.get("inside") == "devices"
        for case in root:
            words = case.get("each")
            for word in words.split() if words else [None]:
                name = case.get("name") + (f"-{word}" if words else "")
                text = document(case, devices, name, case.get("type", "test"), case.get("id"))
                yield name, text.replace("EACH", word) if words else text


if __name__ == "__main__":
    for case_name, case_text in documents():
        pathlib.Path(sys.argv[1], case_name).write_text(case_text)

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the reference of the bus API: an HTML page for each interface, from the documentation in its XML.

    reference.py FOLDER COMPATIBLE.tsv INTERFACE.xml...
"""

import html
import os
import sys

from generate import OWN, Class, Wrong

# What an object of the class may be called, in the examples.
PATHS = {
    "Manager": "/org/virtbus1",
    "Driver": "/org/virtbus1/driver/qemu",
    "Connection": "/org/virtbus1/connection/qemu_system",
    "Domain": "/org/virtbus1/connection/qemu_system/domain/_UUID",
    "DomainSnapshot": "/org/virtbus1/connection/qemu_system/domainsnapshot/_UUID_NAME",
    "DomainCheckpoint": "/org/virtbus1/connection/qemu_system/domaincheckpoint/_UUID_NAME",
    "Network": "/org/virtbus1/connection/qemu_system/network/_UUID",
    "StoragePool": "/org/virtbus1/connection/qemu_system/storagepool/_UUID",
    "StorageVol": "/org/virtbus1/connection/qemu_system/storagevol/KEY",
    "NodeDevice": "/org/virtbus1/connection/qemu_system/nodedev/NAME",
    "Secret": "/org/virtbus1/connection/qemu_system/secret/_UUID",
    "NWFilter": "/org/virtbus1/connection/qemu_system/nwfilter/_UUID",
    "Job": "/org/virtbus1/connection/qemu_system/domain/_UUID/job/NUMBER",
    "Interface": "/org/virtbus1/connection/qemu_system/interface/MAC",
}
STYLE = """body { font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; }
h2 { border-top: 1px solid #ccc; padding-top: .5em; margin-top: 2em; }
pre { background: #f4f4f4; padding: .6em; overflow-x: auto; } dt { font-family: monospace; margin-top: .4em; }
.facts { color: #555; }"""


def documentation(element):
    """The first line names the member; then '@arg: text' entries; then paragraphs."""
    lines = [line.strip() for line in element.comment.strip().splitlines()[1:]]
    args, paragraphs, current = {}, [[]], None
    for line in lines:
        if line.startswith("@"):
            name, _, text = line[1:].partition(": ")
            current = args.setdefault(name, [])
            current.append(text)
        elif not line:
            current = None
            paragraphs.append([])
        else:
            (paragraphs[-1] if current is None else current).append(line)
    return ({name: " ".join(text) for name, text in args.items()},
            [" ".join(text) for text in paragraphs if text])


def busctl_value(signature):
    """A value as busctl takes it, to be replaced by a real one."""
    if signature in ("s", "o", "g"):
        return "TEXT" if signature == "s" else "/PATH"
    return "0"


def gdbus_value(signature):
    if signature == "s":
        return "TEXT"
    if signature == "o":
        return "/PATH"
    if signature.startswith("a{"):
        return "{}"
    return "[]" if signature.startswith("a") else "0"


def example(class_, member):
    path, interface = PATHS.get(class_.name, "/PATH"), OWN + class_.name
    if member.kind == "property":
        return [f"busctl get-property org.virtbus1 {path} {interface} {member.name}",
                f"gdbus call --system --dest org.virtbus1 --object-path {path} \\\n"
                f"    --method org.freedesktop.DBus.Properties.Get {interface} {member.name}"]
    if member.kind == "signal":
        return ["sudo busctl monitor org.virtbus1", f"gdbus monitor --session --dest org.virtbus1 --object-path {path}"]
    args = member.some("in")
    values = " ".join(busctl_value(arg.type.signature) for arg in args)
    signature = member.signature("in")
    if "h" in signature:
        return ["# takes descriptors, which neither busctl nor gdbus can pass"]
    return [f"busctl call org.virtbus1 {path} {interface} {member.name}"
            + (f" {signature} {values}" if args else ""),
            f"gdbus call --system --dest org.virtbus1 --object-path {path} \\\n"
            f"    --method {interface}.{member.name}"
            + "".join(" " + gdbus_value(arg.type.signature) for arg in args)]


def facts(member):
    notes = member.notes
    found = []
    if member.kind == "property":
        found.append(f"type {member.type.signature}, {member.element.get('access')}")
    if notes.get("Permission", "none").startswith("parent."):
        found.append(f"permission to {notes['Permission'][len('parent.'):]} what it is below")
    elif notes.get("Permission", "none") != "none":
        found.append(f"permission {OWN}{notes['Permission']}")
    if "SetPermission" in notes:
        found.append(f"to set, {OWN}{notes['SetPermission']}")
    if "PermissionWhen" in notes:
        when = member.when
        what = when.number if when.relation == "is" else f"with any of {when.number}"
        found.append(f"where {when.arg} is {what}, {OWN}{when.action} instead")
    if "PermissionAlso" in notes:
        found.append(f"for what {member.also.arg} names, {OWN}{member.also.action} too")
    if notes.get("Active"):
        found.append("needs a running domain")
    if member.compatible:
        found.append(f"also in org.libvirt, there {member.api}")
    return "; ".join(found)


def section(class_, member):
    args, paragraphs = documentation(member.element)
    yield f'<h2 id="{member.name}">{member.name} <small>({member.kind})</small></h2>\n'
    yield "".join(f"<p>{html.escape(text)}</p>\n" for text in paragraphs)
    if member.args:
        yield "<dl>\n"
        for arg in member.args:
            direction = f" {arg.direction}" if member.kind == "method" else ""
            yield (f"<dt>{arg.name} <small>({arg.type.signature}{direction})</small></dt>"
                   f"<dd>{html.escape(args[arg.name])}</dd>\n")
        yield "</dl>\n"
    said = facts(member)
    if said:
        yield f'<p class="facts">{html.escape(said)}</p>\n'
    yield f"<pre>{html.escape(chr(10).join(example(class_, member)))}</pre>\n"


def page(class_):
    _, paragraphs = documentation(class_.element)
    name = OWN + class_.name
    yield (f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{name}</title>"
           f"<style>{STYLE}</style></head><body>\n<h1>{name}</h1>\n")
    yield "".join(f"<p>{html.escape(text)}</p>\n" for text in paragraphs)
    yield "<p>" + ", ".join(f'<a href="#{m.name}">{m.name}</a>' for m in class_.members()) + "</p>\n"
    for member in class_.members():
        yield from section(class_, member)
    yield "</body></html>\n"


def main(folder, compatible, *paths):
    from generate import read_tsv
    rows = {tuple(fields[:3]): tuple(fields[3:]) for _, fields in read_tsv(compatible, 6)}
    os.makedirs(folder, exist_ok=True)
    for path in paths:
        class_ = Class(path)
        class_.check_compatible(rows)
        with open(os.path.join(folder, f"{OWN}{class_.name}.html"), "w", encoding="utf-8") as out:
            out.writelines(page(class_))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Wrong, OSError) as problem:
        sys.exit(f"reference.py: {problem}")

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Emits the tables that the service is built from."""

import sys


class Wrong(Exception):
    """A fault in an input file; its text names file and place."""


def camel(name):
    """NO_DOMAIN -> NoDomain."""
    return "".join(part.capitalize() for part in name.split("_"))


def read_tsv(path, columns):
    rows = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            fields = line.split("\t")
            if len(fields) != columns:
                raise Wrong(f"{path}:{number}: {len(fields)} columns, {columns} wanted")
            rows.append((number, fields))
    return rows


def errors(path, header, table):
    rows, seen = [], set()
    for line, (number, name, form, meaning) in read_tsv(path, 4):
        if form.count("%") != 1 or form.count("%s") != 1:
            raise Wrong(f"{path}:{line}: the form of {name} needs exactly one %s")
        if name in seen or number in seen:
            raise Wrong(f"{path}:{line}: {name} ({number}) stands twice")
        seen |= {name, number}
        rows.append((int(number), name, form, meaning))
    with open(header, "w", encoding="utf-8") as out:
        out.write("/* Generated from errors.tsv. */\n#pragma once\n\ntypedef enum ErrorCode {\n")
        for number, name, _, meaning in rows:
            out.write(f"        ERROR_{name} = {number}, /* {meaning} */\n")
        out.write("} ErrorCode;\n")
    with open(table, "w", encoding="utf-8") as out:
        out.write("/* Generated from errors.tsv. */\n")
        for number, name, form, _ in rows:
            out.write(f'ERROR_ROW({number}, {name}, "org.virtbus1.Error.{camel(name)}", "{form}")\n')


def main(arguments):
    commands = {"errors": errors}
    if len(arguments) < 2 or arguments[1] not in commands:
        sys.exit(f"usage: generate.py {'|'.join(commands)} FILE...")
    try:
        commands[arguments[1]](*arguments[2:])
    except (Wrong, OSError, ValueError) as problem:
        sys.exit(f"generate.py: {problem}")


if __name__ == "__main__":
    main(sys.argv)

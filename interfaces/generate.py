#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Emits the tables that the service is built from.

    generate.py errors ERRORS.tsv HEADER TABLE
        the error codes, and the rows that give each its D-Bus name and message form

    generate.py interfaces COMPATIBLE.tsv PROCEDURES.tsv HEADER TABLES HANDLERS FACES INTERFACE.xml...
        for each interface: the structs of arguments and properties, the table of operations, the rows of methods,
        properties and signals, the introspection text of both namespaces, the prototypes of hand-written handlers

    generate.py wire PROCEDURES.tsv DOMAINS.tsv HEADER TABLES NUMBERS
        for each procedure of libvirt's wire: its number, the structs of arguments and returns, the row with its layouts;
        the numbers of the parts that raise errors

    generate.py map PROCEDURES.tsv MEMBERS.tsv TABLE INTERFACE.xml...
        which member is which procedure, and field by field how the arguments of one are those of the other

It emits data and declarations, no control flow, and knows no member by name. A member without documentation or
permission stops the build, as does whatever else it does not know.
"""

import collections
import re
import sys
from xml.parsers import expat

from naming import api_name, camel, snake

OWN = "org.virtbus1."
COMPATIBLE = {"Connection": "org.libvirt.Connect"}  # else org.libvirt. + the class
MASK = "0x[0-9a-f]{1,8}"
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"
EMISSIONS = {"true": "VALUE", "const": "CONST", "false": "NONE"}
JOBS = ("none", "query", "modify", "beside", "apart", "abort")
ANNOTATIONS = {
    "method": {"Permission", "PermissionWhen", "PermissionAlso", "Job", "Active", "Flags", "Identify", "Procedure",
               "Since", "Gen"},
    "property": {"Permission", "SetPermission", "Fields", "Since"},
    "signal": {"Since"},
    "arg": {"Fields"},
}
ACTIONS = {
    "connection.read", "connection.open", "connection.open-remote", "connection.open-file", "connection.write",
    "domain.read", "domain.read-secure", "domain.define", "domain.start", "domain.stop", "domain.suspend", "domain.delete",
    "domain.configure", "domain.device", "domain.console", "domain.graphics", "domain.screenshot",
    "domain.send-input", "domain.snapshot", "domain.migrate", "network.read", "network.write", "storage.read",
    "storage.write", "node-device.read", "node-device.write", "secret.read", "secret.read-value", "secret.write",
    "filter.read", "filter.write", "interface.read", "interface.write", "emulator.command", "manager.debug",
    "parent.read", "parent.stop",  # what it takes to do that to the object above: service/authorize.h
}
BASIC = {"y": "uint8_t", "b": "int", "n": "int16_t", "q": "uint16_t", "i": "int32_t", "u": "uint32_t",
         "x": "int64_t", "t": "uint64_t", "d": "double", "h": "int"}


class Wrong(Exception):
    """A fault in an input file; its text names file and place."""


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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
        if not number.isdigit():
            raise Wrong(f"{path}:{line}: '{number}' is no number")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise Wrong(f"{path}:{line}: '{name}' is no name")
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
            out.write(f'ERROR_ROW({number}, {name}, "org.virtbus1.Error.{camel(name)}", {quoted(form)})\n')


# Reading an interface: a tree that knows its lines and the comment that stands before each element.

class Element:
    def __init__(self, path, name, attributes, line, comment):
        self.path, self.name, self.line, self.comment = path, name, line, comment
        self.attributes, self.children = attributes, []

    def wrong(self, text):
        what = f"{self.name} {self.attributes['name']}" if "name" in self.attributes else self.name
        return Wrong(f"{self.path}:{self.line}: {what}: {text}")

    def get(self, attribute, default=None):
        value = self.attributes.get(attribute, default)
        if value is None:
            raise self.wrong(f"no attribute '{attribute}'")
        return value

    def all(self, name):
        return [child for child in self.children if child.name == name]


def read_tree(path):
    with open(path, "rb") as file:
        text = file.read()
    parser = expat.ParserCreate()
    root, stack, comment = [], [], [None]

    def start(name, attributes):
        element = Element(path, name, attributes, parser.CurrentLineNumber, comment[0])
        comment[0] = None
        (stack[-1].children if stack else root).append(element)
        stack.append(element)

    def end(_name):
        comment[0] = None
        stack.pop()

    def remark(data):
        comment[0] = data

    parser.StartElementHandler, parser.EndElementHandler, parser.CommentHandler = start, end, remark
    try:
        parser.Parse(text, True)
    except expat.ExpatError as problem:
        raise Wrong(f"{path}:{problem.lineno}: {problem}") from problem
    return root[0], text.decode("utf-8")


def read_fields(text, element):
    """'a,b(c,d)' -> {a: {}, b: {c: {}, d: {}}}: the fields of a struct, and those of a struct within."""
    fields, depth, begin = {}, 0, 0
    for at, char in enumerate(text + ","):
        depth += (char == "(") - (char == ")")
        if char != "," or depth > 0:
            continue
        match = re.fullmatch(r"(\w+)(?:\((.+)\))?", text[begin:at])
        if not match or match[1] in fields:
            raise element.wrong(f"{OWN}Fields: '{text}' is no list of names")
        fields[match[1]] = read_fields(match[2], element) if match[2] else {}
        begin = at + 1
    if depth:
        raise element.wrong(f"{OWN}Fields: '{text}' is no list of names")
    return fields


class Type:
    """One complete D-Bus type, with names for the fields of the struct in it, if it has one."""

    def __init__(self, signature, element, names, within=""):
        self.code, self.signature = signature[0], signature
        self.members, self.inner, self.names = [], None, []
        if self.code == "a" and signature != "a{sv}":
            self.inner = Type(signature[1:], element, names, "a")
        elif self.code in "({":
            parts = split(signature[1:-1], element)
            entry = within == "a" and len(parts) == 2 and parts[0] in (*BASIC, "s", "g", "o")
            if not parts or (self.code == "{" and not entry):
                raise element.wrong(f"no C type for '{signature}'")
            if len(names) != len(parts):
                raise element.wrong(f"{OWN}Fields must name the {len(parts)} fields of {signature}")
            self.members = [Type(part, element, inner) for part, inner in zip(parts, names.values())]
            self.names = list(names)
        elif signature != "a{sv}" and self.code not in BASIC and self.code not in "sgo":
            raise element.wrong(f"no C type for '{signature}'")
        if names and not self.struct():
            raise element.wrong(f"{OWN}Fields: there is no struct in '{signature}'")

    def struct(self):
        return self if self.members else self.inner.struct() if self.inner else None

    def structs(self, tag, constant):
        """The C types of the structs in it, the innermost first; tag is the name of the outermost."""
        whole = self.struct()
        if not whole:
            return
        tags = [tag + name[0].upper() + name[1:] for name in whole.names]
        for member, inner in zip(whole.members, tags):
            yield from member.structs(inner, constant)
        yield f"typedef struct {tag} {{\n"
        for name, member, inner in zip(whole.names, whole.members, tags):
            yield f"        {member.declare(name, inner, constant)};\n"
        yield f"}} {tag};\n"

    def declare(self, name, tag, constant):
        """A C declaration of name; tag is the type name for the struct inside."""
        if self.signature == "a{sv}":
            return f"Params {name}"
        if self.inner:
            return f"struct {{ {self.inner.declare('*items', tag, constant)}; size_t n; }} {name}"
        if self.members:
            return f"{tag} {name}"
        if self.code == "o":
            return f"Object *{name}"
        if self.code in "sg":
            return f"{'const ' if constant else ''}char *{name}"
        return f"{BASIC[self.code]} {name}"


def split(signature, element):
    """The complete types of a signature."""
    types, at = [], 0
    while at < len(signature):
        begin = at
        while at < len(signature) and signature[at] == "a":
            at += 1
        if at < len(signature) and signature[at] in "({":
            depth = 0
            for at in range(at, len(signature)):
                depth += signature[at] in "({"
                depth -= signature[at] in ")}"
                if depth == 0:
                    break
            if depth:
                raise element.wrong(f"'{signature}' is no signature")
        at += 1
        if at > len(signature):
            raise element.wrong(f"'{signature}' is no signature")
        types.append(signature[begin:at])
    return types


def annotations(element, kind):
    found = {}
    for child in element.all("annotation"):
        name, value = child.get("name"), child.get("value")
        if name.removeprefix(OWN) in found:
            raise child.wrong("stands twice")
        if name == EMITS and kind == "property" and value in EMISSIONS:
            found[EMITS] = value
        elif name.startswith(OWN) and name[len(OWN):] in ANNOTATIONS[kind]:
            found[name[len(OWN):]] = value
        else:
            raise child.wrong(f"'{value}' is not known here")
    return found


def typed(element, kind):
    found = annotations(element, kind)
    names = read_fields(found["Fields"], element) if "Fields" in found else {}
    whole = split(element.get("type"), element)
    if len(whole) != 1:
        raise element.wrong(f"'{element.get('type')}' is not one complete type")
    return Type(whole[0], element, names)


def check_documentation(element, name, args):
    lines = [line.strip() for line in (element.comment or "").strip().splitlines()]
    if not lines or lines[0] != name + ":":
        raise element.wrong(f"no documentation: a comment that begins with '{name}:'")
    if not [line for line in lines[1:] if line and not line.startswith("@")]:
        raise element.wrong("its documentation says nothing")
    for arg in args:
        if not any(line.startswith(f"@{arg}: ") for line in lines):
            raise element.wrong(f"its documentation lacks @{arg}")


class Written:
    """The type of what a handler writes into the reply itself: known to the bus, not to C."""

    def __init__(self, element):
        if annotations(element, "arg"):
            raise element.wrong("the fields of what is written by hand have no names in C")
        self.signature = "".join(split(element.get("type"), element))


class Arg:
    def __init__(self, element, written):
        self.name = element.get("name")
        self.field = snake(self.name)
        self.direction = element.get("direction", "out")
        if self.direction not in ("in", "out"):
            raise element.wrong(f"direction '{self.direction}'")
        self.written = written and self.direction == "out"
        self.type = Written(element) if self.written else typed(element, "arg")


# Another permission that is needed where an argument has any bit of the mask, or is that number.
When = collections.namedtuple("When", "arg relation number action")
# A permission that is needed too, about the object that a method of another class finds by an argument.
Also = collections.namedtuple("Also", "arg class_ lookup action")


class Member:
    def __init__(self, class_, element):
        self.element, self.kind, self.name = element, element.name, element.get("name")
        self.c, self.tag = snake(self.name), class_ + self.name
        self.notes = annotations(element, self.kind)
        self.args = [Arg(child, self.notes.get("Gen") == "reply") for child in element.all("arg")]
        self.type = typed(element, "property") if self.kind == "property" else None
        self.compatible, self.procedure, self.api = False, -1, f"{class_}.{self.name}"
        unknown = {child.name for child in element.children} - {"arg", "annotation"}
        if unknown:
            raise element.wrong(f"element {unknown.pop()} is not known here")
        names = [arg.name for arg in self.args]
        for name in names:
            if names.count(name) > 1:
                raise element.wrong(f"the argument {name} stands twice")
        check_documentation(element, self.name, names)
        self.check_notes()

    def check_notes(self):
        wrong = self.element.wrong
        if self.kind == "signal":
            return
        actions = [self.notes.get("Permission")]
        if actions == [None]:
            raise wrong(f"no {OWN}Permission")
        if self.kind == "property":
            self.writable = self.element.get("access") == "readwrite"
            if self.element.get("access") not in ("read", "readwrite"):
                raise wrong(f"access '{self.element.get('access')}'")
            if self.writable != ("SetPermission" in self.notes):
                raise wrong(f"{OWN}SetPermission goes with access 'readwrite'")
            if "h" in self.type.signature:
                raise wrong("a descriptor cannot be kept as a property")
            actions.append(self.notes.get("SetPermission", "none"))
        else:
            if self.notes.get("Job") not in JOBS:
                raise wrong(f"{OWN}Job must be one of {', '.join(JOBS)}")
            if self.notes.get("Active", "yes") != "yes" or self.notes.get("Gen", "none") not in ("none", "reply"):
                raise wrong("Active takes 'yes', Gen takes 'none' or 'reply'")
            if self.writes_reply and "Procedure" in self.notes:
                raise wrong("a reply that is written by hand is one of the bus alone")
            self.flags = next((a for a in self.args if a.direction == "in" and a.name == "flags"), None)
            if (self.flags is not None) != ("Flags" in self.notes):
                raise wrong(f"{OWN}Flags goes with an argument 'flags'")
            if self.flags and self.flags.type.signature != "u":
                raise wrong("an argument 'flags' has the type 'u'")
            if not re.fullmatch(MASK, self.notes.get("Flags", "0x0")):
                raise wrong(f"'{self.notes['Flags']}' is no mask such as 0x3")
            self.when = self.read_when()
            if "Identify" in self.notes and not any(
                    a.name == "xml" and a.type.signature == "s" for a in self.some("in")):
                raise wrong(f"{OWN}Identify goes with an argument 'xml' of type 's'")
            self.also = self.read_also()
            actions += [other.action for other in (self.when, self.also) if other]
        for action in actions:
            if action != "none" and action not in ACTIONS:
                raise wrong(f"'{action}' is not a permission")

    def read_when(self):
        """'flags any 0x9: ACTION' or 'source is 0x1: ACTION': another permission instead, by an argument."""
        if "PermissionWhen" not in self.notes:
            return None
        match = re.fullmatch(rf"(\w+) (any|is) ({MASK}): (\S+)", self.notes["PermissionWhen"])
        if not match:
            raise self.element.wrong(f"{OWN}PermissionWhen is such as 'flags any 0x3: domain.start'")
        when = When(*match.groups())
        if not any(a.name == when.arg and a.type.signature == "u" for a in self.some("in")):
            raise self.element.wrong(f"{OWN}PermissionWhen: there is no argument '{when.arg}' of type 'u'")
        return when

    def read_also(self):
        if "PermissionAlso" not in self.notes:
            return None
        match = re.fullmatch(r"(\w+) by (\w+)\.(\w+): (\S+)", self.notes["PermissionAlso"])
        if not match:
            raise self.element.wrong(f"{OWN}PermissionAlso is such as 'name by Class.Lookup: domain.read'")
        if not any(a.name == match[1] and a.type.signature == "s" for a in self.some("in")):
            raise self.element.wrong(f"{OWN}PermissionAlso: there is no argument '{match[1]}' of type 's'")
        return Also(*match.groups())

    def some(self, direction):
        return [arg for arg in self.args if arg.direction == direction]

    def signature(self, direction):
        return "".join(arg.type.signature for arg in self.some(direction))

    @property
    def by_hand(self):
        return "Gen" in self.notes

    @property
    def writes_reply(self):
        return self.notes.get("Gen") == "reply"


class Class:
    def __init__(self, path):
        root, text = read_tree(path)
        interfaces = root.all("interface")
        if root.name != "node" or len(interfaces) != 1:
            raise root.wrong("one interface is wanted in a node")
        interface = interfaces[0]
        full = interface.get("name")
        if not full.startswith(OWN):
            raise interface.wrong(f"the name must begin with {OWN}")
        self.element, self.name = interface, full[len(OWN):]
        check_documentation(interface, full, [])
        self.c = snake(self.name)
        self.compatible_name = COMPATIBLE.get(self.name, "org.libvirt." + self.name)
        unknown = {child.name for child in interface.children} - {"method", "property", "signal"}
        if unknown:
            raise interface.wrong(f"element {unknown.pop()} is not known here")
        members = [Member(self.name, child) for child in interface.children]
        names = [(member.kind == "signal", member.name) for member in members]
        for member, name in zip(members, names):
            if names.count(name) > 1:
                raise member.element.wrong("the name stands twice")
        self.methods = [m for m in members if m.kind == "method"]
        self.properties = [m for m in members if m.kind == "property"]
        self.signals = [m for m in members if m.kind == "signal"]
        if len(self.properties) > 64:
            raise interface.wrong("more than 64 properties")
        self.text = text[text.index("<interface "):text.index("</interface>") + len("</interface>")]

    def members(self):
        return self.methods + self.properties + self.signals

    @property
    def operations(self):
        return [m for m in self.methods if not m.by_hand] + [p for p in self.properties if p.writable]

    def check_compatible(self, rows):
        """Members of the compatible interface have its names and types to the letter."""
        for member in self.members():
            row = rows.get((self.compatible_name, member.kind, member.name))
            if row is None:
                continue
            inputs, outputs, api = row
            member.api = re.split(r"[ ;]", api)[0]
            if member.kind == "property":
                signature, access, _ = outputs.split(" ")
                same = (signature, access) == (member.type.signature, member.element.get("access"))
            elif member.kind == "signal":
                same = inputs == " ".join(f"{a.name}:{a.type.signature}" for a in member.args)
            else:
                same = (inputs, outputs) == tuple(
                    " ".join(f"{a.name}:{a.type.signature}" for a in member.some(d)) for d in ("in", "out"))
            if not same:
                raise member.element.wrong(f"{self.compatible_name} has '{inputs}' -> '{outputs}'")
            member.compatible = True

    def check_procedures(self, numbers):
        for method in self.methods:
            if "Procedure" in method.notes:
                if method.notes["Procedure"] not in numbers:
                    raise method.element.wrong(f"no procedure '{method.notes['Procedure']}'")
                method.procedure, api = numbers[method.notes["Procedure"]]
                if not method.compatible:
                    method.api = api

    def check_others(self, classes):
        for method in self.methods:
            if method.notes.get("Identify", self.name) not in [other.name for other in classes]:
                raise method.element.wrong(f"{OWN}Identify: there is no class '{method.notes['Identify']}'")
            if method.also and not any((c.name, m.name, m.signature("in"), m.signature("out")) == (
                    method.also.class_, method.also.lookup, "s", "o") for c in classes for m in c.methods):
                raise method.element.wrong(f"{OWN}PermissionAlso: {method.also.lookup} finds nothing by a text")

    # What is emitted.

    def structs(self):
        def struct(tag, fields, constant):
            for _, type_, inner in fields:
                yield from type_.structs(inner, constant)
            yield f"typedef struct {tag} {{\n"
            for field, type_, inner in fields:
                yield f"        {type_.declare(field, inner, constant)};\n"
            yield f"}} {tag};\n\n"

        yield f"\n/* {OWN}{self.name} */\n\n"
        yield from struct(self.name + "Properties",
                          [(p.c, p.type, p.tag + "Value") for p in self.properties], False)
        for method in self.methods:
            for direction in ("in", "out"):
                yield from struct(method.tag + direction.capitalize(),
                                  [(a.field, a.type, method.tag + a.name[0].upper() + a.name[1:])
                                   for a in method.some(direction) if not a.written], direction == "in")
        for prop in self.properties:
            if prop.writable:
                tag = f"{self.name}Set{prop.name}"
                yield from struct(tag + "In", [("value", prop.type, tag + "Value")], True)
                yield from struct(tag + "Out", [], False)
        for signal in self.signals:
            yield from struct(signal.tag + "Signal",
                              [(a.field, a.type, signal.tag + a.name[0].upper() + a.name[1:])
                               for a in signal.args], True)
        for kind, members in (("PROPERTY", self.properties), ("METHOD", self.methods), ("SIGNAL", self.signals)):
            yield "enum {\n"
            for member in members:
                yield f"        {self.c.upper()}_{kind}_{member.c.upper()},\n"
            yield f"        _{self.c.upper()}_{kind}_MAX,\n}};\n\n"
        if self.operations:
            yield f"typedef struct {self.name} {self.name};\n\n/* A driver leaves NULL what it does not support. */\n"
            yield f"typedef struct {self.name}Operations {{\n"
            for member in self.operations:
                set_ = member.kind == "property"
                tag = f"{self.name}Set{member.name}" if set_ else member.tag
                yield (f"        int (*{'set_' if set_ else ''}{member.c})({self.name} *{self.c}, "
                       f"const {tag}In *in, {tag}Out *out, GError **error);\n")
            yield f"}} {self.name}Operations;\n\n"
        yield f"extern const ClassInfo {self.c}_class;\n"

    def tables(self):
        def action(name):
            return "NULL" if name == "none" else quoted(OWN + name)

        def truth(value):
            return "true" if value else "false"

        yield f"\nstatic const MethodInfo {self.c}_methods[] = {{\n"
        for m in self.methods:
            operation = -1 if m.by_hand else f"offsetof({self.name}Operations, {m.c})"
            flags = f"offsetof({m.tag}In, flags)" if m.flags else -1
            identify = f"offsetof({m.tag}In, xml)" if "Identify" in m.notes else -1
            identified = f"&{snake(m.notes['Identify'])}_class" if "Identify" in m.notes else "NULL"
            yield f"        [{self.c.upper()}_METHOD_{m.c.upper()}] = {{\n"
            yield f"                .name = {quoted(m.name)},\n"
            yield f"                .api = {quoted(m.api)},\n"
            yield f"                .in = {quoted(m.signature('in'))},\n"
            yield f"                .out = {quoted(m.signature('out'))},\n"
            yield f"                .action = {action(m.notes['Permission'])},\n"
            if m.when:
                yield "                .when = {\n"
                yield f"                        .action = {action(m.when.action)},\n"
                yield f"                        .offset = offsetof({m.tag}In, {snake(m.when.arg)}),\n"
                yield f"                        .exact = {truth(m.when.relation == 'is')},\n"
                yield f"                        .number = {m.when.number},\n"
                yield "                },\n"
            if m.also:
                class_, lookup = snake(m.also.class_), snake(m.also.lookup).upper()
                yield (f"                .also = {{ {action(m.also.action)}, &{class_}_class, "
                       f"{class_.upper()}_METHOD_{lookup}, offsetof({m.tag}In, {snake(m.also.arg)}) }},\n")
            yield f"                .flags = {m.notes.get('Flags', '0')},\n"
            yield f"                .flags_offset = {flags},\n"
            yield f"                .identify_class = {identified},\n"
            yield f"                .identify_offset = {identify},\n"
            yield f"                .operation = {operation},\n"
            yield f"                .in_size = sizeof({m.tag}In),\n"
            yield f"                .out_size = sizeof({m.tag}Out),\n"
            yield f"                .job = JOB_{m.notes['Job'].upper()},\n"
            yield f"                .needs_active = {truth('Active' in m.notes)},\n"
            yield f"                .writes_reply = {truth(m.writes_reply)},\n"
            yield f"                .compatible = {truth(m.compatible)},\n"
            yield f"                .procedure = {m.procedure},\n        }},\n"
        yield f"}};\n\nstatic const PropertyInfo {self.c}_properties[] = {{\n"
        for p in self.properties:
            setter = f"offsetof({self.name}Operations, set_{p.c})" if p.writable else -1
            yield f"        [{self.c.upper()}_PROPERTY_{p.c.upper()}] = {{\n"
            yield f"                .name = {quoted(p.name)},\n"
            yield f"                .signature = {quoted(p.type.signature)},\n"
            yield f"                .action = {action(p.notes['Permission'])},\n"
            yield f"                .set_action = {action(p.notes.get('SetPermission', 'none'))},\n"
            yield f"                .offset = offsetof({self.name}Properties, {p.c}),\n"
            yield f"                .set_operation = {setter},\n"
            yield f"                .emits = PROPERTY_EMITS_{EMISSIONS[p.notes.get(EMITS, 'true')]},\n"
            yield f"                .compatible = {truth(p.compatible)},\n        }},\n"
        yield f"}};\n\nstatic const SignalInfo {self.c}_signals[] = {{\n"
        for s in self.signals:
            yield f"        [{self.c.upper()}_SIGNAL_{s.c.upper()}] = {{\n"
            yield f"                .name = {quoted(s.name)},\n"
            yield f"                .signature = {quoted(s.signature('out'))},\n"
            yield f"                .compatible = {truth(s.compatible)},\n        }},\n"
        yield f"}};\n\nconst ClassInfo {self.c}_class = {{\n"
        yield f"        .name = {quoted(self.name)},\n"
        for kind in ("methods", "properties", "signals"):
            yield f"        .{kind} = {self.c}_{kind},\n"
            yield f"        .n_{kind} = G_N_ELEMENTS({self.c}_{kind}),\n"
        yield f"        .properties_size = sizeof({self.name}Properties),\n}};\n"

    def prototypes(self):
        for m in self.methods:
            if m.by_hand:
                out = "Reply *reply" if m.writes_reply else f"{m.tag}Out *out"
                yield f"int {self.c}_handle_{m.c}(Call *call, const {m.tag}In *in, {out}, GError **error);\n"

    def handlers(self):
        if any(m.by_hand for m in self.methods):
            yield f"\nstatic const MethodHandler {self.c}_handlers[_{self.c.upper()}_METHOD_MAX] = {{\n"
            for m in self.methods:
                if m.by_hand:
                    yield f"        [{self.c.upper()}_METHOD_{m.c.upper()}] = (MethodHandler){self.c}_handle_{m.c},\n"
            yield "};\n"

    def compatible_text(self):
        """The introspection of the org.libvirt interface: its members alone, without our annotations."""
        yield f'<interface name="{self.compatible_name}">'
        for m in self.members():
            if not m.compatible:
                continue
            if m.kind == "property":
                yield (f'<property name="{m.name}" type="{m.type.signature}" access="{m.element.get("access")}">'
                       f'<annotation name="{EMITS}" value="{m.notes.get(EMITS, "true")}"/></property>')
                continue
            yield f'<{m.kind} name="{m.name}">'
            for arg in m.args:
                direction = f' direction="{arg.direction}"' if m.kind == "method" else ""
                yield f'<arg name="{arg.name}" type="{arg.type.signature}"{direction}/>'
            yield f"</{m.kind}>"
        yield "</interface>"

    def face(self):
        def literal(lines):
            return "".join(f"\n                        {quoted(line)[:-1]}\\n\"" for line in lines)
        yield "        {\n"
        yield f"                .class = &{self.c}_class,\n"
        if any(m.by_hand for m in self.methods):
            yield f"                .handlers = {self.c}_handlers,\n"
        yield f"                .interfaces[NAMESPACE_VIRTBUS] = {quoted(OWN + self.name)},\n"
        yield f"                .introspection[NAMESPACE_VIRTBUS] ={literal(self.text.splitlines())},\n"
        if any(m.compatible for m in self.members()):
            yield f"                .interfaces[NAMESPACE_LIBVIRT] = {quoted(self.compatible_name)},\n"
            yield f"                .introspection[NAMESPACE_LIBVIRT] ={literal(self.compatible_text())},\n"
        yield "        },\n"


def interfaces(compatible, procedures, header, tables, handlers, faces, *paths):
    rows = {tuple(fields[:3]): tuple(fields[3:]) for _, fields in read_tsv(compatible, 6)}
    numbers = {WIRE_PROGRAMS.get(f[0], "") + f[2]: (int(f[1]), api_name(f[2], f[0]))
               for _, f in read_tsv(procedures, 6)}
    classes = [Class(path) for path in paths]
    for class_ in classes:
        class_.check_compatible(rows)
        class_.check_procedures(numbers)
        class_.check_others(classes)

    def write(path, *parts):
        with open(path, "w", encoding="utf-8") as out:
            out.write("/* Generated from the interfaces' XML. */\n")
            for part in parts:
                out.writelines([part] if isinstance(part, str) else part)

    write(header, '#pragma once\n\n#include "drivers/object.h"\n', *(c.structs() for c in classes))
    write(tables, '#include "interfaces.h"\n', *(c.tables() for c in classes))
    write(handlers, '#pragma once\n\n#include "interfaces.h"\n#include "service/face.h"\n\n',
          *(c.prototypes() for c in classes))
    write(faces, '#include "handlers.h"\n', *(c.handlers() for c in classes),
          "\nClassFace class_faces[] = {\n", *(c.face() for c in classes),
          "};\n\nconst unsigned n_class_faces = G_N_ELEMENTS(class_faces);\n")


# The wire: layouts of the protocol's table to structs and to the compact ones of drivers/wire/codec.h.

WIRE_BASIC = {"i": ("i", "int32_t"), "u": ("u", "uint32_t"), "h": ("h", "int64_t"), "H": ("H", "uint64_t"),
              "d": ("d", "double"), "s8": ("c", "char"), "u8": ("y", "uint8_t"), "u16": ("q", "uint16_t"),
              "s": ("s", "char *"), "S": ("S", "char *")}
WIRE_NAMED = {"domain": ("D", "name:s,uuid:uuid,id:i"), "network": ("N", "name:s,uuid:uuid"),
              "pool": ("L", "name:s,uuid:uuid"), "vol": ("V", "pool:s,name:s,key:s"),
              "iface": ("I", "name:s,mac:s"), "nodedev": ("E", "name:s"),
              "secret": ("K", "uuid:uuid,usageType:i,usageID:s"), "nwfilter": ("F", "name:s,uuid:uuid"),
              "snapshot": ("A", "name:s,dom:domain"), "checkpoint": ("C", "name:s,dom:domain"),
              "network_port": ("W", "net:network,uuid:uuid"),
              "nwfilter_binding": ("B", "portdev:s,filtername:s")}
WIRE_PROGRAMS = {"REMOTE": "", "QEMU": "QEMU_", "LXC": "LXC_"}
WIRE_FLAGS = {"event": "EVENT", "legacy": "EVENT_LEGACY", "noauth": "NOAUTH", "rw": "WRITES", "rw-if": "WRITES_IF",
              "prio=high": "PRIORITY", "stream-in": "STREAM_IN", "stream-out": "STREAM_OUT",
              "stream-bidir": "STREAM_IN | WIRE_STREAM_OUT", "sparse=0x1": "STREAM_SPARSE",
              "fds-in": "FDS_IN", "fds-out": "FDS_OUT"}
WIRE_IGNORED = {"callback", "since", "streampos", "eventid"}  # of use to people, or read apart


class WireType:
    """One type of the protocol's table: its compact layout and its C."""

    def __init__(self, text, where):
        match = re.fullmatch(r"(\{.*\}|[A-Za-z_0-9]+?)(\?|\[(\d+)\]|\*(\d+))?", text)
        if not match:
            raise Wrong(f"{where}: '{text}' is no type")
        base, suffix, most, exactly = match.groups()
        self.suffix, self.most, self.exactly, self.fields, self.tag = suffix, most, exactly, [], None
        opaque = re.fullmatch(r"o(\d+)", base)
        if base.startswith("{"):
            self.fields = wire_fields(base[1:-1], where)
            self.layout = "(" + wire_layout(self.fields) + ")"
        elif base in WIRE_NAMED:
            self.layout, self.tag = WIRE_NAMED[base][0], "Wire" + camel(base.upper())
        elif base in WIRE_BASIC:
            self.layout, self.tag = WIRE_BASIC[base]
        elif base == "uuid" and not suffix:
            self.layout = "U"
        elif opaque and not suffix:
            self.layout = base
        elif base == "params" and most:
            self.layout = f"P{most}"
            return
        else:
            raise Wrong(f"{where}: '{text}' is no type")
        if suffix == "?":
            self.layout = "?" + self.layout
        elif most:
            self.layout = f"a{most}{self.layout}"
        elif exactly:
            self.layout = f"x{exactly}{self.layout}"

    def structs(self, tag):
        if self.fields:
            self.tag = tag
            yield from wire_struct(tag, self.fields)

    def declare(self, name):
        gap = "" if self.tag and self.tag.endswith("*") else " "
        if self.layout[0] == "P":
            return f"Params {name}"
        if self.layout == "U":
            return f"uint8_t {name}[16]"
        if self.layout[0] == "o":
            return f"struct {{ uint8_t *items; size_t n; }} {name}"
        if self.most:
            return f"struct {{ {self.tag}{gap}*items; size_t n; }} {name}"
        if self.exactly:
            return f"{self.tag}{gap}{name}[{self.exactly}]"
        return f"{self.tag}{gap}{'*' if self.suffix else ''}{name}"


def wire_fields(text, where):
    """'dom:domain,info:{a:i,b:s}[16]' -> pairs of name and WireType."""
    fields, depth, begin = [], 0, 0
    for at, char in enumerate(text + ","):
        depth += (char == "{") - (char == "}")
        if char != "," or depth > 0:
            continue
        name, colon, type_ = text[begin:at].partition(":")
        if not colon or not re.fullmatch(r"\w+", name) or name in dict(fields):
            raise Wrong(f"{where}: '{text[begin:at]}' is no item")
        fields.append((name, WireType(type_, where)))
        begin = at + 1
    if depth:
        raise Wrong(f"{where}: '{text}' is no layout")
    return fields


def wire_layout(fields):
    return "".join(type_.layout for _, type_ in fields)


def wire_struct(tag, fields):
    for name, type_ in fields:
        yield from type_.structs(tag + snake_tag(name))
    yield f"typedef struct {tag} {{\n"
    for name, type_ in fields:
        yield f"        {type_.declare(snake(name))};\n"
    yield f"}} {tag};\n\n"


def snake_tag(name):
    """dom_xml -> DomXml, iface -> Iface: the part of a tag that a field gives."""
    return camel(snake(name).upper())


class Procedure:
    def __init__(self, path, line, fields):
        self.program, number, self.name, args, ret, notes = fields
        self.where = f"{path}:{line}"
        if self.program not in WIRE_PROGRAMS or not number.isdigit() or not re.fullmatch(r"[A-Z0-9_]+", self.name):
            raise Wrong(f"{self.where}: no procedure")
        self.number = int(number)
        prefix = WIRE_PROGRAMS[self.program]
        self.constant, self.tag = f"WIRE_{prefix}{self.name}", "Wire" + camel(prefix + self.name)
        self.args, self.ret = ([] if text == "-" else wire_fields(text, self.where) for text in (args, ret))
        self.api = api_name(self.name, self.program)
        self.flags, self.event = [], -1
        for note in notes.split(";") if notes != "-" else []:
            word, _, value = note.partition("=")
            if note in WIRE_FLAGS or word in WIRE_FLAGS:
                self.flags.append("WIRE_" + WIRE_FLAGS.get(note, WIRE_FLAGS.get(word)))
            elif word == "eventid":
                self.event = int(value.partition(":")[2])
            elif word not in WIRE_IGNORED:
                raise Wrong(f"{self.where}: the note '{note}' is not known")

    def structs(self):
        for fields, suffix in ((self.args, "Args"), (self.ret, "Ret")):
            if fields:
                yield from wire_struct(self.tag + suffix, fields)

    def row(self):
        yield f"        [{self.constant}] = {{\n                .name = {quoted(self.name)},\n"
        yield f"                .api = {quoted(self.api)},\n"
        for fields, field, suffix in ((self.args, "args", "Args"), (self.ret, "ret", "Ret")):
            yield f"                .{field} = {quoted(wire_layout(fields))},\n"
            if fields:
                yield f"                .{field}_size = sizeof({self.tag}{suffix}),\n"
        if self.flags:
            yield f"                .flags = {' | '.join(self.flags)},\n"
        yield f"                .event = {self.event},\n        }},\n"


def read_procedures(path):
    procedures, seen = [], set()
    for line, fields in read_tsv(path, 6):
        procedure = Procedure(path, line, fields)
        keys = {(procedure.program, procedure.number), (procedure.program, procedure.name)}
        if keys & seen:
            raise Wrong(f"{procedure.where}: {procedure.name} ({procedure.number}) stands twice")
        seen |= keys
        procedures.append(procedure)
    return procedures


def wire(path, domains, header, tables, numbers):
    procedures, parts = read_procedures(path), read_tsv(domains, 3)
    with open(header, "w", encoding="utf-8") as out:
        out.write("/* Generated from libvirt-rpc.tsv. */\n#pragma once\n\n#include \"drivers/layout.h\"\n\n")
        for name, (_, members) in WIRE_NAMED.items():
            out.writelines(wire_struct("Wire" + camel(name.upper()), wire_fields(members, path)))
        for program in WIRE_PROGRAMS:
            out.write("enum {\n")
            out.writelines(f"        {p.constant} = {p.number},\n" for p in procedures if p.program == program)
            out.write("};\n\n")
        for procedure in procedures:
            out.writelines(procedure.structs())
    with open(tables, "w", encoding="utf-8") as out:
        out.write("/* Generated from libvirt-rpc.tsv. */\n#include \"drivers/wire/procedures.h\"\n\n")
        for program in WIRE_PROGRAMS:
            out.write(f"static const WireProcedure {program.lower()}_rows[] = {{\n")
            for procedure in procedures:
                if procedure.program == program:
                    out.writelines(procedure.row())
            out.write("};\n\n")
        out.write("const WireProcedures wire_programs[] = {\n")
        for program in WIRE_PROGRAMS:
            rows = f"{program.lower()}_rows"
            out.write(f"        {{ WIRE_PROGRAM_{program}, G_N_ELEMENTS({rows}), {rows} }},\n")
        out.write("};\n\nconst unsigned n_wire_programs = G_N_ELEMENTS(wire_programs);\n")
    with open(numbers, "w", encoding="utf-8") as out:
        out.write("/* Generated from error-domains.tsv. */\n#pragma once\n\ntypedef enum WireErrorDomain {\n")
        out.writelines(f"        WIRE_FROM_{name} = {number}, /* {meaning} */\n"
                       for _, (number, name, meaning) in parts)
        out.write("} WireErrorDomain;\n")


# The map: members and procedures that are the same call. The letters of a join: drivers/wire/map.c.

WIRE_KINDS = {"Domain": "D", "Network": "N", "StoragePool": "L", "StorageVol": "V", "Interface": "I",
              "NodeDevice": "E", "Secret": "K", "NWFilter": "F", "DomainSnapshot": "A", "DomainCheckpoint": "C"}
# Fields that say something about the results, or that nobody minds.
JOIN_ARGS = {"need_results": "1", "need_map": "1", "need_online": "1", "nparams": "n", "maplen": "b", "ncpumaps": "#",
             "maxnames": "#", "maxerrors": "#", "maxStats": "#", "doms": "-", "flags": "-"}
JOIN_RET = {"ret": "r", "num": "r", "nerrors": "r", "nparams": "n", "online": "t", "found": "?", "retcode": "0"}
FITS = {"d": "d", "s": r"[sSUVD]|[ax]\d+c", "o": "|".join(WIRE_KINDS.values()), "a{sv}": r"P\d+",
        "ay": r"o\d+", "ab": r"o\d+|s", "aab": r"o\d+"}


def fits_layout(signature, layout):
    if signature in BASIC and signature not in "dh":
        return layout in list("iuhHcyq")
    return signature in FITS and re.fullmatch(FITS[signature], layout) is not None


def fits(type_, wire_):
    """Whether drivers/wire/convert.c makes one of the other."""
    if fits_layout(type_.signature, wire_.layout):
        return True
    if not type_.inner or not wire_.most:
        return False
    if type_.inner.members:
        return len(type_.inner.members) == len(wire_.fields) and all(
            fits(member, field) for member, (_, field) in zip(type_.inner.members, wire_.fields))
    return fits_layout(type_.inner.signature, wire_.layout.removeprefix(f"a{wire_.most}"))


class Join:
    """One member and one procedure, whose fields are taken in turn."""

    def __init__(self, procedure, class_, kind, member, older=False, flags="0"):
        self.procedure, self.class_, self.kind, self.member = procedure, class_, kind, member
        self.older, self.flags = older, flags
        if kind == "METHOD":
            ins = [(a.name, a.type) for a in member.some("in")]
            outs = [(a.name, a.type) for a in member.some("out")]
        else:
            ins, outs = ([], [("value", member.type)]) if kind == "GET" else ([("value", member.type)], [])
        # Of a struct that stands alone the members are what is joined.
        if len(outs) == 1 and outs[0][1].members:
            outs = list(zip(outs[0][1].names, outs[0][1].members))
        self.args = self.join_args(ins)
        self.ret = self.join_ret(outs)

    def wrong(self, name):
        return self.member.element.wrong(f"{self.procedure.name} does not fit: {name}")

    def is_self(self, name, type_):
        return type_.layout == WIRE_KINDS.get(self.class_.name) or (
            self.class_.name == "NodeDevice" and (name, type_.layout) == ("name", "s"))

    def join_args(self, ins):
        join, fields = "", self.procedure.args
        params = any(type_.layout[0] == "P" for _, type_ in self.procedure.ret)
        for place, (name, type_) in enumerate(fields):
            while ins and ins[0][1].signature == "ah":
                join, ins = join + "f", ins[1:]
            # An older form leaves out what came later, also in the middle.
            if self.older and ins and name in [n for n, _ in ins]:
                skipped = [n for n, _ in ins].index(name)
                join, ins = join + "_" * skipped, ins[skipped:]
            if place == 0 and self.class_.name != "Connection":
                if not self.is_self(name, type_):
                    raise self.wrong(f"it begins with '{name}'")
                join += "@"
            elif name in JOIN_ARGS and not (ins and name == "flags"):
                letter = JOIN_ARGS[name]
                join += "N" if letter == "n" and not params else letter
            elif ins and fits(ins[0][1], type_):
                join += "F" if name == "flags" and "n" in join else "="
                ins = ins[1:]
            else:
                raise self.wrong(f"there is nothing for its argument '{name}'")
        if ins and not self.older and [type_.signature for _, type_ in ins] != ["ah"]:
            raise self.wrong(f"it has no '{ins[0][0]}'")
        return join

    def join_ret(self, outs):
        join = ""
        for name, type_ in self.procedure.ret:
            fit = outs and fits(outs[0][1], type_)
            if fit and JOIN_RET.get(name) != "?":
                join, outs = join + "=", outs[1:]
            elif name in JOIN_RET:
                one = JOIN_RET[name] == "r" and "b" in self.args and "#" not in self.args
                join += "s" if one else JOIN_RET[name]
            elif self.is_self("", type_):
                join += "@"
            else:
                raise self.wrong(f"there is nothing for '{name}' of its return")
        # A descriptor is a stream, or comes beside the frame.
        if outs and [type_.signature for _, type_ in outs] != ["h"]:
            raise self.wrong(f"it does not return '{outs[0][0]}'")
        return join

    def row(self):
        class_ = self.class_.c
        kind = "METHOD" if self.kind == "METHOD" else "PROPERTY"
        yield f"        {{\n                .class = &{class_}_class,\n"
        yield f"                .member = {class_.upper()}_{kind}_{self.member.c.upper()},\n"
        yield f"                .kind = WIRE_MAP_{self.kind},\n"
        if self.older:
            yield f"                .older = true,\n                .flags = {self.flags},\n"
        yield f"                .program = WIRE_PROGRAM_{self.procedure.program},\n"
        yield f"                .procedure = {self.procedure.constant},\n"
        yield f"                .args = {quoted(self.args)},\n                .ret = {quoted(self.ret)},\n        }},\n"


def wire_map(path, members, table, *paths):
    procedures = {WIRE_PROGRAMS[p.program] + p.name: p for p in read_procedures(path)}
    classes = {class_.name: class_ for class_ in map(Class, paths)}
    joins = []
    for class_ in classes.values():
        class_.check_procedures({name: (p.number, p.api) for name, p in procedures.items()})
        joins += [Join(procedures[m.notes["Procedure"]], class_, "METHOD", m)
                  for m in class_.methods if "Procedure" in m.notes]
    for line, (procedure, kind, name, flags) in read_tsv(members, 4):
        class_name, _, member_name = name.partition(".")
        class_ = classes.get(class_name)
        if procedure not in procedures or kind not in ("get", "set", "older") or not class_:
            raise Wrong(f"{members}:{line}: '{procedure}', '{kind}' or '{name}' is not known")
        if not re.fullmatch(r"0x[0-9a-f]{1,2}|0", flags):
            raise Wrong(f"{members}:{line}: '{flags}' is no mask such as 0x3")
        found = [m for m in (class_.methods if kind == "older" else class_.properties) if m.name == member_name]
        if not found:
            raise Wrong(f"{members}:{line}: there is no {name}")
        joins.append(Join(procedures[procedure], class_, "METHOD" if kind == "older" else kind.upper(), found[0],
                          kind == "older", flags))
    with open(table, "w", encoding="utf-8") as out:
        out.write("/* Generated from the interfaces' XML, libvirt-rpc.tsv and wire-members.tsv. */\n"
                  "#include \"drivers/wire/map.h\"\n#include \"interfaces.h\"\n\nconst WireMap wire_maps[] = {\n")
        for join in joins:
            out.writelines(join.row())
        out.write("};\n\nconst unsigned n_wire_maps = G_N_ELEMENTS(wire_maps);\n")


def main(arguments):
    commands = {"errors": errors, "interfaces": interfaces, "wire": wire, "map": wire_map}
    if len(arguments) < 2 or arguments[1] not in commands:
        sys.exit(f"usage: generate.py {'|'.join(commands)} FILE...")
    try:
        commands[arguments[1]](*arguments[2:])
    except (Wrong, OSError, ValueError) as problem:
        sys.exit(f"generate.py: {problem}")


if __name__ == "__main__":
    main(sys.argv)

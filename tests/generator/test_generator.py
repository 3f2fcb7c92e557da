#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""interfaces/generate.py: one fault for each of its rules, and that what it writes stays the same."""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
GENERATOR = TOP / 'interfaces/generate.py'
sys.path[:0] = [str(GENERATOR.parent)]
INTERFACES = TOP / 'interfaces'
GOOD = (pathlib.Path(__file__).parent / 'good.xml').read_text()

COMPATIBLE = ('org.libvirt.Good\tproperty\tSize\t\tt readwrite true\tvirGoodGetSize\n'
              'org.libvirt.Good\tmethod\tMove\txml:s flags:u\tplaces:a(si)\tvirGoodMove; and more\n'
              'org.libvirt.Good\tsignal\tMoved\tplaces:as\t\tvirGoodMovedCallback\n')
PROCEDURES = 'REMOTE\t9\tDOMAIN_CREATE\t-\t-\t-\nQEMU\t1\tOTHER\t-\t-\t-\n'
OUTPUTS = ('interfaces.h', 'interfaces.c', 'handlers.h', 'faces.c')

PERMISSION = '<annotation name="org.virtbus1.Permission" value="domain.start"/>'
JOB = '<annotation name="org.virtbus1.Job" value="modify"/>'
SET_PERMISSION = '<annotation name="org.virtbus1.SetPermission" value="domain.configure"/>'
FLAGS = '<annotation name="org.virtbus1.Flags" value="0x1"/>'
PERMISSION_WHEN = '<annotation name="org.virtbus1.PermissionWhen" value="flags any 0x1: domain.stop"/>'
IDENTIFY = '<annotation name="org.virtbus1.Identify" value="Good"/>'
XML_ARG = '<arg name="xml" type="s" direction="in"/>'
FLAGS_ARG = '<arg name="flags" type="u" direction="in"/>'
MOVE, LOOK, MOVED = '<method name="Move"', '<method name="Look"', '<signal name="Moved"'
SIZE, PLACE, SEEN = '<property name="Size"', '<property name="Place"', '<arg name="seen"'
INTERFACE = '<interface name="org.virtbus1.Good"'
FIELDS = '<annotation name="org.virtbus1.Fields" value="street,number"/>'
PLACE_FIELDS = FIELDS + '\n    </property>'


def without(*texts):
    return [(text, '') for text in texts]


# A rule; what breaks it, as (text of good.xml, what stands in its place); the first text on the line that is named;
# what is said of it.
FAULTS = [
    # The document
    ('not well formed', [('</interface>', '</interfaces>')], '</interfaces>', 'mismatched tag'),
    ('two interfaces', [('</node>', '<interface name="org.virtbus1.B"/></node>')], '<node>',
     'one interface is wanted'),
    ('no interface', without(GOOD[GOOD.index('<interface'):GOOD.index('</node>')]), '<node>',
     'one interface is wanted'),
    ('foreign name', [(INTERFACE, '<interface name="org.example.Good"')], 'org.example.Good"',
     'must begin with'),
    ('no name', [(MOVE, '<method')], '<method>', "no attribute 'name'"),
    ('no type', [(SIZE + ' type="t"', SIZE)], SIZE, "no attribute 'type'"),
    ('unknown element', [(MOVED, '<event name="Moved"'), ('</signal>', '</event>')], INTERFACE,
     'element event is not known'),
    ('unknown element of a member', [(JOB, JOB + '<doc/>')], MOVE, 'element doc is not known'),

    # Documentation
    ('no documentation', [('Move:\n', 'Moves:\n')], MOVE,
     "no documentation: a comment that begins with 'Move:'"),
    ('no comment', without(re.search(r'<!--\s+Moved:.*?-->', GOOD, re.DOTALL).group()), MOVED,
     'no documentation'),
    ('no comment on the interface', without('org.virtbus1.Good:\n'), INTERFACE, 'no documentation'),
    ('empty documentation', without('Moves it.'), MOVE, 'its documentation says nothing'),
    ('undocumented argument', without('@flags: 1 far.'), MOVE, 'its documentation lacks @flags'),
    ('undocumented result', [('@seen:', '@scene:')], LOOK, 'its documentation lacks @seen'),

    # Permissions
    ('no permission', without(PERMISSION), MOVE, 'no org.virtbus1.Permission'),
    ('no permission of a property', [('Permission" value="domain.read"', 'Since" value="1"')], SIZE,
     'no org.virtbus1.Permission'),
    ('unknown permission', [('domain.start', 'domain.launch')], MOVE,
     "'domain.launch' is not a permission"),
    ('unknown permission to set', [('domain.configure', 'domain.set')], SIZE,
     "'domain.set' is not a permission"),
    ('unknown permission for a flag', [(': domain.stop', ': domain.halt')], MOVE,
     "'domain.halt' is not a permission"),
    ('a flag without permission', [('0x1: domain.stop', '0x1')], MOVE, 'PermissionWhen is such as'),
    ('unknown relation', [('flags any', 'flags all')], MOVE, 'PermissionWhen is such as'),
    ('permission for a flag without flags', without(FLAGS, FLAGS_ARG), MOVE,
     "PermissionWhen: there is no argument 'flags'"),
    ('permission by a text', [('flags any', 'xml is')], MOVE, "PermissionWhen: there is no argument 'xml' of type 'u'"),
    ('unknown permission beside', [('domain.console', 'domain.watch')], MOVE, "'domain.watch' is not a permission"),
    ('a permission beside about nothing', [('xml by Good.Find: ', 'xml: ')], MOVE, 'PermissionAlso is such as'),
    ('an object by a number', [('xml by', 'flags by')], MOVE, "PermissionAlso: there is no argument 'flags' of type 's'"),
    ('an object by what finds none', [('by Good.Find', 'by Good.Look')], MOVE, 'PermissionAlso: Look finds nothing'),
    ('an object by what is not there', [('by Good.Find', 'by Bad.Find')], MOVE, 'PermissionAlso: Find finds nothing'),
    ('no permission to set', without(SET_PERMISSION), SIZE, 'SetPermission goes with'),
    ('permission to set what cannot be', [('"readwrite"', '"read"')], SIZE, 'SetPermission goes with'),
    ('unknown access', [('"readwrite"', '"write"')], SIZE, "access 'write'"),

    # Annotations
    ('unknown annotation', [(JOB, JOB + '<annotation name="org.virtbus1.Speed" value="9"/>')], 'Speed',
     "annotation org.virtbus1.Speed: '9' is not known here"),
    ('foreign annotation', [(JOB, JOB + '<annotation name="org.example.X" value="9"/>')],
     'org.example.X', "'9' is not known here"),
    ('annotation of another kind', [('type="as"/>', 'type="as"/>' + JOB)], 'type="as"/>',
     "annotation org.virtbus1.Job: 'modify' is not known here"),
    ('annotation twice', [(JOB, JOB + JOB)], JOB, 'stands twice'),
    ('unknown way to tell of changes', [('value="const"', 'value="invalidates"')], 'invalidates',
     'is not known here'),
    ('no job', without(JOB), MOVE, 'Job must be one of none, query, modify, beside, apart, abort'),
    ('unknown job', [('value="modify"', 'value="change"')], MOVE, 'Job must be one of'),
    ('unknown Active', [('Active" value="yes"', 'Active" value="no"')], MOVE, "Active takes 'yes'"),
    ('unknown Gen', [('Gen" value="none"', 'Gen" value="all"')], LOOK, "Gen takes 'none'"),
    ('fields of a reply that is written', [('Gen" value="none"', 'Gen" value="reply"')], SEEN,
     'have no names in C'),
    ('a written reply on the wire', [
        ('<annotation name="org.virtbus1.Fields" value="name,number"/>', ''),
        ('Gen" value="none"/>', 'Gen" value="reply"/><annotation name="org.virtbus1.Procedure" value="DOMAIN_CREATE"/>'),
    ], LOOK, 'is one of the bus alone'),
    ('flags without a mask', without(FLAGS), MOVE, "Flags goes with an argument 'flags'"),
    ('a mask without flags', without(FLAGS_ARG), MOVE, "Flags goes with an argument 'flags'"),
    ('not a mask', [('value="0x1"', 'value="1"')], MOVE, "'1' is no mask"),
    ('flags of another type', [('name="flags" type="u"', 'name="flags" type="t"')], MOVE,
     "'flags' has the type 'u'"),
    ('unknown Identify', [(IDENTIFY, IDENTIFY.replace('"Good"', '"Bad"'))], MOVE,
     "Identify: there is no class 'Bad'"),
    ('Identify without a document', without(XML_ARG), MOVE, "Identify goes with an argument 'xml'"),
    ('a document of another type', [(XML_ARG, XML_ARG.replace('"s"', '"u"'))], MOVE,
     "Identify goes with an argument 'xml'"),
    ('unknown direction', [(FLAGS_ARG, FLAGS_ARG.replace('"in"', '"inout"'))], 'inout',
     "direction 'inout'"),

    # What others have defined
    ('signature differs', [(XML_ARG, XML_ARG + '<arg name="more" type="s" direction="in"/>'),
                           ('@xml:', '@more: it.\n@xml:')], MOVE,
     "org.libvirt.Good has 'xml:s flags:u' -> 'places:a(si)'"),
    ('name of an argument differs', [('name="places" type="as"', 'name="place" type="as"'),
                                     ('@places: where it is now', '@place: where it is now')], MOVED,
     "org.libvirt.Good has 'places:as'"),
    ('type of a property differs', [(SIZE + ' type="t"', SIZE + ' type="u"')], SIZE,
     "org.libvirt.Good has '' -> 't readwrite true'"),
    ('unknown procedure', [('DOMAIN_CREATE', 'DOMAIN_MOVE')], MOVE, "no procedure 'DOMAIN_MOVE'"),
    ('procedure of another program', [('DOMAIN_CREATE', 'OTHER')], MOVE, "no procedure 'OTHER'"),

    # Twice
    ('method twice', [('Look:', 'Move:'), (LOOK, MOVE)], MOVE, 'the name stands twice'),
    ('property and method of one name', [('Look:', 'Size:'), (LOOK, '<method name="Size"')], SIZE,
     'the name stands twice'),
    ('signal twice', [('</interface>', '<!--\nMoved:\nAgain. -->\n<signal name="Moved"/>\n</interface>')],
     MOVED, 'the name stands twice'),
    ('argument twice', [(FLAGS_ARG, FLAGS_ARG + FLAGS_ARG)], MOVE, 'flags stands twice'),

    # Types
    ('unknown type', [('"as"', '"ap"')], '"ap"', "no C type for 'p'"),
    ('a variant', [('"as"', '"v"')], '"v"', "no C type for 'v'"),
    ('array of nothing', [('"as"', '"a"')], '"a"', "'a' is no signature"),
    ('bracket left open', [('"as"', '"(s"')], '"(s"', "'(s' is no signature"),
    ('bracket closed only', [('"as"', '")"')], '")"', "no C type for ')'"),
    ('empty struct', [('"as"', '"()"')], '"()"', "no C type for '()'"),
    ('entry without a dictionary', [('"as"', '"{su}"')], '"{su}"', "no C type for '{su}'"),
    ('dictionary of three', [('a{su}', 'a{suu}')], SEEN, "no C type for '{suu}'"),
    ('dictionary with a key that is none', [('a{su}', 'a{asu}')], SEEN, "no C type for '{asu}'"),
    ('two types', [('"as"', '"ss"')], '"ss"', "'ss' is not one complete type"),
    ('no type at all', [('"as"', '""')], '""', "'' is not one complete type"),
    ('a descriptor as a property', [(SIZE + ' type="t"', SIZE + ' type="ah"')], SIZE,
     'a descriptor cannot be kept'),
    ('no fields', without('<annotation name="org.virtbus1.Fields" value="name,number"/>'), SEEN,
     'Fields must name the 2 fields of {su}'),
    ('too few fields', [('"name,number"', '"name"')], SEEN, 'Fields must name the 2 fields'),
    ('a struct in a struct', [('type="(si)" access', 'type="(s(ii))" access')], PLACE,
     'Fields must name the 2 fields of (ii)'),
    ('too few fields of a struct in a struct', [
        ('type="(si)" access', 'type="(s(ii))" access'),
        (PLACE_FIELDS, PLACE_FIELDS.replace('number', 'number(house)'))],
     PLACE, 'Fields must name the 2 fields of (ii)'),
    ('fields of what is no struct', [('"name,number"', '"name(first,last),number"')], SEEN,
     "Fields: there is no struct in 's'"),
    ('fields without a struct', [('"as"/>', '"as">' + FIELDS + '</arg>')], '"as"',
     "Fields: there is no struct in 's'"),
    ('fields left open', [('"name,number"', '"name,number(a"')], SEEN, 'is no list of names'),
    ('fields without a name', [('"name,number"', '"name,,number"')], SEEN, 'is no list of names'),
    ('field twice', [('"name,number"', '"name,name"')], SEEN, 'is no list of names'),
    ('too many properties', [('</interface>', ''.join(
        f'<!--\nP{i}:\nNo {i}. -->\n<property name="P{i}" type="b" access="read">'
        '<annotation name="org.virtbus1.Permission" value="none"/></property>\n'
        for i in range(63)) + '</interface>')], INTERFACE, 'more than 64 properties'),
]

GOOD_ERRORS = '# number, name, form, meaning\n1\tINTERNAL\tinternal: %s\ta bug\n42\tNO_DOMAIN\t%s is gone\tgone\n'
# The same for a table of errors; the line is a number.
ERROR_FAULTS = [
    ('a column too few', ('\ta bug', ''), 2, '3 columns, 4 wanted'),
    ('a column too many', ('a bug', 'a\tbug'), 2, '5 columns, 4 wanted'),
    ('no place for the detail', ('%s is', 'It is'), 3, 'the form of NO_DOMAIN needs exactly one %s'),
    ('two places for the detail', ('%s is', '%s %s is'), 3, 'needs exactly one %s'),
    ('another conversion', ('%s is', '%d is'), 3, 'needs exactly one %s'),
    ('name twice', ('NO_DOMAIN', 'INTERNAL'), 3, 'INTERNAL (42) stands twice'),
    ('number twice', ('42', '1'), 3, 'NO_DOMAIN (1) stands twice'),
    ('not a number', ('42', 'many'), 3, "'many' is no number"),
    ('not a name', ('NO_DOMAIN', 'no domain'), 3, "'no domain' is no name"),
]


def load():
    spec = importlib.util.spec_from_file_location('generate', GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def edited(text: str, edits) -> str:
    for old, new in edits:
        assert text.count(old) == 1 or old in ('"as"',), f'{text.count(old)} times {old}'
        text = text.replace(old, new)
    return text


class GeneratorTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.main = load().main

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def generate(self, *command: str):
        """None, or what it exits with: a text means status 1."""
        try:
            self.main(['generate.py', *command])
        except SystemExit as end:
            return end.code
        return None

    def interfaces(self, *paths: str):
        return self.generate('interfaces', self.write('compatible.tsv', COMPATIBLE),
                             self.write('procedures.tsv', PROCEDURES),
                             *(str(self.folder / name) for name in OUTPUTS), *paths)

    def test_good(self):
        self.assertIsNone(self.interfaces(self.write('good.xml', GOOD)))
        text = (self.folder / 'interfaces.c').read_text()
        for line in ('.procedure = 9,', '.api = "virGoodMove",', '.flags = 0x1,', '.needs_active = true,',
                     '.when = {', '.action = "org.virtbus1.domain.stop",', '.exact = false,', '.number = 0x1,',
                     '.also = { "org.virtbus1.domain.console", &good_class, GOOD_METHOD_FIND, offsetof(GoodMoveIn, xml) },',
                     '.identify_class = &good_class,', '.in = "su",', '.out = "a{su}",',
                     '.emits = PROPERTY_EMITS_CONST,', '.set_action = "org.virtbus1.domain.configure",'):
            self.assertIn(line, text)

    def test_a_struct_in_a_struct(self):
        """It is a type of its own, declared before the one that has it, with the field's name behind that one's."""
        text = edited(GOOD, [
            ('type="(si)" access', 'type="a(sa(iab)u)" access'),
            (PLACE_FIELDS, PLACE_FIELDS.replace('number', 'houses(number,floors),code'))])
        self.assertIsNone(self.interfaces(self.write('nested.xml', text)))
        self.assertIn('typedef struct GoodPlaceValueHouses {\n'
                      '        int32_t number;\n'
                      '        struct { int *items; size_t n; } floors;\n'
                      '} GoodPlaceValueHouses;\n'
                      'typedef struct GoodPlaceValue {\n'
                      '        char *street;\n'
                      '        struct { GoodPlaceValueHouses *items; size_t n; } houses;\n'
                      '        uint32_t code;\n'
                      '} GoodPlaceValue;\n', (self.folder / 'interfaces.h').read_text())

    def test_each_rule_of_interfaces(self):
        for rule, edits, marker, message in FAULTS:
            with self.subTest(rule):
                for name in OUTPUTS:
                    (self.folder / name).unlink(missing_ok=True)
                text = edited(GOOD, edits)
                line = text[:text.index(marker)].count('\n') + 1
                said = self.interfaces(self.write('bad.xml', text))
                self.assertIsInstance(said, str)
                self.assertIn(message, said)
                self.assertTrue(said.startswith(f'generate.py: {self.folder}/bad.xml:{line}: '), said)
                # Nothing is left that a build could take for the result.
                self.assertEqual([name for name in OUTPUTS if (self.folder / name).exists()], [])

    def test_each_rule_of_errors(self):
        outputs = [str(self.folder / name) for name in ('codes.h', 'table.inc')]
        self.assertIsNone(self.generate('errors', self.write('good.tsv', GOOD_ERRORS), *outputs))
        self.assertIn('ERROR_NO_DOMAIN = 42,', (self.folder / 'codes.h').read_text())
        self.assertIn('"org.virtbus1.Error.NoDomain", "%s is gone"', (self.folder / 'table.inc').read_text())
        for rule, edit, line, message in ERROR_FAULTS:
            with self.subTest(rule):
                said = self.generate('errors', self.write('bad.tsv', edited(GOOD_ERRORS, [edit])), *outputs)
                self.assertIsInstance(said, str)
                self.assertIn(message, said)
                self.assertTrue(said.startswith(f'generate.py: {self.folder}/bad.tsv:{line}: '), said)

    def test_faults_of_tables(self):
        good = self.write('good.xml', GOOD)
        outputs = [str(self.folder / name) for name in OUTPUTS]
        said = self.generate('interfaces', self.write('c.tsv', '# c\norg.libvirt.Good\tproperty\n'),
                             self.write('p.tsv', PROCEDURES), *outputs, good)
        self.assertIn(f'{self.folder}/c.tsv:2: 2 columns, 6 wanted', said)
        said = self.generate('interfaces', str(self.folder / 'none.tsv'), str(self.folder / 'p.tsv'), *outputs, good)
        self.assertIn('none.tsv', said)

    def test_status(self):
        bad = self.write('bad.tsv', 'nothing\n')
        for arguments, said in (((), 'usage'), (('interface',), 'usage'),
                                (('errors', bad, bad + '1', bad + '2'), f'{bad}:1: 1 columns')):
            with self.subTest(arguments):
                result = subprocess.run([sys.executable, GENERATOR, *arguments], capture_output=True, text=True)
                self.assertEqual(result.returncode, 1)
                self.assertEqual(result.stdout, '')
                self.assertIn(said, result.stderr)
                self.assertNotIn('Traceback', result.stderr)

    def test_the_same_each_time(self):
        """Also where hashes are seeded otherwise and the folder is another: builds can be reproduced."""
        results = []
        for seed in ('1', '2', '3'):
            with tempfile.TemporaryDirectory() as folder:
                outputs = [f'{folder}/{name}' for name in OUTPUTS]
                subprocess.run(
                    [sys.executable, GENERATOR, 'interfaces', INTERFACES / 'org.libvirt.tsv',
                     INTERFACES / 'libvirt-rpc.tsv', *outputs,
                     # The agent is the client's: nothing is made of it.
                     *sorted(set(INTERFACES.glob('*.xml')) - {INTERFACES / 'org.virtbus1.Agent.xml'})],
                    env={'PYTHONHASHSEED': seed}, cwd=folder, check=True)
                results.append([pathlib.Path(path).read_bytes() for path in outputs])
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[0], results[2])


if __name__ == '__main__':
    unittest.main(verbosity=2)

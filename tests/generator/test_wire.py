#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""interfaces/generate.py, the commands `wire` and `map`: one fault for each of their rules."""

import importlib.util
import pathlib
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'interfaces')]
OUTPUTS = ('procedures.h', 'procedures.c', 'domains.h')
DOMAINS = '7\tRPC\tthe wire\n'
PROCEDURES = ('REMOTE\t8\tDOMAIN_MOVE\tdom:domain,to:S,how:{speed:u,steps:i[4]}[16],nparams:i,flags:u\t'
              'left:params[16],nparams:i\tsince=1.0;rw;stream-bidir;prio=high\n'
              'REMOTE\t9\tDOMAIN_EVENT_MOVED\t-\tmodel:s8*32,net:network?,bytes:o40\tevent;eventid=domain:3;legacy\n'
              'REMOTE\t10\tDOMAIN_GET_PLACE\tdom:domain\tplace:s,flags:i\t-\n'
              'QEMU\t1\tOTHER\t-\t-\t-\n')
MEMBERS = 'DOMAIN_GET_PLACE\tget\tDomain.Place\t0\n'
DOMAIN = '''<node>
  <!-- org.virtbus1.Domain:
       One. -->
  <interface name="org.virtbus1.Domain">
    <!-- Place:
         Where it is. -->
    <property name="Place" type="(su)" access="read">
      <annotation name="org.virtbus1.Permission" value="none"/>
      <annotation name="org.virtbus1.Fields" value="name,flags"/>
    </property>
    <!-- Move:
         @to: whereto
         @how: how
         @flags: none
         @left: what stayed
         Goes away. -->
    <method name="Move">
      <arg name="to" type="s" direction="in"/>
      <arg name="how" type="a(uai)" direction="in">
        <annotation name="org.virtbus1.Fields" value="speed,steps"/>
      </arg>
      <arg name="flags" type="u" direction="in"/>
      <arg name="left" type="a{sv}" direction="out"/>
      <annotation name="org.virtbus1.Permission" value="none"/>
      <annotation name="org.virtbus1.Flags" value="0x0"/>
      <annotation name="org.virtbus1.Job" value="modify"/>
      <annotation name="org.virtbus1.Procedure" value="DOMAIN_MOVE"/>
    </method>
  </interface>
</node>
'''

# A rule, what breaks it in the procedures, the line, what is said.
WIRE_FAULTS = [
    ('no number', ('REMOTE\t8', 'REMOTE\teight'), 1, 'no procedure'),
    ('no program', ('QEMU\t1', 'XEN\t1'), 4, 'no procedure'),
    ('number twice', ('\t9\t', '\t8\t'), 2, 'stands twice'),
    ('name twice', ('DOMAIN_EVENT_MOVED', 'DOMAIN_MOVE'), 2, 'stands twice'),
    ('unknown note', ('legacy', 'ancient'), 2, "the note 'ancient' is not known"),
    ('unknown type', ('to:S', 'to:Z'), 1, "'Z' is no type"),
    ('no name', ('to:S', 'S'), 1, "'S' is no item"),
    ('field twice', ('to:S', 'dom:S'), 1, "is no item"),
    ('open struct', ('i[4]}[16]', 'i[4][16]'), 1, 'is no layout'),
    ('unbounded parameters', ('left:params[16]', 'left:params'), 1, "'params' is no type"),
    ('array of opaque', ('bytes:o40', 'bytes:o40[2]'), 2, "'o40[2]' is no type"),
    ('too few columns', ('QEMU\t1\tOTHER\t-', 'QEMU\t1\tOTHER'), 4, '5 columns, 6 wanted'),
]

# A rule, what breaks it in the interface or in the procedures, what is said.
MAP_FAULTS = [
    ('argument too many', ('"to" type="s"', '"to" type="x"'), "there is nothing for its argument 'to'"),
    ('argument too few', ('how:{speed:u,steps:i[4]}[16],', ''), "there is nothing for its argument 'flags'"),
    ('no such field', (',flags:u\t', '\t'), "it has no 'flags'"),
    ('another element', ('steps:i[4]', 'steps:s[4]'), "there is nothing for its argument 'how'"),
    ('another size', ('{speed:u,steps:i[4]}', '{speed:u}'), "there is nothing for its argument 'how'"),
    ('no object', ('dom:domain,to', 'net:network,to'), "it begins with 'net'"),
    ('return too many', ('left:params[16]', 'gone:i,left:params[16]'), "there is nothing for 'gone' of its return"),
    ('return too few', ('left:params[16],nparams:i', '-'), "it does not return 'left'"),
    ('unknown procedure', ('"DOMAIN_MOVE"', '"DOMAIN_GO"'), "no procedure 'DOMAIN_GO'"),
]
MEMBER_FAULTS = [
    ('unknown procedure', ('DOMAIN_GET_PLACE', 'DOMAIN_GO'), "'DOMAIN_GO'"),
    ('unknown kind', ('get', 'have'), "'have'"),
    ('unknown class', ('Domain.', 'Good.'), "'Good.Place' is not known"),
    ('unknown member', ('Place\t0', 'Size\t0'), 'there is no Domain.Size'),
    ('wrong flags', ('\t0\n', '\tall\n'), "'all' is no mask"),
]


class WireTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        spec = importlib.util.spec_from_file_location('generate', TOP / 'interfaces/generate.py')
        self.generator = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.generator)

    def test_names_of_functions(self):
        for name, program, api in (
                ('DOMAIN_GET_XML_DESC', 'REMOTE', 'virDomainGetXMLDesc'), ('NODE_GET_INFO', 'REMOTE', 'virNodeGetInfo'),
                ('CONNECT_LIST_ALL_NWFILTERS', 'REMOTE', 'virConnectListAllNWFilters'),
                ('DOMAIN_DEL_IOTHREAD', 'REMOTE', 'virDomainDelIOThread'),
                ('DOMAIN_SET_BLOCK_IO_TUNE', 'REMOTE', 'virDomainSetBlockIoTune'),
                ('DOMAIN_AGENT_COMMAND', 'QEMU', 'virDomainQemuAgentCommand')):
            self.assertEqual(self.generator.api_name(name, program), api)

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def run_generator(self, *command: str):
        """None, or what it says when it fails, and then it left nothing."""
        for output in (*OUTPUTS, 'map.c'):
            (self.folder / output).unlink(missing_ok=True)
        try:
            self.generator.main(['generate.py', *command])
        except SystemExit as end:
            self.assertEqual([name for name in (*OUTPUTS, 'map.c') if (self.folder / name).exists()], [])
            return end.code
        return None

    def wire(self, procedures: str, domains: str = DOMAINS):
        return self.run_generator('wire', self.write('procedures.tsv', procedures), self.write('domains.tsv', domains),
                                  *(str(self.folder / name) for name in OUTPUTS))

    def map(self, procedures: str = PROCEDURES, members: str = MEMBERS, interface: str = DOMAIN):
        return self.run_generator('map', self.write('procedures.tsv', procedures), self.write('members.tsv', members),
                                  str(self.folder / 'map.c'), self.write('domain.xml', interface))

    def test_wire(self):
        self.assertIsNone(self.wire(PROCEDURES))
        header, table, domains = ((self.folder / name).read_text() for name in OUTPUTS)
        self.assertIn('WIRE_DOMAIN_MOVE = 8,', header)
        self.assertIn('WIRE_QEMU_OTHER = 1,', header)
        self.assertIn('typedef struct WireDomainMoveArgsHow {\n'
                      '        uint32_t speed;\n'
                      '        struct { int32_t *items; size_t n; } steps;\n'
                      '} WireDomainMoveArgsHow;\n', header)
        for line in ('char *to;', 'struct { WireDomainMoveArgsHow *items; size_t n; } how;', 'Params left;',
                     'char model[32];', 'WireNetwork *net;', 'struct { uint8_t *items; size_t n; } bytes;'):
            self.assertIn(f'        {line}\n', header)
        for line in ('.args = "DSa16(ua4i)iu",', '.ret = "P16i",', '.ret = "x32c?No40",', '.event = 3,',
                     '.flags = WIRE_WRITES | WIRE_STREAM_IN | WIRE_STREAM_OUT | WIRE_PRIORITY,',
                     '.flags = WIRE_EVENT | WIRE_EVENT_LEGACY,', '.args_size = sizeof(WireDomainMoveArgs),'):
            self.assertIn(line, table)
        self.assertIn('WIRE_FROM_RPC = 7,', domains)

    def test_each_rule_of_wire(self):
        for rule, (old, new), line, message in WIRE_FAULTS:
            with self.subTest(rule):
                self.assertEqual(PROCEDURES.count(old), 1)
                said = self.wire(PROCEDURES.replace(old, new))
                self.assertIsInstance(said, str)
                self.assertTrue(said.startswith(f'generate.py: {self.folder}/procedures.tsv:{line}: '), said)
                self.assertIn(message, said)
        self.assertIn('domains.tsv:1: 2 columns', self.wire(PROCEDURES, '7\tRPC\n'))

    def test_map(self):
        self.assertIsNone(self.map())
        table = (self.folder / 'map.c').read_text()
        for line in ('.member = DOMAIN_METHOD_MOVE,', '.args = "@==nF",', '.ret = "=n",',
                     '.kind = WIRE_MAP_GET,', '.args = "@",', '.ret = "==",'):
            self.assertIn(line, table)
        # An older form may leave out what it has no field for, but not mix up what is left.
        older = MEMBERS + 'DOMAIN_MOVE\tolder\tDomain.Move\t0x1\n'
        self.assertIsNone(self.map(PROCEDURES.replace('to:S,how:{speed:u,steps:i[4]}[16],', 'to:s,'), older,
                                   DOMAIN.replace('"DOMAIN_MOVE"', '"DOMAIN_MOVE"').replace(
                                       '      <annotation name="org.virtbus1.Procedure" value="DOMAIN_MOVE"/>\n', '')))
        table = (self.folder / 'map.c').read_text()
        self.assertIn('.args = "@=n_F",', table)
        self.assertIn('.older = true,\n                .flags = 0x1,', table)

    def test_each_rule_of_map(self):
        for rule, (old, new), message in MAP_FAULTS:
            with self.subTest(rule):
                self.assertEqual(DOMAIN.count(old) + PROCEDURES.count(old), 1)
                said = self.map(PROCEDURES.replace(old, new), MEMBERS, DOMAIN.replace(old, new))
                self.assertIsInstance(said, str)
                self.assertTrue(said.startswith(f'generate.py: {self.folder}/domain.xml:'), said)
                self.assertIn('method Move', said)
                self.assertIn(message, said)
        for rule, (old, new), message in MEMBER_FAULTS:
            with self.subTest(rule):
                said = self.map(members=MEMBERS.replace(old, new))
                self.assertIsInstance(said, str)
                self.assertTrue(said.startswith(f'generate.py: {self.folder}/members.tsv:1: '), said)
                self.assertIn(message, said)


if __name__ == '__main__':
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An interface with one of everything (tests/toy), through the real generator, dispatcher, codec and publisher."""

import contextlib
import os
import re
import unittest
from unittest import mock

import bus
from bustest import BUS_ERROR, BusTest, CallError, GLib, PROPERTIES, ROOT, TOP

TOY = f'{ROOT}/toy'
# Milliseconds: longer than any test, which ends what waits for so long.
LONG = 600000
XML = TOP / 'tests/toy/org.virtbus1.Toy.xml'

FILLED = {
    'Byte': 255, 'Flag': True, 'Int16': -2 ** 15, 'UInt16': 2 ** 16 - 1, 'Int32': -2 ** 31, 'UInt32': 2 ** 32 - 1,
    'Int64': -2 ** 63, 'UInt64': 2 ** 64 - 1, 'Real': -0.5, 'Text': 'text', 'Signature': 'a{sv}',
    'Object': f'{TOY}/toy', 'Strings': ['one', '', 'three'], 'Pair': ('pair', -1), 'Table': {'a': 1, 'b': 2},
    'Params': {'i': -1, 'u': 1, 'x': -2 ** 63, 't': 2 ** 64 - 1, 'b': True, 's': 'text', 'd': 0.25},
}
EMPTY = {
    'Byte': 0, 'Flag': False, 'Int16': 0, 'UInt16': 0, 'Int32': 0, 'UInt32': 0, 'Int64': 0, 'UInt64': 0, 'Real': 0.0,
    'Text': '', 'Signature': '', 'Object': '/', 'Strings': [], 'Pair': ('', 0), 'Table': {}, 'Params': {},
}
FIXED = {'Fixed': 'fixed', 'Guarded': 'guarded'}

CONTAINERS = '(asayabaax(yt)a(sasd)a{su}a{sv}aa{sv}ao)'


class ToyTest(BusTest):
    @classmethod
    def setUpClass(cls):
        program = bus.service_program().parent / 'tests/toy/toy'
        patch = mock.patch.dict(os.environ, VIRTBUSD=str(program))
        patch.start()
        cls.addClassCleanup(patch.stop)
        super().setUpClass()
        cls.toy = cls.client.object(TOY)

    def setUp(self):
        self.toy.call('Toy.Empty')

    def alive(self):
        self.assertEqual(self.toy.get('Toy.Fixed'), 'fixed')

    # Values

    def test_basic_types(self):
        for values in ((0, False, 0, 0, 0, 0, 0, 0, 0.0, '', ''),
                       (255, True, -2 ** 15, 2 ** 16 - 1, -2 ** 31, 2 ** 32 - 1, -2 ** 63, 2 ** 64 - 1, -1e300,
                        'ünï\u2028cødé 🖥', 'a{s(iai)}'),
                       (1, True, 2 ** 15 - 1, 1, 2 ** 31 - 1, 1, 2 ** 63 - 1, 1, 5e-324, 'x' * 100000, 'y')):
            self.assertEqual(self.toy.call('Toy.EchoBasic', *values), values)

    def test_containers(self):
        v = GLib.Variant
        for values in (
                ([], b'', [], [], (0, 0), [], {}, {}, [], []),
                (['', 'a', 'b' * 1000], bytes(range(256)), [True, False, True], [[], [1, -1], [2 ** 63 - 1]],
                 (255, 2 ** 64 - 1), [('n', [], 0.5), ('m', ['x', ''], -1.0)], {'a': 1, '': 2},
                 {'i': v('i', -1), 'u': v('u', 1), 'x': v('x', -1), 't': v('t', 1), 'd': v('d', 0.5),
                  'b': v('b', True), 's': v('s', 'text')},
                 [{}, {'a': v('s', '')}, {'b': v('t', 2 ** 64 - 1), 'c': v('b', False)}], [TOY, TOY]),
                ([str(i) for i in range(5000)], b'x' * 100000, [True] * 1000, [[i] * 3 for i in range(1000)], (1, 1),
                 [(str(i), [str(i)] * 3, float(i)) for i in range(1000)], {str(i): i for i in range(1000)},
                 {str(i): v('i', i) for i in range(1000)}, [{str(i): v('s', str(i))} for i in range(100)],
                 [TOY] * 100)):
            body = self.send(TOY, 'org.virtbus1.Toy', 'EchoContainers', GLib.Variant(CONTAINERS, values), reply=True)
            self.assertEqual(body.print_(True), GLib.Variant(CONTAINERS, values).print_(True))

    def test_values_that_are_none(self):
        v = GLib.Variant
        good = ([], b'', [], [], (0, 0), [], {}, {}, [], [])
        for place, value in ((7, {'a': v('as', [])}), (7, {'a': v('v', v('i', 0))}), (7, {'a': v('y', 1)}),
                             (7, {'a': v('o', '/')}), (8, [{'a': v('(i)', (1,))}]), (9, ['/']), (9, [TOY, ROOT + '/none'])):
            values = list(good)
            values[place] = value
            with self.subTest(value=str(value)), self.refused('InvalidArg', 'invalid argument: EchoContainers: '):
                self.send(TOY, 'org.virtbus1.Toy', 'EchoContainers', GLib.Variant(CONTAINERS, values), reply=True)
        self.alive()

    def test_descriptors(self):
        before = self.descriptors()
        pipes = [os.pipe() for _ in range(4)]
        for i, (_, writer) in enumerate(pipes):
            os.write(writer, str(i).encode())
            os.close(writer)
        one, many = self.toy.call('Toy.EchoDescriptors', 0, [1, 2, 3], fds=[reader for reader, _ in pipes])
        self.assertEqual([os.read(fd, 10) for fd in (one, *many)], [b'0', b'1', b'2', b'3'])
        for fd in (one, *many, *(reader for reader, _ in pipes)):
            os.close(fd)
        with self.assertRaises(CallError):
            self.toy.call('Toy.EchoDescriptors', 7, [])
        # A caller that names descriptors it has not sent, and one that sends what nobody wants.
        reader, writer = os.pipe()
        self.client.call(TOY, PROPERTIES, 'Get', '(ss)', '', 'Fixed', fds=[reader, writer])
        os.close(reader), os.close(writer)
        self.client.wait(lambda: self.descriptors() <= before, failure=lambda: f'{before} before, {self.descriptors()} now')

    def descriptors(self) -> int:
        return len(os.listdir(f'/proc/{self.bus.service.pid}/fd'))

    def test_results_of_what_fails_are_freed(self):
        before = self.descriptors()
        for _ in range(5):
            with self.refused('OperationFailed', 'operation failed: waited'):
                self.toy.call('Toy.Wait', 1, True)
        # So are those that nobody waits for.
        for _ in range(5):
            self.send(TOY, 'org.virtbus1.Toy', 'Wait', GLib.Variant('(ub)', (1, False)))
        self.client.wait(lambda: self.descriptors() <= before)

    # Properties and signals

    def test_properties(self):
        self.assertEqual(self.toy.get_all('Toy'), {**EMPTY, **FIXED})
        with self.client.record() as signals:
            self.toy.call('Toy.Fill')
            signals.wait(member='Filled')
        self.assertEqual(self.toy.get_all('Toy'), {**FILLED, **FIXED})
        for name, value in FILLED.items():
            self.assertEqual(self.toy.get(f'Toy.{name}'), value)
        # First the child, then what changed, at once and before the signal that it is told by.
        told = [(s.path, s.member, s.arguments) for s in signals.all if s.path in (ROOT, TOY)]
        self.assertEqual([member for _, member, _ in told], ['InterfacesAdded', 'PropertiesChanged', 'Filled'])
        # With what who may know of the object may read; Guarded takes another permission.
        self.assertEqual(told[0][2], (f'{TOY}/toy', {'org.virtbus1.Toy': {**EMPTY, 'Fixed': 'fixed'}}))
        self.assertEqual(told[1][2], ('org.virtbus1.Toy', FILLED, []))
        self.assertEqual(told[2][2], (-2 ** 63, ('pair', 7), ['x', 'y'], f'{TOY}/toy', FILLED['Params']))
        # Nothing that is the same is told again.
        with self.client.record() as signals:
            self.toy.call('Toy.Fill')
            signals.wait(member='Filled')
            self.assertFalse(signals.matching(member='PropertiesChanged'))
            self.toy.call('Toy.Empty')
            signals.wait(member='Emptied', path=TOY)
            self.assertEqual(signals.changes(TOY), EMPTY)
            self.assertEqual(signals.matching(member='InterfacesRemoved', path=ROOT)[0].arguments,
                             (f'{TOY}/toy', ['org.virtbus1.Toy']))

    def test_setting(self):
        for name, signature, value in (('Flag', 'b', True), ('Text', 's', 'new'), ('Strings', 'as', ['', 'x']),
                                       ('Pair', '(si)', ('p', -5)), ('Table', 'a{su}', {'k': 7})):
            with self.subTest(name), self.client.record() as signals:
                self.toy.set(f'Toy.{name}', GLib.Variant(signature, value))
                self.assertEqual(self.toy.get(f'Toy.{name}'), value)
                self.assertEqual(signals.wait(member='PropertiesChanged', path=TOY).arguments,
                                 ('org.virtbus1.Toy', {name: value}, []))
        self.toy.set('Toy.Params', GLib.Variant('a{sv}', {'n': GLib.Variant('t', 5), 's': GLib.Variant('s', 'x')}))
        self.assertEqual(self.toy.get('Toy.Params'), {'n': 5, 's': 'x'})
        with self.refused('InvalidArg', "invalid argument: the toy does not like 'bad'"):
            self.toy.set('Toy.Text', GLib.Variant('s', 'bad'))
        for value in (GLib.Variant('i', 1), GLib.Variant('v', GLib.Variant('s', 'x')), GLib.Variant('as', [])):
            with self.refused('InvalidArg', "invalid argument: Text has the type 's'"):
                self.toy.set('Toy.Text', value)
        with self.refused('-PropertyReadOnly'):
            self.toy.set('Toy.Byte', GLib.Variant('y', 1))
        self.assertEqual(self.toy.get('Toy.Text'), 'new')

    def test_introspection(self):
        ours = re.search(r'<interface name="org\.virtbus1.*?</interface>', XML.read_text(), re.DOTALL).group()
        self.assertIn(ours, self.toy.introspect())

    # Jobs

    def test_jobs(self):
        """Calls of different callers: each at its time; of one caller on one object: in order."""
        other = self.new_client()
        finish = self.client.start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', LONG, True)
        self.assertEqual(other.object(TOY).call('Toy.EchoBasic', 1, True, 1, 1, 1, 1, 1, 1, 1.0, 's', 'g')[0], 1)
        self.assertEqual(other.object(TOY).get('Toy.Fixed'), 'fixed')
        # What ends a job does not wait behind it, and may come from who waits.
        second = self.client.start(TOY, PROPERTIES, 'Get', '(ss)', '', 'Fixed')
        self.toy.client.start(TOY, 'org.virtbus1.Toy', 'End', None)()
        with self.refused('OperationFailed', 'operation failed: ended'):
            finish()
        self.assertEqual(second(), 'fixed')

    def test_beside_a_job(self):
        """What is about a job does not wait for it, nor for what waits for it, and keeps its own order."""
        start = self.client.start
        job = start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', LONG, True)
        later = start(TOY, PROPERTIES, 'Get', '(ss)', '', 'Fixed')
        first = self.toy.call('Toy.Follow', 1)
        followers = [start(TOY, 'org.virtbus1.Toy', 'Follow', '(u)', number) for number in range(2, 22)]
        self.assertEqual([finish() for finish in followers], list(range(1, 21)))
        # It leaves the line of the others as it was.
        second = start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', 1, True)
        start(TOY, 'org.virtbus1.Toy', 'End', None)()
        with self.refused('OperationFailed', 'operation failed: ended'):
            job()
        self.assertEqual(later(), 'fixed')
        with self.refused('OperationFailed', 'operation failed: waited'):
            second()
        self.assertEqual(first, 0)

    def test_order(self):
        waiting = []
        for i in range(20):
            waiting.append(self.client.start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', 1, True))
            waiting.append(self.client.start(TOY, PROPERTIES, 'Set', '(ssv)', '', 'Text', GLib.Variant('s', str(i))))
            waiting.append(self.client.start(TOY, PROPERTIES, 'Get', '(ss)', '', 'Text'))
        seen = []
        for finish in waiting:
            try:
                seen.append(finish())
            except CallError:
                seen.append('failed')
        self.assertEqual(seen, [entry for i in range(20) for entry in ('failed', None, str(i))])

    def test_later(self):
        """A handler that is answered from memory, and finds that it has to wait."""
        self.assertEqual(self.toy.call('Toy.Later'), 2)
        # On the fiber of another call it need not be asked twice.
        first = self.client.start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', 20, True)
        later = self.client.start(TOY, 'org.virtbus1.Toy', 'Later', None)
        with self.assertRaises(CallError):
            first()
        self.assertIn(later(), (1, 2))

    def test_a_long_line_of_calls(self):
        """Each starts the next when it ends, on a stack that has an end."""
        waiting = [self.client.start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', 100, True)]
        waiting += [self.client.start(TOY, 'org.virtbus1.Toy', 'Later', None) if i % 2 else
                    self.client.start(TOY, PROPERTIES, 'GetAll', '(s)', '') for i in range(127)]
        with self.assertRaises(CallError):
            waiting[0]()
        self.assertEqual(len([finish() for finish in waiting[1:]]), 127)

    def test_too_many_at_once(self):
        """Past the cap of fibers calls are refused, and nothing else happens."""
        seen, wanted = None, (['ResourceBusy'], ['OperationFailed'] * 15 + ['ResourceBusy'] * 8)
        # For how long the first has to wait, that the last comes before its end, depends on the machine.
        for msec in (2000, 10000, 60000):
            if seen != wanted:
                seen = self.crowd(msec)
        self.assertEqual(seen, wanted)
        self.toy.call('Toy.End')

    def crowd(self, msec: int) -> tuple:
        """What is told to one more than there may be, and to all but the first, who leaves."""
        def outcomes(finishes):
            for finish in finishes:
                with self.assertRaises(CallError) as caught:
                    finish()
                yield caught.exception.name.rsplit('.', 1)[1]

        clients = [self.new_client() for _ in range(24)]
        waiting = [client.start(TOY, 'org.virtbus1.Toy', 'Wait', '(ub)', msec, True) for client in clients]
        for client in clients:
            client.bus('GetId', None)
        try:
            self.toy.call('Toy.End')
            more = []
        except CallError as error:
            self.assertTrue(error.message.startswith('resource busy: the service works on 16 calls already'))
            more = ['ResourceBusy']
        self.assertEqual(self.toy.get('Toy.Fixed'), 'fixed')
        clients[0].close()
        return more, sorted(outcomes(waiting[1:]))

    # Rows

    def test_flags(self):
        self.assertEqual(self.toy.call('Toy.Flags', 3), 3)
        with self.refused('InvalidArg', 'unsupported flags (0xc) in function virToyFlags'):
            self.toy.call('Toy.Flags', 15)

    def test_missing(self):
        with self.refused('NoSupport', 'this function is not supported by the connection driver: virToyMissing'):
            self.toy.call('Toy.Missing')

    def test_other_namespace(self):
        other = self.bus.client()
        other.name = 'org.libvirt'
        self.addCleanup(other.close)
        toy = other.object('/org/libvirt/toy')
        self.toy.call('Toy.Fill')
        self.assertEqual(toy.get_all('org.libvirt.Toy'),
                         {'Text': 'text', 'Params': FILLED['Params'], 'Object': '/org/libvirt/toy/toy'})
        body = self.send('/org/libvirt/toy', PROPERTIES, 'GetAll', GLib.Variant('(s)', ('org.libvirt.Toy',)),
                         reply=True, name='org.libvirt')
        self.assertIn("'Params': <<{'i': <<-1>>", body.print_(True))
        self.assertEqual(toy.call('org.libvirt.Toy.Flags', 1), 1)
        for call, message in ((lambda: toy.call('org.libvirt.Toy.Flags', 4), 'unsupported flags (0x4)'),
                              (lambda: toy.call('org.libvirt.Toy.Missing'), 'this function is not supported by')):
            with self.assertRaises(CallError) as caught:
                call()
            self.assertEqual(caught.exception.name, 'org.libvirt.Error')
            self.assertEqual(caught.exception.message[:len(message)], message)
        for member in ('Later', 'Wait', 'EchoBasic'):
            with self.assertRaises(CallError) as caught:
                other.call('/org/libvirt/toy', 'org.libvirt.Toy', member, None)
            self.assertEqual(caught.exception.name, BUS_ERROR + 'UnknownMethod')
        with other.record() as signals:
            self.toy.call('Toy.Empty')
            signals.wait(member='Emptied', path='/org/libvirt/toy')
        told = [s for s in signals.all if s.path == '/org/libvirt/toy']
        self.assertEqual([s.member for s in told], ['PropertiesChanged', 'Emptied'])
        self.assertEqual(told[0].arguments, ('org.libvirt.Toy', {'Text': '', 'Object': '/', 'Params': {}}, []))

    def test_child(self):
        """It goes while somebody works with it, for long enough on this machine."""
        self.assertTrue(any(self.empty_at_work(msec) for msec in (200, 2000, 20000)))

    def empty_at_work(self, msec: int) -> bool:
        """Whether it went before the end of what was under way."""
        self.toy.call('Toy.Fill')
        child = self.client.object(f'{TOY}/toy')
        self.assertEqual(child.get('Toy.Fixed'), 'fixed')
        finish = child.client.start(child.path, 'org.virtbus1.Toy', 'Wait', '(ub)', msec, True)
        after = child.client.start(child.path, PROPERTIES, 'Get', '(ss)', '', 'Fixed')
        child.client.bus('GetId', None)
        self.new_client().object(TOY).call('Toy.Empty')
        in_time = not finish.answered()
        with self.refused('OperationFailed', 'operation failed: waited'):
            finish()
        with contextlib.suppress(CallError) if not in_time else self.refused('InvalidConn'):
            after()
        with self.refused('-UnknownObject'):
            child.get('Toy.Fixed')
        return in_time


if __name__ == '__main__':
    unittest.main(verbosity=2)

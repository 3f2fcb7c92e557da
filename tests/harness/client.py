# SPDX-License-Identifier: LGPL-2.1-or-later
"""A D-Bus client for tests: calls without spelling signatures out, and signals kept as they come.

    client = Client(address)
    manager = client.object('/org/virtbus1')
    path = manager.call('Manager.Open', 'test:///default', 0)
    domain = client.object(path)
    domain.get('Domain.State')
    with client.record() as signals:
        domain.call('Domain.Suspend')
        signals.wait(member='DomainEvent')

Interface names are given without "org.virtbus1."; a full name is taken as it is. Signatures are
read from the object's introspection, so what a test calls is what the service says it has. A reply
of one value is returned as that value, of several as a tuple, of none as None. Descriptors in a
reply are integers that the caller owns. Errors of the service are raised as CallError.
"""

import contextlib
import os
import pathlib
import time
import xml.etree.ElementTree as ElementTree

from gi.repository import Gio, GLib

TOP = pathlib.Path(__file__).resolve().parents[2]
NAME = 'org.virtbus1'
# Long, since a busy machine is no failure: who waits in vain waits for it once.
DEADLINE = 120


class CallError(Exception):
    """An error reply: name is D-Bus' name of it, message its text."""

    def __init__(self, name: str, message: str):
        super().__init__(f'{name}: {message}')
        self.name = name
        self.message = message


class Signal:
    """One signal as it came, with when: path, interface, member, arguments, time (monotonic)."""

    def __init__(self, path, interface, member, arguments):
        self.path = path
        self.interface = interface
        self.member = member
        self.arguments = arguments
        self.time = time.monotonic()

    def __repr__(self):
        return f'{self.path} {self.interface}.{self.member}{self.arguments}'


class Recording:
    """The signals since record(); a list that fills while the client waits."""

    def __init__(self, client):
        self._client = client
        self.all = []

    def matching(self, path=None, member=None, interface=None, where=None) -> list:
        """Those that are as given; where is a function of the signal."""
        return [s for s in self.all
                if (path is None or s.path == path)
                and (member is None or s.member == member)
                and (interface is None or s.interface == full_name(interface))
                and (where is None or where(s))]

    def wait(self, timeout=DEADLINE, **match) -> Signal:
        """The first that is as given, now or later; AssertionError if none comes."""
        self._client.wait(lambda: self.matching(**match), timeout,
                          lambda: f'no signal {match}; there were {self.all}')
        return self.matching(**match)[0]

    def changes(self, path=None) -> dict:
        """The latest value of each property that PropertiesChanged brought, of one object or all."""
        result = {}
        for signal in self.matching(path=path, member='PropertiesChanged'):
            result.update(signal.arguments[1])
        return result


def full_name(interface: str) -> str:
    return interface if '.' in interface else f'{NAME}.{interface}'


def _split(member: str):
    """'Domain.Create' or 'org.virtbus1.Domain.Create' -> interface, member."""
    interface, _, name = member.rpartition('.')
    return full_name(interface), name


class Object:
    """An object of the service. Making one asks nothing."""

    def __init__(self, client, path: str):
        self.client = client
        self.path = path

    def __repr__(self):
        return f'<{self.path}>'

    def call(self, member: str, *arguments, **options):
        """Call Interface.Member; options are those of Client.call."""
        interface, name = _split(member)
        signature = self.client.signature(self.path, interface, name)
        return self.client.call(self.path, interface, name, signature, *arguments, **options)

    def get(self, member: str):
        interface, name = _split(member)
        return self.client.call(self.path, 'org.freedesktop.DBus.Properties', 'Get', '(ss)',
                                interface, name)

    def set(self, member: str, value: GLib.Variant):
        interface, name = _split(member)
        self.client.call(self.path, 'org.freedesktop.DBus.Properties', 'Set', '(ssv)', interface,
                         name, value)

    def get_all(self, interface: str) -> dict:
        return self.client.call(self.path, 'org.freedesktop.DBus.Properties', 'GetAll', '(s)',
                                full_name(interface))

    def introspect(self) -> str:
        return self.client.call(self.path, 'org.freedesktop.DBus.Introspectable', 'Introspect',
                                None)


class Client:
    """One connection to a bus. Use one more for each caller that a test tells apart."""

    def __init__(self, address: str, name: str = NAME):
        self.name = name
        self._context = GLib.MainContext.new()
        self._signatures = {}
        self._recordings = []
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                 | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION)
        with self._own_context():
            self._connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
            self._connection.signal_subscribe(name, None, None, None, None,
                                              Gio.DBusSignalFlags.NONE, self._on_signal)
        self.unique_name = self._connection.get_unique_name()

    @contextlib.contextmanager
    def _own_context(self):
        # What is started here is delivered when this client iterates, and not to another one's.
        self._context.push_thread_default()
        try:
            yield
        finally:
            self._context.pop_thread_default()

    def close(self):
        with contextlib.suppress(GLib.Error):
            self._connection.close_sync(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def object(self, path: str) -> Object:
        return Object(self, path)

    def signature(self, path: str, interface: str, member: str):
        """The input signature of a method, as '(su)', from introspection; cached by interface."""
        if interface not in self._signatures:
            node = ElementTree.fromstring(self.object(path).introspect())
            for found in node.iter('interface'):
                self._signatures[found.get('name')] = {
                    method.get('name'): ''.join(
                        argument.get('type') for argument in method.iter('arg')
                        if argument.get('direction', 'in') == 'in')
                    for method in found.iter('method')}
        try:
            return f'({self._signatures[interface][member]})'
        except KeyError:
            raise CallError('org.freedesktop.DBus.Error.UnknownMethod',
                            f'{path} has no {interface}.{member}') from None

    def start(self, path: str, interface: str, member: str, signature, *arguments, fds=(),
              timeout=DEADLINE, interactive=False):
        """Send a call and return a function that waits for its reply and returns it.

        Its answered() tells whether the reply is there.
        fds are descriptors that 'h' arguments name by their position.
        """
        message = Gio.DBusMessage.new_method_call(self.name, path, interface, member)
        if signature not in (None, '()'):
            message.set_body(GLib.Variant(signature, arguments))
        elif arguments:
            raise TypeError(f'{interface}.{member} takes no arguments')
        if fds:
            message.set_unix_fd_list(Gio.UnixFDList.new_from_array([os.dup(fd) for fd in fds]))
        if interactive:
            message.set_flags(Gio.DBusMessageFlags.ALLOW_INTERACTIVE_AUTHORIZATION)
        answers = []
        with self._own_context():
            self._connection.send_message_with_reply(
                message, Gio.DBusSendMessageFlags.NONE, int(timeout * 1000), None,
                lambda connection, result: answers.append(result))

        def finish():
            self.wait(lambda: answers, timeout + 5,
                      lambda: f'no answer to {interface}.{member} of {path}')
            try:
                reply = self._connection.send_message_with_reply_finish(answers[0])
            except GLib.Error as error:
                raise CallError(error.domain, error.message) from None
            if reply.get_message_type() == Gio.DBusMessageType.ERROR:
                text = reply.get_body()
                raise CallError(reply.get_error_name(), text.unpack()[0] if text else '')
            return self._unpack(reply)

        def answered() -> bool:
            while self._context.iteration(False):
                pass
            return bool(answers)

        finish.answered = answered
        return finish

    def serve(self, path: str, interface: str, answer):
        """Show an object: answer(member, arguments) gives a call's values as a GLib.Variant of a tuple, or raises."""
        xml = (TOP / f'interfaces/{interface}.xml').read_text()

        def on_call(_connection, _sender, _path, _interface, member, arguments, invocation):
            try:
                invocation.return_value(answer(member, arguments.unpack()))
            except Exception as problem:  # pylint: disable=broad-exception-caught
                invocation.return_dbus_error('org.example.Refused', str(problem))

        with self._own_context():
            node = Gio.DBusNodeInfo.new_for_xml(xml)
            self._connection.register_object(path, node.lookup_interface(interface), on_call, None, None)

    @staticmethod
    def _unpack(reply):
        body = reply.get_body()
        if body is None:
            return None
        values = body.unpack()
        descriptors = reply.get_unix_fd_list()
        if descriptors is not None:
            owned = descriptors.steal_fds()
            kinds = [body.get_child_value(i).get_type_string() for i in range(body.n_children())]
            values = tuple(
                owned[value] if kind == 'h' else
                [owned[index] for index in value] if kind == 'ah' else value
                for kind, value in zip(kinds, values))
        return values[0] if len(values) == 1 else values

    def call(self, path: str, interface: str, member: str, signature, *arguments, **options):
        """start() and its reply."""
        return self.start(path, interface, member, signature, *arguments, **options)()

    def _on_signal(self, _connection, _sender, path, interface, member, parameters, *_):
        signal = Signal(path, interface, member, parameters.unpack())
        for recording in self._recordings:
            recording.all.append(signal)

    @contextlib.contextmanager
    def record(self):
        """Keep the signals of the service that come from now on."""
        recording = Recording(self)
        # The subscription is with the bus once it has answered a later call; and what came before that answer, but
        # nobody has waited for yet, was before.
        self.bus('GetId', None)
        while self._context.iteration(False):
            pass
        self._recordings.append(recording)
        try:
            yield recording
        finally:
            self._recordings.remove(recording)

    def wait(self, done, timeout=DEADLINE, failure=lambda: 'waited in vain'):
        """Take in what comes until done() is true; AssertionError(failure()) after the timeout."""
        until = time.monotonic() + timeout
        ticker = GLib.timeout_source_new(20)
        ticker.set_callback(lambda *_: True)
        ticker.attach(self._context)
        try:
            while not done():
                if time.monotonic() > until:
                    raise AssertionError(failure())
                self._context.iteration(True)
        finally:
            ticker.destroy()

    def settle(self, seconds: float):
        """Take in what comes for a while; for showing that something does not come."""
        until = time.monotonic() + seconds
        with contextlib.suppress(AssertionError):
            self.wait(lambda: time.monotonic() > until, seconds + 1)

    # The bus itself

    def bus(self, member: str, signature, *arguments):
        with self._own_context():
            reply = self._connection.call_sync(
                'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', member,
                GLib.Variant(signature, arguments) if signature else None, None,
                Gio.DBusCallFlags.NONE, DEADLINE * 1000, None)
        values = reply.unpack()
        return values[0] if len(values) == 1 else values

    def owner(self, name: str = NAME):
        """The unique name that owns NAME, or None."""
        try:
            return self.bus('GetNameOwner', '(s)', name)
        except GLib.Error:
            return None

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A mock of polkit's authority, for what the real one cannot be brought to: silence, errors, garbage, going away.

    authority = Authority(address)
    authority.decide = lambda question: 'yes' if question.details['name'] == 'mail' else 'no'

The real polkitd is asked by the tests in the container (tests/system).
"""

import threading

from gi.repository import Gio, GLib

NAME = 'org.freedesktop.PolicyKit1'
PATH = '/org/freedesktop/PolicyKit1/Authority'
INTERFACE = 'org.freedesktop.PolicyKit1.Authority'

INTROSPECTION = '''<node><interface name="org.freedesktop.PolicyKit1.Authority">
<method name="CheckAuthorization">
  <arg type="(sa{{sv}})" direction="in"/><arg type="s" direction="in"/><arg type="a{{ss}}" direction="in"/>
  <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="{answer}" direction="out"/>
</method>
<method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method>
<signal name="Changed"/>
</interface></node>'''

ANSWERS = {'yes': (True, False, {}), 'no': (False, False, {}), 'ask': (False, True, {})}


class Question:
    def __init__(self, parameters):
        subject, self.action, self.details, self.flags, self.cancellation = parameters.unpack()
        self.kind, self.subject, self.caller = subject[0], subject[1], subject[1].get('name')
        self.action = self.action.removeprefix('org.virtbus1.')

    def __repr__(self):
        return f'{self.action} {self.details} {self.flags}'


class Authority:
    """Has the name until close(). decide(question) returns 'yes', 'no', 'ask', 'hold' or 'error'.

    garbage is what it answers instead.
    """

    def __init__(self, address: str, garbage=None):
        self.decide = lambda question: 'yes'
        self.questions, self.cancelled, self.held = [], [], []
        self._garbage = garbage
        self._context = GLib.MainContext.new()
        self._loop = GLib.MainLoop.new(self._context, False)
        self._context.push_thread_default()
        try:
            self._connection = Gio.DBusConnection.new_for_address_sync(
                address, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
                | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)
            answer = garbage.get_type_string()[1:-1] if garbage else '(bba{ss})'
            info = Gio.DBusNodeInfo.new_for_xml(INTROSPECTION.format(answer=answer)).interfaces[0]
            self._connection.register_object(PATH, info, self._on_call, None, None)
        finally:
            self._context.pop_thread_default()
        self._thread = threading.Thread(target=self._loop.run, daemon=True)
        self._thread.start()
        owner = self._bus('RequestName', '(su)', NAME, 4).unpack()[0]
        assert owner == 1, 'there is another authority'

    def _bus(self, member, signature, *arguments):
        return self._connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                          member, GLib.Variant(signature, arguments), None, Gio.DBusCallFlags.NONE,
                                          120000, None)

    def _on_call(self, _connection, _sender, _path, _interface, member, parameters, invocation):
        if member == 'CancelCheckAuthorization':
            self.cancelled.append(parameters.unpack()[0])
            invocation.return_value(None)
            return
        question = Question(parameters)
        self.questions.append(question)
        answer = self.decide(question)
        if answer == 'hold':
            self.held.append(invocation)
        elif answer == 'error':
            invocation.return_dbus_error('org.freedesktop.PolicyKit1.Error.Failed', 'cannot think now')
        elif self._garbage:
            invocation.return_value(self._garbage)
        else:
            invocation.return_value(GLib.Variant('((bba{ss}))', (ANSWERS[answer],)))

    def changed(self):
        self._connection.emit_signal(None, PATH, INTERFACE, 'Changed', None)
        # With the reply the bus has passed it on: before whatever is sent from now on.
        self._bus('GetNameOwner', '(s)', NAME)

    def close(self):
        if self._connection.is_closed():
            return
        self._connection.close_sync(None)
        self._loop.quit()
        self._thread.join()

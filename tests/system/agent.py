#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An authentication agent that knows the password, for the session it runs in.

    agent.py --as=NAME --password=WORD --log=FILE -- COMMAND...

Runs COMMAND while answering what polkit asks about this session as NAME with the password WORD, and
writes each question to FILE, a line of JSON: action, message, details, answer. Ends as COMMAND does.
"""

import argparse
import json
import os
import pwd
import subprocess
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

PATH = '/org/virtbus1/test/Agent'
INTERFACE = 'org.freedesktop.PolicyKit1.AuthenticationAgent'
HELPERS = ('/usr/lib/polkit-1/polkit-agent-helper-1', '/usr/libexec/polkit-agent-helper-1',
           '/usr/lib/policykit-1/polkit-agent-helper-1')


class Agent(dbus.service.Object):
    def __init__(self, bus, options):
        super().__init__(bus, PATH)
        self._options = options

    @dbus.service.method(INTERFACE, in_signature='sssa{ss}sa(sa{sv})', out_signature='')
    def BeginAuthentication(self, action, message, _icon, details, cookie, identities):
        wanted = pwd.getpwnam(self._options.name).pw_uid
        offered = [int(what['uid']) for kind, what in identities if kind == 'unix-user']
        answer = 'not offered'
        if wanted in offered:
            answer = self._authenticate(str(cookie))
        with open(self._options.log, 'a', encoding='utf-8') as log:
            log.write(json.dumps({
                'action': str(action), 'message': str(message), 'answer': answer,
                'details': {str(k): str(v) for k, v in details.items()}}) + '\n')
        if answer != 'SUCCESS':
            raise dbus.DBusException(f'no authentication: {answer}',
                                     name='org.freedesktop.PolicyKit1.Error.Failed')

    @dbus.service.method(INTERFACE, in_signature='s', out_signature='')
    def CancelAuthentication(self, _cookie):
        pass

    def _authenticate(self, cookie: str) -> str:
        """The conversation of the set-uid helper, which tells polkit of a success itself."""
        helper = next(path for path in HELPERS if os.path.exists(path))
        with subprocess.Popen([helper, self._options.name], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            process.stdin.write(cookie + '\n')
            process.stdin.flush()
            for line in process.stdout:
                word = line.split(maxsplit=1)[0]
                if word in ('PAM_PROMPT_ECHO_OFF', 'PAM_PROMPT_ECHO_ON'):
                    process.stdin.write(self._options.password + '\n')
                    process.stdin.flush()
                elif word in ('SUCCESS', 'FAILURE'):
                    return word
        return 'the helper gave up'


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('--as', dest='name', required=True)
    parser.add_argument('--password', required=True)
    parser.add_argument('--log', required=True)
    parser.add_argument('command', nargs='+')
    options = parser.parse_args()

    DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    agent = Agent(bus, options)
    authority = dbus.Interface(
        bus.get_object('org.freedesktop.PolicyKit1', '/org/freedesktop/PolicyKit1/Authority'),
        'org.freedesktop.PolicyKit1.Authority')
    session = dbus.Struct(
        ('unix-session', {'session-id': dbus.String(os.environ['XDG_SESSION_ID'],
                                                    variant_level=1)}), signature='sa{sv}')
    authority.RegisterAuthenticationAgent(session, 'C.UTF-8', PATH)

    loop = GLib.MainLoop()
    process = subprocess.Popen(options.command)
    GLib.child_watch_add(GLib.PRIORITY_DEFAULT, process.pid,
                         lambda _pid, status: (codes.append(os.waitstatus_to_exitcode(status)),
                                               loop.quit()))
    codes = []
    loop.run()
    authority.UnregisterAuthenticationAgent(session, PATH)
    agent.remove_from_connection()
    return codes[0]


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asking the user of a client: agents, and files of credentials before them."""

import unittest

from gi.repository import GLib

from bustest import BusTest

USERS = "<auth><user password='secret'>me</user><user>guest</user></auth>"
AGENT = 'org.virtbus1.Agent'


class AgentTest(BusTest):
    options = {'env': {'LIBVIRT_AUTH_FILE': ''}}

    def setUp(self):
        self.client = self.new_client()
        self.asked = []
        self.answers = {'username': 'me', 'password': 'secret'}
        path = self.bus.folder / 'host.xml'
        path.write_text(f'<node>{USERS}</node>')
        self.uri = f'test://{path}'

    def answer(self, member, arguments):
        uri, what, prompt, standard, echo = arguments
        self.assertEqual((member, uri, standard), ('Ask', self.uri, ''))
        self.assertIn(what, prompt)
        self.asked.append((what, echo))
        return GLib.Variant('(s)', (self.answers[what],))

    def register(self, client=None):
        client = client or self.client
        client.serve('/agent', AGENT, self.answer)
        client.object('/org/virtbus1').call('Manager.RegisterAgent', '/agent')

    def opens(self):
        connection = self.open(self.uri, client=self.client)
        self.assertEqual(connection.get('Connection.URI'), self.uri)

    def test_agent_is_asked(self):
        self.register()
        self.opens()
        self.assertEqual(self.asked, [('username', True), ('password', False)])
        # Private to each open: asked anew.
        self.answers = {'username': 'guest'}
        self.opens()
        self.assertEqual(self.asked[2:], [('username', True)])

    def test_nobody_to_be_asked(self):
        for prepare in (lambda: None, lambda: (self.register(), self.client.object('/org/virtbus1').call(
                'Manager.UnregisterAgent')), lambda: self.register(self.new_client())):
            prepare()
            with self.refused('AuthUnavailable', f'authentication unavailable: {self.uri} wants a username, and there '
                                                 'is nobody to be asked for it'):
                self.opens()
        self.assertEqual(self.asked, [])

    def test_wrong_answers(self):
        self.register()
        for answers, asked in (({'username': 'me', 'password': 'guess'}, 2), ({'username': 'no', 'password': ''}, 2),
                               ({'username': '', 'password': 'secret'}, 2)):
            self.answers, self.asked = answers, []
            with self.subTest(answers), self.refused('AuthFailed', 'authentication failed: the test host'):
                self.opens()
            self.assertEqual(len(self.asked), asked)
        self.answers = {'username': 'me', 'password': 'x' * 5000}
        with self.refused('AuthCancelled', 'authentication cancelled: '):
            self.opens()

    def test_agent_that_refuses(self):
        self.register()
        self.answers = {'username': 'me'}
        with self.refused('AuthCancelled', "authentication cancelled: the question was not answered: 'password'"):
            self.opens()

    def test_agent_that_is_not_there(self):
        self.client.object('/org/virtbus1').call('Manager.RegisterAgent', '/agent')
        with self.refused('AuthCancelled', 'authentication cancelled: the question was not answered: '):
            self.opens()
        with self.refused('InvalidArg', "invalid argument: 'agent' is no object path"):
            self.client.object('/org/virtbus1').call('Manager.RegisterAgent', 'agent')

    def test_client_that_leaves_meanwhile(self):
        left = self.new_client()
        left.object('/org/virtbus1').call('Manager.RegisterAgent', '/agent')
        left.start('/org/virtbus1', 'org.virtbus1.Manager', 'Open', '(su)', self.uri, 0)
        left.close()
        self.alive()
        self.assertFalse([path for path in self.manager.call('Manager.ListConnections') if 'host' in path])

    def test_file_of_credentials(self):
        folder = self.bus.folder / 'config/libvirt'
        folder.mkdir()
        self.addCleanup(folder.rmdir)
        path = folder / 'auth.conf'
        self.addCleanup(path.unlink)
        path.write_text('[credentials-a]\nusername=me\npassword=secret\n[auth-test-localhost]\ncredentials=a\n')
        self.opens()
        # Another host's hold where there is none of its own; what a file lacks is asked.
        path.write_text('[credentials-a]\nusername=me\n[auth-test-default]\ncredentials=a\n')
        self.register()
        self.opens()
        self.assertEqual(self.asked, [('password', False)])
        path.write_text('[auth-test-localhost]\ncredentials=b\n')
        with self.refused('ConfSyntax', f'configuration file syntax error: {path}: there is no section [credentials-b]'):
            self.opens()
        path.write_text('what\n')
        with self.refused('ConfSyntax', f'configuration file syntax error: {path}: '):
            self.opens()
        # The URI names another one.
        other = self.bus.folder / 'own.conf'
        other.write_text('[credentials-a]\nusername=guest\n[auth-test-localhost]\ncredentials=a\n')
        self.uri += f'?authfile={other}'
        self.opens()
        other.unlink()
        with self.refused('ReadFailed', f"failed to read configuration file '{other}': No such file"):
            self.opens()


if __name__ == '__main__':
    unittest.main()

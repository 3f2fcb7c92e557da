# SPDX-License-Identifier: LGPL-2.1-or-later
"""The actions' defaults and the example rules, asked of the real polkit."""

import re

from systemtest import SystemTest

EXAMPLES = '/usr/share/doc/virtbus/examples/rules'
RULES = '/etc/polkit-1/rules.d'

NETWORKS = '''polkit.addRule(function(action, subject) {
    if (action.id == "org.virtbus1.network.write" || action.id == "org.virtbus1.network.read")
        return subject.user == "alice" && action.lookup("object") == "Network" &&
               action.lookup("name").indexOf("alice-") == 0 ? polkit.Result.YES : polkit.Result.NO;
});
'''

READING = ['connection.read', 'connection.open', 'domain.read', 'network.read', 'storage.read',
           'node-device.read', 'secret.read', 'filter.read', 'interface.read']


class RulesTest(SystemTest):
    users = ('alice', 'bob', 'carol', 'dora')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.shell('groupadd virtbus-operators; groupadd virtbus-users;'
                          'groupadd virtbus-viewers; groupadd -f sudo;'
                          'usermod -aG virtbus-operators,virtbus-viewers bob;'
                          'usermod -aG virtbus-users bob; usermod -aG sudo carol')
        # A process of each user, to ask about. Without a session it is nobody's "active" one.
        cls.processes = {}
        for user in cls.users:
            cls.machine.run('systemd-run', '--quiet', f'--unit=subject-{user}',
                            f'--property=User={user}', 'sleep', '600')
            cls.processes[user] = cls.machine.run(
                'systemctl', 'show', '-P', 'MainPID', f'subject-{user}').stdout.strip()
        cls.actions = sorted(re.findall(r'org\.virtbus1\.\S+', cls.machine.run('pkaction').stdout))

    def tearDown(self):
        self.machine.shell(f'rm -f {RULES}/*virtbus*')
        self._settle()

    def install(self, name: str):
        self.machine.shell(f'cp {EXAMPLES}/{name} {RULES}/')
        self._settle()

    def _settle(self):
        # polkit watches the folder; a restart is how not to wait for an unknown time. So many of
        # them would look like a service that keeps failing.
        self.machine.shell('systemctl reset-failed polkit; systemctl restart polkit')

    def answer(self, user: str, action: str, **details: str) -> str:
        """'yes', 'no' or 'ask', as polkit decides for a process of the user."""
        words = [word for item in details.items() for word in ('--detail', *item)]
        result = self.machine.run('pkcheck', '--action-id', f'org.virtbus1.{action}', '--process',
                                  self.processes[user], *words, check=False)
        return {0: 'yes', 1: 'no', 2: 'ask', 3: 'no'}[result.returncode]

    def test_defaults(self):
        self.assertGreater(len(self.actions), 20)
        for action in self.actions:
            action = action.removeprefix('org.virtbus1.')
            self.assertEqual(self.answer('alice', action), 'yes' if action in READING else 'ask',
                             action)

    def test_actions_speak_to_people(self):
        text = self.machine.run('pkaction', '--verbose').stdout
        ours = [part for part in text.split('\n\n') if part.startswith('org.virtbus1.')]
        self.assertEqual(len(ours), len(self.actions))
        for part in ours:
            self.assertRegex(part, r'description: +[A-Z][^.]{10,}\n')
            self.assertRegex(part, r'message: +Authentication is required to [^.]+\n')

    def test_operator(self):
        self.install('60-virtbus-operator.rules')
        here = {'uri': 'qemu:///system'}
        for action in ('domain.start', 'domain.stop', 'domain.suspend', 'domain.console'):
            self.assertEqual(self.answer('alice', action, name='mail', **here), 'yes')
            self.assertEqual(self.answer('alice', action, name='mail2', **here), 'ask')
            self.assertEqual(self.answer('alice', action, name='web-1', **here), 'ask')
            self.assertEqual(self.answer('bob', action, name='web-1', **here), 'yes')
            self.assertEqual(self.answer('bob', action, name='mail', **here), 'ask')
            self.assertEqual(self.answer('bob', action, name='my-web-1', **here), 'ask')
            self.assertEqual(self.answer('bob', action, name='web-1', uri='xen:///system'), 'ask')
            self.assertEqual(self.answer('bob', action, **here), 'ask')
            self.assertEqual(self.answer('dora', action, name='mail', **here), 'ask')
        for action in ('domain.define', 'domain.delete', 'domain.configure', 'domain.read-secure'):
            self.assertEqual(self.answer('bob', action, name='web-1', **here), 'ask')

    def test_owner(self):
        self.install('70-virtbus-owner.rules')
        for action in ('domain.start', 'domain.delete', 'domain.configure', 'domain.read-secure'):
            self.assertEqual(self.answer('alice', action, name='any', owner='alice'), 'yes')
            self.assertEqual(self.answer('alice', action, name='any', owner='bob'), 'ask')
            self.assertEqual(self.answer('alice', action, name='any'), 'ask')
        define = {'action': 'domain.define'}
        self.assertEqual(self.answer('bob', name='bob-1', **define), 'yes')
        self.assertEqual(self.answer('bob', name='bob-1', owner='alice', **define), 'ask')
        self.assertEqual(self.answer('bob', name='alice-1', **define), 'ask')
        self.assertEqual(self.answer('alice', name='alice-1', **define), 'ask')
        self.assertEqual(self.answer('alice', 'connection.write', owner='alice'), 'ask')
        # The emulator could open what belongs to others.
        self.assertEqual(self.answer('alice', 'emulator.command', name='any', owner='alice'), 'ask')

    def test_administrators(self):
        self.install('50-virtbus-administrators.rules')
        for action in self.actions:
            action = action.removeprefix('org.virtbus1.')
            self.assertEqual(self.answer('carol', action), 'yes', action)
        self.assertEqual(self.answer('alice', 'domain.start'), 'ask')

    def test_viewers(self):
        self.install('90-virtbus-viewer.rules')
        for action in READING:
            self.assertEqual(self.answer('bob', action), 'yes', action)
            self.assertEqual(self.answer('alice', action), 'ask', action)
        for action in ('domain.start', 'domain.read-secure', 'secret.read-value'):
            self.assertEqual(self.answer('bob', action), 'ask')

    def test_documents(self):
        """A rule knows what a document is about before the service reads it: here, alice has networks of her own."""
        self.machine.shell(f'cat > {RULES}/10-virtbus-networks.rules <<"END"\n{NETWORKS}END')
        self._settle()
        host = '/org/virtbus1/connection/test_default'
        for name, may in (('alice-1', True), ('other', False)):
            result = self.busctl('call', 'org.virtbus1', host, 'org.virtbus1.Connection', 'NetworkDefineXML', 's',
                                 f'<network><name>{name}</name></network>', user='alice', check=False)
            self.assertEqual(result.returncode == 0, may, result.stderr)
            if not may:
                self.assertIn(f"NetworkDefineXML of '{name}' needs the permission 'org.virtbus1.network.write'",
                              result.stderr)
        # What may not be seen is not in the tree either.
        for user, networks in (('alice', 1), ('bob', 0)):
            tree = self.busctl('tree', '--list', 'org.virtbus1', user=user).stdout
            self.assertEqual(len([line for line in tree.split() if line.startswith(f'{host}/network/')]), networks, tree)
            self.assertIn(f'{host}/domain/', tree)

    def test_examples_together(self):
        for name in ('50-virtbus-administrators.rules', '60-virtbus-operator.rules',
                     '70-virtbus-owner.rules', '90-virtbus-viewer.rules'):
            self.install(name)
        self.assertEqual(self.answer('carol', 'domain.read'), 'yes')
        self.assertEqual(self.answer('alice', 'domain.read', name='any', owner='alice'), 'yes')
        self.assertEqual(self.answer('alice', 'domain.read', name='any', owner='bob'), 'ask')
        self.assertEqual(self.answer('alice', 'domain.start', name='mail', uri='qemu:///system'),
                         'yes')
        self.assertNotIn('Error evaluating', self.machine.journal('-b', '-u', 'polkit'))

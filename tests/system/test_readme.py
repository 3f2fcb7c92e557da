# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands that README.md shows, as it shows them."""

import re

from systemtest import TOP, SystemTest

BLOCK = re.compile(r'(?:^ {4}.*\n|^\n(?= {4}))+', re.MULTILINE)


def commands() -> list:
    """Of the blocks that talk to the bus, with the lines that go on joined."""
    text = ''.join(block for block in BLOCK.findall((TOP / 'README.md').read_text()) if 'busctl ' in block)
    lines = re.sub(r'\\\n\s*', ' ', text).splitlines()
    return [re.sub(r' {2,}# .*', '', line.strip()) for line in lines if line.strip()]


class ReadmeTest(SystemTest):
    def say(self, bus: str, command: str, user) -> str:
        """What it prints. What goes on until it is stopped sees a domain come and go meanwhile."""
        if ' monitor ' not in command:
            return self.machine.shell(command, user=user).stdout
        host = f'org.virtbus1 /org/virtbus1/connection/{"qemu_session" if bus == "--user" else "qemu_system"}'
        return self.machine.shell(
            f'log=$(mktemp); stdbuf -oL {command} >$log & '
            # Until it is there to see it.
            'until grep -q DomainEvent $log; do '
            f"""path=$(busctl {bus} call {host} org.virtbus1.Connection DomainDefineXML s "<domain type='qemu'>"""
            """<name>seen</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os></domain>" """
            '| cut -d \'"\' -f 2); '
            f'busctl {bus} call org.virtbus1 $path org.virtbus1.Domain Undefine u 0 >/dev/null; sleep 0.2; done; '
            'kill $!; wait || :; cat $log', user=user).stdout

    def each(self, bus: str, change) -> dict:
        said = {}
        for command in commands():
            user = None if command.startswith('sudo ') and bus == '--system' else 'alice'
            command = change(command.removeprefix('sudo '))
            if command:
                with self.subTest(command):
                    said[command] = self.say(bus, command, user)
                    self.assertTrue(said[command])
        self.assertGreater(len(said), 7)
        self.assertTrue([text for command, text in said.items() if 'get-property' in command and text == '(ii) 5 0\n'])
        for command, text in said.items():
            if ' monitor ' in command:
                self.assertIn('DomainEvent', text)
        return said

    def test_system(self):
        self.each('--system', lambda command: command if '--session' not in command else None)

    def test_own(self):
        """With --user, as one's own service has it."""
        def change(command):
            command = command.replace('busctl ', 'busctl --user ').replace('--system', '--session')
            return command.replace('qemu:///system', 'qemu:///session').replace('qemu_system', 'qemu_session')
        self.each('--user', change)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be told from the text of the tree: format, licences, who includes whom, what blocks."""

import pathlib
import re
import shutil
import subprocess
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]

LICENCE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
# The licence itself, and what is compared byte by byte with what a program writes.
WITHOUT_LICENCE = re.compile(r'^(COPYING|tests/(.*/)?(golden|data)/.*)$')

# A layer and those whose headers it may include. The longest name that a path begins with counts.
LAYERS = {
    'service/base': (),
    'drivers/model': ('service/base',),
    'drivers': ('service/base', 'drivers/model'),
    'service': ('service/base', 'drivers/model', 'drivers'),
}

# Folders of drivers/ that are no driver, but what several have in common.
SHARED_BY_DRIVERS = ('local', 'wire')

# Functions that make the one thread wait. The loop would stand still for everybody.
BLOCKING = re.compile(
    r'(?<![\w>.])(sd_bus_(?:call|call_method|get_property\w*|set_property\w*|request_name'
    r'|release_name|add_match|match_signal|get_name_creds|flush|wait)'
    r'|getaddrinfo|gethostbyname|waitpid|wait|wait4|system|popen|p?select'
    r'|u?sleep|nanosleep|g_usleep|g_spawn_sync|g_spawn_command_line_sync'
    r'|ssh_connect|gnutls_handshake)\s*\(')
# (file, function): why it is right there. An entry that is not needed any more is a failure, too.
MAY_BLOCK = {
    ('drivers/remote/resolve.c', 'getaddrinfo'): 'on a thread of its own, but for an address in figures',
    ('drivers/wire/tls.c', 'gnutls_handshake'): 'its socket does not block',
    ('drivers/remote/ssh.c', 'ssh_connect'): 'its session does not block',
    ('service/wire/ssh-helper.c', 'sd_bus_call_method'): 'a program of its own, without a loop',
    ('service/wire/ssh-helper.c', 'usleep'): 'a program of its own, without a loop',
}


def tracked(*patterns: str) -> list:
    # With what is not added yet: a check before a commit is the useful one.
    names = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', *patterns],
        cwd=TOP, capture_output=True, text=True, check=True).stdout.split('\0')
    return sorted({name for name in names if name and (TOP / name).is_file()})


def without_comments(text: str) -> str:
    """C without comments and strings, each replaced by nothing but its line ends."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
    return pattern.sub(lambda found: '\n' * found.group().count('\n') or '""', text)


def layer(path: str):
    names = [name for name in LAYERS if path.startswith(name + '/')]
    return max(names, key=len) if names else None


class StyleTest(unittest.TestCase):
    maxDiff = None

    def test_format(self):
        if not shutil.which('clang-format'):
            self.skipTest('there is no clang-format')
        files = tracked('*.c', '*.h')
        if not files:
            self.skipTest('there is no C')
        result = subprocess.run(['clang-format', '--dry-run', '--Werror', *files], cwd=TOP,
                                capture_output=True, text=True)
        wrong = sorted(set(re.findall(r'^([^\s:]+):\d+:\d+: error', result.stderr, re.MULTILINE)))
        self.assertEqual((wrong, result.returncode), ([], 0), 'run clang-format -i on these')

    def test_licence(self):
        missing = [name for name in tracked() if not WITHOUT_LICENCE.match(name)
                   and LICENCE not in (TOP / name).read_text(errors='replace')[:2000]]
        self.assertEqual(missing, [])

    def test_no_binaries(self):
        self.assertEqual([n for n in tracked() if b'\0' in (TOP / n).read_bytes()[:8192]], [])

    def test_includes_go_one_way(self):
        wrong = []
        for name in tracked('*.c', '*.h'):
            own = layer(name)
            if own is None:
                continue
            for number, line in enumerate((TOP / name).read_text().splitlines(), 1):
                found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                other = layer(found.group(1)) if found else None
                if other is None or other == own and not self._sibling(name, found.group(1)):
                    continue
                if other == own or other not in LAYERS[own]:
                    wrong.append(f'{name}:{number}: {found.group(1)}')
        self.assertEqual(wrong, [])

    @staticmethod
    def _sibling(name: str, other: str) -> bool:
        """Whether one driver's folder includes another's."""
        ours, theirs = (pathlib.PurePath(p).parts for p in (name, other))
        return (ours[0] == theirs[0] == 'drivers' and len(theirs) > 2
                and theirs[1] not in SHARED_BY_DRIVERS
                and not (len(ours) > 2 and ours[1] == theirs[1]))

    def test_nothing_blocks_on_the_loop(self):
        wrong = []
        used = set()
        for name in tracked('service/*.c', 'service/*.h', 'drivers/*.c', 'drivers/*.h'):
            text = without_comments((TOP / name).read_text())
            for number, line in enumerate(text.splitlines(), 1):
                for function in BLOCKING.findall(line):
                    if (name, function) in MAY_BLOCK:
                        used.add((name, function))
                    else:
                        wrong.append(f'{name}:{number}: {function}')
        self.assertEqual(wrong, [])
        self.assertEqual(set(MAY_BLOCK) - used, set(), 'allowed, but not there')

    def test_every_test_is_run(self):
        text = (TOP / 'tools/check').read_text()
        for folder in sorted({str(pathlib.PurePath(name).parent) for name in tracked('tests/*/test_*.py')}):
            with self.subTest(folder):
                self.assertRegex(text, rf' {folder}\b')

    def test_scripts_can_be_read(self):
        for name in tracked('*.py'):
            with self.subTest(name):
                compile((TOP / name).read_text(), name, 'exec')
        for name in tracked('tools/*', '.ci/*', 'tests/guest/init'):
            first = (TOP / name).read_text().split('\n', 1)[0]
            if 'sh' in first:
                with self.subTest(name):
                    subprocess.run(['bash', '-n', TOP / name], check=True)


if __name__ == '__main__':
    unittest.main(verbosity=2)

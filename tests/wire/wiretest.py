# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the wire share: a service with its sockets, raw clients, virsh."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / 'bus')]

from bustest import BusTest
from rpc import Client

TEST_UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f'
TEST = {'name': 'test', 'uuid': TEST_UUID, 'id': 1}


class WireTest(BusTest):
    """The service of a user, as all on a private bus are."""

    programs = ()  # without which there is nothing to test

    @classmethod
    def setUpClass(cls):
        missing = needs(*cls.programs)
        if missing:
            raise unittest.SkipTest(missing)
        super().setUpClass()

    @classmethod
    def socket(cls, read_only=False) -> str:
        return f'{cls.bus.folder}/run/virtbus/virtbus-sock{"-ro" if read_only else ""}'

    @classmethod
    def uri(cls, uri='test:///default', read_only=False) -> str:
        """As a client of libvirt's is told where to go."""
        scheme, _, rest = uri.partition(':')
        return f'{scheme}+unix:{rest}{"&" if "?" in rest else "?"}socket={cls.socket(read_only)}'

    def raw(self, uri='test:///default', flags=0, read_only=False) -> Client:
        client = Client(self.socket(read_only))
        self.addCleanup(client.close)
        return client.open(uri, flags) if uri else client

    def write(self, name: str, text: str) -> str:
        path = self.bus.folder / name
        path.write_text(text)
        return str(path)

    def virsh(self, *words: str, uri=None, check=True, env=None) -> str:
        done = subprocess.run(['virsh', '-q', '-c', uri or self.uri(), *words], capture_output=True, text=True,
                              timeout=180, env=environment(env), stdin=subprocess.DEVNULL)
        if check:
            self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done.stdout + done.stderr

    def background(self, name: str, *words: str) -> pathlib.Path:
        """Ends with the test; the file that it writes."""
        path = self.bus.folder / name
        with open(path, 'w') as output:
            process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       env=environment())

        def end():
            process.kill()
            process.wait()
        self.addCleanup(end)
        return path

    def until(self, what, seconds=120):
        """The first true value of what()."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = what()
            if value:
                return value
            time.sleep(0.02)
        self.fail('it does not happen')


def environment(more=None) -> dict:
    return {**os.environ, 'LC_ALL': 'C', 'TZ': 'UTC', 'HISTFILE': '/dev/null', **(more or {})}


def virsh_script(uri: str, commands: list) -> list:
    """One virsh runs all of them; what each printed."""
    text = ''.join(f'echo "=== {i}"\n{command}\n' for i, command in enumerate(commands))
    done = subprocess.run(['virsh', '-q', '-c', uri], input=text, text=True, timeout=300, env=environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # It echoes what it reads, behind a prompt.
    parts = re.split(r'virsh # echo "=== \d+"\n=== (\d+)virsh # [^\n]*\n', f'{done.stdout}virsh # ')
    found = dict(zip(map(int, parts[1::2]), parts[2::2]))
    return ['\n'.join(line.rstrip() for line in re.sub(r'(virsh # \s*)+$', '', found.get(i, 'virsh has ended')).splitlines()
                      if line.strip()) for i in range(len(commands))]


def needs(*programs: str):
    missing = [program for program in programs if not shutil.which(program)]
    return f'there is no {", ".join(missing)}' if missing else None

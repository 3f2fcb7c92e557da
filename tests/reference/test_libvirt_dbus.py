# SPDX-License-Identifier: LGPL-2.1-or-later
"""libvirt-dbus' own test suite, unmodified, with our service in the place of its program.

The suite is the one of Debian's source package, fetched into a cache the first time; nothing of it is in this
tree. It starts its program as `libvirt-dbus --session` on a session bus and talks to org.libvirt. It is given more
time than it takes (patience.py).
"""

import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'harness'))

from bus import service_program

PACKAGE = 'libvirt-dbus'
TESTS = 84
CACHE = pathlib.Path(os.environ.get('VIRTBUS_TEST_CACHE', pathlib.Path.home() / '.cache/virtbus-tests'))
SOURCES = '''Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
'''


def archive() -> pathlib.Path:
    """The source archive, from the cache or by a configuration of apt's that is ours alone."""
    folder = CACHE / PACKAGE
    found = sorted(folder.glob(f'{PACKAGE}_*.orig.tar.*'))
    if found:
        return found[-1]
    (folder / 'lists/partial').mkdir(parents=True, exist_ok=True)
    (folder / 'sources.sources').write_text(SOURCES)
    options = ['-q', '-o', 'Dir::Etc::SourceList=/dev/null', '-o', f'Dir::Etc::SourceParts={folder}',
               '-o', f'Dir::State::lists={folder}/lists', '-o', f'Dir::Cache={folder}/cache',
               '-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Languages=none']
    for command in (['update'], ['source', '--download-only', '--tar-only', PACKAGE]):
        done = subprocess.run(['apt-get', *options, *command], cwd=folder, text=True, capture_output=True,
                              timeout=300)
        if done.returncode:
            raise unittest.SkipTest(f'the source of {PACKAGE} cannot be had: {done.stderr.strip()[-300:]}')
    return sorted(folder.glob(f'{PACKAGE}_*.orig.tar.*'))[-1]


class LibvirtDbusSuite(unittest.TestCase):
    def test_unmodified_suite(self):
        source = archive()
        with tempfile.TemporaryDirectory(prefix='virtbus-') as name:
            folder = pathlib.Path(name)
            with tarfile.open(source) as tar:
                tar.extractall(folder / 'source')
            tests = next((folder / 'source').glob(f'{PACKAGE}-*')) / 'tests'
            (folder / 'top/src').mkdir(parents=True)
            (folder / 'top/src/libvirt-dbus').symlink_to(service_program())
            environment = dict(os.environ, abs_top_builddir=str(folder / 'top'), HOME=name, PYTHONPATH=str(HERE))
            for variable in ('XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME'):
                environment[variable] = str(folder / variable.lower())
                (folder / variable.lower()).mkdir(mode=0o700)
            done = subprocess.run(
                ['dbus-run-session', '--', '/usr/bin/python3', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-p', 'patience',
                 '.'],
                cwd=tests, env=environment, text=True, capture_output=True, timeout=600)
        self.assertRegex(done.stdout, re.compile(rf'^{TESTS} passed', re.MULTILINE), done.stdout[-6000:])


if __name__ == '__main__':
    unittest.main()

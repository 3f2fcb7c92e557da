#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tools/watch.py, as a desktop application follows the guests of a host."""

import subprocess
import sys
import unittest

from bustest import GLib, HostTest, TOP

WATCH = TOP / 'tools/watch.py'


class WatchTest(HostTest):
    def watch(self, *arguments):
        """It runs; what it prints is added to the lines that are returned."""
        log = self.bus.folder / f'watch-{len(list(self.bus.folder.glob("watch-*")))}'
        with open(log, 'wb') as file:
            process = subprocess.Popen([sys.executable, WATCH, '--session', *arguments], env=self.bus.env,
                                       stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, lambda: log.read_text().splitlines()

    def until(self, lines, *expected: str):
        self.client.wait(lambda: len(lines()) >= len(expected), failure=lambda: f'only {lines()}')
        self.assertEqual(lines(), list(expected))

    def test_life(self):
        self.define('before')
        _, lines = self.watch('test:///default')
        told = sorted(['before: off, 64 MiB', 'test: running, 2048 MiB'])
        self.client.wait(lambda: len(lines()) >= len(told), failure=lambda: f'only {lines()}')
        self.assertEqual(sorted(lines()), told)
        told = lines()
        guest = self.define('guest')
        self.until(lines, *told, 'guest: off, 64 MiB')
        guest.set('Domain.Autostart', GLib.Variant('b', True))
        self.until(lines, *told, 'guest: off, 64 MiB', 'guest: Autostart is True')
        guest.call('Domain.Create', 0)
        self.client.wait(lambda: 'guest: running' in lines(), failure=lambda: f'only {lines()}')
        self.assertTrue({'guest: Active is True', f'guest: Id is {guest.get("Domain.Id")}'} <= set(lines()))
        guest.call('Domain.Destroy', 0)
        self.client.wait(lambda: lines()[-1] == 'guest: off', failure=lambda: f'only {lines()}')
        guest.call('Domain.Undefine', 0)
        self.client.wait(lambda: lines()[-1] == 'guest: gone', failure=lambda: f'only {lines()}')

    def test_the_service_comes_back(self):
        _, lines = self.watch('test:///default')
        self.until(lines, 'test: running, 2048 MiB')
        self.bus.stop_service()
        self.until(lines, 'test: running, 2048 MiB', 'the service has gone')
        self.bus.start_service()
        self.until(lines, 'test: running, 2048 MiB', 'the service has gone', 'test: running, 2048 MiB')
        # What the rest of the class has.
        type(self).host = self.client.object(self.manager.call('Manager.Open', self.host_uri(), 0))

    def test_errors_are_told(self):
        process, lines = self.watch('none:///')
        self.assertEqual(process.wait(120), 1)
        self.assertIn("there is no driver 'none'", lines()[0])


if __name__ == '__main__':
    unittest.main(verbosity=2)

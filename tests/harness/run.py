#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run black-box tests: a line for each, what is known about each that fails, and the counts.

    tests/harness/run.py --build=build tests/bus             all files test_*.py there
    tests/harness/run.py tests/system/test_activation.py     one file
    tests/harness/run.py tests/bus -k suspend                those with "suspend" in the name
    tests/harness/run.py --again tests/bus                   what fails has a second chance, by itself

Tests are unittest's. A test class may have describe(), which tells what happened on the bus or in
the machine; it is printed at once when one of its tests fails. The last line is "N passed, N failed".

With --again, a test that failed is run once more when the others have ended. If it passes then, it is called
unsteady, aloud, and counts as passed: on a machine that others use, real clocks and programs of others, which are in
most of these tests, should not hide what the rest have to say. More than a few are no accident, nor is anything that a sanitizer reports.
"""

import argparse
import faulthandler
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback
import unittest

# Of a name, what is printed: that of a sub-test holds its arguments.
NAME_MAX = 300
# Seconds for a test, or for what its class sets up. The longest takes some two minutes where others
# use the machine as well; what is still there now hangs. The rest of it, which cleans up, has less.
DEADLINE = 900
CLEANUP_DEADLINE = 60
# So many tests of one run may be run again.
AGAIN_MAX = 3
# What a sanitizer finds is there, however often it does not show.
GRAVE = re.compile('Sanitizer|runtime error:|core dumped')

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'guest')]


class Hangs(Exception):
    """Of no kind that a test expects."""


class Result(unittest.TestResult):
    """Prints as it goes, and ends what hangs."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = 0
        self.missed = 0
        self.bad = {}  # The file that each failed test is in, by its name.
        self.file = None
        self.grave = False
        signal.signal(signal.SIGALRM, self._on_alarm)
        self._wind_up()

    def _wind_up(self):
        signal.alarm(DEADLINE)
        # For who hangs where no exception gets through. Nobody cleans up then, but children see our end.
        faulthandler.dump_traceback_later(DEADLINE + 4 * CLEANUP_DEADLINE, exit=True)

    def _on_alarm(self, *_):
        # Other threads may be what is waited for; this one is in the traceback of the exception.
        faulthandler.dump_traceback(sys.stdout)
        # The next sub-test would hang as well.
        self.failfast = True
        signal.alarm(CLEANUP_DEADLINE)
        raise Hangs(f'no end after {DEADLINE} s')

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self.failfast = False
        self._wind_up()

    def stopTest(self, test):
        super().stopTest(test)
        self._wind_up()

    def _name(self, test) -> str:
        name = test.id() if hasattr(test, 'id') else str(test)
        name = name.removeprefix('__main__.')
        return name if len(name) <= NAME_MAX else f'{name[:NAME_MAX]}...'

    def _line(self, word: str, test, more: str = ''):
        took = time.monotonic() - getattr(self, '_started', time.monotonic())
        print(f'{word:7} {self._name(test)} ({took:.1f} s){more}', flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self._line('ok', test)

    def _fail(self, test, error):
        # A test that fails and cannot clean up either has failed once.
        owner = getattr(test, 'test_case', test)
        self._line('FAILED', test)
        text = ''.join(traceback.format_exception(*error))
        describe = getattr(owner, 'describe', None)
        if describe:
            try:
                text += describe()
            except Exception as trouble:  # The description must not hide the failure.
                text += f'(no description: {trouble})'
        print(text, flush=True)
        if owner.id() not in self.bad:
            self.bad[owner.id()] = self.file
            self.failed += 1
        self.grave |= bool(GRAVE.search(text))

    def addFailure(self, test, error):
        self._fail(test, error)

    def addError(self, test, error):
        self._fail(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._fail(subtest, error)

    def addSkip(self, test, reason):
        self.missed += 1
        self._line('skipped', test, f': {reason}')

    def addExpectedFailure(self, test, error):
        self.addSuccess(test)

    def addUnexpectedSuccess(self, test):
        self.failed += 1
        self._line('FAILED', test, ': expected to fail, but did not')


def _files(places) -> list:
    result = []
    for place in map(pathlib.Path, places):
        if place.is_dir():
            result += sorted(place.glob('test_*.py'))
        elif place.exists():
            result.append(place)
        else:
            sys.exit(f'run.py: there is no {place}')
    return result


def _load(path: pathlib.Path, pattern) -> unittest.TestSuite:
    sys.path.insert(0, str(path.resolve().parent))
    name = f'{path.resolve().parent.name}.{path.stem}'
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    if pattern:
        loader.testNamePatterns = [pattern if '*' in pattern else f'*{pattern}*']
    return loader.loadTestsFromModule(module)


def _pattern(name: str) -> str:
    """For -k: that test alone, or all of the class or the file whose fixture failed."""
    fixture = re.fullmatch(r'\w+ \((.*)\)', name)
    return f'*{fixture[1]}.*' if fixture else f'*{name}'


def _run_again(result: Result):
    """Each failed test in a process of its own."""
    for name, path in result.bad.items():
        print(f'again   {name}', flush=True)
        run = subprocess.run([sys.executable, __file__, str(path), '-k', _pattern(name)], stdout=subprocess.PIPE,
                             text=True)
        print(run.stdout, flush=True)
        passed = re.search(r'^(\d+) passed, 0 failed$', run.stdout.rstrip().rpartition('\n')[2])
        if run.returncode == 0 and passed and int(passed[1]) > 0:
            result.failed -= 1
            result.passed += int(passed[1])
            print(f'UNSTEADY {name}: it failed, and passed by itself', flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description='Run black-box tests.')
    parser.add_argument('places', nargs='+', help='folders and files')
    parser.add_argument('--build', help='the build folder to test (default: build)')
    parser.add_argument('-k', dest='pattern', help='only tests whose name holds this')
    parser.add_argument('--again', action='store_true', help='run what failed once more')
    parser.add_argument('--list', action='store_true', help='print the names, run nothing')
    options = parser.parse_args()
    if options.build:
        os.environ['VIRTBUS_BUILD'] = str(pathlib.Path(options.build).resolve())

    result = Result()

    def on_term(*_):
        # The test that runs is the last, and closes what it has opened; a second signal ends it.
        result.stop()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, on_term)
    for path in _files(options.places):
        result.file = path
        try:
            suite = _load(path, options.pattern)
        except Exception:
            # A file that cannot be read counts: otherwise its tests would be gone unnoticed.
            result.failed += 1
            print(f'FAILED  {path}\n{traceback.format_exc()}', flush=True)
            continue
        if options.list:
            for tests in suite:
                for test in tests:
                    print(test.id())
            continue
        suite.run(result)
        if result.shouldStop:
            result.failed += 1
            print('FAILED  was told to end before the last test', flush=True)
            break
    if options.list:
        return 0
    if options.again and len(result.bad) <= AGAIN_MAX and not result.grave and not result.shouldStop:
        _run_again(result)
    if result.missed:
        print(f'{result.missed} skipped')
    print(f'{result.passed} passed, {result.failed} failed')
    return 1 if result.failed else 0


if __name__ == '__main__':
    sys.exit(main())

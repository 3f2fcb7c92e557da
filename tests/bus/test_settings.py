#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is configured: aliases, the default URI, wrong entries, and loading it again."""

import signal
import subprocess
import unittest

from bus import PrivateBus, service_program
from bustest import ROOT, TEST, BusTest, CallError


class SettingsTest(unittest.TestCase):
    """Each test has a service with files of its own."""

    def start(self, client='', own='', env=None):
        self.bus = PrivateBus(env=env)
        self.addCleanup(self.bus.close)
        self.bus.open()
        self.write(client, own)
        self.bus.start_service()
        self.client = self.bus.client()
        self.addCleanup(self.client.close)
        self.manager = self.client.object(ROOT)

    def write(self, client='', own=''):
        for folder, name, text in (('libvirt', 'libvirt.conf', client), ('virtbus', 'virtbusd.conf', own)):
            path = self.bus.folder / 'config' / folder
            path.mkdir(exist_ok=True)
            (path / name).write_text(text)

    def describe(self) -> str:
        return self.bus.describe()

    refused = BusTest.refused

    def open(self, uri, flags=0):
        return self.manager.call('Manager.Open', uri, flags)

    def test_aliases_of_both_files(self):
        self.start('uri_aliases = [\n  "hail=test:///default",\n  "a_B-9=qemu:///session",\n]\n',
                   'uri_aliases = [ "sleet=test:///default?x=1", "a_B-9=test:///default" ]\n')
        self.assertEqual(self.manager.get('Manager.Aliases'),
                         {'a_B-9': 'test:///default', 'hail': 'test:///default', 'sleet': 'test:///default?x=1'})
        self.assertEqual(self.manager.get('Manager.Problems'), [])
        for alias in ('hail', 'sleet', 'a_B-9'):
            self.assertEqual(self.open(alias), TEST)
        with self.refused('InvalidArg', "invalid argument: malformed URI 'hail': no driver in front"):
            self.open('hail', 2)
        with self.refused('InvalidArg', "invalid argument: malformed URI 'rain': no driver in front, as in "
                                        "qemu:///system, and no alias has that name"):
            self.open('rain')
        # What has another form is not looked up.
        with self.refused('InvalidArg', "invalid argument: malformed URI 'ha il'"):
            self.open('ha il')

    def test_wrong_aliases_are_told_and_leave_the_others(self):
        self.start('# one\nuri_aliases = [\n  "good=test:///default",\n  "bad name=test:///default",\n'
                   '  "nothing",\n  "empty=",\n  "ümlaut=test:///default",\n  "after=test:///default",\n]\n')
        path = self.bus.folder / 'config/libvirt/libvirt.conf'
        self.assertEqual(sorted(self.manager.get('Manager.Aliases')), ['after', 'good'])
        problems = self.manager.get('Manager.Problems')
        self.assertEqual([problem.partition(f'{path}:')[2][:2] for problem in problems], ['4:', '5:', '6:', '7:'])
        self.assertEqual(self.open('good'), TEST)
        with self.refused('InvalidArg', "invalid argument: 'nothing' is no URI, and no alias (configuration file "
                                        f"syntax error: {path}:4: "):
            self.open('nothing')

    def test_wrong_client_file_is_told(self):
        for text in ('uri_aliases = 5\n', 'uri_default = [ "x" ]\n', 'what\n'):
            with self.subTest(text):
                self.start(text)
                problem, = self.manager.get('Manager.Problems')
                self.assertIn(f'{self.bus.folder}/config/libvirt/libvirt.conf:1: ', problem)
                self.assertEqual(self.open('test:///default'), TEST)

    def test_settings_that_are_none_of_ours(self):
        self.start('remote_mode = "auto"\nsomething_new = [ "x" ]\n')
        self.assertEqual(self.manager.get('Manager.Problems'), [])

    def test_ways_to_other_hosts(self):
        """What the URI does not say."""
        self.start('remote_mode = "strange"\nremote_proxy = "odd"\n')
        for uri, problem in (('test+unix:///default', "there is no mode 'strange'"),
                             ('test+unix:///default?mode=legacy&socket=/none', ''),
                             ('test+ssh://nobody.invalid/default', "there is no proxy 'odd'")):
            with self.subTest(uri), self.assertRaises(CallError) as caught:
                self.open(uri)
            self.assertIn(problem, caught.exception.message)
            self.assertEqual('there is no' in caught.exception.message, bool(problem), caught.exception.message)

    def test_default_uri(self):
        self.start('uri_default = "test:///default"\n')
        self.assertEqual(self.manager.get('Manager.DefaultURI'), 'test:///default')
        self.assertEqual(self.open(''), TEST)

    def test_default_uri_may_be_an_alias(self):
        self.start('uri_default = "here"\nuri_aliases = [ "here=test:///default" ]\n')
        self.assertEqual(self.open(''), TEST)

    def test_default_uri_of_the_environment(self):
        self.start('uri_default = "qemu:///session"\n', env={'LIBVIRT_DEFAULT_URI': 'test:///default'})
        self.assertEqual(self.open(''), TEST)

    def test_own_file_has_the_last_word(self):
        self.start('uri_default = "qemu:///session"\n', 'uri_default = "test:///default"\n')
        self.assertEqual(self.open(''), TEST)

    def test_service_does_not_start_with_a_wrong_file(self):
        for text, says in (('max_clients = "many"\n', ":1: 'max_clients' takes a number"),
                           ('\nmax_clients = 0\n', ":2: 'max_clients' is from 1 to 65536, not 0"),
                           ('auth_tcp = "always"\n', ":1: 'auth_tcp' is none, polkit or sasl, not 'always'"),
                           ('tls_allowed_dn_list = "*"\n', ":1: 'tls_allowed_dn_list' takes a list of strings"),
                           ('tcp_min_ssf = 56\n', ":1: 'tcp_min_ssf' is from 112 to 65536, not 56"),
                           ('listen_tls\n', ":1: there is no '=' after 'listen_tls'")):
            with self.subTest(text):
                bus = PrivateBus()
                self.addCleanup(bus.close)
                bus.open()
                (bus.folder / 'config/virtbus').mkdir()
                path = bus.folder / 'config/virtbus/virtbusd.conf'
                path.write_text(text)
                done = subprocess.run([service_program(), '--session'], env=bus.env, text=True, capture_output=True,
                                      timeout=120, check=False)
                self.assertEqual((done.returncode, done.stderr),
                                 (1, f'virtbusd: configuration file syntax error: {path}{says}\n'))

    def test_loading_again(self):
        self.start('uri_aliases = [ "a=test:///default" ]\n')
        self.write('uri_aliases = [ "b=test:///default" ]\nuri_default = "test:///default"\n')
        with self.client.record() as signals:
            self.bus.service.send_signal(signal.SIGHUP)
            self.client.wait(lambda: signals.changes(ROOT).get('Aliases') == {'b': 'test:///default'})
        self.assertEqual(self.manager.get('Manager.DefaultURI'), 'test:///default')
        # A wrong file of its own leaves all as it was.
        self.write('uri_aliases = [ "c=test:///default" ]\n', 'max_clients = "x"\n')
        self.bus.service.send_signal(signal.SIGHUP)
        self.client.wait(lambda: 'the configuration stays as it was' in (self.bus.folder / 'service.log').read_text())
        self.assertEqual(self.manager.get('Manager.Aliases'), {'b': 'test:///default'})


if __name__ == '__main__':
    unittest.main()

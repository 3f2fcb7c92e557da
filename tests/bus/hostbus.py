# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service on the host's bus, where callers are of several users and polkit is asked.

The service runs as root in a mount namespace, in which what it writes to is a tmpfs; callers are user nobody.
"""

import contextlib
import os
import subprocess
import time
import unittest
from unittest import mock

import bus
from authority import Authority
from bustest import BusTest, CallError, Client, PrivateBus, ROOT, TEST, guest_xml
from client import NAME

NOBODY = 65534
# How long the service remembers an answer of polkit's, in seconds.
KEPT_FOR = 5

NAMESPACE = '''set -e
mount --make-rprivate /
mkdir -p {folder}/etc
mount -t tmpfs none {folder}/etc
mkdir {folder}/etc/upper {folder}/etc/work
mount -t overlay -o lowerdir=/etc,upperdir={folder}/etc/upper,workdir={folder}/etc/work none /etc
for place in /run /var/lib /var/cache /var/log; do mount -t tmpfs none $place; done
exec "$@"
'''


class SystemBus(PrivateBus):
    """A bus that every user may use, with the service as the host's."""

    def open(self):
        configuration = bus.CONFIGURATION.replace('<allow own="*"/>', '<allow own="*"/><allow user="*"/>')
        with mock.patch.object(bus, 'CONFIGURATION', configuration):
            super().open()
        self.folder.chmod(0o711)
        self.env['DBUS_SYSTEM_BUS_ADDRESS'] = self.address
        self._arguments[0] = '--system'

    def start_service(self, wait=True):
        program = [bus.service_program(), *self._arguments]
        self.service = subprocess.Popen(
            ['unshare', '-m', 'sh', '-c', NAMESPACE.format(folder=self.folder), 'sh', *program], env=self.env,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        self.wait_for_service()


@contextlib.contextmanager
def user(uid: int):
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


class HostBusTest(BusTest):
    """The service as the host's, a mock of the authority, and a caller who is user nobody."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0 or subprocess.run(['unshare', '-m', 'true'], capture_output=True).returncode != 0:
            raise unittest.SkipTest('needs root and mount namespaces')
        cls.bus = SystemBus()
        cls.addClassCleanup(lambda: cls.bus.close())
        cls.bus.open()
        cls.bus.start_service()
        cls.client = cls.bus.client()
        cls.addClassCleanup(cls.client.close)
        cls.manager = cls.client.object(ROOT)
        # What is probed at the start is no part of what a test hears, nor asked about.
        hosts = [cls.client.object(path) for path in cls.manager.call('Manager.ListConnections')]
        cls.client.wait(lambda: all(host.get('Connection.Version') for host in hosts))

    def setUp(self):
        self.authority = self.new_authority()
        self.caller = self.nobody()

    def nobody(self, name=NAME) -> Client:
        with user(NOBODY):
            client = Client(self.bus.address, name)
        self.addCleanup(client.close)
        self.assertEqual(client.bus('GetConnectionUnixUser', '(s)', client.unique_name), NOBODY)
        return client

    def new_authority(self, **options) -> Authority:
        authority = Authority(self.bus.address, **options)
        self.addCleanup(authority.close)
        return authority

    def asked(self) -> list:
        """What it was asked about calls since this was called last; a client introspects for itself."""
        questions, self.authority.questions = self.authority.questions, []
        return [(q.action, q.details) for q in questions if q.details['member'] not in ('Signals', 'Introspect')]

    def while_kept(self, attempt):
        """attempt(), which shows what is remembered. It is made again if it took so long that all was forgotten."""
        while True:
            begun = time.monotonic()
            try:
                return attempt()
            except (AssertionError, CallError):
                if time.monotonic() - begun < KEPT_FOR:
                    raise

    def define(self, name: str, client=None, **more):
        client = client or self.client
        guest = client.object(client.object(TEST).call('Connection.DomainDefineXML', guest_xml('test', name, **more)))
        self.addCleanup(self.client.object(guest.path).call, 'Domain.Undefine', 0)
        return guest

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A realm of Kerberos of one's own: a KDC on a port of the loopback, in a folder.

    with Realm() as realm:
        realm.login('operator')          tickets for its client
        realm.client_env                 the environment of who is logged in
        realm.server_env                 that of a service libvirt/localhost, with its keytab

A host's name is what is written in a URI: nobody is asked about it.
"""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from bus import free_port

REALM = 'VIRTBUS.TEST'
SERVICE = 'libvirt/localhost'
PASSWORD = 'opens sesame'
DEADLINE = 120

CLIENT = '''[libdefaults]
 default_realm = {realm}
 dns_canonicalize_hostname = false
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 ignore_acceptor_hostname = true
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
[domain_realm]
 localhost = {realm}
'''

KDC = '''[realms]
 {realm} = {{
  database_name = {folder}/principals
  key_stash_file = {folder}/stash
  kdc_listen = 127.0.0.1:{port}
  kdc_tcp_listen = 127.0.0.1:{port}
 }}
'''

TOOLS = (('krb5kdc', 'krb5-kdc'), ('kadmin.local', 'krb5-admin-server'), ('kinit', 'krb5-user'))
MECHANISMS = '/usr/lib/*/sasl2/libgssapiv2.so'


def missing():
    """What this machine lacks for a realm: a sentence, or None."""
    for tool, package in TOOLS:
        if not shutil.which(tool, path='/usr/sbin:/usr/bin:/sbin:/bin'):
            return f'Kerberos needs {tool} (package {package})'
    if not list(pathlib.Path('/').glob(MECHANISMS[1:])):
        return 'SASL has no GSSAPI (package libsasl2-modules-gssapi-mit)'
    return None


class Realm:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='vb-realm-'))
        self._kdc = None
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._kdc:
            self._kdc.kill()
            self._kdc.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self):
        port = free_port()
        facts = {'realm': REALM, 'folder': self.folder, 'port': port}
        (self.folder / 'krb5.conf').write_text(CLIENT.format(**facts))
        (self.folder / 'kdc.conf').write_text(KDC.format(**facts))
        (self.folder / 'sasl').mkdir()
        (self.folder / 'sasl/libvirt.conf').write_text(f'mech_list: gssapi\nkeytab: {self.folder}/keytab\n')
        common = {'KRB5_CONFIG': str(self.folder / 'krb5.conf')}
        self.client_env = {**common, 'KRB5CCNAME': f'FILE:{self.folder}/tickets'}
        self.server_env = {**common, 'KRB5_KTNAME': f'FILE:{self.folder}/keytab', 'KRB5RCACHENAME': 'none:',
                           'SASL_CONF_PATH': str(self.folder / 'sasl')}
        self._env = {**common, 'KRB5_KDC_PROFILE': str(self.folder / 'kdc.conf'),
                     'PATH': '/usr/sbin:/usr/bin:/sbin:/bin'}
        self._run('kdb5_util', 'create', '-s', '-r', REALM, '-P', PASSWORD)
        self._admin('addprinc', '-randkey', SERVICE)
        self._admin('ktadd', '-k', self.folder / 'keytab', SERVICE)
        self._kdc = subprocess.Popen(['krb5kdc', '-n'], env=self._env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + DEADLINE
        while not self._listens(port):
            if self._kdc.poll() is not None or time.monotonic() > until:
                raise AssertionError('the KDC did not start')
            time.sleep(0.05)

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', port)) == 0

    def _run(self, *command, env=None, input=None):
        subprocess.run([str(word) for word in command], env={**self._env, **(env or {})}, check=True, text=True,
                       capture_output=True, timeout=DEADLINE, input=input)

    def _admin(self, *words):
        self._run('kadmin.local', '-r', REALM, *words)

    def add(self, user: str):
        self._admin('addprinc', '-pw', PASSWORD, user)

    def login(self, user: str):
        """Tickets of the client are this user's from now on."""
        self._run('kinit', user, env=self.client_env, input=PASSWORD + '\n')

    def logout(self):
        (self.folder / 'tickets').unlink(missing_ok=True)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates for tests of TLS, made by certtool.

    tests/harness/certificates.py FOLDER

makes in FOLDER a folder for each of these, laid out as pkipath wants it (cacert.pem, ROLEcert.pem, ROLEkey.pem):

    good      of one authority: a server "localhost", 127.0.0.1 and what lab.py calls it, a client "O=virtbus,CN=operator"
    expired   the same, but both are past their time
    foreign   the same, signed by an authority that good does not know
    elsewhere a server "other.example"
    revoked   good's client, with good's list of revoked ones (cacrl.pem), on which it stands
    swapped   the server's certificate is for a client, and the other way round
"""

import pathlib
import subprocess
import sys
import tempfile


def certtool(*arguments, template=''):
    command = ['certtool', *map(str, arguments)]
    with tempfile.NamedTemporaryFile('w', suffix='.tmpl') as file:
        file.write(template)
        file.flush()
        if template:
            command += ['--template', file.name]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)


class Authority:
    def __init__(self, folder: pathlib.Path, name: str):
        self.key, self.certificate = folder / 'cakey.pem', folder / 'cacert.pem'
        self.private_key(self.key)
        certtool('--generate-self-signed', '--load-privkey', self.key, '--outfile', self.certificate,
                 template=f'cn = "{name}"\nca\ncert_signing_key\ncrl_signing_key\nexpiration_days = 30\n')

    @staticmethod
    def private_key(path: pathlib.Path):
        # libvirt wants to see "key encipherment", which only these keys can be for.
        certtool('--generate-privkey', '--key-type=rsa', '--bits=2048', '--outfile', path)

    def sign(self, folder: pathlib.Path, role: str, names: str, purpose=None, dates='expiration_days = 20\n'):
        key, certificate = folder / f'{role}key.pem', folder / f'{role}cert.pem'
        self.private_key(key)
        purpose = purpose or {'server': 'tls_www_server', 'client': 'tls_www_client'}[role]
        certtool('--generate-certificate', '--load-privkey', key, '--load-ca-certificate', self.certificate,
                 '--load-ca-privkey', self.key, '--outfile', certificate,
                 template=f'{names}{purpose}\nsigning_key\nencryption_key\n{dates}')
        if folder / 'cacert.pem' != self.certificate:
            (folder / 'cacert.pem').write_bytes(self.certificate.read_bytes())

    def revoke(self, certificate: pathlib.Path, crl: pathlib.Path):
        certtool('--generate-crl', '--load-ca-privkey', self.key, '--load-ca-certificate', self.certificate,
                 '--load-certificate', certificate, '--outfile', crl,
                 template='crl_next_update = 30\ncrl_number = 1\n')


SERVER = ('cn = "localhost"\ndns_name = "localhost"\nip_address = "127.0.0.1"\n'
          'dns_name = "there.example"\nip_address = "192.0.2.2"\nip_address = "2001:db8::2"\n')
CLIENT = 'cn = "operator"\norganization = "virtbus"\n'
PAST = 'activation_date = "2020-01-01 00:00:00"\nexpiration_date = "2020-02-01 00:00:00"\n'


def make(folder: pathlib.Path):
    places = {name: folder / name for name in ('good', 'expired', 'foreign', 'elsewhere', 'revoked', 'swapped')}
    for place in places.values():
        place.mkdir()
    good, foreign = (Authority(places[name], f'{name} authority') for name in ('good', 'foreign'))
    for authority, name, dates in ((good, 'good', 'expiration_days = 20\n'), (good, 'expired', PAST),
                                   (foreign, 'foreign', 'expiration_days = 20\n')):
        authority.sign(places[name], 'server', SERVER, dates=dates)
        authority.sign(places[name], 'client', CLIENT, dates=dates)
    good.sign(places['elsewhere'], 'server', 'cn = "other.example"\ndns_name = "other.example"\n')
    good.sign(places['revoked'], 'client', CLIENT)
    good.revoke(places['revoked'] / 'clientcert.pem', places['revoked'] / 'cacrl.pem')
    good.sign(places['swapped'], 'server', SERVER, purpose='tls_www_client')
    good.sign(places['swapped'], 'client', CLIENT, purpose='tls_www_server')


if __name__ == '__main__':
    make(pathlib.Path(sys.argv[1]))

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets and network filters of the test host.

Each kind is tested in both namespaces. libvirt's test host has neither.
"""

import unittest

from bustest import CallError, guest_xml
from objectstest import UUID, Libvirt, ObjectsTest, Virtbus


class Secrets:
    @staticmethod
    def xml(usage='volume', name='volume', id_='/v', private='no', uuid=UUID, more=''):
        return (f"<secret ephemeral='no' private='{private}'>{f'<uuid>{uuid}</uuid>' if uuid else ''}{more}"
                f"<usage type='{usage}'><{name}>{id_}</{name}></usage></secret>")

    def define(self, *arguments, **options):
        path = self.host('SecretDefineXML', self.xml(*arguments, **options), 0)
        self.addCleanup(self.remove, path, 'Secret.Undefine')
        return path

    def test_life(self):
        with self.tells('added', 'SecretEvent 0 0'):
            path = self.define()
        self.assertEqual(self.host('ListSecrets', 0), [path])
        self.assertEqual(self.host('SecretLookupByUUID', UUID), path)
        self.assertEqual(self.host('SecretLookupByUsage', 1, '/v'), path)
        self.assertEqual([self.get(path, f'Secret.{name}') for name in ('UUID', 'UsageType', 'UsageID')],
                         [UUID, 1, '/v'])
        self.assertEqual(self.on(path, 'Secret.GetXMLDesc', 0), f"""<secret ephemeral='no' private='no'>
  <uuid>{UUID}</uuid>
  <usage type='volume'>
    <volume>/v</volume>
  </usage>
</secret>
""")
        with self.tells('SecretEvent 1 0', 'removed'):
            self.on(path, 'Secret.Undefine')
        self.gone(path, 'Secret')
        self.assertEqual(self.host('ListSecrets', 0), [])
        with self.fails('NoSecret', 'Secret not found: '):
            self.host('SecretLookupByUsage', 1, '/v')

    def test_value(self):
        path = self.define()
        with self.fails('NoSecret', f"Secret not found: secret '{UUID}' does not have a value"):
            self.on(path, 'Secret.GetValue', 0)
        for value in (b'first', bytes(range(256)), b'x' * 65536):
            self.on(path, 'Secret.SetValue', value, 0)
            self.assertEqual(bytes(self.on(path, 'Secret.GetValue', 0)), value)
        for value in (b'', b'x' * 65537):
            with self.fails('InvalidArg', 'invalid argument: the value of a secret has from 1 to 65536 bytes'):
                self.on(path, 'Secret.SetValue', value, 0)
        self.assertEqual(len(self.on(path, 'Secret.GetValue', 0)), 65536)
        # A new definition keeps it; a new secret has none.
        self.define(more='<description>d</description>')
        self.assertEqual(len(self.on(path, 'Secret.GetValue', 0)), 65536)
        self.on(path, 'Secret.Undefine')
        path = self.define()
        with self.fails('NoSecret', 'Secret not found: '):
            self.on(path, 'Secret.GetValue', 0)

    def test_private(self):
        path = self.define(private='yes')
        self.on(path, 'Secret.SetValue', b'value', 0)
        with self.fails('InvalidSecret', 'Invalid secret: secret is private'):
            self.on(path, 'Secret.GetValue', 0)
        with self.fails('OperationDenied', 'operation forbidden: cannot change private flag on existing secret'):
            self.define()
        self.assertEqual(len(self.host('ListSecrets', 4)), 1)
        self.assertEqual(self.host('ListSecrets', 8), [])

    def test_conflicts(self):
        self.define()
        other = UUID[:-1] + 'f'
        with self.fails('InternalError', f'internal error: a secret with UUID {UUID} already defined for use with /v'):
            self.define(uuid=other)
        with self.fails('InternalError',
                        f'internal error: a secret with UUID {UUID} is already defined for use with /v'):
            self.define(id_='/other')
        # Of another kind, the same words are another use.
        path = self.define('ceph', 'name', '/v', uuid=other)
        self.assertEqual(self.get(path, 'Secret.UsageType'), 2)

    def test_bad(self):
        for xml, error, message in (
                ("<secret><usage type='volume'/></secret>", 'InternalError', 'internal error: volume usage specified'),
                ("<secret><usage type='nothing'/></secret>", None, ''),
                ('<network/>', 'XmlError', ''), ('<secret', 'XmlDetail', '')):
            with self.subTest(xml), self.assertRaises(CallError) as caught:
                self.host('SecretDefineXML', xml, 0)
            self.assertTrue(caught.exception.message.startswith(message))
            if error:
                self.assertEqual(caught.exception.name, self.error(error))
        self.assertEqual(self.host('ListSecrets', 0), [])


class VirtbusSecrets(Virtbus, Secrets, ObjectsTest):
    def test_properties(self):
        path = self.define(private='yes', more='<description>of a volume</description>')
        self.assertEqual(self.client.object(path).get_all('Secret'),
                         {'UUID': UUID, 'UsageID': '/v', 'UsageType': 1, 'Description': 'of a volume',
                          'Ephemeral': False, 'Private': True})
        with self.tells('Description=', 'SecretEvent 0 0'):
            self.define(private='yes')


class LibvirtSecrets(Libvirt, Secrets, ObjectsTest):
    pass


class Filters:
    @staticmethod
    def xml(name='f', uuid=None, *others):
        return (f"<filter name='{name}'>{f'<uuid>{uuid}</uuid>' if uuid else ''}"
                "<rule action='accept' direction='in'><tcp dstportstart='22'/></rule>"
                + ''.join(f"<filterref filter='{other}'/>" for other in others) + '</filter>')

    def define(self, *arguments):
        path = self.host('NWFilterDefineXML', self.xml(*arguments))
        self.addCleanup(self.remove, path, 'NWFilter.Undefine')
        return path

    def test_life(self):
        path = self.define('f', UUID)
        self.assertEqual(self.host('ListNWFilters', 0), [path])
        self.assertEqual(self.host('NWFilterLookupByName', 'f'), path)
        self.assertEqual(self.host('NWFilterLookupByUUID', UUID), path)
        self.assertEqual([self.get(path, f'NWFilter.{name}') for name in ('Name', 'UUID')], ['f', UUID])
        xml = self.on(path, 'NWFilter.GetXMLDesc', 0)
        self.assertIn("<tcp dstportstart='22'/>", xml)
        self.assertEqual(self.host('NWFilterDefineXML', xml), path)
        self.assertEqual(self.on(path, 'NWFilter.GetXMLDesc', 0), xml)
        self.define('f', UUID, 'other')
        self.assertIn("<filterref filter='other'/>", self.on(path, 'NWFilter.GetXMLDesc', 0))
        self.on(path, 'NWFilter.Undefine')
        self.assertEqual(self.host('ListNWFilters', 0), [])
        with self.fails('NoNwfilter', 'Network filter not found: '):
            self.host('NWFilterLookupByName', 'f')

    def test_conflicts(self):
        self.define('f', UUID)
        with self.fails('OperationFailed', f"operation failed: filter 'f' is already defined with uuid {UUID}"):
            self.define('g', UUID)
        with self.fails('OperationFailed', f"operation failed: filter 'f' already exists with uuid {UUID}"):
            self.define('f', UUID[:-1] + 'f')

    def test_loops(self):
        """By however many."""
        self.define('0', None, 'last')
        for n in range(1, 200):
            self.define(str(n), None, str(n - 1))
        for references in (('199',), ('nobody', '199'), ('last',)):
            with self.fails('OperationFailed', 'operation failed: filter would introduce a loop'):
                self.define('last', None, *references)
        self.define('last')

    def test_in_use(self):
        below, path = self.define('below'), self.define('f', UUID, 'below')
        xml = guest_xml('test', 'filtered', devices="<interface type='network'><source network='default'/>"
                        "<filterref filter='f'/></interface>")
        guest = self.host('DomainCreateXML', xml, 0)
        for used in (below, path):
            with self.fails('OperationInvalid', 'Requested operation is not valid: nwfilter is in use'):
                self.on(used, 'NWFilter.Undefine')
        self.on(guest, 'Domain.Destroy', 0)
        for used in (below, path):
            self.on(used, 'NWFilter.Undefine')


class VirtbusFilters(Virtbus, Filters, ObjectsTest):
    pass


class LibvirtFilters(Libvirt, Filters, ObjectsTest):
    pass


if __name__ == '__main__':
    unittest.main()

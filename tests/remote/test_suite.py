#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tests of the local test host, against the test host of a peer: another virtbus, and a real libvirtd over each
of the plain transports. What differs there is listed, with the reason."""

import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ('bus', 'harness')]

import test_conformance
import test_test_domains
import test_test_objects
import test_test_secrets
from bus import PrivateBus, free_port
from libvirtd import Libvirtd, command_to


class VirtbusPeer:
    transport = 'unix'

    @classmethod
    def setUpClass(cls):
        cls.peer = PrivateBus(trace=False)
        cls.addClassCleanup(lambda: cls.peer.close())
        cls.peer.open()
        cls.port = free_port()
        (cls.peer.folder / 'config/virtbus').mkdir()
        (cls.peer.folder / 'config/virtbus/virtbusd.conf').write_text(
            f'listen_addr = "127.0.0.1"\nlisten_tcp = 1\ntcp_port = "{cls.port}"\nauth_tcp = "none"\n')
        cls.peer.start_service()
        super().setUpClass()

    @classmethod
    def host_uri(cls) -> str:
        socket = cls.peer.folder / 'run/virtbus/virtbus-sock'
        if cls.transport == 'tcp':
            return f'test+tcp://127.0.0.1:{cls.port}/default'
        if cls.transport == 'ext':
            return f'test+ext:///default?command={command_to(socket, cls.peer.folder)}'
        return f'test+unix:///default?socket={socket}'


class VirtbusPeerOverTcp(VirtbusPeer):
    transport = 'tcp'


class VirtbusPeerOverExt(VirtbusPeer):
    transport = 'ext'


class LibvirtPeer:
    transport = 'unix'

    @classmethod
    def setUpClass(cls):
        cls.libvirtd = Libvirtd()
        cls.addClassCleanup(cls.libvirtd.close)
        cls.libvirtd.open()
        super().setUpClass()

    @classmethod
    def host_uri(cls) -> str:
        return cls.libvirtd.uri(cls.transport)


class LibvirtPeerOverTcp(LibvirtPeer):
    transport = 'tcp'


class LibvirtPeerOverExt(LibvirtPeer):
    transport = 'ext'


class Root(test_test_objects.Virtbus):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.manager.call('Manager.Open', cls.host_uri(), 0)


# Of any peer.
DIFFERS = {
    'Conformance.test_unknown_flags': 'what a host does not support is known to it alone, after the flags were looked at',
    'Conformance.test_needs_to_be_active': 'so is whether a guest must run',
    'Conformance.test_not_supported': 'and so is whether it has statistics',
    'Conformance.test_define': 'the peer does not tell who defined a guest',
    'Conformance.test_transient': 'the same',
    'Conformance.test_goes_with_its_caller': 'for the peer the client is the service',
    'Conformance.test_rename': 'the name is known when the first of the two events is told',
    'Baseline.test_too_many': 'what the wire has no room for is refused here',
    'GuestAnswers.test_hardware': 'a number that the wire has no room for is refused here',
    'Interfaces.test_define_again': 'the object stays',
    'Secrets.test_value': 'a value that the wire has no room for is refused here',
    'Storage.test_transient': 'the volumes go after the event that their pool stopped',
    'Storage.test_volumes_are_there_while_their_pool_is_active': 'the same',
}
# Of any peer but one on this machine.
DIFFERS_AFAR = {**DIFFERS, 'OwnMembers.test_files': 'descriptors pass through sockets of this machine alone'}
# Of libvirt's test host, with which the link has nothing to do: it words errors in its own way, takes fewer flags
# and has fewer events, or does less.
LIBVIRT_DIFFERS = dict.fromkeys((
    'Baseline.test_models', 'Baseline.test_models_are_known', 'Baseline.test_refused',
    'Baseline.test_what_is_missing_is_disabled', 'Checkpoints.test_refused', 'Conformance.test_bad_documents',
    'Conformance.test_bad_metadata', 'Conformance.test_metadata', 'Conformance.test_vcpus',
    'Interfaces.test_rollback', 'NodeDevices.test_parents', 'NodeDevices.test_refused',
    'Saving.test_save_errors', 'Snapshots.test_delete_children', 'Snapshots.test_redefine',
    'Snapshots.test_refused', 'Storage.test_conflicts'), 'other checks, and other words for what is wrong') | dict.fromkeys((
        'Conformance.test_create_what_is_defined', 'Conformance.test_start_paused_and_reset',
        'Parameters.test_block_io', 'Parameters.test_scheduler', 'Pinning.test_iothreads', 'Pinning.test_vcpus',
        'OwnMembers.test_files'), 'other flags') | dict.fromkeys((
            'Conformance.test_autostart', 'Conformance.test_define_again_while_it_runs',
            'Conformance.test_define_what_is_transient',
            'Conformance.test_memory_of_what_runs', 'Conformance.test_memory_tells_of_the_balloon',
            'Conformance.test_shutdown_and_reboot', 'Conformance.test_undefine_while_it_runs',
            'Parameters.test_block_tune', 'Snapshots.test_halt_and_revert'), 'other events and states') | dict.fromkeys((
                'Interfaces.test_life', 'Networks.test_define_again', 'Networks.test_update',
                'NodeDevices.test_defaults', 'NodeDevices.test_life', 'OwnMembers.test_screenshot',
                'Storage.test_default', 'Storage.test_define_again', 'Storage.test_volume_refused',
                'Storage.test_volumes_of_other_pools'), 'other documents and devices') | {
    'Storage.test_sources': 'libvirtd 9.0 dies of a search without a host',
    **dict.fromkeys(('Filters', 'Secrets'), 'it has none'),
} | DIFFERS_AFAR


def classes():
    for name, class_ in vars(test_test_domains).items():
        if (isinstance(class_, type) and issubclass(class_, test_test_domains.GuestsTest)
                and class_ is not test_test_domains.GuestsTest and not name.startswith('Libvirt')):
            yield name, (class_,)
    objects = {**vars(test_test_objects), **vars(test_test_secrets)}
    for name, class_ in objects.items():
        if f'Virtbus{name}' in objects:
            yield name, (Root, class_, test_test_objects.ObjectsTest)
    yield 'Conformance', (test_conformance.TestHost,)


def against(peer, differs, module: str, only=()) -> dict:
    """All classes of the suite, or only some of them, by their names, with a peer; but for those tests, and whole
    classes."""
    found = {}
    for name, bases in classes():
        if name in differs or only and name not in only:
            continue
        # None is no test.
        left_out = {test.partition('.')[2]: None for test in differs if test.partition('.')[0] == name}
        title = f'{peer.__name__}{name}'
        # The peer stands before the test that it is for, and after the class that asks it for its host.
        found[title] = type(title, (*bases[:1], peer, *bases[1:]) if bases[0] is Root else (peer, *bases),
                            {'__module__': module, **left_out})
    return found


globals().update(against(VirtbusPeer, DIFFERS, __name__))
for _peer in VirtbusPeerOverTcp, VirtbusPeerOverExt:
    globals().update(against(_peer, DIFFERS_AFAR, __name__))
for _peer in LibvirtPeer, LibvirtPeerOverTcp, LibvirtPeerOverExt:
    globals().update(against(_peer, LIBVIRT_DIFFERS, __name__))

if __name__ == '__main__':
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a guest through libvirt's own binding, and what it tells of it: scenario.py URI"""

import sys
import threading
import time

import libvirt

DOMAIN = """<domain type='test'><name>second</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
<memory unit='KiB'>262144</memory><vcpu>2</vcpu><os><type arch='i686'>hvm</type></os></domain>"""
NETWORK = """<network><name>blue</name><uuid>aaaaaaaa-2222-3333-4444-555555555555</uuid><bridge name='virbr7'/></network>"""
POOL = """<pool type='dir'><name>green</name><uuid>bbbbbbbb-2222-3333-4444-555555555555</uuid>
<target><path>/green</path></target></pool>"""

lock = threading.Lock()
told = []


def tell(*words):
    with lock:
        told.append(' '.join(map(str, words)))


def attempt(what, *arguments):
    """Its result, or the error as a client sees it."""
    try:
        result = what(*arguments)
    except libvirt.libvirtError as error:
        text, _, _ = error.get_error_message().partition(':')
        result = f'error {error.get_error_code()} {text}'
    tell(what.__name__, '->', result)
    return result


def main(uri: str):
    libvirt.registerErrorHandler(lambda *_: None, None)
    libvirt.virEventRegisterDefaultImpl()
    running = True

    def loop():
        while running:
            libvirt.virEventRunDefaultImpl()
    thread = threading.Thread(target=loop, daemon=True)
    thread.start()

    connection = libvirt.open(uri)
    tell(connection.getType(), connection.isAlive(), connection.getLibVersion() >= 6000000, connection.getInfo())
    tell('close callback', connection.registerCloseCallback(lambda *_: None, None))

    def life(_, domain, event, detail, name):
        tell('event', name, domain.name(), domain.UUIDString(), event, detail)
    ids = [connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, life, 'all'),
           connection.domainEventRegisterAny(connection.lookupByName('test'), libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                             life, 'test')]
    connection.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE, life, 'network')
    connection.storagePoolEventRegisterAny(None, libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, life, 'pool')
    connection.storagePoolEventRegisterAny(
        None, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH, lambda _, pool, name: tell('event', name, pool.name()), 'refresh')

    tell([domain.name() for domain in connection.listAllDomains()], connection.listDomainsID(),
         connection.listDefinedDomains(), connection.numOfDomains())
    attempt(connection.lookupByName, 'nope')
    attempt(connection.lookupByID, 77)
    domain = connection.defineXML(DOMAIN)
    for what in (domain.state, domain.info, domain.create, domain.create, domain.state, domain.suspend, domain.resume,
                 domain.vcpusFlags, domain.maxMemory, domain.isPersistent, domain.autostart, domain.hasManagedSaveImage,
                 domain.schedulerType, domain.snapshotListNames):
        attempt(what)
    attempt(domain.setAutostart, 1)
    attempt(domain.setMemory, 100000)
    attempt(domain.pinVcpu, 0, (True, False, True))
    attempt(domain.memoryParameters)
    attempt(domain.setMemoryParameters, {'hard_limit': 500000})
    attempt(domain.setSchedulerParameters, {'weight': 3})
    attempt(domain.numaParameters)
    attempt(connection.lookupByName('test').suspend)
    attempt(connection.lookupByName('test').resume)
    tell(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).count('<memory '))
    snapshot = domain.snapshotCreateXML('<domainsnapshot><name>s</name></domainsnapshot>')
    tell(snapshot.getName(), domain.snapshotNum(), snapshot.isCurrent(), domain.hasCurrentSnapshot())
    attempt(snapshot.getParent)
    attempt(snapshot.delete)
    for what in (domain.shutdown, domain.destroy, domain.create, domain.destroy, domain.undefine, domain.undefine):
        attempt(what)

    network = connection.networkDefineXML(NETWORK)
    for what in (network.create, network.bridgeName, network.isActive, network.destroy, network.undefine):
        attempt(what)
    pool = connection.storagePoolDefineXML(POOL)
    for what in (pool.create, pool.info, pool.refresh, pool.numOfVolumes, pool.listVolumes):
        attempt(what)
    volume = pool.createXML("<volume><name>v</name><capacity>4096</capacity></volume>")
    tell(volume.name(), volume.key(), volume.path(), volume.info(), volume.storagePoolLookupByVolume().name())
    for what in (pool.destroy, pool.undefine):
        attempt(what)
    # The last thing that happened.
    until = time.monotonic() + 120
    while not any(line.startswith('event pool green') and line.endswith(' 1 0') for line in told):
        if time.monotonic() > until:
            break
        time.sleep(0.02)
    for id_ in ids:
        connection.domainEventDeregisterAny(id_)
    connection.unregisterCloseCallback()
    tell('closed', connection.close())
    running = False
    # What has been told comes by another thread than what was done: each for itself is in order.
    for line in [line for line in told if not line.startswith('event')] + [line for line in told if line.startswith('event')]:
        print(line)


main(sys.argv[1])

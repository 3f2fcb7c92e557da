#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of a real guest through libvirt's own binding: scenario_guest.py URI DOCUMENT"""

import sys
import threading

import libvirt

LIFE = libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE


def main(uri: str, document: str):
    libvirt.virEventRegisterDefaultImpl()
    stopped = threading.Event()
    events, gone = [], threading.Event()

    def loop():
        while not stopped.is_set():
            libvirt.virEventRunDefaultImpl()
    thread = threading.Thread(target=loop, daemon=True)
    thread.start()

    def life(_, domain, event, detail, __):
        events.append(f'event {domain.name()} {event} {detail}')
        if event == libvirt.VIR_DOMAIN_EVENT_UNDEFINED:
            gone.set()

    connection = libvirt.open(uri)
    connection.domainEventRegisterAny(None, LIFE, life, None)
    print(connection.getType(), connection.numOfDomains())
    with open(document, encoding='utf-8') as file:
        domain = connection.defineXML(file.read())
    print('listed', [other.name() for other in connection.listAllDomains()], domain.isPersistent(), domain.isActive())
    # It says nothing before somebody listens.
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    stream = connection.newStream()
    domain.openConsole(None, stream)
    domain.resume()
    print('state', domain.state(), 'info', domain.info()[:4], 'id', domain.ID() > 0)
    said = b''
    while b'guest# ' not in said:
        said += stream.recv(4096)
    stream.send(b'echo said-$((6 * 7))\n')
    while b'said-42' not in said:
        said += stream.recv(4096)
    stream.abort()
    print('console', b'guest: ready on ttyS0' in said)
    domain.suspend()
    print('state', domain.state())
    domain.resume()
    _, statistics = connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_BLOCK)[0]
    print('disks', statistics['block.count'], statistics['block.0.name'], domain.blockInfo('vda')[0])
    domain.destroy()
    try:
        domain.memoryStats()
    except libvirt.libvirtError as error:
        print('refused', error.get_error_code(), error.get_error_message())
    domain.undefine()
    gone.wait(120)
    connection.close()
    stopped.set()
    print('\n'.join(events))


libvirt.registerErrorHandler(lambda *_: None, None)
main(*sys.argv[1:])

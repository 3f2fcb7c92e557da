#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A few objects under the service's name, for testing the harness itself. It can misbehave."""

import os
import subprocess
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

MANAGER = 'org.virtbus1.Manager'


class Toy(dbus.service.Object):
    @dbus.service.method(MANAGER, in_signature='su', out_signature='o')
    def Open(self, uri, flags):
        if not uri:
            raise dbus.DBusException('there is no such host', name='org.virtbus1.Error.NoHost')
        self.Opened(uri, flags)
        self.PropertiesChanged(MANAGER, {'Last': uri}, [])
        return dbus.ObjectPath('/org/virtbus1/connection/toy')

    @dbus.service.method(MANAGER, in_signature='', out_signature='h')
    def Pipe(self):
        out, into = os.pipe()
        os.write(into, b'through the bus')
        os.close(into)
        return dbus.types.UnixFd(out)

    @dbus.service.method(MANAGER, in_signature='h', out_signature='s')
    def Read(self, descriptor):
        with os.fdopen(descriptor.take()) as file:
            return file.read()

    @dbus.service.method(MANAGER, in_signature='', out_signature='us')
    def Two(self):
        return 2, 'two'

    @dbus.service.method(MANAGER, in_signature='', out_signature='')
    def Spawn(self):
        """Leave a child behind that ignores the end of its parent."""
        subprocess.Popen(['sh', '-c', 'trap "" TERM HUP; sleep 1000; : qemu'],
                         start_new_session=True)

    @dbus.service.signal(MANAGER, signature='su')
    def Opened(self, uri, flags):
        pass

    @dbus.service.signal(dbus.PROPERTIES_IFACE, signature='sa{sv}as')
    def PropertiesChanged(self, interface, changed, invalidated):
        pass

    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature='ss', out_signature='v')
    def Get(self, _interface, name):
        return f'value of {name}'


def main():
    if 'VIRTBUS_TOY_FAILS' in os.environ:
        sys.exit('toy: does not want to')
    DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(os.environ['DBUS_SESSION_BUS_ADDRESS'])
    loop = GLib.MainLoop()
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, 15, loop.quit)
    toy = Toy(bus, '/org/virtbus1')
    name = dbus.service.BusName('org.virtbus1', bus)
    print('toy: here', flush=True)
    loop.run()
    del name
    toy.remove_from_connection()
    sys.exit(int(os.environ.get('VIRTBUS_TOY_STATUS', 0)))


if __name__ == '__main__':
    main()

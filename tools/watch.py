#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Follows the guests of a host, as a desktop application would: on a GLib main loop, without ever asking twice.

    tools/watch.py                       the default host, on the system bus
    tools/watch.py --session             one's own
    tools/watch.py test:///default       of a URI

Prints a line for each guest, and one for each change until it is interrupted. It needs PyGObject alone: the
ObjectManager client of GIO makes a proxy of each object, keeps its properties as the service signals them, and notices
when the service goes and comes back.
"""

import argparse
import sys

from gi.repository import Gio, GLib

NAME, ROOT = 'org.virtbus1', '/org/virtbus1'
DOMAIN = f'{NAME}.Domain'
STATES = ('no state', 'running', 'blocked', 'paused', 'shutting down', 'off', 'crashed', 'suspended')


class Watch:
    """Guests below the connection of a URI. line(text) is called for each thing to tell."""

    def __init__(self, bus: Gio.DBusConnection, uri: str, line=print):
        self._bus, self._uri, self._line = bus, uri, line
        self._path = None
        # It has asked for all objects when it is there; proxies answer from memory.
        self._manager = Gio.DBusObjectManagerClient.new_sync(
            bus, Gio.DBusObjectManagerClientFlags.NONE, NAME, ROOT, None, None, None)
        self._manager.connect('object-added', self._on_added)
        self._manager.connect('object-removed', self._on_removed)
        self._manager.connect('interface-proxy-properties-changed', self._on_changed)
        self._manager.connect('notify::name-owner', self._on_owner)
        self._open()

    def _open(self):
        """The connection is held as long as this client is on the bus."""
        reply = self._bus.call_sync(NAME, ROOT, f'{NAME}.Manager', 'Open', GLib.Variant('(su)', (self._uri, 0)),
                                    GLib.VariantType('(o)'), Gio.DBusCallFlags.NONE, -1, None)
        self._path = reply.unpack()[0]
        for object_ in sorted(self._manager.get_objects(), key=lambda object_: object_.get_object_path()):
            self._on_added(None, object_)

    def _domain(self, object_):
        """The proxy of a guest of this host, or None."""
        below = self._path and object_.get_object_path().startswith(f'{self._path}/domain/')
        return object_.get_interface(DOMAIN) if below else None

    @staticmethod
    def _get(proxy, name: str):
        value = proxy.get_cached_property(name)
        return value.unpack() if value else None

    def _tell(self, proxy, what: str):
        self._line(f'{self._get(proxy, "Name")}: {what}')

    def _state(self, proxy) -> str:
        return STATES[self._get(proxy, 'State')[0]]

    def _on_added(self, _manager, object_):
        proxy = self._domain(object_)
        if proxy:
            self._tell(proxy, f'{self._state(proxy)}, {self._get(proxy, "Memory") // 1024} MiB')

    def _on_removed(self, _manager, object_):
        proxy = self._domain(object_)
        if proxy:
            self._tell(proxy, 'gone')

    def _on_changed(self, _manager, object_, proxy, changed, _invalidated):
        if not self._domain(object_) or proxy.get_interface_name() != DOMAIN:
            return
        for name, value in sorted(changed.unpack().items()):
            self._tell(proxy, self._state(proxy) if name == 'State' else f'{name} is {value}')

    def _on_owner(self, manager, _property):
        there = bool(manager.get_property('name-owner'))
        if there == bool(self._path):
            return
        if there:
            self._open()
        else:
            self._path = None
            self._line('the service has gone')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--session', action='store_true', help='on the session bus')
    parser.add_argument('uri', nargs='?', default='', help='of the host; the default one where none is given')
    options = parser.parse_args()
    try:
        bus = Gio.bus_get_sync(Gio.BusType.SESSION if options.session else Gio.BusType.SYSTEM, None)
        Watch(bus, options.uri, lambda text: print(text, flush=True))
        GLib.MainLoop().run()
    except GLib.Error as error:
        print(f'watch.py: {error.message}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == '__main__':
    sys.exit(main())

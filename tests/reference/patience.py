# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plugin of pytest for libvirt-dbus' suite, which gives a service one second to start and a signal two to come.
On a busy machine that says nothing of the service."""

import time

import dbus.bus
from gi.repository import GLib

# Seconds, and how many times as long as it is told.
PATIENCE, TIMES = 120, 60

name_has_owner, timeout_add = dbus.bus.BusConnection.name_has_owner, GLib.timeout_add


def has_owner_at_last(bus, name) -> bool:
    until = time.monotonic() + PATIENCE
    while not name_has_owner(bus, name):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


dbus.bus.BusConnection.name_has_owner = has_owner_at_last
GLib.timeout_add = lambda msec, *arguments: timeout_add(TIMES * msec, *arguments)

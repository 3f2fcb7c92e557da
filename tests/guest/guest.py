#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The small real guest of the tests and the demo: Debian's cloud kernel and a busybox initramfs.

make() returns the paths of a kernel and an initramfs. Both are kept in a cache directory, so that
only the first call needs a Debian mirror; a changed init script remakes the initramfs alone.

Nothing is installed and root is not needed: the packages are fetched with `apt-get download` and
unpacked beside the cache. The initramfs is written here, because cpio(1) would need root for the
one device file that the kernel wants before it has a /dev.
"""

import argparse
import contextlib
import fcntl
import gzip
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

KERNEL_META = 'linux-image-cloud-amd64'
BUSYBOX = 'busybox-static'

# What the cloud kernel does not have built in and a guest of the tests may meet. A name that a
# kernel lacks is left out: another kernel may have it built in.
MODULES = [
    'button', 'evdev', 'virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_console',
    'virtio_balloon', 'virtio-rng', 'virtio_scsi', 'virtio_input', 'sd_mod', 'sr_mod', 'ata_piix',
    'isofs', 'af_packet', 'pvpanic-mmio', 'pvpanic-pci',
]

# What busybox' acpid looks up: the power button's name for a key event, and what to run for it.
ACPI_MAP = 'EV_KEY 0x01 KEY_POWER 116 1 button/power PWRF 00000080\n'
ACPI_ACTION = 'PWRF PWRF/00000080\n'
# What is still on its way through a serial line when the machine ends is lost, here and in the terminal beyond it.
POWER_BUTTON = '''#!/bin/sh
for line in /dev/ttyS0 /dev/hvc0; do
        { echo 'guest: power button' >$line; } 2>/dev/null
done
stty -F /dev/ttyS0 sane 2>/dev/null
sleep 1
poweroff -f
'''
UDHCPC = '''#!/bin/sh
case "$1" in
bound|renew)
        ip addr flush dev "$interface"
        ip addr add "$ip/${mask:-24}" dev "$interface"
        [ -n "$router" ] && ip route add default via "${router%% *}"
        ;;
esac
exit 0
'''


class GuestError(Exception):
    """The guest cannot be made; the message says what is missing."""


def default_cache() -> pathlib.Path:
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(os.environ.get('VIRTBUS_TEST_CACHE') or os.path.join(base, 'virtbus-tests'))


def _run(*command: str, cwd: pathlib.Path) -> str:
    result = subprocess.run(command, cwd=cwd, text=True, capture_output=True)
    if result.returncode != 0:
        raise GuestError(f'{" ".join(command)}: {result.stderr.strip()}')
    return result.stdout


def _fetch(package: str, into: pathlib.Path) -> pathlib.Path:
    """Download PACKAGE and return the folder it is unpacked in."""
    folder = into / package
    folder.mkdir()
    # Root's download is otherwise tried as another user, who may not enter the folder.
    _run('apt-get', 'download', '-q', '-o', 'APT::Sandbox::User=root', package, cwd=folder)
    packages = list(folder.glob('*.deb'))
    if len(packages) != 1:
        raise GuestError(f'apt-get download {package} left {len(packages)} packages')
    root = folder / 'root'
    _run('dpkg-deb', '-x', str(packages[0]), str(root), cwd=folder)
    return root


def _kernel_package(cwd: pathlib.Path) -> str:
    text = _run('apt-cache', 'depends', KERNEL_META, cwd=cwd)
    found = re.search(r'Depends: (linux-image-\S+)', text)
    if not found:
        raise GuestError(f'{KERNEL_META} is not known to apt; run apt-get update')
    return found.group(1)


class Cpio:
    """An initramfs in the making: the "newc" format of Documentation/driver-api/early-userspace."""

    def __init__(self):
        self._parts = []
        self._inode = 0

    def _add(self, name: str, mode: int, data: bytes = b'', device=(0, 0)):
        self._inode += 1
        encoded = name.encode() + b'\0'
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
        head = b'070701' + b''.join(b'%08X' % field for field in fields) + encoded
        for part in (head, data):
            self._parts += [part, b'\0' * (-len(part) % 4)]

    def folder(self, name: str):
        self._add(name, stat.S_IFDIR | 0o755)

    def file(self, name: str, data: bytes, mode: int = 0o644):
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str):
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def device(self, name: str, major: int, minor: int):
        self._add(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def bytes(self) -> bytes:
        self._add('TRAILER!!!', 0)
        return b''.join(self._parts)


def _module_name(path: pathlib.Path) -> str:
    return path.name.split('.ko')[0]


def _module_bytes(path: pathlib.Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == '.xz' else data


def _modules(tree: pathlib.Path) -> list:
    """(name, bytes) of the wanted modules and what they need, in the order to load them."""
    # The kernel takes - and _ in a module's name for the same.
    paths = {_module_name(p).replace('-', '_'): p for p in tree.rglob('*.ko*')}
    order = []
    seen = set()

    def add(name: str):
        name = name.replace('-', '_')
        if name in seen or name not in paths:
            return
        seen.add(name)
        data = _module_bytes(paths[name])
        needs = re.search(rb'\0depends=([^\0]*)\0', data)
        for other in needs.group(1).decode().split(',') if needs else []:
            add(other)
        order.append((name, data))

    for module in MODULES:
        add(module)
    return order


def _applets(busybox: pathlib.Path) -> list:
    return _run(str(busybox), '--list', cwd=HERE).split()


def _initramfs(busybox: pathlib.Path, modules: list) -> bytes:
    cpio = Cpio()
    for folder in ('bin', 'dev', 'proc', 'sys', 'etc', 'etc/acpi', 'etc/acpi/PWRF', 'modules',
                   'tmp', 'mnt'):
        cpio.folder(folder)
    cpio.device('dev/console', 5, 1)
    cpio.file('bin/busybox', busybox.read_bytes(), 0o755)
    for applet in _applets(busybox):
        if applet != 'busybox':
            cpio.link(f'bin/{applet}', 'busybox')
    for name, data in modules:
        cpio.file(f'modules/{name}.ko', data)
    cpio.file('modules/order', ''.join(f'{name}\n' for name, _ in modules).encode())
    cpio.file('etc/acpi/map', ACPI_MAP.encode())
    cpio.file('etc/acpi/action', ACPI_ACTION.encode())
    cpio.file('etc/acpi/PWRF/00000080', POWER_BUTTON.encode(), 0o755)
    cpio.file('etc/udhcpc', UDHCPC.encode(), 0o755)
    cpio.file('init', (HERE / 'init').read_bytes(), 0o755)
    # The level costs a guest's boot nothing and the maker a second.
    return gzip.compress(cpio.bytes(), 6, mtime=0)


def _replace(path: pathlib.Path, data: bytes):
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


@contextlib.contextmanager
def _lock(folder: pathlib.Path):
    """Two tests that start at once download once."""
    with open(folder / '.lock', 'w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpack(cache: pathlib.Path):
    """Fill the cache with the kernel, its modules and busybox."""
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        scratch = pathlib.Path(scratch)
        package = _kernel_package(scratch)
        kernel = _fetch(package, scratch)
        images = list(kernel.glob('boot/vmlinuz-*'))
        if len(images) != 1:
            raise GuestError(f'{package} holds {len(images)} kernels')
        busybox = _fetch(BUSYBOX, scratch)
        trees = list(kernel.glob('lib/modules/*')) + list(kernel.glob('usr/lib/modules/*'))
        ready = scratch / 'parts'
        (ready / 'modules').mkdir(parents=True)
        names = []
        for name, data in _modules(trees[0]):
            (ready / 'modules' / f'{name}.ko').write_bytes(data)
            names.append(name)
        (ready / 'modules' / 'order').write_text('\n'.join(names) + '\n')
        binaries = [p for p in busybox.rglob('busybox') if p.is_file() and os.access(p, os.X_OK)]
        shutil.copy(binaries[0], ready / 'busybox')
        shutil.copy(images[0], ready / 'vmlinuz')
        (ready / 'package').write_text(package + '\n')
        os.chmod(ready, 0o755)
        shutil.rmtree(cache / 'parts', ignore_errors=True)
        os.rename(ready, cache / 'parts')


def make(cache=None, refresh: bool = False):
    """Return (kernel, initramfs) as paths; fetch and build what the cache does not have."""
    cache = pathlib.Path(cache) if cache else default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    parts = cache / 'parts'
    with _lock(cache):
        if refresh or not (parts / 'package').exists():
            _unpack(cache)
        recipe = hashlib.sha256(pathlib.Path(__file__).read_bytes()
                                + (HERE / 'init').read_bytes()).hexdigest()[:16]
        initramfs = parts / f'initramfs-{recipe}.gz'
        if not initramfs.exists():
            for old in parts.glob('initramfs-*.gz'):
                old.unlink()
            names = (parts / 'modules' / 'order').read_text().split()
            modules = [(name, (parts / 'modules' / f'{name}.ko').read_bytes()) for name in names]
            _replace(initramfs, _initramfs(parts / 'busybox', modules))
    return parts / 'vmlinuz', initramfs


def main() -> int:
    parser = argparse.ArgumentParser(description='Make the test guest; print the paths of its '
                                     'kernel and its initramfs.')
    parser.add_argument('cache', nargs='?', help='folder to keep it in (default: '
                        '$VIRTBUS_TEST_CACHE or ~/.cache/virtbus-tests)')
    parser.add_argument('--refresh', action='store_true', help='fetch the packages again')
    options = parser.parse_args()
    try:
        for path in make(options.cache, options.refresh):
            print(path)
    except GuestError as error:
        print(f'guest.py: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the table of x86 processor models and their features as QEMU tells them:

    drivers/test/cpu-features.py > drivers/test/cpu-features.c

The table is checked in: it changes when somebody runs this with another QEMU, and only then. As QEMU is asked
without a processor to run on, what its own emulation turns off ("vme") is not in the table.
"""

import json
import re
import subprocess
import sys

EMULATOR = 'qemu-system-x86_64'

# QEMU has some features under several names; this is the one that documents use.
NAMES = {
    'cmp-legacy': 'cmp_legacy', 'ffxsr': 'fxsr_opt', 'fxsr-opt': 'fxsr_opt', 'i64': 'lm', 'lahf-lm': 'lahf_lm',
    'nodeid-msr': 'nodeid_msr', 'pclmulqdq': 'pclmuldq', 'perfctr-core': 'perfctr_core', 'perfctr-nb': 'perfctr_nb',
    'sse3': 'pni', 'sse4-1': 'sse4.1', 'sse4-2': 'sse4.2', 'sse4_1': 'sse4.1', 'sse4_2': 'sse4.2',
    'tsc-adjust': 'tsc_adjust', 'xd': 'nx',
}
# Properties of every processor, or of the emulation, that are no features.
OTHERS = {'hypervisor'}


class Emulator:
    def __init__(self):
        self._process = subprocess.Popen(
            [EMULATOR, '-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'none', '-S', '-qmp', 'stdio'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        greeting = json.loads(self._process.stdout.readline())['QMP']['version']['qemu']
        self.version = '{major}.{minor}'.format(**greeting)
        self.ask('qmp_capabilities')

    def ask(self, command, **arguments):
        self._process.stdin.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self._process.stdin.flush()
        for line in self._process.stdout:
            answer = json.loads(line)
            if 'error' in answer:
                sys.exit(f'{command} {arguments}: {answer["error"]["desc"]}')
            if 'return' in answer:
                return answer['return']
        sys.exit('the emulator ended')

    def properties(self, model) -> dict:
        return self.ask('query-cpu-model-expansion', type='full', model={'name': model})['model']['props']

    def close(self):
        self.ask('quit')
        self._process.communicate(timeout=10)


def usual_name(feature, properties) -> str:
    if feature in NAMES.values():
        return feature
    dashed = feature.replace('_', '-')
    return NAMES.get(feature, dashed if dashed in properties else feature)


def models(emulator) -> dict:
    """By name: the vendor and the set of features. Versions are known by the names that documents use."""
    listed = {one['name'] for one in emulator.ask('query-cpu-definitions')}
    named = {name for name in listed if not re.search(r'-v\d+$', name)} - {'max', 'host', 'base'}
    plain = {name for name, value in emulator.properties('base').items() if value is True} | OTHERS
    found = {}
    for name in sorted(named):
        properties = emulator.properties(name)
        found[name] = (properties['vendor'], {usual_name(one, properties) for one, value in properties.items()
                                              if value is True and one not in plain})
    return found


def strings(words, width=92) -> str:
    """The words as adjacent literals."""
    lines, line = [], ''
    for word in words:
        if len(line) + len(word) + 1 > width:
            lines.append(line)
            line = ''
        line += word + ' '
    lines.append(line.rstrip())
    return '\n'.join(f'          "{line}"' for line in lines)


def main():
    emulator = Emulator()
    print('/* SPDX-License-Identifier: LGPL-2.1-or-later */\n\n'
          f'/* Made by cpu-features.py from QEMU {emulator.version}; not to be edited. */\n\n'
          '#include "drivers/test/cpu-features.h"\n\n/* clang-format off */\n'
          'const CpuFeatures cpu_features[] = {')
    for name, (vendor, features) in models(emulator).items():
        print(f'        {{ "{name}", "{vendor}",\n{strings(sorted(features))} }},')
    print('};\n/* clang-format on */\n\nconst unsigned n_cpu_features = sizeof cpu_features / sizeof *cpu_features;')
    emulator.close()


if __name__ == '__main__':
    main()

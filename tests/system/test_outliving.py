# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service is killed at any moment, and nobody's guest or definition suffers."""

import json

from systemtest import TOP, SystemTest

KILLS = 100


class OutlivingTest(SystemTest):
    def test_killed_a_hundred_times_under_load(self):
        text = self.machine.run(str(TOP / 'tests/system/kill_load.py'), str(KILLS), timeout=800)
        counts = json.loads(text.stdout)
        wrong = counts.pop('wrong')
        print('        ' + ', '.join(f'{what}: {count}' for what, count in counts.items()))
        self.assertEqual(wrong, [])
        self.assertEqual(counts['kills'], KILLS)
        self.assertFalse(counts['still running'])
        # Otherwise the load was none.
        self.assertGreater(counts['lives'], KILLS // 2)

# SPDX-License-Identifier: LGPL-2.1-or-later
"""The authentication agent of the tests, against polkit alone."""

import json

from systemtest import TOP, SystemTest


class AgentTest(SystemTest):
    users = ('alice', 'carol')

    def test_asked_and_answered(self):
        self.machine.shell('usermod -aG sudo carol')
        agent = [str(TOP / 'tests/system/agent.py'), '--as=carol', '--log=/tmp/questions']
        # pkcheck asks about the process it is told of: the shell that became it.
        check = ['sh', '-c', 'exec pkcheck --action-id org.virtbus1.domain.start --process $$ -u']
        self.assertNotEqual(self.machine.run(*check, user='alice', check=False).returncode, 0)
        self.machine.run(*agent, '--password=carol', '--', *check, user='alice')
        wrong = self.machine.run(*agent, '--password=wrong', '--', *check, user='alice',
                                 check=False)
        self.assertNotEqual(wrong.returncode, 0)
        questions = [json.loads(line) for line in
                     self.machine.run('cat', '/tmp/questions').stdout.splitlines()]
        self.assertEqual([q['answer'] for q in questions][:2], ['SUCCESS', 'FAILURE'])
        self.assertEqual(questions[0]['action'], 'org.virtbus1.domain.start')

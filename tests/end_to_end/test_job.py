"""A job that must report fails: one ticket, which resolves when it went well again."""

import subprocess
from collections.abc import Callable

from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess, agent_command
from tests.support.polling import until

RULES = """
version: 1
rules:
  - name: jobs
    why: a test
    check: job
    every: 1s
    startup_grace: 0s
    critical: {when: not state == ok, for: 1s, clear: state == ok, clear_for: 0s, priority: normal}
    ticket: {title: "The job {target} is {state}"}
"""
DEVICE = "version: 1\njobs:\n  nightly: {every: 24h}\n"


def test_a_job_that_failed_is_a_ticket_until_it_went_well(
    desk: Desk, start_agent: Callable[..., AgentProcess]
) -> None:
    rules = desk.rules(RULES)
    device = rules.with_name("device.yaml")
    device.write_text(DEVICE)
    device.chmod(0o600)

    def job(program: str) -> int:
        command = agent_command("job", "nightly", "--state", str(desk.state), "--", program)
        return subprocess.run(command, check=False).returncode

    agent = start_agent(rules)
    until(lambda: agent.check("jobs", "nightly"), what="the first look")
    assert job("/bin/false") == 1
    [ticket] = until(desk.tickets, what="a ticket")
    assert job("/bin/true") == 0

    until(lambda: desk.tickets()[0]["status"] == "resolved", what="its end")
    assert ticket["title"].startswith("The job nightly is ")
    assert len(desk.tickets()) == 1

"""A damaged store is told once, and the agent goes on."""

from collections.abc import Callable

from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.polling import until

QUIET = """
version: 1
rules:
  - {name: memory, check: memory, critical: {when: used_percent > 100, for: 1s, priority: low}}
"""


def test_a_damaged_store_becomes_a_ticket_and_the_agent_goes_on(
    desk: Desk, start_agent: Callable[..., AgentProcess]
) -> None:
    rules = desk.rules(QUIET)
    start_agent(rules).stop()
    (desk.state / "agent.db").write_bytes(b"this is no database" * 1000)

    agent = start_agent(rules)

    [ticket] = until(desk.tickets, what="a ticket")
    assert "store was damaged" in ticket["title"]
    assert until(lambda: agent.check("memory", "memory"), what="the checks")
    assert agent.status()["outbox"]["parked"] == 0

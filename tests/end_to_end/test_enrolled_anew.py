"""A device that enrols again tells everything again: the server may know nothing of before."""

from collections.abc import Callable

from server_stub.clients.models import Device
from server_stub.tickets.models import Ticket
from tests.end_to_end.conftest import Desk
from tests.support.agent_process import AgentProcess
from tests.support.polling import until

RULES = """
version: 1
rules:
  - name: service
    check: tcp
    every: 1s
    startup_grace: 0s
    targets: {include: ["127.0.0.1:9"]}
    critical: {when: state != open, for: 1s, priority: high}
"""


def test_an_open_alert_is_told_again_and_joins_the_ticket_it_has(
    desk: Desk, start_agent: Callable[..., AgentProcess]
) -> None:
    rules = desk.rules(RULES)
    agent = start_agent(rules)
    [ticket] = until(desk.tickets, what="a ticket")
    agent.stop()

    desk.enrol()
    agent = start_agent(rules)
    until(lambda: len(desk.timeline(ticket["number"])) > 1, what="the second telling")

    assert [one["number"] for one in desk.tickets()] == [ticket["number"]]


def test_a_server_that_lost_everything_gets_the_open_alert_and_the_facts(
    desk: Desk, start_agent: Callable[..., AgentProcess]
) -> None:
    rules = desk.rules(RULES)
    agent = start_agent(rules)
    until(desk.tickets, what="a ticket")
    agent.stop()
    desk.stop_server()
    desk.forget_everything_of_devices()
    desk.start_server()
    assert (Ticket.objects.count(), Device.objects.count()) == (0, 0)

    desk.enrol()
    start_agent(rules)

    [ticket] = until(desk.tickets, what="the ticket")
    assert ticket["evaluation"] == "critical"
    until(lambda: desk.get(f"tickets/{ticket['number']}")["facts"], what="the facts")

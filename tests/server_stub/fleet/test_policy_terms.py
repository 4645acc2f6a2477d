"""What a policy makes of alerts: priorities of its own, and how soon a ticket is reopened."""

from datetime import timedelta

from agent.protocol.words import Evaluation, Priority
from server_stub.sla.document import Document
from server_stub.sla.monitor_section import read_monitors
from server_stub.tickets.models import Ticket
from tests.server_stub.fleet.conftest import Fleet, a_policy
from tests.server_stub.fleet.test_maintenance import Sends, sends
from tests.server_stub.intake.messages import an_event, next_event, resolved

__all__ = ["sends"]

HOUR = timedelta(hours=1)
_ROWS = """
monitors:
  priorities:
    - {when: {kind: server, evaluation: critical}, priority: urgent}
    - {when: {priority: [urgent, high]}, priority: normal}
  reopen_within: 2h
"""


def test_the_first_row_that_matches_sets_the_priority(fleet: Fleet, sends: Sends) -> None:
    a_policy(_ROWS)
    (server,), (desk,) = fleet.add(kind="server"), fleet.add()
    critical = {"evaluation": Evaluation.CRITICAL, "priority": Priority.HIGH}

    sends(server, an_event(**critical))
    sends(desk, an_event(**critical), an_event(target="/home", priority=Priority.LOW))

    found = dict(Ticket.objects.values_list("title", "priority").filter(device=desk))
    assert Ticket.objects.get(device=server).priority == "urgent"
    assert sorted(found.values()) == ["low", "normal"], "what no row matches is as the rule says"


def test_a_ticket_that_gets_graver_gets_the_policys_priority(fleet: Fleet, sends: Sends) -> None:
    a_policy(_ROWS)
    (server,) = fleet.add(kind="server")
    event = an_event()
    sends(server, event)
    sends(server, next_event(event, evaluation=Evaluation.CRITICAL, priority=Priority.NORMAL))

    assert Ticket.objects.get().priority == "urgent"


def test_the_policy_says_how_soon_a_ticket_is_reopened(fleet: Fleet, sends: Sends) -> None:
    a_policy(_ROWS)
    (device,) = fleet.add()
    for gap in (HOUR, 3 * HOUR):
        event = an_event()
        sends(device, event, resolved(event))
        fleet.now += gap
    sends(device, an_event())

    assert list(Ticket.objects.order_by("id").values_list("occurrences", flat=True)) == [2, 1]


def test_every_mistake_in_the_section_is_told_at_its_place() -> None:
    document = Document(
        """monitors:
  silent_after: {server: 2m, toaster: 1h}
  outage: {share_percent: 0, at_least: 1, within: soon}
  priorities:
    - {when: {kind: servers}, priority: high}
    - {when: {kind: server}}
  reopen_after: 2h
"""
    )
    assert document.root is not None
    read_monitors(document, document.members(document.root, ("monitors",))["monitors"], {})

    told = [(problem.line, problem.message) for problem in sorted(document.problems)]
    assert [line for line, _ in told] == [2, 2, 3, 3, 3, 5, 6, 7]
    assert "every 5 minutes" in told[0][1]
    assert "did you mean server?" in told[5][1]

"""Two servers on one PostgreSQL: the database alone decides that nothing is doubled."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.protocol.receipts import ReceiptResult
from agent.protocol.words import Evaluation
from server_stub.intake.application import DeviceRoutes
from server_stub.intake.limits import Allowance
from server_stub.intake.models import SeenEnvelope
from server_stub.tickets.models import Ticket, TimelineEntry
from tests.server_stub.intake.caller import Caller, Response
from tests.server_stub.intake.conftest import UNLIMITED, no_django
from tests.server_stub.intake.messages import an_event, events_body, next_event, resolved

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

InThreads = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def servers(device: Caller) -> Iterator[list[Caller]]:
    """Return one device's way to each of two servers; each has a writer and connections of its own.

    Threads stand for processes: all that two servers share is the database.
    """
    other = DeviceRoutes(no_django, allowance=Allowance(UNLIMITED, UNLIMITED))
    yield [device, Caller(other, device.token)]
    other.close()


def at_once(servers: list[Caller], in_threads: InThreads, *bodies: bytes) -> list[Response]:
    """Post bodies all at once, to the servers in turn."""

    def post(number: int) -> Response:
        return servers[number % 2].post("events", bodies[number])

    responses: list[Response] = in_threads(len(bodies), post)
    assert {response.status for response in responses} == {200}
    return responses


def test_one_envelope_at_both_at_once_is_stored_once(
    servers: list[Caller], in_threads: InThreads
) -> None:
    for number in range(10):
        body = events_body(an_event(target=f"/{number}"))

        responses = at_once(servers, in_threads, *[body] * 8)

        results = [r.receipts[0].result for r in responses]
        assert results.count(ReceiptResult.ACCEPTED) == 1
        assert len({r.receipts[0].ticket for r in responses}) == 1
    assert Ticket.objects.count() == TimelineEntry.objects.count() == 10
    assert SeenEnvelope.objects.count() == 10


def test_two_events_of_one_alert_at_both_at_once_are_one_ticket(
    servers: list[Caller], in_threads: InThreads
) -> None:
    """Which of them comes first is nobody's to say, but the ticket ends as the later one tells."""
    for number in range(10):
        opened = an_event(target=f"/{number}")
        graver = next_event(opened, evaluation=Evaluation.CRITICAL)

        responses = at_once(servers, in_threads, events_body(opened), events_body(graver))

        assert {r.receipts[0].result for r in responses} == {ReceiptResult.ACCEPTED}
    assert Ticket.objects.count() == 10
    assert set(Ticket.objects.values_list("evaluation", "sequence")) == {("critical", 2)}
    assert TimelineEntry.objects.count() == 20


def test_many_alerts_in_opposite_order_do_not_deadlock(
    servers: list[Caller], in_threads: InThreads
) -> None:
    events = [an_event(target=f"/{number}") for number in range(40)]
    servers[0].post("events", events_body(*events))

    later = [[next_event(e, sequence=2 + n) for e in events] for n in range(6)]
    bodies = [events_body(*(some if n % 2 else reversed(some))) for n, some in enumerate(later)]

    at_once(servers, in_threads, *bodies)

    assert set(Ticket.objects.values_list("sequence", flat=True)) == {7}


def test_resolving_here_and_opening_there_never_leaves_two_open_tickets(
    servers: list[Caller], in_threads: InThreads
) -> None:
    for number in range(10):
        first = an_event(target=f"/{number}")
        servers[0].post("events", events_body(first))
        again = an_event(target=f"/{number}")

        at_once(servers, in_threads, events_body(resolved(first)), events_body(again))

    assert Ticket.objects.count() == 10

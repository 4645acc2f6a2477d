import json
from collections.abc import Callable
from typing import Any

import pytest

from agent.protocol import MEDIA_TYPE
from agent.protocol.evidence import Evidence, Series, Try
from agent.protocol.ids import uuid7
from agent.protocol.problems import ProblemType
from agent.protocol.receipts import ReceiptResult
from agent.protocol.words import Evaluation, Outcome, Priority, Unit
from server_stub.intake.models import SeenEnvelope
from server_stub.sla.models import Clock, PolicyVersion
from server_stub.tickets.models import Ticket, TimelineEntry
from server_stub.work.models import DueWork
from tests.server_stub.intake.caller import Caller
from tests.server_stub.intake.messages import DEVICE_AT, an_event, events_body, next_event, resolved
from tests.support.rows import a_client, a_site

InThreads = Callable[[int, Callable[[int], Any]], list[Any]]


def test_an_alert_that_opens_becomes_a_ticket_with_timeline_clocks_and_due_work(
    device: Caller,
) -> None:
    event = an_event(facts_hash="f" * 64)

    response = device.post("events", events_body(event))

    assert response.status == 200
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.tree["changes"].keys() == {"tickets", "profile", "notes"}
    ticket = Ticket.objects.get()
    assert response.tree["receipts"] == [
        {"id": event.id, "result": "accepted", "ticket": ticket.id, "problem": None}
    ]
    assert (ticket.title, ticket.priority, ticket.status) == (event.title, "low", "new")
    assert (ticket.source, ticket.type, ticket.level) == ("monitor", "incident", 1)
    assert (ticket.fingerprint, ticket.evaluation) == (event.fingerprint, "warning")
    assert ticket.alert_key == f"{ticket.device_id}:{event.fingerprint}"
    assert (ticket.alert_id, ticket.sequence, ticket.facts_hash) == (event.alert_id, 1, "f" * 64)
    assert ticket.device
    assert ticket.client_id == ticket.device.client_id
    assert ticket.site_id == ticket.device.site_id
    entry = TimelineEntry.objects.get()
    assert (entry.ticket_id, entry.kind, entry.actor, entry.channel) == (
        ticket.id,
        "opened",
        "monitor",
        "monitor",
    )
    assert entry.device_at
    assert entry.device_at.isoformat() == "2026-11-21T20:00:00+00:00"
    assert entry.tree["readings"] == [{"metric": "free_percent", "unit": "percent", "value": 8.5}]
    assert entry.tree["evaluation"] == {"to": "warning"}
    clocks = list(Clock.objects.filter(ticket=ticket).order_by("due_at"))
    assert [clock.state for clock in clocks] == ["running"] * len(clocks)
    assert clocks
    assert ticket.next_due_at == clocks[0].due_at
    assert set(DueWork.objects.values_list("kind", "key", "due_at")) == {
        ("clock", f"{ticket.id}:{clock.name}", clock.due_at) for clock in clocks
    }


def test_what_explains_an_alert_and_what_was_tried_is_kept_as_it_was_told(device: Caller) -> None:
    event = an_event(
        about="Samsung SSD 980, serial Größe 😀",
        tried=(Try("clean the temporary files", DEVICE_AT, Outcome.NOT_HEALED, "3 GiB, 3 GiB"),),
        series=(Series("free_percent", Unit.SHARE, ((3600, 12.5), (0, 8))),),
        evidence=(Evidence("Largest folders", ("31 GiB in /var", "2 GiB in /home")),),
    )

    assert device.post("events", events_body(event)).status == 200

    opened, tried = TimelineEntry.objects.order_by("id")
    assert (opened.kind, tried.kind) == ("opened", "tried")
    told = json.loads(event.to_text())
    assert opened.tree["about"] == event.about
    assert [opened.tree[name] for name in ("series", "evidence")] == [
        told[name] for name in ("series", "evidence")
    ]
    assert tried.tree == {"tried": told["tried"]}
    assert tried.body == (
        "The agent tried: clean the temporary files at 20:00 UTC: not healed, 3 GiB, 3 GiB"
    )


def test_a_graver_evaluation_goes_to_the_same_ticket_and_sets_its_clocks_anew(
    device: Caller,
) -> None:
    event = an_event()
    device.post("events", events_body(event))
    before = Ticket.objects.get()

    device.post(
        "events",
        events_body(
            next_event(
                event, evaluation=Evaluation.CRITICAL, priority=Priority.URGENT, title="Full"
            )
        ),
    )

    ticket = Ticket.objects.get()
    assert (ticket.id, ticket.priority, ticket.title) == (before.id, "urgent", "Full")
    assert (ticket.evaluation, ticket.sequence) == ("critical", 2)
    assert ticket.next_due_at < before.next_due_at
    assert [e.kind for e in TimelineEntry.objects.order_by("id")] == [
        "opened",
        "changed",
        "priority",
    ]
    due = dict(DueWork.objects.values_list("key", "due_at"))
    assert due == {f"{ticket.id}:{c.name}": c.due_at for c in Clock.objects.filter(state="running")}
    assert ticket.next_due_at == min(due.values())


def test_the_monitor_resolves_what_nobody_touched_and_stops_its_clocks(device: Caller) -> None:
    event = an_event()
    device.post("events", events_body(event))

    device.post("events", events_body(resolved(event)))

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.evaluation, ticket.due_at) == ("resolved", "ok", None)
    assert ticket.resolved_at
    assert set(Clock.objects.values_list("state", "stopped_at")) == {
        ("stopped", ticket.resolved_at)
    }
    assert not DueWork.objects.exists()


def test_what_a_person_touched_stays_open_and_its_clocks_run_on(device: Caller) -> None:
    event = an_event()
    device.post("events", events_body(event))
    Ticket.objects.update(touched=True, status="open")
    due_at = Ticket.objects.get().next_due_at

    device.post("events", events_body(resolved(event)))

    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.evaluation, ticket.next_due_at) == ("open", "ok", due_at)
    assert "stays open" in TimelineEntry.objects.latest("id").body
    assert set(Clock.objects.values_list("state", flat=True)) == {"running"}


def test_an_alert_that_comes_back_reopens_its_ticket_and_its_resolution_clock(
    device: Caller,
) -> None:
    event = an_event()
    device.post("events", events_body(event))
    device.post("events", events_body(resolved(event)))

    receipt = device.post("events", events_body(an_event())).receipts[0]

    ticket = Ticket.objects.get()
    assert receipt.ticket == ticket.id
    assert (ticket.status, ticket.resolved_at, ticket.occurrences) == ("open", None, 2)
    assert Clock.objects.get(name="resolution").state == "running"
    assert DueWork.objects.filter(key=f"{ticket.id}:resolution").exists()
    assert TimelineEntry.objects.latest("id").kind == "reopened"


def test_opened_and_resolved_in_one_batch_is_one_resolved_ticket(device: Caller) -> None:
    event = an_event()

    receipts = device.post("events", events_body(event, resolved(event))).receipts

    ticket = Ticket.objects.get()
    assert {receipt.ticket for receipt in receipts} == {ticket.id}
    assert (ticket.status, ticket.due_at) == ("resolved", None)
    assert set(Clock.objects.values_list("state", flat=True)) == {"stopped"}
    assert not DueWork.objects.exists()


def test_alerts_of_two_devices_with_one_fingerprint_are_two_tickets(
    new_device: Callable[..., Caller],
) -> None:
    for _ in range(2):
        new_device().post("events", events_body(an_event()))

    assert Ticket.objects.values("device").distinct().count() == 2


def test_the_same_batch_again_gets_the_same_tickets_and_changes_nothing(device: Caller) -> None:
    body = events_body(an_event(target="/"), an_event(target="/home"))
    first = device.post("events", body).receipts

    again = device.post("events", body).receipts

    assert [r.ticket for r in again] == [r.ticket for r in first]
    assert {r.result for r in again} == {ReceiptResult.DUPLICATE}
    assert (Ticket.objects.count(), TimelineEntry.objects.count()) == (2, 2)


def test_another_body_under_a_known_id_is_refused(device: Caller) -> None:
    event = an_event()
    device.post("events", events_body(event))
    changed = an_event(id=event.id, title="Something else")

    alone = device.post("events", events_body(changed))
    among = device.post("events", events_body(changed, an_event(target="/home")))

    assert (alone.status, alone.problem) == (422, ProblemType.CHANGED_BODY)
    assert alone.receipts[0].result is ReceiptResult.REFUSED
    assert among.status == 200
    assert [r.result for r in among.receipts] == [ReceiptResult.REFUSED, ReceiptResult.ACCEPTED]
    assert "another body" in (among.receipts[0].problem or "")
    assert Ticket.objects.count() == 2


def test_an_id_belongs_to_its_device_alone(new_device: Callable[..., Caller]) -> None:
    """What one device may learn of another by guessing its ids: nothing."""
    event = an_event()
    new_device().post("events", events_body(event))

    receipt = new_device().post("events", events_body(an_event(id=event.id))).receipts[0]

    assert receipt.result is ReceiptResult.ACCEPTED
    assert Ticket.objects.count() == 2


def test_one_id_twice_in_a_batch_counts_once(device: Caller) -> None:
    event = an_event()
    other = an_event(id=event.id, title="Something else")

    receipts = device.post("events", events_body(event, event, other)).receipts

    assert [r.result.value for r in receipts] == ["accepted", "duplicate", "refused"]
    assert receipts[1].ticket == receipts[0].ticket
    assert TimelineEntry.objects.count() == 1


def test_one_batch_posted_fifty_times_at_once_is_one_ticket(
    device: Caller, in_threads: InThreads
) -> None:
    body = events_body(an_event())

    def post(_number: int) -> list[Any]:
        return [device.post("events", body) for _ in range(4)]

    responses = [r for some in in_threads(16, post) for r in some][:64]

    assert {r.status for r in responses} == {200}
    results = [r.receipts[0].result for r in responses]
    assert results.count(ReceiptResult.ACCEPTED) == 1
    assert results.count(ReceiptResult.DUPLICATE) == 63
    assert {r.receipts[0].ticket for r in responses} == {Ticket.objects.get().id}
    assert SeenEnvelope.objects.count() == TimelineEntry.objects.count() == 1


POISON = {
    "NaN": ("8.5", "NaN"),
    "infinity": ("8.5", "1e999"),
    "NUL": ("free_percent <", "free_percent\\u0000 <"),
    "lone surrogate": ("free_percent <", "free_percent\\ud800 <"),
    "huge integer": ("8.5", "1" * 30),
    "absurd integer": ("8.5", "1" * 5000),
    "no title": ('"title":', '"titel":'),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_one_poisoned_request_of_a_hundred_at_once_is_refused_alone(
    device: Caller, in_threads: InThreads, poison: tuple[str, str]
) -> None:
    bodies = [events_body(an_event(target=f"/{number}")) for number in range(100)]
    bodies[41] = bodies[41].replace(poison[0].encode(), poison[1].encode())

    def post(number: int) -> list[Any]:
        return [device.post("events", body) for body in bodies[number::20]]

    responses = [r for some in in_threads(20, post) for r in some]

    assert sorted(r.status for r in responses) == [200] * 99 + [422]
    assert Ticket.objects.count() == 99
    refused = next(r for r in responses if r.status == 422)
    assert refused.problem is ProblemType.INVALID_REQUEST
    assert refused.receipts[0].problem


def test_one_poisoned_event_among_others_is_refused_by_its_field(device: Caller) -> None:
    good, bad = an_event(target="/a"), an_event(target="/b")
    body = events_body(good, bad, an_event(target="/c"))
    body = body.replace(b'"target":"/b"', b'"target":"\\u0000"')

    response = device.post("events", body)

    assert response.status == 200
    assert [r.result.value for r in response.receipts] == ["accepted", "refused", "accepted"]
    assert response.receipts[1].id == bad.id
    assert response.receipts[1].problem == "target: holds a NUL character"
    assert Ticket.objects.count() == 2


def test_an_item_without_an_id_is_refused_by_its_place(device: Caller) -> None:
    response = device.post("events", '{"events":[7,{"id":"\\ud800"},{"id":5}]}')

    assert [r.id for r in response.receipts] == ["", "", ""]
    assert [r.problem.split(":")[0] for r in response.receipts if r.problem] == [
        "events[0]",
        "events[1]",
        "events[2]",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"events":{}}',
        '{"events":[' + ",".join(["1"] * 501) + "]}",
        "[" * 100_000,
        b"\xff{}",
    ],
    ids=repr,
)
def test_a_body_that_holds_no_events_is_one_problem(device: Caller, body: str | bytes) -> None:
    response = device.post("events", body)

    assert (response.status, response.problem) == (400, ProblemType.INVALID_REQUEST)


def test_no_events_at_all_are_answered_for_doctor_asks_so(device: Caller) -> None:
    response = device.post("events", '{"events":[]}')

    assert (response.status, response.receipts) == (200, [])


def test_five_hundred_events_in_one_request_are_taken(device: Caller) -> None:
    events = [an_event(target=f"/{number}", id=uuid7()) for number in range(500)]

    receipts = device.post("events", events_body(*events)).receipts

    assert [r.id for r in receipts] == [event.id for event in events]
    assert sorted(r.ticket or 0 for r in receipts) == sorted(
        Ticket.objects.values_list("id", flat=True)
    )


def test_a_site_in_a_zone_nobody_knows_costs_the_clocks_not_the_ticket(
    new_device: Callable[..., Caller],
) -> None:
    """Zone data differs between computers; a ticket must come all the same."""
    client = a_client()
    device = new_device(client=client, site=a_site(client, time_zone="Mars/Olympus"))
    event = an_event()

    device.post("events", events_body(event))
    device.post("events", events_body(resolved(event)))

    assert Ticket.objects.get().status == "resolved"
    assert not Clock.objects.exists()


def test_a_server_without_any_policy_takes_tickets_without_clocks(device: Caller) -> None:
    PolicyVersion.objects.all().delete()

    device.post("events", events_body(an_event()))

    assert Ticket.objects.get().due_at is None

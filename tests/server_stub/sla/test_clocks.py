"""Stored rows in, stored rows out: timelines as the server writes them, and policy versions."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from server_stub.errors import SetupError
from server_stub.sla import models
from server_stub.sla.clocks import (
    CLOCK_KINDS,
    DEFAULT_NAME,
    DEFAULT_TYPE,
    account,
    columns,
    current_policy,
    next_due,
    policy_of,
    policy_version,
)
from server_stub.sla.ledger import Act, Event
from server_stub.sla.policy import DEFAULT, load
from server_stub.sla.story import events_of
from server_stub.sla.terms import ClockName
from server_stub.tickets import models as tickets
from server_stub.tickets.models import EntryKind, TicketType

POLICY = load(DEFAULT)
FRIDAY = datetime(2026, 1, 9, 15, 45, tzinfo=UTC)
ANNA = "anna@provider.example"
_NO_MATTER_TO_CLOCKS = {"changed", "title", "tried", "confirmed", "rated"}


class Entry(NamedTuple):
    at: datetime
    kind: str
    actor: str = "monitor"
    channel: str = "monitor"
    tree: Mapping[str, Any] = {}


class Ticket(NamedTuple):
    source: str = "monitor"
    type: str = "incident"
    priority: str = "high"
    level: int = 1


def at(minutes: int) -> datetime:
    return FRIDAY + timedelta(minutes=minutes)


def test_the_servers_words_are_ours() -> None:
    """The models' lists and the ledger's are the same, so that either may be stored."""
    assert {name.value for name in models.ClockName} == {name.value for name in ClockName}
    assert {state.value for state in models.ClockState} == {"running", "paused", "stopped"}
    assert DEFAULT_TYPE in {kind.value for kind in TicketType}
    assert {kind.value for kind in EntryKind} - set(CLOCK_KINDS) >= _NO_MATTER_TO_CLOCKS


def test_a_timeline_is_read_as_what_it_means_to_clocks() -> None:
    entries = [
        Entry(at(0), "opened", tree={"priority": "high"}),
        Entry(at(1), "changed", tree={"evaluation": {"from": "warning", "to": "critical"}}),
        Entry(at(2), "acknowledged", "server", "email"),
        Entry(at(3), "priority", tree={"from": "high", "to": "urgent"}),
        Entry(at(4), "assigned", ANNA, "api"),
        Entry(at(5), "status", ANNA, "api", {"from": "new", "to": "waiting"}),
        Entry(at(6), "reply", "kim@client.example", "email", {"by": "contact"}),
        Entry(at(7), "reply", ANNA, "email"),
        Entry(at(8), "resolved"),
        Entry(at(9), "reopened"),
    ]
    assert events_of(entries, policy_version) == [
        Event(at(0)),
        Event(at(2), Act.ACKNOWLEDGEMENT),
        Event(at(3), priority="urgent"),
        Event(at(4), Act.TOUCH),
        Event(at(5), Act.TOUCH, status="waiting"),
        Event(at(6)),
        Event(at(7), Act.ANSWER),
        Event(at(8), status="resolved"),
        Event(at(9), status="open"),
    ]


@pytest.mark.parametrize("tree", [{}, {"to": "parked"}, {"to": None}, {"to": {}}])
def test_an_entry_that_tells_no_known_status_changes_none(tree: dict[str, Any]) -> None:
    assert events_of([Entry(at(1), "status", ANNA, "api", tree)], policy_version) == [
        Event(at(1), Act.TOUCH)
    ]


@pytest.mark.parametrize(
    ("actor", "channel", "act"),
    [
        (ANNA, "phone", Act.ANSWER),
        (ANNA, "chat", Act.ANSWER),
        (ANNA, "email", Act.SYSTEM),
        ("monitor", "monitor", Act.SYSTEM),
    ],
)
def test_opening_a_ticket_on_the_phone_answers_it(actor: str, channel: str, act: Act) -> None:
    assert events_of([Entry(at(0), "opened", actor, channel)], policy_version) == [
        Event(at(0), act)
    ]


def test_a_ticket_was_opened_with_what_its_first_change_changed() -> None:
    """The row tells only how things are now."""
    entries = [
        Entry(at(0), "opened"),
        Entry(at(15), "priority", tree={"from": "low", "to": "high"}),
        Entry(at(30), "priority", tree={"from": "high", "to": "urgent"}),
    ]
    (response, resolution) = account(POLICY, Ticket(priority="urgent"), entries, at(45))
    assert [(i.counted, i.row) for i in response.intervals] == [
        (False, "row 4 (source monitor)"),
        (True, "row 2 (source monitor, priority high)"),
        (True, "row 1 (source monitor, priority urgent)"),
    ]
    assert resolution.elapsed == timedelta(minutes=45)


def test_the_queue_is_ordered_by_the_first_clock_that_runs() -> None:
    opened = Entry(at(0), "opened")
    running = account(POLICY, Ticket(), [opened], at(5))
    assert next_due(running) == datetime(2026, 1, 12, 9, 45, tzinfo=UTC)
    waiting = Entry(at(10), "status", ANNA, "api", {"to": "waiting"})
    assert next_due(account(POLICY, Ticket(), [opened, waiting], at(20))) is None
    assert next_due(account(POLICY, Ticket(), [opened, Entry(at(10), "resolved")], at(20))) is None


def test_an_overdue_ticket_comes_first_and_is_stored_as_running() -> None:
    late = account(POLICY, Ticket(), [Entry(at(0), "opened")], FRIDAY + timedelta(days=10))
    assert next_due(late) == datetime(2026, 1, 12, 9, 45, tzinfo=UTC)
    assert columns(late[0]) == {
        "name": "response",
        "state": "running",
        "started_at": FRIDAY,
        "due_at": datetime(2026, 1, 12, 9, 45, tzinfo=UTC),
        "stopped_at": None,
        "breached_at": datetime(2026, 1, 12, 9, 45, tzinfo=UTC),
    }


def test_a_paused_clock_is_stored_without_a_due_time() -> None:
    entries = [Entry(at(0), "opened"), Entry(at(10), "status", ANNA, "api", {"to": "waiting"})]
    stored = columns(account(POLICY, Ticket(), entries, at(20))[1])
    assert (stored["state"], stored["due_at"]) == ("paused", None)


def _store(text: str, name: str = DEFAULT_NAME) -> models.PolicyVersion:
    policy = load(text)
    return models.PolicyVersion.objects.create(hash=policy.hash, name=name, text=text)


@pytest.mark.usefixtures("database")
def test_new_tickets_follow_the_newest_version() -> None:
    models.PolicyVersion.objects.all().delete()
    text = DEFAULT.read_text(encoding="utf-8")
    first = _store(text)
    assert current_policy() == (first.id, load(text))
    second = _store(text + "# later\n")
    _store(text + "# another client's\n", "gold")
    found = current_policy()
    assert (found.version_id, found.policy.text) == (second.id, second.text)
    assert current_policy().policy is found.policy
    assert policy_of(second) is found.policy
    assert current_policy("gold").version_id == second.id + 1


@pytest.mark.usefixtures("sqlite")
def test_a_server_without_a_policy_is_told_what_to_run() -> None:
    models.PolicyVersion.objects.all().delete()
    with pytest.raises(SetupError, match="run watchdesk-server init"):
        current_policy()


def test_stored_rows_are_read_as_they_are() -> None:
    row = tickets.Ticket(source="tray", priority="high", type="incident", level=1)
    entries = [
        tickets.TimelineEntry(at=at(0), kind="opened", actor="server", payload=""),
        tickets.TimelineEntry(at=at(30), kind="reply", actor=ANNA, payload='{"by":"technician"}'),
    ]
    (response, resolution) = account(POLICY, row, entries, at(45), "Europe/London")
    assert (response.state, response.elapsed) == ("stopped", timedelta(minutes=30))
    assert resolution.due_at == datetime(2026, 1, 12, 15, 45, tzinfo=UTC)

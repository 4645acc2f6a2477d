"""The decision table of alert events and tickets: pure, no database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.protocol.events import AlertEvent
from agent.protocol.evidence import Evidence, Series, Try
from agent.protocol.ids import uuid7
from agent.protocol.words import Change, Evaluation, Outcome, Priority, Status, Unit
from server_stub.intake.entries import Entry
from server_stub.intake.fold import REOPEN_WINDOW, Folded, TicketChange, TicketState, fold
from server_stub.tickets.models import EntryKind
from tests.server_stub.intake.messages import an_event, next_event, resolved
from tests.support.rows import NOW

LATER = NOW + timedelta(minutes=5)


def a_stored(event: AlertEvent, **changes: object) -> TicketState:
    """Return the stored ticket that an opening event left behind at ``NOW``."""
    opened = fold(None, [event], NOW).changes[0].after
    return replace(opened, **{"number": 7, **changes})  # type: ignore[arg-type]


def the_change(folded: Folded) -> TicketChange:
    (change,) = folded.changes
    return change


def kinds(change: TicketChange) -> list[EntryKind]:
    return [entry.kind for entry in change.entries]


@pytest.mark.parametrize(
    "evaluation", [Evaluation.WARNING, Evaluation.CRITICAL, Evaluation.UNKNOWN]
)
@pytest.mark.parametrize("change", [Change.OPENED, Change.CHANGED])
def test_a_firing_alert_without_a_ticket_opens_one(change: Change, evaluation: Evaluation) -> None:
    """Whatever the event calls itself: it tells the whole state, and the first may be lost."""
    event = an_event(change=change, evaluation=evaluation, occurrences=3)

    opened = the_change(fold(None, [event], NOW))

    assert opened.before is None
    assert (opened.after.status, opened.after.evaluation) == (Status.NEW, evaluation)
    assert (opened.after.created_at, opened.after.occurrences) == (NOW, 3)
    assert kinds(opened) == [EntryKind.OPENED]
    assert opened.entries[0].payload["priority"] == "low"


@pytest.mark.parametrize(
    "event",
    [
        an_event(change=Change.RESOLVED, evaluation=Evaluation.OK),
        an_event(change=Change.RESOLVED, evaluation=Evaluation.WARNING),
        an_event(change=Change.CHANGED, evaluation=Evaluation.OK),
    ],
    ids=["resolved", "resolved but warning", "changed to ok"],
)
def test_an_alert_that_does_not_fire_opens_nothing(event: AlertEvent) -> None:
    folded = fold(None, [event], NOW)

    assert folded.changes == []
    assert folded.ticket_of_event == [None]


def test_an_untouched_ticket_follows_the_monitor_up_and_down() -> None:
    event = an_event()
    up = next_event(
        event, evaluation=Evaluation.CRITICAL, priority=Priority.HIGH, title="Nearly full"
    )
    down = next_event(up, evaluation=Evaluation.WARNING, priority=Priority.LOW, title="Fuller")

    change = the_change(fold(a_stored(event), [up], LATER))
    back = the_change(fold(change.after, [down], LATER))

    assert (change.after.priority, change.after.title) == (Priority.HIGH, "Nearly full")
    assert (change.after.evaluation, change.after.sequence) == (Evaluation.CRITICAL, 2)
    assert change.entries[0].payload["evaluation"] == {"from": "warning", "to": "critical"}
    assert change.entries[1].payload == {"from": "low", "to": "high"}
    assert (back.after.priority, back.after.title) == (Priority.LOW, "Fuller")
    assert kinds(back) == [EntryKind.CHANGED, EntryKind.PRIORITY]


def test_what_an_event_brings_beside_its_readings_is_on_the_timeline() -> None:
    series = Series("free_bytes", Unit.BYTES, ((600, 5e9), (0, 3e9)))
    evidence = Evidence("Largest folders", ("/var 12 GiB",))

    event = an_event(about="serial 12", series=(series,), evidence=(evidence,))
    (entry,) = the_change(fold(None, [event], NOW)).entries

    assert entry.payload["about"] == "serial 12"
    assert entry.payload["series"] == [
        {"metric": "free_bytes", "unit": "bytes", "points": ((600, 5e9), (0, 3e9))}
    ]
    assert entry.payload["evidence"] == [{"title": "Largest folders", "lines": ("/var 12 GiB",)}]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.HEALED, "healed"),
        (Outcome.NOT_HEALED, "not healed"),
        (Outcome.FAILED, "could not be done"),
        (Outcome.REFUSED, "not allowed"),
        (Outcome.WOULD_HAVE, "would have been done"),
    ],
)
def test_what_was_tried_is_told_in_words_after_what_happened(outcome: Outcome, words: str) -> None:
    once = Try("restart of spooler", "2026-11-21T11:02:00+01:00", outcome, "stopped before")
    event = an_event()
    worse = next_event(event, tried=(once, replace(once, at="noon", detail="")))

    change = the_change(fold(a_stored(event), [worse], LATER))

    assert kinds(change) == [EntryKind.CHANGED, EntryKind.TRIED]
    assert change.entries[1].body == (
        f"The agent tried: restart of spooler at 10:02 UTC: {words}, stopped before\n"
        f"The agent tried: restart of spooler at noon: {words}"
    )
    assert change.entries[1].payload["tried"][0]["outcome"] == outcome
    assert "tried" not in change.entries[0].payload


def test_unknown_freezes_what_was_known_and_tells_why() -> None:
    event = an_event(evaluation=Evaluation.CRITICAL, priority=Priority.HIGH)
    unknown = next_event(
        event, evaluation=Evaluation.UNKNOWN, priority=Priority.LOW, reason="permission denied"
    )

    change = the_change(fold(a_stored(event), [unknown], LATER))

    assert (change.after.status, change.after.evaluation) == (Status.NEW, Evaluation.CRITICAL)
    assert (change.after.priority, change.after.sequence) == (Priority.HIGH, 2)
    (entry,) = change.entries
    assert entry.body == "The monitor cannot tell any more whether it is there."
    assert entry.payload["reason"] == "permission denied"
    assert entry.payload["evaluation"] == {"from": "critical", "to": "unknown"}


def test_what_is_seen_again_after_a_blind_spell_is_no_graver_than_before() -> None:
    """A person resolved it, or set a priority: neither is undone by a look that failed between."""
    event = an_event(evaluation=Evaluation.CRITICAL, priority=Priority.HIGH)
    unknown = next_event(event, evaluation=Evaluation.UNKNOWN)
    again = next_event(unknown, evaluation=Evaluation.CRITICAL)
    settled = a_stored(event, touched=True, status="resolved", resolved_at=NOW)
    lowered = a_stored(event, touched=True, priority=Priority.LOW)

    first = the_change(fold(settled, [unknown, again], LATER))
    second = the_change(fold(lowered, [unknown, again], LATER))

    assert (first.after.status, kinds(first)) == (Status.RESOLVED, [EntryKind.CHANGED] * 2)
    assert second.after.priority is Priority.LOW


def test_what_is_not_watched_any_longer_resolves_and_says_that() -> None:
    event = an_event()

    change = the_change(
        fold(a_stored(event), [resolved(event, evaluation=Evaluation.UNKNOWN)], LATER)
    )

    assert (change.after.status, change.after.evaluation) == (Status.RESOLVED, Evaluation.UNKNOWN)
    assert "does not watch it any longer" in change.entries[0].body


@pytest.mark.parametrize(
    ("evaluation", "said", "set_by_person", "expected"),
    [
        (Evaluation.CRITICAL, Priority.URGENT, Priority.NORMAL, Priority.URGENT),
        (Evaluation.CRITICAL, Priority.NORMAL, Priority.HIGH, Priority.HIGH),
        (Evaluation.WARNING, Priority.URGENT, Priority.LOW, Priority.LOW),
        (Evaluation.UNKNOWN, Priority.URGENT, Priority.LOW, Priority.LOW),
    ],
    ids=["graver raises", "graver never lowers", "a repetition", "unknown is not graver"],
)
def test_a_persons_priority_yields_only_to_a_graver_evaluation(
    evaluation: Evaluation, said: Priority, set_by_person: Priority, expected: Priority
) -> None:
    event = an_event()
    touched = a_stored(event, touched=True, priority=set_by_person, title="Mine", status="open")

    change = the_change(
        fold(touched, [next_event(event, evaluation=evaluation, priority=said)], LATER)
    )

    assert change.after.priority is expected
    assert change.after.title == "Mine"


def test_the_monitor_resolves_what_nobody_touched() -> None:
    event = an_event()

    change = the_change(fold(a_stored(event), [resolved(event)], LATER))

    assert (change.after.status, change.after.resolved_at) == (Status.RESOLVED, LATER)
    assert kinds(change) == [EntryKind.RESOLVED]


@pytest.mark.parametrize("status", [Status.OPEN, Status.WAITING])
def test_what_a_person_touched_stays_open_and_says_so(status: Status) -> None:
    event = an_event()
    touched = a_stored(event, touched=True, status=status)

    change = the_change(fold(touched, [resolved(event)], LATER))

    assert (change.after.status, change.after.resolved_at) == (status, None)
    assert change.after.evaluation is Evaluation.OK
    assert kinds(change) == [EntryKind.CHANGED]
    assert "resolved; it stays open" in change.entries[0].body


def test_finding_nothing_wrong_is_not_yet_resolved() -> None:
    event = an_event()

    change = the_change(fold(a_stored(event), [next_event(event, evaluation=Evaluation.OK)], LATER))

    assert (change.after.status, change.after.evaluation) == (Status.NEW, Evaluation.OK)


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_an_older_event_of_the_same_alert_goes_to_the_timeline_only(sequence: int) -> None:
    event = an_event()
    stored = a_stored(event, sequence=3, evaluation=Evaluation.CRITICAL)

    for late in (
        next_event(event, sequence=sequence, title="Old"),
        resolved(event, sequence=sequence),
    ):
        change = the_change(fold(stored, [late], LATER))
        assert change.after == stored
        assert kinds(change) == [EntryKind.CHANGED]
        assert change.entries[0].payload["late"] is True


def test_events_out_of_order_in_one_batch_end_where_the_highest_sequence_does() -> None:
    event = an_event()
    second = next_event(event, evaluation=Evaluation.CRITICAL)
    third = resolved(second)

    change = the_change(fold(None, [third, event, second], NOW))
    in_order = the_change(fold(None, [event, second, third], NOW))

    assert in_order.after.status is Status.RESOLVED
    # The resolution came first and found no ticket; what follows is all the server knows.
    assert (change.after.status, change.after.sequence) == (Status.NEW, 2)


def test_a_new_opening_of_the_alert_joins_the_open_ticket() -> None:
    """A touched ticket stays open when its alert ends; the next opening is the same matter."""
    event, again = an_event(), an_event(occurrences=2)

    change = the_change(fold(a_stored(event, touched=True), [resolved(event), again], LATER))

    assert change.after.alert_id == again.alert_id
    assert (change.after.occurrences, change.after.sequence) == (3, 1)
    assert change.after.evaluation is Evaluation.WARNING


def test_an_old_openings_end_does_not_end_the_present_one() -> None:
    old, present = an_event(alert_id=uuid7(1_000)), an_event(alert_id=uuid7(2_000))

    change = the_change(fold(a_stored(present), [resolved(old)], LATER))

    assert (change.after.status, change.after.alert_id) == (Status.NEW, present.alert_id)
    assert change.entries[0].payload["late"] is True


def test_a_clock_that_jumped_back_does_not_hide_a_new_alert() -> None:
    """Ids hold the device's time; an opening that looks older than the last one is still news."""
    before = an_event(alert_id=uuid7(2_000))
    after_jump = an_event(alert_id=uuid7(1_000))

    on_open = the_change(fold(a_stored(before), [after_jump, resolved(after_jump)], LATER))
    on_resolved = the_change(
        fold(
            a_stored(before, status=Status.RESOLVED, resolved_at=NOW),
            [next_event(after_jump)],
            LATER,
        )
    )

    assert on_open.after.status is Status.RESOLVED
    assert on_resolved.after.status is Status.OPEN


@pytest.mark.parametrize("passed", [timedelta(0), REOPEN_WINDOW])
def test_within_the_window_the_ticket_is_reopened(passed: timedelta) -> None:
    event, again = an_event(), an_event(priority=Priority.HIGH)
    stored = a_stored(event, status=Status.RESOLVED, resolved_at=NOW)

    change = the_change(fold(stored, [again], NOW + passed))

    assert change.before == stored
    assert (change.after.number, change.after.resolved_at) == (7, None)
    assert change.after.priority is Priority.HIGH
    assert change.after.occurrences == 2
    assert kinds(change) == [EntryKind.REOPENED, EntryKind.PRIORITY]


def test_after_the_window_it_is_a_new_ticket_that_names_the_old_one() -> None:
    stored = a_stored(an_event(), status=Status.RESOLVED, resolved_at=NOW)

    change = the_change(fold(stored, [an_event()], NOW + REOPEN_WINDOW + timedelta(seconds=1)))

    assert change.before is None
    assert change.entries[0].payload["follows"] == 7


def test_what_a_person_resolved_comes_back_as_theirs() -> None:
    stored = a_stored(
        an_event(), status=Status.RESOLVED, resolved_at=NOW, touched=True, title="Mine"
    )

    change = the_change(fold(stored, [an_event()], LATER))

    assert (change.after.status, change.after.touched) == (Status.OPEN, True)
    assert change.after.title == "Mine"


def test_a_closed_ticket_is_never_reopened() -> None:
    stored = a_stored(an_event(), status=Status.CLOSED, resolved_at=NOW)

    assert the_change(fold(stored, [an_event()], LATER)).before is None


def test_what_a_person_resolved_stays_so_while_its_alert_goes_on_unless_it_gets_graver() -> None:
    event = an_event()
    stored = a_stored(event, status=Status.RESOLVED, resolved_at=NOW, touched=True)

    same = the_change(fold(stored, [next_event(event)], LATER))
    graver = the_change(fold(stored, [next_event(event, evaluation=Evaluation.CRITICAL)], LATER))
    over = the_change(fold(stored, [resolved(event)], LATER))

    assert (same.after.status, kinds(same)) == (Status.RESOLVED, [EntryKind.CHANGED])
    assert (graver.after.status, kinds(graver)[0]) == (Status.OPEN, EntryKind.REOPENED)
    assert (over.after.status, over.after.resolved_at) == (Status.RESOLVED, NOW)
    assert over.after.evaluation is Evaluation.OK


def test_opened_and_resolved_at_once_is_one_resolved_ticket() -> None:
    event = an_event()

    folded = fold(None, [event, resolved(event)], NOW)

    change = the_change(folded)
    assert (change.before, change.after.status) == (None, Status.RESOLVED)
    assert kinds(change) == [EntryKind.OPENED, EntryKind.RESOLVED]
    assert folded.ticket_of_event == [change, change]


def test_an_old_alerts_end_and_a_new_alert_in_one_batch_are_two_tickets() -> None:
    old, new = an_event(), an_event()
    stored = a_stored(
        old, status=Status.RESOLVED, touched=True, resolved_at=NOW - 2 * REOPEN_WINDOW
    )

    folded = fold(stored, [resolved(old), new], NOW)

    first, second = folded.changes
    assert folded.ticket_of_event == [first, second]
    assert (first.after.number, kinds(first)) == (7, [EntryKind.CHANGED])
    assert (second.before, kinds(second)) == (None, [EntryKind.OPENED])


def test_the_facts_that_held_at_the_opening_stay_with_the_ticket() -> None:
    event = an_event(facts_hash="a" * 64)

    change = the_change(fold(a_stored(event), [next_event(event, facts_hash="b" * 64)], LATER))

    assert change.after.facts_hash == "a" * 64
    assert change.entries[0].payload["facts_hash"] == "b" * 64


_ALERTS = [uuid7(1_000 * number) for number in (1, 2, 3)]
_EVENTS = st.lists(
    st.builds(
        an_event,
        alert_id=st.sampled_from(_ALERTS),
        sequence=st.integers(1, 5),
        change=st.sampled_from(Change),
        evaluation=st.sampled_from(Evaluation),
        priority=st.sampled_from(Priority),
        occurrences=st.integers(1, 3),
    ),
    max_size=12,
)


@given(events=_EVENTS, cut=st.integers(0, 12), touched=st.booleans())
def test_how_events_are_cut_into_batches_changes_nothing(
    *, events: list[AlertEvent], cut: int, touched: bool
) -> None:
    """An outbox that drains in one request or in ten leaves the same ticket and timeline."""
    stored = a_stored(an_event(alert_id=_ALERTS[1]), touched=touched)

    whole = the_end(fold(stored, events, NOW), stored)
    first = fold(stored, events[:cut], NOW)
    between, _ = the_end(first, stored)
    second = fold(between, events[cut:], NOW)

    after, entries = the_end(second, between)
    assert (after, the_end(first, stored)[1] + entries) == whole


@given(events=_EVENTS, touched=st.booleans())
def test_whatever_comes_a_ticket_stays_sound(*, events: list[AlertEvent], touched: bool) -> None:
    stored = a_stored(an_event(alert_id=_ALERTS[1]), touched=touched)

    folded = fold(stored, events, NOW)

    assert len(folded.ticket_of_event) == len(events)
    assert sum(len(change.entries) for change in folded.changes) >= len(events)
    for change in folded.changes:
        ticket = change.after
        assert (ticket.resolved_at is None) is (ticket.status is not Status.RESOLVED)
        assert ticket.touched is touched
        assert not (touched and ticket.resolved_at)
        assert ticket.alert_id in _ALERTS
        assert ticket.occurrences >= stored.occurrences


def the_end(folded: Folded, before: TicketState) -> tuple[TicketState, list[Entry]]:
    """Return the ticket after folding, and all that was told of it."""
    if not folded.changes:
        return before, []
    assert len(folded.changes) == 1
    return folded.changes[0].after, folded.changes[0].entries

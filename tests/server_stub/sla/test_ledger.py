"""The ledger's rules one by one, and its words. The oracle's tests prove the sums."""

from datetime import UTC, datetime, timedelta

import pytest

from server_stub.sla.ledger import Act, ClockLedger, Event, State, ledger
from server_stub.sla.policy import DEFAULT, load
from server_stub.sla.terms import Traits

POLICY = load(DEFAULT)
HOUR = timedelta(hours=1)


def jan(day: int, hour: int, minute: int = 0) -> datetime:
    """January 2026; the 5th and the 12th are Mondays."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def tell(
    *events: Event, now: datetime, priority: str = "high", source: str = "tray"
) -> dict[str, ClockLedger]:
    """Account of a ticket opened on Friday 9 January at 15:45 (high: 1 h and 8 h)."""
    opened = Event(jan(9, 15, 45))
    traits = Traits(source, "incident", priority)
    return {one.name: one for one in ledger(POLICY, traits, [opened, *events], now)}


def test_a_new_ticket_is_due_as_promised() -> None:
    clocks = tell(now=jan(9, 15, 45))
    assert (clocks["response"].state, clocks["response"].due_at) == ("running", jan(9, 16, 45))
    assert clocks["resolution"].due_at == jan(12, 15, 45)
    assert clocks["resolution"].remaining == 8 * HOUR
    assert clocks["resolution"].intervals == []


def test_work_at_the_very_due_instant_is_in_time_and_a_moment_later_is_not() -> None:
    answer = Event(jan(9, 16, 45), Act.ANSWER)
    on_time = tell(answer, now=jan(9, 18))["response"]
    late = tell(answer._replace(at=jan(9, 16, 46)), now=jan(9, 18))["response"]
    assert (on_time.state, on_time.is_late, on_time.breached_at) == ("stopped", False, None)
    assert (late.is_late, late.breached_at) == (True, jan(9, 16, 45))


def test_what_was_due_at_closing_time_is_overdue_at_the_weekend() -> None:
    opened = [Event(jan(9, 16))]
    (response, _) = ledger(POLICY, Traits("tray", "incident", "high"), opened, jan(10, 12))
    assert (response.state, response.due_at) == (State.BREACHED, jan(9, 17))
    assert response.sentence() == (
        "Response: overdue since Friday 17:00; 1 h of 1 h used; "
        "stands still until Monday 09:00 (weekend)."
    )


def test_waiting_pauses_and_the_due_time_moves_by_the_pause() -> None:
    waiting = Event(jan(12, 10), status="waiting")
    paused = tell(waiting, now=jan(12, 12))["resolution"]
    assert (paused.state, paused.due_at, paused.elapsed) == ("paused", None, 2.25 * HOUR)
    again = Event(jan(13, 10), status="open")
    resumed = tell(waiting, again, now=jan(13, 10))["resolution"]
    assert resumed.due_at == jan(13, 15, 45)
    assert resumed.elapsed == 2.25 * HOUR


def test_a_pause_over_the_weekend_adds_no_working_time() -> None:
    clocks = tell(
        Event(jan(9, 16), status="waiting"), Event(jan(12, 9), status="open"), now=jan(12, 9)
    )
    assert clocks["resolution"].due_at == jan(12, 16, 45)


def test_another_priority_keeps_what_was_counted_and_the_pauses() -> None:
    events = (
        Event(jan(12, 10), status="waiting"),
        Event(jan(13, 10), status="open"),
        Event(jan(13, 11), priority="urgent"),
    )
    urgent = tell(*events, now=jan(13, 11))["resolution"]
    assert (urgent.target.within, urgent.elapsed) == (4 * HOUR, 3.25 * HOUR)
    assert urgent.due_at == jan(13, 11, 45)


def test_a_promise_used_up_when_it_is_made_is_due_at_once_and_not_before() -> None:
    events = (Event(jan(12, 15), priority="urgent"),)
    at_once = tell(*events, now=jan(12, 15))["resolution"]
    assert (at_once.state, at_once.due_at) == ("running", jan(12, 15))
    assert at_once.sentence() == "Resolution: due now; 7 h 15 min of 4 h used."
    later = tell(*events, now=jan(12, 16))["resolution"]
    assert (later.state, later.breached_at) == ("breached", jan(12, 15))


def test_a_broken_promise_stays_recorded_when_a_wider_one_follows() -> None:
    lowered = Event(jan(12, 16, 45), priority="low")
    wide = tell(lowered, now=jan(12, 16, 45))["resolution"]
    assert (wide.state, wide.is_late, wide.breached_at) == ("running", False, jan(12, 15, 45))
    assert wide.sentence().endswith("overdue since today 15:45 by an earlier promise.")


def test_an_overdue_clock_keeps_its_due_time_through_a_pause() -> None:
    events = (Event(jan(13, 10), status="waiting"), Event(jan(14, 10), status="open"))
    paused = tell(events[0], now=jan(13, 12))["resolution"]
    assert (paused.state, paused.due_at) == ("paused", jan(12, 15, 45))
    assert tell(*events, now=jan(14, 12))["resolution"].due_at == jan(12, 15, 45)


def test_the_same_target_by_another_row_is_the_same_promise() -> None:
    """Only what stops it differs: an overdue clock does not get its time anew."""
    text = POLICY.text.replace("response: 30m", "response: {within: 1h, stopped_by: touch}")
    events = [Event(jan(9, 15, 45)), Event(jan(12, 11), priority="urgent")]
    (response, _) = ledger(load(text), Traits("tray", "", "high"), events, jan(12, 12))
    assert (response.state, response.due_at) == ("breached", jan(9, 16, 45))


def test_reopening_goes_on_where_it_stopped() -> None:
    resolved = Event(jan(12, 10), status="resolved")
    stopped = tell(resolved, now=jan(13, 12))["resolution"]
    assert (stopped.state, stopped.stopped_at) == ("stopped", jan(12, 10))
    assert (stopped.elapsed, stopped.due_at) == (2.25 * HOUR, jan(12, 15, 45))
    reopened = tell(resolved, Event(jan(14, 9), status="open"), now=jan(14, 9))["resolution"]
    assert (reopened.state, reopened.stopped_at) == ("running", None)
    assert reopened.due_at == jan(14, 14, 45)


def test_a_stopped_clock_keeps_the_promise_it_stopped_under() -> None:
    events = (Event(jan(12, 10), status="resolved"), Event(jan(12, 11), priority="low"))
    clock = tell(*events, now=jan(12, 12))["resolution"]
    assert clock.target.within == 8 * HOUR


def test_an_answer_stops_the_response_for_good() -> None:
    events = (
        Event(jan(9, 16), Act.ANSWER),
        Event(jan(9, 16, 30), status="resolved"),
        Event(jan(12, 10), status="open"),
    )
    response = tell(*events, now=jan(12, 12))["response"]
    assert (response.state, response.elapsed) == ("stopped", HOUR / 4)


def test_a_ticket_resolved_unanswered_needs_its_answer_when_reopened() -> None:
    events = (Event(jan(9, 16), status="resolved"), Event(jan(12, 9), status="new"))
    response = tell(*events, now=jan(12, 9))["response"]
    assert (response.state, response.due_at) == ("running", jan(12, 9, 45))


@pytest.mark.parametrize(
    ("source", "act", "state"),
    [
        ("tray", Act.SYSTEM, "running"),
        ("tray", Act.ACKNOWLEDGEMENT, "running"),
        ("tray", Act.TOUCH, "running"),
        ("tray", Act.ANSWER, "stopped"),
        ("monitor", Act.SYSTEM, "running"),
        ("monitor", Act.ACKNOWLEDGEMENT, "running"),
        ("monitor", Act.TOUCH, "stopped"),
        ("monitor", Act.ANSWER, "stopped"),
    ],
)
def test_what_stops_a_response_is_the_targets_say(source: str, act: Act, state: str) -> None:
    clocks = tell(Event(jan(9, 16), act), now=jan(9, 16, 30), source=source)
    assert clocks["response"].state == state


def test_a_policy_may_take_the_acknowledgement_for_a_response() -> None:
    text = POLICY.text.replace("{stopped_by: person}", "{stopped_by: acknowledgement}")
    events = [Event(jan(9, 16)), Event(jan(9, 16, 1), Act.ACKNOWLEDGEMENT)]
    (response, _) = ledger(load(text), Traits("tray", "", "high"), events, jan(9, 17))
    assert (response.state, response.stopped_at) == ("stopped", jan(9, 16, 1))


def test_who_takes_the_call_has_answered_it() -> None:
    events = [Event(jan(9, 16), Act.ANSWER)]
    (response, resolution) = ledger(POLICY, Traits("phone", "", "high"), events, jan(9, 16))
    assert (response.state, response.elapsed) == ("stopped", timedelta())
    assert resolution.state == "running"


def test_a_clock_without_a_target_does_not_exist() -> None:
    assert list(tell(now=jan(9, 16), source="monitor", priority="low")) == ["resolution"]


def test_time_before_there_was_a_promise_does_not_count() -> None:
    raised = Event(jan(12, 12), priority="high")
    clock = tell(raised, now=jan(12, 13), source="monitor", priority="low")["response"]
    assert clock.elapsed == HOUR
    assert clock.intervals[0].why == ("no response promised by row 4 (source monitor)")


def test_a_new_version_of_the_policy_leaves_the_past_as_it_was() -> None:
    """From Monday 12:00 the office opens at noon: the morning stays counted."""
    later = load(POLICY.text.replace("09:00-17:00", "12:00-17:00", 1))
    changed = Event(jan(12, 12), policy=later)
    clock = tell(changed, now=jan(13, 13))["resolution"]
    assert clock.elapsed == (1.25 + 3 + 5 + 1) * HOUR
    assert clock.due_at == jan(12, 15, 45)
    assert {i.policy for i in clock.intervals} == {POLICY.hash, later.hash}


def test_later_events_than_now_are_not_told() -> None:
    assert tell(Event(jan(12, 10), status="waiting"), now=jan(12, 9, 59))["resolution"].due_at


def test_no_events_are_no_clocks() -> None:
    assert ledger(POLICY, Traits("tray", "", "high"), [], jan(9, 16)) == []


@pytest.mark.parametrize(
    ("now", "response", "resolution"),
    [
        (
            jan(9, 16, 15),
            "Response: due today 16:45 (in 30 working minutes); 30 min of 1 h used.",
            "Resolution: due Monday 15:45 (in 7 h 30 min of working time); 30 min of 8 h used.",
        ),
        (
            jan(10, 12),
            (
                "Response: overdue since Friday 16:45 (by 15 working minutes); 1 h 15 min of 1 h "
                "used; stands still until Monday 09:00 (weekend)."
            ),
            (
                "Resolution: due Monday 15:45 (in 6 h 45 min of working time); 1 h 15 min of 8 h "
                "used; stands still until Monday 09:00 (weekend)."
            ),
        ),
        (
            jan(12, 11),
            (
                "Response: given today 09:15, 30 working minutes late (due Friday 16:45); "
                "1 h 30 min of 1 h used."
            ),
            (
                "Resolution: paused since today 10:00 (status waiting); 2 h 15 min of 8 h used, "
                "5 h 45 min of working time left."
            ),
        ),
        (
            jan(14, 12),
            (
                "Response: given Monday 09:15, 30 working minutes late (due Friday 16:45); "
                "1 h 30 min of 1 h used."
            ),
            "Resolution: reached Tuesday 11:00, in time; 3 h 15 min of 8 h used.",
        ),
    ],
)
def test_a_sentence_says_how_a_clock_stands(now: datetime, response: str, resolution: str) -> None:
    clocks = tell(
        Event(jan(12, 9, 15), Act.ANSWER),
        Event(jan(12, 10), status="waiting"),
        Event(jan(13, 10), status="open"),
        Event(jan(13, 11), status="resolved"),
        now=now,
    )
    assert clocks["response"].sentence() == response
    assert clocks["resolution"].sentence() == resolution


def test_what_resolved_by_itself_was_not_answered_and_says_so() -> None:
    told = tell(Event(jan(9, 16), status="resolved"), now=jan(9, 17))["response"].sentence()

    assert told == (
        "Response: not needed since today 16:00 (status resolved), in time; 15 min of 1 h used."
    )


def test_a_sentence_is_told_in_the_readers_zone() -> None:
    told = tell(now=jan(9, 16))["response"].sentence("Asia/Tokyo")
    assert told == "Response: due today 01:45 (in 45 working minutes); 15 min of 1 h used."


def test_an_explanation_tells_every_interval_and_its_sum() -> None:
    clock = tell(
        Event(jan(12, 10), status="waiting"),
        Event(jan(13, 10), status="open"),
        Event(jan(13, 11), priority="urgent"),
        now=jan(13, 11, 30) + timedelta(seconds=20),
    )["resolution"]
    short = POLICY.hash[:8]
    assert clock.explain() == [
        (
            "Promised: 4 h of the calendar office, by row 5 (priority urgent) of "
            f"“Standard service levels” ({short})."
        ),
        (
            "Friday 9 January 15:45 – 17:00: 1 h 15 min counted (calendar office; "
            "row 6 (priority high))."
        ),
        "Friday 9 January 17:00 – Monday 12 January 09:00: not counted (weekend).",
        "Monday 12 January 09:00 – 10:00: 1 h counted (calendar office).",
        (
            "Monday 12 January 10:00 – Tuesday 13 January 10:00: not counted "
            "(status waiting pauses the clock)."
        ),
        "Tuesday 13 January 10:00 – 11:00: 1 h counted (calendar office).",
        (
            "Tuesday 13 January 11:00 – 11:30:20: 30 min 20 s counted (calendar office; "
            "row 5 (priority urgent))."
        ),
        "Sum: 3 h 45 min 20 s of 4 h.",
    ]

"""The ledger's younger rules: rounds, stages, versions, days and dates, what did not last."""

from datetime import timedelta

import pytest

from server_stub.sla.clocks import account
from server_stub.sla.events import Act, Event
from server_stub.sla.ledger import ledger
from server_stub.sla.policy import DEFAULT, load
from server_stub.sla.terms import Policy, Traits
from tests.server_stub.sla.test_clocks import ANNA, Entry, Ticket, at
from tests.server_stub.sla.told import FRIDAY_1545, jan, shipped, tell

TEXT = DEFAULT.read_text(encoding="utf-8")
POLICY = load(TEXT)
HIGH = Traits("tray", "incident", "high")
HOUR = timedelta(hours=1)


def changed(*changes: tuple[str, str]) -> Policy:
    """Return the shipped default policy with some of its text replaced."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load(text)


def test_the_counted_intervals_of_a_round_add_up_to_what_it_used() -> None:
    policy = changed(("    response: 1h\n", "    response: 1h\n    progress: 2h\n"))
    told = [Event(jan(12, 10), Act.ANSWER), Event(jan(12, 13), Act.UPDATE)]
    clock = tell(policy, HIGH, *told, opened_at=FRIDAY_1545, now=jan(12, 14))["progress"]
    sums = {
        n: sum(
            (i.end - i.start for i in clock.intervals if i.counted and i.round == n), timedelta()
        )
        for n in (1, 2, 3)
    }
    assert sums == {1: 2.25 * HOUR, 2: 3 * HOUR, 3: HOUR}
    assert (clock.elapsed, clock.due_at, clock.round) == (HOUR, jan(12, 15), 3)
    assert clock.breached_at == jan(12, 9, 45)
    assert "Sum since it began anew: 1 h of 2 h." in clock.explain()


def test_an_internal_note_is_no_progress() -> None:
    policy = changed(("    response: 1h\n", "    response: 1h\n    progress: 2h\n"))
    note = Event(jan(12, 10), Act.TOUCH)
    clock = tell(policy, HIGH, note, opened_at=jan(12, 9), now=jan(12, 10))["progress"]
    assert clock.due_at == jan(12, 11)


def test_a_stage_that_no_policy_knows_is_as_its_status() -> None:
    event = Event(jan(12, 10), status="waiting", stage="gone_fishing")
    clock = tell(POLICY, HIGH, event, opened_at=FRIDAY_1545, now=jan(12, 11))["resolution"]
    assert (clock.state, clock.intervals[-1].status) == ("paused", "waiting")


def test_resolved_time_that_a_reopening_follows_stands_or_counts_by_policy() -> None:
    events = (Event(jan(12, 10), status="resolved"), Event(jan(12, 12), status="open"))
    stands = tell(POLICY, HIGH, *events, opened_at=jan(12, 9), now=jan(12, 12))["resolution"]
    counting = changed(
        ("  response: {stopped_by: person}",
         "  response: {stopped_by: person}\n  resolution: {resolved_time: counts}"),
    )  # fmt: skip
    counts = tell(counting, HIGH, *events, opened_at=jan(12, 9), now=jan(12, 12))["resolution"]
    assert (stands.elapsed, counts.elapsed) == (HOUR, 3 * HOUR)
    assert counts.intervals[-1].why == "calendar office; status resolved, but it did not last"


def test_no_time_is_told_twice_of_a_ticket_reopened_for_no_time() -> None:
    """Resolved before anything was promised, then promised, reopened and resolved in one moment."""
    vip = "{when: {importance: vip}, calendar: office, response: 1h, resolution: none}"
    policy = changed(
        ("  response: {stopped_by: person}",
         "  response: {stopped_by: person}\n  resolution: {resolved_time: counts}"),
        ("targets:\n", f"targets:\n  - {vip}\n"),
    )  # fmt: skip
    events = (
        Event(jan(12, 9), importance="vip"),
        Event(jan(12, 9), status="resolved"),
        Event(jan(12, 10), importance="normal"),
        Event(jan(12, 11), status="open"),
        Event(jan(12, 11), status="resolved"),
        Event(jan(12, 12), status="open"),
    )
    clock = tell(policy, HIGH, *events, opened_at=jan(12, 9), now=jan(12, 13))["resolution"]
    ends = [(one.start, one.end, one.counted) for one in clock.intervals]
    assert ends[-2:] == [(jan(12, 11), jan(12, 12), True), (jan(12, 12), jan(12, 13), True)]
    assert ends[-3][1:] == (jan(12, 11), False)
    assert clock.elapsed == 2 * HOUR


def test_while_it_stays_resolved_the_time_does_not_count_whatever_the_policy_says() -> None:
    counting = changed(
        ("  response: {stopped_by: person}",
         "  response: {stopped_by: person}\n  resolution: {resolved_time: counts}"),
    )  # fmt: skip
    resolved = Event(jan(12, 10), status="resolved")
    clock = tell(counting, HIGH, resolved, opened_at=jan(12, 9), now=jan(16, 12))["resolution"]
    assert (clock.state, clock.elapsed, clock.is_late) == ("stopped", HOUR, False)


def test_the_end_of_the_business_day_is_extended_by_what_paused() -> None:
    high = "    response: 1h\n    resolution: "
    policy = changed((f"{high}8h", f"{high}end_of_day"))
    pause = (Event(jan(12, 10), status="waiting"), Event(jan(12, 12), status="open"))
    opened = tell(policy, HIGH, opened_at=jan(12, 9), now=jan(12, 9))["resolution"]
    assert opened.due_at == jan(12, 17)
    clock = tell(policy, HIGH, *pause, opened_at=jan(12, 9), now=jan(12, 12))["resolution"]
    assert clock.due_at == jan(13, 11)
    assert clock.explain()[0].startswith("Promised: end of the business day (8 h of the calendar")


def test_shares_of_a_target_are_found_in_the_past_and_ahead() -> None:
    clock = tell(POLICY, HIGH, opened_at=jan(12, 9), now=jan(12, 14))["resolution"]
    assert clock.share_at(50) == jan(12, 13)
    assert clock.share_at(75) == jan(12, 15)
    assert clock.share_at(100) == clock.due_at
    resolved = Event(jan(12, 14), status="resolved")
    done = tell(POLICY, HIGH, resolved, opened_at=jan(12, 9), now=jan(12, 15))["resolution"]
    assert (done.share_at(50), done.share_at(75)) == (jan(12, 13), None)


def test_a_change_of_importance_or_agreement_makes_another_promise() -> None:
    row = (
        "  - when: {importance: vip}\n    calendar: office\n    response: 15m\n    resolution: 2h\n"
    )
    policy = changed(("targets:\n", f"targets:\n{row}"))
    event = Event(jan(12, 10), importance="vip")
    clock = tell(policy, HIGH, event, opened_at=jan(12, 9), now=jan(12, 10))["resolution"]
    assert (clock.within, clock.due_at) == (2 * HOUR, jan(12, 11))


def test_what_a_timeline_says_of_agreement_importance_stage_level_and_date_is_read() -> None:
    entries = [
        Entry(at(0), "opened", tree={"agreement": "premium", "importance": "vip"}),
        Entry(at(1), "review", ANNA),
        Entry(at(2), "consultation", ANNA),
        Entry(at(3), "escalated", ANNA, tree={"from": "1", "to": "2"}),
        Entry(at(4), "date_set", ANNA, tree={"clock": "resolution", "to": "2026-01-20T12:00Z"}),
        Entry(at(5), "status", ANNA,
              tree={"from": "open", "to": "waiting", "stage": {"from": "open", "to": "parts"}}),
    ]  # fmt: skip
    policy = shipped("managed-provider")
    clocks = account(policy, Ticket("portal", priority="normal", level=2), entries, at(10))
    assert clocks[0].row.when == {"agreement": ("premium",)}
    assert [one.state for one in clocks] == ["stopped", "paused", "paused"]


def test_a_date_that_cannot_be_read_sets_none() -> None:
    entries = [
        Entry(at(0), "opened"),
        Entry(at(4), "date_set", ANNA, tree={"clock": "resolution", "to": "next week"}),
    ]
    policy = shipped("software-vendor")
    ticket = Ticket("portal", "service_task", "normal")
    clocks = {one.name.value: one for one in account(policy, ticket, entries, at(10))}
    assert clocks["resolution"].due_at is None


def test_a_new_version_is_an_entry_that_leaves_what_was_counted_untouched() -> None:
    """The office closes an hour earlier from Monday 12:00 on; Friday stays as it was."""
    later = changed(("09:00-17:00", "09:00-16:00"))
    entries = [
        Entry(FRIDAY_1545, "opened"),
        Entry(jan(12, 12), "policy", ANNA, tree={"from": POLICY.hash, "to": later.hash}),
    ]
    versions = {POLICY.hash: POLICY, later.hash: later}
    ticket = Ticket("tray", priority="high")
    before = account(POLICY, ticket, entries[:1], jan(12, 12))
    after = account(later, ticket, entries, jan(13, 9), version_of=versions.__getitem__)
    for old, new in zip(before, after, strict=True):
        assert new.intervals[: len(old.intervals) - 1] == old.intervals[:-1]
        assert new.intervals[-1].policy == later.hash
    assert after[1].elapsed == (1.25 + 3 + 4) * HOUR


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_a_new_version_leaves_a_closed_ticket_alone(status: str) -> None:
    later = changed(("09:00-17:00", "09:00-16:00"), ("resolution: 8h", "resolution: 1h"))
    closed = [Event(FRIDAY_1545), Event(jan(12, 11), Act.ANSWER, status=status)]
    now = jan(20, 12)
    before = ledger(POLICY, HIGH, closed, now)
    after = ledger(POLICY, HIGH, [*closed, Event(jan(13, 12), policy=later)], now)
    assert before == after

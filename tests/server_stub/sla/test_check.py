"""What ``policy check`` says of policies that can be used but should not be."""

from server_stub.sla.check import calendars, duties, examples, stages
from server_stub.sla.contradictions import contradictions
from server_stub.sla.policy import SHIPPED, Policy, load

HEAD = """\
version: 1
title: T
approved_by: A
release_date: 2026-01-05
next_review: 2027-01-05
calendars:
  office: {zone: Europe/London, hours: {mon-fri: 09:00-17:00}, holidays: {country: GB, region: ENG}}
statuses: {new: running, open: running, waiting: paused, resolved: stopped, closed: stopped}
targets:
"""


def policy(*rows: str) -> Policy:
    return load(HEAD + "".join(f"  - {row}\n" for row in rows))


def told(*rows: str) -> list[str]:
    return [f"{p.line}: {p.message}" for p in contradictions(policy(*rows))]


ANY = "{calendar: office, response: 1h, resolution: 8h}"


def test_a_row_that_no_ticket_reaches_is_told() -> None:
    late = "{when: {priority: high}, calendar: office, response: 1h, resolution: 4h}"
    assert told(ANY, late) == ["11: row 2 (priority high) is never used: rows above it match first"]


def test_tickets_without_a_row_are_told() -> None:
    some = "{when: {priority: [urgent, high]}, calendar: office, response: 1h, resolution: 4h}"
    assert told(some, some.replace("urgent, high", "normal").replace("4h", "5h")) == [
        (
            "11: no row is for tickets with source monitor, priority low (and 6 kinds more): "
            "nothing is promised for them"
        )
    ]


def test_a_condition_on_an_open_word_leaves_the_other_words_uncovered() -> None:
    (line,) = told("{when: {type: request}, calendar: office, response: 1h, resolution: 4h}")
    assert "no row is for tickets with source monitor, priority urgent" in line


def test_a_more_pressing_ticket_with_a_longer_target_is_told_once() -> None:
    slow = "{when: {priority: urgent}, calendar: office, response: 2h, resolution: 4h}"
    assert told(slow, ANY) == [
        "10: row 1 (priority urgent): urgent has a longer response than high"
    ]


def test_an_end_before_the_first_answer_is_told() -> None:
    assert told("{calendar: office, response: 4h, resolution: 2h}") == [
        "10: row 1 (any ticket) promises the end before the first answer"
    ]


def test_a_calendar_that_nothing_uses_is_told() -> None:
    row = "{calendar: clock, response: 1h, resolution: 4h}"
    assert told(row)[0] == "1: nothing uses the calendar 'office'"


def test_free_days_are_previewed() -> None:
    (line,) = calendars(policy(ANY), 2026)
    assert "in Europe/London; free in 2026: 1 January New Year's Day, 3 April Good Friday" in line


def test_examples_know_holidays_and_types() -> None:
    said = examples(
        policy("{when: {type: request, priority: low}, calendar: office, response: none, "
               "resolution: none}", ANY)
    )  # fmt: skip
    assert said[0] == "A low request raised Friday 15:45 is promised nothing (row 1)."
    assert said[3] == (
        "An urgent fault raised Saturday 10:00 is due: response Monday 10:00, "
        "resolution Monday 17:00 (row 2)."
    )


def test_examples_say_what_makes_a_ticket_one_of_the_row() -> None:
    express = examples(load(SHIPPED / "express-desk.yaml"))
    assert express[0] == (
        "An urgent problem at Level 1 raised Friday 15:45 is due: resolution Monday 11:45 (row 1)."
    )
    assert examples(load(SHIPPED / "software-vendor.yaml"))[0].startswith("An urgent service task")
    assert examples(load(SHIPPED / "managed-provider.yaml"))[0].startswith(
        "An urgent incident under premium raised"
    )


def test_duties_are_told_in_days_and_with_whom_they_tell() -> None:
    told = duties(load(SHIPPED / "software-vendor.yaml"))
    assert "a reply reopens within: 14 days" in told
    assert "closed after: 48 h without reply" in told
    assert "signed off by the client at: Client sign-off" in told
    assert "at 50 % of review or resolution: assignee told, in the hours of working" in told
    assert "when any clock is late: customer excellence manager told, in the hours of working" in (
        told
    )
    assert any(line.startswith("checklist: It happens") for line in told)


def test_a_promise_for_the_night_with_nobodys_hours_behind_it_is_told() -> None:
    row = "{when: {priority: urgent}, calendar: clock, response: 15m, resolution: 2d}"
    assert told(row, ANY) == [
        (
            "10: row 1 (priority urgent) promises response round the clock, and no level that "
            "takes such tickets works then"
        )
    ]


def test_hours_that_are_longer_than_a_working_day_are_asked_about() -> None:
    (line,) = told("{calendar: office, response: 1h, resolution: 20h}")
    assert "20h of office for resolution is 2 working days and 4 h" in line
    assert told("{calendar: office, response: 1h, resolution: 2d 4h}") == []


def test_a_stage_that_leads_nowhere_is_told_and_stages_are_told_in_words() -> None:
    more = (
        "statuses: {lost: {is: waiting, title: Lost, all: paused, moves: [found]}, "
        "found: {is: open, title: Found, response: running, resolution: paused, moves: [lost]}, "
    )
    ours = load(HEAD.replace("statuses: {", more) + f"  - {ANY}\n")
    said = [problem.message for problem in contradictions(ours)]
    assert said == [
        f"a ticket that is {title} can never be closed: its moves lead nowhere"
        for title in ("Found", "Lost")
    ]
    assert "Lost (waiting): paused: every clock; then found" in stages(ours)
    assert (
        "Found (open): running: response; paused: review, resolution, progress, dwell; then lost"
    ) in stages(ours)

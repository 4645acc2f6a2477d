"""What the shipped policy promises, reckoned by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.protocol.words import Priority, Source, Status
from server_stub.sla.check import calendars, examples
from server_stub.sla.clocks import first_due
from server_stub.sla.contradictions import contradictions
from server_stub.sla.policy import DEFAULT, load

POLICY = load(DEFAULT)
FRIDAY_1545 = datetime(2026, 1, 9, 15, 45, tzinfo=UTC)
SATURDAY_1000 = datetime(2026, 1, 10, 10, 0, tzinfo=UTC)


def due(priority: str, source: str, at: datetime, zone: str = "UTC") -> dict[str, str]:
    promised = first_due(POLICY, priority, source, at, zone)
    return {str(name): f"{instant:%a %d %H:%M}" for name, instant in promised}


@pytest.mark.parametrize(
    ("priority", "source", "at", "response", "resolution"),
    [
        ("urgent", "tray", FRIDAY_1545, "Fri 09 16:15", "Mon 12 11:45"),
        ("high", "tray", FRIDAY_1545, "Fri 09 16:45", "Mon 12 15:45"),
        ("normal", "tray", FRIDAY_1545, "Mon 12 11:45", "Wed 14 15:45"),
        ("low", "tray", FRIDAY_1545, "Mon 12 15:45", "Fri 16 15:45"),
        ("urgent", "portal", SATURDAY_1000, "Mon 12 09:30", "Mon 12 13:00"),
        ("high", "phone", SATURDAY_1000, "Mon 12 10:00", "Mon 12 17:00"),
        ("urgent", "monitor", FRIDAY_1545, "Fri 09 16:45", "Mon 12 15:45"),
        ("high", "monitor", FRIDAY_1545, "Mon 12 09:45", "Tue 13 15:45"),
        ("normal", "monitor", FRIDAY_1545, "Mon 12 15:45", "Fri 16 15:45"),
        ("normal", "monitor", SATURDAY_1000, "Mon 12 17:00", "Fri 16 17:00"),
    ],
)
def test_due_times_are_as_reckoned_by_hand(
    priority: str, source: str, at: datetime, response: str, resolution: str
) -> None:
    assert due(priority, source, at) == {"response": response, "resolution": resolution}


def test_nobody_answers_an_alert_of_low_priority_yet_it_is_resolved() -> None:
    assert due("low", "monitor", FRIDAY_1545) == {"resolution": "Fri 23 15:45"}


def test_working_hours_are_those_of_the_site() -> None:
    """16:00 in London is 11:00 in New York and 03:00 next morning in Sydney."""
    at = datetime(2026, 1, 7, 16, 0, tzinfo=UTC)
    assert due("high", "tray", at, "America/New_York")["response"] == "Wed 07 17:00"
    assert due("high", "tray", at, "Australia/Sydney")["response"] == "Wed 07 23:00"


def test_every_ticket_is_promised_something() -> None:
    for source in Source:
        for priority in Priority:
            assert first_due(POLICY, priority, source, FRIDAY_1545)


def test_waiting_for_the_client_pauses_the_resolution_only() -> None:
    modes = POLICY.stages[Status.WAITING].modes
    assert (modes["response"], modes["resolution"]) == ("running", "paused")


def test_the_shipped_policy_does_not_contradict_itself() -> None:
    assert contradictions(POLICY) == []


def test_worked_examples_say_when_a_weekends_fault_is_due() -> None:
    told = examples(POLICY)
    assert len(told) == 2 * len(POLICY.rows)
    assert (
        "An urgent fault raised Saturday 10:00 is due: response Monday 09:30, "
        "resolution Monday 13:00 (row 5)." in told
    )
    assert (
        "A low alert raised Friday 15:45 is due: resolution Friday 11 December 15:45 (row 4)."
        in told
    )


def test_its_calendar_is_told_in_words() -> None:
    (office,) = calendars(POLICY, 2026)
    assert office.startswith("office: Monday 09:00–17:00; Tuesday 09:00–17:00;")
    assert office.endswith("(a day is 8 h), in the site's time zone; free in 2026: no day")


def test_a_day_of_the_office_is_eight_hours() -> None:
    assert POLICY.calendars["office"].day_length == timedelta(hours=8)

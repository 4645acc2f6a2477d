"""What a change would do to a ticket's clocks, told before anybody makes it."""

from server_stub.sla.events import Event
from server_stub.sla.policy import DEFAULT, load
from server_stub.sla.terms import Policy, Traits
from server_stub.sla.what_if import what_if
from tests.server_stub.sla.told import FRIDAY_1545, jan, shipped

POLICY = load(DEFAULT)
NOW = jan(12, 10)
HIGH = Traits("tray", "incident", "high")


def told(change: Event, policy: Policy = POLICY, traits: Traits = HIGH) -> list[str]:
    found = what_if(policy, traits, [Event(FRIDAY_1545)], NOW, change)
    return [one.sentence for one in found]


def test_another_priority_is_told_with_its_row() -> None:
    assert told(Event(NOW, priority="urgent")) == [
        (
            "Response: would be due now instead of overdue since Friday 16:45 "
            "(30 min of the calendar office, by row 5 (priority urgent))."
        ),
        (
            "Resolution: would be due today 11:45 instead of today 15:45 "
            "(4 h of the calendar office, by row 5 (priority urgent))."
        ),
    ]


def test_another_stage_pauses_or_stops_and_does_not_touch_the_rest() -> None:
    assert told(Event(NOW, status="waiting")) == [
        "Response: stays overdue since Friday 16:45.",
        "Resolution: would be paused instead of due today 15:45.",
    ]
    assert told(Event(NOW, stage="resolved"))[1] == (
        "Resolution: would be stopped instead of due today 15:45."
    )


def test_another_policy_brings_and_takes_clocks() -> None:
    helpdesk = Event(NOW, policy=shipped("three-line-helpdesk"))
    traits = HIGH._replace(level="1")
    assert told(helpdesk, traits=traits) == [
        "Response: nothing would be promised any more.",
        "Resolution: nothing would be promised any more.",
        (
            "Dwell: would be promised, due Tuesday 10:00 "
            "(8 h of the calendar office, by row 1 (level 1))."
        ),
    ]


def test_nothing_is_remembered_of_a_supposition() -> None:
    events = [Event(FRIDAY_1545)]
    before = [one.before for one in what_if(POLICY, HIGH, events, NOW, Event(NOW, priority="low"))]
    again = [one.before for one in what_if(POLICY, HIGH, events, NOW, Event(NOW))]
    assert before == again
    assert len(events) == 1

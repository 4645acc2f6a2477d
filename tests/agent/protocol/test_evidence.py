from typing import Any

import pytest

from agent.protocol.events import AlertEvent, parse_event
from agent.protocol.evidence import Evidence, Series, Try
from agent.protocol.strict import ProtocolError, parse
from agent.protocol.words import Outcome, Unit
from tests.agent.protocol.test_events import a_tree, an_event


def a_full_event() -> AlertEvent:
    return an_event(
        about="WDC WD10EZEX, serial WD-1",
        tried=(Try("restart the service spooler", "2026-11-21T19:58:00Z", Outcome.NOT_HEALED),),
        series=(Series("free_bytes", Unit.BYTES, ((3600, 5e9), (0, 3_435_973_836))),),
        evidence=(Evidence("Largest folders", ("/var/log 12 GiB", "/home/Größe 3 GiB")),),
    )


def test_what_an_event_brings_beside_its_readings_arrives_as_it_was_sent() -> None:
    event = a_full_event()

    assert parse_event(parse(event.to_text().encode())) == event


def test_what_holds_nothing_does_not_travel() -> None:
    """The bytes are those of before: an older outbox and an older server know nothing else."""
    tree = parse(an_event().to_text().encode())

    assert not {"about", "tried", "series", "evidence"} & set(tree)


def a_try(**changes: Any) -> dict[str, Any]:
    return {"action": "restart", "at": "2026-11-21T19:58:00Z", "outcome": "healed"} | changes


def a_series(**changes: Any) -> dict[str, Any]:
    return {"metric": "free_bytes", "unit": "bytes", "points": [[0, 1]]} | changes


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"about": "x" * 301}, "about"),
        ({"about": None}, "about"),
        ({"tried": {}}, "tried"),
        ({"tried": ["restart"]}, "tried[0]"),
        ({"tried": [a_try()] * 11}, "tried"),
        ({"tried": [a_try(), a_try(outcome="perhaps")]}, "tried[1].outcome"),
        ({"tried": [a_try(action=" ")]}, "tried[0].action"),
        ({"tried": [a_try(action="x" * 101)]}, "tried[0].action"),
        ({"tried": [a_try(at="x" * 41)]}, "tried[0].at"),
        ({"tried": [a_try(detail="x" * 501)]}, "tried[0].detail"),
        ({"series": [a_series()] * 4}, "series"),
        ({"series": [a_series(unit="word")]}, "series[0].unit"),
        ({"series": [a_series(metric="")]}, "series[0].metric"),
        ({"series": [a_series(points=[[0, 1]] * 61)]}, "series[0].points"),
        ({"series": [a_series(points=[[0, 1], [0]])]}, "series[0].points[1]"),
        ({"series": [a_series(points=[[-1, 1]])]}, "series[0].points[0]"),
        ({"series": [a_series(points=[[0.5, 1]])]}, "series[0].points[0]"),
        ({"series": [a_series(points=[[0, True]])]}, "series[0].points[0]"),
        ({"series": [a_series(points=[[0, "1"]])]}, "series[0].points[0]"),
        ({"evidence": [{"title": "t", "lines": []}] * 7}, "evidence"),
        ({"evidence": [{"title": "", "lines": []}]}, "evidence[0].title"),
        ({"evidence": [{"title": "x" * 101, "lines": []}]}, "evidence[0].title"),
        ({"evidence": [{"title": "t"}]}, "evidence[0].lines"),
        ({"evidence": [{"title": "t", "lines": ["x"] * 16}]}, "evidence[0].lines"),
        ({"evidence": [{"title": "t", "lines": ["x", 1]}]}, "evidence[0].lines[1]"),
        ({"evidence": [{"title": "t", "lines": ["x" * 201]}]}, "evidence[0].lines[0]"),
    ],
)
def test_a_wrong_member_is_refused_by_its_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse_event(a_tree(**changes))

    assert refused.value.field == field

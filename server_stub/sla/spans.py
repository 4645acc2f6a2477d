"""The pieces of a clock's life: what counted of them, and why."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from server_stub.sla.calendar import Calendar
from server_stub.sla.terms import ClockName, Mode, Policy, Row, Stage


class State(StrEnum):
    """What a clock does at the instant of its ledger; ``breached`` is running and overdue."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    BREACHED = "breached"


class Why(StrEnum):
    """Why a span counts or does not, beside its calendar.

    ``STAGE``: the ticket's stage. ``UNANSWERED``: it begins with the first answer.
    ``REOPENED``: nothing was resolved, as a reopening showed.
    """

    STAGE = "stage"
    UNANSWERED = "unanswered"
    REOPENED = "reopened"


class Interval(NamedTuple):
    """A piece of a clock's life: whether it counted, and why, in words.

    ``row`` (in words) and ``policy`` (its hash) are the promise that was in force; ``round``
    counts how often the clock began anew, from 1.
    """

    start: datetime
    end: datetime
    counted: bool
    why: str
    status: str
    row: str
    policy: str
    round: int = 1


class Span(NamedTuple):
    """Time in which nothing changed for one clock; no ``calendar``: nothing was promised."""

    start: datetime
    end: datetime
    mode: Mode
    calendar: Calendar | None
    stage: Stage
    row: Row | None
    policy: Policy
    round: int = 1
    why: Why = Why.STAGE


def intervals(name: ClockName, span: Span) -> Iterator[Interval]:
    """Yield the pieces of one span: working time counts, all else tells why not."""
    row = str(span.row) if span.row else ""

    def piece(start: datetime, end: datetime, *, counted: bool, why: str) -> Interval:
        told = (span.stage.name, row, span.policy.hash, span.round)
        return Interval(start, end, counted, why, *told)

    if span.mode is Mode.RUNNING and span.calendar:
        hours = span.calendar.hours
        counted = "clock time" if hours.is_always else f"calendar {hours.name}"
        if span.why is Why.REOPENED:
            counted = f"{counted}; status {span.stage.title}, but it did not last"
        at = span.start
        for start, end in [*span.calendar.segments(span.start, span.end), (span.end, span.end)]:
            if at < start:
                why = span.calendar.why_closed(at, start)
                yield piece(at, start, counted=False, why=why)
            if start < end:
                yield piece(start, end, counted=True, why=counted)
            at = end
        return
    if span.calendar and span.why is Why.UNANSWERED:
        why = "it begins with the first answer"
    elif span.calendar:
        verb = "pauses" if span.mode is Mode.PAUSED else "stops"
        why = f"status {span.stage.title} {verb} the clock"
    else:
        why = f"no {name} promised" + (f" by {row}" if row else "")
    yield piece(span.start, span.end, counted=False, why=why)

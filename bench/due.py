"""What it costs to reckon when a ticket is due, with a year of calendar made and holidays kept.

    python bench/due.py

Prints each figure with its goal; ends with 1 when one was missed. Processor time of this process,
the best of several rounds: what else the machine does only adds to it.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from server_stub.sla.clocks import first_due, next_due
from server_stub.sla.events import Act, Event
from server_stub.sla.ledger import ledger
from server_stub.sla.policy import SHIPPED, load
from server_stub.sla.terms import Policy, Traits

NEW_US = 10.0
"""Goal for a new ticket's due instants, as the intake reckons them."""
STORY_US = 100.0
"""Goal for the next due instant of a ticket with a story, all its clocks reckoned."""
ROUNDS, TICKETS = 15, 400
YEAR = timedelta(days=365)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
PRIORITIES = ("urgent", "high", "normal", "low")


class Figure(NamedTuple):
    """One measure in microseconds, and what it is to be at most."""

    name: str
    microseconds: float
    goal: float


def measure() -> list[Figure]:
    """Return the cost of one new ticket, and of one with a story, by policy."""
    figures = []
    for name in ("default", "software-vendor", "managed-provider"):
        text = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8")
        policy = load(text.replace("zone: site", "zone: site\n    holidays: {country: GB}"), name)
        figures.append(Figure(f"a new ticket, {name}", _each(policy, _new), NEW_US))
        figures.append(Figure(f"a ticket with a story, {name}", _each(policy, _story), STORY_US))
    return figures


def _each(policy: Policy, reckon: Callable[[Policy, int], object]) -> float:
    """Return the microseconds of one ticket; the calendar of the year is made before."""
    for number in range(TICKETS):
        reckon(policy, number)
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for number in range(TICKETS):
            reckon(policy, number)
        rounds.append((time.process_time() - began) / TICKETS * 1e6)
    return min(rounds)


def _new(policy: Policy, number: int) -> object:
    return first_due(policy, PRIORITIES[number % 4], "monitor", _at(number), "Europe/London")


def _story(policy: Policy, number: int) -> object:
    """A ticket that was answered, waited for its client and got another priority."""
    at = _at(number)
    hour = timedelta(hours=1)
    events = [
        Event(at),
        Event(at + hour, Act.ANSWER),
        Event(at + 3 * hour, status="waiting"),
        Event(at + 30 * hour, status="open"),
        Event(at + 31 * hour, priority=PRIORITIES[number % 4]),
    ]
    traits = Traits("portal", "incident", PRIORITIES[(number + 1) % 4], "1")
    return next_due(ledger(policy, traits, events, at + 32 * hour, "Europe/London"))


def _at(number: int) -> datetime:
    return START + YEAR * number / TICKETS


def main() -> int:
    """Print the figures; 1 when a goal was missed."""
    figures = measure()
    for one in figures:
        verdict = "kept" if one.microseconds <= one.goal else "MISSED"
        print(f"{one.name}: {one.microseconds:.1f} µs (goal {one.goal:.0f}): {verdict}")
    return int(any(one.microseconds > one.goal for one in figures))


if __name__ == "__main__":
    sys.exit(main())

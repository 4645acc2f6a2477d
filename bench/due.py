"""What it costs to reckon when a ticket is due, with a year of calendar and its holidays.

    python bench/due.py

Prints each figure with its goal; ends with 1 when one was missed. The figures with a goal are of
pure functions, events in and instants out: processor time of this process, the best of several
rounds, for what else the machine does only adds to it. Each round has tickets of other instants,
in four zones; the year's table of segments is made before, as a server makes it once. What
bringing a stored ticket up to date costs, rows read and written, is printed beside; it has no goal.
"""

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "server_stub.settings",
    "WATCHDESK_DATA": "/nonexistent/none-before-it-is-made",
}

import django

django.setup()

from server_stub import walls  # noqa: E402 - needs the set-up above
from server_stub.sla.clocks import first_due, next_due  # noqa: E402 - the same
from server_stub.sla.events import Act, Event  # noqa: E402 - the same
from server_stub.sla.ledger import ledger  # noqa: E402 - the same
from server_stub.sla.policy import SHIPPED, load  # noqa: E402 - the same
from server_stub.sla.terms import Policy, Traits  # noqa: E402 - the same
from server_stub.tickets.clocks import settle  # noqa: E402 - the same
from tests.support import desk_rows  # noqa: E402 - the same
from tests.support.databases import Databases  # noqa: E402 - the same
from tests.support.rows import a_client, a_site, a_ticket, an_entry  # noqa: E402 - the same

DUE_US = 100.0
"""Goal for all due instants of a ticket, new or with a story."""
ROUNDS, TICKETS, SETTLED = 15, 400, 200
YEAR, HOUR, SECOND = timedelta(days=365), timedelta(hours=1), timedelta(seconds=1)
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
PRIORITIES = ("urgent", "high", "normal", "low")
ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
_ZONE = re.compile(r"^(    )zone: .*$", re.MULTILINE)

Reckon = Callable[[Policy, int, timedelta], object]


class Figure(NamedTuple):
    """One measure in microseconds, and what it is to be at most; None: nothing is asked."""

    name: str
    microseconds: float
    goal: float | None = DUE_US


def measure() -> list[Figure]:
    """Return the cost of one new ticket, and of one with a story, by policy."""
    figures = []
    for path in sorted(SHIPPED.glob("*.yaml")):
        policy = with_holidays(path)
        figures.append(Figure(f"a new ticket, {path.stem}", _each(policy, _new)))
        figures.append(Figure(f"a ticket with a story, {path.stem}", _each(policy, _story)))
    return figures


def with_holidays(path: Path) -> Policy:
    """Return a policy we ship, each of its calendars keeping public holidays."""
    text = path.read_text(encoding="utf-8")
    policy = load(_ZONE.sub(r"\g<0>\n\1holidays: {country: GB, region: ENG}", text), path.stem)
    without = [name for name, hours in policy.calendars.items() if not hours.holidays]
    if without or not policy.calendars:
        raise SystemExit(f"{path.name}: calendars without holidays: {without or 'there is none'}")
    return policy


def _each(policy: Policy, reckon: Reckon) -> float:
    """Return the microseconds of one ticket in the best round."""
    rounds = []
    for number in range(ROUNDS + 1):
        shift = number * 7 * SECOND
        began = time.process_time()
        for ticket in range(TICKETS):
            reckon(policy, ticket, shift)
        rounds.append((time.process_time() - began) / TICKETS * 1e6)
    return min(rounds[1:])  # in the first the year's tables are made


def _new(policy: Policy, number: int, shift: timedelta) -> object:
    at = _at(number) + shift
    return first_due(policy, PRIORITIES[number % 4], "monitor", at, ZONES[number // 4 % 4])


def _story(policy: Policy, number: int, shift: timedelta) -> object:
    """A ticket that was answered, waited for its client and got another priority."""
    at = _at(number) + shift
    events = [
        Event(at),
        Event(at + HOUR, Act.ANSWER),
        Event(at + 3 * HOUR, status="waiting"),
        Event(at + 30 * HOUR, status="open"),
        Event(at + 31 * HOUR, priority=PRIORITIES[number % 4]),
    ]
    traits = Traits("portal", "incident", PRIORITIES[(number + 1) % 4], "1")
    return next_due(ledger(policy, traits, events, at + 32 * HOUR, ZONES[number // 4 % 4]))


def _at(number: int) -> datetime:
    return START + YEAR * number / TICKETS


def stored() -> Figure:
    """Return what bringing the clocks of one stored ticket up to date costs, on SQLite."""
    walls.open_to_all()
    with tempfile.TemporaryDirectory() as folder:
        databases = Databases(Path(folder))
        made = databases.fresh("sqlite", Path(folder) / "server")
        desk_rows.policy()
        client = a_client()
        site = a_site(client, time_zone=ZONES[0])
        ticket = a_ticket(client, site=site, created_at=START, source="portal")
        opened = json.dumps({"priority": "normal"})
        an_entry(ticket, "opened", at=START, channel="portal", payload=opened)
        for hours in range(1, 5):
            an_entry(ticket, "reply", at=START + hours * HOUR, actor="kim@desk.example")
        settle(ticket, START + 5 * HOUR)
        began = time.process_time()
        for number in range(SETTLED):
            settle(ticket, START + 5 * HOUR + number * SECOND)
        spent = (time.process_time() - began) / SETTLED * 1e6
        databases.drop(made)
        databases.close()
    return Figure("a stored ticket of five entries brought up to date, rows and all", spent, None)


def main() -> int:
    """Print the figures; 1 when a goal was missed."""
    figures = [*measure(), stored()]
    for one in figures:
        goal = "no goal"
        if one.goal is not None:
            verdict = "kept" if one.microseconds <= one.goal else "MISSED"
            goal = f"goal {one.goal:.0f}: {verdict}"
        print(f"{one.name}: {one.microseconds:.1f} µs ({goal})")
    return int(any(one.goal is not None and one.microseconds > one.goal for one in figures))


if __name__ == "__main__":
    sys.exit(main())

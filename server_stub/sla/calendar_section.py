"""The section ``calendars`` of a policy file."""

import re
from datetime import date, timedelta

from server_stub.sla import public_holidays
from server_stub.sla.document import Document, Node, is_word
from server_stub.sla.working_hours import DAY_MINUTES, ROUND_THE_CLOCK, Segments, WorkingHours
from server_stub.sla.zones import ZoneError, zone_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEGMENT = re.compile(r"([0-9]{2}):([0-9]{2})\s*-\s*([0-9]{2}):([0-9]{2})")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_MOST_DAYS_OFF = 400


def read_calendars(document: Document, node: Node) -> dict[str, WorkingHours]:
    """Return the calendars by name; what is wrong with them is noted in the document."""
    calendars = {}
    for name, (key, value) in (document.pairs(node) or {}).items():
        if name == ROUND_THE_CLOCK.name:
            document.problem(
                key, "'clock' is plain time and needs no calendar: choose another name"
            )
        elif not _NAME.fullmatch(name):
            document.problem(key, f"{name!r} is no name: small letters, digits, - and _")
        else:
            calendars[name] = _calendar(document, name, value)
    return calendars


def _calendar(document: Document, name: str, node: Node) -> WorkingHours:
    known = ("zone", "hours", "holidays", "days_off")
    parts = document.members(node, known, ("zone", "hours"))
    told = len(document.problems)
    week = _week(document, parts["hours"]) if "hours" in parts else ((),) * 7
    if "hours" in parts and not any(week) and len(document.problems) == told:
        document.problem(parts["hours"], f"the calendar {name!r} has no working time")
    return WorkingHours(
        name,
        week,
        _zone(document, parts["zone"]) if "zone" in parts else "",
        _holidays(document, parts["holidays"]) if "holidays" in parts else (),
        _days_off(document, parts["days_off"]) if "days_off" in parts else {},
    )


def _zone(document: Document, node: Node) -> str:
    """Return the calendar's own zone, empty for ``site``."""
    text = document.text(node)
    if text is None or text == "site":
        return ""
    try:
        zone_of(text)
    except ZoneError as error:
        document.problem(node, f"{error}, or site for the site's own")
        return ""
    return text


def _week(document: Document, node: Node) -> tuple[Segments, ...]:
    if is_word(node, "always"):
        return ROUND_THE_CLOCK.week
    week: dict[str, Segments] = {}
    for text, (key, value) in (document.pairs(node) or {}).items():
        segments = _segments(document, value)
        for day in _days(document, key, text):
            if day in week:
                document.problem(
                    key, f"{day} has its hours already: write all of a day in one list"
                )
            week[day] = segments
    return tuple(week.get(day, ()) for day in _DAYS)


def _days(document: Document, node: Node, text: str) -> tuple[str, ...]:
    """Return the days of ``mon``, ``mon-fri`` or ``mon, wed``."""
    days: list[str] = []
    for part in text.split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        last = last or first
        if first not in _DAYS or last not in _DAYS or _DAYS.index(first) > _DAYS.index(last):
            document.problem(node, f"{text!r} is no day: write mon, mon-fri or sat, sun")
            return ()
        days += _DAYS[_DAYS.index(first) : _DAYS.index(last) + 1]
    return tuple(days)


def _segments(document: Document, node: Node) -> Segments:
    segments: list[tuple[int, int]] = []
    for item in document.items(node):
        text = document.text(item)
        if text is None:
            continue
        found = _SEGMENT.fullmatch(text)
        hours = [int(part) for part in found.groups()] if found else []
        if not hours or hours[1] > 59 or hours[3] > 59:  # noqa: PLR2004 - minutes
            document.problem(item, f"{text!r} is no span of hours: write 09:00-17:00")
            continue
        start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
        if end > DAY_MINUTES:
            document.problem(item, f"{text!r} is no span of hours: a day ends at 24:00")
        elif start >= end:
            told = "hours over midnight are two spans, the second on the next day"
            document.problem(item, f"{text!r} ends before it starts: {told}")
        elif segments and start < segments[-1][1]:
            document.problem(item, f"{text!r} starts before the span above it ends")
        else:
            segments.append((start, end))
    return tuple(segments)


def _holidays(document: Document, node: Node) -> tuple[tuple[str, str], ...]:
    found = []
    for item in document.items(node):
        parts = document.members(item, ("country", "region"), ("country",))
        country = document.text(parts["country"]) if "country" in parts else None
        region = document.text(parts["region"]) if "region" in parts else ""
        if country is None or region is None:
            continue
        if problem := public_holidays.problem_with(country, region):
            document.problem(parts["region" if region else "country"], problem)
        found.append((country, region))
    return tuple(found)


def _days_off(document: Document, node: Node) -> dict[date, str]:
    """Return the free dates with their names; a key may be a span ``2026-12-27 to 2026-12-31``."""
    days: dict[date, str] = {}
    for text, (key, value) in (document.pairs(node) or {}).items():
        name = document.text(value)
        first, _, last = (part.strip() for part in text.partition(" to "))
        day, until = document.day_of(key, first), document.day_of(key, last or first)
        if name is None or day is None or until is None:
            continue
        if until < day or (until - day).days > _MOST_DAYS_OFF:
            document.problem(key, f"{text!r} is no span of dates: the earlier comes first")
            continue
        while day <= until:
            days[day] = name
            day += timedelta(days=1)
    return days

"""Instants and durations in the words of the pages: pure, ``now`` and the zone are given."""

from datetime import UTC, datetime, timedelta, tzinfo

from server_stub.errors import InvalidError

SOON = timedelta(minutes=30)
"""How long before its due time a clock is marked as pressing."""
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def span(length: timedelta) -> str:
    """Return a duration in its two largest units, rounded down: ``3 h 10 min``, ``2 d 4 h``."""
    length = abs(length)
    if length < _MINUTE:
        return "less than a minute"
    days, rest = divmod(length, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes = rest // _MINUTE
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def relative(instant: datetime, now: datetime) -> str:
    """Return how far ``instant`` is from ``now``: ``in 12 min``, ``just now``, ``3 h ago``."""
    if abs(instant - now) < _MINUTE:
        return "just now"
    return f"in {span(instant - now)}" if instant > now else f"{span(now - instant)} ago"


def due(instant: datetime, now: datetime) -> str:
    """Return a due time as a technician reads it: ``due in 12 min``, ``overdue by 2 h``."""
    if instant > now:
        return f"due in {span(instant - now)}"
    return f"overdue by {span(now - instant)}"


def urgency(instant: datetime | None, now: datetime) -> str:
    """Return how pressing a due time is: ``late``, ``soon`` or nothing."""
    if instant is None:
        return ""
    return "late" if instant <= now else "soon" if instant - now <= SOON else ""


def clock_time(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """Return the local time with as much of the date as tells it from today's.

    ``10:45`` today, ``Mon 24 Nov 10:45`` within half a year, ``24 Nov 2025 10:45`` beyond.
    """
    local, today = instant.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if abs(instant - now) < timedelta(days=180):
        return f"{local:%a} {local.day} {local:%b %H:%M}"
    return f"{local.day} {local:%b %Y %H:%M}"


def utc_time(instant: datetime) -> str:
    """Return the instant in full, in UTC: what the title of every time on a page says."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def typed_moment(text: str, field: str, zone: tzinfo) -> datetime | None:
    """Return what a field for date and time holds, in ``zone`` unless it says; None for nothing.

    Raises InvalidError.
    """
    if not text.strip():
        return None
    try:
        local = datetime.fromisoformat(text.strip()[:40])
        return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidError(field, "write date and time such as 2026-03-02T22:00") from error


def from_label(text: object) -> datetime | None:
    """Return the instant of an RFC 3339 text, None when it is none: devices label as they like."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None

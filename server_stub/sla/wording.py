"""Durations and instants in the plain words of ledgers and worked examples."""

from datetime import datetime, timedelta, tzinfo

from server_stub.sla.working_hours import WEEKDAYS

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_NEAR_DAYS = 6
_LONG_DAYS = 3
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


def length(span: timedelta, *, exact: bool = False) -> str:
    """Return a duration, rounded down: ``1 h 30 min``; ``exact`` shows its seconds too."""
    span = abs(span)
    hours, rest = divmod(span, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    seconds = rest // _SECOND if exact else 0
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    parts += [f"{seconds} s"] if seconds else []
    return " ".join(parts) or ("0 min" if not span or exact else "less than a minute")


def plain(span: timedelta) -> str:
    """Return a duration of clock time: ``48 h``, ``14 days``."""
    days, rest = divmod(span, 24 * _HOUR)
    return f"{days} days" if days >= _LONG_DAYS and not rest else length(span)


def working(span: timedelta, *, plain: bool) -> str:
    """Return a duration that says of which kind it is: ``2 working hours``.

    ``plain``: of clock time, so ``2 hours``.
    """
    span = abs(span)
    hours, rest = divmod(span, _HOUR)
    minutes = rest // _MINUTE
    kind = "" if plain else "working "
    if hours and minutes:
        return f"{length(span)}{'' if plain else ' of working time'}"
    if hours:
        return f"{hours} {kind}hour{'s' if hours > 1 else ''}"
    if minutes:
        return f"{minutes} {kind}minute{'s' if minutes > 1 else ''}"
    return f"less than a {kind}minute"


def moment(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """Return the local time with as much of the date as tells it from others near ``now``.

    ``today 09:30``, ``Monday 09:30`` up to six days away, ``Monday 12 January 09:30`` in the
    same year, with the year otherwise.
    """
    local, today = instant.astimezone(zone), now.astimezone(zone)
    away = abs((local.date() - today.date()).days)
    if not away:
        return f"today {local:%H:%M}"
    if away <= _NEAR_DAYS:
        return f"{WEEKDAYS[local.weekday()]} {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{day(local)}{year} {local:%H:%M}"


def day(local: datetime) -> str:
    """Return a local date as ``Monday 12 January``."""
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"


def stretch(start: datetime, end: datetime, zone: tzinfo) -> str:
    """Return a span of time in full: ``Friday 9 January 15:45 – 17:00``, with seconds if any."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    until = "" if first.date() == last.date() else f"{day(last)} "
    return f"{day(first)} {_time(first)} – {until}{_time(last)}"


def _time(local: datetime) -> str:
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"


def clock_time(minutes: int) -> str:
    """Return minutes of the day as ``09:30``."""
    return f"{minutes // 60:02}:{minutes % 60:02}"

"""When the support desk is open, in one sentence."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tray.known import Desk
from tray.language import _
from tray.wording import day_and_time

_Span = tuple[datetime, datetime]
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD_DAYS = 15
_ALWAYS = timedelta(days=_LOOK_AHEAD_DAYS - 3)


def opening(desk: Desk, now: datetime) -> str:
    """Return whether the desk is open at ``now``, until or from when, and what to do meanwhile.

    Times are shown on the person's clock (``now``'s time zone). Empty when no hours are known.
    """
    if not desk.hours:
        return ""
    zone = _zone(desk.time_zone, now)
    for opens, closes in _joined(sorted(_spans(desk, now.astimezone(zone).replace(tzinfo=None)))):
        begins, ends = opens.replace(tzinfo=zone), closes.replace(tzinfo=zone)
        if begins <= now < ends:
            if ends - now > _ALWAYS:
                return _("open day and night")
            return _("open until {when}").format(when=day_and_time(ends, now))
        if begins > now:
            text = _("closed until {when}").format(when=day_and_time(begins, now))
            return text + (_("; urgent: {what}").format(what=desk.urgent) if desk.urgent else "")
    return ""


def _spans(desk: Desk, today: datetime) -> Iterator[_Span]:
    for hours in desk.hours:
        try:
            opens, closes = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
        except ValueError:
            continue
        for ahead in range(-1, _LOOK_AHEAD_DAYS):
            day = (today + timedelta(days=ahead)).date()
            if _DAYS[day.weekday()] in hours.days and day.isoformat() not in desk.closed:
                until = day if closes > opens else day + timedelta(days=1)
                yield datetime.combine(day, opens), datetime.combine(until, closes)


def _joined(spans: Iterable[_Span]) -> list[_Span]:
    """Return the spans in order, those that touch as one: there is no closing at midnight."""
    joined: list[_Span] = []
    for opens, closes in spans:
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined


def _zone(name: str, now: datetime) -> tzinfo | None:
    try:
        if name.startswith(("+", "-")):
            return datetime.strptime(name, "%z").tzinfo
        return ZoneInfo(name) if name else now.tzinfo
    except (KeyError, ValueError, OSError):  # a computer without time zone tables
        return now.tzinfo

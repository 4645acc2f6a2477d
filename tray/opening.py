"""When the support desk is open, in one sentence."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tray.known import Desk
from tray.language import _
from tray.wording import day_and_time

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD_DAYS = 8


def opening(desk: Desk, now: datetime) -> str:
    """Return whether the desk is open at ``now``, until or from when, and what to do meanwhile.

    Times are shown on the person's clock (``now``'s time zone). Empty when no hours are known.
    """
    if not desk.hours:
        return ""
    zone = _zone(desk.time_zone, now)
    for opens, closes in sorted(_spans(desk, now.astimezone(zone).replace(tzinfo=None))):
        begins, ends = opens.replace(tzinfo=zone), closes.replace(tzinfo=zone)
        if begins <= now < ends:
            return _("open until {when}").format(when=day_and_time(ends, now))
        if begins > now:
            text = _("closed until {when}").format(when=day_and_time(begins, now))
            return text + (_("; urgent: {what}").format(what=desk.urgent) if desk.urgent else "")
    return ""


def _spans(desk: Desk, today: datetime) -> Iterator[tuple[datetime, datetime]]:
    for hours in desk.hours:
        try:
            opens, closes = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
        except ValueError:
            continue
        for ahead in range(-1, _LOOK_AHEAD_DAYS):
            day = (today + timedelta(days=ahead)).date()
            if _DAYS[day.weekday()] in hours.days:
                until = day if closes > opens else day + timedelta(days=1)
                yield datetime.combine(day, opens), datetime.combine(until, closes)


def _zone(name: str, now: datetime) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else now.tzinfo
    except (KeyError, ValueError, OSError):  # a computer without time zone tables
        return now.tzinfo

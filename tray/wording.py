"""Short words for instants, tickets and long titles, in the person's language."""

from datetime import datetime, timedelta

from tray.language import _


def shortened(text: str, most: int) -> str:
    """Return a text in one line of at most ``most`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def status_words(status: str) -> str:
    """Return how a ticket stands, as a person says it."""
    return {
        "new": _("received"),
        "open": _("being worked on"),
        "waiting": _("waiting"),
        "resolved": _("solved"),
        "closed": _("closed"),
    }.get(status, status)


def weekday(day: int) -> str:
    """Return the name of a day of the week, 0 is Monday."""
    return (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )[day]


def day_and_time(at: datetime, now: datetime) -> str:
    """Return an instant as seen from ``now``, in its time zone: “today 17:00”, “Monday 09:00”."""
    here = at.astimezone(now.tzinfo)
    days = (here.date() - now.date()).days
    if days == 0:
        day = _("today")
    elif days == 1:
        day = _("tomorrow")
    elif days == -1:
        day = _("yesterday")
    elif abs(here - now) < timedelta(days=6):
        day = weekday(here.weekday())
    else:
        day = here.date().isoformat()
    return f"{day} {here:%H:%M}"

"""How much time a target is, and how it is said."""

from datetime import datetime, timedelta

from server_stub.sla.calendar import end_of_date
from server_stub.sla.terms import Kind, Policy, Target
from server_stub.sla.wording import length
from server_stub.sla.zones import zone_of


def amount(policy: Policy, target: Target, start: datetime, zone: str = "UTC") -> timedelta | None:
    """Return how much time of its calendar a target is from ``start`` on, at a site in ``zone``.

    None for a date that nobody has set. Raises ZoneError for a zone that does not exist,
    EndlessError for a day that never comes.
    """
    if target.kind is Kind.TIME:
        return target.within
    if target.kind is Kind.END_OF_DAY:
        calendar = policy.calendar(target.calendar, zone)
        return calendar.between(start, calendar.end_of_day(start, target.days))
    if target.kind is Kind.CALENDAR_DAYS:
        return end_of_date(start, zone_of(zone), target.days) - start
    return None


def said(target: Target) -> str:
    """Return a target in words: ``4 h``, ``end of the business day``, ``14 calendar days``."""
    if target.kind is Kind.SET:
        return f"a date set by the {target.set_by}"
    if target.kind is Kind.CALENDAR_DAYS:
        return f"{target.days} calendar day{'s' if target.days != 1 else ''}"
    if target.kind is Kind.END_OF_DAY:
        later = f", {target.days} business day{'s' if target.days > 1 else ''} later"
        return f"end of the business day{later if target.days else ''}"
    aim = f", aimed at {length(target.aim)}" if target.aim else ""
    return f"{length(target.within)}{aim}"

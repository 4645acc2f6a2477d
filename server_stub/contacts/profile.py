"""What the trays of a device tell of the desk, and what their forms ask: made of its policy."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from agent.protocol.words import DeviceKind
from server_stub.sla.terms import Desk, Policy, Tray
from server_stub.sla.working_hours import DAY_MINUTES, WorkingHours

CLOSED_AHEAD = timedelta(days=70)
"""Free days are told so far ahead: a device asks anew when the month changes."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def profile_of(policy: Policy | None, kind: str, zone: str, today: date) -> dict[str, Any]:
    """Return what ``GET device/profile`` tells a device of this kind at a site in ``zone``.

    Hours are those of the calendar that the policy names, in its own zone where it has one;
    a span that ends at midnight ends at ``00:00``. Without a policy nothing is told but what the
    kind of device decides.
    """
    desk = policy.desk if policy else Desk()
    hours = policy.calendars.get(desk.calendar) if policy else None
    icon = desk.tray or (Tray.MENU_ONLY if kind == DeviceKind.SERVER else Tray.ALWAYS)
    return {
        "provider": desk.provider,
        "phone": desk.phone,
        "email": desk.email,
        "urgent": desk.urgent,
        "hours": list(_hours(hours)) if hours else [],
        "closed": list(_closed(hours, today)) if hours else [],
        "time_zone": (hours and hours.zone) or zone,
        "tray": icon.value,
        "quit": desk.quit,
        "shared_accounts": sorted(desk.shared_accounts),
        "questions": {name: [_tree(q._asdict()) for q in asked]
                      for name, asked in desk.questions.items()},
    }  # fmt: skip


def _hours(hours: WorkingHours) -> Iterator[dict[str, Any]]:
    """Yield each span of hours once, with the days of the week it holds on."""
    spans: dict[tuple[int, int], list[str]] = {}
    for day, segments in zip(_DAYS, hours.week, strict=True):
        for span in segments:
            spans.setdefault(span, []).append(day)
    for (start, end), days in spans.items():
        yield {"days": days, "from": _clock(start), "to": _clock(end % DAY_MINUTES)}


def _closed(hours: WorkingHours, today: date) -> Iterator[str]:
    """Yield the free dates to come (and yesterday's, which may last elsewhere)."""
    day = today - timedelta(days=1)
    while day <= today + CLOSED_AHEAD:
        if hours.closed(day):
            yield day.isoformat()
        day += timedelta(days=1)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _tree(question: Mapping[str, Any]) -> dict[str, Any]:
    return {**question, "choices": list(question["choices"]) or None}

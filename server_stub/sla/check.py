"""What a policy promises in practice: contradictions, worked examples, and its calendars.

For ``policy check``: none of this keeps a policy from being used.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise, product

from agent.protocol.words import Priority, Source
from server_stub.sla.calendar import WEEKDAYS, WorkingHours
from server_stub.sla.document import Problem
from server_stub.sla.targets import CONDITIONS
from server_stub.sla.terms import ClockName, Policy, Row, Traits
from server_stub.sla.wording import MONTHS, length, moment
from server_stub.sla.zones import zone_of

_CLOSED = {"source": tuple(Source), "priority": tuple(Priority)}
_RAISED = ((4, time(15, 45)), (5, time(10)))
"""Friday afternoon and Saturday morning: where working time surprises most."""


def contradictions(policy: Policy) -> list[Problem]:
    """Return what is unwise in a sound policy, each with its place."""
    found = [*_uncovered(policy), *_unreached(policy), *_unordered(policy), *_unused(policy)]
    return sorted(found)


def examples(policy: Policy, zone: str = "UTC") -> list[str]:
    """Return a worked example or two for each row of targets, for a site in ``zone``.

    Such as ``An urgent fault raised Saturday 10:00 is due: response Monday 09:30, resolution
    Monday 13:00 (row 5).`` The week is the first whole one after the policy's release.
    """
    monday = policy.release_date + timedelta(days=7 - policy.release_date.weekday())
    kinds = sorted(_universe(policy), key=lambda traits: traits.source == Source.MONITOR)
    lines = []
    for row in policy.rows:
        traits = next((t for t in kinds if policy.row(t) is row), None)
        for days, at in _RAISED if traits else ():
            raised = datetime.combine(monday + timedelta(days=days), at, zone_of(zone))
            lines.append(_example(policy, row, traits or Traits(), raised, zone))
    return lines


def calendars(policy: Policy, year: int) -> list[str]:
    """Return each calendar in words, with the free days of one year."""
    return [_calendar(hours, year) for hours in policy.calendars.values()]


def desk(policy: Policy) -> list[str]:
    """Return what trays tell and ask by this policy."""
    told = policy.desk
    reached = ", ".join(filter(None, (told.provider, told.phone, told.email)))
    hours = f"open by the calendar {told.calendar}" if told.calendar else "no hours are told"
    shared = ", ".join(sorted(told.shared_accounts)) or "none"
    asked = [f"{kind} {len(questions)}" for kind, questions in told.questions.items()]
    return [
        f"reached at: {reached or 'nothing is told'}; {hours}; urgent: {told.urgent or 'nothing'}",
        f"icon: {told.tray or 'always, on servers menu_only'}; accounts that are shared: {shared}",
        "priority: " + ", ".join(f"{urgency} {word}" for urgency, word in told.priorities.items()),
        f"questions: {', '.join(asked) or 'those of the tray itself'}",
    ]


def _universe(policy: Policy) -> list[Traits]:
    """Return every kind of ticket that the policy's rows can tell apart."""
    words: dict[str, tuple[str, ...]] = dict(_CLOSED)
    for row in policy.rows:
        for name, named in row.when.items():
            if name not in _CLOSED:
                words[name] = tuple(dict.fromkeys((*words.get(name, ("",)), *named)))
    return [
        Traits()._replace(**dict(zip(words, chosen, strict=True)))  # type: ignore[arg-type]
        for chosen in product(*words.values())
    ]


def _uncovered(policy: Policy) -> Iterator[Problem]:
    left = [traits for traits in _universe(policy) if policy.row(traits) is None]
    if left and policy.rows:
        said = ", ".join(f"{n} {w}" for n, w in left[0]._asdict().items() if w and n in CONDITIONS)
        others = f" (and {len(left) - 1} kinds more)" if len(left) > 1 else ""
        told = f"no row is for tickets with {said}{others}: nothing is promised for them"
        yield Problem(policy.rows[-1].line, policy.rows[-1].column, told)


def _unreached(policy: Policy) -> Iterator[Problem]:
    reached = {row.number for traits in _universe(policy) if (row := policy.row(traits))}
    for row in policy.rows:
        if row.number not in reached:
            yield Problem(row.line, row.column, f"{row} is never used: rows above it match first")


def _unordered(policy: Policy) -> Iterator[Problem]:
    """Yield rows that promise a more pressing ticket more slowly, or an end before an answer."""
    told = set()
    for one in _universe(policy):
        rows = [policy.row(one._replace(priority=word)) for word in Priority]
        for (word, row), (less, slower) in pairwise(zip(Priority, rows, strict=True)):
            for clock in ClockName:
                fast = row.targets.get(clock) if row else None
                slow = slower.targets.get(clock) if slower else None
                if not (row and fast and slow and fast.calendar == slow.calendar):
                    continue
                if fast.within > slow.within and (row.number, clock) not in told:
                    told.add((row.number, clock))
                    said = f"{row}: {word} has a longer {clock} than {less}"
                    yield Problem(row.line, row.column, said)
    for row in policy.rows:
        answer = row.targets.get(ClockName.RESPONSE)
        end = row.targets.get(ClockName.RESOLUTION)
        if answer and end and answer.calendar == end.calendar and end.within < answer.within:
            yield Problem(row.line, row.column, f"{row} promises the end before the first answer")


def _unused(policy: Policy) -> Iterator[Problem]:
    used = {target.calendar for row in policy.rows for target in row.targets.values()}
    if len(policy.calendars) > 1:  # the only one is the desk's without being asked for
        used.add(policy.desk.calendar)
    for name in policy.calendars:
        if name not in used:
            yield Problem(1, 1, f"nothing uses the calendar {name!r}")


def _example(policy: Policy, row: Row, traits: Traits, raised: datetime, zone: str) -> str:
    what = "alert" if traits.source == Source.MONITOR else traits.type or "fault"
    article = "An" if traits.priority[0] in "aeiou" else "A"
    when = f"{WEEKDAYS[raised.weekday()]} {raised:%H:%M}"
    promised = [
        f"{clock} {_due(policy.calendar(target.calendar, zone).add(raised, target.within), raised)}"
        for clock, target in row.targets.items()
    ]
    due = f"is due: {', '.join(promised)}" if promised else "is promised nothing"
    return f"{article} {traits.priority} {what} raised {when} {due} (row {row.number})."


def _due(due: datetime, raised: datetime) -> str:
    local = due.astimezone(raised.tzinfo)
    if local.date() == raised.date():
        return f"{WEEKDAYS[local.weekday()]} {local:%H:%M}"
    return moment(due, raised, raised.tzinfo or zone_of("UTC"))


def _calendar(hours: WorkingHours, year: int) -> str:
    days = [
        f"{name} {', '.join(f'{_clock(start)}–{_clock(end)}' for start, end in segments)}"
        for name, segments in zip(WEEKDAYS, hours.week, strict=True)
        if segments
    ]
    week = "round the clock" if hours.is_always else "; ".join(days)
    first = date(year, 1, 1)
    dates = (
        first + timedelta(days=n)
        for n in range(date(year + 1, 1, 1).toordinal() - first.toordinal())
    )
    free = [f"{d.day} {MONTHS[d.month - 1]} {name}" for d in dates if (name := hours.closed(d))]
    where = hours.zone or "the site's time zone"
    day = f" (a day is {length(hours.day_length)})" if hours.day_length else ""
    return f"{hours.name}: {week}{day}, in {where}; free in {year}: {', '.join(free) or 'no day'}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"

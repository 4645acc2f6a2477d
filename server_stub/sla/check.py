"""What a policy promises in practice: worked examples, its calendars, what people see.

For ``policy check``: none of this keeps a policy from being used.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from agent.protocol.words import Source
from server_stub.sla.contradictions import universe
from server_stub.sla.promise import amount, said
from server_stub.sla.terms import (
    USUAL_TYPES,
    ClockName,
    Kind,
    Policy,
    Row,
    Stage,
    Starts,
    Target,
    Traits,
)
from server_stub.sla.wording import MONTHS, clock_time, length, moment, plain
from server_stub.sla.working_hours import WEEKDAYS, WorkingHours
from server_stub.sla.zones import zone_of

_RAISED = ((4, time(15, 45)), (5, time(10)))
"""Friday afternoon and Saturday morning: where working time surprises most."""


def examples(policy: Policy, zone: str = "UTC") -> list[str]:
    """Return a worked example or two for each row of targets, for a site in ``zone``.

    Such as ``An urgent fault raised Saturday 10:00 is due: response Monday 09:30, resolution
    Monday 13:00 (row 5).`` The week is the first whole one after the policy's release.
    """
    monday = policy.release_date + timedelta(days=7 - policy.release_date.weekday())
    moments = [
        datetime.combine(monday + timedelta(days=days), at, zone_of(zone)) for days, at in _RAISED
    ]
    lines: dict[int, list[str]] = {row.number: [] for row in policy.rows}
    for raised in moments:
        for row, traits in _first_of_each(policy, raised, zone).items():
            lines[row].append(_example(policy, policy.rows[row - 1], traits, raised, zone))
    return [line for number in lines for line in lines[number]]


def assumptions(policy: Policy) -> list[str]:
    """Return what the written procedure leaves open and the policy decides."""
    return list(policy.ours) or ["nothing is said of what the written text leaves open"]


def stages(policy: Policy) -> list[str]:
    """Return each stage: what it is, what it does to the clocks, what may follow."""
    return [_stage(stage) for stage in policy.stages.values()]


def _stage(stage: Stage) -> str:
    by_mode: dict[str, list[str]] = {}
    for clock, mode in stage.modes.items():
        by_mode.setdefault(mode.value, []).append(clock)
    does = "; ".join(
        f"{mode}: {'every clock' if len(clocks) == len(stage.modes) else ', '.join(clocks)}"
        for mode, clocks in by_mode.items()
    )
    within = "" if stage.name == stage.status else f" ({stage.status})"
    moves = f"; then {', '.join(stage.moves)}" if stage.moves else ""
    reason = "; with a reason" if stage.reason else ""
    reason += "; after the checklist" if stage.checklist else ""
    return f"{stage.title}{within}: {does}{moves}{reason}"


def duties(policy: Policy) -> list[str]:
    """Return the duties beside the clocks, and the goals."""
    told = policy.procedure
    said_of = {
        "acknowledged by mail": told.acknowledge,
        "closed after": told.auto_close_after and f"{plain(told.auto_close_after)} without reply",
        "a reply reopens within": told.reopen_within and plain(told.reopen_within),
        "first line's guide (a hint)": told.first_line_guide and length(told.first_line_guide),
        "every escalation is told": told.tell_escalation,
        "escalation is asked of": told.escalation_role,
        "survey": told.survey,
        "what is resolved is told to the client": told.final_update,
        "what nobody can help": told.delayed and policy.stages[told.delayed].title,
        "signed off by the client at": told.sign_off and policy.stages[told.sign_off].title,
        "a temporary fix does not resolve": not told.temporary_resolves,
        "checklist": "; ".join(told.checklist),
        "first contact by": told.first_contact and policy.levels[told.first_contact].name,
    }
    lines = [name if word is True else f"{name}: {word}" for name, word in said_of.items() if word]
    if rule := told.contact:
        ways = ", ".join(rule.ways)
        lines.append(
            f"a client who does not answer: {rule.attempts} attempts by {rule.methods} methods "
            f"({ways}) over {rule.days} days, then a review"
        )
    lines += [
        _told(f"at {one.share_percent} % of {_clocks(one.clocks)}", one.tell, one.calendar)
        for one in told.warnings
    ]
    if told.breach:
        late = f"when {_clocks(told.breach.clocks)} is late"
        lines.append(_told(late, told.breach.tell, told.breach.calendar))
        lines += [f"{late}: a level up"] if told.breach.escalate else []
    goals = (
        f"{goal.share_percent} % of {goal.title}: {said(goal.target)}" for goal in policy.goals
    )
    return [*lines, *(f"goal: {told}" for told in goals)]


def _clocks(names: Sequence[str]) -> str:
    return "any clock" if len(names) in {0, len(ClockName)} else " or ".join(names)


def _told(when: str, who: Sequence[str], calendar: str) -> str:
    hours = f", in the hours of {calendar}" if calendar else ""
    return f"{when}: {', '.join(who)} told{hours}"


def _first_of_each(policy: Policy, raised: datetime, zone: str) -> dict[int, Traits]:
    """Return a kind of ticket for each row that one raised at this moment can come to."""
    found: dict[int, Traits] = {}
    kinds = {traits._replace(open=frozenset()): None for traits in universe(policy)}
    for traits in sorted(kinds, key=lambda each: each.source == Source.MONITOR):
        row = policy.row(policy.traits(traits, raised, zone))
        if row is not None:
            found.setdefault(row.number, traits)
    return found


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


def _example(policy: Policy, row: Row, traits: Traits, raised: datetime, zone: str) -> str:
    usual = "fault" if policy.types is USUAL_TYPES else policy.usual_type
    kind = (traits.type or usual).replace("_", " ")
    what = "alert" if traits.source == Source.MONITOR else kind
    article = "An" if traits.priority[0] in "aeiou" else "A"
    when = f"{WEEKDAYS[raised.weekday()]} {raised:%H:%M}"
    what += _besides(policy, row, traits)
    promised = [
        f"{clock} {_promised(policy, target, raised, zone)}"
        for clock, target in row.targets.items()
    ]
    due = f"is due: {', '.join(promised)}" if promised else "is promised nothing"
    return f"{article} {traits.priority} {what} raised {when} {due} (row {row.number})."


def _besides(policy: Policy, row: Row, traits: Traits) -> str:
    """Return what else makes a ticket one of the row: ``at Level 2``, ``under premium``."""
    said = {
        "level": f" at {policy.levels[traits.level].name}" if traits.level in policy.levels else "",
        "agreement": f" under {traits.agreement}",
        "importance": f" that is {traits.importance}",
        "channel": f" by {traits.channel}",
    }
    return "".join(words for name, words in said.items() if name in row.when)


def _promised(policy: Policy, target: Target, raised: datetime, zone: str) -> str:
    if target.kind is Kind.SET:
        return f"on {said(target)}"
    if target.starts is Starts.ANSWERED:
        return f"every {said(target)} once answered"
    calendar = policy.calendar(target.calendar, zone)
    within = amount(policy, target, raised, zone) or timedelta()
    aim = f", aimed at {_due(calendar.add(raised, target.aim), raised)}" if target.aim else ""
    return f"{_due(calendar.add(raised, within), raised)}{aim}"


def _due(due: datetime, raised: datetime) -> str:
    local = due.astimezone(raised.tzinfo)
    if local.date() == raised.date():
        return f"{WEEKDAYS[local.weekday()]} {local:%H:%M}"
    return moment(due, raised, raised.tzinfo or zone_of("UTC"))


def _calendar(hours: WorkingHours, year: int) -> str:
    days = [
        f"{name} {', '.join(f'{clock_time(start)}–{clock_time(end)}' for start, end in segments)}"
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

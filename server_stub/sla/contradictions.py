"""What is unwise in a sound policy, or contradicts itself; ``staffing`` looks at the hours.

None of this keeps a policy from being used.
"""

import re
from collections.abc import Iterator
from itertools import chain, combinations, pairwise, product

from agent.protocol.words import Priority, Source, Status
from server_stub.sla.document import Problem
from server_stub.sla.promise import said
from server_stub.sla.staffing import hours_problems
from server_stub.sla.targets import CONDITIONS, matches
from server_stub.sla.terms import ClockName, Kind, Policy, Statement, Target, Traits

_CLOSED = {"source": tuple(Source), "priority": tuple(Priority)}
_HOURS = ("during", "outside")
_WORD = re.compile(r"[a-z]{6,}")
"""Words long enough to be the name of something."""
_NO_SUBJECT = frozenset({"products", "services", "issues"})


def contradictions(policy: Policy) -> list[Problem]:
    """Return what is unwise in a sound policy, each with its place."""
    found = chain(
        *(_uncovered(policy), _unreached(policy), _unordered(policy), _unused(policy)),
        *(_stated(policy), _slips(policy), _scopes(policy), _dead_ends(policy)),
        hours_problems(policy),
    )
    return sorted(found)


def universe(policy: Policy) -> list[Traits]:
    """Return every kind of ticket that the policy's rows and statements can tell apart."""
    words: dict[str, tuple[str, ...]] = dict(_CLOSED)
    if policy.levels:
        words["level"] = tuple(policy.levels)
    for when in (*(row.when for row in policy.rows), *(one.when for one in policy.stated)):
        for name, named in when.items():
            if name not in _CLOSED and name not in _HOURS:
                some = words.get(name, ("",))
                words[name] = tuple(dict.fromkeys((*some, *named)))
    names = sorted(policy.asked_hours)
    sets = chain.from_iterable(combinations(names, n) for n in range(len(names) + 1))
    opened = [frozenset(some) for some in sets]
    return [
        Traits(open=hours)._replace(**dict(zip(words, chosen, strict=True)))  # type: ignore[arg-type]
        for chosen in product(*words.values())
        for hours in opened
    ]


def _uncovered(policy: Policy) -> Iterator[Problem]:
    left = [traits for traits in universe(policy) if policy.row(traits) is None]
    if left and policy.rows:
        told = left[0]._asdict().items()
        kind = ", ".join(f"{n} {w}" for n, w in told if w and n in CONDITIONS)
        others = f" (and {len(left) - 1} kinds more)" if len(left) > 1 else ""
        told_so = f"no row is for tickets with {kind}{others}: nothing is promised for them"
        yield Problem(policy.rows[-1].line, policy.rows[-1].column, told_so)


def _unreached(policy: Policy) -> Iterator[Problem]:
    reached = {row.number for traits in universe(policy) if (row := policy.row(traits))}
    for row in policy.rows:
        if row.number not in reached:
            yield Problem(row.line, row.column, f"{row} is never used: rows above it match first")


def _unordered(policy: Policy) -> Iterator[Problem]:
    """Yield rows that promise a more pressing ticket more slowly, or an end before an answer."""
    told = set()
    for one in universe(policy):
        rows = [policy.row(one._replace(priority=word)) for word in Priority]
        for (word, row), (less, slower) in pairwise(zip(Priority, rows, strict=True)):
            for clock in ClockName:
                fast = row.targets.get(clock) if row else None
                slow = slower.targets.get(clock) if slower else None
                if not (row and fast and slow and fast.calendar == slow.calendar):
                    continue
                both_times = fast.kind is slow.kind is Kind.TIME
                if both_times and fast.within > slow.within and (row.number, clock) not in told:
                    told.add((row.number, clock))
                    text = f"{row}: {word} has a longer {clock} than {less}"
                    yield Problem(row.line, row.column, text)
    for row in policy.rows:
        answer = row.targets.get(ClockName.RESPONSE)
        end = row.targets.get(ClockName.RESOLUTION)
        if not (answer and end and answer.calendar == end.calendar):
            continue
        if answer.kind is end.kind is Kind.TIME and end.within < answer.within:
            yield Problem(row.line, row.column, f"{row} promises the end before the first answer")


def _unused(policy: Policy) -> Iterator[Problem]:
    used = {target.calendar for row in policy.rows for target in row.targets.values()}
    used |= {level.calendar for level in policy.levels.values()} | policy.asked_hours
    used |= {warning.calendar for warning in policy.procedure.warnings}
    used |= set(policy.channels.values())
    if len(policy.calendars) > 1:  # the only one is the desk's without being asked for
        used.add(policy.desk.calendar)
    for name in policy.calendars:
        if name not in used:
            yield Problem(1, 1, f"nothing uses the calendar {name!r}")


def _stated(policy: Policy) -> Iterator[Problem]:
    """Yield what the written text says elsewhere, where that is not what the table promises."""
    kinds = universe(policy)
    for one in policy.stated:
        where = f"statement {one.number} (“{one.says}”)"
        if one.gap:
            yield Problem(one.line, one.column, f"{where}: {one.gap}")
        if one.target is None:
            continue
        rows = {
            row.number: row
            for traits in kinds
            if matches(one.when, traits) and (row := policy.row(traits))
        }
        others = [
            f"{row} {_promise(row.targets.get(one.clock))}"
            for _, row in sorted(rows.items())
            if not _is_same(row.targets.get(one.clock), one.target)
        ]
        if others:
            told = f"{where} promises {one.clock} {_promise(one.target)}; {', '.join(others)}"
            yield Problem(one.line, one.column, told)


def _is_same(ours: Target | None, other: Target) -> bool:
    if ours is None:
        return False
    kept = (ours.kind, ours.within, ours.calendar, ours.days)
    return kept == (other.kind, other.within, other.calendar, other.days)


def _promise(target: Target | None) -> str:
    return f"{said(target)} of {target.calendar}" if target else "nothing"


def _slips(policy: Policy) -> Iterator[Problem]:
    """Yield statements that name another level than the one they are about."""
    for one in policy.stated:
        about = [policy.levels[key] for key in one.when.get("level", ()) if key in policy.levels]
        for level in policy.levels.values() if about else ():
            if level not in about and _names(one, level.name):
                told = f"statement {one.number} says {level.name}, but it is about {about[0].name}"
                yield Problem(one.line, one.column, told)


def _names(one: Statement, name: str) -> bool:
    """Tell whether a statement names a level otherwise than as one to be consulted."""
    text = one.says.casefold().replace(f"consulting {name}".casefold(), "")
    return name.casefold() in text


def _scopes(policy: Policy) -> Iterator[Problem]:
    """Yield subjects that two kinds of scope claim."""
    for (first, text), (second, other) in combinations(policy.reasons.get("scope", {}).items(), 2):
        both = set(_WORD.findall(text.casefold())) & set(_WORD.findall(other.casefold()))
        for word in sorted(both - _NO_SUBJECT):
            told = f"the scopes {first} and {second} both speak of {word!r}: which is it?"
            yield Problem(*policy.places.get("reasons", (1, 1)), told)


def _dead_ends(policy: Policy) -> Iterator[Problem]:
    """Yield stages from which no moves lead to the end."""
    leads = {name for name, stage in policy.stages.items() if stage.status is Status.CLOSED}
    grown = True
    while grown:
        more = {
            name
            for name, stage in policy.stages.items()
            if name not in leads and (not stage.moves or leads & set(stage.moves))
        }
        grown = bool(more)
        leads |= more
    for name, stage in policy.stages.items():
        if name not in leads:
            told = f"a ticket that is {stage.title} can never be closed: its moves lead nowhere"
            yield Problem(*policy.places.get("statuses", (1, 1)), told)

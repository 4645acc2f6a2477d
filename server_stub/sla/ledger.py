"""What each clock of a ticket shows and why: computed from the timeline, never counted.

A ledger is a pure function of the ticket's events, the policy and ``now``. The rules:

1. A clock counts while the ticket's stage lets it run **and** the calendar has working time.
2. A change of priority, type, level, agreement, importance or policy makes another promise from
   then on: what was counted stays counted, as it was counted then, pauses included; only the
   target and the calendar of the time to come are new. A promise cannot have been broken before
   it was made: when the new target is used up already, it is due at the change.
3. A response or review clock stops for good at the first act that its target accepts; any clock
   stops while the stage says so and goes on when the ticket is reopened. A stopped clock keeps
   the promise under which it stopped. Where the policy under which a resolution clock stopped
   says so, a reopening counts the time between as if nothing had been resolved.
4. It is due at the first instant at which the target is used up; work at that very instant is
   in time. Once passed, a due time stays where it is, whatever the stage does.
5. ``breached_at`` is the first due time that passed, kept when a later promise is wider.
6. A progress clock begins anew whenever the client was told how it stands, a dwell clock when
   the ticket comes to another level or, where the target says so, by a recorded consultation.
   Each of these rounds has its own count; what was late stays recorded.
7. A target by a day or by a date is so much time of its calendar from the beginning of the
   round (a date set by a person: from when it was set); pauses move it like any other. Whether a
   ticket was opened in hours is judged once, at its opening.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from agent.protocol.words import Status
from server_stub.sla.account import ClockLedger
from server_stub.sla.count import Broken, Count
from server_stub.sla.events import Act, Event, Stretch
from server_stub.sla.spans import Interval, State
from server_stub.sla.terms import ClockName, Policy, Traits

__all__ = [
    "Act",
    "Broken",
    "ClockLedger",
    "Event",
    "Interval",
    "State",
    "broken_promises",
    "ledger",
]

_NAMES = tuple(ClockName)


def ledger(
    policy: Policy, opened: Traits, events: Iterable[Event], now: datetime, zone: str = "UTC"
) -> list[ClockLedger]:
    """Return the account of each clock of a ticket at ``now``.

    ``opened`` is what the ticket was when it was opened, ``events`` its timeline in the order
    written (later ones than ``now`` are left out), ``zone`` its site's time zone. Clocks for
    which the ticket has no target are left out. Raises ZoneError for a zone that does not exist.
    """
    accounts = (_account(count, now) for count in _counts(policy, opened, events, now, zone))
    return [account for account in accounts if account]


def broken_promises(
    policy: Policy, opened: Traits, events: Iterable[Event], now: datetime, zone: str = "UTC"
) -> list[Broken]:
    """Return every promise that was not kept until ``now``, also of what is promised no more.

    Takes what ``ledger`` takes.
    """
    counts = _counts(policy, opened, events, now, zone)
    return [one for count in counts for one in count.broken]


def _counts(
    policy: Policy, opened: Traits, events: Iterable[Event], now: datetime, zone: str
) -> Iterator[Count]:
    """Yield each clock that was ever promised, after all that was told."""
    known = sorted((event for event in events if event.at <= now), key=lambda event: event.at)
    stretches = list(_stretches(policy, opened, known, now, zone))
    promised = {name for piece in stretches if piece.row for name in piece.row.targets}
    for name in _NAMES:
        if name in promised:
            yield _counted(name, stretches, zone)


def _stretches(
    policy: Policy, traits: Traits, events: list[Event], now: datetime, zone: str
) -> Iterator[Stretch]:
    status: str = Status.NEW
    name: str = Status.NEW
    dates: Mapping[str, datetime] = {}
    if events:
        traits = policy.traits(traits, events[0].at, zone)
    row = policy.row(traits)
    stage = policy.stage(name, status)
    for number, event in enumerate(events, 1):
        if event.promises_anew:
            policy = event.policy or policy
            traits = _changed(traits, event)
            if event.policy:
                traits = policy.traits(traits, events[0].at, zone)
            row = policy.row(traits)
        if event.status or event.stage:
            known = policy.stages.get(event.stage)
            status = event.status or (known.status if known else status)
            name = event.stage or event.status
        if event.status or event.stage or event.policy:
            stage = policy.stage(name, status)
        if event.date:
            dates = {**dates, event.date[0]: event.date[1]}
        end = events[number].at if number < len(events) else now
        yield Stretch(event.at, end, event.act, stage, row, policy, traits.level, dates, {})


def _changed(traits: Traits, event: Event) -> Traits:
    return traits._replace(
        priority=event.priority or traits.priority,
        type=event.type or traits.type,
        level=event.level or traits.level,
        agreement=event.agreement or traits.agreement,
        importance=event.importance or traits.importance,
    )


def _counted(name: ClockName, stretches: list[Stretch], zone: str) -> Count:
    opened_at = stretches[0].start
    count = Count(name, zone, opened_at, opened_at, opened_at, level=stretches[0].level)
    for piece in stretches:
        if not count.take(piece):
            break
    return count


def _account(count: Count, now: datetime) -> ClockLedger | None:
    """Return the account of one clock; None when nothing is promised any more."""
    if not (count.target and count.row and count.policy):
        return None
    end = count.stopped_at or now
    spans = [span for span in count.spans if span.start < end]
    if spans and spans[-1].end > end:
        spans[-1] = spans[-1]._replace(end=end)
    return ClockLedger(
        name=count.name,
        at=now,
        zone=count.zone,
        target=count.target,
        within=count.within,
        row=count.row,
        policy=count.policy,
        calendar=count.policy.calendar(count.target.calendar, count.zone),
        state=count.state(),
        stage=count.stage,
        since=count.since,
        started_at=count.opened_at,
        began_at=count.began_at,
        round=count.round,
        stopped_at=count.stopped_at,
        due_at=count.due(),
        breached_at=count.breached_at,
        broken=tuple(count.broken),
        is_late=count.is_late,
        elapsed=count.elapsed,
        spans=tuple(spans),
    )

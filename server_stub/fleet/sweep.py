"""One look over the fleet, in one transaction: who is back, who is missing, what is told.

0. after a time in which the server stood still, silence counts anew; what was written with a
   clock that ran ahead counts as of now
1. devices that are new are watched, those that took a last word back looked at
2. who was missing and is heard again is released, and its ticket resolved
3. who is due is looked at: heard, away by its own word, or missing
4. devices of one site that fell missing together become an outage, or join it
5. who is silent for longer than its kind may be is told, unless maintenance or an outage holds
   it back, or it is us who hear nobody
6. what maintenance held back and still holds is told once the window is over

A sweep of a fleet in which all is well reads and writes the watches that are due: each device is
looked at about every ten minutes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.protocol.ids import uuid7
from server_stub.clients.models import Device
from server_stub.fleet import alerts, hearing, held, outages, watching
from server_stub.fleet.future import pull_back
from server_stub.fleet.release import release
from server_stub.fleet.watching import LATEST_LOOK, Seen, Terms
from server_stub.quiet.active import Quiet, read

SWEEP_EVERY = timedelta(seconds=30)
_NO_TAIL = timedelta(0)
_USUAL_MISSED = timedelta(minutes=12)
_QUIET_EVERY = timedelta(minutes=1)
_LATE = timedelta(seconds=30)
"""A heartbeat is written so long after it came."""


@dataclass(slots=True)
class Sweep:
    """What one sweep knows and did; ``looks`` are the watches to be written."""

    now: datetime
    quiet: Quiet
    counts_from: datetime
    terms: Terms = field(default_factory=Terms)
    looks: dict[str, tuple[Seen, datetime]] = field(default_factory=dict)
    back: int = 0
    missing: int = 0
    told: int = 0
    held: int = 0
    released: int = 0

    def look(self, one: Seen, at: datetime) -> None:
        """Let a device be looked at again at an instant, not later than in an hour."""
        self.looks[one.id] = (one, min(at, self.now + LATEST_LOOK))


def sweep(now: datetime) -> Sweep:
    """Look over the fleet, within the caller's transaction, whose thread sees all clients."""
    heard = hearing.begin(now)
    one = Sweep(now, read(now), heard.counts_from)
    pull_back(now)
    watching.watch_new(now)
    watching.wake(now, heard.before - _LATE)
    _release(one)
    outages.end(now, one.terms)
    gone = _look(one)
    if gone and hearing.nobody_is_heard(now):
        for seen in gone:
            one.look(seen, now + _QUIET_EVERY)
    else:
        _tell(one, outages.gather(now, one.terms, one.quiet, gone), gone)
    watching.write(list(one.looks.values()))
    one.released = release(now, one.quiet)
    return one


def _release(one: Sweep) -> None:
    """Take note of who is heard again."""
    back = watching.returned()
    if not back:
        return
    one.back = len(back)
    whole = _whole(seen.id for seen in back if seen.alert_id)
    alerts.tell(
        [
            (seen.id, alerts.resolved(whole[seen.id], seen.alert_id, seen.missing_since))
            for seen in back
            if seen.alert_id and seen.missing_since
        ],
        one.now,
    )
    held.gone([seen.id for seen in back], one.now)
    outages.release(back, one.now)
    fresh = [
        seen._replace(missing_since=None, counts_from=None, alert_id="", alone=False)
        for seen in back
    ]
    watching.write([(seen, one.now) for seen in fresh])


def _look(one: Sweep) -> list[Seen]:
    """Return the devices that are due and missing; all others are put off."""
    missing = []
    for seen in watching.due(one.now):
        outage = one.terms.of(seen.policy).outage
        missed_after = outage.missed_after if outage else _USUAL_MISSED
        since, sight = seen.missing_since, seen.sight
        if since is None and not sight.is_missing(one.now, missed_after, one.counts_from):
            heard_at = max(seen.last_seen_at, one.counts_from)
            one.look(seen, one.now + LATEST_LOOK if sight.is_away else heard_at + missed_after)
        else:
            one.missing += since is None
            missing.append(_missing(one, seen))
    watching.write([(seen, one.now) for seen in missing])
    return missing


def _missing(one: Sweep, seen: Seen) -> Seen:
    """Return a missing device with the instant from which its silence counts with others'.

    Who falls silent in maintenance, or while nobody listened, counts from the end of that.
    """
    is_quiet = one.quiet.window(seen.client, seen.site, seen.id, one.now, _NO_TAIL) is not None
    counts_from = seen.counts_from
    if seen.missing_since is None and seen.last_seen_at < one.counts_from:
        counts_from = one.counts_from
    if is_quiet and (seen.missing_since is None or counts_from is not None):
        counts_from = one.now
    return seen._replace(
        missing_since=seen.missing_since or seen.last_seen_at, counts_from=counts_from
    )


def _tell(one: Sweep, found: outages.Gathered, gone: Sequence[Seen]) -> None:
    """Tell who is silent for too long; put the others off."""
    silent = []
    for seen in gone:
        grace = one.terms.of(seen.policy).silent_after.get(seen.known_kind)
        since = max(seen.missing_since or seen.last_seen_at, one.counts_from)
        if seen.alert_id or grace is None:
            one.look(seen, one.now + LATEST_LOOK)
        elif one.now < since + grace:
            counts = seen.counts_from == one.now  # in maintenance, whose end is to be seen
            one.look(seen, one.now + _QUIET_EVERY if counts else since + grace)
        elif seen.site in found.forming and not seen.alone:
            one.look(seen, one.now + SWEEP_EVERY)
        else:
            silent.append((seen, grace))
    if silent:
        _tell_or_hold(one, found, silent)


def _tell_or_hold(
    one: Sweep, found: outages.Gathered, silent: Sequence[tuple[Seen, timedelta]]
) -> None:
    """Open the tickets of silences, but for what an outage or maintenance holds back."""
    events, rows = [], []
    whole = _whole(seen.id for seen, _ in silent)
    for seen, grace in silent:
        since = seen.missing_since or seen.last_seen_at
        marked = seen._replace(alert_id=uuid7())
        priority = one.terms.of(seen.policy).silent_priority[seen.known_kind]
        event = alerts.opened(
            alerts.Silence(
                whole[seen.id], marked.alert_id, since, grace, priority, seen.sight.last_word
            )
        )
        parent = found.parents.get(seen.id)
        window = one.quiet.window(seen.client, seen.site, seen.id, one.now, _NO_TAIL)
        if parent or window:
            rows.append(held.row(seen, event, parent, window, one.now))
            one.look(seen, one.now + (LATEST_LOOK if parent else SWEEP_EVERY * 2))
        else:
            events.append((seen.id, event))
            one.look(marked, one.now + LATEST_LOOK)
    held.hold(rows)
    one.held += len(rows)
    numbers = alerts.tell(events, one.now)
    held.opened(numbers, one.now)
    one.told += len(numbers)


def _whole(ids: Iterable[str]) -> dict[str, Device]:
    """Return devices with their heartbeats."""
    rows = Device.objects.filter(id__in=sorted(ids)).defer("facts")
    return {row.id: row for row in rows}

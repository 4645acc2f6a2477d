"""Outages of sites: begun, joined, and left one by one as devices are heard again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db.models import Max

from agent.protocol.words import Status
from server_stub.clients.models import Site
from server_stub.fleet import watching
from server_stub.fleet.judgement import is_outage, is_over, may_become_outage, together
from server_stub.fleet.models import Member, Outage, Watch
from server_stub.fleet.parents import link, listed, open_parent, resolve_parent, rise, tell
from server_stub.fleet.watching import Seen, Terms
from server_stub.quiet.active import Quiet
from server_stub.quiet.models import SILENT
from server_stub.sla.monitor_terms import OutageTerms
from server_stub.tickets.models import EntryKind, Ticket

_LOOK_BACK = timedelta(minutes=10)
"""Who fell missing with an outage is found within so much more than its own time."""
_NO_TAIL = timedelta(0)


@dataclass(slots=True)
class Gathered:
    """What is known after outages were looked for.

    ``parents``: the ticket that tells of a device with others, by device. ``forming``: sites
    where more may fall missing, so that nobody is told alone yet.
    """

    parents: dict[str, int] = field(default_factory=dict)
    forming: set[int] = field(default_factory=set)


def gather(now: datetime, terms: Terms, quiet: Quiet, gone: Sequence[Seen]) -> Gathered:
    """Let devices that are missing begin or join the outages of their sites."""
    found = Gathered()
    sites = {one.site for one in gone if one.site is not None and not one.alone}
    open_ones = {
        one.site_id: one
        for one in Outage.objects.filter(ended_at__isnull=True, site__in=sites).select_related(
            "ticket", "site"
        )
    }
    by_site: dict[int, list[Seen]] = defaultdict(list)
    for seen in watching.of_sites(sites) if sites else ():
        if not quiet.window(seen.client, seen.site, seen.id, now, _NO_TAIL):
            by_site[seen.site or 0].append(seen)
    for site, devices in by_site.items():
        own = terms.of(devices[0].policy)
        if site in open_ones:
            if _join(open_ones[site], devices, own.outage or OutageTerms(), now):
                found.forming.add(site)
        elif own.outage and _begins(devices, own.outage, found, site, now):
            _begin(site, devices, own.outage, own.reopen_within, now)
    members = Member.objects.filter(
        released_at__isnull=True, device__in=[one.id for one in gone]
    ).values_list("device_id", "outage__ticket_id")
    found.parents = dict(members)
    return found


def release(back: Sequence[Seen], now: datetime) -> None:
    """Release who is heard again, and say so on the outages' tickets."""
    by_id = {one.id: one for one in back}
    members = Member.objects.filter(released_at__isnull=True, device__in=by_id)
    outages = defaultdict(list)
    for member in members.select_related("outage__ticket", "outage__site"):
        outages[member.outage].append(by_id[member.device_id])
    members.update(released_at=now, heard=True)
    for outage, heard in outages.items():
        _release(outage, heard, now)


def end(now: datetime, terms: Terms) -> None:
    """End the outages that are over."""
    for outage in Outage.objects.filter(ended_at__isnull=True).select_related("ticket", "site"):
        members = Member.objects.filter(outage=outage)
        left = list(members.filter(released_at__isnull=True).values_list("device_id", flat=True))
        last = members.aggregate(Max("released_at"))["released_at__max"]
        devices = watching.of_sites([outage.site_id]) if left and last else []
        own = (terms.of(devices[0].policy).outage if devices else None) or OutageTerms()
        since_last = now - last if last else None
        if outage.ticket.resolved_at is not None and left:
            _settled(outage, left, now, own)
        elif is_over(len(left), _heard(devices, own) + len(left), since_last, own):
            _end(outage, left, now)


def _missing(devices: Iterable[Seen]) -> list[Seen]:
    return [one for one in devices if one.missing_since and not one.alone]


def _counted(devices: Iterable[Seen], terms: OutageTerms) -> list[Seen]:
    """Return those that make an outage; others, such as laptops, only belong to one."""
    return [one for one in devices if one.kind in terms.kinds]


def _heard(devices: Iterable[Seen], terms: OutageTerms) -> int:
    """Return how many devices are heard; computers away by their own word are not meant to be."""
    counted = _counted(devices, terms)
    return sum(not one.missing_since and not one.sight.is_away for one in counted)


def _recent(devices: Iterable[Seen], terms: OutageTerms, now: datetime) -> list[Seen]:
    since = now - terms.missed_after - terms.within - _LOOK_BACK
    return [one for one in _missing(devices) if one.silent_from >= since]


def _together(missing: Sequence[Seen], terms: OutageTerms) -> tuple[datetime, int]:
    """Return when the most of those that count fell silent together, and how many; 0 if none."""
    times = [one.silent_from for one in _counted(missing, terms)]
    return together(times, terms.within) if times else (datetime.max.replace(tzinfo=UTC), 0)


def _begins(
    devices: Sequence[Seen], terms: OutageTerms, found: Gathered, site: int, now: datetime
) -> bool:
    recent = _recent(devices, terms, now)
    began_at, count = _together(recent, terms)
    expected = _heard(devices, terms) + len(_counted(recent, terms))
    if is_outage(count, expected, terms):
        return True
    if may_become_outage(count, began_at, now, terms):
        found.forming.add(site)
    return False


def _begin(
    site_id: int,
    devices: Sequence[Seen],
    terms: OutageTerms,
    reopen_within: timedelta,
    now: datetime,
) -> None:
    missing = _recent(devices, terms, now)
    began_at, _ = _together(missing, terms)
    first = [one for one in missing if one.silent_from >= began_at]
    site = Site.objects.select_related("client").get(id=site_id)
    names = watching.names(first)
    expected = _heard(devices, terms) + len(missing)
    ticket = open_parent(
        site, names, expected, priority=terms.priority, reopen_within=reopen_within, now=now
    )
    outage = Outage.objects.create(
        client_id=site.client_id, site=site, ticket=ticket, started_at=began_at
    )
    _add(outage, first, now)


def _join(outage: Outage, devices: Sequence[Seen], terms: OutageTerms, now: datetime) -> bool:
    """Let those join that fell silent with it; later ones only if they would be one themselves.

    Tell whether later ones may still become one.
    """
    members = Member.objects.filter(outage=outage)
    known = set(members.filter(released_at__isnull=True).values_list("device_id", flat=True))
    last = members.aggregate(Max("joined_at"))["joined_at__max"] or outage.started_at
    new = [
        one
        for one in _missing(devices)
        if one.id not in known and one.silent_from >= outage.started_at
    ]
    soon = [one for one in new if one.silent_from <= last + terms.within]
    late = _recent([one for one in new if one.silent_from > last + terms.within], terms, now)
    if soon:
        _add(outage, soon, now)
        tell(outage.ticket, EntryKind.CHANGED, _more(soon), now)
    began_at, count = _together(late, terms)
    if is_outage(count, _heard(devices, terms) + len(_counted(late, terms)), terms):
        _add(outage, late, now)
        rise(outage.ticket, _more(late), now)
        return False
    return may_become_outage(count, began_at, now, terms)


def _more(new: Sequence[Seen]) -> str:
    word = "device" if len(new) == 1 else "devices"
    return f"{len(new)} more {word} fell silent: {listed(watching.names(new))}"


def _add(outage: Outage, devices: Sequence[Seen], now: datetime) -> None:
    """Make devices members; those with a ticket of their own bring it along as a child."""
    keys = {f"{one.id}:{SILENT}": one.id for one in devices if one.alert_id}
    own = {
        keys[ticket.alert_key or ""]: ticket
        for ticket in Ticket.objects.filter(
            client=outage.client_id, alert_key__in=sorted(keys), resolved_at__isnull=True
        )
    }
    Member.objects.bulk_create(
        Member(
            outage=outage,
            device_id=one.id,
            own_ticket=own[one.id].id if one.id in own else None,
            joined_at=now,
            missing_since=one.missing_since or one.last_seen_at,
        )
        for one in devices
    )
    for ticket in own.values():
        link(ticket, outage.ticket, now)


def _release(outage: Outage, heard: Sequence[Seen], now: datetime) -> None:
    verb = "device is" if len(heard) == 1 else "devices are"
    left = Member.objects.filter(outage=outage, released_at__isnull=True).count()
    still = f"; {left} still silent" if left else ""
    body = f"{len(heard)} {verb} heard again: {listed(watching.names(heard))}{still}"
    tell(outage.ticket, EntryKind.CHANGED, body, now)


def _settled(outage: Outage, left: Sequence[str], now: datetime, terms: OutageTerms) -> None:
    """End an outage that a person resolved: who is not back soon is told alone.

    Of one that is closed nobody is told again before it was heard.
    """
    closed = outage.ticket.status == Status.CLOSED
    Member.objects.filter(outage=outage, released_at__isnull=True).update(released_at=now)
    watches = Watch.objects.filter(device__in=left)
    watches.update(alone=True, look_at=now + terms.within)
    if closed:
        watches.filter(alert_id="").update(alert_id=outage.ticket.alert_id)
    outage.ended_at = now
    outage.save(update_fields=["ended_at"])
    then = "nobody is told of them again" if closed else "each is told by itself if it stays so"
    tell(outage.ticket, EntryKind.CHANGED, f"{len(left)} are still silent: {then}.", now)


def _end(outage: Outage, left: Sequence[str], now: datetime) -> None:
    """End an outage; who is ``left`` is told alone from now on."""
    members = Member.objects.filter(outage=outage, released_at__isnull=True)
    members.update(released_at=now)
    Watch.objects.filter(device__in=left).update(alone=True, look_at=now)
    outage.ended_at = now
    outage.save(update_fields=["ended_at"])
    body = "All devices are heard again: the outage is over."
    if left:
        body = f"The outage is over; {len(left)} still silent, each told by itself from now on."
    resolve_parent(outage.ticket, body, now)

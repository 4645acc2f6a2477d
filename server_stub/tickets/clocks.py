"""A ticket's clocks: explained from its timeline, and stored so that work is found in time."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING

from django.db.models import Q

from server_stub.clients.scope import Scope
from server_stub.errors import ServerError
from server_stub.sla.account import ClockLedger, State
from server_stub.sla.calendar import EndlessError
from server_stub.sla.clocks import (
    CLOCK_KINDS,
    CurrentPolicy,
    account,
    columns,
    followed_policy,
    next_due,
    policy_of,
)
from server_stub.sla.models import Clock, ClockName, PolicyVersion
from server_stub.sla.terms import Policy, Target
from server_stub.sla.zones import ZoneError, zone_of
from server_stub.tickets.models import NOT_DUE, Ticket, TimelineEntry
from server_stub.tickets.queries import clocks, timeline
from server_stub.tickets.warnings import TOLD_KINDS, next_look, told_of
from server_stub.work.models import DueWork

if TYPE_CHECKING:
    from server_stub.tickets.amendment import Amendment

CLOCK_WORK = "clock"
"""Kind of the due work that looks at a clock; its key is ``<ticket number>:<clock name>``."""

UNEXPLAINABLE = (ServerError, ZoneError, EndlessError)
_NO_PROMISES = Policy("", "", date.min, date.min, {}, ())
_log = logging.getLogger(__name__)


class UnexplainedError(ServerError):
    """The account of a ticket's clocks cannot be made just now; what was stored last holds."""


def ledgers(scope: Scope, ticket: Ticket, now: datetime) -> list[ClockLedger]:
    """Return the account of each clock of a ticket at ``now`` (two queries).

    Raises UnexplainedError, for example for a site in a zone that this computer does not know.
    """
    stored = clocks(scope, ticket.id).first()
    if stored is None:
        return []
    entries = timeline(scope, ticket.id).filter(kind__in=CLOCK_KINDS)
    try:
        return account(policy_of(stored.policy_version), ticket, entries, now, zone_name(ticket))
    except UNEXPLAINABLE as error:
        raise UnexplainedError(str(error)) from error


def settle(ticket: Ticket, now: datetime) -> list[ClockLedger]:
    """Bring a ticket's stored clocks and their due work up to date with its timeline.

    Part of the caller's transaction, after the timeline was written; the caller saves
    ``next_due_at`` and ``policy_version``. What cannot be reckoned stays as it was: a clock never
    keeps a person from their work. Returns the ledgers, none when they cannot be reckoned.
    """
    kinds = (*CLOCK_KINDS, *TOLD_KINDS)
    try:
        version_id, policy = followed(ticket)
        ticket.policy_version = version_id
        entries = list(TimelineEntry.objects.filter(ticket=ticket, kind__in=kinds).order_by("id"))
        found = account(policy, ticket, entries, now, zone_name(ticket))
    except UNEXPLAINABLE as error:
        _log.warning("the clocks of ticket %d stay as they were: %s", ticket.id, error)
        return []
    _store(ticket, version_id, found, entries)
    ticket.next_due_at = next_due(found) or NOT_DUE
    return found


def policy_followed(ticket: Ticket) -> Policy:
    """Return the policy version a ticket follows; one that promises nothing when there is none."""
    try:
        return followed(ticket)[1]
    except UNEXPLAINABLE as error:
        _log.warning("ticket %d has no policy: %s", ticket.id, error)
        return _NO_PROMISES


def target_now(one: "Amendment", name: str) -> Target | None:
    """Return what a ticket is promised of a clock just now; None for nothing."""
    entries = TimelineEntry.objects.filter(ticket=one.ticket, kind__in=CLOCK_KINDS).order_by("id")
    rows = [*entries, *one.entries]
    found = account(one.policy, one.ticket, rows, one.at, zone_name(one.ticket))
    return next((ledger.target for ledger in found if ledger.name == name), None)


def policy_named(ticket: Ticket) -> str:
    """Return name and version of the policy that a ticket follows; empty when there is none."""
    rows = PolicyVersion.objects.filter(id=ticket.policy_version or 0)
    return next((f"{name} {hash_[:8]}" for name, hash_ in rows.values_list("name", "hash")), "")


def zone_name(ticket: Ticket) -> str:
    """Return the name of the time zone of a ticket's site, UTC without one."""
    return ticket.site.time_zone if ticket.site else "UTC"


def zone_at(ticket: Ticket) -> tzinfo:
    """Return the time zone of a ticket's site, UTC where this computer does not know it."""
    try:
        return zone_of(zone_name(ticket))
    except ZoneError:
        return UTC


def followed(ticket: Ticket) -> CurrentPolicy:
    """Return the policy version a ticket follows; its client's newest when it has none yet.

    Raises SetupError when there is no policy at all.
    """
    known = Clock.objects.filter(ticket=ticket).values("policy_version")
    wanted = Q(id=ticket.policy_version) if ticket.policy_version else Q(id__in=known)
    version = PolicyVersion.objects.filter(wanted).last()
    if version is not None:
        return CurrentPolicy(version.id, policy_of(version))
    return followed_policy(ticket.client.policy)


def _store(
    ticket: Ticket, version_id: int, found: list[ClockLedger], entries: Sequence[TimelineEntry]
) -> None:
    keys = {name: f"{ticket.id}:{name}" for name in ClockName}
    Clock.objects.filter(ticket=ticket).delete()
    DueWork.objects.filter(kind=CLOCK_WORK, key__in=keys.values()).delete()
    Clock.objects.bulk_create(
        Clock(ticket=ticket, policy_version_id=version_id, **columns(one)) for one in found
    )
    DueWork.objects.bulk_create(_looks(ticket, found, entries))


def _looks(
    ticket: Ticket, found: Iterable[ClockLedger], entries: Sequence[TimelineEntry]
) -> Iterable[DueWork]:
    """Yield when each running clock is to be looked at next: a warning or its due instant."""
    told = told_of(entries)
    for one in found:
        if one.state in (State.RUNNING, State.BREACHED):
            at = next_look(one, told)
            if at is not None:
                yield DueWork(kind=CLOCK_WORK, key=f"{ticket.id}:{one.name}", due_at=at)

"""A ticket's clocks: explained from its timeline, and stored so that work is found in time."""

import logging
from datetime import datetime

from server_stub.clients.scope import Scope
from server_stub.errors import ServerError
from server_stub.sla.account import ClockLedger, State
from server_stub.sla.calendar import EndlessError
from server_stub.sla.clocks import (
    CLOCK_KINDS,
    account,
    columns,
    followed_policy,
    next_due,
    policy_of,
)
from server_stub.sla.models import Clock, ClockName, PolicyVersion
from server_stub.sla.terms import Policy
from server_stub.sla.zones import ZoneError
from server_stub.tickets.models import NOT_DUE, Ticket, TimelineEntry
from server_stub.tickets.queries import clocks, timeline
from server_stub.work.models import DueWork

CLOCK_WORK = "clock"
"""Kind of the due work that looks at a clock; its key is ``<ticket number>:<clock name>``."""

_UNEXPLAINABLE = (ServerError, ZoneError, EndlessError)
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
        return account(policy_of(stored.policy_version), ticket, entries, now, _zone(ticket))
    except _UNEXPLAINABLE as error:
        raise UnexplainedError(str(error)) from error


def settle(ticket: Ticket, now: datetime) -> None:
    """Bring a ticket's stored clocks and their due work up to date with its timeline.

    Part of the caller's transaction, after the timeline was written; the caller saves
    ``next_due_at``. What cannot be reckoned stays as it was: a clock never keeps a person from
    their work.
    """
    try:
        version_id, policy = _followed(ticket)
        entries = TimelineEntry.objects.filter(ticket=ticket, kind__in=CLOCK_KINDS).order_by("id")
        found = account(policy, ticket, entries, now, _zone(ticket))
    except _UNEXPLAINABLE as error:
        _log.warning("the clocks of ticket %d stay as they were: %s", ticket.id, error)
        return
    _store(ticket, version_id, found)
    ticket.next_due_at = next_due(found) or NOT_DUE


def _followed(ticket: Ticket) -> tuple[int, Policy]:
    """Return the policy version a ticket's clocks follow; its client's newest when it has none.

    Raises SetupError when there is no policy at all.
    """
    version = PolicyVersion.objects.filter(
        id__in=Clock.objects.filter(ticket=ticket).values("policy_version")
    ).last()
    if version is not None:
        return version.id, policy_of(version)
    return followed_policy(ticket.client.policy)


def _store(ticket: Ticket, version_id: int, found: list[ClockLedger]) -> None:
    keys = {name: f"{ticket.id}:{name}" for name in ClockName}
    Clock.objects.filter(ticket=ticket).delete()
    DueWork.objects.filter(kind=CLOCK_WORK, key__in=keys.values()).delete()
    Clock.objects.bulk_create(
        Clock(ticket=ticket, policy_version_id=version_id, **columns(one)) for one in found
    )
    DueWork.objects.bulk_create(
        DueWork(kind=CLOCK_WORK, key=f"{ticket.id}:{one.name}", due_at=one.due_at)
        for one in found
        if one.due_at and one.state in (State.RUNNING, State.BREACHED)
    )


def _zone(ticket: Ticket) -> str:
    return ticket.site.time_zone if ticket.site else "UTC"

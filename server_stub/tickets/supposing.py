"""What a ticket's policy offers to choose from, and what a choice would do to its clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from server_stub.clients.agreements import known_importance
from server_stub.clients.queries import clients
from server_stub.clients.scope import Scope
from server_stub.errors import InvalidError, SetupError
from server_stub.sla.clocks import CLOCK_KINDS, DEFAULT_NAME, current_policy, supposed
from server_stub.sla.ledger import Event
from server_stub.sla.terms import Matrix, Policy
from server_stub.sla.what_if import Supposed
from server_stub.tickets.acts.levels import levels_of
from server_stub.tickets.acts.stages import following
from server_stub.tickets.clocks import UNEXPLAINABLE, UnexplainedError, policy_followed, zone_name
from server_stub.tickets.models import Ticket
from server_stub.tickets.queries import timeline
from server_stub.tickets.standing import agreement_in_force


class Supposition(NamedTuple):
    """What would be different; empty words stay. ``policy`` is the name of one."""

    priority: str = ""
    stage: str = ""
    type: str = ""
    level: str = ""
    policy: str = ""
    agreement: str = ""
    importance: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """Word and title of what may be chosen by a ticket's policy.

    ``reasons`` by list, ``demanded`` names lists of which a change needs one.
    """

    policy: Policy
    stages: Mapping[str, str]
    types: Mapping[str, str]
    levels: Mapping[str, str]
    matrix: Matrix
    reasons: Mapping[str, Mapping[str, str]]
    demanded: frozenset[str]


def supposed_clocks(
    scope: Scope, ticket: Ticket, change: Supposition, now: datetime
) -> list[Supposed]:
    """Return each clock as it stands and as it would by a change that nobody makes.

    Raises InvalidError for a word that the policy does not know, UnexplainedError when the
    clocks cannot be reckoned.
    """
    policy = policy_followed(ticket)
    new = _named(scope, change.policy) if change.policy else None
    judged = new or policy
    if change.stage and change.stage not in judged.stages:
        raise InvalidError("stage", f"there is none of this name: {', '.join(judged.stages)}")
    if change.type and change.type not in judged.types:
        raise InvalidError("type", f"there is none of this name: {', '.join(judged.types)}")
    if change.agreement:
        agreement_in_force(ticket, change.agreement, now)
    event = Event(
        now,
        priority=change.priority,
        type=change.type,
        level=change.level,
        agreement=change.agreement,
        importance=change.importance and known_importance(change.importance),
        policy=new,
        stage=change.stage,
        status=judged.stages[change.stage].status.value if change.stage else "",
    )
    entries = timeline(scope, ticket.id).filter(kind__in=CLOCK_KINDS)
    try:
        return supposed(policy, ticket, entries, now, event, zone_name(ticket))
    except UNEXPLAINABLE as error:
        raise UnexplainedError(str(error)) from error


def offered(ticket: Ticket) -> Offered:
    """Return what may be chosen for a ticket as it stands."""
    policy = policy_followed(ticket)
    levels = {
        key: level.name
        for key, level in levels_of(policy).items()
        if level.number != ticket.level
        and (level.number < ticket.level or level.accepts(str(ticket.level)))
    }
    return Offered(
        policy,
        {stage.name: stage.title for stage in following(policy, ticket)},
        {name: terms.title for name, terms in policy.types.items()},
        levels,
        policy.matrix,
        policy.reasons,
        policy.reason_required,
    )


def _named(scope: Scope, name: str) -> Policy:
    """Return a policy that one may know: a client's that one sees, or the default one.

    Others are as if they were not there: their targets were agreed with somebody else.
    """
    known = {DEFAULT_NAME, *clients(scope).values_list("policy", flat=True)}
    try:
        if name in known or scope.client_ids is None:
            return current_policy(name).policy
    except SetupError:
        pass
    raise InvalidError("policy", f"there is no policy {name!r}")

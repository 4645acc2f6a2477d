"""What a ticket costs and whose affair it is: work, scope, charge, and what nobody could help."""

from datetime import datetime, timedelta

from server_stub.errors import InvalidError
from server_stub.tickets.acts.moving import set_stage
from server_stub.tickets.acts.step import NO_REASON, Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind
from server_stub.tickets.texts import usable_text

SCOPES = ("direct", "integrated", "extended", "beyond")
"""Own products; others' that ours work with; what has terms of its own; nobody's we support."""
MOST_MINUTES = 24 * 60
_OLDEST_WORK = timedelta(days=366)


def log_work(
    started_at: datetime, minutes: int, note: str = "", *, chargeable: bool | None = None
) -> Step:
    """Note how long somebody worked on it, and on what; charged as the ticket unless said."""
    text = note.strip() and usable_text("note", note, 1_000)
    if not 1 <= minutes <= MOST_MINUTES:
        raise InvalidError("minutes", f"1 to {MOST_MINUTES}")

    def step(one: Amendment) -> None:
        if not one.at - _OLDEST_WORK <= started_at <= one.at:
            raise InvalidError("started_at", "within the last year, and not in the future")
        charged = one.ticket.chargeable if chargeable is None else chargeable
        one.tell(
            EntryKind.WORK,
            text,
            started_at=started_at.isoformat(),
            minutes=minutes,
            chargeable=charged,
        )

    return step


def set_scope(scope: str, reason: Reason = NO_REASON) -> Step:
    """Say whose affair it is: a key of the policy's list, else of ``SCOPES``."""

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        known = tuple(one.policy.reasons.get("scope", ())) or SCOPES
        if scope not in known:
            raise InvalidError("scope", f"there is none of this name: {', '.join(known)}")
        if scope != one.ticket.scope:
            before, one.ticket.scope = one.ticket.scope, scope
            one.tell(EntryKind.SCOPE, from_=before, to=scope, reason=reason.text.strip() or None)

    return step


def set_chargeable(*, chargeable: bool, reason: Reason = NO_REASON) -> Step:
    """Say whether the client is charged for it."""

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        if chargeable != one.ticket.chargeable:
            one.ticket.chargeable = chargeable
            members = reason.told(one.policy, "chargeable")
            one.tell(EntryKind.CHARGEABLE, to=chargeable, **members)

    return step


def delay(reason: Reason) -> Step:
    """Note what nobody could help and why it takes longer: weather, traffic, force majeure.

    It stands at the stage of the policy's for that from then on, if there is one.
    """

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        members = reason.told(one.policy, "force_majeure", needed=True)
        one.tell(EntryKind.DELAYED, **members)
        stage = one.policy.procedure.delayed
        if stage and not one.ticket.is_resolved:
            set_stage(stage, Reason(text=members["reason"]))(one)

    return step

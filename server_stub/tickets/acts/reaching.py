"""A client who does not answer: attempts to reach them, and what is decided after enough."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from server_stub.errors import ConflictError, InvalidError
from server_stub.sla.terms import ContactRule
from server_stub.tickets.acts.moving import ask_about_condition, close_as
from server_stub.tickets.acts.step import Step, not_closed
from server_stub.tickets.amendment import DECISION_WORK, Amendment
from server_stub.tickets.models import CloseReason, EntryKind, NoticeKind, Ticket, TimelineEntry
from server_stub.tickets.texts import usable_text
from server_stub.work.engine import plan

ASKED_EVERY = timedelta(days=1)
"""So often what is to be decided is asked for, until it is."""
_HEARD = (EntryKind.CALL, EntryKind.CONFIRMED, EntryKind.REOPENED, EntryKind.DECISION)
"""After one of these counting begins anew; a contact's reply is one, too."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that reached nobody: when, by which way, by whom."""

    at: datetime
    way: str
    actor: str


def attempt(way: str, note: str = "", *, reached: bool = False) -> Step:
    """Note an attempt to reach the client; after enough in vain, somebody has to decide."""
    text = note.strip() and usable_text("note", note, 1_000)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        rule = one.policy.procedure.contact or ContactRule()
        if way not in rule.ways:
            raise InvalidError("way", f"one of {', '.join(rule.ways)}")
        if reached:
            one.tell(EntryKind.CALL, text or f"Reached by {way}.", way=way)
            return
        before = vain_attempts(one.told)
        one.tell(EntryKind.ATTEMPT, text, way=way)
        now = [*before, Attempt(one.at, way, one.actor.email)]
        if is_enough(rule, now, one.zone) and not is_enough(rule, before, one.zone):
            asks = asks_to_decide(one.ticket, len(now))
            plan(DECISION_WORK, str(one.ticket.id), one.at + ASKED_EVERY)
            one.tell(EntryKind.DECISION, asks, state="asked", attempts=len(now))
            one.notify(one.owner, NoticeKind.DECISION, asks)

    return step


def asks_to_decide(ticket: Ticket, attempts: int) -> str:
    """Return what whoever has to decide is asked."""
    return (
        f"Ticket {ticket.id}: {attempts} attempts to reach the client were in vain. Decide: close "
        "it when the matter is addressed, cancel it when their input is still needed."
    )


def weigh(outcome: str, note: str = "") -> Step:
    """Decide after enough attempts: ``addressed`` closes the ticket, ``canceled`` cancels it."""
    reasons = {"addressed": CloseReason.RESOLVED, "canceled": CloseReason.CANCELED}
    if outcome not in reasons:
        raise InvalidError("outcome", f"one of {', '.join(reasons)}")
    text = note.strip() and usable_text("note", note, 1_000)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        rule = one.policy.procedure.contact or ContactRule()
        if not is_enough(rule, vain_attempts(one.told), one.zone):
            raise ConflictError(
                f"ticket {one.ticket.id} has not been tried enough: {rule.attempts} attempts by "
                f"{rule.methods} ways over {rule.days} days come first"
            )
        if outcome == "canceled":
            ask_about_condition(one.ticket)
        one.tell(EntryKind.DECISION, text, state=outcome)
        close_as(one, reasons[outcome])

    return step


def vain_attempts(entries: Iterable[TimelineEntry]) -> list[Attempt]:
    """Return the attempts since the client was last heard of, from a whole timeline."""
    found: list[Attempt] = []
    for entry in entries:
        said = entry.tree.get("by") == "contact"
        asked = entry.kind == EntryKind.DECISION and entry.tree.get("state") == "asked"
        if said or (entry.kind in _HEARD and not asked):
            found = []
        elif entry.kind == EntryKind.ATTEMPT:
            found.append(Attempt(entry.at, str(entry.tree.get("way", "")), entry.actor))
    return found


def is_enough(rule: ContactRule, attempts: Sequence[Attempt], zone: tzinfo) -> bool:
    """Tell whether so many attempts, by so many ways, on so many days (of ``zone``) were made."""
    days: set[date] = {one.at.astimezone(zone).date() for one in attempts}
    ways = {one.way for one in attempts}
    return len(attempts) >= rule.attempts and len(ways) >= rule.methods and len(days) >= rule.days

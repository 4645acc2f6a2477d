"""The shipped policies, and the accounts of tickets under them."""

from datetime import UTC, datetime

from server_stub.sla.clocks import first_due
from server_stub.sla.contradictions import contradictions
from server_stub.sla.events import Event
from server_stub.sla.ledger import ClockLedger, ledger
from server_stub.sla.policy import SHIPPED, load
from server_stub.sla.terms import Policy, Traits

FRIDAY_1545 = datetime(2026, 1, 9, 15, 45, tzinfo=UTC)


def shipped(name: str) -> Policy:
    """Return one of the policies we ship."""
    return load(SHIPPED / f"{name}.yaml")


def jan(day: int, hour: int, minute: int = 0) -> datetime:
    """January 2026; the 5th, the 12th and the 19th are Mondays."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def tell(
    policy: Policy, traits: Traits, *events: Event, opened_at: datetime, now: datetime
) -> dict[str, ClockLedger]:
    """Return the clocks of a ticket at ``now``, by name."""
    known = [Event(opened_at), *events]
    return {one.name.value: one for one in ledger(policy, traits, known, now)}


def due(policy: Policy, priority: str, opened_at: datetime, **words: str) -> dict[str, str]:
    """Return when the clocks of a new ticket are due: ``Mon 12 08:15``."""
    source = words.pop("source", "portal")
    found = first_due(policy, priority, source, opened_at, **words)
    return {name.value: f"{instant:%a %d %H:%M}" for name, instant in found}


def warned(policy: Policy) -> list[str]:
    """Return what the check says of a policy."""
    return [problem.message for problem in contradictions(policy)]

"""What all acts share: the shape of a step, who may be given tickets, and reasons."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.protocol.words import Status
from server_stub.clients.scope import Scope
from server_stub.errors import ConflictError, InvalidError
from server_stub.sla.terms import Policy
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import Ticket
from server_stub.tickets.texts import usable_text

MAX_REASON = 1_000
NOT_ASSIGNABLE = "no technician of this address sees this ticket"

Step = Callable[[Amendment], None]


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who may be given tickets: the technician's id, email address, and whose tickets they see."""

    id: int
    email: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is done: a key of the policy's list, words of one's own, or both."""

    key: str = ""
    text: str = ""

    def told(self, policy: Policy, listed: str, *, needed: bool = False) -> dict[str, str]:
        """Return what the timeline keeps of it: ``reason_key`` and ``reason``, a text.

        ``listed`` names the policy's list. Without a list words of one's own are the reason.
        Raises InvalidError for a key that is not on the list, and when a reason is ``needed``
        (or the policy demands one of this list) and there is none.
        """
        known = policy.reasons.get(listed, {})
        text = self.text.strip() and usable_text("reason", self.text, MAX_REASON)
        if self.key and self.key not in known:
            there = f"there are {', '.join(known)}" if known else "it has no such list"
            raise InvalidError("reason_key", f"the policy has no such reason for {listed}: {there}")
        if self.key:
            return {"reason_key": self.key, "reason": text or known[self.key]}
        if listed in policy.reason_required and known:
            raise InvalidError("reason_key", f"choose one of the reasons: {', '.join(known)}")
        if needed and not text:
            raise InvalidError("reason", f"say why: the reason is kept ({listed})")
        return {"reason": text} if text else {}


NO_REASON = Reason()


def not_closed(ticket: Ticket) -> None:
    """Raise ConflictError when a ticket is closed."""
    if ticket.status == Status.CLOSED:
        raise ConflictError(f"ticket {ticket.id} is closed: reopen it first")

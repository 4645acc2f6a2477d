"""How much one request may carry, and the receipt each envelope in it earns."""

from enum import StrEnum
from typing import Any, NamedTuple

from agent.protocol.strict import ProtocolError, check_value, need

MAX_EVENTS = 500
"""Most events in one request."""
MAX_BODY_BYTES = 4 * 1024 * 1024


class ReceiptResult(StrEnum):
    """The server's answer to one envelope."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


class Receipt(NamedTuple):
    """The server's answer to one envelope, by the envelope's id.

    ``ticket`` is the number of the ticket it went to (None when refused or when none was
    touched); ``problem`` says in plain words why it was refused, naming the field.
    """

    id: str
    result: ReceiptResult
    ticket: int | None = None
    problem: str | None = None

    def to_tree(self) -> dict[str, Any]:
        """Return the receipt as a JSON object."""
        return {
            "id": self.id,
            "result": self.result,
            "ticket": self.ticket,
            "problem": self.problem,
        }


def parse_receipt(tree: object) -> Receipt:
    """Return the receipt in one item of an answer's ``receipts``; raises ProtocolError."""
    if not isinstance(tree, dict):
        raise ProtocolError("", "a receipt is a JSON object")
    check_value(tree)
    result = need(tree, "result", str)
    if result not in tuple(ReceiptResult):
        raise ProtocolError("result", f"not one of {', '.join(ReceiptResult)}")
    ticket, problem = tree.get("ticket"), tree.get("problem")
    if ticket is not None and type(ticket) is not int:
        raise ProtocolError("ticket", "not a ticket number")
    if problem is not None and not isinstance(problem, str):
        raise ProtocolError("problem", "not text")
    return Receipt(need(tree, "id", str, 64), ReceiptResult(result), ticket, problem)

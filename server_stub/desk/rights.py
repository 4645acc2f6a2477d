"""Who may do what: one table, asked by the REST interface and by the pages alike.

A right says what kind of thing a role may do; whose tickets, is the scope's affair.
"""

from collections.abc import Mapping
from enum import StrEnum

from server_stub.desk.models import Role
from server_stub.errors import ForbiddenError


class Right(StrEnum):
    """One kind of thing that can be done at the desk."""

    READ = "read"
    OPEN = "open tickets"
    REPLY = "reply to clients"
    NOTE = "note for colleagues"
    ASSIGN = "take, assign and hand on tickets"
    TAKE_OVER = "reassign a colleague's ticket"
    PRIORITY = "change a priority"
    STATUS = "move a ticket between open, waiting, resolved and closed"
    TITLE = "rename a ticket"
    ESCALATE = "escalate, consult other levels and pass on appeals"
    LINK = "link tickets and say who takes part in them"
    ACCEPT = "accept conditions as they are"
    ACCOUNT = "log work, and say whose affair it is and whether it is charged"
    APPROVE = "approve what needs approval, and set promised dates"


_TICKET_WORK = frozenset(Right) - {Right.APPROVE, Right.TAKE_OVER}

RIGHTS: Mapping[str, frozenset[Right]] = {
    Role.TECHNICIAN: _TICKET_WORK,
    Role.DISPATCHER: _TICKET_WORK | {Right.APPROVE, Right.TAKE_OVER},
    Role.ADMIN: frozenset(Right),
}
"""What each role may do. Accounts, keys, clients and policies are made on the server itself."""


def may(role: str, right: Right) -> bool:
    """Tell whether a role may do this; a role that is none may do nothing."""
    return right in RIGHTS.get(role, frozenset())


def demand(role: str, right: Right) -> None:
    """Raise ForbiddenError when a role may not do this."""
    if not may(role, right):
        able = " or ".join(str(one) for one in Role if may(one, right))
        raise ForbiddenError(f"the role {role} may not {right}; {able} may")

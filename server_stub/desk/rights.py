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
    AGREE = "write down agreements and who matters, and put tickets under them"
    MAINTENANCE = "plan maintenance and end it"
    RETIRE = "retire devices and take them back"
    AUDIT = "read the audit log"


_DESK_WORK = frozenset({Right.TAKE_OVER, Right.APPROVE, Right.AGREE, Right.RETIRE})
_TICKET_WORK = frozenset(Right) - _DESK_WORK - {Right.AUDIT}

RIGHTS: Mapping[str, frozenset[Right]] = {
    Role.CONTACT: frozenset(),
    Role.READ_ONLY: frozenset({Right.READ}),
    Role.TECHNICIAN: _TICKET_WORK,
    Role.DISPATCHER: _TICKET_WORK | _DESK_WORK,
    Role.ADMIN: frozenset(Right),
}
"""What each role may do; `docs/roles.md` shows it, and a test keeps the two equal.

Accounts, keys, clients and policies are made on the server itself. A client's contact has no right
at the desk: its pages and its interface show notes, colleagues and other people's matters.
"""


def able(right: Right) -> list[Role]:
    """Return the roles that have a right."""
    return [role for role in Role if may(role, right)]


def may(role: str, right: Right) -> bool:
    """Tell whether a role may do this; a role that is none may do nothing."""
    return right in RIGHTS.get(role, frozenset())


def demand(role: str, right: Right) -> None:
    """Raise ForbiddenError when a role may not do this."""
    if not may(role, right):
        others = " or ".join(map(str, able(right)))
        raise ForbiddenError(f"the role {role} may not {right}; {others} may")

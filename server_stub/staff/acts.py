"""What can be done to a ticket on its page: one form each, in one table.

A form works without script. What was typed comes back with an error beside its field; whoever
looked at an older state of the ticket is told what happened since, and may send it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from agent.protocol.words import Priority, Status
from server_stub.contacts.filing import confirm_contact
from server_stub.desk.models import Technician
from server_stub.desk.queries import assignee_of
from server_stub.desk.rights import Right, demand, may
from server_stub.errors import ConflictError, ForbiddenError, InvalidError, StaleError
from server_stub.staff.access import Viewer
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Actor

Given = Mapping[str, str]
_TOLD_BESIDE = frozenset({"body", "assignee", "priority", "reason"})
"""Fields with a place for what is wrong with them; the others are told above all forms."""
_THEN = {"": (), "waiting": (Status.WAITING,), "resolved": (Status.RESOLVED,)}
"""What may follow a reply at once."""


@dataclass(frozen=True, slots=True)
class Act:
    """One form: its fields, who may send it, what it does, and what is said afterwards.

    ``heeds``: it is refused when the ticket was changed since the sender looked at it. A note
    is right whatever happened.
    """

    done: str
    right: Right
    fields: tuple[str, ...]
    steps: Callable[[Technician, Given], Sequence[Step]]
    heeds: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came: which, what was given, and what kept it from being done.

    ``errors`` by field, the empty name for the whole form. ``stale``: the ticket was changed
    since the sender's page was made, which ended with the entry ``newest``.
    """

    act: str = ""
    given: Given = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False
    newest: int = 0

    @property
    def problem(self) -> str:
        """Return what is wrong with no field but with the whole."""
        return self.errors.get("", "")

    @property
    def texts(self) -> bool:
        """Tell whether somebody would lose words."""
        return bool(self.given.get("body") or self.given.get("reason"))


def _reply(_: Technician, given: Given) -> Sequence[Step]:
    if given["then"] not in _THEN:
        raise InvalidError("then", "choose one of these")
    return [acts.reply(given["body"]), *map(acts.set_status, _THEN[given["then"]])]


def _assign(by: Technician, given: Given) -> Sequence[Step]:
    assignee = assignee_of(given["assignee"]) if given["assignee"] else None
    return [acts.assign(assignee, from_others=may(by.role, Right.TAKE_OVER))]


def _priority(_: Technician, given: Given) -> Sequence[Step]:
    if given["priority"] not in tuple(Priority):
        raise InvalidError("priority", "choose one of these")
    return [acts.set_priority(Priority(given["priority"]), given["reason"])]


def _status(_: Technician, given: Given) -> Sequence[Step]:
    if given["status"] not in (Status.OPEN, Status.WAITING, Status.CLOSED):
        raise InvalidError("status", "choose one of these")
    return [acts.set_status(Status(given["status"]))]


ACTS: Mapping[str, Act] = {
    "reply": Act("Your reply is on the timeline.", Right.REPLY, ("body", "then"), _reply),
    "note": Act(
        "Your note is on the timeline.",
        Right.NOTE,
        ("body",),
        lambda _, given: [acts.note(given["body"])],
        heeds=False,
    ),
    "assign": Act("Who works on it is changed.", Right.ASSIGN, ("assignee",), _assign),
    "priority": Act(
        "The priority is changed; the clocks follow it.",
        Right.PRIORITY,
        ("priority", "reason"),
        _priority,
    ),
    "status": Act("The status is changed.", Right.STATUS, ("status",), _status),
    "resolve": Act(
        "The ticket is resolved.",
        Right.STATUS,
        ("body",),
        lambda _, given: [acts.resolve(given["body"])],
    ),
    "contact": Act(
        "The contact is confirmed.",
        Right.NOTE,
        ("contact",),
        lambda _, given: [confirm_contact(given["contact"])],
        heeds=False,
    ),
    "reopen": Act(
        "The ticket is open again.",
        Right.STATUS,
        ("body",),
        lambda _, given: [acts.reopen(given["body"])],
    ),
}


def perform(viewer: Viewer, number: int, name: str, form: QueryDict) -> Sent | None:
    """Do what a form asks for; return it with what kept it from being done, None when done.

    Raises NotFoundError for a ticket that the viewer does not see.
    """
    act = ACTS[name]
    given = {one: form.get(one, "") for one in act.fields}
    newest = form.get("newest", "")
    looked = int(newest) if newest.isascii() and newest.isdigit() and len(newest) < 19 else 0  # noqa: PLR2004 - 64 bits
    seen = form.get("seen", "") if act.heeds else None
    by = viewer.technician
    try:
        demand(by.role, act.right)
        steps = act.steps(by, given)
        amend(viewer.scope, number, Actor(by.email), *steps, now=viewer.now, seen=seen)
    except StaleError:
        return Sent(name, given, stale=True, newest=looked)
    except InvalidError as error:
        where = error.field if error.field in _TOLD_BESIDE else ""
        return Sent(name, given, {where: _sentence(error.reason)}, newest=looked)
    except (ConflictError, ForbiddenError) as error:
        return Sent(name, given, {"": _sentence(str(error))}, newest=looked)
    return None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

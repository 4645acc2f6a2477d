"""What can be done to a ticket on its page: one form each, in one table.

A form works without script. What was typed comes back with an error beside its field; whoever
looked at an older state of the ticket is told what happened since, and may send it again.
"""

from collections.abc import Mapping, Sequence

from django.http import QueryDict

from agent.protocol.words import Priority, Status
from server_stub.contacts.filing import confirm_contact
from server_stub.desk.queries import assignee_of
from server_stub.desk.rights import Right, demand, may
from server_stub.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StaleError,
)
from server_stub.staff.access import Viewer
from server_stub.staff.asking import Act, Asked
from server_stub.staff.forms import Sent
from server_stub.staff.more_acts import MORE_ACTS
from server_stub.tickets import acts
from server_stub.tickets.actions import amend
from server_stub.tickets.acts import Step
from server_stub.tickets.amendment import Actor
from server_stub.tickets.models import Resolution

_THEN = {"": (), "waiting": (Status.WAITING,), "resolved": (Status.RESOLVED,)}
"""What may follow a reply at once."""


def _reply(asked: Asked) -> Sequence[Step]:
    then = _THEN[asked.one_of("then", _THEN)]
    return [acts.reply(asked["body"]), *map(acts.set_status, then)]


def _assign(asked: Asked) -> Sequence[Step]:
    assignee = assignee_of(asked["assignee"]) if asked["assignee"] else None
    role = asked.viewer.technician.role
    return [acts.assign(assignee, from_others=may(role, Right.TAKE_OVER))]


def _priority(asked: Asked) -> Sequence[Step]:
    word = Priority(asked.one_of("priority", Priority))
    return [acts.set_priority(word, asked.reason)]


def _status(asked: Asked) -> Sequence[Step]:
    word = asked.one_of("status", (Status.OPEN, Status.WAITING, Status.CLOSED))
    return [acts.set_status(Status(word))]


def _resolve(asked: Asked) -> Sequence[Step]:
    lasts = asked.one_of("kind", ("", *Resolution))
    kind = Resolution(lasts) if lasts else None
    return [acts.resolve(asked["body"], kind, acts.Reason(asked["reason_key"]))]


ACTS: Mapping[str, Act] = {
    "reply": Act(
        "Your reply is on the timeline.",
        Right.REPLY,
        ("body", "then"),
        _reply,
        buttons=("then",),
    ),
    "note": Act(
        "Your note is on the timeline.",
        Right.NOTE,
        ("body",),
        lambda asked: [acts.note(asked["body"])],
        heeds=False,
    ),
    "assign": Act("Who works on it is changed.", Right.ASSIGN, ("assignee",), _assign),
    "priority": Act(
        "The priority is changed; the clocks follow it.",
        Right.PRIORITY,
        ("priority", "reason_key", "reason"),
        _priority,
    ),
    "status": Act(
        "The status is changed.", Right.STATUS, ("status",), _status, buttons=("status",)
    ),
    "resolve": Act(
        "The ticket is resolved.",
        Right.STATUS,
        ("body", "kind", "reason_key"),
        _resolve,
    ),
    "contact": Act(
        "The contact is confirmed.",
        Right.NOTE,
        ("contact",),
        lambda asked: [confirm_contact(asked["contact"])],
        heeds=False,
        buttons=("contact",),
    ),
    "reopen": Act(
        "The ticket is open again.",
        Right.STATUS,
        ("body",),
        lambda asked: [acts.reopen(asked["body"])],
    ),
    **MORE_ACTS,
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
        steps = act.steps(Asked(viewer, number, given))
        amend(viewer.scope, number, Actor(by.email), *steps, now=viewer.now, seen=seen)
    except StaleError:
        return Sent(name, given, stale=True, newest=looked)
    except InvalidError as error:
        where = error.field if error.field in act.beside else ""
        return Sent(name, given, {where: _sentence(error.reason)}, newest=looked)
    except NotFoundError as error:
        if error.name == number:
            raise
        where = act.names if error.kind == "ticket" else ""
        return Sent(name, given, {where: _sentence(_missing(error))}, newest=looked)
    except ForbiddenError as error:
        return Sent(name, given, {"": _sentence(str(error))}, forbidden=True, newest=looked)
    except ConflictError as error:
        return Sent(name, given, {"": _sentence(str(error))}, newest=looked)
    return None


def _missing(error: NotFoundError) -> str:
    """Return what is told of another ticket: foreign and missing alike."""
    return f"this client has no {error.kind} {error.name} that you may see"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."

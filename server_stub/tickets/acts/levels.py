"""Lines of support: escalation with its message to the client, consultation, appeals."""

from collections.abc import Mapping

from agent.protocol.strict import MAX_TEXT
from server_stub.errors import ConflictError, InvalidError
from server_stub.sla.terms import Level, Policy
from server_stub.tickets.acts.moving import taken_up
from server_stub.tickets.acts.step import NO_REASON, Reason, Step, not_closed
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import EntryKind, NoticeKind
from server_stub.tickets.texts import usable_text

CLIENT = "client"
"""Where a ticket that is in nobody's hands yet comes from: direct contact."""
_UNTAUGHT = {
    "1": Level(1, "level 1"),
    "2": Level(2, "level 2"),
    "3": Level(3, "level 3", "", ("2",)),
}
"""The levels of a policy that names none; the third takes nothing but what the second had."""
MAX_EXPECTATION = 500


def levels_of(policy: Policy) -> Mapping[str, Level]:
    """Return the lines of support by key: the policy's, else three that everybody knows."""
    return policy.levels or _UNTAUGHT


def escalate(
    level: str, message: str, expectation: str, reason: Reason = NO_REASON, *, direct: bool = False
) -> Step:
    """Hand a ticket to another level, and tell the client so.

    ``message`` goes to the client, with what they may ``expect`` now; both are required.
    ``direct``: the client turned to that level themselves.
    """
    text = message.strip() and usable_text("message", message, MAX_TEXT)
    expects = expectation.strip() and usable_text("expectation", expectation, MAX_EXPECTATION)

    def step(one: Amendment) -> None:
        ticket = one.ticket
        not_closed(ticket)
        levels = levels_of(one.policy)
        to = levels.get(level)
        if to is None:
            raise InvalidError("level", f"there is none of this number: {', '.join(levels)}")
        if to.number == ticket.level:
            raise ConflictError(f"ticket {ticket.id} is with {to.name} already")
        origin = CLIENT if direct else str(ticket.level)
        if to.number > ticket.level and not to.accepts(origin):
            names = [
                levels[key].name if key in levels else "direct contact" for key in to.accepts_from
            ]
            here = _name(levels.get(str(ticket.level)), ticket.level)
            raise ConflictError(
                f"{to.name} takes tickets from {' or '.join(names)} only; it is with {here}"
            )
        upward = to.number > ticket.level
        if not text and (upward or one.policy.procedure.tell_escalation):
            raise InvalidError("message", "the client is told of it: write what they should know")
        if not expects and upward:
            raise InvalidError("expectation", "say what the client may expect from now on")
        members = reason.told(one.policy, to.reasons, needed=True)
        if text:
            said = "\n\n".join(filter(None, (text, expects)))
            one.tell(EntryKind.REPLY, said)
            one.notify_participants(NoticeKind.UPDATE, f"Ticket {ticket.id}: {said}")
        move_to_level(one, to, direct=direct or None, expectation=expects or None, **members)
        taken_up(one)

    return step


def move_to_level(one: Amendment, to: Level, body: str = "", **members: object) -> None:
    """Be with another level from now on, in nobody's hands there yet."""
    before = one.ticket.level
    one.ticket.level = to.number
    one.tell(EntryKind.ESCALATED, body, from_=str(before), to=to.key, name=to.name, **members)
    if one.ticket.assignee_id is not None and one.ticket.assignee is not None:
        one.tell(EntryKind.ASSIGNED, from_=one.ticket.assignee.email, to="")
        one.ticket.assignee = None


def next_level(one: Amendment) -> Level | None:
    """Return the level above that takes the ticket from where it is; None at the top."""
    levels = levels_of(one.policy)
    above = sorted(
        (level for level in levels.values() if level.number > one.ticket.level),
        key=lambda level: level.number,
    )
    return next((level for level in above if level.accepts(str(one.ticket.level))), None)


def consult(level: str, body: str) -> Step:
    """Note what another level said; the ticket stays. Asking a level above begins its stay anew."""
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        levels = levels_of(one.policy)
        asked = levels.get(level)
        if asked is None or asked.number == one.ticket.level:
            others = [key for key in levels if key != str(one.ticket.level)]
            raise InvalidError("level", f"consult another one: {', '.join(others)}")
        here = str(one.ticket.level)
        one.tell(EntryKind.CONSULTATION, text, at=here, level=asked.key, name=asked.name)

    return step


def appeal(body: str, **by: object) -> Step:
    """Note that the client asks for somebody named in the policy to look at it; they are told.

    ``by`` says who of the client's wrote it themselves.
    """
    text = usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        not_closed(one.ticket)
        role = one.policy.procedure.escalation_role
        if not role:
            raise ConflictError("the policy names nobody whom clients may ask for an escalation")
        one.tell(EntryKind.APPEAL, text, to=role, **by)
        asks = f"The client of ticket {one.ticket.id} asks for an escalation: {text}"
        one.notify(f"role:{role}", NoticeKind.APPEAL, asks[:MAX_TEXT])

    return step


def _name(level: Level | None, number: int) -> str:
    return level.name if level else f"level {number}"

"""Where a ticket stands: the policy's stages, their moves and reasons, resolving and closing."""

from agent.protocol.strict import MAX_TEXT
from agent.protocol.words import Evaluation, Status
from server_stub.errors import ConflictError, InvalidError
from server_stub.sla.terms import Stage
from server_stub.tickets.acts.approving import withdraw
from server_stub.tickets.acts.stages import check_move, sign_off_of, stage_of
from server_stub.tickets.acts.step import NO_REASON, Reason, Step
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import (
    CloseReason,
    EntryKind,
    Link,
    LinkKind,
    NoticeKind,
    Resolution,
    Ticket,
)
from server_stub.tickets.texts import usable_text

_FIRING = (Evaluation.WARNING, Evaluation.CRITICAL)


def set_stage(name: str, reason: Reason = NO_REASON, *, checked: bool = False) -> Step:
    """Move a ticket to one of the policy's stages, as far as its moves allow.

    ``checked``: each point of the policy's checklist was gone through, for a stage that asks so.
    """

    def step(one: Amendment) -> None:
        stage = one.policy.stages.get(name)
        if stage is None:
            raise InvalidError(
                "stage", f"there is none of this name: {', '.join(one.policy.stages)}"
            )
        if name != one.ticket.stage:
            check_move(one, stage)
            _enter(one, stage, reason, checked=checked)

    return step


def set_status(status: Status, reason: Reason = NO_REASON) -> Step:
    """Move a ticket: open, waiting (for the client), resolved, closed (once it is resolved).

    Of several stages of a status it is the one of its name, or the first that may follow.
    """

    def step(one: Amendment) -> None:
        if status is Status(one.ticket.status):
            return
        if status is Status.NEW:
            raise InvalidError("status", "a ticket that was worked on is never new again: open")
        _enter(one, stage_of(one, status), reason)

    return step


def resolve(body: str = "", kind: Resolution | None = None, reason: Reason = NO_REASON) -> Step:
    """Say that the matter is settled, how, and whether it will last."""
    text = body.strip() and usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        _check_unresolved(one.ticket)
        if kind is Resolution.TEMPORARY and not one.policy.procedure.temporary_resolves:
            raise InvalidError("kind", "by the policy a temporary fix does not resolve a ticket")
        _resolve(one, stage_of(one, Status.RESOLVED), reason, text, kind)

    return step


def reopen(body: str = "") -> Step:
    """Say that it is not settled after all, and why."""
    text = body.strip() and usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        if not one.ticket.is_resolved:
            raise ConflictError(
                f"ticket {one.ticket.id} is {one.ticket.status}: there is nothing to reopen"
            )
        _reopen(one, one.policy.stage(Status.OPEN), text)

    return step


def close(why: CloseReason | str, reason: Reason = NO_REASON, *, fixed: bool = False) -> Step:
    """Close a ticket, resolved or not. ``why``: a ``CloseReason``, or a key of the policy's own.

    ``fixed`` answers what is asked when the alert's condition still holds: that it does not.
    """

    def step(one: Amendment) -> None:
        known = {*map(str, CloseReason), *one.policy.reasons.get("closing", {})}
        if why not in known:
            raise InvalidError("why", f"there is no such reason: {', '.join(sorted(known))}")
        if why == CloseReason.ACCEPTED:
            raise InvalidError("why", "a condition is accepted until a date or for good: accept")
        ticket = one.ticket
        if ticket.status == Status.CLOSED:
            raise ConflictError(f"ticket {ticket.id} is closed already")
        duplicates = Link.objects.filter(ticket=ticket, kind=LinkKind.DUPLICATE.value)
        if why == CloseReason.DUPLICATE and not duplicates.exists():
            raise ConflictError(f"say of which ticket {ticket.id} is a duplicate: link it to that")
        if why == CloseReason.RESOLVED and not ticket.is_resolved:
            raise ConflictError(f"ticket {ticket.id} is {ticket.status}: resolve it before closing")
        ask_about_condition(ticket, fixed=fixed)
        close_as(one, str(why), **reason.told(one.policy, "closing"), fixed=fixed or None)

    return step


def confirm(body: str = "", *, fixed: bool) -> Step:
    """Note what the client said of a resolution: it is signed off and closed, or open again."""
    text = body.strip() and usable_text("body", body, MAX_TEXT)

    def step(one: Amendment) -> None:
        if one.ticket.status != Status.RESOLVED and not _signs_off(one):
            raise ConflictError(f"ticket {one.ticket.id} is {one.ticket.status}, not resolved")
        one.tell(EntryKind.CONFIRMED, text, fixed=fixed)
        if fixed:
            close_as(one, CloseReason.RESOLVED)
        elif one.ticket.is_resolved:
            _reopen(one, one.policy.stage(Status.OPEN), "")
        else:
            _move(one, one.policy.stage(Status.OPEN))

    return step


def taken_up(one: Amendment) -> None:
    """A ticket somebody answers or has been given is not new any more."""
    if one.ticket.status == Status.NEW:
        _move(one, stage_of(one, Status.OPEN, strict=False))


def close_as(one: Amendment, why: str, **members: object) -> None:
    """Close a ticket for a reason, whatever its stage.

    Closed as resolved or fixed, its alert's condition counts as gone by people's word, until the
    monitor finds it again: it is asked to look.
    """
    stage = stage_of(one, Status.CLOSED, strict=False)
    is_over = why == CloseReason.RESOLVED or members.get("fixed")
    if is_over and (look := _look(one.ticket)):
        members["look"] = look
        one.ticket.evaluation = Evaluation.OK.value
        Ticket.objects.filter(id=one.ticket.id).update(evaluation=Evaluation.OK.value)
    withdraw(one)
    one.ticket.close_reason = why
    one.ticket.resolved_at = one.ticket.resolved_at or one.at
    _move(one, stage, close_reason=why, **members)
    one.notify_participants(NoticeKind.UPDATE, f"Ticket {one.ticket.id} is closed.")


def is_firing(ticket: Ticket) -> bool:
    """Tell whether the monitor still finds what a ticket is about."""
    return bool(ticket.alert_key) and ticket.evaluation in _FIRING


def ask_about_condition(ticket: Ticket, *, fixed: bool = False) -> None:
    """Raise ConflictError while the monitor still finds what a ticket is about."""
    if is_firing(ticket) and not fixed:
        raise ConflictError(
            f"the monitor still finds the condition of ticket {ticket.id} ({ticket.evaluation}): "
            "say that it is fixed, accept it until a date or for good, or leave the ticket open"
        )


def change(one: Amendment, stage: Stage) -> dict[str, object]:
    """Return what the timeline tells of entering a stage: the statuses, and stages that differ."""
    ticket = one.ticket
    told: dict[str, object] = {"from_": ticket.status, "to": stage.status.value}
    if (ticket.stage, stage.name) != (ticket.status, stage.status.value):
        told["stage"] = {"from": ticket.stage, "to": stage.name}
    return told


def _check_unresolved(ticket: Ticket) -> None:
    if ticket.resolved_at:
        raise ConflictError(
            f"ticket {ticket.id} is {ticket.status} already, since "
            f"{ticket.resolved_at:%Y-%m-%d %H:%M} UTC"
        )


def _enter(one: Amendment, stage: Stage, reason: Reason, *, checked: bool = False) -> None:
    """Enter a stage by the way that its status asks for."""
    ticket = one.ticket
    match stage.status:
        case Status.NEW:
            raise InvalidError("stage", "a ticket that was worked on is never new again")
        case Status.RESOLVED if ticket.status != Status.RESOLVED:
            _check_unresolved(ticket)
            if stage != (sign_off_of(one.policy) or stage):
                signs = one.policy.procedure.sign_off
                raise ConflictError(
                    f"ticket {ticket.id} is {ticket.status}: by the policy what is resolved goes "
                    f"to {signs} first"
                )
            _resolve(one, stage, reason, "", None)
        case Status.CLOSED:
            if ticket.status not in (Status.RESOLVED, Status.CLOSED):
                raise ConflictError(
                    f"ticket {ticket.id} is {ticket.status}: resolve it before closing"
                )
            ask_about_condition(ticket)
            members = _why(one, stage, reason)
            ticket.close_reason = CloseReason.RESOLVED.value
            _move(one, stage, **members, close_reason=ticket.close_reason)
        case _:
            members = _why(one, stage, reason, checked=checked)
            if ticket.is_resolved and stage.status is not Status.RESOLVED:
                opened = one.policy.stage(Status.OPEN)
                _reopen(one, opened if stage.status is not Status.OPEN else stage, "")
            if ticket.stage != stage.name:
                _move(one, stage, **members)


def _why(
    one: Amendment, stage: Stage, reason: Reason, *, checked: bool = False
) -> dict[str, object]:
    told: dict[str, object] = {**reason.told(one.policy, stage.reasons, needed=stage.reason)}
    points = one.policy.procedure.checklist
    if stage.checklist and points:
        if not checked:
            asks = "; ".join(points)
            raise InvalidError("checked", f"before {stage.title} go through the checklist: {asks}")
        told["checked"] = list(points)
    return told


def _resolve(
    one: Amendment, stage: Stage, reason: Reason, text: str, kind: Resolution | None
) -> None:
    ticket = one.ticket
    members = _why(one, stage, reason)
    answered = text or any(entry.kind == EntryKind.REPLY for entry in one.entries)
    if one.policy.procedure.final_update and not answered:
        raise InvalidError("body", "the client is told what was done: resolve it with a text")
    lasts = kind.value if kind else None
    told = change(one, stage) | members
    said = bool(text) or None
    one.tell(EntryKind.RESOLVED, text, **told, resolution=lasts, look=_look(ticket), said=said)
    ticket.resolution = lasts or ""
    ticket.status, ticket.stage = Status.RESOLVED.value, stage.name
    ticket.resolved_at = one.at
    how = f": {text}" if text else "."
    one.notify_participants(NoticeKind.UPDATE, f"Ticket {ticket.id} is resolved{how}")


def _look(ticket: Ticket) -> dict[str, object] | None:
    """Return what the monitor told last of a condition that people say is gone, if it is there.

    Its device is asked to look again (``contacts.feed``), and to tell when it still holds.
    """
    if ticket.device_id is None or ticket.evaluation not in _FIRING:
        return None
    return {"alert_id": ticket.alert_id, "sequence": ticket.sequence}


def _reopen(one: Amendment, stage: Stage, text: str) -> None:
    ticket = one.ticket
    _alone_with_its_alert(ticket)
    if Link.objects.filter(ticket=ticket, kind=LinkKind.DUPLICATE.value).exists():
        raise ConflictError(f"ticket {ticket.id} is a duplicate: unlink it first")
    one.tell(EntryKind.REOPENED, text, **change(one, stage))
    ticket.status, ticket.stage = stage.status.value, stage.name
    ticket.resolved_at, ticket.close_reason, ticket.resolution = None, "", ""
    ticket.accepted_until, ticket.accepted = None, ""
    one.notify_participants(NoticeKind.UPDATE, f"Ticket {ticket.id} is open again.")


def _move(one: Amendment, stage: Stage, **members: object) -> None:
    one.tell(EntryKind.STATUS, **change(one, stage), **members)
    one.ticket.status, one.ticket.stage = stage.status.value, stage.name


def _signs_off(one: Amendment) -> bool:
    return bool(one.policy.procedure.sign_off) and (
        one.ticket.stage == one.policy.procedure.sign_off
    )


def _alone_with_its_alert(ticket: Ticket) -> None:
    """Refuse a second unresolved ticket of one alert."""
    if ticket.alert_key is None:
        return
    same = Ticket.objects.filter(
        client=ticket.client_id, alert_key=ticket.alert_key, resolved_at__isnull=True
    ).first()
    if same:
        raise ConflictError(
            f"the alert of ticket {ticket.id} came back as ticket {same.id}, which is "
            f"{same.status}: work on that one"
        )

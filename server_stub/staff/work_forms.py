"""The everyday forms of a ticket's page: settle it, hand it on, say how pressing it is."""

from collections.abc import Sequence

from agent.protocol.words import Priority
from server_stub.staff.forms import (
    Field,
    Form,
    Kind,
    Options,
    area,
    choice,
    named,
    options,
    reasons,
)
from server_stub.staff.ground import Ground
from server_stub.tickets.models import Resolution

_LASTS = (
    (Resolution.TEMPORARY.value, "for now: a permanent fix is to come"),
    (Resolution.PERMANENT.value, "for good"),
)


def work_forms(ground: Ground, assignees: Sequence[tuple[str, str]]) -> tuple[Form, ...]:
    """Return the forms under “Work on it”, in their order."""
    is_resolved = ground.ticket.is_resolved
    is_open = not ground.is_closed
    return ground.offered(
        (ground.waits_for_approval and is_open, _approval(ground)),
        (not is_resolved, _resolve(ground)),
        (is_resolved, _reopen()),
        (ground.may_hold and is_open, _settle(ground)),
        (is_open, _assign(ground, tuple(assignees))),
        (is_open, _priority(ground)),
    )


def _approval(ground: Ground) -> Form:
    granted = Field("granted", "Your decision", Kind.PICK, (("yes", "approve"), ("no", "decline")))
    why = reasons(ground.policy, "approval")
    return Form(
        "approval",
        "Approve or decline",
        "Decide",
        (granted, *why),
        hint="A refusal says why.",
    )


def _resolve(ground: Ground) -> Form:
    fields = [area("body", "How was it settled?")]
    fields.append(choice("kind", "Will it last?", _LASTS, empty="not said"))
    listed = ground.policy.reasons.get("closing", {})
    if listed:
        empty = "choose one" if "closing" in ground.policy.reason_required else "none of these"
        fields.append(choice("reason_key", "Reason", options(listed), empty=empty))
    return Form("resolve", "Resolve", "Resolve the ticket", tuple(fields))


def _reopen() -> Form:
    why = area("body", "Why is it not settled?")
    return Form("reopen", "Reopen", "Reopen the ticket", (why,))


def _settle(ground: Ground) -> Form:
    """Ask what is asked when a ticket is to be closed whose condition still holds."""
    is_resolved = ground.ticket.is_resolved
    ways: Options = (
        ("fixed", "it is fixed: close the ticket; the monitor looks again"),
        ("until", "it is accepted until a date: close the ticket until then"),
        ("good", "it is accepted for good: close the ticket"),
    )
    if is_resolved:
        ways = (*ways, ("open", "it is not settled: open the ticket again"))
    return Form(
        "settle",
        "Close, though the condition holds",
        "Do so",
        (
            Field("how", "The monitor still finds it. What holds?", Kind.PICK, ways),
            Field("until", "Accepted until", Kind.MOMENT, hint="Only for “until a date”."),
            *reasons(ground.policy, "acceptance"),
        ),
        hint="What is accepted says why. It ends early when the condition gets worse.",
    )


def _assign(ground: Ground, assignees: Options) -> Form:
    now = ground.ticket.assignee.email if ground.ticket.assignee else ""
    to = choice("assignee", "Who works on it", assignees, now, empty="nobody")
    return Form("assign", "Assign to a colleague", "Assign", (to,))


def _priority(ground: Ground) -> Form:
    to = choice("priority", "Priority", named(Priority), ground.ticket.priority)
    why = reasons(ground.policy, "priority", needed=True)
    return Form("priority", "Change the priority", "Change the priority", (to, *why))

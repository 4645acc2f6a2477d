"""The stages a ticket can be led to: by the policy's moves, and by the client's sign-off."""

from agent.protocol.words import Status
from server_stub.errors import ConflictError
from server_stub.sla.terms import Policy, Stage
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import Ticket


def following(policy: Policy, ticket: Ticket) -> list[Stage]:
    """Return the stages that a move can lead a ticket to as it stands. Pure."""
    now = policy.stage(ticket.stage, ticket.status)
    found = [policy.stages[name] for name in now.moves or policy.stages if name in policy.stages]
    found = [one for one in found if one.name != now.name and one.status is not Status.NEW]
    if ticket.is_resolved:
        return found
    signs = sign_off_of(policy)
    return [
        one
        for one in found
        if one.status is not Status.CLOSED
        and (one.status is not Status.RESOLVED or one == (signs or one))
    ]


def stage_of(one: Amendment, status: Status, *, strict: bool = True) -> Stage:
    """Return the stage that a move to a status means: of its name, or the first that may follow.

    What is resolved goes to the client's sign-off, where the policy asks for one. Raises
    ConflictError when the moves allow none; unless ``strict`` they are not looked at.
    """
    policy, now = one.policy, one.policy.stage(one.ticket.stage, one.ticket.status)
    signs = sign_off_of(policy)
    if status is Status.RESOLVED and signs is not None and not one.ticket.is_resolved:
        check_move(one, signs)
        return signs
    stages = [stage for stage in policy.stages.values() if stage.status is status]
    stages.sort(key=lambda stage: stage.name != status.value)
    for stage in stages:
        if not now.moves or stage.name in now.moves:
            return stage
    if not strict:
        return stages[0]
    check_move(one, stages[0])
    return stages[0]


def check_move(one: Amendment, stage: Stage) -> None:
    """Raise ConflictError when by the policy a stage does not follow the present one."""
    now = one.policy.stage(one.ticket.stage, one.ticket.status)
    if now.moves and stage.name not in now.moves:
        raise ConflictError(
            f"ticket {one.ticket.id} is at {now.name}: by the policy what follows is "
            f"{', '.join(now.moves)}"
        )


def sign_off_of(policy: Policy) -> Stage | None:
    """Return the resolved stage in which the client signs off, if the policy has one."""
    stage = policy.stages.get(policy.procedure.sign_off)
    return stage if stage and stage.status is Status.RESOLVED else None

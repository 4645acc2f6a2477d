"""Forms about the ticket itself: where it stands, what it is, and which level has it."""

from agent.protocol.words import Status
from server_stub.clients.standing import NO_AGREEMENT, Importance
from server_stub.staff.forms import (
    Field,
    Form,
    Group,
    Kind,
    Options,
    area,
    choice,
    named,
    options,
    reasons,
)
from server_stub.staff.ground import Ground
from server_stub.tickets.acts.levels import MAX_EXPECTATION, levels_of
from server_stub.tickets.models import MAX_TITLE, CloseReason

_UNSOLVED = (
    (CloseReason.CANCELED.value, "canceled"),
    (CloseReason.INSUFFICIENT_INFORMATION.value, "not enough was told"),
    (CloseReason.OUTSIDE_SCOPE.value, "outside of what we do"),
)
_WORKS = (("yes", "yes: it is signed off and closed"), ("no", "no: it is open again"))


def standing(ground: Ground) -> Group:
    """Where it stands: stages, the client’s word, why it is closed unsolved."""
    policy, is_open = ground.policy, not ground.is_closed
    stages = _following(ground)
    forms = ground.offered(
        (
            stages and is_open,
            Form(
                "stage",
                "Move it",
                "Move it",
                (
                    choice("stage", "To", stages),
                    *_checklist(ground),
                    *reasons(policy, "waiting", "closing"),
                ),
            ),
        ),
        (
            ground.signs_off,
            Form(
                "confirm",
                "The client’s word",
                "Note it",
                (
                    Field("fixed", "Does it work?", Kind.PICK, _WORKS),
                    area("body", "What they said"),
                ),
            ),
        ),
        (
            is_open and not ground.holds,
            Form(
                "close",
                "Close it unsolved",
                "Close it",
                (
                    choice("why", "Because", (*_UNSOLVED, *_closing(ground))),
                    Field("reason", "In your own words"),
                ),
            ),
        ),
        (
            ground.ticket.accepted_until is not None,
            Form(
                "end-acceptance",
                "Accept the condition no more",
                "Accept it no more",
                reasons(policy, "acceptance"),
            ),
        ),
    )
    return Group("standing", "Where it stands", forms)


def _following(ground: Ground) -> Options:
    """Return the stages that may follow; nothing is closed by a move that is not resolved."""
    stages = options(ground.found.stages)
    if ground.ticket.is_resolved:
        return stages
    return tuple(one for one in stages if ground.policy.stages[one[0]].status is not Status.CLOSED)


def _checklist(ground: Ground) -> tuple[Field, ...]:
    """Return the field that says the checklist was gone through, where a stage asks so."""
    asks = [name for name in ground.found.stages if ground.policy.stages[name].checklist]
    points = ground.policy.procedure.checklist
    if not (asks and points):
        return ()
    titles = ", ".join(ground.policy.stages[name].title for name in asks)
    hint = f"Before {titles}: {'; '.join(points)}."
    return (Field("checked", "The checklist was gone through", Kind.TICK, hint=hint),)


def _closing(ground: Ground) -> Options:
    known = {key for key, _ in _UNSOLVED}
    return options({k: t for k, t in ground.policy.reasons.get("closing", {}).items()
                    if k not in known})  # fmt: skip


def grading(ground: Ground) -> Group:
    """What it is and how pressing."""
    policy, ticket, is_open = ground.policy, ground.ticket, not ground.is_closed
    matrix = ground.found.matrix
    asked = tuple(
        choice(name, label, options(words), empty="choose one")
        for name, label, words in (
            ("urgency", "Urgency", matrix.urgencies),
            ("impact", "Impact", matrix.impacts),
            ("complexity", "Complexity", matrix.complexities),
        )
        if words
    )
    types = {
        name: f"{title} (needs an approval)" if policy.types[name].approval else title
        for name, title in ground.found.types.items()
    }
    dates = _dates(ground)
    agreements = named([*ground.agreements, NO_AGREEMENT])
    forms = ground.offered(
        (
            is_open and len(types) > 1,
            Form(
                "type",
                "Change the type",
                "Change the type",
                (choice("type", "Type", options(types), ticket.type), *reasons(policy, "type")),
            ),
        ),
        (
            is_open and asked,
            Form(
                "grade",
                "Priority by urgency and impact",
                "Grade it",
                (*asked, *reasons(policy, "priority")),
                hint="The policy’s matrix makes it. What a person set needs a reason to change.",
            ),
        ),
        (
            is_open and dates,
            Form(
                "date",
                "Promise a date",
                "Promise it",
                (
                    choice("clock", "For", dates),
                    Field("due_at", "Until", Kind.MOMENT, needed=True),
                    *reasons(policy, "date"),
                ),
            ),
        ),
        (
            is_open and ground.agreements,
            Form(
                "agreement",
                "Put it under an agreement",
                "Put it there",
                (
                    choice("agreement", "Agreement", agreements, ground.standing.agreement),
                    *reasons(policy, "agreement", needed=True),
                ),
            ),
        ),
        (
            is_open,
            Form(
                "importance",
                "How much it matters",
                "Change it",
                (
                    choice(
                        "importance", "Importance", named(Importance), ground.standing.importance
                    ),
                    *reasons(policy, "importance", needed=True),
                ),
            ),
        ),
        (
            is_open,
            Form(
                "title",
                "Rename it",
                "Rename it",
                (Field("title", "Title", value=ticket.title, needed=True, most=MAX_TITLE),),
            ),
        ),
    )
    return Group("grading", "Type and priority", forms)


def _dates(ground: Ground) -> Options:
    """Return the ticket's clocks of which the policy lets a role set the date."""
    return tuple(
        (one.name, f"{one.name}, by the {one.set_by}") for one in ground.clocks if one.set_by
    )


def levels(ground: Ground) -> Group:
    """Which level has it, and what others say."""
    policy, is_open = ground.policy, not ground.is_closed
    here = ground.ticket.level
    others = [level for level in levels_of(policy).values() if level.number != here]
    takes = [one for one in others
             if one.number < here or one.accepts(str(here)) or one.accepts("client")]  # fmt: skip
    direct = any(one.number > here and not one.accepts(str(here)) for one in takes)
    lists = dict.fromkeys(level.reasons for level in takes)
    role = policy.procedure.escalation_role
    asks = (
        choice("level", "To", tuple((one.key, one.name) for one in takes)),
        *(
            (Field("direct", "The client turned to that level themselves", Kind.TICK),)
            if direct
            else ()
        ),
        area("message", "What the client is told"),
        Field("expectation", "What the client may expect now", most=MAX_EXPECTATION),
        *reasons(policy, *lists, needed=True),
    )
    forms = ground.offered(
        (
            is_open and takes,
            Form(
                "escalate",
                "Hand it to another level",
                "Hand it over",
                asks,
                hint="The client gets the message as a reply.",
            ),
        ),
        (
            is_open and others,
            Form(
                "consult",
                "Consult another level",
                "Note what they said",
                (
                    choice("level", "Whom", tuple((one.key, one.name) for one in others)),
                    area("body", "What they said", needed=True),
                ),
                hint="The ticket stays here; asking a level above begins its stay anew.",
            ),
        ),
        (
            is_open and role,
            Form(
                "appeal",
                "The client asks for an escalation",
                "Pass it on",
                (area("body", f"What the {role} is asked", needed=True),),
            ),
        ),
    )
    return Group("levels", "Other levels", forms)

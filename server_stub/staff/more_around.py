"""Forms about everybody and everything around a ticket: its client, people, tickets, work."""

from collections.abc import Sequence

from server_stub.sla.terms import ContactRule
from server_stub.staff.belonging import (
    attempts_told,
    left_out,
    link_lines,
    participant_lines,
    work_lines,
)
from server_stub.staff.forms import Field, Form, Group, Kind, area, choice, named, options, reasons
from server_stub.staff.ground import Ground
from server_stub.staff.more_acts import LINKED_BY_HAND
from server_stub.tickets.acts.accounting import SCOPES
from server_stub.tickets.acts.people import MAX_TEAM
from server_stub.tickets.models import Link, Participant, Ticket

_OUTCOMES = (
    ("addressed", "the matter is addressed: close it"),
    ("canceled", "the client’s input is still needed: cancel it"),
)
_KINDS = {
    "child": "a part of the other one, its parent",
    "follows": "what follows the other one",
    "related": "related to the other one",
}
_WAYS = {"phone": "telephone", "email": "e-mail", "sms": "SMS", "visit": "a visit"}
_YES_NO = (("yes", "yes"), ("no", "no"))


def client(ground: Ground) -> Group:
    """How the client is reached and told."""
    is_open = not ground.is_closed
    rule = ground.policy.procedure.contact or ContactRule()
    ways = tuple((way, _WAYS.get(way, way)) for way in rule.ways)
    told, is_enough = attempts_told(ground, rule)
    forms = ground.offered(
        (
            is_open,
            Form(
                "attempt",
                "Note an attempt to reach them",
                "Note the attempt",
                (
                    choice("way", "By", ways),
                    Field("reached", "They were reached", Kind.TICK),
                    area("note", "What was said or left"),
                ),
                hint=told,
            ),
        ),
        (
            is_open and is_enough,
            Form(
                "outcome",
                "Decide: they do not answer",
                "Decide",
                (
                    Field("outcome", "Your decision", Kind.PICK, _OUTCOMES),
                    area("note", "Why (optional)"),
                ),
            ),
        ),
        (
            is_open,
            Form(
                "review",
                "Tell what was found and what comes next",
                "Tell the client",
                (area("body", "What the client is told", needed=True),),
            ),
        ),
        (
            is_open,
            Form(
                "work-around",
                "Tell a work-around",
                "Tell everybody who takes part",
                (area("body", "How to get on until it is solved", value=ground.ticket.workaround),),
                hint="Empty: there is none any more.",
            ),
        ),
    )
    return Group("client", "The client", forms)


def people(ground: Ground, participants: Sequence[Participant]) -> Group:
    """Who takes part, who watches, which team has it."""
    me = ground.viewer.technician.email
    watching = any(one.watches and one.email == me for one in participants)
    forms = ground.offered(
        (
            True,
            Form(
                "watch",
                "Watch it" if not watching else "You watch it",
                "Watch it" if not watching else "Watch it no more",
                hidden=(("on", "no" if watching else "yes"),),
                hint="Who watches gets what participants get.",
            ),
        ),
        (
            True,
            Form(
                "participant",
                "Let somebody of the client’s take part",
                "Let them take part",
                (
                    Field("email", "Email address", Kind.EMAIL, needed=True, most=254),
                    Field("name", "Name (optional)", most=200),
                ),
            ),
        ),
        (
            not ground.is_closed,
            Form(
                "team",
                "Give it to a team",
                "Give it to them",
                (Field("team", "Team", value=ground.ticket.team, most=MAX_TEAM),),
                hint="Empty: to none.",
            ),
        ),
    )
    lines = participant_lines(ground, participants)
    return Group("people", "People", forms, lines, left_out(participants))


def others(ground: Ground, links: Sequence[Link], alike: Sequence[Ticket]) -> Group:
    """Which tickets it belongs to; ``alike`` may be the same matter."""
    number = Field("other", "Number of the ticket", Kind.LINE, needed=True, most=19)
    proposed = tuple((str(one.id), f"#{one.id} {one.title}") for one in alike)
    original: tuple[Field, ...] = (Field("other", "Number of the ticket", most=19),)
    if proposed:
        may_be = Field("original", "Perhaps of", Kind.PICK, (*proposed, ("", "another one")))
        original = (may_be, Field("other", "Number of another one", most=19))
    forms = ground.offered(
        (
            not ground.is_closed,
            Form(
                "duplicate",
                "Close it as a duplicate",
                "Close it as a duplicate",
                original,
                hint="Who reported it takes part in the other one from then on.",
            ),
        ),
        (
            True,
            Form(
                "link",
                "Link it to another one",
                "Link them",
                (
                    choice(
                        "kind", "This one is", tuple((k.value, _KINDS[k]) for k in LINKED_BY_HAND)
                    ),
                    number,
                ),
            ),
        ),
    )
    return Group("others", "Other tickets", forms, link_lines(ground, links), left_out(links))


def accounts(ground: Ground) -> Group:
    """What it costs, whose affair it is and what nobody could help."""
    policy, ticket, is_open = ground.policy, ground.ticket, not ground.is_closed
    listed = policy.reasons.get("scope", {})
    scopes = options(listed) if listed else named(SCOPES)
    as_ticket = f"as the ticket: {'yes' if ticket.chargeable else 'no'}"
    lines, told = work_lines(ground)
    forms = ground.offered(
        (
            True,
            Form(
                "work",
                "Log work",
                "Log it",
                (
                    Field("minutes", "Minutes", Kind.NUMBER, needed=True),
                    Field("started_at", "Begun", Kind.MOMENT, hint="Empty: it ends now."),
                    choice("chargeable", "Charged", _YES_NO, empty=as_ticket),
                    area("note", "On what (optional)"),
                ),
                hint=told,
            ),
        ),
        (
            is_open,
            Form(
                "scope",
                "Whose affair it is",
                "Note it",
                (
                    choice(
                        "scope",
                        "Scope",
                        scopes,
                        ticket.scope,
                        empty="" if ticket.scope else "choose one",
                    ),
                    Field("reason", "Why (optional)"),
                ),
            ),
        ),
        (
            is_open,
            Form(
                "charge",
                "Whether it is charged",
                "Note it",
                (
                    choice("to", "Charged", _YES_NO, "no" if ticket.chargeable else "yes"),
                    *reasons(policy, "chargeable"),
                ),
            ),
        ),
        (
            is_open,
            Form(
                "delay",
                "What nobody can help",
                "Note it",
                reasons(policy, "force_majeure", needed=True),
                hint="Weather, traffic: it goes on the timeline.",
            ),
        ),
    )
    return Group("accounts", "Work and charges", forms, lines)

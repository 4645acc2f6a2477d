"""The rarer things that can be done to a ticket on its page, as ``acts`` has the everyday ones."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from server_stub.clients.standing import Importance
from server_stub.contacts.requesters import requesters
from server_stub.desk.queries import assignee_of
from server_stub.desk.rights import Right, demand
from server_stub.errors import InvalidError
from server_stub.sla.terms import ClockName
from server_stub.staff.asking import Act, Asked
from server_stub.tickets import acts
from server_stub.tickets.acts import Reason, Step
from server_stub.tickets.acts.agreed import set_agreement, set_ticket_importance
from server_stub.tickets.amendment import Amendment
from server_stub.tickets.models import CloseReason, LinkKind

LINKED_BY_HAND = (LinkKind.CHILD, LinkKind.FOLLOWS, LinkKind.RELATED)
_YES_NO = ("yes", "no")
_YES = {"": None, "yes": True, "no": False}


def _close(asked: Asked) -> Sequence[Step]:
    def step(one: Amendment) -> None:
        why = asked["why"]
        own = why in one.policy.reasons.get("closing", {})
        acts.close(why, Reason(why if own else "", asked["reason"]))(one)

    return [step]


def _settle(asked: Asked) -> Sequence[Step]:
    """Answer what is asked when the monitor still finds the condition of a ticket to be closed."""
    how = asked.one_of("how", ("fixed", "until", "good", "open"))
    if how == "open":
        return [acts.reopen(asked["reason"])]
    if how == "fixed":
        demand(asked.viewer.technician.role, Right.STATUS)
        return [_fixed(asked["reason"])]
    until = asked.moment("until")
    if how == "until" and until is None:
        raise InvalidError("until", "say until when, or choose “for good”")
    return [acts.accept(until if how == "until" else None, asked.reason)]


def _fixed(text: str) -> Step:
    def step(one: Amendment) -> None:
        if not one.ticket.is_resolved:
            acts.resolve(text)(one)
        acts.close(CloseReason.RESOLVED, fixed=True)(one)

    return step


def _escalate(asked: Asked) -> Sequence[Step]:
    direct = asked["direct"] == "yes"
    return [
        acts.escalate(
            asked["level"], asked["message"], asked["expectation"], asked.reason, direct=direct
        )
    ]


def _date(asked: Asked) -> Sequence[Step]:
    due_at = asked.moment("due_at")
    if due_at is None:
        raise InvalidError("due_at", "say when")
    return [acts.set_date(asked.one_of("clock", ClockName), due_at, asked.reason)]


def _duplicate(asked: Asked) -> Sequence[Step]:
    name = "original" if asked["original"] else "other"
    people = requesters(asked.viewer.scope, asked.number)
    return [acts.make_duplicate(asked.whole(name), people)]


def _link(asked: Asked) -> Sequence[Step]:
    kind = LinkKind(asked.one_of("kind", LINKED_BY_HAND))
    return [acts.link(asked.whole("other"), kind)]


def _unlink(asked: Asked) -> Sequence[Step]:
    return [acts.unlink(asked.whole("other"), LinkKind(asked.one_of("kind", LinkKind)))]


def _watch(asked: Asked) -> Sequence[Step]:
    watcher = assignee_of(asked.viewer.technician.email)
    return [acts.watch(watcher, on=asked.one_of("on", _YES_NO) == "yes")]


def _work(asked: Asked) -> Sequence[Step]:
    """Log work; without a beginning it has just ended."""
    minutes = asked.whole("minutes")
    spent = timedelta(minutes=min(minutes, 10**6))
    began = asked.moment("started_at") or asked.viewer.now - spent
    charged = _YES[asked.one_of("chargeable", _YES)]
    return [acts.log_work(began, minutes, asked["note"], chargeable=charged)]


MORE_ACTS: Mapping[str, Act] = {
    "stage": Act(
        "It stands there now.",
        Right.STATUS,
        ("stage", "checked", "reason_key", "reason"),
        lambda asked: [
            acts.set_stage(asked["stage"], asked.reason, checked=asked["checked"] == "yes")
        ],
    ),
    "close": Act("The ticket is closed.", Right.STATUS, ("why", "reason"), _close),
    "settle": Act(
        "It is as you said.", Right.ACCEPT, ("how", "until", "reason_key", "reason"), _settle
    ),
    "end-acceptance": Act(
        "The condition is accepted no more.",
        Right.ACCEPT,
        ("reason_key", "reason"),
        lambda asked: [acts.end_acceptance(asked.reason)],
    ),
    "confirm": Act(
        "What the client said is on the timeline.",
        Right.STATUS,
        ("fixed", "body"),
        lambda asked: [acts.confirm(asked["body"], fixed=asked.one_of("fixed", _YES_NO) == "yes")],
    ),
    "type": Act(
        "The type is changed, or asked for.",
        Right.PRIORITY,
        ("type", "reason_key", "reason"),
        lambda asked: [acts.set_type(asked["type"], asked.reason)],
    ),
    "grade": Act(
        "The priority is as the policy’s matrix says; the clocks follow it.",
        Right.PRIORITY,
        ("urgency", "impact", "complexity", "reason_key", "reason"),
        lambda asked: [
            acts.grade(asked["urgency"], asked["impact"], asked["complexity"], asked.reason)
        ],
    ),
    "title": Act(
        "The ticket has another title.",
        Right.TITLE,
        ("title",),
        lambda asked: [acts.set_title(asked["title"])],
    ),
    "date": Act(
        "The date is promised.", Right.APPROVE, ("clock", "due_at", "reason_key", "reason"), _date
    ),
    "agreement": Act(
        "The ticket is under it now; the clocks follow.",
        Right.AGREE,
        ("agreement", "reason_key", "reason"),
        lambda asked: [set_agreement(asked["agreement"], asked.reason)],
    ),
    "importance": Act(
        "How much it matters is changed; the clocks follow.",
        Right.AGREE,
        ("importance", "reason_key", "reason"),
        lambda asked: [set_ticket_importance(asked.one_of("importance", Importance), asked.reason)],
    ),
    "approval": Act(
        "Your decision is on the timeline.",
        Right.APPROVE,
        ("granted", "reason_key", "reason"),
        lambda asked: [
            acts.decide(granted=asked.one_of("granted", _YES_NO) == "yes", reason=asked.reason)
        ],
    ),
    "escalate": Act(
        "Another level has it; the client is told.",
        Right.ESCALATE,
        ("level", "direct", "message", "expectation", "reason_key", "reason"),
        _escalate,
    ),
    "consult": Act(
        "What they said is on the timeline.",
        Right.ESCALATE,
        ("level", "body"),
        lambda asked: [acts.consult(asked["level"], asked["body"])],
    ),
    "appeal": Act(
        "Who is asked for is told.",
        Right.ESCALATE,
        ("body",),
        lambda asked: [acts.appeal(asked["body"])],
    ),
    "attempt": Act(
        "The attempt is on the timeline.",
        Right.REPLY,
        ("way", "reached", "note"),
        lambda asked: [
            acts.attempt(asked["way"], asked["note"], reached=asked["reached"] == "yes")
        ],
        heeds=False,
    ),
    "outcome": Act(
        "It is decided.",
        Right.STATUS,
        ("outcome", "note"),
        lambda asked: [acts.weigh(asked["outcome"], asked["note"])],
    ),
    "review": Act(
        "What comes next is told.",
        Right.REPLY,
        ("body",),
        lambda asked: [acts.review(asked["body"])],
    ),
    "work-around": Act(
        "Everybody who takes part is told.",
        Right.REPLY,
        ("body",),
        lambda asked: [acts.work_around(asked["body"])],
    ),
    "participant": Act(
        "They take part.",
        Right.LINK,
        ("email", "name"),
        lambda asked: [acts.add_participant(acts.Person(asked["name"], asked["email"]))],
        heeds=False,
    ),
    "leave": Act(
        "They take part no more.",
        Right.LINK,
        ("participant",),
        lambda asked: [acts.remove_participant(asked.whole("participant"))],
        heeds=False,
        buttons=("participant",),
    ),
    "watch": Act(
        "Whether you watch it is changed.",
        Right.LINK,
        ("on",),
        _watch,
        heeds=False,
        buttons=("on",),
    ),
    "team": Act(
        "The team is changed.",
        Right.ASSIGN,
        ("team",),
        lambda asked: [acts.set_team(asked["team"])],
    ),
    "duplicate": Act(
        "It is closed as a duplicate.", Right.LINK, ("other", "original"), _duplicate, names="other"
    ),
    "link": Act("The tickets are linked.", Right.LINK, ("kind", "other"), _link, names="other"),
    "unlink": Act(
        "The link is taken back.",
        Right.LINK,
        ("other", "kind"),
        _unlink,
        heeds=False,
        buttons=("other", "kind"),
    ),
    "work": Act(
        "The work is logged.",
        Right.ACCOUNT,
        ("minutes", "started_at", "chargeable", "note"),
        _work,
        heeds=False,
    ),
    "scope": Act(
        "Whose affair it is is noted.",
        Right.ACCOUNT,
        ("scope", "reason"),
        lambda asked: [acts.set_scope(asked["scope"], asked.reason)],
    ),
    "charge": Act(
        "Whether it is charged is noted.",
        Right.ACCOUNT,
        ("to", "reason_key", "reason"),
        lambda asked: [
            acts.set_chargeable(
                chargeable=asked.one_of("to", _YES_NO) == "yes", reason=asked.reason
            )
        ],
    ),
    "delay": Act(
        "The delay is on the timeline.",
        Right.NOTE,
        ("reason_key", "reason"),
        lambda asked: [acts.delay(asked.reason)],
        heeds=False,
    ),
}

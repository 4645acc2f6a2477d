"""What people reported, in their own words, as a technician reads it first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.protocol.words import ReportKind, Urgency
from server_stub.clients.scope import Scope
from server_stub.contacts.filing import ACTOR
from server_stub.errors import ServerError
from server_stub.sla.clocks import followed_policy
from server_stub.tickets.models import EntryKind, Ticket
from server_stub.tickets.queries import timeline

MOST_REPORTS = 20
"""Shown at once; a ticket of an alert may have been reported by the whole office."""
_URGENCY = {
    Urgency.CANNOT_WORK: "I cannot work",
    Urgency.SLOWS_ME: "It slows me down",
    Urgency.CAN_WAIT: "It can wait",
}
_KIND = {
    ReportKind.PRINTER: "a printer",
    ReportKind.EMAIL: "e-mail",
    ReportKind.INTERNET: "the internet",
    ReportKind.SLOW: "a slow computer",
    ReportKind.PROGRAM: "a program",
    ReportKind.OTHER: "something else",
}


@dataclass(frozen=True, slots=True)
class Reported:
    """One report: who typed what when; ``told`` are name and text of each further field."""

    at: datetime
    who: str
    text: str
    told: tuple[tuple[str, str], ...]


def reported(scope: Scope, ticket: Ticket) -> Sequence[Reported]:
    """Return what was reported with a ticket, oldest first (one query)."""
    entries = timeline(scope, ticket.id).filter(
        actor=ACTOR, kind__in=(EntryKind.OPENED.value, EntryKind.REPLY.value)
    )
    trees = [(entry, entry.tree) for entry in entries[: 10 * MOST_REPORTS]]
    filed = [(entry, tree) for entry, tree in trees if "urgency" in tree][:MOST_REPORTS]
    asked = _asked(ticket) if filed else {}
    return [
        Reported(entry.at, str(tree.get("name", "")), entry.body, tuple(_told(tree, asked)))
        for entry, tree in filed
    ]


def _told(
    tree: Mapping[str, object], asked: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str]]:
    """Yield each field that was filled in, answers under the questions they are to."""
    urgency, about = str(tree.get("urgency", "")), str(tree.get("about", ""))
    yield "How bad is it?", _URGENCY.get(urgency, urgency)  # type: ignore[call-overload] # words
    if about:
        yield "What is it about?", _KIND.get(about, about)  # type: ignore[call-overload] # words
    questions, answers = asked.get(about, {}), tree.get("answers")
    for key, text in answers.items() if isinstance(answers, Mapping) else ():
        yield questions.get(key, key), str(text)
    for name, title in (
        ("error_text", "What the error says"),
        ("before", "What was done before"),
        ("tried", "What was tried"),
    ):
        if text := tree.get(name):
            yield title, str(text)


def _asked(ticket: Ticket) -> Mapping[str, Mapping[str, str]]:
    """Return the questions as the client's policy words them now, by kind and key."""
    try:
        questions = followed_policy(ticket.client.policy).policy.desk.questions
    except ServerError:
        return {}
    return {kind: {one.key: one.ask for one in asked} for kind, asked in questions.items()}

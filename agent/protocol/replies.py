"""What a person says to a ticket later: replies, confirmations, ratings.

Route: ``POST replies``; bearer ``wdd_…``. Each is one envelope with an id of its own and earns a
receipt as events do.
"""

from dataclasses import dataclass, replace

from agent.protocol.members import (
    members_of,
    need_count,
    need_id,
    need_text,
    need_word,
    optional_text,
    tree_of,
)
from agent.protocol.reports import MAX_NAME, MAX_TEXT
from agent.protocol.strict import ProtocolError, need, text_of
from agent.protocol.words import ReplyKind

MAX_STARS = 5


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person says to a ticket later.

    ``text`` may come with each ``kind``; ``fixed`` belongs to ``confirm``, ``stars`` (1…5) to
    ``rate``, ``note`` (its id) to ``solved``, which has no ``ticket``. With ``escalate`` a
    ``reply`` asks for an escalation, too.
    """

    id: str
    at: str
    kind: ReplyKind
    ticket: int | None = None
    text: str = ""
    fixed: bool | None = None
    stars: int | None = None
    note: str | None = None
    account: str = ""
    account_name: str = ""
    escalate: bool | None = None

    def to_text(self) -> str:
        """Return the reply as the JSON text that is stored and sent.

        As it always was where nothing is asked for: marks of earlier ones are compared with it.
        """
        tree = tree_of(self)
        if self.escalate is None:
            del tree["escalate"]
        return text_of(tree)


def parse_reply(tree: object) -> Reply:
    """Return the reply in a request; raises ProtocolError naming the field."""
    members = members_of(tree, "text")
    kind = need_word(members, "kind", ReplyKind)
    reply = Reply(
        id=need_id(members, "id"),
        at=need_text(members, "at", 40),
        kind=kind,
        text=optional_text(members, "text", MAX_TEXT),
        account=optional_text(members, "account", MAX_NAME),
        account_name=optional_text(members, "account_name", MAX_NAME),
    )
    if kind is ReplyKind.SOLVED:
        return replace(reply, note=need_text(members, "note", MAX_NAME))
    reply = replace(reply, ticket=need_count(members, "ticket"))
    if kind is ReplyKind.CONFIRM:
        return replace(reply, fixed=need(members, "fixed", bool))
    if kind is ReplyKind.RATE:
        stars = need_count(members, "stars")
        if stars > MAX_STARS:
            raise ProtocolError("stars", f"more than {MAX_STARS}")
        return replace(reply, stars=stars)
    if not reply.text.strip():
        raise ProtocolError("text", "empty")
    asks = members.get("escalate") is not None and need(members, "escalate", bool)
    return replace(reply, escalate=asks or None)

"""What a person has not been told yet, as a pure function of what was known before and is now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from tray.known import Known, Ticket
from tray.language import _
from tray.wording import shortened, status_words

_KEPT = 400


@dataclass(frozen=True, slots=True)
class News:
    """One notification. Whatever it tells stands in My tickets too."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told, and which tickets have an answer that nobody has looked at."""

    things: tuple[str, ...] = ()
    unread: frozenset[int] = frozenset()

    @classmethod
    def read(cls, tree: Mapping[str, Any]) -> Self:
        """Read what was stored."""
        return cls(
            tuple(str(one) for one in tree.get("things") or ()),
            frozenset(one for one in tree.get("unread") or () if isinstance(one, int)),
        )

    def tree(self) -> dict[str, Any]:
        """Return it as JSON members."""
        return {"things": list(self.things), "unread": sorted(self.unread)}

    def looked_at(self) -> "Told":
        """Return it with every answer read."""
        return Told(self.things)


def news(told: Told | None, known: Known) -> tuple[tuple[News, ...], Told]:
    """Return what to tell, and what has been told by then.

    On a computer where nothing has been told yet (``told`` is None), what is known is old.
    """
    found: list[News] = []
    things = dict.fromkeys(told.things if told else ())
    numbers = {one.number for one in known.tickets if one.number is not None}
    unread = set(told.unread if told else ()) & numbers
    for ticket in reversed(known.tickets):
        for thing, one in _things(ticket):
            if thing not in things:
                found.append(one)
                things[thing] = None
                if thing.startswith("entry ") and ticket.number and told is not None:
                    unread.add(ticket.number)
    kept = tuple(things)[-_KEPT:]
    return tuple(found) if told is not None else (), Told(kept, frozenset(unread))


def _things(ticket: Ticket) -> Iterator[tuple[str, News]]:
    title = shortened(ticket.title, 60)
    if ticket.number is None:
        if ticket.state == "refused":
            problem = ticket.problem or _("The desk could not take it.")
            yield (
                f"refused {ticket.report}",
                News(_("Not taken: {title}").format(title=title), problem),
            )
        return
    if ticket.report:
        yield (
            f"number {ticket.report}",
            News(_("Your ticket is {number}").format(number=ticket.number), title),
        )
    heading = _("Ticket {number}: {title}").format(number=ticket.number, title=title)
    for entry in ticket.entries:
        if entry.kind == "reply":
            text = _("{who} wrote: {text}").format(
                who=entry.by or _("The desk"), text=shortened(entry.text, 160)
            )
            yield f"entry {entry.id}", News(heading, text)
        elif entry.kind in ("resolved", "closed", "reopened") and ticket.asks is None:
            words = status_words("open" if entry.kind == "reopened" else entry.kind)
            yield f"state {entry.id}", News(heading, words)
    last = ticket.entries[-1].id if ticket.entries else ""
    if ticket.asks == "confirm":
        yield (
            f"confirm {ticket.number} {last}",
            News(heading, _("Is it fixed? Say so in My tickets.")),
        )
    elif ticket.asks == "rate":
        yield (
            f"rate {ticket.number} {last}",
            News(heading, _("How was it? Say so in My tickets.")),
        )

"""What the agent knows, as values: the answer to ``known``, read leniently.

An agent may be newer or older than this tray: what is missing has a default, what is new is
passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from tray.language import _

Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Alert:
    """One open alert of this computer."""

    fingerprint: str
    title: str
    evaluation: str
    since: datetime | None = None
    ticket: int | None = None
    ticket_status: str | None = None

    @classmethod
    def read(cls, tree: Tree) -> Self:
        """Read one member of ``alerts``."""
        return cls(
            _text(tree, "fingerprint"),
            _text(tree, "title"),
            _text(tree, "evaluation"),
            instant(tree.get("since")),
            _number(tree, "ticket"),
            _text(tree, "ticket_status") or None,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ticket's history that the person may see."""

    id: str
    at: datetime | None
    kind: str
    by: str
    text: str

    @classmethod
    def read(cls, tree: Tree) -> Self:
        """Read one member of ``entries``."""
        return cls(
            _text(tree, "id"),
            instant(tree.get("at")),
            _text(tree, "kind"),
            _text(tree, "by"),
            _text(tree, "text"),
        )


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket that this person filed. ``state`` is saved, sent or refused."""

    report: str | None
    number: int | None
    title: str
    status: str = "new"
    priority: str = "normal"
    created_at: datetime | None = None
    due_at: datetime | None = None
    state: str = "sent"
    problem: str | None = None
    entries: tuple[Entry, ...] = ()
    asks: str | None = None

    @classmethod
    def read(cls, tree: Tree) -> Self:
        """Read one member of ``tickets``."""
        return cls(
            _text(tree, "report") or None,
            _number(tree, "number"),
            _text(tree, "title"),
            _text(tree, "status") or "new",
            _text(tree, "priority") or "normal",
            instant(tree.get("created_at")),
            instant(tree.get("due_at")),
            _text(tree, "state") or "sent",
            _text(tree, "problem") or None,
            tuple(Entry.read(entry) for entry in _trees(tree, "entries")),
            _text(tree, "asks") or None,
        )

    @property
    def open(self) -> bool:
        """Tell whether somebody still has something to do."""
        return self.status not in ("resolved", "closed") or self.asks is not None


@dataclass(frozen=True, slots=True)
class Hours:
    """When the desk is open, on some days of the week (mon … sun), by its own clock."""

    days: tuple[str, ...]
    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Question:
    """One guided question; without ``choices`` it is answered in words."""

    key: str
    ask: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """The support desk, as the server last described it; known offline too.

    ``closed`` are free dates to come, as ``2026-12-25``.
    """

    provider: str = ""
    phone: str = ""
    email: str = ""
    hours: tuple[Hours, ...] = ()
    closed: tuple[str, ...] = ()
    time_zone: str = ""
    urgent: str = ""
    tray: str = "always"
    quit: bool = True
    shared_account: bool = False
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, tree: Tree) -> Self:
        """Read the member ``desk``."""
        asked = _tree(tree, "questions")
        return cls(
            _text(tree, "provider"),
            _text(tree, "phone"),
            _text(tree, "email"),
            tuple(
                Hours(_texts(one, "days"), _text(one, "from"), _text(one, "to"))
                for one in _trees(tree, "hours")
            ),
            _texts(tree, "closed"),
            _text(tree, "time_zone"),
            _text(tree, "urgent"),
            _text(tree, "tray") or "always",
            tree.get("quit") is not False,
            tree.get("shared_account") is True,
            {kind: tuple(map(_question, _trees(asked, kind))) for kind in asked},
        )


@dataclass(frozen=True, slots=True)
class Known:
    """Everything the icon and the form show about this computer and its person."""

    connected: bool = True
    problem: str | None = None
    last_success_at: datetime | None = None
    device_name: str = ""
    device_kind: str = "workstation"
    alerts: tuple[Alert, ...] = ()
    desk: Desk | None = None
    tickets: tuple[Ticket, ...] = ()

    @classmethod
    def read(cls, tree: Tree) -> Self:
        """Read the whole answer."""
        agent, device, desk = (_tree(tree, name) for name in ("agent", "device", "desk"))
        return cls(
            agent.get("connected") is not False,
            _text(agent, "problem") or None,
            instant(agent.get("last_success_at")),
            _text(device, "name"),
            _text(device, "kind") or "workstation",
            tuple(Alert.read(alert) for alert in _trees(tree, "alerts")),
            Desk.read(desk) if desk else None,
            tuple(Ticket.read(ticket) for ticket in _trees(tree, "tickets")),
        )


def instant(value: object) -> datetime | None:
    """Return an RFC 3339 text as an instant; None for anything else."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _question(tree: Tree) -> Question:
    choices = tuple(map(_own, _texts(tree, "choices")))
    return Question(_text(tree, "key"), _own(_text(tree, "ask")), choices)


def _own(text: str) -> str:
    """Return a desk's text in the person's language where the tray has words for it."""
    return _(text) if text else ""  # gettext answers nothing with its catalogue's head


def _text(tree: Tree, name: str) -> str:
    value = tree.get(name)
    return value if isinstance(value, str) else ""


def _texts(tree: Tree, name: str) -> tuple[str, ...]:
    value = tree.get(name)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _number(tree: Tree, name: str) -> int | None:
    value = tree.get(name)
    return value if isinstance(value, int) else None


def _tree(tree: Tree, name: str) -> Tree:
    value = tree.get(name)
    return value if isinstance(value, Mapping) else {}


def _trees(tree: Tree, name: str) -> Sequence[Tree]:
    value = tree.get(name)
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []

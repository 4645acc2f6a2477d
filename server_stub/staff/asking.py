"""What a form on a ticket's page asks for, and how each of its acts is described."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from server_stub.desk.rights import Right
from server_stub.errors import InvalidError
from server_stub.staff.access import Viewer
from server_stub.staff.times import typed_moment
from server_stub.tickets.acts import Reason, Step

_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for something to be done to which ticket, and what they gave."""

    viewer: Viewer
    number: int
    given: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """Return what stood in a field."""
        return self.given[name]

    @property
    def reason(self) -> Reason:
        """Return why, as the acts take it."""
        return Reason(self.given.get("reason_key", ""), self.given.get("reason", ""))

    def one_of(self, name: str, words: Iterable[str]) -> str:
        """Return what was chosen; raises InvalidError for what is not offered."""
        if self.given[name] not in set(words):
            raise InvalidError(name, "choose one of these")
        return self.given[name]

    def whole(self, name: str) -> int:
        """Return a number; raises InvalidError."""
        text = self.given[name].strip().removeprefix("#")
        if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
            raise InvalidError(name, "write a whole number")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """Return an instant that was typed in the viewer's zone, None for nothing."""
        return typed_moment(self.given[name], name, self.viewer.zone)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do: its fields, who may, what it does, and what is said afterwards.

    ``heeds``: it is refused when the ticket was changed since the sender looked at it. A note
    is right whatever happened. ``buttons`` are fields without a place for what is wrong with
    them: that is told above all forms. ``names`` is the field that names another ticket.
    """

    done: str
    right: Right
    fields: tuple[str, ...]
    steps: Callable[[Asked], Sequence[Step]]
    heeds: bool = True
    buttons: tuple[str, ...] = ()
    names: str = ""

    @property
    def beside(self) -> frozenset[str]:
        """Return the fields with a place for what is wrong with them."""
        return frozenset(self.fields) - set(self.buttons)

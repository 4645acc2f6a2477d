"""A form as a page shows it: what it asks for, what may be chosen, and what came back wrong.

Plain values that one template draws (``form.html``): a form is described once, where it is
offered, and every field gets its label, its place for an error and what was typed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from agent.protocol.strict import MAX_TEXT
from server_stub.sla.terms import Policy

Options = tuple[tuple[str, str], ...]
"""Words and their titles, in the order of a form."""


class Kind(StrEnum):
    """How a field is asked for."""

    LINE = "line"
    AREA = "area"
    CHOICE = "choice"
    PICK = "pick"
    TICK = "tick"
    NUMBER = "number"
    MOMENT = "moment"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Field:
    """One question. ``value`` is what stands in it; ``typed``: it came from who sent the form.

    ``first``: the first one with an ``error``, where the page puts the keyboard.
    """

    name: str
    label: str
    kind: Kind = Kind.LINE
    options: Options = ()
    value: str = ""
    needed: bool = False
    hint: str = ""
    most: int = 1_000
    error: str = ""
    typed: bool = False
    first: bool = False

    @property
    def is_draft(self) -> bool:
        """Tell whether the browser keeps what is typed: own words, not what stood there."""
        return self.kind in (Kind.AREA, Kind.LINE) and (self.typed or not self.value)


@dataclass(frozen=True, slots=True)
class Form:
    """One form: the act it asks for, its title and button; ``opens`` it at once when sent back."""

    act: str
    title: str
    button: str
    fields: tuple[Field, ...] = ()
    hidden: Options = ()
    hint: str = ""
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is there already, with the one button that takes it back, if any."""

    text: str
    act: str = ""
    button: str = ""
    hidden: Options = ()
    ticket: int | None = None
    beside: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Forms and lines that belong together, folded under a title."""

    key: str
    title: str
    forms: tuple[Form, ...] = ()
    lines: tuple[Line, ...] = ()
    hint: str = ""

    @property
    def opens(self) -> bool:
        """Tell whether one of its forms came back."""
        return any(form.opens for form in self.forms)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came: which, what was given, and what kept it from being done.

    ``errors`` by field, the empty name for the whole form. ``stale``: the ticket was changed
    since the sender's page was made, which ended with the entry ``newest``. ``forbidden``:
    somebody else may do it.
    """

    act: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    stale: bool = False
    forbidden: bool = False
    newest: int = 0

    @property
    def status(self) -> int:
        """Return what HTTP calls it."""
        return 403 if self.forbidden else 409 if self.stale else 422

    @property
    def problem(self) -> str:
        """Return what is wrong with no field but with the whole."""
        return self.errors.get("", "")

    @property
    def texts(self) -> bool:
        """Tell whether somebody would lose words."""
        return any(self.given.get(name) for name in ("body", "reason", "message", "note"))


def filled(form: Form, sent: Sent) -> Form:
    """Return a form with what was typed into it and what is wrong, if it is the one that came."""
    if form.act != sent.act:
        return form
    wrong = [one.name for one in form.fields if one.name in sent.errors]
    fields = tuple(
        replace(
            one,
            value=sent.given.get(one.name, one.value),
            error=sent.errors.get(one.name, ""),
            typed=True,
            first=wrong[:1] == [one.name],
        )
        for one in form.fields
    )
    return replace(form, fields=fields, opens=True)


def options(words: Mapping[str, str]) -> Options:
    """Return words and titles as a field takes them."""
    return tuple(words.items())


def named(words: Iterable[str]) -> Options:
    """Return words that are their own titles."""
    return tuple((str(word), str(word)) for word in words)


def area(name: str, label: str, *, needed: bool = False, value: str = "", hint: str = "") -> Field:
    """Return a field for a longer text."""
    return Field(name, label, Kind.AREA, value=value, needed=needed, most=MAX_TEXT, hint=hint)


def choice(name: str, label: str, given: Options, value: str = "", *, empty: str = "") -> Field:
    """Return a field to choose from; ``empty`` is the title of choosing nothing, if one may."""
    offered = (("", empty), *given) if empty else given
    return Field(name, label, Kind.CHOICE, offered, value)


def reasons(policy: Policy, *lists: str, needed: bool = False) -> tuple[Field, ...]:
    """Return the fields for a reason: of the policy's lists, as far as it has any, and in words.

    ``needed``: without a list there must be words; a list that the policy demands is chosen from.
    """
    known = {key: text for one in lists for key, text in policy.reasons.get(one, {}).items()}
    demanded = any(one in policy.reason_required for one in lists if policy.reasons.get(one))
    words = Field("reason", "In your own words" if known else "Why", needed=needed and not known)
    if not known:
        return (words,)
    empty = "choose one" if demanded else "none of these"
    return (choice("reason_key", "Reason", options(known), empty=empty), words)

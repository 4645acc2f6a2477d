"""The table of targets as plain values: what is promised to which tickets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from server_stub.clients.standing import Importance


class StoppedBy(StrEnum):
    """What stops a response or a review clock.

    ``PERSON``: a technician's reply or call. ``TOUCH``: anything a technician does to the
    ticket, for alerts nobody waits to hear about. ``ACKNOWLEDGEMENT``: the automatic one too.
    ``REVIEW`` (of a review): that somebody records it, with the next steps told.
    """

    PERSON = "person"
    TOUCH = "touch"
    ACKNOWLEDGEMENT = "acknowledgement"
    REVIEW = "review"


class Starts(StrEnum):
    """When a progress clock begins: with the ticket, or with the first answer."""

    OPENED = "opened"
    ANSWERED = "answered"


class RestartedBy(StrEnum):
    """What gives a dwell clock its time anew: another level, or a recorded consultation too."""

    LEVEL = "level"
    CONSULTATION = "consultation"


class Kind(StrEnum):
    """How a target is told.

    ``TIME``: so much time of a calendar. ``END_OF_DAY``: by the end of a business day of the
    calendar. ``CALENDAR_DAYS``: by the end of a calendar day. ``SET``: a date that a person of
    a named role sets; nothing is due before they do.
    """

    TIME = "time"
    END_OF_DAY = "end_of_day"
    CALENDAR_DAYS = "calendar_days"
    SET = "set"


class Traits(NamedTuple):
    """What a ticket is, as far as target rows choose by it; an empty word matches no condition.

    ``open`` names the calendars in whose hours it was opened.
    """

    source: str = ""
    type: str = ""
    priority: str = ""
    level: str = ""
    agreement: str = ""
    channel: str = ""
    importance: str = ""
    open: frozenset[str] = frozenset()


CONDITIONS = (
    *("source", "type", "priority", "level", "agreement", "channel", "importance"),
    *("during", "outside"),
)
"""What a row may ask. ``during`` and ``outside``: opened in the hours of a calendar, or not."""


IMPORTANCES = tuple(Importance)
"""How much a client, a contact or a device matters, as rows ask for it."""


class Target(NamedTuple):
    """One promise. ``within`` so much time of a calendar (named ``clock`` for plain time).

    ``within`` is nothing unless ``kind`` is TIME. ``days`` counts business days after the first
    (END_OF_DAY) or calendar days (CALENDAR_DAYS); ``set_by`` is the role of SET. ``aim`` is
    what is hoped for, where ``within`` is what is promised. ``written`` is as the file says it.
    """

    within: timedelta
    calendar: str
    stopped_by: StoppedBy = StoppedBy.PERSON
    kind: Kind = Kind.TIME
    days: int = 0
    aim: timedelta | None = None
    set_by: str = ""
    starts: Starts = Starts.OPENED
    restarted_by: RestartedBy = RestartedBy.CONSULTATION
    written: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of targets: it matches when each condition holds the ticket's word.

    A clock without a target does not run. ``number`` counts from 1, ``line`` and ``column``
    are the row's place in the file.
    """

    number: int
    when: Mapping[str, tuple[str, ...]]
    targets: Mapping[str, Target]
    line: int = 0
    column: int = 0

    def matches(self, traits: Traits) -> bool:
        """Tell whether the row is for such a ticket."""
        return matches(self.when, traits)

    def __str__(self) -> str:
        """Return the row's conditions in words: ``row 3 (source monitor, priority low)``."""
        said = ", ".join(f"{name} {' or '.join(words)}" for name, words in self.when.items())
        return f"row {self.number} ({said or 'any ticket'})"


def matches(when: Mapping[str, tuple[str, ...]], traits: Traits) -> bool:
    """Tell whether a ticket meets all conditions."""
    for name, words in when.items():
        if name == "during":
            met = not traits.open.isdisjoint(words)
        elif name == "outside":
            met = traits.open.isdisjoint(words)
        else:
            met = getattr(traits, name) in words
        if not met:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Goal:
    """A share of tickets that the procedure aims at: a figure for reports, never a breach.

    ``share_percent`` of the tickets ``when`` is about meet ``clock`` within the target.
    """

    title: str
    clock: str
    share_percent: int
    target: Target
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the written text says elsewhere than in its table, to be held against the table.

    ``number`` is the text's own, ``says`` its words. ``target`` is what it promises of ``clock``
    to the tickets ``when`` is about (None: no figure). ``gap`` tells what it leaves open.
    """

    number: str
    says: str
    clock: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    target: Target | None = None
    gap: str = ""
    line: int = 0
    column: int = 0

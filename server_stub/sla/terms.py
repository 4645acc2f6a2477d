"""What an SLA policy promises, as plain frozen values; ``policy`` reads them from YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from agent.protocol.accounts import is_shared
from agent.protocol.words import Priority, Urgency
from server_stub.sla.calendar import ROUND_THE_CLOCK, Calendar, WorkingHours
from server_stub.sla.zones import zone_of


class ClockName(StrEnum):
    """What a clock promises, in the order people read them."""

    RESPONSE = "response"
    RESOLUTION = "resolution"


class Mode(StrEnum):
    """What a ticket's status does to a clock."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class StoppedBy(StrEnum):
    """What stops a response clock.

    ``PERSON``: a technician's reply or call. ``TOUCH``: anything a technician does to the
    ticket, for alerts nobody waits to hear about. ``ACKNOWLEDGEMENT``: the automatic one too.
    """

    PERSON = "person"
    TOUCH = "touch"
    ACKNOWLEDGEMENT = "acknowledgement"


class Traits(NamedTuple):
    """What a ticket is, as far as target rows choose by it; an empty word matches no condition."""

    source: str = ""
    type: str = ""
    priority: str = ""
    level: str = ""
    agreement: str = ""
    channel: str = ""


class Target(NamedTuple):
    """One promise: ``within`` so much time of a calendar (named ``clock`` for plain time)."""

    within: timedelta
    calendar: str
    stopped_by: StoppedBy = StoppedBy.PERSON


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
        return all(getattr(traits, name) in words for name, words in self.when.items())

    def __str__(self) -> str:
        """Return the row's conditions in words: ``row 3 (source monitor, priority low)``."""
        said = ", ".join(f"{name} {' or '.join(words)}" for name, words in self.when.items())
        return f"row {self.number} ({said or 'any ticket'})"


class Tray(StrEnum):
    """Whether the tray's icon is there: always, while there is something to tell, or never."""

    ALWAYS = "always"
    ON_PROBLEM = "on_problem"
    MENU_ONLY = "menu_only"


class Question(NamedTuple):
    """What a form asks about one kind of problem; without ``choices`` it is answered in words."""

    key: str
    ask: str
    choices: tuple[str, ...] = ()


PRIORITIES: Mapping[Urgency, Priority] = {
    Urgency.CANNOT_WORK: Priority.HIGH,
    Urgency.SLOWS_ME: Priority.NORMAL,
    Urgency.CAN_WAIT: Priority.LOW,
}
"""What a report's urgency makes of it where a policy says nothing.

Urgent is nobody's to claim by a form; a technician makes a ticket urgent.
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """What trays tell of the desk and ask of people; every text may be empty.

    ``calendar`` names the one whose hours are the desk's (empty: no hours are told). ``tray`` is
    None where the kind of device decides. ``shared_accounts`` are names of accounts, in small
    letters, that several people use. ``questions`` are by kind of problem.
    """

    provider: str = ""
    phone: str = ""
    email: str = ""
    urgent: str = ""
    calendar: str = ""
    tray: Tray | None = None
    quit: bool = True
    shared_accounts: frozenset[str] = frozenset()
    priorities: Mapping[Urgency, Priority] = field(default_factory=lambda: PRIORITIES)
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)

    def shares(self, account_name: str) -> bool:
        """Tell whether several people use an account of this name."""
        return is_shared(account_name, self.shared_accounts)


@dataclass(frozen=True, slots=True)
class Policy:
    """A written procedure's promises: calendars, what each status does, and targets by row.

    ``hash`` is the SHA-256 of ``text``, the file as it was written.
    """

    title: str
    approved_by: str
    release_date: date
    next_review: date
    calendars: Mapping[str, WorkingHours]
    statuses: Mapping[str, Mapping[str, Mode]]
    stopped_by: StoppedBy
    rows: tuple[Row, ...]
    desk: Desk = field(default_factory=Desk)
    text: str = ""
    hash: str = ""
    _rows: dict[Traits, Row | None] = field(default_factory=dict, compare=False, repr=False)
    _calendars: dict[tuple[str, str], Calendar] = field(
        default_factory=dict, compare=False, repr=False
    )

    def row(self, traits: Traits) -> Row | None:
        """Return the first row for such a ticket; None when the policy promises it nothing."""
        try:
            return self._rows[traits]
        except KeyError:
            row = next((row for row in self.rows if row.matches(traits)), None)
            if len(self._rows) < _MOST_REMEMBERED:
                self._rows[traits] = row
            return row

    def calendar(self, name: str, zone: str = "UTC") -> Calendar:
        """Return a calendar of the policy in the site's ``zone`` (its own zone comes first).

        ``clock`` is plain time. Raises KeyError for an unknown name, ZoneError for a zone that
        does not exist.
        """
        calendar = self._calendars.get((name, zone))
        if calendar is None:
            hours = ROUND_THE_CLOCK if name == ROUND_THE_CLOCK.name else self.calendars[name]
            own = hours.zone or zone
            calendar = self._calendars.get((name, own)) or Calendar(hours, zone_of(own))
            if len(self._calendars) < _MOST_REMEMBERED:
                self._calendars[name, own] = self._calendars[name, zone] = calendar
        return calendar


_MOST_REMEMBERED = 4096

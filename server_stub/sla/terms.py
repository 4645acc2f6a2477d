"""What an SLA policy promises, as plain frozen values; ``policy`` reads them from YAML.

``procedure`` holds stages, levels and duties, ``targets`` the table of targets; all of their
words are found here too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from agent.protocol.accounts import is_shared
from agent.protocol.words import Priority, Status, Urgency
from server_stub.sla.calendar import Calendar
from server_stub.sla.monitor_terms import Monitors
from server_stub.sla.procedure import (
    USUAL_MODES,
    USUAL_TYPES,
    Breach,
    ClockName,
    ContactRule,
    Level,
    Matrix,
    Mode,
    Procedure,
    ShareWarning,
    Stage,
    TypeTerms,
)
from server_stub.sla.targets import (
    Goal,
    Kind,
    RestartedBy,
    Row,
    Starts,
    Statement,
    StoppedBy,
    Target,
    Traits,
)
from server_stub.sla.working_hours import ROUND_THE_CLOCK, WorkingHours
from server_stub.sla.zones import zone_of

__all__ = [
    "PRIORITIES",
    "USUAL_MODES",
    "USUAL_TYPES",
    "Breach",
    "ClockName",
    "ContactRule",
    "Desk",
    "Goal",
    "Kind",
    "Level",
    "Matrix",
    "Mode",
    "Policy",
    "Procedure",
    "Question",
    "RestartedBy",
    "Row",
    "ShareWarning",
    "Stage",
    "Starts",
    "Statement",
    "StoppedBy",
    "Target",
    "Traits",
    "Tray",
    "TypeTerms",
    "stages_of",
]


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


def stages_of(modes: Mapping[str, Mapping[str, Mode]]) -> dict[str, Stage]:
    """Return the stages that are named like the five statuses, with these modes by clock.

    What a status or a clock is not given is as usual.
    """
    return {
        status.value: Stage(
            status.value,
            status.value,
            status,
            {**USUAL_MODES[status], **modes.get(status, {})},
            waits_for_client=status is Status.WAITING,
        )
        for status in Status
    }


@dataclass(frozen=True, slots=True)
class Policy:
    """A written procedure's promises: calendars, what each stage does, targets by row, duties.

    ``stages``, ``types`` and ``levels`` are by name, levels by the text of their number;
    ``reasons`` are list name → key → text, and a change whose list is in ``reason_required``
    needs one. ``ours`` are the decisions that the written text leaves open, ``stated`` what it
    says in other places than the table. ``places`` are line and column of the file's sections.
    ``hash`` is the SHA-256 of ``text``, the file as it
    was written.
    """

    title: str
    approved_by: str
    release_date: date
    next_review: date
    calendars: Mapping[str, WorkingHours]
    rows: tuple[Row, ...]
    stopped_by: StoppedBy = StoppedBy.PERSON
    stages: Mapping[str, Stage] = field(default_factory=lambda: stages_of({}))
    types: Mapping[str, TypeTerms] = field(default_factory=lambda: USUAL_TYPES)
    matrix: Matrix = field(default_factory=Matrix)
    levels: Mapping[str, Level] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    reason_required: frozenset[str] = frozenset()
    procedure: Procedure = field(default_factory=Procedure)
    channels: Mapping[str, str] = field(default_factory=dict)
    goals: tuple[Goal, ...] = ()
    stated: tuple[Statement, ...] = ()
    ours: tuple[str, ...] = ()
    resolved_counts: bool = False
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    desk: Desk = field(default_factory=Desk)
    monitors: Monitors = field(default_factory=Monitors)
    text: str = ""
    hash: str = ""
    asked_hours: frozenset[str] = field(default=frozenset(), init=False)
    first_share: Mapping[str, int] = field(default_factory=dict, init=False)
    _rows: dict[Traits, Row | None] = field(default_factory=dict, compare=False, repr=False)
    _calendars: dict[tuple[str, str], Calendar] = field(
        default_factory=dict, compare=False, repr=False
    )
    _promises: dict[tuple[int, str], list[tuple[ClockName, Target, Calendar]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        """Know which calendars the rows' conditions ask for, and what is warned of first."""
        asked = {
            name
            for row in self.rows
            for condition in ("during", "outside")
            for name in row.when.get(condition, ())
        }
        object.__setattr__(self, "asked_hours", frozenset(asked))
        shares = sorted(self.procedure.warnings, key=lambda one: -one.share_percent)
        first = {clock: one.share_percent for one in shares for clock in one.clocks}
        object.__setattr__(self, "first_share", first)

    @property
    def usual_type(self) -> str:
        """Return the type of a ticket that nobody said one of: an incident, else the first."""
        free = (name for name, terms in self.types.items() if not terms.approval)
        return DEFAULT_TYPE if DEFAULT_TYPE in self.types else next(free, DEFAULT_TYPE)

    @property
    def alert_type(self) -> str:
        """Return the type of a monitor's ticket."""
        return self.monitors.type or self.usual_type

    def stage(self, name: str, status: str = "") -> Stage:
        """Return a stage; one that the policy does not know is as its status.

        Raises KeyError for an unknown status.
        """
        return self.stages.get(name) or self.stages[status or name]

    def traits(self, traits: Traits, opened_at: datetime, zone: str = "UTC") -> Traits:
        """Return what a ticket is, with the calendars in whose hours it was opened.

        Only those that a row's condition asks for are looked at.
        """
        if not self.asked_hours:
            return traits._replace(open=frozenset()) if traits.open else traits
        names = (n for n in self.asked_hours if self.calendar(n, zone).is_working(opened_at))
        return traits._replace(open=frozenset(names))

    def row(self, traits: Traits) -> Row | None:
        """Return the first row for such a ticket; None when the policy promises it nothing."""
        try:
            return self._rows[traits]
        except KeyError:
            row = next((row for row in self.rows if row.matches(traits)), None)
            if len(self._rows) < _MOST_REMEMBERED:
                self._rows[traits] = row
            return row

    def promises(self, row: Row, zone: str = "UTC") -> list[tuple[ClockName, Target, Calendar]]:
        """Return what a row promises, each with its calendar in the site's ``zone``."""
        found = self._promises.get((row.number, zone))
        if found is None:
            found = [
                (ClockName(name), target, self.calendar(target.calendar, zone))
                for name, target in row.targets.items()
            ]
            if len(self._promises) < _MOST_REMEMBERED:
                self._promises[row.number, zone] = found
        return found

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
DEFAULT_TYPE = "incident"
